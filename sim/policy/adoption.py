"""How staff take up a new way of working: an S-curve, and a dip in what their team gets done while it learns."""

from __future__ import annotations

import math

LARGEST = 4.0  # a (1 − a) is at most a quarter
STEEPEST = 700.0  # an exponent beyond it overflows


def adopted(learned: float, months: float, spread: float) -> float:
    """Share of staff who work in the new way after `learned` months of learning: 0 at the start, half near `months`.

    A logistic curve whose width is `spread` × `months`, moved and stretched so that it starts at exactly 0.
    """
    if learned <= 0.0 or months <= 0.0:
        return 0.0 if months > 0.0 else 1.0
    width = max(spread * months, 1e-9)

    def curve(time: float) -> float:
        return 1.0 / (1.0 + math.exp(-max(-STEEPEST, min(STEEPEST, (time - months) / width))))

    start = curve(0.0)
    return (curve(learned) - start) / (1.0 - start)


def dip(share_adopted: float, largest: float) -> float:
    """Part of a team's productivity lost while its staff learn: most when half of them have, none at the end."""
    return largest * LARGEST * share_adopted * (1.0 - share_adopted)
