"""What money for locks and gates reaches, what it prevents, and what it cannot do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacmap.choose.hardening import (
    Candidate,
    Range,
    break_even,
    home_rate,
    prevented,
    reaches,
    read_prices,
    spend,
)
from sacmap.errors import InputError

PRICES = read_prices(None)

LIST = """
home_share = 0.7
take_up = 0.8
multiplier = 4.0
cost_of_burglary = 6000
cost_source = "ours"
[[measure]]
name = "Gates"
price = 108
protects = ["burglary"]
effect = { low = 0.1, mid = 0.2, high = 0.37 }
illustration = false
source = "a quotation"
"""


def test_the_ten_thousand_pounds_of_the_method():
    homes = 10_000 / 150
    spread = prevented(homes, 20, Range(0.10, 0.25, 0.40))
    assert (round(homes), round(spread.low, 2), round(spread.high, 2)) == (67, 0.13, 0.53)
    lately = prevented(homes, 20, Range(0.10, 0.25, 0.40), multiplier=4)
    assert round(lately.high, 1) == 2.1
    gates = 10_000 / 108
    assert (round(gates), round(prevented(gates, 20, Range(0, 0.15, 0.37)).high, 2)) == (93, 0.69)


def test_take_up_lowers_what_is_prevented():
    full, half = (prevented(100, 20, Range(0.1, 0.2, 0.4), take_up=t) for t in (1.0, 0.5))
    assert half.mid == full.mid / 2


def test_the_list_that_comes_with_sacmap_says_what_is_an_illustration_and_where_effects_are_from():
    assert [(m.effect.low, m.effect.high) for m in PRICES.measures[:2]] == [(0, 0.37), (0, 0.37)]
    assert PRICES.bought.effect.mid == 0.15
    for measure in PRICES.measures:
        assert measure.illustration
        assert measure.source.startswith("Price: illustration")
    assert "association" in PRICES.bought.source
    assert PRICES.home_share == 0.5


def test_a_list_of_one_s_own_is_used():
    prices = read_prices(LIST, "ours.toml")
    [one] = spend(10_000, [Candidate("A", 40, 2_000)], prices)
    # 40 burglaries × 0.7 in homes on 2,000 homes: 14 per 1,000.
    assert home_rate(Candidate("A", 40, 2_000), prices) == pytest.approx(14)
    assert one.homes == 92
    assert one.money == 92 * 108
    assert one.prevented.high == pytest.approx(92 * 0.014 * 4 * 0.37 * 0.8)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("home_share = 0.7", "home_share = 70", "home_share is 70"),
        ("price = 108", "price = 0", "price is 0"),
        ("take_up = 0.8\n", "", "no 'take_up'"),
        ("illustration = false\n", "", "no 'illustration'"),
        ("low = 0.1", "low = 0.3", "is not in order"),
        ('["burglary"]', '["burglry"]', "not a list of crime types"),
        ('["burglary"]', '[["burglary"]]', "not a list of crime types"),
        ('["burglary"]', '["robbery"]', "no measure that protects from burglary"),
        ("cost_source", "cost_sauce", "no 'cost_source'"),
        ("home_share = 0.7", "home_share = ", "is not TOML"),
        (
            "home_share = 0.7",
            f"home_share = {'7' * 5_000}",
            "is not TOML: it has a number with thousands of digits",
        ),
        ("[[measure]]", "[measure]", "measure is not a table"),
        ("effect = {", "effect = 0.2 # {", "the effect of"),
    ],
)
def test_a_strange_list_is_refused_with_what_is_wrong(old, new, said):
    with pytest.raises(InputError, match=r"ours\.toml") as refused:
        read_prices(LIST.replace(old, new), "ours.toml")
    assert said in refused.value.cause


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("price = 108", "price = £108", "Write price = 108"),
        ("price = 108", "price = 1,080.50", "Write price = 1080.50"),
        ("home_share = 0.7", "home_share = 70%", "Write home_share = 0.7"),
        ("price = 108", "price = £108 # each", "Write 108"),
        ("price = 108", "price = £1,50", "Write it without £ and commas, such as 1500 or 1.50."),
        ("low = 0.1", "low = 10%", "Write 0.1"),
        ("price = 108", 'price = "108"', "Write a number from 0.01 to 1,000,000."),
    ],
)
def test_a_number_as_people_write_it_is_refused_with_the_line_to_write(old, new, said):
    with pytest.raises(InputError) as refused:
        read_prices(LIST.replace(old, new), "ours.toml")
    assert refused.value.remedy == said
    assert "after a statement" not in refused.value.cause


def test_homes_already_protected_take_no_more_money():
    candidates = [Candidate("A", 90, 1_000, protected=990), Candidate("B", 10, 1_000)]
    first, second = spend(10_000, candidates, PRICES)
    assert first.homes == 10
    assert second.homes == 56


def test_without_households_nothing_is_said_of_what_is_prevented():
    [one] = spend(10_000, [Candidate("A", 90, None)], PRICES)
    assert (one.homes, one.prevented) == (66, None)


def test_an_area_whose_homes_are_not_known_gets_its_share_and_not_all_that_the_others_have_no_homes_for():
    candidates = [Candidate("A", 50, 100), Candidate("B", 30, None), Candidate("C", 20, 100)]
    assert [one.homes for one in spend(150_000, candidates, PRICES)] == [100, 300, 100]
    # What rounding leaves goes to one area, not to each.
    thirds = [Candidate(name, 10, homes) for name, homes in (("A", 0), ("B", None), ("C", None))]
    assert [one.homes for one in spend(150_000, thirds, PRICES)] == [0, 334, 333]


def test_the_burglaries_that_make_it_pay():
    assert break_even(10_000, PRICES.cost_of_burglary) == pytest.approx(1.69, abs=0.005)


def test_the_same_money_on_each_measure_against_burglary():
    found = reaches(10_000, 20, PRICES)
    assert [round(one.homes) for one in found] == [67, 93, 50]
    assert found[0].lately_burgled.high == pytest.approx(4 * found[0].spread.high)


CANDIDATES = st.lists(
    st.tuples(st.floats(0, 500), st.none() | st.floats(0, 3_000), st.integers(0, 3_000)),
    min_size=1,
    max_size=10,
).map(lambda rows: [Candidate(str(n), *row) for n, row in enumerate(rows)])


@given(st.floats(1, 1e6), CANDIDATES)
def test_whatever_the_areas_the_money_is_never_overspent_nor_more_homes_protected_than_there_are(
    budget, candidates
):
    spends = spend(budget, candidates, PRICES)
    assert [one.area_id for one in spends] == [one.area_id for one in candidates]
    assert sum(one.money for one in spends) <= budget + 1e-6
    for one, candidate in zip(spends, candidates, strict=True):
        assert one.homes >= 0
        if candidate.homes is not None:
            assert one.homes <= max(0, candidate.homes - candidate.protected)
    if all(one.homes is None for one in candidates) and any(one.burglaries > 0 for one in candidates):
        assert budget - sum(one.money for one in spends) < PRICES.bought.price
