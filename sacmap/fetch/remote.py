"""A large file on a server: read in parts by HTTP Range, or downloaded completely, with resume."""

from __future__ import annotations

import contextlib
import glob
import io
import json
import secrets
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from sacmap.errors import DiskError, SourceError, UsageError
from sacmap.fetch.request import Reply, UnusableError
from sacmap.fetch.retry import TRIES, AttemptResult
from sacmap.fetch.web import HOPS, AbsentError, Web
from sacmap.files.text import parse_json, size_of
from sacmap.files.write import OLD, orphaned, part_of, remove, replace_patiently, write_whole
from sacmap.redaction import redacted

#: Bytes at the end of a ZIP that are enough to find its directory.
_TAIL = 4096
#: The largest part that is ever requested.
_MOST = 64 << 20
#: Bytes per second on a slow connection, for time limits.
_SLOW = 100_000
_DOWNLOAD, _FREE = ".download", "free"


class RemoteFile(io.RawIOBase):
    """A file on a server that can be read like a local file; the parts needed are fetched.

    Each part is checked: it must be the part requested, and of the same file by ETag, date and size.
    """

    def __init__(self, web: Web, url: str) -> None:
        self._web, self._url = web, url
        self._at = 0
        self._same: dict[str, str] = {}
        self._total: int | None = None
        self._part = self._ask(None, _TAIL)
        self.size = self._part[0] + len(self._part[1])

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the file."""
        self._at = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence] + offset)
        return self._at

    def tell(self) -> int:
        """Return the position in the file."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read from the current position, fetching what is not in memory."""
        end = self.size if size is None or size < 0 else min(self._at + size, self.size)
        if end <= self._at:
            return b""
        if not self._there(self._at, end):
            self.load(self._at, end)
        start, content = self._part
        found = content[self._at - start : end - start]
        self._at = end
        return found

    def load(self, start: int, end: int) -> None:
        """Fetch the bytes from `start` to `end`, if they are not in memory."""
        if not self._there(start, end):
            self._part = self._ask(start, end - start)

    def _there(self, start: int, end: int) -> bool:
        at, content = self._part
        return at <= start and end <= at + len(content)

    def _ask(self, start: int | None, length: int) -> tuple[int, bytes]:
        asked = f"bytes=-{length}" if start is None else f"bytes={start}-{start + length - 1}"
        headers = {"Range": asked, "Accept-Encoding": "identity"}
        tag = self._same.get("ETag", "")
        if_range = tag if tag and not tag.startswith("W/") else self._same.get("Last-Modified", "")
        if if_range:
            headers["If-Range"] = if_range
        if length > _MOST:
            raise zipfile.BadZipFile(f"a part of {length:,} bytes")
        judge = partial(self._judged, start=start, length=length)
        return self._web.ask(
            self._url, judge, headers=headers, expect=(206,), cap=length, more_time=length / _SLOW, hops=HOPS
        ).value

    def _judged(self, reply: Reply, start: int | None, length: int) -> tuple[int, bytes]:
        try:
            unit, _, rest = reply.headers.get("Content-Range", "").partition(" ")
            span, _, total_text = rest.partition("/")
            first, last = (int(part) for part in span.split("-"))
            total = int(total_text)
        except ValueError:
            raise UnusableError(AttemptResult.NO_PART, "no readable Content-Range") from None
        due = max(total - length, 0) if start is None else start
        if unit != "bytes" or first != due or last != min(due + length, total) - 1:
            raise UnusableError(
                AttemptResult.NO_PART, f"Content-Range {span} where {due}-{due + length - 1} was requested"
            )
        if len(reply.body) != last - first + 1:
            raise UnusableError(AttemptResult.INCOMPLETE)
        if self._total is None:
            self._total = total
            self._same = {k: reply.headers[k] for k in ("ETag", "Last-Modified") if k in reply.headers}
        elif total != self._total or any(reply.headers.get(k, v) != v for k, v in self._same.items()):
            raise UnusableError(AttemptResult.NO_PART, "it changed between two reads")
        return first, reply.body


@dataclass(frozen=True)
class _Begun:
    """What is known of a partly downloaded file: its ETag or date, and its total size."""

    same: str = ""
    total: int = 0


def download_whole(web: Web, url: str, target: Path, agree: Callable[[str], bool]) -> None:
    """Download a file to `target`, completely or not at all.

    A part left by a stopped run is continued if the server still has the same file. Each run writes a part of its own;
    if another run has the whole file first, that one is used. `agree` is asked once, with a sentence that says how much
    is to be downloaded.

    Raises
    ------
    UsageError
        If `agree` returns False.
    SourceError
        If the file is still incomplete after several attempts; AbsentError for a 404. What came is kept.
    DiskError
        If it cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _own_part(target) as part:
        agreed, tried = _Agreed(url, agree), 0
        while not target.is_file():
            before = size_of(part)
            try:
                if _is_whole_after_one_try(web, url, part, agreed):
                    _move(part, target)
                    return
                raise UnusableError(AttemptResult.INCOMPLETE)
            except UnusableError as error:
                tried = 1 if size_of(part) > before else tried + 1
                if error.result is AttemptResult.NOT_FOUND:
                    raise AbsentError(f"{redacted(url)} does not exist (404).") from None
                if error.result is AttemptResult.NO_PART:
                    # The server sent another part than requested: start again.
                    part.unlink(missing_ok=True)
                if tried >= TRIES:
                    raise SourceError(
                        f"{redacted(url)} cannot be downloaded: {error.detail}, {tried} times. What has come is kept.",
                        "Run the command again: it continues from there.",
                    ) from None
                web.wait_after(tried)


def _is_whole_after_one_try(web: Web, url: str, part: Path, agreed: _Agreed) -> bool:
    """Request once what is missing of a part. Return whether it is complete then."""
    begun = _read_begun(_about(part))
    start = size_of(part) if begun.same else 0
    if start and start == begun.total:
        return True
    with web.stream(url, start=start, same=begun.same) as (status, headers, blocks):
        start = 0 if status == 200 else start
        total = _total(status, headers, start)
        agreed.require(total, start)
        if start == 0:
            same = headers.get("ETag") or headers.get("Last-Modified") or ""
            write_whole(_about(part), json.dumps(asdict(_Begun(same, total))).encode(), option="--store")
        with _as_disk_error(part):
            out = part.open("ab" if start else "wb")
        with out:
            for block in blocks:
                with _as_disk_error(part, "Free some space or choose another --store."):
                    start += out.write(block)
    return start == total


class _Agreed:
    """Asks once whether the user agrees to a download."""

    def __init__(self, url: str, agree: Callable[[str], bool]) -> None:
        self._url, self._agree, self._agreed = redacted(url), agree, False

    def require(self, total: int, start: int) -> None:
        """Raise UsageError if the bytes from `start` to `total` are not to be downloaded."""
        size = f"{(total - start) / 1e6:,.0f} MB"
        self._agreed = self._agreed or self._agree(f"Download {size} from {self._url}?")
        if not self._agreed:
            raise UsageError(
                f"{self._url} is {total / 1e6:,.0f} MB and was not downloaded.",
                "Add --yes to agree, or give the CSVs you have with --crimes.",
            )


@contextlib.contextmanager
def _own_part(target: Path) -> Iterator[Path]:
    """Yield this run's own file for the download: one that a stopped run left, or a new one."""
    part = part_of(target, _DOWNLOAD)
    for left in _left(target):
        # Another run may be quicker; on Windows a file that is written to cannot be taken.
        with contextlib.suppress(OSError):
            left.rename(part)
            with contextlib.suppress(OSError):
                _about(left).replace(_about(part))
            break
    try:
        yield part
    finally:
        if target.is_file():
            for one in (part, *_left(target)):
                remove(one)
                remove(_about(one))
        else:
            _release(part, target)


def _release(part: Path, target: Path) -> None:
    """Release a part for the next run."""
    free = target.with_name(f"{target.name}.sacmap-{_FREE}-{secrets.token_hex(4)}{_DOWNLOAD}")
    with contextlib.suppress(OSError):
        if size_of(part):
            _about(part).replace(_about(free))
            part.rename(free)
    remove(part)
    remove(_about(part))


def _left(target: Path) -> list[Path]:
    """Return the parts of a download that, as far as is known, no run writes to."""
    parts = sorted(target.parent.glob(f"{glob.escape(target.name)}.sacmap-*{_DOWNLOAD}"))
    return [one for one in parts if _is_left(one)]


def _is_left(part: Path) -> bool:
    if sys.platform == "win32" or f".sacmap-{_FREE}-" in part.name or orphaned(part):
        return True
    try:
        return part.stat().st_mtime < time.time() - OLD
    except OSError:
        return False


def _move(part: Path, target: Path) -> None:
    """Move a complete download into place, unless another run was quicker."""
    try:
        with _as_disk_error(target):
            replace_patiently(part, target)
    except DiskError:
        if not target.is_file():
            raise


def _about(part: Path) -> Path:
    return part.with_name(f"{part.name}.about")


@contextlib.contextmanager
def _as_disk_error(path: Path, remedy: str = "Choose another folder with --store.") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"{path} cannot be written: {error.strerror}.", remedy) from None


def _read_begun(about: Path) -> _Begun:
    try:
        raw = parse_json(about.read_bytes())
        return _Begun(str(raw["same"]), int(raw["total"])) if isinstance(raw, dict) else _Begun()
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return _Begun()


def _total(status: int, headers: Mapping[str, str], start: int) -> int:
    """Return the size of the complete file, from the headers of an answer that starts at byte `start`."""
    try:
        if status == 200:
            return int(headers["Content-Length"])
        span, _, total = headers["Content-Range"].removeprefix("bytes ").partition("/")
        if int(span.split("-")[0]) != start:
            raise ValueError(span)
        return int(total)
    except (KeyError, ValueError):
        raise UnusableError(AttemptResult.NO_PART, "no size, or another part than requested") from None
