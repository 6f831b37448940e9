"""A headless Chromium for the benchmark and the tests: with a fresh profile, and asking nothing of anybody else."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

BINARY = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = next(filter(None, map(shutil.which, ("chromedriver", "chromium-driver"))), None)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-sync", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip


def missing() -> str:
    """What keeps the browser from being opened here; empty when nothing does."""
    if importlib.util.find_spec("selenium") is None:
        return "no selenium here: pip install 'headwater[dev]'"
    return "" if BINARY and DRIVER else f"no {'ChromeDriver' if BINARY else 'Chromium'} on this machine"


@contextmanager
def opened(downloads: Path | None = None, log: bool = False) -> Iterator[Chrome]:
    """One window, closed at the end. downloads: a folder for what pages offer; log: whether what pages ask for and
    complain of is kept (`Chrome.get_log`)."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = Options()
        options.binary_location = str(BINARY)
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        if log:
            options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        if downloads is not None:
            options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        try:
            yield driver
        finally:
            driver.quit()
