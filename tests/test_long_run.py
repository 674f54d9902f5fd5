"""A long run leaves the computer as it was: memory flat, files and lines closed, threads gone."""

import gc
import sys
import threading
from pathlib import Path

import pytest
from police_uk import Clock, Police, crime, serve, web

from sacmap.fetch.api import Api
from sacmap.fetch.boxes import Box
from sacmap.fetch.store import Store

pytestmark = pytest.mark.slow

BOXES, MONTHS, EACH = 28, 36, 15
#: Blocks of memory that may be held more after the last month than after the sixth: a quarter of one a crime between.
GROWTH = 3_000


def handles():
    """How many files and sockets this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files the Linux way")
def test_a_thousand_boxes_leave_memory_handles_and_threads_as_they_were(tmp_path):
    clock = Clock()
    police = Police(clock=clock)
    police.publish(
        crime(n, "burglary", 52.005, 0.005 + 0.01 * (n % BOXES), month)
        for month in police.months
        for n in range(EACH * BOXES)
    )
    for month in police.months:
        # What the server itself makes at the first question of a month is not the client's.
        police.crimes(month, "burglary")
    held, opened, asked = [], [], 0
    # What was there before the run is not looked through once a month.
    gc.freeze()
    with serve(police) as base, web(clock) as client:
        api = Api(client, Store(tmp_path), f"{base}/api")
        for month in police.months:
            for n in range(BOXES):
                box = Box(10_000 * n, 52_000_000, 10_000 * n + 9_999, 52_009_999)
                assert len(api.crimes(month, "burglary", box)) == EACH
            asked += sum("crimes-street/" in path for path in police.paths)
            police.paths.clear()
            gc.collect()
            held.append(sys.getallocatedblocks())
            opened.append(handles())
        threads = threading.active_count()
    gc.unfreeze()
    assert asked == BOXES * MONTHS > 1_000
    assert held[-1] - held[5] < GROWTH
    assert max(opened[5:]) - opened[5] <= 2
    assert threads < 8
