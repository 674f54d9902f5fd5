"""Sift a street file without parsing it: tally every row, and take the fields of the rows of the types wanted.

Six rows in seven are of other crime types, and of the rows wanted half the fields are not. Finding where each field
begins costs a fraction of parsing it. A file that is not plain rows of as many commas as its header is left to the
parser whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

COMMA, NEWLINE = ord(","), ord("\n")
#: Bytes sifted at once: what is found about them stays in the processor's cache.
BLOCK = 2 << 20

_CODED = pa.dictionary(pa.int32(), pa.binary())
#: A code for each row, and the values the codes stand for.
Coded = tuple[np.ndarray, list[bytes]]


@dataclass(frozen=True)
class Sifted:
    """tally: rows by the values tallied by; coded and plain: columns of the rows wanted, by place in the header."""

    tally: dict[tuple[bytes, ...], int]
    coded: dict[int, pa.ChunkedArray]
    plain: dict[int, pa.ChunkedArray]


def sift(
    body: memoryview,
    width: int,
    tallied: Sequence[int],
    taken: Sequence[int],
    wanted: Callable[[bytes], bool],
) -> Sifted | None:
    """Sift the rows of a CSV.

    Parameters
    ----------
    body
        The file without its header; the last line ends too.
    width
        Columns of the header.
    tallied
        Places of the columns to tally by and to take; the last of them decides which rows are wanted.
    taken
        Places of the other columns to take.
    wanted
        Whether the rows with a value of that column, as it is written in the file, are wanted.

    Returns
    -------
    None where a row has more or fewer commas than the header.
    """
    tally: dict[tuple[bytes, ...], int] = {}
    coded: dict[int, list[pa.Array]] = {place: [] for place in tallied}
    plain: dict[int, list[pa.Array]] = {place: [] for place in taken}
    for block in _blocks(body):
        rows = _rows(block, width)
        if rows is None:
            return None
        found = [_encode(_fields(block, rows, place)) for place in tallied]
        _add(tally, found)
        codes, values = found[-1]
        chosen = np.flatnonzero(np.array([wanted(value) for value in values])[codes])
        for place, (codes, values) in zip(tallied, found, strict=True):
            coded[place].append(pa.DictionaryArray.from_arrays(codes[chosen], pa.array(values, pa.binary())))
        for place in taken:
            plain[place].append(_fields(block, rows[chosen], place))
    return Sifted(
        tally,
        {place: pa.chunked_array(parts, _CODED) for place, parts in coded.items()},
        {place: pa.chunked_array(parts, pa.binary()) for place, parts in plain.items()},
    )


def _blocks(body: memoryview) -> Iterator[memoryview]:
    """Cut at line ends."""
    start = 0
    while start < len(body):
        end = min(start + BLOCK, len(body))
        while body[end - 1] != NEWLINE:
            end += 1
        yield body[start:end]
        start = end


def _rows(block: memoryview, width: int) -> np.ndarray | None:
    """Return where each field begins, less one, and in a last column where the row ends; None if rows are unlike."""
    text = np.frombuffer(block, np.uint8)
    line_ends = text == NEWLINE
    marks = np.flatnonzero(line_ends | (text == COMMA)).astype(np.int32)
    if len(marks) != width * np.count_nonzero(line_ends):
        return None
    ends = marks[width - 1 :: width]
    if not line_ends[ends].all():
        return None
    rows = np.empty((len(ends), width + 1), np.int32)
    rows[:, 1:] = marks.reshape(-1, width)
    rows[:1, 0], rows[1:, 0] = -1, ends[:-1]
    return rows


def _fields(block: memoryview, rows: np.ndarray, place: int) -> pa.Array:
    """Return a field of each row: every other piece of the block cut where the fields begin and end."""
    if not len(rows):
        return pa.array([], pa.binary())
    cuts = np.empty(2 * len(rows) + 1, np.int32)
    np.add(rows[:, place], 1, out=cuts[:-1:2])
    cuts[1::2] = rows[:, place + 1]
    cuts[-1] = cuts[-2]
    pieces = pa.Array.from_buffers(
        pa.binary(), len(cuts) - 1, [None, pa.py_buffer(cuts), pa.py_buffer(block)]
    )
    return pieces.take(pa.array(np.arange(0, len(cuts) - 1, 2, dtype=np.int32)))


def _encode(fields: pa.Array) -> Coded:
    if pc.all(pc.equal(fields, fields[0])).as_py():
        # One month and one force a file: seeing that they are all alike is quicker than encoding them.
        return np.zeros(len(fields), np.int32), [fields[0].as_py()]
    encoded = fields.dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()


def _add(tally: dict[tuple[bytes, ...], int], found: Sequence[Coded]) -> None:
    shape = tuple(len(values) for _, values in found)
    flat = np.ravel_multi_index([codes for codes, _ in found], shape)
    counts = np.bincount(flat)
    there = np.flatnonzero(counts)
    places = np.unravel_index(there, shape)
    columns = [
        [values[at] for at in place.tolist()] for (_, values), place in zip(found, places, strict=True)
    ]
    for key, n in zip(zip(*columns, strict=True), counts[there].tolist(), strict=True):
        tally[key] = tally.get(key, 0) + n
