"""The estimators that people use, under attack: no promise breaks, and each planted bug breaks one.

Which test finds which bug is written beside it. The rest of this folder tests the tests.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from reticent.accounting.gaussian import mu_of
from reticent.defenses import DPPCA, DPGaussianNB, DPKMeans, DPStandardScaler
from reticent.defenses.training.dp import frame, linear, rule
from reticent.defenses.training.dp.classifier import DPClassifier
from reticent.defenses.training.dp.regressor import DPRegressor
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import OperatingSystem, Seeded
from reticent.reality.canaries import canary_audit
from reticent.reality.search import worst_neighbor
from reticent.reality.transcript import opened, through

TOWNS = {"town": ["Bonn", "Ulm", "Wien"]}
BOUNDS = {"age": (18, 90), "wage": (0, 1e5), "gap": (-3, 3)}
KNOWN = {"age": [0, 18, 90, 120], "wage": [0.0, 1e5], **TOWNS}
ONCE_IN_A_MILLION = 1 - 1e-6  # runs of a test whose noise comes from the operating system


def people(n=60, classes=("a", "b"), seed=0):
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "wage": rng.lognormal(7, 1, n),
            "town": rng.choice([*TOWNS["town"], "Rome"], n, p=[0.6, 0.3, 0.05, 0.05]),
            "member": rng.random(n) < 0.5,
            "gap": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
        }
    )
    return x, np.array(list(classes))[rng.integers(len(classes), size=n)]


def hunt(estimator, x, y, evaluations=40, **more):
    mu = mu_of(estimator.epsilon, estimator.delta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that delta is large for so few people
        return worst_neighbor(through(estimator), x, y, mu=mu, evaluations=evaluations, known=KNOWN, **more)


def classifier(epsilon=1.0, classes=("a", "b"), **more):
    return DPClassifier(epsilon, domains=TOWNS, missing=["gap"], classes=list(classes), **more)


CASES = {
    "declared": lambda: (classifier(bounds=BOUNDS), *people()),
    "bought": lambda: (classifier(), *people()),
    "three classes": lambda: (classifier(classes="abc"), *people(classes="abc")),
    "binned": lambda: (classifier(epsilon=30.0), *people()),
    "binned, three classes": lambda: (classifier(epsilon=30.0, classes="abc"), *people(classes="abc")),
    "array": lambda: (DPClassifier(edges={0: [-1, 0, 1]}, classes=[0, 1]), np.eye(6), np.arange(6) % 2),
    "two rows": lambda: (classifier(), *(part[:2] for part in people())),
}


@pytest.mark.parametrize("case", CASES)
def test_no_promise_of_the_classifier_breaks(case):
    estimator, x, y = CASES[case]()
    found = hunt(estimator, x, y, labels=estimator.classes)
    assert found.holds, str(found)
    assert found.ratio > 0.999 and found.mu / found.budget > 0.5  # and none is much larger than it needs to be


@pytest.mark.parametrize("bounds", [None, (-300, 300)], ids=str)
def test_no_promise_of_the_regressor_breaks(bounds):
    x, _ = people()
    estimator = DPRegressor(domains=TOWNS, missing=True, target_bounds=bounds)
    amounts = np.random.default_rng(1).normal(0, 100, len(x))
    found = hunt(estimator, x, amounts, labels=[-1e300, -300.0, 0.0, 300.0, 1e9])
    assert found.holds, str(found)


OTHERS = {
    "naive Bayes": lambda **more: DPGaussianNB(classes=[0, 1], **more),
    "k-means": DPKMeans,
    "principal components": DPPCA,
    "scaler": DPStandardScaler,
}


@pytest.mark.parametrize("bounds", [None, (-1, 1)], ids=str)
@pytest.mark.parametrize("kind", OTHERS)
def test_no_promise_of_the_others_breaks(kind, bounds):
    rng = np.random.default_rng(1)
    found = hunt(OTHERS[kind](bounds=bounds), rng.uniform(-1, 1, (40, 3)), rng.integers(0, 2, 40))
    assert found.holds, str(found)
    assert found.ratio > 0.999


@pytest.mark.parametrize("rows", [1, 2])
def test_no_promise_to_a_person_breaks(rows):
    x, y = people()
    estimator = classifier(person="who", rows_per_person=rows)
    found = hunt(estimator, x.assign(who=np.arange(60) // 3), y, person="who", copies=(1, rows, 5), reach=float(rows))
    assert found.holds, str(found)
    assert found.ratio > 0.999


def test_the_real_noise_is_what_was_promised():
    found = canaries_of(classifier(bounds=BOUNDS))
    assert found.holds, str(found)
    assert found.budget == pytest.approx(mu_of(1.0, 1e-5)) and found.budget <= mu_of(1.0, 1e-5)
    assert 0.5 < found.gaussian.value / found.budget < 1.5 and found.gaussian.n == 20_000


def canaries_of(estimator, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return canary_audit(opened(estimator), *people(), level=ONCE_IN_A_MILLION, **more)


# What each mistake changes in the real code.


def half_noise(patch):
    honest = Curator.sd
    patch.setattr(Curator, "sd", lambda self, sensitivity, share: honest(self, sensitivity, share) / 2)


def quiet_source(patch):
    honest = OperatingSystem.normal
    patch.setattr(OperatingSystem, "normal", lambda self, shape: honest(self, shape) / 2)


def noise_over_sqrt_t(patch):
    honest = Curator.sd
    patch.setattr(Curator, "sd", lambda self, sensitivity, share: honest(self, sensitivity, 1.0))


def clipping(times):
    def plant(patch):
        honest = linear.shortened
        patch.setattr(linear, "shortened", lambda residuals, lengths: honest(residuals, lengths / times))

    return plant


def largest_for_length(patch):
    """Residuals of a softmax whose largest number is 1 are up to sqrt(2) long."""
    grid = linear._RESIDUAL_GRID

    def shortened(residuals, lengths):
        long = np.abs(residuals).max(axis=1) * lengths * (1 + 1e-9)
        return np.trunc(residuals / (np.maximum(long, 1.0) * grid)[:, None]) * grid

    patch.setattr(linear, "shortened", shortened)


def bounds_from_the_data(patch):
    def read(what, values, curator, *, share):
        return float(values.min()), float(values.max()) + 1.0

    patch.setattr(rule, "range_of", read)


def edges_from_the_data(patch):
    def read(columns, bounds, curator, *, share, people):
        return [np.unique(np.quantile(values, [0.25, 0.5, 0.75])) for values in columns]

    patch.setattr(rule, "bought", read)


def edges_not_charged(patch):
    charged = property(lambda self: 1.0 - sum(one.share for one in self.answers if one.what != "bin edges"))
    patch.setattr(Curator, "left", charged)


def known_seed(patch):
    patch.setattr(frame, "OperatingSystem", lambda: Seeded(0))


BY_SEARCH = {
    "half noise": (half_noise, "declared", "is due"),
    "noise over sqrt(T)": (noise_over_sqrt_t, "declared", "is due"),
    "bounds from the data": (bounds_from_the_data, "bought", "read silently|depends on the rows"),
    "edges from the data": (edges_from_the_data, "binned", "read silently|depends on the rows"),
    "edges not charged": (edges_not_charged, "binned", r"add up to 1\.1"),
}


@pytest.mark.parametrize("bug", BY_SEARCH)
def test_record_and_replay_finds(bug, monkeypatch):
    plant, case, said = BY_SEARCH[bug]
    plant(monkeypatch)
    found = hunt(*CASES[case](), evaluations=24)
    assert not found.holds
    assert pd.Series(found.leaks).str.contains(said).any(), str(found)


TOO_LONG = {
    "3x clipping": (clipping(3.0), "declared", 1.5),
    "sqrt2 clipping": (clipping(2**0.5), "declared", 1.2),
    "sqrt2 length": (largest_for_length, "three classes", 1.2),
}


@pytest.mark.parametrize("bug", TOO_LONG)
def test_search_finds_a_row_longer_than_promised(bug, monkeypatch):
    plant, case, least = TOO_LONG[bug]
    plant(monkeypatch)
    estimator, x, y = CASES[case]()
    found = hunt(estimator, x, y, evaluations=60, labels=estimator.classes)
    assert not found.holds and not found.leaks
    assert found.question == "gradients" and found.ratio > least, str(found)


@pytest.mark.parametrize("plant", [half_noise, quiet_source, noise_over_sqrt_t], ids=lambda plant: plant.__name__)
def test_canaries_find_noise_that_is_too_small(plant, monkeypatch):
    plant(monkeypatch)
    found = canaries_of(classifier(bounds=BOUNDS))
    assert found.gaussian.low > found.budget and found.epsilon > found.claimed and not found.holds
    assert found.noise.holds == (plant is not quiet_source)  # the others state what they do


@pytest.mark.slow
def test_canaries_find_an_error_of_sqrt2_in_what_a_row_adds(monkeypatch):
    clipping(2**0.5)(monkeypatch)
    estimator, x, y = CASES["declared"]()
    worst = hunt(estimator, x, y, evaluations=60)
    found = canaries_of(estimator, lengths=worst.lengths, canaries=100_000)
    assert found.gaussian.low > found.budget, str(found)


def test_a_second_training_finds_a_known_seed(monkeypatch):
    known_seed(monkeypatch)
    found = canaries_of(classifier(bounds=BOUNDS), canaries=1000)
    assert found.again and not found.holds
