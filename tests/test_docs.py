"""The documentation cannot drift: its code and its commands are run, and its links lead somewhere."""

import re
import shlex
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)(?: title=\"(.+?)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, kind):
    """The fenced blocks of one kind in a page."""
    return [text for name, _, text in BLOCK.findall(page.read_text(encoding="utf-8")) if name == kind]


@pytest.fixture(scope="module")
def beside_the_demo(tmp_path_factory):
    """A folder with the practice borough's files where `sacmap demo` puts them."""
    from sacmap.practice import write_practice

    folder = tmp_path_factory.mktemp("docs")
    write_practice(folder / "maps" / "practice")
    return folder


def test_the_notebook_page_runs_and_prints_what_it_says(beside_the_demo, monkeypatch, capsys):
    monkeypatch.chdir(beside_the_demo)
    names = {}
    for code in blocks(ROOT / "docs" / "notebook.md", "python"):
        exec(compile(code, "docs/notebook.md", "exec"), names)
    assert "-118 crimes, 95% -196 to -40" in capsys.readouterr().out
    assert Path("burglary.html").stat().st_size > 100_000
    assert not re.search(r"<(script|img)[^>]* src=|<link", Path("burglary.html").read_text(encoding="utf-8"))


def test_the_tutorial_s_commands_run_and_print_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for kind, title, text in BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")):
        if title:
            Path(title).write_text(text, encoding="utf-8")
        if kind == "console":
            for command, said in commands(text):
                printed = run(command, capsys)
                assert [line for line in said if line not in printed] == [], command


def commands(text):
    """Each command of a console block with the lines shown under it."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ sacmap "):
            found.append((line.removeprefix("$ sacmap "), []))
        else:
            found[-1][1].append(line)
    return found


def run(command, capsys):
    """What a command prints, to either stream; it must end whole."""
    from sacmap.cli import sacmap

    assert sacmap(shlex.split(command), standalone_mode=False) in {None, 0}, command
    out, err = capsys.readouterr()
    return out + err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {target}"


def anchors(page):
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [unicodedata.normalize("NFKD", re.sub(r"[`*_]", "", heading)).lower() for heading in headings]
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading).strip()) for heading in plain}
