"""The true rates of the practice borough: expected crimes, real rises and falls, and the force's trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.practice import geography

#: Chosen from a hundred seeds so that the six true rises have the six largest excesses; on average 4.3 do.
SEED = 1913
#: Five financial years; the last is the current period, the three before it the baseline.
MONTHS = months.span("2021-04:2026-03")
CURRENT = months.span("2025-04:2026-03")
#: The force's crimes in each financial year as a ratio to the first. The current year is down by 8%.
FORCE_TREND = (1.0, 1.02, 1.0, 0.98, 0.9016)
#: Volatility: variance of the yearly rate beyond chance, as a squared share of the mean.
VOLATILITY = 0.02
CRIME_SHARES = {"burglary": 0.36, "robbery": 0.10, "vehicle-crime": 0.54}
#: Seasonal factors, April to March: more crime in the dark months.
SEASON = np.array([0.95, 0.93, 0.9, 0.92, 0.95, 1.0, 1.08, 1.12, 1.1, 1.06, 1.0, 0.99])
#: Median SAC a year per neighbourhood, and the standard deviation of its logarithm.
TYPICAL, SPREAD = 36.0, 0.5
RISES = (1.45, 1.5, 1.55, 1.6, 1.7, 1.8)
FALLS = (0.5, 0.6)


@dataclass(frozen=True)
class Planted:
    """A true change: in the current period, the expected crimes of `crime_types` are multiplied by `factor`."""

    area_id: str
    factor: float
    crime_types: tuple[str, ...]


@dataclass(frozen=True)
class Borough:
    """A practice borough.

    area_ids, names: (n,); polygons: (n,) degrees; households: (n,); yearly: (n,) expected SAC in the first year;
    planted: the true changes.
    """

    area_ids: tuple[str, ...]
    names: tuple[str, ...]
    polygons: NDArray[np.object_]
    households: NDArray[np.int64]
    yearly: NDArray[np.float64]
    planted: tuple[Planted, ...]

    @cached_property
    def expected(self) -> NDArray[np.float64]:
        """Expected counts, (areas × 60 months × SAC types): level × force trend × season × planted change."""
        trend = np.repeat(FORCE_TREND, 12)
        season = np.tile(SEASON / SEASON.sum(), len(FORCE_TREND))
        shares = np.array([CRIME_SHARES[kind] for kind in tables.SAC_TYPES])
        found = self.yearly[:, None, None] * (trend * season)[None, :, None] * shares
        current = np.isin(MONTHS, CURRENT)
        for true in self.planted:
            kinds = np.isin(tables.SAC_TYPES, true.crime_types)
            found[np.ix_(np.array([self.area_ids.index(true.area_id)]), current, kinds)] *= true.factor
        return np.asarray(found)

    def counts(self, seed: int) -> NDArray[np.int64]:
        """Draw counts, (areas × 60 months × SAC types), with chance and year-to-year variation."""
        rng = np.random.default_rng(seed)
        years = rng.gamma(1 / VOLATILITY, VOLATILITY, size=(len(self.area_ids), len(FORCE_TREND)))
        return rng.poisson(self.expected * np.repeat(years, 12, axis=1)[:, :, None])

    def truth(self) -> dict[str, object]:
        """Return the true changes, for people and for tests."""
        return {
            "seed": SEED,
            "force_change_pct": round(100 * (FORCE_TREND[4] / np.mean(FORCE_TREND[1:4]) - 1), 1),
            "rose": [vars(true) for true in self.planted if true.factor > 1],
            "fell": [vars(true) for true in self.planted if true.factor < 1],
        }


def borough() -> Borough:
    """Return the practice borough: the same each time."""
    rng = np.random.default_rng(SEED)
    polygons = geography.neighbourhoods(rng)
    count = len(polygons)
    ids = tuple(f"P{position + 1:03d}" for position in range(count))
    middles = shapely.get_coordinates(shapely.centroid(polygons))
    out = np.linalg.norm((middles - geography.CENTRE) / geography.REACH, axis=1)
    yearly = np.clip(TYPICAL * np.exp(rng.normal(0, SPREAD, count) + 0.45 - 0.6 * out), 10, 150)
    households = (yearly * rng.uniform(55, 110, count)).round(-1).astype(np.int64)
    return Borough(
        area_ids=ids,
        names=geography.NAMES[:count],
        polygons=polygons,
        households=households,
        yearly=yearly,
        planted=_planted(rng, ids, yearly),
    )


def _planted(
    rng: np.random.Generator, ids: Sequence[str], yearly: NDArray[np.float64]
) -> tuple[Planted, ...]:
    """Choose the changed areas from the busier half, which has enough crimes for a change to show."""
    busier = np.flatnonzero(yearly >= np.median(yearly))
    positions = rng.permutation(busier)[: len(RISES) + len(FALLS)]
    factors = (*RISES, *FALLS)
    # The two largest rises are in one crime type each; the others are in all three.
    kinds: list[tuple[str, ...]] = [tables.SAC_TYPES] * len(factors)
    kinds[4], kinds[5] = ("burglary",), ("vehicle-crime",)
    return tuple(
        Planted(ids[position], factor, tuple(types))
        for position, factor, types in zip(positions, factors, kinds, strict=True)
    )
