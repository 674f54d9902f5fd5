"""Install sacmap into .venv with nothing but Python and pip, and run it. Works on any system.

python start.py demo     install, then map the practice borough
python start.py test     install with the test tools, then run the tests on all processors: 3 to 7 minutes on two
python start.py test --quick    the tests that take no browser, no fuzzing and no large data: half a minute
python start.py check    install with the developers' tools, then run ruff, mypy and lint-imports, and build the docs

With --pinned, the packages are those of requirements/ci.txt, each checked by its hash: as in continuous integration.
What is installed is not installed again until pyproject.toml changes. To begin anew, delete the folder .venv.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
INSTALL = {"demo": ".", "test": ".[test]", "test --quick": ".[test]", "check": ".[test,dev,docs]"}
#: A line for each thing installed. To find out that nothing is missing would take pip several seconds.
INSTALLED = VENV / "installed.txt"
#: Every package by its hash first; then sacmap itself, for which nothing more is fetched.
PINNED = [
    ["--require-hashes", "--requirement", "requirements/ci.txt"],
    ["--no-deps", "--no-build-isolation", "--editable", "."],
]
RUN = {
    "demo": [["-m", "sacmap", "demo"]],
    "test": [["-m", "pytest", "-n", "auto"]],
    "test --quick": [["-m", "pytest", "-n", "auto", "-m", "not slow"]],
    "check": [
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
        ["-m", "mkdocs", "build", "--strict", "--quiet"],
    ],
}


def main(words: list[str]) -> int:
    """Install what the command needs and run its steps in turn. Stop at the first that fails."""
    pinned = "--pinned" in words
    task = " ".join(word for word in words if word != "--pinned")
    if task not in RUN:
        sys.stderr.write((__doc__ or "") + "\n")
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python is what this line is for
        sys.stderr.write(
            "sacmap needs Python 3.11 or newer. Install it from python.org and run this again.\n"
        )
        return 2
    if not PYTHON.exists():
        venv.create(VENV)
    note = note_of(task, pinned)
    notes = INSTALLED.read_text(encoding="utf-8").splitlines() if INSTALLED.exists() else []
    if note not in notes:
        sys.stderr.write("Installing sacmap into .venv. This takes a few minutes the first time.\n")
        # Were it stopped halfway, nothing would be known to be there.
        INSTALLED.unlink(missing_ok=True)
        install = [*pip(), "install", "--quiet", "--disable-pip-version-check"]
        packages = PINNED if pinned else [["--editable", INSTALL[task]]]
        if code := run([*install, *words] for words in packages):
            return code
        still = [one for one in notes if one.split()[0] == note.split()[0]]
        INSTALLED.write_text("\n".join([*still, note]) + "\n", encoding="utf-8")
    return run([str(PYTHON), *arguments] for arguments in RUN[task])


def run(commands: Iterable[Sequence[str]]) -> int:
    """Run commands in turn. Stop at the first that fails, and return its exit code."""
    for command in commands:
        done = subprocess.run(command, cwd=HERE, check=False)  # noqa: S603 - our own words
        if done.returncode:
            return done.returncode
    return 0


def note_of(task: str, pinned: bool) -> str:
    """Return what installing for a task is called: what it depends on, as a hash, and what is installed."""
    files = ["pyproject.toml", "requirements/ci.txt"] if pinned else ["pyproject.toml"]
    # An editable installation is of one folder.
    depends = [sys.version.encode(), str(HERE).encode(), *((HERE / name).read_bytes() for name in files)]
    found = hashlib.sha256(b"\0".join(depends)).hexdigest()
    return f"{found} {'pinned' if pinned else INSTALL[task]}"


def pip() -> list[str]:
    """Return the pip that installs into .venv: its own, or this Python's where ensurepip is missing (Debian)."""
    own = [str(PYTHON), "-m", "pip"]
    for ready in ([*own, "--version"], [str(PYTHON), "-m", "ensurepip"]):
        if subprocess.run(ready, capture_output=True, check=False).returncode == 0:  # noqa: S603 - our own words
            return own
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
