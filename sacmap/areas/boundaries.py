"""Read boundaries in any common format as the Areas table: identifiers, names, valid polygons in degrees."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from sacmap import tables
from sacmap.areas import columns
from sacmap.areas.columns import BoundaryOptions
from sacmap.areas.coordinates import code_of, in_degrees, require_on_earth, system_given, system_or_likely
from sacmap.areas.layer_rows import LINEAR, TOO_FEW, Rows, identifier_text, polygon_of
from sacmap.areas.layers import read_layer
from sacmap.areas.locate import require_degrees
from sacmap.areas.mend import mended, merged, require_few_crossings
from sacmap.errors import InputError, UsageError
from sacmap.notices import Notice, alike, folded, listed
from sacmap.study_options import require_paths, require_types

DEFAULT_OPTIONS = BoundaryOptions()


class Boundaries(NamedTuple):
    """The Areas table, and notices about how it was read."""

    areas: gpd.GeoDataFrame
    notices: tuple[Notice, ...]


def read_areas(
    path: str | os.PathLike[str],
    *,
    layer: str | None = None,
    crs: str | None = None,
    id_column: str | None = None,
    name_column: str | None = None,
    households_column: str | None = None,
    group_column: str | None = None,
    within: Sequence[str] = (),
) -> gpd.GeoDataFrame:
    """Read neighbourhood polygons. For formats see `read_boundaries`, for the options `BoundaryOptions`.

    >>> read_areas("wards.geojson")[["area_id", "name"]].head(2)
      area_id    name
    0      W0  Ward 0
    1      W1  Ward 1

    Returns
    -------
    The Areas table, sorted by area_id, in EPSG:4326. Identifiers are the text in the file. mend says what was repaired.

    Raises
    ------
    InputError, UsageError
        As `read_boundaries`.
    """
    return read_boundaries(
        path,
        BoundaryOptions(
            layer=layer, crs=crs, id_column=id_column, name_column=name_column, households_column=households_column,
            group_column=group_column, within=within,
        ),
    ).areas  # fmt: skip


def read_boundaries(path: str | os.PathLike[str], options: BoundaryOptions = DEFAULT_OPTIONS) -> Boundaries:
    """Read neighbourhood polygons from a file or folder, with the notices about it.

    GeoJSON (lines too), TopoJSON, Esri JSON, GeoPackage, shapefile, file geodatabase, FlatGeobuf, GeoParquet, KML,
    MapInfo (TAB, MIF), CSV with WKT; each also in a ZIP (KMZ is one) or gzipped; and a folder of police.uk KML files.

    Returns
    -------
    The Areas table, sorted by area_id, in EPSG:4326, with the column group if asked for; and notices.

    Raises
    ------
    InputError
        If the file is damaged or of another kind, too large, names other files, a column, layer or identifier is
        missing, identifiers repeat, rings have too few points, or the coordinate system is unknown or has no exact
        transformation.
    UsageError
        If the path is empty or none, the crs is no coordinate system, or groups are given without their column.
    """
    require_types({"boundaries": path})
    where = Path(path)
    require_paths({"boundaries": os.fspath(path)})
    require_group_column(options.within, options.group_column)
    system = system_given(options.crs) if options.crs else None
    rows = _without_strays(read_layer(where, options.layer), where)
    if not len(rows):
        raise InputError(f"{where} has no areas.", "Give a file with a polygon for each neighbourhood.")
    chosen = columns.choose(rows, where, options)
    _require_ids(chosen.ids, where, chosen.id)
    _require_rings(rows.mends, chosen.ids, where)
    shapes, of_system = _placed(rows, system, where)
    table, of_parts = _areas_of(rows, chosen, shapes, where)
    of_parts = (*of_parts, *_without_group(table, chosen.group))
    whole = mended(areas_within(table, options.within, str(where))[0], where)
    if whole.geometry.is_empty.all():
        raise InputError(
            f"{where} has no polygons, only points or lines.",
            "Give a file with a polygon for each neighbourhood.",
        )
    names = [*tables.AREAS.names, *(["group"] if chosen.group else [])]
    areas = whole.sort_values("area_id", ignore_index=True)[names]
    return Boundaries(areas, (*rows.notices, *of_system, *chosen.notices, *of_parts, *same_names(areas)))


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_strays(rows: Rows, where: Path) -> Rows:
    """Return the rows without points, lines and blank rows, which cannot contain crimes; say how many there were."""
    left_out = np.array([mend.endswith(" left out") for mend in rows.mends], dtype=bool)
    linear = np.isin(shapely.get_type_id(rows.shapes), LINEAR)
    empty = shapely.is_empty(rows.shapes)
    blank = np.zeros(len(rows), dtype=bool)
    for k in np.flatnonzero(empty & bool(rows.columns)):
        blank[k] = not any(identifier_text(values[k]) for values in rows.columns.values())
    stray = np.where(empty, left_out | blank, linear)
    if not stray.any() or stray.all():
        return rows
    kept = np.flatnonzero(~stray)
    what = "blank, points or lines" if blank.any() else "points or lines"
    text = f"{int(stray.sum()):,} of {len(rows):,} rows of {where} are {what}, not areas, and were left out."
    return replace(
        rows,
        columns={name: [values[k] for k in kept] for name, values in rows.columns.items()},
        shapes=rows.shapes[kept],
        mends=tuple(rows.mends[k] for k in kept),
        given_ids=tuple(rows.given_ids[k] for k in kept) if rows.given_ids else (),
        notices=(*rows.notices, Notice("boundary-strays", text)),
    )


def _placed(rows: Rows, given: pyproj.CRS | None, where: Path) -> tuple[np.ndarray, tuple[Notice, ...]]:
    """Return the shapes in degrees WGS84, and notices about their coordinate system."""
    require_on_earth(rows.shapes, where)
    over: tuple[Notice, ...] = ()
    system, said = rows.system, f"{where} declares the coordinate system"
    if given is not None:
        if (
            system is not None
            and not system.equals(given, ignore_axis_order=True)
            and code_of(system) != code_of(given)
        ):
            text = (
                f"{where} declares the coordinate system {system.name[:60]}; it is read as {given.name[:60]}, as "
                "you say (--crs)."
            )
            over = (Notice("boundary-system", text),)
        system, said = given, "--crs says"
    taken, assumed = system_or_likely(rows.shapes, system, where, said=said)
    shapes, more = in_degrees(rows.shapes, taken, where)
    corners = shapely.get_coordinates(shapes)
    require_degrees(corners[:, 0], corners[:, 1], f"the boundaries in {where}")
    return shapes, (*over, *(() if rows.by_standard else assumed), *more)


def _areas_of(
    rows: Rows, chosen: columns.Chosen, shapes: np.ndarray, where: Path
) -> tuple[gpd.GeoDataFrame, tuple[Notice, ...]]:
    """Return a table with one row for each area, and a notice about areas with several rows in the file."""
    names = columns.texts(rows, chosen.name) if chosen.name else [""] * len(rows)
    homes: list[float | None] = [None] * len(rows)
    if chosen.households:
        homes = columns.numbers_said(rows.columns[chosen.households], chosen.households, where)
    groups, told = _one_spelling(columns.texts(rows, chosen.group) if chosen.group else [""] * len(rows))
    rows_of: dict[str, list[int]] = {}
    for row, area in enumerate(chosen.ids):
        rows_of.setdefault(area, []).append(row)
    _require_one_name(rows_of, names, where, chosen)
    several = [area for area, its in rows_of.items() if len(its) > 1]
    parts = [row for area in several for row in rows_of[area]]
    require_few_crossings(shapes[parts], [chosen.ids[k] for k in parts], where)
    mends = (dict.fromkeys(rows.mends[k] for k in its if rows.mends[k]) for its in rows_of.values())
    table = _table(
        {
            "area_id": list(rows_of),
            "name": [_first(names, its) or area for area, its in rows_of.items()],
            "mend": ["; ".join(each) for each in mends],
            "group": [_first(groups, its) for its in rows_of.values()],
        },
        [_homes(homes, its) for its in rows_of.values()],
        [shapes[its[0]] if len(its) == 1 else merged([shapes[k] for k in its]) for its in rows_of.values()],
    )
    if not several:
        return table, told
    text = (
        f"{len(rows):,} rows of {where} make {len(rows_of):,} areas: rows that share {chosen.id} are parts of one "
        f"area, such as {listed(several, 3, ', ')}."
    )
    return table, (Notice("boundary-parts", text), *told)


def _one_spelling(groups: Sequence[str]) -> tuple[list[str], tuple[Notice, ...]]:
    """Return groups of which `folded` makes one name as one, in the commonest spelling, and a notice if there are any.

    `areas_within` does not tell them apart either, and a subtotal of one spelling alone would lack the others' areas.
    """
    often = Counter(groups)
    spelling: dict[str, str] = {}
    for name in sorted(often, key=lambda name: (-often[name], name)):
        spelling.setdefault(folded(name), name)
    others = sorted(set(groups) - set(spelling.values()))
    if not others:
        return list(groups), ()
    said = listed([f"{name} as {spelling[folded(name)]}" for name in others], 4)
    text = f"Groups written in several ways are one: {said}."
    return [spelling[folded(name)] for name in groups], (Notice("group-spellings", text),)


def _without_group(table: gpd.GeoDataFrame, column: str | None) -> Iterator[Notice]:
    """Warn of areas in no group: a district may lack some of its own, as where a join found none for them."""
    lacking = table.loc[table["group"] == "", "name"].tolist()
    if column and lacking:
        yield Notice(
            "no-group",
            f"{len(lacking):,} of {len(table):,} areas have no {column} ({listed(lacking, 3, ', ')}), so a district "
            "and its subtotal may lack areas of its own. Fill in the column.",
        )


def _table(
    texts: Mapping[str, Sequence[str]], homes: Sequence[float | None], shapes: Sequence[BaseGeometry]
) -> gpd.GeoDataFrame:
    """Return areas in degrees, with their columns of text and their households."""
    columns = {name: pd.Series(list(values), dtype=object) for name, values in texts.items()}
    households = pd.Series(list(homes), dtype="Float64")
    return gpd.GeoDataFrame(columns | {"households": households}, geometry=list(shapes), crs=tables.WGS84)


def _first(values: Sequence[str], rows: Sequence[int]) -> str:
    return next((values[k] for k in rows if values[k]), "")


def _homes(homes: Sequence[float | None], rows: Sequence[int]) -> float | None:
    """Return the households of an area: the number if all its rows agree, otherwise the sum of its parts."""
    said = [value for k in rows if (value := homes[k]) is not None]
    if not said:
        return None
    return said[0] if len(set(said)) == 1 else sum(said)


def _require_ids(ids: Sequence[str], where: Path | str, column: str) -> None:
    if "" in ids:
        raise InputError(
            f"{where}: area {list(ids).index('') + 1} has no identifier in the column {column}.",
            "Give each area its own, or name another column with --id-column.",
        )


def _require_one_name(
    rows_of: Mapping[str, Sequence[int]], names: Sequence[str], where: Path | str, chosen: columns.Chosen
) -> None:
    """Refuse rows with the same identifier and different names, because they are different areas."""
    unlike = [area for area, its in rows_of.items() if len({names[k] for k in its if names[k]}) > 1]
    if unlike:
        raise InputError(
            f"{where}: identifiers that occur more than once: {', '.join(sorted(unlike)[:10])} (column {chosen.id}; "
            f"their names in {chosen.name} differ).",
            "Give each area its own, or name another column with --id-column or --name-column.",
        )


def _require_rings(mends: Sequence[str], ids: Sequence[str], where: Path | str) -> None:
    short = [area for area, mend in zip(ids, mends, strict=True) if TOO_FEW in mend]
    if short:
        raise InputError(
            f"{where}: areas with a ring of fewer than three points: {', '.join(short)}.",
            "Draw these boundaries again, or take the areas out.",
        )


def require_group_column(within: Sequence[str], group_column: str | None) -> None:
    """Refuse `within` without `group_column`.

    Raises
    ------
    UsageError
        If groups are given and no column is.
    """
    if within and not group_column:
        raise UsageError(
            f"--within {within[0]} needs the column with the town or district.",
            "Add --group-column, such as LAD24NM.",
        )


def areas_within(
    table: gpd.GeoDataFrame, groups: Sequence[str], where: str
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the areas of some groups (all areas if no group is given), and the rest of the areas.

    Raises
    ------
    InputError
        If there is no such group. The message names the groups.
    """
    if not groups:
        return table, table.iloc[:0]
    plain = table["group"].map(folded)
    there = sorted(set(table["group"]) - {""})
    missing = [one for one in groups if folded(one) not in set(plain)]
    if missing:
        near = [f'"{name}"' for name in alike(missing[0], there)]
        said = f"Did you mean {' or '.join(near)}?" if near else "Check --within and --group-column."
        raise InputError(
            f"No area of {where} is in {missing[0]!r}: its groups are {listed(there, 12) or 'none'}.", said
        )
    mine = plain.isin({folded(one) for one in groups})
    return table[mine].reset_index(drop=True), table[~mine].reset_index(drop=True)


def same_names(areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    """Warn of names that several areas share."""
    named = areas["name"].astype(str)
    shared = sorted(name for name, times in Counter(named).items() if times > 1)
    if shared:
        text = f"Areas that share a name, told apart by {_told_apart(areas)}: {listed(shared, 4, ', ')}."
        yield Notice("same-names", text)


def _told_apart(areas: gpd.GeoDataFrame) -> str:
    """Return by what areas of the same name are told apart: their group, as far as that does, else their code."""
    if "group" not in areas:
        return "their codes"
    alike = areas[areas["name"].astype(str).duplicated(keep=False)]
    enough = (alike["group"] != "") & ~alike.duplicated(["name", "group"], keep=False)
    if enough.all():
        return "their town or district"
    return "their town or district, or else by their codes" if enough.any() else "their codes"


# ── areas that come from elsewhere ────────────────────────────────────────────────────────────────────────────────


def areas_from_rings(rings: Mapping[tuple[str, str], Sequence[tuple[float, float]]]) -> gpd.GeoDataFrame:
    """Return the Areas table from (id, name) → one ring of (lon, lat) degrees.

    Raises
    ------
    InputError
        If rings have only one or two points. The message names their areas.
    """
    mends: list[str] = []
    shapes: list[BaseGeometry] = []
    for ring in rings.values():
        own: list[str] = []
        shapes.append(polygon_of([ring], own) or shapely.Polygon())
        mends.append("; ".join(own))
    _require_rings(mends, [area for area, _ in rings], "police.uk")
    return _areas(list(rings), shapes, mends, "police.uk")


def areas_from_shapes(shapes: Mapping[tuple[str, str], BaseGeometry]) -> gpd.GeoDataFrame:
    """Return the Areas table from (id, name) → geometry in degrees, each id once.

    Raises
    ------
    InputError
        If an identifier is missing.
    """
    source = "the Open Geography service"
    _require_ids([area for area, _ in shapes], source, "of codes")
    return _areas(list(shapes), list(shapes.values()), [""] * len(shapes), source)


def _areas(
    named: Sequence[tuple[str, str]], shapes: Sequence[BaseGeometry], mends: Sequence[str], source: str
) -> gpd.GeoDataFrame:
    ids, names = [area for area, _ in named], [name or area for area, name in named]
    table = _table({"area_id": ids, "name": names, "mend": mends}, [None] * len(named), shapes)
    return mended(table, source).sort_values("area_id", ignore_index=True)[tables.AREAS.names]


def geojson_of(areas: gpd.GeoDataFrame) -> bytes:
    """Return the Areas table as GeoJSON, with six decimals and a line for each feature."""
    features = []
    whole = areas.sort_values("area_id")
    shapes = shapely.to_geojson(shapely.transform(whole.geometry.to_numpy(), lambda points: points.round(6)))
    for row, outline in zip(whole.itertuples(), shapes, strict=True):
        properties = {"area_id": row.area_id, "name": row.name}
        if not pd.isna(row.households):
            properties["households"] = int(row.households)
        if "group" in areas:
            properties["district"] = row.group
        shape = None if row.geometry.is_empty else json.loads(outline)
        features.append(
            json.dumps({"type": "Feature", "properties": properties, "geometry": shape}, ensure_ascii=False)
        )
    return ('{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n").encode()
