"""Map points to areas: which area each lies in, whether near its edge, and which area is beside.

Points are put in order by bands of latitude, where those in a box are a run of each band. An area is tried only on the
points in its box, and each edge of its boundary, a line between two corners, only on those in a box around it; only
such points and edges are measured in metres.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from sacmap import tables
from sacmap.areas.topology import Edges, Floats, Shapes, Whole, edges_of

#: Points are whole millionths of a degree; a band of latitude is 550 m high.
MILLION, BAND = 1_000_000, 5_000
#: Millionths of a degree of longitude that a band has room for: over 180 degrees either way.
ROOM = 400_000_000
#: Pairs of a box and a point are looked at so many at a time.
AT_A_TIME = 1 << 18
#: 50 m in degrees of latitude, each 110.6 km or more, with a tenth to spare.
_DEGREES = 1.1 * tables.EDGE_METRES / 110_600
#: A line straight in degrees strays from the one straight on the grid by less than this share of its length.
_STRAY = 0.05


class Joined(NamedTuple):
    """Of each point: the place of its area, whether in several, near its edge, the place of the area beside; or −1."""

    area: Whole
    shared: NDArray[np.bool_]
    near: NDArray[np.bool_]
    beside: Whole


class Boxes(NamedTuple):
    """The sides of boxes, in millionths of a degree."""

    west: Whole
    south: Whole
    east: Whole
    north: Whole


def join(east: Whole, north: Whole, areas: Shapes, grid: int) -> Joined:
    """Join map points to areas.

    Parameters
    ----------
    east, north
        The points, in millionths of a degree.
    areas
        Polygons and MultiPolygons in degrees, empty where an area has no boundary. They are prepared.
    grid
        EPSG code of the grid to measure metres on.

    Returns
    -------
    A point belongs to the first of the areas it is in or on the edge of. It is near the edge where it is within 50 m
    of the boundary of its own area. Beside is then the nearest other area within 50 m, of equals the first; others
    that it lies in are at no distance.
    """
    order = np.argsort(_key(east, north), kind="stable")
    east, north = east[order], north[order]
    # Neither needs the other, and both let go of Python's lock.
    with ThreadPoolExecutor(1) as meanwhile:
        edges_near = meanwhile.submit(_edges_near, east, north, areas.copy(), grid)
        point, holder = _holders(east, north, areas)
        at, area, metres = edges_near.result()
    own = np.full(len(order), len(areas))
    np.minimum.at(own, point, holder)
    own[own == len(areas)] = -1
    near = np.zeros(len(order), dtype=bool)
    near[at[area == own[at]]] = True

    at, area = np.concatenate([point, at]), np.concatenate([holder, area])
    metres = np.concatenate([np.zeros(len(point)), metres])
    others = np.flatnonzero(near[at] & (area != own[at]))
    # Written from the farthest to the nearest, and of equals from the last: what is written last stands.
    others = others[np.lexsort((area[others], metres[others]))[::-1]]
    nearest = np.full(len(order), -1)
    nearest[at[others]] = area[others]
    shared = np.bincount(point, minlength=len(order)) > 1
    as_given = np.argsort(order)
    return Joined(own[as_given], shared[as_given], near[as_given], nearest[as_given])


def _holders(east: Whole, north: Whole, areas: Shapes) -> tuple[Whole, Whole]:
    """Return each pair of a point and an area it is in or on the edge of."""
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
    """Return each pair of a point and an edge within 50 m: the point, the area of the edge, the metres between."""
    edges = edges_of(areas)
    corners = _Metres(edges.lon, edges.lat, _to_grid(grid))
    points = _Metres(east / MILLION, north / MILLION, _to_grid(grid))
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for edge, point in in_boxes(east, north, _around(edges)):
        corner = edges.corner[edge]
        metres = _distance(points.of(point), corners.of(corner), corners.of(corner + 1))
        close = metres <= tables.EDGE_METRES
        found.append((point[close], edges.area[edge[close]], metres[close]))
    point, area, metres = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return point, area, metres


def _around(edges: Edges) -> Boxes:
    """Return a box around each edge that holds every point within 50 m of it."""
    lon, other_lon = edges.lon[edges.corner], edges.lon[edges.corner + 1]
    lat, other_lat = edges.lat[edges.corner], edges.lat[edges.corner + 1]
    up = _DEGREES + _STRAY * (np.abs(lon - other_lon) + np.abs(lat - other_lat))
    # A degree of longitude is shorter than one of latitude by its cosine.
    across = up / np.cos(np.radians(np.maximum(np.abs(lat), np.abs(other_lat)))).clip(0.01)
    return boxes_of(
        np.minimum(lon, other_lon) - across,
        np.minimum(lat, other_lat) - up,
        np.maximum(lon, other_lon) + across,
        np.maximum(lat, other_lat) + up,
    )


@cache
def _to_grid(grid: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(tables.WGS84, grid, always_xy=True)


class _Metres:
    """Places in degrees, each put on the grid when it is first asked for."""

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
    """Return how far each point is from the line between two ends; not a number where the grid has no such place."""
    with np.errstate(invalid="ignore", divide="ignore"):
        line_x, line_y = other[0] - one[0], other[1] - one[1]
        x, y = point[0] - one[0], point[1] - one[1]
        square = line_x * line_x + line_y * line_y
        along = (x * line_x + y * line_y) / square
        aside = np.abs(y * line_x - x * line_y) / square * np.sqrt(square)
        # Before its first end or past its other, that end is nearest; where both are one place, it is neither.
        to_one = np.sqrt(x * x + y * y)
        x, y = point[0] - other[0], point[1] - other[1]
        return np.where(along < 1, np.where(along > 0, aside, to_one), np.sqrt(x * x + y * y))


def boxes_of(west: Floats, south: Floats, east: Floats, north: Floats) -> Boxes:
    """Return boxes of degrees grown to whole millionths, and cut where there is no room for them."""
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
    """Return numbers that put points in order, by band and from west to east."""
    return north // BAND * ROOM + east


def in_boxes(east: Whole, north: Whole, boxes: Boxes) -> Iterator[tuple[Whole, Whole]]:
    """Yield each box with each point in it, by their places; box by box, some at a time. The points are in order."""
    key = _key(east, north)
    bands = boxes.north // BAND - boxes.south // BAND + 1
    # Each band of each box is a run of the points.
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
    """Return the sum of the counts before each."""
    return np.cumsum(counts) - counts
