"""Try every step on the people who judge: of how many does the answer stay?

Steps share most of their cells, and a cell means the same in each of them. So each cell is tried once, on all people
who come by, and all of them together: the model is asked once.
"""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from reticent.coding.codes import Ints
from reticent.coding.columns import Table
from reticent.defenses.data.minimize.asked import Asked, agree
from reticent.defenses.data.minimize.ladder import Step
from reticent.defenses.data.minimize.mapping import mapped


def agreeing(
    asked: Asked, steps: Sequence[Step], people: Table, where: Sequence[int], *, codes: Ints, tolerance: float | None
) -> Ints:
    """Return how many people get the answer that they had, for each step, shape (n_steps,).

    Parameters
    ----------
    people : frame or array of n rows
    where : sequence of q int
        Where the model's columns stand in it.
    codes : ndarray of shape (n, q)
        What the rows are to the trees.
    """
    number: dict[tuple[int, int, bytes], int] = {}
    rows, raw, representative, used = [], [], [], []
    on_the_way: dict[int, list[Ints]] = {}
    for step in steps:
        cells, tree = step.cells, id(step.cells.nodes)
        if tree not in on_the_way:
            row, node = cells.nodes.people(codes)
            counts = np.bincount(node, minlength=len(cells.nodes.parent))
            on_the_way[tree] = np.split(row, np.cumsum(counts)[:-1])
        held = []
        for node, is_raw, instead in zip(cells.node.tolist(), cells.raw, cells.representative, strict=True):
            key = (tree, node, is_raw.tobytes())
            if key not in number:
                number[key] = len(number)
                rows.append(on_the_way[tree][node])
                raw.append(is_raw)
                representative.append(instead)
            held.append(number[key])
        used.append(held)
    cell = np.repeat(np.arange(len(rows)), [len(some) for some in rows])
    row, kept = np.asarray(np.concatenate(rows), np.intp), np.stack(raw)
    same = np.ones(len(row), bool)
    less = np.flatnonzero(~np.asarray(kept.all(axis=1))[cell])
    if len(less):
        made = mapped(people[row[less]], where, asked.values(np.stack(representative)), kept, cell[less])
        truth = asked.about(inputs_of(people, where))
        said = asked.about(inputs_of(nw.from_native(made, eager_only=True, pass_through=True), where))
        same[less] = agree(said, truth[row[less]], tolerance)
    hits = np.bincount(cell[same], minlength=len(rows))
    return np.array([int(hits[held].sum()) for held in used])


def inputs_of(table: Table, where: Sequence[int]) -> Any:
    """Return the columns at these positions, in their order, as a model takes them."""
    part = table[:, list(where)]
    return part.to_native() if isinstance(part, nw.DataFrame) else part
