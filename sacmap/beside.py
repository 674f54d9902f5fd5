"""Work beside the caller's own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def beside() -> Iterator[ThreadPoolExecutor]:
    """Give a thread, and wait for it at the end; but an error is told without waiting for what it would not need.

    Give it arrays of shapes of its own: shapely makes the array it works on read-only meanwhile, for all who hold it.
    """
    pool = ThreadPoolExecutor(1)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
