"""The SHA-256 of files."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

_BLOCK = 1 << 20
_LARGEST = 4 << 30


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files one after another, in hex."""
    total = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        with part.open("rb") as stream:
            while block := stream.read(_BLOCK):
                total.update(block)
    return total.hexdigest()


def is_file_of(path: Path, hashes: Collection[str]) -> bool:
    """Whether a path is a plain file, of no more than some gigabytes, whose SHA-256 is among `hashes`."""
    try:
        return path.is_file() and path.stat().st_size <= _LARGEST and sha256(path) in hashes
    except OSError:
        return False
