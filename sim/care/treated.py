"""What care that was given does to residents: recovery, how well conditions are managed, contact and control.

Recovery from depression by treatment is counted within the recovery that the rate tables give, not on top of it:
while flows are observed the tables' own rate is lowered by the share of recoveries that treatment makes
(`Recoveries.share`), so the total stays at the level that prevalence implies; afterwards the share is kept, so more
or less treatment moves recovery.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.care import needs_kernels as kernels
from sim.care.hashes import Hashes
from sim.care.indices import FROZEN_FROM
from sim.care.pathways import COMMUNITY, KINDS, MENTAL_HEALTH, VCSE
from sim.clock import MONTHS_A_YEAR
from sim.columns.rows import distinct
from sim.life.review import refresh
from sim.outcomes.eventlog import Kind
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Array = NDArray[Any]
Rows = NDArray[np.int64]
FULL = 255
MOST_SHARE = 0.9
"""Of recoveries from depression that treatment can make."""
OLD = 65 * MONTHS_A_YEAR
FRAILTY = ("frail_mild", "frail_moderate", "frail_severe")
DEPRESSION = "depression"
CRISIS = KINDS.index("frailty_crisis")
ENDS = Hashes(Purpose.RECOVERY_BY_TREATMENT, Purpose.RECOVERY_BY_COMMUNITY)
ROUNDING = Hashes(Purpose.LEVEL_ROUNDING)
RECOVER = f"recover_from_{DEPRESSION}"


@dataclass(frozen=True)
class Effects:
    """Sizes of what care does: chances at the end of care, and rises of levels (0–1)."""

    therapy: float
    frailty: float
    managed: float
    contact: float
    control: float

    @classmethod
    def of(cls, evidence: Mapping[str, float]) -> Effects:
        """From the registry. Recovery by therapy is what exceeds recovery without it."""
        more = evidence["pathways.therapy_recovery"] - evidence["pathways.recovery_untreated"]
        return cls(
            therapy=max(evidence["pathways.therapy_completed"] * more, 0.0),
            frailty=evidence["pathways.frailty_recovery"],
            managed=evidence["pathways.review_managed"],
            contact=evidence["pathways.vcse_contact"],
            control=evidence["pathways.vcse_control"],
        )


class Recoveries:
    """Recoveries from depression a month, smoothed over a year, by treatment and by the rate tables.

    share: of the tables' recoveries that treatment makes, by which their rate is lowered.
    """

    def __init__(self) -> None:
        self.treated = self.tabled = self.share = 0.0

    def count(self, month: int, treated: int) -> None:
        """A month's recoveries by treatment; while flows are observed the share follows them."""
        self.treated += (treated - self.treated) / MONTHS_A_YEAR
        if month < FROZEN_FROM and self.tabled > 0:
            self.share = min(self.treated / self.tabled, MOST_SHARE)

    def count_tabled(self, recovered: int) -> None:
        """A month's recoveries by the tables, lowered as they are; without that they would be more."""
        expected = recovered / (1.0 - self.share)
        self.tabled = expected if self.tabled == 0 else self.tabled + (expected - self.tabled) / MONTHS_A_YEAR

    def snapshot(self) -> dict[str, float]:
        """What changes."""
        return dict(vars(self))

    def restore(self, held: Mapping[str, float]) -> None:
        """Continue from a snapshot."""
        vars(self).update(held)


def complete(
    m: CareSystem, rows: Rows, key: Array, kind: Array, team: Array, effects: Effects, recoveries: Recoveries
) -> None:
    """Care has ended for the needs of residents at `rows` (key: of each need; kind, team: numbers)."""
    r, states = m.residents.columns, m.states
    mask = states.mask(DEPRESSION)
    (better, stronger, helped), number = np.empty((3, len(rows)), np.int64), np.zeros(3, np.int64)
    kernels.end_care(
        rows, key, kind, team, (MENTAL_HEALTH, COMMUNITY, VCSE, CRISIS), r["state"], mask,
        (np.float32(effects.therapy), np.float32(effects.frailty)), ENDS.offset(m.month), ENDS.shift,
        (better, stronger, helped), number,
    )  # fmt: skip
    several = number.tolist()
    better = distinct(better[: several[0]])
    if len(better):
        r["state"][better] &= ~mask
        if "undiagnosed" in r:
            r["undiagnosed"][better] &= ~np.uint32(1 << states.conditions.index(DEPRESSION))
        m.events.add(Kind.ENDED, better, states.bits[DEPRESSION])
    recoveries.count(m.month, len(better))
    m.care.ledger.add(m.month, recovered_by_treatment=len(better))
    if several[1] and all(name in states.bits for name in FRAILTY):
        better = np.concatenate([better, less_frail(m, distinct(stronger[: several[1]]))])
    if several[2]:
        helped = distinct(helped[: several[2]])
        for name, rise in (("contact", effects.contact), ("control", effects.control)):
            raise_level(m, name, helped, rise)
    if len(better):
        refresh(m, distinct(better))


def less_frail(m: CareSystem, rows: Rows) -> Rows:
    """One step of frailty less for residents who are frail; returns the rows that changed."""
    if not len(rows):
        return rows
    r, states = m.residents.columns, m.states
    masks = [states.mask(name) for name in FRAILTY]
    held = r["state"][rows]
    lower = held & ~(masks[0] | masks[1] | masks[2])
    lower = np.where(held & masks[2], lower | masks[1], np.where(held & masks[1], lower | masks[0], lower))
    r["state"][rows] = lower.astype(r["state"].dtype)
    return np.asarray(rows[held != lower])


def review(m: CareSystem, served: NDArray[np.uint8], slots: int, effects: Effects) -> None:
    """Served reviews (contacts in any of `slots` of a pattern a row) raise how well conditions are managed.

    The rise is whole 255ths, in some months one more than in others, so that its mean over months is exact.
    """
    rise, month = effects.managed * FULL, m.month + 1
    step = math.floor(rise * (month + 1)) - math.floor(rise * month)
    if step > 0:
        kernels.raise_where(served, slots, step, m.residents.columns["managed"][: len(served)])


def raise_level(m: CareSystem, name: str, rows: Rows, rise: float) -> None:
    """Raise a level that is kept in 1/255 (0–1) of the residents at `rows`, up to 1, where the model has it.

    Parts of 1/255 are rounded by a draw each, so that the mean rise is exact.
    """
    columns = m.residents.columns
    if rise > 0 and name in columns:
        kernels.raise_by(
            rows, columns["key"], np.float32(rise * FULL), ROUNDING.offset(m.month), ROUNDING.shift, columns[name]
        )


def frail_bits(m: CareSystem) -> np.uint64:
    """The bits of `state` that say that somebody is frail."""
    states = m.states
    return np.uint64(sum(1 << states.bits[name] for name in FRAILTY if name in states.bits))
