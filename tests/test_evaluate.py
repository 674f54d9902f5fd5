import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from sacmap.choose.control_areas import SIZE_LEEWAY, Areas, control_weights, placebo_z, widening
from sacmap.choose.effect import placebo_rank, rate_ratio, tne, wdd, wdq, weighted_wdd
from sacmap.choose.partnership_files import Action
from sacmap.choose.plan_checks import require_after
from sacmap.errors import UsageError
from sacmap.months import span

TREATED, CONTROL, BUFFER, BUFFER_CONTROL = (207, 110), (308, 318), (178, 157), (150, 140)


def test_the_published_example_of_wheeler_and_ratcliffe():
    found = wdd(TREATED, CONTROL, BUFFER, BUFFER_CONTROL)
    assert (found.estimate, found.variance) == (-118, 1568)
    assert found.z == pytest.approx(-2.98, abs=0.005)
    assert (round(found.low), round(found.high)) == (-196, -40)


def test_the_quotient_the_net_effect_and_the_ratio():
    assert wdq(TREATED, CONTROL, BUFFER) == pytest.approx(0.258186, abs=1e-6)
    assert tne(TREATED, CONTROL, BUFFER) == pytest.approx(130.5, abs=0.05)
    found = rate_ratio(TREATED, CONTROL)
    assert found.estimate == pytest.approx(0.51469, abs=1e-5)
    assert found.se_log == pytest.approx(0.14250, abs=5e-5)


def test_volatility_and_the_interval_of_a_ratio_are_those_worked_out_by_hand():
    # 1/10 + 1/20 + 1/20 + 1/10 + 4 × 0.0325 = 0.43
    found = rate_ratio((10, 20), (20, 10), alpha=0.0325)
    assert found.estimate == pytest.approx(4)
    assert found.se_log == pytest.approx(0.43**0.5)
    assert found.low == pytest.approx(4 / np.exp(1.959964 * 0.43**0.5))
    assert found.high == pytest.approx(4 * np.exp(1.959964 * 0.43**0.5))


def test_at_zeros_they_are_undefined_and_the_difference_is_not():
    assert wdq((0, 0), (0, 0), (0, 0)) is None
    assert tne((2, 1), (0, 3), (1, 1)) is None
    assert rate_ratio((0, 3), (4, 5)) is None
    assert wdd((0, 0), (0, 0)).z == 0


@pytest.mark.parametrize("pair", [(-1, 110), (float("nan"), 110), ("many", 110), (207,), 207])
def test_wdd_refuses_what_is_no_pair_of_counts(pair):
    with pytest.raises(UsageError, match="buffer is not \\(before, after\\)"):
        wdd(TREATED, CONTROL, pair)


def test_wdd_takes_arrays_as_pairs_and_refuses_a_negative_volatility():
    assert wdd(np.array(TREATED), np.array(CONTROL), np.array(BUFFER)) == wdd(TREATED, CONTROL, BUFFER)
    with pytest.raises(UsageError, match="alpha cannot be -1"):
        wdd(TREATED, CONTROL, alpha=-1)


@given(*[st.tuples(st.integers(1, 500), st.integers(1, 500))] * 3)
def test_a_quotient_and_a_net_effect_are_of_targets_that_fell_against_their_control(treated, control, buffer):
    fell = treated[1] * control[0] < treated[0] * control[1]
    assert (wdq(treated, control, buffer) is not None) == fell
    assert (tne(treated, control, buffer) is not None) == fell


@given(
    st.tuples(st.integers(0, 500), st.integers(0, 500)), st.tuples(st.integers(0, 500), st.integers(0, 500))
)
def test_volatility_widens_the_interval_and_never_moves_it(treated, control):
    plain, wide = wdd(treated, control), wdd(treated, control, alpha=0.02)
    assert plain.estimate == wide.estimate
    assert wide.high >= plain.high


def test_the_placebo_rank_counts_the_areas_that_fell_as_far():
    assert placebo_rank(-20, [-30, -20, 0, 5]) == 3
    assert placebo_rank(-40, [-30, -20, 0, 5]) == 1


def test_counts_by_area_give_the_same_difference_and_each_area_its_own_volatility():
    together = wdd((60, 40), (60, 60), alpha=0.02)
    apart = wdd(([20, 40], [10, 30]), ([30, 30], [30, 30]), alpha=0.02)
    assert apart.estimate == together.estimate == -20
    assert apart.variance < together.variance
    assert apart.variance == pytest.approx(220 + 0.02 * (20**2 + 40**2 + 10**2 + 30**2 + 4 * 30**2))
    assert wdd(([20, 40], [10, 30]), ([30, 30], [30, 30])).variance == wdd((60, 40), (60, 60)).variance == 220


@pytest.fixture(scope="module")
def benchmark_of():
    path = Path(__file__).parents[1] / "benchmarks" / "evaluation.py"
    spec = importlib.util.spec_from_file_location("evaluation", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["evaluation"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("rule", ["week", "highest"])
def test_an_action_that_worked_is_found_and_one_that_did_not_is_not_claimed(benchmark_of, rule):
    # The table of docs/evaluation.md, in small.
    source = benchmark_of.made_up(3, 0.5)
    nothing, half = (benchmark_of.run_cell(source, rule, 3, effect, 40) for effect in (0.0, 0.5))
    assert nothing["clear"] <= 10
    assert nothing["held"] >= 85
    assert abs(nothing["settled"]) < 6
    assert half["clear"] >= 60


@pytest.mark.slow
def test_real_areas_where_nothing_was_done_are_not_claimed(benchmark_of, data):
    source = benchmark_of.of_wales(str(data / "reference" / "lsoa21-wales-sac-2023-05_2026-04.parquet"))
    nothing = benchmark_of.run_cell(source, "week", 3, 0.0, 40)
    assert nothing["clear"] <= 10
    assert abs(nothing["settled"]) < 8


def areas_of(rng, n):
    return 40 * rng.gamma(4, 1 / 4, n) + 1


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 60), st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000))
def test_whatever_the_areas_the_weights_add_up_to_the_target_and_none_is_negative(n, size, periods, seed):
    rng = np.random.default_rng(seed)
    level = areas_of(rng, n + size)
    past = rng.poisson(level[:, None], (n + size, periods)).astype(float)
    target, others = np.arange(size), np.arange(size, n + size)
    weights = control_weights(level, past, target, others, 0.02)
    assert (weights >= 0).all()
    assert weights @ level[others] == pytest.approx(level[target].sum())


def weights_by_least_squares(level, past, target, others, alpha):
    """The demands of `control_weights` as rows of least squares, which scipy solves in another way."""
    before = past[target].sum(axis=0)
    doubt = np.sqrt(before + alpha * (past[target] ** 2).sum(axis=0))
    rows = np.vstack(
        [
            np.diag(np.sqrt(2 * (level[others] + alpha * level[others] ** 2))),
            1e4 * level[others] / level[target].sum(),
            past[others].T / doubt[:, None],
            np.full((1, len(others)), 1 / len(target) / SIZE_LEEWAY),
        ]
    )
    wanted = np.concatenate([np.zeros(len(others)), [1e4], before / doubt, [1 / SIZE_LEEWAY]])
    return nnls(rows, wanted)[0]


def test_no_weights_suit_the_target_better_than_those_chosen():
    rng = np.random.default_rng(7)
    alpha, target, others = 0.001, np.arange(2), np.arange(2, 40)
    level = 10 * areas_of(rng, 40)
    # Crime fell in the target and in every second area, and rose in the others.
    way = np.where(np.arange(40)[:, None] % 2 == 0, [3.0, 1.0, 0.1], [0.1, 1.0, 3.0])
    way[target] = [3.0, 1.0, 0.1]
    past = rng.poisson(level[:, None] * way).astype(float)
    best = weights_by_least_squares(level, past, target, others, alpha)
    assert 0 < np.count_nonzero(best) < 38
    assert control_weights(level, past, target, others, alpha) == pytest.approx(best, abs=1e-6)


def test_the_weights_of_a_target_with_next_to_no_crime_are_the_best_too():
    level = np.array([0.3, 5, 34, 9, 21, 24, 11, 10, 48, 42, 36, 19])
    past = np.array(
        [
            [1.0, 4, 720, 23, 6, 14, 12, 11, 260, 73, 58, 2],
            [4, 4, 45, 4, 10, 16, 12, 5, 66, 21, 179, 29],
            [2, 3, 56, 18, 79, 13, 9, 393, 174, 21, 100, 22],
        ]
    ).T
    case = (level, past, np.array([0]), np.arange(1, 12), 0.01)
    assert control_weights(*case) == pytest.approx(weights_by_least_squares(*case), abs=1e-6)


def test_the_weights_lean_to_areas_with_the_same_past():
    # Half of the areas fell by half over three periods, as the target did; the others stood still.
    level = np.full(41, 200.0)
    past = np.array([[400.0, 300, 250]] + [[400.0, 300, 250]] * 20 + [[200.0, 200, 200]] * 20)
    weights = control_weights(level, past, np.array([0]), np.arange(1, 41), 0.001)
    assert weights[:20].sum() > 3 * weights[20:].sum()


def test_many_areas_make_the_control_less_uncertain_than_the_nearest_does():
    rng = np.random.default_rng(4)
    level = areas_of(rng, 100)
    past = rng.poisson(level[:, None], (100, 3)).astype(float)
    weights = control_weights(level, past, np.arange(3), np.arange(3, 100), 0.02)
    assert weights.sum() ** 2 / (weights**2).sum() > 20


def test_without_another_area_there_is_no_control():
    assert control_weights(np.ones(2), np.ones((2, 1)), np.arange(2), np.arange(0), 0.02).size == 0


def test_a_weighted_difference_of_equal_weights_is_the_plain_one():
    plain, weighted = wdd((60, 40), (60, 70)), weighted_wdd((60, 40), (60, 70), [1.0])
    assert weighted == plain
    assert weighted_wdd((60, 40), ([30, 30], [40, 30]), [1.0, 1.0]).variance == plain.variance
    assert weighted_wdd((60, 40), (60, 70), [1.0], widen=2).variance == 4 * plain.variance


def test_the_variance_of_a_weighted_difference_is_that_worked_out_by_hand():
    treated, control, weights = ([10], [20]), ([30, 40], [20, 50]), [0.5, 0.25]
    found = weighted_wdd(treated, control, weights, alpha=0.1)
    # 10 + 10 + 20 + 40 of the treated; 0.5² × (30 + 90 + 20 + 40) and 0.25² × (40 + 160 + 50 + 250) of the control.
    assert found.estimate == 10 - (0.5 * -10 + 0.25 * 10)
    assert found.variance == pytest.approx(80 + 45 + 31.25)
    doubted = weighted_wdd(treated, control, weights, alpha=0.1, doubt=([3], [2, 4]), widen=2)
    assert doubted.variance == pytest.approx(4 * (89 + 46 + 32.25))
    assert doubted.z == pytest.approx(12.5 / (4 * 167.25) ** 0.5)


def test_doubt_of_what_was_to_be_expected_widens_the_interval_and_moves_nothing():
    sure, unsure = (weighted_wdd((60, 40), (60, 70), [1.0], doubt=(d, 0)) for d in (0, 5))
    assert sure.estimate == unsure.estimate
    assert unsure.variance == sure.variance + 25


def test_intervals_are_widened_by_what_untreated_areas_show():
    assert widening([]) == pytest.approx(1.15)
    assert widening([3.0, -3.0] * 100) > 2.5
    assert widening([0.1, -0.1] * 100) < 0.6


@pytest.mark.parametrize(
    ("after", "right"),
    [
        ("2026-05:2027-04", "2026-06:2027-04"),
        ("2026-06:2027-05", None),
        ("2026-07:2026-09", None),
        ("2026-03:2026-05", "2026-06:2026-08"),
        ("2025-06:2026-05", "2026-06:2027-05"),
    ],
)
def test_a_period_after_begins_with_the_month_of_the_first_action_or_is_refused_with_the_right_span(
    after, right
):
    log = [Action("2026-07-01", "A", "gates", 12), Action("2026-06-30", "A", "locks", None)]
    require_after(span(after), [])
    if right is None:
        require_after(span(after), log)
        return
    with pytest.raises(UsageError) as refused:
        require_after(span(after), log)
    assert refused.value.remedy.endswith(f"--after {right}.")


def test_placebos_are_sets_of_untreated_areas_each_once():
    rng = np.random.default_rng(2)
    level = areas_of(rng, 15)
    past = rng.poisson(level[:, None], (15, 2)).astype(float)
    ring = [frozenset({(place - 1) % 15, (place + 1) % 15}) for place in range(15)]
    areas = Areas(level, past, level, rng.poisson(level).astype(float), np.zeros(15))
    alone = placebo_z(areas, ring, range(5, 15), 1, 0.02)
    assert len(alone) == 10
    assert len(placebo_z(areas, ring, range(5, 15), 3, 0.02)) <= 10
    assert placebo_z(areas, ring, [5, 9], 3, 0.02) == []
    fallen = Areas(level, past, level, np.where(np.arange(15) == 7, 0.0, level), np.zeros(15))
    assert np.argmin(placebo_z(fallen, ring, range(5, 15), 1, 0.02)) == 2
