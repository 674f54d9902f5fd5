"""Download the crimes of a study without files: recent months from the API, older ones from the archive.

The result is a `Reading`, as from files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.crimes import Reading, summed, tally_of
from sacmap.errors import SourceError, UsageError
from sacmap.fetch import street
from sacmap.fetch.api import Api, OfflineError
from sacmap.fetch.archive import Archive, fewest
from sacmap.fetch.store import Store, StoredAnswer, default_store
from sacmap.fetch.street_rows import CATEGORIES
from sacmap.fetch.study_region import ORDER, Region
from sacmap.fetch.web import BOUNDARIES_BY_HAND, BY_HAND, Web
from sacmap.forces import TRANSPORT_SLUG, force_slug
from sacmap.notices import MONTHS, Notice, counted, listed
from sacmap.study import Study
from sacmap.study_options import API_URL, ARCHIVE_URL, FetchOptions

#: For estimates: crimes of the three types per neighbourhood and month, and bytes per crime.
_CRIMES, _BYTES = 25, 450


@dataclass(frozen=True)
class MonthSources:
    """The source of each month: the API, an older publication in the store (month → publication), the archive."""

    api: tuple[str, ...]
    kept: dict[str, str]
    archive: tuple[str, ...]


@dataclass(frozen=True)
class Downloaded:
    """The crimes, a summary of the store in words, and the months without any crime of the force."""

    reading: Reading
    summary: str
    empty: tuple[str, ...]


def choose_sources(
    wanted: Collection[str], window: Sequence[str], source: str, kept: Callable[[str], str | None]
) -> MonthSources:
    """Choose the source of each month wanted.

    `window` are the months the API has, sorted, none if it is not used; `source` is auto, api or archive; `kept` gives
    the publication for which the store has all of a month that the API no longer has, or None.

    Raises
    ------
    UsageError
        If a month is not published yet, or only the API may be used and no longer has it. The message gives its months.
    """
    api, older, archive = [], {}, []
    has = f"data.police.uk has {window[0]} to {window[-1]}" if window else "the store has no list of months"
    for month in sorted(wanted):
        if source == "archive":
            archive.append(month)
        elif month in window:
            api.append(month)
        elif (publication := kept(month)) is not None:
            older[month] = publication
        elif window and month > window[-1]:
            raise UsageError(f"{month} is not published yet: {has}.", "Choose periods that end earlier.")
        elif source == "api":
            raise UsageError(
                f"The API does not have {month}: {has}.", "Use --from auto, which also uses the archive."
            )
        else:
            archive.append(month)
    return MonthSources(tuple(api), older, tuple(archive))


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The force whose crimes are fetched, and the sources, as in the options of the same names."""

    force: str
    store: str | None = None
    offline: bool = False
    source: str = "auto"
    api_url: str = API_URL
    archive_url: str = ARCHIVE_URL
    ca_bundle: str | None = None

    @classmethod
    def of(cls, force: str, fetching: FetchOptions) -> Origin:
        """Return the origin for a force with these options; those not given take their defaults."""
        return cls(
            force=force,
            store=fetching["store"],
            offline=fetching["offline"],
            api_url=fetching["api_url"] or API_URL,
            ca_bundle=fetching["ca_bundle"],
        )


def origin_of(study: Study) -> Origin:
    """Return where a study's crimes are fetched from."""
    return Origin(**{one.name: getattr(study, one.name) for one in fields(Origin)})


class Downloader:
    """Downloads the crimes of one force. A context manager.

    `say` is called with messages, `agree` to ask before a large download. `web` is by default a new client, and none
    with --offline. `territory` returns the Areas table of a force's neighbourhoods, or None if it lists none. For the
    rest see `Api`.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        say: Callable[[str], None] = lambda _: None,
        agree: Callable[[str], bool] = lambda _: False,
        web: Web | None = None,
        refresh: bool = False,
        new_boundaries: bool = False,
        territory: Callable[[Api, str], gpd.GeoDataFrame | None] = lambda *_: None,
    ) -> None:
        self.origin = origin
        self.force = origin.force
        self._territory = territory
        self.say = say
        self.store = Store(Path(origin.store) if origin.store else default_store())
        by_hand = BOUNDARIES_BY_HAND if new_boundaries else BY_HAND
        self.web = (
            None if origin.offline else web or Web(ca_bundle=origin.ca_bundle, by_hand=by_hand, say=say)
        )
        if self.web is not None:
            self.store.require_writable()
        self.api = Api(
            self.web,
            self.store,
            origin.api_url,
            refresh=refresh,
            new_boundaries=new_boundaries,
            by_hand=by_hand,
        )
        self.archive = Archive(self.web, self.store, origin.archive_url, agree=agree, say=say)

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *_: object) -> None:
        if self.web is not None:
            self.web.close()

    def download(
        self,
        wanted: Sequence[str],
        areas: gpd.GeoDataFrame,
        *,
        expect: Callable[[list[str]], None] = lambda _: None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Downloaded:
        """Return the crimes of the months wanted, fetching what is not in the store.

        `areas` are the areas in which they will be counted. `expect` is called once with the names of the parts to
        come, `progress` with each when it is done.

        Raises
        ------
        SourceError
            If something is not in the store and cannot be fetched. What was fetched stays in the store.
        UsageError
            If there is no such force, or a month is not available.
        """
        force = self.force
        choice, latest, region = self._sources(wanted, areas)
        self._announce(wanted, choice, region)
        publications = {month: str(latest) for month in choice.api} | choice.kept
        asked = [(month, kind) for month in sorted(publications) for kind in ORDER]
        expect(
            [*(f"{month} {kind}" for month, kind in asked), *(f"{month} archive" for month in choice.archive)]
        )
        parts: list[Reading] = []
        changed: list[str] = []
        if region is not None:
            for month, kind in asked:
                rows = region.ask(month, kind, publications[month])
                changed += filter(None, [region.changes(month, kind, publications[month], rows)])
                parts.append(_api_reading(rows, f"{month} {kind}, published {publications[month]}"))
                progress(f"{month} {kind}")
        self.archive.fetch(force, choice.archive, latest=latest, progress=progress)
        files = [kept for month in choice.archive for kept in self.archive.members(force, month) or ()]
        if files:
            parts.append(_archive_reading(files, force, region.name if region else None))
        for note in self.api.notes:
            self.say(note)
        if not parts:
            raise SourceError(
                f"The archive has nothing from {force} for {months.span_in_words(tuple(wanted))}.",
                "Check --force.",
            )
        notices = tuple(_notices(force, choice, latest, changed))
        reading = replace(_joined(parts, choice, notices, force), fetched=tuple(wanted))
        mine = reading.tally[reading.tally["force"].isin(reading.whole or ())]
        empty = tuple(month for month in wanted if month not in set(mine["month"]))
        return Downloaded(reading, self._summary(choice, publications, empty), empty)

    def _sources(
        self, wanted: Sequence[str], areas: gpd.GeoDataFrame
    ) -> tuple[MonthSources, str | None, Region | None]:
        """Return where each month comes from, and for the API its latest publication and its region."""
        if self.origin.source == "archive":
            return choose_sources(wanted, (), "archive", lambda _: None), None, None
        latest = self.api.published()
        window: tuple[str, ...] = ()
        with suppress(OfflineError):
            window = self.api.window()
        region = self._region(areas)
        return choose_sources(wanted, window, self.origin.source, region.kept), latest, region

    def _region(self, areas: gpd.GeoDataFrame) -> Region:
        name = self.api.force_name(self.force)
        near = areas.geometry.to_numpy()
        territory = self._territory(self.api, self.force)
        if territory is not None:
            near = np.concatenate([near, territory.geometry.to_numpy()])
        size = len(areas if territory is None else territory)
        return Region(
            self.api, self.force, name if force_slug(name) == self.force else self.force, near, size
        )

    def _announce(self, wanted: Sequence[str], choice: MonthSources, region: Region | None) -> None:
        """Say what is in the store and what will be fetched."""
        held = len(choice.kept)
        to_fetch = []
        if region is not None:
            to_fetch = [m for m in choice.api if not region.held(m, self.api.published())]
            held += len(choice.api) - len(to_fetch)
        missing = [m for m in choice.archive if self.archive.members(self.force, m) is None]
        held += len(choice.archive) - len(missing)
        self.say(f"In the store: {held} of {len(wanted)} months.")
        if to_fetch and region is not None:
            crimes = _CRIMES * region.size
            self.say(
                f"To fetch from data.police.uk: {counted(len(to_fetch), MONTHS)}, "
                f"about {2 * len(ORDER) * len(to_fetch)} requests, "
                f"about {len(to_fetch) * crimes * _BYTES / 1e6:,.0f} MB."
            )
        if missing:
            archives = len(fewest(missing))
            self.say(
                f"To read from the archive: {counted(len(missing), MONTHS)} of {self.force}, "
                f"in {counted(archives, ('monthly file', 'monthly files'))}."
            )

    def _summary(self, choice: MonthSources, publications: Mapping[str, str], empty: Sequence[str]) -> str:
        """Return what is in the store, one line per source, and what this run fetched."""
        by_source: dict[str, list[str]] = {}
        for month, publication in sorted(publications.items()):
            by_source.setdefault(f"API, published {publication}", []).append(month)
        if choice.archive:
            by_source["archive"] = list(choice.archive)
        lines = [
            f"{counted(len(of), MONTHS)}, {of[0]} to {of[-1]}: {source}" for source, of in by_source.items()
        ]
        if empty:
            lines.append(f"{self.force} published nothing for {listed(empty, 6, ', ')}.")
        asked = "no network used"
        if self.web:
            asked = f"{self.web.requests:,} requests, {self.web.bytes / 1e6:,.1f} MB"
        return "\n".join([f"{self.force} in {self.store.folder}:", *lines, f"This run: {asked}."])


def _api_reading(rows: pd.DataFrame, words: str) -> Reading:
    content = rows.to_csv(index=False, lineterminator="\n").encode()
    one = {
        "path": f"data.police.uk: {words}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(rows),
    }
    return Reading(rows, tally_of(rows), (one,), ())


def _archive_reading(files: Sequence[StoredAnswer], force: str, name: str | None) -> Reading:
    """Read stored archive members. The force's rows get the name from the API, if that is known.

    All rows that are not British Transport Police's come from the force's own files. So they are the force's, even if
    its name has changed, as Hampshire's has (with the same slug).
    """
    reading = street.read([str(kept.path) for kept in files], keep=tables.SAC_TYPES)
    rows = {str(one["path"]): one["rows"] for one in reading.inputs}
    inputs = tuple(
        {
            "path": f"{kept.published}.zip: {kept.question['of']}-{kept.question['force']}-street.csv",
            "sha256": hashlib.sha256(kept.body).hexdigest(),
            "rows": rows[str(kept.path)],
        }
        for kept in files
    )

    def own_name(given: str) -> str:
        slug = force_slug(given)
        if slug == TRANSPORT_SLUG != force:
            return given
        return name or (given if slug == force else force)

    def named(table: pd.DataFrame) -> pd.DataFrame:
        forces = table["force"].astype(str)
        return table.assign(force=forces.map({given: own_name(given) for given in forces.unique()}))

    return replace(reading, crimes=named(reading.crimes), tally=named(reading.tally), inputs=inputs)


def _joined(
    parts: Sequence[Reading], choice: MonthSources, notices: tuple[Notice, ...], force: str
) -> Reading:
    """Join the readings.

    Other forces' crimes come from a box in months of the API, but from the whole country in months of the archive. So
    coverage can be judged only for the force itself.
    """
    text = dict.fromkeys(CATEGORIES, str)
    crimes = pd.concat([part.crimes.astype(text) for part in parts], ignore_index=True)
    tally = summed(pd.concat([part.tally for part in parts]))
    return Reading(
        crimes.astype(dict.fromkeys(CATEGORIES, "category")),
        tally,
        tuple(one for part in parts for one in part.inputs),
        tuple(note for part in parts for note in part.notes),
        (*notices, *(notice for part in parts for notice in part.notices)),
        asked=tables.SAC_TYPES if choice.api or choice.kept else None,
        whole=tuple(name for name in tally["force"].unique() if force_slug(name) == force_slug(force)),
    )


def _notices(
    force: str, choice: MonthSources, latest: str | None, changed: Sequence[str]
) -> Iterable[Notice]:
    """Yield the notices about the sources of the crimes."""
    if changed:
        yield Notice(
            "published-again",
            f"Published again with other counts, as of {latest}: {listed(changed, 6)}. Earlier maps differ.",
        )
    if back := [month for month in choice.kept if latest and month > latest]:
        yield Notice(
            "taken-back",
            f"data.police.uk took back {listed(back, 4, ', ')}: it has nothing newer than {latest} now. What was "
            "fetched before is used, and may be wrong.",
        )
    if choice.api or choice.kept:
        yield Notice(
            "coverage-from-sac",
            "Only burglary, robbery and vehicle crime were fetched, so whether a month is complete is judged by these "
            "types alone.",
        )
    if choice.archive and (choice.api or choice.kept):
        yield Notice(
            "two-sources",
            f"From the archive, with the crimes of {force} and British Transport Police: "
            f"{counted(len(choice.archive), MONTHS)}, {months.span_in_words(choice.archive)}. The other months come "
            "from the API, with the crimes of all forces in the areas, usually under 1% more.",
        )
