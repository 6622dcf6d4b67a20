"""The parts of a frontier's report: which fixes were tried, what each costs, which one meets the goal."""

from reticent.views import axes, blocks, epsilons, frontier_in_words, signs, svg, text
from reticent.views.blocks import Dict, section, split, table
from reticent.views.markup import Child, Safe, tag


def untested(frontier: Dict) -> list[str]:
    """Return what was not tried, and what was not tested on some candidate, in words."""
    reasons = [f"Not tried: {reason}" for reason in frontier["not_tried"]]
    everywhere = list(frontier["points"][0]["not_tested"].values())
    for point in frontier["points"][1:]:
        only_here = [
            reason for name, reason in point["not_tested"].items() if name not in frontier["points"][0]["not_tested"]
        ]
        reasons += [f"On {point['title']!r}: {reason}" for reason in only_here]
    return [*everywhere, *reasons]


def verdict(frontier: Dict) -> Safe:
    """Return the sentence about the goal; the tone follows the confirmation, not the hope."""
    if frontier["chosen"] is None:
        return blocks.verdict(frontier["sentence"], "bad", "No candidate meets the goal")
    if frontier["confirmed"]:
        return blocks.verdict(
            frontier["sentence"], "calm", "One candidate meets the goal, confirmed on the sealed half"
        )
    return blocks.verdict(frontier["sentence"], "wary", "Chosen, but not confirmed on the sealed half")


def before_and_after(frontier: Dict) -> Safe | None:
    """Return the unprotected and the chosen model as a hundred people each, on the same sealed half."""
    first = next((p for p in frontier["points"] if p["moment"] == "none"), None)
    last = chosen(frontier)
    if first is None or last is None or first is last:
        return None
    if first["exposure"]["untested"] or last["exposure"]["untested"]:
        return None
    rate = frontier["goal"]["fpr"]
    panels = [
        (caption, point["exposure"]["value"], point["exposure"]["high"])
        for caption, point in [
            ("as it is: recognized of 100 members", first),
            ("chosen: recognized of 100 members", last),
        ]
    ]
    panels.append(("for comparison: others wrongly named", rate, rate))
    level = axes.share(first["exposure"]["level"])
    return blocks.figure(
        signs.people(panels),
        f"Sealed half. As it is: {text.percent(first['exposure'])}. Chosen ({last['title']}): "
        f"{text.percent(last['exposure'])}. A blind guess recognizes {axes.share(rate)}. Rings: as many more "
        f"it may be at {level} confidence.",
    )


def chosen(frontier: Dict) -> Dict | None:
    """Return the chosen point, or None."""
    return next((point for point in frontier["points"] if point["index"] == frontier["chosen"]), None)


def picture(frontier: Dict) -> Safe:
    """Return what each candidate reveals against how well it works."""
    region = (
        "The goal is met where the right end of the interval, not only the point, lies within the shaded region. "
        if frontier["goal"]["tpr"] is not None
        else ""
    )
    return blocks.figure(
        svg.frontier(frontier["points"], frontier["goal"]),
        "Each point is one candidate, measured on the sealed half, which chose nothing: what attackers recognize on "
        "average over models trained in this way, and how accurate the model is. Left is less revealed, up is more "
        f"accurate; lines are confidence intervals. {region}Numbers refer to the table.",
    )


def privacy(frontier: Dict) -> Safe | None:
    """Return what an epsilon costs; None where no candidate is private."""
    drawn = epsilons.against_accuracy(frontier["points"], frontier["goal"])
    if drawn is None:
        return None
    return blocks.figure(
        drawn,
        "Each triangle is a model that was trained with differential privacy: its epsilon follows from the noise, "
        "accuracy and what attackers recognize were measured on the sealed half. Which model is released was settled "
        "by the goal, not by this picture. Whoever gives away more than one of these models gives away more than the "
        "epsilon of one."
        if frontier["goal"].get("epsilon") is not None
        else "Each triangle is a model that was trained with differential privacy: its epsilon follows from the noise, "
        "accuracy and what attackers recognize were measured on the sealed half. To choose among them by what was "
        "measured is covered by no epsilon: name one in the goal.",
    )


def points(frontier: Dict) -> Safe:
    """Return every candidate with what it reveals and what it costs."""
    fpr = axes.share(frontier["goal"]["fpr"])
    rows: list[list[Child]] = []
    for point in frontier["points"]:
        star = [" ", tag("b", "★ chosen", class_="rt-chosen")] if point["chosen"] else None
        acts = svg.MOMENTS.get(point["moment"], point["moment"])
        promise, shown = _promise(point), _shown(point)
        change = point["utility_change"]
        rows.append(
            [
                str(point["index"]),
                [
                    point["title"],
                    star,
                    [tag("small", words, class_="rt-under") for words in (acts, promise, shown) if words],
                ],
                [
                    split(point["exposure"], text.percent(point["exposure"])),
                    tag("small", "this model: ", text.percent(point["exposure_of_this_model"]), class_="rt-under"),
                ],
                split(point["utility"], text.percent(point["utility"])),
                "" if point["moment"] == "none" else split(change, blocks.points(change)),
                "yes" if point["meets_on_open_half"] else "no",
            ]
        )
    head = [
        "#",
        "candidate",
        f"recognized at {fpr} false alarms",
        "accuracy on others",
        "accuracy, change",
        "met on the open half",
    ]
    return table(
        head,
        rows,
        caption=f"Sealed half, which chose nothing; {_chose(frontier)}. Recognized: mean over models trained in the "
        "same way, and below it on this one model",
        numbers=[2, 3, 4],
    )


def _chose(frontier: Dict) -> str:
    if frontier["goal"].get("epsilon") is not None:
        return "the goal's epsilon settled the choice beforehand"
    return "the choice itself was made on the other half"


def _promise(point: Dict) -> str | None:
    """Return what a defense claims, in a few words where it claims an epsilon."""
    private = point.get("privacy")
    if private is None:
        return str(point["claim"]["statement"]) if point["claim"] else None
    before = "" if private["charged"] == private["alone"] else ", with what was spent before"
    return f"charged: {frontier_in_words.epsilon(private['charged'])} at delta {private['delta']:g}{before}"


def _shown(point: Dict) -> str | None:
    """Return what attacks say of the epsilon of a point, or None."""
    private = point.get("privacy")
    if private is None or private["bounds"] is None:
        return None
    if private["refuted"]:
        return f"THE CLAIM IS WRONG: attacks show epsilon {private['bounds']['fails']:.3g} at least (99.9 %)"
    return text.shown_by_attacks(private["bounds"])


def details(frontier: Dict) -> Safe:
    """Return the parameters and the side numbers of each candidate, folded away."""
    listed = []
    for point in frontier["points"]:
        selection = point["selection"]
        pairs = [
            ("parameters", blocks.value(point["parameters"])),
            ("attacker is given", point["access"]),
            ("AUC, sealed half", text.number(point["auc"])),
            ("Brier score", f"{point['brier']:.4f}" if point["brier"] is not None else "none"),
            ("recognized, open half", text.percent(selection["exposure"])),
            ("accuracy, open half", text.percent(selection["utility"])),
        ]
        listed.append([tag("h3", f"{point['index']} {point['title']}"), blocks.facts(pairs)])
    return blocks.folded("Parameters and side results of each candidate", listed)


def tried(frontier: Dict, *, title: str = "What was tried, and what each fix costs") -> Safe:
    """Return goal, picture and table as one section."""
    goal = tag("p", tag("strong", "Goal: "), frontier["goal_sentence"], ".")
    drawn = [privacy(frontier), picture(frontier)]
    return section(title, goal, drawn, points(frontier), details(frontier), name="tried")
