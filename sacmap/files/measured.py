"""Measure a workbook or Parquet file in a separate process: `python measured.py`.

What reads them may abort, run without end or take all memory. Here that ends this process alone, and the file is
refused with a reason. It is read for real only when it is known to be small enough.

The request is a line of JSON on standard input (kind, memory, seconds), followed by the file. The answer is JSON: a
list of the rows and columns of each sheet, and the bytes when decoded.
"""

import io
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

#: The last words of a process that ran out of memory, in Python, C++, Arrow and Rust.
_NO_MEMORY = re.compile(
    r"MemoryError|bad_alloc|alloc(ation)? of|allocate memory|capacity overflow|out of memory"
)
#: Exit codes by which the system ends a process that took too long.
_TOO_LONG = (-24, -9)
_WALL = 5


def measure(
    raw: bytes | bytearray, kind: str, *, memory: int, seconds: int
) -> tuple[list[tuple[int, int]], int]:
    """Return the (rows, columns) of each sheet of a file, and its bytes when decoded.

    Parameters
    ----------
    raw
        The file.
    kind
        workbook or parquet.
    memory, seconds
        The most the other process may take.

    Raises
    ------
    MemoryError
        If it takes more memory.
    TimeoutError
        If it takes longer.
    ChildProcessError
        If the process crashed twice: once can be chance on a busy machine.
    ValueError
        If it cannot be read.
    """
    request = json.dumps({"kind": kind, "memory": memory, "seconds": seconds}).encode() + b"\n" + raw
    ended = _run(request, seconds)
    if _broke(ended):
        ended = _run(request, seconds)
    if ended.returncode == 0:
        sheets, size = json.loads(ended.stdout)
        return [(int(rows), int(columns)) for rows, columns in sheets], int(size)
    if _NO_MEMORY.search(_said(ended)):
        raise MemoryError
    if ended.returncode < 0:
        raise ChildProcessError
    raise ValueError("damaged")


def _run(request: bytes, seconds: int) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                   "ARROW_DEFAULT_MEMORY_POOL": "system"}  # fmt: skip
    try:
        ended = subprocess.run(  # noqa: S603  # this script, in the Python that runs
            [sys.executable, "-P", __file__],
            input=request,
            capture_output=True,
            timeout=seconds + _WALL,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    if ended.returncode in _TOO_LONG:
        raise TimeoutError
    return ended


def _broke(ended: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether the process crashed or ran out of memory, instead of reporting a damaged file."""
    return ended.returncode < 0 or (ended.returncode > 0 and bool(_NO_MEMORY.search(_said(ended))))


def _said(ended: subprocess.CompletedProcess[bytes]) -> str:
    return ended.stderr.decode("utf-8", errors="replace")


def main() -> None:
    """Answer one request."""
    asked = json.loads(sys.stdin.buffer.readline())
    with suppress(ImportError, ValueError, OSError):
        # Windows has no such limits. There, only the caller limits the time.
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
        resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    raw = sys.stdin.buffer.read()
    found = _of_workbook(raw) if asked["kind"] == "workbook" else _of_parquet(raw)
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    # What the libraries tear down at exit could still crash, and the answer is given.
    os._exit(0)


def _of_workbook(raw: bytes) -> tuple[list[tuple[int, int]], int]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415

    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    sheets = (book.get_sheet_by_name(name) for name in book.sheet_names)
    # Rows are counted from the first of the sheet, whether anything is in it or not.
    return [(sheet.total_height, sheet.total_width) for sheet in sheets], 0


def _of_parquet(raw: bytes) -> tuple[list[tuple[int, int]], int]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    told = pq.ParquetFile(pa.BufferReader(raw)).metadata
    if told.num_rows * told.num_columns > 1 << 30:
        # Said to hold more than is ever read: no need to try.
        return [(told.num_rows, told.num_columns)], 0
    table = pq.read_table(pa.BufferReader(raw), use_threads=False, pre_buffer=False)
    return [(table.num_rows, table.num_columns)], table.nbytes


if __name__ == "__main__":
    # Nothing else of sacmap is loaded here, so that this starts at once.
    sys.path = [path for path in sys.path if Path(path) != Path(__file__).parent]
    main()
