"""The SHA-256 of files, taken beside other work."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import TracebackType

_BLOCK = 1 << 20


def sha256(path: Path, stop: Event | None = None) -> str:
    """Return the SHA-256 of a file, or of a folder's files one after another, in hex; "" where told to stop."""
    total = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        with part.open("rb") as stream:
            while block := stream.read(_BLOCK):
                if stop and stop.is_set():
                    return ""
                total.update(block)
    return total.hexdigest()


class Sums:
    """Takes the SHA-256 of each file once. A context manager: where it ends in an error, what is under way stops."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
        self._stop = Event()
        self._sums: dict[Path, Future[str]] = {}

    def __enter__(self) -> Sums:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error:
            self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def start(self, paths: Iterable[Path]) -> None:
        """Begin with files, in their order, and go on beside what the caller does."""
        for path in paths:
            if path not in self._sums:
                self._sums[path] = self._pool.submit(sha256, path, self._stop)

    def of(self, path: Path) -> str:
        """Return the SHA-256 of a file begun with, when it is done."""
        return self._sums[path].result()
