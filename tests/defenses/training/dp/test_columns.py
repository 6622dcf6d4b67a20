"""What the four classics share: they learn from the curator's answers alone, and no row adds more than it may."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from reticent.accounting.events import ZCDP, PureDP
from reticent.defenses import DPPCA, DPGaussianNB, DPKMeans, DPStandardScaler
from reticent.defenses.training.dp.columns import declared_ends
from reticent.errors import NoGuaranteeWarning, ParameterError, PrivacyWarning, TableError
from reticent.mechanisms.exact import rho_of
from reticent.mechanisms.exact_curator import ExactCurator

MAKE = {
    "naive Bayes": lambda **given: DPGaussianNB(classes=[0, 1], **given),
    "KMeans": lambda **given: DPKMeans(3, **given),
    "PCA": lambda **given: DPPCA(2, **given),
    "PCA of a norm": lambda **given: DPPCA(2, row_norm=1.5, **given),
    "scaler": DPStandardScaler,
}
every = pytest.mark.parametrize("name", MAKE)


@dataclass
class Recorder(ExactCurator):
    """Notes what is asked, exactly; answers as another one did, where one is given."""

    said: list[np.ndarray] | None = None
    exact: list[np.ndarray] = field(default_factory=list)
    asked: list[tuple] = field(default_factory=list)
    told: list[np.ndarray] = field(default_factory=list)

    def _answer(self, kind, what, exact, *, sensitivity, share, grid):
        noisy = super()._answer(kind, what, exact, sensitivity=sensitivity, share=share, grid=grid)
        self.exact.append(np.array(exact))
        self.asked.append((kind, what, sensitivity, share, grid, np.shape(exact)))
        self.told.append(noisy if self.said is None else self.said[len(self.told)])
        return self.told[-1]


def learned(model):
    return {
        name: value
        for name, value in vars(model).items()
        if isinstance(value, np.ndarray | float | int) and name != "n"
    }


def adversaries(rng):
    """Rows at the middle of the bounds, at their corners, far outside, and anywhere."""
    corners = [np.array([a, b, c], float) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    inside = [rng.uniform(-1, 1, 3) for _ in range(8)]
    return [
        np.zeros(3),
        np.full(3, 1e300),
        np.array([1e-9, -1.0, 0.75**0.5]),
        np.array([1e9, 0, -1e9]),
        *corners,
        *inside,
    ]


@every
@pytest.mark.parametrize("bounds", [(-1, 1), None, {0: (-1, 1), 2: (-5, 1)}], ids=["declared", "bought", "some"])
@pytest.mark.parametrize("delta", [0.0, 1e-5])
def test_a_row_more_changes_answers_within_their_sensitivity_and_nothing_else(name, bounds, delta):
    rng = np.random.default_rng(0)
    X, y = rng.uniform(-1, 1, (300, 3)), rng.integers(2, size=300)
    first = Recorder(epsilon=1.0, delta=delta, seed=0)
    model = MAKE[name](bounds=bounds)._fit(X, y, first)
    assert len(first.told) >= 2
    largest = 0.0
    for added in adversaries(rng):
        for at in (0, 300):  # the row's place must not matter either
            again = Recorder(epsilon=1.0, delta=delta, seed=0, said=first.told)
            other = MAKE[name](bounds=bounds)._fit(np.insert(X, at, added, axis=0), np.insert(y, at, 1), again)
            assert again.asked == first.asked
            for (kind, what, sensitivity, *_), before, after in zip(first.asked, first.exact, again.exact, strict=True):
                length = np.linalg.norm((after - before).ravel(), 1 if kind == "laplace" else 2)
                assert length <= sensitivity, what
                largest = max(largest, length / sensitivity)
            for (key, left), (_, right) in zip(learned(model).items(), learned(other).items(), strict=True):
                np.testing.assert_array_equal(left, right, err_msg=key)
    assert largest > 0.99  # the test has teeth: the worst row uses up what it is charged for


@every
@pytest.mark.parametrize("bounds", [(-1, 1), None], ids=["declared", "bought"])
@pytest.mark.parametrize("delta", [0.0, 1e-5])
def test_all_is_spent_and_no_more(name, bounds, delta):
    rng = np.random.default_rng(0)
    model = MAKE[name](bounds=bounds, delta=delta).fit(rng.uniform(-1, 1, (300, 3)), rng.integers(2, size=300))
    [part] = model.event_.parts
    if isinstance(part, PureDP):
        assert part.epsilon == pytest.approx(1.0)
        assert model.delta_ == 0.0
    else:
        assert isinstance(part, ZCDP)
        assert part.rho == pytest.approx(rho_of(1.0, 1e-5))
        assert model.delta_ == delta
    assert sum(row.share for row in model.spending_) == pytest.approx(1.0)
    assert any("bounds" in row.what and row.share == 0 for row in model.spending_) == (bounds is not None)
    assert model.event_.no_guarantee is None
    assert model.epsilon_ == 1.0


@every
def test_a_seed_warns_repeats_and_guarantees_nothing(name):
    rng = np.random.default_rng(0)
    X, y = rng.uniform(-1, 1, (300, 3)), rng.integers(2, size=300)
    with pytest.warns(NoGuaranteeWarning, match="random_state"):
        first, again = (MAKE[name](bounds=(-1, 1), random_state=5).fit(X, y) for _ in range(2))
    assert "seed" in first.event_.no_guarantee and first.epsilon_ == np.inf
    for (key, left), (_, right) in zip(learned(first).items(), learned(again).items(), strict=True):
        np.testing.assert_array_equal(left, right, err_msg=key)


@every
@pytest.mark.parametrize(
    "given",
    [
        {"epsilon": 0},
        {"epsilon": "1"},
        {"epsilon": float("nan")},
        {"delta": 1.0},
        {"delta": -0.1},
        {"bounds": (1, 0)},
        {"bounds": {7: (0, 1)}},
        {"bounds": ([0, 0], [1, 1])},
        {"bounds": 3},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_before_anything_is_drawn(name, given, monkeypatch):
    monkeypatch.setattr(ExactCurator, "_answer", None)
    with pytest.raises(ParameterError):
        MAKE[name](**given).fit(np.zeros((20, 3)), np.arange(20) % 2)


@every
def test_missing_values_are_refused(name, monkeypatch):
    monkeypatch.setattr(ExactCurator, "_answer", None)
    X = np.zeros((20, 3))
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        MAKE[name](bounds=(-1, 1)).fit(X, np.arange(20) % 2)


@every
def test_a_delta_that_publishes_a_row_is_told(name):
    with pytest.warns(PrivacyWarning, match="delta"):
        MAKE[name](bounds=(-1, 1), delta=0.1).fit(np.zeros((20, 3)), np.arange(20) % 2)


def test_bounds_in_all_their_forms():
    low, high = declared_ends(([0, -1], [5, 1]), ["a", "b"], 2)
    assert low.tolist() == [0, -1]
    assert high.tolist() == [5, 1]
    assert np.isnan(declared_ends(None, ["a", "b"], 2)[0]).all()
    assert declared_ends((0, 1), ["a", "b"], 2)[1].tolist() == [1, 1]


def test_columns_of_a_frame_by_name():
    frame = pd.DataFrame({"age": np.linspace(0, 90, 500), "wage": np.linspace(0, 1, 500)})
    model = DPStandardScaler(epsilon=5.0, bounds={"age": (0, 100), "wage": (0, 2)}).fit(frame)
    assert abs(model.mean_[0] - 45) < 10
    assert [row.what for row in model.spending_ if not row.share] == [
        "bounds of age: declared, 0 to 100",
        "bounds of wage: declared, 0 to 2",
    ]


@pytest.mark.parametrize("y", [[0, 1, 2], [0, 1], [0, 0, 0]], ids=["undeclared", "too few", "one class"])
def test_labels_are_checked_first(y, monkeypatch):
    monkeypatch.setattr(ExactCurator, "_answer", None)
    with pytest.raises(TableError):
        DPGaussianNB(classes=[0, 1] if y != [0, 0, 0] else None, bounds=(-1, 1)).fit(np.zeros((3, 2)), y)


def no_labels(estimator):
    if isinstance(estimator, DPKMeans):
        return {"check_clustering": "labels_ of the fitted rows are exact functions of single rows: they are not kept"}
    return {}


@pytest.mark.filterwarnings("ignore::reticent.errors.PrivacyWarning", "ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [DPGaussianNB(), DPKMeans(2), DPPCA(2), DPStandardScaler(), DPGaussianNB(bounds=(-10, 10), delta=0.0)],
    expected_failed_checks=no_labels,
)
def test_they_are_estimators(estimator, check):
    check(estimator)
