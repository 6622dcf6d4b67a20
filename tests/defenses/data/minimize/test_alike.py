"""Copies of a row are one row, and people who are alike are several: who judges what was found on whom."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.coding.columns import open_frame
from reticent.defenses import Minimizer
from reticent.defenses.data.minimize.admission import deal
from reticent.defenses.data.minimize.alike import units_of
from reticent.errors import TableError
from reticent.stats.noninferiority import effective


def rich(n, seed=0):
    random = np.random.default_rng(seed)
    numbers = {"a": random.normal(size=n), "b": random.integers(0, 50, n), "d": random.normal(size=n)}
    return pd.DataFrame(numbers | {"c": random.choice([*"ABCDEF"], n)})


def said(rows):
    score = rows["a"] + 0.03 * rows["b"] + rows["c"].isin(["A", "B"]) * 0.8 + 0.2 * rows["d"]
    return (score > 1).astype(int).to_numpy()


def kinds(table, seed=0):
    return len(np.unique(units_of(open_frame(table), np.random.default_rng(seed))))


def test_copies_are_one_and_people_who_are_alike_are_several():
    people = rich(300)
    assert kinds(people) == 300
    for copies in (2, 4, 9):
        assert kinds(pd.concat([people] * copies)) == 300
    random = np.random.default_rng(1)
    drawn = people.iloc[random.integers(0, 300, 300)]
    assert kinds(drawn) == drawn.index.nunique()  # with replacement
    coarse = pd.DataFrame({name: random.integers(0, 12, 900) for name in "abc"})
    assert coarse.duplicated().sum() > 100 and kinds(coarse) == 900
    assert kinds(pd.concat([coarse] * 4)) == len(coarse.drop_duplicates())


def test_a_column_of_lists_tells_nobody_apart():
    table = rich(200).assign(x=[[1], [2]] * 100)
    assert kinds(table) == 200 and kinds(pd.concat([table] * 3)) == 200


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_units_are_worth_at_most_their_rows(sizes):
    worth = effective(np.array(sizes))
    assert 1 - 1e-9 <= worth <= len(sizes) + 1e-9
    assert effective(np.array(sizes) * 5) == pytest.approx(worth)


def test_equal_rows_stand_on_one_side_and_all_count():
    table = pd.concat([rich(200), rich(100), rich(100)], ignore_index=True)
    dealt = deal(open_frame(table), [], 0.9, np.random.default_rng(0))
    chose, judged = table.iloc[dealt.fit], table.iloc[dealt.judge]
    assert not pd.merge(chose, judged).size and len(chose) + len(judged) == 400
    each = judged.groupby(list("abcd")).size().to_numpy()
    assert dealt.worth == pytest.approx(each.sum() ** 2 / (each**2).sum()) and dealt.worth < 0.9 * len(judged)
    again = deal(open_frame(rich(400)), [], 0.9, np.random.default_rng(0))
    assert again.worth == len(again.judge) == 200


def test_too_few_kinds_of_people_are_too_few():
    table = pd.concat([rich(100)] * 4, ignore_index=True)
    with pytest.raises(TableError, match=r"many are equal: they count as 50\)"):
        Minimizer(said, 0.95).fit(table)
    made = Minimizer(said, 0.9).fit(table)
    assert made.n_judged_ == 200 and made.n_independent_ == pytest.approx(50)
    assert "50.0 independent rows" in made.agreement_.method


@pytest.mark.slow
def test_the_bound_holds_where_every_row_stands_there_four_times():
    fresh, short, false = rich(30_000, 99), 0, 0
    truth = said(fresh)
    for seed in range(40):
        table = pd.concat([rich(100, seed)] * 4, ignore_index=True)
        made = Minimizer(said, 0.85, random_state=seed).fit(table)
        same = (said(made.place(fresh)) == truth).mean()
        false += same < made.agreement_.low
        short += same < 0.85
    assert false <= 6 and short <= 4  # 2 expected at most of each; without units three of four
