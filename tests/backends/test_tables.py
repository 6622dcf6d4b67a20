"""Tables come back as they were written; what is no table is refused with the reason."""

import pickle

import numpy as np
import pandas as pd
import pytest

from reticent.backends.tables import read_table_file
from reticent.errors import TableError

PEOPLE = pd.DataFrame({"age": [31, 54, 70], "town": ["Ulm", None, "Ems"], "dose": [0.5, np.nan, 2.0]})

WRITERS = {
    "people.parquet": PEOPLE.to_parquet,
    "people.PQ": PEOPLE.to_parquet,
    "people.csv": lambda path: PEOPLE.to_csv(path, index=False),
    "people.feather": PEOPLE.to_feather,
    "people.arrow": PEOPLE.to_feather,
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_table_comes_back(name, as_text, tmp_path):
    WRITERS[name](tmp_path / name)
    path = tmp_path / name
    pd.testing.assert_frame_equal(read_table_file(str(path) if as_text else path), PEOPLE)


def test_an_index_is_no_column(tmp_path):
    PEOPLE.set_index(pd.Index([7, 8, 9], name="id")).to_parquet(tmp_path / "people.parquet")
    pd.testing.assert_frame_equal(read_table_file(tmp_path / "people.parquet"), PEOPLE)


CONTENTS = {
    "empty.csv": b"",
    "no_rows.csv": b"age,town\n",
    "semicolons.csv": b"age;town\n31;Ulm\n",
    "ragged.csv": b"age,town\n31,Ulm\n54,Ems,1,2\n",
    "binary.csv": bytes(range(256)) * 10,
    "text.parquet": b"age,town\n31,Ulm\n",
    "short.parquet": b"PAR1",
    "empty.parquet": b"",
    "text.feather": b"age,town\n31,Ulm\n",
    "text.arrow": b"ARROW1\x00\x00nonsense",
    "people.xlsx": b"PK\x03\x04",
    "people": b"age,town\n31,Ulm\n",
    "people.pkl": pickle.dumps(PEOPLE),
    "pickle.csv": pickle.dumps(PEOPLE),
    "pickle.parquet": pickle.dumps(PEOPLE),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_no_table_is_refused(name, tmp_path):
    (tmp_path / name).write_bytes(CONTENTS[name])
    with pytest.raises(TableError):
        read_table_file(tmp_path / name)


def test_messages_say_what_to_do(tmp_path):
    (tmp_path / "people.xlsx").write_bytes(b"PK")
    for path, match in [
        (tmp_path / "none.csv", "no such file"),
        (tmp_path, "a folder"),
        (tmp_path / "people.xlsx", "to_parquet"),
    ]:
        with pytest.raises(TableError, match=match):
            read_table_file(path)


def test_a_cut_file_is_noticed(tmp_path):
    path = tmp_path / "people.parquet"
    PEOPLE.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TableError, match="whole"):
        read_table_file(path)


def test_columns_of_one_name(tmp_path):
    pa = pytest.importorskip("pyarrow")
    feather = pytest.importorskip("pyarrow.feather")
    feather.write_feather(pa.table([[1, 2], [3, 4]], names=["age", "age"]), tmp_path / "people.feather", version=2)
    with pytest.raises(TableError, match="age"):
        read_table_file(tmp_path / "people.feather")
