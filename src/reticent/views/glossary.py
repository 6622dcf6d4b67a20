"""How to read this: the words of a report for somebody who signs for it and does not train models."""

from reticent.views.blocks import folded
from reticent.views.markup import Safe, tag

_WORDS = {
    "Members and others": "Members are the people the model learned from. Others are people of the same population "
    "whom it never saw. An attacker who can tell the two apart learns who was in the data, which may itself be the "
    "secret: a patient list, a list of debtors.",
    "Recognized (true-positive rate, TPR)": "The share of members that an attacker names rightly.",
    "False alarms (false-positive rate, FPR)": "The share of others that the attacker names wrongly. Naming everybody "
    "recognizes all members and harms nobody, so recognition counts only at few false alarms: 1 % or 0.1 %. A blind "
    "guess recognizes exactly as many members as it raises false alarms.",
    "AUC": "One number for a whole attack: how often it ranks a member above another person. 0.5 is a coin toss, 1 is "
    "certainty. An average: it can look calm while a few people are recognized without doubt.",
    "The range in brackets": "The 95 % confidence interval: with another draw of as many people the number would "
    "probably lie within it. A wide range means few people, not a safe model. Judge by its worse end.",
    "Cannot be tested": "Too few people for the question. Nothing may be concluded, in either direction.",
    "Baseline": "An attacker without the model. If it does well, the two tables differ by themselves and the "
    "model is not to blame.",
    "Control": "The same attack against models that never learned from these people. It must find nothing.",
    "Access": "What the attacker is given: labels (the decision), scores (how sure), explanations, gradients, or the "
    "parameters (the model's own file). More access, stronger attacks.",
    "Shadow models": "Models trained the same way on other draws of people, on which an attacker practices.",
    "Sealed half": "Half of the people, kept apart while anything was being chosen. What is reported on them was not "
    "picked because it looked good on them.",
    "Epsilon (differential privacy)": "A limit on how much the model can depend on any one person, proven from the "
    "noise of its training. With epsilon 1, nothing that the model shows is more than 2.7 times as likely because "
    "somebody was there, but for a chance of delta. Less is more private.",
    "Epsilon, lower bound": "A privacy loss that this training certainly has, in the unit of differential privacy. "
    "A claim of less than this is refuted; the true loss may be higher.",
    "Proven, measured, declared": "Proven: follows from mathematics. Measured: statistics with an interval. Declared: "
    "a person said so. These are kinds of evidence; they are never added up into a score.",
}


def glossary(*, unfolded: bool = False) -> Safe:
    """Return the glossary, folded away unless asked for."""
    words = tag("dl", [tag("div", tag("dt", name), tag("dd", meaning)) for name, meaning in _WORDS.items()])
    if unfolded:
        return tag("section", tag("h2", "How to read this"), words, class_="rt-glossary", id="words")
    return tag(
        "section", folded("How to read this: the words in plain language", words), class_="rt-glossary", id="words"
    )
