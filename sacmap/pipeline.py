"""The place where the steps meet: read the data of a study, compare them, and write the files.

From top to bottom it follows the data: crimes and areas, the area of each crime, counts, change, the two lists, the
files. Each command is one call of a function here, in `planning` or in `routine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from sacmap import months, tables
from sacmap.areas.context import read_context
from sacmap.areas.topology import overlaps
from sacmap.comparison import compare_areas
from sacmap.crimes import Reading, without_repeats
from sacmap.errors import SacmapError, UsageError, require_type
from sacmap.files.collisions import require_apart, require_own
from sacmap.files.file_sets import older_files, torn_set_message, write_set
from sacmap.files.json_shape import mismatch
from sacmap.files.text import parse_json, read_text, sha256
from sacmap.files.write import output_path, require_writable
from sacmap.forces import force_slug
from sacmap.inputs import (
    StudyAreas,
    boundaries_of,
    published_of,
    read_by,
    read_crimes_of,
    read_study_areas,
    read_with_progress,
    with_boundaries,
)
from sacmap.measure.comparator import national_comparator
from sacmap.notices import Notice, listed, series
from sacmap.publish.csv_json import csv_of, dated, groups_path, record_of, texts_of, with_groups
from sacmap.publish.extra_files import extra_files_of, require_tools
from sacmap.publish.public import as_published
from sacmap.result import Result
from sacmap.study import MADE, Study, rolled_to
from sacmap.study_options import kinds_of
from sacmap.terminal import say

if TYPE_CHECKING:
    from sacmap.fetch.download import Downloaded
    from sacmap.fetch.home_office import RecordedTable
    from sacmap.measure.published_crimes import Published
    from sacmap.measure.reconcile import Reconciliation
    from sacmap.publish.view import View

#: The endings of the files that sacmap writes with a map.
ENDINGS = (
    ".csv", ".json", ".xlsx", ".gpkg", ".png", ".pdf", ".docx", "-groups.csv", "-brief.docx",
)  # fmt: skip


def run(study: Study, *, every_month: bool = False) -> Result:
    """Read the data of a study, fetch what is missing, and compare.

    >>> wards = Study(
    ...     current="2025-04:2026-03", baseline="2022-04:2025-03", crimes="crimes.zip", boundaries="wards.geojson"
    ... )
    >>> result = run(wards)
    >>> result.ledger.counted, result.totals["sac"]["current_count"]
    (1188, 324.0)

    Parameters
    ----------
    study
        The study.
    every_month
        Whether to read every month in the files, for their history. By default only the months needed are read.

    Raises
    ------
    SacmapError
        If something in the study cannot be read, fetched or compared.
    """
    require_type(study, Study, MADE)
    study = with_boundaries(study)
    found = read_study_areas(study)
    return _compared(study, found, _crimes(study, found, every_month=every_month))


def _crimes(study: Study, found: StudyAreas, *, every_month: bool = False) -> Reading:
    """Read the crimes of a study, or fetch them."""
    if study.crimes:
        return read_crimes_of(study, every_month=every_month)
    from sacmap.fetching import download

    return download(study, found.every).reading


def _compared(study: Study, found: StudyAreas, reading: Reading) -> Result:
    """Compare the crimes in the areas of a study."""
    result = compare_areas(
        study,
        reading,
        found.areas,
        beyond=found.beyond,
        overlaps=overlaps(found.areas),
        notices=(*found.notices, *reading.notices),
        followed=found.comparator,
    )
    context = read_context(study.context, found.areas.total_bounds)
    # No row of roads and rivers counts.
    drawn: list[dict[str, object]] = [
        {"path": path, "sha256": sha256(Path(path)), "rows": None} for path in study.context
    ]
    return replace(result, context=context, inputs=(*result.inputs, *found.inputs, *drawn))


def save(result: Result, out: str | Path, *, also: str | Sequence[str] | None = None) -> list[Path]:
    """Write the page, the CSV, the record and any additional files; return their paths.

    If the study has `suppress_small`, they are its public version.

    >>> wards = Study(
    ...     current="2025-04:2026-03", baseline="2022-04:2025-03", crimes="crimes.zip", boundaries="wards.geojson"
    ... )
    >>> [path.name for path in save(run(wards), "maps/wards.html")]
    ['wards.html', 'wards.csv', 'wards.json']

    Parameters
    ----------
    result
        The result of `run`.
    out
        The page: maps/NAME.html. The other files get the same name.
    also
        Any of xlsx, gpkg, png, pdf. The default is in the study.

    Raises
    ------
    UsageError
        If this is no result, or a file is of no kind that sacmap writes, or needs a tool that is not installed.
    DiskError
        If a file cannot be written.
    """
    from sacmap.publish.make_view import page_of

    require_type(result, Result, "Write result = run(study), and save(result, out).")
    result = as_published(result)
    return _save(result, page_of(result), out, result.study.also if also is None else kinds_of(also))


def _save(result: Result, page: View, out: str | Path, kinds: Sequence[str]) -> list[Path]:
    """Write the files of a result, of which `page` is what is published."""
    from sacmap.publish.page import render

    require_tools(kinds)
    path = output_path(out, ".html")
    outputs, read = _files_of_map(path, kinds), read_by(result.study)
    require_apart(outputs, read)
    require_own(path, outputs)
    stale = _stale(path, outputs if len(result.groups) else outputs[:-1], read)
    html = render(page)
    written = {
        # A file name in a warning may hold half a character, which UTF-8 cannot.
        path: html.encode(errors="backslashreplace"),
        path.with_suffix(".csv"): csv_of(with_groups(page.texts, result.areas)),
        path.with_suffix(".json"): record_of(result, version("sacmap"), stale),
        **{
            path.with_suffix(f".{kind}"): content
            for kind, content in extra_files_of(result, page, html, kinds).items()
        },
    }
    if len(result.groups):
        written[groups_path(path)] = csv_of(texts_of(result.groups, tables.GROUPS))
    write_set(written, private=result.restricted)
    for notice in stale:
        say(f"- {notice.text}")
    return list(written)


def _stale(page: Path, outputs: Sequence[Path], read: Sequence[str]) -> tuple[Notice, ...]:
    """Return a notice about files with the name of a map that this run does not write."""
    older = [one.name for one in older_files(page, ENDINGS, outputs, read)]
    text = f"Files with the name of this map that come from an older run: {listed(older, 12, ', ')}."
    return (Notice("stale", text),) if older else ()


def _files_of_map(page: Path, kinds: Sequence[str]) -> list[Path]:
    """Return the files of a map: the page, the CSV, the record, additional files and subtotals."""
    return [page, *(page.with_suffix(f".{kind}") for kind in ("csv", "json", *kinds)), groups_path(page)]


class Mapped(NamedTuple):
    """A map that was written: its result, its files, and its first sentences for the terminal."""

    result: Result
    written: list[Path]
    headline: str


def map_study(study: Study, out: Path, *, study_file: str | Path | None = None) -> Mapped:
    """Compare, and write the map.

    `study_file` is the file of the study, if there is one. It is not overwritten either.

    Raises
    ------
    SacmapError
        As `run` and `save`.
    """
    from sacmap.publish.make_view import page_of
    from sacmap.publish.shapes import outlines_of

    require_tools(study.also)
    require_outputs(_files_of_map(out, study.also), [*read_by(study), study_file])
    study = with_boundaries(study)
    found = read_study_areas(study)
    reading = _crimes(study, found)
    # Drawing needs no counts. It takes seconds for England and Wales, so another processor does it meanwhile.
    # It has an array of its own: shapely before 2.2 locks the one it works on, and a call in the other thread fails.
    with ThreadPoolExecutor(1) as beside:
        drawn = beside.submit(outlines_of, found.areas.geometry.to_numpy().copy())
        result = _compared(study, found, reading)
    result = as_published(result)
    path = dated(out, result.study)
    if path != out:
        _tell_torn(path)
    replaced = _last_periods(path.with_suffix(".json"))
    if replaced and replaced != months.span_in_words(result.study.current):
        say(
            f"- {path} was the map of {replaced}, and is now the map of {months.span_in_words(result.study.current)}. "
            f"To keep both, give another --out{'' if study.rolling else ', or use --current latest:12'}."
        )
    page = page_of(result, drawn.result())
    return Mapped(result, _save(result, page, path, result.study.also), page.first_words)


def _last_periods(record: Path) -> str:
    """Return the current period in words from a map's record; "" if there is no record of sacmap."""
    from sacmap.publish.news import MapRecord

    with suppress(SacmapError, ValueError):
        raw = parse_json(read_text(str(record)))
        current = () if mismatch(raw, MapRecord) else tuple(cast("MapRecord", raw)["study"]["current"])
        return months.span_in_words(current) if current else ""
    return ""


def require_outputs(outputs: Sequence[Path], read: Sequence[str | Path | None]) -> None:
    """Check, before anything is read, that the outputs can be written and are not inputs. Report a torn set."""
    require_apart(outputs, read)
    for path in outputs:
        if path.is_dir():
            raise UsageError(f"{path} would be written, and is a folder.", "Choose another name with --out.")
    require_writable(outputs[0].parent)
    _tell_torn(outputs[0])


def _tell_torn(first: Path) -> None:
    """Say so if the files of the set that is to be written come from two runs."""
    if torn := torn_set_message(first):
        say(f"- {torn} This run writes all of them again.")


def reconcile_study(
    study: Study,
    home_office: str,
    area: str,
    path: Path,
    *,
    beside: Sequence[str],
    study_file: str | Path | None,
) -> Reconciliation:
    """Compare police.uk with the Home Office's recorded crime of an area, and write the table.

    `beside` names other areas to show: the nation ("England and Wales") and similar areas.

    Raises
    ------
    UsageError
        If the periods are not whole quarters.
    """
    from sacmap.measure.quarters import require_quarters

    if study.current:
        require_quarters(study)
    require_outputs([path], [home_office, *read_by(study), study_file])
    found = reconciled(study, home_office, area, beside=beside)
    # Counts from an extract are restricted, whatever they are compared with.
    restricted = study.extract is not None
    write_set({path: csv_of(texts_of(found.table, tables.RECONCILED))}, private=restricted)
    return found


def reconciled(study: Study, home_office: str, area: str, *, beside: Sequence[str]) -> Reconciliation:
    """Compare police.uk with the Home Office's recorded crime of an area, and the area with others."""
    from sacmap.fetch.home_office import read_table
    from sacmap.measure.quarters import official_periods

    table = read_table(home_office)
    recorded = table.of(area)
    reading = read_crimes_of(study) if study.crimes else None
    if study.rolling and not study.current:
        if reading is not None and not reading.tally.empty:
            study = rolled_to(study, max(reading.tally["month"]))
        study = official_periods(study, recorded)
    published = published_of(study, reading, recorded) if reading is not None else None
    return reconciled_with(table, study, area, published=published, beside=beside)


def reconciled_with(
    table: RecordedTable,
    study: Study,
    area: str,
    *,
    published: Published | None = None,
    beside: Sequence[str],
) -> Reconciliation:
    """Compare an area's recorded crime with police.uk's, if given, and with other areas'."""
    from sacmap.measure.reconcile import Peers, reconcile
    from sacmap.measure.similar_areas import is_nation

    names = {force_slug(name): name for name in table.names_in(beside)}
    # The area has its own line already: among its peers it would be ranked against itself.
    names.pop(force_slug(area), None)
    peers = Peers(
        asked=tuple(None if is_nation(name) else table.of(name) for name in names.values()),
        forces=table.forces() if beside else (),
    )
    return reconcile(study, table.of(area), published, peers)


def write_comparator(crimes: Sequence[str], path: Path, *, without: Sequence[str] = ()) -> tuple[str, ...]:
    """Write the counts of all forces together as a comparator file; return sentences about it.

    Raises
    ------
    InputError
        If no force has every month.
    """
    require_outputs([path], crimes)
    reading = read_with_progress(crimes)
    once = without_repeats(reading.crimes)
    table, whole, gone = national_comparator(once, reading.tally, without)
    write_set({path: csv_of(texts_of(table, tables.COMPARATOR))})
    months_ = sorted(table["month"])
    who = f"{len(whole)} forces together" if len(whole) > 1 else whole[0]
    summed = f"{who}, {months.in_words(months_[0])} to {months.in_words(months_[-1])}."
    lost = [months.in_words(month) for month in sorted({*reading.tally["month"]} - {*months_})]
    less = f"Months left out, which are missing or thin of most forces: {listed(lost, 6, ', ')}."
    left = f"Left out because months are missing or thin: {listed(gone, 6, ', ')}."
    lacking = series([tables.IN_WORDS[kind] for kind in reading.absent])
    none = f"The crimes hold no row of {lacking}: missing, not zero. A map compared with this file cannot judge it."
    own = (
        "If the areas you will map are of this force, they are compared partly with themselves, and look less changed "
        f"than they are: give a download of all forces, with --without {force_slug(whole[0])}."
    )
    told = (
        less if lost else "",
        left if gone else "",
        none if lacking else "",
        own if len(whole) == 1 and not without else "",
    )
    return (summed, *filter(None, told))


def fetch_study(study: Study, *, refresh: bool) -> Downloaded:
    """Fetch the crimes of a study into the store.

    Raises
    ------
    UsageError
        If the study names no force, but files of crimes.
    """
    if study.crimes and not study.force:
        raise UsageError(
            "The crimes of this study are in files, so there is nothing to fetch.",
            "Map them with sacmap map, or add --force to fetch those of a force.",
        )
    study = with_boundaries(replace(study, crimes=()))
    from sacmap.fetching import download

    return download(study, boundaries_of(study).areas, refresh=refresh)
