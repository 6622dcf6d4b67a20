"""reticent audit: what a model reveals about the people it learned from."""

import argparse

from reticent.audit import Audit, audit
from reticent.cli import inputs, output
from reticent.target.goal import parse_rate

GATE_FAILED = 40


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    inputs.add_arguments(parser)
    parser.add_argument(
        "--fail-if",
        metavar="RULE",
        help=f"a gate such as 'tpr>0.03@fpr=0.01': exit code {GATE_FAILED} if the upper 95 %% limit is above, or if it "
        "could not be tested",
    )


def run(args: argparse.Namespace) -> int:
    """Audit, print, write audit.json and audit.html."""
    gate = parse_rate(args.fail_if, signs=(">", ">=")) if args.fail_if else None
    folder = output.prepare(args.out)
    target = inputs.read_target(args, folder)
    bench = output.workbench(folder, args.jobs)
    result = audit(target, args.attacks, seed=args.seed, bench=bench)
    output.write_json(folder / "audit.json", result.to_dict())
    path = result.to_html(folder / "audit.html")
    bench.clear()
    print(result)
    print(f"\nReport: {path}")
    return 0 if gate is None else _gate(result, *gate)


def _gate(result: Audit, tpr: float, fpr: float) -> int:
    expected, own = result.exposure(fpr), result.tpr_at(fpr)
    passed = result.meets(tpr, fpr)
    seen = expected.untested or f"{expected} expected of models trained in this way, {own} seen on this one"
    print(f"Gate {'passed' if passed else 'failed'} (at most {tpr:g} at FPR {fpr:g}): {result.state}; {seen}")
    return 0 if passed else GATE_FAILED
