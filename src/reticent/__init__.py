"""Reticent measures what a model reveals about the people it learned from, makes it reveal less, and proves it."""

__version__ = "0.1.0"
