"""What happened to people's data (events), apart from what it costs (accountants), and the ledger of both (budget)."""

from reticent.accounting.accountants import PLD, RDP, Accountant, Basic, Concentrated, GaussianDP, accountant_for
from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit
from reticent.accounting.budget import Budget, Entry, Stage
from reticent.accounting.calibrate import calibrate
from reticent.accounting.events import (
    ZCDP,
    ApproximateDP,
    Event,
    Gaussian,
    Laplace,
    NonPrivate,
    PoissonSampledGaussian,
    PureDP,
    Selection,
    compose,
)
from reticent.accounting.gaussian import delta_of, epsilon_of, mu_of

__all__ = [
    "ADD_REMOVE_ROW",
    "PLD",
    "RDP",
    "ZCDP",
    "Accountant",
    "Adjacency",
    "ApproximateDP",
    "Basic",
    "Budget",
    "Change",
    "Concentrated",
    "Entry",
    "Event",
    "Gaussian",
    "GaussianDP",
    "Laplace",
    "NonPrivate",
    "PoissonSampledGaussian",
    "PureDP",
    "Selection",
    "Stage",
    "Unit",
    "accountant_for",
    "calibrate",
    "compose",
    "delta_of",
    "epsilon_of",
    "mu_of",
]
