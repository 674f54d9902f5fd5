"""Adjoining areas for a week of action: every set against brute force, the buffer, and the areas compared."""

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap.areas.topology import adjoining
from sacmap.choose import week
from sacmap.choose.week import buffer_of, choose, connected, every_set, grown_sets, nearest_like


@st.composite
def maps(draw, most=9):
    """A graph of areas, and their excess."""
    n = draw(st.integers(1, most))
    pairs = [pair for pair in itertools.combinations(range(n), 2) if draw(st.booleans())]
    near = [frozenset(b for pair in pairs if a in pair for b in pair if b != a) for a in range(n)]
    excess = draw(st.lists(st.integers(-20, 40), min_size=n, max_size=n))
    return near, np.array(excess, dtype=float)


def brute(near, size):
    return [
        places for places in itertools.combinations(range(len(near)), size) if reachable(set(places), near)
    ]


def reachable(places, near):
    done, waiting = set(), [min(places)]
    while waiting:
        place = waiting.pop()
        done.add(place)
        waiting += [b for b in near[place] if b in places and b not in done]
    return done == places


@settings(deadline=None)
@given(maps(), st.integers(1, 5))
def test_every_connected_set_is_found_once(drawn, size):
    near, _ = drawn
    found = every_set(near, range(len(near)), size)
    assert [tuple(row) for row in found.tolist()] == brute(near, size)


@settings(deadline=None)
@given(maps(), st.integers(1, 5))
def test_the_exact_choice_is_the_best_there_is(drawn, size):
    near, excess = drawn
    choices = choose(excess, np.column_stack([excess, excess]), near, size)
    totals = sorted((excess[list(places)].sum() for places in brute(near, size)), reverse=True)
    assert [one.excess for one in choices] == totals[: len(choices)]
    assert len(choices) == min(3, len(totals))
    for one in choices:
        assert connected(one.positions, near)
    if choices:
        assert choices[0].best_share == 1


@settings(deadline=None)
@given(maps(), st.integers(1, 5))
def test_the_heuristic_gives_connected_sets_near_the_best(drawn, size):
    near, excess = drawn
    found = grown_sets(excess, near, size)
    every = brute(near, size)
    assert bool(found) == bool(every)
    for places in found:
        assert places in every


def grid(width, height):
    return [
        frozenset(
            x + dx + width * (y + dy)
            for dx, dy in [(-1, 0), (1, 0), (0, -1), (0, 1)]
            if 0 <= x + dx < width and 0 <= y + dy < height
        )
        for y in range(height)
        for x in range(width)
    ]


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_the_heuristic_is_seldom_below_the_best(size):
    near = grid(10, 6)
    sets = every_set(near, range(60), size)
    best = 0
    for seed in range(40):
        excess = np.random.default_rng(seed).normal(0, 10, 60)
        found = excess[list(grown_sets(excess, near, size)[0])].sum()
        top = excess[sets].sum(axis=1).max()
        assert found > 0.8 * top
        best += found == pytest.approx(top)
    assert best >= 34


def test_beyond_the_limit_the_heuristic_is_used_and_shares_its_draws(monkeypatch):
    near = grid(13, 13)
    excess = np.zeros(169)
    excess[[40, 41, 54]] = 30
    drawn = excess[:, None] + np.random.default_rng(1).normal(0, 3, (169, 50))
    exact = choose(excess, drawn, near, 3)
    monkeypatch.setattr(week, "EXACT_SETS", 100)
    assert every_set(near, range(169), 3) is None
    assert every_set(near[:60], range(60), 6) is None
    first, *others = choose(excess, drawn, near, 3)
    assert first.positions == exact[0].positions == (40, 41, 54)
    assert first.best_share > 0.9
    assert len(others) == 2
    assert first.best_share + sum(other.best_share for other in others) <= 1


def test_areas_not_known_are_never_chosen():
    near = grid(3, 1)
    excess = np.array([5.0, np.nan, 7.0])
    assert choose(excess, excess[:, None], near, 2) == []
    assert choose(excess, excess[:, None], near, 1)[0].positions == (2,)


@pytest.mark.parametrize("size", range(2, 11))
def test_where_no_so_many_areas_adjoin_there_is_no_choice(size):
    excess = np.ones(3)
    assert choose(excess, excess[:, None], [frozenset()] * 3, size) == []


def square(x, y):
    return shapely.box(x / 100, 52 + y / 100, (x + 1) / 100, 52 + (y + 1) / 100)


def areas_of(polygons):
    return gpd.GeoDataFrame(
        {"area_id": [str(n) for n in range(len(polygons))]}, geometry=polygons, crs="EPSG:4326"
    )


def test_a_shared_line_adjoins_and_a_corner_does_not():
    polygons = [square(0, 0), square(1, 0), square(1, 1), square(3, 3), shapely.Polygon()]
    assert adjoining(areas_of(polygons)) == [{1}, {0, 2}, {1}, set(), set()]


def test_lines_drawn_a_little_apart_still_adjoin():
    apart = shapely.affinity.translate(square(1, 0), 0.000005)
    far = shapely.affinity.translate(square(1, 0), 0.0005)
    assert adjoining(areas_of([square(0, 0), apart])) == [{1}, {0}]
    assert adjoining(areas_of([square(0, 0), far])) == [set(), set()]


def test_the_buffer_adjoins_the_target_and_is_not_in_it():
    assert buffer_of((4,), grid(3, 3)) == (1, 3, 5, 7)
    assert buffer_of(range(9), grid(3, 3)) == ()


def test_areas_compared_are_alike_in_level_and_trend():
    counts = np.array([100.0, 98, 101, 20, 100])
    before = np.array([80.0, 120, 82, 16, 30])
    assert nearest_like([0], [1, 2, 3, 4], counts, before) == (2,)
    assert nearest_like([0, 2], [1, 3, 4], counts, before) == (1, 4)
    assert nearest_like([0, 1, 2], [3], counts, before) == (3,)


def test_the_smallest_fall_to_be_seen():
    # The method says "about 15" with counts of 20 in each of four cells, "about 30" with 100.
    assert week.smallest_detectable_fall(20, 20) == pytest.approx(14, abs=0.1)
    assert week.smallest_detectable_fall(100, 100) == pytest.approx(33, abs=0.2)
    assert week.smallest_detectable_fall(100, 100, 400) > 33


def test_a_fall_that_large_is_seen_in_two_cases_of_three():
    rng = np.random.default_rng(7)
    fall = week.smallest_detectable_fall(100, 100)
    counts = rng.poisson([100, 100 - fall, 100, 100], size=(20_000, 4))
    z = ((counts[:, 1] - counts[:, 0]) - (counts[:, 3] - counts[:, 2])) / np.sqrt(counts.sum(axis=1))
    assert (z < -week.Z_TENTH).mean() == pytest.approx(2 / 3, abs=0.02)
