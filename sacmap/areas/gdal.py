"""Formats that GDAL reads: one driver named, in a process of its own, on copies under plain names.

Nothing else of GDAL can be reached: every other driver is left out before it is loaded, and so are the network, virtual
files and Python code in them.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from functools import cache, partial
from pathlib import Path

import pyarrow as pa
import pyproj
from shapely.errors import ShapelyError

from sacmap.areas.coordinates import NAMES_A_FILE, declared, names_a_file
from sacmap.areas.encodings import column_texts, encoding_of_table
from sacmap.areas.formats import KINDS, kind_of
from sacmap.areas.layer_files import READ_WITH, Dataset, Part, copied_to
from sacmap.areas.layer_rows import OURS, Rows, layer_of, shapes_of_wkb
from sacmap.errors import InputError
from sacmap.files.child_process import TOO_LONG, lacked_memory, last_words, run_apart
from sacmap.files.json_shape import JsonObject
from sacmap.limits import FEATURES, LAYERS, MEMORY, READ, SECONDS
from sacmap.notices import Notice

_CHILD = Path(__file__).with_name("gdal_child.py")
#: What GDAL and PROJ are told in that process.
_SHUT = {
    "PROJ_NETWORK": "OFF",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_DRIVER_PATH": "disable",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": "YES",
    "OGR_ORGANIZE_POLYGONS": "DEFAULT",
    "OPENBLAS_NUM_THREADS": "1",
    "GDAL_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "CPL_LOG": os.devnull,
}
#: Bytes of a .tab: a real one has some hundreds, which name its columns.
LONGEST_TAB = 1 << 20


@cache
def _every_driver() -> tuple[str, ...]:
    import pyogrio  # noqa: PLC0415  # a fifth of a second that other formats need not wait for

    return tuple(sorted(pyogrio.list_drivers()))


def read_by_gdal(dataset: Dataset, where: Path | str, layer: str | None) -> Rows:
    """Read the areas of a dataset with the one driver of its kind.

    Without a `layer`, it is the only one, or `areas`, as sacmap's own are called.

    Raises
    ------
    InputError
        If a file that belongs to it is missing, it is damaged, takes too long or too much memory, there is no such
        layer, or several and none was asked for.
    """
    _require_whole(dataset, where)
    if dataset.kind.key == "tab":
        require_own_files(dataset.main, where)
    if dataset.kind.driver not in _every_driver():
        raise InputError(
            f"{where} is {dataset.kind.words}, which GDAL as installed does not read.",
            "Export the areas as GeoPackage or GeoJSON.",
        )
    with tempfile.TemporaryDirectory(prefix="sacmap-") as name:
        folder = Path(name)
        path = copied_to(dataset, folder, where)
        views = _less_views(path, where) if dataset.kind.key == "gpkg" else []
        ask = partial(_ask, path, dataset.kind.driver, folder / "answer", where)
        if layer in views:
            raise InputError(
                f"The layer {layer} of {where} is a view, not a table.",
                "Export it as a layer of its own, or give another with --layer.",
            )
        answer = ask(layer)
        if "layers" in answer:
            layers = answer["layers"]
            LAYERS.require(len(layers), where)
            wanted = layer_of(answer["areas"], layer, where, others=[str(one) for one, _ in layers])
            answer = ask(wanted)
        if "crs" not in answer:
            raise InputError(
                f"{where} has a table but no polygons.", "Give a file with a polygon for each area."
            )
        return _rows(answer, folder / "answer", dataset, where)


def _require_whole(dataset: Dataset, where: Path | str) -> None:
    """Refuse a set of files of which one is missing, naming it: GDAL would ask for an option, or read no columns."""
    for ending, what in READ_WITH.get(dataset.kind.key, {}).items():
        whole = ending in dataset.beside or (ending == ".dat" and ".dbf" in dataset.beside)
        if what and not whole:
            ours = Path(dataset.main.name).with_suffix(ending).name
            raise InputError(
                f"{ours}, {what} of {where}, is not there.",
                f"Put it beside {Path(dataset.main.name).name}: {dataset.kind.words} is several files of one name.",
            )


def require_own_files(main: Part, where: Path | str) -> None:
    """Refuse a MapInfo table that names other files anywhere in it: its kind was known from how it begins.

    Raises
    ------
    InputError
        If it does, or is larger than any real one, which has a few lines.
    """
    with main.open() as stream:
        raw = stream.read(LONGEST_TAB + 1)
    kind = kind_of(raw) if len(raw) <= LONGEST_TAB else KINDS["tabview"]
    if kind.key != "tab":
        raise InputError(f"{where} is {kind.words}.", kind.remedy)


def _less_views(path: Path, where: Path | str) -> list[str]:
    """Take the views out of our copy of a GeoPackage, and return them: a view's query may have no end.

    An InputError if one stands in place of a table that every GeoPackage has, or it is no whole database.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            made = dict(
                database.execute("SELECT name, type FROM sqlite_master WHERE type IN ('view', 'trigger')")
            )
            views = [str(name) for name, kind in made.items() if kind == "view"]
            _require_plain_systems(database, where)
            if any(name.lower().startswith("gpkg_") for name in views):
                raise sqlite3.DatabaseError
            for name, kind in made.items() if views else ():
                quoted = str(name).replace('"', '""')
                database.execute(f'DROP {kind} "{quoted}"')
            for name in views:
                database.execute("DELETE FROM gpkg_geometry_columns WHERE table_name = ?", (name,))
                database.execute("DELETE FROM gpkg_contents WHERE table_name = ?", (name,))
            return views
    except (sqlite3.Error, ValueError):
        raise InputError(
            f"{where} is damaged, or no GeoPackage, and cannot be read.", "Download or export it again."
        ) from None


def _require_plain_systems(database: sqlite3.Connection, where: Path | str) -> None:
    """Refuse a GeoPackage with a coordinate system that names a file, because PROJ would open that file."""
    for row in database.execute("SELECT * FROM gpkg_spatial_ref_sys LIMIT 10000"):
        if any(isinstance(cell, str) and NAMES_A_FILE.search(cell) for cell in row):
            raise names_a_file(where)


def _ask(path: Path, driver: str, answer: Path, where: Path | str, layer: str | None) -> JsonObject:
    """Read the layer in a separate process, and return its answer; its rows are in the file `answer`."""
    others = [name for name in _every_driver() if name != driver]
    for _ in range(2):
        request = {
            "path": str(path), "driver": driver, "layer": layer, "ours": OURS, "most": FEATURES.most,
            "answer": str(answer), "memory": MEMORY, "seconds": SECONDS,
        }  # fmt: skip
        _run(json.dumps(request), {**_SHUT, "GDAL_SKIP": ",".join(others)}, where)
        said: JsonObject = json.loads(answer.with_name("answer.json").read_text(encoding="utf-8"))
        if "others" not in said:
            return said
        others += said["others"]
    raise InputError(
        f"{where} was not read, because GDAL could not switch off its other drivers.", "Export it as GeoJSON."
    )


def _run(request: str, environment: dict[str, str], where: Path | str) -> None:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "CPL_", "OGR_"))
    }
    try:
        ended = run_apart(_CHILD, request.encode(), environment={**kept, **environment})
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"{where} could not be read within {error.timeout:g} seconds. It may be damaged, or the computer busy.",
            "Export its areas again, generalised boundaries if there are such.",
        ) from None
    except OSError:
        raise InputError(
            f"{where} was not read, because no process could be started for it.", "Try again."
        ) from None
    if ended.returncode != 0:
        raise InputError(f"{where} {_why(ended)}.", "Download or export it again.")


def _why(ended: subprocess.CompletedProcess[bytes]) -> str:
    if lacked_memory(ended):
        return f"takes more than {MEMORY / 1e9:.1f} GB of memory to read and was left"
    if ended.returncode in TOO_LONG:
        return f"was not read within {SECONDS} seconds and was left"
    missing = re.search(r"Unable to open .*?\.(\w{2,4}) or", last_words(ended))
    return f"lacks its .{missing[1].lower()} file" if missing else "is damaged and cannot be read"


def _rows(answer: JsonObject, path: Path, dataset: Dataset, where: Path | str) -> Rows:
    READ.require(path.stat().st_size, where)
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        FEATURES.require(table.num_rows, where)
        try:
            shapes = shapes_of_wkb(table["geometry"].to_pylist(), where)
        except (ShapelyError, TypeError, ValueError, NotImplementedError):
            raise InputError(
                f"{where} has shapes that are invalid, or have curves.",
                "Export them again as polygons of straight lines.",
            ) from None
        raw: dict[str, list[object]] = {
            name: table[f"c{k}"].to_pylist() for k, name in enumerate(answer["columns"])
        }
    encoding, notices = _encoding(dataset, raw, where)
    columns = {
        str(column_texts([name], encoding)[0]): column_texts(values, encoding) for name, values in raw.items()
    }
    return Rows(columns, shapes, ("",) * len(shapes), _system(answer["crs"], dataset, where), notices=notices)


def _encoding(
    dataset: Dataset, raw: dict[str, list[object]], where: Path | str
) -> tuple[str, tuple[Notice, ...]]:
    said = ""
    if ".cpg" in dataset.beside and dataset.kind.key == "shp":
        with dataset.beside[".cpg"].open() as stream:
            said = stream.read(100).decode("ascii", errors="ignore").strip()
    return encoding_of_table([*raw, *(one for values in raw.values() for one in values)], said, where)


def _system(crs: object, dataset: Dataset, where: Path | str) -> pyproj.CRS | None:
    """Return the declared system; for a shapefile, that of its .prj."""
    if dataset.kind.key == "shp":
        if ".prj" not in dataset.beside:
            return None
        with dataset.beside[".prj"].open() as stream:
            text = stream.read(1 << 16).decode("utf-8", errors="replace").strip("\ufeff \r\n\t\0")
        return declared(text, where) if text else None
    return declared(crs, where) if crs else None
