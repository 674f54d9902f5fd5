"""Find months whose crimes lie in no area, though those of the other months do: their coordinates are missing or wrong.

Such a month would read as a fall, as one that was not published would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    of_month = found.groupby(rows["month"].astype(str)).sum()
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
