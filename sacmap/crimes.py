"""Crimes as read from files or the API: the table, the rows that are duplicates, and the tally of all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sacmap import tables
from sacmap.notices import Notice

#: Crime types police.uk has published. Any other is not counted as SAC, and is listed.
KNOWN_TYPES = frozenset(
    (
        *tables.SAC_TYPES,
        "anti-social-behaviour", "bicycle-theft", "criminal-damage-and-arson", "criminal-damage-arson", "drugs",
        "other-crime", "other-theft", "possession-of-weapons", "public-disorder-and-weapons", "public-disorder-weapons",
        "public-order", "shoplifting", "theft-from-the-person", "violence-and-sexual-offences", "violent-crime",
    )
)  # fmt: skip

#: The key of a tally.
TALLIED = ["force", "month", "crime_type"]
#: An odd multiplier for hashing into 64-bit keys; overflow is intended.
MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Reading:
    """What was read.

    crimes: the Crimes table of the rows kept; for a large archive, an id that occurs once in its month may be blank;
    tally: force, month, crime_type and n of all rows, kept or not;
    inputs: path, sha256 and rows of each input file; notes: files that were given twice; notices: other remarks;
    asked: the crime types fetched, where some months hold no others, so that coverage is judged by these alone;
    whole: the forces fetched completely, where those of other forces came only in part;
    fetched: the months fetched, also those without a row;
    lacking: the parts of vehicle crime that an extract does not have; broken: crime types that it has for some months
    only in part, so that they cannot be compared.
    """

    crimes: pd.DataFrame
    tally: pd.DataFrame
    inputs: tuple[dict[str, object], ...]
    notes: tuple[str, ...]
    notices: tuple[Notice, ...] = ()
    asked: tuple[str, ...] | None = None
    whole: tuple[str, ...] | None = None
    fetched: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def absent(self) -> tuple[str, ...]:
        """The SAC types without any row, or broken. They are unknown, not zero, unless all types were fetched."""
        if self.asked is not None or self.tally.empty:
            return ()
        there = set(self.tally["crime_type"].unique()) - set(self.broken)
        found = tuple(kind for kind in tables.SAC_TYPES if kind not in there)
        return () if len(found) == len(tables.SAC_TYPES) else found

    @property
    def judged(self) -> pd.DataFrame:
        """The tally that coverage is judged by: only the crime types and forces fetched for every month."""
        judged = self.tally
        for column, asked in (("crime_type", self.asked), ("force", self.whole)):
            judged = judged if asked is None else judged[judged[column].isin(asked)]
        return judged


def repeats(crimes: pd.DataFrame) -> np.ndarray:
    """Mark duplicates: rows with the same non-blank crime_id, month and crime_type as the row that is kept.

    The first row with coordinates is kept, or the first row if none has any. Rows with a blank or missing id are
    never marked. Returns a boolean array, one value per row.
    """
    marked = np.zeros(len(crimes), dtype=bool)
    key, blank = _id_keys(crimes["crime_id"])
    rows = np.flatnonzero(~blank)
    for name in ("month", "crime_type"):
        key = (key ^ _codes(crimes[name]).astype(np.uint64)) * MIX
    # Equal rows have equal keys. Different rows rarely do, so only rows that share a key are compared in full.
    rows = rows[pd.Series(key[rows]).duplicated(keep=False).to_numpy()]
    nowhere = crimes["lon"].isna().to_numpy()[rows]
    ordered = rows[np.argsort(nowhere, kind="stable")]
    alike = crimes[["crime_id", "month", "crime_type"]].iloc[ordered].astype(str)
    marked[ordered] = alike.duplicated().to_numpy()
    return marked


def _id_keys(ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return a number for each id (equal ids, equal numbers) and which ids are blank."""
    if not isinstance(ids.dtype, pd.StringDtype | pd.CategoricalDtype):
        # Numbers, or no id at all, in a table of one's own.
        ids = ids.astype("string")
    chunks = pc.fill_null(pa.chunked_array(pa.array(ids, pa.large_string())), "").chunks
    keys = [_chunk_keys(chunk) for chunk in chunks]
    blank = [pc.equal(pc.binary_length(chunk), 0).to_numpy(zero_copy_only=False) for chunk in chunks]
    return np.concatenate([np.zeros(0, np.uint64), *keys]), np.concatenate([np.zeros(0, bool), *blank])


def _chunk_keys(ids: pa.Array) -> np.ndarray:
    _, offsets, data = ids.buffers()
    cuts = np.frombuffer(offsets, np.int64)[ids.offset : ids.offset + len(ids) + 1]
    size = np.diff(cuts)
    keys = np.zeros(len(ids), np.uint64)
    short, long = np.flatnonzero((size > 0) & (size < 16)), np.flatnonzero(size >= 16)
    if len(short):
        keys[short] = pd.util.hash_array(
            np.array(ids.take(pa.array(short)).to_pylist(), dtype=object), categorize=False
        )
    if len(long):
        # Ids are digests, so their first sixteen characters, read as two numbers, make a good key.
        numbers = np.ndarray((len(data) - 7,), np.uint64, buffer=data, strides=(1,))
        keys[long] = numbers[cuts[long]] * MIX ^ numbers[cuts[long] + 8]
    return keys


def _codes(column: pd.Series) -> np.ndarray:
    """Return an integer code for each value: equal values, equal codes."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(np.int64)
    return pd.factorize(column)[0]


def without_repeats(crimes: pd.DataFrame) -> pd.DataFrame:
    """Return the crimes without duplicates: see `repeats`."""
    return crimes[~repeats(crimes)]


def tally_of(crimes: pd.DataFrame) -> pd.DataFrame:
    """Return the tally of a Crimes table: force, month, crime_type and n."""
    rows = crimes.groupby(TALLIED, observed=True).size().rename("n").reset_index()
    return rows.astype(dict.fromkeys(TALLIED, str))


def summed(tally: pd.DataFrame) -> pd.DataFrame:
    """Return a tally that has each force, month and crime type once, sorted by them."""
    return tally.groupby(TALLIED)["n"].sum().reset_index()
