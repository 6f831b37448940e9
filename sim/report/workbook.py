"""The numbers as an Excel workbook: what it is, headlines, native charts, every year and measure, money, evidence."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from sim import clock, disk
from sim.outcomes.sentences import HEADLINES
from sim.outcomes.summary import FEWEST_RUNS
from sim.outcomes.value import MOVED_COUNTS
from sim.report import assumptions, sections, sources, workbook_charts
from sim.report.numbers import Numbers
from sim.report.words import VERDICTS

# Excel stores when a file was made; a fixed date keeps equal results equal files.
MADE = datetime.datetime(2025, 1, 1)
MOST_COLUMN = 60
TEXT_WIDE, LINE_HIGH = 110, 15  # characters in a line of About; points
FILLED = 0.88  # of a line, as words are not broken
HEAD_HIGH = 48
SIMULATED = "simulated by headwater"  # the source of every number but the evidence, in the heads of its sheet
ITEM_WIDE = 88  # the longest item of the ledgers has room in one line
PAPER_A4 = 9


def write(numbers: Numbers, path: Path) -> Path:
    """Write the workbook. Raises `EnvironmentFault` when the disk refuses."""
    # a scenario's name or a source that begins with "=" or "http" is text and stays text
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    results = numbers.results
    book.set_properties({"title": f"headwater: {results.place_label}", "author": "headwater", "created": MADE})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True, "valign": "top"}),
        "apart": book.add_format({"indent": 1}),
        "unit": book.add_format({"text_wrap": True, "valign": "top", "indent": 1}),
        "number": book.add_format({"valign": "top"}),
    }
    for digits in range(4):
        formats[f"n{digits}"] = book.add_format({"num_format": "#,##0" + ("." + "0" * digits if digits else "")})
    names = ["About", "Summary", "Charts", "Series", "Money", "Evidence", "Chart data"]
    sheets = {name: _sheet(book, name) for name in names if name != "Money" or _ledgers(numbers) is not None}
    _about(sheets["About"], numbers, formats)
    _summary(sheets["Summary"], numbers, formats)
    workbook_charts.add(book, sheets["Charts"], sheets["Chart data"], numbers, formats)
    _series(sheets["Series"], numbers, formats)
    if "Money" in sheets:
        _money(sheets["Money"], numbers, formats)
    _evidence(sheets["Evidence"], numbers, formats)
    with disk.refusals(path):
        try:
            book.close()
        except FileCreateError as fault:  # made of the disk's own exception
            raise OSError(*getattr(fault.args[0], "args", (str(fault),))) from fault
    return path


def _sheet(book: Any, name: str) -> Any:
    """A sheet that prints as wide as a page of A4 on its side, with its first row on each page."""
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(PAPER_A4)
    sheet.fit_to_pages(1, 1 if name == "Charts" else 0)
    sheet.set_footer(f"&L{name}&Rpage &P of &N")
    if name not in ("About", "Charts"):
        sheet.repeat_rows(0)
    return sheet


def _about(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    results = numbers.results
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, TEXT_WIDE)
    sheet.write(0, 0, f"headwater: {results.place_label}", formats["title"])
    base = numbers.label(numbers.base)
    lines = [
        ("The answer", results.headline),
        ("Scenarios", "; ".join(numbers.label(name) for name in numbers.scenarios)),
        (
            "Summary",
            f"Headline measures in {clock.fin_year_label(results.horizon)}: the level in {base}"
            + (
                ", and each scenario's paired change from it, with where 90 % of runs lie." * bool(numbers.compared)
                or "."
            ),
        ),
        (
            "Charts",
            f"Headline measures over the years{', and their changes in the last' * bool(numbers.compared)}: native "
            "charts, to be edited.",
        ),
        (
            "Series",
            "Every measure, scenario and financial year (2026/27 is April 2026 to March 2027): level"
            f"{' and change' * bool(numbers.compared)}.",
        ),
        *(
            [
                (
                    "Money",
                    "The three ledgers: cash, capacity released, social value. They are never added up. "
                    f"{MOVED_COUNTS}",
                )
            ]
            if _ledgers(numbers) is not None
            else []
        ),
        ("Evidence", "Every number behind the scenarios' levers, with interval, grade and source."),
        ("Chart data", "What the charts draw."),
        ("low, high", "90 % of runs lie between them. They are no confidence interval."),
        ("hospital trust", "Counts all patients of the local trust; other lines count the residents of the place."),
        *(("How sure", line) for line in sections.how_sure(numbers)),
        *(("Where from", line) for line in sources.provenance_words(numbers)),
        ("Licence", sources.ATTRIBUTION),
    ]
    for row, (name, text) in enumerate(lines, start=2):
        sheet.set_row(row, LINE_HIGH * -(-len(text) // (TEXT_WIDE - 10)))  # not every program fits rows to their text
        sheet.write(row, 0, name, formats["bold"])
        sheet.write(row, 1, text, formats["text"])


def _heads(sheet: Any, heads: Sequence[tuple[str, float]], formats: dict[str, Any]) -> None:
    """The first row and the widths of the columns."""
    sheet.set_row(0, HEAD_HIGH)
    for column, (name, width) in enumerate(heads):
        sheet.write(0, column, name, formats["head"])
        sheet.set_column(column, column, width)


HEADS = (
    ("Scenario", 20), (f"Measure, {SIMULATED}", 40), ("Unit", 26), ("Whose", 14), ("Financial year", 13), ("Runs", 6),
    ("Level, mean (unit as column C)", 14), ("Level, low: 5 % of runs below", 14),
    ("Level, high: 5 % of runs above", 14),
    ("Change from the baseline, mean", 14), ("Change, low", 14), ("Change, high", 14),
    ("Share of spread that is chance", 14),
)  # fmt: skip


def put(sheet: Any, row: int, column: int, value: float, decimals: int, formats: dict[str, Any]) -> None:
    """Write a number with so many decimals (at most 3), or nothing where there is none."""
    if math.isfinite(value):
        sheet.write_number(row, column, value, formats[f"n{min(decimals, 3)}"])
    else:
        sheet.write_blank(row, column, None)


def _summary(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    """Headline measures in the last year, a row each: the level in the baseline, and every scenario's change."""
    results = numbers.results
    base = numbers.label(numbers.base)
    heads: list[tuple[str, float]] = [
        (f"Measure, {SIMULATED}", 46),
        ("Unit", 38),
        ("Whose", 10),
        (f"{base}: level, mean", 13),
    ]
    for name in numbers.compared:
        label = numbers.label(name)
        heads += [(f"{label}: change, mean", 14), (f"{label}: change, low (5 % of runs below)", 14),
                  (f"{label}: change, high (5 % of runs above)", 14), (f"{label}: verdict", 17)]  # fmt: skip
    _heads(sheet, heads, formats)
    measures = [name for names in HEADLINES.values() for name in names if name in results.shown]
    for row, measure in enumerate(measures, start=1):
        info = numbers.info(measure)
        unit = f"{info.unit} (changes: percentage points)" if info.unit.startswith("%") else info.unit
        for column, text in enumerate((info.label, unit, info.scope)):
            sheet.write_string(row, column, text)
        put(sheet, row, 3, results.change(measure, numbers.base).base.mean, info.decimals, formats)
        for k, name in enumerate(numbers.compared):
            found = results.change(measure, name)
            d = found.difference
            for shift, value in enumerate((d.mean, d.low, d.high)):
                put(sheet, row, 4 + 4 * k + shift, value, min(info.decimals + 1, 3), formats)
            said = VERDICTS[found.verdict] if d.runs >= FEWEST_RUNS else "too few runs to say"
            sheet.write_string(row, 7 + 4 * k, said, formats["apart"])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(measures), 1), len(heads) - 1)


def _series(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    _heads(sheet, HEADS, formats)
    sheet.freeze_panes(1, 2)
    frame = numbers.results.summary(years=list(numbers.years))
    labels = {name: numbers.label(name) for name in numbers.scenarios}
    years = {year: clock.fin_year_label(year) for year in numbers.years}
    for row, one in enumerate(frame.to_dict("records"), start=1):
        measure = numbers.info(str(one["measure"]))
        words = (labels[str(one["scenario"])], measure.label, measure.unit, measure.scope)
        for column, text in enumerate((*words, years[int(one["year"])])):
            sheet.write_string(row, column, text)
        sheet.write_number(row, 5, int(one["runs"]))
        for column, key in enumerate(("value", "low", "high"), start=6):
            put(sheet, row, column, float(one[key]), measure.decimals, formats)
        if one["scenario"] != numbers.base:
            for column, key in enumerate(("change", "change_low", "change_high"), start=9):
                put(sheet, row, column, float(one[key]), min(measure.decimals + 1, 3), formats)
            put(sheet, row, 12, float(one["noise_share"]), 2, formats)
    sheet.autofilter(0, 0, max(len(frame), 1), len(HEADS) - 1)


def _ledgers(numbers: Numbers) -> Any:
    """The three ledgers as a table, None where nothing is compared or no policy ran for a year."""
    return numbers.results.money() if numbers.compared and numbers.results.policy_years >= 1 else None


def _money(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    years = numbers.results.policy_years
    over = f"over {years} year{'s' * (years != 1)}, discounted to {clock.label(numbers.results.policy_start)}"
    heads = (("Scenario", 22), (f"Item, {SIMULATED}", ITEM_WIDE), ("Unit", 14), (f"Mean {over}", 20),
             ("Low: 5 % of runs below", 16), ("High: 5 % of runs above", 16))  # fmt: skip
    _heads(sheet, heads, formats)
    frame = _ledgers(numbers)
    for row, one in enumerate(frame.to_dict("records"), start=1):
        unit = "£ of 2024/25" if one["unit"] == "£" else str(one["unit"])
        for column, text in enumerate((numbers.label(str(one["scenario"])), str(one["label"]), unit)):
            sheet.write_string(row, column, text)
        for column, key in enumerate(("mean", "low", "high"), start=3):
            put(sheet, row, column, float(one[key]), 0 if one["unit"] == "£" else 1, formats)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(frame), 1), len(heads) - 1)


def _evidence(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    heads = (("Number", 44), ("Value", 12), ("Low (95 % interval of the evidence)", 14), ("High", 12), ("Unit", 30),
             ("Grade", 12), ("Source", MOST_COLUMN), ("What weakens its use here", 40), ("Note", 40))  # fmt: skip
    _heads(sheet, heads, formats)
    levers = [p for one in assumptions.behind(numbers) for p in one.parameters]
    seen = {p.name: p for p in (*assumptions.of_money(), *levers)}
    for row, p in enumerate(seen.values(), start=1):
        texts = (p.unit, p.grade, p.source, p.transfer, p.note)
        sheet.set_row(row, LINE_HIGH * max(_lines(text, heads[4 + k][1]) for k, text in enumerate(texts)))
        sheet.write_string(row, 0, p.name, formats["text"])
        for column, value in enumerate((p.value, p.low, p.high), start=1):
            if value is not None:
                sheet.write_number(row, column, value, formats["number"])
        for column, text in enumerate(texts, start=4):
            sheet.write_string(row, column, text, formats["unit" if column == 4 else "text"])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(seen), 1), len(heads) - 1)


def _lines(text: str, width: float) -> int:
    """Lines that a text takes in a column of so many characters, rather one too many: words are not broken."""
    return max(1, -(-len(text) // int(width * FILLED)))
