"""Decide what was expected, the normal range and the verdict; estimate ratio, excess and level.

There is one method for every area and crime type. Its steps are numbered as in docs/method.md.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from sacmap.errors import UsageError

Floats = NDArray[np.float64]
#: None: the rest of the areas; a pair: (sum over the baseline periods, current count); "none": no comparator.
Against = tuple[float, float] | Literal["none"] | None

#: The columns `compare` returns, in order.
MODEL_COLUMNS = (
    "expected",
    "normal_low",
    "normal_high",
    "p_value",
    "verdict",
    "ratio",
    "ratio_low",
    "ratio_high",
    "prob_above",
    "excess",
    "level",
)
#: Half-width of a 95% interval, in standard errors of a normal distribution.
Z95 = 1.959963984540054
#: Prior of the variation from year to year beyond chance, measured on London.
USUAL_VOLATILITY = 0.02
#: Weight of that prior, in areas compared once; and the largest volatility considered.
USUAL_WEIGHT = 20.0
MOST_VOLATILITY = 0.25
#: Mean of z² of a standard normal clipped to its own 10% and 90% quantiles, 0.6787: ∫z²φ between them and the ends.
_TAIL = float(special.ndtri(0.9))
_DENSITY = float(np.exp(-(_TAIL**2) / 2) / np.sqrt(2 * np.pi))
CLIPPED_Z2 = 0.8 - 2 * _TAIL * _DENSITY + 0.2 * _TAIL**2
#: Number of bisections of [0, MOST_VOLATILITY] to find the volatility of the current period, to one part in 10¹².
HALVINGS = 40
#: Share of clear flags that may be chance (Benjamini and Hochberg 1995).
FALSE_SHARE = 0.10
#: Expected counts below this are too few to tell.
FEW = 10.0
#: A clear rise has at least this many crimes; for a clear fall, at least this many are expected.
CLEAR_LEAST = 5.0
#: The share of a rise or fall that lasts into the next period: 0.65 to 0.8 on English and Welsh LSOAs.
LASTING = 0.7
#: Steps to a doubling in a coarse law: how much areas differ and vary are each rounded by less than a fifth.
COARSE = 2
#: Half a crime: used in place of a sum of zero in a division.
HALF = 0.5
#: If a comparator had this many crimes a period before and has none now, its data are missing.
MUCH = 10.0


class Law(NamedTuple):
    """The distribution of step 5, and the posterior after the current count: step 7.

    expected: (n,) crimes; variation: (n,) k, the variance of an area's rate beyond chance as a share of expected²;
    now: (n,) current crimes; volatility: the variation from period to period that was found.
    """

    expected: Floats
    variation: Floats
    now: Floats
    volatility: float

    @property
    def size(self) -> Floats:
        """The size of the negative binomial distribution of the current count."""
        return 1 / self.variation

    @property
    def shape(self) -> Floats:
        """The shape of the gamma distribution of an area's present rate."""
        return self.size + self.now

    @property
    def rate(self) -> Floats:
        """The rate of the gamma distribution of an area's present rate."""
        return self.size / self.expected + 1

    @property
    def present(self) -> Floats:
        """The mean of an area's present rate, in crimes a period."""
        return np.asarray(self.expected * (self.size + self.now) / (self.size + self.expected))

    @property
    def excess(self) -> Floats:
        """How far an area's present rate is above the expected, in crimes."""
        return np.asarray(self.present - self.expected)

    def level(self, excess: Floats) -> Floats:
        """Return the count to expect in the next such period, for areas that are `excess` above the expected."""
        return np.asarray(self.expected + LASTING * excess)

    def quantile(self, share: float) -> Floats:
        """Return a quantile of the present rate, in crimes a period."""
        return np.asarray(special.gammaincinv(self.shape, share) / self.rate)

    def drawn(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draw excesses from the distribution of the present rates: (draws × areas)."""
        return np.asarray(rng.standard_gamma(self.shape, (draws, len(self.now))) / self.rate - self.expected)

    def of(self, positions: NDArray[np.intp]) -> Law:
        """Return the law of a subset of the areas."""
        return Law(self.expected[positions], self.variation[positions], self.now[positions], self.volatility)


def compare(
    baseline: ArrayLike | pd.DataFrame,
    current: ArrayLike | pd.Series,
    comparator: Against = None,
    *,
    months: int = 12,
) -> pd.DataFrame:
    """Compare each area's current count with the count to expect from its baseline and the comparator.

    >>> compare([[40, 44], [12, 9], [30, 28]], [81, 8, 31])["verdict"].tolist()
    ['clear rise', 'within normal range', 'within normal range']

    Parameters
    ----------
    baseline
        (areas × periods) counts; an area with a missing value is "not known".
    current
        (areas,) counts; a Series keeps its index.
    comparator
        None: the rest of the areas, without the area itself. A pair (sum over the baseline periods, current count): the
        same for every area. "none": the baseline itself is expected.
    months
        Months in a period; shorter periods vary more.

    Returns
    -------
    One row per area: expected, normal_low, normal_high (crimes), p_value, verdict, ratio, ratio_low, ratio_high
    (× expected), prob_above, excess, level (crimes). Rows not known have the verdict "not known" and no numbers.

    Raises
    ------
    UsageError
        If the shapes or the indexes do not match, a count is negative or not a number, a period has no months, or the
        comparator is not usable: see `require_comparator`.
    """
    counts, now, known = _given(baseline, current)
    if not (isinstance(months, int | np.integer) and months >= 1):
        raise UsageError(f"A period of {months!r} months cannot be compared.", "Give months=1 or more.")
    require_comparator(comparator, counts.shape[1])
    columns = nothing_known(len(now))
    if known.any():
        found = readings(law_of(counts[known], now[known], comparator, months=months))
        for name, column in columns.items():
            column[known] = found[name]
    return pd.DataFrame(columns, index=current.index if isinstance(current, pd.Series) else None)


def _given(
    baseline: ArrayLike | pd.DataFrame, current: ArrayLike | pd.Series
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the counts as arrays, and which areas are known; refuse what are no counts, or of different areas."""
    index = current.index if isinstance(current, pd.Series) else None
    theirs = baseline.index if isinstance(baseline, pd.DataFrame) else None
    # An index of another kind, such as row numbers, says nothing of the order.
    if index is not None and theirs is not None and not index.equals(theirs) and index.isin(theirs).any():
        raise UsageError(
            "The baseline and the current have other areas, or the same in another order.",
            "Give both the same index: current.reindex(baseline.index).",
        )
    try:
        counts, now = np.asarray(baseline, dtype=float), np.asarray(current, dtype=float)
    except (TypeError, ValueError):
        raise UsageError("A count is not a number.", "Counts are crimes: 0 or more.") from None
    if counts.ndim != 2 or now.shape != counts.shape[:1] or counts.shape[1] < 1:
        raise UsageError(
            f"A baseline of shape {counts.shape} does not go with a current of shape {now.shape}.",
            "Give (areas × periods) and (areas,).",
        )
    known = np.isfinite(counts).all(axis=1) & np.isfinite(now)
    if (counts[known] < 0).any() or (now[known] < 0).any():
        raise UsageError("A count is negative.", "Counts are crimes: 0 or more.")
    return counts, now, known


def require_comparator(comparator: Against, periods: int) -> None:
    """Refuse a comparator that is not usable.

    Raises
    ------
    UsageError
        If it is neither "none" nor a pair of counts; if a count is negative or not finite; or if there are no crimes
        now after ten or more a period, because then the data are missing.
    """
    if comparator is None or (isinstance(comparator, str) and comparator == "none"):
        return
    try:
        if isinstance(comparator, str):
            raise ValueError
        before, now = (float(value) for value in comparator)
    except (TypeError, ValueError):
        raise UsageError(
            f"{comparator!r} is not a comparator.",
            'Give None, "none" or a pair: crimes in all baseline periods, crimes now.',
        ) from None
    if not (np.isfinite([before, now]).all() and min(before, now) >= 0):
        raise UsageError(
            f"The comparator ({before:g}, {now:g}) does not consist of counts.", "Counts are 0 or more."
        )
    if now == 0 and before / periods >= MUCH:
        raise UsageError(
            f"The comparator has no crime now, and {before / periods:,.0f} a period before, so it is probably missing.",
            "Give its current count, or another comparator.",
        )


def nothing_known(areas: int) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    """Return the columns of `compare`, each (areas,), for areas of which nothing is known."""
    columns = {name: np.full(areas, np.nan) for name in MODEL_COLUMNS}
    return columns | {"verdict": np.full(areas, "not known", dtype=object)}


def readings(law: Law) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    """Return the columns of `compare`: steps 5 to 8."""
    expected, excess = law.expected, law.excess
    low, high, up = _chances(law)
    return {
        "expected": expected,
        "normal_low": low,
        "normal_high": high,
        "p_value": np.where(law.now >= expected, up, 1 - up),
        "verdict": _verdicts(law.now, expected, up, low, high),
        "ratio": law.present / expected,
        "ratio_low": law.quantile(0.025) / expected,
        "ratio_high": law.quantile(0.975) / expected,
        "prob_above": special.gammaincc(law.shape, law.rate * expected),
        "excess": excess,
        "level": law.level(excess),
    }


def verdicts(law: Law) -> NDArray[np.object_]:
    """Return the verdicts of `readings` alone."""
    low, high, up = _chances(law)
    return _verdicts(law.now, law.expected, up, low, high)


def _chances(law: Law) -> tuple[Floats, Floats, Floats]:
    """Return both ends of the normal range, and the mid-p-value of a count as high as the current one."""
    expected, now = law.expected, law.now
    low, high = (_quantile(share, law.size, expected) for share in (0.025, 0.975))
    # Step 6, mid-p: higher counts, and half of the probability of an equal one.
    return low, high, (_at_least(now, law.size, expected) + _at_least(now + 1, law.size, expected)) / 2


def law_of(
    counts: Floats, now: Floats, comparator: Against = None, *, months: int = 12, coarse: bool = False
) -> Law:
    """Return the expected distribution of the current counts: steps 1 to 5 of the method.

    `counts` is (areas × periods), `now` (areas,), both without missing values; the rest as in `compare`. `coarse`: how
    much areas differ and vary is rounded to a few steps, so that no single count can be worked out from the law.
    """
    periods = counts.shape[1]
    if not periods:
        return law_of_level(now, coarse=coarse)
    sums = counts.sum(axis=1)
    follows = _comparator_ratio(sums, now, periods, comparator)
    mean, variance = _prior(sums, periods, coarse=coarse)
    shape = mean**2 / variance + sums
    # Step 3.
    expected = follows * shape / (mean / variance + periods)
    # Steps 4 and 5.
    weight = sums / shape
    clumping = 1 + weight**2 / periods
    alpha = volatility(counts, now, expected, shape, clumping, months=months)
    if coarse:
        alpha = _in_steps(alpha)
    return Law(expected, np.maximum(alpha * clumping + 1 / shape, 1e-6), now, alpha)


def _in_steps(value: float) -> float:
    """Return the nearest of the steps of a coarse law."""
    return float(2.0 ** (np.round(COARSE * np.log2(value)) / COARSE))


def law_of_level(now: Floats, *, coarse: bool = False) -> Law:
    """Return the law of areas without an earlier period: the prior of step 2, estimated from the current counts.

    `now` is (areas,) without missing values; `coarse` is as in `law_of`.
    """
    mean, variance = _prior(now, 1, coarse=coarse)
    return Law(np.full(len(now), mean), np.full(len(now), variance / mean**2), now, 0.0)


def _prior(sums: Floats, periods: int, *, coarse: bool) -> tuple[float, float]:
    """Step 2: the mean and variance of the areas' rates by moments, so that small areas borrow strength from all.

    `sums` are (areas,) crimes in all periods.
    """
    n = len(sums)
    mean = max(float(sums.mean()), HALF / n) / periods
    spread = float(sums.var(ddof=1)) if n > 1 else 0.0
    variance = max(spread / periods**2 - mean / periods, 0.001 * mean**2)
    return mean, _in_steps(variance) if coarse else variance


def _comparator_ratio(sums: Floats, now: Floats, periods: int, comparator: Against) -> Floats:
    """Step 1: the change of the comparator, one value for each area."""
    if isinstance(comparator, str):
        return np.ones(len(now))
    if comparator is None:
        current, before = now.sum() - now, sums.sum() - sums
    else:
        before, current = (np.full(len(now), float(count)) for count in comparator)
    # Without any crime before, the change of the comparator is unknown, and 1 is assumed.
    return np.where(before > 0, np.maximum(current, HALF) / (np.maximum(before, HALF) / periods), 1.0)


def volatility(
    counts: Floats, now: Floats, expected: Floats, shape: Floats, clumping: Floats, *, months: int
) -> float:
    """Step 4: the variation from period to period beyond chance, from both sides and the prior.

    `counts` is (areas × periods), the other arrays (areas,): current counts, expected, and as in `law_of` the shape of
    the prior and the clumping of years. `months` is the length of a period. The result is a share of expected².
    """
    n = len(now)
    usual = USUAL_VOLATILITY * float(np.sqrt(12 / months))
    # A period without any crime says nothing about the variation between areas.
    some = counts[:, counts.sum(axis=0) > 0]
    freedom = n * max(0, some.shape[1] - 1)
    before = min(_volatility_before(some), MOST_VOLATILITY) if freedom else 0.0
    current = _volatility_now(now, expected, shape, clumping)
    return float((freedom * before + n * current + USUAL_WEIGHT * usual) / (freedom + n + USUAL_WEIGHT))


def _volatility_before(counts: Floats) -> float:
    """Return how much the areas' shares vary between baseline periods beyond chance, by moments."""
    periods = counts.shape[1]
    factors = periods * counts.sum(axis=0) / counts.sum()
    levels = counts / factors
    mean, variance = levels.mean(axis=1), levels.var(axis=1, ddof=1)
    beyond = float((variance - mean * np.mean(1 / factors)).sum())
    scale = float((mean**2 - variance / periods).sum())
    return max(0.0, beyond / scale) if scale > 0 else 0.0


def _volatility_now(now: Floats, expected: Floats, shape: Floats, clumping: Floats) -> float:
    """Return the volatility that explains how the current counts scatter about the expected.

    The tails are clipped, so that a few areas that truly changed do not count as volatility.
    """
    gap, squared, own = now - expected, expected**2, 1 / shape
    # As np.quantile, without its checks, which take longer than the work itself for the areas of a force.
    n = len(now)
    tails = [(int(at), at - int(at)) for at in (0.1 * (n - 1), 0.9 * (n - 1))]
    needed = sorted({index for at, _ in tails for index in (at, min(at + 1, n - 1))})

    def mean_square(alpha: float) -> float:
        z = gap / np.sqrt(expected + squared * (alpha * clumping + own))
        ordered = np.partition(z, needed)
        low, high = (ordered[at] + (ordered[min(at + 1, n - 1)] - ordered[at]) * part for at, part in tails)
        return float(np.mean(np.minimum(np.maximum(z, low), high) ** 2))

    low, high = 0.0, MOST_VOLATILITY
    if mean_square(low) <= CLIPPED_Z2:
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_square(middle) > CLIPPED_Z2 else (low, middle)
    return (low + high) / 2


def _at_least(counts: Floats, size: Floats, mean: Floats) -> Floats:
    """Return the probability of each count or a higher one, by the negative binomial distribution."""
    # scipy.stats has this too, but loading it takes longer than comparing all areas of a country.
    some = special.betainc(np.maximum(counts, 1), size, mean / (size + mean))
    return np.where(counts > 0, some, 1.0)


def _quantile(share: float, size: Floats, mean: Floats) -> Floats:
    """Return the quantile `share` of the negative binomial distribution."""

    def at_most(counts: Floats) -> Floats:
        return np.asarray(special.betainc(size, counts + 1, size / (size + mean)))

    # The gamma quantile with the same mean and variance is within a crime or two. Search step by step from there.
    wide = 1 + mean / size
    found = np.round(special.gammaincinv(mean / wide, share) * wide)
    while (short := at_most(found) < share).any():
        found = found + short
    while (over := (found > 0) & (at_most(np.maximum(found - 1, 0)) >= share)).any():
        found = found - over
    return np.asarray(found)


def rejected(p_values: Floats, share: float) -> NDArray[np.bool_]:
    """Mark the p-values that Benjamini and Hochberg (1995) reject at a false discovery share."""
    n = len(p_values)
    order = np.argsort(p_values, kind="stable")
    passes = np.flatnonzero(p_values[order] <= share * np.arange(1, n + 1) / n)
    marked = np.zeros(n, dtype=bool)
    if len(passes):
        marked[order[: passes[-1] + 1]] = True
    return marked


def _verdicts(now: Floats, expected: Floats, up: Floats, low: Floats, high: Floats) -> NDArray[np.object_]:
    """Step 8: return the first verdict that applies. No verdict contradicts the normal range."""
    above, below = now > high, now < low
    return np.select(
        [
            rejected(up, FALSE_SHARE) & above & (now >= CLEAR_LEAST),
            rejected(1 - up, FALSE_SHARE) & below & (expected >= CLEAR_LEAST),
            expected < FEW,
            above,
            below,
        ],
        ["clear rise", "clear fall", "too few to tell", "possible rise", "possible fall"],
        "within normal range",
    ).astype(object)
