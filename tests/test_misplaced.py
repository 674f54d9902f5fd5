"""Tests of months whose crimes lie in no area, though those of the other months do."""

import numpy as np
import pandas as pd
import pytest
from command_line import command
from conftest import csv_text, feature, row, square, write_geojson

from sacmap.errors import InputError
from sacmap.measure.misplaced import emptied_areas, misplaced_months
from sacmap.months import span

PERIODS = (span("2018-01:2018-06"), span("2019-01:2019-06"))


def located(inside, nowhere=(), crimes=40):
    """Crimes of each month of the study: `inside` of them in an area, 40 where a month is not named."""
    rows = [
        (month, "A" if n < inside.get(month, crimes) else None, np.nan if month in nowhere else -1.5)
        for month in (*span("2018-01:2018-06"), *span("2019-01:2019-06"))
        for n in range(crimes)
    ]
    return pd.DataFrame(rows, columns=["month", "area_id", "lon"])


def test_a_month_of_which_few_crimes_lie_in_the_areas_is_told():
    [notice] = misplaced_months(located({"2019-03": 9}), PERIODS)
    assert "than the usual 100% lie in the areas: March 2019 (9 of 40; 0 have no location)" in notice.text
    assert misplaced_months(located({"2019-03": 10}), PERIODS) == ()
    # Where a district has few of its force's crimes, few are no wonder.
    few = dict.fromkeys((*span("2018-01:2018-06"), *span("2019-01:2019-06")), 4)
    assert misplaced_months(located(few | {"2019-03": 0}), PERIODS) == ()


def test_a_period_of_which_no_crime_lies_in_the_areas_is_refused():
    now = span("2019-01:2019-06")
    none = dict.fromkeys(now, 0)
    with pytest.raises(InputError, match="None of the 240 crimes of January 2019 to June 2019") as error:
        misplaced_months(located(none), PERIODS)
    assert error.value.cause.endswith("; 0 of them have no location.")
    with pytest.raises(InputError, match="240 of them have no location"):
        misplaced_months(located(none, nowhere=now), PERIODS)


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
