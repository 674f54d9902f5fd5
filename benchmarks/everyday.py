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

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from stopwatch import Run, machine, measured, parser_of, taken, tell

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
CRIMES = DATA / "avon-and-somerset-2018-01_2021-09.zip"
WARDS = DATA / "boundaries" / "avon-and-somerset-wards.geojson"
BEFORE, NOW, AFTER = "2018-10:2019-09", "2019-10:2020-09", "2020-10:2021-09"


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
    runs: dict[str, list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        for _ in range(times):
            for what, command in commands(Path(name)).items():
                runs[what].append(measured(command))
    found = {what: taken(some) for what, some in runs.items()}
    plain, ours = found["plain"], found["map"]
    lines = [
        "| | seconds, least (median) | ÷ plain | ÷ map | processor s | ÷ plain | MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {what} | {one.wall:.2f} ({one.median:.2f}) | {one.wall / plain.wall:.2f} | "
            f"{one.wall / ours.wall:.2f} | {one.work:.2f} | {one.work / plain.work:.2f} | {one.memory:.0f} |"
            for what, one in found.items()
        ),
    ]
    return "\n".join([f"{machine()}; the least and the median of {times} runs in turn.", "", *lines])


def main() -> None:
    """Measure, print and write the table."""
    options = parser_of(__doc__, times=5).parse_args()
    if not CRIMES.is_file():
        raise SystemExit("The real data are not beside the project.")
    tell("everyday", table(options.times), options.write)


if __name__ == "__main__":
    main()
