"""Polygons for the page: simplified as a coverage, so that shared edges stay shared, and coded in whole numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

#: Above so many areas the map is drawn on a canvas, as thousands of SVG paths are slow to move.
MANY = 2_000
#: Of a typical area's width: how far a simplified edge may stray, of many areas further.
STRAY, STRAY_OF_MANY = 0.015, 0.04
#: Whole numbers a degree: five decimals, about a metre.
STEPS = 100_000
#: Sixty-four letters that mean nothing in HTML, in script or in a template.
CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: Letters that the largest number needs: 180 degrees are 18 million steps, doubled, five bits a letter.
GROUPS = 6


def simplified(polygons: NDArray[np.object_], stray: float = 0.0) -> NDArray[np.object_]:
    """Return the polygons with fewer points, neighbours still fitting one another.

    Edges may stray by a share of a typical area's width, or by `stray` degrees where that is more. An area that would
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
    """Return how far a simplified edge may stray, in degrees, unless more is asked for."""
    sizes = shapely.area(polygons)
    share = STRAY if len(polygons) <= MANY else STRAY_OF_MANY
    return share * float(np.sqrt(np.median(sizes[sizes > 0]))) if (sizes > 0).any() else 0.0


def coded(polygons: NDArray[np.object_]) -> list[str]:
    """Return each area as text: rings apart by commas, polygons by semicolons; empty where there is no boundary.

    A ring is whole numbers of 1e-5 degree: its first point, then the steps from point to point (lon, lat). Each is
    doubled, less one and turned positive where it was negative (0, -1, 1, -2 … are 0, 1, 2, 3 …), then written five
    bits a letter of `CODE`, low bits first, with 32 added while more follow.
    """
    parts, areas = shapely.get_parts(polygons, return_index=True)
    rings, ring_parts = shapely.get_rings(parts, return_index=True)
    points, point_rings = shapely.get_coordinates(rings, return_index=True)
    steps, step_rings = _steps(np.round(points * STEPS).astype(np.int64), point_rings)
    texts = _letters(steps, np.bincount(step_rings, minlength=len(rings)))
    found = [""] * len(polygons)
    before = -1
    for text, part in zip(texts, ring_parts.tolist(), strict=True):
        if not text:
            continue
        area = int(areas[part])
        apart = "" if not found[area] else "," if part == before else ";"
        found[area] += apart + text
        before = part
    return found


def _steps(
    points: NDArray[np.int64], rings: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the steps (n, 2) along each ring, without points that repeat the one before or close the ring.

    Rings of fewer than three points are left out.
    """
    first = np.diff(rings, prepend=-1) != 0
    last = np.append(first[1:], True)
    repeats = np.append(False, (points[1:] == points[:-1]).all(axis=1)) & ~first
    keep = ~last & ~repeats
    keep &= (np.bincount(rings[keep], minlength=rings.max(initial=0) + 1) >= 3)[rings]
    points, rings = points[keep], rings[keep]
    first = np.diff(rings, prepend=-1) != 0
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    steps[first] = points[first]
    return steps, rings


def _letters(steps: NDArray[np.int64], points: NDArray[np.int64]) -> list[str]:
    """Return the letters of each ring, given its steps (all rings' in a row) and how many points it has."""
    numbers = steps.ravel()
    codes = np.where(numbers < 0, -2 * numbers - 1, 2 * numbers)
    groups = (codes[:, None] >> (5 * np.arange(GROUPS))) & 31
    more = (codes[:, None] >> (5 * np.arange(1, GROUPS + 1))) > 0
    there = np.concatenate([np.ones((len(codes), 1), dtype=bool), more[:, :-1]], axis=1)
    letters = np.frombuffer(CODE.encode(), dtype=np.uint8)[groups + 32 * more]
    text = letters[there].tobytes().decode()
    ends = np.append(0, np.cumsum(there.sum(axis=1)))[np.append(0, np.cumsum(2 * points))]
    return [text[start:end] for start, end in pairwise(ends.tolist())]


def label_places(polygons: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return (n, 3) whole numbers of 1e-5 degree: a point inside each area (lon, lat) and its width there; else 0.

    The point is the middle of the widest stretch across the area at half its height, where a name has most room.
    """
    found = np.zeros((len(polygons), 3), dtype=np.int64)
    there = ~shapely.is_empty(polygons)
    middles = shapely.point_on_surface(polygons[there])
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    west, _, east, _ = shapely.bounds(polygons[there]).T
    ends = np.stack([np.column_stack([west - 1, y]), np.column_stack([east + 1, y])], axis=1)
    across = shapely.intersection(shapely.linestrings(ends), polygons[there])
    stretches, areas = shapely.get_parts(across, return_index=True)
    left, _, right, _ = shapely.bounds(stretches).T
    width = np.zeros(len(x))
    np.maximum.at(width, areas, np.where((left <= x[areas]) & (x[areas] <= right), right - left, 0))
    found[there] = np.round(np.column_stack([x, y, width]) * STEPS).astype(np.int64)
    return found
