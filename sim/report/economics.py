"""Worth its cost? The cost-effectiveness plane and acceptability curves of a comparison's own runs, and a tornado of
what the net benefit hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim.outcomes.change import ROUNDING
from sim.outcomes.ledgers import Ledgers, ledgers
from sim.outcomes.rounding import MILLION, signed, step_of
from sim.outcomes.summary import HIGH, LOW
from sim.report import style, words
from sim.report.numbers import Numbers

if TYPE_CHECKING:
    from sim.outcomes.results import Results

#: price of the ledgers (`sim.outcomes.ledgers.Values`) → words; its interval is the registry's
PRICES = {
    "worth_paying": "what a QALY is worth (NICE's threshold)",
    "closed_share": "share of released capacity that is closed",
    "cash_share_later": "share of the average cost saved, later",
    "cash_share_first_year": "share of the average cost saved, first year",
    "unit_cost_gp": "cost of a GP appointment",
    "unit_cost_ed": "cost of an A&E attendance",
    "unit_cost_bed_day": "cost of a bed-day",
}
REGISTERED = {"worth_paying": "nice_threshold"}  # else the same name
FIELDS = {"unit_cost_gp": "gp_contact", "unit_cost_ed": "ed_attendance", "unit_cost_bed_day": "bed_day"}
MOST_RUNS = 8
UP_TO = 60_000
STEPS = 121


def _threshold() -> float:
    from sim.evidence import load

    return float(load().draw(0)["outcomes.nice_threshold"])


def _where(numbers: Numbers, missing: Sequence[str] = ()) -> str:
    years = numbers.results.policy_years
    return f"{numbers.results.place_label}, {years} year{'s' * (years != 1)}, {words.runs_of(numbers.runs)}" + (
        f"; for want of room without {words.join(missing)}" if missing else ""
    )


def plane(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """The cost-effectiveness plane, a dot a run (evidence and chance together); None where no scenario spends."""
    from sim.report import decision_figures
    from sim.sweeps import acceptability

    numbers = Numbers.of(results)
    points = {}
    asked = list(scenarios or numbers.compared)
    for name in asked[: style.MAX_SERIES]:
        runs = numbers.ledgers(name)
        cost, health = (np.array([one.net_cost for one in runs]), np.array([one.total("qalys") for one in runs]))
        if cost.any() or health.any():
            points[numbers.label(name)] = (cost, health)
    if not points:
        return None
    where = _where(numbers, [numbers.label(name) for name in asked[style.MAX_SERIES :]])
    found = {name: acceptability.plane(*both) for name, both in points.items()}
    looks = {numbers.label(name): numbers.looks[name] for name in numbers.compared}
    holds = "chance alone" if numbers.one_draw else "evidence and chance together"
    return decision_figures.plane(points, found, _threshold(), where, "run", looks, holds)


def ceac(results: Results | Numbers, scenarios: Sequence[str] | None = None) -> style.Picture | None:
    """Acceptability curves over the runs, of scenarios that change money or health; None where none does."""
    from sim.report import decision_figures
    from sim.sweeps import acceptability

    numbers = Numbers.of(results)
    counting = [name for name in scenarios or numbers.compared if _counts(numbers, name)]
    shown = counting[: style.MAX_SERIES - 1]  # the baseline is the fourth series
    if numbers.runs < 2 or not shown:
        return None
    nothing = np.zeros(numbers.runs)
    cost = np.stack([nothing, *([one.net_cost for one in numbers.ledgers(name)] for name in shown)], axis=1)
    effect = np.stack([nothing, *([one.total("qalys") for one in numbers.ledgers(name)] for name in shown)], axis=1)
    curves = acceptability.ceac(cost, effect, np.linspace(0, UP_TO, STEPS))
    names = [numbers.label(name) for name in (numbers.base, *shown)]
    missing = [numbers.label(name) for name in counting if name not in shown]
    return decision_figures.ceac(curves, names, _where(numbers, missing), "run", missing)


def _counts(numbers: Numbers, scenario: str) -> bool:
    """Whether a scenario changes money or health in any run."""
    return any(one.cost.any() or one.qalys.any() for one in numbers.ledgers(scenario))


def tornado(results: Results | Numbers, scenario: str | None = None) -> style.Picture | None:
    """What a scenario's net benefit hangs on: each price alone at the two ends of its interval, and beside them the
    runs' own spread, split into evidence (the prices among it) and chance. scenario: by default the first compared.

    None where nothing is spent or gained.
    """
    numbers = Numbers.of(results)
    name = scenario or next(iter(numbers.compared), None)
    if name is None or numbers.results.policy_years < 1:
        return None
    whole = np.array([one.net_benefit for one in numbers.ledgers(name)])
    if not whole.any():
        return None
    mean = float(whole.mean())
    bars = [bar for bar in (*_prices(numbers, name), *_spread(numbers, whole)) if _felt(bar, mean)]
    if not bars:
        return None
    bars.sort(key=lambda bar: -(max(bar[1:]) - min(bar[1:])))
    step = step_of(max(abs(end) for _, *ends in bars for end in ends) / MILLION)
    largest, *ends = bars[0]
    crosses = min(mean + min(ends), mean + max(ends)) < 0 < max(mean + min(ends), mean + max(ends))
    finding = (
        f"{numbers.label(name)}: net benefit {_pounds(mean, step)}; it hangs most on {largest} "
        f"({_pounds(mean + min(ends), step)} to {_pounds(mean + max(ends), step)})"
        + ("" if crosses else ", and nothing here alone turns its sign" if _sign_holds(mean, bars) else "")
    )
    with style.drawing():
        picture = style.Picture(height=1.75 + 0.36 * len(bars))
        of_runs = (
            f"for evidence and chance, where 90{style.NBSP}% of runs would lie by them alone"
            if numbers.runs > 1
            else "what evidence and chance would do cannot be told from one run"
        )
        note = (
            "Net benefit: QALYs at NICE's threshold less the levers' cost (less cash saved), discounted. Moved money "
            "counts as spent, like new; released capacity is left out. Bars: the mean with one price at the low (pale) "
            f"and high (dark) end of its interval; {of_runs}. Dashed: no net benefit."
        )
        top = style.headline(picture, finding, note)
        height = picture.get_figheight()
        axes = picture.subplots()
        picture.subplots_adjust(left=0.33, right=0.97, top=top - 0.02, bottom=0.42 / height)
        for y, (_, low, high) in enumerate(bars):
            for end, colour in ((low, style.GHOST), (high, numbers.looks[name].colour)):
                axes.barh(y, end / MILLION, left=mean / MILLION, height=0.56, color=colour)
        axes.axvline(mean / MILLION, color=style.INK, linewidth=1.2)
        axes.axvline(0, color=style.INK, linewidth=1.1, linestyle=style.BASELINE_DASH)
        axes.set_yticks(range(len(bars)), [bar[0] for bar in bars])
        axes.tick_params(axis="y", labelcolor=style.INK)
        axes.set_ylim(len(bars) - 0.4, -0.6)
        axes.grid(True, axis="x")
        axes.grid(False, axis="y")
        axes.xaxis.set_major_locator(words.ticks_across())
        axes.xaxis.set_major_formatter(lambda value, _: words.million_tick(value))
        said = "; ".join(f"{what} {_pounds(mean + a, step)} to {_pounds(mean + b, step)}" for what, a, b in bars)
        picture.alt = f"Tornado. Net benefit of {numbers.label(name)}, mean {_pounds(mean, step)}. With {said}."
    return picture


Bar = tuple[str, float, float]
"""Words, and the change of the mean net benefit in £ at the low and at the high end."""


def _felt(bar: Bar, mean: float) -> bool:
    """Whether a bar is more than the rounding of sums."""
    return max(map(abs, bar[1:])) > ROUNDING * abs(mean)


def _sign_holds(mean: float, bars: Sequence[Bar]) -> bool:
    return all((mean + end > 0) == (mean > 0) for _, *ends in bars for end in ends)


def _prices(numbers: Numbers, scenario: str) -> list[Bar]:
    from sim.evidence import load

    registry, bars = load(), []
    results = numbers.results
    pairs = results.pairs[:MOST_RUNS]
    runs = [(results.record(scenario, pair), results.record(numbers.base, pair)) for pair in pairs]
    given = numbers.ledgers(scenario)[:MOST_RUNS]
    before = float(np.mean([one.net_benefit for one in given]))
    for price, label in PRICES.items():
        parameter = registry[f"outcomes.{REGISTERED.get(price, price)}"]
        if parameter.low is None or parameter.high is None:
            continue
        ends = []
        for value in (parameter.low, parameter.high):
            each: list[Ledgers] = [
                ledgers(run, base, results.policy_start, replace(one.values, **{FIELDS.get(price, price): value}))
                for (run, base), one in zip(runs, given, strict=True)
            ]
            ends.append(float(np.mean([one.net_benefit for one in each])) - before)
        if any(ends):
            bars.append((label, ends[0], ends[1]))
    return bars


def _spread(numbers: Numbers, whole: np.ndarray) -> list[Bar]:
    if len(whole) < 2:  # one run has no spread: a bar of no width would say that nothing hangs on the evidence
        return []
    share = float(numbers.results.noise(whole))
    low, high = (float(np.quantile(whole, q)) - float(whole.mean()) for q in (LOW, HIGH))
    if numbers.one_draw:
        return [("chance", low, high)]
    if not np.isfinite(share):
        return [("evidence and chance together", low, high)]
    return [
        (label, low * part**0.5, high * part**0.5)
        for label, part in (("all evidence, as drawn", 1 - share), ("chance", share))
    ]


def _pounds(value: float, step: float) -> str:
    """An amount in £ as ``−£12m``; step: of rounding, in million."""
    text = signed(value / MILLION, step)
    if not value:
        return "£0"
    sign = text[0] if text[0] in "+−" else ""
    return f"{sign}£{text.lstrip('+−')}m"
