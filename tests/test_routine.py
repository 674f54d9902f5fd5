"""The month's routine: periods that follow the data, what is new since the last map, names that keep the last one."""

import itertools
import json
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import command
from conftest import csv_text, row, square, write_geojson, write_squares

from sacmap import months, tables
from sacmap.errors import InputError, UsageError
from sacmap.files.file_sets import torn_set_message
from sacmap.pipeline import map_study, run
from sacmap.publish.csv_json import csv_of, record_of, texts_of
from sacmap.publish.news import first_words, last_map, news_of
from sacmap.routine import Watched, watch_study
from sacmap.study import make_study, rolled_to

pytestmark = pytest.mark.slow


def test_latest_and_before_are_set_by_the_month_they_end_in():
    study = make_study(current="latest:12", baseline="before:3")
    assert (study.current, study.baseline, study.rolling) == ((), (), (12, 3))
    found = rolled_to(study, "2021-08")
    assert months.written(found.current) == "2020-09:2021-08"
    assert [months.written(p) for p in found.baseline] == [
        "2017-09:2018-08",
        "2018-09:2019-08",
        "2019-09:2020-08",
    ]
    # Periods that begin before the data do not stay.
    assert len(rolled_to(study, "2021-08", "2018-01").baseline) == 2


def test_five_months_before_are_of_the_same_calendar_months():
    found = rolled_to(make_study(current="latest:5", baseline="before:2"), "2019-02")
    assert [months.written(p) for p in found.periods] == [
        "2016-10:2017-02",
        "2017-10:2018-02",
        "2018-10:2019-02",
    ]


def test_before_follows_a_current_period_that_is_given():
    study = make_study(current="2017-04:2018-03", baseline=("before:2",))
    assert [months.written(p) for p in study.baseline] == ["2015-04:2016-03", "2016-04:2017-03"]
    assert study.rolling is None


def test_periods_may_have_capitals_and_spaces_around_the_colon():
    assert make_study(current="Latest: 12", baseline="before : 3").rolling == (12, 3)
    study = make_study(current="2018-01 : 2018-03", baseline=["2016-01 :2016-03", "2017-01: 2017-03"])
    assert [months.written(p) for p in study.periods] == [
        "2016-01:2016-03",
        "2017-01:2017-03",
        "2018-01:2018-03",
    ]


@pytest.mark.parametrize(
    ("current", "baseline", "words"),
    [
        ("latest:0", "before:1", "latest:0 is not possible"),
        ("latest:99", "before:1", "latest:99 is not possible"),
        ("latest:12", "2016-04:2017-03", "must be of the same kind"),
        ("newest:12", "before:1", r"'newest:12' is not a month[^\0]*latest:12"),
        ("2017-04:2018-03", "befor:3", r"'befor:3' is not a month[^\0]*before:3"),
        ("2017-04:2018-03", ("previous",), r"'previous' is not a month[^\0]*before:3"),
        ("2017-04:2018-03", ("3 years before",), r"'3 years before' is not a month[^\0]*before:3"),
    ],
)
def test_what_is_no_rolling_period_is_told(current, baseline, words):
    with pytest.raises(UsageError, match=words):
        make_study(current=current, baseline=baseline)


@pytest.fixture
def place(tmp_path):
    """Six wards; a function that publishes a month of them, so many burglaries each; and the study file of it."""
    wards = [{"id": f"W{n}", "name": f"Ward {n}"} for n in range(6)]
    write_squares(tmp_path / "wards.geojson", *wards)
    (tmp_path / "place.toml").write_text(
        'title = "Place"\ncrimes = "crimes"\nboundaries = "wards.geojson"\n'
        'current = "latest:3"\nbaseline = "before:1"\n'
    )

    def publish(month, *counts):
        rows = [row(month, kind, lon="", lat="") for kind in ("Robbery", "Vehicle crime")]
        rows += [
            row(month, "Burglary", lon=f"{n * 0.01 + 0.005:.6f}", lat="52.005000")
            for n, count in enumerate(counts)
            for _ in range(count)
        ]
        folder = tmp_path / "crimes" / month
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{month}-northamptonshire-street.csv").write_text(csv_text(*rows))

    for month in months.span("2023-01:2024-04"):
        publish(month, 10, 10, 10, 10, 10, 10)
    return publish, tmp_path


def study_of(folder, **more):
    given = {
        "current": "latest:3", "baseline": "before:1", "crimes": str(folder / "crimes"),
        "boundaries": str(folder / "wards.geojson"),
    }  # fmt: skip
    return make_study({**given, **more})


def test_the_current_period_ends_in_the_newest_month_that_is_complete(place):
    publish, folder = place
    publish("2024-05", 1, 0, 0, 0, 0, 0)
    result = run(study_of(folder))
    assert months.written(result.study.current) == "2024-02:2024-04"
    [told] = [notice.text for notice in result.warnings if notice.code == "newest-months"]
    assert "April 2024 is the newest complete month" in told


def test_why_the_newest_months_are_not_complete_is_told(place):
    _, folder = place
    other = folder / "crimes" / "2024-05" / "2024-05-kent-street.csv"
    other.parent.mkdir()
    other.write_text(csv_text(row("2024-05", lon="0.005000", lat="52.005000", force="Kent Police")))
    [told] = [one.text for one in run(study_of(folder)).warnings if one.code == "newest-months"]
    assert told.endswith(
        "so the current period ends there: the files of Northamptonshire Police end at April 2024."
    )


def test_periods_before_the_data_begin_are_left_out_and_told(place):
    _, folder = place
    study = make_study(
        current="latest:3",
        baseline="before:4",
        crimes=str(folder / "crimes"),
        boundaries=str(folder / "wards.geojson"),
    )
    result = run(study)
    assert [months.written(p) for p in result.study.baseline] == ["2023-02:2023-04"]
    assert "only 1 of them is in the crimes" in " ".join(notice.text for notice in result.warnings)


def test_before_a_given_period_too_those_before_the_data_begin_are_left_out_and_told(place):
    _, folder = place
    study = make_study(
        current="2024-02:2024-04", baseline="before:4", crimes=str(folder / "crimes"),
        boundaries=str(folder / "wards.geojson"),
    )  # fmt: skip
    page = folder / "maps" / "spring.html"
    result = watch_study(study, page).result
    assert [months.written(p) for p in result.study.baseline] == ["2023-02:2023-04"]
    assert len(result.compared) == 3
    assert "only 1 of them is in the crimes" in " ".join(notice.text for notice in result.warnings)
    assert not watch_study(study, page).written


def test_last_month_s_map_stays_beside_this_month_s(place):
    publish, folder = place
    april = map_study(study_of(folder), folder / "maps" / "place.html").written
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    may = map_study(study_of(folder), folder / "maps" / "place.html").written
    assert [path.name for path in april] == ["place-2024-04.html", "place-2024-04.csv", "place-2024-04.json"]
    assert [path.name for path in may] == ["place-2024-05.html", "place-2024-05.csv", "place-2024-05.json"]
    assert all(path.exists() for path in (*april, *may))


def test_a_map_that_takes_the_place_of_another_period_s_says_so(place, capsys):
    _, folder = place
    given = {"crimes": str(folder / "crimes"), "boundaries": str(folder / "wards.geojson")}
    for current, baseline in (("2024-01:2024-03", "2023-01:2023-03"), ("2024-02:2024-04", "2023-02:2023-04")):
        map_study(make_study(given, current=current, baseline=baseline), folder / "maps" / "place.html")
    assert (
        "was the map of January 2024 to March 2024, and is now the map of February 2024"
        in capsys.readouterr().err
    )


def test_a_rolling_map_that_takes_the_place_of_another_length_s_is_not_told_to_be_rolling(place, capsys):
    _, folder = place
    for current in ("latest:3", "latest:2"):
        map_study(study_of(folder, current=current), folder / "maps" / "place.html")
    said = capsys.readouterr().err
    assert "is now the map of March 2024 to April 2024. To keep both, give another --out." in said
    assert "latest:12" not in said


def test_rolling_periods_end_with_the_force_of_the_study_where_it_has_no_crime_in_the_areas_too(place):
    _, folder = place
    for month in months.span("2023-01:2024-03"):
        other = folder / "crimes" / month / f"{month}-kent-street.csv"
        other.write_text(csv_text(*[row(month, lon="", lat="", force="Kent Police")] * 9))
    assert run(study_of(folder, force="northamptonshire")).study.current[-1] == "2024-04"
    assert run(study_of(folder, force="kent")).study.current[-1] == "2024-03"
    with pytest.raises(InputError, match="None of the crimes was reported by surrey"):
        run(study_of(folder, force="surrey"))


def test_a_watch_says_what_is_new_by_name_and_nothing_where_nothing_is(place):
    publish, folder = place
    first = command("watch", "place.toml", cwd=folder)
    assert first.returncode == 0
    assert first.stdout.startswith("The first map of this study")
    again = command("watch", "place.toml", cwd=folder)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    # Published again with other counts.
    publish("2024-04", 10, 10, 10, 10, 10, 12)
    may = command("watch", "place.toml", cwd=folder)
    assert may.returncode == 0
    lines = may.stdout.splitlines()
    assert lines[0] == "Data to May 2024; the last map had data to April 2024."
    assert lines[1].startswith("New clear rises: Ward 0, serious acquisitive crime (110, about ")
    assert "Counts revised since the last map: April 2024 (60 then, 62 now)." in lines
    assert any(line.endswith("place-2024-05.html") for line in lines)
    publish("2024-06", 10, 10, 10, 10, 10, 10)
    june = command("watch", "place.toml", cwd=folder).stdout
    assert "Still a clear rise: Ward 0, serious acquisitive crime (110, about " in june
    for month in ("2024-07", "2024-08"):
        publish(month, 10, 10, 10, 10, 10, 10)
    august = command("watch", "place.toml", cwd=folder).stdout
    assert "No longer a clear rise: Ward 0, serious acquisitive crime (now within normal range)" in august


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_f59_a_watch_and_a_rolling_map_write_a_set_again_that_a_kill_left_torn(place):
    publish, folder = place
    watch = ("watch", "place.toml", "--also", "xlsx")
    command(*watch, cwd=folder)
    for number, again in enumerate([watch, ("map", *watch[1:])], 12):
        publish("2024-04", 10, 10, 10, 10, 10, number)
        # The page, the table and the record are new, the workbook is not.
        moves = itertools.count(1)
        killed_before("replace", lambda _, moves=moves: next(moves) == 4, *watch, cwd=folder)
        done = command(*again, cwd=folder)
        assert "An earlier run was stopped while it wrote place-2024-04.html" in done.stderr
        assert not torn_set_message(folder / "maps" / "place-2024-04.html")
    assert command(*watch, cwd=folder).stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
@pytest.mark.parametrize("left", ["place*.unfinished.txt", "place*.html.*.part"])
def test_f59_a_watch_leaves_nothing_of_a_run_that_was_killed_when_its_files_were_in_place(place, left):
    publish, folder = place
    watch = ("watch", "place.toml")
    command(*watch, cwd=folder)
    publish("2024-04", 10, 10, 10, 10, 10, 12)
    killed_before("unlink", lambda path: path.match(left), *watch, cwd=folder)
    again = command(*watch, cwd=folder)
    assert (again.returncode, again.stdout) == (0, "")
    assert {path.suffix for path in (folder / "maps").iterdir()} == {".html", ".csv", ".json"}


def killed_before(method, found, *words, cwd):
    """Run a command in a process that is killed before it uses a method of the first path that is `found`."""
    child = os.fork()
    if not child:
        original = getattr(Path, method)

        def use(path, *given, **more):
            if found(path):
                os.kill(os.getpid(), signal.SIGKILL)
            return original(path, *given, **more)

        setattr(Path, method, use)
        command(*words, cwd=cwd)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_watch_names_the_largest_rise_first(practice_result):
    rows = practice_result.change.query("crime_type == 'sac' and verdict == 'clear rise'")
    names = list(rows.sort_values("excess", ascending=False)["area_name"])
    said = first_words(practice_result)
    places = [said.index(f"{name}, serious") for name in names]
    assert len(places) > 1
    assert places == sorted(places)


def test_a_map_with_other_options_never_takes_the_place_of_the_last_unsaid(practice_result):
    last = last_map(
        record_of(practice_result, "1").decode(), csv_of(texts_of(practice_result.change)).decode()
    )
    assert news_of(practice_result, last) == []
    study = practice_result.study
    others = {
        "suppress_small": True, "comparator": "none", "within": ("North",), "baseline": study.baseline[1:]
    }  # fmt: skip
    for option, value in others.items():
        news = news_of(replace(practice_result, study=replace(study, **{option: value})), last)
        named = "the baseline" if option == "baseline" else f"the option {option.replace('_', '-')}"
        assert news[0] == f"Changed since the last map, which alone can move figures: {named}."


def test_a_month_that_is_withdrawn_is_told_once(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    assert watch_study(study_of(folder), page).news[0].startswith("Data to May 2024")
    shutil.rmtree(folder / "crimes" / "2024-05")
    withdrawn = watch_study(study_of(folder), page)
    assert withdrawn.news[0] == "Data to April 2024; the last map had data to May 2024."
    assert withdrawn.written
    assert watch_study(study_of(folder), page) == Watched()
    # What is corrected afterwards is compared with the map made since.
    publish("2024-04", 10, 10, 10, 10, 10, 12)
    corrected = watch_study(study_of(folder), page)
    assert corrected.news == ("Counts revised since the last map: April 2024 (60 then, 62 now).",)
    assert watch_study(study_of(folder), page) == Watched()
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert "place-2024-05.html" in [path.name for path in watch_study(study_of(folder), page).written]


def test_a_month_that_was_withdrawn_is_told_once_to_be_back(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    watch_study(study_of(folder), page)
    shutil.rmtree(folder / "crimes" / "2024-05")
    watch_study(study_of(folder), page)
    # A day has gone by between the two maps.
    os.utime(folder / "maps" / "place-2024-05.json", (0, 0))
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    back = watch_study(study_of(folder), page)
    assert back.news[0] == "Data to May 2024 again; the last map had data to April 2024."
    assert any(line.startswith("New clear rises: Ward 0") for line in back.news)
    assert watch_study(study_of(folder), page) == Watched()


def test_areas_of_which_all_codes_changed_are_known_by_their_names(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    publish("2024-04", 90, 10, 10, 10, 10, 10)
    watch_study(study_of(folder), page)
    write_squares(folder / "wards.geojson", *({"id": f"X{n}", "name": f"Ward {n}"} for n in range(6)))
    other, recoded, *verdicts = watch_study(study_of(folder), page).news
    assert other.startswith("Changed since the last map, which alone can move figures: ")
    assert recoded == (
        "Areas known by their names, with other codes than on the last map: Ward 0; Ward 1; Ward 2; Ward 3; Ward 4; "
        "Ward 5."
    )
    assert {line.partition(":")[0] for line in verdicts} == {"Still a clear rise"}


def test_a_new_month_that_is_not_complete_is_told_once(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    publish("2024-05", 1, 0, 0, 0, 0, 0)
    (told,) = watch_study(study_of(folder), page).news
    assert told == (
        "The crimes end in May 2024, but April 2024 is the newest complete month, so the current period ends there: "
        "May 2024: Northamptonshire Police published only 3 crimes, where about 62 are usual."
    )
    publish("2024-05", 1, 1, 0, 0, 0, 0)
    assert not watch_study(study_of(folder), page).news


def test_a_month_in_the_middle_that_is_withdrawn_or_comes_back_is_told_by_name(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    shutil.rmtree(folder / "crimes" / "2024-03")
    gone = watch_study(study_of(folder), page)
    assert gone.news == ("No longer complete, so left out of every period: March 2024.",)
    assert gone.exit_code == 3
    publish("2024-03", 10, 10, 10, 10, 10, 10)
    assert watch_study(study_of(folder), page).news == ("Complete now, and compared again: March 2024.",)


def test_a_new_month_that_is_missing_behind_a_newer_one_is_told_by_name(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    publish("2024-06", 10, 10, 10, 10, 10, 10)
    told = "Data to June 2024; the last map had data to April 2024."
    assert watch_study(study_of(folder), page).news == (
        told, "Not complete, so left out of every period: May 2024."
    )  # fmt: skip


def test_a_month_that_is_filled_is_not_said_to_be_compared_where_another_year_lacks_it(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    for month in ("2023-03", "2024-03"):
        shutil.rmtree(folder / "crimes" / month)
    watch_study(study_of(folder), page)
    publish("2024-03", 10, 10, 10, 10, 10, 10)
    assert watch_study(study_of(folder), page).news == ("Complete now: March 2024.",)
    publish("2023-03", 10, 10, 10, 10, 10, 10)
    assert watch_study(study_of(folder), page).news == ("Complete now, and compared again: March 2023.",)


def test_a_watch_tells_another_number_of_periods_and_another_length_of_them(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    two = study_of(folder, baseline="before:2")
    assert len(watch_study(two, page).result.study.baseline) == 1
    for month in months.span("2022-01:2022-12"):
        publish(month, 10, 10, 10, 10, 10, 10)
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    lead = "Changed since the last map, which alone can move figures"
    assert watch_study(two, page).news == (
        "Data to May 2024; the last map had data to April 2024.", f"{lead}: the number of baseline periods."
    )  # fmt: skip
    longer = watch_study(study_of(folder, current="latest:4", baseline="before:2"), page).news
    assert longer == (f"{lead}: the length of the current period.",)


def test_a_watch_names_a_force_that_falls_silent_outside_its_district_and_calls_what_is_revised_so(place):
    publish, folder = place
    wards = [{"id": f"W{n}", "name": f"Ward {n}", "town": "Ashby" if n < 3 else "Bexley"} for n in range(6)]
    write_squares(folder / "wards.geojson", *wards)
    study = study_of(folder, group_column="town", within="Ashby")
    page = folder / "maps" / "place.html"
    outside = {"lon": "0.045000", "lat": "52.005000", "force": "British Transport Police"}
    for month in months.span("2023-01:2024-04"):
        path = folder / "crimes" / month / f"{month}-btp-street.csv"
        path.write_text(csv_text(row(month, "Burglary", **outside), row(month, "Burglary", **outside)))
    watch_study(study, page)
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    publish("2024-04", 11, 10, 10, 10, 10, 10)
    first, silent, revised = watch_study(study, page).news
    assert first.startswith("Data to May 2024")
    assert silent.startswith("Left out of the areas outside, whole: British Transport Police")
    assert revised == "Counts revised since the last map: April 2024 (30 then, 31 now)."
    (folder / "crimes" / "2024-05" / "2024-05-btp-street.csv").write_text(
        csv_text(row("2024-05", "Burglary", **outside))
    )
    said = "No force is left out of the areas outside for a gap now. On the last map some were."
    assert said in watch_study(study, page).news


def test_a_watch_names_a_force_that_falls_silent_and_calls_no_count_revised(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    for month in months.span("2023-01:2024-04"):
        crimes = [
            row(month, "Burglary", lon="0.005000", lat="52.005000", force="British Transport Police")
        ] * 2
        path = folder / "crimes" / month / f"{month}-btp-street.csv"
        path.write_text(csv_text(*crimes))
    watch_study(study_of(folder), page)
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    first, silent, differ = watch_study(study_of(folder), page).news
    assert first.startswith("Data to May 2024")
    assert silent.startswith("Left out of every period, whole: British Transport Police")
    assert differ.startswith(
        "Counts that differ from the last map's, which are of other forces: March 2023 (62 then, 60"
    )
    (folder / "crimes" / "2024-05" / "2024-05-btp-street.csv").write_text(
        csv_text(
            row("2024-05", "Burglary", lon="0.005000", lat="52.005000", force="British Transport Police")
        )
    )
    assert (
        watch_study(study_of(folder), page).news[0]
        == "No force is left out for a gap now. On the last map some were."
    )


def add(folder, month, kind, ward, count, *, lat="52.005000"):
    """Add crimes of a type in a ward to a month that is published."""
    path = folder / "crimes" / month / f"{month}-northamptonshire-street.csv"
    place = {"lon": f"{ward * 0.01 + 0.005:.6f}", "lat": lat}
    more = csv_text(*[row(month, kind, **place) for _ in range(count)]).split("\n", 1)[1]
    path.write_text(path.read_text() + more)


def test_a_watch_of_a_public_version_says_what_is_new_and_hides_small_counts(place):
    publish, folder = place
    page = folder / "maps" / "place.html"

    def month_of(month, first):
        publish(month, first, 10, 10, 10, 1, 1)
        for kind in ("Robbery", "Vehicle crime"):
            for ward in range(6):
                add(folder, month, kind, ward, 8 if ward < 4 else 1)

    for month in months.span("2023-01:2024-04"):
        month_of(month, 10)
    watch_study(study_of(folder, suppress_small=True), page)
    month_of("2024-05", 150)
    may = watch_study(study_of(folder, suppress_small=True), page)
    assert (may.result.change["verdict"] == "not known").any()
    assert may.news[0] == "Data to May 2024; the last map had data to April 2024."
    assert watch_study(study_of(folder, suppress_small=True), page) == Watched()


def test_a_watch_of_a_public_version_says_that_a_month_is_withdrawn_comes_back_or_was_missed(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    publish("2024-06", 10, 10, 10, 10, 10, 10)
    for month in (*months.span("2023-01:2024-04"), "2024-06"):
        for kind in ("Robbery", "Vehicle crime"):
            for ward in range(6):
                add(folder, month, kind, ward, 8)
    public = study_of(folder, suppress_small=True)
    june = folder / "crimes" / "2024-06"
    june.rename(folder / "june")
    watch_study(public, page)
    march = folder / "crimes" / "2024-03"
    march.rename(folder / "kept")
    gone = watch_study(public, page)
    assert gone.news == ("Months compared: 2 of 3; on the last map 3.",)
    assert gone.exit_code == 3
    (folder / "kept").rename(march)
    assert watch_study(public, page).news == ("Months compared: 3 of 3; on the last map 2.",)
    assert watch_study(public, page) == Watched()
    (folder / "june").rename(june)
    assert watch_study(public, page).news[1:] == ("Months compared: 2 of 3; on the last map 3.",)


def test_a_watch_names_the_areas_between_which_crimes_were_moved(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    publish("2024-03", 8, 12, 10, 10, 10, 10)
    moved = watch_study(study_of(folder), page)
    assert moved.news == ("Counts revised since the last map, in: Ward 0; Ward 1.",)
    publish("2024-03", 8, 12, 11, 10, 10, 10)
    by_month = watch_study(study_of(folder), page)
    assert by_month.news == ("Counts revised since the last map: March 2024 (60 then, 61 now).",)


def test_a_first_watch_without_an_earlier_period_speaks_of_no_rise(place):
    _, folder = place
    study = make_study(
        current="latest:5", crimes=str(folder / "crimes"), boundaries=str(folder / "wards.geojson")
    )
    [first] = watch_study(study, folder / "maps" / "level.html").news
    assert first.endswith("It shows no change, because there is no earlier period to compare with.")


@pytest.mark.parametrize(("lat", "told"), [("52.005000", False), ("52.006000", True)])
def test_a_clear_rise_on_a_map_point_without_earlier_crimes_is_news_as_that(lat, told, place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    add(folder, "2024-05", "Burglary", 0, 80, lat=lat)
    (rise,) = [line for line in watch_study(study_of(folder), page).news if line.startswith("New clear rise")]
    assert ("expected, on one map point)" in rise) == told


def test_the_news_of_an_extract_name_the_crime_types_as_its_page_does(practice_result):
    extract = replace(practice_result.study, extract={"columns": {}})
    found = replace(practice_result, study=extract, lacking=("theft-of-vehicle",))
    assert ", theft from vehicles" in first_words(found)
    assert ", vehicle crime" in first_words(practice_result)


def test_a_rise_on_a_last_map_whose_comparator_was_no_fit_is_not_told_to_have_ended(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    assert "Clear rises: " in watch_study(study_of(folder), page).news[0]
    last = folder / "maps" / "place-2024-05.json"
    record = json.loads(last.read_text(encoding="utf-8"))
    record["warnings"].append({"code": "unfit-comparator", "text": ""})
    last.write_text(json.dumps(record, indent=1), encoding="utf-8")
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    news = watch_study(study_of(folder), page).news
    assert news[0].startswith("Counts revised since the last map")
    assert not [line for line in news if line.startswith("No longer")]


@pytest.mark.parametrize("kept", [0.5, 0.03])
def test_a_last_map_whose_table_is_cut_is_told_and_not_compared_with(kept, place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    table = folder / "maps" / "place-2024-04.csv"
    whole = table.read_bytes()
    table.write_bytes(whole[: whole.index(b",sac,", int(kept * len(whole)))])
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert (
        watch_study(study_of(folder), page).news[0].startswith("The record or the table of the last map is")
    )


@pytest.mark.parametrize(("key", "value"), [("monthly", {"2024-04": "sixty"}), ("current", [])])
def test_a_last_map_whose_record_someone_edited_is_told_as_damaged(key, value, place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    kept = folder / "maps" / "place-2024-04.json"
    record = json.loads(kept.read_text())
    (record["study"] if key in record["study"] else record)[key] = value
    kept.write_text(json.dumps(record))
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert (
        watch_study(study_of(folder), page).news[0].startswith("The record or the table of the last map is")
    )


def test_maps_copied_in_any_order_are_no_news(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    watch_study(study_of(folder), page)
    os.utime(folder / "maps" / "place-2024-04.json")
    assert watch_study(study_of(folder), page) == Watched()
    publish("2024-06", 90, 10, 10, 10, 10, 10)
    assert (
        watch_study(study_of(folder), page).news[0] == "Data to June 2024; the last map had data to May 2024."
    )


def test_a_watch_reads_its_own_map_of_an_area_with_half_a_name(place):
    _, folder = place
    page = folder / "maps" / "place.html"
    wards = (folder / "wards.geojson").read_text()
    (folder / "wards.geojson").write_text(wards.replace("Ward 0", "Ward\\u0000\\u0000"))
    assert watch_study(study_of(folder), page).written
    assert "Ward\ufffd\ufffd" in (folder / "maps" / "place-2024-04.csv").read_text(encoding="utf-8")
    assert watch_study(study_of(folder), page) == Watched()


def test_a_watch_makes_the_map_again_where_an_option_or_a_file_of_it_changed(place):
    _, folder = place
    page = folder / "maps" / "place.html"
    assert watch_study(study_of(folder), page).written
    assert not watch_study(study_of(folder), page).written
    # The same figures under another title: a map is made, and there is nothing to say of it.
    assert watch_study(study_of(folder, title="Elsewhere"), page).news == ()
    assert "Elsewhere" in (folder / "maps" / "place-2024-04.html").read_text(encoding="utf-8")
    (folder / "maps" / "place-2024-04.html").unlink()
    watch_study(study_of(folder, title="Elsewhere"), page)
    assert (folder / "maps" / "place-2024-04.html").exists()


def test_a_watch_says_that_the_boundaries_are_another_version_even_under_the_same_names(place):
    _, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    wards = json.loads((folder / "wards.geojson").read_text())
    wards["features"][5]["geometry"]["coordinates"] = [square(5, 0.011)]
    (folder / "wards.geojson").write_text(json.dumps(wards))
    (told,) = watch_study(study_of(folder), page).news
    assert told == f"Changed since the last map, which alone can move figures: {folder / 'wards.geojson'}."
    assert not watch_study(study_of(folder), page).written


def test_counts_that_differ_because_an_area_is_gone_are_not_called_revised(place):
    _, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    wards = json.loads((folder / "wards.geojson").read_text())
    wards["features"].pop()
    (folder / "wards.geojson").write_text(json.dumps(wards))
    _, differ, areas = watch_study(study_of(folder), page).news
    assert differ.startswith("Counts that differ from the last map's: February 2023 (60 then, 50 now)")
    assert areas == "Areas on one of the two maps only: Ward 5."


def test_boundaries_in_another_file_are_told_where_their_content_differs(place):
    _, folder = place
    page = folder / "maps" / "place.html"
    watch_study(study_of(folder), page)
    wards = (folder / "wards.geojson").read_text()
    same, fewer = folder / "same.geojson", folder / "fewer.geojson"
    same.write_text(wards)
    assert watch_study(study_of(folder, boundaries=str(same)), page).news == ()
    features = json.loads(wards)
    features["features"].pop()
    fewer.write_text(json.dumps(features))
    changed, differ, _ = watch_study(study_of(folder, boundaries=str(fewer)), page).news
    assert changed == f"Changed since the last map, which alone can move figures: {fewer}."
    assert differ.startswith("Counts that differ from the last map's: ")


def test_households_that_are_new_or_no_longer_there_are_told(place):
    _, folder = place
    page = folder / "maps" / "place.html"
    homes = folder / "homes.csv"
    homes.write_text("area_id,households\n" + "".join(f"W{n},500\n" for n in range(6)))
    lead = "Changed since the last map, which alone can move figures"
    watch_study(study_of(folder), page)
    assert watch_study(study_of(folder, households=str(homes)), page).news == (f"{lead}: {homes}.",)
    assert watch_study(study_of(folder), page).news == (f"{lead}: no households.",)


def test_a_comparator_is_told_once_however_it_changed(place):
    _, folder = place
    page = folder / "maps" / "place.html"
    table = folder / "nation.csv"

    def follow(n):
        rows = [
            f"{month},{kind},{n}" for month in months.span("2023-01:2024-04") for kind in tables.SAC_TYPES
        ]
        table.write_text("\n".join(["month,crime_type,n", *rows]))
        return watch_study(study_of(folder, comparator=str(table)), page).news

    lead = "Changed since the last map, which alone can move figures"
    watch_study(study_of(folder), page)
    assert follow(500) == (f"{lead}: the option comparator.",)
    assert follow(600) == (f"{lead}: {table}.",)
    assert watch_study(study_of(folder), page).news == (f"{lead}: the option comparator.",)


def test_a_watch_keeps_the_additional_files_of_the_last_map_as_new_as_the_map(place):
    publish, folder = place
    page = folder / "maps" / "place.html"
    map_study(study_of(folder, also="xlsx"), page)
    assert not watch_study(study_of(folder), page).written
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert [path.name for path in watch_study(study_of(folder), page).written][3:] == ["place-2024-05.xlsx"]
    assert not watch_study(study_of(folder), page).written


def test_a_watch_draws_again_where_the_roads_and_rivers_changed(place):
    _, folder = place
    page = folder / "maps" / "place.html"

    def river(name):
        line = {"type": "LineString", "coordinates": [[0.0, 52.005], [0.06, 52.005]]}
        one = {"type": "Feature", "properties": {"name": name}, "geometry": line}
        return study_of(folder, context=str(write_geojson(folder / "rivers.geojson", one)))

    assert watch_study(river("Nene"), page).written
    assert not watch_study(river("Nene"), page).written
    drawn = page.with_name("place-2024-04.json")
    before = drawn.read_bytes()
    assert watch_study(river("Tove"), page).news == ()
    assert drawn.read_bytes() != before


def test_a_source_that_cannot_be_reached_is_exit_code_4(place):
    _, folder = place
    done = command(
        "watch", "--force", "northamptonshire", "--boundaries", "wards.geojson", "--current", "latest:3",
        "--baseline", "before:1", "--offline", "--store", "store", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 4


def test_a_watch_of_fixed_periods_looks_only_at_the_months_it_needs(place):
    publish, folder = place
    study = make_study(
        current="2024-03",
        baseline="2023-03",
        crimes=str(folder / "crimes"),
        boundaries=str(folder / "wards.geojson"),
    )
    page = folder / "maps" / "march.html"
    assert watch_study(study, page).written
    publish("2024-12", 10, 10, 10, 10, 10, 10)
    assert not watch_study(study, page).written
    publish("2024-03", 10, 10, 10, 10, 10, 11)
    assert "March 2024 (60 then, 61 now)" in " ".join(watch_study(study, page).news)
