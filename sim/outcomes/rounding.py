"""Numbers for people: rounded to what is known, with real minus signs and thousands separated."""

from __future__ import annotations

import math

MINUS = "−"
NOTHING = "–"
MILLION = 1e6


def step_of(width: float, figures: int = 2) -> float:
    """The unit to round to, so that a number of this size keeps so many figures: 1,640 gives 100, 0.031 gives 0.001."""
    if not math.isfinite(width) or width <= 0:
        return 0.0
    return float(10.0 ** (math.floor(math.log10(width)) - figures + 1))


def apart(low: float, high: float, step: float) -> float:
    """A step at which neither end of a range that lies on one side of zero is rounded to zero: finer, if need be."""
    if low * high > 0:
        while step > 0 and min(abs(low), abs(high)) < step / 2:
            step /= 10
    return step


def plain(value: float, step: float = 0.0, decimals: int = 0) -> str:
    """A number rounded to a step (or, without one, to decimals): ``151,000``, ``−0.04``. Not a number gives a dash."""
    if not math.isfinite(value):
        return NOTHING
    if step > 0:
        value = round(value / step) * step
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return f"{MINUS}{text}" if negative else text


def signed(value: float, step: float = 0.0, decimals: int = 0) -> str:
    """Like `plain`, with a plus sign for what is above zero."""
    text = plain(value, step, decimals)
    return f"+{text}" if text[0] not in (MINUS, NOTHING) and any(digit in text for digit in "123456789") else text


def level(value: float, decimals: int = 0, figures: int = 3) -> str:
    """A level (not a change): large ones to three figures, small ones to the decimals worth showing."""
    if not math.isfinite(value) or decimals > 0 or abs(value) < 10**figures:
        return plain(value, decimals=decimals)
    return plain(value, step_of(abs(value), figures))


def listed(words: list[str], most: int = 3) -> str:
    """``a, b and c``; with more than `most`: ``a, b, c and 2 more``."""
    if len(words) > most + 1:
        words = [*words[:most], f"{len(words) - most} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nothing"
