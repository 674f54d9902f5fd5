"""One attempt: send, read whole within a deadline and a size cap. What goes wrong is an UnusableError that says what.

Nothing here waits, asks twice or decides: see `sacmap.fetch.web`.
"""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import queue
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests
import requests.adapters
import truststore
import urllib3.exceptions

from sacmap.errors import InputError, UsageError
from sacmap.fetch.retry import LONGEST_ASKED, Saw

#: Seconds for connecting, and for silence between two bytes.
CONNECT, SILENCE = 10.0, 20.0
_BLOCK = 1 << 14
#: What a status says that was not expected: 200 and 206 where the other was, 416 beyond the end of a file.
_BY_STATUS = {
    200: Saw.NO_PART, 206: Saw.NO_PART, 416: Saw.NO_PART,
    403: Saw.FORBIDDEN, 404: Saw.ABSENT, 503: Saw.TOO_MUCH,
}  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What a server sent: status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UnusableError(Exception):
    """An attempt brought something that cannot be kept; what it was, in a word and in detail."""

    def __init__(self, saw: Saw, detail: str = "", asked_to_wait: float | None = None) -> None:
        super().__init__(detail or saw.value)
        self.saw = saw
        self.detail = detail or saw.value
        self.asked_to_wait = asked_to_wait


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


def require_bundle(path: str) -> None:
    """Raise InputError where a file of certificates is not there or holds none."""
    if not Path(path).is_file():
        raise InputError(f"The certificates {path} are not there.", "Check --ca-bundle.")
    try:
        ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError) as error:
        raise InputError(
            f"{path} holds no certificate that can be read: {error}.", "Give --ca-bundle a PEM file."
        ) from None


class SystemTrust(requests.adapters.HTTPAdapter):
    """Trusts what the system trusts, through a proxy too: a council's own certificate authority works."""

    def __init__(self) -> None:
        self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(pool_maxsize=2)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make the pool of connections through a proxy, which requests would give its own trust."""
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)


def new_session() -> requests.Session:
    """Return a session that trusts the system, says who we are and sends no password of this user's."""
    session = requests.Session()
    session.mount("https://", SystemTrust())
    session.headers.update({"User-Agent": f"sacmap/{version('sacmap')}", "Accept-Encoding": "gzip"})
    # Otherwise requests looks into .netrc.
    session.auth = _no_password
    return session


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def send(
    session: requests.Session, url: str, headers: Mapping[str, str], bundle: str | None, *, hops: int = 0
) -> requests.Response:
    """Send and return the reply with its body still to be read.

    Up to `hops` redirects are followed, to safe addresses only; one that ends at a page of HTML stands as a redirect.
    """
    response = _send_once(session, url, headers, bundle)
    for _ in range(hops):
        onward = _onward(response, url)
        if onward is None:
            break
        response.close()
        followed = _send_once(session, onward, headers, bundle)
        if followed.ok and followed.headers.get("Content-Type", "").startswith("text/html"):
            # A sign-in page, not the file.
            followed.close()
            break
        response, url = followed, onward
    return response


def _onward(response: requests.Response, url: str) -> str | None:
    """Return the address a reply redirects to, where it is one that may be followed."""
    if response.status_code not in {301, 302, 303, 307, 308} or "Location" not in response.headers:
        return None
    try:
        onward = urljoin(url, response.headers["Location"])
        require_safe(onward)
    except (UsageError, ValueError):
        return None
    return onward if urlsplit(onward).scheme == urlsplit(url).scheme else None


def _send_once(
    session: requests.Session, url: str, headers: Mapping[str, str], bundle: str | None
) -> requests.Response:
    request = session.prepare_request(requests.Request("GET", url, headers=dict(headers)))
    # requests would undo the quoting of an identifier such as "..".
    request.url = url
    settings: dict[str, Any] = {**session.merge_environment_settings(url, {}, True, bundle, None)}
    # Not by session.send, which reads a redirect's body whole and trips over its address even if it may not follow.
    return session.get_adapter(url).send(request, timeout=(CONNECT, SILENCE), **settings)


def judge_status(response: requests.Response, expect: Collection[int], now: Callable[[], float]) -> None:
    """Raise UnusableError for every status but the expected ones."""
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
    by_status = {
        503: Saw.TOO_MUCH,
        404: Saw.ABSENT,
        403: Saw.FORBIDDEN,
        200: Saw.NO_PART,
        206: Saw.NO_PART,
        416: Saw.NO_PART,
    }
    saw = by_status.get(status, Saw.TROUBLE if status >= 500 else Saw.REFUSED)
    raise UnusableError(saw, f"status {status}")


def retry_after(text: str | None, now: float) -> float | None:
    """Return the seconds a Retry-After asks for, as seconds or as a date, up to two minutes; None for nonsense."""
    if text is None:
        return None
    try:
        seconds: float = int(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_ASKED)


def body_of(response: requests.Response, cap: int) -> Iterator[bytes]:
    """Yield the body, inflated by ourselves so that a small answer cannot become an enormous one."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from _capped(blocks_of(response), cap)
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise UnusableError(Saw.CUT, f"an encoding that was not asked for, {encoding[:20]}")
    inflate = zlib.decompressobj(wbits=31)

    def inflated() -> Iterator[bytes]:
        for block in blocks_of(response):
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


def blocks_of(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it comes, still compressed where it is."""
    yield from response.raw.stream(_BLOCK, decode_content=False)


@contextlib.contextmanager
def told_plainly(url: str) -> Iterator[None]:
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
    text = ""
    while inner is not None:
        said = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None)
        # A library's own words may hold an object's address; the last ones are the plainest.
        text = str(said) if said else text or (str(inner) if inner.__context__ is None else "")
        inner = inner.__cause__ or inner.__context__
    return (text or type(error).__name__).split("\n")[0][:100]


def proxy_of(url: str) -> str:
    """Return the proxy that requests to `url` go through, without its user and password."""
    given = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or "of the system"
    return given if "@" not in given else f"{given.split('://')[0]}://{given.rsplit('@', 1)[1]}"


def within(seconds: float, work: Callable[[], Reply]) -> Reply:
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
                raise UnusableError(Saw.LATE, f"no whole answer in {seconds:.3g} seconds") from None
            continue
        if isinstance(came, BaseException):
            raise came
        return came
