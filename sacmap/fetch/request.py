"""One attempt: send a request and read the complete answer, within a deadline and a size limit.

Anything that goes wrong raises an UnusableError that says what. Waits and retries are in `sacmap.fetch.web`.
"""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import os
import queue
import re
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import requests
import requests.adapters
import truststore
import urllib3
import urllib3.exceptions

from sacmap.errors import InputError, UsageError
from sacmap.fetch.retry import LONGEST_ASKED, AttemptResult
from sacmap.redaction import redacted, redacted_text

#: Timeouts in seconds: for connecting, and between two bytes.
CONNECT, SILENCE = 10.0, 20.0
_BLOCK = 1 << 14
#: The meaning of an unexpected status. 200 and 206: the other of the two was expected; 416: beyond the end of a file.
_BY_STATUS = {
    202: AttemptResult.INCOMPLETE, 204: AttemptResult.INCOMPLETE, 425: AttemptResult.INCOMPLETE,
    408: AttemptResult.TIMEOUT,
    200: AttemptResult.NO_PART, 206: AttemptResult.NO_PART, 416: AttemptResult.NO_PART,
    403: AttemptResult.FORBIDDEN, 404: AttemptResult.NOT_FOUND, 503: AttemptResult.TOO_MUCH,
}  # fmt: skip

#: What the libraries raise for a proxy of another kind. The address itself is checked before: see `require_safe`.
_UNUSABLE_PROXY = (
    requests.exceptions.InvalidSchema, requests.exceptions.InvalidProxyURL, urllib3.exceptions.ProxySchemeUnknown,
)  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """The answer of a server, of an expected status: headers and the complete body."""

    headers: Mapping[str, str]
    body: bytes


class UnusableError(Exception):
    """An attempt failed or gave an unusable answer. `result` is the outcome, `detail` describes it."""

    def __init__(self, result: AttemptResult, detail: str = "", asked_to_wait: float | None = None) -> None:
        super().__init__(detail or result.value)
        self.result = result
        self.detail = detail or result.value
        self.asked_to_wait = asked_to_wait


def require_safe(url: str) -> None:
    """Allow only https, or plain http to this machine.

    Raises
    ------
    UsageError
        For any other address.
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        if parts.scheme == "https" and host:
            return
        if parts.scheme == "http" and _is_this_machine(host):
            return
    raise UsageError(
        f"The address {redacted(url)[:100]} is not https.",
        "Give an address that starts with https://. http:// is allowed only for this machine.",
    )


def _is_this_machine(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    return False


def quoted(identifier: str) -> str:
    """Return an identifier quoted as one part of a URL's path, even "a/b" and ".."."""
    text = quote(identifier, safe="")
    return text.replace(".", "%2E") if set(text) <= {"."} else text


def require_bundle(path: str | None) -> None:
    """Raise InputError if a certificate file, or that of the environment, does not exist or has no certificate."""
    remedy = "Give --ca-bundle a PEM file."
    if path is None:
        # As in requests, which reads these variables and takes a folder too.
        named = [name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(name)]
        path = os.environ[named[0]] if named else ""
        if not named or Path(path).is_dir():
            return
        remedy = f"The variable {named[0]} names it: correct or remove it, or give --ca-bundle FILE."
    if not Path(path).is_file():
        raise InputError(f"The certificate file {path} does not exist.", remedy)
    try:
        ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError) as error:
        reason = "" if isinstance(error, ssl.SSLError) else f": {error.strerror}"
        raise InputError(f"{path} has no readable certificate{reason}.", remedy) from None


class SystemTrust(requests.adapters.HTTPAdapter):
    """Trusts the system's certificates, also through a proxy, so that a council's own authority works."""

    def __init__(self) -> None:
        self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(pool_maxsize=2)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: object) -> None:
        """Create the pool of direct connections."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: object) -> urllib3.ProxyManager:
        """Create the pool of connections through a proxy. requests would use its own certificates here."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        return manager


def new_session() -> requests.Session:
    """Return a session that trusts the system's certificates, identifies sacmap and sends no passwords."""
    session = requests.Session()
    session.mount("https://", SystemTrust())
    session.headers.update({"User-Agent": f"sacmap/{version('sacmap')}", "Accept-Encoding": "gzip"})
    # Otherwise requests would read passwords from .netrc.
    session.auth = lambda request: request
    return session


def send(
    session: requests.Session, url: str, headers: Mapping[str, str], bundle: str | None, *, hops: int = 0
) -> requests.Response:
    """Send a request and return the response before its body is read.

    Up to `hops` redirects are followed, to safe addresses only. If a redirect leads to an HTML page, the redirect is
    returned instead.
    """
    response = _send_once(session, url, headers, bundle)
    for _ in range(hops):
        onward = _onward(response, url)
        if onward is None:
            break
        response.close()
        followed = _send_once(session, onward, headers, bundle)
        if followed.ok and followed.headers.get("Content-Type", "").startswith("text/html"):
            # This is a sign-in page, not the file.
            followed.close()
            break
        response, url = followed, onward
    return response


def _onward(response: requests.Response, url: str) -> str | None:
    """Return the address that a response redirects to, if it may be followed."""
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
    settings = session.merge_environment_settings(url, {}, True, bundle, None)
    # session.send would read the whole body of a redirect and fail on a bad address, even without following it.
    return session.get_adapter(url).send(
        request,
        stream=True,
        timeout=(CONNECT, SILENCE),
        verify=True if settings["verify"] is None else settings["verify"],
        cert=settings["cert"],
        proxies=settings["proxies"],
    )


def judge_status(response: requests.Response, expect: Collection[int], now: Callable[[], float]) -> None:
    """Raise UnusableError unless the status is one of the expected ones."""
    status = response.status_code
    if status in expect:
        return
    if status == 429:
        raise UnusableError(
            AttemptResult.SLOW_DOWN, asked_to_wait=retry_after(response.headers.get("Retry-After"), now())
        )
    if 300 <= status < 400:
        raise UnusableError(
            AttemptResult.REDIRECT,
            f"a redirect to {redacted(response.headers.get('Location', 'nowhere'))[:80]}",
        )
    result = _BY_STATUS.get(status, AttemptResult.SERVER_ERROR if status >= 500 else AttemptResult.REFUSED)
    raise UnusableError(result, f"status {status}")


def retry_after(text: str | None, now: float) -> float | None:
    """Return the seconds to wait from a Retry-After (seconds or a date), at most two minutes; None if unreadable."""
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
    """Yield the body, decompressed here, so that the size limit holds for the decompressed answer too."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from _capped(blocks_of(response), cap)
        return
    if encoding not in {"gzip", "x-gzip"}:
        raise UnusableError(AttemptResult.INCOMPLETE, f"an unrequested encoding, {encoding[:20]}")
    inflate = zlib.decompressobj(wbits=31)

    def inflated() -> Iterator[bytes]:
        nonlocal inflate
        for block in blocks_of(response):
            rest = block
            while rest:
                if inflate.eof:
                    # gzip may have several members. Given to the first, the second would stay unread for ever.
                    inflate = zlib.decompressobj(wbits=31)
                yield inflate.decompress(rest, _BLOCK)
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        yield inflate.flush()

    try:
        yield from _capped(inflated(), cap)
    except zlib.error as error:
        raise UnusableError(AttemptResult.INCOMPLETE, f"damaged compression ({error})") from None
    if not inflate.eof:
        raise UnusableError(AttemptResult.INCOMPLETE)


def _capped(blocks: Iterator[bytes], cap: int) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > cap:
            raise UnusableError(AttemptResult.TOO_LARGE, f"more than {cap:,} bytes")
        yield block


def blocks_of(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it arrives, without decompressing it."""
    yield from response.raw.stream(_BLOCK, decode_content=False)


@contextlib.contextmanager
def library_errors_as_unusable(url: str) -> Iterator[None]:
    """Turn the exceptions of requests and urllib3 into UnusableErrors."""
    try:
        yield
    except requests.exceptions.ProxyError as error:
        raise _refused_by_proxy(url, str(error)) from None
    except requests.exceptions.SSLError as error:
        raise _insecure(error) from None
    except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError) as error:
        raise UnusableError(AttemptResult.INCOMPLETE, f"an answer cut short ({_root(error)})") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        raise UnusableError(AttemptResult.TIMEOUT, "no answer in time") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        if any(isinstance(one, _UNUSABLE_PROXY) for one in _causes(error)):
            proxy = f"the proxy {proxy_of(url)} cannot be used (only http:// and https:// ones can)"
            raise UnusableError(AttemptResult.PROXY_REFUSED, proxy) from None
        raise UnusableError(AttemptResult.NO_CONNECTION, f"no connection ({_root(error)})") from None


def _refused_by_proxy(url: str, said: str) -> UnusableError:
    """Return the outcome of a request that its proxy did not pass on; `said` is the library's message."""
    proxy = f"the proxy {proxy_of(url)}"
    answered = re.search(r"Tunnel connection failed: (\d{3})", said)
    status = int(answered[1]) if answered else 0
    if not status:
        return UnusableError(AttemptResult.BAD_PROXY, f"{proxy} does not answer")
    if status == 407:
        return UnusableError(
            AttemptResult.PROXY_REFUSED, f"{proxy} asks for a user name and a password ({status})"
        )
    if 400 <= status < 500 and status not in {408, 429}:
        return UnusableError(AttemptResult.PROXY_REFUSED, f"{proxy} does not allow it ({status})")
    return UnusableError(AttemptResult.BAD_PROXY, f"{proxy} does not get through (status {status})")


def _insecure(error: BaseException) -> UnusableError:
    """Return the outcome of a failed TLS connection: a false certificate, or a connection that was cut or is none."""
    causes = [one for one in _causes(error) if isinstance(one, ssl.SSLError)]
    if not causes or any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return UnusableError(AttemptResult.UNTRUSTED, _root(error))
    reason = (causes[-1].reason or "cut short").replace("_", " ").lower()
    return UnusableError(AttemptResult.NO_CONNECTION, f"no secure connection ({reason[:60]})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those it came from, the innermost last."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        held = inner.args[0] if inner.args else None
        # urllib3 wraps the error of the connection without raising it from that error.
        inner = inner.__cause__ or inner.__context__ or (held if isinstance(held, BaseException) else None)


def _root(error: BaseException) -> str:
    """Return the underlying reason of a nested library error, as one short line."""
    text = ""
    for inner in _causes(error):
        said = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None)
        # A library's messages may include an object's memory address; the innermost message is the clearest.
        text = str(said) if said else text or (str(inner) if inner.__context__ is None else "")
    return redacted_text(text or type(error).__name__).split("\n")[0][:100]


def proxy_of(url: str) -> str:
    """Return the proxy used for `url`, without user name and password."""
    given = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) or "of the system"
    return redacted(given)


def within(seconds: float, work: Callable[[], Reply]) -> Reply:
    """Do the work in a thread and wait at most `seconds`. Socket timeouts alone do not end a slow trickle of bytes."""
    done: queue.SimpleQueue[Reply | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except BaseException as error:  # noqa: BLE001 - passed to the waiting thread
            done.put(error)

    threading.Thread(target=run, daemon=True).start()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            # Wait in short steps: on Windows, Ctrl-C has effect only between them.
            came = done.get(timeout=min(0.2, left))
        except queue.Empty:
            continue
        if isinstance(came, BaseException):
            raise came
        return came
    raise UnusableError(AttemptResult.TIMEOUT, f"no complete answer in {seconds:.3g} seconds")
