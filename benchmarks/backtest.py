"""Where will burglary be next? The target-hardening list beside a list by percentage rise, on real data.

Each list is made from two periods and held against the third, which it has not seen: how much of that period's
burglary lies in the first areas of the list, as a share of what the best choice in hindsight holds.

Run: python benchmarks/backtest.py FOLDER, where FOLDER holds the files named in PLACES (see docs/method.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from sacmap import months
from sacmap.areas.boundaries import read_areas
from sacmap.areas.locate import locate
from sacmap.crimes import without_repeats
from sacmap.fetch.street import read
from sacmap.measure.counts import counts_cube
from sacmap.measure.verdict import compare

#: Place, crimes, boundaries, and the three periods: baseline, current, and the one to be foretold.
PLACES = (
    (
        "West Yorkshire, Julys of 2016 and 2017 for that of 2018",
        "west-yorkshire-julys-2016-2018.zip",
        "boundaries/west-yorkshire-wards.geojson",
        ("2016-07", "2017-07", "2018-07"),
    ),
    (
        "Avon and Somerset, August to June of 2018/19 and 2019/20 for 2020/21",
        "avon-and-somerset-2018-01_2021-09.zip",
        "boundaries/avon-and-somerset-wards.geojson",
        ("2018-08:2019-06", "2019-08:2020-06", "2020-08:2021-06"),
    ),
    (
        "City of London, 2018 and 2019 for 2020",
        "city-of-london-2018-01_2021-09.zip",
        "boundaries/city-of-london-wards.geojson",
        ("2018-01:2018-12", "2019-01:2019-12", "2020-01:2020-12"),
    ),
    (
        "City of London, 2018 and 2019, January to September, for 2021",
        "city-of-london-2018-01_2021-09.zip",
        "boundaries/city-of-london-wards.geojson",
        ("2018-01:2018-09", "2019-01:2019-09", "2021-01:2021-09"),
    ),
)
FIRST = (6, 12)


def counts_of(crimes: Path, boundaries: Path, periods: tuple[str, ...]) -> np.ndarray:
    """Return burglaries, (areas × periods)."""
    areas = read_areas(boundaries)
    once = without_repeats(locate(read([str(crimes)], keep=("burglary",)).crimes, areas))
    ids = list(areas["area_id"])
    return np.stack(
        [counts_cube(once, ids, months.span(period)).sum(axis=(1, 2)) for period in periods], axis=1
    )


def held(key: np.ndarray, later: np.ndarray, first: int) -> float:
    """Return the share of the best choice's later crime that the first areas by `key` hold, in %."""
    chosen = np.argsort(-key, kind="stable")[:first]
    return float(100 * later[chosen].sum() / np.sort(later)[::-1][:first].sum())


def main() -> None:
    """Print, for each place, what the lists hold of the later period and how both keys persist."""
    folder = Path(sys.argv[1])
    for name, crimes, boundaries, periods in PLACES:
        counts = counts_of(folder / crimes, folder / boundaries, periods)
        before, now, later = (counts[:, n].astype(float) for n in range(3))
        level = compare(counts[:, :1], now, months=len(months.span(periods[1])))["level"].to_numpy()
        percent = np.where(
            before > 0, 100 * (now - before) / np.maximum(before, 1), np.where(now > 0, np.inf, 0)
        )
        print(f"{name}: {len(counts)} areas, burglaries {', '.join(f'{n:,}' for n in counts.sum(axis=0))}")
        print(f"{'held of the best choice, %':42}" + "".join(f"{'first ' + str(n):>10}" for n in FIRST))
        for label, key in (
            ("by expected level", level),
            ("by percentage rise", percent),
            ("by rise in crimes", now - before),
            ("any areas, on average", None),
        ):
            cells = [
                100 * first / len(later) * later.sum() / np.sort(later)[::-1][:first].sum()
                if key is None
                else held(key, later, first)
                for first in FIRST
            ]
            print(f"  {label:40}" + "".join(f"{cell:10.0f}" for cell in cells))
        level_lasts = spearmanr(level, later).statistic
        change_lasts = spearmanr(now - before, later - now).statistic
        print(f"  rank correlation with the later period: level {level_lasts:.2f}, rise {change_lasts:.2f}")


if __name__ == "__main__":
    main()
