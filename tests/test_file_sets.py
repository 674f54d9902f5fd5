"""Files of one set: all new, or all as before; what a killed run left of one is seen and told."""

import contextlib
import errno
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sacmap.errors import DiskError
from sacmap.files import file_sets, write
from sacmap.files.file_sets import marker_of, older_files, torn_set_message, write_set
from sacmap.files.write import sweep, write_whole

pytestmark = pytest.mark.slow

NAMES = ("a.html", "a.csv", "a.json", "a.xlsx")


def files_of(folder, content):
    return {folder / name: f"{content} {name}".encode() for name in NAMES}


def contents(folder):
    """Which runs the files of the set in a folder are of, and what else is there."""
    found = {(folder / name).read_text().split()[0] if (folder / name).exists() else None for name in NAMES}
    return found, {path.name for path in folder.iterdir()} - set(NAMES)


def no_wait(_):
    pass


def test_f59_a_set_is_written_whole_and_leaves_nothing_else(tmp_path):
    for run in ("one", "two"):
        assert write_set(files_of(tmp_path, run)) == [tmp_path / name for name in NAMES]
        assert contents(tmp_path) == ({run}, set())
        assert torn_set_message(tmp_path / "a.html") == ""


@pytest.mark.parametrize("refused", range(len(NAMES)))
@pytest.mark.parametrize("before", ["one", None])
def test_f59_where_one_file_cannot_be_moved_all_are_as_before(tmp_path, monkeypatch, refused, before):
    if before:
        write_set(files_of(tmp_path, before))
    real = Path.replace

    def replace(self, target):
        if Path(target).name == NAMES[refused] and ".sacmap-" in self.name and b"two" in self.read_bytes():
            raise PermissionError(errno.EACCES, "Access is denied")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(DiskError, match="No file there was changed"):
        write_set(files_of(tmp_path, "two"), wait=no_wait)
    assert contents(tmp_path) == ({before}, set())


def test_f59_a_full_disk_leaves_all_as_before(tmp_path, monkeypatch):
    write_set(files_of(tmp_path, "one"))
    synced = iter(range(10))

    def full(_):
        if next(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskError, match="No space left") as told:
        write_set(files_of(tmp_path, "two"))
    assert "Free some space" in told.value.remedy
    assert contents(tmp_path) == ({"one"}, set())


KILLED = """
import os, signal, sys
from pathlib import Path
from sacmap.files.file_sets import write_set
moves, after = [], int(sys.argv[2])
real = Path.replace
def replace(self, target):
    if len(moves) == after:
        os.kill(os.getpid(), signal.SIGKILL)
    moves.append(target)
    return real(self, target)
Path.replace = replace
folder = Path(sys.argv[1])
write_set({folder / name: f"two {name}".encode() for name in sys.argv[3:]})
os.kill(os.getpid(), signal.SIGKILL)
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")


def killed(folder, after):
    done = subprocess.run([sys.executable, "-c", KILLED, folder, str(after), *NAMES], check=False)
    assert done.returncode == -signal.SIGKILL


@posix
@pytest.mark.parametrize("after", range(len(NAMES) + 1))
def test_f59_a_run_killed_between_two_moves_is_told_until_the_set_is_whole(tmp_path, after):
    write_set(files_of(tmp_path, "one"))
    killed(tmp_path, after)
    runs, _ = contents(tmp_path)
    told = torn_set_message(tmp_path / "a.html")
    assert (len(runs) > 1) == (told != "") == (0 < after < len(NAMES))
    if told:
        assert "a.csv" in told
        assert "from two runs" in told
        assert "Do not use them together" in marker_of(tmp_path / "a.html").read_text()
    # A run that fails before its first move leaves it told.
    killed(tmp_path, 0)
    assert bool(torn_set_message(tmp_path / "a.html")) == bool(told)
    write_set(files_of(tmp_path, "three"))
    sweep(tmp_path.glob("*.part"))
    assert contents(tmp_path) == ({"three"}, set())


@posix
def test_f59_no_kill_at_any_moment_leaves_a_mixed_set_unsaid(tmp_path):
    """A small version of benchmarks/kills.py."""
    write_set(files_of(tmp_path, "one"))
    for n in range(12):
        words = [sys.executable, "-c", KILLED, str(tmp_path), "99", *NAMES]
        with subprocess.Popen(words) as run:
            time.sleep(0.02 * n)
            run.kill()
        runs, _ = contents(tmp_path)
        assert len(runs) == 1 or torn_set_message(tmp_path / "a.html")


def test_f59_two_runs_on_one_set_follow_one_another(tmp_path):
    threads = [
        threading.Thread(target=lambda run=run: [write_set(files_of(tmp_path, run)) for _ in range(10)])
        for run in ("one", "two", "three")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs, others = contents(tmp_path)
    assert len(runs) == 1
    assert others == set()


@posix
def test_f59_of_two_runs_that_find_one_abandoned_set_one_waits_for_the_other(tmp_path, monkeypatch):
    write_set(files_of(tmp_path, "one"))
    killed(tmp_path, 1)
    found, moving = threading.Barrier(2), threading.Barrier(2)
    moves, write, move = [], file_sets.write_part, file_sets.replace_patiently
    met = set()

    def meeting(part, path, content, private):
        # Both runs have found the note of the killed one before either writes its own.
        if "unfinished" in path.name and threading.get_ident() not in met:
            met.add(threading.get_ident())
            found.wait(60)
        write(part, path, content, private)

    def counted(part, path, **how):
        if "unfinished" not in path.name:
            moves.append(threading.get_ident())
            # Were both moving at once, they would meet here.
            with contextlib.suppress(threading.BrokenBarrierError):
                moving.wait(0.5)
        move(part, path, **how)

    monkeypatch.setattr(file_sets, "write_part", meeting)
    monkeypatch.setattr(file_sets, "replace_patiently", counted)
    done = threading.Event()

    def write_and_tell(run):
        # Whoever waits for the other goes on when that one is done.
        write_set(files_of(tmp_path, run), wait=done.wait)
        done.set()

    threads = [threading.Thread(target=write_and_tell, args=(run,)) for run in ("two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(moves) == 2 * len(NAMES)
    assert len(list(itertools.groupby(moves))) == 2
    sweep(tmp_path.glob("*.part"))
    runs, others = contents(tmp_path)
    assert len(runs) == 1
    assert others == set()


@posix
def test_f59_a_claim_on_an_abandoned_set_that_was_itself_abandoned_is_no_obstacle(tmp_path):
    write_set(files_of(tmp_path, "one"))
    killed(tmp_path, 1)
    marker = marker_of(tmp_path / "a.html")
    claim = marker.with_name(f"{marker.name}{file_sets.CLAIM}")
    claim.write_bytes(marker.read_bytes())
    write_set(files_of(tmp_path, "two"), wait=no_wait)
    claim.write_bytes(b"")
    killed(tmp_path, 1)
    write_set(files_of(tmp_path, "three"), wait=no_wait)
    sweep(tmp_path.glob("*.part"))
    assert contents(tmp_path) == ({"three"}, set())


def test_f59_a_note_of_another_machine_is_waited_for_and_then_taken_as_left(tmp_path):
    write_set(files_of(tmp_path, "one"))
    hashes = {name: ["0" * 64, "1" * 64] for name in NAMES}
    marker_of(tmp_path / "a.html").write_text(
        f'Words.\n{{"by": "0a1b2c3d-1-0a1b2c3d", "torn": false, "files": {hashes}}}'.replace("'", '"')
    )
    waited = []
    assert "from two runs" in torn_set_message(tmp_path / "a.html", wait=waited.append)
    assert file_sets.PATIENCE <= sum(waited) < 2 * file_sets.PATIENCE
    write_set(files_of(tmp_path, "two"), wait=no_wait)
    assert contents(tmp_path) == ({"two"}, set())


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"{", b'{"by": 3, "torn": 1, "files": {"a": 1}}', b"{" * 9999]
)
def test_f59_a_note_that_cannot_be_read_is_told_and_written_over(tmp_path, content):
    marker_of(tmp_path / "a.html").write_bytes(content)
    assert torn_set_message(tmp_path / "a.html", wait=no_wait)
    write_set(files_of(tmp_path, "one"), wait=no_wait)
    assert contents(tmp_path) == ({"one"}, set())


def test_f59_older_files_of_the_name_are_known_but_not_those_that_are_read(tmp_path):
    for name in ("a.html", "a.xlsx", "a-groups.csv", "a.gpkg", "ab.pdf", "a.pdf"):
        (tmp_path / name).write_text("x")
    endings = (".csv", ".xlsx", ".gpkg", ".pdf", "-groups.csv")
    page = tmp_path / "a.html"
    found = older_files(page, endings, [page, tmp_path / "a.pdf"], [str(tmp_path / "." / "a.gpkg")])
    assert [path.name for path in found] == ["a.xlsx", "a-groups.csv"]


@posix
@pytest.mark.parametrize(
    "write",
    [
        lambda path, **how: write_whole(path, b"new", **how),
        lambda path, **how: write_set({path: b"new", path.with_name("b"): b""}, **how),
    ],
)
def test_f58_a_file_replaced_keeps_its_mode_and_a_private_one_is_its_owners(tmp_path, write):
    path = tmp_path / "a.html"
    for mode in (0o600, 0o640, 0o444):
        path.write_bytes(b"old") if not path.exists() else None
        path.chmod(mode)
        write(path)
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", mode)
    path.chmod(0o644)
    write(path, private=True)
    assert path.stat().st_mode & 0o777 == 0o600


@posix
def test_f58_no_moment_shows_a_private_file_to_others(tmp_path, monkeypatch):
    modes = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (modes.append(os.fstat(file).st_mode & 0o777), real(file)))
    write_set({tmp_path / "a": b"1", tmp_path / "b": b"2"}, private=True)
    assert set(modes) == {0o600}


def test_a_folder_that_is_not_there_is_made_only_with_its_first_file(tmp_path):
    page = tmp_path / "maps" / "2024" / "town.html"
    write.require_writable(page.parent)
    assert not any(tmp_path.iterdir())
    write_whole(page, b"page")
    assert page.read_bytes() == b"page"
    (tmp_path / "file").write_text("in the way")
    for absent in ("file", "file/maps", "x" * 300):
        with pytest.raises(DiskError, match=f"The folder {tmp_path / absent} cannot be written"):
            write.require_writable(tmp_path / absent)


def test_f54_only_parts_of_our_own_making_are_ever_swept(tmp_path):
    others = ["a.part", "map.html.0a1b2c3d-1-0a1b2c3d.part", "thesis.sacmap.part", "film.mkv.part"]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ours = f"a.html.sacmap-{write.this_machine()}-{gone.pid}-0a1b2c3d.part"
    for name in (*others, ours):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (0, 0))
    write.require_writable(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(others)
