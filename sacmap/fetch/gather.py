"""Gather what a study names, from files and the web, and do the main job on it: all reading that commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from geopandas import GeoDataFrame

from sacmap import tables
from sacmap.areas.boundaries import read_areas, read_text
from sacmap.areas.households import parse_households, with_households
from sacmap.areas.locate import locate, require_overlap
from sacmap.beside import beside
from sacmap.errors import UsageError
from sacmap.fetch.command import brought, with_boundaries
from sacmap.fetch.extract import read_extract
from sacmap.fetch.store import default_store
from sacmap.fetch.street import Reading, read
from sacmap.fetch.sums import Sums, sha256
from sacmap.fetch.tidy import MANY, Tidy, overlaps_kept, points_joined
from sacmap.job import Result, compare_areas
from sacmap.measure.notices import Notice
from sacmap.measure.recorded import Published, Recorded, published_by_force, published_in_areas
from sacmap.progress import Progress
from sacmap.study import COMPARATORS, Study


def result_of(
    study: Study,
    sums: Sums | None = None,
    crimes_read: Callable[[GeoDataFrame, Tidy], object] = lambda *_: None,
) -> Result:
    """Read what the study names and do the main job.

    `sums` has begun with the SHA-256 of some of the files, or of none. `crimes_read` is called with the areas and the
    cache when the crimes are read: reading keeps every processor busy, and what comes after does not.
    """
    study = with_boundaries(study)
    areas = read_areas(
        str(study.boundaries),
        id_column=study.id_column,
        name_column=study.name_column,
        households_column=study.households_column,
    )
    areas, told, lsoas = with_study_households(areas, study)
    # Before the crimes, so that a file that cannot be read is told at once.
    others = other_inputs(study, len(areas), lsoas)
    tidy = Tidy(Path(study.store) if study.store else default_store())
    reading = reading_of(study, tidy, sums) if study.crimes else brought(study, areas).reading
    with beside() as meanwhile:
        overlapping = meanwhile.submit(overlaps_kept, tidy, areas.copy())
        crimes_read(areas, tidy)
        joined = points_joined(tidy, reading.crimes, areas) if len(reading.crimes) >= MANY else None
        result = compare_areas(
            study,
            reading,
            areas,
            comparator_text=read_text,
            overlaps=overlapping.result(),
            also_told=(*told, *reading.told),
            joined=joined,
        )
    return replace(result, inputs=(*result.inputs, *others))


def other_inputs(study: Study, areas: int, lsoas: int) -> list[dict[str, object]]:
    """Return path, sha256 and rows of the files read beside the crimes, for the record."""
    rows = {str(study.boundaries): areas}
    others = [study.households, None if study.comparator in COMPARATORS else study.comparator]
    rows |= {path: len(read_text(path).splitlines()) - 1 for path in others if path}
    if study.lsoa_boundaries:
        rows[study.lsoa_boundaries] = lsoas
    return [{"path": path, "sha256": sha256(Path(path)), "rows": n} for path, n in rows.items()]


def with_study_households(areas: GeoDataFrame, study: Study) -> tuple[GeoDataFrame, tuple[Notice, ...], int]:
    """Give the areas the households of the study's file, if it names one; return what is told, and how many LSOAs."""
    if study.households is None:
        if study.lsoa_boundaries is not None:
            raise UsageError(
                "LSOA boundaries were given, but no households to spread.",
                "Add --households FILE, a CSV of households by LSOA.",
            )
        return areas, (), 0
    counts = parse_households(read_text(study.households), study.households)
    lsoas = read_areas(study.lsoa_boundaries) if study.lsoa_boundaries else None
    areas, told = with_households(areas, counts, study.households, lsoas)
    return areas, told, 0 if lsoas is None else len(lsoas)


def reading_of(study: Study, tidy: Tidy | None = None, sums: Sums | None = None) -> Reading:
    """Read the crimes the study names: police.uk's files, or a force's own extract.

    `tidy` keeps the months of a large archive, and has those read before; `sums` has begun with some files' SHA-256.
    """
    if study.extract is not None:
        return read_extract(study)
    with Progress("Reading") as progress:
        return read(
            study.crimes,
            keep=tables.SAC_TYPES,
            tidy=tidy,
            sums=sums,
            progress=progress.step,
            total=progress.expect,
        )


def published_of(study: Study, recorded: Recorded) -> Published:
    """Read police.uk's crimes of the place a Home Office table is of: the force's, or those in the areas."""
    reading = reading_of(study)
    if recorded.by == "force":
        # An extract is of one force, whatever it is called there.
        own = study.extract is not None and not reading.tally.empty
        force = str(reading.tally["force"].iloc[0]) if own else study.force or recorded.area
        return published_by_force(reading, force, study.months)
    if not study.boundaries:
        raise UsageError(
            f"{recorded.area} is a Community Safety Partnership, and police.uk publishes by force.",
            "Add --boundaries FILE with its neighbourhoods, or leave --crimes out.",
        )
    areas = read_areas(study.boundaries, id_column=study.id_column, name_column=study.name_column)
    located = locate(reading.crimes, areas)
    require_overlap(reading.crimes, located, areas)
    return published_in_areas(reading, located, study.months)
