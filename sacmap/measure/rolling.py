"""Rolling periods: the newest complete month, and the number of periods before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from sacmap import months, tables
from sacmap.crimes import Reading
from sacmap.errors import InputError
from sacmap.measure.compared import main_forces
from sacmap.measure.coverage import complete_months, coverage, gaps, reasons_of
from sacmap.measure.misplaced import by_place, judged_by_place
from sacmap.notices import Notice, counted, listed
from sacmap.study import Study, rolled_to


def rolled(study: Study, reading: Reading, located: pd.DataFrame) -> tuple[Study, tuple[Notice, ...]]:
    """Return a study with its rolling periods, or only its baseline before:3, set from the crimes, and notices.

    The current period ends in the newest month that is complete for the main forces. Periods before the data begin are
    left out.

    Raises
    ------
    InputError
        If no month of these forces is complete, or the study's force reported none of the crimes.
    """
    known = sorted(reading.tally["month"].astype(str).unique())
    if study.before and study.current and known:
        there = tuple(period for period in study.baseline if period[0] >= known[0])
        return replace(study, baseline=there), tuple(
            _short_baseline(len(study.baseline), len(there), known[0])
        )
    if study.rolling is None or study.current:
        return study, ()
    # The months of the study are not known yet: the crimes of all of them tell whose these are.
    inside = located["area_id"].notna() & located["crime_type"].isin(tables.SAC_TYPES)
    forces = main_forces(study, reading, located[inside]) if known else ()
    every = sorted({*known, *reading.fetched})
    judged = judged_by_place(coverage(reading.judged, every), by_place(located))
    complete = complete_months(judged, forces)
    if not complete and reading.fetched and not reading.whole:
        raise InputError(
            f"data.police.uk has no crimes of {study.force} for {months.span_in_words(reading.fetched)}.",
            "Some forces publish late or not at all. Give earlier periods with --current, or the force's own extract.",
        )
    if not complete:
        raise InputError(
            "No month in the crimes is complete, so there is no newest period.",
            "Give more months of the force, or the periods themselves with --current.",
        )
    found = rolled_to(study, complete[-1], known[0])
    later = [month for month in every if month > complete[-1]]
    # A month that is published without any crime of these forces is none of the crimes.
    last = "The crimes end in" if every[-1] == known[-1] else "data.police.uk has published"
    return found, (
        *_newest_months(last, every[-1], complete[-1], reasons_of(gaps(judged, forces, later))),
        *_short_baseline(study.rolling[1], len(found.baseline), known[0]),
    )


def _newest_months(words: str, last: str, newest: str, why: Sequence[str]) -> Iterator[Notice]:
    if last != newest:
        yield Notice(
            "newest-months",
            f"{words} {months.in_words(last)}, but {months.in_words(newest)} is the newest "
            f"complete month, so the current period ends there{f': {listed(why, 3)}' if why else ''}.",
        )


def _short_baseline(asked: int, there: int, first: str) -> Iterator[Notice]:
    if there < asked:
        wanted = counted(asked, ("period", "periods"))
        some = f"only {there} of them {'is' if there == 1 else 'are'}" if there else "none is"
        yield Notice(
            "short-baseline",
            f"The baseline should have {wanted}, but {some} in the crimes, which begin in "
            f"{months.in_words(first)}.",
        )
