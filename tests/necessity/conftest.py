"""Made-up people whose label follows from two columns of five, and a tree that learns it in milliseconds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

TREE = DecisionTreeClassifier(max_depth=4, random_state=0)


def draw(n=1500, seed=0):
    """Who is ill follows from age and dose; twin says nearly what age does, town and coin say nothing."""
    rng = np.random.default_rng(seed)
    age, dose = rng.uniform(20, 80, n), rng.choice(["low", "high"], n)
    ill = np.where(rng.random(n) < 0.9, (age > 50) & (dose == "high"), rng.random(n) < 0.5)
    return pd.DataFrame(
        {
            "town": rng.choice(["Bonn", "Ems", "Ulm"], n),
            "age": age,
            "coin": rng.integers(0, 2, n),
            "dose": (dose == "high").astype(int),
            "twin": (age // 2).astype(int),
            "ill": np.where(ill, "yes", "no"),
        }
    )


@pytest.fixture(scope="session")
def people():
    return draw()


@pytest.fixture(scope="session")
def numbers(people):
    """Without words, for a tree that takes none."""
    return people.drop(columns="town")


@pytest.fixture(scope="session")
def without_times():
    return lambda result: {name: one for name, one in result.items() if name != "timings"}
