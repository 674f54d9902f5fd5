"""GeoJSON, GeoJSON lines, TopoJSON and Esri JSON: read by hand.

Libraries guess identifiers to be numbers, refuse rings that can be mended, and follow what a file names.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from sacmap.areas.coordinates import declared
from sacmap.areas.formats import KINDS, Kind, kind_of_json
from sacmap.areas.rows import NO_BOUNDARY, Rows, layer_of, of_polygons, polygon_of, rows_of
from sacmap.bounds import CORNERS, LAYERS, NESTED, TEXT, VALUES
from sacmap.errors import InputError
from sacmap.files.text import parse_json
from sacmap.notices import Notice

#: What reading JSON of another shape can raise.
_OTHER_SHAPE = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, ShapelyError)


def read_json(raw: bytes, where: Path | str, layer: str | None = None) -> Rows:
    """Read areas from JSON of any of the four kinds.

    Raises
    ------
    InputError
        If it is JSON of another kind, not whole, or larger than is read.
    """
    TEXT.require(len(raw), where)
    NESTED.require(raw.count(b"[") + raw.count(b"{"), where)
    VALUES.require(raw.count(b","), where)
    value, told = _parsed(raw, where)
    kind = (
        KINDS["geojsonseq"]
        if isinstance(value, list) and value and _is_feature(value[0])
        else kind_of_json(value)
    )
    if kind.remedy:
        raise InputError(f"{where} is {kind.words}{_said(value, kind)}.", kind.remedy)
    try:
        return _READERS[kind.key](value, where, layer).and_told(*told)
    except RecursionError:
        raise InputError(f"{where} is nested too deeply to be {kind.words}.", "Export it again.") from None
    except _OTHER_SHAPE as error:
        raise InputError(f"{where} is not valid {kind.words}{_why(error)}.", "Export it again.") from None


def _why(error: Exception) -> str:
    """Return what is wrong, where our own code or the parser says it in words."""
    return f" ({str(error)[:100]})" if type(error) is ValueError and str(error).isprintable() else ""


def _said(value: Any, kind: Kind) -> str:
    """Return what an error answer says, in brackets."""
    error = value.get("error") if isinstance(value, dict) and kind.key == "answer" else None
    said = error.get("message") if isinstance(error, dict) else None
    return f" ({said[:80]})" if isinstance(said, str) and said else ""


def _is_feature(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "Feature"


def _parsed(raw: bytes, where: Path | str) -> tuple[Any, tuple[Notice, ...]]:
    """Return the value of JSON, or the list of values of JSON lines, and what is told of its encoding."""
    told: tuple[Notice, ...] = ()
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError(f"{where} is not valid text.", "Export it again.") from None
        text = raw.decode("cp1252", errors="replace")
        told = (Notice("boundary-encoding", f"{where} is not UTF-8: its text is read as Windows-1252."),)
    text = text.removeprefix("\ufeff")
    try:
        with _uncollected():
            return parse_json(text), told
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" or text.lstrip().startswith("\x1e"):
            return _each_line(text, where), told
        raise InputError(
            f"{where} is not valid JSON: it is cut short or wrong at line {error.lineno}, column {error.colno}.",
            "Download or export it again.",
        ) from None
    except ValueError as error:
        raise InputError(f"{where} is not readable JSON ({str(error)[:80]}).", "Export it again.") from None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: millions of lists are made, none of them is any, and looking doubles the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _each_line(text: str, where: Path | str) -> list[Any]:
    """Return the values of JSON lines (newline-delimited, or with record separators)."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip("\x1e \t")
        if not plain:
            continue
        try:
            value = parse_json(plain)
        except ValueError:
            raise InputError(f"{where}, line {number}, is not valid JSON.", "Export it again.") from None
        if not _is_feature(value):
            raise InputError(f"{where}, line {number}, is not a GeoJSON feature.", "Export it again.")
        found.append(value)
    return found


# ── GeoJSON ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _geojson(whole: dict[str, Any], where: Path | str, _: str | None) -> Rows:
    if _is_feature(whole):
        features = [whole]
    elif "features" in whole:
        features = whole["features"]
    else:
        features = [{"geometry": whole}]
    return _of_features(features, _geojson_system(whole.get("crs"), where), where, _cut_off(whole, where))


def _lines(features: list[Any], where: Path | str, _: str | None) -> Rows:
    return _of_features(features, None, where, ())


def _of_features(
    features: Sequence[Any], system: pyproj.CRS | None, where: Path | str, told: Sequence[Notice]
) -> Rows:
    if not isinstance(features, list):
        raise ValueError("its features are not a list")
    records, ids = [], []
    for feature in features:
        properties = feature.get("properties") or {}
        records.append((dict(properties), *_geometry(feature.get("geometry"))))
        ids.append(feature.get("id"))
    return rows_of(records, system, where, given_ids=ids, told=told, by_standard=True)


def _geojson_system(crs: Any, where: Path | str) -> pyproj.CRS | None:
    """Return the coordinate system of a GeoJSON `crs` member, which the standard has no more but files still have."""
    if crs is None:
        return None
    properties = crs.get("properties") or {}
    if crs.get("type") == "EPSG" or "code" in properties:
        return declared(f"EPSG:{properties['code']}", where)
    if crs.get("type") == "link" or "href" in properties:
        raise InputError(
            f"{where} names an address for its coordinate system, and sacmap follows none.",
            "Say which it is with --crs, such as --crs EPSG:27700.",
        )
    name = properties.get("name")
    return None if name is None else declared(name, where)


def _cut_off(whole: Mapping[str, Any], where: Path | str) -> tuple[Notice, ...]:
    """Tell where a service sent only the first of its features."""
    properties = whole.get("properties")
    nested = isinstance(properties, dict) and properties.get("exceededTransferLimit") is True
    if whole.get("exceededTransferLimit") is not True and not nested:
        return ()
    text = (
        f"{where} is not whole: the service it comes from sent only the first areas (exceededTransferLimit). Download "
        "the rest too."
    )
    return (Notice("boundary-cut-off", text),)


def _geometry(raw: Any) -> tuple[BaseGeometry, str]:
    """Return a GeoJSON geometry's polygons and what had to be done to its rings."""
    if not raw:
        return shapely.Polygon(), NO_BOUNDARY
    mends: list[str] = []
    made = list(_polygons(raw, mends))
    return of_polygons(made), "; ".join(dict.fromkeys(mends))


def _polygons(raw: Mapping[str, Any], mends: list[str], depth: int = 0) -> Iterator[shapely.Polygon]:
    kind = raw["type"]
    if kind == "GeometryCollection":
        if depth > 10:
            raise ValueError("collections within collections")
        for part in raw["geometries"]:
            yield from _polygons(part, mends, depth + 1)
        return
    if kind not in {"Polygon", "MultiPolygon"}:
        # A line or a point among an area's parts encloses nothing.
        mends.append(f"a {str(kind)[:40]} left out")
        return
    for rings in [raw["coordinates"]] if kind == "Polygon" else raw["coordinates"]:
        polygon = polygon_of(rings, mends)
        if polygon is not None:
            yield polygon
    if not raw["coordinates"]:
        mends.append(NO_BOUNDARY)


# ── TopoJSON ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _topojson(whole: dict[str, Any], where: Path | str, layer: str | None) -> Rows:
    objects = whole["objects"]
    LAYERS.require(len(objects), where)
    named = [name for name, value in objects.items() if _has_polygons(value)]
    name = layer_of(named, layer, where, others=list(objects))
    arcs = _arcs(whole)
    top = objects[name]
    parts = top["geometries"] if top.get("type") == "GeometryCollection" else [top]
    _require_few(parts, arcs, where)
    records, ids = [], []
    for part in parts:
        mends: list[str] = []
        made = list(_topo_polygons(part, arcs, mends))
        if not made and not mends:
            mends.append(NO_BOUNDARY)
        records.append(
            (dict(part.get("properties") or {}), of_polygons(made), "; ".join(dict.fromkeys(mends)))
        )
        ids.append(part.get("id"))
    system = _geojson_system(whole.get("crs"), where)
    return rows_of(records, system, where, given_ids=ids, by_standard=True)


def _has_polygons(value: Mapping[str, Any]) -> bool:
    parts = value["geometries"] if value.get("type") == "GeometryCollection" else [value]
    return any(part.get("type") in {"Polygon", "MultiPolygon"} for part in parts)


def _require_few(parts: Sequence[Mapping[str, Any]], arcs: Sequence[Any], where: Path | str) -> None:
    """Refuse a topology that grows: an arc may be named any number of times, in a few bytes each."""

    def corners(part: Any) -> int:
        if isinstance(part, int):
            return len(arcs[part if part >= 0 else ~part])
        return sum(map(corners, part))

    total = 0
    for part in parts:
        total += corners(part["arcs"]) if part.get("type") in {"Polygon", "MultiPolygon"} else 0
        CORNERS.require(total, where)


def _arcs(whole: Mapping[str, Any]) -> list[np.ndarray]:
    """Return each arc's corners; quantised ones are sums of steps, scaled."""
    transform = whole.get("transform")
    found = []
    for raw in whole["arcs"]:
        arc = np.array([point[:2] for point in raw], dtype=float).reshape(-1, 2)
        if transform:
            arc = np.cumsum(arc, axis=0) * np.array(transform["scale"], float) + np.array(
                transform["translate"], float
            )
        found.append(arc)
    return found


def _topo_polygons(
    part: Mapping[str, Any], arcs: Sequence[np.ndarray], mends: list[str]
) -> Iterator[shapely.Polygon]:
    kind = part.get("type")
    if kind is None:
        return
    if kind not in {"Polygon", "MultiPolygon"}:
        mends.append(f"a {str(kind)[:40]} left out")
        return

    def ring(places: Sequence[int]) -> np.ndarray:
        pieces = [arcs[place] if place >= 0 else arcs[~place][::-1] for place in places]
        # The end of one piece is the start of the next.
        return np.vstack([pieces[0], *(piece[1:] for piece in pieces[1:])]) if pieces else np.empty((0, 2))

    for rings in [part["arcs"]] if kind == "Polygon" else part["arcs"]:
        polygon = polygon_of([ring(places) for places in rings], mends)
        if polygon is not None:
            yield polygon


# ── Esri JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _esrijson(whole: dict[str, Any], where: Path | str, _: str | None) -> Rows:
    records = []
    for feature in whole["features"]:
        geometry = feature.get("geometry")
        shape, mend = _esri_geometry(geometry) if geometry else (shapely.Polygon(), NO_BOUNDARY)
        records.append((dict(feature.get("attributes") or {}), shape, mend))
    reference = whole.get("spatialReference")
    if reference is None:
        geometries = [feature["geometry"] for feature in whole["features"] if feature.get("geometry")]
        reference = geometries[0].get("spatialReference") if geometries else None
    return rows_of(records, _esri_system(reference, where), where, told=_cut_off(whole, where))


def _esri_system(reference: Any, where: Path | str) -> pyproj.CRS | None:
    if not reference:
        return None
    code = reference.get("latestWkid") or reference.get("wkid")
    if code is None:
        text = reference.get("wkt") or reference.get("wkt2")
        return declared(text, where) if text else None
    # Esri's own codes are of six digits and begin with 102.
    return declared(f"{'ESRI' if 37_000 <= int(code) <= 199_999 else 'EPSG'}:{int(code)}", where)


def _esri_geometry(geometry: Mapping[str, Any]) -> tuple[BaseGeometry, str]:
    """Return the polygons of Esri's rings: outer ones run clockwise, holes the other way and lie in one of them."""
    if "rings" not in geometry:
        kind = "curve" if "curveRings" in geometry else "geometry that is no polygon"
        return shapely.Polygon(), f"a {kind} left out"
    mends: list[str] = []
    shells: list[shapely.Polygon] = []
    holes: list[shapely.Polygon] = []
    for ring in geometry["rings"]:
        polygon = polygon_of([ring], mends)
        if polygon is not None:
            (holes if polygon.exterior.is_ccw else shells).append(polygon)
    if not shells:
        # Some writers turn rings the other way.
        shells, holes = holes, []
    return of_polygons(_with_holes(shells, holes)), "; ".join(dict.fromkeys(mends))


def _with_holes(shells: Sequence[shapely.Polygon], holes: Sequence[shapely.Polygon]) -> list[shapely.Polygon]:
    """Give each hole to the smallest shell that holds a corner of it; one in no shell is a shell itself."""
    inside: list[list[Any]] = [[] for _ in shells]
    owner: dict[int, int] = {}
    if holes and shells:
        corners = shapely.points([hole.exterior.coords[0] for hole in holes])
        # Points in polygons can be told even where a polygon is not valid.
        hole_at, shell_at = shapely.STRtree(shells).query(corners, predicate="covered_by")
        for hole, shell in sorted(
            zip(hole_at, shell_at, strict=True), key=lambda pair: -shells[pair[1]].area
        ):
            owner[int(hole)] = int(shell)
    alone = []
    for place, hole in enumerate(holes):
        if place in owner:
            inside[owner[place]].append(hole.exterior)
        else:
            alone.append(hole)
    return [*(shapely.Polygon(s.exterior, more) for s, more in zip(shells, inside, strict=True)), *alone]


_READERS: dict[str, Callable[[Any, Path | str, str | None], Rows]] = {
    "geojson": _geojson,
    "geojsonseq": _lines,
    "topojson": _topojson,
    "esrijson": _esrijson,
}
