"""The rows of one layer, as a file has them: what every reader of boundaries returns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from sacmap.areas.topology import Shapes
from sacmap.errors import InputError
from sacmap.limits import FEATURES, SHAPES_WITHIN, TABLE_CELLS
from sacmap.notices import Notice, listed

NO_BOUNDARY = "no boundary"
TOO_FEW = "ring of fewer than three points"
#: The name of the layer of areas in sacmap's own files.
OURS = "areas"

#: The type ids of points and lines, alone and several: no crime lies in them.
LINEAR = (0, 1, 2, 4, 5)

#: Corners as (x, y) or longer, as a file has them: not yet checked.
Ring = Sequence[Sequence[float]] | NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """The rows of one layer.

    columns: name → a value for each row, as the file has it; shapes: the geometry of each row in the file's own
    coordinates, empty if it has none; mends: what was repaired in the rings of each row; system: the coordinate system
    the file declares, or None; given_ids: identifiers outside the columns, as of GeoJSON features and KML placemarks;
    by_standard: whether the standard of the format says that coordinates without a declared system are degrees WGS84.
    """

    columns: dict[str, list[object]]
    shapes: Shapes
    mends: tuple[str, ...]
    system: pyproj.CRS | None
    given_ids: tuple[object, ...] = ()
    notices: tuple[Notice, ...] = ()
    by_standard: bool = False

    def __len__(self) -> int:
        return len(self.shapes)


def rows_of(
    records: Iterable[tuple[Mapping[str, object], BaseGeometry, str]],
    system: pyproj.CRS | None,
    where: Path | str,
    *,
    given_ids: Sequence[object] = (),
    notices: Iterable[Notice] = (),
    by_standard: bool = False,
) -> Rows:
    """Return the rows of (columns, geometry, mend); a column is None in rows that lack it.

    Raises
    ------
    InputError
        If there are too many areas or cells.
    """
    whole = list(records)
    FEATURES.require(len(whole), where)
    names = dict.fromkeys(name for properties, _, _ in whole for name in properties)
    TABLE_CELLS.require(len(whole) * len(names), where)
    shapes = np.array([geometry for _, geometry, _ in whole], dtype=object)
    return Rows(
        {name: [properties.get(name) for properties, _, _ in whole] for name in names},
        shapes,
        tuple(mend for _, _, mend in whole),
        system,
        tuple(given_ids) if any(one is not None for one in given_ids) else (),
        tuple(notices),
        by_standard,
    )


#: Headers in WKB of shapes that hold shapes: of several points, lines or polygons, collections and their curves.
_FLAGS = rb"[\x00\x20\x40\x60\x80\xa0\xc0\xe0]"
_WITHIN = re.compile(
    rb"\x01[\x04-\x0c\x0f\x10].\x00" + _FLAGS + rb"|\x00" + _FLAGS + rb"\x00.[\x04-\x0c\x0f\x10]", re.DOTALL
)
#: How the WKB of a polygon begins, in either order of bytes.
_POLYGON = (b"\x01\x03\0\0\0", b"\0\0\0\0\x03")


def shapes_of_wkb(raws: Sequence[bytes | None], where: Path | str) -> Shapes:
    """Return the shapes of WKB without heights; empty for None.

    Raises
    ------
    InputError
        If shapes are nested so deeply that reading them would crash the process.
    ShapelyError, TypeError, ValueError
        If one is incomplete.
    """
    for raw in raws:
        # A polygon holds no shapes, and most are polygons.
        if raw is not None and raw[:5] not in _POLYGON:
            SHAPES_WITHIN.require(sum(1 for _ in _WITHIN.finditer(raw)), where)
    with np.errstate(all="ignore"):
        shapes = np.asarray(shapely.force_2d(shapely.from_wkb(list(raws))))
    shapes[shapely.is_missing(shapes)] = shapely.Polygon()
    return shapes


def identifier_text(value: object) -> str:
    """Return an identifier or name as text: numbers without a trailing .0, missing values as ""."""
    if value is None or isinstance(value, bytes) or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def polygon_of(rings: Sequence[Ring], mends: list[str]) -> shapely.Polygon | None:
    """Return the polygon of an outer ring and its holes; None without an outer ring.

    Raises
    ------
    ValueError, TypeError, LookupError
        If a corner is not two finite numbers.
    """
    closed = [closed_ring(ring, mends) for ring in rings]
    if not closed or not len(closed[0]):
        return None
    return shapely.Polygon(closed[0], [ring for ring in closed[1:] if len(ring)])


def of_polygons(made: Sequence[shapely.Polygon], mends: Iterable[str]) -> tuple[BaseGeometry, str]:
    """Return the one polygon, the MultiPolygon of several or an empty one of none; and the mends, each said once."""
    shape = made[0] if len(made) == 1 else shapely.MultiPolygon(list(made)) if made else shapely.Polygon()
    return shape, "; ".join(dict.fromkeys(mends))


def closed_ring(ring: Ring, mends: list[str]) -> NDArray[np.float64]:
    """Return the corners of a ring, closed, and add what was repaired to `mends`; no corners if it is no ring.

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


def _corners(ring: Ring) -> NDArray[np.float64]:
    if isinstance(ring, str | bytes | Mapping):
        raise TypeError("a ring that is not a list of corners")
    if not len(ring):
        return np.empty((0, 2))
    try:
        found = np.array(ring, dtype=float)
    except (ValueError, TypeError):
        # Some corners have two numbers, others three.
        found = np.array([(float(point[0]), float(point[1])) for point in ring])
    if found.ndim != 2 or found.shape[1] < 2:
        raise ValueError("a corner that is not two numbers")
    flat = np.ascontiguousarray(found[:, :2])
    if not np.isfinite(flat).all():
        raise ValueError("a corner that is not two finite numbers")
    return flat


def layer_of(
    named: Sequence[str], asked: str | None, where: Path | str, *, others: Sequence[str] = ()
) -> str:
    """Return the layer asked for, or the only one. Of several, only sacmap's own layer is chosen without asking.

    `named` are the layers with shapes, `others` are all layers.

    Raises
    ------
    InputError
        If there is no such layer, none at all, or several and none was asked for.
    """
    every = list(dict.fromkeys([*named, *others]))

    def some(names: Sequence[str]) -> str:
        return listed([name[:60] for name in names], 12, ", ")

    if asked is not None:
        folded = [name for name in every if name.casefold() == asked.casefold()]
        if not folded:
            raise InputError(
                f"{where} has no layer {asked!r} (it has {some(every) or 'none'}).", "Check --layer."
            )
        return asked if asked in folded else folded[0]
    if not named:
        raise InputError(f"{where} has a table but no polygons.", "Give a file with a polygon for each area.")
    if len(named) > 1 and OURS not in named:
        raise InputError(
            f"{where} has several layers: {some(named)}.",
            f"Say which with --layer, such as --layer {named[0]!r}.",
        )
    return OURS if OURS in named else named[0]
