"""The static picture of the map: for print, and for readers without script."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from sacmap.publish import page_data
from sacmap.publish.colours import classes_of
from sacmap.publish.outlines import Picture
from sacmap.publish.plan_view import PlanView
from sacmap.publish.view import View

#: Of a name, in the picture's units: width of a letter and height of a line.
LETTER, LINE = 11.0, 24.0
ARROWS = {"s3": "▲ ", "s4": "▲ ", "s0": "▼ ", "s1": "▼ "}

Box = tuple[float, float, float, float]


def static_map(page: View, first: Collection[int]) -> str:
    """Return the map as SVG: one path an area, by change of the page's first crime type, names where they fit.

    `first` are the places of the areas with a thick outline.
    """
    picture = page.outlines.picture
    if picture is None:
        return ""
    classes = classes_of(page_data.rows_of(page, page.first_type))
    # Thick outlines come last, or their neighbours would cover them.
    there = [place for place, empty in enumerate(page.areas.geometry.is_empty) if not empty]
    paths = [
        f'<path data-place="{place}" class="{classes[place]}{" first" if place in first else ""}" '
        f'd="{picture.paths[place]}"/>'
        for place in sorted(there, key=lambda place: place in first)
    ]
    named = placed_names(
        list(page.areas["name"]),
        classes,
        picture.where,
        picture.tall,
        width=lambda text: LETTER * len(text),
        line=LINE,
    )
    names = [_text(lines, place, classes[place], x, y) for place, lines, x, y in named]
    return (
        f'<svg viewBox="0 0 {picture.width:.0f} {picture.height:.0f}" '
        'role="img" aria-label="Map of the areas; every figure is in the table">'
        f'<g class="areas">{"".join(paths)}</g>{_plan(page.plan, picture)}<g class="names">{"".join(names)}</g></svg>'
    )


def _plan(plan: PlanView | None, picture: Picture) -> str:
    """Return the outlines of a plan's sides, the target last, and the signs of its money and actions."""
    if plan is None:
        return ""
    lines = [
        f'<path class="plan-{side.key}" d="{picture.paths[place]}"/>'
        for side in reversed(plan.sides)
        for place in side.places
    ]
    acted = sorted({place for place, _, _ in plan.actions})
    signs = [
        f'<circle cx="{picture.where[place, 0] + aside:.0f}" cy="{picture.where[place, 1] - 32:.0f}" r="16"/>'
        f'<text x="{picture.where[place, 0] + aside:.0f}" y="{picture.where[place, 1] - 24:.0f}">{sign}</text>'
        for sign, places, aside in (("£", plan.money, 0), ("!", acted, 36))
        for place in places
    ]
    return f'<g class="plan-sides">{"".join(lines)}</g><g class="plan-signs">{"".join(signs)}</g>'


def placed_names(
    names: Sequence[str],
    classes: Sequence[str],
    where: NDArray[np.float64],
    tall: NDArray[np.float64],
    *,
    width: Callable[[str], float],
    line: float,
) -> Iterator[tuple[int, list[str], float, float]]:
    """Give each area's place, its name in one line or two, and their middle, for names that fit and touch no other.

    `where` holds a point and the room across there, `tall` the area's height, `line` that of a line, in one unit;
    `width` is how wide a text is. Where no name fits, an arrow may. Widest areas first.
    """
    taken: list[Box] = []
    for place in np.argsort(-where[:, 2], kind="stable").tolist():
        x, y, room = where[place]
        if room < 0.4 * line:
            break
        arrow = ARROWS.get(classes[place], "")
        for lines in ([arrow + names[place]], two_lines(arrow + names[place]), [arrow.strip()]):
            half, high = max(map(width, lines)) / 2, line * len(lines) / 2
            box = (x - half, y - high, x + half, y + high)
            if lines[0] and 2 * half < room and 2 * high < 0.8 * tall[place] and not _touches(box, taken):
                taken.append(box)
                yield place, lines, x, y
                break


def _touches(box: Box, taken: list[Box]) -> bool:
    return any(box[2] > o[0] and box[0] < o[2] and box[3] > o[1] and box[1] < o[3] for o in taken)


def two_lines(name: str) -> list[str]:
    """Return a name parted at the space nearest its middle: "Harbour Master's", "Walk"."""
    spaces = [place for place, letter in enumerate(name) if letter == " "]
    if not spaces:
        return [name]
    middle = min(spaces, key=lambda place: abs(place - len(name) / 2))
    return [name[:middle], name[middle + 1 :]]


def _text(lines: list[str], place: int, css: str, x: float, y: float) -> str:
    top = y + 7 - LINE * (len(lines) - 1) / 2
    spans = "".join(
        f'<tspan x="{x:.0f}" y="{top + LINE * number:.0f}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return f'<text data-name="{place}" class="{css}-name">{spans}</text>'
