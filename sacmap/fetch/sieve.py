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
        ends = _rows(block, width)
        if ends is None:
            return None
        found = [_encode(_fields(block, ends, place)) for place in tallied]
        _add(tally, found)
        codes, values = found[-1]
        chosen = np.flatnonzero(np.array([wanted(value) for value in values])[codes])
        for place, (codes, values) in zip(tallied, found, strict=True):
            coded[place].append(pa.DictionaryArray.from_arrays(codes[chosen], pa.array(values, pa.binary())))
        for place in taken:
            plain[place].append(_fields(block, ends, place, chosen))
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
    """Return where each field ends, a row of the block a row; None if a row has more or fewer commas."""
    text = np.frombuffer(block, np.uint8)
    marks = text == NEWLINE
    lines = np.count_nonzero(marks)
    marks |= text == COMMA
    ends = np.flatnonzero(marks)
    if len(ends) != width * lines or (text[ends[width - 1 :: width]] != NEWLINE).any():
        return None
    return ends.reshape(lines, width)


def _fields(block: memoryview, ends: np.ndarray, place: int, chosen: np.ndarray | None = None) -> pa.Array:
    """Return a field of each row, or of those chosen: every other piece of the block cut where fields begin and end."""
    before = ends[:, place - 1] if place else np.append(-1, ends[:-1, -1])
    after = ends[:, place]
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
