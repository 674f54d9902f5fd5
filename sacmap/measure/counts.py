"""Count located crimes by area, month and type, and sum them over the months compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import geopandas as gpd
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
    return monthly_counts(without_repeats(located), area_ids, study.months, left_out)


def monthly_counts(
    located: pd.DataFrame, area_ids: Sequence[str], wanted: Sequence[str], left_out: Collection[str]
) -> pd.DataFrame:
    """Return the Counts table of `area_ids` × `wanted` × crime types; n is missing in the months left out."""
    types = list(tables.CRIME_TYPES)
    cube = counts_cube(located, area_ids, wanted)
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
    area = _places(located["area_id"], area_ids)
    month = _places(located["month"], wanted)
    kind = _places(located["crime_type"], tables.SAC_TYPES)
    ok = (area >= 0) & (month >= 0) & (kind >= 0)
    if where is not None:
        ok &= where
    shape = (len(area_ids), len(wanted), len(tables.SAC_TYPES))
    flat = (
        np.ravel_multi_index((area[ok], month[ok], kind[ok]), shape) if ok.any() else np.array([], dtype=int)
    )
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)


def _places(column: pd.Series, labels: Sequence[str]) -> np.ndarray:
    """Place of each value in `labels`, or -1."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        lookup = pd.Index(labels).get_indexer(column.cat.categories)
        codes = column.cat.codes.to_numpy()
        return np.where(codes >= 0, lookup[codes] if len(lookup) else -1, -1)
    return pd.Index(labels).get_indexer(pd.Index(column))


def by_period(
    cube: np.ndarray, wanted: Sequence[str], periods: Sequence[Period], places: Sequence[int]
) -> np.ndarray:
    """Sum an (… × months × types) array over the months compared: (… × periods × types), `sac` first."""
    at = {month: i for i, month in enumerate(wanted)}
    sums = np.stack(
        [cube[..., [at[period[k]] for k in places], :].sum(axis=-2) for period in periods], axis=-2
    )
    return np.concatenate([sums.sum(axis=-1, keepdims=True), sums], axis=-1)


def current_share(
    located: pd.DataFrame, areas: gpd.GeoDataFrame, current: Sequence[str], where: np.ndarray
) -> dict[str, np.ndarray]:
    """Return, by crime type, the share of each area's crimes in `current` for which `where` holds, or NaN."""
    area_ids = list(areas["area_id"])
    everything = counts_cube(located, area_ids, current).sum(axis=1)
    some = counts_cube(located, area_ids, current, where).sum(axis=1)
    whole = np.column_stack([everything.sum(axis=1), everything])
    part = np.column_stack([some.sum(axis=1), some])
    shares = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return {kind: shares[:, i] for i, kind in enumerate(tables.CRIME_TYPES)}
