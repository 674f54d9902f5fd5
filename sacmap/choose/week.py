"""Choose adjoining areas for a week of action, the buffer around them, and areas to compare them with.

Areas are positions in a list; `near[position]` is the set of positions that adjoin it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Near = Sequence[frozenset[int]]
Positions = tuple[int, ...]

#: All connected sets are tried, up to this size of a set and number of sets: those of three among 5,000 areas.
EXACT_SIZE, EXACT_SETS = 5, 100_000
#: Otherwise, sets are grown from this many areas with the largest excess.
SEEDS = 40
#: Number of sets shown: the best and its alternatives.
SHOWN = 3
#: Number of draws handled at a time.
AT_A_TIME = 50

#: A fall counts as seen at a one-tailed p below 0.1, and should be seen in two cases out of three.
Z_TENTH, Z_TWO_THIRDS = 1.2815515655446004, 0.4307272992954576


@dataclass(frozen=True)
class Choice:
    """A set of adjoining areas; excess: their total excess; best_share: share of draws in which the set is best."""

    positions: Positions
    excess: float
    best_share: float


def choose(excess: Floats, drawn: Floats, near: Near, size: int) -> list[Choice]:
    """Return the three sets of `size` adjoining areas with the largest excess, the best first.

    The search is exact up to five areas in a set and 100,000 sets in all. Otherwise, sets are grown from the areas
    with the largest excess, and members are exchanged while that helps. There are fewer sets if too few areas adjoin.

    `excess` is (n,) crimes, NaN where not known; `drawn` is (n, draws) the same, drawn from the distribution of the
    present rates.
    """
    known = np.isfinite(excess)
    open_to = [
        frozenset(b for b in near[a] if known[b]) if known[a] else frozenset() for a in range(len(near))
    ]
    sets = every_set(open_to, np.flatnonzero(known), size)
    if sets is not None:
        return _exact(excess, drawn, sets)
    best = grown_sets(excess, open_to, size)[:SHOWN]
    if not best:
        return []
    won: dict[Positions, int] = {}
    for draw in drawn.T:
        found = grown_sets(np.where(known, draw, np.nan), open_to, size, most=1)
        won[found[0]] = won.get(found[0], 0) + 1
    return [Choice(p, float(excess[list(p)].sum()), won.get(p, 0) / drawn.shape[1]) for p in best]


def _exact(excess: Floats, drawn: Floats, sets: NDArray[np.intp]) -> list[Choice]:
    if not len(sets):
        return []
    totals = excess[sets].sum(axis=1)
    won = np.zeros(len(sets), dtype=np.int64)
    for start in range(0, drawn.shape[1], AT_A_TIME):
        part = drawn[:, start : start + AT_A_TIME]
        sums = part[sets[:, 0]].copy()
        for column in range(1, sets.shape[1]):
            sums += part[sets[:, column]]
        won += np.bincount(np.argmax(sums, axis=0), minlength=len(sets))
    order = np.argsort(-totals, kind="stable")[:SHOWN]
    return [
        Choice(tuple(int(p) for p in sets[at]), float(totals[at]), float(won[at] / drawn.shape[1]))
        for at in order
    ]


def every_set(near: Near, among: Iterable[int], size: int) -> NDArray[np.intp] | None:
    """Return every connected set of `size` areas, shape (sets, size), or None if there are too many.

    Each set is found once, grown from its first member by later areas (Wernicke 2006).
    """
    roots = sorted(int(area) for area in among)
    if size > EXACT_SIZE:
        return None
    masks = [sum(1 << b for b in around) for around in near]
    found: list[int] = []
    for root in roots:
        later = -1 << (root + 1)
        waiting = [(1 << root, masks[root] & later, masks[root] | 1 << root)]
        while waiting:
            chosen, candidates, seen = waiting.pop()
            if chosen.bit_count() == size:
                found.append(chosen)
                if len(found) > EXACT_SETS:
                    return None
                continue
            while candidates:
                bit = candidates & -candidates
                candidates ^= bit
                around = masks[bit.bit_length() - 1]
                waiting.append((chosen | bit, candidates | (around & later & ~seen), seen | around))
    members = sorted(_members(mask) for mask in found)
    return np.array(members, dtype=np.intp).reshape(len(members), size)


def _members(mask: int) -> Positions:
    members = []
    while mask:
        bit = mask & -mask
        members.append(bit.bit_length() - 1)
        mask ^= bit
    return tuple(members)


def grown_sets(excess: Floats, near: Near, size: int, *, most: int = SHOWN) -> list[Positions]:
    """Return up to `most` good sets of `size` adjoining areas, the best first.

    A set is grown from each of the areas with the largest excess, by always adding the best adjoining area. Then
    members are exchanged, the best exchange first, until none helps. Alternatives include the single exchanges of the
    best set.
    """
    known = np.flatnonzero(np.isfinite(excess))
    order = known[np.argsort(-excess[known], kind="stable")]
    value = excess.tolist()
    # An area is worth its own excess; or, to see one step further, that and its best neighbour's.
    ahead = [one + max((value[b] for b in near[a]), default=0.0) for a, one in enumerate(value)]
    found: dict[frozenset[int], float] = {}
    ends: dict[frozenset[int], frozenset[int]] = {}
    seeds = 0
    for seed in order.tolist():
        both = (_grow(seed, worth, near, size) for worth in (value, ahead))
        grown = {start for start in both if start is not None}
        for start in grown:
            better = _swapped(start, value, near, ends)
            found[better] = sum(value[p] for p in better)
        seeds += bool(grown)
        if seeds == SEEDS:
            break
    if most > 1 and found:
        best = max(found, key=lambda members: (found[members], tuple(sorted(members))))
        found |= {other: sum(value[p] for p in other) for other in _exchanges(best, near)}
    ranked = sorted(found, key=lambda members: (-found[members], tuple(sorted(members))))
    return [tuple(sorted(members)) for members in ranked[:most]]


def _grow(seed: int, worth: Sequence[float], near: Near, size: int) -> frozenset[int] | None:
    """Grow a set by the adjoining area that is worth most; None if too few adjoin."""
    chosen, around = {seed}, set(near[seed])
    while len(chosen) < size:
        if not around:
            return None
        best = max(around, key=lambda area: (worth[area], -area))
        chosen.add(best)
        around = (around | near[best]) - chosen
    return frozenset(chosen)


def _swapped(
    chosen: frozenset[int], value: Sequence[float], near: Near, ends: dict[frozenset[int], frozenset[int]]
) -> frozenset[int]:
    """Exchange members until that no longer helps. Sets that were met before lead where they led: see `ends`."""
    met = []
    while chosen not in ends:
        met.append(chosen)
        better = _exchanged(chosen, value, near)
        if better == chosen:
            break
        chosen = better
    end = ends.get(chosen, chosen)
    ends.update(dict.fromkeys(met, end))
    return end


def _exchanged(chosen: frozenset[int], value: Sequence[float], near: Near) -> frozenset[int]:
    """Return the set after the exchange of one member that gains most, or the set itself if none gains."""
    around = sorted(buffer_of(chosen, near), key=lambda p: (-value[p], p))
    gain, better = 1e-12, chosen
    for out in sorted(chosen):
        rest, parts = chosen - {out}, None
        for new in around:
            if value[new] - value[out] <= gain:
                break
            parts = parts or _parts_of(rest, near)
            # The new area must join all that is left.
            if not any(part.isdisjoint(near[new]) for part in parts):
                gain, better = value[new] - value[out], rest | {new}
                break
    return better


def _exchanges(chosen: frozenset[int], near: Near) -> list[frozenset[int]]:
    tried = [chosen - {out} | {new} for out in chosen for new in buffer_of(chosen, near)]
    return [other for other in tried if connected(other, near)]


def connected(areas: Iterable[int], near: Near) -> bool:
    """Whether the areas are connected: each can be reached from every other without leaving the set."""
    return len(_parts_of(areas, near)) == 1


def _parts_of(areas: Iterable[int], near: Near) -> list[set[int]]:
    """Return the parts of a set of areas that are not connected with one another."""
    left, parts = set(areas), []
    while left:
        edge = {left.pop()}
        part = set(edge)
        while edge:
            edge = {b for a in edge for b in near[a] if b in left}
            left -= edge
            part |= edge
        parts.append(part)
    return parts


def buffer_of(areas: Iterable[int], near: Near) -> Positions:
    """Return the areas that adjoin any of `areas`, to which crime could be displaced."""
    chosen = frozenset(areas)
    return tuple(sorted(frozenset().union(*(near[p] for p in chosen)) - chosen))


def nearest_like(
    areas: Iterable[int], candidates: Iterable[int], counts: Floats, before: Floats
) -> Positions:
    """Return, for each of `areas`, the unused candidate that is most similar in level and past trend.

    counts and before are (n,) crimes in the current period and per baseline period. The distance uses the logarithms of
    the count and of its ratio to the baseline, with half a crime added to each.
    """
    level, trend = np.log(counts + 0.5), np.log((counts + 0.5) / (before + 0.5))
    free = set(candidates)
    taken: list[int] = []
    for area in sorted(areas, key=lambda p: (-counts[p], p)):
        if free:
            apart = {c: math.hypot(level[c] - level[area], trend[c] - trend[area]) for c in free}
            chosen = min(free, key=lambda c: (apart[c], c))
            free.remove(chosen)
            taken.append(chosen)
    return tuple(sorted(taken))


@dataclass(frozen=True)
class Sides:
    """The areas of an evaluation: the target, its buffer, and the few most similar areas to each.

    untouched are all areas that may be in a control: not in the target or the buffer, and without money.
    """

    target: Positions
    buffer: Positions
    control: Positions
    buffer_control: Positions
    untouched: Positions


def sides(
    target: Positions, near: Near, counts: Floats, before: Floats, *, funded: Iterable[int] = ()
) -> Sides:
    """Return the buffer around a target, and for both the control areas most similar in level and trend.

    counts and before are as in `nearest_like`. Areas where they are NaN are left out. Areas that get money are not in
    any control. The buffer has no control if fewer areas are left than it has.
    """
    known = {area for area in range(len(near)) if np.isfinite(counts[area])}
    buffer = tuple(area for area in buffer_of(target, near) if area in known)
    free = known - set(target) - set(buffer) - set(funded)
    control = nearest_like(target, free, counts, before)
    left = free - set(control)
    # Compared with fewer areas, the difference in size would look like a change.
    buffer_control = nearest_like(buffer, left, counts, before) if len(left) >= len(buffer) else ()
    return Sides(target, buffer, control, buffer_control, tuple(sorted(free)))


def smallest_detectable_fall(treated: float, control: float, variation: float = 0.0) -> float:
    """Return how many crimes must be prevented for the fall to be seen in two cases out of three, one-tailed p < 0.1.

    treated and control are the counts before; apart from the crimes prevented, they are assumed to stay the same. The
    variance is the sum of the four counts plus `variation`, for the volatility of the areas. With counts of 20 each the
    answer is 14 crimes; with 100 each, 33.
    """
    square = (Z_TENTH + Z_TWO_THIRDS) ** 2
    variance = 2 * (treated + control) + variation
    # d = z √(variance − d), because prevented crimes no longer count.
    return (-square + math.sqrt(square**2 + 4 * square * variance)) / 2
