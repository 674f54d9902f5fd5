"""Every fault has a test named after it, and guards that were seen; benchmarks/guards.py sees them again."""

import re
import sys
from pathlib import Path

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


def test_most_rows_have_a_guard_that_was_seen():
    seen = set(re.findall(r"^\| F(\d\d) \|", PAGE, re.MULTILINE))
    assert len(seen) >= 20


def test_the_page_of_faults_is_that_of_the_guards():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from guards import GUARDS
    finally:
        sys.path.pop(0)
    page = re.findall(r"^\| (F\d\d) \| (.*?) \|", PAGE, re.MULTILINE)
    # In the order of the guards; one that was added since is seen with the next page.
    assert page == [pair for pair in ((guard.row, guard.does) for guard in GUARDS) if pair in page]


def test_each_test_the_page_names_is_there():
    named = re.findall(r"`(test_\w+)` \|$", PAGE, re.MULTILINE)
    assert len(named) == PAGE.count("\n| F")
    assert set(named) <= set(NAMES)


def test_each_test_that_the_threat_model_names_is_there():
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(test_\w+)(?:…)?`", text):
        assert any(one.startswith(name) for one in NAMES), name
