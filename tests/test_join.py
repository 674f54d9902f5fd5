import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.areas import join as joining
from sacmap.areas.join import MILLION, boxes_of, in_boxes, join
from sacmap.areas.topology import BRITISH_NATIONAL_GRID

GRID = BRITISH_NATIONAL_GRID
#: Metres by which an edge straight in degrees and one straight on the grid differ, over the few km of these areas.
HAIR = 0.5

LON = st.integers(0, 60).map(lambda n: n / 1_000)
LAT = st.integers(0, 60).map(lambda n: 52 + n / 1_000)
PLACES = st.lists(st.tuples(LON, LAT), min_size=3, max_size=3, unique=True)
#: Triangles that share edges and corners, overlap, lie apart and have no boundary; two together have two parts.
AREAS = st.lists(st.lists(PLACES, max_size=2), min_size=1, max_size=6)
#: Points on the corners and edges of those, and some metres from them.
POINTS = st.lists(
    st.tuples(LON, LAT, st.integers(-900, 900), st.integers(-900, 900)), min_size=1, max_size=40
)


def area_of(triangles):
    made = shapely.union_all([shapely.Polygon(corners) for corners in triangles])
    return made if made.geom_type in {"Polygon", "MultiPolygon"} else shapely.Polygon()


def on_grid(shapes):
    return gpd.GeoSeries(shapes, crs=tables.WGS84).to_crs(GRID).to_numpy()


def joined(points, areas):
    east, north = np.array(points, dtype=np.int64).T
    return join(east, north, np.array(areas, dtype=object), GRID)


def require_the_plain_answer(points, areas):
    """Compare with what shapely says of each point and each area."""
    found = joined(points, areas)
    flat = on_grid(areas)
    for n, (east, north) in enumerate(points):
        point = shapely.Point(east / MILLION, north / MILLION)
        metres = on_grid([point])[0]
        holders = [place for place, area in enumerate(areas) if area.covers(point)]
        own = holders[0] if holders else -1
        assert found.area[n] == own
        assert found.shared[n] == (len(holders) > 1)
        edge = flat[own].boundary.distance(metres) if holders else np.inf
        if abs(edge - tables.EDGE_METRES) > 1e-6:
            assert found.near_edge[n] == (edge < tables.EDGE_METRES)
        away = {
            place: 0.0 if place in holders else shapely.distance(flat[place], metres)
            for place in range(len(areas))
        }
        others = {place: far for place, far in away.items() if place != own and np.isfinite(far)}
        nearest = min(others.values(), default=np.inf)
        if not found.near_edge[n] or nearest > tables.EDGE_METRES + HAIR:
            assert found.edge_area[n] == -1
        elif found.edge_area[n] >= 0:
            assert others[int(found.edge_area[n])] <= nearest + HAIR
        else:
            assert nearest > tables.EDGE_METRES - HAIR


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(AREAS, POINTS)
@example(
    [[[(0, 52), (0.06, 52), (0, 52.06)]], [[(0.06, 52), (0, 52.06), (0.06, 52.06)]]], [(0.03, 52.03, 0, 0)]
)
def test_points_are_joined_as_shapely_joins_each_to_each(triangles, places):
    points = [(round(lon * MILLION) + east, round(lat * MILLION) + north) for lon, lat, east, north in places]
    require_the_plain_answer(points, [area_of(one) for one in triangles])


def test_a_hole_has_an_edge_and_the_line_between_two_rings_is_none():
    ring = shapely.box(0, 52, 0.1, 52.1).difference(shapely.box(0.04, 52.04, 0.06, 52.06))
    by_the_hole, between = (39_900, 52_050_000), (20_000, 52_020_000)
    assert joined([by_the_hole, between], [ring]).near_edge.tolist() == [True, False]
    require_the_plain_answer([by_the_hole, between, (50_000, 52_050_000)], [ring])


def test_beyond_both_edges_at_the_corner_of_a_hole_the_corner_is_what_is_near():
    ring = shapely.box(0, 52, 0.1, 52.1).difference(shapely.box(0.04, 52.04, 0.06, 52.06))
    corners = [
        (x, y, 1 if x > 50_000 else -1, 1 if y > 50_000 else -1)
        for x in (40_000, 60_000)
        for y in (40_000, 60_000)
    ]
    # 30 m east or west and as much north or south is 42 m away; 45 m of each is 64 m.
    near, far = (
        [(x + east * a, 52_000_000 + y + north * b) for x, y, a, b in corners]
        for east, north in ((437, 269), (656, 404))
    )
    assert joined([*near, *far], [ring]).near_edge.tolist() == [True] * 4 + [False] * 4
    require_the_plain_answer([*near, *far], [ring])


def test_an_edge_across_the_country_is_where_it_is_on_the_grid():
    south, north = shapely.box(-6, 50, 2, 54), shapely.box(-6, 54, 2, 58)
    line = on_grid([south])[0].boundary
    lon = np.linspace(-5.9, 1.9, 79)
    points = [(round(x * MILLION), 54_000_000 - down) for x in lon for down in range(-9_000, 9_000, 1_500)]
    found = joined(points, [south, north])
    own = np.flatnonzero(found.area == 0)
    metres = on_grid(shapely.points(np.array(points)[own] / MILLION))
    assert found.near_edge[own].tolist() == shapely.dwithin(metres, line, tables.EDGE_METRES).tolist()
    assert found.near_edge.any()


def test_the_points_of_a_box_are_those_within_its_sides(monkeypatch):
    # Few at a time, so that boxes and bands are cut between.
    monkeypatch.setattr(joining, "AT_A_TIME", 7)
    rng = np.random.default_rng(4)
    east, north = rng.integers(-60_000, 60_000, 300), rng.integers(52_000_000, 52_060_000, 300)
    order = np.argsort(north // joining.BAND * joining.ROOM + east)
    east, north = east[order], north[order]
    corners = np.stack([rng.integers(-60, 60, (40, 2)) / 1_000, 52 + rng.integers(0, 60, (40, 2)) / 1_000])
    low, high = corners.min(axis=2), corners.max(axis=2)
    boxes = boxes_of(low[0], low[1], high[0], high[1])
    found = [pair for which, point in in_boxes(east, north, boxes) for pair in zip(which, point, strict=True)]
    within = [
        (box, point)
        for box in range(40)
        for point in range(300)
        if boxes.west[box] <= east[point] <= boxes.east[box]
        and boxes.south[box] <= north[point] <= boxes.north[box]
    ]
    assert len(found) > 100
    assert sorted(found) == within
