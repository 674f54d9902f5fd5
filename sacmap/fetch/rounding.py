"""Find crimes whose coordinates are rounded: a spreadsheet, or a person, may have done it to all or to some months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from sacmap import months
from sacmap.notices import listed

#: Locations are called rough if at least this share of the different ones are rounded. Fewer than so many say nothing,
#: unless they have so many crimes.
MOSTLY, ENOUGH_POINTS, MANY_CRIMES = 0.5, 20, 50
#: How far apart locations are that have so few decimals of a degree.
ROUGH_DECIMALS = {2: "a kilometre", 3: "100 m"}


def rounding_of(
    places: pd.DataFrame, month: pd.Series, steps: Mapping[float, str]
) -> Iterator[tuple[str, str]]:
    """Yield the words for what locations are rounded to, and in which months: "" for all of them together.

    `places` has two columns, a row for each crime, as `month`. One file of several may have been saved otherwise.
    """
    there = places.dropna()
    # What is rounded to a step is rounded to any finer one. In nearly all files nothing is.
    if not (_on(there, min(steps)).groupby(month, observed=True).mean() >= MOSTLY / 2).any(axis=None):
        return
    whole = _rounded_by(places, pd.Series("", places.index), steps)
    if whole:
        yield "", whole[""]
        return
    found: dict[str, list[str]] = {}
    for label, words in sorted(_rounded_by(places, month, steps).items()):
        found.setdefault(words, []).append(months.in_words(label))
    for words, several in found.items():
        yield f" in {listed(several, 3, ', ')}", words


def _rounded_by(places: pd.DataFrame, group: pd.Series, steps: Mapping[float, str]) -> dict[str, str]:
    """Return what most different locations of each group are rounded to, by the words for each step.

    One coordinate rounded alone is as bad. Of few locations nothing is said.
    """
    crimes = places.assign(group=group.astype("category")).dropna()
    points = crimes.drop_duplicates()
    many, often = (rows["group"].value_counts() for rows in (points, crimes))
    enough = set(many.index[(many >= ENOUGH_POINTS) | (often.reindex(many.index) >= MANY_CRIMES)])
    found: dict[str, str] = {}
    for step, words in steps.items():
        shares = _on(points[list(places)], step).groupby(points["group"], observed=True).mean()
        for label in shares.index[(shares >= MOSTLY).any(axis=1)]:
            if label in enough:
                found.setdefault(str(label), words)
    return found


def _on(places: pd.DataFrame, step: float) -> pd.DataFrame:
    """Mark the coordinates that are a multiple of a step."""
    parts = places / step
    return (parts - parts.round()).abs() < 1e-7
