"""Changes of definition and known gaps that break a comparison: one table, with sources.

A comparison that straddles a change of definition says so beside its numbers. Gaps are told for context only:
whether a month can be compared is judged from the data, in `sacmap.measure.coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from sacmap import months
from sacmap.study import Period


@dataclass(frozen=True)
class Break:
    """Something that breaks a comparison from `date` on.

    kind: definition or gap; date: the first month it holds; crime_types: those it touches; forces: as reported,
    empty for all; text: for officers; source.
    """

    kind: Literal["definition", "gap"]
    date: str
    crime_types: tuple[str, ...]
    forces: tuple[str, ...]
    text: str
    source: str

    def record(self) -> dict[str, object]:
        """Return the break for the JSON record."""
        return asdict(self)


HOME_OFFICE = "Home Office Counting Rules for Recorded Crime, burglary"
POLICE_UK = "data.police.uk, changelog"

BREAKS = (
    Break(
        "definition",
        "2017-04",
        ("sac", "burglary"),
        (),
        "In April 2017 domestic burglary became residential burglary, which takes in sheds and garages. All burglary, "
        "which is what is mapped here, was little affected; figures of home burglary before and after are not alike.",
        HOME_OFFICE,
    ),
    Break(
        "definition",
        "2023-04",
        ("sac", "burglary"),
        (),
        "In April 2023 residential burglary was split into homes and unconnected buildings such as sheds. All "
        "burglary, which is what is mapped here, was little affected; figures of home burglary before and after are "
        "not alike.",
        HOME_OFFICE,
    ),
    Break(
        "gap",
        "2019-07",
        (),
        ("Greater Manchester Police",),
        "Greater Manchester Police stopped publishing crimes from July 2019, with a change of its computer system.",
        POLICE_UK,
    ),
    Break(
        "gap",
        "2022-11",
        (),
        ("Devon & Cornwall Police",),
        "Devon & Cornwall Police stopped publishing crimes from November 2022, with a change of its computer system.",
        POLICE_UK,
    ),
)


#: What a change of definition does to residential burglary itself, which a force's own extract holds.
_OF_HOMES = {
    "2017-04": "In April 2017 domestic burglary became residential burglary, which takes in sheds and garages. "
    "Residential burglary is what is mapped here, so the figures before and after are not alike: do not read the "
    "change as a rise or a fall.",
    "2023-04": "In April 2023 residential burglary was split into homes and unconnected buildings such as sheds. Both "
    "are mapped here; where the extract holds only one of them from then on, the figures are not alike.",
}


def of_extract(breaks: Iterable[Break]) -> tuple[Break, ...]:
    """Return the breaks as they touch a force's own extract: police.uk's gaps do not, and homes are what is mapped."""
    return tuple(replace(found, text=_OF_HOMES[found.date]) for found in breaks if found.kind == "definition")


def crossed(
    baseline: Iterable[Period], current: Period, forces: Sequence[str], breaks: Sequence[Break] = BREAKS
) -> tuple[Break, ...]:
    """Return the breaks that touch a comparison, for all forces or one of `forces`.

    A change of definition is crossed where one month compared lies before its date and another on or after it,
    between the two sides or within the baseline. A gap touches every comparison that reaches its first month or
    goes beyond: it says from when to look, and has no known end.
    """
    every = [month for period in (*baseline, current) for month in period]
    first, last = min(every, key=months.number), max(every, key=months.number)
    return tuple(
        found
        for found in breaks
        if (first < found.date or found.kind == "gap")
        and found.date <= last
        and (not found.forces or set(found.forces) & set(forces))
    )
