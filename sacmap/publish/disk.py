"""Put a file on disk whole or not at all."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from sacmap.errors import DiskError

#: Waits between tries while a virus scanner or Excel holds the file, in seconds.
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


def write_whole(path: Path, content: bytes, *, wait: Callable[[float], None] = time.sleep) -> None:
    """Write beside the target, flush to disk, then move into place; a reader sees the old file or the new one.

    Raises
    ------
    DiskError
        If the folder cannot be written, the disk is full, or another program holds the file open.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        replace_patiently(part, path, wait=wait)
    except PermissionError as error:
        _sweep(part)
        raise DiskError(
            f"{path} cannot be written: {error.strerror}. What was there is as it was.",
            "If it is open in Excel or a browser, close it there; else check that you may write in that folder.",
        ) from None
    except OSError as error:
        _sweep(part)
        raise DiskError(
            f"{path} cannot be written: {error.strerror}. What was there is as it was.",
            "Free some space or choose another folder with --out.",
        ) from None
    except BaseException:
        _sweep(part)
        raise


def _sweep(part: Path) -> None:
    # It may never have been made: what matters is the error being told, not this one.
    with contextlib.suppress(OSError):
        part.unlink()


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


def require_writable(folder: Path) -> None:
    """Find out before the work, not after it, whether files can be written in `folder`, which is made.

    Raises
    ------
    DiskError
        If they cannot.
    """
    write_whole(folder / ".sacmap-can-write", b"")
    (folder / ".sacmap-can-write").unlink(missing_ok=True)
