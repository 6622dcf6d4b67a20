"""Defenses that act on what a model says: its parameters stay as they are."""
