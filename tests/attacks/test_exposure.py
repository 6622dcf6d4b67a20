"""Who is named as most exposed, and in which groups: counted again by hand."""

import numpy as np
import pytest

from reticent.attacks.exposure import most_exposed, subgroups
from reticent.attacks.membership.gap import Gap
from reticent.attacks.membership.lira import Lira
from reticent.attacks.workbench import Workbench
from reticent.stats import roc
from reticent.target.population import Half


@pytest.fixture(scope="module")
def attacked(target_of):
    target, bench = target_of(sensitive=("town",)), Workbench(n_jobs=1)
    return target, [Gap().run(target, 0, bench), Lira(shadows=16).run(target, 0, bench)]


@pytest.mark.parametrize("half", Half)
def test_the_ten_members_at_most_risk_come_first(half, attacked):
    target, findings = attacked
    people, risk = target.population, findings[1].risk
    named = most_exposed(target, findings, half)
    assert len(named) == 10
    inside = [i for i in range(len(people)) if people.is_member[i] and people.mask(half)[i]]
    highest = sorted((risk.value[i] for i in inside), reverse=True)[:10]
    assert [one["risk"]["value"] for one in named] == highest
    members = people.members
    for one in named:
        assert one["digest"] == people.digest([one["row"]])[0]  # members come first, so positions agree
        i = one["row"]
        assert i in inside and one["risk"]["low"] <= one["risk"]["value"] <= one["risk"]["high"]
        without, with_it = (f"{100 * share[i]:.0f} %" for share in (risk.confidence_out, risk.confidence_in))
        assert f"without this row give its label {without}, models with it {with_it}" in one["reason"]
    assert len(members) == 320


def test_rows_are_positions_in_what_was_handed_in(target_of):
    target = target_of("repeated")
    named = most_exposed(target, [Lira(shadows=16).run(target, 0, Workbench(n_jobs=1))], Half.ALL)
    handed = target.population.row[target.population.is_member]
    assert all(one["row"] in handed for one in named)


def test_nobody_is_named_where_no_attack_tells_rows_apart(attacked):
    target, findings = attacked
    assert most_exposed(target, findings[:1], Half.ALL) == []
    assert most_exposed(target, [], Half.ALL) == [] and subgroups(target, [], Half.ALL) == []


@pytest.mark.parametrize("half", Half)
def test_groups_are_large_enough_and_counted_apart(half, attacked):
    target, findings = attacked
    people, table = target.population, target.population.table
    groups = subgroups(target, findings, half)
    assert {one["column"] for one in groups} <= {"y", "town", "age"}
    assert {one["group"] for one in groups if one["column"] == "y"} == {"no", "yes"}
    for one in groups:
        values = table.column(one["column"])
        if one["column"] == "age":
            low, high = (float(part) for part in one["group"].split(" to "))
            rows = (values >= low) & ((values < high) | (values == values.max()) & (high == values.max()))
        else:
            rows = values == one["group"]
        rows = rows & people.mask(half)
        members, others = rows & people.is_member, rows & ~people.is_member
        assert (one["members"], one["others"]) == (members.sum(), others.sum())
        assert min(one["members"], one["others"]) >= 50
        scores, level = findings[1].scores, 1 - 0.05 / len(groups)
        assert one["auc"] == roc.auc(scores[members], scores[others], level=level).to_dict()
    if half is Half.ALL:
        ages = [one for one in groups if one["column"] == "age"]
        assert len(ages) == 4 and sum(one["members"] for one in ages) == 320
        assert findings[1].name in {one["attack"] for one in groups}


def test_a_rare_label_is_said(target_of, given, tree):
    members = given()["members"].copy()
    rare = members.index[:6]
    members.loc[rare, "y"] = "maybe"
    target = target_of(members=members, model=tree().fit(members.drop(columns="y"), members["y"]))
    named = most_exposed(target, [Lira(shadows=16).run(target, 0, Workbench(n_jobs=1))], Half.ALL)
    told = {one["row"]: one["reason"] for one in named}
    assert set(told) & set(rare.tolist())
    for row, reason in told.items():
        assert ("of a rare class" in reason) == (row in rare)
    assert np.isin(list(told), np.arange(320)).all()
