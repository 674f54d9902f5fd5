"""The lines of a CSV that a person made: text cells, each line with its number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from sacmap.errors import InputError


def lines_of(text: str, path: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line that has any, less the spaces around each cell.

    A cell may hold line ends, in quotes: the number is that of the cell's last line.

    Raises
    ------
    InputError
        If it is not CSV: mostly a quote that is never closed.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield rows.line_num, cells
    except csv.Error as error:
        raise InputError(
            f"{path}, near line {rows.line_num}: {error}.", 'Look for a quote (") that is never closed.'
        ) from None
