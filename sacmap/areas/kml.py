"""Read KML, KMZ and folders of KML without a library, so that no link in them is opened.

Folders are one set of areas. What an area is called stands in its name, in ExtendedData, or, as ArcGIS writes it, in a
table in its description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from sacmap.areas.encodings import read_as_windows
from sacmap.areas.formats import KINDS, START, kind_of_xml
from sacmap.areas.layer_rows import NO_BOUNDARY, Rows, of_polygons, polygon_of, rows_of
from sacmap.errors import InputError
from sacmap.limits import CORNERS, FEATURES, TEXT
from sacmap.notices import Notice

#: How a file begins whose encoding is UTF-8, declared or not.
_UTF8 = re.compile(rb"\s*+(<\?xml(?![^>]*encoding\s*=\s*.(?!utf-?8))|<(?!\?xml))", re.IGNORECASE)
#: Real KML does not nest folders and geometries deeper than this.
DEEPEST = 60


def read_kml(files: Sequence[tuple[str, bytes]], where: Path | str, layer: str | None) -> Rows:
    """Read the areas of some KML files, (name, content), one after another; of a `layer`, the folder or file so called.

    Raises
    ------
    InputError
        If one is not whole KML, is too large, or none has a polygon.
    """
    TEXT.require(sum(len(raw) for _, raw in files), where)
    records: list[tuple[dict[str, object], BaseGeometry, str]] = []
    ids: list[str | None] = []
    folders: dict[str, None] = {}
    linked = ignored = False
    notices: list[Notice] = []
    for name, content in files:
        raw, told = _as_declared(content, where)
        notices += told
        root = _root(raw, where if len(files) == 1 else f"{where}, {name}")
        for element, path in _walk(root):
            tag = _tag(element)
            if tag == "NetworkLink":
                linked = True
            if tag != "Placemark":
                continue
            within = [*path, Path(name).stem]
            folders.update(dict.fromkeys(within))
            if layer is not None and layer.casefold() not in map(str.casefold, within):
                continue
            shape, mend, is_area = _geometry(element, where)
            if not is_area:
                # Pins and routes are not areas.
                ignored = True
                continue
            records.append((_columns(element, path), shape, mend))
            ids.append(element.get("id"))
            FEATURES.require(len(records), where)
    if not records:
        raise _nothing(where, layer, linked=linked, ignored=ignored, folders=list(folders))
    if linked and len(files) == 1:
        text = f"{where} links to other files or addresses, which were not opened."
        notices.append(Notice("boundary-links", text))
    return rows_of(records, None, where, given_ids=ids, notices=dict.fromkeys(notices), by_standard=True)


def one_area(name: str, raw: bytes, where: Path | str) -> tuple[dict[str, object], BaseGeometry, str]:
    """Return the area of a police.uk KML file: all its polygons, with the file name as identifier.

    Raises
    ------
    InputError
        If it is not valid KML.
    """
    rows = [
        (_columns(element, path), *_geometry(element, where))
        for element, path in _walk(_root(_as_declared(raw, where)[0], where))
        if _tag(element) == "Placemark"
    ]
    given = next((str(columns["name"]) for columns, *_ in rows if columns.get("name")), "")
    parts = [part for _, shape, _, _ in rows for part in shapely.get_parts(shape)]
    mends = [mend for _, _, mend, is_area in rows if is_area and mend]
    return {"id": name, "name": given or name}, *of_polygons(parts, mends)


def _nothing(
    where: Path | str, layer: str | None, *, linked: bool, ignored: bool, folders: Sequence[str]
) -> InputError:
    if layer is not None and folders:
        return InputError(
            f"{where} has no folder {layer!r} with areas (it has {', '.join(folders[:12])}).",
            "Check --layer.",
        )
    if linked and not ignored:
        return InputError(
            f"{where} has only a link to another file or address, which was not followed.",
            "Export it again with the data in it: in Google My Maps, without “keep data up to date”.",
        )
    return InputError(
        f"{where} has no polygons, only points or lines, which are not read of KML.",
        "Give a file with a polygon for each neighbourhood. For --context, export it as GeoJSON or GeoPackage.",
    )


def _as_declared(raw: bytes, where: Path | str) -> tuple[bytes, tuple[Notice, ...]]:
    """Return KML in the encoding it declares: some programs write Windows-1252 and call it UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        if _UTF8.match(raw):
            text, notices = read_as_windows(raw, where)
            return text.encode(), notices
    return raw, ()


def _root(raw: bytes, where: Path | str) -> ET.Element:
    kind = kind_of_xml(raw[:START] if b"<kml" in raw[:START] else raw)
    if kind.key == "doctype" or b"<!ENTITY" in raw:
        kind = KINDS["doctype"]
    if kind.key != "kml":
        raise InputError(f"{where} is {kind.words}, not KML.", kind.remedy or "Give the file of areas.")
    try:
        return ET.fromstring(raw)  # noqa: S314  # document types and entities are refused above
    except (ET.ParseError, ValueError, LookupError):
        raise InputError(f"{where} is not valid KML.", "Download or export it again.") from None


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _walk(root: ET.Element) -> Iterator[tuple[ET.Element, tuple[str, ...]]]:
    """Yield every element with the names of its folders; without recursion, because files may be nested deeply."""
    waiting: list[tuple[ET.Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, path = waiting.pop()
        yield element, path
        tag = _tag(element)
        if tag in {"Placemark", "Style", "StyleMap", "Schema", "NetworkLink"}:
            continue
        inner = path
        if tag == "Folder" and len(path) < DEEPEST:
            inner = (*path, _child_text(element, "name"))
        waiting += [(child, inner) for child in reversed(element)]


def _child_text(element: ET.Element, tag: str) -> str:
    return element.findtext(f"{{*}}{tag}", "").strip()


def _columns(placemark: ET.Element, path: tuple[str, ...]) -> dict[str, object]:
    """Return the columns of a placemark: its data, then its name and its innermost folder."""
    found: dict[str, object] = {}
    for element in placemark.iter():
        tag = _tag(element)
        if tag == "Data" and element.get("name"):
            found[str(element.get("name"))] = _child_text(element, "value")
        elif tag == "SimpleData" and element.get("name"):
            found[str(element.get("name"))] = (element.text or "").strip()
    if not found:
        found = _table_in(_child_text(placemark, "description"))
    # A column of the same name in the data is more specific.
    taken = {name.casefold() for name in found}
    for name, value in (("name", _child_text(placemark, "name")), ("folder", path[-1] if path else "")):
        if name not in taken:
            found[name] = value
    return found


class _Cells(HTMLParser):
    """The texts of the cells of a table, as a list for each row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Begin a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
        self._open = tag in {"td", "th"}

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in {"td", "th", "tr"}:
            self._open = False

    def handle_data(self, data: str) -> None:
        """Add text to the cell that is open."""
        if self._open and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def _table_in(description: str) -> dict[str, object]:
    """Return the attributes from the HTML table of two columns that ArcGIS writes."""
    if "<table" not in description.lower() or len(description) > 100_000:
        return {}
    cells = _Cells()
    cells.feed(description)
    pairs = [[cell.strip() for cell in row] for row in cells.rows if len(row) == 2]
    return {name: ("" if value == "<Null>" else value) for name, value in pairs if name}


def _geometry(placemark: ET.Element, where: Path | str) -> tuple[BaseGeometry, str, bool]:
    """Return the polygons of a placemark, what was repaired in its rings, and whether it is an area."""
    mends: list[str] = []
    made = []
    kinds = {_tag(element) for element in placemark.iter()}
    for element in placemark.iterfind(".//{*}Polygon"):
        rings = [
            _corners(ring.text or "", where)
            for edge in ("outerBoundaryIs", "innerBoundaryIs")
            for ring in element.iterfind(f"{{*}}{edge}//{{*}}coordinates")
        ]
        polygon = polygon_of(rings, mends)
        if polygon is not None:
            made.append(polygon)
    is_area = "Polygon" in kinds or not kinds & {"Point", "LineString", "LinearRing", "Track", "Model"}
    if is_area and not made and not mends:
        mends.append(NO_BOUNDARY)
    if made and kinds & {"Point", "LineString"}:
        mends.append("points and lines left out")
    return *of_polygons(made, mends), is_area


def _corners(text: str, where: Path | str) -> np.ndarray:
    """Return the corners of "lon,lat,height lon,lat,height …"; a space after a comma is forgiven."""
    tuples = re.sub(r"\s*,\s*", ",", text).split()
    CORNERS.require(len(tuples), where)
    try:
        found = np.array([one.split(",")[:2] for one in tuples], dtype=float).reshape(-1, 2)
    except ValueError:
        raise InputError(
            f"{where} has a corner that is not a longitude and a latitude.", "Export it again."
        ) from None
    if not np.isfinite(found).all():
        raise InputError(f"{where} has a corner that is not a number.", "Export it again.")
    return found
