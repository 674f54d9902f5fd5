"""On real maps, whatever a row says agrees with the rest of that row and with the lists."""

import geopandas as gpd
import numpy as np
import pytest

from sacmap import tables
from sacmap.areas.boundaries import read_areas
from sacmap.choose.hardening import read_prices
from sacmap.choose.make_plan import PlanWanted, make_plan
from sacmap.comparison import compare_areas
from sacmap.fetch.street import read
from sacmap.publish.lists import stability
from sacmap.publish.make_view import page_of
from sacmap.publish.page import render
from sacmap.study import make_study

pytestmark = pytest.mark.slow

MAPS = {
    "Avon and Somerset": (
        "avon-and-somerset-2018-01_2021-09.zip",
        "avon-and-somerset-wards.geojson",
        "2019-01:2019-12",
        "2018-01:2018-12",
    ),
    "City of London, 2019": (
        "city-of-london-2018-01_2021-09.zip",
        "city-of-london-wards.geojson",
        "2019-01:2019-12",
        "2018-01:2018-12",
    ),
    "City of London, 2025": (
        "city-of-london-2024-01_2025-12.zip",
        "city-of-london-wards.geojson",
        "2025-01:2025-12",
        "2024-01:2024-12",
    ),
    "West Yorkshire": (
        "west-yorkshire-julys-2016-2018.zip",
        "west-yorkshire-wards.geojson",
        "2018-07",
        "2016-07,2017-07",
    ),
}


@pytest.fixture(scope="module", params=list(MAPS))
def result(request, data):
    crimes, boundaries, current, baseline = MAPS[request.param]
    study = make_study({"current": current, "baseline": baseline, "crimes": (str(data / crimes),)})
    areas = read_areas(data / "boundaries" / boundaries)
    return compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)


def test_reading_range_excess_ratio_and_level_agree_on_every_row(result):
    rows = result.change[result.change["verdict"] != "not known"]
    assert len(rows) > 90
    n = {name: rows[name].to_numpy(float) for name in tables.CHANGE.names if name in NUMBERS}
    verdict = rows["verdict"].to_numpy(object).astype(str)
    now, above, below = (
        n["current_count"],
        n["current_count"] > n["normal_high"],
        n["current_count"] < n["normal_low"],
    )
    rise, fall = (np.char.endswith(verdict, word) for word in ("rise", "fall"))
    few = verdict == "too few to tell"
    assert (rise <= above).all()
    assert (fall <= below).all()
    assert ((above | below) <= (rise | fall | few)).all()
    assert (n["expected"][few] < 10).all()
    clear = np.char.startswith(verdict, "clear")
    assert (now[clear & rise] >= 5).all()
    assert (n["expected"][clear & fall] >= 5).all()
    np.testing.assert_allclose(n["excess"], n["expected"] * (n["ratio"] - 1), atol=1e-6)
    np.testing.assert_allclose(n["level"], n["expected"] + 0.7 * n["excess"], atol=1e-6)
    assert (n["ratio_low"] < n["ratio"]).all()
    gap = now - n["expected"]
    assert (np.sign(np.round(n["excess"], 6)) == np.sign(np.round(gap, 6))).all()
    assert (np.abs(n["excess"]) <= np.abs(gap) + 1e-9).all()
    assert ((n["prob_above"][rise] > 0.9) & (n["ratio"][rise] > 1)).all()
    assert ((n["prob_above"][fall] < 0.1) & (n["ratio"][fall] < 1)).all()


NUMBERS = (
    "current_count", "expected", "normal_low", "normal_high", "ratio", "ratio_low", "prob_above", "excess", "level",
)  # fmt: skip


def test_ranks_follow_the_readings_and_the_levels(result):
    tier = {"clear rise": 2, "possible rise": 1}
    for kind in tables.CRIME_TYPES:
        rows = result.change[(result.change["crime_type"] == kind) & result.change["week_rank"].notna()]
        ordered = rows.sort_values("week_rank")
        assert list(ordered["week_rank"]) == list(range(1, len(ordered) + 1))
        keys = [(tier.get(v, 0), x) for v, x in zip(ordered["verdict"], ordered["excess"], strict=True)]
        assert keys == sorted(keys, reverse=True)
        assert rows["top5_share"].sum() == pytest.approx(5)
        rises = rows[rows["verdict"].isin(list(tier))]
        assert rises["week_rank"].max() == len(rises) or rises.empty
    burglary = result.change[result.change["crime_type"] == "burglary"].sort_values("hardening_rank")
    levels = burglary["level"].dropna().to_numpy(float)
    assert (np.diff(levels) <= 1e-9).all()


def test_an_area_that_fell_clearly_gets_no_money_for_the_year_before(result):
    wanted = PlanWanted(
        budget=10_000, prices=read_prices(None), size=3, protected={}, visited=[], boundaries_file="b"
    )
    plan = make_plan(result, wanted)
    rows = result.change[result.change["crime_type"] == "burglary"].set_index("area_id")
    levels = rows["level"].astype(float)
    for one in plan.hardening:
        # Nobody who gets money is expected to have less than an area that gets none.
        rest = levels.drop([other["area_id"] for other in plan.hardening])
        assert levels[one["area_id"]] >= rest.max()
        if rows.loc[one["area_id"], "verdict"] == "clear fall":
            assert rows.loc[one["area_id"], "level"] < rows.loc[one["area_id"], "expected"]


def test_the_page_s_lists_follow_the_ranks_and_the_draws_of_each_list(result):
    view = page_of(result)
    for kind in tables.CRIME_TYPES:
        rows = result.change[result.change["crime_type"] == kind].set_index("area_id")
        listed = [one for one in view.week_lists[kind] if one.finding]
        ids = [view.areas["area_id"].iloc[one.position] for one in listed]
        assert list(rows.loc[ids, "week_rank"]) == list(range(1, len(ids) + 1))
        shares = {entry.area_id: entry.top5_share for entry in result.weeks[kind]}
        assert [one.top5_share for one in listed] == [shares[area] for area in ids]
        for entry in result.weeks[kind]:
            if entry.verdict == "clear rise":
                assert stability(entry, clear=True).startswith(("Its place is firm", "Its rise is clear"))
            if kind != "burglary":
                assert entry.top5_share == rows.loc[entry.area_id, "top5_share"]
    ids = [view.areas["area_id"].iloc[one.position] for one in view.hardening_list]
    assert ids == [entry.area_id for entry in result.hardening[: len(ids)]]


def test_the_page_of_sixty_wards_takes_less_than_400_kilobytes(data, tmp_path):
    wards = gpd.read_file(data / "boundaries" / "avon-and-somerset-wards.geojson").head(60)
    wards.to_file(tmp_path / "wards.geojson")
    crimes = (str(data / "avon-and-somerset-2018-01_2021-09.zip"),)
    study = make_study({"current": "2020-10:2021-09", "baseline": "2019-10:2020-09", "crimes": crimes})
    areas = read_areas(tmp_path / "wards.geojson")
    found = compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)
    assert len(render(page_of(found)).encode()) < 400_000
