"""Where, in a briefing note: the map, the areas that changed, and both lists in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from sacmap import tables
from sacmap.choose.draws import TIERS
from sacmap.choose.map_points import street_of
from sacmap.choose.ranking import by_rate
from sacmap.measure.warnings import NOT_KNOWN
from sacmap.notices import counted, series, spoken, whole
from sacmap.publish.change_rows import (
    change_rows,
    first_type,
    on_one_point,
    rows_by_area,
    without_readings,
)
from sacmap.publish.lists import LEAST_ON_STREET, draws, one_point, week_list
from sacmap.publish.note_parts import (
    NAMED,
    Given,
    Paragraph,
    Part,
    Picture,
    Section,
    Table,
    part_of,
    periods_in_words,
    some,
)
from sacmap.publish.words import (
    AREA,
    REST_LEADS,
    about,
    burglary_kind,
    capital,
    estimate,
    likely_burglaries,
    mean,
    number,
    signed,
    told_verdicts,
    were_expected,
)
from sacmap.result import FIRST, Entry, Result


def where(given: Given) -> Section | None:
    """Return the map with its areas in words; None without a map."""
    result = given.result
    if result is None:
        return None
    names = tables.names_of(result.areas)
    shown = without_readings(result.change) if result.unfit else result.change
    kind = first_type(shown, level_only=not result.study.baseline)
    parts: list[Part] = [Paragraph(given.headline)] if given.headline else []
    parts.append(_totals(result))
    if given.picture is not None:
        parts.append(Picture(given.picture, _alternative(result, kind, names)))
    # What is said above the map of a comparator that is no guide holds here too: no reading is to be relied on.
    if result.study.baseline and not result.unfit:
        for verdict, lead in (
            ("clear rise", "Clear rises, larger than chance would explain"),
            ("possible rise", "Rises that could be chance"),
            ("clear fall", "Clear falls"),
        ):
            said = _of_verdict(result, verdict, names)
            if said:
                parts.append(Paragraph(f"{lead}:"))
                parts += [Paragraph(text, "bullet") for text in said]
        if not result.change["verdict"].isin(["clear rise", "possible rise"]).any():
            known = (result.change["verdict"] != "not known").all()
            none = (
                ": no place stands out by its rise."
                if known
                else ", of the areas and crime types that are known."
            )
            parts.append(Paragraph(f"No area rose clearly, and none possibly{none}"))
    parts += _lists(result, kind, names)
    return Section("Where", tuple(parts))


def _totals(result: Result) -> Table:
    rows = []
    for kind, total in result.totals.items():
        before, now, change = (total[name] for name in ("baseline_mean", "current_count", "change_pct"))
        # A crime type of which the data hold no row is not known: it is no zero.
        cells = ["not known" if now is None else whole(now)]
        if result.study.baseline:
            was = "not known" if before is None else mean(before)
            cells = [was, *cells, "–" if change is None else f"{signed(change)}%"]
        rows.append((result.in_words[kind].capitalize(), *cells))
    columns = ("Before", "Now", "Change") if result.study.baseline else ("Now",)
    source = "data.police.uk" if result.study.extract is None else "the force's own records"
    part = part_of(len(result.compared), len(result.study.current))
    known = "the known part of " if any(one.code == NOT_KNOWN for one in result.warnings) else ""
    return Table(
        f"Crimes counted in {known}{counted(len(result.areas), AREA)}, {part}{periods_in_words(result.study)}. Source: "
        f"{source}.",
        ("Crimes on the map", *columns),
        tuple(rows),
    )


def _alternative(result: Result, kind: str, names: Mapping[str, str]) -> str:
    """Return the picture of a crime type in words: what it shows, and the areas that stand out in it."""
    shown = f"Map of {spoken(result.study.title)}, " if result.study.title else "Map of "
    shown += counted(len(result.areas), AREA)
    if not result.study.baseline:
        level = "crime" if kind == "sac" else result.in_words[kind]
        return f"{shown} shaded by their level of {level}."
    rose, fell = (
        [names[area] for area in _rows_of(result, kind, verdict)["area_id"]]
        for verdict in ("clear rise", "clear fall")
    )
    said = f"{shown} coloured by the change in {result.in_words[kind]}."
    if result.unfit:
        return said
    together = " of all types together" if kind == "sac" else ""
    said += f" Clear rises: {some(rose)}." if rose else f" No clear rise{together}."
    return said + (f" Clear falls: {some(fell)}." if fell else " No clear fall.")


def _rows_of(result: Result, kind: str, verdict: str) -> pd.DataFrame:
    rows = result.change[(result.change["crime_type"] == kind) & (result.change["verdict"] == verdict)]
    return rows.sort_values("excess", ascending=verdict.endswith("fall"), kind="stable")


def _of_verdict(result: Result, verdict: str, names: Mapping[str, str]) -> list[str]:
    """Say which areas have a verdict, a line a crime type: the count first, then what was expected."""
    said = []
    for kind in tables.CRIME_TYPES:
        rows = _rows_of(result, kind, verdict)
        each = [
            f"{names[row['area_id']]} ({whole(row['current_count'])}; {about(row['expected'])} expected, normal range "
            f"{estimate(row['normal_low'])} to {estimate(row['normal_high'])}"
            f"{on_one_point(result, row['area_id'], kind)}{f', {told} than before' * (told != verdict)})"
            for row, told in zip(change_rows(rows.head(NAMED)), told_verdicts(rows), strict=False)
        ]
        more = f", and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
        if each:
            said.append(f"{result.in_words[kind].capitalize()}: {'; '.join(each)}{more}.")
    return said


def _lists(result: Result, kind: str, names: Mapping[str, str]) -> Iterator[Part]:
    """Yield both lists in words, the same areas as on the page: how sure its place is, and its busiest streets."""
    # No area stands out by a comparator that is no guide.
    week = () if result.unfit else result.weeks.get(kind, ())
    found = [entry for entry in week if entry.verdict in TIERS][:FIRST]
    if found or result.hardening:
        # Of five areas, all are among the first five.
        among = any(entry.firmness for entry in (*found, *result.hardening))
        surer = f" The more of 100 draws leave an area among the first {number(FIRST)}, the surer its place."
        yield Paragraph(
            "How sure a place on a list is: each draw is a set of counts that chance could have given instead."
            + surer * among
            + " The readings stay as they are." * bool(found)
        )
    rows = rows_by_area(result.change, [entry.area_id for entry in (*found, *result.hardening)])
    if found:
        yield Paragraph("For a week of action, which answers a rise: clear rises, then possible ones:")
    for entry in found:
        row = rows[entry.area_id][kind]
        said = f"{tables.crimes(row['current_count'], kind, result.nouns)} where {were_expected(row['expected'])}"
        yield _numbered(entry, names, f"{said}, {row['verdict']}")
    if week:
        yield from _no_finding(result, kind, names, alone=not found)
    if result.hardening:
        named = burglary_kind(result.in_words["burglary"], exact=result.study.extract is not None)
        by = "burglaries per 1,000 households" if by_rate(result.areas) else f"burglaries ({named})"
        by += ", now and before together" * result.unfit
        yield Paragraph(
            "For target hardening, because the level lasts from year to year and changes do not, the areas with most "
            f"{by}:"
        )
    for entry in result.hardening[:FIRST]:
        row = rows[entry.area_id]["burglary"]
        said = f"{whole(row['current_count'])} now"
        if not result.unfit:
            said = f"{likely_burglaries(row['level'], row['level_per_1000_households'])}; {said}"
        yield _numbered(entry, names, said)


def _no_finding(result: Result, kind: str, names: Mapping[str, str], *, alone: bool) -> Iterator[Part]:
    """Yield the next areas of the list for a week of action, which are no finding; `alone`: none above them is one."""
    rows = result.change[result.change["crime_type"] == kind].reset_index(drop=True)
    rest = [one.position for one in week_list(rows, ()) if not one.finding]
    each = [
        f"{names[row['area_id']]} ({tables.crimes(row['current_count'], kind, result.nouns)}, "
        f"{about(row['expected'])} expected)"
        for row in change_rows(rows.iloc[rest])
    ]
    none = f"For a week of action, which answers a rise: no clear and no possible rise of {result.in_words[kind]}."
    said = [*([none] if alone else []), *([f"{REST_LEADS['']} {series(each)}."] if each else [])]
    if said:
        yield Paragraph(" ".join(said))


def _numbered(entry: Entry, names: Mapping[str, str], said: str) -> Paragraph:
    named = [f"{street_of(name)} ({n})" for name, n in entry.streets if n >= LEAST_ON_STREET]
    streets = f" Most on {series(named)}." if named else ""
    said = " ".join([f"{said}. {capital(draws(entry))}.{streets}", *one_point(entry)])
    return Paragraph(f"{names[entry.area_id]}: {said}", "number")
