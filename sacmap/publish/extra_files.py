"""The additional files: --also xlsx,gpkg,png,pdf."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sacmap.errors import UsageError
from sacmap.publish.browser import find_browser, print_page
from sacmap.publish.csv_json import data_date
from sacmap.terminal import say

if TYPE_CHECKING:
    from sacmap.choose.plan import Plan
    from sacmap.publish.note_parts import Note
    from sacmap.publish.view import View
    from sacmap.result import Result

_REMEDY = "Install it with: python -m pip install matplotlib. Or leave {kind} out of --also."


def require_tools(kinds: Collection[str]) -> None:
    """Check, before any work is done, that these kinds of file can be written.

    Raises
    ------
    UsageError
        If matplotlib is needed and not installed.
    """
    if "png" in kinds:
        _require_matplotlib("png", "The picture (--also png) needs matplotlib, which is not installed.")
    if "pdf" in kinds and find_browser() is None:
        _require_matplotlib(
            "pdf",
            "The briefing (--also pdf) needs Edge, Chrome, Chromium or matplotlib, and none is installed.",
        )


def require_of_plan(kinds: Collection[str]) -> None:
    """Refuse kinds of file that a plan does not have.

    Raises
    ------
    UsageError
        If a file other than the GeoPackage is requested.
    """
    others = [kind for kind in kinds if kind != "gpkg"]
    if others:
        raise UsageError(
            f"A plan cannot be written as {others[0]}. Its --also takes only gpkg.",
            f"Use sacmap map --also {','.join(others)} for the map. Print the plan's page from a browser.",
        )


def _require_matplotlib(kind: str, cause: str) -> None:
    if find_spec("matplotlib") is None:
        raise UsageError(cause, _REMEDY.format(kind=kind))


def extra_files_of(result: Result, page: View, html: str, kinds: Sequence[str]) -> dict[str, bytes]:
    """Return the additional files, by suffix. `page` is what the page shows, `html` the page itself."""
    return {kind: _extra_file(kind, result, page, html) for kind in kinds}


def _extra_file(kind: str, result: Result, page: View, html: str) -> bytes:
    if kind == "xlsx":
        from sacmap.publish.workbook import workbook_of  # noqa: PLC0415 - loaded only when needed

        return workbook_of(page, result.ledger.record())
    if kind == "png":
        from sacmap.publish.picture import slide_of  # noqa: PLC0415 - matplotlib may not be installed

        return slide_of(page)
    return geopackage(page) if kind == "gpkg" else briefing(page, html, find_browser())


def geopackage(page: View, plan: Plan | None = None) -> bytes:
    """Return the layers for QGIS (GPKG)."""
    from sacmap.publish.geopackage import geopackage_of  # noqa: PLC0415 - loaded only when needed

    return geopackage_of(page, plan)


def require_word() -> None:
    """Find out before the work whether the note can be written.

    Raises
    ------
    UsageError
        If python-docx is not installed.
    """
    if find_spec("docx") is None:
        raise UsageError(
            "The note needs python-docx, which is not installed.",
            "Install it in the Python of sacmap: python -m pip install python-docx matplotlib.",
        )


def word(note: Note, current: Sequence[str]) -> bytes:
    """Return the note (DOCX), dated as its data."""
    from sacmap.publish.word_file import word_of  # noqa: PLC0415 - python-docx may not be installed

    return word_of(note, data_date(current))


def map_picture(page: View) -> bytes | None:
    """Return the map alone (PNG); None where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        return None
    from sacmap.publish.picture import map_of  # noqa: PLC0415 - matplotlib may not be installed

    return map_of(page)


def briefing(page: View, html: str, browser: str | None) -> bytes:
    """Return the one-page briefing (PDF), printed by the browser, or drawn by matplotlib, with a message.

    Raises
    ------
    UsageError
        If the browser does not make a PDF and matplotlib is not installed.
    """
    printed = print_page(browser, html, data_date(page.current)) if browser else None
    if printed is not None:
        return printed
    why = f"{browser} made no PDF" if browser else "Edge, Chrome or Chromium is not installed"
    _require_matplotlib("pdf", f"{why}, and matplotlib is not installed.")
    say(f"- {why}. matplotlib draws the briefing instead, without tags for screen readers.")
    from sacmap.publish.picture import briefing_of  # noqa: PLC0415 - matplotlib may not be installed

    return briefing_of(page)
