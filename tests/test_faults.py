"""Every row of faults has a guard that was seen: docs/faults.md says which; benchmarks/guards.py sees them again."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").partition("## Each guard taken out once")[2]
NAMES = re.findall(
    r"def (test_\w+)", "".join(p.read_text(encoding="utf-8") for p in ROOT.glob("tests/test_*.py"))
)


def test_each_row_has_a_guard_that_was_seen():
    assert set(re.findall(r"^\| F(\d\d) \|", PAGE, re.MULTILINE)) == {f"{n:02d}" for n in range(1, 52)}


def test_the_page_of_faults_is_that_of_the_guards():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from guards import GUARDS
    finally:
        sys.path.pop(0)
    assert [(guard.row, guard.does) for guard in GUARDS] == re.findall(
        r"^\| (F\d\d) \| (.*?) \|", PAGE, re.MULTILINE
    )


def test_each_test_the_page_names_is_there():
    named = re.findall(r"`(test_\w+)` \|$", PAGE, re.MULTILINE)
    assert len(named) == PAGE.count("\n| F")
    assert set(named) <= set(NAMES)


def test_each_test_that_the_threat_model_names_is_there():
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(test_\w+)(?:…)?`", text):
        assert any(one.startswith(name) for one in NAMES), name
