"""What came of a plan in words: the verdict, the reading in sentences, and what the action log holds unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sacmap import months, tables
from sacmap.choose.effect import Wdd
from sacmap.choose.plan_record import WEIGHTS_NAMES
from sacmap.choose.plan_words import named
from sacmap.choose.week import Z_TENTH
from sacmap.measure.comparator import UNFIT
from sacmap.measure.comparator_notices import UNLIKE
from sacmap.measure.verdict import FEW
from sacmap.notices import Notice, counted, listed, whole

if TYPE_CHECKING:
    from sacmap.choose.evaluate import Floats, Group, Outcome
    from sacmap.choose.partnership_files import Action
    from sacmap.choose.plan import Plan
    from sacmap.choose.plan_record import SideName
    from sacmap.result import Result


#: The verdict where no untreated area is left to compare the target with.
NO_CONTROL = "nothing to compare with"
#: The verdict where the settled counts follow a comparator that leads astray, and what is said of the difference.
NOT_KNOWN, NOT_KNOWN_WORDS = "not known", "no difference to rely on"
#: The verdict on a side with too few crimes for the formulas of the interval, and what is said of the target then.
TOO_FEW = "too few to tell"
TOO_FEW_WORDS = f"Fewer than {FEW:.0f} crimes were to be expected there, and fewer came: too few to tell."
NO_CONTROL_WORDS = "No untreated area is left to compare the target with."
#: The codes of the notices about the action log.
LOG_NOTICES = ("earlier-actions", "later-actions", "control-actions", "late-action", "no-target-action")
#: It is told if at least this share of the days after lies before the first action.
MUCH_BEFORE = 0.1
#: What is said of a plan's comparator that leads astray, by the code of its notice.
_ASTRAY = {UNFIT: "is no good guide", UNLIKE: "changed quite unlike them"}


def log_notices(plan: Plan, result: Result, actions: Sequence[Action]) -> Iterator[Notice]:
    """Tell which lines of the action log the counts cannot show, or show in the areas of the control."""
    names = dict(zip(result.areas["area_id"], result.areas["name"], strict=True))
    apart = tables.names_of(result.areas)
    before, last = result.study.baseline[0][-1], result.study.current[-1]

    def told(chosen: Sequence[Action]) -> str:
        return listed([f"{apart[one.area_id]}, {months.day_in_words(one.date)}" for one in chosen], 6)

    if earlier := [one for one in actions if one.month <= before]:
        yield Notice(
            "earlier-actions",
            f"Actions in or before the months before, which end in {months.in_words(before)}: {told(earlier)}. Both "
            "counts hold what they did, so it cannot be seen. If the dates are right, give earlier months with "
            "--before.",
        )
    if later := [one for one in actions if one.month > last]:
        yield Notice(
            "later-actions",
            f"After the months compared, which end in {months.in_words(last)}: {told(later)}. These actions "
            "are in the log, but cannot be in the counts.",
        )
    if actions and {one.area_id for one in actions}.isdisjoint(plan.week["target"]):
        target = named(plan.week["target"], names)
        yield Notice(
            "no-target-action",
            f"No action in the log is in the target, {target}. What is judged is the target of the plan.",
        )
    yield from _late_action(plan, result, actions)
    control = {area for name in WEIGHTS_NAMES for area, weight in plan.week[name].items() if weight > 0}
    control -= {area for side in ("target", "buffer") for area in plan.week[side]}
    if acted := sorted({one.area_id for one in actions if one.month <= last} & control):
        yield Notice(
            "control-actions",
            f"Areas of the control with actions of their own: {named(acted, names)}. If crime fell there "
            "because of them, the target's fall looks smaller than it was.",
        )


def _late_action(plan: Plan, result: Result, actions: Sequence[Action]) -> Iterator[Notice]:
    """Tell if many days of the months after lie before the action begins: their crimes count as after it."""
    first = min([one.date for one in actions] or plan.week["action"][:1], default="")
    days = [
        f"{month}-{day:02d}" for month in result.study.current for day in range(1, months.days_in(month) + 1)
    ]
    early = sum(day < first for day in days)
    if early >= MUCH_BEFORE * len(days):
        yield Notice(
            "late-action",
            f"The first action was on {months.day_in_words(first)}, so {early} of the {len(days)} days after lie "
            "before it. Crimes are known by month alone, so these days count as after. Begin with the next month to "
            "leave them out (--after).",
        )


def too_few(settled: Floats, after: Floats) -> bool:
    """Whether areas have too few crimes to tell, expected and after: the interval is that of larger counts."""
    return max(float(settled.sum()), float(after.sum())) < FEW


def is_few(side: Group) -> bool:
    """Whether a side of the plan has too few crimes to tell."""
    return too_few(side.settled, side.after)


def verdict_of(net: Wdd | None, astray: Sequence[str] = (), *, few: bool = False) -> str:
    """Return the verdict: "clear" if the 95% interval excludes 0, "possible" if chance gives as much 1 time in 10.

    Nothing is known of a difference that follows a comparator that leads astray, as `led_astray` says; nor of one of
    `few` crimes, as `too_few` says.
    """
    if net is None or astray:
        return NO_CONTROL if net is None else NOT_KNOWN
    if few:
        return TOO_FEW
    if abs(net.z) <= Z_TENTH:
        return "no change beyond chance"
    how = "clear" if net.low > 0 or net.high < 0 else "possible"
    return f"{how} {'fall' if net.estimate < 0 else 'rise'}"


def reading_of(found: Outcome, plan: Plan, nouns: tables.Nouns = tables.NOUNS) -> str:
    """Return what came of a plan, in sentences; `nouns`: what a crime of each type is called."""
    target, control, net = found.groups["target"], found.groups["control"], found.net
    chance = float((target.before - target.settled).sum())
    astray = led_astray(plan, found.months_before)
    areas = "area" if len(plan.week["target"]) == 1 else "areas"
    said = ["Nothing can be said of what came of the plan."] if found.verdict == NOT_KNOWN else []
    said += [
        f"Target {areas}: {tables.crimes(target.sums[1], plan.theme, nouns)} after, {target.sums[0]:,.0f} before."
    ]
    said += not_known(found, plan, "target")
    if nearest := len(control.area_ids):
        which = "The most similar area" if nearest == 1 else f"The {nearest} most similar areas"
        said.append(f"{which}: {control.sums[1]:,.0f} after, {control.sums[0]:,.0f} before.")
    if chance >= 1 and not astray:
        one, several = nouns[plan.theme]
        likely = counted(target.settled.sum(), (f"{one} was", f"{several} were"))
        said.append(
            f"A high count partly falls by itself. Without any action, {likely} to be expected there, about "
            f"{chance:,.0f} fewer than before. These are not counted as prevented."
        )
    if net is None:
        said.append(f"{NO_CONTROL_WORDS} No rise or fall can be told from one that happened everywhere.")
        return " ".join(said)
    if found.verdict == TOO_FEW:
        return " ".join([*said, TOO_FEW_WORDS, *not_known(found, plan, "buffer")])
    untreated = len(found.weighted_control.area_ids)
    said.append(
        f"Compared with {counted(untreated, ('untreated area', 'untreated areas'))}, weighted to resemble the "
        f"target, that is {_change(net)}: {_sure_in_words(found.verdict, target.sums)}."
    )
    said += [*astray, *not_settled(plan, found.months_before)]
    if found.displacement is not None:
        buffer, moved = found.groups["buffer"], moved_in_words(found, found.displacement)
        change = fewer(found.displacement.estimate) if is_few(buffer) else _change(found.displacement)
        said.append(f"In the buffer around the target, compared in the same way, it is {change}: {moved}.")
    said += not_known(found, plan, "buffer")
    if found.placebo_rank is not None and not astray:
        fell = "as large a fall" if net.estimate < 0 else "a fall, or a smaller rise,"
        said.append(
            f"The same test on {found.placebos:,} sets of untreated areas showed {fell} in "
            f"{f'{found.placebo_rank - 1:,}' if found.placebo_rank > 1 else 'none'} of them."
        )
    said.append("The counts cannot show that the action was the cause.")
    return " ".join(said)


def led_astray(plan: Plan, before: Sequence[str]) -> list[str]:
    """Return that the settled counts follow a comparator that leads astray; of months not settled there are none."""
    codes = {*plan.told} if set(before) & set(plan.before_months) else set()
    return [
        f"What the plan compared its areas with {why}. The counts to be expected without any action follow it, so do "
        "not rely on this difference. That of the raw counts does not follow it."
        for code, why in _ASTRAY.items()
        if code in codes
    ][:1]


def not_settled(plan: Plan, before: Sequence[str]) -> list[str]:
    """Return that the plan is not based on all of the months before: the counts of the others are not settled."""
    based = len(set(before) & set(plan.before_months))
    if based == len(before):
        return []
    one = len(before) - based == 1
    others = "Their counts are" if not based else "The other's count is" if one else "The others' counts are"
    some = f"{based} of the {len(before)}" if based else "none of the"
    return [
        f"The plan is based on {some} months before. {others} as recorded: what was high or low by chance is still in "
        "this difference."
    ]


def not_known(found: Outcome, plan: Plan, side: SideName) -> list[str]:
    """Return that areas of a side are not known now: crime may have moved to them unseen."""
    known = len(found.groups[side].area_ids)
    if not (unknown := len(plan.week[side]) - known):
        return []
    areas = ("other area", "other areas") if known else ("area", "areas")
    return [f"Nothing is known of {counted(unknown, areas)} of the {side}: not in these counts."]


def _change(net: Wdd) -> str:
    """Return "23 fewer (95% interval: 40 fewer to 6 fewer)"."""
    return f"{fewer(net.estimate)} (95% interval: {fewer(net.low)} to {fewer(net.high)})"


def fewer(value: float) -> str:
    """Return "23 fewer", "6 more" or "no difference"."""
    text = whole(abs(value))
    return "no difference" if text == "0" else f"{text} {'fewer' if value < 0 else 'more'}"


def is_relative(verdict: str, sums: tuple[float, float]) -> bool:
    """Whether a side fell or rose only against areas outside: its own count, before and after, did not."""
    change = sums[1] - sums[0]
    return (verdict.endswith("fall") and change >= 0) or (verdict.endswith("rise") and change <= 0)


def verdict_in_words(verdict: str, sums: tuple[float, float], article: str = "") -> str:
    """Return "clear fall", or "clearly lower than expected" where the count itself did not fall."""
    if not verdict.endswith(("fall", "rise")):
        return NOT_KNOWN_WORDS if verdict == NOT_KNOWN else verdict
    if not is_relative(verdict, sums):
        return article + verdict
    how = "clearly" if verdict.startswith("clear") else "possibly"
    return f"{how} {'lower' if verdict.endswith('fall') else 'higher'} than expected"


def _sure_in_words(verdict: str, sums: tuple[float, float]) -> str:
    said, size = verdict_in_words(verdict, sums, "a "), "by more" if is_relative(verdict, sums) else "larger"
    if verdict.startswith("clear"):
        return f"{said}, {size} than chance would explain"
    return f"{said}, which could be chance" if verdict.startswith("possible") else said


def moved_in_words(found: Outcome, buffer: Wdd) -> str:
    """Return whether crime may have moved: "a clear rise, so crime may have moved there"."""
    if found.verdict == NOT_KNOWN:
        return f"{NOT_KNOWN_WORDS} either"
    verdict = verdict_of(buffer, few=is_few(found.groups["buffer"]))
    if verdict == TOO_FEW:
        return "too few crimes to tell"
    said = verdict_in_words(verdict, found.groups["buffer"].sums, "a ")
    if verdict.endswith("fall"):
        return f"{said}, so there is no sign that crime moved there"
    if verdict.endswith("rise"):
        return f"{said}, so crime may have moved there"
    return "no sign beyond chance that crime moved there"
