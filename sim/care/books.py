"""The books: accounts that must close before any run is believed, over the base year April 2023 to March 2024.

Each account sets what the model did beside what it must equal: a conservation law, or a published level. Amounts are
those of the whole place or trust. An account fails when it is off by more than 3 %, or, where the model's own chance
is larger than that (a small town), by more than three standard errors of a Poisson count. Stocks that are carried from
month to month fail when a single unit is lost in any month.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sim.care import accounts, backcast, ed_accounts, money_accounts, norm_accounts, team_accounts
from sim.care.identity import Identity, Year, base_year, close, render

if TYPE_CHECKING:
    from sim.system import CareSystem

__all__ = ["Identity", "Year", "base_year", "books", "close", "render"]


def books(m: CareSystem) -> list[Identity]:
    """Every account of a model that has lived through the base year. Raises `UserError` after less than a year."""
    year = base_year(m)
    parts: Sequence[Callable[[Year], list[Identity]]] = (
        accounts.people, norm_accounts.norms, accounts.general_practice, accounts.emergency_department,
        ed_accounts.by_type, ed_accounts.by_provider, accounts.admissions, accounts.beds, accounts.waiting_list,
        team_accounts.teams, money_accounts.money, backcast.backcast,
    )  # fmt: skip
    return [identity for account in parts for identity in account(year)]
