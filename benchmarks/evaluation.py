"""Is an evaluation to be believed? Two hundred made-up boroughs, with an action that worked and one that did not.

In each, three adjoining areas are chosen by the counts of a year, as `sacmap plan` does, and judged by the year (or
the six months) after, as `sacmap evaluate` does. The year after is a fresh draw of the same borough: what truly rose
stays up, chance and yearly variation are new, and the action multiplies what is expected in the target. Beside it is
the plain weighted displacement difference of the same counts, which knows of chance alone.

Run: python benchmarks/evaluation.py [boroughs]
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np

from sacmap.areas.topology import adjoining
from sacmap.choose import ranking, week
from sacmap.choose.evaluate import wdd
from sacmap.choose.outcome import Group, net_of, verdict_of
from sacmap.measure.change import law_of
from sacmap.practice import MONTHS, Borough, borough
from sacmap.practice.borough import CURRENT

EFFECTS = (0.0, 0.2, 0.3, 0.5)
SIZE = 3
NOW = np.isin(MONTHS, CURRENT)


def judged(made: Borough, months: int) -> Iterator[tuple[float, str, bool]]:
    """Yield each effect with the verdict, and whether the plain difference's 95% interval lies below zero."""
    counts = made.counts(made.seed + 1_000_000).sum(axis=2).astype(float)
    years = counts[:, 12:].reshape(len(counts), 4, 12).sum(axis=2)
    law = law_of(years[:, :3], years[:, 3])
    level = law.level(law.excess)
    near = adjoining(gpd.GeoDataFrame(geometry=made.polygons, crs="EPSG:4326"))
    drawn = law.drawn(np.random.default_rng(ranking.SEED), ranking.DRAWS).T
    target = week.choose(law.excess, drawn, near, SIZE)[0].places
    side = week.sides(target, near, years[:, 3], years[:, :3].mean(axis=1))
    alpha = law.volatility * math.sqrt(12 / months)
    judged_months = CURRENT[:months]
    then = counts[:, np.isin(MONTHS, judged_months)]
    share = counts[:, NOW][:, :months].sum() / counts[:, NOW].sum()
    settled = then.sum(axis=1) - (years[:, 3] - level) * share
    for effect in EFFECTS:
        worked = {made.area_ids[place]: 1 - effect for place in side.target}
        drawn_after = made.counts(made.seed + 2_000_000, worked, judged_months).sum(axis=2)
        after = drawn_after[:, np.isin(MONTHS, judged_months)].sum(axis=1).astype(float)

        def group(places: week.Places, after: np.ndarray = after) -> Group:
            at = list(places)
            ids = tuple(made.area_ids[place] for place in at)
            return Group(ids, then[at].sum(axis=1), after[at], settled[at])

        treated, control = group(side.target), group(side.control)
        plain = wdd((treated.before, treated.after), (control.before, control.after))
        yield effect, verdict_of(net_of(treated, control, alpha)), plain.high < 0


def main() -> None:
    """Print, for each effect, how often an evaluation says "fell"."""
    boroughs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{boroughs} boroughs, {SIZE} adjoining areas each. Says of the target, in % of boroughs:")
    print(f"{'':48}{'clear fall':>12}{'or possible':>12}{'plain WDD':>12}")
    for rose in (True, False):
        for months in (12, 6):
            said: dict[float, Counter[str]] = {effect: Counter() for effect in EFFECTS}
            for seed in range(boroughs):
                made = borough(seed) if rose else replace(borough(seed), planted=())
                for effect, verdict, plain in judged(made, months):
                    said[effect][verdict] += 1
                    said[effect]["plain"] += plain
            for effect, found in said.items():
                label = f"{'six areas rose' if rose else 'none rose'}, {months} months, action {-100 * effect:+.0f}%"
                clear = found["clear fall"]
                print(
                    f"{label:48}{100 * clear / boroughs:12.0f}"
                    f"{100 * (clear + found['possible fall']) / boroughs:12.0f}{100 * found['plain'] / boroughs:12.0f}"
                )


if __name__ == "__main__":
    main()
