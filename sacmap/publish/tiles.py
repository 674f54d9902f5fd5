"""The tiles with the crime types: the counts and the findings of the whole map, and of each district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.files.json_shape import Json
from sacmap.notices import whole
from sacmap.publish import words
from sacmap.publish.view import View

#: What a tile says of the counts: columns of the Change table.
_COUNTS = ("current_count", "baseline_mean", "change_pct")


class Tile(NamedTuple):
    """A crime type on its tile: its counts in words, and its findings, each with its mark."""

    kind: str
    label: str
    change: str
    now: str
    before: str
    found: tuple[tuple[str, str], ...]


def tiles_of(view: View) -> list[Tile]:
    """Return the tiles of the whole map."""
    return [
        _tile(view, kind, view.totals[kind], words.told_verdicts(view.rows[kind]))
        for kind in tables.CRIME_TYPES
    ]


def _of_districts(view: View) -> dict[str, list[Tile]]:
    """Return the tiles of each town or district, by its name, from the subtotals. A public version has none."""
    if view.subtotals.empty:
        return {}
    groups = np.array(view.groups, dtype=object)
    told = {kind: words.told_verdicts(rows) for kind, rows in view.rows.items()}
    sums = {
        (row["group"], row["crime_type"]): {
            name: None if pd.isna(row[name]) else row[name] for name in _COUNTS
        }
        for row in view.subtotals[["group", "crime_type", *_COUNTS]].to_dict("records")
    }
    # A district of areas that are not known has no subtotal.
    unknown = dict.fromkeys(_COUNTS)
    return {
        name: [
            _tile(view, kind, sums.get((name, kind), unknown), told[kind][here])
            for kind in tables.CRIME_TYPES
        ]
        for name in view.district_names
        for here in [groups == name]
    }


def for_script(view: View) -> dict[str, list[Json]] | None:
    """Return what the tiles say, by district and in the order of the crime types; "" is the whole map.

    It is None without districts, and of a plan, which has no tiles.
    """
    districts = {} if view.plan else _of_districts(view)
    if not districts:
        return None
    every = {"": tiles_of(view)} | districts
    return {
        name: [[tile.change, tile.now, tile.before, [list(piece) for piece in tile.found]] for tile in tiles]
        for name, tiles in every.items()
    }


def _tile(view: View, kind: str, sums: Mapping[str, float | None], told: pd.Series) -> Tile:
    """Return a tile from the counts and from the verdicts as a summary tells them."""
    now, before, change = (sums[name] for name in _COUNTS)
    plain = view.level_only
    counts = Counter(told.to_list())
    found = (("", "no reading to rely on"),) if view.no_fit else words.found_in_words(counts, view.unit)
    return Tile(
        kind=kind,
        label=view.labels[kind],
        change="" if plain else "–" if change is None else f"{words.signed(change)}%",
        now="–" if now is None else whole(now),
        before="" if plain or before is None else words.mean(before),
        found=() if plain else found,
    )
