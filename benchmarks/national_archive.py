"""Make an archive in police.uk's form for every force of England and Wales and any number of months.

The archive is the same each time. Each force is a run of wards by code, and the forces' shares of the crimes are as
uneven as the real ones. Every ward has map points. Crime types, blank ids, duplicates and missing locations have about
the real rates. Each street file is followed by an -outcomes file of the same size, as in a real archive, so that
hashing takes as long.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from sacmap import months

ROWS_A_MONTH = 500_000
FORCES = 43
LAST_MONTH = "2025-12"
POINTS_A_WARD = 60
SEED = 8
#: Shares of rows: by crime type; repeated at another point; without a location; without an id (besides ASB).
TYPES = {
    "Anti-social behaviour": 0.17,
    "Bicycle theft": 0.012,
    "Burglary": 0.045,
    "Criminal damage and arson": 0.08,
    "Drugs": 0.03,
    "Other crime": 0.02,
    "Other theft": 0.07,
    "Possession of weapons": 0.009,
    "Public order": 0.075,
    "Robbery": 0.013,
    "Shoplifting": 0.075,
    "Theft from the person": 0.022,
    "Vehicle crime": 0.065,
    "Violence and sexual offences": 0.314,
}
REPEATED, NOWHERE, BLANK = 0.003, 0.02, 0.005
OUTCOMES = (
    "Investigation complete; no suspect identified",
    "Unable to prosecute suspect",
    "Status update unavailable",
    "Under investigation",
    "Awaiting court outcome",
    "Local resolution",
    "Further action is not in the public interest",
)
STREETS = (
    "High Street",
    "Station Road",
    "Church Lane",
    "Parking Area",
    "Supermarket",
    "Victoria Road",
    "Brook'S Edge",
)
HEADER = (
    b"Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    b"Last outcome category,Context\n"
)


@dataclass(frozen=True)
class Force:
    """One force: its name, slug, share of all rows, and its map points as text columns."""

    name: str
    slug: str
    share: float
    points: pa.Table


def wards(path: Path, side: int = 92) -> gpd.GeoDataFrame:
    """Return the real wards if the file exists, else a grid of `side` × `side` squares: WD13CD, WD13NM, geometry."""
    if path.is_file():
        return gpd.read_parquet(path).sort_values("WD13CD", ignore_index=True)
    x, y = np.meshgrid(-3 + np.arange(side) * 0.04, 51 + np.arange(side) * 0.03)
    squares = shapely.box(x.ravel(), y.ravel(), x.ravel() + 0.04, y.ravel() + 0.03)
    codes = [f"E05{n:06d}" for n in range(len(squares))]
    return gpd.GeoDataFrame({"WD13CD": codes, "WD13NM": codes}, geometry=squares, crs="EPSG:4326")


def forces(areas: gpd.GeoDataFrame, seed: int = SEED) -> list[Force]:
    """Return the forces, each a run of wards with its map points."""
    rng = np.random.default_rng(seed)
    bounds = shapely.bounds(areas.geometry.to_numpy())
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    shares = np.sort(rng.lognormal(0, 0.75, FORCES))
    # The largest force reports about a sixth of all crimes, as the Metropolitan Police does.
    shares[-1] = shares[:-1].sum() / 5
    cuts = np.concatenate([[0], np.cumsum(shares / shares.sum() * len(bounds)).round().astype(int)])
    made = []
    for n, (start, end) in enumerate(pairwise(cuts)):
        mine = bounds[start : max(end, start + 1)]
        box = np.repeat(mine, POINTS_A_WARD, axis=0)
        lon = rng.uniform(box[:, 0], box[:, 2])
        lat = rng.uniform(box[:, 1], box[:, 3])
        street = pc.binary_join_element_wise(
            "On or near",
            pa.array(STREETS).take(pa.array(rng.integers(len(STREETS), size=len(lon)))),
            pa.array(rng.integers(1, 900, len(lon))).cast(pa.string()),
            " ",
        )
        ward = np.repeat(np.arange(start, start + len(mine)), POINTS_A_WARD)
        code = pa.array(np.char.mod("E010%05d", ward * 4 + rng.integers(4, size=len(ward))).astype(object))
        points = pa.table(
            {
                "lon": np.char.mod("%.6f", lon).astype(object),
                "lat": np.char.mod("%.6f", lat).astype(object),
                "location": street,
                "lsoa": code,
                "lsoa_name": pc.binary_join_element_wise(pa.scalar("Somewhere"), code, " "),
            }
        )
        name = f"County {n + 1:02d} Constabulary"
        made.append(Force(name, f"county-{n + 1:02d}", float(shares[n] / shares.sum()), points))
    return made


def street_csv(force: Force, month: str, rows: int, rng: np.random.Generator) -> bytes:
    """Return one street file of about `rows` rows."""
    kinds = pa.array(list(TYPES)).take(
        pa.array(rng.choice(len(TYPES), rows, p=np.array(list(TYPES.values())) / sum(TYPES.values())))
    )
    digits = rng.bytes(32 * rows).hex().encode()
    ids = (
        pa.Array.from_buffers(pa.binary(64), rows, [None, pa.py_buffer(digits)])
        .cast(pa.binary())
        .cast(pa.string())
    )
    blank = pc.or_(pc.equal(kinds, "Anti-social behaviour"), pa.array(rng.random(rows) < BLANK))
    table = pa.table({"id": pc.if_else(blank, "", ids), "kind": kinds})
    twice = np.flatnonzero(rng.random(rows) < REPEATED)
    table = table.take(pa.array(np.sort(np.concatenate([np.arange(rows), twice]))))
    n = table.num_rows
    # Crime clusters: a few map points have far more crimes than most. Rows are sorted by map point, as in real files.
    spots = force.points.take(
        pa.array(np.sort((force.points.num_rows * rng.random(n) ** 1.6).astype(np.int64)))
    )
    nowhere = pa.array(rng.random(n) < NOWHERE)
    blanked = {name: pc.if_else(nowhere, "", spots[name]) for name in spots.column_names}
    blanked["location"] = pc.if_else(nowhere, "No Location", spots["location"])
    outcome = pa.array(OUTCOMES).take(pa.array(rng.integers(len(OUTCOMES), size=n)))
    lines = pc.binary_join_element_wise(
        table["id"], month, force.name, force.name, blanked["lon"], blanked["lat"], blanked["location"],
        blanked["lsoa"], blanked["lsoa_name"], table["kind"],
        pc.if_else(pc.equal(table["kind"], "Anti-social behaviour"), "", outcome), "\n", ",",
    )  # fmt: skip
    text = b"".join(chunk.buffers()[2].to_pybytes() for chunk in lines.chunks)
    return HEADER + text


def periods(count: int) -> list[tuple[str, ...]]:
    """Return `count` months as three periods of the same calendar months, a year apart, or more than 36 as years."""
    last, years = months.number(LAST_MONTH), max(3, count // 12)
    length = count // years
    return [
        tuple(months.label(last - 12 * back - k) for k in reversed(range(length)))
        for back in reversed(range(years))
    ]


def members(
    wanted: list[str], rows_a_month: int, made: list[Force], seed: int
) -> Iterator[tuple[str, bytes, int, int]]:
    """Yield name, deflated bytes, CRC and inflated size of every street file, in the order of an archive."""
    jobs = [(month, place) for month in wanted for place in range(len(made))]

    def one(job: tuple[str, int]) -> tuple[str, bytes, int, int]:
        month, place = job
        force = made[place]
        rng = np.random.default_rng([seed, months.number(month), place])
        text = street_csv(force, month, max(20, round(rows_a_month * force.share * rng.normal(1, 0.03))), rng)
        deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = deflater.compress(text) + deflater.flush()
        return f"{month}/{month}-{force.slug}-street.csv", packed, zlib.crc32(text), len(text)

    with ThreadPoolExecutor(2) as pool:
        # One month at a time, so that little waits in memory.
        for start in range(0, len(jobs), len(made)):
            yield from pool.map(one, jobs[start : start + len(made)])


def make(
    path: Path, wanted: list[str], areas: gpd.GeoDataFrame, rows_a_month: int = ROWS_A_MONTH, seed: int = SEED
) -> None:
    """Write an archive of the months wanted. The same arguments give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    directory, entries = bytearray(), 0
    with part.open("wb") as out:
        for name, packed, crc, size in members(wanted, rows_a_month, forces(areas, seed), seed):
            for label in (name, name.replace("-street", "-outcomes")):
                # Version 2.0, UTF-8 names, deflate, a fixed time. The zipfile module would compress the text again.
                head = struct.pack(
                    "<HHHHHIIIHH", 20, 0x800, 8, 0, 0x5A21, crc, len(packed), size, len(label), 0
                )
                directory += struct.pack("<IH", 0x02014B50, 20) + head
                directory += struct.pack("<HHHII", 0, 0, 0, 0, out.tell()) + label.encode()
                out.write(struct.pack("<I", 0x04034B50) + head + label.encode() + packed)
                entries += 1
        start = out.tell()
        out.write(directory)
        out.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, entries, entries, len(directory), start, 0))
    part.replace(path)
