"""Is an evaluation to be believed? Areas chosen as a plan chooses them, where nothing was done and where something was.

In each run, areas are chosen by the counts of a year and judged by the year after, with the functions that
`sacmap plan` and `sacmap evaluate` use: by the most excess among adjoining areas, or by the highest counts. Made-up
maps have 60 areas of about 40 crimes, whose volatility is gone the year after, half there or all there. Real ones are
stretches of 100 Welsh LSOAs: their year to April 2024 for the baseline, the next for the choice, the next for after;
those that the silent Gwent Police covers are left out. The action takes each crime of the target with the same chance.

Stretches of Wales overlap, and all are of the same years: 200 runs are no 200 maps. The standard error of a bias is
therefore found by leaving out one part of the country at a time; that of made-up maps, one map at a time.

Run: python benchmarks/evaluation.py [runs a cell] [lsoa21-wales-….parquet]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import flags
import numpy as np

from sacmap.choose import draws, week
from sacmap.choose.control_areas import LASTING_DOUBT, Areas, control_weights, placebo_z, widening
from sacmap.choose.effect import wdd, weighted_wdd
from sacmap.choose.outcome_words import too_few, verdict_of
from sacmap.measure.verdict import law_of

AREAS, LEVEL, SPREAD, VOLATILITY, SEED = 60, 40.0, 0.5, 0.02, 2018
#: Areas of a stretch of Wales. LSOAs that come one after another mostly lie together: each adjoins the two beside it.
STRETCH = 100
#: Parts of Wales, each as long as a stretch.
PARTS = 15
EFFECT = 0.3


class Years(NamedTuple):
    """Baseline (areas × years), the year of the choice, the year after, and the part of the country, if any."""

    past: np.ndarray
    now: np.ndarray
    after: np.ndarray
    part: int | None = None


@dataclass(frozen=True)
class Run:
    """One evaluation: crimes before; the settled and the raw difference; what is read off it; did its interval hold."""

    before: float
    settled: float
    raw: float
    verdict: str
    held: bool


def ring(n: int) -> list[frozenset[int]]:
    """Return areas in a ring, each beside two others."""
    return [frozenset({(place - 1) % n, (place + 1) % n}) for place in range(n)]


def judged(years: Years, rule: str, size: int, effect: float, rng: np.random.Generator) -> Run:
    """Choose, act and judge."""
    past, now, after = (np.asarray(part, dtype=float) for part in years[:3])
    law = law_of(past, now)
    level, near = law.level(law.excess), ring(len(now))
    if rule == "week":
        drawn = law.drawn(np.random.default_rng(draws.SEED), 1).T
        target = week.choose(law.excess, drawn, near, size)[0].positions
    else:
        target = tuple(int(place) for place in np.sort(np.argsort(-now, kind="stable")[:size]))
    side = week.sides(target, near, now, past.mean(axis=1))
    at, others = np.array(side.target), np.array(side.untouched)
    true_fall = effect * after[at].sum()
    after[at] = rng.binomial(after[at].astype(int), 1 - effect)
    alpha = law.volatility
    weights = control_weights(level, past, at, others, alpha)
    doubt = LASTING_DOUBT * np.abs(law.excess)
    tests = placebo_z(Areas(level, past, level, after, doubt), near, side.untouched, size, alpha)
    net = weighted_wdd(
        (level[at], after[at]),
        (level[others], after[others]),
        weights,
        alpha,
        doubt=(doubt[at], doubt[others]),
        widen=widening(tests),
    )
    beside = np.array(side.control)
    raw = wdd((now[at], after[at]), (now[beside], after[beside]), alpha=alpha)
    held = net.low <= -true_fall <= net.high
    verdict = verdict_of(net, few=too_few(level[at], after[at]))
    return Run(float(now[at].sum()), net.estimate, raw.estimate, verdict, held)


def made_up(periods: int, lasting: float) -> Callable[[np.random.Generator], Years]:
    """Return a source of maps of which a share of the volatility of the year of the choice lasts."""

    def varied(rng: np.random.Generator, share: float) -> np.ndarray:
        return rng.gamma(1 / share, share, AREAS) if share > 0 else np.ones(AREAS)

    def draw(rng: np.random.Generator) -> Years:
        usual = LEVEL * np.exp(rng.normal(0, SPREAD, AREAS) - SPREAD**2 / 2)
        past = np.stack([rng.poisson(usual * varied(rng, VOLATILITY)) for _ in range(periods)], axis=1)
        stays = usual * varied(rng, VOLATILITY * lasting)
        now, after = (rng.poisson(stays * varied(rng, VOLATILITY * (1 - lasting))) for _ in range(2))
        return Years(past, now, after)

    return draw


def of_wales(path: str) -> Callable[[np.random.Generator], Years]:
    """Return a source of stretches of Welsh LSOAs."""
    years = flags.of_wales(path).sum(axis=2)

    def draw(rng: np.random.Generator) -> Years:
        start = int(rng.integers(len(years)))
        at = (start + np.arange(STRETCH)) % len(years)
        return Years(years[at, :1], years[at, 1], years[at, 2], PARTS * start // len(years))

    return draw


def cells(path: str | None) -> Iterator[tuple[str, Callable[[np.random.Generator], Years], str, int]]:
    """Yield what is run: its name, source of maps, rule and areas chosen."""
    rules = (("week", 1), ("week", 3), ("week", 5), ("highest", 3), ("highest", 5))
    if path:
        yield from ((f"Wales, {rule} {size}", of_wales(path), rule, size) for rule, size in rules)
    for share, words in ((0.0, "nothing"), (0.5, "half"), (1.0, "all")):
        for periods in (1, 3):
            for rule, size in (("week", 3), ("highest", 3)):
                yield f"{words} lasts, {periods} y, {rule} {size}", made_up(periods, share), rule, size


def summary(runs: list[Run], parts: list[int]) -> dict[str, float]:
    """Return what a cell shows.

    Crimes before in a target; the bias of both estimates in % of these, with the standard error of the first; claims
    and intervals that held in % of runs. `parts` are the parts of the country the runs are of.
    """
    before, settled = (np.array([getattr(run, name) for run in runs]) for name in ("before", "settled"))
    falls = [run.verdict.endswith("fall") for run in runs]
    return {
        "before": float(before.mean()),
        "settled": 100 * float(settled.sum() / before.sum()),
        "error": jackknife(before, settled, np.array(parts)),
        "raw": 100 * sum(run.raw for run in runs) / float(before.sum()),
        "clear": 100 * float(np.mean([run.verdict == "clear fall" for run in runs])),
        "possible": 100 * float(np.mean(falls)),
        "held": 100 * float(np.mean([run.held for run in runs])),
    }


def jackknife(before: np.ndarray, settled: np.ndarray, parts: np.ndarray) -> float:
    """Return the standard error of a bias in % of the count before, leaving out one part at a time."""
    kept = [parts != part for part in np.unique(parts)]
    left = np.array([100 * settled[some].sum() / before[some].sum() for some in kept if some.any()])
    if len(left) < 2:
        return float("nan")
    return float(np.sqrt((len(left) - 1) * left.var()))


def run_cell(
    source: Callable[[np.random.Generator], Years], rule: str, size: int, effect: float, runs: int
) -> dict[str, float]:
    """Run one cell of the table, the same each time."""
    rng = np.random.default_rng(SEED)
    found, parts = [], []
    for number in range(runs):
        years = source(rng)
        found.append(judged(years, rule, size, effect, rng))
        parts.append(number if years.part is None else years.part)
    return summary(found, parts)


def main() -> None:
    """Print, for each cell, what is said of nothing and of an action that prevents three crimes in ten."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    path = sys.argv[2] if len(sys.argv) > 2 else None
    print(f"{runs} runs a cell; bias in % of the count before; claims and intervals that held in % of runs")
    print(
        f"{'':30}{'before':>7}{'settled':>9}{'±':>5}{'raw':>7}{'clear':>7}{'at least possible':>19}{'held':>6}"
        f"{f'| -{100 * EFFECT:.0f}%: clear':>16}{'at least possible':>19}{'held':>6}"
    )
    for name, source, rule, size in cells(path):
        nothing, acted = (run_cell(source, rule, size, effect, runs) for effect in (0.0, EFFECT))
        print(
            f"{name:30}{nothing['before']:7.0f}{nothing['settled']:9.1f}{nothing['error']:5.1f}"
            f"{nothing['raw']:7.1f}{nothing['clear']:7.1f}"
            f"{nothing['possible']:19.1f}{nothing['held']:6.0f}"
            f"{acted['clear']:16.0f}{acted['possible']:19.0f}{acted['held']:6.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
