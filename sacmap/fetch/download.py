"""Download the crimes of a study that gives no files: recent months from the API, older ones from the archive.

What comes is a `Reading`, as from files.
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
from sacmap.crimes import Reading, tally_of
from sacmap.errors import SourceError, UsageError
from sacmap.fetch import street
from sacmap.fetch.api import Api, OfflineError
from sacmap.fetch.archive import TRANSPORT_POLICE, Archive, fewest
from sacmap.fetch.region import ORDER, Region
from sacmap.fetch.rows import CATEGORIES
from sacmap.fetch.store import Kept, Store, default_store
from sacmap.fetch.web import Web
from sacmap.forces import force_slug
from sacmap.notices import Notice, listed
from sacmap.study import API_URL, ARCHIVE_URL, Study

#: Crimes of the three types a month in a neighbourhood, and bytes a crime, for the estimate of what is to come.
_CRIMES, _BYTES = 25, 450


@dataclass(frozen=True)
class MonthSources:
    """Where each month comes from: the API, the store's own older publication (month → which), the archive."""

    api: tuple[str, ...]
    kept: dict[str, str]
    archive: tuple[str, ...]


@dataclass(frozen=True)
class Downloaded:
    """The crimes, what is in the store by now, in words, and the months of which there is no crime of the force."""

    reading: Reading
    summary: str
    empty: tuple[str, ...]


def choose_sources(
    wanted: Collection[str], window: Sequence[str], source: str, kept: Callable[[str], str | None]
) -> MonthSources:
    """Choose where each month comes from.

    Parameters
    ----------
    wanted
        The months of the study.
    window
        The months the API has, sorted; empty where it is not asked.
    source
        auto, api or archive.
    kept
        Returns the publication of which the store holds all of a month that the API has forgotten, or None.

    Raises
    ------
    UsageError
        If a month is not published yet, or only the API may be asked and has it no more; the window is given.
    """
    api, older, archive = [], {}, []
    has = f"data.police.uk has {window[0]} to {window[-1]}" if window else "the store holds no list of months"
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
                f"{month} is not to be had from the API: {has}.", "Use --from auto, which asks the archive."
            )
        else:
            archive.append(month)
    return MonthSources(tuple(api), older, tuple(archive))


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Of which force crimes are fetched, and from where: the options of that name."""

    force: str | None
    store: str | None = None
    offline: bool = False
    source: str = "auto"
    api_url: str = API_URL
    archive_url: str = ARCHIVE_URL
    ca_bundle: str | None = None


def origin_of(study: Study) -> Origin:
    """Return where a study's crimes are fetched from."""
    return Origin(**{one.name: getattr(study, one.name) for one in fields(Origin)})


class Downloader:
    """Origin the crimes of one force come from, opened once; a context manager.

    Parameters
    ----------
    origin
        The force and the addresses.
    say, agree
        Told what is to come; asked before a large download.
    web
        The web to ask by; by default one of our own, none with --offline.
    refresh, anew
        See `Api`.
    territory
        Returns the Areas table of a force's neighbourhoods, or None where it lists none.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        say: Callable[[str], None] = lambda _: None,
        agree: Callable[[str], bool] = lambda _: False,
        web: Web | None = None,
        refresh: bool = False,
        anew: bool = False,
        territory: Callable[[Api, str], gpd.GeoDataFrame | None] = lambda *_: None,
    ) -> None:
        self.origin = origin
        self._territory = territory
        self.say = say
        self.store = Store(Path(origin.store) if origin.store else default_store())
        self.web = None if origin.offline else web or Web(ca_bundle=origin.ca_bundle, say=say)
        if self.web is not None:
            self.store.require_writable()
        self.api = Api(self.web, self.store, origin.api_url, refresh=refresh, anew=anew)
        self.archive = Archive(self.web, self.store, origin.archive_url, agree=agree, say=say)

    def __enter__(self) -> Downloader:
        return self

    def __exit__(self, *_: object) -> None:
        if self.web is not None:
            self.web.close()

    @property
    def force(self) -> str:
        """The force.

        Raises
        ------
        UsageError
            If none is named.
        """
        if not self.origin.force:
            raise UsageError("No force to fetch crimes of was named.", "Add --force northamptonshire.")
        return self.origin.force

    def download(
        self,
        wanted: Sequence[str],
        areas: gpd.GeoDataFrame,
        *,
        expect: Callable[[list[str]], None] = lambda _: None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Downloaded:
        """Bring the crimes of the months wanted; `areas` are the areas they are to be counted in.

        `expect` is called once with the names of the parts to come, `progress` with each when it is done.

        Raises
        ------
        SourceError
            If something is not in the store and cannot be fetched; what was fetched is kept.
        UsageError
            If there is no such force or a month is not to be had.
        """
        force = self.force
        if self.origin.source == "archive":
            choice = choose_sources(wanted, (), "archive", lambda _: None)
            latest, region = None, None
        else:
            latest = self.api.published()
            window: tuple[str, ...] = ()
            with suppress(OfflineError):
                window = self.api.window()
            region = self._region(areas)
            choice = choose_sources(wanted, window, self.origin.source, region.kept)
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
                f"The archive holds nothing of {force} in {months.span_in_words(tuple(wanted))}.",
                "Check --force.",
            )
        told = tuple(_told(force, choice, latest, changed))
        reading = _joined(parts, choice, told, force)
        mine = reading.tally[reading.tally["force"].isin(reading.whole or ())]
        empty = tuple(month for month in wanted if month not in set(mine["month"]))
        return Downloaded(reading, self._summary(choice, publications, empty), empty)

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
        """Say beforehand what is there and what will be asked."""
        held = len(choice.kept)
        to_ask = []
        if region is not None:
            to_ask = [m for m in choice.api if not region.held(m, self.api.published())]
            held += len(choice.api) - len(to_ask)
        missing = [m for m in choice.archive if self.archive.members(self.force, m) is None]
        held += len(choice.archive) - len(missing)
        self.say(f"In the store: {held} of {len(wanted)} months.")
        if to_ask and region is not None:
            crimes = _CRIMES * region.size
            self.say(
                f"To fetch from data.police.uk: {len(to_ask)} months, about {2 * len(ORDER) * len(to_ask)} requests, "
                f"about {len(to_ask) * crimes * _BYTES / 1e6:,.0f} MB."
            )
        if missing:
            archives = len(fewest(missing))
            self.say(
                f"To read of the archive: {len(missing)} months of {self.force}, "
                f"in {archives} archive{'' if archives == 1 else 's'}."
            )

    def _summary(self, choice: MonthSources, publications: Mapping[str, str], empty: Sequence[str]) -> str:
        """Say what is in the store by now, a line a source, and what was asked for it."""
        by_source: dict[str, list[str]] = {}
        for month, publication in sorted(publications.items()):
            by_source.setdefault(f"API, published {publication}", []).append(month)
        if choice.archive:
            by_source["archive"] = list(choice.archive)
        lines = [f"{len(of)} months, {of[0]} to {of[-1]}: {source}" for source, of in by_source.items()]
        if empty:
            lines.append(f"No crime of {self.force} was published in {listed(empty, 6, ', ')}.")
        asked = (
            f"{self.web.requests:,} requests, {self.web.bytes / 1e6:,.1f} MB" if self.web else "nothing asked"
        )
        return "\n".join([f"{self.force} in {self.store.folder}:", *lines, f"This run: {asked}."])


def _api_reading(rows: pd.DataFrame, words: str) -> Reading:
    content = rows.to_csv(index=False, lineterminator="\n").encode()
    one = {
        "path": f"data.police.uk: {words}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(rows),
    }
    return Reading(rows, tally_of(rows), (one,), ())


def _archive_reading(files: Sequence[Kept], force: str, name: str | None) -> Reading:
    """Read kept members; the force's rows are given the name the API has for it, where that was asked.

    Rows that are not British Transport Police's came in the force's own files, and are its own whatever it is called
    by now: Hampshire's name has grown, its slug has not.
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

    def named(table: pd.DataFrame) -> pd.DataFrame:
        forces = table["force"].astype(str)
        others = {one for one in forces.unique() if force_slug(one) == TRANSPORT_POLICE != force}
        known = {
            one: one if one in others else name or (one if force_slug(one) == force else force)
            for one in forces.unique()
        }
        return table.assign(force=forces.map(known))

    return replace(reading, crimes=named(reading.crimes), tally=named(reading.tally), inputs=inputs)


def _joined(parts: Sequence[Reading], choice: MonthSources, told: tuple[Notice, ...], force: str) -> Reading:
    """Put the readings one after another.

    Other forces' crimes are of a box in months of the API and of the whole country in those of the archive, so only
    the force's own months can be judged.
    """
    text = dict.fromkeys(CATEGORIES, str)
    crimes = pd.concat([part.crimes.astype(text) for part in parts], ignore_index=True)
    keys = ["force", "month", "crime_type"]
    tally = pd.concat([part.tally for part in parts]).groupby(keys)["n"].sum().reset_index()
    return Reading(
        crimes.astype(dict.fromkeys(CATEGORIES, "category")),
        tally,
        tuple(one for part in parts for one in part.inputs),
        tuple(note for part in parts for note in part.notes),
        (*told, *(notice for part in parts for notice in part.notices)),
        asked=tables.SAC_TYPES if choice.api or choice.kept else None,
        whole=tuple(name for name in tally["force"].unique() if force_slug(name) == force_slug(force)),
    )


def _told(force: str, choice: MonthSources, latest: str | None, changed: Sequence[str]) -> Iterable[Notice]:
    """Return what the reader must know of where the crimes come from."""
    if changed:
        yield Notice(
            "published-again",
            f"Published again by {latest} with other counts: {listed(changed, 6)}. Earlier maps differ there.",
        )
    if choice.api or choice.kept:
        yield Notice(
            "coverage-from-sac",
            "Only burglary, robbery and vehicle crime were asked for, so whether a month is complete is judged on "
            "them alone.",
        )
    if choice.archive and (choice.api or choice.kept):
        yield Notice(
            "two-sources",
            f"{len(choice.archive)} months, {months.span_in_words(choice.archive)}, come from the archive, which was "
            f"read for {force} and British Transport Police; the others come from the API, which has the crimes of "
            "any force in the areas: usually under 1% more.",
        )
