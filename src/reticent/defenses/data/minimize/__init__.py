"""Ask of a person only what the model's answer needs."""

from reticent.defenses.data.minimize.minimizer import Minimizer

__all__ = ["Minimizer"]
