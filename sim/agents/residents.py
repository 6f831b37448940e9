"""Residents: a million people as columns, each of them a Mesa agent when somebody asks."""

import numpy as np

from sim.columns import ColumnarAgent, derived
from sim.life.life_kernels import REVIEW_MONTHS


class Resident(ColumnarAgent):
    """One resident. Annotated attributes are columns; `unique_id` is the identity, never used twice.

    key: root of all the resident's draws. born: month of birth (months since July 2020; negative before it).
    lsoa, practice, site: positions in the place's tables (site: nearest emergency department of the home trust).
    home_trust: 1 if hospital care is sought at the modelled trust, else 0. decile: national IMD 2025 decile, 1 most
    deprived. fifth: local deprivation fifth, 0 most deprived to 4 least. state: behaviours, circumstances, levels,
    conditions (`sim.life.states`). gp_rate: expected contacts a month. satisfaction: life satisfaction 0–10. utility:
    EQ-5D.
    gp_waiting: contacts waiting at the practice, gp_wait_months how long the oldest has. unmet: needs given up and
    still open, unmet_age: months of the oldest. listed: entries on hospital waiting lists.
    need_kind: kinds of needs that are unmet, a bit each. handoffs: times passed from team to team in the last year.
    undiagnosed: conditions present and not known, a bit each in the order of the conditions. contact: share of wanted
    social ties that are live (0–255 stands for 0–1); confidence: patient activation 0–100, doubled; control: over home,
    income and work (0–255 for 0–1); managed: how well long-term conditions are controlled (0–255 for 0–1); continuity:
    share of contacts with the usual clinician (0–255 for 0–1); experience: score of care received (0–100).
    followed: 1 if in the event log.
    Columns added when the model is built: chance (uint16, one bound a process), ask (uint16, one bound a
    slot of contacts with the practice), lagged (uint16, one a lagged exposure; 65535 is 1).
    """

    together = ("born", REVIEW_MONTHS)  # who is reviewed in the same month: the review then reads memory in order

    key: np.uint64 = np.uint64(0)
    born: np.int16 = np.int16(0)
    male: np.uint8 = np.uint8(0)
    lsoa: np.int16 = np.int16(0)
    practice: np.int16 = np.int16(0)
    home_trust: np.uint8 = np.uint8(0)
    site: np.int8 = np.int8(0)
    decile: np.uint8 = np.uint8(1)
    fifth: np.uint8 = np.uint8(0)
    state: np.uint64 = np.uint64(0)
    gp_rate: np.float32 = np.float32(0)
    satisfaction: np.float32 = np.float32(0)
    utility: np.float32 = np.float32(0)
    gp_waiting: np.uint8 = np.uint8(0)
    gp_wait_months: np.uint8 = np.uint8(0)
    unmet: np.uint8 = np.uint8(0)
    unmet_age: np.uint8 = np.uint8(0)
    listed: np.uint8 = np.uint8(0)
    need_kind: np.uint8 = np.uint8(0)
    handoffs: np.uint8 = np.uint8(0)
    undiagnosed: np.uint32 = np.uint32(0)
    contact: np.uint8 = np.uint8(0)
    confidence: np.uint8 = np.uint8(0)
    control: np.uint8 = np.uint8(0)
    managed: np.uint8 = np.uint8(0)
    continuity: np.uint8 = np.uint8(0)
    experience: np.uint8 = np.uint8(0)
    followed: np.uint8 = np.uint8(0)

    @derived
    def age(self):  # type: ignore[no-untyped-def]
        """Age in whole years; of a set of residents, an array."""
        born = np.asarray(self.born, np.int32)
        age = (self.model.month - born) // 12  # type: ignore[attr-defined]
        return age if age.ndim else int(age)

    def has(self, state: str) -> bool:
        """Whether this resident has a behaviour or condition by name: ``has("smoker")``, ``has("copd")``."""
        return bool(self.model.states.has(np.uint64(self.state), state))  # type: ignore[attr-defined]
