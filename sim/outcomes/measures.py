"""The one table of measures: what is counted, in which unit, which direction is good, and who is covered.

A *raw* measure is recorded month by month (`flow`: counted over a month; `stock`: counted at the month's end). A
*derived* measure is a ratio of two raw ones (`share`, `mean`, `rate`) and is never stored. A *computed* measure
(life expectancy, inequality, money) is worked out from a whole run: see `sim.outcomes.computed`.

Measures of conditions are generated from the configured names, so adding a condition needs no code here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sim.errors import UserError
from sim.outcomes.declared import COMPUTED, DERIVED, RAW, flow, percent, stock
from sim.outcomes.measure import ADULT_AGE, AGE_GROUP_STARTS, AGE_GROUPS, N_FIFTHS, RAW_KINDS, Measure

__all__ = ["ADULT_AGE", "AGE_GROUPS", "AGE_GROUP_STARTS", "N_FIFTHS", "RAW_KINDS", "Measure", "Measures", "labels_of"]

Conditions = Mapping[str, str] | Sequence[str]
#: registers: neither more nor fewer is better, as more may be found, or fewer fall ill
_REGISTER: dict[str, Any] = {"by_area": True, "in_march": True, "optional": True, "since": 2}


def labels_of(conditions: Conditions) -> dict[str, str]:
    """Condition names with words for people: no leading capital but for abbreviations.

    A plain list of names is put into words by replacing underscores.
    """
    if isinstance(conditions, Mapping):
        return {str(name): _within_a_sentence(str(label)) for name, label in conditions.items()}
    return {str(name): str(name).replace("_", " ") for name in conditions}


def _within_a_sentence(label: str) -> str:
    first = label.split(" ")[0]
    return label if first.isupper() and len(first) > 1 else label[:1].lower() + label[1:]


class Measures(Mapping[str, Measure]):
    """All measures by name, for a given list of conditions.

    conditions   names (or name → label) in the order of the configuration
    unknown      those of them that somebody has without knowing; their labels say who is counted
    Raises `UserError` when a condition has the name of another measure or comes twice.
    """

    def __init__(self, conditions: Conditions = (), unknown: Collection[str] = ()) -> None:
        names = list(conditions)
        self.conditions = labels_of(conditions)
        everything = [*RAW, *DERIVED, *COMPUTED]
        for name, label in self.conditions.items():
            everybody = ", diagnosed or not" if name in unknown else ""
            register = f"{name}_diagnosed"
            everything += [
                stock(name, f"people with {label}{everybody}", "people", -1, topic="illness", by_area=True),
                flow(f"{name}_new", f"new cases of {label}", "people", -1, topic="illness"),
                percent(f"{name}_prevalence", f"{label}{everybody}", name, "residents", -1, "illness"),
                stock(register, f"people diagnosed with {label}", "people", topic="illness", **_REGISTER),
                percent(f"{register}_prevalence", f"{label}, diagnosed", register, "residents", 0, "illness",
                        optional=True, since=2),
            ]  # fmt: skip
        self._table: dict[str, Measure] = {}
        for measure in everything:
            if measure.name in self._table or len(names) != len(self.conditions):
                raise UserError(f"Two measures would be called '{measure.name}'; give the condition another name.")
            self._table[measure.name] = measure
        self.recorded: tuple[str, ...] = tuple(m.name for m in everything if m.recorded)
        self.by_area: tuple[str, ...] = tuple(m.name for m in everything if m.recorded and m.by_area)
        self.by_cell: tuple[str, ...] = tuple(m.name for m in everything if m.recorded and m.by_cell)

    @classmethod
    def of(cls, conditions: Conditions, unknown: Collection[str] = ()) -> Measures:
        """The same, kept for the last few lists of conditions: nothing of it is ever changed."""
        labelled = tuple(conditions.items()) if isinstance(conditions, Mapping) else tuple(conditions)
        return _kept(labelled, isinstance(conditions, Mapping), tuple(unknown))

    def __getitem__(self, name: str) -> Measure:
        if name not in self._table:
            from difflib import get_close_matches

            near = get_close_matches(str(name), self._table, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UserError(f"There is no measure called '{name}'.{hint}")
        return self._table[name]

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


@lru_cache(maxsize=8)
def _kept(conditions: tuple[Any, ...], labelled: bool, unknown: tuple[str, ...]) -> Measures:
    return Measures(dict(conditions) if labelled else conditions, unknown)
