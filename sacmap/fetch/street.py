"""Read police.uk street-level crime files: CSVs, folders of them and ZIPs, in place.

ZIP members are decompressed in memory and never extracted. Several members are read at the same time, one for each
processor, because decompressing and parsing release Python's lock.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sacmap import tables
from sacmap.crimes import Reading, summed
from sacmap.errors import InputError
from sacmap.fetch.columns import NotCrimesError
from sacmap.fetch.csv_files import Member, MemberReader, each_once, members_of, unread_in
from sacmap.fetch.repeats import (
    Part,
    Repeated,
    idents_of,
    keys_of,
    rounded,
    without_no_ids,
    without_repeated_parts,
)
from sacmap.fetch.rounding import ROUGH_DECIMALS, rounding_of
from sacmap.fetch.street_rows import CATEGORIES, CsvSource, Rows, rows_of
from sacmap.files.text import sha256
from sacmap.forces import force_slug
from sacmap.notices import Notice, listed
from sacmap.study_options import require_paths, texts_of

#: The number of points checked for rounded coordinates.
SOME_POINTS = 20_000
#: Of so many crimes of police.uk in a row, at least 18 are like another (Mendip, 2018 to 2021).
SURELY_ALIKE = 500
#: A file without rows of a type is reported if this many were to be expected from the other files.
SURELY = 10.0


class Read(NamedTuple):
    """Members that were read together, and their rows."""

    members: tuple[Member, ...]
    rows: Rows

    @property
    def label(self) -> str:
        """The name for messages."""
        return self.members[0].label if len(self.members) == 1 else str(self.members[0].path)

    @property
    def size(self) -> int:
        """The number of rows of any crime type."""
        return pc.sum(self.rows.tally["n"]).as_py() or 0


def read_crimes(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> pd.DataFrame:
    """Read every row, of every crime type, of police.uk CSVs, folders of them, or ZIPs.

    >>> crimes = read_crimes("crimes.zip")
    >>> crimes["crime_type"].value_counts().to_dict()
    {'drugs': 792, 'burglary': 396, 'robbery': 396, 'vehicle-crime': 396}

    Returns
    -------
    The Crimes table: month, crime_type, lon, lat (degrees WGS84, NaN without a location), force,
    crime_id, location; one row for each row of the files, in their order.

    Raises
    ------
    InputError
        If a file does not exist, is damaged, or is not a police.uk street file.
    UsageError
        If a path is empty, or no path.
    """
    return read(texts_of("crimes", paths)).crimes


def read(
    paths: Sequence[str],
    *,
    keep: Sequence[str] | None = None,
    force: str | None = None,
    needed: Callable[[Collection[str]], Collection[str]] | None = None,
    total: Callable[[list[str]], None] = lambda _: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Reading:
    """Read files. Rows of the crime types in `keep` become crimes (all types if None), and all rows are tallied.

    `force` is the force of files that do not name one, such as the API's answers. `needed` gets the months in the names
    of police.uk's files and returns those to read. `total` is called with the names of all files, `progress` with the
    name of each when it is done.

    Raises
    ------
    InputError, UsageError
        As `read_crimes`.
    """
    require_paths({"crimes": tuple(paths)})
    members, notes = each_once([member for path in paths for member in members_of(Path(path))])
    if not members:
        raise _nothing_in(paths)
    if needed is not None:
        wanted = set(needed({member.month for member in members if member.is_street}))
        members = [member for member in members if not member.is_street or member.month in wanted]
    total([member.name for member in members])
    with MemberReader() as files, _stopping(ThreadPoolExecutor(min(8, os.cpu_count() or 1))) as pool:
        hashes = {path: pool.submit(sha256, path) for path in dict.fromkeys(m.path for m in members)}
        parts, others = _parts(_by_month(members, pool, files, keep, force), progress)
        sums = {path: found.result() for path, found in hashes.items()}
    if not parts:
        raise _nothing_in(paths)
    parts, repeated = _without_repeats(parts)
    crimes, notices = without_no_ids(pa.concat_tables(part.rows.crimes for part in parts))
    rows: Counter[Path] = Counter()
    for part in parts:
        rows[part.members[0].path] += part.size
    tally = pa.concat_tables(part.rows.tally for part in parts).to_pandas()
    frame, tally = _with_one_name_each(_pandas(crimes), tally)
    return Reading(
        frame,
        tally,
        tuple({"path": str(path), "sha256": sums[path], "rows": n} for path, n in rows.items()),
        tuple(notes),
        notices=(
            *repeated,
            *_filtered_notices(parts),
            *notices,
            *_without_ids_notices(crimes),
            *_distinct_notices(crimes),
            *_rounded_notices(crimes),
            *_other_table_notices([*others, *unread_in(paths)]),
        ),
    )


def _nothing_in(paths: Sequence[str]) -> InputError:
    unread = unread_in(paths)
    return InputError(
        f"No street-level crime file was found in {', '.join(paths) or 'nothing'}.",
        f"In folders and ZIPs only CSVs are looked for: give {listed(unread, 3)} itself, unpacked."
        if unread
        else "Give CSVs named like 2018-10-northamptonshire-street.csv, folders of them, or ZIPs.",
    )


def _parts(
    read_by_month: Iterator[tuple[list[Member], Callable[[], Rows]]], progress: Callable[[str], None]
) -> tuple[list[Read], list[str]]:
    """Return what was read, and the labels of files that are other tables."""
    parts: list[Read] = []
    others: list[str] = []
    for month, result in read_by_month:
        try:
            parts.append(Read(tuple(month), result()))
        except NotCrimesError:
            if not all(member.found for member in month):
                raise
            others += [member.label for member in month]
        for member in month:
            progress(member.name)
    return parts, others


def _by_month(
    members: list[Member],
    pool: ThreadPoolExecutor,
    files: MemberReader,
    keep: Sequence[str] | None,
    force: str | None,
) -> Iterator[tuple[list[Member], Callable[[], Rows]]]:
    """Yield the files of each month of a path, and a function that returns their rows, in the order of members."""
    runs = deque(list(run) for _, run in groupby(members, lambda member: (member.path, member.month)))
    coming = deque(
        pool.submit(
            rows_of, [CsvSource(member.label, partial(files.read, member)) for member in run], keep, force
        )
        for run in runs
    )
    while runs:
        # Taken from the queues, so that finished results can be freed.
        yield runs.popleft(), coming.popleft().result


@contextmanager
def _stopping(pool: ThreadPoolExecutor) -> Iterator[ThreadPoolExecutor]:
    """Yield the pool. On an error or Ctrl-C, cancel what has not started."""
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _without_repeats(parts: list[Read]) -> tuple[list[Read], tuple[Notice, ...]]:
    """Leave out the months of a part that another has completely. Files with police.uk's names need no check."""
    if all(member.is_street for part in parts for member in part.members):
        return parts, ()
    return without_repeated_parts(parts, [_part_of(part) for part in parts], _less)


def _part_of(part: Read) -> Part:
    frame = part.rows.crimes.select(["month", "force", "crime_type", "lon", "lat", "crime_id"]).to_pandas()
    group = _groups(frame)
    return Part(
        label=part.label,
        size=part.size,
        group=group,
        kind=frame["crime_type"].astype(str).to_numpy(object),
        key=keys_of([pd.Series(group), frame["crime_type"], rounded(frame["lon"]), rounded(frame["lat"])]),
        ident=idents_of(frame["crime_id"]),
        placed=frame["lon"].notna().to_numpy(),
    )


def _groups(frame: pd.DataFrame) -> np.ndarray:
    """Return the month and force of each row; a force is one however its name is spelt."""
    force = frame["force"].astype(str)
    slugs = force.map({name: force_slug(name) for name in force.unique()})
    return (frame["month"].astype(str) + " " + slugs).to_numpy(object)


def _less(part: Read, repeated: Repeated) -> Read:
    def left(table: pa.Table) -> pa.Table:
        groups = _groups(table.select(["month", "force"]).to_pandas())
        return table.filter(pa.array(~np.isin(groups, repeated.groups)))

    return Read(part.members, Rows(left(part.rows.crimes), left(part.rows.tally)))


def _filtered_notices(parts: Sequence[Read]) -> Iterator[Notice]:
    """Warn of files without any row of a crime type that the other files have."""
    counts = [_by_type(part.rows.tally) for part in parts]
    everything = {kind: sum(count[kind] for count in counts) for kind in tables.SAC_TYPES}
    alone = []
    for part, count in zip(parts, counts, strict=True):
        mine, rest = sum(count.values()), sum(everything.values()) - sum(count.values())
        for kind, n in count.items():
            others = everything[kind] - n
            if not n and rest and mine * others / max(rest - others, 1) > SURELY:
                alone.append(f"{part.label} ({tables.IN_WORDS[kind]})")
    if alone:
        yield Notice(
            "filtered-file",
            f"Files without any row of a crime type that the other files have: {listed(alone, 3)}. They may have been "
            "filtered: then the type is unknown there, not zero, and you should not trust its change.",
        )


def _by_type(tally: pa.Table) -> dict[str, int]:
    found: Counter[str] = Counter()
    for kind, n in zip(tally["crime_type"].to_pylist(), tally["n"].to_pylist(), strict=True):
        found[kind] += n
    return {kind: found[kind] for kind in tables.SAC_TYPES}


def _without_ids_notices(crimes: pa.Table) -> Iterator[Notice]:
    """Warn if no crime has an id, by which a crime that is listed twice would be found."""
    if len(crimes) and not pc.any(pc.greater(pc.binary_length(crimes["crime_id"]), 0)).as_py():
        yield Notice(
            "without-ids",
            "No crime given has an id, so a crime that is listed twice counts twice. Up to 2 in 100 are in police.uk's "
            "own files: use these as downloaded.",
        )


def _distinct_notices(crimes: pa.Table) -> Iterator[Notice]:
    """Warn if no two crimes are alike, as many of police.uk's are at its map points: equal rows may be removed."""
    some = (
        crimes.slice(0, 4 * SURELY_ALIKE).select(["month", "crime_type", "lon", "lat"]).to_pandas().dropna()
    )
    if len(some) >= SURELY_ALIKE and not some.duplicated().any():
        yield Notice(
            "no-two-alike",
            "No two crimes have the same month, type and location, though in police.uk's files many have: rows that "
            "look the same may have been removed, and then the counts are too low. Use the files as downloaded.",
        )


def _rounded_notices(crimes: pa.Table) -> Iterator[Notice]:
    """Warn if coordinates are too rounded to give the area."""
    step = max(1, len(crimes) // SOME_POINTS)
    some = crimes.select(["lon", "lat", "month"]).take(pa.array(np.arange(0, len(crimes), step))).to_pandas()
    steps = {
        10**-n: f"{n} decimals of a degree, which is about {words}" for n, words in ROUGH_DECIMALS.items()
    }
    for when, found in rounding_of(some[["lon", "lat"]], some["month"], steps):
        yield Notice(
            "rough-places",
            f"Most locations{when} have only {found}, so many crimes will be in the wrong area. A spreadsheet may have "
            "rounded them. Use the files as downloaded.",
        )


def _other_table_notices(others: Sequence[str]) -> Iterator[Notice]:
    if others:
        yield Notice(
            "passed-over", f"Other tables in the same folder or ZIP were not read: {listed(others, 4)}."
        )


def _pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    for name in CATEGORIES:
        frame[name] = frame[name].astype("category")
    return frame[tables.CRIMES.names]


def _with_one_name_each(crimes: pd.DataFrame, tally: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sum the tally, and give every force one name: the most frequent that is not just a slug.

    Or each spelling would be a force of its own, silent in the months of the others.
    """
    rows = tally.groupby("force")["n"].sum()
    order = sorted(rows.index, key=lambda name: (name == force_slug(name), -rows[name], name))
    first: dict[str, str] = {}
    for name in order:
        first.setdefault(force_slug(name) or name, name)
    names = {name: first[force_slug(name) or name] for name in order}
    if all(name == used for name, used in names.items()):
        return crimes, summed(tally)
    renamed = crimes["force"].astype(str).map(names).astype("category")
    return crimes.assign(force=renamed), summed(tally.assign(force=tally["force"].map(names)))
