"""The explorer says what the emulator says: its data are read back as its script reads them, and in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.report import page, sweep_explorer
from sim.report.sweep_words import Outcome
from sim.sweeps import emulator, factors, resample

pytestmark = pytest.mark.unit
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SETTINGS = {"levers.link_workers.amount": [0.0, 2.0], "rollout": {"choices": ["everywhere", "by_need"]}}


def offer() -> tuple[sweep_explorer.Offer, str]:
    x = resample.uniforms(3, 60, 2)
    y = 1000 * np.sin(3 * x[:, 0]) + 400 * (x[:, 1] > 0.5)
    about = Outcome("net benefit", "£", 1, "Reform against Baseline, 12 years", {})
    made = sweep_explorer.Offer(about, emulator.fit(x, y, least=0.5), float(y.min()), float(y.max()))
    return made, sweep_explorer.html(
        [made], factors.of_settings(SETTINGS), ["link </script> workers", "roll-out"], "Try"
    )


def data(html: str) -> Any:
    found = re.search(r'id="explorer-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_its_data_give_the_emulators_prediction_at_every_position() -> None:
    made, html = offer()
    given = data(html)
    one, (amount, rollout) = given["outcomes"][0], given["factors"]
    assert [len(amount["at"]), len(rollout["at"])] == [sweep_explorer.POSITIONS, 2]
    assert rollout["shown"] == ["everywhere", "by need"]
    assert (amount["shown"][0], amount["shown"][-1]) == ("0.0476", "1.95")
    for u in [(amount["at"][i], rollout["at"][j]) for i in range(0, 21, 5) for j in range(2)]:
        apart = (np.array(u)[one["columns"]] - np.array(one["rows"])) / np.array(one["lengths"])
        r = np.sqrt(5 * (apart**2).sum(axis=1))
        said = one["mean"] + one["scale"] * one["signal"] * (one["weights"] * (1 + r + r * r / 3) * np.exp(-r)).sum()
        truth = float(made.made.predict(np.array([u]))[0][0])
        assert abs(said - truth) < 0.01 * made.made.error + 1  # weights are written to six figures


def test_it_stands_in_a_page_that_may_run_that_script_alone() -> None:
    _, html = offer()
    section = page.Section("emulator", "A stand-in", widget=html)
    with_it = page.Page("t", "k", "a", [], [], "", [section], "f", sweep_explorer.script())
    assert "script-src 'sha256-" in page.render(with_it)
    assert "'unsafe-inline'; script" in with_it.policy
    assert "script" not in page.Page("t", "k", "a", [], [], "", [], "f").policy


@pytest.mark.needs_browser
@pytest.mark.skipif(BROWSER is None, reason="needs a browser")
def test_a_browser_runs_it_and_says_what_the_emulator_says(tmp_path: Path) -> None:
    made, html = offer()
    section = page.Section("emulator", "A stand-in", widget=html)
    text = page.render(page.Page("t", "k", "a", [], [], "", [section], "f", sweep_explorer.script()))
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    words = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"file://{tmp_path}/page.html"]
    dom = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False).stdout
    found = re.search(r'id="explorer-size">Net benefit ([+−])£([\d,]+)<', dom)
    assert found is not None, "the script did not run"
    truth = float(made.made.predict(np.array([[0.5, 0.25]]))[0][0])
    said = float(found[2].replace(",", "")) * (1 if found[1] == "+" else -1)
    assert abs(said - truth) < made.made.error + 1
    assert "hidden" not in re.search(r'<div id="explorer"[^>]*>', dom)[0]  # type: ignore[index]
