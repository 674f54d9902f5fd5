"""Roads, rail, water and places that a reader knows, for the map to show thin and grey behind the areas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry import shape as shape_of

from sacmap.areas.contents import told
from sacmap.areas.coordinates import in_degrees, system_of, system_or_likely
from sacmap.areas.layers import read_layer
from sacmap.errors import InputError
from sacmap.files.text import parse_json, read_text

Kind = Literal["road", "rail", "water", "place"]
KINDS: tuple[Kind, ...] = ("water", "rail", "road", "place")
LINES: tuple[Kind, ...] = ("water", "rail", "road")
#: Words that say what a feature is, in a column's name, a value or the file's name.
_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("rail", re.compile(r"rail|tram|train", re.IGNORECASE)),
    ("water", re.compile(r"water|river|stream|canal|lake|reservoir|coast|sea\b|foreshore", re.IGNORECASE)),
    ("road", re.compile(r"road|highway|street|motorway|trunk|primary|secondary|tertiary", re.IGNORECASE)),
    ("place", re.compile(r"place|town|city|village|settlement|suburb|hamlet|locality", re.IGNORECASE)),
)
#: Roads and places by weight, the first to be kept where there are too many.
_WEIGHT = (
    re.compile(r"motorway|city", re.IGNORECASE),
    re.compile(r"trunk|a road|a_road|town", re.IGNORECASE),
    re.compile(r"primary|main", re.IGNORECASE),
    re.compile(r"secondary|b road|b_road|suburb|village", re.IGNORECASE),
)
#: Columns that say of what kind a feature is, the surest first.
_COLUMNS = (
    "highway", "railway", "waterway", "natural", "water", "place", "fclass", "class", "type", "roadclassification",
    "roadfunction", "descriptive_group", "local_type", "form", "function",
)  # fmt: skip
_NAMES = ("name", "name1", "nam", "title")
#: Corners of all lines together: about 150 KB on a page. Of places, so many.
CORNERS, PLACES = 24_000, 60
#: Lines are simplified by this share of the map's width, or more where they are too many; and how often more.
FINE, STEPS = 0.0006, 5


@dataclass(frozen=True)
class Layer:
    """Shapes of one kind in degrees WGS84: lines or polygons, of places points; names holds one for each."""

    kind: Kind
    shapes: NDArray[np.object_]
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Features:
    """Features of one file in degrees: shapes, and by each its columns."""

    shapes: NDArray[np.object_]
    columns: list[dict[str, Any]]


def read_context(paths: Sequence[str], bounds: Sequence[float]) -> tuple[Layer, ...]:
    """Read what was given for orientation, cut to the map and to what a page can carry.

    Parameters
    ----------
    paths
        Files of lines, polygons or named points, in any format that boundaries may have. What a feature is, a road,
        rail, water or a place, its columns say (as OpenStreetMap's or Ordnance Survey's do), or the file's name; of
        a line otherwise a road, of a polygon water, of a point a place.
    bounds
        west, south, east, north of the areas, in degrees.

    Raises
    ------
    InputError
        If a file cannot be read, or nothing of it lies on the map.
    """
    if not paths or not np.isfinite(bounds).all():
        return ()
    west, south, east, north = bounds
    aside, above = 0.1 * (east - west), 0.1 * (north - south)
    frame = shapely.box(west - aside, south - above, east + aside, north + above)
    found: dict[Kind, list[tuple[int, Any, str]]] = {kind: [] for kind in KINDS}
    for path in paths:
        features = _features(Path(path))
        inside = shapely.intersects(features.shapes, frame)
        if not inside.any():
            raise InputError(
                f"Nothing of {path} lies on the map of these areas.",
                "Check the context file, or leave it out.",
            )
        for place in np.flatnonzero(inside).tolist():
            columns, shape = features.columns[place], features.shapes[place]
            kind = kind_of(columns, shape, Path(path).stem)
            found[kind].append((_weight(columns), _cut(shape, frame, kind), _name(columns)))
    lines = _fitting(found, FINE * (east - west))
    return tuple(_layer(kind, lines[kind]) for kind in KINDS if lines[kind])


def kind_of(columns: Mapping[str, Any], shape: Any, stem: str) -> Kind:
    """Return what a feature is: by its columns, else by its file's name, else by its shape."""
    lower = {str(name).casefold(): value for name, value in columns.items()}
    if shape.geom_type.endswith("Point"):
        return "place"
    for name in _COLUMNS:
        value = lower.get(name)
        if value not in (None, "") and str(value) != "nan":
            for text in (name, str(value)):
                for kind, words in _WORDS:
                    if words.search(text):
                        return kind
    for kind, words in _WORDS:
        if kind != "place" and words.search(stem):
            return kind
    return "water" if shape.geom_type.endswith("Polygon") else "road"


def _features(where: Path) -> _Features:
    """Return the features of a file in degrees."""
    if not where.exists():
        raise InputError(f"{where} is not there.", "Check the path of the context file.")
    with told(where, "--context"):
        start = _start(where)
        if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            shapes, columns, system = _of_geojson(where)
        else:
            rows = read_layer(where)
            names = list(rows.columns)
            shapes, system = rows.shapes, rows.system
            columns = [
                dict(zip(names, values, strict=True)) for values in zip(*rows.columns.values(), strict=True)
            ]
            columns = columns or [{} for _ in shapes]
        shapes = shapely.force_2d(shapes)
        system, _ = system_or_likely(shapes, system, where, said=f"{where} says it is in")
        moved, _ = in_degrees(shapes, system, where)
    return _Features(moved, columns)


def _start(where: Path) -> bytes:
    if where.is_dir():
        return b""
    with where.open("rb") as stream:
        return stream.read(200)


def _of_geojson(where: Path) -> tuple[NDArray[np.object_], list[dict[str, Any]], pyproj.CRS | None]:
    """Read GeoJSON with its lines and points, which the reader of areas leaves out."""
    try:
        whole: Any = parse_json(read_text(str(where)))
        features = whole["features"]
        shapes = [shape_of(one["geometry"]) if one.get("geometry") else shapely.Point() for one in features]
        columns = [dict(one.get("properties") or {}) for one in features]
        named = (whole.get("crs") or {}).get("properties", {}).get("name")
    except (ValueError, LookupError, TypeError, AttributeError, ShapelyError) as error:
        raise InputError(
            f"{where} is not a whole GeoJSON FeatureCollection ({str(error)[:80]}).", "Export it again."
        ) from None
    return np.array(shapes, dtype=object), columns, None if named is None else system_of(named)


def _name(columns: Mapping[str, Any]) -> str:
    lower = {str(name).casefold(): value for name, value in columns.items()}
    value = next((lower[name] for name in _NAMES if lower.get(name) not in (None, "")), "")
    return "" if str(value) == "nan" else str(value).strip()


def _weight(columns: Mapping[str, Any]) -> int:
    text = " ".join(str(value) for value in columns.values() if isinstance(value, str))
    return next((weight for weight, words in enumerate(_WEIGHT) if words.search(text)), len(_WEIGHT))


def _cut(shape: Any, frame: shapely.Polygon, kind: Kind) -> Any:
    if kind == "place":
        return shapely.point_on_surface(shape)
    return shapely.clip_by_rect(shape, *frame.bounds)


def _fitting(
    found: Mapping[Kind, list[tuple[int, Any, str]]], fine: float
) -> dict[Kind, list[tuple[int, Any, str]]]:
    """Return the features that fit on a page: simplified, the weightiest first, more coarsely where they are many."""
    kept: dict[Kind, list[tuple[int, Any, str]]] = {}
    kept["place"] = [one for one in sorted(found["place"], key=lambda one: one[0]) if one[2]][:PLACES]
    for step in range(STEPS):
        for kind in LINES:
            kept[kind] = [
                (weight, shapely.simplify(shape, fine * 2**step), name) for weight, shape, name in found[kind]
            ]
        corners = sum(shapely.get_num_coordinates(shape) for kind in KINDS for _, shape, _ in kept[kind])
        if corners <= CORNERS:
            return kept
    # Still too many: the least roads go first, then the shortest lines.
    room = CORNERS
    for kind in LINES:
        ordered = sorted(kept[kind], key=lambda one: (one[0], -shapely.length(one[1])))
        share = room // 2 if kind != "road" else room
        chosen, used = [], 0
        for one in ordered:
            used += int(shapely.get_num_coordinates(one[1]))
            if used > share:
                break
            chosen.append(one)
        kept[kind] = chosen
        room -= min(used, share)
    return kept


def _layer(kind: Kind, features: Sequence[tuple[int, Any, str]]) -> Layer:
    parts = [
        (part, name)
        for _, shape, name in features
        for part in shapely.get_parts(shape)
        if not part.is_empty and (kind == "place" or not part.geom_type.endswith("Point"))
    ]
    shapes = np.empty(len(parts), dtype=object)
    shapes[:] = [part for part, _ in parts]
    return Layer(kind, shapes, tuple(name for _, name in parts))
