"""How long does a plan take for a force the size of the Metropolitan Police? 676 areas, a million rows, four years.

Run: python benchmarks/planning.py [areas in a set]
"""

from __future__ import annotations

import sys
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sacmap import months, tables
from sacmap.choose.hardening import read_prices
from sacmap.choose.make_plan import PlanWanted, make_plan
from sacmap.comparison import compare_areas
from sacmap.crimes import Reading, tally_of
from sacmap.practice.borough import CRIME_SHARES
from sacmap.study import make_study

SIDE, ROWS, SEED = 26, 1_000_000, 676
STEP, WEST, SOUTH = 0.01, -0.5, 51.3
FORCE = "Metropolitan Police Service"


def areas_of(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return a grid of areas whose shared borders wander, each with a few hundred points."""
    corner = np.arange(SIDE + 1) * STEP
    x, y = np.meshgrid(WEST + corner, SOUTH + corner)
    nodes = np.stack([x, y], axis=2) + rng.uniform(-0.2, 0.2, (SIDE + 1, SIDE + 1, 2)) * STEP

    def line(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        at = np.linspace(0, 1, 100)[:, None]
        wander = np.sin(at * 40 + a.sum() * 1_000) * STEP * 0.01 * at * (1 - at)
        return a + (b - a) * at + wander

    across = [[line(nodes[r, c], nodes[r, c + 1]) for c in range(SIDE)] for r in range(SIDE + 1)]
    upward = [[line(nodes[r, c], nodes[r + 1, c]) for c in range(SIDE + 1)] for r in range(SIDE)]
    polygons = [
        shapely.Polygon(
            np.concatenate([across[r][c], upward[r][c + 1], across[r + 1][c][::-1], upward[r][c][::-1]])
        )
        for r in range(SIDE)
        for c in range(SIDE)
    ]
    n = len(polygons)
    return gpd.GeoDataFrame(
        {
            "area_id": [f"E{place:04d}" for place in range(n)],
            "name": [f"Area {place}" for place in range(n)],
            "households": pd.array(rng.integers(3_000, 6_000, n), dtype="Float64"),
            "mend": "",
        },
        geometry=polygons,
        crs=tables.WGS84,
    )


def crimes_of(rng: np.random.Generator, every: tuple[str, ...]) -> pd.DataFrame:
    """Return a Crimes table: rows on map points, some areas with several times the crime of others."""
    weight = rng.gamma(3, 1, SIDE * SIDE)
    area = rng.choice(SIDE * SIDE, ROWS, p=weight / weight.sum())
    spot = rng.uniform(0.02, 0.98, (SIDE * SIDE, 60, 2))[area, rng.integers(60, size=ROWS)]
    kinds = pd.Categorical.from_codes(
        rng.choice(len(CRIME_SHARES), ROWS, p=list(CRIME_SHARES.values())), list(CRIME_SHARES)
    )
    return pd.DataFrame(
        {
            "month": pd.Categorical.from_codes(rng.integers(len(every), size=ROWS), list(every)),
            "crime_type": kinds,
            "lon": np.round(WEST + (area % SIDE + spot[:, 0]) * STEP, 6),
            "lat": np.round(SOUTH + (area // SIDE + spot[:, 1]) * STEP, 6),
            "force": pd.Categorical.from_codes(np.zeros(ROWS, dtype=int), [FORCE]),
            "crime_id": "",
            "location": pd.Categorical.from_codes(
                rng.integers(500, size=ROWS), [f"On or near Street {n}" for n in range(500)]
            ),
        }
    )


def main() -> None:
    """Print the seconds of the comparison and of the plan."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rng = np.random.default_rng(SEED)
    every = months.span("2014-04:2018-03")
    areas, crimes = areas_of(rng), crimes_of(rng, every)
    study = make_study({"current": "2017-04:2018-03", "baseline": "2014-04:2017-03"})
    start = time.perf_counter()
    reading = Reading(crimes, tally_of(crimes), (), ())
    result = compare_areas(study, reading, areas)
    compared = time.perf_counter()
    wanted = PlanWanted(
        budget=10_000,
        prices=read_prices(None),
        size=size,
        protected={},
        visited=[],
        boundaries_file="areas.geojson",
    )
    plan = make_plan(result, wanted)
    done = time.perf_counter()
    print(f"{len(areas)} areas, {len(crimes):,} rows: compared in {compared - start:.1f} s")
    print(f"plan of {size} adjoining areas: {done - compared:.1f} s ({', '.join(plan.week['target'])})")


if __name__ == "__main__":
    main()
