"""Switch each guard off, one at a time, and see the test of its row fail.

python benchmarks/guards.py [ROW …] [--write docs/faults.md]

A guard is a public function or constant of sacmap. It is switched off from outside: another value takes its place
before anything else is loaded, in the process of the test and in those it starts. No text of the code is looked at, so
a guard may be written anew under its name. A test that still passes guards nothing, and this ends with exit code 1.
For POSIX alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# Loaded once, for every process that begins as this one.
import geopandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import pytest
import requests  # noqa: F401
import scipy.stats  # noqa: F401

HERE = Path(__file__).resolve().parent.parent
FAILED = 1
#: Seconds for one test; one that does not end with its guard off has failed.
PATIENCE = 150

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
    Guard("F15", "the proxy is named without user and password", "sacmap.addresses:redacted",
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
    Guard("F22", "swapped coordinates and metres are refused", "sacmap.areas.locate:require_degrees", "nothing",
          "test_f22_swapped_and_metric_points"),
    Guard("F26", "a type never seen is listed", "sacmap.crimes:KNOWN_TYPES",
          "was | {'space-piracy', 'Space piracy', 'cattle-rustling'}", "test_f26_and_f27"),
    # ── boundaries ──
    Guard("F29", "an open ring is closed", "sacmap.areas.rows:closed_ring", "lambda ring: ring",
          "test_f29_an_unclosed_ring"),
    Guard("F30", "a bow-tie keeps both its loops", "sacmap.areas.mend:valid_polygons",
          "lambda geometry: geometry.buffer(0)", "test_f30_a_bow_tie_keeps"),
    Guard("F33", "overlaps are told", "sacmap.areas.boundaries:overlaps", "lambda areas: ()",
          "test_f33_overlaps_are_found"),
    Guard("F35", "another coordinate system is transformed", "sacmap.areas.coordinates:in_degrees",
          "lambda shapes, *more, **said: shapes", "test_f35_another_coordinate_system"),
    # ── meaning ──
    Guard("F37", "a thin month is seen", "sacmap.measure.coverage:THIN", "0.0",
          "test_f37_a_month_of_one_crime"),
    Guard("F39", "unlike periods are refused with the right span", "sacmap.study:baseline_periods",
          "lambda current, spans: tuple(spans)", "test_f39_an_overlap"),
    Guard("F40", "crimes of another place are refused", "sacmap.areas.locate:require_overlap", "nothing",
          "test_f40_no_crime_in_any_area"),
    # ── disk and runs ──
    Guard("F41", "what a killed run left is swept", "sacmap.files.whole:sweep", "nothing",
          "test_f41_what_a_killed_run_left"),
    Guard("F42", "what a living run writes is not swept", "sacmap.files.whole:lives", "lambda pid: False",
          "test_f41_what_a_killed_run_left"),
    Guard("F43", "a damaged answer is set aside", "sacmap.fetch.store:seal", "lambda header, body: header['sha256']",
          "test_f43_a_damaged_answer_is_set_aside"),
    Guard("F44", "a store that cannot be written is told before asking", "sacmap.files.whole:require_writable",
          "nothing", "test_f44_a_store_that_cannot_be_written"),
    Guard("F45", "a move that is refused is tried again", "sacmap.files.whole:WAITS", "()",
          "test_f45_a_move_refused"),
    Guard("F45", "a name Windows keeps for itself is no file name", "sacmap.publish.csv_json:file_stem",
          "lambda name: name", "test_f45_a_name_becomes"),
    # ── archives and exports ──
    Guard("F47", "no member inflates without bound", "sacmap.fetch.members:MEMBER_RATIO", "10**9",
          "test_f47_a_bomb_a_nested"),
    Guard("F48", "a missing column is told", "sacmap.fetch.columns:missing_from", "lambda places: None",
          "test_f48_a_missing_column"),
    Guard("F49", "no text in the CSV is a formula", "sacmap.publish.csv_json:as_text", "lambda text: text",
          "test_f49_no_text_in_the_csv"),
    Guard("F50", "no text in the JSON block closes it", "sacmap.publish.page:json_block",
          "lambda content: __import__('markupsafe').Markup(__import__('json').dumps(content))",
          "test_f50_hostile_text_is_data_everywhere"),
    # ── trust ──
    Guard("F52", "a recipe is known by its content", "sacmap.areas.formats:kind_of_xml",
          "lambda start: m.KINDS['kml']", "test_f52_a_recipe_under_any_name"),
    Guard("F53", "outputs are compared with inputs", "sacmap.files.collisions:require_apart", "nothing",
          "test_f53_names_are_compared"),
    Guard("F53", "also by the command", "sacmap.files.collisions:require_apart", "nothing",
          "test_f53_a_file_of_a_folder"),
    Guard("F54", "only our own parts are swept", "sacmap.files.whole:is_part", "lambda path: True",
          "test_f54_only_parts"),
    Guard("F55", "an answer's question is that of its file's name", "sacmap.fetch.store:header_of",
          "lambda line, path: m.parse_json(line)", "test_f55_a_flipped_question"),
    Guard("F55", "an answer's hash covers its header", "sacmap.fetch.store:seal",
          "lambda header, body: __import__('hashlib').sha256(body).hexdigest()", "test_f55_no_byte_of_a_header"),
    Guard("F56", "a path of a plan lies below its folder", "sacmap.files.collisions:is_below",
          "lambda path, folders: True", "test_f56_a_path_elsewhere"),
    Guard("F57", "each download has a part of its own", "sacmap.files.whole:part_of",
          "lambda path, ending='.part': path.with_name(path.name + '.sacmap-x' + ending)",
          "test_f57_several_downloads"),
    Guard("F58", "what is private only its owner may read", "sacmap.files.whole:PRIVATE", "0o644",
          "test_f58_a_file_replaced"),
    Guard("F59", "a note stands beside a set that is moved", "sacmap.files.file_sets:marker_of",
          "lambda path: path.with_name(__import__('secrets').token_hex(8))", "test_f59_a_run_killed"),
    Guard("F60", "a table is measured before it is read", "sacmap.files.measured:measure",
          "lambda *words, **more: ([], 0)", "test_f60_a_table_of_many_rows"),
    Guard("F60", "members of a ZIP do not lie over one another", "sacmap.bounds:require_real_zip", "nothing",
          "test_f60_a_thousand_entries"),
    Guard("F60", "what gzip packed has a bound", "sacmap.files.delimited:RATIO", "10**9",
          "test_f60_what_gzip_packed"),
    Guard("F61", "crossings are counted before mending", "sacmap.areas.mend:require_few_crossings", "nothing",
          "test_f61_a_boundary_that_crosses"),
    Guard("F62", "an address is recorded without its secrets", "sacmap.addresses:redacted",
          "lambda address: address", "test_f62_a_key_in_the_address"),
    Guard("F63", "whatever is raised becomes an error of ours", "sacmap.last_resort:meant",
          "lambda error: m.InputError(repr(error))", "test_f63_whatever_is_raised"),
    Guard("F63", "a closed output is mended first", "sacmap.last_resort:mend_streams", "nothing",
          "test_f63_a_closed_or_full"),
    Guard("F64", "one file by two names counts once", "sacmap.fetch.members:each_once",
          "lambda members: (members, [])", "test_f64_one_file_by_two_spellings"),
    # ── values and meaning ──
    Guard("F66", "words and rounded numbers are no ids", "sacmap.fetch.identity:is_no_id", "lambda text: False",
          "test_f66_words_noughts"),
    Guard("F70", "the words for nothing are no values", "sacmap.fetch.resaved:without_missing", "lambda column: column",
          "test_f70_case_11"),
    Guard("F74", "day numbers are dates", "sacmap.fetch.days:is_day_number", "lambda cell: False",
          "test_f74_case_18"),
    Guard("F80", "a comparator that cannot be followed is refused", "sacmap.measure.change:require_comparator",
          "nothing", "test_f80_a_comparator_that"),
)  # fmt: skip

MARK = "## Each guard switched off once"
PART = (
    MARK
    + """

Made by `python benchmarks/guards.py --write docs/faults.md`. Each of these {count} guards was switched off, one at a
time and from outside, and its test then failed, as it should. With every guard on, all of these tests pass. A row
that is not here has its tests all the same, named after it. Its guard is not one function or constant to switch off.

| row | guard | where | test that fails without it |
|---|---|---|---|
{table}
F51 is speed, which `benchmarks/` measures. The kills of F41 and F59 are timed at random in `tests/test_download.py` and
`benchmarks/kills.py`.
"""
)


def test_file(test: str) -> str:
    """Return the file of the test whose name begins so."""
    found = [path for path in sorted((HERE / "tests").glob("test_*.py"))
             if re.search(rf"^def {test}", path.read_text(encoding="utf-8"), re.MULTILINE)]  # fmt: skip
    return str(found[0]) if found else "tests/none.py"


def full_name(test: str) -> str:
    """Return the whole name of the test whose name begins so."""
    found = re.search(rf"^def ({test}\w*)", Path(test_file(test)).read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else test


def begin(guard: Guard, off: bool) -> tuple[int, Path]:
    """Start a guard's test in a process that begins as this one is now; return its number and where its words go."""
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
        os.environ["SACMAP_GUARD_OFF"] = f"{guard.place}={guard.off}"
        exec(compile(SWITCH, "switch", "exec"), {})
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    words = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        test_file(guard.test),
        "-k",
        guard.test,
    ]
    code = pytest.main(words)
    sys.stdout.flush()
    os._exit(int(code))


def end(child: int, folder: Path, began: float) -> tuple[int, str] | None:
    """Return the exit code and the test that failed, or pytest's last line; None where it still runs."""
    done, status = os.waitpid(child, os.WNOHANG)
    if not done and time.monotonic() - began < PATIENCE:
        return None
    if not done:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    text = (folder / "said").read_text(encoding="utf-8", errors="replace")
    shutil.rmtree(folder, ignore_errors=True)
    failed = re.search(r"^(?:FAILED|ERROR) \S*?::(\w+)", text, re.MULTILINE)
    line = failed[1] if failed else (text.strip().split("\n") or [""])[-1][:150]
    return (os.waitstatus_to_exitcode(status) if done else FAILED), line


def tried(guards: list[Guard], jobs: int) -> dict[tuple[Guard, bool], tuple[int, str]]:
    """Run each guard's test with the guard on and off, some at a time; return exit codes and what was said."""
    waiting = [(guard, off) for guard in guards for off in (False, True)]
    running: dict[tuple[Guard, bool], tuple[int, Path, float]] = {}
    found: dict[tuple[Guard, bool], tuple[int, str]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            key = waiting.pop(0)
            running[key] = (*begin(*key), time.monotonic())
        for key, (child, folder, began) in list(running.items()):
            answer = end(child, folder, began)
            if answer is not None:
                found[key] = answer
                del running[key]
                print(key[0].row, "off" if key[1] else "on", key[0].test, *answer, flush=True)
        time.sleep(0.1)
    return found


def main() -> int:
    """Try the guards of the rows named, or all; print and perhaps write what was seen."""
    words = argparse.ArgumentParser(description="Switch each guard off and see its test fail.")
    words.add_argument("rows", nargs="*", metavar="ROW")
    words.add_argument("--write", type=Path)
    words.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = words.parse_args()
    guards = [guard for guard in GUARDS if not given.rows or guard.row in given.rows]
    found = tried(guards, given.jobs)
    lines, wrong = [], 0
    for guard in guards:
        (on, _), (off, seen) = found[guard, False], found[guard, True]
        # One that did not end has no last line.
        seen = seen or full_name(guard.test)
        ok = on == 0 and off == FAILED and seen.startswith(guard.test)
        wrong += not ok
        print(
            f"{guard.row} {'seen' if ok else 'NOT SEEN'}: {guard.does}: on {on}, off {off}: {seen}",
            flush=True,
        )
        lines.append(f"| {guard.row} | {guard.does} | `{guard.place.partition('.')[2]}` | `{seen}` |\n")
    print(f"{len(guards) - wrong} of {len(guards)} guards seen")
    if given.write and not wrong:
        above = given.write.read_text(encoding="utf-8").partition("## Each guard")[0]
        given.write.write_text(above + PART.format(count=len(guards), table="".join(lines)), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
