"""The best mix of levers for a budget, by running the model: `frontier.best_mix` on top of the engines of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.sweeps import frontier, worth
from sim.sweeps.base import Job

if TYPE_CHECKING:
    from sim.sweeps.base import Base, Value
    from sim.sweeps.engines import Engine

Array = NDArray[Any]
NOTHING = 1e-9  # of a budget


@dataclass
class Runner:
    """Runs mixes of levers in one scenario; what was run before is remembered. Called as a `frontier.Evaluate`.

    base       what all runs share; its first scenario is what the others are compared with
    scenario   whose levers are mixed;  levers: their names
    outcome    what is looked at: of money and QALYs the total, of anything else the change in the last year
    """

    base: Base
    scenario: str
    levers: Sequence[str]
    outcome: str
    engine: Engine
    known: dict[bytes, float] = field(default_factory=dict)

    def __call__(self, amounts: Array, seeds: Sequence[int]) -> Array:
        """The outcome of every mix under every seed, float64[mixes, seeds]. Raises `UserError` when a run fails."""
        jobs = [[self._job(k, row, seed) for seed in seeds] for k, row in enumerate(amounts)]
        new = {job.key: job for row in jobs for job in row if job.key not in self.known}
        # Mixes share the history of their seed: those of one seed go together.
        ordered = sorted(new.values(), key=lambda job: (job.seed, job.row))
        for record in self.engine.run(self.base, iter([[job] for job in ordered])):
            if record is None:
                continue
            if record.values is None:
                raise UserError(f"A mix could not be run ({record.given}): {record.error.strip().splitlines()[-1]}")
            self.known[record.key] = self._outcome(record.values)
        return np.array([[self.known[job.key] for job in row] for row in jobs])

    def _job(self, row: int, amounts: Array, seed: int) -> Job:
        values: dict[str, Value] = {
            f"{self.scenario}.levers.{lever}.amount": float(amount) if amount > NOTHING else 0.0
            for lever, amount in zip(self.levers, amounts, strict=True)
        }
        return Job(self.base.key(values, seed), row, seed, values)

    def _outcome(self, values: Array) -> float:
        """values: float64[scenarios, outcomes, years]."""
        o, s = self.base.outcomes.index(self.outcome), list(self.base.scenarios).index(self.scenario)
        change = values[s, o] - values[0, o]
        return float(change.sum() if self.outcome in worth.MEASURES else change[-1])


def for_budgets(
    run: frontier.Evaluate, levers: Sequence[str], budgets: Sequence[float], *, good: int = 1, seeds: Sequence[int],
    fresh: Sequence[int], most: Sequence[float] | None = None, rounds: int = 4, batch: int = 8,
) -> list[frontier.Mix]:  # fmt: skip
    """The best mix of each budget, smallest first; arguments as for `frontier.best_mix`."""
    return [
        frontier.best_mix(
            run, levers, budget, seeds=seeds, fresh=fresh, good=good, most=most, rounds=rounds, batch=batch
        )
        for budget in sorted(budgets)
    ]
