"""Measure a workbook or Parquet file in a separate process: `python size_child.py`.

What reads them may abort, run without end or take all memory. Here that ends this process alone, and the file is
refused with a reason. It is read for real only when it is known to be small enough.

The request is a line of JSON on standard input (kind, memory, seconds, spaces), followed by the file. The answer is
JSON: a list of the rows and columns of each sheet, and the bytes when decoded; of a workbook, instead of these, the
spaces that its texts are said to have. `child_process.measure` starts it.
"""

import io
import json
import os
import re
import sys
import zipfile
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
    found = _of_workbook(raw, asked["spaces"]) if asked["kind"] == "workbook" else _of_parquet(raw)
    sys.stdout.write(json.dumps(found))
    sys.stdout.flush()
    # What the libraries tear down at exit could still crash, and the answer is given.
    os._exit(0)


def _of_workbook(raw: bytes, most_spaces: int) -> tuple[list[tuple[int, int]], int]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415

    if (spaces := _spaces(raw)) > most_spaces:
        # It is refused: there is no need to try.
        return [], spaces
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    sheets = (book.get_sheet_by_name(name) for name in book.sheet_names)
    # Rows are counted from the first of the sheet, whether anything is in it or not.
    return [(sheet.total_height, sheet.total_width) for sheet in sheets], spaces


def _spaces(raw: bytes) -> int:
    """Return how many spaces the texts of an ODS have: there, `<text:s text:c="1000000000"/>` is as many."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            content = archive.read("content.xml")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
        return 0
    runs = re.findall(rb"text:c\s*=\s*[\"']([^\"']*)", content)
    # A spreadsheet writes no longer number, and none as &#57;.
    return sum(int(run) if re.fullmatch(rb"[0-9]{1,10}", run) else 1 << 40 for run in runs)


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
