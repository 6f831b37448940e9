"""The report as one self-contained page: every figure inline, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim import clock
from sim.outcomes.summary import FEWEST_RUNS
from sim.report import sections, sources, svg, whole
from sim.report.figures import draw_all
from sim.report.numbers import Numbers
from sim.report.parts import Table, Tile
from sim.report.pilots import pilots
from sim.report.style import NBSP, Picture, number
from sim.report.words import span

if TYPE_CHECKING:
    from sim.outcomes.results import Results

TEMPLATES = Path(__file__).parent / "templates"
CAPTIONS = {
    "trends": "Small multiples: one measure a row, one scenario a column, each drawn over the same baseline.",
    "differences": "Differences are paired: a scenario and the baseline share evidence and chance, run by run.",
    "balance": "All headline measures in the last year. A dot at the edge with an arrow's shape lies beyond the scale.",
    "bath_and_tap": "A bath fills while more flows in than out; emptying it does not turn off the tap.",
    "gradient": "Fifths are local: a fifth of the place's residents each, by deprivation rank of their neighbourhood.",
    "map": "Neighbourhoods are Lower-layer Super Output Areas (2021). Of emergency admissions, unmet need and "
    "loneliness, the "
    "one in which most of them change clearly is shown. Read patterns, not single areas.",
    "money": "What each line of the budget has more or less than in the baseline. No money is created unless it says "
    "new.",
}


@dataclass(frozen=True)
class Shown:
    """A figure on the page."""

    svg: str
    caption: str
    alt: str


@dataclass
class Section:
    """A part of the page: introduction, figures, tables, closing notes. widget: HTML of its own, of which nothing is
    seen without scripts."""

    id: str
    name: str
    intro: list[str] = field(default_factory=list)
    figures: list[Shown] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    widget: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.figures or self.tables or self.intro or self.after)


@dataclass
class Page:
    """Everything the template asks for. script: the one script that may run, none unless said; nothing is loaded."""

    title: str
    kicker: str
    answer: str
    warnings: list[str]
    tiles: list[Tile]
    tiles_note: str
    sections: list[Section]
    footer: str
    script: str = ""

    @property
    def policy(self) -> str:
        """What the page may do: nothing but its own styles and, by its hash, its own script."""
        allowed = ""
        if self.script:
            allowed = (
                f"; script-src 'sha256-{base64.b64encode(hashlib.sha256(self.script.encode()).digest()).decode()}'"
            )
        return f"default-src 'none'; style-src 'unsafe-inline'{allowed}"

    @property
    def contents(self) -> list[Section]:
        """Entries of the list of contents."""
        first = [Section("answer", "The answer")] + ([Section("scenarios", "Scenarios")] if self.tiles else [])
        return first + self.sections


def html(source: Results | Numbers, pictures: dict[str, Picture] | None = None) -> str:
    """The whole page as text. `pictures`: those already drawn, by name (see `inlined`)."""
    numbers = Numbers.of(source)
    return render(build(numbers, draw_all(numbers) if pictures is None else pictures))


def render(page: Page) -> str:
    """A page as text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(page=page)


def inlined(picture: Picture, name: str) -> str:
    """A picture as it stands in the page; drawn once however often it is asked for."""
    if picture.inlined is None:
        picture.inlined = svg.inline(picture, name.replace("_", "-"))
    return picture.inlined


def build(numbers: Numbers, pictures: dict[str, Picture]) -> Page:
    """What the page says, in its order."""
    results = numbers.results

    def figures(*names: str) -> list[Shown]:
        drawn = [(name, pictures[name]) for name in names if name in pictures]
        return [Shown(inlined(p, name), CAPTIONS[name], p.alt) for name, p in drawn]

    compared = bool(numbers.compared)
    base = numbers.label(numbers.base)
    parts = [
        Section("trends", "What happens, year by year", figures=figures("trends")),
        Section("differences", f"What changes against {base}", figures=figures("differences", "balance")),
        Section("bath", "The bath and the tap", figures=figures("bath_and_tap")),
        Section("who", "Who gains", figures=figures("gradient", "map"),
                tables=[*sections.inequality(numbers), *whole.life(numbers), *whole.indices(numbers)]),
        Section("money", "What it costs, and what comes back", sources.money_words(numbers), figures("money"),
                sources.money_tables(numbers)),
        Section("sure", "How sure", sections.how_sure(numbers),
                tables=_sure(numbers) if compared else [],
                after=sections.PUBLISHED if compared else []),
        Section("assumed", "What was assumed", sources.assumed(numbers),
                tables=[*sources.assumption_tables(numbers), *pilots(numbers)]),
        Section("numbers", "The numbers", sections.numbers_words(numbers), tables=sections.headline_tables(numbers)),
        Section("provenance", "Where this comes from", sources.provenance_words(numbers),
                tables=sources.provenance_tables(numbers), after=[sources.ATTRIBUTION]),
    ]  # fmt: skip
    names = [numbers.label(name) for name in numbers.scenarios]
    title = (
        f"{_count(len(names))} scenarios for {results.place_label}"
        if compared
        else f"{names[0]} in {results.place_label}"
    )
    return Page(
        title=f"{title}, {span(numbers.years)}",
        kicker=f"Headwater: {results.runs} run{'s' * (results.runs != 1)} of each scenario; policies start in "
        f"{clock.label(results.policy_start)}; {share_words(results.scale)} simulated",
        answer=results.headline,
        warnings=_warnings(numbers),
        tiles=sections.tiles(numbers),
        tiles_note=f"Change against {base} in {clock.fin_year_label(numbers.years[-1])}; below it, where 90{NBSP}% "
        "of runs lie. "
        "▲ better, ▼ worse, ◆ no clear change.",
        sections=[part for part in parts if not part.empty],
        footer="Made by headwater, an agent-based model. Its figures are conditional on the assumptions above; they "
        "are no forecast.",
    )  # fmt: skip


def _sure(numbers: Numbers) -> list[Table]:
    """What is left without judged benefits, the literature's bounds, the course of each measure, chance or evidence."""
    return [
        *(*whole.without_judged(numbers), *sections.beside(numbers)),
        *(*whole.courses(numbers), *sections.noise(numbers)),
    ]


def _count(n: int) -> str:
    return ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")[n] if n < 10 else str(n)


def share_words(scale: float) -> str:
    """How many residents were simulated: ``every resident``, ``10 % of residents``."""
    return "every resident" if scale == 1 else f"{number(100 * scale, 0 if scale >= 0.02 else 1)}{NBSP}% of residents"


def _warnings(numbers: Numbers) -> list[str]:
    results = numbers.results
    said = []
    if numbers.compared and results.runs < FEWEST_RUNS:
        said.append(f"Fewer than {FEWEST_RUNS} runs of each scenario were made: no direction of change is claimed.")
    if results.scale < 1:
        said.append(
            f"A first look: {share_words(results.scale)} were simulated and counts weighted up to all. Small groups "
            "are "
            "noisier than in a run of everyone (scale=1)."
        )
    if len({draw for draw, _ in results.pairs}) == 1:
        said.append(
            "All runs use one draw of the evidence: the ranges show chance only, not how uncertain the evidence is."
        )
    if results.record(numbers.base).meta.get("judged") is False:
        said.append("Benefits that rest on judgement alone were switched off in these runs.")
    return said
