"""Read a force's own extract, provided under an information-sharing agreement, as a table of crimes.

The [extract] table of the study file describes its columns, dates, coordinates and offences: see `layout`. Residential
burglary and theft of and from vehicles are then exact, unlike police.uk's broad classes.
"""

from __future__ import annotations

import difflib
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.crimes import Reading, tally_of
from sacmap.errors import InputError
from sacmap.fetch.csv_files import Member, each_once
from sacmap.fetch.extract_layout import COMPONENTS, Layout, are_swapped, day_of, is_day_number, layout_of
from sacmap.fetch.extract_notices import (
    broken_parts,
    extract_notices,
    hidden_notices,
    lacking_parts,
    passed_over_notices,
    unknown_offences,
)
from sacmap.fetch.national_grid import EXTENTS, from_grid, in_britain, swapped_among
from sacmap.fetch.repeats import (
    Part,
    Repeated,
    idents_of,
    invalid_ids,
    is_no_id,
    keys_of,
    without_repeated_parts,
)
from sacmap.fetch.rounding import ROUGH_DECIMALS, rounding_of
from sacmap.fetch.street_rows import CATEGORIES
from sacmap.files.delimited import LINES_ABOVE, in_one_cell, lines_in_cells
from sacmap.files.sheets import Row, Sheet, mapped, sheets_of, text_of, words_of
from sacmap.files.text import sha256
from sacmap.notices import Notice, listed, series
from sacmap.study import Study

#: Spreadsheets keep fifteen digits of a number, so a longer reference has lost its end.
EXACT = 1e15

_GRID_REFERENCE = re.compile(r"[HJNOST][A-HJ-Z]( ?\d){4,10}", re.IGNORECASE)
_OTHER = "other-crime"
#: What a file of police.uk's download is called.
_STREET_FILE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-*-street.csv"


@dataclass(frozen=True)
class Extracted:
    """One sheet: its file and label, its rows in sacmap's columns, and the cells of its other columns by name.

    rows: month, day, offence, lon, lat, x and y (as given), crime_id, location, left (why a filter leaves the row out,
    or "").
    """

    path: Path
    label: str
    rows: pd.DataFrame
    others: dict[str, pd.Series]
    day_numbers: int
    is_hidden: bool


def read_extract(study: Study) -> Reading:
    """Read the crimes of a study that has an [extract] table.

    Returns
    -------
    The Reading of its files. The crimes are the rows of SAC, with longitude and latitude; the tally has every row.

    Raises
    ------
    UsageError
        If the [extract] table is wrong.
    InputError
        If a file is not a table with those columns, a date or coordinate is invalid, or no row is an offence of SAC.
    """
    layout = layout_of(study.extract or {}, study.force)
    files, notes = each_once([Member(Path(path)) for path in study.crimes])
    several = [_sheets(file.path, layout) for file in files]
    whole = [sheet for sheets, _ in several for sheet in sheets]
    found, repeated = without_repeated_parts(whole, [_part_of(sheet) for sheet in whole], _less)
    inputs = tuple(
        {
            "path": str(file.path),
            "sha256": sha256(file.path),
            "rows": sum(len(sheet.rows) for sheet in found if sheet.path == file.path),
        }
        for file in files
    )
    rows = pd.concat([sheet.rows for sheet in found], ignore_index=True)
    rows["component"] = mapped(rows["offence"], layout.component_of)
    rows.loc[rows["left"] != "", "component"] = ""
    rows["crime_type"] = rows["component"].map(COMPONENTS).fillna(_OTHER)
    rows["force"] = layout.force
    sac = rows[rows["crime_type"] != _OTHER].reset_index(drop=True)
    if sac.empty and len(rows):
        raise unknown_offences(rows, layout)
    invalid, of_ids = invalid_ids(
        sac["crime_id"],
        kinds=sac["crime_type"],
        others=[sac["day"], sac["component"], sac["lon"].round(5), sac["lat"].round(5)],
    )
    sac["crime_id"] = sac["crime_id"].where(~invalid, "")
    lacking, broken = lacking_parts(sac), broken_parts(sac, study)
    return Reading(
        crimes=sac[tables.CRIMES.names].astype(dict.fromkeys(CATEGORIES, "category")),
        tally=tally_of(rows),
        inputs=inputs,
        notes=tuple(notes),
        notices=(
            *repeated,
            *extract_notices(study, layout, rows, sac, _other_columns(found), lacking=lacking, broken=broken),
            *of_ids,
            *_rounded_notices(rows, layout),
            *_day_number_notices(sum(sheet.day_numbers for sheet in found)),
            *passed_over_notices([sheet for _, others in several for sheet in others]),
            *hidden_notices([sheet.label for sheet in found if sheet.is_hidden and len(sheet.rows)]),
        ),
        lacking=lacking,
        broken=("vehicle-crime",) if broken else (),
    )


def _other_columns(found: list[Extracted]) -> dict[str, pd.Series]:
    """Return the cells of the other columns, over all sheets; None of a sheet without the column."""
    return {
        name: pd.Series(
            [cell for sheet in found for cell in sheet.others.get(name, [None] * len(sheet.rows))],
            dtype=object,
        )
        for name in dict.fromkeys(name for sheet in found for name in sheet.others)
    }


def _sheets(path: Path, layout: Layout) -> tuple[list[Extracted], list[str]]:
    """Return the sheets with the columns, and what the others are called and lack."""
    if _is_download(path):
        raise _of_police_uk(path)
    whole, others, nearest = [], [], []
    for sheet in sheets_of(path):
        rows = _rows(path, sheet, layout)
        if rows is not None:
            whole.append(rows)
            continue
        there, missing = _nearest(sheet.rows, layout)
        nearest.append((there, missing))
        if any(text_of(cell) for row in sheet.rows for cell in row):
            near = there and len(missing) < len(layout.columns)
            others.append(sheet.label + (f" (no column {series(list(map(repr, missing)))})" if near else ""))
    if not whole:
        raise _no_header(path, nearest or [_nearest([], layout)])
    return whole, others


def _is_download(path: Path) -> bool:
    """Whether a path is a folder or a ZIP of police.uk's files."""
    if path.is_dir():
        return any(path.rglob(_STREET_FILE))
    with suppress(OSError, zipfile.BadZipFile, NotImplementedError):
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                return any(fnmatch(name.rpartition("/")[2], _STREET_FILE) for name in archive.namelist())
    return False


def _of_police_uk(path: Path) -> InputError:
    return InputError(
        f"{path} is police.uk's, and the study is of a force's own extract.",
        "Give the extract, or take the [extract] table out of the study.",
    )


def _nearest(rows: list[Row], layout: Layout) -> tuple[list[str], list[str]]:
    """Return the cells of the row most like a header, and the columns that it lacks."""
    wanted = {words_of(name): name for name in layout.columns.values()}
    nearest = max(
        rows[:LINES_ABOVE], key=lambda row: len({words_of(cell) for cell in row} & set(wanted)), default=[]
    )
    there = [text for cell in nearest if (text := text_of(cell))]
    return there, [name for words, name in wanted.items() if words not in set(map(words_of, there))]


def _no_header(path: Path, nearest: Sequence[tuple[list[str], list[str]]]) -> InputError:
    """Return the error for a file without the columns. It shows the row most like a header: see `_nearest`."""
    there, missing = min(nearest, key=lambda one: len(one[1]))
    if set(map(words_of, missing)) & set(map(words_of, in_one_cell(there))):
        return lines_in_cells(str(path))
    if {"Reported by", "Crime type"} <= set(there):
        return _of_police_uk(path)
    named = ", ".join(repr(name) for name in missing)
    close = [near[0] for name in missing if (near := difflib.get_close_matches(name, there, 1))]
    perhaps = f"Perhaps {', '.join(repr(name) for name in close)}? " if close else ""
    hint = f"{perhaps}It has {listed(there, 12, ', ')}."[:300]
    return InputError(
        f"{path} has no header row with the columns {named}.",
        f"{hint} Write them in [extract.columns] as the file does.",
    )


def _part_of(sheet: Extracted) -> Part:
    rows = sheet.rows
    ids = rows["crime_id"].where(~rows["crime_id"].map(is_no_id).astype(bool), "")
    kind = [rows["day"], rows["offence"].map(words_of)]
    return Part(
        label=sheet.label,
        size=len(rows),
        group=rows["month"].to_numpy(object),
        kind=keys_of(kind),
        key=keys_of([*kind, rows["lon"].round(5), rows["lat"].round(5)]),
        ident=idents_of(ids),
        placed=rows["lon"].notna().to_numpy(),
    )


def _less(sheet: Extracted, repeated: Repeated) -> Extracted:
    keep = ~sheet.rows["month"].isin(repeated.groups)
    return replace(
        sheet,
        rows=sheet.rows[keep].reset_index(drop=True),
        others={name: cells[keep].reset_index(drop=True) for name, cells in sheet.others.items()},
    )


def _rounded_notices(rows: pd.DataFrame, layout: Layout) -> Iterator[Notice]:
    """Warn if most locations are rounded to 100 m, a kilometre or more."""
    metric = {1000.0: "a kilometre", 100.0: "100 m"}
    steps = metric if layout.coordinates == "BNG" else {10**-n: words for n, words in ROUGH_DECIMALS.items()}
    for when, metres in rounding_of(rows[["x", "y"]], rows["month"], steps):
        yield Notice(
            "rough-places",
            f"Most locations of the extract{when} are rounded to {metres}, so crimes near a boundary will be in the "
            "wrong area. A spreadsheet or the force may have rounded them: ask for eastings and northings in "
            "whole metres.",
        )


def _day_number_notices(count: int) -> Iterator[Notice]:
    if count:
        yield Notice(
            "day-numbers",
            f"Dates that are a spreadsheet's day numbers, read as such (43101 is 1 January 2018): {count:,}.",
        )


def _rows(path: Path, sheet: Sheet, layout: Layout) -> Extracted | None:
    """Return a sheet's rows in sacmap's columns, or None if it has no header."""
    wanted = {name: words_of(given) for name, given in layout.columns.items()}
    headers = [[words_of(cell) for cell in row] for row in sheet.rows[:LINES_ABOVE]]
    at = next((k for k, words in enumerate(headers) if set(wanted.values()) <= set(words)), None)
    if at is None:
        return None
    header = headers[at]
    lines = _lines(sheet, at, len(header))
    table = pd.DataFrame({"line": [line for line, _ in lines]})
    titles = [text_of(cell) for cell in sheet.rows[at]]
    places = {name: _place(layout.columns[name], titles, lines, sheet) for name in wanted}
    for name, place in places.items():
        table[name] = _cells(lines, place)
    table["day"] = _days(table, sheet, layout)
    table["month"] = table["day"].str[:7]
    table["lon"], table["lat"], table["x"], table["y"] = _degrees(table, sheet, layout)
    table["crime_id"] = table["id"].map(_reference) if "id" in table else _texts(table, "id")
    table["location"] = _texts(table, "location")
    used = set(places.values())
    others = {title: _cells(lines, k) for k, title in enumerate(titles) if title and k not in used}
    table["left"] = _left_out(lines, header, sheet, layout)
    kept = ["month", "day", "offence", "lon", "lat", "x", "y", "crime_id", "location", "left"]
    return Extracted(path, sheet.label, table[kept], others, int(table["counted"].sum()), sheet.is_hidden)


def _place(column: str, titles: Sequence[str], lines: list[tuple[int, list[object]]], sheet: Sheet) -> int:
    """Return the position of a column. Of several with its name, one is taken only if all have the same cells."""
    places = [k for k, title in enumerate(titles) if words_of(title) == words_of(column)]
    exact = [k for k in places if titles[k] == column.strip()]
    first, *others = exact or places
    cells = _cells(lines, first).map(text_of)
    if any((cells != _cells(lines, k).map(text_of)).any() for k in others):
        raise InputError(
            f"{sheet.label} has {len(others) + 1} columns called {column!r}, with different cells.",
            "Give them different names, and write the one to read in [extract.columns].",
        )
    return first


def _lines(sheet: Sheet, at: int, width: int) -> list[tuple[int, list[object]]]:
    """Return the number and cells of each line below the header, less empty ones, repeated headers, and notes below."""
    lines = [
        (line, row)
        for line, row in enumerate(sheet.rows[at + 1 :], start=at + 2)
        if any(text_of(cell) for cell in row) and row != sheet.rows[at]
    ]
    while lines and _is_note(lines[-1][1]):
        lines.pop()
    long = next((line for line, row in lines if any(text_of(cell) for cell in row[width:])), None)
    if long is not None:
        raise InputError(
            f"{sheet.label}, line {long} has more cells than the header has columns.",
            "Perhaps a text with a comma needs quotes. Save the extract again.",
        )
    return lines


def _is_note(row: Sequence[object]) -> bool:
    """Whether a row has a single cell, of more words than a reference, such as "Source: Niche, 3 January 2026"."""
    texts = list(filter(None, map(text_of, row)))
    return len(texts) == 1 and len(texts[0].split()) > 2


def _cells(lines: list[tuple[int, list[object]]], place: int) -> pd.Series:
    return pd.Series([row[place] if place < len(row) else None for _, row in lines], dtype=object)


def _texts(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name].map(text_of) if name in table else pd.Series("", index=table.index, dtype=object)


def _reference(cell: object) -> str:
    """Return a reference as text, or "" for a number with more digits than spreadsheets keep."""
    return "" if isinstance(cell, float) and abs(cell) >= EXACT else text_of(cell)


def _left_out(
    lines: list[tuple[int, list[object]]], header: list[str], sheet: Sheet, layout: Layout
) -> pd.Series:
    """Return why the study file's filters leave each row out, or ""."""
    left = pd.Series([""] * len(lines), dtype=object)
    for name, filters, leaves in (("keep", layout.keep, False), ("drop", layout.drop, True)):
        for column, several in filters.items():
            if words_of(column) not in header:
                raise InputError(
                    f"{sheet.label} has no column {column!r}, by which [extract.{name}] chooses rows.",
                    f"Its columns are {', '.join(text for text in header if text)[:160]}.",
                )
            cells = _cells(lines, header.index(words_of(column)))
            goes = mapped(cells, words_of).isin(several) == leaves
            said = cells.map(text_of).replace("", "nothing")
            left = left.where(~goes | (left != ""), column + ": " + said)
    return left


def _days(table: pd.DataFrame, sheet: Sheet, layout: Layout) -> pd.Series:
    found = mapped(table["month"], lambda cell: day_of(cell, layout.date_format))
    bad = found == ""
    if bad.any():
        row = table[bad].iloc[0]
        wanted = f"of the form {layout.date_format}" if layout.date_format else "of the form YYYY-MM-DD"
        raise InputError(
            f"{sheet.label}, line {row['line']}: {text_of(row['month'])!r} is not a date {wanted}.",
            "Set [extract] date_format in the study file, for example %d/%m/%Y, or correct the date."
            if text_of(row["month"])
            else "Write the date of that crime. If the line is a total or a note and no crime, delete it.",
        )
    if are_swapped(table["month"], found):
        raise InputError(
            f"{sheet.label}: a spreadsheet seems to have swapped day and month. Every cell that is a date has a day up "
            "to 12, and every date that is still text has a later one.",
            "Ask for the extract with dates as YYYY-MM-DD, or open the original again with that column as text.",
        )
    table["counted"] = mapped(table["month"], is_day_number).astype(bool)
    return found


def _degrees(table: pd.DataFrame, sheet: Sheet, layout: Layout) -> tuple[np.ndarray, ...]:
    """Return longitude and latitude, and both coordinates as given. All are NaN if one is blank or both are 0."""
    numbers = []
    for name in layout.place:
        texts = _with_points(table[name].map(text_of), layout.coordinates)
        blank = texts.str.lower().isin(tables.BLANK)
        values = pd.to_numeric(texts.where(~blank), errors="coerce").to_numpy(float)
        _refuse(table, sheet, ~blank.to_numpy() & ~np.isfinite(values), layout, partial(_no_number, texts))
        numbers.append(values)
    x, y = numbers
    nowhere = np.isnan(x) | np.isnan(y) | ((x == 0) & (y == 0))
    outside = ~nowhere & ~in_britain(x, y, layout.coordinates)
    if layout.coordinates == "BNG":
        outside |= swapped_among(np.where(nowhere, np.nan, x), y)
    _refuse(table, sheet, outside, layout, lambda at: _looks_like(x[at], y[at], layout.coordinates))
    given = [np.where(nowhere, np.nan, values) for values in (x, y)]
    if layout.coordinates == "BNG":
        x, y = from_grid().transform(x, y)
    return np.where(nowhere, np.nan, x), np.where(nowhere, np.nan, y), *given


def _with_points(texts: pd.Series, coordinates: str) -> pd.Series:
    """Return numbers without commas. A comma that separates no thousands is a decimal comma: -0,106453 or 531479,5."""
    alone = texts.str.fullmatch(r"-?\d+,\d+")
    thousands = texts.str.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?") & (coordinates == "BNG")
    decimal = alone & ~thousands
    return texts.str.replace(",", "", regex=False).where(~decimal, texts.str.replace(",", ".", regex=False))


def _no_number(texts: pd.Series, at: int) -> str:
    if _GRID_REFERENCE.fullmatch(str(texts.iloc[at]).strip()):
        return "is a grid reference with letters: ask for eastings and northings in metres, in two columns"
    return "is not a coordinate"


def _refuse(
    table: pd.DataFrame, sheet: Sheet, bad: np.ndarray, layout: Layout, why: Callable[[int], str]
) -> None:
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        pair = ", ".join(repr(text_of(table[name].iloc[at])) for name in layout.place)
        raise InputError(
            f"{sheet.label}, line {table['line'].iloc[at]}: {pair} {why(at)} ({int(bad.sum()):,} such rows).",
            "Leave both coordinates blank if the location is not known, and check [extract] coordinates.",
        )


def _looks_like(x: float, y: float, coordinates: str) -> str:
    one = (np.array([x]), np.array([y]))
    other = next(kind for kind in EXTENTS if kind != coordinates)
    if in_britain(*one, other)[0]:
        return f"looks like {other}, not {coordinates}"
    if in_britain(*one[::-1], coordinates)[0]:
        return "looks as if the two columns are swapped"
    return f"is not in Great Britain in {coordinates}"
