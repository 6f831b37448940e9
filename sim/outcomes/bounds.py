"""Optimism bounds: what the literature found or claimed, beside what the model says of every scenario.

A scenario that goes further than a bound is not wrong for it, but it needs explaining before it is believed.
"""

from __future__ import annotations

import csv
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim import clock
from sim.outcomes.rounding import apart, signed, step_of
from sim.outcomes.summary import FEWEST_RUNS, Interval

if TYPE_CHECKING:
    from sim.outcomes.results import Results

#: parameter of the registry → (measure nearest to what was published, years after policy start, in per cent or not,
#: what was published in a few words)
BOUNDS = {
    "outcomes.bound_prevalence": (
        "multimorbidity", 20, False, "eight risk factors a tenth better in everyone over 30 (major illness)",
    ),
    "outcomes.bound_admissions": (
        "residents_emergency_admissions", 2, True, "England's integrated-care programmes (no fall in two years)",
    ),
    "outcomes.bound_life_expectancy": (
        "life_expectancy", 25, False, "a system-dynamics model of 13 interventions (a claim)",
    ),
}  # fmt: skip
OWN = Path(__file__).parent / "bounds.csv"
"""What the model itself made of the two experiments when they were last run (``headwater validate bounds=true``)."""
COLUMNS = ("bound", "measure", "unit", "years", "mean", "low", "high", "runs", "place", "scale", "made")
GOOD = {"outcomes.bound_prevalence": -1, "outcomes.bound_admissions": -1, "outcomes.bound_life_expectancy": 1}
WIDTH = 100


@dataclass(frozen=True)
class Bound:
    """One published figure beside the scenarios' own.

    name       of the parameter; measure: the model's nearest; year: the financial year in which it is read
    asked      years after policy start that the publication speaks of (the run may be shorter)
    published  the figure, in `unit`; words: of what, and what the model itself makes of the same experiment
    changes    by scenario, paired differences to the baseline in `unit`
    """

    name: str
    measure: str
    label: str
    year: int
    asked: int
    published: float
    unit: str
    words: str
    changes: dict[str, Interval]

    def beyond(self, scenario: str) -> bool:
        """Whether a scenario goes clearly further than what was published."""
        one, good = self.changes[scenario], GOOD[self.name]
        return one.runs >= FEWEST_RUNS and bool(one.low > self.published if good > 0 else one.high < self.published)


def bounds(results: Results) -> list[Bound]:
    """All bounds that these results can be set beside; none without a second scenario."""
    from sim.evidence import load

    found, mine = [], own()
    first = clock.fin_year(results.policy_start)
    for name, (measure, years, in_percent, words) in BOUNDS.items():
        at = [year for year in results.years if first <= year < first + years]
        if not at or not results.others:
            continue
        year = at[-1]
        each = {s: results.change(measure, s, year) for s in results.others}
        changes = {s: one.percent if in_percent and one.base.mean else one.difference for s, one in each.items()}
        label = results.measures[measure].label
        unit = "%" if in_percent else {"%": "pp"}.get(results.measures[measure].unit, results.measures[measure].unit)
        published = load().draw(0)[name]
        said = f"{words}; {mine[name].said}" if name in mine else words
        found.append(Bound(name, measure, label, year, years, published, unit, said, changes))
    return found


@dataclass(frozen=True)
class Own:
    """What the model itself makes of an experiment.

    bound      name of the parameter beside which it stands; measure, unit, years: as of the `Bound`
    change     paired difference to the baseline; place, scale, made: where, and by which version on which day
    """

    bound: str
    measure: str
    unit: str
    years: int
    change: Interval
    place: str
    scale: float
    made: str

    @property
    def said(self) -> str:
        """What the model made of it, beside what was published."""
        where = f"{self.place.replace('_', ' ').title()}, 1 resident in {1 / self.scale:.3g}"
        return f"tried in this model ({where}): {figure(self.change)} {self.unit}"


def own(path: Path | None = None) -> dict[str, Own]:
    """The model's own experiments by the name of their bound; the shipped ones unless a file is given.

    Reports say them beside the published figure and the scenarios (`Own.said`). They are of the place
    and scale they say, and of the model as it was then. Raises `UserError` for a file that cannot be read.
    """
    from sim.errors import UserError

    path = path or OWN
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    try:
        return {
            row["bound"]: Own(
                row["bound"], row["measure"], row["unit"], int(row["years"]),
                Interval(float(row["mean"]), float(row["low"]), float(row["high"]), int(row["runs"])),
                row["place"], float(row["scale"]), row["made"],
            )
            for row in rows
        }  # fmt: skip
    except (KeyError, ValueError):
        raise UserError(f"{path} is no table of bounding experiments.") from None


def save(found: list[Own], path: Path) -> None:
    """Write experiments as `own` reads them."""
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in found:
            ends = (f"{value:.5g}" for value in (one.change.mean, one.change.low, one.change.high))
            writer.writerow([one.bound, one.measure, one.unit, one.years, *ends, one.change.runs, one.place,
                             f"{one.scale:g}", one.made])  # fmt: skip


def figure(one: Interval) -> str:
    """``−0.12 (−0.30 to +0.02)``; of a single run without a range; says where it cannot be told."""
    if one.runs == 0:
        return "cannot be told"
    step = apart(one.low, one.high, step_of((one.high - one.low) or abs(one.mean)))
    if one.runs == 1:
        return signed(one.mean, step)
    return f"{signed(one.mean, step)} ({signed(one.low, step)} to {signed(one.high, step)})"


def render(results: Results) -> list[str]:
    """The bounds as lines of the terminal."""
    found = bounds(results)
    if not found:
        return []
    out = ["BESIDE THE LITERATURE (further than a published figure: explain it before believing it)"]
    for bound in found:
        each = [
            f"{results.label(s)} {figure(bound.changes[s])}{' FURTHER' if bound.beyond(s) else ''}"
            for s in results.others
        ]
        text = (
            f"{bound.label[:1].upper()}{bound.label[1:]}, {bound.unit}, by {clock.fin_year_label(bound.year)}: "
            f"{'; '.join(each)}. "
            f"Published: {signed(bound.published, decimals=1)} in {bound.asked} years, {bound.words}."
        )
        out.append(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    "))
    return [*out, ""]
