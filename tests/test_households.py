"""Households by area and by LSOA: none lost, none doubled, and what could not be placed is told."""

import csv
import gzip
import hashlib
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from builders import write_xlsx
from click.testing import CliRunner
from conftest import csv_text, row, square
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap.areas.boundaries import areas_from_rings, geojson_of, read_areas
from sacmap.areas.household_match import with_households
from sacmap.areas.households import read_households
from sacmap.cli import sacmap
from sacmap.errors import InputError
from sacmap.files.text import read_text
from sacmap.inputs import read_study_areas
from sacmap.study import make_study

CENSUS = "reference/census-2011-households-by-lsoa.csv.gz"


def read(folder, raw, name="homes.csv", column=None):
    (folder / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return read_households(str(folder / name), column)


@pytest.fixture(scope="module")
def census(data):
    return read_households(str(data / CENSUS)).by_id


@pytest.fixture(scope="module")
def lsoas(data):
    return read_areas(data / "boundaries" / "northampton-lsoas.geojson")


@pytest.fixture(scope="module")
def wards(data):
    return read_areas(data / "boundaries" / "northampton-wards.geojson")


def two_squares():
    return areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})


def cells(n, size=0.005, start=0.0):
    """A row of n little squares from west to east, called L0, L1 …"""
    shapes = [shapely.box(start + k * size, 52.0, start + (k + 1) * size, 52.005) for k in range(n)]
    names = [f"L{k}" for k in range(n)]
    return gpd.GeoDataFrame({"area_id": names, "name": names}, geometry=shapes, crs="EPSG:4326")


def test_the_census_gives_northamptons_lsoas_their_households_directly(census, lsoas):
    areas, told = with_households(lsoas, census, CENSUS)
    assert len(census) == 34_753
    assert areas["households"].sum() == sum(census[area] for area in lsoas["area_id"]) == 88_731
    assert not told


def test_the_census_is_spread_to_northamptons_wards_and_its_total_is_kept(wards, census, lsoas):
    areas, told = with_households(wards, census, CENSUS, lsoas)
    assert areas["households"].sum() == 88_731
    assert areas["households"].notna().all()
    assert "88,731 in areas; 0 (0.0%) unassigned" in told[0].text


def test_wards_that_lsoas_fit_badly_are_told_for_their_rates_are_rough(wards, census, lsoas):
    _, told = with_households(wards, census, CENSUS, lsoas)
    said = {notice.code: notice.text for notice in told}["households-rough"]
    assert said.startswith("Areas that LSOAs fit badly, 7 of 33: ")
    assert "(1,391, or 1,949 by land)" in said


def test_areas_made_of_whole_lsoas_are_not_rough():
    _, told = with_households(
        two_squares(), dict.fromkeys(["L0", "L1", "L2", "L3"], 10), "homes.csv", tall(4)
    )
    assert [notice.code for notice in told] == ["households-spread"]


def test_lsoas_outside_every_area_are_told_as_the_share_unassigned(wards, census, lsoas):
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


@pytest.mark.slow
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
def test_common_headings_are_found_and_identifiers_stay_text(text, tmp_path):
    assert read(tmp_path, text).by_id == {"001": 400, "NA": 500}


def test_thousands_separators_are_read(tmp_path):
    assert read(tmp_path, 'area_id,households\nA,"1,234"\n').by_id == {"A": 1234}


@pytest.mark.parametrize("mark", ["c", "[c]", "[X]", "..", ""])
def test_a_count_that_is_withheld_is_no_count(tmp_path, mark):
    assert read(tmp_path, f"area_id,households\nA,400\nB,{mark}\n").by_id == {"A": 400}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no columns"),
        ("area_id,people\nA,1\n", "it has area_id, people"),
        ("area_id,households\nA,lots\n", "line 2: A, lots"),
        ("area_id,households\nA,1\nB,-1\n", "line 3: B, -1"),
        ("area_id,households\n,1\n", "line 2: no identifier"),
        ("area_id,households\nA\n", "no number in its column households"),
        ("area_id,households\nA,nan\n", "line 2: A, nan"),
        ("area_id,households\nA,1e308\n", "line 2: A, 1e308"),
        ("area_id,households\nA,1e-30\n", "line 2: A, 1e-30"),
        ("area_id,households\nA,1e-308\n", "line 2: A, 1e-308"),
        ("area_id,households\nA,1\nA,2\n", "line 3: A occurs twice"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text, said, tmp_path):
    with pytest.raises(InputError, match=said):
        read(tmp_path, text)


def test_a_file_of_other_areas_is_refused_with_examples_of_both():
    with pytest.raises(InputError, match=r"E01, E02, and 1 more.*A, B") as error:
        with_households(two_squares(), {"E01": 1, "E02": 1, "E03": 1}, "homes.csv")
    assert "add --lsoa-boundaries" in error.value.remedy


def test_who_gave_lsoas_of_another_place_is_not_told_to_add_them():
    with pytest.raises(InputError, match="No identifier of homes") as error:
        with_households(two_squares(), {"E01000001": 1}, "homes.csv", cells(2))
    assert "to --lsoa-boundaries the LSOAs of the same place and year" in error.value.remedy


@pytest.mark.parametrize(
    ("names", "said"),
    [(("Ash", "Birch"), "--id-column"), (("E05009999", "E05009998"), "of the same areas and year")],
)
def test_households_by_other_codes_than_the_areas_have_are_not_advised_lsoas(names, said):
    areas = two_squares().assign(area_id=list(names))
    with pytest.raises(InputError) as error:
        with_households(areas, {"E05000001": 400, "E05000002": 500}, "homes.csv")
    assert said in error.value.remedy
    assert "LSOA" not in error.value.remedy


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
        row(month, ("Burglary", "Burglary", "Robbery", "Vehicle crime")[k % 4], *places[area])
        for month in ("2017-01", "2018-01")
        for area, n in (("A", 60), ("B", 40))
        for k in range(n)
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


def test_the_record_names_the_lsoa_boundaries_and_the_page_says_that_areas_are_part_covered(tmp_path):
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
    assert "cover only in part" in html


def test_areas_of_the_boundaries_without_households_are_told(tmp_path):
    path = tmp_path / "areas.geojson"
    squares = two_squares()
    for households, told in (([90, None], ["households-not-known"]), ([90, 80], []), ([None, None], [])):
        path.write_bytes(geojson_of(squares.assign(households=households)))
        read = read_study_areas(make_study(current="2018-01", boundaries=str(path)))
        assert [notice.code for notice in read.notices] == told


def test_lsoa_boundaries_without_households_are_refused(tmp_path):
    (tmp_path / "areas.geojson").write_bytes(geojson_of(two_squares()))
    (tmp_path / "crimes.csv").write_text(csv_text(row()))
    words = ["map", "--boundaries", str(tmp_path / "areas.geojson"), "--crimes", str(tmp_path / "crimes.csv"),
             "--current", "2018-01", "--baseline", "2017-01", "--lsoa-boundaries", "x.geojson",
             "--out", str(tmp_path / "map.html")]  # fmt: skip
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert "but no households" in str(done.exception)


# ── households as they are downloaded ─────────────────────────────────────────────────────────────────────────────

NOMIS = """"QS116EW - Household type"
"ONS Crown Copyright Reserved [from Nomis on 1 January 2024]"

"population","All households"
"units","Households"
"date","2011"
"rural urban","Total"


"2011 super output area - lower layer","mnemonic","All categories: Household type","One person household: Total"
"E01000001 : City of London 001A","E01000001",876,"1,041"
"E01000002 : City of London 001B","E01000002","1,234",300
"E01000003 : City of London 001C","E01000003",-,-

"In order to protect against disclosure of personal information, records have been swapped."
"Source: Office for National Statistics, 2011 Census"
"""
COUNTS = {"E01000001": 876, "E01000002": 1234}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_download_from_nomis_is_read_with_its_titles_and_notes(tmp_path, encoding):
    text = NOMIS.replace("City", "Cité") if encoding != "utf-8" else NOMIS
    found = read(tmp_path, text.encode(encoding))
    assert found.by_id == COUNTS
    assert "from the column All categories: Household type" in found.notices[0].text
    assert read(tmp_path, gzip.compress(text.encode(encoding)), "homes.csv.gz").by_id == COUNTS


def test_the_2021_form_without_mnemonics_is_read_by_its_codes(tmp_path):
    text = """"TS041 - Number of households"
"ONS Crown Copyright Reserved [from Nomis on 1 January 2024]"

"Population :","All households"
"Units      :","Households"

"2021 super output area - lower layer","2021"
"E01000001 : City of London 001A",876
"E01000002 : City of London 001B","1,234"

"Source: ONS"
"""
    found = read(tmp_path, text)
    assert found.by_id == COUNTS
    assert "from the column 2021" in found.notices[0].text


def test_the_csv_of_the_ons_and_of_the_nomis_service_are_read(tmp_path):
    ons = (
        "Lower layer Super Output Areas Code,Lower layer Super Output Areas,Observation\n"
        "E01000001,City,876\nE01000002,City,1234\n"
    )
    assert read(tmp_path, ons).by_id == COUNTS
    bulk = (
        "date,geography,geography code,Household composition: Total; measures: Value,"
        "Household composition: One-person household; measures: Value\n"
        "2021,City of London 001A,E01000001,876,300\n2021,City of London 001B,E01000002,1234,400\n"
    )
    assert read(tmp_path, bulk).by_id == COUNTS
    api = (
        '"DATE","GEOGRAPHY_NAME","GEOGRAPHY_CODE","OBS_VALUE"\n'
        '2021,"City","E01000001",876\n2021,"City","E01000002",1234\n'
    )
    assert read(tmp_path, api).by_id == COUNTS


def test_a_workbook_is_read_with_its_titles_and_notes(tmp_path):
    rows = [
        [int(c.replace(",", "")) if c.replace(",", "").isdigit() else c for c in cells]
        for cells in csv.reader(NOMIS.splitlines())
    ]
    write_xlsx(tmp_path / "homes.xlsx", {"Sheet": [["Notes"], ["See the next sheet"]], "Data": rows})
    assert read_households(str(tmp_path / "homes.xlsx")).by_id == COUNTS


@pytest.mark.parametrize("note", [" [note 1]", " (note 1)", "\n[notes 1, 2]"])
def test_a_reference_to_a_note_is_no_part_of_a_column_s_name(tmp_path, note):
    rows = [["TS041"], ["Area code", f"Number of households{note}"], ["E01000001", 876], ["E01000002", 1234]]
    write_xlsx(tmp_path / "homes.xlsx", {"Cover": [["Notes"]], "TS041": rows})
    assert read_households(str(tmp_path / "homes.xlsx")).by_id == COUNTS


def test_of_a_workbook_without_a_column_of_all_households_its_longest_sheet_is_named(tmp_path):
    rows = [["LSOA21CD", "One-person households"], ["E01000001", 5], ["E01000002", 6]]
    write_xlsx(tmp_path / "homes.xlsx", {"Cover": [["Census 2021"], ["TS003"]], "TS003": rows})
    with pytest.raises(InputError, match="sheet TS003 does not say which column has all households"):
        read_households(str(tmp_path / "homes.xlsx"))


def test_of_a_workbook_with_several_tables_of_households_it_is_told_which_is_read(tmp_path):
    old, new = [["area_id", "households"], ["A", 5]], [["area_id", "households"], ["A", 9]]
    for sheets, told in (({"2011": old, "2021": new}, True), ({"Data": old, "Copy": old}, False)):
        write_xlsx(tmp_path / "homes.xlsx", sheets)
        counts = read_households(str(tmp_path / "homes.xlsx"))
        assert counts.by_id == {"A": 5}
        assert any("sheet 2021" in notice.text for notice in counts.notices) == told


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_read(tmp_path, separator):
    assert read(tmp_path, f"WD24CD{separator}Households\nE1{separator}5\nE2{separator}6\n").by_id == {
        "E1": 5,
        "E2": 6,
    }


@pytest.mark.parametrize(
    ("columns", "taken"),
    [
        (["One-person households", "All households"], "All households"),
        (["All households", "One-person households"], "All households"),
        (["Lone parent households", "Total households"], "Total households"),
        (["Owned households", "Rented households", "Number of households"], "Number of households"),
        (["households_2011", "Households"], "Households"),
        (["Households with no car", "Total: All households"], "Total: All households"),
    ],
)
def test_f71_the_column_of_all_households_is_taken_and_told(tmp_path, columns, taken):
    counts = {name: 4_000 if name == taken else 1_000 for name in columns}
    text = (
        ",".join(["WD_CD", *columns])
        + "\n"
        + ",".join(["E05000001", *(str(counts[n]) for n in columns)])
        + "\n"
    )
    found = read(tmp_path, text)
    assert found.by_id == {"E05000001": 4_000}
    assert f"from the column {taken}" in found.notices[0].text
    other = next(name for name in columns if name != taken)
    assert read(tmp_path, text, column=other).by_id == {"E05000001": 1_000}


@pytest.mark.parametrize(
    "columns",
    [
        ["One-person households"],
        ["one_person_households"],
        ["OnePersonHouseholds"],
        ["pct_households"],
        ["Owned households", "Rented households"],
        ["Households with a car"],
    ],
)
def test_f71_where_no_column_is_of_all_households_the_run_asks(tmp_path, columns):
    text = ",".join(["WD_CD", *columns]) + "\nE05000001" + ",5" * len(columns) + "\n"
    with pytest.raises(InputError, match="does not say which column has all households") as error:
        read(tmp_path, text)
    assert "--households-column" in error.value.remedy
    with pytest.raises(InputError, match="no column 'people'"):
        read(tmp_path, text, column="people")


def test_f71_the_ward_is_the_identifier_and_not_its_district(tmp_path):
    text = "LAD24CD,WD24CD,WD24NM,Households\nE07000001,E05000001,Ash,5\nE07000001,E05000002,Elm,6\n"
    assert read(tmp_path, text).by_id == {"E05000001": 5, "E05000002": 6}


def test_row_numbers_that_a_program_wrote_into_id_are_no_identifiers(tmp_path):
    text = "id,WD_CODE,Households\n1,W07,5\n2,W09,6\n"
    assert read(tmp_path, text).by_id == {"W07": 5, "W09": 6}
    assert read(tmp_path, "id,LAD_CODE,Households\n1,L1,5\n2,L1,6\n").by_id == {"1": 5, "2": 6}
    # Of a single row nobody can tell, so it is read as among the columns of boundaries.
    assert read(tmp_path, "id,LAD_CODE,Households\n1,L1,5\n").by_id == {"1": 5}


def test_a_part_of_a_longer_word_is_no_kind_of_household(tmp_path):
    assert read(tmp_path, "WD_CD,Current households\nE05000001,5\n").by_id == {"E05000001": 5}


def test_a_name_whose_words_are_joined_is_read_as_its_words(tmp_path):
    assert read(tmp_path, "WD_CD,total_households_2021\nE05000001,5\n").by_id == {"E05000001": 5}


def test_a_table_of_several_kinds_of_household_a_line_each_is_not_added_up_silently(tmp_path):
    text = "Wards Code,Household composition,Observation\nE05000001,One person,5\nE05000001,Family,9\n"
    with pytest.raises(InputError, match="E05000001 occurs twice"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"%PDF-1.7", "is a PDF, not a table"),
        (b"<html><body>", "is a web page, not a table"),
        (b'{"type": "FeatureCollection", "features": []}', "homes.csv is JSON, not a table"),
        (b"\x01\x02\0\xff", "homes.csv is not a table"),
        (b"", "no columns"),
    ],
)
def test_what_is_no_table_is_called_by_its_kind(tmp_path, raw, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, raw)


def test_a_second_line_of_names_and_a_line_of_totals_are_passed_over(tmp_path):
    text = (
        "TS003 - Household composition\n\n2022 ward,mnemonic,Total: All households,,One-person household,\n"
        ",,number,%,number,%\nWestfield,E05000001,4000,100,1000,25\nEastfield,E05000002,5 000,100,1200,24\n"
        "Column Total,,9000,,2200,\n"
    )
    assert read(tmp_path, text).by_id == {"E05000001": 4000, "E05000002": 5000}


def test_a_name_above_several_columns_is_that_of_each_so_that_owners_are_not_all_households(tmp_path):
    first, line = "Ward code,Ward,Households,,\n", "E05000001,Ash,1000,1500,2500\n"
    assert read(tmp_path, f"{first},,Owned,Rented,All\n{line}").by_id == {"E05000001": 2500}
    assert read(tmp_path, f"{first},,Total,Owned,Let\n{line}").by_id == {"E05000001": 1000}
    with pytest.raises(InputError, match="it has Households Owned, Households Rented, Households Let"):
        read(tmp_path, f"{first},,Owned,Rented,Let\n{line}")


def test_a_line_of_totals_may_have_the_place_s_name_before_the_word(tmp_path):
    assert read(tmp_path, "WD_CD,Ward,Households\nE05000001,Ash,5\n,Northampton total,5\n").by_id == {
        "E05000001": 5
    }
    with pytest.raises(InputError, match="line 3: no identifier, 5 is not") as error:
        read(tmp_path, "WD_CD,Ward,Households\nE05000001,Ash,5\n,Northampton,5\n")
    assert "delete it if it is a total" in error.value.remedy


def test_a_code_may_stand_before_the_name_in_one_cell(tmp_path):
    assert read(tmp_path, "Ward,2021\nE05000001 Ash,5\nE05000002: Elm,6\n").by_id == {
        "E05000001": 5,
        "E05000002": 6,
    }


def test_households_by_the_areas_names_are_matched_by_a_name_that_no_other_area_has(tmp_path):
    counts = read(tmp_path, "Households by ward\n\nWard,Households\nash,400\nBIRCH,500\nTotal,900\n").by_id
    areas, told = with_households(two_squares(), counts, "h.csv")
    assert areas["households"].tolist() == [400, 500]
    assert told == ()
    with pytest.raises(InputError, match="No identifier"):
        with_households(two_squares().assign(name=["Ash", "ash"]), counts, "h.csv")


def test_households_by_names_that_are_written_otherwise_are_told_the_name_meant():
    with pytest.raises(InputError, match="No identifier") as error:
        with_households(
            two_squares().assign(name=["Ash", "Birch"]), {"Birch Ward": 5, "Ash Ward": 4}, "h.csv"
        )
    assert error.value.remedy.endswith("names as in the boundaries. Did you mean Birch by Birch Ward?")


def test_lsoas_may_be_given_by_their_names(tmp_path):
    lsoas = areas_from_rings({("E01000001", "Town 001A"): square(0), ("E01000002", "Town 001B"): square(1)})
    text = "LSOA name,households\nTown 001A,400\nTown 001B,500\n"
    counts = read(tmp_path, text).by_id
    assert list(with_households(two_squares(), counts, "h.csv", lsoas)[0]["households"]) == [400, 500]


def test_households_by_names_that_look_the_same_are_matched():
    areas = two_squares().assign(name=["Llŷn", "St Mary's"])
    counts = {"Lly\u0302n": 400, "St\u00a0Mary’s": 500}
    assert with_households(areas, counts, "h.csv")[0]["households"].tolist() == [400, 500]


def test_two_columns_of_one_name_are_not_chosen_between(tmp_path):
    with pytest.raises(InputError, match="several columns of households: Households, Households"):
        read(tmp_path, "WD24CD,Households,Households\nE05000001,5,7\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("area_id;households\nW1;2.345\nW2;1.876\n", "may be 2,345 households or a fraction"),
        ("area_id;households\nW1;4.000\nW2;5.000\n", "may be 4,000 households or a fraction"),
        ("area_id;households\nW1;2.345\nW2;876\n", "may be 2,345 households or a fraction"),
        ("area_id;households\nW1;2345,5\nW2;876,5\n", "is not an identifier and a count"),
    ],
)
def test_f71_thousands_with_a_point_and_decimal_commas_are_refused(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, text)


def test_f71_estimates_with_fractions_are_told(tmp_path):
    found = read(tmp_path, "area_id,households\nW1,2345.5\nW2,812.25\n")
    assert found.by_id == {"W1": 2345.5, "W2": 812.25}
    assert [notice.code for notice in found.notices] == ["households-fractions"]


def test_f71_noughts_in_front_that_a_spreadsheet_took_are_named():
    areas = two_squares().assign(area_id=["001", "002"])
    with pytest.raises(InputError, match="write 001, not 1"):
        with_households(areas, {"1": 400.0, "2": 500.0}, "h.csv")
    with pytest.raises(InputError, match="write 00, not 0"):
        with_households(areas.assign(area_id=["00", "01"]), {"0": 400.0, "1": 500.0}, "h.csv")


def test_f71_identifiers_that_differ_in_capitals_are_named():
    areas = two_squares().assign(area_id=["E05000001", "E05000002"])
    with pytest.raises(InputError, match="They differ in capitals only: write E05000001"):
        with_households(areas, {"e05000001": 400.0}, "h.csv")
