"""Find the columns of a street file by name, as police.uk, R, pandas, Excel and API clients write them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sacmap import months
from sacmap.errors import InputError
from sacmap.files.delimited import LINES_ABOVE, in_one_cell, lines_in_cells
from sacmap.files.sheets import words_of

#: sacmap's column → its possible names as words, the most likely first.
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "month": ("month", "crime month", "date"),
        "force": ("reported by", "reportedby", "force name", "police force", "force", "falls within", "fallswithin"),
        "lon": ("longitude", "location longitude", "lon", "lng", "long"),
        "lat": ("latitude", "location latitude", "lat"),
        "crime_type": ("crime type", "crimetype", "category", "crime category"),
        "crime_id": ("crime id", "crimeid", "persistent id"),
        "location": ("location street name", "street name", "location", "location name"),
        "easting": ("easting", "eastings", "x"),
        "northing": ("northing", "northings", "y"),
        "number": ("id",),
        "kind": ("location type",),
        "count": (
            "n", "count", "counts", "number of crimes", "count of crime id", "crime count", "crimes", "freq", "total",
            # As pandas, R, QGIS and ArcGIS call them, and people.
            "0", "size", "nn", "frequency", "numpoints", "point count", "icount", "join count", "n crimes", "value",
            "offences", "number of offences", "count of crimes", "incidents", "number", "no of crimes", "total crimes",
            "num crimes", "crime total", "sum", "tally",
        ),
    }
)  # fmt: skip
#: police.uk's names of the required columns, for messages.
WRITTEN = {"month": "Month", "crime_type": "Crime type", "lon": "Longitude", "lat": "Latitude"}
#: The columns of other tables, and what such a table is.
_TABLES = (
    ({"crime type", "months compared"}, "a table that sacmap wrote"),
    ({"component", "police uk", "home office"}, "a table that sacmap wrote"),
    ({"crime id", "outcome type"}, "police.uk's outcomes"),
    ({"object of search", "legislation"}, "police.uk's stop and search"),
)  # fmt: skip
_PAIRS = (("lon", "lat"), ("easting", "northing"))


class NotCrimesError(InputError):
    """The file is another kind of table. In a folder it is skipped; a file named by the user is an error."""


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Return the position of each of sacmap's columns in a header, with one pair of coordinate columns.

    If someone made a table directly from the API's answers, one column has the whole location, as the text of a dict.
    """
    words = [words_of(name) for name in header]
    found = {
        name: words.index(word) for name, known in NAMES.items() for word in known[::-1] if word in words
    }
    pair = next((pair for pair in _PAIRS if set(pair) <= set(found)), ())
    other = {name for both in _PAIRS if pair and both != pair for name in both}
    return {name: place for name, place in found.items() if name not in other}


def twins_of(header: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of taken columns, each with that of a later column of the same name."""
    words = [words_of(name) for name in header]
    return [
        (place, other)
        for place in places_of(header).values()
        for other in range(place + 1, len(words))
        if words[other] == words[place]
    ]


def missing_from(places: Mapping[str, int]) -> str | None:
    """Return police.uk's name of the first missing column, or None."""
    metres = {"easting", "northing"} <= set(places)
    needed = [name for name in WRITTEN if not (metres and name in {"lon", "lat"})]
    return next((WRITTEN[name] for name in needed if name not in places), None)


def header_at(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the header: the first row with every required column."""
    for n, row in enumerate(rows[:LINES_ABOVE]):
        places = places_of(row)
        if missing_from(places) is None or _has_answers(places):
            return n
    return None


def _has_answers(places: dict[str, int]) -> bool:
    """Whether one column may have the whole location, as in a table made directly from the API's answers."""
    return {"month", "crime_type", "location"} <= set(places) and "lon" not in places and "lat" not in places \
        and bool({"number", "kind"} & set(places))  # fmt: skip


def no_column(label: str, header: Sequence[str], where: str = "") -> InputError:
    """Return the error for a file without a required column. It says what the file seems to be."""
    names = [name.strip() for name in header]
    missing = missing_from(places_of(names)) or "Longitude"
    shown = ", ".join(name for name in names if name)[:120]
    looks = _kind_of(names)
    if looks:
        return NotCrimesError(
            f"{label} is {looks}, not street-level crimes.", "Give police.uk street-level crime CSVs."
        )
    if {"month", "crime_type"} <= set(places_of(in_one_cell(names))):
        return lines_in_cells(label)
    spaced = next(csv.reader(names[:1], delimiter=" "), [])
    if len(names) == 1 and {"month", "crime_type"} <= set(places_of(spaced)):
        return InputError(
            f"{label} has spaces between its columns, as R's write.table puts them.",
            "In R, save the table with write.csv(crimes, 'crimes.csv').",
        )
    headless = any(months.month_of(name) for name in names)
    of_crimes = headless or {"month", "crime_type"} & set(places_of(names))
    said = f": {where} a column {missing!r}" if where else f", line 1: no column {missing!r}"
    return (InputError if of_crimes else NotCrimesError)(
        f"{label}{said} (it has {shown}).",
        "Give police.uk street-level crime CSVs. "
        + (
            "Its first line seems to be no header: add the one of the download."
            if headless
            else "A force's own extract is described in the study: see docs/extract.md."
        ),
    )


def _kind_of(header: Sequence[str]) -> str:
    """Return what kind of other table has these columns, or ""."""
    words = {words_of(name) for name in header}
    return next((kind for known, kind in _TABLES if known <= words), "")
