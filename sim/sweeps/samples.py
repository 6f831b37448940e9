"""Points of the unit cube for each kind of design; SALib's samplers behind guards, scipy's sequences.

SALib's own traps stay here: it changes the problem it is given (each call gets a fresh one), takes the seed 0 for none
(it gets seed + 1), and puts the Sobol rows together in Python loops (done here in one sweep, equal to the last bit).
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.evidence.distributions import uniform

Floats = NDArray[np.float64]
MORRIS_LEVELS = 4
FAST_HARMONICS = 4
FAST_LEAST = 4 * FAST_HARMONICS**2 + 1
STEP = 0.05
"""Step of a finite difference as a share of a factor's quantiles: a model of people has no smaller slopes."""
MOST_COLUMNS = 21201  # of scipy's table of direction numbers


def power_of_two(n: int) -> int:
    """The smallest power of two that is not below n."""
    return 1 << (max(n, 1) - 1).bit_length()


def problem(names: Sequence[str], groups: Sequence[str] | None = None) -> dict[str, Any]:
    """A problem as SALib reads it, on the unit cube; new for every call, as SALib changes it."""
    found: dict[str, Any] = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0] for _ in names]}
    return found | ({"groups": list(groups)} if groups is not None else {})


def sobol_points(n: int, columns: int, seed: int) -> Floats:
    """The first n points of a scrambled Sobol sequence: float64 (n, columns). Points of n are the first of 2n."""
    from scipy.stats import qmc

    if columns > MOST_COLUMNS:
        raise UserError(
            f"A Sobol sequence has at most {MOST_COLUMNS} columns, not {columns}: let factors move in groups."
        )
    return np.asarray(qmc.Sobol(columns, scramble=True, seed=seed).random(n))


def latin(n: int, columns: int, seed: int) -> Floats:
    """A Latin hypercube: float64 (n, columns)."""
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(columns, seed=seed).random(n))


def saltelli_rows(base: Floats, member: NDArray[np.intp], second_order: bool, start: int, stop: int) -> Floats:
    """Rows start to stop of Saltelli's design: for each sample A, A with group j from B (every j), B with group j
    from A (second order), B.

    base: float64 (n, 2k), A | B; member: intp (k,), group of each factor. Returns float64 (stop - start, k).
    """
    k, g = member.size, int(member.max()) + 1
    block = 2 * g + 2 if second_order else g + 2
    sample, place = np.divmod(np.arange(start, stop), block)
    last = place == block - 1
    from_b = (member == (place - 1)[:, None]) & (place <= g)[:, None]
    if second_order:
        from_b |= (member != (place - 1 - g)[:, None]) & (place > g)[:, None]
    from_b |= last[:, None]
    return np.where(from_b, base[sample, k:], base[sample, :k])


def morris(groups: Sequence[str], n: int, seed: int) -> Floats:
    """n Morris trajectories on four levels, factors of a group moving together: float64 (n·(groups + 1), k)."""
    from SALib.sample.morris import morris as sampler

    names = [f"x{i}" for i in range(len(groups))]
    return np.asarray(sampler.sample(problem(names, groups), n, MORRIS_LEVELS, seed=seed + 1))


def fast(k: int, n: int, seed: int) -> Floats:
    """Search curves of the extended Fourier amplitude test: float64 (n·k, k)."""
    from SALib.sample import fast_sampler

    rows = fast_sampler.sample(problem([f"x{i}" for i in range(k)]), n, M=FAST_HARMONICS, seed=seed + 1)
    return np.asarray(np.clip(rows, 0.0, 1.0), np.float64)


def fast_frequencies_differ(n: int, k: int) -> bool:
    """Whether every factor has a frequency of its own beside the one that is looked at."""
    highest = (n - 1) // (2 * FAST_HARMONICS)
    return highest // (2 * FAST_HARMONICS) >= k - 1


def factorial(k: int) -> Floats:
    """A two-level fractional factorial, folded over (no main effect is confounded with a pair): float64 (2m, k), m the
    power of two not below k. SALib adds dummy columns to names and bounds; they are left out here."""
    from SALib.sample import ff

    return np.asarray(ff.sample(problem([f"x{i}" for i in range(k)])))[:, :k]


def steps(points: Floats) -> Floats:
    """Each point, then the same with one coordinate a `STEP` on (back where no room is): float64 (n·(k + 1), k)."""
    n, k = points.shape
    rows = np.repeat(points[:, None, :], k + 1, axis=1)
    each = np.arange(k)
    rows[:, each + 1, each] += np.where(points + STEP <= 1, STEP, -STEP)
    return rows.reshape(n * (k + 1), k)


def exchanges(points: Floats, seed: int) -> Floats:
    """For Shapley effects: from the first half of each point to its second half, one coordinate after another in random
    order (Goda 2021, https://doi.org/10.1016/j.ress.2021.107702): float64 (n·(k + 1), k).

    points: float64 (n, 2k). The order depends on the seed and the point's number only, so that designs can grow.
    """
    n, k = points.shape[0], points.shape[1] // 2
    order = _orders(n, k, seed)
    turn = np.empty_like(order)
    np.put_along_axis(turn, order, np.broadcast_to(np.arange(k), (n, k)), axis=1)
    exchanged = turn[:, None, :] < np.arange(k + 1)[None, :, None]
    rows = np.where(exchanged, points[:, None, k:], points[:, None, :k])
    return rows.reshape(n * (k + 1), k)


def _orders(n: int, k: int, seed: int) -> NDArray[np.intp]:
    chance = [[uniform(i, f"sweep.exchange:{seed}:{j}") for j in range(k)] for i in range(1, n + 1)]
    return np.argsort(np.array(chance).reshape(n, k), axis=1, kind="stable")


def nearest(word: str, known: Sequence[str]) -> str:
    """`` Did you mean …?``, or nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""
