"""police.uk beside the Home Office's recorded crime, on real figures and on tables laid out as the Home Office does."""

import csv
from dataclasses import replace

import pandas as pd
import pytest
from builders import COUNTS, DESCRIPTIONS, HEADER, WRITERS, sheets, write_xlsx
from command_line import command
from conftest import RECORDED, csv_text, row
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.crimes import Reading, tally_of
from sacmap.errors import InputError, UsageError
from sacmap.fetch.home_office import read_table
from sacmap.fetch.street import read
from sacmap.measure.published_crimes import published_by_force, published_in_areas
from sacmap.measure.quarters import official_periods
from sacmap.measure.reconcile import reconcile
from sacmap.months import span
from sacmap.offences import CODES, Recorded
from sacmap.publish.note_official import happened
from sacmap.publish.note_parts import Given
from sacmap.study import make_study

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_readers")]

FORCE = "Northamptonshire Police"


def study_of(current, *baseline, **more):
    return make_study({"current": current, "baseline": baseline, **more})


def cells(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return {(r["component"], r["period"]): r for r in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def northamptonshire(data):
    return read_table(str(data / RECORDED)).of("Northamptonshire")


@pytest.mark.parametrize("kind", WRITERS)
def test_a_table_under_titles_and_notes_reads_the_same_in_every_format(tmp_path, kind):
    path = tmp_path / f"prc-csp.{kind}"
    WRITERS[kind](path, sheets())
    found = read_table(str(path)).of("Northampton")
    assert (found.by, sorted(found.codes)[0], sorted(found.codes)[-1]) == ("csp", "2017-04", "2019-01")
    by_code = found.rows[found.rows["quarter"] == "2018-10"].set_index("code")["n"]
    assert by_code.to_dict() == {code: 2 * n for code, n in COUNTS.items()}
    table = reconcile(study_of("2018-10:2018-12", "2017-10:2017-12"), found, None).table
    now = table[table["period"] == "2018-10:2018-12"].set_index("component")["home_office"]
    assert (now["sac"], now["burglary"], now["vehicle-crime"], now["vehicle-theft"]) == (172, 104, 90, 80)


def test_what_a_table_lacks_in_one_quarter_alone_is_in_no_total_either(tmp_path):
    path = tmp_path / "prc-csp.csv"
    content = sheets()
    content["2018-19"] = [
        line for line in content["2018-19"] if line[:2] != ["2018/19", 3] or "34B" not in line
    ]
    WRITERS["csv"](path, content)
    found = read_table(str(path)).of("Northampton")
    table = reconcile(study_of("2018-10:2018-12", "2017-10:2017-12"), found, None).table
    given = table[table["home_office"].notna()].groupby("period")["component"].agg(set)
    assert {"sac", "sac-proxy", "robbery", "vehicle-theft"} <= given["2017-10:2017-12"]
    assert given["2018-10:2018-12"] & {"sac", "sac-proxy", "robbery", "vehicle-theft"} == {"vehicle-theft"}


def test_a_partnership_or_the_whole_force_is_found_however_it_is_written(tmp_path):
    path = tmp_path / "prc-csp.xlsx"
    write_xlsx(path, sheets())
    for name, by, n in (("corby and KETTERING", "csp", 60), ("Northamptonshire Police", "force", 90)):
        found = read_table(str(path)).of(name)
        theft = found.rows[(found.rows["quarter"] == "2017-04") & (found.rows["code"] == "45")]["n"].sum()
        assert (found.by, theft) == (by, n)
    with pytest.raises(InputError, match="Northampton"):
        read_table(str(path)).of("Northamton")


def test_quarters_that_a_program_wrote_with_a_decimal_are_read(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", sheets())
    with_decimals = {
        name: [
            [f"{cell}.0" if cell in (1, 2, 3, 4) and k == 1 else cell for k, cell in enumerate(row)]
            for row in rows
        ]
        for name, rows in sheets().items()
    }
    write_xlsx(tmp_path / "b.xlsx", with_decimals)
    plain, other = (read_table(str(tmp_path / name)).of("Northampton").rows for name in ("a.xlsx", "b.xlsx"))
    assert list(other["quarter"]) == list(plain["quarter"])


def edited(change):
    content = sheets()
    change(content["2018-19"])
    return content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[4].__setitem__(8, "about 40"), r"2018-19, line 5: 'about 40' is not a number"),
        (lambda rows: rows[4].__setitem__(8, 1e308), r"2018-19, line 5: .1000000000.* is not a number"),
        (
            lambda rows: rows[5].__setitem__(0, "2018"),
            r"2018-19, line 6: '2018', '1' are not a financial year",
        ),
        (lambda rows: rows[6].__setitem__(0, "2017/18"), "in .*2017-18 and .*2018-19"),
        (lambda rows: rows.insert(7, list(rows[6])), "2018-19, line 8 repeats a line above it"),
    ],
)
def test_what_makes_no_sense_is_an_error_with_its_place(tmp_path, change, words):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, edited(change))
    with pytest.raises(InputError, match=words):
        read_table(str(path)).of("Northampton")


def test_a_count_that_is_not_given_is_no_count(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, edited(lambda rows: rows[4].__setitem__(8, "[x]")))
    found = read_table(str(path)).of("Northampton")
    table = reconcile(study_of("2018-04:2018-06", "2017-04:2017-06"), found, None).table
    now = table[table["period"] == "2018-04:2018-06"].set_index("component")
    assert now["home_office"].isna().to_dict() | {"robbery": False} == now["home_office"].isna().to_dict()
    assert now.loc[["sac", "burglary"], "home_office"].isna().all()
    assert "no figure" in now.loc["burglary", "note"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.ods", None, "is not there"),
        ("a.xlsx", b"PK\x03\x04 not a workbook", "cannot be read"),
        ("a.parquet", b"PAR1 cut", "cannot be read"),
        ("a.csv", b"month,crime_type,n\r\n2018-01,burglary,3\r\n", "has no table with a financial year"),
        ("b.csv", b"\xd0\xcf\x11\xe0\0\0\0", "cannot be read as a workbook"),
    ],
)
def test_another_file_is_an_error_that_says_what_to_give(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_table(str(path)).of("Northampton")


def test_f47_a_workbook_that_would_inflate_beyond_memory_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.xlsx"
    write_xlsx(path, sheets())
    monkeypatch.setattr("sacmap.files.sheets.WORKBOOK_INFLATED", 10_000)
    with pytest.raises(InputError, match="when decompressed"):
        read_table(str(path)).of("Northampton")


def test_periods_that_are_not_quarters_give_the_spans_that_are():
    recorded = Recorded("X", "force", pd.DataFrame(), {})
    with pytest.raises(
        UsageError, match=r"--current 2018-10:2018-12 --baseline 2016-10:2016-12 --baseline 2017-10"
    ):
        reconcile(study_of("2018-10:2019-02", "2016-10:2018-02"), recorded, None)
    with pytest.raises(UsageError, match="--current 2018-04:2018-06 --baseline 2017-04:2017-06"):
        reconcile(study_of("2018-05:2018-05", "2017-05"), recorded, None)


def test_a_table_that_does_not_reach_is_an_error(northamptonshire):
    with pytest.raises(InputError, match=r"from January 2026.\nIt covers April 2012 to December 2025"):
        reconcile(study_of("2025-04:2026-03", "2024-04:2025-03"), northamptonshire, None)


def test_every_code_is_described_in_the_real_table_as_it_is_taken(northamptonshire):
    found = reconcile(study_of("2024-04:2025-03", "2012-04:2013-03"), northamptonshire, None)
    assert not [notice for notice in found.warnings if notice.code == "offence-codes"]
    assert set(CODES) <= set(northamptonshire.rows["code"])


def test_a_code_that_means_something_else_is_told(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(
        path, edited(lambda rows: rows[7].__setitem__(slice(4, 8), ["Theft of pedal cycle", "", "", "045"]))
    )
    found = reconcile(
        study_of("2018-04:2018-06", "2017-04:2017-06"), read_table(str(path)).of("Northampton"), None
    )
    assert next(n.text for n in found.warnings if n.code == "offence-codes").endswith(
        "45 “Theft of pedal cycle”."
    )


def test_f68_a_table_cut_to_burglary_has_no_total_and_says_what_it_lacks(northamptonshire):
    def left(codes):
        return frozenset(code for code in codes if code.startswith(("28", "29", "30", "31")))

    rows = northamptonshire.rows
    cut = replace(
        northamptonshire,
        rows=rows[rows["code"].isin(list(left(rows["code"])))],
        codes={quarter: left(codes) for quarter, codes in northamptonshire.codes.items()},
    )
    study = study_of("2017-04:2018-03", "2016-04:2017-03")
    found = reconcile(study, cut, None)
    assert found.official("burglary") == (6589, 5973)
    assert all(map(pd.isna, found.official("sac")))
    assert "no row of robbery, theft from a vehicle (45)" in found.warnings[1].text
    said = happened(Given(study=study, place="Here", official=found, official_study=study)).parts[0]
    assert "(126): missing, not zero. What would include it has no figure. All burglary" in said.text


# Real figures.


def test_northamptonshire_across_2017_flags_the_change_of_definition(recorded, tmp_path):
    out = tmp_path / "reconciled.csv"
    done = command("reconcile", "--home-office", recorded, "--area-name", "Northamptonshire",
                  "--current", "2017-04:2018-03", "--baseline", "2016-04:2017-03", "--out", out)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"{out}\n")
    found = cells(out)
    before, now = "2016-04:2017-03", "2017-04:2018-03"
    figures = {
        name: (found[name, before]["home_office"], found[name, now]["home_office"])
        for name in ("burglary", "residential-burglary", "robbery", "vehicle-theft")
    }
    assert figures == {
        "burglary": ("6589", "5973"),
        "residential-burglary": ("2959", "3758"),
        "robbery": ("900", "941"),
        "vehicle-theft": ("5647", "5694"),
    }
    assert "+27.0% (2,959 → 3,758)" in found["residential-burglary", now]["note"]
    assert "Change of definition in April 2017" in found["residential-burglary", now]["note"]
    assert "Recorded as burglary in a dwelling" in found["residential-burglary", before]["note"]
    assert "−9.3% (6,589 → 5,973)" in found["burglary", now]["note"]
    assert "Change of definition" not in found["robbery", now]["note"]
    assert "includes sheds and garages" in done.stderr
    shown = {
        line.split("  ")[0] for line in done.stderr.splitlines() if line.endswith(("3,758", "5,973", "941"))
    }
    assert shown == {"residential-burglary *", "burglary", "robbery"}
    assert "* The definition changed between the periods" in done.stderr
    assert all(r["police_uk"] == r["difference"] == "" for r in found.values())


def test_northamptonshire_police_uk_beside_october_to_december_2018(data, recorded, tmp_path):
    out = tmp_path / "reconciled.csv"
    done = command("reconcile", "--home-office", recorded, "--area-name", "Northamptonshire",
                  "--crimes", data / "northamptonshire-2018-10_2019-02.zip",
                  "--current", "2018-10:2018-12", "--baseline", "2017-10:2017-12", "--out", out)  # fmt: skip
    assert done.returncode == 3
    found = cells(out)
    now = "2018-10:2018-12"
    beside = {
        name: tuple(found[name, now][c] for c in ("home_office", "police_uk", "difference"))
        for name in ("burglary", "robbery", "vehicle-crime", "sac-proxy", "sac")
    }
    assert beside == {
        "burglary": ("1543", "1535", "-8"),
        "robbery": ("210", "206", "-4"),
        "vehicle-crime": ("2064", "2071", "7"),
        "sac-proxy": ("3817", "3812", "-5"),
        "sac": ("2932", "3812", "880"),
    }
    items = {name: r["difference"] for (name, period), r in found.items() if name.startswith("difference")}
    assert items == {
        "difference: buildings that are not homes": "512",
        "difference: interference": "373",
        "difference: repeated rows": "18",
        "difference: the rest": "-23",
    }
    assert sum(map(int, items.values())) == 880
    assert found["burglary", "2017-10:2017-12"]["police_uk"] == ""
    assert "Missing months: 3 of 3" in found["burglary", "2017-10:2017-12"]["note"]


def test_the_split_of_2023_gives_homes_apart_and_tells_the_late_entries(recorded_in):
    recorded = read_table(str(recorded_in("2022/23", "2023/24"))).of("metropolitan police service")
    table = reconcile(study_of("2023-04:2024-03", "2022-04:2023-03"), recorded, None).table
    rows = table.set_index(["component", "period"])
    homes = rows.loc[("burglary-of-homes", "2023-04:2024-03")]
    residential = rows.loc[("residential-burglary", "2023-04:2024-03")]
    late = recorded.rows[(recorded.rows["quarter"] >= "2023-04") & (recorded.rows["quarter"] < "2024-04")]
    late = late[late["code"].isin(["28E", "28F", "28G", "28H", "29A"])]["n"].sum()
    assert late > 0
    assert f"{late:,.0f} more were still recorded" in homes["note"]
    assert homes["home_office"] + late < residential["home_office"]
    assert pd.isna(rows.loc[("burglary-of-homes", "2022-04:2023-03"), "home_office"])
    assert "Change of definition in April 2023" in residential["note"]


def test_a_missing_month_never_reads_as_a_change(tmp_path):
    months = ["2017-10", "2017-11", "2017-12", "2018-10", "2018-12"]
    crimes = pd.DataFrame(
        {"month": months, "crime_type": "robbery", "lon": 0.0, "crime_id": "", "force": FORCE}
    )
    write_xlsx(tmp_path / "a.xlsx", sheets())
    recorded = read_table(str(tmp_path / "a.xlsx")).of("Northamptonshire")
    study = study_of("2018-10:2018-12", "2017-10:2017-12")

    def robbery(rows):
        published = published_by_force(Reading(rows, tally_of(rows), (), ()), FORCE, study.months)
        found = reconcile(study, recorded, published)
        return found, found.table.set_index(["component", "period"]).loc[("robbery", "2018-10:2018-12")]

    cut, now = robbery(crimes)
    assert cut.exit_code == 3
    assert now["police_uk"] == 2
    assert "Missing months: 1 of 3 (November 2018)" in now["note"]
    assert any(" in 1 month: November 2018." in notice.text for notice in cut.warnings)
    assert "police.uk " not in now["note"].split("Change from the baseline")[1]
    whole, now = robbery(pd.concat([crimes, crimes.iloc[:1].assign(month="2018-11")], ignore_index=True))
    assert whole.exit_code == 0
    assert "police.uk 0.0% (3 → 3)" in now["note"]


def reconciled_rows(folder, rows):
    """What the last quarter of 2018 is against that of 2017, by these months and crime types of police.uk."""
    crimes = pd.DataFrame(rows, columns=["month", "crime_type"]).assign(lon=0.0, crime_id="", force=FORCE)
    write_xlsx(folder / "a.xlsx", sheets())
    recorded = read_table(str(folder / "a.xlsx")).of("Northamptonshire")
    study = study_of("2018-10:2018-12", "2017-10:2017-12")
    reading = Reading(crimes, tally_of(crimes), (), ())
    return reconcile(study, recorded, published_by_force(reading, FORCE, study.months))


@pytest.mark.parametrize("lost_in", [["2017-10:2017-12", "2018-10:2018-12"], ["2018-10:2018-12"]])
def test_f68_a_crime_type_without_a_row_is_missing_here_too_and_so_is_their_sum(tmp_path, lost_in):
    lost = {month for given in lost_in for month in span(given)}
    rows = [
        (month, kind)
        for month in (*span("2017-10:2017-12"), *span("2018-10:2018-12"))
        for kind in ("burglary", "robbery", "vehicle-crime")
        if not (kind == "burglary" and month in lost)
        for _ in range(20)
    ]
    found = reconciled_rows(tmp_path, rows)
    counts = found.table.set_index(["component", "period"])["police_uk"]
    for period in ("2017-10:2017-12", "2018-10:2018-12"):
        known = period not in lost_in
        assert [pd.notna(counts[name, period]) for name in ("sac", "burglary", "robbery")] == [
            known,
            known,
            True,
        ]
    told = [notice.text for notice in found.warnings if notice.code == "absent-types"]
    assert len(told) == len(lost_in)
    assert "lacks burglary: missing, not zero" in told[-1]
    now = found.table.set_index(["component", "period"]).loc[("burglary", "2018-10:2018-12"), "note"]
    assert "lacks burglary" in now
    assert "police.uk " not in now.split("Change from the baseline")[1]


def test_a_period_without_any_month_lacks_its_months_and_is_not_said_to_lack_crime_types(tmp_path):
    rows = [
        (month, kind) for month in span("2018-10:2018-12") for kind in tables.SAC_TYPES for _ in range(20)
    ]
    found = reconciled_rows(tmp_path, rows)
    counts = found.table.set_index(["component", "period"])
    assert pd.isna(counts.loc[("burglary", "2017-10:2017-12"), "police_uk"])
    assert "lacks" not in counts.loc[("burglary", "2017-10:2017-12"), "note"]
    assert {"missing-months"} <= {one.code for one in found.warnings}
    assert "absent-types" not in {one.code for one in found.warnings}


def test_a_force_s_own_extract_stands_beside_the_exact_classes(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", sheets())
    offences = ["28E"] * 3 + ["45"] * 2 + ["48", "34B", "126", "30C"]
    rows = [f"{i},2018-{m}-03,{code},,\r\n" for m in (10, 11, 12) for i, code in enumerate(offences)]
    rows += [row.replace("2018", "2017") for row in rows]
    (tmp_path / "e.csv").write_text("Ref,Date,Code,X,Y\r\n" + "".join(rows))
    (tmp_path / "study.toml").write_text(
        """crimes = "e.csv"
current = "2018-10:2018-12"
baseline = "2017-10:2017-12"
[extract.columns]
month = "Date"
offence = "Code"
easting = "X"
northing = "Y"
"""
    )
    done = command("reconcile", "study.toml", "--home-office", "a.xlsx", "--area-name", "Northamptonshire",
                  "--out", "out.csv", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = cells(tmp_path / "out.csv")
    beside = {name: r["police_uk"] for (name, period), r in found.items() if period == "2018-10:2018-12"}
    exact = {"sac": "21", "residential-burglary": "9", "robbery": "3", "vehicle-theft": "9"}
    assert {name: n for name, n in beside.items() if n} == exact | {"no location": "21"}
    items = {name: r["difference"] for (name, period), r in found.items() if period == "2018-10:2018-12"}
    assert {name for name in items if name.startswith("difference")} == {
        "difference: repeated rows", "difference: the rest"}  # fmt: skip
    assert items["difference: the rest"] == found["sac", "2018-10:2018-12"]["difference"]


# A partnership: police.uk's crimes are those in its areas.


def test_of_a_partnership_the_crimes_in_its_areas_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    crimes = [row(m, "Burglary") for m in ("2017-10", "2017-11", "2017-12", "2018-10", "2018-11", "2018-12")]
    crimes += [
        row("2018-11", "Robbery"),
        row("2018-11", "Robbery", lon="", lat=""),
        row("2018-12", "Robbery"),
        row("2017-11", "Vehicle crime"),
    ]
    path.write_text(csv_text(*crimes))
    reading = read([str(path)], keep=tables.SAC_TYPES)
    located = reading.crimes.assign(area_id=reading.crimes["lon"].map({-0.9: "A"}))
    located.loc[8, "area_id"] = None
    study = study_of("2018-10:2018-12", "2017-10:2017-12")
    book = tmp_path / "a.xlsx"
    write_xlsx(book, sheets())
    found = reconcile(
        study, read_table(str(book)).of("Northampton"), published_in_areas(reading, located, study.months)
    )
    now = found.table[found.table["period"] == "2018-10:2018-12"].set_index("component")
    assert now["police_uk"][["sac", "burglary", "robbery", "no location"]].to_list() == [4, 3, 1, 1]
    assert found.exit_code == 0


def test_a_partnership_without_boundaries_says_what_to_add(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", sheets())
    (tmp_path / "c.csv").write_text(csv_text(row("2018-10")))
    done = command("reconcile", "--home-office", "a.xlsx", "--area-name", "Northampton", "--crimes", "c.csv",
                  "--current", "2018-10:2018-12", "--baseline", "2017-10:2017-12", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 2
    assert "Add --boundaries" in done.stderr


def test_another_forces_crimes_are_refused(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(csv_text(row("2018-10", force="Kent Police")))
    reading = read([str(path)], keep=tables.SAC_TYPES)
    with pytest.raises(InputError, match="The crimes are of kent; choose one with --force"):
        published_by_force(reading, "Northamptonshire", ("2018-10",))


ROWS = st.tuples(
    st.sampled_from(["2017-10", "2017-11", "2017-12", "2018-10", "2018-11", "2018-12"]),
    st.sampled_from(tables.SAC_TYPES),
    st.sampled_from([None, 0.0]),
    st.sampled_from(["", "a", "b"]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(ROWS, min_size=1), st.lists(st.integers(-2, 50), min_size=8, max_size=8))
def test_the_items_sum_to_the_difference(rows, figures):
    crimes = pd.DataFrame(rows, columns=["month", "crime_type", "lon", "crime_id"]).assign(force=FORCE)
    reading = Reading(crimes, tally_of(crimes), (), ())
    quarters = ["2017-10", "2018-10"]
    recorded_rows = pd.DataFrame(
        [
            (q, code, DESCRIPTIONS[code], n)
            for q in quarters
            for code, n in zip(DESCRIPTIONS, figures, strict=True)
        ],
        columns=["quarter", "code", "description", "n"],
    ).astype({"n": float})
    recorded = Recorded(
        "Northamptonshire", "force", recorded_rows, dict.fromkeys(quarters, frozenset(DESCRIPTIONS))
    )
    study = study_of("2018-10:2018-12", "2017-10:2017-12")
    found = reconcile(study, recorded, published_by_force(reading, "Northamptonshire", study.months)).table
    for _, part in found.groupby("period"):
        by_name = part.set_index("component")
        items = by_name[by_name.index.str.startswith("difference")]["difference"]
        if pd.notna(by_name.loc["sac", "police_uk"]):
            assert items.sum() == by_name.loc["sac", "difference"]
        else:
            assert items.empty
    counted = found[found["component"].isin(tables.SAC_TYPES)]["police_uk"].sum()
    assert counted == len(crimes)


# Beside the nation and similar areas


def beside(recorded, tmp_path, *names, area="Northamptonshire"):
    out = tmp_path / "beside.csv"
    done = command("reconcile", "--home-office", recorded, "--area-name", area, "--current", "2017-04:2018-03",
                  "--baseline", "2016-04:2017-03", "--beside", ",".join(names), "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    with out.open(encoding="utf-8", newline="") as stream:
        rows = {(r["area"], r["component"], r["period"]): r for r in csv.DictReader(stream)}
    return rows, done.stderr


def test_the_nation_is_the_sum_of_all_forces_of_the_table(recorded, tmp_path):
    rows, shown = beside(recorded, tmp_path, "England and Wales")
    table = pd.read_parquet(recorded)
    codes = {
        "robbery": ["34A", "34B"],
        "theft-from-vehicle": ["45"],
        "theft-of-vehicle": ["48", "37.2"],
    }
    for component, wanted in codes.items():
        mine = table[table["Offence Code"].isin(wanted)]
        for year, period in (("2016/17", "2016-04:2017-03"), ("2017/18", "2017-04:2018-03")):
            n = mine.loc[mine["FY"] == year, "n"].sum()
            assert float(rows["England and Wales", component, period]["home_office"]) == n
    assert "+30.0%" in rows["England and Wales", "robbery", "2017-04:2018-03"]["note"]
    assert "is the sum of 44 forces" in shown


def test_the_area_itself_or_one_named_twice_is_not_ranked_twice(recorded, tmp_path):
    rows, _ = beside(recorded, tmp_path, "Northamptonshire Police", "Surrey", "Surrey Police", "Kent")
    assert "of 3 similar areas" in rows["Northamptonshire", "robbery", "2017-04:2018-03"]["note"]
    assert {area for area, _, _ in rows} == {"Northamptonshire", "Surrey Police", "Kent"}


def test_whether_the_area_follows_the_nation_is_answered_with_its_uncertainty(recorded, tmp_path):
    rows, _ = beside(recorded, tmp_path, "England and Wales")
    note = rows["Northamptonshire", "robbery", "2017-04:2018-03"]["note"]
    # By hand: 77,253 − 941 and 59,418 − 900 are the rest; 900 × 76,312 / 58,518 = 1,173.7; 941 / 1,173.7 = 0.8018.
    assert "it would have about 1,174 now; it has 941: −19.8%" in note
    # ln 0.8018 ± 1.96 √(1/941 + 1/900 + 1/76,312 + 1/58,518).
    assert "by chance alone −26.9% to −12.1%" in note
    assert "That is better than the national trend, by more than chance" in note
    assert "Half of the 44 forces changed by" in note
    redefined = rows["Northamptonshire", "residential-burglary", "2017-04:2018-03"]["note"]
    assert "national trend" not in redefined
    assert "Do not read the change" in redefined


def test_whether_pp06_follows_the_nation_is_told_in_the_terminal_where_no_definition_changed(recorded_in):
    done = command("reconcile", "--home-office", recorded_in("2017/18", "2018/19"), "--area-name", "Northamptonshire",
                  "--current", "2018-10:2018-12", "--baseline", "2017-10:2017-12",
                  "--beside", "England and Wales")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "- sac: Northamptonshire " in done.stderr


def test_similar_areas_are_ranked_with_an_interval(recorded, tmp_path):
    rows, _ = beside(recorded, tmp_path, "Leicestershire", "London, City of", "Derbyshire")
    assert {area for area, _, _ in rows} == {
        "Northamptonshire", "Leicestershire", "London, City of", "Derbyshire"
    }  # fmt: skip
    note = rows["Northamptonshire", "robbery", "2017-04:2018-03"]["note"]
    assert "Rank 4 of 4 similar areas, 1 being the largest rise (by chance alone 3 to 4)." in note


def test_without_an_earlier_period_no_change_is_ranked(recorded_in, tmp_path):
    out = tmp_path / "one.csv"
    done = command("reconcile", "--home-office", recorded_in("2018/19"), "--area-name", "Northamptonshire",
                  "--current", "2018-10:2018-12", "--beside", "England and Wales,Kent", "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = done.stderr + out.read_text(encoding="utf-8")
    assert ("Kent" in said, "Rank" in said, "change" in done.stderr) == (True, False, False)


def test_an_area_whose_change_is_not_known_has_no_rank(recorded_in, tmp_path):
    table = pd.read_parquet(recorded_in("2017/18", "2018/19"))
    own = (table["Force"] == "Northamptonshire") & table["Offence Code"].isin(["34A", "34B"])
    table.loc[own, "n"] = float("nan")
    assert own.any()
    table.to_parquet(tmp_path / "t.parquet")
    done = command("reconcile", "--home-office", tmp_path / "t.parquet", "--area-name", "Northamptonshire",
                  "--current", "2018-10:2018-12", "--baseline", "2017-10:2017-12",
                  "--beside", "Kent,Surrey")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ("- burglary: Rank" in done.stderr, "- robbery: Rank" in done.stderr) == (True, False)


def test_a_force_that_lacks_a_quarter_is_left_out_of_the_nation_in_every_period(tmp_path):
    content = [
        [year, quarter, force, "", "Robbery of personal property", "x", "x", "34B", n]
        for force, n in (("Here", 10), ("There", 20), ("Gone", 1000))
        for year in ("2016/17", "2017/18")
        for quarter in (1, 2, 3, 4)
        if force != "Gone" or (year, quarter) != ("2017/18", 3)
    ]
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *content])
    done = command("reconcile", "--home-office", "t.csv", "--area-name", "Here",
                  "--beside", "England and Wales", "--current", "2017-04:2018-03",
                  "--baseline", "2016-04:2017-03", "--out", "o.csv", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as stream:
        nation = {
            r["period"]: r["home_office"]
            for r in csv.DictReader(stream)
            if (r["area"], r["component"]) == ("England and Wales", "robbery")
        }
    assert set(nation.values()) == {"120"}
    assert "because the table lacks one of their quarters: Gone" in done.stderr


def test_rolling_periods_that_are_not_quarters_are_refused_before_anything_is_compared(recorded):
    table = read_table(str(recorded))
    rolling = make_study(current="latest:5", baseline="before:1")
    with pytest.raises(UsageError, match="latest:5 is not whole quarters"):
        official_periods(rolling, table.of("Northamptonshire"))


def test_rolling_periods_end_with_the_newest_quarter_of_the_table(recorded_in, tmp_path):
    out = tmp_path / "o.csv"
    newest = recorded_in("2023/24", "2024/25", "2025/26")
    done = command("reconcile", "--home-office", newest, "--area-name", "Northamptonshire",
                  "--current", "latest:12", "--baseline", "before:1", "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {period for _, period in cells(out)} == {"2024-01:2024-12", "2025-01:2025-12"}


def test_rolling_periods_end_with_the_newest_quarter_that_the_crimes_reach_too(recorded_in, tmp_path):
    (tmp_path / "2018-10-northamptonshire-street.csv").write_text(
        csv_text(*(row(month=month) for month in span("2016-10:2018-10"))), encoding="utf-8"
    )
    out = tmp_path / "o.csv"
    table = recorded_in("2016/17", "2017/18", "2018/19")
    done = command("reconcile", "--home-office", table, "--area-name", "Northamptonshire", "--crimes", tmp_path,
                  "--current", "latest:12", "--baseline", "before:1", "--out", out)  # fmt: skip
    assert done.returncode == 0, done.stderr
    now = "2017-10:2018-09"
    assert {period for _, period in cells(out)} == {"2016-10:2017-09", now}
    assert cells(out)["burglary", now]["police_uk"] == "12"
