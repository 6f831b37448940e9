"""What to be warned of before believing a result: judged evidence, few runs, demand beyond capacity, and
results beyond what is known."""

from __future__ import annotations

import numpy as np

from sim import clock
from sim.outcomes import bounds, unjudged
from sim.outcomes.rounding import plain, signed, step_of
from sim.outcomes.sentences import unit_words
from sim.outcomes.summary import FEWEST_RUNS
from sim.report.numbers import Numbers
from sim.report.style import MAX_SERIES, NBSP, number
from sim.report.words import join

HALF_A_YEAR = 6
#: measure of months over capacity → what is so in them
OVER = {
    "months_gp_over": "practices can offer clearly less of what is asked for than in 2023/24",
    "months_beds_over": "hospital beds are fuller than is safe",
    "months_list_over": "more people join the hospital waiting list than leave it",
}


def cautions(numbers: Numbers) -> list[str]:
    """All warnings of the page, each a sentence or two."""
    return [*on_judgement(numbers), *_runs(numbers), *over_capacity(numbers), *beyond(numbers), *not_drawn(numbers)]


def share_words(scale: float) -> str:
    """How many residents were simulated: ``every resident``, ``10 % of residents``."""
    return "every resident" if scale == 1 else f"{number(100 * scale, 0 if scale >= 0.02 else 1)}{NBSP}% of residents"


def on_judgement(numbers: Numbers) -> list[str]:
    """What the answer names and what mostly goes when judged benefits are off; a sentence for each."""
    results, said = numbers.results, []
    for scenario in numbers.compared:
        for one in unjudged.in_answer(results, scenario):
            change = results.change(one.measure, scenario)
            step = max(step_of(max(abs(one.with_them), abs(one.without))), numbers.least(one.measure))
            unit = unit_words(change).rstrip()
            said.append(
                f"The answer rests on judged evidence for {change.measure.label} under {numbers.label(scenario)}: in "
                f"the one run that was made both ways it changes by {signed(one.with_them, step)}{unit} with judged "
                f"benefits, and by {signed(one.without, step)} with all of them off."
            )
    return said


def _runs(numbers: Numbers) -> list[str]:
    results = numbers.results
    said = []
    if numbers.compared and results.runs < FEWEST_RUNS:
        said.append(f"Fewer than {FEWEST_RUNS} runs of each scenario were made: no direction of change is claimed.")
    if results.scale < 1:
        said.append(
            f"A first look: {share_words(results.scale)} were simulated and counts weighted up to all. Small groups "
            "are noisier than in a run of everyone (scale=1)."
        )
    if results.runs == 1:
        said.append("Only one run was made: it shows neither chance nor how uncertain the evidence is.")
    elif numbers.one_draw:
        which = "the central values" if numbers.central else "one draw"
        said.append(
            f"All runs use {which} of the evidence: the ranges show chance only, not how uncertain the evidence is."
        )
    if results.record(numbers.base).meta.get("judged") is False:
        said.append("Benefits that rest on judgement alone were switched off in these runs.")
    return said


def over_capacity(numbers: Numbers) -> list[str]:
    """Where demand exceeds capacity in most months of the last year, and under which scenarios; one warning."""
    parts = []
    for measure, words in OVER.items():
        if measure not in numbers.results.shown:
            continue
        months = {name: float(numbers.level(measure, name).mid[-1]) for name in numbers.scenarios}
        many = {name: value for name, value in months.items() if np.isfinite(value) and value > HALF_A_YEAR}
        if not many:
            continue
        fewest, most = (plain(f(many.values()), decimals=0) for f in (min, max))
        count = fewest if fewest == most else f"{fewest} to {most}"
        every = len(many) == len(months) > 1
        who = "every scenario" if every else join([numbers.label(name) for name in many])
        parts.append(f"{words} in {count} months of the year under {who}")
    if not parts:
        return []
    year = clock.fin_year_label(numbers.years[-1])
    return [
        f"Demand exceeds capacity. In {year}, {'; '.join(parts)}. Levels of waits and unmet need far beyond what any "
        "service has known are the model's arithmetic, not an experience: trust differences between scenarios more."
    ]


def not_drawn(numbers: Numbers) -> list[str]:
    """Which scenarios have no room in pictures, so that a picture's title is not read as a word on all of them."""
    compared = [numbers.label(name) for name in numbers.compared]
    if len(compared) < MAX_SERIES:  # beside the baseline
        return []
    left = compared[MAX_SERIES:]
    some = "" if not left else f"{join(left)} {'is' if len(left) == 1 else 'are'} in none. "
    return [
        f"A picture has room for {MAX_SERIES} lines or panels at most, in some with {numbers.label(numbers.base)} "
        f"among them: those listed first are drawn, and a picture's title speaks of those alone. {some}The answer, the "
        "tiles, the explorer and the tables hold all scenarios."
    ]


def beyond(numbers: Numbers) -> list[str]:
    """Results that go clearly further than anything published; one warning for each published figure."""
    said = []
    for bound in bounds.bounds(numbers.results):
        who = [name for name in numbers.compared if bound.beyond(name)]
        if who:
            figures = join([f"{numbers.label(name)} {bounds.figure(bound.changes[name])}" for name in who])
            said.append(
                f"Beyond what is known: on {bound.label} ({bound.unit}, {clock.fin_year_label(bound.year)}) {figures} "
                f"{'go' if len(who) > 1 else 'goes'} further than what was published ({number(bound.published, 1)}: "
                f"{bound.words}). It needs explaining before it is believed."
            )
    return said
