"""The slide and the briefing: the right shape, the page's colours, text that is only drawn, and the same bytes."""

import dataclasses
import io
import re
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from conftest import CHROMIUM, HEADLESS, HOSTILE, csv_text, page_of, require, row, square

from sacmap.areas.boundaries import areas_from_rings, geojson_of
from sacmap.cli import sacmap
from sacmap.errors import UsageError
from sacmap.notices import Notice
from sacmap.publish.browser import dated, find_browser, print_page
from sacmap.publish.colours import LEVELS, PALETTE, classes_of
from sacmap.publish.extra_files import briefing, require_tools
from sacmap.publish.page import render

pytestmark = pytest.mark.slow

DATE = datetime(2018, 7, 1, tzinfo=UTC)
LONG = "Serious " * 60


# matplotlib takes half a second to load, which the tests of other files need not wait for.


def slide_of(page):
    from sacmap.publish import picture

    return picture.slide_of(page)


def briefing_of(page):
    from sacmap.publish import picture

    return picture.briefing_of(page)


@pytest.fixture(scope="module")
def slide():
    return slide_of(page_of())


@pytest.fixture(scope="module")
def drawn():
    return briefing_of(page_of())


def pixels(png):
    # matplotlib cannot be there without it.
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))


def painted(picture, colour):
    """How many pixels have exactly this colour."""
    levels = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    found = [picture[:, :, place] == level for place, level in enumerate(levels)]
    return int(np.logical_and.reduce(found).sum())


def test_the_slide_is_a_picture_of_1920_by_1080(slide):
    assert pixels(slide).shape == (1080, 1920, 3)


def test_each_area_has_the_pages_colour():
    page = page_of(empty=2)
    picture = pixels(slide_of(page))
    classes = classes_of(page.change[page.change["crime_type"] == "sac"])
    assert classes[0] == "s4"
    assert classes[2] == "unknown"
    # Beyond its swatch in the legend, a class is painted only where an area has it.
    assert painted(picture, PALETTE["s4"]) > 20_000
    assert painted(picture, PALETTE["s0"]) < 1_000


def test_a_hole_in_an_area_stays_open(slide):
    from sacmap.publish import picture

    page = page_of()
    outer = shapely.Polygon(square(0))
    page.areas.geometry = [
        outer.difference(shapely.box(0.003, 52.003, 0.007, 52.007)),
        *page.areas.geometry[1:],
    ]
    whole, holed = pixels(slide), pixels(slide_of(page))
    lost = painted(whole, PALETTE["s4"]) - painted(holed, PALETTE["s4"])
    assert lost > 5_000
    assert painted(holed, picture.GROUND) - painted(whole, picture.GROUND) > 5_000


def test_the_same_page_gives_the_same_bytes_dated_as_its_data(slide, drawn):
    assert slide_of(page_of()) == slide
    assert briefing_of(page_of()) == drawn
    assert b"(D:20180701000000Z)" in drawn


def test_the_drawn_briefing_is_one_sheet_of_a4_with_the_headline_as_its_title(drawn):
    assert drawn.startswith(b"%PDF-")
    assert b"/MediaBox [ 0 0 595 842 ]" in drawn
    assert len(re.findall(rb"/Type /Page\b(?!s)", drawn)) == 1
    assert f"({page_of().first_words[:60]}".encode() in drawn


TEXTS = (*HOSTILE, "$\\frac{1}{0}$", "$unclosed", "=1+1", "日本語", "a\tb\nc", LONG)


@pytest.mark.parametrize("first", range(0, len(TEXTS), 4))
def test_f49_and_f50_hostile_text_is_drawn_and_never_parsed(first):
    names = list((TEXTS[first:] + TEXTS)[:4])
    page = page_of(names=names, ids=names, title=names[0], warning=" ".join(names), street=names[1])
    assert pixels(slide_of(page)).shape == (1080, 1920, 3)
    pdf = briefing_of(page)
    for action in (b"/JavaScript", b"/JS", b"/URI", b"/Launch", b"/Annot /", b"/AcroForm"):
        assert action not in pdf


def test_a_page_with_many_long_warnings_still_leaves_room_for_its_map():
    page = page_of(warning=LONG)
    page = dataclasses.replace(page, warnings=[Notice("definition", LONG)] * 9, practice=True)
    assert painted(pixels(slide_of(page)), PALETTE["s4"]) > 20_000
    assert briefing_of(page).startswith(b"%PDF-")


def test_a_slide_never_cuts_a_long_headline_because_its_end_says_what_the_rest_did():
    from sacmap.publish import picture

    page = page_of(
        title="Bath and North East Somerset, North Somerset, South Gloucestershire and the City of Bristol"
    )
    said = f"{page.place}: Vehicle crime, and all three types together, rose clearly in Ash. {page.place}: down 5%."
    for text in (said, page.first_words, "Short."):
        with picture.own_settings():
            sheet = picture.Sheet(1920, 1080)
            size = sheet.whole_size(text, 1824)
            assert "…" not in "".join(sheet.lines(text, 1824, size, bold=True, lines=3))


def test_without_a_rise_the_slide_says_so_in_place_of_a_list():
    from sacmap.publish.picture import content_of

    page = page_of()
    title, listed = content_of(page).lists[-1]
    assert title == "Where crime rose"
    assert listed
    quiet = dataclasses.replace(page, change=page.change.assign(verdict="within normal range"))
    assert content_of(quiet).lists[-1] == ("No clear or possible rise of all three", [])
    assert pixels(slide_of(quiet)).shape == (1080, 1920, 3)


@pytest.mark.parametrize(
    ("given", "made", "title", "mark"),
    [
        ("clear rise", "possible rise", "Where crime rose: could be chance", ""),
        ("within normal range", "possible rise", "Where crime rose", " (could be chance)"),
    ],
)
def test_the_slide_says_which_rises_could_be_chance(given, made, title, mark):
    from sacmap.publish.picture import content_of

    page = page_of()
    page = dataclasses.replace(page, change=page.change.replace({"verdict": {given: made}}))
    found, listed = content_of(page).lists[-1]
    possible = page.change[(page.change["crime_type"] == "sac") & (page.change["verdict"] == made)]
    assert found == title
    assert {f"{name}{mark}" for name in possible["area_name"]} <= {name for name, _ in listed}


def test_the_slide_says_which_rise_lies_on_one_map_point():
    from sacmap.publish.picture import content_of

    page = dataclasses.replace(page_of(), one_point={"sac": frozenset({"A0"})})
    assert [name for name, _ in content_of(page).lists[-1][1]] == ["Ash (on one map point)"]


def test_the_legend_of_a_slide_has_not_known_and_too_few_only_where_an_area_is():
    from sacmap.publish.picture import content_of

    def explained(verdict):
        change = page_of().change.replace({"verdict": {"too few to tell": verdict, "not known": verdict}})
        return [text for _, text in content_of(dataclasses.replace(page_of(), change=change)).legend[0]]

    assert {"Not known", "Too few to tell"}.isdisjoint(explained("within normal range"))
    assert explained("not known")[-1] == "Not known"
    assert explained("too few to tell")[-1] == "Too few to tell"


def test_areas_without_any_boundary_are_drawn_as_none():
    page = page_of()
    page.areas.geometry = [shapely.Polygon()] * 4
    assert painted(pixels(slide_of(page)), PALETTE["s4"]) < 1_000


def test_the_analysts_own_settings_do_not_change_the_picture(slide):
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 40, "lines.linewidth": 9, "axes.facecolor": "red"}):
        assert slide_of(page_of()) == slide
        assert mpl.rcParams["font.size"] == 40


def test_a_browser_prints_the_page_on_one_tagged_sheet_the_same_each_time():
    require(CHROMIUM, "a Chromium")
    html = render(page_of(title="Ashtown"))
    first, second = (print_page(CHROMIUM, html, DATE) for _ in range(2))
    assert first == second
    assert b"/StructTreeRoot" in first
    assert b"/MarkInfo <</Type /MarkInfo\n/Marked true>>" in first
    assert re.findall(rb"/Count (\d+)", first) == [b"1"]
    # The map itself is in it, with its alternative text: it stands in the page for readers without a script.
    assert b"Map of the areas; every figure is in the table" in first
    assert b"(D:20180701000000+00'00')" in first


def test_a_printed_map_holds_a_hatching_once_however_many_areas_have_it():
    require(HEADLESS, "a Chromium")
    page = page_of()
    figures = {"verdict": "possible rise", "current_count": 60.0, "baseline_mean": 40.0, "expected": 40.0}
    alike = dataclasses.replace(page, change=page.change.assign(**figures))
    others = page.change["area_id"] != "A0"
    alone = dataclasses.replace(
        page, change=alike.change.assign(current_count=alike.change["current_count"].mask(others, 40.0))
    )
    four, single = (
        print_page(HEADLESS, render(view), DATE).count(b"/PatternType") for view in (alike, alone)
    )
    assert four == single


def test_f50_hostile_text_does_not_run_in_the_printing_browser():
    require(HEADLESS, "a Chromium")
    page = page_of(names=HOSTILE[:4], title="Ashtown", warning=" ".join(HOSTILE))
    pdf = print_page(HEADLESS, render(page), DATE)
    title = re.search(rb"/Title (.*)", pdf)[1]
    assert b"all three types together" in title
    assert b"/JavaScript" not in pdf
    assert b"/URI" not in pdf


def test_dates_are_replaced_in_place():
    pdf = b"<</CreationDate (D:20261124221541+00'00')\n/ModDate (D:20261124221541-05'00')>>"
    assert (
        dated(pdf, DATE) == b"<</CreationDate (D:20180701000000+00'00')\n/ModDate (D:20180701000000+00'00')>>"
    )


def test_edge_in_its_usual_place_is_found(tmp_path):
    edge = tmp_path / "Microsoft" / "Edge" / "Application" / "msedge.exe"
    edge.parent.mkdir(parents=True)
    edge.write_bytes(b"")
    assert find_browser({"PROGRAMFILES(X86)": str(tmp_path), "PATH": ""}) == str(edge)


def test_without_a_browser_or_with_one_that_fails_the_briefing_is_drawn_and_that_is_said(drawn, capsys):
    page = page_of()
    assert briefing(page, "", None) == drawn
    assert "not installed. matplotlib draws the briefing instead, without tags" in capsys.readouterr().err
    # Python knows none of a browser's options and prints no page.
    assert briefing(page, "", sys.executable) == drawn
    assert f"{sys.executable} made no PDF" in capsys.readouterr().err


def test_without_matplotlib_the_command_says_how_to_install_it_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    require_tools(("xlsx", "gpkg"))
    words = ["map", "--boundaries", "none.geojson", "--crimes", "none.csv", "--current", "2018-01",
             "--baseline", "2017-01", "--out", str(tmp_path / "map.html"), "--also", "png"]  # fmt: skip
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert done.exception.remedy.startswith("Install it with: python -m pip install matplotlib.")
    with pytest.raises(UsageError, match="made no PDF"):
        briefing(page_of(), "", "/no/such/browser")


def test_names_stand_in_their_areas_and_do_not_touch():
    from sacmap.publish.picture import Sheet, content_of

    drawing = Sheet(1920, 1080)
    drawing.map(content_of(page_of()), (0, 0, 1200, 900), 15)
    texts = [drawn for drawn in drawing.axes.texts if drawn.get_text()]
    assert [t.get_text() for t in texts] == ["▲ Ash", "Birch", "▼ Cedar", "Elm"]
    boxes = [t.get_window_extent(drawing.renderer) for t in texts]
    lefts = np.array([box.x0 for box in boxes])
    rights = np.array([box.x1 for box in boxes])
    order = np.argsort(lefts)
    assert (rights[order][:-1] <= lefts[order][1:]).all()


def test_the_command_writes_the_files_asked_for_beside_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    squares = {("A", "Ash"): square(0), ("B", "Birch"): square(1)}
    (tmp_path / "areas.geojson").write_bytes(geojson_of(areas_from_rings(squares)))
    crimes = [row(month, lon="0.005", lat="52.005") for month in ("2017-01", "2018-01") for _ in range(30)]
    (tmp_path / "crimes.csv").write_text(csv_text(*crimes))
    words = ["map", "--boundaries", "areas.geojson", "--crimes", "crimes.csv", "--current", "2018-01",
             "--baseline", "2017-01", "--out", "map.html", "--also", "png,pdf", "--also", "xlsx"]  # fmt: skip
    done = CliRunner().invoke(sacmap, words, standalone_mode=False)
    assert done.exception is None, done.output
    assert done.stdout.split() == ["map.html", "map.csv", "map.json", "map.png", "map.pdf", "map.xlsx"]
    starts = {"png": b"\x89PNG", "pdf": b"%PDF-", "xlsx": b"PK"}
    assert all((tmp_path / f"map.{kind}").read_bytes().startswith(mark) for kind, mark in starts.items())
    assert not list(tmp_path.rglob("*.part"))


def test_without_an_earlier_period_the_picture_shows_levels_and_no_change():
    from sacmap.publish.picture import content_of

    page = dataclasses.replace(page_of(), level_only=True)
    shown = pixels(slide_of(page))
    assert sum(painted(shown, LEVELS[f"l{step}"]) for step in range(1, 5)) > 20_000
    assert painted(shown, PALETTE["s4"]) == 0
    assert "Where crime rose" not in [title for title, _ in content_of(page).lists]
