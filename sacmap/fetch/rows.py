"""The rows of one police.uk street CSV: from its bytes to the Crimes columns and a tally, or an error with its line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sacmap import months
from sacmap.errors import InputError
from sacmap.fetch.prefilter import Sifted, sift, together

#: CSV column → our column; the first five must be there.
COLUMNS = {
    "Month": "month",
    "Reported by": "force",
    "Longitude": "lon",
    "Latitude": "lat",
    "Crime type": "crime_type",
    "Crime ID": "crime_id",
    "Location": "location",
}
REQUIRED = tuple(COLUMNS)[:5]
CATEGORIES = ("month", "crime_type", "force", "location")
TALLIED = ("Month", "Reported by", "Crime type")
_DEGREES = {"Longitude", "Latitude"}
_NULLS = ["", "null", "NULL", "NaN", "nan"]
_TEXT = pa.string()
TALLY = pa.schema([("month", _TEXT), ("force", _TEXT), ("crime_type", _TEXT), ("n", pa.int64())])


class CsvSource(NamedTuple):
    """A CSV: how errors name it, and what reads it, again where that is needed."""

    label: str
    read: Callable[[], bytes | bytearray]


class Rows(NamedTuple):
    """crimes: the Crimes columns of the rows kept; tally: month, force, crime_type and n of all rows."""

    crimes: pa.Table
    tally: pa.Table


def merged(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several files as those of one, in their order."""
    crimes = pa.concat_tables(part.crimes for part in parts).unify_dictionaries().combine_chunks()
    return Rows(crimes, pa.concat_tables(part.tally for part in parts))


def rows_of(sources: Sequence[CsvSource], keep: Sequence[str] | None) -> Rows:
    """Read CSVs: columns of text and degrees, empty text for none, null degrees for no location.

    Parameters
    ----------
    sources
        The files, of one month or few: what is wanted of all of them is held at once.
    keep
        Slugs of the crime types kept; None keeps all.

    Returns
    -------
    Their rows, in the order of the files and of the lines.

    Raises
    ------
    InputError
        If one is empty, is not UTF-8 or Latin-1 CSV, lacks a column, is cut, or a month is not a month.
    """
    opened = [_opened(source, keep) for source in sources]
    parts: list[Rows] = []
    for _, alike in groupby(opened, lambda part: part.header if isinstance(part, _Plain) else None):
        found = list(alike)
        plain = [part for part in found if isinstance(part, _Plain)]
        parts += _converted(plain, keep) if plain else [part for part in found if isinstance(part, Rows)]
    return merged(parts)


class _Plain(NamedTuple):
    """A file of plain rows, sifted but not yet converted: done for many files at once that is far less work."""

    source: CsvSource
    header: list[str]
    sifted: Sifted


def _opened(source: CsvSource, keep: Sequence[str] | None) -> _Plain | Rows:
    raw, start, header = _begun(source)
    sifted = None if keep is None else _sifted(raw, start, header, keep)
    return _Plain(source, header, sifted) if sifted else _whole(raw[start:], header, source.label, keep)


def _converted(files: Sequence[_Plain], keep: Sequence[str] | None) -> Iterator[Rows]:
    try:
        yield _rows(together([file.sifted for file in files]), files[0].header)
    except ValueError:
        # Something in one of them is amiss: the parser finds the line.
        for file in files:
            raw, start, header = _begun(file.source)
            yield _whole(raw[start:], header, file.source.label, keep)


def _begun(source: CsvSource) -> tuple[bytes | bytearray, int, list[str]]:
    """Return a file, where its rows begin, and its columns."""
    raw, label = source.read(), source.label
    if not raw or raw.isspace():
        raise InputError(f"{label} is empty.", "Download it again.")
    if raw.startswith(codecs.BOM_UTF8):
        raw = raw[len(codecs.BOM_UTF8) :]
    # A spreadsheet on a Mac may end lines by a return alone.
    first_end = re.search(rb"\r\n|\n|\r", raw)
    start = first_end.end() if first_end else len(raw)
    header = _header(raw[:start], label)
    _check_end(raw, header, label)
    return raw, start, header


def _header(line: bytes | bytearray, label: str) -> list[str]:
    text = line.decode("utf-8", errors="replace").rstrip("\r\n")
    header = [name.strip().strip('"') for name in text.split(",")]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise InputError(
            f"{label}, line 1: no column {missing[0]!r} (it has {', '.join(header)[:120]}).",
            "Give police.uk street-level crime CSVs.",
        )
    return header


def _sifted(raw: bytes | bytearray, start: int, header: list[str], keep: Sequence[str]) -> Sifted | None:
    """Take only the rows of the types kept; None where the file is not plain, or has no rows."""
    if start == len(raw) or raw.find(b'"', start) >= 0:
        return None
    if not raw.endswith(b"\n"):
        raw += b"\n"
    tallied = [header.index(name) for name in TALLIED]
    taken = [header.index(name) for name in COLUMNS if name in header and name not in TALLIED]
    return sift(memoryview(raw)[start:], len(header), tallied, taken, lambda value: _slug(value) in keep)


def _rows(sifted: Sifted, header: list[str]) -> Rows:
    """Convert what was sifted.

    Raises
    ------
    ValueError
        If it is not UTF-8, a coordinate is not a number, a month is not a month, or part of a line end is in a field.
    """
    given: dict[str, pa.ChunkedArray | pa.DictionaryArray] = {
        header[place]: pa.DictionaryArray.from_arrays(codes, pa.array(values, pa.binary()).cast(_TEXT))
        for place, (codes, values) in sifted.coded.items()
    }
    for place, column in sifted.plain.items():
        text = column.cast(_TEXT)
        # The sieve cuts at line feeds: a return beside one is in a field, and a blank id would not be blank.
        if pc.any(pc.or_(pc.ends_with(text, "\r"), pc.starts_with(text, "\r"))).as_py():
            raise ValueError
        given[header[place]] = _degrees(text) if header[place] in _DEGREES else text
    values = [[value.decode().strip() for value in key] for key in sifted.tally]
    if not all(months.is_month(month) for month, _, _ in values):
        raise ValueError
    tally = {
        "month": [month for month, _, _ in values],
        "force": [force for _, force, _ in values],
        "crime_type": [_slug(key[-1]) for key in sifted.tally],
        "n": list(sifted.tally.values()),
    }
    return Rows(_tidy(given), pa.table(tally, schema=TALLY))


def _degrees(text: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_in(text, pa.array(_NULLS)), pa.scalar(None, _TEXT), text).cast(pa.float64())


def _slug(raw: bytes) -> str:
    return raw.decode(errors="replace").strip().lower().replace(" ", "-")


def _whole(body: bytes | bytearray, header: list[str], label: str, keep: Sequence[str] | None) -> Rows:
    """Parse every line; the errors name the line."""
    try:
        try:
            table = _parse(body, header)
        except pa.ArrowInvalid as error:
            if "invalid UTF8" not in str(error):
                raise
            table = _parse(body.decode("latin-1").encode(), header)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{label} cannot be read: {_with_line(str(error))}.", "It may be cut: download it again."
        ) from None
    _check_months(table["month"], label)
    kept = table if keep is None else table.filter(pc.is_in(table["crime_type"], pa.array(keep)))
    counted = table.group_by(["month", "force", "crime_type"]).aggregate([([], "count_all")])
    return Rows(kept, counted.rename_columns(TALLY.names).cast(TALLY))


def _parse(body: bytes | bytearray, header: list[str]) -> pa.Table:
    """Parse lines of a CSV into the Crimes columns.

    Raises
    ------
    pyarrow.ArrowInvalid
        If they are not UTF-8, not of the header's columns, or a coordinate is not a number.
    """
    wanted = [name for name in COLUMNS if name in header]
    kinds = {name: pa.float64() if name in _DEGREES else _TEXT for name in wanted}
    if not body:
        return _tidy({name: pa.chunked_array([], kind) for name, kind in kinds.items()})
    table = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=header),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=wanted,
            column_types=kinds,
            null_values=_NULLS,
            strings_can_be_null=False,
        ),
    )
    return _tidy({name: table[name] for name in wanted})


def _tidy(given: Mapping[str, pa.ChunkedArray | pa.DictionaryArray]) -> pa.Table:
    """Return the Crimes columns of a CSV's: slugs, trimmed text, and no location where half of one is missing."""
    lon, lat = given["Longitude"], given["Latitude"]
    half = pc.or_(pc.is_null(lon), pc.is_null(lat))
    nowhere = pa.scalar(None, pa.float64())
    blank = pa.chunked_array([pa.repeat("", len(lon))])
    return pa.table(
        {
            "month": _coded(given["Month"], pc.utf8_trim_whitespace),
            "crime_type": _coded(given["Crime type"], _slugs),
            "lon": pc.if_else(half, nowhere, lon),
            "lat": pc.if_else(half, nowhere, lat),
            "force": _coded(given["Reported by"], pc.utf8_trim_whitespace),
            "crime_id": given.get("Crime ID", blank),
            "location": _coded(given.get("Location", blank), lambda values: values),
        }
    )


def _coded(
    column: pa.ChunkedArray | pa.DictionaryArray, tidy: Callable[[pa.Array], pa.Array]
) -> pa.DictionaryArray:
    """Return the column with its distinct values tidied, which is far less work than tidying each row's."""
    coded = column
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.dictionary_encode().unify_dictionaries().combine_chunks()
    tidied = tidy(coded.dictionary).dictionary_encode()
    return pa.DictionaryArray.from_arrays(tidied.indices.take(coded.indices), tidied.dictionary)


def _slugs(values: pa.Array) -> pa.Array:
    return pc.replace_substring(pc.utf8_lower(pc.utf8_trim_whitespace(values)), " ", "-")


def _with_line(message: str) -> str:
    """Turn Arrow's row number into the file's line: the header is not among its rows."""
    text = message.removeprefix("CSV parse error: ").split("\n")[0]
    return re.sub(r"Row #(\d+)", lambda found: f"line {int(found[1]) + 1}", text)[:200]


def _check_end(raw: bytes | bytearray, header: list[str], label: str) -> None:
    """Refuse a file whose last row was cut inside a coordinate: it would read as a shorter number."""
    if header[-1] not in _DEGREES or raw.endswith((b"\n", b"\r")):
        return
    lines = raw.splitlines()
    decimals = [len(line.rsplit(b".", 1)[-1]) for line in lines[-2:] if b"." in line.rsplit(b",", 1)[-1]]
    if len(decimals) < 2 or decimals[-1] < decimals[0]:
        raise InputError(
            f"{label}, line {len(lines)}: the last row ends inside {header[-1]} with no line end.",
            "It may be cut: download it again.",
        )


def _check_months(column: pa.ChunkedArray, label: str) -> None:
    for value in pc.unique(column).to_pylist():
        if not months.is_month(value):
            line = pc.index(column.cast(_TEXT), value).as_py() + 2
            raise InputError(
                f"{label}, line {line}: {value!r} is not a month.",
                "Months are YYYY-MM; a spreadsheet may have changed them. Use the file as downloaded.",
            )
