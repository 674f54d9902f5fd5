"""Sentences for officers: the count first, plain words, never more than the data carry."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from sacmap import months, tables
from sacmap.measure.chance_flags import must_rise
from sacmap.measure.comparator import NOTHING, OTHERS
from sacmap.notices import counted, spoken, whole
from sacmap.publish.change_rows import NO_READING, Reading
from sacmap.result import FIRST

#: Names of areas in the headline; the others are counted.
NAMED = 3
#: What the three crime types are called as one.
TOGETHER = "all three types together"
#: What police.uk's burglaries are.
UNTOLD = "homes and shops, not told apart"
#: The words before the areas of a list that are only named, by their finding; "too" where one of the same has a pin.
REST_LEADS = {
    "clear": "Also clear:",
    "possible": "Could be chance:",
    "possible too": "Could be chance too:",
    "": "Above expected, but not a finding:",
}
#: The verdicts, in summaries alone, of a clear rise of a count that is no higher than before, and of a clear fall of a
#: count that is no lower.
NO_HIGHER, NO_LOWER = "no higher", "no lower"
#: The longest word for an area that fits a small place.
LONGEST_UNIT = 6
#: So many findings leave no room there for what they are.
MANY = 100
#: One area in so many is above its normal range by chance alone, and one below it; and the same in words.
ABOVE_BY_CHANCE, FEW_BY_CHANCE = 40, "about one area in forty"
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
#: When the rank of an area is firm.
FIRM_KEY = f"Firm: very likely in the first {_NUMBERS[FIRST]}."
#: Codes of the Office for National Statistics: what a neighbourhood with such a code is.
_UNITS = (
    (re.compile(r"[EW]05\d{6}"), ("ward", "wards")),
    (re.compile(r"[EW]01\d{6}"), ("LSOA", "LSOAs")),
    (re.compile(r"[EW]02\d{6}"), ("MSOA", "MSOAs")),
)
NEIGHBOURHOOD, AREA = ("neighbourhood", "neighbourhoods"), ("area", "areas")
#: What makes a browser show the figures after it in another order than they are written.
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

#: An option or a part of a study file in brackets: "(--id-column chooses)". Names of columns may have brackets too.
_OPTION = re.compile(r"\s*\((?=--\w|[^()]*\[extract)(?:[^()]|\([^()]*\))*\)")

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


def without_options(text: str) -> str:
    """Return a notice as people read it who do not run the command: without options in brackets."""
    return _OPTION.sub("", text)


def is_named(place: str, text: str) -> bool:
    """Whether a text says what place it is of."""
    return spoken(place).removeprefix("the ") in text


def whole_number(value: float) -> int:
    """Return a count as it is shown, so that a difference of two is that of what stands beside it."""
    return int(whole(value).replace(",", "").replace("−", "-"))


def signed(value: float) -> str:
    """Return +5, −3 or 0."""
    text = whole(value)
    return f"+{text}" if value > 0 and text != "0" else text


def mean(value: float) -> str:
    """Return a mean count as people write it: 41, or 2.3 where it is small and not whole."""
    if value >= 10 or float(value).is_integer():
        return whole(value)
    # A tenth is rounded half up here and in the page's script: the two say the same of 2.25.
    return f"{math.floor(value * 10 + 0.5) / 10:.1f}"


def changed(now: float, before: float) -> str:
    """Return the change of a count since a mean, as the two are shown: 167 after 101.5, shown as 102, is +65."""
    return signed(now - (before if before < 10 else whole_number(before)))


def estimate(value: float) -> str:
    """Return what is worked out, not counted (expected, range, level), as people write it: 1,234; below 1 a tenth.

    So that nothing reads "expected 0, now 6". Every list, sentence, table and picture has it from here; the CSV has
    all digits.
    """
    tenth = math.floor(value * 10 + 0.5) / 10 if 0 < value < 1 else 1
    return whole(value) if tenth >= 1 else f"{tenth:.1f}" if tenth else "under 0.1"


def about(value: float) -> str:
    """Return the same within a sentence: "about 28"; "under 0.1" is vague enough."""
    text = estimate(value)
    return text if text.startswith("under") else f"about {text}"


def were_expected(value: float) -> str:
    """Return "about 28 were expected", or "about 1 was expected"."""
    return f"{about(value)} {'was' if estimate(value) == '1' else 'were'} expected"


def number(count: int) -> str:
    """Return a small count in a word: "three"; from eleven on in figures."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else whole(count)


def capital(text: str) -> str:
    """Return a sentence with its first letter large; the others stay as they are."""
    return text[:1].upper() + text[1:]


def percent(change: float | None) -> str:
    """Return "rose 6%", "fell 4%", "stayed the same"; of a change that cannot be given, "has no percentage"."""
    return _changed(change, "has no percentage", "stayed the same", "rose", "fell")


def moved(change: float | None) -> str:
    """Return "up 6%", "down 4%", "no change", or "no percentage, as the baseline is zero"."""
    return _changed(change, "no percentage", "no change", "up", "down")


def _changed(change: float | None, unknown: str, same: str, more: str, less: str) -> str:
    if change is None or pd.isna(change):
        return f"{unknown}, as the baseline is zero"
    if abs(change) < 0.5:
        return same
    return f"{more if change > 0 else less} {whole(abs(change))}%"


def between(names: Iterable[str], again: str = "") -> tuple[str, str]:
    """Return what stands between names, and what before the last: ", " and " and ".

    If a name has an "and" of its own, a comma comes before every name, and so does `again`, the word before the first:
    "in A and B, and in C".
    """
    if any(" and " in name for name in names):
        return f", {again}", f", and {again}"
    return ", ", " and "


def named(names: Sequence[str], unit: Unit, *, most: int = NAMED, again: str = "") -> str:
    """Return the first names and how many more: "A, B, C and 4 more wards"; `again` as in `between`."""
    items = [apart(name) for name in names[:most]]
    comma, last = between(items, again)
    if len(names) > most:
        items.append(counted(len(names) - most, unit).replace(" ", " more ", 1))
    return items[0] if len(items) == 1 else f"{comma.join(items[:-1])}{last}{items[-1]}" if items else ""


def no_fit(unit: Unit) -> str:
    """Return what is said, in place of any finding, where the comparator is unsuitable."""
    return f"What the {unit[1]} are compared with is no good guide: do not rely on their readings."


def could_show(
    kind: str,
    rows: pd.DataFrame,
    *,
    nouns: tables.Nouns = tables.NOUNS,
    periods: int,
    yearly: bool,
    unit: Unit,
) -> str:
    """Return one sentence or two on what this map could show of a crime type."""
    must = must_rise(rows)
    span = "year" if yearly else "period"
    alone = len(rows) == 1
    most = f"most {unit[1]}{' that are known' if (rows['verdict'] == 'not known').any() else ''}"
    if must is None:
        have = f"This {unit[0]} has" if alone else f"{capital(most)} have"
        return f"{have} too few {nouns[kind][1]} a {span} to tell any ordinary change from chance."
    with_ = f"one earlier {span}" if periods == 1 else f"{number(periods)} earlier {span}s"
    where = f"this {unit[0]}" if alone else most
    said = f"With {with_}, about {must}% above expected is normal in {where}."
    verdicts = rows.loc[~rows["verdict"].isin(["not known", "too few to tell"]), "verdict"]
    by_chance, above = round(len(verdicts) / ABOVE_BY_CHANCE), int(verdicts.str.endswith(" rise").sum())
    if not by_chance:
        return said
    went = number(above) if above else "none"
    return f"{said} Chance alone puts about {number(by_chance)} past the bar; {went} went."


def follows(comparator: str, unit: Unit) -> str:
    """Return what the expected counts follow, with the word for the areas: "the other wards"."""
    return f"the other {unit[1]}" if comparator == OTHERS else comparator


def expected_key(comparator: str) -> str:
    """Return what stands above the first expected counts: what they would have been, and what the grey bar is."""
    had = "as many as before" if comparator == NOTHING else f"if it had followed {comparator}"
    return f"Expected (1×): {had}. Grey bar: normal range."


def level_key(*, yearly: bool) -> str:
    """Return what stands above the first levels: what a level is. FIRM_KEY follows it: what a firm rank is."""
    return f"Level: the likely count in a similar {'year' if yearly else 'period'}."


def level_words(*, yearly: bool) -> str:
    """Return the same where there is one period only, and why the level is then lower than a high count."""
    return f"{level_key(yearly=yearly)} A high count is partly chance, so the level is nearer to that of most others."


def likely_burglaries(level: float, rate: float = math.nan) -> str:
    """Return the level of an area in words: "about 361 burglaries likely in a similar period".

    Where it is known, the rate follows, as the list shows it: ", 14 per 1,000 households".
    """
    per = "" if pd.isna(rate) else f", {mean(rate)} per 1,000 households"
    return (
        f"{about(level)} {tables.NOUNS['burglary'][estimate(level) != '1']} likely in a similar period{per}"
    )


def burglary_kind(named: str, *, exact: bool) -> str:
    """Return what the burglaries of a list are: those of homes alone, or of police.uk's class, which has shops too.

    `named` is the name of the crime type; `exact`: from a force's own extract.
    """
    return named if exact else UNTOLD


def pattern_of(
    row: Reading,
    words: str,
    comparator_pct: float | None,
    *,
    among: str,
    unknown: str = "",
    adjoins: bool = True,
) -> str:
    """Return the sentences of a row with {crimes}, {before}, {expected}, {normal_low}, {normal_high}, {step} open.

    The page fills in the numbers. `words` names what the expected count follows; `comparator_pct` is the change of
    that, in %, None if not known; `among` is what a clear change stands out from, "" if from nothing; `unknown` is why
    the area is not known, "" if that is not told of the area itself; `adjoins`: whether a baseline of one year is the
    year before: "{crimes}; {before} the year before. Expected {expected} had it followed the rest of the force, which
    rose 7% (normal range {normal_low} to {normal_high}): {step} above. Within its normal range."
    """
    verdict = row["verdict"]
    has_count = pd.notna(row["current_count"])
    if has_count and pd.isna(row["baseline_mean"]):
        return "{crimes}. There is no earlier period to compare with."
    if verdict == "not known" or not has_count:
        reason = unknown or (
            "no month is complete, no file holds such crimes, it has no boundary, or a public version leaves its "
            "count out"
        )
        return f"Not known: {reason}."
    said = f"{{crimes}}; {_before(row, adjoins=adjoins)}"
    if verdict == NO_READING:
        return f"{said}. No reading, because what it is compared with is no good guide."
    others = words.replace("{", "(").replace("}", ")")  # no brace in a force's name may open a number
    follows = words != NOTHING
    did = percent(comparator_pct) if follows and comparator_pct is not None else ""
    if verdict == "too few to tell":
        while_others = f", while {others} {did}" if did else ""
        return f"{said}{while_others}. Too few to tell a change from chance."
    had = f"had it followed {others}" if follows else "had nothing changed"
    which = f", which {did}" if did else ""
    range_ = "(normal range {normal_low} to {normal_high})"
    return f"{said}. Expected {{expected}} {had}{which} {range_}{_step(row)}. {_reading(row, among)}"


def _before(row: Reading, *, adjoins: bool) -> str:
    yearly = row["months_compared"] == months.A_YEAR
    if row["baseline_mean"] == 0:
        return "none before"
    if row["baseline_periods"] == 1:
        return "{before} the year before" if yearly and adjoins else "{before} before"
    return f"{{before}} in an average {'year' if yearly else 'period'} before"


def _step(row: Reading) -> str:
    step = row["current_count"] - row["expected"]
    return ": as expected" if abs(step) < 0.5 else f": {{step}} {'above' if step > 0 else 'below'}"


def _reading(row: Reading, among: str) -> str:
    """Return what the count says of the area; an area in forty is above its range, and as many below, by chance."""
    verdict = row["verdict"]
    if verdict.startswith("clear"):
        return f"A {verdict}: {f'it stands out even among {among}' if among else 'more than chance would explain'}."
    if verdict.startswith("possible"):
        side = "Above" if verdict.endswith("rise") else "Below"
        return f"{side} its normal range, as {FEW_BY_CHANCE} is by chance: a {verdict}."
    return "Within its normal range."


def told_verdicts(rows: pd.DataFrame) -> pd.Series:
    """Return the verdicts as a summary tells them: a clear rise of a count that is no higher than before did not rise.

    It stands out from what was expected, because what is followed fell; a clear fall likewise.
    """
    verdicts, now, before = rows["verdict"], rows["current_count"], rows["baseline_mean"]
    same = (verdicts == "clear rise") & (now <= before).fillna(False)
    alike = (verdicts == "clear fall") & (now >= before).fillna(False)
    return verdicts.mask(same, NO_HIGHER).mask(alike, NO_LOWER)


def short(unit: Unit) -> Unit:
    """Return what the areas are called where there is little room: a long word is "area"."""
    return unit if len(unit[0]) <= LONGEST_UNIT else AREA


def found_in_words(counts: Mapping[str, int], unit: Unit) -> tuple[tuple[str, str], ...]:
    """Return "▲ 3 wards rose" and "▼ 1 fell" of clear changes, each with its mark; or "6 rises could be chance"."""
    rises, falls = counts.get("clear rise", 0), counts.get("clear fall", 0)
    if rises or falls:
        rose, fell = (counted(n, short(unit)) for n in (rises, falls))
        both = (("▲", f"{rose} rose", rises), ("▼", f"{whole(falls) if rises else fell} fell", falls))
        return tuple((mark, said) for mark, said, n in both if n)
    if any(apart := tuple(counts.get(verdict, 0) for verdict in (NO_HIGHER, NO_LOWER))):
        sides = zip(apart, ("above", "below"), strict=True)
        return tuple(("", f"{counted(n, short(unit))} {side} expected") for n, side in sides if n)
    if sum(counts.values()) == counts.get("not known", 0):
        return (("", "not known"),)
    up, down = counts.get("possible rise", 0), counts.get("possible fall", 0)
    what = ("change", "changes") if up and down else ("rise", "rises") if up else ("fall", "falls")
    if not up + down:
        known = " known" if counts.get("not known") else ""
        return (("", f"no {short(unit)[0]}{known} stands out"),)
    # Beside counts of a whole nation there is no room for the noun.
    found = counted(up + down, what) if up + down < MANY else whole(up + down)
    return (("", f"{found} could be chance"),)
