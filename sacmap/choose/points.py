"""What the map points say of a list's areas: where their crime is, how much is at no street, and what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from sacmap import tables
from sacmap.result import OnePoint

#: Map points that concentration is told of, and streets named.
POINTS, STREETS = 10, 3
#: The names police.uk gives to map points that are no street: burglaries there are mostly not of homes.
OFF_STREET = frozenset(
    (
        "airport/airfield", "bus/coach station", "conference/exhibition centre", "ferry terminal",
        "further/higher educational building", "hospital", "motorway service area", "nightclub", "park/open space",
        "parking area", "pedestrian subway", "petrol station", "police station", "prison", "race track",
        "shopping area", "sports/recreation area", "supermarket", "theatre/concert hall",
    )
)  # fmt: skip
#: A rise is of one map point where at least this share of it, and so many crimes, lie on a point unseen before.
MOST, AT_LEAST = 0.5, 5


def busiest_points(
    now: pd.DataFrame, area_ids: Sequence[str], kind: str
) -> list[tuple[float, tuple[tuple[str, int], ...]]]:
    """Return, for each area, the share of its crimes on its ten busiest map points, and the first of these by street.

    `now` holds the Located rows of the current months. Points with no street count in the share and are not named;
    points of one street are named once, together.
    """
    rows = of_areas(now, area_ids, kind).astype({"area_id": str, "location": str})
    points = rows.groupby(["area_id", "lon", "lat", "location"], sort=True).size().reset_index(name="n")
    by_area = dict(
        iter(points.sort_values("n", ascending=False, kind="stable").groupby("area_id", sort=False))
    )
    crimes = rows["area_id"].value_counts()
    return [_busiest(by_area[area], int(crimes[area])) if area in by_area else (0.0, ()) for area in area_ids]


def of_areas(rows: pd.DataFrame, area_ids: Sequence[str], kind: str) -> pd.DataFrame:
    """Return the Located rows of some areas and one crime type; `sac` is all three."""
    mine = rows[rows["area_id"].isin(area_ids).to_numpy()]
    return mine[mine["crime_type"].isin(tables.SAC_TYPES if kind == "sac" else (kind,)).to_numpy()]


def _busiest(points: pd.DataFrame, crimes: int) -> tuple[float, tuple[tuple[str, int], ...]]:
    busiest = points.head(POINTS)
    streets: Counter[str] = Counter()
    for name, n in zip(busiest["location"].str.strip(), busiest["n"], strict=True):
        streets[str(name)] += int(n)
    named = [street for street in streets.items() if street[0] not in {"", "On or near"}]
    first = sorted(named, key=lambda street: (-street[1], street[0]))[:STREETS]
    return float(busiest["n"].sum() / crimes), tuple(first)


def off_street(now: pd.DataFrame, area_ids: Sequence[str], kind: str) -> list[float | None]:
    """Return, for each area, the share of its crimes on map points that are no street; None where it has none.

    A railway station is named "… Station" or "… (Station)".
    """
    rows = of_areas(now, area_ids, kind)
    names = rows["location"].astype(str).str.removeprefix("On or near ").str.strip().str.lower()
    apart = names.isin(OFF_STREET) | names.str.fullmatch(r".*\bstation\)?")
    shares = apart.groupby(rows["area_id"].astype(str)).mean()
    return [float(shares[area]) if area in shares.index else None for area in area_ids]


def rises_of_one_point(
    once: pd.DataFrame,
    months_before: Sequence[str],
    months_now: Sequence[str],
    rises: pd.DataFrame,
    kind: str,
) -> Mapping[str, OnePoint]:
    """Return, by area_id, the map point on which most of a rise lies, where no crime was ever on it before.

    Such a rise may be a change of where police.uk puts crimes, and no more.

    Parameters
    ----------
    once
        The Located table less repeats.
    months_before, months_now
        Months compared of the baseline and of the current period.
    rises
        area_id, current_count and expected of the areas whose verdict is a rise.
    kind
        The crime type.
    """
    rows = of_areas(once, list(rises["area_id"]), kind)
    rows = rows[rows["lon"].notna().to_numpy() & rows["month"].isin(months_now).to_numpy()]
    points = rows.astype({"area_id": str, "location": str})
    points = points.groupby(["area_id", "lon", "lat", "location"], sort=True).size().reset_index(name="n")
    most = points.sort_values("n", ascending=False, kind="stable").drop_duplicates("area_id")
    gaps = dict(zip(rises["area_id"].astype(str), rises["current_count"] - rises["expected"], strict=True))
    most = most[(most["n"] >= AT_LEAST) & (most["n"] >= MOST * most["area_id"].map(gaps))]
    if most.empty:
        return {}
    before = once[once["month"].isin(months_before).to_numpy()]
    seen = set(zip(before["lon"], before["lat"], strict=True))
    return {
        str(area): OnePoint(str(street).strip(), int(n))
        for area, lon, lat, street, n in zip(*(most[name] for name in most.columns), strict=True)
        if (lon, lat) not in seen
    }
