"""Whatever is raised ends in two lines and an exit code; a closed or full output is no traceback either."""

import errno
import http.client
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyogrio.errors
import pyproj.exceptions
import pytest
import requests
from command_line import command
from conftest import csv_text, row
from forked import Loaded
from fuzz_targets import areas_geojson
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap.errors import DiskError, InputError, SourceError, UsageError
from sacmap.last_resort import meant
from sacmap.study import make_study

pytestmark = pytest.mark.slow

posix = pytest.mark.skipif(sys.platform == "win32", reason="closing a stream so is POSIX")
WORDS = ["--crimes", "a.csv", "--boundaries", "a.geojson", "--current", "2018-07", "--baseline", "2017-07"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.geojson").write_bytes(areas_geojson())
    rows = [row(month, lon="0.005", lat="52.005") for month in ("2017-07", "2018-07") for _ in range(30)]
    (tmp_path / "a.csv").write_text(csv_text(*rows))
    return tmp_path


@pytest.fixture
def broken(folder, monkeypatch):
    """A function that runs a command one of whose steps raises something else."""

    def run(error, step="compare", words=("map", *WORDS, "--out", "maps/x.html")):
        def raises(*_, **__):
            raise error

        where = {"compare": "sacmap.pipeline.compare_areas", "render": "sacmap.publish.page.render"}[step]
        monkeypatch.setattr(where, raises)
        return command(*words, cwd=folder)

    return run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyError("geometry"), 2),
        (AssertionError(), 2),
        (RecursionError("maximum recursion depth exceeded"), 2),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "surrogates not allowed"), 2),
        (ZeroDivisionError("division by zero"), 2),
        (ExceptionGroup("several", [OSError(28, "No space left on device", "b")]), 5),
        (MemoryError(), 5),
        (PermissionError(13, "Permission denied", "a.csv"), 5),
        (OSError(28, "No space left on device"), 5),
        (requests.exceptions.InvalidURL("https://ann:hunter2@x"), 4),
        (pyproj.exceptions.CRSError("Invalid projection: hunter2"), 2),
        (pyogrio.errors.DataSourceError("hunter2"), 2),
        (pyarrow.ArrowMemoryError("malloc of size 9 failed"), 5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
@pytest.mark.parametrize("step", ["compare", "render"])
def test_f63_whatever_is_raised_ends_in_two_lines_and_nothing_half_written(broken, folder, error, code, step):
    done = broken(error, step)
    assert done.returncode == code
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Reading")]
    assert len(lines) == 2, done.stderr
    assert lines[0].startswith("sacmap: ")
    assert "Error" not in done.stderr
    assert "hunter2" not in done.stderr
    assert done.stdout == ""
    assert not (folder / "maps").exists()


def test_f63_debug_shows_where_it_came_from_wherever_it_is_written(broken):
    for words in (("--debug", "map", *WORDS), ("map", *WORDS, "--debug")):
        done = broken(KeyError("geometry"), words=words)
        assert done.returncode == 2
        assert "Traceback" in done.stderr
        assert "KeyError: 'geometry'" in done.stderr


def test_f63_the_report_says_where_and_how():
    told = meant(KeyError("x"))
    assert "report" in told.remedy
    assert "--debug" in told.remedy


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.exceptions.ConnectionError("x"), SourceError),
        (ssl.SSLError("x"), SourceError),
        (http.client.IncompleteRead(b""), SourceError),
        (OSError(errno.ENOSPC, "No space left on device", "a"), DiskError),
        (TypeError("x"), InputError),
        (InputError("what", "do"), InputError),
        (DiskError("what", "do"), DiskError),
    ],
)
def test_f63_each_kind_of_failure_has_its_exit_code(error, kind):
    assert type(meant(error)) is kind


def test_f44_a_full_disk_without_a_file_s_name_says_where_space_may_be_missing():
    told = meant(OSError(errno.ENOSPC, "No space left on device"))
    assert "temporary files" in told.remedy
    assert told.exit_code == 5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder that is in use")
def test_a_folder_that_was_removed_under_the_command_is_told(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    here = Path.cwd()
    os.chdir(gone)
    try:
        gone.rmdir()
        with pytest.raises(FileNotFoundError) as raised:
            Path.cwd()
        told = meant(raised.value)
    finally:
        os.chdir(here)
    assert "no longer there" in told.cause
    assert told.exit_code == 5


def test_f64_permission_denied_is_called_by_its_name():
    told = meant(PermissionError(errno.EACCES, "Permission denied", "crimes.csv"))
    assert "permission denied" in told.cause
    assert "crimes.csv" in told.cause
    assert "permission" in told.remedy


def streams(folder, words, tail):
    """Run the command in a shell with its streams sent elsewhere; return its exit code and what stderr got."""
    line = f'"$0" -m sacmap {" ".join(words)} {tail}'
    done = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def loaded():
    """A process in whose forks a command begins at once."""
    with Loaded(
        "pyarrow.dataset", "sacmap.areas.geojson", "sacmap.planning", "sacmap.publish.page"
    ) as process:
        yield process


FULL = "/dev/full"


@posix
@pytest.mark.parametrize("verb", ["map", "check"])
@pytest.mark.parametrize(
    ("ends", "codes"),
    [
        ((None, "err"), {0}),
        (("out", None), {0}),
        ((None, None), {0}),
        (("out", FULL), {0}),
        ((FULL, "err"), {5}),
        ((FULL, FULL), {5}),
        # Nobody reads it.
        (("|", "err"), {5}),
    ],
)
def test_f63_a_closed_or_full_output_is_no_traceback_and_files_are_whole(folder, loaded, verb, ends, codes):
    if FULL in ends and not Path(FULL).exists():
        pytest.skip("there is no /dev/full here")
    paths = [one and (one if one == "|" else str(folder / one)) for one in ends]
    words = ["sacmap", verb, *WORDS, *(["--out", "x.html"] if verb == "map" else [])]
    code = loaded.run(words, [os.devnull if any(ends) else None, *paths], folder=folder)
    said = (folder / "err").read_text(encoding="utf-8") if "err" in ends else ""
    assert code in codes, said
    require_whole_and_no_traceback(folder, verb, said)


@posix
def test_f63_a_process_that_starts_with_every_stream_closed_works_on(folder):
    code, said = streams(folder, ["map", *WORDS, "--out", "x.html"], ">&- 2>&- <&-")
    assert code == 0
    require_whole_and_no_traceback(folder, "map", said)


def require_whole_and_no_traceback(folder, verb, said):
    assert "Traceback" not in said
    assert "Exception" not in said
    if verb == "map":
        assert {path.name for path in folder.glob("x.*")} == {"x.html", "x.csv", "x.json"}
        assert (folder / "x.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


@posix
def test_f63_a_reader_that_leaves_is_no_traceback(folder):
    code, said = streams(folder, ["check", *WORDS], "| true")
    assert code == 0
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    code, said = streams(folder, ["--help"], "| true")
    assert "Traceback" not in said


def test_f63_half_a_character_in_a_title_is_a_usage_error():
    with pytest.raises(UsageError, match="has half a character"):
        make_study({"current": "2018-07", "baseline": "2017-07", "title": "Llan\udcff"})


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS allows no such names")
def test_f63_half_a_character_in_a_path_is_spelt_out_in_the_record(folder):
    (folder / "a.csv").rename(os.fsdecode(os.fsencode(folder) + b"/b\xff.csv"))
    words = [os.fsdecode(b"b\xff.csv") if word == "a.csv" else word for word in WORDS]
    done = command("map", *words, "--out", "x.html", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert r"b\\udcff.csv" in (folder / "x.json").read_text(encoding="utf-8")


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=50),
    st.sampled_from([ValueError, OSError, KeyError, RuntimeError, requests.RequestException]),
)
def test_f63_any_text_in_an_error_is_two_printable_lines(text, kind):
    told = meant(kind(text))
    assert len(str(told).splitlines()) == 2
    assert told.exit_code in {2, 4, 5}
