"""Crimes as they are read: the table with what belongs to it, which rows repeat a crime, and the tally of all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sacmap import tables
from sacmap.notices import Notice

#: Crime types police.uk has published; another is kept out of SAC and listed.
KNOWN_TYPES = frozenset(
    (
        *tables.SAC_TYPES,
        "anti-social-behaviour", "bicycle-theft", "criminal-damage-and-arson", "drugs", "other-crime", "other-theft",
        "possession-of-weapons", "public-disorder-and-weapons", "public-order", "shoplifting",
        "theft-from-the-person", "violence-and-sexual-offences", "violent-crime",
    )
)  # fmt: skip

#: An odd number to mix codes into 64-bit keys with, wrapping round.
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Reading:
    """What was read.

    crimes: the Crimes table of the rows kept, of a large archive without the ids that one row of a month alone has;
    tally: force, month, crime_type and n of all rows, kept or not;
    inputs: path, sha256 and rows of each file given; notes: files given again; told: what else the reader must know;
    asked: the crime types asked for, where some months hold no other and so cannot be judged by all;
    whole: the forces all of whose crimes were asked for, where others' came only in part.
    """

    crimes: pd.DataFrame
    tally: pd.DataFrame
    inputs: tuple[dict[str, object], ...]
    notes: tuple[str, ...]
    told: tuple[Notice, ...] = ()
    asked: tuple[str, ...] | None = None
    whole: tuple[str, ...] | None = None

    @property
    def judged(self) -> pd.DataFrame:
        """The tally that coverage is judged by: of the crime types and forces every month was asked for."""
        judged = self.tally
        for column, asked in (("crime_type", self.asked), ("force", self.whole)):
            judged = judged if asked is None else judged[judged[column].isin(asked)]
        return judged


def repeats(crimes: pd.DataFrame) -> np.ndarray:
    """Mark the rows that repeat a crime: same non-blank crime_id, month and crime_type as one that stands.

    The first with coordinates stands; where none has, the first. Rows with a blank or missing id are never marked.
    Returns a boolean array, one an input row.
    """
    marked = np.zeros(len(crimes), dtype=bool)
    key, blank = _id_keys(crimes["crime_id"])
    rows = np.flatnonzero(~blank)
    for name in ("month", "crime_type"):
        key = (key ^ _codes(crimes[name]).astype(np.uint64)) * _MIX
    # Rows alike have the same key; the few whose key is not their own are compared in full.
    rows = rows[pd.Series(key[rows]).duplicated(keep=False).to_numpy()]
    nowhere = crimes["lon"].isna().to_numpy()[rows]
    ordered = rows[np.argsort(nowhere, kind="stable")]
    alike = crimes[["crime_id", "month", "crime_type"]].iloc[ordered].astype(str)
    marked[ordered] = alike.duplicated().to_numpy()
    return marked


def _id_keys(ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return a number for each id, the same for the same id, and which ids are blank."""
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
        # Ids are digests: sixteen of their characters, read as two numbers wherever they lie, tell them apart.
        numbers = np.ndarray((len(data) - 7,), np.uint64, buffer=data, strides=(1,))
        keys[long] = numbers[cuts[long]] * _MIX ^ numbers[cuts[long] + 8]
    return keys


def _codes(column: pd.Series) -> np.ndarray:
    """Return a whole number for each value, the same for the same value."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(np.int64)
    return pd.factorize(column)[0]


def without_repeats(crimes: pd.DataFrame) -> pd.DataFrame:
    """Return the crimes less the rows that repeat one: see `repeats`."""
    return crimes[~repeats(crimes)]


def tally_of(crimes: pd.DataFrame) -> pd.DataFrame:
    """Return force, month, crime_type and n of all rows of a Crimes table."""
    keys = ["force", "month", "crime_type"]
    return (
        crimes.groupby(keys, observed=True).size().rename("n").reset_index().astype(dict.fromkeys(keys, str))
    )
