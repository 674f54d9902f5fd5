"""The page as a folium.Map: it shows in a notebook, takes folium layers and saves as the officer's page.

folium is given numbers and list positions only. See `sacmap.publish.page` for why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import overload

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from sacmap import tables
from sacmap.areas.given import areas_given
from sacmap.choose.ranking import by_rate, ranked_by_figures
from sacmap.errors import InputError, UsageError
from sacmap.measure.counts import percent_change
from sacmap.notices import counted
from sacmap.publish.change_rows import table_of
from sacmap.publish.make_view import page_of
from sacmap.publish.page import MAP_ELEMENT, fill, map_script, render
from sacmap.publish.public import as_published
from sacmap.publish.view import View
from sacmap.publish.words import unit_of
from sacmap.result import Result

__all__ = ["OfficerMap", "draw", "render"]

NOTEBOOK_HEIGHT = "900px"


class PageFigure(Figure):
    """The document around the map: our template, not branca's."""

    def __init__(self, page: View) -> None:
        super().__init__(height=NOTEBOOK_HEIGHT)
        self.page = page

    def render(self, **kwargs: object) -> str:
        """Return the whole page."""
        children = list(self._children.values())
        for child in children:
            child.render(**kwargs)
        found = [*_libraries(self), *self.header._children.values()]
        links = [element.render() for element in found if isinstance(element, JavascriptLink | CssLink)]
        page = replace(self.page, links=links) if links else self.page
        layers = any(child._children for child in children)
        return fill(
            page, self.html.render(**kwargs).strip(), self.script.render(**kwargs).strip(), layers=layers
        )


def _libraries(figure: Figure) -> list[Element]:
    """Return folium's own libraries, but for Leaflet, where a layer that was added cannot do without them."""
    waiting = list(figure._children.values())
    for element in waiting:
        waiting.extend(element._children.values())
    if not any(isinstance(element, folium.Popup | folium.Icon) for element in waiting):
        return []
    scripts = [JavascriptLink(url) for name, url in folium.Map.default_js if name != "leaflet"]
    styles = [CssLink(url) for name, url in folium.Map.default_css if name != "leaflet_css"]
    return [*styles, *scripts]


class OfficerMap(folium.Map):
    """A folium.Map whose page is the officer's page; add folium layers to it as to any other."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own names, read by it from the class
    default_css: list[tuple[str, str]] = []  # noqa: RUF012
    _template = Template(
        "{% macro html(this, kwargs) %}{{ this.element }}{% endmacro %}"
        "{% macro script(this, kwargs) %}{{ this.code }}{% endmacro %}"
    )

    def __init__(self, page: View) -> None:
        super().__init__(tiles=None)
        self.element, self.code = MAP_ELEMENT, map_script(page)
        PageFigure(page).add_child(self, name="map")

    def get_name(self) -> str:
        """Return the name of the map in the page's script, the same each time."""
        return "map"


@overload
def draw(what: Result) -> OfficerMap: ...
@overload
def draw(what: pd.DataFrame, areas: gpd.GeoDataFrame, *, title: str | None = None) -> OfficerMap: ...
def draw(
    what: Result | pd.DataFrame, areas: gpd.GeoDataFrame | None = None, *, title: str | None = None
) -> OfficerMap:
    """Return the officer's page as a folium.Map: it shows in a notebook, saves as the page, takes folium layers.

    >>> areas = read_areas("wards.geojson")
    >>> shown = draw(change(count(locate(read_crimes("crimes.zip"), areas), study), study, areas), areas)
    >>> shown.save("map.html")

    Parameters
    ----------
    what
        What `run` gives, which is drawn whole; or a Change table, or its key, current_count, verdict and some of its
        other columns: those that are not there are empty, and areas that have no row are "not known".
    areas
        The Areas table of a Change table.
    title
        Name of the place.

    Raises
    ------
    UsageError
        If a Change table comes without its areas, or a result with some.
    InputError
        If a table lacks a column without which it would say "not known" of every area, or has a row twice, the areas
        are not usable (see `areas_given`), or none of the rows is of these areas.
    """
    if isinstance(what, Result):
        if areas is not None or title is not None:
            raise UsageError("A result has its own areas and title.", "Write draw(result).")
        return OfficerMap(page_of(as_published(what)))
    if areas is None:
        raise UsageError("A Change table alone has no shapes to draw.", "Write draw(change, areas).")
    tables.require_columns(what, (*tables.CHANGE.key, "current_count", "verdict"), "Change")
    areas = areas_given(areas, ("area_id", "name", "geometry"))
    areas["area_id"] = areas["area_id"].astype(str)
    table = ranked_by_figures(table_of(_one_row_each(what, areas), areas), rates=by_rate(areas))
    title = str(title or counted(len(areas), unit_of(areas["area_id"])))
    return OfficerMap(View(title=title, change=table, areas=areas, totals=totals_of(table)))


def _one_row_each(change: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a Change table with its area_id as text, or refuse one that has a row twice, or none of these areas."""
    change = change.reset_index(drop=True).assign(area_id=change["area_id"].astype(str).to_numpy())
    twice = change.duplicated(list(tables.CHANGE.key))
    if twice.any():
        row = change[twice].iloc[0]
        raise InputError(
            f"The Change table has {row['area_id']}, {row['crime_type']}, twice.",
            "Give each area and crime type one row.",
        )
    drawn = change["area_id"].isin(areas["area_id"]) & change["crime_type"].isin(tables.CRIME_TYPES)
    if len(change) and not drawn.any():
        row = change.iloc[0]
        raise InputError(
            f"Nothing in the Change table can be drawn: its first row is of {row['area_id']}, {row['crime_type']}.",
            f"Give the rows of these areas ({areas['area_id'].iloc[0]} first), of {', '.join(tables.CRIME_TYPES)}.",
        )
    return change


def totals_of(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Return, by crime type, the sums of a Change table before and now; None where no area is known."""
    totals: dict[str, dict[str, float | None]] = {}
    for kind in tables.CRIME_TYPES:
        rows = table[table["crime_type"] == kind]
        before, now = (float(rows[name].sum(min_count=1)) for name in ("baseline_mean", "current_count"))
        totals[kind] = {
            "baseline_mean": None if np.isnan(before) else before,
            "current_count": None if np.isnan(now) else now,
            "change_pct": percent_change(before, now),
            "published_change_pct": None,
        }
    return totals
