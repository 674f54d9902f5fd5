"""Find the files behind a path of boundaries: the file, the files that belong to it, those of a folder or a ZIP.

Members of a ZIP are read or copied under names of our own, never extracted by theirs.
"""

from __future__ import annotations

import errno
import gzip
import lzma
import re
import shlex
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from sacmap.areas.coordinates import names_a_file
from sacmap.areas.formats import KINDS, START, Kind, kind_of
from sacmap.errors import DiskError, InputError
from sacmap.files.text import require_plain, unreadable
from sacmap.limits import BINARY, INFLATED, MEMBERS, TEXT, is_folder

#: Errors of damaged, encrypted or unknown ZIPs.
BAD_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
#: By kind, the endings of the other files of one name that GDAL reads, each with what it holds if it must be there. A
#: .gpkg-wal holds changes by QGIS that are not yet in the GeoPackage.
READ_WITH = {
    "shp": {".shx": "the index of its shapes", ".dbf": "the table of names and codes"},
    "tab": {".dat": "the table of names and codes", ".map": "the shapes", ".id": "the index of its shapes",
            ".ind": "", ".dbf": ""},
    "mif": {".mid": "the table of names and codes"},
    "gpkg": {".gpkg-wal": ""},
}  # fmt: skip
#: Endings of the files that are read together with the one given.
_READ_BESIDE = {".prj", ".cpg", *chain.from_iterable(READ_WITH.values())}
#: Endings of files that belong to other files or describe them.
_COMPANIONS = _READ_BESIDE | {
    ".sbn", ".sbx", ".qix", ".qpj", ".xml", ".txt", ".md", ".pdf", ".htm", ".html", ".qml", ".qmd", ".sld", ".lyr",
    ".lyrx", ".png", ".jpg", ".docx",
}  # fmt: skip
#: Names of files in ZIPs and folders that are ignored.
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_COPY = 1 << 20
#: Words with which a coordinate system names a file, in lower case, as UTF-8 and as UTF-16; for binary files.
_WORDS = [
    spelt
    for word in (
        "parameterfile", "proj4_grids", "geoidgrids=", "+grids=", "_grids=", "tinshift", "defmodel", "+init=",
    )
    for spelt in (word.encode(), word.encode("utf-16-le"))
]  # fmt: skip
#: Web Mercator has nadgrids=@null, which names no file.
_GRIDS = [("nadgrids=".encode(kind), "nadgrids=@null".encode(kind)) for kind in ("ascii", "utf-16-le")]
#: A path with a layer behind it, as QGIS and ArcGIS write it.
_WITH_LAYER = re.compile(
    r"(?i:(?P<file>.+\.(gdb|gpkg|zip|kml|kmz))([/\\]|\|layername=)(?P<layer>[^/\\|]+).*)"
)
#: XML can write any of them as character numbers.
_SPELT_OUT = re.compile(rb"<wkt>[^<]{0,4000}&#")
_LONGEST_NAME = 64


class Part(NamedTuple):
    """One file: its name within the whole, its bytes, how it is opened, and its path: None in a ZIP or gzip file."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    path: Path | None = None

    @property
    def stem(self) -> str:
        """The name less folders and ending."""
        return PurePosixPath(self.name).stem

    @property
    def ending(self) -> str:
        """The ending in lower case, with its dot."""
        return PurePosixPath(self.name).suffix.lower()

    def start(self) -> bytes:
        """Return the first bytes."""
        with self.open() as stream:
            return stream.read(START)


class Dataset(NamedTuple):
    """Areas that one reader reads: their kind, name, main file, and the files that belong to it by ending."""

    kind: Kind
    name: str
    main: Part
    beside: Mapping[str, Part]


def _layer_in(path: str) -> str:
    """Return what to give for a path with a layer, as a GIS writes it: a.gpkg|layername=old, a.gdb/old; or ""."""
    found = _WITH_LAYER.fullmatch(path)
    if not found or not Path(found["file"]).exists():
        return ""
    return f"Give {found['file']}, and its layer with --layer {shlex.quote(found['layer'])}."


@contextmanager
def as_input_error(where: Path | str, option: str = "--boundaries") -> Iterator[None]:
    """Turn the errors of reading files and ZIPs into errors that name the file.

    Raises
    ------
    InputError
        In place of an error of the system or of a damaged ZIP.
    DiskError
        If the folder for temporary files is full: some formats are read from a copy.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{where} is not there.", _layer_in(str(where)) or f"Check {option}.") from None
    except BAD_ZIP as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            remedy = "Unpack it with the password and give the file in it."
            raise InputError(f"{where} is locked with a password.", remedy) from None
        packed = isinstance(error, zipfile.BadZipFile | zlib.error | lzma.LZMAError | EOFError)
        what = "a damaged ZIP or gzip file" if packed else "damaged, or of a form that is not read"
        raise InputError(f"{where} is {what}.", "Download or export it again.") from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskError(
                f"{where} cannot be read: the folder for temporary files, {tempfile.gettempdir()}, is full.",
                "Free some space there, or name another folder in the variable TMPDIR (TEMP on Windows).",
            ) from None
        raise unreadable(where, error) from None


def bytes_of(part: Part, where: Path | str) -> bytes:
    """Return the bytes of a text part.

    Raises
    ------
    InputError
        If there are more than are read.
    """
    TEXT.require(part.size, where)
    with part.open() as stream:
        raw = stream.read(TEXT.most + 1)
    TEXT.require(len(raw), where)
    return raw


def copy(part: Part, to: Path, where: Path | str, copied: int = 0) -> int:
    """Copy a part to a file, and return the bytes `copied` of a dataset so far, whatever the ZIP's index says.

    Raises
    ------
    InputError
        If these are more than are read, or a coordinate system in the part names a file, which PROJ would open.
    """
    before, limit = b"", INFLATED if part.path is None else BINARY
    with part.open() as stream, to.open("wb") as out:
        while block := stream.read(_COPY):
            copied += len(block)
            limit.require(copied, where)
            if _names_a_file(before + block):
                raise names_a_file(where)
            before = block[-_LONGEST_NAME:]
            out.write(block)
    return copied


def _names_a_file(block: bytes) -> bool:
    """Whether a coordinate system in a part of a file names a file."""
    lower = block.lower()
    if any(word in lower for word in _WORDS):
        return True
    if any(lower.count(grids) > lower.count(none) for grids, none in _GRIDS):
        return True
    return b"<wkt>" in lower and b"&#" in lower and bool(_SPELT_OUT.search(lower))


# ── where parts come from ─────────────────────────────────────────────────────────────────────────────────────────


def start_of(path: Path) -> bytes:
    """Return the first bytes of a file, which show its kind.

    Raises
    ------
    InputError
        If it is a pipe or a device.
    """
    require_plain(path)
    with path.open("rb") as stream:
        return stream.read(START)


def part_at(path: Path, name: str = "") -> Part:
    """Return a file as a part, under its own name if no other is given."""
    return Part(name or path.name, path.stat().st_size, lambda: path.open("rb"), path)


def is_in(path: Path, homes: Collection[Path]) -> bool:
    """Whether a file really lies in one of some folders.

    A link to a file elsewhere is not read unless it is the file given: someone else on a shared drive can put it there,
    and what it leads to would be published.
    """
    return path.resolve().parent in homes


def parts_of_folder(folder: Path) -> list[Part]:
    """Return the files of a folder, and of file geodatabases in it; links to files elsewhere are passed over."""
    found = []
    home = folder.resolve()
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_file() and is_in(path, {home}):
            found.append(part_at(path))
        elif path.is_dir() and path.suffix.lower() == ".gdb" and is_in(path, {home}):
            found += [
                part_at(one, f"{path.name}/{one.name}")
                for one in sorted(path.iterdir())
                if one.is_file() and is_in(one, {path.resolve()})
            ]
        MEMBERS.require(len(found), folder)
    return found


def parts_beside(path: Path) -> list[Part]:
    """Return the files of the same folder with the same name but another ending.

    Raises
    ------
    InputError
        If one is a link to a file that is in the folder of neither the file given nor the file it leads to.
    """
    stem = path.name.rpartition(".")[0].casefold()
    alike = [
        one
        for one in path.parent.iterdir()
        if one.name.casefold().startswith(f"{stem}.") and one != path and one.is_file()
    ]
    homes = {path.parent.resolve(), path.resolve().parent}
    elsewhere = [one.name for one in alike if one.suffix.lower() in _READ_BESIDE and not is_in(one, homes)]
    if elsewhere:
        raise InputError(
            f"{min(elsewhere)}, which belongs to {path}, is a link to a file elsewhere, and was not read.",
            "If it is the right one, put a copy in its place.",
        )
    return [part_at(one) for one in sorted(alike, key=lambda one: one.name)]


def parts_of_zip(archive: zipfile.ZipFile, where: Path | str) -> list[Part]:
    """Return the files in a ZIP.

    Raises
    ------
    InputError
        If there are too many, or they would be too large when unpacked.
    """
    members = [info for info in archive.infolist() if not is_folder(info)]
    MEMBERS.require(len(members), where)
    INFLATED.require(sum(info.file_size for info in members), where)

    def opener(info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
        return lambda: archive.open(info)

    return [Part(info.filename.replace("\\", "/"), info.file_size, opener(info)) for info in members]


def inflate_text(path: Path) -> bytes:
    """Return the bytes of a text file compressed by gzip, refusing more than are read of any text.

    Raises
    ------
    InputError
        If there are more.
    """
    with gzip.open(path) as stream:
        raw = stream.read(TEXT.most + 1)
    TEXT.require(len(raw), path)
    return raw


# ── what they are ─────────────────────────────────────────────────────────────────────────────────────────────────


def datasets_of(parts: Sequence[Part]) -> list[Dataset]:
    """Return the areas among the files of a folder or ZIP, by what each file is."""
    wanted = [part for part in parts if not is_litter(part.name)]
    found = _geodatabases(wanted)
    inside = {one.name.rpartition("/")[0] for gdb in found for one in gdb.beside.values()}
    for part in wanted:
        if part.name.rpartition("/")[0] in inside or part.ending in _COMPANIONS:
            continue
        kind = kind_of(part.start())
        if kind.may_be_areas:
            found.append(Dataset(kind, part.stem, part, companions(part, wanted)))
    some = [one for one in found if one.kind.key != "csv"]
    return some or found


def companions(part: Part, parts: Sequence[Part]) -> dict[str, Part]:
    """Return the files called as this one but for their ending, whatever case either is in, by ending."""
    stem = part.name[: len(part.name) - len(part.ending)].casefold()
    return {
        one.ending: one
        for one in reversed(parts)
        if one is not part and one.name[: len(one.name) - len(one.ending)].casefold() == stem and one.ending
    }


def is_litter(name: str) -> bool:
    """Whether a file of a folder or ZIP is one that systems put there."""
    return any(mark in name for mark in _LITTER) or PurePosixPath(name).name.startswith("._")


def _geodatabases(parts: Sequence[Part]) -> list[Dataset]:
    """Return the file geodatabases: folders that hold the first of the tables that each of them has."""
    found = []
    for part in parts:
        folder, _, name = part.name.rpartition("/")
        if name.lower() == "a00000001.gdbtable":
            own = {one.name: one for one in parts if one.name.rpartition("/")[0] == folder}
            found.append(Dataset(KINDS["gdb"], PurePosixPath(folder).stem or "areas", part, own))
    return found


def copied_to(dataset: Dataset, folder: Path, where: Path | str) -> Path:
    """Copy a dataset and its other files under plain names into our own folder; return the main file.

    So GDAL meets no character in a path that it reads as something else, and no file that was not meant.

    Raises
    ------
    InputError
        As `copy`.
    """
    main = folder / f"areas.{dataset.kind.key}"
    if dataset.kind.key == "gdb":
        main.mkdir()
        plain = {name.rpartition("/")[2]: part for name, part in dataset.beside.items()}
        wanted = {main / name: part for name, part in plain.items() if _is_plain(name)}
    else:
        endings = [one for one in READ_WITH.get(dataset.kind.key, ()) if one in dataset.beside]
        wanted = {main: dataset.main} | {main.with_suffix(one): dataset.beside[one] for one in endings}
    copied = 0
    for to, part in wanted.items():
        copied = copy(part, to, where, copied)
    return main


def _is_plain(name: str) -> bool:
    """Whether the name of a geodatabase's file is one of those it has."""
    known = (".gdbtable", ".gdbtablx", ".gdbindexes", ".spx", ".atx", ".freelist", ".horizon", ".cdf")
    return name.isascii() and (name in {"gdb", "timestamps"} or name.lower().endswith(known))
