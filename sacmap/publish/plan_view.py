"""A plan as the page shows it: the money, the week of action, and how it will be judged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup

from sacmap import months, tables
from sacmap.choose.hardening import LATELY_BURGLED, homes_reached
from sacmap.choose.map_points import street_of
from sacmap.choose.plan import Plan
from sacmap.choose.plan_record import Alternative, Budget, EarlierVisit, ReachRecord, Spread
from sacmap.choose.plan_words import (
    NO_GUIDE,
    fall_can_show,
    few,
    money_in_words,
    money_paid,
    pounds,
    prevented_in_words,
    risen_elsewhere,
)
from sacmap.notices import counted, series, whole
from sacmap.publish import bars
from sacmap.publish.headline import Headline
from sacmap.publish.plan_parts import (
    LETTERS,
    SIDES,
    PlanRow,
    PlanView,
    Section,
    Table,
    all_named,
    for_page,
    pins,
    positions,
    rows_of,
    sides,
    who,
)
from sacmap.publish.words import NAMED, apart, capital, estimate, expected_key, signed, whole_number
from sacmap.result import firmness

if TYPE_CHECKING:
    from sacmap.publish.view import View

#: What is folded away below the week of action, of its days and of the choice of its areas.
WEEK_NOTICES = ("action-in-data", "nothing-to-answer", "no-clear-rise", "clear-rise-elsewhere")


def plan_view(plan: Plan, view: View) -> PlanView:
    """Return a plan for the page of the comparison it rests on."""
    homes = sum(one["homes"] for one in plan.hardening)
    target = plan.week["target"]
    clear = {row["verdict"] for row in rows_of(view, target, plan.theme)} & {"clear rise"}
    money, paid = plan.budget["money"], money_paid(plan.budget)
    spent = pounds(money) if paid == money else f"{pounds(paid)} of {pounds(money)}"
    reaches = f"{spent} reaches {counted(homes, ('home', 'homes'))}"
    first = f"{reaches} in {all_named(plan.funded, view, NAMED)}." if plan.funded else f"{reaches}."
    # Other areas can have risen clearly.
    though = "" if clear else "; not a clear rise" if len(target) == 1 else "; none of them rose clearly"
    risen = "no reading to rely on" if view.no_fit else f"{_above(plan, target, view)}{though}"
    return PlanView(
        headline=Headline(first, f"The week of action goes to {all_named(target, view, NAMED)}: {risen}."),
        fixed=f"Fixed beforehand, on data to {months.in_words(plan.data_to)}{_action_in_words(plan, '; action ')}",
        theme=plan.theme,
        sides=sides(plan, view),
        sections=(_money(plan, view), _week(plan, view), _promise(plan, view)),
        money=positions(plan.funded, view),
        pins=tuple(pins(plan, view)),
    )


def _gap(plan: Plan, area_ids: Sequence[str], view: View) -> int:
    """Return the crimes now less those expected, of the theme, as the rows of the areas show them."""
    shown = [(row["current_count"], row["expected"]) for row in rows_of(view, area_ids, plan.theme)]
    return sum(
        whole_number(now) - whole_number(expected) for now, expected in shown if pd.notna(now + expected)
    )


def _above(plan: Plan, area_ids: Sequence[str], view: View) -> str:
    gap = _gap(plan, area_ids, view)
    crimes = tables.crimes(abs(gap), plan.theme, view.nouns)
    return f"{crimes} {'below' if gap < 0 else 'above'} expected"


def _money(plan: Plan, view: View) -> Section:
    budget = plan.budget
    homes = sum(one["homes"] for one in plan.hardening)
    spread, lately = _prevented(budget)
    likely = () if view.no_fit else ("likely",)
    usual = "" if budget["rate_is_known"] else ", a usual figure"
    illustration = (f"The prices are illustrations; {pounds(budget['price'])} a home is one of them.",)
    return Section(
        key="money",
        heading=f"The money: {counted(homes, ('home', 'homes'))} at {pounds(budget['price'])}",
        head=(f"By likely burglaries{' per home' if view.rates else ''}", "homes", "money", *likely),
        rows=_money_rows(plan, view),
        said=(
            _spread(spread, budget)
            if homes
            else f"It buys nothing: one home costs {pounds(budget['price'])}."
            if plan.hardening
            else "It buys nothing: no area of the list has a home left to protect.",
        ),
        figure=_money_bars(spread, lately, budget) if homes else "",
        details=(
            money_in_words(plan),
            f"Burglaries prevented a year are reckoned at {few(budget['rate_per_1000_homes'])} home burglaries per "
            f"1,000 homes a year{usual}. Locks, lights and gates do nothing for cars or robbery.",
            *(illustration if budget["illustration"] else ()),
            *_notices(plan, "all-protected", "no-households", "part-of-a-year"),
        ),
        tables=_money_tables(plan, view),
    )


def _money_rows(plan: Plan, view: View) -> tuple[PlanRow, ...]:
    """Return a row for each area the money is shared between; areas that get none have no letter.

    The money follows the burglaries that are likely, not those now, so these are the figures beside it.
    """
    burglary = rows_of(view, [one["area_id"] for one in plan.hardening], "burglary")
    return tuple(
        PlanRow(
            sign if one["homes"] else "",
            one["area_id"],
            *who(view, one["area_id"]),
            (whole(one["homes"]), pounds(one["money"]), *(() if view.no_fit else (estimate(row["level"]),))),
        )
        for one, row, sign in zip(plan.hardening, burglary, LETTERS, strict=False)
    )


def _money_tables(plan: Plan, view: View) -> tuple[Table, ...]:
    """Return where the money goes, and what else it could buy."""
    goes = tuple(
        (
            all_named([one["area_id"]], view),
            whole(one["homes"]),
            pounds(one["money"]),
            prevented_in_words(one["prevented"]),
        )
        for one in plan.hardening
    )
    buys = tuple(
        (
            f"{one['measure']}, {pounds(one['price'])} a home",
            whole(homes),
            prevented_in_words(spread),
            prevented_in_words(lately),
        )
        for one in plan.budget["reaches"]
        for homes, spread, lately in [_of_whole_homes(one)]
        if homes
    )
    columns = ("Measure", "Homes", "Spread over the area", "At homes burgled lately")
    found = (
        Table("Where it goes", ("Area", "Homes", "Money", "Burglaries prevented a year"), goes, (1, 2)),
        Table("What it could buy", columns, buys, (1,)),
    )
    return tuple(table for table in found if table.rows)


def _of_whole_homes(reach: ReachRecord) -> tuple[int, Spread | None, Spread | None]:
    """Return the whole homes that money pays for, and what is prevented in them: spread out, and burgled lately."""
    homes = math.floor(reach["homes"] + 1e-9)
    part = homes / reach["homes"] if homes else 0.0
    spread, lately = (of and _times(of, part) for of in (reach["spread"], reach["lately_burgled"]))
    return homes, spread, lately


def _prevented(budget: Budget) -> tuple[Spread | None, Spread | None]:
    """Return the burglaries prevented a year: spread over the areas, and at homes burgled lately; None if not known.

    By the homes that each area gets, where their burglaries are known; else by what the money would do at a usual rate.
    """
    found, multiplier = budget["prevented"], budget["multiplier"]
    if found is None or multiplier <= 0:
        reach = next(
            (one for one in budget["reaches"] if one["price"] == budget["price"]), budget["reaches"][0]
        )
        return _of_whole_homes(reach)[1:]
    spread = _times(found, 1 / multiplier)
    return spread, _times(spread, LATELY_BURGLED)


def _times(of: Spread, factor: float) -> Spread:
    return Spread(low=of["low"] * factor, mid=of["mid"] * factor, high=of["high"] * factor)


def _spread(spread: Spread | None, budget: Budget) -> str:
    known, multiplier = budget["prevented"], budget["multiplier"]
    if spread is None:
        return "What it prevents is not known: the areas' households are not known."
    if known and multiplier != 1:
        return f"{homes_reached(multiplier)} it prevents about {few(known['mid'])} burglaries a year."
    if spread["mid"] < 1:
        does = "prevents" if spread["high"] < 1 and known else "probably prevents"
        return f"Spread thin, it {does} under one burglary a year; more at homes burgled lately."
    return f"{homes_reached(1)} it prevents about {few(spread['mid'])} burglaries a year."


def _money_bars(spread: Spread | None, lately: Spread | None, budget: Budget) -> Markup | str:
    """Return two bars, low to high with a dot at the middle: spread out, and at homes burgled lately; numbers only."""
    pays, money = float(budget["break_even"]), pounds(money_paid(budget))
    if spread is None or lately is None:
        return ""
    # On a phone, too, the figures have room after the longest bar.
    most = max(lately["high"], spread["high"], pays) * 1.6 or 1.0

    def at(value: float) -> str:
        return f"{max(0.0, 100 * value / most):.1f}%"

    def bar(y: int, of: Spread) -> str:
        wide = max(0.0, 100 * (of["high"] - of["low"]) / most)
        return (
            f'<line class="axis-line" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
            f'<rect class="effect" x="{at(of["low"])}" y="{y - 5}" width="{wide:.1f}%" height="10"/>'
            f'<circle class="alone" cx="{at(of["mid"])}" cy="{y}" r="4"/>'
            f'<text x="{at(of["high"])}" dx="6" y="{y + 4}">{few(of["low"])} to {few(of["high"])}</text>'
        )

    said = (
        f"spread over the areas {few(spread['low'])} to {few(spread['high'])} a year; only homes burgled lately "
        f"{few(lately['low'])} to {few(lately['high'])}; {few(pays)} pay for the {money}"
    )
    anchor = "end" if pays / most > 0.3 else "start"
    return Markup(  # noqa: S704 - numbers and words of our own
        f'<div class="effects"><span class="soft small">Burglaries prevented a year</span><span></span>'
        f"<span>spread over the areas</span><span></span><span>only homes burgled lately</span>"
        f'<svg class="effect-bars" role="img" aria-label="{said}">{bar(28, spread)}{bar(48, lately)}'
        f'<line class="pays" x1="{at(pays)}" x2="{at(pays)}" y1="14" y2="57"/>'
        f'<text x="{at(pays)}" y="10" text-anchor="{anchor}">{few(pays)} pay for the {money}</text></svg></div>'
    )


def _action_in_words(plan: Plan, before: str) -> str:
    """Return the days of the action after `before`: "1 November to 14 November 2021"; "" if they are not fixed."""
    action = plan.week.get("action")
    return before + months.days_in_words(*action) if action else ""


def _times_in_100(one: Alternative) -> str:
    """Return "1 time in 100" or "83 times in 100": how often a set of areas comes first, allowing for chance."""
    return counted(round(100 * one["best_share"]), ("time in 100", "times in 100"))


def _visit(one: EarlierVisit) -> str:
    """Return the days and the action of an earlier visit, as far as they are known, after "was visited before"."""
    days = " to ".join(day for day in dict.fromkeys((one["since"], one["until"])) if day)
    return (f", {days}" if days else "") + (f": {one['action']}" if one["action"] else "")


def _week(plan: Plan, view: View) -> Section:
    week = plan.week
    rows = rows_of(view, week["target"], plan.theme)
    most = bars.scale_of(rows)
    streets = ", ".join(f"{apart(street_of(one['street']))} ({one['crimes']})" for one in week["streets"])
    start = f"Start at {streets}" if streets else "Start where it is busiest"
    when = _action_in_words(plan, ", ") or (f", in {week['months'][0]}" if week["months"] else "")
    what = "crime" if plan.theme == "sac" else view.in_words[plan.theme]
    visited = tuple(
        f"{all_named([one['area_id']], view)} was visited before{_visit(one)}." for one in week["visited"]
    )
    most_in = (f"Most {what} falls in {series(list(week['months']))}.",) if week["months"] else ()
    sets = tuple(
        (all_named(one["target"], view), signed(_gap(plan, one["target"], view)), _times_in_100(one))
        for one in week["alternatives"]
    )
    columns = ("Areas", "Above expected", "Best, allowing for chance")
    judged = not view.no_fit
    return Section(
        key="week",
        heading=f"The week of action: {view.in_words[week['about']]} first",
        head=(view.labels[plan.theme], "now", *(("expected",) if judged else ())),
        rows=tuple(
            PlanRow(
                str(sign),
                area,
                *who(view, area),
                (whole(row["current_count"]), *((estimate(row["expected"]),) if judged else ())),
                Markup(bars.range_bar(row, most) if judged else ""),  # noqa: S704 - numbers only
            )
            for sign, (area, row) in enumerate(zip(week["target"], rows, strict=True), 1)
        ),
        key_line=expected_key(view.follows) if judged else "",
        scale=Markup(bars.range_head(most) if judged else ""),  # noqa: S704 - numbers only
        said=(" ".join((f"{start}{when}.", *_how_sure(plan, view))),),
        details=(*most_in, *visited, *_notices(plan, *WEEK_NOTICES)),
        tables=(Table("The sets of areas it was chosen from", columns, sets, (1,)),) if judged else (),
    )


def _how_sure(plan: Plan, view: View) -> Iterator[str]:
    """Yield how firm the choice is, and which clear rises of the map it leaves out; the reason is folded away."""
    if view.no_fit:
        yield from _notices(plan, NO_GUIDE)
        return
    alternatives = plan.week["alternatives"]
    best = alternatives[0]
    if len(alternatives) == 1 and best["best_share"] == 1:
        yield "No other areas could be chosen."
    else:
        firm = firmness(round(best["best_share"], 2)).capitalize()
        these = "these areas come" if len(plan.week["target"]) > 1 else "this area comes"
        yield f"{firm}: allowing for chance, {these} first {_times_in_100(best)}."
    if _notices(plan, "clear-rise-elsewhere"):
        others = risen_elsewhere(view.rows[plan.theme], plan)
        yield f"Risen clearly but not chosen: {all_named(others, view, NAMED)}."


def _promise(plan: Plan, view: View) -> Section:
    before = sum(plan.before[area] for area in plan.week["target"])
    fall = plan.smallest_detectable_fall if fall_can_show(plan) else None
    nouns = view.nouns
    alone = plan.week.get("weights") or plan.week["control"]
    areas = view.unit[len(alone) != 1]
    against = (
        f"Against {len(alone):,} {areas} left alone, over months."
        if alone
        else "No area is left to compare with."
    )
    compared = tuple(
        (label, all_named(side, view), whole(sum(plan.before[area] for area in side)))
        for key, label in SIDES.items()
        if (side := plan.week[key])
    )
    return Section(
        key="judged",
        heading="How it will be judged",
        said=(f"{against} One week will almost never show in the counts.",),
        figure=_fall_bar(tables.crimes(before, plan.theme, nouns), before, fall) if alone else Markup(),
        details=_notices(plan, "smallest-fall", "few-controls", "no-buffer-control"),
        tables=(
            Table(
                "Who is compared with whom",
                ("Side", "Areas", f"{capital(nouns[plan.theme][1])} before"),
                compared,
                (2,),
            ),
        ),
    )


def _fall_bar(said: str, before: int, fall: int | None) -> Markup:
    """Return the crimes before, `said` in words, as a bar, the smallest fall that would show, if any, left open."""
    wide = 100 - min(100.0, 100 * fall / before) if before and fall is not None else 0.0
    end = (
        "no fall of these would show"
        if fall is None
        else f"about {fall:,} fewer: the smallest fall that would show"
    )
    return Markup(  # noqa: S704 - numbers and words of our own
        f'<svg class="fall" role="img" aria-label="{said} before; {end}">'
        f'<rect class="open" x="0.5" y="0.5" width="99.8%" height="12"/>'
        f'<rect class="length" x="0" y="0" width="{wide:.1f}%" height="13"/></svg>'
        f'<p class="ends"><span>{said} before</span> <span>{end}</span></p>'
    )


def _notices(plan: Plan, *codes: str) -> tuple[str, ...]:
    return tuple(for_page(plan.told[code]) for code in codes if code in plan.told)
