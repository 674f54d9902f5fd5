"""The tidy cache: the rows wanted of each month already read from an archive, so that the next run reads only the new.

    STORE/tidy/KEY-SUM.parquet      the Crimes rows kept of one month of one archive; the tally of all, in its metadata

KEY is of what was read: the name, size and CRC of each of the month's files, the crime types kept, and the versions
of sacmap and of this layout. SUM is of the bytes. Rows are kept, not counts: repeats, streets, edges and crimes with
no location are all judged from rows, so a run from the cache cannot differ from one that reads everything, and other
boundaries use it too. Two runs write the same bytes to the same name. The folder may be deleted at any time.
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

import pyarrow as pa
import pyarrow.parquet as pq

from sacmap.errors import DiskError
from sacmap.fetch.rows import TALLY, Rows
from sacmap.publish.disk import sweep, write_whole

if TYPE_CHECKING:
    from sacmap.fetch.street import Member

LAYOUT = 1
FOLDER = "tidy"
_TALLY = b"sacmap tally"


class Tidy:
    """Months already read; `keep` are the crime types whose rows are kept."""

    def __init__(self, store: Path, keep: Sequence[str]) -> None:
        self.folder = store / FOLDER
        self._keep = sorted(keep)
        names = sorted(path.name for path in self.folder.glob("*.parquet"))
        self._there = {name.partition("-")[0]: name for name in names}
        self._writable = True
        sweep(self.folder.glob("*.part"))

    def key(self, month: Iterable[Member]) -> str:
        """Return the key of the files of a month."""
        files = [(member.name, member.size, member.crc) for member in month]
        return _hash(json.dumps([LAYOUT, version("sacmap"), self._keep, files]).encode())

    def has(self, month: Iterable[Member]) -> bool:
        """Whether there is a file for a month, whole or not."""
        return self.key(month) in self._there

    def get(self, month: Iterable[Member]) -> Rows | None:
        """Return the rows of a month, or None where it is not there; a damaged file is set aside as .damaged."""
        name = self._there.get(self.key(month))
        if name is None:
            return None
        path = self.folder / name
        try:
            raw = path.read_bytes()
        except OSError:
            # Another run set it aside, or it was deleted: it is read again.
            return None
        if name != f"{self.key(month)}-{_hash(raw)}.parquet":
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
            return None
        crimes = pq.read_table(pa.BufferReader(raw), use_threads=False)
        tally = json.loads(crimes.schema.metadata[_TALLY])
        return Rows(crimes.replace_schema_metadata(None), pa.table(tally, schema=TALLY))

    def put(self, month: Iterable[Member], rows: Rows) -> None:
        """Keep the rows of a month. Where the store cannot be written, nothing is kept and the run goes on."""
        if not self._writable:
            return
        tally = json.dumps(rows.tally.to_pydict(), ensure_ascii=False).encode()
        out = io.BytesIO()
        pq.write_table(
            rows.crimes.replace_schema_metadata({_TALLY: tally}), out, compression="zstd", compression_level=1
        )
        raw = out.getvalue()
        try:
            write_whole(self.folder / f"{self.key(month)}-{_hash(raw)}.parquet", raw, option="--store")
        except DiskError:
            self._writable = False


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]
