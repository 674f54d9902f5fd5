"""Fetch a force's neighbourhoods, which are kept in boundaries/FORCE.geojson."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd

from sacmap.areas.boundaries import areas_from_rings
from sacmap.errors import SourceError

if TYPE_CHECKING:
    from sacmap.fetch.api import Api

FOLDER = Path("boundaries")


def boundaries_path(force: str) -> Path:
    """Return the path of a force's boundary file."""
    # A slug has only letters and dashes. Other characters are replaced, so that they cannot lead to another folder.
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
    """Return the Areas table of a force's neighbourhoods; its column mend says what was repaired.

    `say` is called first, with the number of boundaries to fetch; then `expect` once with all identifiers, and
    `progress` with each identifier when its boundary has come.

    Raises
    ------
    SourceError
        If they cannot be fetched, or the force has none.
    UsageError
        If there is no such force.
    """
    api.force_name(force)
    known = api.neighbourhoods(force)
    if not known:
        raise SourceError(
            f"data.police.uk lists no neighbourhoods for {force}.", "Give boundaries with --boundaries FILE."
        )
    to_fetch = sum(not api.knows_boundary(force, one) for one in known)
    if to_fetch and api.web is not None:
        say(
            f"To fetch from data.police.uk: {to_fetch} neighbourhood boundaries of {force}, "
            f"about {to_fetch * 0.05:,.0f} MB."
        )
    expect(list(known))
    rings = {}
    for one, name in known.items():
        rings[one, name] = api.boundary(force, one)
        progress(one)
    return areas_from_rings(rings)


def summary(areas: gpd.GeoDataFrame, path: Path) -> str:
    """Return the number of neighbourhoods, and what was repaired, in words."""
    mended = areas[areas["mend"] != ""]
    each = [f"- {row.name} ({row.area_id}): {row.mend}" for row in mended.itertuples(index=False)]
    return "\n".join([f"{path}: {len(areas)} neighbourhoods, {len(each)} of them repaired.", *each])
