"""Defenses that act on the data before training."""
