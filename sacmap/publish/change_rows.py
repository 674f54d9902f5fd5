"""The rows of the Change table that the sentences, bars and lists read: by column, NaN where a number is not known.

`sacmap.tables` says what the columns hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypedDict, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.publish.csv_json import DECIMALS
from sacmap.result import Result


class Reading(TypedDict):
    """The part of a row that a sentence about it needs."""

    verdict: str
    months_compared: float
    baseline_periods: float
    baseline_mean: float
    current_count: float
    expected: float
    normal_low: float
    normal_high: float


#: Its columns, in order.
READING = list(Reading.__annotations__)
#: What is shown in place of a verdict where the comparator is no good guide; and the other columns of the tables that
#: follow from the comparator, which are then not shown.
NO_READING = "no reading"
UNJUDGED = (
    "expected", "normal_low", "normal_high", "p_value", "ratio", "ratio_low", "ratio_high", "prob_above", "excess",
    "level", "level_per_1000_households",
)  # fmt: skip


class GroupRow(Reading):
    """A row of the table of groups."""

    group: str
    crime_type: str
    change: float
    change_pct: float
    level: float


class ChangeRow(Reading):
    """A row of the Change table."""

    area_id: str
    area_name: str
    crime_type: str
    change: float
    change_pct: float
    level: float
    level_per_1000_households: float


#: The rows of one area, by crime type.
ByType = Mapping[str, ChangeRow]


def readings(table: pd.DataFrame) -> Iterator[Reading]:
    """Yield the readings of a table, row by row."""
    for values in table[READING].itertuples(index=False, name=None):
        yield cast("Reading", dict(zip(READING, values, strict=True)))


def change_rows(table: pd.DataFrame) -> list[ChangeRow]:
    """Return the rows of a Change table."""
    return cast("list[ChangeRow]", table.to_dict("records"))


def group_rows(table: pd.DataFrame) -> list[GroupRow]:
    """Return the rows of a table of groups."""
    return cast("list[GroupRow]", table.to_dict("records"))


def known_types(change: pd.DataFrame, *, level_only: bool) -> tuple[str, ...]:
    """Return the crime types that are known in any area, in order; all of them if none is.

    Without an earlier period no verdict is known, so the levels tell.
    """
    there = change["level"].notna() if level_only else change["verdict"] != "not known"
    found = set(change.loc[there, "crime_type"])
    return tuple(kind for kind in tables.CRIME_TYPES if kind in found) or tables.CRIME_TYPES


def first_type(change: pd.DataFrame, *, level_only: bool) -> str:
    """Return the crime type shown first: all three together or, where they are not known, one that rose clearly."""
    known = known_types(change, level_only=level_only)
    rose = set(change.loc[change["verdict"] == "clear rise", "crime_type"])
    return next((kind for kind in known if kind in rose and "sac" not in known), known[0])


def without_readings(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the Change table, or of the groups, without what follows from a comparator that is no good guide.

    The counts and their change stay, and which areas are not known. The page, the workbook, the layers and the pictures
    show these rows; the CSV has the figures as they were worked out.
    """
    known = rows["verdict"] != "not known"
    gone = {name: np.nan for name in UNJUDGED if name in rows}
    return rows.assign(verdict=rows["verdict"].mask(known, NO_READING), **gone)


def rows_by_area(change: pd.DataFrame, area_ids: Collection[str]) -> dict[str, ByType]:
    """Return the rows of some areas of the Change table: area_id → crime type → row."""
    found: dict[str, dict[str, ChangeRow]] = {}
    for row in change_rows(change[change["area_id"].isin(area_ids)]):
        found.setdefault(row["area_id"], {})[row["crime_type"]] = row
    return dict(found)


def on_one_point(result: Result, area: str, kind: str) -> str:
    """Return ", on one map point" for a rise that may be a change in how places are recorded; otherwise ""."""
    return ", on one map point" if area in result.one_point.get(kind, {}) else ""


def table_of(change: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the Change table in the order of the areas, four rows each, its numbers as the CSV has them.

    Rows that are not there are "not known", columns that are not there empty. The page, its script and the CSV all
    read these digits, so that none of them can round to another figure than the others.
    """
    every = pd.MultiIndex.from_product([areas["area_id"], tables.CRIME_TYPES], names=tables.CHANGE.key)
    rows = change.set_index(list(tables.CHANGE.key)).reindex(every).reset_index()
    rows = rows.reindex(columns=tables.CHANGE.names)
    rows["area_name"] = np.repeat(areas["name"].to_numpy(object), len(tables.CRIME_TYPES))
    rows["verdict"] = rows["verdict"].astype(object).fillna("not known")
    numeric = [column.name for column in tables.CHANGE.columns if column.kind != "text"]
    rows[numeric] = rows[numeric].astype(float).replace([np.inf, -np.inf], np.nan).round(DECIMALS)
    return rows
