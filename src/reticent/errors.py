"""Everything that Reticent raises, in one tree.

Every message says what was expected, what came, and what to do about it. The number is the exit code of the command
line; numbers are never reused::

    ReticentError                    1   anything below
    ├── InputError                  10   what was handed in cannot be used as it is
    │   ├── TableError              11   a table: missing column, one class, too few rows
    │   ├── ModelError              12   a model: does not accept the table, gives no answers
    │   ├── UntrustedModelError     13   a model file that would have to be believed to be read
    │   ├── MismatchError           14   model and table do not belong together
    │   └── ParameterError          15   an argument outside its range
    ├── AccessError                 20   an attack needs more than the target grants
    ├── RecipeError                 21   the target cannot be trained again
    ├── BudgetError                 22   a privacy budget does not allow what was asked
    ├── ClaimError                  23   a claim of privacy is contradicted by what was measured
    ├── MissingPackageError         30   an optional package is not installed
    └── OutputError                 31   a result cannot be written

Two warnings stand beside it, for what may be done but weakens a promise::

    PrivacyWarning                       a promise of privacy is weaker than it looks
    └── NoGuaranteeWarning               nothing is promised at all
"""

from typing import ClassVar


class ReticentError(Exception):
    """Anything that Reticent raises on purpose."""

    exit_code: ClassVar[int] = 1


class InputError(ReticentError, ValueError):
    """What was handed in cannot be used as it is."""

    exit_code = 10


class TableError(InputError):
    """A table lacks a column, a class or rows."""

    exit_code = 11


class ModelError(InputError):
    """A model does not accept the table or does not answer as its kind should."""

    exit_code = 12


class UntrustedModelError(InputError):
    """A model file that would have to be believed to be read."""

    exit_code = 13


class MismatchError(InputError):
    """Model and table do not belong together: the model was not trained on these rows."""

    exit_code = 14


class ParameterError(InputError):
    """An argument lies outside its range."""

    exit_code = 15


class AccessError(ReticentError):
    """An attack needs more than the target grants to an attacker."""

    exit_code = 20


class RecipeError(ReticentError):
    """The target cannot be trained again, so shadow models and retraining defenses are impossible."""

    exit_code = 21


class BudgetError(ReticentError):
    """A privacy budget does not allow what was asked."""

    exit_code = 22


class ClaimError(ReticentError):
    """A claim of privacy is contradicted by what was measured."""

    exit_code = 23


class MissingPackageError(ReticentError, ImportError):
    """An optional package is not installed."""

    exit_code = 30


class OutputError(ReticentError, OSError):
    """A result cannot be written where it should go."""

    exit_code = 31


class PrivacyWarning(UserWarning):
    """A promise of privacy is weaker than it looks."""


class NoGuaranteeWarning(PrivacyWarning):
    """What was made this way promises nothing."""
