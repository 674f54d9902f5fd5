"""Read files: bytes, text, JSON, TOML and CSV, and their SHA-256. Errors say why a file cannot be used."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sacmap.errors import InputError
from sacmap.files.delimited import LINES_ABOVE, decoded, rows_in, unpacked
from sacmap.limits import FILE, LISTED, SETTINGS, Limit
from sacmap.notices import listed

#: The largest file that is hashed to identify it.
_LARGEST = 4 << 30
#: What a column of areas may be called where none is called `area_id`, the surest first.
_AREA_NAMES = re.compile(r"(area_)?name|area|ward(_name)?|neighbourhood|.*?(cd|code|nm|name)")
#: How the name of a column of homes ends that is not of all homes.
_DONE = re.compile(r"_(protected|visited|reached|secured|done|treated|hardened|completed)$")
#: What other columns of lists are called too, in small letters with _ for spaces.
_CALLED = {
    name: re.compile(pattern)
    for name, pattern in {
        "from": r"(visited_)?from|(start(ed)?|begin|first)(_?(date|day))?|(date_|from_)(from|date|start(ed)?)|since",
        "to": r"(visited_)?to|(end(ed)?|finish|last|until)(_?(date|day))?|(date_|to_)(to|date|end(ed)?|until)|till",
        "date": r"day|(action|visit|start)_?date|date_of_\w+|when",
        "action": r"actions|activity|measures?|intervention|what(_was_done)?|type_of_\w+|action_type|description",
        "homes": r"((no\.?|number|num|count)_(of_)?)?(homes|houses|properties|dwellings|addresses)"
        rf"({_DONE.pattern})?",
        "n": r"counts?|number|crimes|offences|(no\.?|number|count)_of_(crimes|offences)",
    }.items()
}


def unreadable(label: str | Path, error: OSError) -> InputError:
    """Return the error for a file that the system could not read."""
    # Windows refuses to open a folder as it does a file of someone else. A folder is called one if it may be listed.
    if isinstance(error, IsADirectoryError) or _may_be_listed(label):
        return InputError(f"{label} is a folder.", "Name the file in it.")
    if isinstance(error, PermissionError):
        return InputError(
            f"{label} cannot be read: permission denied.",
            "Ask its owner for permission, and close it if another program has it open.",
        )
    if isinstance(error, FileNotFoundError):
        return InputError(f"{label} is not there.", "Check its path.")
    return InputError(
        f"{label} cannot be read: {error.strerror or 'the disk gave an error'}.",
        "Check the disk, or copy it from the shared drive first.",
    )


def _may_be_listed(path: str | Path) -> bool:
    try:
        os.scandir(path).close()
    except (OSError, ValueError):
        return False
    return True


def require_plain(path: Path) -> None:
    """Refuse a pipe or a device: it may never end, and what is read of it once is gone.

    Raises
    ------
    InputError
        If it is neither a file nor a folder, and is there.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is no plain file.", "Save what is in it as a file, and give that.")


def bytes_of(path: Path, limit: Limit = FILE) -> bytes:
    """Return a file's bytes, if it is not too large.

    Raises
    ------
    InputError
        If it cannot be read or is too large. The message names the file and says why.
    """
    try:
        require_plain(path)
        limit.require(path.stat().st_size, path)
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def size_of(path: Path) -> int:
    """Return a file's size in bytes; 0 where there is none, or the system does not say."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def read_text(path: str) -> str:
    """Return the text of a file that the study names, such as a comparator. Gzip files are unpacked.

    Raises
    ------
    InputError
        If it cannot be read, or is not text.
    """
    return decoded(unpacked(bytes_of(Path(path)), path), path)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex; of a folder, that of the names and hashes of its files.

    Raises
    ------
    OSError
        If a file cannot be read.
    """
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file())
        sums = "".join(f"{one.relative_to(path).as_posix()}\n{sha256(one)}\n" for one in files)
        return hashlib.sha256(sums.encode("utf-8", "surrogateescape")).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_file_of(path: Path, hashes: Collection[str]) -> bool:
    """Whether a path is a plain file of at most 4 GB whose SHA-256 is among `hashes`."""
    try:
        return path.is_file() and path.stat().st_size <= _LARGEST and sha256(path) in hashes
    except OSError:
        return False


@contextmanager
def _within_bounds() -> Iterator[None]:
    """Turn the parsers' less clear errors into a ValueError in plain words."""
    try:
        yield
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("it has half a character in it") from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeError):
        raise
    except ValueError:
        # int() and repr() refuse such numbers because they would be slow.
        raise ValueError("it has a number with thousands of digits") from None


def parse_json(raw: bytes | str) -> object:
    r"""Return the value of JSON text.

    Raises
    ------
    ValueError
        If it is not JSON, is nested too deeply, has a number with thousands of digits, or has half a character
        (\ud800), which is valid JSON but cannot be written to a file.
    """
    with _within_bounds():
        # json itself would accept bytes with half a character.
        text = raw if isinstance(raw, str) else raw.decode(json.detect_encoding(raw))
        value = json.loads(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    return value


#: A key a.b.c… of more than fifty parts: time and memory grow with the square of them.
_DEEP = re.compile(r"""(?:\.[ \t]*+(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+){50}""")


def parse_toml(text: str) -> dict[str, object]:
    """Return the table of TOML text.

    Raises
    ------
    ValueError
        If it is not TOML, is nested too deeply, is longer than anyone writes, or has a number with thousands of digits.
    """
    if len(text) > SETTINGS.most:
        raise ValueError("it is longer than anyone writes")
    if _DEEP.search(text):
        raise ValueError("it is nested too deeply")
    with _within_bounds():
        value = tomllib.loads(text)
        # A hexadecimal number can have any length, and then an error message could not show it.
        repr(value)
    return value


def _as_written(cells: Sequence[str]) -> list[str]:
    return [cell.lower().replace(" ", "_") for cell in cells]


def _of_areas(names: Sequence[str]) -> list[str]:
    """Return the names of columns that may hold the areas, the surest first."""
    called = [found for name in names if (found := _AREA_NAMES.fullmatch(name))]
    return [found[0] for found in sorted(called, key=lambda found: found[2] is not None)]


def _names(cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return the names of a header's columns: `area_id` also for one of the areas' names, others as they are called.

    Of several that may be one of the columns, none is taken.
    """
    names = _as_written(cells)
    for column in columns:
        called = [name for name in names if column in _CALLED and _CALLED[column].fullmatch(name)]
        done = [name for name in called if column == "homes" and _DONE.search(name)]
        if len(done) == 1:
            # Homes beside homes protected are those of the area.
            names = [f"all_{name}" if name == column else name for name in names]
            called = done
        if column not in names and len(called) == 1 and called[0] not in columns:
            names[names.index(called[0])] = column
    if "area_id" in columns and "area_id" not in names:
        areas = next(iter(_of_areas(names)), None)
        names = ["area_id" if name == areas else name for name in names]
    return names


def header_of(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> int | None:
    """Return which of the first rows is a header with these columns, or None; rows are of cells that are stripped."""
    return next(
        (k for k, cells in enumerate(rows[:LINES_ABOVE]) if {*columns} <= {*_names(cells, columns)}), None
    )


def has_own_names(header: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether a header has all these columns by their own names, but for that of the areas."""
    return {*columns} - {"area_id"} <= {*_as_written(header)}


def rows_of(
    text: str, path: str, columns: Sequence[str], *, beside: bool = False
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and the cells of `columns`, by name, of each line of a CSV after the header.

    Separators are those of `rows_in`; Excel writes semicolons in some countries. The header may have capitals, and
    spaces for underscores. Titles above it and blank lines are passed over. A cell in quotes may have line breaks: the
    number is then that of its last line.

    Without a column `area_id`, a line also has its cells of each column that may be the areas' names; with `beside`, of
    every other column.

    Raises
    ------
    InputError
        If it is not CSV, has too many lines, the header lacks a column, or a line has more cells than the header.
    """
    stripped = (
        (line, [cell.strip() for cell in cells]) for line, cells in rows_in(text.removeprefix("\ufeff"), path)
    )
    lines = [found for found in stripped if any(found[1])]
    LISTED.require(len(lines), path)
    place = header_of([cells for _, cells in lines], columns) or 0
    names = _names(lines[place][1], columns) if lines else []
    missing = [name for name in columns if name not in names]
    if missing:
        wanted = ",".join(columns).replace("area_id", "area_id (or name)")
        there = listed([cell for cell in lines[place][1] if cell], 12, ", ") if lines else "none"
        of_homes = (
            " Where each line is one home, count the lines of each area." if missing[0] == "homes" else ""
        )
        raise InputError(
            f"{path} has no column {missing[0]!r} (it has {there}).", f"It needs {wanted}.{of_homes}"
        )
    at = {name: names.index(name) for name in columns}
    written = _as_written(lines[place][1])
    if beside:
        at |= {name: written.index(name) for name in written if name not in at}
    if "area_id" in columns and "area_id" not in written:
        at |= {name: written.index(name) for name in _of_areas(written)}
    for line, cells in lines[place + 1 :]:
        if any(cells[len(names) :]):
            raise InputError(
                f"{path}, line {line} has more cells than columns.",
                "Write 1,000 as 1000, or put it in quotes.",
            )
        yield line, {name: cells[k] if k < len(cells) else "" for name, k in at.items()}
