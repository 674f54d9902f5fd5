"""Small bars of a range or a level, as SVG: numbers only, no text of data.

Places are shares of the bar's width, so that a bar is as wide as its column. The page's script draws the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import pandas as pd

from sacmap.publish.change_rows import Reading
from sacmap.publish.words import estimate

#: The bar's scale ends at so many times the expected, or further where a count lies beyond, up to a bound.
LEAST, MOST = 3.0, 5.0
#: On a scale to more than this, a narrow bar has the figure of every other mark.
CLOSE = 4.0
#: What comes before the figure of a level, for who does not see the heads.
LEVEL = "level "
#: Where the scale of a range begins and how long it is, in % of the bar. Beyond it there is room for its last label.
FROM, LENGTH = 3, 90
#: The longest bar of a level, in % of the width: its figure stands beside it.
LONGEST = 66
#: All of these, for the page's script.
SCALE = {"least": LEAST, "most": MOST, "close": CLOSE, "from": FROM, "length": LENGTH, "longest": LONGEST}


def scale_of(rows: Iterable[Reading]) -> float:
    """Return where the shared scale of some rows' bars ends, in times the expected: at 3, 3.5 … 5."""
    largest = max((_ratio_of(row["current_count"], row["expected"]) for row in rows), default=0.0) * 1.04
    return min(MOST, max(LEAST, -(-largest * 2 // 1) / 2))


def _ratio_of(count: float, expected: float) -> float:
    """Return a count in times the expected; 0 if that is not known."""
    return float(count) / float(expected) if pd.notna(count) and pd.notna(expected) and expected > 0 else 0.0


def range_bar(row: Reading, most: float) -> str:
    """Return a row's bar: band the normal range, tick the expected, dot the count now, filled where clear."""
    counts = (row["normal_low"], row["normal_high"], row["current_count"])
    low, high, now = (_ratio_of(count, row["expected"]) for count in counts)
    if not high:
        return '<svg class="bar" aria-hidden="true"></svg>'
    said = f"normal range {estimate(row['normal_low'])} to {estimate(row['normal_high'])}; {row['verdict']}"
    return (
        f'<svg class="bar" role="img" aria-label="{said}">'
        '<line class="axis-line" x1="0" x2="100%" y1="11" y2="11"/>'
        f"{''.join(_faint(times, most) for times in _times(most)[1:])}"
        f'<rect class="band" x="{_at(low, most)}" y="6" width="{_wide(low, high, most)}" height="10"/>'
        f'<line class="tick" x1="{_at(1, most)}" x2="{_at(1, most)}" y1="3" y2="19"/>'
        f'<circle class="dot{_dot_of(row["verdict"])}" cx="{_at(now, most)}" cy="11" r="4.5"/></svg>'
    )


def range_head(most: float) -> str:
    """Return the scale above the range bars, in times the expected: "1×", "2×", "3×" … each over its mark."""
    texts = [
        f'<text{" class=roomy" if most > CLOSE and times % 2 else ""} x="{_at(times, most)}" y="13" '
        f'text-anchor="middle">{times}×</text>'
        for times in _times(most)
    ]
    return f'<svg class="bar head" aria-hidden="true">{"".join(texts)}</svg>'


def level_bar(level: float, most: float, written: Callable[[float], str]) -> str:
    """Return a bar as long as a level is of the largest, and the level beside it as it is `written`."""
    figure = written(level)
    wide = _percent(LONGEST * level / most if most else 0)
    return (
        f'<svg class="bar" role="img" aria-label="{LEVEL}{figure}">'
        '<line class="axis-line" x1="0" x2="0" y1="3" y2="19"/>'
        f'<rect class="length" x="0" y="5" width="{wide}" height="12"/>'
        f'<text class="figure" x="{wide}" y="16" dx="6">{figure}</text></svg>'
    )


def _dot_of(verdict: str) -> str:
    """Return how a count's dot is filled: " rise", " fall", or "" where no change is clear."""
    return f" {verdict.split()[1]}" if verdict.startswith("clear") else ""


def _times(most: float) -> range:
    """Return the whole multiples of the expected that the scale marks."""
    return range(1, math.floor(most) + 1)


def _faint(times: int, most: float) -> str:
    return f'<line class="faint" x1="{_at(times, most)}" x2="{_at(times, most)}" y1="7" y2="15"/>'


def _at(ratio: float, most: float) -> str:
    return _percent(FROM + LENGTH * min(ratio, most) / most)


def _wide(low: float, high: float, most: float) -> str:
    return _percent(LENGTH * (min(high, most) - min(low, most)) / most)


def _percent(value: float) -> str:
    return f"{value:.1f}%".replace(".0%", "%")
