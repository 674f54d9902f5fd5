"""Download a file too large for memory, going on where a stopped run left it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from sacmap import parse
from sacmap.errors import DiskError, SourceError, UsageError
from sacmap.fetch.attempt import UnusableError
from sacmap.fetch.decide import TRIES, Saw
from sacmap.fetch.web import AbsentError, Web
from sacmap.publish.disk import replace_patiently, write_whole


@dataclass(frozen=True)
class _Begun:
    """What is known of a file of which a part is here: its ETag or date, and its size."""

    same: str = ""
    total: int = 0


def download_whole(web: Web, url: str, target: Path, agree: Callable[[str], bool]) -> None:
    """Download a file to `target`, which is there whole or not at all.

    A part left by a stopped run is gone on with where the server still has the same file. `agree` is asked once,
    with a sentence that says how much is to come.

    Raises
    ------
    UsageError
        If it was not agreed to.
    SourceError
        If the file does not come whole in several tries; AbsentError for a 404. What came is kept.
    DiskError
        If it cannot be written.
    """
    part, about = target.with_name(f"{target.name}.download"), target.with_name(f"{target.name}.about")
    target.parent.mkdir(parents=True, exist_ok=True)
    agreed, tried = False, 0
    while True:
        begun = _read_begun(about)
        start = part.stat().st_size if begun.same and part.is_file() else 0
        if start and start == begun.total:
            break
        got = 0
        try:
            with web.stream(url, start=start, same=begun.same) as (status, headers, blocks):
                start = 0 if status == 200 else start
                total = _total(status, headers, start)
                agreed = agreed or agree(f"Download {(total - start) / 1e6:,.0f} MB from {url}?")
                if not agreed:
                    raise UsageError(
                        f"{url} is {total / 1e6:,.0f} MB and was not downloaded.",
                        "Add --yes to agree, or give the CSVs you have with --crimes.",
                    )
                if start == 0:
                    same = headers.get("ETag") or headers.get("Last-Modified") or ""
                    write_whole(about, json.dumps(asdict(_Begun(same, total))).encode(), option="--store")
                with part.open("ab" if start else "wb") as out:
                    for block in blocks:
                        got += _append(out, block, part)
            if start + got == total:
                break
            raise UnusableError(Saw.CUT)
        except UnusableError as error:
            tried = 1 if got else tried + 1
            if error.saw is Saw.ABSENT:
                raise AbsentError(f"{url} is not there (404).") from None
            if error.saw is Saw.NO_PART:
                # Not the part that was asked for: begin again.
                part.unlink(missing_ok=True)
            if tried >= TRIES:
                raise SourceError(
                    f"{url} cannot be downloaded: {error.detail}, {tried} times. What came is kept.",
                    "Run the command again: it goes on where it was.",
                ) from None
            web.wait_after(tried)
    replace_patiently(part, target)
    about.unlink(missing_ok=True)


def _append(out: BinaryIO, block: bytes, part: Path) -> int:
    try:
        return out.write(block)
    except OSError as error:
        raise DiskError(
            f"{part} cannot be written: {error.strerror}.", "Free some space or choose another --store."
        ) from None


def _read_begun(about: Path) -> _Begun:
    try:
        return _Begun(**parse.of_json(about.read_bytes()))
    except (OSError, ValueError, TypeError):
        return _Begun()


def _total(status: int, headers: Mapping[str, str], start: int) -> int:
    """Return the size of the whole file, of the headers of an answer that begins at byte `start`."""
    try:
        if status == 200:
            return int(headers["Content-Length"])
        span, _, total = headers["Content-Range"].removeprefix("bytes ").partition("/")
        if int(span.split("-")[0]) != start:
            raise ValueError(span)
        return int(total)
    except (KeyError, ValueError):
        raise UnusableError(Saw.NO_PART, "no size, or another part than was asked for") from None
