"""The report on needed people: learning curve and exposure on one axis, and nothing claimed from a law that planned."""

import html
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from reticent.views import page_needed, report_needed_people

SVG = "{http://www.w3.org/2000/svg}"


def estimate(value, low=None, high=None, untested=""):
    low, high = (value - 0.003 if low is None else low), (value + 0.003 if high is None else high)
    return {"value": value, "low": low, "high": high, "level": 0.9, "method": "paired", "n": 900, "untested": untested}


def size(people, loss, shown):
    return {
        "people": people,
        "rows": people,
        "draws": 5,
        "error": 0.14 + loss,
        "loss": estimate(loss),
        "shown": shown,
    }


def exposure(**changed):
    return {
        "schema": "reticent/forecast/1",
        "goal": {"tpr": 0.03, "fpr": 0.01},
        "have": {"members": 20_000, "classes": 2, "per_class": 10_000},
        "sizes": [
            {"members": members, "per_class": members / 2, "parts": 1, "models": 16, "tpr": estimate(rate)}
            for members, rate in ((5_000, 0.06), (10_000, 0.04), (20_000, 0.03))
        ],
        "curve": [
            {"per_class": n, "value": 0.01 + 2.0 * n**-0.5, "low": 0.01 + 1.8 * n**-0.5, "high": 0.01 + 2.2 * n**-0.5}
            for n in (2_000, 4_000, 6_000, 8_000, 10_000, 20_000)
        ],
        "sentence": "The goal would be reached with about 40,000 records.",
        **changed,
    }


@pytest.fixture
def made():
    """A function: some parts of an answer in, its dict out."""

    def make(**changed):
        return {
            "schema": "reticent/needed-people/1",
            "label": "income",
            "model": "HistGradientBoostingClassifier",
            "metric": "accuracy",
            "margin": 0.01,
            "level": 0.95,
            "people": 20_000,
            "enough": 12_000,
            "loss": estimate(0.004),
            "error": estimate(0.14),
            "sizes": [size(18_000, 0.001, True), size(12_000, 0.004, True), size(8_400, 0.008, False)],
            "planned": [{"people": 312, "error": 0.2}, {"people": 2_500, "error": 0.16}],
            "law": {"floor": 0.13, "scale": 1.2, "slope": 0.5},
            "exposure": exposure(),
            "rows": 28_600,
            "open_rows": 20_000,
            "sealed_rows": 8_600,
            "sealed_people": 8_600,
            "not_tested": ["sizes beyond those in the table"],
            "seed": 7,
            "versions": {"reticent": "0.1.0"},
            "timings": {"needed_people": 2.0},
            "sentence": "12,000 of 20,000 people suffice; 95 % sure that the loss is under 1 point",
            **changed,
        }

    return make


def said(markup):
    plain = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup.partition("</head>")[2] or markup)))
    return plain.replace("\N{MINUS SIGN}", "-")


def drawn(result):
    root = ET.fromstring(report_needed_people.picture(result))
    return root, {one.text: (float(one.get("x")), float(one.get("y"))) for one in root.iter(f"{SVG}text")}


def test_the_page_says_what_was_shown_and_what_was_not_tested_first(made):
    page = said(page_needed.document(made()))
    places = [page.index(one) for one in ("Not tested", "12,000 of 20,000 people suffice", "What more people bring")]
    assert places == sorted(places)
    assert "Sizes beyond those in the table" in page


def test_both_pull_apart_in_one_sentence(made):
    told = report_needed_people.pulled(made())
    assert "12,000 in place of 20,000, 8,000 people are spared" in told
    assert "about 3.6 % (3.3 to 3.8) in place of 3.0 % (2.8 to 3.2) at 1 % false alarms" in told
    assert "if the power law of the forecast holds" in told
    alone = report_needed_people.pulled(made(enough=20_000))
    assert alone == "Of 20,000 people attackers recognize about 3.0 % (2.8 to 3.2) at 1 % false alarms."


def test_nothing_is_read_beyond_the_ends_of_the_forecast(made):
    told = report_needed_people.pulled(made(enough=900))
    assert "19,100 people are spared; of all, attackers recognize about 3.0 %" in told
    assert "of so few that was not forecast" in told and "of those who are left" not in told


def test_people_with_several_rows_are_counted_as_people(made):
    told = report_needed_people.pulled(made(people=10_000, enough=6_000))  # two rows each
    assert "6,000 in place of 10,000" in told and "about 3.6 % (3.3 to 3.8) in place of 3.0 %" in told
    rows = re.findall(r'<th scope="row"[^>]*>([\d,]+)', report_needed_people.sizes(made(people=10_000, enough=6_000)))
    assert {"2,500", "5,000", "10,000"} <= set(rows)


def test_one_axis_of_people_for_both_panels(made):
    root, words = drawn(made())
    squares = [one.get("points").split() for one in root.iter(f"{SVG}polygon") if len(one.get("points").split()) == 4]
    middle = {round(sum(float(p.split(",")[0]) for p in one) / 4) for one in squares}
    assert round(words["20,000"][0]) in middle  # the exposure at 20,000 stands above its label
    assert words["12,000 suffice"][1] < 50
    band = [one for one in root.iter(f"{SVG}line") if "stroke-width:9" in one.get("style")]
    assert len(band) == 1 and float(band[0].get("y2")) == 480  # through both panels


def test_higher_is_better_above_and_safer_is_lower_below(made):
    root, _ = drawn(made())
    circles = [one for one in root.iter(f"{SVG}circle") if float(one.get("r")) > 4]
    (far, high), (near, low) = ((float(one.get("cx")), float(one.get("cy"))) for one in circles)
    assert near < far and high < low  # more people: to the right, and higher up
    assert "12,000 people: loss +0.40" in root.get("aria-label") and "not shown to suffice" in root.get("aria-label")


def test_without_exposure_there_is_one_panel_and_no_sentence_on_it(made):
    result = made(exposure=None)
    root, words = drawn(result)
    assert not any("recognized" in text for text in words) and float(root.get("viewBox").split()[3]) < 330
    page = said(page_needed.document(result))
    assert "pull apart" not in page and "Squares" not in page and "recognized" not in page


def test_an_exposure_without_a_law_gives_its_reason(made):
    untold = exposure(curve=[], sentence="No forecast: what attackers gain cannot be told from nothing.")
    page = said(page_needed.document(made(exposure=untold)))
    assert "What is exposed, by size: No forecast: what attackers gain" in page
    nothing = exposure(curve=[], sizes=[], sentence="No forecast: the attack 'lira' needs a recipe.")
    _, words = drawn(made(exposure=nothing))
    assert not any("recognized" in text for text in words)
    assert "No forecast: the attack" in said(page_needed.document(made(exposure=nothing)))


def test_nothing_shown_is_said_without_a_band(made):
    result = made(enough=20_000, sizes=[size(18_000, 0.02, False)], sentence="all 20,000 people: no smaller number")
    page = page_needed.document(result)
    assert "Fewer people were not shown to suffice" in said(page) and "rt-mute" in page
    assert "stroke-width:9" not in page


def test_no_size_at_all_still_draws_what_was_planned(made):
    root, words = drawn(made(enough=20_000, sizes=[], exposure=None))
    assert len(list(root.iter(f"{SVG}circle"))) == 2 and "20,000" in words


def test_labels_of_the_axis_keep_clear_of_each_other(made):
    many = made(sizes=[size(n, 0.02, False) for n in range(18_000, 8_000, -400)])
    _, words = drawn(many)
    ticks = sorted(x for text, (x, y) in words.items() if re.fullmatch(r"[\d,]+", text or "") and y == 498)
    assert len(ticks) >= 3 and all(after - before >= 44 for before, after in pairwise(ticks))
    assert all(0 <= x <= 480 for x, _ in words.values())


def test_a_regression_speaks_of_spread(made):
    page = said(page_needed.document(made(metric="absolute error")))
    assert "share of the label's spread that is explained" in page and "loss, % of the label's spread" in page


def test_the_terminal_shows_sizes_exposure_and_the_sentence(made):
    lines = report_needed_people.words(made()).splitlines()
    assert max(map(len, lines)) <= 100 and " ".join(lines).endswith("under 1 point.")
    shown = " ".join(" ".join(lines).split()).replace("\N{MINUS SIGN}", "-")
    assert "12,000 5 +0.40 (+0.10 to +0.70) yes" in shown and "20,000 3.0 % (2.7 to 3.3)" in shown
    assert "pull apart" in shown
    assert "recognized" not in report_needed_people.words(made(exposure=None))
