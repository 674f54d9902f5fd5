"""Why an area is on a list, and how sure its place is, in sentences an officer can act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from sacmap import tables
from sacmap.choose.ranking import HARDENING, WEEK
from sacmap.publish.words import crimes, whole
from sacmap.result import Entry

#: Persistence is told of at least so many months, the edge where it moves the place by at least so many, and map
#: points where at least so many crimes lie in the area, and on a street that is named.
MONTHS_TOLD, PLACES_TOLD, CRIMES_TOLD, NAMED_FROM = 3, 2, 20, 3

Row = Mapping[str, Any]
ByType = Mapping[str, Row]
Listed = dict[str, Any]


def hardening_reasons(entries: Sequence[Entry], change: pd.DataFrame) -> list[Listed]:
    """Return the target-hardening list as the page takes it: area_id, reasons, stability."""
    return _listed(entries, change, HARDENING, _level)


def week_reasons(entries: Sequence[Entry], change: pd.DataFrame) -> list[Listed]:
    """Return the week-of-action list as the page takes it: area_id, reasons, stability."""
    return _listed(entries, change, WEEK, _excess)


def _listed(
    entries: Sequence[Entry], change: pd.DataFrame, kind: str, first: Callable[[ByType], list[str]]
) -> list[Listed]:
    what = "burglaries" if kind == HARDENING else "crimes"
    rows = by_area(change, [entry.area_id for entry in entries])
    return [
        {
            "area_id": entry.area_id,
            "reasons": [
                *first(rows[entry.area_id]),
                *_common(entry, int(rows[entry.area_id][kind]["current_count"]), what),
            ],
            "stability": stability(entry),
        }
        for entry in entries
    ]


def stability(entry: Entry) -> str:
    """Return "Allowing for chance, in the first five 83 times in 100, and in place 1 to 6 nine times in ten."."""
    said = f"Allowing for chance, in the first five {100 * entry.top5_share:.0f} times in 100, and in place"
    place = f"{entry.rank_low}" + ("" if entry.rank_low == entry.rank_high else f" to {entry.rank_high:,}")
    return f"{said} {place} nine times in ten."


def by_area(change: pd.DataFrame, area_ids: Sequence[str]) -> dict[str, ByType]:
    """Return the rows of some areas of the Change table: area_id → crime type → row."""
    found: dict[str, dict[str, Row]] = {}
    for row in change[change["area_id"].isin(area_ids)].to_dict("records"):
        found.setdefault(str(row["area_id"]), {})[str(row["crime_type"])] = {
            str(k): v for k, v in row.items()
        }
    return dict(found)


def _level(rows: ByType) -> list[str]:
    rate = rows[HARDENING]["level_per_1000_households"]
    per: str = "" if pd.isna(rate) else f", {rate:.1f} per 1,000 households"
    said = [f"About {whole(rows[HARDENING]['level'])} burglaries a period to expect{per}."]
    counts = [rows[kind]["current_count"] for kind in ("vehicle-crime", "robbery")]
    if not any(pd.isna(count) for count in counts):
        vehicle, robbery = (whole(count) for count in counts)
        said.append(
            f"Now also {vehicle} vehicle crime{'' if vehicle == '1' else 's'} and {robbery} "
            f"{'robbery' if robbery == '1' else 'robberies'}, which locks do not touch."
        )
    return said


def _excess(rows: ByType) -> list[str]:
    row = rows[WEEK]
    said = f"{crimes(row['current_count'])} where about {whole(row['expected'])} were expected: {row['verdict']}."
    kind = leading_type(rows)
    count, expected = (whole(rows[kind][name]) for name in ("current_count", "expected"))
    return [said, f"The rise is most in {tables.IN_WORDS[kind]}: {count}, about {expected} expected."]


def leading_type(rows: ByType) -> str:
    """Return the crime type furthest above its expected count: what an action there should be about."""
    known = [kind for kind in tables.SAC_TYPES if pd.notna(rows[kind]["expected"])]
    return max(known, key=lambda kind: float(rows[kind]["current_count"] - rows[kind]["expected"]))


def _common(entry: Entry, count: int, what: str) -> list[str]:
    said = []
    if entry.months >= MONTHS_TOLD:
        said.append(f"Above the expected in {entry.months_above} of {entry.months} months.")
    if count >= CRIMES_TOLD:
        named = ", ".join(f"{street_of(name)} ({n})" for name, n in entry.streets if n >= NAMED_FROM)
        first = f", first {named}" if named else ""
        said.append(f"{100 * entry.points_share:.0f}% of its {what} are on ten map points{first}.")
    if abs(entry.edge_rank - entry.rank) >= PLACES_TOLD:
        said.append(f"Place {entry.edge_rank:,} if crimes within 50 m of its edge belong next door.")
    return said


def street_of(location: str) -> str:
    """Return a map point's street without police.uk's "On or near"."""
    return location.removeprefix("On or near ").strip()
