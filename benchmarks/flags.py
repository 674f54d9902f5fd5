"""How many flags are chance? Real counts, whose months are shuffled between the years so that no change is left.

On maps of real areas, flags of the years as they were are set beside those of the same counts with each area's months
dealt anew between the years: what is flagged then is chance. Maps are stretches of Welsh LSOAs, of these in fives, and
of the wards of Avon and Somerset. Gwent Police's LSOAs are left out.
The table is kept in sacmap/measure/chance_flags.py.

Run: python benchmarks/flags.py lsoa21-wales-….parquet FOLDER [maps a cell]; FOLDER holds Avon's crimes and wards.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.areas.boundaries import read_areas
from sacmap.areas.locate import locate
from sacmap.crimes import without_repeats
from sacmap.fetch.street import read
from sacmap.measure.counts import counts_cube
from sacmap.measure.verdict import compare

#: The numbers of the LSOAs of Gwent Police, which published nothing from September 2025 on.
GWENT = (1308, 1711)
SIZES = (30, 100, 281, 1_500)
SEED, SHUFFLES, PARTS = 2018, 2, 3


def of_wales(path: str) -> np.ndarray:
    """Return SAC of Welsh LSOAs, (areas × years × 12 months)."""
    rows = pd.read_parquet(path)
    every = sorted(rows["month"].unique())
    table = rows.groupby(["lsoa21", "month"])["n"].sum().unstack(fill_value=0)[every].sort_index()
    number = table.index.str[3:].astype(int)
    counts = table[(number < GWENT[0]) | (number > GWENT[1])].to_numpy()
    return counts.reshape(len(counts), 3, 12)


def in_fives(counts: np.ndarray) -> np.ndarray:
    """Return areas that come one after another, five together."""
    whole = len(counts) // 5 * 5
    return counts[:whole].reshape(-1, 5, *counts.shape[1:]).sum(axis=1)


def of_avon(folder: Path) -> np.ndarray:
    """Return SAC of Avon and Somerset's wards, (areas × 2 years × 11 months): July 2019 is missing."""
    areas = read_areas(folder / "boundaries" / "avon-and-somerset-wards.geojson")
    crimes = read([str(folder / "avon-and-somerset-2018-01_2021-09.zip")], keep=tables.SAC_TYPES).crimes
    every = [month for month in months.span("2018-01:2019-12") if month[5:] != "07"]
    cube = counts_cube(without_repeats(locate(crimes, areas)), list(areas["area_id"]), every)
    return cube.sum(axis=2).reshape(len(areas), 2, 11)


def flags(counts: np.ndarray) -> np.ndarray:
    """Return how many clear and possible changes there are of the last year against the others."""
    sums = counts.sum(axis=2)
    verdicts = compare(sums[:, :-1], sums[:, -1], months=counts.shape[2])["verdict"]
    return np.array([verdicts.str.startswith(word).sum() for word in ("clear", "possible")], dtype=float)


def maps(
    rng: np.random.Generator, counts: np.ndarray, size: int, runs: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for stretches of `size` areas, the flags as they were and those of chance."""
    for _ in range(runs):
        at = (int(rng.integers(len(counts))) + np.arange(size)) % len(counts)
        mine = counts[at]
        shuffled = [flags(rng.permuted(mine, axis=1)) for _ in range(SHUFFLES)]
        yield flags(mine), np.mean(shuffled, axis=0)


def share(found: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the share of chance among the flags, clear and possible, of several maps together, at most 1."""
    real, chance = (np.sum([one[k] for one in found], axis=0) for k in range(2))
    return np.minimum(1.0, np.divide(chance, real, out=np.ones(2), where=real > 0))


def main() -> None:
    """Print, for each kind of map, the flags a map and the share of chance, least and most of three parts."""
    wales = of_wales(sys.argv[1])
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    sources = (
        ("Welsh LSOAs", wales),
        ("Welsh LSOAs in fives", in_fives(wales)),
        ("Avon's wards", of_avon(Path(sys.argv[2]))),
    )
    heads = {
        "areas": 7,
        "level": 7,
        "years": 7,
        "clear": 8,
        "chance, %": 12,
        "possible": 10,
        "chance of these, %": 19,
    }
    print(" " * 24 + "".join(f"{head:>{wide}}" for head, wide in heads.items()))
    for name, counts in sources:
        for size in SIZES:
            if size > len(counts):
                continue
            few = max(10, min(runs, 30_000 // size))
            for years in range(2, counts.shape[1] + 1):
                found = list(maps(np.random.default_rng(SEED), counts[:, -years:], size, few))
                parts = [share(found[k::PARTS]) for k in range(PARTS)]
                low, high = np.min(parts, axis=0), np.max(parts, axis=0)
                clear, possible = np.mean([one[0] for one in found], axis=0)
                level = np.median(counts[:, -years:-1].sum(axis=2).mean(axis=1))
                print(
                    f"{name:24}{size:7}{level:7.0f}{years - 1:7}{clear:8.2f}"
                    f"{100 * low[0]:6.0f} to {100 * high[0]:.0f}{possible:10.2f}"
                    f"{100 * low[1]:13.0f} to {100 * high[1]:.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
