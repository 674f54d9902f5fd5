"""Tests of months whose crimes lie in no area, though those of the other months do."""

import json

import numpy as np
import pandas as pd
import pytest
from command_line import command
from conftest import csv_text, feature, row, square, write_geojson

from sacmap.crimes import tally_of
from sacmap.errors import InputError
from sacmap.measure.coverage import coverage
from sacmap.measure.misplaced import (
    by_place,
    emptied_areas,
    judged_by_place,
    misplaced_months,
    require_places,
)
from sacmap.months import span

PERIODS = (span("2018-01:2018-06"), span("2019-01:2019-06"))


FORCE, OTHER = "Northamptonshire Police", "Kent Police"


def located(inside, nowhere=(), crimes=40, force=FORCE):
    """Crimes of each month of the study: `inside` of them in an area, 40 where a month is not named."""
    rows = [
        (
            month,
            force,
            "burglary",
            "A" if n < inside.get(month, crimes) else None,
            np.nan if month in nowhere else -1.5,
        )
        for month in (*span("2018-01:2018-06"), *span("2019-01:2019-06"))
        for n in range(crimes)
    ]
    return pd.DataFrame(rows, columns=["month", "force", "crime_type", "area_id", "lon"])


def thin(rows):
    """The force, month and reason of what is thin or missing among the months of crimes that are all published."""
    judged = judged_by_place(coverage(tally_of(rows), ()), by_place(rows))
    bad = judged[(judged["status"] != "complete") & judged["month"].isin([*PERIODS[0], *PERIODS[1]])]
    return [*zip(bad["force"], bad["month"], bad["reason"], strict=True)]


def test_a_month_of_which_few_crimes_lie_in_the_areas_is_told():
    [notice] = misplaced_months(located({"2019-03": 9}))
    assert "than the usual 100% lie in the areas: March 2019 (9 of 40; 0 have no location)" in notice.text
    assert [*misplaced_months(located({"2019-03": 10}))] == []
    # Where a district has few of its force's crimes, few are no wonder.
    few = dict.fromkeys((*span("2018-01:2018-06"), *span("2019-01:2019-06")), 4)
    assert [*misplaced_months(located(few | {"2019-03": 0}))] == []
    assert thin(located(few | {"2019-03": 0})) == []


def test_a_month_without_locations_or_with_wrong_ones_is_thin_as_if_it_were_not_published():
    nowhere, elsewhere = (
        "has next to no locations of crimes",
        "has no crime in the areas, so locations are wrong",
    )
    assert thin(located({"2019-03": 0})) == [(FORCE, "2019-03", elsewhere)]
    # A month in which few are left in the areas may be a quiet one.
    assert thin(located({"2019-03": 1})) == []
    # Of a district with few of the force's crimes, the force's own locations tell.
    few = dict.fromkeys((*span("2018-01:2018-06"), *span("2019-01:2019-06")), 4)
    assert thin(located(few | {"2019-03": 0}, nowhere=["2019-03"])) == [(FORCE, "2019-03", nowhere)]
    # Of many forces, each is judged by its own crimes.
    many = [located({}, crimes=1_000), located({"2019-03": 0}, nowhere=["2019-03"], force=OTHER)]
    assert thin(pd.concat(many)) == [(OTHER, "2019-03", nowhere)]


def test_a_period_of_which_no_crime_lies_in_the_areas_is_refused():
    now = span("2019-01:2019-06")
    none = dict.fromkeys(now, 0)
    with pytest.raises(InputError, match="None of the 240 crimes of January 2019 to June 2019") as error:
        require_places(by_place(located(none)), [FORCE], PERIODS)
    assert error.value.cause.endswith("; 0 of them have no location.")
    with pytest.raises(InputError, match="240 of them have no location"):
        require_places(by_place(located(none, nowhere=now)), [FORCE], PERIODS)


@pytest.mark.parametrize(
    ("now", "before"), [("2019-01:2019-04", "2018-01:2018-04"), ("latest:4", "before:1")]
)
def test_a_month_without_locations_is_left_out_of_every_period_and_is_no_fall(tmp_path, now, before):
    """Nor is it the newest month of a rolling period."""
    lines = [
        row(month, lon="" if blank else "0.005", lat="" if blank else "52.005")
        for month in (*span("2018-01:2018-06"), *span("2019-01:2019-05"))
        for blank in [month in ("2019-02", "2019-05")]
        for _ in range(40)
    ]
    (tmp_path / "c.csv").write_text(csv_text(*lines))
    write_geojson(tmp_path / "a.geojson", feature(square(0), WD24CD="W0", WD24NM="Ash"))
    done = command("map", "--crimes", "c.csv", "--boundaries", "a.geojson", "--current", now, "--baseline", before,
                   "--comparator", "none", "--out", "m.html", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 3
    assert "February left out of both" in done.stderr
    assert "February 2019: Northamptonshire Police has next to no locations of crimes" in done.stderr
    (record,) = tmp_path.glob("m*.json")
    made = json.loads(record.read_text(encoding="utf-8"))
    assert made["totals"]["burglary"] == {
        "baseline_mean": 120.0, "current_count": 120.0, "change_pct": 0.0, "published_change_pct": 0.0
    }  # fmt: skip
    assert made["study"]["current"][-1] == "2019-04"


def test_an_area_that_a_whole_period_leaves_empty_is_told():
    areas = pd.DataFrame({"area_id": ["A", "B"], "name": ["Ash", "Birch"]})
    [notice] = emptied_areas(np.array([[240, 0], [0, 240]]), PERIODS, areas)
    assert "Ash (January 2019 to June 2019; about 240 are usual)" in notice.text
    assert "Birch (January 2018 to June 2018; about 240 are usual)" in notice.text
    assert list(emptied_areas(np.array([[240, 240], [0, 0]]), PERIODS, areas)) == []
    # A small area may have none by chance.
    assert list(emptied_areas(np.array([[12, 0], [0, 12]]), PERIODS, areas)) == []
    assert list(emptied_areas(np.array([[240], [0]]), PERIODS[1:], areas)) == []


def test_a_current_period_without_any_coordinates_is_no_fall(tmp_path):
    lines = [row(month, lon=lon, lat=lat) for month, lon, lat in
             [("2018-01", "0.005", "52.005")] * 40 + [("2019-01", "", "")] * 40]  # fmt: skip
    (tmp_path / "c.csv").write_text(csv_text(*lines))
    write_geojson(tmp_path / "a.geojson", feature(square(0), WD24CD="W0", WD24NM="Ash"))
    done = command("map", "--crimes", "c.csv", "--boundaries", "a.geojson", "--current", "2019-01", "--baseline",
                   "2018-01", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 2
    assert "None of the 40 crimes of January 2019 lies in an area" in done.stderr


def test_a_single_month_without_locations_is_not_said_to_be_of_another_place(tmp_path):
    lines = [row("2018-01", lon="0.005", lat="52.005")] * 40 + [row("2019-01", lon="", lat="")] * 40
    (tmp_path / "c.csv").write_text(csv_text(*lines))
    write_geojson(tmp_path / "a.geojson", feature(square(0), WD24CD="W0", WD24NM="Ash"))
    for force in ((), ("--force", "northamptonshire")):
        done = command(
            "map",
            "--crimes",
            "c.csv",
            "--boundaries",
            "a.geojson",
            "--current",
            "2019-01",
            *force,
            cwd=tmp_path,
        )
        assert done.returncode == 2
        assert "No crime of the 40 given has a location in the months compared" in done.stderr


@pytest.mark.parametrize("now", ["2019-01", "latest:1"])
@pytest.mark.parametrize("force", [(), ("--force", "kent")])
def test_crimes_that_have_all_lost_their_locations_are_no_map_of_zeros(tmp_path, now, force):
    lines = [row(month, lon="", lat="", force=OTHER) for month in ("2018-01", "2019-01") for _ in range(40)]
    (tmp_path / "c.csv").write_text(csv_text(*lines))
    write_geojson(tmp_path / "a.geojson", feature(square(0), WD24CD="W0", WD24NM="Ash"))
    asked = ("--current", now, "--baseline", "2018-01" if now == "2019-01" else "before:1", *force)
    done = command("map", "--crimes", "c.csv", "--boundaries", "a.geojson", *asked, cwd=tmp_path)
    assert done.returncode == 2
    assert "No crime of the 80 given has a location" in done.stderr
    assert "A spreadsheet may have lost the coordinates." in done.stderr


def test_a_force_that_published_nothing_of_a_period_is_told_as_such_beside_a_force_that_did(tmp_path):
    """Its crimes have no wrong coordinates: it has none."""
    ours = [row("2018-01", lon="0.005", lat="52.005") for _ in range(40)]
    theirs = [
        row(month, lon="3", lat="53", force="Norfolk Constabulary")
        for month in ("2018-01", "2019-01")
        for _ in range(40)
    ]
    for name, lines in {"2018-01-a": ours, "2018-01-b": theirs[:40], "2019-01-b": theirs[40:]}.items():
        (tmp_path / f"{name}-street.csv").write_text(csv_text(*lines))
    write_geojson(tmp_path / "a.geojson", feature(square(0), WD24CD="W0", WD24NM="Ash"))
    done = command("map", "--crimes", ".", "--boundaries", "a.geojson", "--current", "2019-01", "--baseline",
                   "2018-01", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 2
    assert "coordinates" not in done.stderr
