"""The statistics of an evaluation: whether crime fell where the action was, and whether it was displaced.

Counts are numbers of crimes, as pairs (before, after) over the same calendar months.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sacmap.errors import UsageError
from sacmap.measure.verdict import Z95

#: (before, after) counts: of several areas together, or an array of each area's own.
Counts = tuple[ArrayLike, ArrayLike]
Pair = tuple[float, float]


@dataclass(frozen=True)
class Wdd:
    """Weighted displacement difference, in crimes. Negative means a fall compared with the control. low, high: 95%."""

    estimate: float
    variance: float
    z: float
    low: float
    high: float


@dataclass(frozen=True)
class RateRatio:
    """(T1/T0)/(C1/C0), its interval and the standard error of its logarithm. Below 1 is a fall. low, high: 95%."""

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

    It is (ΔT − ΔC) + (ΔDt − ΔDc), where Δ is after − before. Its variance is the sum of all counts, plus alpha·count²
    for each, for variation from year to year beyond chance. A buffer may be given without a control of its own.

    Parameters
    ----------
    treated, control
        (before, after) counts of the areas with the action, and of the control areas. Each may be an array with one
        count per area; alpha·count² then applies to each area.
    buffer, buffer_control
        The same for the displacement buffer and its control.
    alpha
        Volatility, as in `sacmap.measure.verdict`; 0 means chance alone.

    Raises
    ------
    UsageError
        If a pair is not two counts, a count is negative or not a number, or alpha is negative.
    """
    if not alpha >= 0:
        raise UsageError(f"alpha cannot be {alpha}.", "Give 0 or more.")
    given = {"treated": treated, "control": control, "buffer": buffer, "buffer_control": buffer_control}
    pairs = [_before_after(name, (0.0, 0.0) if pair is None else pair) for name, pair in given.items()]
    steps = [float(after.sum() - before.sum()) for before, after in pairs]
    variance = float(sum((n + alpha * n**2).sum() for pair in pairs for n in pair))
    estimate = (steps[0] - steps[1]) + (steps[2] - steps[3])
    return _with_interval(estimate, variance)


def _before_after(name: str, pair: Counts) -> list[NDArray[np.float64]]:
    """Return both counts of a pair as arrays. A count that is none is an error: it would pass for a result."""
    with suppress(TypeError, ValueError):
        before, after = (np.atleast_1d(np.asarray(side, dtype=float)) for side in pair)
        if all((np.isfinite(side) & (side >= 0)).all() for side in (before, after)):
            return [before, after]
    raise UsageError(f"{name} is not (before, after): {pair!r}.", "Give two counts of 0 or more.")


def _with_interval(estimate: float, variance: float) -> Wdd:
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
    """Return ΔT − Σ w·ΔC, the difference between treated areas and a weighted control.

    `treated` and `control` are (before, after), each an array with one count per area; `weights` are (control areas,),
    0 or more; `alpha` is as in `wdd`. `doubt`: for treated and control areas, the standard error of the settled count,
    in addition to that of a count. `widen`: the factor by which the interval is widened beyond counts and volatility.
    """
    before, after = (np.atleast_1d(np.asarray(side, dtype=float)) for side in treated)
    other, later = (np.atleast_1d(np.asarray(side, dtype=float)) for side in control)
    share = np.atleast_1d(np.asarray(weights, dtype=float))
    estimate = float((after - before).sum() - (share * (later - other)).sum())
    mine, yours = (np.asarray(side, dtype=float) ** 2 for side in doubt)
    own = sum((n + alpha * n**2).sum() for n in (before, after)) + (mine + 0 * before).sum()
    theirs = (share**2 * (yours + sum(n + alpha * n**2 for n in (other, later)))).sum()
    return _with_interval(estimate, float(own + theirs) * widen**2)


def wdq(treated: Pair, control: Pair, buffer: Pair) -> float | None:
    """Return the weighted displacement quotient (Bowers and Johnson; Guerette 2009), or None if undefined.

    It is (Da/Ca − Db/Cb) / (Ra/Ca − Rb/Cb), the share of a success that the buffer had too, so it is undefined where
    the treated areas did not fall against their control. Above 0, the buffer benefited too. Below −1, more crime was
    displaced than prevented.
    """
    (r0, r1), (c0, c1), (d0, d1) = treated, control, buffer
    if not _fell(treated, control):
        return None
    return (d1 / c1 - d0 / c0) / (r1 / c1 - r0 / c0)


def _fell(treated: Pair, control: Pair) -> bool:
    """Say whether the treated areas fell against their control; False if a control without crimes cannot tell."""
    (r0, r1), (c0, c1) = treated, control
    return c0 > 0 and c1 > 0 and r1 * c0 < r0 * c1


def tne(treated: Pair, control: Pair, buffer: Pair) -> float | None:
    """Return the total net effect (Guerette 2009), crimes prevented in target and buffer; None where `wdq` is.

    It is (Rb·Ca/Cb − Ra) + (Db·Ca/Cb − Da).
    """
    (r0, r1), (c0, c1), (d0, d1) = treated, control, buffer
    if not _fell(treated, control):
        return None
    return (r0 * c1 / c0 - r1) + (d0 * c1 / c0 - d1)


def rate_ratio(treated: Pair, control: Pair, alpha: float = 0.0) -> RateRatio | None:
    """Return (T1/T0)/(C1/C0) with its 95% interval, var(log) = Σ 1/n + 4·alpha; None if a count is zero."""
    counts = (*treated, *control)
    if min(counts) <= 0:
        return None
    estimate = (treated[1] / treated[0]) / (control[1] / control[0])
    se = math.sqrt(sum(1 / n for n in counts) + 4 * alpha)
    return RateRatio(estimate, se, estimate * math.exp(-Z95 * se), estimate * math.exp(Z95 * se))


def placebo_rank(treated: float, untreated: ArrayLike) -> int:
    """Return the rank of the treated areas' WDD among those of untreated areas; 1 is the largest fall.

    If many untreated areas fell as much, the fall is no evidence that the action worked.
    """
    return 1 + int(np.count_nonzero(np.asarray(untreated, dtype=float) <= treated))
