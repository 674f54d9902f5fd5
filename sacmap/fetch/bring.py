"""Bring the crimes of a study that gives no files: from the API what it still has, from the archive what is older.

What comes is a `Reading`, as from files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.errors import SourceError, UsageError
from sacmap.fetch import street
from sacmap.fetch.api import Api, OfflineError
from sacmap.fetch.archive import Archive, fewest
from sacmap.fetch.neighbourhoods import boundaries_path
from sacmap.fetch.place import ORDER, Place
from sacmap.fetch.rows import CATEGORIES
from sacmap.fetch.store import Kept, Store, default_store
from sacmap.fetch.street import Reading
from sacmap.fetch.web import AbsentError, Web
from sacmap.forces import force_slug
from sacmap.measure.counts import tally_of
from sacmap.measure.notices import Notice, listed
from sacmap.study import Study

#: Crimes of the three types a month in a neighbourhood, and bytes a crime, for the estimate of what is to come.
_CRIMES, _BYTES = 25, 450


@dataclass(frozen=True)
class Choice:
    """Where each month comes from: the API, the store's own older publication (month → which), the archive."""

    api: tuple[str, ...]
    kept: dict[str, str]
    archive: tuple[str, ...]


@dataclass(frozen=True)
class Brought:
    """The crimes, what the reader is to be told of them, and where each month came from, in words."""

    reading: Reading
    told: tuple[Notice, ...]
    sources: dict[str, str]


def choose(
    wanted: Collection[str], window: Sequence[str], source: str, kept: Callable[[str], str | None]
) -> Choice:
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
    return Choice(tuple(api), older, tuple(archive))


class Source:
    """Where the crimes of one study come from, opened once.

    Parameters
    ----------
    study
        What is compared; its force is asked for.
    say, agree
        Told what is to come; asked before a large download.
    web
        The web to ask by; by default one of our own, none with --offline.
    """

    def __init__(
        self,
        study: Study,
        *,
        say: Callable[[str], None] = lambda _: None,
        agree: Callable[[str], bool] = lambda _: False,
        web: Web | None = None,
    ) -> None:
        self.study = study
        self.say = say
        self.store = Store(Path(study.store) if study.store else default_store())
        self.web = None if study.offline else web or Web(ca_bundle=study.ca_bundle)
        if self.web is not None:
            self.store.require_writable()
        self.api = Api(self.web, self.store, study.api_url)
        self.archive = Archive(self.web, self.store, study.archive_url, agree=agree, say=say)

    @property
    def force(self) -> str:
        """The study's force.

        Raises
        ------
        UsageError
            If it names none.
        """
        if not self.study.force:
            raise UsageError(
                "No crimes were given, and no force to fetch them of.",
                "Add --force northamptonshire, or --crimes with police.uk CSVs.",
            )
        return self.study.force

    def bring(
        self,
        areas: gpd.GeoDataFrame,
        *,
        expect: Callable[[list[str]], None] = lambda _: None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Brought:
        """Bring the crimes of the study's months; `areas` are the areas they are to be counted in.

        `expect` is called once with the names of the parts to come, `progress` with each when it is done.

        Raises
        ------
        SourceError
            If something is not in the store and cannot be fetched; what was fetched is kept.
        UsageError
            If there is no such force or a month is not to be had.
        """
        force, wanted = self.force, self.study.months
        if self.study.source == "archive":
            choice = choose(wanted, (), "archive", lambda _: None)
            latest, place = None, None
        else:
            latest = self.api.published()
            window: tuple[str, ...] = ()
            with suppress(OfflineError):
                window = self.api.window()
            place = self._place(areas)
            choice = choose(wanted, window, self.study.source, place.kept)
        self._announce(choice, place)
        publications = {month: str(latest) for month in choice.api} | choice.kept
        asked = [(month, kind) for month in sorted(publications) for kind in ORDER]
        expect(
            [*(f"{month} {kind}" for month, kind in asked), *(f"{month} archive" for month in choice.archive)]
        )
        parts: list[Reading] = []
        changed: list[str] = []
        if place is not None:
            for month, kind in asked:
                rows = place.ask(month, kind, publications[month])
                changed += filter(None, [place.changes(month, kind, publications[month], rows)])
                parts.append(_api_reading(rows, f"{month} {kind}, published {publications[month]}"))
                progress(f"{month} {kind}")
        self.archive.fetch(force, choice.archive, latest=latest, progress=progress)
        files = [kept for month in choice.archive for kept in self.archive.members(force, month) or ()]
        if files:
            parts.append(_archive_reading(files, force, place.name if place else None))
        for note in self.api.notes:
            self.say(note)
        if not parts:
            raise SourceError(
                f"The archive holds nothing of {force} in {months.span_in_words(wanted)}.", "Check --force."
            )
        words = {month: f"API, published {name}" for month, name in publications.items()}
        told = tuple(_told(force, choice, latest, changed))
        return Brought(_joined(parts, choice), told, words | dict.fromkeys(choice.archive, "archive"))

    def _place(self, areas: gpd.GeoDataFrame) -> Place:
        name = self.api.force_name(self.force)
        near = areas.geometry.to_numpy()
        file = boundaries_path(self.force)
        territory = read_areas(file) if file.is_file() else self._territory()
        if territory is not None:
            near = np.concatenate([near, territory.geometry.to_numpy()])
        return Place(self.api, self.force, name if force_slug(name) == self.force else self.force, near)

    def _territory(self) -> gpd.GeoDataFrame | None:
        """Return the force's neighbourhoods; None where it lists none."""
        try:
            known = self.api.neighbourhoods(self.force)
            to_ask = sum(not self.api.knows_boundary(self.force, one) for one in known)
            if to_ask and self.web is not None:
                self.say(
                    f"To ask of data.police.uk: {to_ask} neighbourhood boundaries of {self.force}, once."
                )
            return areas_from_rings(self.api.rings(self.force))
        except AbsentError:
            return None

    def _announce(self, choice: Choice, place: Place | None) -> None:
        """Say beforehand what is there and what will be asked."""
        held = len(choice.kept)
        to_ask = []
        if place is not None:
            to_ask = [m for m in choice.api if not place.held(m, self.api.published())]
            held += len(choice.api) - len(to_ask)
        missing = [m for m in choice.archive if self.archive.members(self.force, m) is None]
        held += len(choice.archive) - len(missing)
        self.say(f"In the store: {held} of {len(self.study.months)} months.")
        if to_ask and place is not None:
            crimes = _CRIMES * len(place.polygons)
            self.say(
                f"To ask of data.police.uk: {len(to_ask)} months, about {2 * len(ORDER) * len(to_ask)} requests, "
                f"about {len(to_ask) * crimes * _BYTES / 1e6:,.0f} MB."
            )
        if missing:
            archives = len(fewest(missing))
            self.say(
                f"To read of the archive: {len(missing)} months of {self.force}, in {archives} archives."
            )


def _api_reading(rows: pd.DataFrame, words: str) -> Reading:
    content = rows.to_csv(index=False, lineterminator="\n").encode()
    one = {
        "path": f"data.police.uk: {words}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(rows),
    }
    return Reading(rows, tally_of(rows), (one,), ())


def _archive_reading(files: Sequence[Kept], force: str, name: str | None) -> Reading:
    """Read kept members; the force's rows are given the name the API has for it, where that was asked."""
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
        return table.assign(force=forces.where(forces.map(force_slug) != force, name or forces))

    return Reading(named(reading.crimes), named(reading.tally), inputs, reading.notes)


def _joined(parts: Sequence[Reading], choice: Choice) -> Reading:
    """Put the readings one after another."""
    text = dict.fromkeys(CATEGORIES, str)
    crimes = pd.concat([part.crimes.astype(text) for part in parts], ignore_index=True)
    keys = ["force", "month", "crime_type"]
    tally = pd.concat([part.tally for part in parts]).groupby(keys)["n"].sum().reset_index()
    return Reading(
        crimes.astype(dict.fromkeys(CATEGORIES, "category")),
        tally,
        tuple(one for part in parts for one in part.inputs),
        tuple(note for part in parts for note in part.notes),
        asked=tables.SAC_TYPES if choice.api or choice.kept else None,
    )


def _told(force: str, choice: Choice, latest: str | None, changed: Sequence[str]) -> Iterable[Notice]:
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
            f"{months.span_in_words(choice.archive)} come from the archive, which has the crimes of {force} and "
            "British Transport Police; the other months come from the API, which has those of any force in the "
            "areas: usually under 1% more.",
        )
