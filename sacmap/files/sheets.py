"""Read tables that people keep in spreadsheets and text files: rows as they stand, nothing guessed.

A number stays a number and a date a date; everything else is text. Which row is the header is for the caller to find.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from sacmap.errors import InputError

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
#: Titles and notes stand above a header, but never more lines of them than this.
LINES_ABOVE = 60
#: The Home Office's largest workbook inflates to some 400 MB.
INFLATED = 2 << 30

Row = list[object]


@dataclass(frozen=True)
class Sheet:
    """One sheet: its label for errors, and its rows from the first line of the file on."""

    label: str
    rows: list[Row]


def sheets_of(path: Path) -> Iterator[Sheet]:
    """Yield the sheets of a workbook (XLSX, XLS, ODS), or the one table of a CSV or Parquet file.

    Raises
    ------
    InputError
        If the file is not there or is not what its name says.
    """
    if not path.is_file():
        raise InputError(f"{path} is not there.", "Check its path.")
    kind = path.suffix.lower()
    if kind in WORKBOOKS:
        yield from _workbook(path)
    elif kind == ".parquet":
        yield _parquet(path)
    else:
        yield _csv(path)


def _workbook(path: Path) -> Iterator[Sheet]:
    _require_real_size(path)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield Sheet(f"{path}, sheet {name}", [list(row) for row in rows])
    except (CalamineError, OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{path} cannot be read: {reason}.", "Download or save it again.") from None


def _require_real_size(path: Path) -> None:
    """Refuse a workbook that would inflate beyond memory: XLSX and ODS are ZIPs."""
    try:
        with zipfile.ZipFile(path) as archive:
            inflated = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return
    if inflated > INFLATED:
        raise InputError(
            f"{path} would inflate to {inflated:,} bytes, more than any real table.", "Download it again."
        )


def _parquet(path: Path) -> Sheet:
    try:
        table = pq.read_table(path)
        columns = [column.to_pylist() for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{path} cannot be read: {reason}.", "Download or save it again.") from None
    body: list[Row] = [list(values) for values in zip(*columns, strict=True)]
    return Sheet(str(path), [list(table.column_names), *body])


def _csv(path: Path) -> Sheet:
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if b"\0" in raw[:4096]:
        raise InputError(
            f"{path} is not text: it may be a workbook under another name.", "Give XLSX, ODS, CSV or Parquet."
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        # What Excel on a British Windows saves as "CSV".
        text = raw.decode("cp1252", errors="replace")
    try:
        return Sheet(str(path), [list(row) for row in csv.reader(io.StringIO(text, newline=""))])
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as CSV: {error}.", "Save it again.") from None


def text_of(cell: object) -> str:
    """Return a cell as text without spaces around it: 45.0 → "45", 37.2 → "37.2", None → ""."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def words_of(cell: object) -> str:
    """Return a cell as words to compare: lower case, letters and digits, single spaces."""
    return " ".join("".join(c if c.isalnum() else " " for c in text_of(cell).casefold()).split())


def mapped(column: pd.Series, of: Callable[[object], object]) -> pd.Series:
    """Map a column by its distinct values: 300,000 rows hold some 200 codes."""
    return column.map({value: of(value) for value in column.unique()})
