"""The model's code holds no number of the model: what is not structure stands in the registry."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim import paths
from tests.bare_numbers import Bare, bare

pytestmark = pytest.mark.unit

ROOMS = ("life", "care", "policy", "agents", "places")
MORE = ("rates.py", "system.py", *(f"outcomes/{name}.py" for name in (
    "computed", "equity", "growth", "ledgers", "lifetable", "value",
)))  # fmt: skip
"""Modules outside the rooms in which a number would change a result."""
NAMED = Path(__file__).parents[1] / "named_numbers.csv"
STRUCTURE = Path(__file__).parents[2] / "docs" / "decisions" / "structure.md"
KINDS = {"layout", "calendar", "definition", "solver", "words", "structure"}


def modules() -> Iterator[tuple[str, str]]:
    """Path below sim/ and source of every module of the model; what prepares shipped tables is not of it."""
    for room in ROOMS:
        for path in sorted((paths.PACKAGE / room).rglob("*.py")):
            if not path.name.startswith("prepare"):
                yield path.relative_to(paths.PACKAGE).as_posix(), path.read_text(encoding="utf-8")
    for name in MORE:
        yield name, (paths.PACKAGE / name).read_text(encoding="utf-8")


def known() -> dict[tuple[str, str], str]:
    with NAMED.open(encoding="utf-8", newline="") as text:
        return {(row["file"], row["name"]): row["kind"] for row in csv.DictReader(text)}


def called(one: Bare) -> str:
    """Its name, or the number itself where it has none."""
    return one.name or f"{one.number:g}"


def test_every_number_in_the_code_is_known_by_name() -> None:
    rows = known()
    strange = [
        f"sim/{file}:{one.line}: {one.number:g} in `{one.reads}`"
        for file, source in modules()
        for one in bare(source)
        if (file, called(one)) not in rows
    ]
    assert strange == [], "put these into the registry, or name them and say in tests/named_numbers.csv what they are"


def test_every_known_number_is_still_there() -> None:
    found = {(file, called(one)) for file, source in modules() for one in bare(source)}
    assert set(known()) - found == set()
    assert set(known().values()) <= KINDS


def test_what_is_structure_is_written_down() -> None:
    rows = [line for line in STRUCTURE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    lacking = [
        f"{file}: {name}"
        for (file, names), kind in known().items()
        if kind == "structure"
        for name in names.split(", ")
        if not any(f"`{file}`" in row and f"`{name}`" in row for row in rows)
    ]
    assert lacking == [], f"these need a row in {STRUCTURE.name}"


@pytest.mark.parametrize(
    "planted",
    [
        "def f(rate):\n    return rate * 0.37\n",
        "def f(rate):\n    return rate * 4\n",
        "def f(rate):\n    return rate / 1.5 if rate > 3 else 0\n",
        "def f(rate, share=0.4):\n    return rate * share\n",
        "class A:\n    share: float = 0.1\n",
        "def f(rate, np):\n    return np.where(rate > 0, rate, 0.05)\n",
        "def f(rate):\n    return rate - 1e-4\n",
        "def f(rate):\n    return {'a': 0.2}['a'] * rate\n",
        "def f(rate):\n    return rate ** 0.7\n",
        "def f(rate):\n    return -3 * rate\n",
        "def f(rate, np):\n    return np.full(7, 0.37)\n",
        "def f(rate, old):\n    return (rate > 0.37) & old\n",
        "def f(rate, table):\n    return table[int(0.37 * rate)]\n",
        "def f(rate):\n    return round(0.37 * rate, 3)\n",
    ],
)
def test_a_planted_number_is_found(planted: str) -> None:
    assert [each.name for each in bare(planted)], planted


def test_a_number_at_the_top_of_a_module_goes_by_its_name() -> None:
    (one,) = bare("SHARE: float = 0.37\n")
    assert (one.name, one.number) == ("SHARE", 0.37)
    assert {each.name for each in bare("LEAST, MOST = 0.1, 5.0\n")} == {"LEAST, MOST"}


def test_indexes_sizes_words_and_units_are_no_numbers_of_the_model() -> None:
    allowed = """
def f(x, np, cache):
    if x > 1000:
        raise ValueError(f"not more than {3} of {7}")
    shape = np.zeros((3, 5))
    word = x >> 7 & 2**63 - 1
    return x[3] + shape[:5] + 12 * x / 100 + word + np.maximum(x, 1e-12) + 0.5 - x.sum(axis=3) + round(x, 3)
"""
    assert list(bare(allowed)) == []
