"""Coordinate systems: the declared one, the exact transformation to WGS84, and what values look like.

PROJ opens files and addresses that a definition names, such as grids of a BOUNDCRS. So only authority codes and plain
definitions without files are taken, and its network is off.
"""

from __future__ import annotations

import re
import warnings
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.aoi import AreaOfInterest
from pyproj.exceptions import CRSError, ProjError
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]  # documented, not exported
from pyproj.transformer import Transformer, TransformerGroup

from sacmap.areas.topology import BRITISH_NATIONAL_GRID, Shapes
from sacmap.errors import InputError, UsageError
from sacmap.notices import Notice

WGS84 = pyproj.CRS.from_epsg(4326)
#: The same with longitude first, as GeoJSON names it.
CRS84 = pyproj.CRS.from_authority("OGC", "CRS84")
#: Upper bound for coordinates, in metres.
FARTHEST = 1e8
#: West, south, east and north of the British Isles and the sea around them, in degrees.
HERE = (-11.0, 48.5, 4.0, 62.0)
#: Usual systems of British boundaries, the most likely first; and the largest value that can be degrees.
LIKELY = {
    "EPSG:4326": "longitude and latitude",
    "EPSG:27700": "British National Grid",
    "EPSG:3857": "web Mercator",
    "EPSG:32630": "UTM zone 30N",
}
DEGREES = 360.0
_CODE = re.compile(r"(?a:[\w:.,-]{1,120})")
#: A code as the OGC writes it as an address. Nothing is asked of that address.
_OGC = re.compile(r"\Ahttps?://www\.opengis\.net/def/crs/(?a:(\w+)/[\w.]+/(\w+))\Z")
_WKT = re.compile(r"\s*[A-Z_]{4,20}\s*[\[(]")
#: Parts of a definition that name a file or an address. nadgrids=@null, as in Web Mercator, names none.
NAMES_A_FILE = re.compile(
    r"PARAMETERFILE|PROJ4_GRIDS|grids\s*=(?!\s*@null\b)|\+init\s*=|\+file\s*=|\+model\s*=|PROJ.based|"
    r"difference file|gridshift|tinshift|defmodel|/vsi",
    re.IGNORECASE,
)


def system_given(text: str) -> pyproj.CRS:
    """Return the coordinate system that --crs names: 27700, EPSG:27700, or a PROJ definition without files.

    Raises
    ------
    UsageError
        If there is no such system, or the text names a file.
    """
    written = text.strip()
    code = f"EPSG:{written}" if written.isdecimal() else written
    try:
        return system_of(code)
    except ValueError as error:
        raise UsageError(
            f"--crs {written[:80]} is not a coordinate system: {error}.",
            "Write it as EPSG:27700 (British National Grid) or EPSG:4326 (longitude and latitude).",
        ) from None


def system_of(text: object) -> pyproj.CRS:
    """Return the coordinate system of a code, or of a WKT, PROJ or PROJJSON definition that names no file.

    Raises
    ------
    ValueError
        If it is none, or names a file; the message says which.
    """
    if not isinstance(text, str) or not text.strip():
        raise ValueError("it is not text")
    if NAMES_A_FILE.search(text):
        raise ValueError("it names a file, and none is opened for it")
    text = _OGC.sub(r"urn:ogc:def:crs:\1::\2", text.strip())
    plain = text.startswith(("+proj=", "{"))
    if not (_CODE.fullmatch(text) or _WKT.match(text) or plain):
        raise ValueError("it is neither a code such as EPSG:27700 nor a definition")
    return _of_definition(text)


@lru_cache(maxsize=100)
def _of_definition(text: str) -> pyproj.CRS:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pyproj.CRS.from_user_input(text)
            said = found.to_wkt()
    except (CRSError, ProjError, ValueError, RecursionError):
        raise ValueError("it is unknown to PROJ") from None
    if NAMES_A_FILE.search(said):
        raise ValueError("it names a file, and none is opened for it")
    return found


def declared(text: object, where: Path | str) -> pyproj.CRS:
    """Return the coordinate system that a file declares.

    Raises
    ------
    InputError
        If it is none or names a file.
    """
    try:
        return system_of(text)
    except ValueError as error:
        shown = " ".join(str(text).split())[:60]
        raise InputError(
            f"The coordinate system that {where} declares, {shown}, was not used: {error}.",
            "Say which it is with --crs, such as --crs EPSG:27700.",
        ) from None


def names_a_file(where: Path | str) -> InputError:
    """Return the error about a coordinate system that names a file, which PROJ would open."""
    return InputError(
        f"The coordinate system that {where} declares was not used, because it names a file, and sacmap opens no "
        "other file.",
        "Export it again in British National Grid or longitude and latitude.",
    )


@cache
def _way(system: pyproj.CRS) -> Transformer | None:
    """Return the most accurate real transformation to WGS84 in the British Isles, or None: ballpark ones are none."""
    set_network_enabled(active=False)
    with warnings.catch_warnings():
        # Without the Ordnance Survey's grid, the transformation by seven parameters is accurate to 2 m.
        warnings.simplefilter("ignore")
        west, south, east, north = HERE
        found = TransformerGroup(
            system,
            WGS84,
            always_xy=True,
            area_of_interest=AreaOfInterest(west, south, east, north),  # type: ignore[arg-type]  # one class, two names
            allow_ballpark=False,
        )
    return found.transformers[0] if found.transformers else None


@cache
def _known(system: pyproj.CRS) -> pyproj.CRS:
    """Return the system of the EPSG register that a definition is of, or the definition itself."""
    if system.is_bound:
        return system
    code = system.to_epsg(min_confidence=70)
    if not code and _numbers_of(system) == _numbers_of(pyproj.CRS(BRITISH_NATIONAL_GRID)):
        # Programs write its numbers with fewer digits, and its datum under many names or none.
        code = BRITISH_NATIONAL_GRID
    return pyproj.CRS.from_epsg(code) if code else system


def _numbers_of(system: pyproj.CRS) -> dict[str, float]:
    """Return the rounded numbers of a projected system and of its ellipsoid; none of other systems."""
    operation, ellipsoid = system.coordinate_operation, system.ellipsoid
    if not system.is_projected or operation is None or ellipsoid is None:
        return {}
    numbers = {one.name: round(float(one.value), 7) for one in operation.params}
    return {operation.method_name: 0.0, "ellipsoid": round(ellipsoid.semi_major_metre, 2)} | numbers


def require_on_earth(shapes: Shapes, where: Path | str) -> None:
    """Refuse corners that are not numbers, or too large for any coordinate system.

    Raises
    ------
    InputError
        If there are any.
    """
    corners = shapely.get_coordinates(shapes)
    with np.errstate(invalid="ignore"):
        if not (np.abs(corners) <= FARTHEST).all():
            raise InputError(
                f"{where} has corners that are not numbers, or are nowhere on the earth.", "Export it again."
            )


def in_degrees(shapes: Shapes, system: pyproj.CRS, where: Path | str) -> tuple[Shapes, tuple[Notice, ...]]:
    """Return shapes in degrees WGS84 by an exact transformation, and notices about it.

    Raises
    ------
    InputError
        If PROJ knows no real transformation from the system, or corners are nowhere on the earth.
    """
    if system in (WGS84, CRS84):
        return shapes, ()
    # A definition with its own seven parameters needs no database.
    known = _known(system)
    if known in (WGS84, CRS84):
        return shapes, ()
    way = _way(known) or (_way(system) if known != system else None)
    if way is None:
        raise InputError(
            f"{where} is in the coordinate system {system.name[:80]}, and PROJ knows no real transformation from its "
            "datum to WGS84 here: places could be off by 100 m and more.",
            "Export it in British National Grid or longitude and latitude, or say with --crs what it really is.",
        )
    moved = shapely.transform(shapes, lambda corners: np.column_stack(way.transform(*corners.T)))
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise InputError(
            f"{where} has corners outside the range of its coordinate system, {system.name[:80]}.",
            "Say with --crs which coordinate system the values are in.",
        )
    if known == system or system.name.casefold() not in {"unknown", "unnamed", "undefined"}:
        return moved, ()
    text = f"{where} declares a coordinate system without a datum; it is taken as {known.name}."
    return moved, (Notice("boundary-system", text),)


def likely(bounds: NDArray[np.float64]) -> str | None:
    """Return the code of the system in which values with these bounds lie in or around the British Isles, or None."""
    if not np.isfinite(bounds).all():
        return None
    if np.abs(bounds).max() <= DEGREES:
        return "EPSG:4326" if _is_here(bounds, None) else None
    metric = (code for code in LIKELY if code != "EPSG:4326")
    return next((code for code in metric if _is_here(bounds, _way(pyproj.CRS(code)))), None)


def are_beyond(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the points that cannot be degrees of longitude and latitude, such as eastings and northings."""
    return np.asarray((np.abs(x) > 180) | (np.abs(y) > 90))


def are_swapped(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the points that look like latitude and longitude of the British Isles, exchanged."""
    return np.asarray((x > 49) & (x < 62) & (y > -9) & (y < 3))


def _is_here(bounds: NDArray[np.float64], way: Transformer | None) -> bool:
    """Whether the middle of bounds lies in or around the British Isles; without a way to degrees, they are degrees."""
    west, south, east, north = bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    if way:
        lon, lat = way.transform(lon, lat)
    return bool(HERE[0] <= lon <= HERE[2] and HERE[1] <= lat <= HERE[3])


def system_or_likely(
    shapes: Shapes, system: pyproj.CRS | None, where: Path | str, *, said: str
) -> tuple[pyproj.CRS, tuple[Notice, ...]]:
    """Return the coordinate system of shapes: the declared one, or degrees if none is declared and the values fit.

    `said` is who says the system: the file, or --crs.

    Raises
    ------
    InputError
        If none is declared and values are not degrees, or if the one declared puts the areas elsewhere and another
        would put them here; the message gives the likely one.
    """
    bounds = np.asarray(shapely.total_bounds(shapes), dtype=float)
    if not np.isfinite(bounds).all():
        return system or WGS84, ()
    looks = likely(bounds)
    written = f"(up to {bounds[2]:,.7g}, {bounds[3]:,.7g})"
    looks_like = f"they look like {looks} ({LIKELY[looks]})" if looks else ""
    remedy = f"If that is right, add --crs {looks}."
    if system is None:
        if np.abs(bounds).max() <= DEGREES:
            text = f"{where} does not say its coordinate system: its values are taken as longitude and latitude WGS84."
            return WGS84, (Notice("boundary-system", text),)
        guess = f": {looks_like}" if looks else ", and no usual system fits them"
        raise InputError(
            f"{where} does not say its coordinate system, and its values {written} are not degrees{guess}.",
            remedy if looks else "Say which it is with --crs.",
        )
    if looks and looks != "EPSG:4326" and system.is_geographic:
        raise InputError(
            f"{said} {system.name[:60]}, but the values {written} are not degrees: {looks_like}.", remedy
        )
    if looks == "EPSG:4326" and system.is_projected:
        raise InputError(
            f"{said} {system.name[:60]}, but the values {written} look like degrees.",
            "If they are longitude and latitude, add --crs EPSG:4326.",
        )
    way = _way(_known(system)) if looks and system.is_projected else None
    if way and not _is_here(bounds, way):
        raise InputError(
            f"{said} {system.name[:60]}, but its values {written} would then lie far from the British Isles: "
            f"{looks_like}.",
            remedy,
        )
    return system, ()


def code_of(system: pyproj.CRS) -> str:
    """Return the code of a system, or its name where it has none."""
    found = system.to_authority()
    return ":".join(found) if found else str(system.name)
