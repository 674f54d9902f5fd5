import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import square
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.areas.boundaries import read_areas
from sacmap.areas.join import join
from sacmap.areas.locate import locate, require_overlap
from sacmap.errors import InputError
from sacmap.fetch.street import read


def areas_of(*polygons, ids=None):
    names = ids or [f"A{n}" for n in range(len(polygons))]
    return gpd.GeoDataFrame({"area_id": names, "name": names}, geometry=list(polygons), crs=tables.WGS84)


def crimes_at(*points):
    return pd.DataFrame(points, columns=["lon", "lat"], dtype=float)


def ids(column):
    """The areas of each row, None for none."""
    return [None if pd.isna(area) else area for area in column]


TWO = areas_of(shapely.Polygon(square(0)), shapely.Polygon(square(1)))


def test_a_crime_belongs_to_the_area_it_lies_in():
    located = locate(crimes_at((0.005, 52.005), (0.015, 52.005), (0.5, 52.5)), TWO)
    assert ids(located["area_id"]) == ["A0", "A1", None]


def test_areas_that_are_not_in_degrees_wgs84_are_refused_and_never_left_without_a_crime():
    crimes = crimes_at((0.005, 52.005))
    for crs, said in ((27700, "OSGB36 / British National Grid"), (4277, "OSGB36")):
        with pytest.raises(InputError, match=f"The Areas table is in {said}"):
            locate(crimes, TWO.to_crs(crs))
    with pytest.raises(InputError, match="no GeoDataFrame"):
        locate(crimes, pd.DataFrame(TWO))
    assert ids(locate(crimes, TWO.to_crs("OGC:CRS84"))["area_id"]) == ["A0"]


def test_f33_a_point_on_a_shared_edge_goes_to_the_first_by_id():
    located = locate(crimes_at((0.01, 52.005)), TWO)
    assert ids(located["area_id"]) == ["A0"]
    assert located["shared"].tolist() == [True]
    turned = TWO.iloc[::-1].reset_index(drop=True)
    assert ids(locate(crimes_at((0.01, 52.005)), turned)["area_id"]) == ["A0"]


def test_f32_a_point_in_a_hole_is_outside():
    ring = areas_of(shapely.Polygon(square(0)).difference(shapely.box(0.004, 52.004, 0.006, 52.006)))
    assert ids(locate(crimes_at((0.005, 52.005), (0.001, 52.001)), ring)["area_id"]) == [None, "A0"]


@pytest.mark.parametrize("point", [(np.nan, 52.005), (0.005, np.nan), (np.nan, np.nan)])
def test_f23_nan_points_have_no_location(point):
    located = locate(crimes_at(point), TWO)
    assert ids(located["area_id"]) == [None]
    assert not located["near_edge"].any()


def test_f34_a_point_in_a_gap_is_outside_every_area():
    gap = areas_of(shapely.Polygon(square(0)), shapely.Polygon(square(2)))
    assert ids(locate(crimes_at((0.015, 52.005)), gap)["area_id"]) == [None]


def test_f22_swapped_and_metric_points_are_refused():
    with pytest.raises(InputError, match="swapped"):
        locate(crimes_at((52.0, 0.005)), TWO)
    with pytest.raises(InputError, match="swapped in 1 of 3 points"):
        locate(crimes_at((0.005, 52.0), (0.005, 52.0), (52.0, 0.005)), TWO)
    with pytest.raises(InputError, match="eastings and northings"):
        locate(crimes_at((475_000, 260_000)), TWO)


@pytest.mark.parametrize("point", [(-1_041_914, 52.63972), (-1.041914, 52_639_720), (-1_041_914, 52_639_720)])
def test_coordinates_that_lost_their_decimal_point_are_called_so_and_not_eastings(point):
    with pytest.raises(InputError, match="a decimal point seems to be lost"):
        locate(crimes_at((0.005, 52.0), point), TWO)


def test_f40_no_crime_in_any_area_gives_both_extents():
    with pytest.raises(InputError, match=r"-1\.500 .* 0\.000"):
        require_overlap(locate(crimes_at((-1.5, 53.8)), TWO), TWO)


def test_longitudes_that_have_lost_their_minus_sign_are_called_so():
    leeds = areas_of(shapely.box(-1.6, 53.7, -1.4, 53.9))
    right = [(-1.5 + n / 1000, 53.8) for n in range(10)]
    lost = [(-lon, lat) for lon, lat in right]

    def require(points, areas):
        require_overlap(locate(crimes_at(*points), areas), areas)

    require(right + lost[:4], leeds)
    with pytest.raises(
        InputError, match=r"5 of 15 crimes lie in the sea, such as at longitude 1\.5; with -1\.5"
    ):
        require(right + lost[:5], leeds)
    # What lies on land as it is may be a crime elsewhere in the force's area.
    sussex = areas_of(shapely.box(-0.3, 50.9, -0.2, 51.0))
    require([(-0.25, 50.95), *[(0.25, 50.95)] * 9], sussex)
    for points, areas in ((lost, leeds), (right, areas_of(shapely.box(1.4, 53.7, 1.6, 53.9)))):
        with pytest.raises(
            InputError, match="With the other sign of the longitudes, most would lie among the areas"
        ):
            require(points, areas)


def test_fifty_metres_from_the_boundary_is_near_and_says_next_to_which():
    metre = 1 / 68_600  # of longitude, at 52° north
    crimes = crimes_at((0.01 - 45 * metre, 52.005), (0.01 - 60 * metre, 52.005))
    located = locate(crimes, TWO)
    assert located["near_edge"].tolist() == [True, False]
    assert ids(located["edge_area"]) == ["A1", None]


def test_the_index_and_the_order_of_the_rows_are_kept():
    crimes = crimes_at((0.015, 52.005), (0.005, 52.005)).set_index(pd.Index([7, 3]))
    assert list(locate(crimes, TWO).index) == [7, 3]


POINTS = st.lists(
    st.tuples(st.integers(-5, 35).map(lambda n: n / 1000), st.integers(-5, 15).map(lambda n: 52 + n / 1000)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(POINTS, st.permutations(range(3)))
def test_no_crime_is_lost_and_none_is_in_two_areas(points, order):
    polygons = [
        shapely.Polygon(square(0)),
        shapely.Polygon(square(1)),
        shapely.box(0.005, 52.005, 0.025, 52.012),
    ]
    areas = areas_of(*polygons)
    shuffled = areas.iloc[list(order)].reset_index(drop=True)
    located = locate(crimes_at(*points), shuffled)
    assert len(located) == len(points)
    for (lon, lat), found in zip(points, ids(located["area_id"]), strict=True):
        lies_in = [f"A{n}" for n, polygon in enumerate(polygons) if polygon.covers(shapely.Point(lon, lat))]
        assert found == (lies_in[0] if lies_in else None)


def test_northampton_s_known_counts(data):
    areas = read_areas(data / "boundaries" / "northampton-wards.geojson")
    crimes = read([str(data / "northamptonshire-2018-10_2019-02.zip")], keep=tables.SAC_TYPES).crimes
    located = locate(crimes[crimes["force"] == "Northamptonshire Police"], areas)
    by_name = located["area_id"].map(dict(zip(areas["area_id"], areas["name"], strict=True))).value_counts()
    assert by_name.sum() == 2_684
    assert (by_name["Castle"], by_name["Delapre and Briar Hill"]) == (396, 295)


def test_f51_a_million_points_on_hundreds_of_areas_are_joined_once_each(monkeypatch):
    joined = []

    def counted(east, north, *more):
        joined.extend([east, north])
        return join(east, north, *more)

    monkeypatch.setattr("sacmap.areas.locate.join", counted)
    rng = np.random.default_rng(1)
    grid = areas_of(
        *[
            shapely.box(x / 100, 52 + y / 100, (x + 1) / 100, 52 + (y + 1) / 100)
            for x in range(26)
            for y in range(26)
        ]
    )
    points = np.column_stack([rng.uniform(0, 0.26, 50_000), rng.uniform(52, 52.26, 50_000)]).round(6)
    crimes = pd.DataFrame(points[rng.integers(50_000, size=1_100_000)], columns=["lon", "lat"])
    assert locate(crimes, grid)["area_id"].notna().all()
    # The same few points have many crimes each: only the points are joined.
    assert [len(values) for values in joined] == [len(np.unique(points, axis=0))] * 2
