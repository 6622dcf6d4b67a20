"""The page of an anonymization: what is not covered stands first, the figure is there, no sentence claims too much."""

import copy
import re

import pytest

from reticent.views import page_anonymize, report_anonymize


def estimate(value, low, high, n=10):
    return {"value": value, "low": low, "high": high, "level": 0.95, "method": "m", "n": n, "untested": ""}


def point(technique, k, accuracy, change, exposure=None):
    return {
        "technique": technique,
        "k": k,
        "chosen": (technique, k) == ("guided", 50),
        "accuracy": estimate(accuracy, accuracy - 0.01, accuracy + 0.01),
        "change": estimate(change, change - 0.004, change + 0.004),
        "exposure": None if exposure is None else estimate(exposure, exposure / 1.2, exposure * 1.2),
        "ncp": 0.2,
        "classes": 100,
        "smallest_class": k,
        "people_in_classes_of_one_label": 0.2,
    }


RESULT = {
    "fpr": 0.01,
    "original": estimate(0.85, 0.84, 0.86),
    "majority": estimate(0.76, 0.75, 0.77),
    "before": {"exposure": estimate(0.3, 0.28, 0.32)},
    "points": [
        *(point("guided", 10, 0.848, -0.002, 0.03), point("guided", 50, 0.842, -0.008, 0.02)),
        *(point("mondrian", 10, 0.845, -0.005), point("mondrian", 50, 0.83, -0.02)),
        *(point("hilbert", 10, 0.84, -0.01), point("r+tree", 10, 0.83, -0.02)),
    ],
}


def audited(exposure, state="exposed"):
    rate = estimate(exposure, exposure / 1.2, exposure * 1.2)
    return {
        "state": state,
        "verdict": "The model gives members away.",
        "exposure": rate,
        "exposure_of_this_model": rate,
        "over_models": True,
        "auc": estimate(0.6, 0.58, 0.62),
        "attacks": ["gap", "lira"],
        "accuracy": {"members": estimate(0.99, 0.98, 1.0), "others": estimate(0.85, 0.84, 0.86)},
    }


def counted(k, alone, every):
    return {
        "table": {"rows": 5000, "people": 5000},
        "k": k,
        "classes": 100,
        "alone": alone,
        "every": {"alone": every},
        "ncp": 0.364,
        "sensitive": [{"name": "income", "l": 1, "t": 0.4, "one_value": 1000}],
    }


TARGET = {
    "name": "forest <b>",
    "model": {"class": "RandomForestClassifier", "package": "sklearn", "parameters": {}},
    "access": "labels, scores",
    "classes": ["no", "yes"],
    "members": 5000,
    "nonmembers": 4746,
    "sealed_members": 2500,
    "sealed_nonmembers": 2373,
    "features": ["age", "town", "gain"],
    "schema": {"columns": ["age", "town", "gain"], "label": "y", "sensitive": [], "quasi_identifiers": ["age", "town"]},
    "defenses": [],
}
WHOLE = {
    **RESULT,
    "schema": "reticent/anonymization/1",
    "external": False,
    "target": TARGET,
    "k": 50,
    "quasi_identifiers": ["age", "town"],
    "defense": {"claim": {"statement": "k = 50 on age, town; the smallest class has 52 rows"}},
    "table": {"before": counted(1, 4605, 4700), "after": counted(52, 0, 379)},
    "before": audited(0.3),
    "after": audited(0.02),
    "not_tested": {"attribute": "Attribute inference (learning a secret about a person): not built yet"},
    "not_measured": ["k = 5000 on quasi-identifiers: fewer than 10000 members"],
    "seed": 0,
    "versions": {"reticent": "0.1.0"},
    "timings": {"audits": 3.2},
}
WHOLE["sentence"] = report_anonymize.sentence(WHOLE)


def flat(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", str(markup)).split())


def test_the_sentence_says_k_cost_and_what_is_still_reached():
    said = WHOLE["sentence"]
    assert "every combination of age, town belongs to at least 52 people (k = 50 was asked for)" in said
    assert "4,605 of 5,000 people were alone with theirs" in said
    assert "accuracy on held-out rows is 84.2 % (83.2 to 85.2), -0.8 points (-1.2 to -0.4)" in said.replace(
        "\N{MINUS SIGN}", "-"
    )
    assert "recognizes 2.0 % (1.7 to 2.4) of members at 1 % false alarms on average over models" in said
    assert "where it was 30.0 % (25.0 to 36.0) before" in said


def test_a_table_that_held_k_before_is_told_as_such():
    kept = copy.deepcopy(WHOLE)
    kept["table"]["before"].update(alone=0, k=3)
    assert "in the table as it was, the smallest class had 3 people" in report_anonymize.sentence(kept)


def test_what_cannot_be_tested_is_no_number():
    few = copy.deepcopy(WHOLE)
    few["after"]["exposure"]["untested"] = "cannot be tested with 100 non-members"
    few["points"][1]["accuracy"]["untested"] = "on 1 of 10 splits no model could be trained"
    said = report_anonymize.sentence(few)
    assert "at 1 % false alarms cannot be tested with 100 non-members" in said
    assert "With it, on 1 of 10 splits no model could be trained" in said


def test_what_k_does_not_cover_stands_above_everything():
    said = flat(page_anonymize.anonymization(WHOLE))
    order = [
        said.index(part)
        for part in (
            "Other columns: k holds on the named columns alone. gain",
            WHOLE["sentence"][:40],
            "Before and after",
        )
    ]
    assert order == sorted(order)
    for reason in (
        "379 of 5,000 people are alone",
        "Exposure was measured at k = 10, 50",
        "Not measured: k = 5000",
    ):
        assert reason in said


def test_a_class_of_one_label_is_told_with_its_people():
    assert "1,000 of 5,000 people are in a class in which all have one value of income" in " ".join(
        report_anonymize.untested(WHOLE)
    )
    diverse = copy.deepcopy(WHOLE)
    diverse["table"]["after"]["sensitive"][0]["one_value"] = 0
    assert "one value of" not in " ".join(report_anonymize.untested(diverse))
    uncounted = copy.deepcopy(RELEASE)
    uncounted["table"]["after"]["sensitive"] = []
    assert any("was not counted" in reason for reason in report_anonymize.release_untested(uncounted))


def test_without_other_columns_it_says_so():
    only = copy.deepcopy(WHOLE)
    only["target"]["features"] = ["age", "town"]
    assert report_anonymize.untested(only)[0].startswith("Other columns: there are none")


def test_the_page_holds_the_figure_and_the_table():
    markup = page_anonymize.anonymization(WHOLE)
    assert markup.count("<svg") == 2 and "forest &lt;b&gt;" in markup and "<b>forest" not in markup
    said = flat(markup)
    assert said.count("★ released") == 1 and said.count("not measured") == 4
    assert "income: people in classes of one value 20.0 % 20.0 %" in said
    assert "k = 50 on age, town; the smallest class has 52 rows" in said


@pytest.mark.parametrize("state", ["exposed", "nothing found", "withheld", "not tested"])
def test_every_state_has_a_tone(state):
    found = copy.deepcopy(WHOLE)
    found["after"]["state"] = state
    tone = {"exposed": "bad", "nothing found": "calm"}.get(state, "mute")
    assert f"rt-{tone}" in report_anonymize.verdict(found)


def test_nothing_is_called_what_cannot_be_shown():
    for said in (
        flat(page_anonymize.anonymization(WHOLE)),
        report_anonymize.words(WHOLE),
        page_anonymize.fragment(WHOLE),
    ):
        assert not re.search(r"\b(is|are|becomes?) (safe|anonymous)\b", said)


def test_a_notebook_gets_figure_and_sentence():
    markup = page_anonymize.fragment(WHOLE)
    assert markup.count("<svg") == 2 and WHOLE["sentence"][:30] in markup


def test_the_terminal_gets_table_and_sentence():
    said = report_anonymize.words(WHOLE)
    assert (
        "> 50" in said and "Median Mondrian" in said and " ".join(WHOLE["sentence"].split()) in " ".join(said.split())
    )
    assert all(len(line) <= 110 for line in said.splitlines())


RELEASE = {
    "schema": "reticent/release/1",
    "name": "people.csv",
    "k": 50,
    "quasi_identifiers": ["age", "town"],
    "other_columns": ["gain"],
    "parameters": {"k": 50},
    "guided_by": "the label income",
    "table": WHOLE["table"],
    "seed": 0,
    "versions": {"reticent": "0.1.0"},
}


def test_a_release_without_a_model_says_that_none_was_tested():
    found = {**RELEASE, "sentence": report_anonymize.held(RELEASE)}
    markup = page_anonymize.release(found)
    said = flat(markup)
    assert "no model was handed in" in said and "people.csv" in said and "0.364" in said
    assert said.index("no model was handed in") < said.index(found["sentence"][:40])
    printed = " ".join(report_anonymize.release_words(found).split())
    assert found["sentence"] in printed and "NCP, 0 nothing to 1 everything): 0.364" in printed
