"""A public version of a result: without small counts, and without the figures that would reveal them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sacmap.choose.ranking import by_rate
from sacmap.measure.suppress import SMALL, suppressed
from sacmap.notices import Notice
from sacmap.result import Result

#: Notices with counts of single offences, or with references and words of the force's own records.
_NOT_PUBLIC = {
    "components", "other-offences", "cancelled-rows", "no-ids", "shared-ids", "rows-left-out", "repeated-file",
    "doubled-file",
}  # fmt: skip
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
        "not-public",
        f"A plan has no public version: it and its page show counts under {SMALL}, although the study has "
        "suppress_small. Keep them inside the partnership.",
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
    change, left_out = suppressed(result.change, rates=by_rate(result.areas))
    left = f"Monthly counts{', streets and subtotals by district' if len(result.groups) else ' and streets'}"
    hidden = (
        f"{left_out:,} of {len(change):,} figures (areas by crime type) are shown as “not known”, because a count is "
        f"under {SMALL} or would reveal one that is."
        if left_out
        else f"no count of an area is under {SMALL}."
    )
    notice = Notice(
        _SUPPRESSED,
        f"Public version: {hidden} Expected counts and levels are rounded to whole crimes. {left} are left out.",
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
            crimes=judged["crimes"].astype("Float64").mask(small),
            reason=[_without(reason, reasons) for reason in judged["reason"]],
        ),
        warnings=(notice, *kept),
    )


def _without(text: str, reasons: Sequence[str]) -> str:
    for reason in reasons:
        text = text.replace(reason, _FEW)
    return text
