"""The report on needed history: a retention rule in one sentence, or that none can be drawn."""

import html
import re
import xml.etree.ElementTree as ET

import pytest

from reticent.views import page_needed, report_needed_history

SVG = "{http://www.w3.org/2000/svg}"


def estimate(value, untested=""):
    ends = {"low": value - 0.003, "high": value + 0.003}
    return {"value": value, **ends, "level": 0.9, "method": "paired", "n": 900, "untested": untested}


def span(words, since, rows, loss, shown):
    return {"words": words, "since": since, "rows": rows, "error": 0.2 + loss, "loss": estimate(loss), "shown": shown}


@pytest.fixture
def made():
    """A function: some parts of an answer in, its dict out."""

    def make(**changed):
        return {
            "schema": "reticent/needed-history/1",
            "label": "repaid",
            "date": "signed",
            "model": "LogisticRegression",
            "metric": "accuracy",
            "margin": 0.01,
            "level": 0.95,
            "oldest": "2020-01-02",
            "newest": "2024-12-30",
            "judged_from": "2024-12-31",
            "judged_to": "2025-09-01",
            "enough": "12 months",
            "since": "2023-12-30",
            "not_needed": 0.7512,
            "loss": estimate(0.004),
            "error": estimate(0.2),
            "spans": [
                span("24 months", "2022-12-30", 8_000, 0.001, True),
                span("12 months", "2023-12-30", 4_000, 0.004, True),
                span("6 months", "2024-06-30", 2_000, 0.012, False),
            ],
            "rows": 23_000,
            "open_rows": 16_000,
            "sealed_rows": 7_000,
            "sealed_people": 6_500,
            "not_tested": ["other times than that of the newest rows"],
            "seed": 7,
            "versions": {"reticent": "0.1.0"},
            "timings": {"needed_history": 2.0},
            "sentence": "rows older than 12 months are not needed; 95 % sure that the loss is under 1 point",
            **changed,
        }

    return make


@pytest.fixture
def nothing(made):
    """An answer in which no span suffices."""
    return made(
        enough="",
        since="2020-01-02",
        not_needed=0.0,
        spans=[span("24 months", "2022-12-30", 8_000, 0.02, False)],
        sentence="all rows since 2020-01-02: no shorter span is shown to lose under 1 point",
    )


def said(markup):
    plain = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup.partition("</head>")[2] or markup)))
    return plain.replace("\N{MINUS SIGN}", "-")


def test_the_rule_is_one_sentence_with_what_it_rests_on(made):
    assert report_needed_history.rule(made()) == (
        "For this purpose rows need not be kept longer than 12 months: without those before 2023-12-30, 75 % of them, "
        "the model loses less than 1 point on the people who came after."
    )


def test_the_page_says_who_judges_and_what_was_not_tested(made):
    page = said(page_needed.document(made()))
    places = [page.index(one) for one in ("Not tested", "keep 12 months", "How far back 1", "How it was tested")[:2]]
    assert places == sorted(places)
    assert "The rows that judge, from 2024-12-31 to 2025-09-01, are newer than all of these." in page
    assert "7,000 rows of 6,500 people, the newest, from 2024-12-31 to 2025-09-01" in page
    assert "Rows older than 12 months are not needed; 95 % sure" in page


def test_the_picture_has_a_row_for_each_rule(made):
    root = ET.fromstring(report_needed_history.picture(made()))
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert [one for one in texts if one.startswith("the last")] == [
        "the last 24 months",
        "the last 12 months",
        "the last 6 months",
    ]
    assert len(list(root.iter(f"{SVG}circle"))) == 2 and len(list(root.iter(f"{SVG}polygon"))) == 1
    assert "the last 6 months: what is lost: +1.20" in root.get("aria-label")


def test_the_time_that_is_kept_is_drawn_to_scale(made):
    root = ET.fromstring(report_needed_history.picture(made()))
    kept = [one for one in root.iter(f"{SVG}line") if "stroke-width:7" in one.get("style")]
    spans = [float(one.get("x2")) - float(one.get("x1")) for one in kept]
    assert spans[0] / spans[1] == pytest.approx(2, rel=0.02) and spans[1] / spans[2] == pytest.approx(2, rel=0.03)
    assert len({one.get("x2") for one in kept}) == 1  # all end at the newest row that is learned from
    judges = next(one for one in root.iter(f"{SVG}rect") if "opacity:0.2" in one.get("style"))
    assert float(judges.get("x")) >= float(kept[0].get("x2"))


def test_the_table_tells_rows_and_losses(made):
    page = said(report_needed_history.spans(made()))
    assert "12 months 2023-12-30 4,000 +0.40 (+0.10 to +0.70) yes" in page
    assert "6 months 2024-06-30 2,000 +1.20 (+0.90 to +1.50) not shown" in page


def test_no_rule_is_drawn_from_what_was_not_shown(nothing):
    page = page_needed.document(nothing)
    assert "No rule can be drawn from this" in said(page) and "rt-mute" in page and "keep " not in said(page)
    assert "need not be kept" not in said(page)


def test_a_table_of_days_too_few_for_any_span(nothing):
    page = page_needed.document({**nothing, "spans": []})
    assert "<svg" not in page and "No rule can be drawn" in said(page)
    assert "No rule can be drawn" in report_needed_history.words({**nothing, "spans": []})


def test_the_terminal_and_the_notebook(made):
    lines = report_needed_history.words(made()).splitlines()
    assert max(map(len, lines)) <= 100 and " ".join(lines).endswith("under 1 point.")
    fragment = page_needed.fragment(made())
    assert "keep 12 months" in said(fragment) and "<svg" in fragment and "How it was tested" not in fragment
