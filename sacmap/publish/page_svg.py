"""The static picture of the map: for print, and for readers without script."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from markupsafe import escape
from numpy.typing import NDArray

from sacmap.publish.colours import classes_of, level_classes
from sacmap.publish.legend import pin_look
from sacmap.publish.shapes import STEPS, Picture, label_places, paths_of
from sacmap.publish.view import View

if TYPE_CHECKING:
    from sacmap.publish.plan_parts import PlanView

#: Letter sizes of a name and of a town, and half a pin, in units of the picture (half a CSS pixel).
NAME, TOWN, PIN = 26.0, 22.0, 19.0
#: The least room between two names, in the same units: half a millimetre on paper.
APART = 4.0
#: The least letters of a district's name that is written in two lines.
LONG = 15
#: Of more districts, only those with room for their name have it.
MOST_DISTRICTS = 24
#: Width of a letter as a share of the letter size.
LETTER = 0.54
#: Where a pin may stand, in halves of its width from its point: the nearest first.
_HALVES = (0, 1, -1, 2, -2, 3, -3, 4, -4)
ASIDE = sorted(
    ((x, y) for y in _HALVES for x in _HALVES if math.hypot(x, y) <= 4), key=lambda aside: math.hypot(*aside)
)
ARROWS = {"s3": "▲ ", "s4": "▲ ", "s0": "▼ ", "s1": "▼ "}

Box = tuple[float, float, float, float]


def static_map(view: View) -> str:
    """Return the map as SVG: one path per area, coloured by the first crime type; pins, districts, towns."""
    picture = view.outlines.picture
    if picture is None:
        return ""
    classes = static_classes(view)
    paths = [
        f'<path data-place="{position}" class="{classes[position]}" d="{path}"/>'
        for position, path in enumerate(picture.paths)
        if path
    ]
    pins = _pins_of(view)
    taken: list[Box] = []
    drawn_pins = _pins(pins, picture, taken)
    names = [
        *_names(view, pins, picture, taken),
        *_district_names(view, picture, taken),
        *_town_names(view, picture, taken),
    ]
    return (
        f'<svg viewBox="0 0 {picture.width:.0f} {picture.height:.0f}" '
        'role="img" aria-label="Map of the areas; every figure is in the table">'
        f'<g class="areas">{"".join(paths)}</g><g class="districts">{_districts(view, picture)}</g>'
        f'{_plan(view.plan, picture)}<g class="names">{"".join(names)}</g>'
        f'<g class="pins">{drawn_pins}</g></svg>'
    )


def static_classes(view: View) -> list[str]:
    """Return the first colour class of each area: by change, or by level if there is no earlier period."""
    rows = view.rows[view.first_type]
    if view.plan:
        return ["plain"] * len(rows)
    if not view.level_only:
        return classes_of(rows)
    return level_classes(rows[view.level_column])


def _pins_of(view: View) -> list[tuple[int, str, str]]:
    """Return the position, sign and look of each pin: numbers for the first list, then letters for homes."""
    if view.plan:
        return [(position, sign, " home" if sign.isalpha() else "") for position, sign in view.plan.pins]
    entries = [*view.week_lists[view.first_type], *view.hardening_list]
    return [(entry.position, entry.sign, pin_look(entry)) for entry in entries if entry.sign]


def _districts(view: View, picture: Picture) -> str:
    """Return the outlines of the districts along the simplified edges of the areas."""
    if not view.districts:
        return ""
    shapes = np.array(list(view.districts.values()), dtype=object)
    return "".join(f'<path d="{path}"/>' for path in paths_of(shapely.transform(shapes, picture.project)))


def _pins(pins: Sequence[tuple[int, str, str]], picture: Picture, taken: list[Box]) -> str:
    """Return the pins, above the lines to the places of those that stand beside their own."""
    lines, drawn = [], []
    for position, sign, look in pins:
        home_x, home_y = picture.where[position]
        x, y = _free(picture.where[position], PIN + 2, taken)
        if math.hypot(x - home_x, y - home_y) > PIN:
            lines.append(f'<path d="M{home_x:.0f} {home_y:.0f}L{x:.0f} {y:.0f}"/>')
        taken.append((x - PIN, y - PIN, x + PIN, y + PIN))
        shape = (
            f'<rect class="home" x="{x - PIN + 2:.0f}" y="{y - PIN + 2:.0f}" width="{2 * PIN - 4:.0f}" '
            f'height="{2 * PIN - 4:.0f}" rx="4"/>'
            if look == " home"
            else f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{PIN:.0f}"/>'
        )
        css = f' class="{look.strip()}"' if look else ""
        drawn.append(f'<g data-pin="{sign}"{css}>{shape}<text x="{x:.0f}" y="{y + 9:.0f}">{sign}</text></g>')
    return "".join([*lines, *drawn])


def _free(at: NDArray[np.float64], half: float, taken: Sequence[Box]) -> tuple[float, float]:
    """Return where a pin may stand: at its point, or as near to it as other pins allow, two pins away at most."""
    x, y = map(float, at)
    for right, down in ASIDE:
        moved = (x + half * right, y + half * down)
        if not _touches((moved[0] - half, moved[1] - half, moved[0] + half, moved[1] + half), taken):
            return moved
    return x, y


def _names(
    view: View, pins: Sequence[tuple[int, str, str]], picture: Picture, taken: list[Box]
) -> Iterator[str]:
    """Yield the names of the areas with a pin, beside the pin, if they fit."""
    boxes = list(taken)
    for (position, *_), box in zip(pins, boxes, strict=False):
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        name = str(view.areas["name"].iloc[position])
        yield from _beside(name, middle, "listed", picture, taken)


def _district_names(view: View, picture: Picture, taken: list[Box]) -> Iterator[str]:
    if not view.districts:
        return
    points = label_places(np.array(list(view.districts.values()), dtype=object)) / STEPS
    ends = picture.project(points[:, :2] + points[:, 2:] * (1, 0))[:, 0]
    many = len(view.districts) > MOST_DISTRICTS
    for name, (x, y), end in zip(view.districts, picture.project(points[:, :2]), ends, strict=True):
        lines = _two_lines(name) if len(name) >= LONG else [name]
        half = LETTER * NAME * max(map(len, lines)) / 2
        if many and 2 * half > end - x:
            continue
        for down in (0,) if many else (0, -36, 36, -70, 70):
            high = NAME * 0.55 * len(lines)
            box = (x - half, y + down - high, x + half, y + down + high)
            if _has_room(box, picture, taken):
                taken.append(box)
                yield from _lines(lines, x, y + down)
                break


def _lines(lines: Sequence[str], x: float, y: float) -> Iterator[str]:
    top = y + 0.35 * NAME - 1.1 * NAME * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        yield (
            f'<text class="district" text-anchor="middle" x="{x:.0f}" y="{top + 1.1 * NAME * number:.0f}">'
            f"{escape(line)}</text>"
        )


def _town_names(view: View, picture: Picture, taken: list[Box]) -> Iterator[str]:
    for name, lon, lat in view.towns:
        if name in view.districts:
            continue
        x, y = picture.project(np.array([[lon / STEPS, lat / STEPS]]))[0]
        if 0 < x < picture.width and 0 < y < picture.height:
            shown = [*_beside(name, (x, y), "town", picture, taken)]
            if shown:
                taken.append((x - 6, y - 6, x + 6, y + 6))
                yield f'<circle class="town" cx="{x:.0f}" cy="{y:.0f}" r="4"/>{shown[0]}'


def _beside(
    name: str, at: tuple[float, float], css: str, picture: Picture, taken: list[Box]
) -> Iterator[str]:
    """Yield a name right or left of a point; nothing if it would touch another or leave the picture."""
    size = NAME if css == "listed" else TOWN
    wide, high = LETTER * size * len(name), size / 2
    gap = PIN + 6 if css == "listed" else 10
    for anchor, left in (("start", at[0] + gap), ("end", at[0] - gap - wide)):
        box = (left, at[1] - high, left + wide, at[1] + high)
        if _has_room(box, picture, taken):
            taken.append(box)
            x = left if anchor == "start" else left + wide
            yield (
                f'<text class="{css}" text-anchor="{anchor}" x="{x:.0f}" y="{at[1] + 0.35 * size:.0f}">'
                f"{escape(name)}</text>"
            )
            return


def _has_room(box: Box, picture: Picture, taken: Sequence[Box]) -> bool:
    """Whether a name can stand there: within the picture, and a little apart from all that stands there already."""
    left, top, right, bottom = box
    grown = (left - APART, top - APART, right + APART, bottom + APART)
    return left > 0 and right < picture.width and not _touches(grown, taken)


def _plan(plan: PlanView | None, picture: Picture) -> str:
    """Return the areas of a plan by side, the target last."""
    if plan is None:
        return ""
    lines = [
        f'<path class="side-{side.key}" d="{picture.paths[position]}"/>'
        for side in reversed(plan.sides)
        for position in side.positions
    ]
    return f'<g class="plan-sides">{"".join(lines)}</g>'


def placed_names(
    names: Sequence[str],
    classes: Sequence[str],
    where: NDArray[np.float64],
    tall: NDArray[np.float64],
    *,
    width: Callable[[str], float],
    line: float,
) -> Iterator[tuple[int, list[str], float, float]]:
    """Yield the names that fit and touch no other: position of the area, the name in one line or two, and their middle.

    `where` has a point of each area and the width there; `tall`: the area's height; `line`: the height of a line, all
    in the same unit; `width` measures a text. If no name fits, an arrow is tried. The widest areas come first.
    """
    taken: list[Box] = []
    for position in np.argsort(-where[:, 2], kind="stable").tolist():
        x, y, room = where[position]
        if room < 0.4 * line:
            break
        arrow = ARROWS.get(classes[position], "")
        for lines in ([arrow + names[position]], _two_lines(arrow + names[position]), [arrow.strip()]):
            half, high = max(map(width, lines)) / 2, line * len(lines) / 2
            box = (x - half, y - high, x + half, y + high)
            if lines[0] and 2 * half < room and 2 * high < 0.8 * tall[position] and not _touches(box, taken):
                taken.append(box)
                yield position, lines, x, y
                break


def _touches(box: Box, taken: Sequence[Box]) -> bool:
    return any(box[2] > o[0] and box[0] < o[2] and box[3] > o[1] and box[1] < o[3] for o in taken)


def _two_lines(name: str) -> list[str]:
    """Return a name split at the space nearest to its middle: "Harbour Master's", "Walk"."""
    spaces = [position for position, letter in enumerate(name) if letter == " "]
    if not spaces:
        return [name]
    middle = min(spaces, key=lambda position: abs(position - len(name) / 2))
    return [name[:middle], name[middle + 1 :]]
