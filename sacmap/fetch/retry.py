"""How a request can fail, and what to do about it: one table, without disk, network or clock."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class AttemptResult(StrEnum):
    """How an attempt failed."""

    FULL = "as many rows as the server ever gives, so it may be cut"
    TOO_MUCH = "503: too much for one answer, or an outage"
    SLOW_DOWN = "429: too many requests"
    SERVER_ERROR = "a server error"
    INCOMPLETE = "an answer cut short"
    TIMEOUT = "an answer that did not end in time"
    NO_CONNECTION = "no connection"
    NOT_JSON = "something that is not JSON"
    UNEXPECTED_JSON = "JSON with an unexpected structure"
    TOO_LARGE = "an answer larger than any real one"
    REDIRECT = "a redirect"
    NO_PART = "the whole file or another part, where a certain part was requested"
    NOT_FOUND = "404: not there"
    FORBIDDEN = "403: not for us"
    REFUSED = "a refusal"
    UNTRUSTED = "a certificate that is not trusted"
    BAD_PROXY = "a proxy that does not answer"
    PROXY_REFUSED = "a proxy that refuses, or cannot be used"


class NextStep(StrEnum):
    """The action that follows."""

    WAIT = "wait as long as the server asks, then ask again, more slowly from then on"
    RETRY = "ask again after a growing wait"
    SPLIT = "ask in four smaller parts"
    STOP = "stop with an error"


#: Outcome → action the first time, the second time and so on; the last action listed also applies from then on.
DECISIONS: dict[AttemptResult, tuple[NextStep, ...]] = {
    AttemptResult.FULL: (NextStep.SPLIT,),
    AttemptResult.TOO_MUCH: (NextStep.RETRY, NextStep.SPLIT),
    AttemptResult.SLOW_DOWN: (NextStep.WAIT,),
    AttemptResult.SERVER_ERROR: (NextStep.RETRY, NextStep.RETRY, NextStep.SPLIT),
    AttemptResult.INCOMPLETE: (NextStep.RETRY,),
    AttemptResult.TIMEOUT: (NextStep.RETRY, NextStep.SPLIT),
    AttemptResult.NO_CONNECTION: (NextStep.RETRY,),
    AttemptResult.NOT_JSON: (NextStep.RETRY,),
    AttemptResult.UNEXPECTED_JSON: (NextStep.RETRY,),
    AttemptResult.TOO_LARGE: (NextStep.RETRY,),
    AttemptResult.REDIRECT: (NextStep.RETRY,),
    AttemptResult.NO_PART: (NextStep.STOP,),
    AttemptResult.NOT_FOUND: (NextStep.STOP,),
    AttemptResult.FORBIDDEN: (NextStep.STOP,),
    AttemptResult.REFUSED: (NextStep.STOP,),
    AttemptResult.UNTRUSTED: (NextStep.STOP,),
    AttemptResult.BAD_PROXY: (NextStep.RETRY,),
    AttemptResult.PROXY_REFUSED: (NextStep.STOP,),
}

#: Attempts per request, and the seconds after which no further attempt starts. A request ends within two minutes.
TRIES = 6
BUDGET = 100.0
#: The longest wait accepted from a server's Retry-After, in seconds.
LONGEST_ASKED = 120.0
_LONGEST_BACKOFF = 16.0


#: Outcomes that smaller requests can cure: too many rows, and failures that may come from the size of a request.
TOO_BIG = frozenset({AttemptResult.FULL, AttemptResult.TOO_MUCH})
TOO_SLOW = frozenset({AttemptResult.SERVER_ERROR, AttemptResult.TIMEOUT})


def decide(
    result: AttemptResult,
    *,
    times: int,
    tried: int,
    elapsed: float,
    splittable: Collection[AttemptResult],
    tries: int = TRIES,
) -> NextStep:
    """Return the action to take after an attempt.

    `times`: how often this request had this outcome; `tried`: number of attempts, both with this one; `elapsed`: the
    seconds since the first attempt, less waits that the server asked for, up to `LONGEST_ASKED`; `splittable`: the
    outcomes after which this request may be split; `tries`: number of attempts allowed.
    """
    listed = DECISIONS[result]
    do = listed[min(times, len(listed)) - 1]
    if do is NextStep.SPLIT and result not in splittable:
        do = NextStep.STOP if result is AttemptResult.FULL else NextStep.RETRY
    if do in {NextStep.RETRY, NextStep.WAIT} and (tried >= tries or elapsed >= BUDGET):
        return NextStep.STOP
    return do


def backoff(tried: int, luck: float) -> float:
    """Return the seconds to wait after `tried` attempts: 1, 2, 4 … 16, times 0.5 + `luck`, where `luck` is in 0–1."""
    return float(min(2.0 ** (tried - 1), _LONGEST_BACKOFF) * (0.5 + luck))
