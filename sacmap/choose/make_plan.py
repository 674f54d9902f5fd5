"""How a plan is made: the money is shared, areas are chosen for a week of action and others to compare them with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, TypedDict, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.areas.topology import adjoining
from sacmap.choose import draws, hardening, ranking, week
from sacmap.choose.control_areas import control_weights
from sacmap.choose.hardening import Candidate, Prices
from sacmap.choose.map_points import NO_POINTS, points_of_areas
from sacmap.choose.plan import Plan, digests
from sacmap.choose.plan_record import (
    Budget,
    BusyStreet,
    EarlierVisit,
    Funded,
    PlanStudy,
    ReachRecord,
    Spread,
    Week,
)
from sacmap.choose.plan_words import notices_of
from sacmap.errors import UsageError
from sacmap.measure.comparator_notices import UNLIKE, unlike_comparator
from sacmap.measure.verdict import Law

if TYPE_CHECKING:
    from sacmap.result import Result

Floats = NDArray[np.float64]

#: Months of the year that are named as those with most crime.
MONTHS_NAMED = 3
#: Decimals of a weight in a control.
WEIGHT_DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class PlanWanted:
    """The wishes a plan is made from, in addition to a comparison.

    budget: pounds; prices: the price list; size: number of areas that get money, and of adjoining areas in the week
    of action; protected: homes already protected, by area; visited: earlier actions; boundaries_file: path of the
    boundaries, relative to the folder of the plan; theme: crime type of the week of action, `sac` for all three;
    funded_areas: number of areas that get money, if not `size`; target: area_ids chosen by the user for the week of
    action, which need not adjoin; action: its first and last day, YYYY-MM-DD, if known.
    """

    budget: float
    prices: Prices
    size: int
    protected: Mapping[str, int]
    visited: Sequence[EarlierVisit]
    boundaries_file: str
    theme: str = "sac"
    funded_areas: int | None = None
    target: Sequence[str] = ()
    action: Sequence[str] = ()


def make_plan(result: Result, wanted: PlanWanted) -> Plan:
    """Share a budget for target hardening and choose areas for a week of action.

    Raises
    ------
    UsageError
        If the theme is no crime type, nothing is known of it, no `size` areas adjoin, or none can be ranked.
    """
    if wanted.theme not in tables.CRIME_TYPES:
        raise UsageError(
            f"{wanted.theme!r} is not a crime type.", f"Give one of {', '.join(tables.CRIME_TYPES)}."
        )
    if result.study.extract is not None:
        # A force's own extract holds residential burglary alone.
        wanted = replace(wanted, prices=replace(wanted.prices, home_share=1.0))
    near, theme = adjoining(result.areas), _theme_of(result, wanted.theme)
    result = _followed_by(result, wanted.theme, theme)
    law = ranking.law_of_months(theme.by_month[theme.known], result.comparator.pair(wanted.theme))
    chosen = _choices(theme, law, near, wanted)
    money = _candidates(result, wanted.funded_areas or wanted.size, wanted.protected)
    spends = hardening.spend(wanted.budget, money, wanted.prices)
    funded = {theme.ids.index(one.area_id) for one in spends if one.homes}
    side = week.sides(
        chosen[0].positions, near, theme.column("current_count"), theme.column("baseline_mean"), funded=funded
    )
    weights = _weights(side, theme, law.volatility)
    plan = Plan(
        study=cast("PlanStudy", result.study.record()),
        data_to=result.study.current[-1],
        hardening=[cast("Funded", asdict(one)) for one in spends],
        theme=wanted.theme,
        week=_week(result, theme, side, chosen, wanted=wanted, weights=weights),
        smallest_detectable_fall=_smallest_fall(side, theme.column("level"), weights[0], law.volatility),
        budget=_budget(wanted.budget, money, spends, wanted.prices),
        volatility=law.volatility,
        before_months=list(result.periods_compared[-1]),
        boundaries=digests(result.areas),
        boundaries_file=wanted.boundaries_file,
        inputs=list(result.inputs),
        **_by_area(theme),
    )
    notices = [*notices_of(plan, result, wanted.prices, wanted.protected), *result.warnings]
    return replace(plan, warnings=[{"code": one.code, "text": one.text} for one in notices])


def _followed_by(result: Result, kind: str, theme: _Theme) -> Result:
    """Return the comparison with what is said of the comparator of its theme: other crime types are for the map."""
    counts = {kind: theme.by_month[theme.known].sum(axis=(0, 2))}
    astray = () if result.unfit else unlike_comparator(result.comparator, counts)
    return replace(result, warnings=(*(one for one in result.warnings if one.code != UNLIKE), *astray))


@dataclass(frozen=True, kw_only=True)
class _Theme:
    """What is known of the crime type of the week of action, area by area.

    rows: its rows of the Change table; by_month: its counts in the months compared, (areas × periods × months), the
    current period last.
    """

    ids: list[str]
    rows: pd.DataFrame
    by_month: Floats

    def column(self, name: str) -> Floats:
        """Return a column of the Change table, NaN where nothing is known."""
        return self.rows[name].to_numpy(float)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether the count of each area is known."""
        return np.isfinite(self.column("current_count"))

    @property
    def past(self) -> Floats:
        """The counts in each baseline period, (areas × periods)."""
        past: Floats = self.by_month[:, :-1].sum(axis=2)
        return past


def _theme_of(result: Result, kind: str) -> _Theme:
    """Return what is known of a crime type.

    Raises
    ------
    UsageError
        If nothing is known of it in any area.
    """
    rows = _rows(result, kind)
    if rows["excess"].isna().all():
        known = [other for other in tables.SAC_TYPES if _rows(result, other)["excess"].notna().any()]
        raise UsageError(
            f"Nothing is known of {result.in_words[kind]} in any area, so no week of action can answer it.",
            f"Plan for another crime type: --theme {known[0]}."
            if known
            else "Give crimes of all three crime types.",
        )
    ids = [str(area) for area in result.areas["area_id"]]
    cube = ranking.counts_by_month(result.located, ids, result.periods_compared)
    return _Theme(ids=ids, rows=rows, by_month=ranking.of_kind(cube, kind))


class _ByArea(TypedDict):
    before: dict[str, int]
    level: dict[str, float]
    excess: dict[str, float]
    by_month: dict[str, list[int]]
    past: dict[str, list[int]]


def _by_area(theme: _Theme) -> _ByArea:
    """Return the fields of a plan that have a value for each known area."""
    counts, level, excess = (theme.column(name) for name in ("current_count", "level", "excess"))
    now, past = theme.by_month[:, -1], theme.past
    known = {theme.ids[position]: position for position in np.flatnonzero(theme.known)}
    return {
        "before": {area: int(counts[position]) for area, position in known.items()},
        "level": {area: float(level[position]) for area, position in known.items()},
        "excess": {area: float(excess[position]) for area, position in known.items()},
        "by_month": {area: [int(n) for n in now[position]] for area, position in known.items()},
        "past": {area: [int(n) for n in past[position]] for area, position in known.items()},
    }


def _weights(side: week.Sides, theme: _Theme, volatility: float) -> tuple[Floats, Floats]:
    """Return the weight of each untouched area in the control of the target, and in that of the buffer."""
    others = np.array(side.untouched, dtype=np.intp)
    target, buffer = (
        control_weights(
            theme.column("level"), theme.past, np.array(positions, dtype=np.intp), others, volatility
        )
        if positions
        else np.zeros(len(others))
        for positions in (side.target, side.buffer)
    )
    return target, buffer


def _smallest_fall(side: week.Sides, level: Floats, weights: Floats, volatility: float) -> int:
    """Return how many crimes must be prevented for the fall to be seen against the weighted control."""
    target, others = level[list(side.target)], level[list(side.untouched)]
    varied = 2 * volatility * float((target**2).sum() + (weights**2 * others**2).sum())
    fall = week.smallest_detectable_fall(target.sum(), float((weights**2 * others).sum()), varied)
    return int(np.ceil(fall - 1e-9))


def _week(
    result: Result,
    theme: _Theme,
    side: week.Sides,
    chosen: Sequence[week.Choice],
    *,
    wanted: PlanWanted,
    weights: tuple[Floats, Floats],
) -> Week:
    """Return the week of action: its sides, the sets it was chosen from, when it is, and what it should be about."""
    ids = theme.ids
    sides = {name: [ids[position] for position in positions] for name, positions in vars(side).items()}
    kind = _leading_type(result, sides["target"]) if wanted.theme == "sac" else wanted.theme
    in_control, in_buffer_control = (
        {
            ids[position]: round(float(weight), WEIGHT_DECIMALS)
            for position, weight in zip(side.untouched, part, strict=True)
            if round(float(weight), WEIGHT_DECIMALS) > 0
        }
        for part in weights
    )
    return {
        "target": sides["target"],
        "buffer": sides["buffer"],
        "control": sides["control"],
        "alternatives": [
            {
                "target": [ids[position] for position in choice.positions],
                "excess": choice.excess,
                "best_share": choice.best_share,
            }
            for choice in chosen
        ],
        "months": busiest_months(result.monthly, result.study.current[-1], wanted.theme),
        "buffer_control": sides["buffer_control"],
        "weights": in_control,
        "buffer_weights": in_buffer_control,
        "about": kind,
        "streets": _streets(result, sides["target"], kind),
        "visited": list(wanted.visited),
        "own_choice": bool(wanted.target),
        "action": list(wanted.action),
    }


def _rows(result: Result, kind: str) -> pd.DataFrame:
    return result.change[result.change["crime_type"] == kind].set_index("area_id")


def _choices(
    theme: _Theme, law: Law, near: Sequence[frozenset[int]], wanted: PlanWanted
) -> list[week.Choice]:
    """Return the best sets, as positions of areas, after the user's own.

    Raises
    ------
    UsageError
        If an area of the user's own is not known, or there are no sets.
    """
    known, excess = theme.known, theme.column("excess")
    drawn = np.full((len(known), draws.DRAWS), np.nan)
    drawn[known] = law.drawn(np.random.default_rng(draws.SEED), draws.DRAWS).T
    found = week.choose(excess, drawn, near, len(wanted.target) or wanted.size)
    if not wanted.target:
        if not found:
            raise UsageError(
                f"There are no {wanted.size} areas that adjoin one another.",
                "Plan for fewer with --areas, such as 1.",
            )
        return found
    mine = tuple(sorted(theme.ids.index(area) for area in wanted.target))
    unknown = [theme.ids[position] for position in mine if not known[position]]
    if unknown:
        raise UsageError(f"{unknown[0]} is not known, so it can be no target.", "Choose another area.")
    others = [choice for choice in found if choice.positions != mine]
    sums = [drawn[list(choice.positions)].sum(axis=0) for choice in others]
    own_sum = drawn[list(mine)].sum(axis=0)
    best = float(np.mean((own_sum > np.array(sums)).all(axis=0))) if others else 1.0
    return [week.Choice(mine, float(excess[list(mine)].sum()), best), *others[: week.SHOWN - 1]]


def _candidates(result: Result, size: int, protected: Mapping[str, int]) -> list[Candidate]:
    """Return the first areas of the target-hardening list that have homes to protect, with their burglaries a year."""
    level = _rows(result, ranking.HARDENING_TYPE)["level"].astype(float)
    homes = pd.Series(ranking.homes_of(result.areas), index=list(result.areas["area_id"]))
    a_year = 12 / len(result.compared)
    listed = (
        Candidate(
            area_id=entry.area_id,
            burglaries=float(level[entry.area_id]) * a_year,
            homes=float(homes[entry.area_id]) or None,
            protected=protected.get(entry.area_id, 0),
        )
        for entry in result.hardening
    )
    return [candidate for candidate in listed if candidate.room][:size]


def _budget(
    budget: float, money: Sequence[Candidate], spends: Sequence[hardening.Spend], prices: Prices
) -> Budget:
    """Return the money in full: what is bought, what it prevents, what it must prevent, what else it could do."""
    # The homes that are reached count, not the areas: most of the money goes where burglary is highest.
    rates = [
        (rate, one.homes)
        for area, one in zip(money, spends, strict=True)
        if (rate := hardening.home_rate(area, prices)) is not None
    ]
    homes = [n for _, n in rates]
    rate = (
        float(np.average([rate for rate, _ in rates], weights=homes if any(homes) else None))
        if rates
        else hardening.USUAL_RATE
    )
    prevented = [one.prevented for one in spends if one.prevented is not None]
    low, mid, high = (sum(getattr(one, name) for one in prevented) for name in ("low", "mid", "high"))
    is_known = len(prevented) == len(spends) and len(spends) > 0
    spent = sum(one.money for one in spends)
    paid = hardening.paid(budget, spent, prices.bought.price)
    return {
        "money": budget,
        "spent": spent,
        "measure": prices.bought.name,
        "price": prices.bought.price,
        "illustration": prices.bought.illustration,
        "home_share": prices.home_share,
        "take_up": prices.take_up,
        "multiplier": prices.multiplier,
        "prevented": Spread(low=low, mid=mid, high=high) if is_known else None,
        "cost_of_burglary": prices.cost_of_burglary,
        "cost_source": prices.cost_source,
        "break_even": hardening.break_even(paid, prices.cost_of_burglary),
        "rate_per_1000_homes": rate,
        "rate_is_known": bool(rates),
        "reaches": [cast("ReachRecord", asdict(one)) for one in hardening.reaches(paid, rate, prices)],
        "sources": [{"measure": one.name, "source": one.source} for one in prices.measures],
    }


def _leading_type(result: Result, target: Sequence[str]) -> str:
    """Return the crime type furthest above the expected there; that with most crimes where this is no guide."""

    def above(kind: str) -> float:
        rows = _rows(result, kind).loc[list(target)]
        return float((rows["current_count"] - (0 if result.unfit else rows["expected"])).sum())

    return max(tables.SAC_TYPES, key=above)


def _streets(result: Result, target: Sequence[str], kind: str) -> list[BusyStreet]:
    """Return the busiest streets of the target areas, by crimes of the type the action is about."""
    rows = result.located
    now = rows["month"].isin(result.periods_compared[-1])
    mine = rows[now.to_numpy() & rows["area_id"].isin(target).to_numpy()]
    found = points_of_areas(mine.assign(area_id="target"), ["target"])
    busiest = found.get(("target", kind), NO_POINTS).streets
    return [{"street": name, "crimes": n} for name, n in busiest]


def busiest_months(monthly: pd.DataFrame, last: str, kind: str = "sac") -> list[str]:
    """Return the months of the year with most crime of a type, in whole years that end in `last`; none without a year.

    `monthly` is the Counts table; months whose counts are missing are left out. Each month counts as a share of its own
    year's mean, so that one that is missing in a year of much crime does not look quiet.
    """
    rows = monthly[(monthly["crime_type"] == kind) & (monthly["month"] <= last)]
    sums = rows.groupby("month")["n"].sum(min_count=1).astype(float).dropna()
    back = months.number(last) - sums.index.map(months.number)
    years = (back // 12).where(back // 12 < (back.max() + 1) // 12)
    shares = sums / sums.groupby(years).transform("mean")
    by_name = shares.groupby(sums.index.str[5:].astype(int)).mean().dropna()
    if len(by_name) < len(months.NAMES):
        return []
    first = by_name.sort_values(ascending=False, kind="stable").index[:MONTHS_NAMED]
    return [months.NAMES[number - 1] for number in first]
