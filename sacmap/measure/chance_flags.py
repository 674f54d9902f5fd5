"""How sure a map can be, in sentences: how many of its flags chance makes, and how large a rise it could have seen.

The page, the workbook and the record take their words from here. The shares of chance are measured on real maps by
`benchmarks/flags.py`: flags of the counts with their months dealt anew between the years, beside those as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from sacmap import tables

#: Areas with at least so many crimes a period, by their median, are compared with wards; below, with LSOAs.
WARDS_FROM = 18.0
#: Expected counts below this say little of how large a rise would be seen.
ENOUGH = 10


class Measured(NamedTuple):
    """What one kind of real map gave.

    source; areas; level: median crimes a year; years of the baseline; clear, possible: least and most share of chance
    among such flags, %.
    """

    source: str
    areas: int
    level: int
    years: int
    clear: tuple[int, int]
    possible: tuple[int, int]


MEASURED = (
    Measured("Welsh LSOAs", 30, 7, 1, (67, 100), (92, 100)),
    Measured("Welsh LSOAs", 30, 6, 2, (64, 89), (64, 100)),
    Measured("Welsh LSOAs", 100, 7, 1, (86, 100), (100, 100)),
    Measured("Welsh LSOAs", 100, 6, 2, (48, 82), (100, 100)),
    Measured("Welsh LSOAs", 281, 7, 1, (100, 100), (100, 100)),
    Measured("Welsh LSOAs", 281, 6, 2, (70, 100), (100, 100)),
    Measured("Welsh LSOAs", 1500, 6, 2, (100, 100), (100, 100)),
    Measured("Welsh LSOAs in fives", 30, 40, 1, (68, 93), (65, 75)),
    Measured("Welsh LSOAs in fives", 30, 39, 2, (49, 67), (77, 99)),
    Measured("Welsh LSOAs in fives", 100, 40, 1, (92, 100), (66, 72)),
    Measured("Welsh LSOAs in fives", 100, 39, 2, (60, 82), (71, 98)),
    Measured("Welsh LSOAs in fives", 281, 40, 1, (78, 100), (74, 76)),
    Measured("Welsh LSOAs in fives", 281, 39, 2, (100, 100), (100, 100)),
    Measured("Avon's wards", 30, 36, 1, (93, 100), (88, 100)),
    Measured("Avon's wards", 100, 36, 1, (100, 100), (94, 97)),
    Measured("Avon's wards", 281, 36, 1, (76, 93), (100, 100)),
)


def nearest(areas: int, level: float, years: int) -> Measured:
    """Return the kind of map measured that is most like one of so many areas, crimes a period and baseline periods."""

    def apart(one: Measured) -> tuple[bool, bool, float]:
        sizes = abs(np.log(one.areas / max(areas, 1)))
        return (one.level >= WARDS_FROM) != (level >= WARDS_FROM), one.years != min(years, 2), sizes

    return min(MEASURED, key=apart)


def how_sure(
    change: pd.DataFrame, kind: str, in_words: Mapping[str, str] = tables.IN_WORDS
) -> tuple[str, ...]:
    """Return what is to be said of how sure the readings of a crime type are; nothing where none is known.

    `change` is the Change table; `in_words`: what the crime types are called.
    """
    rows = change[(change["crime_type"] == kind) & (change["verdict"] != "not known")]
    # A table of one's own may hold verdicts and nothing from which they came.
    rows = rows.dropna(subset=["baseline_periods", "expected"])
    if rows.empty:
        return ()
    return (_by_chance(rows), *_could_be_seen(rows, in_words[kind]))


def _by_chance(rows: pd.DataFrame) -> str:
    years = int(rows["baseline_periods"].iloc[0])
    like = nearest(len(rows), float(rows["expected"].median()), years)
    size = "small areas of a few crimes" if like.level < WARDS_FROM else "areas of some tens of crimes"
    before = "one period" if like.years == 1 else "several periods"
    return (
        f"How many flags are chance: on the real maps most like this one ({like.areas:,} {size}, {before} to compare "
        f"with), chance alone makes {_span(like.clear)} of the clear changes and {_span(like.possible)} of the "
        "possible ones."
    )


def _span(share: tuple[int, int]) -> str:
    low, high = share
    return f"about {low}%" if low == high else f"{low} to {high}%"


def must_rise(rows: pd.DataFrame) -> int | None:
    """Return by how many % an area like most must rise to leave its normal range, to the next 5.

    `rows` are those of one crime type. None where most have too few crimes to say.
    """
    high, expected = (rows[name].to_numpy(float, na_value=np.nan) for name in ("normal_high", "expected"))
    enough = (expected >= ENOUGH) & np.isfinite(high)
    if enough.sum() < max(1, np.isfinite(expected).sum() / 2):
        return None
    share = float(np.median(high[enough] / expected[enough])) - 1
    return max(5, 5 * round(20 * share))


def _could_be_seen(rows: pd.DataFrame, what: str) -> tuple[str, ...]:
    """With one baseline period, say how large a rise had to be to be seen."""
    rise = must_rise(rows)
    if int(rows["baseline_periods"].iloc[0]) != 1 or rise is None:
        return ()
    return (
        f"With one period to compare with, {what} in an area like most here must be about {rise}% above the expected "
        "to leave its normal range; with three periods less would do.",
    )
