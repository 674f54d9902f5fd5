"""Make the View from a result, and the text of `sacmap check`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sacmap import months, tables
from sacmap.choose.map_points import POINT_COLUMNS, POINTS, STREETS, busiest_streets, point_counts
from sacmap.forces import PRACTICE_FORCE
from sacmap.measure.comparator import UNFIT
from sacmap.measure.comparator_notices import UNLIKE
from sacmap.notices import Notice, counted
from sacmap.publish.change_rows import rows_by_area, without_readings
from sacmap.publish.lists import hardening_reasons, week_reasons
from sacmap.publish.page import render
from sacmap.publish.page_data import MOST_WITH_POINTS, positions_with_points
from sacmap.publish.view import MapPoint, View
from sacmap.publish.words import capital, percent, unit_of, without_options
from sacmap.result import Result

if TYPE_CHECKING:
    from sacmap.choose.evaluate import Outcome
    from sacmap.choose.plan import Plan
    from sacmap.publish.shapes import Outlines

SOURCE = (
    "Crimes: data.police.uk, street-level crime as published by the police, Open Government Licence v3.0.",
    "police.uk moves each crime to the nearest of a fixed set of map points, so crimes near a boundary may belong "
    "next door.",
)
EXTRACT_SOURCE = (
    "Crimes: an extract of the force's own records, given under an information-sharing agreement.",
    "The offences and the places are as the force recorded them.",
)
#: Streets named in the panel of an area, by crime type. On larger maps they are fewer, to keep the file small.
IN_PANEL = 5


def page_of(result: Result, drawn: Outlines | None = None) -> View:
    """Return the View of a result. `drawn` are the outlines of its areas, if they were made before."""
    study = result.study
    listed = {entry.area_id for entries in (result.hardening, *result.weeks.values()) for entry in entries}
    rows, nouns = rows_by_area(result.change, listed), result.nouns
    view = View(
        title=study.title or counted(len(result.areas), unit_of(result.areas["area_id"].astype(str))),
        change=result.change,
        areas=result.areas,
        monthly=result.monthly,
        current=study.current,
        baseline=study.baseline,
        compared=result.compared,
        totals=result.totals,
        comparator=result.comparator_changes,
        comparator_words=result.comparator.words,
        warnings=[Notice(one.code, without_options(one.text)) for one in result.warnings],
        definitions=result.definitions,
        streets=_streets_of(result),
        hardening=hardening_reasons(result.hardening, rows, judged=not result.unfit, nouns=nouns),
        week={kind: week_reasons(entries, rows, kind, nouns) for kind, entries in result.weeks.items()},
        one_point={kind: frozenset(found) for kind, found in result.one_point.items()},
        unknown=result.unknown,
        subtotals=without_readings(result.groups) if result.unfit else result.groups,
        sources=SOURCE if study.extract is None else EXTRACT_SOURCE,
        context=result.context,
        restricted=result.restricted,
        exact=study.extract is not None,
        lacking=result.lacking,
        practice=PRACTICE_FORCE in set(result.coverage["force"]),
        level_only=not study.baseline,
        tiles=study.tiles,
        tiles_key=study.tiles_key,
        drawn=drawn,
    )
    if study.extract is not None:
        return view
    ids = view.areas["area_id"].to_numpy(object)
    return replace(view, points=_points_of(result, ids[list(positions_with_points(view))]))


def plan_html_of(result: Result, plan: Plan) -> str:
    """Return the officer's page of a plan."""
    from sacmap.publish.plan_view import plan_view

    view = page_of_plan(result, plan)
    return render(replace(view, plan=plan_view(plan, view)))


def page_of_plan(result: Result, plan: Plan) -> View:
    """Return the View of the comparison that a plan rests on: of its comparator it says what the plan says."""
    astray = [Notice(code, plan.told[code]) for code in (UNFIT, UNLIKE) if code in plan.told]
    others = [one for one in result.warnings if one.code not in (UNFIT, UNLIKE)]
    return page_of(replace(result, warnings=(*others, *astray)) if astray else result)


def outcome_html_of(result: Result, plan: Plan, outcome: Outcome) -> str:
    """Return the officer's page of what came of a plan: the months after against those before."""
    from sacmap.publish.outcome_view import result_view

    view = page_of(result)
    return render(replace(view, plan=result_view(plan, outcome, view)))


def _streets_of(result: Result) -> dict[str, dict[str, list[tuple[str, int]]]]:
    """Return, by area and crime type, the busiest streets of the current months compared and their crimes."""
    now = result.located["month"].isin(result.periods_compared[-1])
    first = IN_PANEL if len(result.areas) <= MOST_WITH_POINTS else STREETS
    return busiest_streets(result.located[now.to_numpy()], first)


def _points_of(result: Result, areas: Collection[str]) -> dict[str, list[MapPoint]]:
    """Return, by area, its busiest map points of the current months compared, the first ten of each crime type."""
    located = result.located
    there = located["month"].isin(result.periods_compared[-1])
    there &= located["area_id"].isin(areas) & located["lon"].notna()
    points = point_counts(located.loc[there.to_numpy(), POINT_COLUMNS])
    by_kind = np.column_stack([points.crimes.sum(axis=1), points.crimes])
    kept = np.zeros(len(points.area), dtype=bool)
    for n in by_kind.T:
        # Most first; points with as many are in order already.
        order = np.lexsort((-n, points.area))
        area = points.area[order]
        first = order[np.arange(len(order)) - np.searchsorted(area, area) < POINTS]
        kept[first[n[first] > 0]] = True
    busiest = np.flatnonzero(kept)
    busiest = busiest[np.lexsort((-by_kind[busiest, 0], points.area[busiest]))]
    columns = (points.area, points.lon, points.lat, points.name, points.crimes)
    found: dict[str, list[MapPoint]] = {}
    for area, lon, lat, name, crimes in zip(*(each[busiest].tolist() for each in columns), strict=True):
        point = MapPoint(lon, lat, points.names[name].strip(), tuple(crimes))
        found.setdefault(points.areas[area], []).append(point)
    return found


def check_text(result: Result) -> str:
    """Return the lines that `sacmap check` prints: periods, coverage, ledger and notices."""
    study, ledger = result.study, result.ledger
    lines = [
        f"Current   {months.span_in_words(study.current)}",
        *(f"Baseline  {months.span_in_words(period)}" for period in study.baseline),
        f"Compared  {len(result.compared)} of {len(study.current)} months",
        f"Areas     {len(result.areas):,}",
        f"Forces    {', '.join(result.forces)}",
        "",
        "Every row accounted for",
        *(f"  {name.replace('_', ' '):<20}{n:>12,}" for name, n in ledger.record().items()),
        "",
        "Coverage of the months compared",
    ]
    judged = result.coverage[result.coverage["month"].isin(study.months)]
    for force, rows in judged.groupby("force", sort=True):
        bad = rows[rows["status"] != "complete"]
        some = ", ".join(f"{r.month} {r.status}" for r in bad.head(6).itertuples())
        lines.append(f"  {force}: {'complete' if bad.empty else some + (' …' if len(bad) > 6 else '')}")
    lines += ["", "Totals by crime type, a period"]
    wide = max(28, *(len(words) + 2 for words in result.in_words.values()))
    for kind in tables.CRIME_TYPES:
        # A crime type that no file holds is not known; it is not none.
        before, now = (result.totals[kind][name] for name in ("baseline_mean", "current_count"))
        was = "" if before is None else f"{before:,.1f} →"
        is_now = "not known" if now is None else f"{now:,.0f}"
        lines.append(f"  {result.in_words[kind]:<{wide}}{was:>12} {is_now:>8}")
    if study.baseline and result.totals["sac"]["current_count"] is not None:
        lines += ["", *_changes_in_words(result)]
    lines += (
        ["", *(f"- {notice.text}" for notice in result.warnings)] if result.warnings else ["", "No warnings."]
    )
    return "\n".join(lines)


def _changes_in_words(result: Result) -> Iterator[str]:
    """Yield the change of SAC on the map and of the forces, and that of the comparator."""
    sac, against = result.totals["sac"], result.comparator_changes["sac"]
    yield (
        f"{capital(result.in_words['sac'])} on the map {percent(sac['change_pct'])}; of the forces as "
        f"{'published' if result.study.extract is None else 'extracted'}, located or not, it "
        f"{percent(sac['published_change_pct'])}."
    )
    if against["name"] not in {"areas", "none", None}:
        yield f"{capital(result.comparator.words)} {percent(against['change_pct'])}."
