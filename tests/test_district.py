"""One district of a force's file: what it follows, its subtotals; and a map of one period alone."""

import csv
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
from conftest import csv_text, row, write_squares

from sacmap.areas.boundaries import geojson_of, read_areas, read_boundaries
from sacmap.areas.columns import BoundaryOptions
from sacmap.errors import InputError, UsageError
from sacmap.pipeline import run, save
from sacmap.planning import EvaluateOptions, PlanOptions, evaluate_plan, plan_study
from sacmap.publish.public import public_version
from sacmap.result import OnePoint
from sacmap.study import make_study

pytestmark = pytest.mark.slow

TOWNS = ("Ashby", "Ashby", "Ashby", "Bexley", "Bexley", "Bexley")


@pytest.fixture
def county(tmp_path):
    """Six squares in two towns: in Ashby crime stays as it was, in Bexley it halves. A study of it, without periods."""
    wards = [{"id": f"W{n}", "name": f"Ward {n}", "LAD24NM": town} for n, town in enumerate(TOWNS)]
    write_squares(tmp_path / "wards.geojson", *wards)
    for month in ("2023-01", "2024-01"):
        # Crimes of the other types, nowhere: a type of which no row is there is not known.
        rows = [row(month, kind, lon="", lat="") for kind in ("Robbery", "Vehicle crime")]
        for n, town in enumerate(TOWNS):
            count = 10 if town == "Bexley" and month == "2024-01" else 20
            place = {"lon": f"{n * 0.01 + 0.005:.6f}", "lat": "52.005000"}
            rows += [row(month, "Burglary", **place) for _ in range(count)]
        folder = tmp_path / "crimes" / month
        folder.mkdir(parents=True)
        (folder / f"{month}-northamptonshire-street.csv").write_text(csv_text(*rows))

    def study(**options):
        given = {"current": "2024-01", "baseline": "2023-01", "group_column": "LAD24NM", **options}
        return make_study(given, crimes=str(tmp_path / "crimes"), boundaries=str(tmp_path / "wards.geojson"))

    return study


def test_a_district_follows_the_rest_of_the_file(county):
    whole, district = run(county()), run(county(within="Ashby"))
    assert list(district.areas["name"]) == ["Ward 0", "Ward 1", "Ward 2"]
    assert district.totals["sac"]["current_count"] == 60
    assert district.comparator.words == "the areas outside Ashby"
    assert district.comparator_changes["sac"]["change_pct"] == pytest.approx(-50)
    # Had Ashby followed the rest of the county, it would have halved.
    sac = district.change[district.change["crime_type"] == "sac"]
    assert sac["expected"].sum() == pytest.approx(30, abs=1)
    assert whole.change["area_id"].nunique() == 6
    assert district.ledger.counted == 120
    assert district.ledger.outside_areas == whole.ledger.counted - 120


def test_a_district_that_is_the_whole_file_follows_the_rest_of_its_own_areas(county):
    found = run(county(within=("Ashby", "Bexley")))
    assert found.comparator.words == "the rest of the areas"
    assert len(found.areas) == 6


def test_a_district_does_not_follow_the_few_crimes_that_strayed_over_its_boundary(county, tmp_path):
    for table in (tmp_path / "crimes").rglob("*.csv"):
        lines = table.read_text().splitlines()
        bexley = [n for n, line in enumerate(lines) if any(f",0.0{ward}5000," in line for ward in (3, 4, 5))]
        strayed = 4 if table.name.startswith("2023") else 1
        table.write_text("\n".join(line for n, line in enumerate(lines) if n not in bexley[strayed:]) + "\n")
    district = run(county(within="Ashby"))
    assert district.comparator.words == "the rest of the areas"
    assert not set(district.change["verdict"]) & {"clear rise", "possible rise"}


def test_a_district_does_not_follow_a_force_outside_that_falls_silent(county, tmp_path):
    place = {"force": "Leicestershire Police", "lon": "0.045000", "lat": "52.005000"}
    rows = [row("2023-01", "Burglary", **place) for _ in range(80)]
    (tmp_path / "crimes" / "2023-01" / "2023-01-leicestershire-street.csv").write_text(csv_text(*rows))
    district = run(county(within="Ashby"))
    assert district.comparator_changes["sac"]["change_pct"] == pytest.approx(-50)
    assert district.ledger.forces_left_out == 80
    told = next(one.text for one in district.warnings if one.code == "forces-left-out-outside")
    assert told.startswith("Left out of the areas outside, whole: Leicestershire Police,")
    # What the district does not follow has nothing to tell.
    for options in ({"comparator": "none"}, {"current": "2023-01:2024-01", "baseline": ()}):
        assert not run(county(within="Ashby", **options)).ledger.forces_left_out


def test_altered_crimes_are_refused_of_a_district_though_a_force_outside_it_is_left_out(county, tmp_path):
    place = {"force": "Leicestershire Police", "lon": "0.045000", "lat": "52.005000"}
    folder = tmp_path / "crimes" / "2023-01"
    (folder / "2023-01-leicestershire-street.csv").write_text(
        csv_text(*[row("2023-01", "Burglary", **place) for _ in range(80)])
    )
    plan = tmp_path / "plan.json"
    plan_study(county(within="Ashby"), plan, PlanOptions(theme="burglary", size=1))
    (tmp_path / "crimes" / "2025-01").mkdir()
    (tmp_path / "crimes" / "2025-01" / "2025-01-northamptonshire-street.csv").write_text(
        csv_text(
            *[row("2025-01", lon=f"{n * 0.01 + 0.005}", lat="52.005000") for n in range(6) for _ in range(20)]
        )
    )
    options = EvaluateOptions(
        after=("2025-01",), crimes=(str(tmp_path / "crimes"),), boundaries=str(tmp_path / "wards.geojson")
    )
    evaluate_plan(plan, tmp_path / "result.json", options)
    altered = tmp_path / "crimes" / "2024-01" / "2024-01-northamptonshire-street.csv"
    altered.write_text(altered.read_text().replace(",0.005000,", ",0.015000,", 3))
    with pytest.raises(InputError, match="The plan was made with other crimes: W0 had 20 burglaries"):
        evaluate_plan(plan, tmp_path / "again.json", options)


def test_a_district_is_found_however_its_name_is_written_and_a_wrong_one_is_told(county):
    found = run(county(within=" ASHBY "))
    assert len(found.areas) == 3
    assert found.comparator.words == "the areas outside Ashby"
    with pytest.raises(InputError, match="its groups are Ashby; Bexley"):
        run(county(within="Ashbee"))
    with pytest.raises(UsageError, match="the column with the town or district"):
        run(county(within="Ashby", group_column=None))


def test_groups_that_differ_only_in_capitals_are_one_and_told(county):
    wards = Path(county().boundaries)
    wards.write_text(wards.read_text().replace('"LAD24NM": "Ashby"', '"LAD24NM": "ASHBY"', 1))
    found = read_boundaries(wards, BoundaryOptions(group_column="LAD24NM"))
    assert list(found.areas["group"]) == list(TOWNS)
    told = [notice.text for notice in found.notices if notice.code == "group-spellings"]
    assert told == ["Groups written in several ways are one: ASHBY as Ashby."]


def test_areas_without_a_district_are_told_as_a_district_may_lack_them(county):
    wards = Path(county().boundaries)
    wards.write_text(wards.read_text().replace('"LAD24NM": "Ashby"', '"LAD24NM": null', 1))
    for study in (county(), county(within="Ashby")):
        told = [notice.text for notice in run(study).warnings if notice.code == "no-group"]
        assert len(told) == 1
        assert told[0].startswith("1 of 6 areas have no LAD24NM (")
    assert not [n for n in run(county(group_column=None)).warnings if n.code == "no-group"]


def test_subtotals_are_the_sums_of_their_areas_in_a_file_of_their_own(county, tmp_path):
    result = run(county())
    written = save(result, tmp_path / "maps" / "county.html")
    assert (tmp_path / "maps" / "county-groups.csv") in written
    with (tmp_path / "maps" / "county-groups.csv").open(encoding="utf-8", newline="") as stream:
        rows = {(r["group"], r["crime_type"]): r for r in csv.DictReader(stream)}
    assert {
        key: (r["areas"], r["baseline_count"], r["current_count"])
        for key, r in rows.items()
        if key[1] == "sac"
    } == {
        ("Ashby", "sac"): ("3", "60", "60"),
        ("Bexley", "sac"): ("3", "60", "30"),
    }
    # A town follows the other town.
    assert float(rows["Ashby", "sac"]["expected"]) == pytest.approx(30, abs=1)
    assert float(rows["Bexley", "sac"]["expected"]) == pytest.approx(60, abs=1)
    with (tmp_path / "maps" / "county.csv").open(encoding="utf-8", newline="") as stream:
        header, first = next(reader := csv.reader(stream)), next(reader)
    assert header[:4] == ["area_id", "area_name", "group", "crime_type"]
    assert first[:4] == ["W0", "Ward 0", "Ashby", "sac"]


@pytest.mark.parametrize("blank", ['""', "null"])
def test_areas_without_a_district_are_in_a_subtotal_of_their_own(blank, county):
    wards = Path(county().boundaries)
    wards.write_text(wards.read_text().replace('"LAD24NM": "Ashby"', f'"LAD24NM": {blank}', 1))
    groups = run(county()).groups.set_index(["group", "crime_type"])
    assert groups["areas"][:, "sac"].to_dict() == {"Ashby": 2, "Bexley": 3, "No group": 1}
    assert groups["current_count"][:, "sac"].to_dict() == {"Ashby": 40, "Bexley": 30, "No group": 20}


def test_page_and_workbook_have_the_subtotals_too(county, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    save(run(county(also=("xlsx", "gpkg"))), tmp_path / "county.html")
    layer = gpd.read_file(tmp_path / "county.gpkg", layer="areas")
    assert set(layer["group"]) == {"Ashby", "Bexley"}
    sheet = openpyxl.load_workbook(tmp_path / "county.xlsx")["Districts"]
    header, *rows = sheet.iter_rows(values_only=True)
    group, kind, count = map(header.index, ("group", "crime_type", "current_count"))
    now = {(line[group], line[kind]): line[count] for line in rows}
    assert (now["Ashby", "sac"], now["Bexley", "sac"]) == (60, 30)
    page = (tmp_path / "county.html").read_text(encoding="utf-8")
    assert '<th scope="row">Bexley</th><td class="number">30</td><td class="number">60</td>' in page


def test_a_public_version_has_no_subtotals_from_which_a_hidden_count_follows(
    county, practice_result, tmp_path
):
    result = public_version(replace(practice_result, groups=run(county()).groups))
    written = save(result, tmp_path / "borough.html", also=())
    assert tmp_path / "borough-groups.csv" not in written
    assert "By district" not in (tmp_path / "borough.html").read_text(encoding="utf-8")
    assert "subtotals by district are left out" in result.warnings[0].text


def test_a_public_version_says_nothing_of_the_points_of_a_rise(practice_result):
    rise = {"sac": {"P001": OnePoint("On or near High Street", 13)}}
    assert not public_version(replace(practice_result, one_point=rise)).one_point


def test_a_page_of_one_district_has_no_choice_column_or_table_of_districts(county, tmp_path):
    for towns, choice in ((TOWNS, True), (("Ashby",), False)):
        page = save(run(county(within=sorted(set(towns)))), tmp_path / "maps" / "county.html")[0].read_text(
            "utf-8"
        )
        assert ('id="group"' in page) is ('<table id="districts">' in page) is choice
        table = page.partition('<table id="areas">')[2].partition("</thead>")[0]
        assert ("District" in table) is choice


def test_without_groups_there_is_no_file_of_them(county, tmp_path):
    written = save(run(county(group_column=None)), tmp_path / "maps" / "county.html")
    assert [path.name for path in written] == ["county.html", "county.csv", "county.json"]


def test_without_a_baseline_the_level_alone_is_given(county, tmp_path):
    result = run(county(baseline=None))
    assert repr(result).startswith("<Result: 6 areas, January 2024; 90 crimes counted; ")
    change = result.change
    assert change["current_count"].notna().all()
    for column in (
        "baseline_count",
        "change",
        "change_pct",
        "expected",
        "p_value",
        "ratio",
        "excess",
        "week_rank",
    ):
        assert change[column].isna().all(), column
    assert set(change["verdict"]) == {"not known"}
    assert "no-baseline" in {notice.code for notice in result.warnings}
    burglary = change[change["crime_type"] == "burglary"]
    assert burglary["level"].notna().all()
    assert sorted(burglary["hardening_rank"]) == [1, 2, 3, 4, 5, 6]
    # The level lies between the area's own count and that of all areas.
    assert burglary["level"].between(10, 20).all()
    assert (result.week, len(result.hardening)) == ((), 6)
    save(result, tmp_path / "maps" / "level.html")
    with (tmp_path / "maps" / "level.csv").open(encoding="utf-8", newline="") as stream:
        assert {r["change_pct"] for r in csv.DictReader(stream)} == {""}


def test_avon_s_bristol_follows_the_rest_of_avon_and_somerset(data):
    result = run(
        make_study(
            current="2020-10:2021-09",
            baseline="2018-10:2020-09",
            crimes=str(data / "avon-and-somerset-2018-01_2021-09.zip"),
            boundaries=str(data / "boundaries" / "avon-and-somerset-wards.geojson"),
            group_column="LAD13NM",
            within="Bristol, City of",
        )
    )
    assert len(result.areas) == 35
    assert result.totals["sac"]["current_count"] == 6969
    assert result.comparator.words == "the areas outside the City of Bristol"
    assert result.comparator_changes["sac"]["current"] == 7121
    assert list(result.groups["group"].unique()) == ["Bristol, City of"]


def test_fetched_wards_bring_their_district_s_name(county, tmp_path):
    areas = run(county()).areas.drop(columns="group")
    assert "district" not in geojson_of(areas).decode()
    (tmp_path / "fetched.geojson").write_bytes(geojson_of(areas.assign(group="Northampton")))
    found = read_areas(tmp_path / "fetched.geojson", group_column="district")
    assert set(found["group"]) == {"Northampton"}
    assert list(found["area_id"]) == list(areas["area_id"])
