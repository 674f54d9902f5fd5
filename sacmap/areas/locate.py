"""Each crime to one area, or to none and why."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sacmap import tables
from sacmap.errors import InputError

BRITISH_NATIONAL_GRID = 27700
#: Metres for Northern Ireland, west of what the British grid is made for.
UTM_30N = 32630


def locate(crimes: pd.DataFrame, areas: gpd.GeoDataFrame, joined: pd.DataFrame | None = None) -> pd.DataFrame:
    """Give each crime the one area it belongs to.

    Each distinct map point is joined once. A point belongs to an area it lies in or on the edge of; where there
    are several (a shared edge, an overlap), to the first by area_id. A point in a hole is outside.

    Parameters
    ----------
    crimes
        The Crimes table; lon and lat in degrees WGS84.
    areas
        The Areas table.
    joined
        The map points of the crimes as `join_points` gives them, where that is already known.

    Returns
    -------
    The Located table: the rows of `crimes` in order, with area_id (categorical, missing where there is no location or
    no area), near_edge (within 50 m of the boundary of its own area), shared (in or on more than one area) and
    edge_area (the nearest other area within 50 m, or missing).

    Raises
    ------
    InputError
        If coordinates are not degrees in or around the British Isles: swapped, or eastings and northings.
    """
    there, key = _keys(crimes)
    codes, points = pd.factorize(key)
    if joined is None:
        joined = _joined(points, areas)
    found = joined.loc[points].iloc[codes]

    def of_row(column: str, otherwise: int | bool) -> np.ndarray:
        some = found[column].to_numpy()
        values = np.full(len(crimes), otherwise, some.dtype)
        values[there] = some
        return values

    ids = pd.CategoricalDtype(areas["area_id"].sort_values())
    return crimes.assign(
        area_id=pd.Categorical.from_codes(of_row("area", -1), dtype=ids),
        near_edge=of_row("near", False),
        shared=of_row("shared", False),
        edge_area=pd.Categorical.from_codes(of_row("beside", -1), dtype=ids),
    )


def join_points(
    crimes: pd.DataFrame, areas: gpd.GeoDataFrame, known: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the map points of the crimes, and those known already, joined to the areas.

    Returns
    -------
    One row a map point, by `point_keys`: area and beside, places among the areas by area_id, or −1 for none; near and
    shared, as in `locate`. `known` itself where it has them all.

    Raises
    ------
    InputError
        As `locate`.
    """
    _, key = _keys(crimes)
    points = pd.unique(key)
    if known is None:
        return _joined(points, areas)
    new = points[~np.isin(points, known.index.to_numpy())]
    return pd.concat([known, _joined(new, areas)]) if len(new) else known


def _keys(crimes: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return which crimes have a location, and the keys of those."""
    lon, lat = crimes["lon"].to_numpy(float), crimes["lat"].to_numpy(float)
    require_degrees(lon, lat)
    there = np.isfinite(lon) & np.isfinite(lat)
    return there, point_keys(lon[there], lat[there])


#: Millionths of a degree of latitude that a key has room for: over 180 degrees either way.
_ROOM = 400_000_000


def point_keys(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return a whole number for each map point, the same for the same point: they come to six decimals."""
    return np.round(lon * 1e6).astype(np.int64) * _ROOM + np.round(lat * 1e6).astype(np.int64)


def _joined(keys: np.ndarray, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    east, north = np.divmod(keys + _ROOM // 2, _ROOM)
    points = np.asarray(shapely.points(east / 1e6, (north - _ROOM // 2) / 1e6))
    area, shared, near, beside = _join(points, areas.sort_values("area_id", kind="stable"))
    return pd.DataFrame(
        {"area": area.astype(np.int32), "near": near, "shared": shared, "beside": beside.astype(np.int32)},
        index=pd.Index(keys, name="point"),
    )


def _join(
    points: np.ndarray, areas: gpd.GeoDataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each point: place of its area (-1 none), in several, near its edge, place of the area beside."""
    polygons = areas.geometry.to_numpy()
    shapely.prepare(polygons)
    hits, owners = shapely.STRtree(points).query(polygons, predicate="covers")[::-1]
    area_of = np.full(len(points), len(polygons))
    np.minimum.at(area_of, hits, owners)
    area_of[area_of == len(polygons)] = -1
    shared = np.bincount(hits, minlength=len(points)) > 1

    grid = metric_crs(areas)
    flat = areas.geometry.to_crs(grid).to_numpy()
    inside = np.flatnonzero(area_of >= 0)
    metres = gpd.GeoSeries(points[inside], crs=tables.WGS84).to_crs(grid).to_numpy()
    edges = shapely.boundary(flat)
    shapely.prepare(edges)
    near = np.zeros(len(points), dtype=bool)
    near[inside] = shapely.dwithin(metres, edges[area_of[inside]], tables.EDGE_METRES)
    beside = np.full(len(points), -1)
    close = np.flatnonzero(near[inside])
    if len(close):
        which, other = shapely.STRtree(flat).query(
            metres[close], predicate="dwithin", distance=tables.EDGE_METRES
        )
        own = area_of[inside][close][which]
        which, other = which[other != own], other[other != own]
        far = shapely.distance(metres[close][which], flat[other])
        # Nearest first, then first by id; the first of each point stands.
        order = np.lexsort((other, far, which))
        chosen, at = np.unique(which[order], return_index=True)
        beside[inside[close[chosen]]] = other[order][at]
    return area_of, shared, near, beside


def metric_crs(areas: gpd.GeoDataFrame) -> int:
    """Return the EPSG code to measure metres in: the British grid, or UTM 30N for Northern Ireland."""
    west, south, east, north = areas.total_bounds
    irish = np.isfinite(west) and (west + east) / 2 < -5.3 and 53.9 < (south + north) / 2 < 55.5
    return UTM_30N if irish else BRITISH_NATIONAL_GRID


def require_degrees(lon: np.ndarray, lat: np.ndarray, what: str = "the crimes") -> None:
    """Refuse coordinates that are not degrees of the British Isles, saying what they look like.

    Raises
    ------
    InputError
        If half of them or more look like latitude and longitude swapped, or any like eastings and northings.
    """
    some = np.isfinite(lon) & np.isfinite(lat)
    x, y = lon[some], lat[some]
    if len(x) == 0:
        return
    if np.any((np.abs(x) > 180) | (np.abs(y) > 90)):
        raise InputError(
            f"The coordinates of {what} are not degrees ({x[np.abs(x).argmax()]:.0f}, {y[np.abs(y).argmax()]:.0f}): "
            "they look like eastings and northings.",
            "Convert them from the British National Grid (EPSG:27700) to longitude and latitude.",
        )
    swapped = (x > 49) & (x < 62) & (y > -9) & (y < 3)
    if np.mean(swapped) >= 0.5:
        raise InputError(
            f"Longitude and latitude of {what} look swapped (longitude {x[swapped][0]:g}, latitude {y[swapped][0]:g}).",
            "Swap the two columns.",
        )


def require_overlap(crimes: pd.DataFrame, located: pd.DataFrame, areas: gpd.GeoDataFrame) -> None:
    """Refuse crimes of which none lies in any area: the boundaries are of another place.

    Raises
    ------
    InputError
        If there are crimes with a location and none is in an area; the message gives both extents.
    """
    there = crimes["lon"].notna()
    if not there.any() or located["area_id"].notna().any():
        return
    points = crimes.loc[there, ["lon", "lat"]]
    low, high = points.min(), points.max()
    west, south, east, north = areas.total_bounds
    raise InputError(
        f"No crime lies in any area: the crimes span longitude {low['lon']:.3f} to {high['lon']:.3f}, latitude "
        f"{low['lat']:.3f} to {high['lat']:.3f}; the areas {west:.3f} to {east:.3f}, {south:.3f} to {north:.3f}.",
        "Give the boundaries of the place the crimes are of.",
    )
