"""A plan, or what came of one, as the page shows it: areas to outline, sentences and small tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sacmap import months, tables
from sacmap.choose.evaluate import Wdd
from sacmap.choose.outcome import Outcome
from sacmap.choose.plan import Plan, few, money_in_words, pounds
from sacmap.publish.reasons import street_of
from sacmap.publish.words import apart, whole

#: The sides of an evaluation: key in the plan, and what the page calls it.
SIDES = (
    ("target", "Week of action"),
    ("buffer", "Displacement buffer"),
    ("control", "Control"),
    ("buffer_control", "Control of the buffer"),
)


@dataclass(frozen=True)
class Side:
    """Areas outlined alike: a key for the style, a label, their places in the areas and their names."""

    key: str
    label: str
    places: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A heading, sentences, and a table where there are rows.

    The first column heads its row; `figures` are the columns that hold figures, from 0.
    """

    heading: str
    said: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figures: tuple[int, ...] = ()


@dataclass(frozen=True)
class PlanView:
    """What the page shows of a plan.

    money: places of the areas that get some; actions: place, month in words and what was done.
    """

    heading: str
    lead: tuple[str, ...]
    sides: tuple[Side, ...]
    blocks: tuple[Block, ...]
    money: tuple[int, ...]
    actions: tuple[tuple[int, str, str], ...] = ()

    def content(self) -> dict[str, Any]:
        """Return what the page's script is given."""
        return {
            "sides": [[side.key, side.label, list(side.places)] for side in self.sides],
            "money": list(self.money),
            "actions": [list(action) for action in self.actions],
        }


def plan_view(plan: Plan, names: Mapping[str, str]) -> PlanView:
    """Return a plan for the page; `names` are those of the areas by area_id, in the page's order."""
    return PlanView(
        heading=f"The plan: {pounds(plan.budget['money'])} for target hardening, and a week of action",
        lead=(
            f"Made before the event, on data to {months.in_words(plan.data_to)}. Afterwards it is judged by the same "
            "areas and the same rules, whatever comes.",
        ),
        sides=_sides(plan, names),
        blocks=(_money(plan, names), _reach(plan), _week(plan, names), _promise(plan, names)),
        money=_places([one["area_id"] for one in plan.hardening if one["homes"]], names),
    )


def result_view(plan: Plan, outcome: Outcome, names: Mapping[str, str]) -> PlanView:
    """Return what came of a plan for the page; `names` are those of the areas by area_id, in the page's order."""
    places = {area: place for place, area in enumerate(names)}
    done = Block(
        "What was done",
        () if outcome.actions else ("No log of actions was given.",),
        ("Date", "Area", "Action", "Homes"),
        tuple(
            (
                day_in_words(one.date),
                names[one.area_id],
                one.action,
                "–" if one.homes is None else whole(one.homes),
            )
            for one in outcome.actions
        ),
        (3,),
    )
    return PlanView(
        heading=f"What came of the plan: {outcome.verdict}",
        lead=(outcome.reading, *(one.text for one in outcome.warnings if one.code == "plan-unchecked")),
        sides=_sides(plan, names),
        blocks=(_counts(outcome), _figures(outcome), done),
        money=_places([one["area_id"] for one in plan.hardening if one["homes"]], names),
        actions=tuple(
            (
                places[one.area_id],
                months.in_words(one.month),
                f"{day_in_words(one.date)}: {one.action}" + (f", {one.homes:,} homes" if one.homes else ""),
            )
            for one in outcome.actions
        ),
    )


def day_in_words(date: str) -> str:
    """Return "4 June 2018" for "2018-06-04"."""
    return f"{int(date[8:])} {months.in_words(date[:7])}"


def _places(area_ids: Sequence[str], names: Mapping[str, str]) -> tuple[int, ...]:
    at = {area: place for place, area in enumerate(names)}
    return tuple(at[area] for area in area_ids)


def _sides(plan: Plan, names: Mapping[str, str]) -> tuple[Side, ...]:
    return tuple(
        Side(key, label, _places(plan.week[key], names), tuple(names[area] for area in plan.week[key]))
        for key, label in SIDES
        if plan.week[key]
    )


def _listed(area_ids: Sequence[str], names: Mapping[str, str]) -> str:
    every = [apart(names[area]) for area in area_ids]
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"


def _range(prevented: Mapping[str, float] | None) -> str:
    if prevented is None:
        return "not known"
    return f"{few(prevented['low'])} to {few(prevented['high'])}, about {few(prevented['mid'])}"


def _money(plan: Plan, names: Mapping[str, str]) -> Block:
    return Block(
        "The money",
        (money_in_words(plan), *_told(plan, "no-households", "part-of-a-year")),
        ("Area", "Homes", "Money", "Burglaries prevented a year"),
        tuple(
            (names[one["area_id"]], whole(one["homes"]), pounds(one["money"]), _range(one["prevented"]))
            for one in plan.hardening
        ),
        (1, 2),
    )


def _reach(plan: Plan) -> Block:
    budget = plan.budget
    whose = "as in these areas" if budget["rate_is_known"] else "a usual figure, as these areas' is not known"
    said = [
        f"Burglaries prevented a year, at {few(budget['rate_per_1000_homes'])} home burglaries per 1,000 homes a year "
        f"({whose}). Locks, lights and gates do nothing for cars or robbery.",
    ]
    if budget["illustration"]:
        said.append("The prices are illustrations: put your own in a price list.")
    return Block(
        f"What {pounds(budget['money'])} can and cannot do",
        tuple(said),
        ("Measure", "Homes", "Spread over the area", "At homes burgled lately"),
        tuple(
            (
                f"{one['measure']}, {pounds(one['price'])} a home",
                f"about {whole(one['homes'])}",
                _range(one["spread"]),
                _range(one["lately_burgled"]),
            )
            for one in budget["reaches"]
        ),
        (1,),
    )


def _week(plan: Plan, names: Mapping[str, str]) -> Block:
    week = plan.week
    best = week["alternatives"][0]
    streets = ", ".join(f"{apart(street_of(one['street']))} ({one['crimes']})" for one in week["streets"])
    said = [
        f"{_listed(week['target'], names)}: about {whole(best['excess'])} crimes above what was expected, most in "
        f"{tables.IN_WORDS[week['about']]}{': ' + streets if streets else ''}."
    ]
    if week["months"]:
        said.append(
            f"Most crime falls in {_listed(week['months'], {name: name for name in week['months']})}."
        )
    said += [
        f"{apart(names[visit['area_id']])} was visited before, {visit['since']} to {visit['until']}: {visit['action']}."
        for visit in week["visited"]
    ]
    return Block(
        "The week of action",
        tuple(said),
        ("Areas", "Above expected", "Best, allowing for chance"),
        tuple(
            (
                _listed(one["target"], names),
                whole(one["excess"]),
                f"{100 * one['best_share']:.0f} times in 100",
            )
            for one in week["alternatives"]
        ),
        (1,),
    )


def _promise(plan: Plan, names: Mapping[str, str]) -> Block:
    return Block(
        "The promise",
        _told(
            plan, "smallest-fall", "nothing-to-answer", "no-clear-rise", "few-controls", "no-buffer-control"
        ),
        ("Side", "Areas", "Crimes before"),
        tuple(
            (label, _listed(plan.week[key], names), whole(sum(plan.before[area] for area in plan.week[key])))
            for key, label in SIDES
            if plan.week[key]
        ),
        (2,),
    )


def _told(plan: Plan, *codes: str) -> tuple[str, ...]:
    told = {notice["code"]: notice["text"] for notice in plan.warnings}
    return tuple(told[code] for code in codes if code in told)


def _counts(outcome: Outcome) -> Block:
    return Block(
        "The counts",
        (),
        ("Side", "Before", "After", "Difference"),
        tuple(
            (label, whole(before), whole(after), _signed(after - before))
            for key, label in SIDES
            if outcome.groups[key].area_ids
            for before, after in [outcome.groups[key].sums]
        ),
        (1, 2, 3),
    )


def _figures(outcome: Outcome) -> Block:
    ratio, quotient, effect = outcome.rate_ratio, outcome.wdq, outcome.tne
    rows = [("Target against its weighted control, settled", *_of(outcome.net))]
    if outcome.displacement:
        rows.append(("Buffer against its own, settled", *_of(outcome.displacement)))
        rows.append(("Both together (weighted displacement difference), settled", *_of(outcome.wdd_settled)))
    if outcome.nearest:
        rows.append(("Target against the few nearest areas, settled: a check", *_of(outcome.nearest)))
    rows.append(("Weighted displacement difference of the raw counts, chance and all", *_of(outcome.wdd)))
    if ratio:
        rows.append(
            ("Rate ratio", _decimal(ratio.estimate), f"{_decimal(ratio.low)} to {_decimal(ratio.high)}")
        )
    rows += [
        ("Displacement quotient", "–" if quotient is None else _decimal(quotient), ""),
        ("Total net effect: crimes prevented", "–" if effect is None else _signed(effect), ""),
        (
            "Place among untreated areas, 1 the largest fall",
            f"{outcome.placebo_rank} of {outcome.placebos + 1}",
            "",
        ),
    ]
    return Block("In figures", (), ("Measure", "Value", "95% interval"), tuple(rows), (1,))


def _of(found: Wdd) -> tuple[str, str]:
    return _signed(found.estimate), f"{_signed(found.low)} to {_signed(found.high)}"


def _signed(value: float) -> str:
    text = whole(value)
    return f"+{text}" if value > 0 and text != "0" else text


def _decimal(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
