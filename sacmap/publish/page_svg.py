"""The static picture of the map: for print and for readers without script. Also the legend and the colour classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from markupsafe import escape
from numpy.typing import NDArray

from sacmap.publish import page_data
from sacmap.publish.shapes import simplified

if TYPE_CHECKING:
    from sacmap.publish.page import Page

Project = Callable[[NDArray[np.float64]], NDArray[np.float64]]

#: Cuts on the ratio, the same on every map.
CUTS = (2 / 3, 4 / 5, 5 / 4, 3 / 2)
#: The colour of each class of change, as in the page's style.
PALETTE = {
    **dict(
        zip(
            ("s0", "s1", "s2", "s3", "s4"),
            ("#542788", "#b2abd2", "#f7f7f7", "#fdb863", "#b35806"),
            strict=True,
        )
    ),
    **dict(
        zip(
            ("p0", "p1", "p2", "p3", "p4"),
            ("#cfc6e2", "#e3e0ee", "#f7f7f7", "#fde8cd", "#f0cfae"),
            strict=True,
        )
    ),
    "few": "#d9d9d9",
    "unknown": "#ffffff",
}
WIDTH, HEIGHT, MARGIN = 800.0, 560.0, 8.0
#: Width of a letter of a name at its size in the picture.
LETTER, LINE = 5.6, 13.0


@dataclass(frozen=True)
class LegendItem:
    """One swatch: for which measure, its colour class, the mark in it, its text."""

    measure: str
    css: str
    mark: str
    text: str


LEGEND = (
    LegendItem("change", "s0", "▼", "Fell by more than a third"),
    LegendItem("change", "s1", "▼", "Fell by a fifth to a third"),
    LegendItem("change", "s2", "", "Less than that either way"),
    LegendItem("change", "s3", "▲", "Rose by a quarter to a half"),
    LegendItem("change", "s4", "▲", "Rose by more than a half"),
    LegendItem("change", "p0", "", "Fall that could be chance"),
    LegendItem("change", "p4", "", "Rise that could be chance"),
    LegendItem("change", "few", "", "Too few to tell"),
    LegendItem("change", "unknown", "", "Not known"),
    *(LegendItem("level", f"l{step}", "", "") for step in range(5)),
)


def class_of(verdict: str, current: float, baseline: float) -> str:
    """Return the colour class of a change since the baseline: s0–s4 clear, p0–p4 not, few, unknown.

    A clear rise against the expected that is a fall since the baseline (or the reverse) is painted pale.
    """
    if verdict == "not known":
        return "unknown"
    if verdict == "too few to tell":
        return "few"
    ratio = current / baseline if baseline > 0 else (math.inf if current > 0 else 1.0)
    step = sum(ratio >= cut for cut in CUTS)
    strong = (verdict == "clear rise" and step >= 2) or (verdict == "clear fall" and step <= 2)
    return f"{'s' if strong else 'p'}{step}"


def classes_of(rows: pd.DataFrame) -> list[str]:
    """Return the colour class of each row of the Change table."""
    needed = rows[["verdict", "current_count", "baseline_mean"]]
    return [class_of(*row) for row in needed.itertuples(index=False, name=None)]


def static_map(page: Page) -> str:
    """Return the map as SVG: one path an area, by change of all three types, names where they fit."""
    rows = page_data.rows_of(page, "sac")
    polygons = simplified(page.areas.geometry.to_numpy(), finest=3)
    west, south, east, north = page.areas.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        return ""
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = min((WIDTH - 2 * MARGIN) / ((east - west) * squeeze), (HEIGHT - 2 * MARGIN) / (north - south))
    width = (east - west) * squeeze * scale + 2 * MARGIN
    height = (north - south) * scale + 2 * MARGIN

    def project(points: np.ndarray) -> np.ndarray:
        return np.column_stack(
            [(points[:, 0] - west) * squeeze * scale + MARGIN, (north - points[:, 1]) * scale + MARGIN]
        )

    paths, names = [], []
    taken: list[tuple[float, float, float, float]] = []
    first = {entry["place"] for entry in page_data.week(rows)[:5]}
    classes = classes_of(rows)
    for place in np.argsort(-shapely.area(polygons), kind="stable"):
        polygon = polygons[place]
        if polygon.is_empty:
            continue
        css = classes[place]
        mark = ' first" stroke-width="3' if place in first else ""
        paths.append(
            (
                place in first,
                f'<path data-place="{place}" class="{css}{mark}" d="{_path(polygon, project)}"/>',
            )
        )
        names += _name(
            str(page.areas["name"].iloc[place]),
            place=place,
            css=css,
            polygon=polygon,
            project=project,
            taken=taken,
        )
    # Thick outlines come last, or their neighbours would cover them.
    drawn = "".join(path for _, path in sorted(paths, key=lambda pair: pair[0]))
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        'aria-label="Map of the areas; every figure is in the table">'
        f'<g stroke="#6b6b6b" stroke-width="0.8" fill-rule="evenodd" stroke-linejoin="round">{drawn}</g>'
        f'<g font-size="10" text-anchor="middle" fill="#1d1d1f" paint-order="stroke" stroke="#fff" stroke-width="2">'
        f"{''.join(names)}</g></svg>"
    )


def _path(polygon: shapely.Geometry, project: Project) -> str:
    parts = []
    for part in shapely.get_parts(polygon):
        for ring in (part.exterior, *part.interiors):
            points = np.round(project(shapely.get_coordinates(ring)[:-1]), 1).tolist()
            parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z")
    return "".join(parts)


def _name(
    name: str,
    *,
    place: int,
    css: str,
    polygon: shapely.Geometry,
    project: Project,
    taken: list[tuple[float, float, float, float]],
) -> list[str]:
    """Return the name's text element if it fits in its area without touching another, its arrow alone if not."""
    arrow = {"s3": "▲ ", "s4": "▲ ", "s0": "▼ ", "s1": "▼ "}.get(css, "")
    low, high = project(shapely.bounds(polygon).reshape(2, 2))
    room_x, room_y = high[0] - low[0], low[1] - high[1]
    middle = shapely.point_on_surface(polygon)
    x, y = project(np.array([[middle.x, middle.y]]))[0]
    for text in (arrow + name, arrow.strip()):
        half = len(text) * LETTER / 2
        box = (x - half, y - LINE / 2, x + half, y + LINE / 2)
        apart = all(box[2] < o[0] or box[0] > o[2] or box[3] < o[1] or box[1] > o[3] for o in taken)
        if text and 2 * half < room_x and room_y > LINE and apart:
            taken.append(box)
            return [
                f'<text data-name="{place}" class="{css}-name" x="{x:.1f}" y="{y + 3.5:.1f}">{escape(text)}</text>'
            ]
    return []
