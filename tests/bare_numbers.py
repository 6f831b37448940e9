"""Numbers that stand in the model's code as bare literals, read from its syntax tree.

Allowed without a word: 0, 1, 2, a half, twelve months, per cent, per thousand and the like; indexes and sizes of
arrays; shifts, masks and powers of two; sizes of caches; the wording of messages; tolerances that only keep a division
or a logarithm possible. Whatever else is a number stands in the registry, or has a name at the top of its module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

UNITS = {0, 1, 2, 0.5, 12, 100, 1_000, 100_000, 1_000_000}
LEAST_POWER = 5
"""Of two: 31, 32, 63, … , 255, 256, … are words and bytes; 3, 4, 7, 8, 15 and 16 may be numbers of the model."""
LARGEST_TOLERANCE = 1e-6
BITS = (ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor)
SIZES = {"empty", "zeros", "ones", "full", "range", "arange", "reshape"}
"""Functions whose first numbers are sizes (of a range: start, end and step)."""
CASTS = {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int64"}
CACHES = {"lru_cache", "remembered"}
WORDS = {"get_close_matches", "UserError"}


@dataclass(frozen=True)
class Bare:
    """A number in the code: its line, the name it is given at the top of its module ('' for none), and how it reads."""

    line: int
    number: float
    name: str
    reads: str


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _plain(number: float) -> bool:
    """One that may stand anywhere."""
    if number in UNITS or abs(number) <= LARGEST_TOLERANCE:
        return True
    whole = int(number)
    return whole == number and whole >= 2**LEAST_POWER - 1 and (whole & (whole + 1) == 0 or whole & (whole - 1) == 0)


def _in_its_place(node: ast.AST, above: list[ast.AST]) -> bool:
    """Whether a number is, as it stands, an index, a size, a shift or a power of two; or part of a message."""
    child, as_it_stands = node, True
    for parent in reversed(above):
        if isinstance(parent, ast.stmt):
            return isinstance(parent, ast.Raise)
        if _called(parent) in CACHES | WORDS:
            return True
        if as_it_stands and _placed(parent, child):
            return True
        as_it_stands &= isinstance(parent, ast.Tuple | ast.Slice | ast.UnaryOp) or _called(parent) in CASTS
        child = parent
    return False


def _placed(parent: ast.AST, child: ast.AST) -> bool:
    """Whether what stands there is an index, a size, a shift, a power of two or a number of decimals."""
    if isinstance(parent, ast.Subscript):
        return child is parent.slice
    if isinstance(parent, ast.keyword):
        return parent.arg == "axis"
    if isinstance(parent, ast.BinOp):
        power = isinstance(parent.op, ast.Pow) and child is parent.right and isinstance(parent.left, ast.Constant)
        return isinstance(parent.op, BITS) or (power and parent.left.value == 2)  # type: ignore[attr-defined]
    if isinstance(parent, ast.Call):
        name = _called(parent)
        given = parent.args[:1] if name == "full" else parent.args[1:] if name == "round" else parent.args
        return name in {*SIZES, "round"} and any(child is each for each in given)
    return False


def _names(statement: ast.AST) -> str:
    """What a statement at the top of a module gives a name to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    first = targets[0]
    if isinstance(first, ast.Tuple):
        return ", ".join(getattr(each, "id", "") for each in first.elts)
    return getattr(first, "id", "")


def bare(source: str) -> Iterator[Bare]:
    """Every number in a module that is neither allowed anywhere nor in its place."""
    tree = ast.parse(source)

    def walk(node: ast.AST, above: list[ast.AST], name: str) -> Iterator[Bare]:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, int | float)
            and not isinstance(node.value, bool)
            and not _plain(node.value)
            and not _in_its_place(node, above)
        ):
            statement = next(each for each in reversed(above) if isinstance(each, ast.stmt))
            yield Bare(node.lineno, node.value, name, ast.unparse(statement).splitlines()[0])
        for child in ast.iter_child_nodes(node):
            yield from walk(child, [*above, node], name)

    for statement in tree.body:
        named = _names(statement) if isinstance(statement, ast.Assign | ast.AnnAssign) else ""
        yield from walk(statement, [tree], named)
