"""Boxes of longitude and latitude for requests to the API. A box makes a short request, whatever an area's shape."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import shapely

#: Boxes use integers in millionths of a degree, as precise as police.uk, so that their edges are exact.
MICRO = 1_000_000
#: Extents are rounded outward to this, so that slightly different boundaries lead to the same requests.
GRID = 50_000
#: A box with sides up to this (about a kilometre) is not split: it never has 10,000 crimes in a month.
SMALL = 10_000
#: A box is cut at least one sixteenth of its side away from its edge.
_MARGIN = 16


@dataclass(frozen=True, order=True)
class Box:
    """A box, in millionths of a degree. Its edges belong to it, and also to the neighbouring box."""

    west: int
    south: int
    east: int
    north: int

    @property
    def key(self) -> str:
        """The name of the box in the store: the inverse of `box_of`."""
        return f"{self.west},{self.south},{self.east},{self.north}"

    @property
    def poly(self) -> str:
        """The box as the API wants it: four corners as lat,lng."""
        corners = (
            (self.south, self.west),
            (self.south, self.east),
            (self.north, self.east),
            (self.north, self.west),
        )
        return ":".join(f"{lat / MICRO:.6f},{lng / MICRO:.6f}" for lat, lng in corners)

    @property
    def small(self) -> bool:
        """Whether the box is too small to be split."""
        return self.east - self.west <= SMALL and self.north - self.south <= SMALL

    def holds(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Return, for each point (degrees), whether it lies in the box or on its edge."""
        x, y = np.round(lon * MICRO), np.round(lat * MICRO)
        held: np.ndarray = (x >= self.west) & (x <= self.east) & (y >= self.south) & (y <= self.north)
        return held

    def meets(self, other: Box) -> bool:
        """Whether the two share a point."""
        return (
            self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
        )

    def quarters(self, lon: np.ndarray, lat: np.ndarray) -> tuple[Box, Box, Box, Box]:
        """Split into four boxes with about equally many of the points (degrees), or in the middle if there are none."""
        inside = self.holds(lon, lat)
        x, y = lon[inside] * MICRO, lat[inside] * MICRO
        cut = _cut(self.west, self.east, x)
        left = _cut(self.south, self.north, y[x <= cut])
        right = _cut(self.south, self.north, y[x > cut])
        return (
            Box(self.west, self.south, cut, left),
            Box(self.west, left, cut, self.north),
            Box(cut, self.south, self.east, right),
            Box(cut, right, self.east, self.north),
        )


def _cut(low: int, high: int, values: np.ndarray) -> int:
    margin = (high - low) // _MARGIN
    middle = float(np.median(values)) if len(values) else (low + high) / 2
    return int(min(max(middle, low + margin), high - margin))


def box_of(key: str) -> Box:
    """Return the box with this key."""
    west, south, east, north = (int(part) for part in key.split(","))
    return Box(west, south, east, north)


def extent_box(bounds: tuple[float, float, float, float]) -> Box:
    """Return the box around bounds (west, south, east, north in degrees), rounded outward to twentieths of a degree.

    A hundredth of a degree is added first: a server may treat the edge between two corners as an arc, up to about
    100 m away from the straight line.
    """
    low = [int(np.floor((v - 0.01) * MICRO / GRID)) * GRID for v in bounds[:2]]
    high = [int(np.ceil((v + 0.01) * MICRO / GRID)) * GRID for v in bounds[2:]]
    return Box(low[0], low[1], high[0], high[1])


def covered(box: Box, by: Collection[Box]) -> bool:
    """Whether the boxes `by` together cover `box`."""
    near = [other for other in by if box.meets(other)]
    shapes = [shapely.box(b.west, b.south, b.east, b.north) for b in near]
    return bool(
        shapely.covers(shapely.union_all(shapes), shapely.box(box.west, box.south, box.east, box.north))
    )
