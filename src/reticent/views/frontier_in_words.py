"""What came of protecting a model, in sentences that claim no more than was measured or proven."""

from collections.abc import Sequence

from reticent.views import text
from reticent.views.text import Dict


def sentence(goal: Dict, words: str, points: Sequence[Dict], best: Dict | None, *, confirmed: bool) -> str:
    """Return what came of it: of the goal (also in ``words``), all points, and the one that was chosen."""
    if goal.get("epsilon") is not None:
        return _private(goal, words, points, best, confirmed)
    if best is None:
        return _none(words, points)
    share = f"{100 * goal['fpr']:g} %"
    over = f", on average over models trained in this way ({text.percent(best['exposure_of_this_model'])} on this one)"
    found = (
        f"{best['title']!r} was chosen on one half of the people; on the other half the strongest attack recognizes "
        f"{text.percent(best['exposure'])} of members at {share} false alarms{over if best['over_models'] else ''}, "
        f"and {_accuracy(best)}."
    )
    if best["privacy"] is not None:
        found += " Audits that read the members chose it, which the epsilon of its training does not cover."
    if confirmed:
        return f"{found} The goal ({words}) is met there, by these attacks and on these records."
    return f"{found} That does not confirm the goal ({words}): do not rely on it."


def _none(words: str, points: Sequence[Dict]) -> str:
    nearest = min(points, key=lambda point: float(point["selection"]["exposure"]["high"]))
    limit = nearest["selection"]["exposure"]
    shown = f"None of {len(points)} candidates can be shown to meet the goal ({words})"
    if not nearest["adaptive"]:
        return f"{shown}: no attack could train shadow models, and the weaker ones miss most of what there is."
    if limit["untested"]:
        return f"{shown}: on half of the people that {limit['untested']}."
    return (
        f"None of {len(points)} candidates meets the goal ({words}), which its upper confidence limit has to. Nearest "
        f"is {nearest['title']!r} with {text.percent(limit)}."
    )


def _private(goal: Dict, words: str, points: Sequence[Dict], best: Dict | None, confirmed: bool) -> str:
    if best is None:
        return (
            f"None of {len(points)} candidates can meet the goal ({words}): no private one of at most this epsilon was "
            f"tried. Only differential privacy proves an epsilon; no audit does."
        )
    first = (
        f"{best['title']!r} has the largest epsilon for which the goal leaves room, which settled the choice before "
        f"anything was measured: {_spent(best['privacy'])}. On the sealed half, {_accuracy(best)}"
        f"{_bound(best['privacy'])}."
    )
    if confirmed:
        rest = "" if goal["tpr"] is None else ", the rate by these attacks and on these records"
        return f"{first} The goal ({words}) is met{rest}."
    return (
        f"{first} That does not confirm the goal ({words}): do not rely on it. No other candidate may take its place: "
        f"chosen by audits that read the members, it would tell of them, and no epsilon would cover that."
    )


def _spent(privacy: Dict) -> str:
    alone, charged = privacy["alone"], privacy["charged"]
    said = f"its training costs epsilon {epsilon(alone)} at delta {privacy['delta']:g}"
    return (
        said if alone == charged else f"{said}, and {epsilon(charged)} with all that was spent on these people before"
    )


def _bound(privacy: Dict) -> str:
    bounds = privacy["bounds"]
    if bounds is None:
        return "; no attack says how large epsilon is at least"
    if privacy["refuted"]:
        return (
            f"; but attacks show that epsilon is at least {bounds['fails']:.3g} (99.9 %), so that THE CLAIMED EPSILON "
            f"IS WRONG"
        )
    return f"; {text.shown_by_attacks(bounds)}"


def epsilon(value: float | None) -> str:
    """Return an epsilon with three digits; None stands for none at all.

    >>> epsilon(0.9999999), epsilon(None)
    ('1', 'without limit')
    """
    return "without limit" if value is None else f"{value:.3g}"


def _accuracy(point: Dict) -> str:
    change = 100 * point["utility_change"]["value"]
    return f"accuracy on others is {text.percent(point['utility'])}, {change:+.1f} points from the model as it was"
