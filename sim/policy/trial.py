"""A pilot as it happens: measure, try in some neighbourhoods, measure again, then scale, stop, or go on once more.

The timetable: at the lever's first month the neighbourhoods are chosen and matched and the first survey is held;
`before` months later the second, and the lever starts there; after `months` the third, and the decision. Noise comes
from draws of its own, so that nothing else differs between a scenario with a pilot and one without. The decision can be
wrong; the record holds the estimate and what asking everybody would have given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim import draws
from sim.agents.neighbourhoods import ADULT_MONTHS, Neighbourhood
from sim.clock import MONTHS_A_YEAR, iso
from sim.errors import UserError
from sim.policy.evaluation import Estimate, asked, counted, estimate, nearest_neighbours
from sim.policy.pilot import AT_RANDOM, MEANS, Pilot
from sim.policy.rollout import WHERE_ENERGY
from sim.policy.targets import HOSPITAL_KINDS
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.system import CareSystem

Floats = NDArray[np.float64]
MEASURING, TRYING, SCALED, STOPPED = "measuring", "trying", "scaled", "stopped"
OLD_MONTHS = 65 * MONTHS_A_YEAR
PER = 1_000.0
EVEN = 0.5
MEAN_COLUMNS = {"life_satisfaction": ("satisfaction", 1), "contact": ("contact", 255), "confidence": ("confidence", 2),
                "control": ("control", 255)}  # fmt: skip
"""Column of each mean, and how many of its steps make one unit."""


@dataclass
class Wave:
    """One wave: what was asked and what is, of the leading and the lagging indicator, with their variance."""

    found: Floats
    noise: Floats
    true: Floats
    registered: Floats
    register_noise: Floats


@dataclass
class Trial:
    """The state of one pilot.

    first: month of the first survey; phase: measuring, trying, scaled or stopped; due: month of the next step; began,
    scaled: months in which it began to run in the pilot, and everywhere; pilots: neighbourhoods, matched: their
    comparators; waves: earlier, before, after.
    """

    design: Pilot
    lever: str
    first: int
    phase: str = MEASURING
    due: int = 0
    began: int = 0
    scaled: int = 0
    extended: bool = False
    pilots: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    matched: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    waves: list[Wave] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def advance(self, m: CareSystem, month: int) -> float:
        """Take the steps that are due; returns the pounds that asking people costs this month."""
        if month == self.first:
            self._choose(m)
            self.due = month + self.design.before
        elif month == self.due and self.phase == MEASURING:
            self.phase, self.began, self.due = TRYING, month, month + self.design.months
        elif month == self.due and self.phase == TRYING:
            pass
        else:
            return 0.0
        self.waves.append(_measure(m, self.design, month))
        if self.phase == TRYING and month > self.began:
            self._decide(month)
        asked_in = len(np.union1d(self.pilots, self.matched.ravel()))
        return asked_in * self.design.sample * m.evidence["rollout.cost_per_response"]

    def _choose(self, m: CareSystem) -> None:
        homes = m.table_of(Neighbourhood).columns
        areas = len(m.decile)
        units = self.design.wanted(areas)
        if units + self.design.comparators > areas:
            raise UserError(
                f"The pilot of {self.lever} wants {units} neighbourhoods and {self.design.comparators} "
                f"others to compare with, and the place has {areas}: correct pilot.units."
            )
        lot = draws.uniforms(_keys(m), self.first, Purpose.PILOT_CHOICE).astype(np.float64)
        energy = observed_energy(m)
        rank = {AT_RANDOM: lot, WHERE_ENERGY: -energy}.get(self.design.chosen, m.decile.astype(np.float64))
        self.pilots = np.sort(np.lexsort((lot, rank))[:units]).astype(np.int64)
        r, size = m.residents.columns, m.residents.size
        alive = r["unique_id"][:size] != 0
        old = alive & (m.month - r["born"][:size].astype(np.int32) >= OLD_MONTHS)
        people = np.maximum(np.bincount(r["lsoa"][:size][alive], minlength=areas), 1)
        older = np.bincount(r["lsoa"][:size][old], minlength=areas) / people
        seen = np.stack([m.decile, older, np.log(np.maximum(homes["residents"][:areas], 1)), energy], axis=1)
        self.matched = nearest_neighbours(seen.astype(np.float64), self.pilots, self.design.comparators)

    def _decide(self, month: int) -> None:
        design = self.design
        sign = 1.0 if design.leading in MEANS else -1.0
        earlier, before, after = self.waves[0], self.waves[1], self.waves[-1]
        periods = (month - self.began) / design.before
        quiet = np.zeros_like(before.noise)

        sign_of = {"found": sign, "true": sign, "registered": -1.0}

        def effect(name: str, noise: Floats) -> Estimate:
            one, two, three = (sign_of[name] * getattr(wave, name) for wave in (earlier, before, after))
            return estimate(one, two, three, self.pilots, self.matched, noise, periods)

        leading, everybody = effect("found", before.noise), effect("true", quiet)
        lagging = effect("registered", before.register_noise)
        chance = leading.chance_above(design.worthwhile)
        last = self.extended or design.extend == 0
        if chance > design.scale_above or (last and design.stop_below <= chance and chance > EVEN):
            self.phase, self.scaled, decision = SCALED, month, "scale"
        elif chance < design.stop_below or last:
            self.phase, decision = STOPPED, "stop"
        else:
            self.extended, self.due, decision = True, month + design.extend, "extend"
        self.decisions.append({
            "lever": self.lever, "month": iso(month), "decision": decision, "leading": design.leading,
            "estimate": leading.effect, "error": float(leading.error), "chance": chance,
            "worthwhile": design.worthwhile,
            "asking_everybody": everybody.effect, "lagging": lagging.effect, "lagging_error": float(lagging.error),
            "trend_share": leading.trend_share, "areas": self.pilots.tolist(), "matched": self.matched.tolist(),
        })  # fmt: skip

    @property
    def acting(self) -> bool:
        """Whether the lever runs anywhere."""
        return self.phase in (TRYING, SCALED)

    def within(self, areas: int) -> NDArray[np.bool_]:
        """Where the lever runs now: boolean[A]."""
        found = np.full(areas, self.phase == SCALED)
        if self.phase == TRYING:
            found[self.pilots] = True
        return found


def observed_energy(m: CareSystem) -> Floats:
    """Energy of the neighbourhoods as far as it can be seen (their true energy where nothing else is kept)."""
    table = m.table_of(Neighbourhood)
    name = "energy_observed" if "energy_observed" in table.columns else "energy"
    return np.asarray(table.columns[name][: table.size], np.float64)


def _keys(m: CareSystem) -> NDArray[np.uint64]:
    """One root of draws for each neighbourhood."""
    return draws.make_keys(m.seed, np.arange(len(m.decile)))


def _measure(m: CareSystem, design: Pilot, month: int) -> Wave:
    """Ask the adults and look at the registers, as things stand at the start of the month."""
    keys = _keys(m)
    true, spread = indicator(m, design.leading)
    found, noise = asked(true, spread, design.sample, _normal(keys, month, Purpose.PILOT_SURVEY))
    r, size, areas = m.residents.columns, m.residents.size, len(m.decile)
    alive = r["unique_id"][:size] != 0
    chance = r["chance"]
    columns = [m.rates.index[kind] for kind in HOSPITAL_KINDS]
    risk = chance[:size][:, columns].sum(axis=1, dtype=np.float64) / (np.iinfo(chance.dtype).max + 1.0)
    a_year = np.bincount(r["lsoa"][:size][alive], risk[alive], areas) * MONTHS_A_YEAR / m.scale
    residents = np.bincount(r["lsoa"][:size][alive], minlength=areas) / m.scale
    registered, register_noise = counted(
        a_year, residents, m.evidence["rollout.overdispersion"], _normal(keys, month, Purpose.PILOT_REGISTER), PER
    )
    return Wave(found, noise, true, registered, register_noise)


def indicator(m: CareSystem, name: str) -> tuple[Floats, Floats]:
    """Mean and standard deviation over adults of a leading indicator by neighbourhood: float64[A] each."""
    r, size, areas = m.residents.columns, m.residents.size, len(m.decile)
    adult = (r["unique_id"][:size] != 0) & (m.month - r["born"][:size].astype(np.int32) >= ADULT_MONTHS)
    rows = np.flatnonzero(adult)
    if name in MEANS:
        column, unit = MEAN_COLUMNS[name]
        values = r[column][rows].astype(np.float64) / unit
    else:
        values = m.states.has(r["state"][rows], name).astype(np.float64)
    lsoa = r["lsoa"][rows]
    count = np.maximum(np.bincount(lsoa, minlength=areas), 1)
    mean = np.bincount(lsoa, values, areas) / count
    square = np.bincount(lsoa, values**2, areas) / count
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def _normal(keys: NDArray[np.uint64], month: int, purpose: int) -> Floats:
    uniform = draws.uniforms(keys, month, purpose).astype(np.float64)
    return np.asarray(ndtri(np.clip(uniform, 2.0**-33, 1.0 - 2.0**-33)))
