"""The files of the page in `html/`, without what a browser does not need: comments, indents and needless spaces."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

#: The files of the page's script, in order.
SCRIPT = (
    "words", "data", "shapes", "layers", "colour", "bars", "lists", "table", "panel", "ranges", "plan", "map", "marks",
    "picture", "main",
)  # fmt: skip
#: A text in quotes or a regular expression, which stay as they are.
_KEPT = re.compile(
    r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\\n]|\\.)*`|"""
    r"""/(?:(?<=[(\[!]/)|(?<=[=,?:] /))(?![/* ])(?:\\.|\[(?:\\.|[^]\\\n])*\]|[^/\\\n])+/)"""
)
#: A mark of the script beside which no space is needed.
_MARK = r"[=<>?:&|*{}()\[\];,!]"
#: What a browser does not need: spaces beside a mark, or beside a plus or minus without another next to it; line breaks
#: that end no statement, as a bracket alone in its line ends a block; the last semicolon of a block.
_NEEDLESS = re.compile(
    rf" (?:(?={_MARK})|(?<={_MARK} )|(?<![+-] )(?=[+-] (?![+-]))|(?<= [+-] )(?![+-]))|"
    r"\n(?:(?<=[{([,;=?:&|>]\n)|(?<=\n\}\n)|(?=[.?:)\]}]))|;(?=\n?\})"
)
#: What a map without tiles and added layers has not, in a selector of Leaflet's style: it has no control but the scale.
_UNUSED = re.compile(
    "popup|tooltip|leaflet-bar|attribution|control-[lz]|marker|icon|shadow|image|tile|safari|oldie|vml|zoom-anim |"
    "crosshair|leaflet-top|leaflet-right|:not"
)


@cache
def file_of(name: str) -> str:
    """Return a file of `html/`. A browser hashes a script after it has replaced every line end by a line feed."""
    return (files("sacmap.publish") / "html" / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def whole_script() -> str:
    """Return the files of the script in order, in a scope apart from folium's names."""
    return f'"use strict";\n{{\n{"".join(file_of(f"script/{name}.js") for name in SCRIPT)}}}\n'


@cache
def script() -> str:
    """Return the page's script without what a browser does not need.

    No text in it holds a line break or, in its braces, another in backquotes; no comment stands after code, and no
    statement is empty.
    """
    lines = [line.strip() for line in whole_script().splitlines()]
    parts = _KEPT.split("\n".join(line for line in lines if line and not line.startswith("//")))
    parts[::2] = _NEEDLESS.sub("", "\0".join(parts[::2])).split("\0")
    return f"{''.join(parts)}\n"


@cache
def style(name: str) -> str:
    """Return a style. No text in it has a mark beside a space."""
    css = " ".join(re.sub(r"/\*.*?\*/", "", file_of(f"{name}.css"), flags=re.DOTALL).split())
    return re.sub(" (?=[{};>])|(?<=[{};>:]) ", "", css).replace(";}", "}")


@cache
def leaflet_style(*, whole: bool) -> str:
    """Return Leaflet's style without its pictures, which the page does not have; not whole: only what its map uses."""
    # Firefox and Edge have needed no prefix of their own since before they could show this page.
    css = re.sub(r"(?<=[{;])[^{;}]*(?:url\(|-moz-|-ms-)[^;}]*;?", "", style("leaflet/leaflet"))
    return css if whole else re.sub(r"([^{}]+)(\{[^{}]*\})", _used, css)


def _used(rule: re.Match[str]) -> str:
    """Return a rule with those of its selectors that the page's own map uses; nothing without any."""
    kept = ",".join(one for one in rule[1].split(",") if not _UNUSED.search(one))
    return kept and kept + rule[2]
