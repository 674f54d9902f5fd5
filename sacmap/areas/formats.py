"""Find the kind of a file from its first bytes, its root element or its JSON structure, never from its name.

This is the one place that decides which reader opens a boundary file and which one GDAL driver may. GDAL left to itself
goes through 60 drivers, and some of them take a text of the right form for a recipe: it names other files or addresses,
which are then read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

#: Number of bytes at the start of a file that show its kind.
START = 1 << 16


class Kind(NamedTuple):
    """A kind of file.

    driver is the one GDAL driver that may open it, or empty where GDAL does not; remedy is what to do about a kind that
    is not read, or empty where it is read.
    """

    key: str
    words: str
    driver: str = ""
    remedy: str = ""

    @property
    def may_be_areas(self) -> bool:
        """Whether such a file may hold areas itself: a ZIP holds other files, and JSON shows it by its structure."""
        return self.key == "json" or not (self.remedy or self.key in PACKED)


_READ = "Give GeoJSON, GeoPackage, a shapefile or another file of areas."
_GIS = "Open it in QGIS and export the areas as GeoPackage."
_EXPORT = "Export the areas as GeoPackage or GeoJSON."
_RECIPE = "Give the file of areas itself; a file that names others is never followed."
_UNPACK = "Unpack it and give the file of areas in it."

#: Kinds that hold other files.
PACKED = {"zip", "gzip"}
KINDS = {
    kind.key: kind
    for kind in (
        Kind("geojson", "GeoJSON"),
        Kind("geojsonseq", "GeoJSON lines"),
        Kind("topojson", "TopoJSON"),
        Kind("esrijson", "Esri JSON"),
        Kind("kml", "KML"),
        Kind("csv", "CSV"),
        Kind("parquet", "GeoParquet"),
        Kind("gpkg", "a GeoPackage", "GPKG"),
        Kind("shp", "a shapefile", "ESRI Shapefile"),
        Kind("gdb", "a file geodatabase", "OpenFileGDB"),
        Kind("fgb", "FlatGeobuf", "FlatGeobuf"),
        Kind("tab", "a MapInfo table", "MapInfo File"),
        Kind("mif", "a MapInfo interchange file", "MapInfo File"),
        Kind("zip", "a ZIP"),
        Kind("gzip", "a gzip file"),
        # Kinds that are not read.
        Kind("json", "JSON, but none of areas", remedy=_EXPORT),
        Kind("xml", "XML, but none of areas", remedy=_EXPORT),
        Kind("text", "text, but none of areas", remedy=_READ),
        Kind("unknown", "of no kind that boundaries are read from", remedy=_READ),
        Kind("empty", "empty", remedy="Download or export it again."),
        Kind("gdalg", "a GDALG recipe, which names other files", remedy=_RECIPE),
        Kind("vrt", "a VRT recipe, which names other files", remedy=_RECIPE),
        Kind("tabview", "a MapInfo table that names other files", remedy=_RECIPE),
        Kind("link", "a shortcut to another file", remedy=_RECIPE),
        Kind("service", "the description of a web service, not the areas themselves", remedy=_RECIPE),
        Kind("gml", "GML", remedy=_GIS),
        Kind("gpx", "GPX, which holds points and tracks", remedy=_EXPORT),
        Kind("svg", "an SVG picture", remedy=_EXPORT),
        Kind("html", "a web page", remedy="Download the file itself: the page may be a sign-in or an error."),
        Kind("metadata", "metadata, a description of another file", remedy="Give the file it describes."),
        Kind("project", "a GIS project, which names the files of areas", remedy="Give the file of areas itself."),
        Kind("answer", "an error answer of a map service", remedy="Download the areas again."),
        Kind("osm", "OpenStreetMap data", remedy=_GIS),
        Kind("script", "a script, not data", remedy=_EXPORT),
        Kind("sqlite", "a database that is no GeoPackage", remedy=_GIS),
        Kind("xlsx", "a workbook", remedy="Boundaries are polygons: give the file of areas, and the workbook by "
             "--households if that is what it holds."),
        Kind("docx", "a Word document", remedy="A map in it cannot be read: ask for the file it was drawn from."),
        Kind("street", "a file of crimes", remedy="Give crimes by --crimes, and the file of areas by --boundaries."),
        Kind("xls", "an old Office file", remedy="Boundaries are polygons: give the file of areas."),
        Kind("pdf", "a PDF", remedy="A picture of areas cannot be read: ask for the file it was drawn from."),
        Kind("picture", "a picture", remedy="A picture of areas cannot be read: ask for the file it was drawn from."),
        Kind("dwg", "a drawing (DWG or DXF)", remedy=_GIS),
        Kind("7z", "a 7-Zip archive", remedy=_UNPACK),
        Kind("rar", "a RAR archive", remedy=_UNPACK),
        Kind("tar", "a tar archive", remedy=_UNPACK),
        Kind("bzip2", "a bzip2 file", remedy=_UNPACK),
        Kind("xz", "an xz file", remedy=_UNPACK),
        Kind("shx", "the index of a shapefile", remedy="Give the .shp of the same name."),
        Kind("dbf", "the table of a shapefile", remedy="Give the .shp of the same name."),
        Kind("prj", "a part of a shapefile", remedy="Give the .shp of the same name."),
        Kind("tabpart", "a part of a MapInfo table", remedy="Give the .tab of the same name."),
        Kind("mid", "the table of a MapInfo interchange file", remedy="Give the .mif of the same name."),
        Kind("lfs", "a pointer of Git LFS, not the file itself", remedy="Run git lfs pull."),
        Kind("gdbpart", "a part of a file geodatabase", remedy="Give the folder that ends in .gdb."),
        Kind("doctype", "XML with a document type, which can name other files and grow without end",
             remedy="Export it again, or take the DOCTYPE out."),
        Kind("badxml", "not whole XML", remedy="Export it again."),
    )
}  # fmt: skip

#: First bytes of each kind.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"fgb\x03fgb", "fgb"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"II*\0", "picture"),
    (b"MM\0*", "picture"),
    (b"II+\0", "picture"),
    (b"BM", "picture"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"L\0\0\0\x01\x14\x02\0", "link"),
    (b"[InternetShortcut]", "link"),
    (b"AC10", "dwg"),
)
#: Root elements without their namespaces, in lower case.
_ROOTS = {
    "kml": "kml",
    "ogrvrtdatasource": "vrt",
    "vrtdataset": "vrt",
    "gdal_wms": "service",
    "ogrwfsdatasource": "service",
    "wfs_capabilities": "service",
    "wms_capabilities": "service",
    "capabilities": "service",
    "exceptionreport": "answer",
    "serviceexceptionreport": "answer",
    "featurecollection": "gml",
    "gpx": "gpx",
    "svg": "svg",
    "html": "html",
    "metadata": "metadata",
    "md_metadata": "metadata",
    "mi_metadata": "metadata",
    "qgis": "project",
    "qlr": "project",
    "osm": "osm",
}


def kind_of(start: bytes) -> Kind:
    """Return the kind of a file from its first bytes (`START` of them, or all).

    JSON is `json` here: `kind_of_json` knows which, from the whole.
    """
    if not start.strip(b"\0 \t\r\n"):
        return KINDS["empty"]
    if start.startswith(b"SQLite format 3\0"):
        return KINDS["gpkg" if start[68:72] in (b"GPKG", b"GP10", b"GP11") else "sqlite"]
    if start.startswith(b"\0\0\x27\x0a") and len(start) >= 100:
        return KINDS["shp"]
    for magic, key in _MAGIC:
        if start.startswith(magic) and not (magic == b"BM" and start.isascii()):
            return KINDS[key]
    if start[257:262] == b"ustar":
        return KINDS["tar"]
    return _kind_of_text(start)


#: Beginnings of texts that are neither JSON nor XML, in lower case.
_BEGINNINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"!table"), "tab"),
    (re.compile(r"version\s+\d+\s(?=.*(\bcolumns\s+\d|\bcharset\b|\bdelimiter\b))", re.DOTALL), "mif"),
    (re.compile(r"((var|let|const|export)\s|window\.)(?=.*\{)", re.DOTALL), "script"),
    (re.compile(r"0\s+section\b"), "dwg"),
    (re.compile(r"version https://git-lfs"), "lfs"),
    (re.compile(r'"?crime id"?,"?month"?,'), "street"),
    (re.compile(r"(?=.*[,;\t|])", re.DOTALL), "csv"),
)


def _kind_of_text(start: bytes) -> Kind:
    text = _text_of_start(start)
    if text is None:
        return KINDS["unknown"]
    text = text.lstrip("\ufeff \t\r\n\x1e")
    if text.startswith("<"):
        return kind_of_xml(start)
    if text.startswith(("{", "[")):
        return KINDS["json"]
    begins = text[:4_000].lower()
    key = next((key for pattern, key in _BEGINNINGS if pattern.match(begins)), "text")
    return KINDS["tabview" if key == "tab" and not _names_no_other(text) else key]


def _text_of_start(start: bytes) -> str | None:
    """Return the start of a text file as text, its last character perhaps cut; None where it is no text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return start[: len(start) // 2 * 2].decode("utf-16", errors="replace")
    if b"\0" in start:
        return None
    return start.decode("utf-8", errors="replace")


def _names_no_other(text: str) -> bool:
    """Whether a MapInfo table is of its own files: views, seamless, linked and picture tables name others."""
    lower = text.lower()
    kind = re.search(r"definition\s+table\s+type\s+(\w+)", lower)
    others = re.search(
        r"open\s+table|create\s+view|isseamless|^\s*file\s+\"|\bfile\s*=|begin_metadata.*\.tab", lower, re.M
    )
    return bool(kind and kind[1] in ("native", "dbf") and not others)


def kind_of_xml(start: bytes) -> Kind:
    """Return the kind of XML from its root element; a document type is refused, for it can name other files."""
    found: list[str] = []

    class Enough(Exception):  # noqa: N818
        """The root was seen."""

    def doctype(*_: object) -> None:
        found.append("doctype")
        raise Enough

    def root(name: str, _: Mapping[str, str]) -> None:
        found.append(name.rpartition(":")[2].casefold())
        raise Enough

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        parser.Parse(start, False)
    except Enough:
        pass
    except (expat.ExpatError, ValueError, LookupError):
        return KINDS[
            "html" if re.search(rb"<html|<!doctype html", start[:2_000], re.IGNORECASE) else "badxml"
        ]
    if not found:
        return KINDS["badxml"]
    if found[0] == "doctype":
        return KINDS["html" if re.search(rb"<!doctype\s+html", start, re.IGNORECASE) else "doctype"]
    return KINDS[_ROOTS.get(found[0], "xml")]


#: `type` of JSON → kind.
_JSON_TYPES = {
    "Topology": "topojson",
    "gdal_streamed_alg": "gdalg",
    **dict.fromkeys(
        (
            "FeatureCollection", "Feature", "GeometryCollection", "Point", "MultiPoint", "LineString",
            "MultiLineString", "Polygon", "MultiPolygon",
        ),
        "geojson",
    ),
}  # fmt: skip


def kind_of_json(value: object) -> Kind:
    """Return the kind of JSON from its structure."""
    if not isinstance(value, dict):
        return KINDS["json"]
    said, features = value.get("type"), value.get("features")
    if isinstance(said, str) and said in _JSON_TYPES:
        return KINDS[_JSON_TYPES[said]]
    if isinstance(value.get("error"), dict) and features is None:
        return KINDS["answer"]
    if not isinstance(features, list):
        return KINDS["json"]
    esri = any(name in value for name in ("geometryType", "spatialReference", "fieldAliases"))
    first = features[0] if features else None
    return KINDS["esrijson" if esri or (isinstance(first, dict) and "attributes" in first) else "geojson"]
