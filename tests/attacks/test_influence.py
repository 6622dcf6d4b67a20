"""One fit in closed form against its slow twin, which trains a model on each of many random parts of the pool."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from reticent.attacks.influence import linear_moments
from reticent.attacks.mean_model import inverse_root
from reticent.target import splits


def pool(seed, n=800, d=8, classes=2, noise=1.0):
    """Rows of unequal columns whose class half follows from the first ones."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * rng.uniform(0.2, 3, d) + rng.normal(size=d)
    pull = x @ rng.normal(size=(d, classes)) / np.sqrt(d) + noise * rng.gumbel(size=(n, classes))
    return x, np.argsort(np.argsort(pull - pull.mean(axis=0), axis=1), axis=1).argmax(axis=1)


def moments(x, y, *, penalty=1.0, share=0.5, intercept=True, weights=None, unit=None, classes=None):
    return linear_moments(
        x,
        y,
        weights=np.ones(len(x)) if weights is None else weights,
        unit=np.arange(len(x)) if unit is None else unit,
        classes=int(y.max()) + 1 if classes is None else classes,
        penalty=penalty,
        intercept=intercept,
        share=share,
    )


def log_odds(x, y, rows, penalty=1.0, intercept=True, weights=None):
    """Log-odds of the truth of all rows, by a model of some of them, trained to the last digit."""
    model = LogisticRegression(C=1 / penalty, fit_intercept=intercept, solver="newton-cholesky", tol=1e-6)
    model.fit(x[rows], y[rows], sample_weight=None if weights is None else weights[rows])
    scores = model.decision_function(x)
    if scores.ndim == 1:
        return np.where(y == 1, scores, -scores)
    own = scores[np.arange(len(y)), y].copy()
    scores[np.arange(len(y)), y] = -np.inf
    return own - np.logaddexp.reduce(scores, axis=1)


def retrained(x, y, count, share=0.5, unit=None, **kinds):
    """The slow twin: means and variances over models of real parts."""
    unit = np.arange(len(x)) if unit is None else unit
    inside = splits.halves(unit, round(share * len(x)), count, seed=1)
    signals = np.array([log_odds(x, y, np.flatnonzero(rows), **kinds) for rows in inside])
    found = []
    for chosen in (inside, ~inside):
        number = chosen.sum(axis=0)
        mean = np.where(chosen, signals, 0).sum(axis=0) / number
        found += [mean, np.where(chosen, (signals - mean) ** 2, 0).sum(axis=0) / (number - 1)]
    return found


def corr(a, b):
    return np.corrcoef(a, b)[0, 1]


@pytest.mark.parametrize("classes", [2, 3])
def test_without_one_row_it_is_a_refit_without_that_row(classes):
    """A part of all rows but one: what each row adds to a model of all the others, against n exact refits."""
    x, y = pool(0, n=120, d=6, classes=classes)
    found = moments(x, y, share=1 - 1 / 120, penalty=0.5)
    everyone = log_odds(x, y, np.arange(120), penalty=0.5)
    without = np.array([log_odds(x, y, np.flatnonzero(np.arange(120) != i), penalty=0.5)[i] for i in range(120)])
    added = everyone - without
    assert corr(found.mean_in, everyone) > 0.999
    if classes == 2:
        np.testing.assert_allclose(found.mean_in - found.mean_out, added, atol=0.05 * added.max())
    assert corr(found.mean_in - found.mean_out, added) > (0.999 if classes == 2 else 0.97)


CASES = {
    "two classes": ({}, {}),
    "three classes": ({"classes": 3}, {}),
    "a third": ({}, {"share": 1 / 3}),
    "strong penalty": ({}, {"penalty": 30.0}),
    "no constant": ({}, {"intercept": False}),
}


@pytest.mark.parametrize("name", CASES)
def test_moments_are_those_of_models_trained_again(name):
    shape, kinds = CASES[name]
    x, y = pool(1, **shape)
    found, (mean_in, var_in, mean_out, var_out) = moments(x, y, **kinds), retrained(x, y, 120, **kinds)
    assert corr(found.mean_in, mean_in) > 0.995 and corr(found.mean_out, mean_out) > 0.995
    spread = np.sqrt(var_out.mean())
    assert abs((found.mean_out - mean_out).mean()) < 0.2 * spread
    gap, real = found.mean_in - found.mean_out, mean_in - mean_out
    assert gap.mean() == pytest.approx(real.mean(), rel=0.2)
    # A row's own gap drowns in the noise of 120 models; its slope on ours does not.
    assert np.polyfit(gap, real, 1)[0] == pytest.approx(1, abs=0.3)
    for ours, theirs in ((found.var_in, var_in), (found.var_out, var_out)):
        assert np.median(ours / theirs) == pytest.approx(1, abs=0.25)
        assert corr(np.sqrt(ours), np.sqrt(theirs)) > 0.8


def test_weights_of_rows_are_those_of_the_loss():
    x, y = pool(2)
    weights = np.where(y == 1, 3.0, 0.5)
    found, (mean_in, _, mean_out, var_out) = moments(x, y, weights=weights), retrained(x, y, 120, weights=weights)
    assert corr(found.mean_out, mean_out) > 0.99
    assert (found.mean_in - found.mean_out).mean() == pytest.approx((mean_in - mean_out).mean(), rel=0.2)
    assert abs((found.mean_out - mean_out).mean()) < 0.2 * np.sqrt(var_out.mean())
    plain = moments(x, y)
    assert np.abs(plain.mean_out - mean_out).mean() > 5 * np.abs(found.mean_out - mean_out).mean()


@pytest.mark.parametrize(("n", "d", "penalty"), [(240, 90, 3.0), (150, 220, 3.0)])
def test_columns_nearly_as_many_as_rows_or_more(n, d, penalty):
    """The hardest case: the spread is still understated, never by more than half."""
    x, y = pool(3, n=n, d=d)
    found, (mean_in, var_in, mean_out, var_out) = moments(x, y, penalty=penalty), retrained(x, y, 120, penalty=penalty)
    assert corr(found.mean_in, mean_in) > 0.97 and corr(found.mean_out, mean_out) > 0.97
    gap, real = found.mean_in - found.mean_out, mean_in - mean_out
    assert corr(gap, real) > 0.9 and 0.65 < gap.mean() / real.mean() < 1.1
    assert 0.65 < np.median(np.sqrt(found.var_out / var_out)) < 1.2
    assert 0.55 < np.median(np.sqrt(found.var_in / var_in)) < 1.2


def test_equal_rows_of_one_unit_are_one_row_that_weighs_more():
    x, y = pool(4, n=90, d=5)
    twice = np.repeat(np.arange(90), 2)
    doubled = moments(x[twice], y[twice], unit=twice)
    single = moments(x, y, weights=np.full(90, 2.0))
    for one, other in zip(vars(doubled).values(), vars(single).values(), strict=True):
        np.testing.assert_allclose(one, other[twice], rtol=0.03, atol=1e-3)
    apart = moments(x[twice], y[twice])
    assert (single.mean_in - single.mean_out).mean() > 1.5 * (apart.mean_in - apart.mean_out).mean()


def test_rows_of_one_household_come_and_go_together():
    """Four people much alike: what one adds to another's log-odds counts, and pushes are summed first, then squared."""
    x, y = pool(5, n=250, d=6)
    rng = np.random.default_rng(6)
    home = np.repeat(np.arange(250), 4)
    x, y = x[home] + 0.3 * rng.normal(size=(1000, 6)), np.where(rng.random(1000) < 0.9, y[home], 1 - y[home])
    found, (mean_in, _, mean_out, var_out) = moments(x, y, unit=home), retrained(x, y, 120, unit=home)
    gap, real = found.mean_in - found.mean_out, mean_in - mean_out
    assert np.polyfit(gap, real, 1)[0] == pytest.approx(1, abs=0.3)
    assert gap.mean() == pytest.approx(real.mean(), rel=0.25)
    assert np.median(found.var_out / var_out) == pytest.approx(1, abs=0.3)
    alone = moments(x, y)
    assert (alone.mean_in - alone.mean_out).mean() < 0.6 * real.mean()
    assert np.median(alone.var_out / var_out) < 0.6


def test_how_many_rows_a_model_is_given_does_not_vary():
    """One column of ones, hardly moved: its weight is a sum over the part, whose variance is the hypergeometric's."""
    truth = (np.arange(400) % 10 > 0).astype(np.intp)
    found = moments(np.ones((400, 1)), truth, penalty=1e4, intercept=False)
    expected = 0.25 * 400 * np.var(2 * truth - 1) / 4 / 1e8
    np.testing.assert_allclose(found.var_out - 1e-6, expected, rtol=0.05)  # less the floor; a third of the binomial's


def test_the_model_decides_not_how_it_is_written_down():
    """Shifts (with a constant), constant columns and zeros change nothing; nor does a turn of all columns."""
    x, y = pool(7, n=80, d=6)
    plain = moments(x, y)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    wide = np.column_stack([x, np.zeros((80, 100))])  # more columns than rows: another way to the same end
    for other in (x + 5, np.column_stack([x, np.full(80, 7.0)]), x @ turn, wide, wide.astype(np.float32)):
        for one, same in zip(vars(plain).values(), vars(moments(other, y)).values(), strict=True):
            np.testing.assert_allclose(same, one, rtol=0.02, atol=0.01)


def test_separable_people_and_penalties_of_all_sizes():
    x = np.random.default_rng(8).normal(size=(200, 5))
    y = (x[:, 0] > 0).astype(np.intp)
    gaps = []
    for penalty in (1e-8, 1e-3, 1.0, 1e3, 1e8):
        found = moments(x, y, penalty=penalty)
        assert all(np.isfinite(value).all() for value in vars(found).values())
        assert (found.mean_in >= found.mean_out - 1e-6).all()
        gaps.append(float((found.mean_in - found.mean_out).mean()))
    assert gaps[1] > gaps[3] > gaps[4]
    assert gaps[4] == pytest.approx(0.02, rel=0.02)  # what one of a hundred does to the constant alone: 4 / 100 / 2


def test_a_class_of_one_member():
    x, y = pool(9, n=150, d=5)
    y[:] = np.where(np.arange(150) == 7, 2, y)
    found = moments(x, y)
    gap = found.mean_in - found.mean_out
    assert gap.argmax() == 7 and gap[7] > 4 * np.sqrt(found.var_out[7])
    everyone = log_odds(x, y, np.arange(150))  # no model can be asked for a class that it never met
    assert moments(x, y, share=1 - 1 / 150).mean_in[7] == pytest.approx(everyone[7], abs=0.3)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(6, 30),
    d=st.integers(1, 40),
    classes=st.integers(2, 4),
    levels=st.integers(1, 5),
    penalty=st.floats(1e-6, 1e6),
    share=st.floats(0.05, 0.95),
    intercept=st.booleans(),
    homes=st.integers(1, 40),
)
def test_any_pool_has_moments(seed, n, d, classes, levels, penalty, share, intercept, homes):
    """Ties, equal rows, columns of one value, classes that nobody has, one unit for all: finite, and never negative."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, levels, (n, d)).astype(float), rng.integers(0, classes, n)
    found = moments(
        x, y, penalty=penalty, share=share, intercept=intercept, classes=classes, unit=rng.integers(0, homes, n)
    )
    for value in vars(found).values():
        assert value.shape == (n,) and np.isfinite(value).all()
    assert (found.var_in > 0).all() and (found.var_out > 0).all()


def test_columns_that_are_nearly_alike_are_no_obstacle():
    """Single precision may leave curvatures below zero; the inverse root is then that of what is left."""
    rng = np.random.default_rng(0)
    z = np.repeat(rng.normal(size=(200, 3)), 2, axis=1)
    curvature = z.T @ z
    curvature -= 1e-5 * np.eye(6)  # as rounding may have it
    root = inverse_root(curvature, np.zeros(6))
    assert np.isfinite(root).all()
    seen = z @ root
    np.testing.assert_allclose((seen**2).sum(), 3, rtol=1e-3)  # the leverages add up to the rank
