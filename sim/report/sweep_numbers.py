"""What the pages of a sweep ask of its results: complete rows, paired changes, and words. Nothing is simulated here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.measure import Measure
from sim.outcomes.measures import Measures
from sim.report.sweep_words import Outcome
from sim.sweeps import worth

if TYPE_CHECKING:
    from sim.sweeps.experiment import Experiment

Array = NDArray[Any]
PSA = "psa"
SAMPLES = ("qmc", "lhs", "given", "rbd_fast", "delta", "pawn", "hdmr", PSA)
"""Designs whose rows are worlds drawn from the evidence, each as likely as another."""
MOST_ROWS = 4000
"""Worlds that are looked at: more would not change a sentence, and take long."""


class SweepLike(Protocol):
    """What is needed of results. by_outcome: name → float64[rows, seeds, scenarios, years], nan where not run."""

    experiment: Experiment
    design: Any
    by_outcome: Mapping[str, Array]
    folder: Path | None


class SweepNumbers:
    """The numbers of a sweep, for its pages.

    scenarios, outcomes   names; the first scenario is what the others are compared with
    rows                  the rows in which every run has a value: int[n], of worlds no more than `MOST_ROWS`
    asked, failed         how many rows there are, and how many of them have not
    design                of a design that grows: the part of it that is complete
    sample                how many of `rows` have `positions` and `factor_values`
    """

    def __init__(self, results: SweepLike) -> None:
        self.results, self.experiment = results, results.experiment
        self.scenarios = tuple(self.experiment.plan.scenarios)
        self.outcomes = tuple(self.experiment.outcomes)
        whole = np.ones(len(results.by_outcome[self.outcomes[0]]), bool)
        for name in self.outcomes:
            whole &= np.isfinite(results.by_outcome[name][..., 0]).all(axis=(1, 2))
        self.asked, self.failed = len(whole), int((~whole).sum())
        self.design = results.design
        if self.method in SAMPLES:
            self.rows = np.flatnonzero(whole)[:MOST_ROWS]
        elif whole.all():
            self.rows = np.arange(len(whole))
        else:
            done = self.design.complete(whole)
            self.design = self.design.first(done) if done else None
            self.rows = np.arange(len(self.design)) if self.design is not None else np.arange(0)
        self.sample = min(len(self.rows), MOST_ROWS)

    @property
    def method(self) -> str:
        """The name of the design."""
        return str(self.results.design.method)

    @property
    def seeds(self) -> int:
        """Seeds a row."""
        return int(self._shape[1])

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(self.results.by_outcome[self.outcomes[0]].shape)

    @property
    def compared(self) -> tuple[str, ...]:
        """Scenarios that are set against the first; the only one where there is no other."""
        return self.scenarios[1:] or self.scenarios

    @property
    def worlds(self) -> bool:
        """Whether rows are worlds drawn from the evidence, so that shares of rows mean something."""
        return self.method in SAMPLES

    @property
    def evidence_only(self) -> bool:
        """Whether nothing but evidence varies: then rows are states of knowledge, not choices."""
        return all(factor.kind == "evidence" for factor in getattr(self.results.design, "factors", ()))

    def years(self) -> list[int]:
        """The financial years of the values."""
        return [self.experiment.base.first_year + k for k in range(self._shape[-1])]

    def change(self, outcome: str, scenario: str, year: int | None = None) -> Array:
        """Paired change against the first scenario, float64[rows, seeds]: in the last year of each row (or a year), and
        of money and QALYs the total of all years (or of so many first years)."""
        whole = self.results.by_outcome[outcome]
        values = np.asarray(whole[self.rows, :, self.scenarios.index(scenario)], np.float64)
        if len(self.scenarios) > 1:
            values = values - whole[self.rows, :, 0]
        if outcome in worth.MEASURES:
            return np.asarray(np.nansum(values[..., : len(self.years()) if year is None else year], axis=-1))
        if year is not None:
            return np.asarray(values[..., self.years().index(year)])
        last = np.isfinite(values).cumsum(axis=-1).argmax(axis=-1)
        return np.asarray(np.take_along_axis(values, last[..., None], axis=-1)[..., 0])

    def outcome(self, name: str, scenario: str) -> Outcome:
        """The outcome in words."""
        measure = self.measure(name)
        total = name in worth.MEASURES
        years = self.years()
        when = f"{len(years)} year{'s' * (len(years) != 1)}" if total else clock.fin_year_label(years[-1])
        against = f" against {self.label(self.scenarios[0])}" if len(self.scenarios) > 1 else ""
        unit = measure.unit.removesuffix(" a year") if total else measure.unit
        label = measure.label.partition(":")[0].partition(", discounted")[0] if total else measure.label
        if unit == "%" and against:
            unit = "percentage points"
        return Outcome(label, unit, measure.good, f"{self.label(scenario)}{against}, {when}", self.labels)

    def measure(self, name: str) -> Measure:
        """What an outcome is."""
        return worth.MEASURES.get(name) or self._measures[name]

    @cached_property
    def _measures(self) -> Measures:
        from sim import own
        from sim.life import conditions

        with own.using(self.experiment.plan.own):
            return Measures({one.name: one.label for one in conditions.shipped()})

    def label(self, scenario: str) -> str:
        """A scenario's words."""
        given = self.experiment.plan.scenarios.get(scenario)
        said = given.get("label") if isinstance(given, Mapping) else None
        return str(said or scenario.replace("_", " ").capitalize())

    @cached_property
    def labels(self) -> dict[str, str]:
        """Factors and groups in words."""
        factors = getattr(self.results.design, "factors", ())
        found = {factor.name: self._short(str(factor.label)) for factor in factors}
        groups: dict[str, int] = {}
        for factor in factors:
            if factor.group:
                groups[factor.group] = groups.get(factor.group, 0) + 1
        for group, count in groups.items():
            words = group.replace(".", ": ").replace("_", " ")
            found[group] = f"{words} ({count} number{'s' * (count != 1)})"
        return found

    def _short(self, label: str) -> str:
        """A factor's label without what is the same for all: ``levers``, and the only scenario that is compared."""
        if len(self.compared) == 1:
            label = label.removeprefix(self.compared[0].replace("_", " ") + ": ")
        return label.removeprefix("levers: ")

    @cached_property
    def units(self) -> dict[str, str]:
        """Units of factors."""
        return {factor.name: str(factor.unit) for factor in getattr(self.results.design, "factors", ())}

    @cached_property
    def factor_values(self) -> dict[str, Array]:
        """What each factor is in each row of the sample: numbers, or text for choices."""
        if self.method == PSA or self.design is None:
            return {}
        rows = [self.results.design.values(int(row)) for row in self.rows[: self.sample]]
        return {factor.name: _column([row[factor.name] for row in rows]) for factor in self.results.design.factors}

    @cached_property
    def positions(self) -> Array:
        """Where each factor lies in its distribution (0–1) in each row of the sample, float64[rows, factors]."""
        return np.stack([self.results.design.row(int(row)) for row in self.rows[: self.sample]])


def _column(values: Sequence[Any]) -> Array:
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return np.array(values, np.float64)
    return np.array([str(v) for v in values])
