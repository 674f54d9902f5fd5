"""For fuzzing alone: GDAL in a fork of a process that has loaded it, where sacmap starts a new process for each file.

Loading Python and GDAL takes most of the time of a small file. Here one process for each driver loads both, under the
same environment, and each request runs `gdal_child` in a fork of it, within the same limits. What the driver meets, and
what becomes of its answer, is the same. `tests/test_fuzz.py` runs the processes that sacmap starts. For POSIX alone.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sacmap.areas import gdal

#: What the loaded process runs: a line of JSON in, the exit code out, once for each request.
LOADED = """
import io, json, os, runpy, sys, traceback
apart = runpy.run_path(sys.argv[1], run_name="apart")
sys.meta_path.insert(0, apart["Without"]())
import pyarrow, pyogrio, pyogrio.raw
for line in sys.stdin.buffer:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        code = 1
        said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 2)
        try:
            sys.stdin = io.StringIO(json.dumps(asked["request"]))
            apart["main"]()
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@contextlib.contextmanager
def gdal_forked() -> Iterator[None]:
    """Answer what sacmap asks of GDAL from forks of loaded processes, while in this context."""
    loaded: dict[str, subprocess.Popen[bytes]] = {}
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"

        def run(words: Sequence[str], *, input: bytes, env: Mapping[str, str], **_: Any) -> Any:  # noqa: A002
            if env["GDAL_SKIP"] not in loaded:
                loaded[env["GDAL_SKIP"]] = subprocess.Popen(
                    [sys.executable, "-P", "-c", LOADED, words[-1]],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(env),
                )  # fmt: skip
            one = loaded[env["GDAL_SKIP"]]
            assert one.stdin
            assert one.stdout
            one.stdin.write(json.dumps({"said": str(said), "request": json.loads(input)}).encode() + b"\n")
            one.stdin.flush()
            code = int(one.stdout.readline())
            return subprocess.CompletedProcess(list(words), code, b"", said.read_bytes())

        was = gdal.subprocess
        gdal.subprocess = SimpleNamespace(run=run, TimeoutExpired=subprocess.TimeoutExpired)  # type: ignore[assignment, attr-defined]
        try:
            yield
        finally:
            gdal.subprocess = was  # type: ignore[attr-defined]
            for one in loaded.values():
                one.communicate()
