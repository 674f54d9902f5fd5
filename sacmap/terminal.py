"""Terminal input and output: messages on stderr, results on stdout, progress, amounts of money.

Names of areas and streets come from files. Printed unescaped, they could clear the terminal, change its title or
overwrite a message.
"""

from __future__ import annotations

import math
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import click

from sacmap.errors import DiskError, UsageError, one_line
from sacmap.notices import counted
from sacmap.redaction import redacted_text
from sacmap.tables import DATA_ENDINGS

#: Seconds between two lines of progress if stderr is not a terminal, as in a scheduler's log.
BETWEEN_LINES = 15.0
_WRITTEN = re.compile(r"£?\s?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)((?:\.[0-9]{1,2})?)")


def say(text: str) -> None:
    """Print a message to stderr. If stderr is closed or full, the message is lost and the work goes on."""
    with suppress(OSError, ValueError):
        click.echo(harmless(text), err=True)


def show(text: str) -> None:
    """Print a result to stdout.

    Raises
    ------
    DiskError
        If stdout is closed or full.
    """
    try:
        click.echo(harmless(text))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is closed"
        raise DiskError(
            f"The result cannot be printed: {why}.", "Files that were written are complete."
        ) from None


def harmless(text: str) -> str:
    """Return text that is safe to print: control characters escaped, addresses without secrets. Line breaks stay."""
    return "\n".join(one_line(line) for line in redacted_text(text).split("\n"))


class Progress:
    """Report the progress of a job, "Reading" 36 "files": a bar, or a line now and then. A context manager."""

    def __init__(
        self,
        doing: str,
        parts: tuple[str, str] = ("file", "files"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doing = doing
        self._parts = parts
        self._clock = clock
        self._total = 0
        self._done = 0
        self._told = 0.0
        self._bar = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar and self._done:
            _draw("\n")

    def expect(self, names: list[str]) -> None:
        """Say how many parts are to come."""
        self._total, self._done, self._told = len(names), 0, self._clock()
        if not self._bar:
            say(f"{self._doing}: {counted(self._total, self._parts)}")

    def step(self, name: str) -> None:
        """Report that one part is done."""
        self._done += 1
        if self._bar:
            filled = 30 * self._done // max(self._total, 1)
            bar = "█" * filled + "·" * (30 - filled)
            _draw(f"\r{self._doing} {bar} {self._done} of {self._total} {self._parts[1]}")
        elif self._clock() - self._told >= BETWEEN_LINES:
            self._told = self._clock()
            say(f"{self._doing}: {self._done:,} of {self._total:,} {self._parts[1]}, {name} done")


def _draw(text: str) -> None:
    with suppress(OSError, ValueError):
        click.echo(text, nl=False, err=True)


class Pounds(click.FloatRange):
    """An amount of money: 10000, 10,000, £10,000 or 137.50; never 10.000, which elsewhere is ten thousand."""

    name = "amount"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number without the pound sign and commas."""
        written = _WRITTEN.fullmatch(str(value).strip())
        pounds = float(written[1].replace(",", "") + written[2]) if written else math.nan
        if not math.isfinite(pounds):
            self.fail(
                f"{value!r} is not a valid amount. Write pounds as 10000, 10,000 or 137.50.", param, ctx
            )
        return float(super().convert(pounds, param, ctx))


class Command(click.Command):
    """A command that names slips: an option given twice, a list with a space in it, one option for two files."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of a command line.

        Raises
        ------
        UsageError
            If an option that takes one value is given twice, a list of values is written with a space, or a second
            file follows the one that an option takes, as where the shell expands a pattern.
        """
        options = {name: param for param in self.params for name in param.opts}
        self._require_one_value_each(options, args)
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        given = Counter(
            param.name
            for param in order
            if isinstance(param, click.Option) and not param.multiple and not param.is_flag
        )
        for param in order:
            if given[param.name] > 1:
                raise UsageError(
                    f"{param.opts[0]} is given {given[param.name]} times, but takes only one value.",
                    "Give it once.",
                )
        return super().parse_args(ctx, args)

    @staticmethod
    def _require_one_value_each(options: dict[str, click.Parameter], args: list[str]) -> None:
        for name, value, after in zip(args, args[1:], args[2:], strict=False):
            param = options.get(name)
            if not (isinstance(param, click.Option) and param.multiple):
                continue
            if value.endswith(",") and not after.startswith("-"):
                raise UsageError(
                    f"In {name} {value} {after}, the space ends the list.",
                    f"Write {name} {value}{after}, or put it in quotes.",
                )
            if all(word.casefold().endswith(DATA_ENDINGS) for word in (value, after)):
                raise UsageError(
                    f"{name} takes one value, and {after} follows it.",
                    f"Repeat the option: {name} {value} {name} {after}.",
                )


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
