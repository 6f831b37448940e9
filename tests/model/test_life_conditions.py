"""Diagnosis, stages before illness, kinds of need, circumstances and the managed level keep the accounts of the
evidence."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import numpy as np
import pytest

from sim.errors import UserError
from sim.evidence import Evidence
from sim.life import circumstances, conditions, diagnosis, epidemiology, hazards, kinds, managed
from sim.life.epidemiology import Epidemiology
from sim.life.grid import steps
from sim.life.health import Health, give
from sim.life.reference import Reference

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def epi(evidence: Evidence) -> Epidemiology:
    return epidemiology.of(evidence)


@pytest.fixture(scope="module")
def reference(epi: Epidemiology) -> Reference:
    return Reference(epi)


@pytest.fixture(scope="module")
def health(epi: Epidemiology, reference: Reference) -> Health:
    return give(reference.people, epi)


def unknown(epi: Epidemiology, health: Health, name: str) -> np.ndarray:
    return (health.undiagnosed >> epi.names.index(name) & 1).astype(bool)


def test_the_share_undiagnosed_is_the_evidences(epi: Epidemiology, reference: Reference, health: Health) -> None:
    for name in epi.names:
        has = epi.states.has(health.state, name)
        weight = reference.weight[has] / reference.weight[has].sum()
        found = (unknown(epi, health, name)[has] * weight).sum()
        u = epi.undiagnosed[name]
        assert abs(found - u) < 4 * np.sqrt(u * (1 - u) * (weight**2).sum()) + 1e-12, name
        assert not (unknown(epi, health, name) & ~has).any()


def test_as_many_are_diagnosed_as_the_register_gains(epi: Epidemiology, reference: Reference, health: Health) -> None:
    """Diagnoses a year are the new cases of the register: (1 − u) of all onsets, within the noise of who is
    undiagnosed."""
    p = reference.people
    for name, per_year in epi.diagnosis.items():
        hidden = unknown(epi, health, name)
        parts = per_year[p.male, p.age] * hidden * reference.weight
        hazard = epi.onset_base[name][p.male, p.age, p.decile - 1]
        hazard = hazard * epi.effects[name].weight(health.state, health.lagged, epi.states)
        onsets = (hazard * ~epi.states.has(health.state, name) * reference.weight).sum()
        error = np.sqrt((parts**2).sum()) / parts.sum()
        now = diagnosis.at_once(epi.evidence, epi.undiagnosed[name])
        assert now + parts.sum() / onsets == pytest.approx(1 - epi.undiagnosed[name], rel=4 * error + 0.05), name


def test_published_hazards_come_out_in_all(epi: Epidemiology, reference: Reference, health: Health) -> None:
    earlier = {condition.replaces for condition in epi.conditions}
    errors = standard_errors(epi, reference, health)
    for name, wanted in epi.published_hazards.items():
        if name in earlier:  # bounded by the stage that follows
            continue
        found = hazards.in_all(epi, reference, health, name)
        least = epi.effects["death"].ratios[name] <= hazards.LEAST  # others explain more than the published ratio
        # what the rounds of the solution leave is within two standard errors of what so many people can tell
        assert found == pytest.approx(wanted, rel=2 * errors[name]) or (least and found > wanted), name


def standard_errors(epi: Epidemiology, reference: Reference, health: Health) -> dict[str, float]:
    """Relative standard error of the deaths of those with each state, by the people of the sample who have it."""
    p = reference.people
    deaths = epi.deaths[p.male, p.age, p.decile - 1] * reference.weight
    weight = np.minimum(
        epi.effects["death"].weight(health.state, health.lagged, epi.states), epi.evidence["mortality.hr_cap"]
    )
    hazard = deaths * weight
    groups = {name: hazard[epi.states.has(health.state, name)] for name in epi.published_hazards}
    return {name: float(np.sqrt((each**2).sum()) / each.sum()) for name, each in groups.items()}


def test_more_rounds_give_published_hazards_exactly(
    epi: Epidemiology, reference: Reference, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hazards, "ROUNDS", 40)
    solved = copy(epi)
    solved.effects = {**epi.effects, "death": hazards.direct(epi, reference, health, epi.published_hazards)}
    free = [name for name, ratio in solved.effects["death"].ratios.items() if hazards.LEAST < ratio < hazards.MOST]
    met = [name for name in epi.published_hazards if name in free]
    assert len(met) > 10
    for name in met:
        assert hazards.in_all(solved, reference, health, name) == pytest.approx(
            epi.published_hazards[name], rel=1e-3
        ), name


def test_nobody_has_both_stages(epi: Epidemiology, health: Health) -> None:
    both = epi.states.has(health.state, "ndh") & epi.states.has(health.state, "type2_diabetes")
    assert not both.any()
    assert epi.effects["ndh"].ratios["type2_diabetes"] == 0


def test_conversion_is_the_published(epi: Epidemiology, reference: Reference, health: Health) -> None:
    p, name = reference.people, "type2_diabetes"
    hazard = epi.onset_base[name][p.male, p.age, p.decile - 1]
    hazard = hazard * epi.effects[name].weight(health.state, health.lagged, epi.states)
    before = epi.states.has(health.state, "ndh")
    found = np.average(hazard[before], weights=reference.weight[before])
    row = epi.evidence.registry["conversion.ndh"]
    assert row.fitted.quantile(0.01) < found < row.fitted.quantile(0.99)


def test_kinds_of_need_add_up_to_their_totals(epi: Epidemiology) -> None:
    rates = epi.evidence.table("contact_rate")
    for total in ("gp", "ed", "emergency", "first_outpatient"):
        parts = sum(kind.rate for kind in epi.kinds.values() if kind.total == total)
        assert np.allclose(parts, steps(rates[rates["kind"] == total]))
    assert sum(kind.share for kind in epi.kinds.values()) == pytest.approx(4)


def test_a_condition_multiplies_the_whole_total_as_published(epi: Epidemiology) -> None:
    for total, ratio in (("gp", 1.6), ("emergency", 2.1)):
        found = kinds.multipliers(epi.evidence, epi.kinds, {total: {"copd": ratio}})
        parts = [kind for kind in epi.kinds.values() if kind.total == total]
        assert sum(kind.share * found[kind.name]["copd"] for kind in parts) == pytest.approx(ratio)
    assert found["exacerbation"]["copd"] > found["emergency"]["copd"]


def test_use_of_every_kind_is_englands(epi: Epidemiology, reference: Reference, health: Health) -> None:
    p = reference.people
    for name, kind in epi.kinds.items():
        rate = epi.contact_base[name][p.male, p.age, p.decile - 1]
        if name == diagnosis.REVIEW:
            rate = rate * epi.reviews_left[health.undiagnosed]
        found = (rate * epi.effects[name].weight(health.state, health.lagged, epi.states) * reference.weight).sum()
        assert found / reference.weight.sum() == pytest.approx(
            (kind.rate * epi.people).sum() / epi.people.sum(), rel=0.01
        )


def test_managed_level_changes_nothing_where_it_is_typical(evidence: Evidence) -> None:
    for process, ratios in managed.by_level(evidence).items():
        at = np.exp(np.interp(evidence["managed.typical"], managed.NODES, np.log(ratios)))
        assert at == pytest.approx(1.0), process
        assert list(ratios) == sorted(ratios, reverse=True)
    exacerbation = managed.by_level(evidence)["exacerbation"]
    assert exacerbation[3] / exacerbation[0] >= evidence["managed.exacerbation_least"] - 1e-12
    off = managed.by_level(evidence.judged(False))
    assert all(np.allclose(ratios, 1) for ratios in off.values())


def test_a_neighbourhoods_circumstances_are_its_own(evidence: Evidence, toy) -> None:  # type: ignore[no-untyped-def]
    for name, column in circumstances.COLUMN.items():
        decile = toy.lsoas["imd_decile"].to_numpy(int) - 1
        usual = circumstances.prevalence(evidence, name)[0, 0, decile]
        share = usual * circumstances.area_ratio(evidence, name, toy.lsoas)
        assert np.allclose(share, np.minimum(toy.lsoas[column], circumstances.MOST_SHARE), atol=1e-9)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"replaces": "copd"}, "names the condition itself"),
        ({"undiagnosed": "sometimes"}, "must be one of"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_condition_is_refused_in_a_sentence(tmp_path: Path, change: dict[str, str], says: str) -> None:
    given = "label: x\ndescription: x\norder: 1\nage_from: 0\nrecovers: false\n"
    file = tmp_path / "copd.yaml"
    file.write_text(given + "".join(f"{key}: {value}\n" for key, value in change.items()))
    with pytest.raises(UserError, match=says):
        conditions.read(file)


def test_a_stage_must_be_a_condition_drawn_later() -> None:
    first = conditions.Condition("early", "x", "x", 1, 0, False)
    later = conditions.Condition("late", "x", "x", 2, 0, False, replaces="early")
    with pytest.raises(UserError, match="must have a higher order"):
        conditions.in_order([first, later])
    with pytest.raises(UserError, match="is no condition"):
        conditions.in_order([later])
