"""England and Wales on a laptop: sacmap on a made archive of every force, beside the floor and the plain recipe.

Measured in one run, each in a process of its own, in turn and several times over:

    floor    inflate the street files of the archive with zipfile, a thread a processor, and nothing else
    alone    the same on one processor
    whole    inflate every file of the archive so, a thread a processor: the outcomes too
    reading  sacmap's reading: inflate, parse, hash, tally, keep the rows of serious acquisitive crime
    cold     sacmap map, the page of every ward and all
    plain    pandas.read_csv and geopandas.sjoin, a month at a time, one processor: every crime is joined, then counted
    sparing  the same, but crimes of other types are dropped before they are joined
    polars   a careful recipe: polars reads, each distinct map point is joined once by shapely's STRtree

The counts of both plain recipes are compared with those of sacmap's CSV, area by area. Archives are made in
build/national.
Run: python benchmarks/national.py [--months 6,12,24,36] [--times 3] [--plain 1] [--rows 500000]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from pathlib import Path

import geopandas as gpd
import pandas as pd
from national_archive import ROWS_A_MONTH, make, periods, wards

from sacmap.fetch.street import read
from sacmap.tables import SAC_TYPES

ROOT = Path(__file__).parents[1]
BOUNDARIES = ROOT.parent / "shared" / "data" / "boundaries" / "england-wales-wards.parquet"
FOLDER = ROOT / "build" / "national"
PLAIN = ("plain", "sparing", "polars")
TYPES = {"Burglary": "burglary", "Robbery": "robbery", "Vehicle crime": "vehicle-crime"}


def reading(archive: Path) -> int:
    """Read as `sacmap map` does; return the rows read."""
    return int(read([str(archive)], keep=SAC_TYPES).tally["n"].sum())


def plain(archive: Path, boundaries: Path, out: Path, *, sparing: bool) -> None:
    """Count by the plain recipe, and write area, month, crime type and n; `sparing`: other types are not joined."""
    areas = wards(boundaries)[["WD13CD", "geometry"]].sort_values("WD13CD", ignore_index=True)
    counted = []
    with zipfile.ZipFile(archive) as opened:
        by_month = defaultdict(list)
        for name in opened.namelist():
            if name.endswith("-street.csv"):
                by_month[name[:7]].append(name)
        for names in by_month.values():
            rows = pd.concat([pd.read_csv(opened.open(name)) for name in names], ignore_index=True)
            sac = rows[rows["Crime type"].isin(TYPES)]
            sac = sac.sort_values("Longitude", key=lambda lon: lon.isna(), kind="stable")
            repeated = sac.duplicated(["Crime ID", "Month", "Crime type"]) & sac["Crime ID"].notna()
            rows = sac[~repeated] if sparing else rows.drop(index=sac.index[repeated])
            points = gpd.GeoDataFrame(
                rows[["Month", "Crime type"]],
                geometry=gpd.points_from_xy(rows["Longitude"], rows["Latitude"]),
                crs="EPSG:4326",
            )
            joined = gpd.sjoin(points, areas, predicate="within").sort_values("index_right", kind="stable")
            joined = joined[~joined.index.duplicated()]
            counted.append(joined.groupby(["WD13CD", "Month", "Crime type"]).size().rename("n").reset_index())
    found = pd.concat(counted)
    found[found["Crime type"].isin(TYPES)].to_csv(out, index=False)


def same_counts(table: Path, by_plain: Path, spans: list[tuple[str, ...]]) -> int:
    """Fail unless sacmap's counts are the plain recipe's, area by area; return how many were compared."""
    ours = pd.read_csv(table).set_index(["area_id", "crime_type"])[["baseline_count", "current_count"]]
    theirs = pd.read_csv(by_plain)
    theirs["period"] = theirs["Month"].isin(spans[-1]).map({True: "current_count", False: "baseline_count"})
    theirs["crime_type"] = theirs["Crime type"].map(TYPES)
    by_type = theirs.pivot_table(
        index=["WD13CD", "crime_type"], columns="period", values="n", aggfunc="sum", fill_value=0
    )
    found = by_type.reindex(ours.index[ours.index.get_level_values(1) != "sac"], fill_value=0)
    pd.testing.assert_frame_equal(
        ours.loc[found.index].astype(int), found[ours.columns].astype(int), check_names=False
    )
    if found.to_numpy().sum() != theirs["n"].sum():
        raise SystemExit("The plain recipe counted crimes in areas that sacmap does not have.")
    return found.size


def measured(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return its wall time and processor time in seconds, and its greatest memory in MB."""
    # What is installed keeps its compiled modules, whatever a developer's shell says.
    environment = {key: word for key, word in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    ) as process:
        told = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)}\n{told.decode()[-2000:]}")
    scale = 1024 if sys.platform == "linux" else 1024**2
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / scale


def commands(archive: Path, boundaries: Path, spans: list[tuple[str, ...]]) -> dict[str, list[str]]:
    """Return what is measured, by name, in the order it is run."""
    this = [sys.executable, __file__, "--archive", str(archive), "--boundaries", str(boundaries), "--only"]
    inflate = [sys.executable, str(Path(__file__).with_name("inflate.py")), str(archive)]
    page = archive.with_suffix(".html")
    study = [sys.executable, "-m", "sacmap", "map", "--crimes", str(archive), "--boundaries", str(boundaries)]
    study += [word for span in spans[:-1] for word in ("--baseline", f"{span[0]}:{span[-1]}")]
    study += [
        "--current",
        f"{spans[-1][0]}:{spans[-1][-1]}",
        "--title",
        "England and Wales",
        "--out",
        str(page),
    ]
    return {
        "floor": inflate,
        "alone": [*inflate, "--threads", "1"],
        "whole": [*inflate, "--whole"],
        "reading": [*this, "reading"],
        "cold": study,
        "plain": [*this, "plain"],
        "sparing": [*this, "sparing"],
        "polars": [
            sys.executable,
            str(Path(__file__).with_name("polars_recipe.py")),
            str(archive),
            str(boundaries),
            str(archive.with_suffix(".polars.csv")),
        ],
    }


def machine() -> str:
    """Name the machine and the libraries."""
    model = platform.processor()
    memory = ""
    if sys.platform == "linux":
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
        total = int(Path("/proc/meminfo").read_text().split()[1])
        memory = f", {total / 1024**2:.0f} GB"
    made_with = " ".join(f"{lib.__name__} {lib.__version__}" for lib in (pd, gpd))
    return f"{model}, {os.cpu_count()} processors{memory}, Python {platform.python_version()}, {made_with}"


def bench(count: int, options: argparse.Namespace) -> dict[str, object]:
    """Measure one size of archive; return a row of the table."""
    spans = periods(count)
    archive = FOLDER / f"{count:02d}-{options.rows}.zip"
    if not archive.is_file():
        make(archive, [month for span in spans for month in span], wards(options.boundaries), options.rows)
    page = archive.with_suffix(".html")
    taken: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for turn in range(options.times):
        for name, command in commands(archive, options.boundaries, spans).items():
            if name in PLAIN and turn >= options.plain:
                continue
            taken[name].append(measured(command))
            print(f"{count} months, {name}: {taken[name][-1][0]:.1f} s", file=sys.stderr)
    for name in PLAIN if options.plain else ():
        compared = same_counts(page.with_suffix(".csv"), archive.with_suffix(f".{name}.csv"), spans)
        print(f"{count} months: {compared:,} counts equal those of {name}", file=sys.stderr)
    with zipfile.ZipFile(archive) as opened:
        size = sum(info.file_size for info in opened.infolist() if info.filename.endswith("-street.csv"))
    rows = json.loads(page.with_suffix(".json").read_text())["ledger"]["rows_read"]
    row: dict[str, object] = {
        "months": count,
        "million rows": f"{rows / 1e6:.1f}",
        "CSV GB": f"{size / 1e9:.2f}",
    }
    for name, runs in taken.items():
        wall, work, memory = zip(*runs, strict=True)
        row[f"{name} s"] = f"{min(wall):.1f} ({statistics.median(wall):.1f})"
        row[f"{name} cpu s"] = f"{min(work):.1f}"
        row[f"{name} MB"] = f"{max(memory):.0f}"
    work_of = {name: min(work for _, work, _ in runs) for name, runs in taken.items()}
    wall_of = {name: min(wall for wall, _, _ in runs) for name, runs in taken.items()}
    for name, base in (
        ("reading", "floor"), ("cold", "floor"), ("cold", "alone"), ("cold", "whole"),
        *((name, "cold") for name in PLAIN), ("cold", "polars"),
    ):  # fmt: skip
        if name in taken:
            row[f"{name} ÷ {base}"] = (
                f"{wall_of[name] / wall_of[base]:.2f} (cpu {work_of[name] / work_of[base]:.2f})"
            )
    return row


def main() -> None:
    """Measure, or do one thing that is measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--months", default="6,12,24,36")
    parser.add_argument("--rows", type=int, default=ROWS_A_MONTH, help="rows a month")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--plain", type=int, default=1, help="how many of those times the plain recipes run")
    parser.add_argument("--boundaries", type=Path, default=BOUNDARIES)
    parser.add_argument("--only", choices=("reading", "plain", "sparing"), help=argparse.SUPPRESS)
    parser.add_argument("--archive", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only == "reading":
        reading(options.archive)
    elif options.only:
        out = options.archive.with_suffix(f".{options.only}.csv")
        plain(options.archive, options.boundaries, out, sparing=options.only == "sparing")
    else:
        if not options.boundaries.is_file():
            options.boundaries = FOLDER / "squares.parquet"
            FOLDER.mkdir(parents=True, exist_ok=True)
            wards(Path()).to_parquet(options.boundaries)
        found = [bench(int(count), options) for count in options.months.split(",")]
        print(machine())
        print("Seconds: the least of the runs (their median); cpu: of both processors; MB: the most.")
        for name in found[0]:
            print(f"| {name} | " + " | ".join(str(row.get(name, "")) for row in found) + " |")


if __name__ == "__main__":
    main()
