"""Read the dates of forces' systems and spreadsheets as days, such as 2018-10-03."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pandas as pd

from sacmap import months
from sacmap.files.sheets import text_of

#: A year outside this range is a typing error.
YEARS = (1990, 2100)
#: Day 0 of spreadsheets.
_FIRST = date(1899, 12, 30)
_ISO = re.compile(r"(?a:\d{4}-\d{2}-\d{2})")
_NUMBER = re.compile(r"(?a:\d{5})(?:\.\d+)?")


def day_of(cell: object, date_format: str) -> str:
    """Return the day of a date, such as 2018-10-03, or "" if it is not a date between `YEARS`.

    Spreadsheet dates, ISO dates and day numbers (43101 is 1 January 2018) need no format. A time after the date is
    ignored.

    Examples
    --------
    >>> [day_of(cell, "%d/%m/%Y") for cell in ("03/10/2018 14:22", "43101", "2018-10", "Feb-25")]
    ['2018-10-03', '2018-01-01', '2018-10', '']
    """
    if isinstance(cell, date):
        return _written(cell)
    text = text_of(cell)
    if date_format:
        for part in (text, text.split(" ")[0]):
            read = pd.to_datetime(part, format=date_format, errors="coerce")
            if not pd.isna(read):
                return _written(read)
    if months.is_month(text):
        return text if YEARS[0] <= int(text[:4]) <= YEARS[1] else ""
    if is_day_number(cell):
        return _written(_FIRST + timedelta(days=int(float(text))))
    if not _ISO.match(text):
        return ""
    read = pd.to_datetime(text, format="ISO8601", errors="coerce")
    return "" if pd.isna(read) else _written(read)


def is_day_number(cell: object) -> bool:
    """Whether a cell is a spreadsheet's day number of a date between `YEARS`."""
    text = "" if isinstance(cell, bool | date) else text_of(cell)
    if not _NUMBER.fullmatch(text):
        return False
    return YEARS[0] <= (_FIRST + timedelta(days=int(float(text)))).year < YEARS[1]


def _written(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}" if YEARS[0] <= day.year <= YEARS[1] else ""
