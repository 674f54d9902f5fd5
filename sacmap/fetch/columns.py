"""Which column of a street file is which: police.uk's names, as R, pandas, Excel and clients of the API write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sacmap.files.sheets import words_of

#: Our column → the names it goes by, in words; the likeliest first.
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
    }
)  # fmt: skip
#: police.uk's own names of the columns that must be there, for errors.
WRITTEN = {"month": "Month", "crime_type": "Crime type", "lon": "Longitude", "lat": "Latitude"}
_PAIRS = (("lon", "lat"), ("easting", "northing"))


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Return where each of our columns stands in a header; a place as one pair of columns alone.

    The answers of the API, made a table without taking them apart, hold the place in one column, as text of a dict.
    """
    words = [words_of(name) for name in header]
    found = {
        name: words.index(word) for name, known in NAMES.items() for word in known[::-1] if word in words
    }
    pair = next((pair for pair in _PAIRS if set(pair) <= set(found)), ())
    other = {name for both in _PAIRS if pair and both != pair for name in both}
    return {name: place for name, place in found.items() if name in pair or name not in other}


def missing_from(places: Mapping[str, int]) -> str | None:
    """Return what police.uk calls the first column that must be there and is not; None where all are."""
    metres = {"easting", "northing"} <= set(places)
    needed = [name for name in WRITTEN if not (metres and name in {"lon", "lat"})]
    return next((WRITTEN[name] for name in needed if name not in places), None)
