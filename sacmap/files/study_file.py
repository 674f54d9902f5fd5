"""Read a study file: TOML whose keys are the command's options. A mistake is told with the corrected line."""

from __future__ import annotations

import re
from pathlib import Path

from sacmap.errors import InputError, UsageError
from sacmap.files.delimited import decoded
from sacmap.files.text import bytes_of, parse_toml
from sacmap.limits import SETTINGS
from sacmap.study_options import (
    COMPARATORS,
    FLAGS,
    LISTS,
    PATHS,
    option_fields,
    require_paths,
    unknown_option,
)
from sacmap.tables import DATA_ENDINGS

#: Characters that appear by accident if a path with \\ is in double quotes.
_CONTROL = set("\b\t\n\f\r\x1b")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
#: What no TOML is: JSON, XML, a MapInfo table, and bytes that are no text.
_NO_TOML = re.compile(rb"(\xef\xbb\xbf)?\s*[{<!]|(?!\xff\xfe|\xfe\xff).*\0", re.DOTALL)
_CURLY = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "‚": "'", "«": '"', "»": '"'}
)
#: Spaces that TOML does not know, and signs without a width.
_SPACES = str.maketrans(
    dict.fromkeys("\xa0\u2002\u2003\u2007\u2009\u202f", " ") | dict.fromkeys("\u200b\u2060\ufeff")
)
_PAIR = re.compile(r"\s*([\w .-]+?)\s*[=:]\s*(.*?)\s*$")
#: A number as people write it: £150, 1,500 or 50%.
_NUMBER = re.compile(r"£?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*(%?)")
#: A number with £, % or a comma: as a whole value, perhaps with a remark, or in an inline table.
_SIGNED = re.compile(
    r"(?=[^#]*[£%,])(£?\s*\d[\d,.]*(?:\s*%)?)\s*(?:#.*)?|\{.*=\s*(£\s*\d[\d.]*|\d[\d.]*\s*%)\s*[,}].*"
)
_BARE = re.compile(r"[^\s\"'\[\]{}#][^\"'\[\]{}#]*")


def read_study(path: Path) -> dict[str, object]:
    """Read a study file into options. Keys may have - or _. Paths are relative to the file.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML.
    UsageError
        If the file is one of crimes or areas, or a key is not an option, has a value of the wrong kind, or is in the
        wrong place.
    """
    text = _text(path)
    try:
        raw = parse_toml(text)
    except ValueError as error:
        raise toml_error(f"The study {path}", text, error) from None
    _require_above(path, raw.get("extract"))
    _require_no_escapes(path, raw, text)
    checked = {
        name: _checked(path, key, name, value) for key, value in raw.items() for name in [_option(path, key)]
    }
    require_paths(checked)
    placed = {name: _relative_to(path, name, value) for name, value in checked.items()}
    as_given = {
        used: given
        for name in PATHS & placed.keys()
        for used, given in zip(_several(placed[name]), _several(checked[name]), strict=True)
    }
    return placed | ({"as_given": as_given} if as_given else {})


def _several(value: object) -> tuple[str, ...]:
    """Return the values of an option that takes one or several."""
    return value if isinstance(value, tuple) else (str(value),)


def _text(path: Path) -> str:
    is_data = path.name.casefold().endswith(DATA_ENDINGS)
    raw = b"" if is_data else bytes_of(path, SETTINGS)
    if is_data or _NO_TOML.match(raw):
        raise UsageError(f"{path} is no study.", "Give crimes with --crimes, and areas with --boundaries.")
    return decoded(raw, f"The study {path}")


def _require_above(path: Path, extract: object) -> None:
    """Refuse options below [extract]: in TOML, everything after a table's name belongs to the table."""
    if not isinstance(extract, dict):
        return
    known = option_fields().keys() - {"force"}
    below = next((key for key in extract if key.replace("_", "-") in known), None)
    if below is not None:
        raise UsageError(
            f"In the study {path}, {below} is below [extract], so it belongs to the extract.",
            f"Move {below} above the line [extract].",
        )


def _require_no_escapes(path: Path, raw: dict[str, object], text: str) -> None:
    r"""Refuse a path that TOML misread: C:\new in double quotes has a line break in it."""
    for name, value in raw.items():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, str) and not _CONTROL.isdisjoint(one):
                help_ = _backslash_help(text, name)
                if help_:
                    raise UsageError(f"In the study {path}, TOML reads the \\ in {name} as an escape.", help_)


def _option(path: Path, key: str) -> str:
    """Return the field of Study for a key of a study file."""
    name = option_fields().get(key.replace("_", "-"))
    if name is None:
        raise UsageError(
            f"The study {path} has an unknown key {key!r}.", unknown_option(key, option_fields())
        )
    return name


def _checked(path: Path, key: str, name: str, value: object) -> object:
    if name in FLAGS:
        if not isinstance(value, bool):
            raise UsageError(f"In the study {path}, {key} must be true or false.", "Correct that line.")
        return value
    if name == "extract":
        if not isinstance(value, dict):
            raise UsageError(f"In the study {path}, [extract] must be a table.", "See docs/extract.md.")
        return value
    if name in LISTS | {"baseline"}:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(part, str) for part in texts):
            raise UsageError(
                f"In the study {path}, {key} must be text or a list of texts.", "Correct that line."
            )
        return tuple(part.strip() for part in texts)
    if not isinstance(value, str):
        raise UsageError(f"In the study {path}, {key} must be text in quotes.", "Correct that line.")
    return value


def _relative_to(path: Path, name: str, value: object) -> object:
    """Make a path that is relative to the study file relative to the current folder."""
    if name not in PATHS or (name == "comparator" and value in COMPARATORS):
        return value
    if isinstance(value, tuple):
        return tuple(str(path.parent / part) for part in value)
    return str(path.parent / str(value))


# ── mistakes ──────────────────────────────────────────────────────────────────────────────────────────────────────


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
    spaced = line.translate(_SPACES)
    odd, line = spaced != line, spaced
    pair = _PAIR.match(line)
    key, value = (pair[1], pair[2]) if pair else ("", line.strip())
    shown, straight = value[:200], line.translate(_CURLY)
    example = 'Write a name, =, and text in quotes: force = "kent".'
    again = "overwrite" in error or "twice" in error or "mutate" in error
    name = key or value.strip("[] ")
    with_sign = _SIGNED.fullmatch(value)
    signed = (with_sign[1] or with_sign[2]).strip() if with_sign else ""
    first = next((n for n, one in enumerate(before, 1) if _names(one) == name), None) if again else None
    plain = f'"{shown}"' if _BARE.fullmatch(value) and not _NUMBER.fullmatch(value) else shown
    rules = (
        (straight != line, "has curly quotes, which a word processor makes", f"Write {straight.strip()[:200]}"),
        ("\\" in line and '"' in line, "has \\ in double quotes, where it means something else",
         _with_single(key, value)),
        (again, f"gives {name} again" + (f", which line {first} gave" if first else ""), "Keep one of the two lines."),
        (value.lower() in {"true", "yes"}, f"has {shown}", f"Write {key} = true"),
        (value.lower() in {"false", "no"}, f"has {shown}", f"Write {key} = false"),
        (" " in key, f"has a space in the name {key}", f"Write {key.replace(' ', '-')} = {plain}"),
        (bool(key) and re.match(rf"\s*{re.escape(key)}\s*:", line) is not None, "has : where = belongs",
         f"Write {key} = {plain}"),
        (bool(key) and _NUMBER.fullmatch(value) is not None, f"has {shown}", f"Write {key} = {_plain(value)}"),
        (signed != "", f"has {signed}", f"Write {_plain(signed)}" if _NUMBER.fullmatch(signed)
         else "Write it without £ and commas, such as 1500 or 1.50."),
        (bool(key) and _BARE.fullmatch(value) is not None, "has text without quotes", f"Write {key} = {plain}"),
        (bool(key) and value.count('"') == 1, "has a quote that is never closed",
         f'Write {key} = "{shown.strip(chr(34))}"'),
        (odd, "has a space that does not break, as word processors and web pages make", f"Write {line.strip()[:200]}"),
        (not key and not line.strip().startswith("["), f"is no name = value: {line.strip()[:60]!r}", example),
    )  # fmt: skip
    return next(
        ((cause, remedy) for applies, cause, remedy in rules if applies),
        (f"cannot be understood: {line.strip()[:80]!r}", example),
    )


def _plain(value: str) -> str:
    """Return £150, 1,500 or 50% as TOML writes it: 150, 1500 or 0.5; as given where it is no such number."""
    found = _NUMBER.fullmatch(value)
    if found is None:
        return value
    number = found[1].replace(",", "") + (found[2] or "")
    return f"{float(number) / 100:.6g}" if found[3] else number


def _names(line: str) -> str:
    pair = _PAIR.match(line)
    return pair[1] if pair else line.strip("[] ")


def _with_single(key: str, value: str) -> str:
    single = re.sub(r'"([^"]*)"', r"'\1'", value)
    return f"Write {key} = {single[:200]} in single quotes, or / in place of \\."


def _backslash_help(text: str, key: str) -> str:
    r"""Return how to write the value of a key that has \ in double quotes, or ""."""
    for line in text.splitlines():
        pair = _PAIR.match(line)
        if pair and pair[1] == key and "\\" in pair[2] and '"' in pair[2]:
            return _with_single(key, pair[2])
    return ""
