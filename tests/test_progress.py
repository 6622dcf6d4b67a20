"""Progress: shown to whoever looks, in words that people use; nothing where output is piped."""

import pytest

from reticent import _progress


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (9.4, "9 s"),
        (31, "30 s"),
        (89, "90 s"),
        (91, "2 min"),
        (59.4 * 60, "59 min"),
        (59.9 * 60, "1 h"),
        (83 * 60, "1 h 25 min"),
        (9.9 * 3600, "9 h 55 min"),
        (26.4 * 3600, "26 h"),
    ],
)
def test_times_in_words(seconds, words):
    assert _progress.in_words(seconds) == words


def test_nothing_is_said_where_nobody_looks(capfd):
    assert list(_progress.track(iter("abc"), total=3, title="letters")) == ["a", "b", "c"]
    _progress.forecast("ages", 9_999)
    assert capfd.readouterr() == ("", "")


def test_a_person_sees_a_bar_and_a_forecast(monkeypatch, capfd):
    monkeypatch.setattr(_progress, "watched", lambda: True)
    assert list(_progress.track([1, 2], total=2, title="numbers")) == [1, 2]
    _progress.forecast("32 models", 75)
    _progress.forecast("a blink", 2)
    out, err = capfd.readouterr()
    assert out == "" and "numbers:" in err and "About 75 s to go: 32 models" in err and "blink" not in err


def test_the_bar_is_closed_when_the_work_stops(monkeypatch, capfd):
    monkeypatch.setattr(_progress, "watched", lambda: True)

    def work():
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(_progress.track(work(), total=9, title="numbers"))
    assert capfd.readouterr().err.endswith("\r")  # cleared: what is said next stands on a line of its own
