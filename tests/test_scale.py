"""A small England and Wales: the whole way of the data on an archive of every force, against the plain recipe."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import command
from national import plain, same_counts
from national_archive import make, periods, wards

pytestmark = pytest.mark.slow

SIDE = 30
SPANS = periods(6)
STUDY = [
    "--baseline", f"{SPANS[0][0]}:{SPANS[0][-1]}", "--baseline", f"{SPANS[1][0]}:{SPANS[1][-1]}",
    "--current", f"{SPANS[2][0]}:{SPANS[2][-1]}",
]  # fmt: skip


@pytest.fixture(scope="module")
def nation(tmp_path_factory):
    """A folder with an archive of 43 forces, six months and 24,000 rows, and 900 areas."""
    folder = tmp_path_factory.mktemp("nation")
    areas = wards(Path(), SIDE)
    areas.to_parquet(folder / "areas.parquet")
    make(folder / "all.zip", [month for span in SPANS for month in span], areas, rows_a_month=4_000)
    return folder


def sacmap_map(nation, out):
    """The words of sacmap map on the archive."""
    given = ["--crimes", str(nation / "all.zip"), "--boundaries", str(nation / "areas.parquet")]
    where = ["--store", str(out / "store"), "--out", str(out / "e.html")]
    return ["map", *given, *STUDY, *where]


def test_counts_are_the_plain_recipes_area_by_area(nation, tmp_path):
    done = command(*sacmap_map(nation, tmp_path))
    assert done.returncode == 0, done.stderr
    for sparing in (False, True):
        plain(nation / "all.zip", nation / "areas.parquet", tmp_path / "plain.csv", sparing=sparing)
        assert same_counts(tmp_path / "e.csv", tmp_path / "plain.csv", SPANS) == 3 * 2 * SIDE**2


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_f41_ctrl_c_stops_with_130_and_no_torn_file(nation, tmp_path):
    words = [sys.executable, "-m", "sacmap", *sacmap_map(nation, tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline().startswith("Reading: ")
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_same_seed_makes_the_same_archive(tmp_path):
    month = SPANS[0][0]
    areas = wards(Path(), SIDE)
    twice = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for path in twice:
        make(path, [month], areas, rows_a_month=1_000)
    assert twice[0].read_bytes() == twice[1].read_bytes()
