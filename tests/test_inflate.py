import random
import struct
import zipfile

import pytest
from conftest import csv_text, row
from hypothesis import given
from hypothesis import strategies as st

from sacmap.errors import InputError
from sacmap.fetch.csv_files import inflated
from sacmap.fetch.street import read_crimes

NAME = "2018-10/2018-10-northamptonshire-street.csv"


def archive_of(path, content, method=zipfile.ZIP_DEFLATED, before=b""):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("before.txt", before)
        archive.writestr(NAME, content)
    return path


def info_of(path):
    with zipfile.ZipFile(path) as archive:
        return archive.getinfo(NAME)


def in_directory(path, offset, value):
    """Change four bytes of the member's entry in the ZIP's directory, which comes last."""
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02") + offset
    raw[at : at + 4] = struct.pack("<I", value)
    path.write_bytes(raw)


@given(content=st.binary(max_size=2000), times=st.sampled_from([1, 7, 900]), before=st.binary(max_size=50))
def test_a_member_inflates_to_what_was_put_in(tmp_path_factory, content, times, before):
    path = archive_of(tmp_path_factory.mktemp("zip") / "a.zip", content * times, before=before)
    assert inflated(path, info_of(path)) == content * times


@pytest.mark.slow
def test_every_member_of_the_real_archives_is_what_zipfile_gives(data):
    paths = sorted(data.glob("*.zip"))
    assert paths
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.compress_type == zipfile.ZIP_DEFLATED:
                    assert inflated(path, info) == archive.read(info)


def test_a_zip_with_something_before_it_reads_the_same(tmp_path):
    path = archive_of(tmp_path / "a.zip", csv_text(row(), row(kind="Robbery")))
    path.write_bytes(b"#!/bin/sh\nexit\n" + path.read_bytes())
    assert list(read_crimes(path)["crime_type"]) == ["burglary", "robbery"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_packed_another_way_is_left_to_zipfile_and_reads_the_same(tmp_path, method):
    path = archive_of(tmp_path / "a.zip", csv_text(row(), row(kind="Robbery")), method)
    assert inflated(path, info_of(path)) is None
    assert list(read_crimes(path)["crime_type"]) == ["burglary", "robbery"]


@pytest.mark.parametrize(("what", "offset"), [("CRC", 16), ("size inflated", 24)])
def test_f46_a_member_that_is_not_what_the_directory_says_is_damaged(tmp_path, what, offset):
    content = csv_text(*[row()] * 200)
    path = archive_of(tmp_path / "a.zip", content)
    in_directory(path, offset, len(content) - 300 if offset == 24 else 12345)
    with pytest.raises(InputError, match=r"northamptonshire-street\.csv is damaged.*\n?.*"):
        read_crimes(path)


@pytest.mark.slow
def test_f46_any_damage_is_told_or_does_not_matter(tmp_path):
    content = csv_text(*[row(kind=kind) for kind in ("Burglary", "Robbery", "Drugs")] * 40)
    whole = archive_of(tmp_path / "a.zip", content).read_bytes()
    expected = read_crimes(tmp_path / "a.zip")
    chance = random.Random(8)
    for at in chance.sample(range(len(whole)), 300):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << chance.randrange(8)
        (tmp_path / "b.zip").write_bytes(damaged)
        try:
            found = read_crimes(tmp_path / "b.zip")
        except InputError:
            continue
        assert found.equals(expected), at
