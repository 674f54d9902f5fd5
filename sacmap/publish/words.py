"""Sentences for officers: the count first, plain words, never more than the data carry."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sacmap import tables
from sacmap.measure.comparator import NOTHING, UNFIT

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
#: What a clear rise is called here that lies on one map point unseen before: it is told, not named as a finding.
ONE_POINT = "one point"
#: Expected counts below this say little of how large a rise would be seen.
ENOUGH, SMALL = 10, 5
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


@dataclass(frozen=True)
class Headline:
    """The page's first sentence, and the one under it."""

    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a headline needs beside the rows: the place, what is followed, and what things are called."""

    place: str
    totals: Mapping[str, Mapping[str, float | None]]
    comparator: Mapping[str, Mapping[str, Any]]
    follows: str
    in_words: Mapping[str, str] = field(default_factory=lambda: tables.IN_WORDS)
    unit: Unit = NEIGHBOURHOOD
    notices: frozenset[str] = frozenset()


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
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


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


def headline(kind: str, rows: Mapping[str, pd.DataFrame], scene: Scene) -> Headline:
    """Return the first two sentences on a crime type; on `sac`, on all of them.

    Parameters
    ----------
    kind
        The crime type.
    rows
        By crime type, its rows with `verdict` and `label`, in the order of the list for a week of action.
    scene
        The place and what things are called.

    "Burglary rose clearly in Finningley and Hoyland." "All three types together: up 6%, with no clear rise."
    """
    kinds = list(tables.CRIME_TYPES) if kind == "sac" else [kind]
    total = scene.totals[kind]["change_pct"]
    in_place = f" in {apart(scene.place)}" if scene.place else ""
    summed = f"{capital(scene.in_words[kind])} {percent(total)}{in_place}"
    unit, verdicts = scene.unit, rows[kind]["verdict"]
    known = int((verdicts != "not known").sum())
    if not known and "absent-types" in scene.notices:
        said = (
            f"{capital(scene.in_words[kind])}{in_place} is not known: the crimes given do not hold it whole."
        )
        return Headline(said, "")
    if not known:
        return Headline(f"Of {counted(len(verdicts), unit)} nothing is known.", "")
    if UNFIT in scene.notices:
        said = f"What the {unit[1]} are compared with is no fit: do not rely on their readings."
        return Headline(f"{summed}.", said)
    rises, falls = (_clear(kinds, rows, f"clear {way}") for way in ("rise", "fall"))
    other = "other " if (rows[kind]["verdict"] == ONE_POINT).any() else ""
    if rises:
        return Headline(f"{_clauses(rises, 'rose', scene)}.", _summary(kind, rows, scene))
    if falls:
        return Headline(
            f"{_clauses(falls, 'fell', scene)}; no {other}clear rise.", _summary(kind, rows, scene)
        )
    possible = int((verdicts == "possible rise").sum())
    none = (
        f"with no {other}clear rise in {counted(known, unit)}"
        if possible or other
        else f"and none of {counted(known, unit)} stands out"
    )
    return Headline(f"{summed}, {none}.", _seen(kind, rows[kind], scene))


def _clear(kinds: Sequence[str], rows: Mapping[str, pd.DataFrame], verdict: str) -> dict[str, list[str]]:
    """Return by crime type the labels of the areas with a verdict, each area under its first type only."""
    found: dict[str, list[str]] = {}
    told: set[str] = set()
    for kind in kinds:
        these = rows[kind].loc[rows[kind]["verdict"] == verdict, "label"].astype(str)
        new = [label for label in these if label not in told]
        told |= set(new)
        if new:
            found[kind] = new
    return found


def _clauses(found: Mapping[str, Sequence[str]], did: str, scene: Scene) -> str:
    """Return "Burglary rose clearly in A and B; robbery in C": a few names in all, the others counted."""
    left = NAMED
    parts: list[str] = []
    for kind, labels in found.items():
        what = scene.in_words[kind] if parts else f"{capital(scene.in_words[kind])} {did} clearly"
        where = named(labels, scene.unit, most=left) if left else counted(len(labels), scene.unit)
        parts.append(f"{what} in {where}")
        left = max(0, left - len(labels))
    return "; ".join(parts)


def _summary(kind: str, rows: Mapping[str, pd.DataFrame], scene: Scene) -> str:
    """Return "All three types together: up 6%, with no clear rise." and what the comparator did."""
    against = scene.comparator.get(kind, {})
    what = "All three types together" if kind == "sac" else f"{capital(scene.in_words[kind])} in all"
    what += f", in the whole of {apart(scene.place)}" if kind == "sac" and scene.place else ""
    said = f"{what}: {moved(scene.totals[kind]['change_pct'])}"
    if kind == "sac" and not {"clear rise", ONE_POINT} & set(rows[kind]["verdict"]):
        said += ", with no clear rise"
    if against.get("name") not in {None, "areas", "none"} and against.get("change_pct") is not None:
        said += f"; {scene.follows} {percent(against['change_pct'])}"
    return f"{said}."


def _seen(kind: str, rows: pd.DataFrame, scene: Scene) -> str:
    """Return what could have been seen where nothing was, and which areas may have risen."""
    possible = list(rows.loc[rows["verdict"] == "possible rise", "label"].astype(str))
    single = list(rows.loc[rows["verdict"] == ONE_POINT, "label"].astype(str))
    point = (
        f"That in {named(single, scene.unit)} lies on one map point and may be a change in how places are recorded. "
        if single
        else ""
    )
    maybe = f"Possible rises: {named(possible, scene.unit)}. " if len(possible) > 1 else ""
    maybe = maybe or (f"A possible rise: {apart(possible[0])}. " if possible else "")
    must = must_rise(rows)
    against = scene.comparator.get(kind, {})
    followed = ""
    if against.get("name") not in {None, "areas", "none"} and against.get("change_pct") is not None:
        followed = f"{capital(scene.follows)} {percent(against['change_pct'])}. "
    shown = f"Only a rise of about {must}% or more would show." if must is not None else ""
    return f"{point}{maybe}{followed}{shown}".strip()


def must_rise(rows: pd.DataFrame) -> int | None:
    """Return by how many % an area like most must rise to leave its normal range, to the next 5.

    None where most have too few crimes to say.
    """
    enough = rows[(rows["expected"].astype(float) >= ENOUGH) & rows["normal_high"].notna()]
    known = rows["expected"].notna().sum()
    if len(enough) < max(1, known / 2):
        return None
    share = float((enough["normal_high"].astype(float) / enough["expected"].astype(float)).median()) - 1
    return max(5, 5 * round(20 * share))


def how_sure(kind: str, rows: pd.DataFrame, *, periods: int, months: int, unit: Unit) -> str:
    """Return one sentence or two on what this map could show of a crime type."""
    must = must_rise(rows)
    what = "a year" if months == MONTHS_A_YEAR else "a period"
    if must is None:
        return f"Most {unit[1]} have too few {NOUNS[kind][1]} {what} to tell any ordinary change from chance."
    span = "year" if months == MONTHS_A_YEAR else "period"
    with_ = f"one {span}" if periods == 1 else f"{number(periods)} {span}s"
    said = f"With {with_} to compare, most {unit[1]} must rise about {must}% to leave their normal range"
    clear = rows[rows["verdict"] == "clear rise"]
    # A percentage of a small number says nothing.
    if clear.empty or clear["expected"].astype(float).min() < SMALL:
        return f"{said}."
    above = sorted(100 * (clear["current_count"].astype(float) / clear["expected"].astype(float) - 1))
    low, high = whole(above[0]), whole(above[-1])
    width = f"{low}%" if low == high else f"{low} to {high}%"
    return f"{said}. The clear {'rise is' if len(clear) == 1 else 'rises are'} {width} above expected."


def sentences(
    row: Mapping[str, Any],
    words: str = "the rest of the areas",
    comparator_pct: float | None = None,
    *,
    kind: str = "sac",
    among: str = "all neighbourhoods",
) -> str:
    """Return a few sentences on a row of the Change table.

    `words` names what the expected count follows, `comparator_pct` is the change of that, in %, or None where it is
    not known, and `among` is what a clear change stands out from: "63 crimes; 41 the year before. Expected about 44
    had it followed the rest of the force, which rose 7% (normal range 22 to 72): 19 above. Within its normal range."
    """
    pattern = pattern_of(row, words, comparator_pct, among=among)
    if "{" not in pattern:
        return pattern
    written = {
        "crimes": lambda: crimes(row["current_count"], kind),
        "before": lambda: mean(row["baseline_mean"]),
        "step": lambda: whole(abs(row["current_count"] - row["expected"])),
    }
    return re.sub(r"\{(\w+)\}", lambda m: written.get(m[1], lambda: whole(row[m[1]]))(), pattern)


def pattern_of(
    row: Mapping[str, Any],
    words: str,
    comparator_pct: float | None = None,
    *,
    among: str = "all neighbourhoods",
) -> str:
    """Return the sentence of a row with {crimes}, {before}, {expected}, {normal_low}, {normal_high}, {step} open.

    The page fills in the same pattern, so that what is said is decided, and tested, here alone.
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


def _before(row: Mapping[str, Any]) -> str:
    yearly = row["months_compared"] == MONTHS_A_YEAR
    if row["baseline_mean"] == 0:
        return "none before"
    if row["baseline_periods"] == 1:
        return "{before} the year before" if yearly else "{before} before"
    return f"{{before}} a {'year' if yearly else 'period'} before"


def _step(row: Mapping[str, Any]) -> str:
    step = row["current_count"] - row["expected"]
    return ": as expected" if abs(step) < 0.5 else f": {{step}} {'above' if step > 0 else 'below'}"


def _reading(row: Mapping[str, Any], among: str) -> str:
    """Return what the count says of the area; an area in forty is above its range, and as many below, by chance."""
    verdict = row["verdict"]
    if verdict.startswith("clear"):
        return f"A {verdict}: it stands out even among {among}."
    if verdict.startswith("possible"):
        side = "Above" if verdict.endswith("rise") else "Below"
        return f"{side} its normal range, as about one area in forty is by chance: a {verdict}."
    return "Within its normal range."
