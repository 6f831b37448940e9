"""What every queue of care has in common: how the key of an entry follows from its resident's identity."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sim import draws
from sim.kernels import GAMMA_PURPOSE

Salts = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


@lru_cache(maxsize=64)
def _of_seed(seed: int) -> np.uint64:
    return np.uint64(draws.scramble(draws.offset(seed, draws.SEED))[0])


def salts(seed: int, month: int, first: int) -> Salts:
    """What the compiled loops make an entry's key of, so that it is ``make_keys(seed, child_identity(identity, month,
    first + number))`` of `sim.draws`, in one step: for the month, for the number, the first number, for the seed."""
    return draws.offset(month, draws.BIRTH), GAMMA_PURPOSE, np.uint64(first), _of_seed(seed)
