"""The monthly archive by Range: only what is needed, checked, and whole when it must be."""

import io
import random
import threading
import zipfile

import pytest
from conftest import csv_text, row
from police_uk import Handler, Police, archive_zip, serve, web

from sacmap.errors import SourceError, UsageError
from sacmap.fetch.archive import Archive, candidates, fewest
from sacmap.fetch.remote import download_whole
from sacmap.fetch.store import Store
from sacmap.fetch.street import read
from sacmap.fetch.web import Web
from sacmap.months import span

FORCES = ["northamptonshire", "btp", *[f"force-{n}" for n in range(39)]]
MONTHS = span("2018-10:2019-02")


def text_of(force, month, rows=120):
    """A street file with rows that do not compress to nothing."""
    luck = random.Random(f"{force} {month}")
    name = {"northamptonshire": "Northamptonshire Police", "btp": "British Transport Police"}.get(
        force, force
    )
    return csv_text(
        *[
            row(month, "Burglary", f"{-1 + luck.random():.6f}", f"{52 + luck.random():.6f}", force=name,
                crime_id=f"{luck.getrandbits(256):064x}")
            for _ in range(rows)
        ]
    )  # fmt: skip


def members(forces=FORCES, months=MONTHS, rows=120):
    found = {}
    for month in months:
        for force in sorted(forces):
            found[f"{month}/{month}-{force}-outcomes.csv"] = f"Crime ID\r\n{month}{force}\r\n"
            found[f"{month}/{month}-{force}-street.csv"] = text_of(force, month, rows)
    return found


@pytest.fixture(scope="module")
def whole():
    return archive_zip(members())


@pytest.fixture
def police(clock, whole):
    police = Police(clock=clock)
    police.archives = {"2019-02.zip": whole}
    return police


@pytest.fixture
def url(police):
    with serve(police) as base:
        yield f"{base}/archive"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def said():
    return []


@pytest.fixture
def archive(url, store, clock, said):
    def agree(text):
        said.append(text)
        return True

    with web(clock) as client:
        yield Archive(client, store, url, agree=agree, say=said.append)


def rows_of(archive, month, force="northamptonshire"):
    return read([str(kept.path) for kept in archive.members(force, month)]).crimes


def test_one_force_of_41_costs_at_most_a_tenth_of_the_bytes(archive, police, whole, said):
    archive.fetch("northamptonshire", MONTHS, latest="2024-03")
    assert police.sent <= len(whole) / 10
    for month in MONTHS:
        crimes = rows_of(archive, month)
        assert set(crimes["force"]) == {"Northamptonshire Police", "British Transport Police"}
        assert len(crimes) == 240
    assert any("10 files" in text for text in said)


def test_a_rerun_makes_no_request_and_another_force_only_its_own(archive, police):
    archive.fetch("northamptonshire", MONTHS)
    made, sent = len(police.paths), police.sent
    archive.fetch("northamptonshire", MONTHS)
    assert len(police.paths) == made
    archive.fetch("force-7", MONTHS)
    assert police.sent - sent < sent


def test_a_member_the_archive_does_not_hold_is_known_and_not_asked_again(archive, police):
    gone = {name: text for name, text in members().items() if "2019-01-northamptonshire-street" not in name}
    police.archives["2019-02.zip"] = archive_zip(gone)
    archive.fetch("northamptonshire", MONTHS)
    made = len(police.paths)
    archive.fetch("northamptonshire", MONTHS)
    assert len(police.paths) == made
    assert set(rows_of(archive, "2019-01")["force"]) == {"British Transport Police"}


def test_a_month_of_which_nothing_is_there_is_known_too(archive, police):
    police.archives["2019-02.zip"] = archive_zip(members(months=MONTHS[1:], rows=3))
    archive.fetch("northamptonshire", MONTHS)
    assert archive.members("northamptonshire", "2018-10") == []
    police.archives["2015-12.zip"] = archive_zip({"readme.txt": "no street file at all"})
    archive.fetch("northamptonshire", ["2015-12"], latest="2015-12")
    assert archive.members("northamptonshire", "2015-12") == []
    made = len(police.paths)
    archive.fetch("northamptonshire", ["2015-12"], latest="2015-12")
    archive.fetch("northamptonshire", MONTHS)
    assert len(police.paths) == made


@pytest.mark.parametrize(
    ("wanted", "groups"),
    [
        (["2014-04:2017-03"], [("2014-04", "2017-03")]),
        (["2014-03:2017-03"], [("2014-03", "2017-02"), ("2017-03", "2017-03")]),
        (["2011-07", "2014-06", "2014-07"], [("2011-07", "2014-06"), ("2014-07", "2014-07")]),
        (["2012-01:2012-03", "2018-01:2018-03"], [("2012-01", "2012-03"), ("2018-01", "2018-03")]),
        ([], []),
    ],
)
def test_the_fewest_archives_that_cover_the_months_are_chosen(wanted, groups):
    every = [month for text in wanted for month in span(text)]
    assert [(group[0], group[-1]) for group in fewest(every)] == groups


def test_of_the_archives_that_hold_a_month_the_newest_there_is_is_asked():
    assert candidates(("2018-10", "2019-02"), None) == [f"{m}" for m in reversed(span("2019-02:2021-09"))]
    assert candidates(("2018-10", "2019-02"), "2019-04") == ["2019-04", "2019-03", "2019-02"]
    assert candidates(("2018-10", "2019-02"), "2018-12") == ["2019-02"]


def test_an_archive_a_server_forbids_counts_as_not_there(archive, police):
    police.fault = lambda number, path: None if "2019-02" in path else "403"
    archive.fetch("northamptonshire", MONTHS)
    assert len(rows_of(archive, "2018-10")) == 240


def test_no_archive_at_all_says_so(archive, police):
    police.archives = {}
    with pytest.raises(SourceError, match="No archive that has October 2018 to February 2019") as told:
        archive.fetch("northamptonshire", MONTHS)
    assert "--crimes" in told.value.remedy


def test_offline_says_what_the_store_lacks(archive, store, url):
    archive.fetch("northamptonshire", MONTHS)
    offline = Archive(None, store, url, agree=lambda _: False)
    offline.fetch("northamptonshire", MONTHS)
    assert len(rows_of(offline, "2018-10")) == 240
    with pytest.raises(SourceError, match="does not have force-3 for October 2018"):
        offline.fetch("force-3", MONTHS)


@pytest.mark.parametrize("mode", ["whole", "wrong"])
def test_f18_without_range_or_with_a_wrong_one_it_is_downloaded_whole(archive, police, whole, said, mode):
    police.archive_mode = mode
    archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    assert len(rows_of(archive, "2018-12")) == 240
    assert any(text.startswith("Download ") for text in said)
    assert police.sent >= len(whole)
    made = len(police.paths)
    archive.fetch("force-1", MONTHS)
    assert len(police.paths) - made <= 1 + 31


def test_f18_a_whole_download_goes_on_where_it_was_cut(archive, police, whole, store):
    police.archive_mode = "wrong"
    cuts = iter(range(3))

    def cut(handler, name):
        """Answer plainly, but hang up after half of what is asked for, three times."""
        start = int((handler.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0] or 0)
        body = whole[start:]
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", '"one"')
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        handler.end_headers()
        end = len(body) // 2 if next(cuts, None) is not None else len(body)
        # Before it is sent: what has come may be looked at before this thread goes on.
        police.sent += end
        handler.wfile.write(body[:end])
        handler.close_connection = end < len(body)

    police.archive_handler = cut
    target = store.folder / "a.zip"
    download_whole(archive.web, f"{archive.base}/2019-02.zip", target, lambda _: True)
    assert target.read_bytes() == whole
    assert police.sent == len(whole)
    assert [p.name for p in store.folder.iterdir()] == ["a.zip"]


def cut_after(content, etag, kept):
    """A handler that sends the first bytes of a file, and hangs up; nothing at all when it is asked again."""
    sent = []

    def cut(handler, name):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.send_header("ETag", etag)
        handler.end_headers()
        handler.wfile.write(b"" if sent else content[:kept])
        sent.append(name)
        handler.close_connection = True

    return cut


def test_f18_another_file_by_now_is_downloaded_from_its_start(archive, police, store):
    target, address = store.folder / "a.zip", f"{archive.base}/2019-02.zip"
    police.archive_handler = cut_after(b"of an older file" * 100, '"zero"', 900)
    with pytest.raises(SourceError, match="What has come is kept"):
        download_whole(archive.web, address, target, lambda _: True)
    assert not target.exists()
    police.archive_handler = None
    download_whole(archive.web, address, target, lambda _: True)
    assert target.read_bytes() == police.archives["2019-02.zip"]
    assert [p.name for p in store.folder.iterdir()] == ["a.zip"]


def test_f57_several_downloads_of_one_archive_into_one_store_all_end_whole(police, url, store, whole):
    target, failed = store.folder / "archives" / "2019-02.zip", []
    police.archive_mode = "whole"
    # None has ended when the last begins.
    together = threading.Barrier(6, timeout=60)

    def run():
        try:
            with Web(per_second=1e6) as client:
                download_whole(client, f"{url}/2019-02.zip", target, lambda _: together.wait() >= 0)
            assert target.read_bytes() == whole
        except (Exception, SystemExit) as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [p.name for p in target.parent.iterdir()] == ["2019-02.zip"]


def test_f57_no_run_goes_on_with_the_part_of_one_that_lives(archive, police, store, whole):
    """Another run has the whole file while this one waits to ask again: that one is used."""
    target, address = store.folder / "a.zip", f"{archive.base}/2019-02.zip"
    cut = cut_after(whole, '"one"', 1000)

    def meanwhile(handler, name):
        cut(handler, name)
        if not target.exists():
            police.archive_handler = None
            download_whole(web(police.clock), address, target, lambda _: True)

    police.archive_handler = meanwhile
    download_whole(archive.web, address, target, lambda _: True)
    assert target.read_bytes() == whole
    assert [p.name for p in store.folder.iterdir()] == ["a.zip"]


def test_an_archive_handed_on_to_a_file_store_is_followed_there(archive, police, whole):
    police.archive_handler = Handler.handed_on
    archive.fetch("northamptonshire", MONTHS)
    assert police.sent <= len(whole) / 10
    assert [len(rows_of(archive, month)) for month in MONTHS] == [240] * 5
    assert "/archive/store/2019-02.zip" in police.paths


def test_archives_that_are_refused_are_told_as_that(archive, police):
    police.fault = lambda number, path: "403"
    with pytest.raises(SourceError, match=r"or access was refused \(403\)") as told:
        archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    assert "what the network lets through" in told.value.remedy


def test_a_whole_archive_handed_on_is_downloaded_from_there(archive, police, whole):
    police.archive_handler, police.archive_mode = Handler.handed_on, "whole"
    archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    assert [len(rows_of(archive, month)) for month in MONTHS] == [240] * 5


@pytest.mark.parametrize(
    "onward", ["http://login.example/portal", "/archive/portal", "/archive/", "https://[x/"]
)
def test_f10_an_archive_redirected_to_a_sign_in_page_is_told_as_one(archive, police, onward):
    def portal(handler, name):
        if name == "portal":
            handler.answer(200, b"<!doctype html><title>Sign in</title>", "text/html")
        else:
            handler.answer(302, b"", Location=onward)

    police.archive_handler = portal
    with pytest.raises(SourceError, match="a redirect to ") as told:
        archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    assert "sign-in page" in told.value.remedy


def test_f18_a_file_that_changes_between_two_reads_is_begun_again(archive, police, whole):
    newer = archive_zip(members(rows=121))
    reads = []

    def change(number, path):
        reads.append(path)
        if len(reads) == 4:
            police.archives["2019-02.zip"] = newer
            police.etags["2019-02.zip"] = '"two"'

    police.fault = change
    archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    assert {len(rows_of(archive, month)) for month in MONTHS} == {242}


def test_f18_not_agreeing_to_a_whole_download_is_clear(police, url, store, clock):
    police.archive_mode = "whole"
    archive = Archive(web(clock), store, url, agree=lambda _: False)
    with pytest.raises(UsageError, match="was not downloaded") as told:
        archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    assert "--yes" in told.value.remedy
    assert list(store.folder.rglob("*.zip*")) == []


def test_f46_a_flipped_bit_names_the_member(archive, police, whole):
    raw = bytearray(whole)
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        info = opened.getinfo("2018-12/2018-12-northamptonshire-street.csv")
    raw[info.header_offset + 500] ^= 1
    police.archives["2019-02.zip"] = bytes(raw)
    with pytest.raises(SourceError, match="2018-12-northamptonshire-street"):
        archive.fetch("northamptonshire", MONTHS, latest="2019-02")


def test_f46_a_cut_archive_is_an_error(archive, police, whole):
    police.archives["2019-02.zip"] = whole[: len(whole) // 2]
    with pytest.raises(SourceError, match=r"2019-02\.zip is not a complete ZIP"):
        archive.fetch("northamptonshire", MONTHS, latest="2019-02")


def test_f46_an_archive_that_needs_a_version_of_zip_that_there_is_not_is_an_error(archive, police, whole):
    raw = bytearray(whole)
    raw[raw.index(b"PK\x01\x02") + 6] = 148
    police.archives["2019-02.zip"] = bytes(raw)
    with pytest.raises(SourceError, match=r"2019-02\.zip is not a complete ZIP"):
        archive.fetch("northamptonshire", MONTHS, latest="2019-02")


def test_f46_an_archive_whose_directory_points_outside_it_is_an_error(archive, police, whole):
    raw = bytearray(whole)
    at = raw.index(b"PK\x01\x02")
    while at >= 0:
        raw[at + 42 : at + 46] = (0xED000000).to_bytes(4, "little")
        at = raw.find(b"PK\x01\x02", at + 4)
    police.archives["2019-02.zip"] = bytes(raw)
    with pytest.raises(SourceError, match="lies outside it"):
        archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    assert not [path for path in police.paths if "--" in path]


def test_f47_a_bomb_and_an_encrypted_member_are_refused_before_they_are_read(archive, police):
    name = "2019-02/2019-02-northamptonshire-street.csv"
    police.archives["2019-02.zip"] = archive_zip({name: "0" * 40_000_000})
    with pytest.raises(SourceError, match="would have 40,000,000 bytes when decompressed"):
        archive.fetch("northamptonshire", ["2019-02"], latest="2019-02")
    raw = bytearray(archive_zip({name: text_of("northamptonshire", "2019-02")}))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    police.archives["2019-02.zip"] = bytes(raw)
    with pytest.raises(SourceError, match="is encrypted"):
        archive.fetch("northamptonshire", ["2019-02"], latest="2019-02")


def test_f47_a_member_named_outside_the_folder_stays_inside_the_store(archive, police, store, tmp_path):
    name = "../../../2019-02-northamptonshire-street.csv"
    police.archives["2019-02.zip"] = archive_zip({name: text_of("northamptonshire", "2019-02")})
    archive.fetch("northamptonshire", ["2019-02"], latest="2019-02")
    assert len(rows_of(archive, "2019-02")) == 120
    assert [p.name for p in tmp_path.iterdir()] == ["store"]


@pytest.mark.slow
def test_the_real_months_come_through_the_archive_as_from_the_file(archive, police, data):
    path = data / "northamptonshire-2018-10_2019-02.zip"
    police.archives["2019-02.zip"] = path.read_bytes()
    archive.fetch("northamptonshire", MONTHS, latest="2019-02")
    paths = [str(kept.path) for month in MONTHS for kept in archive.members("northamptonshire", month)]
    got, direct = read(paths), read([str(path)])
    assert got.tally.equals(direct.tally)
    columns = ["month", "force", "lon", "lat", "crime_id", "crime_type"]
    assert (
        got.crimes[columns].astype(str).sort_values(columns, ignore_index=True)
        .equals(direct.crimes[columns].astype(str).sort_values(columns, ignore_index=True))
    )  # fmt: skip
