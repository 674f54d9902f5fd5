"""Make docs/page.png, the picture of the officer's page in the README, from the practice borough.

Run: python docs/page_picture.py    (needs a Chromium or Chrome, and the extras test and picture)
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from sacmap.files.study_file import read_study
from sacmap.pipeline import result_of
from sacmap.practice import write_practice
from sacmap.publish.page import render
from sacmap.publish.present import page_of
from sacmap.study import make_study

PICTURE = Path(__file__).with_name("page.png")
#: As much of the page as a reader of the README should see, a little smaller; and one neighbourhood chosen.
WIDTH, HEIGHT, SCALE = 1366, 1130, 0.75
COLOURS = 128
CHOSEN = "Mariners"


def main() -> None:
    """Map the practice borough, open the page, choose a neighbourhood, and save what is seen."""
    browsers = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        practice = write_practice(Path(temporary))
        html = Path(temporary) / "page.html"
        html.write_text(render(page_of(result_of(make_study(read_study(practice.study))))), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=next(browsers, None), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE)
        tab.goto(html.as_uri())
        tab.wait_for_selector("html[data-ready]", state="attached")
        tab.locator("#areas button", has_text=CHOSEN).click()
        tab.click("#whole-map")
        tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        tab.screenshot(path=PICTURE)
        browser.close()
    # The page has few colours: with a palette the file is a third of the size.
    with Image.open(PICTURE) as seen:
        seen.quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
