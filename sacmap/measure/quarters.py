"""Periods in whole quarters: recorded crime is published by quarter, not by month."""

from __future__ import annotations

from sacmap import months
from sacmap.errors import InputError, UsageError
from sacmap.months import Period
from sacmap.offences import Recorded
from sacmap.study import Study, rolled_to


def require_quarters(study: Study) -> None:
    """Refuse periods that are not whole quarters, because recorded crime has no months.

    Raises
    ------
    UsageError
        If a period does not start in January, April, July or October, or is not 3, 6, 9 … months long. The message
        gives spans that would do.
    """
    first, beyond = months.number(study.current[0]), months.number(study.current[-1]) + 1
    if first % 3 == 0 and beyond % 3 == 0:
        return
    start, stop = -(-first // 3) * 3, beyond // 3 * 3
    if start >= stop:
        start, stop = first // 3 * 3, -(-beyond // 3) * 3

    def fitted(period: Period) -> str:
        by = months.number(period[0]) - first
        return f"{months.label(start + by)}:{months.label(stop - 1 + by)}"

    spans = [f"--current {fitted(study.current)}", *(f"--baseline {fitted(one)}" for one in study.baseline)]
    raise UsageError(
        f"{study.current[0]}:{study.current[-1]} is not whole quarters, and recorded crime is published by quarter.",
        f"Use {' '.join(spans)}.",
    )


def official_periods(study: Study, recorded: Recorded) -> Study:
    """Return a study of rolling periods, moved to the newest whole quarters that both table and crimes cover.

    Other studies are returned unchanged.

    Raises
    ------
    UsageError
        If its periods are not whole quarters long.
    """
    if study.rolling is None:
        return study
    length = study.rolling[0]
    if length % 3:
        raise UsageError(
            f"latest:{length} is not whole quarters, and recorded crime is published by quarter.",
            "Use latest:12, or another number that three divides.",
        )
    ends = sorted(months.shift(quarter, 2) for quarter in recorded.codes)
    reached = [end for end in ends if not study.current or end <= study.current[-1]]
    return rolled_to(study, (reached or ends)[-1])


def quarters_of(period: Period) -> tuple[str, ...]:
    """Return the first month of each quarter of a period of whole quarters."""
    return period[::3]


def require_reach(study: Study, recorded: Recorded) -> None:
    """Refuse periods that the Home Office's table does not cover.

    Raises
    ------
    InputError
        If it has no figures for a quarter of one.
    """
    there = sorted(recorded.codes)
    absent = [q for period in study.periods for q in quarters_of(period) if q not in recorded.codes]
    if absent:
        raise InputError(
            f"The Home Office's table has no figures for {recorded.area} in the quarter from "
            f"{months.in_words(absent[0])}.",
            f"It covers {months.in_words(there[0])} to {months.in_words(months.shift(there[-1], 2))}: choose "
            "periods within that, or a newer table.",
        )
