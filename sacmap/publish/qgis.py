"""QGIS styles (QML) that give the GeoPackage's layers the page's colours. They include no text from data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import quoteattr

from sacmap.publish.colours import LEGEND, PALETTE

#: Outline of each role in a plan: colour, line, width in mm. They can be distinguished without colour.
PLAN_LINES = {
    "target hardening": ("#1d4f91", "solid", 1.4),
    "week of action": ("#1d1d1f", "solid", 0.9),
    "displacement buffer": ("#1d1d1f", "dash", 0.7),
    "control": ("#55565a", "dot", 0.9),
    "control of the buffer": ("#55565a", "dot", 0.5),
}
_NAMES = (
    '<labeling type="simple"><settings><text-style fieldName="area_name" fontSize="8" fontSizeUnit="Point" '
    'textColor="29,29,31,255"><text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" '
    'bufferColor="255,255,255,255"/></text-style><placement placement="1"/>'
    '<rendering fontLimitPixelSize="0" limitNumLabels="0"/></settings></labeling>'
)

Options = Iterable[tuple[str, str]]


def areas_style(attribute: str, legend: Mapping[str, str] = LEGEND) -> str:
    """Return the style of the areas: coloured by the class in `attribute`, with their names."""
    return _categorised(attribute, {css: (text, _fill(css)) for css, text in legend.items()}, _NAMES)


def plan_style() -> str:
    """Return the style of a plan: outlines by role, on top of the areas."""
    outlines = {
        part: (part.capitalize(), [("style", "no"), *_outline(*line)]) for part, line in PLAN_LINES.items()
    }
    return _categorised("part", outlines, "")


def _categorised(attribute: str, classes: Mapping[str, tuple[str, Options]], names: str) -> str:
    """Return a polygon style by the values of `attribute`; `classes` gives each value's label and fill."""
    categories = "".join(
        f'<category value={quoteattr(value)} type="string" label={quoteattr(label)} symbol="{number}" render="true"/>'
        for number, (value, (label, _)) in enumerate(classes.items())
    )
    symbols = "".join(
        f'<symbol name="{number}" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="SimpleFill" enabled="1" locked="0" pass="0">{_options(fill)}</layer></symbol>'
        for number, (_, fill) in enumerate(classes.values())
    )
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        f'<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="{1 if names else 0}">'
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(attribute)} symbollevels="0" enableorderby="0" '
        f'forceraster="0"><categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>'
        f"{names}<layerGeometryType>2</layerGeometryType></qgis>"
    )


def _fill(css: str) -> Options:
    line = "dash" if css == "unknown" else "solid"
    return [("color", _rgba(PALETTE[css])), ("style", "solid"), *_outline("#6b6b6b", line, 0.26)]


def _outline(colour: str, line: str, millimetres: float) -> Options:
    return (
        ("outline_color", _rgba(colour)),
        ("outline_style", line),
        ("outline_width", f"{millimetres:g}"),
        ("outline_width_unit", "MM"),
        ("joinstyle", "round"),
    )


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5)) + ",255"


def _options(values: Options) -> str:
    listed = "".join(f'<Option type="QString" name="{name}" value="{value}"/>' for name, value in values)
    return f'<Option type="Map">{listed}</Option>'
