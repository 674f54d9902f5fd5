"""On real counts, a minor force whose rows of one period are deleted makes no fall and no rise anywhere."""

import json
import zipfile
from functools import cache
from pathlib import Path

import pytest
from conftest import write_geojson

from sacmap import tables
from sacmap.areas.boundaries import read_areas
from sacmap.comparison import compare_areas
from sacmap.fetch.street import read
from sacmap.months import span
from sacmap.study import make_study

pytestmark = pytest.mark.slow

AVON, CITY = "avon-and-somerset-2018-01_2021-09.zip", "city-of-london-2018-01_2021-09.zip"
YORKSHIRE, NORTHAMPTON = "west-yorkshire-julys-2016-2018.zip", "northamptonshire-2018-10_2019-02.zip"
WARDS = {
    AVON: "avon-and-somerset-wards.geojson",
    CITY: "city-of-london-wards.geojson",
    YORKSHIRE: "west-yorkshire-wards.geojson",
}


#: Current and baseline: months that both forces published.
SPRING = ("2019-01:2019-05", "2018-01:2018-05")
IN_SPRING = tuple(f"{year}-0{month}" for year in (2018, 2019) for month in range(1, 6))


def put(folder, archive, wanted, later=0):
    """Write the files of an archive whose names are wanted, dated some years later than they are."""
    with zipfile.ZipFile(archive) as files:
        for name in filter(wanted, files.namelist()):
            month = f"{int(name[:4]) + later}{name[4:7]}"
            text = files.read(name).decode().replace(name[:7], month)
            (folder / f"{month}{Path(name).name[7:]}").write_text(text)


def wards_of(folder, data, archives):
    parts = [json.loads((data / "boundaries" / WARDS[name]).read_text())["features"] for name in archives]
    return write_geojson(folder / "wards.geojson", *(one for part in parts for one in part))


def compared(crimes, wards, current, baseline):
    study = make_study({"current": current, "baseline": baseline, "crimes": (str(crimes),)})
    return compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), read_areas(wards))


def moved(result):
    """The rows that are said to have risen or fallen."""
    rows = result.change[result.change["verdict"].str.endswith(("rise", "fall"))]
    return set(zip(rows["area_id"], rows["crime_type"], rows["verdict"], strict=True))


@pytest.fixture(scope="module")
def alone(data, tmp_path_factory):
    """A function: what moved in Avon and Somerset's own files of some months; each worked out once."""

    @cache
    def of(months, spans):
        crimes = tmp_path_factory.mktemp("alone")
        put(crimes, data / AVON, lambda name: name[:7] in months)
        return moved(compared(crimes, data / "boundaries" / WARDS[AVON], *spans))

    return of


@pytest.fixture
def folders(tmp_path):
    crimes, wards = tmp_path / "crimes", tmp_path / "wards"
    crimes.mkdir()
    wards.mkdir()
    return crimes, wards


@pytest.mark.parametrize("gone", ["2018", "2019", "2019-03"])
def test_a_force_without_one_period_of_its_own_areas_changes_no_reading_of_another_s(
    gone, data, folders, alone
):
    crimes, wards = folders
    put(crimes, data / AVON, lambda name: name[:7] in IN_SPRING)
    own = alone(IN_SPRING, SPRING)
    assert any(verdict.endswith("fall") for *_, verdict in own)
    put(crimes, data / CITY, lambda name: name[:7] in IN_SPRING and not name.startswith(gone))
    found = compared(crimes, wards_of(wards, data, (AVON, CITY)), *SPRING)
    assert moved(found) == own
    assert len(found.unknown) == 25
    # A month without locations is a gap as one not published is.
    why = "the force there, City of London Police, has a gap in the months compared"
    assert why in found.unknown.values()
    assert found.ledger.forces_left_out > 100
    assert found.exit_code == 3


def test_a_force_whose_files_begin_after_the_baseline_makes_no_rise(data, folders):
    crimes, wards = folders
    put(crimes, data / YORKSHIRE, lambda name: True)
    alone = compared(crimes, data / "boundaries" / WARDS[YORKSHIRE], "2018-07", "2016-07,2017-07")
    put(crimes, data / CITY, lambda name: name.startswith("2018"))
    found = compared(crimes, wards_of(wards, data, (YORKSHIRE, CITY)), "2018-07", "2016-07,2017-07")
    assert moved(found) == moved(alone)
    assert "City of London Police" in next(
        one.text for one in found.warnings if one.code == "forces-left-out"
    )


@pytest.mark.parametrize("later", [0, 1])
def test_a_force_that_reports_a_few_crimes_in_another_s_areas_leaves_no_trace_when_silent(
    later, data, folders, alone
):
    # British Transport Police's rows of October to February are those of one year; dated on, they stand for the next.
    crimes, _ = folders
    spans = ("2019-10:2020-02", "2018-10:2019-02")
    wards = data / "boundaries" / WARDS[AVON]
    months = tuple(span("2018-10:2020-02"))
    put(crimes, data / AVON, lambda name: name[:7] in months)
    own = alone(months, spans)
    put(crimes, data / NORTHAMPTON, lambda name: "btp" in name, later)
    found = compared(crimes, wards, *spans)
    assert moved(found) == own
    assert not found.unknown
    assert found.ledger.forces_left_out > 800
