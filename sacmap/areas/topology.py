"""How areas lie to one another: their edges, which overlap, which adjoin.

Nearly all edges are the end of one area and the start of another: of two areas alike, with one on each side. Across
such an edge as many areas lie as before. So where two areas or more lie one on another, that ends at some edge of
another kind, and one of the areas beside that edge overlaps one whose edge it is: pairs are tried there first. From
areas that overlap, the search goes on to all areas about them.
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
#: Metres for Northern Ireland, west of what the British grid is made for.
UTM_30N = 32630
#: Metres: boundaries this near are the same line drawn twice, and so much of it must be shared.
TOUCH, SHARED = 1.0, 20.0
#: Interiors that meet: one area overlaps, holds or equals the other; a shared edge is none of these.
MEET = "T********"


def metric_crs(areas: gpd.GeoDataFrame) -> int:
    """Return the EPSG code to measure metres in: the British grid, or UTM 30N for Northern Ireland."""
    west, south, east, north = areas.total_bounds
    irish = np.isfinite(west) and (west + east) / 2 < -5.3 and 53.9 < (south + north) / 2 < 55.5
    return UTM_30N if irish else BRITISH_NATIONAL_GRID


class Edges(NamedTuple):
    """Of each edge, the place of its area and of its first corner, whose next is the other, and which side is inside.

    lon and lat are of all corners, in degrees; inside_left is seen from the first corner to the other.
    """

    area: Whole
    corner: Whole
    inside_left: NDArray[np.bool_]
    lon: Floats
    lat: Floats


def edges_of(areas: Shapes) -> Edges:
    """Return the edges of polygons and MultiPolygons, valid ones; those of holes are edges too."""
    parts, area_of = shapely.get_parts(areas, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    # The first ring of a part goes around it, the others around its holes.
    outer = np.diff(part_of, prepend=-1) > 0
    inside_left = shapely.is_ccw(rings) == outer
    corner = np.flatnonzero(ring[1:] == ring[:-1])
    own = ring[corner]
    return Edges(area_of[part_of[own]], corner, inside_left[own], *np.ascontiguousarray(corners.T))


def meeting(areas: Shapes) -> tuple[Whole, Whole]:
    """Return the pairs of valid areas whose interiors meet, as places, the lesser first, in order."""
    one, other = shapely.STRtree(areas).query(areas)
    pairs = one < other
    one, other = one[pairs], other[pairs]
    low, high = _loose_boxes(areas)
    box = shapely.bounds(areas)

    def beside(loose: Whole, area: Whole) -> NDArray[np.bool_]:
        return np.asarray(
            (low[loose] <= box[area, 2:]).all(axis=1) & (high[loose] >= box[area, :2]).all(axis=1)
        )

    meet = np.zeros(len(one), dtype=bool)
    tried = np.zeros(len(one), dtype=bool)
    to_try = np.flatnonzero(beside(one, other) | beside(other, one))
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
    """Return the least and greatest (lon, lat) of each area's edges that part it from no other; of none, no box."""
    edges = edges_of(areas)
    place = pd.factorize(edges.lon + 1j * edges.lat)[0]
    start, end = place[edges.corner], place[edges.corner + 1]
    line = pd.factorize(np.minimum(start, end) * len(place) + np.maximum(start, end))[0]
    # Seen the same way along the line, an area on its left and one on its right.
    left = edges.inside_left == (start < end)
    lines = line.max(initial=-1) + 1
    parts_two = (np.bincount(line[left], minlength=lines) == 1) & (
        np.bincount(line[~left], minlength=lines) == 1
    )
    loose = np.flatnonzero(~parts_two[line])
    low, high = np.full((len(areas), 2), np.inf), np.full((len(areas), 2), -np.inf)
    for corner in (edges.corner[loose], edges.corner[loose] + 1):
        degrees = np.stack([edges.lon[corner], edges.lat[corner]], axis=1)
        np.minimum.at(low, edges.area[loose], degrees)
        np.maximum.at(high, edges.area[loose], degrees)
    return low, high


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
