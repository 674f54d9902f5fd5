"""The store of fetched answers. Each answer is one file, complete or not there at all.

    STORE/PUBLISHED/GROUP/NAME.answer      a line of JSON (question, publication, SHA-256), then the body

The store has no locks and no database, so it works on council file shares. Two runs write the same answer to the same
name, and the last one to be moved into place remains. File names are hashes, so that an identifier can never be a path
or a reserved name on Windows. Nothing expires, because police.uk removes old months.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import platformdirs

from sacmap.errors import DiskError
from sacmap.files.text import parse_json
from sacmap.files.write import replace_patiently, require_writable, sweep, write_whole
from sacmap.limits import STORED

SUFFIX = ".answer"
#: Bytes of the header of a file: more than any answer has.
_LONGEST_LINE = 1 << 20
_GROUP = re.compile(r"[0-9a-f]{16}")

Question = Mapping[str, str]


class Header(TypedDict):
    """The first line of a file in the store. Answers of earlier versions have sacmap 1."""

    sacmap: int
    question: dict[str, str]
    published: str
    asked: float
    sha256: str


@dataclass(frozen=True)
class StoredAnswer:
    """A stored answer: its question, publication, time of the request (s since 1970), file and body."""

    question: dict[str, str]
    published: str
    asked: float
    path: Path
    body: bytes


def default_store() -> Path:
    """Return the default folder of the store, in the user's cache. --store overrides it."""
    return Path(platformdirs.user_cache_dir("sacmap", appauthor=False))


class Store:
    """Answers on disk, by question and publication.

    A question is a mapping of text to text. Its `kind` and `of` (its subject, such as a month) determine its group.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def require_writable(self) -> None:
        """Check that answers can be stored, before anything is fetched, and remove leftovers of stopped runs.

        Raises
        ------
        DiskError
            If answers cannot be stored.
        """
        require_writable(self.folder, option="--store")
        sweep(part for part in self.folder.glob("*/*/*.part") if _GROUP.fullmatch(part.parent.name))

    def path(self, question: Question, published: str) -> Path:
        """Return the path for the answer to a question."""
        return self.folder.joinpath(*_place(question, published))

    def _in_group(self, question: Question, published: str) -> list[Path]:
        """Return the files in the group of a question, sorted by name."""
        return sorted(self.path(question, published).parent.glob(f"*{SUFFIX}"))

    def get(self, question: Question, published: str) -> StoredAnswer | None:
        """Return the stored answer, or None. A damaged file is renamed to .damaged, so that it is fetched again."""
        return self._read(self.path(question, published))

    def has(self, question: Question, published: str) -> bool:
        """Whether there is a file for a question, damaged or not."""
        return self.path(question, published).is_file()

    def group(
        self, question: Question, published: str, wanted: Callable[[dict[str, str]], bool] = lambda _: True
    ) -> list[StoredAnswer]:
        """Return the stored answers in the group of a question that are wanted, sorted by file name."""
        found = []
        for path in self._in_group(question, published):
            asked = _question_of(path)
            # Reading the whole file sets it aside if it is damaged.
            if (asked is None or wanted(asked)) and (kept := self._read(path)):
                found.append(kept)
        return found

    def questions(self, question: Question, published: str) -> list[dict[str, str]]:
        """Return the questions of the stored answers in the group of a question, reading only their headers."""
        return [asked for path in self._in_group(question, published) if (asked := _question_of(path))]

    def publications(self) -> list[str]:
        """Return the publications with any stored answer, newest first."""
        if not self.folder.is_dir():
            return []
        return sorted((p.name for p in self.folder.iterdir() if p.is_dir()), reverse=True)

    def put(self, question: Question, published: str, body: bytes, *, asked: float = 0.0) -> StoredAnswer:
        """Store an answer, complete or not at all.

        Raises
        ------
        DiskError
            If it cannot be written.
        """
        path = self.path(question, published)
        header: Header = {
            "sacmap": 2, "question": dict(question), "published": published, "asked": asked, "sha256": "",
        }  # fmt: skip
        header["sha256"] = seal(header, body)
        content = json.dumps(header, ensure_ascii=False).encode() + b"\n" + body
        write_whole(path, content, option="--store")
        return StoredAnswer(dict(question), published, asked, path, body)

    def _read(self, path: Path) -> StoredAnswer | None:
        try:
            # A device has the size 0 and no end.
            if path.stat().st_size > STORED or not path.is_file():
                raise ValueError("no answer, or larger than any")
            line, _, body = path.read_bytes().partition(b"\n")
            header = header_of(line, path)
            if header["sha256"] != (seal(header, body) if header["sacmap"] == 2 else _sha256(body)):
                raise ValueError("another hash")
            return StoredAnswer(header["question"], header["published"], float(header["asked"]), path, body)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DiskError(
                f"{path} cannot be read: {error.strerror}.", "Check the disk, or choose another with --store."
            ) from None
        except (ValueError, KeyError, TypeError, OverflowError):
            # The damaged file is kept for inspection. If it cannot be renamed, it will be overwritten.
            with contextlib.suppress(OSError):
                replace_patiently(path, path.with_suffix(".damaged"))
            return None


def _question_of(path: Path) -> dict[str, str] | None:
    """Return the question of a file, reading only its header; None if the file's name does not match it."""
    try:
        with path.open("rb") as stream:
            return header_of(stream.readline(_LONGEST_LINE), path)["question"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def header_of(line: bytes, path: Path) -> Header:
    """Return the header of a file, whose name must match its question and publication.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is not a header, or has another question or publication.
    """
    raw = parse_json(line)
    if not isinstance(raw, dict):
        raise ValueError("no header")
    header = cast("Header", raw)
    question = header["question"]
    if not isinstance(question, dict) or not all(isinstance(value, str) for value in question.values()):
        raise ValueError("no question")
    if header["sacmap"] not in (1, 2):
        raise ValueError("another kind of answer")
    if _place(question, header["published"]) != path.parts[-3:]:
        raise ValueError("another question")
    return header


def seal(header: Header, body: bytes) -> str:
    """Return the SHA-256 of an answer, of both header and body."""
    said = {name: value for name, value in header.items() if name != "sha256"}
    return _sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode() + b"\n" + body)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _place(question: Question, published: str) -> tuple[str, str, str]:
    """Return the two folders and the name of the file of an answer, within the store."""
    group = f"{question['kind']} {question.get('of', '')}"
    whole = json.dumps(dict(question), sort_keys=True, ensure_ascii=False)
    return published, _sha256(group.encode())[:16], f"{_sha256(whole.encode())[:32]}{SUFFIX}"
