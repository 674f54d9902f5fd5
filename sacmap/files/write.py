"""Write a file completely or not at all: write it under another name, then move it into place."""

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

from sacmap.errors import DiskError, UsageError
from sacmap.last_resort import FULL

#: Seconds to wait between attempts while a virus scanner or Excel has the file open.
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
#: A .part file older than this, in seconds, does not belong to a running process.
OLD = 3600.0
#: The mode of a file that only its owner may read.
PRIVATE = 0o600

_PART = re.compile(
    r".*\.sacmap-(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.(part|download)", re.DOTALL
)
#: What Windows keeps for its devices, also with an ending, and the characters that no name there may have.
_KEPT_NAMES = re.compile(r"(con|prn|aux|nul|(com|lpt)[\d¹²³]) *(\..*)?", re.DOTALL | re.IGNORECASE)
_KEPT_CHARACTERS = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
#: With the ending of a file that is named, those of the files that are written beside it.
_BESIDE = {".html": (".csv", ".json"), ".json": (".html",)}
AS_IT_WAS = "No file there was changed"
_IN_USE = (
    "If it is open in Excel or a browser, close it there. Otherwise check that you may write to that folder."
)

Wait = Callable[[float], None]


def write_whole(
    path: Path, content: bytes, *, option: str = "--out", private: bool = False, wait: Wait = time.sleep
) -> None:
    """Write under another name, flush to disk, then move into place. A reader sees either the old or the new file.

    A file that is replaced keeps its mode. `option` is the option that sets the folder, for the message. Only the
    owner may read a `private` file.

    Raises
    ------
    DiskError
        If the folder is not writable, the disk is full, or another program has the file open.
    """
    part = part_of(path)
    with removing([part]), as_disk_error(path, option):
        write_part(part, path, content, private)
        replace_patiently(part, path, wait=wait)


def part_of(path: Path, ending: str = ".part") -> Path:
    """Return a new temporary name in the folder of `path`, with this machine and process in it."""
    return path.with_name(f"{path.name}.sacmap-{this_machine()}-{os.getpid()}-{secrets.token_hex(4)}{ending}")


def sweep(parts: Iterable[Path]) -> None:
    """Remove the .part files of killed runs: those of a process of this machine that has ended, or older than an hour.

    Files of running processes stay, also those of other machines on a shared drive. So does every file that does not
    have a name made by `part_of`.
    """
    for part in parts:
        # Another run may have removed or moved it already.
        with contextlib.suppress(OSError):
            if is_part(part) and (part.stat().st_mtime < time.time() - OLD or orphaned(part)):
                part.unlink()


def is_part(path: Path) -> bool:
    """Whether a path has a name made by `part_of`."""
    return path.suffix == ".part" and _PART.fullmatch(path.name) is not None


def orphaned(part: Path) -> bool:
    """Whether a file named by `part_of` belongs to a process of this machine that has ended."""
    found = _PART.fullmatch(part.name)
    return found is not None and found["machine"] == this_machine() and not lives(int(found["pid"]))


def lives(pid: int) -> bool:
    """Whether a process of this machine is running; True if that cannot be checked."""
    # Windows has no harmless way to check a process, so only the age of the file counts there.
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
    """Move `part` onto `path`. Retry for a few seconds, because Windows refuses while another program reads the file.

    Raises
    ------
    PermissionError
        If it is still refused at the end.
    """
    for seconds in WAITS:
        try:
            part.replace(path)
        except PermissionError:
            wait(seconds)
        else:
            return
    part.replace(path)


def windows_allows(name: str) -> bool:
    """Whether a file may have this name on Windows.

    >>> windows_allows("wards.html"), windows_allows("aux.html"), windows_allows("a:b.html")
    (True, False, False)
    """
    return not _KEPT_NAMES.fullmatch(name) and not _KEPT_CHARACTERS.search(name)


def output_path(out: str | os.PathLike[str], ending: str = "") -> Path:
    """Return the path of a file to write, with `ending` added to a name that has another.

    A page, its table and its record are written together, so the name of one gives all.

    >>> output_path("maps/wards.csv", ".html").name, output_path("plans/wards.html", ".json").name
    ('wards.html', 'wards.json')

    Raises
    ------
    UsageError
        If it is a folder: a file in it would have no name but its ending; on Windows, if no file may have the name.
    """
    given = os.fspath(out)
    last = given.replace(os.sep, "/").rpartition("/")[2]
    if last in {"", ".", ".."} or Path(given).is_dir():
        named = Path(given, f"NAME{ending}").as_posix()
        raise UsageError(
            f"{given or 'The path'} is a folder, and no file in it is named.", f"Write --out {named}."
        )
    stem, other = os.path.splitext(given)  # noqa: PTH122 - given is text, and keeps its "./"
    if other.lower() in _BESIDE.get(ending, ()):
        given = stem
    path = Path(given if given.lower().endswith(ending) else f"{given}{ending}")
    if sys.platform == "win32" and not windows_allows(path.name):
        raise UsageError(f"Windows has no files with the name {path.name}.", "Choose another with --out.")
    return path


def require_writable(folder: Path, *, option: str = "--out") -> None:
    """Check, before any work is done, that files can be written to `folder`, and remove old .part files.

    A folder that is not there is made only with its first file: until then, a run may still be refused.

    Raises
    ------
    DiskError
        If files cannot be written.
    """
    absent = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    trial = part_of(absent[-1] if absent else folder / ".can-write")
    with removing([trial]):
        try:
            with as_disk_error(trial, option):
                if absent:
                    # Who may make folders may not always write files: of the root of C:, on Windows.
                    trial.mkdir()
                    trial.rmdir()
                else:
                    write_part(trial, trial, b"", private=False)
        except DiskError as error:
            # Name the folder in the message, not the trial file.
            raise DiskError(error.cause.replace(str(trial), f"The folder {folder}"), error.remedy) from None
    sweep(folder.glob("*.part"))


@contextlib.contextmanager
def as_disk_error(path: Path, option: str = "--out") -> Iterator[None]:
    """Turn an OSError from writing a file into a DiskError that says what to do."""
    try:
        yield
    except OSError as error:
        first = "Free some space" if error.errno in FULL else "Check the path and the disk"
        remedy = f"{first}, or choose another folder with {option}."
        raise DiskError(
            f"{path} cannot be written: {error.strerror or error}. {AS_IT_WAS}.",
            _IN_USE if isinstance(error, PermissionError) else remedy,
        ) from None


@contextlib.contextmanager
def removing(parts: Iterable[Path]) -> Iterator[None]:
    """Remove any remaining parts at the end, also after an error."""
    try:
        yield
    finally:
        for part in parts:
            remove(part)


def remove(part: Path) -> None:
    """Remove a file if it is there and can be removed."""
    # It may never have been created, and an error here must not hide the original one.
    with contextlib.suppress(OSError):
        part.unlink()


def write_part(part: Path, path: Path, content: bytes, private: bool) -> None:
    """Write a part that will be moved onto `path`. It has its final permissions from the first byte on."""
    part.parent.mkdir(parents=True, exist_ok=True)
    mode = PRIVATE if private else _mode_of(path)
    # O_EXCL: never write through a link or into a file that someone else put there, as anyone can on a shared drive.
    made = os.open(
        part,
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
        0o666 if mode is None else PRIVATE,
    )
    with open(made, "wb") as stream:  # noqa: PTH123  # an open file has no path
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if mode not in (None, PRIVATE) and sys.platform != "win32":
        # Some network drives have no modes.
        with contextlib.suppress(OSError):
            part.chmod(mode)


def _mode_of(path: Path) -> int | None:
    """Return the mode of the file that will be replaced; None if there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return stat.S_IMODE(found.st_mode) & 0o777 if stat.S_ISREG(found.st_mode) else None


def this_machine() -> str:
    """Return a short name for this machine, because process numbers are valid only on one machine."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]
