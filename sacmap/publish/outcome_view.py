"""What came of a plan, as the page shows it: the verdict on a bar, the counts, what was done, and the figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from markupsafe import Markup

from sacmap import months
from sacmap.choose.evaluate import Outcome
from sacmap.choose.outcome_words import (
    LOG_NOTICES,
    NO_CONTROL,
    NO_CONTROL_WORDS,
    NOT_KNOWN,
    TOO_FEW,
    TOO_FEW_WORDS,
    fewer,
    is_few,
    is_relative,
    led_astray,
    moved_in_words,
    not_known,
    not_settled,
    verdict_in_words,
)
from sacmap.choose.plan import Plan
from sacmap.notices import whole
from sacmap.publish.headline import Headline
from sacmap.publish.plan_parts import (
    SIDES,
    PlanRow,
    PlanView,
    Section,
    Table,
    all_named,
    for_page,
    pins,
    positions,
    sides,
    who,
    with_homes,
)
from sacmap.publish.words import NAMED, capital, signed, whole_number

if TYPE_CHECKING:
    from sacmap.publish.view import View


def result_view(plan: Plan, outcome: Outcome, view: View) -> PlanView:
    """Return what came of a plan, for the page of the months after against those before."""
    target, themed = all_named(plan.week["target"], view, NAMED), plan.theme != "sac"
    what = view.in_words[plan.theme] if themed else "crime"
    fell, fallen, rose, risen = ("fell clearly", "have fallen", "rose clearly", "have risen")
    # Against areas outside, crime can fall where its count rose. "Fell" would then be read as of the count.
    if is_relative(outcome.verdict, outcome.groups["target"].sums):
        fell, fallen = "was clearly lower than expected", "have been lower than expected"
        rose, risen = "was clearly higher than expected", "have been higher than expected"
    then, chance = f"in {target} after the week of action", "it could be chance"
    found = {
        "clear fall": f"{capital(what)} {fell} {then}.",
        "possible fall": f"{capital(what)} may {fallen} {then}; {chance}.",
        "possible rise": f"{capital(what)} may {risen} {then}; {chance}.",
        "clear rise": f"{capital(what)} {rose} {then}.",
        **dict.fromkeys((NO_CONTROL, NOT_KNOWN, TOO_FEW), f"Nothing can be said of {what} {then}."),
    }
    of = f" of {what}" if themed else ""
    none = f"No change{of} in {target} can be told from chance after the week of action."
    net = outcome.net
    said = (
        f"Against areas outside the plan: {fewer(net.estimate)} "
        f"(19 times in 20 between {fewer(net.low)} and {fewer(net.high)})."
        if net
        else NO_CONTROL_WORDS
    )
    if outcome.verdict == NOT_KNOWN:
        said = "What the plan compared its areas with leads astray: no difference can be relied on."
    if outcome.verdict == TOO_FEW:
        said = TOO_FEW_WORDS
    acted = positions([one.area_id for one in outcome.actions], view)
    return PlanView(
        headline=Headline(found.get(outcome.verdict, none), said),
        fixed=f"Planned on data to {months.in_words(plan.data_to)}; what was to be judged was fixed then",
        theme=plan.theme,
        sides=sides(plan, view),
        sections=(
            _came(plan, outcome, view),
            *_moved(plan, outcome),
            _counts(plan, outcome, view),
            _done(outcome, view),
            _detail(outcome),
        ),
        money=positions(plan.funded, view),
        pins=(*pins(plan, view), *((position, "!") for position in sorted(set(acted)))),
        actions=tuple(
            (
                position,
                months.in_words(one.month),
                f"{months.day_in_words(one.date)}: {with_homes(one.action, one.homes)}",
            )
            for position, one in zip(acted, outcome.actions, strict=True)
        ),
    )


def _came(plan: Plan, outcome: Outcome, view: View) -> Section:
    """Return the verdict on the crimes of the plan's theme with its interval on one bar."""
    net, found = outcome.net, verdict_in_words(outcome.verdict, outcome.groups["target"].sums)
    heading = f"What came of it: {found}"
    if net is None:
        none = "Below are the counts alone: they may have moved as everywhere else."
        return Section(key="came", heading=heading, said=(NO_CONTROL_WORDS, none))
    if outcome.verdict == TOO_FEW:
        few = (TOO_FEW_WORDS, *not_known(outcome, plan, "target"))
        return Section(key="came", heading=heading, said=few)
    most = max(abs(net.low), abs(net.high), 1.0) * 1.15

    def at(value: float) -> str:
        return f"{50 + 50 * value / most:.1f}%"

    wide = 50 * (net.high - net.low) / most
    said = f"{fewer(net.estimate)}, between {fewer(net.low)} and {fewer(net.high)}"
    figure = Markup(  # noqa: S704 - numbers and words of our own
        f'<svg class="came" role="img" aria-label="{said}"><line class="axis-line" x1="0" x2="100%" y1="30" y2="30"/>'
        f'<rect class="band" x="{at(net.low)}" y="24" width="{wide:.1f}%" height="12"/>'
        f'<line class="tick" x1="50%" x2="50%" y1="18" y2="42"/>'
        f'<circle class="alone" cx="{at(net.estimate)}" cy="30" r="5"/>'
        f'<text x="50%" y="12" text-anchor="middle">no difference</text>'
        f'<text x="0" y="58">fewer {view.nouns[plan.theme][1]}</text>'
        f'<text x="100%" y="58" text-anchor="end">more {view.nouns[plan.theme][1]}</text></svg>'
    )
    return Section(
        key="came",
        heading=heading,
        said=(
            f"{capital(said)}, against areas outside the plan.",
            *led_astray(plan, outcome.months_before),
            *not_settled(plan, outcome.months_before),
            *not_known(outcome, plan, "target"),
        ),
        figure=figure,
    )


def _moved(plan: Plan, outcome: Outcome) -> Iterator[Section]:
    """Yield the answer to whether crime moved to the areas around, if there is any to compare them with."""
    told = not_known(outcome, plan, "buffer")
    if found := outcome.displacement:
        between = f", between {fewer(found.low)} and {fewer(found.high)}"
        change = f"{fewer(found.estimate)}{'' if is_few(outcome.groups['buffer']) else between}"
        said = f"Compared in the same way: {change}. That is {moved_in_words(outcome, found)}."
        told = [said, *told]
    if told:
        yield Section(key="moved", heading=SIDES["buffer"], said=tuple(told))


def _counts(plan: Plan, outcome: Outcome, view: View) -> Section:
    counts = tuple(
        (label, whole(before), whole(after), signed(whole_number(after) - whole_number(before)))
        for key, label in SIDES.items()
        if outcome.groups[key].area_ids
        for before, after in [outcome.groups[key].sums]
    )
    return Section(
        key="counts",
        heading="The counts" if plan.theme == "sac" else f"The counts: {view.in_words[plan.theme]}",
        tables=(Table("", ("Side", "Before", "After", "Difference"), counts, (1, 2, 3)),),
        rows=tuple(
            PlanRow(str(sign), area, *who(view, area), ()) for sign, area in enumerate(plan.week["target"], 1)
        ),
    )


def _done(outcome: Outcome, view: View) -> Section:
    rows = tuple(
        (months.day_in_words(one.date), all_named([one.area_id], view), one.action, homes)
        for one in outcome.actions
        for homes in ["–" if one.homes is None else whole(one.homes)]
    )
    table = (Table("", ("Date", "Area", "Action", "Homes"), rows, (3,)),) if rows else ()
    told = tuple(for_page(one.text) for one in outcome.warnings if one.code in LOG_NOTICES)
    return Section(
        key="done",
        heading="What was done",
        said=told if rows else ("No log of actions was given.", *told),
        tables=table,
    )


def _detail(outcome: Outcome) -> Section:
    unchecked = tuple(for_page(one.text) for one in outcome.warnings if one.code == "plan-unchecked")
    details = (outcome.reading, *unchecked)
    return Section(key="figures", heading="In figures", details=details, tables=(_figures(outcome),))


def _figures(outcome: Outcome) -> Table:
    ratio, quotient, effect = outcome.rate_ratio, outcome.wdq, outcome.tne
    both = outcome.wdd_settled if outcome.net and outcome.displacement else None
    # Of too few crimes the formulas' interval says nothing, nor does a place by it, or by what leads astray.
    few, few_around = (is_few(outcome.groups[side]) for side in ("target", "buffer"))
    rows = [
        (label, signed(found.estimate), "" if unsure else f"{signed(found.low)} to {signed(found.high)}")
        for label, found, unsure in (
            ("Target against its weighted control, settled", outcome.net, few),
            ("Buffer against its own, settled", outcome.displacement, few_around),
            ("Both together (weighted displacement difference), settled", both, few),
            ("Target against the few nearest areas, settled: a check", outcome.nearest, few),
            ("Weighted displacement difference of the raw counts, chance and all", outcome.wdd, few),
        )
        if found
    ]
    if ratio:
        span = "" if few else f"{_decimal(ratio.low)} to {_decimal(ratio.high)}"
        rows.append(("Rate ratio", _decimal(ratio.estimate), span))
    rows += [
        ("Displacement quotient", "–" if quotient is None else _decimal(quotient), ""),
        ("Total net effect: crimes prevented", "–" if effect is None else signed(effect), ""),
        (
            "Place among untreated areas, 1 the largest fall",
            "–"
            if few or outcome.verdict == NOT_KNOWN or outcome.placebo_rank is None
            else f"{outcome.placebo_rank} of {outcome.placebos + 1}",
            "",
        ),
    ]
    return Table("", ("Measure", "Value", "95% interval"), tuple(rows), (1,))


def _decimal(value: float) -> str:
    # No minus nought: −0.004 is 0.00.
    return f"{round(value, 2) + 0:.2f}".replace("-", "−")
