"""Filter a street file without parsing it: tally all rows, and take some fields of the rows of the wanted types.

Six rows in seven have other crime types, and half the fields of the rest are not needed. Finding where fields
begin is much faster than parsing them. A file is left to the parser if any row has more or fewer commas than the
header.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

COMMA, NEWLINE = ord(","), ord("\n")
#: Bytes handled at a time, so that intermediate results fit into the processor's cache.
BLOCK = 2 << 20
#: The most combinations of tallied values: far more than any file of police.uk has.
KINDS = 1 << 20

#: A code for each row, and the value of each code.
Coded = tuple[np.ndarray, list[bytes]]


@dataclass(frozen=True)
class Filtered:
    """tally: rows by tallied values; coded and plain: columns of the rows wanted, by position in the header."""

    tally: dict[tuple[bytes, ...], int]
    coded: dict[int, Coded]
    plain: dict[int, pa.ChunkedArray]


def filter_rows(
    body: memoryview,
    width: int,
    tallied: Sequence[int],
    taken: Sequence[int],
    wanted: Callable[[bytes], bool],
) -> Filtered | None:
    """Filter the rows of a CSV.

    Parameters
    ----------
    body
        The file without its header. The last line must end with a line break.
    width
        The number of columns.
    tallied
        Positions of the columns to tally by and to take. The last of them decides which rows are wanted.
    taken
        Positions of the other columns to take.
    wanted
        Whether rows are wanted, by the value of that column as written in the file.

    Returns
    -------
    None if a row has more or fewer commas than the header, or there are too many combinations of tallied values.
    """
    runs = _runs(tallied)
    codes: list[list[np.ndarray]] = [[] for _ in runs]
    known: list[dict[bytes, int]] = [{} for _ in runs]
    chosen: list[np.ndarray] = []
    plain: dict[int, list[pa.Array]] = {place: [] for place in taken}
    for block in _blocks(body):
        ends = _rows(block, width)
        if ends is None:
            return None
        for run, coded, values in zip(runs, codes, known, strict=True):
            coded.append(_encode(_fields(block, ends, run), values))
        if math.prod(map(len, known)) > KINDS:
            return None
        chosen.append(np.array([wanted(value.rpartition(b",")[2]) for value in known[-1]])[codes[-1][-1]])
        rows = np.flatnonzero(chosen[-1])
        for place in taken:
            plain[place].append(_fields(block, ends, range(place, place + 1), rows))
    whole = [np.concatenate(coded) for coded in codes]
    kept = np.concatenate(chosen)
    return Filtered(
        _tally(whole, known),
        {
            place: (coded[kept], [value.split(b",")[at] for value in values])
            for run, coded, values in zip(runs, whole, known, strict=True)
            for at, place in enumerate(run)
        },
        {place: pa.chunked_array(parts, pa.binary()) for place, parts in plain.items()},
    )


def join_filtered(parts: Sequence[Filtered]) -> Filtered:
    """Join the results of several files with the same header, in their order."""
    first = parts[0]
    tally: Counter[tuple[bytes, ...]] = Counter()
    for part in parts:
        tally.update(part.tally)
    return Filtered(
        tally,
        {place: _one_coding([part.coded[place] for part in parts]) for place in first.coded},
        {
            place: pa.chunked_array(
                [chunk for part in parts for chunk in part.plain[place].chunks], pa.binary()
            )
            for place in first.plain
        },
    )


def _one_coding(parts: Sequence[Coded]) -> Coded:
    known: dict[bytes, int] = {}
    codes = [_places(values, known)[coded] for coded, values in parts]
    return np.concatenate(codes), list(known)


def _places(values: Iterable[bytes], known: dict[bytes, int]) -> np.ndarray:
    """Return the code of each value, adding new values to `known`."""
    return np.array([known.setdefault(value, len(known)) for value in values], np.int32)


def _runs(places: Sequence[int]) -> list[range]:
    """Group adjacent columns, which are then handled as one field with commas in it."""
    runs: list[range] = []
    for place in places:
        if runs and runs[-1].stop == place:
            runs[-1] = range(runs[-1].start, place + 1)
        else:
            runs.append(range(place, place + 1))
    return runs


def _blocks(body: memoryview) -> Iterator[memoryview]:
    """Split the file into blocks at line ends."""
    start = 0
    while start < len(body):
        end = min(start + BLOCK, len(body))
        while body[end - 1] != NEWLINE:
            end += 1
        yield body[start:end]
        start = end


def _rows(block: memoryview, width: int) -> np.ndarray | None:
    """Return where each field ends, shape (rows, width); None if a row has more or fewer commas."""
    text = np.frombuffer(block, np.uint8)
    marks = text == NEWLINE
    lines = np.count_nonzero(marks)
    marks |= text == COMMA
    ends = np.flatnonzero(marks)
    if len(ends) != width * lines or (text[ends[width - 1 :: width]] != NEWLINE).any():
        return None
    return ends.reshape(lines, width)


def _fields(block: memoryview, ends: np.ndarray, run: range, chosen: np.ndarray | None = None) -> pa.Array:
    """Return a group of adjacent fields of each row, or of the chosen rows, as slices of the block."""
    before = ends[:, run.start - 1] if run.start else np.append(-1, ends[:-1, -1])
    after = ends[:, run.stop - 1]
    if chosen is not None:
        before, after = before[chosen], after[chosen]
    cuts = np.empty(2 * len(after) + 1, np.int32)
    np.add(before, 1, out=cuts[:-1:2], casting="same_kind")
    cuts[1::2] = after
    cuts[-1] = len(block)
    pieces = pa.Array.from_buffers(
        pa.binary(), len(cuts) - 1, [None, pa.py_buffer(cuts), pa.py_buffer(block)]
    )
    return pieces.take(pa.array(np.arange(0, len(cuts) - 1, 2, dtype=np.int32)))


def _encode(fields: pa.Array, known: dict[bytes, int]) -> np.ndarray:
    """Return a code for each field, adding new values to `known`."""
    if pc.all(pc.equal(fields, fields[0])).as_py():
        # A file usually has one month and one force. Checking that is faster than encoding.
        return np.full(len(fields), known.setdefault(fields[0].as_py(), len(known)), np.int32)
    encoded = fields.dictionary_encode()
    codes: np.ndarray = _places(encoded.dictionary.to_pylist(), known)[encoded.indices.to_numpy()]
    return codes


def _tally(codes: Sequence[np.ndarray], known: Sequence[Iterable[bytes]]) -> dict[tuple[bytes, ...], int]:
    values = [list(some) for some in known]
    shape = tuple(map(len, values))
    counts = np.bincount(np.ravel_multi_index(codes, shape))
    there = np.flatnonzero(counts)
    found = zip(*(place.tolist() for place in np.unravel_index(there, shape)), strict=True)
    keys = [b",".join(some[at] for some, at in zip(values, places, strict=True)) for places in found]
    return {tuple(key.split(b",")): n for key, n in zip(keys, counts[there].tolist(), strict=True)}
