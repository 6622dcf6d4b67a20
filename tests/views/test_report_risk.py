"""The report of a table's risk: what it says follows from the counts, and it says no more than that."""

import copy
import html
import re
import xml.etree.ElementTree as ET

import matplotlib.figure
import pytest

from reticent.errors import MissingPackageError
from reticent.views import page_risk, report_risk, risk_in_words

EVIL = "<script>alert(1)</script>"


def thresholds(sizes):
    people = sum(count for _, count in sizes)
    below = {size: sum(count for own, count in sizes if own < size) for size in (20, 11, 5, 3)}
    risks = dict(zip(below, (0.05, 0.09, 0.2, 0.33), strict=True))
    return [
        {"risk": risks[size], "size": size, "people": count, "share": count / people} for size, count in below.items()
    ]


def risks(sizes):
    people = sum(count for _, count in sizes)
    mean = sum(count / size for size, count in sizes) / people
    return {"highest": 1 / sizes[0][0], "mean": mean, "thresholds": thresholds(sizes), "sizes": sizes}


def sensitive(name="ill", one_value=40, c=None):
    return {
        "name": name,
        "values": 3,
        "l": 1 if one_value else 2,
        "entropy_l": 1.0 if one_value else 1.9,
        "c": c,
        "t": 0.41,
        "ordered_t": None,
        "alpha": 1.0,
        "one_value": one_value,
    }


@pytest.fixture
def made():
    """A result of the right shape: ``made(sizes, sensitive=..., ...)``."""

    def make(sizes=((1, 30), (2, 20), (6, 60), (40, 890)), **changed):
        sizes = [list(pair) for pair in sizes]
        people, alone = sum(count for _, count in sizes), sum(count for size, count in sizes if size == 1)
        untested = "cannot be told: how many people the table was drawn from is not known"
        uniques = {"value": None, "low": 0.0, "high": alone / people, "level": 0.95, "method": "none", "n": people}
        result = {
            "schema": "reticent/risk/1",
            "external": True,
            "table": {"rows": people, "people": people, "person": None, "columns": ["age", "town", "ill", "wage"]},
            "quasi_identifiers": ["age", "town"],
            "named": True,
            "k": sizes[0][0],
            "classes": sum(count // size for size, count in sizes),
            "alone": alone,
            "risk": risks(sizes),
            "sensitive": [],
            "every": {"k": 1, "alone": 990, "columns": 4},
            "population": {"size": None, "uniques": {**uniques, "untested": untested}, "risk": None},
            "ncp": None,
            "notes": [],
            "versions": {"reticent": "0.1.0"},
        } | copy.deepcopy(changed)
        result["not_tested"] = risk_in_words.not_tested(result)
        return {**result, "sentence": risk_in_words.sentence(result)}

    return make


def words(markup):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup.partition("</head>")[2] or markup)))


def test_what_was_not_tested_comes_first_and_then_who_is_alone(made):
    page = words(page_risk.document(made()))
    assert "30 of 1,000 people (3 %) are alone with age and town: whoever knows these" in page
    assert page.index("Not tested") < page.index("are alone with") < page.index("Who can be found")


def test_the_sentence_tells_the_chance_where_nobody_is_alone(made):
    said = made(((4, 40), (40, 960)))["sentence"]
    assert said.startswith("At least 4 people share each combination of age and town") and "25 % at most" in said
    assert "alone" not in said


def test_the_sentence_tells_what_is_learned_without_a_guess(made):
    said = made(((40, 1000),), sensitive=[sensitive(), sensitive("wage", 700)])["sentence"]
    assert "For 700 of 1,000 people (70 %) there is nothing to guess" in said and said.endswith("the same wage.")
    assert "nothing to guess" not in made(((40, 1000),), sensitive=[sensitive(one_value=0)])["sentence"]


@pytest.mark.parametrize(
    ("sizes", "one_value", "tone"),
    [
        (((1, 1), (50, 999)), 0, "bad"),
        (((50, 1000),), 12, "bad"),
        (((10, 1000),), 0, "wary"),
        (((11, 1000),), 0, "calm"),
    ],
)
def test_the_tone_follows_the_counts(made, sizes, one_value, tone):
    drawn = report_risk.verdict(made(sizes, sensitive=[sensitive(one_value=one_value)]))
    assert f"rt-{tone}" in drawn


def test_no_page_says_more_than_was_counted(made):
    for result in (made(), made(((4, 40),)), made(((5000, 10_000),), sensitive=[sensitive(one_value=0)])):
        page = words(page_risk.document(result)) + risk_in_words.words(result)
        assert not re.findall(r"\b(safe|anonymous|anonymized|private|protected|harmless)\b", page, re.IGNORECASE)


def test_every_column_stands_on_page_and_terminal(made):
    line = "If every column were a quasi-identifier (4 columns): 990 of 1,000 people (99 %) would be alone (k = 1)."
    assert line in words(page_risk.document(made()))
    assert line in risk_in_words.words(made()).replace("\n", " ")
    held = made(every={"k": 3, "alone": 0, "columns": 4})
    assert "k would be 3, and nobody alone" in words(page_risk.document(held))


def test_columns_that_nobody_named_are_said_to_be_all(made):
    result = made(named=False, quasi_identifiers=["age", "town", "ill", "wage"])
    assert "all 4 columns, taken together (none was named" in result["sentence"]
    assert "none were named, so all columns were taken: age, town, ill, wage" in words(page_risk.document(result))
    assert not any("Knowledge of the other columns" in one for one in result["not_tested"])


def test_thresholds_count_people_in_the_table_and_in_the_population(made):
    there = {**risks([[1, 5], [3, 95], [60, 900]]), "outside": 7}
    uniques = {"value": 0.005, "low": 0.005, "high": 0.005, "level": 0.95, "method": "counted", "n": 1000}
    result = made(population={"size": 50_000, "uniques": {**uniques, "untested": ""}, "risk": there})
    page = words(page_risk.document(result))
    assert "above 0.09: fewer than 11 110 (11 %) 100 (10 %)" in page
    assert "Among the 50,000 people of the population that was given, 5 of 1,000 people (0.5 %) would be alone" in page
    assert "7 of 1,000 people (0.7 %) are fewer there than in the table" in page
    assert "highest risk (prosecutor)" in words(page_risk.document(made()))


def test_what_cannot_be_told_says_why(made):
    assert "Alone in the whole population: cannot be told: how many people" in words(page_risk.document(made()))
    uniques = {"value": 0.02, "low": 0.01, "high": 0.03, "level": 0.95, "method": "Pitman, tried", "n": 1000}
    result = made(population={"size": 50_000, "uniques": {**uniques, "untested": ""}, "risk": None})
    assert "if the table is a random sample of it: about 2.0 % (1.0 to 3.0)" in words(page_risk.document(result))


def test_sensitive_columns_with_their_numbers(made):
    page = words(page_risk.document(made(sensitive=[sensitive(), {**sensitive("wage", 0, 2.5), "ordered_t": 0.125}])))
    assert "ill 3 1 1.00 none 0.410 1.000 40 (4 %)" in page
    assert "wage 3 2 1.90 c > 2.5 0.410 0.125 1.000 0 (0 %)" in page
    assert "What is learned without finding the row" not in words(page_risk.document(made()))


def test_an_empty_table_has_no_picture(made):
    nobody = {"highest": 0.0, "mean": 0.0, "thresholds": [], "sizes": []}
    table = {"rows": 0, "people": 0, "person": None, "columns": ["age", "town"]}
    page = page_risk.document(made(table=table, risk=nobody, k=0, alone=0))
    assert "holds no rows" in words(page) and "<svg" not in page


def test_bins_hold_everybody_once():
    sizes = [[size, size] for size in (1, 2, 3, 4, 5, 10, 11, 19, 20, 49, 50, 99, 100, 999, 1_000, 40_000)]
    bins = report_risk.binned(sizes)
    assert sum(people for _, _, people in bins) == sum(people for _, people in sizes)
    assert [(label, people) for label, _, people in bins] == [
        ("1", 1),
        ("2", 2),
        ("3-4", 7),
        ("5-10", 15),
        ("11-19", 30),
        ("20-49", 69),
        ("50-99", 149),
        ("100-999", 1_099),
        ("1k-10k", 1_000),
        ("10k+", 40_000),
    ]


def test_the_picture_marks_k_and_says_in_words_what_it_shows(made):
    drawn = report_risk.picture(made(((4, 40), (12, 60), (2_000, 9_900))))
    root = ET.fromstring(drawn)
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "k = 4" in texts and {"0.33", "0.2", "0.09", "0.05"} <= set(texts)
    bars = [float(one.get("height")) for one in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(bars) == 9 and [height > 0 for height in bars] == [False, False, True, False, True, *[False] * 3, True]
    assert min(height for height in bars if height) >= 1.5  # few people are still to be seen
    assert "3-4: 40" in root.get("aria-label")
    assert max(float(one.get("x")) for one in root.iter("{http://www.w3.org/2000/svg}text")) <= 480


def test_names_cannot_write_markup(made):
    result = made(quasi_identifiers=[EVIL], sensitive=[sensitive(EVIL)], notes=[EVIL])
    result["table"]["columns"] = [EVIL]
    assert EVIL not in page_risk.document(result) and EVIL not in page_risk.fragment(result)


def test_the_page_asks_nobody_for_anything(made):
    page = page_risk.document(made())
    assert "default-src 'none'" in html.unescape(page) and not re.findall(r"(?:src|href)=\"https?:", page)


def test_plot_draws_on_what_it_is_given(made, monkeypatch):
    ax = matplotlib.figure.Figure().subplots()
    assert report_risk.plot(made(), ax=ax) is ax
    assert [bar.get_height() for bar in ax.patches] == [30, 20, 0, 60, 0, 890]
    assert "k = 1" in ax.get_xlabel()

    def absent(module, *, extra):
        raise MissingPackageError(extra)

    monkeypatch.setattr(report_risk, "optional", absent)
    with pytest.raises(MissingPackageError):
        report_risk.plot(made())


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0 %"), (1, "100 %"), (0.99999, "99.999 %"), (0.0000012, "0.00012 %"), (0.125, "12.5 %"), (2 / 3, "66.7 %")],
)
def test_shares_are_never_rounded_to_everybody(share, said):
    assert risk_in_words.percent(share) == said


def test_the_terminal_keeps_its_width(made):
    lines = risk_in_words.words(made(sensitive=[sensitive("a name that is rather long")], notes=["a note"])).split("\n")
    assert max(map(len, lines)) <= 110
    assert "Note: a note." in lines
