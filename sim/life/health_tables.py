"""What giving people health looks up, as the arrays that `sim.life.health_kernels` wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.life import frailty
from sim.life.behaviours import BEHAVIOURS
from sim.life.grid import BANDS, DECILES, SEXES
from sim.life.states import FRAILTY
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.life.epidemiology import Effects, Epidemiology
    from sim.life.states import States

EX_SMOKING = 20
"""Number of the draw for former smoking, beyond every behaviour's; the next is that of the time since."""
ALWAYS = 0  # month of the draws that give health: a person's health on arrival does not depend on when

Weights = tuple[NDArray[Any], ...]


class Tables:
    """One epidemiology as arrays. norm and frail_norm hold what `share_norm` holds so far, else nought.

    Shapes: see `sim.life.health_kernels`. Outcomes of `weights` are the conditions, then becoming frail.
    """

    def __init__(self, epi: Epidemiology) -> None:
        names, states = epi.names, epi.states
        self.risk = np.stack([epi.risk[behaviour.risk] for behaviour in BEHAVIOURS])
        self.smoking = [behaviour.risk for behaviour in BEHAVIOURS].index("smoking")
        self.former = np.ascontiguousarray(epi.ex_smokers)
        held = [behaviour.state for behaviour in BEHAVIOURS]
        self.behaviour_masks = np.array([states.mask(name) for name in (*held, "ex_smoker")], np.uint64)
        own = [*range(len(BEHAVIOURS)), EX_SMOKING, EX_SMOKING + 1]
        self.behaviour_draws = offsets([Purpose.BEHAVIOURS + number for number in own])
        self.youngest = float(epi.evidence["behaviours.youngest_quit_age"])
        outcomes = [*names, frailty.BEGIN]
        self.weights = weights([epi.effects[name] for name in outcomes], states)
        self.prevalence = np.stack([epi.prevalence[name] for name in names])
        self.gradient = np.stack([epi.gradient[name] for name in names])
        self.unknown = np.array([epi.undiagnosed[name] for name in names], np.float32)
        self.masks = np.array([states.mask(name) for name in names], np.uint64)
        each = [offsets([first + number for number in range(len(names))])
                for first in (Purpose.CONDITIONS, Purpose.UNDIAGNOSED)]  # fmt: skip
        self.draws = np.stack([one[0] for one in each]), np.stack([one[1] for one in each])
        self.at_least = np.ascontiguousarray(epi.frailty_by_decile[::-1].cumsum(0)[2::-1])
        self.frailty_masks = np.array([states.mask(name) for name in FRAILTY], np.uint64)
        (self.frailty_offset,), (self.frailty_shift,) = offsets([Purpose.FRAILTY])
        self.norm = np.zeros((len(names), SEXES, BANDS, DECILES))
        self.frailty_norm = np.zeros((len(FRAILTY), SEXES, BANDS, DECILES))
        for into, these in ((self.norm, names), (self.frailty_norm, FRAILTY)):
            for row, name in enumerate(these):
                if name in epi.share_norm:
                    into[row] = epi.share_norm[name]


def offsets(purposes: Sequence[int]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """What is added to a key, and which half of its hash is read, for the draws of `sim.draws.uniforms`."""
    added = np.array([draws.offset(ALWAYS, purpose >> 1) for purpose in purposes], np.uint64)
    return added, np.array([32 * (purpose & 1) for purpose in purposes], np.uint64)


def weights(effects: Sequence[Effects], states: States) -> Weights:
    """Effects on several outcomes, one behind the other, as `sim.life.health_kernels.weigh` wants them."""
    columns = [np.flatnonzero(one.excess) for one in effects]
    tables = [one.by_byte(states) for one in effects]
    nothing = np.empty((0, 256))
    return (
        _starts([len(one) for one in columns]),
        np.concatenate(columns).astype(np.int64),
        np.concatenate([one.excess[column] for one, column in zip(effects, columns, strict=True)]),
        _starts([len(one) for one in tables]),
        np.array([shift for one in tables for shift, _ in one], np.uint64),
        np.concatenate([nothing, *(table[None] for one in tables for _, table in one)]),
    )


def _starts(counts: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)
