"""Notices about the rows of an extract: what they are, and what may be wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.crimes import repeats
from sacmap.errors import InputError
from sacmap.fetch.extract_layout import Layout
from sacmap.fetch.repeats import commonest
from sacmap.files.sheets import mapped, text_of, words_of
from sacmap.notices import Notice, listed, series
from sacmap.study import Study

RESTRICTED = (
    "Made from an extract of the force's own records. Burglary is residential burglary. Vehicle crime is {vehicle}, "
    "without interference. {so} Locations are as the force gave them."
)
_WHOLE = "So the figures are serious acquisitive crime itself, not a proxy."
_IN_PART = "A part of it is missing, so no total is serious acquisitive crime as a whole."
#: A part of vehicle crime is missing from a month or period if it has no row there and at least so many are usual.
USUAL = 10
#: Days without a row are no chance where so many rows are usual in them, in an extract of so many months.
SILENT, ENOUGH_MONTHS = 20, 3
#: How spreadsheets write a date that they made of two numbers.
_AS_DATE = re.compile(r"(?a:(\d\d-)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(-\d\d)?)")
#: The components in words.
_IN_WORDS = tables.EXACT_WORDS | tables.VEHICLE_PARTS | {"residential-burglary": "residential burglary"}
#: Words that mark a row as not a recorded crime, or no longer one.
_NO_CRIME = re.compile(
    r"\b(cancelled|canceled|cancellation|no ?crimed?|nocrime|not a crime|void(ed)?|deleted|duplicated?|withdrawn|"
    r"transfer(red)?( out)?|(recorded|created|entered) in error|rejected|n100|crime related incident|non crime)\b"
)
#: A column with more different values, or longer ones, has texts and not a status.
_WORDS, _LENGTH = 60, 60


def extract_notices(
    study: Study,
    layout: Layout,
    rows: pd.DataFrame,
    sac: pd.DataFrame,
    others: Mapping[str, pd.Series],
    *,
    lacking: Sequence[str],
    broken: Mapping[str, Sequence[str]],
) -> Iterator[Notice]:
    """Yield notices: what the crimes are, totals by component, what was left out, and which components have no row.

    `lacking` and `broken` are as from `lacking_parts` and `broken_parts`. `rows` and `sac` are all rows and those of
    SAC, with month, offence, component, left and the columns of Crimes; `others` has the cells of the extract's other
    columns, one for each row of `rows`.
    """
    once = sac[~repeats(sac)]
    components = sorted(set(layout.offences.values()))
    totals = []
    # A component without a row is told below: it is missing, not none.
    for component in sorted(set(sac["component"])):
        mine = once.loc[once["component"] == component, "month"]
        totals.append(f"{_IN_WORDS[component]} {_in_periods(mine, study)}")
    scope = "per period, in " if study.current else "in "
    vehicle = tables.extract_words(lacking)["vehicle-crime"]
    whole = not lacking and not broken and set(tables.SAC_TYPES) <= set(sac["crime_type"])
    yield Notice("restricted", RESTRICTED.format(vehicle=vehicle, so=_WHOLE if whole else _IN_PART))
    yield Notice(
        "components", f"Recorded crimes {scope}all months, with or without a location: {'; '.join(totals)}."
    )
    yield from _lacking([*components, *lacking], rows, sac)
    yield from _broken(broken)
    yield from _part_months(rows, study)
    yield from _cancelled(rows, layout, others)
    yield from _left_out(rows, layout)
    other = rows[(rows["component"] == "") & (rows["left"] == "")]
    dates = other[mapped(other["offence"], _is_date).astype(bool)]
    if len(dates):
        yield Notice(
            "offence-dates",
            f"Offences that are dates, not counted as SAC: {len(dates):,} rows ({listed(_commonest(dates), 3, ', ')}). "
            "A spreadsheet changed codes such as 45/10 and 48/1 into dates. Ask for the codes as text.",
        )
    if len(other):
        said = listed(_commonest(other), 5, ", ")
        yield Notice("other-offences", f"Rows with other offences, not counted as SAC: {said}.")


def _is_date(cell: object) -> bool:
    """Whether a cell of an offence is a date, as a spreadsheet makes and writes one: 45/10 → Oct-45."""
    return isinstance(cell, date) or _AS_DATE.fullmatch(text_of(cell)) is not None


def passed_over_notices(others: Sequence[str]) -> Iterator[Notice]:
    """Tell which sheets were not read, because they have no header with the columns."""
    if others:
        yield Notice(
            "passed-over",
            f"Sheets without the extract's columns ([extract.columns]) were not read: {listed(others, 4)}. If they "
            "hold crimes, give their columns the same names.",
        )


def hidden_notices(labels: Sequence[str]) -> Iterator[Notice]:
    """Tell which sheets were read that a reader of the workbook does not see."""
    if labels:
        yield Notice(
            "hidden-sheets",
            f"The crimes of sheets that are hidden in the workbook count too: {listed(labels, 4)}. If they are no "
            "crimes of their own, delete those sheets.",
        )


def lacking_parts(sac: pd.DataFrame) -> tuple[str, ...]:
    """Return the parts of vehicle crime without any row; `sac` has the component of the rows of SAC.

    None is missing if there is no vehicle crime at all, or if the study file does not split it.
    """
    there = set(sac["component"])
    if "vehicle-crime" in there or not there & set(tables.VEHICLE_PARTS):
        return ()
    return tuple(part for part in tables.VEHICLE_PARTS if part not in there)


def broken_parts(sac: pd.DataFrame, study: Study) -> dict[str, list[str]]:
    """Return the parts of vehicle crime that are missing from some months of the study only, with these months."""
    without = {part: _months_without(sac, part, study) for part in tables.VEHICLE_PARTS}
    whole = "vehicle-crime" in set(sac["component"])
    return {} if whole else {part: found for part, found in without.items() if found}


def _months_without(sac: pd.DataFrame, part: str, study: Study) -> list[str]:
    """Return the months of the study without a row of a part, where at least ten are usual in that month or period."""
    counts = sac.loc[sac["component"] == part, "month"].value_counts()
    if counts.empty:
        return []
    wanted = set(study.months) or set(sac["month"])
    empty = (set(sac["month"]) & wanted) - set(counts.index)
    found = empty if counts.median() >= USUAL else set()
    sums = [int(counts.reindex(list(period)).sum()) for period in study.periods] if study.current else []
    for period, n in zip(study.periods, sums, strict=False):
        if n == 0 and sum(sums) >= USUAL * (len(sums) - 1):
            found = found | (empty & set(period))
    return sorted(found)


def _broken(without: Mapping[str, Sequence[str]]) -> Iterator[Notice]:
    for part, found in without.items():
        yield Notice(
            "no-such-offence",
            f"No row of {_IN_WORDS[part]} in {months.held_in_words(found)}: that is not zero but unknown, and so are "
            "vehicle crime and serious acquisitive crime as a whole. Ask for what is missing.",
        )


def _part_months(rows: pd.DataFrame, study: Study) -> Iterator[Notice]:
    """Warn of months at whose beginning or end the extract has no row, though far too many are usual for chance.

    Nothing can be said if its dates are months, or if it gives the same few days for every month.
    """
    days = rows["day"]
    if days.empty or (days.str.len() < len("2018-10-03")).any():
        return
    by = days.str[8:].astype(int).groupby(days.str[:7]).agg(["min", "max", "size"])
    lengths = np.array([months.days_in(month) for month in by.index])
    before, after = by["min"] - 1, lengths - by["max"]
    if len(by) < ENOUGH_MONTHS or max(before.median(), after.median()) > 1:
        return
    rate = by["size"] / (by["max"] - by["min"] + 1)
    cut = by[(rate * np.maximum(before, after) >= SILENT) & by.index.isin(study.months or by.index)]
    if len(cut):
        said = [
            f"{months.in_words(str(month))}, only day {first} to {last}"
            for month, first, last in zip(cut.index, cut["min"], cut["max"], strict=True)
        ]
        yield Notice(
            "part-months",
            f"The extract does not hold whole months: {listed(said, 3)}. Where such a month is not left out, "
            "crime seems to have changed. Choose periods without such a month, or ask for the rest of it.",
        )


def _in_periods(mine: pd.Series, study: Study) -> str:
    """Return the counts of the baseline mean and the current period in words, or the total if there are no periods."""
    if not study.current:
        return f"{len(mine):,} in all"
    now = f"{int(mine.isin(study.current).sum()):,}"
    before = [int(mine.isin(period).sum()) for period in study.baseline]
    return f"{np.mean(before):,.0f} → {now}" if before else now


def unknown_offences(rows: pd.DataFrame, layout: Layout) -> InputError:
    """Return the error for an extract in which no row is an offence of SAC, or no row is kept."""
    left = rows[rows["left"] != ""]
    if len(left) == len(rows):
        return InputError(
            f"[extract.keep] or [extract.drop] leaves out all {len(rows):,} rows: "
            f"{listed(_counts(left['left']), 5, ', ')}.",
            "Write there what the cells of the rows to keep say.",
        )
    kept = rows[rows["left"] == ""]
    guesses = {text: guess for text in kept["offence"].map(text_of).unique() if (guess := _guess(text))}
    likely = next(iter(guesses.items()), None)
    example = f'{likely[1]} = ["{likely[0]}"]' if likely else 'robbery = ["34A", "34B"]'
    return InputError(
        f"No row of the extract is an offence of SAC as the study file lists them: column "
        f"{layout.columns['offence']!r} holds {listed(_commonest(kept), 8, ', ')}.",
        f"List its codes or words by component under [extract.offences], for example {example}.",
    )


def _guess(text: str) -> str:
    """Return the component that words seem to mean, or ""."""
    words = words_of(text)
    if "robbery" in words:
        return "robbery"
    if "burglary" in words and not re.search(r"non|business|community|other|shed|garage|building", words):
        return "residential-burglary"
    if "vehicle" in words and ("theft" in words or "tak" in words) and "interfer" not in words:
        return "theft-from-vehicle" if "from" in words else "theft-of-vehicle"
    return ""


def _lacking(components: list[str], rows: pd.DataFrame, sac: pd.DataFrame) -> Iterator[Notice]:
    """Warn of components without a row, and of other offences that may belong to them."""
    there = set(sac["component"])
    lacking = [component for component in dict.fromkeys(components) if component not in there]
    if not lacking:
        return
    others = rows.loc[(rows["component"] == "") & (rows["left"] == ""), "offence"].map(text_of).unique()
    near = [text for text in others if _guess(text) in lacking]
    hint = f" It has {listed(near, 4, ', ')}." if near else ""
    yield Notice(
        "no-such-offence",
        f"The extract has no row of {series([_IN_WORDS[one] for one in lacking])}: that is not zero but unknown, "
        f"and so is serious acquisitive crime as a whole.{hint} Ask for what is missing (and check [extract.offences] "
        "in the study file).",
    )


def _cancelled(rows: pd.DataFrame, layout: Layout, others: Mapping[str, pd.Series]) -> Iterator[Notice]:
    """Warn of counted rows that another column marks as cancelled or no crime."""
    counted = (rows["component"] != "").to_numpy()
    for column, cells in others.items():
        # The study file already chooses rows by this column.
        if words_of(column) in {words_of(name) for name in (*layout.keep, *layout.drop)}:
            continue
        texts = cells[counted].map(text_of)
        known = texts.unique()
        if len(known) > _WORDS or max(map(len, known), default=0) > _LENGTH:
            continue
        doubtful = texts[mapped(texts, lambda text: bool(_NO_CRIME.search(words_of(text)))).astype(bool)]
        if len(doubtful):
            values = ", ".join(f'"{text}"' for text in sorted(doubtful.unique())[:3])
            yield Notice(
                "cancelled-rows",
                f"{len(doubtful):,} rows that count say {listed(_counts(doubtful), 3, ', ')} in the column "
                f'{column!r}. If they are no crimes, leave them out ([extract.drop] "{column}" = [{values}]).',
            )


def _left_out(rows: pd.DataFrame, layout: Layout) -> Iterator[Notice]:
    """Tell of the rows that the study file's filters leave out."""
    left = rows.loc[rows["left"] != "", "left"]
    if len(left):
        said = listed(_counts(left), 5, ", ")
        yield Notice("rows-left-out", f"Rows that the study file leaves out: {said}.")
    elif layout.keep or layout.drop:
        named = ", ".join((*layout.keep, *layout.drop))
        yield Notice("rows-left-out", f"No row is left out by the study file's choice of {named}.")


def _commonest(rows: pd.DataFrame) -> list[str]:
    return _counts(rows["offence"].map(text_of).replace("", "no offence"))


def _counts(texts: pd.Series) -> list[str]:
    return [f"{text} {n:,}" for text, n in commonest(texts)]
