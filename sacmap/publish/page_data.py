"""What the page's script is given: one JSON object of columns, names and short series."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import deflate
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.choose.ranking import by_rate
from sacmap.measure.comparator import changes_followed
from sacmap.publish import words
from sacmap.publish.colours import LEVELS, PALETTE, classes_of
from sacmap.publish.files import DECIMALS
from sacmap.publish.view import View
from sacmap.study import Period

#: Above this many areas the table shows the first rows only; "Go to an area" finds the rest.
TABLE_CAP = 1_000
TABLE_ROWS = 200
#: How many of each list are shown and outlined on the map.
FIRST = 5

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: The last, that of -1, is what stands for a count that is not known.
_SIGNS = np.array([*_DIGITS, "."])


def content_of(page: View) -> dict[str, Any]:
    """Return the text the script reads, and what it needs before the numbers; areas are named by their place."""
    by_type = {kind: rows_of(page, kind) for kind in tables.CRIME_TYPES}
    rates = by_rate(page.areas)
    key = "level_per_1000_households" if rates else "level"
    return {
        "ids": list(page.areas["area_id"]),
        "names": list(page.areas["name"]),
        "types": list(tables.CRIME_TYPES),
        "type": page.first_type,
        "words": page.in_words,
        "verdicts": list(tables.VERDICTS),
        "colours": PALETTE | LEVELS,
        "headlines": {kind: headline_of(page, kind) for kind in tables.CRIME_TYPES},
        "totals": {
            kind: {name: _number(value) for name, value in page.totals[kind].items()}
            for kind in tables.CRIME_TYPES
        },
        "period": "year" if page.table["months_compared"].max() == words.MONTHS_A_YEAR else "period",
        "periods": int(page.table["baseline_periods"].fillna(1).max()) if len(page.areas) else 1,
        "rates": rates,
        "levelCuts": {kind: _cuts(rows[key]) for kind, rows in by_type.items()},
        **lists_of(page, by_type),
        "listed": FIRST,
        **_months(page),
        "bounds": _bounds(page),
        "background": page.tiles is not None,
        "tableCap": TABLE_CAP,
        "tableRows": TABLE_ROWS,
    }


def headline_of(page: View, kind: str = "sac") -> str:
    """Return the first sentence on a crime type."""
    return words.headline(
        page.title,
        kind,
        page.totals[kind],
        rows_of(page, kind),
        comparator=page.comparator.get(kind, {}),
        words=page.comparator_words,
        in_words=page.in_words,
        notices=[notice["code"] for notice in page.warnings],
    )


def numbers_of(page: View) -> str:
    """Return the numbers the script reads, as JSON.

    columns: the CSV, column by column; sentences, and which of them each row has; labels: where names may stand;
    monthly: counts by area, one character a month; streets: the busiest of each area.
    """
    sentences, sentence = _sentences(page)
    columns = ",".join(
        f"{json.dumps(column.name)}:{_column(page.texts[column.name], column)}"
        for column in tables.CHANGE.columns
    )
    rest = {
        "sentences": sentences,
        "sentence": sentence,
        "labels": page.outlines.names_at.ravel().tolist(),
        "monthly": _monthly(page),
        "streets": _streets(page),
    }
    return f'{{"columns":{{{columns}}},{json.dumps(rest, ensure_ascii=False, separators=(",", ":"))[1:]}'


def packed(text: str) -> str:
    """Return text as the script unpacks it: deflated, in base 64."""
    return base64.b64encode(deflate.zlib_compress(text.encode(), 6)).decode()


def _column(texts: Sequence[str], column: tables.Column) -> str:
    """Return a column of the CSV as a JSON array with the same digits; empty as null."""
    if column.kind == "text":
        return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    return f"[{','.join(text or 'null' for text in texts)}]"


def rows_of(page: View, kind: str) -> pd.DataFrame:
    """Return the rows of one crime type, one an area, in the order of the areas."""
    return page.table[page.table["crime_type"] == kind].reset_index(drop=True)


def lists_of(page: View, by_type: Mapping[str, pd.DataFrame]) -> dict[str, list[dict[str, Any]]]:
    """Return the two lists, target hardening and week of action, by place in the areas, each entry with reasons."""
    places = {area: place for place, area in enumerate(page.areas["area_id"])}
    return {
        "hardening": hardening(by_type, by_rate(page.areas))
        if page.hardening is None
        else _placed(page.hardening, places),
        "week": week(by_type[page.first_type]) if page.week is None else _placed(page.week, places),
    }


def first_of(entries: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return the places of a list's first areas: those outlined on the map."""
    return {entry["place"] for entry in entries[:FIRST]}


def _number(value: Any) -> float | int | None:
    """Return a number as JSON holds it, whole where it is; missing as null."""
    if value is None or pd.isna(value) or not math.isfinite(value):
        return None
    rounded = round(float(value), DECIMALS)
    return int(rounded) if rounded.is_integer() else rounded


def _sentences(page: View) -> tuple[list[str], list[int]]:
    """Return the different sentences of the rows, their numbers open, and which of them each row has."""
    needed = [
        "verdict",
        "current_count",
        "baseline_mean",
        "baseline_periods",
        "months_compared",
        "expected",
        "normal_low",
        "normal_high",
    ]
    followed = {
        kind: changes_followed(rows_of(page, kind), page.comparator.get(kind, {}))
        for kind in tables.CRIME_TYPES
    }
    changes = [change for area in zip(*followed.values(), strict=True) for change in area]
    patterns: dict[str, int] = {}
    places = [
        patterns.setdefault(
            words.pattern_of(dict(zip(needed, row, strict=True)), page.comparator_words, change),
            len(patterns),
        )
        for row, change in zip(page.table[needed].itertuples(index=False, name=None), changes, strict=True)
    ]
    return list(patterns), places


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
    ranked = rows[key].astype(float).sort_values(ascending=False, kind="stable").dropna().index[:FIRST]
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
    known = rows["current_count"].notna() & rows["expected"].notna()
    excess = rows["excess"].astype(float).where(known)
    ranked = excess[excess > 0].sort_values(ascending=False, kind="stable").index[:FIRST]
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


def _placed(entries: Sequence[Mapping[str, Any]], places: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return a list's entries by place; one may say how stable its rank is."""
    return [
        {
            "place": places[entry["area_id"]],
            "reasons": list(entry["reasons"]),
            "stability": entry.get("stability") or "",
        }
        for entry in entries
    ]


def named(page: View, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a list's first entries with their areas' names, for the page without script."""
    ids, names = list(page.areas["area_id"]), list(page.areas["name"])
    return [
        {"stability": "", **entry, "area_id": ids[entry["place"]], "name": names[entry["place"]]}
        for entry in entries[:FIRST]
    ]


def _streets(page: View) -> dict[str, list[Any]] | None:
    """Return the names of streets, each once; and by row of the table its busiest: place of a name, crimes, and on."""
    if page.streets is None:
        return None
    names: dict[str, int] = {}
    by_row = [
        [
            number
            for name, n in page.streets.get(area, {}).get(kind, ())
            for number in (names.setdefault(name, len(names)), n)
        ]
        for area in page.areas["area_id"]
        for kind in tables.CRIME_TYPES
    ]
    return {"names": list(names), "byRow": by_row}


def _months(page: View) -> dict[str, Any]:
    """Return the months of the lines, which of them to shade, and the counts of the whole place."""
    every = page.months
    if not every:
        return {"months": [], "shades": {}, "wholeMonthly": {}}
    at = {month: place for place, month in enumerate(every)}

    def spans(periods: Sequence[Period]) -> list[list[int]]:
        return [[at[period[0]], at[period[-1]]] for period in periods if {period[0], period[-1]} <= set(at)]

    return {
        "months": [months.in_words(month) for month in every],
        "shades": {
            "baseline": spans(page.baseline),
            "current": spans([page.current] if page.current else []),
        },
        "wholeMonthly": {
            kind: _series(page.counts[kind].sum(axis=0, keepdims=True))[0] for kind in tables.SAC_TYPES
        },
    }


def _monthly(page: View) -> dict[str, list[str]] | None:
    """Return each area's counts, one character a month."""
    return {kind: _series(page.counts[kind]) for kind in tables.SAC_TYPES} if page.months else None


def _series(counts: NDArray[np.float64]) -> list[str]:
    """Return each row of counts as text: a character a month, but {n} for many, and "." where it is not known."""
    whole = np.nan_to_num(counts, nan=-1).astype(int)
    signs = np.ascontiguousarray(_SIGNS[np.minimum(whole, len(_DIGITS) - 1)])
    texts: list[str] = signs.view(f"U{whole.shape[1]}").ravel().tolist()
    for row in np.flatnonzero((whole >= len(_DIGITS)).any(axis=1)):
        texts[row] = "".join(_SIGNS[n] if n < len(_DIGITS) else f"{{{n}}}" for n in whole[row].tolist())
    return texts


def _bounds(page: View) -> list[list[float]]:
    west, south, east, north = (round(float(value), 5) for value in page.areas.total_bounds)
    return [[south, west], [north, east]]


def static_rows(page: View) -> list[dict[str, str]]:
    """Return the page's table of all three crime types together, for readers without script."""
    rows = rows_of(page, page.first_type)
    rows = rows.assign(css=classes_of(rows))
    rows = rows.sort_values("excess", ascending=False, kind="stable", na_position="last")
    shown = rows if len(rows) <= TABLE_CAP else rows.head(TABLE_ROWS)
    return [_static_row(row) for row in shown.to_dict("records")]


def _static_row(row: Mapping[Hashable, Any]) -> dict[str, str]:
    written: dict[str, Callable[[float], str]] = {
        "baseline_mean": words.mean,
        "current_count": words.whole,
        "change": signed,
        "change_pct": lambda value: f"{signed(value)}%",
        "expected": words.whole,
        "normal_low": lambda value: f"{words.whole(value)} to {words.whole(row['normal_high'])}",
        "excess": signed,
        "level": words.whole,
    }
    unknown = row["verdict"] == "not known"
    cells = {
        name: "–" if unknown or pd.isna(row[name]) else write(row[name]) for name, write in written.items()
    }
    arrow = {"clear rise": "▲ ", "clear fall": "▼ "}.get(row["verdict"], "")
    return cells | {
        "area_id": row["area_id"],
        "css": row["css"],
        "name": row["area_name"],
        "verdict": arrow + str(row["verdict"]).capitalize(),
    }


def signed(value: float) -> str:
    """Return +5, −3 or 0."""
    text = words.whole(value)
    return f"+{text}" if value > 0 and text != "0" else text
