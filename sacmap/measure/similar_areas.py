"""Compare the change of an area's recorded crime with the nation's and similar areas'.

A change of recorded counts is uncertain by chance: the logarithm of the ratio of two counts a and b has the variance
1/a + 1/b. Forces also differ by much more than chance, so the quartiles of their changes are given too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sacmap import months
from sacmap.measure.quarters import quarters_of
from sacmap.measure.verdict import Z95
from sacmap.months import Period
from sacmap.notices import Notice, listed
from sacmap.offences import Component, Recorded, official
from sacmap.study import Study

#: The name of the sum of all forces, and other names for it.
NATION = "England and Wales"
_NATION_TOO = frozenset(("england and wales", "england & wales", "nation", "the nation", "national"))
#: Number of draws for the interval of a rank, and their seed.
DRAWS, SEED = 2_000, 20
#: Components that a change of definition leaves alike, or nearly: their sentences are printed.
LIKE = ("burglary", "robbery", "theft-from-vehicle", "theft-of-vehicle")
#: The least number of forces for which quartiles are given.
ENOUGH_FORCES = 8


@dataclass(frozen=True)
class Moved:
    """The change of one component in one area: mean per period before, count now, change in % and its interval.

    low and high are the 95% interval of change_pct by chance alone. All three are NaN if there was nothing before.
    """

    area: str
    before: float
    now: float
    change_pct: float
    low: float
    high: float


@dataclass(frozen=True)
class PeerComparison:
    """One component of an area, compared with the nation and similar areas.

    own: the area; others: the areas it is compared with. gap_pct: the difference from the count if the area had
    followed the rest of the nation, in % of that count, with its 95% interval; NaN if the nation is not among the
    others or the class changed between the periods. rank: the area's rank among itself and the similar areas, 1 being
    the largest rise, with a 90% interval; 0 if there are none, or no change. forces: the quartiles of the forces'
    changes in %, and the number of forces. redefined: whether the class changed between the periods, so that the change
    says nothing.
    """

    component: Component
    own: Moved
    others: tuple[Moved, ...]
    gap_pct: float
    gap_low: float
    gap_high: float
    rank: int
    rank_low: int
    rank_high: int
    of: int
    forces: tuple[float, float, int]
    redefined: bool

    @property
    def nation(self) -> Moved | None:
        """The nation, if it is among the others."""
        return next((moved for moved in self.others if moved.area == NATION), None)

    @property
    def trend(self) -> str:
        """A sentence that says whether the area followed the national trend; "" if not known."""
        nation = self.nation
        if nation is None or math.isnan(self.gap_pct):
            return ""
        own, whole = pct(self.own.change_pct), pct(nation.change_pct)
        trend = self.own.now / (1 + self.gap_pct / 100)
        stands = (
            f"{self.own.area} {own}, {NATION} {whole}. If it had changed like the rest of {NATION}, it would have "
            f"about {trend:,.0f} now; it has {self.own.now:,.0f}: {pct(self.gap_pct)} (by chance alone "
            f"{pct(self.gap_low)} to {pct(self.gap_high)})."
        )
        if self.gap_low <= 0 <= self.gap_high:
            return f"{stands} That is in line with the national trend."
        how = "worse" if self.gap_pct > 0 else "better"
        return f"{stands} That is {how} than the national trend, by more than chance."

    @property
    def rank_in_words(self) -> str:
        """A sentence with the area's rank among similar areas; "" if there are none."""
        if not self.rank:
            return ""
        low, high = self.rank_low, self.rank_high
        between = "" if low == high else f" (by chance alone {low} to {high})"
        return f"Rank {self.rank} of {self.of} similar areas, 1 being the largest rise{between}."

    @property
    def spread(self) -> str:
        """A sentence that says how much forces differ; "" if there are too few."""
        low, high, n = self.forces
        if n < ENOUGH_FORCES or self.redefined:
            return ""
        return f"Half of the {n} forces changed by {pct(low)} to {pct(high)}."

    @property
    def sentences(self) -> list[str]:
        """The sentences there are: trend, rank, spread."""
        return [said for said in (self.trend, self.rank_in_words, self.spread) if said]


def pct(value: float) -> str:
    """Return a change in words: +4.6%, −9.3%, or "no percentage".

    >>> pct(-0.04), pct(-0.06)
    ('0.0%', '−0.1%')
    """
    if math.isnan(value):
        return "no percentage"
    shown = round(value, 1)
    return f"{shown:+.1f}%".replace("-", "−") if shown else "0.0%"


def count(value: float) -> str:
    """Return a count, or a mean of counts: 1,234 or 1,234.5."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def sentence(words: str) -> str:
    """Return words as a sentence, with a capital and a full stop."""
    return f"{words[0].upper()}{words[1:]}."


def is_nation(name: str) -> bool:
    """Whether a name stands for all forces together."""
    return " ".join(name.casefold().split()) in _NATION_TOO


def nation_of(forces: Sequence[Recorded], study: Study) -> tuple[Recorded, tuple[str, ...]]:
    """Return the sum of all forces, and the names of those left out because they lack a quarter of a period."""
    quarters = {quarter for period in study.periods for quarter in quarters_of(period)}
    # A force without a row for robbery in a quarter had none; a force without any row has a gap.
    whole = [one for one in forces if quarters <= set(one.rows["quarter"])]
    lacking = tuple(one.area for one in forces if quarters - set(one.rows["quarter"]))
    every = pd.concat([one.rows for one in whole], ignore_index=True) if whole else forces[0].rows.iloc[:0]
    keys = ["quarter", "code", "description"]
    # If one count is not given, the sum is not known.
    rows = every.groupby(keys, as_index=False, sort=True).agg(
        n=("n", "sum"), known=("n", "count"), given=("n", "size")
    )
    rows["n"] = rows["n"].where(rows["known"] == rows["given"])
    codes: dict[str, frozenset[str]] = {}
    for one in whole:
        codes |= one.codes
    return Recorded(NATION, "nation", rows[[*keys, "n"]], codes), lacking


def compare_peers(
    study: Study,
    local: Recorded,
    others: Sequence[Recorded],
    forces: Sequence[Recorded],
    *,
    components: Sequence[Component],
    redefined: bool,
) -> tuple[PeerComparison, ...]:
    """Compare each component of a `local` area with others, the nation among them if asked for; nothing without others.

    The periods are whole quarters. `forces` are all of them, to show how much forces differ. `redefined`: whether the
    definition changed between the periods.
    """
    if not others:
        return ()
    return tuple(
        _compared(
            study, local, others, forces, component, redefined=redefined and component.redefined == "much"
        )
        for component in components
    )


def _compared(
    study: Study,
    local: Recorded,
    others: Sequence[Recorded],
    forces: Sequence[Recorded],
    component: Component,
    *,
    redefined: bool,
) -> PeerComparison:
    own, own_sums = _moved(local, component, study)
    found = [_moved(other, component, study) for other in others]
    gap = (math.nan,) * 3
    for moved, sums in found:
        if moved.area == NATION and not redefined:
            # The nation holds the area itself: it is compared with the rest.
            rest = np.subtract(sums, own_sums) if local.by != "nation" else sums
            gap = _change(own_sums, rest)
    peers = [sums for moved, sums in found if moved.area != NATION and np.isfinite(sums).all()]
    ranked = study.baseline and np.isfinite(own_sums).all() and peers and not redefined
    rank, low, high = _rank([own_sums, *peers]) if ranked else (0, 0, 0)
    changes = [_moved(one, component, study)[0].change_pct for one in forces]
    known = [change for change in changes if not math.isnan(change)]
    quartiles = np.quantile(known, [0.25, 0.75]).tolist() if known else [math.nan, math.nan]
    return PeerComparison(
        component=component, own=own, others=tuple(moved for moved, _ in found),
        gap_pct=gap[0], gap_low=gap[1], gap_high=gap[2],
        rank=rank, rank_low=low, rank_high=high, of=len(peers) + 1,
        forces=(quartiles[0], quartiles[1], len(known)), redefined=redefined,
    )  # fmt: skip


def _moved(recorded: Recorded, component: Component, study: Study) -> tuple[Moved, np.ndarray]:
    """Return the change of a component, and the array (sum of the baseline, current count, baseline periods)."""
    every = [_counted(recorded, component, period) for period in study.periods]
    sums = np.array([sum(every[:-1]), every[-1], len(every) - 1], dtype=float)
    pct_, low, high = _change(sums, None)
    before = float(sums[0] / sums[2])
    return Moved(recorded.area, before, float(sums[1]), pct_, low, high), sums


def _counted(recorded: Recorded, component: Component, period: Period) -> float:
    if any(quarter not in recorded.codes for quarter in quarters_of(period)):
        return math.nan
    return official(recorded, component, period)


def _change(own: np.ndarray, follows: np.ndarray | None) -> tuple[float, float, float]:
    """Return the change in % with its 95% interval by chance: of `own`, or of its ratio to `follows`.

    Each is (sum of the baseline, current count, baseline periods). NaN if a count is 0 or not known.
    """
    counts = [own[:2]] if follows is None else [own[:2], follows[:2]]
    if not all(np.isfinite(pair).all() and (pair > 0).all() for pair in counts):
        return (math.nan,) * 3
    logs = [math.log(pair[1] / (pair[0] / own[2])) for pair in counts]
    middle = logs[0] - (logs[1] if follows is not None else 0.0)
    error = Z95 * math.sqrt(sum(float((1 / pair).sum()) for pair in counts))
    low, high = (100 * math.expm1(middle + step) for step in (-error, error))
    return 100 * math.expm1(middle), low, high


def _rank(sums: Sequence[np.ndarray]) -> tuple[int, int, int]:
    """Return the rank of the first by change (1 is the largest rise), and the 5% and 95% quantiles of that rank."""
    before, now = (np.array([one[k] for one in sums]) + 0.5 for k in (0, 1))
    rng = np.random.default_rng(SEED)
    drawn = rng.standard_gamma(now, (DRAWS, len(sums))) / rng.standard_gamma(before, (DRAWS, len(sums)))
    ranks = 1 + (drawn[:, 1:] > drawn[:, :1]).sum(axis=1)
    low, high = np.quantile(ranks, [0.05, 0.95], method="nearest").astype(int).tolist()
    return int(1 + (now[1:] / before[1:] > now[0] / before[0]).sum()), low, high


def peer_rows(
    found: Sequence[PeerComparison], others: Sequence[Recorded], study: Study
) -> list[tuple[str, str, str, float, float, float, str]]:
    """Return the rows of the other areas for the table: see tables.RECONCILED."""
    rows = []
    for position, other in enumerate(others):
        for one in found:
            moved = one.others[position]
            for period in study.periods:
                said = [sentence(one.component.words.split(";")[0])]
                if period == study.current and not math.isnan(moved.change_pct):
                    said.append(
                        f"Change from the baseline: {pct(moved.change_pct)}, by chance alone {pct(moved.low)} to "
                        f"{pct(moved.high)}."
                    )
                theirs, span = _counted(other, one.component, period), months.written(period)
                name = one.component.name
                rows.append((moved.area, name, span, math.nan, theirs, math.nan, " ".join(said)))
    return rows


def nation_notices(lacking: Sequence[str], n: int) -> Iterator[Notice]:
    """Tell which forces are left out of the nation because the table lacks one of their quarters."""
    yield Notice(
        "nation", f"{NATION} is the sum of {n} forces of the table, British Transport Police included."
    )
    if lacking:
        yield Notice(
            "nation-lacks",
            f"Left out of {NATION} in every period, because the table lacks one of their quarters: "
            f"{listed(lacking, 4, ', ')}.",
        )


def peer_text(found: Sequence[PeerComparison]) -> str:
    """Return the changes of all areas as text for a terminal, with sentences on the most usual components."""
    areas = [found[0].own.area, *(moved.area for moved in found[0].others)]
    wide = [max(len(area), 14) + 2 for area in areas]
    heads = "".join(f"{area:>{w}}" for area, w in zip(areas, wide, strict=True))
    lines = ["", f"{'Recorded crime, change':<26}{heads}"]
    for one in found:
        cells = [one.own, *one.others]
        star = " *" if one.redefined else ""
        lines.append(
            f"{one.component.name + star:<26}"
            + "".join(
                f"{pct(m.change_pct) if not math.isnan(m.change_pct) else '–':>{w}}"
                for m, w in zip(cells, wide, strict=True)
            )
        )
    for one in found:
        said = " ".join(one.sentences)
        if said and one.component.name in ("sac", *LIKE):
            lines.append(f"- {one.component.name}: {said}")
    return "\n".join(lines)
