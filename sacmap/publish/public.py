"""A public version of a result: without small counts, and without the figures that would reveal them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sacmap import tables
from sacmap.choose.draws import Key, stability_of
from sacmap.choose.ranking import FILLED, LISTS, by_rate, counts_by_month, homes_of, law_of_months, of_kind
from sacmap.measure.suppress import SMALL, suppressed
from sacmap.measure.verdict import readings
from sacmap.notices import Notice
from sacmap.result import Result

#: Notices with counts of single offences, or with references and words of the force's own records.
_NOT_PUBLIC = {
    "components", "other-offences", "cancelled-rows", "no-ids", "shared-ids", "rows-left-out", "repeated-file",
    "doubled-file", "hidden-sheets", "misplaced-months", "emptied-areas",
}  # fmt: skip
#: The code of the notice that what is made shows small counts all the same.
NOT_PUBLIC = "not-public"
#: The code of the notice that a public version has.
_SUPPRESSED = "suppressed"
#: The reason for a thin month, without its count.
_FEW = f"published fewer than {SMALL} crimes"


def as_published(result: Result) -> Result:
    """Return the result as its study wants it published: the public version if it has `suppress_small`.

    Raises
    ------
    InputError
        As `public_version`.
    """
    done = any(notice.code == _SUPPRESSED for notice in result.warnings)
    return public_version(result) if result.study.suppress_small and not done else result


def not_public(result: Result) -> Result:
    """Return the result, of a study with `suppress_small`, with a notice that what is made of it shows small counts."""
    if not result.study.suppress_small:
        return result
    notice = Notice(
        NOT_PUBLIC,
        f"A plan has no public version, nor has its result: they show counts under {SMALL}, although the study has "
        "suppress_small. Keep them inside the partnership.",
    )
    return replace(result, warnings=(notice, *result.warnings))


def beside_a_plan(result: Result) -> Result:
    """Return a public version with a notice that a plan told beside it is none.

    From the counts of a plan's areas together, and of those shown, one that is hidden could be found.
    """
    if not any(notice.code == _SUPPRESSED for notice in result.warnings):
        return result
    notice = Notice(
        NOT_PUBLIC,
        "A plan and what came of it have no public version: their counts are given as they are, and one that is hidden "
        "elsewhere could be found from them. Keep this note inside the partnership.",
    )
    return replace(result, warnings=(notice, *result.warnings))


def public_version(result: Result) -> Result:
    """Return the result without small counts: see `sacmap.measure.suppress`.

    Monthly counts and streets are left out completely, because nearly all of these counts are small; so are the lists
    with their reasons, and the page ranks the figures it still shows. Subtotals by group are left out because a hidden
    count could be found from them by subtraction.

    Raises
    ------
    InputError
        If all areas together have too few crimes for a public version.
    """
    change, left_out = suppressed(
        result.change, rates=by_rate(result.areas), remade=lambda out: _public_table(result, out)
    )
    left = f"Monthly counts{', streets and subtotals by district' if len(result.groups) else ' and streets'}"
    hidden = (
        f"{left_out:,} of {len(change):,} figures (areas by crime type) are shown as “not known”, because a count is "
        f"under {SMALL} or would reveal one that is."
        if left_out
        else f"no count of an area is under {SMALL}."
    )
    compared = bool(result.study.baseline)
    rounded = f"{'Expected counts and levels' if compared else 'Levels'} are rounded to whole crimes."
    differs = " A reading at the edge of its range can differ from that of the full version."
    notice = Notice(
        _SUPPRESSED,
        f"Public version: {hidden} {rounded} {left} are left out.{differs if left_out and compared else ''}",
    )
    judged = result.coverage
    small = judged["crimes"].between(1, SMALL - 1)
    # The reason for a thin month quotes its count, and the notice about months left out quotes the reason.
    reasons = sorted(set(judged.loc[small, "reason"]) - {""}, key=len, reverse=True)
    kept = [
        Notice("extract" if one.code == "restricted" else one.code, _without(one.text, reasons))
        for one in result.warnings
        if one.code not in _NOT_PUBLIC
    ]
    return replace(
        result,
        change=change,
        hardening=(),
        week=(),
        weeks={},
        one_point={},
        groups=result.groups.iloc[:0],
        monthly=result.monthly.iloc[:0],
        located=result.located.iloc[:0],
        coverage=judged.assign(
            crimes=judged["crimes"].astype("Int64").mask(small),
            reason=[_without(reason, reasons) for reason in judged["reason"]],
        ),
        warnings=(notice, *kept),
    )


def _public_table(result: Result, out: np.ndarray) -> pd.DataFrame:
    """Return the Change table with figures of the model, ranks and shares of draws for the rows not left out.

    What depends on all counts is coarse: how much areas differ and vary. A reader who tries every count for a row left
    out would find the one from which the exact figures follow. Only areas shown are drawn and ranked.
    """
    ids, study = [str(area) for area in result.areas["area_id"]], result.study
    cube = counts_by_month(result.located, ids, result.periods_compared)
    per = homes_of(result.areas) if by_rate(result.areas) else np.ones(len(ids))
    change = result.change.copy()
    change[list(FILLED)] = np.nan
    for kind in tables.CRIME_TYPES:
        rows = np.flatnonzero(change["crime_type"] == kind)
        known = np.isfinite(change["current_count"].to_numpy(float)[rows])
        if not known.any():
            continue
        law = law_of_months(of_kind(cube[known], kind), result.comparator.pair(kind), coarse=True)
        found = readings(law) if study.baseline else {"level": law.level(law.excess)}
        for name, column in found.items():
            change.loc[rows[known], name] = column
        shown = np.flatnonzero(~out[rows[known]])
        at = rows[known][shown]
        said = change["verdict"].to_numpy(object)[at]
        for one in LISTS:
            if one.kind != kind or not len(shown) or not (one.hardening or study.baseline):
                continue
            key = Key(one.hardening, law.of(shown), per[known][shown], said)
            change.loc[at, one.column] = key.ranks()
            if one.of_share:
                change.loc[at, "top5_share"] = stability_of(key, shown[:0]).top5
    return change


def _without(text: str, reasons: Sequence[str]) -> str:
    for reason in reasons:
        text = text.replace(reason, _FEW)
    return text
