"""Files of households as people have them: a tidy CSV, or a download with titles above the table and notes below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sacmap.areas.columns import counts_rows, require_no_points
from sacmap.areas.formats import kind_of
from sacmap.areas.layer_files import as_input_error, inflate_text, start_of
from sacmap.errors import InputError
from sacmap.files.delimited import LINES_ABOVE, decoded, rows_in
from sacmap.files.sheets import sheets_of, text_of
from sacmap.files.text import bytes_of
from sacmap.limits import CELLS, ROWS, TEXT
from sacmap.notices import Notice, listed
from sacmap.tables import homes_of

_ID = re.compile(r"area_id|id|lsoa[ _]?(\d\d)?[ _]?(cd|code)?|.*(cd|code|mnemonic)", re.IGNORECASE)
_CODE = re.compile(r"([EWSNK]\d{8})(\s*[:-]?\s.*)?")
#: Names of a column of areas' names, which stand for identifiers where there are none.
_NAME = re.compile(
    r"(area|ward|neighbourhood|parish|lsoa)?[ _]*names?|area|ward|neighbourhood|parish|.*nm", re.IGNORECASE
)
#: Names of a column of all households, the surest first.
_TOTALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"households",
        r"(all|total|number of|no\.? of|total number of)\s+(occupied\s+)?households(\W+\d{4})?",
        r"households\W+(total|all|number|count|\d{4})\W*",
        r".*\b(all categories|total|all)\b\W+(of\s+)?.*household.*",
        r".*household.*\b(total|all categories)\b.*",
        r"(?s:.*)households",
    )
)
#: What makes a column one of some households only.
_PART = re.compile(
    r"\b(one|two|three|1|2|3)[\s-]+(person|adult|people|family|bedroom|car)|lone|single|couple|pension|\bwith\b|"
    r"without|\bno\b|depriv|own(ed|er)|\brent|mortgage|\baged|student|overcrowd|multi|\bnot\b|%|per ?cent|\brate\b|"
    r"mean|average|\bavg\b|\bpct\b|proportion|share|size|population|people|persons|residents",
    re.IGNORECASE,
)
#: Names that say no more than that numbers stand below.
_PLAIN = re.compile(r"value|obs_value|obs|observation|count|counts|n|number|total|(19|20)\d\d", re.IGNORECASE)
#: What refers to a note in a name: "Number of households [note 1]".
_NOTE = re.compile(r"[\[(]\s*notes?\b[^\])]*[\])]", re.IGNORECASE)
_IS_TOTAL = re.compile(r"(.*\s)?totals?\b", re.IGNORECASE)
#: What stands for a number that is not given; the letters in brackets are those of official statistics.
_WITHHELD = {"", "-", "–", "..", ".", ":", "*", "c", "x", "na", "n/a", "[c]", "[u]", "[x]", "[z]"}

Line = tuple[int, list[str]]


class Counts(NamedTuple):
    """Households by identifier, and notices about the columns they were taken from."""

    by_id: dict[str, float]
    notices: tuple[Notice, ...]


def read_households(path: str, column: str | None = None) -> Counts:
    """Return households by identifier from a CSV (also gzipped, in Windows-1252 or UTF-16), a workbook or Parquet.

    Raises
    ------
    InputError
        If it cannot be read, or as `_households_in`.
    """
    where = Path(path)
    with as_input_error(where, "--households"):
        kind = kind_of(start_of(where))
        if kind.key in {"zip", "xls", "parquet"}:
            return _of_sheets(where, column)
        raw = inflate_text(where) if kind.key == "gzip" else bytes_of(where, TEXT)
    if kind.remedy and kind.key not in {"text", "empty"}:
        # What kinds of file are called is said of boundaries: "JSON, but none of areas".
        what = "" if kind.key == "unknown" else f"{kind.words.split(',')[0]}, "
        raise InputError(f"{path} is {what}not a table of households.", "Give the households as CSV or XLSX.")
    return _households_in(_lines_of_text(raw, path), path, column)


def _of_sheets(where: Path, column: str | None) -> Counts:
    """Return the households of the first sheet that has a table of them; tell which, if the tables of others differ."""
    errors: list[tuple[int, InputError]] = []
    found: dict[str, Counts] = {}
    for sheet in sheets_of(where):
        ROWS.require(len(sheet.rows), where)
        CELLS.require(sum(map(len, sheet.rows)), where)
        lines = [(k, [text_of(cell) for cell in row]) for k, row in enumerate(sheet.rows, 1)]
        try:
            found[sheet.label] = _households_in([line for line in lines if any(line[1])], sheet.label, column)
        except InputError as error:
            errors.append((len(lines), error))
    if found:
        (taken, counts), *others = found.items()
        differ = [label for label, other in others if other.by_id != counts.by_id]
        if not differ:
            return counts
        said = (
            f"Households are those of {taken}. Not read, as only the first table counts: {listed(differ, 3)}."
        )
        return counts._replace(notices=(*counts.notices, Notice("households-column", said)))
    if errors:
        # The longest sheet is the one that was meant, not a cover or notes.
        raise max(errors, key=lambda of_sheet: of_sheet[0])[1]
    raise InputError(f"{where} has no table.", "Give the households as CSV or XLSX.")


def _lines_of_text(raw: bytes | bytearray, path: str) -> list[Line]:
    found = [
        (number, [cell.strip() for cell in cells])
        for number, cells in rows_in(decoded(raw, path), path)
        if any(cell.strip() for cell in cells)
    ]
    ROWS.require(len(found), path)
    return found


def _households_in(lines: Sequence[Line], path: str, column: str | None) -> Counts:
    """Return households by identifier, from the lines that have any text, each with its number.

    The identifier is in the first column called area_id or id, starting with lsoa, or ending in CD, code or mnemonic
    (row numbers that a program wrote count last), else in the one of codes such as E01000001, else in one of names, and
    stays as it is given.
    The households are in `column`, else in the one called households, all households or the like, else in the only one
    of numbers that is not of some households only. Titles above the table and notes below it are passed over; a number
    withheld, or a blank cell, is none.

    Raises
    ------
    InputError
        If a column is missing or could be several, an identifier is blank or repeated, or a number is not a count;
        the message gives the line.
    """
    header = _header(lines)
    if header is None:
        raise _no_columns(next((cells for _, cells in lines if _filled(cells) > 1), []), path)
    names, body = _named_twice(lines[header][1], _less_notes(lines[header + 1 :]))
    id_at = _id_at(names, body)
    if id_at is None:
        raise _no_columns(names, path)
    number_at, notices = _number_at(names, body, id_at, path, column)
    found: dict[str, float] = {}
    written: list[str] = []
    for line, cells in body:
        key, number = _cell(cells, id_at), _cell(cells, number_at)
        if not key and ((not found and homes_of(number) is None) or any(map(_IS_TOTAL.match, cells))):
            # A second line of names, or the sum of all.
            continue
        code = _CODE.fullmatch(key)
        key = code[1] if code else key
        count = homes_of(number)
        if not key or (count is None and number.lower() not in _WITHHELD):
            raise InputError(
                f"{path}, line {line}: {key or 'no identifier'}, {number or 'no number'} is not an "
                "identifier and a count of households.",
                "Correct that line, or delete it if it is a total.",
            )
        if key in found:
            raise InputError(
                f"{path}, line {line}: {key} occurs twice.",
                "Give each identifier one line: where lines are of kinds of household, add them up.",
            )
        if count is not None:
            found[key] = count
            written.append(number)
    if body and not found:
        raise InputError(
            f"{path} has no number in its column {names[number_at]}.",
            "Say which column with --households-column. If it has formulas, save the file in a spreadsheet program.",
        )
    require_no_points(written, found.values(), path)
    if any(value % 1 for value in found.values()):
        said = f"Households of {path} with fractions are taken as estimates."
        notices = (*notices, Notice("households-fractions", said))
    return Counts(found, notices)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _no_columns(names: Sequence[str], path: str) -> InputError:
    there = listed([name for name in names if name], 12, ", ") or "none"
    return InputError(
        f"{path} has no columns of identifiers and households (it has {there}).",
        "Name them area_id and households in its first line, or say which column with --households-column.",
    )


# ── where the table is ────────────────────────────────────────────────────────────────────────────────────────────


def _header(lines: Sequence[Line]) -> int | None:
    """Return the place of the line of column names: with a name of ids, or just above the first line of codes."""
    tables = [(place, cells) for place, (_, cells) in enumerate(lines[:LINES_ABOVE]) if _filled(cells) > 1]
    for place, cells in tables:
        if any(map(_CODE.fullmatch, cells)):
            return place - 1 if place else None
        if any(map(_ID.fullmatch, cells)):
            return place
    return next((place for place, cells in tables if any(map(_NAME.fullmatch, cells))), None)


def _named_twice(names: list[str], body: list[Line]) -> tuple[list[str], list[Line]]:
    """Return the names of the columns, and the lines below them, where a second line has names too.

    A name above several columns, as merged cells have it, is that of each: Households above Owned and All is Households
    Owned and Households All; above number and %, it is Households and Households %.
    """
    below = body[0][1] if body else []
    of_areas = [k for k, name in enumerate(names) if _ID.fullmatch(name) or _NAME.fullmatch(name)]
    if (
        not of_areas
        or any(_cell(below, k) for k in of_areas)
        or any(homes_of(cell) is not None for cell in below)
    ):
        return names, body
    above = ""
    spread: list[str] = []
    for k in range(max(len(names), len(below))):
        above = _cell(names, k) or above
        spread.append(above if _cell(below, k) else _cell(names, k))
    full = [
        f"{name} {under}" if under and spread.count(name) > 1 and not _PLAIN.fullmatch(under) else name
        for k, name in enumerate(spread)
        for under in [_cell(below, k)]
    ]
    return full, body[1:]


def _less_notes(body: Sequence[Line]) -> list[Line]:
    """Return the lines of a table less those below it that are notes: text in one cell alone."""
    end = len(body)
    while end > 1 and _filled(body[end - 1][1]) < 2 and _is_note(body[end - 1][1]):
        end -= 1
    return list(body[:end])


def _filled(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def _is_note(cells: Sequence[str]) -> bool:
    said = next(cell for cell in cells if cell)
    return " " in said or not any(c.isdigit() for c in said)


def _id_at(names: Sequence[str], body: Sequence[Line]) -> int | None:
    """Return the place of the identifiers: the column of codes, where there is one called as one, else by name."""
    called = [place for place, name in enumerate(names) if _ID.fullmatch(name)]
    exact = [place for place in called if names[place].lower() in {"area_id", "id"}]
    some = body[:200]

    def codes(place: int) -> bool:
        return bool(some) and all(_CODE.fullmatch(_cell(cells, place)) for _, cells in some)

    of_codes = [place for place in range(len(names)) if codes(place)]
    several = len({_cell(cells, place) for _, cells in body for place in of_codes[:1]}) > 1 or len(body) == 1
    # As among the columns of boundaries, row numbers count last.
    numbers = [place for place in exact if counts_rows([_cell(cells, place) for _, cells in body])]
    order = [
        *(place for place in exact if place not in numbers),
        *(place for place in called if place in of_codes and _differ(body, place)),
        *(place for place in called if place not in numbers and _differ(body, place)),
        *exact,
        *called,
        *(of_codes if several else ()),
        *(place for place, name in enumerate(names) if _NAME.fullmatch(name) and _differ(body, place)),
    ]
    return order[0] if order else None


def _differ(body: Sequence[Line], place: int) -> bool:
    """Whether the values of a column differ, as those of an identifier do and a district's do not."""
    values = [_cell(cells, place) for _, cells in body]
    return len(set(values)) == len(values)


# ── which column is households ────────────────────────────────────────────────────────────────────────────────────


def _number_at(
    names: Sequence[str], body: Sequence[Line], id_at: int, path: str, column: str | None
) -> tuple[int, tuple[Notice, ...]]:
    if column is not None:
        folded = [name.casefold() for name in names]
        if column in names or column.casefold() in folded:
            return names.index(column) if column in names else folded.index(column.casefold()), ()
        raise InputError(
            f"{path} has no column {column!r} (it has {listed(list(names), 20, ', ')}).",
            "Check --households-column.",
        )
    others = [place for place, name in enumerate(names) if place != id_at and name]
    for pattern in _TOTALS:
        found = [p for p in others if pattern.fullmatch(_words(names[p])) and not _is_part(names[p])]
        if found:
            return _the_total(found, others, names, body, path)
    plain = [p for p in others if _PLAIN.fullmatch(names[p]) and _is_of_counts(body, p)]
    if len(plain) == 1:
        text = f"Households are taken from the column {names[plain[0]]} of {path}, its only one of numbers."
        return plain[0], (Notice("households-column", text),)
    parts = [names[p] for p in others if "household" in names[p].lower()] or [names[p] for p in plain]
    if parts:
        raise InputError(
            f"{path} does not say which column has all households; it has {listed(parts, 6, ', ')}.",
            "Say which with --households-column.",
        )
    raise _no_columns(names, path)


def _is_part(name: str) -> bool:
    """Whether a name is of some households only, what stands for all of them aside."""
    said = re.sub(r"no\.? (of )?households|one family only", "", _words(name), flags=re.IGNORECASE)
    return bool(_PART.search(said))


def _words(name: str) -> str:
    """Return a name with its words apart, without notes: one_person_households and OnePersonHouseholds have three."""
    return " ".join(re.sub(r"[_.]|(?<=[a-z])(?=[A-Z])", " ", _NOTE.sub("", name)).split())


def _the_total(
    found: Sequence[int], others: Sequence[int], names: Sequence[str], body: Sequence[Line], path: str
) -> tuple[int, tuple[Notice, ...]]:
    """Return the one column found, or of several the one that no other exceeds; tell where there was a choice."""
    rivals = [p for p in others if p not in found and "household" in names[p].lower()]
    if len(found) > 1:
        values = {p: [homes_of(_cell(cells, p)) or 0.0 for _, cells in body] for p in found}
        most = [max(of_line) for of_line in zip(*values.values(), strict=True)]
        largest = [p for p in found if values[p] == most]
        if not largest or len({names[p].casefold() for p in found}) < len(found):
            raise InputError(
                f"{path} has several columns of households: {listed([names[p] for p in found], 6, ', ')}.",
                "Say which with --households-column; columns of one name need different ones.",
            )
        rivals = [p for p in found if p != largest[0]] + rivals
        found = largest
    if not rivals:
        return found[0], ()
    text = (
        f"Households are taken from the column {names[found[0]]} of {path}, not "
        f"{listed([names[p] for p in rivals], 3, ', ')} (--households-column chooses)."
    )
    return found[0], (Notice("households-column", text),)


def _is_of_counts(body: Sequence[Line], place: int) -> bool:
    return bool(body) and all(
        homes_of(value) is not None or value.lower() in _WITHHELD
        for _, cells in body
        for value in [_cell(cells, place)]
    )
