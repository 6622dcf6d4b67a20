import numpy as np
import pandas as pd
import pytest

from reticent.defenses.data.anonymize import Anonymizer
from reticent.errors import ParameterError


def crowd_and_outliers(n=300, n_far=10, seed=0):
    """Most people in few places, and some so far on both sides that they widen any class which takes them in."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"age": random.integers(30, 34, n), "home": random.integers(0, 4, n).astype(float)})
    table.loc[: n_far - 1, "home"] = np.resize([900.0, -900.0], n_far) + random.integers(0, 4, n_far)
    return table.assign(ill=np.resize(["flu", "cold"], n))


@pytest.mark.parametrize(("share", "n_far"), [(0.05, 10), (0.2, 10), (0.2, 16)])
def test_no_more_rows_are_suppressed_than_allowed_and_they_stand_together(share, n_far):
    table = crowd_and_outliers(n_far=n_far)
    anonymizer = Anonymizer(6, ["age", "home"], suppression=share)
    released = anonymizer.fit_transform(table)
    hidden = anonymizer.suppressed_
    assert 6 <= hidden.sum() <= share * len(table)
    assert len(released[hidden].drop_duplicates(["age", "home"])) == 1
    assert released.groupby(["age", "home"]).size().min() == anonymizer.smallest_class_ >= 6
    pd.testing.assert_series_equal(released.ill, table.ill)


def test_it_is_the_outliers_that_are_suppressed_and_that_saves_detail():
    table = crowd_and_outliers()
    anonymizer = Anonymizer(6, ["age", "home"], suppression=0.05).fit(table)
    assert anonymizer.suppressed_.tolist() == [True] * 10 + [False] * 290
    assert anonymizer.ncp_ < Anonymizer(6, ["age", "home"]).fit(table).ncp_ / 2


def test_nothing_is_suppressed_where_nothing_stands_in_the_way():
    table = pd.concat([crowd_and_outliers()] * 6, ignore_index=True)
    anonymizer = Anonymizer(6, ["age", "home"], suppression=0.1)
    pd.testing.assert_frame_equal(anonymizer.fit_transform(table), table)
    assert not anonymizer.suppressed_.any()


def test_without_a_share_none_is_suppressed():
    anonymizer = Anonymizer(6, ["age", "home"]).fit(crowd_and_outliers())
    assert not anonymizer.suppressed_.any()
    assert len(anonymizer.suppressed_) == 300


@pytest.mark.parametrize("asked", [{"l": 2}, {"alpha": 0.7}, {"t": 0.3}])
def test_the_suppressed_satisfy_what_all_others_do(asked):
    table = crowd_and_outliers().assign(far=lambda t: t.home.abs() > 50)
    # Those who stand out share one illness: by themselves they must not be released together.
    table.loc[table.far, "ill"] = "gout"
    anonymizer = Anonymizer(4, ["age", "home"], suppression=0.2, sensitive=["ill"], **asked)
    released = anonymizer.fit_transform(table.drop(columns="far"))
    share = table.ill.value_counts(normalize=True)
    for _, rows in released.groupby(["age", "home"]):
        own = rows.ill.value_counts(normalize=True).reindex(share.index, fill_value=0)
        assert len(rows) >= 4
        assert rows.ill.nunique() >= asked.get("l", 1)
        assert own.max() <= asked.get("alpha", 1) + 1e-9
        assert (own - share).abs().sum() / 2 <= asked.get("t", 1) + 1e-9


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"suppression": 0.01}, r"k=6 rows.*allows for 3. At least suppression=0.02 would work, or 0"),
        ({"suppression": 1}, "from 0 to below 1, got suppression=1"),
        ({"suppression": -0.1}, "from 0 to below 1"),
        ({"suppression": float("nan")}, "from 0 to below 1"),
        ({"suppression": "some"}, "got suppression='some'"),
        ({"suppression": 0.1, "technique": "mondrian"}, "suppression=0 with a person column, a population or another"),
        ({"suppression": 0.1, "person": "who"}, "only rows that are a person each"),
    ],
)
def test_a_share_that_cannot_be_met_is_refused(asked, words):
    with pytest.raises(ParameterError, match=words):
        Anonymizer(6, ["age", "home"], **asked).fit(crowd_and_outliers().assign(who=range(300)))


def test_a_share_too_small_for_those_who_stand_out_is_not_exceeded():
    anonymizer = Anonymizer(6, ["age", "home"], suppression=0.03).fit(crowd_and_outliers())  # nine of ten
    assert anonymizer.suppressed_.sum() <= 9


def test_the_share_that_is_said_to_work_works():
    table = crowd_and_outliers(n=299)
    with pytest.raises(ParameterError, match=r"At least suppression=0\.0201 would work"):
        Anonymizer(6, ["age", "home"], suppression=0.01).fit(table)
    assert Anonymizer(6, ["age", "home"], suppression=0.0201).fit(table).smallest_class_ >= 6
