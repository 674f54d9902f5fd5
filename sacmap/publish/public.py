"""A version of a result for the public: small counts left out, with all that would give them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sacmap.measure.suppress import SMALL, suppressed
from sacmap.notices import Notice
from sacmap.result import Result

#: Notices that hold counts of single offences.
_NOT_FOR_ALL = {"components", "other-offences"}
#: Why a month is thin, its count left out.
_FEW = f"fewer than {SMALL} crimes"


def public_version(result: Result) -> Result:
    """Return the result less small counts: see `sacmap.measure.suppress`.

    Monthly counts and streets are left out whole, for nearly all of them are small, and so are the lists' reasons; the
    page ranks what it still shows.

    Raises
    ------
    InputError
        If all areas together have too few crimes for a public version.
    """
    change, left_out = suppressed(result.change)
    told = Notice(
        "suppressed",
        f"A version for the public: {left_out:,} of {len(change):,} figures (areas by crime type) are left out, as "
        f"“not known”, because a count is under {SMALL} or would give away one that is. Expected counts and levels are "
        "in whole crimes; monthly counts and streets are left out.",
    )
    judged = result.coverage
    small = judged["crimes"].between(1, SMALL - 1)
    # The reason why a month is thin holds its count, and the notice of the months left out holds the reason.
    reasons = sorted(set(judged.loc[small, "reason"]) - {""}, key=len, reverse=True)
    kept = [
        Notice("extract" if notice.code == "restricted" else notice.code, _without(notice.text, reasons))
        for notice in result.warnings
        if notice.code not in _NOT_FOR_ALL
    ]
    return replace(
        result,
        change=change,
        hardening=(),
        week=(),
        monthly=result.monthly.iloc[:0],
        located=result.located.iloc[:0],
        coverage=judged.assign(
            crimes=judged["crimes"].astype("Float64").mask(small),
            reason=[_without(reason, reasons) for reason in judged["reason"]],
        ),
        warnings=(told, *kept),
    )


def _without(text: str, reasons: Sequence[str]) -> str:
    for reason in reasons:
        text = text.replace(reason, _FEW)
    return text
