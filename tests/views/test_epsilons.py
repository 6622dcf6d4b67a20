"""Pictures of epsilon: what it costs, and the claimed one beside what attacks show."""

import re
from xml.etree import ElementTree

import pytest

from reticent.views import epsilons, page, svg, text


def private(epsilon, *, charged=None, by_rule=False, refuted=False, bounds=None):
    return {
        "delta": 1e-5,
        "alone": epsilon,
        "charged": epsilon if charged is None else charged,
        "by_rule": by_rule,
        "refuted": refuted,
        "bounds": bounds or {"delta": 1e-5, "claimed": epsilon, "audits": 3, "warns": 0.2, "fails": 0.0},
    }


@pytest.fixture
def result(frontier_dict):
    made = frontier_dict(chosen=2)
    for index, epsilon in ((1, 8.0), (2, 1.0), (3, 0.1)):
        made["points"][index] |= {"moment": "training", "privacy": private(epsilon, by_rule=epsilon == 1)}
    made["goal"] = {"tpr": None, "fpr": 0.01, "accuracy_drop": None, "epsilon": 1.0, "delta": 1e-5}
    made["points"] = made["points"][:4]
    return made


def words(picture):
    return [one.text for one in ElementTree.fromstring(picture).iter() if one.tag.endswith("text")]


def test_every_epsilon_stands_on_the_axis_and_the_goal_is_marked(result):
    drawn = epsilons.against_accuracy(result["points"], result["goal"])
    found = words(drawn)
    assert all(found.count(each) == 2 for each in ("0.1", "1", "8")) and found.count("as it is") == 2
    assert "meets the goal" in found and "blind guess" in found
    assert "meets the goal" not in words(epsilons.against_accuracy(result["points"], {"tpr": 0.1, "fpr": 0.01}))


def test_less_epsilon_lies_to_the_left_and_less_accuracy_below(result):
    for point, value in zip(result["points"][1:], (0.8, 0.7, 0.6), strict=True):
        point["utility"] |= {"value": value, "low": value - 0.01, "high": value + 0.01}
    drawn = epsilons.against_accuracy(result["points"], result["goal"])
    path = next(one.get("d") for one in ElementTree.fromstring(drawn).iter() if one.tag.endswith("path"))
    places = [tuple(map(float, place)) for place in re.findall(r"([\d.]+) ([\d.]+)", path)]
    assert [x for x, _ in places] == sorted(x for x, _ in places) and len(places) == 3
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)


def test_what_has_no_epsilon_is_not_drawn(result, frontier_dict):
    assert epsilons.against_accuracy(frontier_dict()["points"], frontier_dict()["goal"]) is None
    result["points"][1]["privacy"]["charged"] = None  # without limit
    assert "8" not in words(epsilons.against_accuracy(result["points"], result["goal"]))


def test_people_too_few_leave_a_panel_empty(result):
    for point in result["points"]:
        point["exposure"] = {**point["exposure"], "untested": "too few", "value": None}
    found = words(epsilons.against_accuracy(result["points"], result["goal"]))
    assert "too few people to tell" in found and found.count("0.1") == 1


@pytest.mark.parametrize(("warns", "widest"), [(0.2, 1.1), (3.0, 3.3)])
def test_claim_and_bounds_share_one_scale(warns, widest):
    bounds = {"claimed": 1.0, "warns": warns, "fails": 0.0, "delta": 1e-5}
    drawn = ElementTree.fromstring(epsilons.claim_and_bounds(bounds))
    bars = [one for one in drawn.iter() if one.tag.endswith("line") and "stroke-width:7" in one.get("style")]
    lengths = [float(bar.get("x2")) - float(bar.get("x1")) for bar in bars]
    assert lengths == pytest.approx([260 / widest, 260 * warns / widest], abs=0.2)  # and none for a bound of zero


def test_the_page_of_a_goal_without_a_rate(result):
    made = page.frontier(result)
    assert "What an epsilon costs in accuracy" in made and "charged: 1 at delta 1e-05" in made
    assert "settled the choice beforehand" in made and "region. " not in made
    assert "epsilon is at least 0.2 (95 %)" in made
    svg.frontier(result["points"], result["goal"])
    result["points"][2]["privacy"] |= {"refuted": True, "charged": 1.5}
    loud = page.frontier(result)
    assert "THE CLAIM IS WRONG" in loud and "with what was spent before" in loud


def test_the_case_shows_claim_and_bounds_beside_e11(case_dict):
    case = case_dict()
    case["claims"][0]["id"] = "E11"
    assert "claimed, and shown by attacks" not in page.case(case)
    case["after"]["epsilon_bounds"] = {"claimed": 1.0, "warns": 0.3, "fails": 0.1, "delta": 1e-5, "audits": 1}
    assert page.case(case).count("claimed, and shown by attacks") == 2  # once to be seen, once to be heard
    case["after"]["epsilon_bounds"]["claimed"] = None
    assert "claimed, and shown by attacks" not in page.case(case)


def test_a_refuted_claim_is_the_first_thing_said(audit_dict):
    summary = audit_dict()
    summary["strongest"]["exposure"] = summary["strongest"]["tpr"]
    calm = text.verdict({**summary, "keeps_rows": False, "adaptive": True})
    bounds = {"claimed": 1.0, "warns": 1.6, "fails": 1.4, "delta": 1e-5, "audits": 1}
    loud = text.verdict({**summary, "keeps_rows": False, "adaptive": True, "epsilon_bounds": bounds})
    assert loud.startswith("THE CLAIM OF DIFFERENTIAL PRIVACY IS WRONG: it says epsilon 1 at delta 1e-05")
    assert "at least 1.4 (99.9 %" in loud and loud.endswith(calm)
    bounds["fails"] = 1.0
    assert text.verdict({**summary, "keeps_rows": False, "adaptive": True, "epsilon_bounds": bounds}) == calm
