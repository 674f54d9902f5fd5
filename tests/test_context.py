"""Roads, rail, water and places behind the areas: what a feature is, where it lies, and how much a page carries."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from conftest import page_of, write_geojson

from sacmap.areas import context
from sacmap.areas.context import CORNERS, kind_of, read_context
from sacmap.errors import InputError
from sacmap.limits import Limit
from sacmap.publish.page import render

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_readers")]

BOUNDS = (0.0, 52.0, 0.04, 52.01)
LINE = {"type": "LineString", "coordinates": [[0.0, 52.004], [0.02, 52.006], [0.04, 52.005]]}
POND = {
    "type": "Polygon",
    "coordinates": [[[0.01, 52.002], [0.012, 52.002], [0.012, 52.004], [0.01, 52.002]]],
}
TOWN = {"type": "Point", "coordinates": [0.03, 52.005]}


def written(path, *features, crs=None):
    named = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    whole = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    return str(write_geojson(path, *whole, **named))


def test_each_feature_is_what_its_columns_say(tmp_path):
    path = written(
        tmp_path / "all.geojson",
        ({"highway": "primary", "name": "High Street"}, LINE),
        ({"railway": "rail"}, LINE),
        ({"natural": "water"}, POND),
        ({"place": "town", "name": "Ashtown"}, TOWN),
    )
    layers = {layer.kind: layer for layer in read_context([path], BOUNDS)}
    assert set(layers) == {"road", "rail", "water", "place"}
    assert layers["place"].names == ("Ashtown",)
    assert layers["road"].shapes[0].geom_type == "LineString"


@pytest.mark.parametrize(
    ("columns", "geometry", "stem", "kind"),
    [
        ({}, LINE, "OS_Open_Rivers", "water"),
        ({}, LINE, "railways", "rail"),
        ({}, LINE, "lines", "road"),
        ({}, POND, "lines", "water"),
        ({}, TOWN, "lines", "place"),
        ({"class": "A Road"}, LINE, "x", "road"),
        ({"waterway": "canal", "highway": None}, LINE, "roads", "water"),
    ],
)
def test_what_says_nothing_goes_by_the_files_name_and_then_by_its_shape(columns, geometry, stem, kind):
    assert kind_of(columns, shapely.geometry.shape(geometry), stem) == kind


def test_lines_are_cut_to_the_map_and_moved_to_degrees(tmp_path):
    far = {"type": "LineString", "coordinates": [[0.0, 52.005], [5.0, 52.005]]}
    (layer,) = read_context([written(tmp_path / "roads.geojson", ({}, far))], BOUNDS)
    assert shapely.total_bounds(layer.shapes)[2] < 0.05
    grid = {"type": "LineString", "coordinates": [[500000, 240000], [640000, 240000]]}
    path = written(tmp_path / "grid.geojson", ({}, grid), crs="urn:ogc:def:crs:EPSG::27700")
    (moved,) = read_context([path], (-0.5, 51.9, 1.5, 52.2))
    assert np.abs(shapely.total_bounds(moved.shapes)).max() < 60


def test_what_lies_elsewhere_or_is_no_file_is_told(tmp_path):
    away = {"type": "LineString", "coordinates": [[5.0, 40.0], [5.1, 40.0]]}
    with pytest.raises(InputError, match="lies on the map"):
        read_context([written(tmp_path / "roads.geojson", ({}, away))], BOUNDS)
    with pytest.raises(InputError, match="is not there"):
        read_context([str(tmp_path / "none.geojson")], BOUNDS)
    (tmp_path / "bad.geojson").write_text('{"type": "FeatureCollection"', encoding="utf-8")
    with pytest.raises(InputError, match="not a whole GeoJSON"):
        read_context([str(tmp_path / "bad.geojson")], BOUNDS)
    (tmp_path / "places.csv").write_text("name,lon,lat\nTown,0.5,52.0\n")
    with pytest.raises(InputError, match=r"without shapes.*\n.*For --context, export it as GeoJSON"):
        read_context([str(tmp_path / "places.csv")], BOUNDS)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_f23_a_corner_of_a_road_that_is_no_number_is_told(value, tmp_path):
    odd = {"type": "LineString", "coordinates": [[0.0, 52.0], [value, 52.005]]}
    with pytest.raises(InputError, match="corners that are not numbers"):
        read_context([written(tmp_path / "roads.geojson", ({}, LINE), ({}, odd))], BOUNDS)


def scribble(corners, low, high):
    """Corners at random in a box: a line through them crosses itself without end."""
    return np.random.default_rng(1).uniform(low, high, (corners, 2)).round(6).tolist()


def test_f61_a_line_that_crosses_itself_without_end_takes_seconds(tmp_path):
    line = {"type": "LineString", "coordinates": scribble(200_000, (0.0, 52.0), (0.04, 52.01))}
    read_context([written(tmp_path / "roads.geojson", ({}, LINE), ({}, line))], BOUNDS)


@pytest.mark.parametrize(
    ("high", "words"),
    [((0.04, 52.01), "crosses itself"), ((0.08, 52.02), "meets the edge of the map")],
    ids=["on the map", "over its edge"],
)
def test_f61_water_that_crosses_itself_without_end_is_refused_by_name(high, words, tmp_path):
    ring = scribble(40_000, (0.0, 52.0), high)
    pond = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    with pytest.raises(InputError, match=rf"lakes\.geojson .*{words}"):
        read_context([written(tmp_path / "lakes.geojson", ({}, pond))], BOUNDS)


def test_f60_more_roads_or_corners_than_any_county_has_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path / "roads.geojson", *[({}, LINE)] * 3)
    monkeypatch.setattr(context, "CONTEXT", Limit(2, "roads and other features", "Cut it."))
    with pytest.raises(InputError, match="holds 3 roads"):
        read_context([path], BOUNDS)
    monkeypatch.setattr(context, "CONTEXT", Limit(3, "roads and other features", "Cut it."))
    monkeypatch.setattr(context, "CONTEXT_CORNERS", Limit(8, "corners", "Cut it."))
    with pytest.raises(InputError, match="corners; 8 are the most"):
        read_context([path], BOUNDS)


def test_a_page_carries_no_more_than_a_bound_the_weightiest_roads_first(tmp_path):
    rng = np.random.default_rng(1)
    corners = rng.uniform((0.0, 52.0), (0.04, 52.01), (300, 100, 2)).round(5).tolist()
    features = [
        ({"highway": "motorway" if n < 20 else "residential"}, {"type": "LineString", "coordinates": line})
        for n, line in enumerate(corners)
    ]
    (layer,) = read_context([written(tmp_path / "roads.geojson", *features)], BOUNDS)
    assert shapely.get_num_coordinates(layer.shapes).sum() <= CORNERS
    assert len(layer.shapes) >= 20
    plain = page_of()
    assert len(render(replace(plain, context=(layer,)))) - len(render(plain)) < 150_000


def test_context_is_drawn_thin_and_named_places_stand_on_the_map(opened, tmp_path):
    path = written(
        tmp_path / "all.geojson", ({"highway": "primary"}, LINE), ({"place": "town", "name": "Ashtown"}, TOWN)
    )
    page = opened(replace(page_of(), context=read_context([path], BOUNDS)))
    assert page.tab.locator("#map .leaflet-lines-pane path").count() == 1
    assert "Ashtown" in page.tab.locator("#map .town").all_inner_texts()
    assert "from the files given" in page.text("footer")
    assert page.messages == []
