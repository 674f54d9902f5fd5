"""The parts of a briefing note, as plain text: what it is made of, and the ways its sentences name things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sacmap import months
from sacmap.choose.plan import Plan
from sacmap.choose.plan_record import OutcomeRecord
from sacmap.measure.reconcile import Reconciliation
from sacmap.notices import series
from sacmap.result import Result
from sacmap.study import Study

#: Areas that are named of each kind; the rest are counted.
NAMED = 6


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; style: "" for plain text, "bullet" or "number" for a line of a list."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    """A table: its caption, its header, and its rows of text; the first column names the row."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A picture: PNG, and the text for those who do not see it."""

    png: bytes
    alternative: str


#: What stands under a heading.
Part = Paragraph | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Note:
    """The whole note. banner: what must stand above everything; subtitle: the periods."""

    title: str
    subtitle: str
    banner: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a note is made of; each but the study may be missing.

    official: recorded crime over the periods of official_study; result: the map's; picture: the map as PNG; headline:
    the map's first sentence; plan and outcome: what was promised, and the record of what came of it; names: area_id →
    name, for plan and outcome.
    """

    study: Study
    place: str
    official: Reconciliation | None = None
    official_study: Study | None = None
    result: Result | None = None
    picture: bytes | None = None
    headline: str = ""
    plan: Plan | None = None
    outcome: OutcomeRecord | None = None
    names: Mapping[str, str] | None = None
    sources: Sequence[str] = ()

    @property
    def spoken(self) -> Study:
        """The study whose periods the note is about: the map's, or that of recorded crime."""
        return self.result.study if self.result is not None else self.official_study or self.study


def periods_in_words(study: Study) -> str:
    """Return "April 2017 to March 2018 against April 2016 to March 2017"."""
    now = months.span_in_words(study.current)
    return f"{now} against {months.baseline_in_words(study.baseline)}" if study.baseline else now


def part_of(compared: int, period: int) -> str:
    """Return "11 of 12 months of " where months were left out of a period of so many; otherwise ""."""
    return f"{compared} of {period} months of " if compared < period else ""


def some(items: Sequence[str]) -> str:
    """Return the first names of several, and how many more there are."""
    more = len(items) - NAMED
    return series(items) if more <= 0 else f"{', '.join(items[:NAMED])} and {more:,} more"
