"""Those of a population who hide somebody of a table: they share his combination of quasi-identifiers."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from reticent.coding.classes import open_table
from reticent.coding.codes import Ints, distinct
from reticent.coding.columns import Column, positions, read
from reticent.defenses.data.anonymize import admission
from reticent.defenses.data.anonymize.bundles import Bundle


def crowd(
    population: Any,
    codes: Ints,
    columns: Sequence[Column],
    bundles: Sequence[Bundle],
    *,
    presence: tuple[float, float] | None,
    person: Hashable | None,
) -> Ints | None:
    """Return the codes of those of the population who share a combination with the table, shape (m, n_bundles).

    Somebody between two people of the table may be taken for one of them, or not; so he is not counted upon.

    Parameters
    ----------
    population : table of any kind, or None
    codes : ndarray of shape (n, n_bundles)
        The table.
    columns : sequence of q Column
        Its quasi-identifiers.
    presence, person
        As the anonymizer takes them.

    Raises
    ------
    ParameterError
        Where only one of population and presence is given, or even the whole table cannot be hidden so well.
    """
    admission.check_population(presence, population, person)
    if population is None or presence is None:
        return None
    whole = open_table(population)
    fresh = [read(whole, j) for j in positions(whole, [column.name for column in columns])]
    theirs = np.column_stack([one.encode(fresh) for one in bundles])
    shared = (theirs >= 0).all(axis=1)
    for fitted, new in zip(columns, fresh, strict=True):
        if fitted.is_number:  # a number is coded as the nearest: only equal ones are shared
            shared &= np.append(np.isin(new.different, fitted.different), True)[new.of]
    theirs = theirs[shared]
    of = distinct(np.concatenate([codes, theirs]), [len(one.axis.places) for one in bundles])[1]
    theirs = theirs[np.isin(of[len(codes) :], of[: len(codes)])]
    admission.check_presence(presence, len(codes), len(theirs))
    return theirs
