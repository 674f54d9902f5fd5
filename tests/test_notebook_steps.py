"""The steps as an analyst calls them in a notebook: tables in, tables out, and an error that names what is wrong."""

import re

import numpy as np
import pandas as pd
import pytest
from shapely import transform

import sacmap
from sacmap import tables

PERIODS = {"current": "2025-04:2026-03", "baseline": "2022-04:2025-03"}


@pytest.fixture(scope="module")
def areas(practice):
    return sacmap.read_areas(practice.boundaries)


@pytest.fixture(scope="module")
def crimes(practice):
    return sacmap.read_crimes(practice.crimes)


@pytest.fixture(scope="module")
def located(crimes, areas):
    return sacmap.locate(crimes, areas)


@pytest.fixture(scope="module")
def counts(located):
    return sacmap.count(located, sacmap.Study(**PERIODS))


@pytest.mark.slow
def test_the_steps_one_by_one_give_the_change_that_the_whole_gives(practice, areas, counts):
    study = sacmap.Study(**PERIODS)
    whole = sacmap.run(sacmap.Study(**PERIODS, crimes=practice.crimes, boundaries=practice.boundaries)).change
    step = sacmap.change(counts, study, areas)
    assert list(step.columns) == list(whole.columns)
    shared = [
        name
        for name in tables.CHANGE.names
        if name not in {"edge_share", "hardening_rank", "week_rank", "top5_share"}
    ]
    pd.testing.assert_frame_equal(step[shared], whole[shared], check_dtype=False)


def test_a_month_missing_in_the_counts_is_left_out_of_every_period_and_said(areas, counts):
    study = sacmap.Study(**PERIODS)
    gap = counts.copy()
    gap.loc[gap["month"] == "2024-07", "n"] = pd.NA
    rows_gone = counts[counts["month"] != "2024-07"]
    july = counts["month"].str.endswith("-07")
    zero = counts.copy()
    zero.loc[july, "n"] = 0
    for lacking in (gap, rows_gone):
        with pytest.warns(UserWarning, match=r"July 2024: no counts. 11 of 12 months are compared"):
            found = sacmap.change(lacking, study, areas)
        assert set(found["months_compared"]) == {11}
        assert found["expected"].notna().all()
        # As though July had never been counted in any year.
        without = sacmap.change(zero, study, areas)
        assert found["current_count"].tolist() == without["current_count"].tolist()
        assert found["baseline_count"].tolist() == without["baseline_count"].tolist()


def test_an_area_that_lacks_a_count_is_not_known_and_said(areas, counts):
    holed = counts.copy()
    holed.loc[(holed["month"] == "2024-07") & (holed["area_id"] == areas["area_id"][3]), "n"] = pd.NA
    with pytest.warns(UserWarning, match=f"1 of {len(areas)} areas lack a count"):
        found = sacmap.change(holed, sacmap.Study(**PERIODS), areas)
    unknown = found.loc[found["verdict"] == "not known", "area_id"]
    assert set(unknown) == {areas["area_id"][3]}


def test_counts_of_one_crime_type_leave_the_others_not_known(areas, counts):
    burglary = counts[counts["crime_type"] == "burglary"]
    found = sacmap.change(burglary, sacmap.Study(**PERIODS), areas)
    known = found.loc[found["verdict"] != "not known", "crime_type"]
    assert set(known) == {"burglary"}


def test_counts_that_cannot_be_compared_are_refused(areas, counts):
    study = sacmap.Study(**PERIODS)
    with pytest.raises(sacmap.InputError, match="twice"):
        sacmap.change(pd.concat([counts, counts]), study, areas)
    with pytest.raises(sacmap.InputError, match=re.escape(str(areas["area_id"][0]))):
        sacmap.change(counts, study, areas.iloc[1:])
    with pytest.raises(sacmap.InputError, match="No month has counts in every period"):
        sacmap.change(counts[counts["month"] >= "2025-04"], study, areas)
    with pytest.raises(sacmap.UsageError, match="comparator force"):
        sacmap.change(counts, sacmap.Study(**PERIODS, comparator="force"), areas)


def test_a_comparator_of_ones_own_is_followed(areas, counts):
    study = sacmap.Study(**PERIODS, comparator="force")
    halved = sacmap.change(counts, study, areas, (30_000.0, 5_000.0))
    steady = sacmap.change(counts, study, areas, dict.fromkeys(tables.CRIME_TYPES, (30_000.0, 10_000.0)))
    assert (halved["expected"] < steady["expected"]).all()


@pytest.mark.parametrize(
    ("step", "table", "column"),
    [
        ("locate", "crimes", "lon"),
        ("locate", "areas", "area_id"),
        ("count", "located", "area_id"),
        ("count", "located", "crime_id"),
        ("change", "counts", "n"),
        ("change", "areas", "name"),
        ("draw", "change", "crime_type"),
        ("draw", "areas", "name"),
    ],
)
def test_a_table_that_lacks_a_column_is_an_error_that_names_it(step, table, column, request):
    study = sacmap.Study(**PERIODS)
    given = {name: request.getfixturevalue(name) for name in ("crimes", "areas", "located", "counts")}
    given["change"] = sacmap.change(given["counts"], study, given["areas"])
    given[table] = given[table].drop(columns=column)
    calls = {
        "locate": lambda: sacmap.locate(given["crimes"], given["areas"]),
        "count": lambda: sacmap.count(given["located"], study),
        "change": lambda: sacmap.change(given["counts"], study, given["areas"]),
        "draw": lambda: sacmap.draw(given["change"], given["areas"]),
    }
    with pytest.raises(sacmap.InputError, match=f"The {table.capitalize()} table has no column {column}"):
        calls[step]()


@pytest.mark.slow
def test_a_file_of_no_known_kind_is_refused_before_anything_is_written(practice_result, tmp_path):
    with pytest.raises(sacmap.UsageError, match="--also cannot be 'docx'"):
        sacmap.save(practice_result, tmp_path / "page.html", also=["xlsx", "docx"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_save_takes_the_kinds_of_file_as_a_study_does(practice_result, tmp_path):
    written = sacmap.save(practice_result, tmp_path / "page.html", also="xlsx, gpkg")
    assert [path.suffix for path in written][3:5] == [".xlsx", ".gpkg"]


@pytest.mark.slow
def test_save_writes_a_page_that_opens_where_its_name_has_no_ending(practice_result, tmp_path):
    written = sacmap.save(practice_result, tmp_path / "page")
    assert [path.name for path in written][:3] == ["page.html", "page.csv", "page.json"]


def test_draw_takes_a_result_and_gives_the_page_that_is_saved(practice_result, tmp_path):
    sacmap.save(practice_result, tmp_path / "page.html")
    assert sacmap.draw(practice_result).get_root().render() == (tmp_path / "page.html").read_text(
        encoding="utf-8"
    )


def test_a_result_says_in_a_line_what_was_compared(practice_result):
    assert re.fullmatch(
        r"<Result of Practice borough \(made-up data\): 40 areas, April 2025 to March 2026 compared with the "
        r"mean of 3 such periods, April 2022 to March 2025; [\d,]+ crimes counted; \d+ warnings?>",
        repr(practice_result),
    )


def test_a_step_takes_tables_in_any_order_and_with_any_index_and_changes_none(crimes, areas, located, counts):
    study = sacmap.Study(**PERIODS)
    found = sacmap.change(counts, study, areas)
    page = sacmap.draw(found, areas).get_root().render()
    some = crimes[:3000]
    for given in (
        areas[::-1].set_index("area_id", drop=False),
        areas.rename_geometry("geom").drop(columns="mend").astype({"area_id": "category"}),
    ):
        before = given.copy()
        assert sacmap.locate(some, given)["area_id"].tolist() == located["area_id"][:3000].tolist()
        pd.testing.assert_frame_equal(sacmap.change(counts, study, given), found)
        assert sacmap.draw(found[::-1], given).get_root().render() == page
        pd.testing.assert_frame_equal(pd.DataFrame(given), pd.DataFrame(before))
    numbered = areas.assign(area_id=range(len(areas)))
    change = sacmap.change(
        counts.assign(area_id=counts["area_id"].map(areas["area_id"].tolist().index)), study, numbered
    )
    assert areas["name"].iloc[-1] in sacmap.draw(change, numbered).get_root().render()


def test_an_area_without_a_shape_or_a_name_is_not_known_or_has_its_identifier(crimes, areas, counts):
    bare = areas.assign(name=None)
    bare.loc[2, "geometry"] = None
    assert areas["area_id"][2] not in set(sacmap.locate(crimes, bare)["area_id"])
    found = sacmap.change(counts, sacmap.Study(**PERIODS), bare).set_index("area_id")
    assert set(found.loc[areas["area_id"][2], "verdict"]) == {"not known"}
    assert found["area_name"].tolist() == found.index.tolist()
    assert areas["area_id"][2] in sacmap.draw(found.reset_index(), bare).get_root().render()


@pytest.mark.parametrize(
    ("said", "spoil"),
    [
        ("P001 twice", lambda areas: pd.concat([areas, areas[:1]])),
        ("area without area_id", lambda areas: areas.assign(area_id=[None, *areas["area_id"][1:]])),
        ("no areas", lambda areas: areas[:0]),
        ("no shapes", lambda areas: areas.set_geometry([None] * len(areas), crs=4326)),
        ("point or line for P001", lambda areas: areas.set_geometry(areas.representative_point())),
        ("not in degrees", lambda areas: areas.to_crs(27700).set_crs(None, allow_override=True)),
        ("not in degrees", lambda areas: areas.to_crs(27700).set_crs(4326, allow_override=True)),
        (
            "swapped",
            lambda areas: areas.set_geometry(
                areas.geometry.map(lambda shape: transform(shape, lambda at: at[:, ::-1]))
            ),
        ),
        ("no GeoDataFrame", pd.DataFrame),
    ],
)
def test_areas_in_which_no_crime_would_lie_are_refused(said, spoil, crimes, areas, counts):
    change = sacmap.change(counts, sacmap.Study(**PERIODS), areas)
    with pytest.raises(sacmap.InputError, match=said):
        sacmap.locate(crimes, spoil(areas))
    with pytest.raises(sacmap.InputError, match=said):
        sacmap.draw(change, spoil(areas))


def test_numbers_that_are_text_are_refused_with_what_makes_them_numbers(crimes, areas, counts):
    blank = crimes[:5].assign(lon="")
    with pytest.raises(
        sacmap.InputError, match=r'Crimes table has values in lon.*\n.*to_numeric\(table\["lon"\]'
    ):
        sacmap.locate(blank, areas)
    with pytest.raises(sacmap.InputError, match="Areas table has values in households"):
        sacmap.change(counts, sacmap.Study(**PERIODS), areas.assign(households="about 900"))


def test_months_of_another_type_equal_none_of_the_study_and_are_refused(located):
    some = located[:50]
    months = some["month"].astype(str)
    for column in (pd.PeriodIndex(months, freq="M"), pd.to_datetime(months)):
        with pytest.raises(sacmap.InputError, match=r"month, of the type (Period|Timestamp)"):
            sacmap.count(some.assign(month=column), sacmap.Study(**PERIODS))


def test_periods_that_only_the_crimes_tell_are_refused_where_no_step_can_know_them(located, areas, counts):
    study = sacmap.Study(current="latest:12", baseline="before:3")
    with pytest.raises(sacmap.UsageError, match="periods are not known yet"):
        sacmap.count(located, study)
    with pytest.raises(sacmap.UsageError, match="periods are not known yet"):
        sacmap.change(counts, study, areas)


def test_crimes_of_ones_own_need_no_force_and_no_text_for_an_id(located, counts):
    study = sacmap.Study(**PERIODS)
    pd.testing.assert_frame_equal(sacmap.count(located.assign(force=None), study), counts)
    # Without ids no row repeats another.
    every = located["area_id"].notna() & located["month"].isin(study.months)
    every &= located["crime_type"].isin(tables.SAC_TYPES)
    for ids in (np.nan, None, np.arange(len(located))):
        n = sacmap.count(located.assign(crime_id=ids), study)
        assert n.loc[n["crime_type"] == "sac", "n"].sum() == every.sum()
    twice = pd.concat([located, located]).assign(crime_id=np.tile(np.arange(len(located)), 2))
    assert sacmap.count(twice, study)["n"].sum() == n["n"].sum()


def test_the_months_of_a_named_force_are_those_that_count(located):
    other = located[located["area_id"].astype(str).between("P001", "P008")].assign(force="Other Police")
    some = pd.concat([located, other[other["month"] != "2024-07"]])
    for force, left_out in ((None, set()), ("other", {"2024-07"})):
        n = sacmap.count(some, sacmap.Study(**PERIODS, force=force))
        assert set(n.loc[n["n"].isna() & (n["area_id"] == "P040"), "month"]) == left_out
    with pytest.raises(
        sacmap.InputError, match=r"None of the crimes was reported by kent[^\0]*; choose one with --force"
    ):
        sacmap.count(located, sacmap.Study(**PERIODS, force="kent"))


def test_a_comparator_is_any_pair_and_one_for_each_crime_type(areas, counts):
    study = sacmap.Study(**PERIODS)
    found = sacmap.compare([[40, 44], [12, 9]], [81, 8], (9000, 3100))
    for pair in (np.array([9000, 3100]), pd.Series([9000, 3100], index=["before", "now"])):
        pd.testing.assert_frame_equal(sacmap.compare([[40, 44], [12, 9]], [81, 8], pair), found)
    with pytest.raises(sacmap.UsageError, match="none for sac, robbery, vehicle-crime"):
        sacmap.change(counts, study, areas, {"burglary": (9000.0, 3100.0)})


def test_a_change_table_with_nothing_to_draw_is_refused(areas, counts):
    change = sacmap.change(counts, sacmap.Study(**PERIODS), areas)
    with pytest.raises(sacmap.InputError, match="P001, sac, twice"):
        sacmap.draw(pd.concat([change, change]), areas)
    other = change.assign(area_id="X" + change["area_id"])
    with pytest.raises(sacmap.InputError, match="its first row is of XP001, sac"):
        sacmap.draw(other, areas)
    # 100 × change / 0 is no number that could be drawn.
    sacmap.draw(change.assign(change_pct=np.inf), areas, title=2026).get_root().render()


def test_equal_studies_are_one_key_of_a_cache():
    assert len({sacmap.Study(**PERIODS), sacmap.Study(**PERIODS), sacmap.Study(**PERIODS, title="Here")}) == 2


def test_a_study_says_what_python_calls_an_option_and_that_a_table_is_no_path(crimes, areas):
    with pytest.raises(sacmap.UsageError, match=r"Did you mean group_column\?"):
        sacmap.Study(**PERIODS, grup_column="LAD24NM")
    for name, table in (("crimes", crimes), ("boundaries", areas)):
        with pytest.raises(sacmap.UsageError, match=f"The {name} must be a path, not a table"):
            sacmap.Study(**PERIODS, **{name: table})


@pytest.mark.parametrize("given", [None, 3, [3], b"crimes.zip"])
def test_what_is_no_path_is_refused_with_what_to_give(given):
    for read in (sacmap.read_areas, sacmap.read_crimes):
        with pytest.raises(sacmap.UsageError, match="Give the path of a file, in quotes"):
            read(given)


def test_draw_says_what_goes_together(practice_result):
    with pytest.raises(sacmap.UsageError, match=r"draw\(change, areas\)"):
        sacmap.draw(practice_result.change)
    with pytest.raises(sacmap.UsageError, match=r"draw\(result\)"):
        sacmap.draw(practice_result, practice_result.areas)


@pytest.mark.slow
@pytest.mark.parametrize(
    "gone",
    [
        ["baseline_mean", "change"],
        ["expected", "normal_low", "normal_high"],
        ["level", "level_per_1000_households"],
        ["excess"],
        [
            name
            for name in tables.CHANGE.names
            if name not in (*tables.CHANGE.key, "current_count", "verdict")
        ],
    ],
)
def test_a_change_table_without_some_of_its_columns_is_drawn(gone, areas, counts, tmp_path):
    change = sacmap.change(counts, sacmap.Study(**PERIODS), areas).drop(columns=gone)
    sacmap.draw(change, areas).save(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert areas["name"][0] in html
    assert (
        "nan"
        not in re.sub(r"<script.*?</script>|<style.*?</style>", "", html, flags=re.DOTALL).lower().split()
    )


@pytest.mark.parametrize("gone", [["verdict"], ["current_count"], ["current_count", "verdict"]])
def test_a_change_table_that_would_say_not_known_of_every_area_is_refused_with_its_missing_columns(
    gone, areas, counts
):
    change = sacmap.change(counts, sacmap.Study(**PERIODS), areas).drop(columns=gone)
    with pytest.raises(sacmap.InputError, match=f"has no column {' and no column '.join(gone)}"):
        sacmap.draw(change, areas)


def test_some_of_the_cells_missing_are_drawn_too(areas, counts, tmp_path):
    change = sacmap.change(counts, sacmap.Study(**PERIODS), areas)
    change.loc[::3, ["current_count", "change", "excess"]] = np.nan
    sacmap.draw(change, areas).save(tmp_path / "page.html")


def test_the_version_and_the_errors_are_public():
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", sacmap.__version__)
    for name in ("UsageError", "InputError", "SourceError", "DiskError"):
        assert issubclass(getattr(sacmap, name), sacmap.SacmapError)


@pytest.mark.parametrize(
    ("step", "given", "said"),
    [
        (sacmap.run, ({},), "A Study is needed, and a dict was given.\nWrite Study("),
        (sacmap.save, (pd.DataFrame(), "x.html"), "A Result is needed, and a DataFrame was given."),
        (sacmap.locate, ("crimes.zip", "wards.geojson"), "A DataFrame is needed, and a str was given.\nGive"),
        (sacmap.draw, (pd.DataFrame(columns=tables.CHANGE.names), "wards.geojson"), "Give the Areas table."),
        (sacmap.change, (None, None, None), "Give the Counts table."),
    ],
)  # fmt: skip
def test_an_argument_of_another_type_is_told_with_what_to_give(step, given, said):
    with pytest.raises(sacmap.UsageError, match=re.escape(said)):
        step(*given)


def test_counting_without_a_study_says_how_to_make_one(located):
    with pytest.raises(sacmap.UsageError, match=r"A Study is needed"):
        sacmap.count(located, {"current": "2025-04:2026-03"})
