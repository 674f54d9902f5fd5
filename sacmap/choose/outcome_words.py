"""The reading of an evaluation: its verdict, and what came of a plan in plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sacmap.choose.effect import Wdd
from sacmap.choose.week import Z_TENTH

if TYPE_CHECKING:
    from sacmap.choose.evaluate import Group


def verdict_of(net: Wdd) -> str:
    """Return the verdict: "clear" if the 95% interval excludes 0, "possible" if chance gives as much 1 time in 10."""
    if abs(net.z) <= Z_TENTH:
        return "no change beyond chance"
    how = "clear" if net.low > 0 or net.high < 0 else "possible"
    return f"{how} {'fall' if net.estimate < 0 else 'rise'}"


def reading_of(
    groups: Mapping[str, Group],
    weighted_control: Group,
    net: Wdd,
    displacement: Wdd | None,
    *,
    rank: int,
    placebos: int,
) -> str:
    """Return what came of a plan, in sentences."""
    target, control = groups["target"], groups["control"]
    chance = float((target.before - target.settled).sum())
    said = [
        f"Target areas: {target.sums[1]:,.0f} crimes after, {target.sums[0]:,.0f} before. The {len(control.area_ids)} "
        f"most similar areas: {control.sums[1]:,.0f} after, {control.sums[0]:,.0f} before."
    ]
    if chance >= 1:
        said.append(
            f"The target was chosen when its count was high. Without any action, {target.settled.sum():,.0f} crimes "
            f"were to be expected there, about {chance:,.0f} fewer than before. These are not counted as prevented."
        )
    said.append(
        f"Compared with {len(weighted_control.area_ids):,} untreated areas, weighted to resemble the target, that is "
        f"{_change(net)}: {_verdict_in_words(verdict_of(net))}."
    )
    if displacement is not None:
        moved = _moved_in_words(verdict_of(displacement))
        said.append(f"In the buffer around the target, it is {_change(displacement)}: {moved}.")
    if placebos:
        as_far = rank - 1
        said.append(
            f"The same test on {placebos:,} sets of untreated areas showed as large a fall in {as_far:,} of them."
        )
    said.append("The counts cannot show that the action was the cause.")
    return " ".join(said)


def _change(net: Wdd) -> str:
    """Return "23 fewer (95% interval: 40 fewer to 6 fewer)"."""
    return f"{_signed(net.estimate)} (95% interval: {_signed(net.low)} to {_signed(net.high)})"


def _signed(value: float) -> str:
    rounded = math.floor(abs(value) + 0.5)
    if rounded == 0:
        return "no change"
    return f"{rounded:,} {'fewer' if value < 0 else 'more'}"


def _verdict_in_words(verdict: str) -> str:
    if verdict.startswith("clear"):
        return f"a {verdict}, larger than chance would explain"
    if verdict.startswith("possible"):
        return f"a {verdict}, which could be chance"
    return verdict


def _moved_in_words(verdict: str) -> str:
    if verdict.endswith("fall"):
        return f"a {verdict}, so there is no sign that crime moved there"
    if verdict.endswith("rise"):
        return f"a {verdict}, so crime may have moved there"
    return "no sign beyond chance that crime moved there"
