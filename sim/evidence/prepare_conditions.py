"""Conditions whose age–sex pattern no shipped file holds: patterns by hand, moved to the level of a register.

Rows are (age_from, age_to, women, men). A register says how many there are in England; where a condition has none, the
pattern's own level counts and says where it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.evidence.prepare_raw import OLDEST, Raw, weighted_mean

Pattern = tuple[tuple[int, int, float, float], ...]
WHOLE_LIST = "AST"
"""A register whose list is everybody: others are kept over adults only."""


@dataclass(frozen=True)
class ByHand:
    """One condition. register: code of the register that sets level and gradient, or none; level: share of everyone
    where no register does; gradient: decile 1 and decile 10 relative to England where no register gives one."""

    pattern: Pattern
    register: str = ""
    level: float = 0.0
    gradient: tuple[float, float] = (1.0, 1.0)


# Dementia: 65+ Cognitive Function and Ageing Study II, below 65 from the early-onset register rate.
DEMENTIA: Pattern = (
    (0, 39, 0.0, 0.0), (40, 49, 0.0001, 0.0001), (50, 59, 0.0006, 0.0006), (60, 64, 0.004, 0.004),
    (65, 69, 0.018, 0.012), (70, 74, 0.025, 0.030), (75, 79, 0.062, 0.052), (80, 84, 0.095, 0.106),
    (85, 89, 0.181, 0.128), (90, OLDEST, 0.350, 0.171),
)  # fmt: skip
CANCER: Pattern = (
    (0, 17, 0.001, 0.001), (18, 29, 0.003, 0.003), (30, 39, 0.010, 0.007), (40, 49, 0.025, 0.012),
    (50, 59, 0.050, 0.027), (60, 69, 0.085, 0.065), (70, 79, 0.120, 0.130), (80, 89, 0.145, 0.180),
    (90, OLDEST, 0.130, 0.160),
)  # fmt: skip
# Asthma: Bloom 2019 (lowest under 5, falling under 45, women above men from the teens), pattern recalled.
ASTHMA: Pattern = (
    (0, 4, 0.008, 0.012), (5, 14, 0.048, 0.065), (15, 24, 0.060, 0.055), (25, 34, 0.060, 0.045),
    (35, 44, 0.068, 0.050), (45, 54, 0.082, 0.060), (55, 64, 0.090, 0.065), (65, 74, 0.095, 0.075),
    (75, 84, 0.090, 0.080), (85, OLDEST, 0.070, 0.070),
)  # fmt: skip
# Chronic kidney disease stages 3-5: HSE 2022 has over a third of those 75 and over by measurement; pattern recalled.
CKD: Pattern = (
    (0, 17, 0.0, 0.0), (18, 34, 0.001, 0.001), (35, 44, 0.003, 0.003), (45, 54, 0.009, 0.008),
    (55, 64, 0.028, 0.025), (65, 74, 0.080, 0.070), (75, 84, 0.190, 0.180), (85, OLDEST, 0.310, 0.300),
)  # fmt: skip
# HbA1c 42-47 mmol/mol without diabetes, measured: 11 % of adults, rising steeply with age (HSE 2009-13); bands
# recalled.
NDH: Pattern = (
    (0, 15, 0.0, 0.0), (16, 24, 0.015, 0.015), (25, 34, 0.030, 0.030), (35, 44, 0.060, 0.060),
    (45, 54, 0.110, 0.110), (55, 64, 0.165, 0.165), (65, 74, 0.215, 0.215), (75, OLDEST, 0.235, 0.235),
)  # fmt: skip
# Chronic pain that limits much (grades III-IV): HSE 2011, 14/18 % (men/women) of 16-34 with chronic pain, 22/21 % of
# them much limited, to 53/59 % of 75 and over, 39/44 % of them (read); between is interpolated.
PAIN: Pattern = (
    (0, 15, 0.0, 0.0), (16, 34, 0.038, 0.031), (35, 44, 0.075, 0.062), (45, 54, 0.112, 0.093),
    (55, 64, 0.152, 0.127), (65, 74, 0.195, 0.160), (75, OLDEST, 0.260, 0.207),
)  # fmt: skip

CONDITIONS = {
    "dementia": ByHand(DEMENTIA, "DEM"),
    "cancer": ByHand(CANCER, "CAN"),
    "asthma": ByHand(ASTHMA, "AST"),
    "ckd": ByHand(CKD, "CKD"),
    "ndh": ByHand(NDH, level=0.089, gradient=(1.16, 0.86)),
    "chronic_pain": ByHand(PAIN, level=0.0, gradient=(1.40, 0.74)),
}


def prevalence(raw: Raw) -> pd.DataFrame:
    """Share with each of these conditions by age and sex: condition, sex, age_from, age_to, value."""
    england = raw.england()
    tables = []
    for name, made in CONDITIONS.items():
        shape = pd.DataFrame(
            [(name, sex, start, end, pair[sex]) for start, end, *pair in made.pattern for sex in (0, 1)],
            columns=["condition", "sex", "age_from", "age_to", "value"],
        )
        level = raw.register_of_everyone(made.register, WHOLE_LIST) if made.register else made.level
        if level:
            shape["value"] *= level / weighted_mean(shape, england)
        tables.append(shape)
    return pd.concat(tables)


def gradient(raw: Raw) -> pd.DataFrame:
    """Ratio of each decile to England at the same ages: condition, decile, value."""
    people = raw.england_by_decile()
    return pd.concat([
        pd.DataFrame({"condition": name, "decile": range(1, 11), "value": _ratios(raw, made, people).round(3)})
        for name, made in CONDITIONS.items()
    ])  # fmt: skip


def _ratios(raw: Raw, made: ByHand, people: np.ndarray) -> np.ndarray:
    curve = np.zeros(people.shape[1])
    for start, end, women, men in made.pattern:
        curve[start : end + 1] = (women + men) / 2
    expected = (people * curve).sum(1) / people.sum(1)
    if made.register:
        found = raw.register_by_decile(made.register)
        adults = people[:, 18:] if raw.is_of_adults(made.register, WHOLE_LIST) else people
        ratio = found / (expected * people.sum(1) / adults.sum(1))
    else:
        first, last = np.log(made.gradient)
        ratio = np.exp(np.linspace(first, last, 10))
    return np.asarray(ratio / np.average(ratio, weights=expected * people.sum(1)))
