"""What a lever may name: residents' states, processes, and states that can be lifted. Taken from the model itself.

Nothing here is kept by hand: processes are those of the rate tables, states those of the residents, so that a new
condition can be named by a lever as soon as its file exists. Birth, death and leaving are no lever's business.
"""

from __future__ import annotations

from sim import own

NUMBERS = ("age", "decile", "fifth", "conditions", "contact", "confidence", "control", "managed")
"""Numbers of a resident that eligibility may compare: years, deciles and fifths (1 most deprived), how many long-term
conditions, and levels 0 (lowest) to 3 of the three Cs and of how well conditions are managed."""
LEVELS = ("contact", "confidence", "control", "managed")
FLAGS = ("male", "long_term_condition")
ADULTS, ILL, EVERYONE = "adults", "ill", "residents"
SHIFTS = {
    "life_satisfaction": ADULTS,
    "contact": ADULTS,
    "confidence": ADULTS,
    "control": ADULTS,
    "managed": ILL,
    "continuity": EVERYONE,
}
"""States that a lever may lift, and over whom the lift of a neighbourhood is a mean. Units: points of 0–10 for life
satisfaction, points of 0–100 for confidence (patient activation), shares of 0–1 for the others."""
HOSPITAL_KINDS = ("emergency", "exacerbation", "frailty_crisis")
"""Kinds of hospital need whose joint reduction by levers is bounded, and that a risk score predicts."""


@own.remembered
def states() -> tuple[str, ...]:
    """Names of a resident's yes-or-no states: behaviours, circumstances, frailty and the configured conditions."""
    from sim.life.conditions import shipped
    from sim.life.states import BEHAVIOURS, CIRCUMSTANCES, FRAILTY

    return (*BEHAVIOURS, *CIRCUMSTANCES, *FRAILTY, *(condition.name for condition in shipped()))


@own.remembered
def processes() -> tuple[str, ...]:
    """Names of the processes that a lever may act on."""
    from sim.life.conditions import shipped
    from sim.life.contacts import KINDS
    from sim.life.processes import CHANGES, of_condition

    return (*CHANGES, *KINDS, *(process for condition in shipped() for process in of_condition(condition)))


@own.remembered
def steps() -> dict[str, tuple[str, ...]]:
    """Names of the steps of each kind of need's pathway."""
    from sim.care.pathways import shipped

    return {path.kind: tuple(step.name for step in path.walk()) for path in shipped()}


@own.remembered
def begins_with(kind: str) -> str:
    """The process with which a kind of need begins."""
    from sim.care.pathways import shipped

    return next(path.asks for path in shipped() if path.kind == kind)
