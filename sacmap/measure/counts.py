"""Count located crimes by area, month and type, and sum them over the months compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sacmap import tables
from sacmap.measure.coverage import coverage, gaps, study_forces
from sacmap.study import Period, Study

#: An odd number to mix codes into 64-bit keys with, wrapping round.
_MIX = np.uint64(0x9E3779B97F4A7C15)


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


def count(located: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Count located crimes by area, month of the study and crime type.

    Repeated crimes are counted once. Coverage is judged on the rows given, so give the rows of every crime type.

    Returns
    -------
    The Counts table over every area that `locate` was given: n is 0 only where the month is complete for every force
    of the study, otherwise missing. Of a table not made by `locate`, the areas are those that have a crime.
    """
    judged = coverage(tally_of(located), study.months)
    left_out = set(gaps(judged, study_forces(located, study), study.months)["month"])
    area_ids = sorted(located["area_id"].astype("category").cat.categories)
    cube = counts_cube(without_repeats(located), area_ids, study.months)
    return monthly_counts(cube, area_ids, study.months, left_out)


def monthly_counts(
    cube: np.ndarray, area_ids: Sequence[str], wanted: Sequence[str], left_out: Collection[str]
) -> pd.DataFrame:
    """Return a cube of `area_ids` × `wanted` as the Counts table; n is missing in the months left out."""
    types = list(tables.CRIME_TYPES)
    values = np.concatenate([cube.sum(axis=2, keepdims=True), cube], axis=2).astype(float)
    values[:, [month in set(left_out) for month in wanted], :] = np.nan
    index = pd.MultiIndex.from_product([area_ids, wanted, types], names=tables.COUNTS.key)
    return pd.DataFrame({"n": pd.array(values.ravel(), dtype="Float64")}, index=index).reset_index()


def counts_cube(
    located: pd.DataFrame, area_ids: Sequence[str], wanted: Sequence[str], where: np.ndarray | None = None
) -> np.ndarray:
    """Return an (areas × months × SAC types) array of counts of the rows of SAC that lie in an area.

    `where` is a boolean array over the rows: those to count.
    """
    shape = (len(area_ids), len(wanted), len(tables.SAC_TYPES))
    none = int(np.prod(shape))
    cell = _steps(located["area_id"], area_ids, shape[1] * shape[2], none=none, where=where)
    cell += _steps(located["month"], wanted, shape[2], none=none, where=where)
    cell += _steps(located["crime_type"], tables.SAC_TYPES, 1, none=none, where=where)
    # A row that is none of one of them is past the last cell.
    np.minimum(cell, none, out=cell)
    return np.bincount(cell, minlength=none + 1)[:none].reshape(shape)


def _steps(
    column: pd.Series, labels: Sequence[str], step: int, *, none: int, where: np.ndarray | None
) -> np.ndarray:
    """Return the place of each value in `labels`, in steps, or `none`; of the rows of `where`, if it is given."""
    coded = column.astype("category").cat
    places = pd.Index(labels).get_indexer(coded.categories)
    steps = np.append(np.where(places >= 0, places * step, none), none)
    codes = coded.codes.to_numpy()
    # A missing value has the code −1, which is the last of the steps.
    return steps[codes if where is None else codes[where]]


def by_month(
    cube: np.ndarray, wanted: Sequence[str], periods: Sequence[Period], places: Sequence[int]
) -> np.ndarray:
    """Return the months compared of an (… × months × types) array: (… × periods × months × types)."""
    at = {month: i for i, month in enumerate(wanted)}
    return cube[..., [[at[period[k]] for k in places] for period in periods], :]


def by_period(
    cube: np.ndarray, wanted: Sequence[str], periods: Sequence[Period], places: Sequence[int]
) -> np.ndarray:
    """Sum an (… × months × types) array over the months compared: (… × periods × types), `sac` first."""
    sums = by_month(cube, wanted, periods, places).sum(axis=-2)
    return np.concatenate([sums.sum(axis=-1, keepdims=True), sums], axis=-1)


def shares(some: np.ndarray, everything: np.ndarray) -> dict[str, np.ndarray]:
    """Return, by crime type, what share `some` is of `everything`, both (areas × SAC types) counts; NaN of none."""
    whole, part = (np.column_stack([counts.sum(axis=1), counts]) for counts in (everything, some))
    share = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return {kind: share[:, i] for i, kind in enumerate(tables.CRIME_TYPES)}
