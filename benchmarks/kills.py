"""Kill runs while they write a set of files, and look whether a mixed set goes unsaid.

python benchmarks/kills.py [KILLS]

Each run writes the four files of a set, large enough to take some time, and is killed at a moment that goes through
the whole of it in even steps. A set of files of two runs is mixed. It must be said: by the note beside it, and so by
the next run. Prints how many sets were all old, all new, and mixed and said. Where one was mixed and unsaid, the exit
code is 1.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sacmap.files.file_sets import torn_set_message, write_set

NAMES = ("a.html", "a.csv", "a.json", "a.xlsx")
SIZE = 2_000_000
RUN = """
import sys
from pathlib import Path
from sacmap.files.file_sets import write_set
print("ready", flush=True)
folder, word = Path(sys.argv[1]), sys.argv[2]
write_set({folder / name: word.encode() * (int(sys.argv[3]) // len(word)) for name in sys.argv[4:]})
print("done", flush=True)
"""


def started(folder: Path, word: str) -> subprocess.Popen[str]:
    """Start a run that is about to write."""
    words = [sys.executable, "-c", RUN, str(folder), word, str(SIZE), *NAMES]
    run = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    run.stdout.readline()
    return run


def written_by(folder: Path) -> set[str]:
    """Return the words that the files of the set are made of."""
    return {(folder / name).read_text()[:4] for name in NAMES}


def usual_time(folder: Path) -> float:
    """Return the seconds a run takes to write, the longest of three."""
    times = []
    for _ in range(3):
        run = started(folder, "warm")
        began = time.monotonic()
        run.wait()
        times.append(time.monotonic() - began)
    return max(times)


def main() -> int:
    """Kill, look, count."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        longest = usual_time(folder)
        for n in range(kills):
            old, new = f"{2 * n:04d}", f"{2 * n + 1:04d}"
            write_set({folder / one: old.encode() * (SIZE // 4) for one in NAMES})
            run = started(folder, new)
            time.sleep(longest * n / kills)
            run.kill()
            run.wait()
            words, said = written_by(folder), torn_set_message(folder / NAMES[0])
            if len(words) == 1:
                seen["said though whole" if said else "all new" if words == {new} else "all old"] += 1
            else:
                seen["mixed and said" if said else "MIXED AND UNSAID"] += 1
    print(f"{kills} kills within {longest:.2f} s: {dict(seen)}")
    return 1 if seen["MIXED AND UNSAID"] else 0


if __name__ == "__main__":
    sys.exit(main())
