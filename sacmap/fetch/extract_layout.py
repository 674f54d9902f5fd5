"""The layout of a force's own extract: the [extract] table of a study file, checked, and the days in its dates."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from sacmap import months
from sacmap.errors import UsageError
from sacmap.files.sheets import text_of, words_of
from sacmap.offences import HOMES, ROBBERY, THEFT_FROM, THEFT_OF
from sacmap.study_options import EXTRACT_KEYS

#: The components of SAC, and the crime type in which each is counted.
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

#: With fewer dates of a kind, all their days may be on one side of the 12th by chance.
MANY_DATES = 5

_COLUMNS = ("month", "offence", "id", "location", *(name for pair in PAIRS for name in pair))
#: A year outside this range is a typing error.
YEARS = (1990, 2100)
#: Day 0 of spreadsheets.
_FIRST = date(1899, 12, 30)
_ISO = re.compile(r"(?a:\d{4}-\d{2}-\d{2})")
_NUMBER = re.compile(r"(?a:\d{5})(?:\.\d+)?")


@dataclass(frozen=True)
class Layout:
    """The layout of an extract.

    columns: sacmap's name → the extract's; place: the two columns of the location, in `coordinates` (BNG metres or
    degrees); date_format: as for strptime, "" for spreadsheet dates and YYYY-MM-DD; offences: code or words of an
    offence → its component; keep, drop: column of the extract → the words of the rows to keep or leave out.
    """

    columns: Mapping[str, str]
    place: tuple[str, str]
    coordinates: str
    date_format: str
    force: str
    offences: Mapping[str, str]
    keep: Mapping[str, tuple[str, ...]]
    drop: Mapping[str, tuple[str, ...]]

    def component_of(self, cell: object) -> str:
        """Return the component of an offence, or "".

        A code also covers its sub-classes: 45 covers 45/10, and 48 covers 048/01. Words do so only if they end in *.
        The longest match decides.
        """
        key = offence_key(cell)
        alike = (known for known in self.offences if _stands_for(known, key))
        best = key if key in self.offences else max(alike, key=len, default="")
        return self.offences.get(best, "")


def _stands_for(known: str, key: str) -> bool:
    if known.endswith("*"):
        start = known[:-1]
        return key.startswith(start) and (bool(start[-1:].strip()) or key != start)
    return known[:1].isdigit() and key.startswith(f"{known} ")


def offence_key(offence: object) -> str:
    """Return a code or words in a standard spelling, so that spellings of the same offence are equal.

    Leading zeros, capitals and punctuation are ignored, and a letter joins its class number. A final * stays.

    >>> [offence_key(text) for text in ("028E", "28/E", "037/02", 45.0, "Robbery (personal)", "45/*")]
    ['28e', '28e', '37 2', '45', 'robbery personal', '45 *']
    """
    text = text_of(offence)
    words = [re.sub(r"^0+(?=\d)", "", word) for word in words_of(text).split()]
    if len(words) > 1 and words[0].isdigit() and re.fullmatch(r"[a-z]", words[1]):
        words = [words[0] + words[1], *words[2:]]
    key = " ".join(words)
    if not text.endswith("*"):
        return key
    before = text.rstrip("*")[-1:]
    return f"{key}*" if before.isalnum() else f"{key} *"


def layout_of(given: Mapping[str, object], force: str | None = None) -> Layout:
    """Check the study file's [extract] table and return the layout.

    Raises
    ------
    UsageError
        If a key is unknown or missing, or has an invalid value.
    """
    for key in given:
        if key not in EXTRACT_KEYS:
            raise UsageError(f"[extract] has an unknown key {key!r}.", _meant(key, EXTRACT_KEYS))
    columns = given.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        raise UsageError("[extract] columns must name columns in quotes.", 'For example month = "Date".')
    for name in columns:
        if name not in _COLUMNS:
            raise UsageError(f"[extract] columns has an unknown key {name!r}.", _meant(name, _COLUMNS))
    place = next((pair for pair in PAIRS if set(pair) <= set(columns)), None)
    missing = [name for name in ("month", "offence") if name not in columns]
    if missing or place is None:
        lacking = missing[0] if missing else "easting and northing (or longitude and latitude)"
        raise UsageError(
            f"[extract] columns does not name the column for {lacking}.",
            'Write columns = {month = "Date", offence = "HO Code", easting = "X", northing = "Y"}.',
        )
    coordinates = _text(given, "coordinates", PAIRS[place])
    if coordinates not in PAIRS.values():
        raise UsageError(f"[extract] coordinates cannot be {coordinates!r}.", "Write BNG or degrees.")
    return Layout(
        columns=columns,
        place=place,
        coordinates=coordinates,
        date_format=_date_format(_text(given, "date_format")),
        force=_text(given, "force") or force or "the force's extract",
        offences=_offences(given.get("offences", HOME_OFFICE_CODES)),
        keep=_filter("keep", given.get("keep", {})),
        drop=_filter("drop", given.get("drop", {})),
    )


def _text(given: Mapping[str, object], key: str, default: str = "") -> str:
    text = given.get(key, default)
    if not isinstance(text, str):
        raise UsageError(f"[extract] {key} must be text in quotes.", "Correct that line.")
    return text


def _meant(name: str, known: Iterable[str]) -> str:
    several = list(known)
    near = difflib.get_close_matches(name.lower(), several, 1)
    return f"Did you mean {near[0]}?" if near else f"Its keys are {', '.join(several)}."


def _date_format(text: str) -> str:
    """Return the date format after checking that dates can be read with it; "" if none is given."""
    try:
        pd.to_datetime("2018-04-01", format=text or "ISO8601", errors="coerce")
    except (ValueError, KeyError, NotImplementedError, re.error):
        raise UsageError(
            f"[extract] date_format {text[:60]!r} is not a date format.", "Write, for example, %d/%m/%Y."
        ) from None
    return text


def _offences(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or not given:
        raise UsageError(
            "[extract.offences] must list codes or words by component.", 'Write robbery = ["34A", "34B"].'
        )
    found: dict[str, str] = {}
    for component, several in given.items():
        if component not in COMPONENTS:
            raise UsageError(
                f"[extract.offences] has an unknown key {component!r}.", _meant(component, COMPONENTS)
            )
        for offence in _texts("offences", component, several, 'Write robbery = ["34A", "34B"].'):
            key = offence_key(offence)
            if found.get(key, component) != component:
                raise UsageError(
                    f"[extract.offences] has {offence!r} under both {found[key]} and {component}.",
                    "Keep it under only one of them.",
                )
            if key in {"", "*", " *"}:
                raise UsageError(
                    f"[extract.offences] {component} has {offence!r}, which is no offence.",
                    'Write robbery = ["34A", "34B"].',
                )
            found[key] = component
    return found


def _filter(key: str, given: object) -> dict[str, tuple[str, ...]]:
    """Return a filter of rows: column → the words of the cells."""
    example = f'Write [extract.{key}], and in it "Crime Status" = ["{"Recorded" if key == "keep" else "Cancelled"}"].'
    if not isinstance(given, dict):
        raise UsageError(f"[extract.{key}] must list what cells say, by column.", example)
    return {
        column: tuple(words_of(text) for text in _texts(key, column, several, example))
        for column, several in given.items()
    }


def _texts(table: str, name: str, several: object, example: str) -> list[object]:
    named = several if isinstance(several, list | tuple) else [several]
    if not all(isinstance(one, str | int | float) for one in named):
        raise UsageError(f"[extract.{table}] {name} must list texts.", example)
    return list(named)


# ── dates ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def day_of(cell: object, date_format: str) -> str:
    """Return the day of a date, such as 2018-10-03, or "" if it is not a date between `YEARS`.

    Spreadsheet dates, ISO dates and day numbers (43101 is 1 January 2018) need no format. A time after the date is
    ignored. A second date is not: the crime may be of either.

    >>> [day_of(cell, "%d/%m/%Y") for cell in ("03/10/2018 14:22", "43101", "2018-10", "Feb-25")]
    ['2018-10-03', '2018-01-01', '2018-10', '']
    >>> day_of("03/10/2018 to 05/11/2018", "%d/%m/%Y")
    ''
    """
    if isinstance(cell, date):
        return _written(cell)
    text = text_of(cell)
    if date_format:
        first, *others = text.split(" ")
        for part in (text, first):
            read = pd.to_datetime(part, format=date_format, errors="coerce")
            if not pd.isna(read):
                second = part != text and any(_is_second(word, date_format) for word in others)
                return "" if second else _written(read)
    if months.is_month(text):
        return text if YEARS[0] <= int(text[:4]) <= YEARS[1] else ""
    if is_day_number(cell):
        return _written(_FIRST + timedelta(days=int(float(text))))
    if not _ISO.match(text):
        return ""
    read = pd.to_datetime(text, format="ISO8601", errors="coerce")
    return "" if pd.isna(read) else _written(read)


def _is_second(word: str, date_format: str) -> bool:
    """Whether a word behind a date is another date, not a time."""
    return ":" not in word and not pd.isna(
        pd.to_datetime(word.strip("-–()"), format=date_format, errors="coerce")
    )


def are_swapped(cells: pd.Series, days: pd.Series) -> bool:
    """Whether a spreadsheet with American settings seems to have read British dates.

    It turns 05/03/2018 into a real date, 3 May, and leaves 25/03/2018 as text. So no real date has a day above 12, and
    every text has one, which does not happen by chance. Saved as CSV, such a date is 2018-05-03 among the others.
    `days` are as `day_of` reads the cells.
    """
    later = days.str[8:] > "12"
    real = cells.map(lambda cell: isinstance(cell, date) or _ISO.match(text_of(cell)) is not None)
    return min(int(real.sum()), int((~real).sum())) >= MANY_DATES and bool((later != real).all())


def is_day_number(cell: object) -> bool:
    """Whether a cell is a spreadsheet's day number of a date between `YEARS`."""
    text = "" if isinstance(cell, bool | date) else text_of(cell)
    if not _NUMBER.fullmatch(text):
        return False
    return YEARS[0] <= (_FIRST + timedelta(days=int(float(text)))).year < YEARS[1]


def _written(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}" if YEARS[0] <= day.year <= YEARS[1] else ""
