"""A client for the web: it limits its speed, retries, and returns only complete, checked answers.

`sacmap.fetch.request` sends a request and reads the answer. If it fails, `AttemptResult` says how. The table in
`sacmap.fetch.retry` says what to do next.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast
from urllib.parse import urlsplit

from sacmap.errors import SourceError
from sacmap.fetch.request import (
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
from sacmap.fetch.retry import (
    LONGEST_ASKED,
    TOO_BIG,
    TOO_SLOW,
    TRIES,
    AttemptResult,
    NextStep,
    backoff,
    decide,
)
from sacmap.files.text import parse_json
from sacmap.limits import ANSWER
from sacmap.redaction import host_of

#: Requests per second. The documented limit is 15, which an office with one address shares.
PER_SECOND = 7.0
SLOWEST = 2.0
#: Seconds for one attempt, to the last byte.
DEADLINE = 30.0
#: Redirects followed for a file whose content is checked, such as a ZIP: data.police.uk redirects to a file store.
HOPS = 2
#: The last attempt ends within this many seconds of the first.
_LAST_CALL = 115.0
#: The number of failed attempts after which the user is told.
TOLD_AT = 2
_KEPT = "What was fetched is kept"

Checked = TypeVar("Checked")
#: Checks a complete reply and returns its content, or raises UnusableError.
Judge = Callable[[Reply], Checked]
#: What to do if no request gets through, or none may be sent: for crimes, and for boundaries.
BY_HAND = "Or download the ZIP in a browser from data.police.uk/data, and add --crimes FILE.zip."
BOUNDARIES_BY_HAND = (
    "Or download the boundaries in a browser, and give the file to sacmap map with --boundaries."
)


@dataclass(frozen=True)
class _Request(Generic[Checked]):
    """A request, and the limits for its reply: statuses, bytes, additional seconds and redirects."""

    url: str
    judge: Judge[Checked]
    headers: Mapping[str, str]
    expect: Collection[int]
    cap: int
    more_time: float = 0.0
    hops: int = 0


@dataclass(frozen=True)
class Answer(Generic[Checked]):
    """A complete, checked answer: its body, and the content that the judge returned."""

    body: bytes
    value: Checked


class AbsentError(SourceError):
    """The server has no such thing (404)."""


class ForbiddenError(SourceError):
    """The server refuses access (403). Some servers also answer so for what does not exist."""


class NoPartError(SourceError):
    """The server does not give the requested part of a file."""


class Web:
    """Sends requests at a limited speed, with retries and a deadline of so many seconds for one attempt.

    `ca_bundle`: a file of certificates to trust in addition to the system's. Tests replace `clock`, `sleep`, `luck` and
    `now`: the elapsed seconds, a wait, a random number in 0–1 and the time (s since 1970). `by_hand`: what to do if no
    request gets through, for the message. `say` is called once for each request that fails at first and is retried.

    Raises
    ------
    InputError
        If the certificate file does not exist or has no certificate.
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
        by_hand: str = BY_HAND,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bundle = ca_bundle
        require_bundle(ca_bundle)
        self._clock, self._sleep, self._luck, self.now = clock, sleep, luck, now
        self.deadline = deadline
        self.by_hand = by_hand
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
        """The seconds on the client's clock."""
        return self._clock()

    def ask(
        self,
        url: str,
        judge: Judge[Checked],
        *,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (200,),
        cap: int = ANSWER,
        more_time: float = 0.0,
        tries: int = TRIES,
        hops: int = 0,
    ) -> Answer[Checked]:
        """Send a request until there is a complete answer or a retry makes no sense.

        `more_time` is added to the deadline of an attempt, for large answers. Up to `hops` redirects are followed.

        Raises
        ------
        SourceError
            If the server cannot be reached or its answers are unusable: AbsentError for a 404, NoPartError if it
            does not give the requested part.
        UsageError
            If the address is neither https nor on this machine.
        """
        request = _Request(url, judge, headers or {}, expect, cap, more_time, hops)
        # Only what is splittable has no answer.
        return cast("Answer[Checked]", self._ask(request, splittable=(), tries=tries))

    def ask_or_split(self, url: str, judge: Judge[Checked], *, large: bool = False) -> Answer[Checked] | None:
        """Send a request as `ask` does. Return None if it must be split into smaller ones.

        A `large` request must also be split if the server fails or takes too long.
        """
        splittable = TOO_BIG | TOO_SLOW if large else TOO_BIG
        return self._ask(_Request(url, judge, {}, (200,), ANSWER), splittable=splittable, tries=TRIES)

    def _ask(
        self, request: _Request[Checked], *, splittable: Collection[AttemptResult], tries: int
    ) -> Answer[Checked] | None:
        url = request.url
        require_safe(url)
        began, asked_to_wait = self._clock(), 0.0
        seen: Counter[AttemptResult] = Counter()
        for tried in range(1, tries + 1):
            elapsed = self._clock() - began - asked_to_wait
            try:
                return self._attempt(request, _LAST_CALL - elapsed)
            except UnusableError as error:
                bad = error
            seen[bad.result] += 1
            do = decide(
                bad.result,
                times=seen[bad.result],
                tried=tried,
                elapsed=self._clock() - began - asked_to_wait,
                splittable=splittable,
                tries=tries,
            )
            if do is NextStep.SPLIT:
                return None
            if do is NextStep.STOP:
                break
            wait = backoff(tried, self._luck())
            if do is NextStep.WAIT:
                self._spacing = min(2 * self._spacing, SLOWEST)
                if bad.asked_to_wait is not None:
                    wait = bad.asked_to_wait
                    # Not counted beyond this, so that a server cannot make sacmap wait for ever: see `decide`.
                    asked_to_wait = min(asked_to_wait + wait, LONGEST_ASKED)
            if tried == TOLD_AT:
                self._say(f"{host_of(url)} has not given a complete answer yet ({bad.detail}). Trying again.")
            self._sleep(wait)
        raise _error(bad, url, tried, self.by_hand)

    def _attempt(self, request: _Request[Checked], left: float) -> Answer[Checked]:
        """Send a request once and check the reply: an UnusableError if it is unusable."""
        self._pace()
        self.requests += 1
        session = self._session

        def work() -> Reply:
            url = request.url
            with (
                library_errors_as_unusable(url),
                send(session, url, request.headers, self._bundle, hops=request.hops) as response,
            ):
                judge_status(response, request.expect, self.now)
                return Reply(response.headers, b"".join(body_of(response, request.cap)))

        try:
            reply = within(min(self.deadline + request.more_time, max(left, 1.0)), work)
        except UnusableError as error:
            if error.result is AttemptResult.TIMEOUT:
                # The old connection may still receive bytes in its thread, so open a new one.
                self._session = new_session()
            raise
        self.bytes += len(reply.body)
        return Answer(reply.body, request.judge(reply))

    @contextlib.contextmanager
    def stream(
        self, url: str, *, start: int, same: str
    ) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
        """Request a large file once, from byte `start` on; yield its status, headers and blocks.

        `same` is the ETag or date of the file to which the bytes before `start` belong. If it has changed, the server
        sends all of it (200). The body has no deadline, only a limit between two bytes. Redirects are followed.

        Raises
        ------
        UnusableError
            If the answer is incomplete.
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
        """Wait as between two attempts."""
        self._sleep(backoff(tried, self._luck()))

    def _pace(self) -> None:
        wait = self._next - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._next = self._clock() + self._spacing


def json_judge(check: Callable[[object], Checked], full: int | None = None) -> Judge[Checked]:
    """Return a judge that accepts JSON if `check` does, and if it has other than exactly `full` rows.

    `check` returns the content, or raises KeyError, TypeError or ValueError that names the wrong field.
    """

    def judge(reply: Reply) -> Checked:
        try:
            value = parse_json(reply.body)
        except ValueError:
            if reply.body.lstrip().startswith((b"[", b"{")):
                raise UnusableError(AttemptResult.INCOMPLETE, "JSON that is cut short or damaged") from None
            kind = reply.headers.get("Content-Type", "no type").split(";")[0]
            start = " ".join(reply.body[:200].decode("utf-8", "replace").split())[:40]
            raise UnusableError(AttemptResult.NOT_JSON, f"not JSON but {kind}, starting {start!r}") from None
        if full is not None and isinstance(value, list) and len(value) == full:
            raise UnusableError(AttemptResult.FULL, f"exactly {full:,} rows")
        try:
            return check(value)
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableError(
                AttemptResult.UNEXPECTED_JSON, f"JSON with an unexpected structure: {error.args[0]}"
            ) from None

    return judge


def _error(bad: UnusableError, url: str, tried: int, by_hand: str) -> SourceError:
    """Return the error: what happened, what was done and what to do next."""
    where = f"{host_of(url)}{urlsplit(url).path}"[:120]
    times = "" if tried == 1 else f", {tried} times"
    if bad.result is AttemptResult.NOT_FOUND:
        return AbsentError(f"{where} is not there (404).", "Check the force and the addresses.")
    if bad.result is AttemptResult.FORBIDDEN:
        return ForbiddenError(
            f"{where} refused access (403). {_KEPT}.", "Check the addresses and the network."
        )
    if bad.result is AttemptResult.NO_PART:
        return NoPartError(f"{where} cannot be read in parts: {bad.detail}.")
    if bad.result is AttemptResult.UNTRUSTED:
        # A computer whose clock is wrong finds every certificate out of date; Windows speaks of a validity period.
        out_of_date = any(word in bad.detail for word in ("expired", "not yet valid", "validity period"))
        return SourceError(
            f"The certificate of {host_of(url)} is not trusted: {bad.detail.rstrip('.')}. Nothing was sent.",
            "Check this computer's date. " * out_of_date
            + "If your organisation inspects traffic, give its certificates with --ca-bundle FILE.",
        )
    remedies = {
        AttemptResult.PROXY_REFUSED: "Check HTTPS_PROXY, which holds the proxy's user name and password too, or "
        f"ask your IT service. {by_hand}",
        AttemptResult.BAD_PROXY: "Check HTTPS_PROXY and the network, then run the command again.",
        AttemptResult.REDIRECT: "If that is a sign-in page, sign in with a browser first. If it is a new "
        "address, give it with --api-url or --archive-url.",
        AttemptResult.NOT_JSON: "A sign-in page or filter may have answered. Open the address in a browser.",
        AttemptResult.UNEXPECTED_JSON: "data.police.uk may have changed. Look for a newer version of sacmap, "
        "or report this.",
        AttemptResult.REFUSED: "Check the addresses, then report this.",
        AttemptResult.NO_CONNECTION: f"Run the command again later: it continues from there. {by_hand}",
    }
    unreachable = bad.result in TOO_SLOW | {
        AttemptResult.NO_CONNECTION, AttemptResult.TOO_MUCH, AttemptResult.BAD_PROXY, AttemptResult.PROXY_REFUSED
    }  # fmt: skip
    did = "is unreachable:" if unreachable else "gave"
    return SourceError(
        f"{where} {did} {bad.detail}{times}. {_KEPT}.",
        remedies.get(bad.result, "Run the command again later: it continues from there."),
    )
