"""The outlines of the areas for the map and its static picture, and the places for names. They need no counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from sacmap.publish.shapes import STEPS, coded, label_places, rings_of, simplified, usual_stray

#: Size and margin of the picture. Its unit is half a CSS pixel at the usual size, so whole numbers are fine enough.
WIDTH, HEIGHT, MARGIN = 1600.0, 1120.0, 8.0
#: How far simplified edges may stray, in units of the picture: a third of a millimetre on paper.
STRAY = 3.6


class Picture(NamedTuple):
    """The areas in units of the picture: for each area its path data ("" without a boundary), and the room for a name.

    where: (n, 3) a point and the width of the area there; tall: (n,) its height; width, height: of the picture;
    project: gives (n, 2) points (lon, lat) in units of the picture.
    """

    paths: list[str]
    where: NDArray[np.float64]
    tall: NDArray[np.float64]
    width: float
    height: float
    project: Callable[[NDArray[np.float64]], NDArray[np.float64]]


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
    across = squeeze * down
    stray = STRAY / down

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round((points - (west, north)) * (across, -down) + MARGIN)

    coarser = simplified(shapes, stray) if stray > usual_stray(polygons) else shapes
    drawn = shapely.transform(coarser, project)
    width, height = project(np.array([[east, south]]))[0] + MARGIN
    return Picture(
        paths=paths_of(drawn),
        where=np.column_stack([project(names_at[:, :2] / STEPS), names_at[:, 2] / STEPS * across]),
        tall=np.diff(shapely.bounds(drawn)[:, [1, 3]], axis=1).ravel(),
        width=float(width),
        height=float(height),
        project=project,
    )


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
