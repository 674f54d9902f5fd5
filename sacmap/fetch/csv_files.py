"""Find the CSVs in the given files, folders and ZIPs, each once, and read their bytes."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import deflate

from sacmap.errors import InputError
from sacmap.files.collisions import place_of
from sacmap.files.delimited import require_text
from sacmap.files.sheets import WORKBOOKS
from sacmap.files.text import bytes_of, require_plain, size_of, unreadable
from sacmap.limits import is_folder, most_inflated, require_real_zip
from sacmap.notices import counted

#: Two files of the same bytes, and at least so many of them, are copies.
COPY_BYTES = 1_000
#: Files that are read from a folder or a ZIP, but no ZIP in a ZIP.
ENDINGS = (".csv", ".zip", ".csv.gz")

#: Tables that are read if the user names them, but are not looked for in folders and ZIPs.
_OTHER_TABLES = (*WORKBOOKS, ".parquet", ".tsv")
_STREET_NAME = re.compile(r"\d{4}-\d{2}-.+-street\.csv", re.IGNORECASE)
_STREET_STEM = re.compile(r"\d{4}-\d{2}-.+-street\b.*", re.IGNORECASE)
_OTHER_NAME = re.compile(r"\d{4}-\d{2}-.+-(outcomes|stop-and-search)\.csv", re.IGNORECASE)
_PATTERN = re.compile(r"[*?]")
#: First characters of the names of files that Excel, macOS and LibreOffice leave beside others.
_SHADOW = ("~$", "._", ".~lock")

#: A ZIP's local header, before the name.
_HEADER = 30
_SIGNATURE = b"PK\3\4"


class Member(NamedTuple):
    """One CSV to read: a file, or a member of a ZIP, with its size and CRC from the ZIP's directory.

    found: it was found in a folder or ZIP rather than named by the user, so it may be another kind of table.
    """

    path: Path
    inside: str = ""
    size: int = 0
    crc: int = 0
    found: bool = False

    @property
    def label(self) -> str:
        """The name for messages and the record."""
        return f"{self.path}:{self.inside}" if self.inside else str(self.path)

    @property
    def name(self) -> str:
        """The file name. In files of police.uk it has the month and the force."""
        return name_in_zip(self.inside) if self.inside else self.path.name

    @property
    def is_street(self) -> bool:
        """Whether the name is that of a street file of police.uk, with the month and the force."""
        return _STREET_NAME.fullmatch(self.name) is not None

    @property
    def month(self) -> str:
        """The month in the name, or the whole name if it has none."""
        return self.name[:7] if self.is_street else self.name


def members_of(path: Path, *, found: bool = False) -> list[Member]:
    """List the CSVs of a path: the file itself, those in a folder and its ZIPs, or those in a ZIP.

    Raises
    ------
    InputError
        If the path does not exist or cannot be read, or a ZIP is damaged, encrypted, nested or too large.
    """
    try:
        if path.is_dir():
            return [one for file in _files_in(path) for one in members_of(file, found=True)]
        there = path.is_file()
    except OSError as error:
        raise unreadable(path, error) from None
    if not there:
        return _not_there(path)
    if path.suffix.lower() == ".zip" or (path.suffix.lower() not in WORKBOOKS and zipfile.is_zipfile(path)):
        return list(_zip_members(path))
    return [Member(path, found=found)]


def _not_there(path: Path) -> list[Member]:
    """Return the members of a pattern such as 2018-*.csv, which Windows does not expand. Otherwise raise an error."""
    text = str(path)
    require_plain(path)
    if not _PATTERN.search(path.name):
        raise InputError(f"{text} is not there.", "Check its path.")
    some = sorted(path.parent.glob(path.name))
    if not some:
        raise InputError(f"No file is called like {text}.", "Check its path.")
    return [one for file in some for one in members_of(file, found=True)]


def _files_in(folder: Path) -> list[Path]:
    """Return the files in a folder and its subfolders that may have crimes. An unreadable folder is an error."""

    def stop(error: OSError) -> None:
        raise unreadable(error.filename or folder, error) from None

    files = [
        Path(where) / name
        for where, _, names in os.walk(folder, onerror=stop)
        for name in names
        if _may_have_crimes(name)
    ]
    return sorted(file for file in files if file.is_file())


def _may_have_crimes(name: str) -> bool:
    """Whether a file of this name in a folder or ZIP is read."""
    return name.lower().endswith(ENDINGS) and not name.startswith(_SHADOW) and not _OTHER_NAME.fullmatch(name)


def unread_in(paths: Sequence[str]) -> list[str]:
    """Return the files in folders and ZIPs that are not looked for, but may hold crimes: workbooks, and street files.

    A ZIP is known to open, or `members_of` would have failed.
    """
    found: list[Member] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += [Member(Path(where) / name) for where, _, names in os.walk(path) for name in names]
        elif path.suffix.lower() == ".zip" and path.is_file():
            with zipfile.ZipFile(path) as archive:
                found += [Member(path, info.filename) for info in archive.infolist() if not is_folder(info)]
    return sorted(member.label for member in found if _is_unread(member.name))


def _is_unread(name: str) -> bool:
    looked_for = name.lower().endswith(ENDINGS) or name.startswith(_SHADOW)
    may_hold = name.lower().endswith(_OTHER_TABLES) or _STREET_STEM.fullmatch(name) is not None
    return may_hold and not looked_for


def _zip_members(path: Path) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except OSError as error:
        raise unreadable(path, error) from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        with path.open("rb") as stream:
            start = stream.read(400)
        if not start.startswith(b"PK"):
            require_text(start, str(path))
        raise InputError(
            f"{path} is not a complete ZIP: it is cut short or damaged.", "Download it again."
        ) from None
    if {"xl/workbook.xml", "xl/workbook.bin"} & {info.filename for info in infos}:
        # This is a workbook, whatever its name.
        yield Member(path)
        return
    require_real_zip(infos, path.stat().st_size, path)
    for info in infos:
        name = name_in_zip(info.filename)
        if name.lower().endswith(".zip"):
            raise InputError(
                f"{path} has another ZIP in it, {info.filename}.", "Unpack it and give the inner one."
            )
        if is_folder(info) or not _may_have_crimes(name):
            continue
        if info.flag_bits & 1:
            raise InputError(f"{path} is encrypted ({info.filename}).", "Unpack it and give the folder.")
        if is_too_large(info):
            raise InputError(
                f"{info.filename} in {path} would have {info.file_size:,} bytes when decompressed, more than "
                "any real month.",
                "Download the ZIP again from data.police.uk.",
            )
        yield Member(path, info.filename, info.file_size, info.CRC, found=True)


def name_in_zip(inside: str) -> str:
    """Return the file name of a ZIP member, without its folders. Some programs write them with backslashes."""
    return inside.replace("\\", "/").rsplit("/", 1)[-1]


def is_too_large(info: zipfile.ZipInfo) -> bool:
    """Whether a ZIP member would be larger after decompression than any real month."""
    return info.file_size > most_inflated(info.compress_size)


def each_once(members: list[Member]) -> tuple[list[Member], list[str]]:
    """Keep one of several members that are the same file, a copy, or the same month of the same force.

    Of one file with two names, and of copies, the first is kept. Of two files for a month and force the last is kept.

    Returns
    -------
    The members in the given order, and notes about those left out.
    """
    notes: list[str] = []
    first: dict[tuple[object, str], Member] = {}
    identities: dict[Path, object] = {}
    for member in dict.fromkeys(members):
        known = identities.setdefault(member.path, place_of(member.path) or member.path.resolve())
        twin = first.setdefault((known, member.inside), member)
        if twin is not member:
            notes.append(f"{member.label} is the same file as {twin.label}; it was read once.")
    several = list(first.values())
    last = {one.name.lower() if one.is_street else f"{one.label}/": one for one in several}
    kept = set(last.values())
    again = [member for member in several if member not in kept]
    for member, twin in _copies([member for member in several if member in kept and member.is_street]):
        kept.discard(member)
        notes.append(f"{member.label} has the same bytes as {twin.label}; it was read once.")
    return [member for member in several if member in kept], [*notes, *_given_again(again)]


def _given_again(members: Iterable[Member]) -> Iterator[str]:
    """Yield a note about those members of each ZIP or folder that a later path gave again."""
    by_place: dict[Path, list[Member]] = {}
    for member in members:
        by_place.setdefault(member.path if member.inside else member.path.parent, []).append(member)
    for place, [first, *others] in by_place.items():
        if others:
            more = counted(len(others), ("other file", "other files"))
            yield f"{first.label} and {more} of {place} were given again by a later path; the later ones were read."
        else:
            yield f"{first.label} was given again by a later path; the later one was read."


def _copies(members: list[Member]) -> Iterator[tuple[Member, Member]]:
    """Yield the street files that are copies, byte for byte, of one before under another name, with that one.

    The rows of other files are compared one by one. Files of a few lines may well be equal.
    """
    first: dict[object, Member] = {}
    sizes = Counter(size for member in members if (size := _size(member)) >= COPY_BYTES)
    for member in members:
        size = _size(member)
        if sizes[size] < 2:
            continue
        # The directory of a ZIP has the check sum; of a file it is worked out, if another has its size.
        crc = member.crc if member.inside else zlib.crc32(bytes_of(member.path))
        twin = first.setdefault((size, crc), member)
        if twin is not member:
            yield member, twin


def _size(member: Member) -> int:
    return member.size if member.inside else size_of(member.path)


class MemberReader:
    """Reads members, and opens each ZIP only once. A context manager."""

    def __init__(self) -> None:
        self._zips: dict[Path, zipfile.ZipFile] = {}
        self._lock = Lock()

    def __enter__(self) -> MemberReader:
        return self

    def __exit__(self, *_: object) -> None:
        for archive in self._zips.values():
            archive.close()

    def read(self, member: Member) -> bytes | bytearray:
        """Return a member's bytes. Those from a ZIP are checked against the size and CRC in its directory.

        Raises
        ------
        InputError
            If it is damaged or cannot be read.
        """
        if not member.inside:
            return bytes_of(member.path)
        try:
            archive = self._zip(member.path)
            raw = inflated(member.path, archive.getinfo(member.inside))
            return self._unzipped(archive, member.inside) if raw is None else raw
        except NotImplementedError:
            raise InputError(
                f"{member.label} uses a compression method that sacmap cannot read.",
                "Unpack the ZIP and give the folder.",
            ) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError):
            raise InputError(
                f"{member.label} is damaged: its content does not match its checksum in the ZIP.",
                "Download it again.",
            ) from None
        except OSError as error:
            if error.errno is None:
                raise InputError(f"{member.label} is damaged.", "Download it again.") from None
            raise unreadable(member.path, error) from None

    def _zip(self, path: Path) -> zipfile.ZipFile:
        with self._lock:
            if path not in self._zips:
                self._zips[path] = zipfile.ZipFile(path)
            return self._zips[path]

    def _unzipped(self, archive: zipfile.ZipFile, name: str) -> bytes:
        # Several threads read at once, but zipfile counts open members without a lock.
        with self._lock:
            stream = archive.open(name)
        try:
            return stream.read()
        finally:
            with self._lock:
                stream.close()


def inflated(path: Path, info: zipfile.ZipInfo) -> bytearray | None:
    """Return a deflated member, in half the time of zipfile, after checking its CRC against the ZIP's directory.

    Returns
    -------
    None if it is not deflated or is damaged. Then use Python's zipfile, which reads other methods and names the damage.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    if info.compress_type != zipfile.ZIP_DEFLATED:
        return None
    with path.open("rb") as stream:
        stream.seek(info.header_offset)
        header = stream.read(_HEADER)
        if len(header) < _HEADER or not header.startswith(_SIGNATURE):
            return None
        # The name and the extra field can have another length here than in the directory.
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        stream.seek(name + extra, os.SEEK_CUR)
        packed = stream.read(info.compress_size)
    try:
        raw = deflate.deflate_decompress(packed, info.file_size)
    except deflate.DeflateError:
        return None
    return raw if deflate.crc32(raw) == info.CRC else None
