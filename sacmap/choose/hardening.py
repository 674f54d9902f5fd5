"""A budget for target hardening: the homes it reaches and the burglaries it prevents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.resources import files

from sacmap import tables
from sacmap.errors import InputError
from sacmap.files.study_file import toml_error
from sacmap.files.text import parse_toml

#: Home burglaries a year per 1,000 homes, used for `reaches` if the area's own rate is not known.
USUAL_RATE = 20.0
#: Risk of homes burgled lately, as a multiple of the area's risk.
LATELY_BURGLED = 4.0


@dataclass(frozen=True)
class Range:
    """An uncertain figure: low, middle and high."""

    low: float
    mid: float
    high: float

    def times(self, factor: float) -> Range:
        """Return the range multiplied by a factor."""
        return Range(self.low * factor, self.mid * factor, self.high * factor)


@dataclass(frozen=True)
class Measure:
    """A security measure: price in pounds per home; effect as the share prevented of the crime types in `protects`."""

    name: str
    price: float
    protects: tuple[str, ...]
    effect: Range
    source: str
    illustration: bool


@dataclass(frozen=True)
class Prices:
    """A price list. Its shares are 0 to 1; cost_of_burglary is in pounds."""

    measures: tuple[Measure, ...]
    home_share: float
    take_up: float
    multiplier: float
    cost_of_burglary: float
    cost_source: str

    @property
    def bought(self) -> Measure:
        """The measure that the plan buys: the first one that protects from burglary."""
        return next(measure for measure in self.measures if "burglary" in measure.protects)


@dataclass(frozen=True)
class Candidate:
    """An area that may get money: burglaries a year; homes, or None if not known; homes already protected."""

    area_id: str
    burglaries: float
    homes: float | None
    protected: int = 0

    @property
    def room(self) -> float:
        """The homes that are not protected yet; infinite if homes are not known."""
        return math.inf if self.homes is None else max(0.0, math.floor(self.homes) - self.protected)


@dataclass(frozen=True)
class Spend:
    """What an area gets: pounds, whole homes, and burglaries prevented a year (None if homes are not known)."""

    area_id: str
    money: float
    homes: int
    prevented: Range | None


def read_prices(text: str | None, path: str = "the price list") -> Prices:
    """Return the price list from a TOML text, or sacmap's own if `text` is None.

    Raises
    ------
    InputError
        If it is not TOML, a key is missing or unknown, or a value is out of range.
    """
    if text is None:
        text = (files("sacmap.choose") / "prices.toml").read_text(encoding="utf-8")
    try:
        raw = parse_toml(text)
    except ValueError as error:
        raise toml_error(f"The price list {path}", text, error) from None
    _require_keys(path, raw, {field.name for field in fields(Prices)} - {"measures"} | {"measure"})
    # [measure] instead of [[measure]] gives one table; `_measure` says what to write.
    entries = raw["measure"] if isinstance(raw["measure"], list) else [None]
    measures = tuple(_measure(path, entry) for entry in entries)
    if not any("burglary" in measure.protects for measure in measures):
        raise InputError(f"The price list {path} has no measure that protects from burglary.", "Add one.")
    return Prices(
        measures=measures,
        home_share=_number(path, raw, "home_share", 0, 1),
        take_up=_number(path, raw, "take_up", 0, 1),
        multiplier=_number(path, raw, "multiplier", 0, 100),
        cost_of_burglary=_number(path, raw, "cost_of_burglary", 1, 1e7),
        cost_source=str(raw["cost_source"]),
    )


def _measure(path: str, raw: object) -> Measure:
    if not isinstance(raw, dict):
        raise InputError(f"In the price list {path}, measure is not a table.", "Write it as [[measure]].")
    _require_keys(path, raw, {field.name for field in fields(Measure)})
    protects = raw["protects"]
    if not isinstance(protects, list) or not all(kind in tables.SAC_TYPES for kind in protects):
        raise InputError(
            f"In the price list {path}, protects of {raw['name']!r} is not a list of crime types.",
            f"Crime types are {', '.join(tables.SAC_TYPES)}.",
        )
    if not isinstance(raw["effect"], dict):
        raise InputError(
            f"In the price list {path}, the effect of {raw['name']!r} is not a range.",
            "Write it as effect = { low = 0.0, mid = 0.15, high = 0.37 }, with your own figures.",
        )
    _require_keys(path, raw["effect"], {"low", "mid", "high"})
    effect = Range(*(_number(path, raw["effect"], name, 0, 1) for name in ("low", "mid", "high")))
    if not effect.low <= effect.mid <= effect.high:
        raise InputError(
            f"In the price list {path}, the effect of {raw['name']!r} is not in order.",
            "Write low, mid and high from small to large.",
        )
    return Measure(
        name=str(raw["name"]),
        price=_number(path, raw, "price", 0.01, 1e6),
        protects=tuple(protects),
        effect=effect,
        source=str(raw["source"]),
        illustration=bool(raw["illustration"]),
    )


def _require_keys(path: str, raw: object, keys: set[str]) -> None:
    found = set(raw) if isinstance(raw, dict) else set()
    wrong = sorted(keys - found) or sorted(found - keys)
    if wrong:
        what = "no" if keys - found else "an unknown"
        raise InputError(
            f"The price list {path} has {what} {wrong[0]!r}.", f"It needs {', '.join(sorted(keys))}."
        )


def _number(path: str, raw: Mapping[str, object], name: str, low: float, high: float) -> float:
    value = raw[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(
            f"In the price list {path}, {name} is {value!r}.", f"Write a number from {low:g} to {high:,.8g}."
        )
    return float(value)


def prevented(
    homes: float, rate: float, effect: Range, *, multiplier: float = 1.0, take_up: float = 1.0
) -> Range:
    """Return the burglaries prevented a year: homes × (rate / 1,000) × multiplier × effect × take-up.

    `rate` is home burglaries a year per 1,000 homes; `multiplier` is the risk of these homes as a multiple of it.
    """
    return effect.times(homes * rate / 1_000 * multiplier * take_up)


def spend(budget: float, candidates: Sequence[Candidate], prices: Prices) -> list[Spend]:
    """Share the money between the areas in proportion to their burglaries, in whole homes, up to all homes of an area.

    The money is shared because it is seldom certain which area is first. What remains goes to the areas in the order
    given. An area whose homes are not known has its share, and what rounding leaves, but not what the others leave.
    """
    price = prices.bought.price
    total = sum(c.burglaries for c in candidates if c.burglaries > 0) or 1.0
    affordable = int(budget / price + 1e-9)
    shares = [int(max(0.0, c.burglaries) / total * affordable) for c in candidates]
    homes = [int(min(c.room, share)) for c, share in zip(candidates, shares, strict=True)]
    left, rounded = affordable - sum(homes), affordable - sum(shares)
    for position, candidate in enumerate(candidates):
        if candidate.burglaries > 0:
            most = rounded if candidate.homes is None else candidate.room - homes[position]
            more = int(min(left, most))
            homes[position] += more
            left, rounded = left - more, max(0, rounded - more)
    return [
        Spend(candidate.area_id, n * price, n, _prevented_in(candidate, n, prices))
        for candidate, n in zip(candidates, homes, strict=True)
    ]


def _prevented_in(candidate: Candidate, homes: int, prices: Prices) -> Range | None:
    rate = home_rate(candidate, prices)
    if rate is None:
        return None
    bought = prices.bought
    return prevented(homes, rate, bought.effect, multiplier=prices.multiplier, take_up=prices.take_up)


def home_rate(candidate: Candidate, prices: Prices) -> float | None:
    """Return an area's home burglaries a year per 1,000 homes, or None if its homes are not known."""
    if not candidate.homes:
        return None
    return 1_000 * candidate.burglaries * prices.home_share / candidate.homes


def homes_reached(multiplier: float) -> str:
    """Return the homes that a price list's multiplier is of: "Spread over the areas" where it is 1."""
    return (
        "Spread over the areas" if multiplier == 1 else f"At homes with {multiplier:g} times the areas' risk"
    )


def paid(budget: float, spent: float, price: float) -> float:
    """Return the money that must pay for itself: what is spent if it leaves a home's price over; else the budget."""
    return spent if spent and budget - spent >= price else budget


def break_even(money: float, cost_of_burglary: float) -> float:
    """Return how many burglaries must be prevented for the benefit to equal the money."""
    return money / cost_of_burglary


@dataclass(frozen=True)
class Reach:
    """What an amount of money does if spent on one measure: homes it pays for, and burglaries prevented a year.

    spread: for homes with the area's average risk; lately_burgled: for homes burgled lately.
    """

    measure: str
    price: float
    homes: float
    spread: Range
    lately_burgled: Range


def reaches(money: float, rate: float, prices: Prices) -> list[Reach]:
    """Return what the money does with each measure against burglary, at `rate` burglaries per 1,000 homes a year."""
    return [
        Reach(
            measure=measure.name,
            price=measure.price,
            homes=money / measure.price,
            spread=prevented(money / measure.price, rate, measure.effect, take_up=prices.take_up),
            lately_burgled=prevented(
                money / measure.price, rate, measure.effect, multiplier=LATELY_BURGLED, take_up=prices.take_up
            ),
        )
        for measure in prices.measures
        if "burglary" in measure.protects
    ]
