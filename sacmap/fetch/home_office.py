"""Read the Home Office's open data on recorded crime, by force or by Community Safety Partnership.

The tables are ODS or XLSX, with one sheet per financial year and titles and notes above the header, or CSV or Parquet
files made from them. Columns are recognised by name, so their order and the lines above the header do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from sacmap import months, tables
from sacmap.errors import InputError
from sacmap.files.delimited import LINES_ABOVE
from sacmap.files.sheets import Row, Sheet, mapped, sheets_of, text_of, words_of
from sacmap.forces import force_slug
from sacmap.notices import alike
from sacmap.offences import CODES, Recorded

#: sacmap's column → its names in the Home Office's tables, as words, the most likely first.
NAMES = {
    "year": ("financial year", "fy", "year"),
    "fiscal_quarter": ("financial quarter", "quarter", "fq"),
    "code": ("offence code", "home office offence code", "ho offence code", "ho code"),
    "n": ("number of offences", "offence count", "offences", "count", "number", "n"),
    "csp": ("csp name", "community safety partnership name", "community safety partnership", "csp"),
    "force": (
        "force name",
        "police force name",
        "police force area name",
        "police force area",
        "police force",
        "force",
        "pfa name",
    ),
    "description": ("offence description", "offence"),
}
REQUIRED = ("year", "fiscal_quarter", "code", "n")

_YEAR = re.compile(r"(\d{4})\s*[/–-]\s*(?:\d{2}|\d{4})")
#: A mark of a note in a header: [note 1], (1).
_NOTE = re.compile(r"\[[^\]]*\]|\([^)]*\)")
_QUARTER = re.compile(r"(?:q|quarter)?\s*([1-4])(?:\.0)?", re.IGNORECASE)
_NOT_GIVEN = frozenset(("", "-", "–", "..", ":", "[x]", "[z]", "[c]", "x", "z", "n/a"))


def read_table(path: str) -> RecordedTable:
    """Read the whole table: ODS, XLSX, CSV or Parquet.

    Raises
    ------
    InputError
        If the file is not such a table, or has an invalid year or quarter.
    """
    sheets = list(sheets_of(Path(path)))
    parts = [table for sheet in sheets if (table := _table(sheet)) is not None]
    if not parts:
        raise InputError(
            f"{path} has no table with a financial year, a quarter, an area, an offence code and a number of offences.",
            "Give the Home Office's recorded crime open data, by force or by Community Safety Partnership.",
        )
    whole = pd.concat(parts, ignore_index=True)
    whole["quarter"] = _quarters(whole)
    whole["code"] = mapped(whole["code"], lambda cell: text_of(cell).upper().removesuffix(".0").lstrip("0"))
    return RecordedTable(path, whole)


@dataclass(frozen=True)
class RecordedTable:
    """The Home Office's table with every area.

    rows: quarter (its first month), code, csp, force, description, n, sheet and line, as in the file.
    """

    path: str
    rows: pd.DataFrame

    def of(self, area_name: str) -> Recorded:
        """Return the recorded crime of a Community Safety Partnership or a force, as named in the table.

        Case, "&" for "and", and "Police" or "Constabulary" at the end do not matter. A partnership takes precedence
        over a force of the same name.

        Raises
        ------
        InputError
            If there is no such area, or one of its counts is invalid.
        """
        wanted = force_slug(area_name)
        for column in ("csp", "force"):
            mine = mapped(self.rows[column], lambda cell: force_slug(text_of(cell))) == wanted
            if wanted and mine.any():
                return self._recorded(area_name, column, self.rows[mine])
        near = alike(area_name, self._names, 4) or self._names[:6]
        raise InputError(
            f"{self.path} has no area called {area_name!r}.", f"It has {'; '.join(near)}, for example."
        )

    def names_in(self, texts: Iterable[str]) -> list[str]:
        """Return the names in lists with commas. "London, City of" is one name if the table has it.

        >>> table = RecordedTable("t", pd.DataFrame({"csp": [""], "force": ["London, City of"]}))
        >>> table.names_in(["England and Wales,London, City of"])
        ['England and Wales', 'London, City of']
        """
        known = set(map(force_slug, self._names))
        found = []
        for text in texts:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            while parts:
                most = next(
                    (n for n in range(len(parts), 1, -1) if force_slug(", ".join(parts[:n])) in known), 1
                )
                found.append(", ".join(parts[:most]))
                parts = parts[most:]
        return list(dict.fromkeys(found))

    def forces(self) -> tuple[Recorded, ...]:
        """Return the recorded crime of every force that records burglary, robbery or vehicle crime, by name.

        Of a table that names no forces, that of every Community Safety Partnership.

        Raises
        ------
        InputError
            If one of their counts is invalid.
        """
        rows = self.rows[self.rows["code"].isin(list(CODES))]
        by = "force" if mapped(rows["force"], text_of).ne("").any() else "csp"
        names = mapped(rows[by], text_of)
        return tuple(self._recorded(str(name), by, rows[names == name]) for name in sorted(set(names) - {""}))

    def _recorded(self, area: str, by: str, mine: pd.DataFrame) -> Recorded:
        _require_once(mine, self.path)
        quarters = self._codes
        rows = mine[["quarter", "code"]].assign(
            description=mapped(mine["description"], text_of), n=_counts(mine)
        )
        return Recorded(
            area=area,
            by=by,
            rows=rows.reset_index(drop=True),
            codes={quarter: quarters[quarter] for quarter in sorted(set(mine["quarter"]))},
        )

    @cached_property
    def _names(self) -> list[str]:
        """The names of all areas, sorted."""
        return sorted(
            {text_of(name) for column in ("csp", "force") for name in self.rows[column].unique()} - {""}
        )

    @cached_property
    def _codes(self) -> dict[str, frozenset[str]]:
        """The codes that the table has for each quarter, in any area."""
        found = self.rows.groupby("quarter")["code"].unique()
        return {str(quarter): frozenset(codes) for quarter, codes in found.items()}


def _table(sheet: Sheet) -> pd.DataFrame | None:
    """Return a sheet's rows with sacmap's column names, sheet and line; None if it has no such header."""
    found = next((k for k, row in enumerate(sheet.rows[:LINES_ABOVE]) if _is_header(_columns(row))), None)
    if found is None:
        return None
    rows = sheet.rows[found + 1 :]
    table = pd.DataFrame(
        {
            name: pd.Series([row[place] if place < len(row) else None for row in rows], dtype=object)
            for name, place in _columns(sheet.rows[found]).items()
        }
    )
    table["line"] = range(found + 2, found + 2 + len(rows))
    table["again"] = pd.Series([tuple(row) for row in rows], dtype=object).duplicated()
    # Blank lines and the notes below a table have neither.
    table = table[
        [bool(text_of(code) or text_of(n)) for code, n in zip(table["code"], table["n"], strict=True)]
    ]
    for name in ("csp", "force", "description"):
        if name not in table:
            table[name] = ""
    return table.assign(sheet=sheet.label)


def _columns(row: Row) -> dict[str, int]:
    """Return the position of each of sacmap's columns in a possible header row."""
    words = [words_of(_NOTE.sub(" ", text_of(cell))) for cell in row]
    places = {name: [words.index(word) for word in known if word in words] for name, known in NAMES.items()}
    return {name: found[0] for name, found in places.items() if found}


def _is_header(columns: dict[str, int]) -> bool:
    return set(REQUIRED) <= set(columns) and bool({"csp", "force"} & set(columns))


def _quarters(whole: pd.DataFrame) -> pd.Series:
    """Return the first month of each row's quarter."""
    years = mapped(whole["year"], lambda cell: _YEAR.fullmatch(text_of(cell)))
    quarters = mapped(whole["fiscal_quarter"], lambda cell: _QUARTER.fullmatch(text_of(cell)))
    bad = years.isna() | quarters.isna()
    if bad.any():
        row = whole[bad].iloc[0]
        raise InputError(
            f"{row['sheet']}, line {row['line']}: {text_of(row['year'])!r}, {text_of(row['fiscal_quarter'])!r} are not "
            "a financial year and a quarter.",
            "Years are written 2017/18 and quarters 1 to 4.",
        )
    first = {
        (year, quarter): months.label(int(year[1]) * 12 + 3 * int(quarter[1]))
        for year in years.unique()
        for quarter in quarters.unique()
    }
    return pd.Series([first[pair] for pair in zip(years, quarters, strict=True)], index=whole.index)


def _require_once(mine: pd.DataFrame, path: str) -> None:
    """Refuse a quarter that is in two sheets, and a row that is in a sheet twice, because they would count twice."""
    again = mine[mine["again"].astype(bool)]
    if len(again):
        row = again.iloc[0]
        raise InputError(
            f"{row['sheet']}, line {row['line']} repeats a line above it ({len(again):,} such lines of this area).",
            "Perhaps two tables that overlap were joined. Keep each line once.",
        )
    several = mine.groupby("quarter")["sheet"].nunique()
    if (several > 1).any():
        quarter = str(several.index[several > 1][0])
        named = " and ".join(sorted(mine.loc[mine["quarter"] == quarter, "sheet"].unique()))
        raise InputError(
            f"{path} gives the quarter from {months.in_words(quarter)} in {named}.", "Keep one of them."
        )


def _counts(mine: pd.DataFrame) -> pd.Series:
    """Return the counts as numbers, NaN if the table gives none. Corrections may be negative."""

    def number(cell: object) -> float | None:
        text = text_of(cell).replace(",", "").replace("−", "-").lower()
        if text in _NOT_GIVEN:
            return float("nan")
        try:
            n = float(text)
        except ValueError:
            return None
        return n if abs(n) < tables.MOST else None

    numbers = [number(cell) for cell in mine["n"]]
    if None in numbers:
        row = mine.iloc[numbers.index(None)]
        raise InputError(
            f"{row['sheet']}, line {row['line']}: {text_of(row['n'])!r} is not a number of offences.",
            "Correct that cell, or download the table again.",
        )
    return pd.Series(numbers, index=mine.index, dtype=float)
