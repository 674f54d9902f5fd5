"""The outcome of a request, and what to do about it: one table, without disk, network or clock."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Saw(StrEnum):
    """The outcome of one attempt."""

    WHOLE = "a complete answer"
    FULL = "as many rows as the server ever gives, so it may be cut"
    TOO_MUCH = "503: too much for one answer, or an outage"
    SLOW_DOWN = "429: too many requests"
    TROUBLE = "a server error"
    CUT = "an answer cut short"
    LATE = "an answer that did not end in time"
    NO_LINE = "no connection"
    NOT_JSON = "something that is not JSON"
    ODD = "JSON with an unexpected structure"
    TOO_LARGE = "an answer larger than any real one"
    ELSEWHERE = "a redirect"
    NO_PART = "the whole file or another part, where a certain part was requested"
    ABSENT = "404: not there"
    FORBIDDEN = "403: not for us"
    REFUSED = "a refusal"
    DISTRUST = "a certificate that is not trusted"
    BAD_PROXY = "a proxy that does not answer"


class Do(StrEnum):
    """The action that follows."""

    KEEP = "keep it"
    WAIT = "wait as long as the server asks, then ask again, more slowly from then on"
    RETRY = "ask again after a growing wait"
    SPLIT = "ask in four smaller parts"
    STOP = "stop with an error"


#: Outcome → action the first time, the second time and so on; the last action listed also applies from then on.
DECISIONS: dict[Saw, tuple[Do, ...]] = {
    Saw.WHOLE: (Do.KEEP,),
    Saw.FULL: (Do.SPLIT,),
    Saw.TOO_MUCH: (Do.RETRY, Do.SPLIT),
    Saw.SLOW_DOWN: (Do.WAIT,),
    Saw.TROUBLE: (Do.RETRY, Do.RETRY, Do.SPLIT),
    Saw.CUT: (Do.RETRY,),
    Saw.LATE: (Do.RETRY, Do.SPLIT),
    Saw.NO_LINE: (Do.RETRY,),
    Saw.NOT_JSON: (Do.RETRY,),
    Saw.ODD: (Do.RETRY,),
    Saw.TOO_LARGE: (Do.RETRY,),
    Saw.ELSEWHERE: (Do.RETRY,),
    Saw.NO_PART: (Do.STOP,),
    Saw.ABSENT: (Do.STOP,),
    Saw.FORBIDDEN: (Do.STOP,),
    Saw.REFUSED: (Do.STOP,),
    Saw.DISTRUST: (Do.STOP,),
    Saw.BAD_PROXY: (Do.RETRY,),
}

#: Attempts per request, and the seconds after which no further attempt starts. A request ends within two minutes.
TRIES = 6
BUDGET = 100.0
#: The longest wait accepted from a server's Retry-After, in seconds.
LONGEST_ASKED = 120.0
_LONGEST_BACKOFF = 16.0


#: Outcomes that smaller requests can cure: too many rows, and failures that may come from the size of a request.
TOO_BIG = frozenset({Saw.FULL, Saw.TOO_MUCH})
TOO_SLOW = frozenset({Saw.TROUBLE, Saw.LATE})


def decide(
    saw: Saw, *, times: int, tried: int, elapsed: float, splittable: Collection[Saw], tries: int = TRIES
) -> Do:
    """Return the action to take.

    Parameters
    ----------
    saw
        The outcome of this attempt.
    times
        How often this request had this outcome, this attempt included.
    tried
        Number of attempts, this one included.
    elapsed
        Seconds since the first attempt, not counting waits that the server asked for, up to `LONGEST_ASKED`.
    splittable
        The outcomes after which this request may be split; empty if it cannot be split.
    tries
        Number of attempts allowed.
    """
    listed = DECISIONS[saw]
    do = listed[min(times, len(listed)) - 1]
    if do is Do.SPLIT and saw not in splittable:
        do = Do.STOP if saw is Saw.FULL else Do.RETRY
    if do in {Do.RETRY, Do.WAIT} and (tried >= tries or elapsed >= BUDGET):
        return Do.STOP
    return do


def backoff(tried: int, luck: float) -> float:
    """Return the seconds to wait after `tried` attempts: 1, 2, 4 … 16, times 0.5 + `luck`, where `luck` is in 0–1."""
    return float(min(2.0 ** (tried - 1), _LONGEST_BACKOFF) * (0.5 + luck))
