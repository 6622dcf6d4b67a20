"""reticent audit: measure what a model reveals about the people it learned from."""

import argparse

from reticent.attacks.choice import ATTACKS, QUICK, check_targets
from reticent.audit import Audit, audit
from reticent.cli import claim, inputs, output
from reticent.errors import ParameterError
from reticent.forecast import forecast
from reticent.target.goal import Goal, parse_rate
from reticent.views import page, text

GATE_FAILED = 40
USAGE = """\
%(prog)s MODEL --members FILE --nonmembers FILE --label COLUMN
                      --access KIND --out DIR [options]
       %(prog)s MODEL TABLE --label COLUMN --dp-claim epsilon=1,delta=1e-5"""
EXAMPLE = """\
example:
  reticent audit model.skops --members train.parquet --nonmembers test.parquet \\
      --label income --access scores --out report
"""

_WRITTEN = ("audit.json", "audit.html", "forecast.json", "forecast.html")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    _, work = inputs.add_arguments(parser)
    claim.arguments(parser)
    work.add_argument(
        "--quick",
        action="store_true",
        help="a first look in seconds: the technique made for this kind of model, few whole shadow models or none; it "
        "can find people exposed; it says little where it finds nothing",
    )
    work.add_argument(
        "--targets",
        type=int,
        default=0,
        metavar="N",
        help="attack N more models trained in the same way, and report means over them (5 or more; default: with LiRA, "
        "its shadow models)",
    )
    work.add_argument(
        "--fail-if",
        metavar="RULE",
        help=f"a gate for a pipeline, such as 'tpr>0.03@fpr=0.01': exit code {GATE_FAILED} if the upper 95 %% limit is "
        "above, or if that could not be tested",
    )
    work.add_argument(
        "--shadow-mismatch",
        choices=("error", "withhold"),
        default="error",
        help="what to do with a model that seems to be trained on other rows: stop, or audit it and give no verdict "
        "(default: error)",
    )
    work.add_argument(
        "--forecast",
        metavar="GOAL",
        help="also forecast how many records would be enough, such as 'tpr<=0.03@fpr=0.01': takes about three times as "
        "long",
    )


def run(args: argparse.Namespace) -> int:
    """Audit, write audit.json and audit.html, print; or check a claim of differential privacy."""
    if args.dp_claim is not None:
        return claim.run(args)
    claim.check_needed(args)
    gate = _gate(args.fail_if)
    goal = None if args.forecast is None else _goal(args.forecast)
    attacks = _attacks(args)
    key = inputs.check_run(args)
    target = inputs.read_target(args, key)
    if gate is not None:
        nonmembers = int((~target.population.is_member).sum())
        inputs.note_untestable(gate.fpr, nonmembers, "the gate will not let this model pass")
    with output.begin(args.out, key, args.jobs) as bench:
        result = audit(
            target, attacks, targets=args.targets, seed=args.seed, shadow_mismatch=args.shadow_mismatch, bench=bench
        )
        found = result.to_dict()
        enough = None if goal is None else forecast(target, goal, seed=args.seed, bench=bench)
        with output.results(args.out, _WRITTEN) as folder:
            output.write_json(folder / "audit.json", found)
            page.write(folder / "audit.html", page.audit(found))
            if enough is not None:
                output.write_json(folder / "forecast.json", enough.to_dict())
                enough.to_html(folder / "forecast.html")
    output.show(text.audit(found))
    if enough is not None:
        output.show(f"\nHow much data would be enough\n{enough}")
    output.show(f"\nReport: {args.out / 'audit.html'}")
    return 0 if gate is None else _pass(result, gate)


def _attacks(args: argparse.Namespace) -> str | list[str] | None:
    check_targets(args.targets)
    if args.quick and args.attacks is not None:
        raise ParameterError("expected --quick or --attacks, got both. Leave one out")
    return QUICK if args.quick else inputs.chosen(args.attacks, ATTACKS, "--attacks")


def _gate(rule: str | None) -> Goal | None:
    if rule is None:
        return None
    tpr, fpr = parse_rate(rule, signs=(">", ">="))
    return Goal(tpr=tpr, fpr=fpr)


def _goal(rule: str) -> Goal:
    tpr, fpr = parse_rate(rule, signs=("<", "<="))
    return Goal(tpr=tpr, fpr=fpr)


def _pass(result: Audit, gate: Goal) -> int:
    expected, own = result.exposure(gate.fpr), result.tpr_at(gate.fpr)
    passed = result.meets(gate.rate, gate.fpr)
    if expected.untested:
        seen = expected.untested
    else:
        seen = (
            f"{text.percent(expected.to_dict())} expected of models trained in this way, "
            f"{text.percent(own.to_dict())} seen on this one"
        )
    output.show(text.wrapped(f"Gate {'passed' if passed else 'FAILED'} ({gate}): {seen}."))
    return 0 if passed else GATE_FAILED
