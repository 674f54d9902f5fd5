"""The officer's page: one HTML file that opens with a double click, without a network.

No text from data goes through folium or branca, which would parse it as a Jinja template and as HTML. folium gets only
numbers and list positions. All text is in one JSON block, with <, > and & escaped, and is written to the page by
`textContent`. Jinja escapes what the template itself writes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup

from sacmap.files.json_shape import Json
from sacmap.measure.warnings import NOT_KNOWN
from sacmap.notices import Notice, counted
from sacmap.publish import backdrop, colours, legend, page_data, page_rows, page_svg, words
from sacmap.publish.assets import file_of, leaflet_style, script, style
from sacmap.publish.change_rows import NO_READING
from sacmap.publish.shapes import MANY
from sacmap.publish.tiles import tiles_of
from sacmap.publish.view import View

#: Runs in the head, so that the page is laid out only once, with script if the browser can unpack the numbers.
EARLY = 'if ("DecompressionStream" in window) document.documentElement.dataset.script = "";'

#: The most notices of one kind that have a line each.
ALIKE = 2
MEASURES = (("change", "Change"), ("expected", "Against expected"), ("level", "Level"))


#: The full stop of a sentence: none within brackets, and not that of St. Helens.
_SENTENCE_END = re.compile(r"(?<!\bSt)\. (?![^()]*\))")


class Said(NamedTuple):
    """A warning: its first sentence, and the rest, which is shown on a click."""

    code: str
    lead: str
    rest: str


#: The element that Leaflet draws the map in.
MAP_ELEMENT = (
    '<div id="map" role="application" aria-label="Map: arrow keys move it, plus and minus zoom"></div>'
)


def render(view: View) -> str:
    """Return the officer's page as HTML: the same view gives the same text."""
    return fill(view, MAP_ELEMENT, map_script(view))


def map_script(view: View) -> str:
    """Return the script that makes the map and draws the areas: numbers and list positions only."""
    west, south, east, north = view.areas.total_bounds
    middle = f"[{round(float(south + north) / 2, 5)}, {round(float(west + east) / 2, 5)}]"
    canvas = "true" if len(view.areas) > MANY else "false"
    lines = [
        'const map = L.map("map", {',
        "  zoomControl: false, attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false,",
        '  dragging: !matchMedia("(pointer: coarse)").matches,',
        f"  zoomAnimation: false, fadeAnimation: false, preferCanvas: {canvas},",
        f"}}).setView({middle}, 10);",
    ]
    if view.tiles:
        # The address is the analyst's: it is coded so that nothing in it can run.
        address = view.tiles.replace("{key}", view.tiles_key or "")
        coded = "".join(f"%{byte:02X}" for byte in address.encode())
        lines.append(f"L.tileLayer(decodeURIComponent('{coded}'), {{maxZoom: 20}}).addTo(map);")
    lines.append(f"drawAreas(map, {json.dumps(view.outlines.codes, separators=(',', ':'))});")
    return "\n".join(lines)


def fill(view: View, map_html: str, map_script: str, *, layers: bool = False) -> str:
    """Return the whole page with the map of folium in it (its element and its script, numbers only).

    layers: whether an analyst has added some, which need the whole of Leaflet's style.
    """
    numbers = page_data.packed(page_data.numbers_of(view))
    content = page_data.content_of(view) | {"plan": view.plan.content() if view.plan else None}
    static_map = page_svg.static_map(view)
    rows = page_rows.static_rows(view)
    scripts = [file_of("leaflet/leaflet.js"), script(), map_script]
    own = ("page", "plan", "print") if view.plan else ("page", "print")
    styles = [leaflet_style(whole=layers or view.tiles is not None), *map(style, own)]
    return _template().render(
        view=view,
        policy=_policy(view, [EARLY, *scripts], styles),
        early=_safe(EARLY),
        **_head(view),
        **legend.legend_of(view),
        patterns=_safe(colours.patterns()),
        week=page_rows.week_shown(view),
        most=page_rows.most_shown(view) if view.level_only else None,
        hardening=page_rows.hardening_shown(view),
        firm_key=words.FIRM_KEY if view.tells_firm else "",
        level_words=_level_words(view),
        no_reading=NO_READING,
        sure=view.could_show(view.first_type),
        chance=view.by_chance,
        columns=page_rows.columns_of(view),
        rows=rows,
        table_note=page_rows.table_note(view, len(rows)),
        districts=page_rows.district_rows(view),
        map_html=_safe(map_html),
        static_map=_safe(static_map),
        sources=[*view.sources, *backdrop.sources(view)],
        credit="Police-recorded crime, data.police.uk, OGL v3.0." if not view.exact else "",
        data=_safe(json_block(content)),
        numbers=_safe(numbers),
        scripts=[_safe(script) for script in scripts],
        styles=[_safe(style) for style in styles],
    )


def _level_words(view: View) -> str:
    """Return what a level is, and which areas have one if not all are known, such as in a public version."""
    said = [
        "Ranked by now and before together: a high count is partly chance."
        if view.no_fit
        else (words.level_words if view.level_only else words.level_key)(yearly=view.yearly)
    ]
    if view.rows["burglary"]["current_count"].isna().any():
        said.append(f"Only {view.unit[1]} that are known are ranked.")
    return " ".join(said)


def _head(view: View) -> dict[str, object]:
    """Return what the template's head needs: headline, periods, warnings, the crime types."""
    headline = view.plan.headline if view.plan else view.headlines[view.first_type]
    fixed = view.plan.fixed if view.plan else ""
    place = view.place
    areas = counted(len(view.areas), view.unit)
    return {
        "headline": headline,
        "document_title": f"{place}: {headline.first}" if place else headline.first,
        # The place is not repeated if the headline names it.
        "place": "" if words.is_named(place, f"{headline.first} {headline.second}") else place,
        "periods": fixed or (f"{view.periods_short}, {areas}" if view.periods_short else areas),
        "warnings": _warnings_of(view),
        "tiles": tiles_of(view),
        "measures": MEASURES[2:] if view.level_only else MEASURES[:1] if view.no_fit else MEASURES,
        "short_unit": words.short(view.unit)[0],
    }


def _warnings_of(view: View) -> list[Said]:
    """Return the notices to read first, one line each; many notices of one kind share a line."""
    by_code: dict[str, list[Notice]] = {}
    for notice in view.weighty:
        by_code.setdefault(notice.code, []).append(notice)
    said: list[Said] = []
    for code, alike in by_code.items():
        lines = [in_one_line(notice) for notice in alike]
        if len(lines) <= ALIKE:
            said += lines
            continue
        verdicts = view.rows[view.first_type]["verdict"]
        unknown = int((verdicts == "not known").sum())
        lead = (
            f"{unknown:,} of {counted(len(verdicts), view.unit)} are not known: see why."
            if code == NOT_KNOWN
            else f"{lines[0].lead.rstrip('.')}, and {len(lines) - 1} more like this."
        )
        said.append(Said(code, lead, " ".join(notice.text for notice in alike)))
    return said


def in_one_line(notice: Notice) -> Said:
    """Return a notice in two parts: its first sentence, and the rest."""
    text = notice.text.strip()
    cut = _SENTENCE_END.search(text)
    if cut is None:
        return Said(notice.code, text, "")
    return Said(notice.code, text[: cut.start() + 1], text[cut.end() :].strip())


def json_block(content: Mapping[str, Json]) -> str:
    """Return JSON for a script element: with <, > and &, and the line ends U+2028 and U+2029, escaped."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _policy(view: View, scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Return the Content-Security-Policy: only our own scripts and styles, by hash, and no address."""
    if view.links:
        # Layers that an analyst adds in a notebook load their own libraries.
        return "default-src https: data: blob: 'unsafe-inline' 'unsafe-eval'"
    pictures = "data:"
    if view.tiles:
        address = urlsplit(view.tiles.replace("{s}", "*"))
        pictures += f" {address.scheme}://{address.netloc}"
    return (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {' '.join(map(_hash, styles))}; "
        f"img-src {pictures}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Keeps the compiled template where Python keeps compiled modules, if it may: compiling is a fortieth of a run."""

    def __init__(self) -> None:
        super().__init__(str(Path(__file__).with_name("__pycache__")), f"jinja-{version('jinja2')}-%s.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(file_of),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        bytecode_cache=_Compiled(),
    )
    return environment.get_template("page.html")


def _safe(text: str) -> Markup:
    """Mark text as safe: our own, or already escaped."""
    return Markup(text)  # noqa: S704 - no text from data comes this way but through json_block or escape
