"""Low income and cold or crowded homes: how common they are by deprivation, and what they do.

Both are states of a person that change with their own turnover, solved like a behaviour's (`sim.life.behaviours`). A
neighbourhood differs from its deprivation decile as its own published shares do. What they do acts at once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.life.grid import AGES, DECILES, SEXES, Array, grouped, keyed

if TYPE_CHECKING:
    import pandas as pd

    from sim.evidence import Evidence

COLUMN = {"low_income": "income_deprived", "cold_home": "cold_or_crowded"}
"""Column of a place's neighbourhoods that holds the share with each circumstance."""
LEAST_RATIO, MOST_RATIO = 0.1, 5.0
MOST_SHARE = 0.9


def prevalence(evidence: Evidence, circumstance: str) -> Array:
    """Share with the circumstance as (sex, age, decile), the same at every age and for both sexes."""
    return np.broadcast_to(of_deciles(evidence, circumstance), (SEXES, AGES, DECILES)).copy()


def of_deciles(evidence: Evidence, circumstance: str) -> Array:
    """Share with the circumstance by decile (10,)."""
    table = evidence.table("circumstance_by_decile")
    return keyed(table[table["circumstance"] == circumstance], "decile", range(1, DECILES + 1))


def area_ratio(evidence: Evidence, circumstance: str, areas: pd.DataFrame) -> Array:
    """Share in each neighbourhood over what its decile of deprivation has (areas,), bounded to 0.1–5."""
    usual = of_deciles(evidence, circumstance)[areas["imd_decile"].to_numpy(int) - 1]
    here = np.minimum(areas[COLUMN[circumstance]].to_numpy(float), MOST_SHARE)
    return np.asarray(np.clip(here / usual, LEAST_RATIO, MOST_RATIO))


def into_ratio(evidence: Evidence, circumstance: str, areas: pd.DataFrame) -> Array:
    """What the rate into the circumstance is multiplied by in each neighbourhood (areas,), so that at the same rate
    out its share is kept: the ratio of odds."""
    usual = of_deciles(evidence, circumstance)[areas["imd_decile"].to_numpy(int) - 1]
    here = np.minimum(usual * area_ratio(evidence, circumstance, areas), MOST_SHARE)
    return np.asarray((here / (1 - here)) / (usual / (1 - usual)))


def ratios(evidence: Evidence, outcome: str) -> dict[str, float]:
    """Circumstance → what a rate is multiplied by; outcome: a condition, `death`, a process or a kind of need."""
    return {name: float(ratio) for name, ratio in _ratios(evidence).get(outcome, [])}


@lru_cache(maxsize=4)
def _ratios(evidence: Evidence) -> dict[str, list[tuple[Any, ...]]]:
    return grouped(evidence.table("circumstance_ratio"), "outcome", "circumstance", "value")
