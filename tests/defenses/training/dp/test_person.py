import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.coding.columns import open_frame
from reticent.defenses.training.dp.person import few_of_each, people_in
from reticent.errors import TableError


def kept(names, most, seed=0):
    return few_of_each(people_in(np.array([[name] for name in names], object), 0), most, np.random.default_rng(seed))


@given(
    st.lists(st.sampled_from(["a", "b", "c", 1, "1"]), min_size=1, max_size=20), st.integers(1, 4), st.integers(0, 9)
)
def test_who_takes_part_does_not_depend_on_anybody_else(names, most, seed):
    took = kept(names, most, seed)
    for person in set(names):
        own = [name == person for name in names]
        assert took[own].sum() == min(most, sum(own))
        others = [not mine for mine in own]
        if any(others):
            without = kept([name for name in names if name != person], most, seed)
            assert without.tolist() == took[others].tolist()


def test_all_rows_of_a_person_have_the_same_chance():
    times = np.sum([kept(["a"] * 4 + ["b"] * 3, 2, seed) for seed in range(400)], axis=0)
    # Six standard deviations of a binomial count: one false alarm in 70 million CI runs.
    assert np.abs(times[:4] - 200).max() < 6 * np.sqrt(100)
    assert np.abs(times[4:] - 800 / 3).max() < 6 * np.sqrt(800 / 9)


def test_a_missing_person_is_refused_by_name():
    with pytest.raises(TableError, match="1 of 2 are missing in column 'who'"):
        people_in(open_frame(pd.DataFrame({"who": ["a", None]})), 0)
