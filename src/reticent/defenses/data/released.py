"""What of an anonymized table is released, and in words what was done to it: read off the table before and after.

Whichever technique made the second table from the first, nothing is taken from what it says of itself. Two rows are of
one class where they agree in all released quasi-identifiers; a rule says which values a class held before.

>>> import pandas as pd
>>> before = pd.DataFrame({"age": [30, 31, 33, 60, 61, 64], "town": list("AAABBB")})
>>> after = before.assign(age=[31, 31, 31, 61, 61, 61])
>>> rules(before, after, ["age", "town"])
['age 30 to 33, town A: 3 people', 'age 60 to 64, town B: 3 people']
"""

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from reticent.coding.classes import classes_of, open_table
from reticent.coding.codebook import Codebook, people_of
from reticent.coding.codes import compact, count_people
from reticent.coding.columns import positions, read
from reticent.target.schema import Schema
from reticent.target.table import ArrayTable, Table


def rules(
    before: Any, after: Any, quasi_identifiers: Sequence[Hashable], *, person: Hashable | None = None
) -> list[str]:
    """Return one line a class: which values it held before, and how many people; columns that it spans are left out.

    The lines show values of the table as it was and belong into the house.

    Parameters
    ----------
    before, after
        Tables with the same n rows in the same order: pandas or polars frames, Arrow tables, or arrays.
    quasi_identifiers
        Names of columns (positions in an array).
    person
        The column that says whose row it is; None where each row is a person.
    """
    table, made = open_table(before), open_table(after)
    classes = classes_of(made, positions(made, quasi_identifiers))
    people = None if person is None else people_of(table, positions(table, [person])[0])
    members = count_people(classes, people)
    parts: list[list[str]] = [[] for _ in members]
    for j in positions(table, quasi_identifiers):
        column = read(table, j)
        book = Codebook.of(column)
        n_codes = len(book.axis.places)
        # The codes that occur in each class, class after class.
        held = compact(classes * n_codes + book.encode(column), len(members) * n_codes)[0]
        owner, code = np.divmod(held, n_codes)
        edges = np.searchsorted(owner, np.arange(len(members) + 1))
        for c, (start, stop) in enumerate(pairwise(edges)):
            if said := book.describe(code[start:stop]):
                parts[c].append(said)
    counts = (f"{n:,} people" if n != 1 else "1 person" for n in members)
    return [f"{', '.join(part) or 'all'}: {count}" for part, count in zip(parts, counts, strict=True)]


def public(table: Table, schema: Schema) -> Any:
    """Return the part that may be released, in the table's own kind.

    Identifiers are left out, and so is the column of groups: it would tie together rows of different classes. Arrays
    have neither.
    """
    if isinstance(table, ArrayTable):
        return table.native
    return table.features([name for name in table.columns if name not in (*schema.identifiers, schema.groups)])


def frame(table: Table, schema: Schema) -> Any:
    """Return a frame to count on, with the label as a column, whatever kind the table is; without identifiers."""
    names = [name for name in table.columns if name not in schema.identifiers]
    return (
        table.features(names)
        if not isinstance(table, ArrayTable)
        else pd.DataFrame({n: table.column(n) for n in names})
    )
