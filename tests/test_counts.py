import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.crimes import repeats, without_repeats
from sacmap.measure.counts import by_period, count, counts_cube, monthly_counts
from sacmap.measure.ledger import ledger
from sacmap.study import make_study

AREAS = ["001", "1E2"]
MONTHS = ["2017-01", "2017-02", "2018-01", "2018-02"]

LOCATED = st.lists(
    st.tuples(
        st.sampled_from([*AREAS, None]),
        st.sampled_from([*MONTHS, "2016-01"]),
        st.sampled_from(tables.SAC_TYPES),
        st.sampled_from(["", "x", "y"]),
    ),
    max_size=60,
)


def located(rows):
    table = pd.DataFrame(rows, columns=["area_id", "month", "crime_type", "crime_id"])
    return table.assign(lon=0.0, lat=50.0, force="A Police", location="", near_edge=False, shared=False)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(LOCATED, st.integers(0, 5))
def test_the_ledger_balances_and_what_is_counted_is_the_sum_of_the_cells(rows, others):
    table = located(rows)
    made = ledger(len(rows) + others, table, MONTHS, repeats(table))
    assert made.counted == counts_cube(without_repeats(table), AREAS, MONTHS).sum()
    assert made.other_crime_types == others


def test_counts_are_zero_where_complete_and_missing_where_not():
    table = located([("001", "2017-01", "robbery", "")])
    cube = counts_cube(table, AREAS, MONTHS[:2])
    counts = monthly_counts(cube, AREAS, MONTHS[:2], {"2017-02"}).set_index(list(tables.COUNTS.key))
    assert counts.loc[("001", "2017-01", "sac"), "n"] == 1
    assert counts.loc[("1E2", "2017-01", "sac"), "n"] == 0
    assert counts.loc[("001", "2017-02")]["n"].isna().all()


def test_areas_of_which_nobody_published_anything_are_missing_and_not_zero():
    study = make_study({"current": "2018-01:2018-02", "baseline": "2017-01:2017-02"})
    rows = [("001", m, kind, "") for m in MONTHS for kind in tables.SAC_TYPES]
    table = located(rows)
    counts = count(table.assign(area_id=pd.Categorical([None] * len(table), categories=AREAS)), study)
    assert len(counts) == len(AREAS) * len(MONTHS) * len(tables.CRIME_TYPES)
    assert counts["n"].isna().all()
    assert count(table.iloc[:0], study)["n"].isna().all()


def test_count_judges_coverage_on_the_rows_given():
    study = make_study({"current": "2018-01:2018-02", "baseline": "2017-01:2017-02"})
    rows = [("001", m, kind, "") for m in MONTHS[:3] for kind in tables.SAC_TYPES for _ in range(10)]
    counts = count(located(rows), study)
    missing = counts[counts["n"].isna()]
    assert set(missing["month"]) == {"2018-02"}
    assert int(counts.loc[counts["crime_type"] == "sac", "n"].sum()) == 90


@pytest.mark.parametrize("blank", ["", None, np.nan])
def test_rows_with_a_blank_or_missing_id_are_never_merged(blank):
    rows = [("001", "2017-01", "robbery", crime_id) for crime_id in (blank, "x", blank, "x")]
    assert list(repeats(located(rows))) == [False, False, False, True]


def test_areas_without_a_crime_are_counted_as_zero_and_not_left_out():
    study = make_study({"current": "2018-01", "baseline": "2017-01"})
    table = located([("001", m, kind, "") for m in ("2017-01", "2018-01") for kind in tables.SAC_TYPES])
    table["area_id"] = table["area_id"].astype(pd.CategoricalDtype(AREAS))
    counts = count(table, study).set_index(list(tables.COUNTS.key))["n"]
    assert counts.loc[("1E2", "2018-01", "sac")] == 0
    assert counts.loc[("001", "2018-01", "sac")] == 3


def test_a_crime_type_without_a_row_is_missing_in_the_counts_and_so_is_sac():
    study = make_study({"current": "2018-01", "baseline": "2017-01"})
    kinds = ("burglary", "vehicle-crime")
    table = located([("001", m, kind, "") for m in ("2017-01", "2018-01") for kind in kinds])
    counts = count(table, study).set_index(list(tables.COUNTS.key))["n"]
    assert counts.loc[("001", "2018-01", "burglary")] == 1
    assert counts.loc[[("001", m, kind) for m in study.months for kind in ("sac", "robbery")]].isna().all()


def test_an_area_of_a_force_with_a_gap_is_missing_in_the_counts():
    study = make_study({"current": "2018-01", "baseline": "2017-01"})
    rows = [("001", m, kind, "") for m in ("2017-01", "2018-01") for kind in tables.SAC_TYPES] * 9
    table = located([*rows, *[("1E2", "2017-01", "burglary", "")] * 4, ("1E2", "2018-01", "burglary", "")])
    # Another force reports all but one of the crimes in 1E2, and nothing in January 2018.
    theirs = (table["area_id"] == "1E2") & (table["month"] == "2017-01")
    counts = count(table.assign(force=table["force"].mask(theirs, "B Police")), study)
    assert counts.loc[counts["area_id"] == "1E2", "n"].isna().all()
    assert counts.loc[counts["area_id"] == "001", "n"].notna().all()


def test_periods_sum_only_the_months_compared():
    cube = np.arange(4).reshape(1, 4, 1) * np.ones((1, 1, 3), dtype=int)
    sums = by_period(cube, MONTHS, [("2017-02",), ("2018-02",)])
    assert sums[0, :, 0].tolist() == [3, 9]
    assert sums[0, :, 1].tolist() == [1, 3]
