"""The check of a claim on trainings that are only called: right ones are not refuted, wrong ones are."""

import json

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from reticent.accounting.gaussian import epsilon_of
from reticent.defenses import DPClassifier
from reticent.errors import ClaimError, ModelError, ParameterError
from reticent.reality.claim import check_claim

TABLE = (np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 2)
DELTA = 1e-5


class Mean:
    """The noisy sum of clipped rows, read by a model that is a threshold."""

    def __init__(self, total):
        self.total = total
        self.classes_ = np.array([0, 1])

    def decision_function(self, x):
        return np.asarray(x, float) @ self.total


class Trains:
    """mu-Gaussian private by clipping to length 1; seeded once, so that the test is the same each time."""

    def __init__(self, mu, seed=0, scale="gaussian"):
        self.mu, self.rng, self.scale = mu, np.random.default_rng(seed), scale

    def __call__(self, x, y):
        rows = np.nan_to_num(np.asarray(x, float)) * np.where(np.asarray(y) > 0, 1, -1)[:, None]
        rows = rows / np.maximum(1, np.linalg.norm(rows, axis=1, keepdims=True))
        draw = self.rng.laplace if self.scale == "laplace" else self.rng.normal
        return Mean(rows.sum(axis=0) + draw(0, 1 / self.mu, rows.shape[1]))


def test_a_right_claim_is_not_refuted():
    found = check_claim(Trains(1.0), *TABLE, epsilon=epsilon_of(1.0, DELTA), gaussian=True, trainings=1500)
    assert found.verdict == "not refuted" and "no proof" in str(found)
    assert 0.3 * found.epsilon < found.low < found.epsilon < found.most  # and a part of what there is
    found.raise_if_violated()


@pytest.mark.parametrize("times", [2.0, 3.0])
def test_noise_that_is_too_small_is_found(times):
    found = check_claim(Trains(times), *TABLE, epsilon=epsilon_of(1.0, DELTA), gaussian=True, trainings=1500)
    assert found.verdict == "violated" and found.sure > found.epsilon, str(found)
    with pytest.raises(ClaimError, match="violated"):
        found.raise_if_violated()


def test_without_an_assumption_gross_errors_are_found():
    found = check_claim(Trains(6.0), *TABLE, epsilon=1.0, trainings=600)
    assert found.verdict == "violated" and not found.gaussian
    assert check_claim(Trains(0.5), *TABLE, epsilon=1.0, trainings=600).verdict == "not refuted"


def test_a_laplace_mechanism_is_within_its_own_claim_but_not_within_a_gaussian_one():
    """Why the Gaussian bound is only for those who say that their mechanism is Gaussian."""
    claim = {"epsilon": 2.0, "delta": DELTA, "trainings": 1500}
    assert check_claim(Trains(1.0, scale="laplace"), *TABLE, **claim).verdict == "not refuted"


def test_a_model_without_noise_is_found():
    found = check_claim(GaussianNB(), *TABLE, epsilon=8.0, trainings=400)
    assert found.fixed and found.verdict == "violated" and "known seed" in str(found)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["low"] is None


def test_a_number_of_rows_that_is_taken_as_known_is_no_violation_where_rows_are_replaced():
    """As Diffprivlib's naive Bayes: it keeps the number of rows as it is."""
    rng = np.random.default_rng(0)

    def train(x, y):
        return Mean(np.array([len(y), rng.normal()]))

    assert check_claim(train, *TABLE, epsilon=1.0, trainings=400).verdict == "violated"
    found = check_claim(train, *TABLE, epsilon=1.0, trainings=400, replace=True)
    assert found.verdict == "not refuted" and "neighbors that replace a row" in str(found)


def test_a_seed_in_the_training_is_found_and_a_model_that_learns_nothing_is_not_blamed():
    def seeded(x, y):
        return Trains(1.0)(x, y)

    assert check_claim(seeded, *TABLE, epsilon=8.0, trainings=400).fixed
    constant = check_claim(lambda x, y: Mean(np.ones(2)), *TABLE, epsilon=0.1, trainings=400)
    assert constant.verdict == "not refuted" and constant.low == 0


def test_a_training_that_takes_nothing_is_named():
    def picky(x, y):
        raise RuntimeError("no such tables\nplease")

    with pytest.raises(ModelError, match="RuntimeError: no such tables"):
        check_claim(picky, *TABLE, epsilon=1.0)


@pytest.mark.parametrize(
    "wrong", [{"epsilon": 0.0}, {"delta": 1.0}, {"trainings": 5}, {"seconds": 0.0}], ids=lambda wrong: next(iter(wrong))
)
def test_refuses_arguments_outside_their_range(wrong):
    with pytest.raises(ParameterError):
        check_claim(GaussianNB(), *TABLE, **{"epsilon": 1.0, **wrong})
    with pytest.raises(ParameterError, match="estimator or a function"):
        check_claim("a model", *TABLE, epsilon=1.0)


def test_rows_of_persons_are_another_question():
    model = DPClassifier(bounds=(0, 1), person=0)
    with pytest.raises(ParameterError, match="without person="):
        check_claim(model, np.zeros((20, 2)), np.arange(20) % 2, epsilon=1.0, delta=1e-5, trainings=400)
