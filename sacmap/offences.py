"""Home Office offence codes, and the components of crime that they make up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import pandas as pd

from sacmap.months import Period

#: Home Office offence codes → words in the description of each, in any order. Source: the Home Office's tables,
#: 2012/13 to 2025/26.
DWELLING = {
    "28A": "burglary dwelling", "28B": "attempted burglary dwelling", "28C": "distraction burglary dwelling",
    "28D": "attempted distraction burglary dwelling", "29": "aggravated burglary dwelling",
}  # fmt: skip
RESIDENTIAL = {
    "28E": "burglary residential", "28F": "attempted burglary residential", "28G": "distraction burglary residential",
    "28H": "attempted distraction burglary residential", "29A": "aggravated burglary residential",
}  # fmt: skip
HOME = {
    "28I": "burglary home", "28J": "attempted burglary home", "28K": "distraction burglary home",
    "28L": "attempted distraction burglary home", "29B": "aggravated burglary home",
}  # fmt: skip
UNCONNECTED = {
    "28M": "burglary unconnected building", "28N": "attempted burglary unconnected building",
    "28O": "distraction burglary unconnected building", "28P": "attempted distraction burglary unconnected building",
    "29C": "aggravated burglary unconnected building",
}  # fmt: skip
OTHER_BUILDINGS = {
    "30A": "burglary building other dwelling", "30B": "attempted burglary building other dwelling",
    "31": "aggravated burglary building other dwelling", "30C": "burglary business community",
    "30D": "attempted burglary business community", "31A": "aggravated burglary business community",
}  # fmt: skip
ROBBERY = {"34A": "robbery business", "34B": "robbery personal"}
THEFT_FROM = {"45": "theft from vehicle"}
THEFT_OF = {"48": "theft unauthorised taking vehicle", "37.2": "aggravated vehicle taking"}
INTERFERENCE = {"126": "interfering vehicle"}

#: The first months of the classes of 2017 and of 2023.
REDEFINED, SPLIT = "2017-04", "2023-04"
#: How home burglary was recorded, in words.
DWELLING_CLASS = "Recorded as burglary in a dwelling"
RESIDENTIAL_CLASS = "Recorded as residential burglary, sheds and garages included"
SPLIT_CLASS = "Recorded as residential burglary of homes and, apart from them, of unconnected buildings"

HOMES = DWELLING | RESIDENTIAL | HOME | UNCONNECTED
_SAC = HOMES | ROBBERY | THEFT_FROM | THEFT_OF
CODES = _SAC | OTHER_BUILDINGS | INTERFERENCE
#: What every table of all offences holds, by name: at least one of its codes in each quarter.
_PARTS: Mapping[str, Collection[str]] = {
    "burglary of homes": HOMES,
    "other burglary": OTHER_BUILDINGS,
    "robbery": ROBBERY,
    "theft from a vehicle (45)": THEFT_FROM,
    "theft of a vehicle (48)": {"48"},
    "interference with a vehicle (126)": INTERFERENCE,
}


@dataclass(frozen=True)
class Component:
    """A component of crime that is compared.

    name: as in the table; words: for the note; codes: the Home Office's; police_uk: the crime type of police.uk to
    compare it with, or ""; redefined: how much the changed definition of home burglary affects it.
    """

    name: str
    words: str
    codes: Mapping[str, str]
    police_uk: str = ""
    redefined: Literal["", "little", "much"] = ""


COMPONENTS = (
    Component("sac", "PP06: residential burglary, robbery, theft of and from motor vehicles; police.uk: its three "
              "classes, the proxy that is mapped", _SAC, "sac", "much"),
    Component("sac-proxy", "the same three classes as police.uk: all burglary, robbery, theft of and from motor "
              "vehicles and interference", CODES, "sac", "little"),
    Component("burglary", "all buildings, as police.uk", HOMES | OTHER_BUILDINGS, "burglary", "little"),
    Component("residential-burglary", "burglary of homes by the class of the time", HOMES, "", "much"),
    Component("burglary-of-homes", "homes less sheds and garages", DWELLING | HOME, "", "much"),
    Component("other-burglary", "buildings that are not homes", OTHER_BUILDINGS, "", "much"),
    Component("robbery", "business and personal, as police.uk", ROBBERY, "robbery"),
    Component("vehicle-crime", "theft of, theft from and interference, as police.uk",
              THEFT_FROM | THEFT_OF | INTERFERENCE, "vehicle-crime"),
    Component("vehicle-theft", "theft of and from motor vehicles, as PP06", THEFT_FROM | THEFT_OF),
    Component("theft-from-vehicle", "theft from a motor vehicle", THEFT_FROM),
    Component("theft-of-vehicle", "theft of a motor vehicle, aggravated taking included", THEFT_OF),
    Component("interference", "interference with a motor vehicle: not SAC", INTERFERENCE),
)  # fmt: skip


def class_of(month: str) -> str:
    """Return how home burglary was recorded in a month, in words."""
    return DWELLING_CLASS if month < REDEFINED else RESIDENTIAL_CLASS if month < SPLIT else SPLIT_CLASS


#: The components that a force's own extract has exactly → its crime type.
_OF_EXTRACT = {
    "sac": "sac",
    "residential-burglary": "burglary",
    "robbery": "robbery",
    "vehicle-theft": "vehicle-crime",
}


def components_of(extract: bool) -> tuple[Component, ...]:
    """Return the components to compare with police.uk's classes, or with a force's own extract."""
    if not extract:
        return COMPONENTS
    return tuple(
        replace(
            found,
            words=found.words.split(";")[0].removesuffix(", as police.uk"),
            police_uk=_OF_EXTRACT.get(found.name, ""),
        )
        for found in COMPONENTS
    )


@dataclass(frozen=True)
class Recorded:
    """The Home Office's recorded crime of one area.

    by: whether the area is a Community Safety Partnership (csp), a force or the nation; rows: quarter (its first
    month), code, description, n (NaN if the table gives none); codes: quarter → the codes in the table for any area.
    """

    area: str
    by: str
    rows: pd.DataFrame
    codes: Mapping[str, frozenset[str]]

    @cached_property
    def counts(self) -> dict[tuple[str, str], float]:
        """Quarter and code → n; NaN if the table gives none."""
        found: dict[tuple[str, str], float] = {}
        for quarter, code, n in zip(*(self.rows[name] for name in ("quarter", "code", "n")), strict=True):
            found[quarter, code] = found.get((quarter, code), 0.0) + float(n)
        return found

    @cached_property
    def lacking(self) -> tuple[str, ...]:
        """What the table has no code of, in any quarter or area: someone may have cut it to some offences."""
        known = frozenset[str]().union(*self.codes.values())
        return tuple(name for name, codes in _PARTS.items() if not known & set(codes))


def official(recorded: Recorded, component: Component, period: Period) -> float:
    """Return the recorded offences; NaN if the table lacks a part of them or cannot separate the class."""
    quarters = period[::3]
    parts = [part for codes in _PARTS.values() if (part := set(component.codes).intersection(codes))]
    if any(not recorded.codes[q] & part for q in quarters for part in parts):
        return float("nan")
    if component.name == "burglary-of-homes" and set(map(class_of, quarters)) & {RESIDENTIAL_CLASS}:
        return float("nan")
    counts = recorded.counts
    return sum((counts[q, code] for q in quarters for code in component.codes if (q, code) in counts), 0.0)
