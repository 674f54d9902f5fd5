"""The result of one comparison, which `sacmap.choose` plans with and `sacmap.publish` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from sacmap import months, tables
from sacmap.areas.context import Layer
from sacmap.measure.chance_flags import how_sure
from sacmap.measure.comparator import UNFIT, Comparator, ComparatorRecord
from sacmap.measure.definitions import Break
from sacmap.measure.ledger import Ledger
from sacmap.notices import Notice, counted
from sacmap.study import Study

#: Least share of draws among the first of a list for a firm place there, and for a likely one.
FIRM, LIKELY = 0.9, 0.5
#: What the first of a list are for an area that leads it, and for one farther down.
FIRST, FIRST_TEN = 5, 10


@dataclass(frozen=True)
class OnePoint:
    """A map point without earlier crimes that has most of a rise: its street as published, and its current crimes."""

    street: str
    crimes: int


@dataclass(frozen=True)
class Entry:
    """An area on a list, with what one should know before acting on it.

    rank: 1 is first of `areas`. top5_share, top10_share: share of draws in which it is among the first five, and the
    first ten; rank_low to rank_high: its rank in nine draws out of ten. edge_rank, edge_low, edge_high: the same if
    every crime within 50 m of a neighbour belonged to that neighbour. months_above of `months` current months are above
    the expected. points_share: share of its current crimes on its ten busiest map points; streets: those with most
    of them, and how many. off_street: share of its crimes on map points that are not streets, such as shops, car parks
    and stations; None if it has no crimes. one_point: set if most of a rise lies on one map point without earlier
    crimes. found: on a week list, the number of areas whose finding is its own or a stronger one; 0 if it has none.
    """

    area_id: str
    rank: int
    areas: int
    verdict: str
    top5_share: float
    top10_share: float
    rank_low: int
    rank_high: int
    edge_rank: int
    edge_low: int
    edge_high: int
    months_above: int
    months: int
    points_share: float
    streets: tuple[tuple[str, int], ...]
    off_street: float | None = None
    one_point: OnePoint | None = None
    found: int = 0

    @property
    def first(self) -> int:
        """The number of first areas it is among: 5, or 10 if it is not among these."""
        return FIRST if self.rank <= FIRST else FIRST_TEN

    @property
    def first_share(self) -> float:
        """The share of draws in which it is among these first areas."""
        return self.top5_share if self.first == FIRST else self.top10_share

    @property
    def firmness(self) -> str:
        """How certain it is that the area is among these first areas, in a word; "" where every area is."""
        return firmness(self.first_share) if self.areas > self.first else ""


def firmness(share: float) -> str:
    """Return "firm" from nine draws in ten, "likely" from half of the draws, otherwise "weak".

    >>> [firmness(share) for share in (0.95, 0.6, 0.2)]
    ['firm', 'likely', 'weak']
    """
    if share >= FIRM:
        return "firm"
    return "likely" if share >= LIKELY else "weak"


@dataclass(frozen=True, repr=False)
class Result:
    """The result of one comparison.

    located: the Located table without duplicates, forces left out and crime_id. hardening, week: the first ten of both
    lists, week for SAC; weeks: one list per crime type. one_point: by crime type and area_id, rises that lie mostly on
    one map point without earlier crimes. unknown: area_id → the reason why it is not known. monthly: the Counts table
    for all months read. compared: the positions in a period (0 first) of the months compared. context: layers for
    orientation. exit_code: 3 if months were left out. totals, comparator_changes: by crime type, as in the JSON
    record. lacking: parts of vehicle crime that an extract does not have. groups: the subtotals by town or
    district (tables.GROUPS), empty if the areas have no groups.
    """

    study: Study
    areas: gpd.GeoDataFrame
    located: pd.DataFrame
    change: pd.DataFrame
    hardening: tuple[Entry, ...]
    week: tuple[Entry, ...]
    weeks: Mapping[str, tuple[Entry, ...]]
    one_point: Mapping[str, Mapping[str, OnePoint]]
    unknown: Mapping[str, str]
    monthly: pd.DataFrame
    coverage: pd.DataFrame
    forces: tuple[str, ...]
    compared: tuple[int, ...]
    ledger: Ledger
    comparator: Comparator
    comparator_changes: dict[str, ComparatorRecord]
    totals: dict[str, dict[str, float | None]]
    definitions: tuple[Break, ...]
    warnings: tuple[Notice, ...]
    inputs: tuple[dict[str, object], ...]
    exit_code: int
    lacking: tuple[str, ...]
    groups: pd.DataFrame
    context: tuple[Layer, ...] = ()

    def __repr__(self) -> str:
        """Return what was compared in a line, as the last line of a cell in a notebook shows it."""
        study, named = self.study, f" of {self.study.title}" * bool(self.study.title)
        before = f" compared with {months.baseline_in_words(study.baseline)}" if study.baseline else ""
        return (
            f"<Result{named}: {counted(len(self.areas), ('area', 'areas'))}, {months.span_in_words(study.current)}"
            f"{before}; {tables.crimes(self.ledger.counted, 'sac')} counted; "
            f"{counted(len(self.warnings), ('warning', 'warnings'))}>"
        )

    @property
    def periods_compared(self) -> tuple[months.Period, ...]:
        """The months compared of each period, the current one last."""
        return months.at_positions(self.study.periods, self.compared)

    @property
    def how_sure(self) -> dict[str, tuple[str, ...]]:
        """By crime type, in sentences: how many verdicts on such a map are chance, and how large a rise would show.

        Nothing is said where the comparator is unsuitable.
        """
        return {
            kind: () if self.unfit else how_sure(self.change, kind, self.in_words)
            for kind in tables.CRIME_TYPES
        }

    @property
    def in_words(self) -> Mapping[str, str]:
        """What each crime type is called: as police.uk has it, or exactly, of a force's own extract."""
        return tables.IN_WORDS if self.study.extract is None else tables.extract_words(self.lacking)

    @property
    def nouns(self) -> tables.Nouns:
        """What one crime of each type is called, and several."""
        return tables.nouns_of(self.lacking)

    @property
    def unfit(self) -> bool:
        """Whether what the areas are compared with is no guide, so that no reading is to be relied on."""
        return any(notice.code == UNFIT for notice in self.warnings)

    @property
    def restricted(self) -> bool:
        """Whether it must not be published: made from a force's own extract, with small counts."""
        return any(notice.code == "restricted" for notice in self.warnings)
