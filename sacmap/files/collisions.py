"""Check that no output overwrites an input, even through a link or another spelling, or a file that no one named."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from sacmap.errors import UsageError
from sacmap.files.file_sets import marker_of
from sacmap.files.text import unreadable

#: The most files looked at in an input folder; more than any unpacked archive has, and a whole disk has more.
_MOST = 200_000
#: Kinds of file that are read from a folder.
_READ = {".csv", ".gz", ".json", ".kml", ".kmz", ".tsv", ".txt", ".zip"}
#: Columns that only sacmap's tables have, and the first words of its records, whatever ends their lines: Git may
#: change that on Windows.
_OUR_COLUMNS = ({b"crime_type", b"months_compared", b"verdict"}, {b"component", b"police_uk", b"home_office"})
_OUR_RECORD = b'{ "sacmap":'


def require_apart(outputs: Iterable[Path], inputs: Iterable[str | Path | None]) -> None:
    """Refuse to overwrite a file that is read. An input that is a folder stands for every file in it.

    Two names belong to one file if the system says so (a link, a hard link, another spelling, or capitals on Windows
    and macOS), or if they differ only in capitals, because they may be the same file on a shared drive.

    Raises
    ------
    UsageError
        If an output is an input; the message names both.
    InputError
        If an input lies in a folder that may not be looked into.
    """
    wanted = [Path(one) for one in outputs]
    by_name = {_folded(one): one for one in wanted}
    by_file = {place: one for one in wanted if (place := place_of(one)) is not None}
    for given in (one for one in inputs if one):
        for path in _files_of(Path(given)):
            place = place_of(path)
            clash = by_name.get(_folded(path)) or (by_file.get(place) if place else None)
            if clash is not None:
                raise UsageError(
                    f"The output {clash} is the same file as the input {path}. Nothing was read or written.",
                    "Choose another name or folder with --out.",
                )


def require_own(page: Path, beside: Iterable[Path]) -> None:
    """Refuse to replace files beside a page that sacmap did not write: no one named them.

    They are sacmap's if the record beside the page is, or if a run was stopped while it wrote them. A table is known by
    its columns too.

    Raises
    ------
    UsageError
        If there is such a file; the message names it.
    InputError
        If the record may not be read.
    """
    record = page.with_suffix(".json")
    try:
        ours = _starts_as_ours(record)
    except PermissionError as error:
        raise unreadable(record, error) from None
    except OSError:
        ours = False
    if ours or os.path.lexists(marker_of(page)):
        return
    for path in beside:
        if path != page and path.is_file() and path.stat().st_size and not is_ours(path):
            raise UsageError(
                f"{path} would be replaced, and sacmap did not write it. Nothing was written.",
                "Choose another name with --out, or move that file.",
            )


def is_below(path: str, folders: Iterable[Path]) -> bool:
    """Whether a path, as written, lies in one of the folders. Neither the disk nor another machine is accessed."""
    if path.startswith(("//", "\\\\")):
        return False
    whole = os.path.normcase(os.path.abspath(path))  # noqa: PTH100  # resolve() would ask the disk
    below = (os.path.normcase(os.path.abspath(folder)) for folder in folders)  # noqa: PTH100
    return any(whole.startswith(folder.rstrip(os.sep) + os.sep) for folder in below)


def is_ours(path: Path) -> bool:
    """Whether a file is a table or record written by sacmap. Such files are skipped in a folder of crimes."""
    try:
        return _starts_as_ours(path)
    except OSError:
        return False


def _starts_as_ours(path: Path) -> bool:
    # A pipe would be waited for.
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        start = stream.read(600)
    columns = set(start.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0].strip().split(b","))
    return any(known <= columns for known in _OUR_COLUMNS) or b" ".join(start.split()).startswith(_OUR_RECORD)


def _files_of(path: Path) -> Iterator[Path]:
    """Yield a path and, if it is a folder, the files in it that may be read."""
    yield path
    try:
        is_folder = path.is_dir()
    except PermissionError as error:
        raise unreadable(path, error) from None
    if is_folder:
        inside = islice(path.rglob("*"), _MOST)
        yield from (one for one in inside if one.suffix.lower() in _READ and not is_ours(one))


def _folded(path: Path) -> str:
    """Return a path without links, in a standard spelling and lower case."""
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()


def place_of(path: Path) -> tuple[int, int] | None:
    """Return the system's numbers for a file, or None if there is no file or it has no number."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if found.st_ino else None
