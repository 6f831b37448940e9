"""Rows of a table as lists: small helpers for those who hold them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def distinct(rows: Rows) -> Rows:
    """Each row once, ascending (much faster than `np.unique` on some thousands)."""
    if len(rows) < 2:
        return rows
    rows = np.sort(rows)
    keep = np.ones(len(rows), bool)
    keep[1:] = rows[1:] != rows[:-1]
    return np.asarray(rows[keep])
