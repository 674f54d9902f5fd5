"""Build the Change table: the counts of every area and crime type, with the results of `compare`.

Without a baseline no change is calculated: the table then has counts and levels alone. Subtotals by town or district
compare each group of areas as if it were one area.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from warnings import warn

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.areas.given import areas_given
from sacmap.errors import InputError, UsageError
from sacmap.measure.comparator import Comparator
from sacmap.measure.compared import Compared, like_for_like
from sacmap.measure.counts import Counted, by_month, cube_of, require_periods
from sacmap.measure.verdict import MODEL_COLUMNS, Against, Floats, compare, law_of_level, nothing_known
from sacmap.study import Study

#: The name of the group of areas without a group.
NO_GROUP = "No group"


def change(
    counts: pd.DataFrame,
    study: Study,
    areas: gpd.GeoDataFrame,
    comparator: Against | Mapping[str, Against] = None,
) -> pd.DataFrame:
    """Build the Change table from a Counts table.

    A month without counts is left out of every period, with a warning, so that it does not look like a fall.

    >>> areas = read_areas("wards.geojson")
    >>> counts = count(locate(read_crimes("crimes.zip"), areas), study)
    >>> table = change(counts, study, areas)
    >>> table.loc[table["crime_type"] == "sac", ["area_id", "baseline_mean", "current_count", "verdict"]].head(2)
      area_id  baseline_mean  current_count     verdict
    0      W0           72.0          144.0  clear rise
    4      W1           72.0           36.0  clear fall

    Parameters
    ----------
    counts
        The Counts table, as `count` returns it: area_id, month, crime_type, n. Crime types that it lacks are "not
        known".
    study
        Its periods, and its comparator ("areas" or "none") if `comparator` is not given.
    areas
        The Areas table, for names and households.
    comparator
        As for `compare`: one for every crime type, or a mapping by crime type.

    Returns
    -------
    The Change table, sorted by area and crime type. edge_share and the ranks need the crimes, so they are empty.

    Raises
    ------
    InputError
        If a table lacks a column or is not usable, the counts are of other areas or have duplicate rows, or no month
        has counts in every period.
    UsageError
        If the study's comparator is the force or a file, because the counts of areas are not enough for it; if a
        mapping lacks a crime type; or if the study's periods are not known yet.
    """
    tables.require_columns(counts, tables.COUNTS.names, "Counts")
    areas = areas_given(areas, ("area_id", "name", "geometry"), placed=False)
    require_periods(study)
    followed = _followed(study, comparator)
    cube = _cube(counts, list(areas["area_id"]), study.months)
    positions = _positions_compared(cube, study)
    periods = by_month(cube, study.months, months.at_positions(study.periods, positions)).sum(axis=2)
    _tell_unknown(areas, periods)
    return change_table(areas, periods, months_compared=len(positions), comparators=followed)


def _followed(study: Study, given: Against | Mapping[str, Against]) -> Mapping[str, Against]:
    """Return the comparator of each crime type: the one given, otherwise the study's."""
    if isinstance(given, Mapping):
        lacking = [kind for kind in tables.CRIME_TYPES if kind not in given]
        if lacking:
            raise UsageError(
                f"The comparators have none for {', '.join(lacking)}.",
                f"Give one for each of {', '.join(tables.CRIME_TYPES)}.",
            )
        return given
    if given is None and study.comparator not in ("areas", "none"):
        raise UsageError(
            f"The counts of areas are not enough for the comparator {study.comparator}.",
            "Give comparator=(its count in all baseline periods, its count now), or run(study).",
        )
    own: Against = "none" if given is None and study.comparator == "none" else given
    return dict.fromkeys(tables.CRIME_TYPES, own)


def _cube(counts: pd.DataFrame, area_ids: Sequence[str], wanted: Sequence[str]) -> Floats:
    """Return the counts of the wanted months as (areas × months × tables.CRIME_TYPES), NaN without a count."""
    if counts.duplicated(list(tables.COUNTS.key)).any():
        raise InputError(
            "The Counts table counts an area, a month and a crime type twice.", "Give each of them one row."
        )
    strange = sorted(set(counts["area_id"]) - set(area_ids))
    if strange:
        raise InputError(
            f"The Counts table has {strange[0]}, which the Areas table does not have.",
            "Give the areas that the crimes were located in.",
        )
    return cube_of(counts, {"area_id": area_ids, "month": wanted, "crime_type": tables.CRIME_TYPES})


def _positions_compared(cube: Floats, study: Study) -> tuple[int, ...]:
    """Return the positions within a period of the months that every period has counts for; warn of the others."""
    types = np.isfinite(cube).any(axis=(0, 1))
    if not types.any():
        raise InputError(
            f"The Counts table has no count from {study.months[0]} to {study.months[-1]}.",
            "Give the counts of the study's own months.",
        )
    known = np.all(np.any(np.isfinite(cube[:, :, types]), axis=0), axis=1).tolist()
    left_out = [month for month, whole in zip(study.months, known, strict=True) if not whole]
    positions = like_for_like(study.periods, left_out)
    named = ", ".join(map(months.in_words, left_out[:3])) + (" and others" if len(left_out) > 3 else "")
    if not positions:
        raise InputError(
            f"No month has counts in every period, so nothing is compared: {named} have none.",
            "Give the crimes of both periods.",
        )
    if left_out:
        warn(
            f"{named}: no counts. {len(positions)} of {len(study.current)} months are compared, the same in every "
            "period.",
            stacklevel=3,
        )
    return positions


def _tell_unknown(areas: gpd.GeoDataFrame, periods: Floats) -> None:
    """Warn of areas that lack a count which other areas have; they are "not known"."""
    types = np.isfinite(periods).any(axis=(0, 1))
    lacking = areas.loc[~np.isfinite(periods[:, :, types]).all(axis=(1, 2)), "area_id"]
    if len(lacking):
        warn(
            f"{len(lacking):,} of {len(areas):,} areas lack a count in a month compared, {lacking.iloc[0]} first: "
            "they are not known.",
            stacklevel=3,
        )


def change_table(
    areas: gpd.GeoDataFrame,
    counts: NDArray[np.int64] | Floats,
    *,
    months_compared: int,
    comparators: Mapping[str, Against],
    edge_share: Mapping[str, Floats] | None = None,
    unknown: Collection[str] = (),
    absent_types: Collection[str] = (),
) -> pd.DataFrame:
    """Build the Change table; its ranks are empty until `sacmap.choose.ranking` fills them.

    `areas` are sorted by area_id; one without a boundary, or in `unknown`, is "not known", and so are `absent_types`,
    which the data lack. `counts` are (areas × periods × crime types) over the months compared, the current period last;
    with no other period, all columns of change are empty. By crime type: `comparators`, as `compare` takes them;
    `edge_share`, (areas,) share of the current crimes within 50 m of the boundary, or NaN; None if not known.
    """
    there = _known(areas, unknown)
    parts = [
        _of_type(
            kind,
            areas,
            np.where(known[:, None], counts[:, :, i], np.nan),
            # What is not compared needs no comparator, and that may lack the same crimes.
            comparator=comparators[kind] if known.any() else None,
            months_compared=months_compared,
        )
        | {"edge_share": np.where(known, edge_share[kind] if edge_share else np.nan, np.nan)}
        for i, kind in enumerate(tables.CRIME_TYPES)
        for known in [there & (kind not in absent_types)]
    ]
    # The rows of an area come one after the other.
    rows = {name: np.stack([part[name] for part in parts], axis=1).ravel() for name in parts[0]}
    empty = np.full(len(areas) * len(parts), np.nan)
    table = pd.DataFrame({name: rows.get(name, empty) for name in tables.CHANGE.names})
    return table.assign(crime_type=pd.Series(rows["crime_type"], dtype=object))


def _known(areas: gpd.GeoDataFrame, unknown: Collection[str]) -> NDArray[np.bool_]:
    """Return which areas are known: those with a boundary that are not among the unknown."""
    return np.asarray(~areas.geometry.is_empty & ~areas["area_id"].isin(list(unknown)), dtype=bool)


def _of_type(
    kind: str, areas: gpd.GeoDataFrame, counts: Floats, *, comparator: Against, months_compared: int
) -> dict[str, np.ndarray]:
    """Return the columns of one crime type, an area a row, from (areas × periods) counts, the current period last."""
    baseline, current = counts[:, :-1], counts[:, -1]
    if periods := baseline.shape[1]:
        total = baseline.sum(axis=1)
        model = compare(baseline, current, comparator, months=months_compared)
    else:
        total, model = np.full(len(current), np.nan), _level_alone(current)
    mean = total / max(periods, 1)
    households = tables.numbers(areas["households"], "Areas")
    change = current - mean
    return {
        "area_id": areas["area_id"].to_numpy(object),
        "area_name": areas["name"].to_numpy(object),
        "crime_type": np.full(len(mean), kind, dtype=object),
        "months_compared": np.full(len(mean), months_compared),
        "baseline_periods": np.full(len(mean), periods),
        "baseline_count": total,
        "baseline_mean": mean,
        "current_count": current,
        "change": change,
        "change_pct": np.divide(100 * change, mean, out=np.full(len(mean), np.nan), where=mean > 0),
        **{name: model[name].to_numpy() for name in MODEL_COLUMNS},
        "level_per_1000_households": np.divide(
            1000 * model["level"].to_numpy(), households, out=np.full(len(mean), np.nan), where=households > 0
        ),
    }


def _level_alone(now: Floats) -> pd.DataFrame:
    """Return the columns of `compare` for (areas,) counts of a single period: of these, only the level is known."""
    columns = nothing_known(len(now))
    known = np.isfinite(now)
    if known.any():
        law = law_of_level(now[known])
        columns["level"][known] = law.level(law.excess)
    return pd.DataFrame(columns)


# ── groups of areas ───────────────────────────────────────────────────────────────────────────────────────────────


def groups_of(
    areas: gpd.GeoDataFrame,
    counts: Counted,
    comparator: Comparator,
    compared: Compared,
) -> pd.DataFrame:
    """Return the subtotals of a map's groups: the table of tables.GROUPS, empty if the areas have no column group.

    Areas that are not known are in no subtotal. The column areas says how many areas are. Where areas are compared with
    the rest of the areas, a group is compared with the rest of the groups.
    """
    if "group" not in areas:
        return pd.DataFrame(columns=tables.GROUPS.names)
    known = _known(areas, compared.unknown)
    mine = areas[known]
    names = mine["group"].astype(object).where(mine["group"].notna() & (mine["group"] != ""), NO_GROUP)
    labels, first, group_of = np.unique(names.astype(str).to_numpy(), return_index=True, return_inverse=True)
    sums = np.zeros((len(labels), *counts.in_areas.shape[1:]), dtype=np.int64)
    np.add.at(sums, group_of, counts.in_areas[known])
    homes = mine["households"].to_numpy(float, na_value=np.nan)
    groups = gpd.GeoDataFrame(
        # A group has households only if all its areas have them.
        {"area_id": labels, "name": labels, "households": np.bincount(group_of, weights=homes)},
        # The location of a group is not used, so any of its shapes will do.
        geometry=mine.geometry.to_numpy()[first],
        crs=areas.crs,
    )
    table = change_table(
        groups,
        sums,
        months_compared=len(compared.positions),
        comparators={kind: comparator.pair(kind) for kind in tables.CRIME_TYPES},
        absent_types=compared.absent_types,
    )
    n = np.repeat(np.bincount(group_of), len(tables.CRIME_TYPES))
    return table.rename(columns={"area_id": "group"}).assign(areas=n).reindex(columns=tables.GROUPS.names)
