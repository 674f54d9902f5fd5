"""All that one comparison gives, typed: what `sacmap.choose` plans with and `sacmap.publish` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from sacmap import tables
from sacmap.areas.context import Layer
from sacmap.measure.chance import how_sure
from sacmap.measure.comparator import Comparator
from sacmap.measure.definitions import Break
from sacmap.measure.ledger import Ledger
from sacmap.notices import Notice
from sacmap.study import Study

#: An area is firm on a list where it is in the first five in so many of the draws, likely from so many on.
FIRM, LIKELY = 0.9, 0.5


@dataclass(frozen=True)
class OnePoint:
    """A map point unseen before on which most of a rise lies: its street as published, and its current crimes."""

    street: str
    crimes: int


@dataclass(frozen=True)
class Entry:
    """An area on a list, and what is to be known before acting on it.

    rank is its place, 1 first; verdict its reading. It is among the first five in top5_share of the draws, and in nine
    of ten its place is from rank_low to rank_high. edge_rank is its place were every crime within 50 m of a
    neighbour that neighbour's, edge_low to edge_high where it then is in nine of ten. months_above of `months` current
    months lie above the expected. points_share of its current crimes lie on its ten busiest map points; streets are
    the first of these, with their crimes. off_street is the share of them on map points that are no street: shops,
    car parks, stations; None where it has none. one_point is set where most of a rise lies on one point unseen before.
    """

    area_id: str
    rank: int
    verdict: str
    top5_share: float
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

    @property
    def firmness(self) -> str:
        """How sure its place among the first five is, in a word."""
        return firmness(self.top5_share)


def firmness(top5_share: float) -> str:
    """Return "firm" from nine draws in ten on, "likely" from half of them on, else "weak".

    >>> [firmness(share) for share in (0.95, 0.6, 0.2)]
    ['firm', 'likely', 'weak']
    """
    if top5_share >= FIRM:
        return "firm"
    return "likely" if top5_share >= LIKELY else "weak"


@dataclass(frozen=True)
class Result:
    """All that one comparison gives: what `publish` writes.

    located is the Located table less repeats, forces left out and crime_id. hardening and week are the first ten of
    both lists, the latter of SAC; weeks has one list a crime type. one_point has, by crime type and area_id, the
    rises of which most lies on one map point unseen before. unknown is area_id → why it is not known. monthly is
    the Counts table over every month read. compared are the places in a period (0 first) at which like is compared
    with like; context is what was given for orientation; exit_code is 3 where months had to be left out. totals and
    comparator_changes are by crime type, as in the JSON record. groups are the subtotals by town or district
    (tables.GROUPS), empty where the areas have no groups.
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
    comparator_changes: dict[str, dict[str, Any]]
    totals: dict[str, dict[str, float | None]]
    definitions: tuple[Break, ...]
    warnings: tuple[Notice, ...]
    inputs: tuple[dict[str, object], ...]
    exit_code: int
    context: tuple[Layer, ...] = ()
    groups: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=tables.GROUPS.names))

    @property
    def how_sure(self) -> dict[str, tuple[str, ...]]:
        """By crime type, in sentences: how many flags chance makes on maps like this, and what could have been seen."""
        return {kind: how_sure(self.change, kind) for kind in tables.CRIME_TYPES}

    @property
    def public(self) -> bool:
        """Whether small counts were left out."""
        return any(notice.code == "suppressed" for notice in self.warnings)

    @property
    def restricted(self) -> bool:
        """Whether it must not be published: made from a force's own extract, small counts and all."""
        return any(notice.code == "restricted" for notice in self.warnings)
