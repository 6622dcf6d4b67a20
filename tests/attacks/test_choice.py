"""A target gets what its family and its access allow; what is named by hand is tried as it is."""

import pytest

from reticent.attacks.choice import ATTACKS, chosen, possible, whole_models
from reticent.attacks.membership.lira import Lira
from reticent.errors import ParameterError


def test_names_and_attacks_are_taken_as_they_are(target):
    mine = Lira(shadows=8)
    assert [one.name for one in chosen(target, ["gap", "blind"], 0)] == ["gap", "blind"]
    assert chosen(target, [mine], 0) == [mine]
    assert [one.name for one in chosen(target, "gap", 0)] == ["gap"]
    with pytest.raises(ParameterError, match="expected an attack among"):
        chosen(target, ["guess"], 0)


def test_each_name_makes_its_attack(target):
    for name, kind in ATTACKS.items():
        [made] = chosen(target, [name], 0)
        assert type(made) is kind and made.name == name


def test_quick_trains_few_whole_models(target):
    for attack in chosen(target, "quick", 0):
        assert whole_models(attack) <= 8


def test_all_holds_lira_where_there_is_a_recipe(target):
    assert "lira" in [one.name for one in chosen(target, None, 0)]


def test_lira_says_how_many_shadow_models_it_takes(target_of, people):
    uneven = target_of(members=people(1600, 5))
    reason = possible(Lira(shadows=8), uneven)
    assert reason is not None and "shadow models" in reason
    assert possible(chosen(uneven, ["lira"], 0)[0], uneven) is None


@pytest.mark.parametrize("targets", [-1, 1, 4])
def test_so_few_more_models_tell_nothing(target, targets):
    with pytest.raises(ParameterError, match="targets=0 or at least 5"):
        chosen(target, ["gap"], targets)
