"""The API of data.police.uk. Crimes are requested by box, and each answer is stored.

Answers are stored by publication, because police.uk may publish a month again with other figures.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TypeVar

import numpy as np
import pandas as pd

from sacmap import months
from sacmap.errors import SourceError, UsageError
from sacmap.fetch.api_answers import Ring, crimes_check, date_of, months_of, names_of, require_inside, ring_of
from sacmap.fetch.boxes import Box, box_of, covered
from sacmap.fetch.request import UnusableError, quoted
from sacmap.fetch.store import Question, Store, StoredAnswer
from sacmap.fetch.web import BY_HAND, AbsentError, Answer, Web, json_judge
from sacmap.files.text import parse_json

#: The most crimes the server gives in one answer. With exactly this many, some may be missing.
MOST = 10_000
#: A box is split without being requested if the crimes of another month suggest more than this many.
COMFORTABLE = 8_500
#: How often a box may be split: 4 to the 6th boxes would hold 40 million crimes.
DEPTH = 6
#: A box that was split fewer times than this may be too large for a server that fails or is slow.
LARGE = 2
#: Seconds for which an answer about crimes shows that a 503 is not an outage.
ALIVE = 60.0
#: Seconds between two checks for a new month.
FRESH = 86_400.0
LATEST = "latest"

#: Answers that hardly change, so those of an older publication can be used.
_LASTING = {"forces", "neighbourhoods", "boundary"}

Checked = TypeVar("Checked")


class OfflineError(SourceError):
    """The store does not have an answer, and no request may be sent."""


class Api:
    """The answers of data.police.uk, from the store or from the web; without `web`, from the store alone.

    `base` is the address that ends in /api. `refresh`: check for a new month even if that was checked today.
    `new_boundaries`: request neighbourhoods and boundaries as of this publication, even if the store has older ones.
    `by_hand`: what to do if the store alone does not do, for the message.
    """

    def __init__(
        self,
        web: Web | None,
        store: Store,
        base: str,
        *,
        refresh: bool = False,
        new_boundaries: bool = False,
        by_hand: str = BY_HAND,
    ) -> None:
        self.web = web
        self._by_hand = by_hand
        self._refresh, self._new_boundaries = refresh, new_boundaries
        self.store = store
        self.base = base.rstrip("/")
        self._alive = -math.inf
        self._published: str | None = None
        self._points: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._guide = (np.array([]), np.array([]))
        self.notes: list[str] = []
        #: Why an answer of the store had to stand for one of the server's, if one had to.
        self.outage: SourceError | None = None

    # What is published

    def published(self) -> str:
        """Return the latest month published, which is the name of the publication: "2024-03".

        It is requested once a day. If that fails, the stored answer is used, with a note.

        Raises
        ------
        SourceError
            If the request fails and the store has no answer.
        """
        if self._published is None:
            self._published = self._latest()
        return self._published

    def _latest(self) -> str:
        question = {"kind": "crime-last-updated"}
        kept = self.store.get(question, LATEST)
        if kept is not None and (self.web is None or self._fresh(self.web, kept)):
            return _parsed(kept, date_of)
        if self.web is None:
            every = self.publications()
            if not every:
                raise self._not_there("any publication of crimes")
            return every[0]
        try:
            answer = self.web.ask(
                f"{self.base}/crime-last-updated", json_judge(date_of), tries=6 if kept is None else 2
            )
        except SourceError as error:
            if kept is None:
                raise
            self.outage = error
            self.notes.append(f"{error.cause} The stored answer was used: it may be a month old.")
            return _parsed(kept, date_of)
        self.store.put(question, LATEST, answer.body, asked=self.web.now())
        return answer.value

    def _fresh(self, web: Web, kept: StoredAnswer) -> bool:
        return not self._refresh and 0 <= web.now() - kept.asked < FRESH

    def publications(self) -> list[str]:
        """Return the publications with anything in the store, newest first."""
        return [name for name in self.store.publications() if months.is_month(name)]

    def window(self) -> tuple[str, ...]:
        """Return the months that the API offers, sorted.

        While police.uk publishes a month, the list can be behind: then it is requested again by the next run.
        """
        question = {"kind": "crimes-street-dates"}
        published = self.published()
        return tuple(
            self._ask(question, "crimes-street-dates", months_of, usable=lambda found: published in found)
        )

    def newest(self) -> str:
        """Return the newest month that can be requested: that of the publication, or the last of a list behind it."""
        with suppress(OfflineError):
            return min(self.published(), *self.window()[-1:])
        return self.published()

    # Forces and neighbourhoods

    def force_name(self, force: str) -> str:
        """Return the name of a force from its slug: northamptonshire → "Northamptonshire Police".

        Raises
        ------
        UsageError
            If there is no such force. The message suggests similar names.
        """
        names = self._ask({"kind": "forces"}, "forces", names_of)
        if force not in names:
            near = difflib.get_close_matches(force.lower(), names, n=3, cutoff=0.5) or sorted(names)[:3]
            raise UsageError(f"data.police.uk has no force {force!r}.", f"Perhaps {', '.join(near)}?")
        return names[force]

    def neighbourhoods(self, force: str) -> dict[str, str]:
        """Return the names of a force's neighbourhoods by identifier, unchanged; empty after a 404."""
        question = {"kind": "neighbourhoods", "of": force}
        return self._ask(question, f"{quoted(force)}/neighbourhoods", names_of, may_be_absent=True)

    def boundary(self, force: str, neighbourhood: str) -> Ring:
        """Return a neighbourhood's boundary as (lon, lat) in degrees; empty if it has none."""
        path = f"{quoted(force)}/{quoted(neighbourhood)}/boundary"
        return self._ask(_boundary(force, neighbourhood), path, ring_of, may_be_absent=True)

    def knows_boundary(self, force: str, neighbourhood: str) -> bool:
        """Whether the store has a neighbourhood's boundary."""
        question = _boundary(force, neighbourhood)
        return any(self.store.has(question, publication) for publication in self._usable(question))

    def _usable(self, question: Question) -> list[str]:
        """Return the publications whose answer can be used, the current one first."""
        lasting = question["kind"] in _LASTING and not self._new_boundaries
        return [self.published(), *(self.publications() if lasting or self.web is None else [])]

    # Crimes

    def crimes(self, month: str, category: str, extent: Box, published: str | None = None) -> pd.DataFrame:
        """Return the crimes of a month and category in a box, each once, sorted by id.

        The box is requested as a whole, or in quarters if it has too many crimes. Boxes in the store, from any study,
        are not requested again.

        Returns
        -------
        id, month, crime_type, lon, lat (degrees, NaN without a location), crime_id, location, btp.

        Raises
        ------
        SourceError
            If data.police.uk cannot be reached, or answers 503 to every request.
        """
        publication = published or self.published()
        question = _question(month, category)
        there = self.store.group(question, publication, lambda asked: _meets(asked, extent))
        check = crimes_check(month, category)
        kept = {box_of(one.question["box"]): _parsed(one, check) for one in there}
        self._fill(question, publication, extent, kept, depth=0)
        found: pd.DataFrame = pd.concat([kept[box] for box in sorted(kept)], ignore_index=True)
        found = found[extent.holds(found["lon"].to_numpy(), found["lat"].to_numpy()) | found["lon"].isna()]
        # A crime on the edge of two boxes is in both answers.
        found = found.drop_duplicates("id").sort_values("id", ignore_index=True)
        if len(found):
            # The next month's boxes are cut where this month's crimes are.
            self._points[category] = self._guide = (found["lon"].to_numpy(), found["lat"].to_numpy())
        return found

    def guide(self, lon: np.ndarray, lat: np.ndarray) -> None:
        """Set points (degrees), such as neighbourhood centres, that show where to cut the first box."""
        self._guide = (lon, lat)

    def no_location(
        self, month: str, category: str, force: str, published: str | None = None
    ) -> pd.DataFrame:
        """Return a force's crimes without a location, with the columns of `crimes`."""
        path = f"crimes-no-location?category={quoted(category)}&force={quoted(force)}&date={month}"
        check = crimes_check(month, category)
        found = self._ask(_nowhere(month, category, force), path, check, published=published)
        return found.drop_duplicates("id").sort_values("id", ignore_index=True).assign(lon=np.nan, lat=np.nan)

    def holds(self, month: str, categories: Collection[str], extent: Box, force: str, published: str) -> bool:
        """Whether the store has all crimes of a month in the extent, and those without a location."""
        return all(
            self.store.has(_nowhere(month, kind, force), published)
            and covered(extent, self._boxes(_question(month, kind), extent, published))
            for kind in categories
        )

    def _boxes(self, question: Question, extent: Box, published: str) -> list[Box]:
        asked = self.store.questions(question, published)
        return [box_of(one["box"]) for one in asked if _meets(one, extent)]

    def _fill(
        self, question: Question, published: str, box: Box, kept: dict[Box, pd.DataFrame], *, depth: int
    ) -> None:
        """Request the parts of a box that are not stored, in quarters if it has too many crimes for one answer."""
        if covered(box, kept):
            return
        category = question["of"].split(" ")[0]
        lon, lat = self._points.get(category) or self._guide
        taught = category in self._points and int(box.holds(lon, lat).sum()) > COMFORTABLE
        last = box.small or depth == DEPTH
        if last or not taught:
            rows = self._one_box(question, published, box, large=depth < LARGE)
            if rows is not None:
                kept[box] = rows
                return
            if last:
                raise SourceError(
                    f"data.police.uk answers 503 even for a box of {(box.east - box.west) / 1e6:.3f} by "
                    f"{(box.north - box.south) / 1e6:.3f} degrees: an outage. What was fetched is kept.",
                    "Run the command again later: it continues from there.",
                )
            self._require_alive()
        for quarter in box.quarters(lon, lat):
            self._fill(question, published, quarter, kept, depth=depth + 1)

    def _one_box(self, question: Question, published: str, box: Box, *, large: bool) -> pd.DataFrame | None:
        """Request one box. Return None if it has too many crimes, or is too large for the server."""
        category, month = question["of"].split(" ")
        if self.web is None or published != self.published():
            raise self._not_there(f"all of {category} in {months.in_words(month)}")
        check = crimes_check(month, category)

        def check_inside(value: object) -> pd.DataFrame:
            rows = check(value)
            require_inside(rows, box)
            return rows

        answer = self.web.ask_or_split(
            f"{self.base}/crimes-street/{quoted(category)}?date={month}&poly={box.poly}",
            json_judge(check_inside, full=MOST),
            large=large,
        )
        if answer is None:
            return None
        self._alive = self.web.elapsed
        self.store.put({**question, "box": box.key}, published, answer.body, asked=self.web.now())
        return answer.value

    def _not_there(self, what: str) -> OfflineError:
        remedy = (
            f"Run it once without --offline. {self._by_hand}"
            if self.web is None
            else "Use --from archive for that month."
        )
        return OfflineError(f"The store {self.store.folder} does not have {what}.", remedy)

    def _require_alive(self) -> None:
        """Stop if even the simplest request fails, before a box is split into four requests."""
        if self.web is not None and self.web.elapsed - self._alive > ALIVE:
            self.web.ask(f"{self.base}/crime-last-updated", json_judge(date_of))

    def _ask(
        self,
        question: Question,
        path: str,
        check: Callable[[object], Checked],
        *,
        published: str | None = None,
        may_be_absent: bool = False,
        usable: Callable[[Checked], bool] = lambda _: True,
    ) -> Checked:
        """Return the stored answer if it is usable, or request and store it. A 404 may count as an empty list.

        Without a network, any stored answer is usable.
        """
        publication = published or self.published()
        for one in [published] if published else self._usable(question):
            if (kept := self.store.get(question, one)) is not None:
                value = _parsed(kept, check)
                if self.web is None or usable(value):
                    return value
        if self.web is None or publication != self.published():
            raise self._not_there(f"{question['kind']} {question.get('of', '')}".strip())
        judge = json_judge(check, full=MOST if question["kind"] == "crimes-no-location" else None)
        try:
            answer = self.web.ask(f"{self.base}/{path}", judge)
        except AbsentError:
            if not may_be_absent:
                raise
            answer = Answer(b"[]", check([]))
        self.store.put(question, publication, answer.body, asked=self.web.now())
        return answer.value


def _boundary(force: str, neighbourhood: str) -> Question:
    return {"kind": "boundary", "of": force, "id": neighbourhood}


def _nowhere(month: str, category: str, force: str) -> Question:
    return {"kind": "crimes-no-location", "of": f"{category} {month}", "force": force}


def _question(month: str, category: str) -> Question:
    return {"kind": "crimes-street", "of": f"{category} {month}"}


def _meets(asked: Question, extent: Box) -> bool:
    """Whether a question is about a box that meets the extent."""
    try:
        return extent.meets(box_of(asked["box"]))
    except (KeyError, ValueError):
        return False


def _parsed(kept: StoredAnswer, check: Callable[[object], Checked]) -> Checked:
    """Return the checked content of a stored answer."""
    try:
        return check(parse_json(kept.body))
    except (KeyError, TypeError, ValueError, UnusableError) as error:
        raise SourceError(
            f"{kept.path} has an answer that this version of sacmap cannot read: {error}.",
            "Remove that file and run the command again.",
        ) from None
