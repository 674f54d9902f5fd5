"""What every test shares: where the real data are, small police.uk files, a small page, and a real browser."""

import gc
import json
import os
import shutil
import signal
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from police_uk import Clock, Police

# A shell tells what it runs in the background to ignore Ctrl-C, and what the tests start would go on ignoring it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What the tests start is compiled once, and not by each process that starts.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A machine may name its own certificates. The fake police.uk brings its own, and to read those takes time.
# It may name a proxy, which does not find a server of this machine, and a terminal so narrow that tables are cut.
for name in list(os.environ):
    if name in {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "COLUMNS"} or name.upper().endswith("_PROXY"):
        del os.environ[name]

# What is loaded and collected stays to the end: it is not looked through for garbage. Tests are.
gc.disable()
# A machine that is busy must not fail a test.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

DATA = Path(__file__).parents[2] / "shared" / "data"
AXE = find_spec("axe_playwright_python")
#: The browser, and the one that opens the pages: one without windows does the same with a fifth less work.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HEADLESS = shutil.which("chromium-headless-shell") or CHROMIUM
IN_CI = os.environ.get("CI") == "true"

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)


def pytest_collection_finish():
    gc.freeze()
    # What tests make lasts as long as a test: it is not searched for cycles each time that it grows a little.
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


#: Fixtures that make a test slow: a browser.
SLOW_FIXTURES = {"chromium", "opened"}


def pytest_collection_modifyitems(items):
    """Mark as slow what opens a browser, so that `-m "not slow"` leaves it out."""
    for item in items:
        if SLOW_FIXTURES & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def no_power_cut():
    """Wait for no disk: what the tests write need not outlive the machine. Every file is still written whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def loaded_readers():
    """A process in whose forks sacmap's readers begin at once; none where a process cannot be forked."""
    if not hasattr(os, "fork"):
        yield None
        return
    from forked import READERS, Loaded

    with Loaded(*READERS) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def forked_readers(loaded_readers):
    """What sacmap reads in processes of their own is read in forks of one that has loaded its libraries.

    For tests of what is read. Those of a process that crashes, has no end or takes all memory start the real one.
    """
    if loaded_readers is None:
        yield
        return
    from forked import forked_readers

    with forked_readers(loaded_readers):
        yield


@pytest.fixture(scope="session")
def practice(tmp_path_factory):
    """The practice borough's files, written once; read them, and write elsewhere."""
    from sacmap.practice import write_practice

    return write_practice(tmp_path_factory.mktemp("practice"))


@pytest.fixture(scope="session")
def practice_result(practice):
    """What the practice borough's study gives, every month of its files read."""
    from sacmap.files.study_file import read_study
    from sacmap.pipeline import run
    from sacmap.study import make_study

    return run(make_study(read_study(practice.study)), every_month=True)


@pytest.fixture(scope="session")
def data():
    """The folder of real files; the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the real data are not beside the project")
    return DATA


RECORDED = "reference/home-office-recorded-crime-by-force.parquet"


@pytest.fixture(scope="session")
def recorded_in(data, tmp_path_factory):
    """A function: the path of the Home Office's real table, of some financial years alone, so that less is read."""
    import pandas as pd

    table = pd.read_parquet(data / RECORDED)
    folder = tmp_path_factory.mktemp("recorded")

    def of_years(*years):
        path = folder / f"{'-'.join(years).replace('/', '')}.parquet"
        if not path.exists():
            table[table["FY"].isin(years)].to_parquet(path, index=False)
        return path

    return of_years


@pytest.fixture(scope="session")
def recorded(recorded_in):
    """The table of April 2016 to March 2019."""
    return recorded_in("2016/17", "2017/18", "2018/19")


@pytest.fixture
def clock():
    """Time that passes only when something waits."""
    return Clock()


@pytest.fixture
def no_waiting(clock, monkeypatch):
    """The commands go by the test's clock: they wait as long as ever, and no time passes."""
    from sacmap.fetch.web import Web

    for place in ("sacmap.fetch.web.Web", "sacmap.fetch.download.Web"):
        monkeypatch.setattr(place, partial(Web, clock=clock, sleep=clock.sleep))
    return clock


@pytest.fixture
def police(clock):
    """A police.uk that holds nothing yet."""
    return Police(clock=clock)


def row(
    month="2018-10",
    kind="Burglary",
    lon="-0.900000",
    lat="52.240000",
    *,
    crime_id="",
    force="Northamptonshire Police",
    street="On or near High Street",
):
    """One row of a police.uk street file."""
    return f"{crime_id},{month},{force},{force},{lon},{lat},{street},E01000001,Somewhere 001A,{kind},,"


def csv_text(*rows, header=HEADER, end="\r\n"):
    """A whole street file."""
    return end.join([header, *rows]) + end


def square(n, size=0.01):
    """The closed ring of a square of about a kilometre near 52° north, the nth from west to east."""
    x, y = round(n * size, 6), 52.0
    corners = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return [[round(a, 6), round(b, 6)] for a, b in corners]


def feature(ring, *holes, **properties):
    """A GeoJSON feature of a polygon."""
    shape = {"type": "Polygon", "coordinates": [ring, *holes]}
    return {"type": "Feature", "properties": properties, "geometry": shape}


def write_geojson(path, *features, **more):
    """Write GeoJSON of these features; return its path."""
    whole = {"type": "FeatureCollection", **more, "features": features}
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def write_squares(path, *rows):
    """Write GeoJSON of squares in a row, one for each dict of properties; return its path."""
    return write_geojson(path, *(feature(square(n), **properties) for n, properties in enumerate(rows)))


HOSTILE = (
    "<script>document.title='run'</script>",
    "</script><script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "<svg onload=document.title='run'>",
    "{{7*7}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "${document.title='run'}",
    "`${document.title='run'}`",
    '"><b onmouseover=alert(1)>',
    "' onclick='alert(1)",
    "javascript:alert(1)",
    "</style><style>body{display:none}</style>",
    "</title><h1>x</h1>",
    "<!-- --><iframe src=//example.org>",
    "\\u003cscript\\u003e",
    '=HYPERLINK("http://example.org")',
    "\u202eright to left\u2028line\u2029end",
    "Llanfair­pwllgwyngyll­gogery­chwyrn­drobwll­llan­tysilio­gogo­goch & Tŷ'r Môr",
)


def page_of(*, names=("Ash", "Birch", "Cedar", "Elm"), ids=None, title="Here", street="On or near High Street",
            warning="Something to know.", empty=None):  # fmt: skip
    """A small page: four squares in a row, two periods, one clear rise."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import shapely

    from sacmap import tables
    from sacmap.choose.ranking import ranked_by_figures
    from sacmap.measure.change_table import change_table
    from sacmap.measure.counts import counts_cube, monthly_counts
    from sacmap.measure.definitions import Break
    from sacmap.notices import Notice
    from sacmap.publish.view import View

    ids = list(ids or [f"A{n}" for n in range(4)])
    polygons = [shapely.Polygon() if n == empty else shapely.Polygon(square(n)) for n in range(4)]
    areas = gpd.GeoDataFrame(
        {
            "area_id": ids,
            "name": list(names),
            "households": pd.array([400, 500, 600, 700], dtype="Float64"),
            "mend": "",
        },
        geometry=polygons,
        crs=tables.WGS84,
    )
    # Two periods before and the current one; then the shares of sac itself and of its three types.
    counts = np.array([[20, 22, 60], [40, 38, 41], [30, 31, 15], [3, 2, 4]])
    change = change_table(
        areas,
        (counts[:, :, None] * [1, 0.5, 0.1, 0.4]).round(),
        months_compared=1,
        comparators=dict.fromkeys(tables.CRIME_TYPES),
        edge_share={kind: np.array([0.2, 0.5, np.nan, 1.0]) for kind in tables.CRIME_TYPES},
    )
    months = ["2016-07", "2017-07", "2018-07"]
    located = pd.DataFrame(
        [(area, month, "robbery", n) for area in ids for n, month in enumerate(months)],
        columns=["area_id", "month", "crime_type", "lon"],
    )
    totals = {
        kind: {
            "baseline_mean": 95.0,
            "current_count": 120.0,
            "change_pct": 26.3,
            "published_change_pct": 20.0,
        }
        for kind in tables.CRIME_TYPES
    }
    return View(
        title=title,
        change=ranked_by_figures(change, rates=True),
        areas=areas,
        monthly=monthly_counts(counts_cube(located, ids, months), ids, months, {"2017-07"}),
        current=("2018-07",),
        baseline=(("2016-07",), ("2017-07",)),
        compared=(0,),
        totals=totals,
        comparator={"sac": {"name": "areas", "baseline": 95.0, "current": 120.0, "change_pct": 26.3}},
        warnings=[Notice("months-left-out", warning), Notice("repeated-rows", warning)],
        definitions=[Break("definition", "2017-04", ("burglary",), (), warning, "a source")],
        streets={ids[0]: {"sac": [(street, 4)], "burglary": [(street, 2)]}},
        sources=("A source.",),
    )


def grouped(page, names=("North", "North", "South", "South")):
    """The small page with its four areas in groups, and their subtotals."""
    from dataclasses import replace

    from sacmap import tables

    areas = page.areas.assign(group=list(names))
    places = [list(names).index(name) for name in dict.fromkeys(names)]
    # The figures of a group are those of its first area: only where they are shown is asked.
    rows = page.change[page.change["area_id"].isin(areas["area_id"].iloc[places])]
    of = dict(zip(areas["area_id"], areas["group"], strict=True))
    subtotals = rows.assign(group=rows["area_id"].map(of), areas=2)[tables.GROUPS.names].reset_index(
        drop=True
    )
    return replace(page, areas=areas, subtotals=subtotals)


def require(there, what):
    """Skip with the reason where a tool is absent; in CI, where it is installed, fail."""
    if not there:
        assert not IN_CI, f"{what} is not there, though this is CI"
        pytest.skip(f"{what} is not there")


#: Milliseconds that the browser may take for anything: many, for a machine that is busy.
PATIENCE = 180_000


@pytest.fixture(scope="session")
def chromium():
    require(HEADLESS, "a Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            # A graphics processor that is not there is worked out by the processor that is.
            executable_path=HEADLESS,
            args=["--no-sandbox", "--disable-gpu"],
            timeout=PATIENCE,
        )
        yield browser
        browser.close()


SCREEN = {"width": 1366, "height": 900}
#: What lies below the screen has text to be read when it has been drawn: a frame after the page let it in.
DRAWN = """(patience) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error("the page was never whole")), patience);
  const whole = () => "whole" in document.documentElement.dataset;
  const look = () => requestAnimationFrame(whole() ? () => requestAnimationFrame(() => done()) : look);
  look();
})"""
#: What an open tab can be told; for anything else a context of its own is opened.
TOLD = {"viewport", "color_scheme", "forced_colors", "reduced_motion"}


class Opened:
    """A page opened from disk, with all it asked for and all it complained of.

    A new context and tab take the browser a second, a page in a tab that is open already a tenth of it. A page is new
    there all the same: its window, its size, its media and where the mouse is.
    """

    #: How each tab was last shown: one that is shown so already goes to its next page at once.
    shown: ClassVar = {}

    def __init__(self, chromium, path, fragment="", *, tab=None, **context):
        if tab is None:
            tab = chromium.new_context(**({"viewport": SCREEN, "offline": True} | context)).new_page()
            tab.set_default_timeout(PATIENCE)
        else:
            # Of the same address, another fragment alone would load nothing.
            if self.shown.get(tab) != context or tab.url.partition("#")[0] == f"file://{path}":
                tab.goto("about:blank")
                media = {name: context.get(name, "null") for name in TOLD - {"viewport"}}
                tab.emulate_media(media="null", **media)
            # The test before may have changed the window itself.
            if tab.viewport_size != (size := context.get("viewport", SCREEN)):
                tab.set_viewport_size(size)
            tab.mouse.move(0, 0)
        self.shown[tab] = context
        self.tab, self.context = tab, tab.context
        self.requests, self.messages, self.left = [], [], False
        self.listeners = {
            "request": lambda request: self.requests.append(request.url),
            "console": lambda message: self.messages.append(message.text),
            "pageerror": lambda error: self.messages.append(str(error)),
        }
        for event, listener in self.listeners.items():
            tab.on(event, listener)
        tab.goto(f"file://{path}{fragment}")
        if context.get("java_script_enabled", True):
            tab.evaluate(DRAWN, PATIENCE)

    def text(self, selector):
        return self.tab.inner_text(selector)

    def on_paper(self):
        """Show the page as it would be printed."""
        self.tab.emulate_media(media="print")
        del self.shown[self.tab]

    def saved_picture(self):
        """Return the words of the picture that would be saved, and how many pins are drawn hollow and round."""
        self.tab.evaluate("""() => {
          window.Image = class {
            set src(text) { window.drawn = decodeURIComponent(text.slice(text.indexOf(",") + 1)); }
          };
        }""")
        self.tab.click("#save-picture")
        return self.tab.evaluate("""() => {
          const drawn = new DOMParser().parseFromString(window.drawn, "image/svg+xml");
          const hollow = drawn.querySelectorAll('circle[fill="#fff"]').length;
          return [Array.from(drawn.querySelectorAll("text"), (text) => text.textContent), hollow];
        }""")

    def leave(self):
        """Listen no more: the tab may be another page's next."""
        self.left = True
        for event, listener in self.listeners.items():
            self.tab.remove_listener(event, listener)


def visiting(page, path):
    """A function that brings a page that is open to a state, as its address and its window do: for tests that change
    nothing but that. It takes a tenth of opening the page again.
    """

    def visit(fragment="", viewport=SCREEN, media="null", **how):
        page.tab.set_viewport_size(viewport)
        page.tab.emulate_media(media=media, **{name: how.get(name, "null") for name in TOLD - {"viewport"}})
        page.tab.goto(f"file://{path}{fragment or '#'}")
        page.tab.evaluate(DRAWN, PATIENCE)
        assert page.tab.is_visible("#panel") == ("area=" in fragment)
        return page

    return visit


def axe_of(tab):
    """What axe-core finds in a page, all its rules run: id of the rule, and the first elements it is about."""
    require(AXE, "axe-core (pip install axe-playwright-python)")
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(Path(AXE.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
    # Its rules all run. Where in the page an element is it need not say: a quarter of the time.
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations'], selectors: false})")
    return [(rule["id"], [node["html"][:150] for node in rule["nodes"]][:3]) for rule in found["violations"]]


@pytest.fixture(scope="session")
def small_page():
    """The small page as it is written, for all that open it as it is."""
    from sacmap.publish.page import render

    return render(page_of())


@pytest.fixture(scope="session")
def tabs():
    """Tabs that are open already, for one test after another."""
    return []


@pytest.fixture
def opened(chromium, tmp_path, tabs, request):
    """A function that opens a page, or a file: each in a tab of its own until it is left or the test ends."""
    here = []

    def open_page(page=None, fragment="", **context):
        path = page if isinstance(page, Path) else tmp_path / f"page{len(here)}.html"
        if page is None:
            path.write_text(request.getfixturevalue("small_page"), encoding="utf-8")
        elif page is not path:
            from sacmap.publish.page import render

            path.write_text(render(page), encoding="utf-8")
        used = [one.tab for one in here if not one.left]
        free = [tab for tab in tabs if tab not in used and not tab.is_closed()]
        tab = free[0] if free and context.keys() <= TOLD else None
        here.append(Opened(chromium, path, fragment, tab=tab, **context))
        if context.keys() <= TOLD and tab is None:
            tabs.append(here[-1].tab)
        return here[-1]

    yield open_page
    for one in here:
        if not one.left:
            one.leave()
        if one.tab not in tabs:
            one.context.close()


def crashing(tmp_path, monkeypatch, times):
    """Have the Python that reads apart die of a signal so many times before it works."""
    left = tmp_path / "left"
    left.write_text("x" * times)
    fake = tmp_path / "python"
    fake.write_text(
        f'#!/bin/sh\nif [ -s "{left}" ]; then truncate -s -1 "{left}"; kill -SEGV $$; fi\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
