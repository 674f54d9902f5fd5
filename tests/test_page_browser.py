"""The page as an officer meets it: a real Chromium, no network, from file://."""

import csv
from pathlib import Path

import pytest
from conftest import AXE, HOSTILE, page_of, require

from sacmap import tables


def test_it_opens_offline_with_no_request_and_no_complaint(opened):
    page = opened()
    assert [url for url in page.requests if not url.startswith("file://")] == []
    assert len(page.requests) == 1
    assert page.messages == []
    assert page.tab.locator("#map path.leaflet-interactive").count() == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_f50_hostile_names_are_shown_as_text_and_nothing_runs(opened, text):
    ids = [f"{text}{n}" for n in range(4)]
    page = opened(page_of(names=[text] * 4, title=text, street=text, ids=ids, warning=text))
    page.tab.locator("#areas tbody button").first.click()
    squeeze = " ".join(text.split())
    assert squeeze in " ".join(page.tab.text_content("#panel h2").split())
    assert squeeze in " ".join(page.tab.text_content("#panel").split())
    assert page.tab.title() != "run"
    assert page.messages == []
    assert len(page.requests) == 1


def test_everything_follows_the_crime_type(opened):
    page = opened()
    page.tab.locator("#areas tbody button", has_text="Ash").click()
    page.tab.check('[name="crime-type"][value="burglary"]')
    assert page.text("h1").startswith("Burglary")
    row = page.tab.locator('#areas tr[data-area-id="A0"]')
    assert row.locator('[data-col="current_count"]').inner_text() == "30"
    assert page.text("#panel .count").startswith("30 crimes")
    assert "Burglary" in page.text("#panel")


def test_a_click_on_the_map_fills_the_panel_and_marks_the_row(opened):
    page = opened()
    page.tab.locator("#map path.leaflet-interactive").first.click(force=True)
    assert page.tab.locator("#areas tr.chosen").count() == 1
    assert page.text("#panel h2") in {"Ash", "Birch", "Cedar", "Elm"}


def test_the_address_opens_the_same_view(opened):
    page = opened()
    page.tab.check('[name="measure"][value="level"]')
    page.tab.check('[name="crime-type"][value="robbery"]')
    page.tab.locator("#areas tbody button", has_text="Cedar").click()
    fragment = page.tab.evaluate("location.hash")
    again = opened(fragment=fragment)
    assert again.tab.is_checked('[name="measure"][value="level"]')
    assert again.tab.is_checked('[name="crime-type"][value="robbery"]')
    assert again.text("#panel h2") == "Cedar"


def test_only_clear_changes_filters_the_table(opened):
    page = opened()
    page.tab.check("#only-clear")
    readings = page.tab.locator('#areas [data-col="verdict"]').all_inner_texts()
    assert readings
    assert all("lear" in reading for reading in readings)


def test_go_to_an_area_finds_it(opened):
    page = opened()
    page.tab.fill("#find-area", "ced")
    page.tab.press("#find-area", "Enter")
    assert page.text("#panel h2") == "Cedar"
    assert page.tab.evaluate("document.activeElement.id") == "panel"


def test_the_table_sorts_both_ways(opened):
    page = opened()
    head = page.tab.locator('#areas th[data-sort="current_count"]')
    head.locator("button").click()
    counts = page.tab.locator('#areas [data-col="current_count"]').all_inner_texts()
    assert counts == ["60", "41", "15", "4"]
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    assert page.tab.locator('#areas [data-col="current_count"]').all_inner_texts() == counts[::-1]


def test_the_download_is_the_table(opened):
    page = opened()
    with page.tab.expect_download() as waiting:
        page.tab.click("#download-csv")
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 4 * len(tables.CRIME_TYPES)
    assert rows[0]["area_name"] == "Ash"
    assert rows[0]["current_count"] == "60"


def test_by_keyboard_alone(opened):
    page = opened()
    tab = page.tab
    tab.focus('[name="crime-type"][value="sac"]')
    tab.keyboard.press("ArrowRight")
    assert page.text("h1").startswith("Burglary")
    third = tab.locator("#hardening li button").nth(2)
    for _ in range(60):
        tab.keyboard.press("Tab")
        if third.evaluate("(button) => document.activeElement === button"):
            break
    name = third.inner_text()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "panel"
    assert page.text("#panel h2") == name


def test_without_script_the_map_and_the_table_are_there(opened):
    page = opened(java_script_enabled=False)
    assert page.tab.is_visible("#map-static svg")
    assert not page.tab.is_visible("#controls")
    assert page.tab.locator("#areas tbody tr").count() == 4
    assert page.tab.locator("#hardening li").count() == 4


def test_print_is_one_a4_page(opened, tmp_path):
    page = opened(page_of(warning="A warning of ordinary length that says what was left out, and why."))
    pdf = page.tab.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page/") == 1 or pdf.count(b"/Count 1") >= 1
    page.tab.emulate_media(media="print")
    assert page.tab.is_visible("#map-static svg")
    assert not page.tab.is_visible("#areas")
    for part in ("h1", "#warnings", "#hardening", "#week", "footer"):
        assert page.tab.is_visible(part), part


def test_print_shows_the_crime_type_chosen(opened):
    page = opened()
    before = page.tab.get_attribute('#map-static path[data-place="3"]', "class")
    page.tab.check('[name="measure"][value="level"]')
    page.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    after = page.tab.get_attribute('#map-static path[data-place="3"]', "class")
    assert before != after
    assert after.startswith("l")


STATES = {
    "loaded": {},
    "area chosen": {"fragment": "#area=A1"},
    "area not known chosen": {"fragment": "#area=A2"},
    **{
        f"{kind} by {measure}": {"fragment": f"#type={kind}&measure={measure}"}
        for kind in tables.CRIME_TYPES
        for measure in ("change", "expected", "level")
    },
    "filtered": {"fragment": "#clear=1"},
    "320 px": {"viewport": {"width": 320, "height": 700}, "fragment": "#area=A1"},
    "400% zoom": {"viewport": {"width": 341, "height": 192}},
    "forced colours": {"forced_colors": "active", "fragment": "#area=A1"},
    "forced colours, dark": {"forced_colors": "active", "color_scheme": "dark", "fragment": "#measure=level"},
    "reduced motion": {"reduced_motion": "reduce"},
    "print": {"media": "print"},
    "print on small paper": {"media": "print", "viewport": {"width": 700, "height": 900}},
}


def axe_of(tab, media=None):
    """What axe-core finds in a page, all its rules run: id of the rule, and the first elements it is about."""
    if media:
        tab.emulate_media(media=media)
    tab.evaluate(Path(AXE.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(rule["id"], [node["html"][:150] for node in rule["nodes"]][:3]) for rule in found["violations"]]


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_in_any_state(opened, state):
    require(AXE, "axe-core (pip install axe-playwright-python)")
    how = dict(STATES[state])
    media = how.pop("media", None)
    page = opened(page_of(empty=2), **how)
    assert axe_of(page.tab, media) == []


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_sticks_out_sideways(opened, width):
    page = opened(viewport={"width": width, "height": 700}, fragment="#type=sac&measure=change&area=A1")
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
