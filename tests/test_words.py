"""What officers read: a table of examples, and what every sentence must and must not hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacmap import tables
from sacmap.publish.words import crimes, headline, mean, percent, sentences, whole

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


EXAMPLES = [
    (
        row(63, 41, "within normal range"),
        FORCE,
        6.6,
        "63 crimes; 41 a year before. Expected about 44 had it followed the rest of the force, which rose 7% (normal "
        "range 22 to 72). Up 19 on the expected, within the normal range.",
    ),
    (
        row(80, 41, "clear rise", expected=43, low=25, high=65),
        FORCE,
        -9.2,
        "80 crimes; 41 a year before. Expected about 43 had it followed the rest of the force, which fell 9% (normal "
        "range 25 to 65). A clear rise: about 1 in 7 such flags is chance.",
    ),
    (
        row(12, 41, "clear fall", periods=1),
        "the rest of the areas",
        0.2,
        "12 crimes; 41 before. Expected about 44 had it followed the rest of the areas, which stayed the same (normal "
        "range 22 to 72). A clear fall: about 1 in 7 such flags is chance.",
    ),
    (
        row(60, 41.4, "possible rise", months=1),
        "the baseline",
        None,
        "60 crimes; 41 a period before. Expected about 44 had nothing changed (normal range 22 to 72). A possible "
        "rise: about 1 in 2 such flags is chance.",
    ),
    (
        row(1, 2.3333, "too few to tell", expected=2.1),
        FORCE,
        -9,
        "1 crime; 2.3 a year before, while the rest of the force fell 9%. Too few to tell a change from chance.",
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
        "44 crimes; 41 a year before. Expected about 44 had it followed the rest of the force (normal range 22 to 72). "
        "As expected.",
    ),
    (
        row(1234, 1300.0, "within normal range", expected=1250, low=1100, high=1400),
        "the rest of {x} & Co",
        -4,
        "1,234 crimes; 1,300 a year before. Expected about 1,250 had it followed the rest of (x) & Co, which fell 4% "
        "(normal range 1,100 to 1,400). Down 16 on the expected, within the normal range.",
    ),
    (
        row(57, 24, "within normal range", expected=29.9, low=13, high=53, periods=1),
        "the rest of the areas",
        25,
        "57 crimes; 24 before. Expected about 30 had it followed the rest of the areas, which rose 25% (normal range "
        "13 to 53). Up 27 on the expected and outside the normal range, as about 1 area in 20 is by chance.",
    ),
    (
        row(float("nan"), float("nan"), "not known"),
        FORCE,
        -9,
        "Not known: no boundary, no complete month to compare, or a count left out of a public version.",
    ),
]


@pytest.mark.parametrize(("given_row", "words", "change", "said"), EXAMPLES)
def test_the_sentences_of_an_area(given_row, words, change, said):
    assert sentences(given_row, words, change) == said


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
    assert said.startswith(crimes(made["current_count"]))
    assert f"{FORCE}{' ' if 'Too few' in said else ', which '}{percent(change)}" in said
    assert "significant" not in said
    assert "{" not in said
    assert "-" not in said


def change_table(*verdicts):
    import pandas as pd

    return pd.DataFrame({"crime_type": "sac", "verdict": list(verdicts)})


@pytest.mark.parametrize(
    ("verdicts", "record", "said"),
    [
        (
            ("clear rise", "clear fall", "possible rise"),
            {"name": "force", "change_pct": -9.4},
            "Serious acquisitive crime fell 4% in Town; the rest of the force fell 9%. 1 of 3 neighbourhoods rose "
            "clearly and 1 fell clearly.",
        ),
        (
            ("possible rise",),
            {"name": "areas", "change_pct": -4.4},
            "Serious acquisitive crime fell 4% in Town. None of 1 neighbourhood changed more than chance would.",
        ),
        (
            ("clear rise", "not known"),
            {"name": "none", "change_pct": None},
            "Serious acquisitive crime fell 4% in Town. 1 of 1 neighbourhood rose clearly; 1 is not known.",
        ),
        (
            ("too few to tell", "not known", "not known"),
            {"name": "none", "change_pct": None},
            "Serious acquisitive crime fell 4% in Town. None of 1 neighbourhood changed more than chance would; "
            "2 are not known.",
        ),
        (
            ("not known", "not known"),
            {"name": "none", "change_pct": None},
            "Serious acquisitive crime fell 4% in Town. Of 2 neighbourhoods nothing is known.",
        ),
    ],
)
def test_the_headline(verdicts, record, said):
    table = change_table(*verdicts)
    assert headline("Town", "sac", {"change_pct": -4.4}, table, comparator=record, words=FORCE) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (6.5, "rose 7%"),
        (-4.4, "fell 4%"),
        (0.49, "stayed the same"),
        (-0.5, "fell 1%"),
        (None, "has no percentage, as the baseline is zero"),
    ],
)
def test_a_change_in_words(change, said):
    assert percent(change) == said


def test_counts_as_people_write_them():
    assert [whole(n) for n in (0, 0.5, -0.4, -2.5, 1234.4)] == ["0", "1", "0", "−3", "1,234"]
    assert [mean(n) for n in (41.4, 9.0, 2.333)] == ["41", "9", "2.3"]
    assert [crimes(n) for n in (0, 1, 2)] == ["0 crimes", "1 crime", "2 crimes"]
