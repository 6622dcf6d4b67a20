import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.hierarchy import Hierarchy
from reticent.defenses.data.anonymize import Anonymizer
from reticent.errors import ParameterError

TOWNS = {
    "Lyon": ["Rhône", "France"],
    "Nice": ["Riviera", "France"],
    "Bonn": ["Rhine", "Germany"],
    "Köln": ["Rhine", "Germany"],
    "Ulm": ["Danube", "Germany"],
}


@st.composite
def hierarchies(draw):
    """Codes of two to four digits, with what they begin with as groups."""
    depth = draw(st.integers(1, 3))
    codes = draw(st.lists(st.text("012", min_size=depth + 1, max_size=depth + 1), min_size=1, max_size=9, unique=True))
    return {code: [code[:-level] + "?" * level for level in range(1, depth + 1)] for code in codes}


@given(hierarchies(), st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_smallest_group_holds_all_values_between_and_no_smaller_one_does(given_, random):
    found = Hierarchy.of("code", given_, list(given_))
    assert sorted(found.values) == sorted(given_)
    for first, last in itertools.combinations_with_replacement(range(len(found.values)), 2):
        held = found.values[first : last + 1]
        groups = [[value, *given_[value]] for value in held]
        common = [level for level in range(len(groups[0])) if len({one[level] for one in groups}) == 1]
        assert found.smallest(first, last) == (groups[0][common[0]] if common else "*")


@given(hierarchies())
@settings(max_examples=100, deadline=None)
def test_codes_of_one_group_stand_side_by_side(given_):
    for level in Hierarchy.of("code", given_, list(given_)).tree:
        runs = [number for number, _ in itertools.groupby(level.tolist())]
        assert len(runs) == len(set(runs))


def test_groups_stand_in_the_order_in_which_they_are_given():
    found = Hierarchy.of("town", TOWNS, sorted(TOWNS))
    assert found.values == tuple(TOWNS)
    assert found.labels[-1] == ("*",) * 5


def test_a_single_top_is_the_users_own():
    found = Hierarchy.of("town", {town: [*groups, "Europe"] for town, groups in TOWNS.items()}, list(TOWNS))
    assert found.labels[-1] == ("Europe",) * 5
    assert found.smallest(0, 4) == "Europe"


def test_values_that_do_not_occur_take_no_part():
    found = Hierarchy.of("town", TOWNS, ["Ulm", "Lyon"])
    assert (found.values, found.tree.tolist()) == (("Lyon", "Ulm"), [[0, 1], [0, 1], [0, 1], [0, 0]])
    assert Hierarchy.of("town", TOWNS, []).tree.shape == (1, 0)


def test_no_groups_at_all_leave_the_values_and_all_of_them():
    found = Hierarchy.of("town", {town: [] for town in TOWNS}, list(TOWNS))
    assert found.smallest(1, 1) == "Nice"
    assert found.smallest(0, 1) == "*"


@pytest.mark.parametrize(
    ("above", "words"),
    [
        ({"Lyon": ["France"], "Nice": ["France"]}, r"hold all its values, \['Bonn'\] are missing"),
        ({"Lyon": ["France"], "Nice": ["Riviera", "France"], "Bonn": ["Germany"]}, r"as many groups.*got \[1, 2\]"),
        (
            {"Lyon": ["coast", "France"], "Nice": ["coast", "Italy"], "Bonn": ["inland", "Germany"]},
            "'coast' lies in several",
        ),
        ({"Lyon": "France", "Nice": "France", "Bonn": "German"}, "a list of the groups above it"),
        (["Lyon", "Nice", "Bonn"], "map each value to a list"),
        (None, "map each value to a list"),
    ],
)
def test_what_is_no_hierarchy_is_refused(above, words):
    with pytest.raises(ParameterError, match=f"hierarchy of column 'town'.*{words}"):
        Hierarchy.of("town", above, ["Lyon", "Nice", "Bonn"])


# --------------------------------------------------------------------------------------------------- as it is released


def test_a_class_is_released_as_the_smallest_group_that_holds_it():
    table = pd.DataFrame({"town": ["Lyon", "Nice", "Bonn", "Köln", "Ulm", "Ulm"], "other": range(6)})
    hierarchies = {"town": TOWNS}
    anonymizer = Anonymizer(2, ["town"], hierarchies=hierarchies, release="ranges")
    assert anonymizer.fit_transform(table).town.tolist() == ["France", "France", "Rhine", "Rhine", "Ulm", "Ulm"]
    assert sorted(anonymizer.rules()) == ["town France: 2 people", "town Rhine: 2 people", "town Ulm: 2 people"]
    assert hierarchies == {"town": TOWNS}


@pytest.mark.parametrize(
    ("values", "above"),
    [
        ([1, 2, 3, 4], {1: ["low"], 2: ["low"], 3: ["high"], 4: ["high"]}),
        ([1.5, 2, 3, 4], {1.5: ["low"], 2: ["low"], 3: ["high"], 4: ["high"]}),
        ([True, False, True, False], {True: ["any"], False: ["any"]}),
        (pd.Categorical(list("abcd")), {"a": ["low"], "b": ["low"], "c": ["high"], "d": ["high"]}),
    ],
)
def test_values_of_any_kind_can_have_groups(values, above):
    table = pd.DataFrame({"x": values})
    words = Anonymizer(2, hierarchies={"x": above}, release="ranges").fit_transform(table)
    assert words.x.tolist() in (["low", "low", "high", "high"], ["True", "False", "True", "False"])


def test_missing_values_lie_in_no_group():
    table = pd.DataFrame({"town": ["Lyon", "Nice", None, None, None]})
    words = Anonymizer(2, hierarchies={"town": TOWNS}, release="ranges").fit_transform(table)
    assert words.town.tolist() == ["France", "France", "missing", "missing", "missing"]


def test_new_towns_come_out_as_something_that_was_released():
    table = pd.DataFrame({"town": ["Lyon", "Nice", "Bonn", "Köln", "Ulm", "Ulm"]})
    anonymizer = Anonymizer(2, hierarchies={"town": TOWNS}, release="ranges").fit(table)
    mapped = anonymizer.transform(pd.DataFrame({"town": ["Rome", None, "Ulm"]}))
    assert set(mapped.town) <= {"France", "Rhine", "Ulm"}
    assert mapped.town[2] == "Ulm"
    assert anonymizer.unseen_ == {"town": 2}
