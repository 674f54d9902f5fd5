"""The options that commands share, and the study they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sacmap.errors import UsageError
from sacmap.files.study_file import read_study
from sacmap.files.write import output_path
from sacmap.study import Study, make_study
from sacmap.study_options import EXTRA_KINDS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Given = TypeVar("Given", bound=DataclassInstance)

Command = Callable[..., object]

_FETCH_OPTIONS = (
    click.option("--store", help="Folder for fetched answers. Default: in your cache."),
    click.option("--offline", is_flag=True, help="Use no network; read only what is stored."),
    click.option("--api-url", help="Address of the API, ending in /api."),
    click.option("--ca-bundle", help="File of certificates (PEM) to trust in addition to the system's."),
)
_STUDY_OPTIONS = (
    click.argument("study", required=False, type=click.Path(path_type=Path)),
    click.option("--force", help="Police force, by its police.uk slug, such as northamptonshire."),
    click.option(
        "--boundaries",
        help="Neighbourhood polygons: GeoJSON, GeoPackage, Shapefile, KML and others, also zipped.",
    ),
    click.option("--layer", help="Layer of the boundaries, if there are several."),
    click.option(
        "--crs", help="Coordinate system of the boundaries, if they give none or a wrong one: EPSG:27700."
    ),
    click.option("--id-column", help="Column with the areas' identifiers."),
    click.option("--name-column", help="Column with the areas' names."),
    click.option("--group-column", help="Column with the town or district of each area."),
    click.option("--within", multiple=True, help="Only the areas of this town or district."),
    click.option(
        "--households-column", help="Column with households, in --households or else in the boundaries."
    ),
    click.option("--households", help="Households by area or by LSOA: CSV (also gzipped) or XLSX."),
    click.option(
        "--lsoa-boundaries", help="LSOA polygons, if households are by LSOA and the areas are not LSOAs."
    ),
    click.option("--current", help="Current period: 2017-04:2018-03 (both ends included), or latest:12."),
    click.option(
        "--baseline",
        multiple=True,
        help="Baseline of one or more such periods: 2014-04:2017-03, or before:3.",
    ),
    click.option("--crimes", multiple=True, help="police.uk CSVs, folders of them, or ZIPs."),
    click.option(
        "--comparator",
        help='What "expected" follows: areas (default), force, none or a file: table of month, crime_type, n.',
    ),
    click.option("--also", multiple=True, help="Additional files: any of xlsx,gpkg,png,pdf."),
    click.option(
        "--context",
        multiple=True,
        help="Roads, rail, water or places to draw thin and grey behind the areas.",
    ),
    click.option("--tiles", help="Background map: https address of its tiles, with {z}, {x} and {y}."),
    click.option(
        "--tiles-key", help="Key that replaces {key} in --tiles. Anyone who has the page can read it."
    ),
    click.option("--yes", is_flag=True, help="Agree to large downloads without being asked."),
    click.option(
        "--from", "source", help="Source of months without --crimes: auto (default), api or archive."
    ),
    click.option("--archive-url", help="Address of the folder of monthly archives."),
    *_FETCH_OPTIONS,
    click.option("--title", help="Name of the place, for the page's title."),
)


def study_options_with(out: str) -> Callable[[Command], Command]:
    """Return what gives a command the STUDY argument and the options that are its keys; `out` is the help of --out."""
    return partial(_with, (*_STUDY_OPTIONS, click.option("--out", help=out)))


def _with(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


study_options = study_options_with("The page to write: maps/NAME.html.")
fetch_options = partial(_with, _FETCH_OPTIONS)


def fields_of(kind: type[Given], options: dict[str, object]) -> Given:
    """Take the options that are fields of a dataclass out of a command's options, as one object."""
    values: dict[str, Any] = {one.name: options.pop(one.name) for one in fields(kind)}
    return kind(**values)


def read_options(study: Path | None, options: Mapping[str, object]) -> Study:
    """Return the study from a file and options. Options override the file."""
    given = read_study(study) if study else {}
    given |= {name: value for name, value in options.items() if value not in (None, (), False)}
    return make_study(given)


def out_path(study: Study, file: Path | None) -> Path:
    """Return the path of the page: --out, or maps/ with the title, the study file's name or the force."""
    from sacmap.publish.csv_json import file_stem

    if study.out:
        kind = Path(study.out).suffix.lower().removeprefix(".")
        if kind in EXTRA_KINDS:
            raise UsageError(
                f"--out is the page, so it must end in .html, not as in {study.out}.",
                f"Write --out {Path(study.out).with_suffix('.html')} --also {kind}.",
            )
        return output_path(study.out, ".html")
    name = study.title or (file.stem if file else None) or study.force or Path(study.boundaries or "map").stem
    return Path("maps") / f"{file_stem(name)}.html"
