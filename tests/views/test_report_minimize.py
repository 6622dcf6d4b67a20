"""The report of a minimization: what it says follows from the counts, and what must stay in the house is marked."""

import copy
import html
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from reticent.views import asked, page_minimize, report_minimize

EVIL = "<script>alert(1)</script>"


def estimate(value, low, high, n=4000, method="Clopper-Pearson"):
    return {"value": value, "low": low, "high": high, "level": 0.95, "method": method, "n": n, "untested": ""}


def need(column, kind, pieces=(), not_asked=0.0, in_pieces=0.0, raw=0.0, ncp=0.0):
    shares = {"not_asked": not_asked, "in_pieces": in_pieces, "raw": raw, "ncp": ncp}
    return {"column": column, "kind": kind, "pieces": list(pieces), **shares}


NEEDS = [
    need("age", "ranges", ["up to 31", "32 or more"], 0.1, 0.86, 0.04, 0.52),
    need("town", "groups", ["Bonn, Ems", "Ulm"], 0.997, 0.003, 0.0, 0.98),
    need("sex", "not needed", not_asked=1.0, ncp=1.0),
    need("income", "raw", raw=1.0),
]


def choice(answer, share, question=None, raw=()):
    return {"answer": answer, "share": share, "question": question, "raw": list(raw)}


FORM = {
    "first": [],
    "questions": [
        {
            **{"column": "age", "of": 1.0, "other": "missing", "otherwise": "up to 31"},
            "choices": [choice("up to 31", 0.6), choice("32 or more", 0.4, 2)],
        },
        {
            "column": "town",
            "of": 0.4,
            "choices": [choice("Bonn or Ems", 0.3, raw=["income", "age"]), choice("Ulm", 0.1)],
            **{"other": "", "otherwise": ""},
        },
    ],
}


@pytest.fixture
def made():
    """A result of the right shape: ``made(needs=..., ...)``."""

    def make(**changed):
        result = {
            "schema": "reticent/minimization/1",
            "external": False,
            "name": "model.skops",
            "rows": 8000,
            "people": 8000,
            "person": None,
            "label": "ill",
            "columns": [one["column"] for one in NEEDS],
            "other_columns": ["note"],
            "asked": 0.98,
            "tolerance": None,
            "agreement": estimate(0.9862, 0.98199, 1.0, method="Clopper-Pearson, one-sided"),
            "judged": 4000,
            "ncp": 0.625,
            "needs": NEEDS,
            "form": FORM,
            "groups": "origin",
            "by_answer": [
                {"name": "no", "people": 3600, "agreement": estimate(0.999, 0.997, 1.0, 3600)},
                {"name": "yes", "people": 400, "agreement": estimate(0.87, 0.83, 0.91, 400)},
            ],
            "by_group": [
                {"name": "here", "people": 3000, "agreement": estimate(0.99, 0.985, 0.993, 3000)},
                {"name": "there", "people": 1000, "agreement": estimate(0.975, 0.96, 0.985, 1000)},
            ],
            "accuracy": {
                "measure": "accuracy",
                "raw": estimate(0.85, 0.84, 0.86),
                "minimized": estimate(0.845, 0.835, 0.855),
                "change": estimate(-0.005, -0.01, 0.0),
            },
            "others": [
                {"asked": 0.9, "ncp": 0.81, "agreement": estimate(0.92, 0.905, 1.0), "not_needed": 2, "reason": ""},
                {"asked": 0.999, "ncp": None, "agreement": None, "not_needed": 0, "reason": "too few people"},
            ],
            "seed": 0,
            "versions": {"reticent": "0.1.0"},
            "timings": {"98 %": 1.25},
        } | copy.deepcopy(changed)
        result["not_tested"] = report_minimize.not_tested(result)
        return {**result, "sentence": report_minimize.sentence(result)}

    return make


def words(markup):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup.partition("</head>")[2] or markup)))


def pictures(markup):
    return [ET.fromstring(found) for found in re.findall(r"<svg.*?</svg>", markup, flags=re.DOTALL)]


def test_the_sentence_counts_what_a_person_is_asked_and_gives_the_bound(made):
    said = made()["sentence"]
    assert "Of 4 columns that the model takes, a person is asked about 1.9 on average, of 0.9 only a range or" in said
    assert "or group; sex is asked of nobody. 62.5 % of the detail is not asked for" in said
    assert "98.6 % (at least 98.1 %) of answers stay the same, on 4,000 rows that chose nothing" in said
    assert "asked of nobody" not in made(needs=NEEDS[:1])["sentence"]


def test_a_bound_is_never_rounded_up():
    assert asked.same(estimate(0.99, 0.97999, 1)) == "99.0 % (at least 97.9 %)"
    assert asked.same(estimate(0.99, 0.98, 1)) == "99.0 % (at least 98.0 %)"


def test_the_group_whose_answers_change_most_stands_in_the_sentence(made):
    found = made()
    assert "For people with the answer yes it is 87.0 % (83.0 to 91.0)" in found["sentence"]
    assert "Not for all groups alike" in page_minimize.document(found)
    alike = made(by_answer=[found["by_answer"][0]])
    assert "For people with" not in alike["sentence"]  # there: its interval reaches what was asked for
    below = made(by_answer=[], by_group=[{"name": "few", "people": 50, "agreement": estimate(0.8, 0.6, 0.92, 50)}])
    assert "For people with origin few it is 80.0 %" in below["sentence"]


@pytest.mark.parametrize("external", [False, True])
def test_the_page_says_all_and_is_one_file(made, external):
    found = made(external=external, **({"form": None, "by_group": []} if external else {}))
    page = page_minimize.document(found)
    said = words(page)
    for one in (found["sentence"], *found["not_tested"], "What the answer needs of each column"):
        assert " ".join(one.split()) in said
    assert said.index("Not tested") < said.index(found["sentence"])
    assert len(pictures(page)) == (3 if external else 4)
    assert not re.findall(r"<script|<link|<img|https?://(?!www\.w3\.org/2000/svg)", page)
    assert ("External" in said) == external and ("What to ask of a person" in said) == (not external)
    assert not re.findall(r"\b(?:safe|anonymous)\b", said)


def test_the_form_is_shown_in_order(made):
    said = words(page_minimize.document(made()))
    assert (
        said.index("age? (asked of 100 %)")
        < said.index("town? (asked of 40 %)")
        < said.index("For whom answers change")
    )
    assert "up to 31 : done (60 %)" in said and "32 or more : go on to question 2 (40 %)" in said
    assert (
        "Bonn or Ems : ask for income, age, each as it is, as well; done" in said and report_minimize.INTERNAL in said
    )
    assert "missing : as up to 31" in said and "   missing: as up to 31" in report_minimize.questions(made())
    every = made(columns=["age", "income"])
    assert "Bonn or Ems: ask for all columns, each as it is, as well; done" in report_minimize.questions(every)
    nothing = made(form={"questions": [], "first": []})
    assert "Nothing: the model gives all these people the same answer" in words(page_minimize.document(nothing))
    plainly = made(form={"questions": [], "first": ["age", "town"]})
    assert "Ask everybody for age, town, each as it is" in report_minimize.questions(plainly)


def test_rare_questions_are_folded_away_and_keep_their_numbers(made):
    answers = {"choices": [choice("yes", 0.1), choice("no", 0.1)], "other": "", "otherwise": ""}
    many = [{"column": f"q{i}", "of": 1 / i, **answers} for i in range(1, 31)]
    page = page_minimize.document(made(form={"questions": many[::-1], "first": []}))
    shown, _, folded = page.partition("18 more questions")
    assert shown.count('<li value="') == 12 and '<li value="30">q1?' in shown and '<li value="1">q30?' in folded
    assert (
        len(re.findall(r"^\d+\. q", report_minimize.questions(made(form={"questions": many, "first": []})), re.M)) == 30
    )


def test_the_picture_of_the_columns_adds_up(made):
    svg = pictures(str(asked.columns(made())))[0]
    bars = [one for one in svg.iter("{http://www.w3.org/2000/svg}rect") if one.get("height") == "15"]
    ends = {}
    for bar in bars:
        ends.setdefault(bar.get("y"), []).append((float(bar.get("x")), float(bar.get("width"))))
    assert len(ends) == 4
    for parts in ends.values():
        assert parts[0][0] == 150 and sum(width for _, width in parts) == pytest.approx(238, abs=0.3)
        for (start, width), (then, _) in pairwise(parts):
            assert start + width == pytest.approx(then, abs=0.2)
    assert "sex: is not asked 100 %" in svg.find("{http://www.w3.org/2000/svg}desc").text


def test_what_could_not_be_shown_is_said_so(made):
    said = words(page_minimize.document(made()))
    assert "99.9 % could not be shown" in said and "An agreement of 99.9 %: too few people" in said
    assert "90 %: 0.810; 98 %: 0.625; 99.9 %: could not be shown" in " ".join(report_minimize.words(made()).split())
    alone = made(others=[])
    assert asked.others(alone) is None and "other agreements" not in words(page_minimize.document(alone))


def test_amounts_have_no_percent(made):
    error = {
        "measure": "mean absolute error",
        **dict.fromkeys(("raw", "minimized", "change"), estimate(1234.5, 1200, 1300)),
    }
    found = made(accuracy=error, tolerance=2.5, by_answer=[])
    assert "1,234 (1,200 to 1,300)" in words(page_minimize.document(found))
    assert "Two amounts are the same up to 2.5" in words(page_minimize.document(found))


def test_without_label_and_groups_that_is_said(made):
    found = made(accuracy=None, groups=None, by_group=[], label=None)
    missed = " ".join(found["not_tested"])
    assert "no label was named" in missed and "no column was named to tell them by" in missed
    assert (
        "Whether answers are right"
        not in words(page_minimize.document(found)).partition("Details")[0].partition(found["sentence"])[2]
    )
    assert "no column was named" not in " ".join(made(groups=None, external=True)["not_tested"])


def test_names_cannot_forge_markup(made):
    needs = [{**NEEDS[0], "column": EVIL, "pieces": [EVIL]}]
    found = made(needs=needs, name=EVIL, groups=EVIL, other_columns=[EVIL])
    assert "<script" not in page_minimize.document(found) and "<script" not in page_minimize.fragment(found)


def test_words_fit_a_terminal(made):
    needs = [{**NEEDS[0], "column": "a very long name of a column that goes on and on"}, *NEEDS]
    said = report_minimize.words(made(needs=needs))
    assert max(map(len, said.splitlines())) <= 100
    assert "Accuracy: with every value as it is 85.0 %" in said and "Not tested:" in said
    assert said.index("Not tested:") < said.index("Of 5 columns")


def test_shares_are_never_nothing_or_all_where_they_are_not():
    assert [asked.share_of(one) for one in (0, 1e-9, 0.5, 0.999, 1)] == [
        "0 %",
        "under 1 %",
        "50 %",
        "over 99 %",
        "100 %",
    ]


def test_the_fragment_begins_with_what_was_not_tested(made):
    said = words(page_minimize.fragment(made()))
    assert said.strip().startswith("Not tested:") or said.index("Not tested:") < said.index("Of 4 columns")
    assert len(pictures(page_minimize.fragment(made()))) == 1
