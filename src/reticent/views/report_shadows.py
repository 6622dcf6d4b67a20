"""Do the shadow models stand for the model? Accuracy and confidence of both, side by side, for an audit's report."""

from collections.abc import Mapping, Sequence
from typing import Any

from reticent.views import axes, blocks
from reticent.views.axes import COLORS, DASHES, MUTED, Scale, ink, line, words
from reticent.views.blocks import Dict, section, table
from reticent.views.markup import Child, Safe, tag

_SIDES = (("own", "people it learned from"), ("others", "people it never met"))


def stand_in(audit: Dict) -> Safe | None:
    """Return the section, or None where no shadow models were trained."""
    seen = audit["fidelity"]
    if not seen:
        return None
    rows: list[list[Child]] = [
        ["right on those it learned from", _share(seen["members"]), _spread(seen, "own")],
        ["right on others", _share(seen["nonmembers"]), _spread(seen, "others")],
        ["sure of the truth on those it learned from", _share(seen["sureness"]), _share(seen["shadows_sureness"])],
    ]
    for side, people in _SIDES:
        distance = f"{seen[f'distance_{side}']:.3f}"
        rows.append([f"distance of confidence, {people}", distance, f"at most {seen[f'usual_distance_{side}']:.3f}"])
    caption = (
        "Confidence in the truth: the share of people about whom a model is as sure as the axis says. Solid: this "
        "model. Dashed: its shadow models. Where the lines part, the attacker has practised on models of another kind."
    )
    return section(
        "Do the shadow models stand for this one?",
        blocks.figure(confidences(seen["distribution"]), caption),
        table(["", "this model", f"{seen['shadows']} shadow models"], rows, caption="Side by side", numbers=[1, 2]),
        name="shadows",
    )


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _spread(seen: Mapping[str, Any], side: str) -> str:
    return f"{100 * seen[f'shadows_{side}']:.1f} % (standard deviation {100 * seen[f'shadows_{side}_sd']:.1f})"


def confidences(distribution: Mapping[str, Sequence[float]]) -> Safe:
    """Return two panels of histograms, the model's and its shadow models', on own people and on others.

    ``distribution`` has the edges ``bins`` of b bins and four lists of b shares: ``target_own``, ``shadows_own``,
    ``target_others``, ``shadows_others``.
    """
    bins = distribution["bins"]
    top = max(max(distribution[f"{who}_{side}"]) for who in ("target", "shadows") for side, _ in _SIDES)
    drawn: list[Child] = []
    for k, (side, people) in enumerate(_SIDES):
        x, y = Scale(0, 1, 44, 456), Scale(0, max(top, 0.05) * 1.05, 150 + 180 * k, 30 + 180 * k)
        drawn += [[line(x(t), y.start, x(t), y.end)] for t in x.ticks()]
        drawn += [[line(x.start, y(t), x.end, y(t)), _tick(y, t)] for t in y.ticks()[:: 2 if len(y.ticks()) > 5 else 1]]
        drawn.append(words(44, y.end - 10, f"{people[0].upper()}{people[1:]}"))
        for j, who in enumerate(("target", "shadows")):
            color, dash = COLORS[j], DASHES[j]
            look = ink(stroke=color, stroke_width=2, stroke_dasharray=dash, stroke_linejoin="round")
            drawn.append(tag("path", d=_steps(bins, distribution[f"{who}_{side}"], x, y), style=look))
    last = 150 + 180
    drawn += [words(Scale(0, 1, 44, 456)(t), last + 16, f"{t:g}", fill=MUTED, anchor="middle") for t in (0, 0.5, 1)]
    drawn.append(words(250, last + 34, "probability given to the truth", anchor="middle"))
    for j, name in enumerate(("this model", "shadow models")):
        at = 54 + 150 * j
        drawn.append(
            line(at, last + 54, at + 28, last + 54, stroke=COLORS[j], stroke_width=2.5, stroke_dasharray=DASHES[j])
        )
        drawn.append(words(at + 36, last + 58, name))
    spoken = "; ".join(
        f"{people}: surer than {bins[-2]:g} of {axes.share(distribution[f'target_{side}'][-1])} by this model, of "
        f"{axes.share(distribution[f'shadows_{side}'][-1])} by shadow models"
        for side, people in _SIDES
    )
    return axes.picture(last + 66, "Confidence of the model and of its shadow models", spoken, drawn)


def _tick(y: Scale, value: float) -> Safe:
    return words(37, y(value) + 4, axes.share(value), fill=MUTED, anchor="end", font_size="11px")


def _steps(bins: Sequence[float], shares: Sequence[float], x: Scale, y: Scale) -> str:
    rise = "".join(f"V{y(s):.1f}H{x(end):.1f}" for s, end in zip(shares, bins[1:], strict=True))
    return f"M{x(bins[0]):.1f} {y(0):.1f}{rise}V{y(0):.1f}"
