"""Decode text tables: the usual encodings and separators, with or without gzip.

A file that is not text is refused, and the message says what it seems to be.
"""

from __future__ import annotations

import codecs
import csv
import io
import zlib
from collections.abc import Iterator, Sequence

from sacmap.errors import InputError
from sacmap.limits import most_inflated

#: Separators of cells, the most common first.
SEPARATORS = (",", ";", "\t", "|")
#: The most lines of titles and notes above a header.
LINES_ABOVE = 60
#: The first bytes of other kinds of file, what they are, and what to do with one.
_KINDS: tuple[tuple[bytes | tuple[bytes, ...], str, str], ...] = (
    (b"%PDF", "a PDF", "Ask for the figures as CSV or XLSX."),
    (b"SQLite format 3", "a database (SQLite or GeoPackage)", "Export its table as CSV."),
    (b"PAR1", "a Parquet file", "Save it as CSV."),
    (b"ARROW1", "an Arrow or Feather file", "Save it as CSV, or as Parquet."),
    ((b"RDX", b"RDA", b"X\n\0\0\0"), "an R data file", "In R, save the table with write.csv(crimes, 'crimes.csv')."),
    ((b"\x80\x04\x95", b"\x80\x05\x95"), "a Python pickle", "In Python, save the table with to_csv."),
    (b"<stata_dta>", "a Stata file", "In Stata, save the table with export delimited."),
    ((b"$FL2", b"$FL3"), "an SPSS file", "In SPSS, save the table as CSV."),
    (b"PK\x03\x04", "a ZIP or a workbook", "Unpack it, or save its table as CSV. It may also be cut."),
    (b"\xd0\xcf\x11\xe0", "an old workbook (XLS)", "Give it a name that ends in .xls, or save it as CSV."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it and give what is in it."),
    (b"Rar!", "a RAR archive", "Unpack it and give what is in it."),
    (b"\xfd7zXZ", "an XZ archive", "Unpack it and give what is in it."),
    (b"BZh", "a BZIP2 archive", "Unpack it and give what is in it."),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "Unpack it and give what is in it."),
    ((b"\x89PNG", b"\xff\xd8\xff"), "a picture", "Give the table it was made from."),
    (b"\x00\x00\x27\x0a", "a shapefile", "Export its table as CSV."),
    (b"version https://git-lfs", "a pointer of Git LFS", "Run git lfs pull, which brings the file itself."),
    (b"{\\rtf", "a text document (RTF)", "Save the table as CSV."),
)  # fmt: skip
_GZIP = b"\x1f\x8b"


def unpacked(raw: bytes | bytearray, label: str) -> bytes | bytearray:
    """Decompress gzip; return anything else unchanged.

    Raises
    ------
    InputError
        If it is damaged, or larger after decompression than any real table.
    """
    if not raw.startswith(_GZIP):
        return raw
    most = most_inflated(len(raw))
    out, rest = bytearray(), bytes(raw)
    try:
        # A gzip file may consist of several streams.
        while rest.startswith(_GZIP):
            stream = zlib.decompressobj(wbits=31)
            out += stream.decompress(rest, most - len(out) + 1)
            if len(out) > most:
                raise InputError(
                    f"{label} would inflate to more than {most:,} bytes, more than any real table.",
                    "Save or download it again.",
                )
            if not stream.eof:
                raise zlib.error
            rest = stream.unused_data
    except zlib.error:
        raise InputError(
            f"{label} cannot be read: its gzip compression is damaged or cut short.",
            "Save or download it again.",
        ) from None
    return out


def _utf16_of(raw: bytes | bytearray) -> str:
    """Return the kind of UTF-16 that text seems to be: by a byte order mark, or if every second byte is zero; or ""."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    high_first, low_first = (half.count(0) == len(half) for half in (raw[:400:2], raw[1:400:2]))
    if len(raw) < 8 or high_first == low_first:
        return ""
    return "utf-16-be" if high_first else "utf-16-le"


def decoded(raw: bytes | bytearray, label: str) -> str:
    """Return the text of a file in UTF-8, UTF-16 or Windows-1252.

    Raises
    ------
    InputError
        If it is not text. The message says what it seems to be.
    """
    require_text(raw, label)
    if kind := _utf16_of(raw):
        text = raw.decode(kind, errors="replace")
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            # Excel on Windows saves "CSV" in this encoding.
            text = raw.decode("cp1252", errors="replace")
    # Byte order marks (some programs add a second one), perhaps decoded wrongly, and the end-of-file character of old
    # Windows programs.
    return text.lstrip("\ufeff").removeprefix("ï»¿").rstrip("\x1a")


def require_text(raw: bytes | bytearray, label: str) -> None:
    """Refuse a file that is not text, and say what it seems to be.

    Raises
    ------
    InputError
        If it is another kind of file.
    """
    for begin, kind, remedy in _KINDS:
        if raw.startswith(begin):
            raise InputError(f"{label} is {kind}, not a table.", remedy)
    if raw[257:262] == b"ustar":
        raise InputError(f"{label} is a TAR archive, not a table.", "Unpack it and give what is in it.")
    start = bytes(raw[:400]).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<"):
        kind = "a web page" if b"<html" in start or b"<!doctype" in start else "XML or a web page"
        raise InputError(
            f"{label} is {kind}, not data: a download that asked to sign in, or an error, may have been saved.",
            "Open it in a browser to see what it says, and download the data again.",
        )
    if b"\0" in raw[:4096] and not _utf16_of(raw):
        raise InputError(
            f"{label} is not text: it may be a workbook or a database under another name.",
            "Give XLSX, ODS, CSV or Parquet under its own name.",
        )


def separated(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each row. A row over several lines has the number of its last line.

    Raises
    ------
    ValueError
        If it is not a table, usually because a quote is never closed.
    """
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error:
        raise ValueError(f"near line {rows.line_num} a quote is never closed") from None


def rows_in(text: str, label: str) -> Iterator[tuple[int, list[str]]]:
    """Yield as `separated` does, by the separator that splits the most lines (see `separator_of`).

    Raises
    ------
    InputError
        If it is not a table. The message says near which line.
    """
    try:
        yield from separated(text, separator_of(text))
    except ValueError as error:
        raise InputError(
            f"{label} cannot be read as CSV: {error}.",
            'Look there for an extra quote ("), or save the file again.',
        ) from None


def in_one_cell(line: Sequence[str]) -> list[str]:
    """Return the cells of a line that stands in a single cell, as when a spreadsheet did not split it; else none."""
    filled = [cell for cell in line if cell]
    if len(filled) != 1:
        return []
    split = [next(csv.reader(filled, delimiter=separator), []) for separator in SEPARATORS]
    most = max(split, key=len)
    return most if len(most) > 1 else []


def lines_in_cells(label: str) -> InputError:
    """Return the error for a table of which each line is a single cell."""
    return InputError(
        f"{label} has each line in a single cell.",
        "In a spreadsheet, split them with Data, Text to Columns; or use the file as downloaded.",
    )


def separator_of(text: str) -> str:
    """Return the separator of a table: the one that splits the most of its first lines, Excel's "sep=;" among them."""
    lines = [line for line in text[:20_000].splitlines()[:30] if line.strip()]

    def split(separator: str) -> tuple[int, int]:
        """Return how many lines a separator splits, and into how many cells in all."""
        cells = [len(next(csv.reader([line], delimiter=separator))) for line in lines]
        return sum(n > 1 for n in cells), sum(cells)

    return max(SEPARATORS, key=split)
