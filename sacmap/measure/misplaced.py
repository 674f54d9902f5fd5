"""Find months whose crimes have no location or lie in no area, and areas that a whole period leaves empty.

They would read as a fall, as what was not published would.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.errors import InputError
from sacmap.months import Period
from sacmap.notices import Notice, listed

#: With fewer crimes to be expected in the areas, few or none may lie there by chance.
ENOUGH = 20
#: The share of the usual number below which a month is named: of 1,000 parts of Avon without any fault, one had such a
#: month; below a half, one in six.
FAR_FEWER = 0.25


def by_place(located: pd.DataFrame) -> pd.DataFrame:
    """Return the Located crimes by force and month: all of them, those inside an area, and those located anywhere."""
    force, month = (located[key].astype("category").cat for key in ("force", "month"))
    index = pd.MultiIndex.from_product(
        [column.categories.astype(str) for column in (force, month)], names=["force", "month"]
    )
    cell = force.codes.to_numpy(np.int64) * len(month.categories) + month.codes.to_numpy()
    of = {"crimes": cell, "inside": cell[located["area_id"].notna()], "located": cell[located["lon"].notna()]}
    sums = {name: np.bincount(cells, minlength=len(index)) for name, cells in of.items()}
    found = pd.DataFrame(sums, index, dtype=float)
    return found[found["crimes"] > 0]


def judged_by_place(judged: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return a Coverage table in which also months of a force are thin whose SAC is not in its place.

    Less than a quarter as many of them as usual have a location, or none lies in the areas. `found` is their table by
    place.
    """
    usual = (
        found.div(found["crimes"], axis=0).groupby("force").transform("median").mul(found["crimes"], axis=0)
    )
    few = (usual >= ENOUGH) & (found < FAR_FEWER * usual)
    why = pd.Series("", index=found.index, dtype=object)
    # No count: a public version tells these reasons too.
    why[few["inside"] & (found["inside"] == 0)] = "has no crime in the areas, so locations are wrong"
    why[few["located"]] = "has next to no locations of crimes"
    keys = pd.MultiIndex.from_frame(judged[["force", "month"]])
    reasons = why.reindex(keys, fill_value="").where((judged["status"] == "complete").to_numpy(), "")
    lost = (reasons != "").to_numpy()
    return judged.assign(
        status=judged["status"].mask(lost, "thin"), reason=judged["reason"].mask(lost, reasons.to_numpy())
    )


def require_places(found: pd.DataFrame, forces: Collection[str], periods: Sequence[Period]) -> None:
    """Refuse a whole period of which no crime of these forces lies in an area, though those of the others do.

    `found` are the crimes by place.

    Raises
    ------
    InputError
        If so.
    """
    of_month = found[found.index.isin(forces, level="force")].groupby("month").sum()
    of_month = of_month.reindex([month for period in periods for month in period], fill_value=0.0)
    whole = of_month.sum()
    for period in periods:
        mine = of_month.loc[list(period)].sum()
        others = whole - mine
        usual = mine["crimes"] * others["inside"] / others["crimes"] if others["crimes"] else 0.0
        if mine["inside"] == 0 and usual >= ENOUGH:
            raise InputError(
                f"None of the {mine['crimes']:,.0f} crimes of {months.span_in_words(period)} lies in an area, where "
                f"about {usual:,.0f} would as in the other months; {mine['crimes'] - mine['located']:,.0f} of them "
                "have no location.",
                "Their coordinates are missing or wrong: give them as in the other months.",
            )


def misplaced_months(rows: pd.DataFrame) -> Iterator[Notice]:
    """Tell the months in which less than a quarter as many crimes as usual lie in the areas.

    `rows` are the Located crimes of the main forces in the months compared.
    """
    of_month = by_place(rows).groupby("month").sum()
    shares = of_month["inside"] / of_month["crimes"]
    usual = float(shares.median())
    few = of_month[(of_month["crimes"] * usual >= ENOUGH) & (shares < FAR_FEWER * usual)]
    if len(few):
        each = [
            f"{months.in_words(str(month))} ({one['inside']:,.0f} of {one['crimes']:,.0f}; "
            f"{one['crimes'] - one['located']:,.0f} have no location)"
            for month, one in few.iterrows()
        ]
        yield Notice(
            "misplaced-months",
            f"Months in which far fewer of the crimes than the usual {100 * usual:.0f}% lie in the areas: "
            f"{listed(each, 3)}. Their coordinates may be missing or wrong, and then the counts are too low.",
        )


def emptied_areas(counts: np.ndarray, periods: Sequence[Period], areas: gpd.GeoDataFrame) -> Iterator[Notice]:
    """Warn of areas without a crime in a whole period that have many in the others: the files may have been cut.

    `counts` are (areas × periods) over the months compared, which `periods` gives for each period.
    """
    usual = counts.sum(axis=1) / max(len(periods) - 1, 1)
    empty = np.argwhere((counts == 0) & (usual >= ENOUGH)[:, None]).tolist()
    if empty:
        names = list(tables.names_of(areas).values())
        said = [
            f"{names[k]} ({months.span_in_words(periods[n])}; about {usual[k]:,.0f} are usual)"
            for k, n in empty
        ]
        yield Notice(
            "emptied-areas",
            f"Areas without any crime in a whole period, where many are usual: {listed(said, 3)}. Their crimes may be "
            "missing from the files: do not read a change from them.",
        )
