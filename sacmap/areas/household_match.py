"""Find the households of each area, for rates, from counts by area or by LSOA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sacmap.areas.locate import locate
from sacmap.errors import InputError
from sacmap.notices import Notice, alike, folded, listed

#: An official code of an area, and how those of LSOAs begin.
CODE, LSOAS = re.compile(r"([EWSNK]\d\d)\d{6}"), {"E01", "W01"}
#: If LSOAs cover less than this share of an area, some of its households are not counted, and a notice says so.
COVERED = 0.9
#: A rate is called rough if the households differ by more than this share from those of LSOAs split by land.
ROUGH = 0.2


def with_households(
    areas: gpd.GeoDataFrame, counts: Mapping[str, float], path: str, lsoas: gpd.GeoDataFrame | None = None
) -> tuple[gpd.GeoDataFrame, tuple[Notice, ...]]:
    """Add the households to the areas, in place of any they have.

    `counts` are by identifier or name of the areas, or of the LSOAs if those are given, as an Areas
    table. All households of an LSOA go to the area that contains its representative point, by the same rule as crimes.
    A notice says how many are in LSOAs outside all areas. `path` is the file they come from, for messages.

    Returns
    -------
    The Areas table and notices. The households of an area without any LSOA's point are not known.

    Raises
    ------
    InputError
        If no identifier belongs to an area (or LSOA), or no LSOA is in an area.
    """
    notices: list[Notice] = []
    if lsoas is None:
        known = _matched(areas, counts, path)
    else:
        homes = _matched(lsoas, counts, path, by_lsoa=True)
        owners = area_of(lsoas, areas)
        if owners.isna().all():
            raise InputError(
                "No LSOA lies in any area.",
                "Check that --lsoa-boundaries and --boundaries are for the same place.",
            )
        known = areas["area_id"].map(homes.groupby(owners).sum(min_count=1)).astype("Float64")
        some = homes.notna()
        notices = [_spread(homes, owners), *_fit(areas.assign(households=known), lsoas[some], homes[some])]
    return areas.assign(households=known), (*notices, *not_known(areas["name"], known))


def area_of(polygons: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """Return the area_id in which each polygon's representative point lies, or None, by the same rule as crimes."""
    points = shapely.point_on_surface(polygons.geometry.to_numpy())
    table = pd.DataFrame({"lon": shapely.get_x(points), "lat": shapely.get_y(points)}, index=polygons.index)
    return locate(table, areas)["area_id"]


def _matched(
    polygons: gpd.GeoDataFrame, counts: Mapping[str, float], path: str, *, by_lsoa: bool = False
) -> pd.Series:
    """Return the households of each polygon: by id, else by a name that no other has. Refuse a file of other areas."""
    found: pd.Series = polygons["area_id"].map(counts).astype("Float64")
    if found.isna().all():
        plain, given = polygons["name"].map(folded), {folded(name): homes for name, homes in counts.items()}
        found = plain.where(~plain.duplicated(keep=False)).map(given).astype("Float64")
    if found.isna().all():
        raise InputError(
            f"No identifier of {path} ({listed(list(counts), 2, ', ') or 'it is empty'}) is among those of the "
            f"polygons ({listed(list(polygons['area_id']), 2, ', ')}).",
            _why_no_match(counts, polygons, by_lsoa=by_lsoa),
        )
    return found


def _why_no_match(counts: Mapping[str, float], polygons: gpd.GeoDataFrame, *, by_lsoa: bool) -> str:
    """Return what to do if no identifier matches: they differ in noughts or capitals only, or are of other areas."""
    ids = polygons["area_id"]
    bare, in_small = {one.lstrip("0"): one for one in counts}, {one.casefold() for one in counts}
    lost = next((one for one in ids if one.startswith("0") and one.lstrip("0") in bare), None)
    if lost is not None:
        written = bare[lost.lstrip("0")]
        return f"The file has lost the noughts in front, as spreadsheets do: write {lost}, not {written}."
    in_capitals = next((one for one in ids if one.casefold() in in_small), None)
    if in_capitals is not None:
        return f"They differ in capitals only: write {in_capitals}, as the polygons do."
    if by_lsoa:
        return "Give households by LSOA, and to --lsoa-boundaries the LSOAs of the same place and year."
    kinds, coded = {code[1] for one in counts if (code := CODE.fullmatch(one))}, any(map(CODE.fullmatch, ids))
    if kinds and not kinds <= LSOAS:
        if coded:
            return "Areas get new codes when their boundaries change: give households of the same areas and year."
        return (
            "The file has codes: say with --id-column which column of the boundaries has them; if none has, delete the "
            "codes, so that its other ids or names count."
        )
    in_words = next((one for one in counts if not any(c.isdigit() for c in one)), "")
    near = alike(in_words, polygons["name"], 1) if in_words else []
    return (
        f"Write the names as in the boundaries. Did you mean {near[0]} by {in_words}?"
        if near
        else "If it is by LSOA and the areas are not LSOAs, add --lsoa-boundaries FILE."
    )


def _spread(homes: pd.Series, owners: pd.Series) -> Notice:
    """Say how many households of the LSOAs are in areas, and how many are in none."""
    whole, nowhere = float(homes.sum()), float(homes[owners.isna()].sum())
    share = 100 * nowhere / whole if whole else 0.0
    missing = int(homes.isna().sum())
    said = (
        f"Households are those of {int(homes.notna().sum()):,} LSOAs, each given whole to the area its representative "
        f"point lies in: {whole - nowhere:,.0f} in areas; {nowhere:,.0f} ({share:.1f}%) unassigned, in no area."
    )
    if missing:
        said += f" LSOAs without a count: {missing:,}."
    return Notice("households-spread", said)


def _fit(areas: gpd.GeoDataFrame, lsoas: gpd.GeoDataFrame, homes: pd.Series) -> Iterator[Notice]:
    """Name the areas that LSOAs cover only in part, and those where LSOAs lie across the boundary."""
    shapes, cells = areas.geometry.to_numpy(), lsoas.geometry.to_numpy()
    given = areas["households"].to_numpy(float, na_value=np.nan)
    cell, area = shapely.STRtree(shapes).query(cells, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[area], cells[cell]))
    land = shapely.area(shapes)
    covered = np.bincount(area, weights=shared, minlength=len(shapes)) / np.where(land > 0, land, np.nan)
    split = homes.to_numpy(float)[cell] * shared / shapely.area(cells[cell])
    by_land = np.bincount(area, weights=split, minlength=len(shapes))

    part = np.flatnonzero(np.isfinite(given) & (covered < COVERED))
    if len(part):
        each = [f"{areas['name'].iloc[k]} ({covered[k]:.0%})" for k in part]
        yield Notice(
            "households-part-covered",
            f"Areas that the LSOAs cover only in part, {len(each):,}: {listed(each, 3)}. Their households are "
            "too few and their rates too high.",
        )
    rough = np.flatnonzero((np.abs(given - by_land) > ROUGH * given) & (covered >= COVERED))
    if len(rough):
        each = [f"{areas['name'].iloc[k]} ({given[k]:,.0f}, or {by_land[k]:,.0f} by land)" for k in rough]
        yield Notice(
            "households-rough",
            f"Areas that LSOAs fit badly, {len(each):,} of {len(areas):,}: {listed(each, 3)}. Their households would "
            f"differ by more than {ROUGH:.0%} if LSOAs were split by land, so their rates are rough.",
        )


def not_known(names: Sequence[str], known: pd.Series) -> Iterator[Notice]:
    """Warn of areas without households, because of which the page shows no rates."""
    without = [str(name) for name, homes in zip(names, known.fillna(0), strict=True) if homes <= 0]
    if without:
        yield Notice(
            "households-not-known",
            f"Areas whose households are not known, {len(without):,} of {len(known):,}: {listed(without, 3)}. "
            "The page and its lists therefore use counts; rates of the other areas are in the CSV.",
        )
