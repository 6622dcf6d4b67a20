"""LiRA on released rows: it asks what the model learned from, and finds who hides behind the raw row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from reticent.attacks.membership.lira import Lira
from reticent.attacks.membership.released import ReleasedLira
from reticent.attacks.workbench import Workbench
from reticent.audit import audit
from reticent.defenses import Anonymizer, Coarsen
from reticent.describe import describe
from reticent.errors import AccessError
from reticent.target.access import Access


@pytest.fixture(scope="module")
def protected(target_of):
    return Anonymizer(k=20).apply(target_of())


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


def test_it_asks_about_the_released_row(protected):
    """The twin target is asked what the model was given in training, members' rows as they were released."""
    twin = protected.recipe.asked_as_released(protected)
    members = protected.population.members
    released = protected.recipe.change(members, 0).table.features(protected.features)
    inside = protected.population.is_member
    np.testing.assert_array_equal(twin.scores[inside], protected.model.inner.scores(released))
    assert np.abs(twin.scores - protected.scores).max() > 0.01
    again = twin.recipe(members, 0)  # a model trained anew is asked through its own table
    np.testing.assert_array_equal(again.scores(members.features(protected.features)), twin.scores[inside])
    assert twin.recipe.fingerprint != protected.recipe.fingerprint


def people(seed):
    rng = np.random.default_rng(seed)
    known = rng.integers(0, 50, (400, 6))
    rich = known[:, 0] + known[:, 1] + rng.normal(0, 20, 400) > 50
    return pd.DataFrame(known, columns=list("abcdef")).assign(y=np.where(rich, "yes", "no"))


@pytest.mark.slow
def test_it_recognizes_members_whom_raw_rows_hide(bench):
    """The forest knows the released rows by heart; of the raw ones LiRA learns next to nothing (0.50 against 0.64)."""
    members, others = people(0), people(1)
    model = RandomForestClassifier(20, random_state=0).fit(members[list("abcdef")], members["y"])
    known = {"label": "y", "access": Access.SCORES, "quasi_identifiers": list("abcdef")}
    target = describe(model, members=members, nonmembers=others, **known)
    after = Anonymizer(k=5).apply(target)
    raw, released = (attack(shadows=16).run(after, 0, bench) for attack in (Lira, ReleasedLira))
    assert released.name == "released-lira" and released.title != raw.title
    assert released.auc().low > max(0.57, raw.auc().high)
    assert released.null is not None and abs(released.null.value - 0.5) < 0.1


def test_the_same_seed_gives_the_same_finding(protected, bench):
    first, again = (ReleasedLira(shadows=16).run(protected, 3, one) for one in (bench, Workbench(n_jobs=1)))
    np.testing.assert_array_equal(first.scores, again.scores)


def test_an_audit_of_an_anonymized_target_tries_it(protected, bench, target):
    found = audit(protected, ["lira", "released-lira"], bench=bench, seed=0)
    assert {one.name for one in found.findings} >= {"lira", "released-lira"}
    with pytest.raises(AccessError, match="made for another kind of model"):
        ReleasedLira().run(target)
    coarser = Coarsen(policy="label").apply(protected)
    assert coarser.recipe.family is None  # it would be asked past the coarser answers
