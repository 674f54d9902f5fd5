"""What the commands do to fetch: open the sources, say beforehand what is to come, show how far it is."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click
from geopandas import GeoDataFrame

from sacmap.console import say
from sacmap.errors import UsageError
from sacmap.fetch.bring import Brought, Source, Where, where_of
from sacmap.fetch.neighbourhoods import boundaries_path, neighbourhoods, told_of, write_neighbourhoods
from sacmap.fetch.open_geography import LICENCE, SERVICES, areas_of
from sacmap.fetch.web import Web
from sacmap.progress import Progress
from sacmap.publish.disk import require_writable
from sacmap.study import Study


def with_boundaries(study: Study) -> Study:
    """Return a study with boundaries: its own, or its force's neighbourhoods, fetched where they are not there.

    Raises
    ------
    UsageError
        If it names neither crimes nor a force, or neither boundaries nor a force.
    """
    if study.boundaries and (study.crimes or study.force):
        return study
    if not study.force:
        what, option = (
            ("crimes", "--crimes PATH") if study.boundaries else ("boundaries", "--boundaries FILE")
        )
        raise UsageError(
            f"No {what} were given, and no force to fetch those of.",
            f"Add {option}, or --force northamptonshire.",
        )
    path = boundaries_path(study.force)
    if not path.is_file():
        fetch_boundaries(where_of(study), path)
    return replace(study, boundaries=path.as_posix())


def fetch_boundaries(where: Where, path: Path) -> None:
    """Write a force's neighbourhoods to a file, and tell how many there are and what was mended."""
    require_writable(path.parent)
    with _opened(where, anew=True) as source, Progress("Fetching", "boundaries") as progress:
        areas = neighbourhoods(
            source.api, source.force, expect=progress.expect, progress=progress.step, say=say
        )
    write_neighbourhoods(areas, path)
    say(told_of(areas, path))


@dataclass(frozen=True)
class District:
    """A district whose ONS wards or LSOAs are wanted: its name, which of the two, of what year, from where."""

    name: str
    kind: str
    vintage: str | None
    service_url: str | None


def fetch_district(district: District, path: Path, *, ca_bundle: str | None) -> None:
    """Write the ONS wards or LSOAs of a district to a file, and tell how many there are and what was mended."""
    require_writable(path.parent)
    with Web(ca_bundle=ca_bundle, say=say) as web:
        areas, layer = areas_of(
            web,
            district.kind,
            district.name,
            vintage=district.vintage,
            service_url=district.service_url or SERVICES,
        )
    write_neighbourhoods(areas, path)
    say(f"{len(areas):,} {district.kind} of {district.name}, from {layer}. {LICENCE}")
    for name, mend in zip(areas["name"], areas["mend"], strict=True):
        if mend:
            say(f"- {name}: {mend}")


def brought(study: Study, areas: GeoDataFrame, *, refresh: bool = False) -> Brought:
    """Fetch what the store lacks of a study's crimes, and return all of them."""
    with (
        _opened(where_of(study), yes=study.yes, refresh=refresh) as source,
        Progress("Fetching", "parts") as progress,
    ):
        return source.bring(study.months, areas, expect=progress.expect, progress=progress.step)


def _opened(where: Where, *, yes: bool = False, refresh: bool = False, anew: bool = False) -> Source:
    def agree(question: str) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(question, err=True))

    return Source(where, say=say, agree=agree, refresh=refresh, anew=anew)
