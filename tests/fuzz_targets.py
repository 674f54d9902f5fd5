"""What is fuzzed, how inputs are made, and what must hold of each: used by test_fuzz.py and benchmarks/fuzz.py.

A target is a file that people are sent, with real examples of it, and the command that reads it. Inputs are real
examples with a few edits: bytes cut, doubled or flipped, a value put in place of another, a part of the JSON taken
out. Whatever the input, the command ends in whole files or in one of sacmap's errors.
"""

import contextlib
import copy
import csv
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import geopandas as gpd
import shapely
from conftest import HOSTILE, csv_text, row, square
from hypothesis import strategies as st

from sacmap.cli import sacmap
from sacmap.errors import SacmapError

MONTHS = ("2017-06", "2017-07", "2018-06", "2018-07")
STUDY = {"current": "2018-06:2018-07", "baseline": "2017-06:2017-07"}
KINDS = ("Burglary", "Robbery", "Vehicle crime", "Drugs")

#: Values that have broken readers somewhere: put in the place of a value, or anywhere.
ODD_TEXT = (
    *HOSTILE, "", "0", "-1", "1E400", "-1e308", "NaN", "Infinity", "-inf", "null", "true", "1" * 5_000, "9" * 400,
    "2018-13", "0000-00", "9999-12", "0001-01", "2018-06:9999-12", "٢٠١٨-٠٧", "\x00", "\x1b[2J\x1b]0;x\x07", "\r", "\n",
    '"', "'", ",", ",,,,", "\\", "\ufeff", "\ud7ff", "../../x", "C:\\x", "CON", "/dev/stdin", "%s%n", "é", "[", "]",
    "{", "}", "[]", "{}", "()", "<", ">", "&", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/hostname'>]>", "&b;",
)  # fmt: skip
TOKENS = (
    *(text.encode() for text in ODD_TEXT), b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xfe\xff", b"PK\x03\x04", b"PK\x05\x06",
    b"\x00" * 40, b"\xff\xff\xff\xff", b"\x01\x00",
)  # fmt: skip
ODD_JSON = (
    None, True, 0, -1, 0.5, 1e308, 10**400, float("nan"), float("inf"), "", "x", "NaN", "2018-13", [], {}, [[]],
    [[[]]], {"x": None}, [None], ["x"], [1, 2], {"type": "Point", "coordinates": [0, 52]}, *HOSTILE[:3],
)  # fmt: skip
DELIMITERS = b",;:=\"'<>[]{}()\n\r\t "


@dataclass(frozen=True)
class Target:
    """One kind of file: its name in the folder, real examples, and the command's words for it.

    words are given the folder with every other file whole. json says that the example can be taken apart as JSON.
    outputs are the files that the command writes, by name; none of them, or all and whole.
    """

    name: str
    examples: Callable[[Path], Sequence[bytes]]
    words: Callable[[Path], list[str]]
    json: bool = False
    outputs: tuple[str, ...] = ("out/map.html", "out/map.csv", "out/map.json")
    others: tuple[str, ...] = field(default=("crimes.csv", "areas.geojson"))


# ── the examples ──────────────────────────────────────────────────────────────────────────────────────────────────


def crimes_csv() -> bytes:
    """A street file with every quirk of the real ones, over the four areas."""
    rows = []
    for n in range(96):
        x, y = (n % 4) * 0.01 + 0.005, 52.005
        lon, lat = ("", "") if n % 19 == 0 else (f"{x:.6f}", f"{y:.6f}")
        identity = "" if n % 5 == 0 else f"{n // 2 if n % 7 == 0 else n:064x}"
        rows.append(row(MONTHS[n // 4 % 4], KINDS[n // 16 % 4], lon, lat, crime_id=identity))
    return csv_text(*rows).encode()


def areas_table() -> gpd.GeoDataFrame:
    """The four areas: two squares, one with a hole, one of two parts."""
    shapes = [
        shapely.Polygon(square(0)),
        shapely.box(0.01, 52, 0.02, 52.01) - shapely.box(0.016, 52.006, 0.018, 52.008),
        shapely.MultiPolygon([shapely.Polygon(square(2)), shapely.Polygon(square(9))]),
        shapely.Polygon(square(3)),
    ]
    return gpd.GeoDataFrame(
        {"id": ["001", "1E2", "NA", "x/y"], "name": ["Ash", "Birch", "Cedar", "Elm"], "households": [400, 500, 0, 700]},
        geometry=shapes,
        crs="EPSG:4326",
    )  # fmt: skip


def areas_geojson(crs: str = "EPSG:4326") -> bytes:
    """The areas as GeoJSON, its coordinate system declared."""
    return areas_table().to_crs(crs).to_json(show_bbox=True).encode()


def areas_as(folder: Path, kind: str, driver: str) -> bytes:
    """The areas as another format."""
    path = folder / f"example.{kind}"
    areas_table().rename(columns={"name": "Name"}).to_file(path, driver=driver)
    content = path.read_bytes()
    path.unlink()
    return content


def zip_of(content: bytes, compression: int) -> bytes:
    """A download as police.uk gives it: a folder a month, with files that are not crimes beside them."""
    out = io.BytesIO()
    lines = content.decode().splitlines(keepends=True)
    with zipfile.ZipFile(out, "w", compression) as archive:
        for month in MONTHS:
            rows = [line for line in lines[1:] if f",{month}," in line]
            archive.writestr(
                zipfile.ZipInfo(f"{month}/{month}-northamptonshire-street.csv"),
                lines[0] + "".join(rows),
                compression,
            )
            archive.writestr(zipfile.ZipInfo(f"{month}/{month}-northamptonshire-outcomes.csv"), "x")
    return out.getvalue()


STUDIES = (
    b"""
current = "2018-06:2018-07"
baseline = ["2017-06:2017-07"]
crimes = ["crimes.csv"]
boundaries = "areas.geojson"
title = "Here"
comparator = "force"
offline = true
also = []
out = "out/map.html"
""",
    b"""
current = "2018-07"
baseline = "2017-07"
crimes = "crimes.csv"
boundaries = "areas.geojson"
id-column = "id"
name_column = "name"
households-column = "households"
force = "northamptonshire"
yes = true
out = "out/map.html"
""",
)


# ── the commands ──────────────────────────────────────────────────────────────────────────────────────────────────


def map_words(folder: Path, **changed: str) -> list[str]:
    """The words of `sacmap map` over the folder's files, some of them changed."""
    given = {
        **STUDY,
        "crimes": folder / "crimes.csv",
        "boundaries": folder / "areas.geojson",
        "out": folder / "out" / "map.html",
    }
    given |= {key: folder / name if (folder / name).exists() else name for key, name in changed.items()}
    return ["map", *(word for key, value in given.items() for word in (f"--{key}", str(value)))]


TARGETS = (
    Target("crimes.csv", lambda _: [crimes_csv()], map_words, others=("areas.geojson",)),
    Target(
        "crimes.zip",
        lambda _: [zip_of(crimes_csv(), kind) for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)],
        lambda folder: map_words(folder, crimes="crimes.zip"),
    ),
    Target(
        "areas.geojson",
        lambda _: [areas_geojson(), areas_geojson("EPSG:27700")],
        map_words,
        json=True,
        others=("crimes.csv",),
    ),
    Target(
        "areas.kml",
        lambda folder: [areas_as(folder, "kml", "KML"), areas_as(folder, "kml", "LIBKML")],
        lambda folder: map_words(folder, boundaries="areas.kml"),
    ),
    Target(
        "areas.gpkg",
        lambda folder: [areas_as(folder, "gpkg", "GPKG")],
        lambda folder: map_words(folder, boundaries="areas.gpkg"),
    ),
    Target("study.toml", lambda _: STUDIES, lambda folder: ["map", str(folder / "study.toml")]),
    Target(
        "households.csv",
        lambda _: [b"area_id,households\r\n001,400\r\n1E2,500\r\nNA,1000\r\nx/y,7\r\n"],
        lambda folder: map_words(folder, households="households.csv"),
    ),
)


# ── the inputs ────────────────────────────────────────────────────────────────────────────────────────────────────

_EDIT = st.tuples(
    st.sampled_from(["value", "value", "value", "put", "drop", "double", "flip", "cut"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 200),
    st.sampled_from(TOKENS) | st.binary(max_size=6),
)


def edited(content: bytes, edits: Sequence[tuple[str, float, int, bytes]]) -> bytes:
    """Make the edits to the content, each at a share of its length."""
    for kind, share, length, token in edits:
        at = int(share * len(content))
        before, after = content[:at], content[at:]
        if kind == "put":
            content = before + token + after
        elif kind == "value":
            start = max((before.rfind(mark) for mark in DELIMITERS), default=-1) + 1
            ends = [place for mark in DELIMITERS if (place := content.find(mark, at)) >= 0]
            content = content[:start] + token + content[min(ends, default=len(content)) :]
        elif kind == "cut":
            content = before
        elif kind == "drop":
            content = before + after[length:]
        elif kind == "double":
            content = before + after[:length] * 2 + after[length:]
        elif after:
            content = before + bytes([after[0] ^ (1 << length % 8)]) + after[1:]
    return content


def json_edited(content: bytes, edits: Sequence[tuple[float, object]]) -> bytes:
    """Put a value, or nothing at all, in the place of some part of the JSON."""
    whole = json.loads(content)
    for share, value in edits:
        places = list(_places(whole))
        if not places:
            break
        holder, key = places[int(share * len(places))]
        if value == "take out":
            del holder[key]
        else:
            holder[key] = copy.deepcopy(value)
    return json.dumps(whole).encode()


def _places(part: object) -> Iterator[tuple[object, object]]:
    keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    for key in keys:
        yield part, key
        yield from _places(part[key])


def inputs(target: Target, examples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Inputs of a target: its examples edited, or bytes of any kind."""
    found = [st.builds(edited, st.sampled_from(examples), st.lists(_EDIT, min_size=1, max_size=3))]
    if target.json:
        edit = st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(("take out", *ODD_JSON)))
        found.append(
            st.builds(json_edited, st.sampled_from(examples), st.lists(edit, min_size=1, max_size=3))
        )
    return st.one_of(*found, *found, *found, st.binary(max_size=200))


# ── what must hold ────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def field_of(target: Target) -> Iterator[Path]:
    """A folder with every other file of the target whole."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = {"crimes.csv": crimes_csv(), "areas.geojson": areas_geojson()}
        for other in target.others:
            (folder / other).write_bytes(whole[other])
        yield folder


def survive(target: Target, folder: Path, content: bytes) -> str:
    """Run the command on an input; return "whole" or the name of the error it ended in.

    Raises
    ------
    AssertionError
        If it leaves part of its output, or says nothing to do.
    Exception
        Whatever else it raises that is not sacmap's: what fuzzing looks for.
    """
    (folder / target.name).write_bytes(content)
    shutil.rmtree(folder / "out", ignore_errors=True)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = sacmap.main(target.words(folder), standalone_mode=False)
    except SacmapError as error:
        require_told(error)
        require_nothing(folder)
        return type(error).__name__
    except click.ClickException as error:
        require_nothing(folder)
        return type(error).__name__
    assert code in {0, 3}, code
    require_whole(target, folder)
    return "whole"


def require_told(error: SacmapError) -> None:
    """An error is a cause and a next step, two lines that a person can read."""
    assert error.cause.strip()
    assert len(str(error).splitlines()) <= 2, str(error)
    assert len(error.cause) < 2_010, len(error.cause)
    assert not set(str(error)) & {chr(27), chr(13), chr(0), "\u202e"}


def require_nothing(folder: Path) -> None:
    """Where a command fails, nothing of its output is left."""
    left = [path.name for path in (folder / "out").rglob("*")] if (folder / "out").exists() else []
    assert left == [], left


def require_whole(target: Target, folder: Path) -> None:
    """Every output is there and whole, and no other file is."""
    if target.name == "study.toml" and not (folder / target.outputs[0]).exists():
        return  # a title or a path of the study decides the name: it was written elsewhere in the folder
    made = sorted(str(path.relative_to(folder).as_posix()) for path in (folder / "out").rglob("*"))
    assert made == sorted(target.outputs), made
    html, table, record = ((folder / name).read_text(encoding="utf-8") for name in target.outputs)
    assert html.rstrip().endswith("</html>")
    ledger = json.loads(record)["ledger"]
    assert ledger["rows_read"] == sum(n for name, n in ledger.items() if name != "rows_read")
    assert len(list(csv.DictReader(io.StringIO(table, newline="")))) % 4 == 0
