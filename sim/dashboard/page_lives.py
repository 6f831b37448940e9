"""The theograph browser: one simulated resident after the other, under any scenario of a finished run."""

from __future__ import annotations

import streamlit as st

from sim.dashboard import parts, saved
from sim.dashboard.page_results import choose
from sim.errors import UserError
from sim.outcomes import lives

MOST_ROWS = 200


def draw() -> None:
    """The page."""
    name = choose("Lives")
    if name is None:
        return
    try:
        _show(name)
    except UserError as fault:
        parts.note(str(fault))


def _show(name: str) -> None:
    folder = saved.folder_of(parts.root(), name)
    numbers = saved.numbers(folder)
    results = numbers.results
    events = results.events()
    if events.empty:
        parts.note("This run kept no lives of single residents.")
        return
    parts.muted(
        "A sample of simulated residents, invented people; the same in every scenario, in the first run of each. "
        "Choose one, and see what happens to them under another scenario."
    )
    known = lives.clients(events)
    one, two, three, four = st.columns([3, 2, 1, 1], vertical_alignment="bottom")
    with one:
        scenario = parts.pick("Scenario", {key: numbers.label(key) for key in results.scenarios}, "life-scenario")
    with two:
        st.session_state.setdefault("life", 1)
        st.session_state.life = min(max(int(st.session_state.life or 1), 1), len(known))
        who = st.number_input(
            f"Resident, 1 to {len(known)}", 1, len(known), step=1, key="life", persist_state=parts.STAYS
        )
    with three:
        st.button("Previous", on_click=_step, args=(-1, len(known)), key="previous", width="stretch")
    with four:
        st.button("Next", on_click=_step, args=(1, len(known)), key="next", width="stretch")
    try:
        drawn = saved.picture(folder, "theograph", client=int(who), scenario=scenario)
    except UserError as fault:
        parts.note(str(fault))
        return
    parts.picture(drawn, f"{name}-resident-{int(who)}-{scenario}")
    mine = events[(events["scenario"] == scenario) & (events["Client_ID"] == known[int(who) - 1])]
    with st.expander("What happened, as a table"):
        rows = [
            [_day(row.Start_Date), _day(row.End_Date), str(row.Event_Type), str(row.Event_Subtype), str(row.Event_Desc)]
            for row in mine.head(MOST_ROWS).itertuples()
        ]
        parts.table(
            parts.first("Events by date", len(rows), len(mine)), ["From", "To", "What", "Kind", "In words"], rows
        )
        file = f"{name}-resident-{int(who)}-{scenario}.csv"
        st.download_button("All events of this life (CSV)", mine.to_csv(index=False), file, "text/csv",
                           on_click="ignore", key="life-csv")  # fmt: skip


def _step(by: int, many: int) -> None:
    st.session_state.life = (int(st.session_state.life) - 1 + by) % many + 1


def _day(value: object) -> str:
    text = str(value)[:7]
    return "" if text in ("NaT", "nan") else text
