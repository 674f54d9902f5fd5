"""Read police.uk street-level crime files: CSVs, folders of them and ZIPs, in place.

A ZIP's members are inflated in memory and never extracted. Members are read side by side, as many at once as there
are processors: inflating, sifting and parsing let go of Python's lock.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath
from threading import Lock
from types import TracebackType

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sacmap import tables
from sacmap.crimes import Reading
from sacmap.errors import InputError
from sacmap.fetch.inflate import inflated
from sacmap.fetch.rows import CATEGORIES, CsvSource, Rows, rows_of
from sacmap.files.hashes import sha256

#: A month of the largest force is some 25 MB; nothing real comes near these.
MEMBER_BYTES = 1 << 30
MEMBER_RATIO = 200

_STREET_NAME = re.compile(r"\d{4}-\d{2}-.+-street\.csv", re.IGNORECASE)
_OTHER_NAME = re.compile(r"\d{4}-\d{2}-.+-(outcomes|stop-and-search)\.csv", re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """One CSV to read: a file, or a member of a ZIP, with its size inflated and CRC as the ZIP's directory has them."""

    path: Path
    inside: str = ""
    size: int = 0
    crc: int = 0

    @property
    def label(self) -> str:
        """How errors and the record name it."""
        return f"{self.path}:{self.inside}" if self.inside else str(self.path)

    @property
    def name(self) -> str:
        """Its file name, which in police.uk's layout says the month and the force."""
        return PurePosixPath(self.inside.replace("\\", "/")).name if self.inside else self.path.name

    @property
    def month(self) -> str:
        """The month its name says, or the name where it says none."""
        return self.name[:7] if _STREET_NAME.fullmatch(self.name) else self.name


def read_crimes(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> pd.DataFrame:
    """Read every row, of every crime type, of police.uk CSVs, folders of them, or ZIPs.

    Returns
    -------
    The Crimes table: month, crime_type, lon, lat (degrees WGS84, NaN where there is no location), force,
    crime_id, location; one row a row of the files, in the order of the files given.

    Raises
    ------
    InputError
        If a file is not there, is damaged, or is not a police.uk street file.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    return read([str(path) for path in several]).crimes


def read(
    paths: Sequence[str],
    *,
    keep: Sequence[str] | None = None,
    total: Callable[[list[str]], None] = lambda _: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Reading:
    """Read files; rows of the crime types in `keep` become crimes (all, where None), all rows are tallied.

    `total` is called with the names of the files to come, `progress` with each when it is done.

    Raises
    ------
    InputError
        As `read_crimes`.
    """
    members, notes = _once([member for path in paths for member in members_of(Path(path))])
    if not members:
        raise InputError(
            f"No street-level crime file was found in {', '.join(paths) or 'nothing'}.",
            "Give CSVs named like 2018-10-northamptonshire-street.csv, folders of them, or ZIPs.",
        )
    total([member.name for member in members])
    rows = dict.fromkeys((member.path for member in members), 0)
    parts: list[Rows] = []
    with _Open() as files, _stopping(ThreadPoolExecutor(min(8, os.cpu_count() or 1))) as pool:
        hashes = {path: pool.submit(sha256, path) for path in rows}
        for month, part in _by_month(members, pool, files, keep):
            for member in month:
                progress(member.name)
            parts.append(part)
            rows[month[0].path] += pc.sum(part.tally["n"]).as_py() or 0
        inputs = tuple(
            {"path": str(path), "sha256": hashes[path].result(), "rows": n} for path, n in rows.items()
        )
    return Reading(
        _pandas(pa.concat_tables(part.crimes for part in parts)),
        _tally(pa.concat_tables(part.tally for part in parts)),
        inputs,
        tuple(notes),
    )


def _by_month(
    members: list[Member], pool: ThreadPoolExecutor, files: _Open, keep: Sequence[str] | None
) -> Iterator[tuple[list[Member], Rows]]:
    """Yield the files of each month of a path and their rows, in the order of the members."""
    runs = deque(list(run) for _, run in groupby(members, lambda member: (member.path, member.month)))
    coming = deque(
        pool.submit(rows_of, [CsvSource(member.label, partial(files.read, member)) for member in run], keep)
        for run in runs
    )
    while runs:
        # Taken from the queues, so that what is done with is let go of.
        yield runs.popleft(), coming.popleft().result()


@contextmanager
def _stopping(pool: ThreadPoolExecutor) -> Iterator[ThreadPoolExecutor]:
    """Give the pool; on an error or Ctrl-C, wait only for what is under way."""
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def members_of(path: Path) -> list[Member]:
    """List the CSVs of one path given: itself, those of a folder (ZIPs in it too), or those of a ZIP.

    Raises
    ------
    InputError
        If the path is not there, or a ZIP is damaged, encrypted, nested in another or too large to be real.
    """
    if path.is_dir():
        inner = sorted(p for p in path.rglob("*") if p.suffix.lower() in {".csv", ".zip"} and p.is_file())
        return [m for p in inner if not _OTHER_NAME.fullmatch(p.name) for m in members_of(p)]
    if not path.is_file():
        raise InputError(f"{path} is not there.", "Check --crimes.")
    if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        return list(_zip_members(path))
    return [Member(path)]


def _zip_members(path: Path) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise InputError(f"{path} is not a whole ZIP: {error}.", "Download it again.") from None
    for info in infos:
        name = PurePosixPath(info.filename.replace("\\", "/")).name
        if name.lower().endswith(".zip"):
            raise InputError(
                f"{path} holds another ZIP, {info.filename}.", "Unpack it and give the inner one."
            )
        if (
            info.is_dir()
            or not name.lower().endswith(".csv")
            or name.startswith("._")
            or _OTHER_NAME.fullmatch(name)
        ):
            continue
        if info.flag_bits & 1:
            raise InputError(f"{path} is encrypted ({info.filename}).", "Unpack it and give the folder.")
        if info.file_size > MEMBER_BYTES or info.file_size > MEMBER_RATIO * max(info.compress_size, 1 << 10):
            raise InputError(
                f"{info.filename} in {path} would inflate to {info.file_size:,} bytes, more than any real month.",
                "Download the ZIP again from data.police.uk.",
            )
        yield Member(path, info.filename, info.file_size, info.CRC)


def _once(members: list[Member]) -> tuple[list[Member], list[str]]:
    """Keep one of the files that say they are the same month of the same force: the last given."""
    last: dict[str, Member] = {}
    for member in members:
        key = member.name.lower() if _STREET_NAME.fullmatch(member.name) else f"{member.label}/"
        last[key] = member
    kept = set(last.values())
    ordered = [m for m in dict.fromkeys(members) if m in kept]
    dropped = [m for m in dict.fromkeys(members) if m not in kept]
    notes = [f"{m.label} was given again by a later path; the later one was read." for m in dropped]
    return ordered, notes


class _Open:
    """Files being read: a ZIP is opened once, however many of its members are read; a context manager."""

    def __init__(self) -> None:
        self._zips: dict[Path, zipfile.ZipFile] = {}
        self._lock = Lock()

    def __enter__(self) -> _Open:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for archive in self._zips.values():
            archive.close()

    def read(self, member: Member) -> bytes | bytearray:
        """Return a member's bytes; those of a ZIP are of the size and CRC its directory says.

        Raises
        ------
        InputError
            If it is damaged.
        """
        try:
            if not member.inside:
                return member.path.read_bytes()
            archive = self._zip(member.path)
            raw = inflated(member.path, archive.getinfo(member.inside))
            return self._unzipped(archive, member.inside) if raw is None else raw
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise InputError(f"{member.label} is damaged: {error}.", "Download it again.") from None

    def _zip(self, path: Path) -> zipfile.ZipFile:
        with self._lock:
            if path not in self._zips:
                self._zips[path] = zipfile.ZipFile(path)
            return self._zips[path]

    def _unzipped(self, archive: zipfile.ZipFile, name: str) -> bytes:
        # Many may read at once, but zipfile counts what is open without a lock of its own.
        with self._lock:
            stream = archive.open(name)
        try:
            return stream.read()
        finally:
            with self._lock:
                stream.close()


def _pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    for name in CATEGORIES:
        frame[name] = frame[name].astype("category")
    return frame[tables.CRIMES.names]


def _tally(table: pa.Table) -> pd.DataFrame:
    keys = ["force", "month", "crime_type"]
    frame: pd.DataFrame = table.group_by(keys).aggregate([("n", "sum")]).to_pandas()
    return frame.rename(columns={"n_sum": "n"})[[*keys, "n"]].sort_values(keys, ignore_index=True)
