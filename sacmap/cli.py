"""The command line: each command is one call of the library. Heavy libraries are loaded when needed."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from sacmap import tables
from sacmap.cli_options import (
    fetch_options,
    fields_of,
    out_path,
    read_options,
    study_options,
    study_options_with,
)
from sacmap.errors import UsageError
from sacmap.files.write import output_path
from sacmap.last_resort import close_output, meant, mend_streams
from sacmap.terminal import Group, Pounds, say, show

if TYPE_CHECKING:
    from sacmap.notices import Notice
    from sacmap.study import Study
    from sacmap.study_options import FetchOptions

STOPPED = 130


def main() -> None:
    """Run the command. An error is two lines on stderr and an exit code, never a traceback."""
    mend_streams()
    # The threads of numpy and scipy for matrices are not needed here, and idle ones would use the processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = sys.argv[1:]
    debug = "--debug" in words
    if not debug:
        # Warnings from libraries do not help the user.
        warnings.simplefilter("ignore")
    code = _run([word for word in words if word != "--debug"] or ["--help"], debug=debug)
    if not close_output() and code in {0, 3}:
        say("sacmap: the result cannot be printed: the output is closed or full.")
        code = 5
    close_output()
    sys.exit(code)


def _run(words: list[str], *, debug: bool) -> int:
    """Run the command given by these words and return the exit code."""
    try:
        # sacmap.main would exit with its own code if nobody reads the output.
        with sacmap.make_context("sacmap", words) as context:
            return int(sacmap.invoke(context) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        given = getattr(error, "ctx", None)
        # Click says of an option without its value not in which command it is.
        named = ["sacmap", *(word for word in words[:1] if word in sacmap.commands)]
        path = given.command_path if given else " ".join(named)
        say(f"sacmap: {error.format_message()}\nSee {path} --help.")
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("sacmap: stopped. No file was left incomplete. Run the command again to continue.")
        return STOPPED
    except Exception as error:  # noqa: BLE001  # the one place that handles every other exception
        if debug:
            say(traceback.format_exc())
        known = meant(error)
        say(f"sacmap: {known}")
        return known.exit_code


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sacmap")
@click.option(
    "--debug", is_flag=True, expose_value=False, help="Show where an error came from, for a bug report."
)
def sacmap() -> None:
    """Show where serious acquisitive crime (SAC) has changed, from police.uk data.

    Start with: sacmap demo
    """


_suppress_small = click.option(
    "--suppress-small", is_flag=True, help="Make a public version without counts under 5."
)
_beside = click.option(
    "--beside", multiple=True, help='Also show these areas: "England and Wales,Leicestershire".'
)


@sacmap.command("map")
@study_options
@_suppress_small
def map_command(study: Path | None, **options: object) -> int:
    """Write the map: maps/NAME.html, NAME.csv and NAME.json."""
    return _run_map(read_options(study, options), study)


def _run_map(study: Study, file: Path | None) -> int:
    """Write the map and its files; return the exit code."""
    from sacmap.pipeline import map_study

    made = map_study(study, out_path(study, file), study_file=file)
    report(made.written, made.headline, made.result.warnings)
    return made.result.exit_code


def report(written: Iterable[Path], words: str = "", notices: Iterable[Notice] = ()) -> None:
    """Print the paths of the files to stdout, and what is to be said of them to stderr."""
    for path in written:
        show(str(path))
    if words:
        say(words)
    for notice in notices:
        say(f"- {notice.text}")


@sacmap.command("watch")
@study_options
@_suppress_small
def watch_command(study: Path | None, **options: object) -> int:
    """Write the map only if something is new since the last one, and say what. Otherwise print nothing.

    For a scheduler. Exit code 0 whether something was new or not; 3 if the new map has gaps; 4 if the source cannot be
    reached.
    """
    from sacmap.routine import watch_study

    asked = read_options(study, options)
    found = watch_study(asked, out_path(asked, study), study_file=study)
    for line in found.news:
        show(line)
    if found.result is not None:
        report(found.written, found.headline, found.result.warnings)
    return found.exit_code


@sacmap.command()
@study_options_with("The page that `sacmap map` writes. It is not written here.")
def check(study: Path | None, **options: object) -> int:
    """Say whether a comparison can be trusted: coverage, ledger, repaired boundaries, overlaps, gaps."""
    from sacmap.pipeline import run
    from sacmap.publish.make_view import check_text

    result = run(read_options(study, options))
    show(check_text(result))
    return result.exit_code


@sacmap.command("fetch")
@study_options_with("The page that `sacmap map` writes. It is not written here.")
@click.option("--refresh", is_flag=True, help="Check now for a new month; otherwise once a day.")
def fetch_command(study: Path | None, *, refresh: bool, **options: object) -> int:
    """Fetch the crimes of a study into the store. You can stop at any time and continue later."""
    from sacmap.pipeline import fetch_study

    found = fetch_study(read_options(study, options), refresh=refresh)
    show(found.summary)
    report((), notices=found.reading.notices)
    return 3 if found.empty else 0


@sacmap.command()
def demo() -> int:
    """Map the made-up practice borough. No network is needed."""
    from sacmap.practice import write_practice

    practice = write_practice(Path("maps") / "practice")
    say("Practice data: a made-up borough on Dogger Bank. No real place or crime is shown.")
    return _run_map(
        read_options(practice.study, {"out": str(Path("maps") / "practice.html")}), practice.study
    )


@sacmap.command("boundaries")
@click.argument("force", required=False)
@click.option("--wards", help="Fetch the ONS wards of this district.")
@click.option("--lsoas", help="Fetch the ONS LSOAs of this district.")
@click.option("--vintage", help="Year of the boundaries. Default: 2024 for wards, 2021 for LSOAs.")
@click.option(
    "--service-url", help="Folder of Open Geography services, or a single layer: …/FeatureServer/0."
)
@click.option("--out", help="The file to write: boundaries/FORCE.geojson, or boundaries/NAME-wards.geojson.")
@fetch_options
def boundaries_command(
    force: str | None, *, wards: str | None, lsoas: str | None, vintage: str | None, service_url: str | None,
    out: str | None, **fetching: Unpack[FetchOptions],
) -> int:  # fmt: skip
    """Fetch a force's neighbourhoods into boundaries/FORCE.geojson, or a district's ONS wards or LSOAs."""
    from sacmap.areas.neighbourhoods import boundaries_path
    from sacmap.fetch.download import Origin
    from sacmap.fetching import fetch_boundaries, fetch_district
    from sacmap.publish.csv_json import file_stem

    given = [one.strip() for one in (force, wards, lsoas) if one is not None]
    if len(given) > 1 or not any(given):
        what = "More than one of force, --wards and --lsoas was" if len(given) > 1 else "No area was"
        raise UsageError(f"{what} given.", "Give one: a force, or a district with --wards or --lsoas.")
    kind, name = "wards" if wards else "lsoas", given[0]
    if not force and fetching["offline"]:
        raise UsageError(
            f"--{kind} fetches from the ONS service and stores nothing, but --offline uses no network.",
            "Leave out --offline, or give a file of boundaries to sacmap map.",
        )
    if force:
        path = output_path(out) if out else boundaries_path(force)
        fetch_boundaries(Origin.of(force, fetching), path)
    else:
        path = output_path(out) if out else Path("boundaries") / f"{file_stem(name)}-{kind}.geojson"
        fetch_district(
            kind, name, path, vintage=vintage, service_url=service_url, ca_bundle=fetching["ca_bundle"]
        )
    show(str(path))
    return 0


@sacmap.command("reconcile")
@study_options_with("The table to write. Default: maps/AREA-reconcile.csv.")
@click.option("--home-office", required=True, help="Recorded crime open data: ODS, XLSX, CSV or Parquet.")
@click.option("--area-name", help="The force or Community Safety Partnership, as that table names it.")
@_beside
def reconcile_command(
    study: Path | None,
    home_office: str,
    area_name: str | None,
    out: str | None,
    beside: tuple[str, ...],
    **options: object,
) -> int:
    """Compare police.uk with the Home Office's recorded crime and itemise the difference: --out FILE.csv.

    The periods must be whole quarters. Without --crimes, only the official count is shown. For a Community Safety
    Partnership, only police.uk's crimes inside --boundaries count.
    """
    from sacmap.pipeline import reconcile_study
    from sacmap.publish.csv_json import file_stem
    from sacmap.routine import official_area

    asked = read_options(study, options)
    area = official_area(area_name, asked)
    path = output_path(out) if out else Path("maps") / f"{file_stem(area)}-reconcile.csv"
    found = reconcile_study(asked, home_office, area, path, beside=beside, study_file=study)
    report([path], found.text, found.warnings)
    return found.exit_code


@sacmap.command("brief")
@study_options_with("The note to write. Default: maps/NAME-brief.docx.")
@click.option("--home-office", type=click.Path(), help="Recorded crime open data: ODS, XLSX, CSV or Parquet.")
@click.option(
    "--area-name", "area", help="The force or Community Safety Partnership, as that table names it."
)
@_beside
@_suppress_small
@click.option("--plan", type=click.Path(), help="A plan to describe: plans/NAME.json.")
@click.option("--result", "outcome", type=click.Path(), help="The result of a plan: plans/NAME-result.json.")
@click.option("--replace", is_flag=True, help="Replace an existing note.")
def brief_command(study: Path | None, out: str | None, **options: object) -> int:
    """Write a briefing note for a committee, in Word: maps/NAME-brief.docx.

    It says what PP06 counts, what happened and where, compared with the nation, what will be done, whether it worked,
    and what the figures cannot show. Parts that you give no files for are left out.
    """
    from sacmap.routine import BriefOptions, brief_study

    brief = fields_of(BriefOptions, options)
    if not (study or options["crimes"] or options["boundaries"]):
        # A map may be of a part of the area, so it is not called by it.
        options["title"] = options["title"] or brief.area
    asked = read_options(study, options)
    path = output_path(out, ".docx") if out else None
    written, code = brief_study(asked, out_path(asked, study), path, brief, study_file=study)
    show(str(written))
    return code


@sacmap.command("comparator")
@click.argument("crimes", nargs=-1, required=True)
@click.option("--out", required=True, help="The comparator file to write: CSV of month, crime_type, n.")
@click.option(
    "--without", multiple=True, help="A force to leave out, by its slug: that of the study. May be repeated."
)
def comparator_command(crimes: tuple[str, ...], *, out: str, without: tuple[str, ...]) -> int:
    """Add up all forces of a download into a file for --comparator, so that "expected" follows the nation."""
    from sacmap.pipeline import write_comparator

    path = output_path(out, ".csv")
    sentences = write_comparator(crimes, path, without=without)
    show(str(path))
    for text in sentences:
        say(f"- {text}")
    return 0


@sacmap.command("plan")
@study_options_with("The plan to write. Default: plans/NAME.json.")
@click.option("--budget", type=Pounds(1), default=10_000, show_default=True, help="Budget in pounds.")
@click.option("--prices", type=click.Path(), help="Price list (TOML) to use instead of sacmap's.")
@click.option(
    "--areas", "size", type=click.IntRange(1, 10), default=3, show_default=True,
    help="Number of areas that get money, and of adjoining areas in the week of action.",
)  # fmt: skip
@click.option(
    "--money-areas", "funded", type=click.IntRange(1, 10), help="Areas that get money, where not as many."
)
@click.option(
    "--theme",
    type=click.Choice(tables.CRIME_TYPES, case_sensitive=False),
    default="sac",
    show_default=True,
    help="The crime type the week of action answers: sac for all three.",
)
@click.option(
    "--target", multiple=True, help="An area of your own choice for it, id or name. May be repeated."
)
@click.option("--action", help="Days of the action: 2019-10-07:2019-10-20.")
@click.option(
    "--visited", type=click.Path(), help="Areas visited before: table of area_id or name, from, to, action."
)
@click.option(
    "--protected", type=click.Path(), help="Homes already protected: table of area_id or name, homes."
)
@click.option("--replace", is_flag=True, help="Replace an existing plan.")
def plan_command(study: Path | None, out: str | None, **options: object) -> int:
    """Plan a budget and a week of action: plans/NAME.json and NAME.html, and NAME.gpkg with --also gpkg."""
    from sacmap.planning import PlanOptions, plan_study
    from sacmap.publish.extra_files import require_of_plan

    planning = fields_of(PlanOptions, options)
    asked = read_options(study, options)
    if options["also"]:
        # The additional files named in a study file are for its map, not for a plan.
        require_of_plan(asked.also)
    path = output_path(out, ".json") if out else Path("plans") / f"{out_path(asked, study).stem}.json"
    result, plan, written = plan_study(asked, path, planning, study_file=study)
    report(written)
    for notice in plan.warnings:
        say(f"- {notice['text']}")
    return result.exit_code


@sacmap.command("evaluate")
@click.argument("plan_path", metavar="PLAN", type=click.Path(path_type=Path))
@click.option(
    "--crimes",
    multiple=True,
    help="police.uk CSVs, folders of them, or ZIPs. Without it, crimes are fetched.",
)
@fetch_options
@click.option("--after", required=True, help="The months after the action: 2018-06:2018-11.")
@click.option("--before", help="The same months before. Default: one year earlier.")
@click.option("--boundaries", help="The plan's boundaries, if the file has moved.")
@click.option("--layer", help="Their layer, if it is called otherwise there.")
@click.option(
    "--log", "log", type=click.Path(), help="What was done: table of date, area_id or name, action, homes."
)
@click.option("--out", help="The result to write. Default: in the plan's folder.")
@click.option("--replace", is_flag=True, help="Replace an existing result.")
def evaluate_command(
    plan_path: Path, *, crimes: tuple[str, ...], after: str, before: str | None, boundaries: str | None,
    layer: str | None, log: str | None, out: str | None, replace: bool, **fetching: Unpack[FetchOptions],
) -> int:  # fmt: skip
    """Judge a plan afterwards, against control areas and including displacement."""
    from sacmap import months
    from sacmap.planning import EvaluateOptions, evaluate_plan

    result, outcome, written = evaluate_plan(
        plan_path,
        output_path(out, ".json") if out else plan_path.parent / f"{plan_path.stem}-result.json",
        EvaluateOptions(
            after=months.span(after),
            before=months.span(before) if before else None,
            crimes=crimes,
            boundaries=boundaries,
            layer=layer,
            log=log,
            replace=replace,
            fetching=fetching,
        ),
    )
    report(written, outcome.reading, outcome.warnings)
    return result.exit_code
