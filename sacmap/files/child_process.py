"""Run our own scripts in a separate process: what reads odd files may abort, run without end or take all memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from sacmap.limits import MEMORY, SECONDS, TABLE_SPACES

#: Exit codes by which the system ends a process that took too long.
TOO_LONG = (-24, -9)
#: The last words of a process that ran out of memory, in Python, C, C++, Arrow and Rust.
_NO_MEMORY = re.compile(
    r"MemoryError|bad_alloc|malloc|realloc|alloc(ation)? of|allocate memory|capacity overflow|out of memory"
)
_MEASURING = Path(__file__).with_name("size_child.py")
#: Seconds on the clock. Where the system limits the processor's time itself, a busy machine may take long.
WALL = 6 * SECONDS if find_spec("resource") else SECONDS + 5


def run_apart(
    script: Path, request: bytes, *, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Run a script with the request on its standard input; once more if it crashed, for one crash can be chance.

    It gets this environment alone, and each run may take WALL seconds.

    Raises
    ------
    subprocess.TimeoutExpired
        If it takes longer.
    OSError
        If no process can be started.
    """

    def once() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603  # our own script, in the Python that runs
            [sys.executable, "-P", str(script)],
            input=request,
            capture_output=True,
            timeout=WALL,
            env=environment,
            check=False,
        )

    ended = once()
    crashed = ended.returncode < 0 and ended.returncode not in TOO_LONG
    return once() if crashed or lacked_memory(ended) else ended


def lacked_memory(ended: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether the process failed because memory ran out, by what it said last."""
    return ended.returncode != 0 and bool(_NO_MEMORY.search(last_words(ended)))


def last_words(ended: subprocess.CompletedProcess[bytes]) -> str:
    """Return what the process wrote to standard error."""
    return ended.stderr.decode("utf-8", errors="replace")


def measure(raw: bytes | bytearray, kind: str) -> tuple[list[tuple[int, int]], int]:
    """Return the (rows, columns) of each sheet of a file, and its bytes when decoded, or a workbook's spaces.

    `kind` is workbook or parquet. A workbook that says it has more spaces than are allowed is not read.

    Raises
    ------
    MemoryError
        If it takes more memory.
    TimeoutError
        If it takes longer.
    ChildProcessError
        If the process crashed twice.
    ValueError
        If it cannot be read.
    """
    asked = {"kind": kind, "memory": MEMORY, "seconds": SECONDS, "spaces": TABLE_SPACES.most}
    request = json.dumps(asked).encode() + b"\n" + raw
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                   "ARROW_DEFAULT_MEMORY_POOL": "system"}  # fmt: skip
    try:
        ended = run_apart(_MEASURING, request, environment=environment)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{error.timeout:g} seconds, perhaps because the computer is busy") from None
    if ended.returncode == 0:
        sheets, size = json.loads(ended.stdout)
        return [(int(rows), int(columns)) for rows, columns in sheets], int(size)
    if ended.returncode in TOO_LONG:
        raise TimeoutError(f"{SECONDS} seconds")
    if lacked_memory(ended):
        raise MemoryError
    if ended.returncode < 0:
        raise ChildProcessError
    raise ValueError("damaged")
