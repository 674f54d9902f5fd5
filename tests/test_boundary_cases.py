"""The cases of boundaries and households that the first edition read wrongly, run as an analyst runs them."""

import csv
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from sacmap.cli import sacmap
from sacmap.errors import SacmapError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_readers")]

SAC = {"E05000001": ("Westfield", 20, 20), "E05000002": ("Eastfield", 20, 20)}


@pytest.fixture
def case(data, tmp_path, monkeypatch):
    """Copy a case's folder to where the command runs."""

    def copied(number):
        found = next((data / "cases").glob(f"{number}-*"), None)
        if found is None:
            pytest.skip(f"case {number} is not beside the project")
        folder = tmp_path / found.name
        shutil.copytree(found, folder)
        for one in [folder, *folder.rglob("*")]:
            one.chmod(0o755)
        monkeypatch.chdir(folder)
        return folder

    return copied


def run(boundaries, *more):
    """Map the case's crimes; return what was said, the CSV by area and type, and the record; or the error."""
    words = ["map", "--crimes", "crimes.csv", "--boundaries", str(boundaries), "--current", "2019-01", "--baseline",
             "2018-01", "--out", "maps/x.html", "--store", "store", *more]  # fmt: skip
    return CliRunner().invoke(sacmap, words, standalone_mode=False)


def table():
    lines = Path("maps/x.csv").read_text(encoding="utf-8").splitlines()
    return {(row["area_id"], row["crime_type"]): row for row in csv.DictReader(lines)}


def require_both_wards(done):
    """Twenty crimes in each ward in each month, under its own code and name."""
    assert done.exception is None, done.exception
    found = table()
    for area, (name, before, now) in SAC.items():
        row = found[area, "sac"]
        assert (row["area_name"], float(row["baseline_count"]), float(row["current_count"])) == (
            name,
            before,
            now,
        )


def test_f65_case_01_degrees_of_osgb36(case):
    case("01")
    require_both_wards(run("areas.geojson"))


def test_f71_case_03_feature_ids(case):
    case("03")
    require_both_wards(run("areas.geojson", "--households", "households.csv"))
    assert float(table()["E05000001", "sac"]["level_per_1000_households"]) == pytest.approx(5, abs=1)


def test_f71_case_12_households_column(case):
    case("12")
    done = run("areas.geojson", "--households", "households.csv")
    require_both_wards(done)
    assert float(table()["E05000001", "sac"]["level_per_1000_households"]) == pytest.approx(5, abs=1)
    warnings = json.loads(Path("maps/x.json").read_text(encoding="utf-8"))["warnings"]
    assert any("column All households" in one["text"] for one in warnings)


def test_f71_case_13_name_column(case):
    case("13")
    require_both_wards(run("areas.geojson"))


@pytest.mark.parametrize("name", ["boundary-line", "arcgis-id", "qgis-id"])
def test_f71_case_14_id_column(case, name):
    case("14")
    require_both_wards(run(f"{name}.geojson"))


def test_f73_case_16_exclamation_mark(case):
    case("16")
    require_both_wards(run("!Archive/areas.shp"))


@pytest.mark.parametrize(
    "name",
    ["areas-shp.zip", "areas.fgb", "areas.geojsonl", "areas.kmz", "areas.mif", "areas.tab", "esri.json", "topo.json",
     "wkt.csv"],
)  # fmt: skip
def test_f78_case_21_formats(case, name):
    case("21")
    require_both_wards(run(name))


@pytest.mark.parametrize(
    ("name", "said", "to_do"),
    [
        ("no-shx.shp", "no-shx.shx", "Put it beside no-shx.shp"),
        ("no-dbf.shp", "no-dbf.dbf", "Put it beside no-dbf.shp"),
        ("no-prj.shp", "does not say its coordinate system", "--crs EPSG:27700"),
        ("areas.dat", "a part of a MapInfo table", ".tab"),
        ("no-prj.dbf", "the table of a shapefile", ".shp"),
    ],
)
def test_f78_case_21_parts(case, name, said, to_do):
    case("21")
    done = run(name)
    assert isinstance(done.exception, SacmapError)
    assert said in done.exception.cause
    assert to_do in done.exception.remedy
    assert not any(word in str(done.exception) for word in ("SHAPE_RESTORE_SHX", "--id-column", "Error"))


def test_f35_case_21_without_a_system(case):
    case("21")
    require_both_wards(run("no-prj.shp", "--crs", "EPSG:27700"))


@pytest.mark.parametrize("unpacked", [False, True])
def test_f78_case_22_file_geodatabase(case, unpacked):
    folder = case("22")
    if unpacked:
        with zipfile.ZipFile("areas.gdb.zip") as archive:
            archive.extractall(folder)
    require_both_wards(run("areas.gdb" if unpacked else "areas.gdb.zip"))


def test_f78_case_23_layers(case):
    folder = case("23")
    with zipfile.ZipFile("areas.gpkg.zip") as archive:
        archive.extractall(folder)
    for name in ("areas.gpkg", "areas.gpkg.zip"):
        done = run(name)
        assert "has several layers: wards, wards_2013" in done.exception.cause
        assert "--layer" in done.exception.remedy
        require_both_wards(run(name, "--layer", "wards"))


def test_f78_case_23_folders_of_a_kml(case):
    case("23")
    done = run("mymaps.kml")
    assert done.exception is None, done.exception
    assert {area for area, _ in table()} == {"Westfield", "Eastfield"}
    assert all(float(table()[area, "sac"]["current_count"]) == 20 for area in ("Westfield", "Eastfield"))
