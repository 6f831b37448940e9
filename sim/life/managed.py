"""How well long-term conditions are managed (0–1), what that depends on, and what it does.

A person's level moves toward a target: what is typical, a lasting difference between people, confidence, continuity and
unmet needs. Served reviews raise it (`sim.care.treated`). Who has conditions but does not know of any stands at 0;
who has none, at what is typical, where it changes no rate. Rates see four levels, at 0, ⅓, ⅔ and 1; between two of
them a person stands at one or the other by a draw for life, so that the mean effect is the straight line between
them.

Confidence and continuity act on avoidable admissions only through this level. Their weights are solved so that the
published associations, times their causal share, come back: weight = causal share × ln(association) ÷ ln(ratio of
admissions from not at all to fully managed). When control has no effect on admissions (judged effects off), the
weights are 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.clock import MONTHS_A_YEAR
from sim.life import managed_kernels as kernels
from sim.life.life_kernels import REVIEW_MONTHS
from sim.life.states import LEVEL_VALUES, level_shift
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.system import CareSystem

Rows = NDArray[np.int64]
Keys = NDArray[np.uint64]
State = NDArray[np.uint64]
Pattern = NDArray[np.uint32]
FULL = 255
NODES = np.linspace(0.0, 1.0, LEVEL_VALUES)
ALWAYS = 0  # month of draws for life
OF_LIFE = np.array([draws.offset(ALWAYS, each >> 1) for each in (Purpose.MANAGED, Purpose.MANAGED_LEVEL)], np.uint64)
"""Added to a key for the lasting difference, and for the level's draw for life."""
OF_CONFIDENCE, OF_MANAGED = np.uint64(level_shift("confidence")), np.uint64(level_shift("managed"))
"""Where these levels stand in a state."""
MMHG, UPC = 20.0, 0.2
"""Units of the published ratios: per 20 mmHg, per 0.2 of the usual provider index."""
PRESSURE = {"stroke": "managed.pressure_stroke", "chd": "managed.pressure_chd", "heart_failure": "managed.pressure_chd"}
"""New conditions that control of blood pressure prevents, and the row with its strength."""


@dataclass(frozen=True)
class Managed:
    """Tables of one evidence draw. mask: bits of long-term conditions in `state`, from bit 0 of the conditions.

    confidence: what each level of confidence adds (4,); number: typical, half-width of lasting differences, weight of
    continuity, usual continuity, fall with an unmet need, share of the gap closed between reviews (float32, 6).
    """

    conditions: np.uint32
    number: NDArray[np.float32]
    confidence: NDArray[np.float32]
    typical: float

    @classmethod
    def of(cls, evidence: Evidence, long_term: NDArray[np.bool_]) -> Managed:
        """long_term: which conditions, in order, are managed at all."""
        from sim.life.three_cs import level_shares  # which needs the epidemiology, which needs this

        usual = float(level_shares(evidence, "confidence") @ NODES)
        reach = abs(math.log(exacerbation_ratio(evidence)))

        def weight(association: float, causal: float) -> float:
            return abs(math.log(association)) * causal / reach if reach > 0 else 0.0

        per_upc = weight(1 + evidence["managed.continuity_admissions"], evidence["managed.continuity_causal"]) / UPC
        up = weight(evidence["managed.confidence_admissions"], evidence["three_cs.confidence_causal_share"])
        added = up * (NODES - usual)
        pace = -math.expm1(-REVIEW_MONTHS / MONTHS_A_YEAR * evidence["managed.pace"])
        number = [evidence["managed.typical"], evidence["managed.spread"], per_upc]
        number += [evidence["managed.usual_continuity"], evidence["managed.unmet_weight"], pace]
        bits = np.uint32((long_term * (1 << np.arange(long_term.size))).sum())
        return cls(bits, np.array(number, np.float32), added.astype(np.float32), evidence["managed.typical"])

    @property
    def unaffected(self) -> int:
        """Level (of 255) of those who have no long-term condition."""
        return round(self.typical * FULL)

    def begin(self, key: Keys, state: State, undiagnosed: Pattern, first: int) -> NDArray[np.uint8]:
        """Managed level (uint8, of 255) of new people, without regard to confidence; written into their `state` too.

        first: bit of the first condition."""
        column = np.empty(key.size, np.uint8)
        kernels.begin(
            key, undiagnosed, np.uint64(first), self.conditions, self.number, OF_MANAGED, OF_LIFE,
            state, column,
        )  # fmt: skip
        return column


def exacerbation_ratio(evidence: Evidence) -> float:
    """Rate of avoidable admissions of fully against not at all managed, within its bound."""
    return max(evidence["managed.exacerbation_ratio"], evidence["managed.exacerbation_least"])


def by_level(evidence: Evidence) -> dict[str, tuple[float, ...]]:
    """Process → multiplier at each of the four levels; 1 at what is typical."""
    full = {"exacerbation": exacerbation_ratio(evidence)}
    for condition, row in PRESSURE.items():
        full[f"onset_{condition}"] = evidence[row] ** (evidence["managed.pressure"] / MMHG)
    typical = evidence["managed.typical"]
    return {process: tuple((ratio ** (NODES - typical)).tolist()) for process, ratio in full.items()}


def review(m: CareSystem, rows: Rows) -> None:
    """Move the managed level of residents in review and bring its level in their states up to date."""
    tables, r = m.epidemiology.managed, m.residents.columns
    kernels.move(
        rows, r["key"], r["state"], r["undiagnosed"], r["unmet"], r["continuity"], r["lsoa"], r["managed"],
        tables.conditions, tables.number, tables.confidence, m.area_shift["managed"],
        OF_CONFIDENCE, OF_MANAGED, OF_LIFE,
    )  # fmt: skip
