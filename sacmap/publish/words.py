"""Sentences for officers: the count first, plain words, never more than the data carry."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from sacmap.measure.chance_flags import must_rise
from sacmap.measure.comparator import NOTHING
from sacmap.publish.change_rows import Reading

MONTHS_A_YEAR = 12
#: Names of areas in the headline; the others are counted.
NAMED = 3
#: One crime of each type, and several.
NOUNS = {
    "sac": ("crime", "crimes"),
    "burglary": ("burglary", "burglaries"),
    "robbery": ("robbery", "robberies"),
    "vehicle-crime": ("vehicle crime", "vehicle crimes"),
}
#: What the three crime types are called as one.
TOGETHER = "all three types together"
#: One area in so many is above its normal range by chance alone, and one below it.
ABOVE_BY_CHANCE = 40
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
#: Codes of the Office for National Statistics: what a neighbourhood with such a code is.
_UNITS = (
    (re.compile(r"[EW]05\d{6}"), ("ward", "wards")),
    (re.compile(r"[EW]01\d{6}"), ("LSOA", "LSOAs")),
    (re.compile(r"[EW]02\d{6}"), ("MSOA", "MSOAs")),
)
NEIGHBOURHOOD = ("neighbourhood", "neighbourhoods")
#: What makes a browser show the figures after it in another order than they are written.
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

Unit = tuple[str, str]


def unit_of(area_ids: Iterable[str]) -> Unit:
    """Return what the areas are called, one and several: wards or LSOAs by their codes, else neighbourhoods."""
    ids = list(area_ids)
    for code, unit in _UNITS:
        # A ward of another kind of code among hundreds is a ward too.
        if ids and sum(bool(code.fullmatch(area)) for area in ids) > 0.9 * len(ids):
            return unit
    return NEIGHBOURHOOD


def apart(text: str) -> str:
    """Return text of data to stand in a sentence: where it turns the direction of text, it turns none but its own."""
    return f"\u2068{text}\u2069" if _TURNS.search(text) else text


def whole(value: float) -> str:
    """Return a count as people write it: 1,234. Halves are rounded away from zero, and there is no minus nought.

    What is not known is a dash.
    """
    if math.isnan(value):
        return "–"
    rounded = math.floor(abs(value) + 0.5)
    return f"{'−' if value < 0 and rounded else ''}{rounded:,}"


def whole_number(value: float) -> int:
    """Return a count as it is shown, so that a difference of two is that of what stands beside it."""
    return int(whole(value).replace(",", "").replace("−", "-"))


def signed(value: float) -> str:
    """Return +5, −3 or 0."""
    text = whole(value)
    return f"+{text}" if value > 0 and text != "0" else text


def crimes(count: float, kind: str = "sac") -> str:
    """Return "1 crime", "63 crimes", or "63 burglaries"."""
    return f"{whole(count)} {NOUNS[kind][whole(count) != '1']}"


def mean(value: float) -> str:
    """Return a mean count as people write it: 41, or 2.3 where it is small and not whole."""
    # A tenth is rounded half up here and in the page's script: the two say the same of 2.25.
    return (
        whole(value)
        if value >= 10 or float(value).is_integer()
        else f"{math.floor(value * 10 + 0.5) / 10:.1f}"
    )


def estimate(value: float) -> str:
    """Return what is worked out, not counted (expected, range, level), as people write it: 1,234; below 1 a tenth.

    So that nothing reads "expected 0, now 6". Every list, sentence, table and picture has it from here; the CSV has
    all digits.
    """
    tenth = math.floor(value * 10 + 0.5) / 10 if 0 < value < 1 else 1
    return whole(value) if tenth >= 1 else f"{tenth:.1f}" if tenth else "under 0.1"


def counted(count: int, unit: Unit = NEIGHBOURHOOD) -> str:
    """Return "1 ward" or "33 wards"."""
    return f"{whole(count)} {unit[count != 1]}"


def neighbourhoods(count: int) -> str:
    """Return "1 neighbourhood" or "33 neighbourhoods"."""
    return counted(count)


def number(count: int) -> str:
    """Return a small count in a word: "three"; from eleven on in figures."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else whole(count)


def capital(text: str) -> str:
    """Return a sentence with its first letter large; the others stay as they are."""
    return text[:1].upper() + text[1:]


def series(items: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return "".join(items) if len(items) < 2 else f"{', '.join(items[:-1])} and {items[-1]}"


def percent(change: float | None) -> str:
    """Return "rose 6%", "fell 4%", "stayed the same"; of a change that cannot be given, "has no percentage"."""
    if change is None or pd.isna(change):
        return "has no percentage, as the baseline is zero"
    if abs(change) < 0.5:
        return "stayed the same"
    return f"{'rose' if change > 0 else 'fell'} {whole(abs(change))}%"


def moved(change: float | None) -> str:
    """Return "up 6%", "down 4%", "no change", or "no percentage, as the baseline is zero"."""
    if change is None or pd.isna(change):
        return "no percentage, as the baseline is zero"
    if abs(change) < 0.5:
        return "no change"
    return f"{'up' if change > 0 else 'down'} {whole(abs(change))}%"


def named(names: Sequence[str], unit: Unit, *, most: int = NAMED) -> str:
    """Return the first names and how many more: "A, B, C and 4 more wards"."""
    several = [apart(name) for name in names]
    if len(several) <= most:
        # "A and B, and C and D", where names hold an "and" of their own.
        if len(several) > 1 and any(" and " in name for name in several):
            return f"{', '.join(several[:-1])}, and {several[-1]}"
        return series(several)
    return f"{', '.join(several[:most])} and {counted(len(several) - most, unit).replace(' ', ' more ', 1)}"


def how_sure(kind: str, rows: pd.DataFrame, *, periods: int, months: int, unit: Unit) -> str:
    """Return one sentence or two on what this map could show of a crime type."""
    must = must_rise(rows)
    what = "a year" if months == MONTHS_A_YEAR else "a period"
    if must is None:
        return f"Most {unit[1]} have too few {NOUNS[kind][1]} {what} to tell any ordinary change from chance."
    span = "year" if months == MONTHS_A_YEAR else "period"
    with_ = f"one {span}" if periods == 1 else f"{number(periods)} {span}s"
    said = f"With {with_} to compare, most {unit[1]} must rise about {must}% to pass the grey."
    verdicts = rows.loc[~rows["verdict"].isin(["not known", "too few to tell"]), "verdict"]
    by_chance, above = round(len(verdicts) / ABOVE_BY_CHANCE), int(verdicts.str.endswith(" rise").sum())
    if not by_chance:
        return said
    of_all = f"{number(by_chance)} of {number(len(verdicts))}"
    return f"{said} Chance takes about {of_all} past it; {number(above)} {'is' if above == 1 else 'are'}."


def expected_key(comparator: str) -> str:
    """Return what stands above the first expected counts: what they would have been, and what the grey band is."""
    had = "as many as before" if comparator == NOTHING else f"had it changed like {comparator}"
    return f"Expected: {had}. Grey: the normal range."


def level_key(*, yearly: bool) -> str:
    """Return what stands above the first levels: what a level and a firm rank are."""
    span = "year" if yearly else "period"
    return f"Level: what another such {span} should bring. Firm: surely among the first five."


def level_words(*, yearly: bool) -> str:
    """Return why the level to expect is lower than a high count, where there is one period only."""
    span = "year" if yearly else "period"
    return (
        f"Level to expect: what another such {span} should bring. A high count is partly chance, and one {span} alone "
        "cannot tell how much; so the level lies between the count and that of most others."
    )


def pattern_of(
    row: Reading,
    words: str,
    comparator_pct: float | None = None,
    *,
    among: str = "all neighbourhoods",
) -> str:
    """Return the sentences of a row with {crimes}, {before}, {expected}, {normal_low}, {normal_high}, {step} open.

    The page fills in the numbers. `words` names what the expected count follows; `comparator_pct` is the change of
    that, in %, None if not known; `among` is what a clear change stands out from: "{crimes}; {before} the year before.
    Expected about {expected} had it followed the rest of the force, which rose 7% (normal range {normal_low} to
    {normal_high}): {step} above. Within its normal range."
    """
    verdict = row["verdict"]
    if verdict == "not known" or pd.isna(row["current_count"]):
        return (
            "Not known: no boundary, no complete month to compare, or a count left out of a public version."
        )
    if pd.isna(row["baseline_mean"]):
        return "{crimes}. There is no earlier period to compare with."
    others = words.replace("{", "(").replace("}", ")")  # no brace in a force's name may open a number
    follows = words != NOTHING
    did = percent(comparator_pct) if follows and comparator_pct is not None else ""
    said = f"{{crimes}}; {_before(row)}"
    if verdict == "too few to tell":
        while_others = f", while {others} {did}" if did else ""
        return f"{said}{while_others}. Too few to tell a change from chance."
    had = f"had it followed {others}" if follows else "had nothing changed"
    which = f", which {did}" if did else ""
    range_ = "(normal range {normal_low} to {normal_high})"
    return f"{said}. Expected about {{expected}} {had}{which} {range_}{_step(row)}. {_reading(row, among)}"


def _before(row: Reading) -> str:
    yearly = row["months_compared"] == MONTHS_A_YEAR
    if row["baseline_mean"] == 0:
        return "none before"
    if row["baseline_periods"] == 1:
        return "{before} the year before" if yearly else "{before} before"
    return f"{{before}} a {'year' if yearly else 'period'} before"


def _step(row: Reading) -> str:
    step = row["current_count"] - row["expected"]
    return ": as expected" if abs(step) < 0.5 else f": {{step}} {'above' if step > 0 else 'below'}"


def _reading(row: Reading, among: str) -> str:
    """Return what the count says of the area; an area in forty is above its range, and as many below, by chance."""
    verdict = row["verdict"]
    if verdict.startswith("clear"):
        return f"A {verdict}: it stands out even among {among}."
    if verdict.startswith("possible"):
        side = "Above" if verdict.endswith("rise") else "Below"
        return f"{side} its normal range, as about one area in forty is by chance: a {verdict}."
    return "Within its normal range."


def found_in_words(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Return "▲ 3 rose" and "▼ 1 fell" of clear changes, or "none clear" and "3 possible": each with its mark."""
    rises, falls = counts.get("clear rise", 0), counts.get("clear fall", 0)
    possible = counts.get("possible rise", 0) + counts.get("possible fall", 0)
    if rises or falls:
        found = (("▲", f"{rises:,} rose", rises), ("▼", f"{falls:,} fell", falls))
        return tuple((mark, said) for mark, said, n in found if n)
    if sum(counts.values()) == counts.get("not known", 0):
        return (("", "not known"),)
    return (("", "none clear"), *([("", f"{possible:,} possible")] if possible else []))
