"""Real tables of people for the demo, the tests and the examples.

Two come with packages (``fair`` with statsmodels, ``breast-cancer`` with scikit-learn). The others are read from the
folder that the environment variable ``RETICENT_DATA`` names; nothing is ever downloaded but Adult, and nobody's data
lie in this package.

>>> data = load("breast-cancer")
>>> data.label, len(data.table)
('diagnosis', 569)
>>> members, nonmembers = split(data, seed=0)
>>> len(members), len(nonmembers)
(285, 284)
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.datasets import fetch_openml, load_breast_cancer

from reticent._optional import optional
from reticent._seeds import generator
from reticent.errors import ParameterError, TableError


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table of people with the roles that the literature gives its columns.

    Attributes
    ----------
    table
        One row a person, the label among the columns.
    about
        One line: what it is, where it is from, under which license.
    """

    name: str
    table: pd.DataFrame = field(repr=False)
    label: str
    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    about: str


def fair() -> Dataset:
    """Return Fair's survey of marriages: had she an affair? Distinct answers only, 5,327 of 6,366.

    Equal rows may be one woman or two; kept, they would lie among members and non-members alike.

    Raises
    ------
    MissingPackageError
        If statsmodels is not installed.
    """
    survey = optional("statsmodels.datasets.fair", extra="demo").load_pandas().data
    table = survey.drop_duplicates().reset_index(drop=True)
    table["affair"] = (table["affairs"] > 0).astype(int)
    return Dataset(
        name="fair",
        table=table.drop(columns="affairs"),
        label="affair",
        quasi_identifiers=("age", "educ", "occupation"),
        sensitive=("affair",),
        about="Redbook survey of 1974 on marriage and affairs (Fair 1978), from statsmodels; public domain",
    )


def breast_cancer() -> Dataset:
    """Return the Wisconsin breast cancer measurements: is the tumor malignant? (1: it is)."""
    table = load_breast_cancer(as_frame=True).frame
    table["diagnosis"] = (table.pop("target") == 0).astype(int)
    return Dataset(
        name="breast-cancer",
        table=table,
        label="diagnosis",
        quasi_identifiers=(),
        sensitive=("diagnosis",),
        about="Wisconsin diagnostic breast cancer (UCI), 569 patients, from scikit-learn; CC BY 4.0",
    )


def adult(part: str = "both") -> Dataset:
    """Return UCI Adult, the US census of 1994: does a person earn more than 50,000 dollars?

    Parameters
    ----------
    part
        "train" (32,561 rows), "test" (16,281) or "both". Without ``RETICENT_DATA`` it is "both", from OpenML.

    Raises
    ------
    ParameterError
        If ``part`` is another word.
    TableError
        If it is neither on disk nor to be had from OpenML.
    """
    parts = {"train": ["train"], "test": ["test"], "both": ["train", "test"]}
    if part not in parts:
        raise ParameterError(f"expected part to be one of {', '.join(parts)}; got part={part!r}")
    if "RETICENT_DATA" in os.environ:
        table = pd.concat([_read(f"adult/{one}.parquet") for one in parts[part]], ignore_index=True)
    else:
        table = _adult_from_openml(part)
    return Dataset(
        name="adult",
        table=table,
        label="income",
        quasi_identifiers=("age", "education", "marital-status", "race", "sex", "native-country"),
        sensitive=("income", "marital-status", "race"),
        about="Adult, US census 1994 (UCI, Becker and Kohavi 1996); CC BY 4.0",
    )


def nursery() -> Dataset:
    """Return UCI Nursery, applications for a nursery place, all five answers (two rows of "recommend" only)."""
    return Dataset(
        name="nursery",
        table=_read("nursery/nursery.parquet"),
        label="class",
        quasi_identifiers=("children", "finance", "social", "health"),
        sensitive=("social",),
        about="Nursery applications, Ljubljana, 1980s (UCI, Rajkovic 1997); CC BY 4.0",
    )


def compas() -> Dataset:
    """Return ProPublica's COMPAS table: arrested again within two years?

    ProPublica's own filter (6,172 of 7,214 rows) and the columns known at the time of the decision: the rest tells of
    what came afterwards.
    """
    table = _read("compas/compas_two_years.parquet")
    usable = (
        table["days_b_screening_arrest"].abs().le(30)
        & table["is_recid"].ne(-1)
        & table["c_charge_degree"].ne("O")
        & table["score_text"].notna()
    )
    columns = ["sex", "age", "race", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count"]
    return Dataset(
        name="compas",
        table=table.loc[usable, [*columns, "c_charge_degree", "two_year_recid"]].reset_index(drop=True),
        label="two_year_recid",
        quasi_identifiers=("sex", "age", "race"),
        sensitive=("race", "two_year_recid"),
        about="COMPAS, Broward County 2013-2014 (ProPublica 2016), public records; no license stated",
    )


def credit_default() -> Dataset:
    """Return credit card clients in Taiwan: default on next month's payment? The row number ``ID`` is left out."""
    return Dataset(
        name="credit-default",
        table=_read("credit_default_taiwan/credit_default.parquet").drop(columns="ID"),
        label="default_payment_next_month",
        quasi_identifiers=("SEX", "EDUCATION", "MARRIAGE", "AGE"),
        sensitive=("default_payment_next_month", "MARRIAGE"),
        about="Default of credit card clients, Taiwan 2005 (UCI, Yeh 2016); CC BY 4.0",
    )


def give_me_some_credit() -> Dataset:
    """Return Kaggle's Give Me Some Credit: in serious arrears within two years? Missing values are nulls."""
    return Dataset(
        name="give-me-some-credit",
        table=_read("give_me_some_credit/cs_training.parquet"),
        label="SeriousDlqin2yrs",
        quasi_identifiers=("age", "NumberOfDependents", "MonthlyIncome"),
        sensitive=("MonthlyIncome", "DebtRatio", "SeriousDlqin2yrs"),
        about="Give Me Some Credit, 150,000 US borrowers (Kaggle 2011); under the competition's rules",
    )


def lending_club() -> Dataset:
    """Return Lending Club's loans of 2007 to 2010: not fully paid back?"""
    return Dataset(
        name="lending-club",
        table=_read("lending_club/loan_data.parquet"),
        label="not.fully.paid",
        quasi_identifiers=("purpose", "log.annual.inc", "fico", "days.with.cr.line"),
        sensitive=("log.annual.inc", "fico"),
        about="Lending Club loans 2007-2010, 9,578 borrowers (Kaggle); no license stated",
    )


def acs() -> Dataset:
    """Return the American Community Survey 2019: does a person of 16 or more earn over 50,000 dollars?

    The data fix no label. Chosen is the usual one (Ding et al. 2021, ACSIncome), on income of all kinds; columns made
    of income or of survey weights are left out.
    """
    table = _read("acs_national2019/national2019.parquet")
    table = table[table["AGEP"].ge(16) & table["PINCP"].notna()].reset_index(drop=True)
    table["income_over_50k"] = (table["PINCP"] > 50_000).astype(int)
    return Dataset(
        name="acs",
        table=table.drop(columns=["PINCP", "PINCP_DECILE", "POVPIP", "PWGTP", "WGTP"]),
        label="income_over_50k",
        quasi_identifiers=("PUMA", "AGEP", "SEX", "RAC1P", "HISP", "MSP"),
        sensitive=("income_over_50k", "DREM", "DPHY", "DEYE", "DEAR"),
        about="American Community Survey 2019, NIST excerpt, label chosen: income over $50,000; US public domain",
    )


def warfarin() -> Dataset:
    """Return the warfarin consortium's patients with a known stable dose: low, medium or high?

    The data hold a dose in mg a week. Chosen are the usual classes, below 21, 21 to 49, above 49 (consortium 2009), and
    the columns of its dosing rule; patients without a dose are left out.
    """
    table = _read("warfarin_iwpc/iwpc.parquet")
    dose = table["Therapeutic Dose of Warfarin"]
    columns = ["Gender", "Race", "Ethnicity", "Age", "Height (cm)", "Weight (kg)", "Amiodarone (Cordarone)"]
    columns += ["Carbamazepine (Tegretol)", "Phenytoin (Dilantin)", "Rifampin or Rifampicin", "Current Smoker"]
    kept = table[[*columns, "CYP2C9 consensus", "VKORC1 -1639 consensus"]].copy()
    kept["dose"] = np.select([dose < 21, dose <= 49], ["low", "medium"], "high")
    return Dataset(
        name="warfarin",
        table=kept[dose.notna()].reset_index(drop=True),
        label="dose",
        quasi_identifiers=("Gender", "Race", "Ethnicity", "Age", "Height (cm)", "Weight (kg)"),
        sensitive=("VKORC1 -1639 consensus", "CYP2C9 consensus"),
        about="Warfarin doses (IWPC 2009, PharmGKB), label chosen: to 21, to 49, above 49 mg a week; CC BY-SA 4.0",
    )


def location30() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return Location-30 as arrays: visits of 5,010 people in Bangkok, X of shape (5010, 446) of 0 and 1, y in 1..30.

    Foursquare check-ins (Yang et al. 2015), prepared by Shokri et al. 2017; research use, no license stated.
    """
    with np.load(_path("location30/location30.npz"), allow_pickle=False) as arrays:
        return arrays["x"], arrays["y"]


DATASETS: dict[str, Callable[[], Dataset]] = {
    "fair": fair,
    "breast-cancer": breast_cancer,
    "adult": adult,
    "nursery": nursery,
    "compas": compas,
    "credit-default": credit_default,
    "give-me-some-credit": give_me_some_credit,
    "lending-club": lending_club,
    "acs": acs,
    "warfarin": warfarin,
}


def load(name: str) -> Dataset:
    """Return the data set of that name.

    Raises
    ------
    ParameterError
        If there is none.
    TableError
        If its file is not there.
    """
    if name not in DATASETS:
        raise ParameterError(f"expected a data set among {', '.join(DATASETS)}; got {name!r}")
    return DATASETS[name]()


def split(dataset: Dataset, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shuffle the rows into two halves, members and non-members; rows that are equal stay together."""
    same = dataset.table.groupby(list(dataset.table.columns), dropna=False, observed=True).ngroup().to_numpy()
    random = generator(seed, "split", dataset.name)
    place = random.permutation(same.max(initial=-1) + 1)[same]  # of a row's group, in shuffled order
    order = np.lexsort((random.random(len(same)), place))
    half = (len(order) + 1) // 2
    while 0 < half < len(order) and place[order[half]] == place[order[half - 1]]:
        half += 1
    members, nonmembers = (
        dataset.table.iloc[random.permutation(rows)].reset_index(drop=True) for rows in (order[:half], order[half:])
    )
    return members, nonmembers


def _path(name: str) -> Path:
    folder = os.environ.get("RETICENT_DATA")
    if not folder:
        raise TableError(
            f"expected the environment variable RETICENT_DATA to name a folder that holds {name}; it is not set. "
            f"Get the file and set it, or use one of: fair, breast-cancer"
        )
    path = Path(folder) / name
    if not path.is_file():
        raise TableError(
            f"expected {name} in {folder} (RETICENT_DATA), there is no such file. Get it, or set the folder"
        )
    return path


def _read(name: str) -> pd.DataFrame:
    return pd.read_parquet(_path(name))


def _adult_from_openml(part: str) -> pd.DataFrame:
    if part != "both":
        raise TableError("OpenML does not tell Adult's two parts apart; use part='both', or set RETICENT_DATA")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it tries again is no news
            table: Any = fetch_openml("adult", version=2, as_frame=True, n_retries=1, delay=0.5).frame
    except OSError as error:  # no network, no such host, no access: urllib's errors are all of this kind
        raise TableError(
            f"Adult is not on this machine and cannot be had from openml.org: {error}. Connect to the network, set "
            f"RETICENT_DATA to a folder that holds adult/train.parquet and adult/test.parquet, or use fair"
        ) from error
    table = table.rename(columns={"class": "income"})
    texts = table.select_dtypes(exclude="number").columns
    # As in UCI's file: missing is a question mark. Categories become texts, numbers stay numbers.
    table[texts] = table[texts].astype(object).fillna("?").astype(str)
    return table.astype(dict.fromkeys(table.columns.difference(texts), int))  # type: ignore[no-any-return]
