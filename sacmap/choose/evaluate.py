"""The statistics of afterwards: whether crime fell where the action was, and whether it was displaced.

Counts are of crimes, each pair (before, after) over months of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: (before, after) counts: of several areas together, or an array of each area's own.
Counts = tuple[ArrayLike, ArrayLike]
Pair = tuple[float, float]
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Wdd:
    """Weighted displacement difference, in crimes: negative is a fall against the control. low and high: 95%."""

    estimate: float
    variance: float
    z: float
    low: float
    high: float


@dataclass(frozen=True)
class RateRatio:
    """(T1/T0)/(C1/C0): below 1 is a fall against the control; se of its logarithm; low and high: 95%."""

    estimate: float
    se_log: float
    low: float
    high: float


def wdd(
    treated: Counts,
    control: Counts,
    buffer: Counts | None = None,
    buffer_control: Counts | None = None,
    alpha: float = 0.0,
) -> Wdd:
    """Return the weighted displacement difference of Wheeler and Ratcliffe (2018).

    >>> fell = wdd(treated=(207, 110), control=(308, 318), buffer=(178, 157), buffer_control=(150, 140))
    >>> print(f"{fell.estimate:.0f} crimes, 95% {fell.low:.0f} to {fell.high:.0f}")
    -118 crimes, 95% -196 to -40

    (ΔT − ΔC) + (ΔDt − ΔDc), Δ being after − before; its variance the sum of the counts, and alpha·count² each for
    variation from year to year beyond chance. A buffer without a control of its own counts on one side only.

    Parameters
    ----------
    treated, control
        (before, after) counts of the areas with the action, and of those compared. Each may be an array of the
        areas' own counts: then each area varies by itself, and alpha·count² is an area's.
    buffer, buffer_control
        The same for the displacement buffer, and for what it is compared with.
    alpha
        Volatility, as in `sacmap.measure.change`; 0 for chance alone.
    """
    nothing = (0.0, 0.0)
    pairs = [
        tuple(np.atleast_1d(np.asarray(side, dtype=float)) for side in pair)
        for pair in (treated, control, buffer or nothing, buffer_control or nothing)
    ]
    steps = [float(after.sum() - before.sum()) for before, after in pairs]
    variance = float(sum((n + alpha * n**2).sum() for pair in pairs for n in pair))
    estimate = (steps[0] - steps[1]) + (steps[2] - steps[3])
    half = Z95 * math.sqrt(variance)
    z = estimate / math.sqrt(variance) if variance > 0 else 0.0
    return Wdd(estimate, variance, z, estimate - half, estimate + half)


def weighted_wdd(
    treated: Counts,
    control: Counts,
    weights: ArrayLike,
    alpha: float = 0.0,
    *,
    doubt: tuple[ArrayLike, ArrayLike] = (0.0, 0.0),
    widen: float = 1.0,
) -> Wdd:
    """Return ΔT − Σ w·ΔC: the difference of treated areas from a weighted control.

    Parameters
    ----------
    treated, control
        (before, after), each an array of the areas' own counts.
    weights
        (control areas,), 0 or more.
    alpha
        Volatility, as in `wdd`.
    doubt
        Of treated and control areas, the standard error of what was to be expected before, beyond that of a count.
    widen
        What the interval is wider than the counts and the volatility make it.
    """
    before, after = (np.atleast_1d(np.asarray(side, dtype=float)) for side in treated)
    other, later = (np.atleast_1d(np.asarray(side, dtype=float)) for side in control)
    share = np.atleast_1d(np.asarray(weights, dtype=float))
    estimate = float((after - before).sum() - (share * (later - other)).sum())
    mine, yours = (np.asarray(side, dtype=float) ** 2 for side in doubt)
    own = sum((n + alpha * n**2).sum() for n in (before, after)) + (mine + 0 * before).sum()
    theirs = (share**2 * (yours + sum(n + alpha * n**2 for n in (other, later)))).sum()
    variance = float(own + theirs) * widen**2
    half = Z95 * math.sqrt(variance)
    z = estimate / math.sqrt(variance) if variance > 0 else 0.0
    return Wdd(estimate, variance, z, estimate - half, estimate + half)


def wdq(treated: Pair, control: Pair, buffer: Pair) -> float | None:
    """Return the weighted displacement quotient (Bowers and Johnson; Guerette 2009), or None where undefined.

    (Da/Ca − Db/Cb) / (Ra/Ca − Rb/Cb): above 0, the buffer gained too; below −1, more was displaced than gained.
    """
    (r0, r1), (c0, c1), (d0, d1) = treated, control, buffer
    if c0 == 0 or c1 == 0 or r1 / c1 == r0 / c0:
        return None
    return (d1 / c1 - d0 / c0) / (r1 / c1 - r0 / c0)


def tne(treated: Pair, control: Pair, buffer: Pair) -> float | None:
    """Return the total net effect (Guerette 2009), crimes prevented in target and buffer; None where undefined.

    (Rb·Ca/Cb − Ra) + (Db·Ca/Cb − Da).
    """
    (r0, r1), (c0, c1), (d0, d1) = treated, control, buffer
    if c0 == 0:
        return None
    return (r0 * c1 / c0 - r1) + (d0 * c1 / c0 - d1)


def rate_ratio(treated: Pair, control: Pair, alpha: float = 0.0) -> RateRatio | None:
    """Return (T1/T0)/(C1/C0) with its 95% interval, var(log) = Σ 1/n + 4·alpha; None where a count is zero."""
    counts = (*treated, *control)
    if min(counts) <= 0:
        return None
    estimate = (treated[1] / treated[0]) / (control[1] / control[0])
    se = math.sqrt(sum(1 / n for n in counts) + 4 * alpha)
    return RateRatio(estimate, se, estimate * math.exp(-Z95 * se), estimate * math.exp(Z95 * se))


def placebo_rank(treated: float, untreated: Sequence[float] | ArrayLike) -> int:
    """Return the place of the treated areas' WDD among those of every untreated area: 1 is the largest fall.

    Where many untreated areas fell as far, the fall is no sign of the action.
    """
    return 1 + int(np.count_nonzero(np.asarray(untreated, dtype=float) <= treated))
