"""Points of the British National Grid: to degrees, and whether they can be right."""

from __future__ import annotations

from functools import cache

import numpy as np
from pyproj import Transformer

from sacmap import tables

#: The extent of Great Britain in metres and in degrees: (lowest, highest) of each coordinate. No land lies in the
#: first two kilometres of the grid: such numbers are degrees or kilometres among metres.
EXTENTS = {"BNG": ((2_000.0, 700_000.0), (2_000.0, 1_300_000.0)), "degrees": ((-9.0, 2.5), (49.0, 61.5))}
#: The points of one force lie so near to one another (metres), but for a few. A smaller share that seems swapped is no
#: sign of it: a force of the Midlands has a crime in Fleetwood now and then.
NEAR, MOST_NEAR, FEW_FAR = 80_000.0, 0.9, 0.02


@cache
def from_grid() -> Transformer:
    """Return what turns metres of the British National Grid into longitude and latitude (WGS84)."""
    return Transformer.from_crs("EPSG:27700", tables.WGS84, always_xy=True)


def in_britain(x: np.ndarray, y: np.ndarray, system: str) -> np.ndarray:
    """Mark the points within the extent of Great Britain; `system` is a key of `EXTENTS`."""
    (west, east), (south, north) = EXTENTS[system]
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def swapped_among(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mark the points whose easting and northing seem swapped, where those of most are not: metres, NaN if missing.

    They lie far away, and swapped they would lie with the others. Only points of one force's area can tell.
    """
    there = np.asarray(np.isfinite(x) & np.isfinite(y))
    if not there.any():
        return there
    east, north = np.median(x[there]), np.median(y[there])
    if abs(east - north) < 2 * NEAR:
        return np.zeros_like(there)
    near = np.hypot(x - east, y - north) <= NEAR
    mirrored = there & ~near & (np.hypot(y - east, x - north) <= NEAR)
    most = near.sum() + mirrored.sum() >= MOST_NEAR * there.sum()
    return np.asarray(mirrored & most & (mirrored.sum() > FEW_FAR * there.sum()))
