"""Sets by name: the best of each size, and one column after the other."""

from itertools import pairwise

import numpy as np
import pytest

from reticent.stats.together import Sets, Together


def planted(n=200, d=5):
    """Two columns that single out everybody together, and others that tell little."""
    cell = np.random.default_rng(0).permutation(n)
    rng = np.random.default_rng(1)
    columns = [("row", cell // 20, n // 20), ("seat", cell % 20, 20)]
    return columns + [(f"noise {k}", rng.integers(0, 2, n), 2) for k in range(d - 2)]


def test_the_planted_pair_comes_first():
    sets = Sets.count(planted(), 3)
    pairs = [one for one in sets.best() if len(one.titles) == 2]
    assert pairs[0] == Together(titles=("row", "seat"), alone=200, share=1.0)
    assert pairs[1].share < 0.5
    assert sets.gains[0] > 3 * sets.gains[2] and sets.gains[1] > 3 * sets.gains[2]
    grown = Sets.count(planted(), 2).grown(range(5))
    assert [len(one.titles) for one in grown] == [1, 2] and set(grown[1].titles) == {"row", "seat"}


def test_growth_keeps_to_the_columns_that_it_is_given():
    sets = Sets.count(planted(), 3)
    grown = sets.grown([0, 2, 3, 4])
    assert grown[-1].alone > 0 and set(grown[-1].titles) <= {"row", "noise 0", "noise 1", "noise 2"}
    assert all(len(later.titles) == len(one.titles) + 1 for one, later in pairwise(grown))
    assert all(later.alone >= one.alone for one, later in pairwise(grown))
    assert sets.grown([2, 3, 4]) == ()  # eight cells for 200 people single out nobody


def test_the_whole_is_what_all_columns_single_out():
    assert Sets.count(planted(), 0).whole() == Together(
        titles=tuple(title for title, *_ in planted()), alone=200, share=1.0
    )
    assert Sets.count([], 2).whole().share == 0.0


def test_people_with_several_rows_are_counted_once():
    code, whose = np.array([0, 0, 1, 2, 2]), np.array([0, 0, 0, 1, 2])
    [one] = Sets.count([("code", code, 3)], 1, whose).best()
    assert (one.alone, one.share) == (1, pytest.approx(1 / 3))


def test_it_says_itself():
    assert str(Together(titles=("a", "b"), alone=1234, share=0.5)) == "a and b: 1,234 (50 %)"
    assert str(Together(titles=("a",), alone=0, share=0.0)) == "a: 0 (0 %)"
    assert Together(titles=("a",), alone=1, share=0.5).to_dict() == {"titles": ["a"], "alone": 1, "share": 0.5}
