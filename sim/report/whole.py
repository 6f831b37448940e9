"""Tables of the page: life expectancies by fifth, indices of inequality, worse before better, judged benefits off."""

from __future__ import annotations

import numpy as np

from sim import clock
from sim.outcomes import bounds, by_group, course, unjudged
from sim.outcomes.rounding import plain, signed
from sim.outcomes.summary import Interval, interval
from sim.report.numbers import Numbers
from sim.report.parts import Head, Table
from sim.report.style import DASH

EXPECTANCIES = ("life_expectancy", "healthy_life_expectancy")
GROUPS = ("everyone", "most deprived fifth", "second fifth", "third fifth", "fourth fifth", "least deprived fifth")
AND_CHANGES = ", and changes"
INDEX_WORDS = {"slope": "slope index", "ratio": "relative index", "concentration": "concentration index"}


def life(numbers: Numbers) -> list[Table]:
    """Life and healthy life expectancy of everyone and of each local fifth at the horizon, and changes."""
    results = numbers.results
    k = results.years.index(results.horizon)
    rows = []
    for measure in (name for name in EXPECTANCIES if name in results.shown):
        for fifth, group in enumerate(GROUPS):
            level = interval(results.values(measure, numbers.base, fifth)[:, k])
            if level.runs == 0:
                continue
            ends = f" ({level.low:.1f} to {level.high:.1f})" if level.runs > 1 else ""
            row = [f"{numbers.info(measure).label}, {group}", f"{level.mean:.1f}{ends}"]
            row += [bounds.figure(interval(results.changes(measure, name, fifth)[:, k])) for name in numbers.compared]
            rows.append(row)
    heads = [Head("Years at birth"), Head(numbers.label(numbers.base), True)]
    heads += [Head(numbers.label(name), True) for name in numbers.compared]
    note = (
        "Period life tables (Chiang); healthy by Sullivan's method, good health as often as the Census found it. "
        "Fifths pool three years. The interval of chance in one run of this size is in tables/life.csv."
    )
    when = clock.fin_year_label(results.horizon)
    title = f"Life and healthy life expectancy in {when}{AND_CHANGES if numbers.compared else ''}"
    return [Table(title, heads, rows, note, True)] if rows else []


def indices(numbers: Numbers) -> list[Table]:
    """Slope, relative and concentration index of each outcome at the horizon."""
    frame = by_group.inequality(numbers.results)
    rows = []
    for measure in dict.fromkeys(frame["measure"]) if len(frame) else ():
        for index, words in INDEX_WORDS.items():
            block = frame[(frame["measure"] == measure) & (frame["index"] == index)].set_index("scenario")
            values = block["value"].to_dict()
            level = float(values[numbers.base])
            shown = plain(level, decimals=1 if index == "slope" else 3) if np.isfinite(level) else DASH
            row = [f"{numbers.info(measure).label.removesuffix(', slope')}: {words}", shown]
            for name in numbers.compared:
                mid, low, high = (float(block[column][name]) for column in ("change", "change_low", "change_high"))
                row.append(bounds.figure(Interval(mid, low, high, numbers.results.runs * np.isfinite(mid))))
            rows.append(row)
    heads = [Head("Index"), Head(numbers.label(numbers.base), True)]
    heads += [Head(numbers.label(name), True) for name in numbers.compared]
    note = (
        "Age-standardised (European Standard Population 2013), over neighbourhoods by local deprivation rank. Slope "
        "above 0, relative index above 1 and concentration index below 0: more in the most deprived."
    )
    title = f"Inequality by three indices{AND_CHANGES if numbers.compared else ''}"
    return [Table(title, heads, rows, note, True)] if rows else []


COURSE_NOTE = (
    "A year is clear when 90 % of runs lie on one side of no change. Course: better or worse is said only where the "
    "last year or at least {few} years are clear, “to the end” only where the last {few} are; fewer can be "
    "clear by chance and are no clear course. Measures without a clear year are left out."
)


def courses(numbers: Numbers) -> list[Table]:
    """Which measures get worse, how deep and for how long; then, folded, those that only get better, and those of
    which single clear years say nothing."""
    losses, gains, neither = [], [], []
    every = course.courses(numbers.results)
    for one in every:
        if one.kind == course.UNCLEAR:
            continue
        row = [numbers.label(one.scenario), numbers.info(one.measure).label, one.words, clear_years(one)]
        better = clock.fin_year_label(one.better_from) if one.better_from is not None else DASH
        if one.goes(-1):
            dip = bounds.figure(interval(_runs(numbers, one)))
            assert one.depth_year is not None
            depth = f"{dip} {numbers.change_unit(one.measure)}, in {clock.fin_year_label(one.depth_year)}"
            losses.append([*row, depth, better])
        elif one.goes(1):
            gains.append([*row, better])
        else:
            neither.append(row)
    heads = [Head("Scenario"), Head("Measure"), Head("Course"), Head("Clear years")]
    lost, last = [*heads, Head("Deepest clear loss"), Head("Better from")], [*heads, Head("Better from")]
    note = COURSE_NOTE.format(few=max((one.enough for one in every), default=course.FEWEST_YEARS))
    made = [Table("What gets worse: the course of each headline measure with a clear loss", lost, losses, note)]
    made.append(Table("What gets better, with no clear course of loss", last, gains, note, True))
    made.append(Table("What has a few clear years, but no clear course", heads, neither, note, True))
    return [table for table in made if table.rows]


def clear_years(one: course.Course) -> str:
    """``16 better, 1 worse of 20``."""
    counted = [f"{one.years(sign)} {word}" for sign, word in course.SIDES.items() if one.years(sign)]
    return f"{', '.join(counted)} of {len(one.signs)}"


def _runs(numbers: Numbers, one: course.Course) -> np.ndarray:
    results = numbers.results
    assert one.depth_year is not None
    return np.asarray(results.changes(one.measure, one.scenario)[:, results.years.index(one.depth_year)])


def without_judged(numbers: Numbers) -> list[Table]:
    """What is left of each clear change when all judged benefits are off."""
    results = numbers.results
    if results.unjudged is None:
        return []
    rows = []
    for scenario in numbers.compared:
        for one in unjudged.left(results, scenario):
            step = numbers.least(one.measure)
            rows.append([numbers.label(scenario), numbers.info(one.measure).label, numbers.change_unit(one.measure),
                         signed(one.with_them, step), signed(one.without, step)])  # fmt: skip
    draw, seed = results.unjudged.pairs[0]
    heads = [Head("Scenario"), Head("Measure that clearly changes"), Head("Unit"), Head("With judged benefits", True),
             Head("With all of them off", True)]  # fmt: skip
    note = f"One run of each scenario, evidence draw {draw} and seed {seed}, with and without: a size, not a certainty."
    return [Table("What is left with all judged benefits off", heads, rows, note, True)] if rows else []
