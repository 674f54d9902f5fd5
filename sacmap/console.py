"""What is printed: words for a person on stderr, and what was asked for on stdout.

Names and streets are other people's text. Printed as they are, they could clear a terminal, change its title or
write over a line of ours.
"""

from __future__ import annotations

import click

from sacmap.errors import one_line


def say(text: str) -> None:
    """Print to stderr: everything but what was asked for."""
    click.echo(harmless(text), err=True)


def show(text: str) -> None:
    """Print to stdout: what was asked for."""
    click.echo(harmless(text))


def harmless(text: str) -> str:
    """Return text that a terminal shows and does not obey, its lines kept."""
    return "\n".join(one_line(line) for line in text.split("\n"))
