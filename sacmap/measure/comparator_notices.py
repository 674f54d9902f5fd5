"""The notices that what the areas are compared with is a weak comparator, or unlike them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.measure.comparator import NOTHING, SMALL_REST, UNFIT, Comparator, doubt_pct
from sacmap.notices import Notice

#: The code of the notice that the areas are compared with few crimes, or with none.
WEAK = "weak-comparator"
#: The code of the notice that what the areas follow changed quite unlike them.
UNLIKE = "unlike-comparator"
#: What is followed is unlike the areas if its change differs from theirs by more than the first factor, beyond chance;
#: it is no guide if that of all crimes together differs by more than the second.
UNLIKE_FACTOR, UNFIT_FACTOR = 1.5, 2.0
#: The rest of the force is a weak comparator if more than this share has no location.
MOSTLY = 0.5
#: Warn if chance could change the comparator by more than this many %.
DOUBT_PCT = 10.0


def weak_comparator(comparator: Comparator, mine: pd.DataFrame, mapped: np.ndarray) -> Iterator[Notice]:
    """Warn if the comparator is too small, or consists mostly of crimes without a location.

    `mine` is the SAC of the study's forces in the months compared; `mapped` has counts (areas × periods × types).
    """
    doubt = doubt_pct(comparator, mapped)
    rest = mine[mine["area_id"].isna()]
    nowhere = float(rest["lon"].isna().mean()) if len(rest) else 0.0
    if comparator.kind == "force" and (len(rest) < SMALL_REST * len(mine) or nowhere > MOSTLY):
        size = (
            f"the rest has only about {len(rest) / mapped.shape[1]:,.0f} a period, {100 * nowhere:.0f}% of them with "
            "no location"
            if len(rest)
            else "the rest has none"
        )
        yield Notice(
            UNFIT,
            "The rest of the force is no good guide to what to expect. The areas have "
            f"{100 * (1 - len(rest) / max(len(mine), 1)):.0f}% of the force's crimes; {size}. Do not rely on the "
            "verdicts; compare with the rest of the areas instead (--comparator areas).",
        )
    elif comparator.kind == "areas" and comparator.words == NOTHING:
        yield Notice(
            WEAK,
            "Only one area has crimes, so it is compared with its own baseline and not with other areas. This does not "
            "show whether crime changed in the same way elsewhere. A comparison with the rest of the force does.",
        )
    elif doubt > DOUBT_PCT:
        yield Notice(
            WEAK,
            f"The comparison is shaky: give or take {doubt:.0f}%. The areas are compared with few crimes, and chance "
            "alone could change those, and so every expected count, by that much.",
        )


def unlike_comparator(comparator: Comparator, mapped: Mapping[str, np.ndarray]) -> Iterator[Notice]:
    """Warn if what is followed changed quite otherwise than the areas: it may lack months or crime types.

    Many areas would look like a rise, or like a fall. The crimes of a police force as a whole never changed by twice as
    much or as little as the nation's in any of 13 years, and those of a district seldom by half as much again. The log
    of a ratio of Poisson counts has the variance Σ 1/n; twice its root is left to chance. `mapped` has the counts of
    all areas by period, of the crime types that are known.
    """
    known = [kind for kind in mapped if kind in comparator.sums]
    for kind in known:
        theirs, ours = comparator.sums[kind], mapped[kind]
        four = np.array([theirs[-1], theirs[:-1].sum(), ours[-1], ours[:-1].sum()])
        if not (four > 0).all():
            continue
        beside = np.log(four[0] / four[1]) - np.log(four[2] / four[3])
        beyond_chance = abs(beside) - 2 * np.sqrt((1 / four).sum())
        if beyond_chance > np.log(UNLIKE_FACTOR):
            # Of a crime type among others, the readings of the others stand.
            unfit = beyond_chance > np.log(UNFIT_FACTOR) and (kind == "sac" or len(known) == 1)
            there, here = (100 * sums[-1] / sums[:-1].mean() for sums in (theirs, ours))
            means = "rise" if beside < 0 else "fall"
            yield Notice(
                UNFIT if unfit else UNLIKE,
                f"The areas changed unlike what they are compared with. Of {tables.IN_WORDS[kind]}, for every 100 "
                f"before there are {there:,.0f} in {comparator.words} now, and {here:,.0f} in the areas. "
                + (
                    "That is no good guide to what to expect: do not rely on the verdicts."
                    if unfit
                    else f"So many areas can look like a {means}."
                )
                + " Check that both have whole months and the same crime types in every period, or compare with "
                f"{comparator.instead}.",
            )
            return
