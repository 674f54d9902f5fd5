"""Pictures drawn with matplotlib: a slide (PNG, 1,920 × 1,080) and, where there is no browser, a briefing (PDF, A4).

Text is drawn, never parsed: no formula, markup or link in it is followed. Everything is placed in points of the
picture from its upper left corner, a point being a pixel of the slide.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from sacmap import months
from sacmap.publish.colours import LEGEND, PALETTE, STEPS_IN_WORDS, classes_of
from sacmap.publish.csv_json import data_date
from sacmap.publish.lists import FIRST
from sacmap.publish.page_svg import ARROWS, placed_names
from sacmap.publish.shapes import STEPS, simplified
from sacmap.publish.view import Summary, View

INK, SOFT, PAPER, GROUND, EDGE = "#1d1d1f", "#55565a", "#ffffff", "#f3f2ee", "#6b6b6b"
WARN, WARN_EDGE = "#fff6dd", "#8a6100"
#: Letters of a name that is too long for any map.
LONGEST_NAME = 60
#: Classes so dark that a mark on them is white.
DARK = {"s0", "s4"}
#: Height of a line, and of a row of the legend, of the size of its letters.
LEADING, LEGEND_ROW = 1.3, 1.75

LEGEND_ITEMS = (
    *((f"s{step}", text) for step, text in enumerate(STEPS_IN_WORDS)),
    ("p0", "Fall that could be chance"),
    ("p4", "Rise that could be chance"),
    ("few", LEGEND["few"]),
    ("unknown", LEGEND["unknown"]),
)
LEGEND_NOTE = (
    "Strong colour and an arrow: a clear change, larger than chance would explain. Pale colour: it could be chance. "
    "Thick outline: what rose."
)
#: Left, top, right, bottom; and left, top, width.
Box = tuple[float, float, float, float]
Line = tuple[float, float, float]
#: Of a list: an area's name, and the reasons for it.
Entry = tuple[str, Sequence[str]]


@dataclass(frozen=True)
class Content:
    """What both pictures say, in words; a list is its title and its entries: (name, reasons)."""

    page: View
    headline: str
    periods: str
    warnings: tuple[str, ...]
    lists: tuple[tuple[str, list[Entry]], ...]
    source: str
    classes: list[str]
    first: set[int]


def content_of(page: View) -> Content:
    """Return what the slide and the briefing say of a page."""
    made = [f"Data to {months.in_words(page.current[-1])}."] if page.current else []
    weeks = [entry for entry in page.week_lists["sac"] if entry.finding][:FIRST]
    titles = (
        ("Where burglary is highest", "hardening", page.hardening_list),
        ("Where crime rose", "sac", weeks),
    )
    return Content(
        page=page,
        headline=page.in_one_line(),
        periods=page.periods_in_words,
        warnings=tuple(notice.text for notice in page.weighty),
        lists=tuple(
            (title, [(page.names[entry.place], list(page.why(entry, kind))) for entry in listed])
            for title, kind, listed in titles
        ),
        source=" ".join([*page.sources, *made, "Made by sacmap."]),
        classes=classes_of(page.rows["sac"]),
        first={entry.place for entry in weeks},
    )


def slide_of(page: View) -> bytes:
    """Return the slide as PNG: headline, map, legend, key figures, both lists and the source."""
    content = content_of(page)
    left, wide, column = 48.0, 1824.0, 1260.0
    beside, narrow = column + 36, left + wide - column - 36
    with _drawing(1920, 1080) as drawing:
        top = drawing.banners(page, (left, 28, wide), 20)
        size = next((s for s in (36, 33, 30) if drawing.width(content.headline, s, bold=True) < wide), 33)
        top = drawing.text(content.headline, (left, top, wide), size, bold=True, lines=2)
        top = drawing.text(content.periods, (left, top + 4, wide), 19, colour=SOFT, lines=2) + 18
        foot = 1060 - drawing.height(content.source, wide, 15, lines=2)
        drawing.text(content.source, (left, foot, wide), 15, colour=SOFT, lines=2)
        legend = foot - 12 - drawing.legend_height(column - left, 16)
        drawing.legend((left, legend, column - left), 16)
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
    with _drawing(595, 842) as drawing:
        top = drawing.banners(page, (left, 28, wide), 9)
        top = drawing.text(content.headline, (left, top, wide), 14, bold=True, lines=3)
        top = drawing.text(content.periods, (left, top + 2, wide), 8, colour=SOFT, lines=3) + 7
        top = drawing.tiles(page, (left, top, wide), across=4, size=6.5) + 7
        if content.warnings:
            top = drawing.warnings(content.warnings, (left, top, wide), 7.5, lines=4, most=4) + 7
        foot = 818 - drawing.height(content.source, wide, 6.5, lines=4)
        drawing.text(content.source, (left, foot, wide), 6.5, colour=SOFT, lines=4)
        lists = foot - 10 - max(drawing.list_height(entries, half) for _, entries in content.lists)
        for k, (title, entries) in enumerate(content.lists):
            drawing.ranked(title, entries, (left + k * (half + 18), lists, half))
        legend = lists - 10 - drawing.legend_height(wide, 7)
        drawing.legend((left, legend, wide), 7)
        drawing.map(content, (left, top, left + wide, legend - 6), 6)
        return drawing.pdf(content)


def map_of(page: View) -> bytes:
    """Return the map with its legend as PNG, for a note: no words but names and the legend's."""
    content = content_of(page)
    wide, high = 1660.0, 1180.0
    with _drawing(wide, high) as drawing:
        legend = high - drawing.legend_height(wide, 20) - 6
        drawing.legend((0, legend, wide), 20)
        drawing.map(content, (0, 0, wide, legend - 18), 20)
        return drawing.png()


@contextmanager
def _drawing(wide: float, high: float) -> Iterator[Drawing]:
    """Draw with matplotlib's own settings, whatever the analyst's are, and without its word on missing letters."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams["pdf.fonttype"] = 42
        # A letter the font has not is drawn as a box: the name is in every other file.
        warnings.filterwarnings("ignore", message="Glyph ")
        yield Drawing(wide, high)


class Drawing:
    """One picture. What is written along a line, from its top down, returns how far down it reaches."""

    def __init__(self, wide: float, high: float) -> None:
        self.figure = Figure(figsize=(wide / 72, high / 72), dpi=72, facecolor=PAPER)
        canvas: Any = FigureCanvasAgg(self.figure)
        self.renderer = canvas.get_renderer()
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, wide)
        self.axes.set_ylim(high, 0)

    def png(self) -> bytes:
        """Return the picture as PNG, without a date."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=72, metadata={"Software": "sacmap"})
        return out.getvalue()

    def pdf(self, content: Content) -> bytes:
        """Return the picture as PDF, dated as its data."""
        out = io.BytesIO()
        date = data_date(content.page.current)
        told = {"Title": content.headline, "Creator": "sacmap", "Producer": None, "CreationDate": date}
        self.figure.savefig(out, format="pdf", metadata=told)
        return out.getvalue()

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return how wide a text is; a word is drawn a little wider in print than on a screen."""
        font = FontProperties(size=size, weight="bold" if bold else "normal")
        return 1.01 * float(self.renderer.get_text_width_height_descent(text, font, False)[0])

    def lines(self, text: str, wide: float, size: float, *, bold: bool = False, lines: int = 1) -> list[str]:
        """Return a text as at most so many lines no wider than `wide`, with … where it is cut."""
        found: list[str] = []
        rest = " ".join(_drawable(text).split())
        while rest and len(found) < lines:
            most = self._fitting(rest, wide, size, bold=bold)
            cut = len(rest) if most >= len(rest) else rest.rfind(" ", 0, most + 1)
            cut = cut if cut > 0 else most
            found.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        if rest:
            last = found[-1]
            most = self._fitting(f"{last}…", wide, size, bold=bold)
            found[-1] = f"{last[: min(len(last), most - 1)].rstrip()}…"
        return found

    def _fitting(self, text: str, wide: float, size: float, *, bold: bool) -> int:
        """Return how many letters of a text fit: at least one."""
        low, high = 1, min(len(text), max(1, int(wide / size * 6)))
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (
                (middle, high) if self.width(text[:middle], size, bold=bold) <= wide else (low, middle - 1)
            )
        return low

    def height(self, text: str, wide: float, size: float, *, lines: int = 1) -> float:
        """Return how high a text would stand."""
        return len(self.lines(text, wide, size, lines=lines)) * size * LEADING

    def text(
        self,
        text: str,
        line: Line,
        size: float,
        *,
        bold: bool = False,
        colour: str = INK,
        lines: int = 1,
    ) -> float:
        """Write a text over at most so many lines."""
        left, top, wide = line
        for said in self.lines(text, wide, size, bold=bold, lines=lines):
            self._write(said, left, top + size * (LEADING + 0.72) / 2, size, bold=bold, colour=colour)
            top += size * LEADING
        return top

    def _write(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        *,
        bold: bool = False,
        colour: str = INK,
        centred: bool = False,
        halo: str | None = None,
    ) -> None:
        drawn = self.axes.text(
            x,
            y,
            text,
            fontsize=size,
            color=colour,
            weight="bold" if bold else "normal",
            ha="center" if centred else "left",
            va="baseline",
            parse_math=False,
        )
        if halo:
            drawn.set_path_effects([withStroke(linewidth=size / 5, foreground=halo)])

    def box(self, box: Box, colour: str, edge: str | None = None, *, dashed: bool = False) -> None:
        """Paint a rectangle of (left, top, right, bottom)."""
        left, top, right, bottom = box
        self.axes.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                facecolor=colour,
                edgecolor=edge or "none",
                linewidth=0.8,
                linestyle=(0, (3, 2)) if dashed else "-",
            )
        )

    def banners(self, page: View, line: Line, size: float) -> float:
        """Write what must stand above everything."""
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
        for k, tile in enumerate(page.summaries):
            x, y = left + (k % across) * (each + gap), top + (k // across) * (high + gap)
            self.box((x, y, x + each, y + high), GROUND)
            inside = (x + size * 0.6, y + size * 0.3, each - size)
            under = self.text(_counted(tile), inside, size, colour=SOFT, lines=2)
            self.text(tile.change, (x + size * 0.6, under, each - size), size * 1.8, bold=True)
            bottom = y + high
        return bottom

    def warnings(self, said: Sequence[str], line: Line, size: float, *, lines: int, most: int) -> float:
        """Write what must be read before the figures are relied on, each in so many lines; the rest are counted."""
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
        """Return how high a list of the briefing would stand."""
        return 17 + sum(15 + self.height(" ".join(why), wide - 12, 7, lines=3) for _, why in entries)

    def ranked(self, title: str, entries: Sequence[Entry], line: Line) -> None:
        """Write a list of the briefing: names with their reasons."""
        left, top, wide = line
        down = self.text(title, (left, top, wide), 10, bold=True) + 4
        for place, (name, why) in enumerate(entries, 1):
            down = self.text(f"{place}  {name}", (left, down, wide), 8.5, bold=True)
            down = self.text(" ".join(why), (left + 12, down, wide - 12), 7, colour=SOFT, lines=3) + 3

    def lists(self, content: Content, line: Line, bottom: float) -> None:
        """Write both lists of the slide above `bottom`: with first reasons where there is room, else fewer names."""
        left, down, wide = line
        listed = sum(len(entries) for _, entries in content.lists)
        room = bottom - down - 2 * 42
        with_reasons = room >= listed * 44
        shown = FIRST if with_reasons else max(0, min(FIRST, int(room / 2 / 26)))
        for title, entries in content.lists if shown else ():
            down = self.text(title, (left, down, wide), 20, bold=True) + 3
            for place, (name, why) in enumerate(entries[:shown], 1):
                down = self.text(f"{place}  {name}", (left, down, wide), 18) + 2
                if with_reasons:
                    down = (
                        self.text(why[0] if why else "", (left + 22, down - 2, wide - 22), 13, colour=SOFT)
                        + 3
                    )
            down += 12

    def _legend_places(self, wide: float, size: float) -> list[tuple[str, str, float, int]]:
        """Return each class of the legend and its text, with its left edge and its row."""
        x, row, found = 0.0, 0, []
        for css, text in LEGEND_ITEMS:
            across = size * 2.3 + self.width(text, size)
            if x and x + across > wide:
                x, row = 0.0, row + 1
            found.append((css, text, x, row))
            x += across + size * 1.3
        return found

    def legend_height(self, wide: float, size: float) -> float:
        """Return how high the legend would stand."""
        rows = self._legend_places(wide, size)[-1][3] + 1
        return rows * size * LEGEND_ROW + self.height(LEGEND_NOTE, wide, size * 0.9, lines=2)

    def legend(self, line: Line, size: float) -> None:
        """Draw the legend: swatches with the marks that stand for them where colour does not."""
        left, top, wide = line
        y = top
        for css, text, x, row in self._legend_places(wide, size):
            at, y = left + x, top + row * size * LEGEND_ROW
            swatch = (at, y, at + size * 1.8, y + size * 1.2)
            self.box(swatch, PALETTE[css], "#4a4a4a", dashed=css == "unknown")
            mark, colour = ARROWS.get(css, "").strip(), PAPER if css in DARK else INK
            self._write(mark, at + size * 0.9, y + size * 0.93, size * 0.8, colour=colour, centred=True)
            self._write(text, at + size * 2.3, y + size * 0.98, size)
        self.text(LEGEND_NOTE, (left, y + size * LEGEND_ROW, wide), size * 0.9, colour=SOFT, lines=2)

    def map(self, content: Content, box: Box, size: float) -> None:
        """Draw the areas by change of all three types in a box, names where they fit without touching."""
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
        # The first five come last, or their neighbours would cover their thick outlines.
        order = sorted((k for k, s in enumerate(shapes) if not s.is_empty), key=lambda k: k in content.first)
        css = [content.classes[k] for k in order]
        self.axes.add_collection(
            PathCollection(
                [_path(shapes[k]) for k in order],
                facecolors=[PALETTE[name] for name in css],
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
        names = [_drawable(name) for name in areas["name"].astype(str)]
        for place, lines, x, y in placed_names(
            names,
            content.classes,
            where,
            tall,
            width=lambda text: self._name_width(text, size),
            line=1.25 * size,
        ):
            dark = content.classes[place] in DARK
            for k, text in enumerate(lines):
                down = y + size * (0.36 + 1.15 * (k - (len(lines) - 1) / 2))
                colour, halo = (PAPER, "#2a2a2a") if dark else (INK, PAPER)
                self._write(text, x, down, size, colour=colour, centred=True, halo=halo)

    def _name_width(self, text: str, size: float) -> float:
        """Return how wide a name is, without measuring one that cannot fit."""
        return self.width(text, size) if len(text) < LONGEST_NAME else math.inf


def _counted(tile: Summary) -> str:
    """Return a crime type with its counts: "Burglary: 12,816, was 12,323"."""
    return f"{tile.label}: {tile.now}" + (f", was {tile.before}" if tile.before else "")


def _drawable(text: str) -> str:
    """Return a text without what is not a letter to draw: line ends, tabs, marks that turn the direction."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _path(shape: shapely.Geometry) -> Path:
    """Return an area as one path; holes run the other way round, so that they stay open."""
    parts = shapely.get_parts(shapely.orient_polygons(shape))
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    corners = [shapely.get_coordinates(ring) for ring in rings]
    codes = [
        np.r_[Path.MOVETO, np.full(len(ring) - 2, Path.LINETO), Path.CLOSEPOLY].astype(Path.code_type)
        for ring in corners
    ]
    return Path(np.concatenate(corners), np.concatenate(codes))
