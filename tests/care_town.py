"""A town for tests of care: real residents, practices, teams, recorder and evidence; rates are set by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sim import draws
from sim.agents.practices import GPPractice
from sim.agents.residents import Resident
from sim.care import emergency, practices, unmet
from sim.care.state import Care
from sim.columns import ColumnarModel
from sim.evidence import load
from sim.outcomes.eventlog import EventLog
from sim.outcomes.recorder import Recorder
from sim.policy.effects import Effects
from sim.purposes import Purpose

PROCESSES = ("ed", "emergency", "referral")
LIFE = 2000


class Money:
    """A commissioner whose capacities are set by hand (1 unless said)."""

    def __init__(self, practices: int) -> None:
        self.effects = Effects(practices)
        self.levels: dict[str, float] = {}
        self.growths: dict[str, float] = {}
        self.extra_beds = self.extra_slots = 0.0

    def level(self, line: str) -> float:
        return self.levels.get(line, 1.0)

    def capacity(self, line: str) -> float:
        return self.level(line) * self.growths.get(line, 1.0)


class Town(ColumnarModel):
    """Residents who neither age out nor move, and whose only happenings are needs of care."""

    def __init__(
        self, n: int = 20_000, list_size: int = 10_000, scale: float = 1.0, seed: int = 1, home_share: float = 1.0,
        gp_rate: float = 0.5, **evidence: float,
    ) -> None:  # fmt: skip
        super().__init__(rng=seed)
        self.seed, self.scale, self.month = seed, scale, 0
        self.evidence = load().draw(0).replaced({k.replace("__", "."): v for k, v in evidence.items()})
        n_practices = max(1, n // list_size)
        sizes = np.full(n_practices, n // n_practices)
        self.place: Any = SimpleNamespace(
            name="town", label="Town", local_fifth=np.arange(1, 6).astype(np.uint8),
            lsoas=pd.DataFrame({
                "code": list("abcde"), "imd_rank": range(1, 6), "growth": 0.0, "hhft_share": home_share,
            }),
            counts=np.full((5, 1, 1), n / 5),
            activity_share_simulated=n * home_share / 500_000,
            users=n * home_share, catchment=500_000.0,
            practices=pd.DataFrame({"list_size": sizes, "list_simulated": sizes, "pcn": ["u"] * n_practices}),
            sites=pd.DataFrame(
                {"has_ed": [True, True, False], "bed_share": [0.5, 0.4, 0.1], "trust": "RN5", "beds": np.nan}
            ),
        )  # fmt: skip
        index = {name: k for k, name in enumerate((*PROCESSES, "gp_contact"))}
        self.drawn = len(PROCESSES)
        self.rates: Any = SimpleNamespace(index=index, base=np.full((1, len(index)), gp_rate, np.float32))
        self.commissioner = Money(n_practices)
        self.recorder = Recorder(self.place, (), 0, 400, 1 / scale)
        self.events = EventLog(self, 0.0)  # type: ignore[arg-type]
        self.residents = self.table_of(Resident)
        self.residents.extend("cell", np.int32)
        self.residents.extend("chance", np.uint16, width=len(PROCESSES))
        self.practices = self.table_of(GPPractice)
        self.care = Care(self)  # type: ignore[arg-type]
        people = round(n * scale)
        identity = draws.arrival_identity(np.arange(people), 0, 0)
        key = draws.make_keys(seed, identity)
        spread = draws.uniforms2(key, 0, 1)
        self.residents.append(
            people, unique_id=identity, key=key, male=np.arange(people) % 2, lsoa=np.arange(people) % 5,
            fifth=np.arange(people) % 5, born=-(spread[0] * 95 * 12).astype(np.int16),
            practice=np.arange(people) % n_practices, home_trust=spread[1] < home_share, site=np.arange(people) % 2,
            gp_rate=np.float32(gp_rate),
        )  # fmt: skip
        self.residents.columns["chance"][:people] = draws.threshold(np.array([0.03, 0.01, 0.02]))
        self.care.open()

    def run(self, months: int) -> Town:
        for _ in range(months):
            self.step()
        return self

    def step(self) -> None:
        r, size, care = self.residents.columns, self.residents.size, self.care
        m: Any = self
        self.recorder.begin(self.month)
        alive = r["unique_id"][:size] != 0
        scale = np.array([care.index.of(name, self.month) for name in PROCESSES], np.float32)
        rows, kinds = draws.events(r["key"][:size], alive, r["chance"][:size], scale, self.month, LIFE)
        index = np.full(1, care.index.of("gp_contact", self.month), np.float32)
        group = np.zeros(size, np.int16)
        contacts = draws.poisson_counts(
            r["key"][:size], alive, r["gp_rate"][:size], index, group, self.month, Purpose.GP_CONTACTS
        )
        care.waiting.between_visits(contacts)
        to_ed = np.concatenate([unmet.reappear(m, contacts), practices.see(m, contacts)])
        emergency.attend(m, np.concatenate([rows[kinds == 0], to_ed]))
        emergency.admit(m, np.concatenate([rows[kinds == 1], care.waiting.deteriorate()]))
        care.waiting.refer(rows[kinds == 2])
        care.waiting.treat()
        care.close_month()
        self.month += 1
