"""Write the practice borough in police.uk's form: a ZIP of street CSVs, and boundaries."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from sacmap import tables
from sacmap.files.write import write_whole
from sacmap.forces import PRACTICE_FORCE
from sacmap.practice import geography
from sacmap.practice.borough import CRIME_SHARES, FORCE_TREND, MONTHS, SEED, Borough, borough

SLUG = "dogger-bank"
OTHER_FORCE = "Doggerland Tramways Police"
OTHER_SLUG = "doggerland-tramways"
TITLE = "Practice borough (made-up data)"
#: A month the force did not publish. It lies before the periods compared.
MISSING_MONTH = "2021-08"
HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
LABELS = {kind: kind.replace("-", " ").capitalize() for kind in tables.SAC_TYPES}
OTHER_TYPES = (
    "Anti-social behaviour",
    "Criminal damage and arson",
    "Shoplifting",
    "Violence and sexual offences",
)
#: Shares of SAC rows that are repeated at other coordinates, have no id, have no location.
REPEATED, BLANK, NOWHERE = 0.005, 0.004, 0.02
#: SAC a year in the rest of the force, outside every neighbourhood.
HINTERLAND = 2_400
POINTS_AN_AREA, POINTS_AROUND = 45, 400

STUDY = f"""# The practice borough: made-up data of a made-up place, on Dogger Bank in the North Sea.
title = "{TITLE}"
crimes = "crimes.zip"
boundaries = "boundaries.geojson"
current = "2025-04:2026-03"
baseline = "2022-04:2025-03"
comparator = "force"
"""


@dataclass(frozen=True)
class Practice:
    """Paths of the files written: study (TOML), crimes (ZIP), boundaries (GeoJSON with households), truth (JSON)."""

    study: Path
    crimes: Path
    boundaries: Path
    truth: Path


@dataclass(frozen=True)
class _Points:
    """Map points: coordinates (n, 2) as lon, lat, and a street name for each."""

    at: NDArray[np.float64]
    streets: list[str]


def write_practice(folder: Path) -> Practice:
    """Write the practice borough into `folder` and return its paths. The bytes are the same each time.

    Raises
    ------
    DiskError
        If the folder cannot be written.
    """
    made = borough()
    practice = Practice(
        folder / "study.toml", folder / "crimes.zip", folder / "boundaries.geojson", folder / "truth.json"
    )
    write_whole(practice.study, STUDY.encode())
    write_whole(practice.boundaries, _geojson(made))
    write_whole(practice.truth, (json.dumps(made.truth(), indent=1) + "\n").encode())
    write_whole(practice.crimes, _archive(made))
    return practice


def _geojson(made: Borough) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"area_id": area, "name": name, "households": int(homes)},
            "geometry": json.loads(shapely.to_geojson(polygon)),
        }
        for area, name, homes, polygon in zip(
            made.area_ids, made.names, made.households, made.polygons, strict=True
        )
    ]
    return (
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False) + "\n"
    ).encode()


def _archive(made: Borough) -> bytes:
    rng = np.random.default_rng(SEED + 1)
    whole = shapely.union_all(made.polygons)
    points = [_points(rng, geography.points_in(rng, polygon, POINTS_AN_AREA)) for polygon in made.polygons]
    around = _points(rng, geography.points_around(rng, whole, POINTS_AROUND))
    counts = made.counts(SEED + 2)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for position, month in enumerate(MONTHS):
            if month == MISSING_MONTH:
                continue
            rows = list(
                _month_rows(rng, month, position, counts=counts[:, position], points=points, around=around)
            )
            _add(archive, month, SLUG, [rows[i] for i in rng.permutation(len(rows))])
            _add(archive, month, OTHER_SLUG, list(_other_force_rows(rng, month, points)))
    return out.getvalue()


def _points(rng: np.random.Generator, at: NDArray[np.float64]) -> _Points:
    return _Points(at, geography.streets(rng, len(at)))


def _add(archive: zipfile.ZipFile, month: str, slug: str, rows: list[str]) -> None:
    # The time is fixed, so that the same borough gives the same bytes.
    info = zipfile.ZipInfo(f"{month}/{month}-{slug}-street.csv", (2026, 5, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, "\r\n".join([HEADER, *rows]) + "\r\n")


def _month_rows(
    rng: np.random.Generator,
    month: str,
    position: int,
    *,
    counts: NDArray[np.int64],
    points: list[_Points],
    around: _Points,
) -> Iterator[str]:
    """Yield the force's rows for a month: SAC in the areas (`counts`) and in the rest of the force, then the rest."""
    # A whole force is large, so chance hardly shows: its counts are the expected ones, rounded at random.
    expected = HINTERLAND / 12 * FORCE_TREND[position // 12] * np.array(list(CRIME_SHARES.values()))
    beyond = np.floor(expected + rng.random(len(expected)))
    for kind, label in enumerate(LABELS.values()):
        for where, n in [*zip(points, counts[:, kind], strict=True), (around, beyond[kind])]:
            for spot in _busy(rng, len(where.at), int(n)):
                yield from _sac_rows(rng, month, label, where, int(spot))
    for where in (*points, around):
        n = int(rng.poisson(3.2 if where is not around else 60))
        for spot, label in zip(
            rng.integers(len(where.at), size=n), rng.choice(OTHER_TYPES, size=n), strict=True
        ):
            blank = label == OTHER_TYPES[0]
            yield _row(
                "" if blank else _crime_id(rng), month, PRACTICE_FORCE, where, int(spot), label=str(label)
            )


def _busy(rng: np.random.Generator, points: int, n: int) -> NDArray[np.int64]:
    """Return the map point of each of `n` crimes. Crime clusters: the first points get far more than the last."""
    return np.minimum((points * rng.random(n) ** 2.2).astype(np.int64), points - 1)


def _sac_rows(rng: np.random.Generator, month: str, label: str, where: _Points, spot: int) -> Iterator[str]:
    """Yield one crime's row, and for a few crimes a second row at another map point."""
    repeated, blank, nowhere = rng.random(3) < (REPEATED, BLANK, NOWHERE)
    identifier = "" if blank and not repeated else _crime_id(rng)
    yield _row(identifier, month, PRACTICE_FORCE, where, None if nowhere else spot, label=label)
    if repeated:
        yield _row(identifier, month, PRACTICE_FORCE, where, (spot + 1) % len(where.at), label=label)


def _other_force_rows(rng: np.random.Generator, month: str, points: list[_Points]) -> Iterator[str]:
    for where in rng.integers(len(points), size=3):
        label = str(rng.choice(list(LABELS.values())))
        yield _row("", month, OTHER_FORCE, points[where], int(rng.integers(POINTS_AN_AREA)), label=label)


def _crime_id(rng: np.random.Generator) -> str:
    return hashlib.sha256(rng.bytes(16)).hexdigest()


def _row(identifier: str, month: str, force: str, where: _Points, spot: int | None, *, label: str) -> str:
    if spot is None:
        lon = lat = ""
        street = "No Location"
    else:
        lon, lat = (f"{value:.6f}" for value in where.at[spot])
        street = where.streets[spot]
    return f"{identifier},{month},{force},{force},{lon},{lat},{street},,,{label},,"
