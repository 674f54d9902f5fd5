"""Read a partnership's own lists: homes already protected, areas visited before, and the action log."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import pandas as pd

from sacmap import months, tables
from sacmap.choose.plan_record import EarlierVisit
from sacmap.errors import InputError, UsageError
from sacmap.fetch.extract_layout import day_of, is_day_number
from sacmap.files.text import rows_of
from sacmap.notices import folded, listed, series

#: How areas may be written → their area_id (see `area_names`), or their ids alone.
Areas = Mapping[str, str] | Collection[str]

#: The columns of the three lists.
PROTECTED = ("area_id", "homes")
VISITED = ("area_id", "from", "to", "action")
ACTIONS = ("date", "area_id", "action", "homes")

#: A time after the date does not matter.
_TIME = r"(?:(?:T|,? )\d{1,2}:\d{2}.*)?"
_ISO = re.compile(rf"(?a:(\d{{4}})-(\d{{2}})-(\d{{2}}){_TIME})")
_ISO_PART = re.compile(r"(?a:\d{4}(?:-\d{2}){0,2})")
_BRITISH = re.compile(rf"(?a:(\d{{1,2}})([/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME})")
_IN_WORDS = re.compile(
    r"(?a:(?:(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:day)?,? )?"
    r"(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4}|\d{2}))",
    re.IGNORECASE,
)
#: What the last line of a list may be called, in place of an area.
_TOTAL = re.compile(r"((grand|overall) )?totals?:?|all( areas)?|sum", re.IGNORECASE)


@dataclass(frozen=True)
class Action:
    """One line of the action log: date YYYY-MM-DD; homes reached, or None."""

    date: str
    area_id: str
    action: str
    homes: int | None

    @property
    def month(self) -> str:
        """The month of the action."""
        return self.date[:7]


def read_protected(text: str, path: str, areas: Areas | None) -> dict[str, int]:
    """Return homes already protected by area, from a CSV of area_id (or name), homes. Rows of the same area are added.

    Raises
    ------
    InputError
        If a column is missing, an area is not among `areas` (see `area_names`), or homes is not a whole number.
    """
    found: dict[str, int] = {}
    for line, row in _rows(text, path, PROTECTED, areas):
        found[row["area_id"]] = found.get(row["area_id"], 0) + _whole(row["homes"], path, line)
    return found


def read_visited(text: str, path: str, areas: Areas | None) -> list[EarlierVisit]:
    """Return the areas visited before, from a CSV of area_id (or name), from, to, action.

    Raises
    ------
    InputError
        If a column is missing, an area is not among `areas` (see `area_names`), or a period runs backwards.
    """
    found: list[EarlierVisit] = []
    for line, row in _rows(text, path, VISITED, areas):
        since, until = (
            day_of(text, "") if is_day_number(text) else text for text in (row["from"], row["to"])
        )
        _require_forward(since, until, f"{path}, line {line}")
        found.append({"area_id": row["area_id"], "since": since, "until": until, "action": row["action"]})
    return found


def read_actions(text: str, path: str, areas: Areas | None = None) -> list[Action]:
    """Return the action log, from a CSV of date, area_id (or name), action, homes.

    Dates are as 2018-06-04, 04/06/2018 or 4 June 2018.

    Raises
    ------
    InputError
        If a column is missing, an area is not among `areas` (see `area_names`), a date is invalid, or homes is not a
        whole number.
    """
    rows = _rows(text, path, ACTIONS, areas)
    found = [
        Action(
            _date(row["date"], path, line),
            row["area_id"],
            row["action"],
            _whole(row["homes"], path, line) if row["homes"].lower() not in tables.BLANK else None,
        )
        for line, row in rows
    ]
    return sorted(found, key=lambda action: (action.date, action.area_id))


def area_names(areas: pd.DataFrame) -> dict[str, str]:
    """Return how an area may be written → its area_id: the id, its name, "Name (Group)" or "Name (id)", as on the page.

    Names are there as `folded` spells them and as they are; what several areas are called gives "".
    """
    found: dict[str, set[str]] = {}
    as_they_are: dict[str, str] = {}
    groups = areas["group"].fillna("").astype(str) if "group" in areas else [""] * len(areas)
    for area, name, group in zip(
        areas["area_id"].astype(str), areas["name"].astype(str), groups, strict=True
    ):
        ways = (name, f"{name} ({area})", f"{name} ({group})" if group else name)
        for way in ways:
            found.setdefault(folded(way), set()).add(area)
            as_they_are.setdefault(folded(way), way)
    names = {way: min(ids) if len(ids) == 1 else "" for way, ids in found.items()}
    ids = {area: area for area in areas["area_id"].astype(str)}
    return names | {way: names[plain] for plain, way in as_they_are.items()} | ids


def area_of(text: str, names: Mapping[str, str], where: str) -> str:
    """Return the area_id of an area as someone wrote it: see `area_names`.

    Raises
    ------
    InputError
        If it is none of the areas, or a name that several have.
    """
    found = names.get(text, names.get(folded(text)))
    if found:
        return found
    # Names as they are come after those that are folded.
    ways = {folded(name): name for name in names}
    if found == "":
        begins = f"{folded(text)} ("
        apart = {names[way]: way for plain, way in ways.items() if names[way] and plain.startswith(begins)}
        raise InputError(
            f"{where}: {text!r} is the name of several areas.",
            f"Write one of: {listed(list(apart.values()), 3, ', ')}.",
        )
    if not text:
        raise InputError(
            f"{where}: no area is given.", "Write its area_id, or its name as in the boundaries."
        )
    near = difflib.get_close_matches(folded(text), ways, n=1)
    said = f" Did you mean {ways[near[0]]}?" if near else ""
    raise InputError(
        f"{where}: {text!r} is not one of the areas.",
        f"Write area_id or the name as in the boundaries.{said}",
    )


def _rows(
    text: str, path: str, columns: Sequence[str], areas: Areas | None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row's line and cells, the area by its id; blank rows are skipped. Without `areas` any will do."""
    names = areas if isinstance(areas, Mapping) else {area: area for area in areas or ()}
    rows = [(line, row) for line, row in rows_of(text, path, columns) if any(row[name] for name in columns)]
    column = _area_column([row for _, row in rows], columns, names, path) if areas is not None else ""
    for line, row in _less_total(rows, column, names) if column else rows:
        if column:
            row["area_id"] = area_of(row[column], names, f"{path}, line {line}")
        yield line, row


def _less_total(
    rows: list[tuple[int, dict[str, str]]], column: str, names: Mapping[str, str]
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows without the last, if that is no area but the total of the homes of the others."""
    homes = [tables.whole_of(row.get("homes", "")) for _, row in rows]
    text = rows[-1][1][column] if rows else ""
    is_total = _TOTAL.fullmatch(text) and folded(text) not in names and homes[-1]
    return rows[:-1] if is_total and homes[-1] == sum(n or 0 for n in homes[:-1]) else rows


def _area_column(
    rows: Sequence[Mapping[str, str]], columns: Sequence[str], names: Mapping[str, str], path: str
) -> str:
    """Return the column of the areas: of several that may be it, as Name beside Area, the one that has most areas."""
    several = [name for name in (rows[0] if rows else ()) if name not in columns]
    if len(several) < 2:
        return "area_id"
    read = {
        name: [names.get(row[name], names.get(folded(row[name]))) or None for row in rows] for name in several
    }
    often = {name: len(rows) - ids.count(None) for name, ids in read.items()}
    best, *others = sorted(several, key=lambda name: -often[name])
    unlike = [name for name in others if often[name] == often[best] and read[name] != read[best]]
    if unlike or not often[best]:
        which = "both have areas, but not the same" if unlike else "have none of the areas"
        raise InputError(
            f"{path}: its columns {series([best, *(unlike or others)])} {which}.",
            "Call the column of the areas area_id, and write area_id or the name as in the boundaries.",
        )
    return best


def _whole(text: str, path: str, line: int) -> int:
    found = tables.whole_of(text)
    if found is None:
        raise InputError(f"{path}, line {line}: homes is {text!r}.", "Write a whole number, such as 12.")
    return found


def action_days(text: str) -> tuple[str, str]:
    """Return the first and the last day of "2019-10-07:2019-10-20", or of one day alone.

    Raises
    ------
    InputError, UsageError
        If one is no date, or they are the wrong way round.
    """
    first, _, last = text.strip().partition(":")
    begin, end = (_date(day.strip(), "--action", 1) for day in (first, last or first))
    if end < begin:
        raise UsageError(f"The action {text} ends before it begins.", f"Write {last}:{first}.")
    return begin, end


def _require_forward(since: str, until: str, where: str) -> None:
    """Refuse a period that ends before it begins, as far as both are dates, months or years; any words will do."""
    begin, end = (_day(text) or text for text in (since, until))
    written = all(_ISO_PART.fullmatch(text) for text in (begin, end))
    shorter = min(len(begin), len(end))
    if written and end[:shorter] < begin[:shorter]:
        raise InputError(
            f"{where}: {since} to {until} ends before it begins.", "Exchange from and to, or correct them."
        )


def _day(text: str) -> str:
    """Return a date as YYYY-MM-DD, or "" if it is none."""
    iso, british, words = _ISO.fullmatch(text), _BRITISH.fullmatch(text), _IN_WORDS.fullmatch(text)
    if is_day_number(text):
        return day_of(text, "")
    parts: tuple[str | int, ...] = ()
    if iso:
        parts = iso.groups()
    elif british:
        parts = (_century(british[4]), british[3], british[1])
    elif words:
        # Spreadsheets write 04-Jun-18. There is no month 0.
        begins = words[2].capitalize()
        month = next((n for n, name in enumerate(months.NAMES, 1) if name.startswith(begins)), 0)
        parts = (_century(words[3]), month, words[1])
    if parts:
        with suppress(ValueError):
            day = date(*map(int, parts)).isoformat()
            if months.is_day(day):
                return day
    return ""


def _century(year: str) -> str:
    return year if len(year) == 4 else f"20{year}"


def _date(text: str, path: str, line: int) -> str:
    if day := _day(text):
        return day
    raise InputError(
        f"{path}, line {line}: {text!r} is not a date.", "Write dates as 2018-06-04 or 04/06/2018."
    )
