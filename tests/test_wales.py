"""The method on the real counts of Welsh LSOAs, a year ahead. September to December, when Gwent was silent, are out."""

import numpy as np
import pandas as pd
import pytest

from sacmap import compare, tables

LEFT_OUT = ("09", "10", "11", "12")


@pytest.fixture(scope="module")
def years(data):
    rows = pd.read_parquet(data / "reference" / "lsoa21-wales-sac-2023-05_2026-04.parquet")
    ids, months = sorted(rows["lsoa21"].unique()), sorted(rows["month"].unique())
    kept = np.array([month[5:] not in LEFT_OUT for month in months]).reshape(3, 12)

    def of(kinds):
        mine = rows[rows["crime_type"].isin(kinds)]
        table = mine.groupby(["lsoa21", "month"])["n"].sum().unstack(fill_value=0)
        cube = table.reindex(index=ids, columns=months, fill_value=0).to_numpy().reshape(len(ids), 3, 12)
        return (cube * kept).sum(axis=2)

    return {"sac": of(tables.SAC_TYPES)} | {kind: of([kind]) for kind in tables.SAC_TYPES}


def deviance(counts, means):
    """Poisson deviance: how far the counts lie from the means, 0 where they are equal."""
    safe = np.maximum(counts, 1e-9)
    return 2 * float(np.sum(np.where(counts > 0, counts * np.log(safe / means), 0) - (counts - means)))


def test_the_normal_range_holds_as_many_as_it_says(years):
    found = compare(years["sac"][:, :2], years["sac"][:, 2], months=8)
    held = (found["normal_low"] <= years["sac"][:, 2]) & (years["sac"][:, 2] <= found["normal_high"])
    assert 0.94 <= held.mean() <= 0.97


def test_the_level_foretells_better_than_the_year_carried_forward(years):
    before, now, later = years["sac"].T
    level = compare(before[:, None], now, months=8)["level"].to_numpy(float)
    assert deviance(later, level) <= 0.87 * deviance(later, np.maximum(now, 0.5))


def test_the_first_tenth_by_level_of_burglary_hold_more_than_by_last_year_s_count(years):
    before, now, later = years["burglary"].T
    level = compare(before[:, None], now, months=8)["level"].to_numpy(float)
    tenth = len(later) // 10
    by_level, by_count = (later[np.argsort(-key, kind="stable")[:tenth]].sum() for key in (level, now))
    assert by_level > by_count
