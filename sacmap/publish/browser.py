"""Print the page to a tagged PDF with the Edge, Chrome or Chromium that is installed; nothing is fetched."""

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

#: Seconds a browser may take; it takes about two.
PATIENCE = 120
_ON_PATH = (
    "msedge",
    "microsoft-edge",
    "microsoft-edge-stable",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chromium",
    "chromium-browser",
)
_WINDOWS = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
_MAC = (
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
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


def print_page(browser: str, html: str, date: datetime) -> bytes | None:
    """Return the page printed to PDF, dated `date`, or None where the browser gives none.

    A browser may be installed and still refuse: by a policy, or for want of memory.
    """
    with tempfile.TemporaryDirectory(prefix="sacmap-", ignore_cleanup_errors=True) as folder:
        page, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        # The page prints the same without its script, and then nothing depends on how soon that is ready.
        page.write_text(_SCRIPT.sub("", html), encoding="utf-8")
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
            # Chromium's sandbox does not start as root; the page is our own and its policy lets nothing in.
            words.insert(1, "--no-sandbox")
        try:
            subprocess.run(words, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - found above
            content = printed.read_bytes()
        except (OSError, subprocess.TimeoutExpired):
            return None
    return dated(content, date) if content.startswith(b"%PDF-") else None


def dated(pdf: bytes, date: datetime) -> bytes:
    """Return the PDF with its dates set to `date`: as long as they were, so that nothing in it moves."""
    return _DATE.sub(date.strftime("(D:%Y%m%d%H%M%S+00'00')").encode(), pdf)
