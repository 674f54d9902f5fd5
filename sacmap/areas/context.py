"""Read roads, rail, water and places, which the map shows thin and grey behind the areas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry import shape as shape_of
from shapely.geometry.base import BaseGeometry

from sacmap.areas.coordinates import in_degrees, require_on_earth, system_of, system_or_likely
from sacmap.areas.layer_files import as_input_error, start_of
from sacmap.areas.layer_rows import LINEAR
from sacmap.areas.layers import read_layer
from sacmap.errors import InputError
from sacmap.files.text import parse_json, read_text
from sacmap.limits import CONTEXT, CONTEXT_CORNERS, CONTEXT_CUTS

Kind = Literal["road", "rail", "water", "place"]
KINDS: tuple[Kind, ...] = ("water", "rail", "road", "place")
LINES: tuple[Kind, ...] = ("water", "rail", "road")
#: Words in the name of a column, in a value or in the file name that say what a feature is.
_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("rail", re.compile(r"rail|tram|train", re.IGNORECASE)),
    ("water", re.compile(r"water|river|stream|canal|lake|reservoir|coast|sea\b|foreshore", re.IGNORECASE)),
    ("road", re.compile(r"road|highway|street|motorway|trunk|primary|secondary|tertiary", re.IGNORECASE)),
    ("place", re.compile(r"place|town|city|village|settlement|suburb|hamlet|locality", re.IGNORECASE)),
)
#: Roads and places by weight: if there are too many, the first are kept.
_WEIGHT = (
    re.compile(r"motorway|city", re.IGNORECASE),
    re.compile(r"trunk|a road|a_road|town", re.IGNORECASE),
    re.compile(r"primary|main", re.IGNORECASE),
    re.compile(r"secondary|b road|b_road|suburb|village", re.IGNORECASE),
)
#: Columns that say what a feature is, the most reliable first.
_COLUMNS = (
    "highway", "railway", "waterway", "natural", "water", "place", "fclass", "class", "type", "roadclassification",
    "roadfunction", "descriptive_group", "local_type", "form", "function",
)  # fmt: skip
_NAMES = ("name", "name1", "nam", "title")
#: The most corners of all lines together (about 150 KB on a page), and the most places.
CORNERS, PLACES = 24_000, 60
#: Lines are simplified by this share of the map's width. If they are still too many, it is doubled, up to STEPS times.
FINE, STEPS = 0.0006, 5


@dataclass(frozen=True)
class Layer:
    """Shapes of one kind in degrees WGS84 (places are points), and the name of each."""

    kind: Kind
    shapes: NDArray[np.object_]
    names: tuple[str, ...]


class _Feature(NamedTuple):
    """A feature on the map: its weight (0 is the most important), its shape and its name."""

    weight: int
    shape: BaseGeometry
    name: str


def read_context(paths: Sequence[str], bounds: Sequence[float]) -> tuple[Layer, ...]:
    """Read files of lines, polygons or named points, cut to the map and to what fits on a page.

    Their columns (as of OpenStreetMap or Ordnance Survey) or the file name say whether a feature is a road, rail, water
    or a place. Otherwise a line is a road, a polygon is water, a point is a place. `bounds` are west, south, east and
    north of the areas, in degrees.

    Raises
    ------
    InputError
        If a file cannot be read, or none of it is on the map.
    """
    if not paths or not np.isfinite(bounds).all():
        return ()
    west, south, east, north = bounds
    aside, above = 0.1 * (east - west), 0.1 * (north - south)
    frame = shapely.box(west - aside, south - above, east + aside, north + above)
    found: dict[Kind, list[_Feature]] = {kind: [] for kind in KINDS}
    for path in paths:
        shapes, columns_of = _features(Path(path))
        inside = shapely.intersects(shapes, frame)
        if not inside.any():
            raise InputError(
                f"Nothing of {path} lies on the map of these areas.",
                "Check the context file, or leave it out.",
            )
        _require_bounded(shapes[inside], frame, path)
        for n in np.flatnonzero(inside).tolist():
            columns, shape = columns_of[n], shapes[n]
            kind = kind_of(columns, shape, Path(path).stem)
            found[kind].append(_Feature(_weight(columns), _cut(shape, frame, kind), _name(columns)))
    lines = _fitting(found, FINE * (east - west))
    return tuple(_layer(kind, lines[kind]) for kind in KINDS if lines[kind])


def kind_of(columns: Mapping[str, object], shape: BaseGeometry, stem: str) -> Kind:
    """Return what a feature is: by its columns, otherwise by the file name (`stem`), otherwise by its shape."""
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


def _features(where: Path) -> tuple[NDArray[np.object_], list[dict[str, object]]]:
    """Return the features of a file in degrees: shapes, and the columns of each."""
    if not where.exists():
        raise InputError(f"{where} is not there.", "Check the path of the context file.")
    with as_input_error(where, "--context"):
        start = b"" if where.is_dir() else start_of(where)
        if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            shapes, columns, system = _of_geojson(where)
        else:
            rows = read_layer(where)
            shapes, system = rows.shapes, rows.system
            columns = [{name: values[n] for name, values in rows.columns.items()} for n in range(len(rows))]
        shapes = shapely.force_2d(shapes)
        require_on_earth(shapes, where)
        system, _ = system_or_likely(shapes, system, where, said=f"{where} says it is in")
        moved, _ = in_degrees(shapes, system, where)
    return moved, columns


def _of_geojson(where: Path) -> tuple[NDArray[np.object_], list[dict[str, object]], pyproj.CRS | None]:
    """Read GeoJSON with lines and points, which the reader of areas leaves out."""
    try:
        text = read_text(str(where))
        # Each corner has a bracket.
        CONTEXT_CORNERS.require(text.count("["), where)
        whole: Any = parse_json(text)
        features = whole["features"]
        CONTEXT.require(len(features), where)
        # Corners that are no numbers are refused by name.
        with np.errstate(invalid="ignore"):
            shapes = [
                shape_of(one["geometry"]) if one.get("geometry") else shapely.Point() for one in features
            ]
        columns = [dict(one.get("properties") or {}) for one in features]
        named = (whole.get("crs") or {}).get("properties", {}).get("name")
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, ShapelyError):
        raise InputError(f"{where} is not a whole GeoJSON FeatureCollection.", "Export it again.") from None
    return np.array(shapes, dtype=object), columns, None if named is None else system_of(named)


def _name(columns: Mapping[str, object]) -> str:
    lower = {str(name).casefold(): value for name, value in columns.items()}
    value = next((lower[name] for name in _NAMES if lower.get(name) not in (None, "")), "")
    return "" if str(value) == "nan" else str(value).strip()


def _weight(columns: Mapping[str, object]) -> int:
    text = " ".join(str(value) for value in columns.values() if isinstance(value, str))
    return next((weight for weight, words in enumerate(_WEIGHT) if words.search(text)), len(_WEIGHT))


def _cut(shape: BaseGeometry, frame: shapely.Polygon, kind: Kind) -> BaseGeometry:
    if kind == "place":
        return shapely.point_on_surface(shape)
    return shapely.clip_by_rect(shape, *frame.bounds)


def _fitting(found: Mapping[Kind, list[_Feature]], fine: float) -> dict[Kind, list[_Feature]]:
    """Return the features that fit on a page: simplified, and if they are still too many, the most important."""
    kept: dict[Kind, list[_Feature]] = {}
    kept["place"] = [one for one in sorted(found["place"], key=lambda one: one.weight) if one.name][:PLACES]
    for step in range(STEPS):
        simple = {kind: _simplified([one.shape for one in found[kind]], fine * 2**step) for kind in LINES}
        corners = sum(int(shapely.get_num_coordinates(shapes).sum()) for shapes in simple.values())
        if corners + len(kept["place"]) <= CORNERS:
            break
    for kind, shapes in simple.items():
        kept[kind] = [one._replace(shape=shape) for one, shape in zip(found[kind], shapes, strict=True)]
    if corners + len(kept["place"]) <= CORNERS:
        return kept
    # Still too many: the minor roads are dropped first, then the shortest lines.
    room = CORNERS
    for kind in LINES:
        ordered = sorted(kept[kind], key=lambda one: (one.weight, -shapely.length(one.shape)))
        share = room // 2 if kind != "road" else room
        chosen, used = [], 0
        for one in ordered:
            used += int(shapely.get_num_coordinates(one.shape))
            if used > share:
                break
            chosen.append(one)
        kept[kind] = chosen
        room -= min(used, share)
    return kept


def _require_bounded(shapes: NDArray[np.object_], frame: shapely.Polygon, path: str) -> None:
    """Refuse shapes that would take minutes to cut and simplify: too many corners, or edges that meet too often."""
    corners = shapely.get_num_coordinates(shapes)
    CONTEXT_CORNERS.require(int(corners.sum()), path)
    CONTEXT_CUTS.require(_cuts(shapes, frame), path)
    large = shapes[(corners > CORNERS) & ~np.isin(shapely.get_type_id(shapes), LINEAR)]
    if not shapely.is_valid(large).all():
        raise InputError(
            f"{path} has an area of more than {CORNERS:,} corners that crosses itself.",
            "Draw it again, or leave it out.",
        )


def _cuts(shapes: NDArray[np.object_], frame: shapely.Polygon) -> int:
    """Return how many edges of areas (not of lines) may meet the edge of the map."""
    areas = shapes[~np.isin(shapely.get_type_id(shapes), LINEAR)]
    corners, of = shapely.get_coordinates(areas, return_index=True)
    west, south, east, north = frame.bounds
    least, most = np.array([west, south]), np.array([east, north])
    first, second = corners[:-1], corners[1:]
    meets = ((np.minimum(first, second) <= most) & (np.maximum(first, second) >= least)).all(axis=1)
    outside: NDArray[np.bool_] = np.any((corners < least) | (corners > most), axis=1)
    return int(np.count_nonzero(meets & (outside[:-1] | outside[1:]) & (of[:-1] == of[1:])))


def _simplified(shapes: Sequence[BaseGeometry], by: float) -> NDArray[np.object_]:
    """Return shapes simplified by a distance in degrees.

    A line of more corners than a page holds may then cross itself: to prevent it, the time would grow with the square
    of its corners.
    """
    simple = np.array(shapes, dtype=object)
    long = (shapely.get_num_coordinates(simple) > CORNERS) & np.isin(shapely.get_type_id(simple), LINEAR)
    simple[long] = shapely.simplify(simple[long], by, preserve_topology=False)
    simple[~long] = shapely.simplify(simple[~long], by)
    return simple


def _layer(kind: Kind, features: Sequence[_Feature]) -> Layer:
    parts = [
        (part, name)
        for _, shape, name in features
        for part in shapely.get_parts(shape)
        if not part.is_empty and (kind == "place" or not part.geom_type.endswith("Point"))
    ]
    shapes = np.array([part for part, _ in parts], dtype=object)
    return Layer(kind, shapes, tuple(name for _, name in parts))
