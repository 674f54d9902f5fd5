"""The files of the page in `html/`, without what a browser does not need: comments, indents and needless spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

#: The files of the page's script, in order.
SCRIPT = (
    "words", "data", "shapes", "layers", "colour", "bars", "lists", "table", "panel", "ranges", "plan", "map", "marks",
    "picture", "main",
)  # fmt: skip
#: A text in quotes; what is between two of them is code.
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)""")
#: Spaces beside a mark; beside a plus or minus, unless another one is next to them; and beside a division.
_SPACED = re.compile(r" *([=<>?:&|*{}()\[\];,!]) *|(?<![+-]) ([+-]) (?![+-])|(?<=[\w)\]]) (/) (?=[\w(])")
#: A function of one argument, which needs no brackets.
_ONE = re.compile(r"(?<![\w$])\((\w+)\)=>")
#: What cannot end a statement by itself, or has ended it.
_OPEN = tuple("{([,;=?:&|>")
#: What a map without tiles and added layers has not, in a selector of Leaflet's style: it has no control but the scale.
_UNUSED = re.compile(
    "popup|tooltip|leaflet-bar|attribution|control-[lz]|marker|icon|shadow|image|tile|safari|oldie|vml|zoom-anim |"
    "crosshair|leaflet-top|leaflet-right|:not"
)


@cache
def file_of(name: str) -> str:
    """Return a file of `html/`. A browser hashes a script after it has replaced every line end by a line feed."""
    return (files("sacmap.publish") / "html" / name).read_text(encoding="utf-8").replace("\r\n", "\n")


@cache
def script() -> str:
    """Return the page's script: its files in order, in a scope apart from folium's names.

    No text in the script contains a line break, no comment stands after code, and no statement is empty.
    """
    lines = [line.strip() for name in SCRIPT for line in file_of(f"script/{name}.js").splitlines()]
    kept = [_squeezed(line) for line in lines if line and not line.startswith("//")]
    # After such a line, or before such a one, a line break ends no statement: a bracket alone in its line ends a block.
    ended = [line if line == "}" or line.endswith(_OPEN) else f"{line}\n" for line in _together(kept)]
    joined = re.sub(r"\n(?=[.?:)\]}])", "", "".join(ended))
    return f'"use strict";\n{{\n{joined}}}\n'


def _together(lines: Sequence[str]) -> list[str]:
    """Return the lines of the script with one `const` for several statements, each a line, that begin with it."""
    found: list[str] = []
    for before, line in pairwise(["", *lines]):
        follows = before.startswith("const ") and before.endswith(";") and line.startswith("const ")
        if follows:
            found[-1] = found[-1][:-1] + ","
        found.append(line.removeprefix("const ") if follows else line)
    return found


def _squeezed(line: str) -> str:
    """Return a line of the script without the spaces beside its marks.

    A line with a slash, which may begin a regular expression, or with a template in another, is left as it is.
    """
    parts = _QUOTED.split(line)
    parts[::2] = [_ONE.sub(r"\1=>", _SPACED.sub(r"\1\2\3", code)).replace(";}", "}") for code in parts[::2]]
    if line.count("`") > 2 or re.search(r"(?<![\w)\]])/|[\"'`]", "".join(parts[::2])):
        return line
    return "".join(parts)


@cache
def style(name: str) -> str:
    """Return a style. No text in it has a mark beside a space."""
    css = " ".join(re.sub(r"/\*.*?\*/", "", file_of(f"{name}.css"), flags=re.DOTALL).split())
    return re.sub(r" *([{};>]) *|(:) +", r"\1\2", css).replace(";}", "}")


@cache
def leaflet_style(*, whole: bool) -> str:
    """Return Leaflet's style without its pictures, which the page does not have; not whole: only what its map uses."""
    # Firefox and Edge have needed no prefix of their own since before they could show this page.
    css = re.sub(r"[^{;]*(?:url\(|-moz-|-ms-)[^;}]*;?", "", style("leaflet/leaflet"))
    return css if whole else re.sub(r"([^{}]+)(\{[^{}]*\})", _used, css)


def _used(rule: re.Match[str]) -> str:
    """Return a rule with those of its selectors that the page's own map uses; nothing without any."""
    kept = ",".join(one for one in rule[1].split(",") if not _UNUSED.search(one))
    return kept and kept + rule[2]
