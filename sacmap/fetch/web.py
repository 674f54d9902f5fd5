"""One polite, checked answer from the web.

An attempt (`sacmap.fetch.attempt`) is sent, read whole and judged; what came back is one of `Saw`, and what is done
about it is looked up in the table of `sacmap.fetch.decide`. Nothing that was not judged whole leaves this module.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sacmap.addresses import host_of
from sacmap.errors import SourceError
from sacmap.fetch.attempt import (
    Reply,
    UnusableError,
    blocks_of,
    body_of,
    judge_status,
    library_errors_as_unusable,
    new_session,
    require_bundle,
    require_safe,
    send,
    within,
)
from sacmap.fetch.retry import LONGEST_ASKED, TOO_BIG, TOO_SLOW, TRIES, Do, Saw, backoff, decide
from sacmap.files.text import parse_json

#: Of documented 15 requests a second, so that others behind the same office address have room.
PER_SECOND = 7.0
SLOWEST = 2.0
#: Seconds for one attempt, from sending to the last byte.
DEADLINE = 30.0
#: 10,000 crimes are some 5 MB.
CAP = 64 << 20
#: Redirects followed to a file that proves itself, such as a ZIP: data.police.uk hands its archive to a file store.
HOPS = 2
#: The whole of an attempt ends within this many seconds of the first: with `BUDGET`, two minutes.
_LAST_CALL = 115.0
#: The try after which the reader is told: of a slip that passes at the second there is nothing to tell.
TOLD_AT = 2
_KEPT = "What was fetched is kept"

#: Looks at a whole reply and returns what to make of it, or raises UnusableError.
Judge = Callable[[Reply], Any]
#: What to do where no request of ours gets through, or none may be made.
BY_HAND = "Or download the ZIP in a browser from data.police.uk/data, and add --crimes FILE.zip."


@dataclass(frozen=True)
class _Sending:
    """What is sent, and which replies are read: of these statuses, so many bytes, so much more time, redirects."""

    url: str
    judge: Judge
    headers: Mapping[str, str]
    expect: Collection[int]
    cap: int
    more_time: float = 0.0
    hops: int = 0


@dataclass(frozen=True)
class Answer:
    """A whole and checked answer: its body as sent, and what the judge made of it."""

    body: bytes
    value: Any


class AbsentError(SourceError):
    """The server has no such thing (404)."""


class ForbiddenError(SourceError):
    """The server does not give it to us (403); some say so of what is not there."""


class NoPartError(SourceError):
    """The server does not give the part of a file that was asked for."""


class Web:
    """Asks politely: paced, retried, within a deadline.

    Parameters
    ----------
    ca_bundle
        A file of certificates to trust beside those the system trusts.
    clock, sleep, luck, now
        Seconds that pass, waiting, chance in 0–1 and the time of day (s since 1970): tests own them.
    deadline
        Seconds for one attempt.
    say
        Told once of each question whose answer does not come at once: until it does, or is given up, all is silent.

    Raises
    ------
    InputError
        If the bundle is not there or holds no certificate.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        luck: Callable[[], float] = random.random,
        now: Callable[[], float] = time.time,
        deadline: float = DEADLINE,
        per_second: float = PER_SECOND,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bundle = ca_bundle
        if ca_bundle is not None:
            require_bundle(ca_bundle)
        self._clock, self._sleep, self._luck, self.now = clock, sleep, luck, now
        self.deadline = deadline
        self._say = say
        self._spacing = 1 / per_second
        self._next = clock()
        self._session = new_session()
        self.requests = 0
        self.bytes = 0

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @property
    def elapsed(self) -> float:
        """Seconds on this web's own clock."""
        return self._clock()

    def ask(
        self,
        url: str,
        judge: Judge,
        *,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (200,),
        cap: int = CAP,
        more_time: float = 0.0,
        tries: int = TRIES,
        hops: int = 0,
    ) -> Answer:
        """Ask until there is a whole answer or no sense in asking again.

        `more_time` is added to the deadline of an attempt, for what is known to be large; up to `hops` redirects are
        followed.

        Raises
        ------
        SourceError
            If the server cannot be reached or its answers make no sense; AbsentError for a 404, NoPartError
            where a part was asked for and not given.
        UsageError
            If the address is plain http and not of this machine.
        """
        sending = _Sending(url, judge, headers or {}, expect, cap, more_time, hops)
        answer = self._ask(sending, splittable=(), tries=tries)
        if answer is None:
            raise ValueError("a question that cannot be split was to be split")
        return answer

    def ask_or_split(self, url: str, judge: Judge, *, cap: int = CAP, large: bool = False) -> Answer | None:
        """Ask as `ask` does; None where it is too much for one answer and is to be asked in parts.

        A question so `large` that a server may fail at it, or take too long, is then asked in parts too.
        """
        splittable = TOO_BIG | TOO_SLOW if large else TOO_BIG
        return self._ask(_Sending(url, judge, {}, (200,), cap), splittable=splittable, tries=TRIES)

    def _ask(self, sending: _Sending, *, splittable: Collection[Saw], tries: int) -> Answer | None:
        url = sending.url
        require_safe(url)
        began, asked_to_wait = self._clock(), 0.0
        seen: Counter[Saw] = Counter()
        for tried in range(1, tries + 1):
            elapsed = self._clock() - began - asked_to_wait
            try:
                return self._attempt(sending, _LAST_CALL - elapsed)
            except UnusableError as error:
                bad = error
            seen[bad.saw] += 1
            do = decide(
                bad.saw,
                times=seen[bad.saw],
                tried=tried,
                elapsed=self._clock() - began - asked_to_wait,
                splittable=splittable,
                tries=tries,
            )
            if do is Do.SPLIT:
                return None
            if do is Do.STOP:
                break
            wait = backoff(tried, self._luck())
            if do is Do.WAIT:
                self._spacing = min(2 * self._spacing, SLOWEST)
                if bad.asked_to_wait is not None:
                    wait = bad.asked_to_wait
                    # A server that asks for it for ever does not get it: see `decide`.
                    asked_to_wait = min(asked_to_wait + wait, LONGEST_ASKED)
            if tried == TOLD_AT:
                self._say(f"{host_of(url)} has not given a complete answer yet ({bad.detail}). Trying again.")
            self._sleep(wait)
        raise _error(bad, url, tried)

    def _attempt(self, sending: _Sending, left: float) -> Answer:
        """Send once and judge what comes back.

        Raises
        ------
        UnusableError
            If it cannot be kept.
        """
        self._pace()
        self.requests += 1
        session = self._session

        def work() -> Reply:
            url = sending.url
            with (
                library_errors_as_unusable(url),
                send(session, url, sending.headers, self._bundle, hops=sending.hops) as response,
            ):
                judge_status(response, sending.expect, self.now)
                body = b"".join(body_of(response, sending.cap))
                return Reply(response.status_code, response.headers, body)

        try:
            reply = within(min(self.deadline + sending.more_time, max(left, 1.0)), work)
        except UnusableError as error:
            if error.saw is Saw.LATE:
                # The line still trickles: leave it to its thread and take a fresh one.
                self._session = new_session()
            raise
        self.bytes += len(reply.body)
        return Answer(reply.body, sending.judge(reply))

    @contextlib.contextmanager
    def stream(
        self, url: str, *, start: int, same: str
    ) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
        """Send once for a file too large for memory, from byte `start` on: its status, headers and blocks.

        `same` is the ETag or date of the file that the bytes before `start` are of: where it is another by now, the
        server sends the whole (200). The body has no deadline, but silence ends it. Redirects are followed.

        Raises
        ------
        UnusableError
            If it ends before its end.
        """
        require_safe(url)
        self._pace()
        self.requests += 1
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": same}
        with (
            library_errors_as_unusable(url),
            send(self._session, url, headers, self._bundle, hops=HOPS) as response,
        ):
            judge_status(response, (200, 206), self.now)
            yield response.status_code, response.headers, self._counted(blocks_of(response))

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.bytes += len(block)
            yield block

    def wait_after(self, tried: int) -> None:
        """Wait as between two tries."""
        self._sleep(backoff(tried, self._luck()))

    def _pace(self) -> None:
        wait = self._next - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._next = self._clock() + self._spacing


def json_judge(check: Callable[[Any], Any], full: int | None = None) -> Judge:
    """Return a judge of JSON: it parses, has the shape `check` demands and fewer than `full` rows.

    `check` raises KeyError, TypeError or ValueError naming the field that is not as it should be.
    """

    def judge(reply: Reply) -> Any:
        try:
            value = parse_json(reply.body)
        except ValueError:
            kind = reply.headers.get("Content-Type", "no type").split(";")[0]
            start = " ".join(reply.body[:200].decode("utf-8", "replace").split())[:40]
            raise UnusableError(Saw.NOT_JSON, f"not JSON but {kind}, starting {start!r}") from None
        if full is not None and isinstance(value, list) and len(value) == full:
            raise UnusableError(Saw.FULL, f"exactly {full:,} rows")
        try:
            return check(value)
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableError(Saw.ODD, f"JSON with an unexpected structure: {error.args[0]}") from None

    return judge


def _error(bad: UnusableError, url: str, tried: int) -> SourceError:
    """Say what happened, what was done and what to do next."""
    where = f"{host_of(url)}{urlsplit(url).path}"[:120]
    times = "" if tried == 1 else f", {tried} times"
    if bad.saw is Saw.ABSENT:
        return AbsentError(f"{where} is not there (404).", "Check the force and the addresses.")
    if bad.saw is Saw.FORBIDDEN:
        return ForbiddenError(
            f"{where} refused access (403). {_KEPT}.", "Check the addresses and the network."
        )
    if bad.saw is Saw.NO_PART:
        return NoPartError(f"{where} cannot be read in parts: {bad.detail}.")
    if bad.saw is Saw.DISTRUST:
        return SourceError(
            f"The certificate of {host_of(url)} is not trusted: {bad.detail}. Nothing was sent.",
            "If your organisation inspects traffic, give its certificates with --ca-bundle FILE.",
        )
    remedies = {
        Saw.BAD_PROXY: "Check HTTPS_PROXY and the network, then run the command again.",
        Saw.ELSEWHERE: "If that is a sign-in page, sign in with a browser first. If it is a new address, give it "
        "with --api-url or --archive-url.",
        Saw.NOT_JSON: "A sign-in page or filter may have answered. Open the address in a browser.",
        Saw.ODD: "data.police.uk may have changed. Look for a newer version of sacmap, or report this.",
        Saw.REFUSED: "Check the addresses, then report this.",
        Saw.NO_LINE: f"Run the command again later: it continues from there. {BY_HAND}",
    }
    if bad.saw in {Saw.NO_LINE, Saw.LATE, Saw.TROUBLE, Saw.TOO_MUCH}:
        cause = f"{where} is unreachable: {bad.detail}{times}. {_KEPT}."
    else:
        cause = f"{where} gave {bad.detail}{times}. {_KEPT}."
    return SourceError(cause, remedies.get(bad.saw, "Run the command again later: it continues from there."))
