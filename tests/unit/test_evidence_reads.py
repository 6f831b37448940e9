"""What was worked out from evidence is taken again only where the same numbers and tables would be read."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

from sim import paths
from sim.evidence import Evidence, load
from sim.evidence.reads import remembered
from sim.life import epidemiology

pytestmark = pytest.mark.unit


def test_only_what_was_read_decides() -> None:
    calls: list[int] = []

    @remembered(2)
    def made(evidence: Evidence, times: int) -> float:
        calls.append(times)
        chosen = "ties.near_share" if evidence["ties.age_spread"] > 10 else "ties.lost_a_year"
        return times * evidence[chosen] + float(evidence.table("relative_risk")["value"].sum())

    central = load().draw(0)
    one = made(central, 2)
    assert made(central.replaced({"mortality.hr_cap": 3.0}), 2) == one
    assert made(load().draw(0), 2) == one
    assert calls == [2], "neither was read"
    for other in ({"ties.near_share": 0.123}, {"ties.age_spread": 11.5}, {"relative_risk": 0.7}):
        read = central["ties.age_spread"] > 10 or "ties.near_share" not in other
        before = len(calls)
        made(central.replaced(other), 2)
        assert len(calls) == before + read, other
    before = len(calls)
    made(central, 3)
    assert len(calls) == before + 1, "another argument"
    made(load().draw(5), 3)
    assert len(calls) == before + 2, "another draw"


def test_who_walks_through_all_evidence_is_asked_again() -> None:
    calls: list[int] = []

    @remembered(2)
    def made(evidence: Evidence) -> int:
        calls.append(1)
        return len(list(evidence))

    assert made(load().draw(0)) == made(load().draw(0))
    assert len(calls) == 2


def test_diseases_are_shared_and_hold_no_evidence() -> None:
    """Draws that differ in the three Cs alone share their diseases, and have their own three Cs."""
    epidemiology._of_draw.cache_clear()  # one that is kept from before may have outlived its diseases
    central = load().draw(0)
    other = central.replaced({"three_cs.contact_mean": central["three_cs.contact_mean"] / 2})
    one, two = epidemiology.of(central), epidemiology.of(other)
    assert one is not two
    assert one.evidence == central
    assert two.evidence == other
    assert one.onset_base is two.onset_base
    assert one.three_cs.mean_contact != two.three_cs.mean_contact
    worse = epidemiology.of(central.replaced({"relative_risk": 0.9}))
    assert any(not np.array_equal(worse.onset_base[name], one.onset_base[name]) for name in one.names)
    assert list(_evidence_in(epidemiology._of_diseases(central), set())) == []


def _evidence_in(it: Any, seen: set[int]) -> Any:
    if id(it) in seen:
        return
    seen.add(id(it))
    if isinstance(it, Evidence):
        yield it
    elif isinstance(it, dict):
        for value in it.values():
            yield from _evidence_in(value, seen)
    elif isinstance(it, list | tuple):
        for value in it:
            yield from _evidence_in(value, seen)
    elif hasattr(it, "__dict__") and type(it).__module__.startswith("sim."):
        yield from _evidence_in(vars(it), seen)


def test_nothing_is_remembered_by_evidence_without_noting_what_was_read() -> None:
    """A plain cache keyed by evidence answers without reading, so that whoever notes what is read would miss it."""
    hidden = []
    for file in sorted(paths.PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                caches = [ast.unparse(each) for each in node.decorator_list]
                takes = [ast.unparse(each.annotation) for each in node.args.args if each.annotation]
                notes = "Noted(" in ast.unparse(node)
                if any("cache" in each for each in caches) and any("Evidence" in each for each in takes) and not notes:
                    hidden.append(f"{file.name}: {node.name}")
    assert not hidden
