"""What the officer's page, its pictures and its files show: one View, filled in by `sacmap.publish.present`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.publish.files import DECIMALS, texts_of
from sacmap.publish.outlines import Outlines, outlines_of
from sacmap.publish.plan_view import PlanView
from sacmap.study import Period


@dataclass(frozen=True, kw_only=True)
class View:
    """What the page shows; text in it is data, whatever it holds."""

    title: str
    change: pd.DataFrame
    areas: gpd.GeoDataFrame
    totals: Mapping[str, Mapping[str, float | None]]
    current: Period = ()
    baseline: tuple[Period, ...] = ()
    compared: tuple[int, ...] = ()
    comparator: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    comparator_words: str = "the rest of the areas"
    monthly: pd.DataFrame | None = None
    warnings: Sequence[Mapping[str, str]] = ()
    definitions: Sequence[Mapping[str, str]] = ()
    streets: Mapping[str, Mapping[str, Sequence[tuple[str, int]]]] | None = None
    hardening: Sequence[Mapping[str, Any]] | None = None
    week: Sequence[Mapping[str, Any]] | None = None
    sources: Sequence[str] = ()
    plan: PlanView | None = None
    drawn: Outlines | None = None
    practice: bool = False
    restricted: bool = False
    exact: bool = False
    tiles: str | None = None
    tiles_key: str | None = None
    links: Sequence[str] = field(default=())

    @cached_property
    def table(self) -> pd.DataFrame:
        """The Change table in the order of the areas, with the digits of the CSV: see `table_of`."""
        return table_of(self.change, self.areas)

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """The same table in text, by column, as the CSV and the page's script have it."""
        return texts_of(self.table)

    @cached_property
    def outlines(self) -> Outlines:
        """What is drawn of the areas: made beforehand, or now."""
        return self.drawn or outlines_of(self.areas.geometry.to_numpy())

    @cached_property
    def months(self) -> Period:
        """Every month from the first counted to the last, those between them that were not read too."""
        if self.monthly is None or self.monthly.empty:
            return ()
        return months.span(f"{self.monthly['month'].min()}:{self.monthly['month'].max()}")

    @cached_property
    def counts(self) -> dict[str, NDArray[np.float64]]:
        """(areas × months) counts by crime type, NaN where a month is not complete."""
        if self.monthly is None:
            return {}
        labels = {"crime_type": tables.SAC_TYPES, "area_id": self.areas["area_id"], "month": self.months}
        places = np.array([_places(self.monthly[name], wanted) for name, wanted in labels.items()])
        cube = np.full([len(wanted) for wanted in labels.values()], np.nan)
        there = (places >= 0).all(axis=0)
        cube[tuple(places[:, there])] = self.monthly["n"].to_numpy(float, na_value=np.nan)[there]
        return dict(zip(tables.SAC_TYPES, cube, strict=True))

    @cached_property
    def known(self) -> frozenset[str]:
        """The crime types that are known of some area; all of them where the table has no readings."""
        rows = self.table
        found = frozenset(rows.loc[rows["verdict"] != "not known", "crime_type"])
        return found or frozenset(tables.CRIME_TYPES)

    @property
    def first_type(self) -> str:
        """The crime type that the page opens on."""
        return next(kind for kind in tables.CRIME_TYPES if kind in self.known)

    @property
    def in_words(self) -> Mapping[str, str]:
        """What each crime type is called: as police.uk has it, or exactly, of a force's own extract."""
        return tables.EXACT_WORDS if self.exact else tables.IN_WORDS

    @property
    def whole(self) -> str:
        """What the total is called that holds crimes without a location too."""
        return "Whole extract, with no location too" if self.exact else "Whole force, as published"

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Crime type and its label, in order."""
        return tuple(
            (kind, "All three" if kind == "sac" else self.in_words[kind].capitalize())
            for kind in tables.CRIME_TYPES
        )


def _places(column: pd.Series, wanted: Iterable[str]) -> NDArray[np.intp]:
    """Return the place of each value among those wanted, or -1; each different one is looked up once."""
    codes, found = pd.factorize(column, use_na_sentinel=False)
    return pd.Index(wanted).get_indexer(found)[codes]


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
    rows[numeric] = rows[numeric].astype(float).round(DECIMALS)
    return rows
