"""Switch each guard off, one at a time, and see the test of its row fail.

python benchmarks/guards.py [ROW …] [--write docs/faults.md] [--jobs 2]

Without rows all are tried; a span, such as F01:F40, is some of them. What is written are the guards just tried: those
that were seen, in the place of what the page said of them. The others of the page stay.

A guard is a function or constant of sacmap, or of a library where that itself is the guard. It is switched off from
outside: another value takes its place before anything else is loaded, in the process of the test and in those it
starts. No text of the code is looked at, so a guard may be written anew under its name; where it has another name,
this ends at once and says so, as `tests/test_faults.py` does. A test that still passes guards nothing, and this ends
with exit code 1. For POSIX alone.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import pkgutil
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

# Loaded once, for every process that begins as this one.
import geopandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import pytest
import requests  # noqa: F401
import scipy.stats  # noqa: F401

HERE = Path(__file__).resolve().parent.parent
#: Seconds for one test; one that does not end with its guard off has failed.
PATIENCE = 150
#: Seconds for all tests of a file with the guards on.
LONG = 900

#: Runs at the start of every Python: replaces one name of one module by the value of an expression, in which `was` is
#: what it was and `m` the module. Modules that are loaded later take the new value from there.
SWITCH = """
import functools, importlib, os
def or_else(function, value):
    @functools.wraps(function)
    def tried(*words, **more):
        try:
            return function(*words, **more)
        except Exception:
            return value
    return tried
def nothing(*_, **__):
    return None
place, _, off = os.environ["SACMAP_GUARD_OFF"].partition("=")
module, _, name = place.partition(":")
m = importlib.import_module(module)
*owners, name = name.split(".")
owner = functools.reduce(getattr, owners, m)
was = getattr(owner, name)
setattr(owner, name, eval(off))
"""


@dataclass(frozen=True)
class Guard:
    """A guard of a row: what it does, where it is (module:name), what it is when off, and the test that sees it.

    `test` is how the name of the test begins.
    """

    row: str
    does: str
    place: str
    off: str
    test: str


GUARDS = (
    # ── the web ──
    Guard("F01", "an answer cut short is requested again", "sacmap.fetch.retry:DECISIONS",
          "{**was, m.AttemptResult.INCOMPLETE: (m.NextStep.STOP,)}", "test_f01_a_body_cut_short"),
    Guard("F02", "an answer is parsed before it counts", "sacmap.files.text:parse_json", "or_else(was, [])",
          "test_f02_a_body_cut_silently"),
    Guard("F03", "what is not JSON is refused", "sacmap.files.text:parse_json", "or_else(was, [])",
          "test_f03_a_page_of_html"),
    Guard("F04", "the shape of the JSON is checked", "sacmap.fetch.web:json_judge",
          "lambda check, full=None: was(lambda value: value, full)", "test_f04_json_of_another_shape_is_asked_again"),
    Guard("F05", "Retry-After is obeyed", "sacmap.fetch.request:retry_after", "nothing",
          "test_f05_a_429_is_waited_for"),
    Guard("F05", "but for no more than two minutes", "sacmap.fetch.retry:LONGEST_ASKED", "1e9",
          "test_f05_a_429_is_waited_for"),
    Guard("F06", "after a 429 the rest of the run is slower", "sacmap.fetch.web:SLOWEST", "0.0",
          "test_f06_after_a_429"),
    Guard("F07", "after a second 503 the box is split", "sacmap.fetch.retry:DECISIONS",
          "{**was, m.AttemptResult.TOO_MUCH: (m.NextStep.RETRY,)}", "test_f07_a_503_is_asked_once_more"),
    Guard("F08", "exactly 10,000 rows are taken as cut off", "sacmap.fetch.api:MOST", "10**9",
          "test_f08_exactly_ten_thousand_rows_are_taken"),
    Guard("F09", "gateways and resets get six tries", "sacmap.fetch.retry:TRIES", "2",
          "test_f09_gateways_and_resets"),
    Guard("F10", "a redirect is refused", "sacmap.fetch.request:judge_status",
          "lambda response, *more: None if 300 <= response.status_code < 400 else was(response, *more)",
          "test_f10_a_redirect"),
    Guard("F11", "a month that is not published is told before asking", "sacmap.fetch.download:choose_sources",
          "lambda wanted, window, *more: was(wanted, sorted({*window, *wanted}), *more)",
          "test_f11_a_month_outside"),
    Guard("F12", "what the API forgot is looked for in the store", "sacmap.fetch.store:Store.publications",
          "lambda self: []", "test_f12_a_month_the_api_forgot"),
    Guard("F13", "the whole attempt has a deadline", "sacmap.fetch.request:within",
          "lambda seconds, work: was(100 * seconds, work)", "test_f13_a_trickle"),
    Guard("F14", "the publication is part of the key", "sacmap.fetch.store:Store.path",
          "lambda self, question, published: was(self, question, '2000-01')", "test_f14_each_publication"),
    Guard("F15", "the proxy is named without user and password", "sacmap.redaction:redacted",
          "lambda address: address", "test_f15_a_proxy_is_shown"),
    Guard("F16", "a missing bundle is told", "sacmap.fetch.request:require_bundle", "nothing",
          "test_f16_a_bundle_that_is_missing"),
    Guard("F17", "no answer is larger than the cap, inflated or not", "sacmap.fetch.request:body_of",
          "lambda response, cap: was(response, 1 << 40)", "test_f17_an_enormous_answer"),
    Guard("F18", "a download that was cut goes on", "sacmap.fetch.retry:TRIES", "1",
          "test_f18_a_whole_download_goes_on"),
    # ── values ──
    Guard("F19", "identifiers are quoted in addresses", "sacmap.fetch.request:quoted",
          "lambda identifier: identifier", "test_f19_an_odd_identifier_is_quoted"),
    Guard("F20", "identifiers stay text", "sacmap.areas.columns:texts",
          "lambda *words: [one.lstrip('0') for one in was(*words)]", "test_f20_identifiers_stay_text"),
    Guard("F21", "an empty coordinate is none", "sacmap.fetch.api_answers:_number",
          "lambda value, n, field: float(value or 0)", "test_f21_f23_coordinates"),
    Guard("F22", "swapped coordinates and metres are refused", "sacmap.areas.locate:require_degrees", "nothing",
          "test_f22_swapped_and_metric_points"),
    Guard("F23", "corners that are no numbers are refused", "sacmap.areas.coordinates:require_on_earth", "nothing",
          "test_f23_corners_that_are_no_numbers"),
    Guard("F24", "a crime in two boxes counts once", "pandas:DataFrame.drop_duplicates",
          "lambda table, *_, **__: table", "test_f24_a_crime_on_the_edge"),
    Guard("F25", "what is no month is refused", "sacmap.months:is_month", "lambda text: True",
          "test_f25_a_month_that_is_none"),
    Guard("F26", "a type never seen is listed", "sacmap.crimes:KNOWN_TYPES",
          "was | {'space-piracy', 'Space piracy', 'cattle-rustling'}", "test_f26_and_f27"),
    Guard("F27", "crimes of other forces are told", "sacmap.measure.warnings:_other_forces", "lambda *_: iter(())",
          "test_f26_and_f27"),
    # ── boundaries ──
    Guard("F28", "an area without a boundary stays in the table", "sacmap.areas.mend:mended",
          "lambda table, *more: was(table, *more)[lambda made: ~made.geometry.is_empty]", "test_f28_no_boundary_stays"),
    Guard("F29", "an open ring is closed", "sacmap.areas.layer_rows:closed_ring", "lambda ring: ring",
          "test_f29_an_unclosed_ring"),
    Guard("F30", "a bow-tie keeps both its loops", "sacmap.areas.mend:valid_polygons",
          "lambda geometry: geometry.buffer(0)", "test_f30_a_bow_tie_keeps"),
    Guard("F31", "points and lines among the areas are left out", "sacmap.areas.boundaries:_without_strays",
          "lambda rows, where: rows", "test_f31_points_and_lines_among"),
    Guard("F32", "a point in a hole is outside", "shapely:intersects_xy",
          "lambda shapes, x, y: m.covers(m.convex_hull(shapes), m.points(x, y))", "test_f32_a_point_in_a_hole"),
    Guard("F33", "overlaps are told", "sacmap.areas.topology:overlaps", "lambda areas: ()",
          "test_f33_overlaps_are_found"),
    Guard("F34", "a point is in an area only where it lies in it", "sacmap.areas.join:_holders",
          "lambda east, north, areas: (m.np.arange(len(east)), m.np.zeros(len(east), int))",
          "test_f34_a_point_in_a_gap"),
    Guard("F35", "another coordinate system is transformed", "sacmap.areas.coordinates:in_degrees",
          "lambda shapes, *more, **said: shapes", "test_f35_another_coordinate_system"),
    Guard("F36", "areas of one identifier and different names are refused",
          "sacmap.areas.boundaries:_require_one_name", "nothing", "test_f36_repeated_identifiers"),
    # ── meaning ──
    Guard("F37", "a thin month is seen", "sacmap.measure.coverage:THIN", "0.0",
          "test_f37_a_month_of_one_crime"),
    Guard("F38", "there is no percentage of nothing", "numpy:divide",
          "lambda a, b, *_, **__: a / m.maximum(b, 1)", "test_f38_a_zero_baseline_has_counts"),
    Guard("F39", "unlike periods are refused with the right span", "sacmap.months:baseline_periods",
          "lambda current, spans: tuple(spans)", "test_f39_an_overlap"),
    Guard("F40", "crimes of another place are refused", "sacmap.areas.locate:require_overlap", "nothing",
          "test_f40_no_crime_in_any_area"),
    # ── disk and runs ──
    Guard("F41", "what a killed run left is swept", "sacmap.files.write:sweep", "nothing",
          "test_f41_what_a_killed_run_left"),
    Guard("F42", "what a living run writes is not swept", "sacmap.files.write:lives", "lambda pid: False",
          "test_f41_what_a_killed_run_left"),
    Guard("F43", "a damaged answer is set aside", "sacmap.fetch.store:seal", "lambda header, body: header['sha256']",
          "test_f43_a_damaged_answer_is_set_aside"),
    Guard("F44", "a store that cannot be written is told before asking", "sacmap.files.write:require_writable",
          "nothing", "test_f44_a_store_that_cannot_be_written"),
    Guard("F45", "a move that is refused is tried again", "sacmap.files.write:WAITS", "()",
          "test_f45_a_move_refused"),
    Guard("F45", "a name Windows keeps for itself is no file name", "sacmap.publish.csv_json:file_stem",
          "lambda name: name", "test_f45_a_name_becomes"),
    # ── archives and exports ──
    Guard("F46", "a member must have the check sum that the ZIP's directory says", "deflate:crc32",
          "lambda raw: type('Any', (), {'__eq__': lambda *_: True, '__hash__': None})()",
          "test_f46_a_member_that_is_not"),
    Guard("F47", "no member inflates without bound", "sacmap.limits:RATIO", "10**9",
          "test_f47_a_bomb_a_nested"),
    Guard("F48", "a missing column is told", "sacmap.fetch.columns:missing_from", "lambda places: None",
          "test_f48_a_missing_column"),
    Guard("F49", "no text in the CSV is a formula", "sacmap.publish.csv_json:as_text", "lambda text: text",
          "test_f49_no_text_in_the_csv"),
    Guard("F50", "no text in the JSON block closes it", "sacmap.publish.page:json_block",
          "lambda content: __import__('markupsafe').Markup(__import__('json').dumps(content))",
          "test_f50_hostile_text_is_data_everywhere"),
    Guard("F51", "each map point is joined once, however many crimes are on it", "pandas:factorize",
          "lambda keys, **_: (m.RangeIndex(len(keys)).to_numpy(), keys)", "test_f51_a_million_points"),
    # ── trust ──
    Guard("F52", "a recipe is known by its content", "sacmap.areas.formats:kind_of_xml",
          "lambda start: m.KINDS['kml']", "test_f52_a_recipe_under_any_name"),
    Guard("F52", "a MapInfo table that names others is found however far down it does",
          "sacmap.areas.gdal:require_own_files", "nothing", "test_f52_a_mapinfo_table_that_names_others"),
    Guard("F52", "a link to a file elsewhere is not read", "sacmap.areas.layer_files:is_in", "lambda path, homes: True",
          "test_f52_a_part_that_is_a_link"),
    Guard("F53", "outputs are compared with inputs", "sacmap.files.collisions:require_apart", "nothing",
          "test_f53_names_are_compared"),
    Guard("F53", "also by the command", "sacmap.files.collisions:require_apart", "nothing",
          "test_f53_a_file_of_a_folder"),
    Guard("F54", "only our own parts are swept", "sacmap.files.write:is_part", "lambda path: True",
          "test_f54_only_parts"),
    Guard("F55", "an answer's question is that of its file's name", "sacmap.fetch.store:header_of",
          "lambda line, path: m.parse_json(line)", "test_f55_a_flipped_question"),
    Guard("F55", "an answer's hash covers its header", "sacmap.fetch.store:seal",
          "lambda header, body: __import__('hashlib').sha256(body).hexdigest()", "test_f55_no_byte_of_a_header"),
    Guard("F56", "a path of a plan lies below its folder", "sacmap.files.collisions:is_below",
          "lambda path, folders: True", "test_f56_a_path_elsewhere"),
    Guard("F57", "each download has a part of its own", "sacmap.files.write:part_of",
          "lambda path, ending='.part': path.with_name(path.name + '.sacmap-x' + ending)",
          "test_f57_several_downloads"),
    Guard("F58", "what is private only its owner may read", "sacmap.files.write:PRIVATE", "0o644",
          "test_f58_a_file_replaced"),
    Guard("F59", "a note stands beside a set that is moved", "sacmap.files.file_sets:marker_of",
          "lambda path: path.with_name(__import__('secrets').token_hex(8))", "test_f59_a_run_killed"),
    Guard("F59", "of two runs that find an abandoned set one waits", "sacmap.files.file_sets:_take_over",
          "lambda part, marker, there, wait: m.replace_patiently(part, marker) or True",
          "test_f59_of_two_runs_that_find"),
    Guard("F60", "a table is measured before it is read", "sacmap.files.child_process:measure",
          "lambda *words, **more: ([], 0)", "test_f60_a_table_of_many_rows"),
    Guard("F60", "members of a ZIP do not lie over one another", "sacmap.limits:require_real_zip", "nothing",
          "test_f60_a_thousand_entries"),
    Guard("F60", "what gzip packed has a bound", "sacmap.limits:RATIO", "10**9",
          "test_f60_what_gzip_packed"),
    Guard("F61", "crossings are counted before mending", "sacmap.areas.mend:require_few_crossings", "nothing",
          "test_f61_the_bound_is_on_all_areas_together"),
    Guard("F61", "what crosses between areas is counted", "sacmap.areas.topology:_Crossings.require_few", "nothing",
          "test_f61_areas_that_cross_one_another"),
    Guard("F62", "an address is recorded without its secrets", "sacmap.redaction:redacted",
          "lambda address: address", "test_f62_a_key_in_the_address"),
    Guard("F63", "whatever is raised becomes an error of ours", "sacmap.last_resort:meant",
          "lambda error: m.InputError(repr(error), '')", "test_f63_each_kind_of_failure"),
    Guard("F63", "a closed output is mended first", "sacmap.last_resort:mend_streams", "nothing",
          "test_f63_a_closed_or_full"),
    Guard("F64", "one file by two names counts once", "sacmap.fetch.csv_files:each_once",
          "lambda members: (members, [])", "test_f64_one_file_by_two_spellings"),
    # ── files as people have them ──
    Guard("F65", "the datum is that which the file says", "sacmap.areas.coordinates:_known", "lambda system: m.WGS84",
          "test_f65_degrees_of_osgb36"),
    Guard("F65", "no transformation is guessed", "sacmap.areas.coordinates:TransformerGroup",
          "lambda *words, **more: was(*words, **{**more, 'allow_ballpark': True})",
          "test_f65_a_datum_without_a_real_way"),
    Guard("F66", "words and rounded numbers are no ids", "sacmap.fetch.repeats:is_no_id", "lambda text: False",
          "test_f66_words_noughts"),
    Guard("F67", "what repeats another file is left out", "sacmap.fetch.repeats:repeated_parts", "lambda *_: []",
          "test_f67_two_extracts_that_overlap"),
    Guard("F68", "a file that lacks a crime type is told", "sacmap.fetch.street:_filtered_notices", "lambda parts: ()",
          "test_f68_a_file_that_lacks"),
    Guard("F69", "a force that falls silent is left out of every period", "sacmap.measure.compared:silent_forces",
          "lambda judged, *_: judged.iloc[:0]", "test_f69_a_minor_force_with_a_gap"),
    Guard("F69", "areas whose own force is not there are not known", "sacmap.areas.force_areas:without_own_force",
          "lambda *_: {}", "test_f69_wards_of_another_force"),
    Guard("F70", "the words for nothing are no places", "sacmap.fetch.resaved:NOTHING", "('',)", "test_f70_case_11"),
    Guard("F71", "an identifier is complete and unique", "sacmap.areas.columns:_is_key", "lambda values: True",
          "test_f71_a_column_that_is_empty_or_constant"),
    Guard("F72", "text is tried as UTF-8 before what the file says", "sacmap.areas.encodings:_is_utf8",
          "lambda raw: False", "test_f72_the_text_of_a_shapefile"),
    Guard("F73", "GDAL is given a plain path", "sacmap.areas.layer_files:copied_to",
          "lambda dataset, *_, **__: dataset.main.path", "test_f73_a_path_is_a_path"),
    Guard("F74", "day numbers are dates", "sacmap.fetch.extract_layout:is_day_number", "lambda cell: False",
          "test_f74_case_18"),
    Guard("F75", "an error of TOML shows how to write it", "sacmap.files.study_file:toml_error",
          "lambda what, text, error: m.InputError(f'{what} is not TOML: {error}.', 'Mend it.')", "test_f75_case_25"),
    Guard("F76", "an option given twice is refused", "sacmap.terminal:Command.parse_args",
          "m.click.Command.parse_args", "test_f76_what_click_would"),
    Guard("F77", "months beyond the files are told", "sacmap.months:held_in_words",
          "lambda held: 'The force published nothing'", "test_f77_a_period_beyond"),
    Guard("F78", "where there are several layers one is asked for", "sacmap.areas.layer_rows:layer_of",
          "lambda named, *_, **__: named[0]", "test_f78_of_several_objects"),
    Guard("F79", "months before the first action are refused", "sacmap.choose.plan_checks:require_after", "nothing",
          "test_f79_months_before"),
    Guard("F80", "a comparator that cannot be followed is refused", "sacmap.measure.verdict:require_comparator",
          "nothing", "test_f80_a_comparator_that"),
)  # fmt: skip

MARK = "## Each guard switched off once"
PART = (
    MARK
    + """

Made by `python benchmarks/guards.py --write docs/faults.md`. Each of these {count} guards was switched off, one at a
time and from outside, and its test then failed, as it should. With every guard on, all of these tests pass.

| row | guard | where | test that fails without it |
|---|---|---|---|
{table}
How long F51 takes is measured by `benchmarks/`. The kills of F41 and F59 are timed at random in
`tests/test_download.py` and `benchmarks/kills.py`.
"""
)


def tests_named(test: str) -> list[tuple[str, str]]:
    """Return the (file, name) of each test whose name begins so, in the order of the files."""
    return [
        (str(path), name)
        for path in sorted((HERE / "tests").glob("test_*.py"))
        for name in re.findall(rf"^def ({test}\w*)", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def places_now(guards: Sequence[Guard]) -> dict[str, str]:
    """Return where each guard's place is now; end at once where it or its test has another name than here.

    What is loaded to find out is loaded in another process: here a guard must be switched off before it is loaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "places"
        child = os.fork()
        if not child:
            lost = [
                f"{guard.row}: there is no {guard.place}" for guard in guards if not is_there(guard.place)
            ]
            lost += [
                f"{guard.row}: no test begins with {guard.test}"
                for guard in guards
                if not tests_named(guard.test)
            ]
            print("\n".join(lost), end="\n" * bool(lost), flush=True)
            found.write_text(
                json.dumps({guard.place: now_at(guard.place) for guard in guards}), encoding="utf-8"
            )
            os._exit(bool(lost))
        if os.waitpid(child, 0)[1]:
            sys.exit("Guards were renamed: write their new names into benchmarks/guards.py.")
        return dict(json.loads(found.read_text(encoding="utf-8")))


def is_there(place: str) -> bool:
    """Whether a place, module:name, names something, or did before it moved."""
    return bool(now_at(place))


@functools.cache
def now_at(place: str) -> str:
    """Return a place, module:name, or where in sacmap a function or class of that name is now; "" where none is."""
    module, _, name = place.partition(":")
    try:
        functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError):
        own = name.partition(".")[0]
        import sacmap  # noqa: PLC0415  # see places_now

        modules = [
            one.name
            for one in pkgutil.walk_packages(sacmap.__path__, "sacmap.")
            if "__main__" not in one.name
        ]
        there = [
            one
            for one in modules
            if getattr(vars(importlib.import_module(one)).get(own), "__module__", "") == one
        ]
        return f"{there[0]}:{name}" if len(there) == 1 else ""
    return place


def begin(file: str, tests: Sequence[str], off: Guard | None) -> tuple[int, Path]:
    """Run tests of a file in a process that begins as this one is now; return its number and where its words go."""
    folder = Path(tempfile.mkdtemp(prefix="sacmap-guard-"))
    child = os.fork()
    if child:
        return child, folder
    os.setpgid(0, 0)
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    paths = [str(HERE)]
    if off:
        # For this process, and for those that the test starts.
        (folder / "sitecustomize.py").write_text(SWITCH, encoding="utf-8")
        paths.insert(0, str(folder))
        os.environ["SACMAP_GUARD_OFF"] = f"{off.place}={off.off}"
        exec(compile(SWITCH, "switch", "exec"), {})
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    # Wide enough for the reasons in pytest's summary.
    os.environ["COLUMNS"] = "300"
    words = ["-q", "-rA", "--tb=line", "-p", "no:cacheprovider", "-W",
             "ignore::pytest.PytestAssertRewriteWarning", *(["-x"] if off else []),
             *(f"{file}::{test}" for test in tests)]  # fmt: skip
    code = pytest.main(words)
    sys.stdout.flush()
    os._exit(int(code))


def end(child: int, folder: Path, seconds: float) -> str | None:
    """Return what pytest said, None where it still runs; one with no seconds left is ended, and said nothing."""
    done, _ = os.waitpid(child, os.WNOHANG)
    if not done and seconds > 0:
        return None
    if not done:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    text = (folder / "said").read_text(encoding="utf-8", errors="replace")
    shutil.rmtree(folder, ignore_errors=True)
    return text if done else ""


def ended(text: str, how: str) -> set[str]:
    """Return the names of the tests that ended so, such as PASSED."""
    return set(re.findall(rf"^(?:{how}) \S*?::(\w+)", text, re.MULTILINE))


Run = tuple[str, tuple[str, ...], Guard | None]


def tried(runs: Sequence[Run], jobs: int) -> dict[Run, str]:
    """Run tests, some runs at a time; return what pytest said of each run."""
    waiting = list(runs)
    running: dict[Run, tuple[int, Path, float]] = {}
    found: dict[Run, str] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            run = waiting.pop(0)
            running[run] = (*begin(*run), time.monotonic())
        for run, (child, folder, began) in list(running.items()):
            text = end(child, folder, began + (PATIENCE if run[2] else LONG) - time.monotonic())
            if text is not None:
                found[run] = text
                del running[run]
                what = f"{run[2].row} off" if run[2] else "on"
                print(f"{time.monotonic() - began:5.1f} s, {what}: {', '.join(run[1])}", flush=True)
        time.sleep(0.1)
    return found


def whole_runs(guards: Sequence[Guard]) -> list[Run]:
    """Return one run for each file of tests, of all the guards' tests that it has, with every guard on."""
    by_file: dict[str, dict[str, None]] = {}
    for guard in guards:
        for file, name in tests_named(guard.test):
            by_file.setdefault(file, {})[name] = None
    return [(file, tuple(names), None) for file, names in by_file.items()]


def off_run(guard: Guard) -> Run:
    """Return the run of the first test that a guard names, with that guard off."""
    file, name = tests_named(guard.test)[0]
    return file, (name,), guard


def with_seen(page: str, lines: Mapping[tuple[str, str], str]) -> str:
    """Return the page of faults with the lines of guards just tried; those of others stay, in the order of GUARDS."""
    above, _, below = page.partition(MARK)
    there = {
        (found[1], found[2]): found[0]
        for found in re.finditer(r"^\| (F\d\d) \| (.*?) \|.*\n", below, re.MULTILINE)
    }
    every = [(there | dict(lines)).get((guard.row, guard.does), "") for guard in GUARDS]
    return above + PART.format(count=sum(map(bool, every)), table="".join(every))


def main() -> int:
    """Try the guards of the rows named, or all; print and perhaps write what was seen."""
    words = argparse.ArgumentParser(description="Switch each guard off and see its test fail.")
    words.add_argument("rows", nargs="*", metavar="ROW")
    words.add_argument("--write", type=Path)
    words.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = words.parse_args()
    spans = [row.partition(":") for row in given.rows] or [("F01", ":", "F99")]
    guards = [
        guard for guard in GUARDS if any(first <= guard.row <= (last or first) for first, _, last in spans)
    ]
    now = places_now(guards)
    guards = [replace(guard, place=now[guard.place]) for guard in guards]
    found = tried([*whole_runs(guards), *map(off_run, guards)], given.jobs)
    whole = "\n".join(text for (_, _, off), text in found.items() if off is None)
    passed = ended(whole, "PASSED") - ended(whole, "FAILED|ERROR")
    lines: dict[tuple[str, str], str] = {}
    wrong = 0
    for guard in guards:
        (_, (name,), _), text = off_run(guard), found[off_run(guard)]
        # A test that did not end says nothing: without its guard it runs on and on.
        failed = not text or name in ended(text, "FAILED|ERROR")
        ok = failed and name in passed
        wrong += not ok
        on = "passes" if name in passed else "FAILS"
        why = re.search(rf"^(?:FAILED|ERROR) \S*?::{name}\S* - (.*)", text, re.MULTILINE)
        fails = f"fails: {why[1]}" if why else "fails" if text else "does not end"
        off = fails if failed else "PASSES, or was not run"
        print(
            f"{guard.row} {'seen' if ok else 'NOT SEEN'}: {guard.does}: with it {name} {on}, without it {off}",
            flush=True,
        )
        where = guard.place.removeprefix("sacmap.")
        lines[guard.row, guard.does] = (
            f"| {guard.row} | {guard.does} | `{where}` | `{name}` |\n" if ok else ""
        )
    print(f"{len(guards) - wrong} of {len(guards)} guards seen")
    if given.write:
        page = given.write.read_text(encoding="utf-8")
        given.write.write_text(with_seen(page, lines), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
