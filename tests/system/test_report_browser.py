"""The report as a person meets it: in a browser, wide and narrow, by keyboard alone, without scripts, on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.report import dose, page, sweep_page
from sim.report.numbers import Numbers
from tests.browser import NARROW, WIDE, Browser
from tests.unit import report_samples as samples
from tests.unit import sweep_samples

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]
LEGIBLE = 680  # pixels across: then text of 9 points is 9 pixels or more
SIZES = {"wide": WIDE, "narrow": NARROW}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of made-up figures in which a scenario helps, one harms and one does nothing."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page.html(Numbers(samples.results(years=4))), encoding="utf-8")
    return file


@pytest.mark.parametrize("size", SIZES)
def test_no_barrier_no_complaint_no_request(browser: Browser, report: Path, size: str) -> None:
    browser.open(report, SIZES[size])
    assert browser.requests() == [report.as_uri()]
    assert browser.violations() == []
    assert browser.console() == []
    assert browser.wider_than_the_window() <= 0
    widths = browser.driver.execute_script(
        "return [...document.querySelectorAll('svg.picture')].map(one => one.getBoundingClientRect().width)"
    )
    assert min(widths) > LEGIBLE, "a picture so small cannot be read; on a narrow screen it is moved sideways"


def test_pictures_of_a_sweep_are_moved_sideways_on_a_narrow_screen_by_keyboard_too(
    browser: Browser, tmp_path: Path
) -> None:
    from selenium.webdriver.common.keys import Keys

    sweep_page.write(sweep_samples.sweep("morris", n=4), tmp_path)
    browser.open(tmp_path / sweep_page.NAME, NARROW)
    assert browser.violations() == []
    assert browser.wider_than_the_window() <= 0
    first = browser.driver.find_element("css selector", ".sideways")
    assert first.find_element("css selector", "svg").rect["width"] > LEGIBLE
    browser.driver.execute_script("arguments[0].focus()", first)
    assert browser.driver.switch_to.active_element == first
    first.send_keys(Keys.ARROW_RIGHT)
    moved = "const done = arguments[1]; setTimeout(() => done(arguments[0].scrollLeft), 600)"
    assert browser.driver.execute_async_script(moved, first) > 0


def test_the_keyboard_alone_reaches_and_moves_the_explorer(browser: Browser, report: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(report)
    driver = browser.driver

    def focused() -> str:
        return str(driver.execute_script("return document.activeElement.id"))

    def said() -> str:
        return str(driver.find_element("id", "explorer-size").text)

    before = said()
    for _ in range(60):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        if focused() == "explorer-measure":
            break
    assert focused() == "explorer-measure"
    driver.switch_to.active_element.send_keys("L")  # a letter chooses the next measure that begins with it
    assert said() != before
    assert said().startswith(("L", "A", "H"))
    driver.switch_to.active_element.send_keys(Keys.TAB)
    assert focused() == "explorer-option"
    driver.switch_to.active_element.send_keys(Keys.TAB)
    assert focused() == "explorer-year"
    last = said()
    driver.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert said() != last
    assert driver.find_element("id", "explorer-year").get_attribute("aria-valuetext") == "2028/29"


def test_the_script_says_what_the_page_says_without_it(browser: Browser, report: Path) -> None:
    """The first view is written by Python; the script writes the same words over it."""
    written = report.read_text(encoding="utf-8")
    first = re.search(r'id="explorer-size">(.*?)</strong>', written)
    sure = re.search(r'id="explorer-sure">(.*?)</span>', written)
    assert first is not None
    assert sure is not None
    browser.open(report)
    plain = browser.driver.find_element("id", "explorer-size").text
    assert plain == first[1].replace("\u00a0", " ")
    assert browser.driver.find_element("id", "explorer-sure").text == sure[1].replace("\u00a0", " ")
    cells = [cell.text for cell in browser.driver.find_elements("css selector", "#explorer tbody td")]
    there = re.findall(r"<td[^>]*>([^<]*)</td>", written.split('id="explorer"')[1].split("</table>")[0])
    assert cells == [cell.replace("\u00a0", " ") for cell in there]


def test_the_script_rounds_no_clear_change_to_nought(browser: Browser, tmp_path: Path) -> None:
    numbers = Numbers(samples.results({"s": {"life_satisfaction_sum": -5e-5}}, years=3, noise=0.0))
    file = tmp_path / "report.html"
    file.write_text(page.html(numbers), encoding="utf-8")
    given = dose._data(numbers, dose.options(numbers))
    k = next(k for k, one in enumerate(given["measures"]) if one["label"].startswith("Life satisfaction"))
    one = given["measures"][k]
    cell = one["cells"][0][-1]
    said = [dose._text(value, one, dose._least(one, cell)) for value in cell]
    assert abs(cell[0]) < one["least"], "so small that its own rounding would lose it"
    browser.open(file)
    shown = browser.driver.execute_script(
        "const measure = document.getElementById('explorer-measure'); measure.selectedIndex = arguments[0];"
        "measure.dispatchEvent(new Event('change'));"
        "return [...document.querySelectorAll('#explorer-row-0 td')].map(one => one.textContent)",
        k,
    )
    assert shown[2:] == [said[0], f"{said[1]} to {said[2]}", "▼ worse"]
    assert not any(re.fullmatch(r"[−+]?[0.]+", part) for part in said)


def test_without_scripts_the_first_view_stands_there(browser: Browser, report: Path) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(report)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert browser.driver.find_element("id", "explorer-size").text.startswith("Need for general practice: ")
    assert not browser.driver.find_element("id", "explorer-controls").is_displayed()


def test_it_prints_on_a4_whole(browser: Browser, report: Path, tmp_path: Path) -> None:
    browser.open(report)
    browser.print(tmp_path / "page.pdf")
    made = (tmp_path / "page.pdf").read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", made))
    assert 8 <= pages <= 40
    assert b"/MediaBox [0 0 594" in made or b"/MediaBox [0 0 595" in made


def test_the_explorers_script_is_the_one_that_may_run(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    assert text.count("<script") == 2
    assert dose.script() in text
    assert "script-src 'sha256-" in text
