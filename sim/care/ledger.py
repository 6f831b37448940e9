"""What care did, month by month, as plain totals: the material of the books."""

from __future__ import annotations

from typing import Any


class Ledger:
    """Named totals of each month, in simulated amounts (one resident counts one). A few dozen numbers a month."""

    def __init__(self) -> None:
        self._months: dict[int, dict[str, float]] = {}

    def add(self, month: int, **amounts: Any) -> None:
        """Add to this month's totals."""
        held = self._months.setdefault(month, {})
        before = held.get
        for name, amount in amounts.items():
            held[name] = before(name, 0.0) + float(amount)

    def of(self, name: str, month: int) -> float:
        """One month's total; 0 when nothing was entered."""
        return self._months.get(month, {}).get(name, 0.0)

    def total(self, name: str, first: int, last: int) -> float:
        """Sum over the months from first to last, both included."""
        return sum(self.of(name, month) for month in range(first, last + 1))

    def mean(self, name: str, first: int, last: int) -> float:
        """Mean of the months from first to last, both included."""
        return self.total(name, first, last) / (last - first + 1)

    @property
    def months(self) -> range:
        """The months that have entries, from first to last."""
        return range(min(self._months), max(self._months) + 1) if self._months else range(0)

    def snapshot(self) -> dict[int, dict[str, float]]:
        """A copy of everything."""
        return {month: dict(held) for month, held in self._months.items()}

    def restore(self, held: dict[int, dict[str, float]]) -> None:
        """Continue from a snapshot (which stays untouched)."""
        self._months = {month: dict(amounts) for month, amounts in held.items()}
