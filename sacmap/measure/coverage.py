"""Which months of which forces are complete, judged from the counts alone, never from a list of known gaps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import median

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.study import Study

#: A month is compared with the median of up to this many nearest months.
NEIGHBOURS = 12
#: A month with less than this share of the median is thin.
THIN = 0.5
#: A month without any row of a crime type is thin if the force usually has so many of it in a month or more. (Seen: the
#: City of London had no robbery in one month, where 9 were usual.)
USUAL = 25
#: So many months in a row without a crime may lie between two downloads: the force need not have been silent.
HOLE = 3


def coverage(tally: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """Judge each month of each force: complete, thin or missing.

    `tally` has force, month, crime_type and n of all crimes read, of every type. Besides the months `wanted`, all
    between the first and the last known are judged.

    Returns
    -------
    The Coverage table, sorted by force and month. Missing: no crimes, although the force has some in other months.
    Thin: less than half the median of up to 12 nearest months of the force that are not missing; or no row of a type of
    SAC, of which 25 or more are usual.
    """
    known = sorted({*wanted, *tally["month"].unique()})
    if not known:
        return pd.DataFrame(columns=tables.COVERAGE.names)
    every = [months.label(n) for n in range(months.number(known[0]), months.number(known[-1]) + 1)]
    force_of, forces = pd.factorize(tally["force"].astype(str), sort=True)
    kind_of = pd.Index(tables.SAC_TYPES).get_indexer(pd.Index(tally["crime_type"].astype(str)))
    month_of = pd.Index(every).get_indexer(pd.Index(tally["month"].astype(str)))
    # The last type, which −1 stands for, is all that is not SAC.
    crimes = np.zeros((len(forces), len(every), len(tables.SAC_TYPES) + 1))
    np.add.at(crimes, (force_of, month_of, kind_of), tally["n"].to_numpy(float))
    rows = [
        row
        for force, of_force in zip(forces, crimes, strict=True)
        for row in _one_force(str(force), every, of_force.sum(axis=1), _types_lacking(of_force[:, :-1]))
    ]
    return pd.DataFrame(rows, columns=tables.COVERAGE.names)


def _usual(crimes: np.ndarray, there: np.ndarray, i: int) -> float:
    """Return the median of the months `there` nearest to month `i`, without itself; NaN if there are none."""
    nearest = _nearest(there[there != i], i)
    return float(median(crimes[nearest].tolist())) if len(nearest) else np.nan


def _nearest(there: np.ndarray, at: int) -> np.ndarray:
    """Return the months by which another is judged, all by their numbers; of two as near, the earlier comes first."""
    return np.asarray(there[np.argsort(np.abs(there - at), kind="stable")[:NEIGHBOURS]])


def _types_lacking(crimes: np.ndarray) -> dict[int, str]:
    """Return the months without any row of a usual type of SAC, and what is said of each.

    `crimes` is (months × SAC types) of one force.
    """
    there = np.flatnonzero(crimes.sum(axis=1) > 0)
    found: dict[int, str] = {}
    for kind, of_kind in zip(tables.SAC_TYPES, crimes.T, strict=True):
        for i in there[of_kind[there] == 0].tolist():
            usual = _usual(of_kind, there, i)
            if usual >= USUAL:
                found.setdefault(
                    i, f"published no {tables.IN_WORDS[kind]}, where about {usual:,.0f} are usual"
                )
    return found


def _one_force(
    force: str, every: Sequence[str], crimes: np.ndarray, lacking: Mapping[int, str]
) -> list[tuple[str, str, str, int, float, str]]:
    """Return the rows of Coverage of one force, a month each."""
    there = np.flatnonzero(crimes > 0)
    rows = []
    for i, month in enumerate(every):
        expected = _usual(crimes, there, i)
        n = int(crimes[i])
        status, reason = "complete", ""
        if n == 0 and len(there):
            status, reason = "missing", _why_missing(force, i, there, every)
        elif n < THIN * expected:
            status = "thin"
            only = tables.crimes(n, "sac")
            reason = f"published only {only}, where about {expected:,.0f} are usual"
        elif i in lacking:
            status, reason = "thin", lacking[i]
        rows.append((force, month, status, n, expected, reason))
    return rows


def _why_missing(force: str, i: int, there: np.ndarray, every: Sequence[str]) -> str:
    """Return why a force has no crime in month `i`; `there` are the positions of its months with crimes."""
    if i > there[-1]:
        return f"the files of {force} end at {months.in_words(every[there[-1]])}"
    if i < there[0]:
        return f"the files of {force} begin at {months.in_words(every[there[0]])}"
    first, last = int(there[there < i][-1]) + 1, int(there[there > i][0]) - 1
    if last - first + 1 >= HOLE:
        span = (every[first], every[last])
        return f"the files of {force} hold nothing from {months.span_in_words(span)}"
    return f"{force} published nothing for {months.in_words(every[i])}"


def months_needed(study: Study, there: Collection[str]) -> frozenset[str]:
    """Return which of the months `there` must be read to compare a study.

    These are the months it names, those in between, those by which they are judged, and the nearest on either side,
    which distinguish a gap from the end of the files. All months are needed if the periods are not known yet, or if no
    month of the current period is there.
    """
    if study.rolling is not None or not set(study.current) & set(there):
        return frozenset(there)
    held = np.array(sorted(map(months.number, there)))
    named = list(map(months.number, study.months))
    sides = {*held[held < named[0]][-1:], *held[held > named[-1]][:1]}
    judged_by = {n for at in named for n in _nearest(held[held != at], at)}
    between = set(held[(held >= named[0]) & (held <= named[-1])])
    return frozenset(months.label(int(n)) for n in between | judged_by | sides)


def gaps(judged: pd.DataFrame, forces: Collection[str], wanted: Collection[str]) -> pd.DataFrame:
    """Return the rows of Coverage with a thin or missing month among the wanted months and forces."""
    mine = judged["force"].isin(list(forces)) & judged["month"].isin(list(wanted))
    return judged[mine & (judged["status"] != "complete")]


def complete_months(judged: pd.DataFrame, forces: Collection[str]) -> list[str]:
    """Return the months of a Coverage table that are complete for each of these forces, sorted."""
    mine = judged[judged["force"].isin(forces)]
    whole = (mine["status"] == "complete").groupby(mine["month"]).all()
    return sorted(str(month) for month in whole.index[whole])


def reasons_of(rows: pd.DataFrame) -> list[str]:
    """Return why months are missing or thin, one sentence part for each run of months with the same cause.

    "South Yorkshire Police published nothing for July 2019"; "the files of Kent Police end at May 2021"; "June 2021:
    Kent Police published only 3 crimes, where about 900 are usual".
    """
    said = [
        f"{months.in_words(str(row.month))}: {row.force} {row.reason}"
        if row.status == "thin"
        else str(row.reason)
        for row in rows.itertuples()
    ]
    return list(dict.fromkeys(said))
