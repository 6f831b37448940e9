"""The table of a comparison, for the terminal and for notebooks: at the horizon, each scenario against the baseline."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from sim import clock
from sim.outcomes import bounds, growth, unjudged
from sim.outcomes.rounding import MILLION, apart, level, plain, signed, step_of
from sim.outcomes.sentences import HEADLINES, headline, money_sentence
from sim.outcomes.summary import FEWEST_RUNS

if TYPE_CHECKING:
    from sim.outcomes.change import Change
    from sim.outcomes.measures import Measure
    from sim.outcomes.results import Results

WIDTH = 100
NAME_WIDTH, BASE_WIDTH, CELL_WIDTH = 31, 9, 20
SCENARIOS_ABREAST = 3
THOUSAND = 1000.0


@dataclass(frozen=True)
class Cell:
    """A change in words: ``better −1,200`` over ``−2,000 to −400``; `verdict` as in `results.Change`."""

    first: str
    second: str
    verdict: str


@dataclass(frozen=True)
class Row:
    """A measure: its name, its unit and whom it covers, the baseline's level, a cell for each scenario."""

    heading: str
    name: str
    label: str
    unit: str
    base: str
    cells: tuple[Cell, ...]


def rows(results: Results) -> list[Row]:
    """The rows of the table at the horizon, in the order of `sentences.HEADLINES`."""
    made = []
    for heading, names in HEADLINES.items():
        for name in names:
            if name not in results.shown:
                continue
            changes = [results.change(name, scenario) for scenario in results.others]
            base = results.change(name, results.baseline).base
            if base.runs == 0 or (name == "lever_spend" and base.high == 0 and all(_nothing(c) for c in changes)):
                continue
            m = results.measures[name]
            shown = level(base.mean / _divisor(m), _decimals(m)) + (" %" if m.unit == "%" else "")
            made.append(Row(heading, name, _label(m), _unit(m), shown, tuple(cell(c) for c in changes)))
    return made


def _nothing(change: Change) -> bool:
    return change.value.high == 0 == change.value.low


def _label(m: Measure) -> str:
    return m.label if m.label[:2].isupper() or m.label.startswith("A&E") else m.label[:1].upper() + m.label[1:]


def _divisor(m: Measure) -> float:
    """Money is shown in millions."""
    return MILLION if m.unit.startswith("£") else 1.0


def _decimals(m: Measure) -> int:
    return 1 if m.unit.startswith("£") else m.decimals


def _unit(m: Measure) -> str:
    """What the second line says: the unit, unless the name or the number says it already, and whom it covers."""
    unit = "" if m.unit == "%" else m.unit_after_label.replace("£", "£m")
    return ", ".join(part for part in (unit, "hospital" * (m.scope == "hospital")) if part)


def cell(change: Change) -> Cell:
    """A change rounded to its own uncertainty."""
    d, scale = change.difference, _divisor(change.measure)
    if d.runs == 0:
        return Cell("cannot be told", "", "unclear")
    if change.verdict == "same":
        return Cell("no change", "", "same")
    finest = 10.0 ** -(_decimals(change.measure) + 1)
    step = max(step_of((d.high - d.low) / scale or abs(d.mean) / scale), finest)
    step = apart(d.low / scale, d.high / scale, step)
    unit = " pp" if change.measure.unit == "%" else ""
    times, short = _shortened(max(abs(d.low), abs(d.high)) / scale, step)
    scale, step = scale * times, step / times
    word = "" if d.runs < FEWEST_RUNS else f"{change.verdict} "  # too few runs to say even that it is unclear
    first = f"{word}{_amount(d.mean / scale, step, short)}{unit}"
    if d.runs < 2 or d.low == d.high:
        return Cell(first, "", change.verdict)
    ends = f"{_amount(d.low / scale, step, short)} to {_amount(d.high / scale, step, short)}"
    return Cell(first, ends, change.verdict)


def _shortened(size: float, step: float) -> tuple[float, str]:
    """In what large numbers are counted, so that a range with the letter at both ends fits its column: thousands from
    a hundred thousand, millions from ten million."""
    if step >= THOUSAND and size >= 10 * MILLION:
        return MILLION, "m"
    return (THOUSAND, "k") if step >= THOUSAND and size >= 100 * THOUSAND else (1.0, "")


def _amount(value: float, step: float, short: str) -> str:
    """``+1,750k``; nothing stands behind a nought."""
    text = signed(value, step)
    return text + short if text.strip("0.") else text


def render(results: Results) -> str:
    """The comparison as text, at most 100 columns: the finding, the table, what the money buys, how to read it."""
    blocks = [textwrap.fill(headline(results), WIDTH), ""]
    made = rows(results)
    when = clock.fin_year_label(results.horizon)
    for first in range(0, max(len(results.others), 1), SCENARIOS_ABREAST):
        abreast = results.others[first : first + SCENARIOS_ABREAST]
        blocks += _block(results, made, when, abreast, first)
    blocks += growth.render(growth.growth(results))
    blocks += _worth(results)
    blocks += unjudged.render(results)
    blocks += bounds.render(results)
    return "\n".join([*blocks, _how_to_read(results)]) + "\n"


def _block(results: Results, made: list[Row], when: str, abreast: tuple[str, ...], first: int) -> list[str]:
    names = [textwrap.wrap(results.label(s), CELL_WIDTH - 1)[:2] for s in (results.baseline, *abreast)]
    names[0] = textwrap.wrap(results.label(results.baseline), BASE_WIDTH)[:2]
    out = []
    for line in range(max(map(len, names))):
        words = [name[line] if line < len(name) else "" for name in names]
        left = f"In {when}" if line == 0 else ""
        out.append(_line(left, words[0], words[1:]))
    out.append("─" * (NAME_WIDTH + BASE_WIDTH + CELL_WIDTH * len(abreast)))
    heading = ""
    for row in made:
        if row.heading != heading:
            heading = row.heading
            out.append(heading.upper())
        cells = row.cells[first : first + len(abreast)]
        name = textwrap.wrap(row.label, NAME_WIDTH - 3)
        name += textwrap.wrap(row.unit, NAME_WIDTH - 3, initial_indent="  ", subsequent_indent="  ")
        lines: list[list[str]] = [[c.first for c in cells], [c.second for c in cells]]
        for k in range(max(len(name), 2)):
            left = f"  {name[k]}" if k < len(name) else ""
            line_text = _line(left, row.base if k == 0 else "", lines[k] if k < 2 else [])
            if line_text:
                out.append(line_text)
    return [*out, ""]


def _line(left: str, base: str, cells: list[str]) -> str:
    return (f"{left:<{NAME_WIDTH}}{base:>{BASE_WIDTH}}" + "".join(f"{c:>{CELL_WIDTH}}" for c in cells)).rstrip()


def _worth(results: Results) -> list[str]:
    from sim.outcomes.value import MOVED_COUNTS, worth

    if not results.others or results.policy_years < 1:
        return []
    prices = f"£ of 2024/25, discounted to {clock.label(results.policy_start)}"
    first = f"{prices}; cash, capacity and health are never added up. {MOVED_COUNTS}"
    out = ["WHAT THE MONEY BUYS", textwrap.fill(first, WIDTH, initial_indent="  ", subsequent_indent="  ")]
    for scenario in results.others:
        text = money_sentence(results, worth(results, scenario))
        out.append(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    "))
    return [*out, ""]


def _how_to_read(results: Results) -> str:
    scale = "everyone" if results.scale == 1 else f"{plain(100 * results.scale, decimals=0)} % of residents"
    runs = f"{results.runs} run{'s' * (results.runs != 1)} of each scenario, {scale} simulated, place: {results.place}."
    if not results.others:
        return textwrap.fill(f"Means of {runs} 'Hospital' counts all patients of the local trust.", WIDTH)
    text = (
        f"How to read it: the second column is the level in {_lower(results.label(results.baseline))}; the others are"
        " changes from it under the same evidence and the same chance, and below each the range that holds 90 % of"
        " runs. Better or worse is said only when that range excludes zero; 'unclear' means no clear difference. An"
        " inequality is the distance from the least to the most deprived end of the place. 'Hospital' counts all"
        f" patients of the local trust, other lines the residents. {runs}"
    )
    return textwrap.fill(text, WIDTH)


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def render_html(results: Results) -> str:
    """The finding and the table as HTML, for notebooks."""
    when = clock.fin_year_label(results.horizon)
    head = "".join(f"<th scope='col'>{escape(results.label(s))}</th>" for s in results.scenarios)
    body = []
    for row in rows(results):
        cells = "".join(f"<td>{escape(c.first)}<br><small>{escape(c.second)}</small></td>" for c in row.cells)
        name = f"<th scope='row'>{escape(row.label)}<br><small>{escape(row.unit)}</small></th>"
        body.append(f"<tr>{name}<td>{escape(row.base)}</td>{cells}</tr>")
    return (
        f"<p><strong>{escape(headline(results))}</strong></p>"
        f"<table><thead><tr><th scope='col'>In {when}</th>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        f"<p><small>{escape(_how_to_read(results))}</small></p>"
    )
