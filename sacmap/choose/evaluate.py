"""The evaluation of a plan: its target, buffer and control areas before and after, and a verdict in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap.areas.topology import adjoining
from sacmap.choose.control_areas import LASTING_DOUBT, Areas, placebo_z, widening
from sacmap.choose.effect import RateRatio, Wdd, placebo_rank, rate_ratio, tne, wdd, wdq, weighted_wdd
from sacmap.choose.outcome_words import is_few, led_astray, log_notices, reading_of, verdict_of
from sacmap.choose.partnership_files import Action
from sacmap.choose.plan import Plan
from sacmap.choose.plan_checks import require_action_begun, require_after, require_same
from sacmap.choose.plan_record import SIDE_NAMES, WEIGHTS_NAMES
from sacmap.errors import InputError
from sacmap.measure.comparator import UNFIT
from sacmap.measure.comparator_notices import UNLIKE, WEAK
from sacmap.months import Period
from sacmap.notices import Notice

if TYPE_CHECKING:
    from sacmap.result import Result

Floats = NDArray[np.float64]

#: The counts and weights of a Group, which are columns of its table.
COUNTS = ("before", "after", "settled", "weights", "doubt")


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


def without_shaky(result: Result) -> Result:
    """Return the result of a study that judges a plan, with what a weak comparator means for it.

    The controls are what the target is compared with; only the expected counts of map and table follow the comparator.
    """
    apart = "What is said of the week of action does not rest on"
    weak = (
        "The map and the table compare each area with few crimes or none, so their expected counts are shaky. "
        f"{apart} them."
    )
    told = [
        replace(one, text=weak if one.code == WEAK else f"{one.text} {apart} this comparison.")
        if one.code in (WEAK, UNLIKE, UNFIT)
        else one
        for one in result.warnings
    ]
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
    require_action_begun(plan, result.study.current)
    checked = require_same(plan, result)
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
        verdict=verdict_of(net, led_astray(plan, result.periods_compared[0]), few=is_few(target)),
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
    treated = {*plan.week["target"], *plan.week["buffer"], *plan.funded}
    free = {p for p, area in enumerate(ids) if area in table.index and area not in treated}
    periods = len(next(iter(plan.past.values()), ()))
    past = np.array([plan.past.get(area, [np.nan] * periods) for area in ids], dtype=float)
    columns = table.reindex(ids)
    level, settled, after, doubt = (
        columns[name].to_numpy(float) for name in ("level", "settled", "after", "doubt")
    )
    areas = Areas(level, past, settled, after, doubt)
    return placebo_z(areas, adjoining(result.areas), free, len(plan.week["target"]), alpha)
