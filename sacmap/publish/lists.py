"""Show the two lists, ranked by `sacmap.choose.ranking`: their areas, how firm each rank is, and the reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sacmap import tables
from sacmap.choose.draws import TIERS
from sacmap.choose.map_points import street_of
from sacmap.choose.ranking import HARDENING_TYPE
from sacmap.notices import whole
from sacmap.publish.change_rows import ByType, ChangeRow
from sacmap.publish.words import about, apart, capital, likely_burglaries, number, were_expected
from sacmap.result import FIRST, Entry, firmness
from sacmap.tables import Nouns

#: Number of areas named after the findings as "next highest, not a finding".
NEXT = 2
#: Least numbers for a reason to be given: months for persistence, ranks for the effect of the edge, crimes in the area
#: for map points, and crimes on a street for its name.
LEAST_MONTHS, LEAST_RANKS, LEAST_CRIMES, LEAST_ON_STREET = 3, 2, 20, 3


class Listed(NamedTuple):
    """An area on a list: its position in the table of areas; its rank from 1; its finding: "clear", "possible" or "".

    sign: that of its pin, or ""; top5_share: the share of draws in which it is among the first five of this list, NaN
    if not known, or if the list has no more areas than these.
    """

    position: int
    rank: int
    finding: str
    sign: str
    top5_share: float

    @property
    def firm(self) -> str:
        """How certain it is to be among the first five: "firm", "likely" or "weak"; "" if not known."""
        return "" if np.isnan(self.top5_share) else firmness(self.top5_share)


class Reasons(NamedTuple):
    """Why an area is on a list, in sentences; how certain its rank is, in a sentence and as a share of draws."""

    area_id: str
    why: tuple[str, ...]
    sure: str
    top5_share: float


def finding(verdict: str) -> str:
    """Return "clear" or "possible" for the verdict of a rise, else ""."""
    return verdict.split(maxsplit=1)[0] if verdict in TIERS else ""


def by_district(order: Iterable[int], groups: Sequence[str]) -> dict[str, list[int]]:
    """Return positions of areas by the district of each, in their order; "" has all of them."""
    found: dict[str, list[int]] = {"": list(order)}
    for position in found[""]:
        if groups[position]:
            found.setdefault(groups[position], []).append(position)
    return found


def _week_order(rows: pd.DataFrame) -> list[int]:
    """Return the positions of the ranked rows of one crime type in the order of the list for a week of action."""
    return _by_rank(rows["week_rank"])


def _by_rank(ranks: pd.Series) -> list[int]:
    """Return the positions of the rows with a rank, the first rank first."""
    rank = ranks.to_numpy(float, na_value=np.nan)
    order = np.argsort(rank, kind="stable")
    return [int(position) for position in order[: np.isfinite(rank).sum()]]


def whole_order(rows: pd.DataFrame) -> list[int]:
    """Return the positions of all rows of one crime type: those of `_week_order`, then the others."""
    order = _week_order(rows)
    return [*order, *sorted(set(range(len(rows))) - set(order))]


def week_list(rows: pd.DataFrame, reasons: Sequence[Reasons]) -> list[Listed]:
    """Return the areas named for a week of action: the findings, then the next highest.

    `rows` are those of one crime type; `reasons` are the reasons for areas on this list, as far as known.
    """
    order, verdicts = _week_order(rows), rows["verdict"].to_numpy(object)
    named = {*_named(order, verdicts, rows["excess"].to_numpy(object))}
    shares = {one.area_id: one.top5_share for one in reasons}
    # The share in the burglary rows belongs to target hardening.
    own = rows["top5_share"].astype(float).where(rows["crime_type"] != HARDENING_TYPE)
    share = rows["area_id"].map(shares).astype(float).fillna(own).to_numpy()
    return [
        Listed(
            position=position,
            rank=rank,
            finding=finding(verdicts[position]),
            sign=str(rank) if rank <= FIRST and verdicts[position] in TIERS else "",
            top5_share=float(share[position]),
        )
        for rank, position in enumerate(order, 1)
        if position in named
    ]


def week_places(rows: pd.DataFrame, groups: Sequence[str]) -> dict[str, list[int]]:
    """Return, by district, the positions of the areas named for a week of action: findings, then the next highest."""
    verdicts, excess = (rows[name].to_numpy(object) for name in ("verdict", "excess"))
    by_group = by_district(_week_order(rows), groups)
    return {district: _named(order, verdicts, excess) for district, order in by_group.items()}


def _named(order: Sequence[int], verdicts: NDArray[np.object_], excess: NDArray[np.object_]) -> list[int]:
    """Return those of the areas in `order` that a list names."""
    rises = [position for position in order if verdicts[position] in TIERS]
    # Of many findings only the first are named, so the next highest are not the next in order.
    rest = (position for position in order if verdicts[position] not in TIERS and excess[position] > 0)
    return [*rises[: 2 * FIRST], *islice(rest, NEXT)]


def most_crime(rows: pd.DataFrame) -> list[int]:
    """Return the positions of the rows of one crime type that have crimes, the most first."""
    counts = np.nan_to_num(rows["current_count"].to_numpy(float, na_value=np.nan), nan=0)
    return [int(position) for position in np.argsort(-counts, kind="stable") if counts[position] > 0]


def hardening_order(rows: pd.DataFrame) -> list[int]:
    """Return the positions of the ranked burglary rows, the highest first."""
    return _by_rank(rows["hardening_rank"])


def hardening_list(rows: pd.DataFrame) -> list[Listed]:
    """Return the first areas for target hardening."""
    order = hardening_order(rows)
    share = rows["top5_share"].to_numpy(float, na_value=np.nan)
    return [
        Listed(
            position, rank, "", "ABCDE"[rank - 1], float(share[position]) if len(order) > FIRST else np.nan
        )
        for rank, position in enumerate(order[:FIRST], 1)
    ]


def hardening_reasons(
    entries: Sequence[Entry], rows: Mapping[str, ByType], *, judged: bool = True, nouns: Nouns = tables.NOUNS
) -> tuple[Reasons, ...]:
    """Return why the areas for target hardening are on their list; `rows` are those of each area, by area_id.

    judged: whether they can be judged by the expected, which their months and their level follow; nouns: what a crime
    of each type is called.
    """
    return tuple(
        _reasons(
            entry if judged else replace(entry, months=0),
            own,
            HARDENING_TYPE,
            [*(_level(own) if judged else ()), *_beside(own, nouns), *_off_street(entry)],
            nouns,
        )
        for entry in entries
        for own in [rows[entry.area_id]]
    )


def week_reasons(
    entries: Sequence[Entry], rows: Mapping[str, ByType], kind: str = "sac", nouns: Nouns = tables.NOUNS
) -> tuple[Reasons, ...]:
    """Return why the areas for a week of action, on one crime type or all, are on their list."""
    return tuple(
        _reasons(
            entry,
            own,
            kind,
            [*one_point(entry), *_about(own, kind, nouns)],
            nouns,
            clear=entry.verdict == "clear rise",
        )
        for entry in entries
        for own in [rows[entry.area_id]]
    )


def _reasons(
    entry: Entry, rows: ByType, kind: str, said: Sequence[str], nouns: Nouns, *, clear: bool = False
) -> Reasons:
    """Return what is `said` on one of the lists alone, and then what is said on both."""
    why = (*said, *_common(entry, rows[kind], kind, nouns))
    return Reasons(entry.area_id, why, stability(entry, clear=clear), entry.top5_share)


def reading(row: ChangeRow, kind: str = "sac", nouns: Nouns = tables.NOUNS) -> str:
    """Return "85 crimes where about 28 were expected: clear rise."."""
    said = were_expected(row["expected"])
    return f"{tables.crimes(row['current_count'], kind, nouns)} where {said}: {row['verdict']}."


def stability(entry: Entry, *, clear: bool = False) -> str:
    """Return "Its place is likely (in the first five in 83 of 100 draws; number 1 to 6 in nine of ten).".

    A rise may be `clear` while its place among several clear ones is not: then both are said. To be among the first
    five of five areas is nothing to say.
    """
    if entry.areas == 1:
        return "It is the only area."
    if not entry.firmness:
        return f"In nine of ten draws it is {_places(entry)} of {entry.areas:,}."
    its = "Its rise is clear, but its place" if clear and entry.firmness != "firm" else "Its place"
    return f"{its} is {entry.firmness} ({draws(entry)}; {_places(entry)} in nine of ten)."


def draws(entry: Entry) -> str:
    """Return "in the first five in 83 of 100 draws"; of an area that is not one of these, in the first ten.

    No draw changes a finding. Where there are few, they alone put an area among the first, and that is said.
    """
    if entry.areas == 1:
        return "the only area"
    if not entry.firmness:
        return f"{_places(entry)} of {entry.areas:,} in 90 of 100 draws"
    # Never rounded up: a share of 0.896 is not firm, and 90 of 100 would be.
    share = math.floor(100 * entry.first_share + 1e-6)
    said = f"in the first {number(entry.first)} in {share} of 100 draws"
    if not 0 < entry.found <= entry.first:
        return said
    clear = entry.verdict == "clear rise"
    if entry.found == 1:
        return f"{said}, as the only {'clear rise' if clear else 'rise found'}"
    return f"{said}, as one of {number(entry.found)} {'clear rises' if clear else 'rises found'}"


def _places(entry: Entry) -> str:
    last = f" to {entry.rank_high:,}" if entry.rank_high > entry.rank_low else ""
    return f"number {entry.rank_low:,}{last}"


def _level(rows: ByType) -> list[str]:
    rate = rows[HARDENING_TYPE]["level_per_1000_households"]
    return [f"{capital(likely_burglaries(rows[HARDENING_TYPE]['level'], rate))}."]


def _beside(rows: ByType, nouns: Nouns) -> list[str]:
    counts = {kind: rows[kind]["current_count"] for kind in ("vehicle-crime", "robbery")}
    if any(pd.isna(count) for count in counts.values()):
        return []
    vehicle, robbery = (tables.crimes(count, kind, nouns) for kind, count in counts.items())
    return [f"Locks do nothing against its {vehicle} and {robbery}."]


def _about(rows: ByType, kind: str, nouns: Nouns) -> list[str]:
    if kind != "sac":
        return []
    leading = leading_type(rows)
    count, expected = rows[leading]["current_count"], rows[leading]["expected"]
    if not count > expected:
        return []
    what = capital(nouns[leading][1])
    return [f"{what} are furthest above: {whole(count)}, {about(expected)} expected."]


def one_point(entry: Entry) -> list[str]:
    """Return the caveat of a rise on one map point: the crimes may only be recorded differently."""
    if entry.one_point is None:
        return []
    point = entry.one_point
    where = f" ({apart(street_of(point.street))}, {point.crimes:,})" if street_of(point.street) else ""
    return [
        f"Most of the rise lies on one map point{where} that had no crime before: it may be a change in how places "
        "are recorded."
    ]


def _off_street(entry: Entry) -> list[str]:
    if entry.off_street is None:
        return []
    share = f"{whole(100 * entry.off_street)}% of its burglaries"
    return [f"{share} lie on points that are no street: shops, car parks, stations."]


def leading_type(rows: ByType) -> str:
    """Return the crime type furthest above its expected count, for the action to focus on."""
    known = [kind for kind in tables.SAC_TYPES if pd.notna(rows[kind]["expected"])]
    return max(known, key=lambda kind: rows[kind]["current_count"] - rows[kind]["expected"])


def _common(entry: Entry, row: ChangeRow, kind: str, nouns: Nouns) -> list[str]:
    said = []
    if entry.months >= LEAST_MONTHS:
        said.append(f"Above the expected in {entry.months_above} of {entry.months} months.")
    if int(row["current_count"]) >= LEAST_CRIMES:
        streets = ", ".join(f"{street_of(name)} ({n})" for name, n in entry.streets if n >= LEAST_ON_STREET)
        most = f"; most on {streets}" if streets else ""
        share = f"{whole(100 * entry.points_share)}% of its {nouns[kind][1]}"
        said.append(f"{share} are on ten map points{most}.")
    if abs(entry.edge_rank - entry.rank) >= LEAST_RANKS:
        said.append(
            f"It would be number {entry.edge_rank:,} if crimes within {tables.EDGE_METRES:.0f} m of its edge belonged "
            "next door."
        )
    return said
