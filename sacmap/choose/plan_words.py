"""What a planner is told before the money is spent, and amounts of money and of few crimes in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sacmap import months, tables
from sacmap.choose import hardening
from sacmap.choose.hardening import Prices
from sacmap.measure.verdict import FEW
from sacmap.notices import Notice, counted, listed, series

if TYPE_CHECKING:
    import pandas as pd

    from sacmap.choose.plan import Plan
    from sacmap.choose.plan_record import Budget, SideName, Spread, WeightsName
    from sacmap.result import Result


#: The code of the notice that the choice rests on a comparator that is no good guide.
NO_GUIDE = "no-guide"


def notices_of(plan: Plan, result: Result, prices: Prices, protected: Mapping[str, int]) -> list[Notice]:
    """Return what the planner must know before the money is spent."""
    before = sum(plan.before[area] for area in plan.week["target"])
    names = dict(zip(result.areas["area_id"], result.areas["name"], strict=True))
    return [
        Notice("money", money_in_words(plan)),
        Notice("smallest-fall", _fall_in_words(plan, tables.crimes(before, plan.theme, result.nouns))),
        *_action_notices(plan),
        *_target_notices(plan, result),
        *_money_notices(plan, result, prices, protected),
        *_control_notices(plan),
        *(
            Notice("visited-before", f"Visited before, {part}: {named(there, names)}. {what}")
            for part, sides, what in _VISITED
            if (there := sorted({v["area_id"] for v in plan.week["visited"]} & _areas_of(plan, sides)))
        ),
    ]


def named(areas: Sequence[str], names: Mapping[str, str]) -> str:
    """Return areas with their identifiers: "Elm Ward (E05000001), Oak Ward (E05000002)"."""
    return ", ".join(f"{names[area]} ({area})" for area in areas)


def _action_notices(plan: Plan) -> Iterator[Notice]:
    """Tell if the action begins in the months before it: an evaluation would then compare it with itself."""
    days, last = plan.week["action"], plan.before_months[-1]
    if days and days[0][:7] <= last:
        yield Notice(
            "action-in-data",
            f"The action begins on {months.day_in_words(days[0])}, but this plan is based on months to "
            f"{months.in_words(last)}. What the action changed in them counts as before it, so the evaluation would "
            "show too little of it. Plan with --current up to the month before the action.",
        )


def risen_elsewhere(rows: pd.DataFrame, plan: Plan) -> list[str]:
    """Return the areas with a clear rise that the week of action leaves out; `rows` are of the plan's theme."""
    clear = rows.loc[rows["verdict"] == "clear rise", "area_id"]
    return [area for area in clear if area not in plan.week["target"]]


def _target_notices(plan: Plan, result: Result) -> Iterator[Notice]:
    """Tell whether the chosen areas have a rise to answer, who chose them, and which clear rises they leave out."""
    if result.unfit:
        of = "rise of your own choice" if plan.week["own_choice"] else "choice"
        yield Notice(
            NO_GUIDE,
            f"What the areas are compared with is no good guide: do not rely on the {of} of areas for a week of "
            "action, on the burglaries said to be prevented, nor on the smallest fall said to show. Plan again, "
            f"compared with {result.comparator.instead}.",
        )
        return
    rows = result.change[result.change["crime_type"] == plan.theme]
    verdicts = rows.set_index("area_id").loc[list(plan.week["target"]), "verdict"]
    alone = len(verdicts) == 1
    if plan.week["alternatives"][0]["excess"] < 1:
        chosen = "the chosen area is" if alone else "the chosen areas together are"
        yield Notice(
            "nothing-to-answer",
            f"Allowing for chance, {chosen} less than one crime above the expected count, so there is no rise for a "
            "week of action to answer.",
        )
    if plan.week["own_choice"]:
        chosen = "area of the week of action is" if alone else "areas of the week of action are"
        yield Notice(
            "own-choice",
            f"The {chosen} your own choice. {'It has' if alone else 'They have'} more excess than the sets found "
            f"in {100 * plan.week['alternatives'][0]['best_share']:.0f} of 100 draws.",
        )
    if not (verdicts == "clear rise").any():
        not_clear = "The chosen area has not" if alone else "None of the chosen areas has"
        yield Notice("no-clear-rise", f"{not_clear} risen clearly, so the choice could be chance.")
    names = tables.names_of(result.areas)
    others = [names[area] for area in risen_elsewhere(rows, plan)]
    if others and not plan.week["own_choice"]:
        yield Notice(
            "clear-rise-elsewhere",
            f"Risen clearly but not chosen: {listed(others, 4)}. "
            + ("The area chosen has" if alone else "The areas chosen adjoin and together have")
            + " the most crimes above expected, allowing for chance. To choose areas yourself, use --target.",
        )


def _money_notices(
    plan: Plan, result: Result, prices: Prices, protected: Mapping[str, int]
) -> Iterator[Notice]:
    """Tell what is uncertain about the prices and about the burglaries prevented."""
    if prices.bought.illustration:
        yield Notice("illustration", "The prices are illustrations. Put your own in a price list (--prices).")
    if any(one["prevented"] is None and one["homes"] for one in plan.hardening):
        yield Notice(
            "no-households",
            "Households are not known for every area that gets money, so neither the effect there is known nor whether "
            "there are so many homes. Give boundaries with a column of households (--households-column).",
        )
        if any(protected.values()):
            yield Notice(
                "protected-unused",
                "Homes already protected could not be subtracted where households are not known.",
            )
    there = result.areas["households"].to_numpy(float, na_value=math.nan)
    on_list = {entry.area_id for entry in result.hardening}
    homes = [
        (area, name, protected[area], all_)
        for (area, name), all_ in zip(tables.names_of(result.areas).items(), there, strict=True)
        if area in protected
    ]
    if full := [name for area, name, n, all_ in homes if area in on_list and n <= all_ < n + 1]:
        yield Notice(
            "all-protected",
            f"All homes are protected already in {series(full)}: the money goes to the next areas of the list.",
        )
    if more := [f"{name} ({n:,} of {all_:,.0f})" for _, name, n, all_ in homes if n > all_]:
        yield Notice(
            "too-many-protected",
            f"More homes are given as protected than there are households: {listed(more, 4)}. These areas get no "
            "money. Check --protected: rows of the same area are added.",
        )
    if len(result.compared) % 12:
        over = _months_in_words(len(result.compared))
        yield Notice(
            "part-of-a-year",
            f"Burglaries a year are worked out from {over}, without correction for the season.",
        )


def _control_notices(plan: Plan) -> Iterator[Notice]:
    """Tell where there are too few areas to compare with."""
    if not plan.week["weights"]:
        yield Notice(
            "few-controls",
            "Every area is in the target, adjoins it or gets money, so none is left to compare with. Give boundaries "
            "of more areas, or plan for fewer of them.",
        )
    elif len(plan.week["control"]) < len(plan.week["target"]):
        yield Notice(
            "few-controls", f"{_only(plan, 'weights')} far enough from the target to compare it with."
        )
    elif plan.week["buffer"] and not plan.week["buffer_control"]:
        left = _only(plan, "buffer_weights")
        yield Notice("no-buffer-control", f"{left} left to compare the buffer around the target with.")


def _only(plan: Plan, weights: WeightsName) -> str:
    """Return "Only 4 areas are", "Only 1 area is" or "No area is": those with a weight in a control."""
    count = len(plan.week[weights])
    return f"Only {count:,} areas are" if count > 1 else "Only 1 area is" if count else "No area is"


#: What an earlier visit means for the plan, by the sides the area is on.
_VISITED: tuple[tuple[str, tuple[SideName, ...], str], ...] = (
    ("in the target", ("target",), "Consider what that left behind."),
    (
        "among the controls",
        ("control", "buffer_control"),
        "Their counts may not be those of areas left alone.",
    ),
)


def _areas_of(plan: Plan, sides: Sequence[SideName]) -> set[str]:
    return {area for side in sides for area in plan.week[side]}


def _months_in_words(count: int) -> str:
    """Return "one month" or "11 months"."""
    return "one month" if count == 1 else f"{count} months"


def fall_can_show(plan: Plan) -> bool:
    """Whether a fall would show of the crimes there were, and of those to be expected, which are not too few."""
    before, expected = (sum(n[area] for area in plan.week["target"]) for n in (plan.before, plan.level))
    return expected >= FEW and plan.smallest_detectable_fall <= min(before, expected)


def _fall_in_words(plan: Plan, crimes: str) -> str:
    """Return the crimes before, in words `crimes`, and how many must be prevented for the fall to show."""
    over = _months_in_words(len(plan.before_months))
    areas = "area" if len(plan.week["target"]) == 1 else "areas"
    had = f"The {areas} of the week of action had {crimes} in {over}"
    fall = plan.smallest_detectable_fall
    if not plan.week["weights"]:
        return f"{had}. With no area to compare them with, no fall can be told from one that happened everywhere."
    needed = (
        f"In as long a time, about {fall:,} must be prevented for the fall to show against the control areas."
        if fall_can_show(plan)
        else "Even if all were prevented, the fall would hardly show against the control areas."
    )
    return f"{had}. {needed} A single week will almost never show in the counts."


def money_in_words(plan: Plan) -> str:
    """Return what the money can and cannot do, in plain words."""
    budget = plan.budget
    homes = sum(one["homes"] for one in plan.hardening)
    reaches = f"{pounds(budget['money'])} at {pounds(budget['price'])} a home reaches"
    said = f"{reaches} {counted(homes, ('home', 'homes'))}."
    if not homes:
        return said
    prevented = budget["prevented"]
    if prevented is not None:
        said += (
            f" {hardening.homes_reached(budget['multiplier'])}, that prevents {few(prevented['low'])} to "
            f"{few(prevented['high'])} burglaries a year, probably about {few(prevented['mid'])}."
        )
        if prevented["mid"] < 1 and 0 < budget["multiplier"] <= 1:
            high = prevented["high"] / budget["multiplier"] * hardening.LATELY_BURGLED
            said += (
                " It does more in homes burgled lately: with four times the risk, the same number of homes gives up to "
                f"{few(high)}."
            )
    it, left = "It", budget["money"] - money_paid(budget)
    if left:
        said += (
            f" The areas have no more homes {'known ' * (prevented is None)}to protect, so {pounds(left)} is left "
            "over: more can get money (--money-areas)."
        )
        it = "What is spent"
    return (
        f"{said} {it} pays for itself once {few(budget['break_even'])} burglaries are prevented, at "
        f"{pounds(budget['cost_of_burglary'])} each."
    )


def money_paid(budget: Budget) -> float:
    """Return the money of a plan that must pay for itself: see `hardening.paid`."""
    return hardening.paid(budget["money"], budget["spent"], budget["price"])


def pounds(money: float) -> str:
    """Return a sum of money, its pence only where there are some: £10,000, £137.50."""
    return f"£{money:,.0f}" if float(money).is_integer() else f"£{money:,.2f}"


def few(crimes: float) -> str:
    """Return a number of crimes that may be small: 0, 0.004, 0.04, 0.5, 2.1, 31."""
    if crimes < 0.0005 or crimes >= 9.95:
        return f"{crimes:,.0f}"
    if crimes < 0.005:
        return f"{crimes:.3f}"
    return f"{crimes:.1f}" if crimes >= 0.995 else f"{crimes:.2f}"


def prevented_in_words(spread: Spread | None) -> str:
    """Return the burglaries that money prevents in a year: "0.04 to 1.5, about 0.5", or "not known"."""
    if spread is None:
        return "not known"
    return f"{few(spread['low'])} to {few(spread['high'])}, about {few(spread['mid'])}"
