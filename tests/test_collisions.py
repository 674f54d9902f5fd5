"""No output is ever a file that is also read: every command says so before it reads anything."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from command_line import command
from conftest import csv_text, row
from fuzz_targets import areas_geojson

from sacmap.errors import InputError, UsageError
from sacmap.files.collisions import is_below, is_ours, require_apart, require_own

pytestmark = pytest.mark.slow

posix = pytest.mark.skipif(sys.platform == "win32", reason="making a link needs a right there")
PERIODS = ["--current", "2018-07", "--baseline", "2017-07"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("kent.gpkg").write_bytes(b"not read before the names are compared")
    Path("a.geojson").write_bytes(areas_geojson())
    rows = [row(month, kind, lon="0.005", lat="52.005") for month in ("2017-07", "2018-07") for _ in range(30)
            for kind in ("Burglary", "Robbery", "Vehicle crime")]  # fmt: skip
    Path("kent.csv").write_text(csv_text(*rows))
    Path("other.csv").write_text("area_id,homes\n")
    Path("ho.csv").write_text("not read either")
    Path("plan.json").write_text("{}")
    return tmp_path


MAP = ["map", "--crimes", "kent.csv", "--boundaries", "a.geojson", *PERIODS]
OTHERS = ["map", "--crimes", "ho.csv", "--boundaries", "a.geojson", *PERIODS, "--out", "kent.html"]
RECONCILE = ["reconcile", "--home-office", "ho.csv", "--area-name", "Kent", "--current", "2018-01:2018-12",
             "--baseline", "2017-01:2017-12"]  # fmt: skip
PLAN = ["plan", "--crimes", "kent.csv", *PERIODS, "--out", "plan.json", "--replace"]
EVALUATE = ["evaluate", "plan.json", "--crimes", "kent.csv", "--after", "2018-08", "--replace"]
CASES = {
    "map over its crimes": [*MAP, "--out", "kent.html"],
    "map over its crimes, spelt otherwise": [*MAP, "--out", "./x/../kent.html"],
    "map over its crimes in capitals": [*MAP, "--out", "KENT.html"],
    "map over its boundaries": [*OTHERS[:3], "--boundaries", "kent.gpkg", *OTHERS[5:], "--also", "gpkg"],
    "map over its comparator": [*OTHERS, "--comparator", "kent.csv"],
    "map over its households": [*OTHERS, "--households", "kent.csv"],
    "reconcile over the official table": [*RECONCILE, "--out", "ho.csv"],
    "reconcile over its crimes": [*RECONCILE, "--crimes", "kent.csv", "--out", "kent.csv"],
    "plan over its boundaries": [*PLAN, "--boundaries", "plan.json"],
    "plan over its prices": [*PLAN, "--boundaries", "a.geojson", "--prices", "plan.json"],
    "evaluate over the plan": [*EVALUATE, "--out", "plan.json"],
    "evaluate over its log": [*EVALUATE, "--log", "other.json", "--out", "other.json"],
    "boundaries over the certificates": [
        "boundaries",
        "kent",
        "--ca-bundle",
        "other.csv",
        "--out",
        "other.csv",
    ],
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES)
def test_f53_an_output_that_is_an_input_is_a_usage_error_before_anything_is_read(folder, words):
    Path("other.json").write_text("{}")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = command(*words)
    assert done.returncode == 2, done.stderr
    assert "is the same file as" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@posix
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_f53_a_link_to_an_input_is_that_input(folder, link):
    link("kent.csv", "other-name.csv")
    done = command(*MAP, "--out", "other-name.html")
    assert done.returncode == 2
    assert "other-name.csv" in done.stderr
    assert "kent.csv" in done.stderr


@posix
def test_f53_a_link_to_the_folder_of_an_input_is_that_folder(folder):
    Path("here").symlink_to(".")
    assert command(*MAP, "--out", "here/kent.html").returncode == 2


def test_f53_a_file_of_a_folder_of_crimes_is_an_input(folder):
    Path("crimes").mkdir()
    Path("kent.csv").rename("crimes/kent.csv")
    words = ["map", "--crimes", "crimes", "--boundaries", "a.geojson", *PERIODS]
    done = command(*words, "--out", "crimes/kent.html")
    assert done.returncode == 2
    assert "is the same file as" in done.stderr
    # What sacmap itself wrote there is none, so that next month's run may write it again.
    assert command(*words, "--out", "crimes/town.html").returncode == 0
    assert command(*words, "--out", "crimes/town.html").returncode == 0


def test_f53_in_python_too(folder):
    import sacmap

    study = sacmap.Study(current="2018-07", baseline="2017-07", crimes="kent.csv", boundaries="a.geojson")
    result = sacmap.run(study)
    with pytest.raises(UsageError, match="is the same file as"):
        sacmap.save(result, "kent.html")
    assert not Path("kent.html").exists()


@pytest.mark.parametrize("out", ["maps", "maps/", "maps/.", "there/", ".", ".."])
def test_an_output_that_is_a_folder_is_refused_with_an_example(folder, out):
    Path("maps").mkdir()
    words = {
        "html": MAP,
        "json": [*PLAN[:-3], "--boundaries", "a.geojson"],
        "csv": ["comparator", "kent.csv"],
    }
    for ending, asked in words.items():
        done = command(*asked, "--out", out)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{out} is a folder, and no file in it is named." in done.stderr
        assert f"NAME.{ending}" in done.stderr
    assert not list(Path("maps").iterdir())


def test_f53_a_file_beside_the_page_that_sacmap_did_not_write_is_kept(folder):
    words = [*MAP, "--out", "own.html", "--also", "xlsx"]
    for name in ("own.csv", "own.json", "own-groups.csv", "own.xlsx"):
        Path(name).write_text("someone's own")
        done = command(*words)
        assert done.returncode == 2
        assert f"{name} would be replaced" in done.stderr
        assert Path(name).read_text() == "someone's own"
        assert not Path("own.html").exists()
        Path(name).unlink()
    assert command(*words).returncode == 0
    # A map of the same name is written again, also where the record was removed.
    assert command(*words).returncode == 0
    Path("own.json").unlink()
    Path("own.xlsx").unlink()
    assert command(*words).returncode == 0


def test_f53_names_are_compared_in_one_spelling(tmp_path):
    for one, other in (("Tŷ.csv", unicodedata.normalize("NFD", "tŷ.csv")), ("A.CSV", "a.csv")):
        with pytest.raises(UsageError):
            require_apart([tmp_path / one], [tmp_path / other])
    require_apart([tmp_path / "a.csv"], [tmp_path / "b.csv", None, ""])


def refused(path, *_, **__):
    raise PermissionError(13, "Permission denied", str(path))


def test_an_input_in_a_folder_that_may_not_be_looked_into_is_told_as_one_that_may_not_be_read(monkeypatch):
    monkeypatch.setattr("pathlib.Path.is_dir", refused)
    with pytest.raises(InputError, match=r"shut/kent.csv cannot be read: permission denied"):
        require_apart([Path("maps/x.html")], ["shut/kent.csv"])


def test_a_record_that_may_not_be_read_is_told_as_that_not_as_one_of_another_program(tmp_path, monkeypatch):
    (tmp_path / "x.json").write_text('{"sacmap": "2"}')
    monkeypatch.setattr("pathlib.Path.open", refused)
    with pytest.raises(InputError, match=r"x.json cannot be read: permission denied"):
        require_own(tmp_path / "x.html", [tmp_path / "x.json"])


def test_f64_what_sacmap_wrote_is_known_by_its_columns(folder):
    assert command(*MAP, "--out", "maps/x.html").returncode == 0
    assert is_ours(Path("maps/x.csv"))
    assert is_ours(Path("maps/x.json"))
    assert not is_ours(Path("kent.csv"))


def test_f64_a_map_kept_in_git_whose_lines_end_otherwise_is_written_again(folder):
    assert command(*MAP, "--out", "maps/x.html").returncode == 0
    for file in Path("maps").iterdir():
        unix = file.read_bytes().replace(b"\r\n", b"\n")
        file.write_bytes(unix if file.suffix == ".csv" else unix.replace(b"\n", b"\r\n"))
    done = command(*MAP, "--out", "maps/x.html")
    assert (done.returncode, done.stderr.count("did not write")) == (0, 0)


def test_f59_files_of_an_earlier_run_are_named_and_none_is_where_there_is_none(folder):
    assert "stale" not in command(*MAP, "--out", "maps/x.html", "--also", "xlsx").stderr
    done = command(*MAP, "--out", "maps/x.html")
    assert done.returncode == 0
    assert "x.xlsx" in done.stderr
    assert '"stale"' in Path("maps/x.json").read_text(encoding="utf-8")
    assert command(*MAP, "--out", "maps/x.html", "--also", "xlsx").returncode == 0
    assert "stale" not in Path("maps/x.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", ["//host/share/a.geojson", "\\\\host\\share\\a.geojson", "../a.geojson", "/etc/hosts"]
)
def test_f56_a_path_elsewhere_is_not_below(tmp_path, path):
    assert not is_below(path, [tmp_path, Path()])


def test_f56_a_path_in_the_folder_is_below(tmp_path):
    assert is_below(str(tmp_path / "x" / ".." / "a.geojson"), [tmp_path])
    assert not is_below(str(tmp_path / ".." / f"{tmp_path.name}2" / "a.geojson"), [tmp_path])
