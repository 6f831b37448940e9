"""Parts of a sweep's page about deciding: luck and evidence, cost-effectiveness, payback, regret, frontier, emulator.

A sentence claims only what the numbers show: in no world, in every world, clearly, or not clearly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.outcomes.rounding import step_of
from sim.outcomes.value import MOVED_COUNTS
from sim.report import decision_figures, style, sweep_explorer
from sim.report.parts import Head, Table
from sim.report.sweep_numbers import PSA, SweepNumbers
from sim.report.sweep_sections import PICTURED, Part
from sim.report.sweep_words import Outcome, capital, limits, money, share
from sim.sweeps import acceptability, emulator, frontier, prim, psa, regret, tree, value_of_information

if TYPE_CHECKING:
    from sim.sweeps.value_of_information import Value

Array = NDArray[Any]
PAYBACK_YEARS = 10
THRESHOLDS = np.linspace(0, 70_000, 71)
QUARTER = 0.25
PAID = {
    "net_cost": "cash saved does not repay what the levers cost",
    "net_cost_with_capacity": "cash saved and capacity released together are worth less than the levers cost",
    "net_benefit": "health gained, at NICE's threshold, is worth less than the levers cost, cash saved taken off",
}
WITH_COST = (*PAID, "net_health_benefit")
PAYS = {
    "net_cost": "pays back in cash",
    "net_cost_with_capacity": "pays back with released capacity counted",
    "net_benefit": "is worth its cost",
}
SHORT = {
    "net_cost": "does not pay back in cash",
    "net_cost_with_capacity": "does not pay back with released capacity counted",
    "net_benefit": "is not worth its cost",
}


def luck(numbers: SweepNumbers) -> list[Part]:
    """How much of each spread is uncertain evidence and how much is luck."""
    if not numbers.worlds or numbers.seeds < psa.FEWEST or len(numbers.rows) < psa.FEWEST:
        return []
    cause = "uncertain evidence" if numbers.evidence_only else "what was varied"
    part = Part("luck", f"{capital(cause)}, or luck")
    rows = []
    for scenario in numbers.compared:
        splits, abouts = {}, {}
        for name in numbers.outcomes:
            values = numbers.change(name, scenario)
            if np.isfinite(values).all():
                splits[name], abouts[name] = psa.split(values), numbers.outcome(name, scenario)
        for name, found in splits.items():
            about = abouts[name]
            step = step_of(found.high - found.low)
            width = QUARTER * (found.evidence_high - found.evidence_low) / 2
            seeds = str(psa.seeds_needed(found, width)) if width > 0 else style.DASH
            ends = [about.amount(v, step) for v in (found.low, found.high, found.evidence_low, found.evidence_high)]
            rows.append([
                f"{numbers.label(scenario)}: {about.label}", about.unit, about.amount(found.mean, step),
                f"{ends[0]} to {ends[1]}", f"{ends[2]} to {ends[3]}", share(found.luck_share), seeds,
            ])  # fmt: skip
        if scenario == numbers.compared[0] and splits:
            picture = decision_figures.spread(splits, abouts, cause)
            part.pictures["luck"] = (picture, "Two-way analysis of variance over rows and seeds.")
            name = next(iter(splits))
            found, about = splits[name], abouts[name]
            part.said.append(_spread_words(numbers.label(scenario), about, found))
    heads = [Head("Change"), Head("Unit"), Head("Mean", True), Head("90 % of runs", True),
             Head("90 % of rows, luck taken out", True), Head("Luck", True), Head("Seeds needed", True)]  # fmt: skip
    note = (
        "Seeds needed: for each row, so that with probability 0.9 luck moves its mean by no more than a quarter of the "
        "half-width of the range without luck. –: nothing but luck moves it."
    )
    part.tables.append(Table("Where the spread comes from", heads, rows, note))
    return [part]


def _spread_words(who: str, about: Outcome, found: psa.Split) -> str:
    """One outcome's mean and range in a sentence."""
    mean = f"{who}: {about.label} {about.amount(found.mean)}{about.unit_words} on average"
    if found.low == found.high:
        return f"{mean}, in every run."
    if found.evidence <= 0:
        ends = f"{about.amount(found.low)} and {about.amount(found.high)}"
        return f"{mean}; 90{style.NBSP}% of runs lie between {ends}, and luck explains all of that."
    sure = "" if found.evidence_low > 0 or found.evidence_high < 0 else ", so its direction is not sure"
    ends = f"{about.amount(found.evidence_low)} and {about.amount(found.evidence_high)}"
    return f"{mean}; with luck taken out, 90{style.NBSP}% of rows lie between {ends}{sure}."


def worth_it(numbers: SweepNumbers) -> list[Part]:
    """Cost-effectiveness: the plane, acceptability, and what better evidence would be worth."""
    known = {"net_cost", "qalys_gained"} <= set(numbers.outcomes)
    if not (numbers.worlds and numbers.evidence_only and known) or len(numbers.scenarios) < 2:
        return []
    if len(numbers.rows) < psa.FEWEST:
        return []
    threshold = _threshold()
    options = [numbers.label(name) for name in numbers.scenarios]
    cost = np.stack([numbers.change("net_cost", name) for name in numbers.scenarios], axis=2)
    effect = np.stack([numbers.change("qalys_gained", name) for name in numbers.scenarios], axis=2)
    apart = numbers.seeds >= psa.FEWEST
    flat_cost, flat_effect = (_without_luck(table) if apart else table.mean(axis=1) for table in (cost, effect))
    where = f"Against {options[0]}, {len(numbers.years())} years"
    points = {name: (flat_cost[:, k], flat_effect[:, k]) for k, name in enumerate(options) if k}
    found = {name: acceptability.plane(*both) for name, both in points.items()}
    curves = acceptability.ceac(flat_cost, flat_effect, THRESHOLDS)
    part = Part("worth", "Is it worth it, and would knowing more change the choice?")
    part.pictures["plane"] = (
        decision_figures.plane(points, found, threshold, where),
        "Costs are those of the levers less cash saved; released capacity is left out. Nothing after the horizon "
        f"counts. {MOVED_COUNTS}",
    )
    part.pictures["ceac"] = (
        decision_figures.ceac(curves, options, where),
        "A curve is a chance, not a recommendation: the option that is best on average need not be the likeliest. "
        f"{MOVED_COUNTS}",
    )
    benefit = threshold * effect - cost
    whole = value_of_information.evpi(benefit)
    parts: list[Value] = []
    try:
        parts = value_of_information.evppi(benefit, evidence_parts(numbers)) if whole.value > 0 else []
    except UserError as fault:
        part.after.append(str(fault))
    part.pictures["evppi"] = (
        decision_figures.evppi_bars(parts, whole, f"At £{threshold:,.0f} a QALY, {where[:1].lower()}{where[1:]}", {}),
        f"For this place and these years only. Parts do not add up to the whole. {MOVED_COUNTS}",
    )
    if not apart:
        part.after.append("With one seed luck cannot be told from evidence: these figures hold both.")
    part.tables.append(_information_table(whole, parts))
    best = int(curves.mean[np.searchsorted(THRESHOLDS, threshold)].argmax())
    chance = float(curves.chance[np.searchsorted(THRESHOLDS, threshold), best])
    part.said.append(
        f"At £{threshold:,.0f} a QALY {options[best]} is best on average, and best in {share(chance)} of draws; "
        + (f"perfect evidence would be worth {money(whole.value)}." if whole.value > 0 else
           "better evidence would not change that.")
    )  # fmt: skip
    return [part]


def payback(numbers: SweepNumbers) -> list[Part]:
    """In which worlds does a scenario not pay back?"""
    meanings = [name for name in PAID if name in numbers.outcomes]
    scenario = asked_scenario(numbers)
    if not numbers.worlds or len(numbers.scenarios) < 2 or not meanings:
        return []
    question = numbers.experiment.question or {}
    asked = int(question.get("payback", PAYBACK_YEARS))
    years = min(asked, len(numbers.years()))
    who, n = numbers.label(scenario), len(numbers.rows)
    span = f"{years} year{'s' * (years != 1)}"
    part = Part("payback", f"In which worlds does {who} not pay back within {span}?")
    if n < prim.LEAST_WORLDS:
        few = f"{n:,} worlds are too few to say in which {who} does not pay back: "
        few += f"at least {prim.LEAST_WORLDS} are needed."
        part.intro, part.said = [few], [few]
        return [part] if "payback" in question else []
    if years < asked:
        part.intro.append(f"The runs end after {span}; {asked} were asked about.")
    rows = []
    for name in meanings:
        runs = numbers.change(name, scenario, years)
        total = runs.mean(axis=1)
        bad = total < 0 if name == "net_benefit" else total > 0
        count = int(bad.sum())
        rows.append([capital(PAID[name]), f"{count:,}", share(count / n)])
        if not total.any():
            part.said.append(f"{who} neither costs anything nor gives anything back in any world.")
            continue
        if count in (0, n):
            how = SHORT[name] if count else PAYS[name]
            part.said.append(f"{who} {how} within {span} in all {n:,} worlds.")
            continue
        part.said.append(f"{who} {SHORT[name]} within {span} in {count:,} of {n:,} worlds{_by_luck(runs)}.")
        if numbers.method != PSA:
            _boxes(part, numbers, name, bad, f"{SHORT[name]} within {span}")
    heads = [Head("Not paying back means"), Head(f"Worlds of {n:,}", True), Head("Share", True)]
    note = (
        f"Means over seeds, discounted to the start of the policy. The three ledgers are never added up. {MOVED_COUNTS}"
    )
    part.tables.insert(0, Table(f"How often it does not pay back within {span}", heads, rows, note))
    return [part]


def _by_luck(runs: Array) -> str:
    """Words for when the worlds differ by luck more than by anything else."""
    if runs.shape[1] < psa.FEWEST:
        return ""
    found = psa.split(runs)
    left = (found.luck - found.common) / found.seeds
    return ", by luck more than by anything that was varied" if left > found.evidence else ""


def _boxes(part: Part, numbers: SweepNumbers, name: str, bad: Array, what: str) -> None:
    """The boxes and the tree of one meaning."""
    who = numbers.label(asked_scenario(numbers))
    worlds = numbers.factor_values
    found = prim.boxes(worlds, bad)
    if not found:
        part.after.append(
            f"Where {who} {what}: no group of worlds was found that holds up in worlds it was not found in. What "
            "decides is "
            "none of these factors alone, or luck."
        )
    for k, box in enumerate(found, 1):
        picture = decision_figures.prim_box(box, worlds, bad, (who, what), numbers.labels, numbers.units)
        part.pictures[f"box_{name}_{k}"] = (
            picture,
            "Found by PRIM, tested five-fold in worlds that were not used to find it.",
        )
        if k == 1:
            part.said.append(picture.finding + ".")
    leaves = tree.leaves(worlds, bad)
    if len(leaves) > 1:
        rows = [[capital(limits(dict(leaf.limits), numbers.labels)), f"{leaf.worlds:,}", share(leaf.share)]
                for leaf in leaves]  # fmt: skip
        heads = [Head("Worlds with"), Head("How many", True), Head("Of which so", True)]
        note = "A tree that splits only where a factor goes with the outcome significantly (conditional inference)."
        part.tables.append(Table(f"The same as a tree: where {who} {what}", heads, rows, note, True))


def robust(numbers: SweepNumbers) -> list[Part]:
    """Which scenario is robust across worlds?"""
    names = [name for name in ("net_benefit", *numbers.outcomes) if name in numbers.outcomes]
    names = [name for name in names if numbers.measure(name).good]
    if not (numbers.worlds and numbers.evidence_only and names):
        return []
    if len(numbers.scenarios) < 2 or len(numbers.rows) < psa.FEWEST:
        return []
    name = names[0]
    table = np.stack([numbers.change(name, scenario).mean(axis=1) for scenario in numbers.scenarios], axis=1)
    found = regret.table(table, numbers.scenarios, numbers.measure(name).good, enough=0.0)
    given = numbers.outcome(name, numbers.compared[0])
    about = Outcome(given.label, given.unit, given.good, f"Against {numbers.label(numbers.scenarios[0])}", {})
    labels = {scenario: numbers.label(scenario) for scenario in numbers.scenarios}
    picture = decision_figures.regret_table(found, about, labels)
    columns = found.table.drop(columns="scenario").to_dict("list")
    rows = [
        [labels[scenario], *(about.amount(columns[c][k]) for c in ("mean", "worst")),
         about.amount(columns["max_regret"][k]).removeprefix("+"),
         share(columns["best"][k]), share(columns["enough"][k])]
        for k, scenario in enumerate(numbers.scenarios)
    ]  # fmt: skip
    heads = [Head("Scenario"), Head("Mean", True), Head("Worst world", True), Head("Largest regret", True),
             Head("Best in", True), Head("No worse than the first in", True)]  # fmt: skip
    note = f"{capital(about.label)} ({about.unit}), change against {labels[numbers.scenarios[0]]}; means over seeds."
    if name in WITH_COST:
        note += f" {MOVED_COUNTS}"
    return [
        Part("regret", "Which choice would be regretted least?", pictures={"regret": (picture, note)},
             tables=[Table("Regret and robustness", heads, rows, note)], said=[picture.finding + "."])
    ]  # fmt: skip


def best_mix(numbers: SweepNumbers) -> list[Part]:
    """The frontier of cost and outcome, where amounts of levers vary."""
    question = numbers.experiment.question or {}
    settings = [name for name in numbers.labels if "levers." in name and name.endswith(".amount")]
    outcome = str(question.get("frontier") or "qalys_gained")
    if not settings or not {"cost", outcome} <= set(numbers.outcomes) or not numbers.worlds or numbers.seeds < 2:
        return []
    scenario = asked_scenario(numbers)
    cost, gain = numbers.change("cost", scenario), numbers.change(outcome, scenario)
    about = numbers.outcome(outcome, scenario)
    found = frontier.front(cost, gain, about.good or 1)
    picture = decision_figures.front(found, cost.mean(axis=1), gain.mean(axis=1), about)
    part = Part("mix", "Which mix gives most for its cost?", said=[picture.finding + "."])
    part.pictures["frontier"] = (picture, "Half of the seeds chose the frontier, the other half valued it.")
    mixes = numbers.factor_values
    heads = [Head("Cost", True), Head(f"{capital(about.label)}, on other seeds", True), Head("Mix")]
    rows = []
    for k in range(len(found.rows)):
        amounts = {name: float(mixes[name][found.rows[k]]) for name in settings}
        top = sorted(amounts, key=lambda name: -amounts[name])[:5]
        mix = "; ".join(f"{numbers.labels[name]} {amounts[name]:.2f}" for name in top)
        rows.append([money(float(found.cost[k])), about.amount(float(found.valued[k])), mix])
    note = "The five largest amounts of each mix. Neighbours on the frontier may differ by luck alone."
    part.tables.append(Table("The mixes on the frontier, cheapest first", heads, rows, note, True))
    return [part]


def stand_in(numbers: SweepNumbers) -> list[Part]:
    """An emulator of the leading outcomes: its skill, an explorer that it answers, and what it says where only one
    factor moves. Refused for an outcome of which it predicts too little."""
    if not numbers.worlds or numbers.method == PSA or len(numbers.rows) < emulator.LEAST_ROWS:
        return []
    scenario = asked_scenario(numbers)
    part = Part("emulator", "A stand-in for the model")
    offers = []
    for name in numbers.outcomes[:PICTURED]:
        about, y = numbers.outcome(name, scenario), numbers.change(name, scenario).mean(axis=1)[: numbers.sample]
        try:
            made = emulator.fit(numbers.positions, y)
        except UserError as fault:
            part.intro.append(f"{capital(about.label)}: no emulator is offered. {fault}")
            continue
        offers.append(sweep_explorer.Offer(about, made, float(y[: made.n].min()), float(y[: made.n].max())))
        part.intro.append(
            f"A Gaussian process through {made.n:,} rows predicts {share(made.q2)} of the variance of {about.label} "
            f"in rows it has not seen (Q² {made.q2:.2f}; below {emulator.LEAST_Q2:.2f} it would not be shown)."
        )
    if offers:
        factors = numbers.results.design.factors
        labels = [numbers.labels[factor.name] for factor in factors]
        part.widget = sweep_explorer.html(offers, factors, labels, f"Try it: {offers[0].about.where}")
        part.tables.append(_one_by_one(numbers, offers[0]))
    return [part]


def _one_by_one(numbers: SweepNumbers, offer: sweep_explorer.Offer) -> Table:
    """What an emulator says where only one factor leaves its middle."""
    about, made, factors = offer.about, offer.made, numbers.results.design.factors
    columns = [factors[k] for k in made.surface.columns]
    x = np.full((3 * len(columns), numbers.positions.shape[1]), 0.5)
    for k, column in enumerate(made.surface.columns):
        x[3 * k : 3 * k + 3, column] = (0.05, 0.5, 0.95)
    mean, spread = made.predict(x)
    step = step_of(float(np.ptp(mean)) or float(np.abs(mean).max()))
    order = sorted(range(len(columns)), key=lambda k: -float(np.ptp(mean[3 * k : 3 * k + 3])))
    said = [f"{about.amount(m, step)} ± {about.amount(d, step).lstrip('+')}" for m, d in zip(mean, spread, strict=True)]
    rows = [[capital(numbers.labels[columns[k].name]), *said[3 * k : 3 * k + 3]] for k in order]
    heads = [Head("Factor"), Head("At its 5th percentile", True), Head("In the middle", True),
             Head("At its 95th percentile", True)]  # fmt: skip
    note = f"{about.where}; {about.unit}. All other factors in their middle; ± one standard deviation of the emulator."
    return Table(f"What the emulator says of {about.label}", heads, rows, note, True)


def asked_scenario(numbers: SweepNumbers) -> str:
    """The scenario that the experiment asks about; by default the first that is compared."""
    named = (numbers.experiment.question or {}).get("scenario")
    return str(named) if named in numbers.scenarios else numbers.compared[0]


def _information_table(whole: Value, parts: list[Value]) -> Table:
    rows = [
        [capital(one.what), money(one.value), f"{money(one.low)} to {money(one.high)}",
         "–" if one is whole else share(one.explained)]
        for one in [whole, *parts]
    ]  # fmt: skip
    heads = [Head("What would be known"), Head("Worth", True), Head("90 % of resamples", True),
             Head("Variance explained", True)]  # fmt: skip
    return Table("What perfect information would be worth", heads, rows, folded=True)


def evidence_parts(numbers: SweepNumbers) -> Mapping[str, Array]:
    """The parts of the evidence with where their parameters lie (0–1) in each row."""
    from sim.sweeps.factors import subject

    found: dict[str, list[Array]] = {}
    if numbers.method == PSA:
        from sim.evidence.distributions import uniform
        from sim.sweeps.base import DRAW

        draws = [int(numbers.results.design.values(int(row))[DRAW]) for row in numbers.rows]
        for name, label in _uncertain(numbers):
            found.setdefault(label, []).append(np.array([uniform(draw, name) for draw in draws]))
    else:
        for k, factor in enumerate(numbers.results.design.factors):
            found.setdefault(_words(subject(factor.name)), []).append(numbers.positions[:, k])
    return {name: np.stack(columns, axis=1) for name, columns in found.items()}


def _uncertain(numbers: SweepNumbers) -> list[tuple[str, str]]:
    """Every drawn number's own name and its subject in words."""
    from sim import own
    from sim.evidence import load
    from sim.sweeps.factors import subject, uncertain

    with own.using(numbers.experiment.plan.own):
        registry = load()
    names = [(name, _words(subject(name))) for name, parameter in registry.items() if uncertain(parameter)]
    for name, table in registry.tables.items():
        if table.uncertain:
            prefix = f"table.{name}"
            names += [(f"{prefix}:{s}" if s else prefix, _words(name)) for s in (table.strata or [""])]
    return names


def _words(name: str) -> str:
    return name.replace(".", ": ").replace("_", " ")


def _threshold() -> float:
    from sim.evidence import load

    return float(load().draw(0)["outcomes.nice_threshold"])


def _without_luck(table: Array) -> Array:
    return np.stack([psa.without_luck(table[:, :, k]) for k in range(table.shape[2])], axis=1)
