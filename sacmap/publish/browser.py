"""Print the page to a tagged PDF with an installed Edge, Chrome or Chromium, without using the network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from sacmap.publish.colours import HATCHES

#: Time limit for the browser in seconds. It usually takes about two.
PATIENCE = 120
_ON_PATH = (
    "msedge", "microsoft-edge", "microsoft-edge-stable", "google-chrome", "google-chrome-stable", "chrome", "chromium",
    "chromium-browser",
)  # fmt: skip
_WINDOWS = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
_MAC = (
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
#: The scripts, and the marks around what stands in the page for readers without one.
_SCRIPT = re.compile(r"<script\b.*?</script>|</?noscript>", re.DOTALL)
#: A hatched area of the still map: its class and its corners.
_HATCHED = re.compile(rf'<path data-place="\d+" class="({"|".join(HATCHES)})" d="([\dMlzhv .,-]*)"/>')
_DATE = re.compile(rb"\(D:\d{14}[+-]\d\d'\d\d'\)")


def find_browser(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of an installed Edge, Chrome or Chromium, or None."""
    return next((path for path in _candidates(environment) if Path(path).is_file()), None)


def _candidates(environment: Mapping[str, str]) -> Iterator[str]:
    for base in ("PROGRAMFILES(X86)", "PROGRAMFILES", "LOCALAPPDATA"):
        if environment.get(base):
            yield from (str(Path(environment[base]) / path) for path in _WINDOWS)
    yield from _MAC
    for name in _ON_PATH:
        found = shutil.which(name, path=environment.get("PATH"))
        if found:
            yield found


def _in_few_paths(html: str) -> str:
    """Return a page with the hatched areas of its still map as one path for each hatching.

    A PDF holds a hatching anew for each path: that of a nation took 161 MB, and a minute and a half.
    """
    alike: dict[str, list[str]] = {}
    for css, corners in _HATCHED.findall(html):
        alike.setdefault(css, []).append(corners)

    def first_of(found: re.Match[str]) -> str:
        css = found[1]
        together = "".join(alike.pop(css, ()))
        return f'<path class="{css}" fill="url(#still-{css})" d="{together}"/>' if together else ""

    return _HATCHED.sub(first_of, html)


def print_page(browser: str, html: str, date: datetime) -> bytes | None:
    """Return the page as a PDF with the date `date`, or None if the browser makes none.

    An installed browser may still refuse, because of a policy or lack of memory.
    """
    with tempfile.TemporaryDirectory(prefix="sacmap-", ignore_cleanup_errors=True) as folder:
        page, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        # The page prints the same without its script, and then printing need not wait for the script. What stands there
        # for readers without one, the map, must then stand there for the browser too, which could run one.
        page.write_text(_in_few_paths(_SCRIPT.sub("", html)), encoding="utf-8")
        words = [
            browser,
            "--headless",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--no-first-run",
            "--no-pdf-header-footer",
            "--export-tagged-pdf",
            f"--user-data-dir={Path(folder) / 'profile'}",
            f"--print-to-pdf={printed}",
            page.as_uri(),
        ]
        if sys.platform != "win32" and os.geteuid() == 0:
            # Chromium's sandbox does not start as root. The page is safe without it: it loads nothing.
            words.insert(1, "--no-sandbox")
        try:
            subprocess.run(words, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - found above
            content = printed.read_bytes()
        except (OSError, subprocess.TimeoutExpired):
            return None
    return dated(content, date) if content.startswith(b"%PDF-") else None


def dated(pdf: bytes, date: datetime) -> bytes:
    """Return the PDF with its dates replaced by `date`, in the same length, so that offsets stay valid."""
    return _DATE.sub(date.strftime("(D:%Y%m%d%H%M%S+00'00')").encode(), pdf)
