"""The map itself, a folium.Map: it shows in a notebook and saves as the officer's page.

folium is given numbers and list positions only. See `sacmap.publish.page` for why.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink, MacroElement
from folium.template import Template

from sacmap.publish.page import fill
from sacmap.publish.shapes import MANY
from sacmap.publish.view import View

NOTEBOOK_HEIGHT = "900px"


class PageFigure(Figure):
    """The document around the map: our template, not branca's."""

    def __init__(self, page: View) -> None:
        super().__init__(height=NOTEBOOK_HEIGHT)
        self.page = page

    def render(self, **kwargs: Any) -> str:
        """Return the whole page."""
        for child in list(self._children.values()):
            child.render(**kwargs)
        found = [*_libraries(self), *self.header._children.values()]
        links = [element.render() for element in found if isinstance(element, JavascriptLink | CssLink)]
        page = replace(self.page, links=links) if links else self.page
        return fill(page, self.html.render(**kwargs), self.script.render(**kwargs))


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


class AreasLayer(MacroElement):
    """The areas, as coded whole numbers; their names, figures and colours are the page's own."""

    _template = Template("{% macro script(this, kwargs) %}drawAreas(map, {{ this.shapes }});{% endmacro %}")

    def __init__(self, codes: list[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "areas"
        self._id = "layer"
        self.shapes = json.dumps(codes, separators=(",", ":"))


class OfficerMap(folium.Map):
    """A folium.Map whose page is the officer's page; add folium layers to it as to any other."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own names, read by it from the class
    default_css: list[tuple[str, str]] = []  # noqa: RUF012
    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <div id="map" role="application" aria-label="Map: arrow keys move it, plus and minus zoom"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        const map = L.map("map", {
          zoomControl: false, attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false,
          dragging: !matchMedia("(pointer: coarse)").matches,
          zoomAnimation: false, fadeAnimation: false, preferCanvas: {{ this.canvas|tojson }},
        }).setView([{{ this.middle[0] }}, {{ this.middle[1] }}], 10);
        {% endmacro %}
        """
    )

    def __init__(self, page: View) -> None:
        super().__init__(tiles=None)
        west, south, east, north = page.areas.total_bounds
        self.middle = [round(float(south + north) / 2, 5), round(float(west + east) / 2, 5)]
        self.canvas = len(page.areas) > MANY
        PageFigure(page).add_child(self, name="map")
        if page.tiles:
            self.add_child(_tiles(page.tiles, page.tiles_key), name="tiles")
        self.add_child(AreasLayer(page.outlines.codes), name="areas")

    def get_name(self) -> str:
        """Return the name of the map in the page's script, the same each time."""
        return "map"


class _Tiles(MacroElement):
    """A basemap the analyst asked for: its address is theirs, coded so that nothing in it can run."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "L.tileLayer(decodeURIComponent('{{ this.address }}'), {maxZoom: 20}).addTo(map);"
        "{% endmacro %}"
    )

    def __init__(self, address: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "tiles"
        self._id = "layer"
        self.address = "".join(f"%{byte:02X}" for byte in address.encode())


def _tiles(url: str, key: str | None) -> Element:
    return _Tiles(url.replace("{key}", key or ""))


def render(page: View) -> str:
    """Return the officer's page as HTML: the same page gives the same text."""
    return str(OfficerMap(page).get_root().render())
