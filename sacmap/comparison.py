"""One comparison: from crimes and areas to counts, change, both lists and notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from sacmap import tables
from sacmap.areas.locate import locate, require_overlap
from sacmap.choose.ranking import Lists, all_lists, without_change
from sacmap.crimes import Reading, repeats
from sacmap.measure import warnings
from sacmap.measure.change_table import change_table, groups_of
from sacmap.measure.comparator import Lines, comparator_changes, comparator_of
from sacmap.measure.compared import Compared, compared_months
from sacmap.measure.counts import by_period, counted, counts_cube, totals
from sacmap.measure.definitions import Break, crossed, filled, of_extract
from sacmap.measure.ledger import ledger
from sacmap.measure.rolling import rolled
from sacmap.notices import TOLD_FIRST, Notice, folded
from sacmap.result import Result
from sacmap.study import Study


def compare_areas(
    study: Study,
    reading: Reading,
    areas: GeoDataFrame,
    *,
    beyond: GeoDataFrame | None = None,
    overlaps: Sequence[tuple[str, str, float]] = (),
    notices: Sequence[Notice] = (),
    followed: Lines = (),
) -> Result:
    """Compare the crimes in the areas. The study's rolling periods are set here, from the crimes.

    `beyond` are the areas of the same file outside the mapped district; the comparator `areas` is then their crimes.
    `overlaps` are pairs of areas, with the square metres they share. The notices from reading the inputs come last.
    `followed` are the lines of the study's comparator file.

    Raises
    ------
    InputError
        If no month can be compared, no crime of a period lies in any area, or the study's force reported none of the
        crimes.
    """
    located, elsewhere = _located(reading, areas, beyond)
    study, of_periods = rolled(study, reading, located)
    facts = _facts(study, reading, areas, located, elsewhere=elsewhere, overlaps=overlaps, followed=followed)
    no_baseline = () if study.baseline else (warnings.NO_BASELINE,)
    found = warnings.all_of(study, reading, areas, facts)
    every = (*no_baseline, *of_periods, *found, *_with_months_left_out(notices, facts.compared))
    return _result(study, reading, areas, facts, every)


def _facts(
    study: Study,
    reading: Reading,
    areas: GeoDataFrame,
    located: pd.DataFrame,
    *,
    elsewhere: np.ndarray | None,
    overlaps: Sequence[tuple[str, str, float]],
    followed: Lines,
) -> warnings.Facts:
    """Return what the comparison finds, each crime counted once. `elsewhere`: which of them lie in the areas beyond."""
    beside = elsewhere if study.baseline and study.comparator == "areas" else None
    compared = compared_months(study, reading, located, areas, beside)
    repeated = repeats(located)
    heard = ~repeated & ~located["force"].isin(compared.forces_left_out).to_numpy()
    once = _known_areas_only(located, compared)[heard]
    counts = counted(once, list(areas["area_id"]), study, compared)
    against = comparator_of(
        replace(study, within=_as_spelt(study.within, areas)),
        counts,
        compared,
        beyond=None if elsewhere is None else _sums(once[elsewhere[heard]], study, compared),
        lines=followed,
    )
    against.require_there(compared.absent_types, counts.in_areas.sum(axis=0))
    return warnings.Facts(
        once=once,
        compared=compared,
        counts=counts,
        comparator=against,
        definitions=_definitions(study, compared, reading.tally),
        overlaps=overlaps,
        ledger=ledger(
            int(reading.tally["n"].sum()), located, compared.months, repeated,
            forces_left_out=compared.forces_left_out, unknown=compared.unknown,
        ),
        heard=set(located.loc[located["area_id"].notna(), "force"].unique()),
    )  # fmt: skip


def _definitions(study: Study, compared: Compared, tally: pd.DataFrame) -> tuple[Break, ...]:
    """Return the changes of definition, and the gaps of police.uk that were not filled later."""
    present = sorted({*compared.published, *compared.forces_left_out})
    definitions = crossed(study.baseline, study.current, present)
    if study.extract is not None:
        return of_extract(definitions)
    published = {*zip(tally["force"].astype(str), tally["month"].astype(str), strict=True)}
    return tuple(one for one in definitions if one.kind != "gap" or not filled(one, study.months, published))


def _result(
    study: Study, reading: Reading, areas: GeoDataFrame, facts: warnings.Facts, notices: Sequence[Notice]
) -> Result:
    """Return the result with change, lists and totals from the counts."""
    compared, counts, against = facts.compared, facts.counts, facts.comparator
    lists = _change_and_lists(study, areas, facts)
    return Result(
        study=study,
        areas=areas,
        located=facts.once,
        change=lists.change,
        hardening=lists.hardening,
        week=lists.weeks["sac"],
        weeks=lists.weeks,
        one_point=lists.one_point,
        unknown=compared.unknown,
        monthly=counts.monthly,
        coverage=compared.judged,
        forces=compared.forces,
        compared=compared.positions,
        ledger=facts.ledger,
        comparator=against,
        comparator_changes=comparator_changes(study, against, counts.mapped, compared.absent_types),
        totals=totals(counts, compared.absent_types),
        definitions=facts.definitions,
        warnings=_weightiest_first(notices),
        inputs=reading.inputs,
        lacking=reading.lacking,
        exit_code=3 if len(compared.positions) < len(study.current) or compared.unknown else 0,
        groups=groups_of(areas, counts, against, compared),
    )


def _with_months_left_out(notices: Sequence[Notice], compared: Compared) -> Iterator[Notice]:
    """Yield the notices of reading. An extract's totals hold the months left out too, which would read as a change."""
    also = "" if compared.left_out.empty else " They include months left out: do not read a change from them."
    for one in notices:
        yield Notice(one.code, one.text + also) if one.code == "components" else one


def _weightiest_first(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return the notices, each once. Those about crime types or areas without figures come first."""
    return tuple(sorted(dict.fromkeys(notices), key=lambda notice: notice.code not in TOLD_FIRST))


def _as_spelt(within: Sequence[str], areas: GeoDataFrame) -> tuple[str, ...]:
    """Return the names of districts as the boundaries spell them, for sentences: a study may write them in capitals."""
    spelling = {folded(name): name for name in areas["group"]} if "group" in areas else {}
    return tuple(spelling.get(folded(name), name) for name in within)


def _known_areas_only(located: pd.DataFrame, compared: Compared) -> pd.DataFrame:
    """Return the located crimes without ids, and without areas that are not known."""
    # crime_id is needed only to find duplicates, and takes most of the memory.
    rows = located.drop(columns="crime_id")
    if not compared.unknown:
        return rows
    lost = list(compared.unknown)
    return rows.assign(
        area_id=rows["area_id"].mask(rows["area_id"].isin(lost)),
        edge_area=rows["edge_area"].mask(rows["edge_area"].isin(lost)),
    )


def _located(
    reading: Reading, areas: GeoDataFrame, beyond: GeoDataFrame | None
) -> tuple[pd.DataFrame, np.ndarray | None]:
    """Return the crimes with their areas, and which of them lie in the areas beyond (None if there are no such areas).

    Crimes in the areas beyond get no area. Both sets of areas are joined together, because the neighbour of a crime
    near the edge of the district can be an area beyond.
    """
    if beyond is None or beyond.empty:
        located = locate(reading.crimes, areas)
        require_overlap(located, areas)
        return located, None
    every = pd.concat([areas, beyond], ignore_index=True).sort_values("area_id", ignore_index=True)
    located = locate(reading.crimes, every)
    elsewhere = located["area_id"].isin(set(beyond["area_id"])).to_numpy(bool)
    located = located.assign(area_id=located["area_id"].cat.set_categories(sorted(areas["area_id"])))
    require_overlap(located, areas)
    return located, elsewhere


def _sums(rows: pd.DataFrame, study: Study, compared: Compared) -> np.ndarray:
    """Return (periods, crime types) counts of rows over the months compared, in any area or none."""
    cube = counts_cube(rows.assign(area_id="one"), ["one"], study.months)
    return np.asarray(by_period(cube, study.months, compared.periods)[0])


def _change_and_lists(study: Study, areas: GeoDataFrame, facts: warnings.Facts) -> Lists:
    """Return the Change table with both lists. Without a baseline: counts, levels and only the hardening list."""
    compared, counts = facts.compared, facts.counts
    pairs = {kind: facts.comparator.pair(kind) for kind in tables.CRIME_TYPES}
    change = change_table(
        areas, counts.in_areas,
        months_compared=len(compared.positions), comparators=pairs, edge_share=counts.edge_share,
        unknown=compared.unknown, absent_types=compared.absent_types,
    )  # fmt: skip
    lists = all_lists(
        areas, facts.once, change, counts.by_month, compared=compared.periods, comparators=pairs
    )
    return lists if study.baseline else without_change(lists)
