"""Members and others in one table: what they share is left out, too few are refused, groups stay together."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from reticent.errors import ParameterError, TableError
from reticent.target import population
from reticent.target.population import Half
from reticent.target.table import ArrayTable, FrameTable


@pytest.fixture(scope="module")
def sides(people):
    return people(60, 0), people(70, 1)


def build(members, others, *, groups=None, shared_rows="drop", seed=0, key=b"key", seen=None):
    tables = [FrameTable(one.reset_index(drop=True), "y") for one in (members, others)]
    columns = tuple(c for c in members.columns if c != groups) if seen is None else seen
    return population.build(*tables, seen=columns, groups=groups, shared_rows=shared_rows, seed=seed, key=key)


def test_members_come_first_and_keep_their_order(sides):
    members, others = sides
    people = build(members, others)
    assert len(people) == 130 and people.is_member.tolist() == [True] * 60 + [False] * 70
    pd.testing.assert_frame_equal(people.members.native, members)
    pd.testing.assert_frame_equal(people.nonmembers.native.reset_index(drop=True), others)
    assert people.row.tolist() == [*range(60), *range(70)]
    assert people.shared_rows == 0
    assert len(np.unique(people.unit)) == 130


def test_shared_rows_are_left_out_or_refused(sides):
    members, others = sides
    mixed = pd.concat([others[:5], members[10:13], others[5:], members[10:11]])
    people = build(members, mixed)
    assert people.shared_rows == 4 and len(people) == 130
    assert people.row[60:].tolist() == [*range(5), *range(8, 73)]  # where they stood in what was handed in
    with pytest.raises(TableError, match=r"found 4.*shared_rows='drop'"):
        build(members, mixed, shared_rows="error")
    with pytest.raises(ParameterError, match="drop, error"):
        build(members, mixed, shared_rows="ignore")


def test_only_columns_that_training_saw_make_rows_equal(sides):
    members, others = sides
    twin = members[:1].assign(weight=-1.0)
    assert build(members, pd.concat([others, twin])).shared_rows == 0
    assert build(members, pd.concat([others, twin]), seen=("age", "town", "income", "y")).shared_rows == 1
    relabeled = members[:1].assign(y=np.where(members["y"][:1] == "yes", "no", "yes"))
    assert build(members, pd.concat([others, relabeled])).shared_rows == 0


def test_groups_that_straddle_leave_with_all_their_rows(sides):
    members, others = sides
    members, others = members.assign(home=np.arange(60) // 2), others.assign(home=100 + np.arange(70) // 5)
    others.loc[3, "home"] = 7  # one person of the household 100 lives with members: she goes
    people = build(members, others, groups="home")
    assert people.shared_rows == 1
    assert 3 not in people.row[~people.is_member]
    chained = others.copy()
    chained.loc[3, ["age", "town", "income", "weight", "y"]] = others.loc[40, ["age", "town", "income", "weight", "y"]]
    people = build(members, chained, groups="home")  # her twin is of household 108, all of which is tied to members now
    assert people.shared_rows == 6 and not set(range(40, 45)) & set(people.row[~people.is_member])


def test_units_hold_equal_rows_and_groups(sides):
    members, others = sides
    members = members.assign(home=np.arange(60) // 2)
    members.iloc[8, :-1] = members.iloc[3, :-1].to_numpy()
    people = build(members, others.assign(home=100 + np.arange(70)), groups="home")
    assert len(set(people.unit[[2, 3, 8, 9]])) == 1  # households 1 and 4 share a row
    assert (people.unit == people.unit[3]).sum() == 4
    assert len(set(people.sealed[[2, 3, 8, 9]])) == 1


def test_half_of_each_side_is_sealed_by_the_seed(sides):
    people = build(*sides)
    assert (people.sealed[people.is_member].sum(), people.sealed[~people.is_member].sum()) == (30, 35)
    np.testing.assert_array_equal(build(*sides).sealed, people.sealed)
    assert (build(*sides, seed=1).sealed != people.sealed).any()
    for half, rows in ((Half.ALL, 130), (Half.OPEN, 65), (Half.SEALED, 65)):
        assert people.mask(half).sum() == rows
    assert not (people.mask(Half.OPEN) & people.mask(Half.SEALED)).any()


@pytest.mark.parametrize(("members", "others", "name"), [(49, 70, "members, got 49"), (60, 49, "nonmembers, got 49")])
def test_too_few_rows_are_refused(sides, members, others, name):
    with pytest.raises(TableError, match=f"at least 50 {name}"):
        build(sides[0][:members], sides[1][:others])
    build(sides[0][:50], sides[1][:50])


def test_too_few_that_are_left_are_refused(sides):
    members, others = sides
    with pytest.raises(TableError, match=r"30 of 79 are members' rows, 49 are left"):
        build(members, pd.concat([others[:49], members[:30]]))
    assert build(members, pd.concat([others[:50], members[:30]])).shared_rows == 30


def test_kinds_of_tables_do_not_mix(sides):
    members, others = sides
    numbers = others[["age", "income", "weight"]].to_numpy()
    arguments = {"seen": ("age",), "groups": None, "shared_rows": "drop", "seed": 0, "key": b""}
    with pytest.raises(TableError, match="same kind"):
        population.build(FrameTable(members, "y"), ArrayTable(numbers, others["y"].to_numpy()), **arguments)
    with pytest.raises(TableError, match="Read both tables the same way"):
        population.build(FrameTable(members, "y"), FrameTable(pl.from_pandas(others), "y"), **arguments)


def test_digests_are_keyed_and_follow_the_row(sides):
    people = build(*sides)
    digests = people.digest([0, 5, 0, 100])
    assert digests[0] == digests[2] and len(set(digests)) == 3
    assert all(len(one) == 16 for one in digests)
    other = build(*sides, key=b"another key")
    assert not set(other.digest(np.arange(130))) & set(people.digest(np.arange(130)))
    again = build(sides[0], sides[1][::-1])
    assert again.digest([0]) == digests[:1]
    assert "key" not in repr(people)
