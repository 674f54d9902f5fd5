"""The map's legend: its title, the steps of colour, and what the marks and the pins are."""

from __future__ import annotations

import pandas as pd

from sacmap.files.json_shape import Json
from sacmap.publish import colours, lists
from sacmap.publish.view import View
from sacmap.publish.words import signed

#: The most letters of periods that are given in the legend too.
SHORT = 28


def legend_of(view: View) -> dict[str, Json]:
    """Return the template's variables for the map and its legend, and what the pins of the first crime type are."""
    kind = view.first_type
    found = [entry for entry in view.week_lists[kind] if entry.sign]
    return {
        "map_heading": f"Map: {view.labels[kind]}, {'crimes counted' if view.level_only else 'change'}",
        "legend_title": legend_title(view, kind),
        "legend_in_words": colours.legend_in_words(judged=not view.no_fit),
        "level_in_words": level_in_words(view, kind),
        "level_unit": level_unit(view),
        "level_cuts": level_cuts(view, kind),
        "cuts": [f"{signed(100 * (cut - 1))}%" for cut in colours.CUTS],
        "marks": {
            "few": bool((view.table["verdict"] == "too few to tell").any()),
            "unknown": bool(_unknown(view).any()),
        },
        "pin_key": {
            "week": bool(found),
            "look": pin_look(found[0]) if found else "",
            "where_rose": where_rose(view, kind),
            "homes": bool(view.hardening_list),
        },
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
    cuts, unit = level_cuts(view, kind), level_unit(view)
    return f"Five steps from pale to dark green: below {cuts[0]} {unit}, then from {', from '.join(cuts)} up."


def level_cuts(view: View, kind: str) -> list[str]:
    """Return the cuts between the steps of the ramp of levels."""
    return [f"{cut:,}" for cut in colours.cuts(view.rows[kind][view.level_column])]


def level_unit(view: View) -> str:
    """Return the unit of a level."""
    if view.rates and not view.level_only:
        return "per 1,000 homes"
    return "crimes a year" if view.yearly else "crimes a period"


def short_span(view: View) -> str:
    """Return the periods if they are short enough to stand in the legend too, otherwise ""."""
    return view.periods_short if len(view.periods_short) <= SHORT else ""


def legend_title(view: View, kind: str) -> str:
    """Return the title of the legend: the crime type, and the periods if they are short."""
    label = view.labels[kind]
    if span := short_span(view):
        return f"{label}, {span}"
    return f"{label}: crimes counted" if view.level_only else f"{label}: change"


def where_rose(view: View, kind: str) -> str:
    """Return what the numbered pins mark: "where crime rose"."""
    return f"where {'crime' if kind == 'sac' else view.in_words[kind]} rose"
