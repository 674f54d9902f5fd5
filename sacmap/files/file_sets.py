"""Write several files as one set: either all are new, or all stay as they were.

All files are written under other names and then moved into place. During the moves, a note NAME.unfinished.txt in the
same folder says so; it is removed when the set is complete. If a run is killed in between, the note stays, and the next
run finds out from it whether the files come from two runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sacmap.errors import DiskError
from sacmap.files.text import sha256
from sacmap.files.write import (
    AS_IT_WAS,
    Wait,
    as_disk_error,
    lives,
    part_of,
    remove,
    removing,
    replace_patiently,
    this_machine,
    write_part,
    write_whole,
)

#: Seconds to wait for another run that is moving files to the same names, and between two checks.
PATIENCE, _STEP = 10.0, 0.1
UNFINISHED = ".unfinished.txt"
#: What follows the name of a note that one run is taking over from another that was killed.
CLAIM = ".claim"

_WORDS = (
    "sacmap is writing the files named below, or was stopped while it did. Some come from this run, others from an "
    "earlier one.\nDo not use them together. Run the same command again: it writes all of them and removes this note.\n"
)


def write_set(files: Mapping[Path, bytes], *, private: bool = False, wait: Wait = time.sleep) -> list[Path]:
    """Write the files of one set, all or none, and return their paths.

    All are written under other names first, then moved one after another. If one cannot be moved, the earlier ones are
    put back. If the run is killed between two moves, NAME.unfinished.txt stays, and the next run learns of it from
    `torn_set_message`. If two runs write the same set, one waits for the other. The first path gives the set its name.
    Only the owner may read `private` files, as of a restricted extract.

    Raises
    ------
    DiskError
        If a folder is not writable, the disk is full, or another program has a file open.
    """
    if len(files) == 1:
        [(path, content)] = files.items()
        write_whole(path, content, private=private, wait=wait)
        return [path]
    marker = marker_of(next(iter(files)))
    parts = {path: part_of(path) for path in files}
    kept = {path: part_of(path) for path in files if os.path.lexists(path) and not path.is_dir()}
    with removing([*parts.values(), *kept.values()]):
        for path, content in files.items():
            with as_disk_error(path):
                write_part(parts[path], path, content, private)
        with as_disk_error(marker):
            was_torn = _begin(marker, files, private=private, wait=wait)
        try:
            for path, copy in kept.items():
                _keep(path, copy)
            for path, part in parts.items():
                with as_disk_error(path):
                    replace_patiently(part, path, wait=wait)
        except BaseException as error:
            back = _put_back(parts, kept)
            if back and not was_torn:
                remove(marker)
            if not back and isinstance(error, DiskError):
                said = error.cause.replace(
                    AS_IT_WAS, f"Some files of the set are new and others are not: see {marker}"
                )
                raise DiskError(said, error.remedy) from None
            raise
        remove(marker)
    return list(files)


def torn_set_message(path: Path, *, wait: Wait = time.sleep) -> str:
    """Return a message if the files of the set of `path` come from two runs because one was stopped; otherwise ""."""
    marker, waited = marker_of(path), 0.0
    while os.path.lexists(marker) and not _is_left(marker, waited):
        # Another run may be moving its files right now.
        wait(_STEP)
        waited += _STEP
    if not _torn_at(marker):
        return ""
    found = _read_marker(marker)
    names = ", ".join(found.files) if found else f"the files named in {marker.name}"
    return (
        f"An earlier run was stopped while it wrote {names} in {marker.parent}, so they come from two runs."
    )


def marker_of(path: Path) -> Path:
    """Return the path of the note for a set, named after its first file."""
    return path.with_name(f"{path.stem}{UNFINISHED}")


def older_files(
    path: Path, endings: Iterable[str], written: Iterable[Path], read: Iterable[str]
) -> list[Path]:
    """Return the files with the name of `path`, maps/NAME.html, that this run neither writes nor reads.

    The endings are what may follow NAME: ".xlsx", "-groups.csv".
    """
    ours = {os.path.realpath(one) for one in (*map(str, written), *read)}
    beside = [path.with_name(f"{path.stem}{ending}") for ending in endings]
    return [one for one in beside if one.is_file() and os.path.realpath(one) not in ours]


class _Marker(NamedTuple):
    """The content of a note: who wrote it, whether the set was already torn, and the hashes by file name.

    Each file has its SHA-256 before (None if there was no file) and after.
    """

    by: str
    torn: bool
    files: dict[str, tuple[str | None, str]]

    @property
    def holder_is_gone(self) -> bool:
        """Whether the process that wrote the note is known to have ended."""
        machine, pid, _ = self.by.split("-")
        return machine == this_machine() and not lives(int(pid))


def _begin(marker: Path, files: Mapping[Path, bytes], *, private: bool, wait: Wait) -> bool:
    """Write the note, after waiting for any other run on the set. Return whether the set was already torn."""
    waited, seen = 0.0, b""
    while True:
        there = _bytes_at(marker)
        if there != seen:
            # The note of yet another run: that one is waited for as long.
            waited, seen = 0.0, there
        left = _is_left(marker, waited)
        # Remember that it was torn until this set is complete.
        torn = left and _torn_at(marker)
        part = part_of(marker)
        with removing([part]):
            write_part(part, part, _note(marker, files, torn), private)
            if _take_over(part, marker, there, wait) if left else _put_new(part, marker):
                return torn
        wait(_STEP)
        waited += _STEP


def _take_over(part: Path, marker: Path, there: bytes, wait: Wait) -> bool:
    """Put a note in the place of one that was left, unless another run does so at the same moment.

    `there` is the note that was left, as it was read.
    """
    claim = marker.with_name(f"{marker.name}{CLAIM}")
    if not _put_new(part, claim):
        found = _read_marker(claim)
        # Whoever claims it needs milliseconds; where that run was killed, its claim stands for no one.
        wait(PATIENCE if found is None or not found.holder_is_gone else 0)
        if _read_marker(claim) == found:
            remove(claim)
        return False
    with removing([claim]):
        if _bytes_at(marker) != there:
            return False
        replace_patiently(part, marker, wait=wait)
        return True


def _bytes_at(path: Path) -> bytes:
    """Return what a note says, or nothing where there is none."""
    try:
        # A pipe would be waited for.
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(1 << 20)
    except OSError:
        return b""


def _put_new(part: Path, marker: Path) -> bool:
    """Move a file to a name that is not in use. Return whether that worked."""
    try:
        os.link(part, marker)
    except FileExistsError:
        return False
    except (OSError, NotImplementedError):
        # Some network drives have no links. The note is short, so it is incomplete only for a moment.
        try:
            with marker.open("xb") as stream:
                stream.write(part.read_bytes())
                stream.flush()
                os.fsync(stream.fileno())
        except FileExistsError:
            return False
    return True


def _is_left(marker: Path, waited: float) -> bool:
    """Whether there is a note of a run that has ended, as far as is known."""
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
    """Return the content of a note, or None if it is unreadable."""
    try:
        text = _bytes_at(marker).decode()
        raw: dict[str, Any] = json.loads(text[text.index("{") :])
        found = _Marker(
            str(raw["by"]),
            bool(raw["torn"]),
            {str(k): (old, str(new)) for k, (old, new) in raw["files"].items()},
        )
        machine, pid, _ = found.by.split("-")
        return found if machine and pid.isdecimal() and len(pid) < 12 else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _torn_at(marker: Path) -> bool:
    """Whether the files in a note are neither all old nor all new, as far as is known."""
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
    """Keep the file at `path` under another name, so that it can be put back. If that fails, go on."""
    # Windows removes no name of a file that another program has open, so there a link would be left over.
    for keep in (shutil.copy2,) if sys.platform == "win32" else (os.link, shutil.copy2):
        with contextlib.suppress(OSError, NotImplementedError):
            keep(path, copy, follow_symlinks=False)
            return


def _put_back(parts: Mapping[Path, Path], kept: Mapping[Path, Path]) -> bool:
    """Put back the old files in place of those already moved. Return whether all are as they were."""
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
