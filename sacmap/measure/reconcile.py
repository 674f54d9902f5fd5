"""Compare police.uk with the Home Office's recorded crime, and itemise the difference.

Recorded crime is quarterly, by offence code. police.uk is monthly, in three broad classes. Classes that hold the same
offences are compared directly; the rest of the difference is itemised, and the items sum to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.measure.definitions import crossed
from sacmap.measure.published_crimes import Published
from sacmap.measure.quarters import quarters_of, require_quarters, require_reach
from sacmap.measure.similar_areas import (
    PeerComparison,
    compare_peers,
    count,
    nation_notices,
    nation_of,
    pct,
    peer_rows,
    peer_text,
    sentence,
)
from sacmap.months import Period
from sacmap.notices import MONTHS, Notice, counted, listed, series, whole
from sacmap.offences import CODES, RESIDENTIAL, SPLIT, Component, Recorded, class_of, components_of
from sacmap.offences import official as official_of
from sacmap.study import Study

#: How the note of a figure begins if a change of definition makes its periods not comparable.
_NOT_ALIKE = "Change of definition"
#: A row of the table without the name of the area: see tables.RECONCILED.
Row: TypeAlias = tuple[str, str, float, float, float, str]


@dataclass(frozen=True)
class Reconciliation:
    """The table of tables.RECONCILED, the warnings, and the exit code: 3 if months are missing.

    source: what the column police_uk holds, "police.uk" or "the extract"; area: the local area; peers: for each
    component, the local area compared with the nation and similar areas, if asked for; breaks: the months in which
    the definition changed between the periods.
    """

    table: pd.DataFrame
    source: str
    warnings: tuple[Notice, ...]
    exit_code: int
    area: str
    peers: tuple[PeerComparison, ...]
    breaks: tuple[str, ...]

    @property
    def text(self) -> str:
        """The area's table as text for a terminal: component, then police.uk and Home Office for each period."""
        table = self.table[self.table["area"] == self.area]
        periods = list(dict.fromkeys(table["period"]))
        lines = [f"{'':<40}" + "".join(f"{period:>26}" for period in periods)]
        lines.append(f"{'':<40}" + f"{self.source:>14}{'recorded':>12}" * len(periods))
        for name, rows in table.groupby("component", sort=False):
            ours = "difference" if str(name).startswith("difference") else "police_uk"
            by_period = rows.set_index("period").reindex(periods)
            shown = zip(by_period[ours], by_period["home_office"], strict=True)
            cells = [f"{whole(one):>14}{whole(other):>12}" for one, other in shown]
            label = f"{name!s} *" if rows["note"].str.contains(_NOT_ALIKE).any() else str(name)
            lines.append(f"{label:<40}" + "".join(cells))
        # Without a baseline nothing has changed that could be shown.
        lines += [peer_text(self.peers)] if self.peers and len(periods) > 1 else []
        if table["note"].str.contains(_NOT_ALIKE).any():
            lines.append("* The definition changed between the periods: not like with like.")
        return "\n".join(lines)

    def official(self, component: str) -> tuple[float, float]:
        """Return the area's recorded offences of a component: mean of the baseline periods, and current period."""
        mine = self.table[(self.table["area"] == self.area) & (self.table["component"] == component)]
        counts = mine["home_office"].to_numpy(float)
        return float(counts[:-1].mean()), float(counts[-1])


@dataclass(frozen=True)
class Peers:
    """What the local area is compared with: the areas asked for (None is the nation), and every force."""

    asked: tuple[Recorded | None, ...] = ()
    forces: tuple[Recorded, ...] = ()


NO_PEERS = Peers()


def reconcile(
    study: Study, recorded: Recorded, published: Published | None, peers: Peers = NO_PEERS
) -> Reconciliation:
    """Compare police.uk, or a force's own extract, with recorded crime by period, and itemise the difference.

    `recorded` is the Home Office's table of the area, `published` the rows of the same area, of the extract if the
    study has one; None if no crimes were given. `peers` are the nation and similar areas to compare with.

    Raises
    ------
    UsageError, InputError
        If a period is not whole quarters, or the table does not cover it.
    """
    require_quarters(study)
    require_reach(study, recorded)
    both = _Both(study, recorded, published, components_of(extract=study.extract is not None))
    broken = [found for found in crossed(study.baseline, study.current, ()) if found.kind == "definition"]
    breaks = tuple(one.date for one in broken)
    others, notices = _others(study, peers)
    found = compare_peers(
        study, recorded, others, peers.forces, components=both.components, redefined=bool(breaks)
    )
    own = [*both.rows(breaks, {one.component.name: one.sentences for one in found}), *both.items()]
    table = [(recorded.area, *row) for row in own] + peer_rows(found, others, study)
    return Reconciliation(
        table=pd.DataFrame(table, columns=tables.RECONCILED.names),
        source=both.source,
        warnings=(
            *(Notice("definition", one.text) for one in broken),
            *_cut_to_some(recorded),
            *_strange_descriptions(recorded),
            *both.gaps_told(),
            *notices,
        ),
        exit_code=0 if published is None or published.whole else 3,
        area=recorded.area,
        peers=found,
        breaks=breaks,
    )


def _others(study: Study, peers: Peers) -> tuple[list[Recorded], list[Notice]]:
    """Return the areas to compare with, the nation as a sum, and notices about that sum."""
    others: list[Recorded] = []
    notices: list[Notice] = []
    for asked in peers.asked:
        other = asked
        if other is None:
            other, lacking = nation_of(peers.forces, study)
            notices += nation_notices(lacking, len(peers.forces) - len(lacking))
        require_reach(study, other)
        others.append(other)
    return others, notices


@dataclass(frozen=True)
class _Both:
    """The two sources compared: the Home Office's table and police.uk, or a force's own extract; None if not given."""

    study: Study
    recorded: Recorded
    published: Published | None
    components: Sequence[Component]

    @property
    def source(self) -> str:
        """What is compared with the Home Office's table, in words."""
        return "police.uk" if self.study.extract is None else "the extract"

    @property
    def cells(self) -> list[tuple[Component, Period]]:
        """Each component with each period."""
        return [(component, period) for component in self.components for period in self.study.periods]

    @cached_property
    def unknown(self) -> Mapping[Period, frozenset[str]]:
        """The crime types that are missing from the source, not zero, by period."""
        return self.published.unknown_in(self.study.periods) if self.published is not None else {}

    def lost(self, component: Component, period: Period) -> list[str]:
        """Return the crime types of a component that are missing."""
        unknown = self.unknown.get(period, frozenset())
        return [kind for kind in tables.SAC_TYPES if kind in unknown and component.police_uk in {kind, "sac"}]

    @cached_property
    def official(self) -> dict[tuple[str, Period], float]:
        """The Home Office's figures by component and period."""
        return {(one.name, period): official_of(self.recorded, one, period) for one, period in self.cells}

    @cached_property
    def counts(self) -> dict[tuple[str, Period], float]:
        """The source's counts of the same class, by component and period."""
        return {(one.name, period): self._count(one, period) for one, period in self.cells}

    def _count(self, component: Component, period: Period) -> float:
        """Return a count; NaN if the source has no such class, lacks it, or has no month of the period."""
        if self.published is None or not component.police_uk or set(period) <= self.published.missing:
            return float("nan")
        if self.lost(component, period):
            return float("nan")
        rows = self.published.in_period(period)
        if component.police_uk != "sac":
            rows = rows[rows["crime_type"] == component.police_uk]
        return float(rows["counted"].sum())

    def rows(self, breaks: Sequence[str], peers: Mapping[str, Sequence[str]]) -> list[Row]:
        """Return the rows of the area itself, component by period.

        `breaks` are the months in which the definition changed; `peers` has what is said of other areas, by component.
        """
        rows: list[Row] = []
        for component, period in self.cells:
            said = [sentence(component.words), *self._lacking(component, period)]
            if component.name == "residential-burglary":
                said += [f"{words}." for words in dict.fromkeys(map(class_of, quarters_of(period)))]
            if component.police_uk:
                said += [*self._months_told(period), *self._missing_types(self.lost(component, period))]
            if period == self.study.current:
                said += [*self._changes(component), *peers.get(component.name, ())]
            said += _redefined(component, breaks)
            ours, theirs = (figures[component.name, period] for figures in (self.counts, self.official))
            rows.append((component.name, months.written(period), ours, theirs, ours - theirs, " ".join(said)))
        return rows

    def _lacking(self, component: Component, period: Period) -> list[str]:
        """Say why there is no official figure, or what it lacks."""
        if np.isnan(self.official[component.name, period]):
            if component.name == "burglary-of-homes":
                return ["From April 2017 to March 2023 homes were not recorded apart from sheds and garages."]
            return ["The Home Office's table gives no figure for all of its codes."]
        rows = self.recorded.rows[self.recorded.rows["quarter"].isin(quarters_of(period))]
        late = rows[rows["code"].isin(list(RESIDENTIAL)) & (rows["quarter"] >= SPLIT)]["n"].sum()
        if component.name == "burglary-of-homes" and late:
            return [
                f"{late:,.0f} more were still recorded under the class of before, sheds and garages included."
            ]
        return []

    def _months_told(self, period: Period) -> list[str]:
        if self.published is None:
            return [f"No crimes of {self.source} were given for these months."]
        thin, missing = self.published.thin, self.published.missing
        lost = [months.in_words(month) for month in period if month in missing]
        few = [f"{months.in_words(month)} ({thin[month]})" for month in period if month in thin]
        said = [f"Missing months: {len(lost)} of {len(period)} ({listed(lost, 3, ', ')})."] if lost else []
        return said + ([f"Thin months: {listed(few, 3)}."] if few else [])

    def _missing_types(self, kinds: Sequence[str]) -> list[str]:
        words = series([tables.IN_WORDS[kind] for kind in kinds])
        return [f"{self.source} as given lacks {words}: missing, not zero."] if kinds else []

    def _changes(self, component: Component) -> list[str]:
        """Give the change of the current period from the baseline mean, for each source with every figure."""
        sources = {"Home Office": self.official}
        # Missing or thin months would look like a change.
        if self.published is not None and self.published.whole:
            sources[self.source] = self.counts
        said = []
        for name, figures in sources.items():
            every = [figures[component.name, period] for period in self.study.periods]
            before, now = float(np.mean(every[:-1])), every[-1]
            if np.isnan(before) or np.isnan(now):
                continue
            change = pct(100 * (now - before) / before if before else np.nan)
            said.append(f"{name} {change} ({count(before)} → {count(now)})")
        lead = "PP06, change from the baseline" if component.name == "sac" else "Change from the baseline"
        return [f"{lead}: {'; '.join(said)}."] if said else []

    def items(self) -> list[Row]:
        """Return the items of the difference in the `sac` rows, period by period, where there is one."""
        return [
            row
            for period in self.study.periods
            if self.published is not None and not np.isnan(self.counts["sac", period])
            for row in self._items(self.published, period)
        ]

    def _items(self, published: Published, period: Period) -> list[Row]:
        """Itemise the difference of a period. The differences of the items sum to it."""
        exact = self.study.extract is not None
        official = {component.name: self.official[component.name, period] for component in self.components}
        rows, span, none = published.in_period(period), months.written(period), float("nan")
        known: dict[str, tuple[float, str]] = {}
        if not exact:
            buildings, interference = official["other-burglary"], official["interference"]
            known["buildings that are not homes"] = (buildings, "In police.uk's burglary, not in PP06.")
            known["interference"] = (interference, "In police.uk's vehicle crime, not in PP06.")
        repeated = float((rows["repeat"] & rows["counted"]).sum())
        known["repeated rows"] = (
            repeated,
            "Rows whose crime is there already; the map counts each crime once.",
        )
        if lost := [month for month in period if month in published.missing]:
            share = f"{len(lost)} of {len(period)} months' share"
            missing = len(lost) / len(period) * official["sac" if exact else "sac-proxy"]
            note = f"About: {share} of the Home Office's count of the same classes."
            known["missing months"] = (-float(np.round(missing)), note)
        gap = self.counts["sac", period] - official["sac"]
        rest = gap - sum(value for value, _ in known.values() if not np.isnan(value))
        known["the rest"] = (
            rest,
            "Crimes recorded, moved or withdrawn later, and what nothing here explains.",
        )
        where = (
            "counted above" if published.where != "the areas" else "of the forces there, not counted above"
        )
        nowhere = f"Rows with no location, {where}: no map can show them."
        return [
            *(
                (f"difference: {name}", span, none, none, value, f"Part of the difference of sac. {note}")
                for name, (value, note) in known.items()
            ),
            ("no location", span, float(rows["nowhere"].sum()), none, none, nowhere),
        ]

    def gaps_told(self) -> Iterator[Notice]:
        """Warn of crime types and months that the source lacks, or that there is none."""
        published = self.published
        if published is None:
            yield Notice(
                "no-crimes", f"No crimes of {self.source} were given, so only the official count is shown."
            )
            return
        for period in self.study.periods:
            lacking = [kind for kind in tables.SAC_TYPES if kind in self.unknown[period]]
            for said in self._missing_types(lacking):
                yield Notice(
                    "absent-types", f"In {months.span_in_words(period)}, {said} Give all crime types."
                )
        lost = [months.in_words(month) for month in self.study.months if month in published.missing]
        if lost:
            yield Notice(
                "missing-months",
                f"There are no crimes of {published.where} in {counted(len(lost), MONTHS)}: "
                f"{listed(lost, 4, ', ')}.",
            )


def _redefined(component: Component, dates: Sequence[str]) -> list[str]:
    when = " and ".join(months.in_words(date) for date in dates)
    if not dates or not component.redefined:
        return []
    if component.redefined == "little":
        return [f"Little touched by the change of definition in {when}."]
    return [f"{_NOT_ALIKE} in {when}: not like with like. Do not read the change as a rise or a fall."]


def _cut_to_some(recorded: Recorded) -> Iterator[Notice]:
    """Warn of offences that the table has no row of."""
    if recorded.lacking:
        yield Notice(
            "absent-offences",
            f"The Home Office's table has no row of {series(recorded.lacking)}: missing, not zero. What would "
            "include it has no figure. Give the whole table.",
        )


def _strange_descriptions(recorded: Recorded) -> Iterator[Notice]:
    """Warn of codes that the table describes differently from sacmap."""
    qualifiers = {"attempted", "distraction", "aggravated"}
    strange = []
    pairs = recorded.rows[["code", "description"]].drop_duplicates()
    for code, description in zip(pairs["code"], pairs["description"], strict=True):
        words = set("".join(c if c.isalnum() else " " for c in str(description).lower()).split())
        expected = set(CODES.get(code, "").split())
        if words and expected and (not expected <= words or words & qualifiers != expected & qualifiers):
            strange.append(f"{code} “{description}”")
    if strange:
        yield Notice(
            "offence-codes",
            f"Offence codes with another description in the table than in sacmap: {listed(strange, 4)}.",
        )
