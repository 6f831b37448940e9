"""The numbers as an Excel workbook: what it is, headline, every year of every measure, evidence, a native chart."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from sim import clock, disk
from sim.report import assumptions, sections, sources
from sim.report.numbers import Numbers

CHARTED = ("emergency_admissions", "waiting_list", "residents")  # the first of these that was measured
# Excel stores when a file was made; a fixed date keeps equal results equal files.
MADE = datetime.datetime(2025, 1, 1)
MOST_COLUMN = 60


def write(numbers: Numbers, path: Path) -> Path:
    """Write the workbook. Raises `EnvironmentFault` when the disk refuses."""
    book = xlsxwriter.Workbook(str(path), {"nan_inf_to_errors": False})
    results = numbers.results
    book.set_properties({"title": f"headwater: {results.place_label}", "author": "headwater", "created": MADE})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "bold": book.add_format({"bold": True, "valign": "top"}),
    }
    for digits in range(4):
        formats[f"n{digits}"] = book.add_format({"num_format": "#,##0" + ("." + "0" * digits if digits else "")})
    _about(book.add_worksheet("About"), numbers, formats)
    _summary(book.add_worksheet("Summary"), numbers, formats)
    series = book.add_worksheet("Series")
    _series(series, numbers, formats)
    _chart(book, numbers, formats)
    _evidence(book.add_worksheet("Evidence"), numbers, formats)
    with disk.refusals(path):
        try:
            book.close()
        except FileCreateError as fault:  # made of the disk's own exception
            raise OSError(*getattr(fault.args[0], "args", (str(fault),))) from fault
    return path


def _about(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    results = numbers.results
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 110)
    sheet.write(0, 0, f"headwater: {results.place_label}", formats["title"])
    base = numbers.label(numbers.base)
    lines = [
        ("The answer", results.headline),
        ("Scenarios", "; ".join(numbers.label(name) for name in numbers.scenarios)),
        (
            "Summary",
            f"Last year: level in {base}, each scenario's level and its paired change, with where 90 % of runs lie.",
        ),
        (
            "Series",
            "Every measure, scenario and financial year (2026/27 is April 2026 to March 2027), the same columns.",
        ),
        ("Chart", "One measure over the years, a native chart that can be edited."),
        ("Evidence", "Every number behind the scenarios' levers, with interval, grade and source."),
        ("low, high", "90 % of runs lie between them. They are no confidence interval."),
        ("hospital trust", "Counts all patients of the local trust; other lines count the residents of the place."),
        *(("How sure", line) for line in sections.how_sure(numbers)),
        *(("Where from", line) for line in sources.provenance_words(numbers)),
        ("Licence", sources.ATTRIBUTION),
    ]
    for row, (name, text) in enumerate(lines, start=2):
        sheet.write(row, 0, name, formats["bold"])
        sheet.write(row, 1, text, formats["text"])


HEADS = (
    ("Scenario", 20), ("Measure", 40), ("Unit", 26), ("Whose", 14), ("Financial year", 13), ("Runs", 6),
    ("Level, mean (unit as column C)", 14), ("Level, low: 5 % of runs below", 14),
    ("Level, high: 5 % of runs above", 14),
    ("Change from the baseline, mean", 14), ("Change, low", 14), ("Change, high", 14),
    ("Share of spread that is chance", 14),
)  # fmt: skip


def _put(sheet: Any, row: int, column: int, value: float, decimals: int, formats: dict[str, Any]) -> None:
    if math.isfinite(value):
        sheet.write_number(row, column, value, formats[f"n{min(decimals, 3)}"])
    else:
        sheet.write_blank(row, column, None)


def _table(sheet: Any, numbers: Numbers, formats: dict[str, Any], years: list[int]) -> None:
    for column, (name, width) in enumerate(HEADS):
        sheet.write(0, column, name, formats["head"])
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 2)
    frame = numbers.results.summary(years=years)
    for row, one in enumerate(frame.to_dict("records"), start=1):
        measure = numbers.info(str(one["measure"]))
        words = (numbers.label(str(one["scenario"])), measure.label, measure.unit, measure.scope)
        for column, text in enumerate((*words, clock.fin_year_label(int(one["year"])))):
            sheet.write_string(row, column, text)
        sheet.write_number(row, 5, int(one["runs"]))
        for column, key in enumerate(("value", "low", "high"), start=6):
            _put(sheet, row, column, float(one[key]), measure.decimals, formats)
        if one["scenario"] != numbers.base:
            for column, key in enumerate(("change", "change_low", "change_high"), start=9):
                _put(sheet, row, column, float(one[key]), min(measure.decimals + 1, 3), formats)
            _put(sheet, row, 12, float(one["noise_share"]), 2, formats)
    sheet.autofilter(0, 0, max(len(frame), 1), len(HEADS) - 1)


def _summary(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    _table(sheet, numbers, formats, [numbers.results.horizon])


def _series(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    _table(sheet, numbers, formats, list(numbers.years))


def _chart(book: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    measure = numbers.known(CHARTED)[0]
    sheet = book.add_worksheet("Chart")
    info = numbers.info(measure)
    sheet.write(0, 0, "Financial year", formats["head"])
    sheet.set_column(0, len(numbers.scenarios), 16)
    chart = book.add_chart({"type": "line"})
    last = len(numbers.years)
    for row, year in enumerate(numbers.years, start=1):
        sheet.write_string(row, 0, clock.fin_year_label(year))
    for column, name in enumerate(numbers.scenarios, start=1):
        sheet.write(0, column, f"{numbers.label(name)}: {info.label}, {info.unit}", formats["head"])
        line = numbers.level(measure, name)
        for row, value in enumerate(line.mid, start=1):
            _put(sheet, row, column, float(value), info.decimals, formats)
        look = numbers.looks[name]
        dash = (
            "dash" if name == numbers.base else ("solid", "long_dash_dot", "round_dot", "long_dash")[(column - 2) % 4]
        )
        chart.add_series(
            {
                "name": numbers.label(name),
                "categories": ["Chart", 1, 0, last, 0],
                "values": ["Chart", 1, column, last, column],
                "line": {"color": look.colour, "width": 2.25, "dash_type": dash},
            }
        )
    chart.set_title({"name": f"{info.label}, mean of the runs", "name_font": {"size": 12}})
    chart.set_y_axis(
        {"name": info.unit, "num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D8DDE0"}}}
    )
    chart.set_x_axis({"name": "Financial year"})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 420})
    sheet.insert_chart(
        1, len(numbers.scenarios) + 2, chart, {"description": f"{info.label} by financial year and scenario"}
    )


def _evidence(sheet: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    heads = (
        "Number",
        "Value",
        "Low (95 % interval of the evidence)",
        "High",
        "Unit",
        "Grade",
        "Source",
        "What weakens its use here",
        "Note",
    )
    for column, name in enumerate(heads):
        sheet.write(0, column, name, formats["head"])
        sheet.set_column(column, column, (44, 12, 12, 12, 30, 12, MOST_COLUMN, 40, 40)[column])
    levers = [p for one in assumptions.behind(numbers) for p in one.parameters]
    seen = {p.name: p for p in (*assumptions.of_money(), *levers)}
    for row, p in enumerate(seen.values(), start=1):
        sheet.write_string(row, 0, p.name)
        for column, value in enumerate((p.value, p.low, p.high), start=1):
            if value is not None:
                sheet.write_number(row, column, value)
        for column, text in enumerate((p.unit, p.grade, p.source, p.transfer, p.note), start=4):
            sheet.write_string(row, column, text)
    sheet.freeze_panes(1, 1)
