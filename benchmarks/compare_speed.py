"""How long the method takes on every neighbourhood of the country at once, and how it grows.

35,000 areas (the LSOAs of England and Wales) × 4 crime types, on one and on three baseline periods, each beside the
same for a tenth of the areas: a ratio near 10 is growth in step with the areas. Run: python benchmarks/compare_speed.py
"""

from __future__ import annotations

import time

import numpy as np

from sacmap import tables
from sacmap.measure.verdict import compare

AREAS, LEVEL, SEED, REPEATS = 35_000, 40.0, 2018, 3


def seconds(areas: int, periods: int) -> float:
    """Return the best time of a few to compare `areas` for every crime type, in seconds."""
    rng = np.random.default_rng(SEED)
    level = LEVEL * rng.gamma(4, 1 / 4, areas)
    baseline, current = rng.poisson(level[:, None], (areas, periods)), rng.poisson(level)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in tables.CRIME_TYPES:
            compare(baseline, current)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print the table."""
    print(f"{'':24}{f'{AREAS:,} areas':>16}{f'{AREAS // 10:,} areas':>16}{'ratio':>8}")
    for periods in (3, 1):
        whole, tenth = seconds(AREAS, periods), seconds(AREAS // 10, periods)
        label = f"{periods} period{'s' if periods > 1 else ''} × {len(tables.CRIME_TYPES)} types"
        print(f"{label:24}{whole:14.2f} s{tenth:14.2f} s{whole / tenth:8.1f}")


if __name__ == "__main__":
    main()
