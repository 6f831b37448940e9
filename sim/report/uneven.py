"""An amount that is spent over years, in words that some year really costs: a year where it is even, else the total and
the dearest years."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.outcomes.rounding import MILLION
from sim.outcomes.sentences import pounds
from sim.report.style import number
from sim.report.words import join

Floats = NDArray[np.float64]
UNEVEN = 2.0
"""Times the mean of the years: where the dearest year costs more than that, no year is like the mean."""
ABOUT_AS_DEAR = 0.95
"""Of the dearest year: years that cost at least that much are named with it."""
WHOLE = 9.95  # £ million from which decimals are not worth showing
SMALLEST = 0.05  # £ million that one decimal would show as nothing


def uneven(millions: Floats) -> bool:
    """Whether the dearest year costs over twice the mean of the years."""
    return bool(len(millions)) and float(millions.max()) > UNEVEN * float(millions.mean())


def dearest(millions: Floats, years: Sequence[int]) -> str:
    """``£453m a year from 2038/39 to 2041/42``, ``£88m in 2037/38``: the dearest year and those about as dear."""
    found = np.flatnonzero(millions >= ABOUT_AS_DEAR * millions.max())
    names = [clock.fin_year_label(years[k]) for k in found.tolist()]
    amount = f"£{amount_of(float(millions[found].mean()))}m"
    if len(names) == 1:
        return f"{amount} in {names[0]}"
    unbroken = len(found) > 2 and found[-1] - found[0] == len(found) - 1
    return f"{amount} a year {f'from {names[0]} to {names[-1]}' if unbroken else f'in {join(names)}'}"


def spent(millions: Floats, years: Sequence[int], what: str = "") -> str:
    """``£56m moved a year`` where every year is much like the mean; else ``£2.0bn new over 20 years (£453m a year from
    2038/39 to 2041/42)``. millions: by year; what: a word put behind the amount."""
    word = f" {what}" * bool(what)
    if not uneven(millions):
        return f"£{amount_of(float(millions.mean()))}m{word} a year"
    total = f"£{pounds(MILLION * float(millions.sum()))}{word} over {len(years)} years"
    return f"{total} ({dearest(millions, years)})"


def amount_of(millions: float) -> str:
    """``56``, ``7.8``; what is too small for that to one figure, so that it does not read as nothing: ``0.03``."""
    size = abs(millions)
    if 0 < size < SMALLEST:
        return number(millions, -math.floor(math.log10(size)))
    return number(millions, 0 if size >= WHOLE else 1)
