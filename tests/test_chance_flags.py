"""How sure a map can be: shares of chance of maps like it, as ranges, and what could have been seen."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import square

from sacmap import tables
from sacmap.areas.boundaries import areas_from_rings
from sacmap.measure.chance_flags import MEASURED, how_sure, must_rise, nearest
from sacmap.measure.change_table import change_table


def table(n, level, periods, seed=1):
    rng = np.random.default_rng(seed)
    areas = areas_from_rings({(f"A{k:03d}", f"Area {k}"): square(k) for k in range(n)})
    usual = level * rng.gamma(4, 1 / 4, n)
    before = {kind: rng.poisson(usual[:, None], (n, periods)) for kind in tables.CRIME_TYPES}
    now = {kind: rng.poisson(usual) for kind in tables.CRIME_TYPES}
    counts = np.stack([np.column_stack([before[kind], now[kind]]) for kind in tables.CRIME_TYPES], axis=2)
    against = dict.fromkeys(tables.CRIME_TYPES)
    return change_table(areas, counts, months_compared=12, comparators=against)


def test_shares_of_chance_are_ranges_of_real_maps():
    assert len({one.source for one in MEASURED}) == 3
    for one in MEASURED:
        for low, high in (one.clear, one.possible):
            assert 0 < low <= high <= 100


def test_a_map_is_compared_with_the_most_similar_one():
    assert nearest(90, 40, 1).areas == 100
    assert nearest(90, 40, 1).level > 18 > nearest(90, 6, 1).level
    assert (nearest(90, 6, 1).years, nearest(90, 6, 3).years) == (1, 2)
    assert nearest(35_000, 6, 3).areas == 1_500


def test_another_map_has_another_figure():
    small, large = (how_sure(table(40, level, 2), "sac")[0] for level in (6, 40))
    assert small != large
    assert "% of the clear changes" in small


def test_with_one_period_it_is_said_how_large_a_rise_had_to_be():
    change = table(60, 40, 1)
    rows = change[change["crime_type"] == "burglary"]
    enough = rows[rows["expected"] >= 10]
    rise = 100 * ((enough["normal_high"] / enough["expected"]).astype(float).median() - 1)
    assert must_rise(rows) == 5 * round(rise / 5)
    said = how_sure(change, "burglary")
    assert len(said) == 2
    assert (
        f"burglary in an area like most here must be about {must_rise(rows)}% above the expected" in said[1]
    )
    assert len(how_sure(table(60, 40, 3), "burglary")) == 1
    # Where most areas have a few crimes, no percentage says anything.
    assert must_rise(rows.assign(expected=4.0)) is None
    assert len(how_sure(table(60, 3, 1), "burglary")) == 1


@pytest.mark.parametrize("kind", tables.CRIME_TYPES)
def test_where_nothing_is_known_nothing_is_said(kind):
    empty = table(3, 40, 1).assign(verdict="not known")
    assert how_sure(empty, kind) == ()
    assert how_sure(pd.DataFrame(columns=tables.CHANGE.names), kind) == ()


def test_the_table_in_the_method_is_the_one_the_sentences_are_taken_from():
    text = (Path(__file__).parents[1] / "docs" / "method.md").read_text(encoding="utf-8")
    told = set()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 8 and cells[1].replace(",", "").isdigit():
            source, areas, level, years, _, clear, _, possible = cells
            told.add((source, int(areas.replace(",", "")), int(level), int(years), clear, possible))
    assert told == {
        (one.source, one.areas, one.level, one.years, in_words(one.clear), in_words(one.possible))
        for one in MEASURED
    }


def in_words(share):
    low, high = share
    return f"{low}%" if low == high else f"{low} to {high}%"
