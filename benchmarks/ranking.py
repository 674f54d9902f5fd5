"""Does the method find true rises, and how often does it flag chance? A simulation with a known answer.

Sixty areas of about forty crimes a year; in the current year six of them truly rise by half. Compared: ranking by
the year-on-year percentage, a rule of "+20% or more", and sacmap's; and how often the interval of the ratio holds the
area's true rate of that year, as a ratio to the expected. Run: python benchmarks/ranking.py [maps]
"""

from __future__ import annotations

import sys

import numpy as np

from sacmap.measure.verdict import compare

AREAS, RISERS, RISE, VOLATILITY, LEVEL, SPREAD = 60, 6, 1.5, 0.02, 40.0, 0.5
SEED = 2018


def draw_map(
    rng: np.random.Generator, periods: int, rise: float, volatility: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return baseline (areas × periods), current (areas,), which areas truly rose, and the true current rates."""
    level = LEVEL * np.exp(rng.normal(0, SPREAD, AREAS) - SPREAD**2 / 2)
    means = np.repeat(level[:, None], periods + 1, axis=1)
    rose = np.zeros(AREAS, dtype=bool)
    rose[rng.choice(AREAS, RISERS, replace=False)] = True
    means[rose, -1] *= rise
    rates = means * rng.gamma(1 / volatility, volatility, means.shape)
    counts = rng.poisson(rates)
    return counts[:, :-1], counts[:, -1], rose, rates[:, -1]


def percent_change(baseline: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Change of the last year from the one before, in %; from no crime, none."""
    before = baseline[:, -1]
    return np.where(before > 0, 100 * (current - before) / np.maximum(before, 1), 0.0)


def run(maps: int, periods: int, rise: float, volatility: float = VOLATILITY) -> dict[str, float]:
    """Return means a map: true risers among the first six of each ranking; clear, possible and +20% flags."""
    rng = np.random.default_rng(SEED)
    seen: list[dict[str, float]] = []
    for _ in range(maps):
        baseline, current, rose, rates = draw_map(rng, periods, rise, volatility)
        found = compare(baseline, current)
        percent = percent_change(baseline, current)
        clear = (found["verdict"] == "clear rise").to_numpy()
        possible = (found["verdict"] == "possible rise").to_numpy()
        low, high, expected = (
            found[name].to_numpy(float) for name in ("ratio_low", "ratio_high", "expected")
        )
        seen.append(
            {
                "ratio": float(rose[np.argsort(-found["ratio"].to_numpy())[:RISERS]].sum()),
                "excess": float(rose[np.argsort(-found["excess"].to_numpy())[:RISERS]].sum()),
                "percent": float(rose[np.argsort(-percent)[:RISERS]].sum()),
                "clear_true": float((clear & rose).sum()),
                "clear_false": float((clear & ~rose).sum()),
                "possible_true": float((possible & rose).sum()),
                "possible_false": float((possible & ~rose).sum()),
                "covered": 100 * float(((low <= rates / expected) & (rates / expected <= high)).mean()),
                "plus20_true": float(((percent >= 20) & rose).sum()),
                "plus20_false": float(((percent >= 20) & ~rose).sum()),
            }
        )
    return {name: float(np.mean([one[name] for one in seen])) for name in seen[0]}


def main() -> None:
    """Print the table."""
    maps = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(
        f"{maps} maps of {AREAS} areas of about {LEVEL:.0f} crimes a year; {RISERS} rise by {100 * (RISE - 1):.0f}%"
    )
    print(f"{'':34}{'3 years':>9}{'1 year':>9}{'nothing':>9}{'steady':>9}")
    columns = [run(maps, 3, RISE), run(maps, 1, RISE), run(maps, 3, 1.0), run(maps, 3, RISE, 1e-4)]
    labels = {
        "percent": "of six, by % on the year before",
        "ratio": "of six, by sacmap's ratio",
        "excess": "of six, by sacmap's excess",
        "clear_true": "clear rises a map that are true",
        "clear_false": "clear rises a map that are chance",
        "possible_true": "possible rises a map, true",
        "possible_false": "possible rises a map, chance",
        "covered": "true ratios inside the interval, %",
        "plus20_true": "+20% flags a map that are true",
        "plus20_false": "+20% flags a map that are chance",
    }
    for name, label in labels.items():
        print(f"{label:34}" + "".join(f"{column[name]:9.2f}" for column in columns))
    print("nothing: six areas are named, none truly rises. steady: no variation beyond chance.")


if __name__ == "__main__":
    main()
