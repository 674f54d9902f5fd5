"""Find the force of each area by its location, even if the data have no crimes of that force.

police-force-areas.geojson holds the areas of the 43 territorial forces of England and Wales: ONS wards dissolved by the
force that reports in each district (police.uk), simplified to about a kilometre. Contains National Statistics and OS
data © Crown copyright and database right; Open Government Licence v3.0.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from sacmap.areas.topology import in_metres, metric_crs
from sacmap.forces import TRANSPORT_SLUG, force_slug

#: Twice the error of the simplified outlines, in metres.
OUTLINE = 2_000.0
#: Beyond this distance from every force's area, in metres, a place belongs to no force.
ABROAD = 5_000.0
#: A force's crimes fit its name if at least this share of them is in its area; and the number of crimes checked.
AT_HOME, LOOKED_AT = 0.5, 2_000


class OwnForces(NamedTuple):
    """For each area, in the order of the Areas table.

    force: the name of the force it is of, "" where of none; sure: not so near to another's area that the outlines
    could mislead; abroad: far from all forces' areas.
    """

    force: NDArray[np.object_]
    sure: NDArray[np.bool_]
    abroad: NDArray[np.bool_]


@cache
def force_outlines() -> dict[str, shapely.Geometry]:
    """Return the outline of each territorial force's area, degrees WGS84, by name."""
    text = (files("sacmap.areas") / "police-force-areas.geojson").read_text(encoding="utf-8")
    names = [str(one["properties"]["force"]) for one in json.loads(text)["features"]]
    return dict(zip(names, shapely.get_parts(shapely.from_geojson(text)), strict=True))


def own_forces(areas: gpd.GeoDataFrame) -> OwnForces:
    """Return which force each area is of, by the place of a point within it."""
    shapes, grid = areas.geometry.to_numpy(), metric_crs(areas)
    points = in_metres(shapely.point_on_surface(shapes), grid)
    outlines = in_metres(np.array(list(force_outlines().values())), grid)
    names = np.array([*force_outlines(), ""], dtype=object)
    tree = shapely.STRtree(outlines)
    own = np.full(len(points), len(outlines))
    far = np.ones(len(points), dtype=bool)
    point, outline = tree.query(points, predicate="dwithin", distance=ABROAD)
    far[point] = False
    apart = shapely.distance(points[point], outlines[outline])
    order = np.argsort(-apart, kind="stable")
    # Written from the farthest to the nearest, so that the nearest remains.
    own[point[order]] = outline[order]
    near = np.bincount(point, weights=apart <= OUTLINE, minlength=len(points))
    return OwnForces(names[own], near <= 1, far & ~shapely.is_empty(shapes))


def _at_home(crimes: pd.DataFrame) -> frozenset[str]:
    """Return the slugs of the territorial forces whose crimes are where their names say.

    `crimes` has force, lon and lat. Made-up data may use a real force's name elsewhere: its place then says nothing.
    """
    outlines = {force_slug(str(name)): outline for name, outline in force_outlines().items()}
    found = set()
    located = crimes[crimes["lon"].notna().to_numpy() & crimes["lat"].notna().to_numpy()]
    for force, places in located.groupby("force", observed=True).indices.items():
        outline = outlines.get(force_slug(str(force)))
        if outline is None:
            continue
        some = located.iloc[places[:: max(1, len(places) // LOOKED_AT)]]
        inside = shapely.contains_xy(outline, some["lon"].to_numpy(float), some["lat"].to_numpy(float))
        if inside.mean() >= AT_HOME:
            found.add(force_slug(str(force)))
    return frozenset(found)


def without_own_force(
    areas: gpd.GeoDataFrame, crimes: pd.DataFrame, counts: NDArray[np.integer], present: Collection[str]
) -> dict[str, str]:
    """Return area_id → own force, for the areas whose own force has no crimes in the data.

    `crimes` has force, lon and lat; `counts` is (areas,) crimes located in each; `present` are the names of the forces
    that any crime given, of any type, is of.

    Returns
    -------
    area_id → name of its force; "" for an area of no force of England and Wales that has no crime at all. Empty where
    the crimes do not lie where the forces' names say, as in made-up data.
    """
    given = {force_slug(str(name)) for name in present}
    # British Transport Police alone is no area's own force, wherever its crimes lie.
    if given != {TRANSPORT_SLUG} and not _at_home(crimes):
        return {}
    own = own_forces(areas)
    absent = np.array([bool(name) and force_slug(name) not in given for name in own.force])
    known = counts[~absent & (counts > 0)]
    # Near a border the outline may be wrong. Counts like those elsewhere show that the area belongs to the other force.
    stray = counts < 0.1 * float(np.median(known)) if len(known) else np.ones(len(counts), dtype=bool)
    unknown = (absent & (own.sure | stray)) | (own.abroad & (counts == 0))
    return {
        str(area): str(force)
        for area, force, lost in zip(areas["area_id"], own.force, unknown, strict=True)
        if lost
    }
