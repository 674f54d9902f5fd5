"""What a reader gives: the rows of one layer, as they stand in the file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sacmap.areas.bounds import CORNERS, FEATURES
from sacmap.measure.notices import Notice

NO_BOUNDARY = "no boundary"
TOO_FEW = "ring of fewer than three points"

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Rows:
    """The rows of one layer.

    columns
        Name → values, one a row, as the file has them.
    shapes
        The geometry of each row, in the file's own coordinates; empty where it has none.
    mends
        What had to be done to each row's rings to read them.
    system
        The coordinate system the file declares, or None.
    by_standard
        Whether the format's standard says that what declares none is in degrees WGS84.
    given_ids
        Ids that stand beside the columns: a GeoJSON feature's, a KML placemark's.
    told
        What the reader must know.
    """

    columns: dict[str, list[Any]]
    shapes: Shapes
    mends: tuple[str, ...]
    system: pyproj.CRS | None
    given_ids: tuple[Any, ...] = ()
    told: tuple[Notice, ...] = ()
    by_standard: bool = False

    def __len__(self) -> int:
        return len(self.shapes)

    def and_told(self, *more: Notice) -> Rows:
        """Return the rows with more to tell."""
        return replace(self, told=(*self.told, *more))


def rows_of(
    records: Iterable[tuple[Mapping[str, Any], BaseGeometry, str]],
    system: pyproj.CRS | None,
    where: Path | str,
    *,
    given_ids: Sequence[Any] = (),
    told: Sequence[Notice] = (),
    by_standard: bool = False,
) -> Rows:
    """Return the rows of (columns, geometry, mend), a column that a row lacks being None there.

    Raises
    ------
    InputError
        If there are more areas or corners than are read.
    """
    whole = list(records)
    FEATURES.require(len(whole), where)
    names = dict.fromkeys(name for properties, _, _ in whole for name in properties)
    shapes = np.array([geometry for _, geometry, _ in whole], dtype=object)
    CORNERS.require(int(shapely.get_num_coordinates(shapes).sum()), where)
    return Rows(
        {name: [properties.get(name) for properties, _, _ in whole] for name in names},
        shapes,
        tuple(mend for _, _, mend in whole),
        system,
        tuple(given_ids) if any(one is not None for one in given_ids) else (),
        tuple(told),
        by_standard,
    )


def text_of(value: Any) -> str:
    """Return an identifier or name as text: numbers without a trailing .0, missing as empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return ""
    return str(value).strip()


def polygon_of(rings: Sequence[Sequence[Any]], mends: list[str]) -> shapely.Polygon | None:
    """Return the polygon of an outer ring and holes, as (x, y) pairs or more; None where there is no outer ring.

    Raises
    ------
    ValueError, TypeError, LookupError
        If a corner is not two finite numbers.
    """
    closed = [closed_ring(ring, mends) for ring in rings]
    if not closed or not len(closed[0]):
        return None
    return shapely.Polygon(closed[0], [ring for ring in closed[1:] if len(ring)])


def of_polygons(made: Sequence[shapely.Polygon]) -> BaseGeometry:
    """Return the one polygon, or the MultiPolygon of several, or an empty polygon of none."""
    return made[0] if len(made) == 1 else shapely.MultiPolygon(list(made)) if made else shapely.Polygon()


def closed_ring(ring: Sequence[Any], mends: list[str]) -> NDArray[np.float64]:
    """Return the corners of a ring, closed, noting what was done; none where there is no ring.

    Raises
    ------
    ValueError, TypeError, LookupError
        If a corner is not two finite numbers.
    """
    corners = _corners(ring)
    if not len(corners):
        mends.append(NO_BOUNDARY)
        return corners
    apart = corners[(corners != corners[0]).any(axis=1)]
    if not len(apart) or not (apart != apart[0]).any():
        mends.append(TOO_FEW)
        return corners[:0]
    if (corners[0] != corners[-1]).any():
        mends.append("ring closed")
        corners = np.vstack([corners, corners[:1]])
    elif len(corners) < 4:
        mends.append(TOO_FEW)
        return corners[:0]
    return corners


def _corners(ring: Sequence[Any]) -> NDArray[np.float64]:
    if isinstance(ring, str | bytes | Mapping):
        raise TypeError("a ring that is no list of corners")
    if not len(ring):
        return np.empty((0, 2))
    if not isinstance(ring, np.ndarray):
        try:
            ring = np.array(ring, dtype=float)
        except (ValueError, TypeError):
            # Corners of two and of three numbers in one ring.
            ring = np.array([(float(point[0]), float(point[1])) for point in ring])
    if ring.ndim != 2 or ring.shape[1] < 2:
        raise ValueError("a corner that is not two numbers")
    flat = np.ascontiguousarray(ring[:, :2])
    if not np.isfinite(flat).all():
        raise ValueError("a corner that is not two finite numbers")
    return flat
