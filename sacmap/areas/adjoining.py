"""Which areas adjoin: share a boundary of some length, not a corner alone."""

from __future__ import annotations

import geopandas as gpd
import shapely

from sacmap.areas.locate import metric_crs

#: Metres: boundaries this near are the same line drawn twice, and so much of it must be shared.
TOUCH, SHARED = 1.0, 20.0


def adjoining(areas: gpd.GeoDataFrame) -> list[frozenset[int]]:
    """Return, for each area, the places in `areas` of those that share more than a corner with it.

    Areas with no boundary adjoin none. Boundaries drawn apart by up to a metre, or overlapping, still adjoin.
    """
    flat = areas.geometry.to_crs(metric_crs(areas)).to_numpy()
    some = ~shapely.is_empty(flat)
    found: list[set[int]] = [set() for _ in flat]
    one, other = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=TOUCH)
    pairs = (one < other) & some[one] & some[other]
    one, other = one[pairs], other[pairs]
    wider = shapely.buffer(flat, TOUCH, quad_segs=2)
    shared = shapely.length(shapely.intersection(shapely.boundary(flat[one]), wider[other]))
    for a, b in zip(one[shared >= SHARED], other[shared >= SHARED], strict=True):
        found[int(a)].add(int(b))
        found[int(b)].add(int(a))
    return [frozenset(places) for places in found]
