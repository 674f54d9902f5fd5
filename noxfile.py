"""Runs in separate environments: python -m nox -s tests, oldest, lint, docs or fuzz.

`start.py` and `.ci/run` do not need nox. Arguments after -- are passed on to the program.
"""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "docs", "tests"]
PINNED = ("--require-hashes", "-r", "requirements/ci.txt")
#: sacmap itself, for which nothing more is fetched.
ITSELF = ("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests with the pinned dependencies, on each installed Python."""
    session.install(*PINNED)
    session.install(*ITSELF)
    session.run("pytest", *session.posargs)


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows, on the oldest Python."""
    session.install("-e", ".[test]", "--constraint", "requirements/oldest.txt")
    # Old libraries raise deprecation warnings with the libraries they depend on.
    session.run("pytest", "-W", "ignore::DeprecationWarning", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Run ruff, mypy and the check that imports only go down."""
    session.install(*PINNED)
    session.install(*ITSELF)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Generate the pages that come from the code, then build the site and check its links."""
    session.install(*PINNED)
    session.install(*ITSELF)
    session.run("python", "docs/generate.py")
    session.run("mkdocs", "build", "--strict")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz every reader with ten thousand inputs each, or with the arguments after --."""
    session.install(*PINNED)
    session.install(*ITSELF)
    session.run("python", "benchmarks/fuzz.py", *session.posargs)


@nox.session
def pin(session: nox.Session) -> None:
    """Pin the dependencies again: the newest versions, and the oldest that pyproject.toml allows."""
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
        *common,
        "--generate-hashes",
        "--all-extras",
        "--universal",
        "--python-version",
        "3.11",
        "-o",
        "requirements/ci.txt",
    )
    session.run(
        *common, "--extra", "test", "--resolution", "lowest-direct", "--python-version", "3.11",
        "-o", "requirements/oldest.txt",
    )  # fmt: skip
