"""Crimes as people have them: the right number, or a word about it. Made-up files, and the cases beside the project."""

import gzip
import io
import json
import os
import pickle
import re
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from builders import write_xlsx
from crime_inputs import (
    COLUMNS,
    PERIODS,
    TO_METRES,
    WHOLE,
    Made,
    crimes,
    extract,
    map_of,
    map_study,
    table,
    write_areas,
    write_study,
)

from sacmap import tables
from sacmap.areas.boundaries import read_areas
from sacmap.areas.locate import locate
from sacmap.crimes import repeats, without_repeats
from sacmap.fetch.repeats import is_no_id
from sacmap.fetch.street import read
from sacmap.files.study_file import read_study
from sacmap.inputs import read_crimes_of
from sacmap.pipeline import run
from sacmap.publish.make_view import check_text, page_of
from sacmap.publish.note_parts import Given, Picture, Table
from sacmap.publish.note_places import where
from sacmap.publish.picture import content_of
from sacmap.publish.public import public_version
from sacmap.study import make_study

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_readers")]

#: A study of a street file.
STREET = make_study(crimes="a.csv", current=PERIODS[1], baseline=PERIODS[0])
#: Words that a message is not to hold: raw bytes, and what only a programmer knows.
FORBIDDEN = ("b'", "\\x", "Error:", "Errno", "Traceback", "KeyError", "ArrowInvalid", "Exception", "None")


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    """A test is in a folder of its own, with two areas."""
    monkeypatch.chdir(tmp_path)
    write_areas()


@pytest.fixture(autouse=True)
def no_page(request, monkeypatch):
    """No page is drawn, which takes a third of the time, but where a crime type is missing (F68), which it may show."""
    if "test_f68" not in request.node.name:
        monkeypatch.setattr("sacmap.publish.page.render", lambda view: f"<h1>{view.title}</h1>")


@pytest.fixture
def case(data, monkeypatch):
    """Return what copies one of the cases that lie beside the project, and goes to the copy."""

    def copied(name):
        shutil.copytree(data / "cases" / name, "case")
        monkeypatch.chdir("case")
        for one in [Path(), *Path().rglob("*")]:
            one.chmod(0o755)

    return copied


def require_whole(made, **expected):
    assert made.error == ""
    assert made.counts() == WHOLE | expected
    assert made.counts(column="baseline_count") == WHOLE | expected
    assert made.record["ledger"]["rows_read"] == sum(
        one["rows"] for one in made.record["inputs"] if "areas" not in one["path"]
    )


def require_whole_reading(study):
    """Whatever is made of these crimes counts them as before: each is read once, with its place, month and type."""
    reading = read_crimes_of(study)
    assert reading.tally["n"].sum() == sum(one["rows"] for one in reading.inputs)
    located = locate(without_repeats(reading.crimes), read_areas("areas.geojson"))
    found = Counter(zip(*(located[name] for name in ("area_id", "month", "crime_type")), strict=True))
    assert found == {
        (area, month, kind): WHOLE[kind]
        for area in ("E05000001", "E05000002")
        for month in PERIODS
        for kind in tables.SAC_TYPES
    }


def require_plain(error):
    assert error
    assert len(error.splitlines()) == 2
    assert not [word for word in FORBIDDEN if word in error], error


# ── the cases beside the project ──


def test_f66_case_04_a_word_shared_by_crimes_is_no_reference(case):
    case("04-extract-placeholder-ids")
    made = map_study()
    require_whole(made)
    assert "PENDING 20" in made.told["no-ids"]


def test_f67_case_06_a_sheet_that_copies_another_counts_once(case):
    case("06-extract-copy-of-sheet")
    made = map_study()
    require_whole(made)
    assert "32 rows" in made.told["repeated-file"]


def test_f68_case_08_a_file_of_one_crime_type_says_which_are_unknown(case):
    case("08-one-crime-type-only")
    made = map_of("crimes.csv")
    assert any("robbery or vehicle crime" in text for text in made.told.values())
    assert "robbery" not in made.counts()


def test_f66_case_10_na_of_r_is_no_id(case):
    case("10-r-na-crime-ids")
    made = map_of("crimes.csv")
    require_whole(made)
    assert "NA 16" in made.told["no-ids"]


def test_f70_case_11_na_of_r_is_no_place(case):
    case("11-r-na-coordinates")
    made = map_of("crimes.csv")
    assert made.record["ledger"]["no_location"] == 1
    assert made.counts(column="baseline_count")["sac"] == 19
    assert made.counts() == WHOLE


def test_f74_case_18_day_numbers_are_dates(case):
    case("18-extract-serial-dates")
    made = map_study()
    require_whole(made)
    assert "80" in made.told["day-numbers"]


def test_f74_case_19_offence_words_are_listed_and_the_key_named(case):
    case("19-extract-offence-words")
    made = map_study()
    require_plain(made.error)
    assert "BURGLARY - RESIDENTIAL 32" in made.error
    assert 'residential-burglary = ["BURGLARY - RESIDENTIAL"]' in made.error
    assert "[extract.offences]" in made.error


def test_f75_case_25_a_windows_path_shows_how_to_write_it(case):
    case("25-study-windows-path")
    made = map_study()
    require_plain(made.error)
    assert r"crimes = 'C:\data\crimes.csv'" in made.error


# ── identity ──


@pytest.mark.parametrize(
    "word",
    ["NA", "N/A", "null", "-", "0", "000", "0.0", "PENDING", "Not recorded", "1.20018E+11", "1.2e+11", "#N/A", "TBC",
     "?", " ", "unknown"],
)  # fmt: skip
def test_f66_words_noughts_and_rounded_numbers_are_no_ids(word):
    assert is_no_id(word)
    rows = crimes()
    for row in rows[::3]:
        row["Crime ID"] = word
    Path("a.csv").write_text(table(rows), encoding="utf-8")
    require_whole_reading(STREET)


def test_f66_a_number_of_a_form_is_no_id_where_crimes_elsewhere_share_it():
    rows = crimes()
    for row in rows[::4]:
        row["Crime ID"] = "99/0001"
    Path("a.csv").write_text(table(rows))
    made = map_of("a.csv")
    require_whole(made)
    assert "99/0001 20" in made.told["shared-ids"]


def test_f66_the_ids_of_police_uk_are_trusted_wherever_their_rows_lie():
    rows = crimes()
    moved = rows[0] | {"Longitude": "-1.470000"}
    Path("a.csv").write_text(table([*rows, moved]))
    made = map_of("a.csv")
    assert made.record["ledger"]["duplicates"] == 1
    assert made.counts(column="baseline_count") == WHOLE


def test_f66_a_reference_rounded_by_a_spreadsheet_is_none():
    rows = [list(row.values()) for row in extract()]
    for row in rows[1::2]:
        row[0] = 1.2001800001e19
    write_xlsx(Path("extract.xlsx"), {"Crimes": [list(extract()[0]), *rows]})
    write_study(crimes="'extract.xlsx'")
    require_whole(map_study())


def test_f66_a_reference_of_two_offences_is_one_of_an_incident():
    rows = extract()
    both = rows[3] | {"HO Code": "48"}
    Path("extract.csv").write_text(table([*rows, both]))
    write_study()
    made = map_study()
    assert made.counts(column="baseline_count")["vehicle-crime"] == 9


def test_f66_rows_of_one_reference_day_and_place_are_one_crime():
    rows = extract()
    Path("extract.csv").write_text(table([*rows, rows[0], rows[0]]))
    write_study()
    made = map_study()
    assert made.counts(column="baseline_count") == WHOLE
    assert made.record["ledger"]["duplicates"] == 2


@pytest.mark.parametrize(("per_area", "told"), [(130, True), (120, False)])
def test_rows_that_look_the_same_are_told_as_removed_where_no_two_of_many_are_alike(per_area, told):
    rows = crimes(per_area)
    Path("a.csv").write_text(table(rows))
    assert ("no-two-alike" in map_of("a.csv").told) is told
    Path("a.csv").write_text(table([*rows, rows[0] | {"Crime ID": "f" * 64}]))
    assert "no-two-alike" not in map_of("a.csv").told


@pytest.mark.parametrize("ids", [True, False])
def test_f67_a_file_of_all_months_beside_one_of_one_month_counts_once(ids):
    rows = crimes(ids=ids)
    Path("all.csv").write_text(table(rows))
    Path("january.csv").write_text(table(rows[:40]))
    made = map_of("all.csv", "january.csv")
    require_whole(made)
    assert "january.csv repeats all.csv (40 rows)" in made.told["repeated-file"]


def test_f67_two_extracts_that_overlap_in_a_month_count_it_once():
    rows = extract()
    Path("extract.csv").write_text(table(rows[:40]))
    Path("later.csv").write_text(table(rows[20:]))
    write_study(crimes="['extract.csv', 'later.csv']", ids=False)
    made = map_study()
    require_whole(made)
    assert (
        "later.csv repeats" in made.told["repeated-file"]
        or "extract.csv repeats" in made.told["repeated-file"]
    )


@pytest.mark.parametrize("name", ["South Yorkshire", "SOUTH YORKSHIRE POLICE"])
def test_f67_a_copy_in_which_the_force_is_spelt_otherwise_counts_once(name):
    rows = crimes(ids=False)
    Path("a.csv").write_text(table(rows))
    Path("b.csv").write_text(table([row | {"Reported by": name} for row in rows]))
    made = map_of("a.csv", "b.csv")
    require_whole(made)
    assert "b.csv repeats a.csv" in made.told["repeated-file"]


def test_f67_a_copy_or_an_earlier_extract_of_which_some_rows_were_changed_is_told():
    rows = extract()
    changed = [row | {"X": str(int(row["X"]) + 5)} if n % 20 == 0 else row for n, row in enumerate(rows)]
    Path("extract.csv").write_text(table(rows))
    Path("earlier.csv").write_text(table(changed[:40]))
    write_study(crimes="['extract.csv', 'earlier.csv']", ids=False)
    told = map_study().told["doubled-file"]
    assert "extract.csv and earlier.csv (38 rows)" in told
    assert "the counts are too high: give each crime only once" in told
    # Those of one id count once, and need no word.
    write_study(crimes="['extract.csv', 'earlier.csv']")
    assert "doubled-file" not in map_study().told


def test_f67_a_copy_whose_coordinates_were_rounded_or_converted_is_told_as_no_id_shows_it():
    rows = crimes(ids=False)
    rounded = [row | {name: f"{float(row[name]):.4f}" for name in ("Longitude", "Latitude")} for row in rows]
    Path("a.csv").write_text(table(rows))
    Path("b.csv").write_text(table(rounded))
    told = map_of("a.csv", "b.csv").told["doubled-file"]
    assert f"a.csv and b.csv ({len(rows)} rows, at other coordinates)" in told
    mine = extract()
    Path("extract.csv").write_text(table(mine))
    Path("moved.csv").write_text(table([row | {"X": str(int(row["X"]) + 4)} for row in mine]))
    write_study(crimes="['extract.csv', 'moved.csv']", ids=False)
    told = map_study().told["doubled-file"]
    assert f"({len(mine)} rows, at other coordinates)" in told


def test_f67_two_parts_of_an_extract_that_overlap_by_some_rows_are_told():
    rows = extract()
    Path("first.csv").write_text(table(rows[:20] + rows[40:60]))
    Path("second.csv").write_text(table(rows[14:40] + rows[54:]))
    write_study(crimes="['first.csv', 'second.csv']", ids=False)
    assert "first.csv and second.csv (12 rows)" in map_study().told["doubled-file"]


def test_f67_a_block_of_rows_that_was_put_in_twice_is_told():
    rows = extract()
    Path("extract.csv").write_text(table([*rows, *rows[5:20]]))
    write_study(ids=False)
    told = map_study().told["doubled-file"]
    assert "as if they were put in twice: extract.csv (15 rows)" in told
    # Rows of one id count once, and some alike at one place are no block.
    write_study()
    assert "doubled-file" not in map_study().told
    Path("extract.csv").write_text(table([*rows, *[rows[-1]] * 15]))
    write_study(ids=False)
    assert "doubled-file" not in map_study().told


def test_f67_a_sheet_of_one_crime_type_beside_that_of_all_is_told_where_no_id_shows_it():
    rows = crimes(ids=False)
    burglary = [row for row in rows if row["Crime type"] == "Burglary"]
    sheets = {"All": rows, "Burglary": burglary}
    write_xlsx(
        Path("a.xlsx"),
        {name: [list(of[0]), *(list(row.values()) for row in of)] for name, of in sheets.items()},
    )
    told = map_of("a.xlsx").told["doubled-file"]
    assert f"as if they were put in twice: a.xlsx ({len(burglary)} rows)" in told


def test_f67_files_whose_rows_are_alike_as_often_as_within_each_are_no_copies():
    rows = extract()
    alike = [rows[n - n % 2] for n in range(40)] + rows[40:]
    Path("first.csv").write_text(table(alike[:27] + rows[40:60]))
    Path("second.csv").write_text(table(rows[18:40:2] + rows[29:40:2] + rows[60:]))
    write_study(crimes="['first.csv', 'second.csv']", ids=False)
    assert "doubled-file" not in map_study().told


def test_f67_an_extract_that_was_divided_between_two_files_is_no_copy_where_some_of_its_pairs_come_apart():
    rows = extract()
    near = [rows[0] | {"X": str(int(rows[0]["X"]) + k)} for k in range(120)]
    later = [row | {"Date": "04/01/2019"} for row in near]
    Path("first.csv").write_text(table(near[:8] + near[8:9] * 2 + near[20:40]))
    Path("second.csv").write_text(table(near[:8] + near[9:15] * 2 + near[40:] + rows[1:] + later))
    write_study(crimes="['first.csv', 'second.csv']", ids=False)
    made = map_study()
    assert made.code == 0
    assert "doubled-file" not in made.told


def test_f67_files_of_different_districts_are_no_repeats():
    rows = crimes(ids=False)
    Path("west.csv").write_text(table([row for row in rows if float(row["Longitude"]) < -1.46]))
    Path("east.csv").write_text(table([row for row in rows if float(row["Longitude"]) >= -1.46]))
    made = map_of("west.csv", "east.csv")
    require_whole(made)
    assert "repeated-file" not in made.told


def test_f64_one_file_by_two_spellings_and_a_link_counts_once():
    Path("a.csv").write_text(table(crimes(ids=False)))
    Path("sub").mkdir()
    os.link("a.csv", "sub/b.csv")
    made = map_of("a.csv", "./sub/../a.csv", Path("a.csv").resolve(), "sub/b.csv")
    require_whole(made)
    assert "is the same file as" in made.told["given-twice"]


def test_f64_tables_of_our_own_among_the_crimes_are_passed_over():
    Path("a.csv").write_text(table(crimes()))
    first = map_of("a.csv")
    Path("lookup.csv").write_text("WD_CD,WD_NM\r\nE05000001,Westfield\r\n")
    made = map_of(".")
    require_whole(made)
    assert made.rows == first.rows
    assert "lookup.csv" in made.told["passed-over"]
    shutil.copy("maps/x.csv", "old.csv")
    named = map_of("old.csv")
    require_plain(named.error)
    assert "a table that sacmap wrote" in named.error


def test_f64_a_file_that_may_not_be_read_is_called_that(monkeypatch):
    Path("a.csv").write_text(table(crimes()))

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    made = map_of("a.csv")
    require_plain(made.error)
    assert "permission denied" in made.error
    assert "download" not in made.error.lower()


# ── meaning ──


def test_f68_a_file_that_lacks_a_type_the_others_hold_is_told():
    rows = crimes()
    many = crimes(per_area=50)[:100]
    Path("before.csv").write_text(table([row for row in many if row["Crime type"] == "Burglary"]))
    Path("now.csv").write_text(table(rows[40:]))
    made = map_of("before.csv", "now.csv")
    assert "before.csv (vehicle crime)" in made.told["filtered-file"]


def test_f68_a_component_without_a_row_is_unknown_and_what_may_be_it_is_listed():
    rows = [
        row | ({"HO Code": "Theft of motor vehicle"} if row["HO Code"] == "45" else {}) for row in extract()
    ]
    Path("extract.csv").write_text(table(rows))
    write_study()
    made = map_study()
    assert "theft of vehicles" in made.told["no-such-offence"]
    assert "It has Theft of motor vehicle" in made.told["no-such-offence"]
    assert "vehicle-crime" not in made.counts()


def with_status(more=""):
    rows = [row | {"Status": "Cancelled" if n % 10 == 0 else "Recorded"} for n, row in enumerate(extract())]
    Path("extract.csv").write_text(table(rows))
    write_study(more=more)


def test_f74_cancelled_rows_that_count_are_told_with_the_line_to_write():
    with_status()
    made = map_study()
    require_whole(made)
    assert "8 rows that count say Cancelled 8" in made.told["cancelled-rows"]
    assert '[extract.drop] "Status" = ["Cancelled"]' in made.told["cancelled-rows"]


@pytest.mark.parametrize(
    "choice", ['[extract.keep]\nStatus = "recorded"', '[extract.drop]\nStatus = ["CANCELLED"]']
)
def test_f74_rows_are_chosen_by_the_words_of_a_column(choice):
    with_status(choice)
    made = map_study()
    assert made.counts()["sac"] == 18
    assert made.told["rows-left-out"].endswith("Status: Cancelled 8.")
    assert "cancelled-rows" not in made.told
    assert made.record["ledger"]["other_crime_types"] == 8


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ('[extract.keep]\nStatus = "Detected"', "leaves out all 80 rows: Status: Recorded 72"),
        ('[extract.keep]\nState = "Recorded"', "has no column 'State'"),
        ("[extract.keep]\nStatus = { a = 1 }", "Status must list texts"),
        ("[extract.kep]\nStatus = 'x'", "Did you mean keep?"),
    ],
)
def test_f74_a_choice_of_rows_that_cannot_be_says_why(choice, words):
    with_status(choice)
    made = map_study()
    require_plain(made.error)
    assert words in made.error


@pytest.mark.parametrize("writing", ["45/10", "045/10", "45.10", "45", "45 - Theft from vehicle", "45/1"])
def test_f74_a_class_stands_for_its_sub_classes(writing):
    rows = [row | ({"HO Code": writing} if row["HO Code"] == "45" else {}) for row in extract()]
    Path("extract.csv").write_text(table(rows))
    write_study()
    require_whole_reading(make_study(read_study(Path("study.toml"))))


def test_f74_words_that_end_in_a_star_stand_for_all_that_begin_so():
    words = {"28E": "BURGLARY RESIDENTIAL - ATTEMPT", "34B": "Robbery (personal)", "45": "45/11"}
    rows = [row | {"HO Code": words[row["HO Code"]]} for row in extract()]
    Path("extract.csv").write_text(table(rows))
    more = '[extract.offences]\nburglary = "Burglary residential*"\nrobbery = "Rob*"\ntheft-from-vehicle = "45/*"'
    write_study(more=more)
    require_whole(map_study())


def test_f74_day_numbers_are_dates_in_text_and_beside_real_dates():
    rows = extract()
    for row in rows[::2]:
        row["Date"] = "43101" if row["Date"].endswith("2018") else "43466.75"
    Path("extract.csv").write_text(table(rows))
    write_study()
    require_whole(map_study())


# ── files saved again ──


def saved_by_r(rows):
    names = [name.replace(" ", ".") for name in COLUMNS]
    lines = [['"' + name + '"' for name in ["", *names]]]
    lines += [
        [f'"{n}"', *(f'"{v}"' if v and v[:1] not in "-5" else (v or "NA") for v in row.values())]
        for n, row in enumerate(rows, 1)
    ]
    return "\n".join(",".join(line) for line in lines) + "\n"


def answers_of(rows):
    return [
        {
            "category": row["Crime type"].lower().replace(" ", "-"),
            "location_type": "Force",
            "location": {
                "latitude": row["Latitude"],
                "street": {"id": 1, "name": "On or near High Street"},
                "longitude": row["Longitude"],
            },
            "context": "",
            "outcome_status": None,
            "persistent_id": row["Crime ID"],
            "id": 50_000_000 + n,
            "location_subtype": "",
            "month": row["Month"],
        }
        for n, row in enumerate(rows)
    ]


def in_metres(rows):
    header = [
        "Month",
        "Reported by",
        "Falls within",
        "Easting",
        "Northing",
        "Location",
        "Crime type",
        "Context",
    ]
    found = []
    for row in rows:
        x, y = TO_METRES.transform(float(row["Longitude"]), float(row["Latitude"]))
        found.append(
            [
                row["Month"],
                row["Reported by"],
                row["Reported by"],
                round(x),
                round(y),
                "",
                row["Crime type"],
                "",
            ]
        )
    return table(found, header)


def comma_decimals(rows):
    return table(
        [row | {k: row[k].replace(".", ",") for k in ("Longitude", "Latitude")} for row in rows],
        separator=";",
    )


def as_workbook(rows):
    lines = [["Crimes of January"], COLUMNS]
    for row in rows:
        places = {name: float(row[name]) for name in ("Longitude", "Latitude")}
        month = pd.Timestamp(f"{row['Month']}-01").to_pydatetime()
        lines.append(list((row | places | {"Month": month}).values()))
    out = io.BytesIO()
    write_xlsx(out, {"Crimes": lines, "Pivot": [["Crime type", "Count"]]})
    return out.getvalue()


def snake(rows):
    return table(rows, [name.lower().replace(" ", "_") for name in COLUMNS])


SAVED = {
    "semicolons": lambda rows: table(rows, separator=";"),
    "semicolons and decimal commas": comma_decimals,
    "tabs": lambda rows: table(rows, separator="\t"),
    "sep= of Excel": lambda rows: "sep=;\r\n" + table(rows, separator=";"),
    "commas in titles above and in every row": lambda rows: (
        "Crimes, Sheffield, 2019\r\nMade by A. Person, January 2020\r\n"
        + table([row | {"Location": f"{row['Location']}, Sheffield"} for row in rows], separator=";")
    ),
    "commas alone in rows": lambda rows: table(rows) + "," * 11 + "\r\n" + "," * 11 + "\r\n",
    "more commas than columns": lambda rows: "\r\n".join(
        line + ",,," for line in table(rows).split("\r\n") if line
    ),
    "R": saved_by_r,
    "row numbers, and a comma more than in the header": lambda rows: table(
        [[n, *row.values(), ""] for n, row in enumerate(rows, 1)], ["Row", *COLUMNS]
    ),
    "R's write.table": lambda rows: table(
        [[n, *row.values()] for n, row in enumerate(rows, 1)], COLUMNS, end="\n"
    ),
    "janitor of R": snake,
    "dates for months": lambda rows: table([row | {"Month": f"{row['Month']}-01"} for row in rows]),
    "dates and times": lambda rows: table([row | {"Month": f"{row['Month']}-01T00:00:00"} for row in rows]),
    "a title above": lambda rows: "Crimes in Sheffield\r\n\r\n" + table(rows),
    "files put one after the other": lambda rows: table(rows[:40]) + table(rows[40:]) + "\x1a",
    "quotes everywhere": lambda rows: "\r\n".join(
        '"' + line.replace(",", '","') + '"' for line in table(rows).split("\r\n") if line
    ),
    "UTF-16": lambda rows: table(rows, separator="\t").encode("utf-16"),
    "UTF-16 without a mark": lambda rows: table(rows).encode("utf-16-le"),
    "a mark saved as text": lambda rows: ("ï»¿" + table(rows)).encode(),
    "Latin-1": lambda rows: table([row | {"Location": "On or near Café"} for row in rows]).encode("latin-1"),
    "gzip": lambda rows: gzip.compress(table(rows).encode()),
    "eastings": in_metres,
    "only the columns needed": lambda rows: table(
        [{k: row[k] for k in ("Month", "Longitude", "Latitude", "Crime type")} for row in rows]
    ),
    "JSON": lambda rows: json.dumps(answers_of(rows)),
    "JSON of rows": lambda rows: pd.DataFrame(rows).to_json(orient="records"),
    "JSON of rows by columns": lambda rows: pd.DataFrame(rows).to_json(),
    "GeoJSON of rows": lambda rows: json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": row | {"Longitude": float(row["Longitude"])},
                    "geometry": {
                        "type": "Point",
                        "coordinates": [float(row["Longitude"]), float(row["Latitude"])],
                    },
                }
                for row in rows
            ],
        }
    ),
    "JSON in an object": lambda rows: json.dumps({"date": "2019-01", "crimes": answers_of(rows)}),
    "JSON by month": lambda rows: json.dumps(
        {"asked": [{"force": "south-yorkshire"}]}
        | {
            month: [one for one in answers_of(rows) if one["month"] == month]
            for month in ("2018-01", "2019-01")
        }
    ),
    "JSON a page each": lambda rows: json.dumps(
        [{"page": n, "crimes": answers_of(rows)[n::3]} for n in range(3)]
    ),
    "JSON a line": lambda rows: "\n".join(json.dumps(one) for one in answers_of(rows)),
    "JSON by columns": lambda rows: pd.json_normalize(answers_of(rows)).to_json(),
    "GeoJSON of points": lambda rows: json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {k: v for k, v in one.items() if k != "location"},
                    "geometry": {
                        "type": "Point",
                        "coordinates": [
                            float(one["location"]["longitude"]),
                            float(one["location"]["latitude"]),
                        ],
                    },
                }
                for one in answers_of(rows)
            ],
        }
    ),
    "pandas of the API": lambda rows: pd.json_normalize(answers_of(rows)).to_csv(index=False),
    "pandas of the API, not taken apart": lambda rows: pd.DataFrame(answers_of(rows)).to_csv(),
    "workbook": as_workbook,
    "no force in some rows": lambda rows: table(
        [row | {"Reported by": row["Reported by"] * (n % 9 > 0)} for n, row in enumerate(rows)]
    ),
    "spaces of a web page": lambda rows: table(
        [row | {"Crime type": row["Crime type"].replace(" ", "\u00a0 ")} for row in rows]
    ),
}


@pytest.mark.parametrize("how", SAVED)
def test_f70_a_street_file_saved_again_counts_as_before(how):
    made = SAVED[how](crimes())
    Path("a.csv").write_bytes(made if isinstance(made, bytes) else made.encode())
    require_whole_reading(STREET)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n\x00\xff", "is a PDF"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
        (b"PK\x03\x04 cut short", "is a ZIP or a workbook"),
        (b"\xd0\xcf\x11\xe0 cut", "cannot be read as a workbook"),
        (gzip.compress(b"RDX3\nX\n\0\0\0 \x01\x02", mtime=0), "is an R data file"),
        (b"<stata_dta><header><release>118</release>", "is a Stata file"),
        (b"$FL2@(#) SPSS DATA FILE\0", "is an SPSS file"),
        (pickle.dumps(crimes()), "is a Python pickle"),
        (gzip.compress(table(crimes()).encode(), mtime=0)[:-20], "gzip compression is damaged or cut"),
        (b"\x00\x01\x02\x03" * 300, "is not text"),
        (b'[{"category": "burglary", "month": "2019-01", ', "JSON that is cut"),
        (b'{"error": "not found"}', "is JSON without crimes"),
        (b'[{"a": 1}]', "JSON, but not of crimes"),
        (b"id,outcome\r\n1,2\r\n", "no column 'Month'"),
        ((",".join(crimes()[0].values()) + "\r\n").encode(), "seems to be no header"),
        (table([row | {"Month": "Jan-18"} for row in crimes()]).encode(), "line 2: 'Jan-18' is not a month"),
        (table([row | {"Month": "Jan-18"} for row in crimes()]).encode(), "how a spreadsheet writes months"),
        (table([row | {"Month": "43101"} for row in crimes()]).encode(), "how a spreadsheet counts days"),
        (table([row | {"Longitude": "west"} for row in crimes()]).encode(), "Longitude 'west' is not a number"),
        (table([row | {"Latitude": "53.400.000"} for row in crimes()]).encode(), "A spreadsheet may have changed it"),
        (in_metres(crimes()).replace("434", "934").encode(), "are not in Great Britain"),
        (b"Month,X,Y,Crime type\r\n2019-01,434000,387000,Burglary\r\n2019-01,1.5,53.4,Burglary\r\n",
         "easting 1.5 and northing 53.4 are not in Great Britain"),
        (table([[*row.values(), "-1.2"] for row in crimes()], [*COLUMNS, "Longitude"]).encode(),
         "line 2: two columns are called 'Longitude', and they differ"),
        (table([row | {"Longitude": "", "Latitude": "#N/A"} for row in crimes()]).encode(),
         "No crime of the 80 given has a location"),
        (table([row | {"Longitude": "\\N", "Latitude": "\\N"} for row in crimes()]).encode(),
         "No crime of the 80 given has a location"),
        (table(crimes(), separator=" ").encode(), "as R's write.table puts them"),
        (table([[n, *row.values()] for n, row in enumerate(crimes(), 1)],
               [name.replace(" ", ".") for name in COLUMNS], " ", "\n").encode(), "save the table with write.csv"),
        (b",,,\n,,,\n", "a.csv is empty"),
        (b'"', "a.csv is empty"),
        (table(crimes())[:-60].encode(), "line 81 has 5 columns where the header has 12"),
    ],
)  # fmt: skip
def test_f70_what_is_no_street_file_is_refused_as_what_it_looks_like(content, words):
    Path("a.csv").write_bytes(content)
    made = map_of("a.csv")
    assert made.code == 2
    require_plain(made.error)
    assert words in made.error


def test_f70_the_api_says_which_crimes_are_of_british_transport_police():
    rows = answers_of(crimes())
    rows[0]["location_type"] = rows[40]["location_type"] = "BTP"
    Path("a.json").write_text(json.dumps(rows))
    made = map_of("a.json", force="south-yorkshire")
    require_whole(made)
    assert "British Transport Police 2" in made.told["other-forces"]


def test_f70_answers_without_any_place_have_no_location(tmp_path):
    rows = [{k: v for k, v in one.items() if k != "location"} for one in answers_of(crimes())]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    found = read([str(tmp_path / "a.json")], keep=tables.SAC_TYPES).crimes
    assert len(found) == 80
    assert found[["lon", "lat"]].isna().all(axis=None)


def test_f70_a_number_too_large_for_any_place_is_refused_as_no_degrees():
    rows = answers_of(crimes())
    rows[3]["location"]["longitude"] = 1e308
    Path("a.json").write_text(json.dumps(rows))
    made = map_of("a.json")
    assert made.code == 2
    require_plain(made.error)
    assert "are not degrees (1e+308, 53." in made.error


def test_f70_answers_of_two_places_that_overlap_hold_a_crime_without_an_id_once():
    rows = answers_of(crimes(ids=False))
    Path("a.json").write_text(json.dumps([*rows, *rows[:7]]))
    require_whole(map_of("a.json"))


def test_f48_a_file_packed_in_a_folder_of_a_zip_is_read():
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("x/crimes.csv.gz", gzip.compress(table(crimes()).encode()))
        archive.writestr("x/readme.csv", "About,this file\r\n")
    require_whole(map_of("a.zip"))


@pytest.mark.parametrize("ids", [True, False])
def test_f66_crimes_without_any_id_are_told_to_count_twice_where_they_are_listed_twice(ids):
    Path("a.csv").write_text(table(crimes(ids=ids)))
    assert ("without-ids" in map_of("a.csv").told) is not ids


@pytest.mark.parametrize(
    ("decimals", "words", "points"),
    [(2, "about a kilometre", 35), (3, "about 100 m", 35), (2, "about a kilometre", 4)],
)
def test_rough_places_are_told(decimals, words, points):
    # A place of a few square kilometres has only a few such points, each with many crimes.
    rows = crimes()
    step = 10**-decimals
    for n, row in enumerate(rows):
        row["Longitude"] = f"{-1.49 + step * (n % points % 7):.{decimals}f}"
        row["Latitude"] = f"{53.39 + step * (n % points % 5):.{decimals}f}"
    Path("a.csv").write_text(table(rows))
    assert words in map_of("a.csv").told["rough-places"]


def test_a_latitude_rounded_alone_is_told():
    rows = crimes()
    for row in rows:
        row["Latitude"] = f"{float(row['Latitude']):.3f}"
    Path("a.csv").write_text(table(rows))
    assert "about 100 m" in map_of("a.csv").told["rough-places"]


def test_a_month_whose_places_alone_are_rough_is_named():
    rows = crimes(per_area=40)
    now = [n for n, row in enumerate(rows) if row["Month"] == "2019-01" and n % 3]
    whole = extract(rows)
    for n in now:
        rows[n]["Latitude"] = f"{53.39 + n % 25 / 1000:.3f}"
        whole[n]["X"] = round(whole[n]["X"], -2) + 100 * (n % 7)
    Path("a.csv").write_text(table(rows))
    said = map_of("a.csv").told["rough-places"]
    assert "Most locations in January 2019 have only 3 decimals" in said
    Path("extract.csv").write_text(table(whole))
    write_study()
    said = map_study().told["rough-places"]
    assert "Most locations of the extract in January 2019 are rounded to 100 m" in said


def test_of_an_extract_in_degrees_three_decimals_are_told():
    places = crimes()
    rows = extract()
    for n, (row, place) in enumerate(zip(rows, places, strict=True)):
        row["X"] = f"{float(place['Longitude']) + 0.001 * (n % 7):.3f}"
        row["Y"] = f"{float(place['Latitude']):.3f}"
    Path("extract.csv").write_text(table(rows))
    write_study(form='date_format = "%d/%m/%Y"\ncoordinates = "degrees"')
    assert "rounded to 100 m" in map_study().told["rough-places"]


# ── messages ──


def test_f77_a_period_beyond_the_files_says_what_they_hold(monkeypatch):
    Path("a.csv").write_text(table([row | {"Month": f"2019-0{1 + n % 5}"} for n, row in enumerate(crimes())]))
    monkeypatch.setattr("crime_inputs.PERIODS", ())
    made = map_of("a.csv", current="2021-01")
    assert "--current is given 2 times" in made.error
    write_study()
    Path("study.toml").write_text(
        'crimes = "a.csv"\nboundaries = "areas.geojson"\ncurrent = "2021-01"\nbaseline = "2020-01"\n'
    )
    made = map_study()
    require_plain(made.error)
    assert (
        "The files hold January to May 2019, and no month of the current period, January 2021." in made.error
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--current", "2018-01", "--current", "2019-01"], "--current is given 2 times"),
        (["--also", "xlsx,", "gpkg"], "Write --also xlsx,gpkg"),
        (["--baseline", "2017-01,", "2018-01"], "Write --baseline 2017-01,2018-01"),
        (["--crimes", "a.csv", "b.csv"], "Repeat the option: --crimes a.csv --crimes b.csv."),
    ],
)
def test_f76_what_click_would_take_silently_is_a_usage_error(words, said):

    made = Made("maps/x.html", ["map", *words])
    assert made.code == 2
    require_plain(made.error)
    assert said in made.error


def test_offline_the_zip_can_be_brought_in_a_browser():
    made = Made("maps/x.html", ["map", "--force", "kent", "--boundaries", "areas.geojson", "--current",
                "2019-01", "--baseline", "2018-01", "--offline", "--store", "store"])  # fmt: skip
    assert made.code == 4
    require_plain(made.error)
    assert "data.police.uk/data" in made.error


# ── ten more that people have ──


def test_a_file_put_in_twice_without_ids_is_told():
    rows = crimes(ids=False)
    Path("a.csv").write_text(table([*rows, *rows]))
    assert "Every row occurs more than once" in map_of("a.csv").told["doubled-file"]
    again = [row for row in rows if row["Month"] == "2019-01"]
    later = [row | {"Month": f"{year}-0{n}"} for year in (2018, 2019) for n in (2, 3, 4) for row in rows[:40]]
    Path("a.csv").write_text(table([*rows, *later, *again, *again]))
    assert "in a.csv (2019-01" in map_of("a.csv").told["doubled-file"]
    Path("a.csv").write_text(table([*rows, *again]))
    assert "in a.csv (2019-01" in map_of("a.csv").told["doubled-file"]
    numbered = [row | {"Crime ID": str(n)} for n, row in enumerate([*rows, *again])]
    Path("a.csv").write_text(table(numbered))
    assert "in a.csv (2019-01" in map_of("a.csv").told["doubled-file"]
    Path("a.csv").write_text(table(numbered[: len(rows)]))
    Path("b.csv").write_text(table(numbered[len(rows) :]))
    told = map_of("a.csv", "b.csv").told["doubled-file"]
    assert "same crimes: a.csv and b.csv (40 rows)" in told


def test_lines_that_a_spreadsheet_left_in_one_cell_each_are_told():
    whole = "".join(f'"{line}"\n' for line in table(crimes()).splitlines())
    Path("a.csv").write_text(whole)
    made = map_of("a.csv")
    require_plain(made.error)
    assert "a.csv has each line in a single cell" in made.error
    write_xlsx(
        Path("extract.xlsx"), {"A": [[line.replace(",", ";")] for line in table(extract()).splitlines()]}
    )
    write_study(crimes="'extract.xlsx'")
    assert "extract.xlsx has each line in a single cell" in map_study().error


def test_ids_that_a_program_padded_with_spaces_are_those_of_police_uk():
    rows = crimes()
    # The same crime at another point, as police.uk repeats some.
    again = [row | {"Longitude": f"{float(row['Longitude']) + 1e-3:.6f}"} for row in rows[:5]]
    # A file with quotes is read in another way than one without.
    for name, context in (("plain.csv", ""), ("quoted.csv", "a, b")):
        padded = [row | {"Crime ID": row["Crime ID"].ljust(70), "Context": context} for row in rows + again]
        Path(name).write_text(table(padded))
        require_whole(map_of(name))


def without_ids_and_with(counts, name="n"):
    rows = [{k: v for k, v in row.items() if k != "Crime ID"} for row in crimes()]
    return table([row | {name: n} for row, n in zip(rows, counts, strict=True)])


@pytest.mark.parametrize(
    ("counts", "most"), [([1, 1, 1, 2, 3] * 16, "3"), (range(2_000, 1_200, -10), "2,000")]
)
@pytest.mark.parametrize("name", ["n", "0", "NUMPOINTS", "Point_Count", "n_crimes", "Offences"])
def test_a_table_of_crimes_that_were_added_up_is_refused(counts, most, name):
    Path("a.csv").write_text(without_ids_and_with(counts, name))
    made = map_of("a.csv")
    require_plain(made.error)
    assert f"rows for several crimes at once, one of them for {most}." in made.error


@pytest.mark.parametrize(
    "counts",
    [[1] * 80, range(1, 81), range(80, 0, -1), range(5, 325, 4), [2] * 20 + [30] * 60, ["NA"] * 80],
)
def test_row_numbers_and_how_many_rows_are_alike_are_no_counts_of_crimes(counts):
    Path("a.csv").write_text(without_ids_and_with(counts))
    require_whole(map_of("a.csv"))


def test_a_point_for_a_missing_coordinate_as_sas_and_spss_write_it_is_no_location():
    rows = crimes()
    rows[0] |= {"Longitude": ".", "Latitude": "."}
    Path("a.csv").write_text(table(rows))
    made = map_of("a.csv")
    assert made.error == ""
    assert made.record["ledger"]["no_location"] == 1


@pytest.mark.parametrize("name", ["south yorkshire police ", "South Yorkshire", "south-yorkshire"])
def test_a_force_whose_name_is_spelt_in_two_ways_is_one_force(name):
    rows = crimes()
    for row in rows[40:]:
        row["Reported by"] = name
    Path("a.csv").write_text(table(rows))
    made = map_of("a.csv")
    require_whole(made)
    assert "other-forces" not in made.told
    assert len({one["force"] for one in made.record["coverage"]}) == 1


def test_files_of_which_some_name_no_force_say_to_name_it():
    rows = crimes()
    Path("a.csv").write_text(table(rows[:40]))
    Path("b.csv").write_text(
        table(
            [{k: v for k, v in row.items() if k not in {"Reported by", "Falls within"}} for row in rows[40:]]
        )
    )
    made = map_of("a.csv", "b.csv")
    require_plain(made.error)
    assert "name it with --force" in made.error
    require_whole(map_of("a.csv", "b.csv", force="south-yorkshire"))


def test_crimes_without_a_type_are_told_as_blank():
    rows = crimes()
    rows[0]["Crime type"] = ""
    Path("a.csv").write_text(table(rows))
    assert map_of("a.csv").told["unknown-crime-types"].endswith("SAC: blank.")


@pytest.mark.parametrize("lsoa", [{"LSOA name": "Sheffield 004F"}, {"LSOA code": "E01007321"}])
def test_rows_moved_by_a_comma_in_a_street_s_name_are_counted_and_told_as_such(lsoa):
    rows = crimes()
    street = (
        "On or near Kiosk, High Street" if "LSOA name" in lsoa else "On or near Kiosk, Stall, High Street"
    )
    for moved in rows[:2]:
        moved.update(lsoa, Location=street)
    rows[2]["Crime type"] = "Cattle rustling"
    Path("a.csv").write_text(table(rows).replace('"', ""))
    said = map_of("a.csv").record["warnings"]
    [moved, strange] = [one["text"] for one in said if one["code"] == "unknown-crime-types"]
    assert (
        f"counted as SAC: 2, such as {next(iter(lsoa.values())).lower().replace(' ', '-')}. A comma" in moved
    )
    assert strange.endswith("SAC: cattle-rustling.")


def test_a_month_of_a_folder_in_another_format_is_named():
    rows = crimes()
    Path("crimes").mkdir()
    Path("crimes/all.csv").write_text(table(rows))
    for name in ("2019-02-south-yorkshire-street.txt", "more.xlsx", "readme.txt", "~$more.xlsx"):
        (Path("crimes") / name).write_text("")
    said = map_of("crimes").told["passed-over"]
    assert "2019-02-south-yorkshire-street.txt" in said
    assert "more.xlsx" in said
    assert "readme" not in said
    assert "~$" not in said


def test_a_folder_or_zip_of_workbooks_alone_says_to_give_them():
    Path("crimes").mkdir()
    Path("crimes/all.xlsx").write_text("")
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write(Path("crimes/all.xlsx"), "all.xlsx")
    for path in ("crimes", "a.zip"):
        made = map_of(path)
        require_plain(made.error)
        assert "all.xlsx itself, unpacked" in made.error


def test_of_two_equal_files_the_one_with_ids_is_kept():
    rows = crimes()
    again = [row | {"Longitude": f"{float(row['Longitude']) + 1e-3:.6f}"} for row in rows[40:45]]
    january = rows[40:] + again
    # The file without ids is larger, because it holds another month too.
    Path("a.csv").write_text(table(rows[:40] + january))
    Path("b.csv").write_text(table([row | {"Crime ID": ""} for row in january + rows[:40]]))
    require_whole(map_of("b.csv", "a.csv"))


def test_a_sheet_of_crimes_that_lacks_a_column_is_an_error_and_not_passed_over():
    rows = crimes()
    lacking = [{name: cell for name, cell in row.items() if name != "Latitude"} for row in rows[40:]]
    with pd.ExcelWriter(Path("a.xlsx"), engine="openpyxl") as book:
        pd.DataFrame(rows[:40]).to_excel(book, sheet_name="2018", index=False)
        pd.DataFrame(lacking).to_excel(book, sheet_name="2019", index=False)
    made = map_of("a.xlsx")
    require_plain(made.error)
    assert "sheet 2019: it does not have a column 'Latitude'" in made.error


def test_a_spreadsheet_that_is_full_is_told(monkeypatch):
    monkeypatch.setattr("sacmap.fetch.repeats.FULL", (80,))
    Path("a.csv").write_text(table(crimes()))
    assert "as many rows as a spreadsheet can hold, 80" in map_of("a.csv").told["full-spreadsheet"]
    Path("extract.csv").write_text(table(extract()))
    write_study()
    assert "full-spreadsheet" in map_study().told


def test_a_pattern_that_windows_leaves_to_the_program_is_followed():
    rows = crimes()
    Path("a-2018.csv").write_text(table(rows[:40]))
    Path("a-2019.csv").write_text(table(rows[40:]))
    require_whole(map_of("a-*.csv"))
    made = map_of("b-*.csv")
    require_plain(made.error)
    assert "No file is called like b-*.csv." in made.error


@pytest.mark.parametrize(
    "address", ["https://data.police.uk/data/x.zip", r"https:\data.police.uk\data\x.zip"]
)
def test_an_address_is_no_file_also_as_windows_writes_its_path(address):
    made = map_of(address)
    assert len(made.error.splitlines()) == 2
    assert "is an address, not a file" in made.error


def test_parquet_of_street_crimes_is_read():
    frame = pd.DataFrame(crimes())
    frame[["Longitude", "Latitude"]] = frame[["Longitude", "Latitude"]].astype(float)
    frame.to_parquet(Path("a.parquet"))
    require_whole(map_of("a.parquet"))


def test_eastings_with_commas_of_thousands_are_metres():
    rows = []
    for row in crimes():
        x, y = TO_METRES.transform(float(row["Longitude"]), float(row["Latitude"]))
        rows.append(
            {"Month": row["Month"], "X": f"{x:,.0f}", "Y": f"{y:,.0f}", "Crime type": row["Crime type"]}
        )
    Path("a.csv").write_text(table(rows))
    require_whole(map_of("a.csv"))


def test_a_web_page_named_as_a_workbook_is_called_that():
    Path("extract.xls").write_text("<html><table><tr><td>Date</td></tr></table></html>")
    write_study(crimes="'extract.xls'")
    made = map_study()
    require_plain(made.error)
    assert "is a web page" in made.error


@pytest.mark.parametrize("how", ["semicolons", "UTF-16", "gzip", "a text named as a workbook"])
def test_f70_an_extract_saved_otherwise_counts_as_before(how):
    name = "extract.xls" if "workbook" in how else "extract.csv"
    text = table(extract(), separator=";" if how == "semicolons" else "\t")
    content = {"UTF-16": text.encode("utf-16"), "gzip": gzip.compress(text.encode())}.get(how, text.encode())
    Path(name).write_bytes(content)
    write_study(crimes=f"'{name}'")
    require_whole(map_study())


def test_a_column_misspelt_gives_the_nearest_and_what_is_missing():
    Path("extract.csv").write_text(table(extract(), ["Crime Ref", "Date", "H.O. Code", "X coord", "Y coord"]))
    write_study()
    made = map_study()
    require_plain(made.error)
    assert "no header row with the columns 'HO Code', 'X', 'Y'" in made.error
    assert "Perhaps 'H.O. Code'" in made.error


def test_a_folder_that_may_not_be_looked_into_is_never_passed_over(monkeypatch):
    Path("in/shut").mkdir(parents=True)
    Path("in/a.csv").write_text(table(crimes()))
    scan = os.scandir

    def refuse(path="."):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr("os.scandir", refuse)
    made = map_of("in")
    require_plain(made.error)
    assert "permission denied" in made.error


# ── what is told, where ──


def test_f67_what_repeats_is_told_above_the_map_and_references_never_reach_a_public_version():
    rows = extract()
    for row in rows[::4]:
        row["Crime Ref"] = "99/0001"
    Path("extract.csv").write_text(table(rows))
    Path("copy.csv").write_text(table(rows[:30]))
    write_study(crimes="['extract.csv', 'copy.csv']")
    made = map_study()
    require_whole(made)
    assert {"repeated-file", "shared-ids"} <= set(made.told)
    view = page_of(run(make_study(read_study(Path("study.toml")))))
    assert {"repeated-file", "shared-ids"} <= {notice.code for notice in view.weighty}
    public = public_version(run(make_study(read_study(Path("study.toml")))))
    assert "99/0001" not in " ".join(notice.text for notice in public.warnings)


# ── real files ──


def test_real_files_saved_again_read_as_they_were(data, tmp_path):
    path = str(data / "northamptonshire-2018-10_2019-02.zip")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("northamptonshire-street.csv")]
        # Two months of five have all that the others have.
        texts = [archive.read(name).decode() for name in names[:2]]
    frames = [pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False) for text in texts]
    whole = pd.concat(frames, ignore_index=True)
    (tmp_path / "plain.csv").write_text(whole.to_csv(index=False), encoding="utf-8")
    usual = read([str(tmp_path / "plain.csv")], keep=tables.SAC_TYPES)
    assert len(usual.crimes) == 2_676
    by_r = whole.replace("", "NA").rename(columns=lambda name: name.replace(" ", "."))
    saved = {
        "r.csv": by_r.to_csv().encode(),
        "excel.txt": whole.to_csv(index=False, sep="\t").encode("utf-16"),
        "joined.csv": "".join(texts).encode(),
        "semicolons.csv.gz": gzip.compress(
            whole.to_csv(index=False, sep=";", lineterminator="\r\n").encode()
        ),
    }
    for name, content in saved.items():
        (tmp_path / name).write_bytes(content)
        found = read([str(tmp_path / name)], keep=tables.SAC_TYPES)
        columns = ["month", "crime_type", "lon", "lat", "force", "crime_id", "location"]
        pd.testing.assert_frame_equal(found.crimes[columns], usual.crimes[columns], check_categorical=False)
        assert int(found.tally["n"].sum()) == int(usual.tally["n"].sum())


def test_real_months_beside_a_file_of_all_of_them_count_once(data, tmp_path):
    path = data / "northamptonshire-2018-10_2019-02.zip"
    usual = read([str(path)], keep=tables.SAC_TYPES)
    with zipfile.ZipFile(path) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith("street.csv")]
    (tmp_path / "all.csv").write_text("".join(texts), encoding="utf-8")
    both = read([str(path), str(tmp_path / "all.csv")], keep=tables.SAC_TYPES)
    assert (~repeats(both.crimes)).sum() == (~repeats(usual.crimes)).sum()
    assert "repeated-file" in {notice.code for notice in both.notices}


# ── a part of an extract that is not there ──


def with_thefts_of_vehicles(but=lambda row: False):
    """An extract of 160 crimes a month, half of its vehicle crime theft of vehicles, less the rows of `but`."""
    rows = extract(crimes(per_area=80))
    rows = [
        row | ({"HO Code": "48"} if row["HO Code"] == "45" and n % 2 else {}) for n, row in enumerate(rows)
    ]
    return [row for row in rows if not but(row)]


def headline_of():
    page = Path("out/x.html").read_text(encoding="utf-8")
    return page.split('<h1 id="headline">')[1].split("</h1>")[0]


def test_f68_without_theft_of_vehicles_nothing_is_said_of_sac_as_a_whole():
    Path("extract.csv").write_text(table(with_thefts_of_vehicles(lambda row: row["HO Code"] == "48")))
    write_study()
    made = map_study()
    assert made.record["warnings"][0]["code"] == "no-such-offence"
    assert "theft of vehicles: that is not zero but unknown" in made.told["no-such-offence"]
    assert "is not known as a whole: the extract lacks theft of vehicles" in headline_of()
    # What its maker writes in the study file is no matter for the page.
    assert "check [extract.offences] in the study file" in made.told["no-such-offence"]
    page = Path("out/x.html").read_text(encoding="utf-8")
    assert "Ask for what is missing." in page
    assert "[extract" not in page
    assert "Vehicle crime is theft from vehicles" in made.told["restricted"]
    assert "not a proxy" not in made.told["restricted"]
    assert made.counts()["robbery"] == 16


def test_f68_a_part_missing_from_one_period_makes_no_fall_of_vehicle_crime():
    rows = with_thefts_of_vehicles(lambda row: row["HO Code"] == "48" and row["Date"].endswith("2019"))
    Path("extract.csv").write_text(table(rows))
    write_study()
    made = map_study()
    assert "theft of vehicles in January 2019" in made.told["no-such-offence"]
    assert "vehicle-crime" not in made.counts()
    assert {row["change_pct"] for row in made.rows if row["crime_type"] == "sac"} == {""}
    assert "rose" not in headline_of()
    assert "fell" not in headline_of()


def test_f68_a_list_of_offences_without_a_part_of_vehicle_crime_says_so():
    Path("extract.csv").write_text(table(with_thefts_of_vehicles()))
    more = '[extract.offences]\nburglary = "28E"\nrobbery = "34B"\ntheft-from-vehicle = "45"'
    write_study(more=more)
    made = map_study()
    assert "theft of vehicles" in made.told["no-such-offence"]


def test_f68_a_whole_extract_is_the_indicator_itself():
    Path("extract.csv").write_text(table(with_thefts_of_vehicles()))
    write_study()
    made = map_study()
    assert "no-such-offence" not in made.told
    assert "serious acquisitive crime itself, not a proxy" in made.told["restricted"]


# ── a crime type that a period has lost ──


def less(rows, month, kind):
    return [row for row in rows if (row["Month"], row["Crime type"]) != (month, kind)]


def test_f68_a_type_that_a_whole_period_lacks_is_missing_and_makes_no_fall():
    Path("a.csv").write_text(table(less(crimes(per_area=50), "2019-01", "Robbery")))
    made = map_of("a.csv")
    assert "No row of robbery in January 2019" in made.told["absent-types"]
    assert "robbery" not in made.counts()
    assert {row["change_pct"] for row in made.rows if row["crime_type"] == "sac"} == {""}
    # Two types now and three before are no count of all three.
    assert set(made.record["totals"]["sac"].values()) == {None}
    assert made.record["comparator"] == {
        "name": "areas",
        "baseline": None,
        "current": None,
        "change_pct": None,
    }


def test_f68_a_month_that_lacks_a_usual_type_is_left_out_or_nothing_is_compared():
    Path("a.csv").write_text(table(less(crimes(per_area=80), "2018-01", "Vehicle crime")))
    made = map_of("a.csv")
    require_plain(made.error)
    assert "published no vehicle crime, where about 64 are usual" in made.error


def test_f68_a_few_of_a_type_that_a_period_lacks_are_a_word():
    Path("a.csv").write_text(table(less(crimes(), "2018-01", "Robbery")))
    made = map_of("a.csv")
    assert "No row of robbery in January 2018" in made.told["filtered-file"]
    assert made.counts()["robbery"] == 4


@pytest.mark.parametrize("before", [["2018-01"], []])
def test_f68_where_a_type_is_missing_nothing_of_the_page_speaks_of_all_three(before):
    rows = [row for row in crimes(per_area=50) if row["Crime type"] == "Vehicle crime"]
    Path("a.csv").write_text(table([row for row in rows if row["Month"] in {*before, "2019-01"}]))
    Path("study.toml").write_text(
        'crimes = "a.csv"\nboundaries = "areas.geojson"\ncurrent = "2019-01"\nalso = ["xlsx"]\nout = "out/x.html"\n'
        + "".join(f'baseline = "{month}"\n' for month in before)
    )
    made = map_study()
    assert "burglary or robbery: missing, not zero" in made.told["absent-types"]
    assert "Vehicle crime" in headline_of()
    page = Path("out/x.html").read_text(encoding="utf-8")
    assert "Burglary is not known, so no area can be ranked." in page
    tiles = page.split("<fieldset")[1].split("</fieldset>")[0].split("<label")[1:]
    known = [False, False, False, True]
    assert [bool(re.search(r"\d", re.sub("<[^>]*>", "", tile))) for tile in tiles] == known
    sheet = openpyxl.load_workbook("out/x.xlsx").worksheets[0]
    assert "Vehicle crime" in sheet["A1"].value
    assert [sheet.cell(row, 2).value is not None for row in range(5, 9)] == known
    result = run(make_study(read_study(Path("study.toml"))))
    assert "no percentage" not in check_text(result)
    # The picture and the note are of the crime type that is known, too.
    drawn = content_of(page_of(result))
    assert "Vehicle crime" in drawn.headline
    assert "The map shows vehicle crime" in drawn.legend[1]
    assert "unknown" not in drawn.classes
    parts = where(Given(study=result.study, place="Here", result=result, picture=b"PNG")).parts
    figures = next(part for part in parts if isinstance(part, Table)).rows
    assert ["not known" not in row for row in figures] == known
    assert "vehicle crime" in next(part for part in parts if isinstance(part, Picture)).alternative
    # Nor does a public version hold what was counted of all three, for it would be the count of the type that is known.
    shown = public_version(result).change.set_index("crime_type")["current_count"].notna()
    assert set(shown.index[shown]) == {"vehicle-crime"}


# ── copies, and rounded places ──


@pytest.mark.parametrize("packed", [True, False])
def test_f67_a_street_file_copied_under_the_name_of_another_force_counts_once(packed):
    rows, names = crimes(ids=False), ("south-yorkshire", "west-yorkshire")
    files = {
        f"{month}-{force}-street.csv": table([row for row in rows if row["Month"] == month])
        for month in PERIODS
        for force in names
    }
    if packed:
        with zipfile.ZipFile("all.zip", "w") as out:
            for name, text in files.items():
                out.writestr(name, text)
    else:
        Path("all").mkdir()
        for name, text in files.items():
            (Path("all") / name).write_text(text, newline="")
    made = map_of("all.zip" if packed else "all")
    require_whole(made)
    assert "has the same bytes as" in made.told["given-twice"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: {"X": round(row["X"], -3), "Y": round(row["Y"], -3)}, "a kilometre"),
        (lambda row: {"X": f"{row['X']:.2E}", "Y": f"{row['Y']:.2E}"}, "a kilometre"),
        (lambda row: {"X": round(row["X"], -2), "Y": round(row["Y"], -2)}, "100 m"),
    ],
)
def test_f74_rounded_eastings_of_an_extract_are_told(change, words):
    Path("extract.csv").write_text(table([row | change(row) for row in extract()]))
    write_study()
    assert words in map_study().told["rough-places"]


def test_f22_eastings_and_northings_of_an_extract_that_are_exchanged_are_called_so():
    Path("extract.csv").write_text(table([row | {"X": row["Y"], "Y": row["X"]} for row in extract()]))
    write_study()
    made = map_study()
    assert made.code == 2
    assert "With easting and northing exchanged, most would lie among the areas." in made.error


def test_f74_eastings_in_whole_metres_are_not_rounded():
    Path("extract.csv").write_text(table(extract()))
    write_study()
    assert "rough-places" not in map_study().told


def test_f74_grid_references_with_letters_are_called_so():
    rows = [row | {"X": f"SK{row['X'] % 100000:05d}{row['Y'] % 100000:05d}", "Y": ""} for row in extract()]
    Path("extract.csv").write_text(table(rows))
    write_study()
    made = map_study()
    require_plain(made.error)
    assert "is a grid reference with letters" in made.error


def test_f74_rows_recorded_in_error_are_told():
    rows = [
        row | {"State": "Recorded in Error" if n % 10 == 0 else "Open"} for n, row in enumerate(extract())
    ]
    Path("extract.csv").write_text(table(rows))
    write_study()
    assert "Recorded in Error 8" in map_study().told["cancelled-rows"]
