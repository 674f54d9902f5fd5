"""Measure a workbook or Parquet file in a separate process: `python size_child.py`.

What reads them may abort, run without end or take all memory. Here that ends this process alone, and the file is
refused with a reason. It is read for real only when it is known to be small enough.

The request is a line of JSON on standard input (kind, memory, seconds), followed by the file. The answer is JSON: a
list of the rows and columns of each sheet, and the bytes when decoded. `child_process.measure` starts it.
"""

import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path


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

    metadata = pq.ParquetFile(pa.BufferReader(raw)).metadata
    if metadata.num_rows * metadata.num_columns > 1 << 30:
        # Said to hold more than is ever read: no need to try.
        return [(metadata.num_rows, metadata.num_columns)], 0
    table = pq.read_table(pa.BufferReader(raw), use_threads=False, pre_buffer=False)
    return [(table.num_rows, table.num_columns)], table.nbytes


if __name__ == "__main__":
    # Nothing else of sacmap is loaded here, so that this starts at once.
    sys.path = [path for path in sys.path if Path(path) != Path(__file__).parent]
    main()
