"""Every process of the life course and every kind of contact, as rows of the rate tables, in their stated order.

The position fixes which draw a process uses (`Purpose.LIFE` + position). What the calendar scales comes first, because
the others are then compared in half as many bits. Conditions come last, in their order, each with its onset and its
recovery: a new condition whose order is the highest changes nobody's other draws. In what order several events of one
month apply is stated in `sim.life.changes`; leaving and dying come at the month's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.evidence.reads import remembered
from sim.life import behaviours, circumstances, diagnosis, epidemiology, frailty, kinds, three_cs, usual_doctor
from sim.life.conditions import Condition
from sim.life.epidemiology import Effects, Epidemiology
from sim.life.grid import AGES, BAND, DECILES, SEXES, Array, steps, to_cells
from sim.life.states import FRAILTY
from sim.rates import Process, RateTables

if TYPE_CHECKING:
    from sim.evidence import Evidence

DEATH, BIRTH, LEAVE = "death", "birth", "leave"
GP = "gp_contact"
"""The service whose index and level every kind of contact with the practice follows."""
PRACTICE_KINDS = {"gp_acute": 1, "gp_review": 4, "gp_mental": 1, "gp_social": 1, "gp_child": 1}
"""Kinds of contact with the practice, and how often a month each can arise at most: eight slots in all."""
ONSET = "onset_"
RECOVERY = "recover_from_"
DIAGNOSE = "diagnose_"
OF_BEHAVIOURS = tuple(name for b in behaviours.BEHAVIOURS for name in (b.out_of, b.into))
CHANGES = (*OF_BEHAVIOURS, frailty.BEGIN, frailty.RECOVER)
"""Processes that levers may scale, beside those of conditions; `worsen_frailty` stands for every step of it."""


def of_condition(condition: Condition) -> tuple[str, ...]:
    """Processes of a condition: its onset, and diagnosis and recovery where it has them."""
    also = ((DIAGNOSE, condition.undiagnosed != diagnosis.NONE), (RECOVERY, condition.recovers))
    return (ONSET + condition.name, *(prefix + condition.name for prefix, has in also if has))


def of_state(names: Sequence[str]) -> NDArray[np.bool_]:
    """Which processes change a state that rates depend on: those after which a resident is worked out anew."""
    some = (*CHANGES, frailty.FURTHER)
    return np.array([name in some or name.startswith((ONSET, RECOVERY)) for name in names])


def rate_tables(epi: Epidemiology, out_rate: NDArray[np.float32], level: dict[str, float]) -> RateTables:
    """The rate tables of one evidence draw in one place.

    out_rate: share of residents who leave the place in a month, by sex and five-year band to 90+ (2, 19). level:
    what each kind of need is multiplied by so that England's rates become the place's (1 = as England).

    Kept for the last few places and draws, as scenarios branch from one history and draws differ in what is not read
    for them: they are read only.
    """
    out = np.ascontiguousarray(out_rate, np.float32)
    return _rate_tables(epi.evidence, out.shape, out.tobytes(), tuple(level.items()))


@remembered(4)
def _rate_tables(
    evidence: Evidence, shape: tuple[int, ...], out: bytes, levels: tuple[tuple[str, float], ...]
) -> RateTables:
    epi = epidemiology.of(evidence)
    out_rate, level = np.frombuffer(out, np.float32).reshape(shape), dict(levels)
    hospital = [_contact(epi, kind, level) for kind in kinds.HOSPITAL]
    practice = [_contact(epi, kind, level) for kind in PRACTICE_KINDS]
    death, *demography = _demography(epi, out_rate)
    life = [*demography, *_behaviours(epi), *_frailty(epi)]
    of_cs, of_continuity = three_cs.by_level(epi.evidence), usual_doctor.by_level(epi.evidence)
    everything = [
        replace(row, by_level={**row.by_level, **of_cs.get(row.name, {}), **of_continuity.get(row.name, {})})
        for row in (death, *hospital, *life, *_onsets(epi), *practice)
    ]
    return RateTables(everything, len(epi.exposures.names))


def _demography(epi: Epidemiology, out_rate: NDArray[np.float32]) -> list[Process]:
    fertility = steps(epi.evidence.table("fertility"))
    fertility[1] = 0.0
    band = np.minimum(np.arange(AGES) // BAND, out_rate.shape[1] - 1)
    leave = -np.log1p(-out_rate[:, band]) * 12
    return [
        epi.effects[DEATH].process(DEATH, to_cells(epi.death_base), epi.states),
        Process(BIRTH, to_cells(_all_deciles(fertility))),
        Process(LEAVE, to_cells(_all_deciles(leave))),
    ]


def _behaviours(epi: Epidemiology) -> list[Process]:
    rows = []
    for behaviour in behaviours.BEHAVIOURS:
        into, out = behaviours.transitions(epi.evidence, behaviour, epi.risk[behaviour.risk], epi.people)
        never, only = {behaviour.state: 0.0}, [behaviour.state]
        for name, rate, on, needed in ((behaviour.out_of, out, {}, only), (behaviour.into, into, never, [])):
            around = circumstances.ratios(epi.evidence, name)
            usual = np.prod([1 + epi.risk[each] * (ratio - 1) for each, ratio in around.items()], axis=0)
            effects = Effects(epi.nothing, around | on)
            rows.append(effects.process(name, to_cells(rate / usual), epi.states, needed))
    return rows


def _frailty(epi: Epidemiology) -> list[Process]:
    """Becoming frail, becoming frailer, and becoming less frail by one step."""
    factors, ratios = epi.effects[frailty.BEGIN].ratios, epi.frailty_rates.ratios
    rows = []
    for position, name in enumerate((frailty.BEGIN, frailty.FURTHER, frailty.RECOVER)):
        of_category = {category: of[position] for category, of in ratios.items()}
        effects = Effects(epi.nothing, of_category if name == frailty.RECOVER else factors | of_category)
        frail = () if name == frailty.BEGIN else FRAILTY
        rows.append(effects.process(name, to_cells(epi.frailty_base[name]), epi.states, frail))
    return rows


def _onsets(epi: Epidemiology) -> list[Process]:
    rows = []
    for name in epi.names:
        effects = epi.effects[name]
        onset = Effects(effects.excess, effects.ratios | {name: 0.0}, effects.levels)
        rows.append(onset.process(ONSET + name, to_cells(epi.onset_base[name]), epi.states))
        for prefix, rates in ((RECOVERY, epi.recovery), (DIAGNOSE, epi.diagnosis)):
            if name in rates:  # a diagnosis counts for those only who have it undiagnosed: see `sim.life.changes`
                needed = [epi.states.bits[name]]
                rows.append(Process(prefix + name, to_cells(_all_deciles(rates[name])), only_if=needed))
    return rows


def _contact(epi: Epidemiology, kind: str, level: dict[str, float]) -> Process:
    return epi.effects[kind].process(kind, to_cells(epi.contact_base[kind]) * level.get(kind, 1.0), epi.states)


def _all_deciles(grid: Array) -> Array:
    return np.broadcast_to(grid[:, :, None], (SEXES, AGES, DECILES))
