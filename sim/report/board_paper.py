"""A board paper as a Word file: the answer, a table at a glance, pictures, cost, how sure, what was assumed, limits.

Needs the extra ``[office]`` (python-docx); without it `missing` says so in one sentence and nothing is written.
"""

from __future__ import annotations

import datetime
import importlib.util
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from sim import clock, disk
from sim.outcomes.summary import FEWEST_RUNS
from sim.report import sections, sources, whole, words
from sim.report.numbers import Numbers
from sim.report.outline import CAPTIONS
from sim.report.page import Page
from sim.report.parts import Figure, Table, Tile
from sim.report.style import INK, MUTED, NBSP, RULE, Drawn, Picture, text_width
from sim.report.words import first_sentence, lower

if TYPE_CHECKING:
    from docx.document import Document

NAME = "board-paper.docx"
KEY = {"differences": "What changes, year by year", "gradient": "Who gains", "money": "Where the money moves"}
ALONE = {"trends": "What happens, year by year", "bath_and_tap": "The bath and the tap"}
MADE = datetime.datetime(2025, 1, 1)  # Word stores when a file was made; a fixed date keeps equal results equal files
MARGIN, TEXT_WIDE = 2.2, 16.6  # centimetres, of A4
BODY, SMALL = 10.5, 9  # points
BESIDE = 0.45  # centimetres of a column that are no text
INCH = 2.54  # centimetres
GRAIN = 0.2  # centimetres in which what is left of the width is given to columns
STEEP = 4  # how much more a row of many lines weighs than some of few
MARKS = {"better": "▲", "worse": "▼", "unclear": "◆"}
LIMITS = (
    "It compares choices and is no forecast: levels drift, and what differs between scenarios is the finding.",
    "The residents are synthetic, made from open data. No record of any person was used.",
    "Only the trust of the place has limited capacity; other hospitals have waits that no scenario changes.",
    "Published evidence on an outcome is never put into that outcome; much of the rest is judgement, and the tables of "
    "evidence in results.xlsx say which.",
    "Whatever is left out of the model (staff as people, carers, moving house, prescribing) cannot show a benefit or a "
    "harm.",
)  # fmt: skip


def missing() -> str:
    """One sentence that says how to get Word papers, empty where they can be written."""
    if importlib.util.find_spec("docx") is not None:
        return ""
    return "No Word paper was written: it needs the office extra (pip install 'headwater[office]')."


def write(
    numbers: Numbers, built: Page, pictures: Mapping[str, Picture | Drawn], path: Path, drawn: Path | None = None
) -> Path:
    """Write the paper. built: the report's page, of which it takes title, answer, notes and tiles; pictures: as
    `figures.draw_all` gives them; drawn: a folder with their PNG files, where there is one.

    Raises `EnvironmentFault` when the disk refuses, `ImportError` without python-docx.
    """
    import docx

    document = docx.Document()
    _styles(document, built.title)
    document.add_heading(built.title, level=0)
    _add(document, built.kicker + ".", "Note")
    document.add_heading("The answer", level=1)
    _add(document, built.answer, "Answer")
    for line in built.warnings:
        _add(document, f"Note. {line}", "Warning")
    if built.tiles:
        _glance(document, numbers, built.tiles)
    _figures(document, numbers, pictures, drawn)
    if numbers.compared:
        _told(document, "What gets worse", *_worse(numbers))
    ledgers = sources.money_tables(numbers)
    annexes = dict(zip(ascii_uppercase, [*ledgers, *whole.without_judged(numbers), *_levers(numbers)], strict=False))
    costs, others = (
        [letter for letter, table in annexes.items() if (table in ledgers) == of_money] for of_money in (True, False)
    )
    _told(document, "What it costs, and what comes back", [*sources.money_words(numbers), _see(annexes, costs)], [])
    after = list(sections.PUBLISHED) if numbers.compared else []
    _told(document, "How sure", [*sections.how_sure(numbers), *after], sections.beside(numbers))
    _told(document, "What was assumed", [*sources.assumed(numbers), _see(annexes, others)], [])
    document.add_heading("What this cannot say", level=1)
    for line in LIMITS:
        document.add_paragraph(line, style="List Bullet")
    _told(document, "Where this comes from", [*sources.provenance_words(numbers), sources.ATTRIBUTION], [], "Note")
    _annexes(document, annexes)
    with disk.refusals(path):
        path.write_bytes(_same_bytes(document))
    return path


# ---------------------------------------------------------------------------------------------------- parts


def _glance(document: Document, numbers: Numbers, tiles: Sequence[Tile]) -> None:
    """The tiles as one table: a row a measure, a column a scenario."""
    last = clock.fin_year_label(numbers.years[-1])
    document.add_heading("At a glance", level=1)
    names = [figure.name for figure in tiles[0].figures]
    rows = []
    for k, name in enumerate(names):
        found = [tile.figures[k] for tile in tiles]
        rows.append([name, *map(_cell, found)])
    heads = ["Measure", *(tile.label for tile in tiles)]
    caption = (
        f"Change against {numbers.label(numbers.base)} in {last}; below each, where 90{NBSP}% of runs lie. ▲ better, "
        "▼ worse, ◆ no clear change."
    )
    _table(document, caption, heads, rows)
    for tile in tiles:
        if tile.description:
            _bold_start(document, tile.label, tile.description)


def _cell(figure: Figure) -> str:
    """A figure of a tile in two lines, so that all of them stand on the first page; in one where no run differs."""
    if figure.verdict == "unclear" and not any(map(str.isdigit, figure.value)):
        return f"{MARKS['unclear']} {figure.value} {figure.words}"
    return f"{figure.value} {MARKS.get(figure.verdict, '')} {figure.words}\n{figure.interval}"


def _figures(document: Document, numbers: Numbers, pictures: Mapping[str, Picture | Drawn], drawn: Path | None) -> None:
    """Key pictures, each under its finding, with its description for who cannot see it."""
    from docx.shared import Cm

    for name, heading in (KEY if numbers.compared else ALONE).items():
        if name not in pictures:
            continue
        picture = pictures[name]
        document.add_heading(heading, level=1)
        file = drawn / f"{name}.png" if drawn else None
        kept = picture.raster if isinstance(picture, Drawn) else picture.png()
        body = file.read_bytes() if file and file.is_file() else kept
        shape = document.add_picture(io.BytesIO(body), width=Cm(TEXT_WIDE))
        about = shape._inline.docPr
        about.set("name", heading)
        about.set("title", picture.finding)
        about.set("descr", picture.alt)
        document.paragraphs[-1].paragraph_format.keep_with_next = True
        document.add_paragraph(CAPTIONS.get(name, picture.finding), style="Caption")


def _worse(numbers: Numbers) -> tuple[list[str], list[Table]]:
    """What a board must not miss: every headline measure with a clear loss, or that there is none."""
    lost = [table for table in whole.courses(numbers) if not table.folded]
    if lost:
        return [], lost
    if numbers.results.runs < FEWEST_RUNS:
        return ["Too few runs were made to say what gets worse."], []
    return ["No headline measure gets clearly worse in any year under any scenario."], []


def _told(
    document: Document, heading: str, said: Sequence[str], tables: Sequence[Table], style: str | None = None
) -> None:
    """A part in words and tables; nothing where there is neither."""
    if not any(said) and not tables:
        return
    document.add_heading(heading, level=1)
    for line in filter(None, said):
        _add(document, line, style)
    for table in tables:
        _table(document, table.caption, [head.name for head in table.heads], table.rows)
        if table.note:
            _add(document, table.note, "Note")


def _levers(numbers: Numbers) -> list[Table]:
    """Each lever with what was asked, what was spent and what its numbers rest on; empty where there is none."""
    tables = sources.assumption_tables(numbers)
    if not tables:
        return []
    whole = tables[0]
    kept = [k for k, head in enumerate(whole.heads) if head.name != "What it does"]
    rows = [[first_sentence(row[k]) for k in kept] for row in whole.rows]
    return [Table(whole.caption, [whole.heads[k] for k in kept], rows, whole.note)]


def _see(annexes: Mapping[str, Table], letters: Sequence[str]) -> str:
    """A sentence that leads to some annexes; empty where there is none."""
    said = words.join([f"annex {letter} for {lower(annexes[letter].caption)}" for letter in letters])
    return said and f"See {said}."


def _annexes(document: Document, tables: Mapping[str, Table]) -> None:
    """The long tables, on pages of their own: nobody has to leaf through them to read the paper."""
    for letter, table in tables.items():
        heading = document.add_heading(f"Annex {letter}. {table.caption}", level=1)
        heading.paragraph_format.page_break_before = letter == ascii_uppercase[0]
        _table(document, "", [head.name for head in table.heads], table.rows, table.caption)
        if table.note:
            _add(document, table.note, "Note")


# ---------------------------------------------------------------------------------------------------- Word


def _styles(document: Document, title: str) -> None:
    """A4, Arial, dark text, a page number below; the file's own title, language and fixed dates."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(MARGIN)
    section.top_margin = section.bottom_margin = Cm(2.0)
    styles = document.styles
    for name, size in (("Normal", BODY), ("Title", 20), ("Heading 1", 14), ("Caption", SMALL), ("List Bullet", BODY)):
        style: Any = styles[name]
        _font(style, size, bold=name in ("Title", "Heading 1"))
        style.paragraph_format.space_after = Pt(6)
    _language(styles["Normal"])
    for language in styles.element.iter(qn("w:lang")):  # the template's own default too
        language.set(qn("w:val"), "en-GB")
    for name, size, bold in (("Answer", 13, False), ("Warning", BODY, False), ("Note", SMALL, False)):
        made: Any = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = styles["Normal"]
        _font(made, size, bold)
    muted: Any = styles["Note"]
    muted.font.color.rgb = _rgb(MUTED)
    about = document.core_properties
    about.title, about.author, about.language, about.comments = title, "headwater", "en-GB", ""
    about.created = about.modified = MADE
    about.last_modified_by = "headwater"
    footer = section.footer.paragraphs[0]
    footer.style = styles["Note"]
    footer.add_run("Made by headwater: conditional on its assumptions, no forecast.   Page ")
    _page_number(footer)


def _font(style: Any, size: float, bold: bool) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    style.font.name, style.font.size, style.font.bold, style.font.italic = "Arial", Pt(size), bold, False
    style.font.color.rgb = _rgb(INK)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in list(fonts.attrib):
        if key.endswith("Theme"):  # would overrule the name
            del fonts.attrib[key]
    for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), "Arial")


def _rgb(colour: str) -> Any:
    from docx.shared import RGBColor

    return RGBColor.from_string(colour.lstrip("#"))


def _language(style: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    style.element.get_or_add_rPr().append(language)


def _page_number(paragraph: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _add(document: Document, text: str, style: str | None = None) -> Any:
    return document.add_paragraph(text, style=style)


def _bold_start(document: Document, start: str, rest: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.add_run(f"{start}. ").bold = True
    paragraph.add_run(rest)


def _table(
    document: Document, caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], about: str = ""
) -> None:
    """A table under its caption (none where a heading names it): a header row that repeats on every page, rows that do
    not break, thin rules. about: what it is, for who cannot see it; the caption, unless given."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.oxml import OxmlElement
    from docx.shared import Cm, Pt

    if caption:
        document.add_paragraph(caption, style="Caption").paragraph_format.keep_with_next = True
    table = document.add_table(rows=1 + len(rows), cols=len(heads))
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    _rules(table)
    _described(table, about or caption)
    rows, widths = _fitted(heads, rows)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for row, texts in zip(table.rows, [heads, *rows], strict=True):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if texts is heads:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, width in zip(row.cells, texts, widths, strict=True):
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(1)
            run = paragraph.add_run(text)
            run.font.size = Pt(SMALL)
            run.bold = texts is heads
    document.add_paragraph(style="Note").paragraph_format.space_after = Pt(2)


def _fitted(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[list[str]], list[float]]:
    """The rows, and centimetres of each column. Where the columns have no room for their unbroken ranges, ranges may
    break between words, so that nothing breaks within a number."""
    whole = [[str(text) for text in row] for row in rows]
    if sum(_narrowest(heads, whole)) > TEXT_WIDE:
        whole = [[text.replace(NBSP, " ") for text in row] for row in whole]
    return whole, _widths(heads, whole)


def _narrowest(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Centimetres in which the longest word of each column has room."""
    return [max(_words(row[k], bold) for row, bold in _bold(heads, rows)) + BESIDE for k in range(len(heads))]


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Centimetres of each column, together the width of the text: room for its longest word, and what is left where it
    saves the tall rows most lines."""
    widths = _narrowest(heads, rows)
    lines = [[[_line(line, bold) for line in row[k].split("\n")] for row, bold in _bold(heads, rows)]
             for k in range(len(heads))]  # fmt: skip
    while sum(widths) + GRAIN <= TEXT_WIDE:
        saved = [_height(lines[k], width) - _height(lines[k], width + GRAIN) for k, width in enumerate(widths)]
        if max(saved) <= 0:  # every line has room
            break
        widths[saved.index(max(saved))] += GRAIN
    return [TEXT_WIDE * width / sum(widths) for width in widths]


def _height(cells: Sequence[Sequence[float]], width: float) -> float:
    """How tall a column is of cells whose lines are so long, in centimetres; tall cells weigh more."""
    return float(sum(sum(max(line / (width - BESIDE), 1.0) for line in cell) ** STEEP for cell in cells))


def _bold(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[Sequence[str], bool]]:
    """Rows of a table, and whether they are bold."""
    return [(heads, True), *((row, False) for row in rows)]


def _words(text: str, bold: bool) -> float:
    """Centimetres of the longest part of a text that cannot be broken."""
    return max(GRAIN, *(_line(word, bold) for word in text.replace("\n", " ").split(" ")))


def _line(text: str, bold: bool) -> float:
    """Centimetres of the longest line of a text."""
    weight = "bold" if bold else "normal"
    return max(INCH * text_width(line, SMALL, weight) for line in text.split("\n"))


def _rules(table: Any) -> None:
    """Thin horizontal rules, as in the page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tblBorders")
    for side in ("w:top", "w:bottom", "w:insideH"):
        line = OxmlElement(side)
        for key, value in (("w:val", "single"), ("w:sz", "4"), ("w:color", RULE.lstrip("#"))):
            line.set(qn(key), value)
        borders.append(line)
    table._tbl.tblPr.find(qn("w:tblLayout")).addprevious(borders)  # where the format's order of parts has it


def _described(table: Any, about: str) -> None:
    """The table's title for screen readers."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    title = OxmlElement("w:tblCaption")
    title.set(qn("w:val"), about)
    table._tbl.tblPr.append(title)


def _same_bytes(document: Document) -> bytes:
    """The file, without the hour at which it was written."""
    written, out = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            body = source.read(info)
            entry = zipfile.ZipInfo(info.filename, MADE.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, body)
    return out.getvalue()
