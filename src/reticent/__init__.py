"""Reticent measures what a model reveals about the people it learned from, makes it reveal less, and proves it.

The way through the house::

    model + table --describe--> Target --audit--> Audit --protect--> Frontier --attest--> Case
"""

from reticent.anonymize import Anonymization, anonymize
from reticent.attest import Case, attest
from reticent.audit import Audit, audit
from reticent.describe import describe
from reticent.forecast import Forecast, forecast
from reticent.minimize import Minimization, minimize
from reticent.necessity.columns import NeededColumns, needed_columns
from reticent.necessity.history import NeededHistory, needed_history
from reticent.necessity.people import NeededPeople, needed_people
from reticent.protect import Frontier, protect
from reticent.risk import Risk, risk
from reticent.suggest import Suggestion, suggest_quasi_identifiers
from reticent.target.access import Access
from reticent.target.goal import Goal
from reticent.target.target import Target

__all__ = [
    "Access",
    "Anonymization",
    "Audit",
    "Case",
    "Forecast",
    "Frontier",
    "Goal",
    "Minimization",
    "NeededColumns",
    "NeededHistory",
    "NeededPeople",
    "Risk",
    "Suggestion",
    "Target",
    "anonymize",
    "attest",
    "audit",
    "describe",
    "forecast",
    "minimize",
    "needed_columns",
    "needed_history",
    "needed_people",
    "protect",
    "risk",
    "suggest_quasi_identifiers",
]

__version__ = "0.1.0"
