"""The reference population: England in 2020, on which every norm is set once per evidence draw.

A stratified sample stands for England: in every sex × deprivation decile the same number of people of each five-year
band, more of the old, in whom illness and death differ most from one person to the next. Each cell is weighted by how
many people it holds. The sample has keys of its own, the same in every run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.draws import make_keys
from sim.life import contacts, diagnosis, frailty, hazards, onset, precursor
from sim.life import reference_kernels as kernels
from sim.life.epidemiology import Epidemiology, cells_of_bands, spread
from sim.life.graduation import graduate
from sim.life.grid import AGES, BAND, BANDS, DECILES, SEXES, Array, band_of
from sim.life.health import MOST_SHARE, Health, People, give
from sim.life.states import FRAILTY
from sim.life.three_cs import ThreeCs
from sim.life.wellbeing import Wellbeing

REFERENCE_SEED = 2020
MENDINGS = 4
SAMPLE: Sequence[tuple[int, int]] = ((40, 160), (55, 250), (AGES, 350))
"""People in every sex, five-year band and decile: up to an age, so many."""


class Reference:
    """England as a weighted sample. weight: people each sampled person stands for (n)."""

    def __init__(self, epi: Epidemiology) -> None:
        drawn = np.array([next(n for before, n in SAMPLE if band * BAND < before) for band in range(BANDS)])
        sex, band, decile, member = (
            axis.reshape(-1) for axis in np.indices((SEXES, BANDS, DECILES, drawn.max()), np.int64)
        )
        sex, band, decile, member = (axis[member < drawn[band]] for axis in (sex, band, decile, member))
        age = np.minimum(band * BAND + member % BAND, AGES - 1)
        key = make_keys(REFERENCE_SEED, np.arange(1, sex.size + 1, dtype=np.int64))
        self.people = People(key, age, sex, decile + 1)
        self.at = (sex, band, decile)
        self.flat = np.ravel_multi_index(self.at, (SEXES, BANDS, DECILES))
        in_cell = np.bincount(band_of(np.arange(AGES)), minlength=BANDS)
        self.weight = epi.england[sex, age, decile] * (in_cell / drawn)[band]
        self.cells = cells_of_bands(epi.england)
        self.count: Array = np.bincount(self.flat, self.weight, self.cells.size).astype(np.float64)

    def mean(self, values: Array, among: Array | None = None) -> Array:
        """Mean of a person's value in each (sex, band, decile), weighted by `among` (0–1 a person)."""
        if among is None:
            return self._of_people(self.sums(values, self.weight), self.count)
        weight = self.weight * among
        return self._of_people(self.sums(values, weight), self.sums(weight, np.ones(weight.size)))

    def sums(self, values: Array, weight: Array) -> Array:
        """Sum of values × weight of the persons in each cell (sex × band × decile, one after the other)."""
        total = np.zeros(self.cells.size)
        kernels.add_up(self.flat, np.asarray(values, np.float64), weight, total)
        return total

    def bounded(self, share: Array, weight: Array, norm: Array, most: float) -> tuple[bool, Array]:
        """Whether anybody's chance share × weight ÷ norm of the cell is above `most`, and the mean of chances, each
        taken as at most that, in each (sex, band, decile)."""
        total = np.zeros(self.cells.size)
        beyond = kernels.bounded(self.flat, share, weight, norm.reshape(-1), most, self.weight, total)
        return beyond, self._of_people(total, self.count)

    def _of_people(self, total: Array, count: Array) -> Array:
        mean = np.where(count > 0, total / np.maximum(count, 1e-12), 1.0)
        return np.asarray(mean.reshape(SEXES, BANDS, DECILES))

    def over_deciles(self, bands: Array) -> Array:
        """Mean over deciles of (sex, band, decile), weighted by people: (sex, band, 1)."""
        return np.asarray((bands * self.cells).sum(2, keepdims=True) / self.cells.sum(2, keepdims=True))


def normalise(epi: Epidemiology) -> tuple[Reference, Health]:
    """Set the norms of diseases, frailty, deaths and contacts; returns the reference population and its health."""
    reference = Reference(epi)

    def observe(name: str, share: Array, weight: Array) -> None:
        epi.share_norm[name] = _share_norm(reference, share, weight)

    health = give(reference.people, epi, observe)
    _incidence(epi, reference, health)
    _frailty(epi, reference, health)
    _mortality(epi, reference, health)
    contacts.normalise(epi, reference, health)
    return reference, health


def finish(epi: Epidemiology, reference: Reference, health: Health) -> Epidemiology:
    """Set the norms of the three Cs and of wellbeing, which need all others; returns the epidemiology."""
    epi.three_cs = ThreeCs(epi, reference, health)
    epi.wellbeing = Wellbeing(epi, reference, health)
    return epi


def _share_norm(reference: Reference, share: Array, weight: Array) -> Array:
    """What a chance `share` × `weight` is divided by in each cell so that its mean is that of `share`, though
    nobody's chance passes `MOST_SHARE`: the mean weight, graduated, and mended in cells where many are at the bound."""
    norm = graduate(reference.mean(weight), reference.mean(share) * reference.cells)
    wanted = reference.mean(share * weight / norm.reshape(-1)[reference.flat])
    for _ in range(MENDINGS):
        beyond, found = reference.bounded(share, weight, norm, MOST_SHARE)
        if not beyond:
            break
        norm = norm * np.where(wanted > 0, found / np.maximum(wanted, 1e-12), 1.0)
    return np.asarray(norm)


def _incidence(epi: Epidemiology, reference: Reference, health: Health) -> None:
    """Baseline hazard = incidence × residual deprivation effect ÷ mean multiplier of those still without it.

    Who recovers is solved with incidence as published: what calibration takes from incidence then lowers prevalence.
    """
    deaths = (epi.deaths * epi.england).sum(2) / epi.people
    published = {
        condition.name: onset.incidence(
            epi.evidence, condition.name, epi.prevalence[condition.name], deaths, epi.people, condition.age_from,
            beyond=epi.undiagnosed[condition.name] if condition.undiagnosed == diagnosis.BEYOND else 0.0,
        )
        for condition in epi.conditions
    }  # fmt: skip
    rates = {name: rate * onset.lasting(epi.evidence, name) for name, rate in published.items()}
    converted = _conversions(epi, rates)
    for condition in epi.conditions:
        name = condition.name
        free = (~epi.states.has(health.state, name)).astype(float)
        weight = reference.mean(epi.effects[name].weight(health.state, health.lagged, epi.states), free)
        # What exposures and other conditions already explain of the gradient, standardised for age and sex.
        explained = (weight / reference.over_deciles(weight) * reference.cells).sum((0, 1)) / reference.cells.sum(
            (0, 1)
        )
        bounds = epi.evidence["life.residual_least"], epi.evidence["life.residual_most"]
        residual = np.clip(epi.gradient[name] / explained, *bounds)
        norm = reference.over_deciles(weight * residual)
        rate, share = rates[name], epi.prevalence[name]
        if condition.recovers:
            leave = onset.recovery(epi.evidence, name, share, deaths, published[name])
            epi.recovery[name] = np.clip(leave - converted.get(name, 0.0), 0, None)
        if epi.undiagnosed[name] > 0:
            epi.diagnosis[name] = diagnosis.rate(epi.evidence, rate, share, epi.undiagnosed[name])
        epi.residual[name] = residual
        epi.onset_base[name] = rate[:, :, None] * residual / spread(norm)


def _conversions(epi: Epidemiology, rates: dict[str, Array]) -> dict[str, Array]:
    """Set how much faster conditions begin in people who have what they replace; returns, by the condition replaced,
    the share of those who have it whom it leaves so in a year (sex, age)."""
    left = {}
    for later in epi.conditions:
        if earlier := later.replaces:
            before, after = epi.prevalence[earlier], epi.prevalence[later.name]
            found = precursor.conversion(epi.evidence, earlier, before, after, rates[later.name], epi.people)
            epi.effects[later.name].ratios[earlier] = found.ratio
            epi.conversion[later.name], left[earlier] = found.share, found.per_year
    return left


def _frailty(epi: Epidemiology, reference: Reference, health: Health) -> None:
    """Baseline rates = those that keep England's frailty by age and decile ÷ mean multiplier of those in whom each can
    happen (by sex and age, times what deprivation makes of it over all ages)."""
    epi.frailty_rates = rates = frailty.rates(epi.evidence, epi.frailty_by_decile, epi.deaths, epi.england)
    weight = epi.effects[frailty.BEGIN].weight(health.state, health.lagged, epi.states)
    mild, moderate, severe = (epi.states.has(health.state, name).astype(float) for name in FRAILTY)
    old = reference.people.age >= frailty.YOUNGEST
    exposed = {frailty.BEGIN: (1 - mild - moderate - severe) * old, frailty.FURTHER: mild + moderate}
    for name, per_year in ((frailty.BEGIN, rates.begin), (frailty.FURTHER, rates.further)):
        norm = reference.mean(weight, exposed[name])
        number = reference.mean(exposed[name]) * reference.cells
        explained = (norm / reference.over_deciles(norm) * number).sum((0, 1)) / number.sum((0, 1))
        norm = reference.over_deciles(norm / explained) * explained
        epi.frailty_base[name] = per_year / spread(norm)
    epi.frailty_base[frailty.RECOVER] = np.broadcast_to(rates.recover, (SEXES, AGES, DECILES))


def _mortality(epi: Epidemiology, reference: Reference, health: Health) -> None:
    """Baseline deaths = England's rate ÷ mean multiplier, by sex × age × decile, so that its life table is kept."""
    epi.effects["death"] = hazards.direct(epi, reference, health, epi.published_hazards)
    weight = epi.effects["death"].weight(health.state, health.lagged, epi.states)
    weight = np.minimum(weight, epi.evidence["mortality.hr_cap"])
    p = reference.people
    deaths = epi.deaths[p.male, p.age, p.decile - 1]
    norm = reference.mean(weight, deaths)
    epi.death_base = epi.deaths / spread(graduate(norm, reference.mean(deaths) * reference.cells))
