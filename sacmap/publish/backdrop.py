"""The background that helps a reader find their way: towns, districts, and the roads, rail and water given."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import shapely
from numpy.typing import NDArray

from sacmap.publish.shapes import STEPS, coded, coded_lines, label_places

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from sacmap.areas.context import Layer
    from sacmap.publish.view import View

#: The most towns of a map; the script shows those with room for their name.
MOST_TOWNS = 160
#: How far towns may lie outside the areas' box, and from the nearest area, as shares of the map's width.
MARGIN, NEAR = 0.06, 0.012
TOWNS_SOURCE = "Place names: GeoNames (geonames.org), CC BY 4.0."
CONTEXT_SOURCE = "Roads, rail, water and places in grey: from the files given."


@cache
def _towns() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the names of the towns of England and Wales of 5,000 people and more, and (n, 3): lon, lat, people."""
    text = (files("sacmap.publish") / "data" / "places.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    numbers = [[float(row["lon"]), float(row["lat"]), float(row["population"])] for row in rows]
    return tuple(row["name"] for row in rows), np.array(numbers)


class Districts(TypedDict):
    """The outlines of districts, coded for the script, and the points for their names."""

    codes: list[str]
    labels: list[int]


class ContextLayer(TypedDict):
    """A layer for orientation: its lines, coded like rings, or its places as name, lon and lat in 1e-5 degree."""

    kind: str
    lines: list[str]
    places: list[tuple[str, int, int]]


def towns_near(areas: GeoDataFrame) -> list[tuple[str, int, int]]:
    """Return the towns in and near the areas, the largest first: name, and lon and lat in 1e-5 degree."""
    west, south, east, north = areas.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        return []
    names, numbers = _towns()
    aside, above = MARGIN * (east - west), MARGIN * (north - south)
    lon, lat, people = numbers.T
    inside = (lon > west - aside) & (lon < east + aside) & (lat > south - above) & (lat < north + above)
    order = np.flatnonzero(inside)[np.argsort(-people[inside], kind="stable")]
    # Towns just outside are included, because their names may be the only ones near that edge.
    tree = shapely.STRtree(areas.geometry.to_numpy())
    near = tree.query(
        shapely.points(lon[order], lat[order]), predicate="dwithin", distance=NEAR * (east - west)
    )[0]
    order = order[np.unique(near)][:MOST_TOWNS]
    return [(names[k], round(lon[k] * STEPS), round(lat[k] * STEPS)) for k in order.tolist()]


def districts(view: View) -> Districts | None:
    """Return the districts as the script reads them; None if there are none."""
    if not view.districts:
        return None
    shapes = np.array(list(view.districts.values()), dtype=object)
    return {"codes": coded(shapes), "labels": label_places(shapes).ravel().tolist()}


def context_of(view: View) -> list[ContextLayer] | None:
    """Return the layers given for orientation; None if there are none."""
    if not view.context:
        return None
    return [
        {
            "kind": layer.kind,
            "lines": [] if layer.kind == "place" else coded_lines(layer.shapes),
            "places": _named_points(layer) if layer.kind == "place" else [],
        }
        for layer in view.context
    ]


def _named_points(layer: Layer) -> list[tuple[str, int, int]]:
    at = np.round(shapely.get_coordinates(shapely.point_on_surface(layer.shapes)) * STEPS).astype(int)
    return [(name, x, y) for name, (x, y) in zip(layer.names, at.tolist(), strict=True)]


def sources(view: View) -> list[str]:
    """Return where the names and lines behind the areas are from."""
    return [*([TOWNS_SOURCE] if view.towns else []), *([CONTEXT_SOURCE] if view.context else [])]
