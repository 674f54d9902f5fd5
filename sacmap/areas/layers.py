"""The rows of areas in whatever is given: a file, a folder, a ZIP or a gzip file, each read by its kind."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import shapely

from sacmap.areas.formats import KINDS, PACKED, kind_of
from sacmap.areas.layer_files import (
    Dataset,
    Part,
    as_input_error,
    bytes_of,
    companions,
    copy,
    datasets_of,
    inflate_text,
    is_litter,
    part_at,
    parts_beside,
    parts_of_folder,
    parts_of_zip,
    start_of,
)
from sacmap.areas.layer_rows import Rows, layer_of, rows_of
from sacmap.errors import InputError
from sacmap.limits import CORNERS
from sacmap.notices import Notice, listed


def read_layer(where: Path, layer: str | None = None) -> Rows:
    """Return the rows of the layer of areas, as the file has them.

    Raises
    ------
    InputError
        If it is not there, damaged, too large, of a kind that is not read, or has several layers and none is asked for.
    """
    with as_input_error(where):
        rows = _read(where, layer)
    CORNERS.require(int(shapely.get_num_coordinates(rows.shapes).sum()), where)
    return rows


def _read(where: Path, layer: str | None) -> Rows:
    """Read the rows of a file, a folder, a ZIP or a gzip file."""
    if where.is_dir():
        parts = parts_of_folder(where)
        if any(part.name.lower() == "a00000001.gdbtable" for part in parts):
            parts = [part._replace(name=f"{where.name or 'areas'}/{part.name}") for part in parts]
        return _of_several(parts, where, layer)
    kind = kind_of(start_of(where))
    if kind.key == "zip":
        with zipfile.ZipFile(where) as archive:
            return _of_several(parts_of_zip(archive, where), where, layer)
    if kind.key == "gzip":
        raw = inflate_text(where)
        inner = Part("areas", len(raw), partial(io.BytesIO, raw))
        return _one(_dataset_of(inner, (), where), where, layer)
    return _one(_dataset_of(part_at(where), parts_beside(where), where), where, layer)


def _dataset_of(main: Part, beside: Sequence[Part], where: Path) -> Dataset:
    """Return a file as a dataset, or an InputError that names its kind where that is not read."""
    kind = kind_of(main.start())
    if kind.key in {"unknown", "text", "empty", "csv", "shp"} and main.ending in _BY_ENDING:
        # The content of these does not show their kind, but the files with them do.
        kind = KINDS[_BY_ENDING[main.ending]]
    if kind.key in PACKED:
        raise InputError(
            f"{where} holds {kind.words} with other files in it.", "Unpack it and give the file."
        )
    if not kind.may_be_areas:
        raise InputError(f"{where} is {kind.words}.", kind.remedy)
    return Dataset(kind, main.stem, main, companions(main, beside))


#: Kinds of files whose own content does not show what they are.
_BY_ENDING = {
    ".shx": "shx", ".dbf": "dbf", ".prj": "prj", ".cpg": "prj", ".dat": "tabpart", ".map": "tabpart",
    ".id": "tabpart", ".ind": "tabpart", ".mid": "mid", ".gdbtable": "gdbpart", ".gdbtablx": "gdbpart",
}  # fmt: skip


def _of_several(parts: Sequence[Part], where: Path, layer: str | None) -> Rows:
    """Read the areas among several files: the only dataset, all KML files, or the one that --layer names."""
    found = datasets_of(parts)
    if not found:
        raise _nothing_in(parts, where)
    if all(one.kind.key == "kml" for one in found):
        rows = _kml_files(found, where, layer)
        return replace(rows, notices=(*rows.notices, *_no_kml(parts, found, where)))
    if len(found) > 1:
        names = [one.name for one in found]
        return _one(found[names.index(layer_of(names, layer, where))], where, None)
    return _one(found[0], where, layer)


def _nothing_in(parts: Sequence[Part], where: Path) -> InputError:
    """Return the error about files among which there is none of areas, saying what the first of them is."""
    is_zip, names = where.is_file(), {part.name for part in parts}
    if is_zip and "word/document.xml" in names:
        return InputError(f"{where} is {KINDS['docx'].words}.", KINDS["docx"].remedy)
    if is_zip and {"xl/workbook.xml", "[Content_Types].xml", "content.xml"} & names:
        return InputError(f"{where} is {KINDS['xlsx'].words}.", KINDS["xlsx"].remedy)
    lone = {".dbf", ".shx"} & {part.ending for part in parts}
    if lone:
        return InputError(
            f"{where} has parts of a shapefile ({', '.join(sorted(lone))}) but no .shp.",
            "Download or zip it again.",
        )
    said = f"{where} is a {'ZIP' if is_zip else 'folder'} with no file of areas"
    for part in parts:
        kind = kind_of(part.start())
        if not kind.may_be_areas:
            remedy = kind.remedy or "Unpack it and give the file of areas in it."
            return InputError(f"{said}; {part.name} in it is {kind.words}.", remedy)
    return InputError(f"{said}.", "Give a file of areas, or the folder of a force's KML files.")


def _no_kml(parts: Sequence[Part], found: Sequence[Dataset], where: Path) -> Iterator[Notice]:
    """Warn of files called .kml that are none, such as a web page that was saved in place of an area."""
    read = {one.main.name for one in found}
    others = [
        f"{part.name} is {kind_of(part.start()).words}"
        for part in parts
        if part.ending == ".kml" and part.name not in read and not is_litter(part.name)
    ]
    if others:
        text = f"Files of {where} that are no KML, and whose areas are missing: {listed(others, 3)}."
        yield Notice("boundary-left-out", text)


def _kml_files(found: Sequence[Dataset], where: Path, layer: str | None) -> Rows:
    """Read several KML files: those of one KMZ together, those of police.uk as one area each."""
    from sacmap.areas.kml import one_area, read_kml

    texts = [(one.main.name, bytes_of(one.main, where)) for one in found]
    kmz = found[0].main.path is None and any(Path(name).name.casefold() == "doc.kml" for name, _ in texts)
    if len(texts) == 1 or kmz or layer is not None:
        return read_kml(texts, where, layer)
    records = [one_area(Path(name).stem, raw, f"{where}, {name}") for name, raw in texts]
    return rows_of(records, None, where, by_standard=True)


def _one(dataset: Dataset, where: Path, layer: str | None) -> Rows:
    """Read one dataset by its kind."""
    key = dataset.kind.key
    if dataset.kind.driver:
        from sacmap.areas.gdal import read_by_gdal

        return read_by_gdal(dataset, where, layer)
    if key in {"parquet", "csv"}:
        layer_of([dataset.name], layer, where)
    if key == "parquet":
        from sacmap.areas.columnar import read_parquet

        with _on_disk(dataset.main, where) as path:
            return read_parquet(path, where)
    raw = bytes_of(dataset.main, where)
    if key == "kml":
        from sacmap.areas.kml import read_kml

        return read_kml([(dataset.main.name, raw)], where, layer)
    if key == "csv":
        from sacmap.areas.columnar import read_csv

        return read_csv(raw, where)
    from sacmap.areas.geojson import read_json

    return read_json(raw, where, layer, dataset.name)


@contextmanager
def _on_disk(part: Part, where: Path) -> Iterator[Path]:
    """Give a part as a file: its own, or a copy where it is in a ZIP."""
    if part.path is not None:
        yield part.path
        return
    with tempfile.TemporaryDirectory(prefix="sacmap-") as name:
        path = Path(name) / "areas"
        copy(part, path, where)
        yield path
