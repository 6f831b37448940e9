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
    # the life course: process k of the rate tables draws with LIFE + k
    LIFE = 1000
