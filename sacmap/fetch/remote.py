"""A file on a server, read a part at a time by HTTP Range."""

from __future__ import annotations

import io
import zipfile

from sacmap.fetch.attempt import Reply, UnusableError
from sacmap.fetch.decide import Saw
from sacmap.fetch.web import HOPS, Web

#: Enough of the end of a ZIP to find its directory by.
_TAIL = 4096
#: No part that is wanted is larger than this.
_MOST = 64 << 20
#: Bytes a second that even a slow line gives.
_SLOW = 100_000


class RemoteFile(io.RawIOBase):
    """A file on a server that reads as if it were here, a part at a time.

    Every part is checked to be the one asked for, of the same file: by ETag, date and size.
    """

    def __init__(self, web: Web, url: str) -> None:
        self._web, self._url = web, url
        self._at = 0
        self._part = (0, b"")
        self._same: dict[str, str] = {}
        self._total: int | None = None
        self.began = False
        self._part = self._ask(None, _TAIL)
        self.size = self._part[0] + len(self._part[1])
        self.began = True

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        self._at = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence] + offset)
        return self._at

    def tell(self) -> int:
        """Return the place in the file."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read from here on, asking the server for what is not at hand."""
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
        """Have the bytes from `start` up to `end` at hand."""
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

        def judge(reply: Reply) -> tuple[int, bytes]:
            return self._judged(reply, start, length)

        if length > _MOST:
            raise zipfile.BadZipFile(f"a part of {length:,} bytes")
        answer = self._web.ask(
            self._url,
            judge,
            headers=headers,
            expect=(206,),
            cap=length,
            more_time=length / _SLOW,
            hops=HOPS,
        )
        found: tuple[int, bytes] = answer.value
        return found

    def _judged(self, reply: Reply, start: int | None, length: int) -> tuple[int, bytes]:
        try:
            unit, _, rest = reply.headers.get("Content-Range", "").partition(" ")
            span, _, total_text = rest.partition("/")
            first, last = (int(part) for part in span.split("-"))
            total = int(total_text)
        except ValueError:
            raise UnusableError(Saw.NO_PART, "no Content-Range that can be read") from None
        due = max(total - length, 0) if start is None else start
        if unit != "bytes" or first != due or last != min(due + length, total) - 1:
            raise UnusableError(
                Saw.NO_PART, f"Content-Range {span} where {due}-{due + length - 1} was asked for"
            )
        if len(reply.body) != last - first + 1:
            raise UnusableError(Saw.CUT)
        if self._total is None:
            self._total = total
            self._same = {k: reply.headers[k] for k in ("ETag", "Last-Modified") if k in reply.headers}
        elif total != self._total or any(reply.headers.get(k, v) != v for k, v in self._same.items()):
            raise UnusableError(Saw.NO_PART, "it changed between two reads")
        return first, reply.body
