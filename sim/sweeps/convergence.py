"""How indices settle as a design grows, and whether they have settled enough to stop.

While a sweep runs, indices of the base samples that are complete are provisional results; with twice the samples the
rows are the same and more, so each step of the path is what a smaller sweep would have found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.sweeps.designs import NESTED, Design
from sim.sweeps.indices import LUCK, MAIN, Indices, analyse, with_luck

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
FEWEST = 8
FEWEST_ROWS = 64
RESAMPLES = 60
UNIT_MEASURES = ("total", "first", "delta", "median", "maximum", "shapley", "rank_correlation", "dgsm")


def sizes(design: Design, finite: NDArray[np.bool_] | None = None) -> list[int]:
    """The numbers of base samples at which to look: powers of two that are done, and all that are done.

    finite: bool (len(design),), which rows have a value; all of them unless said.
    """
    done = design.n if finite is None else design.complete(finite)
    if design.method not in NESTED:
        return [design.n] if done == design.n else []
    least = FEWEST if design.block > 1 else FEWEST_ROWS
    found = [2**power for power in range(3, 40) if least <= 2**power < done]
    return [*found, done] if done >= min(least, design.n) and done > 1 else found


def provisional(design: Design, y: Floats, seed: int = 1) -> Indices | None:
    """Indices of what is complete so far, or None when that is too little.

    y: float64 (len(design),) or (len(design), seeds), nan where there is no value yet.
    """
    y = np.asarray(y, np.float64)
    look = sizes(design, _done(y))
    return _at(design, y, look[-1], seed) if look else None


def path(design: Design, y: Floats, measure: str | None = None, seed: int = 1) -> pd.DataFrame:
    """Columns n, factor, value, low, high: a measure (the one that ranks, unless said) at growing numbers of samples.

    y: as for `provisional`. Empty when too little is complete. A size at which the analysis is refused (an
    emulator that is too poor as yet) is left out. Raises `UserError` for a measure that the method does not have.
    """
    import pandas as pd

    y = np.asarray(y, np.float64)
    wanted = measure or MAIN.get(design.method, "rank_correlation")
    parts = []
    for n in sizes(design, _done(y)):
        try:
            table = _at(design, y, n, seed).table
        except UserError:
            continue
        rows = table[(table["measure"] == wanted) & (table["factor"] != LUCK)]
        if rows.empty and len(table):
            known = ", ".join(dict.fromkeys(table["measure"]))
            raise UserError(f"{design.method} has no measure '{wanted}'; it has {known}.")
        parts.append(rows.drop(columns="measure").assign(n=n))
    columns = ["n", "factor", "value", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def narrow_enough(found: Indices | None, half_width: float, measure: str | None = None) -> bool:
    """Whether every factor's interval is at most ``half_width`` to each side: on the scale of the measure where that is
    a share, a distance or a correlation, and as a share of the largest value for others (mu_star, effect).

    False when nothing is known, or no interval is. Raises `UserError` for a half width that is not above 0.
    """
    if not half_width > 0:
        raise UserError(f"stop.half_width must be above 0, not {half_width:g}.")
    if found is None:
        return False
    wanted = measure or found.main
    rows = found.table[(found.table["measure"] == wanted) & (found.table["factor"] != LUCK)]
    value, low, high = (rows[column].to_numpy(np.float64) for column in ("value", "low", "high"))
    scale = 1.0 if wanted in UNIT_MEASURES else float(np.abs(value).max(initial=0.0))
    widest = np.maximum(value - low, high - value)
    return bool(len(rows) and scale > 0 and np.all(widest <= half_width * scale))


def _done(y: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(y.reshape(len(y), -1)).all(axis=1))


def _at(design: Design, y: Floats, n: int, seed: int) -> Indices:
    part = design.first(n)
    values = y[: len(part)]
    return analyse(part, values, seed, RESAMPLES) if y.ndim == 1 else with_luck(part, values, seed, RESAMPLES)
