"""Reference models of the auditor's own recipe: any table, any estimator, and how much weaker the guess makes it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from reticent.attacks.attack import obstacle
from reticent.attacks.membership.population import PopulationThreshold
from reticent.attacks.membership.reference import Codes, ReferenceModels, reference_scores
from reticent.attacks.membership.rmia import Rmia
from reticent.attacks.workbench import Workbench
from reticent.backends.sklearn import CloneRecipe
from reticent.errors import ParameterError, RecipeError
from reticent.target.access import Access
from reticent.target.population import Half

TREE = DecisionTreeClassifier(min_samples_leaf=2)


def bought(target):
    return replace(target, recipe=None)


@pytest.fixture(scope="module")
def finding(target):
    return ReferenceModels().run(bought(target), 2, Workbench(n_jobs=1))


def test_score_is_the_share_of_rows_that_stand_out_less():
    rng = np.random.default_rng(0)
    membership = np.tile(rng.random(50) < 0.5, (2, 1)) ^ np.array([[False], [True]])
    shares, own = rng.random((2, 50)), rng.random(50)
    ratios = [(own[i] * 100 + 0.5) / (shares[:, i].mean() * 100 + 0.5) for i in range(50)]
    expected = [np.mean([ratios[i] >= ratios[j] for j in range(50)]) for i in range(50)]
    np.testing.assert_allclose(reference_scores(own, shares, membership), expected)


def test_finds_members_of_a_bought_model(finding, target):
    assert finding.auc().low > 0.55
    assert finding.auc().value > PopulationThreshold().run(target, 2, Workbench(n_jobs=1)).auc().value
    assert finding.null.low < 0.5 < finding.null.high


def test_says_how_much_weaker_it_is(finding):
    for half in Half:
        facts = finding.on(half).reading()
        assert facts["AUC on reference models"].low > 0.5
        for said in (facts["AUC on reference models"], finding.on(half).auc()):
            assert str(said) in facts["how much weaker"]
        assert facts["recognized here at 1 % false alarms"] == finding.on(half).tpr_at(0.01)
    assert "not shown to be safe" in facts["how much weaker"]
    assert json.loads(json.dumps(finding.to_dict(), allow_nan=False)) == finding.to_dict()


def test_power_on_reference_models_is_that_of_rmia_where_the_recipe_is_theirs(target):
    """The same estimator as recipe and as reference: both attacks train the same models."""
    recipe = CloneRecipe(target.recipe.estimator, target.features)
    found = ReferenceModels(reference=recipe).run(bought(target), 2, Workbench(n_jobs=1))
    known = Rmia().run(target, 2, Workbench(n_jobs=1))
    assert found.auc().value == pytest.approx(known.auc().value, abs=0.03)
    on_shadows = known.facts["AUC on shadow models"].value
    assert found.reading()["AUC on reference models"].value == pytest.approx(on_shadows, abs=0.03)


def test_never_meets_a_goal(finding):
    """Goals ask for models of the target's own recipe; these are not."""
    assert finding.replicas is None and finding.tpr_over_models(0.01) is None


def test_runs_without_a_recipe_and_without_asking_the_model_twice(target):
    asked = []

    class Meter:
        def __getattr__(self, name):
            if name in {"scores", "labels"}:
                asked.append(name)
            return getattr(target.model, name)

    metered = replace(target, model=Meter(), recipe=None)
    assert obstacle(ReferenceModels(), metered) is None
    ReferenceModels(reference=TREE).run(metered, 2, Workbench(n_jobs=1))
    assert asked.count("scores") == 1


def test_reads_labels_where_scores_are_withheld(target):
    labels = replace(bought(target), access=Access.LABELS)
    found = ReferenceModels(reference=TREE).run(labels, 2, Workbench(n_jobs=1))
    assert found.parameters["scores"] is False and found.auc().low > 0.5


@pytest.mark.parametrize("kind", ["polars", "arrays", "classes", "repeated"])
def test_takes_any_table(kind, target_of):
    quick = HistGradientBoostingClassifier(max_iter=10)
    found = ReferenceModels(shadows=12, reference=quick).run(bought(target_of(kind)), 2, Workbench(n_jobs=1))
    assert np.isfinite(found.scores).all() and found.auc().low > 0.5


@pytest.mark.parametrize(
    "reference", [TREE, LogisticRegression(max_iter=500)], ids=lambda estimator: type(estimator).__name__
)
def test_takes_any_estimator(reference, target):
    found = ReferenceModels(reference=reference).run(bought(target), 2, Workbench(n_jobs=1))
    assert type(reference).__name__ in found.parameters["reference"]
    assert found.auc().value > 0.5
    assert not hasattr(reference, "classes_")  # what was handed in stays unfitted


def test_takes_a_pipeline_for_raw_rows(tree, target):
    found = ReferenceModels(reference=tree()).run(bought(target), 2, Workbench(n_jobs=1))
    assert found.auc().low > 0.55


def test_a_reference_that_cannot_learn_says_what_to_do(target):
    raw = CloneRecipe(DecisionTreeClassifier(), target.features)  # no codes for the town
    with pytest.raises(RecipeError, match="Pass recipe="):
        ReferenceModels(reference=raw).run(bought(target), 0, Workbench(n_jobs=1))
    with pytest.raises(ParameterError, match="shadows >= 8, got shadows=7"):
        ReferenceModels(shadows=7)


def test_a_model_of_other_people_gives_nobody_away(target):
    """A null target; an area of 320 and 320 rows is within 0.13 of one half but for less than one in a million."""
    bench, rng, areas = Workbench(n_jobs=1), np.random.default_rng(9), []
    for seed in range(6):
        null = replace(target, model=target.train(np.sort(rng.permutation(640)[:320]), seed), recipe=None)
        areas.append(ReferenceModels(reference=TREE).run(null, 2, bench).auc().value)
    assert np.mean(areas) == pytest.approx(0.5, abs=0.13 / np.sqrt(6) + 0.01)


def test_codes_are_those_of_the_training_part():
    train = pd.DataFrame({"town": ["Ulm", "Bonn", None, "Ems"], "age": [30, 40, 50, 60], "vip": [True, False] * 2})
    asked = pd.DataFrame({"town": ["Wien", "Ulm", "Bonn"], "age": [1, 2, 3], "vip": [True, True, False]})
    codes = Codes().fit(train)
    np.testing.assert_array_equal(codes.transform(train), [[2, 30, 1], [0, 40, 0], [np.nan, 50, 1], [1, 60, 0]])
    np.testing.assert_array_equal(codes.transform(asked), [[np.nan, 1, 1], [2, 2, 1], [0, 3, 0]])


def test_codes_of_pictures_are_their_pixels():
    pictures = np.random.default_rng(0).random((5, 3, 2))
    np.testing.assert_array_equal(Codes().fit(pictures).transform(pictures), pictures.reshape(5, 6))
