"""What is new since the last map of a study: clear rises and falls by name, and counts that were revised."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Annotated, NamedTuple, TypedDict, cast

import pandas as pd

from sacmap import months, tables
from sacmap.files.json_shape import mismatch
from sacmap.files.text import parse_json
from sacmap.measure.comparator import UNFIT
from sacmap.measure.counts import monthly_totals
from sacmap.measure.warnings import FORCES_LEFT_OUT, LEFT_OUT_OUTSIDE
from sacmap.months import Period
from sacmap.notices import listed, whole
from sacmap.publish.change_rows import ChangeRow, change_rows, on_one_point
from sacmap.publish.csv_json import plain, texts_of
from sacmap.publish.words import AREA, about, no_fit
from sacmap.result import Result
from sacmap.study_options import EXTRA_KINDS

_Month = Annotated[str, months.is_month]


class _StudyRecord(TypedDict):
    current: list[_Month]
    baseline: list[list[_Month]]


class _InputRecord(TypedDict):
    path: str


class _MonthlyRecord(TypedDict, total=False):
    monthly: dict[str, int]


class _WarningRecord(TypedDict):
    code: str
    text: str


class MapRecord(_MonthlyRecord):
    """What is read of a map's record; some have `monthly`, SAC of all areas by month."""

    sacmap: str
    study: _StudyRecord
    inputs: list[_InputRecord]
    warnings: list[_WarningRecord]


#: Clear changes of a kind that are named, and revised months.
NAMED = 8

#: The lead of months whose counts police.uk has changed.
REVISED = "Counts revised since the last map"
#: The lead of months whose counts may differ because the areas, the options or the forces do.
DIFFER = "Counts that differ from the last map's"

#: The files that decide what is counted or shown: their content is compared.
_FILES = ("boundaries", "households", "lsoa_boundaries", "comparator")
#: The other options that do.
_DECIDE = (
    "force", "layer", "crs", "id_column", "within", "households_column", "comparator", "extract", "suppress_small",
)  # fmt: skip
#: The columns of the last map's CSV that are read.
_COUNTED = ("months_compared", "baseline_count", "current_count")
_READ = {"area_id", "area_name", "crime_type", "verdict", *_COUNTED}

Key = tuple[str, str]


class LastMap(NamedTuple):
    """The last map of a study: its record, verdicts and counts by area and crime type, and names by area.

    The counts are as its CSV has them, with the months compared. The verdicts are empty where its comparator was
    unsuitable: none of them was to be relied on.
    """

    record: MapRecord
    verdicts: Mapping[Key, str]
    names: Mapping[str, str]
    counts: Mapping[Key, Sequence[str]]

    @property
    def current(self) -> Period:
        """Its current period."""
        return tuple(self.record["study"]["current"])

    @property
    def also(self) -> tuple[str, ...]:
        """The additional files that were written with it."""
        found = cast("dict[str, object]", self.record["study"]).get("also")
        return tuple(kind for kind in found if kind in EXTRA_KINDS) if isinstance(found, list) else ()

    @property
    def monthly(self) -> dict[str, int]:
        """SAC of all areas by month; empty if the record has none."""
        return self.record.get("monthly", {})


def last_map(record: str, table: str) -> LastMap | None:
    """Return the last map from its record and CSV; None if sacmap did not write them."""
    try:
        raw = parse_json(record)
        rows = list(csv.DictReader(io.StringIO(table, newline="")))
    except (ValueError, csv.Error):
        return None
    if mismatch(raw, MapRecord) or not rows or _READ - set(rows[0]):
        return None
    read = cast("MapRecord", raw)
    # A row that is cut has no value for its last columns.
    if not read["study"]["current"] or any(row[name] is None for row in rows for name in _READ):
        return None
    unfit = any(warning["code"] == UNFIT for warning in read["warnings"])
    return LastMap(
        record=read,
        verdicts={(row["area_id"], row["crime_type"]): "" if unfit else row["verdict"] for row in rows},
        names={row["area_id"]: row["area_name"] for row in rows},
        counts={(row["area_id"], row["crime_type"]): [row[name] for name in _COUNTED] for row in rows},
    )


def news_of(result: Result, last: LastMap, *, again: bool = False) -> list[str]:
    """Return what is new since the last map, in lines; an empty list if nothing is.

    `again`: the newest month was mapped before the last map, and then withdrawn.
    """
    now = result.study.current
    last, recoded = _by_codes_of(tables.names_of(result.areas), last)
    said = []
    if now[-1:] != last.current[-1:]:
        newest = f"{months.in_words(now[-1])}{' again' if again else ''}"
        said.append(f"Data to {newest}; the last map had data to {months.in_words(last.current[-1])}.")
    # Otherwise a new month that is not complete would go by in silence: the map is that of the month before. The reason
    # after the colon is no news: of a month that is still coming in, it is another one each time.
    told = {warning["text"].partition(": ")[0].rstrip(".") for warning in last.record["warnings"]}
    said += [
        one.text
        for one in result.warnings
        if one.code == "newest-months" and one.text.partition(": ")[0].rstrip(".") not in told
    ]
    other = [*_other_options(result, last), *_other_files(result, last)]
    said += _line("Changed since the last map, which alone can move figures", other)
    said += _line("Areas known by their names, with other codes than on the last map", recoded)
    silent = _silent_then_and_now(result, last, FORCES_LEFT_OUT)
    said += [*silent, *_silent_then_and_now(result, last, LEFT_OUT_OUTSIDE)]
    names = {**last.names, **tables.names_of(result.areas)}
    rows = {(row["area_id"], row["crime_type"]): row for row in change_rows(result.change)}
    verdicts = {key: rows[key]["verdict"] for key in _largest_first(result.change)}
    changed: list[str] = []
    going_on: list[str] = []
    for verdict in () if result.unfit else ("clear rise", "clear fall"):
        new, ended, same = _sorted_out(verdicts, last.verdicts, verdict)
        changed += _line(f"New {verdict}s", [_with_counts(key, rows[key], names, result) for key in new])
        changed += _line(
            f"No longer a {verdict}",
            [
                f"{_named(key, names, result.in_words)} (now {verdicts.get(key, 'not on the map')})"
                for key in ended
            ],
        )
        going_on += _line(f"Still a {verdict}", [_with_counts(key, rows[key], names, result) for key in same])
    said += changed
    differ = f"{DIFFER}, which are of other forces" if silent else DIFFER if other else REVISED
    revised = _revised(result, last, differ)
    said += revised if revised or other or silent else _revised_in(result, last, names)
    areas = {area for area, _ in verdicts} ^ {area for area, _ in last.verdicts}
    if areas:
        said += _line("Areas on one of the two maps only", [names.get(area, area) for area in sorted(areas)])
    # A verdict that stays the same is no news by itself.
    return [*said, *going_on, *([no_fit(AREA)] if result.unfit else [])] if said else []


def _by_codes_of(now: Mapping[str, str], last: LastMap) -> tuple[LastMap, list[str]]:
    """Return the last map with this one's codes, and the names of the areas that had others there.

    Boundaries of another year give all areas other codes. `now` has names by code. Two areas of one name stay apart.
    """
    often = Counter([*now.values(), *last.names.values()])
    new = {name: area for area, name in now.items() if area not in last.names and often[name] == 2}
    code = {area: new[name] for area, name in last.names.items() if area not in now and name in new}
    if not code:
        return last, []

    def by_code(key: Key) -> Key:
        return code.get(key[0], key[0]), key[1]

    found = last._replace(
        verdicts={by_code(key): verdict for key, verdict in last.verdicts.items()},
        counts={by_code(key): counts for key, counts in last.counts.items()},
        names={code.get(area, area): name for area, name in last.names.items()},
    )
    return found, [now[area] for area in code.values()]


def _other_options(result: Result, last: LastMap) -> list[str]:
    """Return the options that decide what is counted or shown, where they are not those of the last map."""
    then, now = cast("dict[str, object]", last.record["study"]), result.study.record()
    other = [f"the option {name.replace('_', '-')}" for name in _DECIDE if _differs(name, now, then)]
    current, baseline = result.study.current, result.study.baseline
    # A new month moves the current period on, and the baseline with it.
    if len(current) != len(last.current):
        other.append("the length of the current period")
    elif current == last.current and _differs("baseline", now, then):
        other.append("the baseline")
    elif len(baseline) != len(last.record["study"]["baseline"]):
        other.append("the number of baseline periods")
    return other


def _differs(option: str, now: Mapping[str, object], then: Mapping[str, object]) -> bool:
    return option in then and plain(now[option]) != then[option]


def _other_files(result: Result, last: LastMap) -> list[str]:
    """Return the boundaries, households and comparator that are in another version than on the last map."""
    then, now = cast("dict[str, object]", last.record["study"]), result.study.record()
    before = {one["path"]: one.get("sha256") for one in last.record["inputs"]}
    after = {result.study.shown(str(one["path"])): one["sha256"] for one in result.inputs}
    # A file under another name is another version only if its content is. A comparator may be a file or a word.
    return [
        str(now[name] or f"no {name.replace('_', '-')}")
        for name in _FILES
        if name in then
        and not (name in _DECIDE and _differs(name, now, then))
        and before.get(str(then[name])) != after.get(str(now[name]))
    ]


def _silent_then_and_now(result: Result, last: LastMap, code: str) -> list[str]:
    """Tell the forces left out for a gap, if they are not those of the last map: all counts are then without them.

    `code` is that of their notice: of forces in the areas, or in the areas outside alone, which these follow.
    """
    told = [one["text"] for one in last.record["warnings"] if one["code"] == code]
    found = [one.text for one in result.warnings if one.code == code]
    # Their names come first. The months after them differ from map to map.
    if [text.partition(" (")[0] for text in told] == [text.partition(" (")[0] for text in found]:
        return []
    outside = " of the areas outside" if code == LEFT_OUT_OUTSIDE else ""
    return found or [f"No force is left out{outside} for a gap now. On the last map some were."]


def _sorted_out(
    now: Mapping[Key, str], then: Mapping[Key, str], verdict: str
) -> tuple[list[Key], list[Key], list[Key]]:
    """Return the areas and crime types that have the verdict now but not before, no longer, and still, as in `now`."""
    here, there = ({key for key, found in one.items() if found == verdict} for one in (now, then))
    order = dict.fromkeys([*now, *sorted(there)])
    new, ended, same = (
        [key for key in order if key in keys] for keys in (here - there, there - here, here & there)
    )
    return new, ended, same


def _largest_first(change: pd.DataFrame) -> list[Key]:
    """Return the areas and crime types of the Change table in the order of the types, the largest changes first."""
    rows = change.assign(
        order=change["crime_type"].map(list(tables.CRIME_TYPES).index), size=-change["excess"].abs()
    ).sort_values(["order", "size"], kind="stable")
    return list(zip(rows["area_id"].astype(str), rows["crime_type"].astype(str), strict=True))


def _line(lead: str, items: Sequence[str]) -> list[str]:
    return [f"{lead}: {listed(items, NAMED)}."] if items else []


def _named(key: Key, names: Mapping[str, str], in_words: Mapping[str, str]) -> str:
    area, kind = key
    return f"{names.get(area, area)}, {in_words.get(kind, kind)}"


def _with_counts(key: Key, row: ChangeRow, names: Mapping[str, str], result: Result) -> str:
    counts = f"{whole(row['current_count'])}, {about(row['expected'])} expected"
    return f"{_named(key, names, result.in_words)} ({counts}{on_one_point(result, *key)})"


def _revised(result: Result, last: LastMap, differ: str) -> list[str]:
    """Return the months of both maps whose counts differ, and those that are not complete, no longer, or now again.

    `differ` is the lead of counts that differ. Where no month is named, the number of months compared is told.
    """
    study = result.study
    # A public version has no monthly counts.
    now = monthly_totals(result.monthly, study.months) if last.monthly else {}
    before = {*last.current, *chain(*last.record["study"]["baseline"])}
    both = [m for m in sorted(study.months) if m in before] if now else []
    new = [months.in_words(m) for m in study.current if now and m not in {*before, *now}]
    revised = [m for m in both if m in now and m in last.monthly and now[m] != last.monthly[m]]
    items = [f"{months.in_words(m)} ({last.monthly[m]:,} then, {now[m]:,} now)" for m in revised]
    gone = [months.in_words(m) for m in both if m in last.monthly and m not in now]
    back = [m for m in both if m in now and m not in last.monthly]
    compared = {period[k] for period in study.periods for k in result.compared}
    again = ", and compared again" if compared.issuperset(back) else ""
    named = [
        *_line("Not complete, so left out of every period", new),
        *_line("No longer complete, so left out of every period", gone),
        *_line(f"Complete now{again}", [months.in_words(m) for m in back]),
    ]
    return [*_line(differ, items), *(named or _other_number(result, last))]


def _other_number(result: Result, last: LastMap) -> list[str]:
    """Tell the number of months compared where it is another one: every count is then of more or fewer months."""
    then = max((int(counts[0]) for counts in last.counts.values() if counts[0].isdigit()), default=0)
    now, length = len(result.compared), len(result.study.current)
    if then == now or length != len(last.current):
        return []
    return [f"Months compared: {now} of {length}; on the last map {then or 'none'}."]


def _revised_in(result: Result, last: LastMap, names: Mapping[str, str]) -> list[str]:
    """Return the areas whose counts of the same periods differ, where the months' totals do not show it."""
    study = last.record["study"]
    if [plain(result.study.current), plain(result.study.baseline)] != [study["current"], study["baseline"]]:
        return []
    table = texts_of(result.change)
    keys = zip(table["area_id"], table["crime_type"], strict=True)
    now = dict(zip(keys, map(list, zip(*(table[name] for name in _COUNTED), strict=True)), strict=True))
    both = [key for key in now if key in last.counts and now[key] != last.counts[key]]
    return _line(f"{REVISED}, in", list(dict.fromkeys(names.get(area, area) for area, _ in both)))


def first_words(result: Result, *, damaged: bool = False) -> str:
    """Return what is said of a map that cannot be compared with the last: there is none, or it is damaged."""
    names = tables.names_of(result.areas)
    clear = result.change[result.change["verdict"] == "clear rise"]
    rose = [
        f"{_named(key, names, result.in_words)}{on_one_point(result, *key)}" for key in _largest_first(clear)
    ]
    stands = _line("Clear rises", rose)[0] if rose else "No clear rise."
    if result.unfit:
        stands = no_fit(AREA)
    if not result.study.baseline:
        stands = "It shows no change, because there is no earlier period to compare with."
    if damaged:
        return (
            "The record or the table of the last map is missing or damaged, so what is new since then is not known. "
            f"{stands}"
        )
    return f"The first map of this study: there is none before it that it could differ from. {stands}"
