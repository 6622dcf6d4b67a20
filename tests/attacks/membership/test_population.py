"""One threshold for everybody: the order is that of the confidence in the true class."""

import numpy as np

from reticent.attacks.membership.population import PopulationThreshold, population_scores
from reticent.attacks.workbench import Workbench


def test_order_is_that_of_the_confidence():
    rng = np.random.default_rng(0)
    scores, truth = rng.dirichlet([0.3, 0.3], 200), rng.integers(0, 2, 200)
    scores[0], scores[1] = (1, 0), (0, 1)
    found = population_scores(scores, truth)
    sure = scores[np.arange(200), truth]
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(np.argsort(found, kind="stable"), np.argsort(sure, kind="stable"))
    distinct = np.unique(sure)
    assert len(np.unique(found)) >= 0.95 * len(distinct)


def test_reads_the_target(target):
    found = PopulationThreshold().run(target, 0, Workbench(n_jobs=1))
    sure = target.scores[np.arange(640), target.truth]
    np.testing.assert_array_equal(np.argsort(found.scores, kind="stable"), np.argsort(sure, kind="stable"))
    assert found.auc().low > 0.5
