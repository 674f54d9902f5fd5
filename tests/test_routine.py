"""The month's routine: periods that follow the data, what is new since the last map, names that keep the last one."""

import contextlib
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


STUDY = {
    "title": "Place", "crimes": "crimes", "boundaries": "wards.geojson", "current": "latest:3", "baseline": "before:1",
}  # fmt: skip
PAGE = Path("maps/place.html")


def study_of(**more):
    return make_study({**STUDY, **more})


def watch_place(**more):
    return watch_study(study_of(**more), PAGE)


def publish(month, *counts):
    """Publish a month, with so many burglaries in each ward."""
    rows = [row(month, kind, lon="", lat="") for kind in ("Robbery", "Vehicle crime")]
    rows += [
        row(month, "Burglary", lon=f"{n * 0.01 + 0.005:.6f}", lat="52.005000")
        for n, count in enumerate(counts)
        for _ in range(count)
    ]
    folder = Path("crimes") / month
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{month}-northamptonshire-street.csv").write_text(csv_text(*rows))


def make_place():
    """Write six wards, their crimes and the study file."""
    write_squares(Path("wards.geojson"), *({"id": f"W{n}", "name": f"Ward {n}"} for n in range(6)))
    Path("place.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in STUDY.items()))
    for month in months.span("2023-01:2024-04"):
        publish(month, 10, 10, 10, 10, 10, 10)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The test is in the folder of a place."""
    monkeypatch.chdir(tmp_path)
    make_place()


@pytest.fixture(scope="module")
def first_map(tmp_path_factory):
    """The files of the first map of this place, which takes longer to make than most of the tests."""
    with contextlib.chdir(tmp_path_factory.mktemp("place")):
        make_place()
        watch_place()
        return {path: path.read_bytes() for path in PAGE.parent.iterdir()}


@pytest.fixture
def watched(place, first_map):
    """The test is in the folder of a place, after a first watch."""
    PAGE.parent.mkdir()
    for path, content in first_map.items():
        path.write_bytes(content)


def test_the_current_period_ends_in_the_newest_month_that_is_complete(place):
    publish("2024-05", 1, 0, 0, 0, 0, 0)
    result = run(study_of())
    assert months.written(result.study.current) == "2024-02:2024-04"
    [told] = [notice.text for notice in result.warnings if notice.code == "newest-months"]
    assert "April 2024 is the newest complete month" in told


def test_why_the_newest_months_are_not_complete_is_told(place):
    other = Path("crimes/2024-05/2024-05-kent-street.csv")
    other.parent.mkdir()
    other.write_text(csv_text(row("2024-05", lon="0.005000", lat="52.005000", force="Kent Police")))
    [told] = [one.text for one in run(study_of()).warnings if one.code == "newest-months"]
    assert told.endswith(
        "so the current period ends there: the files of Northamptonshire Police end at April 2024."
    )


def test_periods_before_the_data_begin_are_left_out_and_told(place):
    study = make_study(
        current="latest:3",
        baseline="before:4",
        crimes="crimes",
        boundaries="wards.geojson",
    )
    result = run(study)
    assert [months.written(p) for p in result.study.baseline] == ["2023-02:2023-04"]
    assert "only 1 of them is in the crimes" in " ".join(notice.text for notice in result.warnings)


def test_before_a_given_period_too_those_before_the_data_begin_are_left_out_and_told(place):
    study = make_study(
        current="2024-02:2024-04", baseline="before:4", crimes="crimes",
        boundaries="wards.geojson",
    )  # fmt: skip
    page = Path("maps/spring.html")
    result = watch_study(study, page).result
    assert [months.written(p) for p in result.study.baseline] == ["2023-02:2023-04"]
    assert len(result.compared) == 3
    assert "only 1 of them is in the crimes" in " ".join(notice.text for notice in result.warnings)
    assert not watch_study(study, page).written


def test_last_month_s_map_stays_beside_this_month_s(place):
    april = map_study(study_of(), PAGE).written
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    may = map_study(study_of(), PAGE).written
    assert [path.name for path in april] == ["place-2024-04.html", "place-2024-04.csv", "place-2024-04.json"]
    assert [path.name for path in may] == ["place-2024-05.html", "place-2024-05.csv", "place-2024-05.json"]
    assert all(path.exists() for path in (*april, *may))


def test_a_map_that_takes_the_place_of_another_period_s_says_so(place, capsys):
    given = {"crimes": "crimes", "boundaries": "wards.geojson"}
    for current, baseline in (("2024-01:2024-03", "2023-01:2023-03"), ("2024-02:2024-04", "2023-02:2023-04")):
        map_study(make_study(given, current=current, baseline=baseline), PAGE)
    assert (
        "was the map of January 2024 to March 2024, and is now the map of February 2024"
        in capsys.readouterr().err
    )


def test_a_rolling_map_that_takes_the_place_of_another_length_s_is_not_told_to_be_rolling(place, capsys):
    for current in ("latest:3", "latest:2"):
        map_study(study_of(current=current), PAGE)
    said = capsys.readouterr().err
    assert "is now the map of March 2024 to April 2024. To keep both, give another --out." in said
    assert "latest:12" not in said


def test_rolling_periods_end_with_the_force_of_the_study_where_it_has_no_crime_in_the_areas_too(place):
    for month in months.span("2023-01:2024-03"):
        other = Path("crimes") / month / f"{month}-kent-street.csv"
        other.write_text(csv_text(*[row(month, lon="", lat="", force="Kent Police")] * 9))
    assert run(study_of(force="northamptonshire")).study.current[-1] == "2024-04"
    assert run(study_of(force="kent")).study.current[-1] == "2024-03"
    with pytest.raises(InputError, match="None of the crimes was reported by surrey"):
        run(study_of(force="surrey"))


def test_a_watch_says_what_is_new_by_name_and_nothing_where_nothing_is(place):
    first = command("watch", "place.toml")
    assert first.returncode == 0
    assert first.stdout.startswith("The first map of this study")
    again = command("watch", "place.toml")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    # Published again with other counts.
    publish("2024-04", 10, 10, 10, 10, 10, 12)
    may = command("watch", "place.toml")
    assert may.returncode == 0
    lines = may.stdout.splitlines()
    assert lines[0] == "Data to May 2024; the last map had data to April 2024."
    assert lines[1].startswith("New clear rises: Ward 0, serious acquisitive crime (110, about ")
    assert "Counts revised since the last map: April 2024 (60 then, 62 now)." in lines
    assert any(line.endswith("place-2024-05.html") for line in lines)
    publish("2024-06", 10, 10, 10, 10, 10, 10)
    june = command("watch", "place.toml").stdout
    assert "Still a clear rise: Ward 0, serious acquisitive crime (110, about " in june
    for month in ("2024-07", "2024-08"):
        publish(month, 10, 10, 10, 10, 10, 10)
    august = command("watch", "place.toml").stdout
    assert "No longer a clear rise: Ward 0, serious acquisitive crime (now within normal range)" in august


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_f59_a_watch_and_a_rolling_map_write_a_set_again_that_a_kill_left_torn(place):
    watch = ("watch", "place.toml", "--also", "xlsx")
    command(*watch)
    for number, again in enumerate([watch, ("map", *watch[1:])], 12):
        publish("2024-04", 10, 10, 10, 10, 10, number)
        # The page, the table and the record are new, the workbook is not.
        moves = itertools.count(1)
        killed_before("replace", lambda _, moves=moves: next(moves) == 4, *watch)
        done = command(*again)
        assert "An earlier run was stopped while it wrote place-2024-04.html" in done.stderr
        assert not torn_set_message(Path("maps/place-2024-04.html"))
    assert command(*watch).stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
@pytest.mark.parametrize("left", ["place*.unfinished.txt", "place*.html.*.part"])
def test_f59_a_watch_leaves_nothing_of_a_run_that_was_killed_when_its_files_were_in_place(watched, left):
    watch = ("watch", "place.toml")
    publish("2024-04", 10, 10, 10, 10, 10, 12)
    killed_before("unlink", lambda path: path.match(left), *watch)
    again = command(*watch)
    assert (again.returncode, again.stdout) == (0, "")
    assert {path.suffix for path in Path("maps").iterdir()} == {".html", ".csv", ".json"}


def killed_before(method, found, *words):
    """Run a command in a process that is killed before it uses a method of the first path that is `found`."""
    child = os.fork()
    if not child:
        original = getattr(Path, method)

        def use(path, *given, **more):
            if found(path):
                os.kill(os.getpid(), signal.SIGKILL)
            return original(path, *given, **more)

        setattr(Path, method, use)
        command(*words)
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


def test_a_month_that_is_withdrawn_is_told_once(watched):
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    assert watch_place().news[0].startswith("Data to May 2024")
    shutil.rmtree("crimes/2024-05")
    withdrawn = watch_place()
    assert withdrawn.news[0] == "Data to April 2024; the last map had data to May 2024."
    assert withdrawn.written
    assert watch_place() == Watched()
    # What is corrected afterwards is compared with the map made since.
    publish("2024-04", 10, 10, 10, 10, 10, 12)
    corrected = watch_place()
    assert corrected.news == ("Counts revised since the last map: April 2024 (60 then, 62 now).",)
    assert watch_place() == Watched()
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert "place-2024-05.html" in [path.name for path in watch_place().written]


def test_a_month_that_was_withdrawn_is_told_once_to_be_back(watched):
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    watch_place()
    shutil.rmtree("crimes/2024-05")
    watch_place()
    # A day has gone by between the two maps.
    os.utime("maps/place-2024-05.json", (0, 0))
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    back = watch_place()
    assert back.news[0] == "Data to May 2024 again; the last map had data to April 2024."
    assert any(line.startswith("New clear rises: Ward 0") for line in back.news)
    assert watch_place() == Watched()


def test_areas_of_which_all_codes_changed_are_known_by_their_names(place):
    publish("2024-04", 90, 10, 10, 10, 10, 10)
    watch_place()
    write_squares(Path("wards.geojson"), *({"id": f"X{n}", "name": f"Ward {n}"} for n in range(6)))
    other, recoded, *verdicts = watch_place().news
    assert other.startswith("Changed since the last map, which alone can move figures: ")
    assert recoded == (
        "Areas known by their names, with other codes than on the last map: Ward 0; Ward 1; Ward 2; Ward 3; Ward 4; "
        "Ward 5."
    )
    assert {line.partition(":")[0] for line in verdicts} == {"Still a clear rise"}


def test_a_new_month_that_is_not_complete_is_told_once(watched):
    publish("2024-05", 1, 0, 0, 0, 0, 0)
    (told,) = watch_place().news
    assert told == (
        "The crimes end in May 2024, but April 2024 is the newest complete month, so the current period ends there: "
        "May 2024: Northamptonshire Police published only 3 crimes, where about 62 are usual."
    )
    publish("2024-05", 1, 1, 0, 0, 0, 0)
    assert not watch_place().news


def test_a_month_in_the_middle_that_is_withdrawn_or_comes_back_is_told_by_name(watched):
    shutil.rmtree("crimes/2024-03")
    gone = watch_place()
    assert gone.news == ("No longer complete, so left out of every period: March 2024.",)
    assert gone.exit_code == 3
    publish("2024-03", 10, 10, 10, 10, 10, 10)
    assert watch_place().news == ("Complete now, and compared again: March 2024.",)


def test_a_new_month_that_is_missing_behind_a_newer_one_is_told_by_name(watched):
    publish("2024-06", 10, 10, 10, 10, 10, 10)
    told = "Data to June 2024; the last map had data to April 2024."
    assert watch_place().news == (
        told, "Not complete, so left out of every period: May 2024."
    )  # fmt: skip


def test_a_month_that_is_filled_is_not_said_to_be_compared_where_another_year_lacks_it(place):
    for month in ("2023-03", "2024-03"):
        shutil.rmtree(f"crimes/{month}")
    watch_place()
    publish("2024-03", 10, 10, 10, 10, 10, 10)
    assert watch_place().news == ("Complete now: March 2024.",)
    publish("2023-03", 10, 10, 10, 10, 10, 10)
    assert watch_place().news == ("Complete now, and compared again: March 2023.",)


def test_a_watch_tells_another_number_of_periods_and_another_length_of_them(place):
    two = study_of(baseline="before:2")
    assert len(watch_study(two, PAGE).result.study.baseline) == 1
    for month in months.span("2022-01:2022-12"):
        publish(month, 10, 10, 10, 10, 10, 10)
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    lead = "Changed since the last map, which alone can move figures"
    assert watch_study(two, PAGE).news == (
        "Data to May 2024; the last map had data to April 2024.", f"{lead}: the number of baseline periods."
    )  # fmt: skip
    longer = watch_place(current="latest:4", baseline="before:2").news
    assert longer == (f"{lead}: the length of the current period.",)


def test_a_watch_names_a_force_that_falls_silent_outside_its_district_and_calls_what_is_revised_so(place):
    wards = [{"id": f"W{n}", "name": f"Ward {n}", "town": "Ashby" if n < 3 else "Bexley"} for n in range(6)]
    write_squares(Path("wards.geojson"), *wards)
    study = study_of(group_column="town", within="Ashby")
    outside = {"lon": "0.045000", "lat": "52.005000", "force": "British Transport Police"}
    for month in months.span("2023-01:2024-04"):
        path = Path("crimes") / month / f"{month}-btp-street.csv"
        path.write_text(csv_text(row(month, "Burglary", **outside), row(month, "Burglary", **outside)))
    watch_study(study, PAGE)
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    publish("2024-04", 11, 10, 10, 10, 10, 10)
    first, silent, revised = watch_study(study, PAGE).news
    assert first.startswith("Data to May 2024")
    assert silent.startswith("Left out of the areas outside, whole: British Transport Police")
    assert revised == "Counts revised since the last map: April 2024 (30 then, 31 now)."
    Path("crimes/2024-05/2024-05-btp-street.csv").write_text(csv_text(row("2024-05", "Burglary", **outside)))
    said = "No force is left out of the areas outside for a gap now. On the last map some were."
    assert said in watch_study(study, PAGE).news


def test_a_watch_names_a_force_that_falls_silent_and_calls_no_count_revised(place):
    for month in months.span("2023-01:2024-04"):
        crimes = [
            row(month, "Burglary", lon="0.005000", lat="52.005000", force="British Transport Police")
        ] * 2
        path = Path("crimes") / month / f"{month}-btp-street.csv"
        path.write_text(csv_text(*crimes))
    watch_place()
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    first, silent, differ = watch_place().news
    assert first.startswith("Data to May 2024")
    assert silent.startswith("Left out of every period, whole: British Transport Police")
    assert differ.startswith(
        "Counts that differ from the last map's, which are of other forces: March 2023 (62 then, 60"
    )
    Path("crimes/2024-05/2024-05-btp-street.csv").write_text(
        csv_text(
            row("2024-05", "Burglary", lon="0.005000", lat="52.005000", force="British Transport Police")
        )
    )
    assert watch_place().news[0] == "No force is left out for a gap now. On the last map some were."


def add(month, kind, ward, count, *, lat="52.005000"):
    """Add crimes of a type in a ward to a month that is published."""
    path = Path("crimes") / month / f"{month}-northamptonshire-street.csv"
    place = {"lon": f"{ward * 0.01 + 0.005:.6f}", "lat": lat}
    more = csv_text(*[row(month, kind, **place) for _ in range(count)]).split("\n", 1)[1]
    path.write_text(path.read_text() + more)


def test_a_watch_of_a_public_version_says_what_is_new_and_hides_small_counts(place):

    def month_of(month, first):
        publish(month, first, 10, 10, 10, 1, 1)
        for kind in ("Robbery", "Vehicle crime"):
            for ward in range(6):
                add(month, kind, ward, 8 if ward < 4 else 1)

    for month in months.span("2023-01:2024-04"):
        month_of(month, 10)
    watch_place(suppress_small=True)
    month_of("2024-05", 150)
    may = watch_place(suppress_small=True)
    assert (may.result.change["verdict"] == "not known").any()
    assert may.news[0] == "Data to May 2024; the last map had data to April 2024."
    assert watch_place(suppress_small=True) == Watched()


def test_a_watch_of_a_public_version_says_that_a_month_is_withdrawn_comes_back_or_was_missed(place):
    publish("2024-06", 10, 10, 10, 10, 10, 10)
    for month in (*months.span("2023-01:2024-04"), "2024-06"):
        for kind in ("Robbery", "Vehicle crime"):
            for ward in range(6):
                add(month, kind, ward, 8)
    public = study_of(suppress_small=True)
    june = Path("crimes/2024-06")
    june.rename("june")
    watch_study(public, PAGE)
    march = Path("crimes/2024-03")
    march.rename("kept")
    gone = watch_study(public, PAGE)
    assert gone.news == ("Months compared: 2 of 3; on the last map 3.",)
    assert gone.exit_code == 3
    Path("kept").rename(march)
    assert watch_study(public, PAGE).news == ("Months compared: 3 of 3; on the last map 2.",)
    assert watch_study(public, PAGE) == Watched()
    Path("june").rename(june)
    assert watch_study(public, PAGE).news[1:] == ("Months compared: 2 of 3; on the last map 3.",)


def test_a_watch_names_the_areas_between_which_crimes_were_moved(watched):
    publish("2024-03", 8, 12, 10, 10, 10, 10)
    moved = watch_place()
    assert moved.news == ("Counts revised since the last map, in: Ward 0; Ward 1.",)
    publish("2024-03", 8, 12, 11, 10, 10, 10)
    by_month = watch_place()
    assert by_month.news == ("Counts revised since the last map: March 2024 (60 then, 61 now).",)


def test_a_first_watch_without_an_earlier_period_speaks_of_no_rise(place):
    study = make_study(current="latest:5", crimes="crimes", boundaries="wards.geojson")
    [first] = watch_study(study, Path("maps/level.html")).news
    assert first.endswith("It shows no change, because there is no earlier period to compare with.")


@pytest.mark.parametrize(("lat", "told"), [("52.005000", False), ("52.006000", True)])
def test_a_clear_rise_on_a_map_point_without_earlier_crimes_is_news_as_that(lat, told, watched):
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    add("2024-05", "Burglary", 0, 80, lat=lat)
    (rise,) = [line for line in watch_place().news if line.startswith("New clear rise")]
    assert ("expected, on one map point)" in rise) == told


def test_the_news_of_an_extract_name_the_crime_types_as_its_page_does(practice_result):
    extract = replace(practice_result.study, extract={"columns": {}})
    found = replace(practice_result, study=extract, lacking=("theft-of-vehicle",))
    assert ", theft from vehicles" in first_words(found)
    assert ", vehicle crime" in first_words(practice_result)


def test_a_rise_on_a_last_map_whose_comparator_was_no_fit_is_not_told_to_have_ended(place):
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    assert "Clear rises: " in watch_place().news[0]
    last = Path("maps/place-2024-05.json")
    record = json.loads(last.read_text(encoding="utf-8"))
    record["warnings"].append({"code": "unfit-comparator", "text": ""})
    last.write_text(json.dumps(record, indent=1), encoding="utf-8")
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    news = watch_place().news
    assert news[0].startswith("Counts revised since the last map")
    assert not [line for line in news if line.startswith("No longer")]


@pytest.mark.parametrize("kept", [0.5, 0.03])
def test_a_last_map_whose_table_is_cut_is_told_and_not_compared_with(kept, watched):
    table = Path("maps/place-2024-04.csv")
    whole = table.read_bytes()
    table.write_bytes(whole[: whole.index(b",sac,", int(kept * len(whole)))])
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert watch_place().news[0].startswith("The record or the table of the last map is")


@pytest.mark.parametrize(("key", "value"), [("monthly", {"2024-04": "sixty"}), ("current", [])])
def test_a_last_map_whose_record_someone_edited_is_told_as_damaged(key, value, watched):
    kept = Path("maps/place-2024-04.json")
    record = json.loads(kept.read_text())
    (record["study"] if key in record["study"] else record)[key] = value
    kept.write_text(json.dumps(record))
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert watch_place().news[0].startswith("The record or the table of the last map is")


def test_maps_copied_in_any_order_are_no_news(watched):
    publish("2024-05", 90, 10, 10, 10, 10, 10)
    watch_place()
    os.utime("maps/place-2024-04.json")
    assert watch_place() == Watched()
    publish("2024-06", 90, 10, 10, 10, 10, 10)
    assert watch_place().news[0] == "Data to June 2024; the last map had data to May 2024."


def test_a_watch_reads_its_own_map_of_an_area_with_half_a_name(place):
    wards = Path("wards.geojson").read_text()
    Path("wards.geojson").write_text(wards.replace("Ward 0", "Ward\\u0000\\u0000"))
    assert watch_place().written
    assert "Ward\ufffd\ufffd" in Path("maps/place-2024-04.csv").read_text(encoding="utf-8")
    assert watch_place() == Watched()


def test_a_watch_makes_the_map_again_where_an_option_or_a_file_of_it_changed(watched):
    assert not watch_place().written
    # The same figures under another title: a map is made, and there is nothing to say of it.
    assert watch_place(title="Elsewhere").news == ()
    assert "Elsewhere" in Path("maps/place-2024-04.html").read_text(encoding="utf-8")
    Path("maps/place-2024-04.html").unlink()
    watch_place(title="Elsewhere")
    assert Path("maps/place-2024-04.html").exists()


def test_a_watch_says_that_the_boundaries_are_another_version_even_under_the_same_names(watched):
    wards = json.loads(Path("wards.geojson").read_text())
    wards["features"][5]["geometry"]["coordinates"] = [square(5, 0.011)]
    Path("wards.geojson").write_text(json.dumps(wards))
    (told,) = watch_place().news
    assert told == "Changed since the last map, which alone can move figures: wards.geojson."
    assert not watch_place().written


def test_counts_that_differ_because_an_area_is_gone_are_not_called_revised(watched):
    wards = json.loads(Path("wards.geojson").read_text())
    wards["features"].pop()
    Path("wards.geojson").write_text(json.dumps(wards))
    _, differ, areas = watch_place().news
    assert differ.startswith("Counts that differ from the last map's: February 2023 (60 then, 50 now)")
    assert areas == "Areas on one of the two maps only: Ward 5."


def test_boundaries_in_another_file_are_told_where_their_content_differs(watched):
    wards = Path("wards.geojson").read_text()
    same, fewer = Path("same.geojson"), Path("fewer.geojson")
    same.write_text(wards)
    assert watch_place(boundaries=str(same)).news == ()
    features = json.loads(wards)
    features["features"].pop()
    fewer.write_text(json.dumps(features))
    changed, differ, _ = watch_place(boundaries=str(fewer)).news
    assert changed == f"Changed since the last map, which alone can move figures: {fewer}."
    assert differ.startswith("Counts that differ from the last map's: ")


def test_households_that_are_new_or_no_longer_there_are_told(watched):
    homes = Path("homes.csv")
    homes.write_text("area_id,households\n" + "".join(f"W{n},500\n" for n in range(6)))
    lead = "Changed since the last map, which alone can move figures"
    assert watch_place(households=str(homes)).news == (f"{lead}: {homes}.",)
    assert watch_place().news == (f"{lead}: no households.",)


def test_a_comparator_is_told_once_however_it_changed(watched):
    table = Path("nation.csv")

    def follow(n):
        rows = [
            f"{month},{kind},{n}" for month in months.span("2023-01:2024-04") for kind in tables.SAC_TYPES
        ]
        table.write_text("\n".join(["month,crime_type,n", *rows]))
        return watch_place(comparator=str(table)).news

    lead = "Changed since the last map, which alone can move figures"
    assert follow(500) == (f"{lead}: the option comparator.",)
    assert follow(600) == (f"{lead}: {table}.",)
    assert watch_place().news == (f"{lead}: the option comparator.",)


def test_a_watch_keeps_the_additional_files_of_the_last_map_as_new_as_the_map(place):
    map_study(study_of(also="xlsx"), PAGE)
    assert not watch_place().written
    publish("2024-05", 10, 10, 10, 10, 10, 10)
    assert [path.name for path in watch_place().written][3:] == ["place-2024-05.xlsx"]
    assert not watch_place().written


def test_a_watch_draws_again_where_the_roads_and_rivers_changed(place):

    def river(name):
        line = {"type": "LineString", "coordinates": [[0.0, 52.005], [0.06, 52.005]]}
        one = {"type": "Feature", "properties": {"name": name}, "geometry": line}
        return study_of(context=str(write_geojson(Path("rivers.geojson"), one)))

    assert watch_study(river("Nene"), PAGE).written
    assert not watch_study(river("Nene"), PAGE).written
    drawn = PAGE.with_name("place-2024-04.json")
    before = drawn.read_bytes()
    assert watch_study(river("Tove"), PAGE).news == ()
    assert drawn.read_bytes() != before


def test_a_source_that_cannot_be_reached_is_exit_code_4(place):
    done = command(
        "watch", "--force", "northamptonshire", "--boundaries", "wards.geojson", "--current", "latest:3",
        "--baseline", "before:1", "--offline", "--store", "store",
    )  # fmt: skip
    assert done.returncode == 4


def test_a_watch_of_fixed_periods_looks_only_at_the_months_it_needs(place):
    study = make_study(
        current="2024-03",
        baseline="2023-03",
        crimes="crimes",
        boundaries="wards.geojson",
    )
    page = Path("maps/march.html")
    assert watch_study(study, page).written
    publish("2024-12", 10, 10, 10, 10, 10, 10)
    assert not watch_study(study, page).written
    publish("2024-03", 10, 10, 10, 10, 10, 11)
    assert "March 2024 (60 then, 61 now)" in " ".join(watch_study(study, page).news)
