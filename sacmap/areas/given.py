"""The Areas table that a notebook gives to a step: in any order, with any index, and not always what is needed."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sacmap import tables
from sacmap.areas.coordinates import are_beyond, are_swapped
from sacmap.areas.layer_rows import LINEAR
from sacmap.errors import InputError


def areas_given(areas: gpd.GeoDataFrame, needed: Sequence[str], *, placed: bool = True) -> gpd.GeoDataFrame:
    """Return an Areas table as `read_areas` has it: sorted by area_id, with a shape and a name for each.

    Parameters
    ----------
    areas
        The table given. It is not changed.
    needed
        The columns it must have.
    placed
        Whether the shapes must be in degrees. Otherwise no crime would lie in them, and nothing would be drawn.

    Raises
    ------
    InputError
        If it is another kind of table, lacks a column, has no areas, an identifier that is missing or there twice,
        points or lines for areas, or shapes in another coordinate system.
    """
    if isinstance(areas, gpd.GeoDataFrame) and areas.active_geometry_name and "geometry" not in areas:
        areas = areas.rename_geometry("geometry")
    tables.require_columns(areas, needed, "Areas")
    if not isinstance(areas, gpd.GeoDataFrame):
        raise InputError("The Areas table is no GeoDataFrame.", "Give what read_areas returns.")
    ids = areas["area_id"].astype(object)
    _require_ids(ids)
    shapes = np.array(areas["geometry"], dtype=object)
    shapes[shapely.is_missing(shapes)] = shapely.Polygon()
    if (strays := np.isin(shapely.get_type_id(shapes), LINEAR)).any():
        raise InputError(
            f"The Areas table has a point or line for {ids[strays].iloc[0]}.", "Give each area a polygon."
        )
    if placed:
        _require_degrees(areas)
    geometry = gpd.GeoSeries(shapes, areas.index, crs=areas.crs)
    table = areas.assign(area_id=ids, geometry=geometry).set_geometry("geometry")
    if "households" not in areas:
        table["households"] = np.nan
    if "name" in areas:
        names = areas["name"].astype(object)
        table["name"] = names.where(names.notna(), ids)
    return table.reset_index(drop=True).sort_values("area_id", kind="stable", ignore_index=True)


def _require_ids(ids: pd.Series) -> None:
    if not len(ids):
        raise InputError("The Areas table has no areas.", "Give what read_areas returns.")
    if ids.isna().any():
        raise InputError("The Areas table has an area without area_id.", "Give each area its own.")
    if ids.duplicated().any():
        raise InputError(
            f"The Areas table has {ids[ids.duplicated()].iloc[0]} twice.",
            'Give each area one row: areas.dissolve("area_id").reset_index().',
        )


def _require_degrees(areas: gpd.GeoDataFrame) -> None:
    if areas.crs is not None and not areas.crs.equals(tables.WGS84, ignore_axis_order=True):
        raise InputError(
            f"The Areas table is in {areas.crs.name}.", "Give areas.to_crs(4326), in degrees WGS84."
        )
    west, south, east, north = areas.total_bounds
    if np.isnan(west):
        raise InputError("The Areas table has no shapes.", "Give each area a polygon.")
    # A system that was only declared, or none, says nothing of the numbers.
    x, y = np.array([west, east]), np.array([south, north])
    if are_beyond(x, y).any():
        raise InputError(
            f"The Areas table is not in degrees (longitude {west:.7g} to {east:.7g}).",
            "If these are eastings, give areas.set_crs(27700, allow_override=True).to_crs(4326).",
        )
    if are_swapped(x, y).all():
        raise InputError(
            f"Longitude and latitude of the Areas table look swapped (longitude {west:.3f} to {east:.3f}).",
            "Give each point as longitude, latitude.",
        )
