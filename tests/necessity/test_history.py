"""How far back: judged by the newest rows, in spans that people name, on columns that are dates."""

import datetime
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from reticent import needed_history
from reticent.errors import ParameterError, TableError
from reticent.necessity import dates

TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
QUICK = {"label": "ill", "margin": 0.05, "n_jobs": 1}


def years(n=3000, turned=True, seed=0):
    """Three years of people; until the third, what makes ill is the other way round where the world has turned."""
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1095, n), "D")
    age = rng.integers(20, 80, n)
    ill = (age > 50) ^ (turned & (day < "2022-06-01"))
    return pd.DataFrame({"seen": day, "age": age, "coin": rng.integers(0, 2, n), "ill": ill.astype(int)})


@pytest.fixture(scope="module")
def found():
    return needed_history(TREE, years(), "seen", **QUICK)


def test_old_rows_are_shown_not_to_be_needed(found):
    assert found.enough and found.not_needed > 0.5
    assert found.sentence == f"rows older than {found.enough} are not needed; 95 % sure that the loss is under 5 points"
    assert found.loss.high < 0.05
    assert [one.rows for one in found.spans] == sorted((one.rows for one in found.spans), reverse=True)
    assert {"18 months", "12 months", "6 months"} < {one.words for one in found.spans}


def test_the_newest_rows_judge_and_teach_nothing(found):
    assert found.newest < found.judged_from <= found.judged_to
    assert found.judged_to == str(years()["seen"].max().date())
    assert f"{found.judged_from} to {found.judged_to}" in found.not_tested[0]
    assert found.sealed_rows == pytest.approx(900, abs=5)
    assert found.oldest < found.since <= found.newest


def test_a_world_that_has_turned_is_worse_with_old_rows(found):
    """The last months alone are better than all: the loss is below zero, which a random draw would not have shown."""
    assert min(one.loss.value for one in found.spans) < -0.02


def test_history_that_is_needed_stays():
    """Few of the rows have one kind of people: whoever forgets the old ones has met none of these."""
    rng = np.random.default_rng(1)
    table = years(turned=False).assign(kind=lambda t: rng.integers(0, 6, len(t)))
    old = table["seen"] < "2021-06-01"
    new = table["seen"] > "2023-02-20"
    table.loc[~old & ~new & (table["kind"] > 2), "kind"] = 0
    table.loc[table["kind"] > 2, "ill"] = 1
    found = needed_history(TREE, table, "seen", **QUICK)
    assert found.enough == "" or "24" in found.enough
    assert not found.spans[-1].shown


def test_what_is_said_is_plain_and_complete(found, tmp_path):
    result = found.to_dict()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["schema"] == "reticent/needed-history/1"
    assert "not needed" in found.to_html(tmp_path / "history.html").read_text(encoding="utf-8")
    assert "not needed" in found._repr_html_() and "not needed" in str(found)


def test_kinds_of_dates_give_one_answer(found, without_times):
    table = years()
    kinds = [
        pl.from_pandas(table),
        pl.from_pandas(table).with_columns(pl.col("seen").dt.date()),
        table.assign(seen=table["seen"].dt.strftime("%Y-%m-%d")),
        table.assign(seen=table["seen"].dt.tz_localize("UTC")),
        table.assign(seen=table["seen"].dt.date),
    ]
    first = without_times(found.to_dict())
    assert all(without_times(needed_history(TREE, one, "seen", **QUICK).to_dict()) == first for one in kinds)


def test_the_date_is_no_feature_unless_it_was_one():
    seen = []

    def recipe(rows, seed):
        return lambda x: seen.append(tuple(x.columns)) or np.full(len(x), 0.4)

    needed_history(recipe, years(), "seen", **QUICK)
    assert set(seen) <= {("age", "coin"), ("age",), ("coin",)}  # one is left out to see whether one can be
    seen.clear()
    needed_history(recipe, years(), "seen", **QUICK, as_feature=True)
    assert ("seen", "age", "coin") in seen


def test_persons_among_the_newest_teach_nothing():
    rng = np.random.default_rng(1)
    table = years().assign(who=lambda t: rng.integers(0, 2500, len(t)))
    found = needed_history(TREE, table, "seen", **QUICK, person="who")
    newest = set(table.loc[table["seen"] >= found.judged_from, "who"])
    before = table["seen"] < found.judged_from
    assert found.open_rows == (before & ~table["who"].isin(newest)).sum() < before.sum()


def test_same_seed_same_answer(found, without_times):
    again = needed_history(TREE, years(), "seen", **QUICK).to_dict()
    assert without_times(again) == without_times(found.to_dict())


def test_inputs_are_left_alone():
    table = years()
    before = table.copy(deep=True)
    needed_history(TREE, table, "seen", **QUICK)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.arange(3000), r"got numbers \(0, 1, 2\)"),
        (np.arange(3000) / 7, "got numbers"),
        (np.arange(3000) % 2 == 0, "got numbers"),
        (["yesterday", "2021-01-01"] * 1500, "1,500 of 3,000 are none, such as 'yesterday'"),
        (["31.12.2021", "01.02.2021"] * 1500, "such as '31.12.2021'"),
        (["2021-13-01", "2021-01-01"] * 1500, "such as '2021-13-01'"),
        ([None, "2021-01-01"] * 1500, "1,500 of 3,000 are missing in the column 'seen'"),
        (np.full(3000, 20210101, object), r"got numbers \(20210101, 20210101"),
        (["2021-01-01"] * 2990 + ["9999-12-31"] * 10, "got 9999-12-31: 10 of 3,000 are after 2200"),
        (["2021-01-01"] * 3000, "expected several days in the column 'seen', got 2021-01-01 alone"),
        (["2021-01-01"] * 1500 + ["2021-01-02"] * 1500, "among the 0 newer rows"),
    ],
)
def test_a_date_column_that_is_none_is_refused_by_name(values, said):
    with pytest.raises(TableError, match=said):
        needed_history(TREE, years().assign(seen=values), "seen", **QUICK)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"date": "when"}, TableError, "expected a column 'when'"),
        ({"date": "ill"}, ParameterError, "another column than the label"),
        ({"margin": 2}, ParameterError, "0 < margin < 1"),
        ({"person": "who"}, TableError, "expected a column 'who'"),
        ({"margin": 0.001}, TableError, "cannot be shown with so few"),
    ],
)
def test_bad_arguments_are_refused_by_name(change, error, said):
    arguments = {"date": "seen", **QUICK, **change}
    with pytest.raises(error, match=said):
        needed_history(TREE, years(), **arguments)


def test_arrays_have_no_dates():
    table = years()
    with pytest.raises(TableError, match="x0"):
        needed_history(TREE, (table[["age", "coin"]].to_numpy(), table["ill"].to_numpy()), "seen", 0.05)


def test_short_histories_are_told_in_weeks():
    days = dates.read("day", pd.Series(pd.date_range("2024-01-01", periods=60)))
    assert [one.words for one in dates.cutoffs(days, days.max())][:3] == ["8 weeks", "6 weeks", "4 weeks"]


def test_spans_end_where_the_rows_do():
    days = np.arange("2010-01-01", "2024-06-01", dtype="datetime64[D]")
    cuts = dates.cutoffs(days, days.max())
    assert [one.words for one in cuts][:4] == ["10 years", "7 years", "5 years", "4 years"]
    assert all(days.min() < one.since < days.max() for one in cuts)
    assert str(cuts[-1].since) == "2024-04-30"  # a month before the last of May


@pytest.mark.parametrize(
    ("stamps", "words", "since"),
    [
        (
            ["2018-01-01", "2019-01-01", "2020-01-01", "2021-01-01", "2022-01-01"],
            "4 years 3 years 2 years 1 year",
            2019,
        ),
        (
            ["2018-12-31", "2019-12-31", "2020-12-31", "2021-12-31", "2022-12-31"],
            "4 years 3 years 2 years 1 year",
            2019,
        ),
        (["2022-01-01", "2022-02-01", "2022-03-01", "2022-04-01"], "3 months 2 months 1 month", 2022),
        (["2022-01-31", "2022-02-28", "2022-03-31", "2022-04-30"], "3 months 2 months 1 month", 2022),
        (["2021-10-01", "2022-01-01", "2022-04-01", "2022-07-01"], "9 months 6 months 3 months", 2021),
    ],
)
def test_dates_that_say_a_year_or_a_month_are_counted_in_these(stamps, words, since):
    """A row that says 2022 may be from December: nothing newer than a year is left out under "1 year"."""
    days = np.array(stamps, "datetime64[D]")
    cuts = dates.cutoffs(days, days.max())
    assert " ".join(one.words for one in cuts) == words
    assert [int((days >= one.since).sum()) for one in cuts] == list(range(len(days) - 1, 0, -1))
    assert str(cuts[0].since).startswith(str(since))


def test_a_year_of_rows_is_not_told_as_a_month():
    table = years()
    table["seen"] = table["seen"].dt.strftime("%Y")
    table = pd.concat([table, table.assign(seen="2019", age=table["age"] + 0.5)], ignore_index=True)
    table = pd.concat([table, table[:3000].assign(seen="2020", age=table["age"] + 0.25)], ignore_index=True)
    found = needed_history(TREE, table, "seen", **QUICK)
    assert {one.words for one in found.spans} <= {"1 year", "2 years", "3 years"}
    assert found.spans[-1].rows == (table["seen"] == found.newest[:4]).sum()


@given(st.lists(st.integers(0, 4000), min_size=2, max_size=40, unique=True), st.sampled_from(["D", "M", "Y"]))
def test_no_two_rules_keep_the_same_days_and_none_drops_newer_ones_than_it_says(offsets, unit):
    whole = np.unique((np.datetime64("2010-01-01") + np.array(offsets)).astype(f"datetime64[{unit}]"))
    days = whole.astype("datetime64[D]")
    cuts = dates.cutoffs(days, days.max())
    kept = [int((days >= one.since).sum()) for one in cuts]
    assert kept == sorted(set(kept), reverse=True) and (not kept or kept[0] < len(days))
    ended = (whole + 1).astype("datetime64[D]")  # the day after the last that a date may stand for
    for one in cuts:
        count, name = one.words.split()
        back = pd.DateOffset(**{name if name.endswith("s") else f"{name}s": int(count)})
        limit = np.datetime64((pd.Timestamp(ended.max()) - back).date(), "D")
        assert (ended[days < one.since] <= limit + (0 if unit != "D" else 3)).all()


def test_moments_of_a_day_are_that_day():
    moments = [datetime.datetime(2024, 1, 1, 23, 59), datetime.datetime(2024, 1, 2, 0, 1)]
    assert [str(one) for one in dates.read("at", pd.Series(moments))] == ["2024-01-01", "2024-01-02"]
