"""The GeoPackage: the page's numbers on the original boundaries, which QGIS shows in the page's colours.

It follows the OGC's specification (GeoPackage 1.3) and is written in memory with Python's SQLite, so that the same
page gives the same bytes. QGIS keeps the styles of layers (QML) in the table `layer_styles`: they give the layers the
page's colours, and include no text from data.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from sacmap import tables
from sacmap.publish.colours import LEGEND, PALETTE, UNJUDGED_LEGEND, classes_of
from sacmap.publish.csv_json import DECIMALS, data_date

if TYPE_CHECKING:
    from sacmap.choose.plan import Plan
    from sacmap.choose.plan_record import Funded, SideName
    from sacmap.publish.view import View

#: "GPKG", and version 1.3, in the file's header.
APPLICATION_ID, USER_VERSION = 0x47504B47, 10300
WGS84_ID = 4326
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,'
    'AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_CORE = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
 organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
 description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
 min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
 CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
 geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
 CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
 CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
 CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
 f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
 useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME);
"""
#: SQLite's type of each kind of column.
_TYPES = {"text": "TEXT", "count": "INTEGER", "number": "DOUBLE", "share": "DOUBLE"}
#: Columns that are the same for every crime type of an area.
_SHARED = ("area_id", "area_name", "months_compared", "baseline_periods")
#: The parts of a plan in words: what gets money, and the sides of its week of action.
MONEY = "target hardening"
WEEK_PARTS: dict[SideName, str] = {
    "target": "week of action",
    "buffer": "displacement buffer",
    "control": "control",
    "buffer_control": "control of the buffer",
}
#: Outline of each part: colour, line, width in mm. They can be distinguished without colour.
PLAN_LINES = {
    MONEY: ("#1d4f91", "solid", 1.4),
    WEEK_PARTS["target"]: ("#1d1d1f", "solid", 0.9),
    WEEK_PARTS["buffer"]: ("#1d1d1f", "dash", 0.7),
    WEEK_PARTS["control"]: ("#55565a", "dot", 0.9),
    WEEK_PARTS["buffer_control"]: ("#55565a", "dot", 0.5),
}
_NAMES = (
    '<labeling type="simple"><settings><text-style fieldName="area_name" fontSize="8" fontSizeUnit="Point" '
    'textColor="29,29,31,255"><text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" '
    'bufferColor="255,255,255,255"/></text-style><placement placement="1"/>'
    '<rendering fontLimitPixelSize="0" limitNumLabels="0"/></settings></labeling>'
)
_LEVELS: tuple[Literal["low", "mid", "high"], ...] = ("low", "mid", "high")
#: A field of a layer: its name, SQLite's type and its values.
Field = tuple[str, str, Sequence[str | float | None]]
Options = Iterable[tuple[str, str]]


def geopackage_of(page: View, plan: Plan | None = None) -> bytes:
    """Return the GeoPackage of a page, and of a plan made from it.

    Layer `areas` has a feature for each area, with the columns of the CSV: under their own names for all three crime
    types together, and with a prefix for one type (burglary_change, vehicle_crime_level …). colour_class is the class
    of its colour on the page. Layer `plan` has a feature for each role of an area in the plan. Table `notes` has the
    periods, the warnings, the changes of definition and the sources.
    """
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {USER_VERSION}")
        database.executescript(_CORE)
        database.executemany(
            "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)",
            [
                ("Undefined cartesian", -1, "NONE", -1, "undefined", "undefined Cartesian system"),
                ("Undefined geographic", 0, "NONE", 0, "undefined", "undefined geographic system"),
                ("WGS 84 geodetic", WGS84_ID, "EPSG", WGS84_ID, _WGS84, "longitude and latitude in degrees"),
            ],
        )
        write = _Writer(database, page)
        write.layer("areas", page.periods_in_words, page.areas.geometry, fields_of(page))
        for kind, label in page.labels.items():
            style = areas_style(field_name(kind, "colour_class"), UNJUDGED_LEGEND if page.no_fit else LEGEND)
            said = f"Change since the baseline, {page.in_words[kind]}: the page's colours"
            write.style("areas", label, style, said, default=kind == page.first_type)
        if plan is not None:
            positions, fields = _plan_fields(page, plan)
            said = "Where the money goes, and the areas of the week of action with those it is judged by."
            write.layer("plan", said, page.areas.geometry.iloc[positions], fields)
            write.style("plan", "Plan", plan_style(), "The parts of the plan, by outline", default=True)
        write.notes()
        database.commit()
        return database.serialize()


def fields_of(page: View) -> list[Field]:
    """Return the attributes of the areas layer: name, SQLite's type, and the values in the order of the areas."""
    areas = page.areas
    fields: list[Field] = []
    for kind in tables.CRIME_TYPES:
        rows = page.rows[kind]
        for column in tables.CHANGE.columns:
            if column.name == "crime_type" or (kind != "sac" and column.name in _SHARED):
                continue
            values = [_value(value, column.kind) for value in rows[column.name]]
            fields.append((field_name(kind, column.name), _TYPES[column.kind], values))
            if column.name == "area_name" and "group" in areas:
                fields.append(("group", "TEXT", areas["group"].fillna("").astype(str).tolist()))
        fields.append((field_name(kind, "colour_class"), "TEXT", classes_of(rows)))
    homes = [_value(value, "number") for value in areas["households"]]
    return [*fields, ("households", "DOUBLE", homes), ("mend", "TEXT", [str(mend) for mend in areas["mend"]])]


def field_name(kind: str, column: str) -> str:
    """Return the layer's name of a column of the CSV, for a crime type."""
    return column if kind == "sac" else f"{kind.replace('-', '_')}_{column}"


def _value(value: str | float | None, kind: str) -> str | float | None:
    if pd.isna(value):
        return None
    if kind == "text" or isinstance(value, str):
        return str(value)
    return int(value) if kind == "count" else round(float(value), DECIMALS)


def _plan_fields(page: View, plan: Plan) -> tuple[list[int], list[Field]]:
    """Return the position of the area of each feature of the plan's layer, and the layer's fields.

    An area has a feature for each of its roles in the plan.
    """
    money = [(MONEY, spend["area_id"], spend) for spend in plan.hardening]
    week = [(role, area, None) for side, role in WEEK_PARTS.items() for area in plan.week[side]]
    rows: list[tuple[str, str, Funded | None]] = [*money, *week]
    positions = [page.position_of[area] for _, area, _ in rows]
    spends = [spend for _, _, spend in rows]
    # None if households are not known.
    prevented = [spend and spend["prevented"] for spend in spends]
    return positions, [
        ("area_id", "TEXT", [area for _, area, _ in rows]),
        ("area_name", "TEXT", [str(page.areas["name"].iloc[position]) for position in positions]),
        ("part", "TEXT", [role for role, _, _ in rows]),
        ("money", "DOUBLE", [_value(spend and spend["money"], "number") for spend in spends]),
        ("homes", "INTEGER", [_value(spend and spend["homes"], "count") for spend in spends]),
        *(
            (f"prevented_{level}", "DOUBLE", [_value(one and one[level], "number") for one in prevented])
            for level in _LEVELS
        ),
    ]


class _Writer:
    """Writes layers, styles and notes of one page, dated by its data."""

    def __init__(self, database: sqlite3.Connection, page: View) -> None:
        self.database, self.page = database, page
        self.stamp = data_date(page.current).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self._register("layer_styles", "attributes", "Styles of the layers, for QGIS.")

    def _register(
        self, name: str, kind: str, said: str, bounds: Sequence[float | None] = (None,) * 4
    ) -> None:
        srs = WGS84_ID if kind == "features" else None
        self.database.execute(
            "INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (name, kind, name, said, self.stamp, *bounds, srs),
        )

    def layer(self, name: str, said: str, shapes: gpd.GeoSeries, fields: Sequence[Field]) -> None:
        """Write a layer of polygons; an area without a boundary has no geometry."""
        declared = ", ".join(f'"{field}" {kind}' for field, kind, _ in fields)
        self.database.execute(
            f"CREATE TABLE {name} (fid INTEGER PRIMARY KEY NOT NULL, geom MULTIPOLYGON, {declared})"
        )
        bounds = (None,) * 4 if shapes.is_empty.all() else shapes.total_bounds.tolist()
        self._register(name, "features", said, bounds)
        self.database.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)", (name, WGS84_ID)
        )
        marks = ", ".join("?" * (2 + len(fields)))
        blobs = [_blob(shape) for shape in shapes]
        rows = zip(range(1, len(blobs) + 1), blobs, *(values for _, _, values in fields), strict=True)
        self.database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608 - names of our own

    def style(self, layer: str, name: str, style: str, said: str, *, default: bool) -> None:
        """Write a style of a layer; QGIS opens the layer in the default one."""
        self.database.execute(
            "INSERT INTO layer_styles VALUES (NULL, '', '', ?, 'geom', ?, ?, '', ?, ?, '', NULL, ?)",
            (layer, name, style, default, said, self.stamp),
        )

    def notes(self) -> None:
        """Write the table of notes."""
        page = self.page
        notes = [
            *(("banner", banner) for banner in page.banners),
            ("periods", page.periods_in_words),
            *((notice.code, notice.text) for notice in page.warnings),
            *(("definition", f"{found.text} ({found.source})") for found in page.definitions),
            *(("source", line) for line in page.sources),
        ]
        self.database.execute("CREATE TABLE notes (fid INTEGER PRIMARY KEY NOT NULL, code TEXT, text TEXT)")
        self._register("notes", "attributes", "What to know before relying on the figures.")
        self.database.executemany("INSERT INTO notes (code, text) VALUES (?, ?)", notes)


def _blob(shape: BaseGeometry) -> bytes | None:
    """Return a geometry as GeoPackage holds it: "GP", flags, the system, the envelope, then ISO WKB."""
    if shape.is_empty:
        return None
    west, south, east, north = shape.bounds
    whole = shapely.MultiPolygon(shapely.get_parts(shape).tolist())
    little_endian_with_envelope = 0b00000011
    header = struct.pack(
        "<2sBBi4d", b"GP", 0, little_endian_with_envelope, WGS84_ID, west, east, south, north
    )
    return header + shapely.to_wkb(whole, byte_order=1, flavor="iso")


def areas_style(attribute: str, legend: Mapping[str, str]) -> str:
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
