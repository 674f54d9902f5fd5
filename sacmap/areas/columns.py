"""Which columns are the areas' identifiers, names, households and groups: those given, else only where it is sure."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sacmap import tables
from sacmap.areas.layer_rows import Rows, identifier_text
from sacmap.errors import InputError
from sacmap.notices import Notice, listed

_CODE_END = re.compile(r"(.*?)[ _-]*(cd|code|codes|mnemonic)", re.IGNORECASE)
#: A number that may be thousands with a point between, or a fraction.
_POINT = re.compile(r"\d{1,3}\.\d{3}")
_NAME_END = re.compile(r"(.*?)[ _-]*(nm|name|names)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class BoundaryOptions:
    """How a file of boundaries is to be read, as far as its user says.

    Parameters
    ----------
    layer
        The layer, folder of a KML or file of a ZIP, if there are several.
    crs
        The coordinate system, such as EPSG:27700, if the file declares none or a wrong one.
    id_column
        Column with the identifiers; by default the first of area_id, id, a column ending in CD or code that is whole
        and unique. Rows that share an identifier and a name are parts of one area.
    name_column
        Column with the names; by default the one that belongs to the identifiers' column, then name, then one ending
        in NM or name. If a name is missing, the identifier is used.
    households_column
        Column with the number of households; by default `households` if there is one.
    group_column
        Column with the town or district of each area.
    within
        Names of groups; only their areas are kept.
    """

    layer: str | None = None
    crs: str | None = None
    id_column: str | None = None
    name_column: str | None = None
    households_column: str | None = None
    group_column: str | None = None
    within: Sequence[str] = ()


class Chosen(NamedTuple):
    """The columns chosen, None where there is none; notices; ids as text, one a row."""

    id: str
    ids: list[str]
    name: str | None
    households: str | None
    group: str | None
    notices: tuple[Notice, ...]


def choose(rows: Rows, where: Path | str, options: BoundaryOptions) -> Chosen:
    """Choose the columns.

    An identifier is in the column given, else in the first of area_id, id and those ending in CD or code that is whole
    and unique: row numbers that a program wrote count last. A name is in the column that belongs to that of the
    identifiers (WD24CD, WD24NM), else in `name`, else in the first ending in NM or name whose values differ.

    Raises
    ------
    InputError
        If a column given is not there, or there is none of identifiers; what was tried is named, and the option.
    """
    given_id = _given(rows, options.id_column, "id", where)
    given_name = _given(rows, options.name_column, "name", where)
    homes = _given(rows, options.households_column, "households", where) or _called(rows, "households")
    group = _given(rows, options.group_column, "group", where)
    identity, ids, of_id = (
        _guessed_id(rows, where) if given_id is None else (given_id, texts(rows, given_id), [])
    )
    name, of_name = _guessed_name(rows, identity, ids, where) if given_name is None else (given_name, [])
    return Chosen(identity, ids, name, homes, group, (*of_id, *of_name))


def texts(rows: Rows, column: str) -> list[str]:
    """Return a column as texts."""
    return [identifier_text(value) for value in rows.columns[column]]


def _called(rows: Rows, name: str) -> str | None:
    return next((column for column in rows.columns if column.casefold() == name.casefold()), None)


def _given(rows: Rows, column: str | None, option: str, where: Path | str) -> str | None:
    if column is None:
        return None
    found = column if column in rows.columns else _called(rows, column)
    if found is None:
        raise InputError(
            f"{where} has no column {column!r} (it has {_listed(rows)}).", f"Check --{option}-column."
        )
    return found


def _listed(rows: Rows) -> str:
    return listed([name[:40] for name in rows.columns], 30, ", ") or "none"


# ── identifiers ───────────────────────────────────────────────────────────────────────────────────────────────────


def _guessed_id(rows: Rows, where: Path | str) -> tuple[str, list[str], list[Notice]]:
    exact = [column for name in ("area_id", "id") for column in rows.columns if column.casefold() == name]
    ends = [column for column in rows.columns if _CODE_END.fullmatch(column) and column not in exact]
    tried = {column: texts(rows, column) for column in [*exact, *ends]}
    # Row numbers written by geopandas, QGIS or ArcGIS are not codes.
    numbers = [column for column in exact if counts_rows(tried[column])]
    order = [*(column for column in tried if column not in numbers), *numbers]
    whole = [column for column in order if _is_key(tried[column])]
    if whole:
        return whole[0], tried[whole[0]], _id_notices(whole, where)
    merged = next((column for column in order if _parts_of_areas(rows, column, tried[column])), None)
    if merged is not None:
        return merged, tried[merged], []
    beside = [identifier_text(value) for value in rows.given_ids]
    # The placemarks of a KML have a name and a folder.
    name = _called(rows, "name") if "folder" in rows.columns else None
    if name is not None and _is_key(texts(rows, name)):
        return name, texts(rows, name), []
    # Row numbers would hide that a code is given twice; a district's or a postcode is given to many.
    if beside and _is_key(beside) and not (counts_rows(beside) and any(map(_is_nearly_key, tried.values()))):
        return "its own id", beside, []
    if name is not None and (combined := _with_folder(rows, name)):
        return name, combined, []
    raise _no_ids(rows, tried, where)


def _with_folder(rows: Rows, name: str) -> list[str] | None:
    """Return "folder / name" where names repeat in several folders and so are told apart."""
    pairs = [
        f"{folder} / {own}" for folder, own in zip(texts(rows, "folder"), texts(rows, name), strict=True)
    ]
    return pairs if "" not in texts(rows, name) and _is_key(pairs) else None


def _is_key(values: Sequence[str]) -> bool:
    return "" not in values and len(set(values)) == len(values)


def _is_nearly_key(values: Sequence[str]) -> bool:
    """Whether one value, or one in ten, is too many, and most are not: the values are codes with a mistake."""
    codes = len(set(values))
    return len(values) - codes <= max(1, len(values) // 10) < codes


def counts_rows(values: Sequence[str]) -> bool:
    """Whether the values are the numbers of several rows, which programs write and which identify no area."""
    many = len(values)
    return many > 1 and any(list(values) == [str(first + k) for k in range(many)] for first in (0, 1))


def _parts_of_areas(rows: Rows, column: str, values: Sequence[str]) -> bool:
    """Whether rows of one id are parts of one area: more than one id, and all that is said of them in words agrees."""
    in_words = [
        other
        for other, said in rows.columns.items()
        if other != column and any(isinstance(value, str) for value in said)
    ]
    several = "" not in values and len(set(values)) > 1
    return several and all(_says_one(values, texts(rows, other)) for other in in_words)


def _id_notices(whole: Sequence[str], where: Path | str) -> list[Notice]:
    if len(whole) < 2:
        return []
    text = (
        f"Areas are identified by the column {whole[0]} of {where}; {', '.join(whole[1:4])} would do too "
        "(--id-column chooses)."
    )
    return [Notice("boundary-columns", text)]


def _no_ids(rows: Rows, tried: dict[str, list[str]], where: Path | str) -> InputError:
    if not rows.columns:
        return InputError(
            f"{where} has shapes without any columns, so no area has an identifier.",
            "Give a file whose areas have codes or names.",
        )
    would_do = next(
        (column for column in rows.columns if _is_key(own := texts(rows, column)) and not counts_rows(own)),
        "",
    )
    such_as = f", such as --id-column {shlex.quote(would_do)}" if would_do else ""
    if not tried:
        return InputError(
            f"{where} has no column of identifiers (it has {_listed(rows)}).",
            f"Say which with --id-column{such_as}.",
        )
    why = [f"{column} {_wrong_with(values)}" for column, values in list(tried.items())[:4]]
    return InputError(
        f"{where} has no column that identifies each area: {'; '.join(why)}.",
        f"Say which does with --id-column (it has {_listed(rows)}){such_as}.",
    )


def _wrong_with(values: Sequence[str]) -> str:
    blank = values.count("")
    if blank:
        return "is empty" if blank == len(values) else f"has no value in row {list(values).index('') + 1}"
    commonest, times = Counter(values).most_common(1)[0]
    if times == len(values):
        return f"is {commonest[:40]} in every row"
    return f"has {commonest[:40]} given to more than one area"


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _guessed_name(
    rows: Rows, identity: str, ids: Sequence[str], where: Path | str
) -> tuple[str | None, list[Notice]]:
    ends = {
        column: end[1].casefold()
        for column in rows.columns
        if column != identity and (end := _NAME_END.fullmatch(column)) and any(texts(rows, column))
    }
    stem = _CODE_END.fullmatch(identity)
    # The names of the codes themselves stand even where they differ within one code: that is an error, told later.
    belongs = [column for column, end in ends.items() if stem and end == stem[1].casefold()]
    if belongs:
        return belongs[0], []
    said = {column: texts(rows, column) for column in ends}
    usable = [column for column, names in said.items() if _says_one(ids, names)]
    if _NAME_END.fullmatch(identity):
        # Areas known by their names have no need of others, least of all of their district's.
        usable = [column for column in usable if len(set(said[column])) == len(set(ids))]
    usable.sort(key=lambda column: column.casefold() != "name")
    differ = [column for column in usable if len(set(said[column])) > 1] or usable
    if not differ:
        return None, list(_called_by_numbers(rows, identity, ids, where))
    if len(differ) < 2 or differ[0].casefold() == "name":
        return differ[0], []
    text = f"Areas are named by the column {differ[0]} of {where}, not {', '.join(differ[1:4])} "
    text += "(--name-column chooses)."
    return differ[0], [Notice("boundary-columns", text)]


def _called_by_numbers(rows: Rows, identity: str, ids: Sequence[str], where: Path | str) -> Iterator[Notice]:
    """Warn that areas are called by row numbers, if another column may have their names."""
    for column in rows.columns if counts_rows(ids) else ():
        own = texts(rows, column)
        if _is_key(own) and all(name[0].isalpha() for name in own):
            text = (
                f"Areas are called by the row numbers in {identity} of {where}, as no column is called a name. "
                f"If {column} has their names, such as {own[0][:40]}, say so (--name-column {column})."
            )
            yield Notice("boundary-columns", text)
            return


def _says_one(ids: Sequence[str], values: Sequence[str]) -> bool:
    """Whether rows of one id have one name: a name that differs within an area is of something else."""
    said: dict[str, str] = {}
    return all(said.setdefault(one, own) == own for one, own in zip(ids, values, strict=True))


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────


def numbers_said(values: Sequence[object], column: str, where: Path | str) -> list[float | None]:
    """Return households as numbers, or None if missing. Numbers like 4,512 are understood.

    Raises
    ------
    InputError
        If one is no number of households, or all may be thousands with a point between.
    """
    texts_said = [identifier_text(value) for value in values]
    found = [tables.homes_of(said) if said else None for said in texts_said]
    for said, number in zip(texts_said, found, strict=True):
        if said and number is None:
            raise InputError(
                f"{where}: {column} has {said[:40]!r}, not a number of households.",
                "Correct that value, or name another column with --households-column.",
            )
    require_no_points(texts_said, found, where)
    return found


def require_no_points(texts_said: Iterable[str], numbers: Iterable[float | None], where: Path | str) -> None:
    """Refuse numbers of households that may be thousands with a point between, such as 2.345.

    Raises
    ------
    InputError
        If every number with a point has three digits before it at most, and three after it.
    """
    split = [said for said, number in zip(texts_said, numbers, strict=True) if number and "." in said]
    if split and all(_POINT.fullmatch(said) for said in split):
        raise InputError(
            f"{where}: {split[0]} may be {split[0].replace('.', ',')} households or a fraction of one.",
            "Save the numbers without separators, such as 2345; round estimates to whole homes.",
        )
