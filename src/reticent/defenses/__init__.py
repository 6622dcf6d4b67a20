"""Defenses, sorted by the moment at which they act: on the data, in training, on the output."""

from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.minimize import Minimizer
from reticent.defenses.output.coarsen import Coarsen
from reticent.defenses.training.dp.classifier import DPClassifier
from reticent.defenses.training.dp.kmeans import DPKMeans
from reticent.defenses.training.dp.naive_bayes import DPGaussianNB
from reticent.defenses.training.dp.pca import DPPCA
from reticent.defenses.training.dp.regressor import DPRegressor
from reticent.defenses.training.dp.scaler import DPStandardScaler
from reticent.defenses.training.regularize import Regularize

__all__ = [
    "DPPCA",
    "Anonymizer",
    "Coarsen",
    "DPClassifier",
    "DPGaussianNB",
    "DPKMeans",
    "DPRegressor",
    "DPStandardScaler",
    "Minimizer",
    "Regularize",
]
