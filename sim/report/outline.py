"""What the report of a comparison holds, and in which order."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sim import clock
from sim.outcomes.sentences import headline_measures
from sim.outcomes.summary import FEWEST_RUNS
from sim.outcomes.value import MOVED_COUNTS
from sim.report import differences, dose, growing, lives, reckoning_words, sections, sources, whole
from sim.report.cautions import cautions, share_words
from sim.report.numbers import Numbers
from sim.report.page import Page, Section, Shown, inlined
from sim.report.parts import Table
from sim.report.pilots import pilots
from sim.report.style import NBSP, Drawn, Picture
from sim.report.words import span

CAPTIONS = {
    "dose": "Asking for twice the money need not spend twice as much, where people who are eligible run out; and "
    "somebody pays for what is spent.",
    "trends": "Small multiples: one measure a row, one scenario a column, each drawn over the same baseline.",
    "differences": "Differences are paired: a scenario and the baseline share evidence and chance, run by run.",
    "balance": "A dot at the edge with an arrow's shape lies beyond the scale.",
    "bath_and_tap": "A bath fills while more flows in than out; emptying it does not turn off the tap.",
    "waits": "The same list by how long people have waited.",
    "payback": "Cash and released capacity differ: a freed bed that is filled from the queue saves no cash.",
    "money": "What each line of the budget has more or less than in the baseline. No money is new unless it says so.",
    "plane": "Costs are those of the levers less cash saved; released capacity is left out. Nothing after the horizon "
    f"counts. {MOVED_COUNTS}",
    "ceac": "A curve is a chance, not a recommendation: the option that is best on average need not be the likeliest. "
    f"{MOVED_COUNTS}",
    "gradient": "Fifths are local: a fifth of the place's residents each, by deprivation rank of their neighbourhood.",
    "concentration": "The further a curve lies above the diagonal, the more of the burden falls on deprived people.",
    "map": "Of emergency admissions, unmet need and loneliness, the one in which most of them change clearly is shown. "
    "Read patterns, not single areas.",
    "assets": "Community building starts from what is there. A local asset map, where one exists, would be better.",
    "waterfall": "Every admission, need or person belongs to one fifth, so the steps add up to the whole change.",
    "waterfall_by_lever": "From headwater attribute, means of its runs. The steps add up to the whole change; whether "
    "that is a clear one, the tables say.",
    "handoffs": "People handed to other teams in a year, and what became of it. Who handed them on is not recorded.",
    "intervals": "A wide dark part asks for more runs or residents; a wide pale part asks for better evidence.",
    "tornado": "One price at a time, all else as it is. The bar of evidence holds all that was drawn, prices too; "
    "which of the model's numbers matter most is a question for headwater sweep. "
    f"{MOVED_COUNTS}",
    "weak": "A change that rests on judgement may be real; nobody has measured it.",
}
ALONE = {
    "trends": "One measure a row.",
    "map": "Read patterns, not single areas.",
}
"""Captions where there is nothing to compare with; that of the map also where too few runs were made to do so."""
AREAS, LSOA = "Neighbourhoods are Lower-layer Super Output Areas (2021).", re.compile(r"[EW]01\d{6}")


SHOWN = {
    "explore": ("dose",), "trends": ("trends",), "differences": ("differences", "balance"),
    "bath": ("bath_and_tap", "waits"), "payback": ("payback", "money", "plane", "ceac"),
    "who": ("gradient", "concentration", "map", "assets"), "where": ("waterfall", "handoffs"),
    "sure": ("intervals", "tornado", "weak"),
}  # fmt: skip
"""The pictures of each section, in their order."""


def contents(numbers: Numbers, widget: str) -> list[Section]:
    """All sections without their pictures, those without anything to show among them."""
    compared = bool(numbers.compared)
    base = numbers.label(numbers.base)
    rule = lives.choose(numbers)[1]
    return [
        Section("explore", "How much, and when", dose.intro(numbers), tables=dose.tables(numbers), widget=widget),
        Section("trends", "What happens, year by year", tables=growing.tables(numbers)),
        Section("differences", f"What changes against {base}", tables=reckoning_words.tables(numbers)),
        Section("bath", "The bath and the tap"),
        Section("payback", "When it pays back, and what gets worse first", sources.money_words(numbers),
                tables=[*whole.courses(numbers), *sources.money_tables(numbers)]),
        Section("who", "Who gains" if compared else "Who has more of it: deprivation and place",
                tables=[*sections.inequality(numbers), *whole.life(numbers), *whole.indices(numbers)]),
        Section("where", "Where the change comes from" if compared else "From team to team"),
        Section("sure", "How sure", sections.how_sure(numbers), tables=_sure(numbers) if compared else [],
                after=sections.PUBLISHED if compared else []),
        Section("stories", lives.heading(numbers), [rule] if rule else []),
        Section("assumed", "What was assumed", sources.assumed(numbers),
                tables=[*sources.assumption_tables(numbers), *pilots(numbers)]),
        Section("numbers", "The numbers", sections.numbers_words(numbers), tables=sections.headline_tables(numbers)),
        Section("provenance", "Where this comes from", sources.provenance_words(numbers),
                tables=sources.provenance_tables(numbers), after=[sources.ATTRIBUTION]),
    ]  # fmt: skip


def illustrate(page: Page, numbers: Numbers, pictures: Mapping[str, Picture | Drawn]) -> Page:
    """The page with its pictures; sections that show nothing are left out."""
    levers = tuple(name for name in pictures if name.startswith("waterfall_by_lever"))
    for section in page.sections:
        names = SHOWN.get(section.id, ())
        if section.id == "where":
            names = (names[0], *levers, *names[1:])
        drawn = [(name, pictures[name]) for name in names if name in pictures]
        section.figures = [Shown(inlined(p, name), caption(numbers, name), p.alt) for name, p in drawn]
        if section.id == "stories":
            section.figures = stories(numbers, pictures)
    page.sections = [section for section in page.sections if not section.empty]
    return page


def caption(numbers: Numbers, name: str) -> str:
    """What stands below a picture; how many measures it shows where the answer counts others."""
    if name != "balance":
        plain = numbers.alone or (name == "map" and numbers.runs < FEWEST_RUNS)
        text = ALONE.get(name, CAPTIONS[name]) if plain else CAPTIONS[name]
        return f"{AREAS} {text}" if name == "map" and _of_the_census(numbers) else text
    rows, counted = len(differences.drawn(numbers)), len(headline_measures(numbers.results))
    return (
        f"{rows} measures in the last year. The answer at the top counts {counted} headline measures, which stand "
        f"under “The numbers”. {CAPTIONS[name]}"
    )


def _of_the_census(numbers: Numbers) -> bool:
    """Whether the neighbourhoods are those of the census, by their codes; those of an invented place are not."""
    return all(LSOA.fullmatch(str(code)) for code in numbers.results.record(numbers.base).area_code)


def stories(numbers: Numbers, pictures: Mapping[str, Picture | Drawn]) -> list[Shown]:
    """The chosen lives, each with its story and picture."""
    shown = []
    for k, one in enumerate(lives.choose(numbers)[0], 1):
        name = f"life_{k}"
        picture = pictures.get(name) or lives.picture(numbers, one)
        shown.append(Shown(inlined(picture, name), f"Resident {one.client}.", picture.alt, one.title,
                           lives.story(numbers, one)))  # fmt: skip
    return shown


def _sure(numbers: Numbers) -> list[Table]:
    """The literature's bounds, what is left without judged benefits, chance or evidence."""
    return [*sections.beside(numbers), *whole.without_judged(numbers), *sections.noise(numbers)]


def build(numbers: Numbers, pictures: Mapping[str, Picture | Drawn]) -> Page:
    """The whole page, in its order."""
    return illustrate(written(numbers), numbers, pictures)


def written(numbers: Numbers) -> Page:
    """What the page says in words and tables: `illustrate` adds the pictures, which may be drawn meanwhile."""
    results = numbers.results
    widget = dose.widget(numbers)
    names = [numbers.label(name) for name in numbers.scenarios]
    title = (
        f"{_count(len(names))} scenarios for {results.place_label}"
        if numbers.compared
        else f"{names[0]} in {results.place_label}"
    )
    base = numbers.label(numbers.base)
    return Page(
        title=f"{title}, {span(numbers.years)}",
        kicker=f"Headwater: {results.runs} run{'s' * (results.runs != 1)} of each scenario; policies start in "
        f"{clock.label(results.policy_start)}; {share_words(results.scale)} simulated",
        answer=kept_together(results.headline),
        warnings=cautions(numbers),
        tiles=sections.tiles(numbers),
        tiles_note=f"Change against {base} in {clock.fin_year_label(numbers.years[-1])}; below it, where 90{NBSP}% "
        "of runs lie. ▲ better, ▼ worse, ◆ no clear change.",
        sections=contents(numbers, widget),
        footer="Made by headwater, an agent-based model. Its figures are conditional on the assumptions above; they "
        "are no forecast.",
        script=dose.script() if widget else "",
    )


def kept_together(text: str) -> str:
    """A text whose percentages and ranges in brackets do not break between lines."""
    text = text.replace(" %", f"{NBSP}%")
    return re.sub(r"\[[^\]]*\]", lambda found: found[0].replace(" ", NBSP), text)


def _count(n: int) -> str:
    return ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")[n] if n < 10 else str(n)
