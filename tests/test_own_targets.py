"""A plan of one's own: areas by name or id, one crime type, the days of the action, lists of any length."""

import json
from dataclasses import replace

import pytest
from conftest import csv_text, row, write_squares

from sacmap.choose.evaluate import without_shaky
from sacmap.choose.partnership_files import area_names, read_actions, read_protected
from sacmap.errors import InputError, UsageError
from sacmap.notices import Notice
from sacmap.pipeline import run
from sacmap.planning import EvaluateOptions, PlanOptions, evaluate_plan, plan_study
from sacmap.study import make_study

pytestmark = pytest.mark.slow

NAMES = ["Ash", "Birch", "Castle", "Castle", "Elm", "Fir", *(f"Ward {n}" for n in range(14))]


@pytest.fixture
def town(tmp_path):
    """Twenty wards in a row, two of one name in two towns; robbery doubles in Elm. The study of it."""
    towns = ["North"] * 3 + ["South"] * (len(NAMES) - 3)
    wards = [
        {"id": f"W{n:02}", "name": name, "town": town}
        for n, (name, town) in enumerate(zip(NAMES, towns, strict=True))
    ]
    write_squares(tmp_path / "wards.geojson", *wards)
    for month in ("2022-01", "2023-01", "2023-02", "2024-01", "2024-02", "2025-01", "2025-02"):
        rows = []
        for n in range(len(NAMES)):
            place = {"lon": f"{n * 0.01 + 0.005:.6f}", "lat": "52.005000"}
            rows += [row(month, "Burglary", **place)] * (20 + n)
            rows += [row(month, "Robbery", **place)] * (60 if n == 4 and month == "2024-01" else 20)
            rows += [row(month, "Vehicle crime", **place)] * 20
        folder = tmp_path / "crimes" / month
        folder.mkdir(parents=True)
        (folder / f"{month}-northamptonshire-street.csv").write_text(csv_text(*rows))
    return make_study(
        current="2024-01", baseline=["2022-01", "2023-01"], crimes=str(tmp_path / "crimes"),
        boundaries=str(tmp_path / "wards.geojson"), group_column="town",
    )  # fmt: skip


def plan(study, folder, **options):
    _, made, _ = plan_study(study, folder / "plans" / "own.json", PlanOptions(replace=True, **options))
    return made


def test_the_areas_of_the_users_own_choice_are_the_target(town, tmp_path):
    made = plan(town, tmp_path, target=("Ash", "W09"))
    assert made.week["target"] == ["W00", "W09"]
    assert made.week["buffer"] == ["W01", "W08", "W10"]
    assert made.week["alternatives"][0]["target"] == ["W00", "W09"]
    own = {notice["code"]: notice["text"] for notice in made.warnings}["own-choice"]
    assert "They have more excess than the sets found in " in own
    # Frozen, and read back as it was.
    kept = json.loads((tmp_path / "plans" / "own.json").read_text(encoding="utf-8"))
    assert kept["week"]["target"] == ["W00", "W09"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Castle", "'Castle' is the name of several areas.\nWrite one of: Castle (North), Castle (South)."),
        ("Castle (W2)", "'Castle (W2)' is not one of the areas"),
        ("", "no area is given"),
        ("Brich", "Did you mean Birch?"),
    ],
)
def test_a_name_that_is_none_or_of_several_is_told(town, tmp_path, written, words):
    with pytest.raises(InputError) as caught:
        plan(town, tmp_path, target=(written,))
    assert words in str(caught.value)


def test_areas_of_one_name_are_told_apart_by_their_group(town, tmp_path):
    assert plan(town, tmp_path, target=("castle (south)",)).week["target"] == ["W03"]
    # Or by their code, as where they have no group.
    assert plan(town, tmp_path, target=("Castle (W03)",)).week["target"] == ["W03"]


def test_names_are_taken_where_ids_are_in_the_lists_a_partnership_keeps(town):
    names = area_names(run(town).areas)
    assert read_protected("area_id,homes\nAsh,3\nW00,2\nCASTLE (North),5\n", "p.csv", names) == {
        "W00": 5,
        "W02": 5,
    }


@pytest.mark.parametrize(
    "header", ["Name", "area name", "Area", "Ward", "Ward name", "area_id", "name,area_id"]
)
def test_the_column_of_areas_may_be_that_of_their_names(town, header):
    names = area_names(run(town).areas)
    both = "Nowhere," * header.count(",")
    log = read_actions(
        f"Actions of June\nDate,{header},action,homes\n2018-06-04,{both}Ash,locks,3\n", "log.csv", names
    )
    assert [(one.area_id, one.homes) for one in log] == [("W00", 3)]


def test_a_list_without_a_column_of_areas_says_that_names_will_do():
    with pytest.raises(InputError) as told:
        read_protected("place,homes\nAsh,3\n", "p.csv", None)
    assert told.value.remedy == "It needs area_id (or name),homes."


def test_the_week_answers_one_crime_type(town, tmp_path):
    made = plan(town, tmp_path, theme="robbery", size=1)
    assert (made.theme, made.week["target"], made.week["about"]) == ("robbery", ["W04"], "robbery")
    assert made.before["W04"] == 60


def test_money_and_the_week_have_lists_of_their_own_length(town, tmp_path):
    made = plan(town, tmp_path, size=2, funded=4)
    assert (len(made.week["target"]), len(made.hardening)) == (2, 4)


def test_a_result_is_not_called_shaky_for_what_only_its_expected_counts_follow(town, tmp_path):
    for table in (tmp_path / "crimes").rglob("*.csv"):
        head, *rows = table.read_text().splitlines()
        table.write_text("\n".join([head, *rows[::3]]) + "\n")
    made = plan(town, tmp_path, size=1)
    assert any("shaky: give or take" in notice["text"] for notice in made.warnings)
    options = EvaluateOptions(after=("2025-01",), crimes=town.crimes, boundaries=town.boundaries)
    result, outcome, files = evaluate_plan(tmp_path / "plans" / "own.json", tmp_path / "r.json", options)
    [told] = {one.text for one in (*result.warnings, *outcome.warnings) if one.code == "weak-comparator"}
    assert told.endswith("What is said of the week of action does not rest on them.")
    assert not any("give or take" in file.read_text(encoding="utf-8") for file in files)
    unlike = replace(result, warnings=(Notice("unlike-comparator", "The areas changed unlike it."),))
    [told] = without_shaky(unlike).warnings
    assert told.text.endswith(
        "unlike it. What is said of the week of action does not rest on this comparison."
    )


def test_an_action_is_told_apart_from_one_in_an_area_of_the_same_name(town, tmp_path):
    plan(town, tmp_path, size=1)
    log = tmp_path / "log.csv"
    log.write_text("date,name,action,homes\n2024-06-03,Ash,locks,3\n2025-06-02,Castle (South),locks,3\n")
    options = EvaluateOptions(
        after=("2025-01",), crimes=town.crimes, boundaries=town.boundaries, log=str(log)
    )
    _, outcome, _ = evaluate_plan(tmp_path / "plans" / "own.json", tmp_path / "r.json", options)
    told = {notice.code: notice.text for notice in outcome.warnings}["later-actions"]
    assert "Castle (South), 2 June 2025" in told


def test_the_result_of_a_study_that_hides_small_counts_says_that_it_does_not(town, tmp_path):
    plan(replace(town, suppress_small=True), tmp_path, size=1)
    options = EvaluateOptions(after=("2025-01",), crimes=town.crimes, boundaries=town.boundaries)
    _, _, files = evaluate_plan(tmp_path / "plans" / "own.json", tmp_path / "r.json", options)
    assert all(
        "A plan has no public version, nor has its result" in file.read_text("utf-8") for file in files
    )


def test_the_days_of_the_action_are_kept_and_months_before_it_are_not_after(town, tmp_path):
    made = plan(town, tmp_path, size=1, action="2024-06-03:16/06/2024")
    assert made.week["action"] == ["2024-06-03", "2024-06-16"]
    options = {"crimes": town.crimes, "boundaries": town.boundaries, "replace": True}
    path = tmp_path / "plans" / "own.json"
    with pytest.raises(UsageError, match="action begins on 2024-06-03, and February 2024 is before it"):
        evaluate_plan(path, tmp_path / "r.json", EvaluateOptions(after=("2024-02",), **options))
    _, outcome, _ = evaluate_plan(path, tmp_path / "r.json", EvaluateOptions(after=("2025-01",), **options))
    assert outcome.reading
    assert "action-in-data" not in {notice["code"] for notice in made.warnings}
    # The plan is based on January 2024: what was done in it is in the counts from before.
    late = plan(town, tmp_path, size=1, action="2024-01-08:2024-01-14")
    told = {notice["code"]: notice["text"] for notice in late.warnings}
    assert (
        "begins on 8 January 2024, but this plan is based on months to January 2024" in told["action-in-data"]
    )


def test_an_area_of_which_nothing_is_known_can_be_no_target(town, tmp_path):
    wards = json.loads((tmp_path / "wards.geojson").read_text())
    wards["features"][9]["geometry"] = None
    (tmp_path / "wards.geojson").write_text(json.dumps(wards))
    with pytest.raises(UsageError, match="W09 is not known, so it can be no target"):
        plan(town, tmp_path, target=("W09",))


def test_an_area_that_is_not_known_is_told_apart_from_one_of_its_name(town, tmp_path):
    wards = json.loads((tmp_path / "wards.geojson").read_text())
    castle = next(one for one in wards["features"] if one["properties"]["name"] == "Castle")
    castle["geometry"] = None
    (tmp_path / "wards.geojson").write_text(json.dumps(wards))
    told = {notice.code: notice.text for notice in run(town).warnings}["areas-not-known"]
    assert told.startswith("Areas not known: 1 of 20 (Castle (North)), because")


@pytest.mark.parametrize("days", ["2024-06-16:2024-06-03", "June", "2024-06-31"])
def test_days_that_cannot_be_are_refused_before_anything_is_read(town, tmp_path, days):
    with pytest.raises((UsageError, InputError)):
        plan(town, tmp_path, action=days)


def test_without_a_baseline_there_is_no_plan(town, tmp_path):
    study = make_study(
        current="2024-01", crimes=town.crimes, boundaries=town.boundaries
    )  # fmt: skip
    with pytest.raises(UsageError, match="A plan needs a baseline") as error:
        plan(study, tmp_path)
    assert "Add --baseline" in error.value.remedy


def test_who_plans_with_a_baseline_before_the_crimes_begin_is_told_so_and_not_to_add_one(town, tmp_path):
    study = make_study(
        current="2022-01", baseline="before:1", crimes=town.crimes, boundaries=town.boundaries
    )  # fmt: skip
    with pytest.raises(UsageError, match="none is in the crimes, which begin in") as error:
        plan(study, tmp_path)
    assert "--baseline" not in error.value.remedy
