"""Read a force's own extract, provided under an information-sharing agreement, as a table of crimes.

The [extract] table of the study file describes its columns, dates, coordinates and offences. Residential burglary and
theft of and from vehicles are then exact, unlike police.uk's broad classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyproj import Transformer

from sacmap import months, tables
from sacmap.crimes import Reading, repeats, tally_of
from sacmap.errors import InputError, UsageError
from sacmap.fetch.rows import CATEGORIES
from sacmap.files.hashes import sha256
from sacmap.files.sheets import LINES_ABOVE, Sheet, mapped, sheets_of, text_of, words_of
from sacmap.notices import Notice, listed
from sacmap.offences import HOMES, ROBBERY, THEFT_FROM, THEFT_OF
from sacmap.study import Study

#: Component of SAC → the crime type it counts as.
COMPONENTS = {
    "residential-burglary": "burglary",
    "burglary": "burglary",
    "robbery": "robbery",
    "theft-from-vehicle": "vehicle-crime",
    "theft-of-vehicle": "vehicle-crime",
    "vehicle-crime": "vehicle-crime",
}
#: The Home Office's codes, used if the study file has no [extract.offences].
HOME_OFFICE_CODES: dict[str, tuple[str, ...]] = {
    "residential-burglary": tuple(HOMES),
    "robbery": tuple(ROBBERY),
    "theft-from-vehicle": tuple(THEFT_FROM),
    "theft-of-vehicle": tuple(THEFT_OF),
}
#: The pairs of columns that give a location, and their coordinate system.
PAIRS = {("easting", "northing"): "BNG", ("longitude", "latitude"): "degrees"}
#: The extent of Great Britain: (lowest, highest) of each coordinate, in metres and in degrees.
WITHIN = {"BNG": ((0.0, 700_000.0), (0.0, 1_300_000.0)), "degrees": ((-9.0, 2.5), (49.0, 61.5))}

RESTRICTED = (
    "Made from an extract of the force's own records. Burglary is residential burglary. Vehicle crime is theft of and "
    "from motor vehicles, without interference. So the figures are serious acquisitive crime itself, not a proxy. "
    "Locations are as the force gave them."
)

#: A year outside these is a typing error.
YEARS = (1990, 2100)

_KEYS = ("columns", "date_format", "coordinates", "force", "offences")
_BLANK = frozenset(("", "null", "nan", "none", "n/a", "na", "-", "unknown"))
_OTHER = "other-crime"
_ISO = re.compile(r"(?a:\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Layout:
    """The layout of an extract.

    columns: sacmap's name → the extract's name; place: the two columns with the location, in `coordinates` (BNG metres
    or degrees); date_format: as in strptime, "" for spreadsheet dates and YYYY-MM-DD; offences: the code or words of an
    offence → its component.
    """

    columns: Mapping[str, str]
    place: tuple[str, str]
    coordinates: str
    date_format: str
    force: str
    offences: Mapping[str, str]


def layout_of(given: Mapping[str, Any], force: str | None = None) -> Layout:
    """Check the study file's [extract] table and return the layout it describes.

    Raises
    ------
    UsageError
        If a key is unknown or missing, or has an impossible value.
    """
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        raise UsageError(f"[extract] has an unknown key {unknown[0]!r}.", f"Its keys are {', '.join(_KEYS)}.")
    for key in ("date_format", "coordinates", "force"):
        if not isinstance(given.get(key, ""), str):
            raise UsageError(f"[extract] {key} must be text in quotes.", "Correct that line.")
    columns = given.get("columns", {})
    known = {"month", "offence", "id", "location", *(name for pair in PAIRS for name in pair)}
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        raise UsageError("[extract] columns must name columns in quotes.", 'For example month = "Date".')
    strange = sorted(set(columns) - known)
    if strange:
        raise UsageError(
            f"[extract] columns has an unknown key {strange[0]!r}.",
            f"Its keys are {', '.join(sorted(known))}.",
        )
    place = next((pair for pair in PAIRS if set(pair) <= set(columns)), None)
    missing = [name for name in ("month", "offence") if name not in columns]
    if missing or place is None:
        lacking = missing[0] if missing else "easting and northing (or longitude and latitude)"
        raise UsageError(
            f"[extract] columns does not name the column for {lacking}.",
            'Write columns = {month = "Date", offence = "HO Code", easting = "X", northing = "Y"}.',
        )
    coordinates = given.get("coordinates", PAIRS[place])
    if coordinates not in WITHIN:
        raise UsageError(f"[extract] coordinates cannot be {coordinates!r}.", "Write BNG or degrees.")
    return Layout(
        columns=columns,
        place=place,
        coordinates=coordinates,
        date_format=_date_format(given.get("date_format", "")),
        force=given.get("force") or force or "the force's extract",
        offences=_offences(given.get("offences", HOME_OFFICE_CODES)),
    )


def _date_format(text: str) -> str:
    """Return a valid date format, or "" if none is given."""
    try:
        pd.to_datetime("2018-04-01", format=text or "ISO8601", errors="coerce")
    except (ValueError, KeyError, NotImplementedError, re.error):
        raise UsageError(
            f"[extract] date_format {text[:60]!r} is not a date format.", "Write, for example, %d/%m/%Y."
        ) from None
    return text


def _offences(given: Mapping[str, Any]) -> dict[str, str]:
    if not isinstance(given, dict) or not given:
        raise UsageError(
            "[extract.offences] must list codes or words by component.", 'Write robbery = ["34A", "34B"].'
        )
    found: dict[str, str] = {}
    for component, several in given.items():
        if component not in COMPONENTS:
            raise UsageError(
                f"[extract.offences] has an unknown key {component!r}.",
                f"Its keys are {', '.join(COMPONENTS)}.",
            )
        named = several if isinstance(several, list | tuple) else [several]
        if not all(isinstance(offence, str | int | float) for offence in named):
            raise UsageError(
                f"[extract.offences] {component} must list texts.", 'Write robbery = ["34A", "34B"].'
            )
        for offence in named:
            key = offence_key(offence)
            if found.get(key, component) != component:
                raise UsageError(
                    f"[extract.offences] has {offence!r} under both {found[key]} and {component}.",
                    "Keep it under only one of them.",
                )
            found[key] = component
    return found


def offence_key(cell: object) -> str:
    """Return a normal form of a code or words: "028e" → "28e", 37.2 and "37/2" → "37 2"."""
    return re.sub(r"^0+(?=\d)", "", words_of(cell))


def read_extract(study: Study) -> Reading:
    """Read the crimes of a study that has an [extract] table.

    Returns
    -------
    The Reading of its files. The crimes are the rows of SAC, with longitude and latitude; the tally has every row.

    Raises
    ------
    UsageError
        If the [extract] table is wrong.
    InputError
        If a file is not a table with these columns, or if a date or coordinate is wrong. The message gives the line.
    """
    layout = layout_of(study.extract or {}, study.force)
    parts, inputs = [], []
    for path in study.crimes:
        several = [_rows(sheet, layout) for sheet in sheets_of(Path(path))]
        whole = [rows for rows in several if rows is not None]
        if not whole:
            wanted = ", ".join(repr(name) for name in layout.columns.values())
            raise InputError(
                f"{path} has no header row with the columns {wanted}.",
                "Check [extract] columns in the study file.",
            )
        parts += whole
        inputs.append({"path": path, "sha256": sha256(Path(path)), "rows": sum(len(rows) for rows in whole)})
    rows = pd.concat(parts, ignore_index=True)
    rows["component"] = mapped(rows["offence"], lambda cell: layout.offences.get(offence_key(cell), ""))
    rows["crime_type"] = rows["component"].map(COMPONENTS).fillna(_OTHER)
    rows["force"] = layout.force
    sac = rows[rows["crime_type"] != _OTHER].reset_index(drop=True)
    crimes = sac[tables.CRIMES.names].astype(dict.fromkeys(CATEGORIES, "category"))
    return Reading(
        crimes=crimes,
        tally=tally_of(rows),
        inputs=tuple(inputs),
        notes=(),
        notices=tuple(_notices(study, layout, rows, sac)),
    )


def _rows(sheet: Sheet, layout: Layout) -> pd.DataFrame | None:
    """Return a sheet's rows with sacmap's column names; None if no line is the header."""
    wanted = {name: words_of(given) for name, given in layout.columns.items()}
    at, header = next(
        (
            (k, words)
            for k, row in enumerate(sheet.rows[:LINES_ABOVE])
            for words in [[words_of(cell) for cell in row]]
            if set(wanted.values()) <= set(words)
        ),
        (-1, []),
    )
    if at < 0:
        return None
    lines = [
        (line, row)
        for line, row in enumerate(sheet.rows[at + 1 :], start=at + 2)
        if any(text_of(cell) for cell in row)
    ]
    long = next((line for line, row in lines if any(text_of(cell) for cell in row[len(header) :])), None)
    if long is not None:
        raise InputError(
            f"{sheet.label}, line {long} has more cells than the header has columns.",
            "Perhaps a text with a comma needs quotes. Save the extract again.",
        )
    table = pd.DataFrame({"line": [line for line, _ in lines]})
    for name, words in wanted.items():
        place = header.index(words)
        cells = [row[place] if place < len(row) else None for _, row in lines]
        table[name] = pd.Series(cells, dtype=object)
    table["month"] = _months(table, sheet, layout)
    table["lon"], table["lat"] = _degrees(table, sheet, layout)
    table["crime_id"] = _texts(table, "id")
    table["location"] = _texts(table, "location")
    return table[["month", "offence", "lon", "lat", "crime_id", "location"]]


def _texts(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name].map(text_of) if name in table else pd.Series("", index=table.index, dtype=object)


def _months(table: pd.DataFrame, sheet: Sheet, layout: Layout) -> pd.Series:
    found = mapped(table["month"], lambda cell: month_of(cell, layout.date_format))
    bad = ~found.map(months.is_month).astype(bool)
    if bad.any():
        row = table[bad].iloc[0]
        wanted = f"of the form {layout.date_format}" if layout.date_format else "of the form YYYY-MM-DD"
        raise InputError(
            f"{sheet.label}, line {row['line']}: {text_of(row['month'])!r} is not a date {wanted}.",
            "Set [extract] date_format in the study file, for example %d/%m/%Y, or correct the date.",
        )
    return found


def month_of(cell: object, date_format: str) -> str:
    """Return the month label of a date between 1990 and 2100, or "" for anything else."""
    if isinstance(cell, date):
        return _label(cell)
    text = text_of(cell)
    if not date_format and months.is_month(text):
        return text if YEARS[0] <= int(text[:4]) <= YEARS[1] else ""
    if not date_format and not _ISO.match(text):
        return ""
    read = pd.to_datetime(text, format=date_format or "ISO8601", errors="coerce")
    return "" if pd.isna(read) else _label(read)


def _label(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}" if YEARS[0] <= day.year <= YEARS[1] else ""


def _degrees(table: pd.DataFrame, sheet: Sheet, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude and latitude. Both are NaN if either is blank or both are 0."""
    numbers = []
    for name in layout.place:
        texts = table[name].map(text_of).str.replace(",", "", regex=False)
        blank = texts.str.lower().isin(_BLANK)
        values = pd.to_numeric(texts.where(~blank), errors="coerce").to_numpy(float)
        _refuse(
            table, sheet, ~blank.to_numpy() & ~np.isfinite(values), layout, lambda _: "is not a coordinate"
        )
        numbers.append(values)
    x, y = numbers
    nowhere = np.isnan(x) | np.isnan(y) | ((x == 0) & (y == 0))
    outside = ~nowhere & ~_within(x, y, layout.coordinates)
    _refuse(table, sheet, outside, layout, lambda at: _looks_like(x[at], y[at], layout.coordinates))
    if layout.coordinates == "BNG":
        x, y = Transformer.from_crs("EPSG:27700", tables.WGS84, always_xy=True).transform(x, y)
    return np.where(nowhere, np.nan, x), np.where(nowhere, np.nan, y)


def _within(x: np.ndarray, y: np.ndarray, coordinates: str) -> np.ndarray:
    (west, east), (south, north) = WITHIN[coordinates]
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def _refuse(
    table: pd.DataFrame, sheet: Sheet, bad: np.ndarray, layout: Layout, why: Callable[[int], str]
) -> None:
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        pair = ", ".join(repr(text_of(table[name].iloc[at])) for name in layout.place)
        raise InputError(
            f"{sheet.label}, line {table['line'].iloc[at]}: {pair} {why(at)} ({int(bad.sum()):,} such rows).",
            "Leave both coordinates blank if the location is not known, and check [extract] coordinates.",
        )


def _looks_like(x: float, y: float, coordinates: str) -> str:
    one = (np.array([x]), np.array([y]))
    other = next(kind for kind in WITHIN if kind != coordinates)
    if _within(*one, other)[0]:
        return f"looks like {other}, not {coordinates}"
    if _within(*one[::-1], coordinates)[0]:
        return "looks as if the two columns are swapped"
    return f"is not in Great Britain in {coordinates}"


def _notices(study: Study, layout: Layout, rows: pd.DataFrame, sac: pd.DataFrame) -> list[Notice]:
    """Return the notices: what the crimes are, totals by component, other offences, and components without rows."""
    once = sac[~repeats(sac)]
    components = sorted(set(layout.offences.values()))
    totals = []
    for component in components:
        mine = once.loc[once["component"] == component, "month"]
        *before, now = (int(mine.isin(period).sum()) for period in study.periods)
        totals.append(f"{component.replace('-', ' ')} {np.mean(before):,.0f} → {now:,}")
    notices = [
        Notice("restricted", RESTRICTED),
        Notice(
            "components",
            f"Recorded crimes per period, in all months, with or without a location: {'; '.join(totals)}.",
        ),
    ]
    other = rows.loc[rows["component"] == "", "offence"].map(text_of).replace("", "no offence").value_counts()
    if len(other):
        each = sorted(other.items(), key=lambda pair: (-pair[1], str(pair[0])))
        named = listed([f"{offence} {n:,}" for offence, n in each], 5, ", ")
        notices.append(Notice("other-offences", f"Rows with other offences, not counted as SAC: {named}."))
    lacking = [component for component in components if component not in set(sac["component"])]
    if lacking:
        notices.append(
            Notice(
                "no-such-offence",
                f"The extract has no rows for {', '.join(lacking)}: check [extract.offences] in the study file.",
            )
        )
    return notices
