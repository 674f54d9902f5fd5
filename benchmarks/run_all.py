"""Run every benchmark of speed, one after another: python benchmarks/run_all.py

The everyday run and the national run beside the plain and the polars recipe, how comparing grows with the areas, and
the page beside plain folium. The tables of docs/scale.md and docs/page.md are written where their marks are.
Give it a quiet machine: it takes about half an hour.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNS = (
    ("everyday.py", "--write", "docs/scale.md"),
    ("national.py",),
    ("compare_speed.py",),
    ("page.py",),
)


def main() -> int:
    """Run them; stop at the first that fails."""
    for name, *words in RUNS:
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, HERE / name, *words], cwd=HERE.parent, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
