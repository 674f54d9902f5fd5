"""The GeoPackage, read back by GDAL and by SQLite: the CSV's numbers on the boundaries, in the page's colours."""

import base64
import csv
import io
import re
import sqlite3
import struct
import xml.etree.ElementTree as ET
import zlib
from contextlib import closing
from dataclasses import replace
from importlib.resources import files

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from builders import plan_of_four
from click.testing import CliRunner
from conftest import HOSTILE, page_of

from sacmap import tables
from sacmap.cli import sacmap
from sacmap.publish.colours import LEGEND, PALETTE, class_of
from sacmap.publish.csv_json import as_text, csv_of
from sacmap.publish.geopackage import PLAN_LINES, WEEK_PARTS, areas_style, field_name, geopackage_of


@pytest.fixture
def saved(tmp_path):
    def save(page):
        path = tmp_path / "map.gpkg"
        path.write_bytes(geopackage_of(page))
        return path

    return save


def require_same_as_csv(path, content):
    """Every number of the CSV is the layer's, for each area and crime type."""
    layer = gpd.read_file(path, layer="areas").set_index("area_id")
    lines = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    names = {as_text(area): area for area in layer.index}
    assert len(lines) == 4 * len(layer)
    for line in lines:
        row = layer.loc[names[line["area_id"]]]
        for column in tables.CHANGE.columns:
            if column.name in {"area_id", "crime_type"}:
                continue
            shared = column.name in {"area_name", "months_compared", "baseline_periods"}
            found = row[field_name("sac" if shared else line["crime_type"], column.name)]
            said = line[column.name]
            if said == "":
                assert pd.isna(found), (line, column.name)
            elif column.kind == "text":
                assert as_text(found) == said
            else:
                assert found == float(said), (line, column.name)


def test_every_number_of_the_csv_is_in_the_areas_layer(saved):
    page = page_of(empty=2)
    path = saved(page)
    require_same_as_csv(path, csv_of(page.texts))
    assert "group" not in gpd.read_file(path, layer="areas")


def test_the_areas_layer_has_the_districts_that_the_csv_has(saved):
    page = page_of()
    grouped = replace(page, areas=page.areas.assign(group=["North", 'South "old"', None, "North"]))
    layer = gpd.read_file(saved(grouped), layer="areas")
    assert list(layer["group"]) == ["North", 'South "old"', "", "North"]
    assert list(layer)[:3] == ["area_id", "area_name", "group"]


@pytest.mark.slow
def test_west_yorkshires_page_csv_workbook_and_geopackage_hold_the_same_numbers(data, tmp_path):
    import json

    import openpyxl
    from test_workbook import require_same_as_csv as workbook_same

    words = ["map", "--crimes", str(data / "west-yorkshire-julys-2016-2018.zip"),
             "--current", "2018-07", "--baseline", "2016-07,2017-07",
             "--boundaries", str(data / "boundaries" / "west-yorkshire-wards.geojson"),
             "--out", str(tmp_path / "wy.html"), "--also", "xlsx,gpkg"]  # fmt: skip
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert done.exception is None, done.output
    content = (tmp_path / "wy.csv").read_bytes()
    require_same_as_csv(tmp_path / "wy.gpkg", content)

    book = openpyxl.load_workbook(tmp_path / "wy.xlsx")
    assert book["Areas"].max_row == 1 + 4 * 124
    workbook_same(book["Areas"], content)
    monthly = list(book["Monthly counts"].iter_rows(values_only=True))
    july, now = monthly[0].index("2018-07"), tables.CHANGE.names.index("current_count")
    areas = book["Areas"].iter_rows(min_row=2, values_only=True)
    assert [line[july] for line in monthly[1:]] == [line[now] for line in areas]

    html = (tmp_path / "wy.html").read_text(encoding="utf-8")
    packed = re.search(r'id="numbers">(.*?)</script>', html)[1]
    columns = json.loads(zlib.decompress(base64.b64decode(packed)))["columns"]
    lines = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert list(columns) == tables.CHANGE.names
    for column in tables.CHANGE.columns:
        told = [line[column.name] for line in lines]
        numbers = [None if text == "" else float(text) for text in told] if column.kind != "text" else told
        assert columns[column.name] == numbers, column.name


def test_boundaries_are_those_given_and_an_area_without_one_has_no_shape(saved):
    page = page_of(empty=2)
    layer = gpd.read_file(saved(page), layer="areas")
    assert layer.crs.to_epsg() == 4326
    for found, given in zip(layer.geometry, page.areas.geometry, strict=True):
        assert found is None if given.is_empty else shapely.equals(found, given)


def test_the_file_keeps_the_specification(saved):
    path = saved(page_of(empty=2))
    assert path.read_bytes()[68:72] == b"GPKG"
    with closing(sqlite3.connect(path)) as database, database:
        assert database.execute("PRAGMA user_version").fetchone() == (10300,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert {row[0] for row in database.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")} == {
            -1,
            0,
            4326,
        }
        (blob,) = database.execute("SELECT geom FROM areas WHERE fid = 1").fetchone()
        bounds = database.execute(
            "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'areas'"
        ).fetchone()
    database.close()
    magic, version, flags, srs, west, east, south, north = struct.unpack("<2sBBi4d", blob[:40])
    assert (magic, version, flags, srs) == (b"GP", 0, 3, 4326)
    assert shapely.from_wkb(blob[40:]).bounds == (west, south, east, north)
    assert bounds == (0, 52, 0.04, 52.01)
    assert {name for name, _ in pyogrio.list_layers(path)} == {"areas", "notes", "layer_styles"}


def test_the_same_page_gives_the_same_bytes_dated_as_its_data(saved):
    assert geopackage_of(page_of()) == geopackage_of(page_of())
    with closing(sqlite3.connect(saved(page_of()))) as database, database:
        dates = database.execute(
            "SELECT last_change FROM gpkg_contents UNION SELECT update_time FROM layer_styles"
        ).fetchall()
    database.close()
    assert dates == [("2018-07-01T00:00:00.000Z",)]


def test_qgis_finds_a_default_style_and_one_for_each_crime_type(saved):
    with closing(sqlite3.connect(saved(page_of()))) as database, database:
        styles = database.execute(
            "SELECT styleName, useAsDefault, styleQML, f_table_name, f_geometry_column FROM layer_styles"
        ).fetchall()
    database.close()
    assert [(name, default) for name, default, *_ in styles] == [
        ("All three", 1),
        ("Burglary", 0),
        ("Robbery", 0),
        ("Vehicle crime", 0),
    ]
    fields = set(pyogrio.read_info(saved(page_of()), layer="areas")["fields"])
    for _, _, qml, table, geometry in styles:
        assert (table, geometry) == ("areas", "geom")
        renderer = ET.fromstring(qml).find("renderer-v2")
        assert renderer.get("attr") in fields
        values = [category.get("value") for category in renderer.iter("category")]
        assert values == list(LEGEND) == list(PALETTE)


def test_each_class_is_painted_as_the_page_paints_it():
    css = (files("sacmap.publish") / "html" / "page.css").read_text(encoding="utf-8")
    page = dict(re.findall(r"(?<![\w-])\.([sp]\d|few|unknown) \{ --c: (#\w{6});", css))
    assert page == PALETTE
    root = ET.fromstring(areas_style("colour_class", LEGEND))
    symbols = {symbol.get("name"): symbol for symbol in root.iter("symbol")}
    for category in root.iter("category"):
        options = {o.get("name"): o.get("value") for o in symbols[category.get("symbol")].iter("Option")}
        red, green, blue, _ = map(int, options["color"].split(","))
        assert f"#{red:02x}{green:02x}{blue:02x}" == PALETTE[category.get("value")]


def test_an_areas_class_is_the_pages(saved):
    page = page_of(empty=2)
    layer = gpd.read_file(saved(page), layer="areas")
    for kind in tables.CRIME_TYPES:
        rows = page.rows[kind]
        told = [class_of(r.verdict, r.current_count, r.baseline_mean) for r in rows.itertuples()]
        assert list(layer[field_name(kind, "colour_class")]) == told
    assert layer["colour_class"].iloc[2] == "unknown"


TEXTS = (*HOSTILE, "'; DROP TABLE areas; --", 'a"b', "=1+1", "\t=1+1")


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, len(TEXTS), 4))
def test_f49_and_f50_hostile_text_stays_text(saved, first):
    # Four to a file, which takes less than a file for each.
    names = list((TEXTS[first:] + TEXTS)[:4])
    whole = " ".join(names)
    path = saved(page_of(names=names, ids=names, title=whole, warning=whole, street=whole))
    layer = gpd.read_file(path, layer="areas")
    assert list(layer["area_name"]) == names
    assert list(layer["area_id"]) == names
    assert whole in set(gpd.read_file(path, layer="notes")["text"])
    with closing(sqlite3.connect(path)) as database, database:
        for (qml,) in database.execute("SELECT styleQML FROM layer_styles"):
            assert not any(text in qml for text in names)


def test_notes_carry_the_warnings_and_the_source(saved):
    notes = gpd.read_file(saved(page_of()), layer="notes")
    told = dict(zip(notes["code"], notes["text"], strict=True))
    assert told["months-left-out"] == "Something to know."
    assert told["definition"] == "Something to know. (a source)"
    assert told["source"] == "A source."
    assert told["periods"].startswith("July 2018 compared with")


def test_areas_without_any_boundary_make_a_file_too(saved):
    page = page_of(empty=0)
    page.areas.geometry = [shapely.Polygon()] * 4
    assert gpd.read_file(saved(page), layer="areas").geometry.isna().all()


@pytest.mark.slow
def test_a_plan_is_a_layer_of_its_own_with_a_feature_for_each_part_an_area_plays(tmp_path, practice):
    import json

    out = tmp_path / "plan.json"
    words = ["plan", str(practice.study), "--also", "gpkg", "--out", str(out)]
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert done.exception is None, done.output
    plan = json.loads(out.read_text(encoding="utf-8"))
    refused = CliRunner().invoke(sacmap, [*words, "--also", "pdf", "--replace"], standalone_mode=False)
    assert "A plan cannot be written as pdf" in str(refused.exception)
    path = tmp_path / "plan.gpkg"
    layer = gpd.read_file(path, layer="plan")
    for key, part in WEEK_PARTS.items():
        assert list(layer.loc[layer["part"] == part, "area_id"]) == plan["week"][key]
    spent = layer[layer["part"] == "target hardening"]
    assert list(
        zip(spent["area_id"], spent["money"], spent["homes"], spent["prevented_mid"], strict=True)
    ) == [
        (each["area_id"], each["money"], each["homes"], each["prevented"]["mid"])
        for each in plan["hardening"]
    ]
    assert layer.loc[layer["part"] != "target hardening", "money"].isna().all()
    areas = gpd.read_file(path, layer="areas").set_index("area_id")
    assert all(shapely.equals(row.geometry, areas.geometry[row.area_id]) for row in layer.itertuples())
    with closing(sqlite3.connect(path)) as database, database:
        (style,) = database.execute(
            "SELECT styleQML FROM layer_styles WHERE f_table_name = 'plan' AND useAsDefault"
        ).fetchone()
    database.close()
    assert [category.get("value") for category in ET.fromstring(style).iter("category")] == list(PLAN_LINES)


def test_a_plan_without_households_is_a_layer_whose_prevented_burglaries_are_not_known(tmp_path):
    page = page_of()
    path = tmp_path / "plan.gpkg"
    path.write_bytes(geopackage_of(page, plan_of_four(page, prevented=None)))
    layer = gpd.read_file(path, layer="plan").set_index("part")
    assert layer.loc["target hardening", "money"] == 9900
    assert layer[["prevented_low", "prevented_mid", "prevented_high"]].isna().all(axis=None)
