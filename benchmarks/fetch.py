"""What fetching costs: by box against by neighbourhood, and the archive by Range against whole.

Everything is asked of the fake data.police.uk of the tests, on a loopback socket, whose clock passes only where a
client waits: its leaky bucket is the documented one. Run: python benchmarks/fetch.py
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import requests
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from police_uk import Clock, Police, archive_zip, crime, serve, web

from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.fetch.archive import Archive
from sacmap.fetch.download import Downloader, Origin
from sacmap.fetch.store import Store
from sacmap.fetch.street import read
from sacmap.months import span
from sacmap.tables import SAC_TYPES

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FORCE = "northamptonshire"
LATENCY = 0.2


def northamptonshire() -> tuple[list[dict[str, object]], gpd.GeoDataFrame, tuple[str, ...]]:
    """Real crimes of five months as the API would give them, and 2013 wards in place of neighbourhoods."""
    crimes = read([str(DATA / "northamptonshire-2018-10_2019-02.zip")], keep=SAC_TYPES).crimes
    areas = read_areas(DATA / "boundaries" / "northamptonshire-wards.geojson")
    west, south, east, north = areas.total_bounds
    near = crimes["lon"].between(west, east) & crimes["lat"].between(south, north)
    rows = [
        crime(n, str(row.crime_type), row.lat, row.lon, str(row.month),
              location_type="BTP" if "Transport" in str(row.force) else "Force")
        for n, row in enumerate(crimes[near].itertuples(), 1)
    ]  # fmt: skip
    return rows, areas, span("2018-10:2019-02")


def city() -> tuple[list[dict[str, object]], gpd.GeoDataFrame, tuple[str, ...]]:
    """Ninety thousand SAC crimes a month, gathered as in a city, on 625 neighbourhoods; three months."""
    rng = np.random.default_rng(7)
    centres = np.array(
        [(-0.12, 51.51), (-0.05, 51.54), (-0.2, 51.46), (0.08, 51.55), (-0.36, 51.5), (-0.1, 51.38)]
    )

    def places(number: int) -> tuple[np.ndarray, np.ndarray]:
        points = centres[rng.integers(0, len(centres), number)] + rng.normal(0, 0.05, (number, 2)) * (1, 0.6)
        return np.clip(points[:, 0], -0.5, 0.3).round(6), np.clip(points[:, 1], 51.3, 51.68).round(6)

    # Neighbourhoods are small where people are many: cells around places drawn from the same crowd.
    middles = shapely.MultiPoint(np.column_stack(places(625)))
    frame = shapely.box(-0.51, 51.29, 0.31, 51.69)
    cells = shapely.get_parts(shapely.voronoi_polygons(middles, extend_to=frame))
    cells = shapely.intersection(cells, frame)
    rings = {(f"N{n}", f"N{n}"): list(cell.exterior.coords) for n, cell in enumerate(cells)}
    months = span("2018-12:2019-02")
    rows = []
    for month in months:
        lon, lat = places(90_000)
        rows += [
            crime(len(rows) + n, SAC_TYPES[n % 3], lat[n], lon[n], month) for n in range(90_000)
        ]  # fmt: skip
    return rows, areas_from_rings(rings), months


def police_of(rows: list[dict[str, object]], areas: gpd.GeoDataFrame, clock: Clock) -> Police:
    """A server that has published them."""
    police = Police(clock=clock, latest="2019-02")
    police.publish(rows)
    police.neighbourhoods[FORCE] = {
        str(row.area_id): (str(row.name), list(shapely.get_parts(row.geometry)[0].exterior.coords))
        for row in areas.itertuples(index=False)
    }
    return police


def by_box(rows: list[dict[str, object]], areas: gpd.GeoDataFrame, months: tuple[str, ...]) -> None:
    """Fetch as sacmap does, on a fresh machine; the boundaries of a force are asked once and told apart."""
    clock = Clock()
    police = police_of(rows, areas, clock)
    with tempfile.TemporaryDirectory() as folder, serve(police) as base:
        origin = Origin(force=FORCE, store=folder, api_url=f"{base}/api")
        with Downloader(origin, web=web(clock)) as source:
            began = clock.now
            found = source.download(months, areas)
        of_crimes = [path for path in police.paths if "/crimes-street/" in path or "no-location" in path]
        by_month = [sum(f"date={month}" in path for path in of_crimes) for month in months]
        crimes = found.reading.crimes
        once = crimes["crime_id"].nunique() == len(crimes) == len(rows)
        report("sacmap: by box", len(police.paths), police, clock.now - began, months)
        print(f"{'':26}of which crimes, by month: {by_month}; every crime once: {once}")


def by_neighbourhood(rows: list[dict[str, object]], areas: gpd.GeoDataFrame, months: tuple[str, ...]) -> None:
    """Fetch as clients of the API do: each neighbourhood's polygon, by POST because a GET would be too long."""
    clock = Clock()
    police = police_of(rows, areas, clock)
    seen: list[int] = []
    with serve(police) as base, requests.Session() as session:
        began = clock.now
        for month in months:
            for _, ring in police.neighbourhoods[FORCE].values():
                poly = ":".join(f"{lat:.6f},{lng:.6f}" for lng, lat in ring)
                for kind in SAC_TYPES:
                    # As fast as is documented, and no faster.
                    clock.sleep(1 / 15)
                    got = session.post(f"{base}/api/crimes-street/{kind}", data={"date": month, "poly": poly})
                    seen += [one["id"] for one in got.json()] if got.ok else []
        report("by neighbourhood polygon", len(police.paths), police, clock.now - began, months)
    counts = pd.Series(seen).value_counts()
    twice, missing = int((counts > 1).sum()), len(rows) - len(counts)
    print(f"{'':26}crimes that came twice: {twice:,}; that never came: {missing:,}")


def report(name: str, asked: int, police: Police, seconds: float, months: tuple[str, ...]) -> None:
    """Print requests, bytes and seconds: at the limit, and with 0.2 s of latency a request."""
    size = (police.sent + police.received + sum(map(len, police.paths))) / 1e6
    slow = max(seconds, 0) + asked * LATENCY
    print(
        f"{name:26}{asked:8,} requests {asked / len(months):9.1f} a month {size:8.1f} MB {seconds:8.0f} s {slow:8.0f} s"
    )


def archive() -> None:
    """One force of 41 out of an archive, by Range."""
    with zipfile.ZipFile(DATA / "northamptonshire-2018-10_2019-02.zip") as real:
        text = real.read("2018-10/2018-10-northamptonshire-street.csv")
        transport = real.read("2018-10/2018-10-btp-street.csv")
    names = [FORCE, "btp", *(f"force-{n}" for n in range(39))]
    members = {
        f"{month}/{month}-{name}-street.csv": transport if name == "btp" else text
        for month in span("2018-12:2019-02") for name in sorted(names)
    }  # fmt: skip
    clock = Clock()
    police = Police(clock=clock)
    police.archives["2019-02.zip"] = archive_zip(members)
    whole = len(police.archives["2019-02.zip"])
    with tempfile.TemporaryDirectory() as folder, serve(police) as base, web(clock) as client:
        one = Archive(client, Store(Path(folder)), f"{base}/archive", agree=lambda _: False)
        one.fetch(FORCE, span("2018-12:2019-02"), latest="2019-02")
    print(f"archive of 41 forces, 3 months: {police.sent / 1e6:.2f} of {whole / 1e6:.1f} MB "
          f"({100 * police.sent / whole:.1f}%) in {len(police.paths)} requests, the force and BTP")  # fmt: skip


def main() -> None:
    """Print the comparison."""
    print(f"{'':26}{'':38}{'':10}{'at the limit':>14}{'+ 0.2 s each':>12}")
    for title, make in (("Northamptonshire, SAC", northamptonshire), ("90,000 crimes a month", city)):
        rows, areas, months = make()
        print(f"{title}: {len(rows):,} crimes, {len(months)} months, {len(areas)} neighbourhoods")
        by_box(rows, areas, months)
        by_neighbourhood(rows, areas, months)
    archive()


if __name__ == "__main__":
    main()
