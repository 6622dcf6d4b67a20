"""Minimized questions as a defense: the model never meets a row as it is, nor do the shadow models of its audit."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from reticent import _seeds
from reticent.attacks.shadow import shadows
from reticent.attacks.workbench import Workbench
from reticent.backends.files import read_model, write_model
from reticent.defenses import Minimizer
from reticent.defenses.data.minimize.as_defense import MinimizedModel
from reticent.errors import AccessError
from reticent.target.access import Access

NUMBERS = ["age", "income", "weight"]


@dataclass
class Spy:
    """A recipe that keeps the models that it trains."""

    inner: object
    models: list = field(default_factory=list)
    fingerprint: None = None
    family: None = None

    def __call__(self, table, seed):
        self.models.append(self.inner(table, seed))
        return self.models[-1]


@pytest.fixture(scope="module")
def smooth(target_of):
    """A target whose model leaves something to be minimized."""
    return target_of("arrays", classifier=make_pipeline(StandardScaler(), LogisticRegression()))


@pytest.fixture(scope="module")
def after(smooth):
    return Minimizer(agreement=0.8).apply(smooth)


def rows_of(target):
    return target.population.table.features(target.features)


def test_the_model_stays_and_its_questions_change(smooth, after):
    x = rows_of(smooth)
    native = after.model.native
    assert native.estimator_ is smooth.model.native
    asked = native.minimizer_.transform(x)
    np.testing.assert_array_equal(after.scores, smooth.model.native.predict_proba(asked))
    assert (asked != x).any() and Minimizer().queries == "mapped"


def test_the_claim_is_what_the_minimizer_counted(smooth, after):
    members = smooth.population.members
    alone = Minimizer(smooth.model.native, agreement=0.8, random_state=0).fit(members.features(smooth.features))
    claim = after.defenses[-1]["claim"]
    assert claim["agreement"] == alone.agreement_.to_dict() and claim["ncp"] == alone.ncp_ > 0
    assert claim["agreement"]["low"] >= claim["asked"] == 0.8
    assert f"{alone.n_judged_:,} of the members' rows that chose nothing" in claim["statement"]
    assert after.defenses[-1]["parameters"] == {"agreement": 0.8}


def test_each_shadow_model_has_a_minimizer_of_its_own(smooth):
    spy = Spy(smooth.recipe)
    after = Minimizer(agreement=0.8).apply(replace(smooth, recipe=spy))
    assert spy.models == []  # nothing is trained to protect
    found = shadows(after, 8, 3, Workbench(n_jobs=1))
    assert len(spy.models) == 8
    table = smooth.population.table
    for number in (0, 5):
        model, rows = spy.models[number], np.flatnonzero(found.membership[number])
        own = Minimizer(model.native, agreement=0.8, random_state=_seeds.integer(3, "shadow", number))
        asked = own.fit(table.take(rows).features(smooth.features)).transform(rows_of(smooth))
        np.testing.assert_allclose(found.scores[number], model.scores(asked), atol=1e-6)


def test_the_one_who_asks_changes_with_the_model(smooth, after):
    """A minimizer tells of the members that it was fitted with: shadows that share it would not show that."""
    half = smooth.population.table.take(np.arange(0, 640, 2))
    other = after.recipe(half, 0)
    assert (other.place(rows_of(smooth)) != after.model.place(rows_of(smooth))).any()


def test_whose_rows_they_are_is_not_given_to_the_model(target_of):
    target = target_of("repeated", classifier=LogisticRegression(max_iter=2000))
    after = Minimizer(agreement=0.7).apply(target)
    fitted = after.model.native.minimizer_
    members = target.population.members.native
    owners = members["household"].iloc[fitted.judged_]
    assert owners.is_unique and fitted.person == "household"
    assert "household" not in after.model.place(rows_of(target)).columns


def test_a_bought_model_can_be_minimized_too(target_of, smooth):
    target = target_of("arrays", model=smooth.model.native.predict_proba)
    assert target.recipe is None
    after = Minimizer(agreement=0.8).apply(target)
    assert after.recipe is None and after.defenses[-1]["claim"]["ncp"] > 0
    x = rows_of(target)
    np.testing.assert_array_equal(after.model.native(x), after.scores)
    np.testing.assert_array_equal(after.model.native.predict_proba(x), after.scores)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"access": Access.PARAMETERS}, "asks the model about rows as they are"),
        ({"access": Access.GRADIENTS}, "asks the model about rows as they are"),
    ],
)
def test_who_holds_the_model_is_not_stopped(target_of, change, words):
    target = target_of("arrays", **change)
    assert words in Minimizer(agreement=0.8).obstacle(target)
    with pytest.raises(AccessError, match=words):
        Minimizer(agreement=0.8).apply(target)


def test_too_few_members_and_pictures_are_refused(target_of, given):
    assert "and no more" in Minimizer(agreement=0.99).obstacle(target_of("arrays"))
    members, others = (given("arrays")[side] for side in ("members", "nonmembers"))
    pictures = {"members": (members[0][:, :, None], members[1]), "nonmembers": (others[0][:, :, None], others[1])}

    def answer(x):
        return np.column_stack([x[:, 0, 0] > 50, x[:, 0, 0] <= 50]).astype(float)

    target = target_of("arrays", model=answer, **pictures)
    assert "a table of columns" in Minimizer(agreement=0.8).obstacle(target)


def test_the_smallest_table_of_an_audit_has_to_do(target_of, given):
    """A model of the audit may learn from half of members and others: fewer than the members, where these are many."""
    members, others = (given("arrays")[side] for side in ("members", "nonmembers"))
    few = {"members": members, "nonmembers": (others[0][:60], others[1][:60])}
    every, less = target_of("arrays"), target_of("arrays", **few)
    n = len(members[0])
    share = next(
        one for one in np.linspace(0.99, 0.9, 200) if Minimizer(agreement=one).obstacle(every) is None
    )  # just possible with as many others
    assert f"{(n + 60) / 2:,.0f} people" in Minimizer(agreement=share).obstacle(less)


def test_the_estimator_fits_a_minimizer_to_itself(given):
    x, y = given("arrays")["members"]
    made = MinimizedModel(LogisticRegression(max_iter=1000), Minimizer(agreement=0.8, random_state=4)).fit(x, y)
    raw = LogisticRegression(max_iter=1000).fit(x, y)
    own = Minimizer(raw, agreement=0.8, random_state=4).fit(x)
    np.testing.assert_array_equal(made.predict_proba(x), raw.predict_proba(own.transform(x)))
    np.testing.assert_array_equal(made.decision_function(x), raw.decision_function(own.transform(x)))
    assert is_classifier(made) and made.classes_.tolist() == raw.classes_.tolist()
    again = clone(made)
    assert again.get_params()["minimizer__agreement"] == 0.8 and not hasattr(again, "minimizer_")
    assert made.minimizer_.model is None  # the model is kept once


def test_margins_stay_margins_and_amounts_amounts(given):
    x, _ = given("arrays")["members"]
    margins = MinimizedModel(LinearSVC(random_state=0, dual=False), Minimizer(agreement=0.8))
    assert hasattr(margins, "decision_function") and not hasattr(margins, "predict_proba")
    amounts = MinimizedModel(LinearRegression(), Minimizer(agreement=0.8)).fit(x, x[:, 0] * 3 + 1)
    assert is_regressor(amounts) and not is_classifier(amounts) and not hasattr(amounts, "classes_")
    assert np.abs(amounts.predict(x) - (x[:, 0] * 3 + 1)).mean() < 3 * x[:, 0].std()


def test_a_saved_model_is_audited_through_its_questions(smooth, after, target_of, tmp_path):
    write_model(after.model.native, tmp_path / "model.skops")
    read = target_of("arrays", model=read_model(tmp_path / "model.skops"))
    np.testing.assert_array_equal(read.scores, after.scores)
    rows = smooth.population.table.take(np.arange(100, 420))
    np.testing.assert_array_equal(
        read.answers(read.recipe(rows, 9)), after.answers(after.recipe(rows, 9))
    )  # the same minimizer is fitted to the same model


def test_frames_of_any_column_keep_their_types(target_of):
    after = Minimizer(agreement=0.7).apply(target_of("pandas", classifier=LogisticRegression(max_iter=2000)))
    x = after.population.table.features(after.features)
    asked = after.model.place(x)
    assert isinstance(asked, pd.DataFrame) and (asked.dtypes == x.dtypes).all() and list(asked) == list(x)
