"""The main job on tables: from crimes and areas to a result that can be published. Touches neither disk nor web."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.areas.locate import locate, require_overlap
from sacmap.choose.priority import Entry, both_lists
from sacmap.errors import InputError
from sacmap.fetch.street import KNOWN_TYPES, Reading
from sacmap.forces import force_slug
from sacmap.measure import comparator as comparators
from sacmap.measure import notices
from sacmap.measure.change import change_table
from sacmap.measure.comparator import Comparator, percent_change
from sacmap.measure.counts import by_month, by_period, counts_cube, monthly_counts, repeats, shares
from sacmap.measure.coverage import coverage, gaps, like_for_like, study_forces
from sacmap.measure.definitions import Break, crossed, of_extract
from sacmap.measure.ledger import Ledger, ledger
from sacmap.measure.notices import Notice
from sacmap.study import Study


@dataclass(frozen=True)
class Result:
    """All that one comparison gives: what `publish` writes.

    located is the Located table less repeats and less crime_id. hardening and week are the first ten of both lists.
    monthly is the Counts table over every month read. compared are the places in a period (0 first) at which like is
    compared with like; exit_code is 3 where months had to be left out. totals and comparator_changes are by crime
    type, as in the JSON record.
    """

    study: Study
    areas: gpd.GeoDataFrame
    located: pd.DataFrame
    change: pd.DataFrame
    hardening: tuple[Entry, ...]
    week: tuple[Entry, ...]
    monthly: pd.DataFrame
    coverage: pd.DataFrame
    forces: tuple[str, ...]
    compared: tuple[int, ...]
    ledger: Ledger
    comparator: Comparator
    comparator_changes: dict[str, dict[str, Any]]
    totals: dict[str, dict[str, float | None]]
    definitions: tuple[Break, ...]
    warnings: tuple[Notice, ...]
    inputs: tuple[dict[str, object], ...]
    exit_code: int


def compare_areas(
    study: Study,
    reading: Reading,
    areas: gpd.GeoDataFrame,
    *,
    comparator_text: Callable[[str], str],
    overlaps: Sequence[tuple[str, str, float]] = (),
    also_told: Sequence[Notice] = (),
    joined: pd.DataFrame | None = None,
) -> Result:
    """Do the main job.

    Parameters
    ----------
    study
        What is compared.
    reading
        The SAC rows, and the tally of all rows.
    areas
        The Areas table.
    comparator_text
        Returns the text of a comparator file; called only where the study names one.
    overlaps
        Pairs of areas that overlap and by how many square metres, to be told.
    also_told
        What the reading of the inputs found that the reader must know, told last.
    joined
        The map points already joined to the areas, as `sacmap.areas.locate.join_points` gives them.

    Raises
    ------
    InputError
        If no month can be compared, no crime lies in any area, or the study's force reported none of the crimes.
    """
    located = locate(reading.crimes, areas, joined)
    require_overlap(reading.crimes, located, areas)
    judged = coverage(reading.judged, study.months)
    forces = _forces(study, located, reading.tally)
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

    area_ids = list(areas["area_id"])
    # What a crime is called has done its work once repeats are gone, and is most of the table's weight.
    repeated = repeats(located)
    once = located.drop(columns="crime_id")[~repeated]
    known = sorted({*study.months, *judged["month"]})
    monthly_gaps = set(gaps(judged, forces, known)["month"])
    cube = counts_cube(once, area_ids, known)
    in_areas = by_period(cube, known, study.periods, places)
    by_force = once[["month", "crime_type"]].assign(area_id=once["force"])

    def of_forces(where: np.ndarray | None = None) -> np.ndarray:
        whole = counts_cube(by_force, forces, known, where).sum(axis=0)
        return by_period(whole, known, study.periods, places)

    published = of_forces()
    against = _comparator(
        study,
        others=int(in_areas[:, :, 0].any(axis=1).sum()) > 1,
        outside=of_forces(once["area_id"].isna().to_numpy()),
        forces=forces,
        places=places,
        read_text=comparator_text,
    )
    pairs = {kind: against.pair(kind) for kind in tables.CRIME_TYPES}
    counts = by_month(cube, known, study.periods, places)
    near_edge = counts_cube(
        once, area_ids, [study.current[k] for k in places], once["near_edge"].to_numpy(bool)
    )
    change = change_table(
        areas,
        {kind: in_areas[:, :-1, i] for i, kind in enumerate(tables.CRIME_TYPES)},
        {kind: in_areas[:, -1, i] for i, kind in enumerate(tables.CRIME_TYPES)},
        months_compared=len(places),
        comparators=pairs,
        edge_share=shares(near_edge.sum(axis=1), counts[:, -1].sum(axis=1)),
    )
    lists = both_lists(study, areas, once, change, counts, places=places, comparators=pairs)
    compared_months = {period[k] for period in study.periods for k in places}
    mapped = in_areas.sum(axis=0)
    definitions = crossed(study.baseline, study.current, forces)
    if study.extract is not None:
        definitions = of_extract(definitions)
    made = ledger(int(reading.tally["n"].sum()), located, compared_months, repeated)
    exit_code = 3 if len(places) < len(study.current) else 0
    told = notices.all_of(
        study,
        once,
        areas,
        forces=forces,
        comparator=against,
        mapped=in_areas,
        places=places,
        left_out=left_out,
        definitions=definitions,
        overlaps=overlaps,
        duplicates=made.duplicates,
        strange_types=sorted(set(reading.tally["crime_type"]) - KNOWN_TYPES),
        given_twice=reading.notes,
    )
    return Result(
        study=study,
        areas=areas,
        located=once,
        change=lists.change,
        hardening=lists.hardening,
        week=lists.week,
        monthly=monthly_counts(cube, area_ids, known, monthly_gaps),
        coverage=judged,
        forces=forces,
        compared=places,
        ledger=made,
        comparator=against,
        comparator_changes=_comparator_changes(study, against, mapped),
        totals=_totals(mapped, published),
        definitions=definitions,
        warnings=(*told, *also_told),
        inputs=reading.inputs,
        exit_code=exit_code,
    )


def _forces(study: Study, located: pd.DataFrame, tally: pd.DataFrame) -> tuple[str, ...]:
    if study.force is None:
        return study_forces(located, study)
    there = sorted(tally["force"].astype(str).unique())
    named = tuple(name for name in there if study.force in {name, force_slug(name)})
    if not named:
        listed = ", ".join(force_slug(name) for name in there[:6])
        raise InputError(f"No crime given was reported by {study.force}.", f"The crimes are of {listed}.")
    return named


def _none_in_the_months(study: Study, tally: pd.DataFrame) -> str:
    asked = f"{study.baseline[0][0]} to {study.current[-1]}"
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
    first, last = study.baseline[0][0], study.current[-1]
    return f"No month from {first} to {last} is complete in every period, so nothing is compared: {shown}."


def _comparator(
    study: Study,
    *,
    others: bool,
    outside: np.ndarray,
    forces: tuple[str, ...],
    places: tuple[int, ...],
    read_text: Callable[[str], str],
) -> Comparator:
    if study.comparator == "areas":
        words = "the rest of the areas" if others else comparators.NOTHING
        return Comparator("areas", words, {})
    if study.comparator == "none":
        return Comparator("none", comparators.NOTHING, {})
    if study.comparator == "force":
        return comparators.force_comparator(outside, forces)
    return comparators.file_comparator(read_text(study.comparator), study.comparator, study.periods, places)


def _comparator_changes(study: Study, against: Comparator, mapped: np.ndarray) -> dict[str, dict[str, Any]]:
    """Return the comparator's own change by crime type; of `areas`, that of all areas together."""
    sums = against.sums or comparators.by_type(mapped)
    found: dict[str, dict[str, Any]] = {}
    for kind, values in sums.items():
        baseline, current = float(values[:-1].mean()), float(values[-1])
        found[kind] = {
            "name": study.comparator,
            "baseline": None if against.kind == "none" else baseline,
            "current": None if against.kind == "none" else current,
            "change_pct": None if against.kind == "none" else percent_change(baseline, current),
        }
    return found


def _totals(mapped: np.ndarray, published: np.ndarray) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for i, kind in enumerate(tables.CRIME_TYPES):
        baseline, current = float(mapped[:-1, i].mean()), float(mapped[-1, i])
        found[kind] = {
            "baseline_mean": baseline,
            "current_count": current,
            "change_pct": percent_change(baseline, current),
            "published_change_pct": percent_change(float(published[:-1, i].mean()), float(published[-1, i])),
        }
    return found
