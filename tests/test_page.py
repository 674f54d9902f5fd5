"""The page as text: what goes into it, escaped; the same bytes; the vendored library."""

import hashlib
import json
import os
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import HOSTILE, grouped, page_of
from hypothesis import given
from hypothesis import strategies as st

from sacmap import tables
from sacmap.choose.map_points import street_of
from sacmap.notices import Notice
from sacmap.publish import colours
from sacmap.publish import page as module_of_the_page
from sacmap.publish.answer import for_script
from sacmap.publish.assets import style
from sacmap.publish.colours import readable
from sacmap.publish.csv_json import as_text, file_stem, number_texts
from sacmap.publish.folium_map import draw
from sacmap.publish.legend import legend_of
from sacmap.publish.page import json_block, render, script
from sacmap.publish.page_data import content_of, numbers_of
from sacmap.publish.page_svg import static_map
from sacmap.publish.shapes import CODE, coded, label_places, simplified
from sacmap.publish.tiles import tiles_of


@pytest.mark.parametrize(
    ("location", "street"),
    [
        ("On or near St Luke'S Road", "St Luke's Road"),
        ("On or near O'Sullivan Close", "O'Sullivan Close"),
        ("On or near ", ""),
    ],
)
def test_a_street_is_named_without_on_or_near_and_without_a_capital_after_its_apostrophe(location, street):
    assert street_of(location) == street


@pytest.mark.parametrize("verdict", ["possible rise", "not known"])
def test_only_a_clear_rise_is_said_to_be_one_on_one_map_point(verdict):
    # Of a public version the count, and so the reading, may be left out.
    page = page_of()
    of_ash = page.change["area_id"] == "A0"
    change = page.change.assign(verdict=page.change["verdict"].mask(of_ash, verdict))
    shown = replace(page, change=change, one_point=dict.fromkeys(tables.CRIME_TYPES, frozenset({"A0"})))
    said = shown.headlines["sac"]
    assert "one map point" not in f"{said.first} {said.second}"


def test_f68_where_a_type_is_missing_the_page_begins_with_one_that_rose_clearly():
    page = page_of()
    missing = page.change["crime_type"].isin(["sac", "robbery"])
    change = page.change.assign(verdict=page.change["verdict"].mask(missing, "not known"))
    shown = replace(page, change=change)
    rose = set(change.loc[change["verdict"] == "clear rise", "crime_type"])
    assert shown.first_type == min(rose)
    calm = change.assign(
        verdict=change["verdict"].mask(change["crime_type"] == "burglary", "within normal range")
    )
    assert replace(page, change=calm).first_type == (
        "vehicle-crime" if "vehicle-crime" in rose else "burglary"
    )
    assert page.first_type == "sac"


def test_of_one_area_the_headline_speaks_of_one():
    page = page_of()
    alone = page.areas.iloc[[1]].reset_index(drop=True)
    shown = replace(page, areas=alone, change=page.change[page.change["area_id"] == "A1"], one_point={})
    assert shown.headlines["vehicle-crime"].first.endswith(f"and the {shown.unit[0]} does not stand out.")
    change = shown.change.assign(verdict="possible rise")
    assert replace(shown, change=change).headlines["sac"].first.endswith("with no clear rise.")


def test_leaflet_is_the_published_file_byte_for_byte():
    folder = files("sacmap.publish") / "html" / "leaflet"
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("leaflet.js", "leaflet.css")
    }
    assert sums == {
        "leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
        "leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
    }
    assert (
        "BSD 2-Clause" in (folder / "LICENSE").read_text()
        or "Redistribution" in (folder / "LICENSE").read_text()
    )


def test_the_same_page_gives_the_same_text():
    assert render(page_of()) == render(page_of())


def test_the_page_keeps_its_names():
    html = render(page_of())
    for name in (
        "totals",
        "warnings",
        "find-area",
        "download-csv",
        "map",
        "map-static",
        "panel",
        "hardening",
        "week",
    ):
        assert html.count(f'id="{name}"') == 1, name
    assert html.count('type="radio" name="crime-type"') == 4
    assert '<table id="areas">' in html
    assert html.index('id="warnings"') < html.index('id="map"')
    row = re.search(r'<tr data-area-id="A0">.*?</tr>', html, re.DOTALL)[0]
    assert row.count("<button") == 1
    for column in ("baseline_mean", "current_count", "change_pct", "expected", "verdict"):
        assert f'data-col="{column}"' in row


def test_no_text_of_data_passes_through_folium():
    text = "{{7*7}}{% raw %}"
    drawn = draw(page_of(names=[text] * 4).change, page_of(names=[text] * 4).areas)
    html = drawn.get_root().render()
    assert "{{7*7}}" in html
    assert "7*7" not in drawn.get_root().script.render() + drawn.get_root().html.render()


def elements_of(html):
    """Every start tag and its attributes' names; names on the static map come and go with their length."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append((tag, [name for name, _ in attrs]))
    parser.feed(html)
    return [element for element in found if element[0] not in {"text", "tspan"}]


@pytest.fixture(scope="module")
def elements():
    """The elements of the small page without any odd text."""
    return elements_of(render(page_of()))


@pytest.fixture(scope="module")
def elements_in_districts():
    """The same with each area in a district of its own."""
    return elements_of(render(grouped(page_of(), ("North", "East", "South", "West"))))


#: Four hostile texts to a page, which takes less than a page for each.
FOURS = [(HOSTILE[first:] + HOSTILE)[:4] for first in range(0, len(HOSTILE), 4)]


@pytest.mark.parametrize("texts", FOURS)
def test_f50_hostile_text_is_data_everywhere(texts, elements):
    whole = " ".join(texts)
    html = render(page_of(names=texts, title=whole, street=whole, ids=texts, warning=whole))
    # Whatever the text, the page has the elements and the attributes it has without it.
    assert elements_of(html) == elements
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1]
    assert json.loads(block)["names"] == list(texts)


@pytest.mark.slow
@pytest.mark.parametrize("texts", FOURS)
def test_f50_the_name_of_a_district_is_text(texts, elements_in_districts):
    assert elements_of(render(grouped(page_of(), texts))) == elements_in_districts


@given(st.text())
def test_json_in_a_script_never_closes_it_and_reads_back(text):
    block = json_block({"text": text})
    assert not set("<>&\u2028\u2029") & set(block)
    assert json.loads(block)["text"] == text


@pytest.mark.skipif(sys.dont_write_bytecode, reason="Python was told to keep nothing compiled")
def test_a_list_of_homes_from_which_areas_are_missing_says_so():
    page = page_of()
    said = "Only neighbourhoods that are known are ranked."
    assert said not in render(page)
    hidden = page.change["current_count"].mask(page.change["area_id"] == "A3")
    assert said in render(replace(page, change=page.change.assign(current_count=hidden)))


def test_the_compiled_template_is_kept_beside_the_compiled_modules(tmp_path, monkeypatch):
    first = render(page_of())
    kept = Path(module_of_the_page.__file__).with_name("__pycache__")
    assert not os.access(kept, os.W_OK) or list(kept.glob("jinja-*.cache"))
    # Where nothing can be kept, the page is the same.
    monkeypatch.setattr(module_of_the_page, "__file__", str(tmp_path / "no-such-folder" / "page.py"))
    for function in vars(module_of_the_page).values():
        getattr(function, "cache_clear", lambda: None)()
    assert render(page_of()) == first


def test_no_comment_or_open_text_in_the_script_swallows_the_line_that_is_joined_to_it():
    joined = script()
    assert not re.search("(?<!:)//", joined)
    assert not [line for line in joined.splitlines() if line.count("`") % 2]


@pytest.mark.parametrize(
    ("ending", "comment"), [("*.js", r"(?m)^ *//.*|/\[\".*?/"), ("*.css", r"(?s)/\*.*?\*/")]
)
def test_script_and_style_lose_spaces_but_keep_every_text_of_their_files_as_it_is(ending, comment):
    folder = Path(str(files("sacmap.publish") / "html"))
    sources = [file.read_text("utf-8") for file in folder.rglob(ending) if file.parent.name != "leaflet"]
    texts = re.findall(r"""(?m)"(?:[^"\\\n]|\\.)*"|`[^`\n]*`""", re.sub(comment, "", "\n".join(sources)))
    packed = script() if ending == "*.js" else "".join(map(style, ("page", "plan", "print")))
    assert len(texts) > 20
    assert not [text for text in texts if text not in packed]
    assert len(packed) < 0.9 * sum(map(len, sources))


FORMULA = ("=", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@given(st.sampled_from([*FORMULA, "+", "-", ""]), st.text())
def test_f49_no_text_in_the_csv_is_a_formula(start, rest):
    text = start + rest
    shown = as_text(text)
    assert shown.lstrip("'") == text.replace("\0", "\ufffd").lstrip("'")
    assert not shown.startswith(FORMULA)
    if shown.startswith(("+", "-")):
        float(shown)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"), (2.5, "2.5"), (100.0, "100"), (1e15, "1000000000000000"), (-0.0, "0"), (-0.0000001, "0"),
        (1 / 3, "0.333333"), (0.000001, "0.000001"), (-1234567.125, "-1234567.125"), (np.nan, ""),
    ],
)  # fmt: skip
def test_numbers_are_written_to_six_decimals(value, text):
    assert number_texts(np.array([value])) == [text]


@given(st.lists(st.floats(-1e9, 1e9)))
def test_numbers_written_read_back_as_they_are_to_six_decimals(values):
    assert [float(text) for text in number_texts(np.array(values))] == pytest.approx(values, abs=0.51e-6)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Northampton (2018)", "northampton-2018"),
        ("CON", "con-map"),
        ("COM¹", "com¹-map"),
        ("../x", "x"),
        ("", "map"),
        ("北" * 100, "北" * 40),
        ("a" * 79 + " b", "a" * 79),
    ],
)
def test_f45_a_name_becomes_a_file_name_on_any_system(name, stem):
    assert file_stem(name) == stem


def test_without_a_boundary_an_area_is_in_the_table_and_not_on_the_map():
    page = page_of(empty=1)
    html = render(page)
    assert html.count("<path data-place") == 3
    assert '<tr data-area-id="A1">' in html


def test_simplified_neighbours_still_fit(data):
    wards = gpd.read_file(data / "boundaries" / "northampton-wards.geojson").geometry.to_numpy()
    simpler = simplified(wards)
    assert shapely.coverage_is_valid(simpler)
    assert shapely.get_num_coordinates(simpler).sum() < shapely.get_num_coordinates(wards).sum()


def decoded(text):
    """The rings of an area's code, as whole numbers of 1e-5 degree: what the page's script reads."""
    numbers, value, shift = [], 0, 0
    for letter in text:
        digit = CODE.index(letter)
        value |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            numbers.append(-(value // 2) - 1 if value % 2 else value // 2)
            value = shift = 0
    return np.cumsum(np.array(numbers).reshape(-1, 2), axis=0)


@given(
    st.lists(
        st.tuples(st.integers(-18_000_000, 18_000_000), st.integers(-9_000_000, 9_000_000)),
        min_size=3,
        unique=True,
    )
)
def test_coded_rings_decode_to_the_same_points(points):
    area = shapely.Polygon(np.array(points) / 1e5)
    assert decoded(coded(np.array([area], dtype=object))[0]).tolist() == [list(point) for point in points]


def test_holes_and_islands_stay_with_their_areas():
    box, hole, island = shapely.box(0, 0, 1, 1), shapely.box(0.2, 0.2, 0.4, 0.4), shapely.box(2, 0, 3, 1)
    areas = [shapely.Polygon(), shapely.MultiPolygon([box - hole, island]), island]
    none, two, one = coded(np.array(areas, dtype=object))
    assert none == ""
    assert [polygon.count(",") for polygon in two.split(";")] == [1, 0]
    assert one == two.split(";")[1]


def test_a_label_stands_inside_its_area_in_the_middle_of_its_width():
    flat, ring = shapely.Polygon([(1, 1), (2, 1), (1, 1)]), shapely.box(0, 0, 9, 3) - shapely.box(1, 1, 4, 2)
    areas = [
        shapely.Polygon(),
        shapely.box(0, 0, 4, 1),
        shapely.Polygon([(0, 0), (4, 0), (0, 4)]),
        ring,
        flat,
    ]
    *found, of_flat = label_places(np.array(areas, dtype=object)).tolist()
    assert found == [
        [0, 0, 0],
        [200_000, 50_000, 400_000],
        [100_000, 200_000, 200_000],
        [650_000, 150_000, 500_000],
    ]
    assert of_flat[2] == 0


@pytest.mark.parametrize(
    ("verdict", "current", "baseline", "css"),
    [
        ("clear rise", 30, 10, "s4"),
        ("clear rise", 13, 10, "s3"),
        ("clear fall", 5, 10, "s0"),
        ("clear rise", 7, 10, "p1"),
        ("within normal range", 16, 10, "p4"),
        ("possible fall", 7.9, 10, "p1"),
        ("too few to tell", 3, 1, "few"),
        ("not known", 3, 1, "unknown"),
        ("within normal range", 3, 0, "p4"),
    ],
)
def test_colours_follow_fixed_cuts_and_are_strong_only_where_clear(verdict, current, baseline, css):
    assert colours.class_of(verdict, current, baseline) == css


def test_counts_that_are_mostly_zero_are_told_apart_by_whole_numbers():
    counts = pd.Series([0] * 100 + [1] * 20 + [2, 3, 12])
    assert colours.cuts(counts) == [1, 2, 3, 4]
    found = colours.level_classes(counts)
    assert found[-4:] == ["l1", "l2", "l3", "l4"]
    assert colours.cuts(pd.Series([0.1, 0.3, 1.5, 2.2])) == [0.3, 0.6, 1.5, 2]


@given(st.floats(0.01, 1e6))
def test_a_readable_cut_is_next_above(value):
    cut = readable(value)
    assert value * (1 - 1e-6) <= cut <= 2 * value


def test_draw_is_a_folium_map_that_saves_as_the_page(tmp_path):
    import folium

    page = page_of()
    drawn = draw(page.change, page.areas, title="Here")
    assert isinstance(drawn, folium.Map)
    folium.PolyLine([(52, 0), (52.01, 0.02)]).add_to(drawn)
    drawn.save(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "L.polyline" in html
    assert 'table id="areas"' in html
    assert "iframe" in drawn._repr_html_()


def test_draw_takes_a_table_with_some_columns_only():
    page = page_of()
    few = page.change[["area_id", "crime_type", "current_count", "verdict", "change_pct"]].iloc[1:]
    assert "Not known" in render_of(draw(few, page.areas))


def test_draw_takes_one_crime_type_and_some_areas_only():
    page = page_of()
    burglary = page.change[page.change["crime_type"] == "burglary"].iloc[1:]
    assert "Not known" in render_of(draw(burglary, page.areas))


def render_of(drawn):
    return drawn.get_root().render()


def test_every_row_of_the_table_is_in_the_page():
    page = page_of()
    html = render(page)
    assert set(re.findall(r'<tr data-area-id="([^"]+)"', html)) == set(page.areas["area_id"])
    assert isinstance(page.change, pd.DataFrame)
    assert list(page.change.columns) == tables.CHANGE.names


def test_neither_headline_nor_tile_says_that_a_count_no_higher_than_before_rose():
    page = page_of()
    here = (page.change["crime_type"] == "robbery") & (page.change["area_id"] == "A0")
    change = page.change.assign(
        verdict=page.change["verdict"].mask(page.change["verdict"] == "clear rise", "too few to tell")
    )
    change.loc[here, ["verdict", "current_count", "baseline_mean"]] = ["clear rise", 170, 203.0]
    shown = replace(page, change=change)
    said = shown.headlines["sac"]
    assert "rose clearly" not in f"{said.first} {said.second}"
    assert "Clearly above expected, though no higher than before: robbery in Ash." in said.second
    tiles = {one.kind: one.found for one in tiles_of(shown)}
    assert tiles["robbery"] == (("", "1 area above expected"),)


def test_a_summary_in_one_line_says_the_place_once():
    page = page_of(title="Here")
    assert page.first_words.count("Here") == 1
    falls = page.change.assign(verdict="not known")
    assert replace(page, change=falls).first_words == "Here: Of 4 neighbourhoods nothing is known."


def test_an_area_that_is_not_known_says_why_where_the_page_can_tell():
    page = page_of(empty=1)
    public = replace(
        page,
        change=page.change.assign(verdict="not known", current_count=np.nan),
        warnings=[Notice("suppressed", "Public version.")],
    )
    numbers = json.loads(numbers_of(public))
    said = [numbers["sentences"][number] for number in numbers["sentence"][:: len(tables.CRIME_TYPES)]]
    left_out = "Not known: this public version leaves its count out."
    assert said == [left_out, "Not known: it has no boundary.", left_out, left_out]


@pytest.mark.parametrize(("year", "when"), [(2018, "the year before"), (2017, "before")])
def test_a_baseline_of_one_year_is_the_year_before_only_if_it_is(year, when):
    page = page_of()
    now, before = (tuple(f"{one}-{month:02}" for month in range(1, 13)) for one in (2019, year))
    change = page.change.assign(months_compared=12, baseline_periods=1)
    shown = replace(page, change=change, current=now, baseline=(before,))
    first = json.loads(numbers_of(shown))["sentences"][0]
    assert first.startswith(f"{{crimes}}; {{before}} {when}. ")


def test_a_missing_type_leaves_no_total_of_all_three_on_its_tile():
    page = page_of()
    robbery = page.change["crime_type"].isin(["sac", "robbery"])
    none = {kind: dict.fromkeys(page.totals[kind]) for kind in ("sac", "robbery")}
    change = page.change.assign(verdict=page.change["verdict"].mask(robbery, "not known"))
    shown = replace(page, change=change, totals=page.totals | none)
    tile = next(one for one in tiles_of(shown) if one.kind == "sac")
    assert (tile.now, tile.before, tile.found) == ("–", "", (("", "not known"),))


def test_a_page_whose_comparator_is_no_guide_lists_no_area_for_a_week_of_action():
    page = page_of()
    shown = replace(page, warnings=[Notice("unfit-comparator", "The areas have 95% of the force's crimes.")])
    assert "clear rises" in render(page)
    html = render(shown)
    assert "What the neighbourhoods are compared with is no good guide" in html
    assert "clear rises" not in html
    # The level that ranks the homes is not shown, so that their counts may not be in order.
    assert "Ranked by now and before together" in html
    assert "Ranked by" not in render(page)
    assert not any(shown.week_lists.values())
    assert not any(district["week"]["sac"]["areas"] for district in for_script(shown).values())


def test_a_map_that_can_be_coloured_in_one_way_alone_has_no_choice_of_it():
    page = page_of()
    unfit = replace(page, warnings=[Notice("unfit-comparator", "The areas have 95% of the force's crimes.")])
    choice = '<fieldset class="segments"{}><legend class="unseen">Colour the map by'
    assert choice.format("") in render(page)
    assert choice.format(" hidden") in render(unfit)


def test_the_legend_has_not_known_only_where_a_type_that_can_be_chosen_shows_it():
    page = page_of()

    def legend(*hidden, area_id=None):
        there = page.change["crime_type"].isin(hidden) | (page.change["area_id"] == area_id)
        verdicts = page.change["verdict"].mask(there, "not known")
        return legend_of(replace(page, change=page.change.assign(verdict=verdicts)))["marks"]["unknown"]

    assert not legend("sac", "robbery")
    assert legend(area_id="A2")
    assert legend(*tables.CRIME_TYPES)


def test_why_an_area_is_listed_is_packed_with_the_figures():
    page = page_of()
    assert json.loads(numbers_of(page))["reasons"].keys() == {"hardening", *page.week}
    assert "reasons" not in content_of(page)


def test_on_paper_the_names_of_towns_stand_a_little_apart():
    page = page_of()
    wide = [shapely.box(-2.7 + 0.2 * n, 53.35, -2.5 + 0.2 * n, 53.65) for n in range(4)]
    drawn = static_map(replace(page, areas=page.areas.set_geometry(wide, crs=4326), drawn=None))
    names = re.findall(r'class="town" text-anchor="(\w+)" x="(\d+)" y="(\d+)">([^<]+)<', drawn)
    boxes = [
        shapely.box(left, int(y) - 19, left + wide, int(y) + 3)
        for anchor, x, y, name in names
        for wide in [0.54 * 22 * len(name)]
        for left in [int(x) - (wide if anchor == "end" else 0)]
    ]
    assert len(boxes) > 10
    apart = [one.distance(other) for n, one in enumerate(boxes) for other in boxes[:n]]
    assert min(apart) > 2
