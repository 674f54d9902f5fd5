"""The map's legend: its title, the steps of colour, and what the marks and the pins are."""

from __future__ import annotations

from typing import TypedDict

import pandas as pd

from sacmap.publish import colours, lists
from sacmap.publish.view import View
from sacmap.publish.words import signed

#: The most letters of periods that are given in the legend too.
SHORT = 28


class PinKey(TypedDict):
    """What the pins on the map are: whether there are numbers and letters, and how the first number is drawn."""

    week: bool
    look: str
    where_rose: str
    homes: bool


class Legend(TypedDict):
    """The template's variables for the map and its legend."""

    map_heading: str
    legend_title: str
    legend_in_words: str
    level_in_words: str
    level_unit: str
    level_cuts: list[str]
    cuts: list[str]
    marks: dict[str, bool]
    pin_key: PinKey


def legend_of(view: View) -> Legend:
    """Return what the template needs of the map and its legend."""
    kind = view.first_type
    measure = "crimes counted" if view.level_only else "change"
    title = legend_title(view, kind)
    return {
        "map_heading": f"Map: {dict(view.labels)[kind]}, {measure}",
        "legend_title": title,
        "legend_in_words": colours.legend_in_words(judged=not view.no_fit),
        "level_in_words": level_in_words(view, kind),
        "level_unit": level_unit(view),
        "level_cuts": _level_cuts(view, kind),
        "cuts": [f"{signed(100 * (cut - 1))}%" for cut in colours.CUTS],
        "marks": {
            "few": bool((view.table["verdict"] == "too few to tell").any()),
            "unknown": bool(_unknown(view).any()),
        },
        "pin_key": _pin_key(view),
    }


def _pin_key(view: View) -> PinKey:
    """Return what the pins of the first crime type are, each as it is drawn on the map."""
    kind = view.first_type
    found = [entry for entry in view.week_lists[kind] if entry.sign]
    return {
        "week": bool(found),
        "look": pin_look(found[0]) if found else "",
        "where_rose": where_rose(view, kind),
        "homes": bool(view.hardening_list),
    }


def _unknown(view: View) -> pd.Series:
    """Return which rows of the types that can be chosen are not known: without an earlier period, have no count."""
    rows = view.table[view.table["crime_type"].isin(view.known)]
    return rows["current_count"].isna() if view.level_only else rows["verdict"] == "not known"


def pin_look(entry: lists.Listed) -> str:
    """Return the style of a row's pin: a square for homes, a hollow circle for a rise that could be chance."""
    return " home" if entry.sign.isalpha() else " maybe" if entry.finding == "possible" else ""


def level_in_words(view: View, kind: str) -> str:
    """Return what the legend's ramp of levels shows, for readers who do not see it."""
    cuts, unit = _level_cuts(view, kind), level_unit(view)
    return f"Five steps from pale to dark green: below {cuts[0]} {unit}, then from {', from '.join(cuts)} up."


def _level_cuts(view: View, kind: str) -> list[str]:
    return [f"{cut:,}" for cut in colours.cuts(view.rows[kind][view.level_column])]


def level_unit(view: View) -> str:
    """Return the unit of a level."""
    if view.rates and not view.level_only:
        return "per 1,000 homes"
    return "crimes a year" if view.yearly else "crimes a period"


def legend_title(view: View, kind: str) -> str:
    """Return the title of the legend: the crime type, and the periods if they are short."""
    label = dict(view.labels)[kind]
    short = view.periods_short
    if 0 < len(short) <= SHORT:
        return f"{label}, {short}"
    return f"{label}: crimes counted" if view.level_only else f"{label}: change"


def where_rose(view: View, kind: str) -> str:
    """Return what the numbered pins mark: "where crime rose"."""
    return f"where {'crime' if kind == 'sac' else view.in_words[kind]} rose"
