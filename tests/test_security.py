"""What other people's files and names can do to the computer, its terminal and its files: nothing."""

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import csv_text, page_of, row
from fuzz_targets import areas_geojson, areas_table

import sacmap
from sacmap.areas.boundaries import read_areas
from sacmap.cli import sacmap as command
from sacmap.errors import DiskError, InputError, SacmapError, UsageError
from sacmap.files.study_file import read_study
from sacmap.files.write import write_whole
from sacmap.publish.page import render
from sacmap.study import make_study

ESCAPES = "\x1b[2J\x1b]0;owned\x07\r\b\x9b31m\u202egnp.exe"
PERIODS = {"current": "2018-07", "baseline": "2017-07"}

VIRTUAL = """<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer>
</OGRVRTDataSource>"""
KML = """<?xml version="1.0"?><!DOCTYPE kml [{}]><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Placemark><name>&a;</name><Polygon><outerBoundaryIs><LinearRing><coordinates>0,52 0.01,52 0.01,52.01 0,52
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"""
LAUGHS = '<!ENTITY z "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in zip("zhgfedcb", "hgfedcba", strict=True)
)


@pytest.mark.parametrize("name", ["a.kml", "a.gpkg", "a.shp", "a.parquet", "a.vrt", "a.txt"])
def test_a_boundary_file_cannot_make_the_library_read_another_file(tmp_path, name):
    secret = tmp_path / "secret.geojson"
    secret.write_bytes(areas_geojson())
    (tmp_path / name).write_text(VIRTUAL.format(secret))
    with pytest.raises(InputError, match="is a VRT recipe, which names other files"):
        read_areas(tmp_path / name)


@pytest.mark.parametrize("entities", ['<!ENTITY a SYSTEM "file:///etc/passwd">', LAUGHS])
def test_kml_cannot_define_entities(tmp_path, entities):
    path = tmp_path / "a.kml"
    path.write_text(KML.format(entities))
    with pytest.raises(InputError, match="is XML with a document type"):
        read_areas(path)


def test_a_coordinate_system_is_a_name_and_never_a_file(tmp_path):
    whole = json.loads(areas_geojson())
    whole["crs"] = {"type": "name", "properties": {"name": f"+proj=longlat +nadgrids={tmp_path}/grid.gsb"}}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(whole))
    with pytest.raises(InputError, match="names a file, and none is opened for it"):
        read_areas(path)


def test_half_a_character_in_a_name_is_a_told_error_and_no_half_written_page(tmp_path):
    path = tmp_path / "a.geojson"
    whole = areas_geojson()
    in_utf_16 = whole.decode().replace('"Ash"', r'"\ud800"').encode("utf-16")
    for half in (whole.replace(b'"Ash"', rb'"\ud800"'), in_utf_16):
        path.write_bytes(half)
        with pytest.raises(InputError, match="is not readable JSON"):
            read_areas(path)
    path.write_bytes(whole.replace(b'"Ash"', rb'"\ud83d\ude00"'))
    assert "😀" in list(read_areas(path)["name"])


def test_no_escape_sequence_of_a_name_reaches_the_terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = areas_table()
    table["name"] = ESCAPES
    Path("a.geojson").write_text(table.to_json(), encoding="utf-8")
    rows = [
        row(month, kind, "0.005000", "52.005000", street=f'"{ESCAPES}"', force=f'"Kent {ESCAPES}"')
        for month in ("2017-07", "2018-07")
        for kind in ("Burglary", f'"{ESCAPES}"')
        for _ in range(20)
    ]
    Path("a.csv").write_text(csv_text(*rows), encoding="utf-8", newline="")
    words = [
        "--crimes",
        "a.csv",
        "--boundaries",
        "a.geojson",
        "--current",
        "2018-07",
        "--baseline",
        "2017-07",
    ]
    for verb in ("map", "check"):
        said = CliRunner().invoke(command, [verb, *words, "--out", "x.html"], catch_exceptions=False)
        assert r"\x1b[2j" in said.output.lower()
        assert not set(said.output) & {"\x1b", "\x07", "\x08", "\r", "\x9b", "\u202e"}


def test_no_escape_sequence_of_an_error_reaches_the_terminal():
    error = SacmapError(f"The file holds {ESCAPES}.\nsacmap: all is well", "Mend it.")
    assert str(error).splitlines() == [error.cause, "Mend it."]
    assert not set(str(error)) & {"\x1b", "\x07", "\r", "\x9b", "\u202e"}
    assert len(SacmapError("9" * 1_000_000).cause) < 3_000


def test_only_the_console_prints():
    folder = Path(sacmap.__file__).parent
    prints = re.compile(r"click\.(echo|secho)\(|(?<!>>> )\bprint\(|\bstd(out|err)\.write\(")
    others = {path.name for path in folder.rglob("*.py") if prints.search(path.read_text(encoding="utf-8"))}
    # The bar holds numbers and words of ours only.
    assert others <= {"terminal.py", "size_child.py", "gdal_child.py"}


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)//{z}/{x}/{y}",
        "http://tiles.example.org/{z}/{x}/{y}.png",
        "https://a; script-src *//{z}/{x}/{y}.png",
        "https://a' 'unsafe-inline/{z}/{x}/{y}",
        "https://user:word@tiles.example.org/{z}/{x}/{y}",
        "//tiles.example.org/{z}/{x}/{y}",
    ],
)
def test_the_address_of_tiles_cannot_loosen_the_page_s_rules(address):
    with pytest.raises(UsageError, match="is not an https address"):
        make_study({**PERIODS, "tiles": address})


def test_with_tiles_the_page_may_load_pictures_from_there_and_nothing_else():
    from dataclasses import replace

    study = make_study({**PERIODS, "tiles": "https://{s}.tiles.example.org/{z}/{x}/{y}.png?key={key}"})
    html = render(replace(page_of(), tiles=study.tiles, tiles_key="' onload=alert(1)"))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.replace("&#39;", "'").split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: https://*.tiles.example.org"
    assert all(source.startswith("'sha256-") for source in rules["script-src"].split())


def test_the_page_allows_only_its_own_scripts_and_no_address():
    html = render(page_of())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1].replace(
        "&#39;", "'"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("key", ["crimes", "boundaries", "title", "out"])
def test_a_control_character_in_a_study_is_refused(tmp_path, key):
    file = tmp_path / "a.toml"
    file.write_text(f'current = "2018-07"\nbaseline = "2017-07"\n{key} = "a\\u0000b"\n')
    with pytest.raises(UsageError, match="has a control character"):
        make_study(read_study(file))


@pytest.mark.parametrize("key", ["crimes", "boundaries", "households", "out"])
@pytest.mark.parametrize("text", ["9" * 300, "a/" * 2_000 + "b"])
def test_a_path_too_long_for_any_system_is_refused(tmp_path, key, text):
    file = tmp_path / "a.toml"
    file.write_text(f'current = "2018-07"\nbaseline = "2017-07"\n{key} = "{text}"\n')
    with pytest.raises(UsageError, match="too long for a path"):
        make_study(read_study(file))


@pytest.mark.parametrize("key", ["crimes", "boundaries", "households", "context"])
def test_an_empty_path_is_refused_and_is_not_the_current_folder(tmp_path, key):
    given = {"current": "2018-07", "baseline": "2017-07"}
    file = tmp_path / "a.toml"
    file.write_text("".join(f'{name} = "{text}"\n' for name, text in (given | {key: " "}).items()))
    with pytest.raises(UsageError, match=f"The {key} path is empty"):
        read_study(file)
    with pytest.raises(UsageError, match=f"The {key} path is empty"):
        make_study(given | {key: ""})
    with pytest.raises(UsageError, match="The crimes path is empty"):
        sacmap.read_crimes("")
    with pytest.raises(UsageError, match="The boundaries path is empty"):
        read_areas("")
    done = CliRunner().invoke(command, ["evaluate", str(tmp_path), "--after", "2018-08"])
    assert "is a folder" in str(done.exception)


@pytest.mark.skipif(sys.platform == "win32", reason="making a link needs a right there")
def test_a_link_planted_on_a_shared_drive_is_replaced_and_never_written_through(tmp_path):
    import os

    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    page = tmp_path / "page.html"
    page.symlink_to(mine)
    (tmp_path / f"page.html.{os.getpid()}.part").symlink_to(mine)
    write_whole(page, b"page")
    assert mine.read_text() == "mine"
    assert not page.is_symlink()
    assert page.read_bytes() == b"page"


def test_a_folder_in_the_place_of_a_file_is_a_told_error(tmp_path):
    (tmp_path / "page.html").mkdir()
    with pytest.raises(DiskError, match="cannot be written"):
        write_whole(tmp_path / "page.html", b"page", wait=lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
