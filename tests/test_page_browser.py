"""The page as an officer meets it: a real Chromium, no network, from file://."""

from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from builders import plan_of_four
from click.testing import CliRunner
from conftest import HOSTILE, Opened, axe_of, grouped, page_of, visiting

from sacmap import months, tables
from sacmap.cli import sacmap
from sacmap.notices import Notice
from sacmap.publish import colours
from sacmap.publish.answer import week_lead
from sacmap.publish.csv_json import csv_of
from sacmap.publish.lists import Reasons
from sacmap.publish.page import render
from sacmap.publish.plan_view import plan_view
from sacmap.publish.view import MapPoint


def test_it_opens_offline_with_no_request_and_no_complaint(opened):
    page = opened()
    assert [url for url in page.requests if not url.startswith("file://")] == []
    assert len(page.requests) == 1
    assert page.messages == []
    assert page.tab.locator("#map path.leaflet-interactive").count() == 4


@pytest.mark.parametrize("first", range(0, len(HOSTILE), 4))
def test_f50_hostile_names_are_shown_as_text_and_nothing_runs(opened, first):
    # Each is the name of an area, and all four are its title, a warning and a street: one page takes less than four.
    texts = (HOSTILE[first:] + HOSTILE)[:4]
    whole = " ".join(texts)
    page = opened(page_of(names=texts, title=whole, street=whole, ids=texts, warning=whole))
    whole = " ".join(whole.split())
    buttons = page.tab.locator("#areas tbody button")

    def shown(part):
        return " ".join(page.tab.text_content(part).split())

    found = {}
    for place in range(4):
        buttons.nth(place).click()
        found[shown("#panel h2")] = shown("#panel")
    for text in texts:
        assert [name for name in found if " ".join(text.split()) in name], text
    assert any(whole in panel for panel in found.values())
    assert whole in shown("#warnings")
    assert page.tab.title() != "run"
    assert page.messages == []
    assert len(page.requests) == 1


def test_everything_follows_the_crime_type(small):
    page = small()
    page.tab.locator("#areas tbody button", has_text="Ash").click()
    page.tab.check('[name="crime-type"][value="burglary"]')
    assert page.text("h1").startswith("Burglary")
    row = page.tab.locator('#areas tr[data-area-id="A0"]')
    assert row.locator('[data-col="current_count"]').inner_text() == "30"
    assert page.text("#panel .count").startswith("30 burglaries")
    assert page.text("#panel tr.on th") == "Burglary"
    page.tab.click("#whole-place")
    assert page.text("#week-heading") == "Where burglary rose"


def test_the_small_map_shows_where_the_chosen_area_is_not_in_the_colour_of_a_rise(small):
    page = small("#area=A2")
    assert page.tab.locator("#locator path").last.get_attribute("fill") not in colours.PALETTE.values()


def test_a_name_in_the_headline_leads_to_its_crime_type_and_area_and_back(opened):
    page = page_of()
    clear = page.change["crime_type"].isin(["sac", "robbery"]) & (page.change["area_id"] == "A0")
    clear |= (page.change["crime_type"] == "robbery") & (page.change["area_id"] == "A2")
    verdicts = page.change["verdict"].mask(page.change["verdict"] == "clear rise", "possible rise")
    counts = page.change["current_count"].mask(clear, page.change["baseline_mean"] + 40)
    rose = page.change.assign(verdict=verdicts.mask(clear, "clear rise"), current_count=counts)
    shown = opened(replace(page, change=rose))
    assert shown.text("h1") == "All three types together rose clearly in Ash; robbery in Ash and Cedar."
    shown.tab.locator("h1 a", has_text="Cedar").click()
    assert shown.text("#panel h2") == "Cedar"
    assert shown.tab.is_checked('[name="crime-type"][value="robbery"]')
    assert shown.tab.evaluate("document.activeElement.id") == "panel"
    assert "type=robbery" in shown.tab.url
    assert "area=A2" in shown.tab.url
    shown.tab.click("#whole-place")
    assert shown.tab.evaluate("document.activeElement.textContent") == "Cedar"
    shown.tab.go_back()
    shown.tab.go_back()
    assert shown.tab.is_checked('[name="crime-type"][value="sac"]')
    assert shown.messages == []


FOCUSED = "document.activeElement.id || document.activeElement.textContent"


def test_the_focus_is_never_lost_on_the_way_to_an_area_and_back(opened):
    tab = opened(page_of(), "#area=A2").tab
    # There is no name in a list to go back to.
    tab.click("#whole-place")
    assert tab.evaluate(FOCUSED) == "answer"
    tab.locator("#week button", has_text="Ash").press("Enter")
    tab.go_back()
    assert tab.evaluate(FOCUSED) == "Ash"
    tab.go_forward()
    assert tab.evaluate(FOCUSED) == "panel"
    tab.click("#whole-place")
    assert tab.evaluate(FOCUSED) == "Ash"
    tab.click("#show-ranges")
    tab.locator("#ranges button").first.press("Enter")
    tab.click("#whole-place")
    assert tab.evaluate(FOCUSED) == "answer"


def by_bath():
    """The small page, moved so that the town of Bath lies in it."""
    page = page_of()
    there = shapely.affinity.translate
    areas = page.areas.set_geometry([there(one, -2.36 - 0.02, 51.38 - 52.005) for one in page.areas.geometry])
    return replace(page, areas=areas)


def test_a_town_that_is_typed_leaves_the_focus_in_the_search(opened):
    tab = opened(by_bath()).tab
    tab.locator("#week button", has_text="Ash").press("Enter")
    tab.locator("#find-area").press_sequentially("Bath")
    assert not tab.is_visible("#panel")
    assert tab.evaluate(FOCUSED) == "find-area"


def test_the_map_stays_at_the_town_that_was_searched_for(opened):
    tab = opened(grouped(by_bath()), viewport={"width": 1366, "height": 657}).tab
    drawn = (
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
    )
    zoom = f"{drawn}.then(() => map.getZoom())"
    whole = tab.evaluate(zoom)
    frame = tab.locator("#map").bounding_box()
    tab.fill("#find-area", "Bath")
    assert tab.inner_text("#find-note") == "Bath is in the middle of the map."
    # What the search says takes no room from the map, which would show the whole again.
    assert tab.locator("#map").bounding_box() == frame
    assert tab.evaluate(zoom) > whole
    # Nor does the map where it gets smaller, as when a warning is opened.
    tab.set_viewport_size({"width": 1366, "height": 620})
    assert tab.evaluate(zoom) > whole
    tab.click("#whole-map")
    tab.set_viewport_size({"width": 1366, "height": 657})
    assert tab.evaluate(zoom) == whole


@pytest.mark.parametrize("fragment", ["", "#area=A2"])
def test_a_page_that_opens_unseen_answers_and_fits_its_map_once_it_is_seen(opened, tmp_path, fragment):
    zoom = opened(fragment=fragment).tab.evaluate("map.getZoom()")
    frame = f'<iframe src="page0.html{fragment}" width="1366" height="900" style="border: 0; display: none">'
    (tmp_path / "frame.html").write_text(f"<!doctype html><html lang='en' data-whole>{frame}")
    outer = opened(tmp_path / "frame.html")
    inner = outer.tab.frames[1]
    inner.wait_for_selector("html[data-ready]", state="attached")
    outer.tab.evaluate("document.querySelector('iframe').style.display = 'block'")
    inner.wait_for_function("(zoom) => map.getZoom() === zoom", arg=zoom)
    assert outer.messages == []


def test_an_area_without_a_complete_month_has_no_empty_chart(opened):
    page = page_of()
    monthly = page.monthly.assign(n=page.monthly["n"].where(page.monthly["area_id"] != "A1"))
    shown = opened(replace(page, monthly=monthly), "#area=A1")
    assert not shown.tab.locator("#panel .months").count()
    shown.tab.click("#whole-place")
    shown.tab.locator("#areas button", has_text="Ash").click()
    assert shown.tab.locator("#panel .months").count() == 1


@pytest.mark.parametrize("height", [657, 600])
def test_where_room_is_short_every_pin_of_both_lists_is_in_sight_and_no_name_is_cut(opened, height):
    names = ("Bradley Stoke Central and Stoke Lodge", "Weston-super-Mare North Worle", "Cedar", "Elm")
    page = opened(grouped(page_of(names=names)), viewport={"width": 1366, "height": height})
    cut = """() => Array.from(document.querySelectorAll("#lists .name"))
      .filter((name) => name.scrollWidth > name.clientWidth + 1).map((name) => name.textContent)"""
    assert page.tab.evaluate(cut) == []
    bottom = page.tab.locator("#answer").evaluate("box => box.getBoundingClientRect().bottom")
    last = page.tab.locator("#hardening .pin").last.bounding_box()
    assert last["y"] + last["height"] <= bottom


def test_where_room_is_shortest_words_above_the_lists_are_smaller_so_that_no_row_is_out_of_sight(opened):
    page = page_of(
        names=("Bradley Stoke Central and Stoke Lodge", "Weston-super-Mare North Worle", "Cedar", "Elm")
    )
    change = page.change.assign(verdict=page.change["verdict"].replace("clear rise", "possible rise"))
    shown = opened(grouped(replace(page, change=change)), viewport={"width": 1366, "height": 560})
    bottom = "one => one.getBoundingClientRect().bottom"
    last = shown.tab.locator("#hardening li").last
    assert last.evaluate(bottom) <= shown.tab.locator("#answer").evaluate(bottom)


def test_expected_is_explained_where_only_a_type_chosen_later_has_a_rise(opened):
    page = page_of()
    quiet = page.change["crime_type"] == "sac"
    change = page.change.assign(verdict=page.change["verdict"].mask(quiet, "within normal range"))
    shown = opened(replace(page, change=change))
    assert not shown.tab.is_visible("#week-key")
    shown.tab.check('[name="crime-type"][value="burglary"]')
    assert shown.tab.locator("#week .expected").count() == 1
    assert shown.text("#week-key").startswith("Expected (1×): if it had followed")


def test_the_search_says_so_where_the_area_found_is_one_of_several_of_its_name(opened):
    page = opened(
        grouped(page_of(names=("Ash", "Ash", "Cedar", "Elm")), ("North", "South", "North", "South"))
    )
    for name, note in (("Ash", "This is one of 2 neighbourhoods of that name."), ("Cedar", "")):
        page.tab.fill("#find-area", name)
        page.tab.press("#find-area", "Enter")
        assert page.text("#panel h2").startswith(name)
        assert page.text("#find-note") == note


def test_the_search_shows_a_town_and_an_area_of_its_name_one_after_the_other_and_says_so_before(opened):
    page = by_bath()
    areas = page.areas.assign(name=["Bath", *page.areas["name"][1:]])
    change = page.change.assign(area_name=page.change["area_name"].replace("Ash", "Bath"))
    tab = opened(replace(page, areas=areas, change=change)).tab
    tab.fill("#find-area", "Bath")
    assert tab.inner_text("#find-note") == "2 places of that name: Enter shows one, and then the next."
    for area in (True, False, True):
        tab.press("#find-area", "Enter")
        assert tab.is_visible("#panel") == area
        assert tab.inner_text("#find-note") == "This is one of 2 places of that name."


def test_every_bar_has_its_figures(small):
    page = small()
    assert page.tab.locator("#hardening .figure").all_text_contents()[0]
    assert (
        page.text("#week-key")
        == "Expected (1×): if it had followed the other neighbourhoods. Grey bar: normal range."
    )
    heads = "heads => heads.map(head => Array.from(head.children, text => text.firstChild.textContent))"
    first = page.tab.locator("#lists .bar.head").evaluate_all(heads)
    page.tab.check('[name="crime-type"][value="burglary"]')
    page.tab.check('[name="crime-type"][value="sac"]')
    assert page.tab.locator("#lists .bar.head").evaluate_all(heads) == first
    assert first[0][:3] == ["1×", "2×", "3×"]


def test_each_mark_of_the_scale_has_its_figure_over_it(small):
    page = small()
    middles = (
        "(marks) => marks.map((mark) => mark.getBoundingClientRect()).map((box) => box.x + box.width / 2)"
    )
    figures = page.tab.locator("[aria-labelledby=week-heading] .bar.head text").evaluate_all(middles)
    marks = page.tab.locator("#week .bar").first.locator(".tick, .faint").evaluate_all(middles)
    assert len(figures) == len(marks) >= 3
    # The last one too ends within the list.
    over = "text => text.getBoundingClientRect().right - text.ownerSVGElement.getBoundingClientRect().right"
    assert page.tab.locator("[aria-labelledby=week-heading] .bar.head text").last.evaluate(over) <= 1
    assert sorted(figures) == pytest.approx(sorted(marks), abs=1)


def test_the_legend_says_what_the_pins_are_and_draws_them_as_the_map_does(opened, small):
    page = small()
    key = page.tab.locator("#legend")
    rows = key.locator("#key-week, #key-homes")
    assert rows.all_inner_texts() == ["1\nwhere crime rose", "A\nwhere burglary is highest"]
    page.tab.check('[name="crime-type"][value="burglary"]')
    assert key.locator("#key-week").inner_text() == "1\nwhere burglary rose"
    look = "pin => ['backgroundColor', 'color', 'borderRadius'].map(name => getComputedStyle(pin)[name])"
    for sign, row in (("1", "#key-week"), ("A", "#key-homes")):
        assert key.locator(f"{row} .pin").evaluate(look) == page.tab.locator(
            f'#map [data-pin="{sign}"]'
        ).evaluate(look)
    page.tab.check('[name="measure"][value="level"]')
    assert [row.is_visible() for row in rows.all()] == [False, True]
    level = opened(replace(page_of(), level_only=True))
    assert [row.is_visible() for row in level.tab.locator("#key-week, #key-homes").all()] == [False, True]


#: The words on the map that the hint covers.
OVER_THE_HINT = """() => {
  const hint = document.querySelector("#hover").getBoundingClientRect();
  return Array.from(document.querySelectorAll("#map .mark"))
    .map((mark) => [mark.textContent, mark.getBoundingClientRect()])
    .filter(([, box]) => box.left < hint.right && box.top < hint.bottom)
    .map(([words]) => words);
}"""


def test_no_pin_hides_another_and_lines_lead_to_the_places_of_those_that_moved(opened, data, tmp_path):
    # Nearly all that is listed in Avon and Somerset lies in Bristol.
    out = tmp_path / "avon.html"
    words = ["map", "--crimes", str(data / "avon-and-somerset-2018-01_2021-09.zip"), "--boundaries",
             str(data / "boundaries" / "avon-and-somerset-wards.geojson"), "--current", "2020-10:2021-09",
             "--baseline", "2019-10:2020-09", "--group-column", "LAD13NM", "--out", str(out)]  # fmt: skip
    assert CliRunner().invoke(sacmap, words, standalone_mode=False).exception is None
    page = opened(out, "#type=burglary", viewport={"width": 1366, "height": 657})
    # A map without a title of its own is called by its areas, as everywhere on the page.
    assert page.tab.title().startswith("281 wards: ")

    def boxes(of):
        return page.tab.evaluate(
            """of => {
              if (matchMedia("print").matches) dispatchEvent(new Event("beforeprint"));
              return Array.from(document.querySelectorAll(of))
                .filter((one) => one.checkVisibility({ visibilityProperty: true }))
                .map((one) => one.getBoundingClientRect()).map((box) => [box.x, box.y, box.width]);
            }""",
            of,
        )

    def apart(pins):
        return all(
            max(abs(x - other_x), abs(y - other_y)) >= 0.99 * wide
            for (x, y, wide), (other_x, other_y, _) in combinations(pins, 2)
        )

    def hidden():
        return page.tab.evaluate(
            """() => Array.from(document.querySelectorAll("#map [data-pin]")).filter((pin) => {
              const box = pin.getBoundingClientRect();
              return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) !== pin;
            }).map((pin) => pin.dataset.pin)"""
        )

    assert len(boxes("#map [data-pin]")) == 10
    assert hidden() == []
    assert apart(boxes("#map [data-pin]"))
    assert page.tab.locator("#map .lead-to").count() >= 5
    # A picture of it has the names of the districts, those that zoom to small areas too.
    assert page.tab.locator("#map .district.zooms").count() >= 1
    assert page.text("#hover").endswith("a district’s name zooms to it")
    words, _ = page.saved_picture()
    assert {"Mendip", "Burglary: change"} <= set(words)
    assert page.messages == []
    # On paper, of another crime type than the page opens on, too.
    page.on_paper()
    assert len(boxes("#map-static .pins > g")) == 10
    assert apart(boxes("#map-static .pins > g > :is(rect, circle)"))
    # A printer is given a hatching anew for each path: of a nation's areas that took minutes.
    assert 0 < page.tab.locator('#map-static [fill^="url(#still"]').count() <= 5
    # And the letters of a chosen district are in that district: this one lies far west.
    page.tab.emulate_media(media="screen")
    page.tab.select_option("#group", "West Somerset")
    # Where no name zooms, none is said to.
    assert page.text("#hover") == "Ctrl + wheel zooms the map"
    page.tab.emulate_media(media="print")
    pins = boxes("#map-static .pins > g")
    assert len(pins) == page.tab.locator("#lists .pin").count() == 5
    left, _, wide = boxes("#map-static .areas")[0]
    assert max(x - left for x, _, _ in pins) < 0.5 * wide
    still = opened(out, java_script_enabled=False)
    assert still.tab.locator("#map-static .pins > path").count() >= 2
    # The hint has its room when it has grown, too: it says that a name zooms only once there is one.
    assert opened(out, viewport={"width": 1366, "height": 657}).tab.evaluate(OVER_THE_HINT) == []
    # On a small screen neither the legend nor a button lies over a pin, all ten are apart, and the map cuts none.
    for height in (700, 576):
        page = opened(out, "#type=burglary", viewport={"width": 1024, "height": height})
        assert len(boxes("#map [data-pin]")) == 10
        assert hidden() == []
        assert apart(boxes("#map [data-pin]"))
        tops = "pins => Math.min(...pins.map(pin => pin.getBoundingClientRect().top))"
        frame = page.tab.locator("#map").bounding_box()
        assert page.tab.locator("#map [data-pin]").evaluate_all(tops) >= frame["y"]


def test_the_legend_is_hatched_by_the_patterns_of_the_map(small):
    page = small()
    fills = page.tab.locator("#legend .step rect").evaluate_all(
        "all => all.map(one => one.getAttribute('fill'))"
    )
    assert fills == [f"url(#hatch-p{step})" for step in (0, 1, 3, 4)]
    for fill in fills:
        assert page.tab.locator(f"pattern{fill[4:-1]}").count() == 1


@pytest.mark.parametrize(("width", "height"), [(1366, 657), (390, 844)])
def test_long_counts_and_their_findings_stand_side_by_side_in_a_crime_type(opened, width, height):
    page = opened(viewport={"width": width, "height": height})
    before = page.tab.locator("#totals").bounding_box()["height"]
    page.tab.evaluate("""() => {
      for (const tile of document.querySelectorAll("#totals label")) {
        tile.querySelector(".counts").textContent = "59,418, was 77,253";
        tile.querySelector(".found").innerHTML = '<span class="piece plain">12 changes could be chance</span>';
      }
      document.querySelector("#totals .found").innerHTML =
        '<span class="piece"><span class="up">▲</span> 19 wards rose<span class="long"> clearly</span></span>';
    }""")
    over = """() => Array.from(document.querySelectorAll("#totals .found"))
      .filter((said) => said.scrollWidth > said.clientWidth + 1).length"""
    assert page.tab.evaluate(over) == 0
    assert page.tab.evaluate("document.documentElement.scrollWidth") == width
    if width > 390:
        assert page.tab.locator("#totals").bounding_box()["height"] == before


def test_on_a_narrow_laptop_long_counts_and_a_clear_rise_share_a_line(opened):
    page = opened(viewport={"width": 1280, "height": 720})
    before = page.tab.locator("#totals").bounding_box()["height"]
    page.tab.evaluate("""() => {
      for (const tile of document.querySelectorAll("#totals label")) {
        tile.querySelector(".counts").textContent = "35,965, was 35,746";
        tile.querySelector(".found").innerHTML =
          '<span class="piece"><span class="up">▲</span> 12 wards rose<span class="long"> clearly</span></span>';
      }
    }""")
    assert page.tab.locator("#totals").bounding_box()["height"] == before


def test_a_chosen_district_is_named_over_its_lists_and_not_in_every_row(opened):
    twins = grouped(page_of(names=("Ash", "Ash", "Cedar", "Elm")), ("North", "North", "South", "South"))
    page = opened(twins)
    assert "South" in page.text("#hardening li:has-text('Cedar') .where")
    page.tab.evaluate("location.hash = 'district=South'")
    page.tab.wait_for_function("document.querySelector('#hardening-heading').textContent.endsWith('South')")
    assert set(page.tab.locator("#lists li .where").all_text_contents()) <= {" "}
    # How firm a place is goes by the whole map, so in a district neither the words nor their key are shown.
    assert not page.tab.is_visible("#firm-key")
    # Of two areas of one name in the district, the code still tells which is meant.
    page.tab.evaluate("location.hash = 'district=North'")
    page.tab.wait_for_function("document.querySelector('#hardening-heading').textContent.endsWith('North')")
    assert {"A0", "A1"} <= {
        said.strip() for said in page.tab.locator("#hardening .where").all_text_contents()
    }


def test_no_full_stop_or_comma_of_a_list_begins_a_line(opened):
    page = opened(page_of(names=("Ash", "Bishop Auckland Town", "Cedar", "Elm Park and Lower Nettleham")))
    page.tab.evaluate("""() => {
      const listed = document.querySelector("#week");
      const names = ["Harbour Master’s Walk", "Pilot’s Rest", "Bishop Auckland Town"];
      listed.append(...names.map((name, at) => {
        const row = document.createElement("li");
        row.className = `rest further${at ? "" : " first"}${at === 2 ? " last" : ""}`;
        row.innerHTML = `<button type="button" class="link name">${name}</button>`;
        return row;
      }));
    }""")
    # A mark alone on a line is a box of its own that is narrower than any name.
    narrowest = """(width) => {
      document.querySelector("#week").style.width = `${width}px`;
      return Math.min(...Array.from(document.querySelectorAll("#week li.rest"),
        (row) => Array.from(row.getClientRects()).at(-1).width));
    }"""
    assert min(page.tab.evaluate(narrowest, width) for width in range(240, 480)) > 40
    # A short name has no gap before its full stop.
    width = "(e) => ((e.textContent = 'Ô'), e.getBoundingClientRect().width)"
    assert page.tab.eval_on_selector("#week li.rest.last .name", width) < 20


def test_a_click_on_the_map_fills_the_panel_and_marks_the_row(small):
    page = small()
    page.tab.locator("#map path.leaflet-interactive").first.click(force=True)
    assert page.tab.locator("#areas tr.chosen").count() == 1
    assert page.text("#panel h2") in {"Ash", "Birch", "Cedar", "Elm"}


def test_the_address_opens_the_same_view(opened, small):
    page = small()
    page.tab.check('[name="measure"][value="level"]')
    page.tab.check('[name="crime-type"][value="robbery"]')
    page.tab.locator("#areas tbody button", has_text="Cedar").click()
    fragment = page.tab.evaluate("location.hash")
    again = opened(fragment=fragment)
    assert again.tab.is_checked('[name="measure"][value="level"]')
    assert again.tab.is_checked('[name="crime-type"][value="robbery"]')
    assert again.text("#panel h2") == "Cedar"


def test_only_clear_changes_filters_the_table(small):
    page = small()
    page.tab.check("#only-clear")
    readings = page.tab.locator('#areas [data-col="verdict"]').all_inner_texts()
    assert readings
    assert all("lear" in reading for reading in readings)
    # A chosen area of another reading stands with them no longer than it is chosen.
    page.tab.locator("#hardening button.name", has_text="Birch").click()
    assert page.tab.locator("#areas tbody tr").count() == len(readings) + 1
    page.tab.click("#whole-place")
    assert page.tab.locator('#areas [data-col="verdict"]').all_inner_texts() == readings


def test_go_to_an_area_finds_it(opened):
    page = opened()
    page.tab.fill("#find-area", "ced")
    page.tab.press("#find-area", "Enter")
    assert page.text("#panel h2") == "Cedar"
    assert page.tab.evaluate("document.activeElement.id") == "panel"


def test_a_name_that_begins_with_what_is_looked_for_is_found_before_one_that_only_holds_it(opened):
    page = opened(page_of(names=["Lancaster", "North Castle", "Castle Hill", "Elm"]))
    page.tab.fill("#find-area", "cast")
    names = page.tab.eval_on_selector_all("#found-areas option", "(all) => all.map((one) => one.value)")
    assert names == ["Castle Hill", "North Castle", "Lancaster"]
    page.tab.press("#find-area", "Enter")
    assert page.text("#panel h2") == "Castle Hill"


def test_the_table_sorts_both_ways(opened):
    page = opened()
    head = page.tab.locator('#areas th[data-sort="current_count"]')
    head.locator("button").click()
    counts = page.tab.locator('#areas [data-col="current_count"]').all_inner_texts()
    assert counts == ["60", "41", "15", "4"]
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    assert page.tab.locator('#areas [data-col="current_count"]').all_inner_texts() == counts[::-1]


def downloaded(page):
    with page.tab.expect_download() as waiting:
        page.tab.click("#download-csv")
    return Path(waiting.value.path()).read_bytes()


def rows_shown(page):
    """The table's cells as text, row by row."""
    cells = "rows => rows.map(row => Array.from(row.cells, cell => cell.textContent.trim()))"
    return page.tab.locator("#areas tbody tr").evaluate_all(cells)


def test_the_download_is_the_csv_to_the_last_digit(opened):
    shown = page_of(names=("=1+1", 'Ash, "Elm"', "Tŷ'r Môr", "Birch"), empty=2)
    page = opened(shown)
    assert downloaded(page) == b"\xef\xbb\xbf" + csv_of(shown.texts)
    page.tab.check('[name="crime-type"][value="robbery"]')
    page.tab.check("#only-clear")
    assert downloaded(page) == b"\xef\xbb\xbf" + csv_of(shown.texts)


@pytest.fixture(scope="module")
def west_yorkshire(data, tmp_path_factory):
    """The page, and the CSV beside it, of a whole force: 124 wards, two baseline periods of one month."""
    out = tmp_path_factory.mktemp("wy") / "wy.html"
    words = ["map", "--crimes", str(data / "west-yorkshire-julys-2016-2018.zip"), "--boundaries",
             str(data / "boundaries" / "west-yorkshire-wards.geojson"), "--current", "2018-07:2018-07",
             "--baseline", "2016-07:2017-07", "--title", "West Yorkshire", "--out", str(out)]  # fmt: skip
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert done.exception is None, done.output
    return out


def test_screen_file_and_page_without_script_say_the_same_of_a_whole_force(opened, west_yorkshire):
    page = opened(west_yorkshire)
    plain = opened(west_yorkshire, java_script_enabled=False)
    assert downloaded(page)[3:] == west_yorkshire.with_suffix(".csv").read_bytes()
    assert len(rows_shown(page)) == 124
    assert rows_shown(page) == rows_shown(plain)
    for part in ("#totals", "#hardening", "#week", "#sure", "h1", "#second", "#map-heading"):
        told = ["".join(tab.text_content(part).split()) for tab in (page.tab, plain.tab)]
        assert told[0] == told[1], part
    assert page.messages == []
    assert len(page.requests) == 1
    # Two of the months between were never read: the line has three dots, not a slope.
    page.tab.locator("#areas tbody button").first.click()
    assert page.tab.locator("#panel .months circle").count() == 3


def test_by_keyboard_alone_from_a_crime_type_to_the_print_of_an_area(opened):
    page = opened()
    tab = page.tab
    tab.evaluate("window.print = () => { document.title = 'printed'; }")
    reach(tab, "document.activeElement.name === 'crime-type'")
    tab.keyboard.press("ArrowRight")
    assert page.text("h1").startswith("Burglary")
    tab.keyboard.press("ArrowLeft")
    # The map is one stop, and arrow keys move it.
    reach(tab, "document.activeElement.id === 'map'")
    tab.keyboard.press("+")
    tab.wait_for_timeout(300)
    before = tab.locator("#map path").first.bounding_box()
    tab.keyboard.press("ArrowRight")
    # It glides there, a frame at a time.
    moved = "before => document.querySelector('#map path').getBoundingClientRect().x < before"
    tab.wait_for_function(moved, arg=before["x"])
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.dataset.zoom") == "1"
    first = tab.locator("#week li").first.get_attribute("data-area-id")
    reach(tab, f"document.activeElement.closest('#week li')?.dataset.areaId === '{first}'")
    name = tab.evaluate("document.activeElement.textContent")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "panel"
    assert name in page.text("#panel h2")
    assert "crimes" in page.text("#panel .count")
    reach(tab, "document.activeElement.id === 'print-area'")
    tab.keyboard.press("Enter")
    assert tab.title() == "printed"
    reach(tab, "document.activeElement.id === 'whole-place'", "Shift+Tab")
    tab.keyboard.press("Enter")
    # The focus goes back to where the area was chosen.
    assert tab.evaluate("document.activeElement.closest('#week li')?.dataset.areaId") == first


OUTLINED = """[document.activeElement, document.activeElement.closest("label")].some(
  (element) => element === document.body || (element && getComputedStyle(element).outlineStyle !== "none"))"""


def reach(tab, there, key="Tab"):
    """Press a key until the focus is where it is wanted; every stop on the way must be seen to be focused."""
    for _ in range(60):
        tab.keyboard.press(key)
        if tab.evaluate(there):
            return
        assert tab.evaluate(OUTLINED), tab.evaluate("document.activeElement.outerHTML")
    raise AssertionError(f"not reached by keyboard: {there}")


def test_the_lists_stand_beside_the_map_until_an_area_is_chosen_and_again_after(small):
    page = small()
    assert page.tab.is_visible("#week")
    assert not page.tab.is_visible("#panel")
    page.tab.locator("#week button", has_text="Ash").first.click()
    assert page.text("#panel h2") == "Ash"
    assert not page.tab.is_visible("#week")
    page.tab.click("#whole-place")
    assert page.tab.is_visible("#week")
    assert "area=" not in page.tab.evaluate("location.hash")
    assert page.tab.locator("#areas tr.chosen").count() == 0


def test_back_goes_from_the_area_to_the_list_and_to_the_crime_type_before(small):
    page = small()
    tab = page.tab
    tab.check('[name="crime-type"][value="burglary"]')
    tab.locator("#week button").first.click()
    chosen = page.text("#panel h2")
    tab.go_back()
    assert tab.is_visible("#week")
    assert tab.evaluate("document.activeElement.textContent") == chosen
    tab.go_back()
    assert tab.is_checked('[name="crime-type"][value="sac"]')
    tab.go_forward()
    tab.go_forward()
    assert page.text("#panel h2") == chosen


def test_the_copied_link_opens_the_same_view(opened):
    page = opened()
    tab = page.tab
    tab.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (t) => { window.copied = t; }}})"
    )
    tab.check('[name="crime-type"][value="vehicle-crime"]')
    tab.locator("#areas tbody button", has_text="Birch").click()
    tab.click("#copy-link")
    tab.wait_for_function("window.copied")
    assert page.text("#done") == "Link copied."
    again = opened(fragment="#" + tab.evaluate("copied").split("#")[1])
    assert again.tab.is_checked('[name="crime-type"][value="vehicle-crime"]')
    assert again.text("#panel h2") == "Birch"


def test_six_notches_of_the_wheel_move_the_page_and_not_the_map(opened):
    page = opened(viewport={"width": 1366, "height": 657})
    tab = page.tab
    box = tab.locator("#map").bounding_box()
    where = "map => [scrollY, document.querySelector('#map path.leaflet-interactive').getAttribute('d')]"
    before = tab.evaluate(where)
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(6):
        tab.mouse.wheel(0, 120)
    tab.wait_for_function("scrollY > 100")
    assert tab.evaluate(where)[1] == before[1]


def test_ctrl_and_the_wheel_zoom_the_map_and_not_the_page(opened):
    page = opened(viewport={"width": 1366, "height": 657})
    tab = page.tab
    drawn = "document.querySelector('#map path.leaflet-interactive').getAttribute('d')"
    before = tab.evaluate(drawn)
    box = tab.locator("#map").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -120)
    tab.keyboard.up("Control")
    tab.wait_for_function(f"before => {drawn} !== before", arg=before)
    assert tab.evaluate("scrollY") == 0
    # Never smaller than the whole.
    for _ in range(8):
        tab.click("[data-zoom='-1']")
    assert tab.evaluate(drawn).count("L") == before.count("L")
    spans = (
        "(() => { const b = document.querySelector('#map g').getBoundingClientRect(); return b.width; })()"
    )
    assert tab.evaluate(spans) > 0.4 * box["width"]


FIRST_SCREEN = """() => {
  const parts = {
    map: "#map", legend: "#legend", headline: "h1", types: "#totals", week: "#week li:nth-child(1)",
    homes: "#hardening li:nth-child(3)",
  };
  return Object.entries(parts).filter(([, where]) => {
    const box = document.querySelector(where).getBoundingClientRect();
    return !box.height || box.bottom > innerHeight + 1 || box.top < 0;
  }).map(([name]) => name);
}"""


def test_at_1366_by_657_the_first_screen_answers_without_scrolling(opened, west_yorkshire):
    page = opened(west_yorkshire, viewport={"width": 1366, "height": 657})
    assert page.tab.evaluate(FIRST_SCREEN) == []
    page.tab.locator("#week button").first.click()
    box = page.tab.locator("#panel .range-bar").bounding_box()
    assert box["y"] + box["height"] < 657
    assert page.tab.evaluate("scrollY") == 0


def test_pins_stand_for_the_rows_shown_and_lead_to_them(small):
    page = small()
    shown = page.tab.locator("#week li:not(.rest) .pin, #hardening .pin").all_inner_texts()
    pins = page.tab.locator("#map [data-pin]").all_inner_texts()
    assert sorted(pins) == sorted(shown)
    page.tab.locator("#map [data-pin='1']").click()
    assert page.text("#panel h2") == page_of().areas["name"].iloc[0]


def test_the_chosen_area_shows_its_busiest_points_with_their_streets(opened):
    points = {
        "A0": [
            MapPoint(0.003, 52.004, "On or near St Luke'S Road", (5, 1, 2)),
            MapPoint(0.006, 52.007, "", (0, 2, 0)),
        ]
    }
    page = opened(replace(page_of(), points=points), "#area=A0")
    assert page.tab.locator("#map .point").all_inner_texts() == ["8", "2"]
    assert page.tab.locator("#map .street").all_inner_texts() == ["St Luke's Road"]
    page.tab.check('[name="crime-type"][value="burglary"]')
    assert page.tab.locator("#map .point").all_inner_texts() == ["5"]
    assert page.text("#points-note") == "Circles: all its map points."
    assert opened(page_of(), "#area=A0").tab.locator("#map .point").count() == 0


def test_fewer_than_ten_points_are_not_called_ten_and_the_panel_names_the_busiest_streets_of_all_points(
    opened,
):
    points = [
        MapPoint(0.003, 52.004, "On or near Mill Lane", (5, 1, 2)),
        MapPoint(0.006, 52.007, "", (0, 2, 0)),
    ]
    streets = {"A0": {"sac": [("11 Nightclubs", 37), ("On or near Mill Lane", 8)], "robbery": []}}
    page = opened(replace(page_of(), points={"A0": points}, streets=streets), "#area=A0")
    assert page.text("#points-note") == "Circles: all its map points."
    assert page.tab.locator("#panel .streets li").all_inner_texts() == ["11 Nightclubs\n37", "Mill Lane\n8"]
    page.tab.check('[name="crime-type"][value="robbery"]')
    assert "Busiest streets" not in page.text("#panel")
    many = [MapPoint(0.003 + n / 1e4, 52.004, "On or near Mill Lane", (1, 0, 0)) for n in range(12)]
    page = opened(replace(page_of(), points={"A0": many}), "#area=A0")
    assert page.text("#points-note").startswith("Circles: its ten busiest map points. They hold")


def test_the_hint_over_the_map_stands_on_the_ground_not_on_an_area(opened):
    ground = opened().tab.eval_on_selector("#hover", "(hint) => getComputedStyle(hint).backgroundColor")
    assert ground == "rgba(233, 231, 225, 0.9)"


def test_no_pin_stands_beneath_the_hint_over_the_map(opened):
    page = grouped(page_of())
    strips = [shapely.box(0, 52 - 0.004 * n, 0.01, 52.004 - 0.004 * n) for n in range(4)]
    low = {"viewport": {"width": 1366, "height": 560}}
    shown = opened(replace(page, areas=page.areas.set_geometry(strips, crs=4326), drawn=None), **low)
    over = """() => {
      const box = (one) => one.getBoundingClientRect();
      const hint = box(document.getElementById("hover"));
      return Array.from(document.querySelectorAll("#map [data-pin]"), box)
        .map((pin) => pin.left < hint.right && pin.right > hint.left && pin.top < hint.bottom);
    }"""
    assert shown.tab.evaluate(over) == [False] * 5
    assert shown.tab.locator("#map .lead-to").count() >= 1


def test_no_pin_stands_beneath_the_note_on_the_circles_of_a_chosen_area(opened):
    points = {f"A{n}": [MapPoint(0.003, 52.004, "On or near Mill Lane", (5, 1, 2))] for n in range(4)}
    low = {"viewport": {"width": 1000, "height": 560}}
    shown = opened(replace(page_of(), points=points), "#area=A2", **low)
    over = """() => {
      const box = (id) => document.getElementById(id).getBoundingClientRect();
      const pins = Array.from(document.querySelectorAll("#map [data-pin]"), (pin) => pin.getBoundingClientRect());
      return ["locator", "points-note"].map(box).map((note) => pins.some((pin) =>
        pin.left < note.right && pin.right > note.left && pin.top < note.bottom && pin.bottom > note.top));
    }"""
    assert shown.tab.locator("#map [data-pin]").count() > 0
    assert shown.tab.evaluate(over) == [False, False]


def test_the_legend_leaves_the_scale_of_the_map_free(opened):
    tab = opened().tab
    tab.eval_on_selector("#legend", "(legend) => legend.dataset.corner = 'left'")
    legend, scale = (
        tab.locator(part).bounding_box() for part in ("#legend", "#map .leaflet-control-scale-line")
    )
    assert legend["y"] + legend["height"] <= scale["y"]


@pytest.mark.parametrize(
    ("places", "corner"),
    [
        ([(0.019, 52.0003), (0.019, 52.0013), (0.019, 52.0023)], "left"),
        ([(0.011, 52.0003), (0.015, 52.0001), (0.019, 52.0003)], "top-right"),
    ],
)
def test_the_legend_hides_no_circle_of_a_chosen_area(opened, places, corner):
    page = page_of()
    points = {
        "A1": [MapPoint(x, y, "On or near Mill Lane", (9 - n, 0, 0)) for n, (x, y) in enumerate(places)]
    }
    wide = [shapely.box(0.01 * n, 52, 0.01 * n + 0.01, 52.002) for n in range(4)]
    page = replace(page, points=points, areas=page.areas.set_geometry(wide, crs=4326), drawn=None)
    tab = opened(page, "#area=A1", viewport={"width": 1366, "height": 560}).tab
    legend = tab.locator("#legend").bounding_box()
    circles = [one.bounding_box() for one in tab.locator("#map .mark.point").all()]
    assert (len(circles), tab.get_attribute("#legend", "data-corner")) == (3, corner)
    beside = legend["x"] + legend["width"] < min(one["x"] for one in circles)
    assert beside or legend["y"] + legend["height"] < min(one["y"] for one in circles)


def test_a_chosen_area_with_circles_in_all_its_corners_is_shown_smaller_until_nothing_hides_one(opened):
    places = [(x, y) for x in (0.0112, 0.0188) for y in (52.0006, 52.0025, 52.0044)]
    page = page_of()
    wide = [shapely.box(0.01 * n, 52, 0.01 * n + 0.01, 52.005) for n in range(4)]
    points = {"A1": [MapPoint(x, y, "On or near Mill Lane", (9, 0, 0)) for x, y in places]}
    page = replace(page, points=points, areas=page.areas.set_geometry(wide, crs=4326), drawn=None)
    tab = opened(page, "#area=A1", viewport={"width": 1366, "height": 560}).tab
    over = """() => {
      const boxes = (css) => Array.from(document.querySelectorAll(css), (one) => one.getBoundingClientRect());
      const circles = boxes("#map .mark.point");
      return [circles.length, boxes("#legend, #locator, #points-note, .map-tools").filter((box) => circles.some((one) =>
        one.left < box.right && one.right > box.left && one.top < box.bottom && one.bottom > box.top)).length];
    }"""
    assert tab.evaluate(over) == [6, 0]


def test_circles_of_listed_areas_make_way_for_the_pins_and_for_one_another(opened):
    points = [MapPoint(0.003 + n / 1e5, 52.004, "On or near Mill Lane", (9 - n, 0, 0)) for n in range(9)]
    page = replace(page_of(), points={"A0": points})
    assert opened(page).tab.locator("#map .mark.point").all_inner_texts() == ["9"]
    # Of the chosen area all are shown.
    assert opened(page, "#area=A0").tab.locator("#map .mark.point").count() == 9


def test_a_single_possible_rise_is_one(opened):
    page = page_of()
    verdicts = page.change["verdict"].replace(
        {"clear rise": "within normal range", "possible rise": "within normal range"}
    )
    verdicts = verdicts.mask(
        (page.change["area_id"] == "A0") & (page.change["crime_type"] == "sac"), "possible rise"
    )
    shown = opened(grouped(replace(page, change=page.change.assign(verdict=verdicts))))
    said = "No clear rise. This one is possible: about one area in forty is as high by chance."
    assert shown.text("#week-lead") == said
    shown.tab.select_option("#group", "North")
    assert shown.text("#week-lead") == said


def test_where_room_is_short_others_are_named_only_if_others_rose(opened):
    long = [f"{LONG} and all that goes with it, number {n}" for n in range(4)]
    page = page_of(names=long)
    others = 'getComputedStyle(document.getElementById("week"), "::after").content'
    small = {"viewport": {"width": 1366, "height": 600}}
    for verdict, said in (("within normal range", "none"), ("possible rise", '"The others are on the map')):
        change = page.change.copy()
        change.loc[change["verdict"].ne("clear rise"), "verdict"] = verdict
        shown = opened(replace(page, change=change), **small)
        assert "briefest" in shown.tab.get_attribute("#answer", "class").split()
        assert shown.tab.evaluate(others).startswith(said)


def test_a_finding_and_its_mark_stay_on_one_line(opened):
    found = opened()
    pieces = "[...document.querySelectorAll('#totals .piece')].map(e => e.getClientRects().length)"
    for width in (900, 1100, 1366):
        found.tab.set_viewport_size({"width": width, "height": 657})
        assert set(found.tab.evaluate(pieces)) == {1}


def test_a_district_is_chosen_found_and_kept_in_the_address(opened):
    page = opened(grouped(page_of()))
    scale = page.text("#map .leaflet-control-scale")
    page.tab.select_option("#group", "South")
    assert page.text("#map .leaflet-control-scale") != scale
    assert {cells[0] for cells in rows_shown(page)} == {"Cedar", "Elm"}
    assert "in South" in page.text("#hardening-heading")
    assert "district=South" in page.tab.evaluate("location.hash")
    page.tab.go_back()
    assert page.tab.locator("#areas tbody tr").count() == 4
    # The map shows the whole again, too.
    assert page.text("#map .leaflet-control-scale") == scale
    page.tab.fill("#find-area", "north")
    page.tab.press("#find-area", "Enter")
    assert page.tab.input_value("#group") == "North"
    assert page.tab.locator("#map .district").count() > 0


def test_in_a_district_the_tiles_and_the_words_of_chance_say_what_they_are_of(opened):
    page = opened(grouped(page_of()))
    everywhere = page.text("#totals")
    page.tab.select_option("#group", "North")
    tile = page.text('#totals [data-type="sac"]')
    assert "60, was 21" in tile
    assert "▲ 1 area rose clearly" in tile
    assert "Below: North, 2 neighbourhoods." in page.text("#periods")
    assert page.text("#sure").startswith("On the whole map, with")
    page.tab.select_option("#group", "")
    assert page.text("#totals") == everywhere
    assert "Below" not in page.text("#periods")
    assert not page.text("#sure").startswith("On the whole map")


def test_a_district_is_named_as_it_is_said_and_what_it_lacks_is_told(opened):
    page = grouped(page_of(), ("North",) * 2 + ("Bristol, City of",) * 2)
    there = page.change["area_id"].isin(["A2", "A3"])
    change = page.change.assign(hardening_rank=page.change["hardening_rank"].mask(there))
    # A public version has no subtotals.
    shown = opened(replace(page, change=change, subtotals=pd.DataFrame()))
    assert not shown.tab.is_visible("#hardening-none")
    shown.tab.select_option("#group", "Bristol, City of")
    assert shown.text("#hardening-heading") == "Where burglary is highest in the City of Bristol"
    assert shown.text("#week-heading").endswith(", the City of Bristol")
    assert "No area can be ranked." in shown.text("#hardening-none")
    assert shown.tab.is_visible("#hardening-none")
    assert "The totals are of the whole map." in shown.text("#periods")


def test_in_a_district_a_place_says_which_list_its_draws_are_of(opened):
    view = page_of_many(6)
    view.change["top5_share"] = 0.7
    sure = "Its place is weak (in the first five in 0 of 100 draws; number 8 to 12 in nine of ten)."
    reasons = (Reasons(view.areas["area_id"].iloc[2], ("Why it is there.",), sure, 0.0),)
    page = opened(grouped(replace(view, hardening=reasons), ("North",) * 2 + ("South",) * 4))
    assert page.tab.locator("#hardening .firm").first.inner_text().strip()
    page.tab.select_option("#group", "South")
    assert not "".join(page.tab.locator("#hardening .firm").all_inner_texts()).strip()
    assert "first five" not in page.text("[aria-labelledby=hardening-heading] .columns-head")
    page.tab.select_option("#group", "")
    assert "first five" in page.text("[aria-labelledby=hardening-heading] .columns-head")
    page.tab.select_option("#group", "South")
    page.tab.locator("#hardening button").first.click()
    told = page.text("#panel")
    assert "for locks, lights and gates in South." in told
    assert "On the list of the whole map, its place is weak" in told


@pytest.mark.parametrize("javascript", [True, False])
def test_of_four_areas_none_is_called_firm_among_the_first_five(opened, javascript):
    view = page_of()
    page = opened(replace(view, change=view.change.assign(top5_share=1.0)), java_script_enabled=javascript)
    shown = page.text("section.list:has(#hardening)").lower()
    assert "where burglary is highest" in shown
    assert "firm" not in shown
    assert "first five" not in shown


@pytest.mark.parametrize("javascript", [True, False])
def test_the_districts_are_in_a_table_of_their_own(opened, javascript):
    page = opened(grouped(page_of()), java_script_enabled=javascript)
    rows = page.tab.locator("#districts tbody:visible tr")
    shown = [line.locator("th, td").all_inner_texts() for line in rows.all()]
    assert [cells[0] for cells in shown] == ["All three", "North", "South"]
    assert shown[1][1] == "60"
    assert shown[1][4] == "▲ Clear rise"
    if javascript:
        page.tab.check('[name="crime-type"][value="robbery"]')
        assert rows.first.inner_text() == "Robbery"
        assert rows.nth(1).locator("td").first.inner_text() == "6"


def test_areas_of_one_name_carry_their_district(opened):
    page = page_of(names=("Central", "Central", "Cedar", "Elm"))
    page = replace(page, areas=page.areas.assign(group=["North", "South", "South", "South"]))
    shown = opened(page)
    assert "Central (North)" in shown.text("h1")
    shown.tab.fill("#find-area", "Central (South)")
    assert shown.text("#panel h2").split() == ["Central", "South"]


@pytest.mark.parametrize("javascript", [True, False])
def test_areas_of_one_name_in_one_district_carry_their_code_too(opened, javascript):
    page = page_of(names=("Central", "Central", "Cedar", "Elm"))
    # Every area is on the list of burglary: the two Centrals with their codes, the others with their district alone.
    shown = opened(grouped(page, ("North", "North", "South", "South")), java_script_enabled=javascript)
    told = shown.tab.locator("#hardening .where").all_inner_texts()
    assert sorted(one.strip() for one in told) == ["North, A0", "North, A1", "South", "South"]


def test_where_room_is_short_areas_of_one_name_keep_their_district_and_code(opened):
    names = ("Castle and Abbey, with Upper and Lower Plumpton",) * 2 + ("Central", "Central")
    page = grouped(page_of(names=names), ("North", "North", "South", "South"))
    shown = opened(page, viewport={"width": 1366, "height": 600})
    assert "brief" in shown.tab.get_attribute("#answer", "class").split()
    said = shown.tab.locator("#hardening .where")
    assert min(said.evaluate_all("all => all.map(one => one.offsetWidth)")) > 40


@pytest.mark.parametrize("javascript", [True, False])
def test_the_rows_of_a_list_name_their_district_only_if_there_are_several(opened, javascript):
    several = opened(grouped(page_of()), java_script_enabled=javascript)
    assert "South" in several.text("#answer")
    one = opened(grouped(page_of(), ("South",) * 4), java_script_enabled=javascript)
    assert "South" not in one.text("#answer")


def test_every_range_is_one_button_away(opened):
    page = opened()
    page.tab.click("#show-ranges")
    assert page.tab.locator("#ranges tbody tr").count() == 4
    assert not page.tab.is_visible("#map")
    gaps = page.tab.locator("#ranges tbody td:nth-child(4)").all_inner_texts()
    assert gaps[0].startswith("+")
    page.tab.locator("#ranges button", has_text="Cedar").click()
    assert page.text("#panel h2") == "Cedar"
    assert page.tab.is_visible("#map")


def test_the_map_is_saved_as_a_picture(opened):
    page = opened()
    with page.tab.expect_download() as waiting:
        page.tab.click("#save-picture")
    content = Path(waiting.value.path()).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert page.messages == []


def test_the_saved_picture_has_the_legend_and_the_pins_of_the_map(opened):
    shown = page_of()
    possible = shown.change["verdict"].replace("clear rise", "possible rise")
    page = opened(replace(shown, change=shown.change.assign(verdict=possible)))
    maybe = page.tab.locator("#map .pin.maybe, #legend .pin.maybe").count()
    assert maybe == 2
    words, hollow = page.saved_picture()
    assert {"clear change", "could be chance", "where crime rose", "where burglary is highest"} <= set(words)
    assert page.text("#legend-title") in words
    assert "crimes on a busy map point" not in words
    assert hollow == maybe
    page.tab.check('[name="measure"][value="level"]')
    words, _ = page.saved_picture()
    assert "where burglary is highest" in words
    assert "All three: level" in words
    assert not {"where crime rose", "could be chance"} & set(words)


def test_paper_says_what_expected_level_and_firm_are(opened):
    page = opened()
    page.on_paper()
    said = {key: page.text(key) for key in ("#week-key", ".level-key") if page.tab.is_visible(key)}
    assert "Expected" in said["#week-key"]
    assert "Level" in said[".level-key"]
    assert not page.tab.is_visible("text=Locks protect homes")


def test_an_area_printed_alone_says_of_what_place_it_is(opened):
    page = opened(page_of(title="Ashtown"), "#area=A0")
    place = "#periods .in-headline"
    assert ("Ashtown" in page.text("h1") + page.text("#second"), page.tab.is_visible(place)) == (True, False)
    page.tab.evaluate("window.print = () => {}")
    page.tab.click("#print-area")
    page.on_paper()
    assert page.text(place).strip() == "Ashtown"


def test_an_area_printed_alone_says_what_the_circles_on_its_map_are(opened):
    points = [MapPoint(0.003, 52.004, "On or near Mill Lane", (5, 1, 2))]
    page = opened(replace(page_of(), points={"A0": points}), "#area=A0")
    page.tab.evaluate("window.print = () => {}")
    page.tab.click("#print-area")
    page.on_paper()
    assert page.text("#map-area figcaption") == "Circles: all its map points."
    assert page.tab.is_visible("#map-area figcaption")


def test_print_this_area_prints_its_panel_and_map_alone(opened):
    page = opened(page_of(), "#area=A0")
    page.tab.evaluate("window.print = () => {}")
    page.tab.click("#print-area")
    page.on_paper()
    assert page.tab.is_visible("#panel")
    assert page.tab.is_visible("#map-area svg")
    for part in ("#week", "#map-static", "h1", "#whole-place"):
        assert not page.tab.is_visible(part), part
    # One sheet; and when it is printed, the page is as it was.
    assert sheets(page.tab.pdf(prefer_css_page_size=True)) == 1
    assert page.tab.locator("#map-area").count() == 0


def test_without_an_earlier_period_the_page_shows_levels_and_says_why(opened):
    page = page_of()
    levels = page.change.assign(
        **dict.fromkeys(["baseline_count", "baseline_mean", "change", "change_pct", "expected", "normal_low",
                         "normal_high", "excess", "ratio", "p_value"], np.nan),
        verdict="not known",
    )  # fmt: skip
    totals = {
        kind: dict(total) | {"baseline_mean": None, "change_pct": None} for kind, total in page.totals.items()
    }
    shown = opened(replace(page, change=levels, totals=totals, baseline=(), level_only=True))
    assert "no change" in shown.text("#second")
    assert shown.tab.locator('[name="measure"]').count() == 1
    # The only figure of the table is not a screen away from its name.
    assert shown.tab.locator("#areas").bounding_box()["width"] < 600
    assert not shown.tab.is_visible("#only-clear")
    assert shown.tab.locator("#week").count() == 0
    assert shown.text("#most-heading") == "Where crime is highest, all three types"
    as_it_came = shown.tab.locator("#most").inner_html()
    assert shown.tab.locator("#most .name").all_inner_texts() == ["Ash", "Birch", "Cedar", "Elm"]
    shown.tab.check('[name="crime-type"][value="robbery"]')
    assert shown.text("#most-heading") == "Where robbery is highest"
    shown.tab.check('[name="crime-type"][value="burglary"]')
    assert not shown.tab.is_visible("#most")
    shown.tab.check('[name="crime-type"][value="sac"]')
    assert shown.tab.locator("#most .now").all_inner_texts() == ["now\n60", "now\n41", "now\n15", "now\n4"]
    assert as_it_came.count("<li") == 4
    assert shown.tab.locator("#hardening li").count() == 4
    assert shown.tab.locator("#areas thead th").count() == 2
    shown.tab.locator("#areas tbody button").first.click()
    # Its count is known, so nothing is said of a missing boundary.
    assert "60 crimes" in shown.text("#panel")
    assert "no earlier period" in shown.text("#panel")
    assert "Not known" not in shown.text("#panel")
    assert shown.messages == []


def test_the_panel_says_all_that_is_known_of_an_area(opened):
    told = Reasons("A0", ("Because.", "And so."), "Its place is likely.", 0.9)
    page = opened(replace(page_of(), hardening=[told], week={"sac": [told]}), "#area=A0")
    text = page.text("#panel")
    for said in ("60 crimes", "Number 1 for a week of action.", "for locks, lights and gates.", "Because.",
                 "Its place is likely.", "month by month", "normal range", "Burglary", "Robbery", "Vehicle crime",
                 "High Street", "20% of these crimes lie within 50 metres"):  # fmt: skip
        assert said in text, said
    assert page.tab.locator("#panel svg.range-bar").count() == 1
    assert page.tab.evaluate(CUT) == []
    # July 2017 was not complete: a gap, not a nought.
    assert page.tab.locator("#panel .months circle").count() == 2


def test_no_name_stands_on_the_scale_of_the_map(opened):
    tab = opened().tab
    assert tab.locator("#map .listed").count() > 0
    # A scale as large as the map leaves no room for a name.
    scale = tab.locator("#map .leaflet-control-scale-line")
    scale.evaluate("line => Object.assign(line.style, { width: '3000px', height: '2000px' })")
    tab.check('[name="crime-type"][value="burglary"]')
    assert tab.locator("#map .listed").count() == 0


def test_no_pin_stands_on_the_scale_of_the_map(opened):
    tab = opened().tab
    line = "#map .leaflet-control-scale-line"
    tab.eval_on_selector(line, "line => Object.assign(line.style, { width: '330px', height: '340px' })")
    tab.check('[name="crime-type"][value="burglary"]')
    scale = tab.locator(line).bounding_box()
    pins = [pin.bounding_box() for pin in tab.locator("#map [data-pin]").all()]
    right, top = scale["x"] + scale["width"], scale["y"]
    assert len(pins) == 5
    assert not [pin for pin in pins if pin["x"] < right and pin["y"] + pin["height"] > top]


def test_the_controls_of_a_small_laptop_are_one_row_and_the_heads_of_a_phone_whole_words(opened):
    tab = opened(grouped(page_of()), viewport={"width": 1280, "height": 600}).tab
    assert tab.locator("#controls").bounding_box()["height"] < 45
    tab.set_viewport_size({"width": 320, "height": 640})
    assert (
        tab.locator("#lists .columns-head", has_text="expected")
        .locator(".number")
        .last.bounding_box()["height"]
        < 30
    )


def test_the_axis_of_the_months_ends_at_a_round_number(small):
    page = small("#area=A0")
    most = page.tab.locator("#panel .months text").all_text_contents()
    assert "4" in most
    assert "0" in most


def test_the_sum_over_a_period_is_of_the_months_compared(opened):
    # One robbery in the first month and one in the last: of the period, only the last month is compared.
    page = replace(page_of(), current=months.span("2016-07:2018-07"), baseline=(), compared=(24,))
    shown = opened(page, "#area=A0&type=robbery")
    over_the_period = shown.tab.locator("#panel .months text").first
    assert over_the_period.text_content() == "1"


def test_of_a_few_months_too_the_chart_stays_within_its_edges(opened):
    page = page_of()
    few = pd.DataFrame(
        [("A0", month, "robbery", 30) for month in ("2016-07", "2016-08")], columns=page.monthly.columns
    )
    page = replace(page, monthly=few, current=("2016-07", "2016-08"), baseline=(), compared=(0, 1))
    shown = opened(page, "#area=A0&type=robbery")
    chart = shown.tab.locator("#panel .months").bounding_box()
    for part in shown.tab.locator("#panel .months :is(text, rect)").all():
        box = part.bounding_box()
        assert box["x"] >= chart["x"]
        assert box["x"] + box["width"] <= chart["x"] + chart["width"]
    total, shade = (shown.tab.locator(f"#panel .months {part}").first for part in ("text", "rect"))
    assert total.text_content() == "60"
    # Above the middle, where no action is marked that the period begins with.
    middles = [box["x"] + box["width"] / 2 for box in (total.bounding_box(), shade.bounding_box())]
    assert middles[0] == pytest.approx(middles[1], abs=1)


@pytest.mark.parametrize(("wide", "high"), [(1366, 657), (1281, 700)])
def test_the_map_comes_back_from_beyond_its_areas_and_stays_whole(opened, wide, high):
    shown = opened(page_of(), viewport={"width": wide, "height": high})
    frame = shown.tab.locator("#map").bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    for over, up in ((-2000, 0), (2000, 0), (0, -2000), (0, 2000), (-2000, 2000)):
        shown.tab.mouse.move(x, y)
        shown.tab.mouse.down()
        shown.tab.mouse.move(x + over, y + up, steps=4)
        shown.tab.mouse.up()
        shown.tab.wait_for_timeout(50)
    assert shown.messages == []


def test_thousands_of_areas_show_their_districts_first_and_a_district_its_areas(opened):
    many = page_of_many(1_001)
    groups = [f"District {n % 4}" for n in range(1_001)]
    small = many.change.iloc[:4].drop(columns=["area_id", "area_name"])
    rows = [
        small.assign(
            group=f"District {n}", areas=250, crime_type=list(tables.CRIME_TYPES), verdict="too few to tell"
        )
        for n in range(4)
    ]
    shown = replace(many, areas=many.areas.assign(group=groups), subtotals=pd.concat(rows))
    page = opened(shown)
    looks = """() => {
      dispatchEvent(new Event("beforeprint"));
      const paths = Array.from(document.querySelectorAll("#map-static path[data-place]"));
      return Array.from(new Set(paths.map((path) => path.getAttribute("class"))));
    }"""
    assert "by district" in page.text("#legend-title")
    assert page.tab.evaluate(looks) == ["few"]
    page.tab.locator("#map path.leaflet-interactive").nth(500).click(force=True)
    assert page.tab.input_value("#group").startswith("District")
    assert "by district" not in page.text("#legend-title")
    assert "few" not in page.tab.evaluate(looks)
    assert page.messages == []
    # A plan fills the areas themselves, and it is they that are chosen.
    planned = opened(replace(shown, plan=plan_view(plan_of_four(page_of()), page_of())))
    assert "Districts" not in planned.text("#hover")
    planned.tab.locator("#map path.leaflet-interactive").nth(500).click(force=True)
    assert planned.text("#panel h2").startswith("Area ")


def in_districts(names):
    """A page of 1,001 areas in districts of these names, one after the other."""
    many = page_of_many(1_001)
    groups = [names[n * len(names) // 1_001] for n in range(1_001)]
    small = many.change.iloc[:4].drop(columns=["area_id", "area_name"])
    rows = [small.assign(group=name, areas=30, crime_type=list(tables.CRIME_TYPES)) for name in names]
    return replace(many, areas=many.areas.assign(group=groups), subtotals=pd.concat(rows))


def test_of_many_districts_those_are_named_on_the_map_whose_name_fits(opened):
    for name, named in (("D", True), ("District of the Far Northern Sandbanks " * 6, False)):
        page = opened(in_districts([f"{name}{n}" for n in range(30)]))
        assert (page.tab.locator("#map .mark.district").count() > 10) is named
        page.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert (page.tab.locator("#map-static text.district").count() > 10) is named


def test_the_legend_speaks_of_areas_where_an_area_is_chosen_on_a_map_that_shows_districts_first(opened):
    tab = opened(in_districts(["North", "South"])).tab
    assert "by district" in tab.inner_text("#legend-title")
    tab.locator("#week button").first.click()
    assert "by district" not in tab.inner_text("#legend-title")
    # The smallest area is seen on the small map of the whole.
    assert tab.locator("#locator circle").bounding_box()["width"] > 2
    tab.click("#whole-place")
    assert "by district" in tab.inner_text("#legend-title")


def test_on_a_phone_what_the_search_says_leaves_it_its_width(opened):
    tab = opened(grouped(page_of()), viewport={"width": 390, "height": 844}).tab
    wide = tab.locator("#find-area").bounding_box()["width"]
    tab.fill("#find-area", "Nowhere")
    assert tab.inner_text("#find-note")
    assert tab.locator("#find-area").bounding_box()["width"] >= wide


def test_what_is_below_the_screen_follows_the_first_answer(opened):
    page = opened(grouped(page_of()))
    page.tab.wait_for_selector("html[data-whole]", state="attached")
    for part in ("#areas tbody tr", "#districts-heading", "#cannot-heading", "footer"):
        assert page.tab.locator(part).first.is_visible(), part


def test_a_browser_that_cannot_unpack_the_figures_shows_the_still_map_and_the_table(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(render(page_of()), encoding="utf-8")
    context = chromium.new_context(offline=True)
    context.add_init_script("delete window.DecompressionStream")
    tab = context.new_page()
    tab.goto(f"file://{path}")
    tab.wait_for_selector("#map-static svg")
    assert tab.locator("#areas tbody tr").count() == 4
    assert not tab.is_visible("#controls")
    context.close()


def test_a_hole_in_an_area_is_not_that_area(opened):
    page = page_of()
    around = shapely.box(0, 52, 0.1, 52.06)
    inside = shapely.box(0.04, 52.02, 0.06, 52.04)
    shapes = [
        around.difference(inside),
        inside,
        shapely.box(0.1, 52, 0.2, 52.06),
        shapely.box(0.2, 52, 0.3, 52.06),
    ]
    page = opened(replace(page, areas=page.areas.set_geometry(shapes)))
    box = page.tab.locator("#map path.leaflet-interactive").nth(1).bounding_box()
    page.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.text("#panel h2") == "Birch"


def test_every_word_of_the_page_is_free_of_option_names(opened, west_yorkshire):
    page = opened(west_yorkshire)
    assert "--" not in page.tab.evaluate("document.body.innerText")


#: The words of the panel's charts that reach out of their chart, where they are cut.
CUT = """() => [...document.querySelectorAll("#panel svg.chart text")].filter((text) => {
  const [box, whole] = [text.getBBox(), text.ownerSVGElement.viewBox.baseVal];
  return box.x < 0 || box.y < 0 || box.x + box.width > whole.width || box.y + box.height > whole.height;
}).map((text) => text.textContent)"""


def test_an_area_without_a_boundary_is_not_known_and_not_nought(opened):
    page = opened(page_of(empty=2), "#area=A2")
    assert page.text("#panel").count("Not known") == 1
    row = page.tab.locator('#areas tr[data-area-id="A2"]')
    assert row.locator('[data-col="current_count"]').inner_text() == "–"
    assert row.locator('[data-col="verdict"]').inner_text() == "Not known"
    assert page.tab.locator("#map path.leaflet-interactive").count() == 3
    assert page.messages == []


def test_notes_that_are_not_warnings_are_folded_away_but_there(opened):
    page = opened(replace(page_of(), warnings=[Notice("repeated-rows", "Rows repeated: 3.")]))
    assert not page.tab.is_visible("#warnings .notes li")
    page.tab.click("#warnings summary")
    assert page.text("#warnings .notes li") == "Rows repeated: 3."


LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch and the Outer Sandbanks beyond the Wall"


@pytest.mark.parametrize("width", [320, 1366])
def test_names_long_short_welsh_and_missing_are_all_shown(opened, width):
    names = (LONG, "X", "Tŷ'r Môr", "A3")
    page = opened(page_of(names=names), viewport={"width": width, "height": 700})
    assert {cells[0] for cells in rows_shown(page)} == set(names)
    page.tab.locator("#areas button", has_text=LONG).click()
    assert page.text("#panel h2") == LONG
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width


def test_above_two_hundred_areas_the_table_shows_the_first_the_rest_on_demand_and_the_search_finds_all(
    opened,
):
    page = opened(page_of_many(301))
    assert page.tab.locator("#areas tbody tr").count() == 200
    assert "The first 200 of 301 neighbourhoods" in page.text("#table-note")
    page.tab.fill("#find-area", "area 299")
    page.tab.press("#find-area", "Enter")
    assert page.text("#panel h2") == "Area 299"
    assert page.tab.locator('#areas tr[data-area-id="M0299"]').count() == 1
    page.tab.fill("#find-area", "nowhere of that name")
    assert page.text("#find-note") == "Nothing of that name."
    page.tab.click("#more-rows")
    assert page.tab.locator("#areas tbody tr").count() == 301


def test_above_two_thousand_areas_the_map_is_a_canvas_that_still_answers(opened):
    page = opened(page_of_many(2_001))
    assert page.tab.locator("#map canvas").count() == 1
    box = page.tab.locator("#map").bounding_box()
    page.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chosen = page.text("#panel h2")
    assert chosen.startswith("Area ")
    assert page.tab.locator("#map .leaflet-lines-pane svg path").count() >= 2
    assert page.messages == []


def page_of_many(count):
    """A page of squares in a grid, every one with the figures of the small page's first."""
    small = page_of()
    ids = [f"M{place:04d}" for place in range(count)]
    side = 50
    squares = shapely.box(
        *(np.array([[n % side, n // side, n % side + 1, n // side + 1] for n in range(count)]) / 100).T
    )
    areas = gpd.GeoDataFrame(
        {"area_id": ids, "name": [f"Area {n}" for n in range(count)], "households": np.nan, "mend": ""},
        geometry=squares,
        crs=tables.WGS84,
    )
    change = pd.concat([small.change.iloc[:4]] * count, ignore_index=True)
    change["area_id"] = np.repeat(ids, 4)
    change["area_name"] = np.repeat(areas["name"].to_numpy(), 4)
    return replace(small, areas=areas, change=change, monthly=pd.DataFrame(), streets=None)


def test_without_script_the_map_and_the_table_are_there(opened):
    page = opened(java_script_enabled=False, viewport={"width": 1366, "height": 560})
    assert page.tab.is_visible("#map-static svg")
    assert not page.tab.is_visible("#controls")
    assert page.tab.locator("#areas tbody tr").count() == 4
    assert page.tab.locator("#hardening li").count() == 4
    # The list is whole: what ends at the foot of the screen is easily overlooked.
    assert page.tab.locator("#answer").evaluate("box => box.scrollHeight <= box.clientHeight + 1")
    # Nothing would follow another crime type: none can be chosen.
    box = page.tab.locator('#totals [data-type="robbery"]').bounding_box()
    page.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.tab.is_checked('[name="crime-type"][value="sac"]')
    assert page.tab.locator("#totals input:visible").count() == 0


def sheets(pdf):
    return pdf.count(b"/Type /Page\n")


def test_print_is_one_a4_page(opened):
    page = opened(page_of(warning="A warning of ordinary length that says what was left out, and why."))
    assert sheets(page.tab.pdf(prefer_css_page_size=True)) == 1
    page.on_paper()
    assert page.tab.is_visible("#map-static svg")
    assert not page.tab.is_visible("#areas")
    for part in (
        "h1",
        "#second",
        "#totals",
        "#warnings",
        "#legend",
        "#hardening",
        "#week",
        "#sure",
        "footer",
    ):
        assert page.tab.is_visible(part), part


def test_a_whole_force_prints_on_one_page(opened, west_yorkshire):
    page = opened(west_yorkshire)
    assert sheets(page.tab.pdf(prefer_css_page_size=True)) == 1


def test_print_shows_the_crime_type_chosen(small):
    page = small()

    def printed():
        page.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        return page.tab.get_attribute('#map-static path[data-place="3"]', "class")

    before = printed()
    page.tab.check('[name="measure"][value="level"]')
    after = printed()
    assert before != after
    assert after.startswith("l")


STATES = {
    "loaded": {},
    "area chosen": {"fragment": "#area=A1"},
    "area not known chosen": {"fragment": "#area=A2"},
    "filtered": {"fragment": "#clear=1"},
    "every range": {"press": "#show-ranges"},
    "on the wide screen": {"viewport": {"width": 1920, "height": 1000}, "fragment": "#area=A0"},
    "on a phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "a district": {"fragment": "#district=South"},
    "warnings open": {"press": "#warnings summary"},
    "320 px": {"viewport": {"width": 320, "height": 700}, "fragment": "#area=A1"},
    "400% zoom": {"viewport": {"width": 341, "height": 192}},
    "forced colours": {"forced_colors": "active", "fragment": "#area=A1"},
    "forced colours, dark": {"forced_colors": "active", "color_scheme": "dark", "fragment": "#measure=level"},
    "reduced motion": {"reduced_motion": "reduce"},
    "print": {"media": "print"},
    "print on small paper": {"media": "print", "viewport": {"width": 700, "height": 900}},
}


def html_of_full_page():
    """A page with all that a page can have."""
    shown = replace(
        grouped(page_of(empty=2)),
        points={"A0": [MapPoint(0.003, 52.004, "On or near Mill Lane", (5, 1, 2))]},
    )
    return render(shown)


@pytest.fixture(scope="module")
def full_page(tmp_path_factory):
    """The same, written once."""
    path = tmp_path_factory.mktemp("full") / "page.html"
    path.write_text(html_of_full_page(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def visited(chromium, full_page):
    """A function that brings the full page, opened once, to a state: see `visiting`."""
    page = Opened(chromium, full_page)
    yield visiting(page, full_page)
    page.context.close()


@pytest.fixture(scope="module")
def small(chromium, small_page, tmp_path_factory):
    """A function that brings the small page, opened once, to a state: see `visiting`."""
    path = tmp_path_factory.mktemp("small") / "page.html"
    path.write_text(small_page, encoding="utf-8")
    page = Opened(chromium, path)
    yield visiting(page, path)
    page.context.close()


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_in_any_state(opened, visited, full_page, state):
    how = dict(STATES[state])
    if how.keys() & {"press", "has_touch"}:
        # What was pressed or touched stays so: a page of its own.
        press = how.pop("press", None)
        page = opened(full_page, **how)
        if press:
            page.tab.locator(press).first.click()
    else:
        page = visited(**how)
    assert axe_of(page.tab) == []


@pytest.mark.parametrize("measure", ["change", "expected", "level"])
def test_axe_finds_nothing_of_any_crime_type_by_any_measure(visited, measure):
    page = visited()
    page.tab.check(f'[name="measure"][value="{measure}"]')
    # The page opens on the change of all three types: that is a state of its own.
    for kind in tables.SAC_TYPES if measure == "change" else tables.CRIME_TYPES:
        page.tab.check(f'[name="crime-type"][value="{kind}"]')
        assert axe_of(page.tab) == [], kind


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_sticks_out_sideways(small, width):
    page = small("#type=sac&measure=change&area=A1", viewport={"width": width, "height": 700})
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 360, 390])
def test_on_a_phone_the_ranked_chart_has_whole_words_and_its_bars_in_sight(opened, width):
    page = opened(
        page_of(names=("Castle Baynard", "Langbourn", "Cripplegate", "Elm")),
        viewport={"width": width, "height": 740},
    )
    page.tab.click("#show-ranges")
    for name in page.tab.locator("#ranges tbody button").all():
        # A word a line at most: names were once broken into three letters a line.
        words = len(name.text_content().split())
        assert name.bounding_box()["height"] <= 24 * words, name.text_content()
    bar = page.tab.locator("#ranges svg.bar").last.bounding_box()
    assert bar["x"] + bar["width"] <= width


def test_on_a_phone_the_figures_of_a_long_scale_stand_apart(opened):
    page = page_of()
    far = (page.change["area_id"] == "A0") & (page.change["crime_type"] == "sac")
    change = page.change.assign(current_count=page.change["current_count"].mask(far, 900))
    shown = opened(replace(page, change=change), fragment="#area=A0", viewport={"width": 390, "height": 844})
    figures = [
        text.bounding_box() for text in shown.tab.locator(".kinds .head text").all() if text.is_visible()
    ]
    assert len(figures) >= 2
    for left, right in pairwise(figures):
        assert left["x"] + left["width"] + 2 <= right["x"]


def test_the_change_in_the_table_is_that_of_the_counts_beside_it(opened):
    page = page_of()
    change = page.change.copy()
    change.loc[change["area_id"] == "A0", ["current_count", "baseline_mean", "change"]] = [197, 171.5, 25.5]
    shown = opened(replace(page, change=change))
    cells = shown.tab.locator('#areas tr[data-area-id="A0"] [data-col]')

    def found():
        texts = {cell.get_attribute("data-col"): cell.text_content() for cell in cells.all()}
        return [texts[name] for name in ("current_count", "baseline_mean", "change")]

    as_it_came = found()
    assert as_it_came == ["197", "172", "+25"]
    # The same by the script, once the table is made anew.
    shown.tab.check('[name="crime-type"][value="burglary"]')
    assert found() == as_it_came
    assert shown.messages == []


@pytest.mark.parametrize("width", [641, 683, 1000, 1366])
def test_a_crime_type_is_read_in_two_lines_on_a_tablet_and_at_twice_the_size(opened, width):
    # 683 is a common laptop at 200%: the percentages once stood there one digit a line.
    page = opened(viewport={"width": width, "height": 657})
    for part in (".kind", ".change", ".counts"):
        for box in page.tab.locator(f"#totals {part}").all():
            assert box.bounding_box()["height"] < 32, part
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("rose", "exact", "named"),
    [
        (["burglary"], False, "burglary"),
        (["burglary", "vehicle-crime"], True, "residential burglary, and theft of and from vehicles"),
    ],
)
def test_all_three_together_lead_to_the_single_types_that_rose(opened, rose, exact, named):
    page = page_of()
    quiet = ~page.change["crime_type"].isin(rose)
    change = page.change.assign(verdict=page.change["verdict"].mask(quiet, "within normal range"))
    shown = opened(grouped(replace(page, change=change, exact=exact)))
    as_it_came = shown.text("#week-lead")
    assert as_it_came == f"No clear rise and no possible one of all three together. See {named}."
    # The same words by the script, of a district with the rise and of one without it.
    shown.tab.select_option("#group", "North")
    assert shown.text("#week-lead") == as_it_came
    shown.tab.select_option("#group", "South")
    assert shown.text("#week-lead") == "No clear rise and no possible one."
    assert shown.messages == []


def test_where_areas_are_not_known_it_is_not_said_that_none_stands_out(opened):
    page = page_of()
    verdicts = page.change["verdict"].mask(page.change["area_id"] == "A3", "not known")
    page = replace(
        page, change=page.change.assign(verdict=verdicts.replace("clear rise", "within normal range"))
    )
    said = "No clear rise and no possible one in the neighbourhoods that are known."
    assert week_lead(page, "sac") == said
    shown = opened(grouped(page))
    shown.tab.select_option("#group", "South")
    assert shown.text("#week-lead") == said
    shown.tab.select_option("#group", "North")
    assert shown.text("#week-lead") == "No clear rise and no possible one."
    shown = opened(grouped(page, ("North", "North", "North", "Far")))
    shown.tab.select_option("#group", "Far")
    assert shown.text("#week-lead") == "Not known: there are no figures for these neighbourhoods."


def test_circles_of_a_listed_area_are_named_in_the_legend(opened):
    page = replace(page_of(), points={"A0": [MapPoint(0.003, 52.004, "On or near Mill Lane", (5, 1, 2))]})
    shown = opened(page)
    assert shown.tab.locator("#map .mark.point").count() == 1
    assert shown.text("#key-points").endswith("crimes on a busy map point")
    assert shown.tab.is_visible("#key-points")
    # The still map on paper has no circles.
    shown.on_paper()
    assert not shown.tab.is_visible("#key-points")
    shown.tab.emulate_media(media="screen")
    # Of a chosen area, the note beside the map says it.
    shown.tab.locator("#areas tbody button").first.click()
    assert not shown.tab.is_visible("#key-points")
    assert shown.text("#points-note") == "Circles: all its map points."
    # Without circles there is nothing to explain.
    assert not opened(page_of()).tab.is_visible("#key-points")


def test_a_mean_below_one_is_not_cut_at_its_point(opened):
    page = page_of()
    rare = page.change.assign(
        baseline_count=1, baseline_mean=1 / 3, baseline_periods=3, current_count=0, verdict="too few to tell"
    )
    shown = opened(replace(page, change=rare), "#area=A0")
    count = shown.text("#panel .count")
    assert count.startswith("0 crimes; 0.3 in an average period before")
    assert count.endswith(".")
