"""Households by area and by LSOA: none lost, none doubled, and what could not be placed is told."""

import gzip
import hashlib
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from conftest import csv_text, row, square
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap.areas.boundaries import areas_from_rings, geojson_of, read_areas
from sacmap.areas.household_files import parse_households
from sacmap.areas.households import with_households
from sacmap.cli import sacmap
from sacmap.errors import InputError
from sacmap.files.text import read_text

CENSUS = "reference/census-2011-households-by-lsoa.csv.gz"


@pytest.fixture(scope="module")
def census(data):
    return parse_households(read_text(str(data / CENSUS)), CENSUS)


@pytest.fixture(scope="module")
def lsoas(data):
    return read_areas(data / "boundaries" / "northampton-lsoas.geojson")


def two_squares():
    return areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})


def cells(n, size=0.005, start=0.0):
    """A row of n little squares from west to east, called L0, L1 …"""
    shapes = [shapely.box(start + k * size, 52.0, start + (k + 1) * size, 52.005) for k in range(n)]
    return gpd.GeoDataFrame({"area_id": [f"L{k}" for k in range(n)]}, geometry=shapes, crs="EPSG:4326")


def test_the_census_gives_northamptons_lsoas_their_households_directly(census, lsoas):
    areas, told = with_households(lsoas, census, CENSUS)
    assert len(census) == 34_753
    assert areas["households"].sum() == sum(census[area] for area in lsoas["area_id"]) == 88_731
    assert not told


def test_the_census_is_spread_to_northamptons_wards_and_its_total_is_kept(data, census, lsoas):
    wards = read_areas(data / "boundaries" / "northampton-wards.geojson")
    areas, told = with_households(wards, census, CENSUS, lsoas)
    assert areas["households"].sum() == 88_731
    assert areas["households"].notna().all()
    assert "88,731 in areas; 0 (0.0%) unassigned" in told[0].text


def test_wards_that_lsoas_fit_badly_are_told_for_their_rates_are_rough(data, census, lsoas):
    wards = read_areas(data / "boundaries" / "northampton-wards.geojson")
    _, told = with_households(wards, census, CENSUS, lsoas)
    said = {notice.code: notice.text for notice in told}["households-rough"]
    assert said.startswith("Areas that LSOAs fit badly, 7 of 33: ")
    assert "(1,391, or 1,949 by land)" in said


def test_areas_made_of_whole_lsoas_are_not_rough():
    _, told = with_households(
        two_squares(), dict.fromkeys(["L0", "L1", "L2", "L3"], 10), "homes.csv", tall(4)
    )
    assert [notice.code for notice in told] == ["households-spread"]


def test_lsoas_outside_every_area_are_told_as_the_share_unassigned(data, census, lsoas):
    wards = read_areas(data / "boundaries" / "northampton-wards.geojson")
    some = wards[wards["area_id"] != wards["area_id"].iloc[0]].reset_index(drop=True)
    whole, _ = with_households(wards, census, CENSUS, lsoas)
    areas, told = with_households(some, census, CENSUS, lsoas)
    lost = whole["households"].iloc[0]
    assert areas["households"].sum() == 88_731 - lost
    assert f"{lost:,.0f} ({100 * lost / 88_731:.1f}%) unassigned" in told[0].text


def test_wards_the_lsoas_do_not_cover_are_not_known_rather_than_empty(data, census, lsoas):
    county = read_areas(data / "boundaries" / "northamptonshire-wards.geojson")
    areas, told = with_households(county, census, CENSUS, lsoas)
    codes = {notice.code: notice.text for notice in told}
    assert areas["households"].notna().sum() == 33
    assert areas["households"].isna().sum() == 113
    assert "113 of 146" in codes["households-not-known"]
    assert "households-part-covered" not in codes


def test_an_area_half_covered_by_lsoas_is_told():
    areas, told = with_households(two_squares(), {"L0": 10, "L1": 20, "L2": 30}, "homes.csv", cells(3))
    assert areas["households"].tolist() == [30, 30]
    assert "Birch (25%)" in {notice.code: notice.text for notice in told}["households-part-covered"]


def tall(n):
    """The same, as tall as the squares: two of them make one square."""
    shapes = [shapely.box(k * 0.005, 52.0, (k + 1) * 0.005, 52.01) for k in range(n)]
    return cells(n).set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4326"))


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.one_of(st.none(), st.integers(0, 3_000)), min_size=1, max_size=12),
    start=st.floats(-0.03, 0.03, allow_nan=False),
)
def test_no_household_is_lost_or_doubled(counts, start):
    homes = {f"L{k}": float(n) for k, n in enumerate(counts) if n is not None}
    places = cells(len(counts), start=start)
    try:
        areas, told = with_households(two_squares(), homes, "homes.csv", places)
    except InputError:
        return
    in_areas = float(areas["households"].fillna(0).sum())
    middles = shapely.get_x(shapely.point_on_surface(places.geometry.to_numpy()))
    inside = (middles >= 0) & (middles <= 0.02)
    assert in_areas == sum(homes.get(f"L{k}", 0) for k in np.flatnonzero(inside))
    assert f"{sum(homes.values()) - in_areas:,.0f} (" in told[0].text


@pytest.mark.parametrize(
    "text",
    [
        "area_id,households\n001,400\nNA,500\n",
        "WD21CD,WD21NM,Households\r\n001,Ash,400\r\nNA,Birch,500\r\n\r\n",
        'lsoa11,lsoa11_name,lad11,persons,households\n001,Ash,E07,900,"400"\nNA,Birch,E07,99,500\n',
        'LSOA code,All households\n001,"400"\nNA,500.0\n',
    ],
)
def test_common_headings_are_found_and_identifiers_stay_text(text):
    assert parse_households(text, "homes.csv") == {"001": 400, "NA": 500}


def test_thousands_separators_are_read():
    assert parse_households('area_id,households\nA,"1,234"\n', "homes.csv") == {"A": 1234}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no columns"),
        ("area_id,people\nA,1\n", "it has area_id, people"),
        ("area_id,households\nA,lots\n", "line 2: A, lots"),
        ("area_id,households\nA,1\nB,-1\n", "line 3: B, -1"),
        ("area_id,households\n,1\n", "line 2: no identifier"),
        ("area_id,households\nA\n", "line 2: A, no number"),
        ("area_id,households\nA,nan\n", "line 2: A, nan"),
        ("area_id,households\nA,1e308\n", "line 2: A, 1e308"),
        ("area_id,households\nA,1e-30\n", "line 2: A, 1e-30"),
        ("area_id,households\nA,1e-308\n", "line 2: A, 1e-308"),
        ("area_id,households\nA,1\nA,2\n", "line 3: A is given twice"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text, said):
    with pytest.raises(InputError, match=said):
        parse_households(text, "homes.csv")


def test_a_file_of_other_areas_is_refused_with_examples_of_both():
    with pytest.raises(InputError, match=r"E01, E02, and 1 more.*A, B") as error:
        with_households(two_squares(), {"E01": 1, "E02": 1, "E03": 1}, "homes.csv")
    assert "--lsoa-boundaries" in error.value.remedy


def test_lsoas_of_another_place_are_refused():
    with pytest.raises(InputError, match="No LSOA lies in any area"):
        with_households(two_squares(), {"L0": 1}, "homes.csv", cells(1, start=1))


def test_a_damaged_gzip_is_an_error_not_a_traceback(tmp_path):
    (tmp_path / "homes.csv.gz").write_bytes(gzip.compress(b"area_id,households\nA,1\n")[:-12])
    with pytest.raises(InputError, match="cannot be read"):
        read_text(str(tmp_path / "homes.csv.gz"))


def test_rates_reach_the_page_the_csv_and_the_lists(tmp_path):
    places = {"A": ("0.005", "52.005"), "B": ("0.015", "52.005")}
    crimes = [
        row(month, lon=places[area][0], lat=places[area][1])
        for month in ("2017-01", "2018-01")
        for area, n in (("A", 60), ("B", 40))
        for _ in range(n)
    ]
    (tmp_path / "crimes.csv").write_text(csv_text(*crimes))
    (tmp_path / "areas.geojson").write_bytes(geojson_of(two_squares()))
    (tmp_path / "homes.csv").write_text("area_id,households\nA,6000\nB,500\n")
    (tmp_path / "study.toml").write_text(
        'crimes = "crimes.csv"\nboundaries = "areas.geojson"\nhouseholds = "homes.csv"\n'
        'current = "2018-01"\nbaseline = "2017-01"\nout = "map.html"\n'
    )
    done = CliRunner().invoke(sacmap, ["map", str(tmp_path / "study.toml")], standalone_mode=False)
    assert done.exception is None, done.output
    lines = (tmp_path / "map.csv").read_text().splitlines()
    at = lines[0].split(",").index("level_per_1000_households")
    rates = {line.split(",")[0]: float(line.split(",")[at]) for line in lines[1:] if ",sac," in line}
    assert rates["B"] > rates["A"] > 0
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    first = html.split('<ol id="hardening">')[1].split("</li>")[0]
    assert 'data-area-id="B"' in first
    assert "per 1,000 households" in first


def test_the_record_names_the_lsoa_boundaries_and_the_page_says_first_that_areas_are_part_covered(tmp_path):
    crimes = [row(month, lon="0.005", lat="52.005") for month in ("2017-01", "2018-01") for _ in range(9)]
    lsoas = cells(3).assign(name="", households=pd.NA)
    for name, content in {
        "crimes.csv": csv_text(*crimes).encode(),
        "areas.geojson": geojson_of(two_squares()),
        "lsoas.geojson": geojson_of(lsoas),
        "homes.csv": b"lsoa,households\nL0,10\nL1,20\nL2,30\n",
    }.items():
        (tmp_path / name).write_bytes(content)
    words = ["map", "--current", "2018-01", "--baseline", "2017-01", "--out", str(tmp_path / "map.html")]
    for option, name in {
        "crimes": "crimes.csv", "boundaries": "areas.geojson", "households": "homes.csv",
        "lsoa-boundaries": "lsoas.geojson",
    }.items():  # fmt: skip
        words += [f"--{option}", str(tmp_path / name)]
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert done.exception is None, done.output
    inputs = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))["inputs"]
    found = {Path(entry["path"]).name: (entry["sha256"], entry["rows"]) for entry in inputs}
    lsoa_bytes = (tmp_path / "lsoas.geojson").read_bytes()
    assert found["lsoas.geojson"] == (hashlib.sha256(lsoa_bytes).hexdigest(), 3)
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "cover only a part" in html.split("<summary>")[0]


def test_lsoa_boundaries_without_households_are_refused(tmp_path):
    (tmp_path / "areas.geojson").write_bytes(geojson_of(two_squares()))
    (tmp_path / "crimes.csv").write_text(csv_text(row()))
    words = ["map", "--boundaries", str(tmp_path / "areas.geojson"), "--crimes", str(tmp_path / "crimes.csv"),
             "--current", "2018-01", "--baseline", "2017-01", "--lsoa-boundaries", "x.geojson",
             "--out", str(tmp_path / "map.html")]  # fmt: skip
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert "no households to spread" in str(done.exception)
