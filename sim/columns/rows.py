"""Rows of a table as lists: small helpers for those who hold them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def distinct(rows: Rows) -> Rows:
    """Each row once, ascending (much faster than `np.unique` on some thousands)."""
    if len(rows) < 2:
        return rows
    rows = rows.copy()
    rows.sort()
    keep = np.empty(len(rows), np.bool_)
    keep[0] = True
    np.not_equal(rows[1:], rows[:-1], out=keep[1:])
    return rows[keep]
