"""The one place where the steps meet: read the data of a study, compare them, and write the files.

From top to bottom it follows the data: crimes and areas, the area of each crime, counts, change, the two lists, the
files. Each command of the command line is one call of a function here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sacmap import months, tables
from sacmap.areas.boundaries import overlaps
from sacmap.areas.context import read_context
from sacmap.comparison import compare_areas
from sacmap.crimes import without_repeats
from sacmap.errors import InputError, SacmapError, UsageError
from sacmap.files.collisions import is_below, require_apart
from sacmap.files.hashes import is_file_of
from sacmap.files.text import parse_json, read_text
from sacmap.files.whole import require_writable
from sacmap.inputs import (
    boundaries_of,
    download,
    published_of,
    read_by,
    read_crimes,
    read_crimes_of,
    read_study_areas,
    with_boundaries,
)
from sacmap.measure.comparator import national_comparator
from sacmap.notices import Notice, listed
from sacmap.result import Result
from sacmap.study import Period, Study, make_study
from sacmap.terminal import say

if TYPE_CHECKING:
    from sacmap.choose.hardening import Prices
    from sacmap.choose.outcome import Outcome
    from sacmap.choose.plan import Plan, PlanWanted
    from sacmap.choose.records import Visit
    from sacmap.fetch.download import Downloaded
    from sacmap.fetch.home_office import RecordedTable
    from sacmap.measure.reconcile import Published, Reconciliation

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
    study = with_boundaries(study)
    found = read_study_areas(study)
    reading = (
        read_crimes_of(study, every_month=every_month)
        if study.crimes
        else download(study, found.every).reading
    )
    result = compare_areas(
        study,
        reading,
        found.areas,
        beyond=found.beyond,
        comparator_text=read_text,
        overlaps=overlaps(found.areas),
        notices=(*found.told, *reading.notices),
    )
    context = read_context(study.context, found.areas.total_bounds)
    return replace(result, context=context, inputs=(*result.inputs, *found.inputs))


def save(result: Result, out: str | Path, *, also: Sequence[str] | None = None) -> list[Path]:
    """Write the page, the CSV, the record and any additional files; return their paths.

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
        If a file needs a tool that is not installed.
    DiskError
        If a file cannot be written.
    """
    from sacmap.files.sets import write_set
    from sacmap.publish.also import also_of, require_tools
    from sacmap.publish.files import csv_of, groups_path, record_of, texts_of, with_groups
    from sacmap.publish.page import render
    from sacmap.publish.present import page_of

    kinds = result.study.also if also is None else tuple(also)
    require_tools(kinds)
    path = Path(out)
    outputs, read = files_of_map(path, kinds), read_by(result.study)
    require_apart(outputs, read)
    stale = _stale(path, outputs if len(result.groups) else outputs[:-1], read)
    page = page_of(result)
    html = render(page)
    written = {
        # A file name in a warning may hold half a character, which UTF-8 cannot.
        path: html.encode(errors="backslashreplace"),
        path.with_suffix(".csv"): csv_of(with_groups(page.texts, result.areas)),
        path.with_suffix(".json"): record_of(result, version("sacmap"), stale),
        **{
            path.with_suffix(f".{kind}"): content
            for kind, content in also_of(result, page, html, kinds).items()
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
    from sacmap.files.sets import older_files

    older = [one.name for one in older_files(page, ENDINGS, outputs, read)]
    text = f"Files with the name of this map that come from an older run: {listed(older, 12, ', ')}."
    return (Notice("stale", text),) if older else ()


def files_of_map(page: Path, also: Sequence[str]) -> list[Path]:
    """Return the files of a map: the page, the CSV, the record, additional files and subtotals."""
    from sacmap.publish.files import groups_path

    return [page, *(page.with_suffix(f".{kind}") for kind in ("csv", "json", *also)), groups_path(page)]


def map_study(study: Study, out: Path, *, study_file: str | Path | None = None) -> tuple[Result, list[Path]]:
    """Compare, and write the map; return the result and the files.

    `study_file` is the file of the study, if there is one. It is not overwritten either.
    """
    from sacmap.publish.also import require_tools
    from sacmap.publish.files import dated
    from sacmap.publish.public import public_version

    require_tools(study.also)
    require_outputs(files_of_map(out, study.also), [*read_by(study), study_file])
    result = run(study)
    if study.suppress_small:
        result = public_version(result)
    path = dated(out, result.study)
    replaced = last_periods(path.with_suffix(".json"))
    if replaced and replaced != months.span_in_words(result.study.current):
        say(
            f"- {path} was the map of {replaced}, and is now the map of {months.span_in_words(result.study.current)}. "
            "To keep both, give --out, or use --current latest:12."
        )
    return result, save(result, path)


def last_periods(record: Path) -> str:
    """Return the current period in words from a map's record; "" if there is no record of sacmap."""
    with suppress(SacmapError, ValueError, KeyError, TypeError, OSError):
        current = parse_json(read_text(str(record)))["study"]["current"]
        return months.span_in_words(months.span(f"{current[0]}:{current[-1]}"))
    return ""


def require_outputs(outputs: Sequence[Path], read: Sequence[str | Path | None]) -> None:
    """Check, before anything is read, that the outputs can be written and are not inputs. Report a torn set."""
    from sacmap.files.sets import torn_set_message

    require_apart(outputs, read)
    require_writable(outputs[0].parent)
    if torn := torn_set_message(outputs[0]):
        say(f"- {torn} This run writes all of them again.")


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """The options of a plan: pounds, number of areas, and the files of prices, visits and protected homes.

    funded: number of areas that get money, if not `size`; theme: the crime type of the week of action; target: areas
    chosen by the user, as ids or names; action: its days, 2019-10-07:2019-10-20.
    """

    budget: float = 10_000
    size: int = 3
    funded: int | None = None
    theme: str = "sac"
    target: Sequence[str] = ()
    action: str | None = None
    prices: str | None = None
    visited: str | None = None
    protected: str | None = None
    replace: bool = False


def plan_study(
    study: Study, path: Path, options: PlanOptions, *, study_file: str | Path | None = None
) -> tuple[Result, Plan, list[Path]]:
    """Plan a budget and a week of action, and write the plan; return the result, the plan and the files.

    Raises
    ------
    UsageError
        If the plan already exists and should not be replaced.
    """
    from sacmap.choose.hardening import read_prices
    from sacmap.choose.plan import make_plan
    from sacmap.choose.records import action_days
    from sacmap.files.sets import write_set
    from sacmap.publish.also import geopackage
    from sacmap.publish.files import json_of, require_unwritten
    from sacmap.publish.present import page_of, plan_html_of

    outputs = [
        path,
        path.with_suffix(".html"),
        *([path.with_suffix(".gpkg")] if "gpkg" in study.also else []),
    ]
    files = (options.prices, options.visited, options.protected)
    require_apart(outputs, [*read_by(study), study_file, *files])
    require_unwritten(outputs, options.replace)
    require_outputs(outputs, ())
    prices = read_prices(read_text(options.prices) if options.prices else None, options.prices or "")
    # They are read before the crimes, so that errors show at once. The areas are known only afterwards.
    _read_records(options, None)
    days = action_days(options.action) if options.action else ()
    # The best months for the week are found from all months available.
    result = run(study, every_month=True)
    if not result.study.baseline:
        raise UsageError(
            "A plan needs a baseline: without one nothing can be said of a rise.",
            "Add --baseline, such as before:3 or a year before the current period.",
        )
    plan = make_plan(result, _wanted(result, options, prices, days, path))
    require_apart(outputs, read_by(result.study))
    written = {
        path: json_of(plan.record(version("sacmap"))),
        path.with_suffix(".html"): plan_html_of(result, plan).encode(),
    }
    if "gpkg" in study.also:
        written[path.with_suffix(".gpkg")] = geopackage(page_of(result), plan)
    return result, plan, write_set(written, private=result.restricted)


def _wanted(
    result: Result, options: PlanOptions, prices: Prices, days: Sequence[str], path: Path
) -> PlanWanted:
    """Return what the plan at `path` is made from, with the areas of the user's lists as the result knows them."""
    from sacmap.choose.plan import PlanWanted
    from sacmap.choose.records import area_names, area_of
    from sacmap.publish.files import path_from

    names = area_names(result.areas)
    visits, homes = _read_records(options, names)
    return PlanWanted(
        budget=options.budget,
        prices=prices,
        size=options.size,
        theme=options.theme,
        visited=visits,
        protected=homes,
        boundaries_file=path_from(path.parent, str(result.study.boundaries)),
        funded_areas=options.funded,
        target=tuple(dict.fromkeys(area_of(one, names, "--target") for one in options.target)),
        action=days,
    )


def _read_records(
    options: PlanOptions, areas: Mapping[str, str] | None
) -> tuple[list[Visit], dict[str, int]]:
    """Return the areas visited before and the homes already protected. Without `areas`, any area is accepted."""
    from sacmap.choose.records import read_protected, read_visited

    visited, protected = options.visited, options.protected
    return (
        read_visited(read_text(visited), visited, areas) if visited else [],
        read_protected(read_text(protected), protected, areas) if protected else {},
    )


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """The options of an evaluation: months, crimes, boundaries and log, and the options for fetching."""

    after: Period
    before: Period | None = None
    crimes: tuple[str, ...] = ()
    boundaries: str | None = None
    log: str | None = None
    replace: bool = False
    fetching: Mapping[str, Any] = field(default_factory=dict)


def evaluate_plan(
    plan_path: Path, path: Path, options: EvaluateOptions
) -> tuple[Result, Outcome, list[Path]]:
    """Judge a plan by the months after it, and write the outcome; return the result, the outcome and the files.

    Raises
    ------
    UsageError
        If the result already exists and should not be replaced.
    InputError
        If the plan, its boundaries or the log cannot be read.
    """
    from sacmap.choose.outcome import judge, study_values
    from sacmap.choose.plan import plan_of
    from sacmap.choose.records import area_names, read_actions
    from sacmap.files.sets import torn_set_message, write_set
    from sacmap.publish.files import json_of, require_unwritten
    from sacmap.publish.present import outcome_html_of

    outputs = [path, path.with_suffix(".html")]
    given = (options.boundaries, options.log, options.fetching.get("ca_bundle"))
    require_apart(outputs, [plan_path, *options.crimes, *given])
    require_unwritten(outputs, options.replace)
    require_outputs(outputs, ())
    if torn := torn_set_message(plan_path):
        say(f"- {torn}")
    plan = plan_of(read_text(str(plan_path)), str(plan_path))
    boundaries = options.boundaries or boundaries_of_plan(plan, plan_path)
    if not Path(boundaries).exists():
        raise InputError(
            f"The plan's boundaries, {boundaries}, do not exist.", "Give them with --boundaries."
        )
    require_apart(outputs, [boundaries])
    done = read_text(options.log) if options.log else ""
    if options.log:
        # As for a plan, the log is checked before the crimes are read.
        read_actions(done, options.log)
    values = study_values(plan, options.after, options.before, options.crimes, boundaries)
    result = run(make_study({**values, **options.fetching}), every_month=True)
    actions = read_actions(done, options.log, area_names(result.areas)) if options.log else []
    outcome = judge(plan, result, actions)
    written = {
        path: json_of(outcome.record(version("sacmap"), str(plan_path), result)),
        path.with_suffix(".html"): outcome_html_of(result, plan, outcome).encode(),
    }
    return result, outcome, write_set(written, private=result.restricted)


def boundaries_of_plan(plan: Plan, plan_path: Path) -> str:
    """Return the path of a plan's boundaries. Someone else may have written the plan, so it may not name any file.

    Raises
    ------
    InputError
        If they are neither below the plan's folder nor below the current folder, and are not identical to the
        boundaries with which the plan was made.
    """
    named = plan.boundaries_file
    path = str(plan_path.parent / named)
    known = {str(one.get("sha256")) for one in plan.inputs}
    remote = named.startswith(("//", "\\\\"))
    if remote or not (is_below(path, (Path(), plan_path.parent)) or is_file_of(Path(path), known)):
        raise InputError(
            f"The plan {plan_path} names boundaries in another folder, {named}. They were not read.",
            "If they are yours, give them with --boundaries.",
        )
    return path


def reconcile_study(
    study: Study,
    home_office: str,
    area: str,
    path: Path,
    *,
    beside: Sequence[str] = (),
    study_file: str | Path | None = None,
) -> Reconciliation:
    """Compare police.uk with the Home Office's recorded crime of an area, and write the table.

    `beside` names other areas to show: the nation ("England and Wales") and similar areas.

    Raises
    ------
    UsageError
        If the periods are not whole quarters.
    """
    from sacmap.files.sets import write_set
    from sacmap.measure.reconcile import require_quarters
    from sacmap.publish.files import csv_of, texts_of

    if study.current:
        require_quarters(study)
    require_outputs([path], [home_office, *read_by(study), study_file])
    found = reconciled(study, home_office, area, beside=beside)
    # Counts from an extract are restricted, whatever they are compared with.
    restricted = study.extract is not None
    write_set({path: csv_of(texts_of(found.table, tables.RECONCILED))}, private=restricted)
    return found


def reconciled(study: Study, home_office: str, area: str, *, beside: Sequence[str] = ()) -> Reconciliation:
    """Compare police.uk with the Home Office's recorded crime of an area, and the area with others."""
    from sacmap.fetch.home_office import read_table
    from sacmap.measure.reconcile import official_periods

    table = read_table(home_office)
    if study.rolling and not study.current:
        study = official_periods(study, table.of(area))
    published = published_of(study, table.of(area)) if study.crimes else None
    return reconciled_with(table, study, area, published=published, beside=beside)


def reconciled_with(
    table: RecordedTable,
    study: Study,
    area: str,
    *,
    published: Published | None = None,
    beside: Sequence[str] = (),
) -> Reconciliation:
    """Compare an area's recorded crime with police.uk's, if given, and with other areas'."""
    from sacmap.measure.peers import is_nation
    from sacmap.measure.reconcile import Neighbours, reconcile

    neighbours = Neighbours(
        asked=tuple(None if is_nation(name) else table.of(name) for name in table.names_in(beside)),
        forces=table.forces() if beside else (),
    )
    return reconcile(study, table.of(area), published, neighbours)


def write_comparator(crimes: Sequence[str], path: Path, *, without: Sequence[str] = ()) -> tuple[str, ...]:
    """Write the counts of all forces together as a comparator file; return sentences about it."""
    from sacmap.files.sets import write_set
    from sacmap.publish.files import csv_of, texts_of

    require_outputs([path], crimes)
    reading = read_crimes(crimes)
    once = without_repeats(reading.crimes)
    table, whole, gone = national_comparator(once, reading.tally, without)
    write_set({path: csv_of(texts_of(table, tables.COMPARATOR))})
    months_ = sorted(table["month"])
    told = f"{len(whole)} forces together, {months.in_words(months_[0])} to {months.in_words(months_[-1])}."
    left = f"Left out because months are missing or thin: {listed(gone, 6, ', ')}."
    return (told, left) if gone else (told,)


def fetch_study(study: Study, *, refresh: bool) -> Downloaded:
    """Fetch the crimes of a study into the store."""
    study = with_boundaries(replace(study, crimes=()))
    return download(study, boundaries_of(study, whole=True).areas, refresh=refresh)
