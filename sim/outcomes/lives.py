"""The event log as a table that theograph tools open: one row an event or a spell of one resident.

Columns: Client_ID, Event_ID, Start_Date, End_Date, Event_Type, Event_Subtype, Event_Desc, scenario.

Dates are the first day of the month in which something happens: the model has no days. An event of a moment ends on
its own date; an admission after its nights, which are the mean of the patient's age; a condition, a behaviour or a wait
when it ends, or when the resident dies or moves away. What has not ended by the end of the run has no End_Date.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.life import conditions
from sim.life.states import States
from sim.outcomes.eventlog import Kind

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes.record import RunRecord

Array = NDArray[Any]
FORMAT = 1
COLUMNS = (
    "Client_ID", "Event_ID", "Start_Date", "End_Date", "Event_Type", "Event_Subtype", "Event_Desc", "scenario",
)  # fmt: skip
ABOUT = (
    "A sample of simulated residents, invented people, under the first evidence draw and seed of each scenario; the "
    "same residents in every scenario. Dates are first days of months. No End_Date: not ended when the run does."
)
LIFE, CONDITION, BEHAVIOUR, GP, ED, STAY, REFERRAL, WAIT, TEAM = (
    "Life", "Condition", "Behaviour", "General practice", "A&E", "Hospital stay", "Referral", "Waiting list",
    "Other team",
)  # fmt: skip
COMES = {Kind.RESIDENT: "Resident at the start", Kind.BORN: "Born", Kind.ARRIVED: "Moved in"}
GOES = {Kind.LEFT: "Moved away", Kind.DIED: "Died"}
CONTACTS = {
    Kind.GP_SERVED: "Contact", Kind.GP_WAITS: "Not offered: waits", Kind.GP_GIVEN_UP: "Not offered: given up",
    Kind.GP_TO_ED: "Not offered: goes to A&E", Kind.GP_ASKS_AGAIN: "Unmet need asks again",
}  # fmt: skip
STAYS = {
    Kind.NO_NIGHT: "No night", Kind.OVERNIGHT: "Overnight", Kind.ADMITTED_ELSEWHERE: "At another trust",
}  # fmt: skip
WAITS = {
    Kind.TREATED: "Treated", Kind.REMOVED: "Removed", Kind.WORSENED: "Became an emergency",
    Kind.ENDED_ELSEWHERE: "Ended at another trust",
}  # fmt: skip
TEAMS = {
    Kind.TEAM_REFERRED: "Referred", Kind.TEAM_LOST: "Referral lost on the way", Kind.TEAM_BEGUN: "Care begins",
    Kind.TEAM_ENDED: "Care ends", Kind.TEAM_WITHDRAWN: "Left the queue",
}  # fmt: skip
TEAM_NAMES = ("Community team", "Mental health", "Social care", "Community sector")
"""In the order of `sim.care.pathways.OWN_TEAMS`, which is not read here: it would bring in the compiled loops."""
GONE, STILL = "Ended by death or moving away", "Still waiting"
LIVED = {"smoker": "Smoking", "ex_smoker": "Ex-smoker", "obese": "Obesity", "inactive": "Inactivity",
         "drinker": "Drinking over 14 units", "lonely": "Loneliness", "offline": "Not online",
         "cold_home": "Cold or overcrowded home", "low_income": "Low income", "frail_mild": "Mild frailty",
         "frail_moderate": "Moderate frailty", "frail_severe": "Severe frailty"}  # fmt: skip
HIDDEN = ("ex_smoker",)  # follows from the end of smoking
IN_PLAIN_WORDS = {"ndh": "high blood sugar"}
"""What a risk is called when a life is told; others go by their label."""


def table(record: RunRecord) -> pd.DataFrame:
    """All events of a run's log, by client and date; no rows when none was kept. Event_ID counts from 1."""
    import pandas as pd

    entries = record.events
    if entries is None or not len(entries):
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _types().items()})
    specialties = [str(name).replace("_", " ").capitalize() for name in record.meta.get("specialties", ())]
    rows = [*_moments(entries, specialties), *_spells(entries, record.conditions), *_waits(entries, specialties)]
    rows.sort(key=lambda row: (row[0], row[1]))
    client, start, end, *words = zip(*rows, strict=True)
    nights = np.array([row[-1] for row in rows])
    begins = _dates(np.array(start))
    ends = _dates(np.array([-1 if month is None else month for month in end])) + nights.astype("timedelta64[D]")
    ends[[month is None for month in end]] = np.datetime64("NaT")
    made = {
        "Client_ID": np.array(client, np.int64), "Event_ID": np.arange(1, len(rows) + 1),
        "Start_Date": begins.astype("datetime64[us]"), "End_Date": ends.astype("datetime64[us]"),
        **dict(zip(("Event_Type", "Event_Subtype", "Event_Desc"), words[:3], strict=True)),
        "scenario": record.scenario,
    }  # fmt: skip
    return pd.DataFrame(made).astype(_types())


def _types() -> dict[str, str]:
    plain = {"Client_ID": "int64", "Event_ID": "int64", "Start_Date": "datetime64[us]", "End_Date": "datetime64[us]"}
    return {name: plain.get(name, "str") for name in COLUMNS}


def _dates(months: Array) -> Array:
    return (np.datetime64("2020-07", "M") + months.astype("timedelta64[M]")).astype("datetime64[D]")


Row = tuple[int, int, int | None, str, str, str, int]
"""Client, first month, last month (None: open), type, subtype, description, nights after the last month's first day."""


def _moments(entries: Array, specialties: list[str]) -> list[Row]:
    """What happens in one month."""
    rows: list[Row] = []
    said: dict[tuple[int, int], tuple[str, str, str] | None] = {}
    for client, kind, month, since, detail in entries.tolist():
        if (kind, detail) not in said:
            said[kind, detail] = _words(Kind(kind), detail, specialties)
        what = said[kind, detail]
        if what is None:
            continue
        if kind in COMES:
            years = (month - since) // clock.MONTHS_A_YEAR
            what = (*what[:2], f"{what[2]}, born {clock.iso(since)}, aged {years}")
        rows.append((client, month, month, *what, detail if kind in STAYS else 0))
    return rows


def _words(kind: Kind, detail: int, specialties: list[str]) -> tuple[str, str, str] | None:
    """Type, subtype and description of what happens in one month; None for what is part of a spell or a wait."""
    if kind in COMES:
        return LIFE, COMES[kind], "Male" if detail else "Female"
    if kind in GOES:
        return LIFE, GOES[kind], GOES[kind]
    if kind in CONTACTS:
        noun = "need" if kind == Kind.GP_ASKS_AGAIN else "contact"
        return GP, CONTACTS[kind], f"{detail} {noun}{'' if detail == 1 else 's'}"
    if kind == Kind.ED:
        return ED, "Attendance", "A&E attendance"
    if kind in STAYS:
        how = f"{detail} night{'' if detail == 1 else 's'} (mean at this age)" if detail else STAYS[kind].lower()
        return STAY, STAYS[kind], f"Emergency admission, {how}"
    if kind == Kind.REFERRED:
        return REFERRAL, specialties[detail], f"Referred to {specialties[detail].lower()}"
    if kind in TEAMS:
        name = TEAM_NAMES[detail]
        return TEAM, TEAMS[kind], f"{name}: {TEAMS[kind][0].lower()}{TEAMS[kind][1:]}"
    return None


def _spells(entries: Array, labels: dict[str, str]) -> list[Row]:
    """Conditions and behaviours from their beginning to their end, or to the resident's."""
    name_of = {bit: name for name, bit in States(tuple(labels)).bits.items()}
    rows: list[Row] = []
    begun: dict[int, dict[int, tuple[int, bool]]] = {}

    def close(client: int, bit: int, end: int | None, how: str) -> None:
        start, held = begun[client].pop(bit)
        name = name_of[bit]
        if name in HIDDEN:
            return
        label = LIVED.get(name) or capital(labels[name])
        words = f"{label}: {'held before' if held else 'began'}{how}"
        rows.append((client, start, end, CONDITION if name in labels else BEHAVIOUR, label, words, 0))

    of_states = (entries["kind"] >= Kind.HELD) & (entries["kind"] <= Kind.ENDED)
    for client, kind, month, _, bit in entries[of_states | np.isin(entries["kind"], list(GOES))].tolist():
        if kind in GOES:
            for still in list(begun.get(client, ())):
                close(client, still, month, "")
        elif kind != Kind.ENDED:
            begun.setdefault(client, {})[bit] = month, kind == Kind.HELD
        elif bit in begun.get(client, ()):
            close(client, bit, month, ", ended")
    for client, spells in begun.items():
        for bit in list(spells):
            close(client, bit, None, "")
    return rows


def _waits(entries: Array, specialties: list[str]) -> list[Row]:
    """Time on a waiting list, from the referral; a resident is referred at most once a month."""
    rows: list[Row] = []
    waiting: dict[int, dict[int, int]] = {}

    def close(client: int, since: int, end: int | None, how: str) -> None:
        specialty = specialties[waiting[client].pop(since)]
        months = "" if end is None else f" after {end - since} month{'' if end - since == 1 else 's'}"
        months = " within the month" if end == since else months
        rows.append((client, since, end, WAIT, how, f"{specialty}: {how[0].lower()}{how[1:]}{months}", 0))

    of_lists = (entries["kind"] >= Kind.LISTED) & (entries["kind"] <= Kind.ENDED_ELSEWHERE)
    of_lists |= np.isin(entries["kind"], list(GOES))
    for client, kind, month, since, detail in entries[of_lists].tolist():
        if kind in GOES:
            for still in list(waiting.get(client, ())):
                close(client, still, month, GONE)
        elif kind in (Kind.LISTED, Kind.REFERRED):
            waiting.setdefault(client, {})[since] = detail
        elif since in waiting.get(client, ()):
            close(client, since, month, WAITS[Kind(kind)])
    for client, entered in waiting.items():
        for since in list(entered):
            close(client, since, None, STILL)
    return rows


def risks(of_run: Mapping[str, str]) -> dict[str, str]:
    """Conditions of a run that are a risk and no long-term condition: label, as the run's record has it → plain words.

    of_run: name → label, of `RunRecord.conditions`.
    """
    known = conditions.risks()
    return {label: IN_PLAIN_WORDS.get(name, label) for name, label in of_run.items() if name in known}


def capital(label: str) -> str:
    """A label as the table has it."""
    return label[:1].upper() + label[1:]


def clients(events: pd.DataFrame) -> list[int]:
    """Client_IDs in a fixed order: those of the first scenario, by the month in which they came, then by number; then
    those whom only another scenario has."""
    coming = events[(events["Event_Type"] == LIFE) & events["Event_Subtype"].isin(list(COMES.values()))]
    order: dict[int, None] = {}
    for _, rows in coming.groupby("scenario", sort=False):
        order |= dict.fromkeys(rows.sort_values(["Start_Date", "Client_ID"])["Client_ID"].tolist())
    return list(order)
