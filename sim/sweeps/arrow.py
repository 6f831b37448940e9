"""PyArrow, whose modules carry no types: imported where it is used, as anything.

Its own allocator keeps some 40 MB whatever is asked of it; small parts are written just as fast with the system's.
"""

from __future__ import annotations

from typing import Any


def arrow() -> Any:
    """The module pyarrow."""
    import pyarrow

    module: Any = pyarrow
    module.set_memory_pool(module.system_memory_pool())
    return module


def parquet() -> Any:
    """The module pyarrow.parquet."""
    arrow()
    import pyarrow.parquet

    return pyarrow.parquet
