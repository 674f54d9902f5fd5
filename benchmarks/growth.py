"""How a whole run of `sacmap map` grows: with the rows, from one force to every month of all, and with the areas.

    everyday   one force, its wards, 24 of the 45 months in its ZIP
    months     England and Wales, 8,533 wards: 3 million rows (6 months) to 96 million (192, since January 2010)
    areas      three million rows in 64 to 34,969 areas, each with as many corners as a ward has

With the months, inflating every file of the archives on all processors is measured too. Archives are made in
build/national, of three years at most each, as police.uk has them: 13 GB. Some twenty minutes, half of it making these.
Run: python benchmarks/growth.py [--months 6,12,24,36,192] [--sides 8,32,92,187] [--times 2] [--write docs/scale.md]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import everyday
import geopandas as gpd
import numpy as np
import shapely
from national import BOUNDARIES, FOLDER, INFLATE, study
from national_archive import ROWS_A_MONTH, make, periods, wards
from stopwatch import Taken, machine, measured, parser_of, taken, tell

#: The most months in an archive of police.uk, those compared in each number of areas, and the corners of each.
ARCHIVE, MONTHS, CORNERS = 36, 6, 100

#: What was run, the number of areas, million rows, what it took, and what inflating took (None: not measured).
Row = tuple[str, int, float, Taken, Taken | None]


def archives(name: str, count: int, areas: gpd.GeoDataFrame, rows: int) -> list[Path]:
    """Return archives of `count` months, made if they are not there."""
    wanted = [month for span in periods(count) for month in span]
    parts = [wanted[start : start + ARCHIVE] for start in range(0, count, ARCHIVE)]
    paths = [FOLDER / f"{name}-{part[0]}-{part[-1]}-{len(part)}-{rows}.zip" for part in parts]
    for path, part in zip(paths, parts, strict=True):
        if not path.is_file():
            print(f"Making {path.name}", file=sys.stderr)
            make(path, part, areas, rows)
    return paths


def grid(side: int) -> gpd.GeoDataFrame:
    """Return `side` × `side` squares, with corners along their edges, which neighbours share to the last digit."""
    squares = wards(Path(), side)
    step = float(shapely.length(squares.geometry.iloc[0])) / CORNERS
    many = shapely.segmentize(squares.geometry.to_numpy(), step)
    return squares.assign(geometry=shapely.transform(many, lambda corners: np.round(corners, 7)))


def timed(name: str, command: list[str], times: int) -> Taken:
    """Measure a command several times."""
    found = taken([measured(command) for _ in range(times)])
    print(f"{name}: {found.wall:.1f} s", file=sys.stderr)
    return found


def million_rows(page: Path) -> float:
    """Return the rows that the run of a page read, in millions."""
    record = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return float(record["ledger"]["rows_read"]) / 1e6


def of_everyday(times: int) -> Iterator[Row]:
    """Yield the row of the everyday run, where its data are there."""
    if everyday.CRIMES.is_file():
        with tempfile.TemporaryDirectory() as folder:
            ours = timed("everyday", everyday.commands(Path(folder))["map"], times)
            rows = million_rows(Path(folder) / "map.html")
        yield "everyday", len(gpd.read_file(everyday.WARDS)), rows, ours, None


def of_months(counts: Sequence[int], rows: int, times: int) -> Iterator[Row]:
    """Yield a row for each number of months."""
    areas = wards(BOUNDARIES)
    boundaries = FOLDER / "growth-wards.parquet"
    areas.to_parquet(boundaries)
    for count in counts:
        found = archives("wards", count, areas, rows)
        page = FOLDER / "growth.html"
        inflate = [*INFLATE, *map(str, found), "--whole"]
        floor = timed(f"inflating {count} months", inflate, times)
        ours = timed(f"{count} months", study(found, boundaries, periods(count), page), times)
        yield f"{count} months", len(areas), million_rows(page), ours, floor


def of_areas(sides: Sequence[int], rows: int, times: int) -> Iterator[Row]:
    """Yield a row for each number of areas."""
    for side in sides:
        areas = grid(side)
        found = archives(f"grid-{side}", MONTHS, areas, rows)
        boundaries, page = FOLDER / f"grid-{side}.parquet", FOLDER / "growth.html"
        areas.to_parquet(boundaries)
        ours = timed(f"{len(areas):,} areas", study(found, boundaries, periods(MONTHS), page), times)
        yield f"{MONTHS} months", len(areas), million_rows(page), ours, None


def line_of(rows: Sequence[Row], by: Sequence[float], unit: str) -> str:
    """Return a sentence on the straight lines through the rows, and how far the rows are from them."""
    work, memory = [ours.work for *_, ours, _ in rows], [ours.memory for *_, ours, _ in rows]
    (seconds, start), (megabytes, least) = np.polyfit(by, work, 1), np.polyfit(by, memory, 1)
    aside = [
        np.max(np.abs(first + slope * np.asarray(by) - values) / values)
        for first, slope, values in ((start, seconds, work), (least, megabytes, memory))
    ]
    return (
        f"- {unit} more cost {seconds:.2f} s of processor time and {megabytes:.0f} MB, on top of {start:.1f} s and "
        f"{least:,.0f} MB. From the straight line through the runs, none is more than {100 * aside[0]:.0f}% (MB: "
        f"{100 * aside[1]:.0f}%) away."
    )


def table(options: argparse.Namespace) -> str:
    """Measure, and return the table in Markdown, with the lines through its rows."""
    by_rows = [*of_months(options.months, options.rows, options.times)]
    by_areas = [*of_areas(options.sides, options.rows, options.times)]
    lines = [
        "| | areas | million rows | seconds, least (median) | processor s | MB | inflating all, s | ÷ inflating |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, areas, rows, ours, floor in [*of_everyday(options.times), *by_rows, *by_areas]:
        inflated = f"{floor.wall:.1f} | {ours.wall / floor.wall:.2f}" if floor else "|"
        lines.append(
            f"| {name} | {areas:,} | {rows:.1f} | {ours.wall:.1f} ({ours.median:.1f}) | {ours.work:.1f} | "
            f"{ours.memory:,.0f} | {inflated} |"
        )
    if len(by_rows) > 2:
        millions = [rows for _, _, rows, _, _ in by_rows]
        lines += ["", line_of(by_rows, millions, "A million rows")]
    if len(by_areas) > 2:
        thousands = [areas / 1000 for _, areas, _, _, _ in by_areas]
        lines.append(line_of(by_areas, thousands, "A thousand areas"))
    return "\n".join([f"{machine()}; the least and the median of {options.times} runs.", "", *lines])


def numbers(text: str) -> list[int]:
    """Return numbers apart by commas; none where the text is empty."""
    return [int(word) for word in text.split(",") if word]


def main() -> None:
    """Measure, print and write the table."""
    parser = parser_of(__doc__, times=2)
    parser.add_argument("--months", type=numbers, default="6,12,24,36,192")
    parser.add_argument(
        "--sides", type=numbers, default="8,32,92,187", help="squares in a row, for the areas"
    )
    parser.add_argument("--rows", type=int, default=ROWS_A_MONTH, help="rows a month")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    tell("growth", table(options), options.write)


if __name__ == "__main__":
    main()
