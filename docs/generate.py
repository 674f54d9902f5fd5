"""Write the pages of docs/ that come from the code: the data dictionary and the command reference.

Run: python docs/generate.py. A test fails where a page and the code have parted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sacmap import tables
from sacmap.cli import sacmap

HERE = Path(__file__).resolve().parent
MADE = "<!-- Made by docs/generate.py from {source}: change that, then run it. -->\n"
TABLES_LEAD = """\
Every table sacmap works on, as declared in `sacmap/tables.py`. Keys are unique. Identifiers are text and stay as they
are given: `001`, `1E2` and `NA` are never guessed to be numbers or gaps. *Change* is the CSV that `sacmap map` writes.
"""
COMMANDS_LEAD = """\
STUDY is a TOML file; each of the study's options is also a key of it, without the dashes, and an option wins. Progress
goes to stderr. Exit codes: 0 whole; 2 usage; 3 written, but with gaps the reader is told of; 4 source unreachable; 5
disk; 130 stopped.
"""


def data_dictionary() -> str:
    """Return the data dictionary: every table of `sacmap.tables`, column by column."""
    parts = [
        MADE.format(source="sacmap/tables.py"),
        "# Data dictionary\n",
        TABLES_LEAD,
    ]
    declared = [value for value in vars(tables).values() if isinstance(value, tables.Table)]
    parts += [_table(table) for table in declared]
    parts.append(f"The verdicts: {', '.join(tables.VERDICTS)}.\n")
    return "\n".join(parts)


def _table(table: tables.Table) -> str:
    rows = [
        f"| `{column.name}` | {column.kind} | {column.unit} | {_cell(column.meaning)} |"
        for column in table.columns
    ]
    key = " and ".join(f"`{name}`" for name in table.key)
    head = ["| column | kind | unit or range | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {table.name}\n", f"Key: {key}.\n", *head, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def commands() -> str:
    """Return the command reference: every command with its arguments and options, as the code declares them.

    It is built from what is declared, not from click's own help, whose layout changes between its versions.
    """
    every = dict(sorted(sacmap.commands.items()))
    studies = [
        command for command in every.values() if any(found.name == "study" for found in command.params)
    ]
    shared = [
        option
        for option in _options(studies[0])
        if all(option.opts in [o.opts for o in _options(c)] for c in studies)
    ]
    parts = [
        MADE.format(source="sacmap/cli.py"),
        "# Commands\n",
        COMMANDS_LEAD,
        "## Options of a study\n",
        f"Taken by {', '.join(f'`{name}`' for name, command in every.items() if command in studies)}.\n",
        _listed(shared),
    ]
    for name, command in every.items():
        known = [option.opts for option in shared] if command in studies else []
        own = [option for option in _options(command) if option.opts not in known]
        parts += _command(name, command, own)
    return "\n".join(parts)


def _options(command: click.Command) -> list[click.Option]:
    return [found for found in command.params if isinstance(found, click.Option) and not found.hidden]


def _command(name: str, command: click.Command, own: list[click.Option]) -> Iterator[str]:
    yield f"## sacmap {name}\n"
    yield f"{_cell(' '.join((command.help or '').split()))}\n"
    arguments = [found for found in command.params if isinstance(found, click.Argument)]
    words = [
        str(found.name).upper() if found.required else f"[{str(found.name).upper()}]" for found in arguments
    ]
    yield f"```\n{' '.join(['sacmap', name, '[OPTIONS]', *words])}\n```\n"
    if own:
        yield _listed(own)


def _listed(options: list[click.Option]) -> str:
    return "\n".join(["| option | what it does |", "|---|---|", *map(_option, options), ""])


def _option(option: click.Option) -> str:
    takes = "" if option.is_flag else f" {option.metavar or option.type.name.upper()}"
    notes = [
        " Required." if option.required else "",
        " May be repeated." if option.multiple and "repeated" not in (option.help or "") else "",
    ]
    return f"| `{', '.join(option.opts)}{takes}` | {_cell(option.help or '')}{''.join(notes)} |"


PAGES = {"data-dictionary.md": data_dictionary, "commands.md": commands}


def main() -> None:
    """Write the pages and say which."""
    for name, made in PAGES.items():
        (HERE / name).write_text(made(), encoding="utf-8", newline="\n")
        sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
