"""Defenses that act while the model learns."""
