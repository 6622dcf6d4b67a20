"""Access is the threat model: the set of what the attacker is given.

>>> Access.LABELS in Access.SCORES, Access.PARAMETERS in Access.SCORES
(True, False)
>>> Access.parse("scores").words
'labels, scores'
"""

import enum

from reticent.errors import ParameterError


class Access(enum.Flag):
    """What the attacker of a model is given; each richer access includes the poorer ones that follow from it."""

    NOTHING = 0
    LABELS = 1
    SCORES = 2 | LABELS
    EXPLANATIONS = 4 | LABELS
    GRADIENTS = 8 | SCORES
    PARAMETERS = 16 | GRADIENTS | EXPLANATIONS

    @property
    def words(self) -> str:
        """The parts in plain words, poorest first."""
        named = [kind for kind in _KINDS if kind in self]
        return ", ".join((kind.name or "").lower() for kind in named) or "nothing"

    @classmethod
    def parse(cls, text: str) -> "Access":
        """Read ``"scores"`` or ``"scores,explanations"``."""
        access = cls.NOTHING
        for word in text.split(","):
            found = [kind for kind in _KINDS if kind.name == word.strip().upper()]
            if not found:
                choices = ", ".join((kind.name or "").lower() for kind in _KINDS)
                raise ParameterError(f"expected access to be one or more of {choices}; got {word.strip()!r}")
            access |= found[0]
        return access


_KINDS = (Access.LABELS, Access.SCORES, Access.EXPLANATIONS, Access.GRADIENTS, Access.PARAMETERS)
