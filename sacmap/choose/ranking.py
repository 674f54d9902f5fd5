"""Two lists, never one: where burglary persists (target hardening), and where SAC has risen (a week of action).

Level persists from year to year, change does not: locks go where the level of burglary is high, never where it last
rose. A week of action answers a rise, so it goes where SAC stands furthest above the expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import tables
from sacmap.measure.change import Against, Law, law_of
from sacmap.measure.counts import counts_cube
from sacmap.result import Entry
from sacmap.study import Study

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

SEED = 2018
DRAWS = 1_000
#: The first of a list, as in "in the first five".
FIRST = 5
#: Areas of a list that are given with what is to be known of them.
LISTED = 10
#: Map points that concentration is told of, and streets named.
POINTS, STREETS = 10, 3
#: Draws are ranked so many at a time: 35,000 areas by 1,000 draws would fill the memory.
AT_A_TIME = 50

#: The crime type each list ranks: its row of the Change table.
HARDENING, WEEK = "burglary", "sac"


@dataclass(frozen=True)
class Lists:
    """The Change table with its ranks filled, and the first ten of each list."""

    change: pd.DataFrame
    hardening: tuple[Entry, ...]
    week: tuple[Entry, ...]


def both_lists(
    study: Study,
    areas: gpd.GeoDataFrame,
    once: pd.DataFrame,
    change: pd.DataFrame,
    counts: NDArray[np.int64],
    *,
    places: Sequence[int],
    comparators: Mapping[str, Against],
) -> Lists:
    """Rank the areas for target hardening and for a week of action.

    Parameters
    ----------
    study
        What is compared.
    areas
        The Areas table.
    once
        The Located table less repeats.
    change
        The Change table. hardening_rank is filled on its burglary rows and week_rank on its sac rows; top5_share on
        both, each of that row's own list.
    counts
        (areas × periods × months compared × SAC types) of the areas, the current period last.
    places
        The places in a period that are compared.
    comparators
        By crime type, as `compare` takes it.

    Returns
    -------
    The Change table, and the first ten of each list; those for a week of action are all above the expected.
    """
    known = change[change["crime_type"] == WEEK]["current_count"].notna().to_numpy()
    if not known.any():
        return Lists(change, (), ())
    ids = [area for area, there in zip(areas["area_id"], known, strict=True) if there]
    compared = tuple(tuple(period[k] for k in places) for period in study.periods)
    per = (homes_of(areas)[known] / 1_000) if by_rate(areas) else np.ones(len(ids))
    moved = once.loc[once["edge_area"].notna(), ["area_id", "month", "crime_type", "edge_area"]]
    arrived = moved.assign(area_id=moved["edge_area"])
    changed = counts_by_month(arrived, ids, compared) - counts_by_month(moved, ids, compared)
    cubes = (counts[known], counts[known] + changed)
    now = once.loc[once["month"].isin(compared[-1]), ["area_id", "crime_type", "lon", "lat", "location"]]
    filled = change.copy()
    found: dict[str, tuple[Entry, ...]] = {}
    with ThreadPoolExecutor(2) as beside:
        ranked = [_ranked(kind, cubes, comparators[kind], per, beside) for kind in (HARDENING, WEEK)]
        for one, column in zip(ranked, ("hardening_rank", "week_rank"), strict=True):
            above = months_above(one.expected, of_kind(cubes[0], one.kind))
            points = busiest_points(now, [ids[place] for place in one.listed], one.kind)
            top5, low, high = one.stable.result()
            rows = filled.index[(filled["crime_type"] == one.kind).to_numpy()][known]
            filled.loc[rows, column] = one.rank
            filled.loc[rows, "top5_share"] = top5
            found[one.kind] = tuple(
                Entry(
                    area_id=ids[place],
                    rank=int(one.rank[place]),
                    top5_share=float(top5[place]),
                    rank_low=int(low[at]),
                    rank_high=int(high[at]),
                    edge_rank=int(one.edge_rank[place]),
                    months_above=int(above[place]),
                    months=len(places),
                    points_share=points[at][0],
                    streets=points[at][1],
                )
                for at, place in enumerate(one.listed)
            )
    return Lists(filled, found[HARDENING], found[WEEK])


def without_change(lists: Lists) -> Lists:
    """Return the lists of a map that has no baseline: no list for a week of action, and no month above the expected."""
    change = lists.change.copy()
    change["week_rank"] = np.nan
    change.loc[change["crime_type"] != HARDENING, "top5_share"] = np.nan
    return Lists(change, tuple(replace(entry, months_above=0, months=0) for entry in lists.hardening), ())


class _Ranked(NamedTuple):
    """The areas ranked for one list, those listed first to last; how stable that is may still be under way."""

    kind: str
    expected: Floats
    rank: Whole
    edge_rank: Whole
    listed: Whole
    stable: Future[tuple[Floats, Floats, Floats]]


def _ranked(
    kind: str, cubes: Sequence[NDArray[np.int64]], against: Against, per: Floats, beside: Executor
) -> _Ranked:
    """Rank the areas of the two cubes: crimes where they are, and those near an edge with the neighbour."""
    law, next_door = (law_of_months(of_kind(cube, kind), against) for cube in cubes)
    key = key_of(kind, law, law.excess, per)
    rank = ranks(key)
    listed = np.argsort(rank)[:LISTED]
    if kind == WEEK:
        listed = listed[key[listed] > 0]
    stable = beside.submit(stability, kind, law, per, listed)
    edge_rank = ranks(key_of(kind, next_door, next_door.excess, per))
    return _Ranked(kind, law.expected, rank, edge_rank, listed, stable)


def by_rate(areas: gpd.GeoDataFrame) -> bool:
    """Whether levels can be ranked per 1,000 households: those of every area are known."""
    return len(areas) > 0 and bool((homes_of(areas) > 0).all())


def homes_of(areas: gpd.GeoDataFrame) -> Floats:
    """Return each area's households; 0 where not known."""
    return np.asarray(np.nan_to_num(areas["households"].to_numpy(float, na_value=np.nan)))


def key_of(kind: str, law: Law, excess: Floats, per: Floats) -> Floats:
    """Return what a list ranks by: burglary's level, per 1,000 households where `per` holds these; else the excess.

    excess is (…, areas): the law's own, or draws of it.
    """
    return law.level(excess) / per if kind == HARDENING else excess


def ranks(key: Floats) -> Whole:
    """Return places from 1, the largest first; equals in the order they come."""
    order = np.argsort(-key, kind="stable")
    placed = np.empty(len(key), dtype=np.intp)
    placed[order] = np.arange(1, len(key) + 1)
    return placed


def stability(kind: str, law: Law, per: Floats, listed: Whole) -> tuple[Floats, Floats, Floats]:
    """Rank draws of how far the areas may stand above the expected.

    Returns
    -------
    Each area's share of draws in which it is among the first five, and the 5% and 95% quantiles of the place of each
    of the areas at `listed`.
    """
    rng = np.random.default_rng(SEED)
    n = len(per)
    first = np.zeros(n, dtype=np.intp)
    places = np.empty((DRAWS, len(listed)), dtype=np.intp)
    for start in range(0, DRAWS, AT_A_TIME):
        # Turned round, so that the least is first: what is ahead of an area is less.
        key = -key_of(kind, law, law.drawn(rng, AT_A_TIME), per)
        leading = np.argpartition(key, min(FIRST, n) - 1, axis=1)[:, :FIRST]
        first += np.bincount(leading.ravel(), minlength=n)
        for at, place in enumerate(listed):
            places[start : start + AT_A_TIME, at] = 1 + np.count_nonzero(key < key[:, [place]], axis=1)
    low, high = np.quantile(places, [0.05, 0.95], axis=0, method="nearest")
    return first / DRAWS, low, high


def months_above(expected: Floats, counts: Floats) -> Whole:
    """Return how many current months lie above each area's expected, spread over the months as all areas' baseline.

    `counts` is (areas × periods × months), the current period last.
    """
    season = counts[:, :-1].sum(axis=(0, 1))
    share = season / season.sum() if season.sum() > 0 else np.full(len(season), 1 / len(season))
    return np.asarray((counts[:, -1] > expected[:, None] * share).sum(axis=1))


def busiest_points(
    now: pd.DataFrame, area_ids: Sequence[str], kind: str
) -> list[tuple[float, tuple[tuple[str, int], ...]]]:
    """Return, for each area, the share of its crimes on its ten busiest map points, and the first of these by street.

    `now` holds the Located rows of the current months. Points with no street count in the share and are not named;
    points of one street are named once, together.
    """
    rows = now[now["area_id"].isin(area_ids).to_numpy()]
    if kind != "sac":
        rows = rows[rows["crime_type"] == kind]
    rows = rows.astype({"area_id": str, "location": str})
    points = rows.groupby(["area_id", "lon", "lat", "location"], sort=True).size().reset_index(name="n")
    by_area = dict(
        iter(points.sort_values("n", ascending=False, kind="stable").groupby("area_id", sort=False))
    )
    crimes = rows["area_id"].value_counts()
    return [_busiest(by_area[area], int(crimes[area])) if area in by_area else (0.0, ()) for area in area_ids]


def _busiest(points: pd.DataFrame, crimes: int) -> tuple[float, tuple[tuple[str, int], ...]]:
    busiest = points.head(POINTS)
    streets: Counter[str] = Counter()
    for name, n in zip(busiest["location"].str.strip(), busiest["n"], strict=True):
        streets[str(name)] += int(n)
    named = [street for street in streets.items() if street[0] not in {"", "On or near"}]
    first = sorted(named, key=lambda street: (-street[1], street[0]))[:STREETS]
    return float(busiest["n"].sum() / crimes), tuple(first)


def counts_by_month(
    once: pd.DataFrame, ids: Sequence[str], compared: Sequence[Sequence[str]]
) -> NDArray[np.int64]:
    """Count (areas × periods × months × SAC types), the current period last."""
    every = [month for months in compared for month in months]
    return counts_cube(once, ids, every).reshape(len(ids), len(compared), -1, len(tables.SAC_TYPES))


def of_kind(cube: NDArray[np.int64], kind: str) -> Floats:
    """Return one crime type of a cube whose last axis is the SAC types; `sac` is their sum."""
    return (cube.sum(axis=-1) if kind == "sac" else cube[..., tables.SAC_TYPES.index(kind)]).astype(float)


def law_of_months(counts: Floats, against: Against) -> Law:
    """Return the law of (areas × periods × months) counts, the current period last."""
    sums = counts.sum(axis=2)
    return law_of(sums[:, :-1], sums[:, -1], against, months=counts.shape[2])
