"""The warnings about a comparison, in plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.areas.locate import point_keys
from sacmap.crimes import KNOWN_TYPES, Reading
from sacmap.measure.area_notices import area_notices
from sacmap.measure.comparator import Comparator, by_type
from sacmap.measure.comparator_notices import unlike_comparator, weak_comparator
from sacmap.measure.compared import SOME, Compared, types_without
from sacmap.measure.counts import Counted
from sacmap.measure.coverage import reasons_of
from sacmap.measure.definitions import Break
from sacmap.measure.ledger import Ledger
from sacmap.measure.misplaced import emptied_areas, misplaced_months
from sacmap.months import Period
from sacmap.notices import Notice, counted, listed, series
from sacmap.redaction import host_of
from sacmap.study import Study

#: The code of the notice that forces with a gap are left out completely.
FORCES_LEFT_OUT = "forces-left-out"
#: The code of the notice that a force is left out of the areas outside a district, which it follows.
LEFT_OUT_OUTSIDE = "forces-left-out-outside"
#: The code of the notice of areas that have no figures.
NOT_KNOWN = "areas-not-known"
#: Warn if the share of crimes with no location changes by more percentage points than this.
DRIFT_POINTS = 2.0
#: The name or code of an LSOA, written as crime types are: bristol-001a, e01014370.
_LSOA = r".+-\d{3}[a-z]|[ew]01\d{6}"
#: At most so many months left out are named, the others counted.
MONTHS_NAMED = 4
#: Warn if the share of current crimes on map points new since the baseline is this far above the usual share.
UNSEEN_SHARE = 0.15
NO_BASELINE = Notice(
    "no-baseline",
    "There is no earlier period to compare with: this map shows the crimes counted now, but no change.",
)


class Facts(NamedTuple):
    """What a comparison found, which its notices are made from.

    once: the Located table without duplicates; overlaps: two areas and the square metres they share; heard: the forces
    with a crime in the areas, in any month.
    """

    once: pd.DataFrame
    compared: Compared
    counts: Counted
    comparator: Comparator
    definitions: tuple[Break, ...]
    overlaps: Sequence[tuple[str, str, float]]
    ledger: Ledger
    heard: Collection[str]


def all_of(study: Study, reading: Reading, areas: gpd.GeoDataFrame, facts: Facts) -> tuple[Notice, ...]:
    """Return all notices of a comparison, the most important first."""
    compared, once = facts.compared, facts.once
    now = set(compared.periods[-1])
    asked = ["month", "force", "area_id", "shared", "lon", "lat"]
    rows = once.loc[once["month"].isin(compared.months), asked]
    inside = rows[rows["area_id"].notna()]
    mine = rows[rows["force"].isin(compared.forces)]
    absent = {*compared.absent_types, *reading.absent}
    known = {kind: sums for kind, sums in by_type(facts.counts.mapped).items() if kind not in absent}
    return (
        *misplaced_months(mine),
        *emptied_areas(facts.counts.in_areas[:, :, 0], compared.periods, areas),
        *_absent_types(
            [kind for kind in reading.absent if kind not in {*reading.broken, *compared.lost_types}],
            "file" if study.extract is None else "extract",
        ),
        *_lost_types(compared.lost_types),
        *_perhaps_lost(reading, compared),
        *_unknown_areas(compared.unknown, areas),
        *_months_left_out(compared.positions, study.periods, compared.left_out),
        *_forces_left_out(compared.silent, facts.heard),
        *weak_comparator(facts.comparator, mine, facts.counts.in_areas),
        *unlike_comparator(facts.comparator, known),
        *(
            Notice("definition" if found.kind == "definition" else "known-gap", found.text)
            for found in facts.definitions
        ),
        *_tiles(study),
        *_drift(mine, now, facts.comparator),
        *area_notices(areas, facts.overlaps, inside, compared.unknown),
        *_other_forces(inside, compared.forces),
        *_strange_types(reading.tally),
        *_repeats(facts.ledger.duplicates),
        *_unseen_points(inside, now),
        *(Notice("given-twice", note) for note in reading.notes),
    )


def _absent_types(absent: Sequence[str], of: str) -> Iterator[Notice]:
    """Warn of crime types of which no row was read: they are missing, and so is SAC, which holds them."""
    if absent:
        words = " or ".join(tables.IN_WORDS[kind] for kind in absent)
        yield Notice(
            "absent-types",
            f"No {of} has a row of {words}: missing, not zero. Nothing can be said about serious acquisitive "
            "crime as a whole. Give all three crime types to compare them together.",
        )


def _lost_types(lost: Mapping[str, Sequence[Period]]) -> Iterator[Notice]:
    """Warn of crime types of which a whole period has no row, although the others have many."""
    for kind, periods in lost.items():
        yield Notice(
            "absent-types",
            f"No row of {tables.IN_WORDS[kind]} in {_spans(periods)}, though the other months have it: "
            "missing, not zero. It is not compared, and nothing can be said about serious acquisitive crime as a "
            "whole. Give the files as downloaded.",
        )


def _spans(periods: Sequence[Period]) -> str:
    return series([months.span_in_words(period) for period in periods])


def _perhaps_lost(reading: Reading, compared: Compared) -> Iterator[Notice]:
    """Warn of crime types of which a period has no row, and the others some."""
    few = types_without(reading, compared.forces, compared.periods, SOME)
    for kind, periods in few.items():
        if kind not in compared.absent_types:
            yield Notice(
                "filtered-file",
                f"No row of {tables.IN_WORDS[kind]} in {_spans(periods)}, though the other months have "
                "some. If the file was filtered, that is unknown, not zero.",
            )


def _unknown_areas(unknown: Mapping[str, str], areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    """Tell which areas are not known, and why: most areas of a reason first."""
    nowhere = areas.loc[areas.geometry.is_empty, "area_id"].astype(str)
    unknown = {**dict.fromkeys(nowhere, "the file has no boundary of theirs"), **unknown}
    if unknown:
        names = tables.names_of(areas)
        counts = Counter(unknown.values()).most_common()
        shares = [f" ({counted(n, ('area', 'areas'))})" if len(counts) > 1 else "" for _, n in counts]
        reasons = [reason + share for (reason, _), share in zip(counts, shares, strict=True)]
        those = listed([names[area] for area in unknown], 3, ", ")
        yield Notice(
            NOT_KNOWN,
            f"Areas not known: {len(unknown):,} of {len(areas):,} ({those}), because {listed(reasons, 3)}. They "
            "are not zero; they have no figures.",
        )


def _forces_left_out(silent: pd.DataFrame, heard: Collection[str]) -> Iterator[Notice]:
    """Tell which other forces are left out of every period, whole, and for which months.

    Those not `heard` in the areas have crimes in the areas outside alone, and change no count of these.
    """
    here = silent["force"].isin(list(heard))
    for code, where, rows in (
        (FORCES_LEFT_OUT, "every period", silent[here]),
        (LEFT_OUT_OUTSIDE, "the areas outside", silent[~here]),
    ):
        if len(rows):
            names = ", ".join(dict.fromkeys(rows["force"].astype(str)))
            yield Notice(
                code,
                f"Left out of {where}, whole: {names}, so that a gap does not read as a fall. "
                f"Why: {listed(reasons_of(rows), 4)}.",
            )


def _months_left_out(
    positions: Sequence[int], periods: Sequence[Period], left_out: pd.DataFrame
) -> Iterator[Notice]:
    """Name the months that are left out, and say why: "July left out of both years: 11 of 12 months compared. …"."""
    current = periods[-1]
    gone = [month for position, month in enumerate(current) if position not in positions]
    if gone:
        compared = "compared" if len(periods) > 1 else "counted"
        yield Notice(
            "months-left-out",
            f"{_left_out_of(gone, periods)}: {len(positions)} of {len(current)} months {compared}. "
            f"Why: {listed(reasons_of(left_out), 4)}.",
        )


def _left_out_of(gone: Sequence[str], periods: Sequence[Period]) -> str:
    """Return "July left out of both years": a month that is missing in one period is left out of all of them.

    A month of the calendar has one name in every period. A period of more than a year has it twice: there the months
    of the current period are named.
    """
    long = len(periods[-1]) > months.A_YEAR
    names = [months.in_words(month) if long else months.in_words(month).split()[0] for month in gone]
    said = series(names) if len(names) <= MONTHS_NAMED else listed(names, MONTHS_NAMED, ", ")
    if len(periods) == 1:
        return f"{said} left out"
    if long:
        same = f"the same {'month' if len(gone) == 1 else 'months'} of"
        return f"{said}, and {same} {'the' if len(periods) == 2 else 'every'} period before, left out"
    span = "year" if len(periods[-1]) == months.A_YEAR else "period"
    return f"{said} left out of {f'both {span}s' if len(periods) == 2 else f'every {span}'}"


def _tiles(study: Study) -> Iterator[Notice]:
    """Warn that a background map needs the network, and that anyone who has the page can read its key."""
    if study.tiles:
        key = (
            " The page includes the key for that server: anyone who has the page can read it."
            if study.tiles_key
            else ""
        )
        yield Notice(
            "tiles",
            f"The page asks {host_of(study.tiles)} for its background map. This needs the network, and the "
            f"server learns who opens the page.{key}",
        )


def _drift(mine: pd.DataFrame, now: set[str], comparator: Comparator) -> Iterator[Notice]:
    """Warn if the share of the forces' SAC with no location changed by more than 2 percentage points.

    The size is that on a map whose crimes lack a location as often as the force's: for a district, which has no
    published count of its own, there is no better.
    """
    is_now = mine["month"].isin(now)
    nowhere = 100 * mine["lon"].isna()
    before_share, now_share = float(nowhere[~is_now].mean()), float(nowhere[is_now].mean())
    if abs(now_share - before_share) > DRIFT_POINTS:
        before, after = 100 - before_share, 100 - now_share
        size = f" by about {100 * abs(after / before - 1):.0f}%" if before else ""
        follows = ", but not the expected ones, which follow crimes with and without a location"
        yield Notice(
            "no-location-drift",
            f"{now_share:.1f}% of crimes have no location, before it was {before_share:.1f}%. That alone "
            f"{'raises' if after > before else 'lowers'} the counts on the map{size}"
            f"{follows if comparator.kind == 'force' else ''}.",
        )


def _other_forces(inside: pd.DataFrame, forces: tuple[str, ...]) -> Iterator[Notice]:
    others = inside.loc[~inside["force"].isin(forces), "force"].value_counts()
    others = others[others > 0].rename(index=str).sort_index()
    if len(others):
        each = [f"{force} {n:,}" for force, n in others.sort_values(ascending=False, kind="stable").items()]
        yield Notice(
            "other-forces", f"Crimes of other forces in the areas are counted too: {listed(each, 4, ', ')}."
        )


def _strange_types(tally: pd.DataFrame) -> Iterator[Notice]:
    """Tell of unknown types, and of rows with an LSOA in place of one: a comma without quotes moved their cells."""
    rows = tally[~tally["crime_type"].isin(KNOWN_TYPES)]
    moved = rows["crime_type"].str.fullmatch(_LSOA)
    if moved.any():
        told = f"{rows.loc[moved, 'n'].sum():,}, such as {rows.loc[moved, 'crime_type'].min()}"
        yield Notice(
            "unknown-crime-types",
            f"Rows with an LSOA in place of the crime type, not counted as SAC: {told}. A comma in a street's name has "
            "moved their cells: put such names in quotes, or use the files as downloaded.",
        )
    if not moved.all():
        named = ", ".join(kind or "blank" for kind in sorted(set(rows.loc[~moved, "crime_type"])))
        yield Notice("unknown-crime-types", f"Unknown crime types, not counted as SAC: {named}.")


def _repeats(duplicates: int) -> Iterator[Notice]:
    if duplicates:
        yield Notice("repeated-rows", f"Duplicate rows left out: {duplicates:,}.")


def _unseen_points(inside: pd.DataFrame, now: set[str]) -> Iterator[Notice]:
    """Warn if far more current crimes than usual lie on map points that had no crime in the baseline.

    The usual share comes from the baseline: crimes of every second month on points without a crime in the other months.
    It is based on half the months, so it is too high rather than too low.
    """
    month = inside["month"]
    is_now = month.isin(now).to_numpy()
    months_before = sorted(set(month.unique()) - now)
    if not is_now.any() or len(months_before) < 2:
        return
    points = pd.factorize(point_keys(inside["lon"].to_numpy(float), inside["lat"].to_numpy(float)))[0]
    odd, even = month.isin(months_before[::2]).to_numpy(), month.isin(months_before[1::2]).to_numpy()

    def unseen_share(here: np.ndarray, there: np.ndarray) -> float:
        seen = np.zeros(points.max() + 1, dtype=bool)
        seen[points[there]] = True
        return float(np.mean(~seen[points[here]]))

    unseen, usual = unseen_share(is_now, odd | even), unseen_share(odd, even)
    if unseen > usual + UNSEEN_SHARE:
        yield Notice(
            "points-moved",
            f"{100 * unseen:.0f}% of current crimes lie on map points that had none in the baseline, where "
            f"{100 * usual:.0f}% would be usual. police.uk may have moved its points, which can move crimes from one "
            "area to another.",
        )
