"""Which force-months can be trusted: judged from the counts themselves, never from a list of known gaps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.crimes import Reading
from sacmap.errors import InputError
from sacmap.forces import force_slug
from sacmap.study import Period, Study

#: A month is judged against the median of up to this many months nearest in time.
NEIGHBOURS = 12
#: Below this share of that median a month is thin.
THIN = 0.5
#: A force that reports at least this share of the areas' SAC is one of the study's, where none is named.
MATERIAL_SHARE = 0.05


def coverage(tally: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """Judge each force-month: complete, thin or missing.

    Parameters
    ----------
    tally
        force, month, crime_type, n: all crimes read, of every type.
    wanted
        The months the study needs; months between the first and the last known of all are judged too.

    Returns
    -------
    The Coverage table, sorted by force and month. Missing: none while other months of that force have some.
    Thin: below half the median of the up to 12 nearest months of that force that are not missing.
    """
    known = sorted({*wanted, *tally["month"].unique()})
    if not known:
        return pd.DataFrame(columns=tables.COVERAGE.names)
    every = [months.label(n) for n in range(months.number(known[0]), months.number(known[-1]) + 1)]
    grid = tally.pivot_table(index="force", columns="month", values="n", aggfunc="sum", observed=True)
    grid = grid.reindex(columns=every).fillna(0)
    parts = [_one_force(str(force), every, row.to_numpy(float)) for force, row in grid.iterrows()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=tables.COVERAGE.names)


def _one_force(force: str, every: list[str], crimes: np.ndarray) -> pd.DataFrame:
    there = np.flatnonzero(crimes > 0)
    rows = []
    for i, month in enumerate(every):
        others = there[there != i]
        nearest = others[np.argsort(np.abs(others - i), kind="stable")[:NEIGHBOURS]]
        expected = median(crimes[nearest].tolist()) if len(nearest) else np.nan
        n = int(crimes[i])
        status, reason = "complete", ""
        if n == 0 and len(there):
            status, reason = "missing", "published nothing"
        elif n < THIN * expected:
            status = "thin"
            reason = f"published only {n:,} crimes, where about {expected:,.0f} are usual"
        rows.append((force, month, status, n, expected, reason))
    return pd.DataFrame(rows, columns=tables.COVERAGE.names)


def study_forces(located: pd.DataFrame, study: Study) -> tuple[str, ...]:
    """Return the forces whose months decide what is compared, largest first: those reporting much of the SAC.

    A force reports much where at least 5% of the SAC in the areas is its own, so that a few rows of British
    Transport Police or of a neighbouring force cannot leave a month out.
    """
    inside = located["area_id"].notna() & located["crime_type"].isin(tables.SAC_TYPES)
    inside &= located["month"].isin(study.months)
    shares = located.loc[inside, "force"].value_counts(normalize=True)
    return tuple(str(force) for force in shares.index[shares >= MATERIAL_SHARE])


def gaps(judged: pd.DataFrame, forces: Collection[str], wanted: Collection[str]) -> pd.DataFrame:
    """Return the rows of Coverage that leave a wanted month out: thin or missing, of the study's forces."""
    mine = judged["force"].isin(list(forces)) & judged["month"].isin(list(wanted))
    return judged[mine & (judged["status"] != "complete")]


def like_for_like(periods: tuple[Period, ...], left_out: Collection[str]) -> tuple[int, ...]:
    """Return the places in a period (0 first) at which no period has a month left out."""
    bad = set(left_out)
    return tuple(k for k in range(len(periods[0])) if not any(period[k] in bad for period in periods))


@dataclass(frozen=True)
class Compared:
    """Which months are compared, and why.

    judged: the Coverage table; forces: the study's, largest first; left_out: the rows of Coverage that leave a month
    out; places: the places in a period (0 first) at which like is compared with like.
    """

    judged: pd.DataFrame
    forces: tuple[str, ...]
    left_out: pd.DataFrame
    places: tuple[int, ...]


def compared_months(study: Study, reading: Reading, located: pd.DataFrame) -> Compared:
    """Return which months of the study are compared: those complete in every period for every force of the study.

    Raises
    ------
    InputError
        If the study's force reported none of the crimes, none lies in the areas in those months, or no month is
        complete in every period.
    """
    judged = coverage(reading.judged, study.months)
    forces = study_forces(located, study) if study.force is None else _named(study.force, reading.tally)
    if not forces:
        raise InputError(
            _none_in_the_months(study, reading.tally), "Give crimes for both periods, or other periods."
        )
    left_out = gaps(judged, forces, study.months)
    places = like_for_like(study.periods, set(left_out["month"]))
    if not places:
        raise InputError(
            _nothing_to_compare(study, left_out), "Give crimes for both periods, or other periods."
        )
    return Compared(judged, forces, left_out, places)


def _named(force: str, tally: pd.DataFrame) -> tuple[str, ...]:
    there = sorted(tally["force"].astype(str).unique())
    named = tuple(name for name in there if force in {name, force_slug(name)})
    if not named:
        listed = ", ".join(force_slug(name) for name in there[:6])
        raise InputError(f"No crime given was reported by {force}.", f"The crimes are of {listed}.")
    return named


def _none_in_the_months(study: Study, tally: pd.DataFrame) -> str:
    asked = f"{study.months[0]} to {study.current[-1]}"
    sac = tally[tally["crime_type"].isin(tables.SAC_TYPES)]
    if sac.empty:
        return f"The crimes given hold no burglary, robbery or vehicle crime, so nothing is compared from {asked}."
    there = f"{sac['month'].min()} to {sac['month'].max()}"
    return f"No crime in the areas is of the months compared, {asked}: those given are of {there}."


def _nothing_to_compare(study: Study, left_out: pd.DataFrame) -> str:
    examples = [
        f"{months.in_words(str(m))} ({r})" for m, r in zip(left_out["month"], left_out["reason"], strict=True)
    ]
    shown = "; ".join(examples[:3]) + (f"; and {len(examples) - 3} more" if len(examples) > 3 else "")
    first, last = study.months[0], study.current[-1]
    return f"No month from {first} to {last} is complete in every period, so nothing is compared: {shown}."
