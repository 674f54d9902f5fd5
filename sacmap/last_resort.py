"""Turn unexpected errors into two lines and an exit code, never a traceback.

sacmap's own errors say what happened and what to do. Libraries raise many others. Each becomes one of sacmap's here,
by what failed: the disk (5), the network (4), or the input (2).
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path

from sacmap.errors import DiskError, InputError, SacmapError, SourceError

#: Packages whose errors are network errors.
_NETWORK = {"requests", "urllib3", "http", "ssl", "socket", "idna", "truststore"}
_REPORT = (
    "No file was left incomplete. Please report it with the output of --debug (see CONTRIBUTING.md). "
    "Until then, another file or fewer options may work."
)
#: The numbers by which the system says that a disk is full.
FULL = {errno.ENOSPC, errno.EDQUOT}
_STREAMS = {0: os.O_RDONLY, 1: os.O_WRONLY, 2: os.O_WRONLY}


def meant(error: BaseException) -> SacmapError:
    """Return sacmap's error for an exception of a library or the system.

    >>> meant(PermissionError(13, "Permission denied", "crimes.csv")).cause
    'crimes.csv cannot be read or written: permission denied.'
    >>> meant(MemoryError()).exit_code
    5
    """
    if isinstance(error, SacmapError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return meant(error.exceptions[0])
    if isinstance(error, MemoryError):
        return DiskError(
            "There is not enough memory.",
            "Use fewer months, generalised boundaries, or a computer with more memory.",
        )
    if type(error).__module__.split(".")[0] in _NETWORK:
        return SourceError(
            f"The network failed in an unexpected way{_where(error)}. What was fetched is kept.",
            "Run the command again later. If it happens again, please report it with the output of --debug.",
        )
    if isinstance(error, OSError):
        return _of_the_system(error)
    return InputError(f"sacmap met an unexpected error{_where(error)}.", _REPORT)


def _of_the_system(error: OSError) -> SacmapError:
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else "A file"
    if isinstance(error, PermissionError):
        return DiskError(
            f"{name} cannot be read or written: permission denied.",
            "Ask its owner for permission, or give another file or folder.",
        )
    if error.errno == errno.EPIPE:
        return DiskError("The result cannot be printed: the program that read it has stopped.", "")
    if error.errno in FULL:
        return DiskError(
            f"{name}: {error.strerror}.",
            "Free some space on the disk, and in the folder for temporary files (TMPDIR, on Windows TEMP).",
        )
    if error.errno == errno.ENOENT and error.filename is None:
        # So says the system when it is asked which folder this is. Every other path has a name.
        return DiskError(
            "The folder in which the command was given is no longer there.",
            "Change to another folder (cd), and give the command again.",
        )
    return DiskError(f"{name}: {error.strerror or 'it cannot be used'}.", "Check the path and the disk.")


def _where(error: BaseException) -> str:
    """Return the last place in sacmap's code that an error went through, for a report: " (counts.py, line 12)"."""
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(__file__).parent in Path(frame.filename).parents
    ]
    return f" ({Path(ours[-1].filename).name}, line {ours[-1].lineno})" if ours else ""


def mend_streams() -> None:
    """Make standard input, output and error usable, however this process was started.

    A closed stream is connected to the null device, before an opened file gets its number. A cp1252 console must not
    fail on an arrow or a Welsh name.
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
    """Flush the output and return whether that worked. A stream that fails is connected to the null device."""
    whole = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            whole = whole and stream is not sys.stdout
            # Otherwise Python would try again at exit and print an error.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    return whole
