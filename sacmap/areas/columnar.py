"""Tables with a column of shapes: CSV with WKT, and GeoParquet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyproj
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from sacmap.areas.coordinates import declared
from sacmap.areas.encodings import read_as_windows
from sacmap.areas.layer_rows import Rows, shapes_of_wkb
from sacmap.errors import InputError
from sacmap.files.json_shape import JsonObject
from sacmap.limits import CELL, DECODED, FEATURES
from sacmap.notices import Notice

_SHAPE = re.compile(
    r"\s*(SRID\s*=\s*(\d+)\s*;)?\s*(MULTI)?(POLYGON|SURFACE|GEOMETRYCOLLECTION)", re.IGNORECASE
)
_HEX = re.compile(r"\s*0[01][0-9A-Fa-f]{20,}\s*")
#: Deepest nesting of valid WKT: GEOMETRYCOLLECTION (MULTIPOLYGON (((…)))).
_DEEPEST = 8


def read_csv(raw: bytes, where: Path | str) -> Rows:
    """Read areas from a CSV with a column of WKT, EWKT (PostGIS), or WKB in hexadecimal digits.

    Raises
    ------
    InputError
        If no column holds shapes, or one does not parse; the message gives the row.
    """
    text, notices = _text(raw, where)
    header, rows = _cells(text, where)
    FEATURES.require(len(rows), where)
    place = next((k for k in range(len(header)) if _is_shapes([row[k] for row in rows])), None)
    if place is None:
        raise InputError(
            f"{where} is a table without shapes: no column has polygons as WKT (it has {', '.join(header)[:300]}).",
            "Give the file of areas; a table of households goes to --households. For --context, export it as GeoJSON.",
        )
    read = [_shape_in(row[place], f"{where}, row {number}") for number, row in enumerate(rows, 2)]
    system = _one_system({code for _, code in read if code is not None}, where)
    shapes = np.array([shape for shape, _ in read], dtype=object)
    columns: dict[str, list[object]] = {
        name: [row[k] for row in rows] for k, name in enumerate(header) if k != place and name
    }
    return Rows(columns, shapes, ("",) * len(shapes), system, notices=notices)


def _text(raw: bytes, where: Path | str) -> tuple[str, tuple[Notice, ...]]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace"), ()
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return read_as_windows(raw, where)


def _cells(text: str, where: Path | str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a CSV, by the separator that its first line has most of outside quotes."""
    first = re.sub(r'"[^"]*"', "", text[:10_000].partition("\n")[0])
    separator = max(",;\t|", key=first.count)
    # Shapes make longer cells than the module takes otherwise.
    before = csv.field_size_limit(CELL)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)]
    except csv.Error:
        raise InputError(f"{where} is not valid CSV.", 'Look for a quote (") that is never closed.') from None
    finally:
        csv.field_size_limit(before)
    if len(rows) < 2:
        raise InputError(f"{where} has no areas.", "Give a file with a polygon for each neighbourhood.")
    header = [name.strip() for name in rows[0]]
    return header, [[*row[: len(header)], *[""] * (len(header) - len(row))] for row in rows[1:]]


def _is_shapes(values: Sequence[str]) -> bool:
    first = next((value for value in values if value.strip()), "")
    return bool(_SHAPE.match(first) or _HEX.fullmatch(first))


def _shape_in(value: str, where: str) -> tuple[BaseGeometry, int | None]:
    """Return the shape of WKT, EWKT or hexadecimal WKB, and the code of its system where it gives one."""
    plain = value.strip()
    if not plain:
        return shapely.Polygon(), None
    try:
        if _HEX.fullmatch(plain):
            raw = bytes.fromhex(plain)
            shape = shapes_of_wkb([raw], where)[0]
            return shape, int(shapely.get_srid(shapely.from_wkb(raw)) or 0) or None
        head = re.match(r"SRID\s*=\s*(\d{1,6})\s*;\s*", plain, re.IGNORECASE)
        wkt = plain[head.end() :] if head else plain
        if _depth(wkt) > _DEEPEST:
            raise ValueError
        with np.errstate(all="ignore"):
            return shapely.force_2d(shapely.from_wkt(wkt)), int(head[1]) if head else None
    except (ShapelyError, ValueError, TypeError, NotImplementedError):
        raise InputError(
            f"{where}: its shape is not valid WKT, or has curves ({plain[:40]}…).", "Export it again."
        ) from None


def _depth(text: str) -> int:
    return max(accumulate(1 if mark == "(" else -1 for mark in re.findall(r"[()]", text)), default=0)


def _one_system(codes: set[int], where: Path | str) -> pyproj.CRS | None:
    if len(codes) > 1:
        raise InputError(
            f"{where} has shapes in several coordinate systems: {', '.join(sorted(map(str, codes)))}.",
            "Export it in one.",
        )
    return declared(f"EPSG:{codes.pop()}", where) if codes else None


# ── GeoParquet ────────────────────────────────────────────────────────────────────────────────────────────────────


def read_parquet(path: Path, where: Path | str) -> Rows:
    """Read areas from GeoParquet, or from Parquet with a column of WKB called geometry.

    Sizes are asked of the file's own index first, and repeated values stay repeated until their sum is known: a few
    bytes can stand for gigabytes.

    Raises
    ------
    InputError
        If it is damaged, has no shapes, or is too large.
    """
    try:
        with pq.ParquetFile(path) as file:
            FEATURES.require(file.metadata.num_rows, where)
            sizes = [file.metadata.row_group(k).total_byte_size for k in range(file.metadata.num_row_groups)]
            DECODED.require(sum(sizes), where)
            meta = _geo_metadata(file.schema_arrow, where)
        return _of_parquet(path, meta, where)
    except (
        pa.ArrowException,
        ShapelyError,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        MemoryError,
    ):
        raise InputError(f"{where} is not valid GeoParquet.", "Download or export it again.") from None


def _geo_metadata(schema: pa.Schema, where: Path | str) -> JsonObject:
    raw = (schema.metadata or {}).get(b"geo")
    if raw is not None:
        found = json.loads(raw)
        column = found["primary_column"]
        return {"column": column, **found["columns"][column]}
    for name in ("geometry", "geom", "wkb_geometry", "wkb"):
        if name in schema.names and pa.types.is_binary(schema.field(name).type):
            return {"column": name, "encoding": "WKB", "crs": None}
    raise InputError(
        f"{where} is a Parquet table without shapes.", "Give a file with a polygon for each area."
    )


def _of_parquet(path: Path, meta: JsonObject, where: Path | str) -> Rows:
    name = meta["column"]
    wkb = str(meta.get("encoding", "WKB")).upper() == "WKB"
    texts = [
        field.name
        for field in pq.read_schema(path)
        if field.name != name and (pa.types.is_string(field.type) or pa.types.is_large_string(field.type))
    ]
    table = pq.read_table(path, read_dictionary=[*texts, *([name] if wkb else [])])
    lengths = 0
    for column in table.columns:
        for chunk in column.chunks:
            lengths += _decoded_bytes(chunk)
            DECODED.require(lengths, where)
    column = table[name]
    shapes = shapes_of_wkb(column.to_pylist(), where) if wkb else _native(column, str(meta["encoding"]))
    columns = {
        field.name: table[field.name].to_pylist()
        for field in table.schema
        if field.name != name and not pa.types.is_nested(field.type)
    }
    return Rows(columns, shapes, ("",) * len(shapes), _parquet_system(meta, where))


def _decoded_bytes(chunk: pa.Array) -> int:
    """Return the bytes of a chunk when each repeated value is written out."""
    if not pa.types.is_dictionary(chunk.type):
        return int(chunk.nbytes)
    lengths = pc.binary_length(chunk.dictionary)
    return int(pc.sum(lengths.take(chunk.indices)).as_py() or 0)


def _native(column: pa.ChunkedArray, encoding: str) -> np.ndarray:
    """Return the shapes of GeoArrow's own encodings, nested lists of x and y."""
    found = []
    for value in column.to_pylist():
        parts = [] if value is None else [value] if encoding == "polygon" else value
        polygons = [
            shapely.Polygon(rings[0], rings[1:])
            for part in parts
            if (rings := [[(corner["x"], corner["y"]) for corner in ring] for ring in part])
        ]
        found.append(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))
    if encoding not in {"polygon", "multipolygon"}:
        raise ValueError("points and lines enclose no crime")
    return np.array(found, dtype=object)


def _parquet_system(meta: JsonObject, where: Path | str) -> pyproj.CRS | None:
    """Return the declared system: none said is longitude and latitude, by the standard; null is not known."""
    crs = meta.get("crs", "OGC:CRS84")
    if crs is None:
        return None
    return declared(crs if isinstance(crs, str) else json.dumps(crs, ensure_ascii=False), where)
