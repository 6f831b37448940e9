"""The report of a run of a shipped place, as files: whole, small, and quiet in a browser."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sim import places, report
from sim.errors import EnvironmentFault
from sim.outcomes.results import Results
from tests.unit import report_samples as samples

pytestmark = pytest.mark.system
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def results() -> Results:
    """Made-up figures for the default place's own neighbourhoods: the full size of a report, without the model."""
    place = places.load("north_mid_hampshire")
    codes = [str(code) for code in place.lsoas["code"]]
    made = samples.results(years=20, areas=len(codes), codes=codes, place=place.name)
    assert len(made.scenarios) == 4
    return made


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    files = report.write(results, folder)
    assert all(file.is_file() for file in files)
    return folder


def test_everything_is_there_and_small(folder: Path) -> None:
    page = folder / "report.html"
    assert 100_000 < page.stat().st_size < MEGABYTE
    names = {file.name for file in (folder / "figures").iterdir()}
    assert {"trends.svg", "trends.png", "map.svg", "map.png", "balance.svg", "money.png", "spc.svg", "fan.png"} <= names
    for file in (folder / "figures").glob("*.svg"):
        root = ElementTree.parse(file).getroot()
        assert root.attrib["role"] == "img"
    for file in (folder / "figures").glob("*.png"):
        assert file.read_bytes().startswith(b"\x89PNG")


def test_the_map_has_every_neighbourhood(folder: Path, results: Results) -> None:
    text = (folder / "figures" / "map.svg").read_text(encoding="utf-8")
    areas = len(results.record("baseline").area_code)
    assert f"Map of {areas} neighbourhoods" in text
    rings = sum(path.lower().count("m") for path in re.findall(r' d="([^"]*)"', text))
    assert rings > 4 * areas


def test_the_workbook_says_what_it_is_and_holds_a_native_chart(folder: Path) -> None:
    with zipfile.ZipFile(folder / "results.xlsx") as book:
        names = book.namelist()
        sheets = [
            s.attrib["name"]
            for s in ElementTree.fromstring(book.read("xl/workbook.xml")).iter()
            if "sheetId" in s.attrib
        ]
        strings = book.read("xl/sharedStrings.xml").decode()
    assert sheets == ["About", "Summary", "Charts", "Series", "Money", "Evidence", "Chart data"]
    assert any(name.startswith("xl/charts/chart") for name in names)
    assert "admissions a year" in strings
    assert "Open Government Licence" in strings


@pytest.fixture(scope="module")
def small() -> Results:
    return samples.results({"health_creation": samples.GAIN}, years=2)


def test_writing_again_gives_the_same_files(small: Results, tmp_path: Path) -> None:
    first, second = report.write(small, tmp_path / "a"), report.write(small, tmp_path / "b")
    assert [file.name for file in first] == [file.name for file in second]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_a_folder_that_cannot_be_written_is_one_sentence(small: Results, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        report.write(small, blocked)
