"""Native charts of the workbook: headline measures over the years, and their changes in the last, with ranges."""

from __future__ import annotations

import math
import re
from typing import Any

from sim import clock
from sim.report import style, workbook
from sim.report.numbers import Numbers
from sim.report.style import significant
from sim.report.trends import HEADLINES

SIZE = {"width": 620, "height": 330}
ACROSS, ROWS_HIGH, COLUMNS_WIDE = 2, 18, 10  # cells that a chart takes
HEAD_HIGH = 78  # points: a scenario, a measure and its unit in a narrow column
DASHES = ("solid", "long_dash_dot", "round_dot", "long_dash")
SMALLEST = 1e-6  # per cent: where nothing changes the axis has some length
GRID = {"visible": True, "line": {"color": style.RULE}}
DATA = "Chart data"


def add(book: Any, sheet: Any, data: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    """Put the charts on `sheet` and what they draw on `data`: a block of rows for each."""
    measures = numbers.known(HEADLINES)
    sheet.hide_gridlines(2)
    sheet.write(
        0,
        0,
        f"Means of the runs; the ranges that hold 90 % of them are on {'Summary and ' * bool(numbers.compared)}Series.",
        formats["bold"],
    )
    data.set_column(0, 0, 34)
    data.set_column(1, 3 * len(numbers.scenarios), 16)
    row = 0
    charts = []
    for measure in measures:
        charts.append(_over_time(book, data, numbers, measure, row, formats))
        row += len(numbers.years) + 2
    if numbers.compared:
        charts.append(_in_the_end(book, data, numbers, measures, row, formats))
    for place, (chart, words) in enumerate(charts):
        down, along = divmod(place, ACROSS)
        sheet.insert_chart(2 + down * ROWS_HIGH, along * COLUMNS_WIDE, chart, {"description": words})


def _over_time(
    book: Any, data: Any, numbers: Numbers, measure: str, top: int, formats: dict[str, Any]
) -> tuple[Any, str]:
    """A line a scenario over the years; returns the chart and its description."""
    info = numbers.info(measure)
    data.write(top, 0, f"Financial year; values {workbook.SIMULATED}", formats["head"])
    data.set_row(top, HEAD_HIGH)
    chart = book.add_chart({"type": "line"})
    last = top + len(numbers.years)
    for row, year in enumerate(numbers.years, start=top + 1):
        data.write_string(row, 0, clock.fin_year_label(year))
    ends = []
    for column, name in enumerate(numbers.scenarios, start=1):
        data.write(top, column, f"{numbers.label(name)}: {info.label}, {numbers.unit(measure)}", formats["head"])
        line = numbers.level(measure, name)
        for row, value in enumerate(line.mid, start=top + 1):
            workbook.put(data, row, column, float(value), info.decimals, formats)
        dash = "dash" if name == numbers.base else DASHES[(column - 2) % len(DASHES)]
        chart.add_series({
            "name": _plain(numbers.label(name)),
            "categories": [DATA, top + 1, 0, last, 0],
            "values": [DATA, top + 1, column, last, column],
            "line": {"color": numbers.looks[name].colour, "width": 2.25, "dash_type": dash},
        })  # fmt: skip
        first, final = (numbers.shown(measure, float(line.mid[k])) for k in (0, -1))
        ends.append(f"{numbers.label(name)} from {first} to {final}")
    unit = numbers.unit(measure)
    chart.set_title({"name": f"{info.label}, mean of the runs", "name_font": {"size": 12}})
    chart.set_y_axis({"name": unit, "num_format": _format(info.decimals), "major_gridlines": GRID})
    chart.set_x_axis({"name": "Financial year"})
    chart.set_legend({"position": "bottom"})
    chart.set_size(SIZE)
    return chart, f"{info.label} ({unit}) by financial year: {'; '.join(ends)}."


def _in_the_end(
    book: Any, data: Any, numbers: Numbers, measures: list[str], top: int, formats: dict[str, Any]
) -> tuple[Any, str]:
    """Change in the last year in per cent of the baseline, a bar a scenario, with the range of 90 % of runs."""
    when, base = clock.fin_year_label(numbers.years[-1]), numbers.label(numbers.base)
    data.write(top, 0, f"Change from {base} in {when}, {workbook.SIMULATED}", formats["head"])
    data.set_row(top, HEAD_HIGH)
    chart = book.add_chart({"type": "bar"})
    last = top + len(measures)
    for row, measure in enumerate(measures, start=top + 1):
        data.write_string(row, 0, numbers.info(measure).label)
    said, ends = [], [0.0]
    for k, name in enumerate(numbers.compared):
        column = 1 + 3 * k
        label = numbers.label(name)
        for shift, what in enumerate(("mean", "below the mean, to 5 % of runs", "above it, to 5 % of runs")):
            data.write(top, column + shift, f"{label}: % of {base}, {what}", formats["head"])
        each = []
        for row, measure in enumerate(measures, start=top + 1):
            line = numbers.share_change(measure, name)
            mid, low, high = (100 * float(x[-1]) for x in (line.mid, line.low, line.high))
            ends += [value for value in (mid, low, high) if math.isfinite(value)]
            for shift, value in enumerate((mid, mid - low, high - mid)):
                workbook.put(data, row, column + shift, value, 3, formats)
            each.append(f"{numbers.name(measure)} {style.signed_percent(mid / 100)}")
        reach = {
            kind: f"='{DATA}'!{_cells(top + 1, last, column + shift)}" for shift, kind in ((1, "minus"), (2, "plus"))
        }
        chart.add_series({
            "name": _plain(numbers.label(name)),
            "categories": [DATA, top + 1, 0, last, 0],
            "values": [DATA, top + 1, column, last, column],
            "fill": {"color": numbers.looks[name].colour},
            "gap": 60,
            "x_error_bars": {"type": "custom", "plus_values": reach["plus"], "minus_values": reach["minus"],
                             "line": {"color": style.INK, "width": 1}},
        })  # fmt: skip
        said.append(f"{label}: {', '.join(each)}")
    chart.set_title(
        {"name": _plain(f"Change from {base} in {when}, and where 90 % of runs lie"), "name_font": {"size": 12}}
    )
    room = _reach(ends)
    decimals = max(0, significant(room["max"] - room["min"]) - 1)
    # labels "high" are at the bottom, as the measures run downwards
    chart.set_x_axis({"name": _plain(f"% of {base}"), "num_format": _format(decimals), "major_gridlines": GRID,
                      "label_position": "high", **room})  # fmt: skip
    chart.set_y_axis({"reverse": True, "label_position": "low"})
    chart.set_legend({"position": "bottom"})
    chart.set_size(SIZE)
    return chart, f"Change from {base} in {when}, mean of the runs. {'. '.join(said)}."


def _plain(text: str) -> str:
    """A text of a chart that cannot be read as a reference to a cell: ``Go!A1`` could."""
    return re.sub(r"!(?=\$?[A-Z]+\$?\d)", "! ", text)


def _reach(ends: list[float]) -> dict[str, float]:
    """Ends of an axis that hold every bar and its range: programs look at the bars alone."""
    step = 10.0 ** math.floor(math.log10(max(max(ends) - min(ends), SMALLEST)))
    return {"min": step * math.floor(min(ends) / step), "max": step * max(math.ceil(max(ends) / step), 1)}


def _format(decimals: int) -> str:
    """Of an axis: one decimal more than the measure has where its steps need it, so that no two ticks look alike."""
    return "#,##0" + ("." + "0" * decimals + "#" if decimals else "")


def _cells(first: int, last: int, column: int) -> str:
    """A column of cells, as Excel names it."""
    from xlsxwriter.utility import xl_range_abs

    return str(xl_range_abs(first, column, last, column))
