"""The data sets of the benchmarks of differential privacy, each with a codebook that anybody could have before a look.

No bound and no domain below is computed from rows. Domains are those of the published codebooks; bounds are round
numbers that hold by definition (hours of a week, codes, gray levels) or by common sense (ages, amounts of money), and
values outside them are clipped by every method alike. Adult may be used to choose methods; credit, acs and gmsc may
not: they are looked at once, at the end. Splits 0..99 are for research, those from 100 on for the tables.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits

DELTA = 1e-5
EPSILONS = (0.1, 0.5, 1.0, 3.0, 8.0)
FIRST_SPLIT = 100
Codes = list[str] | list[int]
Bounds = dict[str, tuple[float, float]]
Domains = dict[str, Codes]


@dataclass(frozen=True)
class DpSet:
    """Rows (without the label), labels, and what is publicly known of them; ``positive`` is the class of the AUC."""

    name: str
    frame: pd.DataFrame
    label: npt.NDArray[Any]
    classes: Codes
    bounds: Bounds
    domains: Domains
    positive: str | int

    def __post_init__(self) -> None:
        declared = [*self.bounds, *self.domains]
        if sorted(declared) != sorted(self.frame.columns):
            raise ValueError(f"{self.name}: every column is declared once; came {declared}")


@dataclass(frozen=True)
class Part:
    """Rows and their labels."""

    rows: pd.DataFrame
    label: npt.NDArray[Any]


def split(data: DpSet, seed: int) -> tuple[Part, Part]:
    """Return 80 % of the rows to train on and 20 % to test on, at random."""
    order = np.random.default_rng([seed, 6]).permutation(len(data.frame))
    cut = int(0.8 * len(order))
    train, test = (Part(data.frame.iloc[i].reset_index(drop=True), data.label[i]) for i in (order[:cut], order[cut:]))
    return train, test


def adult() -> DpSet:
    """Return the 32,561 people of UCI's training file; the survey's weight fnlwgt says nothing about a person."""
    frame = _read("adult/train.parquet").drop(columns="fnlwgt")
    domains: Domains = {
        "workclass": _values(
            "Private,Self-emp-not-inc,Self-emp-inc,Federal-gov,Local-gov,State-gov,Without-pay,Never-worked,?"
        ),
        "education": _values(
            "Bachelors,Some-college,11th,HS-grad,Prof-school,Assoc-acdm,Assoc-voc,9th,7th-8th,12th,Masters,1st-4th,"
            "10th,Doctorate,5th-6th,Preschool"
        ),
        "marital-status": _values(
            "Married-civ-spouse,Divorced,Never-married,Separated,Widowed,Married-spouse-absent,Married-AF-spouse"
        ),
        "occupation": _values(
            "Tech-support,Craft-repair,Other-service,Sales,Exec-managerial,Prof-specialty,Handlers-cleaners,"
            "Machine-op-inspct,Adm-clerical,Farming-fishing,Transport-moving,Priv-house-serv,Protective-serv,"
            "Armed-Forces,?"
        ),
        "relationship": _values("Wife,Own-child,Husband,Not-in-family,Other-relative,Unmarried"),
        "race": _values("White,Asian-Pac-Islander,Amer-Indian-Eskimo,Other,Black"),
        "sex": _values("Female,Male"),
        "native-country": _values(
            "United-States,Cambodia,England,Puerto-Rico,Canada,Germany,Outlying-US(Guam-USVI-etc),India,Japan,Greece,"
            "South,China,Cuba,Iran,Honduras,Philippines,Italy,Poland,Jamaica,Vietnam,Mexico,Portugal,Ireland,France,"
            "Dominican-Republic,Laos,Ecuador,Taiwan,Haiti,Columbia,Hungary,Guatemala,Nicaragua,Scotland,Thailand,"
            "Yugoslavia,El-Salvador,Trinadad&Tobago,Peru,Hong,Holand-Netherlands,?"
        ),
    }
    bounds = {
        "age": (17.0, 90.0),
        "education-num": (1.0, 16.0),
        "capital-gain": (0.0, 100_000.0),
        "capital-loss": (0.0, 5000.0),
        "hours-per-week": (1.0, 99.0),
    }
    return _set("adult", frame, "income", classes=["<=50K", ">50K"], bounds=bounds, domains=domains)


def credit() -> DpSet:
    """Return 30,000 holders of credit cards in Taiwan; PAY_x counts months of delay, -2..9 in the codebook."""
    frame = _read("credit_default_taiwan/credit_default.parquet").drop(columns="ID")
    months = (1, 2, 3, 4, 5, 6)
    bounds = {
        "LIMIT_BAL": (0.0, 1e6),
        "AGE": (18.0, 100.0),
        **{f"PAY_{m}": (-2.0, 9.0) for m in (0, 2, 3, 4, 5, 6)},
        **{f"BILL_AMT{m}": (-1e5, 1e6) for m in months},
        **{f"PAY_AMT{m}": (0.0, 1e6) for m in months},
    }
    domains: Domains = {
        "SEX": [1, 2],
        "EDUCATION": list(range(7)),
        "MARRIAGE": list(range(4)),
    }
    return _set("credit", frame, "default_payment_next_month", classes=[0, 1], bounds=bounds, domains=domains)


def gmsc() -> DpSet:
    """Return the 150,000 borrowers of "Give me some credit"; a missing value is -1 for every method, below all others.

    96 and 98 past-due times are codes of the source, so that counts go to 98; a debt ratio is an amount of money where
    the income is missing.
    """
    frame = _read("give_me_some_credit/cs_training.parquet").fillna(-1)
    bounds = {
        "RevolvingUtilizationOfUnsecuredLines": (0.0, 2.0),
        "age": (0.0, 110.0),
        "NumberOfTime30-59DaysPastDueNotWorse": (0.0, 98.0),
        "DebtRatio": (0.0, 10_000.0),
        "MonthlyIncome": (-1.0, 50_000.0),
        "NumberOfOpenCreditLinesAndLoans": (0.0, 60.0),
        "NumberOfTimes90DaysLate": (0.0, 98.0),
        "NumberRealEstateLoansOrLines": (0.0, 60.0),
        "NumberOfTime60-89DaysPastDueNotWorse": (0.0, 98.0),
        "NumberOfDependents": (-1.0, 20.0),
    }
    return _set("gmsc", frame, "SeriousDlqin2yrs", classes=[0, 1], bounds=bounds, domains={})


def acs() -> DpSet:
    """Return the adults of NIST's excerpt of the American Community Survey 2019: who has an income above $50,000?

    Left out: other forms of the income (its decile, the ratio to the poverty line), survey weights, the density that
    the area tells, and the 4-digit industry. "N" (does not apply) is a value of its own; for counts it is -1.
    The twenty areas (PUMA) are those that the excerpt is published for.
    """
    frame = _read("acs_national2019/national2019.parquet")
    frame = frame[(frame["AGEP"] >= 18) & frame["PINCP"].notna()].reset_index(drop=True)
    frame["income"] = (frame["PINCP"] > 50_000).astype(np.int64)
    frame = frame.drop(columns=["PINCP", "PINCP_DECILE", "POVPIP", "PWGTP", "WGTP", "DENSITY", "INDP"])
    for count in ("NOC", "NPF"):
        frame[count] = frame[count].replace("N", "-1").astype(np.int64)
    bounds = {"AGEP": (18.0, 99.0), "NOC": (-1.0, 19.0), "NPF": (-1.0, 20.0)}
    yes_no = ["1", "2", "N"]
    domains: Domains = {
        "PUMA": _values(
            "01-01301,06-07502,06-08507,08-00803,13-04600,17-03529,17-03531,19-01700,24-01004,26-02702,28-01100,"
            "29-01901,30-00600,32-00405,36-03710,36-04010,38-00100,40-00200,51-01301,51-51255"
        ),
        "SEX": [1, 2],
        "MSP": [*map(str, range(1, 7)), "N"],
        "HISP": list(range(5)),
        "RAC1P": list(range(1, 10)),
        "HOUSING_TYPE": [1, 2, 3],
        "OWN_RENT": [0, 1, 2],
        "INDP_CAT": [*map(str, range(19)), "N"],
        "EDU": [*map(str, range(1, 13)), "N"],
        "DVET": [*map(str, range(1, 7)), "N"],
        "DREM": yes_no,
        "DPHY": yes_no,
        "DEYE": [1, 2],
        "DEAR": [1, 2],
    }
    return _set("acs", frame, "income", classes=[0, 1], bounds=bounds, domains=domains)


def breast_cancer() -> DpSet:
    """Return 569 tumors; each bound is a round number above the range that the data's public sheet prints."""
    held = load_breast_cancer(as_frame=True)
    measures = ["radius", "texture", "perimeter", "area", "smoothness"]
    measures += ["compactness", "concavity", "concave points", "symmetry", "fractal dimension"]
    tops = {
        "mean {}": (40, 50, 250, 3000, 0.2, 0.4, 0.5, 0.25, 0.4, 0.1),
        "{} error": (3, 5, 25, 600, 0.05, 0.2, 0.4, 0.06, 0.1, 0.03),
        "worst {}": (40, 50, 300, 5000, 0.3, 1.2, 1.3, 0.3, 0.7, 0.25),
    }
    bounds = {
        pattern.format(measure): (0.0, float(top))
        for pattern, row in tops.items()
        for measure, top in zip(measures, row, strict=True)
    }
    return _set("breast cancer", held.frame, "target", classes=[0, 1], bounds=bounds, domains={})


def digits() -> DpSet:
    """Return 1,797 handwritten digits of 8 x 8 pixels, sixteen grays by definition."""
    frame = load_digits(as_frame=True).frame
    bounds = {str(name): (0.0, 16.0) for name in frame.columns.drop("target")}
    return _set("digits", frame, "target", classes=list(range(10)), bounds=bounds, domains={})


SETS: dict[str, Callable[[], DpSet]] = {"adult": adult, "credit": credit, "acs": acs, "gmsc": gmsc}
SMALL: dict[str, Callable[[], DpSet]] = {"breast cancer": breast_cancer, "digits": digits}


def _read(path: str) -> pd.DataFrame:
    folder = os.environ.get("RETICENT_DATA")
    if folder is None or not (Path(folder) / path).exists():
        raise SystemExit(f"expected {path} in the folder that RETICENT_DATA names, got RETICENT_DATA={folder}")
    return pd.read_parquet(Path(folder) / path)


def _values(commas: str) -> list[str]:
    return commas.split(",")


def _set(name: str, frame: pd.DataFrame, label: str, *, classes: Codes, bounds: Bounds, domains: Domains) -> DpSet:
    y = frame[label].to_numpy()
    return DpSet(name, frame.drop(columns=label), y, classes, bounds, domains, classes[-1])
