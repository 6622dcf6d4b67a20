"""Dicts as the verbs give them, made up but of the right shape: what the views know is only these."""

import copy
from statistics import NormalDist

import pytest

REASON = "cannot be tested with 2,594 non-members; a rate of 0.1 % needs 2,995"


def estimate(value, low, high, *, n=2594, method="binomial mixture", level=0.95):
    return {"value": value, "low": low, "high": high, "level": level, "method": method, "n": n, "untested": ""}


def untested(reason=REASON, n=2594):
    return {"value": None, "low": 0.0, "high": 1.0, "level": 0.95, "method": "none", "n": n, "untested": reason}


def curve(strength, n=2594, count=120):
    """ROC of two normal distributions ``strength`` apart, as far left as n others allow."""
    normal = NormalDist()
    fpr = [n ** -(1 - k / (count - 1)) for k in range(count)][:-1]
    tpr = [normal.cdf(normal.inv_cdf(f) + strength) for f in fpr]
    return {"fpr": [0.0, *(round(f, 6) for f in fpr), 1.0], "tpr": [0.0, *(round(t, 6) for t in tpr), 1.0]}


def finding(
    name, title, *, auc, tpr, needs="labels, scores", against=True, control=None, facts=None, roc=None, given=None
):
    return {
        "name": name,
        "title": title,
        "needs": needs,
        "against_model": against,
        "auc": auc,
        "tpr": [{"fpr": 0.01, "estimate": tpr}, {"fpr": 0.001, "estimate": untested()}],
        "over_models": [
            {
                "fpr": 0.01,
                "estimate": estimate(0.41, 0.38, 0.45, method="mean of 9 models, jackknife"),
                "spread": [0.3, 0.4, 0.5],
            },
            {"fpr": 0.001, "estimate": untested("cannot be tested with 295 non-members"), "spread": [0, 0, 0]},
        ],
        "epsilon": estimate(3.2, 3.2, None, n=1297, method="split, Clopper-Pearson"),
        "baseline_auc": estimate(0.514, 0.499, 0.530, method="DeLong, logit"),
        "control_auc": control or estimate(0.5, 0.47, 0.53),
        "control": "non-members taken for members" if control is None else "models of other people",
        "facts": facts or {},
        "curve": roc or {"fpr": [], "tpr": []},
        "parameters": given or {},
        "seed": 0,
    }


TARGET = {
    "name": "RandomForestClassifier",
    "model": {"class": "RandomForestClassifier", "package": "sklearn", "parameters": {"random_state": "0"}},
    "access": "labels, scores",
    "classes": ["0", "1"],
    "members": 2594,
    "nonmembers": 2594,
    "sealed_members": 1297,
    "sealed_nonmembers": 1297,
    "units": 5188,
    "shared_rows": 0,
    "features": ["rate_marriage", "age", "educ", "occupation"],
    "schema": {
        "columns": ["rate_marriage", "age", "educ", "occupation", "affair"],
        "label": "affair",
        "quasi_identifiers": ["age", "educ", "occupation"],
        "sensitive": ["affair"],
        "identifiers": [],
        "groups": None,
    },
    "has_recipe": True,
    "defenses": [],
}
DISTANCES = {"distance": 0.02, "usual_distance": 0.03}
VERSIONS = {"python": "3.11.7", "reticent": "0.1.0", "numpy": "2.4.6", "scikit-learn": "1.9.1"}


def make_audit(*, external=False, strong=2.2, tpr=None, auc=None):
    seen = tpr or estimate(0.399, 0.307, 0.464)
    area = auc or estimate(0.944, 0.937, 0.951, method="DeLong, logit")
    people = {
        "exposed": [
            {
                "row": 841 + k,
                "digest": f"61419d197187429{k}",
                "risk": {"value": 1 - 0.004 * k * k, "low": 0.99 - 0.01 * k, "high": 1.0},
                "meaning": "share of models trained with this row that give it away at 1 % false alarms on this row",
                "reason": f"models without this row give its label {5 + k}%, models with it {67 - k}%",
            }
            for k in range(4)
        ],
        "subgroups": [
            {
                "column": column,
                "group": group,
                "attack": "lira",
                "members": members,
                "others": members + 11,
                "auc": estimate(0.93, 0.90, 0.96, level=0.99),
                "tpr": rate,
            }
            for column, group, members, rate in [
                ("affair", "0", 1647, estimate(0.283, 0.146, 0.383, level=0.99)),
                ("affair", "1", 947, estimate(0.617, 0.408, 0.728, level=0.99)),
                ("age", "22.0", 530, estimate(0.418, 0.095, 0.529, level=0.99)),
                ("age", "37.0", 301, untested("cannot be tested with 295 non-members; a rate of 1 % needs 299")),
            ]
        ],
    }
    return copy.deepcopy(
        {
            "schema": "reticent/audit/1",
            "external": external,
            "target": TARGET,
            "state": "exposed",
            "withheld": [],
            "strongest": {
                "auc": area,
                "tpr": [{"fpr": 0.01, "estimate": seen}, {"fpr": 0.001, "estimate": untested()}],
                "attacks": ["gap", "lira", "stored"],
            },
            "access": "labels, scores",
            "half": "all",
            "verdict": "The model gives members away: the strongest attack recognizes 39.9 % (30.7 to 46.4) of the "
            "people it learned from while wrongly naming 1 % of others, on these records, by an attacker who is given "
            "labels, scores.",
            "findings": [
                finding(
                    "blind",
                    "Blind attacker (no model)",
                    needs="nothing",
                    against=False,
                    auc=estimate(0.514, 0.499, 0.530),
                    tpr=estimate(0.012, 0.005, 0.019),
                    roc=curve(0.05),
                ),
                finding(
                    "gap",
                    "Generalization gap (labels only)",
                    needs="labels",
                    auc=estimate(0.673, 0.663, 0.683),
                    tpr=estimate(0.0, 0.0, 0.001),
                    facts={"gap": estimate(0.346, 0.326, 0.366, method="Newcombe"), "members per feature": 324.25},
                    roc={"fpr": [0.0, 0.620663, 1.0], "tpr": [0.0, 0.966847, 1.0]},
                ),
                finding(
                    "lira",
                    "LiRA (likelihood ratio, shadow models)",
                    auc=area,
                    tpr=seen,
                    control=estimate(0.4997, 0.497, 0.502, n=32, method="models of other rows, Student"),
                    facts={
                        "shadow models with each row": "16 to 16",
                        "AUC on shadow models": estimate(0.94, 0.93, 0.95),
                    },
                    roc=curve(strong),
                    given={"shadows": 32, "scores": True},
                ),
                finding(
                    "stored",
                    "Stored rows (in the model's own arrays)",
                    needs="parameters",
                    auc=estimate(0.5, 0.5, 0.5),
                    tpr=estimate(0.0, 0.0, 0.001),
                    facts={
                        "rows found": 0.0,
                        "matches by chance (share of non-members)": estimate(
                            0.0, 0.0, 0.0014, method="Clopper-Pearson"
                        ),
                        "expected among members by chance": 0.0,
                        "arrays walked": 301.0,
                    },
                    roc={"fpr": [0.0, 1.0], "tpr": [0.0, 1.0]},
                ),
            ],
            "fidelity": {
                "members": 0.967,
                "nonmembers": 0.621,
                "shadows_own": 0.965,
                "shadows_own_sd": 0.004,
                "shadows_others": 0.626,
                "shadows_others_sd": 0.01,
                "deviations": -0.36,
                "shadows": 32,
                "sureness": 0.83,
                "shadows_sureness": 0.828,
                "sureness_deviations": -0.4,
                **{f"{kind}_{side}": far for side in ("own", "others") for kind, far in DISTANCES.items()},
                "distribution": {
                    "bins": [0.0, 0.25, 0.5, 0.75, 1.0],
                    "target_own": [0.0, 0.02, 0.3, 0.68],
                    "shadows_own": [0.0, 0.03, 0.29, 0.68],
                    "target_others": [0.2, 0.2, 0.25, 0.35],
                    "shadows_others": [0.19, 0.21, 0.26, 0.34],
                },
            },
            "accuracy": {"members": estimate(0.967, 0.959, 0.973), "others": estimate(0.621, 0.602, 0.639)},
            **({} if external else people),
            "not_tested": {
                "population": "Population threshold on confidence: not asked for",
                "attribute": "Attribute inference (learning a secret about a person): not built yet",
                "reconstruction": "Reconstruction and model inversion: not built yet",
            },
            "seed": 0,
            "versions": VERSIONS,
            "timings": {"lira": 7.317, "gap": 0.06},
        }
    )


_CANDIDATES = [
    # title, moment, claim, exposure, utility, change
    ("as it is", "none", None, (0.412, 0.31, 0.48), (0.621, 0.595, 0.647), (0.0, 0.0, 0.0)),
    ("confidence rounded to 1 digit", "output", None, (0.305, 0.21, 0.37), (0.621, 0.595, 0.647), (0.0, 0.0, 0.0)),
    ("labels only", "output", None, (0.021, 0.004, 0.041), (0.621, 0.595, 0.647), (0.0, 0.0, 0.0)),
    ("trees at most 6 deep", "training", None, (0.019, 0.009, 0.029), (0.702, 0.677, 0.727), (0.081, 0.059, 0.103)),
    ("trees at most 10 deep", "training", None, (0.088, 0.051, 0.12), (0.679, 0.653, 0.704), (0.058, 0.04, 0.076)),
    (
        "at least 20 people in a leaf",
        "training",
        None,
        (0.022, 0.011, 0.033),
        (0.699, 0.674, 0.724),
        (0.078, 0.057, 0.1),
    ),
    (
        "anonymized, k = 10",
        "data",
        "k = 10 on age, educ, occupation",
        (0.21, 0.14, 0.27),
        (0.618, 0.591, 0.644),
        (-0.003, -0.02, 0.014),
    ),
    (
        "anonymized, k = 50",
        "data",
        "k = 50 on age, educ, occupation",
        (0.18, 0.12, 0.25),
        (0.612, 0.585, 0.638),
        (-0.009, -0.026, 0.008),
    ),
    (
        "noise of epsilon = 1",
        "training",
        "epsilon = 1, delta = 1e-5",
        (0.011, 0.004, 0.0195),
        (0.66, 0.634, 0.686),
        (0.039, 0.014, 0.064),
    ),
]


def make_frontier(*, external=False, chosen=3, confirmed=True):
    points = []
    for index, (title, moment, claim, exposure, utility, change) in enumerate(_CANDIDATES):
        seen, works = estimate(*exposure, n=1297), estimate(*utility, n=1297)
        points.append(
            {
                "index": index,
                "name": title,
                "title": title,
                "moment": moment,
                "parameters": {} if moment == "none" else {"strength": index},
                "claim": None if claim is None else {"statement": claim},
                "exposure": seen,
                "exposure_of_this_model": seen,
                "auc": estimate(0.6, 0.58, 0.62, n=1297),
                "utility": works,
                "utility_change": estimate(*change, n=1297, method="paired"),
                "brier": 0.2134,
                "selection": {"exposure": seen, "utility": works},
                "meets_on_open_half": exposure[2] <= 0.03,
                "chosen": index == chosen,
                "access": "labels, scores",
                "not_tested": {"attribute": "Attribute inference (learning a secret about a person): not built yet"},
            }
        )
    return copy.deepcopy(
        {
            "schema": "reticent/frontier/1",
            "external": external,
            "target": TARGET,
            "goal": {"tpr": 0.03, "fpr": 0.01, "accuracy_drop": None},
            "goal_sentence": "at most 3 % of members recognized while 1 % of others are",
            "points": points,
            "chosen": chosen,
            "confirmed": confirmed,
            "sentence": "3 of 8 candidates met the goal on the open half. The most accurate, trees at most 6 deep, "
            "met it again on the sealed half: at most 2.9 % of members recognized at 1 % false alarms (95 % "
            "confidence), accuracy on others 70.2 % instead of 62.1 %.",
            "not_tried": ["differentially private training for this kind of model: no candidate in this version"],
            "seed": 0,
            "versions": VERSIONS,
            "timings": {"candidates": 61.2},
        }
    )


def make_case(*, external=False, changed=True):
    after = make_audit(
        external=external, strong=0.35, tpr=estimate(0.019, 0.009, 0.029), auc=estimate(0.59, 0.575, 0.605)
    )
    after["verdict"] = "The model gives members away: the strongest attack recognizes 1.9 % (0.9 to 2.9) of members."
    claims = [
        (
            "C1",
            "measured",
            "Membership",
            "at most 2.9 % of members recognized at 1 % false alarms",
            "audit after, sealed half",
        ),
        ("C2", "proven", "Stored rows", "no training row lies in the model", "all 301 arrays walked; audit after"),
        ("C3", "declared", "Origin of the data", "members and others drawn from one survey", "J. Doe, 2026-01-15"),
        ("C4", "missing", "Attribute inference", "no evidence was handed in", "none"),
        (
            "C5",
            "failed",
            "Accuracy on small groups",
            "accuracy at age 17.5 fell by more than 5 points",
            "frontier, point 3",
        ),
        ("C6", "stale", "Dependencies", "the advisory list is older than the model", "list of 2025-11-02"),
    ]
    return copy.deepcopy(
        {
            "schema": "reticent/case/1",
            "external": external,
            "target": TARGET,
            "sentence": "Under this threat model the protected model met the goal on the sealed half. One claim failed "
            "and one has no evidence; both stand below.",
            "not_tested": [
                "Attribute inference (learning a secret about a person): not built yet",
                "Robustness to poisoned rows",
            ],
            "claims": [
                {"id": i, "requirement": i, "title": t, "state": s, "statement": w, "evidence": e, "kind": "audit"}
                for i, s, t, w, e in claims
            ],
            "before": make_audit(external=external),
            "after": after if changed else None,
            "seed": 0,
            "versions": VERSIONS,
            "signed": False,
        }
    )


@pytest.fixture
def audit_dict():
    return make_audit


@pytest.fixture
def frontier_dict():
    return make_frontier


@pytest.fixture
def case_dict():
    return make_case
