"""Subtotals by town or district: each group of areas is compared as if it were one area."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.measure.change_table import change_table
from sacmap.measure.comparator import Comparator
from sacmap.measure.counts import Counted

#: The name of the group of areas without a group.
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
    """Return the subtotals of a map's groups: the table of tables.GROUPS, empty if the areas have no groups.

    Areas that are not known are in no subtotal. The column areas says how many areas are.

    Parameters
    ----------
    areas
        The Areas table, with the column group if there are groups.
    counts
        The counts.
    comparator
        The comparator. If it is the rest of the areas, a group is compared with the rest of the groups.
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
    labels, group_of = np.unique(names[known].astype(str).to_numpy(), return_inverse=True)
    if not len(labels):
        return pd.DataFrame(columns=tables.GROUPS.names)
    of_areas = counts.in_areas[known]
    sums = np.zeros((len(labels), *of_areas.shape[1:]), dtype=np.int64)
    np.add.at(sums, group_of, of_areas)
    table = change_table(
        _as_areas(areas[known], labels, group_of),
        {kind: sums[:, :-1, i] for i, kind in enumerate(tables.CRIME_TYPES)},
        {kind: sums[:, -1, i] for i, kind in enumerate(tables.CRIME_TYPES)},
        months_compared=months_compared,
        comparators={kind: comparator.pair(kind) for kind in tables.CRIME_TYPES},
        edge_share=dict.fromkeys(tables.CRIME_TYPES, np.full(len(labels), np.nan)),
        absent_types=absent_types,
    )
    n = dict(zip(labels, np.bincount(group_of), strict=True))
    table = table.rename(columns={"area_id": "group"}).assign(areas=table["area_id"].map(n))
    return table.reindex(columns=tables.GROUPS.names)


def _as_areas(areas: gpd.GeoDataFrame, labels: np.ndarray, group_of: np.ndarray) -> gpd.GeoDataFrame:
    """Return groups as an Areas table; a group has households only if all its areas have them."""
    homes = areas["households"].to_numpy(float, na_value=np.nan)
    households = [float(homes[group_of == k].sum()) for k in range(len(labels))]
    # The location of a group is not used, so any of its shapes will do.
    shapes = [areas.geometry.iloc[int(np.argmax(group_of == k))] for k in range(len(labels))]
    return gpd.GeoDataFrame(
        {"area_id": labels, "name": labels, "households": pd.array(households, dtype="Float64")},
        geometry=shapes,
        crs=areas.crs,
    )
