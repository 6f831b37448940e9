"""The consultation panel as a table, and the stories of some of its members in words.

The table (`tables/panel.csv`) has a row for each scenario, member and birthday; the stories (`stories.md`) tell of one
member from every stratum of deprivation fifth and age what is written of them in the baseline, year by year, and then
what is otherwise in the other scenarios. Both are of the first evidence draw and seed: invented people, one course of
chance each. They show how the model works; they are no finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import clock
from sim.life.states import FIRST_CONDITION, States
from sim.outcomes.eventlog import Kind
from sim.outcomes.lives import HIDDEN, LIVED, risks
from sim.outcomes.measure import ADULT_AGE
from sim.outcomes.panel import AGES, COUNTED, written

if TYPE_CHECKING:
    import pandas as pd

    from sim.outcomes.record import RunRecord
    from sim.outcomes.results import Results

Array = NDArray[Any]
#: column of the table ← column of the note, and what one of its units is worth
NUMBERS = {
    "life_satisfaction": ("satisfaction", 1.0), "utility": ("utility", 1.0), "experience": ("experience", 1.0),
    "unmet_needs": ("unmet", 1.0), "handoffs": ("handoffs", 1.0), "on_waiting_lists": ("listed", 1.0),
    "contact": ("contact", 1 / 255), "activation": ("confidence", 1 / 2), "control": ("control", 1 / 255),
    "managed": ("managed", 1 / 255), "continuity": ("continuity", 1 / 255),
}  # fmt: skip
#: words for one, and for several, of what is counted of a year
WORDS = {
    "gp_contacts": ("contact with the practice", "contacts with the practice"),
    "gp_given_up": ("contact given up", "contacts given up"), "ed": ("visit to A&E", "visits to A&E"),
    "stays": ("emergency stay in hospital", "emergency stays in hospital"),
    "referrals": ("referral to hospital", "referrals to hospital"),
    "treated": ("treatment from the waiting list", "treatments from the waiting list"),
    "other_teams": ("referral to another team", "referrals to other teams"),
    "lost": ("referral lost on the way", "referrals lost on the way"),
}  # fmt: skip
FATES = {Kind.DIED: "died", Kind.LEFT: "moved away"}
FIFTHS = ("most deprived", "second most deprived", "middle", "second least deprived", "least deprived")
NOTHING = "no illness or burden"
DIGITS = 3


def panel(results: Results) -> pd.DataFrame:
    """What is written of every member in each scenario, under the first (draw, seed) pair.

    Columns: Client_ID, scenario, month (YYYY-MM, of the birthday), age, sex, fifth (1 = most deprived in the place) and
    lsoa of the home in July 2020, lives_with (conditions, known or not, behaviours, circumstances; in words), the keys
    of `NUMBERS` (contact, control, managed and continuity as shares; life satisfaction of adults, managed of the ill)
    and those of `WORDS`: counts of the twelve months up to then. Empty when the runs kept no panel.
    """
    import pandas as pd

    frames = []
    for scenario in results.scenarios:
        record = results.record(scenario)
        if record.panel is not None and record.events is not None and len(record.panel):
            frames.append(_of_run(record))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"Client_ID": pd.Series(dtype="int64")})


def _of_run(record: RunRecord) -> pd.DataFrame:
    import pandas as pd

    assert record.panel is not None
    assert record.events is not None
    notes = written(record.panel, record.events)
    labels = _labels(record.conditions)
    frame = pd.DataFrame({
        "Client_ID": notes["client"], "scenario": record.scenario, "month": [clock.iso(m) for m in notes["month"]],
        "age": (notes["month"].astype(int) - notes["born"]) // clock.MONTHS_A_YEAR,
        "sex": np.where(notes["male"] == 1, "male", "female"), "fifth": notes["fifth"].astype(int) + 1,
        "lsoa": record.area_code[notes["lsoa"]],
        "lives_with": ["; ".join(_held(int(state), labels)) for state in notes["state"]],
    })  # fmt: skip
    for name, (column, worth) in NUMBERS.items():
        frame[name] = np.round(notes[column].astype(float) * worth, DIGITS)
    frame.loc[frame["age"] < ADULT_AGE, "life_satisfaction"] = np.nan
    frame.loc[notes["state"].to_numpy() >> np.uint64(FIRST_CONDITION) == 0, "managed"] = np.nan
    for name in COUNTED:
        frame[name] = notes[name]
    return frame.sort_values(["Client_ID", "month"], kind="stable")


def _labels(conditions: dict[str, str]) -> dict[int, str]:
    """Bit of the state → words: conditions first, then behaviours and circumstances."""
    bits = States(tuple(conditions)).bits
    words = {**conditions, **{name: _small(label) for name, label in LIVED.items() if name not in HIDDEN}}
    return {bits[name]: label for name, label in words.items()}


def _small(label: str) -> str:
    return label[:1].lower() + label[1:]


def _held(state: int, labels: dict[int, str]) -> list[str]:
    return [label for bit, label in labels.items() if state >> bit & 1]


def tell(results: Results) -> str:
    """The stories as Markdown. Needs a panel (`panel` is not empty)."""
    table = results.panel()
    base = table[table["scenario"] == results.baseline]
    chosen = one_of_each_stratum(base)
    lines = [
        f"# Stories from {results.place_label}",
        "",
        f"{len(chosen)} of the {base['Client_ID'].nunique()} members of the consultation panel: residents of July 2020,"
        " the same number from every fifth of deprivation and age group (under 18, 18–64, 65 and over), chosen by a"
        " hash of who they are and followed until they die or move away. All are invented. What is told is one course"
        " of chance under one draw of the evidence: it shows how the model works and is no finding. Illnesses count"
        " whether diagnosed or not; high blood sugar is a risk, no long-term condition. Everybody's notes"
        " are in `tables/panel.csv`, every event in `events.parquet`.",
        "",
    ]
    for client in chosen:
        lines += [*_story(results, table[table["Client_ID"] == client]), ""]
    return "\n".join(lines)


def one_of_each_stratum(base: pd.DataFrame) -> list[int]:
    """One member from every stratum, those with the longest notes (ties by number), by fifth and age: Client_IDs.

    base: the table of one scenario.
    """
    first = base.groupby("Client_ID").agg(fifth=("fifth", "first"), age=("age", "first"), notes=("age", "size"))
    first = first.reset_index()
    first["group"] = np.searchsorted(AGES, first["age"], side="right")
    first = first.sort_values(["fifth", "group", "notes", "Client_ID"], ascending=[True, True, False, True])
    return [int(client) for client in first.groupby(["fifth", "group"], sort=False)["Client_ID"].first()]


def _story(results: Results, mine: pd.DataFrame) -> list[str]:
    base = mine[mine["scenario"] == results.baseline]
    first = base.iloc[0]
    client, she = int(first["Client_ID"]), "He" if first["sex"] == "male" else "She"
    lines = [
        f"## {_who(first)}, {FIFTHS[int(first['fifth']) - 1]} fifth ({first['lsoa']})",
        "",
        f"Client {client}.",
        "",
    ]
    only_risks = risks(results.record(results.baseline).conditions)
    lines += [f"- {_year(row, only_risks)}" for row in base.to_dict("records")]
    lines += ["", f"{she} {_fate(results.record(results.baseline), client)}."]
    otherwise = [_otherwise(results, mine, client, scenario) for scenario in results.others]
    told = [text for text in otherwise if text]
    lines += ["", *(told or ["No other scenario changes anything of this."] * bool(results.others))]
    return lines


def _who(row: Any) -> str:
    """``Woman of 71``, ``Boy of 6``."""
    words = ("Boy", "Man") if row["sex"] == "male" else ("Girl", "Woman")
    return f"{words[int(row['age']) >= AGES[1]]} of {int(row['age'])}"


def _year(row: Mapping[Any, Any], only_risks: Mapping[str, str]) -> str:
    """One birthday's note in words. only_risks: of `sim.outcomes.lives.risks`."""
    lives = f"lives with {', '.join(_told(row['lives_with'], only_risks))}" if row["lives_with"] else NOTHING
    year = _listed(_counted(row)) or "nothing of care"
    open_now = [f"{int(row['unmet_needs'])} unmet"] if row["unmet_needs"] else []
    open_now += [f"on {int(row['on_waiting_lists'])} waiting list{'s' * (row['on_waiting_lists'] > 1)}"] * bool(
        row["on_waiting_lists"]
    )
    waits = f" Open needs: {_listed(open_now)}." if open_now else ""
    feels = f" Life satisfaction {row['life_satisfaction']:.1f}." if row["age"] >= AGES[1] else ""
    return f"**{row['month']}, aged {row['age']}**: {lives}. In the year: {year}.{waits}{feels}"


def _told(lives_with: str, only_risks: Mapping[str, str]) -> list[str]:
    """What somebody lives with, a risk told as a risk."""
    return [f"{only_risks[one]} (a risk)" if one in only_risks else one for one in lives_with.split("; ")]


def _counted(row: Mapping[Any, Any]) -> list[str]:
    return [f"{int(row[name])} {WORDS[name][int(row[name]) != 1]}" for name in WORDS if row[name]]


def _listed(parts: Iterable[str]) -> str:
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _fate(record: RunRecord, client: int) -> str:
    """What became of somebody by the end of the run."""
    assert record.events is not None
    mine = record.events[record.events["client"] == client]
    for kind, word in FATES.items():
        gone = mine[mine["kind"] == kind]
        if len(gone):
            return f"{word} in {clock.label(int(gone['month'][0]))}"
    return f"still lives there in {clock.label(record.first_month + record.n_months - 1)}"


def _otherwise(results: Results, mine: pd.DataFrame, client: int, scenario: str) -> str:
    """What is otherwise under another scenario: counts since policy starts, how satisfied at the end, what became of
    them; nothing when none of it is."""
    base, other = (mine[mine["scenario"] == name].reset_index(drop=True) for name in (results.baseline, scenario))
    if not len(other):
        return ""
    fates = [_fate(results.record(name), client) for name in (results.baseline, scenario)]
    start = clock.iso(results.policy_start)
    parts = []
    here, there = (frame.loc[frame["month"] >= start, list(WORDS)].to_numpy().sum(axis=0) for frame in (base, other))
    for (one, several), change in zip(WORDS.values(), (there - here).astype(int).tolist(), strict=True):
        if change:
            word = one if abs(change) == 1 else several
            parts.append(f"{abs(change)} {'more' if change > 0 else 'fewer'} {word}")
    ends = [float(frame["life_satisfaction"].iloc[-1]) for frame in (base, other)]
    if f"{ends[0]:.2f}" != f"{ends[1]:.2f}" and other["age"].iloc[-1] >= AGES[1]:
        parts.append(f"life satisfaction {ends[1]:.2f} at the last note, not {ends[0]:.2f}")
    if fates[0] != fates[1]:
        parts.append(f"{fates[1]}, in place of: {fates[0]}")
    return f"*{results.label(scenario)}*: {_listed(parts)}.\n" if parts else ""
