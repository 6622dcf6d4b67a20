import re
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest

from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.anonymize.guarantees import Entropy, Recursive, Rules, Secret
from reticent.errors import ParameterError

KNOWN = ["age", "town"]


def patients(n=600, seed=0):
    """People whose illness half follows from their age, so that small classes easily share one."""
    random = np.random.default_rng(seed)
    age = random.integers(20, 80, n)
    ill = np.where(random.random(n) < 0.5, age // 20, random.integers(1, 4, n))
    return pd.DataFrame(
        {
            "age": age,
            "town": random.choice(["A", "B", "C"], n),
            "ill": np.array(["none", "flu", "cold", "gout"])[ill],
            "pay": (age * 10 + random.integers(0, 300, n)).astype(float),
        }
    )


def secret(values):
    codes, names = pd.factorize(np.asarray(values), sort=True)
    return Secret(name="ill", codes=codes, n_codes=len(names), ordered=False)


def shares(rows, name="ill"):
    return sorted((rows[name].value_counts() / len(rows)).tolist(), reverse=True)


# ------------------------------------------------------------------- each rule, by its definition, on what is released

RULES = {
    "distinct": ({"l": 3}, lambda rows, table: rows.ill.nunique() >= 3),
    "entropy": (
        {"l": Entropy(2.5)},
        lambda rows, table: np.exp(-sum(p * np.log(p) for p in shares(rows))) >= 2.5 - 1e-9,
    ),
    "recursive": ({"l": Recursive(1.5, 2)}, lambda rows, table: shares(rows)[0] < 1.5 * sum(shares(rows)[1:])),
    "alpha": ({"alpha": 0.6}, lambda rows, table: shares(rows)[0] <= 0.6),
    "t": (
        {"t": 0.25},
        lambda rows, table: (
            sum(abs((rows.ill == one).mean() - (table.ill == one).mean()) for one in table.ill.unique())
            <= 2 * 0.25 + 1e-9
        ),
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_class_satisfies_what_is_asked_and_would_not_by_itself(rule):
    asked, holds = RULES[rule]
    table = patients()
    made = [
        Anonymizer(5, KNOWN, sensitive=["ill"], **one).fit_transform(table, table.ill == "flu") for one in ({}, asked)
    ]
    plain, kept = ([holds(rows, table) for _, rows in released.groupby(KNOWN)] for released in made)
    assert all(kept) and not all(plain)
    assert len(kept) > 3  # and not by giving up on everything


def test_amounts_are_close_along_their_order():
    table = patients()
    table["pay"] = table.pay // 100  # few enough amounts to be told apart
    released = Anonymizer(5, KNOWN, sensitive=["pay"], t=0.2).fit_transform(table)
    assert released.groupby(KNOWN).ngroups > 3
    assert max(moved(rows.pay, table.pay) for _, rows in released.groupby(KNOWN)) <= 0.2 + 1e-9
    plain = Anonymizer(5, KNOWN, sensitive=["pay"]).fit_transform(table)
    assert max(moved(rows.pay, table.pay) for _, rows in plain.groupby(KNOWN)) > 0.2


def moved(own, every):
    """The earth mover's distance along the order of the different amounts, over its largest value."""
    values = np.unique(every)
    apart = [(own <= value).mean() - (every <= value).mean() for value in values]
    return np.abs(apart).sum() / (len(values) - 1)


@pytest.mark.parametrize("t", [0.05, 0.1, 0.2, 0.3])
def test_many_amounts_are_close_along_their_order_too(t):
    random = np.random.default_rng(0)
    pay = np.concatenate([random.integers(0, 10, 2700), 100 + np.arange(990)]).astype(float)
    table = pd.DataFrame({"age": np.where(pay > 50, pay // 20, random.integers(0, 60, len(pay))), "pay": pay})
    released = Anonymizer(10, ["age"], sensitive=["pay"], t=t).fit_transform(table)
    assert max(moved(rows.pay, table.pay) for _, rows in released.groupby("age")) <= t + 1e-9


def test_every_sensitive_column_counts():
    table = patients()
    released = Anonymizer(5, KNOWN, sensitive=["ill", "pay"], l=3).fit_transform(table, table.ill)
    assert released.groupby(KNOWN)[["ill", "pay"]].nunique().to_numpy().min() >= 3
    pd.testing.assert_frame_equal(released[["ill", "pay"]], table[["ill", "pay"]])


def test_a_secret_that_is_missing_is_a_value():
    table = pd.DataFrame({"age": [1, 1, 2, 2], "ill": ["flu", None, "flu", None]})
    anonymizer = Anonymizer(2, ["age"], sensitive=["ill"], l=2).fit(table)
    assert anonymizer.n_classes_ == 2


# ------------------------------------------------------------------------------------------------------------ presence


def inside(rows, population, known):
    """How many of a population lie within what a class spans."""
    within = np.ones(len(population), bool)
    for name in known:
        if rows[name].dtype.kind in "if":
            within &= population[name].between(rows[name].min(), rows[name].max())
        else:
            within &= population[name].isin(rows[name].unique())
    return int(within.sum())


def test_a_class_holds_no_more_of_a_population_than_asked():
    everyone = patients(2000)
    table = everyone.sample(frac=0.3, random_state=0).sort_index()
    share = {}
    for high in (1, 0.4):
        anonymizer = Anonymizer(5, ["age"], presence=(0, high), sensitive=["town", "ill", "pay"])
        released = anonymizer.fit_transform(table, population=everyone)
        classes = [table.loc[rows] for rows in released.groupby("age").groups.values()]
        share[high] = max(len(rows) / inside(rows, everyone, ["age"]) for rows in classes)
    assert share[0.4] <= 0.4 < share[1]


def test_people_whom_a_class_does_not_span_hide_nobody():
    table = pd.DataFrame({"age": [20] * 4 + [60] * 4})
    everyone = pd.concat([table, pd.DataFrame({"age": [39] * 4 + [41] * 4 + [-5] * 10})])
    with pytest.raises(ParameterError, match="presence"):  # all who are 20 and all who are 60 are in the table
        Anonymizer(2, presence=(0, 0.5)).fit(table, population=everyone)


def test_a_presence_that_the_whole_table_does_not_satisfy_is_refused():
    table = patients()
    with pytest.raises(ParameterError, match="presence"):
        Anonymizer(5, KNOWN, presence=(0, 0.5)).fit(table, population=pd.concat([table, table[:10]]))


# ------------------------------------------------------------------------------------------------------------- persons


def test_k_counts_people_and_l_rows():
    table = pd.DataFrame({"age": [1, 1, 1, 2, 2, 2], "who": list("aabccd"), "ill": list("xyxyxx")})
    anonymizer = Anonymizer(2, ["age"], person="who", sensitive=["ill"], l=2).fit(table)
    assert (anonymizer.n_classes_, anonymizer.smallest_class_) == (2, 2)


def test_rows_of_nobody_are_one_person_whatever_nobody_is_called():
    table = pl.DataFrame({"age": [1, 1, 2, 2], "who": [None, float("nan"), 1.0, 2.0]}, strict=False)
    assert Anonymizer(2, ["age"], person="who").fit(table).n_classes_ == 1


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    "asked",
    [
        {"l": 4},
        {"l": Entropy(2.9)},
        {"l": Recursive(1.1, 3)},
        {"l": Recursive(3, 9)},
        {"alpha": 0.4},
        {"alpha": 0.1},
    ],
    ids=str,
)
def test_what_not_even_the_whole_table_satisfies_is_refused_with_what_would_work(asked):
    ill = secret(["flu"] * 7 + ["cold"] * 4 + ["gout"] * 3)
    with pytest.raises(ParameterError, match="not even the whole table does") as refused:
        Rules.of([ill], **asked)
    way = re.search(r"At (?:most|least) (\w+)=(.*) would work$", str(refused.value))
    works = eval(way[2], {"Entropy": Entropy, "Recursive": Recursive})  # what the message tells the user to write
    assert len(Rules.of([ill], **{way[1]: works}).table) == 1


@pytest.mark.parametrize("counts", [[7, 4, 3], [1, 1], [2, 2, 2, 2], [1, 99], [333, 333, 334]])
def test_what_is_said_to_work_works_at_any_shares(counts):
    ill = secret(np.repeat(np.arange(len(counts)), counts))
    for asked in ({"l": Entropy(len(counts) + 1)}, {"alpha": 0.01}, {"l": len(counts) + 1}):
        with pytest.raises(ParameterError) as refused:
            Rules.of([ill], **asked)
        way = re.search(r"At (?:most|least) (\w+)=(.*) would work$", str(refused.value))
        Rules.of([ill], **{way[1]: eval(way[2], {"Entropy": Entropy})})


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"l": 1.5}, r"whole number of at least 1, got l=1\.5"),
        ({"l": True}, "got l=True"),
        ({"l": 0}, "at least 1, got l=0"),
        ({"l": "2"}, "got l='2'"),
        ({"t": -0.1}, "t from 0"),
        ({"t": 1.5}, "t from 0"),
        ({"t": float("nan")}, "t from 0"),
        ({"alpha": 0}, "alpha above 0"),
        ({"alpha": 1.2}, "at most 1, got alpha=1.2"),
        ({"alpha": "half"}, "got alpha='half'"),
        ({"presence": 0.5}, r"presence=\(low, high\)"),
        ({"presence": (0.1, 0.2, 0.3)}, r"presence=\(low, high\)"),
        ({"presence": (0.5, 0.2)}, "low < high"),
    ],
)
def test_what_is_no_guarantee_is_refused(asked, words):
    with pytest.raises(ParameterError, match=words):
        Rules.of([secret(list("aabbcc"))], **asked)


@pytest.mark.parametrize("asked", [{"l": 2}, {"t": 0.3}, {"alpha": 0.5}])
def test_a_guarantee_needs_to_know_what_is_sensitive(asked):
    with pytest.raises(ParameterError, match=f"expected sensitive columns beside {next(iter(asked))}="):
        Rules.of([], **asked)


def test_the_kinds_of_diversity_check_themselves():
    with pytest.raises(ParameterError, match=r"expected l >= 1, got l=0\.5"):
        Entropy(0.5)
    with pytest.raises(ParameterError, match="whole number of at least 2, got l=1"):
        Recursive(3, 1)
    with pytest.raises(ParameterError, match=r"whole number of at least 2, got l=2\.5"):
        Recursive(3, 2.5)
    with pytest.raises(ParameterError, match="expected c >= 0"):
        Recursive(-1, 2)


def test_numbers_of_numpy_are_numbers():
    rules = Rules.of([secret(list("aabbcc"))], l=np.int64(2), t=np.float32(0.5), alpha=np.float64(0.5))
    assert len(rules.table) == 3


def test_shares_and_codes_of_several_columns_stand_side_by_side():
    values = [list("aab"), list("xyz")]
    rules = Rules.of([secret(one) for one in values], l=2)
    assert rules.base.tolist() == [2 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3]
    assert rules.codes.tolist() == [[0, 2], [0, 3], [1, 4]]
    assert rules.table[:, 3:].tolist() == [[0, 2], [2, 5]]
    assert Counter(rules.table[:, 0].tolist()) == {0.0: 2}
