"""How areas lie relative to one another: their edges, which areas overlap, which adjoin.

Nearly all edges are shared by two areas, one on each side. The number of areas is the same on both sides of such an
edge. So an overlap must end at an edge of another kind (a loose edge), and there the area that owns the edge overlaps
a neighbour. `meeting` tests the pairs at loose edges first, then goes on from areas that overlap to their neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

BRITISH_NATIONAL_GRID = 27700
#: For Northern Ireland, which lies west of the British grid.
UTM_30N = 32630
#: Metres. Boundaries at most TOUCH apart count as the same line; areas adjoin if they share SHARED of it.
TOUCH, SHARED = 1.0, 20.0
#: DE-9IM pattern for interiors that intersect: one area overlaps, contains or equals the other.
MEET = "T********"


def metric_crs(areas: gpd.GeoDataFrame) -> int:
    """Return the EPSG code of the grid for metres: the British National Grid, or UTM 30N for Northern Ireland."""
    west, south, east, north = areas.total_bounds
    irish = np.isfinite(west) and (west + east) / 2 < -5.3 and 53.9 < (south + north) / 2 < 55.5
    return UTM_30N if irish else BRITISH_NATIONAL_GRID


class Edges(NamedTuple):
    """The edges of all areas.

    For each edge: area is the position of its area, corner that of its first corner (its second corner is the next
    one), inside_left whether the area lies to the left, looking from the first corner to the second. lon and lat are
    the coordinates of all corners, in degrees.
    """

    area: Whole
    corner: Whole
    inside_left: NDArray[np.bool_]
    lon: Floats
    lat: Floats


def edges_of(areas: Shapes) -> Edges:
    """Return the edges of valid polygons and MultiPolygons, including the edges of holes."""
    parts, area_of = shapely.get_parts(areas, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    # The first ring of a part is its exterior; the others are holes.
    outer = np.diff(part_of, prepend=-1) > 0
    inside_left = shapely.is_ccw(rings) == outer
    corner = np.flatnonzero(ring[1:] == ring[:-1])
    own = ring[corner]
    return Edges(area_of[part_of[own]], corner, inside_left[own], *np.ascontiguousarray(corners.T))


def meeting(areas: Shapes) -> tuple[Whole, Whole]:
    """Return the pairs of valid areas whose interiors intersect, as sorted pairs of positions (lower, higher)."""
    one, other = shapely.STRtree(areas).query(areas)
    pairs = one < other
    one, other = one[pairs], other[pairs]
    low, high = _loose_boxes(areas)
    box = shapely.bounds(areas)

    def reaches(loose: Whole, area: Whole) -> NDArray[np.bool_]:
        return np.asarray(
            (low[loose] <= box[area, 2:]).all(axis=1) & (high[loose] >= box[area, :2]).all(axis=1)
        )

    meet = np.zeros(len(one), dtype=bool)
    tried = np.zeros(len(one), dtype=bool)
    to_try = np.flatnonzero(reaches(one, other) | reaches(other, one))
    while len(to_try):
        tried[to_try] = True
        meet[to_try] = shapely.relate_pattern(areas[one[to_try]], areas[other[to_try]], MEET)
        involved = np.zeros(len(areas), dtype=bool)
        involved[one[meet]] = involved[other[meet]] = True
        about = involved.copy()
        about[other[involved[one]]] = about[one[involved[other]]] = True
        to_try = np.flatnonzero(~tried & (about[one] | about[other]))
    found = np.flatnonzero(meet)
    found = found[np.lexsort((other[found], one[found]))]
    return one[found], other[found]


def _loose_boxes(areas: Shapes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest (lon, lat) of each area's loose edges; infinite, so no box, where it has none."""
    edges = edges_of(areas)
    place = pd.factorize(edges.lon + 1j * edges.lat)[0]
    start, end = place[edges.corner], place[edges.corner + 1]
    line = pd.factorize(np.minimum(start, end) * len(place) + np.maximum(start, end))[0]
    # Two areas share a line if, looking the same way along it, one lies to the left and one to the right.
    left = edges.inside_left == (start < end)
    lines = line.max(initial=-1) + 1
    is_shared = (np.bincount(line[left], minlength=lines) == 1) & (
        np.bincount(line[~left], minlength=lines) == 1
    )
    loose = np.flatnonzero(~is_shared[line])
    low, high = np.full((len(areas), 2), np.inf), np.full((len(areas), 2), -np.inf)
    for corner in (edges.corner[loose], edges.corner[loose] + 1):
        degrees = np.stack([edges.lon[corner], edges.lat[corner]], axis=1)
        np.minimum.at(low, edges.area[loose], degrees)
        np.maximum.at(high, edges.area[loose], degrees)
    return low, high


def adjoining(areas: gpd.GeoDataFrame) -> list[frozenset[int]]:
    """Return, for each area, the positions of the areas that share more than a corner with it.

    An area without a boundary adjoins none. Boundaries up to a metre apart, or overlapping, still adjoin.
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
