"""The View: everything that the page, the workbook, the GeoPackage and the picture show of a comparison.

`sacmap.publish.make_view` makes it from a result. Its texts may hold anything, because they come from data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from sacmap import months, tables
from sacmap.areas.context import Layer
from sacmap.choose.ranking import by_rate
from sacmap.measure.chance_flags import how_sure
from sacmap.measure.comparator import OTHERS, UNFIT, ComparatorRecord, changes_followed
from sacmap.measure.counts import cube_of
from sacmap.measure.definitions import Break
from sacmap.months import Period
from sacmap.notices import WEIGHTY, Notice, counted, series
from sacmap.publish import backdrop, change_rows, lists, words
from sacmap.publish import headline as headlines
from sacmap.publish.change_rows import ChangeRow, first_type, known_types
from sacmap.publish.csv_json import texts_of
from sacmap.publish.headline import Headline
from sacmap.publish.shapes import Outlines, joined, outlines_of

if TYPE_CHECKING:
    from sacmap.publish.plan_parts import PlanView


class MapPoint(NamedTuple):
    """One of an area's busiest map points: degrees, its street, and its crimes of each of the SAC types."""

    lon: float
    lat: float
    street: str
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """What is shown.

    change: the Change table; areas: the Areas table, which may have a column `group` (the town or district); monthly:
    the Counts table; totals, comparator: by crime type, as in the JSON record; subtotals: the table of groups; streets:
    the busiest streets and their crimes, by area_id and crime type; points: the busiest map points by area_id, empty if
    points must not be shown; week (by crime type), hardening: why areas are on the lists; one_point: by crime type, the
    areas whose rise lies on one map point; unknown: why an area is not known, by area_id.
    """

    title: str
    change: pd.DataFrame
    areas: gpd.GeoDataFrame
    totals: Mapping[str, Mapping[str, float | None]]
    current: Period = ()
    baseline: tuple[Period, ...] = ()
    compared: tuple[int, ...] = ()
    comparator: Mapping[str, ComparatorRecord] = field(default_factory=dict)
    comparator_words: str = OTHERS
    monthly: pd.DataFrame = field(default_factory=pd.DataFrame)
    warnings: Sequence[Notice] = ()
    definitions: Sequence[Break] = ()
    streets: Mapping[str, Mapping[str, Sequence[tuple[str, int]]]] | None = None
    points: Mapping[str, Sequence[MapPoint]] = field(default_factory=dict)
    hardening: Sequence[lists.Reasons] = ()
    week: Mapping[str, Sequence[lists.Reasons]] = field(default_factory=dict)
    one_point: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    subtotals: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: Sequence[str] = ()
    context: Sequence[Layer] = ()
    plan: PlanView | None = None
    drawn: Outlines | None = None
    practice: bool = False
    restricted: bool = False
    exact: bool = False
    lacking: tuple[str, ...] = ()
    level_only: bool = False
    tiles: str | None = None
    tiles_key: str | None = None
    links: Sequence[str] = ()

    @cached_property
    def table(self) -> pd.DataFrame:
        """What is shown of the Change table, in the order of the areas, with the digits of the CSV: see `table_of`."""
        return change_rows.without_readings(self._whole) if self.no_fit else self._whole

    @cached_property
    def _whole(self) -> pd.DataFrame:
        return change_rows.table_of(self.change, self.areas)

    @cached_property
    def rows(self) -> dict[str, pd.DataFrame]:
        """The same by crime type: one row per area, in the order of the areas."""
        return {
            kind: self.table[self.table["crime_type"] == kind].reset_index(drop=True)
            for kind in tables.CRIME_TYPES
        }

    @cached_property
    def verdicts(self) -> dict[str, NDArray[np.object_]]:
        """(areas,) verdicts by crime type."""
        return {kind: rows["verdict"].to_numpy(object) for kind, rows in self.rows.items()}

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """The columns of the CSV as text, for it and the page's script."""
        return texts_of(self._whole)

    @cached_property
    def outlines(self) -> Outlines:
        """The simplified outlines of the areas, made now if they were not made before."""
        return self.drawn or outlines_of(self.areas.geometry.to_numpy())

    @cached_property
    def months(self) -> Period:
        """Every month from the first counted to the last, including months between them that were not read."""
        if self.monthly.empty:
            return ()
        return months.span(f"{self.monthly['month'].min()}:{self.monthly['month'].max()}")

    @cached_property
    def counts(self) -> dict[str, NDArray[np.float64]]:
        """(areas × months) counts by crime type, NaN if a month is not complete."""
        labels = {"crime_type": tables.SAC_TYPES, "area_id": self.areas["area_id"], "month": self.months}
        return dict(zip(tables.SAC_TYPES, cube_of(self.monthly, labels), strict=True))

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The crime types that are known in any area, in order; all of them if none is."""
        return known_types(self.table, level_only=self.level_only)

    @property
    def in_part(self) -> bool:
        """Whether a part of serious acquisitive crime is missing from an extract, so that no total is all of it."""
        return bool(self.lacking) or "sac" not in self.known

    @cached_property
    def first_type(self) -> str:
        """The crime type that the page shows first: that of a themed plan, whose counts are those of its list."""
        if self.plan is not None and self.plan.theme != "sac":
            return self.plan.theme
        return first_type(self.table, level_only=self.level_only)

    @property
    def in_words(self) -> Mapping[str, str]:
        """The names of the crime types: police.uk's, or the exact ones of a force's own extract."""
        named = tables.extract_words(self.lacking) if self.exact else tables.IN_WORDS
        without = f", without {tables.lacking_words(self.lacking)}," if self.lacking else ""
        return named | {"sac": words.TOGETHER + without}

    @property
    def nouns(self) -> tables.Nouns:
        """What one crime of each type is called, and several."""
        return tables.nouns_of(self.lacking)

    @cached_property
    def labels(self) -> dict[str, str]:
        """The label of each crime type, in order."""
        return {
            kind: "All three" if kind == "sac" else words.capital(self.in_words[kind])
            for kind in tables.CRIME_TYPES
        }

    @cached_property
    def unit(self) -> words.Unit:
        """The name of the areas, singular and plural."""
        return words.unit_of(self.areas["area_id"].astype(str))

    @property
    def follows(self) -> str:
        """What the expected counts follow, in words, with the name of the areas."""
        return words.follows(self.comparator_words, self.unit)

    @cached_property
    def groups(self) -> list[str]:
        """The town or district of each area, or ""; all are "" if there are no groups."""
        return tables.group_of_each(self.areas)

    @cached_property
    def district_names(self) -> list[str]:
        """The names of the towns or districts, in order."""
        return sorted(set(self.groups) - {""})

    @cached_property
    def districts(self) -> dict[str, shapely.Geometry]:
        """The shapes of the towns or districts by name, with the simplified edges of the areas."""
        if not self.district_names:
            return {}
        groups = np.array(self.groups, dtype=object)
        return {name: joined(self.outlines.shapes[groups == name]) for name in self.district_names}

    @cached_property
    def towns(self) -> list[tuple[str, int, int]]:
        """The towns in and near the areas: see `sacmap.publish.backdrop.towns_near`."""
        return backdrop.towns_near(self.areas)

    @cached_property
    def position_of(self) -> dict[str, int]:
        """The position of each area in the table of areas, from 0, by area_id."""
        return {area: position for position, area in enumerate(self.areas["area_id"])}

    @cached_property
    def names(self) -> list[str]:
        """The areas' names. Areas that share a name also have their district, or else their code."""
        return list(tables.names_of(self.areas).values())

    @property
    def rates(self) -> bool:
        """Whether levels are ranked per 1,000 households."""
        return by_rate(self.areas)

    @property
    def level_column(self) -> str:
        """The column that the map of levels shows: without an earlier period, the crimes counted."""
        if self.level_only:
            return "current_count"
        return "level_per_1000_households" if self.rates else "level"

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """The positions of the areas by town or district; "" is the whole map."""
        return lists.by_district(range(len(self.areas)), self.groups)

    @cached_property
    def week_places(self) -> dict[str, dict[str, list[int]]]:
        """The positions of the areas named for a week of action, by crime type and district."""
        return {
            kind: {} if self.level_only or self.no_fit else lists.week_places(rows, self.groups)
            for kind, rows in self.rows.items()
        }

    @cached_property
    def week_lists(self) -> dict[str, list[lists.Listed]]:
        """The areas for a week of action, by crime type."""
        return {
            kind: [] if self.level_only or self.no_fit else lists.week_list(rows, self.week.get(kind, ()))
            for kind, rows in self.rows.items()
        }

    @cached_property
    def hardening_list(self) -> list[lists.Listed]:
        """The areas for target hardening."""
        return lists.hardening_list(self.rows["burglary"])

    @cached_property
    def tells_firm(self) -> bool:
        """Whether to say how firm the places for target hardening are: not where every area is among the first five."""
        return any(entry.firm for entry in self.hardening_list)

    @cached_property
    def yearly(self) -> bool:
        """Whether a period is a whole year."""
        return months.A_YEAR in (self._whole["months_compared"].max(), len(self.current))

    @property
    def periods(self) -> int:
        """The number of baseline periods, at least 1."""
        most = self.table["baseline_periods"].max() if len(self.table) else np.nan
        return max(1, int(most)) if pd.notna(most) else max(1, len(self.baseline))

    @cached_property
    def headlines(self) -> dict[str, Headline]:
        """The page's first two sentences by crime type; on `sac`, about all of them."""
        return {kind: self._headline(kind) for kind in tables.CRIME_TYPES}

    def _headline(self, kind: str) -> Headline:
        if self.level_only:
            most = [self.names[position] for position in lists.most_crime(self.rows[kind])[: words.NAMED]]
            return headlines.level_headline(kind, self.in_words[kind], most, self.unit)
        scene = headlines.Scene(
            place=self.place,
            totals=self.totals,
            comparator=self.comparator,
            follows=self.follows,
            in_words=self.in_words,
            unit=self.unit,
            lacking=tables.lacking_words(self.lacking),
            notices=frozenset(notice.code for notice in self.warnings),
        )
        return headlines.headline(kind, self._rows_in_order, scene)

    @cached_property
    def _rows_in_order(self) -> dict[str, pd.DataFrame]:
        """The rows of each crime type in the order of its week list. Rises on one map point are marked."""
        rows = {}
        for each, of_kind in self.rows.items():
            # A rise on one map point may be a change of recording: the headline leaves it out.
            point = of_kind["area_id"].isin(self.one_point.get(each, frozenset()))
            point &= of_kind["verdict"] == "clear rise"
            verdicts = words.told_verdicts(of_kind).mask(point.to_numpy(), headlines.ONE_POINT)
            rows[each] = of_kind.assign(label=self.names, verdict=verdicts).iloc[lists.whole_order(of_kind)]
        return rows

    @property
    def place(self) -> str:
        """The name of the place, or "" if the title is only the number of areas."""
        return "" if self.title == counted(len(self.areas), self.unit) else self.title

    @property
    def first_words(self) -> str:
        """The place and the first two sentences about the crime type that the page shows first, in one line."""
        said = self.headlines[self.first_type]
        both = f"{said.first} {said.second}".strip()
        return both if words.is_named(self.place, both) else f"{self.place}: {both}"

    def could_show(self, kind: str) -> str:
        """Return how large a change of a crime type this map could show."""
        if self.level_only:
            return "There is no earlier period to compare with, so this page shows levels only: no rise and no fall."
        if self.no_fit:
            return "Not at all: compare the areas with something else."
        return words.could_show(
            kind, self.rows[kind], nouns=self.nouns, periods=self.periods, yearly=self.yearly, unit=self.unit
        )

    @property
    def no_fit(self) -> str:
        """What is said in place of any finding where the comparator is unsuitable; "" otherwise."""
        return words.no_fit(self.unit) if any(notice.code == UNFIT for notice in self.warnings) else ""

    @property
    def by_chance(self) -> str:
        """The number of flags due to chance on real maps like this, for the first crime type; "" if not known."""
        said = () if self.no_fit else how_sure(self.change, self.first_type)
        return said[0] if said else ""

    def row(self, kind: str, position: int) -> ChangeRow:
        """Return an area's row of a crime type."""
        return cast("ChangeRow", {name: column[position] for name, column in self._columns[kind].items()})

    @cached_property
    def _columns(self) -> dict[str, dict[str, np.ndarray]]:
        """The same as `rows`, in arrays by column: a row of them is taken at once."""
        return {
            kind: {str(name): rows[name].to_numpy() for name in rows.columns}
            for kind, rows in self.rows.items()
        }

    def why(self, entry: lists.Listed, kind: str) -> tuple[str, ...]:
        """Return why an area is on the list for a week of action on a crime type, or on "hardening"."""
        area = self.areas["area_id"].iloc[entry.position]
        entries = self.hardening if kind == "hardening" else self.week.get(kind, ())
        reasons = next((one for one in entries if one.area_id == area), None)
        row = self.row("burglary" if kind == "hardening" else kind, entry.position)
        told = (*reasons.why, reasons.sure) if reasons else ()
        if kind != "hardening":
            return (lists.reading(row, kind, self.nouns), *told)
        return told or (f"{words.capital(words.likely_burglaries(row['level']))}.",)

    @property
    def data_to(self) -> str:
        """The last month of the data in a sentence, or ""."""
        return f"Data to {months.in_words(self.current[-1])}." if self.current else ""

    @property
    def weighty(self) -> list[Notice]:
        """The notices to read before the figures."""
        return [notice for notice in self.warnings if notice.code in WEIGHTY]

    @property
    def notes(self) -> list[Notice]:
        """The other notices about the data."""
        return [notice for notice in self.warnings if notice.code not in WEIGHTY]

    @property
    def banners(self) -> list[str]:
        """The banners above everything else: that the data are restricted, or made up."""
        said = []
        if self.restricted:
            said.append("Restricted: made from the force's own records. Do not publish.")
        if self.practice:
            said.append("Practice data: a made-up borough at sea. No real place or crime is shown.")
        return said

    @cached_property
    def followed(self) -> dict[str, list[float | None]]:
        """The change of the comparator, in %, by crime type and area."""
        return {kind: changes_followed(rows, self.comparator.get(kind)) for kind, rows in self.rows.items()}

    @property
    def left_out(self) -> str:
        """Why a count is not known in a public version that hides some and lacks no crime type; otherwise ""."""
        codes = {notice.code for notice in self.warnings}
        hides = "suppressed" in codes and not codes & {"absent-types", "no-such-offence"}
        return "this public version leaves its count out" if hides else ""

    @property
    def adjoins(self) -> bool:
        """Whether the baseline ends where the current period begins, or the periods are not known."""
        if not self.current or not self.baseline:
            return True
        return months.number(self.current[0]) - months.number(self.baseline[-1][-1]) == 1

    @property
    def periods_short(self) -> str:
        """The periods in a few words: "2019 against 2018"."""
        if not self.current:
            return ""
        now = months.short_span(self.current)
        if not self.baseline:
            return now
        if len(self.baseline) == 1 and self.adjoins and self.yearly and " to " in now:
            return f"{now} against the year before"
        if len(self.baseline) == 1:
            return f"{now} against {months.short_span(self.baseline[0])}"
        joined = [month for period in self.baseline for month in period]
        if self.yearly and months.number(self.current[0]) - months.number(joined[0]) == len(joined):
            return f"{now} against the {words.number(len(self.baseline))} years before"
        return f"{now} against {series([months.short_span(period) for period in self.baseline])}"

    @property
    def periods_in_words(self) -> str:
        """The periods in a sentence or two: "12 months to March 2018 compared with the 3 years before …"."""
        areas = counted(len(self.areas), self.unit)
        if not self.current:
            return f"{areas}."
        whole = len(self.current)
        did = "compared" if self.baseline else "counted"
        part = "" if len(self.compared) == whole else f" {len(self.compared)} of {whole} months {did}."
        now = months.span_in_words(self.current)
        before = f" compared with {months.baseline_in_words(self.baseline)}" if self.baseline else ""
        types = series([self.in_words[kind] for kind in tables.SAC_TYPES if kind in self.known])
        return f"{now}{before}.{part} {areas}. Police-recorded {types}."
