"""The census: everyone alive is counted at the end of each month, once a year also by age, sex and neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes import census_kernel as kernel
from sim.outcomes import yearly_kernel as yearly
from sim.outcomes.sums_kernel import sum_bytes

if TYPE_CHECKING:
    from sim.outcomes.recorder import Recorder

Array = NDArray[Any]
Columns = Mapping[str, Array]
SEPTEMBER, MONTHS_A_YEAR = 9, 12
FIRST_LOOK = 64  # rows that are looked at before all are
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
    uid, born, fifth = (columns[c] for c in ("unique_id", "born", "fifth"))
    groups = kernel.groups_of(uid, born, fifth, size, month)
    several = sum(1 << bits[name] for name in rec.long_term if name in bits)
    stocks = {STOCK_OF_BIT.get(name, name): bit for name, bit in bits.items()}
    stocks = {name: bit for name, bit in stocks.items() if name in rec.row}
    used = [*stocks.values(), *(bits[part] for parts in TOGETHER.values() for part in parts if part in bits)]
    counts, people = kernel.count_states(groups, columns["state"], several, used)
    for name, bit in stocks.items():
        _note(rec, name, counts[:, bit])
    for name, parts in TOGETHER.items():
        if all(part in bits for part in parts):
            _note(rec, name, counts[:, [bits[part] for part in parts]].sum(axis=1))
    for k, name in enumerate(("residents", "adults", "multimorbid")):
        rec.add_by_fifth(name, people[:, k])
    if several and "managed" in columns and "undiagnosed" in columns:
        among = several >> min(bits[name] for name in rec.measures.conditions)
        known = (several, among, columns["managed"], columns["undiagnosed"])
        ill = kernel.count_known(groups, columns["state"], *known)
        for k, name in enumerate(("with_condition", "managed_sum", "undiagnosed_sum")):
            _note(rec, name, WORTH.get(name, 1.0) * ill[:, k])
    sums = {**sums, **{name: columns[at] for name, at in SUM_OF.items() if _lives(columns, at, size)}}
    bytes_ = [name for name, values in sums.items() if values.dtype == np.uint8]
    of_bytes = dict(zip(bytes_, sum_bytes(groups, [sums[name] for name in bytes_]), strict=True))
    for name, values in sums.items():
        per_month = 1 / MONTHS_A_YEAR if rec.measures[name].kind == "flow" else WORTH.get(name, 1.0)
        if name in of_bytes:
            children, adults = of_bytes[name]
            total = adults if name in OF_ADULTS else children + adults
        else:
            total = kernel.sum_values(groups, values, name in OF_ADULTS)
        rec.add_by_fifth(name, total * per_month)
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
        _yearly(rec, columns, size, month, stocks, several, sums, bits)


def _note(rec: Recorder, name: str, counts: Array) -> None:
    """Record counts by fifth; of an optional measure only if there is anybody, so that what no part of the model
    moves is not shown."""
    if counts.any() or not rec.measures[name].optional:
        rec.add_by_fifth(name, counts)


def _lives(columns: Columns, name: str, size: int) -> bool:
    """Whether the model keeps a column and has written anything into it."""
    return name in columns and bool(columns[name][: min(size, FIRST_LOOK)].any() or columns[name][:size].any())


def _yearly(
    rec: Recorder,
    columns: Columns,
    size: int,
    month: int,
    stocks: Mapping[str, int],
    several: int,
    sums: Mapping[str, Array],
    bits: Mapping[str, int],
) -> None:
    """Stocks by age group, neighbourhood and (where kept) both, at the end of the financial year."""
    uid, born, lsoa = columns["unique_id"], columns["born"], columns["lsoa"]
    sums_of = {name: [bits[part] for part in parts] for name, parts in TOGETHER.items() if set(parts) <= set(bits)}
    used = sorted({*stocks.values(), *(bit for several_bits in sums_of.values() for bit in several_bits)})
    cell = yearly.cells_of(uid, born, lsoa, size, month, rec.n_areas)
    cells = yearly.count_cells(cell, columns["state"], several, rec.n_areas, used)
    at = {bit: position for position, bit in enumerate(used)}
    for name, bit in stocks.items():
        rec.store_cells(name, cells[at[bit]])
    for name, together in sums_of.items():
        rec.store_cells(name, cells[[at[bit] for bit in together]].sum(axis=0))
    if several and "undiagnosed" in columns:
        _registers(rec, columns, cell, bits, {n: cells[at[bits[n]]] for n in rec.measures.conditions if n in bits})
    rec.store_cells("residents", cells[-2])
    rec.store_cells("multimorbid", cells[-1])
    adults = cells[-2].copy()
    adults[:, 0] = 0  # the first age group ends where adults begin
    rec.store_cells("adults", adults)
    for name, values in sums.items():
        if rec.measures[name].kind == "stock":
            found = yearly.sum_cells(cell, values, rec.n_areas, name in OF_ADULTS)
            rec.store_cells(name, WORTH.get(name, 1.0) * found)


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
    for found, (name, all_of_them) in zip(unknown, everybody.items(), strict=True):
        rec.store_register(f"{name}_diagnosed", all_of_them - found, shown=bool(found.any()))
