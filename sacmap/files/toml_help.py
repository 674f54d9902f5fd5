r"""Clear messages about mistakes in a study file, with the corrected line."""

from __future__ import annotations

import re

from sacmap.errors import InputError

_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_CURLY = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "‚": "'", "«": '"', "»": '"'}
)
_PAIR = re.compile(r"\s*([\w .-]+?)\s*[=:]\s*(.*?)\s*$")
_BARE = re.compile(r"[^\s\"'\[\]{}#][^\"'\[\]{}#]*")


def toml_error(what: str, text: str, error: ValueError) -> InputError:
    """Return the error for text that is not TOML: what is wrong, in which line, and how to write it.

    `what` is the name of the file in messages. `error` is the parser's error, whose words are too technical.
    """
    found = _AT.search(str(error))
    if found is None:
        at_end = "end of document" in str(error)
        reason = "a quote or a bracket is never closed" if at_end else str(error).split("(")[0].strip()
        return InputError(f"{what} is not TOML: {reason}.", "Correct that line.")
    number = int(found[1])
    lines = text.splitlines()
    line = lines[number - 1] if number <= len(lines) else ""
    cause, remedy = _judged(line, str(error), lines[: number - 1])
    return InputError(f"{what} is not TOML: line {number} {cause}.", remedy)


def _judged(line: str, error: str, before: list[str]) -> tuple[str, str]:
    """Return what is wrong in a line, and the remedy."""
    pair = _PAIR.match(line)
    key, value = (pair[1], pair[2]) if pair else ("", line.strip())
    shown, straight = value[:200], line.translate(_CURLY)
    example = 'Write a name, =, and text in quotes: force = "kent".'
    again = "overwrite" in error or "twice" in error or "mutate" in error
    name = key or value.strip("[] ")
    first = next((n for n, one in enumerate(before, 1) if _names(one) == name), None) if again else None
    rules = (
        (straight != line, "has curly quotes, which a word processor makes", f"Write {straight.strip()[:200]}"),
        ("\\" in line and '"' in line, "has \\ in double quotes, where it means something else",
         _with_single(key, value)),
        (again, f"gives {name} again" + (f", which line {first} gave" if first else ""), "Keep one of the two lines."),
        (value.lower() in {"true", "yes"}, f"has {shown}", f"Write {key} = true"),
        (value.lower() in {"false", "no"}, f"has {shown}", f"Write {key} = false"),
        (" " in key, f"has a space in the name {key}", f"Write {key.replace(' ', '-')} = {shown}"),
        (bool(key) and re.match(rf"\s*{re.escape(key)}\s*:", line) is not None, "has : where = belongs",
         f"Write {key} = {shown}"),
        (bool(key) and _BARE.fullmatch(value) is not None, "has text without quotes", f'Write {key} = "{shown}"'),
        (bool(key) and value.count('"') == 1, "has a quote that is never closed",
         f'Write {key} = "{shown.strip(chr(34))}"'),
        (not key and not line.strip().startswith("["), f"is no name = value: {line.strip()[:60]!r}", example),
    )  # fmt: skip
    return next(
        ((cause, remedy) for applies, cause, remedy in rules if applies),
        (f"cannot be understood: {line.strip()[:80]!r}", example),
    )


def _names(line: str) -> str:
    pair = _PAIR.match(line)
    return pair[1] if pair else line.strip("[] ")


def _with_single(key: str, value: str) -> str:
    single = re.sub(r'"([^"]*)"', r"'\1'", value)
    return f"Write {key} = {single[:200]} in single quotes, or / in place of \\."


def backslash_help(text: str, key: str) -> str:
    r"""Return how to write the value of a key that has \ in double quotes, or ""."""
    for line in text.splitlines():
        pair = _PAIR.match(line)
        if pair and pair[1] == key and "\\" in pair[2] and '"' in pair[2]:
            return _with_single(key, pair[2])
    return ""
