"""What "expected" follows: a file's counts, the force, and the comparator's own change as each area meets it."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from builders import ASH, BIRCH, compare_rows
from conftest import csv_text, row, write_squares

from sacmap import tables
from sacmap.errors import InputError
from sacmap.files.text import rows_of
from sacmap.forces import NO_FORCE
from sacmap.measure.comparator import (
    COLUMNS,
    Comparator,
    changes_followed,
    doubt_pct,
    file_comparator,
    force_comparator,
    percent_change,
)
from sacmap.measure.comparator_notices import unlike_comparator
from sacmap.pipeline import run, write_comparator
from sacmap.study import make_study

PERIODS = (("2016-07", "2016-08"), ("2017-07", "2017-08"), ("2018-07", "2018-08"))


def csv_of(months, *, n=100, kinds=tables.SAC_TYPES, header="month,crime_type,n"):
    return "\n".join([header, *(f"{month},{kind},{n}" for month in months for kind in kinds)]) + "\n"


AUGUSTS = tuple(period[1:] for period in PERIODS)
EVERY = [month for period in PERIODS for month in period]


def followed(text, periods):
    return file_comparator(
        list(rows_of(text, "The comparator c.csv", COLUMNS, beside=True)), "c.csv", periods
    )


def test_a_file_s_counts_are_summed_over_the_months_compared():
    against = followed("\ufeff" + csv_of(EVERY), PERIODS)
    assert against.pair("burglary") == (400, 200)
    assert against.pair("sac") == (1_200, 600)
    assert followed(csv_of(EVERY), AUGUSTS).pair("sac") == (600, 300)


def test_a_month_may_be_written_as_a_day_as_workbooks_do():
    text = csv_of([f"{month}-01" for month in EVERY])
    assert followed(text, PERIODS).pair("burglary") == (400, 200)


@pytest.mark.parametrize(("n", "read"), [("100.0", 100), ('"1,000"', 1_000)])
def test_counts_and_crime_types_are_read_as_programs_and_police_uk_write_them(n, read):
    text = csv_of(EVERY, n=n, kinds=("Burglary", "Robbery", "Vehicle crime"))
    against = followed(text, PERIODS)
    assert against.pair("vehicle-crime") == (4 * read, 2 * read)


def test_each_month_may_have_a_row_of_each_of_several_forces():
    text = csv_of(EVERY) + csv_of(EVERY, n=50).partition("\n")[2]
    assert followed(text, PERIODS).pair("burglary") == (600, 300)


@pytest.mark.parametrize(
    ("forces", "said"),
    [
        ({"Kent": 100, "Kent again": 100}, "has every row twice"),
        ({"Kent": 100, "Essex": 50, "": 150}, "rows of all areas together beside those they are"),
        ({"Kent": 100, "Essex": 50, "England and Wales": 9_000}, "rows of England and Wales beside"),
        ({"Kent": 100, "All forces": 101}, "rows of All forces beside"),
    ],
)
def test_rows_that_count_crimes_again_are_refused_and_not_summed(forces, said):
    lines = [
        f"{force},{m},{kind},{n}" for force, n in forces.items() for m in EVERY for kind in tables.SAC_TYPES
    ]
    with pytest.raises(InputError, match=said):
        followed("\n".join(["Force,month,crime_type,n", *lines]), PERIODS)


def test_a_column_of_countries_does_not_make_england_s_forces_the_sum_of_wales_s():
    lines = [
        f"{land},{m},{kind},{n}"
        for land, n in (("England", 9), ("Wales", 4))
        for m in EVERY
        for kind in tables.SAC_TYPES
    ]
    text = "\n".join(["Country,month,crime_type,n", *lines])
    assert followed(text, PERIODS).pair("burglary") == (52, 26)


def test_a_file_of_the_nation_alone_may_say_so_in_every_row():
    lines = [f"England and Wales,{month},{kind},9" for month in EVERY for kind in tables.SAC_TYPES]
    text = "\n".join(["Force,month,crime_type,n", *lines])
    assert followed(text, PERIODS).pair("burglary") == (36, 18)


def test_a_month_left_out_need_not_be_in_the_file():
    without = [month for month in EVERY if month[5:] == "08"]
    assert followed(csv_of(without), AUGUSTS).pair("robbery") == (200, 100)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column 'month'"),
        ("month,n\n", "no column 'crime_type'"),
        ("month,crime_type,n\n", "no burglary for 2016-07"),
        (csv_of(EVERY[:-1]), "no burglary for 2018-08"),
        (csv_of(EVERY, kinds=("burglary", "robbery")), "no vehicle-crime for 2016-07"),
        (csv_of(EVERY, n="1,000"), "c.csv, line 2"),
        (csv_of(EVERY, n='"1,00"'), "c.csv, line 2"),
        (csv_of(EVERY, n="²"), "c.csv, line 2"),
        (csv_of(EVERY, n="9" * 400), "c.csv, line 2"),
        (csv_of(EVERY, n="-1"), "c.csv, line 2"),
        (csv_of(["Jul-16"]), "c.csv, line 2"),
        (csv_of(EVERY, kinds=("Drugs",)), "c.csv, line 2"),
        (csv_of(EVERY, n="0"), "Every count of the comparator c.csv is 0"),
        (csv_of([*EVERY, "2018-07"]), "2 rows of burglary for 2018-07 and 1 for 2016-07"),
    ],
)
def test_a_file_that_will_not_do_says_why(text, words):
    with pytest.raises(InputError, match=words):
        followed(text, PERIODS)


def test_the_rest_of_the_force_is_its_rows_less_the_areas_located_or_not(tmp_path):
    nowhere, outside = {"lon": "", "lat": ""}, {"lon": "0.5", "lat": "52.5"}
    rows = []
    for month, n in (("2017-01", 40), ("2018-01", 30)):
        rows += [row(month, **ASH)] * 50 + [row(month, **outside)] * n + [row(month, **nowhere)] * 10
        rows += [row(month, force="British Transport Police", **outside)] * 3
        rows += [row(month, force="British Transport Police", **BIRCH)] * 2
    result = compare_rows(tmp_path, rows, "2018-01", "2017-01", comparator="force")
    assert result.comparator_changes["burglary"] == {
        "name": "force",
        "baseline": 50.0,
        "current": 40.0,
        "change_pct": -20.0,
    }
    assert result.totals["burglary"]["published_change_pct"] == -10
    assert result.totals["burglary"]["change_pct"] == 0
    assert result.comparator.words == "the rest of Northamptonshire"


@pytest.mark.parametrize(
    ("forces", "words"),
    [
        (["Avon and Somerset Constabulary"], "the rest of Avon and Somerset"),
        (["City of London Police"], "the rest of the City of London"),
        (["Metropolitan Police Service"], "the rest of the Metropolitan Police area"),
        (["West Midlands Police"], "the rest of the West Midlands"),
        (["Police Service of Northern Ireland"], "the rest of Northern Ireland"),
        (["Guardia"], "the rest of Guardia"),
        (["Police"], "the rest of Police"),
        ([NO_FORCE], "the rest of the force"),
        (["Kent Police", "Essex Police"], "the rest of the forces' areas"),
    ],
)
def test_what_is_left_of_a_force_is_called_by_its_area_so_that_no_police_rise_or_fall(forces, words):
    assert force_comparator(np.zeros((2, 4)), forces).words == words


@pytest.mark.parametrize(
    ("follows", "end"),
    [("areas", "by about 11%."), ("force", "by about 11%, but not the expected ones, which follow")],
)
def test_a_drift_of_crimes_without_a_location_is_told_with_what_it_does_to_the_map(tmp_path, follows, end):
    rows = []
    for month, n in (("2017-01", 10), ("2018-01", 0)):
        rows += [row(month, **ASH), row(month, **BIRCH)] * 45 + [row(month, lon="", lat="")] * n
        rows += [row(month, lon="0.5", lat="52.5")] * 20 if follows == "force" else []
    rows += [row("2017-01", lon="", lat="")] * (2 if follows == "force" else 0)
    told = {notice.code: notice.text for notice in compare_rows(
        tmp_path, rows, "2018-01", "2017-01", comparator=follows).warnings}  # fmt: skip
    assert "That alone raises the counts on the map " in told["no-location-drift"]
    assert end in told["no-location-drift"]


KINDS = ("Burglary", "Robbery", "Vehicle crime")
OUTSIDE = {"lon": "0.5", "lat": "52.5"}


def then_and_now(now):
    """Rows of all types in an area and outside it in January 2017, and of `now`, (type, place), in January 2018."""
    then = [(kind, at) for kind in KINDS for at in (ASH, OUTSIDE)]
    both = (("2017-01", then), ("2018-01", now))
    return [row(month, kind, **at) for month, rows in both for kind, at in rows for _ in range(12)]


def test_a_type_that_is_missing_now_is_told_whatever_is_compared_with(tmp_path):
    now = [(kind, at) for kind in ("Burglary", "Vehicle crime") for at in (ASH, OUTSIDE)]
    result = compare_rows(tmp_path, then_and_now(now), "2018-01", "2017-01", comparator="force")
    assert result.warnings[0].code == "absent-types"
    expected = result.change.set_index("crime_type")["expected"]
    assert expected["burglary"].notna().all()
    assert expected[["sac", "robbery"]].isna().all()


def test_a_rest_without_a_crime_now_is_refused_by_the_name_of_the_type(tmp_path):
    now = [("Burglary", OUTSIDE), *((kind, ASH) for kind in KINDS)]
    with pytest.raises(InputError, match=r"The rest of Northamptonshire: no robbery now, and 12 a period"):
        compare_rows(tmp_path, then_and_now(now), "2018-01", "2017-01", comparator="force")


def test_a_file_that_never_has_a_type_of_which_the_areas_have_many_is_refused(tmp_path):
    def compared(count):
        rows = [
            row(m, kind, **ASH) for m in ("2017-01", "2018-01") for kind in ("Robbery", "Burglary")
        ] * count
        path = tmp_path / "nation.csv"
        path.write_text("month,crime_type,n\n" + "".join(
            f"{m},{kind},{0 if kind == 'robbery' else 500}\n"
            for m in ("2017-01", "2018-01") for kind in ("burglary", "robbery", "vehicle-crime")
        ))  # fmt: skip
        (tmp_path / "a.csv").write_text(
            csv_text(*rows, *[row(m, "Vehicle crime", **ASH) for m in ("2017-01", "2018-01")])
        )
        write_squares(tmp_path / "wards.geojson", {"area_id": "A"}, {"area_id": "B"})
        return run(make_study(
            current="2018-01", baseline="2017-01", boundaries=tmp_path / "wards.geojson",
            crimes=tmp_path / "a.csv", comparator=path,
        ))  # fmt: skip

    assert compared(9).comparator.pair("robbery") == (0, 0)
    with pytest.raises(
        InputError, match="no robbery in any month compared, where the areas have 12 a period"
    ):
        compared(12)


def test_with_no_comparator_nothing_is_followed(tmp_path):
    rows = [row("2017-01", **ASH)] * 40 + [row("2018-01", **ASH)] * 20 + [row("2018-01", **BIRCH)] * 20
    result = compare_rows(tmp_path, rows, "2018-01", "2017-01", comparator="none")
    assert result.comparator_changes["sac"] == {
        "name": "none",
        "baseline": None,
        "current": None,
        "change_pct": None,
    }


def test_each_area_hears_of_the_change_of_the_others_not_of_its_own():
    rows = pd.DataFrame({"baseline_mean": [100.0, 50.0, np.nan], "current_count": [50.0, 55.0, np.nan]})
    record = {"name": "areas", "baseline": 150.0, "current": 105.0, "change_pct": -30.0}
    assert changes_followed(rows, record)[:2] == [pytest.approx(10), -50]
    assert changes_followed(rows, {"name": "force", "change_pct": -9.0}) == [-9.0] * 3
    # The same where the others' rows are left out of a public version; one area alone has no others.
    assert changes_followed(rows.iloc[:1], record) == [pytest.approx(10)]
    assert changes_followed(rows.iloc[:1], {"name": "areas", "baseline": 100.0, "current": 50.0}) == [None]


def test_a_change_from_nothing_has_no_percentage():
    assert percent_change(0, 5) is None
    assert percent_change(4, float("nan")) is None
    assert percent_change(4, 5) == 25


def test_a_small_comparator_is_told_with_how_far_it_may_be_off(tmp_path):
    assert doubt_pct(force_comparator(np.full((4, 4), 10_000), ["X"]), np.zeros((1, 4, 4))) < 3
    rows = [row(month, **ASH) for month in ("2017-01", "2018-01") for _ in range(40)]
    rows += [row(month, lon="0.5", lat="52.5") for month in ("2017-01", "2018-01") for _ in range(50)]
    result = compare_rows(tmp_path, rows, "2018-01", "2017-01", comparator="force")
    told = {notice.code: notice.text for notice in result.warnings}
    # 196 √(1/50 + 1/50)
    assert "give or take 39%" in told["weak-comparator"]


def test_the_rest_of_few_areas_is_as_doubtful_as_its_smallest():
    counts = np.zeros((3, 2, 4))
    counts[:, :, 0] = [[100, 80], [40, 30], [60, 70]]
    # The first area's rest: 40 + 60 before, 30 + 70 now.
    areas = Comparator("areas", "the rest of the areas", {})
    assert doubt_pct(areas, counts) == pytest.approx(196 * np.sqrt(1 / 100 + 1 / 100))
    assert doubt_pct(Comparator("none", "the baseline", {}), counts) == 0


def test_one_area_alone_follows_nothing_and_is_told_so(tmp_path):
    rows = [row("2017-01", **ASH)] * 40 + [row("2018-01", **ASH)] * 60
    result = compare_rows(tmp_path, rows, "2018-01", "2017-01")
    assert result.comparator.words == "the baseline"
    told = {notice.code: notice.text for notice in result.warnings}
    assert "Only one area has crimes" in told["weak-comparator"]
    expected = result.change.set_index(["area_id", "crime_type"]).loc[("A", "burglary"), "expected"]
    assert expected == pytest.approx(40, abs=0.5)


# A comparator of all forces

THIN_IN_MAY = {f"2023-0{month}": 2 if month == 5 else 30 for month in range(1, 10)}


def all_forces(tmp_path):
    for month in ("2023-01", "2023-02", "2024-01", "2024-02"):
        for force, n in (("Kent Police", 30), ("Sussex Police", 20), ("Dyfed-Powys Police", 10)):
            if (month, force) == ("2024-02", "Dyfed-Powys Police"):
                continue
            ids = [f"{len(force):032x}{k:032x}" for k in range(n)]
            rows = [row(month, "Burglary", crime_id=one, force=force) for one in ids]
            rows += [row(month, "Robbery", crime_id=one, force=force) for one in ids[:2]]
            folder = tmp_path / "crimes" / month
            folder.mkdir(parents=True, exist_ok=True)
            name = force.removesuffix(" Police").lower()
            (folder / f"{month}-{name}-street.csv").write_text(csv_text(*rows, rows[0]))


def test_all_forces_are_summed_to_a_file_that_the_option_takes(tmp_path):
    all_forces(tmp_path)
    told = write_comparator([str(tmp_path / "crimes")], tmp_path / "nation.csv")
    text = (tmp_path / "nation.csv").read_text(encoding="utf-8")
    assert text.splitlines()[:4] == [
        "month,crime_type,n", "2023-01,burglary,50", "2023-01,robbery,4", "2023-01,vehicle-crime,0"
    ]  # fmt: skip
    # A force with a month missing would read as a fall.
    assert told[0].startswith("2 forces together, January 2023 to February 2024")
    assert "Dyfed-Powys Police" in told[1]
    assert "no row of vehicle crime: missing, not zero" in told[2]
    found = followed(text, (("2023-01", "2023-02"), ("2024-01", "2024-02")))
    assert found.pair("burglary") == (100, 100)


def test_the_study_s_own_force_can_be_left_out_of_its_comparator(tmp_path):
    all_forces(tmp_path)
    told = write_comparator([str(tmp_path / "crimes")], tmp_path / "nation.csv", without=["kent"])
    assert told[0] == "Sussex Police, January 2023 to February 2024."
    assert "partly with themselves" not in " ".join(told)
    assert "2023-01,burglary,20" in (tmp_path / "nation.csv").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="None of the crimes was reported by surrey"):
        write_comparator([str(tmp_path / "crimes")], tmp_path / "nation.csv", without=["surrey"])


def test_a_comparator_of_one_force_alone_says_that_its_own_areas_would_be_compared_with_themselves(tmp_path):
    (tmp_path / "crimes.csv").write_text(csv_text(*[row("2023-01", force="Kent Police")] * 30))
    told = write_comparator([str(tmp_path / "crimes.csv")], tmp_path / "kent.csv")
    assert "compared partly with themselves" in told[-1]
    assert "--without kent" in told[-1]


def test_crimes_for_a_comparator_that_are_not_there_name_no_option_it_lacks(tmp_path):
    for name in ("none.zip", "none-*.csv"):
        with pytest.raises(InputError) as told:
            write_comparator([str(tmp_path / name)], tmp_path / "nation.csv")
        assert told.value.remedy == "Check its path."


def test_a_month_that_a_comparator_file_lacks_is_told(tmp_path):
    (tmp_path / "crimes.csv").write_text(
        csv_text(*[row(month, force="Kent Police") for month, n in THIN_IN_MAY.items() for _ in range(n)])
    )
    told = write_comparator([str(tmp_path / "crimes.csv")], tmp_path / "kent.csv")
    assert "Months left out, which are missing or thin of most forces: May 2023." in told
    assert "2023-05" not in (tmp_path / "kent.csv").read_text(encoding="utf-8")


def test_a_comparator_of_forces_that_all_have_gaps_is_refused(tmp_path):
    for month, forces in {
        "2023-01": ("kent", "sussex"),
        "2023-02": ("kent",),
        "2023-03": ("sussex",),
    }.items():
        for force in forces:
            path = tmp_path / "crimes" / month / f"{month}-{force}-street.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(csv_text(*[row(month, force=f"{force.title()} Police")] * 30))
    with pytest.raises(InputError, match="No force has every month"):
        write_comparator([str(tmp_path / "crimes")], tmp_path / "nation.csv")
    assert not (tmp_path / "nation.csv").exists()


@pytest.mark.parametrize("kind", ["folder", "zip", "csv"])
def test_crimes_in_place_of_a_comparator_are_told_with_the_command_that_adds_them_up(tmp_path, kind):
    write_squares(tmp_path / "wards.geojson", {"area_id": "A"}, {"area_id": "B"})
    street = tmp_path / "all.forces" / "2018-01-kent-street.csv"
    street.parent.mkdir()
    street.write_text(csv_text(row("2018-01")))
    with zipfile.ZipFile(tmp_path / "crimes.zip", "w") as packed:
        packed.write(street, "2018-01/2018-01-kent-street.csv")
    given = {"folder": street.parent, "zip": tmp_path / "crimes.zip", "csv": street}[kind]
    study = make_study(
        current="2018-01",
        baseline="2017-01",
        boundaries=tmp_path / "wards.geojson",
        crimes=street,
        comparator=given,
    )
    with pytest.raises(InputError, match=r"is no table of month,crime_type,n\.") as caught:
        run(study)
    assert f"sacmap comparator {given} --out nation.csv" in str(caught.value)


def test_a_comparator_s_file_is_told_before_the_crimes_are_read_and_its_rows_are_recorded(tmp_path):
    write_squares(tmp_path / "wards.geojson", {"area_id": "A"}, {"area_id": "B"})
    (tmp_path / "a.csv").write_text(csv_text(*[row("2017-01", **ASH), row("2018-01", **ASH)] * 20))
    options = {"current": "2018-01", "baseline": "2017-01", "boundaries": tmp_path / "wards.geojson"}
    follows = tmp_path / "nation.csv"
    follows.write_text("The nation\n\n" + csv_of(["2017-01", "2018-01"]))
    result = run(make_study(options, crimes=tmp_path / "a.csv", comparator=follows))
    assert [one["rows"] for one in result.inputs] == [40, 2, 6]
    assert result.comparator.pair("sac") == (300, 300)
    follows.write_text(csv_of(["2017-01"], header="month,crime_type,rate"))
    with pytest.raises(InputError, match="has no column 'n'"):
        run(make_study(options, crimes=tmp_path / "none.csv", comparator=follows))


def told_of(folder, outside, inside=(100, 93)):
    """The warnings where the crimes outside the areas, and those in one of them, change from one count to another."""
    rows = []
    for month, out, n in zip(("2017-01", "2018-01"), outside, inside, strict=True):
        rows += [row(month, **ASH)] * n + [row(month, **OUTSIDE)] * out
        # As many rows in either month: none is taken for a part of one.
        rows += [row(month, "Drugs", **OUTSIDE)] * (1_000 - n - out)
    result = compare_rows(folder, rows, "2018-01", "2017-01", comparator="force")
    return {notice.code: notice.text for notice in result.warnings}


@pytest.mark.parametrize(
    ("outside", "said"), [((500, 200), "40 in the rest of Northamptonshire"), ((100, 260), "260 in the rest")]
)
def test_what_the_areas_follow_is_told_where_it_changed_unlike_them(tmp_path, outside, said):
    told = told_of(tmp_path, outside)
    assert "unfit-comparator" not in told
    assert said in told["unlike-comparator"]
    assert "and 93 in the areas." in told["unlike-comparator"]
    assert f"look like a {'rise' if outside[1] < outside[0] else 'fall'}" in told["unlike-comparator"]


@pytest.mark.parametrize("outside", [(500, 100), (100, 400)])
def test_what_changed_by_far_more_than_places_ever_differ_is_no_guide(tmp_path, outside):
    told = told_of(tmp_path, outside)
    assert "unlike-comparator" not in told
    assert "That is no good guide to what to expect: do not rely on the verdicts." in told["unfit-comparator"]


@pytest.mark.parametrize(("outside", "inside"), [((500, 260), (100, 93)), ((20, 8), (20, 20))])
def test_a_change_that_differs_little_or_perhaps_by_chance_is_not_called_unlike(tmp_path, outside, inside):
    assert not {"unlike-comparator", "unfit-comparator"} & set(told_of(tmp_path, outside, inside))


def test_a_district_that_follows_the_areas_outside_is_not_told_to_follow_the_rest_of_its_areas():
    sums = {kind: np.array([1_000.0, 300.0]) for kind in tables.CRIME_TYPES}
    mapped = {"sac": np.array([300, 300])}
    for kind, instead in (
        ("rest", "each area's own baseline (--comparator none)."),
        ("file", "the rest of the areas"),
    ):
        (told,) = unlike_comparator(Comparator(kind, "the areas outside", sums), mapped)
        assert f"or compare with {instead}" in told.text
