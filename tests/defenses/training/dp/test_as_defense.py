"""A private classifier as a defense: told by the schema, paid in the ledger, rehearsed from seeds, refused in time."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.budget import Budget
from reticent.accounting.events import Event, Gaussian
from reticent.accounting.gaussian import mu_of
from reticent.attacks.shadow import shadows
from reticent.attacks.workbench import Workbench
from reticent.defenses import Coarsen, DPClassifier, Minimizer
from reticent.defenses.training.dp.as_defense import undeclared
from reticent.defenses.training.dp.candidates import EPSILONS, chosen_by_rule, grid, private, why_not
from reticent.errors import AccessError, NoGuaranteeWarning
from reticent.mechanisms.promise import charged
from reticent.target.goal import Goal
from reticent.target.target import privacy_of

TOWNS = {"town": ["Bonn", "Ems", "Ulm", "Wien"]}


@pytest.fixture(scope="module")
def described(target_of):
    return target_of(domains=TOWNS, bounds={"age": (18, 80)})


@pytest.fixture(scope="module")
def after(described):
    return DPClassifier(epsilon=2).apply(described)


def test_the_estimator_is_told_what_the_schema_declares(after):
    fitted = after.model.native
    assert fitted.bounds == {"age": (18, 80)} and fitted.domains == TOWNS and fitted.classes == ["no", "yes"]
    assert [row.what for row in fitted.spending_ if row.share == 0] == [
        "bounds of age: declared, 18 to 80",
        "domain of town: declared, 4 values",
        "classes: declared, no, yes",
    ]


def test_what_it_was_told_itself_comes_first(described):
    own = DPClassifier(epsilon=2, bounds={"age": (0, 120)}, classes=["maybe", "no", "yes"])
    fitted = own._told(described)
    assert fitted.bounds == {"age": (0, 120)} and fitted.classes == ["maybe", "no", "yes"]
    assert own.get_params()["domains"] is None  # the one handed in is left as it was


def test_columns_of_an_array_are_known_by_their_place(target_of):
    target = target_of("arrays", bounds={"x0": (18, 80), "x2": (30, 120)})
    told = DPClassifier()._told(target)
    assert told.bounds == {0: (18, 80), 2: (30, 120)} and DPClassifier().apply(target).accuracy().shape == (320,)


def test_the_ledger_and_the_claim_hold_the_event(described, after):
    event = after.model.native.event_
    claim = privacy_of(after.defenses)
    assert after.releases == (event.to_dict(),) == (claim["event"],) and described.releases == ()
    assert claim["trained_here"] and 1.99 < claim["epsilon"] <= 2
    assert json.loads(json.dumps(after.to_dict(), allow_nan=False))["releases"] == [event.to_dict()]
    again = DPClassifier(epsilon=1).apply(replace(described, releases=after.releases))
    assert len(again.releases) == 2 and 2 < charged(again.releases, 1e-5) < 3


def test_what_will_be_spent_is_known_before_anything_is_read(described):
    planned = DPClassifier(epsilon=2).spends(described).to_dict()
    event = DPClassifier(epsilon=2).apply(described).releases[0]
    assert charged([event], 1e-5) == pytest.approx(charged([planned], 1e-5), rel=0.01)
    assert charged([event], 1e-5) <= charged([planned], 1e-5)  # noise is rounded up to a grid


def test_two_fits_draw_their_own_noise_and_promise_something(described):
    one, other = (DPClassifier(epsilon=2).apply(described, seed=0) for _ in range(2))
    assert np.abs(one.scores - other.scores).max() > 1e-6
    for target in (one, other):
        assert target.model.native.random_state is None and target.model.native.event_.no_guarantee is None


def test_shadow_models_are_rehearsals(after):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (shadows(after, 8, 3, Workbench(n_jobs=1)) for _ in range(2))
        model = after.recipe(after.population.members, 7)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert "seed" in model.native.event_.no_guarantee and model.native.random_state == 7


def test_a_ledger_of_ones_own_pays_for_the_model_and_for_no_rehearsal(described, target_of):
    search = Event("search", (Gaussian(1 / mu_of(1, 1e-5)),), adjacency=ADD_REMOVE_ROW)
    ledger = Budget(epsilon=3.0, delta=1e-5, adjacency=ADD_REMOVE_ROW).charged(search)
    paid = DPClassifier(epsilon=2, budget=ledger).apply(described)
    fitted = paid.model.native
    assert [event["what"] for event in paid.releases] == ["search", "DPClassifier, fitted"]
    assert charged(paid.releases, 1e-5) == pytest.approx(fitted.budget_.spent()) and 2 < fitted.budget_.spent() < 3
    assert len(shadows(paid, 8, 3, Workbench(n_jobs=1)).scores) == 8
    again = target_of(model=fitted)
    assert again.recipe(again.population.members, 0).native.event_.no_guarantee is not None
    assert again.releases == paid.releases


def test_a_person_with_several_rows_is_protected_as_one(target_of):
    target = target_of("repeated", domains=TOWNS)
    after = DPClassifier(epsilon=4).apply(target)
    claim = privacy_of(after.defenses)
    assert claim["adjacency"] == {"change": "add or remove", "unit": "person"}
    assert after.model.native.person == "household" and "household" not in after.features
    assert len(after.scores) == len(target.population)
    assert after.recipe(target.population.members, 0).native.person == "household"


def test_answers_may_be_made_coarser_and_questions_end_the_claim(after):
    assert privacy_of(Coarsen(policy="label").apply(after).defenses) == privacy_of(after.defenses)
    assert privacy_of(Minimizer(agreement=0.7).apply(after).defenses) is None


def test_what_cannot_be_promised_is_refused(described, target_of, given):
    with pytest.raises(AccessError, match=r"which values town may hold .*domains="):
        DPClassifier().apply(target_of())
    assert DPClassifier(domains=TOWNS).obstacle(target_of()) is None
    with pytest.raises(AccessError, match="noise from a seed"):
        DPClassifier(random_state=0).apply(described)
    assert "delta 0.01 is at least one in 320 members" in DPClassifier(delta=0.01).obstacle(described)
    assert DPClassifier(delta=0.003).obstacle(described) is None
    assert "no other defense" in DPClassifier().obstacle(Coarsen(policy="label").apply(described))
    members, others = (given("arrays")[side] for side in ("members", "nonmembers"))
    pictures = {"members": (members[0][:, :, None], members[1]), "nonmembers": (others[0][:, :, None], others[1])}
    target = target_of("arrays", model=lambda x: np.tile([0.5, 0.5], (len(x), 1)), **pictures)
    assert "a table of columns" in DPClassifier().obstacle(target)


def test_only_types_are_looked_at_to_find_what_is_undeclared(target_of):
    assert undeclared(target_of()) == ["town"] and undeclared(target_of("polars")) == ["town"]
    assert undeclared(target_of("arrays")) == [] == undeclared(target_of(domains=TOWNS))


def test_a_private_model_that_is_handed_in_claims_what_it_says_itself(target_of, given, after):
    fitted = after.model.native
    target = target_of(model=fitted)
    claim = privacy_of(target.defenses)
    assert claim["event"] == fitted.event_.to_dict() and not claim["trained_here"]
    assert target.releases == (fitted.event_.to_dict(),) and target.model.native is fitted
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        target.recipe(target.population.members, 1)
    members = given()["members"]
    with pytest.warns(NoGuaranteeWarning):
        seeded = clone(fitted).set_params(random_state=0).fit(members.drop(columns="y"), members["y"])
    said = privacy_of(target_of(model=seeded).defenses)
    assert said["epsilon"] is None and "seed" in said["statement"]
    assert Event.from_dict(target_of(model=seeded).releases[0]).unbounded is not None


def test_a_private_model_of_persons_can_be_trained_again(target_of):
    target = target_of("repeated", domains=TOWNS)
    fitted = DPClassifier(epsilon=4).apply(target).model.native
    again = target_of("repeated", model=fitted)
    assert again.recipe(again.population.members, 0).native.person == "household"


def test_the_grid_holds_the_goals_own_epsilon(described, target_of):
    assert [one.epsilon for one in grid()] == sorted(EPSILONS, reverse=True)
    asked = private(described, Goal(epsilon=2, delta=1e-6))
    assert [one.epsilon for one in asked] == [8, 3, 2, 1, 0.5, 0.1] and {one.delta for one in asked} == {1e-6}
    assert private(target_of()) == [] and "town" in why_not(target_of())


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (Goal(epsilon=1), 1),
        (Goal(epsilon=2), 1),
        (Goal(epsilon=0.05), None),
        (Goal(epsilon=1, delta=1e-6), 0.5),  # a smaller delta costs more
        (Goal(epsilon=1, delta=1e-4), 1),
        (Goal(0.3, 0.1), None),
    ],
    ids=["1", "2", "nothing so small", "smaller delta", "larger delta", "no epsilon"],
)
def test_the_rule_takes_the_largest_epsilon_that_there_is_room_for(described, goal, expected):
    ruled = chosen_by_rule([Coarsen(policy="label"), *grid()], goal, described)
    assert (None if ruled is None else ruled.epsilon) == expected
