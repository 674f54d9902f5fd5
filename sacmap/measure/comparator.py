"""What "expected" follows: the rest of the areas, the force as reported, a file's counts, or nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sacmap import months, tables
from sacmap.errors import InputError
from sacmap.measure.change import Against
from sacmap.study import Period


@dataclass(frozen=True)
class Comparator:
    """What the expected counts follow.

    kind: areas, force, file or none; words: as a sentence names it ("the rest of the force"); sums: crime type →
    counts a period, (T baseline periods and the current one last); empty for `areas` and `none`.
    """

    kind: str
    words: str
    sums: dict[str, np.ndarray]

    def pair(self, crime_type: str) -> Against:
        """Return what `compare` takes: (baseline sum, current count), "none", or None for the rest of the areas."""
        if self.kind == "areas":
            return None
        if self.kind == "none":
            return "none"
        sums = self.sums[crime_type]
        return float(sums[:-1].sum()), float(sums[-1])


def by_type(cube: np.ndarray) -> dict[str, np.ndarray]:
    """Return a (periods × crime types) array as crime type → counts a period."""
    return {kind: cube[:, i].astype(float) for i, kind in enumerate(tables.CRIME_TYPES)}


def force_comparator(everything: np.ndarray, in_areas: np.ndarray, forces: Sequence[str]) -> Comparator:
    """Return the rest of the study's forces: all their rows less those in the areas, both (periods × types)."""
    words = f"the rest of {forces[0]}" if len(forces) == 1 else "the rest of the forces"
    return Comparator("force", words, by_type(np.maximum(everything - in_areas, 0)))


def file_comparator(text: str, path: str, periods: Sequence[Period], places: Sequence[int]) -> Comparator:
    """Return the comparator of a CSV of month, crime_type, n summed over the months compared.

    Raises
    ------
    InputError
        If a column or a compared month is missing, or a value is not a month, a crime type or a whole count.
    """
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    missing = [name for name in ("month", "crime_type", "n") if not rows or name not in rows[0]]
    if missing:
        raise InputError(
            f"The comparator {path} has no column {missing[0]!r}.", "It needs month,crime_type,n."
        )
    given: dict[tuple[str, str], float] = {}
    for line, row in enumerate(rows, start=2):
        month, kind, n = (str(row[name] or "").strip() for name in ("month", "crime_type", "n"))
        if not months.is_month(month) or kind not in tables.CRIME_TYPES or not n.isdigit():
            raise InputError(
                f"The comparator {path}, line {line}: {month},{kind},{n} is not a month, a crime type and a count.",
                f"Crime types are {', '.join(tables.CRIME_TYPES)}; months are YYYY-MM.",
            )
        given[month, kind] = given.get((month, kind), 0.0) + float(n)
    compared = [[period[k] for k in places] for period in periods]
    sums = {kind: _sum(given, kind, compared, path) for kind in tables.SAC_TYPES}
    whole = {"sac": np.sum([sums[kind] for kind in tables.SAC_TYPES], axis=0)}
    return Comparator("file", "the comparison areas", whole | sums)


def _sum(given: dict[tuple[str, str], float], kind: str, compared: list[list[str]], path: str) -> np.ndarray:
    absent = [month for period in compared for month in period if (month, kind) not in given]
    if absent:
        raise InputError(
            f"The comparator {path} has no {kind} for {absent[0]} ({len(absent)} months missing).",
            "Give a row for every month compared and each of burglary, robbery and vehicle-crime.",
        )
    return np.array([sum(given[month, kind] for month in period) for period in compared])
