"""The tidy cache: the rows wanted of each month already read from an archive, so that the next run reads only the new.

    STORE/tidy/KEY-SUM.parquet      the Crimes rows kept of one month of one archive; the tally of all, in its metadata
    STORE/tidy/KEY-SUM.parquet      the map points joined so far to one set of boundaries

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
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from sacmap.areas.locate import join_points
from sacmap.errors import DiskError
from sacmap.fetch.rows import TALLY, Rows
from sacmap.publish.disk import sweep, write_whole

if TYPE_CHECKING:
    from sacmap.fetch.street import Member

LAYOUT = 2
FOLDER = "tidy"
#: With fewer crimes than this, joining their points again is quicker than it is worth keeping.
MANY = 500_000
_TALLY = b"sacmap tally"


class Tidy:
    """The cache of one store. Where it cannot be written nothing is kept, and the run goes on."""

    def __init__(self, store: Path) -> None:
        self._folder = store / FOLDER
        names = sorted(path.name for path in self._folder.glob("*.parquet"))
        self._there = {name.partition("-")[0]: name for name in names}
        self._writable = True
        sweep(self._folder.glob("*.part"))

    def has(self, key: str) -> bool:
        """Whether there is a file of that key, whole or not."""
        return key in self._there

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
    ordered = areas.sort_values("area_id", kind="stable")
    shapes = hashlib.sha256(b"".join(shapely.to_wkb(ordered.geometry.to_numpy()))).hexdigest()
    key = _key("points", shapes, list(ordered["area_id"]))
    kept = tidy.get(key)
    known = None if kept is None else kept.to_pandas().set_index("point")
    joined = join_points(crimes, areas, known)
    if joined is not known:
        tidy.put(key, pa.Table.from_pandas(joined.reset_index(), preserve_index=False))
    return joined


def _key(*parts: object) -> str:
    return _hash(json.dumps([LAYOUT, version("sacmap"), *parts]).encode())


def _name(key: str, raw: bytes) -> str:
    return f"{key}-{_hash(raw)}.parquet"


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]
