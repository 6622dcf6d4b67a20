"""The bench works out once, hands back in order, and keeps on disk all of a piece or nothing."""

import time

import joblib
import numpy as np
import pytest

from reticent.attacks.workbench import Workbench
from reticent.errors import OutputError


def twice(number, wait=0.0):
    time.sleep(wait)
    return 2 * number


def test_works_out_once_a_key():
    bench, made = Workbench(), []
    assert [bench.once(key, lambda: made.append(0) or len(made)) for key in ("a", "a", "b", "a")] == [1, 1, 2, 1]
    assert Workbench().once("a", lambda: 7) == 7  # each bench on its own


def test_hands_back_in_order():
    assert list(Workbench(n_jobs=1).spread(twice, [(3,), (1,), (2,)])) == [6, 2, 4]
    assert list(Workbench(n_jobs=1).spread(twice, [])) == []


def test_follows_the_callers_backend():
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert list(Workbench().spread(twice, [(3, 0.05), (1, 0.0)])) == [6, 2]


def test_takes_all_cores_unless_somebody_says_how_many():
    assert Workbench()._workers == -1
    assert Workbench(n_jobs=3)._workers == 3
    for said in (1, 2):
        with joblib.parallel_config(n_jobs=said):
            assert joblib.effective_n_jobs(Workbench()._workers) == said
    with joblib.parallel_config(backend="threading"):
        assert Workbench()._workers == -1


def test_an_error_in_the_work_is_the_callers_to_see():
    with pytest.raises(TypeError):
        list(Workbench(n_jobs=1).spread(twice, [(None,)]))


def test_keeps_pieces_and_clears_them(tmp_path):
    folder = tmp_path / "deep" / "work"
    bench, piece = Workbench(folder=folder), np.arange(6.0).reshape(2, 3)
    assert bench.kept("one", (2, 3)) is None
    bench.keep("one", piece)
    np.testing.assert_array_equal(Workbench(folder=folder).kept("one", (2, 3)), piece)
    assert [path.name for path in folder.iterdir()] == ["one.npy"]
    assert bench.kept("one", (3, 2)) is None and bench.kept("other", (2, 3)) is None
    bench.clear()
    assert not folder.exists()
    bench.clear()  # nothing to clear is no error


def test_keeps_nothing_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench = Workbench()
    bench.keep("one", np.arange(3.0))
    assert bench.kept("one", (3,)) is None and not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04", b"\x80\x04\x95", None])
def test_what_is_damaged_or_of_another_format_is_made_again(content, tmp_path):
    path = tmp_path / "one.npy"
    if content is None:
        np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    else:
        path.write_bytes(content)
    assert Workbench(folder=tmp_path).kept("one", (1,)) is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot keep finished work"):
        Workbench(folder=tmp_path / "file").keep("one", np.arange(3.0))
