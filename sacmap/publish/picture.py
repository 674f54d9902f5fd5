"""Pictures drawn with matplotlib: a slide (PNG, 1,920 × 1,080) and, without a browser, a briefing (PDF, A4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from matplotlib.path import Path
from numpy.typing import NDArray

from sacmap.publish.canvas import INK, LEADING, PAPER, Box, Drawing, Line, drawable, own_settings
from sacmap.publish.colours import LEGEND, LEVELS, PALETTE, STEPS_IN_WORDS, UNJUDGED_LEGEND
from sacmap.publish.csv_json import data_date
from sacmap.publish.legend import level_cuts, level_unit, where_rose
from sacmap.publish.lists import Listed
from sacmap.publish.page_svg import ARROWS, placed_names, static_classes
from sacmap.publish.shapes import STEPS, simplified
from sacmap.publish.tiles import Tile, tiles_of
from sacmap.publish.view import View
from sacmap.publish.words import capital
from sacmap.result import FIRST

SOFT, GROUND, EDGE = "#55565a", "#f3f2ee", "#6b6b6b"
WARN, WARN_EDGE = "#fff6dd", "#8a6100"
#: A name with this many letters does not fit on any map, so it is not measured.
LONGEST_NAME = 60
#: Dark classes: marks on them are white.
DARK = {"s0", "s4", "l4"}
#: The slide's letters for its headline, and how many lines they may have; the first is used that needs no cut.
_HEADLINE_SIZES = ((36, 1), (33, 1), (30, 1), (33, 2), (30, 2), (27, 2), (24, 3))
#: Height of a row of the legend as a multiple of the letter size.
LEGEND_ROW = 1.75

LEGEND_ITEMS = (
    *((f"s{step}", text) for step, text in enumerate(STEPS_IN_WORDS)),
    ("p0", "Fall that could be chance"),
    ("p4", "Rise that could be chance"),
    ("few", LEGEND["few"]),
    ("unknown", LEGEND["unknown"]),
)
UNJUDGED_ITEMS = tuple(UNJUDGED_LEGEND.items())
LEGEND_NOTE = (
    "Strong colour and an arrow: a clear change, larger than chance would explain. Pale colour: it could be chance. "
    "Thick outline: what rose."
)
LEVEL_NOTE = "The darker an area, the more crimes were counted. There is no earlier period, so the map shows no change."
#: The colour of every class that a picture has.
COLOURS = PALETTE | LEVELS
#: The classes and words of a legend.
LegendItems = tuple[tuple[str, str], ...]
#: An entry of a list: the area's name, and the reasons for it.
Entry = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class Content:
    """What the pictures say.

    lists: each a title and its entries; first: positions of the areas outlined thickly; legend: the classes of the
    colours in words, and a note under them.
    """

    page: View
    headline: str
    periods: str
    warnings: tuple[str, ...]
    lists: tuple[tuple[str, list[Entry]], ...]
    source: str
    classes: list[str]
    first: set[int]
    legend: tuple[LegendItems, str]


def content_of(page: View) -> Content:
    """Return what the slide and the briefing say of a page."""
    first = page.first_type
    weeks = [entry for entry in page.week_lists[first] if entry.finding][:FIRST]
    # A heading with nothing under it would read as a list that was lost.
    none = f"No clear or possible rise{' of all three' if first == 'sac' else ''}"
    clear = any(entry.finding == "clear" for entry in weeks)
    rose = capital(where_rose(page, first)) + ("" if clear else ": could be chance") if weeks else none
    titles = (
        *((("Where burglary is highest", "hardening", page.hardening_list),) if page.hardening_list else ()),
        *(() if page.level_only or page.no_fit else ((rose, first, weeks),)),
    )
    classes = static_classes(page)
    items = _level_legend(page) if page.level_only else UNJUDGED_ITEMS if page.no_fit else LEGEND_ITEMS
    # What no area of the map is needs no explanation.
    items = tuple(item for item in items if item[0] not in {"few", "unknown"} or item[0] in classes)
    note = LEVEL_NOTE if page.level_only else page.no_fit or LEGEND_NOTE
    if first != "sac":
        note = f"The map shows {page.in_words[first]}. {note}"
    return Content(
        page=page,
        headline=page.first_words,
        periods=page.periods_in_words,
        warnings=tuple(notice.text for notice in page.weighty),
        lists=tuple(
            (
                title,
                [
                    (_named(page, entry, kind, beside_clear=clear), list(page.why(entry, kind)))
                    for entry in listed
                ],
            )
            for title, kind, listed in titles
        ),
        source=" ".join([*page.sources, f"{page.data_to} Made by sacmap.".strip()]),
        classes=classes,
        first={entry.position for entry in weeks},
        legend=(items, note),
    )


def _named(page: View, entry: Listed, kind: str, *, beside_clear: bool) -> str:
    """Return an area's name, with what is doubtful about its rise: beside clear ones, that it could be chance."""
    chance = "could be chance" if beside_clear and entry.finding == "possible" else ""
    point = page.areas["area_id"].iloc[entry.position] in page.one_point.get(kind, ())
    doubts = ", ".join(filter(None, [chance, "on one map point" if point else ""]))
    return f"{page.names[entry.position]}{f' ({doubts})' if doubts else ''}"


def _level_legend(page: View) -> LegendItems:
    """Return the steps of the level of crime, as the page has them, from low to high."""
    low, *rest = level_cuts(page, page.first_type)
    steps = (f"Below {low} {level_unit(page)}", *(f"From {cut}" for cut in (low, *rest)))
    return (*((f"l{step}", text) for step, text in enumerate(steps)), ("unknown", LEGEND["unknown"]))


def slide_of(page: View) -> bytes:
    """Return the slide as PNG: headline, map, legend, key figures, both lists and the source."""
    content = content_of(page)
    left, wide, column = 48.0, 1824.0, 1260.0
    beside, narrow = column + 36, left + wide - column - 36
    with own_settings():
        drawing = Sheet(1920, 1080)
        top = drawing.banners(page, (left, 28, wide), 20)
        size = drawing.whole_size(content.headline, wide)
        top = drawing.text(content.headline, (left, top, wide), size, bold=True, lines=3)
        top = drawing.text(content.periods, (left, top + 4, wide), 19, colour=SOFT, lines=2) + 18
        foot = 1060 - drawing.height(content.source, wide, 15, lines=2)
        drawing.text(content.source, (left, foot, wide), 15, colour=SOFT, lines=2)
        legend = foot - 12 - drawing.legend_height(content, column - left, 16)
        drawing.legend(content, (left, legend, column - left), 16)
        drawing.map(content, (left, top, column, legend - 14), 15)
        down = drawing.tiles(page, (beside, top, narrow), across=2, size=15) + 16
        if content.warnings:
            down = drawing.warnings(content.warnings, (beside, down, narrow), 15, lines=6, most=3) + 16
        drawing.lists(content, (beside, down, narrow), foot - 12)
        return drawing.png()


def briefing_of(page: View) -> bytes:
    """Return the briefing as PDF: one sheet of A4 with headline, warnings, map, both lists and source."""
    content = content_of(page)
    left, wide = 36.0, 523.0
    half = wide / 2 - 9
    with own_settings():
        drawing = Sheet(595, 842)
        top = drawing.banners(page, (left, 28, wide), 9)
        top = drawing.text(content.headline, (left, top, wide), 14, bold=True, lines=3)
        top = drawing.text(content.periods, (left, top + 2, wide), 8, colour=SOFT, lines=3) + 7
        top = drawing.tiles(page, (left, top, wide), across=4, size=6.5) + 7
        if content.warnings:
            top = drawing.warnings(content.warnings, (left, top, wide), 7.5, lines=4, most=4) + 7
        foot = 818 - drawing.height(content.source, wide, 6.5, lines=4)
        drawing.text(content.source, (left, foot, wide), 6.5, colour=SOFT, lines=4)
        lists = (
            foot - 10 - max((drawing.list_height(entries, half) for _, entries in content.lists), default=0.0)
        )
        for k, (title, entries) in enumerate(content.lists):
            drawing.ranked(title, entries, (left + k * (half + 18), lists, half))
        legend = lists - 10 - drawing.legend_height(content, wide, 7)
        drawing.legend(content, (left, legend, wide), 7)
        drawing.map(content, (left, top, left + wide, legend - 6), 6)
        return drawing.pdf(content.headline, data_date(page.current))


def map_of(page: View) -> bytes:
    """Return the map with its legend as PNG, for a note."""
    content = content_of(page)
    wide, high = 1660.0, 1180.0
    with own_settings():
        drawing = Sheet(wide, high)
        legend = high - drawing.legend_height(content, wide, 20) - 6
        drawing.legend(content, (0, legend, wide), 20)
        drawing.map(content, (0, 0, wide, legend - 18), 20)
        return drawing.png()


class Sheet(Drawing):
    """A picture with the parts of the slide and the briefing: tiles, warnings, lists, legend, map."""

    def banners(self, page: View, line: Line, size: float) -> float:
        """Write the banners, above everything else."""
        left, top, wide = line
        for banner in page.banners:
            self.box((left, top, left + wide, top + size * 1.8), "#ece6f5")
            top = self.text(banner, (left + size / 2, top + size * 0.25, wide - size), size, bold=True)
            top += size * 0.6
        return top

    def tiles(self, page: View, line: Line, *, across: int, size: float) -> float:
        """Write the key figures in tiles; their labels take two lines at most."""
        left, top, wide = line
        gap = size * 0.7
        each, high = (wide - gap * (across - 1)) / across, size * 5.4
        bottom = top
        for k, tile in enumerate(tiles_of(page)):
            x, y = left + (k % across) * (each + gap), top + (k // across) * (high + gap)
            self.box((x, y, x + each, y + high), GROUND)
            inside = (x + size * 0.6, y + size * 0.3, each - size)
            under = self.text(_counted(tile), inside, size, colour=SOFT, lines=2)
            self.text(tile.change, (x + size * 0.6, under, each - size), size * 1.8, bold=True)
            bottom = y + high
        return bottom

    def whole_size(self, text: str, wide: float) -> int:
        """Return the largest size at which a headline has few lines and is not cut: its end says what the rest did."""
        for size, lines in _HEADLINE_SIZES:
            if not any("…" in line for line in self.lines(text, wide, size, bold=True, lines=lines)):
                return size
        return _HEADLINE_SIZES[-1][0]

    def warnings(self, said: Sequence[str], line: Line, size: float, *, lines: int, most: int) -> float:
        """Write at most `most` warnings, each on at most `lines` lines, and how many more there are."""
        left, top, wide = line
        if len(said) > most:
            said = [*said[:most], f"And {len(said) - most} more: see the page."]
        inner = wide - 2 * size
        high = size * LEADING + sum(self.height(f"• {text}", inner, size, lines=lines) for text in said)
        bottom = top + high + size * 0.9
        self.box((left, top, left + wide, bottom), WARN)
        self.box((left, top, left + size * 0.3, bottom), WARN_EDGE)
        down = self.text("Before you rely on this", (left + size, top + size * 0.3, inner), size, bold=True)
        for text in said:
            down = self.text(f"• {text}", (left + size, down, inner), size, lines=lines)
        return bottom

    def list_height(self, entries: Sequence[Entry], wide: float) -> float:
        """Return the height that a list of the briefing would need."""
        return 17 + sum(15 + self.height(" ".join(why), wide - 12, 7, lines=3) for _, why in entries)

    def ranked(self, title: str, entries: Sequence[Entry], line: Line) -> None:
        """Write a list of the briefing: names with their reasons."""
        left, top, wide = line
        down = self.text(title, (left, top, wide), 10, bold=True) + 4
        for rank, (name, why) in enumerate(entries, 1):
            down = self.text(f"{rank}  {name}", (left, down, wide), 8.5, bold=True)
            down = self.text(" ".join(why), (left + 12, down, wide - 12), 7, colour=SOFT, lines=3) + 3

    def lists(self, content: Content, line: Line, bottom: float) -> None:
        """Write both lists of the slide above `bottom`; where there is little room, less of them."""
        left, down, wide = line
        listed = sum(len(entries) for _, entries in content.lists)
        room = bottom - down - 2 * 42
        with_reasons = room >= listed * 44
        shown = FIRST if with_reasons else max(0, min(FIRST, int(room / 2 / 26)))
        for title, entries in content.lists if shown else ():
            down = self.text(title, (left, down, wide), 20, bold=True) + 3
            for rank, (name, why) in enumerate(entries[:shown], 1):
                down = self.text(f"{rank}  {name}", (left, down, wide), 18) + 2
                if with_reasons:
                    down = self.text(why[0], (left + 22, down - 2, wide - 22), 13, colour=SOFT) + 3
            down += 12

    def _legend_layout(
        self, items: LegendItems, wide: float, size: float
    ) -> list[tuple[str, str, float, int]]:
        """Return the class, text, left edge and row of each entry of the legend."""
        x, row, found = 0.0, 0, []
        for css, text in items:
            across = size * 2.3 + self.width(text, size)
            if x and x + across > wide:
                x, row = 0.0, row + 1
            found.append((css, text, x, row))
            x += across + size * 1.3
        return found

    def legend_height(self, content: Content, wide: float, size: float) -> float:
        """Return the height that the legend would need."""
        items, note = content.legend
        rows = self._legend_layout(items, wide, size)[-1][3] + 1
        return rows * size * LEGEND_ROW + self.height(note, wide, size * 0.9, lines=2)

    def legend(self, content: Content, line: Line, size: float) -> None:
        """Draw the legend: swatches, each with a mark for readers who do not see its colour."""
        left, top, wide = line
        y = top
        items, note = content.legend
        for css, text, x, row in self._legend_layout(items, wide, size):
            at, y = left + x, top + row * size * LEGEND_ROW
            swatch = (at, y, at + size * 1.8, y + size * 1.2)
            self.box(swatch, COLOURS[css], "#4a4a4a", dashed=css == "unknown")
            mark, colour = ARROWS.get(css, "").strip(), PAPER if css in DARK else INK
            self.write(mark, at + size * 0.9, y + size * 0.93, size * 0.8, colour=colour, centred=True)
            self.write(text, at + size * 2.3, y + size * 0.98, size)
        self.text(note, (left, y + size * LEGEND_ROW, wide), size * 0.9, colour=SOFT, lines=2)

    def map(self, content: Content, box: Box, size: float) -> None:
        """Draw the areas in a box by the change of all three types, with names where they fit without touching."""
        self.box(box, GROUND)
        areas = content.page.areas
        west, south, east, north = areas.total_bounds
        if not np.isfinite([west, south, east, north]).all():
            return
        squeeze = math.cos(math.radians((south + north) / 2))
        room_x, room_y = box[2] - box[0] - 2 * size, box[3] - box[1] - 2 * size
        scale = min(room_x / max((east - west) * squeeze, 1e-9), room_y / max(north - south, 1e-9))
        middle = np.array([(west + east) / 2, (south + north) / 2])
        centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])

        def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray((points - middle) * np.array([squeeze * scale, -scale]) + centre)

        whole = areas.geometry.to_numpy()
        shapes = shapely.transform(simplified(whole, stray=0.5 / scale), project)
        # The first five are drawn last, so that their neighbours do not cover their thick outlines.
        order = sorted((k for k, s in enumerate(shapes) if not s.is_empty), key=lambda k: k in content.first)
        css = [content.classes[k] for k in order]
        self.axes.add_collection(
            PathCollection(
                [_path(shapes[k]) for k in order],
                facecolors=[COLOURS[name] for name in css],
                edgecolors=[INK if k in content.first else EDGE for k in order],
                linewidths=[size / 6 if k in content.first else size / 18 for k in order],
                linestyles=[(0, (4, 3)) if name == "unknown" else "solid" for name in css],
                joinstyle="round",
            ),
            autolim=False,
        )
        at = content.page.outlines.names_at
        where = np.column_stack([project(at[:, :2] / STEPS), at[:, 2] / STEPS * squeeze * scale])
        tall = np.diff(shapely.bounds(shapes)[:, [1, 3]], axis=1).ravel()
        names = [drawable(name) for name in areas["name"].astype(str)]
        for position, lines, x, y in placed_names(
            names,
            content.classes,
            where,
            tall,
            width=lambda text: self.width(text, size) if len(text) < LONGEST_NAME else math.inf,
            line=1.25 * size,
        ):
            dark = content.classes[position] in DARK
            for k, text in enumerate(lines):
                down = y + size * (0.36 + 1.15 * (k - (len(lines) - 1) / 2))
                colour, halo = (PAPER, "#2a2a2a") if dark else (INK, PAPER)
                self.write(text, x, down, size, colour=colour, centred=True, halo=halo)


def _counted(tile: Tile) -> str:
    """Return a crime type with its counts: "Burglary: 12,816, was 12,323"."""
    return f"{tile.label}: {tile.now}" + (f", was {tile.before}" if tile.before else "")


def _path(shape: shapely.Geometry) -> Path:
    """Return an area as one path. Holes run the other way round, so that they are not filled."""
    parts = shapely.get_parts(shapely.orient_polygons(shape))
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    corners = [shapely.get_coordinates(ring) for ring in rings]
    codes = [
        np.r_[Path.MOVETO, np.full(len(ring) - 2, Path.LINETO), Path.CLOSEPOLY].astype(Path.code_type)
        for ring in corners
    ]
    return Path(np.concatenate(corners), np.concatenate(codes))
