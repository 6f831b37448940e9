"""Findings in words, true whichever way they fall: better, worse, or no clear difference.

A direction is claimed only where at least five runs were made and the interval that holds 90 % of them excludes zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim import clock
from sim.outcomes.rounding import MILLION, apart, level, listed, plain, signed, step_of
from sim.outcomes.summary import FEWEST_RUNS, Interval

if TYPE_CHECKING:
    from sim.outcomes.change import Change
    from sim.outcomes.results import Results
    from sim.outcomes.value import Worth

ALL = 0.995  # of an amount: the rest is not worth a word
#: what the headline and the table are about: heading → measures (those of conditions that are not there are left out)
HEADLINES: dict[str, tuple[str, ...]] = {
    "Activity": ("gp_need", "gp_appointments", "ed_attendances", "emergency_admissions", "acsc_rate", "bed_occupancy"),
    "Waits": ("waiting_list", "waiting_over_18w_share", "ed_over_4h_share"),
    "Unmet need": ("unmet_need",),
    "Joined-up care": ("right_first_time_share", "handoffs_per_need", "experience"),
    "Illness": (
        "multimorbidity",
        "frailty",
        "type2_diabetes_diagnosed_prevalence",
        "type2_diabetes_prevalence",
        "smoking",
    ),
    "Wellbeing": ("life_satisfaction", "loneliness", "activation"),
    "Deaths": ("deaths", "life_expectancy", "healthy_life_expectancy"),
    "Inequality": ("inequality_emergency", "inequality_multimorbidity", "life_expectancy_gap"),
    "Cost": ("lever_spend", "service_spend"),
}


def headline_measures(results: Results) -> list[str]:
    """Measures of the headline that these results have and that have a good direction."""
    names = (name for group in HEADLINES.values() for name in group if name in results.shown)
    return [name for name in names if results.measures[name].good != 0]


def headline(results: Results) -> str:
    """The whole comparison in one sentence."""
    when, where = clock.fin_year_label(results.horizon), results.place_label
    if not results.others:
        only = results.label(results.baseline)
        admissions = results.change("emergency_admissions", results.baseline).base
        if admissions.mean > 0:
            return (
                f"{only} in {where}: {level(admissions.mean)} emergency admissions at the hospital trust in"
                f" {when}{_of_runs(admissions)}. That is a level, not an effect: compare it with another scenario to"
                " see what a policy changes."
            )
        return f"{only} was run in {where} to {when}; compare it to see what a policy changes."
    base = _lower(results.label(results.baseline))
    if results.runs < FEWEST_RUNS:
        return (
            f"With only {results.runs} run{'s' * (results.runs != 1)} of each scenario no difference to {base} can be"
            f" called clear: ask for at least runs={FEWEST_RUNS}."
        )
    parts = [_part(results, scenario) for scenario in results.others]
    same = [_same(results, scenario) for scenario in results.others]
    if all(part == "" for part in parts):
        names = listed([results.label(s) for s in results.others], most=9)
        no, runs = ("no", ", in any run") if all(same) else ("no clear", "")
        return (
            f"By {when} in {where}, {names} {'makes' if len(parts) == 1 else 'make'} {no} difference to {base}"
            f" in any of the {len(headline_measures(results))} headline measures{runs}."
        )
    quiet = {True: "makes no difference in any run", False: "makes no clear difference"}
    said = [
        f"{results.label(scenario)} {part or quiet[none]}"
        for scenario, part, none in zip(results.others, parts, same, strict=True)
    ]
    verdicts = {change.verdict for scenario in results.others for change in named(results, scenario)}
    which = {"better": "gain", "worse": "loss"}
    largest = " and ".join(word for verdict, word in which.items() if verdict in verdicts)
    return (
        f"By {when} in {where}, compared with {base}: {'; '.join(said)}. In brackets: where 90 % of runs lie, for the"
        f" largest clear {largest}."
    )


def _part(results: Results, scenario: str) -> str:
    """``better on 5 and worse on 5 of 17 measures: smoking −0.13 (−0.18 to −0.08) percentage points, …``: how many
    measures clearly change, and the largest clear gain and loss in figures; empty when nothing is clear."""
    changes = [results.change(name, scenario) for name in headline_measures(results)]
    better = [change for change in changes if change.verdict == "better"]
    worse = [change for change in changes if change.verdict == "worse"]
    if not better and not worse:
        return ""
    figures = " and ".join(_figures(change) for change in _largest(changes))
    if better and worse:
        counted = f"is better on {len(better)} and worse on {len(worse)} of {len(changes)} measures"
    elif better:
        counted = f"is better on {len(better)} of {len(changes)} measures and clearly worse on none"
    else:
        counted = f"is worse on {len(worse)} of {len(changes)} measures and clearly better on none"
    return f"{counted} ({figures})"


def _same(results: Results, scenario: str) -> bool:
    """Whether no run of a scenario differs in any measure of the headline."""
    return all(results.change(name, scenario).verdict == "same" for name in headline_measures(results))


def named(results: Results, scenario: str) -> list[Change]:
    """The changes that the headline names in figures: a scenario's largest clear gain and its largest clear loss."""
    return _largest([results.change(name, scenario) for name in headline_measures(results)])


def _largest(changes: Sequence[Change]) -> list[Change]:
    groups = ([change for change in changes if change.verdict == verdict] for verdict in ("better", "worse"))
    return [max(group, key=_size) for group in groups if group]


def _size(change: Change) -> float:
    """How large a change is against the level of the baseline."""
    return abs(change.percent.mean)


def _figures(change: Change) -> str:
    """``hospital waiting list +51,000 [+41,000 to +63,000] people``."""
    d, step = change.difference, step_of(change.difference.high - change.difference.low)
    span = f"[{signed(d.low, step)} to {signed(d.high, step)}]"
    return f"{change.measure.label} {signed(d.mean, step)} {span}{unit_words(change)}".rstrip()


def change_sentence(results: Results, name: str, scenario: str, year: int | None = None) -> str:
    """One measure's change in one sentence, with its interval."""
    change = results.change(name, scenario, year)
    who, when = results.label(scenario), clock.fin_year_label(change.year)
    d, m = change.difference, change.measure
    if change.verdict == "same":
        return f"{who}: {m.label} unchanged by {when}, in every run."
    if d.runs < FEWEST_RUNS:
        return f"{who}: too few runs ({d.runs}) to say what happens to {m.label}."
    step = step_of((d.high - d.low) or abs(d.mean))
    if change.verdict == "unclear":
        span = f"{signed(d.low, step)} to {signed(d.high, step)}{unit_words(change)}"
        return f"{who}: no clear difference in {m.label} by {when} (90 % of runs: {span})."
    way = "higher" if d.mean > 0 else "lower"
    low, high = (plain(abs(x), step) for x in sorted((d.low, d.high), key=abs))
    size = plain(abs(d.mean), step)
    return f"{who}: {m.label} {size}{unit_words(change)} {way} by {when} (90 % of runs: {low} to {high} {way})."


def unit_words(change: Change) -> str:
    """Words for the unit of a *difference*: percentages differ by percentage points."""
    return " percentage points" if change.measure.unit == "%" else f" {change.measure.unit_after_label}"


def _of_runs(one: Interval) -> str:
    if one.runs < 2:
        return ""
    return f" (90 % of runs: {level(one.low)} to {level(one.high)})"


def _lower(label: str) -> str:
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def money_sentence(results: Results, worth: Worth) -> str:
    """What a scenario's money buys: cost, payback in cash, payback with released capacity, cost per QALY."""
    who, years = results.label(worth.scenario), worth.years
    if not worth.spends:
        when, base = clock.fin_year_label(results.horizon), _lower(results.label(results.baseline))
        return f"{who}: by {when} its levers cost nothing beyond those of {base}, so there is nothing to pay back."
    cost, taken = worth.items["cost"].mean, worth.items["taken"].mean
    if cost <= 0:
        base = _lower(results.label(results.baseline))
        return (
            f"{who}: its levers cost £{pounds(-cost)} less over {_years(years)} than those of {base}, so there is"
            f" nothing to pay back; {_health(worth)}."
        )
    more = ""
    if baseline_spends(results):  # what is taken then comes from other levers too: the two amounts are no parts of one
        more, taken = f" more than those of {_lower(results.label(results.baseline))}", 0.0
    moved = "" if taken <= 0 else ", moved from existing lines" if taken >= ALL * cost else (
        f", {_part_of(taken, cost)} moved from existing lines"
    )  # fmt: skip
    parts = [f"{who}: levers cost £{pounds(cost)}{more} over {_years(years)}{moved}"]
    parts.append(f"cash {_payback(worth.payback, worth)}")
    parts.append(f"with released capacity counted it {_payback(worth.payback_with_capacity, worth)}")
    parts.append(_cost_per_qaly(worth))
    return "; ".join(parts) + "."


def _payback(months: tuple[int, ...], worth: Worth) -> str:
    if not months:
        return f"does not pay it back within {_years(worth.years)} in any run"
    middle = sorted(months)[len(months) // 2]
    years = f"{middle} month{'s' * (middle != 1)}"
    if middle >= 2 * clock.MONTHS_A_YEAR:
        years = f"{middle / clock.MONTHS_A_YEAR:.0f} years"
    share = "all" if len(months) == worth.runs else f"{len(months)} of {worth.runs}"
    return f"pays it back in {share} runs (typically after {years})"


def _years(n: int) -> str:
    return f"{n} year{'s' * (n != 1)}"


def baseline_spends(results: Results) -> bool:
    """Whether the scenario that all are compared with spends on levers itself."""
    runs = (results.record(results.baseline, pair) for pair in results.pairs)
    return any(spent.any() for run in runs for spent in run.lever_spend.values())


def _part_of(taken: float, cost: float) -> str:
    """How much of a cost was moved: an amount, unless it reads as the whole."""
    return "nearly all of it" if pounds(taken) == pounds(cost) else f"£{pounds(taken)} of it"


def _health(worth: Worth) -> str:
    """What becomes of health, with its range; in too few runs no direction is claimed."""
    gained = worth.items["qalys"]
    step = apart(gained.low, gained.high, step_of((gained.high - gained.low) or abs(gained.mean)))
    if gained.mean == gained.low == gained.high == 0:
        return "no QALY is gained or lost in any run"
    what = "QALYs are gained" if gained.mean > 0 else "QALYs are lost"
    if not gained.clear:
        what = "no clear gain or loss of QALYs"
        if gained.runs < FEWEST_RUNS:
            what = f"too few runs ({gained.runs}) to say whether QALYs are gained or lost"
    ends = signed(gained.low, step) if gained.low == gained.high else (
        f"{signed(gained.low, step)} to {signed(gained.high, step)}"
    )  # fmt: skip
    return f"{what} ({ends})"


def _cost_per_qaly(worth: Worth) -> str:
    gained = worth.items["qalys"]
    if not gained.clear:
        return _health(worth)
    if worth.cost_per_qaly is not None:
        elsewhere = worth.items["qalys_elsewhere"].mean
        compared = plain(elsewhere, step_of(abs(elsewhere)))
        return (
            f"£{plain(worth.cost_per_qaly, step_of(worth.cost_per_qaly))} a QALY"
            f" ({plain(gained.mean, step_of(abs(gained.mean)))} QALYs; the NHS at its margin would make {compared})"
        )
    if worth.gains_health:
        return "health is gained and money saved"
    return "health is lost" if worth.cost_saving else "health is lost and money spent"


def pounds(value: float) -> str:
    """An amount for people: ``46m``, ``1.2bn``, ``350,000``."""
    size = abs(value)
    if size >= 1000 * MILLION:
        return f"{plain(value / (1000 * MILLION), decimals=1)}bn"
    if size >= MILLION:
        return f"{plain(value / MILLION, step_of(size / MILLION) if size >= 10 * MILLION else 0.1)}m"
    return level(value, figures=2)
