"""Whatever rests on judgement alone can be switched off, and is uncertain in every run."""

from __future__ import annotations

import pytest

from sim import paths
from sim.evidence import load
from sim.policy import levers
from sim.policy.grammar import NO_EFFECT

pytestmark = pytest.mark.unit


def effects() -> dict[str, list[str]]:
    """Parameters that are the size of a lever's effect, with the levers that use them."""
    found: dict[str, list[str]] = {}
    for name in paths.names("levers"):
        for act in levers.load(name).acts_on:
            for key, parameter in act.values.items():
                if key in NO_EFFECT:
                    found.setdefault(parameter, []).append(name)
    return found


def test_every_judged_benefit_has_a_value_that_means_no_effect() -> None:
    registry = load()
    sizes = effects()
    assert len(sizes) > 20
    missing = [name for name in sizes if registry[name].grade == "judgement" and registry[name].null is None]
    assert missing == [], "give these rows a null value, so that judged benefits can be switched off"


def test_the_null_of_an_effect_is_the_value_that_means_none() -> None:
    registry = load()
    found = {
        (key, registry[parameter].null)
        for name in paths.names("levers")
        for act in levers.load(name).acts_on
        for key, parameter in act.values.items()
        if key in NO_EFFECT and registry[parameter].null is not None
    }
    assert found == set(NO_EFFECT.items())


def test_switched_off_each_judged_benefit_is_its_null_and_nothing_else_moves() -> None:
    on, off = load().draw(3), load().draw(3).judged(False)
    for name, parameter in load().items():
        judged = parameter.grade == "judgement" and parameter.null is not None
        assert off[name] == (parameter.null if judged else on[name]), name


def test_every_judged_benefit_varies_between_draws() -> None:
    registry = load()
    judged = [p for p in registry.values() if p.grade == "judgement" and p.null is not None]
    assert judged
    draws = [registry.draw(i) for i in range(1, 9)]
    still = [p.name for p in judged if len({draw[p.name] for draw in draws}) == 1]
    assert still == [], "a judged mechanism must be uncertain: give these rows an interval and a distribution"
