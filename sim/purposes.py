"""What each random draw is for: one number a purpose, never used twice.

A draw is a pure function of (seed, identity, month, purpose). Processes of the life course take consecutive numbers
from `LIFE` on, in the order of the rate tables; everything else has its own number here, so that adding a use of
chance changes no other.
"""

from __future__ import annotations

from enum import IntEnum


class Purpose(IntEnum):
    """Numbers of the draws outside the rate tables. Values are permanent: change one and results change."""

    # synthesis of the place
    HOME_TRUST = 1
    SINGLE_AGE = 2
    BIRTH_MONTH = 3
    PRACTICE = 4
    # synthesis of health (several draws each, counted upward)
    BEHAVIOURS = 20
    CONDITIONS = 60
    # arrivals and departures
    SEX_AT_BIRTH = 140
    ARRIVALS = 141
    ARRIVAL_PROFILE = 142
    # contacts
    GP_CONTACTS = 200
    # care
    URGENCY = 210
    NOT_OFFERED = 211
    UNMET = 212
    ROUTE = 220
    OVERNIGHT = 221
    LENGTH_OF_STAY = 222
    SPECIALTY = 230
    PRIORITY = 231
    REMOVAL = 232
    DETERIORATION = 233
    QUEUE_TIE = 234
    INITIAL_LIST = 235
    ROUNDING = 250
    # wellbeing
    WELLBEING = 280
    # observation: who is followed in the event log
    FOLLOWED = 300
    # frailty, managed level, who is undiagnosed (one a condition)
    MANAGED = 400
    MANAGED_LEVEL = 402
    FRAILTY = 404
    UNDIAGNOSED = 410
    # social ties, the three Cs, neighbourhoods
    TIES_WANTED = 450
    TIES_LOST = 451
    TIES_SOUGHT = 452
    THREE_CS = 460
    THREE_CS_ROUNDING = 462
    LEVEL_DITHER = 464
    ENERGY = 470
    ENERGY_SEEN = 472
    # pathways, teams, hospital specialties, the panel
    PATHWAY = 500  # + kind of need; those of the practice share its hash, 16 bits each
    HANDOFF = 510
    HANDOFF_ORDER = 511
    WAITING_FOR_TEAM = 512
    WITHDRAWN = 514
    CARE_LENGTH = 515
    ONWARD = 516
    RECOVERY_BY_TREATMENT = 517
    RECOVERY_BY_COMMUNITY = 518
    REFERRAL_LOST = 519
    WARD = 520
    KIND_NOT_OFFERED = 522
    KIND_GIVEN_UP = 524
    PANEL = 530
    LEVEL_ROUNDING = 540
    # policy: errors of a risk score; surveys, registers and choice of neighbourhoods of a pilot
    RISK_SCORE = 550
    PILOT_SURVEY = 551
    PILOT_REGISTER = 552
    PILOT_CHOICE = 553
    # experiments: who is kept free of a risk state (one a state)
    FEWER = 560
    # practices
    CONTINUITY = 600
    CONTINUITY_LEVEL = 602
    # the life course: process k of the rate tables draws with LIFE + k
    LIFE = 1000
