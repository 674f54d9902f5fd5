"""The parts of a plan's page: sides to fill, rows with pins, sections, tables; and the areas of a plan by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from sacmap.choose.plan import Plan
from sacmap.choose.plan_record import SideName
from sacmap.files.json_shape import Json
from sacmap.notices import counted
from sacmap.publish.answer import where_of
from sacmap.publish.change_rows import ChangeRow
from sacmap.publish.headline import Headline
from sacmap.publish.words import named, without_options

if TYPE_CHECKING:
    from sacmap.publish.view import View

#: The sides of an evaluation: key in the plan, and what the page calls it. The controls are the few most similar of all
#: the areas left alone that a side is compared with: their counts are shown, but the estimate follows all of them.
SIDES: dict[SideName, str] = {
    "target": "Week of action",
    "buffer": "Around it: did crime move?",
    "control": "Most like it, left alone",
    "buffer_control": "Most like the area around",
}
#: Signs of the areas that get money, and most areas with a sign of either kind.
LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Side:
    """Areas filled alike: a key for the style, a label, and their positions in the table of areas."""

    key: str
    label: str
    positions: tuple[int, ...]


@dataclass(frozen=True)
class PlanRow:
    """An area in a section: its pin, area_id, name and district; two or three figures; a bar where there is one."""

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
    key_line: str = ""
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

    theme: the crime type that the week of action answers; money: positions of the areas that get some; pins: position
    and sign; actions: position, month in words and what was done.
    """

    headline: Headline
    fixed: str
    theme: str
    sides: tuple[Side, ...]
    sections: tuple[Section, ...]
    money: tuple[int, ...]
    pins: tuple[tuple[int, str], ...]
    actions: tuple[tuple[int, str, str], ...] = ()

    def content(self) -> dict[str, Json]:
        """Return what the page's script is given."""
        return {
            "sides": [[side.key, side.label, list(side.positions)] for side in self.sides],
            "money": list(self.money),
            "pins": [list(pin) for pin in self.pins],
            "actions": [list(action) for action in self.actions],
        }


def sides(plan: Plan, view: View) -> tuple[Side, ...]:
    """Return the sides that have areas."""
    return tuple(
        Side(key, label, positions(plan.week[key], view)) for key, label in SIDES.items() if plan.week[key]
    )


def pins(plan: Plan, view: View) -> Iterator[tuple[int, str]]:
    """Yield the position and sign of each target area (1, 2, …) and each area that gets money (A, B, …)."""
    for position, sign in zip(positions(plan.week["target"], view), range(1, len(LETTERS) + 1), strict=False):
        yield position, str(sign)
    yield from zip(positions(plan.funded, view), LETTERS, strict=False)


def positions(area_ids: Sequence[str], view: View) -> tuple[int, ...]:
    """Return where areas stand in the table of areas, from 0."""
    return tuple(view.position_of[area] for area in area_ids)


def rows_of(view: View, area_ids: Sequence[str], kind: str = "sac") -> list[ChangeRow]:
    """Return the rows of areas in the table of changes."""
    return [view.row(kind, position) for position in positions(area_ids, view)]


def all_named(area_ids: Sequence[str], view: View, most: int | None = None) -> str:
    """Return "Abbey and Castle": the names of areas in a sentence; "Abbey, and Castle and Park" if one has an "and".

    A headline has room for `most`; the list beside it has them all.
    """
    names = [view.names[position] for position in positions(area_ids, view)]
    return named(names, view.unit, most=most or len(names))


def who(view: View, area_id: str) -> tuple[str, str]:
    """Return an area's name, and its district or code where it needs one."""
    position = view.position_of[area_id]
    return str(view.areas["name"].iloc[position]), where_of(view, position)


def with_homes(action: str, homes: int | None) -> str:
    """Return what was done, and in how many homes where that is known: "Locks fitted, 40 homes"."""
    return action if homes is None else f"{action}, {counted(homes, ('home', 'homes'))}"


def for_page(text: str) -> str:
    """Return a notice as a page says it: without the names of options, which are for the command line."""
    plain = without_options(text)
    return re.sub(r"[^.:;]*--\w[^.]*\.\s*", "", plain).strip() or plain
