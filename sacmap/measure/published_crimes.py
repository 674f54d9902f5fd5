"""The published crimes of a force or of the areas, ready to be compared with recorded crime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sacmap.crimes import Reading, repeats
from sacmap.measure.compared import forces_called, without_rows
from sacmap.measure.coverage import coverage, gaps
from sacmap.months import Period

#: A force with at least this share of the crime in the areas is one of their forces.
MATERIAL_SHARE = 0.05


@dataclass(frozen=True)
class Published:
    """The rows of one force or of the areas, to be compared with recorded crime.

    rows: month, crime_type, repeat (a duplicate of an earlier row), nowhere (no location) and counted, for each SAC
    row; thin: month → why it is thin; missing: months without any crime; where: whose rows they are, in words; absent:
    crime types of which the files hold no row, or not all.
    """

    rows: pd.DataFrame
    thin: Mapping[str, str]
    missing: frozenset[str]
    where: str
    absent: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether no month is missing or thin."""
        return not self.missing and not self.thin

    def in_period(self, period: Period) -> pd.DataFrame:
        """Return the rows of a period."""
        return self.rows[self.rows["month"].isin(period)]

    def unknown_in(self, periods: Sequence[Period]) -> dict[Period, frozenset[str]]:
        """Return the crime types that are missing, not zero, by period: absent everywhere, or from that one.

        A period without any month lacks no type: it lacks its months, which is told apart.
        """
        there = [period for period in periods if not set(period) <= self.missing]
        lost = without_rows(Counter(zip(self.rows["crime_type"], self.rows["month"], strict=True)), there)
        return {
            period: self.absent | {kind for kind, gone in lost.items() if period in gone}
            for period in periods
        }


def published_by_force(reading: Reading, force: str, wanted: Sequence[str]) -> Published:
    """Return all rows of a force, including those with no location.

    Raises
    ------
    InputError
        If the force reported no row.
    """
    mine = forces_called(force, reading.tally)
    crimes = reading.crimes[reading.crimes["force"].isin(mine)].reset_index(drop=True)
    judged = gaps(coverage(reading.tally, wanted), mine, wanted)
    return _published(reading, crimes, crimes["force"].notna(), judged, ", ".join(mine))


def published_in_areas(reading: Reading, located: pd.DataFrame, wanted: Sequence[str]) -> Published:
    """Return the rows in the areas, whatever the force: for a Community Safety Partnership."""
    inside = located["area_id"].notna()
    shares = located.loc[inside, "force"].astype(str).value_counts(normalize=True)
    mine = sorted(shares.index[shares >= MATERIAL_SHARE])
    ours = inside | (located["lon"].isna() & located["force"].isin(mine))
    judged = gaps(coverage(reading.tally, wanted), mine, wanted)
    return _published(reading, located[ours], inside[ours], judged, "the areas")


def _published(
    reading: Reading, crimes: pd.DataFrame, counted: pd.Series, judged: pd.DataFrame, where: str
) -> Published:
    is_missing = judged["status"] == "missing"
    return Published(
        rows=pd.DataFrame(
            {
                "month": crimes["month"].astype(str),
                "crime_type": crimes["crime_type"].astype(str),
                "repeat": repeats(crimes),
                "nowhere": crimes["lon"].isna(),
                "counted": counted,
            }
        ),
        thin=dict(zip(judged.loc[~is_missing, "month"], judged.loc[~is_missing, "reason"], strict=True)),
        missing=frozenset(judged.loc[is_missing, "month"]),
        where=where,
        absent=frozenset(reading.absent) | (frozenset({"vehicle-crime"}) if reading.lacking else frozenset()),
    )
