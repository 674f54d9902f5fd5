"""The colours of change and of level, and what they mean: the same on every map, in the page, the picture and QGIS."""

from __future__ import annotations

import math

import pandas as pd

#: Cuts on the ratio, the same on every map.
CUTS = (2 / 3, 4 / 5, 5 / 4, 3 / 2)
#: The colour of each class: s0–s4 a clear change, p0–p4 one that could be chance, from fall to rise.
PALETTE = {
    "s0": "#542788", "s1": "#b2abd2", "s2": "#f7f7f7", "s3": "#fdb863", "s4": "#b35806",
    "p0": "#cfc6e2", "p1": "#e3e0ee", "p2": "#f7f7f7", "p3": "#fde8cd", "p4": "#f0cfae",
    "few": "#d9d9d9", "unknown": "#ffffff",
}  # fmt: skip
#: The same for levels, from low to high.
LEVELS = {"l0": "#f1f5f4", "l1": "#cfe2df", "l2": "#9cc5bf", "l3": "#5c9d97", "l4": "#1d6762"}
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


def legend_in_words() -> str:
    """Return what the legend's ramp shows, for readers who do not see it."""
    looks = (
        "dark purple with ▼",
        "light purple with ▼",
        "near white",
        "light orange with ▲",
        "dark orange with ▲",
    )
    steps = "; ".join(f"{look}: {text.lower()}" for look, text in zip(looks, STEPS_IN_WORDS, strict=True))
    return f"Clear changes, {steps}. Paler purple and orange without a mark: as much, but it could be chance."
