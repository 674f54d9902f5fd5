"""Whether a plan can be judged: by which months, and with the same boundaries and crimes as those it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

import pandas as pd

from sacmap import months, tables
from sacmap.choose.partnership_files import Action
from sacmap.choose.plan import Plan, digests
from sacmap.errors import InputError, UsageError
from sacmap.measure.warnings import FORCES_LEFT_OUT
from sacmap.months import Period
from sacmap.notices import Notice, listed

if TYPE_CHECKING:
    from sacmap.result import Result

#: The most differences named when a plan does not match the data.
NAMED = 3


def study_values(
    plan: Plan, after: Period, before: Period | None, crimes: Sequence[str], boundaries: str
) -> dict[str, object]:
    """Return the options of the study that judges a plan: `after` compared with `before`, in the plan's areas.

    The default of before is the same months one year earlier (more years if `after` is longer than a year).

    Raises
    ------
    UsageError
        If `after` is not later than the plan's data, or `before` is later; if they are not of the same months of the
        year; or if there are no crimes and the plan names no force from which to fetch them.
    """
    if not crimes and not plan.study.get("force"):
        raise UsageError("No crimes were given, and the plan names no force.", "Add --crimes PATH.")
    last = months.number(plan.data_to)
    earlier_years = (months.periods_before(after, n)[0] for n in count(1))
    usual = next(period for period in earlier_years if months.number(period[-1]) <= last)
    remedy = f"Give the same months of an earlier year: --before {months.written(usual)}."
    earlier = before or months.periods_before(after, 1)[0]
    if len(earlier) != len(after):
        raise UsageError(
            f"--before {months.written(earlier)} has {len(earlier)} months, but --after {months.written(after)} has "
            f"{len(after)}, so their counts cannot be compared.",
            remedy,
        )
    if [month[5:] for month in earlier] != [month[5:] for month in after]:
        raise UsageError(
            f"--before {months.written(earlier)} has other months of the year than --after {months.written(after)}.",
            remedy,
        )
    if months.number(after[0]) <= last:
        raise UsageError(
            f"{after[0]} is not after the plan: its data end in {plan.data_to}.",
            "Give later months with --after.",
        )
    if months.number(earlier[-1]) > last:
        raise UsageError(f"{earlier[-1]} is not before the plan: its data end in {plan.data_to}.", remedy)
    kept = ("force", "extract", "layer", "crs", "id_column", "name_column", "group_column", "within", "title")
    return {name: plan.study.get(name) for name in kept} | {
        "suppress_small": bool(plan.study.get("suppress_small")),
        "current": f"{after[0]}:{after[-1]}",
        "baseline": f"{earlier[0]}:{earlier[-1]}",
        "crimes": tuple(crimes),
        "boundaries": boundaries,
    }


def require_action_begun(plan: Plan, after: Period) -> None:
    """Refuse a period after that begins before the plan's action.

    Raises
    ------
    UsageError
        If so.
    """
    if plan.week["action"] and after[0] < plan.week["action"][0][:7]:
        raise UsageError(
            f"The plan's action begins on {plan.week['action'][0]}, and {months.in_words(after[0])} is before it.",
            "Give months from that of the action on with --after.",
        )


def require_after(after: Period, actions: Sequence[Action]) -> None:
    """Refuse a period after that begins before the first action in the log.

    Raises
    ------
    UsageError
        If its first month ends before the first action. The message gives the right span.
    """
    first = min((action.month for action in actions), default=None)
    if first is None or months.number(after[0]) >= months.number(first):
        return
    left = len(after) - (months.number(first) - months.number(after[0]))
    right = f"{first}:{after[-1]}" if left > 0 else f"{first}:{months.shift(first, len(after) - 1)}"
    raise UsageError(
        f"The first action in the log is in {months.in_words(first)}, and {months.in_words(after[0])} is before it.",
        f"Begin with the month of the first action: --after {right}.",
    )


def require_same(plan: Plan, result: Result) -> list[Notice]:
    """Refuse boundaries or crimes that differ from the plan's. Return a notice if the crimes cannot be checked.

    A force with a gap is left out completely. If that is so now or was so in the plan, counts may differ in the same
    crimes, and the notice says where.

    Raises
    ------
    InputError
        If an area is missing, new or has another shape, or if a count in one of the plan's months differs.
    """
    found = digests(result.areas)
    areas = [
        *(f"{area} is gone" for area in sorted(set(plan.boundaries) - set(found))),
        *(f"{area} is new" for area in sorted(set(found) - set(plan.boundaries))),
        *(f"{area} has another shape" for area in _with_another_shape(plan, result, found)),
    ]
    if areas:
        raise InputError(
            f"The plan was made with other boundaries: {listed(areas, NAMED)}.",
            "Give the original boundaries with --boundaries.",
        )
    rows = result.monthly[result.monthly["crime_type"] == plan.theme]
    wide = rows.set_index(["area_id", "month"])["n"].unstack("month")
    there = [month for month in plan.before_months if month in wide and wide[month].notna().any()]
    if not there:
        said = "The crimes do not include any month on which the plan is based, so it was not checked against them."
        return [Notice("plan-unchecked", said)]
    counts = []
    for month in there:
        at = plan.before_months.index(month)
        now = dict(zip(wide.index.astype(str), wide[month], strict=True))
        counts += [
            f"{area} had {tables.crimes(then[at], plan.theme, result.nouns)} in {months.in_words(month)}, "
            f"now {int(now[area])}"
            for area, then in plan.by_month.items()
            if pd.notna(now[area]) and int(now[area]) != then[at]
        ]
    left_out = {*plan.told} | {one.code for one in result.warnings}
    if counts and FORCES_LEFT_OUT in left_out:
        said = (
            "Forces with a gap are left out completely, now or when the plan was made, so the counts on which it is "
            f"based differ and cannot be checked: {listed(counts, NAMED)}."
        )
        return [Notice("plan-unchecked", said)]
    if counts:
        raise InputError(
            f"The plan was made with other crimes: {listed(counts, NAMED)}.",
            "Give the plan's own files (its inputs) as the last --crimes: of a month given twice, the last counts. If "
            "police.uk published that month again, its earlier archive has the plan's counts.",
        )
    return []


def _with_another_shape(plan: Plan, result: Result, found: Mapping[str, str]) -> list[str]:
    """Return the areas with another boundary than the plan's, sorted; `found` are the digests of their boundaries."""
    other = [area for area in sorted(found) if plan.boundaries.get(area, "") not in ("", found[area])]
    # A plan that was made from a GeoPackage may have these.
    in_parts = digests(result.areas[result.areas["area_id"].isin(other)], in_parts=True)
    return [area for area in other if plan.boundaries[area] != in_parts[area]]
