"""Places: every datum really transformed, and no file or address opened for a coordinate system."""

import json
import os

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import square

from sacmap import tables
from sacmap.areas.boundaries import read_areas, read_boundaries
from sacmap.areas.columns import BoundaryOptions
from sacmap.areas.coordinates import likely, system_given, system_of
from sacmap.areas.locate import locate
from sacmap.crimes import repeats
from sacmap.errors import InputError, UsageError
from sacmap.fetch.street import read

pytestmark = pytest.mark.usefixtures("forked_readers")

#: Coordinate systems that British and Irish boundaries come in.
SYSTEMS = [
    "EPSG:4277",
    "EPSG:27700",
    "EPSG:3857",
    "EPSG:4258",
    "EPSG:32630",
    "EPSG:3035",
    "EPSG:7405",
    "EPSG:29902",
]


def here(crs="EPSG:4326", ids=("A", "B")):
    shapes = [shapely.transform(shapely.Polygon(square(n)), lambda c: c - [1.5, -1.38]) for n in (0, 1)]
    return gpd.GeoDataFrame({"id": list(ids)}, geometry=shapes, crs="EPSG:4326").to_crs(crs)


@pytest.mark.slow
@pytest.mark.parametrize("crs", SYSTEMS)
def test_f65_every_datum_is_really_transformed(tmp_path, crs):
    path = tmp_path / "a.gpkg"
    here(crs).to_file(path, driver="GPKG")
    for shape, there in zip(read_areas(path).geometry, here().geometry, strict=True):
        # Seven parameters there and back: a centimetre.
        assert shapely.hausdorff_distance(shape, there) < 1e-7


def test_f65_degrees_of_osgb36_are_not_those_of_wgs84(tmp_path):
    degrees = here("EPSG:4277")
    degrees.to_file(tmp_path / "a.gpkg", driver="GPKG")
    moved = (
        read_areas(tmp_path / "a.gpkg").geometry.iloc[0].centroid.distance(degrees.geometry.iloc[0].centroid)
    )
    # About 120 m there.
    assert 0.0005 < moved < 0.003


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:4267",
        'GEOGCS["x",DATUM["unknown",SPHEROID["airy",6377563.396,299.3249646]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]',
    ],
)
def test_f65_a_datum_without_a_real_way_is_refused_by_name(tmp_path, crs):
    path = tmp_path / "a.gpkg"
    here().set_crs(crs, allow_override=True).to_file(path, driver="GPKG")
    with pytest.raises(InputError, match="no real transformation") as error:
        read_areas(path)
    assert "--crs" in error.value.remedy


@pytest.mark.parametrize("name", ["Unknown_based_on_Airy_1830_ellipsoid", "D_unknown", "OSGB36(15)"])
def test_f65_the_british_grid_is_known_by_its_numbers_whatever_its_datum_is_called(tmp_path, name):
    path = tmp_path / "a.shp"
    wards = gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.Polygon(square(0))], crs="EPSG:4326")
    wards.to_crs(27700).to_file(path)
    path.with_suffix(".prj").write_text(
        f'PROJCS["grid",GEOGCS["GCS",DATUM["{name}",SPHEROID["Airy_1830",6377563.396,299.3249646]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
        'PARAMETER["False_Easting",400000.0],PARAMETER["False_Northing",-100000.0],'
        'PARAMETER["Central_Meridian",-2.0],PARAMETER["Scale_Factor",0.999601272],'
        'PARAMETER["Latitude_Of_Origin",49.0],UNIT["Meter",1.0]]'
    )
    found = read_areas(path).geometry.iloc[0]
    assert found.symmetric_difference(wards.geometry.iloc[0]).area < wards.geometry.iloc[0].area / 1000


def test_f65_a_definition_of_the_british_grid_without_a_datum_is_taken_for_it_and_told(tmp_path):
    path = tmp_path / "a.shp"
    here("EPSG:27700").to_file(path)
    plain = "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy +units=m"
    path.with_suffix(".prj").write_text(system_of(plain).to_wkt("WKT1_GDAL"))
    found = read_boundaries(path)
    assert found.areas.geometry.iloc[0].distance(here().geometry.iloc[0].centroid) == 0
    assert "taken as OSGB36 / British National Grid" in found.notices[0].text


@pytest.mark.slow
def test_f35_values_in_metres_without_a_system_are_read_with_crs(tmp_path):
    path = tmp_path / "a.shp"
    here("EPSG:27700").to_file(path)
    path.with_suffix(".prj").unlink()
    with pytest.raises(InputError, match=r"EPSG:27700 \(British National Grid\)") as error:
        read_areas(path)
    assert error.value.remedy == "If that is right, add --crs EPSG:27700."
    for crs in ("27700", "EPSG:27700", "epsg:27700"):
        assert read_areas(path, crs=crs).geometry.iloc[0].intersects(here().geometry.iloc[0].centroid)


@pytest.mark.slow
def test_f35_degrees_without_a_system_are_taken_as_wgs84_and_told(tmp_path):
    path = tmp_path / "a.shp"
    here().to_file(path)
    path.with_suffix(".prj").unlink()
    found = read_boundaries(path)
    assert "taken as longitude and latitude WGS84" in found.notices[0].text
    moved = read_areas(path, crs="EPSG:4277").geometry.iloc[0]
    assert 0.0005 < moved.centroid.distance(found.areas.geometry.iloc[0].centroid) < 0.003


@pytest.mark.slow
@pytest.mark.parametrize(
    ("really", "declared", "likely_answer"),
    [
        ("EPSG:27700", "EPSG:4326", "EPSG:27700"),
        ("EPSG:4326", "EPSG:27700", "EPSG:4326"),
        ("EPSG:3857", "EPSG:27700", "EPSG:3857"),
        ("EPSG:27700", "EPSG:3857", "EPSG:27700"),
        ("EPSG:4326", "EPSG:3857", "EPSG:4326"),
    ],
)
def test_f35_a_wrong_system_is_refused_with_the_likely_one_which_can_be_given(
    tmp_path, really, declared, likely_answer
):
    path = tmp_path / "a.gpkg"
    here(really).set_crs(declared, allow_override=True).to_file(path, driver="GPKG")
    with pytest.raises(InputError) as error:
        read_areas(path)
    assert f"--crs {likely_answer}" in error.value.remedy
    found = read_boundaries(path, BoundaryOptions(crs=likely_answer))
    assert found.areas.geometry.iloc[0].intersects(here().geometry.iloc[0].centroid)
    assert "as you say (--crs)" in found.notices[0].text


def test_f35_the_likely_system_of_values_is_one_that_puts_them_here():
    assert likely(here("EPSG:3857").total_bounds) == "EPSG:3857"
    assert likely(np.array([np.nan] * 4)) is None
    assert likely(np.array([1e9, 1e9, 2e9, 2e9])) is None


# ── F56: no file is opened for a system ───────────────────────────────────────────────────────────────────────────

BOUND = """BOUNDCRS[SOURCECRS[GEOGCRS["x",DATUM["y",ELLIPSOID["z",6377563.396,299.3249646]],CS[ellipsoidal,2],
AXIS["latitude",north],AXIS["longitude",east],ANGLEUNIT["degree",0.0174532925199433]]],TARGETCRS[GEOGCRS["WGS 84",
DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],CS[ellipsoidal,2],AXIS["latitude",north],
AXIS["longitude",east],ANGLEUNIT["degree",0.0174532925199433]]],ABRIDGEDTRANSFORMATION["t",METHOD["NTv2",
ID["EPSG",9615]],PARAMETERFILE["Latitude and longitude difference file","{}"]]]"""


@pytest.fixture
def opened(tmp_path):
    """A path that tells whether it was opened: opening a pipe waits for its other end."""
    path = tmp_path / "grid.gsb"
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("form", [BOUND, "+proj=longlat +ellps=airy +nadgrids={} +no_defs", "+init={}:1"])
def test_f56_a_system_that_names_a_file_is_refused_and_the_file_not_opened(tmp_path, opened, form):
    text = form.format(opened)
    path = tmp_path / "a.geojson"
    whole = json.loads(here().to_json(drop_id=True))
    path.write_text(json.dumps(whole | {"crs": {"type": "name", "properties": {"name": text}}}))
    with pytest.raises(InputError, match="names a file, and none is opened for it"):
        read_areas(path)
    here().to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").write_text(text)
    with pytest.raises(InputError, match=r"names a file|neither a code"):
        read_areas(tmp_path / "a.shp")
    with pytest.raises(UsageError):
        system_given(text)


def test_f56_a_geopackage_whose_system_names_a_file_is_refused_and_the_file_not_opened(tmp_path, opened):
    import sqlite3
    from contextlib import closing

    path = tmp_path / "a.gpkg"
    here().to_file(path, driver="GPKG")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "INSERT INTO gpkg_spatial_ref_sys(srs_name, srs_id, organization, organization_coordsys_id, definition)"
            " VALUES ('x', 999, 'NONE', 999, ?)",
            (BOUND.format(opened),),
        )
        database.execute("UPDATE gpkg_geometry_columns SET srs_id = 999")
        database.execute("UPDATE gpkg_contents SET srs_id = 999")
    with pytest.raises(InputError, match="it names a file"):
        read_areas(path)


@pytest.mark.parametrize(("ending", "driver"), [("fgb", "FlatGeobuf"), ("gdb", "OpenFileGDB")])
def test_f56_a_system_that_names_a_file_is_found_in_binary_files_before_gdal_sees_it(
    tmp_path, opened, ending, driver
):
    path = tmp_path / f"a.{ending}"
    written = BOUND.format(str(opened)[:-1] + "x")
    here().set_crs(written, allow_override=True).to_file(path, driver=driver)
    for one in path.iterdir() if path.is_dir() else [path]:
        one.write_bytes(one.read_bytes().replace(b"grid.gsx", b"grid.gsb"))
    with pytest.raises(InputError, match="it names a file"):
        read_areas(path)


def test_f56_a_geojson_that_links_to_its_system_is_refused(tmp_path):
    path = tmp_path / "a.geojson"
    link = {"type": "link", "properties": {"href": "https://example.org/27700", "type": "proj4"}}
    path.write_text(json.dumps(json.loads(here().to_json(drop_id=True)) | {"crs": link}))
    with pytest.raises(InputError, match="names an address for its coordinate system"):
        read_areas(path)


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:EPSG::27700", "http://www.opengis.net/def/crs/EPSG/0/27700"]
)
def test_a_geojson_may_name_its_system_as_the_ogc_does(tmp_path, name):
    path = tmp_path / "a.geojson"
    grid = json.loads(here("EPSG:27700").to_json(drop_id=True, to_wgs84=False))
    path.write_text(json.dumps(grid | {"crs": {"type": "name", "properties": {"name": name}}}))
    assert read_areas(path).geometry.iloc[0].distance(here().geometry.iloc[0].centroid) == 0


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:99999",
        "/etc/hostname",
        "file.prj",
        "urn:x",
        "",
        "EPSG:27700; drop",
        "http://x.org/def/crs/EPSG/0/27700",
    ],
)
def test_a_system_that_is_none_is_called_so(crs):
    with pytest.raises(UsageError, match="is not a coordinate system"):
        system_given(crs or " ")


# ── Avon and Somerset's wards, however they are given ─────────────────────────────────────────────────────────────


def areas_of(crimes, path):
    """The code of each crime's ward, or nothing."""
    return locate(crimes, read_areas(path, id_column="WD13CD"))["area_id"].astype(object).fillna("")


@pytest.fixture(scope="module")
def avon(data, tmp_path_factory):
    """A year of crimes, the wards, and the ward of each crime where they are as given, in degrees."""
    crimes = read([str(data / "avon-and-somerset-2018-01_2021-09.zip")], keep=tables.SAC_TYPES).crimes
    crimes = crimes[crimes["month"].astype(str).str.startswith("2019")]
    crimes = crimes[~repeats(crimes)].reset_index(drop=True)
    table = gpd.read_file(data / "boundaries" / "avon-and-somerset-wards.geojson").to_crs("EPSG:4326")
    plain = tmp_path_factory.mktemp("avon") / "plain.parquet"
    table.to_parquet(plain)
    return crimes, table, areas_of(crimes, plain)


@pytest.mark.slow
@pytest.mark.parametrize("driver", ["gpkg", "zip", "fgb"])
@pytest.mark.parametrize("crs", ["EPSG:4277", "EPSG:27700", "EPSG:3857", "EPSG:4326"])
def test_f65_avons_wards_have_the_same_counts_in_every_system_and_format(avon, tmp_path, crs, driver):
    crimes, wards, expected = avon
    moved = wards.to_crs(crs)
    path = tmp_path / f"wards.{driver}"
    if driver == "zip":
        moved.to_file(tmp_path / "wards.shz", driver="ESRI Shapefile")
        (tmp_path / "wards.shz").rename(path)
    else:
        moved.to_file(path, driver={"gpkg": "GPKG", "fgb": "FlatGeobuf"}[driver])
    found = areas_of(crimes, path)
    assert (expected != "").sum() > 10_000
    elsewhere = crimes[found.to_numpy() != expected.to_numpy()]
    # Seven parameters are good to a centimetre there and back: a crime on the very line may go to either side.
    points = shapely.points(elsewhere["lon"], elsewhere["lat"])
    lines = shapely.boundary(wards.geometry.to_numpy())
    assert all(shapely.distance(lines, point).min() < 2e-7 for point in points)
    assert len(elsewhere) <= 5
