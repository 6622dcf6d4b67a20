"""The figure: every technique at every k, nothing over anything else, and the same numbers as in the table."""

import copy
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from reticent.views import curves
from reticent.views.axes import Scale

SVG = "{http://www.w3.org/2000/svg}"


def estimate(value, low, high, n=10):
    return {"value": value, "low": low, "high": high, "level": 0.95, "method": "m", "n": n, "untested": ""}


def point(technique, k, accuracy, change, exposure=None):
    return {
        "technique": technique,
        "k": k,
        "chosen": (technique, k) == ("guided", 50),
        "accuracy": estimate(accuracy, accuracy - 0.01, accuracy + 0.01),
        "change": estimate(change, change - 0.004, change + 0.004),
        "exposure": None if exposure is None else estimate(exposure, exposure / 1.2, exposure * 1.2),
        "ncp": 0.2,
        "classes": 100,
        "smallest_class": k,
        "people_in_classes_of_one_label": 0.2,
    }


RESULT = {
    "fpr": 0.01,
    "original": estimate(0.85, 0.84, 0.86),
    "majority": estimate(0.76, 0.75, 0.77),
    "before": {"exposure": estimate(0.3, 0.28, 0.32)},
    "points": [
        *(point("guided", 10, 0.848, -0.002, 0.03), point("guided", 50, 0.842, -0.008, 0.02)),
        *(point("mondrian", 10, 0.845, -0.005), point("mondrian", 50, 0.83, -0.02)),
        *(point("hilbert", 10, 0.84, -0.01), point("r+tree", 10, 0.83, -0.02)),
    ],
}


def drawn(markup):
    return ET.fromstring(str(markup))


def words(markup):
    return [text.text for text in drawn(markup).iter(f"{SVG}text")]


def whiskers(markup):
    """The upright lines of a whisker's width, as (x, upper end, lower end)."""
    lines = [one.attrib for one in drawn(markup).iter(f"{SVG}line") if "stroke-width:1.6" in one.attrib["style"]]
    return sorted((float(one["x1"]), *sorted((float(one["y1"]), float(one["y2"])))) for one in lines)


def test_no_whisker_stands_on_another():
    found = [x for x, _, _ in whiskers(curves.accuracy(RESULT))]
    assert len(found) == 6
    assert min(b - a for a, b in pairwise(found)) >= 8.9


def test_whiskers_are_those_of_the_difference():
    low, high = curves.whisker(RESULT, RESULT["points"][0])
    assert (low, high) == pytest.approx((0.85 - 0.006, 0.85 + 0.002))
    lengths = [bottom - top for _, top, bottom in whiskers(curves.accuracy(RESULT))]
    assert max(lengths) - min(lengths) < 0.3  # all six differences are as uncertain


def test_every_technique_and_every_line_has_its_name():
    said = words(curves.accuracy(RESULT))
    for name in ("Reticent, guided", "Median Mondrian", "Hilbert curve", "R+ tree"):
        assert said.count(name) == 1
    assert "the model as it is: 85.0 % (84.0 to 86.0)" in said
    assert "the commonest label alone: 76.0 %, below the picture" in said
    assert "k: people in a class, at least" in said and "10" in said and "50" in said


def test_the_commonest_label_is_drawn_where_it_is_near():
    near = copy.deepcopy(RESULT)
    near["majority"] = estimate(0.82, 0.81, 0.83)
    assert "the commonest label alone: 82.0 %" in words(curves.accuracy(near))


def test_exposure_is_drawn_between_a_guess_and_the_model_as_it_is():
    markup = curves.exposure(RESULT)
    said = words(markup)
    assert "the model as it is: 30.0 % (28.0 to 32.0)" in said and "a blind guess: 1 %" in said
    assert len(whiskers(markup)) == 2
    places = [float(one.attrib["cy"]) for one in drawn(markup).iter(f"{SVG}circle")][:2]
    assert places[0] < places[1]  # less is recognized at 50 than at 10, and up is more


def test_without_anything_that_can_be_told_there_is_no_picture():
    nothing = copy.deepcopy(RESULT)
    for one in nothing["points"]:
        if one["exposure"]:
            one["exposure"]["untested"] = "cannot be tested"
    assert curves.exposure(nothing) is None


def test_an_untested_original_leaves_its_line_out():
    untold = copy.deepcopy(RESULT)
    untold["before"]["exposure"]["untested"] = "cannot be tested"
    assert not [said for said in words(curves.exposure(untold)) if said.startswith("the model as it is")]


def test_a_point_that_could_not_be_measured_is_left_out():
    less = copy.deepcopy(RESULT)
    less["points"][0]["accuracy"]["untested"] = "on 1 of 10 splits no model could be trained"
    assert len(whiskers(curves.accuracy(less))) == 5


def test_one_k_alone_can_be_drawn():
    alone = {**RESULT, "points": RESULT["points"][:1]}
    assert len(whiskers(curves.accuracy(alone))) == 1 and curves.exposure(alone) is not None


@pytest.mark.parametrize("draw", [curves.accuracy, curves.exposure])
def test_nothing_leaves_the_picture(draw):
    markup = draw(RESULT)
    _, _, width, height = map(float, drawn(markup).attrib["viewBox"].split())
    for found in re.finditer(r'(?:x|x1|x2|cx)="([\d.-]+)"', str(markup)):
        assert 0 <= float(found[1]) <= width
    for found in re.finditer(r'(?:y1|y2|cy)="([\d.-]+)"', str(markup)):
        assert 0 <= float(found[1]) <= height


def test_ticks_keep_their_distance():
    x = Scale(5, 2000, 0, 400, log=True)
    kept = curves.ticks([10, 11, 12, 50, 60, 100, 1000], x)
    assert kept == [10, 50, 100, 1000]
    assert all(x(b) - x(a) >= 30 for a, b in pairwise(kept))


def test_matplotlib_draws_the_same():
    pytest.importorskip("matplotlib").use("Agg")
    left, right = curves.plot(RESULT)
    assert left.get_xscale() == right.get_xscale() == right.get_yscale() == "log"
    labels = left.get_legend_handles_labels()[1]
    assert {"Reticent, guided", "Median Mondrian", "Hilbert curve", "R+ tree"} < set(labels)
