"""A plan and its evaluation: plan a budget and a week of action, and judge them by the months afterwards."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sacmap.choose.evaluate import Outcome, judge, without_shaky
from sacmap.choose.hardening import Prices, read_prices
from sacmap.choose.make_plan import PlanWanted, make_plan
from sacmap.choose.partnership_files import (
    ACTIONS,
    PROTECTED,
    VISITED,
    action_days,
    area_names,
    area_of,
    read_actions,
    read_protected,
    read_visited,
)
from sacmap.choose.plan import Plan, plan_of
from sacmap.choose.plan_checks import study_values
from sacmap.choose.plan_record import EarlierVisit
from sacmap.errors import InputError, UsageError
from sacmap.files.collisions import is_below, require_apart
from sacmap.files.file_sets import torn_set_message, write_set
from sacmap.files.json_shape import record_text
from sacmap.files.sheets import table_text
from sacmap.files.text import is_file_of, read_text
from sacmap.inputs import read_by
from sacmap.months import Period
from sacmap.pipeline import require_outputs, run
from sacmap.publish.csv_json import json_of
from sacmap.publish.extra_files import geopackage
from sacmap.publish.make_view import outcome_html_of, page_of_plan, plan_html_of
from sacmap.publish.public import not_public
from sacmap.result import Result
from sacmap.study import Study, make_study
from sacmap.study_options import FetchOptions
from sacmap.terminal import say


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
    endings = (".html", ".gpkg") if "gpkg" in study.also else (".html",)
    outputs = [path, *map(path.with_suffix, endings)]
    files = (options.prices, options.visited, options.protected)
    _require_new(outputs, [*read_by(study), study_file, *files], replace=options.replace)
    prices = read_prices(read_text(options.prices) if options.prices else None, options.prices or "")
    # Read before the crimes, so that errors show at once. The areas are known only afterwards.
    _read_records(options, None)
    days = action_days(options.action) if options.action else ()
    # The best months for the week are found from all months available.
    result = not_public(run(study, every_month=True))
    if not result.study.baseline:
        raise _without_baseline(result)
    plan = make_plan(result, _wanted(result, options, prices, days, path))
    written = {
        path: json_of(plan.record(version("sacmap"))),
        path.with_suffix(".html"): plan_html_of(result, plan).encode(),
    }
    if "gpkg" in study.also:
        written[path.with_suffix(".gpkg")] = geopackage(page_of_plan(result, plan), plan)
    return result, plan, write_set(written, private=result.restricted)


def _without_baseline(result: Result) -> UsageError:
    needed = "A plan needs a baseline: without one nothing can be said of a rise."
    short = [notice.text for notice in result.warnings if notice.code == "short-baseline"]
    if short:
        return UsageError(
            f"{needed} {short[0]}", "Give crimes of earlier years too, or a current period a year later."
        )
    return UsageError(needed, "Add --baseline, such as before:3 or a year before the current period.")


def _wanted(
    result: Result, options: PlanOptions, prices: Prices, days: Sequence[str], path: Path
) -> PlanWanted:
    """Return what the plan at `path` is made from, with the areas of the user's lists as the result knows them."""
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
) -> tuple[list[EarlierVisit], dict[str, int]]:
    """Return the areas visited before and the homes already protected. Without `areas`, any area is accepted."""
    visited, protected = options.visited, options.protected
    return (
        read_visited(table_text(visited, VISITED), visited, areas) if visited else [],
        read_protected(table_text(protected, PROTECTED), protected, areas) if protected else {},
    )


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """The options of an evaluation: months, crimes, boundaries and log, and the options for fetching."""

    after: Period
    before: Period | None = None
    crimes: tuple[str, ...] = ()
    boundaries: str | None = None
    layer: str | None = None
    log: str | None = None
    replace: bool = False
    fetching: FetchOptions | None = None


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
    outputs = [path, path.with_suffix(".html")]
    ca_bundle = options.fetching["ca_bundle"] if options.fetching else None
    read = [plan_path, *options.crimes, options.boundaries, options.log, ca_bundle]
    _require_new(outputs, read, replace=options.replace)
    frozen = record_text(str(plan_path))
    if torn := torn_set_message(plan_path):
        say(f"- {torn}")
    plan = plan_of(frozen, str(plan_path))
    boundaries = options.boundaries or boundaries_of_plan(plan, plan_path)
    if not Path(boundaries).exists():
        raise InputError(
            f"The plan's boundaries, {boundaries}, do not exist.", "Give them with --boundaries."
        )
    require_apart(outputs, [boundaries])
    done = table_text(options.log, ACTIONS) if options.log else ""
    if options.log:
        # As for a plan, the log is checked before the crimes are read.
        read_actions(done, options.log)
    values = study_values(plan, options.after, options.before, options.crimes, boundaries)
    layer = {"layer": options.layer} if options.layer else {}
    study = make_study({**values, **layer, **(options.fetching or {})})
    result = not_public(without_shaky(run(study, every_month=True)))
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


def path_from(folder: Path, path: str) -> str:
    """Return a path as seen from a folder, so that both can be moved together; whole where they share no drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return Path(path).resolve().as_posix()


def _require_new(outputs: Sequence[Path], read: Sequence[str | Path | None], *, replace: bool) -> None:
    """Check the outputs as `require_outputs` does, and refuse to write over a plan or its result unless told to."""
    require_apart(outputs, read)
    there = [file for file in outputs if file.exists()]
    if there and not replace:
        raise UsageError(
            f"{there[0]} already exists and was not changed: a plan is fixed before the event, and its result is kept.",
            "Choose another --out, or add --replace.",
        )
    require_outputs(outputs, ())
