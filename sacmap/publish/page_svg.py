"""The static picture of the map: for print, and for readers without script."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import shapely
from markupsafe import escape
from numpy.typing import NDArray

from sacmap.publish import page_data
from sacmap.publish.colours import classes_of
from sacmap.publish.shapes import STEPS, simplified, usual_stray
from sacmap.publish.shown import Page

#: The picture's units: two to a point of a screen at its usual size, so that whole numbers are fine enough.
WIDTH, HEIGHT, MARGIN = 1600.0, 1120.0, 8.0
#: Of a name, in those units: width of a letter and height of a line.
LETTER, LINE = 11.0, 24.0
ARROWS = {"s3": "▲ ", "s4": "▲ ", "s0": "▼ ", "s1": "▼ "}

Box = tuple[float, float, float, float]


def static_map(page: Page, first: Collection[int]) -> str:
    """Return the map as SVG: one path an area, by change of the page's first crime type, names where they fit.

    `first` are the places of the areas with a thick outline.
    """
    west, south, east, north = (float(edge) for edge in page.areas.total_bounds)
    if not np.isfinite([west, south, east, north]).all():
        return ""
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = min((WIDTH - 2 * MARGIN) / ((east - west) * squeeze), (HEIGHT - 2 * MARGIN) / (north - south))
    stray = 1.2 / scale
    coarser = stray > usual_stray(page.areas.geometry.to_numpy())
    polygons = simplified(page.shapes, stray) if coarser else page.shapes

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round((points - (west, north)) * (squeeze * scale, -scale) + MARGIN)

    classes = classes_of(page_data.rows_of(page, page.first_type))
    drawn = shapely.transform(polygons, project)
    # Thick outlines come last, or their neighbours would cover them.
    order = sorted(np.flatnonzero(~shapely.is_empty(polygons)).tolist(), key=lambda place: place in first)
    paths = [
        f'<path data-place="{place}" class="{classes[place]}{" first" if place in first else ""}" '
        f'd="{_path(drawn[place])}"/>'
        for place in order
    ]
    at = page.names_at
    where = np.column_stack([project(at[:, :2] / STEPS), at[:, 2] / STEPS * squeeze * scale])
    tall = np.diff(shapely.bounds(drawn)[:, [1, 3]], axis=1).ravel()
    names = [
        _text(lines, place, classes[place], x, y)
        for place, lines, x, y in placed_names(
            list(page.areas["name"]), classes, where, tall, width=lambda text: LETTER * len(text), line=LINE
        )
    ]
    width, height = project(np.array([[east, south]]))[0] + MARGIN
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" '
        'role="img" aria-label="Map of the areas; every figure is in the table">'
        f'<g class="areas">{"".join(paths)}</g>{_plan(page, drawn, where)}<g class="names">{"".join(names)}</g></svg>'
    )


def _plan(page: Page, drawn: NDArray[np.object_], where: NDArray[np.float64]) -> str:
    """Return the outlines of a plan's sides, the target last, and the signs of its money and actions."""
    if page.plan is None:
        return ""
    lines = [
        f'<path class="plan-{side.key}" d="{_path(drawn[place])}"/>'
        for side in reversed(page.plan.sides)
        for place in side.places
    ]
    acted = sorted({place for place, _, _ in page.plan.actions})
    signs = [
        f'<circle cx="{where[place, 0] + aside:.0f}" cy="{where[place, 1] - 32:.0f}" r="16"/>'
        f'<text x="{where[place, 0] + aside:.0f}" y="{where[place, 1] - 24:.0f}">{sign}</text>'
        for sign, places, aside in (("£", page.plan.money, 0), ("!", acted, 36))
        for place in places
    ]
    return f'<g class="plan-sides">{"".join(lines)}</g><g class="plan-signs">{"".join(signs)}</g>'


def _path(area: shapely.Geometry) -> str:
    """Return an area in whole units as path data: the first point of each ring, then steps."""
    parts = []
    for ring in shapely.get_rings(shapely.get_parts(area)):
        points = shapely.get_coordinates(ring)[:-1].astype(int)
        steps = np.diff(points, axis=0, prepend=points[:1])
        steps[0] = points[0]
        steps = np.concatenate([steps[:1], steps[1:][(steps[1:] != 0).any(axis=1)]])
        # A ring starts where it is told, not where the last one ended.
        numbers = " ".join(map(str, steps[1:].ravel().tolist())).replace(" -", "-")
        parts.append(f"M{steps[0, 0]} {steps[0, 1]}l{numbers}z" if numbers else "")
    return "".join(parts)


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
