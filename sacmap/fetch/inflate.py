"""Decompress a member of a ZIP in one step, about twice as fast as Python's zipfile."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import deflate

_HEADER = 30
_SIGNATURE = b"PK\3\4"


def inflated(path: Path, info: zipfile.ZipInfo) -> bytearray | None:
    """Return a deflated member after checking its CRC against the ZIP's directory.

    Returns
    -------
    None if it is not deflated or is damaged. Then use Python's zipfile, which reads other methods and names the damage.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    if info.compress_type != zipfile.ZIP_DEFLATED:
        return None
    with path.open("rb") as stream:
        stream.seek(info.header_offset)
        header = stream.read(_HEADER)
        if len(header) < _HEADER or not header.startswith(_SIGNATURE):
            return None
        # The name and the extra field can have another length here than in the directory.
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        stream.seek(name + extra, os.SEEK_CUR)
        packed = stream.read(info.compress_size)
    try:
        raw = deflate.deflate_decompress(packed, info.file_size)
    except deflate.DeflateError:
        return None
    return raw if deflate.crc32(raw) == info.CRC else None
