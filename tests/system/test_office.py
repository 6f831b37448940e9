"""The workbook and the Word paper: opened as other programs open them, and printed by LibreOffice."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sim.outcomes.results import Results
from sim.report import board_paper, figures, outline, workbook
from sim.report.numbers import Numbers
from sim.report.trends import HEADLINES
from tests.unit import report_samples as samples

pytestmark = pytest.mark.system
SOFFICE, TO_TEXT = shutil.which("soffice"), shutil.which("pdftotext")


@pytest.fixture(scope="module")
def results() -> Results:
    made = samples.results({"health_creation": samples.GAIN, "empty_the_bath": samples.HARM}, years=3)
    made.unjudged = Results([samples.record(name, *made.pairs[0], years=3) for name in made.scenarios])
    return made


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    numbers = Numbers(results)
    workbook.write(numbers, folder / "results.xlsx")
    drawn = figures.draw_all(numbers)
    board_paper.write(numbers, outline.build(numbers, drawn), drawn, folder / board_paper.NAME)
    return folder


@pytest.fixture(scope="module")
def book(folder: Path) -> Any:
    openpyxl = pytest.importorskip("openpyxl")
    return openpyxl.load_workbook(folder / "results.xlsx")


def test_the_sheets_say_what_they_hold(book: Any, results: Results) -> None:
    assert book.sheetnames == ["About", "Summary", "Charts", "Series", "Money", "Evidence", "Chart data"]
    about = {row[0]: row[1] for row in book["About"].iter_rows(min_row=3, values_only=True)}
    assert about["The answer"] == results.headline
    assert set(book.sheetnames) - {"About"} <= set(about)
    assert "Open Government Licence" in about["Licence"]
    evidence = [cell.value for cell in book["Evidence"][1]]
    assert {"Unit", "Grade", "Source"} <= set(evidence)
    assert all(row[6].value for row in book["Evidence"].iter_rows(min_row=2)), "a number without its source"


def test_the_summary_holds_the_numbers_of_the_results(book: Any, results: Results) -> None:
    sheet = book["Summary"]
    row = next(row for row in sheet.iter_rows(min_row=2, values_only=True) if row[0] == "Emergency admissions")
    heads = [cell.value for cell in sheet[1]]
    found = results.change("emergency_admissions", "empty_the_bath").difference
    at = heads.index("Empty the bath: change, mean")
    assert row[1] == "admissions a year"
    assert row[at : at + 3] == pytest.approx((found.mean, found.low, found.high))
    assert row[at + 3] == "worse"
    assert "%" not in "".join(str(value) for value in row[3:7])


def test_series_has_every_measure_and_year(book: Any, results: Results) -> None:
    rows = list(book["Series"].iter_rows(min_row=2, values_only=True))
    frame = results.summary()
    assert len(rows) == len(frame)
    mine = sum(row[6] for row in rows if row[1] == "Deaths" and row[0] == "Baseline")
    of_frame = frame[(frame["measure"] == "deaths") & (frame["scenario"] == "baseline")]["value"].sum()
    assert mine == pytest.approx(of_frame)


def test_charts_are_native_described_and_draw_their_cells(folder: Path, book: Any, results: Results) -> None:
    shown = Numbers(results).known(HEADLINES)
    with zipfile.ZipFile(folder / "results.xlsx") as file:
        charts = [name for name in file.namelist() if name.startswith("xl/charts/chart")]
        drawing = file.read("xl/drawings/drawing1.xml").decode()
    assert len(charts) == len(shown) + 1
    assert drawing.count('descr="') == len(charts)
    assert "Deaths (deaths a year, residents) by financial year: Baseline from " in drawing
    data = book["Chart data"]
    line = Numbers(results).level(shown[0], "health_creation")
    assert [data.cell(2 + k, 3).value for k in range(len(line.mid))] == pytest.approx(list(line.mid))


def test_the_paper_holds_the_answer_tiles_pictures_and_limits(folder: Path, results: Results) -> None:
    docx = pytest.importorskip("docx")
    paper = docx.Document(str(folder / board_paper.NAME))
    headings = [p.text for p in paper.paragraphs if p.style.name.startswith("Heading")]
    assert headings[:2] == ["The answer", "At a glance"]
    assert {"How sure", "What was assumed", "What this cannot say", "Where this comes from"} <= set(headings)
    texts = [p.text for p in paper.paragraphs]
    assert outline.kept_together(results.headline) in texts
    assert {"What gets worse", "What it costs, and what comes back"} <= set(headings)
    assert any(text.startswith("Note. The answer rests on judged evidence for ") for text in texts)
    captions = {p.text.partition(":")[0] for p in paper.paragraphs if p.style.name == "Caption"}
    assert {"What gets worse", "What is left with all judged benefits off"} <= captions
    glance = paper.tables[0]
    assert [cell.text for cell in glance.rows[0].cells] == ["Measure", "Health creation", "Empty the bath"]
    assert "worse" in next(row.cells[2].text for row in glance.rows if row.cells[0].text == "Deaths")
    numbers = Numbers(results)
    drawn = figures.draw_all(numbers)
    about = [shape._inline.docPr for shape in paper.inline_shapes]
    assert [one.get("descr") for one in about] == [drawn[name].alt for name in board_paper.KEY if name in drawn]
    assert all(len(one.get("descr")) > 50 for one in about)
    assert paper.core_properties.language == "en-GB"
    assert "confidence interval" in " ".join(texts)
    assert "95 % CI" not in " ".join(texts)


def test_every_table_of_the_paper_repeats_its_header(folder: Path) -> None:
    docx = pytest.importorskip("docx")
    for table in docx.Document(str(folder / board_paper.NAME)).tables:
        assert "tblHeader" in table.rows[0]._tr.xml
        assert all(cell.text for cell in table.rows[0].cells)


def test_a_single_scenario_and_a_harmful_one_make_papers_too(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    for effects, said in (({}, "compare it with another"), ({"empty_the_bath": samples.HARM}, "worse on")):
        numbers = Numbers(samples.results(effects, years=2))
        drawn = figures.draw_all(numbers)
        file = board_paper.write(numbers, outline.build(numbers, drawn), drawn, tmp_path / "paper.docx")
        texts = [p.text for p in docx.Document(str(file)).paragraphs]
        assert said in " ".join(texts)


def test_without_the_extra_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert board_paper.missing() == ""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert board_paper.missing().count(".") == 1
    assert "headwater[office]" in board_paper.missing()


@pytest.mark.slow
@pytest.mark.needs_office
def test_libreoffice_prints_both(folder: Path, tmp_path: Path) -> None:
    if SOFFICE is None or TO_TEXT is None:
        pytest.skip("no LibreOffice or pdftotext on this machine")
    profile = (tmp_path / "profile").as_uri()
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf", "--outdir", tmp_path,
         folder / "results.xlsx", folder / board_paper.NAME],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    for name, words in (("results", "About"), ("board-paper", "What this cannot say")):
        text = subprocess.run(
            [TO_TEXT, tmp_path / f"{name}.pdf", "-"], capture_output=True, text=True, check=True
        ).stdout
        assert words in text
        assert "###" not in text, "a number too wide for its column"
        assert text.count("\f") < 30
