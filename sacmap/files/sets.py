"""The files of one set, written together: all new, or all as before.

All are written beside their places and then moved. While they are moved, a note NAME.unfinished.txt stands beside them
and says so; it is gone when the set is whole. A run that is killed in between leaves it, and the next run reads from it
whether the files are of two runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sacmap.errors import DiskError
from sacmap.files.hashes import sha256
from sacmap.files.whole import (
    AS_IT_WAS,
    Wait,
    lives,
    part_of,
    remove,
    removing,
    replace_patiently,
    this_machine,
    told_of_disk,
    write_part,
    write_whole,
)

#: Seconds to wait for another run that is moving its files to the same names, and between two looks.
PATIENCE, _STEP = 10.0, 0.1
UNFINISHED = ".unfinished.txt"

_WORDS = (
    "sacmap is writing the files named below, or was stopped while it did: some are of this run, others of an earlier "
    "one.\nDo not use them together. Run the same command again: it writes them all anew and removes this note.\n"
)


def write_set(
    files: Mapping[Path, bytes], *, option: str = "--out", private: bool = False, wait: Wait = time.sleep
) -> list[Path]:
    """Write the files of one set: all new, or all as before. Return their paths.

    All are written beside their places first, then moved one after another. Where one cannot be moved, those moved
    before are put back. Where the run is killed between two moves, NAME.unfinished.txt stays beside the first file, and
    `told_of_torn` says so to the next run. Two runs on one set follow one another.

    Parameters
    ----------
    files
        Content by path; the first gives the set its name.
    option
        The option that chooses the folder, for the error.
    private
        Whether only the owner may read the files: those of a restricted extract.
    wait
        Waits for so many seconds.

    Raises
    ------
    DiskError
        If a folder cannot be written, the disk is full, or another program holds a file open.
    """
    if len(files) == 1:
        [(path, content)] = files.items()
        write_whole(path, content, option=option, private=private, wait=wait)
        return [path]
    marker = marker_of(next(iter(files)))
    parts = {path: part_of(path) for path in files}
    kept = {path: part_of(path) for path in files if os.path.lexists(path) and not path.is_dir()}
    with removing([*parts.values(), *kept.values()]):
        for path, content in files.items():
            with told_of_disk(path, option):
                write_part(parts[path], path, content, private)
        with told_of_disk(marker, option):
            was_torn = _begin(marker, files, private=private, wait=wait)
        try:
            for path, copy in kept.items():
                _keep(path, copy)
            for path, part in parts.items():
                with told_of_disk(path, option):
                    replace_patiently(part, path, wait=wait)
        except BaseException as error:
            back = _put_back(parts, kept)
            if back and not was_torn:
                remove(marker)
            if not back and isinstance(error, DiskError):
                said = error.cause.replace(
                    AS_IT_WAS, f"Some files of the set are new, others not: see {marker}"
                )
                raise DiskError(said, error.remedy) from None
            raise
        remove(marker)
    return list(files)


def told_of_torn(path: Path, *, wait: Wait = time.sleep) -> str:
    """Return, in words, that files of the set of `path` are of two runs, because one was stopped; else nothing."""
    marker, waited = marker_of(path), 0.0
    while os.path.lexists(marker) and not _is_left(marker, waited):
        # Another run is moving its files at this moment.
        wait(_STEP)
        waited += _STEP
    if not _torn_at(marker):
        return ""
    found = _read_marker(marker)
    names = ", ".join(found.files) if found else f"the files beside {marker.name}"
    return f"An earlier run was stopped while it wrote {names} in {marker.parent}: they are of two runs."


def marker_of(path: Path) -> Path:
    """Return the note that stands beside a set, named by its first file, while its files are moved."""
    return path.with_name(f"{path.stem}{UNFINISHED}")


def older_files(
    path: Path, endings: Iterable[str], written: Iterable[Path], read: Iterable[str]
) -> list[Path]:
    """Return the files beside `path` that have its name and one of the endings, and are not of this run.

    Parameters
    ----------
    path
        The first file of the set: maps/NAME.html.
    endings
        What follows NAME: ".xlsx", "-groups.csv".
    written
        The files of this run.
    read
        Paths this run reads: they are no files of an older one.
    """
    ours = {os.path.realpath(one) for one in (*map(str, written), *read)}
    beside = [path.with_name(f"{path.stem}{ending}") for ending in endings]
    return [one for one in beside if one.is_file() and os.path.realpath(one) not in ours]


@dataclass(frozen=True)
class _Marker:
    """What a note beside a set says: who wrote it, whether the set was torn before, and the hashes by file name.

    Each file has its SHA-256 before (None where there was no file) and after.
    """

    by: str
    torn: bool
    files: dict[str, tuple[str | None, str]]

    @property
    def holder_is_gone(self) -> bool:
        """Whether the process that wrote it is known to have ended."""
        machine, pid, _ = self.by.split("-")
        return machine == this_machine() and not lives(int(pid))


def _begin(marker: Path, files: Mapping[Path, bytes], *, private: bool, wait: Wait) -> bool:
    """Put the note beside the set, after any other run that is moving its files; return whether the set was torn."""
    waited = 0.0
    while True:
        left = _is_left(marker, waited)
        # That it was torn stays known until this set is whole.
        torn = left and _torn_at(marker)
        part = part_of(marker)
        with removing([part]):
            write_part(part, part, _note(marker, files, torn), private)
            if left:
                replace_patiently(part, marker, wait=wait)
            if left or _put_new(part, marker):
                return torn
        wait(_STEP)
        waited += _STEP


def _put_new(part: Path, marker: Path) -> bool:
    """Move a file to a name that nobody has; return whether that could be done."""
    try:
        os.link(part, marker)
    except FileExistsError:
        return False
    except (OSError, NotImplementedError):
        # Not every share has links. What is written here is short: no run sees half of it for long.
        try:
            with marker.open("xb") as stream:
                stream.write(part.read_bytes())
                stream.flush()
                os.fsync(stream.fileno())
        except FileExistsError:
            return False
    return True


def _is_left(marker: Path, waited: float) -> bool:
    """Whether there is a note of a run that has ended, as far as can be known."""
    if not os.path.lexists(marker):
        return False
    found = _read_marker(marker)
    return waited >= PATIENCE or (found is not None and found.holder_is_gone)


def _note(marker: Path, files: Mapping[Path, bytes], torn: bool) -> bytes:
    by = f"{this_machine()}-{os.getpid()}-{secrets.token_hex(4)}"
    hashes = {
        _name(path, marker): (_sha_at(path), hashlib.sha256(content).hexdigest())
        for path, content in files.items()
    }
    return (_WORDS + json.dumps({"by": by, "torn": torn, "files": hashes}, indent=1) + "\n").encode()


def _name(path: Path, marker: Path) -> str:
    return path.name if path.parent == marker.parent else str(path)


def _read_marker(marker: Path) -> _Marker | None:
    """Return what a note says, or None where it cannot be read: then nothing is known."""
    try:
        with marker.open("rb") as stream:
            text = stream.read(1 << 20).decode()
        raw: dict[str, Any] = json.loads(text[text.index("{") :])
        found = _Marker(
            str(raw["by"]),
            bool(raw["torn"]),
            {str(k): (old, str(new)) for k, (old, new) in raw["files"].items()},
        )
        machine, pid, _ = found.by.split("-")
        return found if machine and pid.isdecimal() and len(pid) < 12 else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _torn_at(marker: Path) -> bool:
    """Whether the files that a note names are neither all as they were nor all new, as far as can be known."""
    if not os.path.lexists(marker):
        return False
    found, folder = _read_marker(marker), marker.parent
    if found is None:
        return True
    now = {name: _sha_at(folder / name) for name in found.files}
    if all(now[name] == new for name, (_, new) in found.files.items()):
        return False
    return found.torn or any(now[name] != old for name, (old, _) in found.files.items())


def _sha_at(path: Path) -> str | None:
    return sha256(path) if path.is_file() else None


def _keep(path: Path, copy: Path) -> None:
    """Keep what is at `path` under another name, to be put back if need be; where it cannot be kept, go on."""
    try:
        os.link(path, copy, follow_symlinks=False)
    except (OSError, NotImplementedError):
        with contextlib.suppress(OSError):
            shutil.copy2(path, copy, follow_symlinks=False)


def _put_back(parts: Mapping[Path, Path], kept: Mapping[Path, Path]) -> bool:
    """Put back what was at the places of the parts that were moved already; return whether all is as it was."""
    whole = True
    for path, part in parts.items():
        if part.exists():
            continue
        try:
            if path in kept:
                kept[path].replace(path)
            else:
                path.unlink()
        except OSError:
            whole = False
    return whole
