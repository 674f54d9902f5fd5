"""Find months whose crimes lie in no area, though those of the others do, and areas that a whole period leaves empty.

Both would read as a fall, as what was not published would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from sacmap import months
from sacmap.errors import InputError
from sacmap.months import Period
from sacmap.notices import Notice, listed

#: With fewer crimes to be expected in the areas, few or none may lie there by chance.
ENOUGH = 20
#: The share of the usual number below which a month is named: of 1,000 parts of Avon without any fault, one had such a
#: month; below a half, one in six.
FAR_FEWER = 0.25


def misplaced_months(rows: pd.DataFrame, periods: Sequence[Period]) -> tuple[Notice, ...]:
    """Return a notice of the months in which less than a quarter as many crimes as usual lie in the areas.

    `rows` are the Located crimes of the main forces in the months compared; `periods` are these months of each period.

    Raises
    ------
    InputError
        If none of a whole period does.
    """
    found = pd.DataFrame(
        {"crimes": 1, "inside": rows["area_id"].notna(), "nowhere": rows["lon"].isna()}, dtype=float
    )
    of_month = found.groupby(rows["month"], observed=True).sum()
    of_month.index = of_month.index.astype(str)
    _require_each_period(of_month, periods)
    return tuple(_notices(of_month))


def _require_each_period(of_month: pd.DataFrame, periods: Sequence[Period]) -> None:
    whole = of_month.sum()
    for period in periods:
        mine = of_month.reindex(list(period), fill_value=0.0).sum()
        others = whole - mine
        usual = mine["crimes"] * others["inside"] / others["crimes"] if others["crimes"] else 0.0
        if mine["inside"] == 0 and usual >= ENOUGH:
            raise InputError(
                f"None of the {mine['crimes']:,.0f} crimes of {months.span_in_words(period)} lies in an area, where "
                f"about {usual:,.0f} would as in the other months; {mine['nowhere']:,.0f} of them have no location.",
                "Their coordinates are missing or wrong: give them as in the other months.",
            )


def _notices(of_month: pd.DataFrame) -> Iterator[Notice]:
    shares = of_month["inside"] / of_month["crimes"]
    usual = float(shares.median())
    few = of_month[(of_month["crimes"] * usual >= ENOUGH) & (shares < FAR_FEWER * usual)]
    if len(few):
        each = [
            f"{months.in_words(str(month))} ({one['inside']:,.0f} of {one['crimes']:,.0f}; "
            f"{one['nowhere']:,.0f} have no location)"
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
    said = [
        f"{areas['name'].iloc[k]} ({months.span_in_words(periods[n])}; about {usual[k]:,.0f} are usual)"
        for k, n in np.argwhere((counts == 0) & (usual >= ENOUGH)[:, None]).tolist()
    ]
    if said:
        yield Notice(
            "emptied-areas",
            f"Areas without any crime in a whole period, where many are usual: {listed(said, 3)}. Their crimes may be "
            "missing from the files: do not read a change from them.",
        )
