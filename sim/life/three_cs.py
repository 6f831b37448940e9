"""The three Cs: contact (0–1), confidence (patient activation, 0–100) and control (0–1) of each resident.

Each moves toward what supports it, x ← x + (target − x)(1 − e^(−Δt/L)), in the resident's review month. Targets are a
lasting trait of the person, and differences from what people of the same age, sex and deprivation have on average:
ties that live, bereavement, illness and circumstances; and what the neighbourhood adds. So without policy the means by
age stay as they are. Rates see four levels of each; between levels a person stands at one of them by a draw for life,
so that the mean effect is the straight line between them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim import draws
from sim.clock import MONTHS_A_YEAR
from sim.errors import UserError
from sim.life import peers
from sim.life import three_cs_kernels as kernels
from sim.life.community import effect_of_capacity
from sim.life.epidemiology import spread
from sim.life.grid import AGES, Array, to_cells
from sim.life.life_kernels import REVIEW_MONTHS
from sim.life.states import LEVEL_VALUES, level_shift
from sim.life.ties import FIXED, MONTHS_SINCE_APRIL, shares_of
from sim.purposes import Purpose

if TYPE_CHECKING:
    from sim.evidence import Evidence
    from sim.life.epidemiology import Epidemiology
    from sim.life.health import Health
    from sim.life.reference import Reference
    from sim.system import CareSystem

Rows = NDArray[np.int64]
CS = ("contact", "confidence", "control")
SCALE = {"contact": 255, "confidence": 2, "control": 255}
"""What one unit of each C is in its column of bytes."""
OF_HEALTH = ("contact", "control")  # what illness and circumstances change
QUANTILES = 4096
OF_TRAITS, OF_LEVELS = draws.offset(FIXED, Purpose.THREE_CS), draws.offset(FIXED, Purpose.LEVEL_DITHER)


class ThreeCs:
    """Tables of one evidence draw; see `three_cs_kernels.move` for their shapes."""

    def __init__(self, epi: Epidemiology, reference: Reference, health: Health) -> None:
        evidence = epi.evidence
        self.traits = np.ascontiguousarray(np.stack([quantiles(evidence, c) for c in CS]), np.float32)
        self.mask, self.weight = _of_states(evidence, epi)
        self.norm_at_start = self._norm(reference, health)
        self.norm = self.norm_at_start.copy()
        self.norm[0] += _usual_loss(epi)
        years = np.array([evidence[f"three_cs.{c}_years"] for c in CS])
        self.close = (-np.expm1(-REVIEW_MONTHS / MONTHS_A_YEAR / years)).astype(np.float32)
        self.at_once = np.ones(3, np.float32)
        self.number = np.array(
            [evidence[f"three_cs.{name}"] for name in ("contact_of_ties", "contact_of_bereavement")]
            + [evidence["three_cs.confidence_of_contact"]],
            np.float32,
        )
        self.scale = np.array([SCALE[c] for c in CS], np.float32)
        self.nodes = np.array(nodes_of_confidence(evidence), np.float32)
        self.shifts = np.array([level_shift(name) for name in (*CS, "peers_smoking", "peers_active")], np.uint64)
        self.mean_contact = evidence["three_cs.contact_mean"]
        self.without_ties = float(shares_of(evidence)[0])
        self.peers = evidence["peers.smoking_share"], evidence["peers.active_share"]

    def _norm(self, reference: Reference, health: Health) -> NDArray[np.float32]:
        """Minus the mean of what illness and circumstances add in England, by cell: float32 (2, cells)."""
        cells = []
        for weight in self.weight:
            added = np.zeros(health.state.size)
            for mask, by_age in zip(self.mask, weight, strict=True):
                added += np.where((health.state & mask) != 0, by_age[reference.people.age], 0.0)
            cells.append(-to_cells(spread(reference.mean(added))))
        return np.ascontiguousarray(np.stack(cells), np.float32)


def _usual_loss(epi: Epidemiology) -> Array:
    """What deaths take from contact on average, by cell: bereavement since the last review, and ties not yet replaced.

    People's ties are taken to die at the rate of their own age, sex and deprivation.
    """
    evidence = epi.evidence
    ties = shares_of(evidence)
    hazard = epi.deaths[..., None] * np.arange(ties.size)
    bereaved = -np.expm1(-hazard * REVIEW_MONTHS / MONTHS_A_YEAR) @ ties
    fewer = epi.deaths * (1 - ties[0]) * MONTHS_SINCE_APRIL / MONTHS_A_YEAR
    lost = fewer * evidence["three_cs.contact_of_ties"] - bereaved * evidence["three_cs.contact_of_bereavement"]
    return to_cells(lost)


def quantiles(evidence: Evidence, c: str) -> Array:
    """Quantiles of the lasting differences between people in one of the Cs, at the middles of 4,096 equal parts."""
    from scipy.special import ndtri

    middle = (np.arange(QUANTILES) + 0.5) / QUANTILES
    if c != "confidence":
        value = evidence[f"three_cs.{c}_mean"] + evidence[f"three_cs.{c}_spread"] * ndtri(middle)
        return np.asarray(np.clip(value, 0.0, 1.0))
    table = evidence.table("activation_level")
    share = table["value"].to_numpy(float)
    score = _scores(evidence)
    return np.interp(middle, np.concatenate([[0.0], np.cumsum(share) / share.sum()]), score)


def _scores(evidence: Evidence) -> Array:
    """Where the levels of activation begin, and where the last ends."""
    rows = evidence.registry.tables["activation_level"].rows
    return np.append(rows["score_from"].to_numpy(float), float(rows["score_to"].iloc[-1]))


def nodes_of_confidence(evidence: Evidence) -> Array:
    """The score in the middle of each level of activation."""
    score = _scores(evidence)
    return np.asarray((score[1:] + score[:-1]) / 2)


def _of_states(evidence: Evidence, epi: Epidemiology) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Bits of the states that change contact or control, and what each adds by age: (S), (2, S, ages)."""
    table = evidence.table("three_cs_state")
    names = sorted(set(table["state"]))
    unknown = [name for name in names if name not in epi.states.bits]
    if unknown:
        raise UserError(f"The table three_cs_state.csv names the state '{unknown[0]}', which the model does not have.")
    weight = np.zeros((len(OF_HEALTH), len(names), AGES), np.float32)
    for row in table.to_dict("records"):
        ages = slice(int(row["age_from"]), int(row["age_to"]) + 1)
        weight[OF_HEALTH.index(row["level"]), names.index(row["state"]), ages] += float(row["value"])
    return np.array([epi.states.mask(name) for name in names], np.uint64), weight


# ------------------------------------------------------------------------------------------------ the month


def begin(m: CareSystem, rows: Rows) -> None:
    """Give new residents the three Cs that their trait, health and neighbourhood support."""
    tables = m.epidemiology.three_cs
    _move(m, rows, tables.at_once, tables.norm_at_start, newcomers=True)


def review(m: CareSystem, rows: Rows) -> None:
    """Move the three Cs of residents in review and bring their levels, and those of their peers, up to date."""
    tables = m.epidemiology.three_cs
    _move(m, rows, tables.close, tables.norm)


def _move(
    m: CareSystem, rows: Rows, close: NDArray[np.float32], norm: NDArray[np.float32], newcomers: bool = False
) -> None:
    tables, r = m.epidemiology.three_cs, m.residents.columns
    neutral, usual = _neutral(m.ties.usual_share, tables.peers, tables.without_ties, tables.mean_contact)
    around = m.ties.look_around(rows, neutral, newcomers)
    kernels.move(
        rows, m.month, r["born"], r["male"], r["decile"], r["lsoa"], r["key"], r["bereaved"], r["state"],
        r["contact"], r["confidence"], r["control"], around, tables.traits, usual, tables.mask, tables.weight,
        norm, close, _of_neighbourhoods(m), tables.number, tables.scale, tables.nodes, tables.shifts, _offsets(m.month),
    )  # fmt: skip


def _of_neighbourhoods(m: CareSystem) -> NDArray[np.float32]:
    """What each neighbourhood adds to the Cs: by its community capacity, and by levers. float32 (3, areas)."""
    size = m.neighbourhoods.size
    capacity = m.neighbourhoods.columns["capacity"][:size]
    points, half = (0.0, 0.0), 1.0
    if np.count_nonzero(capacity):  # asked of the evidence only now: runs without policy do not depend on it
        points = m.evidence["three_cs.contact_of_capacity"], m.evidence["three_cs.control_of_capacity"]
        half = m.evidence["levers.community_building.saturation"]
    shifts = (m.area_shift[c].tobytes() if c in m.area_shift else b"" for c in CS)
    return _added(max(size, len(m.decile)), points, half, capacity.tobytes(), *shifts)


@lru_cache(maxsize=4)
def _added(
    areas: int, points: tuple[float, float], half: float, capacity: bytes, *shifts: bytes
) -> NDArray[np.float32]:
    """As `_of_neighbourhoods`, from columns of float32 as bytes: they change once a month and are asked for thrice.

    points: of contact and control at the studied dose; half: see `effect_of_capacity`; shifts: one of each C, or none.
    Nobody writes what it returns.
    """
    here = np.frombuffer(capacity, np.float32).astype(np.float64)
    added = np.zeros((3, areas), np.float32)
    if here.any():
        for row, each in ((0, points[0]), (2, points[1])):
            added[row, : here.size] = each * effect_of_capacity(here, half)
    for row, shift in enumerate(shifts):
        if shift:
            added[row] += np.frombuffer(shift, np.float32)
    return added


@lru_cache(maxsize=4)
def _neutral(
    live: float, peers: tuple[float, float], without_ties: float, contact: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What is taken of those of whom nothing is known (see `Ties.look_around`), and what is usual (see the loop)."""
    return np.array([live, *peers], np.float32), np.array([live * (1 - without_ties), contact], np.float32)


@lru_cache(maxsize=1024)
def _offsets(month: int) -> NDArray[np.uint64]:
    """Added to a key for the hashes of traits, rounding and levels."""
    return np.array([OF_TRAITS, draws.offset(month, Purpose.THREE_CS_ROUNDING), OF_LEVELS], np.uint64)


# ------------------------------------------------------------------------------------------------ effects


def by_level(evidence: Evidence) -> dict[str, dict[str, tuple[float, ...]]]:
    """Process → level → multiplier at each of its four values, for the rate tables; peers included.

    The mean over the reference distribution of levels is 1, so that the rates of the evidence are kept.
    """
    found = peers.by_level(evidence)
    for row in evidence.table("level_effect").to_dict("records"):
        level, process = row["level"], row["process"]
        ratio = float(row["value"]) ** evidence[f"three_cs.{level}_causal_share"]
        found.setdefault(process, {})[level] = peers.spaced(ratio, level_shares(evidence, level))
    return found


def satisfaction_by_level(evidence: Evidence) -> tuple[float, ...]:
    """Points of life satisfaction that each level of control adds; 0 on average over the reference distribution."""
    points = evidence["three_cs.control_satisfaction"] * evidence["three_cs.control_causal_share"] * peers.NODES
    return tuple((points - level_shares(evidence, "control") @ points).tolist())


def level_shares(evidence: Evidence, c: str) -> Array:
    """Share of people at each of the four levels of one of the Cs, from how people differ for life."""
    nodes = nodes_of_confidence(evidence) if c == "confidence" else np.linspace(0.0, 1.0, LEVEL_VALUES)
    value = np.clip(quantiles(evidence, c), nodes[0], nodes[-1])
    if c == "contact":  # those without ties stand lower, and the others a little higher
        apart, alone = evidence["three_cs.contact_of_ties"], float(shares_of(evidence)[0])
        groups = [(alone, -apart * (1 - alone)), (1 - alone, apart * alone)]
    else:
        groups = [(1.0, 0.0)]
    total = np.zeros(LEVEL_VALUES)
    for share, shift in groups:
        at = np.interp(np.clip(value + shift, nodes[0], nodes[-1]), nodes, np.arange(float(LEVEL_VALUES)))
        total += share * np.maximum(1 - np.abs(at[:, None] - np.arange(LEVEL_VALUES)), 0).mean(0)
    return total
