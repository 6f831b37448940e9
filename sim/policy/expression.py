"""Who a lever is for: comparisons joined by and, or, not over names of a resident's states. Nothing is ever executed.

``age >= 18 and (lonely or depression)`` is parsed with Python's own grammar, every node is checked against a short
list, and what remains is a tree of tuples that NumPy evaluates.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UserError
from sim.policy.targets import FLAGS, NUMBERS

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
LONGEST = 500

Lookup = Callable[[str], NDArray[Any]]
Tree = tuple[Any, ...]


@dataclass(frozen=True)
class Expression:
    """A parsed expression: its text, and a tree of plain tuples (so that it pickles)."""

    text: str
    tree: Tree

    @property
    def names(self) -> frozenset[str]:
        """Every name it uses."""
        return frozenset(_names(self.tree))

    def evaluate(self, lookup: Lookup) -> NDArray[np.bool_]:
        """Which residents it holds for. `lookup` gives the column of a name: numbers, or booleans for states."""
        return np.asarray(_evaluate(self.tree, lookup), dtype=np.bool_)

    def check(self, states: Collection[str]) -> None:
        """Raise `UserError` for a name that is no state, or a number that is not compared with anything."""
        numbers, flags = set(NUMBERS), {*FLAGS, *states}
        for name in sorted(self.names - numbers - flags):
            near = get_close_matches(name, sorted(numbers | flags), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(sorted(numbers | flags))}."
            raise UserError(f"'{self.text}': there is no state called '{name}'; {hint}")
        for name in sorted(_alone(self.tree) & numbers):
            raise UserError(f"'{self.text}': {name} is a number; compare it with another, for example {name} >= 18.")


def parse(text: str) -> Expression:
    """The expression that a text spells. Raises `UserError` for anything outside the grammar."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise UserError(f"An expression must be a text of at most {LONGEST} characters, not {str(text)[:40]!r}.")
    try:
        body = ast.parse(text.strip(), mode="eval").body
        return Expression(text, _truth(body, text))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _outside(text, "is not an expression") from None


def _outside(text: str, what: str) -> UserError:
    return UserError(f"'{text}' {what}; use comparisons (<, <=, >, >=, ==, !=) of states, joined by and, or, not.")


def _truth(node: ast.expr, text: str) -> Tree:
    match node:
        case ast.BoolOp(op=op, values=values):
            return ("and" if isinstance(op, ast.And) else "or", *(_truth(value, text) for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ("not", _truth(operand, text))
        case ast.Name(id=name):
            return ("name", name)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_side(side, text) for side in (left, *others)]
            signs = [_COMPARISONS.get(type(op)) for op in ops]
            if None in signs:
                raise _outside(text, "has a comparison that is not allowed")
            pairs = (("compare", sign, a, b) for sign, a, b in zip(signs, sides, sides[1:], strict=False))
            return ("and", *pairs)
    raise _outside(text, f"has a part that is not allowed ({type(node).__name__})")


def _side(node: ast.expr, text: str) -> Tree:
    match node:
        case ast.Name(id=name):
            return ("name", name)
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as value):
            return ("number", float(value))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if value is not True:
            return ("number", -float(value))
    raise _outside(text, f"compares something that is not a state or a number ({type(node).__name__})")


def _evaluate(tree: Tree, lookup: Lookup) -> Any:
    match tree:
        case ("and", *parts):
            return np.logical_and.reduce([_evaluate(part, lookup) for part in parts])
        case ("or", *parts):
            return np.logical_or.reduce([_evaluate(part, lookup) for part in parts])
        case ("not", part):
            return np.logical_not(_evaluate(part, lookup))
        case ("compare", sign, left, right):
            return _OPERATORS[sign](_evaluate(left, lookup), _evaluate(right, lookup))
        case ("number", value):
            return value
    return lookup(tree[1])


def _names(tree: Tree) -> set[str]:
    if tree[0] == "name":
        return {tree[1]}
    return set().union(*(_names(part) for part in tree[1:] if isinstance(part, tuple)))


def _alone(tree: Tree) -> set[str]:
    """Names that stand as a truth of their own, not inside a comparison."""
    if tree[0] == "name":
        return {tree[1]}
    if tree[0] in ("and", "or", "not"):
        return set().union(*(_alone(part) for part in tree[1:]))
    return set()
