"""The ledger: every row read is either counted, or left out for a named reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from sacmap.errors import SacmapError


@dataclass(frozen=True)
class Ledger:
    """The number of rows read, and what became of them. A row belongs to the first line that applies to it."""

    rows_read: int
    other_crime_types: int
    other_months: int
    duplicates: int
    forces_left_out: int
    no_location: int
    outside_areas: int
    counted: int

    def record(self) -> dict[str, int]:
        """Return the ledger for the JSON record."""
        return asdict(self)

    def require_balance(self) -> None:
        """Raise an error unless rows_read is the sum of the other lines.

        Raises
        ------
        SacmapError
            If a row was lost or counted twice. This would be a fault in sacmap.
        """
        rest = sum(value for name, value in asdict(self).items() if name != "rows_read")
        if rest != self.rows_read:
            raise SacmapError(
                f"The ledger does not balance: {self.rows_read:,} rows read, {rest:,} accounted for. "
                "Nothing was written.",
                "This is a fault in sacmap. Please report it, with the command.",
            )


def ledger(
    rows_read: int,
    located: pd.DataFrame,
    compared: Collection[str],
    repeated: np.ndarray,
    *,
    forces_left_out: Collection[str] = (),
    unknown: Collection[str] = (),
) -> Ledger:
    """Account for every row, of all crime types read; `located` has those of SAC, including duplicates.

    Rows of months that are not `compared` belong to other_months, crimes in areas that are `unknown` to outside_areas.
    `repeated` are the duplicates, as marked by `sacmap.crimes.repeats`.

    Raises
    ------
    SacmapError
        If a row was lost or counted twice.
    """
    in_month = located["month"].isin(list(compared)).to_numpy()
    left_out = located["force"].isin(list(forces_left_out)).to_numpy()
    once = ~repeated & ~left_out
    there = located["lon"].notna().to_numpy()
    inside = located["area_id"].notna().to_numpy() & ~located["area_id"].isin(list(unknown)).to_numpy()

    def rows(mask: np.ndarray) -> int:
        return int(np.count_nonzero(mask))

    made = Ledger(
        rows_read=rows_read,
        other_crime_types=rows_read - len(located),
        other_months=rows(~in_month),
        duplicates=rows(in_month & repeated),
        forces_left_out=rows(in_month & ~repeated & left_out),
        no_location=rows(in_month & once & ~there),
        outside_areas=rows(in_month & once & there & ~inside),
        counted=rows(in_month & once & inside),
    )
    made.require_balance()
    return made
