"""What came back from the web, and what to do about it: one table, no disk, no network, no clock."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Saw(StrEnum):
    """What one attempt brought."""

    WHOLE = "a whole answer"
    FULL = "as many rows as the server ever gives, so it may be cut"
    TOO_MUCH = "503: too much for one answer, or an outage"
    SLOW_DOWN = "429: too many requests"
    TROUBLE = "a server error"
    CUT = "an answer cut short"
    LATE = "an answer that did not end in time"
    NO_LINE = "no connection"
    NOT_JSON = "something that is not JSON"
    ODD = "JSON of another shape"
    TOO_LARGE = "an answer larger than any real one"
    ELSEWHERE = "a redirect"
    NO_PART = "the whole file, or another part of it, where a part was asked for"
    ABSENT = "404: not there"
    FORBIDDEN = "403: not for us"
    REFUSED = "a refusal"
    DISTRUST = "a certificate that is not trusted"
    BAD_PROXY = "a proxy that does not answer"


class Do(StrEnum):
    """What is done about it."""

    KEEP = "keep it"
    WAIT = "wait as long as the server asks, then ask again, more slowly from then on"
    RETRY = "ask again after a growing wait"
    SPLIT = "ask in four smaller parts"
    STOP = "stop with an error"


#: What came back → what to do the first time and, where another is given, every further time.
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

#: Tries of one question, and the seconds after which no further one is begun: so a question ends within two minutes.
TRIES = 6
BUDGET = 100.0
#: The longest that a server's Retry-After is obeyed, in seconds.
LONGEST_ASKED = 120.0
_LONGEST_BACKOFF = 16.0


#: What is answered by asking in parts: too much for one answer, and what a server may have failed at for its size.
TOO_BIG = frozenset({Saw.FULL, Saw.TOO_MUCH})
TOO_SLOW = frozenset({Saw.TROUBLE, Saw.LATE})


def decide(
    saw: Saw, *, times: int, tried: int, elapsed: float, splittable: Collection[Saw], tries: int = TRIES
) -> Do:
    """Return what to do.

    Parameters
    ----------
    saw
        What came back.
    times
        How often this came back for this question, this time included.
    tried
        How often the question was asked, this time included.
    elapsed
        Seconds since it was first asked, less those the server asked us to wait, up to `LONGEST_ASKED` of them.
    splittable
        What is answered by asking in parts; nothing where it cannot be.
    tries
        Tries allowed.
    """
    listed = DECISIONS[saw]
    do = listed[min(times, len(listed)) - 1]
    if do is Do.SPLIT and saw not in splittable:
        do = Do.STOP if saw is Saw.FULL else Do.RETRY
    if do in {Do.RETRY, Do.WAIT} and (tried >= tries or elapsed >= BUDGET):
        return Do.STOP
    return do


def backoff(tried: int, luck: float) -> float:
    """Return the seconds to wait after so many tries: 1, 2, 4 … 16, each times 0.5 to 1.5 by `luck` in 0–1."""
    return float(min(2.0 ** (tried - 1), _LONGEST_BACKOFF) * (0.5 + luck))
