"""England and Wales on a laptop: sacmap on a made archive of every force, beside the floor and the plain recipe.

Measured in one run, each in a process of its own, in turn and several times over (some eight minutes):

    floor    inflate the street files of the archive with zipfile, a thread a processor, and nothing else
    alone    the same on one processor
    whole    inflate every file of the archive so, a thread a processor: the outcomes too
    reading  sacmap's reading: inflate, parse, hash, tally, keep the rows of serious acquisitive crime
    cold     sacmap map, the page of every ward and all
    plain    pandas.read_csv and geopandas.sjoin, a month at a time, one processor: every crime is joined, then counted
    sparing  the same, but crimes of other types are dropped before they are joined
    polars   a careful recipe: polars reads, each distinct map point is joined once by shapely's STRtree

The counts of the recipes are compared with those of sacmap's CSV, area by area. The archive is made in build/national.
Run: python benchmarks/national.py [--months 24] [--times 5] [--recipes 2] [--rows 500000] [--write docs/scale.md]
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
from national_archive import ROWS_A_MONTH, make, periods, wards
from stopwatch import Run, machine, measured, parser_of, taken, tell

from sacmap.fetch.street import read
from sacmap.tables import SAC_TYPES

ROOT = Path(__file__).parents[1]
BOUNDARIES = ROOT.parent / "shared" / "data" / "boundaries" / "england-wales-wards.parquet"
FOLDER = ROOT / "build" / "national"
INFLATE = [sys.executable, str(Path(__file__).with_name("inflate.py"))]
RECIPES = ("plain", "sparing", "polars")
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


def study(crimes: Sequence[Path], boundaries: Path, spans: list[tuple[str, ...]], page: Path) -> list[str]:
    """Return the command that compares the last of the periods in some archives with the others."""
    *before, now = (f"{span[0]}:{span[-1]}" for span in spans)
    words = [word for span in before for word in ("--baseline", span)]
    given = [word for path in crimes for word in ("--crimes", str(path))]
    return [
        *(sys.executable, "-m", "sacmap", "map", *given, "--boundaries", str(boundaries), *words),
        *("--current", now, "--title", "England and Wales", "--out", str(page)),
    ]


def commands(archive: Path, boundaries: Path, spans: list[tuple[str, ...]]) -> dict[str, list[str]]:
    """Return what is measured, by name, in the order it is run."""
    this = [sys.executable, __file__, "--archive", str(archive), "--boundaries", str(boundaries), "--only"]
    inflate = [*INFLATE, str(archive)]
    return {
        "floor": inflate,
        "alone": [*inflate, "--threads", "1"],
        "whole": [*inflate, "--whole"],
        "reading": [*this, "reading"],
        "cold": study([archive], boundaries, spans, archive.with_suffix(".html")),
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


def table(count: int, options: argparse.Namespace) -> str:
    """Measure one archive, and return the table in Markdown."""
    spans = periods(count)
    archive = FOLDER / f"{count:02d}-{options.rows}.zip"
    if not archive.is_file():
        make(archive, [month for span in spans for month in span], wards(options.boundaries), options.rows)
    runs: dict[str, list[Run]] = defaultdict(list)
    for turn in range(options.times):
        for name, command in commands(archive, options.boundaries, spans).items():
            if name in RECIPES and turn >= options.recipes:
                continue
            runs[name].append(measured(command))
            print(f"{count} months, {name}: {runs[name][-1].wall:.1f} s", file=sys.stderr)
    page = archive.with_suffix(".html")
    compared = [
        same_counts(page.with_suffix(".csv"), archive.with_suffix(f".{name}.csv"), spans)
        for name in RECIPES
        if name in runs
    ]
    rows = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["ledger"]["rows_read"]
    found = {name: taken(some) for name, some in runs.items()}
    cold = found["cold"]
    lines = [
        "| | seconds, least (median) | processor s | MB | cold ÷ it | cold ÷ it, processor |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {name} | {one.wall:.1f} ({one.median:.1f}) | {one.work:.1f} | {one.memory:,.0f} | "
            f"{cold.wall / one.wall:.2f} | {cold.work / one.work:.2f} |"
            for name, one in found.items()
        ),
    ]
    equal = f" {min(compared):,} counts are those of each recipe." if compared else ""
    head = (
        f"{count} months, {rows / 1e6:.1f} million rows. {machine()}; the least and the median of {options.times} runs "
        f"in turn, of the recipes of {min(options.recipes, options.times)}.{equal}"
    )
    return "\n".join([head, "", *lines])


def main() -> None:
    """Measure, or do one thing that is measured."""
    parser = parser_of(__doc__, times=5)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--rows", type=int, default=ROWS_A_MONTH, help="rows a month")
    parser.add_argument("--recipes", type=int, default=2, help="how many of those times the recipes run")
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
        tell("national", table(options.months, options), options.write)


if __name__ == "__main__":
    main()
