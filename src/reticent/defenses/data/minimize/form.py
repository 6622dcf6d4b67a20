"""The questions to a person, in the order in which they are asked; what is asked next follows from the answer.

>>> print(Form(questions=(Question(column="age", of=1.0, choices=(
...     Choice(answer="up to 64", share=0.8, question=None, raw=()),
...     Choice(answer="65 or more", share=0.2, question=None, raw=("town",)))),), needs=(), agreement=0.95, first=()))
What to ask of a person, so that the model's answer stays the same for at least 95 % of people:
1. age? (asked of 100 %)
   up to 64: nothing else (80 %)
   65 or more: give town as it is (20 %)
"""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Ints
from reticent.defenses.data.minimize.cells import Cells
from reticent.defenses.data.minimize.needs import Need, percent
from reticent.defenses.data.minimize.words import listed, piece

_SHOWN = 15


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One answer to a question and what follows from it.

    Parameters
    ----------
    answer : str
    share : float
        Of all people.
    question : int or None
        The question that is asked next, counted from 1; None where none is.
    raw : tuple of column names
        What is then asked for as it is.
    """

    answer: str
    share: float
    question: int | None
    raw: tuple[Hashable, ...]

    def __str__(self) -> str:
        return f"{self.answer}: {then(self.question, self.raw)} ({percent(self.share)})"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question: about which column, of what share of people, and the answers that are told apart.

    Parameters
    ----------
    column : str, or int for an array
    of : float
    choices : tuple of Choice
    other : str
        What no answer names: "another value", "missing", both, or nothing.
    otherwise : str
        The answer that it is taken for.
    """

    column: Hashable
    of: float
    choices: tuple[Choice, ...]
    other: str = ""
    otherwise: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What to ask of a person.

    Parameters
    ----------
    questions : tuple of Question
        In the order in which they are asked.
    needs : tuple of Need
        What becomes of each column.
    agreement : float
        The target that it was made for.
    first : tuple of column names
        What is asked of everyone as it is, where there are no questions.
    """

    questions: tuple[Question, ...]
    needs: tuple[Need, ...]
    agreement: float
    first: tuple[Hashable, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what is asked in plain values, names of columns as words."""
        questions = [asdict(one) | {"column": str(one.column), "of": float(one.of)} for one in self.questions]
        for question in questions:
            question["choices"] = [
                choice | {"raw": [str(name) for name in choice["raw"]]} for choice in question["choices"]
            ]
        return {"first": [str(name) for name in self.first], "questions": questions}

    def __str__(self) -> str:
        target = f"{100 * self.agreement:g} %"
        lines = [f"What to ask of a person, so that the model's answer stays the same for at least {target} of people:"]
        if not self.questions:
            lines.append(f"Of everyone: {then(None, self.first)}.")
        often = sorted(range(len(self.questions)), key=lambda i: -self.questions[i].of)[:_SHOWN]
        for i in sorted(often):
            question = self.questions[i]
            lines.append(f"{i + 1}. {question.column}? (asked of {percent(question.of)})")
            lines += [f"   {choice}" for choice in question.choices]
            if question.other:
                lines.append(f"   {question.other}: as {question.otherwise}")
        if len(self.questions) > _SHOWN:
            least = max(one.of for i, one in enumerate(self.questions) if i not in often)
            more = len(self.questions) - _SHOWN
            lines.append(f"and {more} more questions, each asked of at most {percent(least)}; see `questions`.")
        if self.needs:
            needless = [str(need.column) for need in self.needs if need.kind == "not needed"]
            needed = [need for need in self.needs if need.kind != "not needed"]
            if needed and len(self.questions) > 1:
                lines += ["In all, by column:", *(f"- {need}" for need in needed)]
            if needless:
                lines.append(f"Not needed of anyone: {', '.join(needless)}.")
        return "\n".join(lines)


def then(question: int | None, raw: Sequence[Hashable]) -> str:
    """Return in words what follows: another question, columns as they are, or nothing."""
    if question is not None:
        return f"question {question}"
    if not raw:
        return "nothing else"
    return f"give {listed([str(name) for name in raw], 'and', len(raw))} as {'it is' if len(raw) == 1 else 'they are'}"


def form_of(cells: Cells, books: Sequence[Codebook], cell: Ints, needs: tuple[Need, ...], agreement: float) -> Form:
    """Return the questions that lead to the cells, with shares of people in these cells, shape (n,)."""
    nodes, names = cells.nodes, [book.name for book in books]
    place = {node: c for c, node in enumerate(cells.node.tolist())}
    share = np.zeros(len(nodes.parent))
    share[cells.node] = np.bincount(cell, minlength=len(cells.node)) / max(1, len(cell))
    inner = np.zeros(len(share), bool)
    for node in cells.node.tolist():
        above = int(nodes.parent[node])
        while above >= 0:
            share[above] += share[node]
            inner[above] = True
            above = int(nodes.parent[above])
    raw = {
        node: tuple(name for name, is_raw in zip(names, cells.raw[c], strict=True) if is_raw)
        for node, c in place.items()
    }
    if not inner[0]:
        return Form(questions=(), needs=needs, agreement=agreement, first=raw[0])
    order, ends = [0], []
    for node in order:  # grows as it goes: those whom most are asked stand first
        ends.append(_ends(cells, inner, node))
        order += [end for end in ends[-1] if inner[end]]
    number = {node: i + 1 for i, node in enumerate(order)}
    questions = []
    for node, below in zip(order, ends, strict=True):
        f = int(nodes.tree.column[node])
        choices = [
            Choice(
                answer=piece(books[f], nodes.held(end)[f]),
                share=float(share[end]),
                question=number.get(end),
                raw=raw.get(end, ()),
            )
            for end in sorted(below, key=lambda end: int(np.flatnonzero(nodes.held(end)[f])[0]))
        ]
        otherwise = piece(books[f], nodes.held(_unseen(cells, inner, node))[f])
        other = unnamed(books[f], otherwise)
        questions.append(
            Question(
                column=names[f],
                of=float(share[node]),
                choices=tuple(choices),
                other=other,
                otherwise=otherwise if other else "",
            )
        )
    return Form(questions=tuple(questions), needs=needs, agreement=agreement, first=())


def _ends(cells: Cells, inner: "np.ndarray[Any, Any]", node: int) -> list[int]:
    """Return where the cuts of one column lead that follow on each other: they are one question."""
    tree, ends, todo = cells.nodes.tree, [], [node]
    while todo:
        for child in (int(tree.left[at := todo.pop()]), int(tree.right[at])):
            if inner[child] and tree.column[child] == tree.column[node]:
                todo.append(child)
            else:
                ends.append(child)
    return ends


def _unseen(cells: Cells, inner: "np.ndarray[Any, Any]", node: int) -> int:
    """Return where the cuts of a question lead a value that was never seen."""
    tree = cells.nodes.tree
    at = int(tree.left[node] if tree.heavier[node] else tree.right[node])
    while inner[at] and tree.column[at] == tree.column[node]:
        at = int(tree.left[at] if tree.heavier[at] else tree.right[at])
    return at


def unnamed(book: Codebook, taken_for: str) -> str:
    """Return what no answer about a column names, where it is taken for this one.

    "anything but B" is said of all that is not B, seen or not, but where missing values are told apart, of no missing.
    """
    parts = [] if book.known.dtype.kind != "O" or taken_for.startswith("anything") else ["another value"]
    if not (book.nan or book.null or taken_for.startswith("anything")):
        parts.append("missing")
    return " or ".join(parts)
