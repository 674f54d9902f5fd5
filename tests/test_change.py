"""The change: what holds whatever the counts, and every edge that a real study can meet."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap import compare, tables
from sacmap.errors import UsageError
from sacmap.measure.verdict import MODEL_COLUMNS, law_of, rejected

NUMBERS = [name for name in MODEL_COLUMNS if name != "verdict"]
#: One with much before and nothing now is refused.
COMPARATORS = st.one_of(st.none(), st.just("none"), st.tuples(st.integers(0, 20_000), st.integers(1, 20_000)))


@st.composite
def counts(draw, least=1, most=400):
    n, periods = draw(st.integers(least, 30)), draw(st.integers(1, 5))
    size = n * (periods + 1)
    # Drawn as bytes, which takes a tenth of the time of as many numbers; few crimes as often as many.
    raw = np.frombuffer(draw(st.binary(min_size=2 * size, max_size=2 * size)), np.uint16)
    cells = (raw % (1 + draw(st.sampled_from([2, 20, most])))).astype(int).reshape(n, periods + 1)
    return cells[:, :-1], cells[:, -1]


@settings(max_examples=100, deadline=None)
@given(counts(), COMPARATORS, st.integers(1, 12))
def test_whatever_the_counts_the_columns_are_finite_and_in_order(made, comparator, months):
    found = compare(*made, comparator, months=months)
    assert list(found.columns) == list(MODEL_COLUMNS)
    assert set(found["verdict"]) <= set(tables.VERDICTS) - {"not known"}
    numbers = found[NUMBERS].astype(float)
    assert np.isfinite(numbers.to_numpy()).all()
    assert (numbers["expected"] > 0).all()
    # The range is of whole crimes: where far below one is expected, none is normal.
    assert (numbers["normal_low"] <= numbers["expected"]).all()
    assert (numbers["expected"] < numbers["normal_high"] + 1).all()
    assert (numbers["ratio_low"] <= numbers["ratio"]).all()
    # A gamma law's mean lies above its 97.5% quantile only where hardly any crime is expected.
    assert ((numbers["ratio"] <= numbers["ratio_high"]) | (numbers["expected"] < 1)).all()
    assert numbers["p_value"].between(0, 1).all()
    assert numbers["prob_above"].between(0, 1 + 1e-9).all()
    np.testing.assert_allclose(numbers["ratio"], 1 + numbers["excess"] / numbers["expected"], rtol=1e-6)
    np.testing.assert_allclose(numbers["level"], numbers["expected"] + 0.7 * numbers["excess"], rtol=1e-9)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(counts(), COMPARATORS, st.integers(1, 12))
def test_no_reading_contradicts_its_own_range(made, comparator, months):
    found = compare(*made, comparator, months=months)
    now = made[1]
    numbers = found[NUMBERS].astype(float)
    above, below = now > numbers["normal_high"], now < numbers["normal_low"]
    rise, fall = found["verdict"].str.endswith("rise"), found["verdict"].str.endswith("fall")
    assert not (rise & ~above).any()
    assert not (fall & ~below).any()
    assert not (~above & ~below & (rise | fall)).any()
    few = found["verdict"] == "too few to tell"
    assert ((above | below) <= (rise | fall | few)).all()
    assert (numbers["expected"][few] < 10).all()
    clear = found["verdict"].str.startswith("clear")
    assert (now[rise & clear] >= 5).all()
    assert (numbers["expected"][fall & clear] >= 5).all()
    # What is above the expected has an excess, a ratio and a level that say so.
    side = np.sign(np.round(now - numbers["expected"], 6))
    for gap in (numbers["excess"], numbers["ratio"] - 1, numbers["level"] - numbers["expected"]):
        assert (np.sign(np.where(np.abs(gap) < 1e-9, 0, gap)) * side >= 0).all()
    # The law is never further from the expected than the count itself.
    assert (np.abs(numbers["excess"]) <= np.abs(now - numbers["expected"]) + 1e-9).all()


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(counts(most=2_000), COMPARATORS)
def test_range_and_p_value_are_of_scipy_s_negative_binomial(made, comparator):
    # It takes most of a second to load, which only this test waits for.
    from scipy import stats

    baseline, current = (np.asarray(values, float) for values in made)
    found, seen = compare(baseline, current, comparator), law_of(baseline, current, comparator)
    law = stats.nbinom(seen.size, seen.size / (seen.size + seen.expected))
    np.testing.assert_array_equal(found["normal_low"].astype(float), law.ppf(0.025))
    np.testing.assert_array_equal(found["normal_high"].astype(float), law.ppf(0.975))
    half = law.pmf(current) / 2
    tail = np.where(current >= seen.expected, law.sf(current) + half, law.cdf(current) - half)
    np.testing.assert_allclose(found["p_value"].astype(float), tail, atol=1e-9)
    present = stats.gamma(seen.size + current, scale=1 / (seen.size / seen.expected + 1))
    for name, share in (("ratio_low", 0.025), ("ratio_high", 0.975)):
        np.testing.assert_allclose(
            found[name].astype(float), present.ppf(share) / seen.expected, rtol=1e-6, atol=1e-9
        )
    np.testing.assert_allclose(found["prob_above"].astype(float), present.sf(seen.expected), atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(counts(), COMPARATORS, st.randoms(use_true_random=False))
def test_the_order_of_the_areas_does_not_matter(made, comparator, random):
    baseline, current = made
    order = list(range(len(current)))
    random.shuffle(order)
    found = compare(baseline, current, comparator).iloc[order].reset_index(drop=True)
    shuffled = compare(baseline[order], current[order], comparator)
    assert list(found["verdict"]) == list(shuffled["verdict"])
    np.testing.assert_allclose(
        found[NUMBERS].astype(float), shuffled[NUMBERS].astype(float), rtol=1e-6, atol=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(counts(), st.permutations(range(5)))
def test_the_order_of_the_baseline_s_periods_does_not_matter(made, order):
    baseline, current = made
    turned = baseline[:, [place for place in order if place < baseline.shape[1]]]
    np.testing.assert_allclose(
        compare(baseline, current)[NUMBERS].astype(float),
        compare(turned, current)[NUMBERS].astype(float),
        rtol=1e-6,
        atol=1e-9,
    )


@settings(max_examples=40, deadline=None)
@given(counts(least=2, most=200), st.integers(0, 19), st.integers(1, 100))
def test_more_crimes_never_lower_an_area_s_own_reading(made, place, more):
    baseline, current = made
    place %= len(current)
    # Against a comparator of its own, so that the area's crimes are on one side only.
    raised = current.copy()
    raised[place] += more
    before = compare(baseline, current, (9_000, 3_000)).iloc[place]
    after = compare(baseline, raised, (9_000, 3_000)).iloc[place]
    assert after["expected"] == pytest.approx(before["expected"])
    assert after["excess"] >= before["excess"] - 1e-9 or after["excess"] > 0


def test_the_comparator_s_change_is_followed():
    baseline, current = np.array([[30, 34, 32], [60, 55, 58], [10, 12, 8]]), np.array([32, 58, 10])
    still, halved = (compare(baseline, current, (9_000, now))["expected"] for now in (3_000, 1_500))
    np.testing.assert_allclose(still, 2 * halved)
    np.testing.assert_allclose(still, compare(baseline, current, "none")["expected"])


def test_each_area_is_compared_with_the_rest_and_not_with_itself():
    baseline, current = np.full((20, 3), 40), np.full(20, 40)
    current[0] = 400
    found = compare(baseline, current)
    assert found.loc[0, "expected"] == pytest.approx(40)
    assert found.loc[0, "verdict"] == "clear rise"
    # The others are held to a rest that tripled through one area: the same data with a comparator say otherwise.
    assert set(compare(baseline, current, (2_400, 800)).loc[1:, "verdict"]) == {"within normal range"}


@pytest.mark.parametrize("periods", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_all_zeros_are_too_few_to_tell(n, periods):
    found = compare(np.zeros((n, periods)), np.zeros(n))
    assert set(found["verdict"]) == {"too few to tell"}
    assert (found["expected"] < 1).all()
    assert (found["ratio"].astype(float) <= 1).all()


@pytest.mark.parametrize("periods", [1, 2, 3, 4, 5])
def test_one_area_alone_is_compared_with_its_own_baseline(periods):
    still = compare(np.full((1, periods), 40), np.array([41])).iloc[0]
    assert still["verdict"] == "within normal range"
    assert still["expected"] == pytest.approx(40, rel=0.02)
    assert compare(np.full((1, periods), 40), np.array([120]), "none").loc[0, "verdict"] == "clear rise"
    assert compare(np.full((1, periods), 40), np.array([5]), "none").loc[0, "verdict"] == "clear fall"


@pytest.mark.parametrize("periods", [1, 2, 3, 4, 5])
def test_two_areas_are_each_compared_with_the_other(periods):
    baseline = np.repeat([[100], [50]], periods, axis=1)
    found = compare(baseline, np.array([200, 100]))
    assert list(found["verdict"]) == ["within normal range"] * 2
    assert list(compare(baseline, np.array([100, 200]))["verdict"]) == ["clear fall", "clear rise"]


@pytest.mark.parametrize("periods", [1, 3])
def test_one_enormous_area_leaves_the_small_ones_readable(periods):
    baseline = np.vstack([np.full((1, periods), 100_000), np.full((30, periods), 40)])
    current = np.concatenate([[100_500], np.full(30, 40)])
    found = compare(baseline, current)
    assert set(found["verdict"]) == {"within normal range"}
    np.testing.assert_allclose(found.loc[1:, "expected"].astype(float), 40, rtol=0.05)
    current[5] = 160
    assert compare(baseline, current).loc[5, "verdict"] == "clear rise"


@pytest.mark.parametrize("periods", [1, 2, 3, 4, 5])
def test_f38_a_zero_baseline_everywhere_still_gives_numbers(periods):
    current = np.array([0, 1, 5, 40])
    found = compare(np.zeros((4, periods)), current)
    assert np.isfinite(found[NUMBERS].astype(float).to_numpy()).all()
    assert found.loc[0, "verdict"] == "too few to tell"
    assert "clear fall" not in set(found["verdict"])


def test_a_period_with_no_crime_anywhere_says_nothing_of_volatility():
    baseline = np.column_stack([np.zeros(20), np.full(20, 40), np.full(20, 42)])
    assert np.isfinite(compare(baseline, np.full(20, 41))[NUMBERS].astype(float).to_numpy()).all()


def test_areas_not_known_have_no_numbers_and_change_nothing_for_the_others():
    rng = np.random.default_rng(3)
    baseline, current = rng.poisson(40, (12, 3)).astype(float), rng.poisson(40, 12).astype(float)
    holed, holed_now = baseline.copy(), current.copy()
    holed[2, 1], holed_now[7] = np.nan, np.nan
    found = compare(holed, holed_now)
    assert list(found.index[found["verdict"] == "not known"]) == [2, 7]
    assert found.loc[[2, 7], NUMBERS].isna().all(axis=None)
    rest = [n for n in range(12) if n not in {2, 7}]
    pd.testing.assert_frame_equal(
        found.loc[rest].reset_index(drop=True), compare(baseline[rest], current[rest]), check_exact=True
    )
    assert set(compare(np.full((2, 2), np.nan), [1, 2])["verdict"]) == {"not known"}


def test_an_area_far_above_all_others_is_a_clear_rise():
    found = compare(np.zeros((24, 2)), np.array([*[0] * 23, 665]))
    assert np.isfinite(found[NUMBERS].astype(float).to_numpy()).all()
    assert found["verdict"].iloc[-1] == "clear rise"


def test_the_index_of_the_current_counts_is_kept():
    current = pd.Series([40, 41], index=["E05", "E01"])
    assert list(compare([[40], [42]], current).index) == ["E05", "E01"]


@pytest.mark.parametrize(
    ("baseline", "current"),
    [
        ([1, 2], [1, 2]),
        ([[1], [2]], [1]),
        (np.empty((2, 0)), [1, 2]),
        ([[-1]], [1]),
        ([["many"]], [1]),
        ([[1], [2, 3]], [1, 2]),
    ],
)
def test_counts_that_do_not_fit_are_refused(baseline, current):
    with pytest.raises(UsageError):
        compare(baseline, current)


@pytest.mark.parametrize(
    "comparator",
    ["force", "", "NONE", (1,), (1, 2, 3), (-1, 5), (5, -1), (np.nan, 5), (5, np.inf), (30, 0), ("x", 1), 7],
)
def test_f80_a_comparator_that_cannot_be_followed_is_refused(comparator):
    with pytest.raises(UsageError):
        compare([[40, 41, 40], [30, 31, 30]], [41, 30], comparator)


def test_f80_a_comparator_with_little_before_and_nothing_now_is_followed():
    assert compare([[40, 41, 40], [30, 31, 30]], [41, 30], (29, 0)).loc[0, "expected"] < 5


@pytest.mark.parametrize("months", [0, -3, "12", 2.5, None, np.nan])
def test_a_period_without_months_is_refused(months):
    with pytest.raises(UsageError):
        compare([[40], [30]], [41, 30], months=months)


def test_an_area_equal_to_its_expected_is_as_likely_above_as_below():
    found = compare(np.full((30, 3), 40), np.full(30, 40))
    assert found["prob_above"].astype(float).between(0.45, 0.5).all()
    np.testing.assert_allclose(found["ratio"].astype(float), 1)


def test_an_area_that_fell_clearly_has_a_level_well_below_what_was_expected():
    rng = np.random.default_rng(5)
    usual = 140 * rng.gamma(5, 1 / 5, 60)
    baseline, current = rng.poisson(usual[:, None]), rng.poisson(usual)
    baseline[0], current[0] = 137, 60
    found = compare(baseline, current).iloc[0]
    assert found["verdict"] == "clear fall"
    assert 60 < found["level"] < 110


def test_shorter_periods_are_expected_to_vary_more():
    baseline, current = np.full((30, 3), 40), np.full(30, 40)
    year, month = compare(baseline, current), compare(baseline, current, months=1)
    assert (month["normal_high"] > year["normal_high"]).all()


def test_no_area_and_no_crime_is_an_empty_table():
    assert list(compare(np.empty((0, 3)), np.empty(0)).columns) == list(MODEL_COLUMNS)


BENJAMINI_HOCHBERG = np.array(
    [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1]
)  # fmt: skip


def test_the_example_of_benjamini_and_hochberg_rejects_four():
    assert rejected(BENJAMINI_HOCHBERG, 0.05).sum() == 4
    # The adjusted p of the fourth is .0356: the least share at which it is rejected.
    assert not rejected(BENJAMINI_HOCHBERG, 0.0356)[3]
    assert rejected(BENJAMINI_HOCHBERG, 0.03563)[3]


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.01, 0.5))
def test_a_smaller_p_is_rejected_wherever_a_larger_is(p_values, share):
    values = np.array(p_values)
    marked = rejected(values, share)
    if marked.any():
        assert marked[values <= values[marked].max()].all()


def test_counts_with_the_same_areas_in_another_order_are_refused_and_row_numbers_are_not():
    baseline = pd.DataFrame([[40, 44], [12, 9], [30, 28]], index=["a", "b", "c"])
    current = pd.Series([31, 8, 81], index=["c", "b", "a"])
    with pytest.raises(UsageError, match="other areas, or the same in another order"):
        compare(baseline, current)
    found = compare(baseline, current.reindex(baseline.index))
    assert found["verdict"].to_dict()["a"] == "clear rise"
    assert compare(baseline.reset_index(drop=True), current.reindex(baseline.index)).equals(found)


@settings(max_examples=50, deadline=None)
@given(st.integers(5, 60), st.integers(0, 3), st.integers(0, 10_000))
def test_a_coarse_law_is_within_a_quarter_of_the_other_and_in_steps(areas, periods, seed):
    rng = np.random.default_rng(seed)
    rates = 40 * rng.gamma(2, 1 / 2, areas) + 5
    counts = rng.poisson(rates[:, None], (areas, periods)).astype(float)
    now = rng.poisson(rates).astype(float)
    exact, coarse = (law_of(counts, now, "none", coarse=each) for each in (False, True))
    # Half of a step, of which two double; and with one period, what its volatility follows of a variance in steps.
    most = 1 / 3 if periods == 1 else 1 / 4
    assert np.abs(np.log2(coarse.variation / exact.variation)).max() <= most + 1e-9
    # The variance between areas without an earlier period, or else the volatility.
    stepped = coarse.volatility if periods else coarse.variation[0] * coarse.expected[0] ** 2
    assert 2 * np.log2(stepped) == pytest.approx(round(2 * np.log2(stepped)))
