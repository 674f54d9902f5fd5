"""The files beside the page that partners use: --also xlsx,gpkg,png,pdf."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sacmap.publish.geopackage import geopackage_of
from sacmap.publish.present import page_of
from sacmap.publish.workbook import workbook_of

if TYPE_CHECKING:
    from sacmap.job import Result


def also_of(result: Result) -> dict[str, bytes]:
    """Return the files the study asks for beside the page, by suffix."""
    page = page_of(result)
    makers: dict[str, Callable[[], bytes]] = {
        "xlsx": lambda: workbook_of(page, result.ledger.record()),
        "gpkg": lambda: geopackage_of(page),
    }
    return {kind: makers[kind]() for kind in result.study.also}
