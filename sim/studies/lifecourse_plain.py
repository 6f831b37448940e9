"""The small life course in plain Mesa: one Python object a resident, one `step` a month.

It is the oracle for `sim.studies.lifecourse` and what the engine's speed is measured against. It is written as a
careful Mesa user would write it: constants looked up once, no work that the model does not ask for.
"""

from __future__ import annotations

from math import exp
from typing import Any

import mesa

from sim.studies import lifecourse_spec as spec

BASE = {
    name: [
        [[spec.base_rate(name, years, male, fifth) for fifth in range(spec.FIFTHS)] for male in (0, 1)]
        for years in range(spec.OLDEST)
    ]
    for name in spec.RATES
}
RATIO = {name: {state: exp(log) for state, log in spec.COEFFICIENTS[name][4].items()} for name in spec.RATES}


class Practice(mesa.Agent):
    """A general practice: meets what demand it can, and remembers the share it could not."""

    def __init__(self, model: Any, capacity: float) -> None:
        super().__init__(model)
        self.capacity = capacity
        self.demand = 0
        self.unmet = 0.0
        self.pressure = 1.0

    def close_month(self) -> None:
        self.unmet = max(0.0, 1 - self.capacity / self.demand) if self.demand else 0.0
        self.pressure = exp(spec.PRESSURE * self.unmet)
        self.demand = 0


class Resident(mesa.Agent):
    """A resident, who ages, changes, falls ill, seeks help and dies."""

    model: Any

    def __init__(
        self,
        model: Any,
        born: int,
        male: int,
        fifth: int,
        practice: Practice,
        social: float = spec.SOCIAL_MEAN,
        smoker: bool = False,
        obese: bool = False,
        diabetes: bool = False,
        cvd: bool = False,
        copd: bool = False,
    ) -> None:
        super().__init__(model)
        self.born, self.male, self.fifth, self.practice, self.social = born, male, fifth, practice, social
        self.smoker, self.obese, self.diabetes, self.cvd, self.copd = smoker, obese, diabetes, cvd, copd

    def rate(self, name: str, years: int) -> float:
        """A rate per month in the present state."""
        rate: float = BASE[name][years][self.male][self.fifth] * (
            1 + spec.LONELY_EXCESS.get(name, 0.0) * (1 - self.social)
        )
        for state, ratio in RATIO[name].items():
            if getattr(self, state):
                rate *= ratio
        return rate

    def happens(self, name: str, years: int) -> bool:
        """Whether a change happens this month, by its own draw."""
        return bool(self.model.random.random() < 1 - exp(-self.rate(name, years)))

    def contacts(self, mean: float) -> int:
        """A Poisson number of contacts."""
        u, p, count = self.model.random.random(), exp(-mean), 0
        total = p
        while u >= total and count < 99:
            count += 1
            p *= mean / count
            total += p
        return count

    def step(self) -> None:
        model = self.model
        years, months = divmod(model.month - self.born, 12)
        if months == 0:
            noise = spec.SOCIAL_NOISE * (model.random.random() - 0.5)
            self.social = min(max(self.social + spec.SOCIAL_PULL * (spec.SOCIAL_MEAN - self.social) + noise, 0), 1)
        begun = [name for name, state in spec.ONSETS.items() if not getattr(self, state) and self.happens(name, years)]
        ended = [name for name, state in spec.ENDS.items() if getattr(self, state) and self.happens(name, years)]
        if self.happens("death", years):
            model.totals["death"] += 1
            model.born.append((self.fifth, self.practice))
            self.remove()
            return
        for name in begun:
            setattr(self, spec.ONSETS[name], True)
            model.totals[name] += 1
        for name in ended:
            setattr(self, spec.ENDS[name], False)
            model.totals[name] += 1
        asked = self.contacts(self.rate("gp", years))
        self.practice.demand += asked
        model.totals["gp"] += asked
        model.totals["ed"] += self.contacts(self.rate("ed", years) * self.practice.pressure)


class PlainTown(mesa.Model):
    """n residents and their practices."""

    def __init__(self, n: int = 10_000, seed: int = 1) -> None:
        super().__init__(rng=seed)
        self.month = 0
        self.totals: dict[str, float] = dict.fromkeys((*spec.RATES, "unmet"), 0)
        self.born: list[tuple[int, Practice]] = []
        practices = list(Practice.create_agents(self, spec.PRACTICES, spec.capacities(n).tolist()))
        people: dict[str, Any] = {name: column.tolist() for name, column in spec.population(n, seed).items()}
        people["practice"] = [practices[i] for i in people["practice"]]
        Resident.create_agents(self, n, **people)

    def step(self) -> None:
        """One month."""
        self.month += 1
        self.agents_by_type[Resident].shuffle_do("step")
        for fifth, practice in self.born:
            Resident(self, self.month, self.random.getrandbits(1), fifth, practice)
        self.born.clear()
        practices = self.agents_by_type[Practice]
        practices.do("close_month")
        self.totals["unmet"] += sum(practices.get("unmet")) / spec.PRACTICES

    def summary(self) -> dict[str, float]:
        """Flows a resident-month and stocks a resident so far."""
        residents = self.agents_by_type[Resident]
        stocks = {state: float(sum(residents.get(state))) for state in (*spec.STATES, "social", "male")}
        n = len(residents)
        return spec.summary(self.totals, stocks, n * self.month, n)
