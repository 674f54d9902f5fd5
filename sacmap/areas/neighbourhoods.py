"""A force's own neighbourhoods as boundaries/FORCE.geojson."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd

from sacmap.areas.boundaries import areas_from_rings, geojson_of
from sacmap.errors import SourceError
from sacmap.fetch.api import Api
from sacmap.files.whole import write_whole

FOLDER = Path("boundaries")


def boundaries_path(force: str) -> Path:
    """Return where a force's neighbourhoods are kept."""
    # A slug holds nothing but letters and dashes; anything else must not choose a folder.
    safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in force)
    return FOLDER / f"{safe}.geojson"


def neighbourhoods(
    api: Api,
    force: str,
    *,
    expect: Callable[[list[str]], None] = lambda _: None,
    progress: Callable[[str], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> gpd.GeoDataFrame:
    """Return the Areas table of a force's neighbourhoods, mends told in it.

    `expect` is called once with their identifiers, `progress` with each when its boundary is there, and `say` with
    how many are to be asked for, beforehand.

    Raises
    ------
    SourceError
        If they cannot be had, or the force has none.
    UsageError
        If there is no such force.
    """
    api.force_name(force)
    known = api.neighbourhoods(force)
    if not known:
        raise SourceError(
            f"data.police.uk lists no neighbourhoods of {force}.", "Give boundaries with --boundaries FILE."
        )
    to_ask = sum(not api.knows_boundary(force, one) for one in known)
    if to_ask and api.web is not None:
        say(
            f"To ask of data.police.uk: {to_ask} neighbourhood boundaries of {force}, about {to_ask * 0.05:,.0f} MB."
        )
    expect(list(known))
    rings = {}
    for one, name in known.items():
        rings[one, name] = api.boundary(force, one)
        progress(one)
    return areas_from_rings(rings)


def told_of(areas: gpd.GeoDataFrame, path: Path) -> str:
    """Return how many neighbourhoods there are, and what was mended, in words."""
    mended = areas[areas["mend"] != ""]
    each = [f"{row.name} ({row.area_id}): {row.mend}" for row in mended.itertuples(index=False)]
    lines = [
        f"{path}: {len(areas)} neighbourhoods, {len(each)} of them mended.",
        *(f"- {one}" for one in each),
    ]
    return "\n".join(lines)


def write_neighbourhoods(areas: gpd.GeoDataFrame, path: Path) -> None:
    """Write an Areas table as GeoJSON, whole or not at all.

    Raises
    ------
    DiskError
        If it cannot be written.
    """
    write_whole(path, geojson_of(areas))
