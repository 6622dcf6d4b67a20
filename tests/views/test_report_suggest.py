"""A suggestion in words and pictures: true to its numbers, narrow, and proof against names that strangers chose."""

import xml.etree.ElementTree as ET

import pytest

from reticent.views import report_suggest


def known(title="age", gain=0.017, role="candidate", share=0.0001, **more):
    one = {
        "columns": [title],
        "title": title,
        "kind": "whole numbers",
        "values": 73,
        "alone": round(32_561 * share),
        "share": share,
        "sharing": 695.2,
        "bits": 5.7,
        "gain": gain,
        "role": role,
        "reason": "",
        "hint": False,
    }
    return {**one, **more}


def sets(*several):
    return [{"titles": list(titles), "alone": round(32_561 * share), "share": share} for titles, share in several]


def proxy(by=("land",), value=0.168, low=0.15, *, found=True):
    told = {"value": value, "low": low, "high": value + 0.02, "level": 0.95, "method": "", "n": 32_561, "untested": ""}
    right = {"right": 0.877, "guess": 0.854, "control": -0.0057}
    return {"of": "race", "by": list(by), "told": told, **right, "found": found}


@pytest.fixture
def suggestion():
    """A function: some parts of a suggestion in, its dict out."""

    def make(**parts):
        growth = sets((["age"], 0.0001), (["age", "job"], 0.2), (["age", "job", "hours"], 0.52))
        made = {
            "schema": "reticent/suggestion/1",
            "rows": 32_561,
            "people": 32_561,
            "known": [
                known(hint=True),
                known("job", 0.007, share=0.0),
                known("hours", 0.0, share=0.0),
                known("fnlwgt", None, "fine measurement", 0.471, reason="fewer than two people for each value"),
            ],
            "together": sets((["age"], 0.0001), (["age", "job"], 0.2), (["age", "job", "hours"], 0.52)),
            "complete": 3,
            "growth": growth,
            "growth_by_hint": sets((["age"], 0.0001), (["age", "job"], 0.2)),
            "everything": sets((["age", "job", "hours", "fnlwgt"], 0.99996))[0],
            "smallest": [{"target": 0.5, "set": growth[-1]}, {"target": 0.95, "set": None}],
            "candidates": ["age", "job", "hours"],
            "hinted": ["age"],
            "proxies": [proxy(), proxy(("job",), 0.001, -0.02, found=False)],
            "not_tested": [],
            "seed": 0,
            "versions": {"reticent": "0.1.0"},
        }
        made.update(parts)
        return {**made, "sentence": report_suggest.sentence(made)}

    return make


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.34159, "34.2 %"),
        (0.0074, "0.74 %"),
        (0.00003, "0.003 %"),
        (0.9995, "99.95 %"),
        (0.99996, "99.996 %"),
        (1e-12, "0 %"),
    ],
)
def test_shares_keep_the_digits_that_count(value, said):
    assert report_suggest.few(value) == said


def test_the_sentence_says_what_was_counted(suggestion):
    assert report_suggest.sentence(suggestion()) == (
        "Of 32,561 people, 52.0 % are singled out by age, job and hours, and by no other three columns more. "
        "Three columns are enough for half of them. The two columns whose names sound like something that others often "
        "know single out 20.0 %. All columns together single out 99.996 %."
    )


def test_the_sentence_claims_no_best_set_where_not_all_were_counted(suggestion):
    assert "no other" not in report_suggest.sentence(suggestion(complete=2))
    one = suggestion(
        together=sets((["id"], 0.97)), smallest=[{"target": t, "set": sets((["id"], 0.97))[0]} for t in (0.5, 0.95)]
    )
    said = report_suggest.sentence(one)
    assert "no other" not in said and "One column is enough for 95 %." in said and "half" not in said


def test_where_nobody_is_singled_out_it_says_so_and_no_picture_is_drawn(suggestion):
    none = suggestion(together=[], growth=[], growth_by_hint=[], smallest=[])
    assert report_suggest.sentence(none).startswith("Of 32,561 people nobody is singled out")
    assert report_suggest.together(none) is None
    assert "best together" not in report_suggest.words(none)


def test_the_terminal_shows_every_column_and_stays_within_100(suggestion):
    long = "a_name_that_goes_on_and_on_" * 5
    wide = known(long, 0.99996, "fine measurement", 0.999999, values=10**6, alone=999_999, sharing=10**6, hint=True)
    for result in (suggestion(), suggestion(known=[wide] * 60, together=sets(([long, long, long], 0.999999)))):
        result["people"] = 10**6
        result["proxies"] += [{**proxy(by, 0.99 + 0.001 * len(by), 0.9), "of": long} for by in [(long,), (long, long)]]
        assert max(len(line) for line in report_suggest.words(result).splitlines()) <= 100
    assert "and 15 more columns" in report_suggest.words(result)
    said = report_suggest.words(suggestion())
    assert (
        "* age" in said and "  fnlwgt" in said and "47.1 %" in said and "Counted on this table, not estimated." in said
    )
    assert all(limit[:40] in " ".join(said.split()) for limit in report_suggest.LIMITS)


def test_proxies_are_shown_where_found_and_nothing_is_said_to_be_nothing(suggestion):
    said = report_suggest.words(suggestion())
    assert "land" in said and "16.8 % (15.0 to 18.8)" in said and "-0.57 %" in said
    none = suggestion(proxies=[proxy(found=False), proxy(("job",), 0.001, -0.02, found=False)])
    assert "Proxies of race: none found among 2 columns" in report_suggest.words(none)
    assert "Nothing found that tells of race" in report_suggest.proxies(none)
    assert report_suggest.proxies(suggestion(proxies=[])) is None


def test_a_pair_is_shown_only_where_it_tells_more_than_its_better_half(suggestion):
    more, less = proxy(("land", "job"), 0.2, 0.18), proxy(("land", "job"), 0.1, 0.08)
    assert "land and job" in report_suggest.words(suggestion(proxies=[proxy(), more]))
    assert "land and job" not in report_suggest.words(suggestion(proxies=[proxy(), less]))


@pytest.mark.parametrize("drawing", [report_suggest.bars, report_suggest.steps])
def test_pictures_are_whole_and_name_what_they_show(suggestion, drawing):
    picture = ET.fromstring(drawing(suggestion()))
    said = " ".join(picture.itertext())
    assert "age" in said and "job" in said
    height = float(picture.get("viewBox").split()[3])
    for one in picture.iter():
        assert float(one.get("y", 0)) <= height and float(one.get("x", 0)) <= 480


def test_bars_are_as_long_as_their_numbers(suggestion):
    picture = ET.fromstring(report_suggest.bars(suggestion()))
    width = [float(one.get("width")) for one in picture.iter("{http://www.w3.org/2000/svg}rect")]
    assert width == pytest.approx([84 * 0.0001 / 0.471, 84, 84, 84 * 0.007 / 0.017], abs=0.06)


def test_names_that_strangers_chose_stay_text(suggestion):
    evil = "<script>alert(1)</script>"
    result = suggestion(
        known=[known(evil)],
        together=sets(([evil], 0.5)),
        growth=sets(([evil], 0.5)),
        proxies=[{**proxy((evil,)), "of": evil}],
        candidates=[evil],
    )
    parts = [getattr(report_suggest, part)(result) for part in ("verdict", "columns", "together", "proxies", "details")]
    assert "<script" not in "".join(parts) and "&lt;script&gt;" in "".join(parts)


def test_many_columns_are_drawn_in_part_and_that_is_said(suggestion):
    many = report_suggest.columns(suggestion(known=[known(f"c{k}") for k in range(30)]))
    assert "The first 24." in many and many.count("<tr>") == 31
    assert "The first" not in report_suggest.columns(suggestion())
    assert report_suggest.subject(suggestion()) == "32,561 people, 4 columns."
    assert report_suggest.subject(suggestion(rows=40_000)) == "32,561 people in 40,000 rows, 4 columns."


def test_plot_draws_both_curves(suggestion):
    ax = pytest.importorskip("matplotlib.figure").Figure().subplots()
    assert report_suggest.plot(suggestion(), ax=ax) is ax
    assert [len(line.get_xdata()) for line in ax.lines] == [3, 2]
    assert [one.get_text() for one in ax.texts] == ["age", "job", "hours", "age", "job"]
    empty = pytest.importorskip("matplotlib.figure").Figure().subplots()
    assert not report_suggest.plot(suggestion(growth=[], growth_by_hint=[]), ax=empty).lines
