"""Join map points to areas: the area of each point, whether the point is near the edge, and the area across it.

Points are sorted by bands of latitude, then by longitude, so that the points of a box form one run in each band. An
area is tested only against the points in its bounding box. Each edge of its boundary (a line between two corners) is
tested only against the points in a box around it. Only these points and edges are measured in metres.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from sacmap import tables
from sacmap.areas.topology import Edges, Floats, Shapes, Whole, edges_of, to_metres

#: Coordinates are integers in millionths of a degree. A band of latitude is 5,000 of them, or 550 m, high.
MILLION, BAND = 1_000_000, 5_000
#: Width of a band in millionths of a degree of longitude: more than 180 degrees either way.
ROOM = 400_000_000
#: Number of pairs (box, point) tested at a time.
AT_A_TIME = 1 << 18
#: 50 m in degrees of latitude, plus a tenth. A degree is at least 110.6 km.
_DEGREES = 1.1 * tables.EDGE_METRES / 110_600
#: A straight line in degrees differs from a straight line on the grid by less than this share of its length.
_STRAY = 0.05


class Joined(NamedTuple):
    """What is known of each point. Areas are positions in the list of areas, −1 for none.

    area: the area it belongs to; shared: whether it lies in several areas; near_edge: whether it is near the edge of
    its area; edge_area: the area across that edge.
    """

    area: Whole
    shared: NDArray[np.bool_]
    near_edge: NDArray[np.bool_]
    edge_area: Whole


class Boxes(NamedTuple):
    """The four sides of each box, in millionths of a degree."""

    west: Whole
    south: Whole
    east: Whole
    north: Whole


def join(east: Whole, north: Whole, areas: Shapes, grid: int) -> Joined:
    """Join map points, `east` and `north` in millionths of a degree, to areas; metres are of the `grid` (EPSG code).

    The areas are Polygons and MultiPolygons in degrees, empty where there is no boundary. They are prepared here.

    Returns
    -------
    A point belongs to the first area that it lies in or on the edge of. It is near the edge if it is within 50 m of the
    boundary of that area. Then edge_area is the nearest other area within 50 m, the first where two are equally near.
    Another area that the point lies in has distance 0.
    """
    order = np.argsort(_key(east, north), kind="stable")
    east, north = east[order], north[order]
    point, holder = _holders(east, north, areas)
    at, area, metres = _edges_near(east, north, areas, grid)
    own = np.full(len(order), len(areas))
    np.minimum.at(own, point, holder)
    own[own == len(areas)] = -1
    near = np.zeros(len(order), dtype=bool)
    near[at[area == own[at]]] = True

    at, area = np.concatenate([point, at]), np.concatenate([holder, area])
    metres = np.concatenate([np.zeros(len(point)), metres])
    others = np.flatnonzero(near[at] & (area != own[at]))
    # Assign the farthest first and the nearest last, so that the nearest is what remains.
    others = others[np.lexsort((area[others], metres[others]))[::-1]]
    nearest = np.full(len(order), -1)
    nearest[at[others]] = area[others]
    shared = np.bincount(point, minlength=len(order)) > 1
    as_given = np.argsort(order)
    return Joined(own[as_given], shared[as_given], near[as_given], nearest[as_given])


def _holders(east: Whole, north: Whole, areas: Shapes) -> tuple[Whole, Whole]:
    """Return the pairs (point, area) where the point lies in the area or on its edge."""
    drawn = np.flatnonzero(~(shapely.is_empty(areas) | shapely.is_missing(areas)))
    shapely.prepare(areas)
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for box, point in in_boxes(east, north, boxes_of(*shapely.bounds(areas[drawn]).T)):
        area = drawn[box]
        held = shapely.intersects_xy(areas[area], east[point] / MILLION, north[point] / MILLION)
        found.append((point[held], area[held]))
    point, area = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return point, area


def _edges_near(east: Whole, north: Whole, areas: Shapes, grid: int) -> tuple[Whole, Whole, Floats]:
    """Return the pairs of a point and an edge within 50 m of it, as point, area of the edge, distance in metres."""
    edges = edges_of(areas)
    corners = _Metres(edges.lon, edges.lat, to_metres(grid))
    points = _Metres(east / MILLION, north / MILLION, to_metres(grid))
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for edge, point in in_boxes(east, north, _around(edges)):
        corner = edges.corner[edge]
        metres = _distance(points.of(point), corners.of(corner), corners.of(corner + 1))
        close = metres <= tables.EDGE_METRES
        found.append((point[close], edges.area[edge[close]], metres[close]))
    point, area, metres = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return point, area, metres


def _around(edges: Edges) -> Boxes:
    """Return a box around each edge that contains every point within 50 m of the edge."""
    lon, other_lon = edges.lon[edges.corner], edges.lon[edges.corner + 1]
    lat, other_lat = edges.lat[edges.corner], edges.lat[edges.corner + 1]
    up = _DEGREES + _STRAY * (np.abs(lon - other_lon) + np.abs(lat - other_lat))
    # A degree of longitude is shorter than a degree of latitude by the cosine of the latitude.
    across = up / np.cos(np.radians(np.maximum(np.abs(lat), np.abs(other_lat)))).clip(0.01)
    return boxes_of(
        np.minimum(lon, other_lon) - across,
        np.minimum(lat, other_lat) - up,
        np.maximum(lon, other_lon) + across,
        np.maximum(lat, other_lat) + up,
    )


class _Metres:
    """Positions in degrees, each projected to the grid when first needed."""

    def __init__(self, lon: Floats, lat: Floats, to_grid: pyproj.Transformer) -> None:
        self._lon, self._lat, self._to_grid = lon, lat, to_grid
        self._x, self._y = np.empty(len(lon)), np.empty(len(lon))
        self._there = np.zeros(len(lon), dtype=bool)

    def of(self, places: Whole) -> tuple[Floats, Floats]:
        asked = np.zeros(len(self._there), dtype=bool)
        asked[places] = True
        new = np.flatnonzero(asked & ~self._there)
        self._x[new], self._y[new] = self._to_grid.transform(self._lon[new], self._lat[new])
        self._there[new] = True
        return self._x[places], self._y[places]


def _distance(
    point: tuple[Floats, Floats], one: tuple[Floats, Floats], other: tuple[Floats, Floats]
) -> Floats:
    """Return the distance of each point from the line between two ends; NaN where the grid does not reach."""
    with np.errstate(invalid="ignore", divide="ignore"):
        line_x, line_y = other[0] - one[0], other[1] - one[1]
        x, y = point[0] - one[0], point[1] - one[1]
        square = line_x * line_x + line_y * line_y
        along = (x * line_x + y * line_y) / square
        aside = np.abs(y * line_x - x * line_y) / square * np.sqrt(square)
        # Beyond either end of the line, that end is nearest. A line of length 0 makes `along` NaN, which picks its end.
        to_one = np.sqrt(x * x + y * y)
        x, y = point[0] - other[0], point[1] - other[1]
        return np.where(along < 1, np.where(along > 0, aside, to_one), np.sqrt(x * x + y * y))


def boxes_of(west: Floats, south: Floats, east: Floats, north: Floats) -> Boxes:
    """Return boxes given in degrees as boxes in millionths, rounded outward and clipped to the width of a band."""
    most = ROOM // 2 - 1

    def whole(degrees: Floats) -> Whole:
        return degrees.clip(-most, most).astype(np.int64)

    return Boxes(
        whole(np.floor(west * MILLION)),
        whole(np.floor(south * MILLION)),
        whole(np.ceil(east * MILLION)),
        whole(np.ceil(north * MILLION)),
    )


def _key(east: Whole, north: Whole) -> Whole:
    """Return sort keys that order points by band, then from west to east."""
    return north // BAND * ROOM + east


def in_boxes(east: Whole, north: Whole, boxes: Boxes) -> Iterator[tuple[Whole, Whole]]:
    """Yield the pairs (box, point) where the point lies in the box, in chunks. The points must be sorted by `_key`."""
    key = _key(east, north)
    bands = boxes.north // BAND - boxes.south // BAND + 1
    # In each band, the points of a box form one run.
    box = np.repeat(np.arange(len(bands)), bands)
    start = (boxes.south // BAND - _before(bands))[box]
    start = (start + np.arange(len(box))) * ROOM
    first = np.searchsorted(key, start + boxes.west[box])
    lengths = np.searchsorted(key, start + boxes.east[box], side="right") - first
    runs = np.flatnonzero(lengths)
    cuts = np.searchsorted(np.cumsum(lengths[runs]), np.arange(AT_A_TIME, lengths.sum(), AT_A_TIME))
    for part in np.split(runs, cuts):
        run = np.repeat(part, lengths[part])
        point = (first[part] - _before(lengths[part])).repeat(lengths[part]) + np.arange(len(run))
        which = box[run]
        in_it = (north[point] >= boxes.south[which]) & (north[point] <= boxes.north[which])
        yield which[in_it], point[in_it]


def _before(counts: Whole) -> Whole:
    """Return the sum of all earlier counts, for each count."""
    return np.cumsum(counts) - counts
