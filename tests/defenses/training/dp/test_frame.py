import pickle
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reticent.accounting.accountants import accountant_for
from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit
from reticent.accounting.budget import Budget
from reticent.accounting.gaussian import mu_of
from reticent.defenses import DPClassifier, DPRegressor
from reticent.defenses.training.dp import frame as frame_module
from reticent.errors import BudgetError, NoGuaranteeWarning, ParameterError, PrivacyWarning, TableError
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Seeded
from reticent.mechanisms.promise import spent_by
from reticent.mechanisms.rehearsal import rehearsal

SAID = {"bounds": {"age": (18, 90)}, "domains": {"town": ["Bonn", "Ulm"]}}
KINDS = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "numpy": lambda frame: frame.to_numpy(object),
}
BOTH = pytest.mark.parametrize("made", [DPClassifier, DPRegressor], ids=["classifier", "regressor"])


def people(n=600, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": random.integers(18, 91, n),
            "town": random.choice(["Bonn", "Ulm"], n),
            "smokes": random.random(n) < 0.5,
            "wage": random.lognormal(size=n),
        }
    )


def target(frame):
    return (frame["age"] > 50).to_numpy().astype(int)


class Untouchable:
    """A table that nobody may look at."""

    def __getattribute__(self, name):
        raise AssertionError(f"the data were touched: {name}")


class Silent(Curator):
    """A curator who is not to be asked."""

    def gaussian(self, *args, **how):
        raise AssertionError("something was charged")


class Recording(Curator):
    """Keeps what was true beside what was said."""

    def gaussian(self, what, exact, **how):
        said = super().gaussian(what, exact, **how)
        self.heard.append((exact, said))
        return said


class Repeating(Recording):
    """Says what another curator said."""

    def gaussian(self, what, exact, **how):
        super().gaussian(what, exact, **how)
        return self.said[len(self.heard) - 1][1]


class Replaying(Curator):
    """Gives answers that do not depend on what the rows say."""

    def gaussian(self, what, exact, *, sensitivity, share, grid=1.0):
        said = np.random.default_rng(len(self.answers)).normal(40, 30, np.shape(exact))
        return super().gaussian(what, said, sensitivity=sensitivity, share=share, grid=grid)


def curator(kind=Curator, **how):
    return kind(mu=mu_of(1.0, 1e-5), noise=Seeded(0), **how)


WRONG = {
    "epsilon zero": ({"epsilon": 0}, "epsilon > 0"),
    "epsilon negative": ({"epsilon": -1.0}, "epsilon > 0"),
    "epsilon infinite": ({"epsilon": np.inf}, "finite"),
    "epsilon that protects nobody": ({"epsilon": 31}, "epsilon <= 30"),
    "epsilon nan": ({"epsilon": np.nan}, "finite"),
    "epsilon a word": ({"epsilon": "1"}, "finite number"),
    "delta zero": ({"delta": 0.0}, "0 < delta < 1"),
    "delta tiny": ({"delta": 1e-9}, "delta >= 1e-08"),
    "delta one": ({"delta": 1}, "0 < delta < 1"),
    "rows per person": ({"person": "who", "rows_per_person": 0}, "whole number"),
    "rows of nobody": ({"rows_per_person": 2}, "person="),
}


@BOTH
@pytest.mark.parametrize("case", WRONG)
def test_wrong_parameters_are_refused_before_any_data_is_touched(made, case):
    said, message = WRONG[case]
    with pytest.raises(ParameterError, match=message):
        made(**said).fit(Untouchable(), Untouchable())


def test_target_bounds_are_checked_before_any_data_is_touched():
    with pytest.raises(ParameterError, match="target_bounds"):
        DPRegressor(target_bounds=(1, 0)).fit(Untouchable(), Untouchable())


@BOTH
def test_an_exhausted_ledger_is_refused_before_any_data_is_touched(made):
    small = Budget(epsilon=0.5, delta=1e-5, adjacency=ADD_REMOVE_ROW)
    with pytest.raises(BudgetError, match=f"{made.__name__}, fitted"):
        made(epsilon=1.0, budget=small).fit(Untouchable(), Untouchable())


def test_a_ledger_is_charged_by_each_fit_until_it_is_spent():
    frame = people()
    ledger = Budget(epsilon=1.5, delta=1e-5, adjacency=ADD_REMOVE_ROW)
    for count in (1, 2):
        ledger = DPClassifier(**SAID, budget=ledger).fit(frame, target(frame)).budget_
        assert len(ledger.entries) == count
    assert 1.0 < ledger.spent() < 1.5
    with pytest.raises(BudgetError, match="left"):
        DPClassifier(**SAID, budget=ledger).fit(frame, target(frame))


def test_a_ledger_takes_no_fit_from_a_seed():
    ledger = Budget(epsilon=2.0, delta=1e-5, adjacency=ADD_REMOVE_ROW)
    with rehearsal(), pytest.raises(BudgetError, match="seed"):
        DPClassifier(budget=ledger, random_state=0).fit(Untouchable(), Untouchable())


REFUSED = {
    "missing number": (lambda f: f.assign(wage=f["wage"].where(f.index > 3)), "'wage'"),
    "infinite": (lambda f: f.assign(wage=np.inf), "'wage'"),
    "missing word": (lambda f: f.assign(town=f["town"].where(f.index > 3)), "'town'"),
    "words without a domain": (lambda f: f.assign(street="a"), "'street'"),
}


@BOTH
@pytest.mark.parametrize("case", REFUSED)
def test_bad_tables_are_refused_by_name_before_anything_is_charged(made, case):
    change, message = REFUSED[case]
    with pytest.raises(TableError, match=message):
        made(**SAID)._fit(change(people()), target(people()), curator(Silent))


@BOTH
@pytest.mark.parametrize("y", [None, [0, 1], [0.0, np.nan] * 300], ids=["none", "too few", "nan"])
def test_bad_targets_are_refused_before_anything_is_charged(made, y):
    with pytest.raises(TableError):
        made(**SAID)._fit(people(), y, curator(Silent))


@BOTH
def test_nothing_reaches_the_model_but_the_answers(made):
    """Two tables of which only the schema is alike, and the same answers: the same bits."""
    said = {**SAID, **({"classes": [0, 1]} if made is DPClassifier else {})}
    one, other = people(400), people(37, seed=9).assign(wage=-5.0, smokes=True, age=18)
    fits = [
        made(**said)._fit(frame, y, curator(Replaying))
        for frame, y in ((one, target(one)), (other, np.ones(len(other), int)))
    ]
    first, second = (vars(fitted) for fitted in fits)
    assert first.keys() == second.keys()
    for name in first:
        assert pickle.dumps(first[name]) == pickle.dumps(second[name]), name


@BOTH
@pytest.mark.parametrize("rows_per_person", [None, 1, 3], ids=["a row", "a person's one", "a person's three"])
def test_a_neighbor_moves_no_sum_further_than_is_charged(made, rows_per_person):
    """Without one row, or one person's rows: the same answers make the same model, and no sum differs by more."""
    frame = people(120).assign(who=np.arange(120) // 4)
    said = {"classes": [0, 1]} if made is DPClassifier else {}
    reach = {} if rows_per_person is None else {"person": "who", "rows_per_person": rows_per_person}
    frame = frame if reach else frame.drop(columns="who")
    gone = np.flatnonzero(frame["who"] == 7) if reach else [30]
    frame.loc[gone, "wage"] = 1e6  # far outside of what the others earn
    y = target(frame).astype(int if made is DPClassifier else float)
    y[gone] = 1 if made is DPClassifier else 1e6
    less = frame.drop(index=gone)
    first, second = (curator(kind, reach=float(rows_per_person or 1)) for kind in (Recording, Repeating))
    first.heard, second.heard = [], []
    one = made(**SAID, **said, **reach)._fit(frame, y, first)
    second.said = first.heard
    other = made(**SAID, **said, **reach)._fit(less, np.delete(y, gone), second)
    for name in vars(one):
        assert pickle.dumps(vars(one)[name]) == pickle.dumps(vars(other)[name]), name
    moved = [np.linalg.norm(a - b) for (a, _), (b, _) in zip(first.heard, second.heard, strict=True)]
    assert all(move <= answer.sensitivity * (1 + 1e-9) for move, answer in zip(moved, first.answers, strict=True))
    assert max(moved) > 0


@BOTH
def test_the_event_costs_what_was_promised(made):
    frame = people()
    fitted = made(epsilon=0.7, delta=1e-6, **SAID).fit(frame, target(frame))
    event = fitted.event_
    assert 0.6 < accountant_for(event).epsilon(event, 1e-6) <= 0.7
    assert (fitted.epsilon_, fitted.delta_, event.no_guarantee) == (0.7, 1e-6, None)
    assert event.adjacency == ADD_REMOVE_ROW and event.what == f"{made.__name__}, fitted"
    assert sum(row.share for row in fitted.spending_) <= 1 + 1e-9
    said = [row.what for row in fitted.spending_]
    assert "bounds of age: declared, 18 to 90" in said and "domain of smokes: by its type, 2 values" in said
    assert not any("wage: declared" in what for what in said)


@BOTH
def test_a_seed_takes_the_guarantee_away_and_says_so(made):
    frame = people()
    with pytest.warns(NoGuaranteeWarning, match="promises nothing"):
        seeded = made(**SAID, random_state=3).fit(frame, target(frame))
    assert "seed" in seeded.event_.no_guarantee and seeded.epsilon_ == np.inf
    with rehearsal(), warnings.catch_warnings():
        warnings.simplefilter("error")
        again = made(**SAID, random_state=np.int64(3)).fit(frame, target(frame))
        other = made(**SAID, random_state=np.random.RandomState(4)).fit(frame, target(frame))
    assert again._decide(frame).tolist() == seeded._decide(frame).tolist() != other._decide(frame).tolist()


@BOTH
def test_without_a_seed_no_two_fits_are_alike(made):
    frame = people()
    fits = [made(**SAID).fit(frame, target(frame))._decide(frame) for _ in range(2)]
    assert not np.array_equal(*fits)


def test_a_delta_that_promises_nothing_warns_with_the_reason():
    frame = people(100)
    with pytest.warns(PrivacyWarning, match="publishes somebody's row.* far smaller"):
        DPClassifier(**SAID, delta=0.01).fit(frame, target(frame))
    who = frame.assign(who=np.arange(100) // 10)
    DPClassifier(**SAID, delta=0.01, person="who", rows_per_person=10).fit(who, target(frame))


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_all_kinds_give_the_same_model(made, kind):
    frame = people()
    said = {"bounds": {0: (18, 90)}, "domains": {1: ["Bonn", "Ulm"], 2: [False, True]}} if kind == "numpy" else SAID
    plain = {**SAID, "domains": {**SAID["domains"], "smokes": [False, True]}} if kind == "numpy" else SAID
    with rehearsal():
        wanted = made(**plain, random_state=1).fit(frame, target(frame)).predict(frame)
        table = KINDS[kind](frame)
        fitted = made(**said, random_state=1).fit(table, pd.Series(target(frame)))
    assert fitted.predict(table).tolist() == wanted.tolist()
    assert fitted.n_features_in_ == 4
    if kind != "numpy":
        assert fitted.feature_names_in_.tolist() == list(frame)


def test_missing_values_that_were_declared_are_learned_from():
    frame, gone = people(2000), np.random.default_rng(5).random(2000) < 0.5
    frame["wage"] = frame["wage"].where(~gone)
    fitted = DPClassifier(8.0, **SAID, missing=["wage"]).fit(frame, gone)
    assert fitted.score(frame, gone) > 0.9


@pytest.mark.parametrize("kind", ["pandas", "numpy"])
def test_a_promise_for_persons(kind):
    frame = people()
    frame.insert(1, "who", np.arange(600) // 3)
    fitted = DPClassifier(
        bounds=(0, 90),
        domains={"town" if kind == "pandas" else 1: ["Bonn", "Ulm"]},
        person="who" if kind == "pandas" else 1,
        rows_per_person=2,
    )
    if kind == "numpy":
        frame = frame.drop(columns="town").to_numpy(float)
        fitted.set_params(domains=None)
    y = np.arange(600) % 2
    fitted.fit(frame, y)
    assert fitted.event_.adjacency == Adjacency(Change.ADD_REMOVE, Unit.PERSON)
    without = frame.drop(columns="who") if kind == "pandas" else np.delete(frame, 1, axis=1)
    assert fitted.n_features_in_ == without.shape[1]
    assert fitted.predict_proba(frame).tolist() == fitted.predict_proba(without).tolist()


def test_the_noise_covers_all_rows_of_a_person(monkeypatch):
    made = []

    class Seen(Curator):
        def __post_init__(self):
            super().__post_init__()
            made.append(self)

    monkeypatch.setattr(frame_module, "Curator", Seen)
    table = people().assign(who=np.arange(600) // 3)
    fitted = DPClassifier(**SAID, person="who", rows_per_person=2).fit(table, target(table))
    assert [(one.reach, one.mu) for one in made] == [(2.0, pytest.approx(mu_of(1.0, 1e-5), rel=1e-4))]
    assert made[0].mu < mu_of(1.0, 1e-5)
    assert fitted.event_.parts[0].noise_multiplier == pytest.approx(1 / (made[0].mu * made[0].answers[0].share ** 0.5))


def test_a_person_who_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="who"):
        DPClassifier(**SAID, person="who").fit(people(), target(people()))


@BOTH
def test_it_lives_in_a_pipeline_and_travels(made):
    x = np.random.default_rng(0).normal(size=(200, 3))
    y = (x[:, 0] > 0).astype(int)
    fitted = make_pipeline(StandardScaler(), made(bounds=(-3, 3))).fit(x, y)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.predict(x).tolist() == fitted.predict(x).tolist()
    copied = clone(made(2.0, bounds=(0, 1), budget=Budget(epsilon=3, delta=1e-5, adjacency=ADD_REMOVE_ROW)))
    assert copied.get_params()["epsilon"] == 2.0 and copied.budget.epsilon == 3


@BOTH
def test_what_it_says_of_itself_does_not_tell_how_many_there_were(made):
    frame = people(613)
    fitted = made(**SAID).fit(frame, target(frame))
    held = " ".join([repr(fitted), str(fitted.spending_), fitted.spending_._repr_html_(), fitted.method_])
    assert not re.search(r"\b613\b", held)
    assert not any(value is frame or isinstance(value, pd.DataFrame) for value in vars(fitted).values())
    assert len(pickle.dumps(fitted)) < 10**6


@BOTH
def test_a_table_without_rows_or_columns_is_refused(made):
    for empty in (people(5)[:0], people(5)[[]]):
        with pytest.raises(TableError, match="shape"):
            made(**SAID).fit(empty, target(people(5))[: len(empty)])


@BOTH
def test_one_row_and_constant_columns_are_no_obstacle(made):
    said = {"classes": [0, 1]} if made is DPClassifier else {"target_bounds": (0, 1)}
    fitted = made(**said).fit(np.array([[3.0, 3.0]]), [1])
    assert np.isfinite(fitted._decide(np.array([[3.0, 3.0], [-1e300, 1e300]]))).all()
    fitted = made(**said, bounds=(0, 5)).fit(np.full((50, 2), 3.0), np.arange(50) % 2)
    assert np.isfinite(fitted._decide(np.full((2, 2), 4.0))).all()


def test_one_word_in_a_list_leaves_everybody_elses_numbers_alone():
    rows, y = [[i % 2 + 1] for i in range(300)], [i % 2 for i in range(300)]
    made = DPClassifier(domains={0: [1, 2]}, classes=[0, 1])
    for more in ([], [["a"]]):
        fitted = clone(made).fit(rows + more, y + [0] * len(more))
        assert fitted.score([[1], [2]], [0, 1]) == 1.0


def test_a_second_fit_without_a_ledger_keeps_none_of_the_first():
    ledger = Budget(epsilon=1.0, delta=1e-5, adjacency=ADD_REMOVE_ROW)
    model = DPClassifier(epsilon=0.5, **SAID, budget=ledger).fit(people(), target(people()))
    model.set_params(budget=None, epsilon=8.0).fit(people(), target(people()))
    assert not hasattr(model, "budget_") and spent_by(model) == (model.event_.to_dict(),)
