"""A force's own extract: read exactly, every row accounted for, and a version for the public without small counts."""

import base64
import csv
import io
import json
import zipfile
import zlib
from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from builders import write_xlsx
from command_line import command
from conftest import HOSTILE, square
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

import sacmap
from sacmap import tables
from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.areas.locate import locate
from sacmap.choose.hardening import read_prices
from sacmap.choose.make_plan import PlanWanted, make_plan
from sacmap.choose.ranking import all_lists, counts_by_month, of_kind
from sacmap.comparison import compare_areas
from sacmap.errors import InputError, UsageError
from sacmap.fetch.extract import read_extract
from sacmap.fetch.extract_layout import day_of, layout_of, offence_key
from sacmap.fetch.street import read
from sacmap.files.study_file import read_study
from sacmap.inputs import read_crimes_of
from sacmap.measure.change_table import change_table
from sacmap.measure.suppress import SMALL, given_away, hide, suppressed
from sacmap.publish.make_view import check_text, page_of
from sacmap.publish.page_data import content_of
from sacmap.publish.plan_view import plan_view
from sacmap.publish.public import public_version
from sacmap.study import make_study

pytestmark = pytest.mark.slow

HEADER = ["Crime Ref", "Date Committed", "HO Code", "Offence", "X", "Y", "Street"]
COLUMNS = {"id": "Crime Ref", "month": "Date Committed", "offence": "HO Code", "easting": "X", "northing": "Y",
           "location": "Street"}  # fmt: skip
TABLE = {"columns": COLUMNS, "date_format": "%d/%m/%Y", "coordinates": "BNG"}
TO_BNG = Transformer.from_crs(tables.WGS84, "EPSG:27700", always_xy=True)


def line(ref, day, code, n=0, *, offence="…", street="High Street", degrees=False):
    """One row, its place in the middle of the nth square; n is None where it has no place."""
    x, y = ("", "") if n is None else (0.005 + 0.01 * n, 52.005)
    if n is not None and not degrees:
        x, y = (round(value, 1) for value in TO_BNG.transform(x, y))
    return [ref, day, code, offence, x, y, street]


LINES = [
    line("CR/1", "03/10/2018", "28E"),
    line("CR/2", "31/10/2018", "34B", 1),
    line("CR/2", "31/10/2018", "34B", 1),
    line("CR/3", "01/10/2017", "45"),
    line("CR/4", "15/10/2018", "48", None),
    line("CR/5", "15/10/2018", "126"),
    line("CR/6", "15/10/2018", "030C"),
    line("CR/7", "15/10/2018", "37/2", 1),
    line("CR/8", "15/10/2017", "028E", 5),
]


def text_of(lines, *, above=(), header=HEADER):
    out = io.StringIO()
    csv.writer(out).writerows([*above, header, *lines])
    return out.getvalue()


def study_of(*paths, extract=TABLE, current="2018-10", baseline="2017-10", **more):
    return make_study(
        {
            "current": current,
            "baseline": baseline,
            "crimes": tuple(map(str, paths)),
            "extract": extract,
            **more,
        }
    )


def reading_of(folder, lines=LINES, extract=TABLE, **how):
    path = folder / "extract.csv"
    path.write_text(text_of(lines, **how), encoding="utf-8", newline="")
    return read_extract(study_of(path, extract=extract))


def told(reading):
    return {notice.code: notice.text for notice in reading.notices}


def test_codes_dates_and_eastings_become_crimes(tmp_path):
    reading = reading_of(tmp_path)
    crimes = reading.crimes
    assert list(crimes.columns) == tables.CRIMES.names
    assert list(crimes["crime_type"]) == [
        "burglary", "robbery", "robbery", "vehicle-crime", "vehicle-crime", "vehicle-crime", "burglary"]  # fmt: skip
    assert list(crimes["month"].astype(str))[:4] == ["2018-10", "2018-10", "2018-10", "2017-10"]
    assert crimes.loc[0, ["lon", "lat"]].to_list() == pytest.approx([0.005, 52.005], abs=2e-5)
    assert crimes["lon"].isna().to_list() == [False, False, False, False, True, False, False]
    assert crimes.loc[0, "location"] == "High Street"
    assert reading.tally["n"].sum() == reading.inputs[0]["rows"] == len(LINES)


def test_without_any_theft_nothing_is_called_the_indicator_itself_and_no_theft_is_none(tmp_path):
    lines = [one for one in LINES if not one[2].startswith(("45", "48", "37"))]
    said = told(reading_of(tmp_path, lines))
    assert "not a proxy" not in said["restricted"]
    assert "theft" not in said["components"]
    assert "theft of vehicles" in said["no-such-offence"]


def test_interference_and_other_buildings_are_not_sac_and_are_told(tmp_path):
    reading = reading_of(tmp_path)
    assert told(reading)["other-offences"] == "Rows with other offences, not counted as SAC: 030C 1, 126 1."
    assert "theft from vehicles 1 → 0" in told(reading)["components"]
    assert "theft of vehicles 0 → 2" in told(reading)["components"]
    assert "robbery 0 → 1" in told(reading)["components"]
    assert "not a proxy" in told(reading)["restricted"]


def test_a_workbook_with_dates_as_dates_reads_as_the_csv(tmp_path):
    rows = [["Extract under the agreement of 2018"], [], HEADER]
    for row in LINES:
        code = float(row[2]) if row[2].isdigit() and not row[2].startswith("0") else row[2]
        rows.append(
            [row[0], date(*map(int, reversed(row[1].split("/")))), code, *[v or None for v in row[3:]]]
        )
    write_xlsx(tmp_path / "extract.xlsx", {"Crimes": rows})
    table = {"columns": COLUMNS}
    from_book = read_extract(study_of(tmp_path / "extract.xlsx", extract=table))
    pd.testing.assert_frame_equal(from_book.crimes, reading_of(tmp_path).crimes)


def test_lines_above_the_header_and_blank_lines_do_not_matter(tmp_path):
    plain = reading_of(tmp_path)
    under = reading_of(
        tmp_path, [*LINES[:3], ["", "", ""], *LINES[3:]], above=[["Restricted"], [], ["Made for us"]]
    )
    pd.testing.assert_frame_equal(under.crimes, plain.crimes)


def test_notes_below_the_table_are_no_crimes_but_a_row_cut_short_is_an_error(tmp_path):
    plain = reading_of(tmp_path)
    noted = reading_of(tmp_path, [*LINES, [], ["Source: Niche, 3 January 2019"], ["", "Not to be published"]])
    pd.testing.assert_frame_equal(noted.crimes, plain.crimes)
    with pytest.raises(InputError, match="is not a date"):
        reading_of(tmp_path, [*LINES, ["CR 99"]])


@pytest.mark.parametrize("degrees", [True, False])
def test_decimal_commas_are_read_and_commas_between_thousands(tmp_path, degrees):
    table = TABLE | {"coordinates": "degrees" if degrees else "BNG"}
    lines = [line(f"CR/{n}", "03/10/2018", "28E", n, degrees=degrees) for n in range(9)]
    plain = reading_of(tmp_path, lines, table).crimes
    commas = [[*row[:4], *(f"{value}".replace(".", ",") for value in row[4:6]), row[6]] for row in lines]
    pd.testing.assert_frame_equal(reading_of(tmp_path, commas, table).crimes, plain)
    thousands = [[*row[:4], *(f"{value:,}" for value in row[4:6]), row[6]] for row in lines]
    pd.testing.assert_frame_equal(reading_of(tmp_path, thousands, table).crimes, plain)


def test_degrees_read_as_eastings_do(tmp_path):
    table = TABLE | {"coordinates": "degrees"}
    degrees = [line(*row[:3], degrees=True) for row in LINES[:1]]
    ours = reading_of(tmp_path, degrees, table).crimes
    assert ours.loc[0, ["lon", "lat"]].to_list() == [0.005, 52.005]


def test_words_map_as_codes_do_whatever_their_case_and_marks(tmp_path):
    offences = {"burglary": ["Burglary - Residential"], "robbery": "Robbery (personal)"}
    table = TABLE | {"columns": COLUMNS | {"offence": "Offence"}, "offences": offences}
    lines = [
        line("1", "03/10/2018", "", offence="BURGLARY RESIDENTIAL"),
        line("2", "03/10/2018", "", offence="robbery: personal"),
        line("3", "03/10/2018", "", offence="Burglary - Business"),
    ]
    reading = reading_of(tmp_path, lines, table)
    assert list(reading.crimes["crime_type"]) == ["burglary", "robbery"]


def test_thefts_that_an_extract_does_not_tell_apart_lack_neither_of_the_two(tmp_path):
    table = TABLE | {"offences": {"burglary": "28E", "robbery": "34B", "vehicle-crime": ["45", "48"]}}
    lines = [line(str(n), "03/10/2018", code) for n, code in enumerate(("28E", "34B", "45"))]
    reading = reading_of(tmp_path, lines, table)
    assert reading.lacking == ()
    assert "no-such-offence" not in told(reading)


def test_a_component_without_any_row_is_told(tmp_path):
    reading = reading_of(tmp_path, LINES[:1])
    assert "robbery, theft from vehicles and theft of vehicles" in told(reading)["no-such-offence"]


@pytest.mark.parametrize(
    ("writing", "key"), [("028E", "28e"), (45.0, "45"), (37.2, "37 2"), ("037/02", "37 2")]
)
def test_an_offence_is_known_however_it_is_written(writing, key):
    assert offence_key(writing) == key


@pytest.mark.parametrize(
    ("cell", "form", "month"),
    [
        ("2018-10-03", "", "2018-10"),
        ("2018-10-03T23:59:00", "", "2018-10"),
        ("2018-10", "", "2018-10"),
        ("03/10/2018", "", ""),
        ("10/2018", "%m/%Y", "2018-10"),
        ("03/10/2018 14:22", "%d/%m/%Y %H:%M", "2018-10"),
        ("31/09/2018", "%d/%m/%Y", ""),
        ("03/10/0218", "%d/%m/%Y", ""),
        ("9999-12", "", ""),
        ("", "%d/%m/%Y", ""),
    ],
)
def test_a_date_is_a_month_or_nothing(cell, form, month):
    assert day_of(cell, form)[:7] == month


def spoilt(**cells):
    row = line("CR/9", "03/10/2018", "28E")
    for name, value in cells.items():
        row[HEADER.index(name)] = value
    return row


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (spoilt(**{"Date Committed": "Feb-25"}), "line 4: 'Feb-25' is not a date of the form %d/%m/%Y"),
        (spoilt(**{"Date Committed": "13/13/2018"}), "line 4: '13/13/2018' is not a date"),
        (
            spoilt(**{"Date Committed": "03/10/2018 - 05/11/2018"}),
            "line 4: '03/10/2018 - 05/11/2018' is not a date",
        ),
        (spoilt(**{"Date Committed": ""}), r"line 4: '' is not a date (.|\n)* total or a note"),
        (spoilt(X="north"), "line 4: 'north', .* is not a coordinate"),
        (spoilt(X=-0.9, Y=52.24), "line 4: .* looks like degrees, not BNG"),
        (spoilt(X=260_900, Y=475_200), "line 4: .* looks as if the two columns are swapped"),
        (spoilt(X=475.2, Y=260.9), "line 4: .* is not in Great Britain"),
        (spoilt(X=262000, Y=1_250_000_0), "line 4: .* is not in Great Britain"),
        (spoilt(X=1_200_000, Y=400_000), "line 4: .* looks as if the two columns are swapped"),
        ([*spoilt(), "left over"], "line 4 has more cells than the header"),
    ],
)
def test_f22_f25_what_makes_no_sense_is_an_error_with_its_line(tmp_path, row, words):
    with pytest.raises(InputError, match=words):
        reading_of(tmp_path, [*LINES[:2], row])


def test_a_crime_far_away_among_many_is_outside_and_not_swapped(tmp_path):
    far = spoilt(X=240_000, Y=545_000)
    assert len(reading_of(tmp_path, [*LINES * 40, far]).crimes)
    with pytest.raises(InputError, match="looks as if the two columns are swapped"):
        reading_of(tmp_path, [*LINES, far])


def test_a_missing_column_says_which_to_check(tmp_path):
    with pytest.raises(InputError, match="no header row with the columns"):
        reading_of(tmp_path, header=[*HEADER[:2], "Code", *HEADER[3:]])


def test_an_extract_and_police_uks_file_each_in_the_others_place_are_told_as_that(tmp_path):
    street = ["Crime ID", "Month", "Reported by", "Longitude", "Latitude", "Location", "Crime type"]
    with pytest.raises(InputError, match=r"is police.uk's, and.*\n.*take the \[extract\] table out"):
        reading_of(tmp_path, header=street)
    (tmp_path / "2018-10").mkdir()
    (tmp_path / "2018-10" / "2018-10-kent-street.csv").write_text(",".join(street))
    with zipfile.ZipFile(tmp_path / "kent.zip", "w") as archive:
        archive.write(tmp_path / "2018-10" / "2018-10-kent-street.csv", "2018-10/2018-10-kent-street.csv")
    for download in ("2018-10", "kent.zip"):
        with pytest.raises(InputError, match=r"is police.uk's, and.*\n.*take the \[extract\] table out"):
            read_extract(study_of(tmp_path / download))
    # An own file may be called after a street.
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        archive.writestr("high-street.csv", ",".join(map(str, HEADER)))
    with pytest.raises(InputError, match="Unpack it"):
        read_extract(study_of(tmp_path / "own.zip"))
    (tmp_path / "own.csv").write_text(",".join(map(str, HEADER)) + "\n" + ",".join(map(str, LINES[0])) + "\n")
    with pytest.raises(InputError, match=r"see docs/extract.md"):
        read([str(tmp_path / "own.csv")], keep=tables.SAC_TYPES)


def test_a_missing_column_that_no_other_is_like_shows_all_columns_and_guesses_none(tmp_path):
    columns = {"id": "Ref", "month": "Date", "offence": "Code", "longitude": "lon", "latitude": "lat"}
    extract = {**TABLE, "columns": columns, "coordinates": "degrees"}
    with pytest.raises(InputError) as refused:
        reading_of(tmp_path, header=["Ref", "When", "Code", "lon", "lat", "E", "N"], extract=extract)
    assert "'Date'.\nIt has Ref, When, Code, lon, lat, E, N. Write them in" in str(refused.value)


def american(day):
    """A British date as a spreadsheet with American settings reads it: as a date where it can, or else as text."""
    dd, mm, yyyy = map(int, day.split("/"))
    return date(yyyy, dd, mm) if dd <= 12 else day


def book_of(path, **several):
    """A workbook with a sheet of rows for each name."""
    blank = {
        name: [[None if cell == "" else cell for cell in cells] for cells in rows]
        for name, rows in several.items()
    }
    write_xlsx(path, blank)
    return path


def test_days_and_months_that_a_spreadsheet_swapped_are_refused(tmp_path):
    days = [f"{day:02d}/03/2018" for day in range(1, 29)]
    lines = [line(f"CR/{n}", american(day), "28E") for n, day in enumerate(days)]
    path = book_of(tmp_path / "extract.xlsx", Crimes=[HEADER, *lines])
    with pytest.raises(InputError, match=r"sheet Crimes: .* swapped day and month"):
        read_extract(study_of(path))
    saved = [[str(cell) for cell in cells] for cells in lines]
    with pytest.raises(InputError, match="swapped day and month"):
        reading_of(tmp_path, saved)


def test_f74_offence_codes_that_a_spreadsheet_made_dates_are_told(tmp_path):
    codes = [date(1945, 10, 1), "Jan-48", "8N"]
    lines = [line(f"CR/{n}", date(2018, 10, 5), code) for n, code in enumerate(codes)]
    path = book_of(tmp_path / "extract.xlsx", Crimes=[HEADER, line("CR/9", date(2018, 10, 5), "28E"), *lines])
    assert ": 2 rows (1945-10-01" in told(read_extract(study_of(path)))["offence-dates"]


def test_a_month_that_the_extract_holds_only_in_part_is_told(tmp_path):
    days = [f"{day:02d}/{month:02d}/2018" for month in (8, 9, 10) for day in range(1, 31) for _ in range(3)]
    lines = [line(f"CR/{n}", day, "28E") for n, day in enumerate(days)]
    assert "part-months" not in told(reading_of(tmp_path, lines))
    assert (
        "whole months: October 2018, only day 1 to 20."
        in told(reading_of(tmp_path, lines[:-30]))["part-months"]
    )


def test_real_dates_beside_dates_in_text_are_read_where_nothing_was_swapped(tmp_path):
    days = [f"{day:02d}/03/2018" for day in range(1, 29)]
    lines = [line(f"CR/{n}", date(2018, 3, n + 1) if n % 2 else day, "28E") for n, day in enumerate(days)]
    path = book_of(tmp_path / "extract.xlsx", Crimes=[HEADER, *lines])
    assert set(read_extract(study_of(path)).crimes["month"].astype(str)) == {"2018-03"}


def test_a_sheet_that_lacks_a_column_is_named_with_the_column(tmp_path):
    east = [name if name != "X" else "Easting" for name in HEADER]
    path = book_of(
        tmp_path / "extract.xlsx",
        West=[HEADER, *LINES[:4]],
        East=[east, *LINES[4:]],
        Notes=[["Made for us"]],
        Blank=[],
    )
    reading = read_extract(study_of(path))
    assert reading.tally["n"].sum() == 4
    said = told(reading)["passed-over"]
    assert "sheet East (no column 'X')" in said
    assert "sheet Notes" in said
    assert "Blank" not in said


def test_of_an_extract_without_the_current_months_the_sheets_not_read_are_named(tmp_path):
    east = [name if name != "X" else "Easting" for name in HEADER]
    before, now = [[cells for cells in LINES if year in cells[1]] for year in ("2017", "2018")]
    path = book_of(tmp_path / "extract.xlsx", Before=[HEADER, *before], Now=[east, *now])
    with pytest.raises(InputError, match=r"no month of the current period.* sheet Now \(no column 'X'\)"):
        read_crimes_of(study_of(path))


def test_a_header_that_a_report_repeats_is_no_crime(tmp_path):
    plain = reading_of(tmp_path).crimes
    pages = reading_of(tmp_path, [*LINES[:4], HEADER, *LINES[4:], HEADER])
    pd.testing.assert_frame_equal(pages.crimes, plain)


def test_crimes_of_a_hidden_sheet_count_and_are_told(tmp_path):
    path = tmp_path / "extract.xlsx"
    book = openpyxl.Workbook()
    book.active.title, book.active.sheet_state = "Old", "hidden"
    book.create_sheet("New")
    for name, lines in (("Old", LINES[:3]), ("New", LINES[3:])):
        for cells in [HEADER, *lines]:
            book[name].append(cells)
    book.save(path)
    reading = read_extract(study_of(path))
    assert reading.tally["n"].sum() == len(LINES)
    assert "hidden sheet Old" in told(reading)["hidden-sheets"]


def test_a_column_is_known_however_a_program_writes_its_accents(tmp_path):
    header = ["Co\u0302d" if name == "HO Code" else name for name in HEADER]
    columns = COLUMNS | {"offence": "Côd"}
    plain = reading_of(tmp_path).crimes
    accented = reading_of(tmp_path, extract=TABLE | {"columns": columns}, header=header)
    pd.testing.assert_frame_equal(accented.crimes, plain)


def test_an_extract_in_json_is_called_that(tmp_path):
    path = tmp_path / "extract.json"
    path.write_text(pd.DataFrame(LINES, columns=HEADER).to_json(orient="records"))
    with pytest.raises(InputError, match="is JSON, not a table"):
        read_extract(study_of(path))


def test_of_two_columns_of_one_name_none_is_taken_unless_they_are_equal(tmp_path):
    plain = reading_of(tmp_path).crimes
    again = reading_of(tmp_path, [[*row, row[4]] for row in LINES], header=[*HEADER, "X"])
    pd.testing.assert_frame_equal(again.crimes, plain)
    other = reading_of(tmp_path, [[*row, 1] for row in LINES], header=[*HEADER, "x"])
    pd.testing.assert_frame_equal(other.crimes, plain)
    with pytest.raises(InputError, match="2 columns called 'X'"):
        reading_of(tmp_path, [[*row, 1] for row in LINES], header=[*HEADER, "X"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colums": {}}, "unknown key 'colums'"),
        ({"columns": {"month": "D", "offence": "O"}}, "easting and northing"),
        (
            {"columns": {"month": "D", "easting": "X", "northing": "Y"}},
            "does not name the column for offence",
        ),
        ({"columns": COLUMNS | {"colour": "C"}}, "unknown key 'colour'"),
        ({"columns": ["D"]}, "must name columns"),
        ({"coordinates": "OSGB"}, "cannot be 'OSGB'"),
        ({"date_format": "%d/%q/%Y"}, "is not a date format"),
        ({"date_format": "%d/%m/%"}, "is not a date format"),
        ({"date_format": date(2018, 7, 1)}, "date_format must be text"),
        ({"coordinates": ["BNG"]}, "coordinates must be text"),
        ({"force": date(2018, 7, 1)}, "force must be text"),
        ({"offences": {"robbery": date(2018, 7, 1)}}, "robbery must list texts"),
        ({"offences": {"robbery": ["34A", ["34B"]]}}, "robbery must list texts"),
        ({"offences": {"robbery": {"34A": "34B"}}}, "robbery must list texts"),
        ({"offences": {"arson": ["56"]}}, "unknown key 'arson'"),
        (
            {"offences": {"robbery": ["45"], "theft-from-vehicle": ["45"]}},
            "under both robbery and theft-from-vehicle",
        ),
        ({"offences": {}}, "must list codes or words"),
    ],
)
def test_a_layout_that_cannot_be_is_a_usage_error(change, words):
    with pytest.raises(UsageError, match=words):
        layout_of(TABLE | change)


def test_a_layout_without_an_extract_never_turns_police_uk_into_one():
    with pytest.raises(UsageError, match="an extract, but gives none"):
        make_study(
            {"current": "2018-10", "baseline": "2017-10", "extract": TABLE, "force": "northamptonshire"}
        )


def squares(names=("Ash", "Birch", "Cedar")):
    return areas_from_rings({(f"A{n}", name): square(n) for n, name in enumerate(names)})


def compared(folder, lines, names=("Ash", "Birch", "Cedar"), **more):
    path = folder / "extract.csv"
    path.write_text(text_of(lines), encoding="utf-8", newline="")
    study = study_of(path, **more)
    reading = read_extract(study)
    return compare_areas(study, reading, squares(names), notices=reading.notices)


def test_every_row_of_an_extract_is_accounted_for(tmp_path):
    more = [line(f"CR/2017/{n}", "01/10/2017", "34A", None) for n in range(4)]
    ledger = compared(tmp_path, LINES + more).ledger.record()
    assert ledger == {
        "rows_read": 13, "other_crime_types": 2, "other_months": 0, "duplicates": 1, "forces_left_out": 0,
        "no_location": 5,
        "outside_areas": 1, "counted": 4}  # fmt: skip


def test_the_totals_of_an_extract_never_read_as_a_fall_where_a_month_is_left_out(tmp_path):
    days = [f"05/{month:02d}/{year}" for year in (2017, 2018) for month in range(1, 5) for _ in range(40)]
    lines = [line(f"CR/{n}", day, "28E") for n, day in enumerate(days)]
    periods = {"current": "2018-01:2018-04", "baseline": "2017-01:2017-04"}
    warned = "They include months left out: do not read a change from them."
    for some, left_out in ((lines, False), (lines[:-35], True)):
        result = compared(tmp_path, some, **periods)
        (said,) = [notice.text for notice in result.warnings if notice.code == "components"]
        assert (len(result.compared) < 4, warned in said) == (left_out, left_out)


def test_of_an_extract_the_change_of_definition_is_that_of_homes(tmp_path):
    lines = [line("1", "03/10/2017", "28E"), line("2", "03/10/2016", "28A")]
    result = compared(tmp_path, lines, current="2017-10", baseline="2016-10")
    assert ["do not read the change as a rise" in found.text for found in result.definitions] == [True]


def test_a_real_force_as_an_extract_counts_as_its_street_files(data, tmp_path):
    archive = data / "northamptonshire-2018-10_2019-02.zip"
    street = read([str(archive)], keep=tables.SAC_TYPES)
    mine = street.crimes[street.crimes["force"] == "Northamptonshire Police"]
    east, north = TO_BNG.transform(mine["lon"].to_numpy(), mine["lat"].to_numpy())
    codes = {"burglary": "28E", "robbery": "34B", "vehicle-crime": "45"}
    frame = pd.DataFrame(
        {
            "Crime Ref": mine["crime_id"].to_numpy(),
            "Date Committed": [f"01/{m[5:]}/{m[:4]}" for m in mine["month"].astype(str)],
            "HO Code": mine["crime_type"].astype(str).map(codes).to_numpy(),
            "Offence": "",
            "X": np.round(east, 2),
            "Y": np.round(north, 2),
            "Street": mine["location"].astype(str).to_numpy(),
        }
    )
    frame.to_csv(tmp_path / "extract.csv", index=False)
    reading = read_extract(study_of(tmp_path / "extract.csv"))
    areas = read_areas(data / "boundaries" / "northampton-wards.geojson")
    ours, theirs = (locate(crimes.reset_index(drop=True), areas) for crimes in (reading.crimes, mine))
    assert len(ours) == 6_333
    columns = ["month", "crime_type", "area_id"]
    pd.testing.assert_frame_equal(ours[columns].astype(str), theirs[columns].astype(str))


# What is written.


def write_study(folder, extra=""):
    counts = {"A0": (30, 24), "A1": (26, 31), "A2": (22, 20)}
    codes = ("28E", "28F", "45", "48", "34B")
    lines = [
        line(
            f"CR/{area}/{year}/{k}",
            f"{1 + k % 28:02d}/10/{year}",
            codes[k % 5],
            n,
            street=HOSTILE[k % len(HOSTILE)],
        )
        for n, (area, both) in enumerate(counts.items())
        for year, count in zip((2017, 2018), both, strict=True)
        for k in range(count)
    ]
    lines += [line(text, "03/10/2018", text, 0, street=text) for text in HOSTILE]
    (folder / "extract.csv").write_text(text_of(lines), encoding="utf-8", newline="")
    squares().drop(columns=["households", "mend"]).to_file(folder / "areas.geojson", driver="GeoJSON")
    (folder / "study.toml").write_text(
        f"""title = "Northton"
crimes = "extract.csv"
boundaries = "areas.geojson"
current = "2018-10"
baseline = "2017-10"
out = "map.html"
also = ["xlsx", "gpkg"]
{extra}
[extract]
date_format = "%d/%m/%Y"
coordinates = "BNG"
[extract.columns]
month = "Date Committed"
offence = "HO Code"
easting = "X"
northing = "Y"
id = "Crime Ref"
location = "Street"
[extract.offences]
burglary = ["28E", "28F"]
robbery = ["34A", "34B"]
theft-from-vehicle = ["45"]
theft-of-vehicle = ["48", "37.2"]
""",
        encoding="utf-8",
    )


def run(folder, *words):
    done = command("map", "study.toml", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    with (folder / "map.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return (
        (folder / "map.html").read_text(encoding="utf-8"),
        rows,
        json.loads((folder / "map.json").read_bytes()),
    )


@pytest.fixture(scope="module")
def restricted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("restricted")
    write_study(folder)
    return run(folder)


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    write_study(folder)
    return folder, *run(folder, "--suppress-small")


def test_a_page_from_an_extract_says_restricted_and_no_proxy(restricted):
    html, rows, record = restricted
    assert "Restricted: made from the force's own records" in html.replace("&#39;", "'")
    assert "close proxy" not in html
    assert "data.police.uk" not in html
    assert "Residential burglary" in html
    assert "Theft of and from vehicles" in html
    assert [w["code"] for w in record["warnings"] if w["code"] in {"restricted", "components"}] == [
        "restricted", "components"]  # fmt: skip
    assert record["study"]["extract"]["coordinates"] == "BNG"
    assert record["ledger"]["rows_read"] == record["inputs"][0]["rows"]
    counts = {r["crime_type"]: r["current_count"] for r in rows if r["area_id"] == "A0"}
    assert counts == {"sac": "24", "burglary": "10", "robbery": "4", "vehicle-crime": "10"}


def test_f50_hostile_text_in_an_extract_never_becomes_markup(restricted):
    html, _, record = restricted
    assert "<script>document.title" not in html
    assert "<img src=x" not in html
    assert "<svg onload" not in html
    assert any("</script><script>" in w["text"] for w in record["warnings"] if w["code"] == "other-offences")


def test_a_public_version_has_no_small_count_and_nothing_that_gives_one(public):
    _, html, rows, record = public
    assert "Restricted" not in html
    assert "close proxy" not in html
    assert {w["code"] for w in record["warnings"]} & {
        "restricted",
        "components",
        "other-offences",
        "no-ids",
    } == set()
    assert record["warnings"][0]["code"] == "suppressed"
    assert "not a proxy" in next(w["text"] for w in record["warnings"] if w["code"] == "extract")
    shown = [float(r[c]) for r in rows for c in ("current_count", "baseline_count") if r[c]]
    assert shown
    assert min(shown) >= SMALL
    left_out = [r for r in rows if r["current_count"] == ""]
    kept = {"area_id", "area_name", "crime_type", "months_compared", "baseline_periods", "verdict"}
    assert left_out
    assert all(r["verdict"] == "not known" for r in left_out)
    assert all(r[name] == "" for r in left_out for name in r if name not in kept)
    for area in {r["area_id"] for r in left_out}:
        gaps = [r["crime_type"] for r in left_out if r["area_id"] == area]
        assert len(gaps) >= 2
    assert all("." not in r["expected"] and r["edge_share"] == "" for r in rows)
    # Ranks without a gap, so that no hidden area is known to stand between those shown.
    for name in ("hardening_rank", "week_rank"):
        for kind in tables.CRIME_TYPES:
            ranks = sorted(float(r[name]) for r in rows if r["crime_type"] == kind and r[name])
            assert ranks == list(range(1, len(ranks) + 1)), (name, kind)
    packed = html.split('id="numbers">')[1].split("</script>")[0]
    numbers = json.loads(zlib.decompress(base64.b64decode(packed)))
    assert not numbers["monthly"]
    assert not any(numbers["streets"])
    counts = [n for n in numbers["columns"]["current_count"] if n not in (None, "")]
    assert counts
    assert min(map(float, counts)) >= SMALL


def test_where_an_extract_has_no_theft_of_vehicles_lists_panel_and_plan_count_thefts_from_vehicles(
    practice_result,
):
    page = replace(page_of(replace(practice_result, lacking=("theft-of-vehicle",))), exact=True)
    assert content_of(page)["nouns"]["vehicle-crime"][1] == "thefts from vehicles"
    reasons = [why for entry in (*page.hardening, *page.week["vehicle-crime"]) for why in entry.why]
    assert any("thefts from vehicles" in why for why in reasons)
    assert not any("vehicle crimes" in why for why in reasons)
    wanted = PlanWanted(
        budget=1_000, prices=read_prices(None, ""), size=1, protected={}, visited=(), boundaries_file="a",
        theme="vehicle-crime",
    )  # fmt: skip
    shown = plan_view(make_plan(practice_result, wanted), page)
    assert "thefts from vehicles" in shown.headline.second
    assert shown.sections[1].heading == "The week of action: theft from vehicles first"


def test_the_check_of_an_extract_without_theft_of_vehicles_says_what_its_total_lacks(practice_result):
    study = replace(practice_result.study, extract={"columns": {}})
    lines = check_text(replace(practice_result, study=study, lacking=("theft-of-vehicle",))).splitlines()
    whole = "erious acquisitive crime without theft of vehicles"
    total, burglary = (
        next(line for line in lines if name in line) for name in (whole, "residential burglary")
    )
    assert total.index("→") == burglary.index("→")
    assert any(line.startswith(f"S{whole} on the map ") for line in lines)


def test_a_public_rate_is_of_the_whole_level_and_tells_no_decimals_of_it(practice_result):
    found = public_version(practice_result)
    rows = found.change[found.change["level_per_1000_households"].notna()]
    homes = rows["area_id"].map(found.areas.set_index("area_id")["households"]).astype(float)
    assert len(rows) > 40
    assert list(rows["level_per_1000_households"]) == list((1000 * rows["level"] / homes).round(1))
    ranked = rows[rows["hardening_rank"].notna()].sort_values("hardening_rank")
    assert ranked["level_per_1000_households"].is_monotonic_decreasing
    assert list(ranked["hardening_rank"]) == list(range(1, len(ranked) + 1))


def test_the_workbook_and_the_geopackage_for_the_public_hold_no_small_count(public):
    folder, *_ = public
    found = []
    for sheet in openpyxl.load_workbook(folder / "map.xlsx"):
        rows = list(sheet.iter_rows(values_only=True))
        at = next((k for k, row in enumerate(rows) if "current_count" in row), None)
        if at is not None:
            places = [k for k, name in enumerate(rows[at]) if name in {"current_count", "baseline_count"}]
            found += [row[k] for row in rows[at + 1 :] for k in places]
    areas = gpd.read_file(folder / "map.gpkg", layer="areas")
    counts = areas[[name for name in areas if name.endswith(("current_count", "baseline_count"))]]
    assert len(counts.columns) == 8
    found += counts.to_numpy().ravel().tolist()
    shown = [n for n in found if isinstance(n, int | float) and n == n]  # noqa: PLR0124 - NaN
    assert len(shown) > 20
    assert min(shown) >= SMALL


def test_whatever_is_made_of_a_study_that_hides_small_counts_hides_them(public, tmp_path, monkeypatch):
    folder, _, rows, _ = public
    write_study(tmp_path, "suppress_small = true")
    monkeypatch.chdir(tmp_path)
    result = sacmap.run(make_study(read_study(tmp_path / "study.toml")))
    # The result in Python is the analyst's own; what is saved or drawn of it is published.
    assert result.change["current_count"].min() < SMALL
    sacmap.save(result, "saved.html")
    assert (tmp_path / "saved.csv").read_bytes() == (folder / "map.csv").read_bytes()
    gaps = [(r["area_id"], r["crime_type"]) for r in rows if r["current_count"] == ""]
    drawn = sacmap.draw(result).get_root().page.change
    assert gaps
    assert [(r.area_id, r.crime_type) for r in drawn.itertuples() if pd.isna(r.current_count)] == gaps


def test_a_public_version_without_an_earlier_period_speaks_of_levels_alone(tmp_path, monkeypatch):
    write_study(tmp_path, "suppress_small = true")
    monkeypatch.chdir(tmp_path)
    study = make_study(read_study(tmp_path / "study.toml"))
    sacmap.save(sacmap.run(replace(study, baseline=())), "level.html")
    (said,) = (
        notice["text"]
        for notice in json.loads((tmp_path / "level.json").read_text(encoding="utf-8"))["warnings"]
        if notice["text"].startswith("Public version")
    )
    assert "Levels are rounded to whole crimes" in said
    assert "Expected" not in said
    assert "reading" not in said


@pytest.mark.parametrize("words", [(), ("--suppress-small",)], ids=["in the study", "as an option"])
def test_a_note_of_a_public_version_has_no_small_count_and_no_street(words, tmp_path):
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    write_study(tmp_path, "" if words else "suppress_small = true")
    done = command("brief", "study.toml", *words, "--out", "note.docx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = docx.Document(tmp_path / "note.docx")
    said = " ".join(paragraph.text for paragraph in document.paragraphs)
    assert "Public version" in said
    assert "Restricted" not in said
    # The places are as the force gave them.
    assert "Places are approximate" not in said
    assert "Dates are months" in said
    # The lists name streets and give counts of single areas.
    assert "For target hardening" not in said
    assert "Most on" not in said


def test_a_plan_of_a_study_that_hides_small_counts_says_that_it_does_not(tmp_path):
    write_study(tmp_path, "suppress_small = true")
    done = command("plan", "study.toml", "--areas", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "A plan has no public version" in done.stderr
    assert "A plan has no public version" in (tmp_path / "plans" / "map.html").read_text(encoding="utf-8")


def test_a_note_with_a_plan_says_that_it_is_not_for_the_public(tmp_path):
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    write_study(tmp_path, "suppress_small = true")
    assert command("plan", "study.toml", "--areas", "1", cwd=tmp_path).returncode == 0
    done = command("brief", "study.toml", "--plan", "plans/map.json", "--out", "note.docx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = " ".join(paragraph.text for paragraph in docx.Document(tmp_path / "note.docx").paragraphs)
    assert "Keep this note inside the partnership" in said
    assert "Keep this note inside the partnership" in done.stderr


def test_small_totals_cannot_be_published(tmp_path):
    result = compared(tmp_path, [line(str(y), f"03/10/{y}", "28E") for y in (2017, 2018)])
    assert result.restricted
    with pytest.raises(InputError, match="no public version"):
        public_version(result)


def remade(result, located):
    """Return the result of the same study with other located crimes."""
    ids, periods = list(result.areas["area_id"]), result.study.periods
    cube = counts_by_month(located, ids, periods)
    counts = np.stack([of_kind(cube, kind).sum(axis=2) for kind in tables.CRIME_TYPES], axis=2)
    pairs = {kind: result.comparator.pair(kind) for kind in tables.CRIME_TYPES}
    change = change_table(result.areas, counts, months_compared=len(result.compared), comparators=pairs)
    lists = all_lists(result.areas, located, change, cube, compared=periods, comparators=pairs)
    return replace(result, located=located, change=lists.change)


COUNTS = st.integers(2, 12).flatmap(
    lambda areas: st.lists(
        st.lists(st.integers(0, 14), min_size=6, max_size=6), min_size=areas, max_size=areas
    )
)


@settings(max_examples=120, deadline=None)
@given(COUNTS)
def test_no_count_left_out_follows_from_those_shown(rows):
    parts = np.array(rows, float).reshape(len(rows), 2, 3).transpose(1, 0, 2)
    counts = np.concatenate([parts.sum(axis=2, keepdims=True), parts], axis=2)
    try:
        hidden = hide(counts)
    except InputError:
        assert (counts.sum(axis=1) < SMALL).any()
        return
    assert hidden[(counts < SMALL).any(axis=0)].all()
    # What a reader knows: each area's types sum to its sac, each type's areas to its total. A count is given away
    # where its own unit vector lies in the span of these equations over the counts left out.
    cells = np.argwhere(hidden)
    equations = [
        *[[(1 if k else -1) * (a == area) for a, k in cells] for area in range(len(rows))],
        *[[int(k == kind) for _, k in cells] for kind in range(4)],
    ]
    known = np.array(equations, float)
    rank = np.linalg.matrix_rank(known) if len(cells) else 0
    for n in range(len(cells)):
        unit = np.zeros((1, len(cells)))
        unit[0, n] = 1
        assert np.linalg.matrix_rank(np.vstack([known, unit])) == rank + 1


def test_no_count_left_out_follows_because_none_is_below_zero():
    # Three areas hide two types each, in a ring. Each sum is 5 or more, but three gaps must be 0: crimes cannot move.
    parts = np.array([(0, 5, 9), (30, 5, 0), (5, 40, 5), (50, 50, 50)], float)
    counts = np.column_stack([parts.sum(axis=1), parts])
    lone = np.zeros((4, 4), bool)
    lone[[0, 0, 1, 1, 2, 2], [1, 2, 2, 3, 1, 3]] = True
    assert given_away(lone, counts)[lone].all()
    hidden = hide(np.stack([counts, counts]))
    assert not given_away(hidden, counts).any()


def test_a_reader_who_tries_every_count_in_the_method_does_not_find_the_one_left_out(practice_result):
    public = public_version(practice_result).change
    gaps = public[public["verdict"] == "not known"].groupby("area_id")["crime_type"].apply(list)
    assert gaps["P030"] == gaps["P040"] == ["burglary", "robbery"]
    # As many crimes of an area and of a type as before: a burglary here was a robbery, and a robbery there a burglary.
    located, now = practice_result.located.copy(), practice_result.study.current
    for area, was, is_now in (("P040", "robbery", "burglary"), ("P030", "burglary", "robbery")):
        of_area = (located["area_id"] == area) & located["month"].isin(now) & (located["crime_type"] == was)
        located.loc[of_area.idxmax(), "crime_type"] = is_now
    pd.testing.assert_frame_equal(public_version(remade(practice_result, located)).change, public)


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_of_types_that_add_up_to_nothing_no_gap_stands_alone_or_for_a_small_sum(rows):
    counts = np.array(rows, float).reshape(len(rows), 2, 3).transpose(1, 0, 2)
    try:
        hidden = hide(counts, whole=False)
    except InputError:
        assert (counts.sum(axis=1) < SMALL).any()
        return
    assert hidden[(counts < SMALL).any(axis=0)].all()
    for kind in range(3):
        gaps = hidden[:, kind]
        assert not gaps.any() or (gaps.sum() >= 2 and (counts[:, gaps, kind].sum(axis=1) >= SMALL).all())


def test_a_lone_gap_takes_its_smallest_companions():
    change = pd.DataFrame(
        [
            ("A", "burglary", 20, 20), ("A", "robbery", 9, 3), ("A", "vehicle-crime", 40, 40), ("A", "sac", 69, 63),
            ("B", "burglary", 30, 30), ("B", "robbery", 12, 12), ("B", "vehicle-crime", 50, 50), ("B", "sac", 92, 92),
            ("C", "burglary", 31, 31), ("C", "robbery", 22, 22), ("C", "vehicle-crime", 51, 51), ("C", "sac", 104, 104),
        ],
        columns=["area_id", "crime_type", "baseline_count", "current_count"],
    ).reindex(columns=tables.CHANGE.names)  # fmt: skip
    public, left_out = suppressed(change.assign(verdict="within normal range"))
    gaps = public[public["current_count"].isna()]
    assert left_out == 4
    assert list(zip(gaps["area_id"], gaps["crime_type"], strict=True)) == [
        ("A", "burglary"), ("A", "robbery"), ("B", "burglary"), ("B", "robbery")]  # fmt: skip


def test_a_public_version_leaves_out_a_column_that_no_one_has_judged(monkeypatch, practice_result):
    new = tables.Column("new", "number", "crimes", "")
    more = tables.Table("Change", tables.CHANGE.key, (*tables.CHANGE.columns, new))
    monkeypatch.setattr(tables, "CHANGE", more)
    public, _ = suppressed(practice_result.change.assign(new=1.5))
    assert public["new"].isna().all()


def test_an_area_that_is_not_known_makes_no_other_one_hidden():
    rows = {"A": (80, 3, 7, 70), "B": (81, 3, 70, 8), "C": (200, 60, 70, 70), "D": (210, 70, 70, 70)}
    kinds = ("sac", "burglary", "robbery", "vehicle-crime")
    known = pd.DataFrame(
        [(area, kind, n, n) for area, counts in rows.items() for kind, n in zip(kinds, counts, strict=True)],
        columns=["area_id", "crime_type", "baseline_count", "current_count"],
    ).reindex(columns=tables.CHANGE.names)
    nothing = pd.DataFrame({"area_id": "E", "crime_type": kinds}).reindex(columns=tables.CHANGE.names)
    alone, hidden = suppressed(known.assign(verdict="within normal range"))
    beside, still = suppressed(pd.concat([known, nothing], ignore_index=True).assign(verdict="not known"))
    assert hidden == still > 4
    assert alone["current_count"].equals(beside["current_count"].iloc[: len(alone)])
    assert beside["current_count"].iloc[len(alone) :].isna().all()
