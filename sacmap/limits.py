"""Limits for the content of files, each with its error.

The limits are far above any real file of England and Wales. A file within them is read in half a minute and 3 GB of
memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zipfile import ZipInfo

from sacmap.errors import InputError

GENERALISED = "Give generalised boundaries: the ONS publishes them as BGC or BSC."


@dataclass(frozen=True)
class Limit:
    """The largest number allowed, what it counts, and what to do if there are more."""

    most: int
    what: str
    remedy: str

    def require(self, count: int, where: Path | str) -> None:
        """Refuse a file with more.

        Raises
        ------
        InputError
            If `count` is above the limit. The message gives both.
        """
        if count > self.most:
            raise InputError(f"{where} holds {count:,} {self.what}; {self.most:,} are the most.", self.remedy)


#: England and Wales have 188,880 census output areas.
FEATURES = Limit(250_000, "areas", "Cut it to the areas you need, or give larger ones.")
CORNERS = Limit(10_000_000, "corners", GENERALISED)
_CUT = "Cut it to the map, or leave the smallest roads out."
#: Roads, rail and water around the areas. All roads of a county are some 100,000, with two million corners. The time of
#: cutting an area grows with the square of its edges that meet the edge of the map.
CONTEXT = Limit(500_000, "roads and other features", _CUT)
CONTEXT_CORNERS = Limit(5_000_000, "corners of lines", _CUT)
CONTEXT_CUTS = Limit(20_000, "places where water meets the edge of the map", _CUT)
#: The time of repairing grows with the square of the crossings. This many take seconds.
CROSSINGS = Limit(2_000, "places where boundaries of areas cross themselves", "Draw those areas again.")
#: Areas that lie over one another: the pairs compared, their corners, and the places where their boundaries cross.
PAIRS = Limit(5_000_000, "pairs of areas in one place", "Take out the areas that cover others.")
COMPARED = Limit(200_000_000, "corners of neighbouring areas that share no line", GENERALISED)
COVERING = Limit(10_000_000, "corners of areas that cover one another", GENERALISED)
CROSSINGS_BETWEEN = Limit(200_000, "places where boundaries of two areas cross", GENERALISED)
#: Nested collections in WKB, whose reader has no limit of its own.
SHAPES_WITHIN = Limit(200, "collections within one shape", "Export it as polygons.")
LAYERS = Limit(1_000, "layers", "Export the layer of the areas by itself.")
MEMBERS = Limit(5_000, "files", "Unpack it and give the one with the areas.")
#: Bytes of a ZIP or gzip file after decompression.
INFLATED = Limit(1 << 30, "bytes when unpacked", GENERALISED)
#: Bytes of GeoJSON, KML, CSV and other text. Reading takes several times as much memory.
TEXT = Limit(400 << 20, "bytes of text", GENERALISED)
#: Bytes of a file that GDAL reads.
BINARY = Limit(2 << 30, "bytes", GENERALISED)
#: Bytes of the columns of a GeoParquet file when decoded.
DECODED = Limit(1 << 30, "bytes when decoded", GENERALISED)
#: Bytes of the shapes and texts that GDAL reads from a file: several times as many are needed to read them.
READ = Limit(1 << 29, "bytes of shapes and text", GENERALISED)
#: Opening brackets and braces in JSON. Each becomes an object in memory.
NESTED = Limit(12_000_000, "brackets", GENERALISED)
VALUES = Limit(30_000_000, "values", GENERALISED)
#: Lines of a file of households: there are 35,672 LSOAs.
ROWS = Limit(500_000, "lines", "Cut it to the areas you need.")
CELLS = Limit(10_000_000, "cells", "Keep only the columns of codes and households.")
#: Seconds of the processor and bytes of memory that a separate process may take, where the system can limit them.
SECONDS, MEMORY = 25, 5 << 29

_NEEDED = "Keep only the rows and columns that are needed."
#: Bytes of a file that is read as a whole.
FILE = Limit(2 << 30, "bytes", "Give the part of it that is needed.")
#: Bytes of a study file or a price list, which a person writes. The tables of 1 MB take 500 MB.
SETTINGS = Limit(1 << 20, "bytes", "Give the study that you wrote.")
#: Cells of a sheet or table: the largest of the Home Office has some 4 million.
TABLE_CELLS = Limit(40_000_000, "cells", _NEEDED)
TABLE_BYTES = Limit(1 << 30, "bytes when decoded", _NEEDED)
TABLE_SPACES = Limit(1 << 24, "spaces in a row in its texts", _NEEDED)
#: Lines of a list that a partnership keeps, or of a comparator. Each action of a log is on the page of a result.
LISTED = Limit(200_000, "lines", "Keep only the lines that are needed.")
#: Files in a ZIP of crimes: the monthly archive has some 5,000.
ENTRIES = Limit(100_000, "files", "Download the ZIP again from data.police.uk.")

# The errors of these are worded where they are met.
#: Bytes of a table in a ZIP or gzip file after decompression, and as a multiple of its bytes before. The largest real
#: month has 25 MB.
TABLE_INFLATED, RATIO = 1 << 30, 200
#: Bytes of all parts of a workbook after decompression. The Home Office's largest has some 400 MB.
WORKBOOK_INFLATED = 2 << 30
#: Bytes of one cell of a CSV with shapes as WKT.
CELL = 1 << 28
#: Bytes of an answer from a server: 10,000 crimes have about 5 MB. And of a stored answer, which may be a month's file.
ANSWER, STORED = 64 << 20, 1 << 30


def most_inflated(packed: int) -> int:
    """Return the most bytes that a packed table of so many bytes may have after decompression."""
    return min(TABLE_INFLATED, RATIO * max(packed, 1 << 10))


def is_folder(info: ZipInfo) -> bool:
    """Whether a member is a folder. `ZipInfo.is_dir` fails where it has no name at all."""
    return info.filename.endswith("/")


def require_real_zip(infos: Sequence[ZipInfo], size: int, where: Path | str) -> None:
    """Refuse a ZIP of `size` bytes with too many members, or with overlapping ones, which could inflate to any size.

    Raises
    ------
    InputError
        If it is such a ZIP.
    """
    ENTRIES.require(len(infos), where)
    starts = sorted((info.header_offset, info.compress_size) for info in infos if not is_folder(info))
    over = any(start + packed > later for (start, packed), (later, _) in pairwise(starts))
    if over or sum(packed for _, packed in starts) > size:
        raise InputError(
            f"{where} was not read: its members overlap, which never happens in a real ZIP.",
            "Download it again.",
        )
