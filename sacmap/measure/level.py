"""The level of each area, for studies without a baseline: no change is calculated."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import tables
from sacmap.measure.change import MODEL_COLUMNS, law_of_level
from sacmap.notices import Notice

Floats = NDArray[np.float64]

NO_BASELINE = Notice(
    "no-baseline",
    "There is no earlier period to compare with: this map shows the level of crime now, but no change.",
)


def level_table(
    areas: gpd.GeoDataFrame,
    current: Mapping[str, NDArray[np.int64]],
    *,
    months_compared: int,
    edge_share: Mapping[str, Floats],
    unknown: Collection[str] = (),
    absent_types: Collection[str] = (),
) -> pd.DataFrame:
    """Build the Change table for a single period: counts and levels. All columns of change are empty.

    Parameters
    ----------
    areas
        The Areas table, sorted by area_id. An area without a boundary is not known.
    current
        By crime type: (areas,) counts.
    months_compared
        Number of months counted.
    edge_share
        By crime type: (areas,) share of the crimes within 50 m of the boundary, or NaN.
    unknown, absent_types
        Areas and crime types that are not known, as `change_table` takes them.
    """
    there = ~areas.geometry.is_empty.to_numpy() & ~areas["area_id"].isin(list(unknown)).to_numpy()
    households = areas["households"].to_numpy(float, na_value=np.nan)
    parts = []
    for order, kind in enumerate(tables.CRIME_TYPES):
        known = there & (kind not in absent_types)
        now = np.where(known, current[kind], np.nan)
        level = np.full(len(now), np.nan)
        if known.any() and not (kind == "sac" and absent_types):
            law = law_of_level(now[known])
            level[known] = law.level(law.excess)
        rate = np.divide(1000 * level, households, out=np.full(len(now), np.nan), where=households > 0)
        parts.append(
            pd.DataFrame(
                {
                    "area_id": areas["area_id"].to_numpy(object), "area_name": areas["name"].to_numpy(object),
                    "crime_type": kind, "months_compared": months_compared, "baseline_periods": 0,
                    **dict.fromkeys(("baseline_count", "baseline_mean", "change", "change_pct"), np.nan),
                    **dict.fromkeys(MODEL_COLUMNS, np.nan),
                    "current_count": now, "verdict": "not known", "level": level,
                    "level_per_1000_households": rate, "edge_share": np.where(known, edge_share[kind], np.nan),
                    "order": order,
                }
            )
        )  # fmt: skip
    table = pd.concat(parts, ignore_index=True).sort_values(["area_id", "order"], ignore_index=True)
    return table.reindex(columns=tables.CHANGE.names)
