"""What a person sees at the terminal: messages on stderr, what was asked for on stdout, progress, amounts of money.

Names and streets are other people's text. Printed as they are, they could clear a terminal, change its title or
write over a line of ours.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from types import TracebackType
from typing import Any

import click

from sacmap.errors import one_line

_MONTH = re.compile(r"\d{4}-\d{2}")
_WRITTEN = re.compile(r"£?\s?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)((?:\.[0-9]+)?)")


def say(text: str) -> None:
    """Print to stderr: everything but what was asked for."""
    click.echo(harmless(text), err=True)


def show(text: str) -> None:
    """Print to stdout: what was asked for."""
    click.echo(harmless(text))


def harmless(text: str) -> str:
    """Return text that a terminal shows and does not obey, its lines kept."""
    return "\n".join(one_line(line) for line in text.split("\n"))


class Progress:
    """Tell how far a job of several files, or parts of another name, is; a context manager."""

    def __init__(self, doing: str, parts: str = "files") -> None:
        self._doing = doing
        self._parts = parts
        self._total = 0
        self._done = 0
        self._left: Counter[str] = Counter()
        self._bar = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar and self._done:
            click.echo("", err=True)

    def expect(self, names: list[str]) -> None:
        """Say which files are to come, so that a month can be told when the last of it is done."""
        self._total, self._done = len(names), 0
        self._left = Counter(_month(name) for name in names)

    def step(self, name: str) -> None:
        """Say that one file is done."""
        self._done += 1
        self._left[_month(name)] -= 1
        if self._bar:
            filled = 30 * self._done // max(self._total, 1)
            bar = "█" * filled + "·" * (30 - filled)
            click.echo(
                f"\r{self._doing} {bar} {self._done} of {self._total} {self._parts}", nl=False, err=True
            )
        elif self._left[_month(name)] <= 0:
            say(f"{self._doing}: {_month(name)} done")


def _month(name: str) -> str:
    found = _MONTH.match(name)
    return found[0] if found else name


class Pounds(click.FloatRange):
    """A sum of money: 10000, 10,000 or £10,000."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, without its sign and its commas."""
        written = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
        number = float(written[1].replace(",", "") + written[2]) if written else value
        return super().convert(number, param, ctx)
