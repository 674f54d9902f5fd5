"""Subtotals by town or district: each group of areas read as if it were one area."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.measure.change_table import change_table
from sacmap.measure.comparator import Comparator
from sacmap.measure.counts import Counted
from sacmap.measure.level import level_table

#: What areas without a group are counted as.
NO_GROUP = "No group"


def groups_of(
    areas: gpd.GeoDataFrame,
    counts: Counted,
    comparator: Comparator,
    *,
    months_compared: int,
    unknown: Collection[str] = (),
    absent_types: Collection[str] = (),
) -> pd.DataFrame:
    """Return the subtotals of a map's groups: the table of tables.GROUPS, empty where the areas have no groups.

    Areas that are not known are in no subtotal; how many areas are is in the column areas.

    Parameters
    ----------
    areas
        The Areas table, with the column group where there are groups.
    counts
        What was counted.
    comparator
        What is followed; where it is the rest of the areas, a group follows the rest of the groups.
    months_compared
        Months of a period that are compared.
    unknown
        Areas that are not known, by area_id.
    absent_types
        Crime types of which the data hold no row.
    """
    if "group" not in areas:
        return pd.DataFrame(columns=tables.GROUPS.names)
    known = ~areas.geometry.is_empty.to_numpy() & ~areas["area_id"].isin(list(unknown)).to_numpy(bool)
    names = areas["group"].astype(object).where(areas["group"].notna() & (areas["group"] != ""), NO_GROUP)
    labels, place = np.unique(names[known].astype(str).to_numpy(), return_inverse=True)
    if not len(labels):
        return pd.DataFrame(columns=tables.GROUPS.names)
    of_areas = counts.in_areas[known]
    sums = np.zeros((len(labels), *of_areas.shape[1:]), dtype=np.int64)
    np.add.at(sums, place, of_areas)
    table = _read(_as_areas(areas[known], labels, place), sums, comparator, months_compared, absent_types)
    n = dict(zip(labels, np.bincount(place), strict=True))
    table = table.rename(columns={"area_id": "group"}).assign(areas=table["area_id"].map(n))
    return table.reindex(columns=tables.GROUPS.names)


def _as_areas(areas: gpd.GeoDataFrame, labels: np.ndarray, place: np.ndarray) -> gpd.GeoDataFrame:
    """Return groups as an Areas table, with the households of those all of whose areas have them."""
    homes = areas["households"].to_numpy(float, na_value=np.nan)
    households = [float(homes[place == k].sum()) for k in range(len(labels))]
    # Where a group lies is not asked: any shape will do for it to be known.
    shapes = [areas.geometry.iloc[int(np.argmax(place == k))] for k in range(len(labels))]
    return gpd.GeoDataFrame(
        {"area_id": labels, "name": labels, "households": pd.array(households, dtype="Float64")},
        geometry=shapes,
        crs=areas.crs,
    )


def _read(
    groups: gpd.GeoDataFrame,
    sums: np.ndarray,
    comparator: Comparator,
    months_compared: int,
    absent_types: Collection[str],
) -> pd.DataFrame:
    none = {kind: np.full(len(groups), np.nan) for kind in tables.CRIME_TYPES}
    now = {kind: sums[:, -1, i] for i, kind in enumerate(tables.CRIME_TYPES)}
    if sums.shape[1] == 1:
        return level_table(
            groups, now, months_compared=months_compared, edge_share=none, absent_types=absent_types
        )
    return change_table(
        groups,
        {kind: sums[:, :-1, i] for i, kind in enumerate(tables.CRIME_TYPES)},
        now,
        months_compared=months_compared,
        comparators={kind: comparator.pair(kind) for kind in tables.CRIME_TYPES},
        edge_share=none,
        absent_types=absent_types,
    )
