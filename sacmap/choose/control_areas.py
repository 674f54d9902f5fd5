"""The weighted control of a target, made of all untreated areas, and the same test on untreated areas (placebos).

Areas are positions in a list; `near[position]` is the set of positions that adjoin it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sacmap.choose.effect import weighted_wdd
from sacmap.choose.week import Floats, Near

Whole = NDArray[np.intp]

#: Tolerance for the sum of a control's weights, as a share of the target's number of areas.
SIZE_LEEWAY = 0.5
#: Standard error, in one area, of the share of a rise that lasts.
LASTING_DOUBT = 0.5
#: The most steps in the search for weights; five to ten are usual.
STEPS = 60
#: Prior weight of an interval without widening, as a number of untreated areas.
USUAL_WEIGHT = 20.0
#: Intervals are widened by this factor beyond what untreated areas show, to limit false claims: see the benchmark.
MARGIN = 1.15

#: The most untreated sets that are tested. More would take long and change little.
TESTED = 400


@dataclass(frozen=True)
class Areas:
    """All areas of an evaluation; NaN where not known.

    level: (n,) expected crimes a period, above 0; past: (n, periods) crimes in the baseline; settled, after: (n,) the
    settled counts before, and the counts after; doubt: (n,) as in `weighted_wdd`.
    """

    level: Floats
    past: Floats
    settled: Floats
    after: Floats
    doubt: Floats


def control_weights(level: Floats, past: Floats, target: Whole, others: Whole, alpha: float) -> Floats:
    """Return the weights of a control that resembles the target in level, past and number of areas.

    The weighted level equals the target's. The weights minimise the variance of the control, plus penalties for a past
    that differs from the target's by more than chance and for a different number of areas. Weights are never negative.

    `level` is (areas,) expected crimes a period, above 0; `past` is (areas × periods) crimes; `target` and `others` are
    positions of areas: the target's, and those that may be in its control; `alpha` is the volatility, as in `wdd`.
    """
    if not len(others):
        return np.zeros(0)
    whole, before = float(level[target].sum()), past[target].sum(axis=0)
    spread = np.maximum(before + alpha * (past[target] ** 2).sum(axis=0), 1.0)
    scale = np.maximum(before, 1.0)
    asked = np.column_stack(
        [level[others] / whole, past[others] / scale, np.full(len(others), 1 / len(target))]
    )
    wanted = np.concatenate([[1.0], before / scale, [1.0]])
    leeway = np.concatenate([[0.0], spread / scale**2, [SIZE_LEEWAY**2]])
    weights = _least_uncertain(asked, wanted, leeway, 2 * (level[others] + alpha * level[others] ** 2))
    together = float(weights @ level[others])
    if not together > 0:
        weights, together = np.ones(len(others)), float(level[others].sum())
    return np.asarray(weights * (whole / together))


def _least_uncertain(asked: Floats, wanted: Floats, leeway: Floats, variance: Floats) -> Floats:
    """Minimise Σ variance·w² + Σ (wanted − asked'w)²/leeway over w ≥ 0. Without leeway, the demand is met exactly.

    Newton's method on the dual problem, which has one unknown per demand, however many areas there are.
    """

    def dual(at: Floats) -> float:
        reach = np.maximum(0.0, asked @ at)
        return float(wanted @ at - (reach**2 / variance).sum() / 2 - (leeway * at**2).sum() / 2)

    found = np.zeros(len(wanted))
    found[0] = 1 / float((asked[:, 0] ** 2 / variance).sum())
    for _ in range(STEPS):
        reach = asked @ found
        on = reach > 0
        slope = wanted - asked[on].T @ (reach[on] / variance[on]) - leeway * found
        if np.abs(slope).max() < 1e-10:
            break
        curve = (asked[on] / variance[on, None]).T @ asked[on] + np.diag(leeway + 1e-12)
        # Whole steps can lead in a circle, as for a target with next to no crime.
        step, part, here = np.linalg.solve(curve, slope), 1.0, dual(found)
        while dual(found + part * step) < here and part > 1e-6:
            part /= 2
        found = found + part * step
    return np.asarray(np.maximum(0.0, asked @ found) / variance)


def widening(untreated: ArrayLike) -> float:
    """Return the factor by which an interval must be widened, from the same test on untreated areas.

    `untreated` are their z values. Where nothing was done, these should have mean 0 and standard deviation 1.
    """
    z = np.asarray(untreated, dtype=float)
    return MARGIN * math.sqrt((float((z**2).sum()) + USUAL_WEIGHT) / (len(z) + USUAL_WEIGHT))


def placebo_z(areas: Areas, near: Near, free: Collection[int], size: int, alpha: float) -> list[float]:
    """Return the z of the difference from a weighted control, for sets of areas where nothing was done.

    One set of `size` adjoining areas is grown from each area in `free`, or from some hundreds of them. Its control is
    made of the other areas in `free` that do not adjoin it.
    """
    untouched = frozenset(free)
    found = []
    for positions in _sets(sorted(untouched), near, size):
        around = frozenset().union(*(near[position] for position in positions))
        others = np.array(sorted(untouched - set(positions) - around), dtype=np.intp)
        if not len(others):
            continue
        target = np.array(positions, dtype=np.intp)
        weights = control_weights(areas.level, areas.past, target, others, alpha)
        found.append(
            weighted_wdd(
                (areas.settled[target], areas.after[target]),
                (areas.settled[others], areas.after[others]),
                weights,
                alpha,
                doubt=(areas.doubt[target], areas.doubt[others]),
            ).z
        )
    return found


def _sets(free: Sequence[int], near: Near, size: int) -> Iterator[tuple[int, ...]]:
    """Yield a set of adjoining areas grown from each area, or from about TESTED of them. No set comes twice."""
    among, seen = frozenset(free), set()
    step = max(1, len(free) // TESTED)
    for start in free[::step]:
        chosen = [start]
        for position in chosen:
            chosen += sorted((near[position] & among) - set(chosen))[: size - len(chosen)]
        positions = tuple(sorted(chosen))
        if len(positions) == size and positions not in seen:
            seen.add(positions)
            yield positions
