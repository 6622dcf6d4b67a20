"""Is a claimed epsilon contradicted? For any training that can be repeated, whoever wrote it.

Neighbors differ as the claim says: by a row that is added or removed, or by one that replaces another (then their
number is taken as known). The attacker picks a table and a row that models cannot hide (tiny, degenerate tables, rows
at the ends of their columns), trains many times with the row and many times without, and looks for a rule that tells
which was which. Table and rule are chosen on open trainings; sealed ones, which chose nothing, say how often the rule
is right. A share of true alarms that the claim does not allow beside the share of false ones contradicts it.

What is found is a lower bound on the true epsilon. Where it is above the claim at 95 % the check warns; at 99.9 % the
claim is violated. Where it is not, the claim is not refuted by so many trainings, which is no proof of it: the sentence
says what they could have shown at most.

>>> import numpy as np
>>> from sklearn.naive_bayes import GaussianNB
>>> table = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
>>> check_claim(GaussianNB(), *table, epsilon=1.0, trainings=400).verdict
'violated'
"""

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone

from reticent import _validate
from reticent.accounting.gaussian import epsilon_of
from reticent.errors import ClaimError, ModelError, ParameterError
from reticent.reality.pairs import Candidate, pairs
from reticent.reality.separation import Floats, aligned, best_rule, numbers_of, separation
from reticent.stats.two_worlds import epsilon_of_errors, most_shown, mu_of_errors

Train = Callable[[Any, Any], Any]  # (X, y) -> a fitted model; its noise is its own
Sample = tuple[Floats, Floats]  # models without the row and with it, as numbers

WARNS, VIOLATED = 0.95, 0.999
_PILOT = 0.25  # of the trainings, to choose a pair on
_ROUNDS = ((4, 24), (8, 6), (16, 2))  # trainings of each world for each pair, and how many pairs go on so far
_FEWEST = 100  # trainings
_MOST = 40_000  # more show little more
_SAME = 16  # trainings of each world without a bit of difference: no noise, or a seed


@dataclass(frozen=True, kw_only=True)
class ClaimCheck:
    """What repeated training says of a claimed epsilon.

    Attributes
    ----------
    epsilon, delta
        The claim.
    replace
        Whether its neighbors replace a row; else they add or remove one.
    gaussian
        Whether the claim's mechanism was said to be Gaussian, so that one bound could assume its trade-off.
    low, sure
        Lower bounds on the true epsilon at this delta, at 95 % and at 99.9 %.
    most
        The largest bound that so many trainings could have shown at 95 %.
    trainings, sealed
        All trainings, and those that chose nothing, of both worlds.
    pair
        The table and the row that told most, on open trainings.
    counts
        Of the sealed trainings: hits, with the row, alarms, without it.
    fixed
        Whether trainings on the same rows did not differ by a single bit, while another row changed the model.
    tried
        How far apart models were in the pilot, by pair; those that could not be trained are in ``refused``.
    """

    epsilon: float
    delta: float
    replace: bool
    gaussian: bool
    low: float
    sure: float
    most: float
    trainings: int
    sealed: int
    pair: str
    counts: tuple[int, int, int, int]
    fixed: bool
    tried: Mapping[str, float]
    refused: Mapping[str, str]
    seconds: float

    @property
    def verdict(self) -> str:
        """ "violated", "warns" or "not refuted"; nothing proves a claim."""
        if self.fixed or self.sure > self.epsilon:
            return "violated"
        return "warns" if self.low > self.epsilon else "not refuted"

    @property
    def sentence(self) -> str:
        """What was found, and no more."""
        change = "replace a row" if self.replace else "add or remove a row"
        claim = f"epsilon = {self.epsilon:g} at delta = {self.delta:g}, for neighbors that {change},"
        if self.fixed:
            return (
                f"The claim of {claim} is violated: trainings on the same rows do not differ by a single bit, and one "
                f"other row changes the model ({self.pair}). There is no noise, or it comes from a known seed."
            )
        if self.verdict == "not refuted":
            return (
                f"The claim of {claim} is not refuted by {self.trainings:,} trainings. They showed an epsilon of at "
                f"least {self.low:.2f} (95 %) and could have shown {self.most:.2f} at most. This is no proof."
            )
        word = "violated" if self.verdict == "violated" else "doubtful"
        return (
            f"The claim of {claim} is {word}: epsilon is at least {self.low:.2f} (95 %), {self.sure:.2f} (99.9 %), by "
            f"{self.sealed:,} trainings that chose nothing, on this table: {self.pair}."
        )

    def raise_if_violated(self) -> None:
        """Raise where the claim is contradicted at 99.9 %.

        Raises
        ------
        ClaimError
            With what was found.
        """
        if self.verdict == "violated":
            raise ClaimError(f"{self.sentence} Do not state this epsilon; look for what was not counted")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        bounds = {"low": self.low, "sure": self.sure, "most": self.most}
        return {
            "schema": "reticent/claim/1",
            "epsilon": self.epsilon,
            "delta": self.delta,
            "replace": self.replace,
            "gaussian": self.gaussian,
            **{name: None if math.isinf(value) else value for name, value in bounds.items()},
            "trainings": self.trainings,
            "sealed": self.sealed,
            "pair": self.pair,
            "counts": dict(zip(("hits", "with", "alarms", "without"), self.counts, strict=True)),
            "fixed": self.fixed,
            "tried": dict(self.tried),
            "refused": dict(self.refused),
            "verdict": self.verdict,
            "sentence": self.sentence,
            "timings": {"seconds": self.seconds},
        }

    def __str__(self) -> str:
        return self.sentence


def check_claim(
    model: Any,
    x: Any,
    y: Any,
    *,
    epsilon: float,
    delta: float = 1e-5,
    replace: bool = False,
    gaussian: bool = False,
    trainings: int | None = None,
    seconds: float = 60.0,
    n_jobs: int | None = 1,
) -> ClaimCheck:
    """Train many times on neighboring tables, and hold what tells them apart against a claim.

    Parameters
    ----------
    model
        A scikit-learn estimator, or ``train(X, y)`` that returns a fitted model. It is used as it is: a seed in it is
        part of what is claimed.
    x, y
        A table of the kind that it is trained on. Neighbors are made of its columns, so it can be small.
    replace
        Say that the claim is about neighbors that replace a row, and takes the number of rows as known. Diffprivlib's
        claims are of this kind; by default neighbors add or remove a row. The wrong kind blames what was never claimed.
    gaussian
        Say that the mechanism is Gaussian without sampling: then a bound that assumes its trade-off counts too, which
        needs far fewer trainings. It is wrong of other mechanisms.
    trainings
        How many; as many as ``seconds`` allow where not given.
    n_jobs
        Worker processes.

    Raises
    ------
    ModelError
        If no pair of neighbors can be trained on.
    """
    _validate.positive(epsilon=epsilon)
    if not 0 <= delta < 1:
        raise ParameterError(f"expected 0 <= delta < 1, got delta={delta!r}")
    _validate.positive(seconds=seconds)
    if trainings is not None:
        _validate.at_least(_FEWEST, trainings=trainings)
    began = time.perf_counter()
    runs = _Runs(train=_train_of(model), workers=joblib.Parallel(n_jobs=n_jobs))
    found = _pilot(runs, pairs((x, y), replace=replace), trainings, seconds)
    chosen, sample = found.best
    claim: dict[str, Any] = {
        "epsilon": float(epsilon),
        "delta": float(delta),
        "replace": replace,
        "gaussian": gaussian,
        "pair": chosen.name,
        "tried": found.tried,
        "refused": found.refused,
    }
    if _is_fixed(runs, chosen, sample):
        return ClaimCheck(
            **claim,
            low=math.inf,
            sure=math.inf,
            most=math.inf,
            trainings=runs.done,
            sealed=0,
            counts=(0, 0, 0, 0),
            fixed=True,
            seconds=time.perf_counter() - began,
        )
    each = max(_FEWEST // 5, (found.total - runs.done) // 4)  # of each world, open and sealed
    opened = runs.sample(chosen, each)
    sealed = runs.sample(chosen, each)
    without, with_row, closed, closed_with = _same_width(*opened, *sealed)
    rule = best_rule(without, with_row, delta=delta, level=WARNS, gaussian=gaussian)
    counts = int(rule.says(closed_with).sum()), each, int(rule.says(closed).sum()), each
    return ClaimCheck(
        **claim,
        low=_shown(counts, delta, WARNS, gaussian),
        sure=_shown(counts, delta, VIOLATED, gaussian),
        most=_most(each, delta, gaussian),
        trainings=runs.done,
        sealed=2 * each,
        counts=counts,
        fixed=False,
        seconds=time.perf_counter() - began,
    )


def _train_of(model: Any) -> Train:
    if hasattr(model, "fit"):
        if getattr(model, "person", None) is not None:  # a row added to somebody's rows changes that person
            raise ParameterError(
                f"expected an estimator without person=, got person={model.person!r}: rows are added and removed here, "
                "not persons. reticent.reality.search asks about persons"
            )
        return lambda x, y: clone(model).fit(x, y)
    if callable(model):
        train: Train = model
        return train
    raise ParameterError(f"expected an estimator or a function train(X, y), got {type(model).__name__}")


@dataclass(kw_only=True)
class _Runs:
    """Trainings, side by side, and how many there were."""

    train: Train
    workers: Any
    done: int = 0

    def sample(self, pair: Candidate, each: int) -> Sample:
        """Return ``each`` models of both worlds as numbers; the order of the worlds is one after the other."""
        tables = [pair.base, pair.neighbor] * each
        rows = self.workers(joblib.delayed(_one)(self.train, table, pair.probes) for table in tables)
        self.done += len(tables)
        return aligned(rows[::2]), aligned(rows[1::2])


def _one(train: Train, table: Any, probes: Any) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tables are meant to be odd
        return numbers_of(train(*table), probes)


@dataclass(kw_only=True)
class _Pilot:
    """What the pilot found: the pair that tells most, how many trainings there may be, what could not be trained."""

    best: tuple[Candidate, Sample]
    total: int
    tried: dict[str, float]
    refused: dict[str, str]


def _pilot(runs: _Runs, offered: Sequence[Candidate], trainings: int | None, seconds: float) -> _Pilot:
    """Train a few times on many pairs, more often on those that tell more."""
    tried: dict[str, float] = {}
    refused: dict[str, str] = {}
    samples: dict[str, Sample] = {}
    total, going, began = trainings, list(offered), time.perf_counter()
    for each, most in _ROUNDS:
        if total is not None and runs.done > _PILOT * total:
            break
        for pair in going[:most]:
            try:
                more = runs.sample(pair, each)
            except Exception as error:  # each library has its own way to refuse a table
                refused[pair.name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
                continue
            before = samples.get(pair.name)
            samples[pair.name] = more if before is None else _joined(before, more)
            tried[pair.name] = separation(*_same_width(*samples[pair.name]))
            if trainings is None:
                pace = (time.perf_counter() - began) / runs.done
                total = int(min(_MOST, max(_FEWEST, seconds / pace)))
            if total is not None and runs.done > _PILOT * total:
                break
        going = sorted((pair for pair in going if pair.name in tried), key=lambda pair: -tried[pair.name])
    if not going or total is None:
        first = next(iter(refused.items()), ("", "nothing was tried"))
        raise ModelError(f"expected a training that takes small tables, but {first[0]} was refused: {first[1]}")
    return _Pilot(best=(going[0], samples[going[0].name]), total=total, tried=tried, refused=refused)


def _joined(a: Sample, b: Sample) -> Sample:
    zero, one, more_zero, more_one = _same_width(*a, *b)
    return np.concatenate([zero, more_zero]), np.concatenate([one, more_one])


def _same_width(*groups: Floats) -> list[Floats]:
    width = min(group.shape[1] for group in groups)
    return [group[:, :width] for group in groups]


def _is_fixed(runs: _Runs, pair: Candidate, sample: Sample) -> bool:
    """Return whether trainings on the same rows never differ, while the worlds do, in numbers of many bits."""
    if not _still(sample):
        return False
    sample = _joined(sample, runs.sample(pair, _SAME))
    apart = sample[0][0] != sample[1][0]
    fine = bool(((np.abs(sample[1][0]) % 1)[apart] != 0).any())  # labels and counts may agree by chance
    return _still(sample) and fine


def _still(sample: Sample) -> bool:
    zero, one = _same_width(*sample)
    return not np.ptp(zero, axis=0).any() and not np.ptp(one, axis=0).any() and bool((zero[0] != one[0]).any())


def _shown(counts: tuple[int, int, int, int], delta: float, level: float, gaussian: bool) -> float:
    """Return the larger of the bounds that count; two of them share the error."""
    if not gaussian:
        return epsilon_of_errors(*counts, delta=delta, level=level)
    half = 1 - (1 - level) / 2
    mu = mu_of_errors(*counts, level=half)
    return max(epsilon_of_errors(*counts, delta=delta, level=half), epsilon_of(mu, delta) if delta > 0 else 0.0)


def _most(each: int, delta: float, gaussian: bool) -> float:
    return max(_shown((each, each, 0, each), delta, WARNS, gaussian), most_shown(each, each, delta=delta, level=WARNS))
