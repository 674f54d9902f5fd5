"""Areas whose own force is silent or absent are not known: never zero, and never a fall."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from conftest import csv_text, row, square

from sacmap import tables
from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.areas.force_areas import force_outlines, own_forces
from sacmap.comparison import compare_areas
from sacmap.crimes import Reading, tally_of
from sacmap.errors import InputError
from sacmap.fetch.street import read
from sacmap.measure.counts import monthly_totals
from sacmap.publish.make_view import check_text, page_of
from sacmap.publish.page_data import numbers_of
from sacmap.study import make_study

BTP = "British Transport Police"


def compared(crimes, areas, current, baseline, keep=tables.SAC_TYPES):
    study = make_study({"current": current, "baseline": baseline, "crimes": (str(crimes),)})
    return compare_areas(study, read(study.crimes, keep=keep), areas)


def told(result):
    return {notice.code: notice.text for notice in result.warnings}


def falls(change):
    rows = change[change["verdict"].str.endswith("fall")]
    return set(zip(rows["area_id"], rows["crime_type"], strict=True))


@pytest.fixture(scope="module")
def avon_and_city(data):
    return (
        read([str(data / "avon-and-somerset-2018-01_2021-09.zip")], keep=tables.SAC_TYPES),
        read_areas(data / "boundaries" / "avon-and-somerset-wards.geojson"),
        read_areas(data / "boundaries" / "city-of-london-wards.geojson"),
    )


@pytest.mark.slow
def test_f69_wards_of_another_force_are_not_known_and_never_zero(avon_and_city):
    reading, avon, city = avon_and_city
    both = pd.concat([avon, city], ignore_index=True).sort_values("area_id", ignore_index=True)
    study = make_study({"current": "2019-01:2019-06", "baseline": "2018-01:2018-06", "crimes": ("x",)})
    result = compare_areas(study, reading, both)
    assert set(result.unknown) == set(city["area_id"])
    assert result.exit_code == 3
    rows = result.change[result.change["area_id"].isin(city["area_id"])]
    assert set(rows["verdict"]) == {"not known"}
    assert rows[["current_count", "expected", "level", "week_rank"]].isna().all(axis=None)
    said = " ".join(notice.text for notice in result.warnings if notice.code == "areas-not-known")
    assert "City of London Police" in said
    assert "of 306" in said
    assert "no crime of the force there, City of London Police, was given (2" in said
    # Each one's own panel tells its own reason.
    page = json.loads(numbers_of(page_of(result)))
    own = {
        page["sentences"][n]: area for n, area in zip(page["sentence"], result.change["area_id"], strict=True)
    }
    assert {f"Not known: {result.unknown[area]}." for area in city["area_id"]} <= set(own)
    assert not [said for said in own if said.startswith("Not known") and own[said] not in result.unknown]
    # The others read as they do alone.
    alone = compare_areas(study, reading, avon).change
    mine = result.change[result.change["area_id"].isin(avon["area_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, alone.reset_index(drop=True))


def test_f69_where_no_area_is_of_a_force_given_nothing_is_compared(avon_and_city, data):
    reading, _, _ = avon_and_city
    area = areas_from_rings(
        {("E1", "Trowbridge"): [(-2.23, 51.30), (-2.19, 51.30), (-2.19, 51.34), (-2.23, 51.34)]}
    )
    stray = reading.crimes.head(40).assign(lon=-2.21, lat=51.32, month="2018-01")
    crimes = pd.concat([reading.crimes, stray, stray.assign(month="2019-01")], ignore_index=True)
    given = Reading(crimes, tally_of(crimes), (), ())
    study = make_study({"current": "2019-01", "baseline": "2018-01", "crimes": ("x",)})
    with pytest.raises(InputError, match="Wiltshire Police"):
        compare_areas(study, given, area)


def test_f69_crimes_of_the_transport_police_alone_are_no_area_s_unless_they_are_asked_for(data):
    city = read_areas(data / "boundaries" / "city-of-london-wards.geojson")
    reading = read([str(data / "northamptonshire-2018-10_2019-02.zip")], keep=tables.SAC_TYPES)
    crimes = reading.crimes[reading.crimes["force"] == BTP]
    given = Reading(crimes, tally_of(crimes), (), ())
    asked = {"current": "2018-12", "crimes": ("x",)}
    with pytest.raises(InputError, match="no crime of the force there, City of London Police, was given"):
        compare_areas(make_study(asked), given, city)
    assert not compare_areas(make_study({**asked, "force": "btp"}), given, city).unknown


def test_each_ward_of_a_whole_force_is_of_it(avon_and_city):
    _, avon, city = avon_and_city
    outlines = force_outlines()
    assert len(outlines) == 43
    assert all(outline.is_valid for outline in outlines.values())
    found = own_forces(avon)
    assert (found.force == "Avon and Somerset Constabulary").mean() > 0.98
    assert set(own_forces(city).force) <= {"City of London Police", "Metropolitan Police Service"}
    assert not found.abroad.any()


def test_f69_deleting_a_minor_force_s_rows_of_one_period_makes_no_fall(tmp_path):
    rng = np.random.default_rng(69)
    areas = areas_from_rings({(f"A{n:02d}", f"Area {n}"): square(n) for n in range(12)})
    rows = []
    for month in ("2017-01", "2017-02", "2018-01", "2018-02"):
        for n in range(12):
            at = {"lon": f"{0.005 + n / 100:.6f}", "lat": "52.005"}
            for kind, usual in (("Burglary", 25), ("Robbery", 8), ("Vehicle crime", 30)):
                rows += [row(month, kind, **at)] * int(rng.poisson(usual))
                # A second force that reports a little everywhere, and most of two areas.
                share = 3.0 if n < 2 else 0.15
                rows += [row(month, kind, force=BTP, **at)] * int(rng.poisson(usual * share))
    (tmp_path / "whole.csv").write_text(csv_text(*rows))
    (tmp_path / "cut.csv").write_text(csv_text(*(r for r in rows if not (BTP in r and ",2018-0" in r))))
    (tmp_path / "without.csv").write_text(csv_text(*(r for r in rows if BTP not in r)))
    periods = ("2018-01:2018-02", "2017-01:2017-02")
    whole, cut, without = (
        compared(tmp_path / f"{name}.csv", areas, *periods) for name in ("whole", "cut", "without")
    )
    assert falls(cut.change) <= falls(whole.change) | falls(without.change)
    assert set(cut.unknown) == {"A00", "A01"}
    assert cut.ledger.forces_left_out > 0
    assert BTP in told(cut)["forces-left-out"]
    assert cut.exit_code == 3
    assert whole.exit_code == 0
    known = cut.change[cut.change["verdict"] != "not known"]
    assert known["current_count"].sum() == 2 * known.loc[known["crime_type"] == "sac", "current_count"].sum()


def test_f77_months_beyond_the_files_are_said_to_be_that(tmp_path):
    areas = areas_from_rings({("A", "Ash"): square(0)})
    at = {"lon": "0.005", "lat": "52.005"}
    months = ("2017-01", "2017-02", "2017-03", "2018-01", "2018-03")
    path = tmp_path / "a.csv"
    path.write_text(
        csv_text(*(row(month, kind, **at) for month in months for kind in KINDS for _ in range(20)))
    )
    said = told(compared(path, areas, "2018-01:2018-04", "2017-01:2017-04"))["months-left-out"]
    assert "Northamptonshire Police published nothing for February 2018" in said
    assert "the files of Northamptonshire Police end at March 2018" in said


KINDS = ("Burglary", "Robbery", "Vehicle crime")


def test_f68_a_type_that_no_row_holds_is_missing_and_sac_is_not_read(tmp_path):
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})
    path = tmp_path / "a.csv"
    rows = [
        row(month, lon=lon, lat="52.005")
        for month, n in (("2017-01", 30), ("2018-01", 40))
        for lon, more in (("0.005", 0), ("0.015", 10))
        for _ in range(n + (more if month == "2018-01" else 0))
    ]
    path.write_text(csv_text(*rows))
    result = compared(path, areas, "2018-01", "2017-01")
    rows = result.change.set_index(["area_id", "crime_type"])
    assert rows.loc[("A", "robbery"), ["current_count", "level"]].isna().all()
    # What is left of the three types is no count of all three, before, now or in a month.
    sac = rows.xs("sac", level="crime_type")
    assert set(sac["verdict"]) == {"not known"}
    assert sac[["baseline_count", "current_count"]].isna().all(axis=None)
    monthly = result.monthly.set_index("crime_type")["n"]
    assert monthly["sac"].isna().all()
    assert monthly["burglary"].sum() == 150
    # A watch compares these with the last map's, so that a month that was revised is news.
    assert monthly_totals(result.monthly, result.study.months) == {"2017-01": 60, "2018-01": 90}
    assert rows.loc[("A", "burglary"), "current_count"] == 40
    assert set(result.totals["sac"].values()) == {None}
    assert set(result.totals["robbery"].values()) == {None}
    assert result.totals["burglary"]["change_pct"] == 50
    assert result.warnings[0].code == "absent-types"
    assert "robbery or vehicle crime" in result.warnings[0].text
    assert result.week == ()
    assert result.weeks["burglary"]
    checked = check_text(result)
    assert re.search(r"serious acquisitive crime +not known", checked)
    assert "baseline is zero" not in checked


def test_f68_every_period_that_lacks_a_type_is_named(tmp_path):
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})
    path = tmp_path / "a.csv"
    rows = [
        row(month, kind, lon, "52.005")
        for month, kinds in (("2016-01", KINDS[::2]), ("2017-01", KINDS[::2]), ("2018-01", KINDS))
        for kind in kinds
        for lon in ("0.005", "0.015")
        for _ in range(12)
    ]
    path.write_text(csv_text(*rows))
    result = compared(path, areas, "2018-01", ["2016-01", "2017-01"])
    assert "No row of robbery in January 2016 and January 2017, though" in told(result)["absent-types"]
