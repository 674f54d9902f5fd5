"""What officers read: a table of examples, and what every sentence must and must not hold."""

import math
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import tables
from sacmap.measure.chance_flags import must_rise
from sacmap.notices import Notice, alike, counted, series, whole
from sacmap.publish.headline import ONE_POINT, Scene, headline
from sacmap.publish.page import in_one_line
from sacmap.publish.words import (
    NEIGHBOURHOOD,
    TOGETHER,
    about,
    changed,
    could_show,
    estimate,
    expected_key,
    follows,
    found_in_words,
    is_named,
    level_key,
    level_words,
    mean,
    moved,
    named,
    pattern_of,
    percent,
    told_verdicts,
    unit_of,
    were_expected,
)

FORCE = "the rest of the force"


def row(now, before, verdict, *, expected=43.6, low=22, high=72, periods=3, months=12):
    return {
        "current_count": now,
        "baseline_mean": before,
        "baseline_periods": periods,
        "months_compared": months,
        "verdict": verdict,
        "expected": expected,
        "normal_low": low,
        "normal_high": high,
    }


def sentences(given_row, words, change, *, kind="sac", among="all neighbourhoods"):
    """Return the sentences of a row with their numbers filled in, as the page does it."""
    pattern = pattern_of(given_row, words, change, among=among)
    for name in re.findall(r"\{(\w+)\}", pattern):
        if name == "crimes":
            text = tables.crimes(given_row["current_count"], kind)
        elif name == "before":
            text = mean(given_row["baseline_mean"])
        elif name == "step":
            text = whole(abs(given_row["current_count"] - given_row["expected"]))
        else:
            text = about(given_row[name]) if name == "expected" else estimate(given_row[name])
        pattern = pattern.replace(f"{{{name}}}", text)
    return pattern


EXAMPLES = [
    (
        row(63, 41, "within normal range"),
        FORCE,
        6.6,
        "63 crimes; 41 in an average year before. Expected about 44 had it followed the rest of the force, which "
        "rose 7% (normal range 22 to 72): 19 above. Within its normal range.",
    ),
    (
        row(80, 41, "clear rise", expected=43, low=25, high=65, periods=1),
        FORCE,
        -9.2,
        "80 crimes; 41 the year before. Expected about 43 had it followed the rest of the force, which fell 9% "
        "(normal range 25 to 65): 37 above. A clear rise: it stands out even among all neighbourhoods.",
    ),
    (
        row(12, 41, "possible fall", periods=1),
        "the rest of the areas",
        0.2,
        "12 crimes; 41 the year before. Expected about 44 had it followed the rest of the areas, which stayed the "
        "same (normal range 22 to 72): 32 below. Below its normal range, as about one area in forty is by chance: a "
        "possible fall.",
    ),
    (
        row(60, 41.4, "possible rise", months=1),
        "the baseline",
        None,
        "60 crimes; 41 in an average period before. Expected about 44 had nothing changed (normal range 22 to 72): "
        "16 above. Above its normal range, as about one area in forty is by chance: a possible rise.",
    ),
    (
        row(1, 2.3333, "too few to tell", expected=2.1),
        FORCE,
        -9,
        "1 crime; 2.3 in an average year before, while the rest of the force fell 9%. Too few to tell a change from "
        "chance.",
    ),
    (
        row(3, 0, "too few to tell", expected=0.4),
        "the baseline",
        None,
        "3 crimes; none before. Too few to tell a change from chance.",
    ),
    (
        row(44, 41, "within normal range", expected=43.8),
        FORCE,
        None,
        "44 crimes; 41 in an average year before. Expected about 44 had it followed the rest of the force (normal "
        "range 22 to 72): as expected. Within its normal range.",
    ),
    (
        row(1234, 1300.0, "within normal range", expected=1250, low=1100, high=1400),
        "the rest of {x} & Co",
        -4,
        "1,234 crimes; 1,300 in an average year before. Expected about 1,250 had it followed the rest of (x) & Co, "
        "which fell 4% (normal range 1,100 to 1,400): 16 below. Within its normal range.",
    ),
    (
        row(float("nan"), float("nan"), "not known"),
        FORCE,
        -9,
        "Not known: no month is complete, no file holds such crimes, it has no boundary, or a public version leaves "
        "its count out.",
    ),
    (
        row(57, float("nan"), "not known"),
        FORCE,
        None,
        "57 crimes. There is no earlier period to compare with.",
    ),
]


@pytest.mark.parametrize(("given_row", "words", "change", "said"), EXAMPLES)
def test_the_sentences_of_an_area(given_row, words, change, said):
    assert sentences(given_row, words, change) == said


def test_no_two_verdicts_are_told_in_the_same_words():
    said = {sentences(row(60, 41, verdict), FORCE, None) for verdict in tables.VERDICTS}
    assert len(said) == len(tables.VERDICTS)


def test_a_type_has_its_own_noun_and_the_map_its_own_unit():
    said = sentences(
        row(2, 41, "clear fall"), FORCE, None, kind="burglary", among=f"all {counted(91, ('ward', 'wards'))}"
    )
    assert said.startswith("2 burglaries; 41 in an average year before.")
    assert said.endswith("A clear fall: it stands out even among all 91 wards.")


COUNTS = st.integers(0, 5_000)
ROWS = st.builds(
    row,
    COUNTS,
    st.floats(0, 5_000),
    st.sampled_from([v for v in tables.VERDICTS if v != "not known"]),
    expected=st.floats(0.01, 5_000),
    low=COUNTS,
    high=COUNTS,
    periods=st.integers(1, 5),
    months=st.integers(1, 12),
)


@given(ROWS, st.floats(-100, 400))
def test_every_sentence_has_the_count_first_and_the_comparator_s_own_change(made, change):
    said = sentences(made, FORCE, change)
    assert said.startswith(tables.crimes(made["current_count"]))
    assert f"{FORCE}{' ' if 'Too few' in said else ', which '}{percent(change)}" in said
    assert "significant" not in said
    assert "{" not in said
    assert "-" not in said


def rows_of(**verdicts):
    """Rows by crime type, each area's label a letter with the type's first."""
    found = {}
    for kind in tables.CRIME_TYPES:
        given = verdicts.get(kind.replace("-", "_"), ["within normal range"] * 4)
        found[kind] = pd.DataFrame(
            {
                "verdict": given,
                "area_id": [f"A{n}" for n in range(len(given))],
                "label": [f"{'ABCDEFGH'[n]}shire" for n in range(len(given))],
                "expected": 40.0,
                "normal_high": 58.0,
                "current_count": 80.0,
            }
        )
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Bristol", ["Bristol, City of"]),
        ("city of bristol", ["Bristol, City of"]),
        ("Hull", ["Kingston upon Hull, City of"]),
        ("Rhondda", ["Rhondda Cynon Taf"]),
        ("Rhondda Cynon Taff", ["Rhondda Cynon Taf"]),
        ("Saint Helens", ["St. Helens"]),
        ("Ynys Mon", ["Ynys Môn"]),
        ("Stoke on Trent", ["Stoke-on-Trent"]),
        ("Kings Lynn & West Norfolk", ["King's Lynn and West Norfolk"]),
        ("Newcastle", ["Newcastle upon Tyne", "Newcastle-under-Lyme"]),
        ("Westminister", ["Westminster"]),
        ("Leeds", []),
        ("…", []),
    ],
)
def test_the_place_that_is_meant_is_found_by_its_words_or_by_its_spelling(written, meant):
    places = ["Bath", "Bristol, City of", "Kingston upon Hull, City of", "King's Lynn and West Norfolk", "St. Helens",
              "Newcastle upon Tyne", "Newcastle-under-Lyme", "Rhondda Cynon Taf", "Stoke-on-Trent", "Westminster",
              "Ynys Môn"]  # fmt: skip
    assert alike(written, places) == meant


def scene(change=6.4, comparator=None, notices=(), place="Town"):
    totals = {kind: {"change_pct": change} for kind in tables.CRIME_TYPES}
    return Scene(
        place=place,
        totals=totals,
        comparator={"sac": comparator or {"name": "areas", "change_pct": change}},
        follows=FORCE,
        in_words=tables.IN_WORDS | {"sac": TOGETHER},
        unit=("ward", "wards"),
        notices=frozenset(notices),
    )


FEW, RISE, FALL, MAYBE, NOT = (
    "within normal range", "clear rise", "clear fall", "possible rise", "not known",
)  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "shown", "first", "second"),
    [
        (
            rows_of(burglary=[RISE, RISE, RISE, FEW]),
            scene(),
            "Burglary rose clearly in Ashire, Bshire and Cshire.",
            "All three types together in Town: up 6%, with no clear rise.",
        ),
        (
            rows_of(sac=[RISE, FEW, FEW, FEW], burglary=[RISE, RISE, RISE, RISE]),
            scene(),
            "All three types together rose clearly in Ashire; burglary in Ashire, Bshire, Cshire and 1 more ward.",
            "Town, all three types together: up 6%.",
        ),
        (
            rows_of(sac=[RISE] * 5),
            scene(comparator={"name": "force", "change_pct": -9.4}),
            "All three types together rose clearly in Ashire, Bshire, Cshire and 2 more wards.",
            "Town, all three types together: up 6%; the rest of the force: down 9%.",
        ),
        (
            rows_of(sac=[RISE, FEW, FEW, FEW]),
            scene(0.2, place=""),
            "All three types together rose clearly in Ashire.",
            "As a whole, all three types together: no change.",
        ),
        (
            rows_of(sac=[RISE] * 3, robbery=[FEW, FEW, FEW, RISE]),
            scene(),
            "All three types together rose clearly in Ashire, Bshire and Cshire; robbery in 1 ward.",
            "Town, all three types together: up 6%.",
        ),
        (
            rows_of(sac=[RISE, FEW], burglary=[RISE, FEW], robbery=[RISE, RISE], vehicle_crime=[RISE, RISE]),
            scene(),
            "Burglary, and all three types together, rose clearly in Ashire; robbery and vehicle crime in Ashire and "
            "Bshire.",
            "Town, all three types together: up 6%.",
        ),
        (
            rows_of(vehicle_crime=[FALL, FEW, FEW, FEW]),
            scene(0.2),
            "Vehicle crime fell clearly in Ashire; no clear rise.",
            "All three types together in Town: no change.",
        ),
        (
            rows_of(sac=[MAYBE, FEW, NOT, FEW]),
            scene(),
            "All three types together rose 6% in Town, with no clear rise in the 3 wards known.",
            "A possible rise: Ashire. Only a rise of about 45% or more above expected would show.",
        ),
        (
            rows_of(),
            scene(-4.4, place=""),
            "All three types together fell 4%, and none of 4 wards stands out.",
            "Only a rise of about 45% or more above expected would show.",
        ),
        # The summary below it counts these falls as changes that could be chance.
        (
            rows_of(sac=["possible fall", FEW, FEW, FEW]),
            scene(-4.4),
            "All three types together fell 4% in Town, with no clear rise or fall in 4 wards.",
            "Only a rise of about 45% or more above expected would show.",
        ),
        (
            rows_of(sac=["possible fall", MAYBE, FEW, FEW]),
            scene(),
            "All three types together rose 6% in Town, with no clear rise in 4 wards.",
            "A possible rise: Bshire. Only a rise of about 45% or more above expected would show.",
        ),
        (
            rows_of(burglary=[RISE, FEW], vehicle_crime=[RISE, RISE]),
            scene()._replace(lacking="theft of vehicles"),
            "Burglary rose clearly in Ashire; vehicle crime in Ashire and Bshire.",
            "Serious acquisitive crime in Town is not known as a whole: the extract lacks theft of vehicles.",
        ),
        # What the list for a week of action begins with is named, though it is no total.
        (
            rows_of(sac=[RISE, FEW], burglary=[RISE, FEW]),
            scene()._replace(
                lacking="theft of vehicles",
                in_words=tables.IN_WORDS | {"sac": "all three types together, without theft of vehicles,"},
            ),
            "Burglary, and all three types together, rose clearly in Ashire.",
            "Serious acquisitive crime in Town is not known as a whole: the extract lacks theft of vehicles.",
        ),
        (
            rows_of(sac=[ONE_POINT, FEW, FEW, FEW]),
            scene(),
            "All three types together rose 6% in Town. Ashire rose clearly, but on one map point.",
            "A rise on one map point may be a change in how places are recorded. Only a rise of about 45% or more "
            "above expected would show.",
        ),
        (
            rows_of(burglary=[RISE, ONE_POINT]),
            scene(),
            "Burglary rose clearly in Ashire.",
            "All three types together in Town: up 6%, with no clear rise. Burglary in Bshire rose clearly too, but on "
            "one map point.",
        ),
        (
            rows_of(burglary=[FEW, ONE_POINT]),
            scene(),
            "All three types together rose 6% in Town, and none of 4 wards stands out.",
            "Burglary in Bshire rose clearly, but on one map point. Only a rise of about 45% or more above expected "
            "would show.",
        ),
        (
            rows_of(sac=[FEW, FEW, NOT]),
            scene(),
            "All three types together rose 6% in Town, and neither of the 2 wards known stands out.",
            "Only a rise of about 45% or more above expected would show.",
        ),
        (
            rows_of(sac=[FEW, NOT]),
            scene(),
            "All three types together rose 6% in Town, and the one ward known does not stand out.",
            "Only a rise of about 45% or more above expected would show.",
        ),
        (rows_of(sac=[NOT, NOT]), scene(), "Of 2 wards nothing is known.", ""),
        (
            rows_of(sac=[RISE] * 3),
            scene(notices=["unfit-comparator"]),
            "All three types together rose 6% in Town.",
            "What the wards are compared with is no good guide: do not rely on their readings.",
        ),
    ],
)
def test_the_headline_names_what_rose_and_then_tells_the_whole(rows, shown, first, second):
    said = headline("sac", rows, shown)
    assert (said.first, said.second) == (first, second)


def test_a_clear_rise_on_one_point_is_told_beside_the_others_of_its_type():
    said = headline("burglary", rows_of(burglary=[RISE, ONE_POINT, ONE_POINT]), scene())
    assert said.first == "Burglary rose clearly in Ashire."
    assert said.second.endswith("Bshire and Cshire rose clearly too, but each on one map point.")
    both = headline("sac", rows_of(sac=[RISE, ONE_POINT, ONE_POINT], burglary=[FEW, FEW, ONE_POINT]), scene())
    assert "together in Bshire and Cshire, and burglary in Cshire rose clearly too" in both.second


def test_a_count_no_higher_than_before_is_not_said_to_have_risen():
    # Robbery in Cabot, Bristol, 2020: 170 after 203, where 112 were expected, as all the rest had fallen by 45%.
    known = rows_of(robbery=["clear rise", "clear rise", "clear fall", FEW])
    before = pd.Series([203.0, 80.0, 70.0, 80.0])
    known["robbery"]["verdict"] = told_verdicts(known["robbery"].assign(baseline_mean=before))
    said = headline("sac", known, scene(-34))
    assert (said.first, said.second) == (
        "All three types together fell 34% in Town.",
        "Clearly above expected, though no higher than before: robbery in Ashire and Bshire. Clearly below expected, "
        "though no lower than before: robbery in Cshire. Only a rise of about 45% or more above expected would "
        "show.",
    )
    rose = known | {"burglary": known["burglary"].assign(verdict=["clear rise", FEW, FEW, FEW])}
    said = headline("sac", rose, scene(-34))
    assert said.first == "Burglary rose clearly in Ashire."
    assert "no higher than before: robbery in Ashire and Bshire." in said.second


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (197, 171.5, "+25"),
        (167, 101.5, "+65"),
        (10, 12.5, "−3"),
        (13, 13.5, "−1"),
        (7, 2.5, "+5"),
        (3, 3, "0"),
    ],
)
def test_a_change_is_the_difference_of_the_figures_beside_it(now, before, said):
    assert changed(now, before) == said


def test_what_the_headline_names_leads_to_its_type_and_area():
    said = headline("sac", rows_of(sac=[RISE, FEW, FEW, FEW], robbery=[RISE] * 4), scene())
    assert said.first == "".join(part.text for part in said.parts)
    assert [(part.text, part.kind, part.area_id) for part in said.parts if part.kind] == [
        ("Ashire", "sac", "A0"),
        ("Ashire", "robbery", "A0"),
        ("Bshire", "robbery", "A1"),
        ("Cshire", "robbery", "A2"),
        ("1 more ward", "robbery", ""),
    ]


def test_a_phone_has_fewer_names_and_a_long_name_takes_the_room_of_others():
    rows = rows_of(sac=[RISE] * 4, burglary=[RISE, FEW, FEW, RISE], robbery=[FEW, RISE, RISE, FEW])
    long = {
        kind: some.assign(label=some["label"] + " and its Outer Sandbanks") for kind, some in rows.items()
    }
    said = headline("sac", long, scene())
    assert said.first == (
        "All three types together rose clearly in Ashire and its Outer Sandbanks, in Bshire and its Outer Sandbanks, "
        "and in 2 more wards; burglary in 2 wards; robbery in 2 wards."
    )
    assert "".join(part.text for part in said.narrow) == (
        "All three types together rose clearly in Ashire and its Outer Sandbanks, and in 3 more; burglary in 2 wards; "
        "robbery in 2 wards."
    )
    assert [part.kind for part in said.narrow if part.kind] == ["sac", "sac", "burglary", "robbery"]
    short = headline("sac", rows_of(sac=[RISE]), scene())
    assert short.narrow == short.parts


@settings(max_examples=40)
@given(st.lists(st.lists(st.sampled_from([RISE, FEW, FALL]), min_size=6, max_size=6), min_size=4, max_size=4))
def test_every_type_with_a_clear_rise_is_in_the_headline(verdicts):
    kinds = [kind.replace("-", "_") for kind in tables.CRIME_TYPES]
    said = headline("sac", rows_of(**dict(zip(kinds, verdicts, strict=True))), scene())
    risen = [kind for kind, its in zip(tables.CRIME_TYPES, verdicts, strict=True) if RISE in its]
    if risen:
        assert {part.kind for part in said.parts if part.kind} == set(risen)
        assert len({part.area_id for part in said.parts if part.area_id}) <= 3


def test_a_headline_speaks_of_the_known_part_where_the_total_lacks_areas():
    part = scene(notices=["areas-not-known"])
    assert headline("sac", rows_of(sac=[NOT, NOT, FEW, FEW]), part).first == (
        "All three types together rose 6% in the known part of Town, and neither of the 2 wards known stands out."
    )
    said = headline("sac", rows_of(sac=[RISE, NOT, FEW, FEW]), part)
    assert said.first == "All three types together rose clearly in Ashire."
    assert said.second == "The known part of Town, all three types together: up 6%."
    untitled = headline("sac", rows_of(sac=[RISE, NOT, FEW, FEW]), part._replace(place=""))
    assert untitled.second == "The known wards, all three types together: up 6%."


def test_the_headline_of_one_type_speaks_of_that_type_alone():
    said = headline("robbery", rows_of(burglary=[RISE, RISE]), scene())
    assert said.first == "Robbery rose 6% in Town, and none of 4 wards stands out."


@pytest.mark.parametrize(
    ("place", "spoken"),
    [
        ("City of London", "the City of London"),
        ("London, City of", "the City of London"),
        ("Isles of Scilly", "the Isles of Scilly"),
        ("Vale of Glamorgan", "the Vale of Glamorgan"),
    ],
)
def test_a_place_whose_name_has_an_article_in_a_sentence_gets_it(place, spoken):
    said = headline("robbery", rows_of(), scene(place=place)).first
    assert said == f"Robbery rose 6% in {spoken}, and none of 4 wards stands out."
    assert is_named(place, said)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (0.02, "under 0.1"), (0.25, "0.3"), (0.94, "0.9"), (0.96, "1"), (1.4, "1"), (1234.5, "1,235")],
)
def test_what_is_expected_below_one_is_written_in_tenths(value, written):
    assert estimate(value) == written
    assert estimate(math.nan) == "–"


def test_what_a_map_can_show_is_worked_out_from_its_own_ranges():
    rows = rows_of()["sac"]
    assert must_rise(rows) == 45
    assert could_show("sac", rows, periods=1, yearly=True, unit=NEIGHBOURHOOD) == (
        "With one earlier year, about 45% above expected is normal in most neighbourhoods."
    )
    many = pd.concat([rows] * 20, ignore_index=True)
    many["verdict"] = [
        "clear rise",
        "possible rise",
        "not known",
        "too few to tell",
        *["possible fall"] * (len(many) - 4),
    ]
    assert could_show("sac", many, periods=3, yearly=True, unit=NEIGHBOURHOOD) == (
        "With three earlier years, about 45% above expected is normal in most neighbourhoods that are known. "
        "Chance alone puts about two past the bar; two went."
    )
    one = could_show("sac", rows.head(1), periods=1, yearly=True, unit=("ward", "wards"))
    assert one == "With one earlier year, about 45% above expected is normal in this ward."
    few = rows.assign(expected=4.0)
    assert "too few robberies a year" in could_show(
        "robbery", few, periods=1, yearly=True, unit=NEIGHBOURHOOD
    )
    one = could_show("robbery", few.head(1), periods=1, yearly=True, unit=NEIGHBOURHOOD)
    assert one.startswith("This neighbourhood has too few robberies a year")


@pytest.mark.parametrize(("rises", "said"), [(0, "none"), (1, "one"), (12, "12")])
def test_how_many_are_past_the_grey_bar_is_a_sentence_for_any_number(rises, said):
    rows = pd.concat([rows_of()["sac"]] * 20, ignore_index=True)
    rows["verdict"] = ["possible rise"] * rises + [FEW] * (len(rows) - rises)
    told = could_show("sac", rows, periods=1, yearly=True, unit=("ward", "wards"))
    assert told.endswith(f"Chance alone puts about two past the bar; {said} went.")


@pytest.mark.parametrize(
    ("counts", "unit", "said"),
    [
        ({"clear rise": 1}, ("ward", "wards"), (("▲", "1 ward rose"),)),
        ({"clear rise": 1234}, ("LSOA", "LSOAs"), (("▲", "1,234 LSOAs rose"),)),
        ({"clear rise": 2, "clear fall": 1}, NEIGHBOURHOOD, (("▲", "2 areas rose"), ("▼", "1 fell"))),
        ({"clear fall": 3, "possible rise": 2}, ("ward", "wards"), (("▼", "3 wards fell"),)),
        ({"possible rise": 6}, ("ward", "wards"), (("", "6 rises could be chance"),)),
        ({"possible rise": 204, "possible fall": 165}, ("ward", "wards"), (("", "369 could be chance"),)),
        ({"possible fall": 1, FEW: 4}, ("ward", "wards"), (("", "1 fall could be chance"),)),
        ({"possible rise": 4, "possible fall": 2}, ("ward", "wards"), (("", "6 changes could be chance"),)),
        ({"no higher": 1}, ("ward", "wards"), (("", "1 ward above expected"),)),
        (
            {"no higher": 2, "no lower": 1},
            NEIGHBOURHOOD,
            (("", "2 areas above expected"), ("", "1 area below expected")),
        ),
        ({FEW: 4}, ("ward", "wards"), (("", "no ward stands out"),)),
        ({FEW: 4}, NEIGHBOURHOOD, (("", "no area stands out"),)),
        ({FEW: 4, NOT: 2}, ("ward", "wards"), (("", "no ward known stands out"),)),
        ({NOT: 4}, ("ward", "wards"), (("", "not known"),)),
    ],
)
def test_a_crime_type_tells_what_rose_and_of_what(counts, unit, said):
    assert found_in_words(counts, unit) == said


@pytest.mark.parametrize(
    ("comparator", "said"),
    [
        ("the rest of the areas", "if it had followed the other wards"),
        ("the rest of Northamptonshire", "if it had followed the rest of Northamptonshire"),
        ("the comparison areas", "if it had followed the comparison areas"),
        ("the baseline", "as many as before"),
    ],
)
def test_what_is_expected_is_explained_for_every_comparator(comparator, said):
    key = expected_key(follows(comparator, ("ward", "wards")))
    assert key == f"Expected (1×): {said}. Grey bar: normal range."


def test_a_name_with_an_and_of_its_own_does_not_read_as_two_places():
    rows = rows_of(sac=[RISE, RISE, FEW, FEW])
    for some in rows.values():
        some.loc[:1, "label"] = ["Taunton and Holway", "Thornbury"]
    said = headline("sac", rows, scene())
    assert said.first == "All three types together rose clearly in Taunton and Holway, and in Thornbury."
    assert named(["A and B", "C", "D"], ("ward", "wards"), again="in ") == "A and B, in C, and in D"
    assert named(["A", "C", "D"], ("ward", "wards"), again="in ") == "A, C and D"
    assert named(["A and B", "C"], ("ward", "wards")) == "A and B, and C"
    assert named(["A and B", "C", "D"], ("ward", "wards"), most=2) == "A and B, C, and 1 more ward"


def test_two_single_types_come_before_all_three_together_and_lead_to_their_lists():
    same = [RISE, FEW, FEW, FEW]
    said = headline("sac", rows_of(sac=same, burglary=same, robbery=same), scene())
    assert said.first == "Burglary and robbery, and all three types together, rose clearly in Ashire."
    assert [(part.text, part.kind) for part in said.parts if part.kind] == [
        ("Burglary", "burglary"),
        ("robbery", "robbery"),
        ("Ashire", "sac"),
    ]


def test_areas_are_called_what_their_codes_say():
    assert unit_of(["E05000001", "W05000002"]) == ("ward", "wards")
    assert unit_of(["E01000001"]) == ("LSOA", "LSOAs")
    assert unit_of(["E05000001", "Castle"]) == NEIGHBOURHOOD
    assert unit_of([]) == NEIGHBOURHOOD


@pytest.mark.parametrize(
    ("change", "said", "short"),
    [
        (6.5, "rose 7%", "up 7%"),
        (-4.4, "fell 4%", "down 4%"),
        (0.49, "stayed the same", "no change"),
        (-0.5, "fell 1%", "down 1%"),
        (None, "has no percentage, as the baseline is zero", "no percentage, as the baseline is zero"),
    ],
)
def test_a_change_in_words(change, said, short):
    assert percent(change) == said
    assert moved(change) == short


def test_counts_as_people_write_them():
    assert [whole(n) for n in (0, 0.5, -0.4, -2.5, 1234.4)] == ["0", "1", "0", "−3", "1,234"]
    assert [mean(n) for n in (41.4, 9.0, 2.333)] == ["41", "9", "2.3"]
    assert [tables.crimes(n) for n in (0, 1, 2)] == ["0 crimes", "1 crime", "2 crimes"]


def test_areas_that_share_a_name_are_told_apart_by_their_district_and_else_by_their_code():
    areas = pd.DataFrame(
        {
            "area_id": ["A", "B", "C", "D", "E", "F"],
            "name": ["Centre", "Centre", "Centre", "Quay", "Quay", "Moor"],
            "group": ["Ashtown", "Ashtown", "Beeton", "Beeton", None, "Ashtown"],
        }
    )
    assert tables.names_of(areas) == {
        "A": "Centre (A)",
        "B": "Centre (B)",
        "C": "Centre (Beeton)",
        "D": "Quay (Beeton)",
        "E": "Quay (E)",
        "F": "Moor",
    }


def test_under_a_tenth_is_not_about_that():
    said = sentences(row(9, 1, "clear rise", expected=0.04, low=0, high=1), FORCE, None)
    assert "Expected under 0.1 had it followed" in said
    assert [about(value) for value in (0.04, 0.4, 28.4)] == ["under 0.1", "about 0.4", "about 28"]


def test_the_only_area_stands_out_among_no_others():
    said = sentences(row(80, 41, "clear rise"), "the baseline", None, among="")
    assert said.endswith("A clear rise: more than chance would explain.")


@pytest.mark.parametrize(
    ("names", "said"),
    [(["Abbey", "Castle"], "Abbey and Castle"), (["Abbey", "Castle and Park"], "Abbey, and Castle and Park")],
)
def test_a_series_keeps_a_name_with_an_and_of_its_own_apart(names, said):
    assert series(names) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.2, "about 1 was expected"), (0.02, "under 0.1 were expected"), (28, "about 28 were expected")],
)
def test_one_crime_was_expected_and_several_were(value, said):
    assert were_expected(value) == said


def test_a_name_with_a_full_stop_ends_no_sentence():
    said = in_one_line(
        Notice("empty-areas", "Areas without a crime: 10 of 12 (St. Ann, Up St. Mary, and 7 more). If so.")
    )
    assert (said.lead, said.rest) == (
        "Areas without a crime: 10 of 12 (St. Ann, Up St. Mary, and 7 more).",
        "If so.",
    )
    said = in_one_line(Notice("x", "Left out: St. Helens. It is not known."))
    assert said.lead == "Left out: St. Helens."


@pytest.mark.parametrize("yearly", [True, False])
def test_where_there_is_one_period_only_what_a_level_is_takes_two_sentences(yearly):
    said = level_words(yearly=yearly)
    assert said.startswith(level_key(yearly=yearly))
    assert said.count(". ") == 1
    assert len(said.split()) < 26
