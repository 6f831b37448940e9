"""PyArrow, whose modules carry no types: imported where it is used, as anything."""

from __future__ import annotations

from typing import Any


def arrow() -> Any:
    """The module pyarrow."""
    import pyarrow

    return pyarrow


def parquet() -> Any:
    """The module pyarrow.parquet."""
    import pyarrow.parquet

    return pyarrow.parquet
