"""The notices about the areas of a comparison: their boundaries, and the crimes in none or in several of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sacmap.areas.topology import in_metres, metric_crs
from sacmap.notices import Notice, listed

#: Warn if more than this share of the areas has no crime.
MANY_EMPTY = 0.2
#: An area lies under others if they cover at least this share of it.
MOSTLY_UNDER = 0.9


def area_notices(
    areas: gpd.GeoDataFrame,
    overlaps: Sequence[tuple[str, str, float]],
    inside: pd.DataFrame,
    unknown: Collection[str],
) -> Iterator[Notice]:
    """Tell what is wrong with the areas. `overlaps` is as in Facts; `inside` are the crimes in the areas.

    Areas whose counts are `unknown` are not said to be empty.
    """
    yield from _mends(areas)
    yield from _overlaps(overlaps)
    yield from _under_others(overlaps, areas)
    yield from _shared(int(inside["shared"].sum()))
    yield from _empty_areas(inside, areas[~areas["area_id"].isin(list(unknown))])


def _mends(areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    mended = areas[areas["mend"] != ""]
    if len(mended):
        each = [f"{name}: {mend}" for name, mend in zip(mended["name"], mended["mend"], strict=True)]
        yield Notice("mended-boundaries", f"Boundaries with faults: {len(each)}. {listed(each, 3)}.")


def _overlaps(overlaps: Sequence[tuple[str, str, float]]) -> Iterator[Notice]:
    if overlaps:
        pairs = [f"{a} and {b} ({m2:,.0f} m²)" for a, b, m2 in overlaps]
        yield Notice(
            "overlaps",
            f"Areas that overlap: {listed(pairs, 3)}. A crime there counts in the first area by id.",
        )


def _under_others(overlaps: Sequence[tuple[str, str, float]], areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    """Warn of areas that lie under those before them by id, as where a file has wards and also their district."""
    if not overlaps:
        return
    taken: Counter[str] = Counter()
    for one, other, m2 in overlaps:
        taken[max(one, other)] += int(m2)
    later = areas[areas["area_id"].isin(list(taken))]
    size = shapely.area(in_metres(later.geometry.to_numpy(), metric_crs(areas)))
    share = later["area_id"].map(taken).to_numpy(float) / np.maximum(size, 1)
    under = list(later.loc[share >= MOSTLY_UNDER, "name"])
    if under:
        yield Notice(
            "areas-under-others",
            f"Areas that lie in others: {listed(under, 3, ', ')}. Their crimes count in the other area, which comes "
            "first by id. If some areas are the whole of others, leave those out of the boundaries.",
        )


def _shared(count: int) -> Iterator[Notice]:
    if count:
        yield Notice(
            "shared-points", f"Crimes on a shared edge or in more than one area: {count:,}. Each counts once."
        )


def _empty_areas(inside: pd.DataFrame, areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    """Warn of many areas without any crime: the crimes of their force may be missing from the input."""
    drawn = areas[~areas.geometry.is_empty]
    empty = drawn.loc[~drawn["area_id"].isin(inside["area_id"].unique()), "name"]
    if len(empty) > MANY_EMPTY * len(drawn):
        yield Notice(
            "empty-areas",
            f"Areas without a crime in any period: {len(empty):,} of {len(drawn):,} ({listed(list(empty), 3, ', ')}). "
            "If the crimes of their force are not in the input, their counts are unknown, not zero: leave these out.",
        )
