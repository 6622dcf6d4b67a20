"""Training on a k-anonymized table: whatever rows the recipe is given, the inner model only ever sees k of a kind."""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.svm import LinearSVC

from reticent.attacks.shadow import shadows
from reticent.attacks.workbench import Workbench
from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.anonymize.anonymizer import CANDIDATES, anonymizations
from reticent.defenses.data.anonymize.as_defense import AnonymizedTraining
from reticent.errors import AccessError, ParameterError

KINDS = ["pandas", "polars", "arrays", "classes"]


@dataclass
class Spy:
    """A recipe that keeps the tables it is given."""

    inner: object
    tables: list = field(default_factory=list)
    fingerprint: None = None

    def __call__(self, table, seed):
        self.tables.append(table)
        return self.inner(table, seed)


def fewest(table, columns):
    """The smallest class, counted by hand."""
    return min(Counter(zip(*(table.column(name).tolist() for name in columns), strict=True)).values())


@pytest.mark.parametrize("k", [2, 5, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_the_inner_model_learns_from_k_of_a_kind(kind, k, target_of):
    target = target_of(kind)
    spy = Spy(target.recipe)
    after = Anonymizer(k=k).apply(replace(target, recipe=spy))
    columns = target.schema.quasi_identifiers
    guide, seen = spy.tables  # the model that guides learns from the raw table, and is thrown away
    assert len(guide) == len(seen)
    members = target.population.members
    assert fewest(seen, columns) >= k > fewest(members, columns)
    claim = after.defenses[-1]["claim"]
    assert claim["smallest_class"] == fewest(seen, columns)
    assert (claim["k"], claim["columns"], claim["kind"]) == (k, list(columns), "k-anonymity")
    for name in members.columns:
        same = (seen.column(name) == members.column(name)).all()
        assert same or name in columns  # all else, labels and order of rows, as it was
    assert any((seen.column(name) != members.column(name)).any() for name in columns)


@pytest.mark.parametrize("k", [2, 10])
def test_k_counts_those_to_whom_rows_belong(k, target_of):
    """Where a household has several rows, k households share each combination, not k rows."""
    target = target_of("repeated")
    spy = Spy(target.recipe)
    after = Anonymizer(k=k).apply(replace(target, recipe=spy))
    _, seen = spy.tables
    homes = {}
    for age, town, home in zip(*(seen.column(name).tolist() for name in ("age", "town", "household")), strict=True):
        homes.setdefault((age, town), set()).add(home)
    claim = after.defenses[-1]["claim"]
    assert min(len(one) for one in homes.values()) == claim["smallest_class"] >= k
    assert "different values of household" in claim["statement"]


def test_shadow_models_learn_from_k_of_a_kind_too(target):
    spy = Spy(target.recipe)
    after = Anonymizer(k=5).apply(replace(target, recipe=spy))
    spy.tables.clear()
    found = shadows(after, 8, 0, Workbench(n_jobs=1))
    assert len(spy.tables) == 16
    for table, rows in zip(spy.tables[1::2], found.membership, strict=True):
        assert len(table) == rows.sum() and fewest(table, ("age", "town")) >= 5


def test_queries_come_raw(target):
    after = Anonymizer(k=20).apply(target)
    x = target.population.table.features(target.features)
    inner = after.model.native.estimator_
    np.testing.assert_array_equal(after.scores, inner.predict_proba(x))
    assert after.model.native.predict(x).tolist() == inner.predict(x).tolist()
    assert Anonymizer(k=20).queries == "raw"


def test_the_estimator_anonymizes_then_fits(given, tree):
    members = given()["members"]
    x, y = members.drop(columns="y"), members["y"]
    anonymizer = Anonymizer(k=5, quasi_identifiers=["age", "town"])
    made = AnonymizedTraining(tree(), anonymizer).fit(x, y)
    changed = anonymizer.fit_transform(x, tree().fit(x, y).predict_proba(x))
    expected = tree().fit(changed, y)
    np.testing.assert_array_equal(made.predict_proba(x), expected.predict_proba(x))
    assert made.classes_.tolist() == ["no", "yes"] and made.feature_names_in_.tolist() == list(x.columns)
    again = clone(made)
    assert again.get_params()["anonymizer__k"] == 5
    with pytest.raises((NotFittedError, AttributeError)):
        again.predict(x)


def test_margins_stay_margins(given, tree):
    x, y = given("arrays")["members"]
    made = AnonymizedTraining(LinearSVC(random_state=0, dual=False), Anonymizer(k=5, quasi_identifiers=[0]))
    assert hasattr(made, "decision_function") and not hasattr(made, "predict_proba")
    made.fit(x, y)
    np.testing.assert_array_equal(made.decision_function(x), made.estimator_.decision_function(x))
    assert hasattr(AnonymizedTraining(tree(), Anonymizer()), "predict_proba")


def test_only_columns_that_the_model_sees_are_changed(target_of, given, tree):
    members, others = (given()[side].assign(note=np.arange(320) % 7) for side in ("members", "nonmembers"))
    model = given()["model"]  # fitted without the note
    target = target_of(members=members, nonmembers=others, model=model, quasi_identifiers=("note", "age"))
    after = Anonymizer(k=5).apply(target)
    assert after.defenses[-1]["claim"]["columns"] == ["age"]
    parameters = after.defenses[-1]["parameters"]
    assert (parameters["k"], parameters["quasi_identifiers"]) == (5, ["age"])


@pytest.mark.parametrize("k", [1, 0, -3])
def test_k_below_two_is_refused(k, target_of):
    with pytest.raises(ParameterError, match="at least 2"):
        Anonymizer(k=k).apply(target_of())


def test_candidates_leave_room_for_two_classes(target_of, given):
    assert [one.k for one in anonymizations(target_of())] == [k for k in CANDIDATES if 2 * k <= 320]
    members = given()["members"][:199]
    few = target_of(members=members)
    assert [one.k for one in anonymizations(few)] == [2, 20]
    with pytest.raises(AccessError, match="fewer than 200 members"):
        Anonymizer(k=100).apply(few)
