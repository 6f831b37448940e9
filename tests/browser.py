"""A headless Chromium for tests: opens a page as a person would, and tells what the page asked for and complained of.

Tests ask for the fixture ``browser`` (tests/conftest.py) and carry the mark ``needs_browser``: without Chromium and its
driver they are skipped, under CI=true that is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver

from sim.studies import chromium

missing = chromium.missing
WIDE, NARROW = (1280, 900), (360, 740)

# What is inside a picture (role=img) is presentational: nobody is told of it, and axe cannot judge the contrast of text
# over drawn shapes. It is set aside meanwhile, for ten thousand shapes take it half a minute.
AXE = """
const done = arguments[arguments.length - 1], aside = [];
for (const svg of document.querySelectorAll("svg[role=img]"))
  for (const part of [...svg.children])
    if (!["title", "desc"].includes(part.tagName)) { aside.push([svg, part]); part.remove(); }
axe.run({resultTypes: ["violations"]}).then(
  (found) => { for (const [svg, part] of aside) svg.append(part); done(found.violations); },
  (error) => { done([{id: "axe", help: String(error), nodes: []}]); });
"""


class Browser:
    """One window with a profile of its own. `driver` is selenium's, for clicks, keys and the like."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: str | Path, size: tuple[int, int] = WIDE) -> None:
        """Open a file or an address in a window of this size; what was logged before is forgotten."""
        # A phone's width is narrower than any desktop window may be: set the view, not the window.
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.console(), self.requests()
        self.driver.get(page.absolute().as_uri() if isinstance(page, Path) else page)

    def console(self) -> list[str]:
        """Errors and warnings of the console since the last call or page."""
        return [one["message"] for one in self.driver.get_log("browser") if one["level"] in ("SEVERE", "WARNING")]

    def requests(self) -> list[str]:
        """Addresses that the page asked for since the last call or page, the page itself among them."""
        sent = [json.loads(one["message"])["message"] for one in self.driver.get_log("performance")]
        return [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]

    def violations(self) -> list[str]:
        """What axe-core finds wrong, one line a rule: its name, what it asks, and the elements."""
        from axe_core_python.base import AXE_SCRIPT

        self.driver.execute_script(AXE_SCRIPT)
        found: list[dict[str, Any]] = self.driver.execute_async_script(AXE)
        return [
            f"{one['id']}: {one['help']}: {'; '.join(str(node['target']) for node in one['nodes'][:5])}"
            for one in found
        ]

    def wider_than_the_window(self) -> int:
        """By how many pixels the page must be scrolled sideways."""
        return int(self.driver.execute_script("const e = document.documentElement; return e.scrollWidth - innerWidth"))

    def picture(self, file: Path) -> None:
        """The window as a PNG."""
        self.driver.save_screenshot(str(file))

    def print(self, file: Path) -> None:
        """The page on A4 paper, as a PDF."""
        import base64

        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
        made = self.driver.execute_cdp_cmd("Page.printToPDF", paper)
        file.write_bytes(base64.b64decode(made["data"]))


@contextmanager
def opened(downloads: Path | None = None) -> Iterator[Browser]:
    """A browser with a fresh profile, closed at the end. downloads: a folder for what the page offers."""
    with chromium.opened(downloads, log=True) as driver:
        driver.set_script_timeout(60)
        yield Browser(driver)
