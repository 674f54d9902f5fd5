"""What the page's script is given: one JSON object of columns, names and short series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from sacmap import months, tables
from sacmap.measure.comparator import changes_followed
from sacmap.publish import words

if TYPE_CHECKING:
    from sacmap.publish.page import Page

#: Above this many areas the table shows the first rows only; "Go to an area" finds the rest.
TABLE_CAP = 1_000
TABLE_ROWS = 200
#: Entries kept of each list; the page shows the first five.
LISTED = 10

DECIMALS = {
    "baseline_mean": 2,
    "current_count": 0,
    "expected": 1,
    "normal_low": 0,
    "normal_high": 0,
    "ratio": 3,
    "excess": 1,
    "level": 1,
    "level_per_1000_households": 2,
    "edge_share": 3,
}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def content_of(page: Page) -> dict[str, Any]:
    """Return the object the script reads; lists are by place in the areas, in order."""
    by_type = {kind: rows_of(page, kind) for kind in tables.CRIME_TYPES}
    patterns: dict[str, int] = {}
    columns = {kind: _columns(page, kind, rows, patterns) for kind, rows in by_type.items()}
    rates = has_rates(page)
    key = "level_per_1000_households" if rates else "level"
    return {
        "areas": _areas(page),
        "columns": columns,
        "sentences": list(patterns),
        "verdicts": list(tables.VERDICTS),
        "headlines": {
            kind: words.headline(
                page.title,
                kind,
                page.totals[kind],
                by_type[kind],
                comparator=page.comparator.get(kind, {}),
                words=page.comparator_words,
            )
            for kind in tables.CRIME_TYPES
        },
        "totals": {
            kind: {name: number(v, 3) for name, v in page.totals[kind].items()} for kind in tables.CRIME_TYPES
        },
        "words": tables.IN_WORDS,
        "kinds": list(tables.SAC_TYPES),
        "rates": rates,
        "levelCuts": {kind: _cuts(rows[key]) for kind, rows in by_type.items()},
        **lists_of(page, by_type),
        "streets": _streets(page),
        **_monthly(page),
        "labelOrder": _label_order(page),
        "bounds": _bounds(page),
        "tableCap": TABLE_CAP,
        "tableRows": TABLE_ROWS,
        "csvName": page.csv_name,
    }


def lists_of(page: Page, by_type: Mapping[str, pd.DataFrame]) -> dict[str, list[dict[str, Any]]]:
    """Return the two lists, target hardening and week of action, by place in the areas, each entry with reasons."""
    places = {area: place for place, area in enumerate(page.areas["area_id"])}
    return {
        "hardening": _placed(page.hardening, places) or hardening(by_type, has_rates(page)),
        "week": _placed(page.week, places) or week(by_type["sac"]),
    }


def has_rates(page: Page) -> bool:
    """Whether levels can be given per 1,000 households: all areas' households are known."""
    return len(page.areas) > 0 and bool((page.areas["households"].fillna(0) > 0).all())


def rows_of(page: Page, kind: str) -> pd.DataFrame:
    """Return the Change rows of one crime type in the order of the areas."""
    rows = page.change[page.change["crime_type"] == kind].set_index("area_id")
    return rows.reindex(page.areas["area_id"]).reset_index()


def number(value: Any, decimals: int) -> float | int | None:
    """Return a number as JSON holds it, whole where it is; missing as null."""
    if value is None or pd.isna(value) or not math.isfinite(value):
        return None
    rounded = round(float(value), decimals)
    return int(rounded) if rounded.is_integer() else rounded


def _columns(page: Page, kind: str, rows: pd.DataFrame, patterns: dict[str, int]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {
        name: [number(value, decimals) for value in rows[name].to_numpy(float, na_value=np.nan)]
        for name, decimals in DECIMALS.items()
    }
    found["verdict"] = [tables.VERDICTS.index(verdict) for verdict in rows["verdict"]]
    needed = ["verdict", "current_count", "baseline_mean", "baseline_periods", "months_compared", "expected"]
    followed = changes_followed(rows, page.comparator.get(kind, {}))
    found["sentence"] = [
        patterns.setdefault(
            words.pattern_of(dict(zip(needed, row, strict=True)), page.comparator_words, change),
            len(patterns),
        )
        for row, change in zip(rows[needed].itertuples(index=False, name=None), followed, strict=True)
    ]
    return found


def _areas(page: Page) -> list[dict[str, Any]]:
    middles = shapely.point_on_surface(page.areas.geometry.to_numpy())
    return [
        {
            "id": area,
            "name": name,
            "at": None if middle.is_empty else [round(middle.x, 5), round(middle.y, 5)],
        }
        for area, name, middle in zip(page.areas["area_id"], page.areas["name"], middles, strict=True)
    ]


def _cuts(levels: pd.Series) -> list[float]:
    """Return four rising cuts a person can read, near the fifths of the levels."""
    known = levels.astype(float).dropna()
    if known.empty:
        return [1, 2, 5, 10]
    cuts: list[float] = []
    for wanted in np.quantile(known, [0.2, 0.4, 0.6, 0.8]):
        cut = readable(float(wanted))
        while cuts and cut <= cuts[-1]:
            cut = readable(cuts[-1] * 1.3)
        cuts.append(cut)
    return cuts


def readable(value: float) -> float:
    """Return the number of 1, 1.5, 2, 3, 4, 5, 6, 8 × a power of ten next at or above `value`."""
    if value <= 0:
        return 0.1
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    steps = [step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-9)]
    cut = round(steps[0] * power, 6)
    return int(cut) if cut.is_integer() else cut


def hardening(by_type: Mapping[str, pd.DataFrame], rates: bool) -> list[dict[str, Any]]:
    """Return the areas by expected level of burglary, per 1,000 households where all are known."""
    rows = by_type["burglary"]
    key = "level_per_1000_households" if rates else "level"
    ranked = rows[key].astype(float).sort_values(ascending=False, kind="stable").dropna().index[:LISTED]
    listed = []
    for place in ranked:
        row = rows.loc[place]
        rate = f", {row[key]:.1f} per 1,000 households" if rates else ""
        vehicle, robbery = (
            by_type[kind]["current_count"].loc[place] for kind in ("vehicle-crime", "robbery")
        )
        reasons = [f"About {words.whole(row['level'])} burglaries a period to expect{rate}."]
        if pd.notna(vehicle) and pd.notna(robbery):
            reasons.append(
                f"Now also {words.whole(vehicle)} vehicle crime and {words.whole(robbery)} robbery."
            )
        listed.append({"place": int(place), "reasons": reasons})
    return listed


def week(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the areas by excess: crimes above the expected, shrunken."""
    excess = rows["excess"].astype(float)
    ranked = excess[excess > 0].sort_values(ascending=False, kind="stable").index[:LISTED]
    return [
        {
            "place": int(place),
            "reasons": [
                f"{words.crimes(rows.loc[place, 'current_count'])} where about "
                f"{words.whole(rows.loc[place, 'expected'])} were expected: {rows.loc[place, 'verdict']}."
            ],
        }
        for place in ranked
    ]


def _placed(entries: Sequence[Mapping[str, Any]] | None, places: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"place": places[entry["area_id"]], "reasons": list(entry["reasons"])} for entry in entries or ()]


def named(page: Page, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a list's first five with their names, for the page without script."""
    areas = page.areas
    return [
        {
            "area_id": areas["area_id"].iloc[entry["place"]],
            "name": areas["name"].iloc[entry["place"]],
            "reasons": entry["reasons"],
        }
        for entry in entries[:5]
    ]


def _streets(page: Page) -> list[dict[str, list[list[Any]]]] | None:
    if page.streets is None:
        return None
    return [
        {kind: [[name, n] for name, n in found] for kind, found in page.streets.get(area, {}).items()}
        for area in page.areas["area_id"]
    ]


def _monthly(page: Page) -> dict[str, Any]:
    """Return the monthly counts, one character a month, and which months to shade."""
    if page.monthly is None or page.monthly.empty:
        return {"monthly": None, "months": [], "shades": {"baseline": [], "current": []}}
    every = sorted(page.monthly["month"].unique())
    wide = page.monthly.set_index(["crime_type", "area_id", "month"])["n"].unstack("month")
    ids = list(page.areas["area_id"])
    series = {
        kind: [_series(row) for row in wide.xs(kind).reindex(ids)[every].to_numpy(float, na_value=np.nan)]
        for kind in tables.SAC_TYPES
    }
    at = {month: place for place, month in enumerate(every)}
    return {
        "monthly": series,
        "months": [months.in_words(month) for month in every],
        "shades": {
            "baseline": [[at[period[0]], at[period[-1]]] for period in page.baseline],
            "current": [[at[page.current[0]], at[page.current[-1]]]],
        },
    }


def _series(values: np.ndarray) -> str:
    return "".join(
        "." if math.isnan(n) else _DIGITS[int(n)] if n < len(_DIGITS) else f"{{{int(n)}}}" for n in values
    )


def _label_order(page: Page) -> list[int]:
    """Largest areas first: they have room for their names at every zoom."""
    sizes = shapely.area(page.areas.geometry.to_numpy())
    return [int(place) for place in np.argsort(-sizes, kind="stable")]


def _bounds(page: Page) -> list[list[float]]:
    west, south, east, north = (round(float(value), 5) for value in page.areas.total_bounds)
    return [[south, west], [north, east]]


def static_rows(page: Page) -> list[dict[str, str]]:
    """Return the table's rows of all three crime types together, for readers without script."""
    rows = rows_of(page, "sac")
    order = rows["excess"].astype(float).sort_values(ascending=False, kind="stable", na_position="last").index
    shown = order if len(order) <= TABLE_CAP else order[:TABLE_ROWS]
    names = page.areas["name"]
    return [_static_row(rows.loc[place], str(names.iloc[place])) for place in shown]


def _static_row(row: pd.Series, name: str) -> dict[str, str]:
    cells = {"area_id": str(row["area_id"]), "name": name, "verdict": str(row["verdict"]).capitalize()}
    if row["verdict"] == "not known":
        dashes = (
            "baseline_mean",
            "current_count",
            "change",
            "change_pct",
            "expected",
            "normal_low",
            "excess",
            "level",
        )
        return cells | dict.fromkeys(dashes, "–")
    percent = row["change_pct"]
    return cells | {
        "baseline_mean": words.mean(row["baseline_mean"]),
        "current_count": words.whole(row["current_count"]),
        "change": signed(row["change"]),
        "change_pct": "–" if pd.isna(percent) else f"{signed(percent)}%",
        "expected": words.whole(row["expected"]),
        "normal_low": f"{words.whole(row['normal_low'])} to {words.whole(row['normal_high'])}",
        "excess": signed(row["excess"]),
        "level": words.whole(row["level"]),
    }


def signed(value: float) -> str:
    """Return +5, −3 or 0."""
    text = words.whole(value)
    return f"+{text}" if value > 0 and text != "0" else text
