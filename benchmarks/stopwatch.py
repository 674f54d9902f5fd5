"""Measure a command in a process of its own, name the machine, and write a table between its marks in a page."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

#: Run by a small Python, for the system counts the memory of whoever starts a process as its own.
LAUNCHER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - start
print(json.dumps([os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


class Run(NamedTuple):
    """What one run of a command took: wall time and processor time in seconds, and its greatest memory in MB."""

    wall: float
    work: float
    memory: float


class Taken(NamedTuple):
    """What several runs took: the least times, the median wall time, and the greatest memory."""

    wall: float
    median: float
    work: float
    memory: float


def measured(command: list[str]) -> Run:
    """Run a command and measure it. Stop with what it said if it fails; code 3 (months left out) is no failure."""
    # What is installed keeps its compiled modules, whatever a developer's shell says.
    environment = {key: word for key, word in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, *command],
        capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    code, wall, work, memory = json.loads(done.stdout)
    if code not in (0, 3):
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return Run(wall, work, memory / (1024 if sys.platform == "linux" else 1024**2))


def taken(runs: list[Run]) -> Taken:
    """Sum up the runs of one command."""
    wall, work, memory = zip(*runs, strict=True)
    return Taken(min(wall), statistics.median(wall), min(work), max(memory))


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


def parser_of(doc: str | None, times: int) -> argparse.ArgumentParser:
    """Return the parser of a benchmark's options: how often it runs, and the page that its table goes to."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=times)
    parser.add_argument("--write", type=Path, help="page with the marks to write the table between")
    return parser


def tell(name: str, block: str, page: Path | None) -> None:
    """Print a table, and write it into a page if one is given."""
    print(block)
    if page:
        write_block(page, name, block)


def write_block(page: Path, name: str, block: str) -> None:
    """Replace what stands between the marks of `name` in a page."""
    start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
    head, found, rest = page.read_text(encoding="utf-8").partition(start)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{page} has no marks {start} and {end}.")
    page.write_text(f"{head}{start}\n{block}\n{end}{tail}", encoding="utf-8")
