"""What is left of a finding when every benefit that rests on judgement alone is switched off.

One run of each scenario is made without them, under the evidence and chance of the first run with them; the two are set
side by side. One run tells a size, not how sure it is.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.outcomes.rounding import MILLION, signed, step_of
from sim.outcomes.sentences import headline_measures, named

if TYPE_CHECKING:
    from sim.outcomes.results import Results

WIDTH = 100
MOST = 6
HALF = 0.5


@dataclass(frozen=True)
class Left:
    """One measure that clearly changes: its change in the run with judged benefits, and in the same run without."""

    scenario: str
    measure: str
    with_them: float
    without: float

    @property
    def judged(self) -> bool:
        """Whether less than half of it is left without judged benefits."""
        return self.with_them != 0 and self.without / self.with_them < HALF


def in_answer(results: Results, scenario: str) -> list[Left]:
    """Of the changes that the headline names, those of which less than half is left without judged benefits."""
    told = {change.measure.name for change in named(results, scenario)}
    return [one for one in left(results, scenario) if one.judged and one.measure in told]


def left(results: Results, scenario: str) -> list[Left]:
    """The headline measures that a scenario clearly changes, largest change first; empty when nothing was run without
    judged benefits."""
    if results.unjudged is None:
        return []
    off, k = results.unjudged, results.years.index(results.horizon)
    draw_and_seed = off.pairs[0]
    run = results.pairs.index(draw_and_seed)
    clear = [results.change(name, scenario) for name in headline_measures(results)]
    clear = [change for change in clear if change.verdict in ("better", "worse")]
    clear.sort(key=lambda change: -abs(change.percent.mean))
    return [
        Left(
            *(scenario, one.measure.name),
            float(results.changes(one.measure.name, scenario)[run, k]),
            float(off.changes(one.measure.name, scenario)[0, k]),
        )
        for one in clear
    ]


def render(results: Results) -> list[str]:
    """The comparison as lines of the terminal."""
    if results.unjudged is None or not results.others:
        return []
    draw, seed = results.unjudged.pairs[0]
    out = [
        "WITH ALL JUDGED BENEFITS OFF",
        f"  One run of each scenario (evidence draw {draw}, seed {seed}); in brackets the same run with them.",
    ]
    for scenario in results.others:
        found = left(results, scenario)
        said = "; ".join(words(results, one) for one in found[:MOST]) or "nothing changed clearly with them either"
        text = f"{results.label(scenario)}: {said}."
        out.append(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    "))
    return [*out, ""]


def words(results: Results, one: Left) -> str:
    """``emergency admissions −120 (−340)``."""
    about = results.measures[one.measure]
    scale, unit = (MILLION, "m") if about.unit.startswith("£") else (1.0, "")
    unit = " pp" if about.unit == "%" else unit
    step = step_of(max(abs(one.with_them), abs(one.without)) / scale)
    return f"{about.label} {signed(one.without / scale, step)}{unit} ({signed(one.with_them / scale, step)})"
