"""reticent: the command. Each verb is a file with the pair ``arguments(parser)`` and ``run(args)``."""

import argparse
import re
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import NoReturn

from reticent import __version__
from reticent.cli import anonymize, attest, audit, demo, minimize, needed, output, protect, risk, suggest
from reticent.errors import ReticentError

VERBS = {
    "audit": audit,
    "protect": protect,
    "anonymize": anonymize,
    "minimize": minimize,
    "needed": needed,
    "risk": risk,
    "suggest": suggest,
    "attest": attest,
    "demo": demo,
}

_USAGE, _INTERRUPTED = 2, 130

_EXIT_CODES = """\
exit codes:
  0      done
  1      something unforeseen; --debug tells more
  2      wrong usage
  10-15  input that cannot be used: 11 table, 12 model, 13 model file that would
         run code, 14 model not of these people, 15 argument out of range
  20-22  not possible: by the access granted, without a recipe, over a budget
  23     a claim of privacy is violated
  30     a package is missing
  31     a result cannot be written
  40     the gate of --fail-if has failed
  41     no fix was shown to meet the goal
  130    interrupted; the same command goes on from there
"""

# What Python's callers write as an argument is an option here.
_ARGUMENT = re.compile(
    r"\b(recipe|shared_rows|shadow_mismatch|quasi_identifiers|population_size|max_together|access|by|n_jobs|trust)=([\w.']*)"
)


class _Parser(argparse.ArgumentParser):
    """A parser that answers wrong usage in one line."""

    def error(self, message: str) -> NoReturn:
        output.tell(f"{self.prog}: {message}. See {self.prog} --help")
        sys.exit(_USAGE)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = _Parser(
        prog="reticent",
        description="Measure what a model reveals about the people it learned from, make it\n"
        "reveal less, and prove it.",
        epilog=f"'reticent VERB --help' tells more.\n\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"reticent {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", title="verbs")
    for name, module in VERBS.items():
        said = (module.__doc__ or "").partition(": ")[2].strip()
        verb = verbs.add_parser(
            name,
            help=said.rstrip("."),
            description=said[:1].upper() + said[1:],
            usage=module.USAGE,
            epilog=module.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.arguments(verb)
        verb.add_argument("--debug", action="store_true", help="show where in the code an error comes from")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    args, unknown = parser().parse_known_args(argv)
    if unknown:
        output.tell(f"reticent {args.verb}: unknown: {' '.join(unknown)}. See reticent {args.verb} --help")
        return _USAGE
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an arrow that a terminal cannot show is no reason to fail
    with warnings.catch_warnings():
        warnings.showwarning = _Warnings()
        try:
            return int(VERBS[args.verb].run(args))
        except KeyboardInterrupt:
            left = output.kept(args.out) or "Nothing was finished, nothing is left"
            output.tell(f"\nreticent {args.verb}: interrupted. {left}")
            return _INTERRUPTED
        except ReticentError as error:
            return _failed(args, error, _in_options(str(error)), error.exit_code)
        except Exception as error:
            return _failed(
                args, error, f"unforeseen {type(error).__name__}: {_one_line(error)}", ReticentError.exit_code
            )


def _failed(args: argparse.Namespace, error: Exception, said: str, code: int) -> int:
    if args.debug:
        traceback.print_exception(error)
    elif code == ReticentError.exit_code and type(error) is not ReticentError:
        said += ". Run it again with --debug to see where it comes from"
    left = output.kept(args.out)
    output.tell(f"reticent {args.verb}: {said}" + (f". {left}" if left else ""))
    return code


def _in_options(message: str) -> str:
    """Return a message with Python's arguments as the options of the same names.

    >>> _in_options("pass recipe=, or shadow_mismatch='withhold', or access=Access.LABELS")
    'pass --recipe, or --shadow-mismatch withhold, or --access labels'
    """

    def option(found: re.Match[str]) -> str:
        name = {"n_jobs": "jobs", "max_together": "together"}.get(found[1], found[1].replace("_", "-"))
        value = found[2].strip("'").rpartition("Access.")
        return f"--{name} {value[2].lower() if value[1] else value[2]}".rstrip()

    return _one_line(_ARGUMENT.sub(option, message))


def _first_line(message: object) -> str:
    return str(message).strip().partition("\n")[0].rstrip(".:")


def _one_line(message: object) -> str:
    return " ".join(str(message).split())


class _Warnings:
    """Shows each warning once, its first line alone: those of libraries go on with advice and links."""

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def __call__(self, message: Warning | str, category: type[Warning], *where: object, **how: object) -> None:
        said = f"{category.__name__}: {_first_line(message)}"
        if said not in self._shown:
            self._shown.add(said)
            output.tell(said)


if __name__ == "__main__":
    sys.exit(main())
