"""Attacks: each is one file that tells its scenario, a pure function from arrays to scores, and a thin run."""

from reticent.attacks.membership.blind import Blind
from reticent.attacks.membership.gap import Gap
from reticent.attacks.membership.lira import Lira
from reticent.attacks.membership.population import PopulationThreshold
from reticent.attacks.stored import StoredRows

__all__ = ["Blind", "Gap", "Lira", "PopulationThreshold", "StoredRows"]
