"""The lists and the table of the page as they stand in its HTML, for readers without script and until it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from sacmap.notices import whole
from sacmap.publish import answer, bars, legend, lists, words
from sacmap.publish.change_rows import ChangeRow, GroupRow, Reading, change_rows, group_rows
from sacmap.publish.colours import classes_of
from sacmap.publish.page_data import SAID, TABLE_ROWS
from sacmap.publish.view import View
from sacmap.result import FIRST

#: Rows of the lists. The values filled in are escaped.
_ROW = Markup(
    '<li data-area-id="{area_id}" class="{finding}"><span class="pin{look}" aria-hidden="true">{sign}</span>'
    '<span class="who"><button type="button" class="link name">{name}</button>'
    '<span class="where"> {where}</span></span>'
    '<span class="number now"><span class="unseen">now </span>{now}</span>'
    '<span class="number {css}"><span class="unseen">{said}</span>{figure}</span>{bar}</li>\n'
)
_REST = Markup(
    '<li data-area-id="{area_id}" class="{css}">{lead}<button type="button" class="link name">{name}</button></li>\n'
)
_LEAD = Markup('<span class="subhead">{}</span> ')


class ListShown(NamedTuple):
    """A list for the page without script."""

    rows: tuple[Markup, ...]
    heading: str = ""
    lead: str = ""
    subhead: str = ""
    scale: Markup | str = ""
    key: str = ""


class Column(NamedTuple):
    """A column of the page's table."""

    key: str
    label: str
    number: bool = True


def week_shown(view: View) -> ListShown:
    """Return the list for a week of action on the page's first crime type."""
    kind = view.first_type
    listed = view.week_lists[kind]
    found = [entry for entry in listed if entry.sign]
    most = bars.scale_of(view.row(kind, entry.position) for entry in found)
    return ListShown(
        heading=answer.heading(view, kind),
        lead=answer.week_lead(view, kind),
        subhead=answer.week_subhead(view, kind),
        scale=Markup(bars.range_head(most)),  # noqa: S704 - numbers only
        key=words.expected_key(view.follows),
        rows=tuple(
            _found(view, entry, kind, most) if entry.sign else _named(view, entry, listed) for entry in listed
        ),
    )


def most_shown(view: View) -> ListShown:
    """Return the list of areas with most crime of the first type, for a page without an earlier period."""
    kind = view.first_type
    first = lists.most_crime(view.rows[kind])[:FIRST]
    entries = [lists.Listed(position, rank, "", "", np.nan) for rank, position in enumerate(first, 1)]
    rows = [(entry, view.row(kind, entry.position)) for entry in entries]
    return ListShown(
        heading=answer.heading(view, kind),
        rows=tuple(_row(view, entry, row, third=("expected", "", ""), bar="") for entry, row in rows),
    )


def hardening_shown(view: View) -> ListShown:
    """Return the list for target hardening."""
    rows = [(entry, view.row("burglary", entry.position)) for entry in view.hardening_list]
    levels = [row["level_per_1000_households"] if view.rates else row["level"] for _, row in rows]
    most, written = max(levels, default=1.0), words.mean if view.rates else words.estimate
    kind = words.burglary_kind(view.in_words["burglary"], exact=view.exact)
    return ListShown(
        subhead="per 1,000 households" if view.rates else kind,
        scale="" if view.no_fit else "level per 1,000" if view.rates else "level",
        rows=tuple(
            _row(
                view,
                entry,
                row,
                third=("firm", SAID["firm"] if entry.firm else "", entry.firm),
                bar="" if view.no_fit else bars.level_bar(level, most, written),
            )
            for (entry, row), level in zip(rows, levels, strict=True)
        ),
    )


def _found(view: View, entry: lists.Listed, kind: str, most: float) -> Markup:
    row = view.row(kind, entry.position)
    third = ("expected", SAID["expected"], words.estimate(row["expected"]))
    return _row(view, entry, row, third=third, bar=bars.range_bar(row, most))


def _row(view: View, entry: lists.Listed, row: ChangeRow, *, third: tuple[str, str, str], bar: str) -> Markup:
    """Return a list's row: pin, name and district, the count now, a third figure and its bar."""
    css, said, figure = third
    return _ROW.format(
        area_id=row["area_id"],
        finding=entry.finding,
        look=legend.pin_look(entry),
        sign=entry.sign,
        name=row["area_name"],
        where=answer.where_of(view, entry.position),
        now=whole(row["current_count"]),
        css=css,
        said=said,
        figure=figure,
        bar=Markup(bar),  # noqa: S704 - numbers and words of our own
    )


def _named(view: View, entry: lists.Listed, listed: Sequence[lists.Listed]) -> Markup:
    """Return an area that is only named: a finding after the first five, or one of the next highest."""
    alike = [other for other in listed if not other.sign and other.finding == entry.finding]
    first = entry is alike[0]
    marks = {"rest": True, "further": not entry.finding, "first": first, "last": entry is alike[-1]}
    return _REST.format(
        area_id=view.areas["area_id"].iloc[entry.position],
        css=" ".join(mark for mark, holds in marks.items() if holds),
        lead=_LEAD.format(answer.rest_lead(entry.finding, listed)) if first else "",
        name=view.names[entry.position],
    )


def columns_of(view: View) -> tuple[Column, ...]:
    """Return the columns of the table: name, district (of several), now, expected and reading first."""
    name = Column("area_name", words.capital(view.unit[0]), number=False)
    group = (Column("group", "District", number=False),) if len(view.district_names) > 1 else ()
    first = (name, *group, Column("current_count", "Now"))
    if view.level_only:
        return first
    return (
        *first,
        Column("expected", "Expected"),
        Column("verdict", "Reading", number=False),
        Column("gap", "Above expected"),
        Column("normal_low", "Normal range"),
        Column("baseline_mean", "Before"),
        Column("change", "Difference"),
        Column("change_pct", "Change"),
        Column("level", "Level"),
    )


def static_rows(view: View) -> list[dict[str, str]]:
    """Return the first rows of the page's table in the order of the list, or by count, for readers without script."""
    rows = view.rows[view.first_type]
    if view.level_only or view.no_fit:
        counts = rows["current_count"].to_numpy(float, na_value=np.nan)
        order = np.argsort(-np.nan_to_num(counts, nan=-1), kind="stable").tolist()
    else:
        order = lists.whole_order(rows)
    css = classes_of(rows)
    shown = order[:TABLE_ROWS]
    records = change_rows(rows.iloc[shown])
    return [
        _static_row(view, position, row, css[position]) for position, row in zip(shown, records, strict=True)
    ]


def _static_row(view: View, position: int, row: ChangeRow, css: str) -> dict[str, str]:
    cell = _cells(row, view)
    now, before = row["current_count"], row["baseline_mean"]
    return {
        "area_id": row["area_id"],
        "css": css,
        "name": row["area_name"],
        "group": view.groups[position],
        "current_count": cell(now, whole),
        "expected": cell(row["expected"], words.estimate),
        "gap": cell(now - row["expected"], words.signed),
        "normal_low": cell(
            row["normal_low"], lambda low: f"{words.estimate(low)} to {words.estimate(row['normal_high'])}"
        ),
        "baseline_mean": cell(before, words.mean),
        "change": cell(now - before, lambda _: words.changed(now, before)),
        "change_pct": cell(row["change_pct"], _percent),
        "level": cell(row["level"], words.estimate),
        "plain": row["verdict"],
        "verdict": words.capital(row["verdict"]),
    }


def district_rows(view: View) -> list[tuple[str, str, list[dict[str, str]]]]:
    """Return the subtotals for the page: for each crime type its key, its label and a row per district.

    The list is empty if the areas are not of several groups.
    """
    if view.subtotals.empty or view.subtotals["group"].nunique() < 2:
        return []
    by_kind = dict(list(view.subtotals.groupby("crime_type", sort=False)))
    return [
        (kind, label, [_district_row(row, view) for row in group_rows(by_kind[kind])])
        for kind, label in view.labels.items()
        if kind in by_kind
    ]


def _district_row(row: GroupRow, view: View) -> dict[str, str]:
    cell = _cells(row, view)
    return {
        "group": row["group"],
        "current_count": cell(row["current_count"], whole),
        "expected": cell(row["expected"], words.estimate),
        "change_pct": cell(row["change_pct"], _percent),
        "plain": row["verdict"],
        "verdict": words.capital(row["verdict"]),
    }


def _cells(row: Reading, view: View) -> Callable[[float, Callable[[float], str]], str]:
    """Return a function that writes a number of a row: a dash if the number or the row is not known."""
    unknown = row["verdict"] == "not known" and not view.level_only
    return lambda value, write: "–" if unknown or pd.isna(value) else write(value)


def _percent(value: float) -> str:
    return f"{words.signed(value)}%"


def table_note(view: View, shown: int) -> str:
    """Return how many areas the table shows, or "" if it shows all."""
    every = len(view.areas)
    return f"The first {shown:,} of {every:,} {view.unit[1]}." if shown < every else ""
