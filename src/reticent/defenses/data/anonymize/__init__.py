"""Anonymize a table so that a model retrained on it still learns what it did."""

from reticent.defenses.data.anonymize.anonymizer import Anonymizer

__all__ = ["Anonymizer"]
