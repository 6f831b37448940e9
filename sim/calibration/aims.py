"""What is fitted: the rows of role *fit* of a table of targets, now and, where they are tested again, years later.

Never a *check* or an *input*, and nothing dated after March 2024: projections and later hospital figures are left for
others to hold against the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sim import clock
from sim.errors import UserError
from sim.validation.grammar import Target
from sim.validation.periods import Period
from sim.validation.simulate import LATER, Answer
from sim.validation.verdicts import Verdict

LAST = clock.month_of("2024-03")
"""The last month whose figures may be fitted."""


@dataclass(frozen=True)
class Aim:
    """One figure to come near. key: row of the table, with +5 where it is of years later; value: what was observed;
    below, above: how far off still counts as met, in the unit of the row."""

    key: str
    name: str
    value: float
    below: float
    above: float
    row: int = 0
    later: bool = False


def of(targets: Iterable[Target]) -> list[Aim]:
    """The aims of a table. Raises `UserError` when it has none."""
    found: list[Aim] = []
    for one in chosen(targets):
        near = one.tolerance.below, one.tolerance.above
        found.append(Aim(str(one.row), one.name, one.value, *near, one.row))
        if one.drifts:
            expected = Verdict(one, np.empty(0), np.empty(0)).expected
            found.append(Aim(f"{one.row}+{LATER}", f"{one.name}; after {LATER} years", expected, *near, one.row, True))
    if not found:
        raise UserError(
            "There is nothing to fit: none of the targets is of role fit, measured by the model and dated before "
            f"{clock.label(LAST + 1)}."
        )
    return found


def chosen(targets: Iterable[Target]) -> list[Target]:
    """The targets that may be fitted."""
    return [
        one
        for one in targets
        if one.role == "fit" and one.measured and _dated_before(one.period) and _dated_before(one.against_period)
    ]


def too_late(targets: Iterable[Target]) -> list[Target]:
    """Targets of role *fit* that are left out because of their date."""
    targets = list(targets)
    kept = {one.row for one in chosen(targets)}
    return [one for one in targets if one.role == "fit" and one.measured and one.row not in kept]


def _dated_before(period: Period) -> bool:
    return period.last <= LAST


def answers(aims: Sequence[Aim], answer: Answer) -> list[float]:
    """What one run says of each aim."""
    return [(answer.again if aim.later else answer.values)[aim.row] for aim in aims]
