"""The colours of change and of level, and what they mean: the same on every map, in the page, the picture and QGIS."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

#: Cuts on the ratio, the same on every map.
CUTS = (2 / 3, 4 / 5, 5 / 4, 3 / 2)
#: The colour of each class: s0–s4 a clear change, p0–p4 one that could be chance, from fall to rise.
PALETTE = {
    "s0": "#542788", "s1": "#b2abd2", "s2": "#f7f7f7", "s3": "#fdb863", "s4": "#b35806",
    "p0": "#beb5da", "p1": "#dad6eb", "p2": "#f7f7f7", "p3": "#f7d5a8", "p4": "#e6b884",
    "few": "#d9d9d9", "unknown": "#ffffff",
}  # fmt: skip
#: The same for levels, from low to high.
LEVELS = {"l0": "#f4f6f5", "l1": "#cfe2df", "l2": "#9cc5bf", "l3": "#5c9d97", "l4": "#1d6762"}
#: Lines drawn over the pale classes, and over what is not known: colour, and to which side they lean.
HATCHES = {
    "p0": ("#978bc1", 1), "p1": ("#b1a8d3", 1), "p3": ("#dca75f", -1), "p4": ("#c48f52", -1), "unknown": ("#b5b2a9", 1),
}  # fmt: skip
#: What the steps mean, and the classes without one.
STEPS_IN_WORDS = (
    "Fell by more than a third",
    "Fell by a fifth to a third",
    "Less than that either way",
    "Rose by a quarter to a half",
    "Rose by more than a half",
)
LEGEND = {
    **{f"s{step}": f"{text}: clear" for step, text in enumerate(STEPS_IN_WORDS)},
    **{f"p{step}": f"{text}: could be chance" for step, text in enumerate(STEPS_IN_WORDS)},
    "few": "Too few to tell",
    "unknown": "Not known",
}
#: The same where there is no reading: only how far each count changed.
UNJUDGED_LEGEND = {f"p{step}": text for step, text in enumerate(STEPS_IN_WORDS)} | {
    "unknown": LEGEND["unknown"]
}


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


def cuts(levels: pd.Series) -> list[float]:
    """Return four rising cuts a person can read, near the fifths of the levels; whole numbers where all levels are.

    Of counts that are mostly 0, cuts below 1 would set 1 and 12 apart from 0, but not from each other.
    """
    known = levels.astype(float).dropna()
    if known.empty:
        return [1, 2, 5, 10]
    whole = bool((known == known.round()).all())
    found: list[float] = []
    for wanted in np.quantile(known, [0.2, 0.4, 0.6, 0.8]):
        cut = _cut(float(wanted), whole=whole)
        while found and cut <= found[-1]:
            cut = _cut(found[-1] * 1.3, whole=whole)
        found.append(cut)
    return found


def _cut(wanted: float, *, whole: bool) -> float:
    return math.ceil(readable(max(wanted, 1.0))) if whole else readable(wanted)


def readable(value: float) -> float:
    """Return the number of 1, 1.5, 2, 3, 4, 5, 6, 8 × a power of ten next at or above `value`."""
    if value <= 0:
        return 0.1
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    steps = [step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-9)]
    cut = round(steps[0] * power, 6)
    return int(cut) if cut.is_integer() else cut


def level_classes(levels: pd.Series) -> list[str]:
    """Return the colour class of each level: l0 below the first cut, l4 from the last one up; unknown."""
    steps = cuts(levels)
    return [
        "unknown" if pd.isna(level) else f"l{sum(level >= cut for cut in steps)}"
        for level in levels.astype(float)
    ]


def patterns() -> str:
    """Return the hatched fills as SVG: `hatch-CLASS` for the screen, `still-CLASS` for the larger still picture."""
    drawn = []
    for css, (colour, side) in HATCHES.items():
        line = "M-1 1l2 -2M0 7l7 -7M6 8l2 -2" if side > 0 else "M-1 6l2 2M0 0l7 7M6 -1l2 2"
        drawn.append(
            f'<pattern id="hatch-{css}" width="7" height="7" patternUnits="userSpaceOnUse">'
            f'<rect width="7" height="7" fill="{PALETTE[css]}"/>'
            f'<path d="{line}" stroke="{colour}" stroke-width="0.7" fill="none"/></pattern>'
        )
    drawn.append(
        '<pattern id="dots-buffer" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<rect width="8" height="8" fill="#d6e2f2"/><circle cx="2" cy="2" r="0.9" fill="#5d86c2"/>'
        '<circle cx="6" cy="6" r="0.9" fill="#5d86c2"/></pattern>'
    )
    still = [("dots-buffer", "dots-buffer"), *((f"hatch-{css}", css) for css in HATCHES)]
    drawn += [
        f'<pattern id="still-{css}" href="#{same}" patternTransform="scale(2.2)"/>' for same, css in still
    ]
    return f"<defs>{''.join(drawn)}</defs>"


def legend_in_words(*, judged: bool) -> str:
    """Return what the legend's ramp shows, for readers who do not see it."""
    if not judged:
        return f"Changes without a reading, from purple through near white to orange: {'; '.join(STEPS_IN_WORDS)}."
    looks = (
        "dark purple with ▼",
        "light purple with ▼",
        "near white",
        "light orange with ▲",
        "dark orange with ▲",
    )
    steps = "; ".join(f"{look}: {text.lower()}" for look, text in zip(looks, STEPS_IN_WORDS, strict=True))
    return f"Clear changes, {steps}. Paler purple and orange, hatched: as much, but it could be chance."
