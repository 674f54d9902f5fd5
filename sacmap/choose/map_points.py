"""Evaluate map points: how concentrated an area's crimes are, how many are off street, and rises on one new point."""

from __future__ import annotations

import math
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
    """The crimes of one area and crime type: all, those off street (`apart`), and by map point.

    Crimes without a location or without the name of one are counted in `crimes`, but are on no point.
    """

    crimes: int = 0
    apart: int = 0
    points: Mapping[Point, int] = MappingProxyType({})

    @property
    def off_street(self) -> float | None:
        """The share of the crimes on map points that are not streets; None without crimes."""
        return self.apart / self.crimes if self.crimes else None

    def busiest(self) -> tuple[float, tuple[tuple[str, int], ...]]:
        """Return the share of the crimes on the ten busiest map points, and the busiest streets among them.

        Points without a street name count in the share but are not named. Points of one street are added together, and
        so are those of several places with one name, which then says how many they are: "2 Parking Areas".
        """
        if not self.points:
            return 0.0, ()
        busiest = sorted(self.points.items(), key=lambda point: (-point[1], point[0]))[:POINTS]
        streets: defaultdict[str, list[int]] = defaultdict(list)
        for (_, _, name), n in busiest:
            streets[name.strip()].append(n)
        named = [
            (_several(name, len(crimes)), sum(crimes))
            for name, crimes in streets.items()
            if name not in {"", "On or near"}
        ]
        first = sorted(named, key=lambda street: (-street[1], street[0]))[:STREETS]
        return sum(n for _, n in busiest) / self.crimes, tuple(first)


def _several(name: str, points: int) -> str:
    """Return the name of a street, or of a place; of several places with one name, such as car parks, their number."""
    return f"{points} {street_of(name)}s" if points > 1 and is_kind(name) else name


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
            if named and not (math.isnan(lon) or math.isnan(lat)):
                points[key][lon, lat, name] += n
    return {key: AreaPoints(n, apart[key], points[key]) for key, n in crimes.items()}


def _is_off_street(name: str) -> bool:
    """Whether a name is of a map point that is not a street. Railway stations are "… Station" or "… (Station)"."""
    return is_kind(name) or STATION.fullmatch(street_of(name).lower()) is not None


def street_of(location: str) -> str:
    """Return a map point's street without police.uk's "On or near", and "Luke's" for its "Luke'S"."""
    return re.sub(r"(?<=[a-z])'S\b", "'s", location.removeprefix("On or near").strip())


def rises_of_one_point(
    now: pd.DataFrame, before: pd.DataFrame, rises: pd.DataFrame, kind: str
) -> Mapping[str, OnePoint]:
    """Return, by area_id, the map point with most of a rise, if no crime was there in the baseline.

    Such a rise may only be a change in where police.uk places crimes. `now` and `before` are the Located table without
    duplicates: the rows of the current months compared, and those of the baseline. `rises` has area_id, current_count
    and expected of the areas with a rise as their verdict.
    """
    there = now["area_id"].isin(list(rises["area_id"])) & now["lon"].notna()
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
