"""A restricted extract: whatever is run on it, the store holds nothing of it, and its outputs are its owner's."""

import gzip
import io
import sys
import zipfile
import zlib

import pytest
from crime_inputs import AREAS, CODES, TO_METRES, Made, table, write_areas
from fuzz_targets import home_office_csv
from police_uk import Police, serve

pytestmark = pytest.mark.slow

MONTHS = [f"{year}-{month:02d}" for year in (2017, 2018) for month in (4, 5, 6)]
STUDY = """
crimes = "extract.csv"
boundaries = "areas.geojson"
current = "2018-04:2018-06"
baseline = "2017-04:2017-06"
comparator = "none"
[extract]
date_format = "%d/%m/%Y"
[extract.columns]
month = "Date"
offence = "HO Code"
easting = "X"
northing = "Y"
id = "Crime Ref"
"""
COMMANDS = {
    "map": ["map", "study.toml", "--also", "xlsx,gpkg", "--out", "out/map.html"],
    "check": ["check", "study.toml"],
    "plan": ["plan", "study.toml", "--areas", "1", "--out", "out/plan.json"],
    "reconcile": ["reconcile", "study.toml", "--home-office", "official.csv", "--area-name", "Northamptonshire",
                  "--out", "out/official.csv"],
}  # fmt: skip


def extracted():
    """Rows of an extract, each with a reference and a place that nothing else has."""
    rows = []
    for month in MONTHS:
        for lon, lat in AREAS.values():
            for n in range(20):
                x, y = TO_METRES.transform(lon + n * 1e-5, lat + n * 1e-4)
                rows.append(
                    {
                        "Crime Ref": f"14-{len(rows):06d}",
                        "Date": f"{1 + n:02d}/{month[5:]}/{month[:4]}",
                        "HO Code": list(CODES.values())[n % 3],
                        "X": round(x),
                        "Y": round(y),
                        "Address": f"{n} Sesame Street",
                    }
                )
    return rows


def contents(raw):
    """Bytes as they are, and what any packing in them holds."""
    yield raw
    for unpacked in (gzip.decompress, zlib.decompress, lambda packed: zlib.decompress(packed, -15)):
        for start in {0, raw.find(b"\n") + 1}:
            try:
                yield unpacked(raw[start:])
            except (OSError, EOFError, zlib.error):
                continue
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for name in archive.namelist():
                yield from contents(archive.read(name))


def holding(folder, words):
    """The files below a folder that hold any of the words, packed or not, in their bytes or their names."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [
        path.name
        for path in files
        if any(word in part for part in (path.name.encode(), *contents(path.read_bytes())) for word in words)
    ]


def test_words_are_found_however_they_are_packed(tmp_path):
    for name, packed in {
        "a": b"ref",
        "b": gzip.compress(b"ref"),
        "c": b"{}\n" + zlib.compress(b"ref"),
    }.items():
        (tmp_path / name).write_bytes(packed)
    with zipfile.ZipFile(tmp_path / "d", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", "ref" * 100)
    (tmp_path / "e").write_bytes(b"other")
    assert sorted(holding(tmp_path, [b"ref"])) == ["a", "b", "c", "d"]


def test_f58_whatever_is_run_on_an_extract_the_store_holds_nothing_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_areas()
    rows = extracted()
    (tmp_path / "extract.csv").write_text(table(rows))
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "official.csv").write_bytes(home_office_csv())
    police = Police(latest="2018-06")
    police.neighbourhoods["northamptonshire"] = {"A": ("Ash", [(-1.5, 53.3), (-1.4, 53.3), (-1.4, 53.5)])}
    with serve(police) as base:
        online = ["--store", "store", "--api-url", f"{base}/api"]
        # Not an empty store: an answer of police.uk is in it.
        assert Made("x", ["boundaries", "northamptonshire", *online]).error == ""
        for words in COMMANDS.values():
            made = Made("x", [*words, *online])
            assert made.error == "", words
    its_own = [*{str(row[name]).encode() for row in rows for name in ("Crime Ref", "X", "Y", "Address")}]
    its_own += [f"{lon + n * 1e-5:.4f}".encode() for lon, _ in AREAS.values() for n in range(0, 20, 10)]
    assert holding(tmp_path / "store", [b"Ash"])
    assert "extract.csv" in holding(tmp_path, its_own)
    assert holding(tmp_path / "store", its_own) == []
    assert holding(tmp_path / "out", [b"14-0000", b"Sesame"]) == []
    for path in (tmp_path / "out").iterdir():
        if sys.platform != "win32":
            assert path.stat().st_mode & 0o777 == 0o600, path
    assert {path.suffix for path in (tmp_path / "out").iterdir()} >= {
        ".html",
        ".csv",
        ".json",
        ".xlsx",
        ".gpkg",
    }
