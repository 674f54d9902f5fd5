"""The files beside the page that partners use: --also xlsx,gpkg,png,pdf."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sacmap.errors import UsageError
from sacmap.publish.browser import find_browser, print_page
from sacmap.publish.files import data_date
from sacmap.terminal import say

if TYPE_CHECKING:
    from sacmap.choose.plan import Plan
    from sacmap.publish.view import View
    from sacmap.result import Result

_REMEDY = "Install it with: python -m pip install matplotlib. Or leave {kind} out of --also."


def require_tools(also: Collection[str]) -> None:
    """Find out before the work whether the pictures asked for can be drawn.

    Raises
    ------
    UsageError
        If matplotlib is needed and not installed.
    """
    if "png" in also:
        _require_matplotlib("png", "The picture (--also png) needs matplotlib, which is not installed.")
    if "pdf" in also and find_browser() is None:
        _require_matplotlib(
            "pdf",
            "The briefing (--also pdf) needs Edge, Chrome or Chromium, or else matplotlib; none is installed.",
        )


def require_of_plan(also: Collection[str]) -> None:
    """Refuse what is not made of a plan.

    Raises
    ------
    UsageError
        If a file other than the GeoPackage is asked for.
    """
    others = [kind for kind in also if kind != "gpkg"]
    if others:
        raise UsageError(
            f"Of a plan there is no {others[0]}: its --also takes gpkg alone.",
            f"Use sacmap map --also {','.join(others)} for the map; the plan's page prints from a browser.",
        )


def _require_matplotlib(kind: str, cause: str) -> None:
    if find_spec("matplotlib") is None:
        raise UsageError(cause, _REMEDY.format(kind=kind))


def also_of(result: Result, page: View, html: str, also: Sequence[str]) -> dict[str, bytes]:
    """Return the files asked for beside the page, by suffix; `page` is what it shows, and `html` the page."""
    makers: dict[str, Callable[[], bytes]] = {
        "xlsx": lambda: workbook(page, result),
        "gpkg": lambda: geopackage(page),
        "png": lambda: slide(page),
        "pdf": lambda: briefing(page, html, find_browser()),
    }
    return {kind: makers[kind]() for kind in also}


def workbook(page: View, result: Result) -> bytes:
    """Return the workbook (XLSX)."""
    from sacmap.publish.workbook import workbook_of  # noqa: PLC0415 - loaded where it is asked for

    return workbook_of(page, result.ledger.record())


def geopackage(page: View, plan: Plan | None = None) -> bytes:
    """Return the layers for QGIS (GPKG)."""
    from sacmap.publish.geopackage import geopackage_of  # noqa: PLC0415 - loaded where it is asked for

    return geopackage_of(page, plan)


def slide(page: View) -> bytes:
    """Return the slide (PNG)."""
    from sacmap.publish.picture import slide_of  # noqa: PLC0415 - matplotlib may not be installed

    return slide_of(page)


def briefing(page: View, html: str, browser: str | None) -> bytes:
    """Return the one-page briefing (PDF): the page as the browser prints it, else drawn with matplotlib, and say so.

    Raises
    ------
    UsageError
        If the browser gives no PDF and matplotlib is not installed.
    """
    printed = print_page(browser, html, data_date(page.current)) if browser else None
    if printed is not None:
        return printed
    why = f"{browser} gave no PDF" if browser else "Edge, Chrome or Chromium is not installed"
    _require_matplotlib("pdf", f"{why}, and matplotlib is not installed.")
    say(f"- {why}: matplotlib draws the briefing, untagged for screen readers.")
    from sacmap.publish.picture import briefing_of  # noqa: PLC0415 - matplotlib may not be installed

    return briefing_of(page)
