"""Small counts removed for a public version, together with the counts that would reveal them.

A count below 5 is not shown. A count that can be found by subtraction is not shown either: the crime types of an area
add up to its `sac`, and the areas add up to the totals, so a single gap could be filled in. Every gap therefore has a
second gap in its area and another in its crime type, and the gaps of a row or column together have at least 5 crimes in
both periods. As no count is below 0, one can still follow exactly; then more are hidden.

Figures derived from a hidden count are hidden too. The model's figures for the other areas are rounded to whole crimes:
with many decimals, the sum of squares of all counts could be calculated from them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.errors import InputError

#: Counts below this are not shown.
SMALL = 5
#: Columns of Change that reveal nothing about an area's counts, and those that say no more than the counts shown.
KEPT = ("area_id", "area_name", "crime_type", "months_compared", "baseline_periods")
OF_COUNTS = ("baseline_count", "baseline_mean", "current_count", "change", "change_pct")
#: Decimals for the model's columns.
ROUNDED = {
    "expected": 0, "normal_low": 0, "normal_high": 0, "excess": 0, "level": 0,
    "ratio": 2, "ratio_low": 2, "ratio_high": 2, "p_value": 2, "prob_above": 2, "top5_share": 2,
}  # fmt: skip


def suppressed(
    change: pd.DataFrame,
    *,
    rates: bool = False,
    remade: Callable[[np.ndarray], pd.DataFrame] | None = None,
) -> tuple[pd.DataFrame, int]:
    """Return the public Change table, and the number of rows hidden.

    `rates`: target hardening is ranked per 1,000 households. `remade` takes which rows are left out, and returns the
    table with other figures of the model, from which no count left out follows.

    A hidden row keeps its names and periods and has the verdict "not known". All else in it is missing. The others are
    ranked among themselves.

    Raises
    ------
    InputError
        If all areas together have fewer than 5 crimes of a type, so that even a total is small.
    """
    # An area that is not known is in no total. Counted as zero, it would hide another area, as if that were small too.
    areas = list(dict.fromkeys(change.loc[change["current_count"].notna(), "area_id"]))
    # Where a type is missing there is no `sac`, and nothing adds up to it.
    counted = set(change.loc[change["current_count"].notna(), "crime_type"])
    whole = counted.issuperset(tables.SAC_TYPES)
    kinds = [kind for kind in tables.CRIME_TYPES if whole or (kind in counted and kind != "sac")]
    hidden = hide(_counts_in(change, areas, kinds), whole=whole)
    position = pd.Index(areas).get_indexer(pd.Index(change["area_id"]))
    kind = pd.Index(kinds).get_indexer(pd.Index(change["crime_type"]))
    there = (position >= 0) & (kind >= 0)
    out = ~there
    out[there] = hidden[position[there], kind[there]]
    public = remade(out) if remade and hidden.any() else change.copy()
    for name, decimals in ROUNDED.items():
        public[name] = public[name].astype(float).round(decimals)
    # The rate of a level with decimals would tell them: households are known to all.
    a_crime = change["level_per_1000_households"].astype(float) / change["level"].astype(float)
    public["level_per_1000_households"] = (public["level"] * a_crime).round(1)
    shown = {*OF_COUNTS, *ROUNDED, *tables.RANKS, "level_per_1000_households"}
    for column in tables.CHANGE.columns:
        if column.name not in KEPT and column.kind != "text":
            # Others could reveal a small count: with few crimes, the share within 50 m of the boundary does.
            gone = out | (column.name not in shown)
            public[column.name] = public[column.name].astype("Float64").mask(gone)
    # A gap in the ranks would tell that a hidden area stands before those shown.
    for name in tables.RANKS:
        public[name] = public.groupby("crime_type")[name].rank().astype("Float64")
    if rates:
        # As the rates shown, which are of whole levels.
        keys = ["level_per_1000_households", "hardening_rank"]
        ranked = public[public["hardening_rank"].notna()].sort_values(keys, ascending=[False, True]).index
        public.loc[ranked, "hardening_rank"] = np.arange(1.0, len(ranked) + 1)
    public["verdict"] = public["verdict"].mask(out, "not known")
    return public, int(hidden.sum())


def _counts_in(change: pd.DataFrame, areas: list[str], kinds: list[str]) -> np.ndarray:
    """Return (periods × areas × crime types) counts; of a map of the level alone there is one period."""
    counts = [
        change.pivot_table(index="area_id", columns="crime_type", values=name, sort=False)
        .reindex(index=areas, columns=kinds)
        .fillna(0)
        .to_numpy(float)
        for name in ("baseline_count", "current_count")
        if change[name].notna().any()
    ]
    return np.stack(counts)


def hide(counts: np.ndarray, *, whole: bool = True) -> np.ndarray:
    """Return which cells to hide, from counts of shape (baseline and current, areas, crime types).

    `whole`: the first of the types is `sac`, to which the others add up.

    Raises
    ------
    InputError
        If the total of all areas is below 5.
    """
    if counts.shape[1] == 0 or (counts.sum(axis=1) < SMALL).any():
        raise InputError(
            f"All areas together have fewer than {SMALL} crimes of a type, so no public version can be made.",
            "Take longer periods, or leave --suppress-small out and keep the page restricted.",
        )
    hidden: np.ndarray = np.any(counts < SMALL, axis=0)
    while True:
        before = hidden.copy()
        for area in np.flatnonzero(hidden.any(axis=1)) if whole else ():
            _hide_companions(hidden[area, 1:], counts[:, area, 1:])
            hidden[area, 1:] |= hidden[area, 0]
        for kind in np.flatnonzero(hidden.any(axis=0)):
            _hide_companions(hidden[:, kind], counts[:, :, kind])
        done = (hidden == before).all()
        if done and whole and any(given_away(hidden, period).any() for period in counts):
            done = not _hide_one_more(hidden, counts)
        if done:
            return hidden


def given_away(hidden: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return which hidden cells follow exactly from those shown.

    `counts` are of one period, (areas, crime types), `sac` first.
    A count can be another one where crimes can move within its area from one hidden type to another, and back in other
    areas, so that every sum stays. A count of 0 can only gain. `sac` is the sum of the others: it gains with them.
    """
    some = counts > 0
    loses, gains = hidden & some, hidden.copy()
    loses[:, 0], gains[:, 0] = hidden[:, 0], hidden[:, 0] & some[:, 0]
    moves = loses[:, :, None] & gains[:, None, :] & ~np.eye(hidden.shape[1], dtype=bool)
    # By how many other areas crimes can get from a type to another, directly or by way of third ones.
    elsewhere = moves.sum(axis=0) - moves
    for _ in range(2):
        elsewhere = (elsewhere > 0) + (elsewhere > 0) @ (elsewhere > 0).astype(int)
    round_trip = moves & (elsewhere > 0).swapaxes(1, 2)
    return np.asarray(hidden & ~round_trip.any(axis=1) & ~round_trip.any(axis=2))


def _hide_one_more(hidden: np.ndarray, counts: np.ndarray) -> bool:
    """Hide the smallest cell shown, in an area that has gaps if one is left there; say whether any was shown."""
    beside = ~hidden & hidden.any(axis=1, keepdims=True)
    shown = beside if beside.any() else ~hidden
    hidden[np.unravel_index(np.where(shown, counts.min(axis=0), np.inf).argmin(), hidden.shape)] = True
    return bool(shown.any())


def _hide_companions(hidden: np.ndarray, counts: np.ndarray) -> None:
    """Hide the smallest cells of a row or column until two or more are hidden, with 5 crimes in both periods."""
    order = np.argsort(counts.min(axis=0), kind="stable")
    for cell in order[~hidden[order]]:
        if not hidden.any() or (hidden.sum() >= 2 and (counts[:, hidden].sum(axis=1) >= SMALL).all()):
            return
        hidden[cell] = True
