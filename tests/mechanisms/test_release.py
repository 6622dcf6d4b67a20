"""What is asked wrongly is refused by name before anything is drawn; what is answered can be written down."""

import json

import numpy as np
import pytest

from reticent.accounting.events import Event
from reticent.errors import ParameterError, TableError
from reticent.mechanisms import Release, count, histogram, mean, quantile, release, variance

ASKED = {
    "mean": lambda values, **given: mean(values, **{"epsilon": 1.0, "bounds": (0, 1), **given}),
    "variance": lambda values, **given: variance(values, **{"epsilon": 1.0, "bounds": (0, 1), **given}),
    "histogram": lambda values, **given: histogram(values, **{"epsilon": 1.0, "bounds": (0, 1), **given}),
    "quantile": lambda values, **given: quantile(values, **{"epsilon": 1.0, "bounds": (0, 1), **given}),
}


@pytest.fixture
def no_noise(monkeypatch):
    """Fail where OpenDP is reached at all."""

    def reached():
        raise AssertionError("asked OpenDP before the arguments were checked")

    for module in ("exact", "histogram", "quantile"):
        monkeypatch.setattr(f"reticent.mechanisms.{module}.opendp", reached, raising=False)


@pytest.mark.usefixtures("no_noise")
@pytest.mark.parametrize("name", ASKED)
class TestRefused:
    @pytest.mark.parametrize("epsilon", [0, -1, float("nan"), float("inf"), "one", True])
    def test_epsilon(self, name, epsilon):
        with pytest.raises(ParameterError, match="epsilon"):
            ASKED[name]([0.5], epsilon=epsilon)

    @pytest.mark.parametrize("bounds", [(1, 0), (0, 0), (0, float("inf")), (0,), "ab", 3, (-1e308, 1e308)])
    def test_bounds(self, name, bounds):
        with pytest.raises(ParameterError, match="bounds"):
            ASKED[name]([0.5], bounds=bounds)

    def test_missing_values_without_their_number(self, name):
        with pytest.raises(TableError, match="NaN") as told:
            ASKED[name]([0.5, np.nan, 0.1])
        assert "1" not in str(told.value)

    @pytest.mark.parametrize("values", [[[0.5]], ["a"], 0.5], ids=["two columns", "words", "no column"])
    def test_what_is_no_column_of_numbers(self, name, values):
        with pytest.raises(TableError):
            ASKED[name](values)


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_costs_its_epsilon_and_can_be_written(name):
    said = ASKED[name](np.linspace(0, 1, 50), epsilon=0.7)
    assert sum(part.epsilon for part in said.event.parts) == pytest.approx(0.7, rel=1e-9)
    assert sum(part.epsilon for part in said.event.parts) <= 0.7 * (1 + 1e-12)
    assert str(said.event.adjacency) == "add or remove one row"
    assert said.no_guarantee is None
    written = json.loads(json.dumps(said.to_dict()))
    assert Event.from_dict(written["event"]) == said.event


@pytest.mark.parametrize("name", ASKED)
def test_a_table_without_rows_is_a_table(name):
    assert np.isfinite(ASKED[name]([]).value).all()


def test_no_interval_upside_down():
    with pytest.raises(ParameterError, match="interval"):
        Release(what="count", value=1.0, event=count([], epsilon=1.0).event, interval=(2.0, 1.0))


@pytest.mark.parametrize("given", [[1.0], [2.0, 1.0], [0.0, np.inf], ["a", "b"], 7])
def test_edges_ascend(given):
    with pytest.raises(ParameterError, match="bins"):
        release.ascending("bins", given, least=2)
