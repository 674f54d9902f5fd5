"""Repair shapes to valid polygons and note each repair; refuse shapes that would take minutes to repair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from sacmap import tables
from sacmap.areas.layer_rows import NO_BOUNDARY
from sacmap.areas.topology import Shapes, in_metres, metric_crs, near_pairs
from sacmap.limits import CROSSINGS

_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
#: Pairs of edges compared at a time.
_AT_A_TIME = 20_000
#: A shape with more corners than this has its crossings counted before anything else.
MANY = 50_000


def mended(table: gpd.GeoDataFrame, where: Path | str) -> gpd.GeoDataFrame:
    """Return the table (area_id, mend, geometry in degrees) with valid polygons; mend says what changed.

    Raises
    ------
    InputError
        If boundaries cross themselves so often that the repair would take minutes.
    """
    shapes, mends = table.geometry.to_numpy().copy(), list(table["mend"])
    large = np.flatnonzero(shapely.get_num_coordinates(shapes) > MANY)
    require_few_crossings(shapes[large], [table["area_id"].iloc[k] for k in large], where)
    whole = shapely.is_valid(shapes) & ~shapely.has_z(shapes) & ~shapely.is_empty(shapes)
    whole &= np.isin(shapely.get_type_id(shapes), _POLYGONS)
    odd = np.flatnonzero(~whole)
    require_few_crossings(shapes[odd], [table["area_id"].iloc[k] for k in odd], where)
    for k in odd:
        shape, more = valid_polygons(shapes[k])
        if more and more != NO_BOUNDARY:
            # Corners on the other side of the earth have no coordinates on the grid.
            with np.errstate(invalid="ignore"):
                before, after = shapely.area(in_metres(np.array([shapes[k], shape]), metric_crs(table)))
            if np.isfinite([before, after]).all():
                more = f"{more} (area {before / 1e4:,.1f} → {after / 1e4:,.1f} ha)"
        shapes[k] = shape
        mends[k] = "; ".join(dict.fromkeys(part for part in (mends[k], more) if part))
    return table.assign(mend=pd.Series(mends, dtype=object)).set_geometry(
        gpd.GeoSeries(shapes, crs=tables.WGS84)
    )


def require_few_crossings(shapes: Shapes, ids: Sequence[str], where: Path | str) -> None:
    """Refuse shapes that cross themselves so often that their repair would take minutes.

    Raises
    ------
    InputError
        If they do. The message names the area that crosses itself most.
    """
    found: dict[int, int] = {}
    # Of a large shape, even to know whether it crosses itself may take the square of its corners.
    large = shapely.get_num_coordinates(shapes) > MANY
    odd = large.copy()
    odd[~large] = ~shapely.is_valid(shapes[~large])
    for k in np.flatnonzero(odd):
        found[int(k)] = crossings(shapes[k])
        if sum(found.values()) > CROSSINGS.most:
            worst = max(found, key=lambda k: found[k])
            CROSSINGS.require(sum(found.values()), f"{where}, mostly in area {ids[worst]},")


def crossings(shape: BaseGeometry) -> int:
    """Return how many pairs of edges meet other than end to end. Counting stops soon after `CROSSINGS.most`.

    The cost of a repair grows with the square of this number.
    """
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    corners, ring = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    start = start[(corners[start] != corners[start + 1]).any(axis=1)]
    edges: Any = shapely.linestrings(np.stack([corners[start], corners[start + 1]], axis=1))
    found = 0
    for one, other in near_pairs(edges):
        for k in range(0, len(one), _AT_A_TIME):
            some = slice(k, k + _AT_A_TIME)
            found += _meeting(edges, corners, start, one[some], other[some])
            if found > CROSSINGS.most:
                return found
    return found


def _meeting(
    edges: np.ndarray, corners: np.ndarray, start: np.ndarray, one: np.ndarray, other: np.ndarray
) -> int:
    """Count the pairs of edges that meet along a line, or in a point that is not an end of both."""
    ends = [corners[start[one] + a] for a in (0, 1)]
    others = [corners[start[other] + b] for b in (0, 1)]
    shared = np.zeros(len(one), dtype=bool)
    for a in ends:
        for b in others:
            shared |= (a == b).all(axis=1)
    meet = shapely.intersects(edges[one], edges[other]) & ~shared
    lines = shared & shapely.relate_pattern(edges[one], edges[other], "1********")
    return int(meet.sum() + lines.sum())


def valid_polygons(geometry: BaseGeometry) -> tuple[BaseGeometry, str]:
    """Return a valid Polygon or MultiPolygon with all the area of `geometry`, and what was repaired.

    A ring that crosses itself keeps both loops: `make_valid` is used because a zero buffer would lose one. Lines and
    points are left out. An empty geometry stays empty and is noted as "no boundary".
    """
    shape, mends = geometry, []
    if geometry.has_z:
        shape = shapely.force_2d(shape)
    if not shape.is_valid:
        mends.append(f"{shapely.is_valid_reason(shape).split('[')[0].lower()} mended")
        shape = shapely.make_valid(shape)
    if shapely.get_type_id(shape) not in _POLYGONS:
        if not mends:
            mends.append(f"polygons of a {shape.geom_type} kept")
        parts = shapely.get_parts(shape)
        shape = shapely.union_all(parts[np.isin(shapely.get_type_id(parts), _POLYGONS)])
    if shape.is_empty:
        return shapely.Polygon(), NO_BOUNDARY
    return shape, "; ".join(mends)


def merged(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """Return the parts of one area as one shape."""
    valid = [valid_polygons(shape)[0] for shape in shapes if not shape.is_empty]
    joined: BaseGeometry = shapely.union_all(valid) if valid else shapely.Polygon()
    return joined
