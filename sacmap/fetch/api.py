"""The API of data.police.uk: asked by box, never by polygon, and each answer kept in the store.

Questions are keyed by the publication they are of: a month published again is another answer. With no web, as with
--offline, the store alone answers.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd

from sacmap import months
from sacmap.errors import SourceError, UsageError
from sacmap.fetch.attempt import UnusableError, quoted
from sacmap.fetch.boxes import Box, box_of, covered
from sacmap.fetch.store import Kept, Question, Store
from sacmap.fetch.web import BY_HAND, AbsentError, Web, json_judge
from sacmap.files.text import parse_json

#: The server gives at most this many crimes; exactly as many may be cut.
MOST = 10_000
#: A box expected to hold more than this many, from another month's crimes, is split before it is asked.
COMFORTABLE = 8_500
#: A box is split no more often than this: 4 to the 6th boxes would hold 40 million crimes.
DEPTH = 6
#: A box split fewer times than this may be too large for a server that fails or takes too long; a sixteenth is not.
LARGE = 2
#: Seconds for which an answer about crimes proves that a 503 is no outage.
ALIVE = 60.0
#: Seconds for which it is not asked again whether a new month has been published.
FRESH = 86_400.0
LATEST = "latest"

ROWS = ("id", "month", "crime_type", "lon", "lat", "crime_id", "location", "btp")
#: Crime types whose name differs between the API and the files.
_SLUGS = {
    "criminal-damage-arson": "criminal-damage-and-arson",
    "violent-crime": "violence-and-sexual-offences",
    "public-disorder-weapons": "public-disorder-and-weapons",
}
#: Kinds of answers that hardly change: the newest the store holds will do.
_LASTING = {"forces", "neighbourhoods", "boundary"}
#: A crime this far outside the box that was asked for, in millionths of a degree, is in the wrong place.
_NEAR = 20_000
#: No coordinate is larger, in degrees or in metres.
_FARTHEST = 1e8
Ring = list[tuple[float, float]]


class OfflineError(SourceError):
    """The store does not hold an answer and nothing may be asked."""


class Api:
    """What data.police.uk answers, through the store.

    Parameters
    ----------
    web
        None answers from the store alone.
    base
        The address that ends in /api.
    refresh
        Ask whether a new month has been published even if that was asked today.
    anew
        Ask for neighbourhoods and boundaries of this publication, where those of an older one would do.
    """

    def __init__(
        self, web: Web | None, store: Store, base: str, *, refresh: bool = False, anew: bool = False
    ) -> None:
        self.web = web
        self._refresh, self._anew = refresh, anew
        self.store = store
        self.base = base.rstrip("/")
        self._alive = -math.inf
        self._published: str | None = None
        self._points: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._guide = (np.array([]), np.array([]))
        self.notes: list[str] = []

    # What is published

    def published(self) -> str:
        """Return the latest month published, which is how a publication is named: "2024-03".

        It is asked once a day. Where it cannot be, what the store knows stands and that is noted.

        Raises
        ------
        SourceError
            If it cannot be asked and the store does not know.
        """
        if self._published is None:
            self._published = self._latest()
        return self._published

    def _latest(self) -> str:
        question = {"kind": "crime-last-updated"}
        kept = self.store.get(question, LATEST)
        if kept is not None and (self.web is None or self._fresh(self.web, kept)):
            return str(_parsed(kept, _date))
        if self.web is None:
            every = self.publications()
            if not every:
                raise self._not_there("any publication of crimes")
            return every[0]
        try:
            answer = self.web.ask(
                f"{self.base}/crime-last-updated", json_judge(_date), tries=6 if kept is None else 2
            )
        except SourceError as error:
            if kept is None:
                raise
            self.notes.append(f"{error.cause} The store's own answer stands: it may be a month old.")
            return str(_parsed(kept, _date))
        self.store.put(question, LATEST, answer.body, asked=self.web.now())
        return str(answer.value)

    def _fresh(self, web: Web, kept: Kept) -> bool:
        return not self._refresh and 0 <= web.now() - kept.asked < FRESH

    def publications(self) -> list[str]:
        """Return the publications of which the store holds anything, the newest first."""
        return [name for name in self.store.publications() if months.is_month(name)]

    def window(self) -> tuple[str, ...]:
        """Return the months the API has, sorted."""
        return tuple(self._ask({"kind": "crimes-street-dates"}, "crimes-street-dates", _dates))

    # Forces and neighbourhoods

    def force_name(self, force: str) -> str:
        """Return a force's name, "Northamptonshire Police", of its slug.

        Raises
        ------
        UsageError
            If there is no such force; the nearest are named.
        """
        names = self._ask({"kind": "forces"}, "forces", _names)
        if force not in names:
            near = difflib.get_close_matches(force.lower(), names, n=3, cutoff=0.5) or sorted(names)[:3]
            raise UsageError(f"data.police.uk knows no force {force!r}.", f"Perhaps {', '.join(near)}?")
        return str(names[force])

    def neighbourhoods(self, force: str) -> dict[str, str]:
        """Return the names of a force's neighbourhoods by their identifiers, both as they are; none on a 404."""
        question = {"kind": "neighbourhoods", "of": force}
        return dict(self._ask(question, f"{quoted(force)}/neighbourhoods", _names, absent=b"[]"))

    def boundary(self, force: str, neighbourhood: str) -> Ring:
        """Return a neighbourhood's ring as (lon, lat) degrees; empty where it has none."""
        question = {"kind": "boundary", "of": force, "id": neighbourhood}
        path = f"{quoted(force)}/{quoted(neighbourhood)}/boundary"
        return list(self._ask(question, path, _ring, absent=b"[]"))

    def knows_boundary(self, force: str, neighbourhood: str) -> bool:
        """Whether the store holds a neighbourhood's boundary."""
        question = {"kind": "boundary", "of": force, "id": neighbourhood}
        return any(self.store.has(question, publication) for publication in self._usable(question))

    def _usable(self, question: Question) -> list[str]:
        """Return the publications whose answer to a question will do, the one of now first."""
        lasting = question["kind"] in _LASTING and not self._anew
        return [self.published(), *(self.publications() if lasting or self.web is None else [])]

    # Crimes

    def crimes(self, month: str, category: str, extent: Box, published: str | None = None) -> pd.DataFrame:
        """Return the crimes of a month and category in a box, each once, sorted by id.

        The box is asked whole, and in four where that is too much; boxes kept before are not asked again, whatever
        study they were asked for.

        Returns
        -------
        id, month, crime_type, lon, lat (degrees, NaN where there is no location), crime_id, location, btp.

        Raises
        ------
        SourceError
            If data.police.uk cannot be reached, or answers 503 whatever is asked: then nothing is split further.
        """
        publication = published or self.published()
        question = _question(month, category)
        there = self.store.group(question, publication, lambda asked: _meets(asked, extent))
        kept = {box_of(one.question["box"]): _parsed(one, _crimes(month, category)) for one in there}
        self._fill(question, publication, extent, kept, depth=0)
        found: pd.DataFrame = pd.concat([kept[box] for box in sorted(kept)], ignore_index=True)
        found = found[extent.holds(found["lon"].to_numpy(), found["lat"].to_numpy()) | found["lon"].isna()]
        # A crime on the edge of two boxes is in both; within a publication its id is its own.
        found = found.drop_duplicates("id").sort_values("id", ignore_index=True)
        if len(found):
            # Where the crimes of one month and category lie tells where to cut the box of the next.
            self._points[category] = self._guide = (found["lon"].to_numpy(), found["lat"].to_numpy())
        return found

    def guide(self, lon: np.ndarray, lat: np.ndarray) -> None:
        """Say where people are (degrees), such as the middles of neighbourhoods: where to cut the first box."""
        self._guide = (lon, lat)

    def no_location(
        self, month: str, category: str, force: str, published: str | None = None
    ) -> pd.DataFrame:
        """Return a force's crimes of a month and category that have no location, with the columns of `crimes`."""
        question = {"kind": "crimes-no-location", "of": f"{category} {month}", "force": force}
        path = f"crimes-no-location?category={quoted(category)}&force={quoted(force)}&date={month}"
        check = _crimes(month, category)
        found: pd.DataFrame = self._ask(question, path, check, published=published)
        return found.drop_duplicates("id").sort_values("id", ignore_index=True).assign(lon=np.nan, lat=np.nan)

    def holds(self, month: str, categories: Collection[str], extent: Box, force: str, published: str) -> bool:
        """Whether the store holds all of a month: every box of the extent, and what has no location."""
        return all(
            self.store.has({"kind": "crimes-no-location", "of": f"{kind} {month}", "force": force}, published)
            and covered(extent, self._boxes(_question(month, kind), published))
            for kind in categories
        )

    def _boxes(self, question: Question, published: str) -> list[Box]:
        asked = self.store.questions(question, published)
        return [box_of(one["box"]) for one in asked if _meets(one, None)]

    def _fill(
        self, question: Question, published: str, box: Box, kept: dict[Box, pd.DataFrame], *, depth: int
    ) -> None:
        """Ask what is not kept of a box, in quarters where it is too much for one answer."""
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
        """Ask one box; None where it is too much for one answer, or so large that the server fails at it."""
        category, month = question["of"].split(" ")
        if self.web is None or published != self.published():
            raise self._not_there(f"all of {category} in {months.in_words(month)}")
        check = _crimes(month, category)

        def check_inside(value: Any) -> pd.DataFrame:
            rows = check(value)
            _require_inside(rows, box)
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
        rows: pd.DataFrame = answer.value
        return rows

    def _not_there(self, what: str) -> OfflineError:
        remedy = (
            f"Run it once without --offline. {BY_HAND}"
            if self.web is None
            else "Use --from archive for that month."
        )
        return OfflineError(f"The store {self.store.folder} does not have {what}.", remedy)

    def _require_alive(self) -> None:
        """Tell too many crimes from an outage, before four more questions are asked for one.

        Raises
        ------
        SourceError
            If the simplest question is not answered either.
        """
        if self.web is not None and self.web.elapsed - self._alive > ALIVE:
            self.web.ask(f"{self.base}/crime-last-updated", json_judge(_date))

    def _ask(
        self,
        question: Question,
        path: str,
        check: Callable[[Any], Any],
        *,
        published: str | None = None,
        absent: bytes | None = None,
    ) -> Any:
        """Answer from the store, or ask and keep. A 404 counts as the answer `absent`, where given."""
        publication = published or self.published()
        for one in [published] if published else self._usable(question):
            if (kept := self.store.get(question, one)) is not None:
                return _parsed(kept, check)
        if self.web is None or publication != self.published():
            raise self._not_there(f"{question['kind']} {question.get('of', '')}".strip())
        judge = json_judge(check, full=MOST if question["kind"] == "crimes-no-location" else None)
        try:
            answer = self.web.ask(f"{self.base}/{path}", judge)
        except AbsentError:
            if absent is None:
                raise
            self.store.put(question, publication, absent, asked=self.web.now())
            return check(json.loads(absent))
        self.store.put(question, publication, answer.body, asked=self.web.now())
        return answer.value


def _question(month: str, category: str) -> dict[str, str]:
    return {"kind": "crimes-street", "of": f"{category} {month}"}


def _meets(asked: Question, extent: Box | None) -> bool:
    """Whether a question is of a box, and of one that meets the extent."""
    try:
        box = box_of(asked["box"])
        return extent is None or extent.meets(box)
    except (KeyError, ValueError):
        return False


def _parsed(kept: Kept, check: Callable[[Any], Any]) -> Any:
    """Return what a kept answer says; it was checked before it was kept."""
    try:
        return check(parse_json(kept.body))
    except (KeyError, TypeError, ValueError, UnusableError) as error:
        raise SourceError(
            f"{kept.path} has an answer that this version of sacmap cannot read: {error}.",
            "Remove that file and run the command again.",
        ) from None


# The shapes of answers: each check raises KeyError, TypeError or ValueError naming the field


def _date(value: Any) -> str:
    return _month(str(_field(value, "date"))[:7], "date")


def _dates(value: Any) -> list[str]:
    return sorted(_month(str(_field(row, "date")), "date") for row in _list(value, "months"))


def _names(value: Any) -> dict[str, str]:
    return {str(_field(row, "id")): str(_field(row, "name") or "") for row in _list(value, "id and name")}


def _ring(value: Any) -> Ring:
    points = []
    for n, row in enumerate(_list(value, "latitude and longitude")):
        lon, lat = (
            _number(_field(row, "longitude"), n, "longitude"),
            _number(_field(row, "latitude"), n, "latitude"),
        )
        if math.isnan(lon) or math.isnan(lat):
            raise ValueError(f"latitude or longitude of point {n + 1} is missing")
        if abs(lon) > 180 or abs(lat) > 90:
            raise ValueError(f"point {n + 1} is at {lon:g}, {lat:g}, which are not degrees")
        points.append((lon, lat))
    return points


def _crimes(month: str, category: str) -> Callable[[Any], pd.DataFrame]:
    """Return a check that makes crimes of an answer, less those of another category than was asked for.

    An unknown category has been seen to be answered with every crime.
    """

    def check(value: Any) -> pd.DataFrame:
        rows = [_crime(row, n, month) for n, row in enumerate(_list(value, "crimes"))]
        kept = [row for row in rows if category in {"all-crime", row[2]}]
        frame = pd.DataFrame(kept, columns=list(ROWS)).astype(
            {"id": "int64", "lon": float, "lat": float, "btp": bool}
        )
        return frame.assign(crime_type=frame["crime_type"].replace(_SLUGS))

    return check


def _crime(row: Any, n: int, month: str) -> tuple[int, str, str, float, float, str, str, bool]:
    found = _month(str(_field(row, "month")), f"month of crime {n + 1}")
    if found != month:
        raise ValueError(f"month of crime {n + 1} is {found}, but {month} was requested")
    category, number = _field(row, "category"), _field(row, "id")
    if (
        not isinstance(category, str)
        or isinstance(number, bool)
        or not isinstance(number, int)
        or abs(number) >> 63
    ):
        raise TypeError(f"category or id of crime {n + 1}")
    place = _field(row, "location")
    lon = lat = math.nan
    street = ""
    if place is not None:
        lon = _number(_field(place, "longitude"), n, "longitude")
        lat = _number(_field(place, "latitude"), n, "latitude")
        named = place.get("street")
        street = str(named.get("name") or "") if isinstance(named, dict) else ""
    if math.isnan(lon) or math.isnan(lat):
        lon = lat = math.nan
    crime_id = str(row.get("persistent_id") or "")
    return number, found, category, lon, lat, crime_id, street, row.get("location_type") == "BTP"


def _require_inside(rows: pd.DataFrame, box: Box) -> None:
    """Raise ValueError where a crime is not where it was asked for: swapped coordinates would vanish silently."""
    wide = Box(box.west - _NEAR, box.south - _NEAR, box.east + _NEAR, box.north + _NEAR)
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    away = np.flatnonzero(~wide.holds(lon, lat) & ~np.isnan(lon))
    if len(away):
        n = int(away[0])
        looks = (
            "latitude and longitude look swapped"
            if wide.holds(lat[n], lon[n])
            else "outside the requested box"
        )
        raise ValueError(f"location of crime {rows['id'].iloc[n]} is {lat[n]}, {lon[n]}: {looks}")


def _list(value: Any, of: str) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"a list of {of} was expected, not {type(value).__name__}")
    return value


def _field(row: Any, name: str) -> Any:
    if not isinstance(row, dict) or name not in row:
        raise KeyError(f"the field {name!r} is missing")
    return row[name]


def _month(text: str, field: str) -> str:
    if not months.is_month(text):
        raise ValueError(f"{field} is {text[:20]!r}, not a month")
    return text


def _number(value: Any, n: int, field: str) -> float:
    """Return degrees of text or number; NaN for null, empty, NaN and infinite."""
    if value is None or value == "":
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{field} of row {n + 1} is {str(value)[:20]!r}, not a number") from None
    if math.isfinite(number) and abs(number) > _FARTHEST:
        raise ValueError(f"{field} of row {n + 1} is {number:g}, not a coordinate")
    return number if math.isfinite(number) else math.nan
