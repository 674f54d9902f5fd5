"""Crimes in JSON: answers of the API, or rows of a street file, in the forms in which people save them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from sacmap.errors import InputError
from sacmap.fetch.columns import places_of
from sacmap.files.sheets import words_of
from sacmap.files.text import parse_json

#: Deeper than any answer of the API is nested.
_DEEP = 6


def saved_crimes(text: str, label: str) -> tuple[list[str], list[list[str]]]:
    """Return the columns and the rows of crimes in JSON.

    The JSON may be a list of crimes, an object with such lists, a list of such objects, one object per line,
    GeoJSON points, or an object of columns. Nested names are joined: location latitude.

    Raises
    ------
    InputError
        If it is not JSON or has no crimes.
    """
    crimes = [_flat(crime) for crime in _crimes_in(_value(text, label))]
    if not crimes:
        raise InputError(
            f"{label} is JSON without crimes.", "Give answers of crimes-street, or CSVs of police.uk."
        )
    names = list(dict.fromkeys(name for crime in crimes for name in crime))
    if not _kinds_in(names):
        raise InputError(
            f"{label} is JSON, but not of crimes (it has {', '.join(names)[:100]}).",
            "Give answers of crimes-street, or CSVs of police.uk.",
        )
    return names, [[crime.get(name, "") for name in names] for crime in crimes]


def _kinds_in(names: Iterable[str]) -> str:
    """Return the name of the crime types among those of a crime or its columns, or "" if they are of something else."""
    found = {words_of(name): name for name in names}
    return found.get("category", found.get("crime type", "")) if {"month", "date"} & found.keys() else ""


def _value(text: str, label: str) -> object:
    """Return the value of JSON, or a list of those of one value per line."""
    with suppress(ValueError):
        return parse_json(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    with suppress(ValueError):
        if len(lines) > 1:
            return [parse_json(line) for line in lines]
    raise InputError(f"{label} is JSON that is cut short or damaged.", "Save or download it again.")


def _crimes_in(value: object, depth: int = 0) -> Iterator[Mapping[str, object]]:
    """Yield the crimes in a list, or in all lists of crimes in an object, or in a list of such objects."""
    if depth > _DEEP:
        return
    if isinstance(value, list):
        for one in value:
            if isinstance(one, list):
                yield from _crimes_in(one, depth + 1)
            elif isinstance(one, Mapping):
                within = [] if _kinds_in(_flat(one)) else [inner for inner in one.values() if _is_list(inner)]
                yield from _crimes_in(within, depth + 1) if within else [_of_feature(one)]
    elif isinstance(value, Mapping):
        if kinds := _kinds_in(value):
            yield from _of_columns(value, value[kinds])
        else:
            found = [some for inner in value.values() if (some := list(_crimes_in(inner, depth + 1)))]
            # Programs save an answer a month, a crime type or an area; what else they note beside is no crime.
            of_crimes = [some for some in found if any(_kinds_in(_flat(one)) for one in some)]
            for some in of_crimes or found[:1]:
                yield from some


def _is_list(value: object) -> bool:
    """Whether it is a list of objects, as of crimes."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _of_columns(value: Mapping[str, object], kinds: object) -> Iterator[Mapping[str, object]]:
    """Yield the rows of an object of columns (lists, or objects by row number), or the object if it is one crime."""
    if isinstance(kinds, Mapping):
        for row in kinds:
            yield {name: column.get(row) for name, column in value.items() if isinstance(column, Mapping)}
    elif isinstance(kinds, list):
        for n in range(len(kinds)):
            yield {
                name: column[n]
                for name, column in value.items()
                if isinstance(column, list) and n < len(column)
            }
    else:
        yield value


def _of_feature(one: Mapping[str, object]) -> Mapping[str, object]:
    """Return a GeoJSON feature as an object with its coordinates; anything else unchanged."""
    shape, properties = one.get("geometry"), one.get("properties")
    if not isinstance(properties, Mapping):
        return one
    corners = (
        shape.get("coordinates") if isinstance(shape, Mapping) and shape.get("type") == "Point" else None
    )
    if isinstance(corners, list) and len(corners) >= 2 and "lon" not in places_of(list(properties)):
        return {**properties, "longitude": corners[0], "latitude": corners[1]}
    return properties


def _flat(value: Mapping[str, object], before: str = "", depth: int = 0) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, inner in value.items():
        name = f"{before} {key}".strip()
        if isinstance(inner, Mapping) and depth < _DEEP:
            found |= _flat(inner, name, depth + 1)
        elif inner is None:
            continue
        elif isinstance(inner, list):
            # R writes a single value as a list of one.
            found[name] = str(inner[0]) if len(inner) == 1 and isinstance(inner[0], str | int | float) else ""
        else:
            found[name] = inner if isinstance(inner, str) else json.dumps(inner)
    return found
