"""Made-up people: few enough to be audited in a tenth of a second, noisy enough to be learned by heart."""

import functools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from reticent.describe import describe
from reticent.target.access import Access

ROWS = 320  # on a side: more than the 299 non-members that a rate of 1 % needs
NUMBERS = ["age", "income", "weight"]
TREE = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)


def draw(n, seed, classes=("no", "yes")):
    """People of one town or another, whose label half follows from who they are."""
    rng = np.random.default_rng(seed)
    age, income = rng.integers(18, 80, n), rng.normal(size=n).round(4)
    score = (age - 49) / 18 + income + rng.normal(size=n)
    edges = np.quantile(score, np.linspace(0, 1, len(classes) + 1)[1:-1])
    return pd.DataFrame(
        {
            "age": age,
            "town": rng.choice(["Bonn", "Ems", "Ulm", "Wien"], n),
            "income": income,
            "weight": rng.normal(70, 12, n).round(3),
            "y": np.asarray(classes)[np.searchsorted(edges, score)],
        }
    )


def pipeline(classifier=None):
    """Encode the town, then classify; a tree of small leaves knows its members nearly by heart."""
    towns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough")
    return make_pipeline(towns, clone(TREE if classifier is None else classifier))


def _fitted(members, classifier, hidden=()):
    return pipeline(classifier).fit(members.drop(columns=["y", *hidden]), members["y"])


def _pandas(classifier=None):
    members, others = draw(ROWS, 0), draw(ROWS, 1)
    return {
        "model": _fitted(members, classifier),
        "members": members,
        "nonmembers": others,
        "quasi_identifiers": ("age", "town"),
    }


def _polars(classifier=None):
    members, others = pl.from_pandas(draw(ROWS, 0)), pl.from_pandas(draw(ROWS, 1))
    model = pipeline(classifier).fit(members.drop("y"), members["y"].to_numpy())
    return {"model": model, "members": members, "nonmembers": others, "quasi_identifiers": ("age", "town")}


def _arrays(classifier=None):
    members, others = ((t[NUMBERS].to_numpy(float), t["y"].to_numpy()) for t in (draw(ROWS, 0), draw(ROWS, 1)))
    model = clone(TREE if classifier is None else classifier).fit(*members)
    return {"model": model, "members": members, "nonmembers": others, "quasi_identifiers": ("x0",)}


def _classes(classifier=None):
    members, others = (draw(ROWS, seed, ("high", "low", "middle")) for seed in (0, 1))
    return {
        "model": _fitted(members, classifier),
        "members": members,
        "nonmembers": others,
        "quasi_identifiers": ("age", "town"),
    }


def _repeated(classifier=None):
    """Members twice, households across, ten members among the others."""
    members, others = draw(ROWS, 0), draw(ROWS + 20, 1)
    members.iloc[-20:] = members.iloc[:20]
    others.iloc[:10] = members.iloc[100:110]
    members["household"], others["household"] = np.arange(ROWS) // 2, 10_000 + np.arange(ROWS + 20) // 3
    others.loc[10:12, "household"] = members["household"][:3].to_numpy()
    model = _fitted(members, classifier, ["household"])
    return {
        **{"model": model, "members": members, "nonmembers": others, "groups": "household"},
        "quasi_identifiers": ("age", "town"),
    }


KINDS = {"pandas": _pandas, "polars": _polars, "arrays": _arrays, "classes": _classes, "repeated": _repeated}


@pytest.fixture(scope="session")
def people():
    """``people(n, seed)``: a pandas table of made-up people."""
    return draw


@pytest.fixture(scope="session")
def tree():
    """``tree(classifier)``: an unfitted pipeline for these people."""
    return pipeline


@pytest.fixture(scope="session")
def given():
    """``given(kind)``: what describe() takes, for one of the kinds of tables. Never change it in place."""
    made = functools.cache(lambda kind, fit: {"access": Access.SCORES, "key": b"secret", **KINDS[kind](fit)})
    return lambda kind="pandas", classifier=None, **changes: {**made(kind, classifier), **changes}


@pytest.fixture(scope="session")
def target_of(given):
    """``target_of(kind, **changes)``: a described target of 320 members and 320 others."""

    def build(kind="pandas", **changes):
        arguments = given(kind, **changes)
        return describe(arguments.pop("model"), **arguments)

    return build


@pytest.fixture(scope="session")
def target(target_of):
    """A tree on a pandas frame, whose attacker reads scores."""
    return target_of()
