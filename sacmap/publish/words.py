"""Sentences for officers: the count first, plain words, never more than the data carry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sacmap import tables

#: One clear flag in so many is chance, with ten in a hundred allowed and three in four of those found true: METHODS'
#: simulation gives 0.18 false of 1.21 clear rises a map.
ONE_IN = 7


def whole(value: float) -> str:
    """Return a count as people write it: 1,234. Halves are rounded away from zero, and there is no minus nought."""
    rounded = math.floor(abs(value) + 0.5)
    return f"{'−' if value < 0 and rounded else ''}{rounded:,}"


def crimes(count: float) -> str:
    """Return "1 crime" or "63 crimes"."""
    return f"{whole(count)} crime{'' if round(count) == 1 else 's'}"


def percent(change: float | None) -> str:
    """Return "rose 6%", "fell 4%", "stayed the same"; of a change that cannot be given, "has no percentage"."""
    if change is None or pd.isna(change):
        return "has no percentage, as the baseline is zero"
    if abs(change) < 0.5:
        return "stayed the same"
    return f"{'rose' if change > 0 else 'fell'} {whole(abs(change))}%"


def headline(
    place: str,
    crime_type: str,
    totals: Mapping[str, float | None],
    change: pd.DataFrame,
    *,
    comparator: Mapping[str, Any],
    words: str,
) -> str:
    """Return the page's first sentence.

    "Serious acquisitive crime fell 4% in Northampton; the rest of the force fell 9%. 3 of 33 neighbourhoods rose
    clearly."
    """
    rows = change[change["crime_type"] == crime_type]
    said = f"{tables.IN_WORDS[crime_type].capitalize()} {percent(totals['change_pct'])} in {place}"
    if comparator.get("name") not in {"areas", "none"} and comparator.get("change_pct") is not None:
        said += f"; {words} {percent(comparator['change_pct'])}"
    rises = int((rows["verdict"] == "clear rise").sum())
    falls = int((rows["verdict"] == "clear fall").sum())
    return f"{said}. {_how_many(rises, falls, len(rows))}"


def _how_many(rises: int, falls: int, areas: int) -> str:
    neighbourhoods = f"{whole(areas)} neighbourhood{'' if areas == 1 else 's'}"
    if not rises and not falls:
        return f"None of {neighbourhoods} changed more than chance would."
    if not falls:
        return f"{rises} of {neighbourhoods} rose clearly."
    if not rises:
        return f"{falls} of {neighbourhoods} fell clearly."
    return f"{rises} of {neighbourhoods} rose clearly and {falls} fell clearly."


def sentences(row: Mapping[str, Any], words: str = "the rest of the areas") -> str:
    """Return one or two sentences on a row of the Change table, `words` naming what the expected count follows.

    "63 crimes; 41 a period before. Expected about 44 had it followed the rest of the force (normal range 22 to 72).
    Up 19 on the expected, within the normal range."
    """
    pattern = pattern_of(row, words)
    if "{" not in pattern:
        return pattern
    return pattern.format(
        crimes=crimes(row["current_count"]),
        before=mean(row["baseline_mean"]),
        step=whole(abs(row["current_count"] - row["expected"])),
        **{name: whole(row[name]) for name in ("expected", "normal_low", "normal_high")},
    )


def mean(value: float) -> str:
    """Return a mean count as people write it: 41, or 2.3 where it is small and not whole."""
    return whole(value) if value >= 10 or float(value).is_integer() else f"{value:.1f}"


def pattern_of(row: Mapping[str, Any], words: str) -> str:
    """Return the sentence of a row with {crimes}, {before}, {expected}, {normal_low}, {normal_high}, {step} open.

    The page fills in the same pattern, so that what is said is decided, and tested, here alone.
    """
    verdict = row["verdict"]
    if verdict == "not known" or pd.isna(row["current_count"]):
        return "Not known: there is no boundary or no complete month to compare."
    if row["baseline_mean"] == 0:
        before = "none before"
    else:
        before = "{before} before" if row["baseline_periods"] == 1 else "{before} a period before"
    said = f"{{crimes}}; {before}."
    if verdict == "too few to tell":
        return f"{said} Too few to tell a change from chance."
    had = "had nothing changed" if words == "the baseline" else f"had it followed {_braced(words)}"
    expected = f"Expected about {{expected}} {had} (normal range {{normal_low}} to {{normal_high}})."
    return f"{said} {expected} {_reading(verdict, row['current_count'] - row['expected'])}"


def _braced(text: str) -> str:
    """Return a force's name such that no brace in it opens a number."""
    return text.replace("{", "(").replace("}", ")")


def _reading(verdict: str, step: float) -> str:
    if verdict in {"clear rise", "clear fall"}:
        return f"A {verdict}: about 1 in {ONE_IN} such flags is chance."
    if verdict in {"possible rise", "possible fall"}:
        return f"A {verdict}: about 2 in 3 such are real, so it could be chance."
    if abs(step) < 0.5:
        return "As expected."
    return f"{'Up' if step > 0 else 'Down'} {{step}} on the expected, within the normal range."
