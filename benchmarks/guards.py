"""Take each guard of FAULTS.md's rows out, one at a time, and see the test of that row fail.

python benchmarks/guards.py [ROW …] [--write docs/faults.md]

Each guard is a few words of the code put otherwise in a copy of the project; then its test is run on the copy. A test
that still passes guards nothing, and this ends with exit code 1. So it does where the words are no longer in the code:
whoever changes a guard says here what takes its place.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
COPIED = ("sacmap", "tests", "benchmarks", "docs", "pyproject.toml", "start.py", "README.md")
FAILED = 1


@dataclass(frozen=True)
class Guard:
    """A guard of a row: what it does, where it stands, what stands there once it is out, and the test that sees it.

    test is a file of tests and the words that choose the test in it, as for pytest -k.
    """

    row: str
    does: str
    file: str
    old: str
    new: str
    test: str


BOUNDARIES, LOCATE = "areas/boundaries.py", "areas/locate.py"
JOIN, OVERLAP = "areas/join.py", "areas/overlap.py"
STREET, STUDY, DISK = "fetch/street.py", "study.py", "publish/disk.py"
WEB, DECIDE, STORE = "fetch/web.py", "fetch/decide.py", "fetch/store.py"
ATTEMPT, ROWS = "fetch/attempt.py", "fetch/rows.py"

GUARDS = (
    # ── the web ──
    Guard("F01", "a cut body is a fault to ask again, not an answer", DECIDE,
          "Saw.CUT: (Do.RETRY,)", "Saw.CUT: (Do.STOP,)", "test_web.py f01"),
    Guard("F02", "an answer is parsed before it counts", WEB,
          "value = parse.of_json(reply.body)\n", "value = parse.of_json(reply.body[:1] + b']')\n",
          "test_web.py f02"),
    Guard("F03", "what is not JSON is refused, by type and first 40 characters", WEB,
          "split())[:40]", "split())[:400]", "test_web.py f03"),
    Guard("F04", "the shape of the JSON is checked", WEB,
          "            return check(value)\n", "            return value\n", "test_web.py f04"),
    Guard("F05", "Retry-After is obeyed", WEB,
          "                    wait = bad.asked_to_wait\n", "", "test_web.py f05_a"),
    Guard("F05", "at most two minutes", ATTEMPT,
          "return min(max(seconds, 0.0), LONGEST_ASKED)", "return max(seconds, 0.0)", "test_web.py f05"),
    Guard("F06", "after a 429 the rest of the run is slower", WEB,
          "self._spacing = min(2 * self._spacing, SLOWEST)", "pass", "test_web.py f06"),
    Guard("F07", "a 503 is asked once more, then in parts", DECIDE,
          "Saw.TOO_MUCH: (Do.RETRY, Do.SPLIT)", "Saw.TOO_MUCH: (Do.RETRY,)", "test_web.py f07"),
    Guard("F08", "exactly 10,000 rows are taken as cut off", WEB,
          "len(value) == full", "len(value) > full", "test_web.py f08"),
    Guard("F09", "gateways and resets are asked again, six times", DECIDE,
          "Saw.TROUBLE: (Do.RETRY, Do.RETRY, Do.SPLIT)", "Saw.TROUBLE: (Do.STOP,)", "test_web.py f09"),
    Guard("F10", "a redirect is refused and told as a sign-in page may be", ATTEMPT,
          "    if 300 <= status < 400:\n", "    if False:\n", "test_web.py f10"),
    Guard("F13", "the whole attempt has a deadline", ATTEMPT,
          "if time.monotonic() >= end:", "if time.monotonic() >= end + 3600:", "test_web.py f13"),
    Guard("F15", "the proxy is named without user and password", ATTEMPT,
          'return given if "@" not in given else', 'return given if "@" in given else', "test_web.py f15"),
    Guard("F16", "an unknown certificate is not trusted", ATTEMPT,
          "session.merge_environment_settings(url, {}, True, bundle, None)", "{'verify': False}", "test_web.py f16"),
    Guard("F16", "a missing bundle is told", WEB,
          "            require_bundle(ca_bundle)\n", "            pass\n", "test_web.py f16"),
    Guard("F17", "no answer is larger than the cap, inflated or not", ATTEMPT,
          "        if size > cap:\n", "        if size > cap << 10:\n", "test_web.py f17"),
    Guard("F11", "a month that is not to be had is told before anything is asked for", "fetch/bring.py",
          "        elif window and month > window[-1]:\n", "        elif False:\n", "test_fetch_bring.py f11"),
    Guard("F12", "what the API forgot is looked for in the store", "fetch/bring.py",
          "elif (publication := kept(month)) is not None:", "elif (publication := None) is not None:",
          "test_fetch_bring.py f12"),
    Guard("F14", "the publication is part of the key", STORE,
          "return self.folder / published / _hash", "return self.folder / _hash", "test_store.py f14"),
    Guard("F14", "what changed in the counts is told", "fetch/place.py",
          'return text if was != is_now else ""', 'return ""', "test_fetch_bring.py f14"),
    Guard("F18", "a part is the part that was asked for", "fetch/remote.py",
          'if unit != "bytes" or first != due or last != min(due + length, total) - 1:', 'if unit != "bytes":',
          "test_archive.py f18"),
    Guard("F18", "a whole download goes on where it was", "fetch/download.py",
          'part.open("ab" if start else "wb")', 'part.open("wb")', "test_archive.py f18"),
    # ── values ──
    Guard("F22", "coordinates swapped by the API are refused", "fetch/api.py",
          "            _require_inside(rows, box)\n", "", "test_api.py f22"),
    Guard("F24", "a crime on the edge of two boxes is there once", "fetch/api.py",
          'found = found.drop_duplicates("id").sort_values("id", ignore_index=True)\n',
          'found = found.sort_values("id", ignore_index=True)\n', "test_api.py f24"),
    Guard("F19", "identifiers are quoted in addresses", ATTEMPT,
          'text = quote(identifier, safe="")', "text = quote(identifier)", "test_web.py f19"),
    Guard("F19", "identifiers are hashed in file names", STORE,
          "{_hash(_text(question), 32)}{SUFFIX}", "{question.get('of')}{SUFFIX}", "test_store.py f19"),
    Guard("F20", "identifiers stay text", BOUNDARIES,
          'ids = [_text(properties.get(id_name)) for', 'ids = [str(pd.to_numeric(_text(properties.get(id_name)), '
          'errors="coerce")) for', "test_boundaries.py f20"),
    Guard("F21", "one of two coordinates is no location", ROWS,
          "half = pc.or_(", "half = pc.and_(", "test_street.py f21"),
    Guard("F22", "swapped coordinates are refused", LOCATE,
          "if np.mean(swapped) >= 0.5:", "if np.mean(swapped) > 1:", "test_locate.py f22"),
    Guard("F22", "eastings and northings are refused", LOCATE,
          "if np.any((np.abs(x) > 180) | (np.abs(y) > 90)):", "if False:", "test_locate.py f22"),
    Guard("F23", "a point that is NaN has no location", LOCATE,
          "there = np.isfinite(lon) & np.isfinite(lat)\n", "there = np.ones(len(lon), dtype=bool)\n",
          "test_locate.py f23"),
    Guard("F25", "a month that is none is an error with its line", ROWS,
          "        if not months.is_month(value):\n", "        if False:\n", "test_street.py f25"),
    Guard("F26", "a type never seen is listed", "job.py",
          'strange_types=sorted(set(reading.tally["crime_type"]) - KNOWN_TYPES)', "strange_types=[]",
          "test_job.py f26"),
    Guard("F27", "other forces' crimes are counted and told by force", "measure/notices.py",
          "        *_other_forces(inside, forces),\n", "", "test_job.py f26"),
    # ── boundaries ──
    Guard("F28", "no boundary is told and kept", BOUNDARIES,
          'NO_BOUNDARY = "no boundary"', 'NO_BOUNDARY = ""', "test_boundaries.py f28"),
    Guard("F29", "an open ring is closed and told", BOUNDARIES,
          '        mends.append("ring closed")\n', "", "test_boundaries.py f29"),
    Guard("F29", "rings too short are all named", BOUNDARIES,
          "if _TOO_FEW in mend]", "if _TOO_FEW in mend][:1]", "test_boundaries.py f29"),
    Guard("F30", "a bow-tie keeps both loops", BOUNDARIES,
          "shape = shapely.make_valid(shape)", "shape = shape.buffer(0)", "test_boundaries.py f30"),
    Guard("F31", "only polygon parts are kept", BOUNDARIES,
          'return shapely.Polygon(), f"a {kind} left out"', 'raise ValueError(kind)', "test_boundaries.py f31"),
    Guard("F32", "holes are kept", BOUNDARIES,
          "made.append(shapely.Polygon(usable[0], usable[1:]))", "made.append(shapely.Polygon(usable[0]))",
          "test_boundaries.py f32"),
    Guard("F33", "where several areas hold a point, the first by id has it", JOIN,
          "np.minimum.at(own, point, holder)", "own[point] = holder", "test_locate.py f33"),
    Guard("F33", "overlaps are told", OVERLAP,
          '"T********"', '"F********"', "test_boundaries.py f33"),
    Guard("F34", "a point in no area is outside every area", JOIN,
          "    own[own == len(areas)] = -1\n", "    own[own == len(areas)] = 0\n",
          "test_locate.py f34"),
    Guard("F35", "another coordinate system is transformed", BOUNDARIES,
          "degrees = table if table.crs.is_geographic else table.to_crs(tables.WGS84)", "degrees = table",
          "test_boundaries.py f35"),
    Guard("F35", "metres without a system are refused with the likely answer", BOUNDARIES,
          "    if table.crs is None:\n", "    if False:\n", "test_boundaries.py f22"),
    Guard("F36", "repeated identifiers are refused", BOUNDARIES,
          "    _require_ids(ids, where)\n", "", "test_boundaries.py f36"),
    Guard("F36", "a missing name is the identifier", BOUNDARIES,
          "[name or area for name, area in", "[name for name, area in", "test_boundaries.py f36"),
    # ── meaning ──
    Guard("F37", "a thin month is seen", "measure/coverage.py",
          "        elif n < THIN * expected:\n", "        elif n < 0:\n", "test_coverage.py f37"),
    Guard("F37", "a month left out of one period is left out of all", "measure/coverage.py",
          "if not any(period[k] in bad for period in periods))", "if periods[-1][k] not in bad)",
          "test_coverage.py f37"),
    Guard("F38", "no percentage of a zero baseline", "measure/change.py",
          "mean, out=np.full(len(mean), np.nan), where=mean > 0", "np.maximum(mean, 1e-9)", "test_job.py f38"),
    Guard("F39", "unlike or overlapping periods are refused with the right span", STUDY,
          "        if beyond > start:\n", "        if False:\n", "test_study.py f39"),
    Guard("F39", "periods of other months are refused", STUDY,
          "        if (start - first) % 12 or rest or whole < 0:\n", "        if whole < 0:\n", "test_study.py f39"),
    Guard("F40", "crimes of another place are refused with both extents", LOCATE,
          "    if not there.any() or located", "    if True or located", "test_locate.py f40"),
    Guard("F40", "and so by the command", "job.py",
          "    require_overlap(reading.crimes, located, areas)\n", "", "test_job.py f40"),
    # ── disk and runs ──
    Guard("F41", "a file is written beside its place and moved there", DISK,
          "    part = path.with_name(", "    part = path or path.with_name(",
          "test_store.py f41"),
    Guard("F41", "what a killed run left is swept", STORE,
          '        sweep(self.folder.rglob("*.part"))\n', "", "test_store.py f41"),
    Guard("F42", "a living run's file is not swept", DISK,
          "or _orphaned(part):", "or True:", "test_store.py f42"),
    Guard("F43", "a damaged answer is not believed", STORE,
          '            if header["sha256"] != hashlib.sha256(body).hexdigest():\n', "            if False:\n",
          "test_store.py f43"),
    Guard("F44", "an output that cannot be written is told before the work", "cli.py",
          "    require_writable(out.parent)\n", "", "test_job.py f44"),
    Guard("F44", "a full disk is told and leaves nothing half", DISK,
          "    except OSError as error:\n        _remove(part)\n",
          "    except NotADirectoryError as error:\n        _remove(part)\n", "test_store.py f44"),
    Guard("F45", "a refused move is tried again", DISK,
          "        except PermissionError:\n            wait(seconds)\n",
          "        except PermissionError:\n            raise\n", "test_store.py f45"),
    Guard("F45", "a name Windows keeps for itself is no file name", "publish/files.py",
          'return f"{stem}-map" if _RESERVED.fullmatch(stem) else stem', "return stem", "test_page.py f45"),
    # ── archives and exports ──
    Guard("F46", "a damaged ZIP is told by its member", STREET,
          "        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:\n"
          '            raise InputError(f"{member.label}',
          '        except EOFError as error:\n            raise InputError(f"{member.label}', "test_street.py f46"),
    Guard("F46", "a member inflates to the CRC that the ZIP's directory has for it", "fetch/inflate.py",
          "return raw if deflate.crc32(raw) == info.CRC else None",
          "return raw", "test_inflate.py f46"),
    Guard("F46", "a member of the archive that came damaged is told by its name", "fetch/archive.py",
          "            content = archive.read(info)\n",
          "            content = archive.fp.read(0) if archive.fp else b''\n", "test_archive.py f46"),
    Guard("F47", "no member of the archive inflates without bound", "fetch/archive.py",
          "            _require_real(info, name)\n", "            pass\n", "test_archive.py f47"),
    Guard("F47", "no member inflates without bound", STREET,
          "info.file_size > MEMBER_RATIO * max(info.compress_size, 1 << 10)", "False", "test_street.py f47"),
    Guard("F47", "no ZIP within a ZIP", STREET,
          '        if name.lower().endswith(".zip"):\n', "        if False:\n", "test_street.py f47"),
    Guard("F47", "no encrypted ZIP", STREET,
          "        if info.flag_bits & 1:\n", "        if False:\n", "test_street.py f47"),
    Guard("F48", "a byte order mark is no part of a name", ROWS,
          "    if raw.startswith(codecs.BOM_UTF8):\n", "    if False:\n", "test_street.py f48"),
    Guard("F48", "Latin-1 is read", ROWS,
          'body.decode("latin-1").encode()', "body", "test_street.py f48"),
    Guard("F48", "a missing column is told", ROWS, "    if missing:\n", "    if False:\n", "test_street.py f48"),
    Guard("F48", "a last row cut inside a number is refused", ROWS,
          "    _check_end(raw, header, label)\n", "", "test_street.py f48"),
    Guard("F49", "no text in the CSV is a formula", "publish/files.py",
          """    return f"'{text}" if""", """    return f"{text}" if""", "test_page.py f49"),
    Guard("F49", "no text in the workbook is a formula", "publish/workbook.py",
          "                    sheet.write_string(row, k, _fit(str(value)), self.text)\n",
          "                    sheet.write_formula(row, k, _fit(str(value)), self.text)\n", "test_workbook.py f49"),
    Guard("F50", "what the template writes is escaped", "publish/page.py",
          "autoescape=True", "autoescape=False", "test_page.py f50"),
    Guard("F50", "no text in the JSON block closes it", "publish/page.py",
          '''    for mark in "<>&\\u2028\\u2029":\n''', '''    for mark in "":\n''', "test_page.py f50"),
    Guard("F51", "each distinct map point is joined once", LOCATE,
          "        joined = _joined(pd.unique(key), areas)", "        joined = _joined(key, areas)",
          "test_locate.py f51"),
)  # fmt: skip


#: Where in docs/faults.md our part of it begins; what stands above is written by hand.
MARK = "## Each guard taken out once"
PART = (
    MARK
    + """

Made by `python benchmarks/guards.py --write docs/faults.md`: each of these {count} guards was taken out of a copy of
sacmap, its test was run on the copy, and failed as it should; with every guard in, all of them pass.

| row | guard | where | test that fails without it |
|---|---|---|---|
{table}
Some rows have more to them than a guard. F51 is speed, which `benchmarks/` measures; what is tested is that each
distinct map point is joined once. F24 and the ledger are seen over the whole chain too, whatever faults the server
played: `tests/test_whole_chain.py`. F41 is tried with fifty kills at random moments: `tests/test_fetch_bring.py`.
"""
)


def copy_to(folder: Path) -> None:
    """Copy what the tests need, and lay the shared data beside the copy as it lies beside the project."""
    for name in COPIED:
        source = HERE / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    shared = HERE.parent / "shared"
    if shared.is_dir() and not (folder.parent / "shared").exists():
        (folder.parent / "shared").symlink_to(shared)


def run(folder: Path, files: Collection[str], words: str) -> tuple[int, str]:
    """Run tests of the copy; return pytest's exit code and the first that failed, or its last line."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
         *(f"tests/{file}" for file in files), "-k", words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
        timeout=900,
    )  # fmt: skip
    failed = re.search(r"^(?:FAILED|ERROR) \S*?::(\S+)", done.stdout, re.MULTILINE)
    return done.returncode, failed[1] if failed else (done.stdout + done.stderr).strip().split("\n")[-1][:150]


def seen_failing(guard: Guard) -> tuple[bool, str]:
    """Take a guard out of a copy; return whether its test failed, and which it was or what came instead."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "copy"
        folder.mkdir()
        copy_to(folder)
        path = folder / "sacmap" / guard.file
        text = path.read_text(encoding="utf-8")
        if text.count(guard.old) != 1:
            return False, "its words are not in the code"
        path.write_text(text.replace(guard.old, guard.new), encoding="utf-8")
        file, _, words = guard.test.partition(" ")
        code, line = run(folder, [file], words)
        return code == FAILED, line if code == FAILED else f"exit code {code}: {line}"


def all_pass(guards: Collection[Guard]) -> tuple[bool, str]:
    """Return whether the tests pass with every guard in, and what pytest said."""
    tests = [guard.test.partition(" ") for guard in guards]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "copy"
        folder.mkdir()
        copy_to(folder)
        files = sorted({file for file, _, _ in tests})
        code, line = run(folder, files, " or ".join(sorted({words for _, _, words in tests})))
        return code == 0, line


def main() -> int:
    """Try the guards of the rows named, or all; print and perhaps write what was seen."""
    words = argparse.ArgumentParser(description="Take each guard out and see its test fail.")
    words.add_argument("rows", nargs="*", metavar="ROW")
    words.add_argument("--write", type=Path)
    words.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = words.parse_args()
    guards = [guard for guard in GUARDS if not given.rows or guard.row in given.rows]
    well, line = all_pass(guards)
    print(f"with every guard in: {line}", flush=True)
    lines, wrong = [], 0 if well else 1
    with ThreadPoolExecutor(given.jobs) as pool:
        for guard, (ok, seen) in zip(guards, pool.map(seen_failing, guards), strict=True):
            wrong += not ok
            print(f"{guard.row} {'seen' if ok else 'NOT SEEN'}: {guard.does}: {seen}", flush=True)
            # A test's own name says enough; the values it was given may hold what breaks a table.
            lines.append(f"| {guard.row} | {guard.does} | `{guard.file}` | `{seen.split('[')[0]}` |\n")
    print(f"{len(guards) - wrong} of {len(guards)} guards seen")
    if given.write and not wrong:
        above = given.write.read_text(encoding="utf-8").partition(MARK)[0]
        given.write.write_text(above + PART.format(count=len(guards), table="".join(lines)), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
