"""Neighbors that are made: they differ by one person, and keep the types of the table."""

import numpy as np
import pandas as pd
import pytest

from reticent.reality.neighbors import Person, joined, pools, row_of, without
from reticent.reality.pairs import pairs

FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3, 4],
        "f": [0.5, np.nan, 2.0, 1e9],
        "t": ["a", "b", None, "a"],
        "c": pd.Categorical(["x", "y", "x", "x"], categories=["x", "y", "z"]),
        "b": [True, False, True, True],
    }
)
LABELS = np.array(["no", "yes", "no", "yes"])


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("kind", ["frame", "array"])
def test_pairs_differ_by_one_row_at_the_end(kind, replace):
    x = FRAME if kind == "frame" else FRAME[["n", "f"]].to_numpy()
    offered = pairs((x, LABELS), replace=replace)
    assert len(offered) == len({one.name for one in offered}) == 24
    for one in offered:
        base, neighbor = pd.DataFrame(one.base[0]), pd.DataFrame(one.neighbor[0])
        assert len(neighbor) == len(base) + (not replace)
        same = len(neighbor) - 1
        pd.testing.assert_frame_equal(base[:same], neighbor[:same])
        assert (one.base[1][:same] == one.neighbor[1][:same]).all()
        assert list(base.dtypes) == list(neighbor.dtypes) == list(pd.DataFrame(one.probes).dtypes)
        assert set(one.base[1]) == set(LABELS)  # a training that needs two classes takes it


def test_a_person_is_put_in_and_taken_out_again():
    person = Person(row=dict(zip(FRAME, [9, 1e300, None, "z", False], strict=True)), label="no", copies=2, at=1)
    x, y = joined((FRAME, LABELS), person)
    assert len(x) == len(y) == 6 and x["n"].tolist() == [1, 9, 9, 2, 3, 4] and (x.dtypes == FRAME.dtypes).all()
    again, labels = without((x, y), np.isin(np.arange(6), [1, 2]))
    pd.testing.assert_frame_equal(again, FRAME)
    assert labels.tolist() == LABELS.tolist()
    doubled, _ = joined((FRAME, LABELS), row_of((FRAME, LABELS), 2))
    assert doubled["n"].tolist() == [1, 2, 3, 3, 4]


def test_values_to_try_are_those_at_which_promises_break():
    found = pools(FRAME, {"t": ["never there"], "n": [77]})
    assert {77, 0, np.iinfo(np.int64).max} <= set(found["n"])
    assert {-1e300, 5e-324, float("inf")} <= set(found["f"]) and any(np.isnan(value) for value in found["f"])
    assert {"never there", "never seen", None, ""} <= set(found["t"])
    assert "z" in found["c"] and found["b"] == (True, False)
