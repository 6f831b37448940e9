"""Every process of the life course and every kind of contact, as rows of the rate tables, in their stated order.

The position fixes which draw a process uses (`Purpose.LIFE` + position). Conditions therefore come last, in their
order, each with its onset and its recovery: a new condition whose order is the highest changes nobody's other draws. In
what order several events of one month apply is stated in `sim.life.changes`; leaving and dying come at the month's end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.life import behaviours
from sim.life.contacts import KINDS
from sim.life.epidemiology import Epidemiology
from sim.life.grid import AGES, DECILES, SEXES, Array, steps, to_cells
from sim.rates import Process, RateTables

DEATH, BIRTH, LEAVE = "death", "birth", "leave"
GP = "gp_contact"
PRACTICE_KINDS = {GP: 8}
"""Kinds of contact with the practice, and how often a month each can arise at most: eight slots in all."""
ONSET = "onset_"
RECOVERY = "recover_from_"
CHANGES = tuple(name for b in behaviours.BEHAVIOURS for name in (b.out_of, b.into))


def rate_tables(epi: Epidemiology, out_rate: NDArray[np.float32], level: dict[str, float]) -> RateTables:
    """The rate tables of one evidence draw in one place.

    out_rate: share of residents who leave the place in a month, by sex and five-year band to 90+ (2, 19). level:
    what each kind of contact is multiplied by so that England's rates become the place's (1 = as England).
    """
    contacts = _contacts(epi, level)
    gp = [row for row in contacts if row.name == GP]
    rare = [row for row in contacts if row.name != GP]
    everything = [*_demography(epi, out_rate), *_behaviours(epi), *rare, *_onsets(epi), *gp]
    return RateTables(everything, len(epi.exposures.names))


def _demography(epi: Epidemiology, out_rate: NDArray[np.float32]) -> list[Process]:
    fertility = steps(epi.evidence.table("fertility"))
    fertility[1] = 0.0
    band = np.minimum(np.arange(AGES) // 5, out_rate.shape[1] - 1)
    leave = -np.log1p(-out_rate[:, band]) * 12
    death = epi.effects[DEATH]
    bits = epi.states.bits
    return [
        Process(
            DEATH,
            to_cells(epi.death_base),
            if_on={bits[name]: ratio for name, ratio in death.ratios.items()},
            excess=death.excess,
        ),
        Process(BIRTH, to_cells(_all_deciles(fertility))),
        Process(LEAVE, to_cells(_all_deciles(leave))),
    ]


def _behaviours(epi: Epidemiology) -> list[Process]:
    rows = []
    for behaviour in behaviours.BEHAVIOURS:
        into, out = behaviours.transitions(epi.evidence, behaviour, epi.risk[behaviour.risk], epi.people)
        bit = epi.states.bits[behaviour.state]
        rows.append(Process(behaviour.out_of, to_cells(behaviours.by_decile(out)), if_off={bit: 0.0}))
        rows.append(Process(behaviour.into, to_cells(behaviours.by_decile(into)), if_on={bit: 0.0}))
    return rows


def _onsets(epi: Epidemiology) -> list[Process]:
    bits = epi.states.bits
    rows = []
    for name in epi.names:
        effects = epi.effects[name]
        if_on = {bits[other]: ratio for other, ratio in effects.ratios.items()} | {bits[name]: 0.0}
        rows.append(Process(ONSET + name, to_cells(epi.onset_base[name]), if_on, excess=effects.excess))
        if name in epi.recovery:
            rows.append(Process(RECOVERY + name, to_cells(_all_deciles(epi.recovery[name])), if_off={bits[name]: 0.0}))
    return rows


def _contacts(epi: Epidemiology, level: dict[str, float]) -> list[Process]:
    bits = epi.states.bits
    return [
        Process(
            kind,
            to_cells(epi.contact_base[kind]) * level.get(kind, 1.0),
            if_on={bits[name]: ratio for name, ratio in epi.effects[kind].ratios.items()},
        )
        for kind in KINDS
    ]


def _all_deciles(grid: Array) -> Array:
    return np.broadcast_to(grid[:, :, None], (SEXES, AGES, DECILES))
