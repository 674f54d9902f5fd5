"""What is said of an error that nobody foresaw: two lines and an exit code, never a traceback.

sacmap's own errors say what happened and what to do. Libraries raise many others. Here each becomes one of ours, by
what kind of thing failed: the disk (5), the network (4), or what was given (2).
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path

from sacmap.errors import DiskError, InputError, SacmapError, SourceError

#: Packages whose errors are of the network.
_NETWORK = {"requests", "urllib3", "http", "ssl", "socket", "idna", "truststore"}
_REPORT = (
    "Nothing was half written. Please report it, as SECURITY.md or CONTRIBUTING.md says, with what --debug adds; "
    "another file or fewer options may work meanwhile."
)
_STREAMS = {0: os.O_RDONLY, 1: os.O_WRONLY, 2: os.O_WRONLY}


def meant(error: BaseException) -> SacmapError:
    """Return the error of ours that an exception of a library, or of the system, amounts to.

    Examples
    --------
    >>> meant(PermissionError(13, "Permission denied", "crimes.csv")).cause
    'crimes.csv may not be read or written by you: permission denied.'
    >>> meant(MemoryError()).exit_code
    5
    """
    if isinstance(error, SacmapError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return meant(error.exceptions[0])
    if isinstance(error, MemoryError):
        return DiskError(
            "There is not enough memory for this.",
            "Give fewer months or generalised boundaries, or use a computer with more memory.",
        )
    if type(error).__module__.split(".")[0] in _NETWORK:
        return SourceError(
            f"The network failed in a way sacmap does not know{_where(error)}. What was fetched is kept.",
            "Run the command again later. If it stays, please report it with what --debug adds.",
        )
    if isinstance(error, OSError):
        return _of_the_system(error)
    return InputError(f"sacmap met something it does not know how to handle{_where(error)}.", _REPORT)


def _of_the_system(error: OSError) -> SacmapError:
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else "A file"
    if isinstance(error, PermissionError):
        return DiskError(
            f"{name} may not be read or written by you: permission denied.",
            "Ask its owner for the right, or give another file or folder.",
        )
    if error.errno == errno.EPIPE:
        return DiskError("What was asked for cannot be shown: nobody reads it any more.", "")
    return DiskError(f"{name}: {error.strerror or 'it cannot be used'}.", "Check the path and the disk.")


def _where(error: BaseException) -> str:
    """Return the last place of ours that an error went through, for a report: " (counts.py, line 12)"."""
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(__file__).parent in Path(frame.filename).parents
    ]
    return f" ({Path(ours[-1].filename).name}, line {ours[-1].lineno})" if ours else ""


def mend_streams() -> None:
    """Make standard input, output and error usable, whatever this process was started with.

    One that is closed becomes one to nowhere, before a file that is opened takes its number. A cp1252 console must not
    stop on an arrow or a Welsh name.
    """
    for number, way in _STREAMS.items():
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, way)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # until the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def close_output() -> bool:
    """Hand what was shown to the system; return whether it was taken. A stream that fails is turned to nowhere."""
    whole = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            whole = whole and stream is not sys.stdout
            # Python would try again when it ends, and complain.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    return whole
