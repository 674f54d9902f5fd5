"""What is done, in a briefing note, and what came of it: a plan and its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sacmap import months, tables
from sacmap.publish.note_parts import NAMED, Given, Paragraph, Part, Section, Table, some
from sacmap.publish.words import series

if TYPE_CHECKING:
    from sacmap.choose.plan import Plan
    from sacmap.choose.plan_record import Week


def planned(given: Given) -> Section | None:
    """Return what the money and the week of action will do; None without a plan."""
    plan = given.plan
    if plan is None:
        return None
    names = given.names or {}
    notices = {notice["code"]: notice["text"] for notice in plan.warnings}
    first, last = ("money",), ("smallest-fall", "no-clear-rise", "nothing-to-answer")
    parts: list[Part] = [
        Paragraph(
            f"The plan was made on data to {months.in_words(plan.data_to)} and frozen before the event, so that it can "
            "be judged afterwards."
        ),
        *(Paragraph(notices[code]) for code in first if code in notices),
        *_money(plan, names, illustrated="illustration" in notices),
        *_week(plan.week, names),
        *(Paragraph(notices[code]) for code in last if code in notices),
    ]
    return Section("What we will do", tuple(parts))


def _money(plan: Plan, names: Mapping[str, str], *, illustrated: bool) -> Iterator[Part]:
    """Yield where the money goes, and that the prices are illustrations where they are."""
    money = plan.budget
    rows = tuple(
        (
            names.get(one["area_id"], one["area_id"]), f"£{one['money']:,.0f}", f"{one['homes']:,}",
            "not known" if one["prevented"] is None
            else "{low:.2f} to {high:.2f}, about {mid:.2f}".format(**one["prevented"]),
        )
        for one in plan.hardening
    )  # fmt: skip
    if rows:
        header = ("Area", "Money", "Homes", "Burglaries prevented a year")
        yield Table(f"Target hardening: £{money['money']:,.0f}, {money['measure']}.", header, rows)
    if illustrated:
        yield Paragraph("The prices are illustrations until the partnership's own are put in their place.")


def _week(week: Week, names: Mapping[str, str]) -> Iterator[Part]:
    """Yield where the week of action goes, when, and what it is watched by and compared with."""
    target, buffer, control = (
        [names.get(area, area) for area in week[side]] for side in ("target", "buffer", "control")
    )
    about = tables.IN_WORDS.get(str(week.get("about")), "")
    when = f" Past seasons had most crime in {series(list(week['months']))}." if week["months"] else ""
    yield Paragraph(
        f"The week of action goes to {series(target)}"
        + (f", and should be about {about}, which stands furthest above the expected there" if about else "")
        + f".{when}"
    )
    if week.get("action"):
        days = [months.day_in_words(day) for day in dict.fromkeys(week["action"])]
        yield Paragraph(
            f"The action is from {' to '.join(days)}." if len(days) > 1 else f"The action is on {days[0]}."
        )
    if buffer:
        yield Paragraph(f"Watched for crime that moves next door: {some(buffer)}.")
    if control:
        yield Paragraph(f"Compared with areas like them where nothing is done, {some(control)} among them.")


def came_of_it(given: Given) -> Section | None:
    """Return how the plan was judged; None without a result."""
    outcome = given.outcome
    if outcome is None:
        return None
    spans = [tuple(str(month) for month in outcome[name]) for name in ("before", "after")]
    rows = []
    for name, words in (
        ("target", "Areas of the week of action"), ("buffer", "Areas around them"),
    ):  # fmt: skip
        counts = outcome["counts"].get(name) or {}
        if counts:
            before, after = (sum(int(one[side]) for one in counts.values()) for side in ("before", "after"))
            rows.append((words, f"{before:,}", f"{after:,}"))
    parts: list[Part] = [Paragraph(str(outcome["reading"]))]
    if rows:
        caption = (
            f"Crimes counted, {months.span_in_words(spans[1])} against {months.span_in_words(spans[0])}."
        )
        parts.append(Table(caption, ("Areas", "Before", "After"), tuple(rows)))
    done = [
        f"{one['date']}, {(given.names or {}).get(one['area_id'], one['area_id'])}: {one['action']}"
        for one in outcome["actions"]
    ]
    if done:
        parts.append(Paragraph("What was done:"))
        parts += [Paragraph(f"{text}.", "bullet") for text in done[: 2 * NAMED]]
    return Section("What came of it", tuple(parts))
