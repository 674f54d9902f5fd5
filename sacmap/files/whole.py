"""Put a file on disk whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from sacmap.errors import DiskError

#: Waits between tries while a virus scanner or Excel holds the file, in seconds.
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
#: A .part this old, in seconds, belongs to no run that lives.
OLD = 3600.0


def write_whole(
    path: Path, content: bytes, *, option: str = "--out", wait: Callable[[float], None] = time.sleep
) -> None:
    """Write beside the target, flush to disk, then move into place; a reader sees the old file or the new one.

    `option` is the one that chooses the folder, for the error.

    Raises
    ------
    DiskError
        If the folder cannot be written, the disk is full, or another program holds the file open.
    """
    part = path.with_name(f"{path.name}.{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never through a link or a file that another put there: on a shared drive anyone can.
        with part.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        replace_patiently(part, path, wait=wait)
    except PermissionError as error:
        _remove(part)
        raise DiskError(
            f"{path} cannot be written: {error.strerror}. What was there is as it was.",
            "If it is open in Excel or a browser, close it there; else check that you may write in that folder.",
        ) from None
    except OSError as error:
        _remove(part)
        raise DiskError(
            f"{path} cannot be written: {error.strerror}. What was there is as it was.",
            f"Free some space or choose another folder with {option}.",
        ) from None
    except BaseException:
        _remove(part)
        raise


def _remove(part: Path) -> None:
    # It may never have been made: what matters is the error being told, not this one.
    with contextlib.suppress(OSError):
        part.unlink()


def sweep(parts: Iterable[Path]) -> None:
    """Remove the .part files of runs that were killed: of a process of this machine that is gone, or an hour old.

    Those of a run that lives, here or on another machine that shares the drive, stay.
    """
    for part in parts:
        # Another run may have swept or moved it already.
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < time.time() - OLD or _orphaned(part):
                part.unlink()


def _orphaned(part: Path) -> bool:
    machine, _, rest = part.name.split(".")[-2].partition("-")
    pid = rest.partition("-")[0]
    # Windows has no harmless way to ask after a process: there the hour must do.
    if sys.platform == "win32" or machine != _machine() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _machine() -> str:
    """Return a short name for this machine: process numbers mean nothing on another."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def replace_patiently(part: Path, path: Path, *, wait: Callable[[float], None] = time.sleep) -> None:
    """Move `part` onto `path`, trying again for a few seconds: Windows refuses while another program reads it.

    Raises
    ------
    PermissionError
        If it is refused to the end.
    """
    for seconds in WAITS:
        try:
            part.replace(path)
        except PermissionError:
            wait(seconds)
        else:
            return
    part.replace(path)


def require_writable(folder: Path, *, option: str = "--out") -> None:
    """Find out before the work, not after it, whether files can be written in `folder`, which is made and swept.

    Raises
    ------
    DiskError
        If they cannot.
    """
    trial = folder / f".sacmap-can-write-{secrets.token_hex(4)}"
    try:
        write_whole(trial, b"", option=option)
    except DiskError as error:
        # The reader asked for the folder, and has never heard of the trial.
        raise DiskError(error.cause.replace(str(trial), f"The folder {folder}"), error.remedy) from None
    # A scanner may still hold it; that it could be written is all that was asked.
    _remove(trial)
    sweep(folder.glob("*.part"))
