"""Which ids are none, and which parts of what was given repeat another: found before a crime is counted.

police.uk's ids are digests of 64 digits, and are trusted. Anything else in their place may be a word that a program
or a person put there, a number that a spreadsheet rounded, or the number of a form: rows are merged by it only where
they agree on place and date.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sacmap.files.sheets import FULL
from sacmap.notices import Notice, listed

#: Characters of an id of police.uk.
DIGEST = 64
#: A number that a spreadsheet showed rounded: 1.20018E+11.
_ROUNDED = re.compile(r"[\d.,]+e\+\d{1,3}")
#: Nought, with whatever marks: 0, 0.0, 000-000.
_NOUGHT = re.compile(r"[\W_0]*")
#: Fewer rows than this may look like others by chance, month by month; a whole file or sheet of two will not.
MONTH_ROWS, WHOLE_ROWS = 5, 2
#: In fewer rows than this all may stand twice by chance.
DOUBLED_ROWS = 20
_MIX = np.uint64(0x9E3779B97F4A7C15)


def is_no_id(text: str) -> bool:
    """Whether what stands for an id is none: a word without a digit (NA, PENDING, Not recorded), 0, 1.20018E+11.

    Examples
    --------
    >>> [is_no_id(text) for text in ("N/A", "-", "0", "1.20018E+11", "14000001/18", "55.CR3001")]
    [True, True, True, True, False, False]
    """
    return (
        not any(c.isdigit() for c in text)
        or _NOUGHT.fullmatch(text) is not None
        or _ROUNDED.fullmatch(text.strip().lower()) is not None
    )


def without_no_ids(crimes: pa.Table) -> tuple[pa.Table, tuple[Notice, ...]]:
    """Blank the ids of street files that are none, and those that crimes at other places or months share.

    Returns
    -------
    The table, and what is told of it.
    """
    ids = crimes["crime_id"]
    size = pc.binary_length(ids)
    odd = pc.and_(pc.greater(size, 0), pc.not_equal(size, DIGEST))
    if not pc.any(odd).as_py():
        return crimes, ()
    rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    frame = crimes.take(pa.array(rows)).to_pandas()
    found = frame["crime_id"].astype(str)
    none = found.map({text: is_no_id(text) for text in found.unique()}).astype(bool)
    shared = shared_elsewhere(
        found.where(~none, ""),
        kinds=frame["crime_type"].astype(str),
        others=[frame["month"].astype(str), frame["lon"].round(6), frame["lat"].round(6)],
    )
    blank = np.zeros(len(ids), dtype=bool)
    blank[rows[none | shared]] = True
    cleaned = pc.if_else(pa.array(blank), pa.scalar("", ids.type), ids.combine_chunks())
    at = crimes.column_names.index("crime_id")
    return crimes.set_column(at, "crime_id", cleaned), told_of_ids(found, none, shared)


def shared_elsewhere(ids: pd.Series, *, kinds: pd.Series, others: Sequence[pd.Series]) -> pd.Series:
    """Mark the rows whose id other rows of the same kind have at another date or place: it is none of a crime.

    Parameters
    ----------
    ids
        "" for none.
    kinds
        Rows of unlike kinds are never merged, so an id may stand for one of each.
    others
        What rows of one crime agree in: its day or month, its coordinates; a missing one agrees with any.
    """
    shared = pd.Series(data=False, index=ids.index)
    repeated = ids[(ids != "")].groupby([ids, kinds]).transform("size") > 1
    rows = repeated.index[repeated]
    if len(rows) == 0:
        return shared
    keys = [ids.loc[rows], kinds.loc[rows]]
    for column in others:
        mine = column.loc[rows]
        shared.loc[rows] |= mine.groupby(keys).transform("nunique") > 1
    return shared


def told_of_ids(ids: pd.Series, none: pd.Series, shared: pd.Series) -> tuple[Notice, ...]:
    """Say how many rows have an id that is none, and which."""
    told = []
    for code, mask, words in (
        ("no-ids", none, "Rows whose id is a word, 0 or a rounded number, which is no real id: {n}"),
        (
            "shared-ids",
            shared,
            "Rows whose id also occurs at other locations or dates, so it is no real id: {n}",
        ),
    ):
        # A row alone in its word would not be merged anyway: the first of rows numbered from 0 is one.
        several = mask & ids.duplicated(keep=False)
        if several.any():
            each = Counter(ids[several].tolist())
            named = [
                f"{text[:40]} {n:,}"
                for text, n in sorted(each.items(), key=lambda pair: (-pair[1], str(pair[0])))
            ]
            told.append(
                Notice(
                    code,
                    f"{words.format(n=f'{int(several.sum()):,}')} ({listed(named, 4, ', ')}). "
                    "Each of these rows counts as a separate crime.",
                )
            )
    return tuple(told)


@dataclass(frozen=True)
class Part:
    """One file, member or sheet: its label, and four arrays over its rows.

    group: the month and force; key: a number, the same for rows alike in all but their id; ident: a number for the
    id, 0 where there is none; placed: whether the row has a place.
    """

    label: str
    group: np.ndarray
    key: np.ndarray
    ident: np.ndarray
    placed: np.ndarray


@dataclass(frozen=True)
class Repeated:
    """What repeats: the part (its place in those given), the groups of it, how many rows, and the part repeated."""

    part: int
    groups: tuple[str, ...]
    rows: int
    of: str
    whole: bool


def keys_of(columns: Iterable[pd.Series]) -> np.ndarray:
    """Return a number for each row, the same for rows that agree in every column."""
    key: np.ndarray | np.uint64 = np.uint64(0)
    for column in columns:
        if column.dtype.kind == "f":
            codes = pd.util.hash_array(column.fillna(-9e9).to_numpy(float))
        else:
            codes = pd.util.hash_array(column.astype(str).to_numpy(object))
        key = (key ^ codes) * _MIX + np.uint64(1)
    return np.asarray(key, np.uint64)


def idents_of(ids: pd.Series) -> np.ndarray:
    """Return a number for each id, 0 for none."""
    texts = ids.astype(str).to_numpy(object)
    return np.where(texts == "", np.uint64(0), pd.util.hash_array(texts) | np.uint64(1))


def repeated_parts(parts: Sequence[Part]) -> list[Repeated]:
    """Find the parts that repeat another whole, or month by month: their rows all stand in another part.

    Of two that are alike the first stands. Rows with ids on both sides are alike where their ids are.
    """
    frames = [
        pd.DataFrame(
            {"part": n, "group": part.group, "key": part.key, "ident": part.ident, "placed": part.placed}
        )
        for n, part in enumerate(parts)
        if len(part.key)
    ]
    if len(frames) < 2:
        return []
    rows = pd.concat(frames, ignore_index=True)
    sizes = rows.groupby("part").size()
    # Only months that several parts hold can repeat.
    rows = rows[rows.groupby("group")["part"].transform("nunique") > 1]
    by_part: dict[int, dict[str, pd.DataFrame]] = {}
    for (part, group), some in rows.groupby(["part", "group"]):
        by_part.setdefault(int(str(part)), {})[str(group)] = some
    together = rows.groupby("group")["part"].unique()
    pairs = {(one, other) for some in together for one in some for other in some if one != other}
    found: list[Repeated] = []
    gone: set[tuple[int, str]] = set()
    for one, other in sorted(pairs, key=lambda pair: (sizes[pair[0]], -pair[0], pair[1])):
        mine, theirs = by_part[one], by_part[other]
        held = {
            group: (len(some), int(some["placed"].sum()))
            for group, some in mine.items()
            if group in theirs
            and not gone & {(one, group), (other, group)}
            and _stand_in(some, theirs[group])
        }
        whole = sum(n for n, _ in held.values()) == sizes[one]
        least = 0 if whole and sum(n for _, n in held.values()) >= WHOLE_ROWS else MONTH_ROWS
        kept = {group: n for group, (n, placed) in held.items() if placed >= least}
        if kept:
            gone |= {(one, group) for group in kept}
            found.append(Repeated(one, tuple(sorted(kept)), sum(kept.values()), parts[other].label, whole))
    return sorted(found, key=lambda repeated: repeated.part)


def _stand_in(mine: pd.DataFrame, theirs: pd.DataFrame) -> bool:
    """Whether each row of a month of one part stands in the same month of another."""
    if len(mine) > len(theirs):
        return False
    if mine["ident"].all() and theirs["ident"].all():
        return bool(mine["ident"].isin(theirs["ident"]).all())
    counts, beside = mine["key"].value_counts(), theirs["key"].value_counts()
    return bool((beside.reindex(counts.index).fillna(0) >= counts).all())


def told_of_doubled(parts: Sequence[Part]) -> tuple[Notice, ...]:
    """Tell of files without ids in which every row stands twice, or four times: they may have been put in twice."""
    doubled = [part.label for part in parts if _is_doubled(part)]
    if not doubled:
        return ()
    return (
        Notice(
            "doubled-file",
            f"Every row occurs an even number of times in {listed(doubled, 3)}, and there are no ids to show whether "
            "these are crimes or copies. The counts may be twice too high. Check whether the file was joined to "
            "itself.",
        ),
    )


def _is_doubled(part: Part) -> bool:
    if len(part.key) < DOUBLED_ROWS or part.ident.any() or not part.placed.any():
        return False
    counts = np.unique(part.key ^ keys_of([pd.Series(part.group)]), return_counts=True)[1]
    return bool((counts % 2 == 0).all())


def told_of_full(rows: Mapping[str, int]) -> tuple[Notice, ...]:
    """Tell of files and sheets that hold exactly as many rows as a spreadsheet can: what was beyond is lost."""
    full = [label for label, n in rows.items() if n in FULL]
    if not full:
        return ()
    return (
        Notice(
            "full-spreadsheet",
            f"{listed(full, 3)} has as many rows as a spreadsheet can hold, {rows[full[0]]:,}. Any others were "
            "lost when "
            "it was saved. Use the files as downloaded, or save in parts.",
        ),
    )


def told_of_repeats(found: Sequence[Repeated], labels: Sequence[str]) -> tuple[Notice, ...]:
    """Say which files or sheets repeat another, and that they count once."""
    if not found:
        return ()
    each = [
        f"{labels[one.part]} repeats {one.of} ({one.rows:,} rows"
        + ("" if one.whole else f", in {len(one.groups)} months" if len(one.groups) > 1 else ", in one month")
        + ")"
        for one in found
    ]
    return (
        Notice(
            "repeated-file",
            f"Rows that occur in two files or sheets count once: {listed(each, 3)}. "
            "Give each crime only once, or give ids.",
        ),
    )
