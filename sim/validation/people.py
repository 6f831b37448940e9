"""Residents of a model at the start of a month: who is meant, what they have, and what is expected to happen to them.

Processes are taken as expected rates, looked up for everyone as they are that day, not as events that happened: their
mean over a group has no more chance in it than who lives there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.clock import MONTHS_A_YEAR
from sim.errors import UserError
from sim.life import contacts, diagnosis, review
from sim.life.grid import BAND
from sim.life.processes import DEATH, DIAGNOSE, ONSET
from sim.life.states import FRAILTY
from sim.life.three_cs import SCALE
from sim.outcomes import lifetable
from sim.validation import measures
from sim.validation.filters import Who
from sim.validation.measures import Named
from sim.validation.periods import Period

if TYPE_CHECKING:
    import pandas as pd

    from sim.system import CareSystem

Array = NDArray[Any]
SEXES, BANDS = 2, 19
CHUNK = 65_536
COLUMN = {"life_satisfaction": "satisfaction", "utility": "utility", "activation": "confidence"}
WORTH = {"activation": SCALE["confidence"], "contact": 255, "control": 255, "managed": 255, "continuity": 255}


@dataclass(frozen=True)
class Found:
    """A figure: `level` is a share, a mean, a rate a year or a year's worth; `total` the whole count behind it.

    base: people by sex and five-year band of whom it is, where it is of residents.
    """

    level: float
    total: float
    base: Array | None = None


class Look:
    """The residents of `m` as they are now, for a period of which this is the middle."""

    def __init__(self, m: CareSystem, period: Period) -> None:
        self.m, self.period = m, period
        r, size = m.residents.columns, m.residents.size
        self.rows = np.flatnonzero(r["unique_id"][:size] != 0)
        self.r = {name: r[name][self.rows] for name in ("born", "male", "decile", "fifth", "lsoa", "state")}
        self.undiagnosed = r["undiagnosed"][self.rows]
        self.age = (m.month - self.r["born"].astype(np.int64)) // MONTHS_A_YEAR
        band = np.minimum(self.age // BAND, BANDS - 1)
        self.cell = self.r["male"].astype(np.int64) * BANDS + band

    # ------------------------------------------------------------------------------------------------ who

    def mask(self, who: Who) -> NDArray[np.bool_]:
        """Which residents are meant. Raises `UserError` for an area that the place does not have."""
        chosen = np.ones(self.rows.size, bool)
        if who.sex is not None:
            chosen &= self.r["male"] == who.sex
        for column, ends in (("age", who.ages), ("decile", who.deciles), ("fifth", who.local_fifths)):
            if ends is not None:
                values = self.age if column == "age" else self.r[column].astype(int) + (column == "fifth")
                chosen &= (values >= ends[0]) & (values <= ends[1])
        if who.area is not None:
            chosen &= areas_of(self.m.place.lsoas, who.area)[self.r["lsoa"]]
        for name in who.has:
            chosen &= self.state(name)
        for name in who.without:
            chosen &= ~self.state(name)
        return chosen

    def state(self, name: str) -> NDArray[np.bool_]:
        """Who is in a state, or in one of those made of several."""
        states, held = self.m.states, self.r["state"]
        if name in states.bits:
            return states.has(held, name)
        if name == "frailty":
            return np.asarray((held & np.bitwise_or.reduce([states.mask(one) for one in FRAILTY])) != 0)
        if name == "activation_level_1":
            first = self.m.evidence.table("activation_level").sort_values("level").iloc[0]
            return np.asarray(self._mean("activation") < float(first["score_to"]))
        long_term = np.bitwise_or.reduce([states.mask(one) for one in self.m.recorder.long_term])
        return np.asarray(np.bitwise_count(held & long_term) >= (2 if name == "multimorbidity" else 1))

    # ------------------------------------------------------------------------------------------------ what

    def find(self, measure: Named, who: Who, estimand: str, weights: Array | None = None) -> Found:
        """A measure of a group. weights: people by sex and band to whose ages the level is standardised."""
        if measure.kind == measures.TABLE:
            return self._table(measure.name, who)
        total, base = self.cells(self.values(measure, estimand), who)
        return Found(_level(total, base, weights), float(total.sum()) / self.m.scale, base)

    def cells(self, values: Array, who: Who) -> tuple[Array, Array]:
        """Sum of values, and people, by sex and five-year band of age: float64 (2, 19) each."""
        chosen = self.mask(who)
        cell, shape = self.cell[chosen], (SEXES, BANDS)
        total = np.bincount(cell, np.asarray(values, np.float64)[chosen], SEXES * BANDS).reshape(shape)
        return total, np.bincount(cell, minlength=SEXES * BANDS).reshape(shape).astype(np.float64)

    def values(self, measure: Named, estimand: str = "true") -> Array:
        """One value a resident: 0 or 1 of a state, a level, or events expected a year."""
        if measure.kind == measures.STATE:
            has = self.state(measure.name)
            known = estimand != "true" and measure.condition
            return has & ~self._unknown(measure.condition) if known else has
        if measure.kind == measures.MEAN:
            return self._mean(measure.name)
        return self._process(measure, estimand)

    def _mean(self, name: str) -> Array:
        column = self.m.residents.columns[COLUMN.get(name, name)][self.rows]
        return np.asarray(column.astype(np.float64) / WORTH.get(name, 1))

    def _unknown(self, condition: str) -> NDArray[np.bool_]:
        position = np.uint32(self.m.epidemiology.names.index(condition))
        return np.asarray((self.undiagnosed >> position) & np.uint32(1)).astype(bool)

    def _process(self, measure: Named, estimand: str) -> Array:
        name, epi = measure.name, self.m.epidemiology
        if name in measures.SERVICES:
            service = measures.SERVICES[name]
            level = self._level_of(service)
            return np.asarray(sum(self._rate(kind) for kind in contacts.of_service(epi, service)) / level)
        rate = self._rate(name)
        if name.startswith(DIAGNOSE):
            return rate * self._unknown(name.removeprefix(DIAGNOSE))
        if estimand != "true" and name.startswith(ONSET):
            unknown = epi.undiagnosed[measure.condition]
            if unknown > 0:
                found = self._rate(DIAGNOSE + measure.condition) * self._unknown(measure.condition)
                return np.asarray(rate * diagnosis.at_once(self.m.evidence, unknown) + found)
        return rate

    def _level_of(self, service: str) -> float:
        """What England's table of a service was multiplied by when the rates were set up."""
        if service == "gp_contact":
            return float(1 / (1 - self.m.evidence["care.gp_unmet_share"]))
        return float(self.m.evidence["care.clock_start_share"]) if service == "referral" else 1.0

    def _rate(self, name: str) -> Array:
        """Events expected a year, by resident; deaths with the calendar of the period unless it is plain."""
        rate = self._rates[:, self.m.rates.index[name]].astype(np.float64) * MONTHS_A_YEAR
        if name == DEATH and not self.period.plain:
            rate *= np.mean([self.m.calendar.ratio(month) for month in self.period.months])
        return np.asarray(rate)

    @cached_property
    def _rates(self) -> Array:
        """Every process's rate a month of every resident. What the model has cached stays as it is."""
        r = self.m.residents.columns
        cached = r["cell"].copy()
        parts = [review.rates(self.m, self.rows[k : k + CHUNK]) for k in range(0, self.rows.size, CHUNK)]
        r["cell"][:] = cached
        return np.concatenate(parts) if parts else np.zeros((0, len(self.m.rates.names)), np.float32)

    def _table(self, name: str, who: Who) -> Found:
        if name == "total_fertility":
            births, women = self.cells(self._rate("birth"), who)
            rate = np.divide(births[0], women[0], out=np.zeros(BANDS), where=women[0] > 0)
            return Found(float(BAND * rate.sum()), float("nan"))
        deaths, people = (each.sum(axis=0) for each in self.cells(self._rate(DEATH), who))
        return Found(float(lifetable.life_expectancy(deaths, people)), float("nan"))


def areas_of(lsoas: pd.DataFrame, area: str) -> NDArray[np.bool_]:
    """Which neighbourhoods an area names: an LSOA's code, or an authority's code or name. Raises `UserError`."""
    wanted = area.casefold()
    found = np.zeros(len(lsoas), bool)
    for column in ("code", "lad_code", "lad_name"):
        found |= lsoas[column].astype(str).str.casefold().to_numpy() == wanted
    if not found.any():
        from difflib import get_close_matches

        known = sorted({str(name) for name in lsoas["lad_name"]})
        near = get_close_matches(area, [*known, *lsoas["code"].astype(str)], 1)
        meant = f" Did you mean {near[0]}?" if near else f" Its authorities are {', '.join(known)}."
        raise UserError(f"has no area called '{area}'.{meant}")
    return found


def neighbourhoods(lsoas: pd.DataFrame, local_fifth: Array, who: Who) -> NDArray[np.bool_]:
    """Which neighbourhoods a group lives in, by area, national decile and local fifth."""
    chosen = np.ones(len(lsoas), bool) if who.area is None else areas_of(lsoas, who.area)
    for values, ends in ((lsoas["imd_decile"].to_numpy(int), who.deciles), (local_fifth, who.local_fifths)):
        if ends is not None:
            chosen &= (values >= ends[0]) & (values <= ends[1])
    return np.asarray(chosen)


def _level(total: Array, base: Array, weights: Array | None) -> float:
    if weights is None:
        return float(total.sum() / base.sum()) if base.sum() > 0 else float("nan")
    there = (base > 0) & (weights > 0)
    if not there.any():
        return float("nan")
    return float((weights[there] * total[there] / base[there]).sum() / weights[there].sum())
