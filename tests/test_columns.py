"""Which columns are taken for identifiers, names, households and groups, and what is told of it."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely
from conftest import feature, square, write_geojson

from sacmap.areas.boundaries import read_areas, read_boundaries
from sacmap.areas.columns import BoundaryOptions
from sacmap.errors import InputError, UsageError
from sacmap.publish.make_view import page_of

pytestmark = pytest.mark.usefixtures("forked_readers")


def areas(path, rows, ids=None, geometries=None):
    """GeoJSON of squares in a row, one for each dict of properties; ids stand beside the properties."""
    features = [feature(square(n), **properties) for n, properties in enumerate(rows)]
    for n, one in enumerate(features):
        if ids:
            one["id"] = ids[n]
        if geometries:
            one["geometry"] = geometries[n]
    return write_geojson(path, *features)


@pytest.fixture
def made(tmp_path):
    return lambda *rows, **more: areas(tmp_path / "a.geojson", rows, **more)


W = [{"WD24CD": "E05000001", "WD24NM": "Westfield"}, {"WD24CD": "E05000002", "WD24NM": "Eastfield"}]


@pytest.mark.parametrize("ids", [["0", "1"], [1, 2], ["a", "b"]])
def test_f71_feature_ids_do_not_win_over_a_column_of_codes(made, ids):
    assert list(read_areas(made(*W, ids=ids))["area_id"]) == ["E05000001", "E05000002"]


def test_f36_row_numbers_beside_the_columns_do_not_hide_that_a_code_is_given_twice(made):
    rows = [*W, {"WD24CD": "E05000002", "WD24NM": "Southfield"}]
    with pytest.raises(InputError, match="WD24CD has E05000002 given to more than one area"):
        read_areas(made(*rows, ids=["0", "1", "2"]))
    by_district = [{"LAD24CD": f"E0{n % 2}", "NAME": f"Ward {n}"} for n in range(4)]
    assert list(read_areas(made(*by_district, ids=[0, 1, 2, 3]))["area_id"]) == ["0", "1", "2", "3"]
    by_post = [{"POSTCODE": f"BS{min(n, 7)}", "NAME": f"Ward {n}"} for n in range(10)]
    assert len(read_areas(made(*by_post, ids=list(range(10))))) == 10


@pytest.mark.parametrize("extra", [{"id": None}, {"Id": 0}, {"AREA_CODE": "MTW"}, {"code": ""}])
def test_f71_a_column_that_is_empty_or_constant_is_no_identifier(made, extra):
    assert list(read_areas(made(*[extra | one for one in W]))["area_id"]) == ["E05000001", "E05000002"]


@pytest.mark.parametrize("first", [0, 1])
def test_f71_row_numbers_in_a_column_called_id_do_not_win_over_codes_and_are_told(made, first):
    found = read_boundaries(made(*[{"id": first + n} | one for n, one in enumerate(W)]))
    assert list(found.areas["area_id"]) == ["E05000001", "E05000002"]
    assert "identified by the column WD24CD" in found.notices[0].text
    assert "--id-column" in found.notices[0].text


def test_f71_of_several_columns_that_would_do_the_one_taken_is_told(made, practice_result):
    found = read_boundaries(made(*[one | {"LOCAL_CODE": f"L{n}"} for n, one in enumerate(W)]))
    assert list(found.areas["area_id"]) == ["E05000001", "E05000002"]
    assert "LOCAL_CODE would do too" in found.notices[0].text
    assert found.notices[0].text.endswith(" (--id-column chooses).")
    # Who has the page alone runs no command: it names no option.
    (shown,) = page_of(replace(practice_result, warnings=found.notices)).warnings
    assert shown.text.endswith("LOCAL_CODE would do too.")
    assert list(read_areas(made(*W), id_column="wd24nm")["area_id"]) == ["Eastfield", "Westfield"]


def test_f71_the_error_names_what_was_guessed_and_the_option(made):
    rows = [{"AREA_CODE": "MTW", "WARD_CODE": None, "NAME": f"Ward {n}"} for n in range(3)]
    with pytest.raises(InputError, match="AREA_CODE is MTW in every row; WARD_CODE is empty") as error:
        read_areas(made(*rows))
    assert "--id-column (it has AREA_CODE, WARD_CODE, NAME)" in error.value.remedy
    rows[0]["WARD_CODE"] = "A"
    with pytest.raises(InputError, match="WARD_CODE has no value in row 2"):
        read_areas(made(*rows))


def test_a_blank_row_that_a_gis_added_is_left_out_and_told(made):
    rows = [*W, {"WD24CD": None, "WD24NM": ""}]
    path = made(*rows, geometries=[feature(square(0))["geometry"], feature(square(1))["geometry"], None])
    found = read_boundaries(path)
    assert list(found.areas["area_id"]) == ["E05000001", "E05000002"]
    assert "1 of 3 rows" in found.notices[0].text
    assert "are blank, points or lines, not areas, and were left out" in found.notices[0].text


@pytest.mark.parametrize(
    ("areas", "would_do"),
    [
        ([{"OBJECTID": 1, "ward_id": "A"}, {"OBJECTID": 2, "ward_id": "B"}], "ward_id"),
        ([{"LAD24CD": "E", "Ward no": "A"}, {"LAD24CD": "E", "Ward no": "B"}], "'Ward no'"),
    ],
)
def test_f71_where_no_column_is_taken_one_that_would_do_is_named(made, areas, would_do):
    with pytest.raises(InputError) as error:
        read_areas(made(*areas))
    assert error.value.remedy.endswith(f", such as --id-column {would_do}.")


def test_f71_the_name_that_belongs_to_the_identifier_is_taken(made):
    rows = [
        {"LAD24CD": "E08", "LAD24NM": "Sheffield", "WD24CD": f"E05{n}", "WD24NM": f"Ward {n}"}
        for n in range(2)
    ]
    found = read_boundaries(made(*rows))
    assert list(found.areas["name"]) == ["Ward 0", "Ward 1"]
    assert not found.notices


def test_f71_without_one_that_belongs_the_first_name_that_differs_is_taken_and_told(made):
    rows = [
        {"code": f"E05{n}", "LAD24NM": "Sheffield", "WDNM": f"Ward {n}", "BEAT_NM": f"B{n}"} for n in range(2)
    ]
    found = read_boundaries(made(*rows))
    assert list(found.areas["name"]) == ["Ward 0", "Ward 1"]
    assert "named by the column WDNM" in found.notices[0].text


def test_f36_rows_of_one_identifier_and_one_name_are_parts_of_one_area_and_told(made):
    rows = [{"WD24CD": "E1", "WD24NM": "Ash", "OBJECTID": 1}, {"WD24CD": "E1", "WD24NM": "Ash", "OBJECTID": 2},
            {"WD24CD": "E2", "WD24NM": "Elm", "OBJECTID": 3}]  # fmt: skip
    found = read_boundaries(made(*rows))
    assert list(found.areas["area_id"]) == ["E1", "E2"]
    assert found.areas.geometry.iloc[0].area == pytest.approx(2 * shapely.Polygon(square(0)).area)
    assert "3 rows of" in found.notices[0].text
    assert "make 2 areas" in found.notices[0].text


def test_f36_wards_without_codes_are_not_silently_merged_into_their_districts(made):
    rows = [{"LAD24CD": f"E0{n // 2}", "LAD24NM": f"D{n // 2}", "ward": f"Ward {n}"} for n in range(4)]
    with pytest.raises(InputError, match="LAD24CD has E00 given to more than one area"):
        read_areas(made(*rows))
    found = read_boundaries(made(*rows), BoundaryOptions(id_column="LAD24CD"))
    assert list(found.areas["name"]) == ["D0", "D1"]
    assert "4 rows" in found.notices[0].text
    wards = [{"WD24CD": f"E0{n // 2}", "WD24NM": f"Ward {n}"} for n in range(4)]
    with pytest.raises(InputError, match=r"more than once: E00, E01 .* their names in WD24NM differ"):
        read_areas(made(*wards), id_column="WD24CD")


def test_households_of_parts_are_the_same_for_each_or_added_up(made):
    parts = [{"id": "A", "name": "Ash", "households": 40},
             {"id": "A", "name": "Ash", "households": 40},
             {"id": "B", "name": "Elm", "households": 10},
             {"id": "B", "name": "Elm", "households": "1,005"}]  # fmt: skip
    assert list(read_areas(made(*parts), id_column="id")["households"]) == [40, 1015]


def test_f71_households_in_the_boundaries_are_those_called_so_and_no_part_of_them(made):
    rows = [one | {"One-person households": 5, "Households": 9} for one in W]
    assert list(read_areas(made(*rows))["households"]) == [9, 9]
    rows = [one | {"One-person households": 5} for one in W]
    assert read_areas(made(*rows))["households"].isna().all()


def test_a_group_is_read_and_within_keeps_its_areas(made):
    rows = [
        {"WD24CD": f"E{n}", "WD24NM": "Centre", "LAD24NM": town}
        for n, town in enumerate(("Bath", "Wells", "Bath"))
    ]
    whole = read_boundaries(made(*rows), BoundaryOptions(group_column="lad24nm"))
    assert list(whole.areas["group"]) == ["Bath", "Wells", "Bath"]
    assert "told apart by their town or district, or else by their codes: Centre" in whole.notices[-1].text
    twice = [one | {"LAD24NM": town} for one, town in zip(rows, ("Bath", "Wells", "Frome"), strict=True)]
    told = read_boundaries(made(*twice), BoundaryOptions(group_column="LAD24NM")).notices[-1].text
    assert "told apart by their town or district: Centre" in told
    assert "told apart by their codes: Centre" in read_boundaries(made(*rows)).notices[-1].text
    assert list(read_areas(made(*rows), group_column="LAD24NM", within=["bath"])["area_id"]) == ["E0", "E2"]
    with pytest.raises(InputError, match="in 'Hull': its groups are Bath; Wells"):
        read_areas(made(*rows), group_column="LAD24NM", within=["Hull"])
    with pytest.raises(InputError, match='Did you mean "Wells"\\?'):
        read_areas(made(*rows), group_column="LAD24NM", within=["Wels"])
    with pytest.raises(UsageError, match="--within Hull"):
        read_areas(made(*rows), within=["Hull"])
    assert "group" not in read_areas(made(*rows)).columns


def test_f71_numbers_that_a_library_reads_as_fractions_are_codes(tmp_path):
    table = gpd.GeoDataFrame(
        {"ward_code": [101.0, 102.0], "ward_name": ["Ash", "Elm"]},
        geometry=[shapely.Polygon(square(n)) for n in (0, 1)],
        crs="EPSG:4326",
    )
    table.to_file(tmp_path / "a.gpkg", driver="GPKG")
    assert list(read_areas(tmp_path / "a.gpkg")["area_id"]) == ["101", "102"]
