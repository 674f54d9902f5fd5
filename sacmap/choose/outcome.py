"""What came of a plan: its target, buffer and control areas before and after, read in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import months
from sacmap.areas.topology import adjoining
from sacmap.choose.evaluate import RateRatio, Wdd, placebo_rank, rate_ratio, tne, wdd, wdq
from sacmap.choose.plan import Plan, digests
from sacmap.choose.records import Action
from sacmap.choose.week import Z_TENTH, nearest_like
from sacmap.errors import InputError, UsageError
from sacmap.notices import Notice
from sacmap.study import Period

if TYPE_CHECKING:
    from sacmap.result import Result

Floats = NDArray[np.float64]

#: Differences that are named where a plan does not fit the data.
NAMED = 3


@dataclass(frozen=True)
class Group:
    """Areas of a plan with their counts: (n,) before, after, and before with what was chance taken out."""

    area_ids: tuple[str, ...]
    before: Floats
    after: Floats
    settled: Floats

    @property
    def sums(self) -> tuple[float, float]:
        """Before and after, all areas together."""
        return float(self.before.sum()), float(self.after.sum())


@dataclass(frozen=True)
class Outcome:
    """What came of a plan.

    wdd is of the counts as they are, buffer included. net is of the target against the control areas alone, with the
    chance that the target was chosen for taken out of the counts before; displacement is of the buffer against its own
    control. verdict is read off net. placebo_rank is the target's place among `placebos` untreated areas that are put
    to the same test, 1 the largest fall.
    """

    groups: dict[str, Group]
    wdd: Wdd
    wdq: float | None
    tne: float | None
    rate_ratio: RateRatio | None
    placebo_rank: int
    placebos: int
    net: Wdd
    displacement: Wdd | None
    verdict: str
    reading: str
    volatility: float
    actions: tuple[Action, ...]
    warnings: tuple[Notice, ...]

    def record(self, version: str, plan_path: str, result: Result) -> dict[str, Any]:
        """Return the outcome for its JSON record, the contract's keys first."""
        ratio = self.rate_ratio
        return {
            "sacmap": version,
            "plan": plan_path,
            "before": list(result.study.baseline[0]),
            "after": list(result.study.current),
            "months_compared": len(result.compared),
            "wdd": asdict(self.wdd),
            "wdq": self.wdq,
            "tne": self.tne,
            "rate_ratio": None
            if ratio is None
            else {"estimate": ratio.estimate, "low": ratio.low, "high": ratio.high},
            "placebo_rank": self.placebo_rank,
            "reading": self.reading,
            "verdict": self.verdict,
            "placebos": self.placebos,
            "net": asdict(self.net),
            "displacement": None if self.displacement is None else asdict(self.displacement),
            "volatility": self.volatility,
            "counts": {
                name: {
                    area: {"before": int(before), "after": int(after)}
                    for area, before, after in zip(group.area_ids, group.before, group.after, strict=True)
                }
                for name, group in self.groups.items()
            },
            "actions": [asdict(action) for action in self.actions],
            "inputs": list(result.inputs),
            "warnings": [{"code": notice.code, "text": notice.text} for notice in self.warnings],
            "exit_code": result.exit_code,
        }


def study_values(
    plan: Plan, after: Period, before: Period | None, crimes: Sequence[str], boundaries: str
) -> dict[str, Any]:
    """Return the options of the study that judges a plan: `after` against `before`, in the plan's areas.

    before is by default the same months a year earlier, or as many years as `after` has.

    Raises
    ------
    UsageError
        If `after` is not later than the data the plan was made on, or `before` is; if `before` has not as many months
        as `after`; or if there are no crimes, and no force in the plan to fetch them of.
    """
    if not crimes and not plan.study.get("force"):
        raise UsageError("No crimes were given, and the plan names no force.", "Add --crimes PATH.")
    step = 12 * -(-len(after) // 12)
    earlier = before or tuple(months.shift(month, -step) for month in after)
    if len(earlier) != len(after):
        raise UsageError(
            f"--before {months.written(earlier)} has {len(earlier)} months, --after {months.written(after)} has "
            f"{len(after)}: their counts cannot be set side by side.",
            "Give the same months of one earlier year.",
        )
    if months.number(after[0]) <= months.number(plan.data_to):
        raise UsageError(
            f"{after[0]} is in the data the plan was made on, which run to {plan.data_to}.",
            "Give later months with --after.",
        )
    if months.number(earlier[-1]) > months.number(plan.data_to):
        raise UsageError(
            f"{earlier[-1]} is later than the data the plan was made on, which run to {plan.data_to}.",
            "Give the same months of an earlier year with --before.",
        )
    kept = ("force", "extract", "layer", "crs", "id_column", "name_column", "group_column", "within", "title")
    return {name: plan.study.get(name) for name in kept} | {
        "current": f"{after[0]}:{after[-1]}",
        "baseline": f"{earlier[0]}:{earlier[-1]}",
        "crimes": tuple(crimes),
        "boundaries": boundaries,
    }


def judge(plan: Plan, result: Result, actions: Sequence[Action] = ()) -> Outcome:
    """Judge a plan by the counts after it.

    Parameters
    ----------
    plan
        The plan.
    result
        The comparison of the months after with those before, see `study_values`.
    actions
        The action log.

    Raises
    ------
    InputError
        If the boundaries or the crimes are not those the plan was made on; the message gives the difference.
    """
    checked = require_same(plan, result)
    groups = _groups(plan, result)
    target, control = groups["target"], groups["control"]
    buffer, buffer_control = groups["buffer"], groups["buffer_control"]
    # Shorter periods vary more, as the square root of their number in a year.
    alpha = plan.volatility * math.sqrt(len(plan.before_months) / len(result.compared))
    paired = len(buffer_control.area_ids) > 0
    displacement = net_of(buffer, buffer_control, alpha) if paired else None
    net = net_of(target, control, alpha)
    others = _placebos(plan, result, groups, alpha)
    rank = placebo_rank(net.z, others)
    verdict = verdict_of(net)
    return Outcome(
        groups=groups,
        wdd=wdd(
            (target.before, target.after),
            (control.before, control.after),
            (buffer.before, buffer.after) if paired else None,
            (buffer_control.before, buffer_control.after) if paired else None,
            alpha,
        ),
        wdq=wdq(target.sums, control.sums, buffer.sums),
        tne=tne(target.sums, control.sums, buffer.sums),
        rate_ratio=rate_ratio(target.sums, control.sums, alpha),
        placebo_rank=rank,
        placebos=len(others),
        net=net,
        displacement=displacement,
        verdict=verdict,
        reading=_reading(groups, net, displacement, verdict, rank=rank, placebos=len(others)),
        volatility=alpha,
        actions=tuple(actions),
        warnings=(*checked, *result.warnings),
    )


def require_same(plan: Plan, result: Result) -> list[Notice]:
    """Refuse boundaries or crimes that are not the plan's; tell where the crimes cannot be checked.

    Raises
    ------
    InputError
        If an area is missing, new or of another shape, or a count of a month the plan rests on is another.
    """
    found = digests(result.areas)
    areas = [
        *(f"{area} is gone" for area in sorted(set(plan.boundaries) - set(found))),
        *(f"{area} is new" for area in sorted(set(found) - set(plan.boundaries))),
        *(
            f"{area} has another shape"
            for area in sorted(found)
            if plan.boundaries.get(area, "") not in ("", found[area])
        ),
    ]
    if areas:
        raise InputError(
            f"The plan was made on other boundaries: {_named(areas)}.",
            "Give the boundaries it was made on with --boundaries.",
        )
    sac = result.monthly[result.monthly["crime_type"] == "sac"]
    wide = sac.set_index(["area_id", "month"])["n"].unstack("month")
    there = [month for month in plan.before_months if month in wide and wide[month].notna().any()]
    if not there:
        return [
            Notice(
                "plan-unchecked",
                "None of the months the plan rests on is among the crimes given, so it cannot be checked against them.",
            )
        ]
    place = {month: at for at, month in enumerate(plan.before_months)}
    counts = []
    for month in there:
        now = dict(zip(wide.index.astype(str), wide[month], strict=True))
        counts += [
            f"{area} had {then[place[month]]} crimes in {months.in_words(month)}, now {int(now[area])}"
            for area, then in plan.by_month.items()
            if pd.notna(now[area]) and int(now[area]) != then[place[month]]
        ]
    if counts:
        raise InputError(
            f"The plan was made on other crimes: {_named(counts)}.",
            "Give the crimes it was made on (its inputs are named in it) together with those after.",
        )
    return []


def _named(differences: Sequence[str]) -> str:
    more = len(differences) - NAMED
    return "; ".join(differences[:NAMED]) + (f"; and {more:,} more differences" if more > 0 else "")


def _groups(plan: Plan, result: Result) -> dict[str, Group]:
    names = ("target", "control", "buffer", "buffer_control")
    return {name: _group(plan, result, plan.week[name]) for name in names}


def _group(plan: Plan, result: Result, area_ids: Iterable[str]) -> Group:
    ids = tuple(area_ids)
    sac = result.change[result.change["crime_type"] == "sac"].set_index("area_id").loc[list(ids)]
    before, after = (sac[name].to_numpy(float) for name in ("baseline_count", "current_count"))
    chance = np.array([plan.before[area] - plan.level[area] for area in ids])
    return Group(ids, before, after, before - chance * _chosen_share(plan, result))


def _chosen_share(plan: Plan, result: Result) -> float:
    """Return which share of the counts the areas were chosen by lies in the months compared before."""
    months_before = {result.study.baseline[0][k] for k in result.compared}
    by_month = np.array([list(counts) for counts in plan.by_month.values()], dtype=float).sum(axis=0)
    inside = np.array([month in months_before for month in plan.before_months])
    return float(by_month[inside].sum() / by_month.sum()) if by_month.sum() > 0 else 0.0


def net_of(group: Group, control: Group, alpha: float) -> Wdd:
    """Return the difference of a group from its control, with the chance they were chosen for taken out before."""
    return wdd((group.settled, group.after), (control.settled, control.after), alpha=alpha)


def _placebos(plan: Plan, result: Result, groups: dict[str, Group], alpha: float) -> list[float]:
    """Return the same z for every untreated area, each against the untreated area nearest to it in level."""
    ids = [str(area) for area in result.areas["area_id"]]
    treated = {*groups["target"].area_ids, *groups["buffer"].area_ids}
    level = np.array([plan.level.get(area, np.nan) for area in ids])
    untreated = {p for p, area in enumerate(ids) if area in plan.level and area not in treated}
    near = adjoining(result.areas)
    found = []
    for place in sorted(untreated):
        other = nearest_like([place], untreated - {place} - near[place], level, level)
        if other:
            one, against = (_group(plan, result, [ids[p]]) for p in (place, other[0]))
            found.append(net_of(one, against, alpha).z)
    return found


def verdict_of(net: Wdd) -> str:
    """Return the reading of a net change in two words; "clear" beyond its 95% interval, "possible" at 1 in 10."""
    if abs(net.z) <= Z_TENTH:
        return "no change that can be told from chance"
    how = "clear" if net.low > 0 or net.high < 0 else "possible"
    return f"{how} {'fall' if net.estimate < 0 else 'rise'}"


def _reading(
    groups: dict[str, Group], net: Wdd, displacement: Wdd | None, verdict: str, *, rank: int, placebos: int
) -> str:
    target, control = groups["target"], groups["control"]
    chance = float((target.before - target.settled).sum())
    said = [
        f"Target areas: {target.sums[1]:,.0f} crimes after, {target.sums[0]:,.0f} before. Control areas: "
        f"{control.sums[1]:,.0f} after, {control.sums[0]:,.0f} before."
    ]
    if chance >= 1:
        said.append(
            f"The target was chosen when it stood high: about {chance:,.0f} of its crimes before are put down to "
            "chance. They would have gone anyway and are not counted as prevented."
        )
    said.append(f"Against the control areas that is {_change(net)}: {_verdict_in_words(verdict)}.")
    if displacement is not None:
        moved = _moved_in_words(verdict_of(displacement))
        said.append(f"In the buffer around it, {_change(displacement)}: {moved}.")
    if placebos:
        as_far = rank - 1
        said.append(
            f"Of {placebos:,} areas where nothing was done, {as_far:,} fell as far against one like them."
        )
    said.append("The counts cannot show that the action was the cause.")
    return " ".join(said)


def _change(net: Wdd) -> str:
    """Return "23 fewer (95% interval: 40 fewer to 6 fewer)"."""
    return f"{_signed(net.estimate)} (95% interval: {_signed(net.low)} to {_signed(net.high)})"


def _signed(value: float) -> str:
    rounded = math.floor(abs(value) + 0.5)
    if rounded == 0:
        return "no change"
    return f"{rounded:,} {'fewer' if value < 0 else 'more'}"


def _verdict_in_words(verdict: str) -> str:
    if verdict.startswith("clear"):
        return f"a {verdict}, larger than chance would explain"
    if verdict.startswith("possible"):
        return f"a {verdict}, which could be chance"
    return verdict


def _moved_in_words(verdict: str) -> str:
    if verdict.endswith("fall"):
        return f"a {verdict}, no sign that crime moved there"
    if verdict.endswith("rise"):
        return f"a {verdict}, crime may have moved there"
    return "no sign that can be told from chance that crime moved there"
