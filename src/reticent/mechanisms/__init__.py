"""Mechanisms: what answers a question about people's rows with noise, and says what that cost."""

from reticent.mechanisms.count import count
from reticent.mechanisms.histogram import histogram
from reticent.mechanisms.mean import mean
from reticent.mechanisms.quantile import quantile
from reticent.mechanisms.release import Release
from reticent.mechanisms.variance import variance

__all__ = ["Release", "count", "histogram", "mean", "quantile", "variance"]
