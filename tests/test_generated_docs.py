"""The documents that come from the code are up to date, and those beside it agree with it."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from sacmap import tables
from sacmap.cli import sacmap

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def generator():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["data-dictionary.md", "commands.md"])
def test_a_page_made_from_the_code_is_up_to_date(name):
    made = generator().PAGES[name]()
    assert (DOCS / name).read_text(encoding="utf-8") == made, "run: python docs/generate.py"


def test_every_command_option_and_column_is_in_the_reference():
    reference = (DOCS / "commands.md").read_text(encoding="utf-8")
    for name, command in sacmap.commands.items():
        assert f"## sacmap {name}\n" in reference
        for option in command.params:
            if option.param_type_name == "option":
                assert option.help, f"sacmap {name} {option.opts} has no help"
                assert f"`{', '.join(option.opts)}" in reference
    dictionary = (DOCS / "data-dictionary.md").read_text(encoding="utf-8")
    for column in tables.CHANGE.names:
        assert f"| `{column}` |" in dictionary


def test_the_glossary_is_in_order_and_has_each_word_once():
    rows = re.findall(r"^\| ([^|]+) \|", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    words = [word.lower() for word in rows[1:]]
    assert words == sorted(set(words))


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"\nversion: {project['version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_fault_told_has_a_test_with_its_number():
    rows = (DOCS / "faults.md").read_text(encoding="utf-8").partition("## Each guard")[0]
    told = re.findall(r"^\| F(\d\d) \|", rows, re.MULTILINE)
    assert told == [f"{number:02}" for number in range(1, 81)]
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    for number in told:
        assert re.search(rf"(def test_|\"|_)f{number}_", tests), number


def test_every_dependency_has_its_reason_with_the_version_it_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    named = [name for extra in project["optional-dependencies"].values() for name in extra]
    for needed in [*project["dependencies"], *named]:
        name, version = needed.split(">=")
        if "stubs" not in name and not name.startswith("types-"):
            assert f"{name} ≥ {version}" in reasons, needed


def test_a_column_that_is_declared_for_the_csv_has_values(practice_result):
    empty = [name for name in tables.CHANGE.names if practice_result.change[name].isna().all()]
    assert not empty, "measure/change_table.py or choose/ranking.py must fill it"
