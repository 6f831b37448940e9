"""The small life course on this project's engine: the month as a few functions over columns.

The specification is `sim.studies.lifecourse_spec`; the same in plain Mesa is `sim.studies.lifecourse_plain`. It shows
in one file how the engine is meant to be used: rates are tables, a resident's chances are kept and renewed only when
something changes them, each process has a draw of its own, and practices stay ordinary Mesa agents.
"""

from __future__ import annotations

from math import exp
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.columns import ColumnarAgent, ColumnarModel
from sim.studies import lifecourse_spec as spec

Rows = NDArray[np.int64]
Alive = NDArray[np.bool_]

BIT = {state: np.uint64(1 << i) for i, state in enumerate(spec.STATES)}
FLIPS = np.array([BIT[(spec.ONSETS | spec.ENDS)[name]] for name in spec.CHANGES if name != "death"])
FULL = 65535
SOCIAL, SEX, GP, ED, CHANGE = 200, 201, 202, 203, 204
"""Purposes of the draws; change k draws with CHANGE + k. Four neighbours share a hash, so
CHANGE is a multiple of four."""


class Rates:
    """The tables from which `draws.hazards` makes a resident's rates, processes in the order of `spec.RATES`."""

    def __init__(self) -> None:
        names = spec.RATES
        self.base = np.array(
            [
                [spec.base_rate(name, years, male, fifth) for name in names]
                for years in range(spec.OLDEST)
                for male in (0, 1)
                for fifth in range(spec.FIFTHS)
            ],
            np.float32,
        )
        self.excess = np.array([[spec.LONELY_EXCESS.get(name, 0.0) for name in names]], np.float32)
        self.factors = np.ones((draws.BYTES, 256, len(names)), np.float32)
        for value in range(256):
            for k, name in enumerate(names):
                logs = spec.COEFFICIENTS[name][4]
                ratio = exp(sum(log for state, log in logs.items() if value & int(BIT[state])))
                begins, ends = spec.ONSETS.get(name), spec.ENDS.get(name)
                impossible = (begins and value & int(BIT[begins])) or (ends and not value & int(BIT[ends]))
                self.factors[0, value, k] = 0.0 if impossible else ratio
        self.by_practice = np.ones((spec.PRACTICES, len(names)), np.float32)


class Practice(mesa.Agent):
    """A general practice, with appointments a month."""

    def __init__(self, model: Any, capacity: float) -> None:
        super().__init__(model)
        self.capacity = capacity

    def unmet_share(self, demand: int) -> float:
        """The share of a month's demand that the practice cannot meet."""
        return max(0.0, 1 - self.capacity / demand) if demand else 0.0


class Resident(ColumnarAgent):
    """A resident; `chance` (a threshold a change) is added as a wide column."""

    key: np.uint64
    born: np.int16
    birthday: np.uint8  # month of the year, 0 to 11
    male: np.uint8
    fifth: np.uint8
    practice: np.int16
    state: np.uint64
    lonely: np.float32  # 1 − social score
    cell: np.int32  # row of the base rates: age, sex, deprivation
    gp: np.float32  # expected contacts a month
    ed: np.float32


class Town(ColumnarModel):
    """n residents and their practices."""

    def __init__(self, n: int = 10_000, seed: int = 1) -> None:
        super().__init__(rng=seed)
        self.seed_of_chance = seed
        self.month = 0
        self.rates = Rates()
        self.no_scale = np.ones(len(spec.CHANGES), np.float32)
        self.one_scale, self.pressure = np.ones(1, np.float32), np.ones(spec.PRACTICES, np.float32)
        self.totals: dict[str, float] = dict.fromkeys((*spec.RATES, "unmet"), 0)
        self.practices = list(Practice.create_agents(self, spec.PRACTICES, spec.capacities(n).tolist()))
        self.residents = self.table_of(Resident)
        self.residents.extend("chance", np.uint16, width=len(spec.CHANGES))
        self.residents.extend("exposed", np.uint16)  # loneliness, as rates look it up
        people: dict[str, Any] = spec.population(n, seed)
        state = sum(people.pop(name).astype(np.uint64) * BIT[name] for name in spec.STATES)
        lonely = 1 - people.pop("social")
        identities = np.arange(1, n + 1)
        keys = draws.make_keys(seed, identities)
        people |= {"key": keys, "state": state, "lonely": lonely, "birthday": people["born"] % 12}
        self.residents.append(n, unique_id=identities, **people)
        self.count_years(self.residents.rows)

    def step(self) -> None:
        """One month."""
        self.month += 1
        alive = self.residents.columns["unique_id"] != 0
        self.celebrate_birthdays(alive)
        changed, dead = self.change(alive)
        newborn = self.replace(dead)
        self.refresh(np.concatenate([changed, newborn]))
        self.see_practices(alive)

    def refresh(self, rows: Rows) -> None:
        """Renew what is kept of the rates of these residents, after something they depend on has changed."""
        r = self.residents.columns
        tables = self.rates.base, self.rates.excess, self.rates.factors, self.rates.by_practice
        r["exposed"][rows] = np.rint(r["lonely"][rows] * FULL)
        rates = draws.hazards(rows, r["cell"], r["state"], r["exposed"][:, None], r["practice"], *tables)
        draws.keep_chances(rates, rows, r["key"], r["chance"])
        r["gp"][rows], r["ed"][rows] = rates[:, -2], rates[:, -1]

    def count_years(self, rows: Rows) -> None:
        """Give these residents the base rates of their age in whole years, and refresh them."""
        r = self.residents.columns
        years = (self.month - r["born"][rows]) // 12
        r["cell"][rows] = (years.astype(np.int32) * 2 + r["male"][rows]) * spec.FIFTHS + r["fifth"][rows]
        self.refresh(rows)

    def celebrate_birthdays(self, alive: Alive) -> None:
        """The social score moves once a year, and so does age."""
        r = self.residents.columns
        rows = np.flatnonzero((r["birthday"] == self.month % 12) & alive)
        u = draws.uniforms(r["key"][rows], self.month, SOCIAL)
        social = 1 - r["lonely"][rows]
        social += spec.SOCIAL_PULL * (spec.SOCIAL_MEAN - social) + spec.SOCIAL_NOISE * (u - 0.5)
        r["lonely"][rows] = 1 - social.clip(0, 1)
        self.count_years(rows)

    def change(self, alive: Alive) -> tuple[Rows, Rows]:
        """Behaviours, onsets and deaths: rows of those who changed, and of the dead, who leave `alive`."""
        r = self.residents.columns
        rows, kinds = draws.events(r["key"], alive, r["chance"], self.no_scale, self.month, CHANGE)
        dead: Rows = rows[kinds == len(FLIPS)]
        alive[dead] = False
        stay = alive[rows]
        rows, kinds = rows[stay], kinds[stay]
        np.bitwise_xor.at(r["state"], rows, FLIPS[kinds])  # `at`: a resident may change twice in a month
        for name, number in zip(spec.CHANGES, np.bincount(kinds, minlength=len(FLIPS)).tolist(), strict=False):
            self.totals[name] += number
        self.totals["death"] += dead.size
        return rows, dead

    def replace(self, dead: Rows) -> Rows:
        """The dead leave, and for each a child of the same practice and deprivation is born, who starts next month."""
        r = self.residents.columns
        inherited = {name: r[name][dead] for name in ("fifth", "practice")}
        identities = draws.child_identity(r["unique_id"][dead], self.month)
        keys = draws.make_keys(self.seed_of_chance, identities)
        male = draws.uniforms(keys, self.month, SEX) < 0.5
        self.residents.release(dead)
        newborn = self.residents.append(
            dead.size,
            unique_id=identities,
            key=keys,
            born=self.month,
            birthday=self.month % 12,
            male=male,
            lonely=1 - spec.SOCIAL_MEAN,
            cell=male * spec.FIFTHS + inherited["fifth"],
            **inherited,
        )
        return newborn.rows

    def see_practices(self, alive: Alive) -> None:
        """Contacts arise; practices meet what they can, which is felt in emergency departments next month."""
        r = self.residents.columns
        nobody_differs = np.zeros(alive.size, np.int16)
        asked = draws.poisson_counts(r["key"], alive, r["gp"], self.one_scale, nobody_differs, self.month, GP)
        went = draws.poisson_counts(r["key"], alive, r["ed"], self.pressure, r["practice"], self.month, ED)
        demand = draws.sums_by(r["practice"], asked, spec.PRACTICES)
        unmet = [practice.unmet_share(load) for practice, load in zip(self.practices, demand.tolist(), strict=True)]
        self.pressure = np.exp(spec.PRESSURE * np.array(unmet, np.float32))
        self.totals["gp"] += int(demand.sum())
        self.totals["ed"] += int(draws.sums_by(r["practice"], went, spec.PRACTICES).sum())
        self.totals["unmet"] += sum(unmet) / spec.PRACTICES

    def summary(self) -> dict[str, float]:
        """Flows a resident-month and stocks a resident so far."""
        residents = self.residents
        stocks = {name: float((residents.state & bit != 0).sum()) for name, bit in BIT.items()}
        stocks["social"] = float((1 - residents.lonely).sum(dtype=np.float64))
        stocks["male"] = float(residents.agg("male", sum))
        return spec.summary(self.totals, stocks, len(residents) * self.month, len(residents))
