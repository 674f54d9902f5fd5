"""Bounds: what grows, crosses itself or has no end is refused within seconds, by name."""

import gzip
import json
import sqlite3
import sys
import zipfile
from contextlib import closing
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from conftest import crashing, feature, square, write_geojson

from sacmap import limits
from sacmap.areas import gdal, layer_files, topology
from sacmap.areas.boundaries import read_areas
from sacmap.areas.mend import crossings
from sacmap.areas.topology import overlaps
from sacmap.errors import InputError
from sacmap.files import child_process

pytestmark = pytest.mark.slow


def write(path, coordinates, kind="Polygon"):
    shape = {"type": kind, "coordinates": coordinates}
    return write_geojson(path, {"type": "Feature", "properties": {"id": "A"}, "geometry": shape})


def comb(teeth):
    """A ring of two combs, one across the other."""
    up = [[k / teeth * 0.02 + x, 52 + y] for k in range(teeth) for x, y in
          ((0, 0), (0, 0.02), (0.5 / teeth * 0.02, 0.02), (0.5 / teeth * 0.02, 0))]  # fmt: skip
    across = [[y - 52, x + 52] for x, y in up]
    return [*up, [0.02, 52.02], *across[::-1], up[0]]


def random_ring(corners):
    points = np.random.default_rng(1).uniform((0, 52), (0.02, 52.02), (corners, 2))
    return [*points.tolist(), points[0].tolist()]


@pytest.mark.parametrize(
    ("coordinates", "kind"),
    [
        ([random_ring(500)], "Polygon"),
        ([comb(400)], "Polygon"),
        ([[[[x + n * 1e-6, y] for x, y in square(0)]] for n in range(1_000)], "MultiPolygon"),
        ([[square(0)]] * 3_000, "MultiPolygon"),
    ],
    ids=["random", "comb", "overlapping", "repeated"],
)
def test_f61_a_boundary_that_crosses_itself_without_end_is_refused_by_name(tmp_path, coordinates, kind):
    with pytest.raises(
        InputError, match=r"mostly in area A, .* places where boundaries of areas cross themselves"
    ):
        read_areas(write(tmp_path / "a.geojson", coordinates, kind))


def test_f61_the_bound_is_on_all_areas_together(tmp_path):
    with pytest.raises(InputError, match="cross themselves"):
        read_areas(features(tmp_path / "a.geojson", *[random_ring(80)] * 5))


def test_f61_few_crossings_of_a_large_area_are_mended(tmp_path):
    turns = np.linspace(0, 2 * np.pi, 50_000)
    ring = np.column_stack([0.05 * np.cos(turns), 52 + 0.05 * np.sin(turns)])
    ring[100:110] = ring[100:110][::-1]
    assert 0 < crossings(shapely.Polygon(ring)) < 100
    assert "mended" in read_areas(write(tmp_path / "a.geojson", [ring.tolist()]))["mend"].iloc[0]


def test_f61_edges_that_lie_on_one_another_by_the_thousand_are_refused_by_name(tmp_path):
    for corners in (60_000, 6_000):
        ring = [*[[0, 52], [1, 52], [1, 53]] * (corners // 3), [0, 52]]
        with pytest.raises(InputError, match=r"mostly in area A, .* cross themselves"):
            read_areas(write(tmp_path / "a.geojson", [ring]))


def features(path, *rings):
    """Areas of one ring each."""
    return write_geojson(path, *(feature(ring, id=f"A{n}") for n, ring in enumerate(rings)))


def teeth(count, turned):
    """A comb, valid in itself."""
    points = [[k / count * 0.02 + x, 52 + y] for k in range(count) for x, y in
              ((0, 0), (0, 0.02), (0.5 / count * 0.02, 0.02), (0.5 / count * 0.02, 0))]  # fmt: skip
    ring = [*points, [0.02, 51.999], [0, 51.999], points[0]]
    return [[y - 52, x + 52] for x, y in ring] if turned else ring


def test_f61_areas_that_cross_one_another_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(topology, "CROSSINGS_BETWEEN", replace(limits.CROSSINGS_BETWEEN, most=2_000))
    areas = read_areas(features(tmp_path / "a.geojson", teeth(40, False), teeth(40, True)))
    with pytest.raises(InputError, match="places where boundaries of two areas cross"):
        overlaps(areas)
    few = read_areas(features(tmp_path / "b.geojson", teeth(10, False), teeth(10, True)))
    assert [pair[:2] for pair in overlaps(few)] == [("A0", "A1")]


def test_f61_many_areas_in_one_place_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(topology, "PAIRS", replace(limits.PAIRS, most=1_000))
    areas = read_areas(features(tmp_path / "a.geojson", *[square(0)] * 50))
    with pytest.raises(InputError, match="pairs of areas in one place"):
        overlaps(areas)
    monkeypatch.setattr(topology, "PAIRS", limits.PAIRS)
    monkeypatch.setattr(topology, "COVERING", replace(limits.COVERING, most=200))
    with pytest.raises(InputError, match="corners of areas that cover one another"):
        overlaps(areas)


def test_f60_a_column_of_its_own_in_each_row_is_refused(tmp_path):
    made = [
        {"type": "Feature", "geometry": None, "properties": {f"p{n}_{k}": 1 for k in range(20)}}
        for n in range(2_000)
    ]
    write_geojson(tmp_path / "a.geojson", *made)
    with pytest.raises(InputError, match="holds 80,000,000 cells"):
        read_areas(tmp_path / "a.geojson")


def test_f60_more_text_than_is_read_of_a_geopackage_is_refused_before_it_is_taken_apart(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(gdal, "READ", replace(limits.READ, most=100_000))
    table = gpd.GeoDataFrame(
        {"id": ["A"], "text": [""]}, geometry=[shapely.Polygon(square(0))], crs="EPSG:4326"
    )
    table.to_file(tmp_path / "a.gpkg", driver="GPKG")
    assert len(read_areas(tmp_path / "a.gpkg")) == 1
    table.assign(text="x" * 200_000).to_file(tmp_path / "b.gpkg", driver="GPKG")
    with pytest.raises(InputError, match="bytes of shapes and text"):
        read_areas(tmp_path / "b.gpkg")


def test_crossings_are_counted_and_corners_shared_are_none():
    assert crossings(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])) == 1
    assert crossings(shapely.Polygon(square(0))) == 0


# ── F60: small files that grow ────────────────────────────────────────────────────────────────────────────────────


def geopackage(path, view):
    table = gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.Polygon(square(0))], crs="EPSG:4326")
    table.to_file(path, driver="GPKG", layer="areas")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(view)
        for statement in (
            "INSERT INTO gpkg_contents(table_name, data_type, identifier, srs_id)"
            " VALUES ('endless', 'features', 'endless', 4326)",
            "INSERT INTO gpkg_geometry_columns VALUES ('endless', 'geom', 'POLYGON', 4326, 0, 0)",
        ):
            database.execute(statement)
    return path


ENDLESS = (
    "CREATE VIEW endless AS WITH RECURSIVE c(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM c)"
    " SELECT fid, (SELECT geom FROM areas) AS geom, 'x' AS id FROM c WHERE fid < 0"
)


def test_f60_a_view_without_end_is_never_asked(tmp_path):
    path = geopackage(tmp_path / "a.gpkg", ENDLESS)
    assert list(read_areas(path)["area_id"]) == ["A"]
    with pytest.raises(InputError, match=r"endless of .* is a view"):
        read_areas(path, layer="endless")


def test_f60_a_view_in_place_of_a_table_of_the_geopackage_itself_is_refused(tmp_path):
    path = geopackage(tmp_path / "a.gpkg", ENDLESS)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE IF EXISTS gpkg_extensions")
        database.execute(
            "CREATE VIEW gpkg_extensions AS WITH RECURSIVE c(table_name) AS (SELECT 'a' UNION ALL SELECT 'b' FROM c)"
            " SELECT table_name, 'b' AS column_name, 'c' AS extension_name, 'd' AS definition, 'e' AS scope FROM c"
        )
    with pytest.raises(InputError, match="no GeoPackage"):
        read_areas(path)


def test_f60_what_takes_too_long_or_too_much_memory_is_left_and_told(tmp_path, monkeypatch):
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.Polygon(square(0))], crs="EPSG:4326").to_file(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "ALTER TABLE a ADD COLUMN big TEXT GENERATED ALWAYS AS (hex(zeroblob(900000000))) VIRTUAL"
        )
    with pytest.raises(InputError, match=r"memory|damaged"):
        read_areas(path)
    monkeypatch.setattr(child_process, "WALL", 0)
    with pytest.raises(InputError, match=r"could not be read within 0 seconds.*computer busy"):
        read_areas(path)


def test_f60_the_bound_is_on_all_files_of_a_shapefile_together(tmp_path, monkeypatch):
    made = gpd.GeoDataFrame({"code": ["A"]}, geometry=[shapely.box(0, 52, 0.1, 52.1)], crs=4326)
    made.to_file(tmp_path / "a.shp")
    size = sum((tmp_path / f"a{ending}").stat().st_size for ending in (".shp", ".shx", ".dbf"))
    monkeypatch.setattr(layer_files, "BINARY", replace(limits.BINARY, most=size))
    assert len(read_areas(tmp_path / "a.shp")) == 1
    monkeypatch.setattr(layer_files, "BINARY", replace(limits.BINARY, most=size - 1))
    with pytest.raises(InputError, match=rf"holds {size} bytes; {size - 1} are the most"):
        read_areas(tmp_path / "a.shp")


def test_f60_gzip_and_zip_that_unpack_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(layer_files, "TEXT", replace(limits.TEXT, most=1 << 20))
    # A file of gzip may be one after the other.
    (tmp_path / "a.geojson.gz").write_bytes(gzip.compress(b" " * (1 << 19)) * 3)
    with pytest.raises(InputError, match="are the most"):
        read_areas(tmp_path / "a.geojson.gz")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(3):
            archive.writestr(f"{n}.geojson", b" ")
            # Refused by what the ZIP says of it, before anything is unpacked.
            archive.filelist[n].file_size = 400 << 20
    with pytest.raises(InputError, match="bytes when unpacked"):
        read_areas(tmp_path / "a.zip")


def test_f60_a_zip_that_says_its_members_are_small_is_damaged(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b"{" + b" " * 1_000_000)
    raw = bytearray((tmp_path / "a.zip").read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (100).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(InputError, match="damaged"):
        read_areas(tmp_path / "a.zip")


def test_f60_geoparquet_whose_values_repeat_is_summed_before_they_are_written_out(tmp_path):
    ring = np.column_stack([np.linspace(0, 1, 60_000), 52 + np.random.default_rng(1).uniform(0, 1, 60_000)])
    wkb = shapely.to_wkb(shapely.Polygon(ring))
    places = pa.array([0] * 100_000, pa.int32())
    meta = {"version": "1.0.0", "primary_column": "geometry",
            "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}  # fmt: skip
    for column, value in (("geometry", wkb), ("id", "x" * 100_000)):
        table = pa.table(
            {
                "id": pa.array([str(k) for k in range(100_000)]),
                "geometry": pa.array([shapely.to_wkb(shapely.Polygon(square(0)))] * 100_000),
            }
        )
        repeated = pa.DictionaryArray.from_arrays(places, pa.array([value]))
        table = table.set_column(table.schema.names.index(column), column, repeated)
        pq.write_table(
            table.replace_schema_metadata({b"geo": json.dumps(meta).encode()}), tmp_path / "a.parquet"
        )
        with pytest.raises(InputError, match="bytes when decoded"):
            read_areas(tmp_path / "a.parquet")


def test_f60_a_topology_that_names_one_arc_again_and_again_is_refused(tmp_path):
    parts = [{"type": "Polygon", "id": str(k), "arcs": [[0] * 100]} for k in range(2_000)]
    whole = {
        "type": "Topology",
        "arcs": [[[0, 52], [1, 52], [1, 53], [0, 52]] * 1_000],
        "objects": {"a": {"type": "GeometryCollection", "geometries": parts}},
    }
    (tmp_path / "a.json").write_text(json.dumps(whole))
    with pytest.raises(InputError, match="corners"):
        read_areas(tmp_path / "a.json")


def test_f60_shapes_within_shapes_do_not_end_the_process(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,shape\na,"' + "GEOMETRYCOLLECTION (" * 200_000 + '"\n')
    with pytest.raises(InputError, match="not valid WKT"):
        read_areas(path)
    deep = bytes.fromhex("010700000001000000") * 200_000
    path.write_text(f"id,shape\na,{deep.hex()}\n")
    with pytest.raises(InputError, match="collections within one shape"):
        read_areas(path)
    meta = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    table = pa.table({"id": ["a"], "geometry": [deep]}).replace_schema_metadata(
        {b"geo": json.dumps(meta).encode()}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="collections within one shape"):
        read_areas(tmp_path / "a.parquet")


@pytest.mark.parametrize("inner", [b"[" * 13_000_000, b"1," * 31_000_000], ids=["brackets", "values"])
def test_f60_json_of_millions_of_values_is_refused_before_it_is_read(tmp_path, inner):
    (tmp_path / "a.geojson").write_bytes(b'{"type": "FeatureCollection", "features": [' + inner)
    with pytest.raises(InputError, match="are the most"):
        read_areas(tmp_path / "a.geojson")


def test_every_bound_has_its_error():
    every = [one for one in vars(limits).values() if isinstance(one, limits.Limit)]
    assert len(every) > 10
    for bound in every:
        bound.require(bound.most, "a.geojson")
        with pytest.raises(InputError, match="are the most") as error:
            bound.require(bound.most + 1, "a.geojson")
        assert bound.what in error.value.cause
        assert error.value.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(("times", "reads"), [(1, True), (2, False)])
def test_a_reader_of_areas_that_crashes_once_is_asked_again(tmp_path, monkeypatch, times, reads):
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.box(-1, 52, 0, 53)], crs=4326).to_file(path)
    crashing(tmp_path, monkeypatch, times)
    if reads:
        assert list(read_areas(path)["area_id"]) == ["a"]
    else:
        with pytest.raises(InputError, match="damaged"):
            read_areas(path)
