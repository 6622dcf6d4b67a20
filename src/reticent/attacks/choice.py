"""Which attacks there are, and which of them a target gets: the strongest for its family and for what it grants."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reticent.attacks.attack import Attack, obstacle
from reticent.attacks.canaries import Canaries
from reticent.attacks.membership.blind import Blind
from reticent.attacks.membership.boosting import LeafArithmetic
from reticent.attacks.membership.boundary import Boundary
from reticent.attacks.membership.forest import ForestPool
from reticent.attacks.membership.gap import Gap
from reticent.attacks.membership.linear import LinearLira
from reticent.attacks.membership.lira import Lira
from reticent.attacks.membership.noise import Noise
from reticent.attacks.membership.noise_lira import NoiseLira
from reticent.attacks.membership.offline import LiraOffline
from reticent.attacks.membership.population import PopulationThreshold
from reticent.attacks.membership.reference import ReferenceModels
from reticent.attacks.membership.released import ReleasedLira
from reticent.attacks.membership.rmia import Rmia, RmiaOffline
from reticent.attacks.shadow import MIN_COUNT, needed
from reticent.attacks.stored import StoredRows
from reticent.errors import ParameterError
from reticent.target.access import Access
from reticent.target.target import Target

QUICK = "quick"

# In the order in which they run: what costs little comes first, what others reuse before them.
_KINDS: tuple[type[Attack], ...] = (
    *(Blind, Gap, PopulationThreshold),
    *(Lira, LiraOffline, Rmia, RmiaOffline, ReferenceModels),
    *(ForestPool, LinearLira, LeafArithmetic, ReleasedLira),
    *(Noise, NoiseLira, Boundary),
    *(StoredRows, Canaries),
)
ATTACKS: dict[str, type[Attack]] = {kind.name: kind for kind in _KINDS}

# What takes a set of models of its own: not worth it where other attacks have found enough.
COSTLY = frozenset({NoiseLira.name, ReleasedLira.name, Canaries.name})

_FAMILIES = (ForestPool, LinearLira, LeafArithmetic)
_MOST = 128
_FEWEST_TARGETS = 5


def chosen(target: Target, attacks: str | Sequence[str | Attack] | None, targets: int) -> list[Attack]:
    """Return the attacks to try on a target, each with its parameters.

    Parameters
    ----------
    attacks
        Names and attacks as they are; "quick" for those that train few whole models or none; None for all that
        sharpen the picture: neither a technique for another family, nor one that reads labels where scores are granted,
        nor one that sees less on the same shadow models.
    targets
        How many more models of the recipe the family's technique is tried on; with LiRA beside it never fewer than
        LiRA's shadow models, which are there anyway.

    Raises
    ------
    ParameterError
        If an attack is not known, or if so few more models would tell nothing.
    """
    check_targets(targets)
    if attacks is None:
        names: Sequence[str | Attack] = telling(target)
    elif attacks == QUICK:
        names = _quick(target)
    else:
        names = [attacks] if isinstance(attacks, str) else attacks
    picked = [_made(one, target) for one in names]
    beside = max((one.shadows for one in picked if isinstance(one, Lira) and possible(one, target) is None), default=0)
    return [_on_more(one, max(targets, beside)) for one in picked]


def check_targets(targets: int) -> None:
    """Refuse a number of more models that would tell nothing."""
    if targets != 0 and targets < _FEWEST_TARGETS:
        raise ParameterError(f"expected targets=0 or at least {_FEWEST_TARGETS}, got {targets}: fewer have no spread")


def possible(attack: Attack, target: Target) -> str | None:
    """Return why this attack cannot be run on this target with its number of shadow models, or None."""
    if (reason := obstacle(attack, target)) is not None:
        return reason
    wanted = getattr(attack, "shadows", 0)
    if not wanted or (count := _enough(attack, target)) <= wanted:
        return None
    often = "four and out of four" if attack.needs_recipe else "two and out of two"
    return (
        f"members and non-members are so uneven in number that it takes {count} shadow models for every row to be in "
        f"{often}. Hand in more of the fewer, or pass {type(attack).__name__}(shadows={count})"
    )


def _enough(attack: Attack, target: Target) -> int:
    """Return how many shadow models it takes: reference models need every row in two and out of two."""
    return needed(target) if attack.needs_recipe else needed(target) // 2


def whole_models(attack: Any) -> int:
    """Return how many whole models of the recipe an attack trains for its practice, where it says so; 0 for too few.

    Fewer than four tell nothing about how much such models differ among themselves.
    """
    trained = max(getattr(attack, "shadows", 0), getattr(attack, "targets", 0)) if attack.needs_recipe else 0
    return trained if trained >= MIN_COUNT else 0


def left_out(target: Target, attacks: str | Sequence[str | Attack] | None, tried: Sequence[Attack]) -> dict[str, str]:
    """Return why attacks that would tell more were not tried: name -> reason."""
    names = {attack.name for attack in tried}
    reason = "left out of a first look" if attacks == QUICK else "not asked for"
    return {name: f"{ATTACKS[name].title}: {reason}" for name in telling(target) if name not in names}


def telling(target: Target) -> list[str]:
    """Return the names of the attacks that sharpen the picture of this target."""
    return [name for name in ATTACKS if name not in _not_for(target)]


def _quick(target: Target) -> list[str | Attack]:
    family = any(kind.name in telling(target) for kind in _FAMILIES)
    few = [] if target.recipe is None or family else [Rmia(shadows=max(Rmia().shadows, min(needed(target), _MOST)))]
    return [*(name for name in telling(target) if name not in {Lira.name, Rmia.name, *COSTLY}), *few]


def _not_for(target: Target) -> set[str]:
    """Return what would tell nothing more: other families, labels beside scores, less from the same shadow models."""
    out = {LiraOffline.name, RmiaOffline.name}
    out |= {kind.name for kind in (*_FAMILIES, ReleasedLira) if obstacle(kind(), target) is not None}
    scores = Access.SCORES in target.access and target.model.has_scores
    out |= {Noise.name, NoiseLira.name, Boundary.name} if scores else set()
    return out | ({ReferenceModels.name} if target.recipe is not None else set())


def _made(one: str | Attack, target: Target) -> Attack:
    if not isinstance(one, str):
        return one
    if one not in ATTACKS:
        raise ParameterError(f"expected an attack among {', '.join(ATTACKS)}; got {one!r}")
    made: Any = ATTACKS[one]()
    if not hasattr(made, "shadows") or (made.needs_recipe and target.recipe is None):
        return made  # type: ignore[no-any-return]
    least: int = Lira().shadows if one == Rmia.name else made.shadows  # LiRA's shadow models serve it too
    return replace(made, shadows=max(least, min(_enough(made, target), _MOST)))  # type: ignore[no-any-return]


def _on_more(attack: Attack, targets: int) -> Attack:
    known: Any = attack
    if not targets or not hasattr(attack, "targets") or known.targets:
        return attack
    more: Attack = replace(known, targets=targets)
    return more
