"""The census: everyone alive is counted at the end of each month, once a year also by age, sex and neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes import census_kernel as kernel
from sim.outcomes import yearly_kernel as yearly
from sim.outcomes.measures import N_FIFTHS

if TYPE_CHECKING:
    from sim.outcomes.recorder import Recorder

Array = NDArray[Any]
Columns = Mapping[str, Array]
SEPTEMBER, MONTHS_A_YEAR = 9, 12
#: state bits whose stock has another name; bits without a measure (ex-smokers, say) are not recorded
STOCK_OF_BIT = {"smoker": "smokers", "drinker": "drinkers"}
#: states that exclude one another and are also counted together
TOGETHER = {"frail": ("frail_mild", "frail_moderate", "frail_severe")}
#: measure → column of residents whose sum it is, where the model keeps it; what one of the column's units is worth
SUM_OF = {
    "contact_sum": "contact", "confidence_sum": "confidence", "control_sum": "control",
    "continuity_sum": "continuity", "experience_sum": "experience",
}  # fmt: skip
WORTH = {
    "contact_sum": 1 / 255, "confidence_sum": 1 / 2, "control_sum": 1 / 255, "managed_sum": 1 / 255,
    "continuity_sum": 1 / 255, "experience_sum": 1 / 100,
}  # fmt: skip
#: sums over adults only
OF_ADULTS = ("life_satisfaction_sum", "confidence_sum", "control_sum")
PEOPLE = ("residents", "adults", "multimorbid")
KNOWN = ("with_condition", "managed_sum", "undiagnosed_sum")


class Plan:
    """What a census counts, looked up once: it is the same every month.

    bits, sums   as of `Recorder.census` (of the sums, their names); columns: names of the residents' columns
    """

    def __init__(self, rec: Recorder, bits: Mapping[str, int], sums: Sequence[str], columns: Columns) -> None:
        self.bits, self.given, self.columns = bits, tuple(sums), frozenset(columns)
        stocks = {STOCK_OF_BIT.get(name, name): bit for name, bit in bits.items()}
        self.stocks = {name: [bit] for name, bit in stocks.items() if name in rec.row}
        """Measures of states, with the bits that are counted together."""
        for name, parts in TOGETHER.items():
            if all(part in bits for part in parts):
                self.stocks[name] = [bits[part] for part in parts]
        self.several = sum(1 << bits[name] for name in rec.long_term if name in bits)
        self.known = bool(self.several) and "managed" in columns and "undiagnosed" in columns
        self.among = self.several >> min((bits[name] for name in rec.measures.conditions if name in bits), default=0)
        self.kept = {name: at for name, at in SUM_OF.items() if at in columns}
        self.sums = (*self.given, *self.kept)
        names = [*self.stocks, *PEOPLE, *(KNOWN if self.known else ()), *self.sums]
        self.names = np.array(names, object)
        self.rows = np.array([rec.row[name] for name in names])
        of_adults = [name in OF_ADULTS for name in self.sums]
        self.of_adults = np.array(of_adults, bool)
        measures = [rec.measures[name] for name in names]
        # of an optional measure only if there is anybody, so that what no part of the model moves is not shown
        self.always = np.array([not m.optional or m.name in self.given for m in measures])
        self.worth = np.array([1 / MONTHS_A_YEAR if m.kind == "flow" else WORTH.get(m.name, 1.0) for m in measures])
        self.scale = np.array([rec.scale_of(name) for name in names])
        self._total = self._adults = np.zeros((0, 0))

    def by_fifth(self, found: kernel.Counted) -> Array:
        """Every measure by fifth, float64[measures, 5], of what was counted by fifth, children and adults."""
        parts = [found.people, found.many, found.ill, found.managed, found.unknown]
        counted = np.concatenate([found.bits.T, parts, found.sums])
        if len(self._total) != len(self.names):
            self._lay_out(len(parts))
        children, adults = (np.ascontiguousarray(half) for half in (counted[:, :N_FIFTHS], counted[:, N_FIFTHS:]))
        each = self._total @ children + self._adults @ adults
        each *= self.worth[:, None]
        return np.asarray(each)

    def _lay_out(self, parts: int) -> None:
        """Of which rows that were counted each measure is the sum, of children and of adults: 0 or 1 each, so that the
        products are exact."""
        people = kernel.N_BITS
        self._total = np.zeros((len(self.names), people + parts + len(self.sums)))
        for k, bits in enumerate(self.stocks.values()):
            self._total[k, bits] = 1.0
        at = len(self.stocks)
        self._total[at, people] = self._total[at + 1, people] = self._total[at + 2, people + 1] = 1.0
        at += len(PEOPLE)
        for k in range(len(KNOWN) if self.known else 0):
            self._total[at + k, people + 2 + k] = 1.0
        at += len(KNOWN) if self.known else 0
        for k in range(len(self.sums)):
            self._total[at + k, people + parts + k] = 1.0
        self._adults = self._total.copy()
        self._total[len(self.stocks) + 1] = 0.0  # adults are counted among adults only
        self._total[at:][self.of_adults] = 0.0

    def serves(self, bits: Mapping[str, int], sums: Mapping[str, Array], columns: Columns) -> bool:
        """Whether it is still the plan for these."""
        return bits is self.bits and tuple(sums) == self.given and columns.keys() == self.columns

    def values(self, columns: Columns, sums: Mapping[str, Array]) -> list[Array]:
        """The columns of `sums`, in order."""
        return [*sums.values(), *(columns[at] for at in self.kept.values())]


def count_everyone(
    rec: Recorder,
    columns: Columns,
    size: int,
    month: int,
    bits: Mapping[str, int],
    sums: Mapping[str, Array],
    well_above: float | None,
) -> None:
    """The month's census, written into the recorder; arguments as of `Recorder.census`."""
    plan = rec.plan
    if plan is None or not plan.serves(bits, sums, columns):
        plan = rec.plan = Plan(rec, bits, tuple(sums), columns)
    uid, born, fifth = (columns[c] for c in ("unique_id", "born", "fifth"))
    values = plan.values(columns, sums)
    known = (columns["managed"], columns["undiagnosed"], plan.among) if plan.known else None
    found = kernel.count_groups(
        kernel.groups_of(uid, born, fifth, size, month), 2 * N_FIFTHS, columns["state"], plan.several,
        known, values,
    )  # fmt: skip
    rec.add_stocks(plan, plan.by_fifth(found))
    if clock.calendar_month(month) == SEPTEMBER:  # the middle of the financial year
        utility = sums.get("qalys", np.zeros(size, np.float32))
        above = 2.0 if well_above is None else float(well_above)
        people_in, well, total = yearly.count_bands(uid, born, columns["male"], fifth, utility, size, month, above)
        rec.add_bands("population_bands", people_in)
        if "qalys" in sums and well_above is not None:
            rec.add_bands("healthy_bands", well)
            rec.add_bands("utility_bands", total)
            rec.touched.add("healthy")
    if rec.in_march:
        _yearly(rec, plan, columns, size, month, values)


def _yearly(rec: Recorder, plan: Plan, columns: Columns, size: int, month: int, values: Sequence[Array]) -> None:
    """Stocks by age group, neighbourhood and (where kept) both, at the end of the financial year."""
    shape = rec.n_areas, kernel.N_AGES
    cell = yearly.cells_of(columns["unique_id"], columns["born"], columns["lsoa"], size, month, rec.n_areas)
    stocks = [k for k, name in enumerate(plan.sums) if rec.measures[name].kind == "stock"]
    summed = [values[k] for k in stocks]
    found = kernel.count_groups(cell, shape[0] * shape[1], columns["state"], plan.several, columns=summed, lanes=2)
    bits = np.ascontiguousarray(found.bits.T).reshape(-1, *shape)
    by_name = {name: bits[several].sum(axis=0) for name, several in plan.stocks.items()}
    if plan.several and "undiagnosed" in columns:
        conditions = {name: by_name[name] for name in rec.measures.conditions if name in plan.bits}
        _registers(rec, columns, cell, plan.bits, conditions)
    by_name |= {"residents": found.people.reshape(shape), "multimorbid": found.many.reshape(shape)}
    by_name["adults"] = _adults(by_name["residents"])
    for k, each in zip(stocks, found.sums.reshape(-1, *shape), strict=True):
        name = plan.sums[k]
        by_name[name] = WORTH.get(name, 1.0) * (_adults(each) if name in OF_ADULTS else each)
    rec.store_cells(list(by_name), np.array(list(by_name.values()), np.float64))


def _adults(cells: Array) -> Array:
    """Without the first age group, which ends where adults begin."""
    out = cells.copy()
    out[:, 0] = 0
    return out


def _registers(
    rec: Recorder, columns: Columns, cell: Array, bits: Mapping[str, int], everybody: Mapping[str, Array]
) -> None:
    """Those who are diagnosed: everybody who has a condition, without those who do not know.

    cell: as of `cells_of`; everybody: of each condition (bits of `state` in this order), by neighbourhood and age.
    Shown are the conditions that somebody has without knowing; of the others the register is everybody.
    """
    first = min(bits[name] for name in everybody)
    held = (columns["state"], columns["undiagnosed"])
    unknown = yearly.count_unknown(cell, *held, first, rec.n_areas, len(everybody))
    registers = np.array(list(everybody.values())) - unknown
    names = [f"{name}_diagnosed" for name in everybody]
    for name, cells, found in zip(names, registers, unknown, strict=True):
        rec.store_register(name, cells, shown=bool(found.any()))
    rec.store_cells(names, registers)
