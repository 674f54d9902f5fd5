"""The columns, units, keys and ranges of every table; and the crime types and verdicts in them, with their words.

Tables are pandas DataFrames; Areas is a GeoDataFrame. Identifiers are text and are never changed: "001", "1E2" and "NA"
are not numbers or gaps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sacmap.errors import InputError, UsageError
from sacmap.notices import counted

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Upper bound for numbers read from files; larger ones would overflow.
MOST = 1e9
#: How files end that hold crimes or areas, and so are no study.
DATA_ENDINGS = (".csv", ".zip", ".gz", ".xlsx", ".parquet", ".geojson", ".gpkg", ".kml", ".shp")
#: The crime types of police.uk that stand for serious acquisitive crime (SAC), by slug.
SAC_TYPES = ("burglary", "robbery", "vehicle-crime")
#: The crime types in outputs, in order; `sac` is all three together.
CRIME_TYPES = ("sac", *SAC_TYPES)
#: The same in words, for use in a sentence.
IN_WORDS = {
    "sac": "serious acquisitive crime",
    "burglary": "burglary",
    "robbery": "robbery",
    "vehicle-crime": "vehicle crime",
}
#: What one crime of each type is called, and several.
Nouns = Mapping[str, tuple[str, str]]
NOUNS = {
    "sac": ("crime", "crimes"),
    "burglary": ("burglary", "burglaries"),
    "robbery": ("robbery", "robberies"),
    "vehicle-crime": ("vehicle crime", "vehicle crimes"),
}
#: The crime types in words for a force's own extract, in which single offences are known.
EXACT_WORDS = IN_WORDS | {"burglary": "residential burglary", "vehicle-crime": "theft of and from vehicles"}
#: The two parts of an extract's vehicle crime, in words.
VEHICLE_PARTS = {"theft-from-vehicle": "theft from vehicles", "theft-of-vehicle": "theft of vehicles"}
#: One crime of a part of vehicle crime, and several.
_PART_NOUNS = {
    "theft-from-vehicle": ("theft from a vehicle", "thefts from vehicles"),
    "theft-of-vehicle": ("theft of a vehicle", "thefts of vehicles"),
}
#: A number with separators of thousands.
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
#: Longitude and latitude in degrees.
WGS84 = "EPSG:4326"
#: Crimes this near to a boundary, in metres, may have been moved across it.
EDGE_METRES = 50.0

VERDICTS = (
    "clear rise",
    "clear fall",
    "possible rise",
    "possible fall",
    "within normal range",
    "too few to tell",
    "not known",
)


class Column(NamedTuple):
    """One column: its name, kind (text, month, number, count, share, geometry), unit or range, and meaning."""

    name: str
    kind: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table: its key columns and its columns, in order."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]


def require_columns(given: pd.DataFrame, needed: Iterable[str], table: str) -> None:
    """Raise an error if the table of this name, such as "Counts", is no table, or lacks a column.

    Raises
    ------
    InputError
        If a column is missing. The message names it.
    UsageError
        If it is no table.
    """
    if not hasattr(given, "columns"):
        raise UsageError(
            f"A DataFrame is needed, and a {type(given).__name__} was given.", f"Give the {table} table."
        )
    has = {str(name) for name in given.columns}
    wanted = list(needed)
    lacking = [name for name in wanted if name not in has]
    if lacking:
        raise InputError(
            f"The {table} table has no column {' and no column '.join(lacking)}.",
            f"It needs {', '.join(wanted)}; it has {', '.join(sorted(has)) or 'no columns'}.",
        )


def numbers(column: pd.Series, table: str) -> np.ndarray:
    """Return a column of numbers of any type of pandas as floats, NaN where a value is missing.

    Raises
    ------
    InputError
        If a value is text that is no number. The message names the column, and the table it is in.
    """
    try:
        return column.to_numpy(float, na_value=float("nan"))
    except (TypeError, ValueError):
        raise InputError(
            f"The {table} table has values in {column.name} that are not numbers.",
            f'Make it numbers first: pd.to_numeric(table["{column.name}"], errors="coerce").',
        ) from None


def extract_words(lacking: Collection[str]) -> dict[str, str]:
    """Return what each crime type is called for an extract that lacks some parts of vehicle crime.

    >>> extract_words(["theft-of-vehicle"])["vehicle-crime"]
    'theft from vehicles'
    """
    there = [words for part, words in VEHICLE_PARTS.items() if part not in lacking]
    if not lacking:
        return EXACT_WORDS
    total = {"sac": f"{IN_WORDS['sac']} without {lacking_words(lacking)}"}
    return EXACT_WORDS | total | ({"vehicle-crime": there[0]} if len(there) == 1 else {})


def nouns_of(lacking: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return what one crime of each type is called, and several, where an extract lacks some parts of vehicle crime.

    >>> nouns_of(["theft-of-vehicle"])["vehicle-crime"]
    ('theft from a vehicle', 'thefts from vehicles')
    """
    there = [nouns for part, nouns in _PART_NOUNS.items() if part not in lacking]
    return NOUNS | ({"vehicle-crime": there[0]} if len(there) == 1 else {})


def lacking_words(lacking: Collection[str]) -> str:
    """Return the parts of vehicle crime that an extract lacks, in words."""
    return " and ".join(words for part, words in VEHICLE_PARTS.items() if part in lacking)


def crimes(count: float, kind: str = "sac", nouns: Nouns = NOUNS) -> str:
    """Return a count of crimes of a type in words: "1 crime", "63 crimes", or "63 burglaries"."""
    return counted(count, nouns[kind])


def is_of_homes(value: float) -> bool:
    """Whether a number can be a number of households. Estimates may have fractions, but tiny values break rates."""
    return value == 0 or 0.01 <= value < MOST


#: What programs and people write for a value that is not there, in small letters.
BLANK = frozenset(
    ("", "\\n", "null", "nan", "none", "n/a", "na", "-", "unknown", "#n/a", "nil", "not known", ".")
)


def homes_of(text: str) -> float | None:
    """Return a number of households, or None if the text is none. Commas and spaces may separate thousands only.

    >>> [homes_of(text) for text in ("4,512", "1 234", "812.4", "2345,5", "about 90")]
    [4512.0, 1234.0, 812.4, None, None]
    """
    said = re.sub(r"[ \u00a0\u202f]", ",", text.strip())
    if "," in said and not _THOUSANDS.fullmatch(said):
        return None
    try:
        value = float(said.replace(",", ""))
    except ValueError:
        return None
    return value if is_of_homes(value) else None


def whole_of(text: str) -> int | None:
    """Return a whole count as spreadsheets, R and pandas write it, or None if the text is none.

    >>> [whole_of(text) for text in ("12", "1,200", "12.0", "12.5", "NA")]
    [12, 1200, 12, None, None]
    """
    value = homes_of(text)
    return int(value) if value is not None and value.is_integer() else None


def _columns(*rows: tuple[str, str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


AREAS = Table(
    "Areas",
    ("area_id",),
    _columns(
        ("area_id", "text", "", "identifier of the neighbourhood, as given"),
        ("name", "text", "", "its name, or the identifier if there is none"),
        ("geometry", "geometry", "EPSG:4326", "Polygon or MultiPolygon; empty if there is no boundary"),
        ("households", "count", "households", "households in the area, or missing"),
        ("mend", "text", "", "what was repaired in the boundary, or empty"),
    ),
)

CRIMES = Table(
    "Crimes",
    ("row",),
    _columns(
        ("month", "month", "YYYY-MM", "month of the crime"),
        ("crime_type", "text", "police.uk slug", "burglary, robbery, vehicle-crime or another slug"),
        ("lon", "number", "degrees WGS84", "longitude of the map point, or missing"),
        ("lat", "number", "degrees WGS84", "latitude of the map point, or missing"),
        ("force", "text", "", "the force that reported it"),
        ("crime_id", "text", "64 hex or empty", "police.uk's identifier; empty if it gives none"),
        ("location", "text", "", "street of the map point, as 'On or near …'"),
    ),
)

COVERAGE = Table(
    "Coverage",
    ("force", "month"),
    _columns(
        ("force", "text", "", "the force"),
        ("month", "month", "YYYY-MM", "the month"),
        ("status", "text", "complete, thin, missing", "whether the month may be compared"),
        ("crimes", "count", "crimes", "all crimes of that force and month, of any type"),
        ("expected", "number", "crimes", "median of the nearest months that are not missing (up to 12), or missing"),
        ("reason", "text", "", "why the month is thin or missing; empty if complete"),
    ),
)  # fmt: skip

LOCATED = Table(
    "Located",
    CRIMES.key,
    (
        *CRIMES.columns,
        *_columns(
            ("area_id", "text", "", "the one area the crime belongs to, or missing"),
            ("near_edge", "flag", "", f"within {EDGE_METRES:.0f} m of the boundary of its area"),
            ("shared", "flag", "", "whether its point lies in more than one area or on a shared edge"),
            ("edge_area", "text", "", f"the nearest other area within {EDGE_METRES:.0f} m, or missing"),
        ),
    ),
)

COUNTS = Table(
    "Counts",
    ("area_id", "month", "crime_type"),
    _columns(
        ("area_id", "text", "", "the area"),
        ("month", "month", "YYYY-MM", "the month"),
        ("crime_type", "text", "", "sac, burglary, robbery or vehicle-crime"),
        ("n", "count", "crimes", "crimes; 0 only where the month is complete, otherwise missing"),
    ),
)

CHANGE = Table(
    "Change",
    ("area_id", "crime_type"),
    _columns(
        ("area_id", "text", "", "the area"),
        ("area_name", "text", "", "its name"),
        ("crime_type", "text", "", "sac (all three together), burglary, robbery or vehicle-crime"),
        ("months_compared", "count", "months", "months of the period that are complete in every period"),
        ("baseline_periods", "count", "periods", "baseline periods"),
        ("baseline_count", "count", "crimes", "crimes in all baseline periods together"),
        ("baseline_mean", "number", "crimes a period", "baseline_count / baseline_periods"),
        ("current_count", "count", "crimes", "crimes in the current period"),
        ("change", "number", "crimes", "current_count − baseline_mean"),
        ("change_pct", "number", "%", "100 × change / baseline_mean; empty if baseline_mean is 0"),
        ("expected", "number", "crimes", "count to expect if the area had followed the comparator"),
        ("normal_low", "number", "crimes", "lower end of the normal range (2.5% quantile)"),
        ("normal_high", "number", "crimes", "upper end of the normal range (97.5% quantile)"),
        ("p_value", "share", "0 to 1", "mid-p-value of a count this far above (or below) the expected"),
        ("verdict", "text", "", ", ".join(VERDICTS)),
        ("ratio", "number", "× expected",
         "present rate divided by the expected, without the chance of a single period"),
        ("ratio_low", "number", "× expected", "lower end of its 95% interval"),
        ("ratio_high", "number", "× expected", "upper end of its 95% interval"),
        ("prob_above", "share", "0 to 1", "probability that the present rate is above the expected"),
        ("excess", "number", "crimes",
         "expected × (ratio − 1): how far the area is above the expected, without chance"),
        ("level", "number", "crimes a period", "expected + 0.7 × excess: likely count in a similar period"),
        ("level_per_1000_households", "number", "per 1,000 households", "level / households × 1,000"),
        ("edge_share", "share", "0 to 1", f"share of current crimes within {EDGE_METRES:.0f} m of the boundary"),
        ("hardening_rank", "count", "rank", "rank on the target-hardening list, 1 first; only on burglary rows"),
        ("week_rank", "count", "rank", "rank on the week-of-action list of that crime type, 1 first"),
        ("top5_share", "share", "0 to 1",
         "share of draws with the area among the first five of the list (burglary rows: target hardening)"),
    ),
)  # fmt: skip

#: Columns of Change with the ranks of the lists, and those that do not apply to a group of areas.
RANKS = tuple(column.name for column in CHANGE.columns if column.unit == "rank")
_OF_AREAS = {"area_id", "area_name", "edge_share", *RANKS, "top5_share"}
GROUPS = Table(
    "Groups",
    ("group", "crime_type"),
    (
        *_columns(
            ("group", "text", "", "the town or district, from the column given by --group-column"),
            ("areas", "count", "areas", "number of its areas that are known and counted"),
        ),
        *(column for column in CHANGE.columns if column.name not in _OF_AREAS),
    ),
)

RECONCILED = Table(
    "Reconciled",
    ("area", "component", "period"),
    _columns(
        ("area", "text", "", "the force, partnership or nation"),
        ("component", "text", "", "the component compared, or an item of the difference"),
        ("period", "text", "YYYY-MM:YYYY-MM", "the months, both ends included"),
        ("police_uk", "count", "rows", "rows published by police.uk; empty if it has no such class or month"),
        ("home_office", "count", "offences", "offences recorded by the Home Office; empty if it has no such class"),
        ("difference", "count", "crimes", "police_uk − home_office; for an item, its part of the difference of sac"),
        ("note", "text", "", "what the component is, its change, missing months, changes of definition"),
    ),
)  # fmt: skip

COMPARATOR = Table(
    "Comparator",
    ("month", "crime_type"),
    _columns(
        ("month", "month", "YYYY-MM", "the month"),
        ("crime_type", "text", "", "burglary, robbery or vehicle-crime"),
        ("n", "count", "crimes", "crimes of all comparison forces, each counted once"),
    ),
)


# ── names of areas ────────────────────────────────────────────────────────────────────────────────────────────────


def group_of_each(areas: pd.DataFrame) -> list[str]:
    """Return the town or district of each area, or ""; all are "" if there are no groups."""
    if "group" not in areas:
        return [""] * len(areas)
    return [str(name) for name in areas["group"].astype(object).where(areas["group"].notna(), "")]


def names_of(areas: pd.DataFrame) -> dict[str, str]:
    """Return the areas' names by area_id. Areas that share one also have their district, or else their id."""
    ids, plain = list(areas["area_id"]), [str(name) for name in areas["name"]]
    twice = _repeated(plain)
    full = [
        f"{name} ({group or area})" if name in twice else name
        for name, group, area in zip(plain, group_of_each(areas), ids, strict=True)
    ]
    still = _repeated(full)
    return {
        area: f"{name} ({area})" if both in still else both
        for name, both, area in zip(plain, full, ids, strict=True)
    }


def _repeated(names: Iterable[str]) -> set[str]:
    return {name for name, times in Counter(names).items() if times > 1}
