"""sacmap's commands as a shell runs them, but in this process, where every library is loaded already.

A process of its own takes a second to start. Start one only where the test is about it: its streams, its signals, its
encoding, what it loads.
"""

import contextlib
import io
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from sacmap.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code, and all it printed."""

    returncode: int
    stdout: str
    stderr: str


def command(*words, cwd=None, encoding="utf-8"):
    """Run a command in a folder, with these words, on a console of an encoding; no traceback may be printed."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in range(2)]
    argv = sys.argv
    with (
        contextlib.chdir(cwd or Path.cwd()),
        # The command turns warnings off for its process, which here goes on.
        warnings.catch_warnings(),
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
    ):
        sys.argv = ["sacmap", *map(str, words)]
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        finally:
            sys.argv = argv
    out, err = (stream.buffer.getvalue().decode("utf-8") for stream in streams)
    if "--debug" not in words:
        assert "Traceback" not in err
    return Done(code, out, err)
