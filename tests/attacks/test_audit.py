"""An audit says what was tested and what was not, how strong the strongest is, and no more than that allows."""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from reticent.attacks.choice import telling
from reticent.attacks.membership.lira import Lira
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.audit import Audit, audit
from reticent.errors import MismatchError, ParameterError
from reticent.target.access import Access
from reticent.target.population import Half

CHEAP = ["blind", "gap", "population", Lira(shadows=8), "stored"]


@dataclass(frozen=True)
class Guess:
    """An attack that knows ``power`` of the truth: made up, to be added up."""

    power: float
    name: str = "guess"
    title: ClassVar[str] = "A guess"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[None] = None

    def run(self, target, seed=0, bench=None):
        people = target.population
        noise = np.random.default_rng([seed, int(10 * self.power)]).normal(size=len(people))
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=noise + self.power * people.is_member,
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=None,
            seed=seed,
        )


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


@pytest.fixture(scope="module")
def whole(target, bench):
    return audit(target, CHEAP, seed=1, bench=bench)


def guessed(target, bench, *powers):
    return audit(target, [Guess(power, name=f"guess {i}") for i, power in enumerate(powers)], seed=3, bench=bench)


def test_runs_what_access_allows_and_says_what_it_does_not(whole):
    assert [finding.name for finding in whole.findings] == ["blind", "gap", "population", "lira"]
    assert whole["lira"].parameters["shadows"] == 8
    assert "needs parameters, and the attacker is given labels, scores" in whole.not_tested["stored"]
    for beyond in ("attribute", "reconstruction"):
        assert "not built yet" in whole.not_tested[beyond]
    with pytest.raises(KeyError):
        whole["stored"]
    assert set(whole.seconds) == {"blind", "gap", "population", "lira"}


def test_what_was_not_asked_for_is_said(target, bench):
    found = audit(target, ["gap"], bench=bench)
    assert [finding.name for finding in found.findings] == ["gap"]
    for name in set(telling(target)) - {"gap"}:
        assert found.not_tested[name].endswith("not asked for")
    assert {"lira", "population", "stored", "canaries"} <= set(found.not_tested)
    with pytest.raises(ParameterError, match=r"among blind, gap, population, lira, .*, stored, canaries; got 'lyra'"):
        audit(target, ["lyra"], bench=bench)


def test_nothing_tested_is_never_nothing_found(target, bench):
    for attacks in ([], ["blind"], ["stored"]):
        found = audit(target, attacks, bench=bench)
        assert found.state == "not tested" and found.verdict.startswith("Not tested")
        assert not found.auc().tested and not found.tpr_at(0.01).tested and not found.exposure(0.01).tested
        assert not found.meets(0.99, 0.1)
    bought = audit(replace(target, recipe=None), [Lira(shadows=8)], bench=bench)
    assert bought.state == "not tested" and "no recipe" in bought.not_tested["lira"]


def test_the_strongest_is_bounded_for_all_together(target, bench):
    found = guessed(target, bench, 0.0, 1.0, 0.4)
    level = 1 - 0.05 / 3
    for whole, each in (
        (found.auc(), [one.auc(level=level) for one in found.findings]),
        (found.tpr_at(0.05), [one.tpr_at(0.05, level=level) for one in found.findings]),
    ):
        assert whole.value == max(one.value for one in each)
        assert whole.low == max(one.low for one in each) and whole.high == max(one.high for one in each)
        assert whole.level == 0.95
    assert found.auc().low < found["guess 1"].auc().low  # wider than one attack alone


def test_states_follow_from_the_bounds(target, bench):
    assert guessed(target, bench, 0.0).state == "nothing found"
    assert "wrongly naming" not in guessed(target, bench, 0.0).verdict
    exposed = guessed(target, bench, 0.0, 1.0)
    assert exposed.state == "exposed" and exposed.verdict.startswith("Members can be told from others (AUC")
    plain = guessed(target, bench, 0.0, 4.0)
    assert plain.state == "exposed" and plain.verdict.startswith("The model gives members away")


def test_a_guess_that_finds_only_the_edge_is_exposure_too(target, bench):
    """One member in ten for certain and all else at random: the area says little, the edge says all."""

    @dataclass(frozen=True)
    class Edge(Guess):
        def run(self, target, seed=0, bench=None):
            found = super().run(target, seed, bench)
            certain = found.is_member & (np.arange(len(found.scores)) % 10 == 0)
            return replace(found, scores=np.where(certain, 9.0, found.scores - 0.35 * found.is_member))

    found = audit(target, [Edge(0.0)], bench=bench)
    assert found.auc().low < 0.5 and found.tpr_at(0.01).low > 0.01 and found.state == "exposed"


def test_meets_takes_the_upper_limit(whole):
    found = replace(whole, findings=(whole["lira"],))
    limit = found.exposure(0.1).high
    assert found.meets(limit, 0.1) and not found.meets(limit - 1e-9, 0.1)
    assert not found.meets(0.9, 0.001)  # 320 others cannot test a rate of 0.1 %


def test_without_shadow_models_nothing_is_met(whole, target, bench):
    weak = replace(whole, findings=(whole["gap"], whole["population"]))
    assert whole.adaptive and not weak.adaptive
    assert not weak.meets(0.99, 0.1) and whole.meets(0.99, 0.1)
    assert "No shadow models were trained" in guessed(target, bench, 0.0).verdict
    assert (whole.to_dict()["adaptive"], weak.to_dict()["adaptive"]) == (True, False)


def test_one_model_that_speaks_against_it_meets_nothing(whole):
    """Harmless on average over models, and this very one gives many away: that is not met."""
    lira, fpr = whole["lira"], 0.1
    replicas = replace(lira.replicas, scores=np.random.default_rng(0).normal(size=lira.replicas.scores.shape))
    mixed = replace(whole, findings=(replace(lira, scores=1.0 * lira.is_member, replicas=replicas),))
    limit = mixed.exposure(fpr).high
    assert limit < mixed.tpr_at(fpr).low and not mixed.meets(limit, fpr)
    assert replace(whole, findings=(replace(lira, scores=replicas.scores[0], replicas=replicas),)).meets(limit, fpr)


def test_exposure_is_the_mean_over_models_where_there_are_some(whole):
    level = 1 - 0.05 / 3
    assert [one.name for one in whole.against_model] == ["gap", "population", "lira"]
    each = [whole["gap"].tpr_at(0.1, level=level), whole["population"].tpr_at(0.1, level=level)]
    each.append(whole["lira"].tpr_over_models(0.1, level=level))
    assert whole.exposure(0.1).high == max(one.high for one in each)


def test_a_half_is_read_on_its_rows(whole):
    sealed = whole.on(Half.SEALED)
    assert sealed.half is Half.SEALED and whole.half is Half.ALL
    assert all(finding.half is Half.SEALED for finding in sealed.findings)
    assert sealed["gap"].auc() == whole["gap"].on(Half.SEALED).auc() != whole["gap"].auc()
    said = sealed.to_dict()
    right = whole.target.accuracy(Half.SEALED)
    assert said["half"] == "sealed" and said["accuracy"]["others"]["value"] == right.mean()
    assert not sealed.tpr_at(0.01).tested  # 160 others are too few


def test_same_seed_same_audit_whatever_the_bench(whole, target):
    again = audit(target, CHEAP, seed=1, n_jobs=1)
    for external in (False, True):
        first, second = ({**one.to_dict(external=external), "timings": None} for one in (whole, again))
        assert first == second
    assert audit(target, [Lira(shadows=8)], seed=2, n_jobs=1)["lira"].auc() != whole["lira"].auc()


def test_becomes_standard_json(whole):
    said = whole.to_dict()
    read = json.loads(json.dumps(said, allow_nan=False))
    assert read["schema"] == "reticent/audit/1" and read["verdict"] == whole.verdict
    assert [one["name"] for one in read["findings"]] == ["blind", "gap", "population", "lira"]
    assert json.loads(json.dumps(read)) == read
    assert read["strongest"]["attacks"] == ["gap", "population", "lira"]


def keys(value):
    if isinstance(value, dict):
        return set(value) | set().union(*(keys(one) for one in value.values()))
    return set().union(*(keys(one) for one in value)) if isinstance(value, list | tuple) else set()


def test_external_says_nothing_of_single_people(whole):
    inside, outside = whole.to_dict(), whole.to_dict(external=True)
    assert {"exposed", "subgroups", "row", "digest", "risk"} <= keys(inside)
    assert not {"exposed", "subgroups", "row", "digest", "risk"} & keys(outside)
    digests = {one["digest"] for one in inside["exposed"]}
    assert len(digests) == 10 and not any(digest in json.dumps(outside) for digest in digests)
    assert outside["external"] and not inside["external"]
    assert all(finding["by_group"] == {} for finding in outside["findings"])
    assert any(finding["by_group"] for finding in inside["findings"])
    shared = set(inside) - {"exposed", "subgroups", "external", "findings", "target"}
    assert {name: inside[name] for name in shared} == {name: outside[name] for name in shared}
    assert [{**one, "by_group": {}} for one in inside["findings"]] == outside["findings"]
    assert {**inside["target"], "classes": ["class 1", "class 2"]} == outside["target"]


def test_tables_that_differ_withhold_the_verdict(target_of, given):
    others = given()["nonmembers"].assign(weight=lambda table: table["weight"] + 25)
    found = audit(target_of(nonmembers=others), ["population"], n_jobs=1)
    assert found.state == "withheld" and found.verdict.startswith("No verdict: members and non-members")
    assert "not of one population" in found.withheld[0]
    assert not found.meets(0.99, 0.1)
    assert found.to_dict()["state"] == "withheld"


def test_a_model_of_other_rows_is_refused_or_withheld(target, bench):
    stranger = replace(target, model=target.train(np.flatnonzero(~target.population.is_member), 0))
    with pytest.raises(MismatchError, match=r"trained on other rows or in another way.*Hand in the right file"):
        audit(stranger, [Lira(shadows=8)], seed=1, bench=bench)
    found = audit(stranger, [Lira(shadows=8)], seed=1, bench=bench, shadow_mismatch="withhold")
    assert found.state == "withheld" and "standard deviations more" in found.verdict
    assert audit(target, [Lira(shadows=8)], seed=1, bench=bench).withheld == ()


def test_rates_are_those_asked_for(target, bench):
    said = audit(target, ["gap"], fprs=(0.2, 0.05), bench=bench).to_dict()
    assert [one["fpr"] for one in said["strongest"]["tpr"]] == [0.2, 0.05]
    assert [one["fpr"] for one in said["findings"][0]["tpr"]] == [0.2, 0.05]


def test_words_claim_no_more_than_was_measured(whole, target, bench):
    for found in (whole, guessed(target, bench, 0.0), audit(target, ["blind"], bench=bench)):
        said = (str(found) + found.verdict).lower()
        for word in ("safe", "anonymous", "no risk", "guarantee", "nothing is revealed"):
            assert word not in said
        assert "not tested" in said
    none = guessed(target, bench, 0.0)
    assert "no attack of this list" in none.verdict.lower() and "no proof" in none.verdict


def test_an_audit_is_frozen(whole):
    with pytest.raises(AttributeError):
        whole.findings = ()
    assert isinstance(whole, Audit)
