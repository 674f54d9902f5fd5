"""Read street files that another program saved again: Excel, R, pandas or an API client.

This is slower than `street_rows`. It is used if a file is not as police.uk publishes it, or has an error: every line is
read, so that the message can give the line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sacmap import months, tables
from sacmap.errors import InputError
from sacmap.fetch.columns import header_at, missing_from, no_column, places_of, twins_of
from sacmap.fetch.national_grid import from_grid, in_britain, swapped_among
from sacmap.fetch.saved_answers import saved_crimes
from sacmap.files.delimited import LINES_ABOVE, SEPARATORS, decoded, separated, separator_of, unpacked
from sacmap.files.sheets import PARQUET, is_workbook, sheets_in, text_of
from sacmap.forces import NO_FORCE, TRANSPORT_POLICE

#: What programs write for a missing value.
NOTHING = (
    "", "NA", "N/A", "n/a", "na", "null", "NULL", "Null", "NaN", "nan", "None", "none", "-", "#N/A", "<NA>", "nil",
    "\\N", ".",
)  # fmt: skip

#: What stands between the words of a crime type. Copied from a web page, it can be a space that does not break.
BETWEEN_WORDS = "[ \t\u00a0_]+"
_TEXT = pa.string()
#: The meaning of a comma in a coordinate: decimals in degrees, thousands in metres.
_MARK = {"lon": "decimal", "lat": "decimal", "easting": "thousands", "northing": "thousands"}
_LON, _LAT = (
    re.compile(rf"['\"]{name}['\"]\s*:\s*['\"]?(?P<n>-?[\d.]+)") for name in ("longitude", "latitude")
)
_STREET = re.compile(r"['\"]name['\"]\s*:\s*(?P<q>['\"])(?P<n>.*?)(?P=q)")
#: The columns that only a table of single crimes has.
_CRIMES = {"month", "crime_type", "crime_id"}


class Lines(NamedTuple):
    """The text of a street file by column, and the line of each row (0 if not known)."""

    columns: dict[str, pa.Array]
    lines: np.ndarray


def table_of(raw: bytes | bytearray, label: str, force: str | None = None) -> pa.Table:
    """Read a street file, whatever program saved it.

    Returns
    -------
    month, crime_type (slugs), lon, lat (degrees, or null), force, crime_id, location; one row for each crime.

    Raises
    ------
    InputError
        If it is another kind of file, lacks a column, is cut short, or has an invalid month or coordinate.
    """
    found = [_crimes(lines, label, force or NO_FORCE) for lines in _lines_of(unpacked(raw, label), label)]
    return pa.concat_tables(found)


def _lines_of(raw: bytes | bytearray, label: str) -> Iterator[Lines]:
    if is_workbook(raw) or raw.startswith(PARQUET):
        yield from _of_workbook(raw, label)
        return
    text = decoded(raw, label)
    if text.lstrip()[:1] in {"[", "{"}:
        header, rows = saved_crimes(text, label)
        # Answers of crimes-no-location have no coordinates.
        lacking = [name for name in ("longitude", "latitude") if missing_from(places_of(header)) is not None]
        header, rows = [*header, *lacking], [[*row, *("" for _ in lacking)] for row in rows]
        yield _taken(enumerate(rows, 1), header, label, "crime")
        return
    yield _of_text(text, label)


def _of_workbook(raw: bytes | bytearray, label: str) -> Iterator[Lines]:
    """Read the sheets that have the columns. Others, such as pivot tables, are skipped.

    One of single crimes that lacks a column is an error, because its crimes would be missing.
    """
    nearest: list[str] = []
    is_read = False
    for sheet in sheets_in(raw, label):
        texts = [[text_of(cell) for cell in row] for row in sheet.rows]
        at = header_at(texts)
        if at is None:
            of_crimes = next((row for row in texts[:LINES_ABOVE] if set(places_of(row)) >= _CRIMES), None)
            if of_crimes is not None:
                raise no_column(sheet.label, of_crimes, "it does not have")
            nearest = nearest or next((row for row in texts if any(row)), [])
            continue
        is_read = True
        yield _taken(enumerate(texts[at + 1 :], at + 2), texts[at], sheet.label)
    if not is_read:
        raise no_column(label, nearest, "no sheet of it has")


def _of_text(text: str, label: str) -> Lines:
    separator = likely = separator_of(text)
    first = list(islice(_separated(text, likely, label), LINES_ABOVE))
    at = header_at([cells for _, cells in first])
    # Commas in titles and in rows may split more of the first lines than what the rest is separated by: see its header.
    others = iter(SEPARATORS)
    while at is None and (separator := next(others, "")):
        with suppress(ValueError):
            first = list(islice(separated(text, separator), LINES_ABOVE))
            at = header_at([cells for _, cells in first])
    if at is None:
        filled = next((cells for _, cells in _separated(text, likely, label) if any(cells)), None)
        if filled is None:
            raise InputError(f"{label} is empty.", "Download it again.")
        raise no_column(label, filled)
    line, header = first[at]
    quick = _quick(text, separator, line, header)
    if quick is not None:
        return quick
    rows = list(_separated(text, separator, label))[at + 1 :]
    return _taken(rows, ["", *header] if _has_row_names(rows, header) else header, label)


def _has_row_names(rows: Sequence[tuple[int, Sequence[str]]], header: Sequence[str]) -> bool:
    """Whether R's write.table wrote row names: each row has a number first and a cell more, its month one further on.

    Rows that only end in a comma have a cell more too.
    """
    width, month = len(header), places_of(header)["month"]
    more = [cells for _, cells in rows if len(cells) == width + 1 and not months.month_of(cells[month])]
    firsts = {cells[0] for cells in more if cells[0].isdecimal()}
    return len(firsts) == len(more) == sum(1 for _, cells in rows if any(cells)) > 0


def _separated(text: str, separator: str, label: str) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from separated(text, separator)
    except ValueError as error:
        raise cut(label, str(error)) from None


def _quick(text: str, separator: str, line: int, header: list[str]) -> Lines | None:
    """Parse with Arrow. Return None if a row has another width or an invalid value: then each line is checked."""
    if twins_of(header):
        return None
    places = places_of(header)
    body = text.encode()
    end = next(islice(re.finditer(rb"\r\n?|\n", body), line - 1, None), None)
    if end is None or end.end() == len(body):
        return Lines({name: pa.array([], _TEXT) for name in places}, np.zeros(0, int))
    names = [str(n) for n in range(len(header))]
    wanted = {name: str(place) for name, place in places.items()}
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(memoryview(body)[end.end() :]),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=sorted(set(wanted.values())),
                column_types=dict.fromkeys(wanted.values(), _TEXT),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = {name: table[place].combine_chunks() for name, place in wanted.items()}
    if _has_errors(columns):
        return None
    found = _without_blank(Lines(columns, np.zeros(len(table), int)), header, places)
    undated = pc.any(pc.is_in(found.columns["month"], pa.array(NOTHING))).as_py()
    return None if undated else found


def _has_errors(columns: dict[str, pa.Array]) -> bool:
    """Whether a month or coordinate is invalid."""
    texts = pc.unique(columns["month"]).to_pylist()
    if not all(
        months.month_of(text) or text.strip() in NOTHING or text.strip().lower() == "month" for text in texts
    ):
        return True
    numbers = [name for name in ("lon", "lat", "easting", "northing") if name in columns]
    return any(_numbers(columns[name], _MARK[name])[1].any() for name in numbers)


def _taken(
    rows: Iterable[tuple[int, Sequence[str]]], header: Sequence[str], label: str, what: str = "line"
) -> Lines:
    """Take the wanted columns of each row. A row of another width than the header is an error."""
    places, width = places_of(header), len(header)
    taken: dict[str, list[str]] = {name: [] for name in places}
    lines: list[int] = []
    least = max(places.values()) + 1
    twins = twins_of(header)
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) < min(least, width) or any(cell.strip() for cell in cells[width:]):
            if _is_note(cells):
                continue
            raise cut(label, f"{what} {line} has {len(cells)} columns where the header has {width}")
        lines.append(line)
        for name, place in places.items():
            taken[name].append(cells[place])
        for place, other in twins:
            if cells[other : other + 1] and cells[other].strip() not in {"", cells[place].strip()}:
                raise InputError(
                    f"{label}, {what} {line}: two columns are called {header[place].strip()!r}, and they differ.",
                    "Delete the one that is not police.uk's, or use the file as downloaded.",
                )
    columns = {name: pa.array(texts, _TEXT) for name, texts in taken.items()}
    return _without_blank(Lines(columns, np.array(lines, int)), header, places)


def _is_note(cells: Sequence[str]) -> bool:
    """Whether a row is a note above or below the table: a single cell with several words."""
    return len(cells) == 1 and len(cells[0].split()) > 1


def _without_blank(found: Lines, header: Sequence[str], places: dict[str, int]) -> Lines:
    """Leave out empty rows and repeated headers, which files that were joined together have."""
    nothing = pa.array(NOTHING)
    columns = {
        name: column if name == "location" else pc.utf8_trim_whitespace(column)
        for name, column in found.columns.items()
    }
    named = [
        name
        for name in ("month", "crime_type", "lon", "lat", "easting", "northing", "force")
        if name in columns
    ]
    there = pa.array(np.zeros(len(found.lines), bool))
    for name in named:
        there = pc.or_(there, pc.invert(pc.is_in(columns[name], nothing)))
    again = pa.array(np.ones(len(found.lines), bool))
    for name in ("month", "crime_type"):
        again = pc.and_(again, pc.equal(columns[name], header[places[name]].strip().removeprefix("\ufeff")))
    keep = pc.and_(there, pc.invert(again))
    rows = keep.to_numpy(zero_copy_only=False)
    return Lines({name: column.filter(keep) for name, column in columns.items()}, found.lines[rows])


def _crimes(found: Lines, label: str, force: str) -> pa.Table:
    columns = found.columns
    _require_one_crime_a_row(columns, label)
    months_ = _months(found, label)
    lon, lat = _degrees(found, label)
    texts = dict(columns)
    if "lon" not in columns and "easting" not in columns:
        texts["location"] = _matched(columns["location"], _STREET)
    blank = pa.array([""] * len(months_), _TEXT)
    return pa.table(
        {
            "month": months_,
            "crime_type": slugs(columns["crime_type"]),
            "lon": lon,
            "lat": lat,
            "force": _forces(columns, force, blank),
            "crime_id": _ids(columns, blank),
            "location": without_missing(texts.get("location", blank)),
        }
    )


def _require_one_crime_a_row(columns: dict[str, pa.Array], label: str) -> None:
    """Refuse a table that a program added up: without ids, and with a row for several crimes.

    Numbers of rows, which rise or are all of 1 to n, are no such counts. R can also write into each row of its crimes
    how many rows are alike: then n rows have each n, or 2 n, 3 n …
    """
    if "count" not in columns or "crime_id" in columns:
        return
    counts = [tables.whole_of(text) or 0 for text in columns["count"].to_pylist()]
    rows, rising = Counter(counts), sorted(set(counts))
    numbered = rising in (counts, list(range(1, len(counts) + 1)))
    if not numbered and any(n > 1 and many % n for n, many in rows.items()):
        raise InputError(
            f"{label} has rows for several crimes at once, one of them for {rising[-1]:,}.",
            "Give the files as downloaded, or a row for each crime.",
        )


def without_missing(column: pa.Array, instead: str = "") -> pa.Array:
    """Return texts, with another text in place of missing values."""
    return pc.if_else(pc.is_in(column, pa.array(NOTHING)), instead, column)


def _ids(columns: dict[str, pa.Array], blank: pa.Array) -> pa.Array:
    """Return the persistent id or, in the API's answers without one, the number of the crime."""
    ids = columns.get("crime_id", blank)
    if "kind" in columns and "number" in columns:
        ids = without_missing(ids)
        return pc.if_else(pc.equal(ids, ""), without_missing(columns["number"]), ids)
    return ids


def _forces(columns: dict[str, pa.Array], force: str, blank: pa.Array) -> pa.Array:
    if "force" in columns:
        return without_missing(columns["force"], force)
    return pc.if_else(pc.equal(columns.get("kind", blank), "BTP"), TRANSPORT_POLICE, force)


def slugs(values: pa.Array) -> pa.Array:
    """Return crime types as slugs: "Vehicle crime" → vehicle-crime."""
    return pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(values)), BETWEEN_WORDS, "-")


def _months(found: Lines, label: str) -> pa.Array:
    coded = found.columns["month"].dictionary_encode()
    read = [months.month_of(text) for text in coded.dictionary.to_pylist()]
    bad = np.flatnonzero(np.array([not month for month in read], bool)[coded.indices.to_numpy()])
    if len(bad):
        text = found.columns["month"][int(bad[0])].as_py()
        raise InputError(f"{_at(found, label, int(bad[0]))}: {text!r} is not a month.", _month_remedy(text))
    return pa.array(read, _TEXT).take(coded.indices)


def _month_remedy(text: str) -> str:
    counts, writes = re.fullmatch(r"[34]\d{4}(\.0)?", text), re.fullmatch(r"[A-Za-z]{3}-\d\d", text)
    if counts or writes:
        does = "counts days" if counts else "writes months"
        return f"{text} is how a spreadsheet {does}: format the column as YYYY-MM, or use the file as downloaded."
    return "Months are YYYY-MM; a spreadsheet may have changed them. Use the file as downloaded."


def _at(found: Lines, label: str, row: int) -> str:
    line = int(found.lines[row])
    return f"{label}, line {line}" if line else label


def _numbers(column: pa.Array, mark: str = "decimal") -> tuple[pa.Array, np.ndarray]:
    """Return the numbers (null if missing), and which texts are invalid. `mark` is the meaning of a comma."""
    texts = pc.utf8_trim_whitespace(column)
    texts = pc.if_else(pc.is_in(texts, pa.array(NOTHING)), pa.scalar(None, _TEXT), texts)
    if mark == "decimal":
        texts = pc.replace_substring_regex(texts, r"^(-?\d{1,3}),(\d+)$", r"\1.\2")
    else:
        texts = pc.replace_substring_regex(texts, r"(\d),(\d{3})", r"\1\2")
    # The typographic minus.
    texts = pc.replace_substring(texts, "−", "-")
    values = pd.to_numeric(texts.to_pandas(), errors="coerce").to_numpy(float)
    there = pc.is_valid(texts).to_numpy(zero_copy_only=False)
    bad = there & ~np.isfinite(values)
    return pa.array(values, mask=~there | bad), bad


def _degrees(found: Lines, label: str) -> tuple[pa.Array, pa.Array]:
    columns = found.columns
    if "lon" in columns:
        pair, names = ("lon", "lat"), ("Longitude", "Latitude")
    elif "easting" in columns:
        pair, names = ("easting", "northing"), ("Easting", "Northing")
    else:
        given = {name: _matched(columns["location"], form) for name, form in (("lon", _LON), ("lat", _LAT))}
        return _numbers(given["lon"])[0], _numbers(given["lat"])[0]
    read = []
    for column, name in zip(pair, names, strict=True):
        values, bad = _numbers(columns[column], _MARK[pair[0]])
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            text = columns[column][row].as_py()
            raise InputError(
                f"{label} cannot be read: line {int(found.lines[row]) or '?'}: {name} {text[:40]!r} is not a number.",
                "A spreadsheet may have changed it, or the file is cut short. Use the file as downloaded.",
            )
        read.append(values)
    return (read[0], read[1]) if pair[0] == "lon" else _of_metres(read[0], read[1], found, label)


def _of_metres(east: pa.Array, north: pa.Array, found: Lines, label: str) -> tuple[pa.Array, pa.Array]:
    """Convert eastings and northings to degrees. Columns x and y that are already in degrees are unchanged."""
    x, y = (values.to_numpy(zero_copy_only=False).astype(float) for values in (east, north))
    there = np.isfinite(x) & np.isfinite(y)
    if (np.abs(x[there]) <= 180).all() and (np.abs(y[there]) <= 90).all():
        return east, north
    nowhere = ~there | ((x == 0) & (y == 0))
    astray = swapped_among(np.where(nowhere, np.nan, x), y)
    bad = ~nowhere & ~in_britain(x, y, "BNG") | astray
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        what = "look swapped" if astray[row] else "are not in Great Britain"
        raise InputError(
            f"{_at(found, label, row)}: easting {x[row]:g} and northing {y[row]:g} {what}.",
            "They must be metres of the British National Grid, in every row, and not swapped.",
        )
    lon, lat = from_grid().transform(x, y)
    return pa.array(np.asarray(lon), mask=nowhere), pa.array(np.asarray(lat), mask=nowhere)


def _matched(column: pa.Array, form: re.Pattern[str]) -> pa.Array:
    """Return the group n of a pattern in each text, or ""."""
    texts = column.to_pylist()
    return pa.array([found["n"] if (found := form.search(text or "")) else "" for text in texts], _TEXT)


def cut(label: str, why: str) -> InputError:
    """Return the error for a file that may be cut short."""
    return InputError(f"{label} cannot be read: {why}.", "It may be cut short. Download it again.")
