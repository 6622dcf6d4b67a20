"""Ways in which an audit could call a leaking model harmless, each closed: what an adversarial reviewer tried."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from reticent import Access, Goal, attest, audit, describe, protect
from reticent.backends.function import FunctionRecipe
from reticent.defenses import Anonymizer

pytestmark = pytest.mark.slow

Pair = tuple[np.ndarray, np.ndarray]


def people(members: int, others: int, noise: float = 0.3) -> tuple[Pair, Pair]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(members + others, 6)).round(4)
    y = ((x[:, 0] + x[:, 1] > 0) ^ (rng.random(members + others) < noise)).astype(int)
    return (x[:members], y[:members]), (x[members:], y[members:])


def forest(seed: int = 0, leaf: int = 1) -> RandomForestClassifier:
    return RandomForestClassifier(30, min_samples_leaf=leaf, random_state=seed)


def weaker(rows: Pair, seed: int) -> Any:
    return forest(seed, leaf=200).fit(*rows)


def of_few(rows: Pair, seed: int) -> Any:
    return forest(seed).fit(rows[0][:60], rows[1][:60])


def always_the_same(rows: Pair, seed: int) -> Any:
    return forest().fit(*people(2_000, 2_000)[0])


@pytest.mark.parametrize("recipe", [weaker, of_few, always_the_same])
@pytest.mark.parametrize("access", [Access.LABELS, Access.SCORES])
def test_a_recipe_that_remembers_less_gives_no_verdict(recipe: Any, access: Access) -> None:
    members, others = people(2_000, 2_000)
    model = forest().fit(*members)
    found = audit(describe(model, members=members, nonmembers=others, access=access, recipe=recipe), n_jobs=1)
    assert found.state == "withheld"
    assert not found.meets(0.5, 0.01)
    honest = audit(describe(model, members=members, nonmembers=others, access=access), n_jobs=1)
    assert honest.state == "exposed"
    assert not honest.meets(0.03, 0.01)


def test_weak_attacks_alone_meet_no_goal() -> None:
    members, others = people(1_000, 1_000)
    target = describe(forest().fit(*members), members=members, nonmembers=others, access=Access.SCORES)
    for attacks in (["gap"], ["population"], ["gap", "population"]):
        found = audit(target, attacks, n_jobs=1)
        assert not found.meets(0.5, 0.01)
        assert attest(found, goal=Goal(0.5, 0.01))["C2"].answer.state == "missing"
    bought = describe(target.model.native.predict_proba, members=members, nonmembers=others, access=Access.SCORES)
    frontier = protect(bought, Goal(0.5, 0.01), n_jobs=1)
    assert frontier.best is None
    assert "shadow models" in frontier.sentence


KEPT_INSIDE = {
    "calibrated": lambda: CalibratedClassifierCV(
        make_pipeline(StandardScaler(), KNeighborsClassifier()), ensemble=False
    ),
    "searched": lambda: GridSearchCV(make_pipeline(StandardScaler(), KNeighborsClassifier()), {}, cv=2),
    "voting": lambda: VotingClassifier(
        [("knn", make_pipeline(StandardScaler(), KNeighborsClassifier()))], voting="soft"
    ),
    "bagged columns": lambda: BaggingClassifier(KNeighborsClassifier(), 5, max_features=0.5, random_state=0),
}


@pytest.mark.parametrize("name", KEPT_INSIDE)
def test_rows_are_found_however_deep_they_lie(name: str) -> None:
    members, others = people(300, 300, noise=0.1)
    target = describe(KEPT_INSIDE[name]().fit(*members), members=members, nonmembers=others, access=Access.PARAMETERS)
    found = audit(target, ["stored"], n_jobs=1)
    assert found.findings[0].rows_found >= 150
    assert found.state == "exposed"
    assert attest(found)["C10"].answer.state == "failed"


class FewExamples(ClassifierMixin, BaseEstimator):
    """Keeps three people word for word, and is right otherwise by a rule that it did not learn."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> "FewExamples":
        self.classes_, self.examples_ = np.unique(y), x[:3].copy()
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        p = np.clip(0.5 + 0.1 * x[:, 0], 0.05, 0.95)
        return np.column_stack([1 - p, p])

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.classes_[self.predict_proba(x).argmax(axis=1)]


def test_three_rows_kept_are_three_too_many() -> None:
    members, others = people(1_500, 1_500)
    target = describe(FewExamples().fit(*members), members=members, nonmembers=others, access=Access.PARAMETERS)
    found = audit(target, n_jobs=1)
    assert found.state == "exposed"
    assert not found.meets(0.5, 0.01)


def test_k_counts_persons_where_rows_have_owners() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(1_200, 3)), columns=list("bcd")).assign(
        person=np.repeat(range(120), 10), a=np.repeat(rng.normal(size=120), 10)
    )
    table["y"] = (table.b > 0).astype(int)
    members, others = table[:600], table[600:]
    target = describe(
        DecisionTreeClassifier().fit(members[list("abcd")], members.y),
        members=members,
        nonmembers=others,
        label="y",
        access=Access.SCORES,
        groups="person",
        quasi_identifiers=["a"],
    )
    protected = Anonymizer(k=5).apply(target)
    released = protected.recipe.change(target.population.members, 0).table.native  # type: ignore[union-attr]
    fewest = int(released.groupby("a").person.nunique().min())
    claim = protected.defenses[-1]["claim"]
    assert claim["smallest_class"] == fewest >= 5
    assert "person" in claim["statement"]


LEAF = 200


def with_a_constant(rows: Pair, seed: int) -> Any:
    return forest(seed, leaf=LEAF).fit(*rows)


def test_a_changed_constant_is_another_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = FunctionRecipe(with_a_constant, np.array([0, 1]))
    before = recipe.fingerprint
    assert before is not None
    monkeypatch.setitem(with_a_constant.__globals__, "LEAF", 1)
    assert recipe.fingerprint != before
    assert FunctionRecipe(lambda rows, seed, leaf=1: None, np.array([0, 1])).fingerprint is None


def test_an_attack_that_is_always_wrong_knows_as_much() -> None:
    members, others = people(600, 600)
    known = {row.tobytes() for row in members[0]}
    truth = {row.tobytes(): label for side in (members, others) for row, label in zip(*side, strict=True)}

    def shy(x: np.ndarray) -> np.ndarray:
        sure = np.array([0.55 if row.tobytes() in known else 0.9 for row in x])
        label = np.array([truth[row.tobytes()] for row in x])
        return np.where(label[:, None] == [0, 1], sure[:, None], 1 - sure[:, None])

    found = audit(describe(shy, members=members, nonmembers=others, access=Access.SCORES), n_jobs=1)
    assert found.state == "exposed"


@pytest.mark.parametrize(("m", "n"), [(1_800, 200), (200, 1_800), (900, 300)])
def test_uneven_sides_take_more_shadow_models(m: int, n: int) -> None:
    members, others = people(m, n)
    target = describe(DecisionTreeClassifier().fit(*members), members=members, nonmembers=others, access=Access.SCORES)
    found = audit(target, n_jobs=1)
    inside, outside = (found["lira"].facts[f"shadow models {side} each row"] for side in ("with", "without"))
    assert min(int(str(inside).split()[0]), int(str(outside).split()[0])) >= 4
    assert found.state == "exposed"


def test_hopelessly_uneven_sides_are_said_and_the_rest_is_tested() -> None:
    members, others = people(4_000, 60)
    target = describe(DecisionTreeClassifier().fit(*members), members=members, nonmembers=others, access=Access.SCORES)
    found = audit(target, n_jobs=1)
    assert "uneven" in found.not_tested["lira"]
    assert {finding.name for finding in found.findings} == {"blind", "gap", "population", "canaries"}


def test_few_groups_are_enough_and_one_is_not() -> None:
    members, others = people(600, 600)
    frames = []
    for side, (x, y) in enumerate((members, others)):
        frames.append(pd.DataFrame(x, columns=list("abcdef")).assign(y=y, clinic=np.arange(600) % 2 + 2 * side))
    model = DecisionTreeClassifier(min_samples_leaf=20).fit(frames[0][list("abcdef")], frames[0].y)
    described = {"label": "y", "access": Access.SCORES, "groups": "clinic"}
    four = describe(model, members=frames[0], nonmembers=frames[1], **described)
    assert audit(four, ["population"], n_jobs=1).findings
    one = describe(model, members=frames[0].assign(clinic=0), nonmembers=frames[1].assign(clinic=1), **described)
    assert "one single group" in audit(one, ["population"], n_jobs=1).verdict


class Unsorted(ClassifierMixin, BaseEstimator):
    """Names its classes in an order of its own."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> "Unsorted":
        self.classes_ = np.array(["yes", "no"])
        self.tree_ = DecisionTreeClassifier(min_samples_leaf=5).fit(x, y)
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self.tree_.predict_proba(x)[:, ::-1]  # the tree says no, yes

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.tree_.predict(x)


def test_classes_need_not_be_sorted() -> None:
    (x, y), (u, v) = people(300, 300, noise=0.0)
    y, v = (np.where(side == 1, "yes", "no") for side in (y, v))
    model = Unsorted().fit(x, y)
    target = describe(model, members=(x, y), nonmembers=(u, v), access=Access.SCORES)
    assert target.accuracy(members=True).mean() == (model.predict(x) == y).mean()
    assert (target.scores.argmax(axis=1) == target.labels).mean() > 0.95


def test_names_of_classes_stay_in_the_house() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 3)), np.array(["a", "b"] * 200, dtype=object)
    y[3] = "Jane Unique"
    model = DecisionTreeClassifier().fit(x[:200], y[:200])
    target = describe(model, members=(x[:200], y[:200]), nonmembers=(x[200:], y[200:]), access=Access.SCORES)
    found = audit(target, ["gap", "population"], n_jobs=1)
    assert "Jane Unique" in json.dumps(found.to_dict())
    assert "Jane Unique" not in json.dumps(found.to_dict(external=True))
