import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import feature, square
from conftest import write_geojson as write

from sacmap import tables
from sacmap.areas.boundaries import areas_from_rings, geojson_of, read_areas, read_boundaries
from sacmap.areas.columns import BoundaryOptions
from sacmap.areas.topology import overlaps
from sacmap.errors import InputError

pytestmark = pytest.mark.usefixtures("forked_readers")


def test_the_table_is_as_declared_and_sorted(tmp_path):
    path = write(
        tmp_path / "a.geojson", feature(square(1), area_id="B", name="Bee"), feature(square(0), area_id="A")
    )
    areas = read_areas(path)
    assert list(areas.columns) == tables.AREAS.names
    assert list(areas["area_id"]) == ["A", "B"]
    assert areas.crs == tables.WGS84


@pytest.mark.parametrize("kept", ["001", "1E2", "NA", "null", "55.CR3001", "a/b", "..", "CON", "Tŷ", " x"])
def test_f20_identifiers_stay_text(tmp_path, kept):
    path = write(tmp_path / "a.geojson", feature(square(0), area_id=kept, name="x"))
    assert list(read_areas(path)["area_id"]) == [kept.strip()]


def test_f20_a_number_as_identifier_is_its_text(tmp_path):
    path = write(tmp_path / "a.geojson", feature(square(0), id=7), feature(square(1), id=8.0))
    assert list(read_areas(path)["area_id"]) == ["7", "8"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"WD13CD": "E1", "WD13NM": "Castle"}, ("E1", "Castle")),
        ({"lad19cd": "E1", "lad19nm": "Castle"}, ("E1", "Castle")),
        ({"ward_code": "E1", "ward_name": "Castle"}, ("E1", "Castle")),
        ({"id": "9", "WD13CD": "E1"}, ("9", "9")),
    ],
)
def test_id_and_name_columns_are_found(tmp_path, columns, expected):
    areas = read_areas(write(tmp_path / "a.geojson", feature(square(0), **columns)))
    assert (areas.loc[0, "area_id"], areas.loc[0, "name"]) == expected


def test_columns_can_be_given_and_a_wrong_one_is_told(tmp_path):
    path = write(tmp_path / "a.geojson", feature(square(0), key="K", label="L", homes=120))
    areas = read_areas(path, id_column="key", name_column="label", households_column="homes")
    assert tuple(areas.loc[0, ["area_id", "name", "households"]]) == ("K", "L", 120)
    with pytest.raises(InputError, match="no column 'nokey'"):
        read_areas(path, id_column="nokey")
    with pytest.raises(InputError, match="no column of identifiers"):
        read_areas(path)


def test_areas_called_by_row_numbers_are_told_with_the_column_that_may_have_their_names(tmp_path):
    beats = [feature(square(n), id=n + 1, Beat=name, Car=f"{n}A") for n, name in enumerate(["Ash", "Elm"])]
    found = read_boundaries(write(tmp_path / "a.geojson", *beats))
    assert found.areas["name"].tolist() == ["1", "2"]
    assert found.notices[0].text.endswith("such as Ash, say so (--name-column Beat).")
    grid = [feature(square(n), id=n + 1, left=n * 100) for n in range(2)]
    assert not read_boundaries(write(tmp_path / "b.geojson", *grid)).notices


def test_areas_known_by_their_names_are_not_called_by_their_districts(tmp_path):
    wards = [
        feature(square(n), WARDNM=name, LADNM=district)
        for n, (name, district) in enumerate([("Ash", "Mendip"), ("Elm", "Mendip"), ("Oak", "Taunton")])
    ]
    found = read_boundaries(write(tmp_path / "a.geojson", *wards), BoundaryOptions(id_column="WARDNM"))
    assert found.areas["name"].tolist() == ["Ash", "Elm", "Oak"]
    assert not found.notices
    short = [feature(square(n), short_name=text[0], name=text) for n, text in enumerate(["Ash", "Elm"])]
    assert read_areas(write(tmp_path / "b.geojson", *short), id_column="short_name")["name"][1] == "Elm"


def test_a_system_given_that_is_the_files_own_is_nothing_to_tell(tmp_path):
    its_own = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    path = write(tmp_path / "a.geojson", feature(square(0), id="A"), crs=its_own)
    assert not read_boundaries(path, BoundaryOptions(crs="EPSG:4326")).notices


def test_f22_swapped_and_metric_corners_are_refused_with_the_likely_answer(tmp_path):
    swapped = [[lat, lon] for lon, lat in square(0)]
    with pytest.raises(InputError, match="look swapped"):
        read_areas(write(tmp_path / "a.geojson", feature(swapped, id="A")))
    metric = [[470000, 260000], [471000, 260000], [471000, 261000], [470000, 260000]]
    with pytest.raises(InputError, match="EPSG:27700"):
        read_areas(write(tmp_path / "b.geojson", feature(metric, id="A")))


def test_f28_no_boundary_stays_in_the_table(tmp_path):
    empty = {"type": "Feature", "properties": {"id": "E"}, "geometry": None}
    areas = read_areas(write(tmp_path / "a.geojson", feature(square(0), id="A"), empty, feature([], id="F")))
    assert list(areas["mend"]) == ["", "no boundary", "no boundary"]
    assert areas.geometry.is_empty.tolist() == [False, True, True]


def test_f29_an_unclosed_ring_is_closed_and_told(tmp_path):
    areas = read_areas(write(tmp_path / "a.geojson", feature(square(0)[:-1], id="A")))
    assert areas.loc[0, "mend"] == "ring closed"
    assert areas.geometry.iloc[0].area == pytest.approx(shapely.Polygon(square(0)).area)


def test_f29_rings_of_one_or_two_points_are_all_named_at_once(tmp_path):
    path = write(tmp_path / "a.geojson", feature(square(0)[:1], id="A"), feature(square(0)[:2], id="B"))
    with pytest.raises(InputError, match="A, B"):
        read_areas(path)


def test_f30_a_bow_tie_keeps_both_its_loops(tmp_path):
    bow = [[0, 52], [0.02, 52.02], [0.02, 52], [0, 52.02], [0, 52]]
    areas = read_areas(write(tmp_path / "a.geojson", feature(bow, id="A")))
    assert areas.geometry.is_valid.all()
    assert areas.geometry.iloc[0].area == pytest.approx(0.02 * 0.01)
    assert "self-intersection mended" in areas.loc[0, "mend"]
    assert "ha)" in areas.loc[0, "mend"]


def test_f31_polygon_parts_of_a_collection_are_kept(tmp_path):
    collection = {
        "type": "Feature",
        "properties": {"id": "A"},
        "geometry": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "coordinates": [square(0)]},
                {"type": "LineString", "coordinates": square(0)[:2]},
            ],
        },
    }
    areas = read_areas(write(tmp_path / "a.geojson", collection))
    assert areas.geometry.geom_type.tolist() == ["Polygon"]
    assert "LineString left out" in areas.loc[0, "mend"]


def test_f31_a_spike_is_mended(tmp_path):
    spike = [*square(0)[:2], [0.5, 52.5], *square(0)[1:]]
    areas = read_areas(write(tmp_path / "a.geojson", feature(spike, id="A")))
    assert areas.geometry.is_valid.all()
    assert areas.geometry.iloc[0].area == pytest.approx(shapely.Polygon(square(0)).area)


def test_f32_parts_and_holes_are_kept(tmp_path):
    hole = [[0.004, 52.004], [0.006, 52.004], [0.006, 52.006], [0.004, 52.004]]
    areas = read_areas(write(tmp_path / "a.geojson", feature(square(0), hole, id="A")))
    assert len(areas.geometry.iloc[0].interiors) == 1


def test_f33_overlaps_are_found_and_shared_edges_are_none(tmp_path):
    beside = read_areas(write(tmp_path / "a.geojson", feature(square(0), id="A"), feature(square(1), id="B")))
    assert overlaps(beside) == []
    inner = [[0.002, 52.002], [0.008, 52.002], [0.008, 52.008], [0.002, 52.002]]
    nested = read_areas(write(tmp_path / "b.geojson", feature(square(0), id="A"), feature(inner, id="B")))
    assert [pair[:2] for pair in overlaps(nested)] == [("A", "B")]


def test_f35_another_coordinate_system_is_transformed(tmp_path):
    table = gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.Polygon(square(0))], crs=tables.WGS84).to_crs(
        27700
    )
    table.to_file(tmp_path / "a.gpkg", driver="GPKG")
    table.to_file(tmp_path / "b.geojson", driver="GeoJSON")
    for name in ("a.gpkg", "b.geojson"):
        found = read_areas(tmp_path / name).geometry.iloc[0]
        assert shapely.hausdorff_distance(found, shapely.Polygon(square(0))) < 1e-5


def test_f36_repeated_identifiers_are_named_and_a_missing_name_is_the_id(tmp_path):
    path = write(tmp_path / "a.geojson", *[feature(square(n), id="A", name=f"Ward {n}") for n in range(2)])
    with pytest.raises(InputError, match="id is A in every row"):
        read_areas(path)
    with pytest.raises(InputError, match="more than once: A"):
        read_areas(path, id_column="id", name_column="name")
    areas = read_areas(write(tmp_path / "b.geojson", feature(square(0), id="A", name=None)))
    assert areas.loc[0, "name"] == "A"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"features": 3}', b"\xff\xfe", b'{"features": [{"geometry": {}}]}']
)
def test_a_file_that_is_not_geojson_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "bad.geojson"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.geojson"):
        read_areas(path)


def test_rings_of_an_answer_round_trip_as_geojson(tmp_path, data):
    raw = json.loads((data / "api" / "gloucestershire-AA3-boundary.json").read_text())
    ring = [(float(point["longitude"]), float(point["latitude"])) for point in raw]
    areas = areas_from_rings({("AA3", "St Marks"): ring})
    path = tmp_path / "gloucestershire.geojson"
    path.write_bytes(geojson_of(areas))
    again = read_areas(path)
    assert list(again["name"]) == ["St Marks"]
    assert shapely.hausdorff_distance(again.geometry.iloc[0], shapely.Polygon(ring)) < 2e-6
    assert path.read_bytes() == geojson_of(again)


@pytest.mark.slow
def test_real_wards_are_read_whole(data):
    folder = data / "boundaries"
    for name, count in (
        ("northampton-wards", 33),
        ("west-yorkshire-wards", 124),
        ("city-of-london-wards", 25),
    ):
        areas = read_areas(folder / f"{name}.geojson")
        assert len(areas) == count
        assert areas.geometry.is_valid.all()
    england = read_areas(folder / "england-wales-wards.parquet")
    assert len(england) == 8_533
    assert (england["mend"] != "").sum() == 1
    assert england.geometry.is_valid.all()
    assert isinstance(england["area_id"].iloc[0], str)


def test_f30_a_bow_tie_to_the_other_side_of_the_earth_is_mended_without_an_area(tmp_path):
    ring = [(0.0, 52.0), (-94.0, -7.5), (0.1, 52.0), (0.0, -7.5), (0.0, 52.0)]
    areas = read_areas(write(tmp_path / "a.geojson", feature(ring, id="A")))
    assert areas["mend"].item() == "self-intersection mended"


def test_a_file_of_no_areas_is_refused_whether_or_not_it_declares_a_system(tmp_path):
    for more in ("", ', "crs": {"properties": {"name": "EPSG:27700"}}'):
        (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": []' + more + "}")
        with pytest.raises(InputError, match="has no areas"):
            read_areas(tmp_path / "a.geojson")


def test_households_that_are_no_number_are_refused(tmp_path):
    for homes in ("many", "1e308"):
        path = write(tmp_path / "a.geojson", feature(square(0), id="A", households=homes))
        with pytest.raises(InputError, match=f"'{homes}'"):
            read_areas(path)
    areas = read_areas(write(tmp_path / "b.geojson", feature(square(0), id="A", households=None)))
    assert pd.isna(areas.loc[0, "households"])
    assert np.isnan(areas["households"].to_numpy(float, na_value=np.nan)[0])


def test_points_alone_are_refused_before_any_crime_is_read(tmp_path):
    point = {
        "type": "Feature",
        "properties": {"id": "a"},
        "geometry": {"type": "Point", "coordinates": [0, 52]},
    }
    with pytest.raises(InputError, match="has no polygons"):
        read_areas(write(tmp_path / "a.geojson", point))


def layered(path, *layers):
    """A GeoPackage whose layers are one square each, with a table beside them."""
    for n, layer in enumerate(layers):
        table = gpd.GeoDataFrame({"id": [layer]}, geometry=[shapely.Polygon(square(n))], crs=tables.WGS84)
        table.to_file(path, driver="GPKG", layer=layer)
    pyogrio.write_dataframe(pd.DataFrame({"note": ["x"]}), path, layer="notes", driver="GPKG")
    return path


@pytest.mark.slow
def test_of_a_geopackage_the_layer_with_shapes_is_read_and_of_several_the_one_called_areas(tmp_path):
    assert list(read_areas(layered(tmp_path / "one.gpkg", "wards"))["area_id"]) == ["wards"]
    assert list(read_areas(layered(tmp_path / "ours.gpkg", "plan", "areas"))["area_id"]) == ["areas"]
