"""What is compared: the months that are complete in every period, and the forces and areas that are known in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.areas.force_areas import without_own_force
from sacmap.areas.locate import LOST
from sacmap.crimes import Reading
from sacmap.errors import InputError
from sacmap.forces import NO_FORCE, TRANSPORT_SLUG, force_slug
from sacmap.measure.coverage import coverage, gaps, reasons_of
from sacmap.measure.misplaced import by_place, judged_by_place, require_places
from sacmap.months import Period
from sacmap.notices import listed
from sacmap.study import Study

#: The study's main forces are those that together report at least this share of the areas' SAC, largest first.
MAIN_SHARE = 0.5
#: A crime type without any row in a whole period is missing, not zero, if the others have at least so many on average;
#: with at least so few it may be.
EXPECTED, SOME = 10, 5
#: An area is not known if forces left out report at least this share of its SAC.
TELLING_SHARE = 0.2


class Compared(NamedTuple):
    """Which months, forces and areas are compared, and why.

    judged: the Coverage table; forces: the main forces, largest first; others: other forces with most of their SAC in
    the areas; left_out: the rows of Coverage because of which months are left out; positions: the positions in a period
    (0 first) of the months compared; periods: these months of each period, the current one last; silent: the rows of
    Coverage because of which other forces are left out; unknown: area_id → the reason why it is not known;
    absent_types: crime types without any row, in all or in a whole period, and `sac`, which contains them; lost_types:
    those that a whole period lacks, with these periods.
    """

    judged: pd.DataFrame
    forces: tuple[str, ...]
    others: tuple[str, ...]
    left_out: pd.DataFrame
    positions: tuple[int, ...]
    periods: tuple[Period, ...]
    silent: pd.DataFrame
    unknown: Mapping[str, str]
    absent_types: tuple[str, ...]
    lost_types: Mapping[str, tuple[Period, ...]]

    @property
    def months(self) -> frozenset[str]:
        """The months compared, of every period."""
        return frozenset(month for period in self.periods for month in period)

    @property
    def forces_left_out(self) -> tuple[str, ...]:
        """The forces that are left out of every period."""
        return tuple(dict.fromkeys(str(force) for force in self.silent["force"]))

    @property
    def published(self) -> tuple[str, ...]:
        """The forces whose crimes count in the published change."""
        return self.forces + self.others


def compared_months(
    study: Study,
    reading: Reading,
    located: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    followed: np.ndarray | None = None,
) -> Compared:
    """Return what is compared: the months that are complete in every period for the main forces.

    Any other force with a gap in these months is left out of all periods, so that the gap never looks like a fall.
    `followed` is as in `sac_inside`.

    Raises
    ------
    InputError
        If the study's force reported none of the crimes, none has a location or lies in the areas in those months or
        in a period, no month is complete in every period, or no area is known.
    """
    inside = sac_inside(located, study)
    forces = main_forces(study, reading, inside)
    places = by_place(located)
    asked = places[places.index.isin(study.months, level="month")].sum()
    if asked["crimes"] and not asked["located"]:
        raise InputError(
            f"No crime of the {asked['crimes']:,.0f} given has a location in the months compared, so none lies in an "
            "area.",
            LOST,
        )
    if not forces:
        raise InputError(*_none_in_the_months(study, reading.tally))
    require_places(places, forces, study.periods)
    heard = inside if followed is None else sac_inside(located, study, followed)
    found = compared_by(study, reading, places, heard=heard, forces=forces)
    if not found.positions:
        raise InputError(_nothing_to_compare(study, found.left_out), _what_to_give(forces, reading.tally))
    chosen = study.extract is not None or force_slug(study.force or "") == TRANSPORT_SLUG
    unknown = {} if chosen else _unknown(reading, areas, inside, found)
    if len(unknown) == len(areas):
        reason = next(iter(unknown.values()))
        raise InputError(f"None of the areas is known: {reason}.", "Give the crimes of their own force.")
    others = _mostly_here(located, study, {*forces, *found.forces_left_out})
    return found._replace(others=others, unknown=unknown)


def compared_by(
    study: Study, reading: Reading, places: pd.DataFrame, *, heard: pd.DataFrame, forces: Sequence[str]
) -> Compared:
    """Return what is compared as far as it depends on the months of the main `forces`: without others and unknown.

    `places` are the crimes of SAC by place, and `heard` is as in `silent_forces`. Without main forces nothing is
    compared.
    """
    judged = judged_by_place(coverage(reading.judged, study.months), places)
    left_out = gaps(judged, forces, study.months)
    positions = like_for_like(study.periods, set(left_out["month"])) if forces else ()
    lost = types_without(reading, forces, months.at_positions(study.periods, positions))
    absent = tuple(kind for kind in tables.SAC_TYPES if kind in {*reading.absent, *lost})
    found = Compared(
        judged=judged,
        forces=tuple(forces),
        others=(),
        left_out=left_out,
        positions=positions,
        periods=months.at_positions(study.periods, positions),
        silent=judged.iloc[:0],
        unknown={},
        absent_types=("sac", *absent) if absent else (),
        lost_types=lost,
    )
    return found._replace(silent=silent_forces(judged, heard, forces, found.months))


def main_forces(study: Study, reading: Reading, inside: pd.DataFrame) -> tuple[str, ...]:
    """Return the forces whose months are compared: the study's, else the largest of those with crimes in the areas.

    `inside` is as `sac_inside` returns it. Without a force in the study and a crime in the areas, there is none.

    Raises
    ------
    InputError
        If the study's force reported none of the crimes.
    """
    if study.force is None:
        return largest_half(inside["force"])
    return forces_called(study.force, reading.tally)


def forces_called(
    force: str, tally: pd.DataFrame, remedy: str = "choose one with --force"
) -> tuple[str, ...]:
    """Return the names, as the crimes have them, of a force given by its name or slug.

    Raises
    ------
    InputError
        If it reported none of the crimes; the message names those that did, and ends in `remedy`.
    """
    there = sorted(tally["force"].astype(str).unique())
    named = tuple(name for name in there if force_slug(name) == force_slug(force))
    if not named:
        slugs = listed([force_slug(name) for name in there], 6, ", ")
        raise InputError(
            f"None of the crimes was reported by {force}.", f"The crimes are of {slugs}; {remedy}."
        )
    return named


def largest_half(forces: pd.Series) -> tuple[str, ...]:
    """Return the forces that together report half of some crimes, largest first; `forces` has one value a crime.

    Of the areas' SAC they are the main forces, whose months are compared.
    """
    counts = forces.value_counts().sort_index()
    counts = counts[counts > 0].sort_values(ascending=False, kind="stable")
    before = counts.cumsum() - counts
    return tuple(str(force) for force in counts.index[before < MAIN_SHARE * counts.sum()])


def sac_inside(located: pd.DataFrame, study: Study, followed: np.ndarray | None = None) -> pd.DataFrame:
    """Return the month, force and area of the rows of SAC in the areas and months of the study; also those `followed`.

    `followed`: which crimes lie in other areas, with which these are compared.
    """
    there = located["area_id"].notna() if followed is None else located["area_id"].notna() | followed
    asked = there & located["crime_type"].isin(tables.SAC_TYPES) & located["month"].isin(study.months)
    return located.loc[asked, ["month", "force", "area_id"]]


def like_for_like(periods: tuple[Period, ...], left_out: Collection[str]) -> tuple[int, ...]:
    """Return the positions in a period (0 first) at which no period has a month left out."""
    bad = set(left_out)
    return tuple(k for k in range(len(periods[0])) if not any(period[k] in bad for period in periods))


def silent_forces(
    judged: pd.DataFrame, heard: pd.DataFrame, forces: Collection[str], compared: Collection[str]
) -> pd.DataFrame:
    """Return the rows of Coverage because of which other forces are left out of every period.

    These forces have a gap in a month compared. If they were kept, the gap would look like a fall. `heard` is as
    `sac_inside` returns it, with the crimes followed.
    """
    here = {str(force) for force in heard.loc[heard["month"].isin(compared), "force"].unique()}
    return gaps(judged, here - set(forces), compared)


def types_without(
    reading: Reading, forces: Collection[str], periods: Sequence[Period], least: int = EXPECTED
) -> dict[str, tuple[Period, ...]]:
    """Return the crime types that the files lack in a period of the months compared: see `without_rows`.

    What was fetched from police.uk has every type.
    """
    tally = reading.tally
    if reading.asked is not None:
        return {}
    mine = tally[tally["force"].isin(list(forces))]
    crimes: Counter[tuple[str, str]] = Counter()
    for kind, month, n in zip(*(mine[name].tolist() for name in ("crime_type", "month", "n")), strict=True):
        crimes[kind, month] += n
    return without_rows(crimes, periods, least)


def without_rows(
    crimes: Counter[tuple[str, str]], periods: Sequence[Period], least: int = EXPECTED
) -> dict[str, tuple[Period, ...]]:
    """Return the crime types without any row in a period, although the others have `least` or more on average.

    `crimes` holds rows by crime type and month. With each type come the months of these periods. Of a single period
    nothing can be told.
    """
    if len(periods) < 2:
        return {}
    found: dict[str, tuple[Period, ...]] = {}
    for kind in tables.SAC_TYPES:
        sums = [sum(crimes[kind, month] for month in period) for period in periods]
        if 0 in sums and sum(sums) >= least * (len(sums) - 1):
            found[kind] = tuple(period for period, n in zip(periods, sums, strict=True) if not n)
    return found


def _mostly_here(located: pd.DataFrame, study: Study, but: Collection[str]) -> tuple[str, ...]:
    """Return the forces, but for some, most of whose SAC in the months of the study lies in the areas."""
    rows = located[located["month"].isin(study.months)]
    shares = rows["area_id"].notna().groupby(rows["force"], observed=True).mean()
    return tuple(sorted({str(force) for force in shares.index[shares >= MAIN_SHARE]} - set(but)))


def _unknown(
    reading: Reading, areas: gpd.GeoDataFrame, inside: pd.DataFrame, compared: Compared
) -> dict[str, str]:
    """Return, by area_id, why an area is not known. `inside` is as `sac_inside` returns it.

    Whatever the other forces with a gap report is left out, so an area of their own is not known either: a ward without
    a crime of a force that is left out has no count of zero.
    """
    ids = areas["area_id"].astype(str).tolist()
    given = set(reading.tally["force"].astype(str))
    gappy = set(gaps(compared.judged, given - set(compared.forces), compared.months)["force"].astype(str))
    counts, theirs = counts_and_theirs(inside, gappy, ids, compared.months)
    kept = (counts - theirs).to_numpy(np.int64)
    missing = without_own_force(areas, reading.crimes[["force", "lon", "lat"]], kept, sorted(given - gappy))
    found = {area: _why_unknown(force, gappy) for area, force in missing.items()}
    for area in mostly_left_out(counts, theirs):
        found.setdefault(area, "a force that reports much of the crime there is left out")
    return found


def counts_and_theirs(
    inside: pd.DataFrame, forces: Collection[str], area_ids: list[str], compared: Collection[str]
) -> tuple[pd.Series, pd.Series]:
    """Return, by area, the rows of SAC in it in the months compared, and those of some forces; see `sac_inside`."""
    of_all = inside[inside["month"].isin(compared)]
    of_forces = of_all[of_all["force"].isin(list(forces))]
    counts, theirs = (
        found.set_axis(found.index.astype(str)).reindex(area_ids, fill_value=0)
        for found in (rows["area_id"].astype("category").value_counts() for rows in (of_all, of_forces))
    )
    return counts, theirs


def mostly_left_out(counts: pd.Series, theirs: pd.Series) -> list[str]:
    """Return the areas of which forces that are left out report so much that they are not known.

    `counts` and `theirs` are those of `counts_and_theirs`, for the forces left out.
    """
    return [str(area) for area in theirs.index[(theirs > 0) & (theirs >= TELLING_SHARE * counts)]]


def _why_unknown(force: str, gappy: Collection[str]) -> str:
    """Return why the areas of a force, "" where of none, are not known."""
    if not force:
        return "no force reports anything there"
    if force_slug(force) in {force_slug(name) for name in gappy}:
        return f"the force there, {force}, has a gap in the months compared"
    return f"no crime of the force there, {force}, was given"


def _what_to_give(forces: Sequence[str], tally: pd.DataFrame) -> str:
    """Return what to do if no month can be compared; `forces` are the main ones."""
    in_files = tally.groupby("force")["month"].agg(["min", "max"])
    if NO_FORCE in in_files.index and len(in_files) > 1:
        return "Some files do not name the force, so their crimes count as those of another: name it with --force."
    if in_files["min"].max() > in_files.loc[list(forces), "max"].min():
        return "If a force was renamed or merged, give its rows one name in Reported by. Otherwise give other periods."
    return "Give crimes for both periods, or other periods."


def _none_in_the_months(study: Study, tally: pd.DataFrame) -> tuple[str, str]:
    """Return why no crime in the areas can be compared, and what to do."""
    asked = " to ".join(dict.fromkeys((study.months[0], study.current[-1])))
    sac = tally[tally["crime_type"].isin(tables.SAC_TYPES)]
    if sac.empty:
        kinds = listed(sorted(tally["crime_type"].astype(str).unique()), 4, ", ")
        return (
            f"The crimes given hold no burglary, robbery or vehicle crime, only {kinds}.",
            "Give police.uk's files as downloaded, or describe a force's own extract in the study: docs/extract.md.",
        )
    there = f"{sac['month'].min()} to {sac['month'].max()}"
    said = f"No crime in the areas is of the months compared, {asked}"
    if sac["month"].isin(study.months).any():
        return (
            f"{said}, though those given elsewhere are.",
            "Give the boundaries of the place where the crimes are.",
        )
    return f"{said}: those given are of {there}.", "Give crimes for both periods, or other periods."


def _nothing_to_compare(study: Study, left_out: pd.DataFrame) -> str:
    # Of many reasons, the months that are not there at all come first: thin ones seldom leave nothing to compare.
    shown = listed(reasons_of(left_out.sort_values("status", kind="stable")), 3)
    first, last = study.months[0], study.current[-1]
    return f"No month from {first} to {last} is complete in every period, so nothing is compared: {shown}."
