"""Read tables from spreadsheets and text files, row by row, without guessing.

Numbers stay numbers and dates stay dates. Everything else is text. The caller finds the header row.
"""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from sacmap.errors import InputError
from sacmap.files.child_process import measure
from sacmap.files.delimited import decoded, rows_in, unpacked
from sacmap.files.text import bytes_of, has_own_names, header_of
from sacmap.limits import LISTED, MEMORY, TABLE_BYTES, TABLE_CELLS, TABLE_SPACES, WORKBOOK_INFLATED

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
#: How a Parquet file begins.
PARQUET = b"PAR1"
#: The most rows below a header in a spreadsheet: XLSX and XLS.
FULL = (1_048_575, 65_535)

Row = list[object]


class Sheet(NamedTuple):
    """One sheet: its label for messages, its rows from the first line on, and whether the workbook hides it."""

    label: str
    rows: list[Row]
    is_hidden: bool = False


def sheets_of(path: Path) -> Iterator[Sheet]:
    """Yield the sheets of a workbook (XLSX, XLS, ODS), or the one table of a CSV or Parquet file.

    Raises
    ------
    InputError
        If the file does not exist, cannot be read, or is not a table.
    """
    if not path.exists():
        raise InputError(f"{path} is not there.", "Check its path.")
    kind, raw = path.suffix.lower(), unpacked(bytes_of(path), str(path))
    # Many systems export text or a web page under the name of a workbook, so the first bytes decide.
    if kind in WORKBOOKS and raw.startswith(b"PK"):
        yield from _workbook(raw, str(path))
    elif kind == ".parquet":
        yield _parquet(raw, str(path))
    else:
        yield from sheets_in(raw, str(path))


def table_text(path: str, columns: Sequence[str]) -> str:
    """Return a table that the study names, such as an action log: text as it is, others as CSV.

    Of a workbook it is the sheet with these columns, or the first if none has them. A row has the same line in the CSV,
    and a date is written as 2018-06-04.

    Raises
    ------
    InputError
        If it cannot be read, is neither text nor a workbook nor Parquet, or several sheets have the columns.
    """
    raw = unpacked(bytes_of(Path(path)), path)
    if not is_workbook(raw) and not raw.startswith(PARQUET):
        return decoded(raw, path)
    out = io.StringIO()
    csv.writer(out).writerows(_sheet_with(columns, raw, path))
    return out.getvalue()


def _sheet_with(columns: Sequence[str], raw: bytes | bytearray, path: str) -> list[list[str]]:
    """Return the cells of the sheet that has the columns, as text without line breaks."""
    first: list[list[str]] | None = None
    found: dict[str, list[list[str]]] = {}
    own: dict[str, list[list[str]]] = {}
    for sheet in sheets_in(raw, path):
        rows = [[" ".join(text_of(cell).split()) for cell in row] for row in sheet.rows]
        first = rows if first is None else first
        filled = [row for row in rows if any(row)]
        place = header_of(filled, columns)
        # A sheet for next month may have its header, and no row yet.
        if place is not None and filled[place + 1 :] and rows not in found.values():
            LISTED.require(len(filled), sheet.label)
            found[sheet.label] = rows
            if has_own_names(filled[place], columns):
                own[sheet.label] = rows
    # A column that is only called alike, as the dwellings of a census, does not make a table a second one.
    found = own or found
    if len(found) > 1:
        names = ", ".join(label.removeprefix(f"{path}, ") for label in found)
        raise InputError(
            f"{path} has {len(found)} tables of {','.join(columns)}: {names}.",
            "Save the one that counts as a file of its own, or put all rows in one sheet.",
        )
    return next(iter(found.values()), first or [])


def is_workbook(raw: bytes | bytearray) -> bool:
    """Whether the bytes are a workbook, whatever the file name: many systems export text as .xls."""
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        return True
    if not raw.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        # The file is cut short or damaged. Its first bytes show what it was.
        return b"[Content_Types].xml" in raw[:4096] or b"opendocument" in raw[:4096]
    return bool(names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"})


def sheets_in(raw: bytes | bytearray, label: str) -> Iterator[Sheet]:
    """Yield the sheets of a workbook's bytes, or the one table of a Parquet file's or a text's.

    Raises
    ------
    InputError
        If it is damaged or not a table.
    """
    if is_workbook(raw):
        yield from _workbook(raw, label)
    elif raw.startswith(PARQUET):
        yield _parquet(raw, label)
    else:
        text = decoded(raw, label)
        if text.lstrip()[:1] in {"[", "{"} and '":' in text[:1000]:
            raise InputError(f"{label} is JSON, not a table.", "Save it as CSV or XLSX.")
        yield Sheet(label, [list(cells) for _, cells in rows_in(text, label)])


def _workbook(raw: bytes | bytearray, label: str) -> Iterator[Sheet]:
    _require_real_size(raw, label)
    _require_measured(raw, "workbook", label)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        hidden = {one.name: one.visible != SheetVisibleEnum.Visible for one in workbook.sheets_metadata}
        # Of several tables the one that is seen comes first.
        for name in sorted(workbook.sheet_names, key=hidden.__getitem__):
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            what = "hidden sheet" if hidden[name] else "sheet"
            yield Sheet(f"{label}, {what} {name}", [list(row) for row in rows], hidden[name])
    except (CalamineError, OSError, ValueError):
        raise _damaged(label, "workbook") from None


def _damaged(label: str, kind: str) -> InputError:
    if kind == "parquet":
        return InputError(
            f"{label} cannot be read as Parquet: it is damaged, cut or another kind of file.",
            "Download or save it again.",
        )
    return InputError(
        f"{label} cannot be read as a workbook: it is damaged, cut short, or has a password.",
        "Open it in a spreadsheet and save it again, without a password.",
    )


def _require_measured(raw: bytes | bytearray, kind: str, label: str) -> None:
    """Refuse a file that would take too much memory or time, after measuring it in a separate process."""
    try:
        sheets, size = measure(raw, kind)
    except MemoryError:
        raise InputError(
            f"{label} takes more memory to read than any real table: {MEMORY / 1e9:.1f} GB were not enough.",
            TABLE_CELLS.remedy,
        ) from None
    except TimeoutError as error:
        raise InputError(f"{label} was not read within {error}.", TABLE_CELLS.remedy) from None
    except ChildProcessError:
        raise _damaged(label, kind) from None
    except (ValueError, OSError):
        if kind == "workbook":
            raise _damaged(label, kind) from None
        return
    TABLE_CELLS.require(sum(rows * columns for rows, columns in sheets), label)
    (TABLE_SPACES if kind == "workbook" else TABLE_BYTES).require(size, label)


def _require_real_size(raw: bytes | bytearray, label: str) -> None:
    """Refuse a workbook that would not fit into memory when decompressed: XLSX and ODS are ZIPs."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            inflated = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    if inflated > WORKBOOK_INFLATED:
        raise InputError(
            f"{label} would have {inflated:,} bytes when decompressed, more than any real table.",
            "Download it again.",
        )


def _parquet(raw: bytes | bytearray, label: str) -> Sheet:
    import pyarrow.parquet as pq  # noqa: PLC0415 - loaded only when needed

    _require_measured(raw, "parquet", label)
    try:
        table = pq.read_table(pa.BufferReader(raw))
        columns = [column.to_pylist() for column in table.columns]
    except (pa.ArrowException, OSError, ValueError):
        raise _damaged(label, "parquet") from None
    body: list[Row] = [list(values) for values in zip(*columns, strict=True)]
    return Sheet(label, [list(table.column_names), *body])


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
    """Return a cell as words for comparison: lower case, only letters and digits, single spaces."""
    text = text_of(cell).casefold()
    # An accent may be a sign of its own, which is no letter.
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def mapped(column: pd.Series, of: Callable[[object], object]) -> pd.Series:
    """Map a column by its distinct values. 300,000 rows have only some 200 codes."""
    return column.map({value: of(value) for value in column.unique()})
