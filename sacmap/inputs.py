"""Read what a study names: areas with households, and crimes. Boundaries that are not there are fetched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from geopandas import GeoDataFrame

from sacmap import months, tables
from sacmap.areas.boundaries import (
    Boundaries,
    areas_within,
    read_areas,
    read_boundaries,
    require_group_column,
    same_names,
)
from sacmap.areas.columns import BoundaryOptions
from sacmap.areas.household_match import not_known, with_households
from sacmap.areas.locate import locate, require_overlap
from sacmap.crimes import Reading
from sacmap.errors import InputError, UsageError
from sacmap.fetch.csv_files import each_once, members_of
from sacmap.fetch.street import read
from sacmap.files.text import sha256
from sacmap.measure.comparator import Lines, read_comparator
from sacmap.measure.coverage import months_needed
from sacmap.notices import Notice
from sacmap.study import Study
from sacmap.terminal import Progress

if TYPE_CHECKING:
    from sacmap.measure.published_crimes import Published
    from sacmap.offences import Recorded


def read_by(study: Study) -> list[str]:
    """Return the files and folders that a study reads."""
    from sacmap.areas.neighbourhoods import boundaries_path

    of_force = str(boundaries_path(study.force)) if study.force and not study.boundaries else None
    single = (
        study.boundaries,
        of_force,
        study.households,
        study.lsoa_boundaries,
        study.comparator_file,
        study.ca_bundle,
    )
    return [*study.crimes, *study.context, *(path for path in single if path)]


class StudyAreas(NamedTuple):
    """The areas of a study: those mapped, with households; those outside its district; and notices.

    inputs: path, sha256 and rows of the files read, for the record; comparator: the lines of the file that is followed.
    """

    areas: GeoDataFrame
    beyond: GeoDataFrame
    notices: tuple[Notice, ...]
    inputs: list[dict[str, object]]
    comparator: Lines = ()

    @property
    def every(self) -> GeoDataFrame:
        """All areas, mapped or not, sorted by area_id."""
        if self.beyond.empty:
            return self.areas
        both = pd.concat([self.areas, self.beyond], ignore_index=True)
        return both.sort_values("area_id", ignore_index=True)


def read_study_areas(study: Study) -> StudyAreas:
    """Read the areas of a study's boundaries, their households, and the comparator's file.

    They are read before the crimes, so that an error shows at once.

    Raises
    ------
    UsageError, InputError
        As `read_boundaries`, `_with_study_households` and `read_comparator`.
    """
    found = boundaries_of(study)
    mine, beyond = areas_within(found.areas, study.within, str(study.boundaries))
    areas, notices, households, lsoas = _with_study_households(mine, study)
    rows = {study.boundaries: len(found.areas), study.households: households, study.lsoa_boundaries: lsoas}
    followed = read_comparator(study.comparator_file) if study.comparator_file else ()
    rows[study.comparator_file] = len(followed)
    inputs: list[dict[str, object]] = [
        {"path": path, "sha256": sha256(Path(path)), "rows": n} for path, n in rows.items() if path
    ]
    # Of a district, only its own areas' names matter.
    named = [notice for notice in found.notices if notice.code != "same-names"]
    return StudyAreas(areas, beyond, (*named, *same_names(mine), *notices), inputs, followed)


def boundaries_of(study: Study) -> Boundaries:
    """Return the areas of a study's boundaries, those outside its district too, and notices."""
    require_group_column(study.within, study.group_column)
    options = BoundaryOptions(
        layer=study.layer,
        crs=study.crs,
        id_column=study.id_column,
        name_column=study.name_column,
        # With --households, this is a column of that file.
        households_column=None if study.households else study.households_column,
        group_column=study.group_column,
    )
    return read_boundaries(str(study.boundaries), options)


def read_crimes_of(study: Study, *, every_month: bool = False) -> Reading:
    """Read the crimes the study names: police.uk's files, or a force's own extract.

    Of police.uk's files, only the months that the comparison needs are read, unless `every_month` is set.

    Raises
    ------
    InputError
        If they cannot be read, or hold no month of the current period.
    """
    if study.extract is not None:
        from sacmap.fetch.extract import read_extract

        reading = read_extract(study)
    else:
        needed = None if every_month else partial(months_needed, study)
        reading = read_with_progress(study.crimes, force=study.force, needed=needed)
    _require_current(study, reading)
    return reading


def _require_current(study: Study, reading: Reading) -> None:
    """Refuse a current period if the files have none of its months."""
    held = set(reading.tally["month"])
    if held and study.current and not held & set(study.current):
        what = "The extract holds" if study.extract is not None else "The files hold"
        passed_over = "".join(f" {one.text}" for one in reading.notices if one.code == "passed-over")
        raise InputError(
            f"{what} {months.held_in_words(held)}, and no month of the current period, "
            f"{months.span_in_words(study.current)}.{passed_over}",
            "Choose a period within them (--current, of an evaluation --after), or give the files of that period too.",
        )


def read_with_progress(
    paths: Sequence[str],
    *,
    force: str | None = None,
    needed: Callable[[Collection[str]], Collection[str]] | None = None,
) -> Reading:
    """Read police.uk's files and report progress. See `sacmap.fetch.street.read` for `force` and `needed`."""
    with Progress("Reading") as progress:
        return read(
            paths,
            keep=tables.SAC_TYPES,
            force=force,
            needed=needed,
            progress=progress.step,
            total=progress.expect,
        )


def _with_study_households(
    areas: GeoDataFrame, study: Study
) -> tuple[GeoDataFrame, tuple[Notice, ...], int, int]:
    """Add the households of the study's file to the areas, if it names one.

    Returns
    -------
    The areas, notices, the number of lines of households and the number of LSOAs.

    Raises
    ------
    UsageError
        If it names LSOA boundaries, but no households.
    InputError
        If the households cannot be read, or are of other areas.
    """
    if study.households is None:
        if study.lsoa_boundaries is not None:
            raise UsageError(
                "LSOA boundaries were given, but no households.",
                "Add --households FILE, a CSV of households by LSOA.",
            )
        homes = areas["households"]
        return areas, tuple(not_known(areas["name"], homes)) if homes.notna().any() else (), 0, 0
    from sacmap.areas.households import read_households

    counts = read_households(study.households, study.households_column)
    lsoas = read_areas(study.lsoa_boundaries) if study.lsoa_boundaries else None
    areas, notices = with_households(areas, counts.by_id, study.households, lsoas)
    return areas, (*counts.notices, *notices), len(counts.by_id), 0 if lsoas is None else len(lsoas)


def published_of(study: Study, reading: Reading, recorded: Recorded) -> Published:
    """Return police.uk's crimes of a force or partnership of the Home Office's table: by force, or in the areas.

    Raises
    ------
    UsageError
        If it is a partnership, and the study has no boundaries.
    """
    from sacmap.measure.published_crimes import published_by_force, published_in_areas

    _require_current(study, reading)
    if recorded.by == "force":
        # An extract has one force, whatever its name is there.
        own = study.extract is not None and not reading.tally.empty
        force = str(reading.tally["force"].iloc[0]) if own else study.force or recorded.area
        return published_by_force(reading, force, study.months)
    if not study.boundaries:
        raise UsageError(
            f"{recorded.area} is a Community Safety Partnership, and police.uk publishes by force.",
            "Add --boundaries FILE with its neighbourhoods, or leave --crimes out.",
        )
    areas, _ = areas_within(boundaries_of(study).areas, study.within, study.boundaries)
    located = locate(reading.crimes, areas)
    require_overlap(located, areas)
    return published_in_areas(reading, located, study.months)


def with_boundaries(study: Study) -> Study:
    """Return the study with boundaries: its own, or its force's neighbourhoods, fetched if necessary.

    Raises
    ------
    UsageError
        If it names neither crimes nor a force, or neither boundaries nor a force.
    """
    if study.boundaries and (study.crimes or study.force):
        return study
    # Loaded only now, because these modules load the network libraries.
    from sacmap.areas.neighbourhoods import boundaries_path
    from sacmap.fetch.download import origin_of
    from sacmap.fetching import fetch_boundaries

    if not study.force:
        what, option = (
            ("crimes", "--crimes PATH") if study.boundaries else ("boundaries", "--boundaries FILE")
        )
        raise UsageError(
            f"No {what} were given, and no force from which to fetch them.",
            f"Add {option}, or --force northamptonshire.",
        )
    path = boundaries_path(study.force)
    if not path.is_file():
        fetch_boundaries(origin_of(study), path)
    return replace(study, boundaries=path.as_posix())


def crime_files(study: Study) -> tuple[Path, ...]:
    """Return the files from which a study's crimes are read: only the months needed, and each ZIP once."""
    if study.extract is not None:
        return tuple(Path(path) for path in study.crimes)
    members, _ = each_once([member for path in study.crimes for member in members_of(Path(path))])
    needed = months_needed(study, {member.month for member in members if months.is_month(member.month)})
    read_in = [one for one in members if one.month in needed or not months.is_month(one.month)]
    return tuple(dict.fromkeys(member.path for member in read_in))
