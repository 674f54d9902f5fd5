"""The key of a list, and how firm the ranks by it are: the areas ranked again in draws of their present rates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sacmap.measure.verdict import Floats, Law
from sacmap.result import FIRST, FIRST_TEN

Whole = NDArray[np.intp]

SEED = 2018
DRAWS = 1_000
#: Draws of the ranks that areas would have if crimes near an edge belonged next door: two quantiles need no more.
EDGE_DRAWS = 200
#: Number of draws ranked at a time: 35,000 areas by 1,000 draws would not fit in memory.
AT_A_TIME = 50
#: The tiers of a week list: clear rises first, then possible ones, then the rest (0).
TIERS = {"clear rise": 2, "possible rise": 1}
#: More crimes than any excess, so that no draw moves an area to another tier.
APART = 2.0**40
#: Areas are skipped in the draws if the chance that they matter is below this.
NEVER = 1e-9


@dataclass(frozen=True)
class Key:
    """The key of a list, the largest first.

    For target hardening, the level, per 1,000 households if `per` holds them. For a week of action, clear rises, then
    possible ones, then the rest, each by excess.
    """

    hardening: bool
    law: Law
    per: Floats
    verdicts: NDArray[np.object_]

    @cached_property
    def tiers(self) -> Floats:
        """(areas,) 2 for a clear rise, 1 for a possible one, else 0."""
        return tiers_of(self.verdicts)

    def of(self, excess: Floats) -> Floats:
        """Return the key for an excess of shape (…, areas): the estimate, or draws."""
        return self.law.level(excess) / self.per if self.hardening else excess + APART * self.tiers

    def ranks(self) -> Whole:
        """Return each area's rank from 1, the largest key first; equals in the order they come."""
        # A week list by tier and excess, not by their sum, in which close ones would be equal.
        keys = (-self.of(self.law.excess),) if self.hardening else (-self.law.excess, -self.tiers)
        order = np.lexsort(keys)
        found = np.empty(len(order), dtype=np.intp)
        found[order] = np.arange(1, len(order) + 1)
        return found

    def some(self, positions: Whole) -> Key:
        """Return the key of some of the areas."""
        return Key(self.hardening, self.law.of(positions), self.per[positions], self.verdicts[positions])


def tiers_of(verdicts: NDArray[np.object_]) -> Floats:
    """Return 2 for a clear rise, 1 for a possible one, else 0."""
    return np.array([TIERS.get(str(verdict), 0) for verdict in verdicts], dtype=float)


class Stability(NamedTuple):
    """The ranks of the areas in draws of the present rates.

    top5: (areas,) share of draws with each area among the first five. For the areas listed, each (listed,): top10: the
    same for the first ten; low, high: the 5% and 95% quantiles of the rank.
    """

    top5: Floats
    top10: Floats
    low: Whole
    high: Whole


def stability_of(key: Key, listed: Whole) -> Stability:
    """Rank draws of the excess by the list's own key.

    The verdicts do not change: on a week list, a draw only moves an area within its tier, so a clear rise comes
    before a possible one in every draw. `listed` are the areas whose ranks are wanted.
    """
    first, found = _ranks_drawn(key, listed, DRAWS)
    # Areas with the same figures get the same shares: or chance could give two of them two words for their places.
    figures = (key.law.expected, key.law.variation, key.law.now, key.of(key.law.excess))
    alike = np.unique(np.column_stack(figures), axis=0, return_inverse=True)[1].ravel()
    top10 = (found <= FIRST_TEN).mean(axis=0)
    return Stability(_means(first, alike) / DRAWS, _means(top10, alike[listed]), *_quantiles(found))


def _means(values: Floats | Whole, group: Whole) -> Floats:
    """Return for each value the mean of its group."""
    return np.asarray((np.bincount(group, values) / np.maximum(np.bincount(group), 1))[group])


def rank_range(key: Key, listed: Whole) -> tuple[Whole, Whole]:
    """Return the 5% and 95% quantiles of the ranks of the areas listed."""
    return _quantiles(_ranks_drawn(key, listed, EDGE_DRAWS)[1])


def _quantiles(found: Whole) -> tuple[Whole, Whole]:
    """Return the 5% and 95% quantiles of (draws × areas) ranks."""
    low, high = np.quantile(found, [0.05, 0.95], axis=0, method="nearest")
    return low, high


def _ranks_drawn(key: Key, listed: Whole, draws: int) -> tuple[Whole, Whole]:
    """Return the number of draws with each area among the first five, and the ranks listed, (draws × listed)."""
    reached = _in_reach(key, listed)
    near, rng = key.some(reached), np.random.default_rng(SEED)
    at_listed = np.searchsorted(reached, listed)
    first = np.zeros(len(key.per), dtype=np.intp)
    found = np.empty((draws, len(listed)), dtype=np.intp)
    for start in range(0, draws, AT_A_TIME):
        # Negated, so that smaller values come first.
        drawn = -near.of(near.law.drawn(rng, AT_A_TIME))
        leading = np.argpartition(drawn, min(FIRST, len(reached)) - 1, axis=1)[:, :FIRST]
        first[reached] += np.bincount(leading.ravel(), minlength=len(reached))
        ahead = drawn[:, None] < drawn[:, at_listed, None]
        found[start : start + AT_A_TIME] = 1 + np.count_nonzero(ahead, axis=2)
    return first, found


def _in_reach(key: Key, listed: Whole) -> Whole:
    """Return the areas, in order, that could be ahead of a listed one or among the first five in any draw."""
    least, most = (key.of(key.law.quantile(share) - key.law.expected) for share in (NEVER, 1 - NEVER))
    leading = np.argsort(-key.of(key.law.excess), kind="stable")[:FIRST]
    return np.flatnonzero(most >= least[np.concatenate([leading, listed])].min())
