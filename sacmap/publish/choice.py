"""Where a plan and its result are written: a record and a page beside it, never over one that is there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sacmap.errors import UsageError
from sacmap.files.whole import require_writable


def record_path(out: str | None, usual: Path) -> Path:
    """Return where a record goes: --out, its name ending in .json, or the usual place."""
    if not out:
        return usual
    return Path(out) if out.lower().endswith(".json") else Path(f"{out}.json")


def path_from(folder: Path, path: str) -> str:
    """Return a path as seen from a folder, so that both can be moved together; whole where they share no drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return Path(path).resolve().as_posix()


def require_unwritten(paths: Sequence[Path], replace: bool) -> None:
    """Refuse to write over a plan or its result unless told to; find out early whether it can be written.

    Raises
    ------
    UsageError
        If the record or a file beside it is there and is not to be replaced.
    DiskError
        If files cannot be written in the folder.
    """
    there = [file for file in paths if file.exists()]
    if there and not replace:
        raise UsageError(
            f"{there[0]} already exists and was not changed: a plan must be fixed before the event.",
            "Choose another --out, or add --replace.",
        )
    require_writable(paths[0].parent)
