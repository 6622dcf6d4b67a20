"""Lower bounds beside a claimed epsilon: they spare claims that hold, refute those that do not, and count people."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from reticent.attacks.claimed import alone, epsilon_bounds
from reticent.attacks.result import Finding
from reticent.describe import describe
from reticent.target.access import Access

CLAIM = {"epsilon": 1.0, "delta": 1e-5, "adjacency": {"unit": "row"}}


def target(n, unit=None):
    people = SimpleNamespace(unit=np.arange(n) if unit is None else unit, __len__=lambda self: n)
    people = type("People", (), {"__len__": lambda self: n, "unit": people.unit})()
    return SimpleNamespace(population=people, schema=SimpleNamespace(groups=None))


def finding(scores, member, seed=0):
    sealed = np.random.default_rng((seed, 1)).random(len(scores)) < 0.5
    return Finding(
        name="made up",
        title="Made up",
        needs=Access.SCORES,
        scores=scores,
        is_member=member,
        sealed=sealed,
        baseline=None,
    )


def told_apart_by(mu, n, seed):
    """Scores of an attacker against mu-Gaussian differential privacy at its worst: two normals, mu apart."""
    rng = np.random.default_rng(seed)
    member = np.arange(n) < n // 2
    return finding(rng.normal(size=n) + mu * member, member, seed)


def test_a_claim_that_holds_is_not_refuted():
    """Responses that are exactly (1, 0)-private, 400 times: at most one in a thousand may be refuted.

    More than 4 of 400 would come once in 5 million suites.
    """
    n, refuted, warned = 4000, 0, 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        member = np.arange(n) < n // 2
        truthful = rng.random(n) < np.e / (1 + np.e)
        found = epsilon_bounds(
            target(n), [finding(np.where(truthful, member, ~member).astype(float), member, seed)], CLAIM
        )
        refuted, warned = refuted + (found["fails"] > 1), warned + (found["warns"] > 1)
    assert refuted <= 4 and warned <= stats.binom.ppf(1 - 1e-6, 400, 0.05)


def test_a_claim_that_is_wrong_is_refuted():
    found = epsilon_bounds(target(4000), [told_apart_by(3.0, 4000, 0)], CLAIM)
    assert found["warns"] >= found["fails"] > 1.0


def test_more_attacks_and_more_claims_want_more_evidence():
    one = told_apart_by(1.0, 4000, 1)
    alone_, beside = (epsilon_bounds(target(4000), [one] * k, CLAIM) for k in (1, 5))
    of_many = epsilon_bounds(target(4000), [one], {**CLAIM, "audits": 5})
    assert alone_["warns"] > beside["warns"] and alone_["fails"] > beside["fails"] == of_many["fails"]
    assert alone_["warns"] == of_many["warns"] and of_many["audits"] == 5


def test_the_claims_delta_is_used():
    spread = told_apart_by(2.0, 4000, 2)
    small, large = (epsilon_bounds(target(4000), [spread], {**CLAIM, "delta": delta}) for delta in (1e-9, 0.2))
    assert small["warns"] > large["warns"]


def test_copies_are_allowed_more_than_one_epsilon():
    """Each member three times: what three epsilons allow does not refute one."""
    n = 4000
    found = told_apart_by(3.0, n, 3)
    copied = np.where(np.arange(n) < n // 2, np.arange(n) // 4, np.arange(n))
    assert epsilon_bounds(target(n), [found], CLAIM)["fails"] > 1
    assert epsilon_bounds(target(n, copied), [found], CLAIM)["fails"] == 0


def test_no_attack_says_nothing():
    assert epsilon_bounds(target(10), [], CLAIM) is None


@pytest.mark.parametrize("unit", ["row", "person"])
def test_of_each_unit_one_row_that_stands_for_it_alone(given, unit):
    """Two rows a household: as rows they are no single ones, as a person's they are one; merged persons are neither."""
    arguments = given("repeated")
    people = describe(arguments.pop("model"), **arguments).population
    target = SimpleNamespace(population=people, schema=SimpleNamespace(groups="household"))
    rows = alone(target, unit)
    size = np.bincount(people.unit)[people.unit]
    assert len(np.unique(people.unit[rows])) == rows.sum()
    homes = people.table.column("household")
    if unit == "row":
        assert rows.sum() == (size == 1).sum() and (size[rows] == 1).all()
    else:
        assert rows.sum() > 200 and size[rows].max() > 1
        for row in np.flatnonzero(rows)[::25]:
            assert len(set(homes[people.unit == people.unit[row]])) == 1
