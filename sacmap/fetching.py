"""Fetch what a study names and is not on disk: a force's or a district's boundaries, and crimes.

This loads the network libraries, so it is imported only where something may be fetched.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
from geopandas import GeoDataFrame

from sacmap import months
from sacmap.areas.boundaries import geojson_of, read_areas
from sacmap.areas.neighbourhoods import boundaries_path, neighbourhoods, summary
from sacmap.areas.open_geography import LICENCE, SERVICES, areas_of
from sacmap.fetch.api import Api
from sacmap.fetch.download import Downloaded, Downloader, Origin, origin_of
from sacmap.fetch.web import BOUNDARIES_BY_HAND, Web
from sacmap.files.collisions import require_apart
from sacmap.files.write import require_writable, write_whole
from sacmap.measure.coverage import complete_months, coverage
from sacmap.study import Study, rolled_to
from sacmap.terminal import Progress, say

#: How many of the newest months may be incomplete before earlier months have to be fetched too, by a second round.
MONTHS_BACK = 3


def fetch_boundaries(origin: Origin, path: Path) -> None:
    """Write a force's neighbourhoods to a file. Say how many there are and what was repaired.

    Raises
    ------
    SourceError, DiskError
        If they cannot be fetched, or not written.
    """
    require_apart([path], [origin.ca_bundle])
    require_writable(path.parent)
    with (
        _opened(origin, new_boundaries=True) as source,
        Progress("Fetching", ("boundary", "boundaries")) as progress,
    ):
        areas = neighbourhoods(
            source.api, source.force, expect=progress.expect, progress=progress.step, say=say
        )
    write_whole(path, geojson_of(areas))
    say(summary(areas, path))


def fetch_district(
    kind: str,
    district: str,
    path: Path,
    *,
    vintage: str | None,
    service_url: str | None,
    ca_bundle: str | None,
) -> None:
    """Write the areas of a district, of the kind wards or lsoas of the ONS, to a file, and say what was repaired.

    `vintage` is the year, and `service_url` the address of the service, both as in `areas_of`.

    Raises
    ------
    InputError, SourceError, DiskError
        If the district has none, or they cannot be fetched, or not written.
    """
    require_apart([path], [ca_bundle])
    require_writable(path.parent)
    with Web(ca_bundle=ca_bundle, by_hand=BOUNDARIES_BY_HAND, say=say) as web:
        areas, layer = areas_of(web, kind, district, vintage=vintage, service_url=service_url or SERVICES)
    # The files of several districts can then be joined, and one chosen with --within.
    write_whole(path, geojson_of(areas.assign(group=district)))
    say(f"{len(areas):,} {kind.replace('lsoas', 'LSOAs')} of {district}, from {layer}. {LICENCE}")
    for name, mend in zip(areas["name"], areas["mend"], strict=True):
        if mend:
            say(f"- {name}: {mend}")


def download(study: Study, areas: GeoDataFrame, *, refresh: bool = False) -> Downloaded:
    """Return a study's crimes, after fetching what is not in the store.

    Raises
    ------
    SourceError
        If police.uk cannot be reached, or the store lacks something and the study is offline.
    """
    with (
        _opened(origin_of(study), yes=study.yes, refresh=refresh) as source,
        Progress("Fetching", ("part", "parts")) as progress,
    ):
        newest = source.api.published if study.source == "archive" else source.api.newest
        wanted = study.months or _months_wanted(study, newest())
        found = source.download(wanted, areas, expect=progress.expect, progress=progress.step)
        if study.rolling is None:
            return found
        complete = complete_months(coverage(found.reading.judged, wanted), found.reading.whole or ())
        # The periods of a force that has been silent for longer end in an earlier month, and so begin in one.
        needed = {*wanted, *(rolled_to(study, complete[-1]).months if complete else ())}
        if len(needed) == len(wanted):
            return found
        return source.download(sorted(needed), areas, expect=progress.expect, progress=progress.step)


def newest_published(study: Study) -> str:
    """Return the newest month published by the source of a study's crimes. It is requested once a day.

    Raises
    ------
    SourceError
        If the source cannot be reached, because what the store says may be old.
    """
    with _opened(origin_of(study)) as source:
        published = source.api.published()
        if source.api.outage is not None:
            raise source.api.outage
        return published


def _months_wanted(study: Study, published: str) -> tuple[str, ...]:
    """Return the months that a study of rolling periods may need, if `published` is the newest month published.

    The newest complete month is known only after the crimes have been read.
    """
    # The API has 36 months, which three years need: it is not asked for earlier ones that may not be needed.
    most_back = 1 if study.source == "api" else MONTHS_BACK
    every = {
        month
        for back in range(most_back)
        for month in rolled_to(study, months.shift(published, -back)).months
    }
    return tuple(sorted(every))


def _opened(
    origin: Origin, *, yes: bool = False, refresh: bool = False, new_boundaries: bool = False
) -> Downloader:
    def agree(question: str) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(question, err=True))

    return Downloader(
        origin, say=say, agree=agree, refresh=refresh, new_boundaries=new_boundaries, territory=territory_of
    )


def territory_of(api: Api, force: str) -> GeoDataFrame | None:
    """Return a force's neighbourhoods from its boundaries file or the API, or None if it lists none."""
    kept = boundaries_path(force)
    if kept.is_file():
        return read_areas(kept)
    return neighbourhoods(api, force, say=say) if api.neighbourhoods(force) else None
