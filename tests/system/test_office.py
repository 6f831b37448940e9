"""The workbook and the Word paper: opened as other programs open them, and printed by LibreOffice."""

from __future__ import annotations

import re
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


def test_heads_tell_columns_apart_and_name_unit_and_source(book: Any) -> None:
    for name in ("Summary", "Series", "Money", "Evidence"):
        heads = [cell.value for cell in book[name][1]]
        assert len(set(heads)) == len(heads), name
        assert "Unit" in heads
        assert "Source" in heads or any("simulated by headwater" in head for head in heads), name
        assert book[name].auto_filter.ref == book[name].dimensions, name
        assert book[name].freeze_panes, name
    assert "simulated by headwater" in book["Chart data"]["A1"].value
    widest = max(len(row[1]) for row in book["Money"].iter_rows(min_row=2, values_only=True))
    assert book["Money"].column_dimensions["B"].width >= widest, "an item is cut off by the next column"


def test_rows_of_evidence_are_as_tall_as_their_text(book: Any) -> None:
    sheet = book["Evidence"]
    column = "G"
    width = sheet.column_dimensions[column].width
    for row in range(2, sheet.max_row + 1):
        lines = -(-len(sheet[f"{column}{row}"].value) // int(width))
        assert sheet.row_dimensions[row].height >= 15 * lines, f"row {row}: not every program fits rows to their text"


def test_the_chart_of_changes_holds_every_range_and_its_own_cells(folder: Path, book: Any, results: Results) -> None:
    shown = Numbers(results).known(HEADLINES)
    with zipfile.ZipFile(folder / "results.xlsx") as file:
        chart = file.read(f"xl/charts/chart{len(shown) + 1}.xml").decode()
    low, high = (float(re.findall(rf'<c:{end} val="([^"]+)"', chart)[0]) for end in ("min", "max"))
    for name in ("health_creation", "empty_the_bath"):
        for measure in shown:
            line = Numbers(results).share_change(measure, name)
            assert low <= 100 * line.low[-1] <= 100 * line.high[-1] <= high
    assert "#,##0." not in chart, "whole per cent: a bare point would stand behind them"
    with zipfile.ZipFile(folder / "results.xlsx") as file:
        life = file.read(f"xl/charts/chart{1 + shown.index('life_satisfaction')}.xml").decode()
    assert "#,##0.00#" in life, "ticks of 0.005 would be written alike"
    data = book["Chart data"]
    first, last = re.findall(r"<c:val><c:numRef><c:f>'Chart data'!\$B\$(\d+):\$B\$(\d+)</c:f>", chart)[0]
    means = [data.cell(row, 2).value for row in range(int(first), int(last) + 1)]
    lines = [Numbers(results).share_change(measure, "health_creation") for measure in shown]
    assert means == pytest.approx([100 * line.mid[-1] for line in lines])
    assert [data.cell(row, 1).value for row in range(int(first), int(last) + 1)] == [
        Numbers(results).info(measure).label for measure in shown
    ]


def test_a_name_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    made = samples.results({"s": samples.GAIN}, years=2)
    for record in made.records:
        record.meta["label"] = "=1+1" if record.scenario == "s" else "=cmd|' /C calc'!A0"
    workbook.write(Numbers(made), tmp_path / "results.xlsx")
    cells = [cell for sheet in openpyxl.load_workbook(tmp_path / "results.xlsx") for row in sheet for cell in row]
    assert any(cell.value == "=1+1" for cell in cells)
    assert not [cell for cell in cells if cell.data_type == "f"]
    with zipfile.ZipFile(tmp_path / "results.xlsx") as file:
        assert "<f>" not in "".join(file.read(name).decode() for name in file.namelist() if "worksheets" in name)
        assert "<c:tx><c:strRef><c:f>" not in file.read("xl/charts/chart1.xml").decode()


def test_about_says_nothing_of_changes_where_nothing_is_compared(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    workbook.write(Numbers(samples.results({}, years=2)), tmp_path / "results.xlsx")
    book = openpyxl.load_workbook(tmp_path / "results.xlsx")
    about = {row[0]: row[1] for row in book["About"].values}
    assert not [name for name in ("Summary", "Charts", "Series") if "change" in about[name]]
    assert "Summary" not in book["Charts"]["A1"].value, "it has no ranges"


def test_long_tables_stand_in_an_annex_that_the_paper_leads_to(folder: Path) -> None:
    docx = pytest.importorskip("docx")
    paper = docx.Document(str(folder / board_paper.NAME))
    headings = [p for p in paper.paragraphs if p.style.name.startswith("Heading")]
    names = [p.text for p in headings]
    at = names.index("Where this comes from")
    annexes = headings[at + 1 :]
    assert [p.text.partition(". ")[0] for p in annexes] == ["Annex A", "Annex B", "Annex C"][: len(annexes)]
    assert "What is left with all judged benefits off" in names[-1] + names[-2]
    assert annexes[0].paragraph_format.page_break_before
    said = " ".join(p.text for p in paper.paragraphs)
    for letter in "AB"[: len(annexes)]:
        assert re.search(rf"(See| and) annex {letter} for ", said)


def test_the_paper_is_in_british_english_and_its_tables_are_well_formed(folder: Path) -> None:
    with zipfile.ZipFile(folder / board_paper.NAME) as file:
        styles, body = (file.read(f"word/{part}.xml").decode() for part in ("styles", "document"))
    assert set(re.findall(r'<w:lang w:val="([^"]+)"', styles)) == {"en-GB"}
    tables = re.findall(r"<w:tblPr>.*?</w:tblPr>", body)
    assert tables
    for table in tables:
        assert re.search(r'<w:tblCaption w:val="[^"]{10,}"', table), "a screen reader's title"
        order = [table.index(f"<w:{part}") for part in ("tblW", "tblBorders", "tblLayout", "tblLook", "tblCaption")]
        assert order == sorted(order), "the format's order: Word may refuse another"


def test_a_measure_that_no_run_changes_is_one_line(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    numbers = Numbers(samples.results({"idle": samples.NULL}, years=2))
    drawn = figures.draw_all(numbers)
    file = board_paper.write(numbers, outline.build(numbers, drawn), drawn, tmp_path / "paper.docx")
    glance = docx.Document(str(file)).tables[0]
    assert {row.cells[1].text for row in glance.rows[1:]} == {"◆ No difference in any run"}


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
    assert {"What gets worse", "Beside the literature"} <= captions
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
