"""A version of a result for the public: small counts left out, with all that would give them away."""

from __future__ import annotations

from dataclasses import replace

from sacmap.job import Result
from sacmap.measure.notices import Notice
from sacmap.measure.suppress import SMALL, suppressed

#: Notices that hold counts of single offences.
_NOT_FOR_ALL = {"components", "other-offences"}


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
    kept = [
        Notice("extract", notice.text) if notice.code == "restricted" else notice
        for notice in result.warnings
        if notice.code not in _NOT_FOR_ALL
    ]
    crimes = result.coverage["crimes"]
    return replace(
        result,
        change=change,
        hardening=(),
        week=(),
        monthly=result.monthly.iloc[:0],
        located=result.located.iloc[:0],
        coverage=result.coverage.assign(crimes=crimes.astype("Float64").mask(crimes.between(1, SMALL - 1))),
        warnings=(told, *kept),
    )


def is_public(result: Result) -> bool:
    """Whether small counts were left out of a result."""
    return any(notice.code == "suppressed" for notice in result.warnings)


def is_restricted(result: Result) -> bool:
    """Whether a result must not be published: made from a force's own extract, small counts and all."""
    return any(notice.code == "restricted" for notice in result.warnings)
