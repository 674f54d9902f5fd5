"""`draw` in a real notebook: run by a kernel, made into HTML, opened in Chromium."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import folium
import pytest
from conftest import Opened, page_of, require

from sacmap.publish.folium_map import draw

CELLS = (
    f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    "from conftest import page_of\n"
    "import folium, sacmap\n"
    "page = page_of()",
    "shown = sacmap.draw(page.change, page.areas, title='Here')\n"
    "folium.Marker([52.005, 0.005]).add_to(shown)\n"
    "folium.GeoJson({'type': 'LineString', 'coordinates': [[0, 52], [0.04, 52.01]]}).add_to(shown)\n"
    "shown",
)


def test_draw_shows_in_a_notebook_with_the_layers_that_were_added(chromium, tmp_path):
    require(find_spec("nbconvert") and find_spec("ipykernel"), "nbconvert or ipykernel")
    cells = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "source": text,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for n, text in enumerate(CELLS)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "map.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", str(tmp_path / "map.ipynb")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    tab = context.new_page()
    tab.goto((tmp_path / "map.html").as_uri(), wait_until="commit")
    frame = tab.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(state="attached")
    assert (
        frame.locator("h1")
        .inner_text()
        .startswith("Burglary and vehicle crime, and all three types together, rose clearly in Ash")
    )
    assert frame.locator("#map .leaflet-areas-pane path").count() == 4
    assert frame.locator("#map .leaflet-marker-icon").is_visible()
    assert frame.locator("#map .leaflet-overlay-pane path").is_visible()
    frame.locator("#areas tbody button").first.click()
    assert "crime" in frame.locator("#panel .count").inner_text()
    context.close()


def drawn():
    page = page_of()
    return draw(page.change, page.areas)


def test_the_style_of_popups_is_on_a_page_with_layers_and_on_no_other():
    shown = drawn()
    assert ".leaflet-popup" not in shown.get_root().render()
    folium.CircleMarker([52.2, -0.9], tooltip="here").add_to(shown)
    html = shown.get_root().render()
    assert ".leaflet-popup{" in html
    assert ".leaflet-tooltip{" in html


def test_a_plugins_library_loads_after_leaflet_and_before_its_layer():
    from folium.plugins import MarkerCluster

    shown = drawn()
    MarkerCluster([[52.005, 0.005]]).add_to(shown)
    html = shown.get_root().render()
    assert (
        html.index("Leaflet 1.9.4")
        < html.index("leaflet.markercluster.js")
        < html.index("L.markerClusterGroup")
    )


@pytest.mark.parametrize(
    "extra", [{"popup": "A popup"}, {"icon": folium.Icon(color="red")}], ids=["popup", "icon"]
)
def test_folium_gets_its_own_libraries_where_a_layer_needs_them(extra):
    shown = drawn()
    assert "jquery" not in shown.get_root().render()
    folium.Marker([52.005, 0.005], **extra).add_to(shown)
    html = shown.get_root().render()
    assert "jquery" in html
    assert "leaflet@" not in html


def test_without_layers_the_page_asks_for_nothing(chromium, tmp_path):
    path = tmp_path / "map.html"
    drawn().save(path)
    page = Opened(chromium, path)
    assert page.requests == [path.as_uri()]
    assert page.messages == []
    page.context.close()


def test_a_table_of_one_crime_type_opens_on_it_and_offers_no_other(chromium, tmp_path):
    page = page_of()
    burglary = page.change[page.change["crime_type"] == "burglary"]
    path = tmp_path / "map.html"
    draw(burglary, page.areas, title="Here").save(path)
    now = int(burglary["current_count"].sum())
    for script in (True, False):
        # An address that asks for a type that is not known is not followed.
        opened = Opened(chromium, path, "#type=sac", java_script_enabled=script)
        assert opened.tab.locator("h1").inner_text().startswith("Burglary rose clearly in Ash")
        assert opened.tab.locator("#map-heading").inner_text().startswith("Map: Burglary")
        tile = opened.tab.locator('[data-type="burglary"] [data-tile="current_count"]')
        assert tile.inner_text() == str(now)
        if script:
            types = opened.tab.locator('[name="crime-type"]')
            chosen = {
                box.get_attribute("value"): (box.is_checked(), box.is_disabled()) for box in types.all()
            }
            assert chosen.pop("burglary") == (True, False)
            assert set(chosen.values()) == {(False, True)}
            # The others are not nought: nothing is known of them.
            opened.tab.locator("#areas tbody button").first.click()
            kinds = opened.tab.locator("#panel table").first.inner_text()
            assert "Robbery\t–\t–" in kinds
        assert opened.messages == []
        opened.context.close()
