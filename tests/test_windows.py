"""What Windows does differently, as far as another system can play it."""

import os
import subprocess
import sys
import zipfile

import pytest
from command_line import command
from conftest import csv_text, row
from fuzz_targets import areas_table

from sacmap.errors import UsageError
from sacmap.fetch.store import Store
from sacmap.fetch.street import read_crimes
from sacmap.files import write
from sacmap.files.file_sets import write_set
from sacmap.files.study_file import read_study
from sacmap.files.text import unreadable
from sacmap.planning import path_from

pytestmark = pytest.mark.slow

WELSH = "Tŷ'r Môr → Llŷn"
#: A path may have 260 characters, of which a user's own folders take up to so many.
PATH, THEIRS = 260, 120


def test_f45_a_cp1252_console_shows_what_it_can_and_stops_at_nothing(tmp_path):
    table = areas_table().assign(name=WELSH, id=[f"ŷ{n}" for n in range(4)])
    (tmp_path / "a.geojson").write_text(table.to_json(), encoding="utf-8")
    rows = [
        row(month, "Bâd", "0.005", "52.005", force=WELSH) for month in ("2017-07", "2018-07") for _ in "1234"
    ]
    rows += [
        row(month, lon="0.005", lat="52.005", force=WELSH) for month in ("2017-07", "2018-07") for _ in "1234"
    ]
    (tmp_path / "a.csv").write_text(csv_text(*rows), encoding="utf-8")
    words = ["check", "--crimes", "a.csv", "--boundaries", "a.geojson", "--current", "2018-07", "--baseline",
             "2017-07", "--title", WELSH]  # fmt: skip
    done = command(*words, cwd=tmp_path, encoding="cp1252")
    assert done.returncode == 0, done.stderr
    assert WELSH in done.stdout


DEMO = """
import warnings
warnings.filterwarnings("error", category=EncodingWarning, module="sacmap")
from sacmap.cli import sacmap
sacmap.main(["demo"], standalone_mode=False)
"""


def test_f45_no_file_is_read_or_written_in_the_system_s_own_encoding(tmp_path):
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", DEMO],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]


def test_f45_the_store_s_paths_are_short(tmp_path):
    store = Store(tmp_path)
    kept = store.put({"kind": "boundary", "of": "x" * 300, "id": "y" * 300}, "2024-03", b"[]")
    part = f"{kept.path.relative_to(tmp_path)}.sacmap-{write.this_machine()}-{2**22}-{'0' * 8}.part"
    assert len(part) < PATH - THEIRS


def test_f45_a_scanner_that_holds_the_trial_file_stops_nothing(tmp_path, monkeypatch):
    def held(self, missing_ok=False):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(type(tmp_path), "unlink", held)
    write.require_writable(tmp_path)


@pytest.mark.parametrize(
    "name", ["con.html", "NUL", "aux.v2.csv", "lpt1 .html", "a:b.html", "what?.html", 'a"b.html']
)
def test_f45_a_name_that_windows_has_no_file_of_is_refused_there(tmp_path, monkeypatch, name):
    assert write.output_path(tmp_path / name).name == name
    monkeypatch.setattr(write.sys, "platform", "win32")
    with pytest.raises(UsageError, match=r"^Windows has no files with the name "):
        write.output_path(tmp_path / name, ".html")
    assert write.output_path(tmp_path / "conway (2018)").name == "conway (2018)"


def test_f45_a_folder_that_windows_refuses_to_open_is_called_a_folder(tmp_path):
    assert "is a folder" in str(unreadable(tmp_path, PermissionError(13, "Access denied")))
    assert "permission denied" in str(unreadable(tmp_path / "a.csv", PermissionError(13, "Access denied")))


def test_f45_a_file_that_excel_has_open_gets_no_second_name_that_could_not_be_removed(tmp_path, monkeypatch):
    files = {tmp_path / "a.csv": b"old", tmp_path / "a.json": b"old"}
    write_set(files)
    monkeypatch.setattr(write.sys, "platform", "win32")
    link, named = os.link, []
    monkeypatch.setattr(os, "link", lambda one, *more, **how: (named.append(one), link(one, *more, **how)))
    write_set(dict.fromkeys(files, b"new"))
    assert not set(files) & set(named)
    assert [path.read_bytes() for path in files] == [b"new", b"new"]


def test_f45_no_process_is_asked_after_where_asking_would_end_it(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(write.os, "kill", lambda *words: asked.append(words))
    monkeypatch.setattr(write.sys, "platform", "win32")
    part = tmp_path / f"a.html.sacmap-{write.this_machine()}-1-0a1b2c3d.part"
    part.write_bytes(b"")
    write.sweep([part])
    assert asked == []
    assert part.exists()


def test_a_plan_on_another_drive_names_its_boundaries_whole(tmp_path, monkeypatch):
    def other_drive(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert path_from(tmp_path, str(tmp_path / "a.geojson")) == (tmp_path / "a.geojson").as_posix()


def test_a_study_from_notepad_is_read_in_either_of_its_encodings(tmp_path):
    file = tmp_path / "a.toml"
    text = f'current = "2018-07"\r\nbaseline = "2017-07"\r\ntitle = "{WELSH}"\r\n'
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_study(file)["title"] == WELSH
    file.write_bytes('title = "Môr"\r\n'.encode("cp1252"))
    assert read_study(file)["title"] == "Môr"


def test_a_zip_made_on_windows_is_read_whatever_its_slashes_and_capitals(tmp_path):
    path = tmp_path / "A.ZIP"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = "2018-10\\2018-10-KENT-STREET.CSV"
        archive.writestr(info, csv_text(row()))
    assert len(read_crimes(path)) == 1
