import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from reticent.defenses import DPRegressor
from reticent.errors import TableError
from reticent.mechanisms.rehearsal import rehearsal


@parametrize_with_checks([DPRegressor(), DPRegressor(target_bounds=(-100, 100))])
@pytest.mark.filterwarnings("ignore::reticent.errors.NoGuaranteeWarning")  # the checks set seeds
def test_it_keeps_the_manners_of_scikit_learn(estimator, check):
    check(estimator)


def rows(n=3000, seed=0):
    random = np.random.default_rng(seed)
    x = random.uniform(size=(n, 3))
    return x, 1000 + 400 * x[:, 0] - 200 * x[:, 1] + random.normal(0, 10, n)


@pytest.mark.parametrize("target_bounds", [(800, 1400), None], ids=["declared", "bought"])
def test_it_learns_amounts(target_bounds):
    x, y = rows()
    with rehearsal():
        fitted = DPRegressor(8.0, bounds=(0, 1), target_bounds=target_bounds, random_state=0).fit(x, y)
    assert fitted.score(x, y) > 0.7
    low, high = fitted.target_bounds_
    assert 700 < low < 900 and 1300 < high < 1500
    said = [row.what for row in fitted.spending_ if "range of the target" in row.what]
    assert said == (["range of the target: declared, 800 to 1400"] if target_bounds else ["range of the target"])


def test_a_bought_range_takes_its_share_and_no_more():
    x, y = rows(500)
    bought, declared = (DPRegressor(bounds=(0, 1), target_bounds=said).fit(x, y) for said in (None, (800, 1400)))
    shares = [sum(row.share for row in fitted.spending_) for fitted in (bought, declared)]
    assert shares == pytest.approx([1.0, 1.0]) and max(shares) <= 1 + 1e-9
    [range_of_target] = [row for row in bought.spending_ if row.what == "range of the target"]
    assert range_of_target.share == pytest.approx(0.05)


def test_no_answer_leaves_the_bounds_and_amounts_outside_are_moved():
    x, y = rows(500)
    fitted = DPRegressor(bounds=(0, 1), target_bounds=(1100, 1200)).fit(x, np.where(x[:, 0] > 0.5, 1e12, y))
    answers = fitted.predict(np.vstack([x, 1e6 * x, -x]))
    assert answers.min() >= 1100 and answers.max() <= 1200


def test_amounts_outside_count_as_lying_at_the_ends():
    x, y = rows(300)
    with rehearsal():
        made = DPRegressor(bounds=(0, 1), target_bounds=(1100, 1200), random_state=0)
        as_it_is = made.fit(x, y).predict(x).tolist()
        assert made.fit(x, np.clip(y, 1100, 1200)).predict(x).tolist() == as_it_is


@pytest.mark.parametrize("y", [["a", "b"], [1.0, np.inf]], ids=["words", "infinite"])
def test_targets_that_are_no_numbers_are_refused(y):
    with pytest.raises(TableError, match="target"):
        DPRegressor().fit(np.zeros((2, 1)), y)
