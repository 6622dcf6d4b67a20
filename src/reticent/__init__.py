"""Reticent measures what a model reveals about the people it learned from, makes it reveal less, and proves it.

The way through the house::

    model + table --describe--> Target --audit--> Audit --protect--> Frontier --attest--> Case
"""

from reticent.anonymize import Anonymization, anonymize
from reticent.attest import Case, attest
from reticent.audit import Audit, audit
from reticent.describe import describe
from reticent.forecast import Forecast, forecast
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
    "Risk",
    "Suggestion",
    "Target",
    "anonymize",
    "attest",
    "audit",
    "describe",
    "forecast",
    "protect",
    "risk",
    "suggest_quasi_identifiers",
]

__version__ = "0.1.0"
