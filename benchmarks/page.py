"""The officer's page beside a plain folium map of the same areas, both in a real Chromium from file://.

Every row of the table in docs/page.md: requests with the network off, size, time until the page answers, axe-core,
print, what works without script and the like, hostile names. Run:

    python benchmarks/page.py             all rows, into docs/page.md (some minutes; the largest maps need 4 GB)
    python benchmarks/page.py 60 1000     these sizes only, to the screen

"Interactive" is from the call that opens the file until the areas are drawn, the page answers a click and a frame has
passed. The two pages are opened in turn, and the best of the openings counts, for what else the machine does can only
add. Plain folium has Leaflet inside its file for this, and goes without its other libraries: it waits for no host.
Offline, as it is written, it draws nothing.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from stopwatch import machine, write_block

from sacmap import months, tables
from sacmap.measure.change_table import change_table
from sacmap.practice import geography
from sacmap.practice.borough import CRIME_SHARES
from sacmap.publish.change_rows import table_of
from sacmap.publish.folium_map import OfficerMap, draw, totals_of
from sacmap.publish.view import View

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import conftest  # noqa: E402 - the tests' hostile names and small page
import test_page_browser  # noqa: E402 - the states that axe-core sees in the tests

DOCUMENT = ROOT / "docs" / "page.md"
SIZES = (60, 91, 1_000, 7_000, 35_000)
OPENINGS = 5
MONTHS = months.span("2022-04:2026-03")
LEAFLET = {
    "leaflet.js": (files("sacmap.publish") / "html" / "leaflet" / "leaflet.js").read_text(encoding="utf-8"),
    "leaflet.css": (files("sacmap.publish") / "html" / "leaflet" / "leaflet.css").read_text(encoding="utf-8"),
}
#: Plain folium's other libraries, where `npm install --prefix build/js` has put them; without, they are left out, which
#: favours plain folium: PACKAGES says what to install.
PACKAGES = "jquery@3.7.1 bootstrap@5.2.2 leaflet.awesome-markers@2.0.5 @fortawesome/fontawesome-free@6.2.0"
OTHERS = {
    "jquery-3.7.1.min.js": "jquery/dist/jquery.min.js",
    "bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "leaflet.awesome-markers.js": "leaflet.awesome-markers/dist/leaflet.awesome-markers.min.js",
    "leaflet.awesome-markers.css": "leaflet.awesome-markers/dist/leaflet.awesome-markers.css",
    "all.min.css": "@fortawesome/fontawesome-free/css/all.min.css",
}
LEAFLET |= {
    name: found.read_text(encoding="utf-8")
    for name, path in OTHERS.items()
    if (found := ROOT / "build" / "js" / "node_modules" / path).is_file()
}
#: Areas drawn, in either page.
DRAWN = "() => document.querySelector('path.leaflet-interactive, #map canvas') !== null"
ANSWERS = "() => document.documentElement.dataset.ready !== undefined"
FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"

Row = tuple[str, str, str]


def mosaic(count: int, wiggles: int = 4) -> np.ndarray:
    """Return about `count` areas that tile a square, with shared, wiggly borders."""
    rng = np.random.default_rng(count)
    side = int(np.ceil(np.sqrt(count)))
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:count]
    seeds = (-2.0, 52.0) + (grid + rng.uniform(-0.35, 0.35, (count, 2))) * (0.017, 0.01)
    box = shapely.box(*(seeds.min(axis=0) - 0.008), *(seeds.max(axis=0) + 0.008))
    cells = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=box)
    cells = shapely.intersection(shapely.get_parts(cells), box)
    lines = shapely.get_parts(shapely.line_merge(shapely.union_all(shapely.boundary(cells))))
    wiggly = [
        shapely.LineString(geography._roughen(rng, shapely.get_coordinates(line), wiggles)) for line in lines
    ]
    return np.asarray(shapely.get_parts(shapely.polygonize(wiggly)))


def made_up(count: int) -> tuple[gpd.GeoDataFrame, pd.DataFrame, dict[str, Any]]:
    """Return Areas, Change, and what else a page shows: monthly counts of four years and the busiest streets."""
    polygons = mosaic(count)
    rng = np.random.default_rng(count)
    level = rng.gamma(4, 10 / 12, len(polygons))
    monthly = {
        kind: rng.poisson(level[:, None] * share, (len(polygons), len(MONTHS)))
        for kind, share in CRIME_SHARES.items()
    }
    monthly["sac"] = sum(monthly.values())
    years = {kind: counts.reshape(len(polygons), 4, 12).sum(axis=2) for kind, counts in monthly.items()}
    ids = [f"E{place:08d}" for place in range(len(polygons))]
    names = [f"{geography.STREETS[n % 42]} {geography.NAMES[n % 40]} {n}" for n in range(len(polygons))]
    areas = gpd.GeoDataFrame(
        {
            "area_id": ids,
            "name": names,
            "households": pd.array([pd.NA] * len(ids), dtype="Float64"),
            "mend": "",
        },
        geometry=polygons,
        crs=tables.WGS84,
    )
    change = change_table(
        areas,
        np.stack([years[kind] for kind in tables.CRIME_TYPES], axis=2),
        months_compared=12,
        comparators=dict.fromkeys(tables.CRIME_TYPES),
        edge_share={kind: rng.random(len(ids)).round(3) for kind in tables.CRIME_TYPES},
    )
    keys = pd.MultiIndex.from_product([ids, MONTHS], names=["area_id", "month"])
    rows = [
        pd.DataFrame({"crime_type": kind, "n": monthly[kind].ravel()}, index=keys).reset_index()
        for kind in CRIME_SHARES
    ]
    named = [f"On or near {name} {kind}" for name in geography.STREETS for kind in geography.KINDS]
    streets = {
        area: {kind: [(named[k], 9), (named[k - 1], 5), (named[k - 2], 3)] for kind in tables.CRIME_TYPES}
        for area, k in zip(ids, rng.integers(2, len(named), len(ids)), strict=True)
    }
    shown = {
        "monthly": pd.concat(rows),
        "current": MONTHS[36:],
        "baseline": (MONTHS[:12], MONTHS[12:24], MONTHS[24:36]),
        "compared": tuple(range(12)),
        "streets": streets,
    }
    return areas, change, shown


def plain(areas: gpd.GeoDataFrame, change: pd.DataFrame) -> folium.Map:
    """Return what an analyst writes first: the areas as GeoJSON, coloured, with a tooltip."""
    sac = change[change["crime_type"] == "sac"].set_index("area_id")["change_pct"].fillna(0.0)
    shown = areas[["area_id", "name", "geometry"]].merge(sac, left_on="area_id", right_index=True)
    west, south, east, north = (float(edge) for edge in areas.total_bounds)
    made = folium.Map(location=[(south + north) / 2, (west + east) / 2], zoom_start=10)
    folium.GeoJson(
        shown,
        style_function=lambda feature: {
            "fillColor": "#b35806" if feature["properties"]["change_pct"] > 0 else "#542788",
            "weight": 1,
        },
        tooltip=folium.GeoJsonTooltip(["name", "change_pct"]),
    ).add_to(made)
    return made


def whole(change: pd.DataFrame, areas: gpd.GeoDataFrame, **shown: Any) -> OfficerMap:
    """Return the page with all that a run puts on it, which `draw` gives of a result alone."""
    table = table_of(change, areas)
    return OfficerMap(View(title="Here", change=table, areas=areas, totals=totals_of(table), **shown))


@contextmanager
def opened(
    browser: Browser, path: Path, fragment: str = "", **how: Any
) -> Iterator[tuple[Any, list[str], list[str]]]:
    """Open a file with the network off; plain folium's libraries are answered from this disk."""
    context: BrowserContext = browser.new_context(
        viewport=how.pop("viewport", {"width": 1366, "height": 768}), **how
    )
    asked: list[str] = []
    said: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        name = route.request.url.rsplit("/", 1)[-1]
        kind = "text/css" if name.endswith(".css") else "application/javascript"
        route.fulfill(body=LEAFLET.get(name, ""), content_type=kind)

    context.route(lambda url: not url.startswith(("file:", "data:", "blob:")), answer)
    tab = context.new_page()
    tab.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.set_default_timeout(240_000)
    tab.goto(f"file://{path}{fragment}", wait_until="commit", timeout=240_000)
    yield tab, asked, said
    context.close()


def with_leaflet_inside(html: str) -> str:
    """Return plain folium's page with Leaflet in place of its address, and without its other libraries."""

    def inside(found: re.Match[str]) -> str:
        name = found[0].split('"')[1 if found[0].startswith("<script") else 3].rsplit("/", 1)[-1]
        text = LEAFLET.get(name, "")
        return f"<style>{text}</style>" if name.endswith(".css") else f"<script>{text}</script>"

    html = re.sub(r'<script src="https?:[^"]*"></script>', inside, html)
    return re.sub(r'<link rel="stylesheet" href="https?:[^"]*"/?>', inside, html)


def interactive(browser: Browser, paths: dict[str, Path]) -> dict[str, float]:
    """Return for each page the seconds until it answers: the best of some openings, the pages in turn."""
    found: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(OPENINGS):
        for name, path in paths.items():
            started = time.perf_counter()
            with opened(browser, path) as (tab, _, _):
                tab.wait_for_function(DRAWN if name == "plain" else ANSWERS, timeout=240_000)
                tab.evaluate(FRAME)
                found[name].append(time.perf_counter() - started)
    return {name: min(times) for name, times in found.items()}


def scale(browser: Browser, folder: Path, sizes: tuple[int, ...]) -> Iterator[Row]:
    """Yield a row a size: bytes, seconds until interactive and to make, and how one compares with the other."""
    for count in sizes:
        areas, change, shown = made_up(count)
        makers: dict[str, Callable[[], folium.Map]] = {
            "plain": lambda areas=areas, change=change: plain(areas, change),
            "ours": lambda areas=areas, change=change, shown=shown: whole(change, areas, **shown),
        }
        paths, sizes_told, took = {}, {}, {}
        for name, make in makers.items():
            paths[name] = folder / f"{name}.html"
            started = time.perf_counter()
            make().save(paths[name])
            took[name] = time.perf_counter() - started
            gc.collect()
            size = paths[name].stat().st_size
            sizes_told[name] = f"{size / 1000:,.0f} KB" if size < 1e6 else f"{size / 1e6:.1f} MB"
        paths["plain"].write_text(
            with_leaflet_inside(paths["plain"].read_text(encoding="utf-8")), encoding="utf-8"
        )
        seconds = interactive(browser, paths)
        told = {
            name: f"{sizes_told[name]}; {seconds[name]:.2f} s (made in {took[name]:.1f} s)" for name in makers
        }
        ratio = seconds["ours"] / seconds["plain"]
        for path in paths.values():
            path.unlink()
        yield f"{count:,} areas: size; interactive", told["plain"], f"{told['ours']}: {ratio:.2f} ×"


def requests(browser: Browser, folder: Path) -> Row:
    """Count what each page asks of the network."""
    told = []
    for make in (plain, lambda areas, change: draw(change, areas)):
        page = conftest.page_of()
        make(page.areas, page.change).save(folder / "page.html")
        with opened(browser, folder / "page.html") as (tab, asked, _):
            tab.wait_for_function(DRAWN)
            tab.wait_for_timeout(500)
            told.append(f"{len(asked)}")
    return "requests from file://", told[0], told[1]


def axe(browser: Browser, folder: Path) -> Row:
    """Count axe-core's violations, best practices too: of ours the sum over every state of the tests."""
    page = conftest.page_of()

    def violations(path: Path, state: dict[str, Any]) -> int:
        how = dict(state)
        media, fragment, press = how.pop("media", None), how.pop("fragment", ""), how.pop("press", None)
        with opened(browser, path, fragment, **how) as (tab, _, _):
            tab.wait_for_function(DRAWN)
            if press:
                tab.wait_for_function(ANSWERS)
                tab.click(press)
            if media:
                tab.emulate_media(media=media)
            return len(test_page_browser.axe_of(tab))

    states = test_page_browser.STATES
    plain(page.areas, page.change).save(folder / "plain.html")
    (folder / "ours.html").write_text(test_page_browser.html_of_full_page(), encoding="utf-8")
    ours = sum(violations(folder / "ours.html", state) for state in states.values())
    return (
        "axe-core violations, best practices too",
        f"{violations(folder / 'plain.html', {})} as loaded",
        f"{ours} in {len(states)} states together",
    )


def printed(browser: Browser, folder: Path) -> Row:
    """Count the sheets, and say whether headline, map, lists and source are on them."""
    page = conftest.page_of()
    told = []
    for make in (
        lambda: plain(page.areas, page.change),
        lambda: whole(page.change, page.areas, sources=page.sources),
    ):
        make().save(folder / "page.html")
        with opened(browser, folder / "page.html") as (tab, _, _):
            tab.wait_for_function(DRAWN)
            sheets = tab.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
            tab.emulate_media(media="print")
            parts = {
                "headline": "h1",
                "map": "#map-static svg, path.leaflet-interactive",
                "lists": "#week",
                "source": "footer",
            }
            there = [
                name
                for name, where in parts.items()
                if any(part.is_visible() for part in tab.locator(where).all())
            ]
            told.append(f"{sheets} page: {', '.join(there)}")
    return "print", told[0], told[1]


def usable(browser: Browser, folder: Path) -> Row:
    """Say in which hard conditions the figures can still be read."""
    page = conftest.page_of()
    conditions: dict[str, dict[str, Any]] = {
        "no script": {"java_script_enabled": False},
        "forced colours": {"forced_colors": "active"},
        "320 px": {"viewport": {"width": 320, "height": 700}},
        "400% zoom": {"viewport": {"width": 341, "height": 192}},
        "reduced motion": {"reduced_motion": "reduce"},
    }
    told = []
    for make in (lambda: plain(page.areas, page.change), lambda: draw(page.change, page.areas)):
        make().save(folder / "page.html")
        works = []
        for name, how in conditions.items():
            with opened(browser, folder / "page.html", **how) as (tab, _, _):
                tab.wait_for_load_state("load")
                # The figure of an area in the page's text, inside its width.
                shown = tab.get_by_text("Birch", exact=True).first.is_visible()
                fits = name == "no script" or tab.evaluate(
                    "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
                )
                works += [name] if shown and fits else []
        with opened(browser, folder / "page.html") as (tab, _, _):
            tab.wait_for_function(DRAWN)
            for _ in range(60):
                tab.keyboard.press("Tab")
                if tab.evaluate("document.activeElement?.textContent") == "Birch":
                    works.append("keyboard only")
                    break
        told.append(", ".join(works) or "none")
    return "an area's figures can be read with", told[0], told[1]


def hostile(browser: Browser, folder: Path) -> Row:
    """Count the hostile names that run, break the build, or are not shown as they are."""
    told = []
    for ours in (False, True):
        bad = 0
        for text in conftest.HOSTILE:
            try:
                page = conftest.page_of(names=[text] * 4, title=text, street=text, warning=text)
                made = draw(page.change, page.areas, title=text) if ours else plain(page.areas, page.change)
                made.save(folder / "page.html")
                with opened(browser, folder / "page.html") as (tab, _, said):
                    tab.wait_for_function(ANSWERS if ours else DRAWN, timeout=5_000)
                    if ours:
                        tab.locator("#areas tbody button").first.click()
                    else:
                        tab.locator("path.leaflet-interactive").first.hover(force=True)
                    tab.wait_for_timeout(100)
                    where = "#panel h2" if ours else ".leaflet-tooltip"
                    shown = tab.locator(where).first.text_content(timeout=2_000) or ""
                    same = " ".join(text.split()) in " ".join(shown.split())
                    bad += bool(said) or tab.title() == "run" or not same
            except Exception:  # noqa: BLE001 - whatever broke, the name broke it
                bad += 1
        told.append(f"{bad} of {len(conftest.HOSTILE)}")
    return "hostile names that run, break the page or show wrong", told[0], told[1]


def table(rows: list[Row], where: str, load: float) -> str:
    """Return the rows as a table, with the machine named."""
    lines = ["| | plain folium | sacmap |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    points = shapely.get_num_coordinates(mosaic(60)).mean()
    return "\n".join(
        [
            *lines,
            "",
            f"Measured on {where}; {load:.1f} other processes wanted the processors at the start. Areas have about "
            f"{points:.0f} boundary points each, four years of months and the busiest streets by crime type.",
        ]
    )


def main(words: list[str]) -> None:
    sizes = tuple(int(word) for word in words if word.isdigit()) or SIZES
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    rows: list[Row] = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as temporary:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        folder = Path(temporary)
        checks = (requests, axe, printed, usable, hostile)
        for row in chain(scale(browser, folder, sizes), (check(browser, folder) for check in checks)):
            print(" | ".join(row), flush=True)
            rows.append(row)
        told = table(rows, f"{machine()}, Chromium {browser.version}, folium {folium.__version__}", load)
        browser.close()
    print(told)
    if sizes == SIZES:
        write_block(DOCUMENT, "measured", told)


if __name__ == "__main__":
    main(sys.argv[1:])
