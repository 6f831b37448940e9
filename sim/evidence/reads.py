"""Remembering what was worked out from evidence, for all evidence that gives the same answers to what was asked.

A sweep varies some numbers and leaves the others; most of a model's tables then come out the same, run after run. While
they are worked out for the first time it is noted which numbers and tables are read; they are taken again for evidence
in which those are equal to the last bit. So nothing needs to be declared, and nothing can be forgotten.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sim import own
from sim.evidence.registry import Evidence

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R")


class Noted(Evidence):
    """The same evidence, noting what is asked of it."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.registry, evidence.number, evidence.judgements, evidence.replacements)
        self._of = evidence
        self._numbers: dict[str, float] = {}
        self._frames: dict[str, pd.DataFrame] = {}
        self._everything = False
        self._through: list[Noted] = []

    def reads_through(self, other: Noted) -> None:
        """Count as read whatever is read of another, earlier or later: of one kept with what was worked out from it."""
        if other is not self and not any(other is each for each in self._through):
            self._through.append(other)

    @property
    def numbers(self) -> dict[str, float]:
        """The parameters that were read, with their values."""
        return {name: value for noted in (*self._through, self) for name, value in noted._numbers.items()}

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables that were read."""
        return {name: frame for noted in (*self._through, self) for name, frame in noted._frames.items()}

    @property
    def everything(self) -> bool:
        """Whether all of it may have been read."""
        return any(noted._everything for noted in (*self._through, self))

    def __getitem__(self, name: str) -> float:
        value = self._of[name]
        self._numbers[name] = value
        return value

    def __iter__(self) -> Iterator[str]:
        self._everything = True  # whoever walks through all of it may depend on all of it
        return iter(self._of)

    def frame(self, name: str) -> pd.DataFrame:
        """See `Evidence.frame`."""
        self._frames[name] = self._of.frame(name)
        return self._frames[name]


@dataclass
class Kept(Generic[R]):
    """Something worked out from evidence, with what was read of it meanwhile."""

    registry: object
    numbers: dict[str, float]
    frames: dict[str, pd.DataFrame]
    result: R

    @classmethod
    def of(cls, noted: Noted, result: R) -> Kept[R] | None:
        """What was noted until now; None where everything may have been read."""
        return None if noted.everything else cls(noted.registry, noted.numbers, noted.frames, result)

    def fits(self, evidence: Evidence) -> bool:
        """Whether other evidence would have given the same answers."""
        if evidence.registry is not self.registry:
            return False
        if any(evidence[name] != value for name, value in self.numbers.items()):
            return False
        return all(_same(evidence.frame(name), frame) for name, frame in self.frames.items())


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one is other or one.equals(other)


def remembered(most: int) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Let a function of evidence (its first argument) and other hashable arguments remember its last results.

    What it returns must neither be changed nor hold the evidence it was given: that of another draw would be read.
    """

    def wrap(function: Callable[..., R]) -> Callable[..., R]:
        known: deque[tuple[tuple[Any, ...], Kept[R]]] = deque(maxlen=most)

        @functools.wraps(function)
        def ask(evidence: Evidence, *args: Any) -> R:
            about = (own.stamp(), *args)
            for i, (of, kept) in enumerate(known):
                if of == about and kept.fits(evidence):
                    del known[i]
                    known.append((of, kept))
                    return kept.result
            noted = Noted(evidence)
            result = function(noted, *args)
            if new := Kept.of(noted, result):
                known.append((about, new))
            return result

        return ask

    return wrap
