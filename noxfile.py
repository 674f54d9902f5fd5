"""Runs that need an environment of their own: python -m nox -s tests, oldest, lint, docs or fuzz.

`start.py` and `.ci/run` need no nox. What stands after -- goes to the program that is run.
"""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "docs", "tests"]
PINNED = ("--constraint", "requirements/ci.txt")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests with the pinned dependencies, on each Python that is there."""
    session.install("-e", ".[test]", *PINNED)
    session.run("pytest", *session.posargs)


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows, on the oldest Python."""
    session.install("-e", ".[test]", "--constraint", "requirements/oldest.txt")
    # Old libraries warn of what newer ones beneath them will no longer take.
    session.run("pytest", "-W", "ignore::DeprecationWarning", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Run ruff and mypy."""
    session.install("-e", ".[test,dev]", *PINNED)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Make the docs that come from the code, which the tests check are up to date, then the site, its links checked."""
    session.install("-e", ".[docs]", *PINNED)
    session.run("python", "docs/generate.py")
    session.run("mkdocs", "build", "--strict")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz every reader: ten thousand inputs of each, or as the words after -- say."""
    session.install("-e", ".[test]", *PINNED)
    session.run("python", "benchmarks/fuzz.py", *session.posargs)


@nox.session
def pin(session: nox.Session) -> None:
    """Pin again: the newest of everything, and the oldest that pyproject.toml allows."""
    session.install("uv")
    common = (
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--upgrade",
        "--no-header",
        "--no-annotate",
        "pyproject.toml",
    )
    session.run(
        *common, "--all-extras", "--universal", "--python-version", "3.11", "-o", "requirements/ci.txt"
    )
    session.run(
        *common, "--extra", "test", "--resolution", "lowest-direct", "--python-version", "3.11",
        "-o", "requirements/oldest.txt",
    )  # fmt: skip
