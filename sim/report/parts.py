"""Parts of the page as plain data: what the template is given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure of a tile."""

    name: str
    value: str
    interval: str
    words: str
    verdict: str


@dataclass(frozen=True)
class Tile:
    """A scenario at a glance."""

    label: str
    description: str
    colour: str
    figures: list[Figure]


@dataclass(frozen=True)
class Head:
    """A column's name, and whether it holds numbers."""

    name: str
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table: the first cell of each row names it. `folded`: shown only when asked for; words: sentences below it."""

    caption: str
    heads: list[Head]
    rows: list[list[str]]
    note: str = ""
    folded: bool = False
    words: tuple[str, ...] = ()
