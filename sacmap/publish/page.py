"""The officer's page: one HTML file that opens by double click with no network.

No text from data passes through folium or branca, which would parse it as a Jinja template and as HTML. folium
draws the map and is given numbers and list positions only; all text is in one JSON block with <, > and & escaped,
and reaches the page by `textContent`; what the template writes itself is escaped by Jinja.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

from sacmap import months
from sacmap.publish import colours, page_data, page_svg, words
from sacmap.publish.view import View

#: Notices that must be read before the figures; the others are folded away beneath them.
WEIGHTY = {
    "months-left-out", "unfit-comparator", "weak-comparator", "definition", "known-gap", "no-location-drift",
    "points-moved", "given-twice", "empty-areas", "tiles", "restricted", "suppressed", "extract",
    "households-not-known", "households-part-covered", "households-rough",
}  # fmt: skip

#: The files of the page's script, in order.
SCRIPT = ("words", "data", "colour", "lists", "table", "panel", "plan", "map", "labels", "main")

MEASURE_LABELS = (
    ("change", "Change since baseline"),
    ("expected", "Against expected"),
    ("level", "Expected level"),
)


@dataclass(frozen=True)
class _Column:
    key: str
    label: str
    number: bool = True


COLUMNS = (
    _Column("area_name", "Neighbourhood", number=False),
    _Column("baseline_mean", "Before"),
    _Column("current_count", "Now"),
    _Column("change", "Difference"),
    _Column("change_pct", "Change"),
    _Column("expected", "Expected"),
    _Column("normal_low", "Normal range"),
    _Column("excess", "Above expected"),
    _Column("level", "Expected level"),
    _Column("verdict", "Reading", number=False),
)


def fill(page: View, map_html: str, map_script: str) -> str:
    """Return the whole page around the map that folium wrote (its element and its script, numbers only)."""
    with ThreadPoolExecutor(1) as meanwhile:
        # Deflating needs no lock of Python's: the numbers are packed while the rest is made.
        numbers = meanwhile.submit(page_data.packed, page_data.numbers_of(page))
        content = page_data.content_of(page) | {"plan": page.plan.content() if page.plan else None}
        first = page_data.static_rows(page)
        outlined: Collection[int] = [] if page.plan else page_data.first_of(content["week"])
        static_map = page_svg.static_map(page, outlined)
    scripts = [_asset("leaflet/leaflet.js"), script(), map_script]
    styles = [_without_urls(_asset("leaflet/leaflet.css")), _asset("page.css")]
    if page.plan:
        styles.append(_asset("plan.css"))
    weighty = [notice for notice in page.warnings if notice["code"] in WEIGHTY]
    return _template().render(
        page=page,
        policy=_policy(page, scripts, styles),
        headline=content["headlines"][page.first_type],
        periods=periods_in_words(page),
        tiles=key_figures(page),
        banners=banners(page),
        warnings=weighty,
        notes=[notice for notice in page.warnings if notice not in weighty],
        crime_types=page.labels,
        measures=MEASURE_LABELS,
        map_html=_safe(map_html),
        static_map=_safe(static_map),
        rates=content["rates"],
        hardening=page_data.named(page, content["hardening"]),
        week=page_data.named(page, content["week"]),
        columns=COLUMNS,
        rows=first,
        table_note=f"The first {len(first):,} of {len(page.areas):,} areas."
        if len(first) < len(page.areas)
        else "",
        made_of=f"Data to {months.in_words(page.current[-1])}." if page.current else "",
        data=_safe(json_block(content)),
        numbers=_safe(numbers.result()),
        legend_in_words=colours.legend_in_words(),
        scripts=[_safe(script) for script in scripts],
        styles=[_safe(style) for style in styles],
        links=[_safe(link) for link in page.links],
    )


def script() -> str:
    """Return the page's script: its files in order, their names kept apart from those of folium's own."""
    return '"use strict";\n{\n' + "\n".join(_asset(f"script/{name}.js") for name in SCRIPT) + "}\n"


def json_block(content: Mapping[str, Any]) -> str:
    """Return JSON that can stand inside a script element: no <, > or & as such, nor the two odd line ends."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def periods_in_words(page: View) -> str:
    """Return "12 months to March 2018 compared with the 3 years before …" in plain words."""
    if not page.current or not page.baseline:
        return f"{words.neighbourhoods(len(page.areas))}."
    whole = len(page.current)
    part = "" if len(page.compared) == whole else f" {len(page.compared)} of {whole} months compared."
    before = months.span_in_words(page.baseline[0])
    if len(page.baseline) > 1:
        before = f"the mean of {len(page.baseline)} such periods, {months.spans_in_words(page.baseline)}"
    return (
        f"{months.span_in_words(page.current)} compared with {before}.{part} {words.neighbourhoods(len(page.areas))}. "
        f"Police-recorded {page.in_words['burglary']}, robbery and {page.in_words['vehicle-crime']}."
    )


def banners(page: View) -> list[str]:
    """Return what must stand above everything: that the data are restricted, or made up."""
    said = []
    if page.restricted:
        said.append("Restricted: made from the force's own records. Do not publish.")
    if page.practice:
        said.append("Practice data: a made-up borough at sea. No real place or crime is shown.")
    return said


def key_figures(page: View) -> list[dict[str, str]]:
    """Return the figures of the page's first crime type, most often all three, that stand beneath the headline."""
    total = page.totals[page.first_type]
    verdicts = page_data.rows_of(page, page.first_type)["verdict"]
    periods = page.table["baseline_periods"].max()
    before = f"Before (mean of {periods:.0f} periods)" if periods > 1 else "Before"

    def percent(value: float | None) -> str:
        return "–" if value is None else f"{page_data.signed(value)}%"

    def count(value: float | None, write: Callable[[float], str]) -> str:
        return "–" if value is None else write(value)

    values = {
        "current_count": ("Crimes now", count(total["current_count"], words.whole)),
        "baseline_mean": (before, count(total["baseline_mean"], words.mean)),
        "change_pct": ("Change on the map", percent(total["change_pct"])),
        "published_change_pct": (page.whole, percent(total["published_change_pct"])),
        "rises": ("Clear rises", f"{int((verdicts == 'clear rise').sum()):,}"),
        "falls": ("Clear falls", f"{int((verdicts == 'clear fall').sum()):,}"),
    }
    return [{"key": key, "label": label, "value": value} for key, (label, value) in values.items()]


def _policy(page: View, scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Return the Content-Security-Policy: our own scripts and styles by hash, and nothing from anywhere."""
    if page.links:
        # Layers an analyst has added in a notebook bring libraries of their own.
        return "default-src https: data: blob: 'unsafe-inline' 'unsafe-eval'"
    pictures = "data:"
    if page.tiles:
        address = urlsplit(page.tiles.replace("{s}", "*"))
        pictures += f" {address.scheme}://{address.netloc}"
    return (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {' '.join(map(_hash, styles))}; "
        f"img-src {pictures}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    # A browser hashes a script as it parsed it, with every line end a single line feed.
    return (files("sacmap.publish") / "html" / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _without_urls(css: str) -> str:
    """Return Leaflet's style without its pictures, which the page does not carry."""
    return "\n".join(line for line in css.splitlines() if "url(" not in line)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html")


def _safe(text: str) -> Markup:
    """Mark as written by us or already escaped, never as coming from data."""
    return Markup(text)  # noqa: S704 - no text from data comes this way but through json_block or escape
