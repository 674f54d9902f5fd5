"""What a briefing note says: for a committee that reads Word, not maps.

The sentences are made of the same tables as the CSV and the page. A section that cannot be written is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sacmap import months, tables
from sacmap.choose.plan_words import NO_GUIDE, money_paid, pounds, prevented_in_words
from sacmap.notices import MINOR, counted, series, spoken
from sacmap.publish.note_official import happened
from sacmap.publish.note_parts import (
    NAMED,
    Given,
    Note,
    Paragraph,
    Part,
    Section,
    Table,
    part_of,
    periods_in_words,
    some,
)
from sacmap.publish.note_places import where
from sacmap.publish.plan_parts import for_page, with_homes
from sacmap.publish.words import FEW_BY_CHANCE, without_options

if TYPE_CHECKING:
    from sacmap.choose.plan import Plan


def note_of(given: Given) -> Note:
    """Return the note: background, what happened, where, what will be done, what came of it, limits, source."""
    found = (
        _background(given),
        happened(given),
        where(given),
        _planned(given),
        _came_of_it(given),
        _limits(given),
        _source(given),
    )
    restricted = given.result is not None and given.result.restricted
    return Note(
        title=f"Serious acquisitive crime in {spoken(given.place)}",
        subtitle=f"Briefing note: {periods_in_words(given.spoken)}",
        banner="Restricted: made from the force's own records. Do not publish." if restricted else "",
        sections=tuple(section for section in found if section is not None),
    )


def _background(given: Given) -> Section:
    said = (
        "PP06 is the percentage change in serious acquisitive crime (SAC) from the baseline. SAC is residential "
        "burglary, robbery, theft of a motor vehicle and theft from a motor vehicle, as the police record them."
    )
    if given.official is not None:
        said += (
            f" The figures under “What happened” are the crimes recorded in {given.official.area}, as the Home Office "
            "publishes them."
        )
    if given.result is not None:
        exact = given.result.study.extract is not None
        said += (
            " The map is of the force's own records of these offences."
            if exact
            else " The map is of the crimes that data.police.uk publishes: all burglary, robbery and all vehicle "
            "crime, a close proxy that also holds shops, sheds and interference with vehicles."
        )
    return Section("What PP06 counts", (Paragraph(said),))


def _planned(given: Given) -> Section | None:
    """Return what the money and the week of action will do; None without a plan."""
    plan = given.plan
    if plan is None:
        return None
    names = given.names or {}
    notices = plan.told
    first = ("money",)
    last = (
        "smallest-fall", "action-in-data", "no-clear-rise", "clear-rise-elsewhere", "nothing-to-answer", NO_GUIDE
    )  # fmt: skip
    parts: list[Part] = [
        Paragraph(
            f"The plan was made on data to {months.in_words(plan.data_to)} and frozen before the event, so that it can "
            "be judged afterwards."
        ),
        *(Paragraph(notices[code]) for code in first if code in notices),
        *_money(plan, names, illustrated="illustration" in notices),
        *_week(plan, names, tables.IN_WORDS if given.result is None else given.result.in_words),
        *(Paragraph(for_page(notices[code])) for code in last if code in notices),
    ]
    return Section("What we will do", tuple(parts))


def _money(plan: Plan, names: Mapping[str, str], *, illustrated: bool) -> Iterator[Part]:
    """Yield where the money goes, and that the prices are illustrations where they are."""
    money = plan.budget
    rows = tuple(
        (
            names.get(one["area_id"], one["area_id"]), pounds(one["money"]), f"{one['homes']:,}",
            prevented_in_words(one["prevented"]),
        )
        for one in plan.hardening
    )  # fmt: skip
    if rows:
        header = ("Area", "Money", "Homes", "Burglaries prevented a year")
        yield Table(f"Target hardening: {pounds(money_paid(money))}. {money['measure']}.", header, rows)
    if illustrated:
        yield Paragraph("The prices are illustrations until the partnership's own are put in their place.")


def _week(plan: Plan, names: Mapping[str, str], in_words: Mapping[str, str]) -> Iterator[Part]:
    """Yield where the week of action goes, when, and what it is watched by and compared with."""
    week = plan.week
    target, buffer, control = (
        [names.get(area, area) for area in week[side]] for side in ("target", "buffer", "control")
    )
    about = in_words.get(str(week.get("about")), "")
    themed = plan.theme != "sac"
    what = in_words[plan.theme] if themed else "crime"
    # The theme of a plan is its maker's choice: it need not be what stands out most there. And in areas of the maker's
    # own choice every type may be below the expected.
    worst = (
        "of which there is most" if NO_GUIDE in plan.told else "which compares worst with the expected there"
    )
    why = "" if themed else f", {worst}"
    when = f" Past seasons had most {what} in {series(list(week['months']))}." if week["months"] else ""
    yield Paragraph(
        f"The week of action goes to {series(target)}"
        + (f", and should be about {about}{why}" if about else "")
        + f".{when}"
    )
    if week.get("action"):
        first, last = week["action"]
        yield Paragraph(
            f"The action is {'on' if first == last else 'from'} {months.days_in_words(first, last)}."
        )
    if buffer:
        yield Paragraph(f"Watched for crime that moves next door: {some(buffer)}.")
    if control:
        yield Paragraph(f"Compared with areas like them where nothing is done, {some(control)} among them.")


def _came_of_it(given: Given) -> Section | None:
    """Return how the plan was judged; None without a result."""
    outcome = given.outcome
    if outcome is None:
        return None
    spans = [tuple(str(month) for month in outcome[name]) for name in ("before", "after")]
    rows = []
    for name, words in (("target", "Areas of the week of action"), ("buffer", "Areas around them")):
        counts = outcome["counts"].get(name) or {}
        if counts:
            before, after = (sum(int(one[side]) for one in counts.values()) for side in ("before", "after"))
            rows.append((words, f"{before:,}", f"{after:,}"))
    parts: list[Part] = [Paragraph(str(outcome["reading"]))]
    if rows:
        earlier, later = map(months.span_in_words, spans)
        part = part_of(outcome["months_compared"], len(outcome["after"]))
        caption = f"Counted in {part}{later}, against {earlier}."
        parts.append(Table(caption, ("Areas", "Before", "After"), tuple(rows)))
    names = given.names or {}
    done = [
        f"{months.day_in_words(one['date'])}, {names.get(one['area_id'], one['area_id'])}: "
        f"{with_homes(one['action'], one.get('homes'))}"
        for one in outcome["actions"]
    ]
    if done:
        parts.append(Paragraph("What was done:"))
        if more := len(done[2 * NAMED :]):
            done[2 * NAMED :] = [f"And {counted(more, ('more action', 'more actions'))}"]
        parts += [Paragraph(f"{text}.", "bullet") for text in done]
    return Section("What came of it", tuple(parts))


def _limits(given: Given) -> Section:
    said = [
        "Recorded crime is what was reported and recorded. It is not all crime, and it moves with reporting and "
        "recording too.",
        "The counts cannot show why crime rose or fell, nor that an action was the cause.",
    ]
    if given.official is not None and given.official.peers:
        said.append(
            "“Allowing for chance” covers only the play of chance in a count. Police forces also differ from one "
            "another for reasons of their own: where half of them lie shows by how much."
        )
    result = given.result
    if result is not None:
        if result.study.extract is None:
            said.append(
                "police.uk's burglary holds shops and sheds as well as homes, and its vehicle crime holds "
                "interference. It moves each crime to the nearest of a fixed set of map points, so crimes near a "
                "boundary may belong next door."
            )
        if result.study.baseline and not result.unfit:
            said.append(
                f"An area outside its normal range may still be there by chance: {FEW_BY_CHANCE} is above its range, "
                "and as many below. A clear rise stands out among all areas."
            )
        said.append(
            f"{'Places are approximate and dates are months' if result.study.extract is None else 'Dates are months'}: "
            "the figures cannot show whether the same home, or one near it, was hit again."
        )
        said += [without_options(notice.text) for notice in result.warnings if notice.code not in MINOR]
    return Section("What the figures cannot say", tuple(Paragraph(text, "bullet") for text in said))


def _source(given: Given) -> Section:
    said = list(given.sources)
    if given.official is not None:
        said.insert(
            0, "Recorded crime: Home Office, police recorded crime open data, Open Government Licence v3.0."
        )
    after = given.outcome["after"] if given.outcome else ()
    last = max([given.spoken.current[-1], *after])
    said.append(
        f"Data to {months.in_words(last)}. Made by sacmap; the sentences may be edited, the figures are its own."
    )
    return Section("Source and licence", tuple(Paragraph(text) for text in said))
