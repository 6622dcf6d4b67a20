"""anonymize measures what k costs and what attackers still reach, counts k on the table, and chooses nothing."""

import json
import sys
from collections import Counter

import numpy as np
import pytest

from reticent import _utility
from reticent.anonymize import OURS, TECHNIQUES, Anonymization, anonymize
from reticent.attacks.membership.lira import Lira
from reticent.attacks.workbench import Workbench
from reticent.audit import audit
from reticent.defenses import Anonymizer
from reticent.defenses.data.anonymize.classify import TECHNIQUES as EVERY
from reticent.errors import AccessError, ParameterError
from reticent.stats.resampled import over_splits
from reticent.target.table import read_table
from reticent.views.curves import TITLES

FPR = 0.1
ATTACKS = ["gap", Lira(shadows=8)]


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


@pytest.fixture(scope="module")
def done(target, bench):
    return anonymize(
        target, 5, ks=(20, 400), techniques=["mondrian"], audited=(), splits=3, attacks=ATTACKS, fpr=FPR, bench=bench
    )


def test_every_technique_is_a_point_at_every_k(done):
    assert [(point.technique, point.k) for point in done.points] == [
        *(("guided", 5), ("guided", 20)),
        *(("mondrian", 5), ("mondrian", 20)),
    ]
    assert done.chosen is done.points[0] and done.protected is done.points[0].target
    assert len(done.not_measured) == 2 and all("fewer than 800 members" in reason for reason in done.not_measured)


def test_k_holds_in_the_table_and_nothing_else_has_changed(done, target):
    before, after = target.population.members.native, done.table
    for point in done.points:
        counts = Counter(zip(point.table.column("age"), point.table.column("town"), strict=True))
        assert min(counts.values()) == point.risk.k >= point.k and len(counts) == point.risk.n_classes
    rest = [name for name in before.columns if name not in ("age", "town")]
    assert before[rest].equals(after[rest]) and list(before.columns) == list(after.columns)
    assert len(done.rules()) == done.chosen.risk.n_classes
    assert sum(int(line.rpartition(": ")[2].split()[0]) for line in done.rules()) == len(before)


def test_accuracies_are_those_of_the_recipes_on_the_same_splits(done, target, bench):
    right = _utility.accuracies([target, *(point.target for point in done.points)], 3, 0, bench)
    assert done.original == over_splits(right[0], tested=_utility.TESTED)
    for point, own in zip(done.points, right[1:], strict=True):
        assert point.accuracy == over_splits(own, tested=_utility.TESTED)
        assert point.change == over_splits(own - right[0], tested=_utility.TESTED, within=(-1.0, 1.0))


def test_audits_are_adaptive_and_taken_where_asked(done, target):
    assert [point.audit is not None for point in done.points] == [True, False, False, False]
    assert done.before.target is target and done.after.target is done.protected
    assert done.after.adaptive and FPR in done.after.fprs
    alone = audit(done.protected, ATTACKS, n_jobs=1, shadow_mismatch="withhold")
    np.testing.assert_array_equal(alone["lira"].scores, done.after["lira"].scores)


def test_the_model_is_the_protected_one(done, target):
    rows = target.population.nonmembers
    said = done.model.predict(rows.features(target.features))
    assert np.mean(said == rows.labels()) > 0.6
    assert done.protected.defenses[-1]["claim"]["smallest_class"] == done.chosen.risk.k


def test_it_is_plain_values_and_a_sentence_that_claims_no_more(done):
    found = done.to_dict()
    plain = json.loads(json.dumps(found, allow_nan=False))
    assert {**plain, "target": 0} == {**found, "target": 0}  # the roles of its columns are tuples
    assert found["schema"] == "reticent/anonymization/1" and found["k"] == 5
    assert [point["exposure"] is not None for point in found["points"]] == [True, False, False, False]
    assert f"at least {done.chosen.risk.k} people (k = 5 was asked for)" in done.sentence
    for word in ("anonymous", "safe"):
        assert word not in done.sentence and word not in str(done)
    assert "income, weight pass through as they are" in " ".join(str(done).split())


def test_what_names_a_person_is_not_released(given, target_of, bench):
    members, others = (
        given()[side].assign(name="P" + given()[side].index.astype(str)) for side in ("members", "nonmembers")
    )
    target = target_of(members=members, nonmembers=others, identifiers=("name",))
    found = anonymize(target, 5, ks=(), techniques=(), splits=2, attacks=["gap"], fpr=FPR, bench=bench)
    assert list(found.table) == [name for name in members if name != "name"]
    assert "name" not in found.risk.columns  # by their names all are alone, which tells nothing


def test_an_external_dict_names_no_class(done):
    inside, outside = done.to_dict(), done.to_dict(external=True)
    assert inside["target"]["classes"] == ["no", "yes"] and outside["target"]["classes"] == ["class 1", "class 2"]
    assert outside["external"] and {**inside, "external": True, "target": 0} == {**outside, "target": 0}


def test_the_same_seed_gives_the_same_numbers(done, target):
    again = anonymize(
        target, 5, ks=(20, 400), techniques=["mondrian"], audited=(), splits=3, attacks=ATTACKS, fpr=FPR, n_jobs=2
    )
    first, second = ({**one.to_dict(), "timings": {}} for one in (done, again))
    assert first == second


def test_an_audit_at_hand_is_used_again(target, bench):
    before = audit(target, ATTACKS, fprs=(0.01, FPR), bench=bench)
    found = anonymize(target, 5, ks=(), techniques=(), splits=2, attacks=ATTACKS, fpr=FPR, before=before)
    assert found.before is before and len(found.points) == 1


def test_what_else_has_to_hold_is_asked_of_ours_alone(target, bench):
    like = Anonymizer(l=2, sensitive=["y"])
    settings = {"ks": (), "techniques": ["hilbert"], "splits": 2, "attacks": ["gap"], "fpr": FPR, "bench": bench}
    found = anonymize(target, 5, anonymizer=like, **settings)
    ours, other = found.points
    assert ours.risk.sensitive[0].l >= 2 > other.risk.sensitive[0].l
    assert like.k == Anonymizer().k  # a copy was changed
    assert ours.risk.sensitive[0].one_value == 0 < other.risk.sensitive[0].one_value


@pytest.mark.parametrize("kind", ["polars", "arrays", "repeated"])
def test_every_kind_of_table(target_of, kind, bench):
    target = target_of(kind)
    settings = {"ks": (), "splits": 2, "attacks": ["gap"], "fpr": FPR, "bench": bench}
    found = anonymize(target, 5, techniques=["mondrian"], **settings)
    assert type(found.table) is type(target.population.members.native)
    members = read_table(found.table, label=target.schema.label, name="members")
    assert "household" not in members.columns
    assert len(members) == len(target.population.members)
    assert found.chosen.risk.k >= 5 and found.rules()
    if kind == "repeated":  # two rows are one household: k counts households, which the others cannot
        assert [point.technique for point in found.points] == [OURS]
        assert "k counts household" in found.not_measured[0]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"k": 1}, ParameterError, "expected k >= 2"),
        ({"ks": (10, 0)}, ParameterError, "expected k >= 2"),
        ({"techniques": ["datafly"]}, ParameterError, "expected technique to be one of"),
        ({"splits": 1}, ParameterError, "expected splits >= 2"),
        ({"k": 200}, AccessError, "fewer than 400 members"),
    ],
)
def test_bad_input_is_refused_before_anything_is_trained(target, wrong, error, words, monkeypatch):
    monkeypatch.setattr(sys.modules["reticent.anonymize"], "_applied", None)  # whoever goes on to work fails
    with pytest.raises(error, match=words):
        anonymize(target, **{"k": 5, **wrong}, n_jobs=1)


@pytest.mark.parametrize(("change", "words"), [({"quasi_identifiers": ()}, "no quasi-identifier"), ({}, "no recipe")])
def test_a_target_that_cannot_be_anonymized(target_of, given, change, words):
    model = given()["model"]
    target = target_of(**change) if change else target_of(model=model.predict_proba)
    with pytest.raises(AccessError, match=words):
        anonymize(target, 5, n_jobs=1)


def test_nothing_can_be_told_of_so_few_people(target, bench):
    """At 0.1 % false alarms 320 others say nothing, and so does the sentence."""
    settings = {"ks": (), "techniques": (), "splits": 2, "attacks": ["gap"], "bench": bench}
    found = anonymize(target, 5, fpr=0.001, **settings)
    assert "cannot be tested" in found.sentence and isinstance(found, Anonymization)


def test_the_techniques_are_those_of_the_anonymizer(done):
    assert set(TECHNIQUES) >= {point.technique for point in done.points}
    assert {*TECHNIQUES, "mdav"} == set(EVERY) == set(TITLES)
    for technique in EVERY:
        Anonymizer(k=2, technique=technique).fit([[1.0], [1.0], [2.0], [2.0]])
