"""Rank the areas on two lists: where burglary persists (target hardening), and where crime rose (week of action).

A level persists from year to year, a change does not. So locks go where the level of burglary is high, not where it
rose last. A week of action answers a rise: clear rises come first, then possible ones, then the areas furthest above
the expected. There is one such list for each crime type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import tables
from sacmap.choose.draws import TIERS, Key, Stability, Whole, rank_range, stability_of, tiers_of
from sacmap.choose.map_points import NO_POINTS, POINT_COLUMNS, AreaPoints, points_of_areas, rises_of_one_point
from sacmap.measure.counts import counts_cube
from sacmap.measure.verdict import Against, Floats, Law, law_of, verdicts
from sacmap.months import Period
from sacmap.result import FIRST_TEN, Entry, OnePoint

#: The number of areas of a list for which the details of an Entry are given.
LISTED = FIRST_TEN

#: The crime type that the hardening list ranks.
HARDENING_TYPE = "burglary"
#: The columns of the Change table that the lists fill.
FILLED = (*tables.RANKS, "top5_share")


class Lists(NamedTuple):
    """The Change table with its ranks, and the first ten areas of each list.

    one_point: by crime type and area_id, the rises that lie mostly on one map point without earlier crimes.
    """

    change: pd.DataFrame
    hardening: tuple[Entry, ...]
    weeks: Mapping[str, tuple[Entry, ...]]
    one_point: Mapping[str, Mapping[str, OnePoint]]


class _List(NamedTuple):
    """One list: its crime type, and whether it ranks by level (target hardening) or by rises (a week of action)."""

    kind: str
    hardening: bool

    @property
    def column(self) -> str:
        return "hardening_rank" if self.hardening else "week_rank"

    @property
    def of_share(self) -> bool:
        """Whether top5_share in its rows belongs to this list; in burglary rows it belongs to target hardening."""
        return self.hardening or self.kind != HARDENING_TYPE


#: All lists.
LISTS = (_List(HARDENING_TYPE, True), *(_List(kind, False) for kind in tables.CRIME_TYPES))


def all_lists(
    areas: gpd.GeoDataFrame,
    once: pd.DataFrame,
    change: pd.DataFrame,
    counts: NDArray[np.int64],
    *,
    compared: Sequence[Period],
    comparators: Mapping[str, Against],
) -> Lists:
    """Rank the areas for target hardening, and for a week of action on each crime type.

    `once` is the Located table less repeats; `counts` is (areas × periods × months compared × SAC types), the current
    period last; `compared` are the months compared of each period; `comparators` are by crime type, as `compare` takes
    them.

    Returns
    -------
    The Change table with hardening_rank in burglary rows, week_rank in all rows, and top5_share, of target hardening in
    burglary rows, of the week list in the others; and the first ten areas of each list. Those on week lists are all
    above the expected count.
    """
    made = _Ground(
        once,
        change,
        counts,
        comparators,
        compared=compared,
        ids=areas["area_id"].astype(str).tolist(),
        per=homes_of(areas) / 1_000 if by_rate(areas) else np.ones(len(areas)),
    )
    one_point = {kind: made.one_point(kind) for kind in tables.CRIME_TYPES}
    entries: dict[_List, tuple[Entry, ...]] = {}
    known = {kind: found for kind in tables.CRIME_TYPES if (found := _known(made, kind))}
    every = [(one, _ranked(made, one, known[one.kind])) for one in LISTS if one.kind in known]
    listed = {made.ids[position] for _, ranked in every for position in ranked.known.positions[ranked.listed]}
    points = points_of_areas(made.now, listed)
    columns = {name: change[name].to_numpy(float, copy=True) for name in FILLED}
    for one, ranked in every:
        columns[one.column][ranked.known.rows] = ranked.rank
        if one.of_share:
            columns["top5_share"][ranked.known.rows] = ranked.stable.top5
        entries[one] = _entries(made, one, ranked, points, one_point[one.kind])
    weeks = {one.kind: entries.get(one, ()) for one in LISTS[1:]}
    return Lists(change.assign(**columns), entries.get(LISTS[0], ()), weeks, one_point)


@dataclass(frozen=True)
class _Ground:
    """The data of all lists: the arguments of `all_lists`, the areas' ids, and their households in thousands, or 1."""

    once: pd.DataFrame
    change: pd.DataFrame
    counts: NDArray[np.int64]
    comparators: Mapping[str, Against]
    compared: Sequence[Period]
    ids: Sequence[str]
    per: Floats

    @property
    def months(self) -> int:
        """The number of months compared in a period."""
        return len(self.compared[-1])

    @cached_property
    def now(self) -> pd.DataFrame:
        """The located crimes of the current period."""
        return self.once.loc[self.once["month"].isin(self.compared[-1]), POINT_COLUMNS]

    @cached_property
    def before(self) -> pd.DataFrame:
        """The map points of the located crimes of the baseline."""
        months = {month for period in self.compared[:-1] for month in period}
        return self.once.loc[self.once["month"].isin(months), ["lon", "lat"]]

    @cached_property
    def next_door(self) -> NDArray[np.int64]:
        """The counts if every crime within 50 m of another area belonged to that area."""
        columns = ["area_id", "month", "crime_type", "edge_area"]
        # Crimes of areas beyond the district have no area here, but may have one of these next door.
        moved = self.once.loc[self.once["edge_area"].notna(), columns]
        arrived = moved.assign(area_id=moved["edge_area"])
        came, went = (counts_by_month(rows, self.ids, self.compared) for rows in (arrived, moved))
        return np.asarray(self.counts + came - went)

    def one_point(self, kind: str) -> Mapping[str, OnePoint]:
        """Rises of a crime type that lie mostly on one map point without earlier crimes, by area_id."""
        rises = self.change[(self.change["crime_type"] == kind) & self.change["verdict"].isin(list(TIERS))]
        if rises.empty:
            return {}
        return rises_of_one_point(self.now, self.before, rises, kind)


class _Known(NamedTuple):
    """The known areas of one crime type. rows: in the Change table; positions: in the Areas table.

    law, verdicts: with each crime in its own area; next_door, next_verdicts: with crimes near an edge next door.
    """

    rows: Whole
    positions: Whole
    law: Law
    verdicts: NDArray[np.object_]
    next_door: Law
    next_verdicts: NDArray[np.object_]


class _Ranked(NamedTuple):
    """The known areas ranked for one list.

    listed: the first ten, as positions among the known areas; stable: how firm their ranks are; edge_range: the
    interval of their ranks if the crimes near an edge belonged to the other area.
    """

    known: _Known
    rank: Whole
    edge_rank: Whole
    listed: Whole
    stable: Stability
    edge_range: tuple[Whole, Whole]


def _known(made: _Ground, kind: str) -> _Known | None:
    """Return the known areas of a crime type, or None if none is known."""
    rows = np.flatnonzero((made.change["crime_type"] == kind).to_numpy(bool))
    known = np.isfinite(made.change["level"].to_numpy(float)[rows])
    if not known.any():
        return None
    law, next_door = (
        law_of_months(of_kind(cube[known], kind), made.comparators[kind])
        for cube in (made.counts, made.next_door)
    )
    said = made.change["verdict"].to_numpy(object)[rows[known]]
    return _Known(rows[known], np.flatnonzero(known), law, said, next_door, verdicts(next_door))


def _ranked(made: _Ground, one: _List, known: _Known) -> _Ranked:
    """Rank the areas, with each crime in its own area, and with crimes near an edge in the other area."""
    per = made.per[known.positions]
    key = Key(one.hardening, known.law, per, known.verdicts)
    edge_key = Key(one.hardening, known.next_door, per, known.next_verdicts)
    rank = key.ranks()
    listed = np.argsort(rank)[:LISTED]
    if not one.hardening:
        listed = listed[known.law.excess[listed] > 0]
    return _Ranked(
        known, rank, edge_key.ranks(), listed, stability_of(key, listed), rank_range(edge_key, listed)
    )


def _entries(
    made: _Ground,
    one: _List,
    ranked: _Ranked,
    points: Mapping[tuple[str, str], AreaPoints],
    one_point: Mapping[str, OnePoint],
) -> tuple[Entry, ...]:
    listed, known = ranked.listed, ranked.known
    ids = [made.ids[position] for position in known.positions[listed]]
    above = months_above(known.law.expected, of_kind(made.counts[known.positions], one.kind))
    there = [points.get((area, one.kind), NO_POINTS) for area in ids]
    stable, (edge_low, edge_high) = ranked.stable, ranked.edge_range
    tiers = np.zeros(len(known.rows)) if one.hardening else tiers_of(known.verdicts)
    return tuple(
        Entry(
            area_id=area,
            rank=int(ranked.rank[position]),
            areas=len(ranked.rank),
            verdict=str(known.verdicts[position]),
            top5_share=float(stable.top5[position]),
            top10_share=float(stable.top10[at]),
            rank_low=int(stable.low[at]),
            rank_high=int(stable.high[at]),
            edge_rank=int(ranked.edge_rank[position]),
            edge_low=int(edge_low[at]),
            edge_high=int(edge_high[at]),
            months_above=int(above[position]),
            months=made.months,
            points_share=there[at].busiest_share,
            streets=there[at].streets,
            off_street=there[at].off_street,
            one_point=None if one.hardening else one_point.get(area),
            found=int((tiers >= tiers[position]).sum()) if tiers[position] else 0,
        )
        for at, (area, position) in enumerate(zip(ids, listed.tolist(), strict=True))
    )


def by_rate(areas: gpd.GeoDataFrame) -> bool:
    """Whether levels can be ranked per 1,000 households: only if the households of every area are known."""
    return len(areas) > 0 and bool((homes_of(areas) > 0).all())


def homes_of(areas: gpd.GeoDataFrame) -> Floats:
    """Return each area's households; 0 if not known."""
    return np.asarray(np.nan_to_num(areas["households"].to_numpy(float, na_value=np.nan)))


def without_change(lists: Lists) -> Lists:
    """Return the lists of a map without a baseline: no list for a week of action, and no months above the expected."""
    change = lists.change.copy()
    change["week_rank"] = np.nan
    change.loc[change["crime_type"] != HARDENING_TYPE, "top5_share"] = np.nan
    hardening = tuple(replace(entry, months_above=0, months=0) for entry in lists.hardening)
    return Lists(change, hardening, dict.fromkeys(lists.weeks, ()), {})


def ranked_by_figures(change: pd.DataFrame, *, rates: bool) -> pd.DataFrame:
    """Return a Change table with the ranks of its areas. Lists without ranks get those of their verdicts and figures.

    An area without these figures has no rank. `rates`: levels are ranked per 1,000 households.
    """
    level = "level_per_1000_households" if rates else "level"
    change = change.copy()
    for one in LISTS:
        rows = change[change["crime_type"] == one.kind]
        said = rows["verdict"].to_numpy(object)
        figures = rows[
            ["current_count", level] if one.hardening else ["current_count", "expected", "excess"]
        ].to_numpy(float)
        # Without a baseline no verdict is known, but levels are.
        there = np.isfinite(figures).all(axis=1) & (one.hardening | (said != "not known"))
        rank = np.where(there, rows[one.column].to_numpy(float), np.nan)
        if np.isnan(rank).all():
            tiers = np.zeros(len(rows)) if one.hardening else tiers_of(said)
            order = np.lexsort((-figures[:, -1], -tiers))
            rank[order[there[order]]] = np.arange(1, there.sum() + 1)
        change.loc[rows.index, one.column] = rank
    return change


def months_above(expected: Floats, counts: Floats) -> Whole:
    """Return the number of current months above each area's expected count, which is spread like the whole baseline.

    `counts` is (areas × periods × months), the current period last.
    """
    season = counts[:, :-1].sum(axis=(0, 1))
    share = season / season.sum() if season.sum() > 0 else np.full(len(season), 1 / len(season))
    return np.asarray((counts[:, -1] > expected[:, None] * share).sum(axis=1))


def counts_by_month(once: pd.DataFrame, ids: Sequence[str], compared: Sequence[Period]) -> NDArray[np.int64]:
    """Count (areas × periods × months × SAC types), the current period last."""
    every = [month for months in compared for month in months]
    return counts_cube(once, ids, every).reshape(len(ids), len(compared), -1, len(tables.SAC_TYPES))


def of_kind(cube: NDArray[np.int64], kind: str) -> Floats:
    """Return one crime type of a cube whose last axis is the SAC types; `sac` is their sum."""
    return (cube.sum(axis=-1) if kind == "sac" else cube[..., tables.SAC_TYPES.index(kind)]).astype(float)


def law_of_months(counts: Floats, against: Against, *, coarse: bool = False) -> Law:
    """Return the law of (areas × periods × months) counts, the current period last; `coarse` is as in `law_of`."""
    sums = counts.sum(axis=2)
    return law_of(sums[:, :-1], sums[:, -1], against, months=counts.shape[2], coarse=coarse)
