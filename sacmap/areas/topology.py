"""How areas lie relative to one another: their edges, which areas overlap, which adjoin.

Nearly all edges are shared by two areas, one on each side. The number of areas is the same on both sides of such an
edge. So an overlap must end at an edge of another kind (a loose edge), and there the area that owns the edge overlaps
a neighbour. `meeting` tests the pairs at loose edges first, then goes on from areas that overlap to their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from sacmap.limits import COMPARED, COVERING, CROSSINGS_BETWEEN, PAIRS

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

BRITISH_NATIONAL_GRID = 27700
#: For Northern Ireland, which lies west of the British grid.
UTM_30N = 32630
#: The way from degrees WGS84 to each grid; to the British one by seven parameters (EPSG:1314). Written out, it is the
#: same on every machine and at sea. Looking it up in PROJ's database takes longer than comparing a force's areas.
WAYS = {
    BRITISH_NATIONAL_GRID: "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
    "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 "
    "+step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 "
    "+convention=position_vector +step +inv +proj=cart +ellps=airy +step +proj=pop +v_3 "
    "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy",
    UTM_30N: "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
    "+step +proj=utm +zone=30 +ellps=WGS84",
}
#: Overlaps smaller than this, in square metres, come from rounding a shared edge.
SLIVER = 100.0
#: Metres. Boundaries at most TOUCH apart count as the same line; areas adjoin if they share SHARED of it.
TOUCH, SHARED = 1.0, 20.0
#: DE-9IM pattern for interiors that intersect: one area overlaps, contains or equals the other.
MEET = "T********"
#: How many pairs of areas are looked for at once, and lines, or pairs of lines.
_PAIRS_AT_ONCE, _AT_ONCE = 16_000_000, 100_000
#: Places where boundaries can cross at most that are not counted before the areas are compared.
_FEW = 4_000_000
#: What errors name.
_WHERE = "The file of areas"


def metric_crs(areas: gpd.GeoDataFrame) -> int:
    """Return the EPSG code of the grid for metres: the British National Grid, or UTM 30N for Northern Ireland."""
    west, south, east, north = areas.total_bounds
    irish = np.isfinite(west) and (west + east) / 2 < -5.3 and 53.9 < (south + north) / 2 < 55.5
    return UTM_30N if irish else BRITISH_NATIONAL_GRID


@cache
def to_metres(grid: int) -> pyproj.Transformer:
    """Return the transformation from degrees WGS84, longitude first, to a grid of `metric_crs`."""
    return pyproj.Transformer.from_pipeline(WAYS[grid])


def in_metres(shapes: Shapes, grid: int) -> Shapes:
    """Return shapes in degrees WGS84 on a grid of `metric_crs`."""
    way = to_metres(grid)
    return np.asarray(shapely.transform(shapes, lambda corners: np.column_stack(way.transform(*corners.T))))


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
    """Return the pairs of valid areas whose interiors intersect, as sorted pairs of positions (lower, higher).

    Raises
    ------
    InputError
        If so many areas lie over one another that it would take minutes.
    """
    one, other = _in_one_place(areas)
    corners, compared = shapely.get_num_coordinates(areas), 0
    crossings = _Crossings()
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
        compared += int(corners[one[to_try]].sum() + corners[other[to_try]].sum())
        COMPARED.require(compared, _WHERE)
        meet[to_try] = _compared(areas, one[to_try], other[to_try], crossings)
        involved = np.zeros(len(areas), dtype=bool)
        involved[one[meet]] = involved[other[meet]] = True
        about = involved.copy()
        about[other[involved[one]]] = about[one[involved[other]]] = True
        to_try = np.flatnonzero(~tried & (about[one] | about[other]))
    found = np.flatnonzero(meet)
    found = found[np.lexsort((other[found], one[found]))]
    return one[found], other[found]


@dataclass
class _Crossings:
    """The places where boundaries of areas cross, counted so far, and the corners of these areas."""

    count: int = 0
    corners: int = 0

    def require_few(self, areas: Shapes) -> None:
        """Count those of some more areas; refuse so many that comparing the areas would take minutes."""
        self.corners += int(shapely.get_num_coordinates(areas).sum())
        COVERING.require(self.corners, _WHERE)
        edges = edges_of(areas)
        ends = np.column_stack([edges.lon, edges.lat])
        lines: Any = shapely.linestrings(np.stack([ends[edges.corner], ends[edges.corner + 1]], axis=1))
        for one, other in near_pairs(lines):
            start, other_start = edges.corner[one], edges.corner[other]
            self.count += _crossing(ends[start], ends[start + 1], ends[other_start], ends[other_start + 1])
            CROSSINGS_BETWEEN.require(self.count, _WHERE)


def near_pairs(shapes: Shapes, most: int = _AT_ONCE) -> Iterator[tuple[Whole, Whole]]:
    """Yield the pairs of shapes whose boxes meet, of at most so many at a time, as positions (lower, higher)."""
    tree = shapely.STRtree(shapes)
    first, at_once = 0, 1
    while first < len(shapes):
        one, other = tree.query(shapes[first : first + at_once])
        later = other > one + first
        yield one[later] + first, other[later]
        first += at_once
        # Long lines meet the boxes of all others, so fewer are looked at at a time: memory is limited.
        at_once = max(1, at_once // 2) if len(one) > _AT_ONCE else min(at_once * 2, most)


def _crossing(one: Floats, one_end: Floats, other: Floats, other_end: Floats) -> int:
    """Return how many pairs of lines cross, each within both: the ends of each lie on both sides of the other."""

    def side(start: Floats, end: Floats, point: Floats) -> Floats:
        line, to = end - start, point - start
        return np.asarray(np.sign(line[:, 0] * to[:, 1] - line[:, 1] * to[:, 0]))

    apart = side(one, one_end, other) * side(one, one_end, other_end) < 0
    apart &= side(other, other_end, one) * side(other, other_end, one_end) < 0
    return int(apart.sum())


def _compared(areas: Shapes, one: Whole, other: Whole, crossings: _Crossings) -> NDArray[np.bool_]:
    """Return which pairs of areas meet; what crosses is counted as soon as there is some, for time grows with it."""
    corners = shapely.get_num_coordinates(areas)
    most = corners[one].astype(np.int64) * corners[other]
    meet = np.zeros(len(one), dtype=bool)
    large = most > _FEW
    if large.any():
        crossings.require_few(areas[np.union1d(one[large], other[large])])
    for places in np.split(
        np.arange(len(one)), np.flatnonzero(np.diff(np.cumsum(most * ~large) // _FEW)) + 1
    ):
        met = shapely.relate_pattern(areas[one[places]], areas[other[places]], MEET)
        meet[places] = met
        few = places[met & ~large[places]]
        if len(few):
            crossings.require_few(areas[np.union1d(one[few], other[few])])
    return meet


def _in_one_place(areas: Shapes) -> tuple[Whole, Whole]:
    """Return the pairs of areas (lower, higher) whose boxes meet."""
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    count = 0
    for pairs in near_pairs(areas, max(1, _PAIRS_AT_ONCE // max(len(areas), 1))):
        found.append(pairs)
        count += len(pairs[0])
        PAIRS.require(count, _WHERE)
    one, other = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return one, other


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
    flat = in_metres(areas.geometry.to_numpy(), metric_crs(areas))
    found: list[set[int]] = [set() for _ in flat]
    one, other = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=TOUCH)
    later = one < other
    one, other = one[later], other[later]
    wider = shapely.buffer(flat, TOUCH, quad_segs=2)
    shared = shapely.length(shapely.intersection(shapely.boundary(flat[one]), wider[other]))
    for a, b in zip(one[shared >= SHARED], other[shared >= SHARED], strict=True):
        found[int(a)].add(int(b))
        found[int(b)].add(int(a))
    return [frozenset(places) for places in found]


def overlaps(areas: gpd.GeoDataFrame) -> list[tuple[str, str, float]]:
    """Return the pairs of areas that overlap by more than `SLIVER`, and the overlap in square metres.

    Raises
    ------
    InputError
        If there are so many overlaps or crossings that it would take minutes.
    """
    ids = areas["area_id"].to_numpy()
    pairs = [(int(a), int(b)) for a, b in zip(*meeting(areas.geometry.to_numpy()), strict=True)]
    named = sorted({area for pair in pairs for area in pair})
    metric = in_metres(areas.geometry.to_numpy()[named], metric_crs(areas))
    # A shape that is valid in degrees can cross itself slightly in metres.
    flat = dict(zip(named, shapely.make_valid(metric), strict=True))
    found = [(ids[a], ids[b], float(shapely.area(shapely.intersection(flat[a], flat[b])))) for a, b in pairs]
    return [pair for pair in found if pair[2] > SLIVER]
