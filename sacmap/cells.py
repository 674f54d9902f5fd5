"""The lines of a CSV that a person made: text cells, each line with its number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

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


def rows_of(text: str, path: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each line after the first and its cells by column name: those of `columns`.

    Raises
    ------
    InputError
        If the first line lacks a column, or a line has more cells than the first.
    """
    lines = lines_of(text, path)
    _, names = next(lines, (0, []))
    missing = [name for name in columns if name not in names]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}.", f"It needs {','.join(columns)}.")
    at = {name: names.index(name) for name in columns}
    for line, cells in lines:
        if any(cells[len(names) :]):
            raise InputError(
                f"{path}, line {line}: more cells than columns.", "Write 1,000 as 1000, or put it in quotes."
            )
        yield line, {name: cells[k] if k < len(cells) else "" for name, k in at.items()}
