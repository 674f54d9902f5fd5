"""A force's own neighbourhoods as boundaries/FORCE.geojson."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd

from sacmap.areas.boundaries import areas_from_rings, geojson_of
from sacmap.errors import SourceError
from sacmap.fetch.api import Api
from sacmap.publish.disk import write_whole

FOLDER = Path("boundaries")


def boundaries_path(force: str) -> Path:
    """Return where a force's neighbourhoods are kept."""
    # A slug holds nothing but letters and dashes; anything else must not choose a folder.
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in force)
    return FOLDER / f"{safe}.geojson"


def neighbourhoods(
    api: Api, force: str, progress: Callable[[str], None] = lambda _: None
) -> gpd.GeoDataFrame:
    """Return the Areas table of a force's neighbourhoods, mends told in it.

    Raises
    ------
    SourceError
        If they cannot be had, or the force has none.
    UsageError
        If there is no such force.
    """
    api.force_name(force)
    rings = api.rings(force, progress)
    if not rings:
        raise SourceError(
            f"data.police.uk lists no neighbourhoods of {force}.", "Give boundaries with --boundaries FILE."
        )
    return areas_from_rings(rings)


def write_neighbourhoods(areas: gpd.GeoDataFrame, path: Path) -> None:
    """Write an Areas table as GeoJSON, whole or not at all.

    Raises
    ------
    DiskError
        If it cannot be written.
    """
    write_whole(path, geojson_of(areas))
