"""What a plan's file must hold before it is believed: it may have been edited, cut or made by another sacmap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sacmap import months, tables

#: What a value should be: a type, None, a test of a text, a tuple of such of which one will do, a list of one such for
#: a list of them, a dict of one such under `str` for any keys, or a dict of them by key.
Shape = Any

#: The sides of a week of action.
GROUPS = ("target", "buffer", "control", "buffer_control")
#: The weights of the areas a control is made of.
WEIGHTS = ("weights", "buffer_weights")


_SPREAD: Shape = {"low": float, "mid": float, "high": float}
#: What a plan holds, as `unlike` reads it.
SHAPE: dict[str, Any] = {
    "study": {
        **dict.fromkeys(("force", "id_column", "name_column", "title"), (str, None)),
        "extract": ({str: object}, None),
    },
    "data_to": months.is_month,
    "hardening": [{"area_id": str, "money": float, "homes": int, "prevented": (_SPREAD, None)}],
    "week": {
        **{group: [str] for group in GROUPS},
        **{weights: {str: float} for weights in WEIGHTS},
        "alternatives": [{"target": [str], "excess": float, "best_share": float}],
        "months": [str],
        "about": str,
        "streets": [{"street": str, "crimes": int}],
        "visited": [{"area_id": str, "since": str, "until": str, "action": str}],
        "own_choice": bool,
        "action": [str],
    },
    "theme": lambda kind: kind in tables.CRIME_TYPES,
    "before": {str: int},
    "smallest_detectable_fall": int,
    "budget": {str: object},
    "level": {str: float},
    "excess": {str: float},
    "volatility": float,
    "before_months": [months.is_month],
    "by_month": {str: [int]},
    "past": {str: [int]},
    "boundaries": {str: str},
    "boundaries_file": str,
    "inputs": [{str: object}],
    "warnings": [{"code": str, "text": str}],
}


#: What a note reads of the record of a plan's result.
OUTCOME_SHAPE: dict[str, Any] = {
    "before": [months.is_month],
    "after": [months.is_month],
    "reading": str,
    "counts": {str: {str: {"before": int, "after": int}}},
    "actions": [{"date": str, "area_id": str, "action": str}],
}


def unlike(value: Any, shape: Shape, at: str = "it") -> str | None:
    """Say where a value of a JSON file is not of a shape, in words; None where it is."""
    if isinstance(shape, tuple):
        found = [unlike(value, one, at) for one in shape]
        return None if None in found else found[0]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{at} is no list"
        return next(
            (said for n, one in enumerate(value, 1) if (said := unlike(one, shape[0], f"{at} {n}"))), None
        )
    if isinstance(shape, dict):
        return _unlike_table(value, shape, at)
    return None if _is(value, shape) else f"{at} is {str(value)[:40]!r}"


def _unlike_table(value: Any, shape: dict[Any, Shape], at: str) -> str | None:
    if not isinstance(value, dict):
        return f"{at} is no table"
    shapes = dict.fromkeys(value, shape[str]) if str in shape else shape
    missing = [name for name in shapes if name not in value]
    if missing:
        return f"{at} has no {missing[0]!r}"
    return next((said for name, one in shapes.items() if (said := unlike(value[name], one, name))), None)


def _is(value: Any, shape: Shape) -> bool:
    if shape is None:
        return value is None
    if shape is float or shape is int:
        # NaN is no less than that either.
        kinds = (int, float) if shape is float else (int,)
        return isinstance(value, kinds) and not isinstance(value, bool) and abs(value) < tables.MOST
    if isinstance(shape, type):
        return isinstance(value, shape)
    return isinstance(value, str) and bool(shape(value))


def lost(plan: Mapping[str, Any]) -> str | None:
    """Say which area or month a plan of the right shape names and says nothing of; None where there is none."""
    week = plan["week"]
    weighted = {area: weight for name in WEIGHTS for area, weight in week[name].items()}
    sides = {area for group in GROUPS for area in week[group]} | set(weighted)
    named = sides | {one["area_id"] for one in plan["hardening"]}
    said = [
        *(
            f"{where} has {area!r}, which is not among its boundaries"
            for where in ("before", "level", "excess", "by_month", "past")
            for area in sorted(set(plan[where]) - set(plan["boundaries"]))
        ),
        *(
            f"{where} has no {area!r}"
            for where in ("before", "level", "excess", "by_month", "past", "boundaries")
            for area in sorted(named - set(plan[where]))
        ),
        *(f"the weight of {area!r} is below 0" for area, weight in weighted.items() if weight < 0),
    ]
    if said:
        return said[0]
    if any(len(counts) != len(plan["before_months"]) for counts in plan["by_month"].values()):
        return "by_month has not a count for each of before_months"
    if any(set(plan[where]) != set(plan["level"]) for where in ("excess", "by_month", "past")):
        return "level, excess, by_month and past are not of the same areas"
    if len({len(counts) for counts in plan["past"].values()}) > 1:
        return "past has not the same periods for each area"
    return None
