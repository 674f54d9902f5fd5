"""Draw text and rectangles with matplotlib; lengths are points from the upper left corner of the picture.

Text is drawn, never parsed: no formula, markup or link in it is followed. A point is a pixel of the slide.
"""

from __future__ import annotations

import io
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

INK, PAPER = "#1d1d1f", "#ffffff"
#: Height of a line as a multiple of the letter size.
LEADING = 1.3
#: Left, top, right, bottom; and left, top, width.
Box = tuple[float, float, float, float]
Line = tuple[float, float, float]


@contextmanager
def own_settings() -> Iterator[None]:
    """Use matplotlib's default settings instead of the analyst's, and no warnings about missing letters."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams["pdf.fonttype"] = 42
        # A letter that the font lacks is drawn as a box; every other file has the whole name.
        warnings.filterwarnings("ignore", message="Glyph ")
        yield


class Drawing:
    """A picture with text and rectangles. A method that writes downwards from a line returns where it ended."""

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

    def pdf(self, title: str, date: datetime) -> bytes:
        """Return the picture as PDF."""
        out = io.BytesIO()
        described = {"Title": title, "Creator": "sacmap", "Producer": None, "CreationDate": date}
        self.figure.savefig(out, format="pdf", metadata=described)
        return out.getvalue()

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of a text, with a margin because print is slightly wider than the screen."""
        font = FontProperties(size=size, weight="bold" if bold else "normal")
        return 1.01 * float(self.renderer.get_text_width_height_descent(text, font, False)[0])

    def lines(self, text: str, wide: float, size: float, *, bold: bool = False, lines: int) -> list[str]:
        """Return a text as at most `lines` lines, none wider than `wide`; … marks a cut."""
        found: list[str] = []
        rest = " ".join(drawable(text).split())
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
        """Return how many letters of a text fit; at least one."""
        most = min(len(text), max(1, int(wide / size * 6)))
        # Most texts fit whole.
        if self.width(text[:most], size, bold=bold) <= wide:
            return most
        return max(1, bisect_right(range(1, most), wide, key=lambda n: self.width(text[:n], size, bold=bold)))

    def height(self, text: str, wide: float, size: float, *, lines: int) -> float:
        """Return the height that a text would need."""
        return len(self.lines(text, wide, size, lines=lines)) * size * LEADING

    def text(
        self, text: str, line: Line, size: float, *, bold: bool = False, colour: str = INK, lines: int = 1
    ) -> float:
        """Write a text on at most `lines` lines."""
        left, top, wide = line
        for said in self.lines(text, wide, size, bold=bold, lines=lines):
            self.write(said, left, top + size * (LEADING + 0.72) / 2, size, bold=bold, colour=colour)
            top += size * LEADING
        return top

    def write(
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
        """Write one line with its baseline at y; `halo` is the colour of an outline."""
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
        """Draw a filled rectangle."""
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


def drawable(text: str) -> str:
    """Return a text with spaces instead of characters that cannot be drawn: line ends, tabs, direction marks."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
