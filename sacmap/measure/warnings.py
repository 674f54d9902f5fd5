"""What the reader must know before believing the figures, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months
from sacmap.areas.locate import point_keys
from sacmap.crimes import KNOWN_TYPES, Reading
from sacmap.measure.comparator import NOTHING, UNFIT, Comparator, doubt_pct
from sacmap.measure.counts import Counted
from sacmap.measure.coverage import Compared
from sacmap.measure.definitions import Break
from sacmap.notices import Notice, listed
from sacmap.study import Study

#: The share of crimes with no location may move this many points between the periods before it is told.
DRIFT_POINTS = 2.0
#: More than this share of areas without any crime is told.
MANY_EMPTY = 0.2
#: Current crimes on points unseen in the baseline, as a share beyond the usual, above which points may have moved.
UNSEEN_SHARE = 0.15
#: The rest of the force is a weak comparator below this share of the force, or if more than half has no location.
SMALL_REST, MOSTLY = 0.1, 0.5
#: A comparator whose change may be off by more than this many % by chance is told.
DOUBT_PCT = 10.0


def all_of(
    study: Study,
    reading: Reading,
    once: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    compared: Compared,
    counts: Counted,
    comparator: Comparator,
    definitions: Sequence[Break],
    overlaps: Sequence[tuple[str, str, float]],
    duplicates: int,
) -> tuple[Notice, ...]:
    """Return every notice of a comparison, the weightiest first.

    `once` is the Located table less repeats; overlaps are pairs of areas and by how many square metres.
    """
    places = compared.places
    before = {period[k] for period in study.baseline for k in places}
    now = {study.current[k] for k in places}
    asked = ["month", "force", "area_id", "shared", "lon", "lat"]
    rows = once.loc[once["month"].isin(before | now), asked]
    inside = rows[rows["area_id"].notna()]
    mine = rows[rows["force"].isin(compared.forces)]
    return (
        *_months_left_out(len(places), len(study.current), compared.left_out),
        *_weak_comparator(comparator, mine, counts.in_areas),
        *(
            Notice("definition" if found.kind == "definition" else "known-gap", found.text)
            for found in definitions
        ),
        *_tiles(study),
        *_drift(mine, now),
        *_mends(areas),
        *_overlaps(overlaps),
        *_shared(int(inside["shared"].sum())),
        *_empty_areas(inside, areas),
        *_other_forces(inside, compared.forces),
        *_strange_types(sorted(set(reading.tally["crime_type"]) - KNOWN_TYPES)),
        *_repeats(duplicates),
        *_unseen_points(inside, now),
        *(Notice("given-twice", note) for note in reading.notes),
    )


def _months_left_out(compared: int, whole: int, left_out: pd.DataFrame) -> Iterator[Notice]:
    if compared < whole:
        reasons = [f"{months.in_words(str(r.month))}: {r.force}, {r.reason}" for r in left_out.itertuples()]
        yield Notice(
            "months-left-out",
            f"{compared} of {whole} months compared. Left out of every period: {listed(reasons, 4)}.",
        )


def _weak_comparator(comparator: Comparator, mine: pd.DataFrame, mapped: np.ndarray) -> Iterator[Notice]:
    """Tell where what the areas are compared with is too small, or mostly of crimes that cannot be placed.

    `mine` is the study's forces' SAC over the months compared, `mapped` (areas × periods × types) counts.
    """
    doubt = doubt_pct(comparator, mapped)
    rest = mine[mine["area_id"].isna()]
    nowhere = float(rest["lon"].isna().mean()) if len(rest) else 0.0
    if comparator.kind == "force" and (len(rest) < SMALL_REST * len(mine) or nowhere > MOSTLY):
        yield Notice(
            UNFIT,
            f"The areas hold {100 * (1 - len(rest) / max(len(mine), 1)):.0f}% of the force's crimes. The rest, with "
            f"which they are compared, is about {len(rest) / mapped.shape[1]:,.0f} crimes a period, "
            f"{100 * nowhere:.0f}% of them with no location: its change says little of what to expect. Do not rely on "
            "the readings; use the comparator areas.",
        )
    elif comparator.kind == "areas" and comparator.words == NOTHING:
        yield Notice(
            "weak-comparator",
            "One area alone has crimes, so there are no others for it to follow: it is compared with its own baseline. "
            "Whether crime moved the same way everywhere cannot be seen; --comparator force can show it.",
        )
    elif doubt > DOUBT_PCT:
        yield Notice(
            "weak-comparator",
            f"What the areas are compared with is small: its change could be off by {doubt:.0f}% by "
            "chance alone, and with it what is expected of every area.",
        )


def _tiles(study: Study) -> Iterator[Notice]:
    """Tell that a background map needs the network, and that its key can be read by anyone who has the page."""
    if study.tiles:
        key = (
            " The key of --tiles-key goes out with the page: anyone who has it can read it."
            if study.tiles_key
            else ""
        )
        yield Notice(
            "tiles",
            f"The page asks {urlsplit(study.tiles).netloc} for its background map: that needs the network, and tells "
            f"that server who opens the page.{key}",
        )


def _drift(mine: pd.DataFrame, now: set[str]) -> Iterator[Notice]:
    """Tell where the share of the forces' SAC with no location moved by more than 2 points."""
    is_now = mine["month"].isin(now)
    nowhere = 100 * mine["lon"].isna()
    before_share, now_share = float(nowhere[~is_now].mean()), float(nowhere[is_now].mean())
    if abs(now_share - before_share) > DRIFT_POINTS:
        yield Notice(
            "no-location-drift",
            f"{now_share:.1f}% of current crimes have no location, {before_share:.1f}% in the baseline. This biases "
            "the change on the map: compare it with the published total.",
        )


def _mends(areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    mended = areas[areas["mend"] != ""]
    if len(mended):
        each = [f"{name}: {mend}" for name, mend in zip(mended["name"], mended["mend"], strict=True)]
        yield Notice("mended-boundaries", f"Boundaries that were not whole, {len(each)}: {listed(each, 3)}.")


def _overlaps(overlaps: Sequence[tuple[str, str, float]]) -> Iterator[Notice]:
    if overlaps:
        pairs = [f"{a} and {b} ({m2:,.0f} m²)" for a, b, m2 in overlaps]
        yield Notice(
            "overlaps",
            f"Areas that overlap: {listed(pairs, 3)}. Crimes there are given to the area first by id.",
        )


def _shared(count: int) -> Iterator[Notice]:
    if count:
        yield Notice(
            "shared-points", f"Crimes on a shared edge or in more than one area: {count:,}. Each counts once."
        )


def _empty_areas(inside: pd.DataFrame, areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    """Tell of many areas without any crime: their force's crimes may not have been given."""
    drawn = areas[~areas.geometry.is_empty]
    empty = drawn.loc[~drawn["area_id"].isin(inside["area_id"].unique()), "name"]
    if len(empty) > MANY_EMPTY * len(drawn):
        yield Notice(
            "empty-areas",
            f"Areas without a crime in any period: {len(empty):,} of {len(drawn):,} ({listed(list(empty), 3, ', ')}). "
            "If crimes of their force were not given, they are not zero but unknown: take those areas out.",
        )


def _other_forces(inside: pd.DataFrame, forces: tuple[str, ...]) -> Iterator[Notice]:
    others = inside.loc[~inside["force"].isin(forces), "force"].value_counts()
    others = others[others > 0].rename(index=str).sort_index()
    if len(others):
        each = [f"{force} {n:,}" for force, n in others.sort_values(ascending=False, kind="stable").items()]
        yield Notice(
            "other-forces", f"Crimes of other forces in the areas are counted too: {listed(each, 4, ', ')}."
        )


def _strange_types(strange: Sequence[str]) -> Iterator[Notice]:
    if strange:
        yield Notice(
            "unknown-crime-types", f"Crime types not seen before, kept out of SAC: {', '.join(strange)}."
        )


def _repeats(duplicates: int) -> Iterator[Notice]:
    if duplicates:
        yield Notice("repeated-rows", f"Rows that repeat a crime already there, dropped: {duplicates:,}.")


def _unseen_points(inside: pd.DataFrame, now: set[str]) -> Iterator[Notice]:
    """Tell where far more current crimes lie on points unseen in the baseline than chance explains.

    What is usual is found within the baseline: the share of every other month's crimes that lie on points unseen in
    the months between. That is from half the months, so if anything it is too much.
    """
    month = inside["month"]
    months_before = sorted(set(month.unique()) - now)
    if len(months_before) < 2:
        return
    points = pd.factorize(point_keys(inside["lon"].to_numpy(float), inside["lat"].to_numpy(float)))[0]
    is_now = month.isin(now).to_numpy()
    odd, even = month.isin(months_before[::2]).to_numpy(), month.isin(months_before[1::2]).to_numpy()
    if not is_now.any() or not odd.any() or not even.any():
        return

    def unseen_share(here: np.ndarray, there: np.ndarray) -> float:
        seen = np.zeros(points.max() + 1, dtype=bool)
        seen[points[there]] = True
        return float(np.mean(~seen[points[here]]))

    unseen, usual = unseen_share(is_now, odd | even), unseen_share(odd, even)
    if unseen > usual + UNSEEN_SHARE:
        yield Notice(
            "points-moved",
            f"{100 * unseen:.0f}% of current crimes lie on map points unseen in the baseline, where {100 * usual:.0f}% "
            "would be usual. police.uk may have moved its points, which can shift crimes between areas.",
        )
