"""The tidy cache: the rows wanted of each month already read from an archive, so that the next run reads only the new.

    STORE/tidy/KEY-SUM.parquet      the Crimes rows kept of one month of one archive; the tally of all, in its metadata
    STORE/tidy/KEY-SUM.parquet      of one set of boundaries: the map points joined so far, the overlaps, what is drawn

KEY is of what was read: the name, size and CRC of each of the month's files and the crime types kept, or the
boundaries; and the versions of sacmap and of this layout. SUM is of the bytes. Rows are kept, not counts: repeats,
streets, edges and crimes with no location are all judged from rows, so a run from the cache cannot differ from one
that reads everything, and other boundaries use it too. A crime can only repeat one of its own month: of a month whose
rows are all in one place, the ids that one row alone has are let go of, half of the weight. Two runs write the same
bytes to the same name. The folder may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from sacmap.areas.boundaries import overlaps
from sacmap.areas.locate import join_points
from sacmap.errors import DiskError
from sacmap.fetch.rows import TALLY, Rows
from sacmap.publish.disk import sweep, write_whole
from sacmap.publish.outlines import Outlines, Picture, outlines_of

if TYPE_CHECKING:
    from sacmap.fetch.street import Member

LAYOUT = 2
FOLDER = "tidy"
#: With fewer crimes than this, joining their points again is quicker than it is worth keeping.
MANY = 500_000
#: With no more areas than this, drawing them again is quicker than it is worth keeping.
MANY_AREAS = 2_000
OVERLAPS = pa.schema([("one", pa.string()), ("other", pa.string()), ("square_metres", pa.float64())])
#: The letters of codes and of path data: nothing that means anything in HTML or in a script.
_DRAWN = r"^[A-Za-z0-9 ,;_-]*\z"
_TALLY, _SIZE = b"sacmap tally", b"sacmap picture"


class Tidy:
    """The cache of one store. Where it cannot be written nothing is kept, and the run goes on."""

    def __init__(self, store: Path) -> None:
        self._folder = store / FOLDER
        names = sorted(path.name for path in self._folder.glob("*.parquet"))
        self._there = {name.partition("-")[0]: name for name in names}
        self._writable = True
        sweep(self._folder.glob("*.part"))

    def get(self, key: str) -> pa.Table | None:
        """Return the table of that key, or None where it is not there; a damaged file is set aside as .damaged."""
        if key not in self._there:
            return None
        path = self._folder / self._there[key]
        try:
            raw = path.read_bytes()
        except OSError:
            # Another run set it aside or put a later one in its place, or it was deleted.
            return None
        if path.name != _name(key, raw):
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
            return None
        return pq.read_table(pa.BufferReader(raw), use_threads=False)

    def put(self, key: str, table: pa.Table) -> None:
        """Keep a table; an older one of that key is let go."""
        if not self._writable:
            return
        out = io.BytesIO()
        # Ids and degrees are nearly all their own, and nothing is ever looked up by a statistic.
        coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
        pq.write_table(
            table, out, compression="zstd", compression_level=1, use_dictionary=coded, write_statistics=False
        )
        name = _name(key, out.getvalue())
        try:
            write_whole(self._folder / name, out.getvalue(), option="--store")
        except DiskError:
            self._writable = False
            return
        older, self._there[key] = self._there.get(key, name), name
        if older != name:
            with contextlib.suppress(OSError):
                (self._folder / older).unlink(missing_ok=True)


def month_key(month: Iterable[Member], keep: Sequence[str], alone: bool) -> str:
    """Return the key of the rows of some crime types of the files of a month; `alone`: no other file has rows of it."""
    files = [(member.name, member.size, member.crc) for member in month]
    return _key("month", sorted(keep), files, alone)


def table_of(rows: Rows) -> pa.Table:
    """Return rows as one table, as they are kept."""
    tally = json.dumps(rows.tally.to_pydict(), ensure_ascii=False).encode()
    return rows.crimes.replace_schema_metadata({_TALLY: tally})


def rows_in(table: pa.Table) -> Rows:
    """Return the rows of a table that was kept."""
    tally = pa.table(json.loads(table.schema.metadata[_TALLY]), schema=TALLY)
    return Rows(table.replace_schema_metadata(None), tally)


def points_joined(tidy: Tidy, crimes: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the map points of the crimes joined to the areas, joining only those not known; keep them all.

    Raises
    ------
    InputError
        As `sacmap.areas.locate.join_points`.
    """
    key = _key("points", _shapes_hash(areas.sort_values("area_id", kind="stable")))
    kept = tidy.get(key)
    known = None if kept is None else kept.to_pandas().set_index("point")
    joined = join_points(crimes, areas, known)
    if joined is not known:
        tidy.put(key, pa.Table.from_pandas(joined.reset_index(), preserve_index=False))
    return joined


def overlaps_kept(tidy: Tidy, areas: gpd.GeoDataFrame) -> list[tuple[str, str, float]]:
    """Return the pairs of areas that overlap, as `sacmap.areas.boundaries.overlaps`; of many areas they are kept."""
    if len(areas) <= MANY_AREAS:
        return overlaps(areas)
    key = _key("overlaps", _shapes_hash(areas))
    table = tidy.get(key)
    if table is None:
        rows = [dict(zip(OVERLAPS.names, pair, strict=True)) for pair in overlaps(areas)]
        table = pa.Table.from_pylist(rows, schema=OVERLAPS)
        tidy.put(key, table)
    return [tuple(row.values()) for row in table.to_pylist()]


def outlines_kept(tidy: Tidy, areas: gpd.GeoDataFrame) -> Outlines:
    """Return what is drawn of the areas, as `sacmap.publish.outlines.outlines_of`; of many areas it is kept."""
    polygons = areas.geometry.to_numpy()
    if len(areas) <= MANY_AREAS:
        return outlines_of(polygons)
    key = _key("outlines", _shapes_hash(areas))
    table = tidy.get(key)
    kept = None if table is None else outlines_in(table)
    if kept:
        return kept
    drawn = outlines_of(polygons)
    tidy.put(key, table_of_outlines(drawn))
    return drawn


def table_of_outlines(drawn: Outlines) -> pa.Table:
    """Return what is drawn as one table, a row an area, as it is kept."""
    columns: dict[str, object] = {"code": drawn.codes}
    columns |= {f"name_{k}": drawn.names_at[:, k] for k in range(3)}
    size = None
    if drawn.picture:
        size = [drawn.picture.width, drawn.picture.height]
        columns |= {"path": drawn.picture.paths, "tall": drawn.picture.tall}
        columns |= {f"where_{k}": drawn.picture.where[:, k] for k in range(3)}
    return pa.table(columns).replace_schema_metadata({_SIZE: json.dumps(size).encode()})


def outlines_in(table: pa.Table) -> Outlines | None:
    """Return what is drawn from a table kept; None where its text is not ours, for it is written into the page."""
    for name in {"code", "path"} & set(table.schema.names):
        if not pc.all(pc.match_substring_regex(table[name], _DRAWN)).as_py():
            return None

    def side_by_side(name: str) -> np.ndarray:
        return np.column_stack([table[f"{name}_{k}"].to_numpy() for k in range(3)])

    size = json.loads(table.schema.metadata[_SIZE])
    picture = size and Picture(
        table["path"].to_pylist(), side_by_side("where"), table["tall"].to_numpy(), *map(float, size)
    )
    return Outlines(table["code"].to_pylist(), side_by_side("name"), picture)


def _shapes_hash(areas: gpd.GeoDataFrame) -> str:
    """Return a hash of the areas: their shapes and ids, in their order."""
    shapes = hashlib.sha256(b"".join(shapely.to_wkb(areas.geometry.to_numpy()))).hexdigest()
    return _hash(json.dumps([shapes, list(areas["area_id"])]).encode())


def _key(*parts: object) -> str:
    return _hash(json.dumps([LAYOUT, version("sacmap"), *parts]).encode())


def _name(key: str, raw: bytes) -> str:
    return f"{key}-{_hash(raw)}.parquet"


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]
