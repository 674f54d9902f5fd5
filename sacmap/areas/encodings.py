"""How the texts of a file are encoded: as UTF-8 where they are valid, else as the file says, else as Windows-1252."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sacmap.notices import Notice

_WINDOWS = "cp1252"


def encoding_of_table(values: Iterable[Any], said: str, where: Path | str) -> tuple[str, tuple[Notice, ...]]:
    """Return the encoding of texts read as Latin-1, and what is told of it.

    Parameters
    ----------
    values
        Names and values; those that are no text do not matter.
    said
        What the file says, such as a .cpg; may be empty or wrong.
    where
        What is told of.
    """
    raws = {value.encode("latin-1", errors="replace") for value in values if isinstance(value, str)}
    odd = [raw for raw in raws if not raw.isascii()]
    if not odd or all(_is_utf8(raw) for raw in odd):
        return "utf-8", ()
    declared = _codec(said)
    if declared not in {"", "utf-8", "latin-1"} and all(_decodes(raw, declared) for raw in odd):
        return declared, ()
    wrong = f", though its .cpg says {said[:20]}" if said and declared not in {_WINDOWS, "latin-1"} else ""
    shown = odd[0].decode(_WINDOWS, errors="replace")[:40]
    text = f"{where} is not UTF-8{wrong}: its text is read as Windows-1252, such as “{shown}”."
    # Where the file itself says so there is nothing to tell.
    return _WINDOWS, () if said and not wrong else (Notice("boundary-encoding", text),)


def column_texts(values: Sequence[Any], encoding: str) -> list[Any]:
    """Return values read as Latin-1 with their texts decoded anew."""
    return [
        value.encode("latin-1", errors="replace").decode(
            encoding, errors="ignore" if encoding == "utf-8" else "replace"
        )
        if isinstance(value, str) and not value.isascii()
        else value
        for value in values
    ]


def _is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8, the last character perhaps cut, as in a column that is too narrow for it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(raw)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _codec(said: str) -> str:
    """Return Python's name of an encoding as a .cpg names it: 1252, ANSI 1252, UTF-8, ISO-8859-1, 88591."""
    plain = said.strip().lower().removeprefix("ansi").strip(" _-")
    if plain in {"88591", "8859-1", "iso88591"}:
        plain = "iso-8859-1"
    for name in (plain, f"cp{plain}"):
        try:
            found = codecs.lookup(name)
        except (LookupError, ValueError):
            continue
        # Only codecs of text: there are others, such as zlib's.
        if getattr(found, "_is_text_encoding", True):
            return {"iso8859-1": "latin-1", "utf-8": "utf-8"}.get(found.name, found.name)
    return ""
