"""What the files of `sacmap plan` and `sacmap evaluate` hold, key by key, and whether a plan's parts fit together.

A plan may have been edited, cut, or written by another version, so it is checked before it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

from sacmap import months, tables

if TYPE_CHECKING:
    from sacmap.choose.plan import Plan

#: The sides of a week of action.
SideName = Literal["target", "buffer", "control", "buffer_control"]
SIDE_NAMES: tuple[SideName, ...] = ("target", "buffer", "control", "buffer_control")
#: The weights of the areas a control is made of.
WeightsName = Literal["weights", "buffer_weights"]
WEIGHTS_NAMES: tuple[WeightsName, ...] = ("weights", "buffer_weights")

Month = Annotated[str, months.is_month]
Day = Annotated[str, months.is_day]
CrimeType = Annotated[str, lambda kind: kind in tables.CRIME_TYPES]


class Spread(TypedDict):
    """An uncertain number."""

    low: float
    mid: float
    high: float


class Funded(TypedDict):
    """What an area gets: pounds, homes, and burglaries prevented a year (None if its homes are not known)."""

    area_id: str
    money: float
    homes: int
    prevented: Spread | None


class Alternative(TypedDict):
    """A set of areas the week of action could go to: excess in crimes; share of draws in which it is the best."""

    target: list[str]
    excess: float
    best_share: float


class BusyStreet(TypedDict):
    """A street and its crimes."""

    street: str
    crimes: int


class EarlierVisit(TypedDict):
    """An earlier action; the days are text as written."""

    area_id: str
    since: str
    until: str
    action: str


class Week(TypedDict):
    """The week of action: its sides, the sets it was chosen from, when it is, and what it should be about.

    months: of the year, with most crime; weights: area_id → weight in the control; about: a crime type; own_choice:
    whether the user chose the target; action: its days, if known.
    """

    target: list[str]
    buffer: list[str]
    control: list[str]
    alternatives: list[Alternative]
    months: list[str]
    buffer_control: list[str]
    weights: dict[str, float]
    buffer_weights: dict[str, float]
    about: str
    streets: list[BusyStreet]
    visited: list[EarlierVisit]
    own_choice: bool
    action: list[Day]


class ReachRecord(TypedDict):
    """What the money does if spent on one measure: see `hardening.Reach`."""

    measure: str
    price: float
    homes: float
    spread: Spread | None
    lately_burgled: Spread | None


class MeasureSource(TypedDict):
    """Where the figures of a measure come from."""

    measure: str
    source: str


class Budget(TypedDict):
    """The money in full: what is bought, what it prevents a year, and what else it could do. Amounts in pounds."""

    money: float
    spent: float
    measure: str
    price: float
    illustration: bool
    home_share: float
    take_up: float
    multiplier: float
    prevented: Spread | None
    cost_of_burglary: float
    cost_source: str
    break_even: float
    rate_per_1000_homes: float
    rate_is_known: bool
    reaches: list[ReachRecord]
    sources: list[MeasureSource]


class StudyMore(TypedDict, total=False):
    """The keys of the study's record that an evaluation takes over if they are there."""

    layer: str | None
    crs: str | None
    group_column: str | None
    within: list[str]


class PlanStudy(StudyMore):
    """The keys of the study's record that an evaluation needs in any plan."""

    force: str | None
    id_column: str | None
    name_column: str | None
    title: str | None
    extract: dict[str, object] | None


class NoticeRecord(TypedDict):
    """A notice."""

    code: str
    text: str


class AreaCounts(TypedDict):
    """An area's crimes before and after."""

    before: int
    after: int


class ActionMore(TypedDict, total=False):
    """What a line of the action log may have: homes reached, if they were counted."""

    homes: int | None


class ActionRecord(ActionMore):
    """A line of the action log."""

    date: Day
    area_id: str
    action: str


class OutcomeRecord(TypedDict):
    """What a note reads of the record of an evaluation: counts are by side and area_id."""

    before: list[Month]
    after: list[Month]
    months_compared: int
    reading: str
    counts: dict[str, dict[str, AreaCounts]]
    actions: list[ActionRecord]


def inconsistency(plan: Plan) -> str | None:
    """Say where the parts of a plan contradict each other, such as an area that has no count; None if they do not."""
    return next(_inconsistencies(plan), None)


def _inconsistencies(plan: Plan) -> Iterator[str]:
    week = plan.week
    weighted = {area: weight for name in WEIGHTS_NAMES for area, weight in week[name].items()}
    sides = {area for name in SIDE_NAMES for area in week[name]} | set(weighted)
    named = sorted(sides | {one["area_id"] for one in plan.hardening})
    by_area = {name: set(getattr(plan, name)) for name in ("before", "level", "excess", "by_month", "past")}
    for where, areas in by_area.items():
        for area in sorted(areas - set(plan.boundaries)):
            yield f"{where} has {area!r}, which is not among its boundaries"
    for where, areas in {**by_area, "boundaries": set(plan.boundaries)}.items():
        for area in named:
            if area not in areas:
                yield f"{where} has no {area!r}"
    for area, weight in weighted.items():
        if weight < 0:
            yield f"the weight of {area!r} is below 0"
    if len(week["action"]) not in {0, 2}:
        yield "action has not a first and a last day"
    if any(len(counts) != len(plan.before_months) for counts in plan.by_month.values()):
        yield "by_month has not a count for each of before_months"
    if any(by_area[where] != by_area["level"] for where in ("excess", "by_month", "past")):
        yield "level, excess, by_month and past are not of the same areas"
    if len({len(counts) for counts in plan.past.values()}) > 1:
        yield "past has not the same periods for each area"
