"""A plan: where the money and the week of action go, fixed before the event so that it can be judged after it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.areas.topology import adjoining
from sacmap.choose import draws, hardening, ranking, week
from sacmap.choose.control_areas import control_weights
from sacmap.choose.hardening import Candidate, Prices
from sacmap.choose.map_points import NO_POINTS, points_of_areas
from sacmap.choose.plan_record import (
    Budget,
    BusyStreet,
    CrimeType,
    EarlierVisit,
    Funded,
    Month,
    NoticeRecord,
    PlanStudy,
    ReachRecord,
    Spread,
    Week,
    inconsistency,
)
from sacmap.choose.plan_words import notices_of
from sacmap.errors import InputError, UsageError
from sacmap.files.json_shape import own_record

if TYPE_CHECKING:
    from sacmap.result import Result

Floats = NDArray[np.float64]

#: Months of the year that are named as those with most crime.
MONTHS_NAMED = 3
#: Decimals of a degree that boundaries are compared at: about a decimetre.
DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan, with everything needed to judge it later.

    study: the study's record; data_to: the last month of the data; budget: the money in full; hardening: area_id,
    money, homes, prevented; theme: the crime type the week of action answers; week: target, buffer, control,
    buffer_control, weights, buffer_weights, alternatives, months and what the action should be about; before: crimes
    of the theme in the current months compared, by area; level: the count to expect in the next such months; excess:
    as in the Change table; volatility: of areas from period to period; before_months and by_month: the months of
    `before`, and each area's counts in them; past: each area's count in each baseline period; boundaries: a digest of
    each area's boundary; warnings: code and text.
    """

    study: PlanStudy
    data_to: Month
    hardening: Sequence[Funded]
    week: Week
    before: Mapping[str, int]
    smallest_detectable_fall: int
    theme: CrimeType
    budget: Budget
    level: Mapping[str, float]
    excess: Mapping[str, float]
    volatility: float
    before_months: Sequence[Month]
    by_month: Mapping[str, Sequence[int]]
    past: Mapping[str, Sequence[int]]
    boundaries: Mapping[str, str]
    boundaries_file: str
    inputs: Sequence[Mapping[str, object]]
    warnings: Sequence[NoticeRecord] = field(default_factory=list)

    @property
    def told(self) -> dict[str, str]:
        """The text of its notices by their codes."""
        return {one["code"]: one["text"] for one in self.warnings}

    def record(self, version: str) -> dict[str, object]:
        """Return the plan for plans/NAME.json, the contract's keys first."""
        return {"sacmap": version} | asdict(self)


def plan_of(text: str, path: str) -> Plan:
    """Return the plan of a JSON record that `sacmap plan` wrote.

    Raises
    ------
    InputError
        If it is not such a record.
    """
    raw = own_record(text, path, Plan, what="a plan", writer="sacmap plan")
    plan = Plan(**{name: raw[name] for name in Plan.__dataclass_fields__})
    if wrong := inconsistency(plan):
        raise InputError(f"{path} is not a plan: {wrong}.", "Give a file that `sacmap plan` wrote.")
    return plan


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
    theme = wanted.theme
    if theme not in tables.CRIME_TYPES:
        raise UsageError(f"{theme!r} is not a crime type.", f"Give one of {', '.join(tables.CRIME_TYPES)}.")
    if result.study.extract is not None:
        # A force's own extract holds residential burglary alone.
        wanted = replace(wanted, prices=replace(wanted.prices, home_share=1.0))
    near = adjoining(result.areas)
    if _rows(result, theme)["excess"].isna().all():
        known = [kind for kind in tables.SAC_TYPES if _rows(result, kind)["excess"].notna().any()]
        raise UsageError(
            f"Nothing is known of {result.in_words[theme]} in any area, so no week of action can answer it.",
            f"Plan for another crime type: --theme {known[0]}."
            if known
            else "Give crimes of all three crime types.",
        )
    cube = _by_month(result, theme)
    chosen, volatility = _choices(
        result, cube, near, size=len(wanted.target) or wanted.size, theme=theme, own=wanted.target
    )
    if not chosen:
        raise UsageError(
            f"There are no {wanted.size} areas that adjoin one another.",
            "Plan for fewer with --areas, such as 1.",
        )
    spends, budget = _money(result, wanted)
    side = _sides(result, chosen[0], near, spends, theme)
    level = _rows(result, theme)["level"].to_numpy(float)
    weights = _weights(side, level, cube[:, :-1].sum(axis=2), volatility)
    plan = Plan(
        study=cast("PlanStudy", result.study.record()),
        data_to=result.study.current[-1],
        hardening=[cast("Funded", asdict(one)) for one in spends],
        theme=theme,
        week=_week(result, side, chosen, wanted, weights),
        smallest_detectable_fall=_smallest_fall(side, level, weights[0], volatility),
        budget=budget,
        volatility=volatility,
        before_months=list(result.periods_compared[-1]),
        boundaries=digests(result.areas),
        boundaries_file=wanted.boundaries_file,
        inputs=list(result.inputs),
        **_by_area(result, cube, theme),
    )
    notices = [*notices_of(plan, result, wanted.prices, wanted.protected), *result.warnings]
    return replace(plan, warnings=[{"code": one.code, "text": one.text} for one in notices])


def _ids(result: Result) -> list[str]:
    return [str(area) for area in result.areas["area_id"]]


def _money(result: Result, wanted: PlanWanted) -> tuple[list[hardening.Spend], Budget]:
    """Return what each area gets, and the money in full."""
    money = _candidates(result, wanted.funded_areas or wanted.size, wanted.protected)
    spends = hardening.spend(wanted.budget, money, wanted.prices)
    return spends, _budget(wanted.budget, money, spends, wanted.prices)


def _sides(
    result: Result,
    first: week.Choice,
    near: Sequence[frozenset[int]],
    spends: Sequence[hardening.Spend],
    theme: str,
) -> week.Sides:
    """Return the target with its buffer and controls, which are no areas that get money."""
    ids, rows = _ids(result), _rows(result, theme)
    counts, baseline = (rows[name].to_numpy(float) for name in ("current_count", "baseline_mean"))
    funded = {ids.index(one.area_id) for one in spends if one.homes}
    return week.sides(first.positions, near, counts, baseline, funded=funded)


class _ByArea(TypedDict):
    before: dict[str, int]
    level: dict[str, float]
    excess: dict[str, float]
    by_month: dict[str, list[int]]
    past: dict[str, list[int]]


def _by_area(result: Result, cube: Floats, theme: str) -> _ByArea:
    """Return the fields of a plan that have a value for each known area."""
    rows = _rows(result, theme)
    counts, level, excess = (rows[name].to_numpy(float) for name in ("current_count", "level", "excess"))
    known = {area: position for position, area in enumerate(_ids(result)) if np.isfinite(counts[position])}
    return {
        "before": {area: int(counts[position]) for area, position in known.items()},
        "level": {area: float(level[position]) for area, position in known.items()},
        "excess": {area: float(excess[position]) for area, position in known.items()},
        "by_month": {area: [int(n) for n in cube[position, -1]] for area, position in known.items()},
        "past": {area: [int(n) for n in cube[position, :-1].sum(axis=1)] for area, position in known.items()},
    }


def _by_month(result: Result, kind: str) -> Floats:
    """Return one crime type's counts in the months compared, (areas × periods × months), the current period last."""
    cube = ranking.counts_by_month(result.located, _ids(result), result.periods_compared)
    return ranking.of_kind(cube, kind)


def _weights(side: week.Sides, level: Floats, past: Floats, volatility: float) -> tuple[Floats, Floats]:
    """Return the weight of each untouched area in the control of the target, and in that of the buffer."""
    others = np.array(side.untouched, dtype=np.intp)
    target, buffer = (
        control_weights(level, past, np.array(positions, dtype=np.intp), others, volatility)
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
    side: week.Sides,
    chosen: Sequence[week.Choice],
    wanted: PlanWanted,
    weights: tuple[Floats, Floats],
) -> Week:
    """Return the week of action: its sides, the sets it was chosen from, when it is, and what it should be about."""
    ids, theme = _ids(result), wanted.theme
    sides = {name: [ids[position] for position in positions] for name, positions in vars(side).items()}
    kind = _leading_type(result, sides["target"]) if theme == "sac" else theme
    in_control, in_buffer_control = (
        {
            ids[position]: round(float(weight), DECIMALS)
            for position, weight in zip(side.untouched, part, strict=True)
            if round(float(weight), DECIMALS) > 0
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
        "months": busiest_months(result.monthly, result.study.current[-1], theme),
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
    result: Result, cube: Floats, near: Sequence[frozenset[int]], *, size: int, theme: str, own: Sequence[str]
) -> tuple[list[week.Choice], float]:
    """Return the best sets, as positions of areas, after the user's own; and the volatility.

    Raises
    ------
    UsageError
        If an area of the user's own is not known.
    """
    rows = _rows(result, theme)
    known = rows["current_count"].notna().to_numpy()
    law = ranking.law_of_months(cube[known], result.comparator.pair(theme))
    drawn = np.full((len(known), draws.DRAWS), np.nan)
    drawn[known] = law.drawn(np.random.default_rng(draws.SEED), draws.DRAWS).T
    excess = rows["excess"].to_numpy(float)
    found = week.choose(excess, drawn, near, size)
    if not own:
        return found, law.volatility
    ids = _ids(result)
    mine = tuple(sorted(ids.index(area) for area in own))
    unknown = [ids[position] for position in mine if not known[position]]
    if unknown:
        raise UsageError(f"{unknown[0]} is not known, so it can be no target.", "Choose another area.")
    others = [choice for choice in found if choice.positions != mine]
    sums = [drawn[list(choice.positions)].sum(axis=0) for choice in others]
    own_sum = drawn[list(mine)].sum(axis=0)
    best = float(np.mean((own_sum > np.array(sums)).all(axis=0))) if others else 1.0
    return [
        week.Choice(mine, float(excess[list(mine)].sum()), best),
        *others[: week.SHOWN - 1],
    ], law.volatility


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
    return {
        "money": budget,
        "spent": sum(one.money for one in spends),
        "measure": prices.bought.name,
        "price": prices.bought.price,
        "illustration": prices.bought.illustration,
        "home_share": prices.home_share,
        "take_up": prices.take_up,
        "multiplier": prices.multiplier,
        "prevented": Spread(low=low, mid=mid, high=high) if is_known else None,
        "cost_of_burglary": prices.cost_of_burglary,
        "cost_source": prices.cost_source,
        "break_even": hardening.break_even(budget, prices.cost_of_burglary),
        "rate_per_1000_homes": rate,
        "rate_is_known": bool(rates),
        "reaches": [cast("ReachRecord", asdict(one)) for one in hardening.reaches(budget, rate, prices)],
        "sources": [{"measure": one.name, "source": one.source} for one in prices.measures],
    }


def _leading_type(result: Result, target: Sequence[str]) -> str:
    def above(kind: str) -> float:
        rows = _rows(result, kind).loc[list(target)]
        return float((rows["current_count"] - rows["expected"]).sum())

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


def digests(areas: gpd.GeoDataFrame, *, in_parts: bool = False) -> dict[str, str]:
    """Return a digest of each area's boundary, the same however its rings start or turn.

    GeoPackage and shapefiles make a polygon a multipolygon of one part, which is the same boundary too. `in_parts`
    gives the digests of these, which plans that were made from such files may have.
    """
    shapes = areas.geometry.to_numpy()
    single = shapely.get_num_geometries(shapes) == 1
    shapes = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    if in_parts:
        shapes[single] = [shapely.MultiPolygon([polygon]) for polygon in shapes[single]]
    polygons = shapely.normalize(shapely.transform(shapes, lambda at: at.round(DECIMALS)))
    return {
        str(area): hashlib.sha256(shapely.to_wkb(polygon, byte_order=1)).hexdigest()[:16]
        for area, polygon in zip(areas["area_id"], polygons, strict=True)
    }
