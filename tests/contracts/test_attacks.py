"""What every attack keeps: same seed, same scores; missing access is refused by name; inputs stay as they were."""

import functools
import json
from dataclasses import FrozenInstanceError, asdict, fields, replace

import joblib
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer

from reticent.attacks.attack import obstacle
from reticent.attacks.choice import ATTACKS
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.defenses import Anonymizer
from reticent.errors import AccessError
from reticent.target.access import Access

KINDS = ("pandas", "polars", "arrays", "classes", "repeated")
# For techniques of one family of models, a model of it; all others look at a tree.
MODELS = {
    "forest": RandomForestClassifier(20, random_state=0),
    "linear": make_pipeline(
        SplineTransformer(10), PolynomialFeatures(2, interaction_only=True), LogisticRegression(C=10, max_iter=2000)
    ),
    "boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
}
SINGLE = (Access.LABELS, Access.SCORES, Access.EXPLANATIONS, Access.GRADIENTS, Access.PARAMETERS)


@pytest.fixture(params=ATTACKS)
def attack(request):
    """Each attack of the list; those that train shadow models train few."""
    kind = ATTACKS[request.param]
    return kind(**({"shadows": 16} if "shadows" in {one.name for one in fields(kind)} else {}))


@pytest.fixture(scope="module")
def target_for(target_of):
    """``target_for(attack, kind)``: a target that grants everything to an attack, made once for each kind of model."""
    made = functools.cache(lambda kind, model: target_of(kind, classifier=model, access=Access.PARAMETERS))
    anonymized = functools.cache(lambda kind: Anonymizer(k=5).apply(made(kind, None)))

    def find(attack, kind="pandas"):
        return anonymized(kind) if attack.name == "released-lira" else made(kind, MODELS.get(attack.name))

    return find


@pytest.fixture
def open_target(attack, target_for):
    """A target that grants everything."""
    return target_for(attack)


@pytest.fixture(scope="module")
def found(target_for):
    """``found(attack, kind)``: the finding on a target that grants everything, made once."""
    benches = {kind: Workbench(n_jobs=1) for kind in KINDS}
    made = {}

    def run(attack, kind="pandas"):
        if (attack, kind) not in made:
            target = target_for(attack, kind)
            made[attack, kind] = target, attack.run(target, 3, benches[kind])
        return made[attack, kind]

    return run


def test_declares_what_it_is(attack):
    assert ATTACKS[attack.name] is type(attack)
    assert attack.title.strip() and isinstance(attack.needs, Access) and isinstance(attack.needs_recipe, bool)
    assert sum(other.title == attack.title for other in ATTACKS.values()) == 1


def test_is_frozen(attack, found):
    _, finding = found(attack)
    with pytest.raises(FrozenInstanceError):
        attack.anything = 1
    with pytest.raises(FrozenInstanceError):
        finding.scores = np.zeros(3)


@pytest.mark.parametrize("kind", KINDS)
def test_gives_one_finite_score_a_row(attack, kind, found):
    target, finding = found(attack, kind)
    n = len(target.population)
    assert isinstance(finding, Finding)
    assert finding.scores.shape == finding.baseline.shape == finding.is_member.shape == finding.sealed.shape == (n,)
    assert np.isfinite(finding.scores).all() and np.isfinite(finding.baseline).all()
    np.testing.assert_array_equal(finding.is_member, target.population.is_member)
    np.testing.assert_array_equal(finding.sealed, target.population.sealed)
    assert (finding.name, finding.title, finding.needs) == (attack.name, attack.title, attack.needs)
    assert finding.seed == 3
    assert asdict(attack).items() <= dict(finding.parameters).items()


@pytest.mark.parametrize("kind", KINDS)
def test_becomes_standard_json_and_back(attack, kind, found):
    _, finding = found(attack, kind)
    said = finding.to_dict()
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert said["baseline_auc"] is not None
    assert said["auc"] == finding.auc().to_dict()


def test_equal_rows_get_equal_scores(attack, found):
    """The rows that members have twice are one person: an attack that tells them apart reads their order."""
    target, finding = found(attack, "repeated")
    people = target.population
    first = np.array([np.flatnonzero(people.is_member & (people.row == i))[0] for i in range(20)])
    again = np.array([np.flatnonzero(people.is_member & (people.row == 300 + i))[0] for i in range(20)])
    np.testing.assert_array_equal(people.unit[first], people.unit[again])
    if attack.name != "blind":  # which ranks within each fold: two rows of one rank are one apart at most
        np.testing.assert_allclose(finding.scores[first], finding.scores[again])


def test_same_seed_same_scores(attack, open_target, found):
    _, finding = found(attack)
    again = attack.run(open_target, 3, Workbench(n_jobs=1))
    np.testing.assert_array_equal(again.scores, finding.scores)
    np.testing.assert_array_equal(again.baseline, finding.baseline)
    assert again.to_dict() == finding.to_dict()


@pytest.mark.slow
def test_same_scores_whatever_the_number_of_workers(attack, open_target, found):
    _, finding = found(attack)
    np.testing.assert_array_equal(attack.run(open_target, 3, Workbench(n_jobs=2)).scores, finding.scores)


def test_leaves_its_inputs_alone(attack, target_of):
    target = target_of(classifier=MODELS.get(attack.name), access=Access.PARAMETERS)
    target = Anonymizer(k=5).apply(target) if attack.name == "released-lira" else target
    people = target.population
    seen = (people.table.native, people.is_member, people.unit, people.sealed, people.row, target.model.native)
    before, answers = [joblib.hash(one) for one in seen], target.answers(target.model).copy()
    attack.run(target, 0, Workbench(n_jobs=1))
    assert [joblib.hash(one) for one in seen] == before
    np.testing.assert_array_equal(target.answers(target.model), answers)


@pytest.mark.parametrize("access", [Access.NOTHING, *SINGLE], ids=lambda access: access.words)
def test_runs_where_its_access_is_granted_and_names_what_is_missing(attack, access, open_target):
    target = replace(open_target, access=access)
    if attack.needs in access:
        assert obstacle(attack, target) is None
        return
    with pytest.raises(AccessError) as refused:
        attack.run(target, 0, Workbench(n_jobs=1))
    missing = [one.name.lower() for one in SINGLE if one in attack.needs and one not in access]
    assert attack.name in str(refused.value)
    assert f"needs {missing[-1]}, and the attacker is given {access.words} alone" in str(refused.value)
    assert refused.value.exit_code == 20


def test_poorest_sufficient_access_is_enough(attack, open_target):
    finding = attack.run(replace(open_target, access=attack.needs), 0, Workbench(n_jobs=1))
    assert np.isfinite(finding.scores).all()


def test_a_family_s_technique_refuses_other_models(attack, target_of):
    if attack.needs_family is not None:
        with pytest.raises(AccessError, match="another kind of model"):
            attack.run(target_of(access=Access.PARAMETERS), 0, Workbench(n_jobs=1))


def test_without_a_recipe_it_runs_or_says_so(attack, open_target):
    target = replace(open_target, recipe=None)
    if attack.needs_recipe:
        with pytest.raises(AccessError, match="has no recipe"):
            attack.run(target, 0, Workbench(n_jobs=1))
    else:
        assert np.isfinite(attack.run(target, 0, Workbench(n_jobs=1)).scores).all()


def test_a_model_that_shows_nothing_is_not_called_clean(attack, given, target_of):
    native = given()["model"]
    target = target_of(model=native.predict_proba, access=Access.PARAMETERS)
    if Access.PARAMETERS in attack.needs:
        with pytest.raises(AccessError, match="cannot look inside"):
            attack.run(target, 0, Workbench(n_jobs=1))
    elif not attack.needs_recipe:
        assert np.isfinite(attack.run(target, 0, Workbench(n_jobs=1)).scores).all()


def test_higher_means_more_like_a_member(attack, target_of):
    """The nearest neighbor knows its members by heart and keeps them: whoever looks at it can tell."""
    target = target_of("arrays", classifier=MODELS.get(attack.name, KNeighborsClassifier(1)), access=Access.PARAMETERS)
    target = Anonymizer(k=2).apply(target) if attack.name == "released-lira" else target
    finding = attack.run(target, 0, Workbench(n_jobs=1))
    if finding.against_model:
        assert finding.auc().low > 0.5
    else:
        assert finding.auc().low < 0.5 < finding.auc().high
    low, high = finding.baseline_auc().low, finding.baseline_auc().high
    assert low < 0.5 < high  # both tables are of one population
