"""Read GeoJSON, GeoJSON lines, TopoJSON and Esri JSON.

No library is used: they turn identifiers into numbers, refuse rings that can be repaired, and open files and addresses
that a file names.
"""

from __future__ import annotations

import gc
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

import numpy as np
import pyproj
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from sacmap.areas.coordinates import declared
from sacmap.areas.encodings import read_as_windows
from sacmap.areas.formats import KINDS, Kind, kind_of_json
from sacmap.areas.layer_rows import NO_BOUNDARY, Ring, Rows, layer_of, of_polygons, polygon_of, rows_of
from sacmap.errors import InputError
from sacmap.files.json_shape import JsonObject
from sacmap.files.text import parse_json
from sacmap.limits import CORNERS, LAYERS, NESTED, VALUES
from sacmap.notices import Notice

#: The numbers of TopoJSON arcs, in lists of any depth; ~n is arc n backwards.
ArcNumbers: TypeAlias = "int | list[ArcNumbers]"
_POLYGONS = ("Polygon", "MultiPolygon")
#: What reading JSON of an unexpected shape can raise.
_OTHER_SHAPE = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, ShapelyError)


def read_json(raw: bytes, where: Path | str, layer: str | None, name: str) -> Rows:
    """Read areas from JSON of any of the four kinds. All but TopoJSON have one layer, the file's `name`.

    Raises
    ------
    InputError
        If it is JSON of another kind, incomplete, or too large, or has no such layer.
    """
    NESTED.require(raw.count(b"[") + raw.count(b"{"), where)
    VALUES.require(raw.count(b","), where)
    value, notices = _parsed(raw, where)
    kind = (
        KINDS["geojsonseq"]
        if isinstance(value, list) and value and _is_feature(value[0])
        else kind_of_json(value)
    )
    if kind.remedy:
        _require_no_inner(value, where)
        raise InputError(f"{where} is {kind.words}{_said(value, kind)}.", kind.remedy)
    if kind.key != "topojson":
        layer_of([name], layer, where)
    try:
        rows = _READERS[kind.key](value, where, layer)
    except RecursionError:
        raise InputError(f"{where} is nested too deeply to be {kind.words}.", "Export it again.") from None
    except _OTHER_SHAPE as error:
        raise InputError(f"{where} is not valid {kind.words}{_why(error)}.", "Export it again.") from None
    return replace(rows, notices=(*rows.notices, *notices))


def _require_no_inner(value: object, where: Path | str) -> None:
    """Refuse JSON that has areas further inside, such as a list of pages, and say where."""
    found = list(itertools.islice(_inner(value), 1_000))
    if found:
        place, words = found[0]
        raise InputError(
            f"{where} has its areas further inside: {words} at {place}"
            + (f", and {len(found) - 1} more." if len(found) > 1 else "."),
            "Save that part as a file of its own."
            if len(found) == 1
            else "Save each part as a file of its own. Parts of one map can be joined in QGIS (Merge Vector Layers).",
        )


def _inner(value: object, at: str = "", depth: int = 4) -> Iterator[tuple[str, str]]:
    """Yield where in JSON its first areas are, and of which kind, such as ("layers 1 featureSet", "Esri JSON")."""
    several = (
        value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, list) else ()
    )
    for key, one in several if depth else ():
        place, kind = f"{at} {str(key)[:40]}".strip(), kind_of_json(one)
        if not kind.remedy:
            yield place, kind.words
        elif kind.key == "json":
            yield from _inner(one, place, depth - 1)


def _why(error: Exception) -> str:
    """Return the reason in brackets, if the error has one in words."""
    return f" ({str(error)[:100]})" if type(error) is ValueError and str(error).isprintable() else ""


def _said(value: object, kind: Kind) -> str:
    """Return what an error answer says, in brackets."""
    error = value.get("error") if isinstance(value, dict) and kind.key == "answer" else None
    said = error.get("message") if isinstance(error, dict) else None
    return f" ({said[:80]})" if isinstance(said, str) and said else ""


def _is_feature(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict) and value.get("type") == "Feature"


def _parsed(raw: bytes, where: Path | str) -> tuple[object, tuple[Notice, ...]]:
    """Return the value of JSON, or the features of JSON lines, and a notice about the encoding if it is not UTF-8."""
    notices: tuple[Notice, ...] = ()
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError(f"{where} is not valid text.", "Export it again.") from None
        text, notices = read_as_windows(raw, where)
    text = text.removeprefix("\ufeff")
    try:
        with _uncollected():
            return parse_json(text), notices
    except json.JSONDecodeError as error:
        # Python takes a record separator for a space, so lstrip() alone would take it away.
        if error.msg == "Extra data" or text.lstrip(" \t\r\n").startswith("\x1e"):
            return _each_line(text, where), notices
        raise InputError(
            f"{where} is not valid JSON: it is cut short or wrong at line {error.lineno}, column {error.colno}.",
            "Download or export it again.",
        ) from None
    except ValueError as error:
        raise InputError(f"{where} is not readable JSON ({str(error)[:80]}).", "Export it again.") from None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause garbage collection: parsing makes millions of lists, all in use, and checking them doubles the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _each_line(text: str, where: Path | str) -> list[JsonObject]:
    """Return the features of JSON lines (newline-delimited, or with record separators)."""
    found = []
    for number, line in enumerate(re.split(r"\r\n?|\n", text), 1):
        plain = line.strip("\x1e \t")
        if not plain:
            continue
        try:
            value = parse_json(plain)
        except ValueError:
            raise InputError(f"{where}, line {number}, is not valid JSON.", "Export it again.") from None
        if not _is_feature(value):
            raise InputError(
                f"{where}, line {number}, is not a GeoJSON feature.",
                "Write one feature in each line, or all in one FeatureCollection.",
            )
        found.append(value)
    return found


# ── GeoJSON ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _geojson(whole: JsonObject, where: Path | str, _: str | None) -> Rows:
    if _is_feature(whole):
        features = [whole]
    elif "features" in whole:
        features = whole["features"]
    else:
        features = [{"geometry": whole}]
    return _of_features(features, _geojson_system(whole.get("crs"), where), where, _cut_off(whole, where))


def _of_features(
    features: Sequence[JsonObject], system: pyproj.CRS | None, where: Path | str, notices: Iterable[Notice]
) -> Rows:
    if not isinstance(features, list):
        raise ValueError("its features are not a list")
    records, ids = [], []
    for feature in features:
        properties = feature.get("properties") or {}
        records.append((dict(properties), *_geometry(feature.get("geometry"))))
        ids.append(feature.get("id"))
    return rows_of(records, system, where, given_ids=ids, notices=notices, by_standard=True)


def _geojson_system(crs: JsonObject | None, where: Path | str) -> pyproj.CRS | None:
    """Return the coordinate system of a GeoJSON `crs` member, which is no longer standard but still in use."""
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


def _cut_off(whole: JsonObject, where: Path | str) -> Iterator[Notice]:
    """Warn if a service sent only the first of its features."""
    if any(
        isinstance(one, dict) and one.get("exceededTransferLimit") is True
        for one in (whole, whole.get("properties"))
    ):
        yield Notice(
            "boundary-cut-off",
            f"{where} is not whole: the service it comes from sent only the first areas (exceededTransferLimit). "
            "Download the rest too.",
        )


def _geometry(raw: JsonObject | None) -> tuple[BaseGeometry, str]:
    """Return the polygons of a GeoJSON geometry, and what was repaired in its rings."""
    if not raw:
        return shapely.Polygon(), NO_BOUNDARY
    mends: list[str] = []
    return of_polygons(list(_polygons(raw, mends)), mends)


def _polygons(raw: JsonObject, mends: list[str]) -> Iterator[shapely.Polygon]:
    for one in _simple(raw):
        yield from _made(one["type"], one.get("coordinates"), mends)
        if one["type"] in _POLYGONS and not one["coordinates"]:
            mends.append(NO_BOUNDARY)


def _simple(part: JsonObject, depth: int = 0) -> Iterator[JsonObject]:
    """Yield the simple geometries of a GeoJSON or TopoJSON geometry, which may be a collection of them."""
    if part.get("type") != "GeometryCollection":
        yield part
        return
    if depth > 10:
        raise ValueError("collections within collections")
    for inner in part["geometries"]:
        yield from _simple(inner, depth + 1)


def _made(
    kind: str, parts: Any, mends: list[str], ring_of: Callable[[Any], Ring] = lambda ring: ring
) -> Iterator[shapely.Polygon]:
    """Yield the polygons of a geometry. A line or a point among an area's parts encloses nothing."""
    if kind not in _POLYGONS:
        mends.append(f"a {str(kind)[:40]} left out")
        return
    for rings in [parts] if kind == "Polygon" else parts:
        polygon = polygon_of([ring_of(ring) for ring in rings], mends)
        if polygon is not None:
            yield polygon


# ── TopoJSON ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _topojson(whole: JsonObject, where: Path | str, layer: str | None) -> Rows:
    objects = whole["objects"]
    LAYERS.require(len(objects), where)
    named = [name for name, value in objects.items() if _has_polygons(value)]
    name = layer_of(named, layer, where, others=list(objects))
    arcs = _arcs(whole)
    parts = _parts(objects[name])
    _require_few(parts, arcs, where)
    records, ids = [], []
    for part in parts:
        mends: list[str] = []
        made = [polygon for one in _simple(part) for polygon in _topo_polygons(one, arcs, mends)]
        if not made and not mends:
            mends.append(NO_BOUNDARY)
        records.append((dict(part.get("properties") or {}), *of_polygons(made, mends)))
        ids.append(part.get("id"))
    system = _geojson_system(whole.get("crs"), where)
    return rows_of(records, system, where, given_ids=ids, by_standard=True)


def _parts(value: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = value["geometries"] if value.get("type") == "GeometryCollection" else [value]
    return found


def _has_polygons(value: JsonObject) -> bool:
    return any(one.get("type") in _POLYGONS for one in _simple(value))


def _require_few(parts: Sequence[JsonObject], arcs: Sequence[np.ndarray], where: Path | str) -> None:
    """Refuse a topology that grows when read: a few bytes can name an arc again and again."""

    def corners(part: ArcNumbers) -> int:
        if isinstance(part, int):
            return len(arcs[part if part >= 0 else ~part])
        return sum(map(corners, part))

    total = 0
    for one in itertools.chain.from_iterable(map(_simple, parts)):
        total += corners(one["arcs"]) if one.get("type") in _POLYGONS else 0
        CORNERS.require(total, where)


def _arcs(whole: JsonObject) -> list[np.ndarray]:
    """Return the corners of each arc; quantised arcs are scaled sums of steps."""
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
    part: JsonObject, arcs: Sequence[np.ndarray], mends: list[str]
) -> Iterator[shapely.Polygon]:
    def ring(numbers: Sequence[int]) -> np.ndarray:
        pieces = [arcs[number] if number >= 0 else arcs[~number][::-1] for number in numbers]
        # The end of one piece is the start of the next.
        return np.vstack([pieces[0], *(piece[1:] for piece in pieces[1:])]) if pieces else np.empty((0, 2))

    kind = part.get("type")
    if kind is not None:
        yield from _made(kind, part.get("arcs"), mends, ring)


# ── Esri JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _esrijson(whole: JsonObject, where: Path | str, _: str | None) -> Rows:
    records = []
    for feature in whole["features"]:
        geometry = feature.get("geometry")
        if geometry and "curveRings" in geometry:
            raise InputError(
                f"{where} has boundaries with curves (curveRings), which are not read.",
                "Ask the service for f=geojson, or for returnTrueCurves=false; or run Densify in ArcGIS.",
            )
        shape, mend = _esri_geometry(geometry) if geometry else (shapely.Polygon(), NO_BOUNDARY)
        records.append((dict(feature.get("attributes") or {}), shape, mend))
    reference = whole.get("spatialReference")
    if reference is None:
        geometries = [feature["geometry"] for feature in whole["features"] if feature.get("geometry")]
        reference = geometries[0].get("spatialReference") if geometries else None
    return rows_of(records, _esri_system(reference, where), where, notices=_cut_off(whole, where))


def _esri_system(reference: JsonObject | None, where: Path | str) -> pyproj.CRS | None:
    if not reference:
        return None
    code = reference.get("latestWkid") or reference.get("wkid")
    if code is None:
        text = reference.get("wkt") or reference.get("wkt2")
        return declared(text, where) if text else None
    # Esri's own codes have six digits and begin with 102.
    return declared(f"{'ESRI' if 37_000 <= int(code) <= 199_999 else 'EPSG'}:{int(code)}", where)


def _esri_geometry(geometry: JsonObject) -> tuple[BaseGeometry, str]:
    """Return the polygons of Esri's rings: outer rings run clockwise, holes the other way."""
    if "rings" not in geometry:
        return shapely.Polygon(), "a geometry that is no polygon left out"
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
    return of_polygons(_with_holes(shells, holes), mends)


def _with_holes(shells: Sequence[shapely.Polygon], holes: Sequence[shapely.Polygon]) -> list[shapely.Polygon]:
    """Put each hole in the smallest shell that contains its first corner; a hole in no shell becomes a shell."""
    inside: list[list[shapely.LinearRing]] = [[] for _ in shells]
    owner: dict[int, int] = {}
    if holes and shells:
        corners = shapely.points([hole.exterior.coords[0] for hole in holes])
        # This works even if a polygon is not valid.
        hole_at, shell_at = shapely.STRtree(shells).query(corners, predicate="covered_by")
        for hole, shell in sorted(
            zip(hole_at, shell_at, strict=True), key=lambda pair: -shells[pair[1]].area
        ):
            owner[int(hole)] = int(shell)
    alone = []
    for position, hole in enumerate(holes):
        if position in owner:
            inside[owner[position]].append(hole.exterior)
        else:
            alone.append(hole)
    return [*(shapely.Polygon(s.exterior, more) for s, more in zip(shells, inside, strict=True)), *alone]


_READERS: dict[str, Callable[[Any, Path | str, str | None], Rows]] = {
    "geojson": _geojson,
    "geojsonseq": lambda features, where, _: _of_features(features, None, where, ()),
    "topojson": _topojson,
    "esrijson": _esrijson,
}
