"""Small made-up sweeps for the tests of their page: a known response of each outcome, nothing is simulated."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from sim.sweeps import designs, factors, resample
from sim.sweeps.experiment import Draws

YEARS, FIRST = 12, 2026
OUTCOMES = ("net_benefit", "net_cost", "net_cost_with_capacity", "cost", "qalys_gained", "emergency_admissions")
LABELS = {"baseline": "Baseline", "reform": "Reform", "hospital": "Hospital"}
SETTINGS = {
    "levers.link_workers.amount": [0.0, 2.0],
    "levers.warm_homes.amount": [0.0, 1.0],
    "levers.health_coaching.amount": [0.0, 1.0],
    "rollout": {"choices": ["everywhere", "by_need"]},
}


@dataclass
class Made:
    """What the page reads of a sweep."""

    experiment: Any
    design: Any
    values: np.ndarray  # rows, seeds, scenarios, outcomes, years
    folder: Path | None = None

    @property
    def by_outcome(self) -> dict[str, np.ndarray]:
        return {name: self.values[:, :, :, o] for o, name in enumerate(OUTCOMES)}


@dataclass
class Settings:
    """What the page reads of the settings."""

    scale: float = 0.1
    years: int = YEARS
    place: Any = field(default_factory=lambda: SimpleNamespace(name="toy", label="Toy town"))


def sweep(
    method: str = "qmc", n: int = 128, seeds: int = 4, *, effect: float = 1.0, luck: float = 0.3,
    question: dict[str, Any] | None = None, scenarios: tuple[str, ...] = ("baseline", "reform"),
) -> Made:  # fmt: skip
    """A sweep in which the first two settings move everything, `effect` times, under luck of that size."""
    found = factors.of_settings(SETTINGS)
    design = Draws(n) if method == "psa" else designs.make(method, found, n)
    rows = len(design)
    u = resample.uniforms(77, rows, 4) if method == "psa" else np.stack([design.row(k) for k in range(rows)])
    strength = effect * (u[:, 0] - 0.5 + 0.5 * u[:, 1])[:, None, None]  # rows × seeds × years
    values = np.zeros((rows, seeds, len(scenarios), len(OUTCOMES), YEARS))
    shared = luck * resample.normals(1, rows, seeds, 1)
    for s in range(1, len(scenarios)):
        own = shared + luck * resample.normals(2 + s, rows, seeds, YEARS)
        gained = 10 * (strength + own) / s
        cost = np.full_like(gained, 2e5 * effect * s) + 1e4 * own
        each = {
            "qalys_gained": gained,
            "cost": cost,
            "net_cost": cost - 5e4 * strength,
            "net_cost_with_capacity": cost - 6e5 * strength,
            "net_benefit": 25_000 * gained - cost,
            "emergency_admissions": -100 * (strength + own),
        }
        for o, name in enumerate(OUTCOMES):
            values[:, :, s, o] = each[name]
    experiment = SimpleNamespace(
        name=f"made_{method}", about="what moves it & why", design=method, n=n, seeds=seeds, outcomes=OUTCOMES,
        question=question, base=SimpleNamespace(first_year=FIRST), seed_list=lambda: list(range(1, seeds + 1)),
        tree=lambda: {"name": "made", "design": method, "n": n, "factors": {"settings": SETTINGS}},
        plan=SimpleNamespace(scenarios={s: {"label": LABELS[s]} for s in scenarios}, settings=Settings(), own=()),
    )  # fmt: skip
    return Made(experiment, design, values)
