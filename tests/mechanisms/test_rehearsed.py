"""A recipe for rehearsals: what is trained inside warns of no seed, and all else is the inner recipe's."""

import warnings

from reticent.errors import NoGuaranteeWarning
from reticent.mechanisms.rehearsal import is_rehearsal
from reticent.mechanisms.rehearsed import Rehearsed


class Inner:
    fingerprint = "inner"
    family = None

    def __init__(self, smoothed=False):
        self.smoothed = smoothed

    def __call__(self, table, seed):
        if not is_rehearsal():
            warnings.warn("seed", NoGuaranteeWarning, stacklevel=1)
        return table, seed, is_rehearsal()

    def capacities(self):
        return [{"C": 1}]

    def with_parameters(self, parameters):
        return Inner(smoothed=parameters)


def test_trains_inside_a_rehearsal_and_is_the_inner_recipe_otherwise():
    recipe = Rehearsed(Inner())
    assert recipe("table", 3) == ("table", 3, True) and not is_rehearsal()
    assert (recipe.fingerprint, recipe.family, recipe.capacities()) == ("inner", None, [{"C": 1}])
    assert recipe.with_parameters({"C": 1}).inner.smoothed == {"C": 1}
