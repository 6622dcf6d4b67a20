"""What a row adds is bounded, exact in any order, and its own affair; without noise it is logistic regression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from reticent.defenses.training.dp import linear
from reticent.defenses.training.dp.coded import Coded, Number
from reticent.defenses.training.dp.encoding import Encoding, Place
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Seeded


def table(x: np.ndarray) -> Coded:
    names = range(x.shape[1])
    features = [Number(name=j, values=x[:, j], missing=None, bounds=(-3.0, 3.0), edges=None) for j in names]
    return Coded(features=tuple(features), n_rows=len(x))


def encoding(width: int) -> Encoding:
    return Encoding(blocks=tuple(Place(low=-3.0, high=3.0, missing=False) for _ in range(width)), constant=0.3)


def people(n: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, width))
    return x, (rng.random(n) < 1 / (1 + np.exp(-2 * x[:, 0] + x[:, 1]))).astype(float)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 5), st.floats(0.1, 100))
def test_no_gradient_is_longer_than_its_clip(seed: int, k: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    rows = np.trunc(scale * rng.standard_normal((50, 7)) / linear.GRID).astype(np.float32) * linear.GRID
    wanted = np.eye(max(k, 2))[rng.integers(0, max(k, 2), 50)][:, :k]
    clip = 0.5
    lengths = np.linalg.norm(rows, axis=1) / clip
    for i in range(50):
        one = slice(i, i + 1)
        added = linear.gradient(rows[one], lengths[one], rng.standard_normal((7, k)), wanted[one])
        assert np.linalg.norm(added) <= clip


def test_sums_are_exact_in_any_order_and_a_row_adds_the_same_in_any_company() -> None:
    x, y = people(3001, 9)
    turn = linear.on_grid(np.random.default_rng(1).standard_normal((10, 10)), 30)
    weights = linear.on_grid(np.random.default_rng(2).standard_normal((10, 1)), 24)

    def total(chosen: np.ndarray) -> np.ndarray:
        rows, lengths = linear.turned_rows(encoding(9), table(x[chosen]), turn)
        return linear.gradient(rows, lengths, weights, y[chosen][:, None])

    everyone, backwards = np.arange(3001), np.arange(3001)[::-1]
    assert (total(everyone) == total(backwards)).all()
    for last in (1, 17, 3000):
        assert (total(everyone) - total(np.delete(everyone, last)) == total(np.array([last]))).all()


def test_the_covariance_of_one_row_keeps_to_its_sensitivity() -> None:
    class Quiet(Curator):
        def gaussian(self, what, exact, **how):  # type: ignore[no-untyped-def]
            assert np.linalg.norm(exact) <= how["sensitivity"]
            assert np.linalg.norm(exact) > 0.9 * how["sensitivity"] or x.any()
            return super().gaussian(what, exact, **how)

    for x in (np.full((1, 6), 3.0), np.eye(6)[:1] * 3):
        linear.covariance(encoding(6), table(x), Quiet(mu=1.0, noise=Seeded(0)), 0.5)


def test_with_hardly_any_noise_it_finds_what_logistic_regression_finds() -> None:
    x, y = people(20_000, 6)
    curator = Curator(mu=1e4, noise=Seeded(0))
    how = linear.Descent(clip=5.0, share=0.3, steps=60)
    found = linear.descend(encoding(6), table(x), y[:, None], curator, people=20_000.0, how=how)
    rows = encoding(6).rows(table(x))
    plain = LogisticRegression(C=1e6, fit_intercept=False, tol=1e-8).fit(rows, y)
    apart = linear.likely(rows @ found)[:, 0] - plain.predict_proba(rows)[:, 1]
    assert np.abs(apart).max() < 0.02
    assert curator.left == pytest.approx(0, abs=1e-9)


def test_less_noise_is_more_accuracy() -> None:
    x, y = people(4000, 6)

    def right(mu: float, share: float = 0.3) -> float:
        curator = Curator(mu=mu, noise=Seeded(3))
        how = linear.Descent(clip=0.5, share=share)
        weights = linear.descend(encoding(6), table(x), y[:, None], curator, people=4000.0, how=how)
        return float(((encoding(6).rows(table(x)) @ weights > 0)[:, 0] == (y > 0.5)).mean())

    best = ((2 * x[:, 0] - x[:, 1] > 0) == (y > 0.5)).mean()
    assert right(0.002) < best - 0.1 < best - 0.02 < right(1.0)
    assert right(1.0, share=0.0) > best - 0.1
