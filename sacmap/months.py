"""Months as labels such as "2018-03", never dates.

Labels sort as text and have no day or time zone to go wrong. A period is a tuple of consecutive labels.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence

from sacmap.errors import UsageError
from sacmap.notices import series

#: Other years are typing errors, and would make every table thousands of months long.
_LABEL = re.compile(r"(?a:((?:19|20)\d\d)-(0[1-9]|1[0-2]))")
_DATE = re.compile(r"(?a:((?:19|20)\d\d-(?:0[1-9]|1[0-2]))-[0-3]\d)(?:[T ].*)?")

#: Consecutive months.
Period = tuple[str, ...]

A_YEAR = 12
#: What word processors write for a hyphen.
_DASHES = str.maketrans("‐‑–−", "----")
NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December",
)  # fmt: skip


def is_month(text: str) -> bool:
    """Whether `text` is a month label, YYYY-MM, of 1900 to 2099."""
    return _LABEL.fullmatch(text) is not None


def month_of(text: str) -> str:
    """Return the month of a text such as 2018-10 or 2018-10-01, or ""."""
    text = text.strip()
    if is_month(text):
        return text
    dated = _DATE.fullmatch(text)
    return dated[1] if dated else ""


def is_day(text: str) -> bool:
    """Whether `text` is a day as a record has it, YYYY-MM-DD."""
    return is_month(text[:7]) and re.fullmatch(r"(?a:-(0[1-9]|[12]\d|3[01]))", text[7:]) is not None


def number(month: str) -> int:
    """Months since year 0, so that differences are plain subtraction.

    Raises
    ------
    UsageError
        If `month` is not YYYY-MM of 1900 to 2099.
    """
    found = _LABEL.fullmatch(month)
    if found is None:
        if re.fullmatch(r"(?a:(19|20)\d\d)", month):
            raise UsageError(
                f"{month!r} is a year, not a month.", f"Write the whole year as {month}-01:{month}-12."
            )
        raise UsageError(
            f"{month!r} is not a month.", "Write months as YYYY-MM, and spans as 2017-04:2018-03."
        )
    return int(found[1]) * 12 + int(found[2]) - 1


def days_in(month: str) -> int:
    """Return how many days a month has."""
    return monthrange(int(month[:4]), int(month[5:]))[1]


def label(month_number: int) -> str:
    """Return the label of a month number: the inverse of `number`."""
    return f"{month_number // 12:04d}-{month_number % 12 + 1:02d}"


def shift(month: str, by: int) -> str:
    """Return the month `by` months later, or earlier if negative."""
    return label(number(month) + by)


def span(text: str) -> Period:
    """Return the months of "2017-04:2018-03", both ends included. A single month gives a span of one.

    Raises
    ------
    UsageError
        If an end is not a month or the span runs backwards.
    """
    first, _, last = text.strip().partition(":")
    start, end = number(first), number(last or first)
    if end < start:
        raise UsageError(f"The span {text} runs backwards.", f"Write {last}:{first}.")
    return run_from(first, end - start + 1)


def spans(values: str | Sequence[str]) -> tuple[Period, ...]:
    """Return the periods in "2014-04:2015-03, 2016-04:2017-03", or in a list of such texts.

    >>> spans("2017-12 : 2018-01")
    (('2017-12', '2018-01'),)

    Raises
    ------
    UsageError
        As `span`.
    """
    texts = [text.translate(_DASHES) for text in ([values] if isinstance(values, str) else values)]
    parts = [part for text in texts for part in re.split(r"[,\s]+", re.sub(r"\s*:\s*", ":", text))]
    return tuple(span(part) for part in parts if part)


def run_from(first: str, many: int) -> Period:
    """Return so many months in a row, beginning with `first`."""
    return tuple(label(number(first) + n) for n in range(many))


def written(period: Period) -> str:
    """Return a period as options write it: the inverse of `span`."""
    return period[0] if len(period) == 1 else f"{period[0]}:{period[-1]}"


def periods_before(current: Period, n: int) -> tuple[Period, ...]:
    """Return the n periods of the same calendar months before the current one, in order."""
    step = _years(len(current))
    return tuple(tuple(shift(month, -step * k) for month in current) for k in range(n, 0, -1))


def _years(length: int) -> int:
    """Return the months of the whole years that so many months take."""
    return A_YEAR * -(-length // A_YEAR)


def at_positions(periods: Iterable[Period], positions: Sequence[int]) -> tuple[Period, ...]:
    """Return of each period the months at some positions, 0 first."""
    return tuple(tuple(period[k] for k in positions) for period in periods)


def baseline_periods(current: Period, given: Iterable[Period]) -> tuple[Period, ...]:
    """Cut the spans given for a baseline into whole periods of the same calendar months as `current`.

    A span must start and end on the same calendar months as the current period. For a current 2017-04:2018-03, the span
    2014-04:2017-03 is three years. For a current 2018-07, the span 2016-07:2017-07 is two Julys.

    Raises
    ------
    UsageError
        If a span has other months, overlaps the current period or another span, or is later than the current period.
        The message suggests a span.
    """
    length, start = len(current), number(current[0])
    step = _years(length)
    suggestion = written(periods_before(current, 1)[0])
    remedy = f"Use --baseline {suggestion}, or a longer run of such periods before it."
    found: list[Period] = []
    for run in given:
        first, beyond = number(run[0]), number(run[-1]) + 1
        whole, rest = divmod(beyond - first - length, step)
        if (start - first) % A_YEAR or rest or whole < 0:
            raise UsageError(
                f"The baseline {written(run)} is not made of whole periods of the same months as {written(current)}.",
                remedy,
            )
        if beyond > start:
            raise UsageError(
                f"The baseline {written(run)} overlaps or follows the current period {written(current)}.",
                remedy,
            )
        found += [tuple(label(first + step * k + m) for m in range(length)) for k in range(whole + 1)]
    found.sort()
    if not found:
        raise UsageError("No baseline was given.", remedy)
    every = [month for period in found for month in period]
    if len(set(every)) < len(every):
        raise UsageError("The spans of the baseline overlap one another.", "Give each month once.")
    return tuple(found)


def in_words(month: str) -> str:
    """Return "March 2018" for "2018-03"."""
    n = number(month)
    return f"{NAMES[n % 12]} {n // 12}"


def day_in_words(date: str) -> str:
    """Return "4 June 2018" for "2018-06-04"."""
    return f"{int(date[8:])} {in_words(date[:7])}"


def days_in_words(first: str, last: str) -> str:
    """Return "4 June 2018 to 8 June 2018", or "4 June 2018" for a single day."""
    return " to ".join(day_in_words(date) for date in dict.fromkeys((first, last)))


def span_in_words(period: Period) -> str:
    """Return "April 2017 to March 2018", or "March 2018" for a period of one month."""
    if len(period) == 1:
        return in_words(period[0])
    return f"{in_words(period[0])} to {in_words(period[-1])}"


def short_span(period: Period) -> str:
    """Return "2019" for a calendar year, otherwise as `span_in_words`."""
    year = period[0][:4]
    return year if (period[0], period[-1]) == (f"{year}-01", f"{year}-12") else span_in_words(period)


def spans_in_words(periods: Sequence[Period]) -> str:
    """Return "April 2014 to March 2017" for consecutive periods, otherwise each one: "July 2016 and July 2017"."""
    joined = tuple(month for period in periods for month in period)
    if number(joined[-1]) - number(joined[0]) + 1 == len(joined):
        return span_in_words(joined)
    return series([span_in_words(period) for period in periods])


def baseline_in_words(periods: Sequence[Period]) -> str:
    """Return "April 2016 to March 2017", or "the mean of 3 such periods, April 2014 to March 2017"."""
    if len(periods) == 1:
        return span_in_words(periods[0])
    return f"the mean of {len(periods)} such periods, {spans_in_words(periods)}"


def held_in_words(held: Iterable[str]) -> str:
    """Return months in words: "January to May 2019", with a remark if there are gaps.

    >>> held_in_words(["2019-01", "2019-02", "2019-03"]), held_in_words(["2018-12", "2019-02"])
    ('January to March 2019', 'December 2018 to February 2019, with gaps')
    """
    numbers = sorted({number(month) for month in held})
    first, last = label(numbers[0]), label(numbers[-1])
    if first == last:
        return in_words(first)
    start = NAMES[numbers[0] % 12] if first[:4] == last[:4] else in_words(first)
    gaps = ", with gaps" if len(numbers) <= numbers[-1] - numbers[0] else ""
    return f"{start} to {in_words(last)}{gaps}"
