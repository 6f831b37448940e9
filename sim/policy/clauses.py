"""Eligibility as a table: an expression rewritten as "any of these clauses", so that one pass over residents reads it.

A clause holds when every state it wants is on, none that it forbids is, and each number lies within its limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.policy.expression import Expression, Tree
from sim.policy.targets import NUMBERS

if TYPE_CHECKING:
    from sim.life.states import States

MOST_CLAUSES = 64
LEAST, MOST = -32768, 32767
MALE_BIT = 63
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Clause:
    """One way to be eligible. on, off: states wanted and forbidden, by name; limits: (name, lowest, highest)."""

    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    limits: tuple[tuple[str, int, int], ...] = ()

    def joined(self, other: Clause) -> Clause | None:
        """Both at once; None when that is impossible."""
        on, off = self.on | other.on, self.off | other.off
        limits = {name: (low, high) for name, low, high in self.limits}
        for name, low, high in other.limits:
            before = limits.get(name, (LEAST, MOST))
            limits[name] = max(low, before[0]), min(high, before[1])
        if on & off or any(low > high for low, high in limits.values()):
            return None
        return Clause(on, off, tuple((name, *limits[name]) for name in sorted(limits)))


@dataclass(frozen=True)
class ClauseTable:
    """Clauses as arrays. on, off: uint64[C], bits of the state (bit 63 = male). limits: int16[n, 3], the number's
    position in `NUMBERS`, lowest and highest; those of clause c are rows start[c] to start[c + 1]: int64[C + 1]."""

    on: NDArray[np.uint64]
    off: NDArray[np.uint64]
    limits: NDArray[np.int16]
    start: NDArray[np.int64]


def clauses(expression: Expression | None) -> tuple[Clause, ...]:
    """An expression as clauses, any of which suffices; no expression is one clause that always holds.

    Raises `UserError` for a comparison of two names (or two numbers), and for more than 64 clauses.
    """
    if expression is None:
        return (Clause(),)
    found = tuple(dict.fromkeys(_any(expression.tree, True, expression.text)))
    if len(found) > MOST_CLAUSES:
        raise UserError(f"'{expression.text}' has too many cases ({len(found)}; at most {MOST_CLAUSES}).")
    return found


def _any(tree: Tree, wanted: bool, text: str) -> list[Clause]:
    match tree:
        case ("not", part):
            return _any(part, not wanted, text)
        case ("and" | "or" as word, *parts):
            either = [_any(part, wanted, text) for part in parts]
            if (word == "or") == wanted:
                return [clause for part in either for clause in part]
            found = [Clause()]
            for part in either:
                found = [both for one in found for other in part if (both := one.joined(other)) is not None]
                if len(found) > MOST_CLAUSES**2:
                    raise UserError(f"'{text}' has too many cases.")
            return found
        case ("compare", sign, left, right):
            return _compare(sign if wanted else _OPPOSITE[sign], left, right, text)
        case ("name", "long_term_condition"):
            return [Clause(limits=(("conditions", 1, MOST) if wanted else ("conditions", LEAST, 0),))]
        case ("name", name):
            return [Clause(on=frozenset([name])) if wanted else Clause(off=frozenset([name]))]
    raise UserError(f"'{text}' cannot be read.")


def _compare(sign: str, left: Tree, right: Tree, text: str) -> list[Clause]:
    if left[0] == "number" and right[0] == "name":
        sign, left, right = _MIRRORED[sign], right, left
    if left[0] != "name" or right[0] != "number" or left[1] not in NUMBERS:
        raise UserError(f"'{text}': compare a number of a resident ({', '.join(NUMBERS)}) with a figure.")
    name, value = left[1], right[1]
    whole = value == int(value)
    ranges = {
        "<": [(LEAST, math.ceil(value) - 1)],
        "<=": [(LEAST, math.floor(value))],
        ">": [(math.floor(value) + 1, MOST)],
        ">=": [(math.ceil(value), MOST)],
        "==": [(int(value), int(value))] if whole else [],
        "!=": [(LEAST, int(value) - 1), (int(value) + 1, MOST)] if whole else [(LEAST, MOST)],
    }[sign]
    return [Clause(limits=((name, max(low, LEAST), min(high, MOST)),)) for low, high in ranges if low <= high]


def table(found: tuple[Clause, ...], states: States) -> ClauseTable:
    """Clauses as the arrays that `sim.policy.policy_kernels` reads. States that do not exist are never on."""
    bits = {name: 1 << bit for name, bit in states.bits.items()} | {"male": 1 << MALE_BIT}
    rows = [clause for clause in found if all(name in bits for name in clause.on)]
    limits = [[(NUMBERS.index(name), low, high) for name, low, high in clause.limits] for clause in rows]
    start = np.concatenate([[0], np.cumsum([len(each) for each in limits], dtype=np.int64)])
    flat = np.array([one for each in limits for one in each], np.int16).reshape(-1, 3)
    on = [sum(bits[name] for name in clause.on) for clause in rows]
    off = [sum(bits.get(name, 0) for name in clause.off) for clause in rows]
    return ClauseTable(np.array(on, np.uint64), np.array(off, np.uint64), flat, start.astype(np.int64))
