"""Designs: which rows of factor values a sweep runs, each a point of the unit cube.

=============  ===============================================================  ==============  =======  ==============
method         rows (k factors or groups)                                       grows with n    groups   source
=============  ===============================================================  ==============  =======  ==============
morris         n trajectories of k + 1                                          yes             yes      SALib
sobol          n × (k + 2), with second order n × (2k + 2)                      yes             yes      Saltelli 2010
dgsm           n × (k + 1)                                                      yes             no       Sobol 2009
shapley        n × (k + 1)                                                      yes             no       Goda 2021
fast           n × k                                                            no              no       SALib
factorial      2 × the power of two not below k (n is not used)                 –               no       SALib
qmc            n, also for delta, pawn, hdmr                                    yes             no       scipy
rbd_fast       n, by chance: regular points would be taken for waves            yes             no       –
lhs            n                                                                no              no       scipy
given          rows that exist already                                          –               no       –
=============  ===============================================================  ==============  =======  ==============

*Grows with n*: the rows of n are the first rows of 2n, so doubling n runs nothing twice. Rows that come out equal, also
after choices and whole numbers are taken, are one row: run once, analysed wherever they stand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.sweeps import resample, samples
from sim.sweeps.factors import Factor, Value, values

Floats = NDArray[np.float64]
GIVEN_DATA = ("rbd_fast", "delta", "pawn", "hdmr", "qmc", "lhs", "given")
METHODS = ("morris", "sobol", "fast", "rbd_fast", "delta", "pawn", "dgsm", "factorial", "hdmr", "shapley", "lhs", "qmc")
GROUPED = ("morris", "sobol")
NESTED = ("morris", "sobol", "dgsm", "shapley", "rbd_fast", "delta", "pawn", "hdmr", "qmc")
POWERS_OF_TWO = ("sobol", "dgsm", "shapley", "delta", "pawn", "hdmr", "qmc")
LEAST = {"fast": samples.FAST_LEAST, "rbd_fast": 64, "delta": 128, "pawn": 64, "hdmr": 64} | dict.fromkeys(
    ("morris", "sobol", "dgsm", "shapley", "qmc", "lhs"), 2
)
CHUNK = 4096


@dataclass(frozen=True)
class Design:
    """The rows of a sweep.

    `base` holds what the rows are made of: the rows themselves or, for sobol, the two samples A | B (n, 2k), from which
    rows are put together as they are asked for, so that a large design needs little memory. `note` says what differs
    from what was asked. ``len(design)`` is the number of different rows, numbered in the order of their first use.
    """

    method: str
    n: int
    factors: tuple[Factor, ...]
    seed: int
    second_order: bool
    note: str
    base: Floats = field(repr=False, compare=False)

    @property
    def k(self) -> int:
        """Number of factors."""
        return len(self.factors)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """What the analysis speaks of: groups, and factors that move alone, in order."""
        return tuple(dict.fromkeys(factor.group or factor.name for factor in self.factors))

    @property
    def grouped(self) -> bool:
        """Whether some factors move together."""
        return len(self.groups) < self.k

    @cached_property
    def member(self) -> NDArray[np.intp]:
        """intp (k,): the number of each factor's group."""
        number = {group: i for i, group in enumerate(self.groups)}
        return np.array([number[factor.group or factor.name] for factor in self.factors], np.intp)

    @property
    def block(self) -> int:
        """How many rows one base sample has; a given-data design has one, and fast and factorial are one block."""
        g = len(self.groups)
        if self.method == "sobol":
            return 2 * g + 2 if self.second_order else g + 2
        if self.method in ("morris", "dgsm", "shapley"):
            return g + 1
        return 1 if self.method in GIVEN_DATA else len(self.base)

    @property
    def full(self) -> int:
        """Number of rows with equal ones counted each."""
        return self.n * self.block if self.method == "sobol" else len(self.base)

    def full_rows(self, start: int = 0, stop: int | None = None) -> Floats:
        """Rows start to stop, equal ones each: float64 (rows, k), between 0 and 1."""
        stop = self.full if stop is None else min(stop, self.full)
        if self.method == "sobol":
            return samples.saltelli_rows(self.base, self.member, self.second_order, start, stop)
        return self.base[start:stop]

    def _full_at(self, places: NDArray[np.intp]) -> Floats:
        """Rows at some places among all, equal ones each: float64 (places, k)."""
        if self.method != "sobol":
            return self.base[places]
        if not places.size:
            return self.full_rows(0, 0)
        low, high = int(places.min()), int(places.max())
        return self.full_rows(low, high + 1)[places - low]

    @cached_property
    def index(self) -> NDArray[np.intp]:
        """intp (full,): the number of the different row that stands at each place."""
        return self._merged[0]

    @property
    def _firsts(self) -> NDArray[np.intp]:
        return self._merged[1]

    @cached_property
    def _merged(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        if self.method == "given":
            return np.arange(self.n), np.arange(self.n)
        levels = np.array([factor.levels or 0 for factor in self.factors])
        stepped = np.flatnonzero(levels)
        names = np.empty((self.full, 16), np.uint8)  # of rows: 16 bytes each, where a dict of them would take 150
        for start in range(0, self.full, CHUNK):
            u = np.ascontiguousarray(self.full_rows(start, start + CHUNK))
            if stepped.size:
                u = u.copy()
                u[:, stepped] = np.minimum(np.floor(u[:, stepped] * levels[stepped]), levels[stepped] - 1)
            for place, row in enumerate(u, start):
                names[place] = np.frombuffer(blake2b(row.tobytes(), digest_size=16).digest(), np.uint8)
        half = names.view(np.uint64)
        order = np.lexsort((half[:, 1], half[:, 0]))  # stable: of equal rows the first place comes first
        new = np.ones(self.full, np.bool_)
        new[1:] = (half[order[1:]] != half[order[:-1]]).any(axis=1)
        firsts = order[new]
        number = np.empty(firsts.size, np.intp)
        number[np.argsort(firsts)] = np.arange(firsts.size)
        index = np.empty(self.full, np.intp)
        index[order] = number[np.cumsum(new) - 1]
        return index, np.sort(firsts)

    def __len__(self) -> int:
        return self._firsts.size

    @property
    def u(self) -> Floats:
        """All different rows at once: float64 (len, k)."""
        return np.array([row for _, row in self.rows()]).reshape(len(self), self.k)

    def row(self, number: int) -> Floats:
        """One of the different rows: float64 (k,). Raises `UserError` when there is no such row."""
        if not 0 <= number < len(self):
            raise UserError(f"There is no row {number}: rows are numbered from 0 to {len(self) - 1}.")
        place = int(self._firsts[number])
        found: Floats = self.full_rows(place, place + 1)[0]
        return found

    def rows(self) -> Iterator[tuple[int, Floats]]:
        """The different rows one after another, lazily: (number, u of shape (k,))."""
        for start in range(0, self.full, CHUNK):
            u = self.full_rows(start, start + CHUNK)
            first, last = np.searchsorted(self._firsts, [start, start + CHUNK])
            for number in range(first, last):
                yield number, u[self._firsts[number] - start]

    def values(self, number: int) -> dict[str, Value]:
        """The values of the factors in one of the different rows, by name."""
        return values(self.factors, self.row(number))

    def rows_of(self, start: int, stop: int) -> Iterator[tuple[int, dict[str, Value]]]:
        """Numbers and values of the different rows from start up to (not with) stop, as far as there are so many."""
        places = self._firsts[start:stop]
        for chunk in range(0, len(places), CHUNK):
            some = places[chunk : chunk + CHUNK]
            for number, row in enumerate(self._full_at(some), start + chunk):
                yield number, values(self.factors, row)

    def first(self, n: int) -> Design:
        """The same design with the first n base samples only: its rows are the first rows of this one.

        Raises `ValueError` for a method that cannot be cut short (fast, factorial) and for an n outside 1 to self.n.
        """
        if n == self.n:
            return self
        if self.method in ("fast", "factorial") or not 1 <= n < self.n:
            raise ValueError(f"{self.method}: {n} of {self.n} base samples cannot be taken alone")
        keep = n if self.method == "sobol" or self.block == 1 else n * self.block
        return dataclasses.replace(self, n=n, base=self.base[:keep])

    def complete(self, finite: NDArray[np.bool_]) -> int:
        """How many base samples from the first on are done; ``finite``: bool (len,), which rows have a value."""
        done = np.asarray(finite)[self.index]
        blocks = done[: self.full // self.block * self.block].reshape(-1, self.block).all(axis=1)
        ready = blocks.size if blocks.all() else int(np.argmin(blocks))
        return self.n if ready == blocks.size else ready


def make(method: str, factors: Sequence[Factor], n: int, seed: int = 1, second_order: bool = False) -> Design:
    """A design. n: base samples (trajectories, pairs, rows: see the table above); rounded up where the method needs it,
    which `note` says. Equal arguments give equal designs, on any machine.

    Raises `UserError` for an unknown method, n below 1, a seed below 0, no factor, a name that stands twice, or groups
    with a method that cannot have them.
    """
    if method not in METHODS:
        near = samples.nearest(method, METHODS)
        raise UserError(f"There is no design called '{method}'.{near} Choose from: {', '.join(METHODS)}.")
    names = [factor.name for factor in factors]
    if not names:
        raise UserError("The design has no factor: name evidence or settings to vary.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"{' and '.join(twice)} stands twice among the factors.")
    if isinstance(n, bool) or n != int(n) or n < 1:
        raise UserError(f"n must be a whole number of at least 1, not {n}.")
    if seed < 0:
        raise UserError(f"The seed of the design must be at least 0, not {seed}.")
    groups = len({factor.group or factor.name for factor in factors})
    if groups < len(names) and method not in GROUPED:
        raise UserError(f"{method} cannot let factors move in groups; only {' and '.join(GROUPED)} can.")
    if second_order and method not in ("sobol", "hdmr"):
        raise UserError(f"{method} has no second order; only sobol and hdmr have.")
    if groups < 2 and method in ("hdmr", "fast"):
        raise UserError(f"{method} needs two factors or more.")
    stepped = [factor.name for factor in factors if factor.levels]
    if method == "dgsm" and stepped:
        raise UserError(f"dgsm takes derivatives, and {stepped[0]} goes in steps; choose another design for it.")
    n, note = _rounded(method, int(n), groups)
    empty = Design(method, n, tuple(factors), seed, second_order, note, np.empty((0, len(names))))
    return dataclasses.replace(empty, base=_base(empty))


def given(factors: Sequence[Factor], u: Floats) -> Design:
    """A design of rows that exist already, analysed as they are: u float64 (rows, k) between 0 and 1.

    Raises `UserError` for another shape or a number outside.
    """
    u = np.asarray(u, np.float64)
    if u.ndim != 2 or u.shape[1] != len(factors) or not np.all((u >= 0) & (u <= 1)):
        raise UserError(f"The given rows must have {len(factors)} columns of numbers from 0 to 1, one for each factor.")
    if len({factor.group or factor.name for factor in factors}) < len(factors):
        raise UserError("Given rows cannot be analysed by groups; name the factors alone.")
    return Design("given", len(u), tuple(factors), 0, False, "", u)


def runs(method: str, groups: int, n: int, second_order: bool = False) -> int:
    """How many rows at most a design will have, before it is made: for the estimate of what a sweep costs."""
    n, _ = _rounded(method, n, groups)
    each = {"sobol": 2 * groups + 2 if second_order else groups + 2, "fast": groups}
    each |= dict.fromkeys(("morris", "dgsm", "shapley"), groups + 1)
    return 2 * samples.power_of_two(groups) if method == "factorial" else n * each.get(method, 1)


def _rounded(method: str, n: int, groups: int) -> tuple[int, str]:
    if method == "factorial":
        return 1, ""
    found, why = max(n, LEAST.get(method, 1)), ""
    if found > n:
        why = f"n raised from {n} to {found}, the least that {method} can be made with"
    if method in POWERS_OF_TWO and found != samples.power_of_two(found):
        found = samples.power_of_two(found)
        why = f"n rounded up from {n} to {found}: points of a Sobol sequence are balanced in powers of two"
    if method == "fast" and not samples.fast_frequencies_differ(found, groups):
        parted = samples.FAST_LEAST * (groups - 1)
        why += f"{'; ' if why else ''}with {groups} factors some share a frequency; n={parted} would part them"
    return found, why


def _base(design: Design) -> Floats:
    method, n, k, seed = design.method, design.n, design.k, design.seed
    if method == "sobol":
        return samples.sobol_points(n, 2 * k, seed)
    if method == "dgsm":
        return samples.steps(samples.sobol_points(n, k, seed))
    if method == "shapley":
        return samples.exchanges(samples.sobol_points(n, 2 * k, seed), seed)
    if method == "fast":
        return samples.fast(k, n, seed)
    if method == "rbd_fast":
        return np.asarray(resample.uniforms(seed, n, k))
    if method == "lhs":
        return samples.latin(n, k, seed)
    if method in ("morris", "factorial"):
        groups = [factor.group or factor.name for factor in design.factors]
        level = samples.morris(groups, n, seed) if method == "morris" else samples.factorial(k)
        low, high = np.array([factor.ends for factor in design.factors]).T
        return np.asarray(low + (high - low) * level)
    return samples.sobol_points(n, k, seed)
