"""Defenses, sorted by the moment at which they act: on the data, in training, on the output."""

from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.minimize import Minimizer
from reticent.defenses.output.coarsen import Coarsen
from reticent.defenses.training.regularize import Regularize

__all__ = ["Anonymizer", "Coarsen", "Minimizer", "Regularize"]
