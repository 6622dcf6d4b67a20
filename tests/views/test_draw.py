"""The twins with matplotlib: they draw on what they are given and touch no setting."""

import matplotlib as mpl
import numpy as np
import pytest

from reticent import _optional
from reticent.errors import MissingPackageError
from reticent.views import draw

CURVE = (np.array([0.0, 0.001, 0.01, 1.0]), np.array([0.0, 0.05, 0.3, 1.0]))


@pytest.fixture
def ax():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    return figure.subplots()


def labels(ax):
    return [one.get_text() for one in ax.get_legend().get_texts()]


def test_roc_draws_each_curve_and_chance_on_log_axes(ax):
    settings = dict(mpl.rcParams)
    assert draw.roc({"lira": CURVE, "gap": CURVE}, ax=ax) is ax
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xlim() == pytest.approx((0.001, 1))
    assert labels(ax) == ["lira", "gap", "chance"]
    assert dict(mpl.rcParams) == settings


def test_frontier_draws_every_candidate_with_its_interval(ax, frontier_dict):
    made = frontier_dict()
    settings = dict(mpl.rcParams)
    assert draw.frontier(made, ax=ax) is ax
    assert [one.get_text() for one in ax.texts] == [str(p["index"]) for p in made["points"]]
    named = [f"{p['index']} {p['title']}" + " (chosen)" * p["chosen"] for p in made["points"]]
    assert labels(ax) == ["meets the goal", "blind guess", *named]
    assert dict(mpl.rcParams) == settings


def test_frontier_leaves_out_what_could_not_be_tested(ax, frontier_dict):
    made = frontier_dict()
    made["points"][1]["exposure"] = {**made["points"][1]["exposure"], "value": None, "untested": "too few"}
    draw.frontier(made, ax=ax)
    assert len(ax.texts) == len(made["points"]) - 1


def test_without_axes_a_figure_is_made():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    made = draw.roc({"lira": CURVE})
    plt.close(made.figure)
    assert made.get_xscale() == "log"


def test_without_matplotlib_the_message_names_the_extra(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(_optional.importlib, "import_module", missing)
    with pytest.raises(MissingPackageError, match=r"reticent\[plot\]"):
        draw.roc({"lira": CURVE})


def test_a_goal_without_a_rate_has_no_region(ax, frontier_dict):
    made = frontier_dict()
    made["goal"] = {"tpr": None, "fpr": 0.01, "accuracy_drop": None, "epsilon": 1.0, "delta": 1e-5}
    draw.frontier(made, ax=ax)
    labels = ax.get_legend_handles_labels()[1]
    assert "blind guess" in labels and "meets the goal" not in labels
