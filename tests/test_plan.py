"""A plan frozen before the event, and the judgement after it, end to end on the practice borough."""

import json
import os
import re
from dataclasses import replace
from datetime import date

import click
import numpy as np
import pandas as pd
import pytest
import shapely
from builders import write_xlsx
from command_line import command
from conftest import csv_text, row, square

from sacmap import months, tables
from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.areas.topology import adjoining
from sacmap.choose.effect import tne, wdd, wdq
from sacmap.choose.evaluate import judge
from sacmap.choose.hardening import read_prices
from sacmap.choose.make_plan import PlanWanted, busiest_months, make_plan
from sacmap.choose.outcome_words import fewer, led_astray, not_settled, verdict_of
from sacmap.choose.partnership_files import (
    ACTIONS,
    PROTECTED,
    area_names,
    read_actions,
    read_protected,
    read_visited,
)
from sacmap.choose.plan import digests, plan_of
from sacmap.choose.plan_checks import study_values
from sacmap.choose.plan_words import few, pounds
from sacmap.choose.week import connected, smallest_detectable_fall
from sacmap.comparison import compare_areas
from sacmap.errors import InputError, UsageError
from sacmap.fetch.street import read
from sacmap.files.sheets import table_text
from sacmap.measure.comparator import Comparator
from sacmap.notices import Notice
from sacmap.planning import EvaluateOptions, evaluate_plan
from sacmap.publish.csv_json import json_of
from sacmap.publish.make_view import outcome_html_of, page_of, plan_html_of
from sacmap.publish.note import note_of
from sacmap.publish.note_parts import Given, Paragraph
from sacmap.publish.outcome_view import result_view
from sacmap.publish.plan_view import plan_view
from sacmap.study import make_study
from sacmap.terminal import Pounds

pytestmark = pytest.mark.slow

EARLY = {"current": "2024-04:2025-03", "baseline": "2022-04:2024-03"}
LEFT = {"few-controls": "weights", "no-buffer-control": "buffer_weights"}
AFTER = tuple(f"2025-{month:02d}" for month in range(4, 13))


def compare_in(practice, **values):
    study = make_study({"crimes": (str(practice.crimes),), **values})
    areas = read_areas(practice.boundaries)
    return compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)


def plan_for(result, **more):
    asked = {"budget": 10_000, "size": 3, "protected": {}, "visited": [], "boundaries_file": "b.geojson"}
    return make_plan(result, PlanWanted(prices=read_prices(None), **asked | more))


@pytest.fixture(scope="module")
def result(practice):
    return compare_in(practice, current="2025-04:2026-03", baseline="2022-04:2025-03")


@pytest.fixture(scope="module")
def plan(result):
    return plan_for(result)


@pytest.fixture(scope="module")
def early_plan(practice):
    return plan_for(compare_in(practice, **EARLY))


@pytest.fixture(scope="module")
def after(practice, early_plan):
    values = study_values(early_plan, AFTER, None, [str(practice.crimes)], str(practice.boundaries))
    return compare_in(practice, **{k: v for k, v in values.items() if k != "crimes"})


def test_the_target_adjoins_and_holds_planted_risers(practice, result, plan):
    places = [list(result.areas["area_id"]).index(area) for area in plan.week["target"]]
    assert connected(places, adjoining(result.areas))
    rose = {true["area_id"] for true in json.loads(practice.truth.read_text())["rose"]}
    assert len(rose & set(plan.week["target"])) >= 2
    best, *others = plan.week["alternatives"]
    assert best["target"] == plan.week["target"]
    assert best["excess"] >= others[0]["excess"] >= others[1]["excess"]


def test_target_buffer_and_controls_are_apart(result, plan):
    names = ("target", "buffer", "control", "buffer_control")
    groups = [plan.week[name] for name in names]
    every = [area for group in groups for area in group]
    assert len(every) == len(set(every))
    assert len(plan.week["control"]) == 3
    assert len(plan.week["buffer_control"]) == len(plan.week["buffer"])
    near, ids = adjoining(result.areas), list(result.areas["area_id"])
    beside = {ids[b] for area in plan.week["target"] for b in near[ids.index(area)]}
    assert beside - set(plan.week["target"]) == set(plan.week["buffer"])


def test_the_money_goes_to_the_head_of_the_hardening_list_and_is_not_overspent(result, plan):
    assert [one["area_id"] for one in plan.hardening] == [entry.area_id for entry in result.hardening[:3]]
    assert sum(one["money"] for one in plan.hardening) <= 10_000
    homes = result.areas.set_index("area_id")["households"]
    levels = result.change[result.change["crime_type"] == "burglary"].set_index("area_id")["level"]
    for one in plan.hardening:
        rate = 1_000 * levels[one["area_id"]] * 0.5 / homes[one["area_id"]]
        assert one["prevented"]["high"] == pytest.approx(one["homes"] * rate / 1_000 * 0.37)
        assert one["prevented"]["low"] == 0


def test_the_plan_says_plainly_what_the_money_and_a_week_cannot_do(plan):
    told = {notice["code"]: notice["text"] for notice in plan.warnings}
    assert "£10,000 at £150 a home reaches 66 homes" in told["money"]
    assert "It does more in homes burgled lately" in told["money"]
    assert "once 1.7 burglaries are prevented" in told["money"]
    assert "A single week will almost never show in the counts" in told["smallest-fall"]
    assert str(plan.smallest_detectable_fall) in told["smallest-fall"]
    assert "illustrations" in told["illustration"]


def test_the_smallest_fall_is_that_of_the_levels_and_the_weights_of_the_plan(plan):
    target = np.array([plan.level[area] for area in plan.week["target"]])
    weights = np.array(list(plan.week["weights"].values()))
    others = np.array([plan.level[area] for area in plan.week["weights"]])
    # Before and after, as in the variance of the difference.
    varied = 2 * plan.volatility * ((target**2).sum() + (weights**2 * others**2).sum())
    fall = smallest_detectable_fall(target.sum(), (weights**2 * others).sum(), varied)
    assert plan.smallest_detectable_fall == np.ceil(fall)
    wider = smallest_detectable_fall(target.sum(), (weights**2 * others).sum(), varied * 1.1)
    assert np.ceil(wider) > np.ceil(fall)


def test_counts_before_are_those_of_the_map_and_of_their_months(result, plan):
    rows = result.change[result.change["crime_type"] == "sac"].set_index("area_id")
    assert plan.before == {area: int(n) for area, n in rows["current_count"].items()}
    assert {area: sum(counts) for area, counts in plan.by_month.items()} == plan.before
    assert (plan.data_to, len(plan.before_months)) == ("2026-03", 12)


def test_the_months_named_are_the_dark_ones(plan):
    assert set(plan.week["months"]) <= {"October", "November", "December", "January"}
    assert len(plan.week["months"]) == 3


def test_months_are_not_named_from_part_of_a_year(result):
    part = result.monthly[result.monthly["month"] < "2021-12"]
    assert busiest_months(part, "2026-03") == []


def test_the_months_named_are_of_whole_years_up_to_the_plan_and_each_counts_against_its_own_year():
    # Much crime in 2018, half as much in 2019, when July is missing; what came after the plan, and half of 2017, is not
    # of whole years.
    level = {"2017": 900, "2018": 200, "2019": 100, "2020": 900}
    dark = {"11": 1.3, "12": 1.2, "01": 1.1}
    every = [
        str(month) for month in pd.period_range("2017-07", "2020-09", freq="M") if str(month) != "2019-07"
    ]
    counts = [level[month[:4]] * dark.get(month[5:], 1) for month in every]
    monthly = pd.DataFrame({"area_id": "A", "month": every, "crime_type": "sac", "n": counts})
    assert busiest_months(monthly, "2019-12") == ["November", "December", "January"]


def test_the_second_of_just_two_whole_years_counts_for_the_months_named():
    every = [str(month) for month in pd.period_range("2018-01", "2019-12", freq="M")]
    most = {"2018-05": 300, "2019-02": 900, "2019-03": 800, "2019-04": 700}
    counts = [most.get(month, 100) for month in every]
    monthly = pd.DataFrame({"area_id": "A", "month": every, "crime_type": "sac", "n": counts})
    assert busiest_months(monthly, "2019-12") == ["February", "March", "April"]
    assert busiest_months(monthly, "2018-12")[0] == "May"


def test_a_plan_comes_back_from_its_file_as_it_went_in(plan):
    text = json_of(plan.record("0")).decode()
    assert json_of(plan_of(text, "p").record("0")).decode() == text
    assert list(json.loads(text))[:7] == [
        "sacmap", "study", "data_to", "hardening", "week", "before", "smallest_detectable_fall",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"week": 1}', "null"])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(InputError, match="plan"):
        plan_of(text, "x.json")


def test_the_page_of_a_plan_given_for_its_record_is_told_with_the_name_of_the_record(tmp_path):
    with pytest.raises(InputError, match=r"town\.html is a page") as told:
        evaluate_plan(tmp_path / "town.html", tmp_path / "r.json", EvaluateOptions(after=AFTER))
    assert told.value.remedy == f"Give {tmp_path / 'town.json'}."


@pytest.mark.parametrize(
    "key", ["force", "title", "extract", "id_column", "layer", "crs", "group_column", "within"]
)
def test_a_plan_whose_study_is_something_else_is_refused(plan, key):
    record = plan.record("0")
    record["study"] = record["study"] | {key: 1}
    with pytest.raises(InputError, match=f"not a plan: {key} is"):
        plan_of(json_of(record).decode(), "x.json")


@pytest.mark.parametrize(
    "action", [["2025-05-01"], ["next week", "the week after"], ["2025-05-01", "2025-05-40"]]
)
def test_a_plan_whose_action_has_not_two_days_is_refused(plan, action):
    record = plan.record("0")
    record["week"] = record["week"] | {"action": action}
    with pytest.raises(InputError, match="action"):
        plan_of(json_of(record).decode(), "x.json")


def test_visits_and_homes_protected_are_taken_into_account(result, plan):
    first = plan.hardening[0]["area_id"]
    target = plan.week["target"][0]
    visited = read_visited(
        f"area_id,from,to,action\n{target},2024-06-03,2024-06-09,gates\n", "v.csv", [target]
    )
    again = plan_for(result, protected={first: 10**6}, visited=visited)
    (told,) = [notice["code"] for notice in again.warnings if "protected" in notice["code"]]
    assert told == "too-many-protected"
    assert first not in {one["area_id"] for one in again.hardening}
    assert sum(one["homes"] for one in again.hardening) == 66
    assert again.week["visited"][0]["action"] == "gates"
    told = [notice["text"] for notice in again.warnings if notice["code"] == "visited-before"]
    assert f"({target}). Consider what that left behind." in told[0]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("since", "until", "what"),
    [
        ("Start date", "End date", "Activity"),
        ("Date from", "Date to", "Action"),
        ("Start", "End", "Type of visit"),
    ],
)
def test_the_columns_of_lists_are_known_as_partnerships_call_them(since, until, what):
    text = f"Ward,{since},{until},{what}\nW1,2024-06-03,2024-06-09,gates\n"
    assert read_visited(text, "v.csv", {"W1"}) == [
        {"area_id": "W1", "since": "2024-06-03", "until": "2024-06-09", "action": "gates"}
    ]
    for homes in ("Number of homes", "No. of properties", "Properties protected"):
        assert read_protected(f"Ward,{homes}\nW1,3\n", "p.csv", {"W1"}) == {"W1": 3}
        log = read_actions(f"Date of visit,Ward,{what},{homes}\n2024-06-03,W1,locks,3\n", "l.csv", {"W1"})
        assert [(one.date, one.action, one.homes) for one in log] == [("2024-06-03", "locks", 3)]
    with pytest.raises(
        InputError, match=r"no column 'homes' \(it has Ward, Homes visited, Homes protected\)"
    ):
        read_protected("Ward,Homes visited,Homes protected\nW1,9,3\n", "p.csv", {"W1"})


def test_of_the_sheets_of_a_workbook_that_with_the_columns_own_names_is_the_list(tmp_path):
    content = {"Census": [["Ward", "Dwellings"], ["A", 900]], "Done": [["Ward", "Homes"], ["A", 12]]}
    write_xlsx(tmp_path / "p.xlsx", content)
    assert read_protected(table_text(str(tmp_path / "p.xlsx"), PROTECTED), "p.xlsx", {"A"}) == {"A": 12}


def test_a_list_with_a_line_for_each_home_is_told_to_count_them():
    with pytest.raises(InputError, match="no column 'homes'") as told:
        read_protected("UPRN,Ward,Postcode\n100,W1,NN1 1AA\n", "p.csv", {"W1"})
    assert "count the lines of each area" in told.value.remedy


def test_a_last_line_with_the_total_of_the_homes_protected_is_passed_over():
    areas = {"W1": "W1", "castle": "W2", "total": "W3"}
    for name in ("Total", "GRAND TOTAL:"):
        text = f'name,homes\nW1,12\nCastle,"1,200"\n{name},1212\n'
        assert read_protected(text, "p.csv", {"W1": "W1", "castle": "W2"}) == {"W1": 12, "W2": 1200}
        with pytest.raises(InputError, match=r"line 4: .* is not one of the areas"):
            read_protected(text.replace("1212", "1213"), "p.csv", {"W1": "W1", "castle": "W2"})
    # An area may be called so.
    assert read_protected("name,homes\nW1,12\nTotal,12\n", "p.csv", areas) == {"W1": 12, "W3": 12}


def test_what_is_given_in_place_of_a_plan_is_told_with_what_to_give(tmp_path):
    (tmp_path / "study.toml").write_text('title = "Here"')
    done = command("evaluate", "study.toml", "--after", "2020-01", cwd=tmp_path)
    assert "study.toml is not a plan, for it is not JSON" in done.stderr
    assert "Give the JSON file that `sacmap plan` wrote; without one, run that first." in done.stderr


def test_an_area_whose_homes_are_all_protected_leaves_its_money_to_the_next_one_and_is_told(result, plan):
    homes = result.areas.set_index("area_id")["households"]
    first, second, third = (one["area_id"] for one in plan.hardening)
    again = plan_for(result, protected={second: int(homes[second])})
    got = [one["area_id"] for one in again.hardening]
    assert (got[:2], len(got), min(one["homes"] for one in again.hardening) > 0) == ([first, third], 3, True)
    (said,) = [notice["text"] for notice in again.warnings if notice["code"] == "all-protected"]
    name = result.areas.set_index("area_id").loc[second, "name"]
    assert said == f"All homes are protected already in {name}: the money goes to the next areas of the list."
    none = plan_for(result, protected={area: int(n) for area, n in homes.items()})
    assert (none.hardening, none.budget["spent"], none.budget["prevented"]) == ([], 0, None)


def test_what_the_measures_would_do_is_reckoned_at_the_rate_of_the_homes_reached(result):
    budget = plan_for(result).budget
    bought = next(one for one in budget["reaches"] if one["price"] == budget["price"])
    homes = budget["spent"] / budget["price"]
    for name in ("mid", "high"):
        assert bought["spread"][name] / bought["homes"] == pytest.approx(budget["prevented"][name] / homes)


def test_four_times_the_risk_is_said_of_the_homes_reached_not_of_those_the_money_could_buy(result):
    first = plan_for(result).hardening[0]["area_id"]
    homes = {
        area: int(n) for area, n in zip(result.areas["area_id"], result.areas["households"], strict=True)
    }
    few_left = {**homes, first: homes[first] - 4}
    again = plan_for(result, protected=few_left)
    assert [one["homes"] for one in again.hardening] == [4]
    told = {notice["code"]: notice["text"] for notice in again.warnings}["money"]
    high = 4 * again.budget["prevented"]["high"]
    assert "reaches 4 homes" in told
    assert f"the same number of homes gives up to {few(high)}." in told


def test_a_plan_of_one_area_and_one_home_speaks_of_one(result):
    least = result.change.query("crime_type == 'sac'").sort_values("excess")["area_id"].iloc[0]
    told = plan_for(result, budget=150, size=1, target=(least,)).warnings
    said = " ".join(notice["text"] for notice in told)
    assert "£150 at £150 a home reaches 1 home." in said
    assert "The area of the week of action had " in said
    assert "The area of the week of action is your own choice. It has more excess" in said
    assert "the chosen area is less than one crime above" in said
    assert "The chosen area has not risen clearly" in said


def test_money_that_reaches_no_home_is_said_to_and_no_more(result):
    told = {notice["code"]: notice["text"] for notice in plan_for(result, budget=100).warnings}
    assert told["money"] == "£100 at £150 a home reaches 0 homes."


def test_pounds_are_written_with_pence_where_there_are_some():
    assert [pounds(10_000), pounds(137.5), pounds(0.3)] == ["£10,000", "£137.50", "£0.30"]


def test_a_control_that_was_visited_before_is_told(result, plan):
    control = plan.week["control"][0]
    visited = read_visited(f"area_id,from,to,action\n{control},2024,2024,patrols\n", "v.csv", [control])
    told = {notice["code"]: notice["text"] for notice in plan_for(result, visited=visited).warnings}
    assert told["visited-before"].startswith("Visited before, among the controls: ")
    assert f"({control})." in told["visited-before"]


def test_all_burglaries_of_an_extract_are_of_homes(result):
    exact = replace(result, study=replace(result.study, extract={"columns": {}}))
    assert plan_for(exact).budget["home_share"] == 1
    half, whole = (plan_for(one).hardening[0]["prevented"]["high"] for one in (result, exact))
    assert whole == pytest.approx(2 * half)


def test_more_areas_than_adjoin_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    kinds = ("Burglary", "Robbery", "Vehicle crime")
    rows = [row(m, kind, "0.005", "52.005") for m in ("2017-01", "2018-01") for kind in kinds]
    path.write_text(csv_text(*rows * 3))
    study = make_study({"current": "2018-01", "baseline": "2017-01", "crimes": (str(path),)})
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})
    found = compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)
    with pytest.raises(UsageError, match="no 3 areas that adjoin"):
        plan_for(found)
    pair = plan_for(found, size=2)
    # All areas by choice leave no other set to come before.
    assert plan_for(found, size=2, target=("A", "B")).week["alternatives"][0]["best_share"] == 1
    assert (pair.week["target"], pair.week["control"]) == (["A", "B"], [])
    assert {"few-controls", "no-households", "part-of-a-year", "nothing-to-answer"} <= {
        n["code"] for n in pair.warnings
    }
    assert pair.hardening[0]["prevented"] is None
    # Where no area gets money, nothing is said of the households of those that do.
    assert "no-households" not in {n["code"] for n in plan_for(found, size=2, budget=100).warnings}
    told = {notice["code"]: notice["text"] for notice in pair.warnings}
    assert told["part-of-a-year"].startswith("Burglaries a year are worked out from one month, ")
    # What is shown is the plain gap; what the chosen areas are above the expected allows for chance.
    assert told["nothing-to-answer"].startswith("Allowing for chance, ")


def test_a_plan_for_all_three_types_where_one_is_missing_names_the_theme_that_can_be_planned(tmp_path):
    path = tmp_path / "a.csv"
    rows = [row(m, "Burglary", lon, "52.005") for m in ("2017-01", "2018-01") for lon in ("0.005", "0.015")]
    path.write_text(csv_text(*rows * 9))
    study = make_study({"current": "2018-01", "baseline": "2017-01", "crimes": (str(path),)})
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})
    found = compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)
    with pytest.raises(UsageError, match="Nothing is known of serious acquisitive crime") as refused:
        plan_for(found, size=1)
    assert refused.value.remedy == "Plan for another crime type: --theme burglary."
    assert plan_for(found, size=1, theme="burglary").week["target"]


@pytest.fixture
def squares(tmp_path):
    """A function that compares so many squares side by side, whose crimes fall after January 2018; and their file."""
    path = tmp_path / "a.csv"

    def compared(count, values=None):
        rows = [
            row(month, kind, f"{n * 0.01 + 0.005:.3f}", "52.005")
            for month, each in {"2017-01": 20, "2017-02": 20, "2018-01": 20, "2018-02": 12}.items()
            for kind in ("Burglary", "Robbery", "Vehicle crime")
            for n in range(count)
            for _ in range(each)
        ]
        path.write_text(csv_text(*rows))
        study = make_study(values or {"current": "2018-01", "baseline": "2017-01", "crimes": (str(path),)})
        areas = areas_from_rings({("ABCD"[n], f"Area {n}"): square(n) for n in range(count)})
        return compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)

    return compared, path


def test_where_no_other_set_of_areas_was_tested_the_target_has_no_place_among_them(squares):
    compared, path = squares
    plan = plan_for(compared(3), size=1, target=("A",))
    outcome = judge(plan, compared(3, study_values(plan, ("2018-02",), None, [str(path)], "b.geojson")))
    assert outcome.net is not None
    assert (outcome.placebos, outcome.placebo_rank) == (0, None)


@pytest.mark.parametrize("afterwards", [0, 9, 60])
def test_of_too_few_crimes_a_plan_says_that_no_fall_would_show_and_its_result_that_nothing_can_be_told(
    tmp_path, afterwards
):
    path = tmp_path / "a.csv"
    every = ("2017-01", "2017-02", "2018-01", "2018-02")
    rows = [row(month, "Robbery", "", "") for month in every] * 60
    rows += [row(month, "Burglary", f"0.0{n}5", "52.005") for month in every for n in range(4)] * 60
    rows += [row("2018-01", "Robbery", "0.005", "52.005")]
    rows += [row("2018-02", "Robbery", "0.005", "52.005")] * afterwards
    path.write_text(csv_text(*rows))
    areas = areas_from_rings({("ABCD"[n], f"Area {n}"): square(n) for n in range(4)})

    def compared(values):
        study = make_study(values)
        return compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)

    found = compared({"current": "2018-01", "baseline": "2017-01", "crimes": (str(path),)})
    plan = plan_for(found, size=1, target=("A",), theme="robbery", budget=1)
    told = {notice["code"]: notice["text"] for notice in plan.warnings}["smallest-fall"]
    assert "Even if all were prevented, the fall would hardly show" in told
    after = compared(study_values(plan, ("2018-02",), None, [str(path)], "b.geojson"))
    outcome = judge(plan, after)
    page = outcome_html_of(after, plan, outcome)
    few = afterwards < 10
    assert (outcome.verdict == "too few to tell") == few
    assert ("fewer came: too few to tell." in outcome.reading) == few
    assert ("fewer came: too few to tell." in page) == few
    # No set of areas without a crime is counted as one with a fall.
    assert ("The same test on" in outcome.reading) is False
    assert ("95% interval" in outcome.reading) != few
    shown = result_view(plan, outcome, page_of(after)).sections[-1].tables[0].rows
    assert not any(few == bool(interval) for what, _, interval in shown if what.startswith("Target"))


def test_where_no_area_is_left_to_compare_with_no_fall_is_read(squares):
    # Both areas are treated, and their crimes fell from 120 to 72: without a control, that is no finding.
    compared, path = squares
    pair = plan_for(compared(2), size=2)
    assert pair.week["weights"] == {}
    told = {notice["code"]: notice["text"] for notice in pair.warnings}
    assert "no fall can be told from one that happened everywhere" in told["smallest-fall"]
    assert "none is left to compare with" in told["few-controls"]
    outcome = judge(pair, compared(2, study_values(pair, ("2018-02",), None, [str(path)], "b.geojson")))
    assert outcome.verdict == "nothing to compare with"
    differences = (outcome.net, outcome.wdd, outcome.wdd_settled, outcome.displacement, outcome.nearest)
    assert {*differences, outcome.placebo_rank} == {None}
    assert "72 crimes after, 120 before" in outcome.reading
    assert "fall" not in outcome.reading.replace("No rise or fall can be told", "")
    record = outcome.record("1", "p.json", compared(2))
    assert record["wdd"] is None


def test_a_plan_says_how_many_areas_are_left_to_compare_with(result, monkeypatch):
    # So large a set is searched for anew in each draw, and how often it is the best is not asked here.
    monkeypatch.setattr("sacmap.choose.draws.DRAWS", 20)
    # The target and what adjoins it leave fewer areas than either has, but some: those it will be compared with.
    wide = plan_for(result, size=10)
    told = {notice["code"]: notice["text"] for notice in wide.warnings}
    left = {code: len(wide.week[name]) for code, name in LEFT.items()}
    for code in LEFT.keys() & told.keys():
        count = (
            "No area is"
            if not left[code]
            else f"Only {left[code]} area{'s are' if left[code] > 1 else ' is'}"
        )
        assert told[code].startswith(count), told[code]
    assert LEFT.keys() & told.keys()


@pytest.mark.parametrize(
    ("own", "so"),
    [(False, "do not rely on the choice of areas"), (True, "do not rely on the rise of your own choice")],
)
def test_a_plan_by_a_comparator_that_is_no_guide_says_so_in_place_of_how_its_areas_rose(result, own, so):
    unfit = replace(
        result, warnings=[Notice("unfit-comparator", "The areas have 95% of the force's crimes.")]
    )
    target = [result.areas["area_id"].iloc[0]] if own else []
    plan = plan_for(unfit, target=target)
    told = plan.told
    assert so in told["no-guide"]
    # No type of crime is called the worst there by what is no guide: the one with most crimes leads.
    there = result.change[
        result.change["area_id"].isin(plan.week["target"]) & (result.change["crime_type"] != "sac")
    ]
    assert plan.week["about"] == there.groupby("crime_type")["current_count"].sum().idxmax()
    note = note_of(Given(study=result.study, place="Here", result=unfit, plan=plan))
    planned = next(one for one in note.sections if one.title == "What we will do")
    said = " ".join(part.text for part in planned.parts if isinstance(part, Paragraph))
    assert so in said
    assert ", of which there is most." in said
    assert not {"nothing-to-answer", "own-choice", "no-clear-rise", "clear-rise-elsewhere"} & set(told)


def test_the_outcome_is_of_the_plan_s_areas_and_their_counts(early_plan, after):
    outcome = judge(early_plan, after)
    rows = after.change[after.change["crime_type"] == "sac"].set_index("area_id")

    def pair(name):
        mine = rows.loc[early_plan.week[name]]
        return mine["baseline_count"].sum(), mine["current_count"].sum()

    groups = [pair(name) for name in ("target", "control", "buffer", "buffer_control")]
    assert outcome.wdd.estimate == wdd(*groups).estimate
    assert outcome.wdd.variance > wdd(*groups).variance
    assert outcome.wdq == pytest.approx(wdq(*groups[:3]))
    assert outcome.tne == pytest.approx(tne(*groups[:3]))
    assert 1 <= outcome.placebo_rank <= outcome.placebos + 1
    assert "The counts cannot show that the action was the cause." in outcome.reading


def test_chance_the_target_was_chosen_for_is_not_counted_as_prevented(early_plan, after):
    outcome = judge(early_plan, after)
    target, beside = outcome.groups["target"], outcome.weighted_control
    assert target.settled.sum() < target.before.sum()
    # Nine of the twelve months the target was chosen by are compared: so much of the level is to be expected in them.
    share = sum(sum(counts[:9]) for counts in early_plan.by_month.values())
    share /= sum(sum(counts) for counts in early_plan.by_month.values())
    expected = sum(early_plan.level[area] for area in target.area_ids) * share
    assert target.settled.sum() == pytest.approx(expected)
    assert beside.weights @ beside.settled == pytest.approx(expected, rel=1e-4)
    step = (target.after - target.settled).sum() - beside.weights @ (beside.after - beside.settled)
    assert outcome.net.estimate == pytest.approx(step)
    both = outcome.net.estimate + outcome.displacement.estimate
    assert outcome.wdd_settled.estimate == pytest.approx(both)
    assert "These are not counted as prevented" in outcome.reading
    # The step of the buffer is not that of its counts before and after, so the sentence says what it is.
    moved = fewer(outcome.displacement.estimate)
    assert f"In the buffer around the target, compared in the same way, it is {moved} (" in outcome.reading


@pytest.mark.parametrize(
    ("years", "said"),
    [(1, None), (2, "The plan is based on none of the months before. Their counts are as recorded")],
)
def test_a_reading_and_its_page_say_when_counts_before_are_not_settled(practice, early_plan, years, said):
    before = months.periods_before(AFTER, years)[0]
    values = study_values(early_plan, AFTER, before, [str(practice.crimes)], str(practice.boundaries))
    result = compare_in(practice, **{k: v for k, v in values.items() if k != "crimes"})
    outcome = judge(early_plan, result)
    page = result_view(early_plan, outcome, page_of(result))
    came = " ".join(next(one for one in page.sections if one.key == "came").said)
    assert all(
        ("high or low by chance is still in this difference" in text) == bool(said)
        for text in (outcome.reading, came)
    )
    if said:
        assert said in outcome.reading
        assert said in came
        target = outcome.groups["target"]
        assert (target.settled == target.before).all()


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), []),
        (("2019-04",), ["is based on 12 of the 13 months before. The other's count is as recorded"]),
        (
            ("2019-04", "2019-05"),
            ["is based on 12 of the 14 months before. The others' counts are as recorded"],
        ),
    ],
)
def test_the_months_before_that_a_plan_is_not_based_on_are_counted(early_plan, others, said):
    told = not_settled(early_plan, [*early_plan.before_months, *others])
    assert [words in line for words, line in zip(said, told, strict=True)] == [True] * len(said)


@pytest.mark.parametrize("code", ["unfit-comparator", "unlike-comparator"])
def test_the_result_of_a_plan_by_a_comparator_that_leads_astray_says_that_the_settled_counts_follow_it(
    early_plan, after, code
):
    usual = judge(early_plan, after)
    plan = replace(early_plan, warnings=[*early_plan.warnings, {"code": code, "text": "It is."}])
    outcome = judge(plan, after)
    shown = result_view(plan, outcome, page_of(after))
    section = next(one for one in shown.sections if one.key == "came")
    # Neither the headline nor the heading says of the difference what the text below says not to rely on.
    assert shown.headline.first.startswith("Nothing can be said of crime in ")
    assert "leads astray" in shown.headline.second
    assert section.heading == "What came of it: no difference to rely on"
    assert outcome.verdict == "not known"
    assert outcome.reading.startswith("Nothing can be said of what came of the plan. Target areas: ")
    assert "): no difference to rely on. What the plan" in outcome.reading
    assert ("Place among untreated areas, 1 the largest fall", "–", "") in shown.sections[-1].tables[0].rows
    moved = next(one for one in shown.sections if one.key == "moved")
    for text in (outcome.reading, moved.said[0]):
        assert "no difference to rely on either." in text
        assert not any(words in text for words in (" rise", " fall,", "moved there", "The same test on"))
    for text in (outcome.reading, " ".join(section.said)):
        assert text.count("do not rely on this difference") == 1
    assert "Without any action" in usual.reading
    assert "Without any action" not in outcome.reading
    assert "do not rely" not in usual.reading
    # Where no count is settled, none follows it.
    assert led_astray(plan, ("2020-01",)) == []


def test_a_plan_is_led_astray_by_the_comparator_of_its_own_crime_type_alone(result):
    same = np.full(len(result.periods_compared), 1_000.0)
    sums = dict.fromkeys(tables.CRIME_TYPES, same) | {"robbery": np.array([*same[1:], 100.0])}
    astray = replace(
        result,
        comparator=Comparator("file", "the comparison areas", sums),
        warnings=[Notice("unlike-comparator", "Robbery changed unlike it.")],
    )
    plans = {theme: plan_for(astray, theme=theme) for theme in ("robbery", "burglary", "sac")}
    assert [bool(led_astray(plan, plan.before_months)) for plan in plans.values()] == [True, False, False]
    assert "Of robbery, for every 100 before there are 10 in" in plans["robbery"].told["unfit-comparator"]


def test_the_page_of_a_plan_by_a_comparator_that_is_no_guide_to_its_crime_type_says_so_as_the_plan_does(
    result,
):
    """The map's other crime types may have been followed well, or the map may tell of another first."""
    same = np.full(len(result.periods_compared), 1_000.0)
    sums = dict.fromkeys(tables.CRIME_TYPES, same) | {"robbery": np.array([*same[1:], 100.0])}
    told = [Notice("unlike-comparator", "Burglary changed unlike it.")]
    astray = replace(result, comparator=Comparator("file", "the comparison areas", sums), warnings=told)
    plan = plan_for(astray, theme="robbery")
    page = plan_html_of(astray, plan)
    for text in (plan.told["no-guide"], page):
        assert "What the areas are compared with is no good guide: do not rely on the " in text
    assert "Of robbery, for every 100 before there are 10 in the comparison areas now" in page
    assert ": no reading to rely on." in page
    # A plan for burglary has its own comparator, and its page tells what the map tells.
    other = plan_for(astray, theme="burglary")
    assert "no-guide" not in other.told
    assert "Burglary changed unlike it." in plan_html_of(astray, other)


def test_where_an_extract_has_no_theft_of_vehicles_plan_result_and_note_count_thefts_from_vehicles(
    practice, after
):
    lacking = ("theft-of-vehicle",)
    wanted = {"theme": "vehicle-crime", "size": 1}
    early = replace(compare_in(practice, **EARLY), lacking=lacking)
    early = replace(early, study=replace(early.study, extract={"columns": {}}))
    plan = plan_for(early, **wanted)
    outcome = judge(plan, replace(after, lacking=lacking))
    note = note_of(Given(study=early.study, place="Here", result=early, plan=plan))
    planned = next(one for one in note.sections if one.title == "What we will do")
    told = " ".join(part.text for part in planned.parts if isinstance(part, Paragraph))
    assert "should be about theft from vehicles. Past seasons had most theft from vehicles in " in told
    fall = next(one["text"] for one in plan.warnings if one["code"] == "smallest-fall")
    for text in (fall, outcome.reading, told):
        assert "thefts from vehicles" in text
        assert "vehicle crimes" not in text
    assert "vehicle crimes" in judge(plan_for(replace(early, lacking=()), **wanted), after).reading


def test_months_before_of_which_some_are_the_plans_are_told_by_their_number(early_plan):
    before = ("2024-03", *early_plan.before_months[:2])
    assert not_settled(early_plan, before)[0].startswith("The plan is based on 2 of the 3 months before.")
    assert not_settled(early_plan, before[1:]) == []


def test_the_control_is_of_all_untreated_areas_with_no_weight_below_zero(result, plan):
    near, ids = adjoining(result.areas), list(result.areas["area_id"])
    target = set(plan.week["target"])
    funded = {one["area_id"] for one in plan.hardening if one["homes"]}
    apart = target | {ids[b] for area in target for b in near[ids.index(area)]} | funded
    assert set(plan.week["weights"]) <= set(ids) - apart
    assert len(plan.week["weights"]) > 15
    assert min(plan.week["weights"].values()) > 0
    for side, weights in (("target", "weights"), ("buffer", "buffer_weights")):
        level = sum(plan.level[area] for area in plan.week[side])
        weighted = sum(plan.level[area] * w for area, w in plan.week[weights].items())
        assert weighted == pytest.approx(level, rel=1e-4)


def test_an_area_that_gets_money_is_no_control(result):
    spread = plan_for(result, size=5)
    funded = {one["area_id"] for one in spread.hardening if one["homes"]}
    for side in ("control", "buffer_control", "weights", "buffer_weights"):
        assert not funded & set(spread.week[side])


def test_a_plan_can_answer_one_crime_type(result):
    themed = plan_for(result, theme="burglary")
    rows = result.change[result.change["crime_type"] == "burglary"].set_index("area_id")
    assert themed.theme == themed.week["about"] == "burglary"
    assert themed.before == {area: int(n) for area, n in rows["current_count"].items()}
    best = themed.week["alternatives"][0]
    assert best["excess"] == pytest.approx(rows.loc[themed.week["target"], "excess"].astype(float).sum())
    with pytest.raises(UsageError, match="'arson' is not a crime type"):
        plan_for(result, theme="arson")


def test_a_clear_rise_that_is_not_chosen_for_the_week_of_action_is_named_with_the_reason(result, plan):
    told = {notice["code"]: notice["text"] for notice in plan.warnings}["clear-rise-elsewhere"]
    assert told.startswith(
        "Risen clearly but not chosen: Pilot's Rest. The areas chosen adjoin and together have the"
    )
    two = result.areas.assign(name=result.areas["name"].replace("Keel", "Pilot's Rest"))
    told = {notice["code"]: notice["text"] for notice in plan_for(replace(result, areas=two)).warnings}
    assert re.match(r"Risen clearly but not chosen: Pilot's Rest \(\w+\)\.", told["clear-rise-elsewhere"])
    mine = plan_for(result, target=plan.week["target"]).warnings
    assert "clear-rise-elsewhere" not in {notice["code"] for notice in mine}


def test_a_plan_of_one_crime_type_is_judged_by_it(practice):
    themed = plan_for(compare_in(practice, **EARLY), theme="vehicle-crime")
    values = study_values(themed, AFTER, None, [str(practice.crimes)], str(practice.boundaries))
    found = compare_in(practice, **{k: v for k, v in values.items() if k != "crimes"})
    rows = found.change[found.change["crime_type"] == "vehicle-crime"].set_index("area_id")
    outcome = judge(themed, found)
    target = outcome.groups["target"]
    assert list(target.after) == list(rows.loc[list(target.area_ids), "current_count"])
    # What is counted is called by its name.
    assert f" {int(target.after.sum()):,} vehicle crimes after" in outcome.reading
    assert "vehicle crimes were to be expected there" in outcome.reading
    told = {notice["code"]: notice["text"] for notice in themed.warnings}
    assert (
        f"had {sum(themed.before[area] for area in target.area_ids):,} vehicle crimes"
        in told["smallest-fall"]
    )


def test_f79_months_before_the_first_action_are_not_after_it(early_plan, after):
    log = read_actions("date,area_id,action,homes\n2025-06-20,P001,locks,2\n", "log.csv")
    with pytest.raises(UsageError, match="June 2025") as refused:
        judge(early_plan, after, log)
    assert "--after 2025-06:2025-12" in refused.value.remedy
    late = read_actions("date,area_id,action,homes\n2026-02-02,P001,locks,2\n", "log.csv")
    with pytest.raises(UsageError) as refused:
        judge(early_plan, after, late)
    assert "--after 2026-02:2026-10" in refused.value.remedy
    on_time = read_actions("date,area_id,action,homes\n2025-04-30,P001,locks,2\n", "log.csv")
    assert judge(early_plan, after, on_time).actions == tuple(on_time)


def test_actions_that_the_counts_cannot_show_or_that_lie_in_the_control_or_not_in_the_target_are_told(
    early_plan, after
):
    target, other = (
        early_plan.week["target"][0],
        max(early_plan.week["weights"].items(), key=lambda w: w[1])[0],
    )
    lines = [f"2025-04-30,{target},locks,2", f"2026-01-01,{target},gates,", f"2025-12-31,{other},lights,"]
    log = read_actions("\n".join(["date,area_id,action,homes", *lines]), "log.csv")
    said = {notice.code: notice.text for notice in judge(early_plan, after, log).warnings}
    assert "end in December 2025" in said["later-actions"]
    assert "1 January 2026" in said["later-actions"]
    assert "31 December" not in said["later-actions"]
    assert f"({other})" in said["control-actions"]
    assert f"({target})" not in said["control-actions"]
    assert "no-target-action" not in said
    elsewhere = judge(early_plan, after, [replace(log[0], area_id=other)]).warnings
    assert (
        "No action in the log is in the target, " in {n.code: n.text for n in elsewhere}["no-target-action"]
    )
    said = {notice.code for notice in judge(early_plan, after, log[:1]).warnings}
    assert not said & {"earlier-actions", "later-actions", "control-actions"}


@pytest.mark.parametrize(
    ("period", "day", "told"),
    [(("2025-04",), "30", "so 29 of the 30 days after lie before it"), (AFTER, "20", None)],
)
def test_days_after_that_lie_before_the_first_action_are_told_where_they_are_many(
    practice, early_plan, period, day, told
):
    values = study_values(early_plan, period, None, [str(practice.crimes)], str(practice.boundaries))
    after = compare_in(practice, **{k: v for k, v in values.items() if k != "crimes"})
    first = f"2025-04-{day}"
    log = read_actions(
        f"date,area_id,action,homes\n{first},{early_plan.week['target'][0]},locks,2\n", "log.csv"
    )
    planned = replace(early_plan, week=early_plan.week | {"action": [first, "2025-05-02"]})
    for outcome in (judge(early_plan, after, log), judge(planned, after)):
        said = {notice.code: notice.text for notice in outcome.warnings}.get("late-action")
        assert (said is None) if told is None else told in said
    assert told is None or told in outcome_html_of(after, planned, judge(planned, after))


def test_money_for_more_homes_than_the_areas_have_is_told_to_be_left_over(result):
    plan = plan_for(result, budget=10_000_000)
    few, spent = plan.told["money"], plan.budget["spent"]
    assert f"so {pounds(10_000_000 - spent)} is left over: more can get money (--money-areas)." in few
    assert f"What is spent pays for itself once {spent / 5_930:.0f} burglaries are prevented" in few.replace(
        ",", ""
    )
    assert "left over" not in {n["code"]: n["text"] for n in plan_for(result).warnings}["money"]
    assert plan.budget["break_even"] == pytest.approx(spent / 5_930)
    assert all(one["homes"] * one["price"] == pytest.approx(spent) for one in plan.budget["reaches"])
    page = plan_html_of(result, plan)
    assert f"{pounds(spent)} of £10,000,000 reaches" in page
    assert f"{spent / 5_930:,.0f} pay for the {pounds(spent)}" in page


def test_where_no_home_is_left_to_protect_the_whole_budget_buys_nothing_and_could_buy_what_it_did(result):
    homes = result.areas.set_index("area_id")["households"].astype(int)
    plan = plan_for(result, protected=homes.to_dict())
    assert plan.budget["spent"] == 0
    assert plan.budget["break_even"] == plan_for(result).budget["break_even"]
    assert plan.budget["reaches"][0]["homes"] > 0
    assert plan_view(plan, page_of(result)).headline.first == "£10,000 reaches 0 homes."


def test_an_action_before_the_months_before_end_is_told_because_both_counts_hold_what_it_did(
    early_plan, after
):
    target = early_plan.week["target"][0]
    lines = ["date,area_id,action,homes", f"2024-12-31,{target},locks,2", f"2025-01-01,{target},gates,"]
    outcome = judge(early_plan, after, read_actions("\n".join(lines), "log.csv"))
    said = next(notice.text for notice in outcome.warnings if notice.code == "earlier-actions")
    assert "end in December 2024" in said
    assert "31 December 2024. Both" in said
    assert "1 January" not in said


def test_f79_homes_protected_where_no_households_are_known_are_told(result):
    import pandas as pd

    areas = result.areas.assign(households=pd.array([pd.NA] * len(result.areas), dtype="Float64"))
    bare = replace(result, areas=areas)
    assert "protected-unused" in {n["code"] for n in plan_for(bare, protected={"P001": 5}).warnings}
    assert "protected-unused" not in {n["code"] for n in plan_for(bare).warnings}


@pytest.mark.parametrize(
    ("after_counts", "verdict"),
    [((20, 100), "clear fall"), ((100, 100), "no change beyond chance"), ((180, 100), "clear rise")],
)  # fmt: skip
def test_a_verdict_is_read_off_the_interval(after_counts, verdict):
    assert verdict_of(wdd((100, after_counts[0]), (100, after_counts[1]))) == verdict


def test_a_fall_between_the_two_is_possible():
    assert verdict_of(wdd((100, 67), (100, 100))) == "possible fall"


def test_other_boundaries_are_refused_with_the_difference(early_plan, after, practice):
    areas = after.areas.copy()
    areas.loc[3, "geometry"] = areas.geometry[3].buffer(0.001)
    with pytest.raises(InputError, match="P004 has another shape"):
        judge(early_plan, replace(after, areas=areas))
    renamed = after.areas.replace({"area_id": {"P004": "X"}})
    with pytest.raises(InputError, match="P004 is gone; X is new"):
        judge(early_plan, replace(after, areas=renamed))


@pytest.mark.parametrize(
    "parts", [shapely.Polygon, lambda ring: shapely.MultiPolygon([shapely.Polygon(ring)])]
)
def test_the_same_boundary_drawn_from_another_corner_or_saved_as_geopackage_is_the_same(
    early_plan, after, parts
):
    def turned(polygon):
        ring = list(polygon.exterior.coords)[:-1]
        return parts(ring[5:] + ring[:5]).reverse()

    areas = after.areas.set_geometry([turned(polygon) for polygon in after.areas.geometry], crs=tables.WGS84)
    assert judge(early_plan, replace(after, areas=areas)).wdd == judge(early_plan, after).wdd
    # A plan made from a GeoPackage, and judged with polygons.
    theirs = replace(early_plan, boundaries=digests(after.areas, in_parts=True))
    assert theirs.boundaries.keys() == early_plan.boundaries.keys()
    assert not set(theirs.boundaries.values()) & set(early_plan.boundaries.values())
    assert judge(theirs, after).wdd == judge(early_plan, after).wdd


def test_other_crimes_are_refused_with_the_difference(early_plan, after):
    # One crime of April 2024 in P001 is published no more.
    rows = (
        (after.monthly["area_id"] == "P001")
        & (after.monthly["month"] == "2024-04")
        & (after.monthly["crime_type"] == "sac")
    )
    monthly = after.monthly.copy()
    monthly.loc[rows, "n"] -= 1
    with pytest.raises(InputError, match=r"P001 had \d+ crimes in April 2024, now \d+") as told:
        judge(early_plan, replace(after, monthly=monthly))
    assert "the plan's own files (its inputs) as the last --crimes" in told.value.remedy


def test_crimes_that_cannot_be_checked_are_told(early_plan, after):
    monthly = after.monthly[after.monthly["month"] >= "2025-04"]
    outcome = judge(early_plan, replace(after, monthly=monthly))
    assert outcome.warnings[0].code == "plan-unchecked"


@pytest.mark.parametrize("when", ["now", "then"])
def test_counts_that_differ_because_a_force_is_left_out_are_told_and_not_refused(early_plan, after, when):
    plan, result = early_plan, after
    if when == "now":
        result = replace(after, warnings=(*after.warnings, Notice("forces-left-out", "Left out: BTP.")))
    else:
        told = {"code": "forces-left-out", "text": "Left out: BTP."}
        plan = replace(early_plan, warnings=[*early_plan.warnings, told])
    assert "plan-unchecked" not in {one.code for one in judge(plan, result).warnings}
    fewer = (after.monthly["area_id"] == "P001") & (after.monthly["month"] == "2024-04")
    monthly = after.monthly.assign(n=after.monthly["n"].mask(fewer, 0))
    outcome = judge(plan, replace(result, monthly=monthly))
    assert outcome.warnings[0].code == "plan-unchecked"
    assert "P001 had" in outcome.warnings[0].text


def test_a_plan_of_whose_target_nothing_is_known_is_not_judged(early_plan, after):
    target = after.change["area_id"].isin(early_plan.week["target"])
    change = after.change.assign(current_count=after.change["current_count"].mask(target))
    with pytest.raises(InputError, match="Nothing is known of serious acquisitive crime in the target areas"):
        judge(early_plan, replace(after, change=change))


def test_where_part_of_the_target_is_not_known_its_control_is_smaller_too(early_plan, after):
    lost, *known = early_plan.week["target"]
    gone = after.change["area_id"] == lost
    outcome = judge(
        early_plan,
        replace(after, change=after.change.assign(current_count=after.change["current_count"].mask(gone))),
    )
    assert list(outcome.groups["target"].area_ids) == known
    level, beside = early_plan.level, outcome.weighted_control
    weighted = sum(w * level[area] for w, area in zip(beside.weights, beside.area_ids, strict=True))
    assert weighted == pytest.approx(sum(level[area] for area in known), rel=1e-4)
    assert "Nothing is known of 1 other area of the target" in outcome.reading


@pytest.mark.parametrize("all_of_it", [False, True])
def test_a_result_says_which_part_of_the_buffer_is_not_known(early_plan, after, all_of_it):
    buffer = early_plan.week["buffer"]
    gone = after.change["area_id"].isin(buffer if all_of_it else buffer[:2])
    change = after.change.assign(current_count=after.change["current_count"].mask(gone))
    result = replace(after, change=change, hardening=(), week=(), weeks={})
    outcome = judge(early_plan, result)
    known = f"{len(buffer)} areas" if all_of_it else "2 other areas"
    said = f"Nothing is known of {known} of the buffer: not in these counts."
    assert said in outcome.reading
    # On the page, in its place and in the reading.
    assert outcome_html_of(result, early_plan, outcome).count(said) == 2


def test_months_the_plan_was_made_on_do_not_judge_it(early_plan):
    with pytest.raises(UsageError, match="2025-03 is not after the plan"):
        study_values(early_plan, ("2025-03",), None, ["c"], "b")
    with pytest.raises(UsageError, match="2025-04 is not before the plan"):
        study_values(early_plan, ("2026-04",), ("2025-04",), ["c"], "b")
    with pytest.raises(UsageError, match="the plan names no force"):
        study_values(early_plan, ("2025-04",), None, [], "b")
    twice = months.span("2023-04:2025-03")
    with pytest.raises(UsageError, match="has 24 months, but --after 2025-04:2026-03 has 12"):
        study_values(early_plan, months.span("2025-04:2026-03"), twice, ["c"], "b")
    with pytest.raises(
        UsageError, match="has other months of the year than --after 2025-04:2025-05"
    ) as other:
        study_values(early_plan, ("2025-04", "2025-05"), ("2024-03", "2024-04"), ["c"], "b")
    assert other.value.remedy == "Give the same months of an earlier year: --before 2024-04:2024-05."
    with pytest.raises(UsageError, match="2025-05 is not before the plan") as late:
        study_values(early_plan, ("2026-04", "2026-05"), None, ["c"], "b")
    assert late.value.remedy.endswith("--before 2024-04:2024-05.")
    values = study_values(early_plan, ("2025-04", "2025-05"), None, ["c"], "b")
    assert (values["current"], values["baseline"]) == ("2025-04:2025-05", "2024-04:2024-05")


LOG = 'date,area_id,action,homes\n2018-06-04,A,locks,12\n\n04/06/2018,B,"leaflets, talks",\n'


def test_the_action_log_is_read_with_either_date():
    first, second = read_actions(LOG, "log.csv", {"A", "B"})
    assert (first.date, first.homes, first.month) == ("2018-06-04", 12, "2018-06")
    assert (second.date, second.area_id, second.action, second.homes) == (
        "2018-06-04",
        "B",
        "leaflets, talks",
        None,
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2018-06-31,A,locks,1", "'2018-06-31' is not a date"),
        ("29/02/2019,A,locks,1", "'29/02/2019' is not a date"),
        ("June,A,locks,1", "'June' is not a date"),
        ("4 Ju 2018,A,locks,1", "'4 Ju 2018' is not a date"),
        ("4 Julember 2018,A,locks,1", "'4 Julember 2018' is not a date"),
        ("31-Jun-18,A,locks,1", "'31-Jun-18' is not a date"),
        ("2018-06-04,C,locks,1", "'C' is not one of the areas"),
        ("2018-06-04,A,locks,many", "homes is 'many'"),
    ],
)
def test_a_strange_line_of_the_log_is_refused_by_its_number(line, said):
    with pytest.raises(InputError, match=r"log\.csv, line 2: ") as refused:
        read_actions(f"date,area_id,action,homes\n{line}\n", "log.csv", {"A", "B"})
    assert said in refused.value.cause


@pytest.mark.parametrize(
    ("since", "until", "backwards"),
    [
        ("2018-06-07", "2018-06-01", True),
        ("07/06/2018", "2018-06-01", True),
        ("2018-07", "2018-06", True),
        ("2019", "2018-12", True),
        ("2018-06", "2018", False),
        ("01/06/2018", "07/06/2018", False),
        ("2018-06-01", "", False),
        ("the summer", "2018", False),
    ],
)
def test_an_earlier_visit_that_ends_before_it_begins_is_refused_by_its_line(since, until, backwards):
    text = f"area_id,from,to,action\nA,{since},{until},patrols\n"
    if backwards:
        with pytest.raises(InputError, match=r"v\.csv, line 2: .* ends before it begins"):
            read_visited(text, "v.csv", {"A"})
    else:
        assert [one["until"] for one in read_visited(text, "v.csv", {"A"})] == [until]


def test_of_several_columns_that_may_be_the_areas_the_one_that_has_them_is_read():
    names = area_names(pd.DataFrame({"area_id": ["A", "B"], "name": ["Castle", "Abbey"]}))
    by_person = "Name,Area,Homes\nJo Abbot,Castle,3\nAnn Field,Abbey,4\n"
    assert read_protected(by_person, "p.csv", names) == {"A": 3, "B": 4}
    assert read_protected("Area,Name,Homes\nWest,Castle,3\n", "p.csv", names) == {"A": 3}
    assert read_protected("Name,Area,Homes\nCastle,A,3\n", "p.csv", names) == {"A": 3}
    with pytest.raises(InputError, match="columns name and area both have areas, but not the same"):
        read_protected("Name,Area,Homes\nCastle,Abbey,3\n", "p.csv", names)
    with pytest.raises(InputError, match="columns name and area have none of the areas"):
        read_protected("Name,Area,Homes\nJo Abbot,West,3\n", "p.csv", names)


def test_the_column_of_areas_may_be_that_of_their_codes():
    names = area_names(pd.DataFrame({"area_id": ["E1", "E2"], "name": ["Castle", "Castle"]}))
    text = "LAD24CD,WD24CD,WD24NM,Homes\nE0,E1,Castle,3\nE0,E2,Castle,4\n"
    assert read_protected(text, "p.csv", names) == {"E1": 3, "E2": 4}
    assert read_protected("Ward code,Homes\nE1,3\n", "p.csv", names) == {"E1": 3}


@pytest.mark.parametrize("written", ["Lly\u0302n – St\u00a0Mary’s", "LLŶN - ST  MARY'S"])
def test_an_area_s_name_is_known_however_a_program_writes_its_signs(written):
    names = area_names(pd.DataFrame({"area_id": ["A"], "name": ["Llŷn - St Mary's"]}))
    assert read_protected(f"Ward,Homes\n{written},3\n", "p.csv", names) == {"A": 3}


def test_days_of_earlier_visits_that_a_spreadsheet_counted_are_dates():
    [visit] = read_visited("area_id,from,to,action\nA,43255,43259,patrols\n", "v.csv", {"A"})
    assert (visit["since"], visit["until"]) == ("2018-06-04", "2018-06-08")


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match=r"no column 'homes' \(it has area_id\)"):
        read_protected("area_id\nA\n", "p.csv", {"A"})
    assert read_protected("\ufeffarea_id,homes\nA,3\nA,4\n", "p.csv", {"A"}) == {"A": 7}


def test_a_list_is_read_from_a_workbook_and_from_excel_s_other_csv(tmp_path):
    lines = [["Date", "Area ID", "Action", "Homes"], [date(2018, 6, 4), "A", "locks\nand lights", 12.0], []]
    write_xlsx(tmp_path / "log.xlsx", {"Log": lines})
    (tmp_path / "log.csv").write_text("Date;Area ID;Action;Homes\n04/06/2018;A;locks and lights;12\n")
    for name in ("log.xlsx", "log.csv"):
        [only] = read_actions(table_text(str(tmp_path / name), ACTIONS), name, {"A"})
        assert (only.date, only.area_id, only.action, only.homes) == (
            "2018-06-04",
            "A",
            "locks and lights",
            12,
        )


def test_a_list_is_read_from_the_sheet_that_holds_it_and_several_are_refused(tmp_path):
    table = [["Area ID", "Homes"], ["A", 12]]
    book = tmp_path / "p.xlsx"
    write_xlsx(
        book,
        {
            "Cover": [["Homes protected"], ["Area ID"]],
            "Data": [["2019"], [], *table],
            "Copy": [["2019"], [], *table],
            "Next month": [["2019"], table[0]],
        },
    )
    assert read_protected(table_text(str(book), PROTECTED), "p.xlsx", {"A"}) == {"A": 12}
    write_xlsx(book, {"2018": table, "2019": [*table, ["B", 5]]})
    with pytest.raises(InputError, match="has 2 tables of area_id,homes: sheet 2018, sheet 2019"):
        table_text(str(book), PROTECTED)
    write_xlsx(book, {"Cover": [["Place", "Homes"], ["A", 12]], "Notes": [["None"]]})
    with pytest.raises(InputError, match="no column 'area_id'"):
        read_protected(table_text(str(book), PROTECTED), "p.xlsx", {"A"})


@pytest.mark.parametrize(
    "day",
    ["2018-06-04 00:00:00", "2018-06-04T14:30:00", "04/06/2018 14:30", "4/6/18", "4.6.2018", "4 June 2018", "04-Jun-18",
     "4th June 2018", "Monday 4 June 2018", '"04/06/2018, 14:30"', "43255"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("homes", "read"), [("12.0", 12), ('"1,200"', 1_200), ("NA", None), ("n/a", None), ("-", None)]
)
def test_a_list_is_read_as_programs_save_it_again(tmp_path, day, homes, read):
    text = f"date,area_id,action,homes\n{day},A,locks,{homes}\n"
    [only] = read_actions(text, "log.csv", {"A"})
    assert (only.date, only.homes) == ("2018-06-04", read)


def test_titles_above_a_list_do_not_matter():
    text = "Homes protected\nin 2019, by the Safer Homes team\n\nArea ID,Homes\nA,12\n"
    assert read_protected(text, "p.csv", {"A"}) == {"A": 12}
    with pytest.raises(InputError, match="line 6: homes is 'many'"):
        read_protected(text.replace("A,12", "A,1\nA,many"), "p.csv", {"A"})


def test_a_list_is_read_from_parquet(tmp_path):
    pd.DataFrame({"area_id": ["A"], "homes": [12]}).to_parquet(tmp_path / "p.parquet")
    assert read_protected(table_text(str(tmp_path / "p.parquet"), PROTECTED), "p.parquet", {"A"}) == {"A": 12}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0004, "0"),
        (0.0038, "0.004"),
        (0.038, "0.04"),
        (0.53, "0.53"),
        (0.95, "0.95"),
        (0.996, "1.0"),
        (9.96, "10"),
        (2.13, "2.1"),
        (31.4, "31"),
    ],
)
def test_few_crimes_are_written_with_the_digits_they_carry(value, text):
    assert few(value) == text


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("protected", "area_id\nA\n", "no column 'homes'"),
        ("protected", "area_id,homes\nA,many\n", "line 2: homes is 'many'"),
        ("visited", "area_id,from,to\n", "no column 'action'"),
        ("visited", None, "is not there"),
    ],
)
def test_a_slip_in_what_was_protected_or_visited_is_told_before_the_crimes_are_read(
    practice, tmp_path, option, text, said
):
    if text is not None:
        (tmp_path / "given.csv").write_text(text)
    done = command("plan", str(practice.study), f"--{option}", "given.csv", cwd=tmp_path)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Reading" not in done.stderr


def test_the_commands_freeze_judge_and_never_overwrite(practice, tmp_path):
    asked = ("plan", practice.study, "--current", EARLY["current"], "--baseline", EARLY["baseline"])
    done = command(*asked, "--out", "plans/a.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace(os.sep, "/").split()[0] == "plans/a.json"
    first = (tmp_path / "plans" / "a.json").read_bytes()
    again = command(*asked, "--out", "plans/a", cwd=tmp_path)
    assert again.returncode == 2
    assert "--replace" in again.stderr
    assert (tmp_path / "plans" / "a.json").read_bytes() == first
    # A type in capitals is the same, and so is the name of the page for that of the record.
    assert (
        command(*asked, "--theme", "SAC", "--out", "plans/a.html", "--replace", cwd=tmp_path).returncode == 0
    )
    assert (tmp_path / "plans" / "a.json").read_bytes() == first

    log = tmp_path / "log.csv"
    log.write_text(
        f"date,area_id,action,homes\n2025-04-02,{json.loads(first)['week']['target'][0]},locks,40\n"
    )
    judged = command(
        "evaluate", "plans/a.json", "--crimes", practice.crimes, "--after", "2025-04:2026-03", "--log", log,
        cwd=tmp_path,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stderr
    found = json.loads((tmp_path / "plans" / "a-result.json").read_text())
    assert {"wdd", "wdq", "tne", "rate_ratio", "placebo_rank", "reading"} <= set(found)
    for name in ("wdd", "wdd_settled"):
        assert set(found[name]) == {"estimate", "variance", "z", "low", "high"}
    assert set(found["rate_ratio"]) == {"estimate", "low", "high"}
    assert found["actions"][0]["homes"] == 40
    assert found["before"][0] == "2024-04"
    assert found["months_compared"] == 12


def test_a_plan_made_from_a_layer_is_judged_with_a_file_whose_layer_is_called_otherwise(practice, tmp_path):
    areas = read_areas(practice.boundaries)[["area_id", "name", "households", "geometry"]]
    areas.to_file(tmp_path / "areas.gpkg", layer="wards")
    areas.iloc[:3].to_file(tmp_path / "areas.gpkg", layer="other")
    asked = ("plan", practice.study, "--current", EARLY["current"], "--baseline", EARLY["baseline"])
    done = command(*asked, "--boundaries", "areas.gpkg", "--layer", "wards", "--out", "a.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    later = ("evaluate", "a.json", "--crimes", practice.crimes, "--after", "2025-04:2026-03")
    given = (*later, "--boundaries", practice.boundaries)
    assert "Check --layer." in command(*given, cwd=tmp_path).stderr
    judged = command(*given, "--layer", practice.boundaries.stem, cwd=tmp_path)
    assert judged.returncode == 0, judged.stderr


def test_a_plan_whose_boundaries_have_gone_asks_for_them(practice, tmp_path):
    plan = tmp_path / "a.json"
    done = command("plan", practice.study, "--out", plan, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    moved = tmp_path / "other"
    moved.mkdir()
    (moved / "a.json").write_bytes(plan.read_bytes().replace(b"boundaries.geojson", b"gone.geojson"))
    lost = command(
        "evaluate", "other/a.json", "--crimes", practice.crimes, "--after", "2026-04", cwd=tmp_path
    )
    assert lost.returncode == 2
    assert "--boundaries" in lost.stderr


@pytest.mark.parametrize(
    ("written", "pounds"), [("10000", 10_000), ("10,000", 10_000), ("£10,000.50", 10_000.5), ("137.5", 137.5)]
)
def test_a_budget_is_taken_as_people_write_it(written, pounds):
    assert Pounds(1).convert(written, None, None) == pounds


@pytest.mark.parametrize("written", ["10,00", "ten", "£", "1,0000", "0", "-5", "nan", "inf", "10.000", "1e4"])
def test_a_budget_that_could_be_read_two_ways_is_refused(written):
    with pytest.raises(click.BadParameter, match="not"):
        Pounds(1).convert(written, None, None)
