"""The everyday run beside plain recipes: one force, its wards, 24 months compared of 45 in the ZIP.

Measured in one run, each in a process of its own, in turn and several times over:

    plain     pandas, geopandas and folium: counts and a map (plain_map.py)
    polars    polars and shapely's STRtree: counts alone (polars_recipe.py)
    map       sacmap map, to the last file
    check     sacmap check
    plan      sacmap plan
    evaluate  sacmap evaluate of that plan, by the months compared
    help      sacmap --help
    import    import sacmap

Run: python benchmarks/everyday.py [--times 5] [--write docs/scale.md]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from national import machine, measured

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
CRIMES = DATA / "avon-and-somerset-2018-01_2021-09.zip"
WARDS = DATA / "boundaries" / "avon-and-somerset-wards.geojson"
BEFORE, NOW, AFTER = "2018-10:2019-09", "2019-10:2020-09", "2020-10:2021-09"
START, END = "<!-- everyday: start -->", "<!-- everyday: end -->"


def commands(folder: Path) -> dict[str, list[str]]:
    """Return what is measured, by name, in the order it is run."""
    here = Path(__file__).parent
    sacmap = [sys.executable, "-m", "sacmap"]
    given = ["--crimes", str(CRIMES), "--boundaries", str(WARDS)]
    compared = ["--baseline", NOW, "--current", AFTER]
    plan = str(folder / "plan.json")
    earlier = ["--baseline", BEFORE, "--current", NOW]
    return {
        "plain": [sys.executable, str(here / "plain_map.py"), str(CRIMES), str(WARDS), str(folder / "plain.html"),
                  NOW, AFTER],
        "polars": [sys.executable, str(here / "polars_recipe.py"), str(CRIMES), str(WARDS),
                   str(folder / "polars.csv"), NOW, AFTER],
        "map": [*sacmap, "map", *given, *compared, "--out", str(folder / "map.html")],
        "check": [*sacmap, "check", *given, *compared],
        "plan": [*sacmap, "plan", *given, *earlier, "--out", plan, "--replace"],
        "evaluate": [*sacmap, "evaluate", plan, "--crimes", str(CRIMES), "--boundaries", str(WARDS), "--after", AFTER,
                     "--replace"],
        "help": [*sacmap, "--help"],
        "import": [sys.executable, "-c", "import sacmap"],
    }  # fmt: skip


def table(times: int) -> str:
    """Measure, and return the table in Markdown."""
    taken: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        for _ in range(times):
            for what, command in commands(Path(name)).items():
                taken[what].append(measured(command))
    wall = {what: min(run[0] for run in runs) for what, runs in taken.items()}
    work = {what: min(run[1] for run in runs) for what, runs in taken.items()}
    lines = [
        "| | seconds, least (median) | ÷ plain | ÷ map | processor s | ÷ plain | MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for what, runs in taken.items():
        median = statistics.median(run[0] for run in runs)
        lines.append(
            f"| {what} | {wall[what]:.2f} ({median:.2f}) | {wall[what] / wall['plain']:.2f} | "
            f"{wall[what] / wall['map']:.2f} | {work[what]:.2f} | {work[what] / work['plain']:.2f} | "
            f"{max(run[2] for run in runs):.0f} |"
        )
    return "\n".join([f"{machine()}; the least and the median of {times} runs in turn.", "", *lines])


def written_into(page: str, block: str) -> str:
    """Return a page with the block between its marks replaced."""
    head, _, rest = page.partition(START)
    return f"{head}{START}\n{block}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--write", type=Path, help="page with the marks to write the table between")
    options = parser.parse_args()
    if not CRIMES.is_file():
        raise SystemExit("The real data are not beside the project.")
    found = table(options.times)
    print(found)
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(written_into(page, found), encoding="utf-8")


if __name__ == "__main__":
    main()
