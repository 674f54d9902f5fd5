"""Read street CSVs of police.uk: from bytes to the Crimes columns and a tally, or an error with its line."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sacmap import months
from sacmap.errors import InputError
from sacmap.fetch.columns import places_of
from sacmap.fetch.resaved import BETWEEN_WORDS, NOTHING, slugs, table_of, without_missing

#: CSV column → sacmap's column. The first five are required.
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
_TEXT = pa.string()
_CODED = pa.dictionary(pa.int32(), pa.binary())
#: Bytes that Arrow parses at a time.
BLOCK = 4 << 20
#: The most combinations of month, force and crime type that are counted by code. All that was ever published has some
#: 140,000.
COMBINATIONS = 1 << 20
TALLY = pa.schema([("month", _TEXT), ("force", _TEXT), ("crime_type", _TEXT), ("n", pa.int64())])


class CsvSource(NamedTuple):
    """A CSV: its label for messages, and a function that reads it, perhaps more than once."""

    label: str
    read: Callable[[], bytes | bytearray]


class Rows(NamedTuple):
    """crimes: the Crimes columns of the kept rows; tally: month, force, crime_type and n of all rows."""

    crimes: pa.Table
    tally: pa.Table


def rows_of(sources: Sequence[CsvSource], keep: Sequence[str] | None, force: str | None = None) -> Rows:
    """Read CSVs into columns of text and degrees: "" for missing text, null for a missing location.

    The files are of one month or few, because their rows, in the order of files and lines, are all in memory at once.
    `keep` are slugs of the crime types to keep, None for all. `force` is that of a file that does not name one.

    Raises
    ------
    InputError
        If a file is empty, of another kind, cut short, lacks a column, or has an invalid month.
    """
    opened = [_opened(source, keep, force) for source in sources]
    parts: list[Rows] = []
    for _, alike in groupby(opened, lambda part: part.header if isinstance(part, _Plain) else None):
        found = list(alike)
        plain = [part for part in found if isinstance(part, _Plain)]
        parts += _converted(plain, keep) if plain else [part for part in found if isinstance(part, Rows)]
    crimes = pa.concat_tables(part.crimes for part in parts).unify_dictionaries().combine_chunks()
    return Rows(crimes, pa.concat_tables(part.tally for part in parts))


class _Plain(NamedTuple):
    """A file of plain rows: those kept, not yet converted, because converting many files together is faster.

    tally: the columns of `TALLIED`, and count_all.
    """

    source: CsvSource
    header: list[str]
    kept: pa.Table
    tally: pa.Table


def _opened(source: CsvSource, keep: Sequence[str] | None, force: str | None) -> _Plain | Rows:
    raw, start, header = _begun(source)
    if keep is not None and header is not None and (parsed := _parsed(raw, start, header)) is not None:
        tally = _counted(parsed)
        if tally is not None:
            return _Plain(source, header, _kept(parsed, keep), tally)
    return _whole(raw, source.label, keep, force)


def _converted(files: Sequence[_Plain], keep: Sequence[str] | None) -> Iterator[Rows]:
    try:
        yield _rows(
            pa.concat_tables(file.kept for file in files), pa.concat_tables(file.tally for file in files)
        )
    except ValueError:
        # One of them has an error. The parser finds the line.
        for file in files:
            yield _whole(_begun(file.source)[0], file.source.label, keep, None)


def _begun(source: CsvSource) -> tuple[bytes | bytearray, int, list[str] | None]:
    """Return a file's bytes, the start of its rows, and its columns (None if they are not as police.uk writes them)."""
    raw, label = source.read(), source.label
    if not raw or raw.isspace():
        raise InputError(f"{label} is empty.", "Download it again.")
    while raw.startswith(codecs.BOM_UTF8):
        raw = raw[len(codecs.BOM_UTF8) :]
    first_end = re.search(rb"[\r\n]+", raw)
    start = first_end.end() if first_end else len(raw)
    header = [name.strip() for name in raw[:start].decode("utf-8", errors="replace").split(",")]
    added_up = "Crime ID" not in header and "count" in places_of(header)
    if not set(REQUIRED) <= set(header) or any(header.count(name) > 1 for name in COLUMNS) or added_up:
        return raw, start, None
    _check_end(raw, header, label)
    return raw, start, header


def _parsed(raw: bytes | bytearray, start: int, header: list[str]) -> pa.Table | None:
    """Return the needed columns as bytes. Return None if there are quotes, no rows, or a row of another width."""
    if start == len(raw) or raw.find(b'"', start) >= 0:
        return None
    places = {name: str(header.index(name)) for name in COLUMNS if name in header}
    try:
        table = csv.read_csv(
            pa.BufferReader(memoryview(raw)[start:]),
            read_options=csv.ReadOptions(
                use_threads=False, block_size=BLOCK, column_names=[str(at) for at in range(len(header))]
            ),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(
                include_columns=list(places.values()),
                column_types={
                    place: _CODED if name in TALLIED else pa.binary() for name, place in places.items()
                },
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.rename_columns(list(places)).unify_dictionaries() if len(table) else None


def _counted(table: pa.Table) -> pa.Table | None:
    """Return the columns of `TALLIED`, each combination once, and the number of its rows as count_all.

    The codes are counted, which is much quicker than grouping by the text. Return None if there are too many different
    texts for that, as police.uk never has.
    """
    columns = [table[name].combine_chunks() for name in TALLIED]
    sizes = [len(column.dictionary) for column in columns]
    if math.prod(sizes) > COMBINATIONS:
        return None
    count = np.bincount(np.ravel_multi_index([column.indices.to_numpy() for column in columns], sizes))
    found = np.flatnonzero(count)
    values = [
        column.dictionary.take(pa.array(codes))
        for column, codes in zip(columns, np.unravel_index(found, sizes), strict=True)
    ]
    return pa.table([*values, pa.array(count[found])], [*TALLIED, "count_all"])


def _kept(table: pa.Table, keep: Sequence[str]) -> pa.Table:
    """Return the rows of the kept crime types."""
    kinds = table["Crime type"]
    wanted = pa.array([_slug(value) in keep for value in kinds.chunk(0).dictionary.to_pylist()])
    return table.filter(pa.chunked_array([wanted.take(chunk.indices) for chunk in kinds.chunks]))


def _rows(kept: pa.Table, tally: pa.Table) -> Rows:
    """Convert the columns of plain rows. A ValueError if text is not UTF-8, or a coordinate or month is invalid."""
    given: dict[str, pa.ChunkedArray | pa.DictionaryArray] = {}
    for name, column in zip(kept.column_names, kept.unify_dictionaries().columns, strict=True):
        if name in TALLIED:
            coded = column.combine_chunks()
            given[name] = pa.DictionaryArray.from_arrays(coded.indices, coded.dictionary.cast(_TEXT))
        else:
            text = column.cast(_TEXT)
            given[name] = _degrees(text) if name in _DEGREES else text
    month, force, kind = (tally[name].to_pylist() for name in TALLIED)
    counted = {
        "month": [value.decode().strip() for value in month],
        "force": [value.decode().strip() for value in force],
        "crime_type": [_slug(value) for value in kind],
        "n": tally["count_all"],
    }
    if not all(map(months.is_month, counted["month"])) or "" in counted["force"]:
        raise ValueError
    return Rows(_crimes_table(given), pa.table(counted, schema=TALLY))


def _degrees(text: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_in(text, pa.array(NOTHING)), pa.scalar(None, _TEXT), text).cast(pa.float64())


def _slug(raw: bytes) -> str:
    return re.sub(BETWEEN_WORDS, "-", raw.decode(errors="replace").strip().lower())


def _whole(raw: bytes | bytearray, label: str, keep: Sequence[str] | None, force: str | None) -> Rows:
    """Read every line, whatever program saved the file. Errors give the line."""
    table = table_of(raw, label, force)
    counted = table.group_by(TALLY.names[:3]).aggregate([([], "count_all")])
    kept = table if keep is None else table.filter(pc.is_in(table["crime_type"], pa.array(keep)))
    given = {name: kept[ours] for name, ours in COLUMNS.items()}
    return Rows(_crimes_table(given), counted.rename_columns(TALLY.names).cast(TALLY))


def _crimes_table(given: Mapping[str, pa.ChunkedArray | pa.DictionaryArray]) -> pa.Table:
    """Return the Crimes columns: slugs, trimmed text, and no location if one of its coordinates is missing."""
    lon, lat = given["Longitude"], given["Latitude"]
    # Some programs write 0, 0 for a missing location.
    zero = pc.fill_null(pc.and_(pc.equal(lon, 0.0), pc.equal(lat, 0.0)), fill_value=False)
    half = pc.or_(pc.or_(pc.is_null(lon), pc.is_null(lat)), zero)
    nowhere = pa.scalar(None, pa.float64())
    blank = pa.chunked_array([pa.repeat("", len(lon))])
    return pa.table(
        {
            "month": _coded(given["Month"], pc.utf8_trim_whitespace),
            "crime_type": _coded(given["Crime type"], slugs),
            "lon": pc.if_else(half, nowhere, lon),
            "lat": pc.if_else(half, nowhere, lat),
            "force": _coded(given["Reported by"], pc.utf8_trim_whitespace),
            "crime_id": pc.utf8_trim_whitespace(given.get("Crime ID", blank)),
            "location": _coded(given.get("Location", blank), without_missing),
        }
    )


def _coded(
    column: pa.ChunkedArray | pa.DictionaryArray, clean: Callable[[pa.Array], pa.Array]
) -> pa.DictionaryArray:
    """Return the column with its distinct values cleaned, which is much faster than cleaning every row."""
    coded = column
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.dictionary_encode().unify_dictionaries().combine_chunks()
    cleaned = clean(coded.dictionary).dictionary_encode()
    return pa.DictionaryArray.from_arrays(cleaned.indices.take(coded.indices), cleaned.dictionary)


def _check_end(raw: bytes | bytearray, header: list[str], label: str) -> None:
    """Refuse a file whose last row was cut inside a coordinate, because it would be read as a shorter number."""
    if header[-1] not in _DEGREES or raw.endswith((b"\n", b"\r")):
        return
    lines = raw.splitlines()
    decimals = [len(line.rsplit(b".", 1)[-1]) for line in lines[-2:] if b"." in line.rsplit(b",", 1)[-1]]
    if len(decimals) < 2 or decimals[-1] < decimals[0]:
        raise InputError(
            f"{label}, line {len(lines)}: the last row ends inside {header[-1]}, without a line break.",
            "It may be cut short. Download it again.",
        )
