"""The comparator, which "expected" follows: the rest of the areas, the rest of the force, a file, or nothing."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.areas.formats import kind_of
from sacmap.areas.layer_files import start_of
from sacmap.errors import InputError
from sacmap.fetch.csv_files import members_of
from sacmap.files.sheets import table_text
from sacmap.files.text import rows_of
from sacmap.forces import force_area
from sacmap.measure.compared import Compared, forces_called
from sacmap.measure.counts import Counted, mean_before, percent_change
from sacmap.measure.coverage import coverage
from sacmap.measure.verdict import MUCH, Against
from sacmap.months import Period
from sacmap.notices import MONTHS, counted, series, spoken
from sacmap.study import Study

#: The code of the notice that the comparator is unsuitable.
UNFIT = "unfit-comparator"
#: The words in sentences if nothing is followed: for `none`, and for `areas` if only one area has crimes.
NOTHING = "the baseline"
#: The words if each area follows all others.
OTHERS = "the rest of the areas"
#: The columns of a comparator file.
COLUMNS = ("month", "crime_type", "n")
#: Its lines: the number of each, and its cells by column.
Lines = Sequence[tuple[int, Mapping[str, str]]]
#: What areas are compared with should have at least this share of their crimes, or of the force's.
SMALL_REST = 0.1
#: What a row of all forces or areas together is called, in any column beside those read.
_ALL = re.compile(
    r"((grand|overall) )?totals?:?|all( (police )?(forces|areas))?|england (and|&) wales|national|nation|sum",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Comparator:
    """What the expected counts follow.

    kind: areas, rest, force, file or none; words: its name in a sentence ("the rest of the force"); sums: crime type →
    counts by period (T baseline periods, then the current one), empty for `areas` and `none`; name: its name in the
    record, if different from the study's.
    """

    kind: str
    words: str
    sums: dict[str, np.ndarray]
    name: str = ""

    @property
    def instead(self) -> str:
        """What else to compare with, and its option: a district that follows the areas outside has no rest of a map."""
        if self.kind == "rest":
            return "each area's own baseline (--comparator none)"
        return f"{OTHERS} (--comparator areas)"

    def pair(self, crime_type: str) -> Against:
        """Return the argument for `compare`: (baseline sum, current count), "none", or None for "areas"."""
        if self.kind == "areas":
            return None
        if self.kind == "none":
            return "none"
        sums = self.sums[crime_type]
        return float(sums[:-1].sum()), float(sums[-1])

    def require_there(self, not_compared: Collection[str], mapped: np.ndarray) -> None:
        """Refuse one that has no crime of a type now, after ten or more a period: its data are missing.

        Of a file, also one that never has any, where the areas have ten or more a period. `mapped` is their (periods,
        crime types) counts.

        Raises
        ------
        InputError
            If so, for a type that is compared.
        """
        for kind, sums in self.sums.items():
            before = mean_before(sums)
            mine = float(mapped[:, tables.CRIME_TYPES.index(kind)].mean())
            if kind not in not_compared and self.kind == "file" and not sums.any() and mine >= MUCH:
                raise InputError(
                    f"The comparison areas have no {tables.IN_WORDS[kind]} in any month compared, where the areas have "
                    f"{mine:,.0f} a period, so it is probably missing.",
                    "Give a file that holds it, or --comparator none, which compares each area with its own baseline.",
                )
            if kind not in not_compared and sums[-1] == 0 and before >= MUCH:
                raise InputError(
                    f"{self.words[:1].upper()}{self.words[1:]}: no {tables.IN_WORDS[kind]} now, and {before:,.0f} a "
                    "period before, so it is probably missing.",
                    "Give files that hold it, or --comparator none, which compares each area with its own baseline.",
                )


def by_type(cube: np.ndarray) -> dict[str, np.ndarray]:
    """Return a (periods, crime types) array as crime type → counts by period."""
    return {kind: cube[:, i].astype(float) for i, kind in enumerate(tables.CRIME_TYPES)}


def force_comparator(outside: np.ndarray, forces: Sequence[str]) -> Comparator:
    """Return the rest of the forces, from (periods, types) counts of their rows in no area, located or not."""
    words = f"the rest of {force_area(forces[0])}" if len(forces) == 1 else "the rest of the forces' areas"
    return Comparator("force", words, by_type(outside))


def doubt_pct(comparator: Comparator, mapped: np.ndarray) -> float:
    """Return by how much chance could change the comparator's change in SAC, ± % (95%); 0 if nothing is followed.

    The relative variance of a ratio of two Poisson counts a and b is 1/a + 1/b. For `areas`, the largest value counts,
    which belongs to the area with the smallest rest. `mapped` is (areas, periods, types) counts, with `sac` first and
    the current period last.
    """
    if comparator.kind == "none":
        return 0.0
    if comparator.kind == "areas":
        sac = mapped[:, :, 0]
        rest = sac.sum(axis=0) - sac
        both = np.column_stack([rest[:, :-1].sum(axis=1), rest[:, -1]])
    else:
        sums = comparator.sums["sac"]
        both = np.array([[sums[:-1].sum(), sums[-1]]])
    return float(196 * np.sqrt((1 / np.maximum(both, 0.5)).sum(axis=1)).max())


class ComparatorRecord(TypedDict):
    """The comparator of a crime type, as in the JSON record: counts per period, change in %; None if not known."""

    name: str | None
    baseline: float | None
    current: float | None
    change_pct: float | None


def changes_followed(rows: pd.DataFrame, record: ComparatorRecord | None) -> list[float | None]:
    """Return, for each row of the Change table of one crime type, the change in % of its comparator.

    For `areas` the record is of the sum of all areas, from which each row's own crimes are subtracted.
    """
    if record is None or record["name"] != "areas" or record["baseline"] is None or record["current"] is None:
        return [record and record["change_pct"]] * len(rows)
    baseline, current = (
        rows[name].to_numpy(float, na_value=np.nan) for name in ("baseline_mean", "current_count")
    )
    # The sums come from the record, because a public version may lack rows.
    before, now = record["baseline"] - baseline, record["current"] - current
    known = (before > 0) & np.isfinite(now)
    changes = np.divide(100 * (now - before), before, out=np.zeros(len(rows)), where=known)
    return [change if there else None for change, there in zip(changes.tolist(), known.tolist(), strict=True)]


def read_comparator(path: str) -> Lines:
    """Return the lines of a comparator file, also of a workbook.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, or holds crimes in place of their counts.
    """
    where = Path(path)
    crimes = where.is_dir() or (where.is_file() and any(one.found for one in members_of(where)))
    if crimes or (where.is_file() and kind_of(start_of(where)).key == "street"):
        raise InputError(
            f"The comparator {path} is no table of {','.join(COLUMNS)}.",
            f"Add up crimes with sacmap comparator {path} --out nation.csv, and give --comparator nation.csv.",
        )
    return list(rows_of(table_text(path, COLUMNS), f"The comparator {path}", COLUMNS, beside=True))


def file_comparator(lines: Lines, path: str, compared: Sequence[Period]) -> Comparator:
    """Return the comparator of a file, summed over the months compared of each period.

    Raises
    ------
    InputError
        If a compared month is missing, a month has more rows than another, a row counts crimes that others
        count, a value is not a month, a crime type or a whole count, or every count is 0.
    """
    rows: dict[tuple[str, str], list[float]] = {}
    called: dict[str, list[tuple[str, str]]] = {}
    for line, row in lines:
        month, n = months.month_of(row["month"]), tables.whole_of(row["n"])
        # Vehicle crime is how police.uk's files write vehicle-crime.
        kind = row["crime_type"].lower().replace(" ", "-")
        if not month or kind not in tables.CRIME_TYPES or n is None:
            raise InputError(
                f"The comparator {path}, line {line}: {','.join(row[name] for name in COLUMNS)} is not a month, a "
                "crime type and a count.",
                f"Crime types are {', '.join(tables.CRIME_TYPES)}; months are YYYY-MM.",
            )
        rows.setdefault((month, kind), []).append(n)
        every = next((cell for name, cell in row.items() if name not in COLUMNS and _ALL.fullmatch(cell)), "")
        called.setdefault(every, []).append((month, kind))
    given = {key: sum(several) for key, several in rows.items()}
    sums = {kind: _sum(given, kind, compared, path) for kind in tables.SAC_TYPES}
    for kind in tables.SAC_TYPES:
        _require_as_often(rows, kind, [month for period in compared for month in period], path)
    _require_once(rows, called, path)
    whole = {"sac": np.sum([sums[kind] for kind in tables.SAC_TYPES], axis=0)}
    if not whole["sac"].any():
        raise InputError(
            f"Every count of the comparator {path} is 0 in the months compared, so they are missing.",
            "Give counts of these months, or --comparator none, which compares each area with its own baseline.",
        )
    return Comparator("file", "the comparison areas", whole | sums)


def national_comparator(
    crimes: pd.DataFrame, tally: pd.DataFrame, without: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Return the counts of all forces together as the table of a comparator file.

    A force with a thin or missing month is left out completely, so that its gap never looks like a fall. A month that
    most forces lack is left out instead. `crimes` are those of SAC, without duplicates; `tally` has all rows read. The
    forces in `without`, by name or slug, are left out, such as the study's own.

    Returns
    -------
    month, crime_type, n; the forces summed; those left out for a gap.

    Raises
    ------
    InputError
        If no force has every month.
    """
    named = sorted(tally["force"].astype(str).unique())
    others = {name for one in without for name in forces_called(one, tally, "leave out one of these")}
    forces = [name for name in named if name not in others]
    wanted = sorted(tally["month"].astype(str).unique())
    judged = coverage(tally, wanted)
    judged = judged[judged["force"].isin(forces) & (judged["crimes"] + judged["expected"].fillna(0) > 0)]
    bad = judged[judged["status"] != "complete"]
    by_month = bad.groupby("month")["force"].nunique()
    lost = set(by_month.index[by_month > len(forces) / 2])
    gone = set(bad.loc[~bad["month"].isin(lost), "force"])
    whole = tuple(name for name in forces if name not in gone)
    if not whole:
        raise InputError(
            "No force has every month in the crimes, so there is nothing to compare with.",
            "Give a download of the months compared with all forces.",
        )
    mine = crimes["force"].astype(str).isin(whole) & ~crimes["month"].astype(str).isin(lost)
    keys = ["month", "crime_type"]
    counts = crimes.loc[mine, keys].astype(str).value_counts()
    index = pd.MultiIndex.from_product([[m for m in wanted if m not in lost], tables.SAC_TYPES], names=keys)
    return counts.reindex(index, fill_value=0).rename("n").reset_index(), whole, tuple(sorted(gone))


def _sum(given: dict[tuple[str, str], float], kind: str, compared: Sequence[Period], path: str) -> np.ndarray:
    absent = [month for period in compared for month in period if (month, kind) not in given]
    if absent:
        missing = counted(len(absent), MONTHS)
        raise InputError(
            f"The comparator {path} has no {kind} for {absent[0]} ({missing} missing).",
            "Give a row for every month compared and each of burglary, robbery and vehicle-crime.",
        )
    return np.array([sum(given[month, kind] for month in period) for period in compared])


def _require_as_often(
    rows: Mapping[tuple[str, str], Sequence[float]], kind: str, compared: list[str], path: str
) -> None:
    """Refuse months with more rows than others: a row given twice, or one that is missing, would look like a change."""
    most, least = (of(compared, key=lambda month: len(rows[month, kind])) for of in (max, min))
    if len(rows[most, kind]) > len(rows[least, kind]):
        raise InputError(
            f"The comparator {path} has {len(rows[most, kind])} rows of {kind} for {most} and "
            f"{len(rows[least, kind])} for {least}, so its change would not be a real one.",
            "Give each month as many rows: leave out those given twice, and write 0 for an area without crimes.",
        )


def _require_once(
    rows: Mapping[tuple[str, str], Sequence[float]], called: Mapping[str, list[tuple[str, str]]], path: str
) -> None:
    """Refuse rows that count crimes again: all of them twice, or a row of all forces beside those of the forces.

    `rows` are the counts of each month and crime type; `called` has these keys by such a name of a row, or "".
    """
    some = [several for several in rows.values() if any(several)]
    times = math.gcd(*(n for several in some for n in Counter(several).values()))
    if times > 1:
        raise InputError(
            f"The comparator {path} has every row {'twice' if times == 2 else f'{times} times'}.",
            "Leave out the rows that are there again.",
        )
    mixed = next(
        (name for name, keys in called.items() if name and not {*keys}.isdisjoint(called.get("", ()))), ""
    )
    if mixed or (some and all(len(several) > 2 and 2 * max(several) == sum(several) for several in some)):
        raise InputError(
            f"The comparator {path} has rows of {mixed or 'all areas together'} beside those they are the sum of.",
            "Keep one of the two: the rows of all together, or those of each.",
        )


def comparator_of(
    study: Study, counts: Counted, compared: Compared, *, beyond: np.ndarray | None, lines: Lines
) -> Comparator:
    """Return the comparator of a study.

    For a study of a district, `beyond` is (periods, types) of the areas of the file outside the district, else None.
    `lines` are those of a comparator file.

    Raises
    ------
    InputError
        As `file_comparator`.
    """
    if not study.baseline:
        return Comparator("none", NOTHING, {}, "none")
    if study.comparator == "areas" and beyond is not None and _enough(beyond, counts.in_areas):
        return Comparator(
            "rest",
            f"the areas outside {series([spoken(name) for name in study.within])}",
            by_type(beyond),
            "other areas",
        )
    if study.comparator == "areas":
        others = int(counts.in_areas[:, :, 0].any(axis=1).sum()) > 1
        return Comparator("areas", OTHERS if others else NOTHING, {})
    if study.comparator == "none":
        return Comparator("none", NOTHING, {})
    if study.comparator == "force":
        return force_comparator(counts.outside, compared.forces)
    return file_comparator(lines, study.comparator, compared.periods)


def _enough(beyond: np.ndarray, mine: np.ndarray) -> bool:
    """Whether the areas outside a district have enough crimes to follow: some always stray over the boundary."""
    outside, inside = beyond[:, 0], mine[:, :, 0].sum(axis=0)
    return bool(outside.all() and outside.sum() >= SMALL_REST * inside.sum())


def comparator_changes(
    study: Study, against: Comparator, mapped: np.ndarray, absent_types: Collection[str]
) -> dict[str, ComparatorRecord]:
    """Return the comparator's change by crime type, for the record. For `areas` it is that of all areas together.

    `mapped` is (periods, crime types) of all areas together. Of `absent_types`, nothing is known but what a comparator
    file says.
    """
    sums = against.sums or by_type(mapped)
    found: dict[str, ComparatorRecord] = {}
    for kind, values in sums.items():
        baseline, current = mean_before(values), float(values[-1])
        followed = against.kind == "file" or (against.kind != "none" and kind not in absent_types)
        found[kind] = {
            "name": against.name or study.comparator,
            "baseline": baseline if followed else None,
            "current": current if followed else None,
            "change_pct": percent_change(baseline, current) if followed else None,
        }
    return found
