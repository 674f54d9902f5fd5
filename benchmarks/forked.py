"""Processes of Python that have loaded their libraries: what would be a new process is a fork of one of them.

Starting Python and loading libraries takes most of the time of a small file or command. A fork of a process that has
loaded them begins at once, with its own streams, environment, folder and limits, and ends as Python does. For POSIX
alone. `tests/test_limits.py` and others still run the processes that sacmap starts.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

from sacmap.areas import gdal
from sacmap.files import child_process

#: What the loaded process runs: a line of JSON in, the exit code out, once for each request. The fork goes on below.
LOADED = """
import gc, importlib, json, os, runpy, signal, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
gc.freeze()
for line in sys.stdin.buffer:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    os._exit(0)

def opened(path, number):
    if path == "|":
        read, written = os.pipe()
        os.close(read)
        return written
    return path and os.open(path, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY)

for number, one in enumerate([opened(*pair) for pair in zip(asked["streams"], range(3))]):
    # As Python makes them when it starts.
    if one is None:
        os.close(number)
    else:
        os.dup2(one, number)
        os.close(one)
    name = ("stdin", "stdout", "stderr")[number]
    how = {"encoding": "utf-8", "errors": "backslashreplace" if number == 2 else "strict", "closefd": False}
    stream = one and open(number, "w" if number else "r", 1 if number == 2 else -1, **how)
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)
os.environ.clear()
os.environ.update(asked["environment"])
os.chdir(asked["folder"])
sys.argv = asked["words"]
signal.alarm(asked["seconds"])
run = runpy.run_path if sys.argv[0].endswith(".py") else runpy.run_module
run(sys.argv[0], run_name="__main__")
"""


class Loaded:
    """A process that has loaded modules; it is started when it is first needed."""

    def __init__(self, *modules: str) -> None:
        self.modules = modules
        self.process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        words: Sequence[str],
        streams: Sequence[str | None],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        seconds: float = 0,
    ) -> int:
        """Run a module or a script with these words in a fork and return its exit code, as subprocess gives it.

        Parameters
        ----------
        words
            The module, or the path of a script, and its arguments.
        streams
            Paths for standard input, output and error; None for a closed one, | for a pipe that nobody reads.
        folder, environment
            By default those of this process.
        seconds
            After so many it is ended by SIGALRM; 0 for never.
        """
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", LOADED, *self.modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        asked = {
            "words": list(words), "streams": list(streams), "folder": str(folder or Path.cwd()),
            "environment": dict(os.environ if environment is None else environment), "seconds": math.ceil(seconds),
        }  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def __enter__(self) -> Loaded:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.communicate()


#: What sacmap's readers in separate processes load; GDAL only under the environment of each request, which leaves it
#: one driver. What pyogrio loads beside GDAL takes longer than GDAL itself.
READERS = ("numpy", "pyarrow.parquet", "python_calamine", "pyproj", "packaging.version")


@contextlib.contextmanager
def forked_readers(loaded: Loaded) -> Iterator[None]:
    """While in this context, what sacmap reads in separate processes is read in forks of one that loaded READERS."""
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / stream for stream in ("in", "out", "err")]

        def run_apart(
            script: Path, request: bytes, *, environment: Mapping[str, str]
        ) -> subprocess.CompletedProcess[bytes]:
            for path, content in zip(paths, (request, b"", b""), strict=True):
                path.write_bytes(content)
            streams = [str(path) for path in paths]
            code = loaded.run([str(script)], streams, environment=environment, seconds=child_process.WALL)
            if code == -signal.SIGALRM:
                raise subprocess.TimeoutExpired(str(script), child_process.WALL)
            return subprocess.CompletedProcess([], code, paths[1].read_bytes(), paths[2].read_bytes())

        with patch.object(gdal, "run_apart", run_apart), patch.object(child_process, "run_apart", run_apart):
            yield
