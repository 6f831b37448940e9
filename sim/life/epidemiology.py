"""The epidemiology of one evidence draw: what `life` needs to give people health and to move it month by month.

Everything here is computed once per evidence draw on one fixed reference population, England in 2020 by sex × age ×
deprivation, and used unchanged for every place, month, scenario and seed. Places therefore differ from England only
through their residents, and a healthy place stays healthy.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.evidence.reads import Noted, remembered
from sim.life import behaviours, circumstances, diagnosis, frailty, kinds, managed, onset
from sim.life import health_kernels as kernels
from sim.life import mortality as deaths
from sim.life.conditions import Condition
from sim.life.conditions import shipped as shipped_conditions
from sim.life.exposures import Exposures
from sim.life.grid import AGES, BANDS, DECILES, SEXES, Array, band_of, grouped, keyed, over_bands
from sim.life.health_tables import Tables, weights
from sim.life.states import BYTE, FRAILTY, States
from sim.rates import Process

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.life.health import Health
    from sim.life.reference import Reference
    from sim.life.three_cs import ThreeCs
    from sim.life.wellbeing import Wellbeing


@dataclass(frozen=True)
class Effects:
    """What multiplies the hazard of one outcome for one person.

    excess: relative risk − 1 of each lagged exposure (float, one a column); ratios: multiplier of each state that is
    on (name → ratio); levels: multipliers of the four values of a level (name → ratios).
    """

    excess: Array
    ratios: dict[str, float]
    levels: dict[str, tuple[float, ...]] = field(default_factory=dict)
    _kept: dict[Any, list[tuple[np.uint64, Array]]] = field(default_factory=dict, compare=False, repr=False)

    def process(self, name: str, per_year: Array, states: States, only_if: Sequence[str] = ()) -> Process:
        """These effects on a base rate (one a cell), as a row of the rate tables; only_if: states of which one must be
        on."""
        if_on = {states.bits[state]: ratio for state, ratio in self.ratios.items()}
        needed = [states.bits[state] for state in only_if]
        return Process(name, per_year, if_on, excess=self.excess, by_level=self.levels, only_if=needed)

    def weight(self, state: NDArray[np.uint64], lagged: NDArray[np.float32], states: States) -> Array:
        """Product of all multipliers, one a person."""
        product = np.empty(state.size)
        kernels.weigh(state, lagged, 0, weights([self], states), product)
        return product

    def by_byte(self, states: States) -> list[tuple[np.uint64, Array]]:
        """Where each byte of the state on which the hazard depends stands, and the multipliers of its values."""
        asked = tuple(states.bits.items()), tuple(self.ratios.items())
        if asked not in self._kept:
            tables = enumerate(self.process("", np.empty(0), states).factors())
            self._kept.clear()
            self._kept[asked] = [(np.uint64(BYTE * byte), table) for byte, table in tables if (table != 1).any()]
        return self._kept[asked]


class Epidemiology:
    """Tables of one evidence draw; see the module's text. Shapes: (sex, age, decile) unless said otherwise."""

    def __init__(self, evidence: Evidence, conditions: tuple[Condition, ...] | None = None) -> None:
        self.evidence = evidence
        self.conditions = shipped_conditions() if conditions is None else conditions
        self.names = tuple(condition.name for condition in self.conditions)
        self.states = States(self.names)
        self.england = england(evidence)
        self.people = self.england.sum(2)
        self.exposures = Exposures.build(evidence, self.states)
        self.risk = {b.risk: behaviours.prevalence(evidence, b.risk, self.england) for b in behaviours.BEHAVIOURS}
        self.ex_smokers = behaviours.prevalence(evidence, "ex_smoking", self.england)
        self.deaths = deaths.base(evidence)
        self.deaths_by_age = (self.deaths * self.england).sum((0, 2)) / self.people.sum(0)
        self.levels = managed.by_level(evidence)
        self.effects = self._effects()
        self.undiagnosed = {c.name: diagnosis.share(evidence, c.name, c.undiagnosed) for c in self.conditions}
        self.prevalence = {
            c.name: diagnosis.everyone(
                onset.prevalence(evidence, c.name, self.people), self.undiagnosed[c.name], c.undiagnosed
            )
            for c in self.conditions
        }
        self.frailty = frailty.shares(evidence, self.people)
        self.frailty_by_decile = frailty.shares_by_decile(evidence, self.frailty, self.england)
        self.effects[frailty.BEGIN] = Effects(self.nothing, frailty.factors(evidence))
        self.kinds = kinds.split(evidence, self.people)
        long_term = np.array([condition.managed for condition in self.conditions])
        self.managed = managed.Managed.of(evidence, long_term)
        gradient = evidence.table("prevalence_gradient")
        self.gradient = {
            name: keyed(gradient[gradient["condition"] == name], "decile", range(1, DECILES + 1)) for name in self.names
        }
        # Filled on the reference population, condition by condition, by `sim.life.reference`. Diagnosis and recovery
        # are (sex, age), and there only for conditions that can be unknown, or that people leave.
        self.share_norm: dict[str, Array] = {}
        self.residual: dict[str, Array] = {}
        self.onset_base: dict[str, Array] = {}
        self.recovery: dict[str, Array] = {}
        self.diagnosis: dict[str, Array] = {}
        self.conversion: dict[str, float] = {}  # share of new cases that come through the condition replaced
        self.frailty_rates: frailty.FrailtyRates
        self.frailty_base: dict[str, Array] = {}
        self.death_base: Array = self.deaths
        self.contact_base: dict[str, Array] = {}
        self.reviews_left: NDArray[np.float32]  # by pattern of unknown conditions: see `sim.life.diagnosis`
        self.three_cs: ThreeCs
        self.wellbeing: Wellbeing
        self._giving: Tables | None = None

    def giving(self) -> Tables:
        """What giving people health looks up; to be asked for when every norm is set."""
        if self._giving is None:
            self._giving = Tables(self)
        return self._giving

    @property
    def nothing(self) -> Array:
        """No lagged exposure has an effect."""
        return np.zeros(len(self.exposures.names))

    def _effects(self) -> dict[str, Effects]:
        """What multiplies the onset of each condition, and death."""
        risks = grouped(self.evidence.table("relative_risk"), "condition", "exposure", "lag_class", "value")
        table = self.evidence.table("relative_risk_condition")
        before = grouped(table, "condition_to", "condition_from", "value")
        for name, rows in before.items():
            if any(name == earlier for earlier, _ in rows):
                raise UserError(f"relative_risk_condition.csv: '{name}' depends on itself.")
        found = {}
        for outcome in (*self.names, "death"):
            excess = np.zeros(len(self.exposures.names))
            for exposure, lag, ratio in risks.get(outcome, []):
                excess[self.exposures.names.index((exposure, lag))] = float(ratio) - 1
            around = circumstances.ratios(self.evidence, outcome)
            if outcome == "death":
                found[outcome] = Effects(excess, self.published_hazards | around)
                continue
            ratios = {name: float(ratio) for name, ratio in before.get(outcome, []) if name in self.names} | around
            ratios |= {later.name: 0.0 for later in self.conditions if later.replaces == outcome}
            found[outcome] = Effects(excess, ratios, self._of_managed(f"onset_{outcome}"))
        return found

    def _of_managed(self, process: str) -> dict[str, tuple[float, ...]]:
        return {"managed": self.levels[process]} if process in self.levels else {}

    @property
    def published_hazards(self) -> dict[str, float]:
        """Ratio of deaths of people with each condition, or category of frailty, to those of the same age and sex
        without: what the direct ratios of `sim.life.hazards` are solved for."""
        exponent = self.evidence["mortality.condition_exponent"]
        ratio = keyed(self.evidence.table("mortality_hr"), "condition", self.names)
        ratios = {name: float(value**exponent) for name, value in zip(self.names, ratio, strict=True)}
        return ratios | dict(zip(FRAILTY, frailty.hazard_ratios(self.evidence, "death").tolist(), strict=True))


def england(evidence: Evidence) -> Array:
    """People in England, mid-2020, as (sex, age, decile)."""
    table = evidence.table("england_population")
    grid = np.zeros((SEXES, AGES, DECILES))
    np.add.at(grid, (table["sex"], np.minimum(table["age"], AGES - 1), table["decile"] - 1), table["value"])
    return grid


def cells_of_bands(grid: Array) -> Array:
    """Sum of (sex, age, decile) over five-year bands: (sex, band, decile)."""
    out = np.zeros((SEXES, BANDS, DECILES))
    for age, band in enumerate(band_of(np.arange(AGES))):
        out[:, band] += grid[:, age]
    return out


def spread(bands: Array) -> Array:
    """(sex, band, decile) → (sex, age, decile)."""
    return over_bands(bands)


def of(evidence: Evidence) -> Epidemiology:
    """The epidemiology of an evidence draw, computed once per process and kept for the last few draws.

    What is worked out from it is kept with it, so whoever notes what is read of the evidence has read all that it has.
    """
    epi = _of_draw(evidence)
    if isinstance(evidence, Noted) and isinstance(epi.evidence, Noted):
        evidence.reads_through(epi.evidence)
    return epi


@lru_cache(maxsize=4)
def _of_draw(evidence: Evidence) -> Epidemiology:
    """See `of`.

    Nearly all of it, and all that takes long, is taken from another draw that gives the same answers to what was read
    for it: a sweep that varies levers, ties or the three Cs works out its diseases once.
    """
    noted = Noted(evidence)
    own = copy(_of_diseases(noted)[0])
    own.evidence = noted
    own.three_cs, own.wellbeing = _of_norms(noted)
    return own


@remembered(4)
def _of_norms(evidence: Evidence) -> tuple[ThreeCs, Wellbeing]:
    """The three Cs and wellbeing, whose norms need all others. They hold no evidence and are never changed."""
    from sim.life.reference import finish

    epi, reference, health = _of_diseases(evidence)
    own = copy(epi)
    own.evidence = evidence
    finish(own, reference, health)
    return own.three_cs, own.wellbeing


@remembered(2)
def _of_diseases(evidence: Evidence) -> tuple[Epidemiology, Reference, Health]:
    """All but the three Cs and wellbeing, and the reference population on which those are set. It is shared by draws:
    nothing in it may be changed, or hold evidence."""
    from sim.life.reference import normalise

    epi = Epidemiology(evidence)
    reference, health = normalise(epi)
    del epi.evidence
    return epi, reference, health
