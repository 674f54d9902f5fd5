"""The two lists: what they rank by, how sure a place is, and what is told of each area on them."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import csv_text, row, square
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.choose import ranking
from sacmap.choose.draws import SEED, Key, stability_of
from sacmap.choose.hardening import read_prices
from sacmap.choose.make_plan import PlanWanted, make_plan
from sacmap.choose.ranking import ranked_by_figures
from sacmap.comparison import compare_areas
from sacmap.fetch.street import read
from sacmap.measure.verdict import law_of, readings
from sacmap.publish.lists import (
    draws,
    hardening_reasons,
    leading_type,
    most_crime,
    stability,
    week_list,
    week_reasons,
)
from sacmap.publish.make_view import page_of
from sacmap.result import Entry
from sacmap.study import make_study


@pytest.fixture(scope="module")
def result(practice_result):
    return practice_result


def compare_rows(folder, rows, areas):
    path = folder / "a.csv"
    path.write_text(csv_text(*rows))
    study = make_study({"current": "2018-01", "baseline": "2017-01", "crimes": (str(path),)})
    return compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)


def of(result, kind):
    return result.change[result.change["crime_type"] == kind].set_index("area_id")


def test_the_planted_risers_lead_the_week_list(practice, result):
    truth = json.loads(practice.truth.read_text())
    assert {entry.area_id for entry in result.week[:6]} == {true["area_id"] for true in truth["rose"]}


def test_the_hardening_list_ranks_by_level_per_household_and_never_by_change(result):
    rows = of(result, "burglary")
    by_level = rows["level_per_1000_households"].astype(float).sort_values(ascending=False).index
    assert [entry.area_id for entry in result.hardening] == list(by_level[:10])
    by_change = rows["change_pct"].astype(float).sort_values(ascending=False).index
    assert list(by_change[:5]) != list(by_level[:5])


def test_without_households_the_hardening_list_ranks_by_level(practice, result):
    areas = read_areas(practice.boundaries).assign(households=pd.array([pd.NA] * 40, dtype="Float64"))
    again = compare_areas(result.study, read(result.study.crimes, keep=tables.SAC_TYPES), areas)
    levels = of(again, "burglary")["level"].astype(float)
    assert [entry.area_id for entry in again.hardening] == list(
        levels.sort_values(ascending=False).index[:10]
    )


def test_ranks_and_shares_stand_on_the_row_of_their_own_list(result):
    for kind in tables.CRIME_TYPES:
        rows = of(result, kind)
        assert sorted(rows["week_rank"]) == list(range(1, 41))
        if kind == "burglary":
            assert sorted(rows["hardening_rank"]) == list(range(1, 41))
        else:
            assert rows["hardening_rank"].isna().all()
        # Five are the first five in every draw.
        assert rows["top5_share"].sum() == pytest.approx(5)


def test_a_week_list_puts_clear_before_possible_before_the_rest_and_each_by_excess(result):
    tier = {"clear rise": 2, "possible rise": 1}
    for kind in tables.CRIME_TYPES:
        rows = of(result, kind).sort_values("week_rank")
        keys = [
            (tier.get(v, 0), x) for v, x in zip(rows["verdict"], rows["excess"].astype(float), strict=True)
        ]
        assert keys == sorted(keys, reverse=True)
        listed = [entry.area_id for entry in result.weeks[kind]]
        assert listed == list(rows.index[: len(listed)])
        assert all(entry.verdict == rows.loc[entry.area_id, "verdict"] for entry in result.weeks[kind])
    assert result.week == result.weeks["sac"]


def test_a_table_without_ranks_gets_those_of_its_figures(result):
    columns = ["hardening_rank", "week_rank"]
    again = ranked_by_figures(result.change.assign(**dict.fromkeys(columns, np.nan)), rates=True)
    pd.testing.assert_frame_equal(again[columns], result.change[columns], check_dtype=False)


def test_ranks_that_are_given_stand_but_not_that_of_an_area_without_figures(result):
    rows = of(result, "sac").reset_index()
    rows = rows.assign(week_rank=41.0 - rows["week_rank"], excess=rows["excess"].where(rows.index > 0))
    again = ranked_by_figures(rows, rates=False)["week_rank"]
    assert np.isnan(again[0])
    assert list(again[1:]) == list(rows["week_rank"][1:])


def test_what_is_named_after_many_findings_has_its_own_rank_on_the_list(result):
    rows = of(result, "sac").reset_index()
    found = rows["week_rank"] <= 13
    rows = rows.assign(
        verdict=np.where(found, "possible rise", "within normal range"), excess=50.0 - rows["week_rank"]
    )
    assert [one.rank for one in week_list(rows, ())] == [*range(1, 11), 14, 15]


def test_how_firm_a_place_is_is_said_in_a_word(result):
    farther = 0
    for entry in (*result.hardening, *(one for entries in result.weeks.values() for one in entries)):
        share = entry.top5_share if entry.rank <= 5 else entry.top10_share
        farther += entry.rank > 5 and share > entry.top5_share
        assert entry.firmness == ("firm" if share >= 0.9 else "likely" if share >= 0.5 else "weak")
        assert entry.top10_share >= entry.top5_share
        # Nine draws in ten leave a firm place among these first areas.
        assert entry.rank_low <= (5 if entry.rank <= 5 else 10) or share < 0.95
        assert 1 <= entry.edge_low <= entry.edge_high <= 40
    assert farther


def test_the_share_on_a_list_is_that_of_the_list_s_own_draws(result):
    view = page_of(result)
    for kind in tables.CRIME_TYPES:
        shown = {view.areas["area_id"].iloc[one.position]: one.top5_share for one in view.week_lists[kind]}
        for entry in result.weeks[kind]:
            assert shown.get(entry.area_id, entry.top5_share) == entry.top5_share
    # On burglary rows the CSV has the share of target hardening, which is another.
    of_burglary = of(result, "burglary")["top5_share"]
    assert any(entry.top5_share != of_burglary[entry.area_id] for entry in result.weeks["burglary"])


def test_a_clear_rise_leads_in_every_draw_even_where_another_area_s_excess_is_larger():
    law = law_of(np.array([[40.0], [400], [380], [420], [390]]), np.array([90.0, 440, 350, 430, 380]))
    verdicts = np.array(["clear rise", "within normal range", *["within normal range"] * 3], dtype=object)
    key = Key(False, law, np.ones(5), verdicts)
    found = stability_of(key, np.arange(5))
    assert key.ranks()[0] == 1
    assert (found.low[0], found.high[0]) == (1, 1)
    assert (found.top5 == 1).all()


def test_areas_with_the_same_counts_are_as_sure_of_their_places():
    counts = np.array([[40, 60], [50, 60], *[[30, 30 + step] for step in range(12)], [50, 60]], dtype=float)
    law = law_of(counts[:, :1], counts[:, 1])
    # Households matter to target hardening alone.
    for hardening, per in ((True, np.ones(len(counts))), (False, np.arange(1.0, len(counts) + 1))):
        key = Key(hardening, law, per, np.full(len(counts), "within normal range", object))
        found = stability_of(key, np.arange(len(counts)))
        assert (found.top5[1], found.top10[1]) == (found.top5[14], found.top10[14])
        assert found.top5.sum() == pytest.approx(5)


def entry_of(**given):
    usual = {
        "area_id": "A",
        "rank": 1,
        "areas": 60,
        "verdict": "clear rise",
        "top5_share": 0.4,
        "top10_share": 0.97,
    }
    places = {"rank_low": 1, "rank_high": 9, "edge_rank": 1, "edge_low": 1, "edge_high": 9}
    return Entry(
        **(usual | places | {"months_above": 9, "months": 12, "points_share": 0.5, "streets": ()} | given)
    )


def test_a_clear_rise_is_never_called_weak_itself():
    said = stability(entry_of(), clear=True)
    assert said == (
        "Its rise is clear, but its place is weak (in the first five in 40 of 100 draws; number 1 to 9 in nine of ten)."
    )
    assert stability(entry_of(rank=7, rank_low=6, rank_high=8), clear=True) == (
        "Its place is firm (in the first ten in 97 of 100 draws; number 6 to 8 in nine of ten)."
    )
    assert stability(entry_of(top5_share=1.0, rank_high=1), clear=True) == (
        "Its place is firm (in the first five in 100 of 100 draws; number 1 in nine of ten)."
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"found": 1}, ", as the only clear rise"),
        ({"found": 2}, ", as one of two clear rises"),
        ({"found": 5, "verdict": "possible rise"}, ", as one of five rises found"),
        ({"found": 1, "verdict": "possible rise"}, ", as the only rise found"),
        ({"found": 6, "verdict": "possible rise"}, ""),
        ({"found": 0, "verdict": "within normal range"}, ""),
    ],
)
def test_a_place_that_an_area_has_by_its_finding_alone_is_told_as_that(given, why):
    entry = entry_of(top5_share=1.0, rank_high=2, **given)
    assert draws(entry) == f"in the first five in 100 of 100 draws{why}"


@pytest.mark.parametrize(
    ("share", "said"), [(0.896, "likely"), (0.9, "firm"), (0.499, "weak"), (0.29, "weak")]
)
def test_the_draws_told_never_make_a_place_firmer_than_the_word_beside_them(share, said):
    entry = entry_of(top5_share=share)
    told = {0.896: 89, 0.9: 90, 0.499: 49, 0.29: 29}[share]
    assert stability(entry).startswith(f"Its place is {said} (in the first five in {told} of 100 draws;")


def test_the_findings_on_a_week_list_are_counted_and_on_the_other_list_there_are_none(result):
    for kind, entries in result.weeks.items():
        verdicts = list(of(result, kind)["verdict"])
        stronger = {"clear rise": ["clear rise"], "possible rise": ["clear rise", "possible rise"]}
        for entry in entries:
            assert entry.found == sum(verdicts.count(word) for word in stronger.get(entry.verdict, ()))
    assert {entry.found for entry in result.hardening} == {0}
    assert any(entry.found for entry in result.week)


def test_of_four_areas_none_is_firm_among_the_first_five():
    few = entry_of(areas=4, top5_share=1.0, rank_high=2)
    assert few.firmness == ""
    assert stability(few, clear=True) == "In nine of ten draws it is number 1 to 2 of 4."
    assert draws(few) == "number 1 to 2 of 4 in 90 of 100 draws"


def test_of_a_single_area_no_draws_are_told():
    alone = entry_of(areas=1, top5_share=1.0, rank_high=1)
    assert (stability(alone, clear=True), draws(alone)) == ("It is the only area.", "the only area")


def test_what_the_page_is_of_names_no_crime_type_that_no_file_has(tmp_path):
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})
    place = {"lon": "0.005", "lat": "52.005"}
    rows = [
        row(month, kind, **place)
        for month in ("2017-01", "2018-01")
        for kind in ("Burglary", "Vehicle crime")
    ]
    said = page_of(compare_rows(tmp_path, rows * 20, areas)).periods_in_words
    assert said.endswith("Police-recorded burglary and vehicle crime.")


def test_an_area_without_a_boundary_has_no_rank(tmp_path):
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1), ("C", "Cedar"): []})
    rows = [row(month, lon="0.005", lat="52.005") for month in ("2017-01", "2018-01") for _ in range(30)]
    found = compare_rows(tmp_path, rows, areas)
    assert pd.isna(of(found, "sac").loc["C", "week_rank"])
    assert sorted(of(found, "burglary")["week_rank"].dropna()) == [1, 2]


def test_what_is_told_of_an_area_agrees_with_its_crimes(result):
    for kind, entries in (("burglary", result.hardening), ("sac", result.week)):
        kinds = tables.SAC_TYPES if kind == "sac" else (kind,)
        for entry in entries:
            mine = result.located[
                (result.located["area_id"] == entry.area_id)
                & result.located["month"].isin(result.study.current)
                & result.located["crime_type"].isin(kinds)
            ]
            points = mine.groupby(["lon", "lat"]).size().sort_values(ascending=False)
            assert entry.points_share == pytest.approx(points.head(10).sum() / len(mine))
            assert len(mine) == of(result, kind).loc[entry.area_id, "current_count"]
            assert 0 <= entry.months_above <= entry.months == 12
            assert 1 <= entry.rank_low <= entry.rank_high <= 40
            names = mine["location"].astype(str).str.strip()
            for street, n in entry.streets:
                assert n == (names == street).sum() or street.endswith("s")
                assert street not in ("", "On or near")


def with_streets(folder, places):
    """A comparison of Ash, with as many burglaries each month on each of some points (lon, street, n), and Birch."""
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})
    rows = [
        row(month, lon=lon, lat="52.005", street=f"On or near {name}")
        for month in ("2017-01", "2018-01")
        for lon, name, n in places
        for _ in range(n)
    ]
    rows += [row(month, lon="0.015", lat="52.005") for month in ("2017-01", "2018-01") for _ in range(5)]
    return compare_rows(folder, rows, areas)


def test_points_of_a_street_are_one_street_and_several_car_parks_are_told_as_several(tmp_path):
    places = [("0.003", "Parking Area", 9), ("0.004", "Parking Area", 4), ("0.005", "High Street", 5)]
    places += [("0.006", "High Street", 6), ("0.007", "Petrol Station", 3)]
    ash = with_streets(tmp_path, places).hardening[0]
    told = (("2 Parking Areas", 13), ("On or near High Street", 11), ("On or near Petrol Station", 3))
    assert (ash.area_id, ash.streets) == ("A", told)


def test_a_street_with_many_small_points_comes_first_and_list_panel_and_plan_agree_on_it(tmp_path):
    places = [(f"0.00{3000 + n}", f"Big Road {n:02}", 3) for n in range(10)]
    places += [(f"0.00{4000 + n}", "Long Lane", 2) for n in range(6)]
    places += [(f"0.00{5000 + n}", "Nightclub", 1) for n in range(8)]
    found = with_streets(tmp_path, places)
    first = [("On or near Long Lane", 12), ("8 Nightclubs", 8), ("On or near Big Road 00", 3)]
    assert found.hardening[0].streets == tuple(first)
    assert page_of(found).streets["A"]["burglary"][:3] == first
    wanted = PlanWanted(
        budget=1_000, prices=read_prices(None, ""), size=1, protected={}, visited=(), boundaries_file="a",
        theme="burglary", target=["A"],
    )  # fmt: skip
    planned = [(one["street"], one["crimes"]) for one in make_plan(found, wanted).week["streets"]]
    assert planned == first


def test_crimes_at_the_edge_move_the_place_where_they_could_be_next_door(tmp_path):
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1), ("C", "Cedar"): square(2)})
    at_edge, inside = {"lon": "0.009900", "lat": "52.005"}, {"lon": "0.015", "lat": "52.005"}
    rows = [row(month, **inside) for month in ("2017-01", "2018-01") for _ in range(40)]
    rows += [row(month, **at_edge) for month in ("2017-01", "2018-01") for _ in range(60)]
    found = compare_rows(tmp_path, rows, areas)
    ash = next(entry for entry in found.hardening if entry.area_id == "A")
    assert (ash.rank, ash.edge_rank) == (1, 2)
    assert of(found, "burglary").loc["A", "edge_share"] == 1


def test_in_a_district_crimes_just_beyond_its_edge_could_be_next_door_too(tmp_path):
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1), ("C", "Cedar"): square(2)})
    for lon, n in (("0.005", 40), ("0.015", 20), ("0.020100", 60)):
        rows = [row(month, lon=lon, lat="52.005") for month in ("2017-01", "2018-01") for _ in range(n)]
        (tmp_path / f"{lon}.csv").write_text(csv_text(*rows))
    study = make_study({"current": "2018-01", "baseline": "2017-01", "crimes": (str(tmp_path),)})
    reading = read(study.crimes, keep=tables.SAC_TYPES)
    beyond = areas["area_id"] == "C"
    district = compare_areas(study, reading, areas[~beyond], beyond=areas[beyond])
    birch = next(entry for entry in district.hardening if entry.area_id == "B")
    assert (birch.rank, birch.edge_rank) == (2, 1)


def test_a_month_above_the_expected_is_judged_by_season():
    # Twice the crime in the second month is the season, not a rise.
    baseline = np.array([[[10, 20]], [[10, 20]]])
    current = np.array([[[12, 19]], [[9, 25]]])
    counts = np.concatenate([baseline, current], axis=1).astype(float)
    assert list(ranking.months_above(np.array([30.0, 30.0]), counts)) == [1, 1]
    assert list(ranking.months_above(np.array([36.0, 36.0]), counts)) == [0, 1]


def test_draws_follow_the_law():
    rng = np.random.default_rng(1)
    law = law_of(rng.poisson(40, (30, 2)).astype(float), rng.poisson(44, 30).astype(float))
    drawn = law.drawn(np.random.default_rng(SEED), 4_000)
    assert drawn.shape == (4_000, 30)
    assert (law.expected + drawn).mean(axis=0) == pytest.approx(law.present, rel=0.02)
    assert law.expected + np.quantile(drawn, 0.975, axis=0) == pytest.approx(law.quantile(0.975), rel=0.03)
    # One area's luck says nothing of another's.
    assert np.abs(np.corrcoef(drawn.T)[np.triu_indices(30, 1)]).max() < 0.08


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), min_size=1, max_size=30))
def test_whatever_the_counts_shares_add_up_to_the_first_five(pairs):
    counts = np.array(pairs, dtype=float)
    law = law_of(counts[:, :1], counts[:, 1])
    n = len(counts)
    listed = np.arange(n)
    verdicts = readings(law)["verdict"]
    for hardening in (True, False):
        key = Key(hardening, law, np.ones(n), verdicts)
        found = stability_of(key, listed)
        # Ranks of all places are each held by one area.
        assert sorted(key.ranks()) == list(range(1, n + 1))
        assert found.top5.sum() == pytest.approx(min(5, n))
        assert found.top10.sum() == pytest.approx(min(10, n), abs=1e-9) or n > 10
        assert (found.top10 >= found.top5 - 1e-12).all()
        assert ((found.low >= 1) & (found.low <= found.high) & (found.high <= n)).all()


def test_the_page_carries_both_lists_with_reasons_and_stability(result):
    page = page_of(result)
    for entries in (page.hardening, page.week["sac"]):
        assert len(entries) == 10
        for entry in entries:
            assert entry.sure.startswith("Its place is ")
            assert all(reason.endswith(".") for reason in entry.why)
    assert any("Locks do nothing against" in reason for reason in page.hardening[0].why)
    assert any("% of its burglaries lie on points" in reason for reason in page.hardening[0].why)


def test_the_leading_type_is_not_called_most_of_the_crimes_and_is_not_told_where_none_is_above():
    counts = {"sac": (74, 33.2), "burglary": (34, 15.1), "robbery": (8, 4.5), "vehicle-crime": (32, 14.2)}
    rows = {kind: {"current_count": n, "expected": e} for kind, (n, e) in counts.items()}
    entry = entry_of(points_share=float("nan"), months=1)
    assert (
        week_reasons([entry], {"A": rows})[0].why[0]
        == "Burglaries are furthest above: 34, about 15 expected."
    )
    below = {kind: {"current_count": 5, "expected": 5.5} for kind in rows}
    assert week_reasons([entry], {"A": below})[0].why == ()


def test_a_reason_rounds_as_the_list_and_the_panel_do():
    # The panel's script rounds halves up; Python's own formats round them to the even digit.
    counts = {"level": 30.0, "level_per_1000_households": 14.55, "current_count": 40, "expected": 30.0}
    rows = {kind: dict(counts) for kind in tables.CRIME_TYPES}
    entry = entry_of(points_share=0.625, off_street=0.125)
    (said,) = hardening_reasons([entry], {"A": rows})
    assert said.why[0] == "About 30 burglaries likely in a similar period, 15 per 1,000 households."
    assert [reason[:3] for reason in said.why if "% of its" in reason] == ["13%", "63%"]


def test_an_area_without_a_crime_or_a_count_is_not_among_those_with_most():
    rows = pd.DataFrame({"current_count": [3.0, 0.0, float("nan"), 5.0]})
    assert most_crime(rows) == [3, 0]


def test_an_action_is_about_the_type_that_rose_most():
    rows = {
        "burglary": {"current_count": 20, "expected": 18.0},
        "robbery": {"current_count": 9, "expected": 2.0},
        "vehicle-crime": {"current_count": 60, "expected": 61.0},
    }
    assert leading_type(rows) == "robbery"
