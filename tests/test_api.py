"""The API: every crime of a box once, few requests, and nothing asked twice."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from police_uk import FAULTS, Police, crime, serve, web

from sacmap.crimes import KNOWN_TYPES
from sacmap.errors import SourceError, UsageError
from sacmap.fetch.api import DEPTH, Api
from sacmap.fetch.boxes import MICRO, Box, box_of, covered, extent_box
from sacmap.fetch.store import Store
from sacmap.tables import SAC_TYPES

COUNTY = extent_box((-1.33, 51.98, -0.35, 52.64))
LONDON = extent_box((-0.51, 51.29, 0.33, 51.69))


@pytest.fixture
def url(police):
    with serve(police) as base:
        yield f"{base}/api"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def api(url, store, clock):
    with web(clock) as client:
        yield Api(client, store, url)


def crowd(
    number, *, month="2024-01", category="burglary", seed=1, first=1, around=((-0.12, 51.51),), wide=0.1
):
    """Crimes gathered around a few places, as in a city."""
    rng = np.random.default_rng(seed)
    centre = np.array(around)[rng.integers(0, len(around), number)]
    points = centre + rng.normal(0, wide, (number, 2)) * (1, 0.6)
    west, south, east, north = (
        edge / MICRO for edge in (LONDON.west, LONDON.south, LONDON.east, LONDON.north)
    )
    lon, lat = np.clip(points[:, 0], west, east).round(6), np.clip(points[:, 1], south, north).round(6)
    return [crime(first + n, category, lat[n], lon[n], month) for n in range(number)]


def asked(police):
    """How many requests of each kind were made."""
    return Counter(path.split("/")[2].split("?")[0] for path in police.paths)


def test_what_the_api_gives_becomes_crimes(api, police):
    police.publish([crime(7), crime(3, lat=52.3, lng=-1.0, persistent_id="", location_type="BTP")])
    crimes = api.crimes("2024-01", "burglary", COUNTY)
    assert list(crimes["id"]) == [3, 7]
    assert list(crimes["btp"]) == [True, False]
    assert list(crimes["crime_id"]) == ["", f"{7:064x}"]
    assert list(crimes["location"]) == ["On or near High Street"] * 2
    assert (crimes["lon"][1], crimes["lat"][1]) == (-0.9, 52.24)


def test_the_real_answers_are_read(api, police, data):
    for name, month in (("leicester", "2023-01"), ("gloucestershire-AA3", "2021-05")):
        rows = json.loads((data / "api" / f"{name}-crimes-street-{month}.json").read_text())
        # Saved as a file, they keep the API's own names.
        assert {row["category"] for row in rows} <= KNOWN_TYPES
        police.months = [month]
        police.withdraw(lambda _: False)
        police.publish([one | {"month": month} for one in rows], force="")
        extent = extent_box((-3, 51, 0, 53))
        for kind in SAC_TYPES:
            crimes = api.crimes(month, kind, extent)
            of_kind = [row for row in rows if row["category"] == kind]
            assert list(crimes["id"]) == sorted(row["id"] for row in of_kind)
        whole = api.crimes(month, "all-crime", extent)
        assert len(whole) == len(rows)
        assert int(whole["btp"].sum()) == sum(row["location_type"] == "BTP" for row in rows)
        assert "violence-and-sexual-offences" in set(whole["crime_type"])


def test_northamptonshire_needs_six_requests_a_month(api, police):
    places = ((-0.9, 52.24), (-0.7, 52.4), (-0.73, 52.49))
    rows = []
    for n, (kind, number) in enumerate({"burglary": 512, "robbery": 70, "vehicle-crime": 690}.items()):
        rows += [crime(1000 * n + i, kind, *reversed(places[i % 3])) for i in range(number)]
    rows += [crime(9000 + i, "burglary", None) for i in range(4)]
    police.publish(rows)
    before = len(police.paths)
    api.published()
    setup = len(police.paths) - before
    got = [api.crimes("2024-01", kind, COUNTY) for kind in SAC_TYPES]
    got += [api.no_location("2024-01", kind, "northamptonshire") for kind in SAC_TYPES]
    assert [len(part) for part in got] == [512, 70, 690, 4, 0, 0]
    assert len(police.paths) - before - setup == 6


CITY = ((-0.12, 51.51), (-0.05, 51.54), (-0.2, 51.46), (0.08, 51.55), (-0.36, 51.5), (-0.1, 51.38))


@pytest.mark.slow
def test_ninety_thousand_crimes_in_a_month_come_whole_and_once_in_sixty_requests(api, police):
    every = crowd(90_000, around=CITY, wide=0.03)
    police.publish(every)
    # Neighbourhoods are small where people are many: their middles say where to cut.
    places = [one["location"] for one in crowd(500, around=CITY, seed=9)]
    api.guide(*(np.array([float(place[k]) for place in places]) for k in ("longitude", "latitude")))
    crimes = api.crimes("2024-01", "all-crime", LONDON)
    assert list(crimes["id"]) == [one["id"] for one in every]
    assert len(police.paths) <= 60
    police.publish([c | {"month": "2024-02", "id": c["id"] + 100_000} for c in every])
    first = len(police.paths)
    assert len(api.crimes("2024-02", "all-crime", LONDON)) == 90_000
    assert len(police.paths) - first <= 25


@pytest.mark.slow
def test_a_rerun_makes_no_request_and_gives_the_same(api, police):
    police.publish(crowd(25_000))
    first = api.crimes("2024-01", "burglary", LONDON)
    made = len(police.paths)
    again = Api(api.web, api.store, api.base).crimes("2024-01", "burglary", LONDON)
    assert again.equals(first)
    assert len(police.paths) == made


def test_another_study_inside_a_box_that_is_kept_asks_nothing(api, police):
    police.publish(crowd(500, wide=0.05))
    api.crimes("2024-01", "burglary", LONDON)
    made = len(police.paths)
    small = extent_box((-0.12, 51.5, -0.1, 51.52))
    some = api.crimes("2024-01", "burglary", small)
    assert len(police.paths) == made
    assert 0 < len(some) < 500
    assert small.holds(some["lon"].to_numpy(), some["lat"].to_numpy()).all()


def test_f07_a_503_splits_the_box_after_one_more_try(api, police):
    police.publish(crowd(11_000))
    assert len(api.crimes("2024-01", "burglary", LONDON)) == 11_000
    # Two for the whole, one to tell it from an outage and one for the publication, four quarters.
    assert asked(police) == {"crimes-street": 6, "crime-last-updated": 2}


def test_f07_an_outage_is_never_split_into_many_requests(api, police, clock):
    api.published()
    police.fault = lambda number, path: "503"
    with pytest.raises(SourceError, match="unreachable: status 503") as told:
        api.crimes("2024-01", "burglary", LONDON)
    assert told.value.exit_code == 4
    assert len(police.paths) == 1 + 2 + 6
    assert sum(clock.slept) < 120


def test_f07_an_outage_of_crimes_alone_ends_at_a_small_box(api, police, clock):
    police.fault = lambda number, path: "503" if "crimes-street/" in path else None
    with pytest.raises(SourceError, match=r"even for a box of .*: an outage"):
        api.crimes("2024-01", "burglary", LONDON)
    assert asked(police)["crimes-street"] <= 2 * (DEPTH + 1)
    assert sum(clock.slept) < 120


@pytest.mark.parametrize("fault", ["504", "500", "trickle"])
def test_f09_a_box_too_large_for_the_server_is_asked_in_parts(api, police, fault):
    """The API is a database behind a gateway with a time limit, and a county is much to ask of it."""
    police.publish(crowd(300))
    api.web.deadline = 0.3
    whole = f"poly={LONDON.poly}"
    police.fault = lambda number, path: fault if whole in path else None
    assert len(api.crimes("2024-01", "burglary", LONDON)) == 300
    assert asked(police)["crimes-street"] == (2 if fault == "trickle" else 3) + 4


def test_f09_an_outage_of_crimes_alone_is_unreachable_after_few_requests(api, police, clock):
    police.fault = lambda number, path: "504" if "crimes-street/" in path else None
    with pytest.raises(SourceError, match="unreachable: status 504, 6 times"):
        api.crimes("2024-01", "burglary", LONDON)
    assert asked(police)["crimes-street"] == 3 + 3 + 6
    assert sum(clock.slept) < 120


@pytest.mark.slow
def test_f08_exactly_ten_thousand_rows_are_taken_as_cut(api, police):
    police.most = 10**9
    police.publish(crowd(10_000))
    assert len(api.crimes("2024-01", "burglary", LONDON)) == 10_000
    assert asked(police)["crimes-street"] == 5


def test_f24_a_crime_on_the_edge_of_two_boxes_is_there_once(api, police):
    police.most = 3
    middle_lng, middle_lat = (
        (LONDON.west + LONDON.east) / 2 / MICRO,
        (LONDON.south + LONDON.north) / 2 / MICRO,
    )
    on_edges = [crime(1, lat=middle_lat, lng=middle_lng), crime(2, lat=middle_lat, lng=0.1)]
    police.publish([*on_edges, crime(3, lat=51.4, lng=middle_lng), crime(4, lat=51.6, lng=0.2)])
    assert list(api.crimes("2024-01", "burglary", LONDON)["id"]) == [1, 2, 3, 4]
    kept = [
        json.loads(one.body)
        for one in api.store.group({"kind": "crimes-street", "of": "burglary 2024-01"}, "2024-03")
    ]
    assert sum(len(rows) for rows in kept) > 4


def test_f12_what_the_api_has_forgotten_is_in_the_store(api, police, clock, url):
    police.publish([crime(1)])
    first = api.crimes("2024-01", "burglary", COUNTY)
    api.no_location("2024-01", "burglary", "northamptonshire")
    police.latest, police.months = "2027-02", ["2027-02"]
    later = Api(web(clock), api.store, url)
    api.store.path({"kind": "crime-last-updated"}, "latest").unlink()
    assert later.published() == "2027-02"
    assert api.store.publications()[:2] != []
    assert later.holds("2024-01", ["burglary"], COUNTY, "northamptonshire", "2024-03")
    assert later.crimes("2024-01", "burglary", COUNTY, "2024-03").equals(first)
    with pytest.raises(SourceError, match="does not have all of robbery in January 2024"):
        later.crimes("2024-01", "robbery", COUNTY, "2024-03")


def test_f14_a_month_published_again_is_another_answer(api, police, clock, url):
    police.publish([crime(1)])
    api.crimes("2024-01", "burglary", COUNTY)
    police.publish([crime(2)])
    assert len(api.crimes("2024-01", "burglary", COUNTY)) == 1
    police.latest = "2024-04"
    tomorrow = web(clock)
    tomorrow.now = lambda: 1_700_000_000.0 + 90_000
    later = Api(tomorrow, api.store, url)
    assert len(later.crimes("2024-01", "burglary", COUNTY)) == 2
    assert len(later.crimes("2024-01", "burglary", COUNTY, "2024-03")) == 1


def test_f20_identifiers_stay_as_they_are(api, police):
    ids = ["001", "1E2", "NA", "null", "55.CR3001", "neighbourhoods", "CON", "a/b", "..", "x y"]
    police.neighbourhoods["northamptonshire"] = {
        i: (f"Name {i}", [(0.0, 52.0), (0.1, 52.0), (0.1, 52.1)]) for i in ids
    }
    assert list(api.neighbourhoods("northamptonshire")) == ids
    assert all(api.boundary("northamptonshire", i) == [(0.0, 52.0), (0.1, 52.0), (0.1, 52.1)] for i in ids)


@pytest.mark.parametrize(
    ("lat", "lng", "there"),
    [
        ("52.2", "-0.9", True),
        (52.2, -0.9, True),
        (None, "-0.9", False),
        ("52.2", "", False),
        ("NaN", "NaN", False),
    ],
)
def test_f21_f23_coordinates_are_converted_or_no_location(api, police, lat, lng, there):
    odd = crime(1, location={"latitude": lat, "longitude": lng, "street": {"id": 1, "name": "On or near "}})
    nowhere = {"location": None, "month": "2024-01"}
    police.publish([odd | nowhere])
    police.crimes = lambda *_, **__: [odd]
    found = api.no_location("2024-01", "burglary", "northamptonshire")
    assert found["lon"].isna().all()
    police.crimes = lambda *_, **__: [odd]
    crimes = api.crimes("2024-01", "burglary", COUNTY)
    assert list(crimes["lon"].notna()) == [there]
    assert list(crimes["lat"].notna()) == [there]


def test_f22_swapped_coordinates_are_named(api, police):
    police.crimes = lambda *_, **__: [crime(5, lat=-0.9, lng=52.2)]
    with pytest.raises(
        SourceError, match=r"location of crime 5 is -0\.9, 52\.2: latitude and longitude look swapped"
    ):
        api.crimes("2024-01", "burglary", COUNTY)


def test_f22_a_boundary_that_is_not_in_degrees_is_named(api, police):
    police.neighbourhoods["northamptonshire"] = {"A": ("Ash", [(0.0, 52.0), (0.1, 552.0), (0.1, 52.1)])}
    with pytest.raises(SourceError, match=r"point 2 is at 0\.1, 552, which are not degrees"):
        api.boundary("northamptonshire", "A")


@pytest.mark.parametrize("month", ["2024-1", "Feb-25", "2024-13", "2023-12"])
def test_f25_an_odd_month_is_an_error_with_its_row(api, police, month):
    police.crimes = lambda *_, **__: [crime(1), crime(2, month=month)]
    with pytest.raises(SourceError, match="month of crime 2"):
        api.crimes("2024-01", "burglary", COUNTY)


@pytest.mark.parametrize("field", ["id", "category", "month", "location"])
def test_f04_a_field_that_is_missing_is_named(api, police, field):
    police.crimes = lambda *_, **__: [{k: v for k, v in crime(1).items() if k != field}]
    with pytest.raises(SourceError, match=rf"the field '{field}' is missing"):
        api.crimes("2024-01", "burglary", COUNTY)


def test_f26_every_crime_in_answer_to_one_category_is_filtered(api, police):
    police.crimes = lambda *_, **__: [crime(1), crime(2, "drugs"), crime(3, "cyber-trespass")]
    assert list(api.crimes("2024-01", "burglary", COUNTY)["id"]) == [1]
    assert "cyber-trespass" in set(api.crimes("2024-01", "all-crime", COUNTY)["crime_type"])


def test_an_unknown_force_names_the_nearest(api):
    assert api.force_name("northamptonshire") == "Northamptonshire Police"
    with pytest.raises(UsageError, match="Perhaps northamptonshire"):
        api.force_name("northants")


def test_offline_answers_from_the_store_and_says_what_is_not_there(api, police, url):
    police.publish([crime(1)])
    api.force_name("northamptonshire")
    api.window()
    first = api.crimes("2024-01", "burglary", COUNTY)
    made = len(police.paths)
    offline = Api(None, api.store, url)
    assert offline.crimes("2024-01", "burglary", COUNTY).equals(first)
    assert (offline.window()[-1], offline.force_name("northamptonshire")) == (
        "2024-03",
        "Northamptonshire Police",
    )
    with pytest.raises(SourceError, match="does not have all of robbery in January 2024") as told:
        offline.crimes("2024-01", "robbery", COUNTY)
    assert "--offline" in told.value.remedy
    assert len(police.paths) == made


def test_whether_a_month_came_out_is_asked_once_a_day(api, police, clock, url):
    assert api.published() == "2024-03"
    police.latest = "2024-04"
    assert Api(api.web, api.store, url).published() == "2024-03"
    tomorrow = web(clock)
    tomorrow.now = lambda: 1_700_000_000.0 + 90_000
    assert Api(tomorrow, api.store, url).published() == "2024-04"
    police.fault = lambda number, path: "502"
    tomorrow.now = lambda: 1_700_000_000.0 + 200_000
    stale = Api(tomorrow, api.store, url)
    assert stale.published() == "2024-04"
    assert "The stored answer was used" in stale.notes[0]


@pytest.mark.slow
def test_one_answer_in_five_faulty_in_every_way_gives_the_same_as_a_clean_run(tmp_path, clock):
    rows = crowd(24_000) + [crime(90_000 + i, "burglary", None, month="2024-01") for i in range(9)]
    rows += [c | {"month": "2024-02", "id": c["id"] + 50_000} for c in crowd(3_000, seed=2)]
    rings = {f"N{i}": (f"Name {i}", [(0.0, 52.0), (0.1, 52.0), (0.1, 52.1 + i / 100)]) for i in range(40)}

    def everything(faults, folder):
        police = Police(clock=clock)
        police.most = 4_000
        police.publish(rows)
        police.neighbourhoods["northamptonshire"] = rings
        rng = np.random.default_rng(11)
        played = []

        def fault(number, path):
            if faults and rng.random() < 0.2:
                played.append(FAULTS[len(played) % len(FAULTS)])
                return played[-1]
            return None

        police.fault = fault
        with serve(police) as base, web(clock, deadline=1.5) as client:
            api = Api(client, Store(folder), f"{base}/api")
            got = [api.crimes(month, "burglary", LONDON) for month in ("2024-01", "2024-02")]
            got.append(api.no_location("2024-01", "burglary", "northamptonshire"))
            return got, [api.boundary("northamptonshire", i) for i in rings], set(played)

    clean, clean_rings, _ = everything(False, tmp_path / "clean")
    faulty, faulty_rings, played = everything(True, tmp_path / "faulty")
    assert [len(part) for part in clean] == [24_000, 3_000, 9]
    assert all(a.equals(b) for a, b in zip(clean, faulty, strict=True))
    assert clean_rings == faulty_rings
    assert played == set(FAULTS)


BOXES = st.tuples(
    st.integers(-3 * MICRO, 0),
    st.integers(50 * MICRO, 52 * MICRO),
    st.integers(100, MICRO),
    st.integers(100, MICRO),
)


@settings(max_examples=60, deadline=None)
@given(BOXES, st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=30))
def test_quarters_cover_their_box_and_hold_every_point_of_it(sides, places):
    west, south, width, height = sides
    box = Box(west, south, west + width, south + height)
    points = np.array(
        [(west + width * x // 1000, south + height * y // 1000) for x, y in places], dtype=float
    )
    lon, lat = points.reshape(-1, 2).T / MICRO
    quarters = box.quarters(lon, lat)
    assert covered(box, quarters)
    assert not covered(box, quarters[1:])
    assert np.any([q.holds(lon, lat) for q in quarters], axis=0).all()
    assert box_of(box.key) == box
    assert len(box.poly) < 100


def test_an_extent_is_rounded_outward_and_written_exactly():
    box = extent_box((-1.3301, 51.98, 0.0, 52.64))
    assert (box.west, box.south, box.east, box.north) == (-1_350_000, 51_950_000, 50_000, 52_650_000)
    assert box.poly.startswith("51.950000,-1.350000:51.950000,0.050000:")
