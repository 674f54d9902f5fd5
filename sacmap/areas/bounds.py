"""How much of anything a boundary or households file may hold: one table, each bound with its error.

The bounds are far above any real file of England and Wales, and low enough that what stays below them is read within
half a minute and 3 GB.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sacmap.errors import InputError

GENERALISED = "Give generalised boundaries: the ONS publishes them as BGC or BSC."


@dataclass(frozen=True)
class Bound:
    """The most there may be of something, what it is called, and what to do where there is more."""

    most: int
    what: str
    remedy: str

    def require(self, count: int, where: Path | str) -> None:
        """Refuse a file that holds more.

        Raises
        ------
        InputError
            If `count` is above the bound; the message names both.
        """
        if count > self.most:
            raise InputError(f"{where} holds {count:,} {self.what}; {self.most:,} are the most.", self.remedy)


#: England and Wales have 188,880 census output areas.
FEATURES = Bound(250_000, "areas", "Cut it to the areas you need, or give larger ones.")
CORNERS = Bound(10_000_000, "corners", GENERALISED)
#: Mending takes the square of the crossings and more: at so many of all areas together, seconds.
CROSSINGS = Bound(2_000, "places where boundaries of areas cross themselves", "Draw those areas again.")
#: Shapes within shapes in WKB, which its reader follows without end.
SHAPES_WITHIN = Bound(200, "collections within one shape", "Export it as polygons.")
LAYERS = Bound(1_000, "layers", "Export the layer of the areas by itself.")
MEMBERS = Bound(5_000, "files", "Unpack it and give the one with the areas.")
#: Bytes of a ZIP or gzip file when unpacked, all in all.
INFLATED = Bound(1 << 30, "bytes when unpacked", GENERALISED)
#: Bytes of GeoJSON, KML, CSV and other text, which takes several times its size to read.
TEXT = Bound(400 << 20, "bytes of text", GENERALISED)
#: Bytes of a file that GDAL reads.
BINARY = Bound(2 << 30, "bytes", GENERALISED)
#: Bytes of the columns of a GeoParquet file when decoded.
DECODED = Bound(1 << 30, "bytes when decoded", GENERALISED)
#: Opening brackets and braces of JSON: each becomes an object.
NESTED = Bound(12_000_000, "brackets", GENERALISED)
VALUES = Bound(30_000_000, "values", GENERALISED)
#: Lines of a file of households: there are 35,672 LSOAs.
ROWS = Bound(500_000, "lines", "Cut it to the areas you need.")
CELLS = Bound(10_000_000, "cells", "Keep only the columns of codes and households.")
#: Seconds that GDAL may take, and bytes of memory where the system can limit them.
SECONDS, MEMORY = 25, 5 << 29
