"""How fuzzed inputs are made: real examples with a few edits.

Bytes are cut, doubled or flipped, or a value is put in place of another. As most such files are refused at once, others
stay whole in form: what is odd is a value of the JSON, a cell of the CSV, a line of the TOML or a file in the ZIP.
"""

import copy
import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from conftest import HOSTILE
from hypothesis import strategies as st

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
    "\ud800", [[[]]], {"x": None}, [None], ["x"], [1, 2], {"type": "Point", "coordinates": [0, 52]}, *HOSTILE[:3],
)  # fmt: skip
#: Values that would do elsewhere, and some that nearly would.
NEARLY = (
    "1", "12", "1e3", "12.5", " 12 ", "1,200", "-0", "1E2", "001", "NA", "1e-30", "x/y", "2018-06", "2018-6",
    "2018-06-31", "2018-06:2018-07", "04/07/2018", "2018-06-04T12:00:00Z", "52.005", "0.005", "475000",
    "burglary", "Burglary", "Northamptonshire", "2017/18", "none", "%d/%m/%Y", "%Q", "crimes.csv", "areas.geojson",
    "study.toml", ".", "id",
)  # fmt: skip
ODD_TOML = (
    *(json.dumps(text) for text in (*ODD_TEXT, *NEARLY)), "inf", "nan", "1979-05-27T07:32:00Z", "2018-07-01", "true",
    "07:32:00", "0", "-1", "0.5", "1e308", "0x" + "f" * 5_000, "9" * 5_000, "[]", "[[]]", "{}", "[1, 2]",
    '["2018-07", 7]', '["x", ["y"]]', '{ x = "y" }', "[{}]", "[" * 2_000, '{ mid = 1 }', "1_0", "'''\n\nx\n'''",
)  # fmt: skip
TAKE_OUT = "take out"
DELIMITERS = b",;:=\"'<>[]{}()\n\r\t "

_EDIT = st.tuples(
    st.sampled_from(["value", "value", "value", "put", "drop", "double", "flip", "cut"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 200),
    st.one_of(*[st.sampled_from(TOKENS)] * 3, st.binary(max_size=6)),
)


Edits = Sequence[tuple[str, float, int, bytes]]


def edited(content: bytes, edits: Edits) -> bytes:
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
        if value == TAKE_OUT:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(value)
    return json.dumps(whole).encode()


def _places(part: object) -> Iterator[tuple[object, object]]:
    keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    for key in keys:
        yield part, key
        yield from _places(part[key])


def csv_edited(content: bytes, edits: Sequence[tuple[float, float, str]]) -> bytes:
    """Put a text in the place of a cell, seldom of the header, or take its row out."""
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    for down, across, text in edits:
        row = 0 if down < 0.03 else int(down * len(rows))
        if text == TAKE_OUT:
            rows = [*rows[:row], *rows[row + 1 :]] or [[""]]
        elif rows[row]:
            rows[row][int(across * len(rows[row]))] = text
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def toml_edited(content: bytes, edits: Sequence[tuple[float, str]]) -> bytes:
    """Put a value in the place of a line's, or take the line out."""
    lines = content.decode().splitlines()
    for share, value in edits:
        at = int(share * len(lines))
        key, mark, _ = lines[at].partition(" = ")
        lines[at] = key + mark + value if mark and value != TAKE_OUT else ""
    return "\n".join(lines).encode()


def zip_edited(content: bytes, edits: Sequence[tuple[float, Edits]]) -> bytes:
    """Make edits to files in the ZIP, which itself stays whole."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(member, archive.read(member)) for member in archive.infolist()]
    for share, inside in edits:
        at = int(share * len(members))
        members[at] = members[at][0], edited(members[at][1], inside)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for member, inner in members:
            archive.writestr(zipfile.ZipInfo(member.filename), inner, member.compress_type)
    return out.getvalue()


_SHARE = st.floats(0, 1, exclude_max=True)
_EDITS = st.lists(_EDIT, min_size=1, max_size=3)
#: What makes the edits that leave a form whole, and what one of its edits is.
FORMS: dict[str, tuple[Callable[[bytes, Any], bytes], st.SearchStrategy[Any]]] = {
    "json": (json_edited, st.tuples(_SHARE, st.sampled_from((TAKE_OUT, *ODD_JSON)))),
    "csv": (csv_edited, st.tuples(_SHARE, _SHARE, st.sampled_from((TAKE_OUT, *ODD_TEXT, *NEARLY, *NEARLY)))),
    "toml": (toml_edited, st.tuples(_SHARE, st.sampled_from((TAKE_OUT, *ODD_TOML)))),
    "zip": (zip_edited, st.tuples(_SHARE, _EDITS)),
}


def inputs(examples: Sequence[bytes], form: str = "") -> st.SearchStrategy[bytes]:
    """Return examples edited, as what they are too where that is one of FORMS, or bytes of any kind."""
    example = st.sampled_from(examples)
    found = [st.builds(edited, example, _EDITS)] * 3
    if form:
        edits, edit = FORMS[form]
        found += [st.builds(edits, example, st.lists(edit, min_size=1, max_size=3))] * 5
    return st.one_of(*found, st.binary(max_size=200))
