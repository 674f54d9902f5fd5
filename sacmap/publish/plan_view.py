"""A plan, or what came of one, as the page shows it: a headline, sides to fill, rows with pins, sentences and bars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from sacmap import months, tables
from sacmap.choose.evaluate import Wdd
from sacmap.choose.outcome import Outcome
from sacmap.choose.plan import Plan
from sacmap.choose.plan_words import few, money_in_words, pounds
from sacmap.publish import bars
from sacmap.publish.lists import street_of
from sacmap.publish.words import Headline, apart, capital, crimes, number, series, signed, whole

if TYPE_CHECKING:
    from sacmap.publish.view import View

#: The sides of an evaluation: key in the plan, and what the page calls it.
SIDES = (
    ("target", "Week of action"),
    ("buffer", "Around it: did crime move?"),
    ("control", "Compared with"),
    ("buffer_control", "Compared with the area around"),
)
#: Signs of the areas that get money, and most areas with a sign of either kind.
LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Side:
    """Areas filled alike: a key for the style, a label, their places in the areas and their names."""

    key: str
    label: str
    places: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class PlanRow:
    """An area in a section: its pin, place, name and district; two or three figures; a bar where there is one."""

    sign: str
    area_id: str
    name: str
    where: str
    figures: tuple[str, ...]
    bar: Markup | str = ""


@dataclass(frozen=True)
class Table:
    """A small table: the first column heads its row; `figures` are the columns that hold figures, from 0."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """One thing that is said: a heading, rows, sentences, a bar; and what is folded away beneath."""

    key: str
    heading: str
    head: tuple[str, ...] = ()
    rows: tuple[PlanRow, ...] = ()
    scale: Markup | str = ""
    said: tuple[str, ...] = ()
    figure: Markup | str = ""
    details: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class PlanView:
    """What the page shows of a plan.

    money: places of the areas that get some; pins: place and sign; actions: place, month in words and what was done.
    """

    headline: Headline
    fixed: str
    sides: tuple[Side, ...]
    sections: tuple[Section, ...]
    money: tuple[int, ...]
    pins: tuple[tuple[int, str], ...]
    actions: tuple[tuple[int, str, str], ...] = ()

    def content(self) -> dict[str, Any]:
        """Return what the page's script is given."""
        return {
            "sides": [[side.key, side.label, list(side.places)] for side in self.sides],
            "money": list(self.money),
            "pins": [list(pin) for pin in self.pins],
            "actions": [list(action) for action in self.actions],
        }


def plan_view(plan: Plan, view: View) -> PlanView:
    """Return a plan for the page of the comparison it rests on."""
    funded = [one["area_id"] for one in plan.hardening if one["homes"]]
    homes = sum(one["homes"] for one in plan.hardening)
    target, best = plan.week["target"], plan.week["alternatives"][0]
    clear = {str(row["verdict"]) for row in _rows(view, target, plan.theme)} & {"clear rise"}
    reaches = f"{pounds(plan.budget['money'])} reaches {homes:,} home{'' if homes == 1 else 's'}"
    first = f"{reaches} in {_listed(funded, view)}." if funded else f"{reaches}."
    above = f"{crimes(best['excess'], plan.theme)} above the expected"
    though = "" if clear else ", though none rose clearly"
    return PlanView(
        headline=Headline(first, f"The week of action goes to {_listed(target, view)}: {above}{though}."),
        fixed=f"Fixed beforehand, on data to {months.in_words(plan.data_to)}; judged afterwards by the same areas",
        sides=_sides(plan, view),
        sections=(_money(plan, view), _week(plan, view), _promise(plan, view)),
        money=_places(funded, view),
        pins=tuple(_pins(plan, view)),
    )


def result_view(plan: Plan, outcome: Outcome, view: View) -> PlanView:
    """Return what came of a plan, for the page of the months after against those before."""
    target = _listed(plan.week["target"], view)
    month = {
        "clear fall": f"Crime fell clearly in {target} after the week of action.",
        "possible fall": f"Crime may have fallen in {target} after the week of action; it could be chance.",
        "possible rise": f"Crime may have risen in {target} after the week of action; it could be chance.",
        "clear rise": f"Crime rose clearly in {target} after the week of action.",
    }
    none = f"No change in {target} can be told from chance after the week of action."
    net = outcome.net
    said = (
        f"Against areas where nothing was done: {_fewer(net.estimate)} "
        f"(19 times in 20 between {_fewer(net.low)} and {_fewer(net.high)})."
    )
    places = {area: place for place, area in enumerate(view.areas["area_id"])}
    acted = sorted({places[one.area_id] for one in outcome.actions})
    return PlanView(
        headline=Headline(month.get(outcome.verdict, none), said),
        fixed=f"Planned on data to {months.in_words(plan.data_to)}; what was to be judged was fixed then",
        sides=_sides(plan, view),
        sections=(_came(outcome), _counts(plan, outcome, view), _done(outcome, view), _detail(outcome)),
        money=_places([one["area_id"] for one in plan.hardening if one["homes"]], view),
        pins=(*_pins(plan, view), *((place, "!") for place in acted)),
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


def _places(area_ids: Sequence[str], view: View) -> tuple[int, ...]:
    at = {area: place for place, area in enumerate(view.areas["area_id"])}
    return tuple(at[area] for area in area_ids)


def _rows(view: View, area_ids: Sequence[str], kind: str = "sac") -> list[dict[str, Any]]:
    return [view.row(kind, place) for place in _places(area_ids, view)]


def _sides(plan: Plan, view: View) -> tuple[Side, ...]:
    return tuple(
        Side(
            key,
            label,
            _places(plan.week[key], view),
            tuple(view.names[place] for place in _places(plan.week[key], view)),
        )
        for key, label in SIDES
        if plan.week[key]
    )


def _pins(plan: Plan, view: View) -> Iterator[tuple[int, str]]:
    for place, sign in zip(_places(plan.week["target"], view), range(1, len(LETTERS) + 1), strict=False):
        yield place, str(sign)
    funded = [one["area_id"] for one in plan.hardening if one["homes"]]
    yield from zip(_places(funded, view), LETTERS, strict=False)


def _listed(area_ids: Sequence[str], view: View) -> str:
    return series([apart(view.names[place]) for place in _places(area_ids, view)])


def _range(prevented: Mapping[str, float] | None) -> str:
    if prevented is None:
        return "not known"
    return f"{few(prevented['low'])} to {few(prevented['high'])}, about {few(prevented['mid'])}"


def _who(view: View, area_id: str) -> tuple[str, str]:
    """Return an area's name, and its district or code where it needs one."""
    (place,) = _places([area_id], view)
    name = str(view.areas["name"].iloc[place])
    return name, view.groups[place] or (area_id if view.names[place] != name else "")


def _money(plan: Plan, view: View) -> Section:
    budget = plan.budget
    homes = sum(one["homes"] for one in plan.hardening)
    reach = next((one for one in budget["reaches"] if one["price"] == budget["price"]), budget["reaches"][0])
    usual = "" if budget["rate_is_known"] else ", a usual figure"
    illustration = (f"The prices are illustrations; {pounds(budget['price'])} a home is one of them.",)
    return Section(
        key="money",
        heading=f"The money: {homes:,} homes at {pounds(budget['price'])}",
        head=(
            "Most burglaries" if not view.rates else "Most burglaries per home",
            "homes",
            "money",
            "burglaries",
        ),
        rows=_money_rows(plan, view),
        said=(_spread(reach),),
        figure=_money_bars(reach, budget),
        details=(
            money_in_words(plan),
            f"Burglaries prevented a year are reckoned at {few(budget['rate_per_1000_homes'])} home burglaries per "
            f"1,000 homes a year{usual}. Locks, lights and gates do nothing for cars or robbery.",
            *(illustration if budget["illustration"] else ()),
            *_told(plan, "no-households", "part-of-a-year"),
        ),
        tables=_money_tables(plan, view),
    )


def _money_rows(plan: Plan, view: View) -> tuple[PlanRow, ...]:
    """Return a row for each area the money is shared between; areas that get none have no letter."""
    rows = []
    for one, sign in zip(plan.hardening, LETTERS, strict=False):
        (burglary,) = _rows(view, [one["area_id"]], "burglary")
        now = whole(burglary["current_count"])
        rows.append(
            PlanRow(
                sign if one["homes"] else "",
                one["area_id"],
                *_who(view, one["area_id"]),
                (whole(one["homes"]), pounds(one["money"]), now),
            )
        )
    return tuple(rows)


def _money_tables(plan: Plan, view: View) -> tuple[Table, ...]:
    """Return where the money goes, and what else it could buy."""
    return (
        Table(
            "Where it goes",
            ("Area", "Homes", "Money", "Burglaries prevented a year"),
            tuple(
                (
                    _who(view, one["area_id"])[0],
                    whole(one["homes"]),
                    pounds(one["money"]),
                    _range(one["prevented"]),
                )
                for one in plan.hardening
            ),
            (1, 2),
        ),
        Table(
            "What it could buy",
            ("Measure", "Homes", "Spread over the area", "At homes burgled lately"),
            tuple(
                (
                    f"{one['measure']}, {pounds(one['price'])} a home",
                    f"about {whole(one['homes'])}",
                    _range(one["spread"]),
                    _range(one["lately_burgled"]),
                )
                for one in plan.budget["reaches"]
            ),
            (1,),
        ),
    )


def _spread(reach: Mapping[str, Any]) -> str:
    spread, lately = reach["spread"], reach["lately_burgled"]
    if spread is None or lately is None:
        return "What it prevents is not known: the areas' households are not known."
    if spread["mid"] < 1:
        return "Spread thin it prevents under one burglary a year; homes burgled lately can change that."
    return f"Spread over the areas it prevents about {few(spread['mid'])} burglaries a year."


def _money_bars(reach: Mapping[str, Any], budget: Mapping[str, Any]) -> Markup | str:
    """Return two bars, low to high with a dot at the middle: spread out, and at homes burgled lately; numbers only."""
    spread, lately, pays = reach["spread"], reach["lately_burgled"], float(budget["break_even"])
    if spread is None or lately is None:
        return ""
    most = max(lately["high"], spread["high"], pays) * 1.15 or 1.0

    def at(value: float) -> str:
        return f"{max(0.0, 100 * value / most):.1f}%"

    def bar(y: int, of: Mapping[str, float]) -> str:
        wide = max(0.0, 100 * (of["high"] - of["low"]) / most)
        return (
            f'<line class="axis-line" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
            f'<rect class="effect" x="{at(of["low"])}" y="{y - 5}" width="{wide:.1f}%" height="10"/>'
            f'<circle class="alone" cx="{at(of["mid"])}" cy="{y}" r="4"/>'
        )

    said = (
        f"spread over the areas {few(spread['low'])} to {few(spread['high'])} a year; only homes burgled lately "
        f"{few(lately['low'])} to {few(lately['high'])}; {few(pays)} pay for the money"
    )
    anchor = "end" if pays / most > 0.6 else "start"
    return Markup(  # noqa: S704 - numbers and words of our own
        f'<div class="effects"><span class="soft small">Burglaries prevented a year</span><span></span>'
        f"<span>spread over the areas</span><span></span><span>only homes burgled lately</span>"
        f'<svg class="effect-bars" role="img" aria-label="{said}">{bar(28, spread)}{bar(48, lately)}'
        f'<line class="pays" x1="{at(pays)}" x2="{at(pays)}" y1="14" y2="57"/>'
        f'<text x="{at(pays)}" y="10" text-anchor="{anchor}">{few(pays)} pay for the money</text></svg></div>'
    )


def _week(plan: Plan, view: View) -> Section:
    week = plan.week
    rows = _rows(view, week["target"], plan.theme)
    most = bars.scale_of([bars.ratio_of(row) for row in rows])
    streets = ", ".join(f"{apart(street_of(one['street']))} ({one['crimes']})" for one in week["streets"])
    start = f"Start at {streets}" if streets else "Start where it is busiest"
    when = f", in {week['months'][0]}" if week["months"] else ""
    best, *others = week["alternatives"]
    share = round(100 * best["best_share"])
    firm = "Firm" if share >= 90 else "Likely" if share >= 50 else "Weak"
    these = f"these {number(len(week['target']))} come" if len(week["target"]) > 1 else "this area comes"
    next_ = (
        f"; {_listed(others[0]['target'], view)}, {100 * others[0]['best_share']:.0f} times" if others else ""
    )
    visited = tuple(
        f"{_listed([one['area_id']], view)} was visited before, {one['since']} to {one['until']}: {one['action']}."
        for one in week["visited"]
    )
    most_in = f"Most crime falls in {series(list(week['months']))}." if week["months"] else ""
    return Section(
        key="week",
        heading=f"The week of action: {tables.IN_WORDS[week['about']]} first",
        head=(dict(view.labels)[plan.theme], "now", "expected"),
        rows=tuple(
            PlanRow(
                str(sign),
                area,
                *_who(view, area),
                (whole(row["current_count"]), whole(row["expected"])),
                Markup(bars.range_bar(row, most)),  # noqa: S704 - numbers only
            )
            for sign, (area, row) in enumerate(zip(week["target"], rows, strict=True), 1)
        ),
        scale=Markup(bars.range_head(most)),  # noqa: S704 - numbers only
        said=(f"{start}{when}. {firm}: allowing for chance {these} first {share} times in 100{next_}.",),
        details=(
            *([most_in] if most_in else []),
            *visited,
            *_told(plan, "nothing-to-answer", "no-clear-rise"),
        ),
        tables=(
            Table(
                "The sets of areas it was chosen from",
                ("Areas", "Above expected", "Best, allowing for chance"),
                tuple(
                    (
                        _listed(one["target"], view),
                        whole(one["excess"]),
                        f"{100 * one['best_share']:.0f} times in 100",
                    )
                    for one in week["alternatives"]
                ),
                (1,),
            ),
        ),
    )


def _promise(plan: Plan, view: View) -> Section:
    before = sum(plan.before[area] for area in plan.week["target"])
    fall = plan.smallest_detectable_fall
    alone = plan.week.get("weights") or plan.week["control"]
    areas = view.unit[len(alone) != 1]
    return Section(
        key="judged",
        heading="How it will be judged",
        said=(
            f"Against {len(alone):,} {areas} left alone, over months: one week will almost never show in the counts.",
        ),
        figure=_fall_bar(before, fall),
        details=_told(plan, "smallest-fall", "few-controls", "no-buffer-control"),
        tables=(
            Table(
                "Who is compared with whom",
                ("Side", "Areas", "Crimes before"),
                tuple(
                    (
                        label,
                        _listed(plan.week[key], view),
                        whole(sum(plan.before[area] for area in plan.week[key])),
                    )
                    for key, label in SIDES
                    if plan.week[key]
                ),
                (2,),
            ),
        ),
    )


def _fall_bar(before: int, fall: int) -> Markup:
    """Return the crimes before as a bar, the smallest fall that would show left open."""
    share = min(100.0, 100 * fall / before) if before else 100.0
    wide = 100 - share
    end = f"about {fall:,} fewer: the smallest fall that would show"
    return Markup(  # noqa: S704 - numbers and words of our own
        f'<svg class="fall" role="img" aria-label="{before:,} crimes before; {end}">'
        f'<rect class="open" x="0.5" y="0.5" width="99.8%" height="12"/>'
        f'<rect class="length" x="0" y="0" width="{wide:.1f}%" height="13"/></svg>'
        f'<p class="ends"><span>{before:,} crimes before</span> <span>{end}</span></p>'
    )


def _told(plan: Plan, *codes: str) -> tuple[str, ...]:
    told = {notice["code"]: notice["text"] for notice in plan.warnings}
    return tuple(for_page(told[code]) for code in codes if code in told)


def for_page(text: str) -> str:
    """Return a notice as a page says it: without the names of options, which are for the command line."""
    plain = re.sub(r"\s*\(--[\w-]+[^)]*\)", "", text)
    return re.sub(r"[^.:;]*--\w[^.]*\.\s*", "", plain).strip() or plain


def _came(outcome: Outcome) -> Section:
    """Return the verdict with its interval on one bar."""
    net = outcome.net
    most = max(abs(net.low), abs(net.high), 1.0) * 1.15

    def at(value: float) -> str:
        return f"{50 + 50 * value / most:.1f}%"

    wide = 50 * (net.high - net.low) / most
    said = f"{_fewer(net.estimate)}, between {_fewer(net.low)} and {_fewer(net.high)}"
    figure = Markup(  # noqa: S704 - numbers and words of our own
        f'<svg class="came" role="img" aria-label="{said}"><line class="axis-line" x1="0" x2="100%" y1="30" y2="30"/>'
        f'<rect class="band" x="{at(net.low)}" y="24" width="{wide:.1f}%" height="12"/>'
        f'<line class="tick" x1="50%" x2="50%" y1="18" y2="42"/>'
        f'<circle class="alone" cx="{at(net.estimate)}" cy="30" r="5"/>'
        f'<text x="50%" y="12" text-anchor="middle">no change</text>'
        f'<text x="0" y="58">fewer crimes</text><text x="100%" y="58" text-anchor="end">more crimes</text></svg>'
    )
    return Section(
        key="came",
        heading=f"What came of it: {outcome.verdict}",
        said=(f"{capital(said)}, against areas where nothing was done.",),
        figure=figure,
    )


def _fewer(value: float) -> str:
    """Return "23 fewer", "6 more" or "no change"."""
    text = whole(abs(value))
    return "no change" if text == "0" else f"{text} {'fewer' if value < 0 else 'more'}"


def _counts(plan: Plan, outcome: Outcome, view: View) -> Section:
    return Section(
        key="counts",
        heading="The counts",
        tables=(
            Table(
                "",
                ("Side", "Before", "After", "Difference"),
                tuple(
                    (label, whole(before), whole(after), signed(whole_number(after) - whole_number(before)))
                    for key, label in SIDES
                    if outcome.groups[key].area_ids
                    for before, after in [outcome.groups[key].sums]
                ),
                (1, 2, 3),
            ),
        ),
        rows=tuple(
            PlanRow(str(sign), area, *_who(view, area), ())
            for sign, area in enumerate(plan.week["target"], 1)
        ),
    )


def whole_number(value: float) -> int:
    """Return a count as it is shown, so that a difference of two is that of what stands beside it."""
    return int(whole(value).replace(",", "").replace("−", "-"))


def _done(outcome: Outcome, view: View) -> Section:
    rows = tuple(
        (
            day_in_words(one.date),
            _who(view, one.area_id)[0],
            one.action,
            "–" if one.homes is None else whole(one.homes),
        )
        for one in outcome.actions
    )
    table = (Table("", ("Date", "Area", "Action", "Homes"), rows, (3,)),) if rows else ()
    return Section(
        key="done",
        heading="What was done",
        said=() if rows else ("No log of actions was given.",),
        tables=table,
    )


def _detail(outcome: Outcome) -> Section:
    unchecked = tuple(for_page(one.text) for one in outcome.warnings if one.code == "plan-unchecked")
    return Section(
        key="figures",
        heading="In figures",
        details=(outcome.reading, *unchecked),
        tables=(_figures(outcome),),
    )


def _figures(outcome: Outcome) -> Table:
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
        ("Total net effect: crimes prevented", "–" if effect is None else signed(effect), ""),
        (
            "Place among untreated areas, 1 the largest fall",
            f"{outcome.placebo_rank} of {outcome.placebos + 1}",
            "",
        ),
    ]
    return Table("", ("Measure", "Value", "95% interval"), tuple(rows), (1,))


def _of(found: Wdd) -> tuple[str, str]:
    return signed(found.estimate), f"{signed(found.low)} to {signed(found.high)}"


def _decimal(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
