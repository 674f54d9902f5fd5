"""From counts to a change that can be believed: expected, normal range, verdict, shrunken ratio, excess, level.

One default for every area and crime type. The steps are numbered as in docs/method.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from sacmap.errors import UsageError

Floats = NDArray[np.float64]
#: None: the rest of the areas; a pair: (baseline sum over the periods, current count); "none": nothing.
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
#: Year-to-year variation beyond chance that is assumed before the data speak, for a year; measured on London.
USUAL_VOLATILITY = 0.02
#: What the assumption weighs, in areas compared once, and the most volatility the data may claim.
USUAL_WEIGHT = 20.0
MOST_VOLATILITY = 0.25
#: Mean of z² of a standard normal clipped to its own 10% and 90% quantiles, 0.6787: ∫z²φ between them and the ends.
_TAIL = float(special.ndtri(0.9))
_DENSITY = float(np.exp(-(_TAIL**2) / 2) / np.sqrt(2 * np.pi))
CLIPPED_Z2 = 0.8 - 2 * _TAIL * _DENSITY + 0.2 * _TAIL**2
#: Halvings of [0, MOST_VOLATILITY] in search of the volatility of the current period: to one part in 10¹².
HALVINGS = 40
#: Share of clear flags that may be chance (Benjamini and Hochberg 1995).
FALSE_SHARE = 0.10
#: Expected counts below this are too few to tell.
FEW = 10.0
#: A clear rise is of at least so many crimes, a clear fall from at least so many expected.
CLEAR_LEAST = 5.0
#: How much of a rise or fall is still there in the next period: 0.65 to 0.8 on English and Welsh LSOAs.
LASTING = 0.7
#: Half a crime: what a sum of zero is taken for where something must be divided by it.
HALF = 0.5
#: A comparator with so many crimes a period before and none now is missing, not gone.
MUCH = 10.0


@dataclass(frozen=True)
class Law:
    """The law of step 5, and what the current count makes of it: step 7.

    expected: (n,) crimes; variation: (n,) k, the variance of an area's rate beyond chance as a share of expected²;
    now: (n,) current crimes; volatility: the variation from period to period that was found.
    """

    expected: Floats
    variation: Floats
    now: Floats
    volatility: float

    @property
    def size(self) -> Floats:
        """The size of the negative binomial law that the current count is expected to follow."""
        return 1 / self.variation

    @property
    def shape(self) -> Floats:
        """The shape of the gamma law of an area's present rate."""
        return self.size + self.now

    @property
    def rate(self) -> Floats:
        """The rate of the gamma law of an area's present rate."""
        return self.size / self.expected + 1

    @property
    def present(self) -> Floats:
        """The mean of an area's present rate, crimes a period."""
        return np.asarray(self.expected * (self.size + self.now) / (self.size + self.expected))

    @property
    def excess(self) -> Floats:
        """How far the area itself, not the luck of one period, stands above the expected, crimes."""
        return np.asarray(self.present - self.expected)

    def level(self, excess: Floats) -> Floats:
        """Return what to expect in the next such period of areas that stand `excess` above the expected."""
        return np.asarray(self.expected + LASTING * excess)

    def quantile(self, share: float) -> Floats:
        """Return the quantile of the present rate, crimes a period."""
        return np.asarray(special.gammaincinv(self.shape, share) / self.rate)

    def drawn(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draw how far each area may stand above the expected: (draws × areas)."""
        return np.asarray(rng.standard_gamma(self.shape, (draws, len(self.now))) / self.rate - self.expected)

    def of(self, places: NDArray[np.intp]) -> Law:
        """Return the law of some of the areas."""
        return Law(self.expected[places], self.variation[places], self.now[places], self.volatility)


def compare(
    baseline: ArrayLike, current: ArrayLike | pd.Series, comparator: Against = None, *, months: int = 12
) -> pd.DataFrame:
    """Compare each area's current count with what its baseline and the comparator lead one to expect.

    >>> compare([[40, 44], [12, 9], [30, 28]], [81, 8, 31])["verdict"].tolist()
    ['clear rise', 'within normal range', 'within normal range']

    Parameters
    ----------
    baseline
        (areas × periods) counts; a row with a missing value is an area not known.
    current
        (areas,) counts; a Series keeps its index.
    comparator
        None: the rest of the areas, leave-one-out. A pair (baseline sum over the periods, current count): every
        area follows that. "none": the baseline itself is expected.
    months
        Months in a period: a shorter period varies more.

    Returns
    -------
    One row per area: expected, normal_low, normal_high (crimes), p_value, verdict, ratio, ratio_low, ratio_high
    (× expected), prob_above, excess, level (crimes). Rows not known have the verdict "not known" and no numbers.

    Raises
    ------
    UsageError
        If the shapes do not match, a count is negative or no number, a period has no months, or the comparator is
        none that can be followed: see `require_comparator`.
    """
    index = current.index if isinstance(current, pd.Series) else None
    try:
        counts, now = np.asarray(baseline, dtype=float), np.asarray(current, dtype=float)
    except (TypeError, ValueError):
        raise UsageError("A count is not a number.", "Counts are crimes: 0 or more.") from None
    if not (isinstance(months, int | np.integer) and months >= 1):
        raise UsageError(f"A period of {months!r} months cannot be compared.", "Give months=1 or more.")
    if counts.ndim != 2 or now.shape != counts.shape[:1] or counts.shape[1] < 1:
        raise UsageError(
            f"A baseline of shape {counts.shape} does not go with a current of shape {now.shape}.",
            "Give (areas × periods) and (areas,).",
        )
    known = np.isfinite(counts).all(axis=1) & np.isfinite(now)
    if (counts[known] < 0).any() or (now[known] < 0).any():
        raise UsageError("A count is negative.", "Counts are crimes: 0 or more.")
    require_comparator(comparator, counts.shape[1])
    whole = pd.DataFrame(np.nan, index=range(len(now)), columns=list(MODEL_COLUMNS))
    whole["verdict"] = pd.Series("not known", index=whole.index, dtype=object)
    if known.any():
        found = _compare_known(counts[known], now[known], comparator, months)
        for name in MODEL_COLUMNS:
            whole.loc[known, name] = found[name]
    return whole if index is None else whole.set_axis(index)


def require_comparator(comparator: Against, periods: int) -> None:
    """Refuse a comparator that cannot be followed.

    Raises
    ------
    UsageError
        If it is a word other than "none", or no pair of counts; if one of them is negative or not finite; or if
        there is nothing now where there were ten crimes a period or more: that is missing, not gone.
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


def _compare_known(
    counts: Floats, now: Floats, comparator: Against, months: int
) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    return readings(law_of(counts, now, comparator, months=months))


def readings(law: Law) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    """Return the columns of `compare` of a law: steps 5 to 8."""
    expected, now = law.expected, law.now
    low, high = (_quantile(share, law.size, expected) for share in (0.025, 0.975))
    # Step 6, mid-p: a count as high, half counted, or higher.
    up = (_at_least(now, law.size, expected) + _at_least(now + 1, law.size, expected)) / 2
    excess = law.excess
    return {
        "expected": expected,
        "normal_low": low,
        "normal_high": high,
        "p_value": np.where(now >= expected, up, 1 - up),
        "verdict": _verdicts(now, expected, up, low, high),
        "ratio": law.present / expected,
        "ratio_low": law.quantile(0.025) / expected,
        "ratio_high": law.quantile(0.975) / expected,
        "prob_above": special.gammaincc(law.shape, law.rate * expected),
        "excess": excess,
        "level": law.level(excess),
    }


def law_of(counts: Floats, now: Floats, comparator: Against = None, *, months: int = 12) -> Law:
    """Return the law that the current counts are expected to follow: steps 1 to 5 of the method.

    `counts` is (areas × periods), `now` (areas,), both without missing values; the rest as in `compare`.
    """
    n, periods = counts.shape
    if not periods:
        return law_of_level(now)
    sums = counts.sum(axis=1)
    follows = _comparator_ratio(sums, now, periods, comparator)
    # Step 2: a gamma prior by moments, so that a small area borrows from all.
    mean = max(sums.mean(), HALF / n) / periods
    spread = sums.var(ddof=1) if n > 1 else 0.0
    variance = max(spread / periods**2 - mean / periods, 0.001 * mean**2)
    shape = mean**2 / variance + sums
    # Step 3.
    expected = follows * shape / (mean / variance + periods)
    # Steps 4 and 5.
    weight = sums / shape
    clumping = 1 + weight**2 / periods
    alpha = volatility(counts, now, expected, shape, clumping, months=months)
    return Law(expected, np.maximum(alpha * clumping + 1 / shape, 1e-6), now, alpha)


def law_of_level(now: Floats) -> Law:
    """Return the law of areas with no earlier period: each is expected to be as the areas together, as they vary.

    It is the prior of step 2, of the current counts; `now` is (areas,) without missing values.
    """
    mean = max(float(now.mean()), HALF / len(now))
    spread = float(now.var(ddof=1)) if len(now) > 1 else 0.0
    variance = max(spread - mean, 0.001 * mean**2)
    return Law(np.full(len(now), mean), np.full(len(now), variance / mean**2), now, 0.0)


def _comparator_ratio(sums: Floats, now: Floats, periods: int, comparator: Against) -> Floats:
    """Step 1: how the comparator itself has changed, one value an area."""
    if comparator == "none":
        return np.ones(len(now))
    if comparator is None:
        current, before = now.sum() - now, sums.sum() - sums
    else:
        current, before = np.full(len(now), float(comparator[1])), np.full(len(now), float(comparator[0]))
    # Where there was nothing before, nothing can be said of a change, so none is followed.
    return np.where(before > 0, np.maximum(current, HALF) / (np.maximum(before, HALF) / periods), 1.0)


def volatility(
    counts: Floats, now: Floats, expected: Floats, shape: Floats, clumping: Floats, *, months: int
) -> float:
    """Step 4: the real variation from period to period beyond chance, of both sides, drawn towards the usual."""
    n = len(now)
    usual = USUAL_VOLATILITY * float(np.sqrt(12 / months))
    # A period with no crime anywhere says nothing of variation between areas.
    some = counts[:, counts.sum(axis=0) > 0]
    freedom = n * max(0, some.shape[1] - 1)
    before = min(_volatility_before(some), MOST_VOLATILITY) if freedom else 0.0
    current = _volatility_now(now, expected, shape, clumping)
    return float((freedom * before + n * current + USUAL_WEIGHT * usual) / (freedom + n + USUAL_WEIGHT))


def _volatility_before(counts: Floats) -> float:
    """Return how the areas' shares of each baseline period vary beyond chance, by moments."""
    periods = counts.shape[1]
    factors = periods * counts.sum(axis=0) / counts.sum()
    levels = counts / factors
    mean, variance = levels.mean(axis=1), levels.var(axis=1, ddof=1)
    beyond = float((variance - mean * np.mean(1 / factors)).sum())
    scale = float((mean**2 - variance / periods).sum())
    return max(0.0, beyond / scale) if scale > 0 else 0.0


def _volatility_now(now: Floats, expected: Floats, shape: Floats, clumping: Floats) -> float:
    """Return the volatility at which the current counts lie about the expected as they should.

    The tails are clipped, so that a few true risers do not pass for volatility of all.
    """
    gap, squared, own = now - expected, expected**2, 1 / shape
    # np.quantile's own places, without its checks, which take longer than the work on a force's areas.
    n = len(now)
    tails = [(int(at), at - int(at)) for at in (0.1 * (n - 1), 0.9 * (n - 1))]
    places = sorted({place for at, _ in tails for place in (at, min(at + 1, n - 1))})

    def mean_square(alpha: float) -> float:
        z = gap / np.sqrt(expected + squared * (alpha * clumping + own))
        ordered = np.partition(z, places)
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
    """Return the negative binomial's probability of each count, a whole number, or a higher one."""
    # scipy.stats has this by name, and takes longer to load than all areas of a country to compare.
    some = special.betainc(np.maximum(counts, 1), size, mean / (size + mean))
    return np.where(counts > 0, some, 1.0)


def _quantile(share: float, size: Floats, mean: Floats) -> Floats:
    """Return the least counts that the negative binomial does not exceed with a probability of `share`."""

    def at_most(counts: Floats) -> Floats:
        return np.asarray(special.betainc(size, counts + 1, size / (size + mean)))

    # The quantile of a gamma law of the same mean and variance is within a crime or two: from there, step by step.
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
    """Step 8: the first that applies. None contradicts the normal range."""
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
