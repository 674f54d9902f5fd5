"""A data.police.uk of our own on a loopback socket: its documented behaviour, its archive, and faults on demand.

Played: a leaky bucket of 15 requests a second and a burst of 30, then 429; 503 above 10,000 crimes; 400 above 4,094
characters; a window of months, older ones a 500; coordinates as strings; crimes on the edge of a box in both boxes;
British Transport Police; an archive with HTTP Range, ETag and If-Range.
"""

import contextlib
import email.utils
import functools
import gzip
import io
import json
import socket
import struct
import sys
import threading
import time
import zipfile
from functools import partialmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import shapely

from sacmap.fetch.web import Web

MOST = 10_000
CATEGORIES = {
    "burglary": "Burglary",
    "robbery": "Robbery",
    "vehicle-crime": "Vehicle crime",
    "drugs": "Drugs",
}


class Clock:
    """Time that passes only when someone sleeps; client and server look at the same one."""

    def __init__(self):
        self.now = 1_000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def web(clock, **more):
    """A real client whose clock, waits and luck the test owns."""
    return Web(clock=clock, sleep=clock.sleep, luck=lambda: 0.5, now=lambda: 1_700_000_000.0, **more)


def crime(number, category="burglary", lat=52.24, lng=-0.9, month="2024-01", **more):
    """One crime as the API gives it; lat None is a crime with no location."""
    street = {"id": number, "name": "On or near High Street"}
    place = None if lat is None else {"latitude": f"{lat:.6f}", "street": street, "longitude": f"{lng:.6f}"}
    return {
        "category": category,
        "location_type": "Force" if place else None,
        "location": place,
        "context": "",
        "outcome_status": None,
        "persistent_id": f"{number:064x}",
        "id": number,
        "location_subtype": "",
        "month": month,
    } | more


class Police:
    """What the server knows, and the script of its faults.

    fault is called with the number of the request (0 first) and its path; it returns the name of a fault (a method
    of `Handler` that starts with fault_) or None.
    """

    def __init__(self, *, clock=time.monotonic, latest="2024-03", kept=36):
        self.clock = clock
        self.latest = latest
        self.months = _back(latest, kept)
        self.forces = {
            "northamptonshire": "Northamptonshire Police",
            "metropolitan": "Metropolitan Police Service",
        }
        self.neighbourhoods = {}
        self.fault = lambda number, path: None
        self.paths = []
        self.sent = 0
        self.received = 0
        self.most = MOST
        self.archives = {}
        self.etags = {}
        self.archive_mode = "range"
        self.archive_handler = None
        self._crimes = {}
        self._at_hand = {}
        self._level, self._at = 0.0, clock()
        self._lock = threading.Lock()

    def publish(self, crimes, *, force="northamptonshire"):
        """Add crimes, those with no location to `force`."""
        self._at_hand.clear()
        for one in crimes:
            self._crimes.setdefault((one["month"], force if one["location"] is None else ""), []).append(one)

    def begin(self):
        """Set the leaky bucket's clock to now: after `clock` was replaced."""
        self._at = self.clock()

    def withdraw(self, keep):
        """Keep only the crimes for which keep(crime) holds."""
        self._at_hand.clear()
        self._crimes = {key: [c for c in rows if keep(c)] for key, rows in self._crimes.items()}

    def crimes(self, month, category, polygon=None, force=""):
        key = (month, force, category)
        if key not in self._at_hand:
            rows = self._crimes.get((month, force), [])
            rows = [c for c in rows if category in ("all-crime", c["category"]) or category not in CATEGORIES]
            places = [(c["location"] or {"longitude": "nan", "latitude": "nan"}) for c in rows]
            x, y = ([float(place[name] or "nan") for place in places] for name in ("longitude", "latitude"))
            self._at_hand[key] = rows, np.array(x), np.array(y)
        rows, x, y = self._at_hand[key]
        if polygon is None or not rows:
            return rows
        return [c for c, inside in zip(rows, shapely.intersects_xy(polygon, x, y), strict=True) if inside]

    def too_fast(self):
        """Pour one request into the leaky bucket; whether it runs over."""
        with self._lock:
            now = self.clock()
            self._level = max(0.0, self._level - 15 * (now - self._at)) + 1
            self._at = now
            return self._level > 30

    def number(self, path):
        with self._lock:
            self.paths.append(path)
            return len(self.paths) - 1


def _back(latest, count):
    year, month = map(int, latest.split("-"))
    whole = year * 12 + month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(whole, whole - count, -1)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes, which would else wait 40 ms for each other.
    disable_nagle_algorithm = True
    police: Police

    def log_message(self, *_):
        pass

    def do_GET(self):
        # The base class would make a leading // one.
        number = self.police.number(self.path)
        name = self.police.fault(number, self.path)
        with contextlib.suppress(ConnectionError):
            if name:
                getattr(self, f"fault_{name}")()
            elif self.path.startswith("/archive/"):
                (self.police.archive_handler or Handler.archive)(self, unquote(self.path[len("/archive/") :]))
            elif self.police.too_fast():
                self.answer(429, b"Too many requests", "text/plain")
            elif len(self.path) > 4094:
                self.answer(400, b"Request-URI too long", "text/plain")
            else:
                self.api()

    def do_POST(self):
        """The same question with its words in the body, as polygons too long for a GET are asked."""
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.police.number(self.path)
        self.police.received += len(form)
        if self.police.too_fast():
            self.answer(429, b"Too many requests", "text/plain")
        else:
            self.api(form)

    # What it answers

    def api(self, form=""):
        police, parts = self.police, urlsplit(self.path)
        steps = [unquote(step) for step in parts.path.split("/")[2:]]
        query = {name: values[0] for name, values in parse_qs(form or parts.query).items()}
        found = None
        if steps == ["crime-last-updated"]:
            found = {"date": f"{police.latest}-01"}
        elif steps == ["crimes-street-dates"]:
            found = [{"date": month, "stop-and-search": ["btp"]} for month in police.months]
        elif steps == ["forces"]:
            found = [{"id": slug, "name": name} for slug, name in police.forces.items()]
        elif steps[0] in {"crimes-street", "crimes-no-location"}:
            found = self.crimes(steps, query)
        elif len(steps) == 2 and steps[1] == "neighbourhoods":
            known = police.neighbourhoods.get(steps[0])
            found = known and [{"id": i, "name": name} for i, (name, _) in known.items()]
        elif len(steps) == 3 and steps[2] == "boundary":
            ring = police.neighbourhoods.get(steps[0], {}).get(steps[1], (None, None))[1]
            found = ring if ring is None else [{"latitude": repr(y), "longitude": repr(x)} for x, y in ring]
        if found is None:
            self.answer(404, b"Not Found", "text/html")
        elif found == "outside the window":
            self.answer(500, b"Server Error", "text/html")
        elif isinstance(found, list) and len(found) > police.most and steps[0] == "crimes-street":
            self.answer(503, b"", "text/html")
        else:
            self.answer(200, json.dumps(found).encode())

    def crimes(self, steps, query):
        if "date" not in query:
            return []
        if query["date"] not in self.police.months:
            return "outside the window"
        if steps[0] == "crimes-no-location":
            return self.police.crimes(query["date"], query["category"], force=query["force"])
        points = [tuple(map(float, pair.split(",")))[::-1] for pair in query["poly"].split(":")]
        return self.police.crimes(query["date"], steps[1], shapely.Polygon(points))

    def begin(self, status, **headers):
        """Send the status and the headers, in whose names _ stands for -."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def answer(self, status, body, kind="application/json", **headers):
        if status == 200 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            headers["Content_Encoding"] = "gzip"
        self.begin(status, Content_Type=kind, Content_Length=len(body), **headers)
        self.police.sent += len(body)
        self.wfile.write(body)

    def archive(self, name):
        police = self.police
        whole = police.archives.get(name)
        if whole is None:
            self.answer(404, b"Not Found", "text/html")
            return
        etag = police.etags.get(name, '"one"')
        asked = self.headers.get("Range")
        current = self.headers.get("If-Range", etag) == etag
        if asked is None or not current or police.archive_mode == "whole":
            self.stream(200, whole, ETag=etag)
            return
        first, last = asked.removeprefix("bytes=").split("-")
        start = len(whole) - int(last) if not first else int(first)
        start, end = max(start, 0), min(int(last), len(whole) - 1) if first and last else len(whole) - 1
        if start >= len(whole):
            self.answer(416, b"", Content_Range=f"bytes */{len(whole)}")
            return
        said = start + (7 if police.archive_mode == "wrong" else 0)
        part = whole[start : end + 1]
        self.stream(206, part, ETag=etag, Content_Range=f"bytes {said}-{said + len(part) - 1}/{len(whole)}")

    def handed_on(self, name):
        """As data.police.uk does: the archive is in a file store elsewhere, which forbids what it does not have."""
        folder, _, file = name.rpartition("/")
        if not folder:
            self.answer(302, b"", "text/html", Location=f"/archive/store/{file}")
        elif file in self.police.archives:
            self.archive(file)
        else:
            self.answer(403, b"<Error>AccessDenied</Error>", "application/xml")

    def stream(self, status, body, **headers):
        self.begin(status, Content_Length=len(body), Content_Type="application/zip", **headers)
        for at in range(0, len(body), 1 << 16):
            block = body[at : at + (1 << 16)]
            self.wfile.write(block)
            self.police.sent += len(block)

    # What goes wrong: whole answers that are no use, then those that are not whole

    fault_html = partialmethod(
        answer, 200, b"<!doctype html><title>Welcome to council wifi</title>", "text/html"
    )
    fault_odd = partialmethod(answer, 200, b'{"detail": "nothing of what was asked for"}')
    fault_seconds = partialmethod(answer, 429, b"", Retry_After="3")
    fault_date = partialmethod(
        answer, 429, b"", Retry_After=email.utils.formatdate(1_700_000_007, usegmt=True)
    )
    fault_nonsense = partialmethod(answer, 429, b"", Retry_After="soon")
    fault_forever = partialmethod(answer, 429, b"", Retry_After="86400")
    fault_429 = partialmethod(answer, 429, b"")
    fault_503 = partialmethod(answer, 503, b"")
    fault_502 = partialmethod(answer, 502, b"Bad gateway", "text/html")
    fault_504 = partialmethod(answer, 504, b"Gateway timeout", "text/html")
    fault_500 = partialmethod(answer, 500, b"Server error", "text/html")
    fault_400 = partialmethod(answer, 400, b"Bad request", "text/html")
    fault_204 = partialmethod(begin, 204)
    fault_408 = partialmethod(answer, 408, b"Request Timeout", "text/html")
    fault_425 = partialmethod(answer, 425, b"Too Early", "text/html")
    fault_403 = partialmethod(answer, 403, b"Forbidden", "text/html")
    fault_redirect = partialmethod(answer, 302, b"", Location="http://login.example/portal")

    def whole_body(self):
        return b'[{"id": 1, "name": "an answer that is never sent whole"}' + b" " * 2000 + b"]"

    def fault_cut_length(self):
        body = self.whole_body()
        self.begin(200, Content_Length=len(body))
        self.wfile.write(body[: len(body) // 2])
        self.close_connection = True

    def fault_cut_close(self):
        self.begin(200, Connection="close")
        self.wfile.write(self.whole_body()[:1000])
        self.close_connection = True

    def fault_cut_chunked(self):
        self.begin(200, Transfer_Encoding="chunked")
        self.wfile.write(b"400\r\n" + self.whole_body()[:1024] + b"\r\n")
        self.close_connection = True

    def fault_reset(self):
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
        self.connection.close()
        self.close_connection = True

    def fault_trickle(self):
        body = self.whole_body()
        self.begin(200, Content_Length=len(body))
        for byte in body[:100]:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(0.05)
        self.close_connection = True

    def fault_huge(self):
        self.begin(200, Connection="close")
        for _ in range(2000):
            self.wfile.write(b" " * (1 << 16))
        self.close_connection = True

    def packed(self, body):
        self.begin(200, Content_Encoding="gzip", Content_Length=len(body))
        self.wfile.write(body)

    def fault_bomb(self):
        self.packed(bomb())

    def fault_bad_gzip(self):
        self.packed(b"no gzip here")

    def fault_members(self):
        """The answer in two members of gzip, as some caches join them; large, so that each takes several blocks."""
        body = json.dumps([{"date": month, "pad": "ab" * 20_000} for month in self.police.months]).encode()
        self.packed(gzip.compress(body[: len(body) // 2], 0) + gzip.compress(body[len(body) // 2 :], 0))


@functools.cache
def bomb():
    """80 MB in 80 KB."""
    return gzip.compress(b"[" + b" " * 80_000_000 + b"]", 9)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A client that hangs up is what the faults are for."""


FAULTS = (
    "cut_length", "cut_close", "cut_chunked", "html", "odd", "seconds", "date", "nonsense", "429", "503", "502",
    "504", "500", "reset", "redirect", "trickle", "huge", "bomb", "bad_gzip",
)  # fmt: skip


@contextlib.contextmanager
def running(server):
    """Run a server in a thread; gives its port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def server_of(police):
    """A server of a police.uk on a free port, which does not run yet."""
    return Server(("127.0.0.1", 0), type("OneHandler", (Handler,), {"police": police}))


@contextlib.contextmanager
def serve(police):
    """Run the server; gives the base of its URLs (…/api and …/archive)."""
    with running(server_of(police)) as port:
        yield f"http://127.0.0.1:{port}"


def archive_zip(members, compression=zipfile.ZIP_DEFLATED):
    """The bytes of a ZIP of name → content, members one after another as in the monthly archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, compression)
    return out.getvalue()
