"""The same pictures with matplotlib, for people who draw their own figures.

matplotlib is met only when something is drawn, and no setting of it is touched: what is drawn on given axes stays
there. Without axes a new figure is made by ``pyplot``, so that a notebook shows it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from reticent._optional import optional
from reticent.views import svg
from reticent.views.blocks import Dict

# The light palette of the pages (axes.COLORS), which custom properties cannot bring here.
COLORS = ("#0072b2", "#c44f00", "#007a5e", "#a8437f", "#8a6a00", "#5b4bb5")
_DASHES: tuple[Any, ...] = ("-", (0, (7, 3)), (0, (2, 2)), (0, (9, 3, 2, 3)), (0, (4, 2)), (0, (12, 4)))
_MARKERS = {"none": "s", "data": "o", "training": "^", "output": "D", "input": "v"}


def roc(curves: Mapping[str, tuple[Iterable[float], Iterable[float]]], ax: Any = None) -> Any:
    """Draw ROC curves with the line of chance on log-log axes; return the axes.

    Parameters
    ----------
    curves
        Title -> (false-positive rates, true-positive rates), ascending.
    ax
        Matplotlib axes to draw on; None for a new figure.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    ax = _axes(ax)
    plain = {title: (list(map(float, fpr)), list(map(float, tpr))) for title, (fpr, tpr) in curves.items()}
    floor = svg.lowest_rate(plain)
    for k, (title, (fpr, tpr)) in enumerate(plain.items()):
        # Zero has no place on a logarithmic axis; what lies left of one wrongly named person is held at the edge.
        left = [max(rate, floor) for rate in fpr]
        look = {"color": COLORS[k % len(COLORS)], "linestyle": _DASHES[k % len(_DASHES)]}
        ax.plot(left, tpr, drawstyle="steps-post", label=title, **look)
    ax.plot([floor, 1], [floor, 1], color="#767676", linestyle=":", linewidth=1, label="chance")
    ax.set(
        xscale="log",
        yscale="log",
        xlim=(floor, 1),
        ylim=(floor, 1),
        xlabel="others wrongly named (false-positive rate)",
        ylabel="members recognized (true-positive rate)",
    )
    ax.legend(fontsize="small", frameon=False)
    return ax


def frontier(result: Dict, ax: Any = None) -> Any:
    """Draw what each candidate reveals against how well it works, with intervals and the goal; return the axes.

    Parameters
    ----------
    result
        A frontier's dict (``Frontier.to_dict()``).
    ax
        Matplotlib axes to draw on; None for a new figure. The legend stands to their right: leave room there.
    """
    ax = _axes(ax)
    goal = result["goal"]
    shown = [p for p in result["points"] if not p["exposure"]["untested"] and not p["utility"]["untested"]]
    floor = svg.lowest_exposure(shown, goal)
    if goal["tpr"] is not None:
        ax.axvspan(floor, goal["tpr"], color="#e4eff7", zorder=0, label="meets the goal")
    ax.axvline(goal["fpr"], color="#767676", linestyle=":", linewidth=1, label="blind guess")
    for point in shown:
        x, y, moment = point["exposure"], point["utility"], point["moment"]
        at, up = max(x["value"], floor), y["value"]
        ax.errorbar(
            [at],
            [up],
            xerr=[[max(at - max(x["low"], floor), 0)], [max(x["high"] - at, 0)]],
            yerr=[[max(up - y["low"], 0)], [max(y["high"] - up, 0)]],
            fmt="*" if point["chosen"] else _MARKERS[moment],
            markersize=14 if point["chosen"] else 7,
            color=COLORS[list(_MARKERS).index(moment)],
            elinewidth=1,
            label=f"{point['index']} {point['title']}" + (" (chosen)" if point["chosen"] else ""),
        )
        ax.annotate(str(point["index"]), (at, up), xytext=(5, 4), textcoords="offset points", fontsize="small")
    ax.set(
        xscale="log",
        xlim=(floor, 1),
        xlabel=f"members recognized at {100 * goal['fpr']:g} % false alarms",
        ylabel="accuracy on others",
    )
    # Beside the points, not among them: candidates lie close together, so each shows its number only.
    ax.legend(fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    _, ax = optional("matplotlib.pyplot", extra="plot").subplots(layout="constrained")
    return ax
