"""Rings to valid polygons: read the neighbourhoods of any common format, and tell every mend."""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors
import pyproj
import shapely
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from sacmap import tables
from sacmap.areas.locate import require_degrees
from sacmap.areas.topology import meeting, metric_crs
from sacmap.errors import InputError
from sacmap.files.text import parse_json

NO_BOUNDARY = "no boundary"
TABLE_SUFFIXES = {".parquet", ".geoparquet"}
#: What a file of each kind starts with, or holds near its start.
MARKS = {
    ".gpkg": b"SQLite format 3",
    ".shp": b"\x00\x00\x27\x0a",
    ".kml": b"<kml",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
}
_CRS_NAME = re.compile(r"[\w:.-]+", re.ASCII)
_ID_END = re.compile(r".*(cd|code)", re.IGNORECASE)
_NAME_END = re.compile(r".*(nm|name)", re.IGNORECASE)
#: Overlaps smaller than this, in square metres, are the rounding of a shared edge.
SLIVER = 100.0

Rows = list[tuple[dict[str, Any], BaseGeometry, str]]


def read_areas(
    path: str | os.PathLike[str],
    *,
    id_column: str | None = None,
    name_column: str | None = None,
    households_column: str | None = None,
) -> gpd.GeoDataFrame:
    """Read neighbourhood polygons: GeoJSON, GeoPackage, Shapefile, GeoParquet, KML, or a folder of KML files.

    Parameters
    ----------
    path
        The file or folder.
    id_column
        Column with the identifiers; by default the first of area_id, id, a column ending in CD or code. In KML
        files, the file's or placemark's name.
    name_column
        Column with the names; by default name, then a column ending in NM or name. A missing name is the id.
    households_column
        Column with the number of households; by default `households` where there is one.

    Returns
    -------
    The Areas table, sorted by area_id, in EPSG:4326. Identifiers are text as given. mend says what was repaired.

    Raises
    ------
    InputError
        If the file is damaged or of another kind, a column or identifier is missing, identifiers repeat, rings
        have too few points, or coordinates are not degrees and no coordinate system says what they are.
    """
    where = Path(path)
    if not where.exists():
        raise InputError(f"{where} is not there.", "Check --boundaries.")
    rows, crs = _rows(where)
    if not rows:
        raise InputError(f"{where} holds no areas.", "Give a file with a polygon for each neighbourhood.")
    columns = list(dict.fromkeys(name for properties, _, _ in rows for name in properties))
    for option, column in (("id", id_column), ("name", name_column), ("households", households_column)):
        if column is not None and column not in columns:
            raise InputError(
                f"{where} has no column {column!r} (it has {', '.join(columns)}).",
                f"Check --{option}-column.",
            )
    id_name = _choose(columns, id_column, ("area_id", "id"), _ID_END)
    name_name = _choose(columns, name_column, ("name",), _NAME_END)
    if id_name is None:
        raise InputError(
            f"{where} has no column of identifiers (it has {', '.join(columns) or 'none'}).",
            "Say which with --id-column.",
        )
    ids = [_text(properties.get(id_name)) for properties, _, _ in rows]
    names = [_text(properties.get(name_name)) if name_name else "" for properties, _, _ in rows]
    homes_name = households_column or ("households" if "households" in columns else None)
    _require_ids(ids, where)
    _require_rings([mend for _, _, mend in rows], ids, where)
    table = gpd.GeoDataFrame(
        {
            "area_id": pd.Series(ids, dtype=object),
            "name": pd.Series([name or area for name, area in zip(names, ids, strict=True)], dtype=object),
            "households": _households(
                [properties.get(homes_name or "") for properties, _, _ in rows], homes_name, where
            ),
            "mend": pd.Series([mend for _, _, mend in rows], dtype=object),
        },
        geometry=[geometry for _, geometry, _ in rows],
        crs=crs,
    )
    mended = _mended(_in_degrees(table, where))
    if mended.geometry.is_empty.all():
        raise InputError(
            f"{where} holds no polygon, and points and lines enclose no crime.",
            "Give a file with a polygon for each neighbourhood.",
        )
    return mended.sort_values("area_id", ignore_index=True)[tables.AREAS.names]


def _rows(where: Path) -> tuple[Rows, Any]:
    if where.is_dir():
        files = sorted(p for p in where.iterdir() if p.suffix.lower() == ".kml")
        if not files:
            raise InputError(
                f"{where} holds no KML files.", "Give the folder of a force's neighbourhood KML files."
            )
        return [_one_kml(file) for file in files], tables.WGS84
    if where.suffix.lower() in {".geojson", ".json"}:
        return _geojson(where)
    return _by_library(where)


#: What reading JSON of another shape, or of another thing altogether, can raise.
_NOT_GEOJSON = (
    ValueError, LookupError, ArithmeticError, TypeError, AttributeError, OSError, ShapelyError, CRSError,
)  # fmt: skip


def _geojson(where: Path) -> tuple[Rows, Any]:
    """Read GeoJSON by hand: libraries guess identifiers to be numbers and refuse rings that can be mended."""
    try:
        whole = parse_json(where.read_bytes())
        features = whole["features"]
        crs = _declared((whole.get("crs") or {}).get("properties", {}).get("name"))
        rows = []
        for feature in features:
            properties = dict(feature.get("properties") or {})
            if "id" in feature:
                properties.setdefault("id", feature["id"])
            rows.append((properties, *_geometry(feature.get("geometry"))))
    except RecursionError:
        raise InputError(f"{where} is nested too deep to be GeoJSON.", "Export it again.") from None
    except _NOT_GEOJSON as error:
        why = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        raise InputError(
            f"{where} is not a whole GeoJSON FeatureCollection ({why[:100]}).",
            "Export it again.",
        ) from None
    return rows, crs or (_undeclared(rows) if rows else tables.WGS84)


def _declared(name: Any) -> pyproj.CRS | None:
    """Return the coordinate system of a name such as EPSG:27700; other ways to say one can name files to read."""
    if name is None:
        return None
    if not _CRS_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a coordinate system")
    return pyproj.CRS.from_user_input(name)


def _undeclared(rows: Rows) -> Any:
    """GeoJSON without a declared system is in degrees, unless its values say otherwise."""
    bounds = shapely.total_bounds(np.array([geometry for _, geometry, _ in rows]))
    return tables.WGS84 if not np.isfinite(bounds).all() or np.abs(bounds).max() <= 180 else None


def _geometry(raw: Any) -> tuple[BaseGeometry, str]:
    """Return a GeoJSON geometry's polygons and what had to be done to its rings."""
    if not raw:
        return shapely.Polygon(), NO_BOUNDARY
    kind = raw["type"]
    if kind == "GeometryCollection":
        parts = [_geometry(part) for part in raw["geometries"]]
        return shapely.union_all([g for g, _ in parts]), "; ".join(dict.fromkeys(m for _, m in parts if m))
    if kind not in {"Polygon", "MultiPolygon"}:
        # A line or a point among an area's parts encloses nothing.
        return shapely.Polygon(), f"a {kind} left out"
    polygons = [raw["coordinates"]] if kind == "Polygon" else raw["coordinates"]
    mends: list[str] = []
    made = []
    for rings in polygons:
        closed = [_closed([_corner(point) for point in ring], mends) for ring in rings]
        usable = [ring for ring in closed if ring]
        if usable and closed[0]:
            made.append(shapely.Polygon(usable[0], usable[1:]))
    geometry = made[0] if len(made) == 1 else shapely.MultiPolygon(made) if made else shapely.Polygon()
    return geometry, "; ".join(dict.fromkeys(mends))


def _corner(point: Sequence[Any]) -> tuple[float, float]:
    x, y = float(point[0]), float(point[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"a corner at {x}, {y}")
    return x, y


_TOO_FEW = "ring of fewer than three points"


def _closed(ring: Sequence[tuple[float, float]], mends: list[str]) -> list[tuple[float, float]]:
    """Return the ring closed, noting it; an empty list where there is no ring."""
    points = [(x, y) for x, y in ring]
    if not points:
        mends.append(NO_BOUNDARY)
        return []
    if len(set(points)) < 3:
        mends.append(_TOO_FEW)
        return []
    if points[0] != points[-1]:
        mends.append("ring closed")
        points.append(points[0])
    return points


def _one_kml(file: Path) -> tuple[dict[str, Any], BaseGeometry, str]:
    rows, _ = _by_library(file)
    parts = [geometry for _, geometry, _ in rows if geometry.geom_type.endswith("Polygon")]
    given = next((_text(row.get("Name")) for row, _, _ in rows if _text(row.get("Name"))), "")
    geometry = shapely.union_all([shapely.make_valid(part) for part in parts]) if parts else shapely.Polygon()
    return {"id": file.stem, "name": given or file.stem}, geometry, ""


def _require_kind(where: Path) -> None:
    """Refuse a file whose content is not what its name says: the library would go by the content.

    A text of the right form, whatever its name, makes the library read other files of this computer or fetch from
    the web; a document type in KML can define entities that grow without end.
    """
    suffix = where.suffix.lower()
    if suffix not in MARKS:
        raise InputError(
            f"{where} is not a kind of file that boundaries are read from.",
            "Unpack it and give the file in it."
            if suffix == ".zip"
            else "Give GeoJSON, GeoPackage, Shapefile (.shp), GeoParquet or KML.",
        )
    try:
        with where.open("rb") as stream:
            start = stream.read(1 << 16)
    except OSError as error:
        raise InputError(f"{where} cannot be read: {error.strerror}.", "Check its path.") from None
    found = MARKS[suffix] in start if suffix == ".kml" else start.startswith(MARKS[suffix])
    if not found or (suffix == ".kml" and b"<!DOCTYPE" in start):
        raise InputError(f"{where} is not {suffix[1:].upper()}, whatever its name says.", "Export it again.")


#: What the libraries raise at a damaged file.
_NOT_READ = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError, ShapelyError, CRSError,
)  # fmt: skip


def _layer(where: Path) -> str | None:
    """Return the one layer with shapes, or `areas`, as sacmap's own GeoPackages call it; None where there is none."""
    layers = [str(name) for name, kind in pyogrio.list_layers(where) if kind is not None]
    if len(layers) > 1 and "areas" not in layers:
        raise InputError(
            f"{where} has several layers: {', '.join(layers)}.",
            "Export the one of the neighbourhoods by itself.",
        )
    return "areas" if "areas" in layers else next(iter(layers), None)


def _by_library(where: Path) -> tuple[Rows, Any]:
    _require_kind(where)
    try:
        if where.suffix.lower() in TABLE_SUFFIXES:
            table = gpd.read_parquet(where)
        else:
            table = gpd.read_file(where, layer=_layer(where))
    except _NOT_READ as error:
        raise InputError(
            f"{where} cannot be read as boundaries: {str(error)[:150]}.", "Export it again."
        ) from None
    if not isinstance(table, gpd.GeoDataFrame):
        raise InputError(f"{where} has a table but no polygons.", "Give a file with a polygon for each area.")
    properties = pd.DataFrame(table.drop(columns=table.geometry.name)).to_dict("records")
    if where.suffix.lower() == ".kml":
        # KML has a fixed set of columns: Name is the only one that says which area it is.
        properties = [{"id": row.get("Name"), "name": row.get("Name")} | row for row in properties]
    # Heights mean nothing here, and of a ring's two ends they may differ.
    geometries = shapely.force_2d(table.geometry.to_numpy())
    geometries[shapely.is_missing(geometries)] = shapely.Polygon()
    if not np.isfinite(shapely.get_coordinates(geometries)).all():
        raise InputError(f"{where} has corners that are not numbers.", "Export it again.")
    rows = [
        ({str(k): v for k, v in row.items()}, geometry, "")
        for row, geometry in zip(properties, geometries, strict=True)
    ]
    return rows, table.crs if table.crs is not None else _undeclared(rows)


def _text(value: Any) -> str:
    """Return an identifier or name as text: numbers without a trailing .0, missing as empty."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _choose(columns: list[str], given: str | None, exact: Sequence[str], end: re.Pattern[str]) -> str | None:
    """Return the column given, else the first called one of `exact`, else the first whose name has that end."""
    if given is not None:
        return given
    lower = {name.lower(): name for name in reversed(columns)}
    found = [lower[name] for name in exact if name in lower]
    found += [name for name in columns if end.fullmatch(name)]
    return found[0] if found else None


def _require_ids(ids: list[str], where: Path) -> None:
    if "" in ids:
        raise InputError(f"{where}: area {ids.index('') + 1} has no identifier.", "Give each area its own.")
    repeated = sorted(area for area, times in Counter(ids).items() if times > 1)
    if repeated:
        raise InputError(
            f"{where}: identifiers given to more than one area: {', '.join(repeated[:10])}.",
            "Give each area its own, or merge the parts of one area into one.",
        )


def _require_rings(mends: list[str], ids: list[str], where: Path) -> None:
    short = [area for area, mend in zip(ids, mends, strict=True) if _TOO_FEW in mend]
    if short:
        raise InputError(
            f"{where}: areas with a ring of fewer than three points: {', '.join(short)}.",
            "Draw these boundaries again, or take the areas out.",
        )


def _households(values: list[Any], name: str | None, where: Path) -> pd.Series:
    numbers = pd.to_numeric(
        pd.Series([_text(v) or None for v in values], dtype=object), errors="coerce"
    ).astype(float)
    odd = [v for v, n in zip(values, numbers, strict=True) if _text(v) and not tables.is_of_homes(n)]
    if odd:
        raise InputError(
            f"{where}: {name} holds {odd[0]!r}, not a number of households.", "Correct that value."
        )
    return numbers.astype("Float64")


def _in_degrees(table: gpd.GeoDataFrame, where: Path) -> gpd.GeoDataFrame:
    bounds = table.total_bounds
    if table.crs is None:
        likely = "EPSG:27700 (British National Grid)" if bounds[3] < 1_300_000 else "EPSG:3857 (web Mercator)"
        raise InputError(
            f"{where} does not say its coordinate system, and its values (up to {bounds[2]:,.0f}, {bounds[3]:,.0f}) "
            f"are not degrees: they look like {likely}.",
            "Export it with its coordinate system, or as longitude and latitude (EPSG:4326).",
        )
    degrees = table if table.crs.is_geographic else table.to_crs(tables.WGS84)
    degrees = degrees.set_crs(tables.WGS84, allow_override=True)
    corners = shapely.get_coordinates(degrees.geometry.to_numpy())
    if not np.isfinite(corners).all():
        raise InputError(
            f"{where} has corners that are nowhere on the earth in its coordinate system, {table.crs.name}.",
            "Check which coordinate system the values are in, and export it again.",
        )
    require_degrees(corners[:, 0], corners[:, 1], f"the boundaries in {where}")
    return degrees


def _mended(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table with valid polygons only, each mend and its change of area told."""
    shapes, mends = table.geometry.to_numpy().copy(), list(table["mend"])
    whole = shapely.is_valid(shapes) & ~shapely.has_z(shapes) & ~shapely.is_empty(shapes)
    whole &= np.isin(
        shapely.get_type_id(shapes), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    )
    for place in np.flatnonzero(~whole):
        shape, more = valid_polygons(shapes[place])
        if more and more != NO_BOUNDARY:
            # The grid has no place for corners on the other side of the earth.
            with np.errstate(invalid="ignore"):
                pair = gpd.GeoSeries([shapes[place], shape], crs=tables.WGS84).to_crs(metric_crs(table)).area
            if np.isfinite(pair).all():
                more = f"{more} (area {_hectares(pair.iloc[0])} → {_hectares(pair.iloc[1])} ha)"
        shapes[place] = shape
        mends[place] = "; ".join(dict.fromkeys(part for part in (mends[place], more) if part))
    return table.assign(mend=pd.Series(mends, dtype=object)).set_geometry(
        gpd.GeoSeries(shapes, crs=tables.WGS84)
    )


def _hectares(square_metres: float) -> str:
    return f"{square_metres / 1e4:,.1f}"


def valid_polygons(geometry: BaseGeometry) -> tuple[BaseGeometry, str]:
    """Return a valid Polygon or MultiPolygon that keeps all the area of `geometry`, and what was mended.

    A ring that crosses itself keeps both its loops (`make_valid`, where a zero buffer would lose one); lines and
    points are left out. An empty geometry stays empty: "no boundary".
    """
    shape, mends = geometry, []
    if geometry.has_z:
        shape = shapely.force_2d(shape)
    if not shape.is_valid:
        mends.append(f"{shapely.is_valid_reason(shape).split('[')[0].lower()} mended")
        shape = shapely.make_valid(shape)
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        parts = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
        if shape.is_valid and not mends:
            mends.append(f"polygons of a {shape.geom_type} kept")
        shape = shapely.union_all(parts) if parts else shapely.Polygon()
    if shape.is_empty:
        return shapely.Polygon(), NO_BOUNDARY
    return shape, "; ".join(mends)


def areas_from_rings(rings: Mapping[tuple[str, str], Sequence[tuple[float, float]]]) -> gpd.GeoDataFrame:
    """Return the Areas table of neighbourhoods given as (id, name) → one ring of (lon, lat) degrees.

    Raises
    ------
    InputError
        If rings have one or two points; all such areas are named.
    """
    rows: Rows = []
    for (area, name), ring in rings.items():
        mends: list[str] = []
        closed = _closed(ring, mends)
        rows.append(({"id": area, "name": name}, shapely.Polygon(closed), "; ".join(mends)))
    _require_rings([mend for _, _, mend in rows], [str(row["id"]) for row, _, _ in rows], Path("police.uk"))
    return _areas(rows)


def areas_from_shapes(shapes: Mapping[tuple[str, str], BaseGeometry], source: str) -> gpd.GeoDataFrame:
    """Return the Areas table of areas given as (id, name) → geometry in degrees; `source` names them in errors.

    Raises
    ------
    InputError
        If identifiers are missing or repeat.
    """
    _require_ids([area for area, _ in shapes], Path(source))
    return _areas([({"id": area, "name": name}, shape, "") for (area, name), shape in shapes.items()])


def _areas(rows: Rows) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame(
        {
            "area_id": pd.Series([row["id"] for row, _, _ in rows], dtype=object),
            "name": pd.Series([row["name"] or row["id"] for row, _, _ in rows], dtype=object),
            "households": pd.Series([pd.NA] * len(rows), dtype="Float64"),
            "mend": pd.Series([mend for _, _, mend in rows], dtype=object),
        },
        geometry=[geometry for _, geometry, _ in rows],
        crs=tables.WGS84,
    )
    return _mended(table).sort_values("area_id", ignore_index=True)[tables.AREAS.names]


def geojson_of(areas: gpd.GeoDataFrame) -> bytes:
    """Return the Areas table as GeoJSON, six decimals, one feature a line: the same table gives the same bytes."""
    features = []
    for row in areas.sort_values("area_id").itertuples():
        properties = {"area_id": row.area_id, "name": row.name}
        if not pd.isna(row.households):
            properties["households"] = int(row.households)
        shape = (
            None
            if row.geometry.is_empty
            else json.loads(
                shapely.to_geojson(shapely.transform(row.geometry, lambda points: points.round(6)))
            )
        )
        features.append(
            json.dumps({"type": "Feature", "properties": properties, "geometry": shape}, ensure_ascii=False)
        )
    return ('{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n").encode()


def overlaps(areas: gpd.GeoDataFrame) -> list[tuple[str, str, float]]:
    """Return the pairs of areas that overlap by more than a sliver, and by how many square metres."""
    ids = areas["area_id"].to_numpy()
    pairs = [(int(a), int(b)) for a, b in zip(*meeting(areas.geometry.to_numpy()), strict=True)]
    named = sorted({place for pair in pairs for place in pair})
    metric = areas.geometry.iloc[named].to_crs(metric_crs(areas)).to_numpy()
    # A shape that is valid in degrees may cross itself by a hair in metres.
    flat = dict(zip(named, shapely.make_valid(metric), strict=True))
    found = [(ids[a], ids[b], float(shapely.area(shapely.intersection(flat[a], flat[b])))) for a, b in pairs]
    return [pair for pair in found if pair[2] > SLIVER]
