"""Boundary files of every kind that people have, and of kinds that must not be read."""

import errno
import gzip
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from conftest import csv_text, row, square
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.areas.boundaries import read_areas, read_boundaries
from sacmap.areas.formats import KINDS, kind_of, kind_of_json
from sacmap.errors import DiskError, InputError, UsageError
from sacmap.files.write import windows_allows
from sacmap.notices import WEIGHTY

pytestmark = pytest.mark.usefixtures("forked_readers")

CODES, NAMES = ["E05000001", "E05000002"], ["Westfield", "Eastfield"]
#: Ending → GDAL's driver, for the formats it writes.
DRIVERS = {
    "gpkg": "GPKG",
    "shp": "ESRI Shapefile",
    "fgb": "FlatGeobuf",
    "tab": "MapInfo File",
    "mif": "MapInfo File",
    "gdb": "OpenFileGDB",
    "geojsonl": "GeoJSONSeq",
    "geojson": "GeoJSON",
    "kml": "KML",
}


def wards(crs="EPSG:4326", **columns):
    """Two wards beside one another."""
    table = gpd.GeoDataFrame(
        {"WD24CD": CODES, "WD24NM": NAMES, **columns},
        geometry=[shapely.Polygon(square(n)) for n in (0, 1)],
        crs=tables.WGS84,
    )
    return table.to_crs(crs)


def as_file(folder, ending, table=None, **more):
    """Write wards as a format and return the path."""
    path = folder / f"areas.{ending}"
    table = wards() if table is None else table
    if ending == "kml" and pyogrio.__gdal_version__ < (3, 12):
        pytest.skip("GDAL before 3.12 writes codes in the place of a KML's names")
    if ending == "parquet":
        table.to_parquet(path)
    else:
        table.to_file(path, driver=DRIVERS[ending], **more)
    return path


def zipped(path, *files, folder=""):
    """Put files into a ZIP."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"{folder}{file.name}")
    return path


def require_wards(areas, near=1e-9):
    """The two wards, their codes, names and places."""
    assert list(areas["area_id"]) == CODES
    assert list(areas["name"]) == NAMES
    for n, shape in enumerate(areas.geometry):
        assert shapely.hausdorff_distance(shape, shapely.Polygon(square(n))) < near


# ── every format ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize(
    "ending", ["gpkg", "shp", "fgb", "tab", "mif", "gdb", "geojsonl", "geojson", "parquet"]
)
def test_f78_every_format_gives_the_same_wards(tmp_path, ending):
    require_wards(read_areas(as_file(tmp_path, ending)), 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["gpkg", "shp", "fgb", "gdb", "geojson", "kml", "parquet"])
def test_f78_a_zip_of_one_dataset_is_read_as_it_is(tmp_path, ending):
    (tmp_path / "made").mkdir()
    path = as_file(tmp_path / "made", ending)
    files = sorted(path.iterdir()) if path.is_dir() else sorted(path.parent.iterdir())
    given = zipped(tmp_path / "download.zip", *files, folder="areas.gdb/" if ending == "gdb" else "in/")
    require_wards(read_areas(given), 1e-6)


def test_f78_geojson_lines_with_record_separators_are_read(tmp_path):
    lines = as_file(tmp_path, "geojsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "a.geojsons").write_text("".join(f"\x1e{line}\n" for line in lines), encoding="utf-8")
    require_wards(read_areas(tmp_path / "a.geojsons"), 1e-6)


def test_f78_the_folder_of_an_unpacked_download_is_read(tmp_path):
    as_file(tmp_path, "shp")
    (tmp_path / "areas.shp.xml").write_text("<metadata/>")
    (tmp_path / "readme.txt").write_text("Source: Office for National Statistics")
    require_wards(read_areas(tmp_path), 1e-6)


def test_f78_gzipped_geojson_is_read(tmp_path):
    raw = as_file(tmp_path, "geojson").read_bytes()
    (tmp_path / "a.geojson.gz").write_bytes(gzip.compress(raw))
    require_wards(read_areas(tmp_path / "a.geojson.gz"))


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "geojson", "parquet", "kml"])
def test_f78_a_kind_is_known_whatever_the_file_is_called(tmp_path, ending):
    path = as_file(tmp_path, ending)
    other = path.rename(tmp_path / "boundaries.dat")
    require_wards(read_areas(other), 1e-6)


def topology(quantised):
    """The two wards as TopoJSON: the edge they share stands once, and one ward runs along it backwards."""
    shared = [[0.01, 52.0], [0.01, 52.01]]
    west = [[0.01, 52.01], [0.0, 52.01], [0.0, 52.0], [0.01, 52.0]]
    east = [[0.01, 52.0], [0.02, 52.0], [0.02, 52.01], [0.01, 52.01]]
    arcs = [shared, west, east]
    whole = {"type": "Topology"}
    if quantised:
        whole["transform"] = {"scale": [0.0001, 0.0001], "translate": [0, 52]}
        steps = []
        for arc in arcs:
            at = [(round(x / 0.0001), round((y - 52) / 0.0001)) for x, y in arc]
            steps.append([at[0], *[(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(at)]])
        arcs = steps
    parts = [
        {"type": "Polygon", "arcs": rings, "properties": {"WD24CD": code, "WD24NM": name}}
        for rings, code, name in zip([[[0, 1]], [[2, ~0]]], CODES, NAMES, strict=True)
    ]
    return whole | {"arcs": arcs, "objects": {"wards": {"type": "GeometryCollection", "geometries": parts}}}


@pytest.mark.parametrize("quantised", [False, True])
def test_f78_topojson_is_read(tmp_path, quantised):
    (tmp_path / "a.json").write_text(json.dumps(topology(quantised)))
    require_wards(read_areas(tmp_path / "a.json"))


def test_f31_polygon_parts_of_a_collection_of_a_topojson_are_kept(tmp_path):
    whole = topology(False)
    parts = whole["objects"]["wards"]["geometries"]
    said = parts[0].pop("properties")
    inner = [parts[0], {"type": "LineString", "arcs": [0]}]
    parts[0] = {"type": "GeometryCollection", "geometries": inner, "properties": said}
    (tmp_path / "a.json").write_text(json.dumps(whole))
    found = read_areas(tmp_path / "a.json")
    require_wards(found)
    assert list(found["mend"]) == ["a LineString left out", ""]


def test_f78_of_several_objects_of_a_topojson_one_is_asked_for(tmp_path):
    whole = topology(False)
    whole["objects"]["districts"] = whole["objects"]["wards"]
    (tmp_path / "a.json").write_text(json.dumps(whole))
    with pytest.raises(InputError, match="several layers: wards, districts") as error:
        read_areas(tmp_path / "a.json")
    assert "--layer" in error.value.remedy
    require_wards(read_areas(tmp_path / "a.json", layer="Wards"))
    with pytest.raises(InputError, match="no layer 'lsoas'"):
        read_areas(tmp_path / "a.json", layer="lsoas")


def esri(*features, **more):
    return {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4326},
        "features": list(features),
    } | more


def test_f78_esri_json_is_read_with_its_holes_and_parts(tmp_path):
    hole = [[0.004, 52.004], [0.006, 52.004], [0.006, 52.006], [0.004, 52.004]]
    outer = square(0)[::-1]
    features = [
        {
            "attributes": {"WD24CD": "E1", "WD24NM": "Ash"},
            "geometry": {"rings": [outer, hole, square(5)[::-1]]},
        },
        {"attributes": {"WD24CD": "E2", "WD24NM": "Elm"}, "geometry": None},
    ]
    (tmp_path / "a.json").write_text(json.dumps(esri(*features)))
    found = read_boundaries(tmp_path / "a.json")
    first = found.areas.geometry.iloc[0]
    assert len(shapely.get_parts(first)) == 2
    assert first.area == pytest.approx(0.0001 * 2 - shapely.Polygon(hole).area)
    assert found.areas["mend"].tolist() == ["", "no boundary"]


@pytest.mark.parametrize("wkid", [102100, 3857])
def test_f78_esri_json_in_web_mercator_is_transformed(tmp_path, wkid):
    rings = [[list(c) for c in shape.exterior.coords][::-1] for shape in wards("EPSG:3857").geometry]
    features = [
        {"attributes": {"WD24CD": code, "WD24NM": name}, "geometry": {"rings": [ring]}}
        for code, name, ring in zip(CODES, NAMES, rings, strict=True)
    ]
    (tmp_path / "a.json").write_text(json.dumps(esri(*features, spatialReference={"wkid": wkid})))
    require_wards(read_areas(tmp_path / "a.json"), 1e-7)


def test_f78_a_service_that_sent_only_its_first_rows_is_told(tmp_path):
    features = [{"attributes": {"WD24CD": "E1"}, "geometry": {"rings": [square(0)[::-1]]}}]
    (tmp_path / "a.json").write_text(json.dumps(esri(*features, exceededTransferLimit=True)))
    assert "is not whole" in read_boundaries(tmp_path / "a.json").notices[0].text


def test_f78_csv_with_wkt_is_read_in_any_dialect(tmp_path):
    table = wards()
    rows = list(zip(CODES, NAMES, table.geometry.to_wkt(), strict=True))
    text = "WD24CD;WD24NM;geom\n" + "".join(f'{c};{n};"{g}"\n' for c, n, g in rows)
    for raw in (text.encode(), text.replace(";", "\t").encode("utf-16"), b"\xef\xbb\xbf" + text.encode()):
        (tmp_path / "a.csv").write_bytes(raw)
        found = read_boundaries(tmp_path / "a.csv")
        require_wards(found.areas)
        assert "taken as longitude and latitude" in found.notices[0].text


def test_f78_ewkt_and_hexadecimal_wkb_say_their_own_system(tmp_path):
    flat = wards("EPSG:27700").geometry
    for values in (
        [f"SRID=27700;{shape.wkt}" for shape in flat],
        shapely.to_wkb(shapely.set_srid(flat.to_numpy(), 27700), hex=True, include_srid=True),
    ):
        rows = "".join(f'{c},{n},"{v}"\n' for c, n, v in zip(CODES, NAMES, values, strict=True))
        (tmp_path / "a.csv").write_text(f"WD24CD,WD24NM,geom\n{rows}")
        require_wards(read_areas(tmp_path / "a.csv"), 1e-6)


def test_f78_geoparquet_of_native_shapes_is_read(tmp_path):
    path = tmp_path / "a.parquet"
    wards().to_parquet(path, geometry_encoding="geoarrow")
    require_wards(read_areas(path))


def test_f78_geoparquet_that_says_its_system_is_unknown_is_judged_by_its_values(tmp_path):
    path = tmp_path / "a.parquet"
    wards("EPSG:27700").set_crs(None, allow_override=True).to_parquet(path)
    with pytest.raises(InputError, match=r"does not say its coordinate system.*EPSG:27700") as error:
        read_areas(path)
    assert "--crs EPSG:27700" in error.value.remedy
    require_wards(read_areas(path, crs="EPSG:27700"), 1e-6)


# ── KML ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def placemark(n, *, name="", data="", more=""):
    ring = " ".join(f"{x},{y},0" for x, y in square(n))
    return (
        f"<Placemark><name>{name}</name>{data}{more}<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    )


def kml(*inside):
    return f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{"".join(inside)}</Document></kml>'


def data_of(**values):
    cells = "".join(f'<Data name="{name}"><value>{value}</value></Data>' for name, value in values.items())
    return f"<ExtendedData>{cells}</ExtendedData>"


def test_f78_folders_of_a_kml_are_one_set_of_areas(tmp_path):
    pin = "<Placemark><name>Police station</name><Point><coordinates>0,52</coordinates></Point></Placemark>"
    folders = [
        f"<Folder><name>{f}</name>{placemark(n, name=f)}{pin}</Folder>"
        for n, f in enumerate(("North", "South"))
    ]
    (tmp_path / "a.kml").write_text(kml(*folders))
    assert list(read_areas(tmp_path / "a.kml")["area_id"]) == ["North", "South"]
    assert list(read_areas(tmp_path / "a.kml", layer="south")["area_id"]) == ["South"]
    grouped = read_areas(tmp_path / "a.kml", group_column="folder", within=["North"])
    assert list(grouped["group"]) == ["North"]


def test_f78_areas_of_one_name_in_two_folders_are_told_apart_by_the_folder(tmp_path):
    folders = [
        f"<Folder><name>{f}</name>{placemark(n, name='Centre')}</Folder>"
        for n, f in enumerate(("Bath", "Wells"))
    ]
    (tmp_path / "a.kml").write_text(kml(*folders))
    areas = read_areas(tmp_path / "a.kml")
    assert list(areas["name"]) == list(areas["area_id"]) == ["Bath / Centre", "Wells / Centre"]


def test_f71_codes_in_the_data_of_a_kml_are_taken_before_its_names(tmp_path):
    marks = [
        placemark(n, name=f"kml_{n}", data=data_of(LAD24CD="E07", WD24CD=code, WD24NM=name))
        for n, (code, name) in enumerate(zip(CODES, NAMES, strict=True))
    ]
    (tmp_path / "a.kml").write_text(kml(*marks))
    require_wards(read_areas(tmp_path / "a.kml"))


def test_f71_codes_in_the_table_that_arcgis_writes_into_a_description_are_read(tmp_path):
    table = (
        "<description><![CDATA[<html><body><table><tr><td>{name}</td></tr><tr><td><table>"
        "<tr><td>FID</td><td>{n}</td></tr><tr><td>WD24CD</td><td>{code}</td></tr>"
        "<tr><td>WD24NM</td><td>{name}</td></tr></table></td></tr></table></body></html>]]></description>"
    )
    marks = [
        placemark(n, name=name, more=table.format(n=n, code=code, name=name))
        for n, (code, name) in enumerate(zip(CODES, NAMES, strict=True))
    ]
    (tmp_path / "a.kml").write_text(kml(*marks))
    require_wards(read_areas(tmp_path / "a.kml"))


def test_f78_a_kmz_whose_first_file_links_to_another_in_it_is_read(tmp_path):
    link = kml("<NetworkLink><Link><href>layers/areas.kml</href></Link></NetworkLink>")
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.writestr("doc.kml", link)
        archive.writestr("layers/areas.kml", kml(placemark(0, name="Ash"), placemark(1, name="Elm")))
    assert list(read_areas(tmp_path / "a.kmz")["area_id"]) == ["Ash", "Elm"]


def test_f52_a_kml_that_only_links_is_refused_and_nothing_is_followed(tmp_path):
    (tmp_path / "b.kml").write_text(kml(placemark(0, name="Ash")))
    (tmp_path / "a.kml").write_text(
        kml(f"<NetworkLink><Link><href>file://{tmp_path}/b.kml</href></Link></NetworkLink>")
    )
    with pytest.raises(InputError, match="has only a link to another file or address"):
        read_areas(tmp_path / "a.kml")


def test_f78_police_uk_kml_files_in_a_folder_or_a_zip_are_an_area_each(tmp_path):
    folder = tmp_path / "force"
    folder.mkdir()
    for n, name in enumerate(("NN1", "NN2")):
        (folder / f"{name}.kml").write_text(kml(placemark(n, name=f"Place {n}")))
    for path in (folder, zipped(tmp_path / "force.zip", *sorted(folder.iterdir()))):
        areas = read_areas(path)
        assert list(areas["area_id"]) == ["NN1", "NN2"]
        assert list(areas["name"]) == ["Place 0", "Place 1"]


# ── layers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_f78_of_several_shapefiles_in_a_zip_one_is_asked_for(tmp_path):
    for name in ("wards", "lsoas"):
        wards().to_file(tmp_path / f"{name}.shp")
    given = zipped(tmp_path / "a.zip", *[one for one in tmp_path.iterdir() if one.suffix != ".zip"])
    with pytest.raises(InputError, match="several layers: lsoas, wards"):
        read_areas(given)
    require_wards(read_areas(given, layer="wards"), 1e-6)


@pytest.mark.parametrize("kind", ["geojson", "geojsonl", "esri.json", "parquet", "csv"])
def test_f78_a_file_without_layers_has_one_of_its_own_name_and_no_other(tmp_path, data, kind):
    path = tmp_path / f"areas.{kind}"
    made = {"geojsonl": "areas.geojsonl", "esri.json": "esri.json", "csv": "wkt.csv"}
    if kind in made:
        path.write_bytes((data / "cases/21-boundary-formats" / made[kind]).read_bytes())
    else:
        as_file(tmp_path, kind)
    with pytest.raises(InputError, match=rf"no layer 'wards' \(it has {path.stem}\)"):
        read_areas(path, layer="wards")
    assert len(read_areas(path, layer=path.stem)) == len(read_areas(path))


@pytest.mark.slow
def test_f78_a_layer_of_a_geopackage_is_chosen_by_name(tmp_path):
    path = tmp_path / "a.gpkg"
    wards().to_file(path, layer="wards", driver="GPKG")
    wards().iloc[:1].to_file(path, layer="beats", driver="GPKG")
    with pytest.raises(InputError, match="several layers: wards, beats"):
        read_areas(path)
    require_wards(read_areas(path, layer="WARDS"))
    assert len(read_areas(path, layer="beats")) == 1


def test_f78_layers_of_points_beside_the_areas_are_no_choice(tmp_path):
    path = as_file(tmp_path, "gpkg", layer="wards")
    pins = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(0, 52)], crs="EPSG:4326")
    pins.to_file(path, layer="stations", driver="GPKG")
    require_wards(read_areas(path))
    with pytest.raises(InputError, match=r"has no polygons|no column"):
        read_areas(path, layer="stations")


def test_f31_points_and_lines_among_the_rows_are_left_out_and_told(tmp_path):
    line = gpd.GeoDataFrame(
        {"WD24CD": [None]}, geometry=[shapely.LineString([(0, 52), (1, 52)])], crs="EPSG:4326"
    )
    table = pd.concat([wards(), line], ignore_index=True)
    for ending in ("geojson", "gpkg"):
        found = read_boundaries(as_file(tmp_path, ending, table))
        require_wards(found.areas)
        assert "1 of 3 rows" in found.notices[0].text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_f60_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.geojson")
    with pytest.raises(InputError, match="no plain file"):
        read_areas(tmp_path / "a.geojson")


def test_shapes_without_columns_are_told_so(tmp_path):
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [square(0)]}))
    with pytest.raises(InputError, match="shapes without any columns"):
        read_areas(tmp_path / "a.geojson")


def test_f78_a_geopackage_open_in_qgis_is_read_with_what_is_not_yet_put_into_it(tmp_path):
    path = as_file(tmp_path, "gpkg")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.create_function("ST_IsEmpty", 1, lambda _: 0)
        for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            database.create_function(name, 1, lambda _: 0.0)
        database.execute("UPDATE areas SET WD24NM = 'Newfield' WHERE WD24CD = 'E05000002'")
        database.commit()
        assert list(read_areas(path)["name"]) == ["Westfield", "Newfield"]


# ── parts that are missing ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ending", "lost"), [("shp", ".shx"), ("shp", ".dbf"), ("tab", ".map"), ("mif", ".mid")]
)
def test_f78_a_part_that_is_missing_is_named(tmp_path, ending, lost):
    path = as_file(tmp_path, ending)
    path.with_suffix(lost).unlink()
    with pytest.raises(InputError, match=f"areas{lost}.*is not there") as error:
        read_areas(path)
    assert path.name in error.value.remedy


@pytest.mark.parametrize("ending", [".shx", ".dbf", ".prj", ".cpg"])
def test_f78_a_part_given_alone_says_which_file_to_give(tmp_path, ending):
    path = as_file(tmp_path, "shp").with_suffix(ending)
    with pytest.raises(InputError) as error:
        read_areas(path)
    assert ".shp" in error.value.remedy


def test_f78_the_ending_of_a_part_may_be_in_capitals(tmp_path):
    path = as_file(tmp_path, "shp")
    for ending in (".dbf", ".shx"):
        one = path.with_suffix(ending)
        one.rename(one.with_suffix(ending.upper()))
    require_wards(read_areas(path), 1e-6)


# ── F52: what names other files ───────────────────────────────────────────────────────────────────────────────────

VRT = '<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
GDALG = '{{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read {} ! write out", "x": "<kml"}}'
TAB_VIEW = '!table\n!version 100\nopen table "{}" hide\ncreate view a as select * from b\n'


@pytest.mark.parametrize(
    "recipe", [VRT, f"<!-- <kml> -->{VRT}", GDALG, TAB_VIEW], ids=["vrt", "kml", "gdalg", "tab"]
)
@pytest.mark.parametrize("name", ["a.kml", "a.json", "a.tab", "a.gpkg", "a.vrt"])
def test_f52_a_recipe_under_any_name_is_refused_with_its_kind(tmp_path, recipe, name):
    secret = as_file(tmp_path, "geojson").rename(tmp_path / "secret.geojson")
    (tmp_path / name).write_text(recipe.format(secret.as_posix()))
    with pytest.raises(InputError, match=r"which names other files|that names other files"):
        read_areas(tmp_path / name)


def test_f52_one_recipe_among_kml_files_of_a_folder_or_zip_is_passed_over(tmp_path):
    secret = as_file(tmp_path, "geojson").rename(tmp_path / "secret.geojson")
    folder = tmp_path / "force"
    folder.mkdir()
    (folder / "NN1.kml").write_text(kml(placemark(0, name="Place")))
    (folder / "NN2.kml").write_text("<!-- <kml> -->" + VRT.format(secret))
    for path in (folder, zipped(tmp_path / "a.zip", *folder.iterdir())):
        found = read_boundaries(path)
        assert not set(found.areas["area_id"]) & set(CODES)
        assert "NN2.kml is a VRT recipe" in found.notices[-1].text


def test_f78_a_web_page_among_kml_files_is_told_as_an_area_that_is_missing(tmp_path):
    (tmp_path / "NN1.kml").write_text(kml(placemark(0, name="Place")))
    (tmp_path / "NN2.kml").write_text("<!DOCTYPE html><html>Sign in</html>")
    (tmp_path / "._NN2.kml").write_bytes(b"\0\5\26\7")
    [told] = read_boundaries(tmp_path).notices
    assert "whose areas are missing: NN2.kml is a web page." in told.text
    assert told.code in WEIGHTY


def test_f52_a_shapefile_is_read_without_what_lies_beside_it(tmp_path):
    path = as_file(tmp_path, "shp")
    (tmp_path / "areas.shp.aux.xml").write_text(VRT.format("/etc/hostname"))
    (tmp_path / "areas.qix").write_bytes(b"SQT\1" + b"\xff" * 100)
    require_wards(read_areas(path), 1e-6)


@pytest.mark.parametrize(
    "rest",
    [
        TAB_VIEW.removeprefix("!table\n!version 100\n"),
        'begin_metadata\n"\\IsSeamless" = "TRUE"\nend_metadata\n',
    ],
)
@pytest.mark.parametrize("before", [0, 70_000, 2_000_000])
def test_f52_a_mapinfo_table_that_names_others_far_down_is_refused_before_gdal_sees_it(
    tmp_path, rest, before
):
    path = as_file(tmp_path, "tab")
    filling = "! nothing\n" * (before // 10)
    path.write_text(path.read_text() + filling + rest.format("../../secret"))
    with pytest.raises(InputError, match="a MapInfo table that names other files"):
        read_areas(path)


def linked(path, to):
    """Put a link in the place of a file."""
    path.unlink()
    try:
        path.symlink_to(to)
    except OSError:
        pytest.skip("links may not be made here")


@pytest.mark.parametrize(("ending", "part"), [("shp", "dbf"), ("shp", "prj"), ("shp", "cpg"), ("tab", "dat"),
                                              ("mif", "mid")])  # fmt: skip
def test_f52_a_part_that_is_a_link_to_a_file_elsewhere_is_not_read(tmp_path, ending, part):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    as_file(elsewhere, ending, wards().assign(WD24NM=["Secret", "Secret too"]))
    path = as_file(tmp_path, ending)
    linked(path.with_suffix(f".{part}"), elsewhere / f"areas.{part}")
    with pytest.raises(
        InputError, match=f"areas.{part}, which belongs to .* is a link to a file elsewhere"
    ) as told:
        read_areas(path)
    assert "Secret" not in str(told.value)


def test_f52_links_in_a_folder_to_files_elsewhere_are_passed_over(tmp_path):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "force"
    elsewhere.mkdir()
    folder.mkdir()
    (elsewhere / "NN3.kml").write_text(kml(placemark(2, name="Secret")))
    for n, name in enumerate(("NN1", "NN2", "NN3")):
        (folder / f"{name}.kml").write_text(kml(placemark(n, name=f"Place {n}")))
    linked(folder / "NN3.kml", elsewhere / "NN3.kml")
    assert list(read_areas(folder)["area_id"]) == ["NN1", "NN2"]


def test_f52_a_shapefile_that_is_links_to_one_elsewhere_is_read(tmp_path):
    path = as_file(tmp_path, "shp")
    (tmp_path / "here").mkdir()
    for one in tmp_path.glob("areas.*"):
        (tmp_path / "here" / one.name).touch()
        linked(tmp_path / "here" / one.name, one)
    require_wards(read_areas(tmp_path / "here" / path.name), 1e-6)


def test_f52_gdal_may_not_open_what_the_environment_would_let_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GDAL_SKIP", "GPKG")
    monkeypatch.setenv("OGR_DRIVER_PATH", str(tmp_path))
    require_wards(read_areas(as_file(tmp_path, "fgb")))


OTHERS = {
    "a.pdf": (b"%PDF-1.7\n", "a PDF"),
    "a.geojson": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
    "b.geojson": (b'{"error": {"code": 499, "message": "Token Required"}}', "an error answer of a map service.*Token"),
    "a.shp": (b"PK\x03\x04", "damaged ZIP"),
    "a.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "an old Office file"),
    "a.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "a picture"),
    "a.gml": (b"<?xml version='1.0'?><gml:FeatureCollection xmlns:gml='x'/>", "GML"),
    "a.qgs": (b"<qgis projectname='x'></qgis>", "a GIS project"),
    "a.xml": (b"<metadata><idinfo/></metadata>", "metadata"),
    "a.db": (b"SQLite format 3\0" + b"\0" * 100, "a database that is no GeoPackage"),
    "a.7z": (b"7z\xbc\xaf\x27\x1c" + b"\0" * 10, "7-Zip"),
    "a.js": (b'var json_wards_1 = {"type": "FeatureCollection"}', "a script"),
    "a.url": (b"[InternetShortcut]\r\nURL=file://host/share", "a shortcut"),
    "a.csv": (b"WD24CD,households\nE1,5\n", "a table without shapes"),
    "crimes.csv": (b"Crime ID,Month,Reported by,Longitude\n,2018-10,,0.1\n", "a file of crimes"),
    "a.json": (b'{"count": 3, "rows": [1, 2]}', "JSON, but none of areas"),
    "pages.json": (b'[{"type": "FeatureCollection"}, {"type": "FeatureCollection"}]', "GeoJSON at 1, and 1 more"),
    "b.json": (b'{"layers": [{"featureSet": {"features": [], "geometryType": "esriGeometryPolygon"}}]}',
               "its areas further inside: Esri JSON at layers 1 featureSet"),
    "c.json": (b'{"features": [{"attributes": {"a": "b"}, "geometry": {"curveRings": [[[0, 52]]]}}]}', "with curves"),
    "empty.gpkg": (b"", "empty"),
    "lfs.geojson": (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n", "a pointer of Git LFS"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_f78_what_is_no_file_of_areas_is_called_by_its_kind_with_what_to_do(tmp_path, name):
    raw, said = OTHERS[name]
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(InputError, match=said) as error:
        read_areas(tmp_path / name)
    assert error.value.remedy
    assert "\\x" not in str(error.value)


def test_a_zip_of_crimes_given_as_boundaries_is_called_so_and_no_layer_of_it_is_asked_for(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for month in ("2018-10", "2018-11"):
            archive.writestr(f"{month}/{month}-kent-street.csv", csv_text(row(month)))
    with pytest.raises(InputError, match=r"a ZIP with no file of areas.*is a file of crimes") as error:
        read_areas(tmp_path / "a.zip")
    assert "--crimes" in error.value.remedy


def test_a_word_document_given_as_boundaries_is_called_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "map.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(InputError, match="is a Word document"):
        read_areas(tmp_path / "map.docx")


def test_every_kind_that_is_not_read_says_what_to_do():
    read = {"geojson", "geojsonseq", "topojson", "esrijson", "kml", "csv", "parquet", "zip", "gzip"}
    for kind in KINDS.values():
        assert kind.driver or kind.remedy or kind.key in read


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_of_some_kind(raw):
    assert kind_of(raw) in KINDS.values()


KEYS = st.sampled_from(["type", "features", "error", "attributes"])
JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5), lambda x: st.lists(x) | st.dictionaries(KEYS, x)
)


@pytest.mark.slow
@settings(deadline=None)
@given(JSON)
def test_any_json_is_of_some_kind(value):
    assert kind_of_json(value) in KINDS.values()


# ── F72, F73: texts and paths ─────────────────────────────────────────────────────────────────────────────────────

WELSH = ["Tŷ Môr", "Ynys Môn"]
FRENCH = ["Château", "Crème"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "written", "cpg", "told"),
    [
        (WELSH, "utf-8", "UTF-8", ""),
        (WELSH, "utf-8", None, ""),
        (WELSH, "utf-8", "1252", ""),
        (FRENCH, "cp1252", "1252", ""),
        (FRENCH, "cp1252", "ANSI 1252", ""),
        (FRENCH, "cp1252", "UTF-8", "though its .cpg says UTF-8"),
        (FRENCH, "cp1252", None, "is read as Windows-1252"),
        (FRENCH, "cp850", "850", ""),
    ],
)
def test_f72_the_text_of_a_shapefile_is_read_as_what_it_is(tmp_path, names, written, cpg, told):
    path = as_file(tmp_path, "shp", wards().assign(WD24NM=names), encoding=written)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    found = read_boundaries(path)
    assert list(found.areas["name"]) == names
    assert told in " ".join(notice.text for notice in found.notices)
    assert bool(told) == bool(found.notices)


def test_f72_a_name_cut_inside_a_letter_is_still_utf_8(tmp_path):
    path = as_file(tmp_path, "shp", wards().assign(WD24NM=["Tŷ Môr", "x" * 79 + "ŷ" + "y"]), encoding="utf-8")
    raw = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(raw.replace("ŷy".encode(), "ŷ".encode()[:1] + b"  "))
    found = read_boundaries(path)
    assert found.areas["name"].iloc[0] == "Tŷ Môr"


def test_f72_geojson_in_windows_1252_is_read_and_told(tmp_path):
    raw = wards().assign(WD24NM=FRENCH).to_json(ensure_ascii=False).encode("cp1252")
    (tmp_path / "a.geojson").write_bytes(raw)
    found = read_boundaries(tmp_path / "a.geojson")
    assert list(found.areas["name"]) == FRENCH
    assert "is read as Windows-1252" in found.notices[0].text


@pytest.mark.parametrize("declared", ['<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>', ""])
def test_f72_kml_in_windows_1252_that_says_it_is_utf_8_is_read_and_told(tmp_path, declared):
    areas = wards().assign(WD24NM=FRENCH)
    text = "".join(
        f"<Placemark><name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        + " ".join(f"{x},{y}" for x, y in shape.exterior.coords)
        + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for name, shape in zip(areas["WD24NM"], areas.geometry, strict=True)
    )
    text = f'{declared}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{text}</Document></kml>'
    (tmp_path / "a.kml").write_bytes(text.encode("cp1252"))
    found = read_boundaries(tmp_path / "a.kml")
    assert sorted(found.areas["name"]) == sorted(FRENCH)
    assert "is read as Windows-1252" in found.notices[0].text


@pytest.mark.parametrize("behind", ["|layername=wards", "|layername=wards|subset=1", "/wards", "\\wards"])
def test_f78_a_path_with_a_layer_as_a_gis_writes_it_says_what_to_give(tmp_path, behind):
    path = as_file(tmp_path, "gpkg", layer="wards")
    with pytest.raises(InputError, match="is not there") as error:
        read_areas(f"{path}{behind}")
    assert error.value.remedy == f"Give {path}, and its layer with --layer wards."


ODD = ["!Archive", "a#b", "50%25 done", "two  spaces", "Tŷ", "a?b", "x.zip", "vsi{a}", "a'b\"c"]


@pytest.mark.slow
@pytest.mark.parametrize("folder", [name for name in ODD if os.name != "nt" or windows_allows(name)])
@pytest.mark.parametrize("ending", ["shp", "gpkg", "geojson", "parquet"])
def test_f73_a_path_is_a_path(tmp_path, folder, ending):
    (tmp_path / folder).mkdir()
    require_wards(read_areas(as_file(tmp_path, ending).rename(tmp_path / folder / f"wards!.{ending}")
                             if ending != "shp" else moved(tmp_path, folder)), 1e-6)  # fmt: skip


def moved(folder, name):
    """A shapefile, all its files, in another folder under a name with odd characters."""
    as_file(folder, "shp")
    for one in list(folder.glob("areas.*")):
        one.rename(folder / name / one.name.replace("areas", "wards!#%41"))
    return folder / name / "wards!#%41.shp"


@pytest.mark.skipif(os.name == "nt", reason="paths are text on Windows")
def test_f73_a_path_that_is_no_text_is_a_path(tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe9te"))
    try:
        odd.mkdir()
    except OSError:
        pytest.skip("this file system takes only text")
    path = shutil.move(as_file(tmp_path, "gpkg"), odd / "areas.gpkg")
    require_wards(read_areas(path), 1e-6)


def test_a_system_that_is_none_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="--crs 27 is not a coordinate system"):
        read_areas(as_file(tmp_path, "geojson"), crs="27")


def test_a_parquet_table_without_shapes_is_refused(tmp_path):
    pq.write_table(pa.table({"WD24CD": CODES}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="a Parquet table without shapes"):
        read_areas(tmp_path / "a.parquet")


def test_a_geopackage_of_tables_alone_is_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(pd.DataFrame({"note": ["x"]}), path, layer="notes", driver="GPKG")
    with pytest.raises(InputError, match="a table but no polygons"):
        read_areas(path)


@pytest.mark.parametrize("corner", ["1e400 52", "nan 52", "1e300 52"])
def test_f23_corners_that_are_no_numbers_are_refused(tmp_path, corner):
    (tmp_path / "a.csv").write_text(f'area_id,shape\na,"POLYGON ((0 52, {corner}, 1 53, 0 52))"\n')
    with pytest.raises(InputError, match="not numbers, or are nowhere on the earth"):
        read_areas(tmp_path / "a.csv")


def test_curves_in_wkt_are_called_so(tmp_path):
    (tmp_path / "a.csv").write_text(
        'area_id,shape\na,"MULTISURFACE (CURVEPOLYGON ((0 52, 1 52, 1 53, 0 52)))"\n'
    )
    with pytest.raises(InputError, match="not valid WKT, or has curves"):
        read_areas(tmp_path / "a.csv")


def test_f44_a_full_folder_for_temporary_files_is_named_and_is_a_disk_error(tmp_path, monkeypatch):
    path = tmp_path / "areas.gpkg"
    gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.box(0, 52, 0.01, 52.01)], crs="EPSG:4326").to_file(path)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with pytest.raises(DiskError, match="folder for temporary files") as told:
        read_areas(path)
    assert tempfile.gettempdir() in told.value.cause
    assert "TMPDIR" in told.value.remedy
