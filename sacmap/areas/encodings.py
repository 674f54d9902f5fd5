"""Find the encoding of a file's texts: UTF-8 if they are valid, otherwise as declared, otherwise Windows-1252."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from pathlib import Path

from sacmap.notices import Notice

#: Python's names for Windows-1252 and Latin-1.
_WINDOWS, _LATIN = "cp1252", "iso8859-1"


def encoding_of_table(
    values: Iterable[object], said: str, where: Path | str
) -> tuple[str, tuple[Notice, ...]]:
    """Return the encoding of texts that were read as Latin-1, and a notice if it is a guess.

    Of the names and values only texts count. `said` is the declared encoding, as in a .cpg; it may be empty or wrong.
    """
    raws = {value.encode("latin-1", errors="replace") for value in values if isinstance(value, str)}
    odd = [raw for raw in raws if not raw.isascii()]
    if not odd or all(_is_utf8(raw) for raw in odd):
        return "utf-8", ()
    declared = _codec(said)
    if declared not in {"", "utf-8", _LATIN} and all(_decodes(raw, declared) for raw in odd):
        return declared, ()
    wrong = f", though its .cpg says {said[:20]}" if said and declared not in {_WINDOWS, _LATIN} else ""
    shown = odd[0].decode(_WINDOWS, errors="replace")[:40]
    text = f"{where} is not UTF-8{wrong}: its text is read as Windows-1252, such as “{shown}”."
    # If the file declares it, no notice is needed.
    return _WINDOWS, () if said and not wrong else (Notice("boundary-encoding", text),)


def read_as_windows(raw: bytes, where: Path | str) -> tuple[str, tuple[Notice, ...]]:
    """Return the text of a file that is not UTF-8, and a notice about it."""
    text = f"{where} is not UTF-8: its text is read as Windows-1252."
    return raw.decode(_WINDOWS, errors="replace"), (Notice("boundary-encoding", text),)


def column_texts(values: Sequence[object], encoding: str) -> list[object]:
    """Return values that were read as Latin-1, with their texts decoded by `encoding`."""
    return [
        value.encode("latin-1", errors="replace").decode(
            encoding, errors="ignore" if encoding == "utf-8" else "replace"
        )
        if isinstance(value, str) and not value.isascii()
        else value
        for value in values
    ]


def _is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8; the last character may be cut off, as in a narrow column."""
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
    """Return Python's name for an encoding in a .cpg: 1252, ANSI 1252, UTF-8, ISO-8859-1, 88591."""
    plain = said.strip().lower().removeprefix("ansi").strip(" _-")
    if plain in {"88591", "8859-1", "iso88591"}:
        plain = _LATIN
    for name in (plain, f"cp{plain}"):
        try:
            found = codecs.lookup(name)
        except (LookupError, ValueError):
            continue
        # Python also has codecs that are not for text, such as zlib's.
        if getattr(found, "_is_text_encoding", True):
            return found.name
    return ""
