"""The README's commands run as they stand, on files of the names it uses, and its links lead somewhere."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import command_line
import pytest
from conftest import csv_text, row, write_squares

from sacmap import months

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [(kind, text.strip()) for kind, text in re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)]
COMMANDS = [line for kind, text in BLOCKS if kind == "" for line in text.splitlines()]
INLINE = re.findall(r"`(sacmap [^`]+)`", README)


@pytest.fixture
def folder(tmp_path):
    """A folder with the files the README names."""
    place = {"lon": "0.005", "lat": "52.005"}, {"lon": "0.015", "lat": "52.005"}
    with zipfile.ZipFile(tmp_path / "northamptonshire.zip", "w") as archive:
        for month in months.span("2015-04:2019-03"):
            rows = [row(month, **place[n % 2]) for n in range(8)]
            archive.writestr(f"{month}/{month}-northamptonshire-street.csv", csv_text(*rows))
    wards = [{"WD13CD": f"E{n}", "WD13NM": f"Ward {n}"} for n in (0, 1)]
    write_squares(tmp_path / "wards.geojson", *wards)
    return tmp_path


def run(line, folder):
    words = shlex.split(line)
    assert words[0] == "sacmap"
    return command_line.command(*words[1:], cwd=folder)


def test_every_command_is_one_line_for_any_shell():
    assert any(command == "python start.py demo" for command in COMMANDS)
    assert any(command == "python start.py test" for command in COMMANDS)
    for command in COMMANDS:
        assert command.split()[0] in {"python", "sacmap"}, command
        assert not set("&|;$\\<>'") & set(command), command


def test_what_start_is_told_it_knows():
    started = {command.split()[2] for command in COMMANDS if command.startswith("python start.py")}
    done = subprocess.run([sys.executable, ROOT / "start.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert started <= set(re.findall(r"python start\.py (\w+)", done.stderr))


@pytest.fixture
def start(tmp_path, monkeypatch):
    """start.py in a folder of its own, and what it was about to run; a word of `fails` ends with 1."""
    shutil.copy(ROOT / "start.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    spec = importlib.util.spec_from_file_location("start", tmp_path / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ran, fails = [], set()

    def run_nothing(words, **_):
        ran.append(" ".join(map(str, words)))
        return SimpleNamespace(returncode=int(bool(fails & set(words))))

    monkeypatch.setattr(module, "subprocess", SimpleNamespace(run=run_nothing))
    monkeypatch.setattr(module.venv, "create", lambda folder: folder.mkdir(exist_ok=True))

    def installed(*words):
        ran.clear()
        return module.main(list(words)), [line for line in ran if " install " in line]

    return SimpleNamespace(installed=installed, fails=fails, folder=tmp_path)


def test_start_installs_what_a_task_needs_once_until_that_changes(start):
    assert [len(start.installed(*words)[1]) for words in (["test"], ["test"], ["test", "--quick"])] == [
        1,
        0,
        0,
    ]
    assert [len(start.installed(task)[1]) for task in ("check", "check", "test")] == [1, 0, 0]
    with (start.folder / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write("# Another.\n")
    assert [len(start.installed(task)[1]) for task in ("test", "check", "test")] == [1, 1, 0]


def test_start_installs_again_what_failed_and_runs_nothing_then(start):
    start.fails.add("install")
    assert start.installed("test")[0] == 1
    start.fails.clear()
    code, lines = start.installed("test")
    assert (code, len(lines)) == (0, 1)
    # What fails after is no reason to install again.
    start.fails.add("pytest")
    assert start.installed("test") == (1, [])


def test_the_real_run_works_as_written(folder):
    (command,) = (command for command in COMMANDS if command.startswith("sacmap map"))
    done = run(command, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace(os.sep, "/").split() == [
        f"maps/northampton.{kind}" for kind in ("html", "csv", "json")
    ]


def test_the_study_file_works_as_written(folder):
    (study,) = (text for kind, text in BLOCKS if kind == "toml")
    (folder / "northampton.toml").write_text(study)
    assert tomllib.loads(study)["title"] == "Northampton"
    named = [command for command in INLINE if "northampton.toml" in command]
    assert {command.split()[1] for command in named} >= {"map", "check"}
    for command in named:
        done = run(command, folder)
        assert done.returncode == 0, done.stderr
    assert (folder / "maps" / "northampton-2019-03.html").is_file()
    assert "maps/northampton-2019-03.html" in README


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert "docs/method.md" in links
    for link in links:
        assert (ROOT / link).is_file(), link
