"""Find the area of each crime: the one place where this is decided. The geometry is in `sacmap.areas.join`."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sacmap import tables
from sacmap.areas.coordinates import are_beyond, are_swapped
from sacmap.areas.force_areas import ABROAD, force_outlines
from sacmap.areas.given import areas_given
from sacmap.areas.join import MILLION, ROOM, join
from sacmap.areas.topology import in_metres, metric_crs, to_metres
from sacmap.errors import InputError

#: Fewer crimes out at sea may be errors of their own.
FEW = 5
#: What to do if no crime has a location.
LOST = "A spreadsheet may have lost the coordinates. Use the files as downloaded."


def locate(crimes: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find the one area of each crime.

    >>> located = locate(read_crimes("crimes.zip"), read_areas("wards.geojson"))
    >>> located["area_id"].value_counts().to_dict()
    {'W0': 600, 'W2': 480, 'W3': 480, 'W1': 420}

    Each distinct map point is joined once. A point belongs to the area it lies in, or on the edge of. If there are
    several (a shared edge, an overlap), it belongs to the first by area_id. A point in a hole is outside.

    Parameters
    ----------
    crimes
        The Crimes table; lon and lat in degrees WGS84.
    areas
        The Areas table.

    Returns
    -------
    The Located table: the rows of `crimes` in order, with area_id (categorical; missing without a location or
    an area), near_edge (within 50 m of the boundary of its own area), shared (in or on more than one area) and
    edge_area (the nearest other area within 50 m, or missing).

    Raises
    ------
    InputError
        If a table lacks a column, the areas are not usable (see `areas_given`), or coordinates are no numbers, or not
        degrees in or around the British Isles: swapped, or eastings and northings.
    """
    tables.require_columns(crimes, ("lon", "lat"), "Crimes")
    areas = areas_given(areas, ("area_id", "geometry"))
    lon, lat = (tables.numbers(crimes[name], "Crimes") for name in ("lon", "lat"))
    require_degrees(lon, lat)
    there = np.isfinite(lon) & np.isfinite(lat)
    point_of, points = pd.factorize(point_keys(lon[there], lat[there]))
    east, north = np.divmod(points + ROOM // 2, ROOM)
    joined = join(east, north - ROOM // 2, areas.geometry.to_numpy(), metric_crs(areas))

    def of_row(of_point: np.ndarray, otherwise: int | bool) -> np.ndarray:
        values = np.full(len(crimes), otherwise, of_point.dtype)
        values[there] = of_point[point_of]
        return values

    ids = pd.CategoricalDtype(areas["area_id"])
    return crimes.assign(
        area_id=pd.Categorical.from_codes(of_row(joined.area.astype(np.int32), -1), dtype=ids),
        near_edge=of_row(joined.near_edge, False),
        shared=of_row(joined.shared, False),
        edge_area=pd.Categorical.from_codes(of_row(joined.edge_area.astype(np.int32), -1), dtype=ids),
    )


def point_keys(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return a whole number for each map point. Coordinates have six decimals, so equal points get equal numbers."""
    return np.round(lon * MILLION).astype(np.int64) * ROOM + np.round(lat * MILLION).astype(np.int64)


def require_degrees(lon: np.ndarray, lat: np.ndarray, what: str = "the crimes") -> None:
    """Refuse coordinates that are not degrees of the British Isles. The message says what they look like.

    Raises
    ------
    InputError
        If any look like latitude and longitude swapped, like eastings and northings, or without their point.
    """
    some = np.isfinite(lon) & np.isfinite(lat)
    x, y = lon[some], lat[some]
    if len(x) == 0:
        return
    if are_beyond(x, y).any():
        worst = (np.abs(x) + np.abs(y)).argmax()
        said = f"The coordinates of {what} are not degrees ({x[worst]:.8g}, {y[worst]:.8g}): "
        if what == "the crimes" and (abs(x[worst]) <= 180 or abs(y[worst]) <= 90 or abs(y[worst]) > 2e7):
            raise InputError(
                f"{said}a decimal point seems to be lost.",
                "A spreadsheet may have changed the file. Use it as downloaded.",
            )
        raise InputError(
            f"{said}they look like eastings and northings.",
            "Convert them from the British National Grid (EPSG:27700) to longitude and latitude."
            if what == "the crimes"
            else "Say with --crs which coordinate system they are in, such as --crs EPSG:27700.",
        )
    swapped = are_swapped(x, y)
    if swapped.any():
        # A few are an error too: files that were joined may differ in the order of the two columns.
        part = "" if swapped.all() else f" in {swapped.sum():,} of {len(x):,} points"
        rows = " in those rows, or use the files as downloaded" if part else ""
        raise InputError(
            f"Longitude and latitude of {what} look swapped{part} (longitude {x[swapped][0]:g}, latitude "
            f"{y[swapped][0]:g}).",
            f"Swap the two columns{rows}."
            if what == "the crimes"
            else "Export them again, longitude before latitude.",
        )


def require_overlap(located: pd.DataFrame, areas: gpd.GeoDataFrame) -> None:
    """Refuse located crimes none of which lies in an area, because the boundaries must be of another place.

    Raises
    ------
    InputError
        If there are crimes and none has a location, or none is in an area, which gives both extents; or some lie in
        the sea because their longitudes lost the minus sign.
    """
    there = located["lon"].notna().to_numpy()
    if len(there) and not there.any():
        raise InputError(
            f"No crime of the {len(there):,} given has a location, so none lies in an area.", LOST
        )
    outside = there & located["area_id"].isna().to_numpy()
    points = located.loc[outside, ["lon", "lat"]]
    if not outside.any():
        return
    if not outside[there].all():
        _require_signs(points, int(there.sum()), areas)
        return
    if _mirrored(points, areas).mean() > 0.5:
        raise InputError(
            "No crime lies in any area. With the other sign of the longitudes, most would lie among the areas.",
            "Longitudes west of Greenwich are below 0: use the file that has lost its minus signs as downloaded.",
        )
    if _eastings_swapped(points.drop_duplicates(), areas):
        raise InputError(
            "No crime lies in any area. With easting and northing exchanged, most would lie among the areas.",
            "Swap the two columns.",
        )
    low, high = points.min(), points.max()
    west, south, east, north = areas.total_bounds
    raise InputError(
        f"No crime lies in any area: the crimes span longitude {low['lon']:.3f} to {high['lon']:.3f}, latitude "
        f"{low['lat']:.3f} to {high['lat']:.3f}; the areas {west:.3f} to {east:.3f}, {south:.3f} to {north:.3f}.",
        "Give the boundaries of the place where the crimes are.",
    )


def _mirrored(points: pd.DataFrame, areas: gpd.GeoDataFrame) -> np.ndarray:
    """Mark the points, lon and lat, that lie in the areas' extent only with the other sign of their longitude."""
    x, y = points.to_numpy(float).T
    west, south, east, north = areas.total_bounds
    return np.asarray((-x >= west) & (-x <= east) & (y >= south) & (y <= north) & ((x < west) | (x > east)))


def _require_signs(points: pd.DataFrame, crimes: int, areas: gpd.GeoDataFrame) -> None:
    """Refuse crimes out at sea that would lie among the areas with a minus sign before their longitude."""
    lost = points[_mirrored(points, areas)]
    if len(lost) < FEW:
        return
    grid = metric_crs(areas)
    tree = shapely.STRtree(in_metres(np.array(list(force_outlines().values())), grid))
    # Many crimes share a place, and most of a whole country's are on land.
    times = lost.value_counts(sort=False)
    places = in_metres(np.asarray(shapely.points(times.index.to_frame().to_numpy(float))), grid)
    on_land, _ = tree.query(places, predicate="dwithin", distance=ABROAD)
    at_sea = times.drop(times.index[np.unique(on_land)])
    if (n := int(at_sea.sum())) >= FEW:
        longitude = at_sea.index[0][0]
        raise InputError(
            f"{n:,} of {crimes:,} crimes lie in the sea, such as at longitude {longitude:g}; with "
            f"{-longitude:g} they would lie among the areas.",
            "Their longitudes have lost the minus sign: use the files as downloaded.",
        )


def _eastings_swapped(points: pd.DataFrame, areas: gpd.GeoDataFrame) -> bool:
    """Whether most points, lon and lat, would lie among the areas if their easting were their northing."""
    grid = metric_crs(areas)
    west, south, east, north = shapely.total_bounds(in_metres(areas.geometry.to_numpy(), grid))
    y, x = to_metres(grid).transform(*points.to_numpy(float).T)
    return bool(((x >= west) & (x <= east) & (y >= south) & (y <= north)).mean() > 0.5)
