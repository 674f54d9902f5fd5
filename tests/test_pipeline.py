"""The main job end to end: real files, the practice borough, and made-up rows with a known answer."""

import csv
import hashlib
import io
import json
import os
import re
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from builders import ASH, BIRCH, compare_files, compare_rows
from command_line import command
from conftest import csv_text, row, square

import sacmap
from sacmap import tables
from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.areas.topology import overlaps
from sacmap.comparison import compare_areas
from sacmap.crimes import repeats
from sacmap.errors import InputError, SacmapError, UsageError
from sacmap.fetch.street import read
from sacmap.files.study_file import read_study
from sacmap.forces import force_slug
from sacmap.months import span
from sacmap.notices import Notice
from sacmap.pipeline import fetch_study, map_study
from sacmap.publish import shapes
from sacmap.publish.answer import week_lead
from sacmap.publish.csv_json import record_of
from sacmap.publish.geopackage import fields_of
from sacmap.publish.make_view import page_of
from sacmap.publish.news import first_words
from sacmap.publish.note_parts import Given
from sacmap.publish.note_places import where
from sacmap.publish.page import in_one_line, render
from sacmap.publish.page_svg import static_classes
from sacmap.publish.public import public_version
from sacmap.publish.shapes import outlines_of
from sacmap.publish.tiles import tiles_of
from sacmap.publish.workbook import workbook_of
from sacmap.study import make_study


def sac(result):
    return result.change[result.change["crime_type"] == "sac"].set_index("area_id")


def test_west_yorkshire_s_julys(data):
    result = compare_files(
        data / "west-yorkshire-julys-2016-2018.zip",
        data / "boundaries" / "west-yorkshire-wards.geojson",
        "2018-07",
        "2016-07,2017-07",
    )
    assert result.ledger.record() == {
        "rows_read": 87_348,
        "other_crime_types": 74_153,
        "other_months": 0,
        "duplicates": 0,
        "forces_left_out": 0,
        "no_location": 578,
        "outside_areas": 27,
        "counted": 12_590,
    }
    assert {kind: result.totals[kind]["current_count"] for kind in tables.SAC_TYPES} == {
        "burglary": 1_997,
        "robbery": 299,
        "vehicle-crime": 1_901,
    }
    assert result.exit_code == 0
    assert [notice.code for notice in result.warnings][:2] == ["definition", "no-location-drift"]


def test_city_of_london_2025_against_2024(data):
    result = compare_files(
        data / "city-of-london-2024-01_2025-12.zip",
        data / "boundaries" / "city-of-london-wards.geojson",
        "2025-01:2025-12",
        "2024-01:2024-12",
    )
    total = result.totals["sac"]
    # 562 and 721 rows lie in wards, 23 of them repeats. (642 and 792 are all its SAC rows, wherever they lie.)
    assert (total["baseline_mean"], total["current_count"]) == (548, 712)
    assert result.ledger.duplicates >= 23
    empty = result.change[result.change["baseline_mean"] == 0]
    assert empty["change_pct"].isna().all()
    assert set(empty["verdict"]) <= set(tables.VERDICTS) - {"not known"}


def test_northampton_has_no_pair_of_years_and_is_refused_with_the_reason(data):
    with pytest.raises(InputError, match="No month from 2017-10 to 2019-02 is complete"):
        compare_files(
            data / "northamptonshire-2018-10_2019-02.zip",
            data / "boundaries" / "northampton-wards.geojson",
            "2018-10:2019-02",
            "2017-10:2018-02",
        )


def test_a_force_that_has_another_name_since_is_said_to_need_one_name(tmp_path):
    rows = [
        row(month, force=force, **ASH)
        for month, force in [("2018-01", "Old Police"), ("2019-01", "New Police")]
        for _ in range(9)
    ]
    with pytest.raises(InputError, match="No month") as told:
        compare_rows(tmp_path, rows, "2019-01", "2018-01")
    assert "one name in Reported by" in told.value.remedy


def test_northampton_by_the_python_functions(data):
    areas = sacmap.read_areas(data / "boundaries" / "northampton-wards.geojson")
    crimes = sacmap.read_crimes(data / "northamptonshire-2018-10_2019-02.zip")
    located = sacmap.locate(crimes, areas)
    inside = located[located["area_id"].notna() & located["crime_type"].isin(tables.SAC_TYPES)]
    # Before repeats are dropped: the force's own, and three of British Transport Police.
    assert inside["force"].value_counts()[
        ["Northamptonshire Police", "British Transport Police"]
    ].tolist() == [2_684, 3]
    assert repeats(inside).sum() == 10
    study = sacmap.make_study({"current": "2018-11:2019-02", "baseline": "2017-11:2018-02"})
    counts = sacmap.count(located, study)
    assert set(counts.loc[counts["month"] < "2018-10", "n"].isna()) == {True}
    assert counts.loc[counts["month"] >= "2018-10", "n"].notna().all()


@pytest.mark.parametrize(
    ("month", "there", "inside"),
    [
        # Rows with a location, as data/SOURCES.md counts them; 27 of them in all lie outside the 124 wards.
        ("2016-07", (2_034, 155, 1_877), (2_024, 155, 1_867)),
        ("2017-07", (2_162, 201, 1_987), (2_159, 201, 1_987)),
        ("2018-07", (1_999, 299, 1_903), (1_997, 299, 1_901)),
    ],
)
def test_west_yorkshire_s_rows_before_repeats(west_yorkshire, month, there, inside):
    rows = west_yorkshire[west_yorkshire["month"] == month]
    for column, counts in (("lon", there), ("area_id", inside)):
        by_type = rows.loc[rows[column].notna(), "crime_type"].value_counts()
        assert tuple(by_type[list(tables.SAC_TYPES)]) == counts


@pytest.fixture(scope="module")
def west_yorkshire(data):
    """The SAC rows of West Yorkshire's three Julys, each with its ward."""
    crimes = read([str(data / "west-yorkshire-julys-2016-2018.zip")], keep=tables.SAC_TYPES).crimes
    return sacmap.locate(crimes, read_areas(data / "boundaries" / "west-yorkshire-wards.geojson"))


def test_a_force_that_is_nearly_all_in_the_areas_is_told_to_be_no_comparator(data):
    result = compare_files(
        data / "west-yorkshire-julys-2016-2018.zip",
        data / "boundaries" / "west-yorkshire-wards.geojson",
        "2018-07",
        "2016-07,2017-07",
        comparator="force",
    )
    # What is left of the force is 114 crimes, nearly all with no location, of which there are fewer each year.
    assert result.comparator_changes["sac"] == {
        "name": "force",
        "baseline": 245.5,
        "current": 114.0,
        "change_pct": pytest.approx(-53.56, abs=0.01),
    }
    assert result.warnings[0].code == "unfit-comparator"
    assert "The areas have 95% of the force's crimes" in result.warnings[0].text
    assert result.warnings[0].text.endswith(
        "compare with the rest of the areas instead (--comparator areas)."
    )
    # 48 wards would read as clear rises: neither headline, tiles, list, workbook, note nor news may say so.
    page = page_of(result)
    said = "What the wards are compared with is no good guide: do not rely on their readings."
    assert page.first_words.endswith(said)
    assert week_lead(page, "sac") == said
    assert {one.found for one in tiles_of(page)} == {(("", "no reading to rely on"),)}
    assert page.could_show("sac").startswith("Not at all")
    # Nor may a colour, a row, a sentence, a layer or a cell: only the CSV has what was worked out.
    assert (result.change["verdict"] == "clear rise").sum() > 40
    assert set(page.table["verdict"]) == {"no reading"}
    # The level lies between the count and the expected, and so follows the comparator too.
    assert page.table[["expected", "normal_low", "normal_high", "level"]].isna().all(axis=None)
    assert not any("likely" in line for one in page.hardening for line in one.why)
    assert "clear rise" in page.texts["verdict"]
    assert {css[0] for css in static_classes(page)} == {"p"}
    html = render(page)
    shown = html[: html.index('id="data"')]
    for words in (
        "clear change</span>",
        "could be chance",
        "Clear rise",
        'value="expected"',
        'value="level"',
    ):
        assert words not in shown
    assert "no reading</span>" in shown
    assert not {"Expected", "Level"} & set(re.findall("<strong>(.*?)</strong>", shown))
    book = openpyxl.load_workbook(io.BytesIO(workbook_of(page)))
    head, *lines = book["Areas"].iter_rows(values_only=True)
    assert {line[head.index("verdict")] for line in lines} == {"no reading"}
    fields = {name: values for name, _, values in fields_of(page)}
    assert set(fields["verdict"]) == {"no reading"}
    assert {css[0] for css in fields["colour_class"]} == {"p"}
    summary = book["Summary"]
    told = {line[0]: line[1:] for line in summary.iter_rows(values_only=True)}
    assert all(told[label][5:7] == (None, None) for label in page.labels.values())
    assert not page.by_chance
    assert not any(result.how_sure.values())
    note = str(where(Given(study=result.study, place="West Yorkshire", result=result, picture=b"PNG")))
    assert "clear" not in note.lower()
    assert "For a week of action" not in note
    assert "no place stands out" not in note
    assert "likely in a similar" not in note
    assert first_words(result).endswith("is no good guide: do not rely on their readings.")


@pytest.mark.parametrize(("whole", "under"), [("A", "Ash, Birch"), ("Z", "Whole")])
def test_f33_a_file_of_areas_and_also_their_whole_is_told(tmp_path, whole, under):
    wide = [(0.0, 52.0), (0.02, 52.0), (0.02, 52.01), (0.0, 52.01), (0.0, 52.0)]
    areas = areas_from_rings({("B", "Ash"): square(0), ("C", "Birch"): square(1), (whole, "Whole"): wide})
    path = tmp_path / "a.csv"
    path.write_text(csv_text(*(row(month=f"{year}-01", **BIRCH) for year in (2017, 2018))))
    study = make_study({"current": "2018-01", "baseline": "2017-01", "crimes": (str(path),)})
    result = compare_areas(study, read(study.crimes), areas, overlaps=overlaps(areas))
    told = {one.code: one.text for one in result.warnings}
    assert told["areas-under-others"].startswith(f"Areas that lie in others: {under}. Their crimes count")


def test_city_of_london_2019_against_2018_on_the_other_download(data):
    result = compare_files(
        data / "city-of-london-2018-01_2021-09.zip",
        data / "boundaries" / "city-of-london-wards.geojson",
        "2019-01:2019-12",
        "2018-01:2018-12",
    )
    total = result.totals["sac"]
    # 605 and 623 rows in wards before repeats; July 2019, absent of other forces, is here.
    assert (total["baseline_mean"], total["current_count"]) == (601, 613)
    assert result.exit_code == 0
    assert result.compared == tuple(range(12))


def without_november(crimes, path):
    """Write the practice archive less one month of the current year; return its path."""
    with zipfile.ZipFile(crimes) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in whole.namelist():
            if not name.startswith("2025-11"):
                out.writestr(name, whole.read(name))
    return path


@pytest.mark.slow
def test_f37_a_year_with_a_month_removed_compares_eleven_and_shows_no_fall(tmp_path, practice):
    cut = without_november(practice.crimes, tmp_path / "cut.zip")
    full = compare_files(practice.crimes, practice.boundaries, "2025-04:2026-03", "2022-04:2025-03")
    result = compare_files(cut, practice.boundaries, "2025-04:2026-03", "2022-04:2025-03")
    assert result.exit_code == 3
    assert result.warnings[0].text.startswith("November left out of every year: 11 of 12 months compared.")
    assert set(result.change["months_compared"]) == {11}
    difference = result.totals["sac"]["change_pct"] - full.totals["sac"]["change_pct"]
    assert abs(difference) < 2


def test_f37_a_thin_month_is_left_out_too(tmp_path):
    months = ["2017-01", "2017-02", "2017-03", "2018-01", "2018-02", "2018-03"]
    rows = [row(month, **ASH) for month in months for _ in range(1 if month == "2018-02" else 30)]
    result = compare_rows(tmp_path, rows, "2018-01:2018-03", "2017-01:2017-03")
    assert result.compared == (0, 2)
    assert result.totals["burglary"]["change_pct"] == 0


def test_crimes_of_other_months_or_other_kinds_are_refused_and_never_read_as_none(tmp_path):
    rows = [row(month, **ASH) for month in ("2018-10", "2018-11")]
    with pytest.raises(InputError, match="those given are of 2018-10 to 2018-11"):
        compare_rows(tmp_path, rows, "2021-10", "2020-10")
    drugs = [row(month, kind="Drugs", **ASH) for month in ("2017-01", "2018-01")]
    with pytest.raises(InputError, match="hold no burglary, robbery or vehicle crime, only drugs") as error:
        compare_rows(tmp_path, drugs, "2018-01", "2017-01")
    assert "docs/extract.md" in error.value.remedy


def test_crimes_of_the_months_compared_that_all_lie_elsewhere_are_not_said_to_be_of_other_months(tmp_path):
    rows = [row("2018-10", **ASH), row("2018-11", lon="0.5", lat="52.5")]
    with pytest.raises(InputError, match="compared, 2018-11, though those given elsewhere are") as error:
        compare_rows(tmp_path, rows, "2018-11", None)
    assert "boundaries" in error.value.remedy


def test_many_areas_without_a_crime_are_told_for_they_may_be_another_force_s(tmp_path):
    rows = [row(month, **ASH) for month in ("2017-01", "2018-01") for _ in range(30)]
    told = {
        notice.code: notice.text for notice in compare_rows(tmp_path, rows, "2018-01", "2017-01").warnings
    }
    assert "1 of 2 (Birch)" in told["empty-areas"]
    rows.append(row("2017-01", **BIRCH))
    codes = {notice.code for notice in compare_rows(tmp_path, rows, "2018-01", "2017-01").warnings}
    assert "empty-areas" not in codes


def test_f28_areas_without_a_boundary_are_told_before_the_figures(tmp_path):
    (tmp_path / "a.csv").write_text(csv_text(*[row(month, **ASH) for month in ("2017-01", "2018-01")]))
    study = make_study({"current": "2018-01", "baseline": "2017-01", "crimes": (str(tmp_path / "a.csv"),)})
    areas = areas_from_rings({("A", "Ash"): square(0), ("N", "Nowhere"): []})
    result = compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)
    told = {notice.code: notice.text for notice in result.warnings}
    assert list(told)[:2] == ["absent-types", "areas-not-known"]
    assert "1 of 2 (Nowhere), because the file has no boundary of theirs" in told["areas-not-known"]


def test_f69_a_minor_force_with_a_gap_is_left_out_whole_and_its_areas_are_not_known(tmp_path):
    months = ["2017-01", "2017-02", "2018-01", "2018-02"]
    rows = [row(month, **ASH) for month in months for _ in range(30)]
    rows += [row(month, force="Derbyshire Constabulary", **BIRCH) for month in months[:3] for _ in range(20)]
    result = compare_rows(tmp_path, rows, "2018-01:2018-02", "2017-01:2017-02")
    assert result.forces == ("Northamptonshire Police",)
    assert result.compared == (0, 1)
    assert result.ledger.forces_left_out == 60
    assert list(result.unknown) == ["B"]
    assert result.exit_code == 3
    assert result.totals["burglary"]["change_pct"] == 0
    told = {notice.code: notice.text for notice in result.warnings}
    # Above the map it is one line; why is a click away.
    left_out = in_one_line(Notice("forces-left-out", told["forces-left-out"]))
    assert left_out.lead.endswith("Derbyshire Constabulary, so that a gap does not read as a fall.")
    assert left_out.rest == "Why: the files of Derbyshire Constabulary end at January 2018."
    assert "Birch" in told["areas-not-known"]
    # Of one reason alone, the number of areas is said once.
    assert "(1 area)" not in told["areas-not-known"]
    verdicts = result.change.set_index(["area_id", "crime_type"])["verdict"]
    assert verdicts["B", "burglary"] == "not known"


@pytest.mark.parametrize(
    "force", ["derbyshire", "Derbyshire", "Derbyshire Constabulary", "derbyshire police"]
)
def test_the_force_of_a_study_is_known_however_its_name_is_written(force, tmp_path):
    rows = [row(month, **ASH) for month in ("2017-01", "2018-01") for _ in range(30)]
    rows += [row(month, force="Derbyshire Constabulary", **BIRCH) for month in ("2017-01", "2018-01")]
    for periods in (("2018-01", "2017-01"), ("latest:1", "before:1")):
        result = compare_rows(tmp_path, rows, *periods, force=force)
        assert result.forces == ("Derbyshire Constabulary",)


def test_where_nothing_can_be_compared_the_months_that_are_not_there_are_told_first(tmp_path):
    counts = {f"2017-0{month}": 2 for month in range(1, 5)} | {"2017-05": 20}
    counts |= {f"2018-0{month}": 20 for month in range(1, 5)}
    rows = [row(month, **ASH) for month, n in counts.items() for _ in range(n)]
    with pytest.raises(
        InputError, match="so nothing is compared: the files of Northamptonshire Police end at"
    ):
        compare_rows(tmp_path, rows, "2018-01:2018-05", "2017-01:2017-05")


def test_f37_a_gap_of_the_main_force_leaves_the_month_out_of_every_period(tmp_path):
    months = ["2017-01", "2017-02", "2018-01", "2018-02"]
    rows = [row(month, **ASH) for month in months[:3] for _ in range(30)]
    rows += [row(month, force="Derbyshire Constabulary", **BIRCH) for month in months for _ in range(20)]
    result = compare_rows(tmp_path, rows, "2018-01:2018-02", "2017-01:2017-02")
    assert result.compared == (0,)
    assert result.exit_code == 3
    told = {notice.code: notice.text for notice in result.warnings}
    assert "the files of Northamptonshire Police end at January 2018" in told["months-left-out"]


@pytest.mark.parametrize(
    ("current", "baseline", "gone", "said"),
    [
        (
            "2018-01:2018-12",
            "2017-01:2017-12",
            ["2018-07"],
            "July left out of both years: 11 of 12 months compared.",
        ),
        (
            "2018-01:2018-12",
            "2016-01:2017-12",
            ["2016-04", "2018-05"],
            "April and May left out of every year: 10 of 12 months compared.",
        ),
        (
            "2018-01:2018-03",
            "2017-01:2017-03",
            ["2017-02"],
            "February left out of both periods: 2 of 3 months compared.",
        ),
        ("2018-01:2018-12", "", ["2018-07"], "July left out: 11 of 12 months counted."),
        (
            "2018-01:2019-12",
            "2016-01:2017-12",
            ["2019-07"],
            "July 2019, and the same month of the period before, left out: 23 of 24 months compared.",
        ),
        (
            "2018-01:2019-12",
            "2014-01:2017-12",
            ["2017-03", "2019-07"],
            "March 2019 and July 2019, and the same months of every period before, left out: 22 of 24 months compared.",
        ),
    ],
)
def test_f37_the_page_says_of_which_periods_a_month_is_left_out(tmp_path, current, baseline, gone, said):
    rows = [
        row(month, **ASH)
        for month in span("2014-01:2019-12")
        if month not in gone and (baseline or month >= "2018")
        for _ in range(8)
    ]
    result = compare_rows(tmp_path, rows, current, baseline)
    told = {notice.code: notice.text for notice in result.warnings}
    assert told["months-left-out"].startswith(f"{said} Why: Northamptonshire Police published nothing for ")


def test_the_same_file_in_a_folder_and_in_a_zip_counts_once(tmp_path):
    name = "2018-01/2018-01-northamptonshire-street.csv"
    both = csv_text(*[row(month, **ASH) for month in ("2017-01", "2018-01") for _ in range(30)])
    (tmp_path / "2018-01").mkdir()
    (tmp_path / name).write_text(both)
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        archive.writestr(name, both)
    study = make_study({"current": "2018-01", "baseline": "2017-01", "crimes": (str(tmp_path),)})
    reading = read(study.crimes, keep=tables.SAC_TYPES)
    areas = areas_from_rings({("A", "Ash"): square(0)})
    result = compare_areas(study, reading, areas)
    assert result.totals["burglary"]["current_count"] == 30
    assert "given-twice" in {notice.code for notice in result.warnings}


def test_f38_a_zero_baseline_has_counts_and_a_verdict_but_no_percentage(tmp_path):
    rows = [row("2017-01", **ASH)] * 30 + [row("2018-01", **BIRCH)] * 30
    table = compare_rows(tmp_path, rows, "2018-01", "2017-01").change
    change = table[table["crime_type"] == "burglary"].set_index("area_id")
    assert pd.isna(change.loc["B", "change_pct"])
    assert change.loc["B", "current_count"] == 30
    assert change.loc["B", "verdict"] != "not known"


def test_f40_crimes_of_another_place_are_refused_with_both_extents(tmp_path):
    rows = [row(month, lon="-3.5", lat="50.7") for month in ("2017-01", "2018-01")]
    with pytest.raises(
        InputError, match=r"No crime lies in any area: .* -3\.500 .* the areas 0\.000 to 0\.020"
    ):
        compare_rows(tmp_path, rows, "2018-01", "2017-01")


def test_f26_and_f27_strange_types_and_other_forces_are_told(tmp_path):
    rows = [row(month, **ASH) for month in ("2017-01", "2018-01") for _ in range(40)]
    rows += [
        row("2018-01", kind="Cattle rustling", **ASH),
        row("2017-01", force="British Transport Police", **ASH),
        row("2018-01", force="British Transport Police", **ASH),
    ]
    result = compare_rows(tmp_path, rows, "2018-01", "2017-01")
    told = {notice.code: notice.text for notice in result.warnings}
    assert "cattle-rustling" in told["unknown-crime-types"]
    assert "British Transport Police 2" in told["other-forces"]
    assert result.totals["burglary"]["current_count"] == 41
    assert result.ledger.other_crime_types == 1


def test_crimes_that_moved_to_new_map_points_are_told_and_those_that_stayed_are_not(tmp_path):
    def rows(moved):
        # Thirty points a month, each with two crimes; those of the current months may stand ten metres further east.
        return [
            row(month, kind, lon=f"{0.0005 * n + (0.0001 if month[:4] == moved else 0):.6f}", lat="52.005000")
            for month in ("2017-01", "2017-02", "2018-01", "2018-02")
            for n in range(2, 32)
            for kind in ("Burglary", "Robbery")
        ]

    for moved, told in (("2018", True), ("", False)):
        result = compare_rows(tmp_path, rows(moved), "2018-01:2018-02", "2017-01:2017-02")
        said = [notice.text for notice in result.warnings if notice.code == "points-moved"]
        assert bool(said) == told
    result = compare_rows(tmp_path, rows("2018"), "2018-01:2018-02", "2017-01:2017-02")
    said = next(notice.text for notice in result.warnings if notice.code == "points-moved")
    assert said.startswith("100% of current crimes lie on map points that had none in the baseline, where 0%")


def test_the_practice_borough_s_true_rises_lead_the_excess(practice, practice_result):
    truth = json.loads(practice.truth.read_text())
    rose = {true["area_id"] for true in truth["rose"]}
    change = sac(practice_result)
    assert set(change["excess"].astype(float).nlargest(6).index) == rose
    assert set(change.index[change["verdict"] == "clear rise"]) <= rose
    comparator = practice_result.comparator_changes["sac"]["change_pct"]
    assert comparator == pytest.approx(truth["force_change_pct"], abs=2)


def test_the_plain_figures_of_a_row_follow_from_its_counts(practice_result):
    rows = practice_result.change
    assert set(rows["baseline_periods"]) == {3}
    assert list(rows["baseline_mean"]) == list(rows["baseline_count"] / 3)
    assert list(rows["change"]) == list(rows["current_count"] - rows["baseline_mean"])
    some = rows[rows["baseline_mean"] > 0]
    assert some["change_pct"].to_numpy() == pytest.approx(
        (100 * some["current_count"] / some["baseline_mean"] - 100).to_numpy()
    )
    homes = rows["area_id"].map(practice_result.areas.set_index("area_id")["households"]).astype(float)
    assert rows["level_per_1000_households"].to_numpy() == pytest.approx(
        (1_000 * rows["level"] / homes).to_numpy()
    )


def test_a_page_is_called_practice_by_its_data_and_never_by_its_title(tmp_path, practice_result):
    rows = [row(month, **ASH) for month in ("2017-01", "2018-01")]
    real = compare_rows(tmp_path, rows, "2018-01", "2017-01", title="Practice Road and around")
    assert not page_of(real).practice
    named = replace(practice_result, study=replace(practice_result.study, title="Northampton"))
    assert page_of(named).practice


def test_the_practice_borough_has_every_quirk(practice_result):
    ledger = practice_result.ledger
    # All but a force that falls silent: of these the practice borough has none.
    assert {name for name, rows in ledger.record().items() if rows == 0} == {"forces_left_out"}
    coverage = practice_result.coverage
    assert "2021-08" in set(coverage[coverage["status"] == "missing"]["month"])
    assert practice_result.exit_code == 0
    assert "other-forces" in {notice.code for notice in practice_result.warnings}


def test_with_the_force_as_comparator_its_rows_less_the_areas_are_followed(practice_result):
    record = practice_result.comparator_changes["sac"]
    assert record["name"] == "force"
    assert record["current"] > 0
    assert sum(practice_result.comparator.sums[kind][-1] for kind in tables.SAC_TYPES) == record["current"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Avon and Somerset Constabulary", "avon-and-somerset"),
        ("Devon & Cornwall Police", "devon-and-cornwall"),
        ("City of London Police", "city-of-london"),
        ("Metropolitan Police Service", "metropolitan"),
        ("Police Service of Northern Ireland", "northern-ireland"),
        ("Dyfed-Powys Police", "dyfed-powys"),
        ("British Transport Police", "btp"),
        ("Greater Manchester Police", "greater-manchester"),
        ("Hampshire & Isle of Wight Constabulary", "hampshire"),
    ],
)
def test_a_force_s_slug_is_police_uk_s(name, slug):
    assert force_slug(name) == slug


def test_a_study_of_files_has_nothing_to_fetch_and_is_told_so():
    study = make_study(current="2018-01", crimes=("a.zip",), boundaries="b.geojson")
    with pytest.raises(UsageError, match="are in files, so there is nothing to fetch"):
        fetch_study(study, refresh=False)


@pytest.mark.slow
def test_the_command_writes_the_contract_s_files_and_the_same_bytes_each_time(practice, tmp_path):
    first, second = (
        command("map", practice.study, "--out", f"{name}/town.html", cwd=tmp_path) for name in ("a", "b")
    )
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout.replace(os.sep, "/").split() == ["a/town.html", "a/town.csv", "a/town.json"]
    for name in ("town.html", "town.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with (tmp_path / "a" / "town.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == tables.CHANGE.names
    assert [r["crime_type"] for r in rows[:4]] == list(tables.CRIME_TYPES)
    record = json.loads((tmp_path / "a" / "town.json").read_text(encoding="utf-8"))
    keys = "sacmap study inputs ledger coverage comparator totals monthly definitions warnings exit_code"
    assert list(record) == keys.split()
    book = dict(record["ledger"])
    assert book.pop("rows_read") == sum(book.values())
    assert set(record["comparator"]) == {"name", "baseline", "current", "change_pct"}
    assert set(record["totals"]) == set(tables.CRIME_TYPES)
    total = ["baseline_mean", "current_count", "change_pct", "published_change_pct"]
    assert all(list(found) == total for found in record["totals"].values())
    assert all(set(notice) == {"code", "text"} for notice in record["warnings"])
    order = [(r["area_id"], tables.CRIME_TYPES.index(r["crime_type"])) for r in rows]
    assert order == sorted(order)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
def test_a_map_drawn_while_crimes_are_compared_has_the_bytes_of_one_drawn_afterwards(
    practice, tmp_path, monkeypatch
):
    study, drawn = make_study(read_study(practice.study)), []
    monkeypatch.setattr(
        shapes, "outlines_of", lambda polygons: drawn.append(polygons) or outlines_of(polygons)
    )
    result, at_once, _ = map_study(study, tmp_path / "town.html")
    # shapely before 2.2 locks the array that it works on: two threads must not share one.
    assert not np.shares_memory(drawn[0], result.areas.geometry.to_numpy())
    later = sacmap.save(sacmap.run(study), tmp_path / "other" / "town.html")
    assert [path.read_bytes() for path in at_once] == [path.read_bytes() for path in later]


JULYS = ("--current", "2018-07", "--baseline", "2017-07")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["map"], 2, "--current"),
        (["map", "--current", "2018-01", "--baseline", "2017-01"], 2, "No boundaries"),
        (["map", "none.toml"], 2, "none.toml"),
        (["map", "--nonsense"], 2, "No such option"),
        (["map", "--crimes"], 2, "See sacmap map --help."),
        (["map", "--current", "2018-13", "--baseline", "2017-01"], 2, "not a month"),
        (["map", "--current", "2018", "--baseline", "2017"], 2, "Write the whole year as 2018-01:2018-12."),
        (["map", *JULYS, "--comparator", "forces"], 2, "areas, force, none, or a CSV file"),
        (["map", *JULYS, "--out", "leeds.pdf"], 2, "Write --out leeds.html --also pdf."),
    ],
)
def test_errors_are_two_lines_without_a_traceback(tmp_path, words, code, said):
    done = command(*words, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert done.stdout == ""


@pytest.mark.slow
def test_paths_in_the_record_are_as_the_user_gave_them(tmp_path, practice):
    records = []
    for name in ("one", "two"):
        folder = tmp_path / name
        shutil.copytree(practice.study.parent, folder / "data")
        record = folder / "town.json"
        assert (
            command("map", folder / "data" / "study.toml", "--out", "town.html", cwd=folder).returncode == 0
        )
        records.append(record.read_bytes())
    # The same study in another place gives the same bytes.
    assert records[0] == records[1]
    found = json.loads(records[0])
    assert [entry["path"] for entry in found["inputs"]] == ["crimes.zip", "boundaries.geojson"]
    crimes, boundaries = found["inputs"]
    assert crimes["rows"] == found["ledger"]["rows_read"]
    assert crimes["sha256"] == hashlib.sha256(practice.crimes.read_bytes()).hexdigest()
    assert boundaries["rows"] == 40
    assert {entry["month"][:4] for entry in found["coverage"]} == {"2022", "2023", "2024", "2025", "2026"}
    assert {entry["status"] for entry in found["coverage"]} == {"complete"}
    assert (found["study"]["crimes"], found["study"]["out"]) == (["crimes.zip"], "town.html")


@pytest.mark.slow
def test_a_key_for_a_background_map_goes_out_with_the_page_and_the_reader_is_told(tmp_path, practice):
    tiles = "https://tiles.example.org/{z}/{x}/{y}.png?k={key}"
    done = command(
        "map", practice.study, "--tiles", tiles, "--tiles-key", "S3CRET", "--out", "t.html", cwd=tmp_path
    )
    assert done.returncode == 0
    assert "tiles.example.org" in done.stderr
    assert "The page includes the key" in done.stderr
    assert "S3CRET" not in (tmp_path / "t.json").read_text()
    html = (tmp_path / "t.html").read_text(encoding="utf-8")
    assert "img-src data: https://tiles.example.org;" in html
    assert "sends nothing" not in html


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tiles", "http://tiles.example.org/{z}/{x}/{y}.png"], "https"),
        (["--tiles", "https://tiles.example.org/"], "{z}"),
        (["--tiles-key", "K"], "no place for the key"),
    ],
)
def test_a_background_map_that_cannot_be_is_refused(tmp_path, practice, words, said):
    done = command("map", practice.study, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_run_that_is_refused_leaves_no_folder_and_a_table_s_name_is_that_of_its_page(tmp_path, practice):
    done = command("map", practice.study, "--current", "2035-01", "--baseline", "2034-01", cwd=tmp_path)
    assert done.returncode == 2
    assert not any(tmp_path.iterdir())
    done = command("map", practice.study, "--out", "maps/town.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "maps").iterdir()} == {"town.html", "town.csv", "town.json"}


@pytest.mark.slow
def test_f44_an_output_that_cannot_be_written_is_told_before_reading(tmp_path, practice):
    (tmp_path / "file").write_text("in the way")
    done = command("map", practice.study, "--out", "file/town.html", cwd=tmp_path)
    assert done.returncode == 5
    assert "The folder file cannot be written" in done.stderr
    assert "Check the path and the disk" in done.stderr
    assert "Reading" not in done.stderr
    (tmp_path / "town.csv").mkdir()
    done = command("map", practice.study, "--out", "town.html", cwd=tmp_path)
    assert done.returncode == 2
    assert "town.csv would be written, and is a folder" in done.stderr
    assert "Reading" not in done.stderr


@pytest.mark.slow
def test_f37_the_command_ends_with_3_and_the_page_says_eleven_of_twelve(tmp_path, practice):
    cut = without_november(practice.crimes, tmp_path / "cut.zip")
    done = command("map", practice.study, "--crimes", cut, "--out", "t.html", cwd=tmp_path)
    assert done.returncode == 3
    assert "11 of 12 months compared" in done.stderr
    assert "November left out of every year: 11 of 12 months compared." in (tmp_path / "t.html").read_text(
        encoding="utf-8"
    )
    assert json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["exit_code"] == 3


@pytest.mark.slow
def test_check_tells_the_ledger_and_the_coverage(tmp_path, practice):
    done = command("check", practice.study, cwd=tmp_path)
    assert done.returncode == 0
    assert "Every row accounted for" in done.stdout
    assert "12 of 12 months" in done.stdout
    assert "Serious acquisitive crime on the map fell 7%; of the forces as published" in done.stdout
    assert "The rest of dogger bank" not in done.stdout


def test_a_ledger_that_does_not_balance_fails_the_run():
    from sacmap.measure.ledger import Ledger

    with pytest.raises(SacmapError, match="does not balance"):
        Ledger(10, 1, 1, 1, 1, 1, 1, 1).require_balance()


def test_f37_a_public_version_does_not_give_the_count_of_a_thin_month(tmp_path):
    months = ("2017-01", "2017-02", "2018-01", "2018-02")
    rows = [row(month, **where) for month in months for where in (ASH, BIRCH) for _ in range(20)]
    for kind in ("Robbery", "Vehicle crime"):
        rows += [
            row(month, kind=kind, **where) for month in months for where in (ASH, BIRCH) for _ in range(20)
        ]
    rows = [r for r in rows if "2018-02" not in r] + [row("2018-02", **ASH)] * 3
    result = compare_rows(tmp_path, rows, "2018-01:2018-02", "2017-01:2017-02")
    assert "published only 3 crimes" in result.warnings[0].text
    public = public_version(result)
    record = record_of(public, "0").decode()
    assert "3 crimes" not in record
    assert record.count("fewer than 5 crimes") == 2
    # The counts that it gives are whole numbers, as in the full record.
    given = [month["crimes"] for month in json.loads(record)["coverage"]]
    assert given.count(None) == 1
    assert {type(n) for n in given if n is not None} == {int}
