"""The crimes of a study from the API, the archive and the store: the same from all, and nothing asked twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from builders import AREAS, FORCE, KINDS, NAME, WANTED, crimes_of
from conftest import csv_text, row, square
from police_uk import Handler, Police, archive_zip, crime, serve, web

from sacmap.areas.boundaries import areas_from_rings, geojson_of, read_areas
from sacmap.areas.locate import locate
from sacmap.areas.neighbourhoods import neighbourhoods, summary
from sacmap.comparison import compare_areas
from sacmap.crimes import without_repeats
from sacmap.errors import InputError, SourceError, UsageError
from sacmap.fetch.download import Downloader, Origin, choose_sources
from sacmap.fetch.street import read
from sacmap.fetch.study_region import ELSEWHERE
from sacmap.fetching import download as fetch
from sacmap.fetching import territory_of
from sacmap.files.write import write_whole
from sacmap.forces import TRANSPORT_POLICE
from sacmap.months import span
from sacmap.routine import Watched, watch_study
from sacmap.study import make_study

pytestmark = pytest.mark.slow

STUDY = make_study(force=FORCE, current="2024-01:2024-03", baseline="2023-01:2023-03")


@pytest.fixture
def police(clock):
    police = Police(clock=clock)
    police.neighbourhoods[FORCE] = {f"N{n}": (f"Area {n}", [tuple(p) for p in square(n)]) for n in range(4)}
    police.publish(crimes_of())
    return police


@pytest.fixture
def base(police):
    with serve(police) as url:
        yield url


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Where boundaries/ and maps/ would be written."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def open_downloader(base, tmp_path, clock):
    def opened(store="store", said=None, later=0.0, new_boundaries=False, **more):
        client = web(clock)
        client.now = lambda: 1_700_000_000.0 + later
        origin = Origin(
            force=FORCE,
            store=str(tmp_path / store),
            api_url=f"{base}/api",
            archive_url=f"{base}/archive",
            **more,
        )
        say = said.append if said is not None else lambda _: None
        return Downloader(
            origin,
            say=say,
            agree=lambda _: True,
            web=client,
            new_boundaries=new_boundaries,
            territory=territory_of,
        )

    return opened


@pytest.fixture
def newest(base, clock, monkeypatch):
    """Return a study of the newest months, which are fetched from the server."""
    monkeypatch.setattr("sacmap.fetch.download.Web", lambda **_: web(clock))
    given = {
        "force": FORCE,
        "current": "latest:1",
        "baseline": "before:1",
        "api_url": f"{base}/api",
        "store": "store",
    }
    return lambda **more: make_study(given | more)


@pytest.fixture
def watch_on(newest, clock, monkeypatch):
    """Watch such a study on a day."""

    def on_day(n):
        client = web(clock)
        client.now = lambda: 1_700_000_000.0 + 90_000 * n
        monkeypatch.setattr("sacmap.fetch.download.Web", lambda **_: client)
        return watch_study(newest(), Path("maps/place.html"))

    return on_day


def as_text(table):
    return table.astype(str).sort_values(list(table.columns), ignore_index=True)


def as_csv(rows):
    """The same crimes as police.uk's files would have them."""
    words = {"burglary": "Burglary", "robbery": "Robbery", "vehicle-crime": "Vehicle crime"}
    lines = {}
    for one in rows:
        place = one["location"] or {"longitude": "", "latitude": "", "street": {"name": "No Location"}}
        force = TRANSPORT_POLICE if one["location_type"] == "BTP" else NAME
        lines.setdefault((one["month"], force), []).append(
            row(one["month"], words[one["category"]], place["longitude"], place["latitude"],
                crime_id=one["persistent_id"], force=force, street=place["street"]["name"])
        )  # fmt: skip
    slug = {NAME: FORCE, TRANSPORT_POLICE: "btp"}
    return {
        f"{month}/{month}-{slug[force]}-street.csv": csv_text(*some) for (month, force), some in lines.items()
    }


def test_every_crime_comes_once_with_its_force_and_place(open_downloader, police):
    reading = open_downloader().download(WANTED, AREAS).reading
    rows = crimes_of()
    assert len(reading.crimes) == len(rows)
    counts = reading.crimes["force"].astype(str).value_counts()
    btp = sum(one["location_type"] == "BTP" for one in rows)
    outside = sum(
        one["location"] is not None
        and one["location_type"] != "BTP"
        and float(one["location"]["longitude"]) > 0.04
        for one in rows
    )
    assert counts.to_dict() == {NAME: len(rows) - btp - outside, TRANSPORT_POLICE: btp, ELSEWHERE: outside}
    nowhere = reading.crimes[reading.crimes["lon"].isna()]
    assert set(nowhere["force"]) == {NAME}
    assert len(nowhere) == sum(one["location"] is None for one in rows)
    assert int(reading.tally["n"].sum()) == len(rows)
    assert sum(one["rows"] for one in reading.inputs) == len(rows)


def test_six_requests_a_month_and_a_rerun_none_with_the_same_bytes(open_downloader, police):
    said = []
    first = open_downloader(said=said).download(WANTED, AREAS)
    of_crimes = [path for path in police.paths if "crimes-" in path and "dates" not in path]
    assert len(of_crimes) == 6 * len(WANTED)
    assert any(text.startswith("To fetch from data.police.uk: 6 months, about 36 requests") for text in said)
    made = len(police.paths)
    again = open_downloader(said=said).download(WANTED, AREAS)
    assert len(police.paths) == made
    assert "In the store: 6 of 6 months." in said
    assert again.reading.crimes.equals(first.reading.crimes)
    assert again.reading.inputs == first.reading.inputs
    assert again.reading.notices == first.reading.notices


def test_the_archive_and_the_api_give_the_same_crimes(open_downloader, police):
    police.archives["2024-03.zip"] = archive_zip(as_csv(crimes_of()))
    by_api = open_downloader("one").download(WANTED, AREAS).reading.crimes
    by_archive = open_downloader("two", source="archive").download(WANTED, AREAS).reading.crimes
    columns = ["month", "crime_type", "lon", "lat", "crime_id"]
    assert as_text(by_api[columns]).equals(as_text(by_archive[columns]))


def test_a_month_that_was_taken_back_and_is_in_the_store_is_told(open_downloader, police):
    first = open_downloader().download(WANTED, AREAS)
    assert "taken-back" not in {notice.code for notice in first.reading.notices}
    police.latest, police.months = WANTED[-2], police.months[1:]
    again = open_downloader(later=90_000).download(WANTED, AREAS)
    assert again.reading.crimes.equals(first.reading.crimes)
    told = [notice.text for notice in again.reading.notices if notice.code == "taken-back"]
    assert told == [
        f"data.police.uk took back {WANTED[-1]}: it has nothing newer than {WANTED[-2]} now. What was fetched before "
        "is used, and may be wrong."
    ]


def test_a_watch_waits_while_a_month_is_being_published_and_tells_an_outage(police, watch_on):
    police.publish(crimes_of(["2023-04", "2024-04"]))
    # The date of the publication is a month ahead of the list of months.
    police.latest = "2024-04"
    assert "place-2024-03.html" in [path.name for path in watch_on(0).written]
    police.months = [*police.months, "2024-04"]
    assert watch_on(1).news[0] == "Data to April 2024; the last map had data to March 2024."
    # The list is a month ahead of the date.
    police.months = [*police.months, "2024-05"]
    assert watch_on(2) == Watched()
    police.fault = lambda number, path: "503"
    with pytest.raises(SourceError, match="crime-last-updated is unreachable"):
        watch_on(3)


def test_a_watch_tells_once_that_the_force_is_not_in_the_newest_month_published(police, watch_on):
    watch_on(0)
    police.latest, police.months = "2024-04", [*police.months, "2024-04"]
    assert watch_on(1).news == (
        "data.police.uk has published April 2024, but March 2024 is the newest complete month, so the current period "
        "ends there: the files of Northamptonshire Police end at March 2024.",
    )
    assert watch_on(2) == Watched()


def test_a_force_that_publishes_nothing_is_told_by_name(police, watch_on):
    police.withdraw(lambda crime: False)
    with pytest.raises(
        InputError, match="has no crimes of northamptonshire for January 2023 to March 2024"
    ) as told:
        watch_on(0)
    assert "extract" in told.value.remedy


def test_a_force_that_is_silent_for_months_is_asked_for_the_whole_of_its_earlier_periods(police, newest):
    police.withdraw(lambda crime: False)
    police.publish(crimes_of(span("2022-09:2023-12"), per_month=9))
    # A crime of its neighbour within its own area does not make a month of it.
    police.publish(crimes_of(["2024-02"], per_month=1))
    found = fetch(newest(current="latest:3"), AREAS)
    # Silent from January to March 2024, its newest period is October to December 2023.
    needed = {*span("2022-10:2022-12"), *span("2023-10:2023-12")}
    assert needed <= {*found.reading.crimes["month"].astype(str)}
    assert found.empty == ("2024-01", "2024-03")


def test_of_the_api_alone_no_month_is_asked_for_that_rolling_periods_do_not_need(police, newest):
    police.months = list(span("2023-02:2024-03"))
    found = fetch(newest(current="latest:2", source="api"), AREAS)
    assert {*found.reading.crimes["month"].astype(str)} == {"2023-02", "2023-03", "2024-02", "2024-03"}


def test_months_the_api_has_no_more_come_from_the_archive(open_downloader, police):
    police.archives["2023-03.zip"] = archive_zip(as_csv(crimes_of()))
    police.months = list(span("2023-06:2024-03"))
    said = []
    found = open_downloader(said=said).download(WANTED, AREAS)
    assert set(found.reading.crimes["month"].astype(str)) == set(WANTED)
    assert len(found.reading.crimes) == len(crimes_of())
    assert {notice.code for notice in found.reading.notices} == {"coverage-from-sac", "two-sources"}
    assert "3 months, 2023-01 to 2023-03: archive" in found.summary
    assert any("To read from the archive: 3 months" in text for text in said)
    assert set(found.reading.crimes["force"].astype(str)) == {NAME, TRANSPORT_POLICE, ELSEWHERE}
    made = len(police.paths)
    open_downloader().download(WANTED, AREAS)
    assert len(police.paths) == made


def test_real_months_from_both_sources_count_in_every_ward_as_the_files_do(open_downloader, police, data):
    zipped = data / "northamptonshire-2018-10_2019-02.zip"
    wards = read_areas(data / "boundaries" / "northamptonshire-wards.geojson")
    files = read([str(zipped)], keep=KINDS).crimes
    west, south, east, north = wards.total_bounds
    police.latest, police.months = "2019-02", list(span("2018-12:2019-02"))
    police.neighbourhoods.clear()
    police.withdraw(lambda one: False)
    for number, one in enumerate(files[files["month"].astype(str).isin(police.months)].itertuples()):
        if west < one.lon < east and south < one.lat < north:
            kind = "BTP" if one.force == TRANSPORT_POLICE else "Force"
            more = {"persistent_id": one.crime_id, "location_type": kind}
            police.publish([crime(number, one.crime_type, one.lat, one.lon, str(one.month), **more)])
    police.archives["2019-02.zip"] = zipped.read_bytes()
    police.archive_handler = Handler.handed_on
    fetched = open_downloader().download(span("2018-10:2019-02"), wards).reading.crimes

    def counts(crimes):
        located = without_repeats(locate(crimes, wards))
        return located.groupby(["area_id", "month", "crime_type", "force"], observed=True).size().to_dict()

    assert counts(fetched) == counts(files)
    assert sum(counts(fetched).values()) > 6_000


def test_coverage_is_judged_on_what_every_month_was_asked_for(open_downloader, police):
    """The archive's months hold ten times as many crimes of other types: the API's months are not thin for that."""
    files = as_csv(crimes_of())
    for name, text in files.items():
        if FORCE in name:
            files[name] = text + "\r\n".join([row(name[:7], "Drugs") for _ in range(600)]) + "\r\n"
    police.archives["2023-03.zip"] = archive_zip(files)
    police.months = list(span("2023-06:2024-03"))
    found = open_downloader().download(WANTED, AREAS)
    result = compare_areas(STUDY, found.reading, AREAS, notices=found.reading.notices)
    assert (result.exit_code, len(result.compared)) == (0, 3)
    assert result.ledger.other_crime_types == 1800


def test_only_the_force_s_own_months_are_judged_for_other_crimes_come_in_part(open_downloader, police):
    """The archive's files of British Transport Police hold the whole country, an answer of the API those of a box."""
    files = as_csv(crimes_of())
    btp = [row("2023-02", lat="53.5", force=TRANSPORT_POLICE) for _ in range(300)]
    files["2023-02/2023-02-btp-street.csv"] = csv_text(*btp)
    police.archives["2023-03.zip"] = archive_zip(files)
    police.months = list(span("2023-06:2024-03"))
    found = open_downloader().download(WANTED, AREAS)
    result = compare_areas(STUDY, found.reading, AREAS)
    assert set(result.coverage["force"]) == {NAME}
    wanted = result.coverage["month"].isin(WANTED)
    assert set(result.coverage.loc[wanted, "status"]) == {"complete"}


@pytest.mark.parametrize("source", ["auto", "archive"])
def test_a_force_called_otherwise_in_the_files_is_still_the_force(open_downloader, police, source):
    files = {
        name: text.replace(NAME, "Northants and Rutland Police") for name, text in as_csv(crimes_of()).items()
    }
    police.archives["2023-03.zip"] = police.archives["2024-03.zip"] = archive_zip(files)
    police.months = list(span("2023-06:2024-03"))
    found = open_downloader(source=source).download(WANTED, AREAS)
    result = compare_areas(STUDY, found.reading, AREAS)
    assert result.forces == (NAME if source == "auto" else FORCE,)
    assert (result.exit_code, len(result.compared), found.empty) == (0, 3, ())


WINDOW = span("2021-04:2024-03")


def test_f11_a_month_outside_the_window_is_told_before_asking(open_downloader, police):
    with pytest.raises(
        UsageError, match=r"2024-04 is not published yet: data\.police.uk has 2021-04 to 2024-03"
    ):
        open_downloader().download(("2024-04",), AREAS)
    with pytest.raises(UsageError, match=r"The API does not have 2020-01: .* 2021-04 to 2024-03") as told:
        open_downloader(source="api").download(("2020-01", "2024-01"), AREAS)
    assert "--from auto" in told.value.remedy
    assert not any("crimes-street/" in path for path in police.paths)


def test_a_month_of_which_nothing_was_published_is_told_with_exit_3(
    base, police, tmp_path, no_waiting, capsys
):
    police.withdraw(lambda one: one["month"] != "2023-02" or one["location_type"] == "BTP")
    assert sacmap(base, tmp_path, "fetch", *COMMAND) == 3
    assert f"{FORCE} published nothing for 2023-02." in capsys.readouterr().out


def test_f12_a_month_the_api_forgot_is_answered_by_the_store(open_downloader, police):
    first = open_downloader().download(WANTED, AREAS).reading
    police.latest, police.months = "2027-03", list(span("2024-04:2027-03"))
    police.fault = lambda number, path: "500" if "crimes-" in path and "dates" not in path else None
    later = open_downloader(later=90_000).download(WANTED, AREAS)
    assert later.reading.crimes.equals(first.crimes)
    assert "API, published 2024-03" in later.summary


def test_each_month_has_one_source():
    wanted = ("2020-01", "2021-03", "2021-04", "2024-03")
    kept = {"2021-03": "2024-02"}.get
    choice = choose_sources(wanted, WINDOW, "auto", kept)
    assert (choice.api, choice.kept, choice.archive) == (
        ("2021-04", "2024-03"),
        {"2021-03": "2024-02"},
        ("2020-01",),
    )
    assert choose_sources(wanted, (), "archive", kept).archive == wanted


def test_f14_a_month_published_again_tells_what_changed(open_downloader, police):
    assert open_downloader().download(WANTED, AREAS).reading.notices[0].code == "coverage-from-sac"
    police.publish([crime(900 + n, "burglary", 52.005, 0.005, "2024-01") for n in range(4)])
    police.withdraw(lambda one: not (one["month"] == "2023-02" and one["category"] == "robbery"))
    police.latest = "2024-04"
    later = open_downloader(later=90_000).download(WANTED, AREAS)
    assert later.reading.notices[0].code == "published-again"
    mine = [c for c in crimes_of() if c["location_type"] != "BTP"]
    mine = [c for c in mine if c["location"] is None or float(c["location"]["longitude"]) <= 0.04]
    burglary = sum(c["month"] == "2024-01" and c["category"] == "burglary" for c in mine)
    robbery = sum(c["month"] == "2023-02" and c["category"] == "robbery" for c in mine)
    assert f"January 2024 burglary {burglary} → {burglary + 4}" in later.reading.notices[0].text
    assert f"February 2023 robbery {robbery} → 0" in later.reading.notices[0].text
    assert "vehicle" not in later.reading.notices[0].text


def test_f14_fetch_can_be_told_to_ask_now_whether_a_month_came_out(
    base, police, tmp_path, no_waiting, capsys
):
    sacmap(base, tmp_path, "fetch", *COMMAND)
    police.publish([crime(900, "burglary", 52.005, 0.005, "2024-01")])
    police.latest = "2024-04"
    capsys.readouterr()
    sacmap(base, tmp_path, "fetch", *COMMAND)
    assert "published 2024-03" in capsys.readouterr().out
    sacmap(base, tmp_path, "fetch", *COMMAND, "--refresh")
    printed, said = capsys.readouterr()
    assert "published 2024-04" in printed
    assert "Published again with other counts, as of 2024-04: January 2024 burglary" in said


def test_f27_crimes_of_the_transport_police_are_counted_and_told_by_force(open_downloader):
    found = open_downloader().download(WANTED, AREAS)
    result = compare_areas(STUDY, found.reading, AREAS, notices=found.reading.notices)
    assert result.forces == (NAME,)
    assert "British Transport Police" in next(n.text for n in result.warnings if n.code == "other-forces")
    assert any(n.code == "coverage-from-sac" for n in result.warnings)


def test_the_published_change_counts_the_force_s_crimes_with_no_location(open_downloader, police):
    """Ten robberies with no location in the current period: the map cannot show them, the total must."""
    police.withdraw(lambda one: one["location"] is not None and one["location_type"] == "Force")
    police.publish([crime(5000 + n, "robbery", None, month="2024-02") for n in range(10)])
    found = open_downloader().download(WANTED, AREAS)
    result = compare_areas(STUDY, found.reading, AREAS)
    mine = found.reading.crimes[found.reading.crimes["force"] == NAME]
    in_now = mine["month"].astype(str).str.startswith("2024")
    robbery = mine["crime_type"] == "robbery"
    now, before = int((robbery & in_now).sum()), int((robbery & ~in_now).sum())
    assert result.totals["robbery"]["published_change_pct"] == pytest.approx(100 * (now - before) / before)
    assert result.ledger.no_location == 10
    assert result.totals["robbery"]["current_count"] == now - 10


def test_f40_areas_of_another_force_are_an_error_even_when_fetched(open_downloader, police):
    police.withdraw(lambda one: False)
    police.publish([crime(n, "burglary", 52.005, 0.045, month) for n, month in enumerate(WANTED)])
    found = open_downloader().download(WANTED, AREAS)
    with pytest.raises(InputError):
        compare_areas(STUDY, found.reading, AREAS)


def test_f44_a_store_that_cannot_be_written_is_told_before_asking(open_downloader, police, tmp_path):
    from sacmap.errors import DiskError

    (tmp_path / "store").write_text("a file")
    with pytest.raises(DiskError, match="cannot be written"):
        open_downloader()
    assert police.paths == []


def test_f43_a_damaged_answer_is_asked_again_and_the_result_is_the_same(open_downloader, police, tmp_path):
    first = open_downloader().download(WANTED, AREAS).reading
    files = sorted((tmp_path / "store").rglob("*.answer"))
    for path in files[::5]:
        path.write_bytes(path.read_bytes()[:-2])
    made = len(police.paths)
    again = open_downloader().download(WANTED, AREAS).reading
    assert again.crimes.equals(first.crimes)
    assert 0 < len(police.paths) - made <= len(files[::5]) + 1
    assert len(list((tmp_path / "store").rglob("*.damaged"))) == len(files[::5])


def test_offline_needs_no_web_once_it_was_fetched(open_downloader, police):
    first = open_downloader().download(WANTED, AREAS).reading
    made = len(police.paths)
    assert open_downloader(offline=True).download(WANTED, AREAS).reading.crimes.equals(first.crimes)
    with pytest.raises(SourceError, match="does not have"):
        open_downloader("empty", offline=True).download(WANTED, AREAS)
    assert len(police.paths) == made


def test_a_force_that_lists_no_neighbourhoods_is_fetched_for_the_areas_given(open_downloader, police):
    police.neighbourhoods.clear()
    reading = open_downloader().download(WANTED, AREAS).reading
    assert len(reading.crimes) == len(crimes_of())
    made = len(police.paths)
    for offline in (False, True):
        assert open_downloader(offline=offline).download(WANTED, AREAS).reading.crimes.equals(reading.crimes)
    assert len(police.paths) == made
    with pytest.raises(SourceError, match="lists no neighbourhoods for northamptonshire"):
        neighbourhoods(open_downloader().api, FORCE)


def test_boundaries_round_trip_with_mends_told(open_downloader, police, tmp_path, data):
    ring = json.loads((data / "api" / "gloucestershire-AA3-boundary.json").read_text())
    points = [(float(p["longitude"]), float(p["latitude"])) for p in ring]
    bow_tie = [(0.0, 52.0), (0.01, 52.01), (0.01, 52.0), (0.0, 52.01)]
    police.neighbourhoods[FORCE] = {
        "AA3": ("St Marks", points),
        "X": ("Bow tie", bow_tie),
        "001": ("Empty", []),
        "N": (None, [tuple(p) for p in square(7)]),
    }
    with open_downloader() as source:
        areas = neighbourhoods(source.api, FORCE)
    path = tmp_path / "boundaries" / "x.geojson"
    write_whole(path, geojson_of(areas))
    back = read_areas(path)
    assert list(back["area_id"]) == ["001", "AA3", "N", "X"]
    assert list(back["name"]) == ["Empty", "St Marks", "N", "Bow tie"]
    got, given = back.geometry[1], areas_from_rings({("AA3", ""): points}).geometry[0]
    assert got.symmetric_difference(given).area / given.area < 1e-4
    text = summary(areas, path)
    assert "4 neighbourhoods" in text
    assert "Bow tie (X)" in text
    assert "Empty (001): no boundary" in text


def test_boundaries_are_asked_anew_with_a_later_publication_and_only_when_told(open_downloader, police):
    with open_downloader() as source:
        neighbourhoods(source.api, FORCE)
    police.latest = "2024-04"
    police.neighbourhoods[FORCE]["N9"] = ("New", [tuple(p) for p in square(9)])
    with open_downloader(later=90_000) as source:
        assert len(neighbourhoods(source.api, FORCE)) == 4
    made = len(police.paths)
    with open_downloader(later=90_000, new_boundaries=True) as source:
        assert len(neighbourhoods(source.api, FORCE)) == 5
        assert len(neighbourhoods(source.api, FORCE)) == 5
    assert len(police.paths) - made == 1 + 1 + 5


COMMAND = ["--force", FORCE, "--current", "2024-01:2024-03", "--baseline", "2023-01:2023-03"]


def sacmap(base, folder, *words):
    """Run a command here, as the command line would; return its exit code."""
    from sacmap.cli import sacmap

    addresses = ["--store", str(folder / "store"), "--api-url", f"{base}/api"]
    return sacmap.main(args=[*words, *addresses], standalone_mode=False)


@pytest.fixture
def real_time(police):
    """A server on the clock of the world, for a client in another process."""
    police.clock = time.monotonic
    police.begin()


def test_map_fetches_what_it_needs_on_a_fresh_machine_and_never_asks_twice(
    base, police, tmp_path, no_waiting, capsys
):
    assert sacmap(base, tmp_path, "map", *COMMAND, "--out", "maps/a.html") == 0
    printed, said = capsys.readouterr()
    assert printed.replace(os.sep, "/").split() == ["maps/a.html", "maps/a.csv", "maps/a.json"]
    assert "To fetch from data.police.uk: 4 neighbourhood boundaries" in said
    assert "To fetch from data.police.uk: 6 months, about 36 requests" in said
    assert "Fetching: 18 parts" in said
    record = json.loads((tmp_path / "maps" / "a.json").read_text())
    rows = crimes_of()
    assert record["ledger"]["rows_read"] == len(rows)
    assert record["ledger"]["no_location"] == sum(one["location"] is None for one in rows)
    assert Path(record["study"]["boundaries"]) == Path(f"boundaries/{FORCE}.geojson")
    before = {p.name: p.read_bytes() for p in (tmp_path / "maps").iterdir()}
    made = len(police.paths)
    assert sacmap(base, tmp_path, "map", *COMMAND, "--out", "maps/a.html") == 0
    assert {p.name: p.read_bytes() for p in (tmp_path / "maps").iterdir()} == before
    capsys.readouterr()
    assert sacmap(base, tmp_path, "fetch", *COMMAND) == 0
    assert "6 months, 2023-01 to 2024-03: API, published 2024-03" in capsys.readouterr().out
    assert sacmap(base, tmp_path, "boundaries", FORCE) == 0
    printed, said = capsys.readouterr()
    assert printed.strip().replace(os.sep, "/") == f"boundaries/{FORCE}.geojson"
    assert "4 neighbourhoods, 0 of them repaired" in said
    assert len(police.paths) == made


#: A shell tells what it runs in the background to ignore Ctrl-C.
INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from sacmap.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_f41_ctrl_c_ends_with_130_and_a_rerun_goes_on(base, police, tmp_path, real_time, no_waiting):
    police.fault = lambda number, path: "trickle" if number == 11 else None
    words = ["fetch", *COMMAND, "--store", str(tmp_path / "store"), "--api-url", f"{base}/api"]
    running = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while len(police.paths) <= 11:
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=300)
    assert running.returncode == 130
    assert "Run the command again to continue" in said
    assert "Traceback" not in said
    police.fault, police.clock = (lambda number, path: None), no_waiting
    police.begin()
    assert sacmap(base, tmp_path, "fetch", *COMMAND) == 0
    # The set-up and six months; only what was under way is asked twice.
    assert len(police.paths) == 8 + 36 + 1


def test_an_outage_ends_with_exit_4_and_what_was_fetched_is_kept(open_downloader, police, clock, tmp_path):
    police.fault = lambda number, path: "504" if number >= 25 else None
    began = clock.now
    with pytest.raises(SourceError, match="unreachable") as told:
        open_downloader().download(WANTED, AREAS)
    assert told.value.exit_code == 4
    assert clock.now - began < 120
    kept = len(list((tmp_path / "store").rglob("*.answer")))
    assert kept == 25
    police.fault = lambda number, path: None
    made = len(police.paths)
    assert len(open_downloader().download(WANTED, AREAS).reading.crimes) == len(crimes_of())
    assert len(police.paths) - made == 36 + 4 + 4 - kept


KILLED = """
import os, random, signal, sys, threading, time, warnings
from sacmap.areas.boundaries import areas_from_rings
from sacmap.fetch.download import Downloader, Origin
from sacmap.fetch.web import Web

base, store, squares, wanted = sys.argv[1], sys.argv[2], eval(sys.argv[3]), sys.argv[4].split(",")
areas = areas_from_rings({(f"A{n}", f"Area {n}"): ring for n, ring in enumerate(squares)})
origin = Origin(force="northamptonshire", store=store, api_url=f"{base}/api")
luck = random.Random(5)
for _ in range(50):
    child = os.fork()
    if not child:
        Downloader(origin, web=Web(per_second=1e6)).download(wanted, areas)
        os._exit(0)
    time.sleep(luck.random() * 0.06)
    os.kill(child, signal.SIGKILL)
    print(os.WEXITSTATUS(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_f41_fifty_kills_at_random_leave_no_torn_file_and_a_rerun_ends_the_same(
    open_downloader, police, base, tmp_path
):
    police.too_fast = lambda: False
    clean = open_downloader("clean").download(WANTED, AREAS).reading
    police.paths.clear()
    squares = [[tuple(p) for p in square(n)] for n in range(4)]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, base, str(tmp_path / "store"), repr(squares), ",".join(WANTED)],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert len(done.stdout.split()) == 50
    store = tmp_path / "store"
    whole = {path.name for path in (tmp_path / "clean").rglob("*.answer")}
    assert {path.name for path in store.rglob("*.answer")} <= whole
    after = open_downloader().download(WANTED, AREAS).reading
    assert after.crimes.equals(clean.crimes)
    assert after.inputs == clean.inputs
    assert list(store.rglob("*.damaged")) == list(store.rglob("*.part")) == []
    assert {path.name for path in store.rglob("*.answer")} == whole
