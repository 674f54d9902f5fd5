"""The store of answers: each one file, whole or not there at all.

    STORE/PUBLISHED/GROUP/NAME.answer      a line of JSON (question, publication, SHA-256 of the body), then the body

It lives on council file shares: no lock, no database. Two runs write the same answer to the same name, and the one
that is moved into place last stands. Names are hashes, so that no identifier can be a path or a name Windows reserves.
Nothing expires: police.uk forgets months, the store does not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from sacmap.errors import DiskError
from sacmap.files.text import parse_json
from sacmap.files.whole import replace_patiently, require_writable, sweep, write_whole

SUFFIX = ".answer"

Question = Mapping[str, str]


@dataclass(frozen=True)
class Kept:
    """An answer of the store: the question, the publication it is of, when it was asked (s since 1970), its file."""

    question: dict[str, str]
    published: str
    asked: float
    path: Path
    body: bytes


def default_store() -> Path:
    """Return where the store is unless --store says otherwise: the user's cache of this system."""
    return Path(platformdirs.user_cache_dir("sacmap", appauthor=False))


class Store:
    """Answers on disk, by question and publication.

    A question is a mapping of text to text; its `kind` and `of` (what it is about, such as a month) make its group.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def require_writable(self) -> None:
        """Find out before asking anything whether answers can be kept, and sweep what dead runs left.

        Raises
        ------
        DiskError
            If they cannot.
        """
        require_writable(self.folder, option="--store")
        sweep(self.folder.rglob("*.part"))

    def path(self, question: Question, published: str) -> Path:
        """Return where the answer to a question is, or would be."""
        return self._group(question, published) / f"{_hash(_text(question), 32)}{SUFFIX}"

    def _group(self, question: Question, published: str) -> Path:
        return self.folder / published / _hash(f"{question['kind']} {question.get('of', '')}", 16)

    def get(self, question: Question, published: str) -> Kept | None:
        """Return the answer kept, or None. A damaged one is set aside as .damaged, to be asked again."""
        kept = self._read(self.path(question, published))
        return kept if kept is not None and kept.question == dict(question) else None

    def has(self, question: Question, published: str) -> bool:
        """Whether there is a file for a question, whole or not."""
        return self.path(question, published).is_file()

    def group(
        self, question: Question, published: str, wanted: Callable[[dict[str, str]], bool] = lambda _: True
    ) -> list[Kept]:
        """Return the answers kept in the group of a question that are wanted, by file name."""
        folder = self._group(question, published)
        if not folder.is_dir():
            return []
        found = []
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            asked = _header(path)
            # A header that cannot be read is read whole, which sets it aside.
            if (asked is None or (_same_group(asked, question) and wanted(asked))) and (
                kept := self._read(path)
            ):
                found.append(kept)
        return found

    def questions(self, question: Question, published: str) -> list[dict[str, str]]:
        """Return the questions answered in the group of one, by their headers alone."""
        headers = (_header(path) for path in sorted(self._group(question, published).glob(f"*{SUFFIX}")))
        return [asked for asked in headers if asked is not None and _same_group(asked, question)]

    def publications(self) -> list[str]:
        """Return the publications of which anything is kept, the newest first."""
        if not self.folder.is_dir():
            return []
        return sorted((p.name for p in self.folder.iterdir() if p.is_dir()), reverse=True)

    def put(self, question: Question, published: str, body: bytes, *, asked: float = 0.0) -> Kept:
        """Keep an answer, whole or not at all.

        Raises
        ------
        DiskError
            If it cannot be written.
        """
        path = self.path(question, published)
        header = {
            "sacmap": 1,
            "question": dict(question),
            "published": published,
            "asked": asked,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        content = json.dumps(header, ensure_ascii=False).encode() + b"\n" + body
        write_whole(path, content, option="--store")
        return Kept(dict(question), published, asked, path, body)

    def _read(self, path: Path) -> Kept | None:
        try:
            line, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DiskError(
                f"{path} cannot be read: {error.strerror}.", "Check the disk, or choose another with --store."
            ) from None
        try:
            header: dict[str, Any] = parse_json(line)
            if header["sha256"] != hashlib.sha256(body).hexdigest():
                raise ValueError("another hash")
            return Kept(header["question"], header["published"], float(header["asked"]), path, body)
        except (ValueError, KeyError, TypeError, OverflowError):
            # Kept for whoever wants to know why; where it cannot be moved it is written over.
            with contextlib.suppress(OSError):
                replace_patiently(path, path.with_suffix(".damaged"))
            return None


def _header(path: Path) -> dict[str, str] | None:
    try:
        with path.open("rb") as stream:
            found: dict[str, str] = dict(parse_json(stream.readline())["question"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def _same_group(asked: Question, question: Question) -> bool:
    return (asked.get("kind"), asked.get("of", "")) == (question["kind"], question.get("of", ""))


def _text(question: Question) -> str:
    return json.dumps(dict(question), sort_keys=True, ensure_ascii=False)


def _hash(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
