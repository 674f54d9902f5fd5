import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import months
from sacmap.measure.compared import like_for_like
from sacmap.measure.coverage import coverage, gaps, months_needed
from sacmap.study import Study


def tally(counts, force="A Police", start="2018-01"):
    rows = [(force, months.shift(start, i), "burglary", n) for i, n in enumerate(counts) if n]
    return pd.DataFrame(rows, columns=["force", "month", "crime_type", "n"])


def statuses(counts):
    wanted = [months.shift("2018-01", i) for i in range(len(counts))]
    return list(coverage(tally(counts), wanted)["status"])


def test_a_month_without_crimes_while_others_have_some_is_missing():
    assert statuses([900, 0, 950]) == ["complete", "missing", "complete"]


@pytest.mark.parametrize(
    ("hole", "said"),
    [
        (2, {"A Police published nothing for March 2018", "A Police published nothing for April 2018"}),
        (3, {"the files of A Police hold nothing from March 2018 to May 2018"}),
        (27, {"the files of A Police hold nothing from March 2018 to May 2020"}),
    ],
)
def test_f77_of_a_long_hole_between_two_downloads_it_is_not_said_that_the_force_was_silent(hole, said):
    counts = [900, 950, *[0] * hole, 920]
    judged = coverage(tally(counts), [months.shift("2018-01", i) for i in range(len(counts))])
    assert set(judged.loc[judged["status"] == "missing", "reason"]) == said


def test_f37_a_month_of_one_crime_is_thin_and_says_what_is_usual():
    judged = coverage(tally([900, 950, 1, 920]), ["2018-03"])
    thin = judged[judged["month"] == "2018-03"].iloc[0]
    assert (thin["status"], thin["crimes"], thin["expected"]) == ("thin", 1, 920)
    assert thin["reason"] == "published only 1 crime, where about 920 are usual"


def test_half_the_usual_is_not_thin():
    assert statuses([100, 50, 100]) == ["complete"] * 3
    assert statuses([100, 49, 100])[1] == "thin"


def test_only_the_nearest_twelve_months_are_asked():
    # A force that halved long ago is judged by its recent months.
    assert statuses([1000] * 13 + [300] * 13)[-1] == "complete"


def test_a_month_never_read_is_missing_though_no_row_names_it():
    judged = coverage(tally([900, 900]), ["2018-01", "2018-06"])
    assert list(judged["month"]) == [f"2018-0{m}" for m in range(1, 7)]
    assert list(judged["status"][2:]) == ["missing"] * 4


def test_gaps_are_those_of_the_study_s_forces_and_months():
    judged = coverage(
        pd.concat([tally([900, 0, 900]), tally([9, 0, 9], "British Transport Police")]), ["2018-02"]
    )
    assert list(gaps(judged, ["A Police"], ["2018-02"])["force"]) == ["A Police"]
    assert gaps(judged, ["A Police"], ["2018-01"]).empty


def test_f37_a_month_left_out_of_one_period_is_left_out_of_all():
    periods = (("2017-01", "2017-02", "2017-03"), ("2018-01", "2018-02", "2018-03"))
    assert like_for_like(periods, {"2017-02"}) == (0, 2)
    assert like_for_like(periods, {"2017-02", "2018-01", "2018-03"}) == ()
    assert like_for_like(periods, set()) == (0, 1, 2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_every_month_gets_exactly_one_of_three_statuses(counts):
    if not any(counts):
        return
    found = statuses(counts)
    assert len(found) == len(counts)
    assert all((status == "missing") == (n == 0) for status, n in zip(found, counts, strict=True))


def test_the_known_gap_of_the_real_download_is_seen(data):
    from sacmap.fetch.street import read

    reading = read([str(data / "city-of-london-2018-01_2021-09.zip")])
    judged = coverage(reading.tally, ["2019-07"])
    city = judged[(judged["force"] == "City of London Police") & (judged["month"] == "2019-07")]
    assert list(city["status"]) == ["complete"]


def needed(first, last, **periods):
    return sorted(months_needed(Study(**periods), months.span(f"{first}:{last}")))


def test_of_long_files_the_months_of_the_study_those_between_and_those_they_are_judged_by_are_read():
    apart = {"current": "2020-01:2020-12", "baseline": "2018-01:2018-12"}
    assert needed("2015-01", "2022-12", **apart) == list(months.span("2017-07:2021-06"))
    assert needed("2018-03", "2020-06", **apart) == list(months.span("2018-03:2020-06"))


def test_a_month_is_judged_alike_whichever_months_a_study_names():
    # Half of the usual 100 are reached or not depending on months after the study: they are 200 each.
    every = list(months.span("2019-01:2020-12"))
    counts = {month: 100 if month <= "2020-06" else 200 for month in every} | {"2020-06": 70}
    tally = pd.DataFrame(
        [("A", month, "burglary", n) for month, n in counts.items()],
        columns=["force", "month", "crime_type", "n"],
    )
    study = Study(current="2020-01:2020-06", baseline="2019-01:2019-06")
    read = tally[tally["month"].isin(months_needed(study, every))]
    for rows in (tally, read):
        judged = coverage(rows, study.months).set_index("month")
        assert judged.loc["2020-06", ["status", "expected"]].tolist() == ["thin", 150]


def test_a_gap_at_the_end_of_a_study_is_told_from_the_end_of_the_files():
    there = [m for m in months.span("2017-01:2022-12") if not "2020-12" <= m <= "2022-05"]
    found = months_needed(Study(current="2020-01:2020-12", baseline="2018-01:2018-12"), there)
    assert max(found) == "2022-06"


def test_a_short_study_is_read_with_the_months_it_is_judged_by():
    julys = {"current": "2018-07", "baseline": "2017-07"}
    assert needed("2010-01", "2022-12", **julys) == list(months.span("2017-01:2019-01"))
    assert len(needed("2018-01", "2022-12", **julys)) == 13


def test_every_month_is_read_where_the_periods_are_not_known_or_not_there():
    every = list(months.span("2015-01:2016-12"))
    assert needed("2015-01", "2016-12", current="latest:12", baseline="before:1") == every
    assert needed("2015-01", "2016-12", current="2018-07", baseline="2015-07") == every
