"""One method for all tables: bins where people are worth it, everything paid, and nothing spent twice."""

import numpy as np
import pytest

from reticent.defenses.training.dp.coded import Category, Coded, Number
from reticent.defenses.training.dp.encoding import Bins, Place
from reticent.defenses.training.dp.rule import clip_at, learn
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Seeded


def table(n: int, *, bounds: tuple[float, float] | None = (-4.0, 4.0), edges: np.ndarray | None = None) -> Coded:
    rng = np.random.default_rng(0)
    number = Number(name="x", values=rng.standard_normal(n).clip(-4, 4), missing=None, bounds=bounds, edges=edges)
    return Coded(features=(number, Category(name="c", codes=rng.integers(0, 3, n), size=3)), n_rows=n)


def hump(coded: Coded) -> np.ndarray:
    return (np.abs(coded.features[0].values) < 0.7).astype(int)  # type: ignore[union-attr]


def curator(mu: float = 0.27) -> Curator:
    return Curator(mu=mu, noise=Seeded(0))


def test_bins_see_what_a_line_cannot() -> None:
    coded = table(8000)
    model = learn(coded, hump(coded), 2, curator())
    assert isinstance(model.encoding.blocks[0], Bins)
    assert (model.decision(coded).argmax(axis=1) == hump(coded)).mean() > 0.9


def test_few_people_get_no_bins() -> None:
    coded = table(400)
    model = learn(coded, hump(coded), 2, curator(mu=0.02))
    assert isinstance(model.encoding.blocks[0], Place)
    assert "as they are" in model.method


def test_a_covariance_is_bought_where_it_is_worth_its_price() -> None:
    for mu, n, bought in ((0.27, 8000, True), (0.05, 20, False)):
        one, coded = Curator(mu=mu, noise=Seeded(1)), table(n)  # its count of rows is not by chance far too large
        model = learn(coded, hump(coded), 2, one)
        assert ("covariance" in {answer.what for answer in one.answers}) == bought
        assert ("preconditioned" in model.method) == bought


def test_all_of_the_budget_is_spent_and_no_more() -> None:
    for coded in (table(3000), table(3000, bounds=None), table(50), table(3000, edges=np.array([0.0]))):
        one = curator()
        learn(coded, hump(coded), 2, one)
        assert one.left == pytest.approx(0, abs=1e-9)


def test_what_is_declared_is_not_bought() -> None:
    def bought(coded: Coded) -> set[str]:
        one = curator()
        learn(coded, hump(coded), 2, one)
        return {answer.what for answer in one.answers} - {"people", "covariance", "gradients"}

    assert bought(table(3000, bounds=None)) == {"bounds of x", "bin edges"}
    assert bought(table(3000)) == {"bin edges"}
    assert bought(table(3000, edges=np.array([0.0]))) == set()


def test_probabilities_are_probabilities_for_two_and_for_more_classes() -> None:
    coded = table(3000)
    for n_classes in (2, 4):
        said = learn(coded, hump(coded) * (n_classes - 1), n_classes, curator()).decision(coded)
        assert said.shape == (3000, n_classes)
        assert said.min() >= 0
        assert said.sum(axis=1) == pytest.approx(np.ones(3000))


def test_nobody_at_all_is_no_crash() -> None:
    coded = table(1)
    assert np.isfinite(learn(coded, hump(coded), 2, curator()).weights).all()


def test_the_clip_follows_strength() -> None:
    clips = [clip_at(strength) for strength in (1.0, 1e3, 1e4, 1e9)]
    assert clips == sorted(clips) and clips[0] == 0.35 and clips[-1] == 0.7
