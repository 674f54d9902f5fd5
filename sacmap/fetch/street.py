"""Read police.uk street-level crime files: CSVs, folders of them and ZIPs, in place.

A ZIP's members are inflated in memory and never extracted. Members are read side by side: inflating and parsing
both let go of Python's lock.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sacmap import months, tables
from sacmap.errors import InputError

#: Crime types police.uk has published; another is kept out of SAC and listed.
KNOWN_TYPES = frozenset(
    (
        *tables.SAC_TYPES,
        "anti-social-behaviour", "bicycle-theft", "criminal-damage-and-arson", "drugs", "other-crime", "other-theft",
        "possession-of-weapons", "public-disorder-and-weapons", "public-order", "shoplifting",
        "theft-from-the-person", "violence-and-sexual-offences", "violent-crime",
    )
)  # fmt: skip

#: CSV column → our column; the first five must be there.
COLUMNS = {
    "Month": "month",
    "Reported by": "force",
    "Longitude": "lon",
    "Latitude": "lat",
    "Crime type": "crime_type",
    "Crime ID": "crime_id",
    "Location": "location",
}
REQUIRED = tuple(COLUMNS)[:5]
CATEGORIES = ("month", "crime_type", "force", "location")

#: A month of the largest force is some 25 MB; nothing real comes near these.
MEMBER_BYTES = 1 << 30
MEMBER_RATIO = 200

_STREET_NAME = re.compile(r"\d{4}-\d{2}-.+-street\.csv", re.IGNORECASE)
_OTHER_NAME = re.compile(r"\d{4}-\d{2}-.+-(outcomes|stop-and-search)\.csv", re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """One CSV to read: a file, or a member of a ZIP."""

    path: Path
    inside: str = ""

    @property
    def label(self) -> str:
        """How errors and the record name it."""
        return f"{self.path}:{self.inside}" if self.inside else str(self.path)

    @property
    def name(self) -> str:
        """Its file name, which in police.uk's layout says the month and the force."""
        return PurePosixPath(self.inside.replace("\\", "/")).name if self.inside else self.path.name


@dataclass(frozen=True)
class Reading:
    """What was read.

    crimes: the Crimes table of the rows kept; tally: force, month, crime_type and n of all rows, kept or not;
    inputs: path, sha256 and rows of each file given; notes: what the reader should be told.
    """

    crimes: pd.DataFrame
    tally: pd.DataFrame
    inputs: tuple[dict[str, object], ...]
    notes: tuple[str, ...]


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

    `total` is called once with the names of the files to come, `progress` with each when it is done.

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

    def one(member: Member) -> tuple[pa.Table, pa.Table, int]:
        table = read_member(member)
        kept = table if keep is None else table.filter(pc.is_in(table["crime_type"], pa.array(keep)))
        tally = table.group_by(["force", "month", "crime_type"]).aggregate([([], "count_all")])
        return kept, tally, table.num_rows

    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        parts = []
        for member, part in zip(members, pool.map(one, members), strict=True):
            parts.append(part)
            progress(member.name)
    crimes = _pandas(pa.concat_tables(kept for kept, _, _ in parts))
    tally = _tally(pa.concat_tables(tally for _, tally, _ in parts))
    rows: dict[Path, int] = {}
    for member, (_, _, count) in zip(members, parts, strict=True):
        rows[member.path] = rows.get(member.path, 0) + count
    inputs = tuple({"path": str(path), "sha256": sha256(path), "rows": n} for path, n in rows.items())
    return Reading(crimes, tally, inputs, tuple(notes))


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
        yield Member(path, info.filename)


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


def read_member(member: Member) -> pa.Table:
    """Read one CSV: our columns of text and degrees, empty text for none, null degrees for no location.

    Raises
    ------
    InputError
        If it is damaged, is not UTF-8 or Latin-1 CSV, lacks a column, is cut, or a month is not a month.
    """
    raw = _bytes(member)
    if not raw.strip():
        raise InputError(f"{member.label} is empty.", "Download it again.")
    try:
        table = _parse(raw, member)
    except UnicodeDecodeError:
        table = _parse(raw.decode("latin-1").encode(), member)
    _check_months(table["month"], member)
    return table


def _bytes(member: Member) -> bytes:
    try:
        if not member.inside:
            return member.path.read_bytes()
        with zipfile.ZipFile(member.path) as archive:
            # Reading to the end is what checks the CRC.
            return archive.read(member.inside)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise InputError(f"{member.label} is damaged: {error}.", "Download it again.") from None


def _parse(raw: bytes, member: Member) -> pa.Table:
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    header = [
        name.strip().strip('"') for name in raw.split(b"\n", 1)[0].decode("utf-8").rstrip("\r").split(",")
    ]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise InputError(
            f"{member.label}, line 1: no column {missing[0]!r} (it has {', '.join(header)[:120]}).",
            "Give police.uk street-level crime CSVs.",
        )
    wanted = [name for name in COLUMNS if name in header]
    text = pa.string()
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(raw),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=wanted,
                column_types={n: pa.float64() if n in {"Longitude", "Latitude"} else text for n in wanted},
                null_values=["", "null", "NULL", "NaN", "nan"],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if "invalid UTF8" in str(error):
            raise UnicodeDecodeError("utf-8", raw[:1], 0, 1, "not UTF-8") from None
        raise InputError(
            f"{member.label} cannot be read: {_with_line(str(error))}.", "It may be cut: download it again."
        ) from None
    _check_end(raw, header, member)
    table = table.rename_columns([COLUMNS[name] for name in wanted])
    for name in ("crime_id", "location"):
        if name not in table.column_names:
            table = table.append_column(name, pa.array([""] * table.num_rows, text))
    slug = pc.replace_substring(pc.utf8_lower(pc.utf8_trim_whitespace(table["crime_type"])), " ", "-")
    half = pc.or_(pc.is_null(table["lon"]), pc.is_null(table["lat"]))
    nowhere = pa.scalar(None, pa.float64())
    columns = {
        "month": pc.utf8_trim_whitespace(table["month"]),
        "crime_type": slug,
        "lon": pc.if_else(half, nowhere, table["lon"]),
        "lat": pc.if_else(half, nowhere, table["lat"]),
        "force": pc.utf8_trim_whitespace(table["force"]),
        "crime_id": table["crime_id"],
        "location": table["location"],
    }
    return pa.table(
        {
            name: pc.dictionary_encode(column) if name in CATEGORIES else column
            for name, column in columns.items()
        }
    ).unify_dictionaries()


def _with_line(message: str) -> str:
    """Turn Arrow's row number into the file's line: the header was skipped as row 1 of its own count."""
    text = message.removeprefix("CSV parse error: ").split("\n")[0]
    return re.sub(r"Row #(\d+)", lambda found: f"line {int(found[1])}", text)[:200]


def _check_end(raw: bytes, header: list[str], member: Member) -> None:
    """Refuse a file whose last row was cut inside a coordinate: it would read as a shorter number."""
    if header[-1] not in {"Longitude", "Latitude"} or raw.endswith((b"\n", b"\r")):
        return
    lines = raw.splitlines()
    decimals = [len(line.rsplit(b".", 1)[-1]) for line in lines[-2:] if b"." in line.rsplit(b",", 1)[-1]]
    if len(decimals) < 2 or decimals[-1] < decimals[0]:
        raise InputError(
            f"{member.label}, line {len(lines)}: the last row ends inside {header[-1]} with no line end.",
            "It may be cut: download it again.",
        )


def _check_months(column: pa.ChunkedArray, member: Member) -> None:
    values = column.combine_chunks().dictionary if column.num_chunks == 1 else pc.unique(column)
    for value in values.to_pylist():
        text = str(value)
        if not months.is_month(text):
            line = pc.index(column.cast(pa.string()), text).as_py() + 2
            raise InputError(
                f"{member.label}, line {line}: {text!r} is not a month.",
                "Months are YYYY-MM; a spreadsheet may have changed them. Use the file as downloaded.",
            )


def _pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    for name in CATEGORIES:
        frame[name] = frame[name].astype("category")
    return frame[tables.CRIMES.names]


def _tally(table: pa.Table) -> pd.DataFrame:
    plain = table.cast(
        pa.schema([(n, pa.int64() if n == "count_all" else pa.string()) for n in table.column_names])
    )
    frame: pd.DataFrame = (
        plain.group_by(["force", "month", "crime_type"]).aggregate([("count_all", "sum")]).to_pandas()
    )
    frame = frame.rename(columns={"count_all_sum": "n"})[["force", "month", "crime_type", "n"]]
    return frame.sort_values(["force", "month", "crime_type"], ignore_index=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files one after another, in hex."""
    total = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        with part.open("rb") as stream:
            while block := stream.read(1 << 20):
                total.update(block)
    return total.hexdigest()
