"""The data for the page's script: texts as JSON, and the numbers packed."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from itertools import chain

import deflate
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.choose.draws import TIERS
from sacmap.choose.map_points import street_of
from sacmap.files.json_shape import Json
from sacmap.months import Period
from sacmap.notices import counted, spoken
from sacmap.publish import answer, backdrop, bars, legend, lists, tiles, words
from sacmap.publish.change_rows import NO_READING, READING, UNJUDGED, readings
from sacmap.publish.colours import CUTS, HATCHES, LEVELS, PALETTE, cuts
from sacmap.publish.csv_json import DECIMALS, with_groups
from sacmap.publish.headline import Headline
from sacmap.publish.view import View
from sacmap.result import FIRST

#: Rows that the table shows at first; the rest are shown on demand.
TABLE_ROWS = 200
#: The most areas with their busiest map points. On larger maps only areas on a list have them, to keep the file small.
MOST_WITH_POINTS = 600
#: The most areas that a map with districts shows at first. Larger maps show the districts first.
DISTRICTS_FIRST = 1_000
#: Columns of the CSV that hold text.
TEXTS = {"group", *(column.name for column in tables.CHANGE.columns if column.kind == "text")}
#: How hard the numbers are packed. A higher level takes longer and saves a hundredth or two of the page. Up to so many
#: bytes it takes a few milliseconds, and from so many on it is worth it: with 35,000 areas it is half a megabyte.
LEVEL, HARDER, LITTLE, MUCH = 8, 10, 1 << 18, 16 << 20
#: What comes before the third figure of a row, and before the figure of a level's bar, for who does not see the heads.
SAID = {"expected": "expected ", "firm": f"in the first {words.number(FIRST)}: ", "level": bars.LEVEL}

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: The last sign, at -1, means that a count is not known.
_SIGNS = np.array([*_DIGITS, "."])


def content_of(view: View) -> dict[str, Json]:
    """Return the texts for the script, and what it needs before the numbers. Areas are given by their position."""
    kinds = tables.CRIME_TYPES
    groups = view.district_names
    return {
        "title": view.title,
        "ids": list(view.areas["area_id"]),
        "names": [str(name) for name in view.areas["name"]],
        "unlike": {
            position: full
            for position, (full, name) in enumerate(zip(view.names, view.areas["name"], strict=True))
            if full != name
        },
        "groups": groups,
        "groupsSaid": [spoken(name) for name in groups],
        "groupOf": [groups.index(name) if name else -1 for name in view.groups] if groups else [],
        "types": list(kinds),
        "type": view.first_type,
        "words": dict(view.in_words),
        "nouns": view.nouns,
        "unit": list(view.unit),
        "findings": {verdict: lists.finding(verdict) for verdict in TIERS},
        "labels": view.labels,
        "colours": PALETTE | LEVELS,
        "hatches": HATCHES,
        "cuts": CUTS,
        "scale": bars.SCALE,
        "headlines": {kind: _headline(view, said) for kind, said in view.headlines.items()},
        "sure": {kind: view.could_show(kind) for kind in kinds},
        "headings": {kind: answer.heading(view, kind) for kind in kinds},
        "whereRose": {kind: legend.where_rose(view, kind) for kind in kinds},
        "restLeads": words.REST_LEADS,
        "said": SAID,
        "span": view.periods_short,
        "legendSpan": legend.short_span(view),
        "levelOnly": view.level_only,
        "noReading": NO_READING if view.no_fit else "",
        "unjudged": list(UNJUDGED) if view.no_fit else [],
        "rates": view.rates,
        "levelUnit": legend.level_unit(view),
        "levelSaid": {kind: legend.level_in_words(view, kind) for kind in kinds},
        "levelCuts": {kind: cuts(rows[view.level_column]) for kind, rows in view.rows.items()},
        "first": FIRST,
        **_months(view),
        "bounds": _bounds(view),
        "background": view.tiles is not None,
        "tableRows": TABLE_ROWS,
        "towns": view.towns,
    }


def _headline(view: View, said: Headline) -> list[Json]:
    """Return both sentences, and the pieces of the first one, for a laptop and, where they are others, for a phone.

    A piece has its text, and the crime type and the position of the area that it links to.
    """
    pieces: list[Json] = [
        [
            [
                part.text,
                *([part.kind] if part.kind else []),
                *([view.position_of[part.area_id]] if part.area_id else []),
            ]
            for part in parts
        ]
        for parts in dict.fromkeys((said.parts, said.narrow))
        if parts
    ]
    return [said.first, said.second, *pieces]


def numbers_of(view: View) -> str:
    """Return the numbers for the script as JSON, with each column and each other value on its own line.

    columns: the columns of the CSV; sentences: the different sentences; sentence: the number of each row's sentence;
    labels: where names may be written; monthly: counts by area, one character per month; streets, points: the busiest
    of each area; districts, context: lines to draw. The script parses a line only when it needs it, so the first screen
    does not wait for the others. All of it is ASCII.
    """
    sentences, sentence = _sentences(view)
    columns = [
        f"{json.dumps(name)}:{_column(texts, name)}"
        for name, texts in with_groups(view.texts, view.areas).items()
    ]
    names: dict[str, int] = {}
    rest = {
        "sentences": sentences,
        "sentence": sentence,
        "labels": _labels(view),
        "monthly": {kind: _series(view.counts[kind]) for kind in tables.SAC_TYPES} if view.months else None,
        "streets": _streets(view, names),
        "points": _points(view, names),
        "streetNames": [street_of(name) for name in names],
        "districts": backdrop.districts(view),
        "subtotals": _subtotals(view),
        "tiles": tiles.for_script(view),
        "lists": answer.for_script(view),
        "reasons": _reasons(view),
        "context": backdrop.context_of(view),
    }
    lines = [f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in rest.items()]
    return "\n".join(['{"columns":{', ",\n".join(columns), "},", ",\n".join(lines), "}"])


def packed(text: str) -> str:
    """Return text compressed (zlib) and in base 64, as the script unpacks it."""
    raw = text.encode()
    level = LEVEL if LITTLE < len(raw) < MUCH else HARDER
    return base64.b64encode(deflate.zlib_compress(raw, level)).decode()


def _column(texts: Sequence[str], name: str) -> str:
    """Return a column of the CSV as a JSON array with the same digits; empty cells are null."""
    if name in TEXTS:
        return json.dumps(texts, separators=(",", ":"))
    return f"[{','.join(text or 'null' for text in texts)}]"


def _number(value: float) -> float | int | None:
    """Return a number for JSON, as an integer if it is whole; None if it is missing."""
    if pd.isna(value):
        return None
    rounded = round(float(value), DECIMALS)
    return int(rounded) if rounded.is_integer() else rounded


def _reasons(view: View) -> dict[str, dict[int, tuple[tuple[str, ...], str]]]:
    """Return, by list ("hardening" or a crime type) and position of the area, the reasons and how sure its rank is."""
    reasons: dict[str, Sequence[lists.Reasons]] = {"hardening": view.hardening, **view.week}
    at = view.position_of
    return {
        name: {at[one.area_id]: (one.why, one.sure) for one in entries if one.area_id in at}
        for name, entries in reasons.items()
    }


def _sentences(view: View) -> tuple[list[str], list[int]]:
    """Return the different sentences, with placeholders for numbers, and the number of each row's sentence."""
    rows = view.table[READING].assign(months_compared=months.A_YEAR if view.yearly else len(view.current))
    changes = [change for area in zip(*view.followed.values(), strict=True) for change in area]
    among = f"all {counted(len(view.areas), view.unit)}" if len(view.areas) > 1 else ""
    nowhere = view.areas["area_id"][view.areas.geometry.is_empty]
    why = {**dict.fromkeys(nowhere, "it has no boundary"), **view.unknown}
    reasons = [why.get(area, view.left_out) for area in view.table["area_id"]]
    said = [
        words.pattern_of(row, view.follows, change, among=among, unknown=reason, adjoins=view.adjoins)
        for row, change, reason in zip(readings(rows), changes, reasons, strict=True)
    ]
    number_of = {one: n for n, one in enumerate(dict.fromkeys(said))}
    return list(number_of), [number_of[one] for one in said]


def _labels(view: View) -> list[int]:
    """Return where the name of each area may be written, and the width of the area there: see `label_places`.

    A place is a step from the one before it, because small numbers pack well.
    """
    steps = view.outlines.names_at.copy()
    steps[1:, :2] = np.diff(steps[:, :2], axis=0)
    return steps.ravel().tolist()


def _streets(view: View, names: dict[str, int]) -> list[list[int]] | None:
    """Return, for each row of the table, its busiest streets: number in `names`, crimes, number, crimes ….

    A number in `names` is a step from the one before it, because small numbers pack well.
    """
    if view.streets is None:
        return None
    found: list[list[int]] = []
    for area in view.areas["area_id"]:
        for kind in tables.CRIME_TYPES:
            before, row = 0, list[int]()
            for name, n in view.streets.get(area, {}).get(kind, ()):
                street = names.setdefault(name, len(names))
                row += [street - before, n]
                before = street
            found.append(row)
    return found


def _points(view: View, names: dict[str, int]) -> dict[int, list[int]] | None:
    """Return, by position of the area, its busiest map points: lon, lat (1e-5 degree), street, crimes by type, and on.

    Place and street are a step from the point before it, because small numbers pack well.
    """
    if not view.points:
        return None
    ids = view.areas["area_id"].to_numpy(object)
    found: dict[int, list[int]] = {}
    for position in positions_with_points(view):
        before = (0, 0, 0)
        numbers: list[int] = []
        for point in view.points.get(ids[position], ()):
            street = names.setdefault(point.street, len(names))
            here = (round(point.lon * 1e5), round(point.lat * 1e5), street)
            numbers += [*(now - then for now, then in zip(here, before, strict=True)), *point.counts]
            before = here
        if numbers:
            found[position] = numbers
    return found


def positions_with_points(view: View) -> Sequence[int]:
    """Return the positions of the areas with map points: all areas, or on large maps those on a list."""
    if len(view.areas) <= MOST_WITH_POINTS:
        return range(len(view.areas))
    listed = chain(view.hardening_list, *view.week_lists.values())
    return sorted({entry.position for entry in listed})


def _subtotals(view: View) -> dict[str, list[Json]] | None:
    """Return the columns of the districts for the map, by district and crime type; None if it shows areas."""
    if view.subtotals.empty or len(view.areas) <= DISTRICTS_FIRST:
        return None
    every = pd.MultiIndex.from_product([view.district_names, tables.CRIME_TYPES])
    rows = view.subtotals.set_index(["group", "crime_type"]).reindex(every)
    numbers = ("current_count", "baseline_mean", "expected")
    return {
        "verdict": [str(verdict) if pd.notna(verdict) else "not known" for verdict in rows["verdict"]],
        **{name: [_number(value) for value in rows[name]] for name in numbers},
    }


def _months(view: View) -> dict[str, Json]:
    """Return the months of the charts, the periods to shade, and their months compared."""
    at = {month: position for position, month in enumerate(view.months)}

    def spans(periods: Sequence[Period]) -> list[list[int]]:
        return [[at[period[0]], at[period[-1]]] for period in periods if {period[0], period[-1]} <= set(at)]

    return {
        "months": [months.in_words(month) for month in view.months],
        "shades": {
            "baseline": spans(view.baseline),
            "current": spans([view.current] if view.current else []),
        },
        "compared": list(view.compared),
    }


def _series(counts: NDArray[np.float64]) -> list[str]:
    """Return each row of counts as text: one character per month, {n} for large counts, "." if not known."""
    whole = np.nan_to_num(counts, nan=-1).astype(int)
    signs = np.ascontiguousarray(_SIGNS[np.minimum(whole, len(_DIGITS) - 1)])
    texts: list[str] = signs.view(f"U{whole.shape[1]}").ravel().tolist()
    for row in np.flatnonzero((whole >= len(_DIGITS)).any(axis=1)):
        texts[row] = "".join(_SIGNS[n] if n < len(_DIGITS) else f"{{{n}}}" for n in whole[row].tolist())
    return texts


def _bounds(view: View) -> list[list[float]]:
    west, south, east, north = (round(float(value), 5) for value in view.areas.total_bounds)
    return [[south, west], [north, east]]
