"""Evaluate map points: how concentrated an area's crimes are, its busiest streets, and rises on one new point."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import tables
from sacmap.result import OnePoint

#: A map point: degrees east and north (WGS84), and its name.
Point = tuple[float, float, str]
#: Number of map points for the concentration, and of streets named.
POINTS, STREETS = 10, 3
#: The columns of Located that map points are counted by.
POINT_COLUMNS = ["area_id", "crime_type", "lon", "lat", "location"]
#: police.uk's names of map points that are not streets. Most burglaries there are not of homes.
OFF_STREET = frozenset(
    (
        "airport/airfield", "bus/coach station", "conference/exhibition centre", "ferry terminal",
        "further/higher educational building", "hospital", "motorway service area", "nightclub", "park/open space",
        "parking area", "pedestrian subway", "petrol station", "police station", "prison", "race track",
        "shopping area", "sports/recreation area", "supermarket", "theatre/concert hall",
    )
)  # fmt: skip
#: Names of railway stations.
STATION = re.compile(r".*\bstation\)?")
#: A rise is of one map point where at least this share of it, and so many crimes, lie on a point unseen before.
MOST, AT_LEAST = 0.5, 5


class AreaPoints(NamedTuple):
    """The crimes of one area and crime type: all, those off street (`apart`), by map point, and the busiest streets.

    Crimes without the name of a location are counted in `crimes`, but are on no point.
    """

    crimes: int = 0
    apart: int = 0
    points: Mapping[Point, int] = MappingProxyType({})
    streets: tuple[tuple[str, int], ...] = ()

    @property
    def off_street(self) -> float | None:
        """The share of the crimes on map points that are not streets; None without crimes."""
        return self.apart / self.crimes if self.crimes else None

    @property
    def busiest_share(self) -> float:
        """The share of the crimes on the ten busiest map points."""
        return sum(sorted(self.points.values(), reverse=True)[:POINTS]) / self.crimes if self.crimes else 0.0


def busiest_streets(rows: pd.DataFrame, first: int = STREETS) -> dict[str, dict[str, list[tuple[str, int]]]]:
    """Return, by area and crime type, the `first` streets with most crimes, and how many; `sac` is all three types.

    `rows` are Located rows. All map points of a street are added together, and so are those of several places with one
    name, which then says how many they are: "2 Parking Areas".
    """
    there = rows["area_id"].notna() & rows["location"].notna() & rows["crime_type"].isin(tables.SAC_TYPES)
    rows = rows.loc[there.to_numpy(), POINT_COLUMNS].reset_index(drop=True)
    (area, areas), (kind, types), (location, locations) = (
        _sorted_codes(rows[column]) for column in ("area_id", "crime_type", "location")
    )
    stripped = np.array([name.strip() for name in locations], dtype=object)
    names, name_of = np.unique(stripped, return_inverse=True)
    # Crimes are many and what they are called is not: one whole number stands for area, type and name, and for `sac`.
    kinds = [*types, "sac"]
    key = (area * len(kinds) + kind) * len(names) + name_of[location]
    key_of_all = key + (len(types) - kind) * len(names)
    keys, n = np.unique(np.concatenate([key, key_of_all]), return_counts=True)
    kept = np.array([is_kind(name) for name in locations], dtype=bool)[location]
    places = rows[kept].drop_duplicates()
    of_all = places.drop(columns="crime_type").drop_duplicates()
    at = np.searchsorted(keys, np.concatenate([key[places.index], key_of_all[of_all.index]]))
    several = np.bincount(at, minlength=len(keys))
    group, street = np.divmod(keys, max(len(names), 1))
    # Most first; of as many they are by name already.
    order = np.argsort(group * (len(rows) + 1) - n, kind="stable")
    order = order[~np.isin(names, ["", "On or near"])[street[order]]]
    group, street, n, several = group[order], street[order], n[order], several[order]
    busiest = np.flatnonzero(np.arange(len(group)) - np.searchsorted(group, group) < first)
    streets: dict[str, dict[str, list[tuple[str, int]]]] = {}
    for which, name, points, crimes in zip(
        *(each[busiest].tolist() for each in (group, names[street], several, n)), strict=True
    ):
        by_kind = streets.setdefault(areas[which // len(kinds)], {})
        told = f"{points} {street_of(name)}s" if points > 1 else name
        by_kind.setdefault(kinds[which % len(kinds)], []).append((told, crimes))
    return streets


def is_kind(name: str) -> bool:
    """Whether a name is of a kind of place, such as car parks: several points with this name are several places."""
    return street_of(name).lower() in OFF_STREET


#: The points of an area without crimes.
NO_POINTS = AreaPoints()


class PointCounts(NamedTuple):
    """Distinct map points by area, longitude, latitude and name, in this order, and their crimes.

    areas and names: what the codes in `area` and `name` stand for, sorted; lon, lat: degrees; crimes: (points, SAC
    types).
    """

    area: NDArray[np.intp]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    name: NDArray[np.intp]
    crimes: NDArray[np.intp]
    areas: list[str]
    names: list[str]


def point_counts(rows: pd.DataFrame) -> PointCounts:
    """Count crimes by map point.

    `rows` are Located rows with an area and a location. Those without a name for the place are left out.
    """
    kind = rows["crime_type"].astype("category").cat
    # The last is that of a missing value, whose code is −1.
    kinds = np.append(pd.Index(tables.SAC_TYPES).get_indexer(kind.categories), -1)[kind.codes.to_numpy()]
    (area, areas), (name, names) = (_sorted_codes(rows[column]) for column in ("area_id", "location"))
    lon, lat = rows["lon"].to_numpy(float), rows["lat"].to_numpy(float)
    order = np.lexsort((name, lat, lon, area))
    order = order[(kinds[order] >= 0) & (area[order] >= 0) & (name[order] >= 0)]
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.any([np.diff(key[order]) != 0 for key in (name, lat, lon, area)], axis=0)
    size = len(tables.SAC_TYPES)
    cell = (np.cumsum(first) - 1) * size + kinds[order]
    crimes = np.bincount(cell, minlength=int(first.sum()) * size).reshape(-1, size)
    point = order[first]
    return PointCounts(area[point], lon[point], lat[point], name[point], crimes, areas, names)


def _sorted_codes(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return a code for each text, in the order of the texts, and the texts; a missing one has the code −1."""
    texts = sorted(column.dropna().unique())
    codes = column.astype("category").cat.set_categories(texts).cat.codes
    return np.asarray(codes, dtype=np.intp), texts


def points_of_areas(now: pd.DataFrame, area_ids: Collection[str]) -> dict[tuple[str, str], AreaPoints]:
    """Return the crimes by map point for some areas, by (area_id, crime type); `sac` is all three types.

    `now` holds the Located rows of the current months. An area without crimes of a type is left out.
    """
    mine = now.loc[now["area_id"].isin(area_ids).to_numpy(), POINT_COLUMNS]
    mine = mine[mine["crime_type"].isin(tables.SAC_TYPES).to_numpy()]
    crimes: Counter[tuple[str, str]] = Counter()
    apart: Counter[tuple[str, str]] = Counter()
    points: defaultdict[tuple[str, str], Counter[Point]] = defaultdict(Counter)
    # There are many rows but few points, so each point is handled once.
    for (area, kind, lon, lat, name), n in Counter(
        zip(*(mine[column].tolist() for column in POINT_COLUMNS), strict=True)
    ).items():
        named = isinstance(name, str)
        no_street = named and _is_off_street(name)
        for key in ((str(area), str(kind)), (str(area), "sac")):
            crimes[key] += n
            apart[key] += n * no_street
            if named:
                points[key][lon, lat, name] += n
    streets = busiest_streets(mine)
    return {
        key: AreaPoints(n, apart[key], points[key], tuple(streets.get(key[0], {}).get(key[1], ())))
        for key, n in crimes.items()
    }


def _is_off_street(name: str) -> bool:
    """Whether a name is of a map point that is not a street. Railway stations are "… Station" or "… (Station)"."""
    return is_kind(name) or STATION.fullmatch(street_of(name).lower()) is not None


def street_of(location: str) -> str:
    """Return a map point's street without police.uk's "On or near", and "Luke's" for its "Luke'S"."""
    street = location.removeprefix("On or near").strip()
    # Few of the many names have it, and a search by pattern takes ten times as long.
    return re.sub(r"(?<=[a-z])'S\b", "'s", street) if "'S" in street else street


def rises_of_one_point(
    now: pd.DataFrame, before: pd.DataFrame, rises: pd.DataFrame, kind: str
) -> Mapping[str, OnePoint]:
    """Return, by area_id, the map point with most of a rise, if no crime was there in the baseline.

    Such a rise may only be a change in where police.uk places crimes. `now` and `before` are the Located table without
    duplicates: the rows of the current months compared, and those of the baseline. `rises` has area_id, current_count
    and expected of the areas with a rise as their verdict.
    """
    there = now["area_id"].isin(list(rises["area_id"]))
    there &= now["crime_type"].isin(tables.SAC_TYPES if kind == "sac" else (kind,))
    points = point_counts(now.loc[there.to_numpy(), POINT_COLUMNS])
    n = points.crimes.sum(axis=1)
    # Of each area the point with most crimes, the first of these by position.
    order = np.lexsort((-n, points.area))
    most = order[np.diff(points.area[order], prepend=-1) > 0]
    gaps = dict(zip(rises["area_id"].astype(str), rises["current_count"] - rises["expected"], strict=True))
    gap = np.array([gaps[points.areas[area]] for area in points.area[most]])
    most = most[(n[most] >= AT_LEAST) & (n[most] >= MOST * gap)]
    if not len(most):
        return {}
    # Look only at earlier points that could be one of these.
    near = before[np.isin(before["lon"].to_numpy(float), points.lon[most])]
    seen = set(zip(near["lon"], near["lat"], strict=True))
    return {
        points.areas[points.area[at]]: OnePoint(points.names[points.name[at]].strip(), int(n[at]))
        for at in most.tolist()
        if (points.lon[at], points.lat[at]) not in seen
    }
