"""The edges of areas: the straight lines between the corners of their rings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]


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
