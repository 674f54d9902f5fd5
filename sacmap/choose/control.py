"""What a target is compared with: all untreated areas, weighted to be like it, and the same test of untreated areas.

An area is its place in a list; `near[place]` holds the places that adjoin it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sacmap.choose.evaluate import weighted_wdd

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]
Near = Sequence[frozenset[int]]

#: How far the weights of a control may add up to another number of areas than the target has, as a share of it.
SIZE_LEEWAY = 0.5
#: How far the share of a rise that lasts may be from the usual, in an area: a standard error.
LASTING_DOUBT = 0.5
#: Steps at most in search of the weights; five to ten are usual.
STEPS = 60
#: What an interval as wide as the counts alone make it weighs beside what untreated areas show, in areas.
USUAL_WEIGHT = 20.0
#: Intervals are this much wider than untreated areas show, so that few falls are claimed of nothing: see the benchmark.
MARGIN = 1.15

#: Untreated areas that are put to the same test, at most: more say nothing new, and take long.
TESTED = 400


@dataclass(frozen=True)
class Areas:
    """All areas of an evaluation, NaN where not known.

    level: (n,) what was to be expected, crimes a period, above 0; past: (n × periods) crimes of the baseline;
    settled, after: (n,) crimes before, as was to be expected, and after; doubt: (n,) as `weighted_wdd` takes it.
    """

    level: Floats
    past: Floats
    settled: Floats
    after: Floats
    doubt: Floats


def control_weights(level: Floats, past: Floats, target: Whole, others: Whole, alpha: float) -> Floats:
    """Return the weights of a control that is like the target in level, past and size of its areas.

    The weights add up to the target's level. Among those they are the ones with which the control is least uncertain,
    set against how far its past lies from the target's beyond what chance explains, and how far they add up to
    another number of areas. Many areas have some weight, none a negative one.

    Parameters
    ----------
    level
        (areas,) what was to be expected, crimes a period, above 0.
    past
        (areas × periods) crimes.
    target, others
        Places of the target's areas, and of those that may be in its control.
    alpha
        Volatility, as in `wdd`.
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
    """Minimize Σ variance·w² + Σ (wanted − asked'w)²/leeway over w ≥ 0; no leeway: met exactly.

    By Newton's steps on the dual, which has as many unknowns as there are demands, however many areas there are.
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
        step, part, here = np.linalg.solve(curve, slope), 1.0, dual(found)
        while dual(found + part * step) < here and part > 1e-6:
            part /= 2
        found = found + part * step
    return np.asarray(np.maximum(0.0, asked @ found) / variance)


def widening(untreated: ArrayLike) -> float:
    """Return what an interval must be wider than its counts make it, from the same test of untreated areas.

    `untreated` are their z: where nothing was done, these should scatter about 0 with a spread of 1.
    """
    z = np.asarray(untreated, dtype=float)
    return MARGIN * math.sqrt((float((z**2).sum()) + USUAL_WEIGHT) / (len(z) + USUAL_WEIGHT))


def placebo_z(areas: Areas, near: Near, free: Collection[int], size: int, alpha: float) -> list[float]:
    """Return z of the difference from a weighted control of sets of areas where nothing was done.

    One set of `size` adjoining areas is grown from each of the areas of `free`, or from some hundred of them; its
    control is of the others of `free` that do not adjoin it.
    """
    untouched = frozenset(free)
    found = []
    for places in _sets(sorted(untouched), near, size):
        around = frozenset().union(*(near[place] for place in places))
        others = np.array(sorted(untouched - set(places) - around), dtype=np.intp)
        if not len(others):
            continue
        target = np.array(places, dtype=np.intp)
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
    """Yield a set of adjoining areas grown from each, or from TESTED of them evenly; none twice."""
    among, seen = frozenset(free), set()
    step = max(1, len(free) // TESTED)
    for start in free[::step]:
        chosen = [start]
        for place in chosen:
            chosen += sorted((near[place] & among) - set(chosen))[: size - len(chosen)]
        places = tuple(sorted(chosen))
        if len(places) == size and places not in seen:
            seen.add(places)
            yield places
