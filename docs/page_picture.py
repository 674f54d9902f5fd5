"""Make docs/page.png and docs/page-area.png, pictures of the officer's page, from the practice borough.

Run: python docs/page_picture.py    (needs a Chromium or Chrome, and the extras test and picture)
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from sacmap.files.study_file import read_study
from sacmap.pipeline import run
from sacmap.practice import write_practice
from sacmap.publish.make_view import page_of
from sacmap.publish.page import render
from sacmap.study import make_study

PICTURE, OF_AREA = (Path(__file__).with_name(name) for name in ("page.png", "page-area.png"))
#: The first screen of a common laptop, and one neighbourhood to choose.
WIDTH, HEIGHT = 1366, 657
COLOURS = 220
CHOSEN = "Mariners"


def main() -> None:
    """Map the practice borough, open the page, and save its first screen, and that with a neighbourhood chosen."""
    browsers = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        practice = write_practice(Path(temporary))
        html = Path(temporary) / "page.html"
        html.write_text(render(page_of(run(make_study(read_study(practice.study))))), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=next(browsers, None), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1)
        tab.goto(html.as_uri())
        tab.wait_for_selector("html[data-ready]", state="attached")
        tab.wait_for_timeout(500)
        tab.screenshot(path=PICTURE)
        tab.locator("#week button", has_text=CHOSEN).first.click()
        tab.evaluate("document.activeElement.blur()")
        tab.screenshot(path=OF_AREA)
        browser.close()
    # The page has few colours: with a palette the file is a third of the size.
    for path in (PICTURE, OF_AREA):
        with Image.open(path) as seen:
            seen.quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()
