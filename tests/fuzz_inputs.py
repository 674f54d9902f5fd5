"""How fuzzed inputs are made: real examples with a few edits.

Bytes are cut, doubled or flipped, a value is put in place of another, a part of the JSON is taken out.
"""

import copy
import json
from collections.abc import Iterator, Sequence

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
DELIMITERS = b",;:=\"'<>[]{}()\n\r\t "

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


def inputs(examples: Sequence[bytes], *, as_json: bool) -> st.SearchStrategy[bytes]:
    """Return examples edited, as JSON too where they are, or bytes of any kind."""
    found = [st.builds(edited, st.sampled_from(examples), st.lists(_EDIT, min_size=1, max_size=3))]
    if as_json:
        edit = st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(("take out", *ODD_JSON)))
        found.append(
            st.builds(json_edited, st.sampled_from(examples), st.lists(edit, min_size=1, max_size=3))
        )
    return st.one_of(*found, *found, *found, st.binary(max_size=200))
