"""From counts to a change that can be believed: expected, normal range, verdict, shrunken ratio, excess, level.

One default for every area and crime type. The steps are numbered as in docs/method.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from sacmap import tables
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
#: What the assumption weighs, in degrees of freedom, and the most volatility the data may claim.
USUAL_WEIGHT = 60.0
MOST_VOLATILITY = 0.25
#: Mean of z² of a standard normal clipped to its own 10% and 90% quantiles, 0.6787: ∫z²φ between them and the ends.
_TAIL = float(special.ndtri(0.9))
_DENSITY = float(np.exp(-(_TAIL**2) / 2) / np.sqrt(2 * np.pi))
CLIPPED_Z2 = 0.8 - 2 * _TAIL * _DENSITY + 0.2 * _TAIL**2
#: Share of clear flags that may be chance (Benjamini and Hochberg 1995).
FALSE_SHARE = 0.10
#: Expected counts below this are too few to tell.
FEW = 10.0
#: How probable a rise (or fall) must be to be called possible.
POSSIBLE = 0.85
#: Half a crime: what a sum of zero is taken for where something must be divided by it.
HALF = 0.5

LOG_RATIO = np.linspace(np.log(0.3), np.log(3.5), 121)
TAUS = np.array([0.02, 0.05, 0.08, 0.11, 0.14, 0.17, 0.2, 0.25, 0.3, 0.4, 0.5])


@dataclass(frozen=True)
class Posterior:
    """What the counts say of each area's true ratio to the expected.

    expected: (n,) crimes; size: (n,) of the negative binomial; ratios: (121,) grid of true ratios; weights:
    (n, 121) posterior probability of each, rows sum to 1; volatility: the variation from period to period beyond
    chance that was found.
    """

    expected: Floats
    size: Floats
    ratios: Floats
    weights: Floats
    volatility: float


def compare(
    baseline: ArrayLike, current: ArrayLike | pd.Series, comparator: Against = None, *, months: int = 12
) -> pd.DataFrame:
    """Compare each area's current count with what its baseline and the comparator lead one to expect.

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
        If the shapes do not match or a count is negative.
    """
    index = current.index if isinstance(current, pd.Series) else None
    counts = np.asarray(baseline, dtype=float)
    now = np.asarray(current, dtype=float)
    if counts.ndim != 2 or now.shape != counts.shape[:1] or counts.shape[1] < 1:
        raise UsageError(
            f"A baseline of shape {counts.shape} does not go with a current of shape {now.shape}.",
            "Give (areas × periods) and (areas,).",
        )
    known = np.isfinite(counts).all(axis=1) & np.isfinite(now)
    if (counts[known] < 0).any() or (now[known] < 0).any():
        raise UsageError("A count is negative.", "Counts are crimes: 0 or more.")
    whole = pd.DataFrame(np.nan, index=range(len(now)), columns=list(MODEL_COLUMNS))
    whole["verdict"] = pd.Series("not known", index=whole.index, dtype=object)
    if known.any():
        found = _compare_known(counts[known], now[known], comparator, months)
        for name in MODEL_COLUMNS:
            whole.loc[known, name] = found[name]
    return whole if index is None else whole.set_axis(index)


def _compare_known(
    counts: Floats, now: Floats, comparator: Against, months: int
) -> dict[str, NDArray[np.float64] | NDArray[np.object_]]:
    seen = posterior(counts, now, comparator, months=months)
    expected = seen.expected
    # Step 6, mid-p: a count as high, half counted, or higher.
    up = (_at_least(now, seen.size, expected) + _at_least(now + 1, seen.size, expected)) / 2
    down = 1 - up
    # Step 7.
    ratio = seen.weights @ seen.ratios
    mass = np.cumsum(seen.weights, axis=1)
    prob_above = seen.weights[:, LOG_RATIO > 0].sum(axis=1)
    return {
        "expected": expected,
        "normal_low": _quantile(0.025, seen.size, expected),
        "normal_high": _quantile(0.975, seen.size, expected),
        "p_value": np.where(now >= expected, up, down),
        "verdict": _verdicts(now, expected, up, down, prob_above),
        "ratio": ratio,
        "ratio_low": seen.ratios[np.argmax(mass >= 0.025, axis=1)],
        "ratio_high": seen.ratios[np.argmax(mass >= 0.975, axis=1)],
        "prob_above": prob_above,
        "excess": expected * (ratio - 1),
        "level": expected * ratio,
    }


def posterior(counts: Floats, now: Floats, comparator: Against = None, *, months: int = 12) -> Posterior:
    """Return the posterior of each area's true ratio: steps 1 to 5 and 7 of the method.

    `counts` is (areas × periods), `now` (areas,), both without missing values; the rest as in `compare`.
    """
    n, periods = counts.shape
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
    size = 1 / np.maximum(alpha * clumping + 1 / shape, 1e-6)
    return Posterior(expected, size, np.exp(LOG_RATIO), _weights(now, expected, size), alpha)


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
    """Step 4: the real variation from period to period beyond chance, drawn towards the usual."""
    n, periods = counts.shape
    usual = USUAL_VOLATILITY * float(np.sqrt(12 / months))
    if periods == 1:
        found, freedom = _volatility_of_one(now, expected, shape, clumping), float(n)
    else:
        found, freedom = _volatility_of_several(counts)
    return (freedom * min(found, MOST_VOLATILITY) + USUAL_WEIGHT * usual) / (freedom + USUAL_WEIGHT)


def _volatility_of_several(counts: Floats) -> tuple[float, float]:
    # A period with no crime anywhere says nothing of variation between areas.
    some = counts[:, counts.sum(axis=0) > 0]
    n, periods = some.shape
    if periods < 2:
        return 0.0, 0.0
    factors = periods * some.sum(axis=0) / some.sum()
    levels = some / factors
    mean, variance = levels.mean(axis=1), levels.var(axis=1, ddof=1)
    beyond = float((variance - mean * np.mean(1 / factors)).sum())
    scale = float((mean**2 - variance / periods).sum())
    return (max(0.0, beyond / scale) if scale > 0 else 0.0), float(n * (periods - 1))


def _volatility_of_one(now: Floats, expected: Floats, shape: Floats, clumping: Floats) -> float:
    def mean_square(alpha: float) -> float:
        z = (now - expected) / np.sqrt(expected + expected**2 * (alpha * clumping + 1 / shape))
        return float(np.mean(np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2))

    low, high = 0.0, 1.0
    if mean_square(low) <= CLIPPED_Z2:
        return low
    # Anything above the most allowed is cut to it, so there is no need to look far.
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_square(middle) > CLIPPED_Z2 else (low, middle)
    return (low + high) / 2


def _weights(now: Floats, expected: Floats, size: Floats) -> Floats:
    """Step 7: the posterior on the grid, its prior's width chosen by the total marginal likelihood."""
    means = expected[:, None] * np.exp(LOG_RATIO)
    # The negative binomial's log-likelihood less what does not depend on the ratio.
    like = now[:, None] * LOG_RATIO - (now + size)[:, None] * np.log(size[:, None] + means)
    like = np.exp(like - like.max(axis=1, keepdims=True))
    priors = np.exp(-0.5 * (LOG_RATIO / TAUS[:, None]) ** 2)
    priors /= priors.sum(axis=1, keepdims=True)
    # A width that an area's counts all but rule out has a likelihood of zero, and is never chosen.
    with np.errstate(divide="ignore"):
        marginal = np.log(like @ priors.T).sum(axis=0)
    weights = like * priors[np.argmax(marginal)]
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


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


def _verdicts(
    now: Floats, expected: Floats, up: Floats, down: Floats, prob_above: Floats
) -> NDArray[np.object_]:
    """Step 8: the first that applies."""
    return np.select(
        [
            rejected(up, FALSE_SHARE) & (now > expected),
            rejected(down, FALSE_SHARE) & (now < expected),
            expected < FEW,
            prob_above >= POSSIBLE,
            prob_above <= 1 - POSSIBLE,
        ],
        ["clear rise", "clear fall", "too few to tell", "possible rise", "possible fall"],
        "within normal range",
    ).astype(object)


def change_table(
    areas: gpd.GeoDataFrame,
    baseline: Mapping[str, NDArray[np.int64]],
    current: Mapping[str, NDArray[np.int64]],
    *,
    months_compared: int,
    comparators: Mapping[str, Against],
    edge_share: Mapping[str, Floats],
) -> pd.DataFrame:
    """Build the Change table; its ranks are empty until `sacmap.choose.priority` fills them.

    Parameters
    ----------
    areas
        The Areas table, sorted by area_id; one without a boundary is "not known".
    baseline, current
        By crime type: (areas × periods) and (areas,) counts over the months compared.
    months_compared
        Months of a period that are compared.
    comparators
        By crime type, as `compare` takes it.
    edge_share
        By crime type: (areas,) share of the current crimes within 50 m of the boundary, or NaN.
    """
    known = ~areas.geometry.is_empty.to_numpy()
    parts = [
        _of_type(
            kind,
            areas,
            np.where(known[:, None], baseline[kind], np.nan),
            np.where(known, current[kind], np.nan),
            comparator=comparators[kind],
            months_compared=months_compared,
        ).assign(edge_share=edge_share[kind])
        for kind in tables.CRIME_TYPES
    ]
    order = pd.CategoricalDtype(list(tables.CRIME_TYPES), ordered=True)
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(crime_type=table["crime_type"].astype(order))
    table = table.sort_values(["area_id", "crime_type"], ignore_index=True)
    table["crime_type"] = table["crime_type"].astype(object)
    return table.reindex(columns=tables.CHANGE.names)


def _of_type(
    kind: str,
    areas: gpd.GeoDataFrame,
    baseline: Floats,
    current: Floats,
    *,
    comparator: Against,
    months_compared: int,
) -> pd.DataFrame:
    total = baseline.sum(axis=1)
    mean = total / baseline.shape[1]
    model = compare(baseline, current, comparator, months=months_compared)
    households = areas["households"].to_numpy(float, na_value=np.nan)
    with_homes = households > 0
    return pd.DataFrame(
        {
            "area_id": areas["area_id"].to_numpy(object),
            "area_name": areas["name"].to_numpy(object),
            "crime_type": kind,
            "months_compared": months_compared,
            "baseline_periods": baseline.shape[1],
            "baseline_count": total,
            "baseline_mean": mean,
            "current_count": current,
            "change": current - mean,
            "change_pct": np.divide(
                100 * (current - mean), mean, out=np.full(len(mean), np.nan), where=mean > 0
            ),
            **{name: model[name].to_numpy() for name in MODEL_COLUMNS},
            "level_per_1000_households": np.divide(
                1000 * model["level"].to_numpy(),
                households,
                out=np.full(len(mean), np.nan),
                where=with_homes,
            ),
        }
    )
