"""Find invalid ids and repeated files before crimes are counted.

police.uk's ids are digests of 64 hexadecimal digits and are trusted. Any other id may be a word, a rounded number or
the number of a form. Rows with the same such id are one crime only if they agree on location and date.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sacmap.files.sheets import FULL
from sacmap.notices import Notice, listed

#: The length of police.uk's ids.
DIGEST = 64
#: A number that a spreadsheet rounded: 1.20018E+11.
_ROUNDED = re.compile(r"[\d.,]+e\+\d{1,3}")
#: Zero in any form: 0, 0.0, 000-000.
_ZERO = re.compile(r"[\W_0]*")
#: The fewest rows for which a repeated month, or a whole repeated file, is not a coincidence.
MONTH_ROWS, WHOLE_ROWS = 5, 2
#: Two parts share rows if so many standard deviations more pairs of rows alike than expected lie one in each: chance
#: alone gives 3.3 once in 2,000 times.
SURE = 3.3
#: So many different rows in a row that stood before are a block that was put in twice, where chance hardly makes one.
BLOCK, HARDLY = 10, 1e-6
#: With fewer rows, all may occur twice by chance.
DOUBLED_ROWS = 20

#: What rows are of: the files of a month, or a sheet.
Source = TypeVar("Source")
#: The position of a part → month and force → its rows.
SharedMonths = dict[int, dict[str, pd.DataFrame]]


def is_no_id(text: str) -> bool:
    """Whether a text is not a real id: a word without a digit (NA, PENDING, Not recorded), 0 or 1.20018E+11.

    >>> [is_no_id(text) for text in ("N/A", "-", "0", "1.20018E+11", "14000001/18", "55.CR3001")]
    [True, True, True, True, False, False]
    """
    return (
        not any(c.isdigit() for c in text)
        or _ZERO.fullmatch(text) is not None
        or _ROUNDED.fullmatch(text.strip().lower()) is not None
    )


def without_no_ids(crimes: pa.Table) -> tuple[pa.Table, tuple[Notice, ...]]:
    """Blank the invalid ids of street files, and those that occur at several locations or in several months.

    Returns
    -------
    The table, and notices about it.
    """
    ids = crimes["crime_id"]
    size = pc.binary_length(ids)
    odd = pc.and_(pc.greater(size, 0), pc.not_equal(size, DIGEST))
    if not pc.any(odd).as_py():
        return crimes, ()
    rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    frame = crimes.take(pa.array(rows)).to_pandas()
    found = frame["crime_id"].astype(str)
    invalid, notices = invalid_ids(
        found,
        kinds=frame["crime_type"].astype(str),
        others=[frame["month"].astype(str), rounded(frame["lon"]), rounded(frame["lat"])],
    )
    blank = np.zeros(len(ids), dtype=bool)
    blank[rows[invalid]] = True
    cleaned = pc.if_else(pa.array(blank), pa.scalar("", ids.type), ids.combine_chunks())
    at = crimes.column_names.index("crime_id")
    return crimes.set_column(at, "crime_id", cleaned), tuple(notices)


def invalid_ids(
    ids: pd.Series, *, kinds: pd.Series, others: Sequence[pd.Series]
) -> tuple[pd.Series, Iterator[Notice]]:
    """Mark the rows whose id is no real one, or also occurs at another date or location; and notices about them.

    Rows of different `kinds`, crime types, are never merged, so they may share an id. `others` are columns that are
    equal in rows of one crime: day or month, coordinates. Missing values are ignored; a missing id is "".
    """
    none = (ids != "") & ids.map({text: is_no_id(text) for text in ids.unique()}).astype(bool)
    shared = _shared_elsewhere(ids.where(~none, ""), kinds, others)
    return none | shared, _id_notices(ids, none, shared)


def _shared_elsewhere(ids: pd.Series, kinds: pd.Series, others: Sequence[pd.Series]) -> pd.Series:
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


def _id_notices(ids: pd.Series, none: pd.Series, shared: pd.Series) -> Iterator[Notice]:
    """Tell how many rows have invalid ids, and which."""
    for code, mask, words in (
        ("no-ids", none, "is a word, 0 or a rounded number, which is no real id"),
        ("shared-ids", shared, "also occurs at other locations or dates, so it is no real id"),
    ):
        # A row whose id occurs only once would not be merged anyway.
        several = mask & ids.duplicated(keep=False)
        if several.any():
            named = [f"{text[:40]} {n:,}" for text, n in commonest(ids[several])]
            yield Notice(
                code,
                f"Rows whose id {words}: {int(several.sum()):,} ({listed(named, 4, ', ')}). "
                "Each of these rows counts as a separate crime.",
            )


def commonest(texts: pd.Series) -> list[tuple[str, int]]:
    """Return each text and how often it occurs, the commonest first, equals by the alphabet."""
    return sorted(Counter(texts.tolist()).items(), key=lambda pair: (-pair[1], str(pair[0])))


class Part(NamedTuple):
    """One file, member or sheet: its label, its number of rows, and five arrays with one value for each row compared.

    group: month and force; kind: what the crime is, with its day if known; key: a number that is equal for rows of a
    group that differ only in their id; ident: a number for the id, 0 if it is missing; placed: if it has a location.
    """

    label: str
    size: int
    group: np.ndarray
    kind: np.ndarray
    key: np.ndarray
    ident: np.ndarray
    placed: np.ndarray


class Repeated(NamedTuple):
    """A repeated part: its position, the groups repeated and their rows, the other part's label, and if it is whole."""

    part: int
    groups: tuple[str, ...]
    rows: int
    of: str
    whole: bool


def rounded(degrees: pd.Series) -> pd.Series:
    """Return coordinates rounded. What is too large to be degrees is refused later, where the crimes are located."""
    with np.errstate(over="ignore"):
        return degrees.round(6)


def keys_of(columns: Iterable[pd.Series]) -> np.ndarray:
    """Return a number for each row, which is equal for rows that agree in every column."""
    plain = [column.fillna(-9e9) if column.dtype.kind == "f" else column.astype(str) for column in columns]
    return pd.util.hash_pandas_object(pd.concat(plain, axis=1), index=False).to_numpy()


def idents_of(ids: pd.Series) -> np.ndarray:
    """Return a number for each id, 0 for a missing one."""
    texts = ids.astype(str).to_numpy(object)
    return np.where(texts == "", np.uint64(0), pd.util.hash_array(texts) | np.uint64(1))


def without_repeated_parts(
    sources: Sequence[Source], parts: Sequence[Part], less: Callable[[Source, Repeated], Source]
) -> tuple[list[Source], tuple[Notice, ...]]:
    """Leave out the months of a source that another has completely, and tell of these and of others in doubt.

    `parts` are the rows of each source; `less` returns a source without what is repeated.
    """
    by_part = _shared_months(parts)
    found = repeated_parts(parts, by_part)
    left = list(sources)
    for one in found:
        left[one.part] = less(left[one.part], one)
    doubled = (*_doubled_notices(parts), *_overlap_notices(parts, by_part, found))
    return left, (*_repeat_notices(found, parts), *doubled, *_full_notices(parts))


def repeated_parts(parts: Sequence[Part], by_part: SharedMonths) -> list[Repeated]:
    """Find the parts, or months of parts, whose rows all occur in another part.

    Of two equal parts one with ids is kept, or else the first. If all rows of both have ids, the ids are compared.
    """
    sizes = {part: len(parts[part].key) for part in by_part}
    with_ids = {part: any(some["ident"].any() for some in its.values()) for part, its in by_part.items()}
    found: list[Repeated] = []
    gone: set[tuple[int, str]] = set()
    for one, other in sorted(
        _pairs(by_part), key=lambda pair: (with_ids[pair[0]], sizes[pair[0]], -pair[0], pair[1])
    ):
        mine, theirs = by_part[one], by_part[other]
        held = {
            group: (len(some), int(some["placed"].sum()))
            for group, some in mine.items()
            if group in theirs
            and not gone & {(one, group), (other, group)}
            and _occur_in(some, theirs[group])
        }
        whole = sum(n for n, _ in held.values()) == sizes[one]
        least = 0 if whole and sum(n for _, n in held.values()) >= WHOLE_ROWS else MONTH_ROWS
        kept = {group: n for group, (n, placed) in held.items() if placed >= least}
        if kept:
            gone |= {(one, group) for group in kept}
            found.append(Repeated(one, tuple(sorted(kept)), sum(kept.values()), parts[other].label, whole))
    return sorted(found, key=lambda repeated: repeated.part)


def _shared_months(parts: Sequence[Part]) -> SharedMonths:
    """Return the rows of the months that occur in several parts."""
    frames = [
        pd.DataFrame({"part": n} | {name: getattr(part, name) for name in Part._fields[2:]})
        for n, part in enumerate(parts)
        if len(part.key)
    ]
    by_part: SharedMonths = {}
    if len(frames) > 1:
        rows = pd.concat(frames, ignore_index=True)
        rows = rows[rows.groupby("group")["part"].transform("nunique") > 1]
        for (part, group), some in rows.groupby(["part", "group"]):
            by_part.setdefault(int(str(part)), {})[str(group)] = some
    return by_part


def _pairs(by_part: SharedMonths) -> set[tuple[int, int]]:
    """Return the parts that share a month, each with each."""
    together: dict[str, list[int]] = {}
    for part, its in by_part.items():
        for group in its:
            together.setdefault(group, []).append(part)
    return {(one, other) for some in together.values() for one in some for other in some if one != other}


def _occur_in(mine: pd.DataFrame, theirs: pd.DataFrame) -> bool:
    """Whether every row of a month of one part occurs in the same month of another."""
    if len(mine) > len(theirs):
        return False
    if mine["ident"].all() and theirs["ident"].all():
        return bool(mine["ident"].isin(theirs["ident"]).all())
    counts, others = mine["key"].value_counts(), theirs["key"].value_counts()
    return bool((others.reindex(counts.index).fillna(0) >= counts).all())


def _doubled_notices(parts: Sequence[Part]) -> Iterator[Notice]:
    """Warn of files, or months or blocks of them, in which every row occurs twice, or three times, and no id repeats.

    Someone may have numbered the rows after the file was joined to itself.
    """
    named = [(part, _doubled_in(part)) for part in parts]
    if doubled := [name for _, name in named if name]:
        yield Notice(
            "doubled-file",
            f"Every row occurs more than once in {listed(doubled, 3)}, and no ids show whether "
            "these are crimes or copies. The counts may be twice too high. Check whether the file was joined to "
            "itself.",
        )
    if pasted := [
        f"{part.label} ({n:,} rows)" for part, name in named if not name and (n := _pasted_in(part))
    ]:
        yield Notice(
            "doubled-file",
            f"Rows in a row that all stood before, as if they were put in twice: {listed(pasted, 3)}. No ids show "
            "whether these are the same crimes. If they are, the counts are too high: give each crime only once.",
        )


def _doubled_in(part: Part) -> str:
    """Return the name of a doubled file, or with the months of it that are doubled, or "" if there are none."""
    if len(part.key) < DOUBLED_ROWS:
        return ""
    again = _known_again(part)
    of_row, groups = pd.factorize(part.group)
    _, first, counts = np.unique(part.key, return_index=True, return_counts=True)
    if not again.any() and part.placed.any() and np.gcd.reduce(counts) > 1:
        return part.label
    n = len(groups)
    times = np.zeros(n, dtype=counts.dtype)
    np.gcd.at(times, of_row[first], counts)
    known = np.bincount(of_row, again, minlength=n) > 0
    placed = np.bincount(of_row, part.placed, minlength=n) > 0
    found = (times > 1) & ~known & placed & (np.bincount(of_row, minlength=n) >= DOUBLED_ROWS)
    return f"{part.label} ({listed(sorted(groups[found]), 3, ', ')})" if found.any() else ""


def _known_again(part: Part) -> np.ndarray:
    """Mark the rows whose id stood before."""
    idents = pd.Series(part.ident)
    return (idents.duplicated() & (idents != 0)).to_numpy()


def _overlap_notices(
    parts: Sequence[Part], by_part: SharedMonths, found: Sequence[Repeated]
) -> Iterator[Notice]:
    """Warn of months of a part of which another has most rows, under other ids or none, and which are not left out.

    A copy of which a row was corrected, or an earlier extract, is no whole repeat, and yet counts most crimes twice.
    """
    gone = {(one.part, group) for one in found for group in one.groups}
    said = []
    for one, other in sorted(pair for pair in _pairs(by_part) if pair[0] < pair[1]):
        both = by_part[one].keys() & by_part[other].keys()
        months_of = [group for group in sorted(both) if not {(one, group), (other, group)} & gone]
        each = [(by_part[one][group], by_part[other][group]) for group in months_of]
        if shared := _shared_rows(each):
            said.append(f"{parts[one].label} and {parts[other].label} ({shared:,} rows)")
        elif moved := _moved_rows(each):
            said.append(f"{parts[one].label} and {parts[other].label} ({moved:,} rows, at other coordinates)")
    if said:
        yield Notice(
            "doubled-file",
            f"Files or sheets with many of the same rows, and no ids that show whether these are the same crimes: "
            f"{listed(said, 3)}. If they are, the counts are too high: give each crime only once.",
        )


def _shared_rows(each: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> int:
    """Return how many rows two parts share in their months, less those of the same id; 0 if it may be by chance.

    Of crimes that were divided between two parts, two that are alike may well be in one; a crime and its copy are not.
    """
    shared = across = 0
    expected = variance = 0.0
    for months_rows in each:
        same = set.intersection(*(set(some["ident"]) for some in months_rows)) - {0}
        one, other = (
            some[some["placed"] & ~some["ident"].isin(same)]["key"].value_counts() for some in months_rows
        )
        one, other = one.align(other, fill_value=0)
        n = int(one.sum() + other.sum())
        apart = 2 * int(one.sum()) * int(other.sum()) / max(n * (n - 1), 1)
        pairs = int((one + other == 2).sum())
        shared += int(np.minimum(one, other).sum())
        across += int(((one == 1) & (other == 1)).sum())
        expected += pairs * apart
        variance += pairs * apart * (1 - apart)
    return shared if shared >= MONTH_ROWS and across - expected > SURE * variance**0.5 else 0


def _moved_rows(each: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> int:
    """Return how many rows one of two parts has as the other has them: as many of each kind in each month, else 0.

    So has a copy whose coordinates were rounded or converted.
    """
    if not each or all(some["ident"].all() for both in each for some in both):
        return 0
    few, many = sorted(
        (pd.concat(some)[["group", "kind"]].value_counts() for some in zip(*each, strict=True)),
        key=lambda counts: int(counts.sum()),
    )
    same = len(few) > 2 and bool((many.reindex(few.index, fill_value=0) == few).all())
    return int(few.sum()) if same and few.sum() >= DOUBLED_ROWS else 0


def _pasted_in(part: Part) -> int:
    """Return how many rows stand again further down, under no or another id, with no new one between them.

    So does a block that was put in twice, or a sheet of one crime type beside that of all. Rows alike that follow each
    other are crimes at one place, and in one month of a town many rows are like an earlier one by chance.
    """
    again = pd.Series(part.key).duplicated().to_numpy() & part.placed & ~_known_again(part)
    runs = pd.Series(part.key[again]).groupby(np.cumsum(~again)[again]).agg(["size", "nunique"])
    by_chance = (again.sum() - runs["size"]) / (len(again) - runs["size"]).clip(lower=1)
    blocks = (runs["nunique"] >= BLOCK) & (len(again) * by_chance ** runs["size"] < HARDLY)
    return int(runs["size"][blocks].sum())


def _full_notices(parts: Sequence[Part]) -> Iterator[Notice]:
    """Warn of files and sheets with as many rows as a spreadsheet can hold: others may be lost."""
    full = [part for part in parts if part.size in FULL]
    if full:
        yield Notice(
            "full-spreadsheet",
            f"{listed([part.label for part in full], 3)} has as many rows as a spreadsheet can hold, "
            f"{full[0].size:,}. Any others were lost when it was saved. Use the files as downloaded, or save in parts.",
        )


def _repeat_notices(found: Sequence[Repeated], parts: Sequence[Part]) -> Iterator[Notice]:
    """Tell which files or sheets repeat another."""
    each = [
        f"{parts[one.part].label} repeats {one.of} ({one.rows:,} rows"
        + ("" if one.whole else f", in {len(one.groups)} months" if len(one.groups) > 1 else ", in one month")
        + ")"
        for one in found
    ]
    if each:
        yield Notice(
            "repeated-file",
            f"Rows that occur in two files or sheets count once: {listed(each, 3)}. "
            "Give each crime only once, or give ids.",
        )
