"""Compare police.uk with the Home Office's recorded crime, and itemise the difference.

Recorded crime is quarterly, by offence code. police.uk is monthly, in three broad classes. Classes that hold the same
offences are compared directly; the rest of the difference is itemised, and the items sum to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sacmap import months, tables
from sacmap.errors import InputError, UsageError
from sacmap.measure.definitions import crossed
from sacmap.measure.published_crimes import Published
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
from sacmap.study import Study, rolled_to

#: How the note of a figure begins if a change of definition makes its periods not comparable.
_NOT_ALIKE = "Change of definition"


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


def require_quarters(study: Study) -> None:
    """Refuse periods that are not whole quarters, because recorded crime has no months.

    Raises
    ------
    UsageError
        If a period does not start in January, April, July or October, or is not 3, 6, 9 … months long. The message
        gives spans that would do.
    """
    first, beyond = months.number(study.current[0]), months.number(study.current[-1]) + 1
    if first % 3 == 0 and beyond % 3 == 0:
        return
    start, stop = -(-first // 3) * 3, beyond // 3 * 3
    if start >= stop:
        start, stop = first // 3 * 3, -(-beyond // 3) * 3

    def fitted(period: Period) -> str:
        by = months.number(period[0]) - first
        return f"{months.label(start + by)}:{months.label(stop - 1 + by)}"

    spans = [f"--current {fitted(study.current)}", *(f"--baseline {fitted(one)}" for one in study.baseline)]
    raise UsageError(
        f"{study.current[0]}:{study.current[-1]} is not whole quarters, and recorded crime is published by quarter.",
        f"Use {' '.join(spans)}.",
    )


def official_periods(study: Study, recorded: Recorded) -> Study:
    """Return a study of rolling periods, moved to the newest whole quarters that both table and crimes cover.

    Other studies are returned unchanged.

    Raises
    ------
    UsageError
        If its periods are not whole quarters long.
    """
    if study.rolling is None:
        return study
    length = study.rolling[0]
    if length % 3:
        raise UsageError(
            f"latest:{length} is not whole quarters, and recorded crime is published by quarter.",
            "Use latest:12, or another number that three divides.",
        )
    ends = sorted(months.shift(quarter, 2) for quarter in recorded.codes)
    reached = [end for end in ends if not study.current or end <= study.current[-1]]
    return rolled_to(study, (reached or ends)[-1])


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
    _require_reach(study, recorded)
    components = components_of(extract=study.extract is not None)
    broken = [found for found in crossed(study.baseline, study.current, ()) if found.kind == "definition"]
    breaks = [one.date for one in broken]
    others, notices = _others(study, peers)
    found = compare_peers(
        study, recorded, others, peers.forces, components=components, redefined=bool(breaks)
    )
    unknown = {period: frozenset[str]() for period in study.periods}
    if published is not None:
        unknown = published.unknown_in(study.periods)
    rows = _own_rows(
        study,
        recorded,
        published,
        components,
        unknown=unknown,
        breaks=breaks,
        found={one.component.name: one for one in found},
    )
    table = [(recorded.area, *row) for row in rows] + peer_rows(found, others, study)
    source = _source(study)
    return Reconciliation(
        table=pd.DataFrame(table, columns=tables.RECONCILED.names),
        source=source,
        warnings=(
            *(Notice("definition", one.text) for one in broken),
            *_cut_to_some(recorded),
            *_strange_descriptions(recorded),
            *_gaps_told(published, study, source, unknown),
            *notices,
        ),
        exit_code=0 if published is None or published.whole else 3,
        area=recorded.area,
        peers=found,
        breaks=tuple(breaks),
    )


def _source(study: Study) -> str:
    return "police.uk" if study.extract is None else "the extract"


def _others(study: Study, peers: Peers) -> tuple[list[Recorded], list[Notice]]:
    """Return the areas to compare with, the nation as a sum, and notices about that sum."""
    others: list[Recorded] = []
    notices: list[Notice] = []
    for asked in peers.asked:
        other = asked
        if other is None:
            other, lacking = nation_of(peers.forces, study)
            notices += nation_notices(lacking, len(peers.forces) - len(lacking))
        _require_reach(study, other)
        others.append(other)
    return others, notices


def _own_rows(
    study: Study,
    recorded: Recorded,
    published: Published | None,
    components: Sequence[Component],
    *,
    unknown: Mapping[Period, Collection[str]],
    breaks: Sequence[str],
    found: Mapping[str, PeerComparison],
) -> list[tuple[str, str, float, float, float, str]]:
    """Return the rows of the area itself, component by period, then the items of the difference of `sac`.

    `unknown` holds the crime types that are missing, not zero, by period.
    """
    source = _source(study)
    official = {(c.name, p): official_of(recorded, c, p) for c in components for p in study.periods}
    counts = {(c.name, p): _proxy(published, c, p, unknown[p]) for c in components for p in study.periods}
    sources = {"Home Office": official}
    # Missing or thin months would look like a change.
    if published is not None and published.whole:
        sources[source] = counts
    rows: list[tuple[str, str, float, float, float, str]] = []
    for component in components:
        for period in study.periods:
            ours, theirs = counts[component.name, period], official[component.name, period]
            said = [sentence(component.words), *_lacking(component, period, recorded, theirs)]
            if component.name == "residential-burglary":
                said += [f"{words}." for words in dict.fromkeys(map(class_of, _quarters(period)))]
            if component.police_uk:
                said += _months_told(published, period, source)
                said += _missing_types(_lost_of(component, unknown[period]), source)
            if period == study.current:
                said += _changes(component, study, sources)
                said += found[component.name].sentences if component.name in found else []
            said += _redefined(component, breaks)
            rows.append((component.name, months.written(period), ours, theirs, ours - theirs, " ".join(said)))
    for period in study.periods:
        if published is not None and not np.isnan(counts["sac", period]):
            figures = {c.name: official[c.name, period] for c in components}
            gap = counts["sac", period] - figures["sac"]
            rows += _items(published, period, figures, gap, exact=study.extract is not None)
    return rows


def _quarters(period: Period) -> tuple[str, ...]:
    return period[::3]


def _require_reach(study: Study, recorded: Recorded) -> None:
    there = sorted(recorded.codes)
    absent = [q for period in study.periods for q in _quarters(period) if q not in recorded.codes]
    if absent:
        raise InputError(
            f"The Home Office's table has no figures for {recorded.area} in the quarter from "
            f"{months.in_words(absent[0])}.",
            f"It covers {months.in_words(there[0])} to {months.in_words(months.shift(there[-1], 2))}: choose "
            "periods within that, or a newer table.",
        )


def _lost_of(component: Component, unknown: Collection[str]) -> list[str]:
    """Return the crime types of a component that are missing."""
    return [kind for kind in tables.SAC_TYPES if kind in unknown and component.police_uk in {kind, "sac"}]


def _missing_types(kinds: Sequence[str], source: str) -> list[str]:
    words = series([tables.IN_WORDS[kind] for kind in kinds])
    return [f"{source} as given lacks {words}: missing, not zero."] if kinds else []


def _proxy(
    published: Published | None, component: Component, period: Period, unknown: Collection[str]
) -> float:
    """Return police.uk's count of the same class; NaN if it has none, lacks it, or has no month of the period."""
    if published is None or not component.police_uk or set(period) <= published.missing:
        return float("nan")
    if _lost_of(component, unknown):
        return float("nan")
    rows = published.in_period(period)
    if component.police_uk != "sac":
        rows = rows[rows["crime_type"] == component.police_uk]
    return float(rows["counted"].sum())


def _lacking(component: Component, period: Period, recorded: Recorded, theirs: float) -> list[str]:
    """Say why there is no official figure, or what it lacks."""
    if np.isnan(theirs):
        if component.name == "burglary-of-homes":
            return ["From April 2017 to March 2023 homes were not recorded apart from sheds and garages."]
        return ["The Home Office's table gives no figure for all of its codes."]
    rows = recorded.rows[recorded.rows["quarter"].isin(_quarters(period))]
    late = rows[rows["code"].isin(list(RESIDENTIAL)) & (rows["quarter"] >= SPLIT)]["n"].sum()
    if component.name == "burglary-of-homes" and late:
        return [
            f"{late:,.0f} more were still recorded under the class of before, sheds and garages included."
        ]
    return []


def _months_told(published: Published | None, period: Period, source: str) -> list[str]:
    if published is None:
        return [f"No crimes of {source} were given for these months."]
    lost = [months.in_words(month) for month in period if month in published.missing]
    thin = [f"{months.in_words(m)} ({published.thin[m]})" for m in period if m in published.thin]
    said = [f"Missing months: {len(lost)} of {len(period)} ({listed(lost, 3, ', ')})."] if lost else []
    return said + ([f"Thin months: {listed(thin, 3)}."] if thin else [])


def _changes(
    component: Component, study: Study, sources: Mapping[str, Mapping[tuple[str, Period], float]]
) -> list[str]:
    """Give the change of the current period from the baseline mean, for each source with every figure."""
    said = []
    for name, figures in sources.items():
        every = [figures[component.name, period] for period in study.periods]
        before, now = float(np.mean(every[:-1])), every[-1]
        if np.isnan(before) or np.isnan(now):
            continue
        change = pct(100 * (now - before) / before if before else np.nan)
        said.append(f"{name} {change} ({count(before)} → {count(now)})")
    lead = "PP06, change from the baseline" if component.name == "sac" else "Change from the baseline"
    return [f"{lead}: {'; '.join(said)}."] if said else []


def _redefined(component: Component, dates: Sequence[str]) -> list[str]:
    when = " and ".join(months.in_words(date) for date in dates)
    if not dates or not component.redefined:
        return []
    if component.redefined == "little":
        return [f"Little touched by the change of definition in {when}."]
    return [f"{_NOT_ALIKE} in {when}: not like with like. Do not read the change as a rise or a fall."]


def _items(
    published: Published, period: Period, official: Mapping[str, float], gap: float, *, exact: bool
) -> list[tuple[str, str, float, float, float, str]]:
    """Itemise `gap`, the difference in the `sac` row. The differences of the items sum to it."""
    rows, span, none = published.in_period(period), months.written(period), float("nan")
    known: dict[str, tuple[float, str]] = {}
    if not exact:
        buildings, interference = official["other-burglary"], official["interference"]
        known["buildings that are not homes"] = (buildings, "In police.uk's burglary, not in PP06.")
        known["interference"] = (interference, "In police.uk's vehicle crime, not in PP06.")
    repeated = float((rows["repeat"] & rows["counted"]).sum())
    known["repeated rows"] = (repeated, "Rows whose crime is there already; the map counts each crime once.")
    if lost := [month for month in period if month in published.missing]:
        share = f"{len(lost)} of {len(period)} months' share"
        missing = len(lost) / len(period) * official["sac" if exact else "sac-proxy"]
        note = f"About: {share} of the Home Office's count of the same classes."
        known["missing months"] = (-float(np.round(missing)), note)
    rest = gap - sum(value for value, _ in known.values() if not np.isnan(value))
    known["the rest"] = (rest, "Crimes recorded, moved or withdrawn later, and what nothing here explains.")
    where = "counted above" if published.where != "the areas" else "of the forces there, not counted above"
    nowhere = f"Rows with no location, {where}: no map can show them."
    return [
        *(
            (f"difference: {name}", span, none, none, value, f"Part of the difference of sac. {note}")
            for name, (value, note) in known.items()
        ),
        ("no location", span, float(rows["nowhere"].sum()), none, none, nowhere),
    ]


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


def _gaps_told(
    published: Published | None, study: Study, source: str, unknown: Mapping[Period, Collection[str]]
) -> Iterator[Notice]:
    if published is None:
        yield Notice("no-crimes", f"No crimes of {source} were given, so only the official count is shown.")
        return
    for period, lacking in unknown.items():
        for said in _missing_types([kind for kind in tables.SAC_TYPES if kind in lacking], source):
            yield Notice("absent-types", f"In {months.span_in_words(period)}, {said} Give all crime types.")
    lost = [months.in_words(month) for month in study.months if month in published.missing]
    if lost:
        yield Notice(
            "missing-months",
            f"There are no crimes of {published.where} in {counted(len(lost), MONTHS)}: {listed(lost, 4, ', ')}.",
        )
