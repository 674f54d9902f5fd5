"""Check a value read from JSON against a type, before it is used as that type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, TypeAlias, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from sacmap import tables
from sacmap.errors import InputError
from sacmap.files.text import parse_json, read_text

#: A JSON object of another program's making: what its values are is not known before they are used.
JsonObject = dict[str, Any]
#: What can be written as JSON; whole numbers as keys become text.
Json: TypeAlias = "str | float | Sequence[Json] | Mapping[str, Json] | Mapping[int, Json] | None"


def mismatch(value: object, kind: object, at: str = "it") -> str | None:
    """Say in words where a value, `at` by name, as `json.loads` returns it, does not match a type; None if it matches.

    The type is a class; None; a union; a list or sequence; a mapping with text keys; a TypedDict or dataclass, of which
    keys not named are ignored; or a text Annotated with a test, such as ``Annotated[str, months.is_month]``.

    >>> mismatch({"n": ["x"]}, dict[str, list[int]])
    "n 1 is 'x'"
    """
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        found = [mismatch(value, one, at) for one in args]
        return None if None in found else found[0]
    if origin in (list, Sequence):
        if not isinstance(value, list):
            return f"{at} is no list"
        return _first(mismatch(one, args[0], f"{at} {n}") for n, one in enumerate(value, 1))
    if _has_keys(kind) or origin in (dict, Mapping):
        return _mismatch_of_table(value, kind, at)
    return None if _is(value, kind) else f"{at} is {str(value)[:40]!r}"


def record_text(path: str) -> str:
    """Return the text of a record that sacmap wrote.

    Raises
    ------
    InputError
        If the path is that of the page written with it, or the file cannot be read.
    """
    if path.casefold().endswith(".html"):
        record = f"{path[: -len('.html')]}.json"
        raise InputError(f"{path} is a page, and its figures are in the record.", f"Give {record}.")
    return read_text(path)


def own_record(text: str, path: str, kind: type, *, what: str, writer: str) -> JsonObject:
    """Return a JSON record that sacmap wrote, once it matches the type of such a record: see `mismatch`.

    `what` it is and its `writer`, for messages: "a plan", "sacmap plan".

    Raises
    ------
    InputError
        If it is not JSON, or no such record.
    """
    remedy = f"Give the JSON file that `{writer}` wrote; without one, run that first."
    try:
        raw = parse_json(text)
    except ValueError as error:
        raise InputError(f"{path} is not {what}, for it is not JSON: {error}.", remedy) from None
    wrong = mismatch(raw, kind)
    if wrong:
        raise InputError(f"{path} is not {what}: {wrong}.", remedy)
    return cast("JsonObject", raw)


def _has_keys(kind: object) -> bool:
    return is_typeddict(kind) or hasattr(kind, "__dataclass_fields__")


def _mismatch_of_table(value: object, kind: object, at: str) -> str | None:
    if not isinstance(value, dict):
        return f"{at} is no table"
    hints = get_type_hints(kind, include_extras=True) if _has_keys(kind) else {}
    kinds = hints or dict.fromkeys(value, get_args(kind)[1])
    optional = getattr(kind, "__optional_keys__", ())
    missing = [name for name in kinds if name not in value and name not in optional]
    if missing:
        return f"{at} has no {missing[0]!r}"
    return _first(mismatch(value[name], one, name) for name, one in kinds.items() if name in value)


def _first(found: Iterable[str | None]) -> str | None:
    return next((said for said in found if said), None)


def _is(value: object, kind: object) -> bool:
    if kind is None or kind is NoneType:
        return value is None
    if get_origin(kind) is Annotated:
        _, test = get_args(kind)
        return isinstance(value, str) and bool(test(value))
    if kind is float or kind is int:
        # NaN fails too: it is not less than anything.
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return isinstance(value, kind | int) and abs(value) < tables.MOST
    return isinstance(kind, type) and isinstance(value, kind)
