"""Every fault has a test named after it, and guards that were seen; benchmarks/guards.py sees them again."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WHOLE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
PAGE = WHOLE.partition("## Each guard switched off once")[2]
NAMES = re.findall(
    r"def (test_\w+)", "".join(p.read_text(encoding="utf-8") for p in ROOT.glob("tests/test_*.py"))
)


def test_each_fault_of_the_page_has_a_test_named_after_it():
    rows = re.findall(r"^\| F(\d\d) \|", WHOLE.partition("## Each guard")[0], re.MULTILINE)
    assert rows == [f"{n:02d}" for n in range(1, 81)]
    tested = set(re.findall(r"_f(\d\d)(?=_)", " ".join(NAMES)))
    assert set(rows) <= tested


@pytest.fixture
def guards(monkeypatch):
    """The list of guards."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("guards")


def test_every_fault_has_a_guard_that_was_seen():
    seen = re.findall(r"^\| F(\d\d) \|", PAGE, re.MULTILINE)
    assert sorted(set(seen)) == [f"{n:02d}" for n in range(1, 81)]
    assert f"Each of these {len(seen)} guards" in PAGE


def test_the_page_of_faults_is_that_of_the_guards(guards):
    page = re.findall(r"^\| (F\d\d) \| (.*?) \| `(.*?)` \|", PAGE, re.MULTILINE)
    assert page == [(guard.row, guard.does, guard.place.removeprefix("sacmap.")) for guard in guards.GUARDS]


def test_each_guard_and_its_test_are_there_under_the_names_that_are_switched_off(guards):
    for guard in guards.GUARDS:
        assert guards.is_there(guard.place), (
            f"{guard.place} has another name: write it into benchmarks/guards.py"
        )
        assert guards.tests_named(guard.test), f"no test begins with {guard.test}"


def test_each_test_the_page_names_is_there():
    named = re.findall(r"`(test_\w+)` \|$", PAGE, re.MULTILINE)
    assert len(named) == PAGE.count("\n| F")
    assert set(named) <= set(NAMES)


def test_each_test_that_the_threat_model_names_is_there():
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(test_\w+)(?:…)?`", text):
        assert any(one.startswith(name) for one in NAMES), name
