"""The people of an audit: those whom the model was trained on, and others of the same kind whom it never saw."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent import _validate
from reticent.errors import TableError
from reticent.target import splits
from reticent.target.table import ArrayTable, FrameTable, Table, digests

MIN_ROWS = 50


class Half(Enum):
    """Which rows a number speaks of: what is chosen on the open half is confirmed on the sealed one."""

    ALL = "all"
    OPEN = "open"
    SEALED = "sealed"


@dataclass(frozen=True, eq=False, kw_only=True)
class Population:
    """Members and non-members, in one table of n rows, members first.

    Attributes
    ----------
    table
        All rows.
    is_member
        Shape (n,): the rows that the model was trained on.
    unit
        Shape (n,): rows with the same number are equal or of one group; no split tears them apart.
    sealed
        Shape (n,): the half that chooses nothing.
    row
        Shape (n,): the position of each row in the table (of members or of non-members) that was handed in.
    shared_rows
        How many non-members were left out because they, or their group, are among the members.
    key
        Secret with which digests of rows are keyed.
    """

    table: Table
    is_member: npt.NDArray[np.bool_]
    unit: npt.NDArray[np.intp]
    sealed: npt.NDArray[np.bool_]
    row: npt.NDArray[np.intp]
    shared_rows: int
    key: bytes = field(repr=False)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def members(self) -> Table:
        """The rows that the model was trained on."""
        return self.table.take(np.flatnonzero(self.is_member))

    @property
    def nonmembers(self) -> Table:
        """The rows that the model never saw."""
        return self.table.take(np.flatnonzero(~self.is_member))

    def mask(self, half: Half) -> npt.NDArray[np.bool_]:
        """Return which rows belong to ``half``, shape (n,)."""
        return {Half.ALL: np.ones(len(self), bool), Half.OPEN: ~self.sealed, Half.SEALED: self.sealed}[half]

    def digest(self, rows: npt.ArrayLike) -> list[str]:
        """Return a keyed digest for each of these rows: useless without the key, checkable with it."""
        chosen = self.table.take(np.asarray(rows, dtype=np.intp))
        return [
            hmac.new(self.key, int(value).to_bytes(8, "little"), hashlib.sha256).hexdigest()[:16]
            for value in digests(chosen, chosen.columns)
        ]


def build(
    members: FrameTable | ArrayTable,
    nonmembers: FrameTable | ArrayTable,
    *,
    seen: Sequence[str],
    groups: str | None,
    shared_rows: str,
    seed: int,
    key: bytes,
) -> Population:
    """Join both tables, find the units, leave out the non-members that members share, and seal one half.

    Rows are equal when the columns ``seen`` in training (features and label) are; the column ``groups``, where there is
    one, ties rows together besides.

    Raises
    ------
    TableError
        If a side has too few rows, or if rows are shared and ``shared_rows="error"``.
    """
    _validate.one_of(("drop", "error"), shared_rows=shared_rows)
    for name, side in (("members", members), ("nonmembers", nonmembers)):
        if len(side) < MIN_ROWS:
            raise TableError(
                f"expected at least {MIN_ROWS} {name}, got {len(side):,}: with fewer, no rate can be told from chance. "
                f"Hand in more rows"
            )
    if not isinstance(nonmembers, type(members)):
        raise TableError("expected members and nonmembers of the same kind: two frames or two pairs (X, y)")
    table = members.join(nonmembers)  # type: ignore[arg-type]  # the same kind, by the check above
    is_member = np.arange(len(table)) < len(members)
    ties = [digests(table, seen)]
    if groups is not None:
        belongs = digests(table, [groups]).copy()
        alone = pd.isna(table.column(groups))  # who is in no group is no relative of all others in none
        belongs[alone] = np.arange(int(alone.sum()), dtype=np.uint64)
        ties.append(belongs)
    unit = splits.units(*ties)
    shared = ~is_member & np.isin(unit, unit[is_member])
    if shared.any() and shared_rows == "error":
        raise TableError(
            f"expected no row of a member among the non-members, found {shared.sum():,}. "
            f"Take them out, or pass shared_rows='drop'"
        )
    kept = np.flatnonzero(~shared)
    if (len(kept) - len(members)) < MIN_ROWS:
        raise TableError(
            f"expected at least {MIN_ROWS} non-members that are not also members; {shared.sum():,} of "
            f"{len(nonmembers):,} are members' rows, {len(nonmembers) - shared.sum():,} are left. "
            f"Hand in people whom the model never saw"
        )
    position = np.concatenate([np.arange(len(members)), np.arange(len(nonmembers))])
    _, unit = np.unique(unit[kept], return_inverse=True)
    return Population(
        table=table.take(kept),
        is_member=is_member[kept],
        unit=unit,
        sealed=splits.seal(unit, is_member[kept], seed),
        row=position[kept],
        shared_rows=int(shared.sum()),
        key=key,
    )
