"""The breaks: one table, complete, and attached to every comparison that straddles one."""

from dataclasses import asdict

import pytest
from builders import ASH, compare_rows
from conftest import row

from sacmap import months, tables
from sacmap.measure.definitions import BREAKS, crossed
from sacmap.study import make_study


def breaks_of(current, baseline, forces=()):
    study = make_study({"current": current, "baseline": baseline})
    return [(found.kind, found.date) for found in crossed(study.baseline, study.current, forces)]


def test_every_break_has_its_date_text_and_source():
    for found in BREAKS:
        assert months.is_month(found.date)
        assert set(found.crime_types) <= set(tables.CRIME_TYPES)
        assert found.text.endswith(".")
        assert found.source
        assert bool(found.forces) == (found.kind == "gap")
    assert {found.date for found in BREAKS if found.kind == "definition"} == {"2017-04", "2023-04"}


@pytest.mark.parametrize(
    ("current", "baseline", "dates"),
    [
        # The two sides straddle it.
        ("2017-04:2018-03", "2016-04:2017-03", ["2017-04"]),
        ("2017-04:2018-03", "2014-04:2017-03", ["2017-04"]),
        # The baseline itself straddles it, though the current period is long after.
        ("2018-07", "2016-07:2017-07", ["2017-04"]),
        ("2023-04:2024-03", "2022-04:2023-03", ["2023-04"]),
        ("2024-01:2024-12", "2015-01:2017-12", ["2017-04", "2023-04"]),
        # Within a period: January to March were recorded by the old rules.
        ("2018-01:2018-12", "2017-01:2017-12", ["2017-04"]),
        # Wholly on one side.
        ("2016-04:2017-03", "2015-04:2016-03", []),
        ("2018-04:2019-03", "2017-04:2018-03", []),
        ("2025-01:2025-12", "2024-01:2024-12", []),
    ],
)
def test_a_comparison_is_told_of_the_definitions_it_straddles(current, baseline, dates):
    assert breaks_of(current, baseline) == [("definition", date) for date in dates]


def test_known_gaps_are_told_of_the_force_s_own_comparisons_only():
    greater_manchester = ("Greater Manchester Police",)
    years = ("2020-01:2020-12", "2019-01:2019-12")
    assert breaks_of(*years, greater_manchester) == [("gap", "2019-07")]
    assert breaks_of("2019-01:2019-06", "2018-01:2018-06", greater_manchester) == []
    # After its first month too: a gap has no known end.
    assert breaks_of("2022-01:2022-12", "2021-01:2021-12", greater_manchester) == [("gap", "2019-07")]
    assert breaks_of(*years, ("Devon & Cornwall Police",)) == []


def test_the_break_stands_in_the_record_and_among_the_warnings(tmp_path):
    rows = [row(month, **ASH) for month in ("2017-03", "2018-03") for _ in range(30)]
    result = compare_rows(tmp_path, rows, "2018-03", "2017-03")
    assert [found.date for found in result.definitions] == ["2017-04"]
    told = [notice.text for notice in result.warnings if notice.code == "definition"]
    assert len(told) == 1
    assert "April 2017" in told[0]
    record = asdict(result.definitions[0])
    assert set(record) == {"kind", "date", "crime_types", "forces", "text", "source", "until"}


def test_a_known_gap_is_told_but_coverage_is_judged_from_the_rows(tmp_path):
    force = "Greater Manchester Police"
    rows = [row(month, force=force, **ASH) for month in ("2019-08", "2020-08") for _ in range(30)]
    result = compare_rows(tmp_path, rows, "2020-08", "2019-08")
    assert "known-gap" in {notice.code for notice in result.warnings}
    assert result.exit_code == 0
    assert result.totals["burglary"]["current_count"] == 30


def test_a_gap_that_the_force_has_filled_since_is_not_told(tmp_path):
    rows = [row(month, force="Gwent Police", **ASH) for month in ("2024-10", "2025-10") for _ in range(30)]
    result = compare_rows(tmp_path, rows, "2025-10", "2024-10")
    assert "known-gap" not in {notice.code for notice in result.warnings}
    # Between two periods it leaves nothing out.
    rows = [row(month, force="Gwent Police", **ASH) for month in ("2025-06", "2026-06") for _ in range(30)]
    result = compare_rows(tmp_path, rows, "2026-06", "2025-06")
    assert "known-gap" not in {notice.code for notice in result.warnings}
    # Where it lacks another month of the gap, the gap is told.
    rows = [row(month, force="Gwent Police", **ASH) for month in ("2024-10", "2025-10") for _ in range(30)]
    more = [row(month, force="Gwent Police", **ASH) for month in ("2024-11",) for _ in range(30)]
    result = compare_rows(tmp_path, [*rows, *more], "2025-10:2025-11", "2024-10:2024-11")
    assert "known-gap" in {notice.code for notice in result.warnings}
