"""Lagged exposures: what a behaviour does to health today depends on how one has lived for years.

A lagged exposure x̃ follows the real one x (0 or 1) with the mean lag L of the evidence, x̃ ← x̃ + (x − x̃)(1 −
e^(−Δt/L)), so that benefit comes late and nobody needs a memory of dates. Smoking wanes more slowly than it builds
up: the mean lag after quitting is solved from the share of excess risk that remains ten years on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.clock import MONTHS_A_YEAR
from sim.life import health_kernels as kernels
from sim.life.behaviours import BEHAVIOURS
from sim.life.life_kernels import FULL, REVIEW_MONTHS
from sim.life.states import States

if TYPE_CHECKING:
    from sim.evidence import Evidence

STATE_OF = {behaviour.risk: behaviour.state for behaviour in BEHAVIOURS}


@dataclass(frozen=True)
class Exposures:
    """The lagged exposures of one evidence draw.

    names: (exposure, lag class) of each column of `lagged`; mask: the bit of the state it follows; rise, fall: share
    of the gap that closes from one review to the next (float32, one a column) when the state is on, or off.
    """

    names: tuple[tuple[str, str], ...]
    mask: NDArray[np.uint64]
    rise: NDArray[np.float32]
    fall: NDArray[np.float32]
    fall_years: NDArray[np.float64]

    @classmethod
    def build(cls, evidence: Evidence, states: States) -> Exposures:
        """One column for every pair of exposure and lag class that a relative risk uses."""
        risks = evidence.table("relative_risk")
        names = tuple(sorted(set(zip(risks["exposure"], risks["lag_class"], strict=True))))
        lags = _values(evidence, "lag_years")
        recovery = _values(evidence, "smoking_recovery_years")
        up = np.array([lags[lag] for _, lag in names])
        down = np.array([recovery[lag] if risk == "smoking" else lags[lag] for risk, lag in names])
        step = REVIEW_MONTHS / MONTHS_A_YEAR
        return cls(
            names=names,
            mask=np.array([states.mask(STATE_OF[risk]) for risk, _ in names], np.uint64),
            rise=(-np.expm1(-step / up)).astype(np.float32),
            fall=(-np.expm1(-step / down)).astype(np.float32),
            fall_years=down,
        )

    def at_start(self, state: NDArray[np.uint64], years_since_quit: NDArray[np.float32]) -> NDArray[np.float32]:
        """Lagged exposures (n, columns) of people who have long lived as they do.

        years_since_quit: for ex-smokers, else infinity.
        """
        first, fall = self._smoking
        left = np.exp(-years_since_quit[:, None] / fall)
        lagged = np.empty((state.size, self.mask.size), np.float32)
        kernels.lived(state, self.mask, left, first, lagged)
        return lagged

    @cached_property
    def _smoking(self) -> tuple[int, NDArray[np.float32]]:
        """The first column of smoking, and how many years each of its columns takes to fall."""
        risks = [risk for risk, _ in self.names]
        first = risks.index("smoking") if "smoking" in risks else 0
        return first, self.fall_years[first : first + risks.count("smoking")].astype(np.float32)


def as_kept(lagged: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Lagged exposures 0–1 as residents keep them: 16 bits."""
    kept = np.empty(lagged.shape, np.uint16)
    kernels.as_kept(lagged, np.float32(FULL), kept)
    return kept


def _values(evidence: Evidence, name: str) -> dict[str, float]:
    table = evidence.table(name)
    return dict(zip(table["lag_class"], table["value"].astype(float), strict=True))
