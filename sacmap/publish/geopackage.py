"""The GeoPackage beside the page: the same numbers on the boundaries as given, in the page's colours in QGIS.

Written by the OGC's specification (GeoPackage 1.3) with Python's own SQLite, in memory: the same page gives the same
bytes. `layer_styles` is the table in which QGIS keeps the styles of a layer.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from sacmap import tables
from sacmap.publish import page_data
from sacmap.publish.colours import LEGEND, PALETTE, classes_of
from sacmap.publish.files import DECIMALS, data_date
from sacmap.publish.page import banners, periods_in_words

if TYPE_CHECKING:
    from sacmap.publish.page import Page

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


def geopackage_of(page: Page) -> bytes:
    """Return the GeoPackage of what the page shows.

    Layer `areas`: a feature an area, its columns those of the CSV, for all three crime types together under their
    own names, for one type behind its name (burglary_change, vehicle_crime_level …); colour_class is the class that
    the page paints it in. Table `notes`: the headline's periods, the warnings, changes of definition and the sources.
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
        _write_areas(database, page)
        _write_notes(database, page)
        _write_styles(database, page)
        database.commit()
        return database.serialize()


def fields_of(page: Page) -> list[tuple[str, str, list[Any]]]:
    """Return the attributes of the areas layer: name, SQLite's type, and the values in the order of the areas."""
    areas = page.areas
    fields: list[tuple[str, str, list[Any]]] = []
    for kind in tables.CRIME_TYPES:
        rows = page_data.rows_of(page, kind).assign(
            area_id=areas["area_id"].to_numpy(object), area_name=areas["name"].to_numpy(object)
        )
        for column in tables.CHANGE.columns:
            if column.name == "crime_type" or (kind != "sac" and column.name in _SHARED):
                continue
            values = [_value(value, column.kind) for value in rows[column.name]]
            fields.append((field_name(kind, column.name), _TYPES[column.kind], values))
        fields.append((field_name(kind, "colour_class"), "TEXT", classes_of(rows)))
    homes = [_value(value, "number") for value in areas["households"]]
    return [*fields, ("households", "DOUBLE", homes), ("mend", "TEXT", [str(mend) for mend in areas["mend"]])]


def field_name(kind: str, column: str) -> str:
    """Return the layer's name of a column of the CSV, for a crime type."""
    return column if kind == "sac" else f"{kind.replace('-', '_')}_{column}"


def _value(value: Any, kind: str) -> str | int | float | None:
    if pd.isna(value):
        return None
    if kind == "text":
        return str(value)
    return int(value) if kind == "count" else round(float(value), DECIMALS)


def _stamp(page: Page) -> str:
    return data_date(page.current).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _register(
    database: sqlite3.Connection,
    page: Page,
    name: str,
    kind: str,
    said: str,
    *,
    bounds: Sequence[Any] = (None,) * 4,
) -> None:
    srs = WGS84_ID if kind == "features" else None
    database.execute(
        "INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (name, kind, name, said, _stamp(page), *bounds, srs),
    )


def _write_areas(database: sqlite3.Connection, page: Page) -> None:
    fields = fields_of(page)
    declared = ", ".join(f'"{name}" {kind}' for name, kind, _ in fields)
    database.execute(f"CREATE TABLE areas (fid INTEGER PRIMARY KEY NOT NULL, geom MULTIPOLYGON, {declared})")
    bounds = page.areas.total_bounds.tolist() if not page.areas.geometry.is_empty.all() else (None,) * 4
    _register(database, page, "areas", "features", periods_in_words(page), bounds=bounds)
    database.execute(
        "INSERT INTO gpkg_geometry_columns VALUES ('areas', 'geom', 'MULTIPOLYGON', ?, 0, 0)", (WGS84_ID,)
    )
    shapes = [_blob(shape) for shape in page.areas.geometry]
    marks = ", ".join("?" * (2 + len(fields)))
    rows = zip(range(1, len(shapes) + 1), shapes, *(values for _, _, values in fields), strict=True)
    database.executemany(f"INSERT INTO areas VALUES ({marks})", rows)  # noqa: S608 - question marks only


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


def _write_notes(database: sqlite3.Connection, page: Page) -> None:
    notes = [
        *(("banner", banner) for banner in banners(page)),
        ("periods", periods_in_words(page)),
        *((notice["code"], notice["text"]) for notice in page.warnings),
        *(("definition", f"{found['text']} ({found['source']})") for found in page.definitions),
        *(("source", line) for line in page.sources),
    ]
    database.execute("CREATE TABLE notes (fid INTEGER PRIMARY KEY NOT NULL, code TEXT, text TEXT)")
    _register(database, page, "notes", "attributes", "What to know before relying on the figures.")
    database.executemany("INSERT INTO notes (code, text) VALUES (?, ?)", notes)


def _write_styles(database: sqlite3.Connection, page: Page) -> None:
    _register(database, page, "layer_styles", "attributes", "Styles of the layers, for QGIS.")
    for kind, label in page.labels:
        style = style_of(field_name(kind, "colour_class"))
        described = f"Change since the baseline, {page.in_words[kind]}: the page's colours"
        database.execute(
            "INSERT INTO layer_styles VALUES (NULL, '', '', 'areas', 'geom', ?, ?, '', ?, ?, '', NULL, ?)",
            (label, style, kind == "sac", described, _stamp(page)),
        )


def style_of(attribute: str) -> str:
    """Return a QGIS style (QML): the areas painted by the class in `attribute`, with their names."""
    labels = LEGEND
    categories = "".join(
        f'<category value="{css}" type="string" label={quoteattr(text)} symbol="{place}" render="true"/>'
        for place, (css, text) in enumerate(labels.items())
    )
    symbols = "".join(
        f'<symbol name="{place}" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="SimpleFill" enabled="1" locked="0" pass="0">{_options(_fill(css))}</layer></symbol>'
        for place, css in enumerate(labels)
    )
    names = (
        '<labeling type="simple"><settings><text-style fieldName="area_name" fontSize="8" fontSizeUnit="Point" '
        'textColor="29,29,31,255"><text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" '
        'bufferColor="255,255,255,255"/></text-style><placement placement="1"/>'
        '<rendering fontLimitPixelSize="0" limitNumLabels="0"/></settings></labeling>'
    )
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        '<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="1">'
        f'<renderer-v2 type="categorizedSymbol" attr="{escape(attribute)}" symbollevels="0" enableorderby="0" '
        f'forceraster="0"><categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>'
        f"{names}<layerGeometryType>2</layerGeometryType></qgis>"
    )


def _fill(css: str) -> Iterable[tuple[str, str]]:
    return (
        ("color", _rgba(PALETTE[css])),
        ("style", "solid"),
        ("outline_color", _rgba("#6b6b6b")),
        ("outline_style", "dash" if css == "unknown" else "solid"),
        ("outline_width", "0.26"),
        ("outline_width_unit", "MM"),
        ("joinstyle", "round"),
    )


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5)) + ",255"


def _options(values: Iterable[tuple[str, str]]) -> str:
    listed = "".join(f'<Option type="QString" name="{name}" value="{value}"/>' for name, value in values)
    return f'<Option type="Map">{listed}</Option>'
