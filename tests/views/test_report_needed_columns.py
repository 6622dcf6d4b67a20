"""The report on needed columns: true to its numbers, honest about what was not shown, whole at its extremes."""

import copy
import html
import re
import xml.etree.ElementTree as ET

import pytest

from reticent.views import page_needed, report_needed_columns

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>"


def estimate(value, low=None, high=None, untested=""):
    low, high = (value - 0.003 if low is None else low), (value + 0.003 if high is None else high)
    return {"value": value, "low": low, "high": high, "level": 0.9, "method": "paired", "n": 900, "untested": untested}


def untested(reason="12 sealed rows are too few"):
    return {**estimate(0.0, 0.0, 1.0, reason), "value": None}


def column(name, alone, kept=True, protected=False):
    return {"name": name, "kept": kept, "protected": protected, "alone": estimate(alone)}


def tried(name, kept, value, shown, *more):
    return {"dropped": [*more, name], "kept": kept, "open_loss": 0.0, "loss": estimate(value), "shown": shown}


@pytest.fixture
def made():
    """A function: some parts of an answer in, its dict out."""

    def make(**changed):
        result = {
            "schema": "reticent/needed-columns/1",
            "label": "income",
            "model": "HistGradientBoostingClassifier",
            "metric": "accuracy",
            "margin": 0.01,
            "level": 0.95,
            "kept": ["age", "hours", "job"],
            "dropped": ["race", "sex"],
            "protected": ["race", "sex"],
            "loss": estimate(0.004),
            "error": estimate(0.14),
            "tried": [tried("race", 4, 0.001, True), tried("sex", 3, 0.004, True), tried("hours", 2, 0.0085, False)],
            "columns": [
                column("age", 0.05),
                column("hours", 0.006),
                column("job", 0.02),
                column("race", 0.001, False, True),
                column("sex", -0.0012, False, True),
            ],
            "groups": [
                {"column": "race", "group": "Other", "rows": 12, "loss": untested()},
                {"column": "sex", "group": "Female", "rows": 320, "loss": estimate(0.012)},
            ],
            "remains": [
                {
                    "column": "sex",
                    "question": "is Male",
                    "auc": estimate(0.93, 0.92, 0.94),
                    "by": "job",
                    "told": estimate(0.31, 0.3, 0.32),
                },
                {"column": "race", "question": "is White", "auc": untested("too few"), "by": "", "told": untested()},
            ],
            "simpler": [
                {"name": "constant", "columns": [], "loss": estimate(0.1), "shown": False},
                {"name": "shallow tree", "columns": ["age", "job"], "loss": estimate(0.005), "shown": True},
                {"name": "linear model", "columns": ["age", "hours", "job"], "loss": estimate(0.004), "shown": True},
            ],
            "held_constant": False,
            "rows": 3_000,
            "open_rows": 2_100,
            "sealed_rows": 900,
            "sealed_people": 900,
            "not_tested": ["people of another time or place than those of this table"],
            "seed": 7,
            "versions": {"reticent": "0.1.0"},
            "timings": {"needed_columns": 2.0},
            "sentence": "3 of 5 columns; 95 % sure that the loss is under 1 point; race and sex are not among them",
        }
        return {**result, **copy.deepcopy(changed)}

    return make


@pytest.fixture
def nothing_goes(made):
    """An answer without a column that goes."""
    stay = [column(name, 0.02) for name in ("age", "job")]
    return made(
        kept=["age", "job"],
        dropped=[],
        protected=[],
        columns=stay,
        tried=[tried("age", 1, 0.03, False)],
        groups=[],
        remains=[],
        simpler=[],
        sentence="all 2 columns: no smaller set is shown to lose under 1 point",
    )


def said(markup):
    plain = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup.partition("</head>")[2] or markup)))
    return plain.replace("\N{MINUS SIGN}", "-")


def test_what_was_not_tested_comes_first_then_the_sentence_then_the_picture(made):
    page = said(page_needed.document(made()))
    places = [page.index(one) for one in ("Not tested", "3 of 5 columns suffice", "95 % sure", "Column by column")]
    assert places == sorted(places)
    assert "under 1 point; race and sex are not among them." in page


def test_columns_stand_in_the_order_in_which_they_go(made):
    rows = re.findall(r'<th scope="row"[^>]*>(\w+)', report_needed_columns.columns(made()))
    assert rows == ["race", "sex", "hours", "job", "age"]  # shown, shown, where it stopped, then by the loss alone


def test_each_column_says_whether_it_goes_and_what_it_costs(made):
    page = said(report_needed_columns.columns(made()))
    assert "sex protected goes -0.12 (-0.42 to +0.18) +0.40 (+0.10 to +0.70) 3" in page
    assert "hours stays +0.60 (+0.30 to +0.90) +0.85 (+0.55 to +1.15) 2" in page
    assert "less than shown to be needed" in page


def test_a_step_of_several_columns_stands_at_its_last(made):
    page = said(report_needed_columns.columns(made(tried=[tried("sex", 3, 0.004, True, "race")])))
    assert "race protected goes +0.10 (-0.20 to +0.40) sex" in page
    assert "+0.40 (+0.10 to +0.70) 3" in page


def test_the_picture_puts_every_loss_where_it_belongs(made):
    root = ET.fromstring(report_needed_columns.picture(made(margin=0.02)))
    spots = [float(one.get("cx")) for one in root.iter(f"{SVG}circle")]
    # Four that were not put to the test, and two that were shown; the loss of "age" lies beyond two margins.
    zero = [float(one.get("x")) for one in root.iter(f"{SVG}text") if one.text == "0"]
    margin = [float(one.get("x")) for one in root.iter(f"{SVG}text") if one.text == "margin 2"]
    points = (margin[0] - zero[0]) / 2
    assert spots[:4] == pytest.approx([zero[0] + points * one for one in (0.1, -0.12, 0.6, 2.0)], abs=0.15)
    assert spots[5:] == pytest.approx([zero[1] + points * one for one in (0.1, 0.4)], abs=0.15)
    assert len(list(root.iter(f"{SVG}polygon"))) == 1  # the diamond of what was not shown
    assert "race: without it alone: +0.10 (\N{MINUS SIGN}0.20 to +0.40)" in root.get("aria-label")
    assert "hours: without it alone: +0.60 (+0.30 to +0.90), and without all above: +0.85" in root.get("aria-label")


def test_a_loss_beyond_the_picture_is_written_at_its_edge(made):
    root = ET.fromstring(report_needed_columns.picture(made()))
    assert [one.text for one in root.iter(f"{SVG}text") if "→" in (one.text or "")] == ["+5.00 →"]


def test_proxies_are_named_and_what_cannot_be_told_says_why(made):
    page = said(report_needed_columns.remains(made()))
    assert "sex is Male 0.930 (0.920 to 0.940) job 31.0 % (30.0 to 32.0)" in page
    assert "race is White too few none" in page


def test_a_protected_column_that_others_tell_is_not_said_to_be_gone(made):
    result = made()
    warned = "What goes is not thereby unknown. The kept columns still tell of sex (AUC 0.930 (0.920 to 0.940))"
    assert warned in said(page_needed.document(result))
    assert warned in " ".join(report_needed_columns.words(result).split())
    guess = {**result["remains"][0], "auc": estimate(0.51, 0.49, 0.53)}
    assert report_needed_columns.still_told(made(remains=[guess])) == ""
    assert report_needed_columns.still_told(made(protected=["race"])) == ""


def test_the_simplest_model_that_would_do_is_named(made):
    page = said(report_needed_columns.simpler(made()))
    assert "Perhaps not: a shallow tree on 2 columns is shown to lose less than 1 point " in page
    assert "constant no column +10.00 (+9.70 to +10.30) not shown" in page
    same = [{"name": "constant", "columns": [], "loss": estimate(0.001), "shown": True}]
    assert "one answer for everybody is shown" in said(report_needed_columns.simpler(made(simpler=same)))
    none = [{"name": "constant", "columns": [], "loss": estimate(0.1), "shown": False}]
    assert "None of these simpler models was shown" in said(report_needed_columns.simpler(made(simpler=none)))


def test_small_groups_show_their_loss_or_that_they_are_too_few(made):
    page = said(page_needed.document(made()))
    assert "race: Other 12 12 sealed rows are too few" in page and "sex: Female 320 +1.20 (+0.90 to +1.50)" in page


def test_nothing_that_goes_is_said_without_praise_or_blame(made, nothing_goes):
    page = page_needed.document(nothing_goes)
    assert "No column was shown to be superfluous" in said(page) and "rt-mute" in page
    for absent in ("What the kept columns still tell", "at all?", "What small groups lose", "stroke-dasharray:1 3"):
        assert absent not in page
    assert "rt-calm" in page_needed.document(made())


def test_one_step_that_was_not_even_tried(made, nothing_goes):
    assert "<svg" in page_needed.document({**nothing_goes, "tried": []})


def test_a_single_column_that_stays(made):
    one = made(
        kept=["age"],
        dropped=["race"],
        columns=[column("age", 0.3), column("race", 0.0, False, True)],
        tried=[tried("race", 1, 0.001, True)],
        groups=[],
        simpler=[],
    )
    page = said(page_needed.document(one))
    assert "1 of 2 columns suffices" in page and "Stay: age. Go: race. Loss" in page


def test_of_many_columns_those_around_the_line_are_drawn(made):
    names = [f"c{k:02}" for k in range(60)]
    many = made(
        kept=names[40:],
        dropped=names[:40],
        tried=[tried(name, 59 - k, 0.001, k < 40) for k, name in enumerate(names[:41])],
        columns=[column(name, 0.001 * k, k >= 40) for k, name in enumerate(names)],
    )
    drawn = report_needed_columns.columns(many)
    root = ET.fromstring(report_needed_columns.picture(many))
    shown = [one.text for one in root.iter(f"{SVG}text") if (one.text or "").startswith("c")]
    assert shown == names[20:50] and "30 of 60 columns." in drawn
    assert drawn.count('scope="row"') == 60  # the table holds them all


def test_names_that_strangers_chose_stay_text(made):
    evil = made(
        label=EVIL,
        columns=[column(EVIL, 0.01), column("age", 0.02)],
        tried=[tried(EVIL, 1, 0.01, False)],
        dropped=[],
        groups=[{"column": EVIL, "group": EVIL, "rows": 99, "loss": estimate(0.0)}],
        not_tested=[EVIL],
        sentence=EVIL,
    )
    for markup in (page_needed.document(evil), page_needed.fragment(evil)):
        assert "<script" not in markup and "&lt;script&gt;" in markup


def test_a_regression_speaks_of_spread_not_of_accuracy(made):
    page = said(page_needed.document(made(metric="absolute error")))
    assert "% of the label's spread" in page and "percentage points" not in page


def test_the_terminal_stays_narrow_and_ends_with_the_sentence(made, nothing_goes):
    lines = report_needed_columns.words(made()).splitlines()
    assert max(map(len, lines)) <= 100
    assert " ".join(lines[-2:]).endswith("race and sex are not among them.")
    assert any(line.startswith("race *  goes   +0.10") for line in lines)
    assert "Groups asked: 1. sex = Female (320 sealed rows) loses most: +1.20" in " ".join(lines)
    assert "loses most" not in report_needed_columns.words(nothing_goes)


def test_no_page_says_more_than_was_shown(made, nothing_goes):
    for result in (made(), nothing_goes):
        page = said(page_needed.document(result)) + report_needed_columns.words(result)
        assert not re.findall(r"\b(safe|anonymous|harmless|private|necessary|is needed)\b", page, re.IGNORECASE)
        assert not re.findall(r"(?:src|href)=\"https?:", page_needed.document(result))
