import errno
import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap.errors import DiskError
from sacmap.fetch.store import Store, default_store
from sacmap.files import write
from sacmap.files.write import write_whole

BURGLARY = {"kind": "crimes-street", "of": "burglary 2024-01", "box": "1,2,3,4"}
BODY = b'[{"id": 1}]'


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def files(store, pattern="*"):
    return sorted(p for p in store.folder.rglob(pattern) if p.is_file())


def test_an_answer_comes_back_as_it_was_put(store):
    store.put(BURGLARY, "2024-03", BODY, asked=12.5)
    kept = store.get(BURGLARY, "2024-03")
    assert (kept.body, kept.asked, kept.published, kept.question) == (BODY, 12.5, "2024-03", BURGLARY)
    header, body = kept.path.read_bytes().split(b"\n", 1)
    assert (json.loads(header)["question"], body) == (BURGLARY, BODY)


def test_f14_each_publication_has_its_own_answer(store):
    store.put(BURGLARY, "2024-03", BODY)
    assert store.get(BURGLARY, "2024-04") is None
    store.put(BURGLARY, "2024-04", b"[]")
    assert [store.get(BURGLARY, p).body for p in store.publications()] == [b"[]", BODY]


def test_f12_what_is_kept_never_expires(store):
    path = store.put(BURGLARY, "2014-03", BODY).path
    os.utime(path, (0, 0))
    store.require_writable()
    assert store.get(BURGLARY, "2014-03").body == BODY


def test_a_group_lists_all_the_boxes_of_a_month_and_category(store):
    other = BURGLARY | {"box": "5,6,7,8"}
    for question in (BURGLARY, other, BURGLARY | {"of": "burglary 2024-02"}):
        store.put(question, "2024-03", BODY)
    assert {kept.question["box"] for kept in store.group(BURGLARY, "2024-03")} == {"1,2,3,4", "5,6,7,8"}


IDS = [
    "55.CR3001",
    "a b",
    "a/b",
    "..",
    "../../etc",
    "neighbourhoods",
    "CON",
    "nul.txt",
    "x" * 4000,
    "Tŷ'r Môr",
    "",
]


@pytest.mark.parametrize("identifier", IDS)
def test_f19_f45_an_odd_identifier_is_hashed_in_the_file_name(store, identifier):
    kept = store.put({"kind": "boundary", "of": identifier}, "2024-03", BODY)
    assert store.get({"kind": "boundary", "of": identifier}, "2024-03").body == BODY
    inside = kept.path.relative_to(store.folder)
    assert len(str(inside)) < 70
    assert set(str(inside).replace(os.sep, "/")) <= set("0123456789abcdef-/.answer")


def damage_cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def damage_flip(path):
    raw = bytearray(path.read_bytes())
    raw[-2] ^= 1
    path.write_bytes(raw)


def damage_empty(path):
    path.write_bytes(b"")


def damage_header(path):
    path.write_bytes(b"[1, 2]\n" + BODY)


def damage_nested(path):
    path.write_bytes(b"[" * 5_000 + b"\n" + BODY)


def damage_number(path):
    path.write_bytes(path.read_bytes().replace(b'"asked": 0.0', b'"asked": ' + b"9" * 400))


@pytest.mark.parametrize(
    "damage", [damage_cut, damage_flip, damage_empty, damage_header, damage_nested, damage_number]
)
def test_f43_a_damaged_answer_is_set_aside_and_asked_again(store, damage):
    path = store.put(BURGLARY, "2024-03", BODY).path
    damage(path)
    assert store.get(BURGLARY, "2024-03") is None
    assert [p.suffix for p in files(store)] == [".damaged"]
    store.put(BURGLARY, "2024-03", BODY)
    assert store.get(BURGLARY, "2024-03").body == BODY


@pytest.mark.parametrize("put", [Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_f43_a_folder_or_a_device_in_place_of_an_answer_is_set_aside(store, put):
    if sys.platform == "win32":
        pytest.skip("no such device")
    path = store.put(BURGLARY, "2024-03", BODY).path
    path.unlink()
    put(path)
    assert store.get(BURGLARY, "2024-03") is None
    assert [one.suffix for one in path.parent.iterdir()] == [".damaged"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_f43_no_bytes_on_disk_are_ever_taken_for_another_answer(tmp_path_factory, content):
    store = Store(tmp_path_factory.mktemp("store"))
    path = store.path(BURGLARY, "2024-03")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert store.get(BURGLARY, "2024-03") is None


def first_edition(store, question, body=BODY, asked=12.5):
    """An answer as sacmap kept it before its header was covered by the hash; those of forgotten months must last."""
    path = store.path(question, "2024-03")
    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"sacmap": 1, "question": question, "published": "2024-03", "asked": asked}
    header["sha256"] = hashlib.sha256(body).hexdigest()
    path.write_bytes(json.dumps(header).encode() + b"\n" + body)
    return path


def test_f55_an_answer_of_the_first_edition_is_still_read(store):
    first_edition(store, BURGLARY)
    assert store.get(BURGLARY, "2024-03").body == BODY
    assert store.questions(BURGLARY, "2024-03") == [BURGLARY]
    assert [kept.asked for kept in store.group(BURGLARY, "2024-03")] == [12.5]


@pytest.mark.parametrize("put", [first_edition, lambda store, asked: store.put(asked, "2024-03", BODY).path])
def test_f55_no_byte_of_a_header_changes_what_is_believed(tmp_path_factory, put):
    store = Store(tmp_path_factory.mktemp("store"))
    path = put(store, BURGLARY)
    whole = path.read_bytes()
    for at in range(whole.index(b"\n") + 1):
        for flip in (1, 2, 32):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            listed = store.questions(BURGLARY, "2024-03")
            found = store.group(BURGLARY, "2024-03")
            # What is listed as there is there; a month that lost an answer is asked again, never counted short.
            assert listed in ([], [BURGLARY])
            assert all(
                (kept.question, kept.published, kept.body) == (BURGLARY, "2024-03", BODY) for kept in found
            )
            if put is not first_edition:
                assert all(kept.asked == 0.0 for kept in found)
            assert found or not path.exists() or b'"sacmap": 1' not in path.read_bytes()
            for left in path.parent.glob("*.damaged"):
                left.unlink()


def test_f55_a_flipped_question_is_set_aside_and_not_passed_over(store):
    path = store.put(BURGLARY, "2024-03", BODY).path
    path.write_bytes(path.read_bytes().replace(b"burglary 2024-01", b"burglary 2024-02"))
    assert store.questions(BURGLARY, "2024-03") == []
    assert store.group(BURGLARY, "2024-03", lambda asked: asked["box"] == "no such") == []
    assert [p.suffix for p in files(store)] == [".damaged"]


@pytest.mark.parametrize("moved", ["2024-04", "2023-12"])
def test_f55_an_answer_copied_to_another_publication_is_not_that_one_s(store, moved):
    kept = store.put(BURGLARY, "2024-03", BODY)
    other = store.path(BURGLARY, moved)
    other.parent.mkdir(parents=True)
    other.write_bytes(kept.path.read_bytes())
    assert store.get(BURGLARY, moved) is None
    assert store.get(BURGLARY, "2024-03").body == BODY


def test_f63_a_store_edited_by_hand_is_set_aside_or_told(store):
    path = store.put(BURGLARY, "2024-03", BODY).path
    lines = [b"[]", b"null", b"{}", b'{"question": 3}', b'{"question": {"kind": 1, "of": []}, "sacmap": 2}']
    lines += [
        b'{"sacmap": 2, "question": {"of": "x"}, "published": "2024-03"}',
        b"{" * 4000,
        b"\xff\xfe",
        b"",
    ]
    for line in lines:
        path.write_bytes(line + b"\n" + BODY)
        assert store.questions(BURGLARY, "2024-03") == []
        assert store.group(BURGLARY, "2024-03") == []
        assert store.get(BURGLARY, "2024-03") is None
    (store.folder / "notes.txt").write_text("mine")
    assert store.publications() == ["2024-03"]


def test_f54_parts_of_others_below_the_store_stay(tmp_path, monkeypatch):
    """The store may be the folder a user works in: --store . ."""
    monkeypatch.chdir(tmp_path)
    theirs = [Path(name) for name in ("a.part", "work/b.csv.part", "work/deep/c.part")]
    theirs.append(Path("work/deep") / f"d.sacmap-{write.this_machine()}-99999999-0a1b2c3d.part")
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (0, 0))
    Store(Path()).require_writable()
    assert all(path.exists() for path in theirs)


KILLED = """
import os, signal, sys
from pathlib import Path
from sacmap.fetch.store import Store
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
Store(Path(sys.argv[1])).put({"kind": "x"}, "2024-03", b"half")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_f41_what_a_killed_run_left_is_swept_and_what_a_living_one_writes_is_not(store):
    subprocess.run([sys.executable, "-c", KILLED, store.folder], check=False)
    assert len(files(store)) == len(files(store, "*.part")) == 1
    path = store.put(BURGLARY, "2024-03", BODY).path
    mine = path.with_name(f"x.answer.sacmap-{write.this_machine()}-{os.getpid()}-0a1b2c3d.part")
    elsewhere = path.with_name("x.answer.sacmap-0a1b2c3d-1-0a1b2c3d.part")
    old = path.with_name("y.answer.sacmap-0a1b2c3d-1-0a1b2c3d.part")
    for part in (mine, elsewhere, old):
        part.write_bytes(b"half")
    os.utime(old, (old.stat().st_mtime - 2 * write.OLD,) * 2)
    store.require_writable()
    assert files(store, "*.part") == sorted([mine, elsewhere])


def test_f42_many_runs_on_one_store_end_whole_without_locks(store):
    """All write the same twenty answers and sweep meanwhile."""
    failed = []

    def run(number):
        mine = Store(store.folder)
        mine.require_writable()
        for n in range(20):
            question = BURGLARY | {"box": str((n + number) % 20)}
            try:
                mine.put(question, "2024-03", BODY * 1000)
            except DiskError as error:
                failed.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(store.group(BURGLARY, "2024-03")) == 20
    assert files(store, "*.part") == files(store, "*.damaged") == []


FULL = """
import resource, sys
from pathlib import Path
from sacmap.errors import DiskError
from sacmap.fetch.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = Store(Path(sys.argv[1]))
store.put({"kind": "small"}, "2024-03", b"x" * 100)
try:
    store.put({"kind": "large"}, "2024-03", b"x" * 10000)
except DiskError as error:
    print(error.exit_code, "--store" in error.remedy)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on the size of files is POSIX")
def test_f44_a_full_disk_is_told_and_what_was_kept_stands(store):
    done = subprocess.run(
        [sys.executable, "-c", FULL, store.folder], capture_output=True, text=True, check=True
    )
    assert done.stdout == "5 True\n"
    assert store.get({"kind": "small"}, "2024-03").body == b"x" * 100
    assert len(files(store)) == 1


def test_f44_a_store_that_cannot_be_written_is_told_before_asking(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DiskError, match="cannot be written") as told:
        Store(tmp_path / "file").require_writable()
    assert told.value.exit_code == 5


def test_f45_a_move_refused_by_a_scanner_is_tried_again(tmp_path, monkeypatch):
    refusals = iter([PermissionError(errno.EACCES, "Access is denied")] * 3)
    real = type(tmp_path).replace

    def refused(self, target):
        for error in refusals:
            raise error
        return real(self, target)

    monkeypatch.setattr(type(tmp_path), "replace", refused)
    waits = []
    write_whole(tmp_path / "a.csv", b"new", wait=waits.append)
    assert (tmp_path / "a.csv").read_bytes() == b"new"
    assert waits == list(write.WAITS[:3])


def test_f45_a_file_open_in_excel_is_told_after_a_bounded_wait(tmp_path, monkeypatch):
    target = tmp_path / "map.csv"
    target.write_bytes(b"old")

    def refused(self, target):
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(type(tmp_path), "replace", refused)
    waits = []
    with pytest.raises(DiskError, match="No file there was changed") as told:
        write_whole(target, b"new", wait=waits.append)
    assert "close it there" in told.value.remedy
    assert sum(waits) < 5
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["map.csv"]


def test_the_store_is_in_the_users_cache_unless_said_otherwise():
    assert "sacmap" in str(default_store())
