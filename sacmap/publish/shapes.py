"""The outlines of the areas for the map and its static picture, and the places for names.

They are simplified as a coverage, so that shared edges stay shared, and coded in whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

#: Above so many areas the map is drawn on a canvas, as thousands of SVG paths are slow to move.
MANY = 2_000
#: How far a simplified edge may stray, as a share of a typical area's width: of few areas, and of many.
STRAY, STRAY_OF_MANY = 0.015, 0.04
#: Steps per degree: five decimals, about a metre.
STEPS = 100_000
#: Sixty-four letters without a special meaning in HTML, in script or in a template.
CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: Letters for the largest number: 180 degrees are 18 million steps, doubled, with five bits per letter.
GROUPS = 6
#: Size and margin of the picture. Its unit is half a CSS pixel at the usual size, so whole numbers are fine enough.
WIDTH, HEIGHT, MARGIN = 1600.0, 1120.0, 8.0
#: How far simplified edges may stray there, in its units: half a millimetre on paper.
PICTURE_STRAY = 4.0


class Picture(NamedTuple):
    """The areas in units of the picture: the path data of each ("" without a boundary), and where its name stands.

    where: (n, 2) a point of each area; width, height: of the picture; project: gives (n, 2) points (lon, lat) in units
    of the picture.
    """

    paths: list[str]
    where: NDArray[np.float64]
    width: float
    height: float
    project: Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Outlines(NamedTuple):
    """The outlines of the areas.

    shapes: the areas with fewer points, see `simplified`; codes: the same for the page's script, see `coded`; names_at:
    see `label_places`; picture: None if no area has a boundary.
    """

    shapes: NDArray[np.object_]
    codes: list[str]
    names_at: NDArray[np.int64]
    picture: Picture | None


def outlines_of(polygons: NDArray[np.object_]) -> Outlines:
    """Return the outlines of areas (lon, lat). It takes seconds for a country, and needs no counts."""
    shapes = simplified(polygons)
    names_at = label_places(polygons)
    return Outlines(shapes, coded(shapes), names_at, _picture_of(polygons, shapes, names_at))


def _picture_of(
    polygons: NDArray[np.object_], shapes: NDArray[np.object_], names_at: NDArray[np.int64]
) -> Picture | None:
    """Return the areas for the static picture, from the original and the simplified polygons."""
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(polygons))
    if not np.isfinite([west, south, east, north]).all():
        return None
    squeeze = math.cos(math.radians((south + north) / 2))
    down = min((WIDTH - 2 * MARGIN) / ((east - west) * squeeze), (HEIGHT - 2 * MARGIN) / (north - south))
    stray = PICTURE_STRAY / down

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round((points - (west, north)) * (squeeze * down, -down) + MARGIN)

    coarser = simplified(shapes, stray) if stray > usual_stray(polygons) else shapes
    width, height = project(np.array([[east, south]]))[0] + MARGIN
    return Picture(
        paths=paths_of(shapely.transform(coarser, project)),
        where=project(names_at[:, :2] / STEPS),
        width=float(width),
        height=float(height),
        project=project,
    )


def simplified(polygons: NDArray[np.object_], stray: float = 0.0) -> NDArray[np.object_]:
    """Return the polygons with fewer points, so that neighbours still fit.

    Edges may stray by a share of a typical area's width, or by `stray` degrees if that is more. An area that would
    vanish keeps its shape.
    """
    some = shapely.area(polygons) > 0
    if not some.any():
        return polygons
    tolerance = max(stray, usual_stray(polygons))
    simpler = polygons.copy()
    simpler[some] = shapely.coverage_simplify(polygons[some], tolerance)
    lost = shapely.is_empty(simpler) & some
    simpler[lost] = polygons[lost]
    return simpler


def usual_stray(polygons: NDArray[np.object_]) -> float:
    """Return the usual distance that a simplified edge may stray, in degrees."""
    sizes = shapely.area(polygons)
    share = STRAY if len(polygons) <= MANY else STRAY_OF_MANY
    return share * float(np.sqrt(np.median(sizes[sizes > 0]))) if (sizes > 0).any() else 0.0


def paths_of(drawn: NDArray[np.object_]) -> list[str]:
    """Return each area in whole units as path data: the first point of each ring, then steps."""
    rings = rings_of(drawn, 1, least=2)
    numbers, which = np.unique(rings.steps, return_inverse=True)
    texts = np.array([str(number) for number in numbers.tolist()], dtype=object)[which.ravel()].tolist()
    found = [""] * len(drawn)
    start = 0
    for area, count in zip(rings.areas.tolist(), rings.counts.tolist(), strict=True):
        # A ring starts at its own first point, not where the last one ended.
        x, y, *rest = texts[start : start + 2 * count]
        found[area] += f"M{x} {y}l{' '.join(rest).replace(' -', '-')}z"
        start += 2 * count
    return found


def coded(polygons: NDArray[np.object_]) -> list[str]:
    """Return each area as text, with commas between rings and semicolons between polygons; "" without a boundary.

    A ring has whole numbers of 1e-5 degree: its first point, then the steps from point to point (lon, lat). Negative
    numbers are mapped to odd ones (0, -1, 1, -2 … become 0, 1, 2, 3 …). Each number is written with five bits per
    letter of `CODE`, low bits first; 32 is added to a letter if more follow.
    """
    rings = rings_of(polygons, STEPS)
    found = [""] * len(polygons)
    before = -1
    texts = _letters(rings.steps, rings.counts)
    for text, area, part in zip(texts, rings.areas.tolist(), rings.parts.tolist(), strict=True):
        apart = "" if not found[area] else "," if part == before else ";"
        found[area] += apart + text
        before = part
    return found


def joined(polygons: NDArray[np.object_]) -> shapely.Geometry:
    """Return the union of areas, without the edges that they share."""
    there = polygons[~shapely.is_empty(polygons)]
    if not len(there):
        return shapely.Polygon()
    try:
        return shapely.coverage_union_all(there)
    except shapely.errors.GEOSException:
        # Areas that overlap are not a coverage.
        return shapely.union_all(there)


class Rings(NamedTuple):
    """The rings of areas in whole numbers, one after the other.

    steps: (points, 2), of each ring its first point, then the steps from point to point, without the last one back;
    counts: points of each ring; areas and parts: the position of its area, and which of all polygons it is of.
    """

    steps: NDArray[np.int64]
    counts: NDArray[np.int64]
    areas: NDArray[np.int64]
    parts: NDArray[np.int64]


def rings_of(polygons: NDArray[np.object_], scale: float, *, least: int = 3) -> Rings:
    """Return the rings of areas times `scale` that keep `least` points without those that repeat the one before."""
    corners, ring, areas, parts = _corners(polygons)
    last = np.diff(ring, append=-1) != 0
    steps, counts = _stepped(corners[~last] * scale, ring[~last], len(parts), least)
    kept = counts >= least
    return Rings(steps, counts[kept], areas[kept], parts[kept])


def _stepped(
    corners: NDArray[np.float64], ring: NDArray[np.int64], rings: int, least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the steps, as in `Rings`, of the rings that keep `least` points; and how many points each ring keeps."""
    points = np.round(corners).astype(np.int64)
    keep = _first(ring)
    keep[1:] |= (points[1:] != points[:-1]).any(axis=1)
    counts = np.bincount(ring[keep], minlength=rings)
    keep &= (counts >= least)[ring]
    points, first = points[keep], _first(ring[keep])
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    steps[first] = points[first]
    return steps, counts


def _first(ring: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the first corner of each ring."""
    return np.asarray(np.diff(ring, prepend=-1) != 0)


def _corners(
    polygons: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return all corners (n, 2), the ring of each; and of each ring its area, and which of all polygons it is of."""
    parts, areas = shapely.get_parts(polygons, return_index=True)
    rings, ring_parts = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    return corners, ring, areas[ring_parts], ring_parts


def _letters(steps: NDArray[np.int64], counts: NDArray[np.int64]) -> list[str]:
    """Return the letters of each ring, whose points are so many."""
    numbers = steps.ravel()
    codes = np.where(numbers < 0, -2 * numbers - 1, 2 * numbers)
    groups = (codes[:, None] >> (5 * np.arange(GROUPS))) & 31
    more = (codes[:, None] >> (5 * np.arange(1, GROUPS + 1))) > 0
    there = np.concatenate([np.ones((len(codes), 1), dtype=bool), more[:, :-1]], axis=1)
    letters = np.frombuffer(CODE.encode(), dtype=np.uint8)[groups + 32 * more]
    text = letters[there].tobytes().decode()
    ends = np.append(0, np.cumsum(there.sum(axis=1)))[np.append(0, np.cumsum(2 * counts))]
    return [text[start:end] for start, end in pairwise(ends.tolist())]


def label_places(polygons: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return (n, 3) whole numbers of 1e-5 degree: a point inside each area (lon, lat) and its width there; else 0.

    The point is the middle of the widest stretch across the area at half its height, where a name has most room.
    """
    there = ~shapely.is_empty(polygons)
    at = np.zeros((len(polygons), 2))
    at[there] = shapely.get_coordinates(shapely.point_on_surface(polygons[there]))
    points, ring, areas, _ = _corners(polygons)
    area = areas[ring]
    # Where the boundary crosses the height of the point, which shapely puts between the heights of two corners.
    above = points[:, 1] > at[area, 1]
    crossed = np.flatnonzero((above[1:] != above[:-1]) & (ring[1:] == ring[:-1]))
    area = area[crossed]
    (x, y), (to_x, to_y) = points[crossed].T, points[crossed + 1].T
    across = x + (at[area, 1] - y) * (to_x - x) / (to_y - y)
    # The stretch of the area that holds the point is between the crossings next to it.
    left, right = np.full((2, len(polygons)), [[-np.inf], [np.inf]])
    west = across <= at[area, 0]
    np.maximum.at(left, area[west], across[west])
    np.minimum.at(right, area[~west], across[~west])
    width = np.where(np.isfinite(right - left), right - left, 0)
    return np.round(np.column_stack([at, width]) * STEPS).astype(np.int64)


def coded_lines(lines: NDArray[np.object_]) -> list[str]:
    """Return each line, or ring of a polygon, as text: whole numbers of 1e-5 degree as in `coded`."""
    parts = shapely.get_parts(lines)
    closed = shapely.get_dimensions(parts) == 2
    parts[closed] = shapely.boundary(parts[closed])
    rings = shapely.get_parts(parts)
    if not len(rings):
        return []
    corners, which = shapely.get_coordinates(rings, return_index=True)
    steps, counts = _stepped(corners * STEPS, which, len(rings), least=2)
    return _letters(steps, counts[counts > 1])
