"""The evaluation of a plan: its target, buffer and control areas before and after, and a verdict in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.areas.topology import adjoining
from sacmap.choose.control_areas import LASTING_DOUBT, Areas, placebo_z, widening
from sacmap.choose.effect import RateRatio, Wdd, placebo_rank, rate_ratio, tne, wdd, wdq, weighted_wdd
from sacmap.choose.partnership_files import Action
from sacmap.choose.plan import Plan, digests
from sacmap.choose.plan_record import SIDE_NAMES, WEIGHTS_NAMES
from sacmap.choose.plan_words import led_astray, log_notices, reading_of, verdict_of
from sacmap.errors import InputError, UsageError
from sacmap.measure.warnings import FORCES_LEFT_OUT, WEAK
from sacmap.months import Period
from sacmap.notices import Notice, listed

if TYPE_CHECKING:
    from sacmap.result import Result

Floats = NDArray[np.float64]

#: The counts and weights of a Group, which are columns of its table.
COUNTS = ("before", "after", "settled", "weights", "doubt")
#: The most differences named when a plan does not match the data.
NAMED = 3


@dataclass(frozen=True)
class Group:
    """Areas of a plan with their counts, each of shape (n,).

    before, after: counts; settled: the counts before, replaced by what was to be expected at the date of the plan;
    weights: 1, or the weights of a control; doubt: the standard error of settled, in addition to that of a count.
    """

    area_ids: tuple[str, ...]
    before: Floats
    after: Floats
    settled: Floats
    weights: Floats
    doubt: Floats

    @property
    def sums(self) -> tuple[float, float]:
        """The weighted sums before and after."""
        return float(self.weights @ self.before), float(self.weights @ self.after)


@dataclass(frozen=True)
class Outcome:
    """The evaluation of a plan.

    groups: the sides of the plan, with the few most similar areas as control; weighted_control: the target's weighted
    control. net: the target compared with its weighted control, by settled counts; displacement: the buffer compared
    with its weighted control, in the same way; wdd_settled: both together. wdd: by raw counts, compared with the few
    most similar areas; nearest: net compared with these few, as a check. verdict follows from net. placebo_rank: the
    rank of the target among `placebos` sets of equally many untreated areas in the same test, 1 being the largest
    fall; widening: the factor by which this test widened the intervals of the settled counts; months_before: the months
    before that are compared. Without an untreated area to compare with, there is no difference, no rank and no finding.
    """

    groups: dict[str, Group]
    weighted_control: Group
    wdd: Wdd | None
    wdq: float | None
    tne: float | None
    rate_ratio: RateRatio | None
    placebo_rank: int | None
    placebos: int
    wdd_settled: Wdd | None
    net: Wdd | None
    displacement: Wdd | None
    nearest: Wdd | None
    widening: float
    months_before: Period
    verdict: str
    reading: str
    volatility: float
    actions: tuple[Action, ...]
    warnings: tuple[Notice, ...]

    def record(self, version: str, plan_path: str, result: Result) -> dict[str, object]:
        """Return the outcome for its JSON record, the contract's keys first."""
        ratio = self.rate_ratio
        return {
            "sacmap": version,
            "plan": plan_path,
            "before": list(result.study.baseline[0]),
            "after": list(result.study.current),
            "months_compared": len(result.compared),
            "wdd": self.wdd and asdict(self.wdd),
            "wdd_settled": self.wdd_settled and asdict(self.wdd_settled),
            "wdq": self.wdq,
            "tne": self.tne,
            "rate_ratio": ratio and {"estimate": ratio.estimate, "low": ratio.low, "high": ratio.high},
            "placebo_rank": self.placebo_rank,
            "reading": self.reading,
            "verdict": self.verdict,
            "placebos": self.placebos,
            "net": self.net and asdict(self.net),
            "displacement": self.displacement and asdict(self.displacement),
            "nearest": self.nearest and asdict(self.nearest),
            "widening": self.widening,
            "volatility": self.volatility,
            "counts": {
                name: {
                    area: {"before": int(before), "after": int(after), "settled": float(settled)}
                    for area, before, after, settled in zip(
                        group.area_ids, group.before, group.after, group.settled, strict=True
                    )
                }
                for name, group in self.groups.items()
            },
            "actions": [asdict(action) for action in self.actions],
            "inputs": list(result.inputs),
            "warnings": [asdict(notice) for notice in self.warnings],
            "exit_code": result.exit_code,
        }


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


def without_shaky(result: Result) -> Result:
    """Return the result of a study that judges a plan, with what a weak comparator means for it.

    The controls are what the target is compared with; only the expected counts of map and table follow the comparator.
    """
    said = (
        "The map and the table compare each area with few crimes or none, so their expected counts are shaky. What is "
        "said of the week of action does not rest on them."
    )
    told = [Notice(WEAK, said) if one.code == WEAK else one for one in result.warnings]
    return replace(result, warnings=tuple(told))


def judge(plan: Plan, result: Result, actions: Sequence[Action] = ()) -> Outcome:
    """Judge a plan by the counts after it: `result` compares the months after with those before, see `study_values`.

    Raises
    ------
    InputError
        If the boundaries or the crimes differ from those of the plan; the message gives the differences. Or if no
        target area is known.
    """
    require_after(result.study.current, actions)
    _require_action_begun(plan, result.study.current)
    checked = _require_same(plan, result)
    # Shorter periods vary more: volatility grows with the square root of their number in a year.
    alpha = plan.volatility * math.sqrt(len(plan.before_months) / len(result.compared))
    table = _table(plan, result)
    groups: dict[str, Group] = {name: _group(table, plan.week[name]) for name in SIDE_NAMES}
    target, buffer, control, _ = (groups[name] for name in SIDE_NAMES)
    if not target.area_ids:
        raise InputError(
            f"Nothing is known of {result.in_words[plan.theme]} in the target areas, before or after: the plan cannot "
            "be judged.",
            "`sacmap check` with the same crimes and months says what is missing.",
        )
    weighted_control, weighted_buffer_control = (
        _weighted(table, plan.week[weights], _share_known(plan, plan.week[side], groups[side]))
        for side, weights in zip(SIDE_NAMES[:2], WEIGHTS_NAMES, strict=True)
    )
    placebos = _placebos(plan, result, table, alpha)
    widen = widening(placebos)
    net = _net_of(target, weighted_control, alpha, widen)
    displacement = _net_of(buffer, weighted_buffer_control, alpha, widen)
    together = net
    if net and displacement:
        together = _net_of(
            _both(target, buffer), _both(weighted_control, weighted_buffer_control), alpha, widen
        )
    rank = placebo_rank(net.z, np.array(placebos) / widen) if net and placebos else None
    found = Outcome(
        groups=groups,
        weighted_control=weighted_control,
        wdd=_unweighted(groups, alpha),
        wdd_settled=together,
        wdq=wdq(target.sums, control.sums, buffer.sums),
        tne=tne(target.sums, control.sums, buffer.sums),
        rate_ratio=rate_ratio(target.sums, control.sums, alpha),
        placebo_rank=rank,
        placebos=len(placebos),
        net=net,
        displacement=displacement,
        nearest=_net_of(target, control, alpha, widen),
        widening=widen,
        months_before=result.periods_compared[0],
        verdict=verdict_of(net, led_astray(plan, result.periods_compared[0])),
        reading="",
        volatility=alpha,
        actions=tuple(actions),
        warnings=(*checked, *log_notices(plan, result, actions), *result.warnings),
    )
    return replace(found, reading=reading_of(found, plan, result.nouns))


def _unweighted(groups: Mapping[str, Group], alpha: float) -> Wdd | None:
    """Return the difference with the control as it is; with the buffer only where that has a control of its own.

    None without a control: what is left is how the counts moved, and that is no difference from anything.
    """
    target, buffer, control, buffer_control = (
        (groups[name].before, groups[name].after) for name in SIDE_NAMES
    )
    if not groups["control"].area_ids:
        return None
    if not groups["buffer_control"].area_ids:
        return wdd(target, control, None, None, alpha)
    return wdd(target, control, buffer, buffer_control, alpha)


def _require_action_begun(plan: Plan, after: Period) -> None:
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


def _require_same(plan: Plan, result: Result) -> list[Notice]:
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
    left_out = {one["code"] for one in plan.warnings} | {one.code for one in result.warnings}
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


def _table(plan: Plan, result: Result) -> pd.DataFrame:
    """Return before, after, settled, level and weights of 1 of every area of the plan that is known then and now."""
    rows = result.change[result.change["crime_type"] == plan.theme].set_index("area_id")
    rows = rows[rows["current_count"].notna() & rows.index.isin(list(plan.level))]
    before, after = (rows[name].astype(float) for name in ("baseline_count", "current_count"))
    inside = np.array([month in result.periods_compared[0] for month in plan.before_months])
    by_month = pd.DataFrame.from_dict(dict(plan.by_month), orient="index", dtype=float)
    level, excess = (
        pd.Series(dict(one), dtype=float).reindex(rows.index) for one in (plan.level, plan.excess)
    )
    # Months on which the plan is not based keep their counts: no area was chosen because of them.
    chosen_by = by_month.loc[:, inside].sum(axis=1)
    whole = float(by_month.to_numpy().sum())
    share = float(chosen_by.sum()) / whole if whole > 0 else 0.0
    settled = before - chosen_by.reindex(rows.index) + level * share
    return pd.DataFrame(
        {
            "before": before,
            "after": after,
            "settled": settled,
            "level": level,
            "weights": 1.0,
            "doubt": LASTING_DOUBT * share * excess.abs(),
        }
    )


def _group(table: pd.DataFrame, area_ids: Iterable[str]) -> Group:
    ids = tuple(area for area in area_ids if area in table.index)
    rows = table.loc[list(ids)]
    return Group(ids, *(rows[name].to_numpy(float) for name in COUNTS))


def _share_known(plan: Plan, areas: Iterable[str], known: Group) -> float:
    """Return how much of the level of a side's areas is that of those known now: its control is made for all."""
    whole = sum(plan.level[area] for area in areas)
    return sum(plan.level[area] for area in known.area_ids) / whole if whole > 0 else 1.0


def _weighted(table: pd.DataFrame, weights: Mapping[str, float], share: float) -> Group:
    """Return a control of weighted areas for a share of its side.

    If some of its areas are not known now, the weights of the others are scaled up.
    """
    there = {area: weight for area, weight in weights.items() if area in table.index}
    kept = sum(there.values())
    scale = share * sum(weights.values()) / kept if kept > 0 else 0.0
    weighted = table.loc[list(there)].assign(weights=[weight * scale for weight in there.values()])
    return _group(weighted, there)


def _both(one: Group, other: Group) -> Group:
    """Return two groups as one. An area that is in both gets the sum of its weights."""
    table = pd.DataFrame(
        {name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in COUNTS},
        index=[*one.area_ids, *other.area_ids],
    )
    weights = table.groupby(level=0, sort=False)["weights"].sum()
    once = table[~table.index.duplicated()].assign(weights=weights)
    return _group(once, once.index)


def _net_of(group: Group, control: Group, alpha: float, widen: float) -> Wdd | None:
    """Return the difference between a group and its weighted control, by settled counts.

    None if one of the two has no areas, for then nothing is compared.
    """
    if not group.area_ids or not control.weights.sum() > 0:
        return None
    return weighted_wdd(
        (group.settled, group.after),
        (control.settled, control.after),
        control.weights,
        alpha,
        doubt=(group.doubt, control.doubt),
        widen=widen,
    )


def _placebos(plan: Plan, result: Result, table: pd.DataFrame, alpha: float) -> list[float]:
    """Return the z of the same test for sets of equally many adjoining untreated areas."""
    ids = [str(area) for area in result.areas["area_id"]]
    treated = {*plan.week["target"], *plan.week["buffer"]} | {
        one["area_id"] for one in plan.hardening if one["homes"]
    }
    free = {p for p, area in enumerate(ids) if area in table.index and area not in treated}
    periods = len(next(iter(plan.past.values()), ()))
    past = np.array([plan.past.get(area, [np.nan] * periods) for area in ids], dtype=float)
    columns = table.reindex(ids)
    level, settled, after, doubt = (
        columns[name].to_numpy(float) for name in ("level", "settled", "after", "doubt")
    )
    areas = Areas(level, past, settled, after, doubt)
    return placebo_z(areas, adjoining(result.areas), free, len(plan.week["target"]), alpha)
