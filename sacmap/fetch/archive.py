"""The monthly archive. Of its 1.6 GB, only the files of one force are fetched, by HTTP Range.

The directory at the end of the ZIP is read first, then the members needed, adjacent ones in one request. Each member is
decompressed, which checks its CRC, and stored as a ZIP of its own. If the server does not give parts of a file, the
archive is downloaded as a whole, after asking; an interrupted download continues later.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from sacmap import months
from sacmap.errors import SourceError
from sacmap.fetch.csv_files import is_too_large, name_in_zip
from sacmap.fetch.remote import RemoteFile, download_whole
from sacmap.fetch.request import quoted
from sacmap.fetch.store import Store, StoredAnswer
from sacmap.fetch.web import BY_HAND, AbsentError, ForbiddenError, NoPartError, Web
from sacmap.files.text import parse_json
from sacmap.forces import TRANSPORT_SLUG
from sacmap.redaction import redacted

#: The number of months in an archive. Its name is the last of them.
SPAN = 36
#: Members at most this many bytes apart are read in one request, up to this size.
_GAP, _REQUEST = 4096, 8 << 20
_RESTARTS = 3
_PREFIX = "archive-"


def fewest(wanted: Collection[str]) -> list[tuple[str, ...]]:
    """Group months so that one archive has all months of a group, in as few groups as possible."""
    groups: list[list[str]] = []
    for month in sorted(wanted):
        if groups and months.number(month) - months.number(groups[-1][0]) < SPAN:
            groups[-1].append(month)
        else:
            groups.append([month])
    return [tuple(group) for group in groups]


def candidates(group: Sequence[str], latest: str | None) -> list[str]:
    """Return the archives that have a group of months, newest first, because it also has late publications.

    `latest` is the latest month published, if known.
    """
    newest = months.shift(group[0], SPAN - 1)
    if latest is not None:
        newest = max(min(newest, latest), group[-1])
    return [months.label(n) for n in range(months.number(newest), months.number(group[-1]) - 1, -1)]


class Archive:
    """The archive of data.police.uk, with the store; without `web`, of the store alone.

    `base` is the address of the folder of the archives. `agree` is called with a question before a whole archive is
    downloaded, `say` with messages about what will be fetched.
    """

    def __init__(
        self,
        web: Web | None,
        store: Store,
        base: str,
        *,
        agree: Callable[[str], bool],
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.web = web
        self.store = store
        self.base = base.rstrip("/")
        self._agree = agree
        self._say = say

    def members(self, force: str, month: str) -> list[StoredAnswer] | None:
        """Return the stored files of a month: the force's, then British Transport Police's.

        Files that the archive does not have are left out. Return None if the store does not know the month.
        """
        for name in self._directories():
            listed = self._listed(name) if _name_covers(name, month) else None
            if listed is None:
                continue
            found = [
                self.store.get(_question(one, month), f"{_PREFIX}{name}")
                for one in _forces(force)
                if _file(one, month) in listed
            ]
            if all(found):
                return [kept for kept in found if kept is not None]
        return None

    def fetch(
        self,
        force: str,
        wanted: Collection[str],
        *,
        latest: str | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Fetch the files of a force and of British Transport Police for the months that the store does not know.

        Raises
        ------
        SourceError
            If an archive cannot be reached, or a member is damaged.
        UsageError
            If a whole archive is needed and the user did not agree.
        """
        for group in fewest([month for month in wanted if self.members(force, month) is None]):
            if self.web is None:
                raise SourceError(
                    f"The store {self.store.folder} does not have {force} for {months.in_words(group[0])}.",
                    f"Run it once without --offline. {BY_HAND}",
                )
            self._fetch_group(self.web, force, group, candidates(group, latest), progress)

    def _fetch_group(
        self,
        web: Web,
        force: str,
        group: Sequence[str],
        names: Sequence[str],
        progress: Callable[[str], None],
    ) -> None:
        refused = False
        for name in names:
            url = f"{self.base}/{quoted(name)}.zip"
            try:
                try:
                    self._by_range(web, url, name, force, group)
                except NoPartError as error:
                    self._say(f"{error.cause} It must be downloaded completely.")
                    self._by_whole(web, url, name, force, group)
            except AbsentError:
                continue
            except ForbiddenError:
                # File stores answer so for a missing file, and web filters for one that they block.
                refused = True
                continue
            for month in group:
                progress(f"{month} archive")
            return
        or_refused = ", or access was refused (403)" * refused
        raise SourceError(
            f"No archive that has {months.span_in_words(tuple(group))} was found at "
            f"{redacted(self.base)}{or_refused}, so {force} cannot be fetched.",
            "Check --archive-url"
            + " and what the network lets through" * refused
            + ", or download the CSVs and give them with --crimes.",
        )

    def _by_range(self, web: Web, url: str, name: str, force: str, group: Sequence[str]) -> None:
        for restart in range(_RESTARTS):
            remote = RemoteFile(web, url)
            try:
                with _opened(remote, name) as archive:
                    wanted = self._wanted(archive, name, force, group, again=restart > 0)
                    spans = _spans(archive, wanted)
                    size = sum(end - start for start, end, _ in spans)
                    self._say(
                        f"Archive {name}: {len(wanted)} files, {size / 1e6:,.1f} of {remote.size / 1e6:,.1f} MB, "
                        f"in {len(spans)} requests."
                    )
                    for start, end, infos in spans:
                        remote.load(start, end)
                        for info in infos:
                            self._keep(archive, info, name)
            except (NoPartError, zipfile.BadZipFile, zlib.error) as error:
                # The archive was replaced, or a transfer was damaged: start again from the directory.
                if restart == _RESTARTS - 1:
                    raise _plain(error, name) from None
            else:
                return

    def _by_whole(self, web: Web, url: str, name: str, force: str, group: Sequence[str]) -> None:
        target = self.store.folder / "archives" / f"{name}.zip"
        if not target.is_file():
            download_whole(web, url, target, self._agree)
        try:
            with _opened(target, name) as archive:
                for info in self._wanted(archive, name, force, group):
                    self._keep(archive, info, name)
        except (zipfile.BadZipFile, zlib.error) as error:
            target.unlink(missing_ok=True)
            raise _plain(error, name) from None

    def _wanted(
        self, archive: zipfile.ZipFile, name: str, force: str, group: Sequence[str], *, again: bool = False
    ) -> list[zipfile.ZipInfo]:
        """Store the directory. Return the members to fetch: those not stored yet, or all if `again`."""
        by_file = {name_in_zip(info.filename).lower(): info for info in archive.infolist()}
        street = sorted(file for file in by_file if file.endswith("-street.csv"))
        question = {"kind": "archive-directory", "of": name}
        self.store.put(question, f"{_PREFIX}{name}", json.dumps(street).encode())
        found = []
        for month in group:
            for one in _forces(force):
                info = by_file.get(_file(one, month))
                kept = self.store.get(_question(one, month), f"{_PREFIX}{name}")
                if info is not None and (again or kept is None):
                    _require_real(info, name)
                    found.append(info)
        return found

    def _keep(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> None:
        """Decompress a member, which checks its CRC, and store it as a ZIP of its own."""
        try:
            content = archive.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise zipfile.BadZipFile(f"{info.filename}: {error}") from None
        file = name_in_zip(info.filename).lower()
        month, one = file[:7], file[8 : -len("-street.csv")]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as small:
            # A fixed date, so that the same content is the same bytes.
            small.writestr(zipfile.ZipInfo(f"{month}/{file}"), content, zipfile.ZIP_DEFLATED)
        self.store.put(_question(one, month), f"{_PREFIX}{name}", out.getvalue())

    def _directories(self) -> list[str]:
        names = (name.removeprefix(_PREFIX) for name in self.store.publications() if name.startswith(_PREFIX))
        return [name for name in names if months.is_month(name)]

    def _listed(self, name: str) -> list[str] | None:
        kept = self.store.get({"kind": "archive-directory", "of": name}, f"{_PREFIX}{name}")
        try:
            files = None if kept is None else parse_json(kept.body)
        except ValueError:
            return None
        return [str(file) for file in files] if isinstance(files, list) else None


def _name_covers(name: str, month: str) -> bool:
    """Whether the archive with this name has a month."""
    return 0 <= months.number(name) - months.number(month) < SPAN


def _forces(force: str) -> tuple[str, ...]:
    return (force,) if force == TRANSPORT_SLUG else (force, TRANSPORT_SLUG)


def _file(force: str, month: str) -> str:
    return f"{month}-{force}-street.csv"


def _question(force: str, month: str) -> dict[str, str]:
    return {"kind": "archive-member", "of": month, "force": force}


def _plain(error: Exception, name: str) -> Exception:
    if isinstance(error, NoPartError):
        return error
    return SourceError(
        f"The archive {name} is damaged: {error}.", "Run the command again; if it stays, use another month's."
    )


def _opened(file: Path | io.RawIOBase, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise zipfile.BadZipFile(f"{name}.zip is not a complete ZIP ({error})") from None


def _require_real(info: zipfile.ZipInfo, name: str) -> None:
    """Refuse an encrypted or unrealistically large member before it is read."""
    if info.flag_bits & 1:
        raise SourceError(f"{info.filename} in the archive {name} is encrypted.", "Check --archive-url.")
    if is_too_large(info):
        raise SourceError(
            f"{info.filename} in the archive {name} would have {info.file_size:,} bytes when decompressed, "
            "more than any real month.",
            "Check --archive-url.",
        )


def _spans(
    archive: zipfile.ZipFile, wanted: Iterable[zipfile.ZipInfo]
) -> list[tuple[int, int, list[zipfile.ZipInfo]]]:
    """Return the (start, end, members) of each request, with adjacent members in one request.

    A BadZipFile if the directory puts a member where there is none: before the file, or after the directory.
    """
    starts = sorted({info.header_offset for info in archive.infolist()} | {archive.start_dir})
    after = dict(zip(starts, [*starts[1:], archive.start_dir], strict=True))
    spans: list[tuple[int, int, list[zipfile.ZipInfo]]] = []
    for info in sorted(wanted, key=lambda one: one.header_offset):
        start, end = info.header_offset, after[info.header_offset]
        if not 0 <= start < end <= archive.start_dir:
            raise zipfile.BadZipFile(f"{info.filename} lies outside it")
        if spans and start - spans[-1][1] <= _GAP and end - spans[-1][0] <= _REQUEST:
            spans[-1] = (spans[-1][0], end, [*spans[-1][2], info])
        else:
            spans.append((start, end, [info]))
    return spans
