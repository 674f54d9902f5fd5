"""Put a file on disk whole or not at all: it is written beside its place and moved there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sacmap.errors import DiskError

#: Waits between tries while a virus scanner or Excel holds the file, in seconds.
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
#: A .part this old, in seconds, belongs to no run that lives.
OLD = 3600.0
#: The rights of a file that only its owner may read.
PRIVATE = 0o600

_PART = re.compile(
    r".*\.sacmap-(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.(part|download)", re.DOTALL
)
AS_IT_WAS = "What was there is as it was"
_IN_USE = "If it is open in Excel or a browser, close it there; else check that you may write in that folder."

Wait = Callable[[float], None]


def write_whole(
    path: Path, content: bytes, *, option: str = "--out", private: bool = False, wait: Wait = time.sleep
) -> None:
    """Write beside the target, flush to disk, then move into place; a reader sees the old file or the new one.

    A file that is replaced keeps its mode. `option` is the one that chooses the folder, for the error; a `private` file
    only its owner may read.

    Raises
    ------
    DiskError
        If the folder cannot be written, the disk is full, or another program holds the file open.
    """
    part = part_of(path)
    with removing([part]), told_of_disk(path, option):
        write_part(part, path, content, private)
        replace_patiently(part, path, wait=wait)


def part_of(path: Path, ending: str = ".part") -> Path:
    """Return a new name beside `path` that says whose it is: this machine's, this process's."""
    return path.with_name(f"{path.name}.sacmap-{this_machine()}-{os.getpid()}-{secrets.token_hex(4)}{ending}")


def sweep(parts: Iterable[Path]) -> None:
    """Remove the .part files of runs that were killed: of a process of this machine that is gone, or an hour old.

    Those of a run that lives, here or on another machine that shares the drive, stay; and so does every file that has
    not a name of our own making.
    """
    for part in parts:
        # Another run may have swept or moved it already.
        with contextlib.suppress(OSError):
            if is_part(part) and (part.stat().st_mtime < time.time() - OLD or orphaned(part)):
                part.unlink()


def is_part(path: Path) -> bool:
    """Whether a path is named as `part_of` names."""
    return path.suffix == ".part" and _PART.fullmatch(path.name) is not None


def orphaned(part: Path) -> bool:
    """Whether a file named by `part_of` is of a process of this machine that is gone."""
    found = _PART.fullmatch(part.name)
    return found is not None and found["machine"] == this_machine() and not lives(int(found["pid"]))


def lives(pid: int) -> bool:
    """Whether a process of this machine lives; True where that cannot be asked."""
    # Windows has no harmless way to ask after a process: there time must tell.
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def replace_patiently(part: Path, path: Path, *, wait: Wait = time.sleep) -> None:
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
    trial = part_of(folder / ".can-write")
    with removing([trial]):
        try:
            with told_of_disk(trial, option):
                write_part(trial, trial, b"", private=False)
        except DiskError as error:
            # The reader asked for the folder, and has never heard of the trial.
            raise DiskError(error.cause.replace(str(trial), f"The folder {folder}"), error.remedy) from None
    sweep(folder.glob("*.part"))


@contextlib.contextmanager
def told_of_disk(path: Path, option: str) -> Iterator[None]:
    """Turn the system's refusal to write a file into an error that says what to do."""
    try:
        yield
    except OSError as error:
        remedy = f"Free some space or choose another folder with {option}."
        raise DiskError(
            f"{path} cannot be written: {error.strerror or error}. {AS_IT_WAS}.",
            _IN_USE if isinstance(error, PermissionError) else remedy,
        ) from None


@contextlib.contextmanager
def removing(parts: Iterable[Path]) -> Iterator[None]:
    """Remove what is left of the parts at the end, however it comes."""
    try:
        yield
    finally:
        for part in parts:
            remove(part)


def remove(part: Path) -> None:
    """Remove a file if it is there and can be removed."""
    # It may never have been made: what matters is the error being told, not this one.
    with contextlib.suppress(OSError):
        part.unlink()


def write_part(part: Path, path: Path, content: bytes, private: bool) -> None:
    """Write a part that is to be moved onto `path`, with the mode it is to have from the first byte on."""
    part.parent.mkdir(parents=True, exist_ok=True)
    mode = PRIVATE if private else _mode_of(path)
    # Never through a link or a file that another put there: on a shared drive anyone can.
    made = os.open(
        part,
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
        0o666 if mode is None else PRIVATE,
    )
    with open(made, "wb") as stream:  # noqa: PTH123  # a file that is open has no path
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if mode not in (None, PRIVATE) and sys.platform != "win32":
        # Some shares keep no modes.
        with contextlib.suppress(OSError):
            part.chmod(mode)


def _mode_of(path: Path) -> int | None:
    """Return the mode of the file that is to be replaced; None where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return stat.S_IMODE(found.st_mode) & 0o777 if stat.S_ISREG(found.st_mode) else None


def this_machine() -> str:
    """Return a short name for this machine: process numbers mean nothing on another."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]
