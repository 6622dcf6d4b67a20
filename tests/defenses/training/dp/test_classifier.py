import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from reticent.defenses import DPClassifier
from reticent.errors import ParameterError, TableError
from reticent.mechanisms.rehearsal import rehearsal


@parametrize_with_checks([DPClassifier(), DPClassifier(bounds=(-10, 10))])
@pytest.mark.filterwarnings("ignore::reticent.errors.NoGuaranteeWarning")  # the checks set seeds
def test_it_keeps_the_manners_of_scikit_learn(estimator, check):
    check(estimator)


def rows(n=2000, seed=0):
    x = np.random.default_rng(seed).uniform(size=(n, 3))
    return x, np.digitize(x[:, 0], [0.4, 0.7])


@pytest.mark.parametrize("bounds", [(0, 1), None], ids=["declared", "bought"])
@pytest.mark.parametrize(
    "names",
    [["low", "mid", "high"], [3, 1, 2], [0.0, 1.0, 2.0]],
    ids=["words", "numbers", "floats"],
)
def test_it_learns_labels_of_all_kinds(names, bounds):
    x, codes = rows()
    y = np.array(names)[codes]
    with rehearsal():
        fitted = DPClassifier(8.0, bounds=bounds, random_state=0).fit(x, y)
    assert fitted.classes_.tolist() == sorted(names)
    assert fitted.score(x, y) > 0.6
    probabilities = fitted.predict_proba(x)
    assert probabilities.shape == (2000, 3)
    assert probabilities.min() >= 0 and np.allclose(probabilities.sum(axis=1), 1)
    assert fitted.predict(x).tolist() == fitted.classes_[probabilities.argmax(axis=1)].tolist()


@pytest.mark.parametrize("series", [pd.Series, pl.Series, list], ids=["pandas", "polars", "list"])
def test_labels_may_be_a_series(series):
    x, codes = rows(200)
    fitted = DPClassifier(bounds=(0, 1)).fit(x, series((codes > 0).tolist()))
    assert fitted.classes_.tolist() == [False, True] and fitted.predict(x).dtype == bool


def test_declared_classes_that_nobody_has_are_answered():
    x, codes = rows(300)
    fitted = DPClassifier(bounds=(0, 1), classes=["b", "a", "never"]).fit(x, np.array(["a", "b"])[codes % 2])
    assert fitted.classes_.tolist() == ["a", "b", "never"] and fitted.predict_proba(x).shape == (300, 3)
    assert DPClassifier(bounds=(0, 1), classes=[0, 1]).fit(x, np.ones(300, int)).predict_proba(x).shape == (300, 2)


def test_labels_outside_the_declared_are_refused_by_name():
    x, codes = rows(50)
    with pytest.raises(TableError, match=r"among classes=\[0, 1\], got 2"):
        DPClassifier(bounds=(0, 1), classes=[0, 1]).fit(x, codes)


def test_what_the_classes_were_taken_from_is_said():
    x, codes = rows(50)
    taken = DPClassifier().fit(x, codes).spending_[-1].what
    assert taken == "classes: taken from y as public: 0, 1, 2; declare classes= to say so yourself"
    assert DPClassifier(classes=[0, 1, 2]).fit(x, codes).spending_[-1].what == "classes: declared, 0, 1, 2"


def test_one_class_is_refused():
    x, _ = rows(50)
    with pytest.raises(TableError, match="got 1 class"):
        DPClassifier().fit(x, np.ones(50))
    with pytest.raises(ParameterError, match="two different labels in classes"):
        DPClassifier(classes=["a", "a"]).fit(x, ["a"] * 50)


def test_amounts_are_no_labels():
    x, _ = rows(50)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        DPClassifier().fit(x, x[:, 0])


def test_words_that_were_not_declared_do_not_fail_a_prediction():
    frame = pd.DataFrame({"town": ["Bonn", "Ulm"] * 100})
    fitted = DPClassifier(8.0, domains={"town": ["Bonn", "Ulm"]}).fit(frame, np.tile([0, 1], 100))
    assert fitted.predict(frame[:4]).tolist() == [0, 1, 0, 1]
    assert fitted.predict_proba(pd.DataFrame({"town": ["Rome"]})).shape == (1, 2)


def test_numbers_with_a_domain_have_no_order():
    x = np.random.default_rng(0).integers(0, 4, (2000, 1))
    y = np.isin(x[:, 0], [0, 2])
    with rehearsal():
        fitted = DPClassifier(8.0, domains={0: [0, 1, 2, 3]}, random_state=0).fit(x, y)
    assert fitted.score(x, y) > 0.95
