"""Which factors matter: sensitivity indices of one outcome over the rows of a design, with intervals.

===========  =====================================================  =============================================
method       measures (the first ranks the factors)                 source
===========  =====================================================  =============================================
morris       mu_star, mu, sigma: effect of going from end to end    Morris 1991; Campolongo 2007 (SALib)
sobol        total, first: share of variance; second: of pairs      Saltelli 2010; Saltelli 2002 (SALib)
fast         total, first; no intervals: SALib's are unreliable     Saltelli, Tarantola & Chan 1999 (SALib)
rbd_fast     first                                                  Tarantola, Gatelli & Mara 2006 (SALib)
delta        delta: shift of the whole distribution                 Borgonovo 2007; Plischke 2013
pawn         median, maximum: distance of distributions             Pianosi & Wagener 2015
dgsm         dgsm: upper bound of the total share                   Sobol & Kucherenko 2009 (SALib)
factorial    effect: mean at the upper minus at the lower end       Box & Hunter 1961; Lenth 1989 (SALib)
hdmr         total, first, second: shares, from an emulator         Rabitz & Aliş 1999; Sudret 2008
shapley      shapley: share of variance, adding up to one           Goda 2021 (SALib)
qmc, lhs,    rank_correlation (Spearman's); first, from 64 rows     Saltelli et al. 2008
given
===========  =====================================================  =============================================

Intervals hold 95 %. Shares are estimates without a bound: those of factors that do not matter fall on both sides of 0.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.outcomes.summary import variance_components
from sim.sweeps import given_data, hdmr, salib
from sim.sweeps.designs import GIVEN_DATA, Design

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Found = dict[str, tuple[Floats, Floats, Floats]]
"""By measure: value, low, high, each float64 (groups,)."""
RESAMPLES = 100
SHOWN = 8
LUCK = "luck"
SHARE = "share"
MAIN = {
    "morris": "mu_star",
    "sobol": "total",
    "fast": "total",
    "rbd_fast": "first",
    "delta": "delta",
    "pawn": "median",
    "dgsm": "dgsm",
    "factorial": "effect",
    "hdmr": "total",
    "shapley": "shapley",
}
FEWEST_FOR_FIRST = 64
MOST_KEPT = 256
"""Analyses that are remembered: tables of some dozen rows."""


@dataclass(frozen=True)
class Indices:
    """Indices of one outcome.

    table: columns factor, measure, value, low, high, in the design's order; after `with_luck` also the row (luck,
    share). second: columns factor, other, value, low, high, or None. main: the measure that ranks. luck: share (0–1) of
    the variance of single runs that is chance; left: share of the variance analysed (means over seeds) that still is;
    both NaN when not known. q2: skill of the emulator that was used, NaN where none was. nan in the table: the outcome
    is the same in every row (shares of no variance), or there is no trustworthy interval.
    """

    method: str
    n: int
    table: pd.DataFrame
    second: pd.DataFrame | None
    main: str
    note: str = ""
    luck: float = float("nan")
    left: float = float("nan")
    q2: float = float("nan")

    def ranking(self) -> pd.DataFrame:
        """The rows of the main measure, largest (in size, whatever the sign) first; nan last."""
        rows = self.table[(self.table["measure"] == self.main) & (self.table["factor"] != LUCK)]
        order = np.argsort(-np.abs(rows["value"].to_numpy()), kind="stable")
        return rows.iloc[order].reset_index(drop=True)


_kept: OrderedDict[bytes, Indices] = OrderedDict()


def _once(how: Callable[..., Indices]) -> Callable[..., Indices]:
    """What was worked out for the same rows and values is not worked out again: files, page and terminal all ask."""

    @functools.wraps(how)
    def ask(design: Design, y: Floats, *args: Any, **more: Any) -> Indices:
        y = np.ascontiguousarray(y, np.float64)
        about = (how.__name__, design.method, design.n, design.seed, design.second_order, design.factors, y.shape, args)
        key = blake2b(repr((about, sorted(more.items()))).encode(), digest_size=16)
        key.update(np.ascontiguousarray(design.base).tobytes())
        key.update(y.tobytes())
        found = _kept.pop(key.digest(), None) or how(design, y, *args, **more)
        _kept[key.digest()] = found
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
        second = None if found.second is None else found.second.copy()
        return dataclasses.replace(found, table=found.table.copy(), second=second)

    return ask


@_once
def analyse(design: Design, y: Floats, seed: int = 1, resamples: int = RESAMPLES, method: str | None = None) -> Indices:
    """Indices of an outcome.

    y: float64 (len(design),), one value for each different row. ``method``: another analysis of the same rows, for
    designs of given data (rbd_fast, delta, pawn, hdmr, qmc, lhs, given). ``resamples``: of the bootstrap.

    Raises `UserError` for missing values (naming the rows; one alone would make every Sobol index 0), another length,
    a method that does not fit the design, too few rows for it, or an emulator that is too poor (hdmr, Q² below .9).
    """
    method = method or design.method
    if method != design.method and (method not in GIVEN_DATA or design.method not in GIVEN_DATA):
        raise UserError(f"Rows of the design {design.method} cannot be analysed by {method}.")
    spread = _checked(design, y)[design.index]
    main = MAIN.get(method, "rank_correlation")
    if np.ptp(spread) <= 1e-12 * max(1.0, float(np.abs(spread).max())):
        return _constant(design, method, main)
    if method == "hdmr":
        emulator = hdmr.fit(design.full_rows(), spread)
        pairs = emulator.second()
        every = {pair: pairs.get(pair, (0.0, 0.0, 0.0)) for pair in combinations(range(design.k), 2)}
        table = _table(design, {"total": emulator.total(), "first": emulator.first()})
        return Indices(method, design.n, table, _pairs(design, every), main, design.note, q2=emulator.q2)
    how = METHODS.get(method, _given)
    found = how(design, spread, seed, resamples)
    second = (
        _pairs(design, salib.sobol_second(design, spread, seed, resamples))
        if method == "sobol" and design.second_order
        else None
    )
    return Indices(method, design.n, _table(design, found), second, main, design.note)


@_once
def with_luck(
    design: Design, y: Floats, seed: int = 1, resamples: int = RESAMPLES, method: str | None = None
) -> Indices:
    """Indices of the mean over seeds, and the share of variance that is luck.

    y: float64 (len(design), seeds): every row was run with the same seeds (common random numbers). Luck is what a
    two-way random-effects analysis of variance leaves between seeds and between seeds within rows. The intervals take
    in that other seeds would have given other indices (a jackknife over seeds, from three seeds on). With one seed luck
    is not known. Raises `UserError` as `analyse` does.
    """
    y = np.asarray(y, np.float64)
    if y.ndim != 2 or y.shape[1] < 1:
        raise UserError("Values by seed must have a column for each seed.")
    _checked(design, y)
    found = analyse(design, y.mean(axis=1), seed, resamples, method)
    seeds = y.shape[1]
    if seeds < 2:
        note = "one seed was run: how much is luck is not known"
        return dataclasses.replace(found, note=_joined(found.note, note))
    share, left = luck_share(design, y)
    outs = [np.delete(y, out, axis=1) for out in range(seeds)] if seeds > 2 else []
    table = _widened(found.table, design, outs, seed, found.method)
    halves = [luck_share(design, out)[0] for out in outs]
    low, high = _jackknife(np.array([share]), np.array(halves)[:, None]) if halves else (np.full(1, np.nan),) * 2
    row = {"factor": LUCK, "measure": SHARE, "value": share, "low": low[0], "high": high[0]}
    table.loc[len(table)] = {**row, "low": max(row["low"], 0.0), "high": min(row["high"], 1.0)}
    note = f"{share:.0%} of the variance of single runs is luck, {left:.0%} of that of the means of {seeds} seeds"
    return dataclasses.replace(found, table=table, note=_joined(found.note, note), luck=share, left=left)


def luck_share(design: Design, y: Floats) -> tuple[float, float]:
    """Share (0–1) of the variance of single runs that is luck, and of that of the means over seeds.

    y: float64 (len(design), seeds). In a Sobol design only the two independent samples count; rows between them repeat
    much of the first. 0 where nothing varies.
    """
    rows = np.asarray(y, np.float64)[design.index]
    if design.method == "sobol":
        rows = rows.reshape(design.n, design.block, -1)[:, [0, -1]].reshape(2 * design.n, -1)
    between, common, left = (float(part) for part in variance_components(rows))
    seeds = rows.shape[1]
    single, mean = between + common + left, between + left / seeds
    return ((common + left) / single if single > 0 else 0.0), (left / seeds / mean if mean > 0 else 0.0)


def _checked(design: Design, y: Floats) -> Floats:
    y = np.asarray(y, np.float64)
    if len(y) != len(design):
        raise UserError(f"The design has {len(design)} different rows, and there are {len(y)} values.")
    missing = np.flatnonzero(~np.isfinite(y.reshape(len(y), -1)).all(axis=1))
    if missing.size:
        named = ", ".join(str(row) for row in missing[:SHOWN]) + (", …" if missing.size > SHOWN else "")
        rows = "Row" if missing.size == 1 else "Rows"
        verb = "has" if missing.size == 1 else "have"
        raise UserError(f"{rows} {named} of {len(y)} {verb} no value; run them again before the analysis.")
    return y


def _given(design: Design, y: Floats, seed: int, resamples: int) -> Found:
    u = design.full_rows()
    found: Found = {"rank_correlation": given_data.rank_correlation(u, y)}
    if len(y) >= FEWEST_FOR_FIRST:
        levels = np.array([factor.levels or 0 for factor in design.factors])
        found["first"] = given_data.first(u, y, levels, seed, resamples)
    return found


def _rows(how: Callable[[Floats, Floats, int, int], Found]) -> Callable[[Design, Floats, int, int], Found]:
    def analysed(design: Design, y: Floats, seed: int, resamples: int) -> Found:
        if len(y) < FEWEST_FOR_FIRST:
            raise UserError(f"Too few rows to tell: {len(y)}, and at least {FEWEST_FOR_FIRST} are needed.")
        return how(design.full_rows(), y, seed, resamples)

    return analysed


METHODS: dict[str, Callable[[Design, Floats, int, int], Found]] = {
    "morris": salib.morris,
    "sobol": salib.sobol,
    "fast": salib.fast,
    "dgsm": salib.dgsm,
    "factorial": salib.factorial,
    "shapley": salib.shapley,
    "rbd_fast": _rows(salib.rbd_fast),
    "delta": _rows(given_data.delta),
    "pawn": _rows(given_data.pawn),
}


def _table(design: Design, found: Found) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (group, measure, float(value[i]), float(low[i]), float(high[i]))
        for measure, (value, low, high) in found.items()
        for i, group in enumerate(design.groups)
    ]
    return pd.DataFrame(rows, columns=["factor", "measure", "value", "low", "high"])


def _pairs(design: Design, pairs: dict[tuple[int, int], tuple[float, float, float]]) -> pd.DataFrame:
    import pandas as pd

    rows = [(design.groups[i], design.groups[j], *map(float, ends)) for (i, j), ends in pairs.items()]
    return pd.DataFrame(rows, columns=["factor", "other", "value", "low", "high"])


def _constant(design: Design, method: str, main: str) -> Indices:
    """Effects of nothing are 0; shares of no variance are not numbers."""
    measures = ("mu_star", "mu", "sigma") if method == "morris" else (main,)
    value = 0.0 if method in ("morris", "factorial") else np.nan
    nothing = np.full(len(design.groups), value)
    note = _joined(design.note, "the outcome is the same in every row")
    return Indices(method, design.n, _table(design, dict.fromkeys(measures, (nothing,) * 3)), None, main, note)


def _widened(table: pd.DataFrame, design: Design, outs: list[Floats], seed: int, method: str) -> pd.DataFrame:
    """The table with intervals that take in the jackknife over seeds (values without one seed each)."""
    table = table.copy()
    if not outs:
        return table
    try:
        each = [analyse(design, out.mean(axis=1), seed, 2, method).table["value"].to_numpy() for out in outs]
    except UserError:  # an emulator that is good enough only with all seeds: no jackknife of it
        return table
    if any(values.shape != table["value"].shape for values in each):
        return table
    value = table["value"].to_numpy()
    low, high = _jackknife(value, np.array(each))
    for column, end, sign in (("low", low, -1.0), ("high", high, 1.0)):
        own = table[column].to_numpy() - value
        table[column] = value + sign * np.hypot(own, end - value)
    return table


def _jackknife(value: Floats, without: Floats) -> tuple[Floats, Floats]:
    """95 % interval of values, from the same without one seed each: without float64 (seeds, values)."""
    from scipy.stats import t

    seeds = len(without)
    error = np.sqrt((seeds - 1) / seeds * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    half = float(t.ppf(0.975, seeds - 1)) * error
    return value - half, value + half


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
