"""Read a partnership's own lists: homes already protected, areas visited before, and the action log."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sacmap import months
from sacmap.errors import InputError
from sacmap.files.text import rows_of

_ISO = re.compile(r"(?a:(\d{4})-(\d{2})-(\d{2}))")
_BRITISH = re.compile(r"(?a:(\d{1,2})/(\d{1,2})/(\d{4}))")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Visit:
    """An earlier action; from and to are text as written."""

    area_id: str
    since: str
    until: str
    action: str


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


def read_protected(text: str, path: str, area_ids: Collection[str] | None = None) -> dict[str, int]:
    """Return homes already protected by area, from a CSV of area_id, homes. Rows of the same area are added.

    Raises
    ------
    InputError
        If a column is missing, an area is not among `area_ids`, or homes is not a whole number.
    """
    found: dict[str, int] = {}
    for line, row in _rows(text, path, ("area_id", "homes"), area_ids):
        found[row["area_id"]] = found.get(row["area_id"], 0) + _whole(row["homes"], path, line)
    return found


def read_visited(text: str, path: str, area_ids: Collection[str] | None = None) -> list[Visit]:
    """Return the areas visited before, from a CSV of area_id, from, to, action.

    Raises
    ------
    InputError
        If a column is missing or an area is not among `area_ids`.
    """
    rows = _rows(text, path, ("area_id", "from", "to", "action"), area_ids)
    return [Visit(row["area_id"], row["from"], row["to"], row["action"]) for _, row in rows]


def read_actions(text: str, path: str, area_ids: Collection[str] | None = None) -> list[Action]:
    """Return the action log, from a CSV of date, area_id, action, homes. Dates are 2018-06-04 or 04/06/2018.

    Raises
    ------
    InputError
        If a column is missing, an area is not among `area_ids`, a date is invalid, or homes is not a whole number.
    """
    rows = _rows(text, path, ("date", "area_id", "action", "homes"), area_ids)
    found = [
        Action(
            _date(row["date"], path, line),
            row["area_id"],
            row["action"],
            _whole(row["homes"], path, line) if row["homes"] else None,
        )
        for line, row in rows
    ]
    return sorted(found, key=lambda action: (action.date, action.area_id))


def _rows(
    text: str, path: str, columns: Sequence[str], area_ids: Collection[str] | None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and cells of each row that is not blank. Without `area_ids` any area is accepted."""
    known = None if area_ids is None else set(area_ids)
    for line, row in rows_of(text, path, columns):
        if not any(row.values()):
            continue
        if known is not None and row["area_id"] not in known:
            raise InputError(
                f"{path}, line {line}: {row['area_id']!r} is not one of the areas.",
                "Write area_id as in the boundaries.",
            )
        yield line, row


def _whole(text: str, path: str, line: int) -> int:
    if not re.fullmatch(r"(?a:\d{1,9})", text):
        raise InputError(f"{path}, line {line}: homes is {text!r}.", "Write a whole number, such as 12.")
    return int(text)


def _date(text: str, path: str, line: int) -> str:
    iso, british = _ISO.fullmatch(text), _BRITISH.fullmatch(text)
    parts = iso.groups() if iso else british.groups()[::-1] if british else None
    if parts is not None:
        year, month, day = (int(part) for part in parts)
        if months.is_month(f"{year:04d}-{month:02d}") and 1 <= day <= _DAYS[month - 1]:
            return f"{year:04d}-{month:02d}-{day:02d}"
    raise InputError(
        f"{path}, line {line}: {text!r} is not a date.", "Write dates as 2018-06-04 or 04/06/2018."
    )
