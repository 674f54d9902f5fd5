"""Count located crimes by area, month and type, and sum them over the months compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.crimes import Reading, tally_of, without_repeats
from sacmap.errors import InputError, UsageError, require_type
from sacmap.forces import NO_FORCE
from sacmap.measure.compared import (
    Compared,
    compared_by,
    counts_and_theirs,
    main_forces,
    mostly_left_out,
    sac_inside,
)
from sacmap.measure.coverage import gaps
from sacmap.measure.misplaced import by_place
from sacmap.months import Period
from sacmap.study import MADE, Study


def count(located: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Count located crimes by area, month of the study and crime type.

    >>> located = locate(read_crimes("crimes.zip"), read_areas("wards.geojson"))
    >>> count(located, study).head(2)
      area_id    month crime_type    n
    0      W0  2022-04        sac  6.0
    1      W0  2022-04   burglary  2.0

    Duplicates are counted once. Coverage is judged from the rows of every crime type, so include them all.

    Returns
    -------
    The Counts table for every area that `locate` was given. n is 0 only if the month is complete for the main forces
    of the study, otherwise it is missing. Any other force with a gap in the months compared is left out completely; n
    is missing in areas of which it reports much. n of a crime type without any row, and of `sac` then, is missing too.
    If the table was not made by `locate`, the areas are those with a crime.

    Raises
    ------
    InputError
        If the table lacks a column, a month is not text, or the study's force reported none of the crimes.
    UsageError
        If the study's periods are not known yet.
    """
    needed = ("month", "crime_type", "force", "area_id", "crime_id", "lon")
    tables.require_columns(located, needed, "Located")
    require_periods(study)
    _require_months(located["month"])
    if located["force"].isna().any():
        located = located.assign(force=located["force"].astype(object).fillna(NO_FORCE))
    reading = Reading(located, tally_of(located), (), ())
    inside = sac_inside(located, study)
    forces = main_forces(study, reading, inside)
    places = by_place(located[located["crime_type"].isin(tables.SAC_TYPES)])
    compared = compared_by(study, reading, places, heard=inside, forces=forces)
    silent = compared.forces_left_out
    area_ids = sorted(located["area_id"].astype("category").cat.categories)
    heard = without_repeats(located)
    cube = counts_cube(heard[~heard["force"].isin(list(silent))], area_ids, study.months)
    return monthly_counts(
        cube,
        area_ids,
        study.months,
        # Without a crime in the areas, nobody has published anything about them.
        set(compared.left_out["month"]) if forces else study.months,
        unknown=mostly_left_out(*counts_and_theirs(inside, silent, area_ids, compared.months)),
        absent_types=compared.absent_types,
    )


def require_periods(study: Study) -> None:
    """Refuse a study whose periods are not known until its crimes are read, which only `run` does.

    Raises
    ------
    UsageError
        If it is no study, or its current period is latest:12.
    """
    require_type(study, Study, MADE)
    if not study.current:
        raise UsageError(
            "The study's periods are not known yet: they are the newest of crimes that are not read.",
            'Give the months, such as current="2025-04:2026-03", or take the study of run(study): result.study.',
        )


def _require_months(column: pd.Series) -> None:
    """Refuse months of another type, such as pandas' periods: they would equal no month of the study."""
    for month in column.dropna().unique():
        if not (isinstance(month, str) and months.is_month(month)):
            raise InputError(
                f"The Located table has {str(month)!r} in month, of the type {type(month).__name__}.",
                'Write months as text, YYYY-MM: table["month"].dt.strftime("%Y-%m").',
            )


def monthly_counts(
    cube: np.ndarray,
    area_ids: Sequence[str],
    wanted: Sequence[str],
    left_out: Collection[str],
    *,
    unknown: Collection[str] = (),
    absent_types: Collection[str] = (),
) -> pd.DataFrame:
    """Return a cube (area_ids × wanted months × SAC types) as the Counts table.

    n is missing in the months left out, in unknown areas, and of the types that are not known.
    """
    types = list(tables.CRIME_TYPES)
    values = np.concatenate([cube.sum(axis=2, keepdims=True), cube], axis=2).astype(float)
    values[:, [month in set(left_out) for month in wanted], :] = np.nan
    values[[area in unknown for area in area_ids]] = np.nan
    values[:, :, [kind in absent_types for kind in types]] = np.nan
    index = pd.MultiIndex.from_product([area_ids, wanted, types], names=tables.COUNTS.key)
    return pd.DataFrame({"n": pd.array(values.ravel(), dtype="Float64")}, index=index).reset_index()


def counts_cube(
    located: pd.DataFrame, area_ids: Sequence[str], wanted: Sequence[str], where: np.ndarray | None = None
) -> np.ndarray:
    """Count the rows of SAC in the areas: (areas × months × SAC types).

    `where` is a boolean array over the rows that selects those to count.
    """
    shape = (len(area_ids), len(wanted), len(tables.SAC_TYPES))
    none = int(np.prod(shape))
    cell = _steps(located["area_id"], area_ids, shape[1] * shape[2], none=none, where=where)
    cell += _steps(located["month"], wanted, shape[2], none=none, where=where)
    cell += _steps(located["crime_type"], tables.SAC_TYPES, 1, none=none, where=where)
    # A row without an area, month or type of these is put in one extra cell at the end.
    np.minimum(cell, none, out=cell)
    return np.bincount(cell, minlength=none + 1)[:none].reshape(shape)


def _steps(
    column: pd.Series, labels: Sequence[str], step: int, *, none: int, where: np.ndarray | None
) -> np.ndarray:
    """Return `step` × the position of each value in `labels`, or `none`, for the rows selected by `where`."""
    coded = column.astype("category").cat
    positions = pd.Index(labels).get_indexer(coded.categories)
    steps = np.append(np.where(positions >= 0, positions * step, none), none)
    codes = coded.codes.to_numpy()
    # A missing value has the code −1, which selects the last step.
    return steps[codes if where is None else codes[where]]


def cube_of(counts: pd.DataFrame, labels: Mapping[str, Collection[str]]) -> np.ndarray:
    """Return n of a Counts table by some of its columns, each with the values wanted; NaN without a count."""
    codes = (pd.factorize(counts[name], use_na_sentinel=False) for name in labels)
    # Each different value is looked up once.
    at = np.array(
        [
            pd.Index(wanted).get_indexer(pd.Index(found).astype(object))[each]
            for wanted, (each, found) in zip(labels.values(), codes, strict=True)
        ]
    )
    cube = np.full([len(wanted) for wanted in labels.values()], np.nan)
    there = (at >= 0).all(axis=0)
    cube[tuple(at[:, there])] = counts["n"].to_numpy(float, na_value=np.nan)[there]
    return cube


def by_month(cube: np.ndarray, wanted: Sequence[str], compared: Sequence[Period]) -> np.ndarray:
    """Return the months compared of an (… × wanted months × types) array: (… × periods × months × types)."""
    at = {month: i for i, month in enumerate(wanted)}
    return cube[..., [[at[month] for month in period] for period in compared], :]


def by_period(cube: np.ndarray, wanted: Sequence[str], compared: Sequence[Period]) -> np.ndarray:
    """Sum an (… × wanted months × types) array over the months compared: (… × periods × types), `sac` first."""
    sums = by_month(cube, wanted, compared).sum(axis=-2)
    return np.concatenate([sums.sum(axis=-1, keepdims=True), sums], axis=-1)


def shares(some: np.ndarray, everything: np.ndarray) -> dict[str, np.ndarray]:
    """Return, by crime type, `some` / `everything`, both (areas × SAC types) counts; NaN if everything is 0."""
    whole, part = (np.column_stack([counts.sum(axis=1), counts]) for counts in (everything, some))
    share = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return {kind: share[:, i] for i, kind in enumerate(tables.CRIME_TYPES)}


class Counted(NamedTuple):
    """The counts of one comparison, with crime types in the order of tables.CRIME_TYPES.

    known: every month read; monthly: the Counts table over them; in_areas: (areas × periods × crime types), the
    current period last; by_month: (areas × periods × months compared × SAC types); published and outside:
    (periods × crime types) of all forces compared, and of the main ones in no area; edge_share: crime type → (areas,).
    """

    known: tuple[str, ...]
    monthly: pd.DataFrame
    in_areas: np.ndarray
    by_month: np.ndarray
    published: np.ndarray
    outside: np.ndarray
    edge_share: dict[str, np.ndarray]

    @property
    def mapped(self) -> np.ndarray:
        """(periods × crime types) counts of all areas together."""
        return np.asarray(self.in_areas.sum(axis=0))


def counted(once: pd.DataFrame, area_ids: Sequence[str], study: Study, compared: Compared) -> Counted:
    """Count the crimes of one comparison; `once` is the Located table without duplicates."""
    known = sorted({*study.months, *compared.judged["month"]})
    monthly_gaps = set(gaps(compared.judged, compared.forces, known)["month"])
    cube = counts_cube(once, area_ids, known)
    by_force = once[["month", "crime_type"]].assign(area_id=once["force"])

    def of_forces(forces: Sequence[str], where: np.ndarray | None = None) -> np.ndarray:
        whole = counts_cube(by_force, forces, known, where).sum(axis=0)
        return by_period(whole, known, compared.periods)

    counts = by_month(cube, known, compared.periods)
    near_edge = counts_cube(once, area_ids, compared.periods[-1], once["near_edge"].to_numpy(bool))
    return Counted(
        known=tuple(known),
        monthly=monthly_counts(
            cube, area_ids, known, monthly_gaps, unknown=compared.unknown, absent_types=compared.absent_types
        ),
        in_areas=by_period(cube, known, compared.periods),
        by_month=counts,
        published=of_forces(compared.published),
        outside=of_forces(compared.forces, once["area_id"].isna().to_numpy()),
        edge_share=shares(near_edge.sum(axis=1), counts[:, -1].sum(axis=1)),
    )


def totals(counts: Counted, absent_types: Collection[str]) -> dict[str, dict[str, float | None]]:
    """Return, by crime type, the sums of all areas before and now, and the published change, for the record.

    They are None for `absent_types`, which are not known.
    """
    found: dict[str, dict[str, float | None]] = {}
    for i, kind in enumerate(tables.CRIME_TYPES):
        mapped, published = counts.mapped[:, i], counts.published[:, i]
        baseline, current = mean_before(mapped), float(mapped[-1])
        found[kind] = {
            "baseline_mean": baseline if np.isfinite(baseline) else None,
            "current_count": current,
            "change_pct": percent_change(baseline, current),
            "published_change_pct": percent_change(mean_before(published), float(published[-1])),
        }
        if kind in absent_types:
            found[kind] = dict.fromkeys(found[kind])
    return found


def percent_change(baseline: float, current: float) -> float | None:
    """Return 100 × (current − baseline) / baseline; None if the baseline is zero or a value is missing."""
    return 100 * (current - baseline) / baseline if baseline > 0 and np.isfinite(current) else None


def mean_before(counts: np.ndarray) -> float:
    """Return the mean of all periods but the last; NaN if there is only one."""
    return float(counts[:-1].mean()) if len(counts) > 1 else float("nan")


def monthly_totals(monthly: pd.DataFrame, wanted: Sequence[str]) -> dict[str, int]:
    """Return the SAC of all areas by month, for the complete months among `wanted`; `monthly` is a Counts table.

    If a crime type is missing, they are the crimes of the others: a month that was revised still shows.
    """
    single = monthly[monthly["crime_type"].isin(tables.SAC_TYPES) & monthly["month"].isin(wanted)]
    sums = single.groupby("month")["n"].sum(min_count=1).dropna()
    return {str(month): int(n) for month, n in sums.items()}
