"""reticent: the command. Each verb is a file with the pair ``arguments(parser)`` and ``run(args)``."""

import argparse
import sys
from collections.abc import Sequence

from reticent import __version__
from reticent.cli import attest, audit, demo, output, protect
from reticent.errors import ReticentError

VERBS = {"audit": audit, "protect": protect, "attest": attest, "demo": demo}

_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="reticent",
        description="Measure what a model reveals about the people it learned from, make it reveal less, and prove it.",
        epilog="Exit codes: 0 done; 2 wrong usage; 10-15 wrong input; 20-21 not possible with what was granted; "
        "30 package missing; 31 cannot write; 40 gate failed; 41 goal not met; 130 interrupted.",
    )
    top.add_argument("--version", action="version", version=f"reticent {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, module in VERBS.items():
        said = (module.__doc__ or "").partition(": ")[2].strip()
        module.arguments(verbs.add_parser(name, help=said, description=said))
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    args = parser().parse_args(argv)
    try:
        return int(VERBS[args.verb].run(args))
    except ReticentError as error:
        print(f"reticent {args.verb}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        kept = args.out / output.KEPT
        done = len(list(kept.glob("*.npy"))) if kept.is_dir() else 0
        print(
            f"\nreticent {args.verb}: interrupted. "
            + (
                f"{done} finished shadow models are kept in {kept}: run the same command again to go on from there"
                if done
                else "nothing was finished, nothing was written"
            ),
            file=sys.stderr,
        )
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
