"""Run every benchmark of speed, or only those named: python benchmarks/run_all.py [everyday national …]

    everyday   one force beside the plain and the polars recipe; two minutes
    national   England and Wales beside the floors and the recipes; eight minutes
    growth     months, rows and areas, up to 96 million rows; twenty minutes, and 13 GB of disk in build/national
    compare    comparing alone, 35,000 areas; a minute
    page       the page beside plain folium in a browser; ten minutes

The tables of docs/scale.md and docs/page.md are written where their marks are. Give it a quiet machine.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
RUNS = {
    "everyday": ("everyday.py", "--write", "docs/scale.md"),
    "national": ("national.py", "--write", "docs/scale.md"),
    "growth": ("growth.py", "--write", "docs/scale.md"),
    "compare": ("compare_speed.py",),
    "page": ("page.py",),
}


def main(wanted: list[str]) -> int:
    """Run them; stop at the first that fails."""
    if unknown := set(wanted) - set(RUNS):
        print(f"There is no {', '.join(sorted(unknown))}: name any of {', '.join(RUNS)}.")
        return 2
    for run in wanted or RUNS:
        print(f"== {run}", flush=True)
        start = time.perf_counter()
        name, *words = RUNS[run]
        done = subprocess.run([sys.executable, HERE / name, *words], cwd=HERE.parent, check=False)
        if done.returncode:
            return done.returncode
        print(f"== {run}: {(time.perf_counter() - start) / 60:.1f} minutes", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
