"""Sentences for officers: the count first, plain words, never more than the data carry."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from sacmap import tables
from sacmap.measure.comparator import NOTHING, UNFIT

#: One flag in so many is chance, by the simulation of docs/method.md with three baseline years: 0.18 of 1.21 clear
#: rises a map, 1.15 of 2.37 possible ones.
CHANCE_ONE_IN = {"clear": 7, "possible": 2}
MONTHS_A_YEAR = 12
#: What makes a browser show the figures after it in another order than they are written.
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def apart(text: str) -> str:
    """Return text of data to stand in a sentence: where it turns the direction of text, it turns none but its own."""
    return f"\u2068{text}\u2069" if _TURNS.search(text) else text


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
    in_words: Mapping[str, str] = tables.IN_WORDS,
    notices: Iterable[str] = (),
) -> str:
    """Return the page's first sentence; `in_words` says what each crime type is called, `notices` are the codes told.

    "Serious acquisitive crime fell 4% in Northampton; the rest of the force fell 9%. 3 of 33 neighbourhoods rose
    clearly."
    """
    rows = change[change["crime_type"] == crime_type]
    if "absent-types" in notices and len(rows) and set(rows["verdict"]) == {"not known"}:
        return f"{in_words[crime_type].capitalize()} in {place} is not known: the crimes given do not hold it whole."
    said = f"{in_words[crime_type].capitalize()} {percent(totals['change_pct'])} in {place}"
    if comparator.get("name") not in {"areas", "none"} and comparator.get("change_pct") is not None:
        said += f"; {words} {percent(comparator['change_pct'])}"
    if UNFIT in notices:
        return f"{said}. That is no fit comparison: do not rely on the readings of neighbourhoods."
    return f"{said}. {_how_many(rows['verdict'])}"


def neighbourhoods(count: int) -> str:
    """Return "1 neighbourhood" or "33 neighbourhoods"."""
    return f"{whole(count)} neighbourhood{'' if count == 1 else 's'}"


def _how_many(verdicts: pd.Series) -> str:
    """Say how many of the areas changed clearly; one that is not known has not been found to be as it was."""
    rises, falls, unknown = (
        int((verdicts == verdict).sum()) for verdict in ("clear rise", "clear fall", "not known")
    )
    known = len(verdicts) - unknown
    if not known:
        return f"Of {neighbourhoods(unknown)} nothing is known."
    counted = [f"{n} {did} clearly" for n, did in ((rises, "rose"), (falls, "fell")) if n]
    if counted:
        first, *more = counted
        said = " and ".join([first.replace(" ", f" of {neighbourhoods(known)} ", 1), *more])
    else:
        said = f"None of {neighbourhoods(known)} changed more than chance would"
    rest = f"; {whole(unknown)} {'is' if unknown == 1 else 'are'} not known" if unknown else ""
    return f"{said}{rest}."


def sentences(
    row: Mapping[str, Any], words: str = "the rest of the areas", comparator_pct: float | None = None
) -> str:
    """Return one or two sentences on a row of the Change table.

    `words` names what the expected count follows and `comparator_pct` is the change of that, in %, or None where it
    is not known: "63 crimes; 41 a year before. Expected about 44 had it followed the rest of the force, which rose
    7% (normal range 22 to 72). Up 19 on the expected, within the normal range."
    """
    pattern = pattern_of(row, words, comparator_pct)
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
    # A tenth is rounded half up here and in the page's script: the two say the same of 2.25.
    return (
        whole(value)
        if value >= 10 or float(value).is_integer()
        else f"{math.floor(value * 10 + 0.5) / 10:.1f}"
    )


def pattern_of(row: Mapping[str, Any], words: str, comparator_pct: float | None = None) -> str:
    """Return the sentence of a row with {crimes}, {before}, {expected}, {normal_low}, {normal_high}, {step} open.

    The page fills in the same pattern, so that what is said is decided, and tested, here alone.
    """
    verdict = row["verdict"]
    if verdict == "not known" or pd.isna(row["current_count"]):
        return (
            "Not known: no boundary, no complete month to compare, or a count left out of a public version."
        )
    others = words.replace("{", "(").replace("}", ")")  # no brace in a force's name may open a number
    follows = words != NOTHING
    moved = percent(comparator_pct) if follows and comparator_pct is not None else ""
    said = f"{{crimes}}; {_before(row)}"
    if verdict == "too few to tell":
        while_others = f", while {others} {moved}" if moved else ""
        return f"{said}{while_others}. Too few to tell a change from chance."
    had = f"had it followed {others}" if follows else "had nothing changed"
    which = f", which {moved}" if moved else ""
    expected = f"Expected about {{expected}} {had}{which} (normal range {{normal_low}} to {{normal_high}})."
    return f"{said}. {expected} {_reading(row)}"


def _before(row: Mapping[str, Any]) -> str:
    if row["baseline_mean"] == 0:
        return "none before"
    if row["baseline_periods"] == 1:
        return "{before} before"
    return f"{{before}} a {'year' if row['months_compared'] == MONTHS_A_YEAR else 'period'} before"


def _reading(row: Mapping[str, Any]) -> str:
    verdict, now, step = row["verdict"], row["current_count"], row["current_count"] - row["expected"]
    one_in = CHANCE_ONE_IN.get(verdict.split(maxsplit=1)[0])
    if one_in:
        return f"A {verdict}: about 1 in {one_in} such flags is chance."
    if abs(step) < 0.5:
        return "As expected."
    said = f"{'Up' if step > 0 else 'Down'} {{step}} on the expected"
    # The range is each area's own; a verdict weighs all areas, of which one in twenty lies outside by chance alone.
    if now < row["normal_low"] or now > row["normal_high"]:
        return f"{said} and outside the normal range, as about 1 area in 20 is by chance."
    return f"{said}, within the normal range."
