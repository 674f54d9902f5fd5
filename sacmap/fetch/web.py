"""One polite, checked answer from the web.

An attempt is: send, read whole within a deadline and a size cap, judge. What came back is one of `Saw`; what is done
about it is looked up in the table of `sacmap.fetch.decide`. Nothing that was not judged whole leaves this module.
"""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import json
import queue
import random
import ssl
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import requests.adapters
import truststore
import urllib3.exceptions

from sacmap.errors import InputError, SourceError, UsageError
from sacmap.fetch.decide import LONGEST_ASKED, TRIES, Do, Saw, backoff, decide

#: Of documented 15 requests a second, so that others behind the same office address have room.
PER_SECOND = 7.0
SLOWEST = 2.0
#: Seconds for one attempt, from sending to the last byte; for connecting, and for silence in between.
DEADLINE = 60.0
CONNECT, SILENCE = 10.0, 20.0
#: 10,000 crimes are some 5 MB.
CAP = 64 << 20
_BLOCK = 1 << 14
#: The whole of an attempt ends within this many seconds of the first: with `BUDGET`, two minutes.
_LAST_CALL = 115.0


@dataclass(frozen=True)
class Reply:
    """What a server sent: status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


#: Looks at a whole reply and returns what to make of it, or raises UnusableError.
Judge = Callable[[Reply], Any]


@dataclass(frozen=True)
class _Sending:
    """What is sent, and which replies are read: of these statuses, up to so many bytes."""

    url: str
    judge: Judge
    headers: Mapping[str, str]
    expect: Collection[int]
    cap: int


@dataclass(frozen=True)
class Answer:
    """A whole and checked answer: its body as sent, what the check made of it, and the headers."""

    body: bytes
    value: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class UnusableError(Exception):
    """An attempt brought something that cannot be kept; what it was, in a word and in detail."""

    def __init__(self, saw: Saw, detail: str = "", asked_to_wait: float | None = None) -> None:
        super().__init__(detail or saw.value)
        self.saw = saw
        self.detail = detail or saw.value
        self.asked_to_wait = asked_to_wait


class AbsentError(SourceError):
    """The server has no such thing (404)."""


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
    ) -> None:
        self._bundle = ca_bundle
        if ca_bundle is not None:
            _require_bundle(ca_bundle)
        self._clock, self._sleep, self._luck, self.now = clock, sleep, luck, now
        self._deadline = deadline
        self._spacing = 1 / per_second
        self._next = clock()
        self._session = _session()
        self.requests = 0
        self.bytes = 0

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
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
        tries: int = TRIES,
    ) -> Answer:
        """Ask until there is a whole answer or no sense in asking again.

        Raises
        ------
        SourceError
            If the server cannot be reached or its answers make no sense; AbsentError for a 404, NoPartError
            where a part was asked for and not given.
        UsageError
            If the address is plain http and not of this machine.
        """
        answer = self._ask(_Sending(url, judge, headers or {}, expect, cap), splittable=False, tries=tries)
        if answer is None:
            raise ValueError("a question that cannot be split was to be split")
        return answer

    def ask_or_split(self, url: str, judge: Judge, *, cap: int = CAP) -> Answer | None:
        """Ask as `ask` does; None where it is too much for one answer and is to be asked in parts."""
        return self._ask(_Sending(url, judge, {}, (200,), cap), splittable=True, tries=TRIES)

    def _ask(self, sending: _Sending, *, splittable: bool, tries: int) -> Answer | None:
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
                    asked_to_wait += wait
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
            with _told_plainly(url), _send(session, url, sending.headers, self._bundle) as response:
                _judge_status(response, sending.expect, self.now)
                body = b"".join(_body(response, sending.cap))
                return Reply(response.status_code, response.headers, body)

        try:
            reply = _within(min(self._deadline, max(left, 1.0)), work)
        except UnusableError as error:
            if error.saw is Saw.LATE:
                # The line still trickles: leave it to its thread and take a fresh one.
                self._session = _session()
            raise
        self.bytes += len(reply.body)
        return Answer(reply.body, sending.judge(reply), reply.headers)

    def download(
        self, url: str, *, start: int, same: str, progress: Callable[[int, int], None]
    ) -> Iterator[tuple[int, Mapping[str, str], bytes]]:
        """Send once for a file too large for memory; yield (status, headers, block) from byte `start` on.

        `same` is the ETag or date the part already there belongs to: the server sends the whole (200) where the file
        is another by now. The body has no deadline, but silence ends it.

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
            headers |= {"Range": f"bytes={start}-"} | ({"If-Range": same} if same else {})
        with _told_plainly(url), _send(self._session, url, headers, self._bundle) as response:
            _judge_status(response, (200, 206), self.now)
            total = int(response.headers.get("Content-Length") or 0)
            got = 0
            for block in _blocks(response):
                got += len(block)
                self.bytes += len(block)
                yield response.status_code, response.headers, block
                progress(got, total)

    def wait_after(self, tried: int) -> None:
        """Wait as between two tries."""
        self._sleep(backoff(tried, self._luck()))

    def _pace(self) -> None:
        wait = self._next - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._next = self._clock() + self._spacing


class _SystemTrust(requests.adapters.HTTPAdapter):
    """Trusts what the system trusts, through a proxy too: a council's own certificate authority works."""

    def __init__(self) -> None:
        self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("https://", _SystemTrust())
    session.headers.update({"User-Agent": f"sacmap/{version('sacmap')}", "Accept-Encoding": "gzip"})
    # No password of this user's .netrc goes anywhere.
    session.auth = _no_password
    return session


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _send(
    session: requests.Session, url: str, headers: Mapping[str, str], bundle: str | None
) -> requests.Response:
    request = session.prepare_request(requests.Request("GET", url, headers=dict(headers)))
    # requests would undo the quoting of an identifier such as "..".
    request.url = url
    settings = session.merge_environment_settings(url, {}, True, bundle, None)
    return session.send(request, allow_redirects=False, timeout=(CONNECT, SILENCE), **settings)


def _judge_status(response: requests.Response, expect: Collection[int], now: Callable[[], float]) -> None:
    status = response.status_code
    if status in expect:
        return
    if status == 429:
        raise UnusableError(
            Saw.SLOW_DOWN, asked_to_wait=retry_after(response.headers.get("Retry-After"), now())
        )
    if 300 <= status < 400:
        raise UnusableError(
            Saw.ELSEWHERE, f"a redirect to {response.headers.get('Location', 'nowhere')[:80]}"
        )
    by_status = {503: Saw.TOO_MUCH, 404: Saw.ABSENT, 200: Saw.NO_PART, 206: Saw.NO_PART, 416: Saw.NO_PART}
    saw = by_status.get(status, Saw.TROUBLE if status >= 500 else Saw.REFUSED)
    raise UnusableError(saw, f"status {status}")


def retry_after(text: str | None, now: float) -> float | None:
    """Return the seconds a Retry-After asks for, as seconds or as a date, up to two minutes; None for nonsense."""
    if text is None:
        return None
    try:
        seconds = float(int(text))
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_ASKED)


def _body(response: requests.Response, cap: int) -> Iterator[bytes]:
    """Yield the body, inflated by ourselves so that a small answer cannot become an enormous one."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from _capped(_blocks(response), cap)
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise UnusableError(Saw.CUT, f"an encoding that was not asked for, {encoding[:20]}")
    inflate = zlib.decompressobj(wbits=31)

    def inflated() -> Iterator[bytes]:
        for block in _blocks(response):
            rest = block
            while rest:
                yield inflate.decompress(rest, _BLOCK)
                rest = inflate.unconsumed_tail
        yield inflate.flush()

    try:
        yield from _capped(inflated(), cap)
    except zlib.error as error:
        raise UnusableError(Saw.CUT, f"damaged compression ({error})") from None
    if not inflate.eof:
        raise UnusableError(Saw.CUT)


def _capped(blocks: Iterator[bytes], cap: int) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > cap:
            raise UnusableError(Saw.TOO_LARGE, f"more than {cap:,} bytes")
        yield block


def _blocks(response: requests.Response) -> Iterator[bytes]:
    yield from response.raw.stream(_BLOCK, decode_content=False)


@contextlib.contextmanager
def _told_plainly(url: str) -> Iterator[None]:
    """Turn the exceptions of the libraries into what they mean here."""
    try:
        yield
    except requests.exceptions.ProxyError:
        raise UnusableError(Saw.BAD_PROXY, f"the proxy {proxy_of(url)} does not answer") from None
    except requests.exceptions.SSLError as error:
        raise UnusableError(Saw.DISTRUST, _root(error)) from None
    except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError) as error:
        raise UnusableError(Saw.CUT, f"an answer cut short ({_root(error)})") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        raise UnusableError(Saw.LATE, "no answer in time") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise UnusableError(Saw.NO_LINE, f"no connection ({_root(error)})") from None


def _root(error: BaseException) -> str:
    """Return the system's own reason from within a library's nested error, in one short line."""
    inner: BaseException | None = error
    text = type(error).__name__
    while inner is not None:
        said = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None)
        text = str(said) if said else text
        inner = inner.__cause__ or inner.__context__
    return text.split("\n")[0][:100]


def proxy_of(url: str) -> str:
    """Return the proxy that requests to `url` go through, without its user and password."""
    given = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or "of the system"
    return given if "@" not in given else f"{given.split('://')[0]}://{given.rsplit('@', 1)[1]}"


def _within(seconds: float, work: Callable[[], Reply]) -> Reply:
    """Do the work in a thread and wait for it no longer than that: a trickle outlives every timeout of a socket."""
    done: queue.SimpleQueue[Reply | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            done.put(error)

    threading.Thread(target=run, daemon=True).start()
    end = time.monotonic() + seconds
    while True:
        try:
            # Short waits, because Windows lets Ctrl-C in only between them.
            came = done.get(timeout=min(0.2, max(end - time.monotonic(), 0.001)))
        except queue.Empty:
            if time.monotonic() >= end:
                raise UnusableError(Saw.LATE, f"no whole answer in {seconds:.0f} seconds") from None
            continue
        if isinstance(came, BaseException):
            raise came
        return came


def json_judge(check: Callable[[Any], Any], full: int | None = None) -> Judge:
    """Return a judge of JSON: it parses, has the shape `check` demands and fewer than `full` rows.

    `check` raises KeyError, TypeError or ValueError naming the field that is not as it should be.
    """

    def judge(reply: Reply) -> Any:
        try:
            value = json.loads(reply.body)
        except (ValueError, RecursionError):
            kind = reply.headers.get("Content-Type", "no type").split(";")[0]
            start = " ".join(reply.body[:200].decode("utf-8", "replace").split())[:40]
            raise UnusableError(Saw.NOT_JSON, f"not JSON but {kind}, starting {start!r}") from None
        if full is not None and isinstance(value, list) and len(value) == full:
            raise UnusableError(Saw.FULL, f"exactly {full:,} rows")
        try:
            return check(value)
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableError(Saw.ODD, f"JSON of another shape: {error.args[0]}") from None

    return judge


def require_safe(url: str) -> None:
    """Allow https, and plain http to this machine only.

    Raises
    ------
    UsageError
        If the address is another.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return
    loopback = host == "localhost"
    with contextlib.suppress(ValueError):
        loopback = loopback or ipaddress.ip_address(host).is_loopback
    if parts.scheme != "http" or not loopback:
        raise UsageError(
            f"The address {url[:100]} is not https.",
            "Give one that starts with https://; http:// is only for this machine.",
        )


def quoted(identifier: str) -> str:
    """Return an identifier as one step of a URL's path: "a/b" and ".." too."""
    text = quote(identifier, safe="")
    return text.replace(".", "%2E") if set(text) <= {"."} else text


def _require_bundle(path: str) -> None:
    if not Path(path).is_file():
        raise InputError(f"The certificates {path} are not there.", "Check --ca-bundle.")
    try:
        ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError) as error:
        raise InputError(
            f"{path} holds no certificate that can be read: {error}.", "Give --ca-bundle a PEM file."
        ) from None


def _error(bad: UnusableError, url: str, tried: int) -> SourceError:
    """Say what happened, what was done and what to do next."""
    parts = urlsplit(url)
    where = f"{parts.netloc}{parts.path}"[:120]
    times = "" if tried == 1 else f", {tried} times"
    if bad.saw is Saw.ABSENT:
        return AbsentError(f"{where} is not there (404).", "Check the force and the addresses.")
    if bad.saw is Saw.NO_PART:
        return NoPartError(f"{where} is not given in parts: {bad.detail}.")
    if bad.saw is Saw.DISTRUST:
        return SourceError(
            f"The certificate of {parts.netloc} is not trusted: {bad.detail}. Nothing was sent.",
            "If your organisation inspects traffic, give its certificates with --ca-bundle FILE.",
        )
    remedies = {
        Saw.BAD_PROXY: "Check HTTPS_PROXY and the network, then run the command again.",
        Saw.ELSEWHERE: "A sign-in page of the network may be in between: open a browser first, then run it again.",
        Saw.NOT_JSON: "A sign-in page or filter may be in between: open the address in a browser.",
        Saw.ODD: "data.police.uk may have changed: look for a newer sacmap, or report this.",
        Saw.REFUSED: "Check the addresses, then report this.",
    }
    kept = "What was fetched is kept"
    if bad.saw in {Saw.NO_LINE, Saw.LATE, Saw.TROUBLE, Saw.TOO_MUCH}:
        cause = f"{where} is unreachable: {bad.detail}{times}. {kept}."
    else:
        cause = f"{where} gave {bad.detail}{times}. {kept}."
    return SourceError(cause, remedies.get(bad.saw, "Run the command again later: it goes on where it was."))
