"""Polygons for the page: simplified as a coverage, so that shared edges stay shared, and coded in whole numbers."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

#: Of a typical area's width: how far a simplified edge may stray.
STRAY = 0.015
#: Whole numbers a degree: five decimals, about a metre.
STEPS = 100_000


def simplified(polygons: NDArray[np.object_], finest: float = 1.0) -> NDArray[np.object_]:
    """Return the polygons with fewer points, neighbours still fitting one another.

    `finest` multiplies how far edges may stray: 1 for a map that can be zoomed, more for a picture. An area that
    would vanish keeps its shape.
    """
    sizes = shapely.area(polygons)
    some = sizes > 0
    if not some.any():
        return polygons
    tolerance = finest * STRAY * float(np.sqrt(np.median(sizes[some])))
    simpler = polygons.copy()
    simpler[some] = shapely.coverage_simplify(polygons[some], tolerance)
    lost = shapely.is_empty(simpler) & some
    simpler[lost] = polygons[lost]
    return simpler


def coded(polygons: NDArray[np.object_]) -> list[list[list[list[int]]]]:
    """Return, for each area, its polygons as rings of whole numbers: the first point, then steps (lon, lat)."""
    return [_coded(polygon) for polygon in polygons]


def _coded(area: shapely.Geometry) -> list[list[list[int]]]:
    return [
        [ring for ring in (_ring(line) for line in (part.exterior, *part.interiors)) if len(ring) >= 6]
        for part in shapely.get_parts(area)
        if not part.is_empty
    ]


def _ring(line: shapely.Geometry) -> list[int]:
    points = np.round(shapely.get_coordinates(line)[:-1] * STEPS).astype(np.int64)
    keep = np.ones(len(points), dtype=bool)
    keep[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
    points = points[keep]
    return [int(n) for n in np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()]
