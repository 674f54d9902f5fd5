"""Which areas overlap, found from the edges that do not part two areas.

Nearly all edges are the end of one area and the start of another: of two areas alike, with one on each side. Across
such an edge as many areas lie as before. So where two areas or more lie one on another, that ends at some edge of
another kind, and one of the areas beside that edge overlaps one whose edge it is: pairs are tried there first. From
areas that overlap, the search goes on to all areas about them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from sacmap.areas.edges import Shapes, Whole, edges_of

#: Interiors that meet: one area overlaps, holds or equals the other; a shared edge is none of these.
MEET = "T********"


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
