"""Changes of definition and known gaps that break a comparison: one table, with sources.

A comparison across a change of definition says so next to its figures. Gaps are mentioned for context only: whether a
month can be compared is judged from the data, in `sacmap.measure.coverage`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sacmap.months import Period


@dataclass(frozen=True)
class Break:
    """Something that breaks a comparison from `date` on.

    kind: definition or gap; date: the first month affected; crime_types: the types affected; forces: by name in the
    data, empty for all; text: for officers; source; until: the last month of a gap, empty if not known.
    """

    kind: Literal["definition", "gap"]
    date: str
    crime_types: tuple[str, ...]
    forces: tuple[str, ...]
    text: str
    source: str
    until: str = ""


HOME_OFFICE = "Home Office Counting Rules for Recorded Crime, burglary"
POLICE_UK = "data.police.uk, changelog"

BREAKS = (
    Break(
        "definition", "2017-04", ("sac", "burglary"), (),
        "The definition of burglary changed in April 2017, with little effect on this map. Domestic burglary became "
        "residential burglary, which includes sheds and garages; the map shows all burglary. Figures for burglary of "
        "homes before and after cannot be compared.",
        HOME_OFFICE,
    ),
    Break(
        "definition", "2023-04", ("sac", "burglary"), (),
        "The definition of burglary changed in April 2023, with little effect on this map. Residential burglary was "
        "split into homes and unconnected buildings such as sheds; the map shows all burglary. Figures for burglary of "
        "homes before and after cannot be compared.",
        HOME_OFFICE,
    ),
    Break(
        "gap", "2019-07", (), ("Greater Manchester Police",),
        "Greater Manchester Police stopped publishing crimes in July 2019, when it changed its computer system.",
        POLICE_UK,
    ),
    Break(
        "gap", "2022-11", (), ("Devon & Cornwall Police",),
        "Devon & Cornwall Police stopped publishing crimes in November 2022, when it changed its computer system.",
        POLICE_UK,
    ),
    Break(
        "gap", "2025-02", (), ("British Transport Police",),
        "British Transport Police published nothing from February to December 2025.",
        POLICE_UK, "2025-12",
    ),
    Break(
        "gap", "2025-09", (), ("Gwent Police",),
        "Gwent Police published nothing from September to December 2025.",
        POLICE_UK, "2025-12",
    ),
    Break(
        "gap", "2026-01", (), ("Gwent Police",),
        "Gwent Police had published nothing from January to April 2026 either, when this was last seen.",
        POLICE_UK, "2026-04",
    ),
)  # fmt: skip


#: The effect on residential burglary itself, for maps of a force's own extract.
_OF_HOMES = {
    "2017-04": "The definition of burglary changed in April 2017: do not read the change as a rise or a fall. Domestic "
    "burglary became residential burglary, which includes sheds and garages. The map shows residential burglary, so "
    "the figures before and after cannot be compared.",
    "2023-04": "The definition of burglary changed in April 2023. Residential burglary was split into homes and "
    "unconnected buildings such as sheds. The map shows both. If the extract has only one of them from then on, the "
    "figures cannot be compared.",
}


def of_extract(breaks: Iterable[Break]) -> tuple[Break, ...]:
    """Return the breaks that affect a force's own extract: no gaps of police.uk, and texts for residential burglary."""
    return tuple(replace(found, text=_OF_HOMES[found.date]) for found in breaks if found.kind == "definition")


def filled(gap: Break, study_months: Iterable[str], published: Collection[tuple[str, str]]) -> bool:
    """Whether its forces have since published every month of a gap that a study has; also if it has none of them.

    `published` are the forces and months with crimes. A gap without a known end is never filled.
    """
    within = [month for month in study_months if gap.date <= month <= gap.until]
    return bool(gap.until) and all((force, month) in published for force in gap.forces for month in within)


def crossed(baseline: Iterable[Period], current: Period, forces: Sequence[str]) -> tuple[Break, ...]:
    """Return the breaks that affect a comparison: those for all forces and for any of `forces`.

    A change of definition affects a comparison with months both before and after its date, even if they are all in the
    baseline. A gap affects every comparison with months at or after its first month, up to its last if that is known.
    """
    every = [month for period in (*baseline, current) for month in period]
    first, last = min(every), max(every)
    return tuple(
        found
        for found in BREAKS
        if (first < found.date or found.kind == "gap")
        and found.date <= last
        and (not found.until or first <= found.until)
        and (not found.forces or set(found.forces) & set(forces))
    )
