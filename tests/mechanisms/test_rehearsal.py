from threading import Thread

import pytest

from reticent.mechanisms.rehearsal import is_rehearsal, rehearsal


def test_it_ends_with_its_block_also_after_an_error():
    with pytest.raises(KeyError), rehearsal(), rehearsal():
        assert is_rehearsal()
        raise KeyError
    assert not is_rehearsal()


def test_another_thread_has_its_own_say():
    heard = []
    with rehearsal():
        thread = Thread(target=lambda: heard.append(is_rehearsal()))
        thread.start()
        thread.join()
    assert heard == [False]
