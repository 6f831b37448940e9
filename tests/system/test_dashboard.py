"""The dashboard as a person uses it: in a headless Chromium, with a server and runs of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from sim.dashboard import command, jobs
from sim.report import board_paper, sweep_page
from sim.studies import store
from tests.browser import Browser, missing, opened
from tests.unit import sweep_samples as samples

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.needs_browser]
ROOT = Path(__file__).parents[2]
PATIENCE = 150.0  # seconds: nothing here measures speed
SMALL = ["place=toy", "scale=0.05", "years=1", "runs=1", "evidence.without_judged=false"]
WIDE, NARROW, LOW = (1400, 1200), (800, 1200), (1366, 650)  # the last: what a browser leaves of a small laptop


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results with a finished run and, newer, a comparison in it, made by the command line; and a sweep."""
    root = tmp_path_factory.mktemp("dashboard") / "results"
    headwater("run", "scenario=digital_first", *(word for word in SMALL if "judged" not in word), f"results={root}")
    headwater("compare", *SMALL, "scenarios=[baseline,empty_the_bath]", f"results={root}")
    _sweep(root / "2020-01-01-000000-sweep-made-up")
    return root


def _sweep(folder: Path) -> None:
    """What a finished sweep leaves behind, from made-up figures."""
    made: Any = samples.sweep(n=16, seeds=2)
    sweep_page.write(made, folder)
    about = {"format": 1, "command": "sweep", "finished": "2020-01-01T00:00:00", "hashes": {}}
    (folder / "metadata.json").write_text(json.dumps(about))
    (folder / "config.yaml").write_text(
        "experiment: made_up\nplace: toy\nyears: 5\ncomposed: {baseline: {}, reform: {}}\n"
    )
    (folder / "indices.csv").write_text("factor,measure,value\nuptake,total,0.5\n")


def headwater(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "sim.cli", *words], capture_output=True, text=True, env=surroundings())
    assert done.returncode == 0, done.stderr
    return done.stdout


def surroundings() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    """A server; its address."""
    if lack := missing():
        pytest.skip(lack)
    with socket.socket() as probe:
        probe.bind((command.ADDRESS, 0))
        port = probe.getsockname()[1]
    line = [sys.executable, "-m", "sim.cli", "dashboard", f"port={port}", f"results={root}"]
    server = subprocess.Popen(line, env=surroundings(), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert f"http://127.0.0.1:{port}" in server.stdout.readline()
        until(lambda: answers(command.ADDRESS, port), "the server")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0


def answers(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


def until(there: Callable[[], Any], what: str) -> Any:
    """Wait until something is there; what it is."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if found := there():
                return found
        except Exception as fault:
            if "stale" not in str(fault).lower():
                raise
        time.sleep(0.1)
    raise AssertionError(f"{what} never came")


def plain(text: str) -> str:
    """With plain spaces."""
    return " ".join(text.split())


class Person:
    """Somebody at a browser."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.driver = browser, browser.driver

    def goes(self, page: str, size: tuple[int, int] = WIDE) -> None:
        self.browser.open(page, size)
        self.waits()

    def waits(self) -> None:
        """Until the page is drawn."""
        until(lambda: self.all("h1") and not self.all("[data-stale=true],[data-testid=stSkeleton]") and
              not self.all("[data-testid=stApp][data-test-script-state=running]"), "the page")  # fmt: skip

    def all(self, css: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", css))

    def sees(self, css: str, text: str = "") -> Any:
        return until(lambda: next((one for one in self.all(css) if text in one.text), None), f"{css} {text}")

    def in_sight(self, css: str) -> None:
        """It is seen without scrolling."""
        box = "const box = arguments[0].getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight"
        until(lambda: self.driver.execute_script(box, self.sees(css)), f"{css} in sight")

    def presses(self, text: str) -> None:
        button = until(lambda: next((one for one in self.all("button") if text == one.text and one.is_enabled()), None),
                       f"a button {text}")  # fmt: skip
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def picks(self, label: str, choice: str) -> None:
        """Choose from a list by typing, as with a keyboard."""
        box = until(lambda: self.all(f"input[role=combobox][aria-label*='{label}']"), label)[0]
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
        box.click()
        box.send_keys(choice)  # long lists show only what is near
        option = until(lambda: next((one for one in self.all("[role=option]") if choice in one.text), None), choice)
        option.click()
        self.waits()

    def picks_another(self, label: str) -> str:
        """Choose from a short list what is not chosen yet; its words."""
        box = self.sees(f"input[role=combobox][aria-label*='{label}']")
        before = plain(box.get_attribute("value"))
        box.click()
        option = until(
            lambda: next((one for one in self.all("[role=option]") if plain(one.text) not in ("", before)), None), label
        )
        words = plain(option.text)
        option.click()
        self.waits()
        return words

    def visits(self, page: str) -> None:
        """Follow a link at the top, to another page."""
        left = self.sees("h1").text
        self.sees("a", page).click()
        until(lambda: left not in [one.text for one in self.all("h1")], f"another page than {left}")
        self.waits()


@contextmanager
def somebody(downloads: Path | None = None) -> Iterator[Person]:
    with opened(downloads) as browser:
        yield Person(browser)


@pytest.fixture
def person(address: str, browser: Browser) -> Person:
    return Person(browser)


def complaints(person: Person) -> list[str]:
    """Errors of the console, but for a page's asking where its server is (Streamlit looks in two places)."""
    return [one for one in person.browser.console() if "_stcore/" not in one]


def runs_of(root: Path) -> list[Path]:
    return list(store.newest(root))


# ---------------------------------------------------------------------------------------------------- looking


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("page", ["", "results", "lives", "sweeps"])
def test_pages_are_accessible_offline_and_fit(person: Person, address: str, page: str, size: tuple[int, int]) -> None:
    person.goes(f"{address}/{page}", size)
    if page in ("results", "lives"):
        person.sees("img.hw-picture")
        person.waits()
    assert person.browser.violations() == []
    assert person.browser.wider_than_the_window() <= 0
    asked = [one for one in person.browser.requests() if not one.startswith(("data:", "blob:", "chrome"))]
    assert asked
    assert [one for one in asked if not re.match(r"(http|ws)://127\.0\.0\.1:", one)] == []
    assert complaints(person) == []


def test_nobody_else_can_reach_it(address: str) -> None:
    port = int(address.rsplit(":", 1)[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: asks by which address of this machine it would
        mine = probe.getsockname()[0]
    if mine.startswith("127."):
        pytest.skip("this machine has no other address")
    assert answers("127.0.0.1", port)
    assert not answers(mine, port)


def test_pictures_say_in_words_what_they_show(person: Person, address: str) -> None:
    person.goes(f"{address}/results")
    picture = person.sees("img.hw-picture")
    assert picture.get_attribute("src").startswith("data:image/svg+xml;base64,")
    assert "Emergency admissions" in picture.get_attribute("alt")
    person.sees("body", "Open Government Licence v3.0")
    person.picks("What to show", "One measure")
    person.picks("Measure", "Deaths")
    until(lambda: "Deaths" in person.sees("img.hw-picture").get_attribute("alt"), "deaths")


def test_an_address_that_leads_elsewhere_shows_a_finished_run_instead(person: Person, address: str, root: Path) -> None:
    (root.parent / "secret").mkdir(exist_ok=True)
    shutil.copytree(runs_of(root)[0], root.parent / "secret" / "run", dirs_exist_ok=True)
    for name in ("../secret/run", str(root.parent / "secret" / "run"), "..%2Fsecret%2Frun"):
        person.goes(f"{address}/results?show={name}")
        assert "secret" not in person.driver.current_url.split("?")[-1]
    person.goes(f"{address}/?run=../../secret")
    assert person.sees("button", "Run")


def test_a_sweep_shows_its_own_answer_and_figures(person: Person, address: str, root: Path) -> None:
    person.goes(f"{address}/sweeps")
    folder = root / "2020-01-01-000000-sweep-made-up"
    shown = " ".join(person.sees(".hw-answer").text.split())
    assert shown
    assert shown[:40] in " ".join(sweep_page.said(folder).split())
    assert len(person.sees("img.hw-picture").get_attribute("alt")) > 50


def test_lives_can_be_leafed_through(person: Person, address: str) -> None:
    person.goes(f"{address}/lives")
    first = person.sees("img.hw-picture").get_attribute("alt")
    person.presses("Next")
    until(lambda: person.sees("img.hw-picture").get_attribute("alt") != first, "another life")
    person.presses("Previous")
    until(lambda: person.sees("img.hw-picture").get_attribute("alt") == first, "the first life")


def test_what_is_looked_at_stays_while_other_pages_are(person: Person, address: str) -> None:
    def chosen(label: str) -> str:
        return plain(person.sees(f"input[aria-label*='{label}']").get_attribute("value"))

    person.goes(f"{address}/results")
    person.picks("What to show", "One measure")
    person.picks("Measure", "Deaths")
    person.visits("Lives")
    person.picks("Scenario", "Empty the bath")
    person.presses("Next")
    until(lambda: chosen("Resident") == "2", "the second resident")
    person.visits("What it hangs on")
    figure = person.picks_another("What to show")
    person.visits("Results")
    assert "Deaths" in person.sees("img.hw-picture").get_attribute("alt")
    person.visits("Lives")
    assert (chosen("Resident"), chosen("Scenario")) == ("2", "Empty the bath")
    person.visits("What it hangs on")
    assert chosen("What to show") == figure


def test_what_another_run_does_not_have_is_let_go(person: Person, address: str, root: Path) -> None:
    person.goes(f"{address}/lives")
    person.picks("Scenario", "Empty the bath")
    person.visits("Results")
    person.picks("What to show", "Measures side by side in the last year")
    person.picks("Finished run", "Digital first")
    until(lambda: person.sees("img.hw-picture") and "Digital first" in person.sees(".hw-answer").text, "the other run")
    assert not person.all("[data-testid=stException]")
    person.visits("Lives")
    person.sees("img.hw-picture")
    assert person.sees("input[aria-label*='Scenario']").get_attribute("value") == "Digital first"
    person.goes(f"{address}/results?show={runs_of(root)[0].name}")
    assert "With only 1 run of each scenario" in person.sees(".hw-answer").text


FOCUS = """
let at = document.activeElement;
if (!at || at === document.body) return null;
const name = `${at.tagName} ${at.getAttribute("aria-label") || at.innerText}`.slice(0, 60);
for (let k = 0; at && k < 6; k++, at = at.parentElement) {
  const look = getComputedStyle(at);
  if (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2) return "";
}
return name;"""


@pytest.mark.parametrize("page", ["", "results", "lives", "sweeps"])
def test_who_uses_the_keyboard_sees_where_they_are(person: Person, address: str, page: str) -> None:
    person.goes(f"{address}/{page}", LOW)
    for opener in person.all("summary"):
        person.driver.execute_script("arguments[0].click()", opener)
    unseen, steps = [], 0
    while (name := _next(person)) is not None:
        unseen, steps = [*unseen, name], steps + 1
    assert steps > 8
    assert [name for name in unseen if name] == []
    assert person.browser.violations() == []


def _next(person: Person) -> str | None:
    """Where the focus goes next if it cannot be seen there; empty where it can, None after the last."""
    webdriver.ActionChains(person.driver).send_keys(Keys.TAB).perform()
    found: str | None = person.driver.execute_script(FOCUS)
    return found


def test_what_is_folded_away_lies_under_nothing(person: Person, address: str) -> None:
    person.goes(address, LOW)
    person.picks("Start from", "New hospital")  # its lever stood, unseen, where a label is
    assert person.browser.violations() == []
    person.sees("summary", "More: name").click()
    person.sees("label", "New hospital, 1 is the whole plan")


def test_a_measure_that_cannot_be_told_leaves_the_rest_of_the_page(person: Person, address: str) -> None:
    person.goes(f"{address}/results")
    person.picks("What to show", "One measure")
    person.picks("Measure", "Healthy life expectancy at birth, men")  # one resident in 20, one year
    person.sees(".hw-note", "nothing to draw for “Healthy life expectancy at birth, men” in these results: too few")
    person.sees("h2", "Take it away")


def test_nothing_is_offered_that_this_run_does_not_have(person: Person, address: str) -> None:
    person.goes(f"{address}/results")
    person.picks("What to show", "Levels, year by year")
    person.sees("input[aria-label*='What to show']").click()
    offered = until(lambda: [plain(one.text) for one in person.all("[role=option]")], "the list")
    assert "When it pays back" in offered
    assert "With more and with less money" not in offered
    assert "What is left without judged benefits" not in offered


def test_more_than_a_line_has_cannot_be_run(person: Person, address: str) -> None:
    person.goes(address)
    person.picks("Who pays", "Shares that I choose")
    person.sees(".hw-note", "must come to 100 %")
    until(
        lambda: not next(one for one in person.all("button") if one.text == "Run").is_enabled(), "a button that is off"
    )


# ---------------------------------------------------------------------------------------------------- running


def test_pick_run_compare_download_reload(address: str, root: Path, tmp_path: Path) -> None:
    downloads, before = tmp_path / "downloads", len(runs_of(root))
    downloads.mkdir()
    with somebody(downloads) as person:
        person.goes(address)
        person.picks("Start from", "Integrated care")
        person.picks("Who pays", "New money")
        person.sees(".hw-table", "Integrated neighbourhood team")
        until(lambda: any("New money" in one.text for one in person.all(".hw-table")), "who pays")
        person.picks("Size of the run", "A glance")
        person.presses("Save as a file (YAML)")
        file = until(lambda: next(downloads.glob("my_integrated_care.yaml"), None), "the scenario")
        person.presses("Run")
        person.sees("[data-testid=stProgress]")
        person.driver.refresh()  # a reload in the middle finds the run again
        person.waits()
        first = person.sees(".hw-answer").text
        assert person.browser.violations() == []
        person.sees("button", "See the results")
        assert person.sees(".hw-answer").text == first
        assert person.browser.violations() == []
        assert len(runs_of(root)) == before + 1
        person.presses("See the results")
        person.sees("h2", "Take it away")
        person.waits()
        person.sees(".hw-tile h3", "integrated care")
        person.picks("Other run", "Empty the bath")
        person.sees(".hw-table", "Emergency admissions")
        for name in ("Report (one page for the browser)", "Board paper (Word)", "Numbers (Excel)", "Numbers (CSV)",
                     "Configuration: repeats the run (YAML)", "All but raw records (zip)"):  # fmt: skip
            person.presses(name)
        folder = runs_of(root)[0]
        endings = (f"-report.html -{board_paper.NAME} -results.xlsx -summary.csv -config.yaml .zip").split()
        for ending in endings:
            got = until(lambda ending=ending: next(downloads.glob(f"{folder.name}{ending}"), None), ending)
            assert got.stat().st_size > 1000
        assert (downloads / f"{folder.name}-summary.csv").read_bytes() == (folder / "summary.csv").read_bytes()
        person.driver.refresh()
        person.waits()
        assert folder.name in person.driver.current_url
        person.sees(".hw-tile h3", "integrated care")
    _the_command_line_gives_the_same(file, folder, tmp_path)


def _the_command_line_gives_the_same(file: Path, folder: Path, tmp_path: Path) -> None:
    """The saved file, put where its first line says, and run by its second, gives the same numbers to the last bit."""
    first, second, *_ = file.read_text(encoding="utf-8").splitlines()
    home = tmp_path / re.search(r"Save as (\S+),", first)[1]  # type: ignore[index]
    home.parent.mkdir(parents=True)
    home.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    words = second.removeprefix("#").split()
    assert words[0] == "headwater"
    env = surroundings()
    done = subprocess.run(
        [sys.executable, "-m", "sim.cli", *words[1:]], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (again,) = runs_of(tmp_path / "results")
    clicked, typed = (json.loads((one / "metadata.json").read_text()) for one in (folder, again))
    assert clicked["runs"] == typed["runs"]
    assert (folder / "summary.csv").read_bytes() == (again / "summary.csv").read_bytes()
    both = [yaml.safe_load((one / "config.yaml").read_text())["composed"] for one in (folder, again)]
    assert both[0] == both[1]


def test_two_people_do_not_disturb_each_other_and_a_run_can_be_stopped(address: str, root: Path) -> None:
    before = {one.name for one in runs_of(root)}
    with somebody() as one, somebody() as other:
        one.goes(address)
        other.goes(address)
        one.picks("Start from", "Digital first")
        one.picks("Size of the run", "Everybody")
        one.sees(".hw-table", "Digital front door")
        assert "Digital front door" not in other.sees(".hw-table").text
        one.presses("Run")
        begun = one.sees("[data-testid=stProgress]").text
        until(lambda: begun not in one.sees("[data-testid=stProgress]").text, "a bar drawn anew")
        one.visits("Results")  # it does not wait for the run
        one.sees("img.hw-picture")
        one.visits("Try an idea")
        one.sees(".hw-table", "Digital front door")
        assert not other.all("[data-testid=stProgress]")
        one.presses("Stop")
        one.sees(".hw-note", "was stopped")
        assert one.sees("button", "Run").is_enabled()
    assert {one.name for one in runs_of(root)} == before
    until(lambda: not list(root.glob(".partial-*")), "a tidy folder")


def test_a_killed_run_is_one_sentence_and_the_page_lives_on(address: str, root: Path) -> None:
    with somebody() as person:
        person.goes(address, LOW)
        person.picks("Size of the run", "Everybody")
        person.presses("Run")
        person.in_sight("[data-testid=stProgress]")
        identity = until(lambda: re.search(r"run=([0-9a-f]{16})", person.driver.current_url), "the run's name")[1]
        pid = until(lambda: (root / jobs.HOME / identity / "pid").read_text() or None
                    if (root / jobs.HOME / identity / "pid").exists() else None, "its process")  # fmt: skip
        os.kill(int(pid), signal.SIGKILL)
        assert person.sees(".hw-note").text.removeprefix("Note. ") == jobs.KILLED
        person.in_sight(".hw-note")
        assert person.browser.violations() == []
        person.picks("Start from", "New hospital")
        person.sees(".hw-table", "New hospital")
        assert person.sees("button", "Run").is_enabled()
