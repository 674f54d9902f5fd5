"""The answer column: the words above each list and the areas on it, of the whole map ("") and of each district."""

from __future__ import annotations

from collections.abc import Sequence

from sacmap import tables
from sacmap.choose.ranking import HARDENING_TYPE
from sacmap.files.json_shape import Json
from sacmap.notices import series
from sacmap.publish import legend, lists, words
from sacmap.publish.view import View
from sacmap.result import FIRST


def heading(view: View, kind: str) -> str:
    """Return the heading of the list for a week of action; without a baseline, of the areas with most crime."""
    if view.level_only:
        return (
            "Where crime is highest, all three types"
            if kind == "sac"
            else f"Where {view.in_words[kind]} is highest"
        )
    return f"{words.capital(legend.where_rose(view, kind))}{', all three types' if kind == 'sac' else ''}"


def week_lead(view: View, kind: str, district: str = "") -> str:
    """Return the first sentences of the list for a week of action if no rise on it is clear; otherwise ""."""
    findings = [finding for finding in _findings(view, kind, district) if finding]
    if view.no_fit or "clear" in findings:
        return view.no_fit
    if findings:
        these = "This one is" if len(findings) == 1 else "These are"
        return f"No clear rise. {these} possible: {words.FEW_BY_CHANCE} is as high by chance."
    single = [
        view.in_words[one]
        for one in tables.SAC_TYPES
        if kind == "sac" and any(_findings(view, one, district))
    ]
    if single:
        return f"No clear rise and no possible one of all three together. See {series(single)}."
    unknown = view.verdicts[kind][view.places[district]] == "not known"
    if unknown.all():
        return f"Not known: there are no figures for these {view.unit[1]}."
    if unknown.any():
        return f"No clear rise and no possible one in the {view.unit[1]} that are known."
    return "No clear rise and no possible one."


def week_subhead(view: View, kind: str, district: str = "") -> str:
    """Return the findings of the rows with a pin."""
    findings = set(_findings(view, kind, district)[:FIRST]) - {""}
    if len(findings) == 2:
        return "● clear, ○ could be chance"
    return {"clear": "clear rises", "possible": "○ could be chance"}.get("".join(findings), "")


def rest_lead(finding: str, listed: Sequence[lists.Listed]) -> str:
    """Return the words before the areas that are only named, of the rows of a list."""
    too = finding == "possible" and any(entry.sign and entry.finding == finding for entry in listed)
    return words.REST_LEADS[f"{finding} too" if too else finding]


def where_of(view: View, position: int) -> str:
    """Return an area's district, if there are several, and its code where its name needs that to be its own."""
    district = view.groups[position] if len(view.district_names) > 1 else ""
    area = str(view.areas["area_id"].array[position])
    return ", ".join(filter(None, (district, area if view.names[position].endswith(f" ({area})") else "")))


def for_script(view: View) -> dict[str, Json]:
    """Return, by district, the positions of the areas on each list, and the words above them.

    hardening: for target hardening; firm: how firm these ranks are, which only the whole map tells; week: by crime
    type, for a week of action, with its lead and subhead; most: by crime type, those with most crime, if there is no
    earlier period.
    """
    homes = lists.by_district(lists.hardening_order(view.rows[HARDENING_TYPE]), view.groups)
    most = {
        kind: lists.by_district(lists.most_crime(rows), view.groups)
        for kind, rows in view.rows.items()
        if view.level_only
    }
    return {
        district: {
            "hardening": homes.get(district, [])[:FIRST],
            "firm": [] if district or not view.tells_firm else [entry.firm for entry in view.hardening_list],
            "most": {kind: found.get(district, [])[:FIRST] for kind, found in most.items()},
            "week": {}
            if view.level_only
            else {kind: _week(view, kind, district) for kind in tables.CRIME_TYPES},
        }
        for district in view.places
    }


def _week(view: View, kind: str, district: str) -> dict[str, Json]:
    return {
        "areas": view.week_places[kind].get(district, []),
        "lead": week_lead(view, kind, district),
        "subhead": week_subhead(view, kind, district),
    }


def _findings(view: View, kind: str, district: str) -> list[str]:
    """Return the finding of each area named for a week of action, "" of those that are none."""
    return [lists.finding(view.verdicts[kind][one]) for one in view.week_places[kind].get(district, ())]
